/*
 * measure.h
 *		What the functions that SQL calls have in common: their first arguments
 *		are a timeline, definitions and the moment up to which it is seen.
 */
#ifndef CRM_MEASURE_H
#define CRM_MEASURE_H

#include "fmgr.h"

#include "experience/story.h"

typedef struct Measure
{
	Layout layout;
	Story story;
	const Column *text[WELL_KNOWN_COUNT]; /* columns of texts, looked up when they are asked for */
	uint32 looked_up;                     /* a bit each */
} Measure;

/* Reads the story that a function is called for. */
extern void measure_begin(Measure *measure, FunctionCallInfo fcinfo, uint64 wanted);

/* The same up to another moment. */
extern void measure_begin_at(Measure *measure, FunctionCallInfo fcinfo, int64 as_of, uint64 wanted);

/* A moment's station. */
extern Datum measure_station(const Measure *measure, const Moment *moment, bool *null);

/* Refuses a moment that is infinite, where a window ends with it. */
extern void require_finite(int64 as_of);

/* A moment's text in a well-known attribute; NULL where it, or the moment, is none. */
extern Datum measure_text(Measure *measure, const Moment *moment, WellKnown name, bool *null);
extern Datum measure_kind(Measure *measure, const Moment *moment, bool *null);

/* The number of a well-known attribute in an interaction; false where there is none. */
extern bool number_at(const Column *column, uint32 index, double *number);

/* A length of time in microseconds as an interval: days of 24 hours and the rest. */
extern Datum interval_datum(int64 length);

/* A share of a number, NULL of none. */
extern Datum share_datum(int64 part, int64 whole, bool *null);

/* A result row. */
extern Datum measure_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls, int columns);

#endif /* CRM_MEASURE_H */
