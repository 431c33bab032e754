/*
 * attention.c
 *		Attention given and got, as SQL asks for it: waits() and attention().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "experience/friction.h"
#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_waits);
PG_FUNCTION_INFO_V1(experience_attention);
PG_FUNCTION_INFO_V1(experience_wait_facts);
PG_FUNCTION_INFO_V1(experience_waiting_since);
PG_FUNCTION_INFO_V1(experience_waiting_summary);
PG_FUNCTION_INFO_V1(experience_stored_waits);

/* waits(timeline, definitions, as_of, per_customer) */
Datum
experience_waits(PG_FUNCTION_ARGS)
{
	enum
	{
		W_THREAD,
		W_CHANNEL,
		W_KIND,
		W_TOPIC,
		W_ASKED_AT,
		W_ATTEMPTS,
		W_ENDED_AT,
		W_OUTCOME,
		W_IS_FIRST,
		W_WAITED,
		W_TARGET,
		W_IS_LATE,
		W_AGENT,
		W_ANSWER_CHANNEL,
		W_SOURCE,
		W_REF,
		W_ANSWER_SOURCE,
		W_ANSWER_REF,
		W_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	Waits waits;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, WAIT_EVENTS);
	if (PG_GETARG_BOOL(3))
		story_unite(story);
	waits = waits_find(story);
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];
		const Moment *asked = &story->moments[wait->asked];
		const Moment *ended = wait->ended == NOTHING ? NULL : &story->moments[wait->ended];
		int64 end = wait_end(story, wait);
		Datum values[W_COLUMNS];
		bool nulls[W_COLUMNS];

		memset(nulls, false, sizeof(nulls));
		values[W_THREAD] = measure_text(&measure, asked, THREAD, &nulls[W_THREAD]);
		values[W_CHANNEL] = measure_text(&measure, asked, CHANNEL, &nulls[W_CHANNEL]);
		values[W_KIND] = measure_kind(&measure, asked, &nulls[W_KIND]);
		values[W_TOPIC] = measure_text(&measure, asked, TOPIC, &nulls[W_TOPIC]);
		values[W_ASKED_AT] = TimestampTzGetDatum(asked->time);
		values[W_ATTEMPTS] = Int32GetDatum((int32) wait->attempts);
		values[W_ENDED_AT] = TimestampTzGetDatum(end);
		nulls[W_ENDED_AT] = wait->outcome == WAIT_OPEN;
		values[W_OUTCOME] = CStringGetTextDatum(wait_outcome_name[wait->outcome]);
		values[W_IS_FIRST] = BoolGetDatum(wait->is_first);
		values[W_WAITED] = interval_datum(end - asked->time);
		values[W_TARGET] = interval_datum(wait->deadline - asked->time);
		values[W_IS_LATE] = BoolGetDatum(wait_is_late(story, wait));
		values[W_AGENT] = measure_text(&measure, ended, AGENT, &nulls[W_AGENT]);
		values[W_ANSWER_CHANNEL] = measure_text(&measure, ended, CHANNEL, &nulls[W_ANSWER_CHANNEL]);
		values[W_SOURCE] = measure_text(&measure, asked, SOURCE, &nulls[W_SOURCE]);
		values[W_REF] = measure_text(&measure, asked, REF, &nulls[W_REF]);
		values[W_ANSWER_SOURCE] = measure_text(&measure, ended, SOURCE, &nulls[W_ANSWER_SOURCE]);
		values[W_ANSWER_REF] = measure_text(&measure, ended, REF, &nulls[W_ANSWER_REF]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* Whether a moment is somebody's act, and not a program's. */
static inline bool
is_by_hand(const Moment *moment)
{
	return !moment_is(moment, EVENT_AUTOMATED);
}

/* attention(timeline, definitions, as_of) */
Datum
experience_attention(PG_FUNCTION_ARGS)
{
	enum
	{
		A_INTERACTIONS,
		A_INBOUND,
		A_OUTBOUND,
		A_AUTOMATED,
		A_INTERNAL,
		A_BALANCE,
		A_CONTACTS,
		A_WAITS,
		A_ANSWERED,
		A_ANSWERED_ON_TIME,
		A_RESOLVED,
		A_ABANDONED,
		A_LAPSED,
		A_WAITING,
		A_ANSWERED_SHARE,
		A_ON_TIME_SHARE,
		A_WAITING_SINCE,
		A_COLUMNS,
	};
	Measure measure;
	Story *story = &measure.story;
	Waits waits;
	int64 count[A_COLUMNS] = {0};
	int64 waiting_since = DT_NOEND;
	int64 ended;
	Datum values[A_COLUMNS];
	bool nulls[A_COLUMNS] = {false};

	measure_begin(&measure, fcinfo,
				  WAIT_EVENTS | EVENT_BIT(EVENT_INBOUND) | EVENT_BIT(EVENT_OUTBOUND) |
					  EVENT_BIT(EVENT_INTERNAL) | EVENT_BIT(EVENT_AUTOMATED));
	count[A_INTERACTIONS] = layout_search(&measure.layout, measure.story.as_of, true);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		bool outward = !moment_is(moment, EVENT_INTERNAL);

		count[A_INBOUND] += outward && moment_is(moment, EVENT_INBOUND) && is_by_hand(moment);
		count[A_OUTBOUND] += outward && moment_is(moment, EVENT_OUTBOUND) && is_by_hand(moment);
		count[A_AUTOMATED] += outward && !is_by_hand(moment);
		count[A_INTERNAL] += !outward;
		count[A_CONTACTS] += moment_is(moment, EVENT_CONTACT);
	}
	waits = waits_find(story);
	count[A_WAITS] = waits.count;
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];
		int64 asked = story->moments[wait->asked].time;

		switch (wait->outcome)
		{
			case WAIT_ANSWERED:
				count[A_ANSWERED]++;
				count[A_ANSWERED_ON_TIME] += !wait_is_late(story, wait);
				break;
			case WAIT_RESOLVED:
				count[A_RESOLVED]++;
				break;
			case WAIT_ABANDONED:
				count[A_ABANDONED]++;
				break;
			case WAIT_LAPSED:
				count[A_LAPSED]++;
				break;
			case WAIT_OPEN:
				count[A_WAITING]++;
				waiting_since = Min(waiting_since, asked);
				break;
			case WAIT_OUTCOMES:
				break;
		}
	}
	for (int i = 0; i < A_COLUMNS; i++)
		values[i] = Int64GetDatum(count[i]);
	ended = count[A_WAITS] - count[A_WAITING];
	values[A_BALANCE] = share_datum(count[A_OUTBOUND] - count[A_INBOUND],
									count[A_OUTBOUND] + count[A_INBOUND], &nulls[A_BALANCE]);
	values[A_ANSWERED_SHARE] = share_datum(count[A_ANSWERED], ended, &nulls[A_ANSWERED_SHARE]);
	values[A_ON_TIME_SHARE] = share_datum(count[A_ANSWERED_ON_TIME], ended,
										  &nulls[A_ON_TIME_SHARE]);
	values[A_WAITING_SINCE] = TimestampTzGetDatum(waiting_since);
	nulls[A_WAITING_SINCE] = count[A_WAITING] == 0;
	return measure_row(fcinfo, values, nulls, A_COLUMNS);
}

/* Which waits the customer left for another channel: those with a contact that a switch goes back to. */
static bool *
find_left(Story *story, const Waits *waits)
{
	FrictionList list = friction_find(story, waits);
	bool *left = palloc_extended(Max((Size) waits->count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	uint32 *wait_of = palloc_extended(sizeof(uint32) * (Size) story->count, MCXT_ALLOC_HUGE);
	uint32 *current = palloc_extended(sizeof(uint32) * (Size) story->conversations,
									  MCXT_ALLOC_HUGE);
	uint32 next = 0;

	memset(current, 0xFF, sizeof(uint32) * (Size) story->conversations);
	for (uint32 i = 0; i < story->count; i++)
	{
		uint32 conversation = story->moments[i].conversation;

		if (next < waits->count && waits->waits[next].asked == i)
			current[conversation] = next++;
		wait_of[i] = current[conversation];
	}
	for (uint32 i = 0; i < list.count; i++)
	{
		if (list.items[i].item == ITEM_CHANNEL_SWITCH && wait_of[list.items[i].earlier] != NOTHING)
			left[wait_of[list.items[i].earlier]] = true;
	}
	return left;
}

/* wait_facts(timeline, definitions, as_of) */
Datum
experience_wait_facts(PG_FUNCTION_ARGS)
{
	enum
	{
		F_CHANNEL,
		F_ASKED_AT,
		F_OUTCOME,
		F_WAITED,
		F_IS_LATE,
		F_ATTEMPTS,
		F_SWITCHED_AWAY,
		F_IS_CUSTOMERS_FIRST,
		F_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	Waits waits;
	bool *left;
	Datum outcome[lengthof(wait_outcome_name)];
	bool none_met = false;
	uint32 *met;
	uint32 channels = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, FRICTION_EVENTS);
	waits = waits_find(story);
	if (waits.count == 0)
		return (Datum) 0;
	left = find_left(story, &waits);
	for (Size i = 0; i < lengthof(outcome); i++)
		outcome[i] = CStringGetTextDatum(wait_outcome_name[i]);
	met = palloc(sizeof(uint32) * waits.count);
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];
		const Moment *asked = &story->moments[wait->asked];
		int64 waited = wait_end(story, wait) - asked->time;
		bool first;
		Datum values[F_COLUMNS];
		bool nulls[F_COLUMNS] = {false};

		if (asked->channel == NOTHING)
		{
			first = !none_met;
			none_met = true;
		}
		else
		{
			uint32 c = 0;

			while (c < channels && met[c] != asked->channel)
				c++;
			first = c == channels;
			if (first)
				met[channels++] = asked->channel;
		}
		values[F_CHANNEL] = measure_text(&measure, asked, CHANNEL, &nulls[F_CHANNEL]);
		values[F_ASKED_AT] = TimestampTzGetDatum(asked->time);
		values[F_OUTCOME] = outcome[wait->outcome];
		values[F_WAITED] = Float8GetDatum((double) waited / USECS_PER_SEC);
		values[F_IS_LATE] = BoolGetDatum(wait_is_late(story, wait));
		values[F_ATTEMPTS] = Int32GetDatum((int32) wait->attempts);
		values[F_SWITCHED_AWAY] = BoolGetDatum(left[i]);
		values[F_IS_CUSTOMERS_FIRST] = BoolGetDatum(first);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* waiting_since(timeline, definitions, as_of) */
Datum
experience_waiting_since(PG_FUNCTION_ARGS)
{
	Measure measure;
	Waits waits;

	measure_begin(&measure, fcinfo, WAIT_EVENTS);
	waits = waits_find(&measure.story);
	for (uint32 i = 0; i < waits.count; i++)
	{
		if (waits.waits[i].outcome == WAIT_OPEN)
			PG_RETURN_TIMESTAMPTZ(measure.story.moments[waits.waits[i].asked].time);
	}
	PG_RETURN_NULL();
}

/*
 * Of the waits that nobody has ended and in which the customer asked at since or
 * later, when the first began, and when the customer asked last in it; and when
 * in any that nobody has ended.
 */
static void
summarise_waiting(Story *story, int64 since, Datum *values, bool *nulls)
{
	Waits waits = waits_find(story);
	int64 last = 0;

	nulls[0] = nulls[1] = nulls[2] = true;
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];
		int64 asked_last = story->moments[wait->last].time;

		if (wait->ended != NOTHING || wait->superseded)
			continue;
		if (nulls[0] && asked_last >= since)
		{
			nulls[0] = nulls[1] = false;
			values[0] = TimestampTzGetDatum(story->moments[wait->asked].time);
			values[1] = TimestampTzGetDatum(asked_last);
		}
		last = nulls[2] ? asked_last : Max(last, asked_last);
		nulls[2] = false;
	}
	values[2] = TimestampTzGetDatum(last);
}

/* waiting_summary(timeline, definitions, since) */
Datum
experience_waiting_summary(PG_FUNCTION_ARGS)
{
	Measure measure;
	Datum values[3] = {0};
	bool nulls[3];

	measure_begin_at(&measure, fcinfo, DT_NOEND, WAIT_EVENTS);
	summarise_waiting(&measure.story, PG_GETARG_TIMESTAMPTZ(2), values, nulls);
	return measure_row(fcinfo, values, nulls, 3);
}

/* What the calls of stored_waits() keep. */
typedef struct StoredWaitsCache
{
	void *in_force;
	void *definitions;
} StoredWaitsCache;

/* stored_waits(timeline): the same under what is in force, for the store. */
Datum
experience_stored_waits(PG_FUNCTION_ARGS)
{
	StoredWaitsCache *cache = call_cache(fcinfo, sizeof(StoredWaitsCache));
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	const InForce *in_force = definitions_now(&cache->in_force, context);
	const Definitions *definitions = definitions_load(&cache->definitions, context,
													  PointerGetDatum(in_force_value(in_force)));
	int64 horizon = in_force_horizon(in_force);
	Layout layout;
	Story story;
	Datum values[4] = {0};
	bool nulls[4] = {true, true, true, false};

	PG_GETARG_LAYOUT(0, &layout);
	/* Who has not been heard of since then does not wait: nothing else has to be looked at. */
	if (layout.count > 0 && layout_last(&layout) >= horizon)
	{
		story_read(&story, definitions, &layout, DT_NOEND, WAIT_EVENTS);
		summarise_waiting(&story, horizon, values, nulls);
	}
	values[3] = Int64GetDatum(in_force_key(in_force));
	return measure_row(fcinfo, values, nulls, 4);
}
