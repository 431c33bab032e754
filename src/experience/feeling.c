/*
 * feeling.c
 *		How a customer feels: mood(), mood_agg(), and what followed a poor
 *		interaction, recoveries().
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/serial.h"
#include "experience/feeling.h"
#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_mood);
PG_FUNCTION_INFO_V1(experience_recoveries);
PG_FUNCTION_INFO_V1(mood_agg_transfn);
PG_FUNCTION_INFO_V1(mood_agg_combinefn);
PG_FUNCTION_INFO_V1(mood_agg_serialfn);
PG_FUNCTION_INFO_V1(mood_agg_deserialfn);
PG_FUNCTION_INFO_V1(mood_agg_finalfn);

/*
 * The mood itself
 */

/* Moves the reference to a later time. */
static void
mood_shift(Mood *mood, int64 time, int64 half_life)
{
	double shift = ((double) mood->reference - (double) time) / (double) half_life;
	double factor = exp2(shift);

	mood->reference = time;
	mood->mean_time += shift;
	mood->weight *= factor;
	mood->spread *= factor;
	mood->common *= factor;
}

/* Adds another mood of the same half-life. */
static void
mood_merge(Mood *mood, const Mood *other, int64 half_life)
{
	Mood added = *other;
	double weight;
	double share;
	double rest;
	double times;
	double sentiments;

	if (added.n == 0)
		return;
	if (mood->n == 0)
	{
		*mood = added;
		return;
	}
	if (added.reference >= mood->reference)
	{
		mood->last = added.last;
		if (added.reference > mood->reference)
			mood_shift(mood, added.reference, half_life);
	}
	else
		mood_shift(&added, mood->reference, half_life);
	weight = mood->weight + added.weight;
	mood->n += added.n;
	share = added.weight / weight;
	rest = mood->weight / weight;
	times = added.mean_time - mood->mean_time;
	sentiments = added.mean_sentiment - mood->mean_sentiment;
	mood->spread += added.spread + times * times * mood->weight * share;
	mood->common += added.common + times * sentiments * mood->weight * share;
	/* from the heavier side, so that what hardly weighs is not lost beside it */
	if (share > rest)
	{
		mood->mean_time = added.mean_time - times * rest;
		mood->mean_sentiment = added.mean_sentiment - sentiments * rest;
	}
	else
	{
		mood->mean_time += times * share;
		mood->mean_sentiment += sentiments * share;
	}
	mood->weight = weight;
}

/* Adds a sentiment. */
static void
mood_add(Mood *mood, int64 time, double sentiment, int64 half_life)
{
	Mood one = {1, time, sentiment, 1, 0, sentiment, 0, 0};

	mood_merge(mood, &one, half_life);
}

bool
mood_value(const Mood *mood, double *value)
{
	*value = mood->n == 0 ? 0 : Max(-1, Min(1, mood->mean_sentiment));
	return mood->n > 0;
}

bool
mood_slope(const Mood *mood, int64 half_life, double *slope)
{
	if (mood->n == 0 || !(mood->spread > 0))
		return false;
	*slope = mood->common / mood->spread * ((double) USECS_PER_DAY / (double) half_life);
	return true;
}

/* The mood of the first interactions. */
Mood
mood_of(const Layout *layout, uint32 seen, int64 half_life)
{
	const Column *sentiments = layout_find(layout, "sentiment", 9, ATTRIBUTE_NUMBER);
	MonotoneCursor times = layout_seek(layout, 0);
	ColumnCursor cursor = {0, 0};
	Mood mood = {0};

	if (sentiments == NULL)
		return mood;
	for (uint32 i = 0; i < seen; i++)
	{
		int64 time = layout_next_time(layout, &times);
		uint32 rank;
		double sentiment;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!column_next(sentiments, &cursor, &rank))
			continue;
		sentiment = number_from_bits(column_number(sentiments, rank));
		if (!isnan(sentiment))
			mood_add(&mood, time, sentiment, half_life);
	}
	return mood;
}

/* A number as a Datum, NULL where it is not known. */
static Datum
double_datum(bool known, double number, bool *null)
{
	*null = !known;
	return Float8GetDatum(number);
}

static Datum
time_datum(bool known, int64 time, bool *null)
{
	*null = !known;
	return TimestampTzGetDatum(time);
}

/* mood(timeline, definitions, as_of) */
Datum
experience_mood(PG_FUNCTION_ARGS)
{
	enum
	{
		M_MOOD,
		M_SLOPE,
		M_LAST,
		M_LAST_AT,
		M_FLIPS,
		M_N,
		M_WORST,
		M_WORST_AT,
		M_PEAK,
		M_PEAK_AT,
		M_PEAK_END,
		M_COLUMNS,
	};
	const Definitions *definitions = definitions_argument(fcinfo, 1);
	int64 half_life = definitions->parameters->mood_half_life;
	int64 as_of = PG_GETARG_TIMESTAMPTZ(2);
	Layout layout;
	Story story = {.as_of = as_of, .layout = &layout};
	const Column *sentiments;
	Mood mood = {0};
	int64 flips = 0;
	int sign = 0;
	bool has_worst = false;
	double worst = 0;
	double peak = 0;
	int64 worst_at = 0;
	int64 peak_at = 0;
	double number;
	bool known;
	Datum values[M_COLUMNS];
	bool nulls[M_COLUMNS] = {false};

	PG_GETARG_LAYOUT(0, &layout);
	sentiments = layout_find(&layout, "sentiment", 9, ATTRIBUTE_NUMBER);
	if (sentiments != NULL)
	{
		uint32 seen = layout_search(&layout, as_of, true);
		int64 window = story_window(&story, definitions->parameters->worst_within);
		MonotoneCursor times = layout_seek(&layout, 0);
		ColumnCursor cursor = {0, 0};

		for (uint32 i = 0; i < seen; i++)
		{
			int64 time = layout_next_time(&layout, &times);
			uint32 rank;
			int direction;

			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			if (!column_next(sentiments, &cursor, &rank))
				continue;
			number = number_from_bits(column_number(sentiments, rank));
			if (isnan(number))
				continue;
			mood_add(&mood, time, number, half_life);
			direction = number > 0 ? 1 : number < 0 ? -1 : 0;
			flips += direction != 0 && sign != 0 && direction != sign;
			if (direction != 0)
				sign = direction;
			/* of equals the later one */
			if (mood.n == 1 || fabs(number) >= fabs(peak))
			{
				peak = number;
				peak_at = time;
			}
			if (time > window && (!has_worst || number <= worst))
			{
				has_worst = true;
				worst = number;
				worst_at = time;
			}
		}
	}
	known = mood_value(&mood, &number);
	values[M_MOOD] = double_datum(known, number, &nulls[M_MOOD]);
	known = mood_slope(&mood, half_life, &number);
	values[M_SLOPE] = double_datum(known, number, &nulls[M_SLOPE]);
	values[M_LAST] = double_datum(mood.n > 0, mood.last, &nulls[M_LAST]);
	values[M_LAST_AT] = time_datum(mood.n > 0, mood.reference, &nulls[M_LAST_AT]);
	values[M_FLIPS] = Int64GetDatum(flips);
	values[M_N] = Int64GetDatum(mood.n);
	values[M_WORST] = double_datum(has_worst, worst, &nulls[M_WORST]);
	values[M_WORST_AT] = time_datum(has_worst, worst_at, &nulls[M_WORST_AT]);
	values[M_PEAK] = double_datum(mood.n > 0, peak, &nulls[M_PEAK]);
	values[M_PEAK_AT] = time_datum(mood.n > 0, peak_at, &nulls[M_PEAK_AT]);
	values[M_PEAK_END] = double_datum(mood.n > 0, (peak + mood.last) / 2, &nulls[M_PEAK_END]);
	return measure_row(fcinfo, values, nulls, M_COLUMNS);
}

/*
 * Of many rows
 */

typedef struct MoodState
{
	int64 half_life;
	Mood mood;
} MoodState;

/* The state of a group, made if it is the group's first row. */
static MoodState *
mood_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		return MemoryContextAllocZero(context, sizeof(MoodState));
	return (MoodState *) PG_GETARG_POINTER(0);
}

/* A half-life in microseconds. */
static int64
half_life_of(const Interval *interval)
{
	int64 length = interval->time + interval->day * USECS_PER_DAY;

	if (interval->month != 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("a half-life has no months, which have no fixed length"),
				errhint("Give days: interval '30 days'."));
	if (length <= 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("a half-life is above zero"));
	return length;
}

/* mood_agg(occurred_at, sentiment, half_life) */
Datum
mood_agg_transfn(PG_FUNCTION_ARGS)
{
	MoodState *state;
	int64 half_life;
	double sentiment;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = mood_state(fcinfo);
	half_life = half_life_of(PG_GETARG_INTERVAL_P(3));
	if (state->mood.n > 0 && state->half_life != half_life)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the half-life of a mood is the same for all rows"));
	state->half_life = half_life;
	reject_infinite(PG_GETARG_TIMESTAMPTZ(1));
	sentiment = PG_GETARG_FLOAT8(2);
	if (!is_sentiment(sentiment))
		reject_sentiment(sentiment);
	mood_add(&state->mood, PG_GETARG_TIMESTAMPTZ(1), sentiment, half_life);
	PG_RETURN_POINTER(state);
}

Datum
mood_agg_combinefn(PG_FUNCTION_ARGS)
{
	MoodState *state;
	const MoodState *other;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = mood_state(fcinfo);
	other = (const MoodState *) PG_GETARG_POINTER(1);
	if (state->mood.n == 0)
		state->half_life = other->half_life;
	else if (state->half_life != other->half_life)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the half-life of a mood is the same for all rows"));
	mood_merge(&state->mood, &other->mood, state->half_life);
	PG_RETURN_POINTER(state);
}

#define MOOD_STATE_VERSION 1

Datum
mood_agg_serialfn(PG_FUNCTION_ARGS)
{
	const MoodState *state = mood_state(fcinfo);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, MOOD_STATE_VERSION);
	pq_sendint64(&out, state->half_life);
	pq_sendint64(&out, state->mood.n);
	pq_sendint64(&out, state->mood.reference);
	pq_sendfloat8(&out, state->mood.last);
	pq_sendfloat8(&out, state->mood.weight);
	pq_sendfloat8(&out, state->mood.mean_time);
	pq_sendfloat8(&out, state->mood.spread);
	pq_sendfloat8(&out, state->mood.mean_sentiment);
	pq_sendfloat8(&out, state->mood.common);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
mood_agg_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	MoodState *state = palloc0(sizeof(MoodState));
	StringInfoData in;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	open_state(&in, bytes, MOOD_STATE_VERSION, "mood_agg");
	state->half_life = pq_getmsgint64(&in);
	state->mood.n = pq_getmsgint64(&in);
	state->mood.reference = pq_getmsgint64(&in);
	state->mood.last = pq_getmsgfloat8(&in);
	state->mood.weight = pq_getmsgfloat8(&in);
	state->mood.mean_time = pq_getmsgfloat8(&in);
	state->mood.spread = pq_getmsgfloat8(&in);
	state->mood.mean_sentiment = pq_getmsgfloat8(&in);
	state->mood.common = pq_getmsgfloat8(&in);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

Datum
mood_agg_finalfn(PG_FUNCTION_ARGS)
{
	MoodState empty = {0};
	const MoodState *state = PG_ARGISNULL(0) ? &empty : (const MoodState *) PG_GETARG_POINTER(0);
	double number = 0;
	bool known;
	Datum values[4];
	bool nulls[4] = {false};

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	known = mood_value(&state->mood, &number);
	values[0] = double_datum(known, number, &nulls[0]);
	known = mood_slope(&state->mood, Max(state->half_life, 1), &number);
	values[1] = double_datum(known, number, &nulls[1]);
	values[2] = time_datum(state->mood.n > 0, state->mood.reference, &nulls[2]);
	values[3] = Int64GetDatum(state->mood.n);
	return measure_row(fcinfo, values, nulls, 4);
}

/*
 * After a poor interaction
 */

/* What comes after a moment, found from the end on. */
typedef struct Following
{
	uint32 inbound; /* moment of the next one, or NOTHING */
	uint32 answer;
	uint32 pleased;
} Following;

/* A moment that is there and no later than a time. */
static inline const Moment *
moment_until(const Story *story, uint32 i, int64 time)
{
	return i == NOTHING || story->moments[i].time > time ? NULL : &story->moments[i];
}

/* recoveries(timeline, definitions, as_of) */
Datum
experience_recoveries(PG_FUNCTION_ARGS)
{
	enum
	{
		R_OCCURRED_AT,
		R_KIND,
		R_CHANNEL,
		R_THREAD,
		R_AGENT,
		R_SENTIMENT,
		R_SCORE,
		R_ANSWERED_AT,
		R_ANSWERED_BY,
		R_NEXT_AT,
		R_NEXT_KIND,
		R_NEXT_CHANNEL,
		R_RECOVERED_AT,
		R_OUTCOME,
		R_SOURCE,
		R_REF,
		R_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	const Column *sentiments;
	const Column *scores;
	Following *following;
	Following next = {NOTHING, NOTHING, NOTHING};
	int64 within;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo,
				  EVENT_BIT(EVENT_POOR) | EVENT_BIT(EVENT_PLEASED) | EVENT_BIT(EVENT_INBOUND) |
					  EVENT_BIT(EVENT_ANSWER) | EVENT_BIT(EVENT_SERVED));
	within = story->definitions->parameters->recovery_within;
	sentiments = layout_find(&measure.layout, "sentiment", 9, ATTRIBUTE_NUMBER);
	scores = layout_find(&measure.layout, "score", 5, ATTRIBUTE_NUMBER);
	following = palloc_extended(sizeof(Following) * Max((Size) story->count, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = story->count; i-- > 0;)
	{
		const Moment *moment = &story->moments[i];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		following[i] = next;
		if (moment_is(moment, EVENT_INBOUND))
			next.inbound = i;
		if (moment_is(moment, EVENT_ANSWER) || moment_is(moment, EVENT_SERVED))
			next.answer = i;
		if (moment_is(moment, EVENT_PLEASED) && !moment_is(moment, EVENT_POOR))
			next.pleased = i;
	}
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		int64 until = moment->time + within;
		const Moment *answer;
		const Moment *inbound;
		const Moment *pleased;
		const char *outcome;
		double number = 0;
		Datum values[R_COLUMNS];
		bool nulls[R_COLUMNS] = {false};

		if (!moment_is(moment, EVENT_POOR))
			continue;
		answer = moment_until(story, following[i].answer, until);
		inbound = moment_until(story, following[i].inbound, until);
		pleased = moment_until(story, following[i].pleased, until);
		outcome = pleased != NULL                             ? "recovered" :
			inbound != NULL                                   ? "returned" :
			story->as_of != DT_NOEND && story->as_of <= until ? "open" :
																"lost";
		values[R_OCCURRED_AT] = TimestampTzGetDatum(moment->time);
		values[R_KIND] = measure_kind(&measure, moment, &nulls[R_KIND]);
		values[R_CHANNEL] = measure_text(&measure, moment, CHANNEL, &nulls[R_CHANNEL]);
		values[R_THREAD] = measure_text(&measure, moment, THREAD, &nulls[R_THREAD]);
		values[R_AGENT] = measure_text(&measure, moment, AGENT, &nulls[R_AGENT]);
		nulls[R_SENTIMENT] = !number_at(sentiments, moment->index, &number);
		values[R_SENTIMENT] = Float8GetDatum(number);
		nulls[R_SCORE] = !number_at(scores, moment->index, &number);
		values[R_SCORE] = Float8GetDatum(number);
		values[R_ANSWERED_AT] = time_datum(answer != NULL, answer == NULL ? 0 : answer->time,
										   &nulls[R_ANSWERED_AT]);
		values[R_ANSWERED_BY] = measure_text(&measure, answer, AGENT, &nulls[R_ANSWERED_BY]);
		values[R_NEXT_AT] = time_datum(inbound != NULL, inbound == NULL ? 0 : inbound->time,
									   &nulls[R_NEXT_AT]);
		values[R_NEXT_KIND] = measure_kind(&measure, inbound, &nulls[R_NEXT_KIND]);
		values[R_NEXT_CHANNEL] = measure_text(&measure, inbound, CHANNEL, &nulls[R_NEXT_CHANNEL]);
		values[R_RECOVERED_AT] = time_datum(pleased != NULL, pleased == NULL ? 0 : pleased->time,
											&nulls[R_RECOVERED_AT]);
		values[R_OUTCOME] = CStringGetTextDatum(outcome);
		values[R_SOURCE] = measure_text(&measure, moment, SOURCE, &nulls[R_SOURCE]);
		values[R_REF] = measure_text(&measure, moment, REF, &nulls[R_REF]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
