/*
 * occurrences.h
 *		Where an excluded event is, by the values that "same" limits it to.
 */
#ifndef CRM_PATTERN_OCCURRENCES_H
#define CRM_PATTERN_OCCURRENCES_H

#include "pattern/search.h"

typedef struct Occurrences Occurrences;

/* Those of an event with the attributes of count limits; made at a search's first call. */
extern const Occurrences *occurrences_of(Search *search, uint32 event, const Instruction *limits,
										 uint32 count);

/* The last one with those values, one for each attribute, before an interaction; or -1. */
extern int64 last_occurrence(const View *view, const Occurrences *occurrences, const uint32 *values,
							 uint32 before);

/* The first one with those values later than a time, or -1. */
extern int64 next_occurrence(const View *view, const Occurrences *occurrences, const uint32 *values,
							 int64 time);

#endif /* CRM_PATTERN_OCCURRENCES_H */
