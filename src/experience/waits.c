/*
 * waits.c
 *		Who waits, since when, and how each wait ended.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "experience/waits.h"

const char *const wait_outcome_name[WAIT_OUTCOMES] = {
	[WAIT_ANSWERED] = "answered", [WAIT_RESOLVED] = "resolved", [WAIT_ABANDONED] = "abandoned",
	[WAIT_LAPSED] = "lapsed",     [WAIT_OPEN] = "waiting",
};

/* What is known of a conversation. */
typedef struct Conversation
{
	uint32 open;     /* wait, or NOTHING */
	uint32 previous; /* the last wait that ended, or NOTHING */
	bool answered;
} Conversation;

/*
 * How a moment ends a wait; WAIT_OPEN where it does not.  Giving up a contact
 * ends the wait that began with it, and no other one.
 */
static inline WaitOutcome
outcome_by(const Moment *moment, bool begins)
{
	if (moment_is(moment, EVENT_SERVED) || moment_is(moment, EVENT_ANSWER))
		return WAIT_ANSWERED;
	if (moment_is(moment, EVENT_ABANDONED) && (begins || !moment_is(moment, EVENT_CONTACT)))
		return WAIT_ABANDONED;
	if (moment_is(moment, EVENT_RESOLVED))
		return WAIT_RESOLVED;
	return WAIT_OPEN;
}

/* Whether the last attempt of a wait that nobody ended is older than a customer's patience. */
static inline bool
has_lapsed(const Story *story, const Wait *wait)
{
	return story->as_of == DT_NOEND ||
		story->as_of - story->definitions->parameters->patience > story->moments[wait->last].time;
}

/* The waits of a story; see waits.h. */
Waits
waits_find(Story *story)
{
	int64 patience = story->definitions->parameters->patience;
	Conversation *conversations;
	Waits result = {NULL, 0};
	uint32 size = 0;

	if (story->count == 0)
		return result;
	conversations = palloc_extended(sizeof(Conversation) * (Size) story->conversations,
									MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < story->conversations; i++)
		conversations[i] = (Conversation) {NOTHING, NOTHING, false};
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		Conversation *conversation = &conversations[moment->conversation];
		bool contacts = moment_is(moment, EVENT_CONTACT);
		bool asks = contacts || moment_is(moment, EVENT_REOPENED);
		WaitOutcome outcome;
		Wait *wait;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (conversation->open != NOTHING && asks &&
			moment->time - patience > story->moments[result.waits[conversation->open].last].time)
		{
			result.waits[conversation->open].outcome = WAIT_LAPSED;
			result.waits[conversation->open].superseded = true;
			conversation->previous = conversation->open;
			conversation->open = NOTHING;
		}
		if (conversation->open != NOTHING && asks)
		{
			wait = &result.waits[conversation->open];
			wait->last = i;
			wait->attempts += contacts;
			wait->deadline = Min(wait->deadline, moment->time + story_wait_target(story, moment));
		}
		else if (conversation->open == NOTHING && asks)
		{
			if (result.count == size)
			{
				size = size == 0 ? 16 : 2 * size;
				result.waits = result.waits == NULL ?
					palloc(sizeof(Wait) * size) :
					repalloc_huge(result.waits, sizeof(Wait) * (Size) size);
			}
			conversation->open = result.count;
			wait = &result.waits[result.count++];
			wait->asked = i;
			wait->last = i;
			wait->ended = NOTHING;
			wait->attempts = contacts;
			wait->previous = conversation->previous;
			wait->outcome = WAIT_OPEN;
			wait->superseded = false;
			wait->is_first = !conversation->answered;
			wait->deadline = moment->time + story_wait_target(story, moment);
		}
		if (conversation->open == NOTHING)
			continue;
		wait = &result.waits[conversation->open];
		outcome = outcome_by(moment, wait->asked == i);
		if (outcome == WAIT_OPEN)
			continue;
		wait->ended = i;
		wait->outcome = outcome;
		conversation->answered |= outcome == WAIT_ANSWERED;
		conversation->previous = conversation->open;
		conversation->open = NOTHING;
	}
	for (uint32 i = 0; i < result.count; i++)
	{
		if (result.waits[i].outcome == WAIT_OPEN && has_lapsed(story, &result.waits[i]))
			result.waits[i].outcome = WAIT_LAPSED;
	}
	pfree(conversations);
	return result;
}
