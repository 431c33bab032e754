/*
 * waits.h
 *		Reply runs: from when a customer asks for attention to when somebody gives it.
 *
 * A run begins with a contact, or with a reopening, in a conversation in which
 * nobody is being waited for, or was asked for last longer ago than a customer's
 * patience; further contacts are attempts.  It ends with the first of: an answer, or a
 * contact that was served as it happened; the customer giving up; the conversation
 * being resolved without an answer; the next run.
 */
#ifndef CRM_WAITS_H
#define CRM_WAITS_H

#include "experience/story.h"

typedef enum WaitOutcome
{
	WAIT_ANSWERED,
	WAIT_RESOLVED, /* without an answer */
	WAIT_ABANDONED,
	WAIT_LAPSED, /* open for longer than a customer's patience */
	WAIT_OPEN,
	WAIT_OUTCOMES,
} WaitOutcome;

extern const char *const wait_outcome_name[WAIT_OUTCOMES];

typedef struct Wait
{
	uint32 asked; /* moment */
	uint32 last;  /* moment of the last attempt */
	uint32 ended; /* moment; NOTHING where it lapsed or is open */
	uint32 attempts;
	uint32 previous; /* wait of the same conversation, or NOTHING */
	WaitOutcome outcome;
	bool is_first;   /* nothing in its conversation was answered before */
	bool superseded; /* it lapsed, and a later contact began the next one */
	int64 deadline;  /* the first at which one of its contacts should have been answered */
} Wait;

typedef struct Waits
{
	Wait *waits; /* in the order of their first contacts */
	uint32 count;
} Waits;

/* The events that waits are made of. */
#define WAIT_EVENTS \
	(EVENT_BIT(EVENT_CONTACT) | EVENT_BIT(EVENT_ANSWER) | EVENT_BIT(EVENT_SERVED) | \
	 EVENT_BIT(EVENT_ABANDONED) | EVENT_BIT(EVENT_RESOLVED) | EVENT_BIT(EVENT_REOPENED))

/* The waits of a story that was read with these events; O(moments). */
extern Waits waits_find(Story *story);

/* When a wait ended; as_of for one that is open. */
static inline int64
wait_end(const Story *story, const Wait *wait)
{
	if (wait->ended != NOTHING)
		return story->moments[wait->ended].time;
	if (wait->outcome == WAIT_LAPSED)
		return story->moments[wait->last].time + story->definitions->parameters->patience;
	return story->as_of;
}

/* Whether it lasted longer than it should have; one that lapsed has, whatever its target. */
static inline bool
wait_is_late(const Story *story, const Wait *wait)
{
	return wait->outcome == WAIT_LAPSED || wait_end(story, wait) > wait->deadline;
}

#endif /* CRM_WAITS_H */
