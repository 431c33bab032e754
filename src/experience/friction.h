/*
 * friction.h
 *		What made it harder for a customer than it had to be, item by item.
 */
#ifndef CRM_FRICTION_H
#define CRM_FRICTION_H

#include "experience/waits.h"

typedef struct Friction
{
	int64 time;
	FrictionItem item;
	uint32 moment;  /* that shows it */
	uint32 earlier; /* moment that it goes back to, or NOTHING */
} Friction;

typedef struct FrictionList
{
	Friction *items;
	uint32 count;
	uint32 size;
} FrictionList;

/* The events that friction is made of. */
#define FRICTION_EVENTS \
	(WAIT_EVENTS | EVENT_BIT(EVENT_HANDLED) | EVENT_BIT(EVENT_TRANSFER) | EVENT_BIT(EVENT_ERROR) | \
	 EVENT_BIT(EVENT_SELF_SERVICE))

/* All of a story that was read with these events, slow waits last; O(moments). */
extern FrictionList friction_find(Story *story, const Waits *waits);

/* The weights of what is later than a moment. */
extern double friction_since(Story *story, const Waits *waits, int64 since);

/* How the people who handle a conversation change. */
typedef struct Handling
{
	uint32 last;    /* moment that was handled last, or NOTHING */
	bool announced; /* a transfer without a name was counted, whose change of agent is to come */
} Handling;

/* Whether a moment is a transfer; the handling goes on with it. */
static inline bool
handling_next(Handling *handling, const Story *story, uint32 i)
{
	const Moment *moment = &story->moments[i];
	bool named = moment_is(moment, EVENT_HANDLED) && moment->agent != NOTHING;
	bool changed = named && handling->last != NOTHING &&
		story->moments[handling->last].agent != moment->agent;
	bool transfer = moment_is(moment, EVENT_TRANSFER) || (changed && !handling->announced);

	if (named)
	{
		/* one who is there still is not the one that it was handed to */
		if (changed || handling->last == NOTHING)
			handling->announced = false;
		handling->last = i;
	}
	else if (transfer)
		handling->announced = true;
	return transfer;
}

/* How a conversation is resolved and reopened. */
typedef struct Resolution
{
	uint32 resolved; /* moment that resolved it, or NOTHING while it is open */
	bool ever;       /* it was resolved once */
} Resolution;

/* Whether a moment reopens the conversation; the resolution goes on with it. */
static inline bool
resolution_next(Resolution *resolution, const Moment *moment, uint32 i, bool *resolves)
{
	bool reopens = moment_is(moment, EVENT_REOPENED) ?
		resolution->resolved != NOTHING || !resolution->ever :
		moment_is(moment, EVENT_CONTACT) && moment->threaded && resolution->resolved != NOTHING;

	*resolves = moment_is(moment, EVENT_RESOLVED) && (resolution->resolved == NOTHING || reopens);
	if (reopens)
	{
		resolution->resolved = NOTHING;
		resolution->ever = true;
	}
	if (*resolves)
	{
		resolution->resolved = i;
		resolution->ever = true;
	}
	return reopens;
}

#endif /* CRM_FRICTION_H */
