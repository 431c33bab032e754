/*
 * events.h
 *		Which event tests an interaction passes.
 *
 * A pattern has up to 64 different event tests.  They are stored as a flat
 * program (conditions.h); bound to a timeline, its text conditions are decided
 * once per dictionary entry, and an interaction costs a table look-up per
 * column.  The answer for an interaction is a mask: bit i = test i accepts it.
 */
#ifndef CRM_PATTERN_EVENTS_H
#define CRM_PATTERN_EVENTS_H

#include "pattern/tree.h"

#define MAX_EVENTS 64

/* Appends the program of count events, each a list of alternative tests. */
extern void events_write(StringInfo out, EventTest *const *events, int count);

/* Whether two events are the same test, so that they can share a number. */
extern bool same_event(const EventTest *a, const EventTest *b);

typedef struct EventReader EventReader;

/*
 * A reader of a program, whose bytes must stay where they are.  All that it
 * allocates, now and later, is in context.  One is enough for a call site: bind
 * it to one timeline after another.
 */
extern EventReader *events_open(const char *program, Size length, MemoryContext context);

/* Whether any test looks at more than the kind of an interaction. */
extern bool events_look_at_attributes(const EventReader *reader);

/* Binds a reader to a timeline, which must stay open; O(dictionaries), at most their bytes. */
extern void events_bind(EventReader *reader, const Layout *layout);

/* The same where only some of the events are asked for; the others pass nowhere. */
extern void events_bind_some(EventReader *reader, const Layout *layout, uint64 wanted);

/* The events that some interaction of the timeline may pass, by its dictionaries alone; O(1). */
extern uint64 events_possible(const EventReader *reader);

/*
 * The masks of the interactions [from, from + count), count <= LAYOUT_BLOCK.
 * Fastest where a call begins where the last one ended.
 */
extern void events_read(EventReader *reader, uint32 from, uint32 count, uint64 *masks);

/*
 * Of the same interactions those that one of the wanted events accepts: how
 * many, their places in the block and which of the events; the arrays have room
 * for LAYOUT_BLOCK.
 */
extern uint32 events_find(EventReader *reader, uint32 from, uint32 count, uint64 wanted,
						  uint8 *places, uint64 *masks);

/* The code of an interaction whose attribute is absent. */
#define NO_VALUE PG_UINT32_MAX

/*
 * Numbers for an attribute's values ("kind" included), of all interactions of
 * the timeline: equal values have equal numbers, from 0 on, in order of first
 * appearance; NO_VALUE where absent.  Returns how many different ones there are.
 */
extern uint32 attribute_codes(const Layout *layout, TextSlice name, uint32 *codes);

#endif /* CRM_PATTERN_EVENTS_H */
