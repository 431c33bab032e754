/*
 * conversations.c
 *		One conversation after another: conversations() and handlers().
 *
 * A conversation is a thread, or what is said in one channel outside of any.
 * Stations are the people, or teams, who handled it one after another, handlers the
 * different ones among them; the work is shared equally by the handlers, so that
 * what they are credited with adds up to one a conversation.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "common/hashfn.h"
#include "experience/feeling.h"
#include "experience/friction.h"
#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_conversations);
PG_FUNCTION_INFO_V1(experience_handlers);
PG_FUNCTION_INFO_V1(experience_handler_facts);

#define CONVERSATION_EVENTS (WAIT_EVENTS | EVENT_BIT(EVENT_HANDLED) | EVENT_BIT(EVENT_TRANSFER))

/* One who handled a conversation. */
typedef struct Handler
{
	uint32 agent;
	uint32 first; /* moment */
	uint32 last;  /* moment */
	uint32 moments;
	uint32 next; /* of the same conversation, in the order in which they came, or NOTHING */
} Handler;

/* Where a handler of a conversation stands, once it has more than a few. */
typedef struct HandlerEntry
{
	uint64 key; /* conversation and agent */
	uint32 handler;
	char status;
} HandlerEntry;

#define SH_PREFIX handlertable
#define SH_ELEMENT_TYPE HandlerEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Handlers of one conversation that are looked through one after another. */
#define FEW_HANDLERS 16

/* What is known of a conversation. */
typedef struct Conversation
{
	bool met;
	uint32 first; /* moment */
	uint32 last;
	uint32 contacts;
	uint32 waits;
	uint32 answered;
	uint32 stations;
	uint32 handlers;
	uint32 transfers;
	uint32 resolutions;
	uint32 reopens;
	uint32 first_handler; /* in the list, or NOTHING */
	uint32 last_handler;
	uint32 resolver; /* moment of the last handler when it was resolved last, or NOTHING */
	Handling handling;
	Resolution resolution;
	bool open; /* somebody waits */
	bool abandoned;
	int64 first_response; /* -1 = none */
	int64 answer_time;    /* of all answers */
} Conversation;

typedef struct Conversations
{
	Conversation *all; /* by their numbers */
	uint32 *order;     /* numbers, in the order of their first moments */
	uint32 count;
	Handler *handlers;
	uint32 handler_count;
	uint32 handler_size;
	struct handlertable_hash *many; /* handlers of conversations with more than a few */
} Conversations;

static inline uint64
handler_key(const Moment *moment)
{
	return (uint64) moment->conversation << 32 | moment->agent;
}

/* The handler of a moment among those of its conversation, or NOTHING; expected O(1). */
static uint32
find_handler(const Conversations *list, const Conversation *conversation, const Moment *moment)
{
	if (conversation->handlers > FEW_HANDLERS)
	{
		HandlerEntry *entry = handlertable_lookup(list->many, handler_key(moment));

		return entry == NULL ? NOTHING : entry->handler;
	}
	for (uint32 h = conversation->first_handler; h != NOTHING; h = list->handlers[h].next)
	{
		if (list->handlers[h].agent == moment->agent)
			return h;
	}
	return NOTHING;
}

/* Keeps the handlers of a conversation that has more than a few for find_handler(). */
static void
note_handlers(Conversations *list, const Conversation *conversation, const Moment *moment)
{
	Moment key = *moment;
	bool found;
	/* all of them when it becomes so many, and then the last one each time */
	uint32 h = conversation->handlers == FEW_HANDLERS + 1 ? conversation->first_handler :
															conversation->last_handler;

	if (list->many == NULL)
		list->many = handlertable_create(CurrentMemoryContext, 64, NULL);
	for (; h != NOTHING; h = list->handlers[h].next)
	{
		key.agent = list->handlers[h].agent;
		handlertable_insert(list->many, handler_key(&key), &found)->handler = h;
	}
}

/* Counts a moment that was handled by somebody. */
static void
add_handler(Conversations *list, Conversation *conversation, const Story *story, uint32 i)
{
	const Moment *moment = &story->moments[i];
	uint32 known = find_handler(list, conversation, moment);
	Handler *handler;

	if (known != NOTHING)
	{
		list->handlers[known].last = i;
		list->handlers[known].moments++;
		return;
	}
	if (list->handler_count == list->handler_size)
	{
		list->handler_size = list->handler_size == 0 ? 16 : 2 * list->handler_size;
		list->handlers = list->handlers == NULL ?
			palloc(sizeof(Handler) * list->handler_size) :
			repalloc_huge(list->handlers, sizeof(Handler) * (Size) list->handler_size);
	}
	handler = &list->handlers[list->handler_count];
	*handler = (Handler) {moment->agent, i, i, 1, NOTHING};
	if (conversation->first_handler == NOTHING)
		conversation->first_handler = list->handler_count;
	else
		list->handlers[conversation->last_handler].next = list->handler_count;
	conversation->last_handler = list->handler_count++;
	if (++conversation->handlers > FEW_HANDLERS)
		note_handlers(list, conversation, moment);
}

/* Goes through the moments of all conversations, and the waits; O(moments). */
static Conversations
find_conversations(const Story *story, const Waits *waits)
{
	Conversations list;

	memset(&list, 0, sizeof(list));
	if (story->count == 0)
		return list;
	list.all = palloc_extended(sizeof(Conversation) * (Size) story->conversations,
							   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	list.order = palloc_extended(sizeof(uint32) * (Size) story->conversations, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		Conversation *conversation = &list.all[moment->conversation];
		uint32 handled_before;
		bool resolves;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!conversation->met)
		{
			conversation->met = true;
			conversation->first = i;
			conversation->first_handler = conversation->last_handler = NOTHING;
			conversation->resolver = NOTHING;
			conversation->handling.last = NOTHING;
			conversation->resolution.resolved = NOTHING;
			conversation->first_response = -1;
			list.order[list.count++] = moment->conversation;
		}
		conversation->last = i;
		conversation->contacts += moment_is(moment, EVENT_CONTACT);
		handled_before = conversation->handling.last;
		conversation->transfers += handling_next(&conversation->handling, story, i);
		if (conversation->handling.last == i)
		{
			conversation->stations += handled_before == NOTHING ||
				story->moments[handled_before].agent != moment->agent;
			add_handler(&list, conversation, story, i);
		}
		conversation->reopens += resolution_next(&conversation->resolution, moment, i, &resolves);
		if (resolves)
		{
			conversation->resolutions++;
			conversation->resolver = conversation->handling.last;
		}
		conversation->abandoned |= moment_is(moment, EVENT_ABANDONED);
	}
	for (uint32 i = 0; i < waits->count; i++)
	{
		const Wait *wait = &waits->waits[i];
		Conversation *conversation = &list.all[story->moments[wait->asked].conversation];
		int64 waited = wait_end(story, wait) - story->moments[wait->asked].time;

		conversation->waits++;
		conversation->open |= wait->outcome == WAIT_OPEN;
		if (wait->outcome != WAIT_ANSWERED)
			continue;
		conversation->answered++;
		conversation->answer_time += waited;
		if (wait->is_first)
			conversation->first_response = waited;
	}
	return list;
}

/* Reads the story and the conversations that a function is called for; its last argument is the stations' attribute. */
static Conversations
begin_conversations(Measure *measure, FunctionCallInfo fcinfo)
{
	Story *story = &measure->story;
	Waits waits;

	measure_begin(measure, fcinfo, CONVERSATION_EVENTS);
	story_use_stations(story, story_stations(story, datum_slice(PG_GETARG_DATUM(3))));
	waits = waits_find(story);
	return find_conversations(story, &waits);
}

/* conversations(timeline, definitions, as_of, station) */
Datum
experience_conversations(PG_FUNCTION_ARGS)
{
	enum
	{
		C_THREAD,
		C_CHANNEL,
		C_KIND,
		C_TOPIC,
		C_STARTED_AT,
		C_LAST_AT,
		C_CONTACTS,
		C_WAITS,
		C_ANSWERED,
		C_FIRST_RESPONSE,
		C_ANSWER_TIME,
		C_IS_WAITING,
		C_IS_ABANDONED,
		C_STATIONS,
		C_HANDLERS,
		C_TRANSFERS,
		C_RESOLUTIONS,
		C_REOPENS,
		C_RESOLVED_AT,
		C_FIRST_AGENT,
		C_LAST_AGENT,
		C_RESOLVING_AGENT,
		C_SOURCE,
		C_REF,
		C_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	const Moment *moments;
	Conversations list;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	list = begin_conversations(&measure, fcinfo);
	moments = measure.story.moments;
	for (uint32 i = 0; i < list.count; i++)
	{
		const Conversation *one = &list.all[list.order[i]];
		const Moment *first = &moments[one->first];
		const Moment *first_handled = one->first_handler == NOTHING ?
			NULL :
			&moments[list.handlers[one->first_handler].first];
		const Moment *last_handled = one->handling.last == NOTHING ? NULL :
																	 &moments[one->handling.last];
		const Moment *resolver = one->resolver == NOTHING ? NULL : &moments[one->resolver];
		Datum values[C_COLUMNS];
		bool nulls[C_COLUMNS] = {false};

		values[C_THREAD] = measure_text(&measure, first, THREAD, &nulls[C_THREAD]);
		values[C_CHANNEL] = measure_text(&measure, first, CHANNEL, &nulls[C_CHANNEL]);
		values[C_KIND] = measure_kind(&measure, first, &nulls[C_KIND]);
		values[C_TOPIC] = measure_text(&measure, first, TOPIC, &nulls[C_TOPIC]);
		values[C_STARTED_AT] = TimestampTzGetDatum(first->time);
		values[C_LAST_AT] = TimestampTzGetDatum(moments[one->last].time);
		values[C_CONTACTS] = Int32GetDatum((int32) one->contacts);
		values[C_WAITS] = Int32GetDatum((int32) one->waits);
		values[C_ANSWERED] = Int32GetDatum((int32) one->answered);
		nulls[C_FIRST_RESPONSE] = one->first_response < 0;
		values[C_FIRST_RESPONSE] = interval_datum(one->first_response);
		values[C_ANSWER_TIME] = interval_datum(one->answer_time);
		values[C_IS_WAITING] = BoolGetDatum(one->open);
		values[C_IS_ABANDONED] = BoolGetDatum(one->abandoned);
		values[C_STATIONS] = Int32GetDatum((int32) one->stations);
		values[C_HANDLERS] = Int32GetDatum((int32) one->handlers);
		values[C_TRANSFERS] = Int32GetDatum((int32) one->transfers);
		values[C_RESOLUTIONS] = Int32GetDatum((int32) one->resolutions);
		values[C_REOPENS] = Int32GetDatum((int32) one->reopens);
		nulls[C_RESOLVED_AT] = one->resolution.resolved == NOTHING;
		values[C_RESOLVED_AT] = nulls[C_RESOLVED_AT] ?
			(Datum) 0 :
			TimestampTzGetDatum(moments[one->resolution.resolved].time);
		values[C_FIRST_AGENT] = measure_station(&measure, first_handled, &nulls[C_FIRST_AGENT]);
		values[C_LAST_AGENT] = measure_station(&measure, last_handled, &nulls[C_LAST_AGENT]);
		values[C_RESOLVING_AGENT] = measure_station(&measure, resolver, &nulls[C_RESOLVING_AGENT]);
		values[C_SOURCE] = measure_text(&measure, first, SOURCE, &nulls[C_SOURCE]);
		values[C_REF] = measure_text(&measure, first, REF, &nulls[C_REF]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* handlers(timeline, definitions, as_of, station) */
Datum
experience_handlers(PG_FUNCTION_ARGS)
{
	enum
	{
		H_THREAD,
		H_CHANNEL,
		H_STARTED_AT,
		H_AGENT,
		H_STATION,
		H_INTERACTIONS,
		H_FIRST_AT,
		H_LAST_AT,
		H_SHARE,
		H_IS_FIRST,
		H_IS_LAST,
		H_IS_RESOLVING,
		H_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	const Moment *moments;
	Conversations list;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	list = begin_conversations(&measure, fcinfo);
	moments = measure.story.moments;
	for (uint32 i = 0; i < list.count; i++)
	{
		const Conversation *one = &list.all[list.order[i]];
		const Moment *first = &moments[one->first];
		const Handler *handler;
		int32 station = 0;

		for (uint32 h = one->first_handler; h != NOTHING; h = handler->next)
		{
			Datum values[H_COLUMNS];
			bool nulls[H_COLUMNS] = {false};

			handler = &list.handlers[h];
			values[H_THREAD] = measure_text(&measure, first, THREAD, &nulls[H_THREAD]);
			values[H_CHANNEL] = measure_text(&measure, first, CHANNEL, &nulls[H_CHANNEL]);
			values[H_STARTED_AT] = TimestampTzGetDatum(first->time);
			values[H_AGENT] = measure_station(&measure, &moments[handler->first], &nulls[H_AGENT]);
			values[H_STATION] = Int32GetDatum(++station);
			values[H_INTERACTIONS] = Int32GetDatum((int32) handler->moments);
			values[H_FIRST_AT] = TimestampTzGetDatum(moments[handler->first].time);
			values[H_LAST_AT] = TimestampTzGetDatum(moments[handler->last].time);
			values[H_SHARE] = Float8GetDatum(1.0 / one->handlers);
			values[H_IS_FIRST] = BoolGetDatum(station == 1);
			values[H_IS_LAST] = BoolGetDatum(moments[one->handling.last].agent == handler->agent);
			values[H_IS_RESOLVING] = BoolGetDatum(one->resolver != NOTHING &&
												  moments[one->resolver].agent == handler->agent);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* handler_facts(timeline, definitions, as_of, station) */
Datum
experience_handler_facts(PG_FUNCTION_ARGS)
{
	enum
	{
		F_STATION,
		F_SHARE,
		F_INTERACTIONS,
		F_IS_FIRST,
		F_IS_RESOLVING,
		F_RESOLUTIONS,
		F_REOPENS,
		F_TRANSFERS,
		F_WAITS,
		F_ANSWERED,
		F_FIRST_RESPONSE,
		F_MOOD,
		F_RECENT_FRICTION,
		F_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	const Column *stations;
	const Moment *moments;
	Conversations list;
	Waits waits;
	Mood mood;
	double feeling;
	bool felt;
	double friction;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, CONVERSATION_EVENTS | FRICTION_EVENTS);
	stations = story_stations(story, datum_slice(PG_GETARG_DATUM(3)));
	if (stations == NULL)
		return (Datum) 0;
	waits = waits_find(story);
	/* a transfer is friction where the agent changes, whatever the stations are */
	friction = friction_since(story, &waits,
							  story_window(story, story->definitions->parameters->worst_within));
	story_use_stations(story, stations);
	list = find_conversations(story, &waits);
	moments = story->moments;
	mood = mood_of(&measure.layout, layout_search(&measure.layout, story->as_of, true),
				   story->definitions->parameters->mood_half_life);
	felt = mood_value(&mood, &feeling);
	for (uint32 i = 0; i < list.count; i++)
	{
		const Conversation *one = &list.all[list.order[i]];
		const Handler *handler;

		for (uint32 h = one->first_handler; h != NOTHING; h = handler->next)
		{
			Datum values[F_COLUMNS];
			bool nulls[F_COLUMNS] = {false};

			handler = &list.handlers[h];
			values[F_STATION] = measure_station(&measure, &moments[handler->first],
												&nulls[F_STATION]);
			values[F_SHARE] = Float8GetDatum(1.0 / one->handlers);
			values[F_INTERACTIONS] = Int32GetDatum((int32) handler->moments);
			values[F_IS_FIRST] = BoolGetDatum(h == one->first_handler);
			values[F_IS_RESOLVING] = BoolGetDatum(one->resolver != NOTHING &&
												  moments[one->resolver].agent == handler->agent);
			values[F_RESOLUTIONS] = Int32GetDatum((int32) one->resolutions);
			values[F_REOPENS] = Int32GetDatum((int32) one->reopens);
			values[F_TRANSFERS] = Int32GetDatum((int32) one->transfers);
			values[F_WAITS] = Int32GetDatum((int32) one->waits);
			values[F_ANSWERED] = Int32GetDatum((int32) one->answered);
			nulls[F_FIRST_RESPONSE] = one->first_response < 0;
			values[F_FIRST_RESPONSE] = Float8GetDatum((double) one->first_response / USECS_PER_SEC);
			nulls[F_MOOD] = !felt;
			values[F_MOOD] = Float8GetDatum(feeling);
			values[F_RECENT_FRICTION] = Float8GetDatum(friction);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}
