/*
 * story.h
 *		A timeline as the measures see it: the moments that matter, in their order.
 *
 * A moment is an interaction that one of the wanted events accepts, or that is
 * of a wanted kind, with the numbers of its channel, thread, agent and topic;
 * equal texts have equal numbers, NOTHING is none.  Interactions later than
 * as_of are not seen.
 *
 * A *conversation* is a thread, or what is said in one channel outside of any.
 */
#ifndef CRM_STORY_H
#define CRM_STORY_H

#include "experience/definitions.h"

#define NOTHING PG_UINT32_MAX

typedef struct Moment
{
	int64 time;
	uint64 events; /* named events that accept it, of those that are wanted */
	uint32 index;  /* of the interaction in the timeline */
	uint32 conversation;
	uint32 channel;
	uint32 agent;
	uint32 topic;
	bool threaded; /* it has a thread */
} Moment;

/* The attributes of moments that are read. */
typedef enum StoryColumn
{
	STORY_CHANNEL,
	STORY_THREAD,
	STORY_AGENT,
	STORY_TOPIC,
	STORY_COLUMNS,
} StoryColumn;

typedef struct Story
{
	const Definitions *definitions;
	const Layout *layout;
	int64 as_of;
	const Column *column[STORY_COLUMNS]; /* NULL where the timeline has none */
	Moment *moments;
	uint32 count;
	uint32 conversations; /* their numbers are below */
	int64 *target;        /* of a channel + 1, 0 = not yet looked up; NULL for plain columns */
} Story;

/* Reads a story, in the current memory context; O(interactions). */
extern void story_read(Story *story, const Definitions *definitions, const Layout *layout,
					   int64 as_of, uint64 wanted);

/* The same with moments for all interactions of some kinds besides, by their codes; NULL = none. */
extern void story_read_kinds(Story *story, const Definitions *definitions, const Layout *layout,
							 int64 as_of, uint64 wanted, const bool *kinds);

/* The column of an attribute that tells who or what handles; NULL where the timeline has none. */
extern const Column *story_stations(const Story *story, TextSlice name);

/* From now on the agents of the moments are the texts of that column. */
extern void story_use_stations(Story *story, const Column *stations);

/* The whole as one conversation: what a customer waits for, whatever the thread. */
extern void story_unite(Story *story);

/* Where a window of some length begins that ends at as_of; if that is infinite, it is everything. */
extern int64 story_window(const Story *story, int64 length);

/* The wait target of a moment's channel; nobody waits in time for longer than a customer's patience. */
extern int64 story_wait_target(Story *story, const Moment *moment);

static inline bool
moment_is(const Moment *moment, NamedEvent event)
{
	return (moment->events & EVENT_BIT(event)) != 0;
}

#endif /* CRM_STORY_H */
