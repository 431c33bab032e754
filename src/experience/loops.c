/*
 * loops.c
 *		What became of what customers said: feedback_loops().
 *
 * Found from the end on, so that what follows each moment is known when it is
 * met: O(moments).
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "experience/measure.h"

PG_FUNCTION_INFO_V1(experience_feedback_loops);
PG_FUNCTION_INFO_V1(experience_feedback_facts);

#define LOOP_EVENTS \
	(EVENT_BIT(EVENT_FEEDBACK) | EVENT_BIT(EVENT_ANSWER) | EVENT_BIT(EVENT_SERVED) | \
	 EVENT_BIT(EVENT_ACTION) | EVENT_BIT(EVENT_TOLD) | EVENT_BIT(EVENT_POOR) | \
	 EVENT_BIT(EVENT_PLEASED))

/* What follows some place; moments, or NOTHING. */
typedef struct Following
{
	uint32 answer;
	uint32 action;
	uint32 told_of_action; /* first told after that action */
	uint32 told;
	uint32 pleased;
} Following;

/* A loop that begins with a feedback. */
typedef struct Loop
{
	uint32 feedback;
	uint32 answer;
	uint32 action;
	uint32 told;
	uint32 pleased;
} Loop;

typedef struct LoopList
{
	Loop *loops; /* from the last on */
	uint32 count;
	uint32 size;
} LoopList;

/* A moment that is no later than a time, or NOTHING. */
static inline uint32
until(const Story *story, uint32 i, int64 time)
{
	return i == NOTHING || story->moments[i].time > time ? NOTHING : i;
}

static void
add_loop(LoopList *list, const Story *story, uint32 feedback, const Following *next, uint32 answer)
{
	int64 end = story->moments[feedback].time + story->definitions->parameters->recovery_within;
	Loop *loop;

	if (list->count == list->size)
	{
		list->size = list->size == 0 ? 16 : 2 * list->size;
		list->loops = list->loops == NULL ?
			palloc(sizeof(Loop) * list->size) :
			repalloc_huge(list->loops, sizeof(Loop) * (Size) list->size);
	}
	loop = &list->loops[list->count++];
	loop->feedback = feedback;
	loop->answer = until(story, answer, end);
	loop->action = until(story, next->action, end);
	loop->told = loop->action == NOTHING ? NOTHING : until(story, next->told_of_action, end);
	loop->pleased = until(story, next->pleased, end);
}

/* All loops of a story; an answer to feedback in a thread is one in that thread. */
static LoopList
find_loops(const Story *story)
{
	LoopList list = {NULL, 0, 0};
	Following next = {NOTHING, NOTHING, NOTHING, NOTHING, NOTHING};
	uint32 *answer_in;

	if (story->count == 0)
		return list;
	answer_in = palloc_extended(sizeof(uint32) * (Size) story->conversations, MCXT_ALLOC_HUGE);
	memset(answer_in, 0xFF, sizeof(uint32) * (Size) story->conversations);
	for (uint32 i = story->count; i-- > 0;)
	{
		const Moment *moment = &story->moments[i];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (moment_is(moment, EVENT_FEEDBACK))
			add_loop(&list, story, i, &next,
					 moment->threaded ? answer_in[moment->conversation] : next.answer);
		if (moment_is(moment, EVENT_ACTION))
		{
			next.action = i;
			next.told_of_action = next.told;
		}
		if (moment_is(moment, EVENT_TOLD))
			next.told = i;
		if (moment_is(moment, EVENT_ANSWER) || moment_is(moment, EVENT_SERVED))
			next.answer = answer_in[moment->conversation] = i;
		if (moment_is(moment, EVENT_PLEASED) && !moment_is(moment, EVENT_POOR))
			next.pleased = i;
	}
	return list;
}

/* How far a loop has come. */
static const char *
loop_status(const Story *story, const Loop *loop)
{
	int64 end = story->moments[loop->feedback].time +
		story->definitions->parameters->recovery_within;

	if (loop->told != NOTHING)
		return "told";
	if (loop->action != NOTHING)
		return "acted";
	if (loop->answer != NOTHING)
		return "answered";
	return story->as_of != DT_NOEND && story->as_of <= end ? "open" : "ignored";
}

static Datum
moment_time(const Moment *moment, bool *null)
{
	*null = moment == NULL;
	return moment == NULL ? (Datum) 0 : TimestampTzGetDatum(moment->time);
}

/* feedback_loops(timeline, definitions, as_of) */
Datum
experience_feedback_loops(PG_FUNCTION_ARGS)
{
	enum
	{
		L_OCCURRED_AT,
		L_KIND,
		L_CHANNEL,
		L_THREAD,
		L_TOPIC,
		L_SCORE,
		L_SENTIMENT,
		L_IS_POOR,
		L_ANSWERED_AT,
		L_ANSWERED_BY,
		L_ACTION_AT,
		L_ACTION_KIND,
		L_TOLD_AT,
		L_RECOVERED_AT,
		L_STATUS,
		L_SOURCE,
		L_REF,
		L_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	const Column *sentiments;
	const Column *scores;
	LoopList list;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, LOOP_EVENTS);
	sentiments = layout_find(&measure.layout, "sentiment", 9, ATTRIBUTE_NUMBER);
	scores = layout_find(&measure.layout, "score", 5, ATTRIBUTE_NUMBER);
	list = find_loops(story);
	for (uint32 i = list.count; i-- > 0;)
	{
		const Loop *loop = &list.loops[i];
		const Moment *feedback = &story->moments[loop->feedback];
		const Moment *answer = loop->answer == NOTHING ? NULL : &story->moments[loop->answer];
		const Moment *action = loop->action == NOTHING ? NULL : &story->moments[loop->action];
		const Moment *told = loop->told == NOTHING ? NULL : &story->moments[loop->told];
		const Moment *pleased = loop->pleased == NOTHING ? NULL : &story->moments[loop->pleased];
		double number = 0;
		Datum values[L_COLUMNS];
		bool nulls[L_COLUMNS] = {false};

		values[L_OCCURRED_AT] = TimestampTzGetDatum(feedback->time);
		values[L_KIND] = measure_kind(&measure, feedback, &nulls[L_KIND]);
		values[L_CHANNEL] = measure_text(&measure, feedback, CHANNEL, &nulls[L_CHANNEL]);
		values[L_THREAD] = measure_text(&measure, feedback, THREAD, &nulls[L_THREAD]);
		values[L_TOPIC] = measure_text(&measure, feedback, TOPIC, &nulls[L_TOPIC]);
		nulls[L_SCORE] = !number_at(scores, feedback->index, &number);
		values[L_SCORE] = Float8GetDatum(number);
		nulls[L_SENTIMENT] = !number_at(sentiments, feedback->index, &number);
		values[L_SENTIMENT] = Float8GetDatum(number);
		values[L_IS_POOR] = BoolGetDatum(moment_is(feedback, EVENT_POOR));
		values[L_ANSWERED_AT] = moment_time(answer, &nulls[L_ANSWERED_AT]);
		values[L_ANSWERED_BY] = measure_text(&measure, answer, AGENT, &nulls[L_ANSWERED_BY]);
		values[L_ACTION_AT] = moment_time(action, &nulls[L_ACTION_AT]);
		values[L_ACTION_KIND] = measure_kind(&measure, action, &nulls[L_ACTION_KIND]);
		values[L_TOLD_AT] = moment_time(told, &nulls[L_TOLD_AT]);
		values[L_RECOVERED_AT] = moment_time(pleased, &nulls[L_RECOVERED_AT]);
		values[L_STATUS] = CStringGetTextDatum(loop_status(story, loop));
		values[L_SOURCE] = measure_text(&measure, feedback, SOURCE, &nulls[L_SOURCE]);
		values[L_REF] = measure_text(&measure, feedback, REF, &nulls[L_REF]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* feedback_facts(timeline, definitions, as_of) */
Datum
experience_feedback_facts(PG_FUNCTION_ARGS)
{
	enum
	{
		F_KIND,
		F_CHANNEL,
		F_IS_POOR,
		F_STATUS,
		F_ANSWERED_SECONDS,
		F_IS_ACTED,
		F_IS_TOLD,
		F_IS_RECOVERED,
		F_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	LoopList list;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, LOOP_EVENTS);
	list = find_loops(story);
	for (uint32 i = list.count; i-- > 0;)
	{
		const Loop *loop = &list.loops[i];
		const Moment *feedback = &story->moments[loop->feedback];
		Datum values[F_COLUMNS];
		bool nulls[F_COLUMNS] = {false};

		values[F_KIND] = measure_kind(&measure, feedback, &nulls[F_KIND]);
		values[F_CHANNEL] = measure_text(&measure, feedback, CHANNEL, &nulls[F_CHANNEL]);
		values[F_IS_POOR] = BoolGetDatum(moment_is(feedback, EVENT_POOR));
		values[F_STATUS] = CStringGetTextDatum(loop_status(story, loop));
		nulls[F_ANSWERED_SECONDS] = loop->answer == NOTHING;
		values[F_ANSWERED_SECONDS] = loop->answer == NOTHING ?
			(Datum) 0 :
			Float8GetDatum((double) (story->moments[loop->answer].time - feedback->time) /
						   USECS_PER_SEC);
		values[F_IS_ACTED] = BoolGetDatum(loop->action != NOTHING);
		values[F_IS_TOLD] = BoolGetDatum(loop->told != NOTHING);
		values[F_IS_RECOVERED] = BoolGetDatum(loop->pleased != NOTHING);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
