/*
 * goals.c
 *		What customers came for, and whether they got it: goal_runs().
 *
 * A run begins with an interaction that starts the goal, and is achieved by the
 * first one after it that achieves it; or abandoned, when that does not come in
 * time.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "experience/measure.h"
#include "pattern/pattern.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_goal_runs);

/* Patterns that a call site keeps loaded. */
#define MAX_KEPT 32

/* What is kept between calls. */
typedef struct GoalCache
{
	void *definitions;
	int count;
	const LoadedPattern *pattern[MAX_KEPT];
} GoalCache;

enum
{
	STARTS = 1,
	ACHIEVES = 2,
};

/* A run of a goal; indexes of interactions. */
typedef struct Run
{
	uint32 started;
	uint32 ended; /* NOTHING where it was not achieved */
	uint32 attempts;
	int64 deadline;
} Run;

/* The pattern in argument n, which must be an event. */
static const LoadedPattern *
event_pattern(FunctionCallInfo fcinfo, GoalCache *cache, int n)
{
	const PatternValue *value = pattern_get_value(PG_GETARG_DATUM(n));
	LoadedPattern *pattern;

	for (int i = 0; i < cache->count; i++)
	{
		if (VARSIZE(cache->pattern[i]->value) == VARSIZE(value) &&
			memcmp(cache->pattern[i]->value, value, VARSIZE(value)) == 0)
			return cache->pattern[i];
	}
	pattern = pattern_load(
		value, cache->count < MAX_KEPT ? fcinfo->flinfo->fn_mcxt : CurrentMemoryContext);
	if (program_events(&pattern->program) == 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the pattern of a goal is more than one event: %.*s",
					   (int) Min(value->text_length, 1000), value->text),
				errhint("A goal is started, and achieved, by one interaction: cart | quote."));
	if (cache->count < MAX_KEPT)
		cache->pattern[cache->count++] = pattern;
	return pattern;
}

/* Sets a flag for the interactions that a pattern accepts. */
static void
flag_events(const LoadedPattern *pattern, const Layout *layout, uint32 seen, uint8 flag,
			uint8 *flags)
{
	EventReader *reader = pattern->program.reader;
	uint64 events = program_events(&pattern->program);

	events_bind(reader, layout);
	for (uint32 from = 0; from < seen; from += LAYOUT_BLOCK)
	{
		uint8 places[LAYOUT_BLOCK];
		uint64 masks[LAYOUT_BLOCK];
		uint32 found = events_find(reader, from, Min(LAYOUT_BLOCK, seen - from), events, places,
								   masks);

		for (uint32 i = 0; i < found; i++)
			flags[from + places[i]] |= flag;
	}
}

/* The length of an interval without months, in microseconds. */
static int64
fixed_length(const Interval *interval)
{
	int64 length = interval->time + interval->day * USECS_PER_DAY;

	if (interval->month != 0 || length <= 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the time after which a goal is abandoned must be above zero, and have no months"),
				errhint("Give days: interval '30 days'."));
	return length;
}

/* What happened in a run. */
typedef struct Tally
{
	int32 steps;
	int32 contacts;
	int32 errors;
	int32 channels;
	bool has_effort;
	double effort;
} Tally;

/* Counts from *at on what lies in the interactions [first, last]. */
static Tally
tally_run(const Story *story, const Column *effort, uint32 *at, uint32 first, uint32 last)
{
	Tally tally = {0};
	uint32 channel[8]; /* those met first: more are as good as many */

	while (*at < story->count && story->moments[*at].index < first)
		(*at)++;
	for (uint32 i = *at; i < story->count && story->moments[i].index <= last; i++)
	{
		const Moment *moment = &story->moments[i];

		tally.steps += moment_is(moment, EVENT_INBOUND);
		tally.contacts += moment_is(moment, EVENT_CONTACT);
		tally.errors += moment_is(moment, EVENT_ERROR);
		if (moment->channel != NOTHING && moment_is(moment, EVENT_INBOUND) &&
			tally.channels < (int32) lengthof(channel))
		{
			int32 c = 0;

			while (c < tally.channels && channel[c] != moment->channel)
				c++;
			if (c == tally.channels)
				channel[tally.channels++] = moment->channel;
		}
	}
	for (uint32 i = first; effort != NULL && i <= last; i++)
	{
		double number;

		if (!number_at(effort, i, &number))
			continue;
		tally.has_effort = true;
		tally.effort += number;
	}
	return tally;
}

/* goal_runs(timeline, definitions, as_of, started, achieved, abandoned_after) */
Datum
experience_goal_runs(PG_FUNCTION_ARGS)
{
	enum
	{
		G_STARTED_AT,
		G_ATTEMPTS,
		G_ENDED_AT,
		G_OUTCOME,
		G_TOOK,
		G_STEPS,
		G_CONTACTS,
		G_ERRORS,
		G_CHANNELS,
		G_EFFORT,
		G_CHANNEL,
		G_SOURCE,
		G_REF,
		G_ACHIEVED_SOURCE,
		G_ACHIEVED_REF,
		G_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	GoalCache *cache = call_cache(fcinfo, sizeof(GoalCache));
	int64 within = fixed_length(PG_GETARG_INTERVAL_P(5));
	int64 as_of = PG_GETARG_TIMESTAMPTZ(2);
	Measure measure = {0};
	Story *story = &measure.story;
	const Layout *layout = &measure.layout;
	const Column *effort;
	uint8 *flags;
	uint32 seen;
	int64 *times;
	MonotoneCursor cursor;
	Run run = {NOTHING, NOTHING, 0, 0};
	uint32 at = 0;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	PG_GETARG_LAYOUT(0, &measure.layout);
	story_read(story,
			   definitions_load(&cache->definitions, fcinfo->flinfo->fn_mcxt, PG_GETARG_DATUM(1)),
			   layout, as_of,
			   EVENT_BIT(EVENT_INBOUND) | EVENT_BIT(EVENT_CONTACT) | EVENT_BIT(EVENT_ERROR));
	seen = layout_search(layout, as_of, true);
	flags = palloc_extended(Max((Size) seen, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	flag_events(event_pattern(fcinfo, cache, 3), layout, seen, STARTS, flags);
	flag_events(event_pattern(fcinfo, cache, 4), layout, seen, ACHIEVES, flags);
	effort = layout_find(layout, "effort", 6, ATTRIBUTE_NUMBER);
	times = palloc_extended(sizeof(int64) * Max((Size) seen, 1), MCXT_ALLOC_HUGE);
	cursor = layout_seek(layout, 0);
	for (uint32 i = 0; i < seen; i++)
		times[i] = layout_next_time(layout, &cursor);

	for (uint32 i = 0; i <= seen; i++)
	{
		bool over = false;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (run.started != NOTHING)
		{
			if (i == seen || times[i] > run.deadline)
				over = true;
			else if (flags[i] & ACHIEVES)
			{
				run.ended = i;
				over = true;
			}
			else
				run.attempts += flags[i] & STARTS;
		}
		else if (i < seen && (flags[i] & STARTS) != 0)
		{
			run = (Run) {i, NOTHING, 1, times[i] + within};
			/* one that does both is a goal that was achieved at once */
			if (flags[i] & ACHIEVES)
			{
				run.ended = i;
				over = true;
			}
		}
		if (over)
		{
			bool open = run.ended == NOTHING && as_of != DT_NOEND && as_of <= run.deadline;
			uint32 last = run.ended != NOTHING ? run.ended : i - 1;
			int64 end = run.ended != NOTHING ? times[run.ended] : open ? as_of : run.deadline;
			Moment started = {.index = run.started};
			Moment achieved = {.index = run.ended};
			const Moment *ended = run.ended == NOTHING ? NULL : &achieved;
			Tally tally = tally_run(story, effort, &at, run.started, last);
			Datum values[G_COLUMNS];
			bool nulls[G_COLUMNS] = {false};

			values[G_STARTED_AT] = TimestampTzGetDatum(times[run.started]);
			values[G_ATTEMPTS] = Int32GetDatum((int32) run.attempts);
			nulls[G_ENDED_AT] = open;
			values[G_ENDED_AT] = TimestampTzGetDatum(end);
			values[G_OUTCOME] = CStringGetTextDatum(ended != NULL ? "achieved" :
														open      ? "open" :
																	"abandoned");
			values[G_TOOK] = interval_datum(end - times[run.started]);
			values[G_STEPS] = Int32GetDatum(tally.steps);
			values[G_CONTACTS] = Int32GetDatum(tally.contacts);
			values[G_ERRORS] = Int32GetDatum(tally.errors);
			values[G_CHANNELS] = Int32GetDatum(tally.channels);
			nulls[G_EFFORT] = !tally.has_effort;
			values[G_EFFORT] = Float8GetDatum(tally.effort);
			values[G_CHANNEL] = measure_text(&measure, &started, CHANNEL, &nulls[G_CHANNEL]);
			values[G_SOURCE] = measure_text(&measure, &started, SOURCE, &nulls[G_SOURCE]);
			values[G_REF] = measure_text(&measure, &started, REF, &nulls[G_REF]);
			values[G_ACHIEVED_SOURCE] = measure_text(&measure, ended, SOURCE,
													 &nulls[G_ACHIEVED_SOURCE]);
			values[G_ACHIEVED_REF] = measure_text(&measure, ended, REF, &nulls[G_ACHIEVED_REF]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
			/* what came too late may begin the next run */
			if (run.ended == NOTHING && i < seen)
				i--;
			run.started = run.ended = NOTHING;
		}
	}
	return (Datum) 0;
}
