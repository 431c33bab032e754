/*
 * journey.h
 *		The value of type journey: ordered named stages, each with the pattern
 *		that enters it.
 *
 *	+---------+---------+-------+-------------+----------------+--------------+
 *	| varlena | forward | stage | text length | canonical text | stages, each |
 *	| header  | uint16  | count | uint32      | padding to 8   |              |
 *	+---------+---------+-------+-------------+----------------+--------------+
 *
 *	stage:	 name's place in the text uint32, its length uint32, length of the
 *			 program uint32, 0, program padded to 8 (pattern/program.h)
 */
#ifndef CRM_JOURNEY_H
#define CRM_JOURNEY_H

#include "fmgr.h"

#include "pattern/pattern.h"

#define MAX_STAGES 256
#define MAX_JOURNEY_BYTES (1024 * 1024)

typedef struct JourneyValue
{
	int32 vl_len_;
	uint16 forward;
	uint16 stage_count;
	uint32 text_length;
	char text[FLEXIBLE_ARRAY_MEMBER];
} JourneyValue;

/* Before the program of a stage. */
typedef struct StageHeader
{
	uint32 name; /* in the names, which follow the text */
	uint32 name_length;
	uint32 program_bytes;
	uint32 unused;
} StageHeader;

typedef struct Stage
{
	TextSlice name; /* as it is written in the text, but without quotes */
	Program program;
} Stage;

/* A journey ready to run. */
typedef struct LoadedJourney
{
	MemoryContext context; /* all of it is in here */
	JourneyValue *value;   /* a copy, by which the same one is known again */
	uint32 stage_count;
	bool forward;
	Stage *stages;
} LoadedJourney;

/* The value of a text; NULL and the error where it is none. */
extern JourneyValue *journey_value(const char *text, Size length, PatternError *error);

/* Loads a value into a context of its own below parent. */
extern const LoadedJourney *journey_load(Datum datum, MemoryContext parent);

/* The journey in argument n, loaded once for calls that give the same. */
extern const LoadedJourney *journey_argument(FunctionCallInfo fcinfo, int n);

#endif /* CRM_JOURNEY_H */
