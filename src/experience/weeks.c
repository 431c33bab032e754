/*
 * weeks.c
 *		How customers fared week by week: experience_weeks_agg().
 *
 * One pass over each timeline adds to the totals of its weeks, so that millions
 * of customers need no row of their own on the way.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/serial.h"
#include "common/hashfn.h"
#include "experience/friction.h"
#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_weeks_transfn);
PG_FUNCTION_INFO_V1(experience_weeks_combinefn);
PG_FUNCTION_INFO_V1(experience_weeks_serialfn);
PG_FUNCTION_INFO_V1(experience_weeks_deserialfn);
PG_FUNCTION_INFO_V1(experience_weeks_finalfn);

/* What is counted, in the order of the result's columns behind the week. */
typedef enum WeekCount
{
	WEEK_INTERACTIONS,
	WEEK_CUSTOMERS,
	WEEK_CONTACTS,
	WEEK_WAITS,
	WEEK_ANSWERED,
	WEEK_ON_TIME,
	WEEK_FRICTION_ITEMS,
	WEEK_POOR,
	WEEK_TOUCHES,
	WEEK_SENTIMENT_N,
	WEEK_CSAT_N,
	WEEK_CSAT_TOP,
	WEEK_NPS_N,
	WEEK_NPS_PROMOTERS,
	WEEK_NPS_DETRACTORS,
	WEEK_CES_N,
	WEEK_COUNTS,
} WeekCount;

/* ... and what is summed. */
typedef enum WeekSum
{
	WEEK_FRICTION,
	WEEK_SENTIMENT_SUM,
	WEEK_CES_SUM,
	WEEK_CES_SQUARES,
	WEEK_SUMS,
} WeekSum;

typedef struct Week
{
	int64 number; /* since the Monday after the server's epoch */
	char status;
	uint64 customer; /* the last one that was counted in it */
	int64 count[WEEK_COUNTS];
	double sum[WEEK_SUMS];
} Week;

#define SH_PREFIX weektable
#define SH_ELEMENT_TYPE Week
#define SH_KEY_TYPE int64
#define SH_KEY number
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct WeekState
{
	struct weektable_hash *weeks;
	uint64 customers; /* timelines so far */
	Week *last;       /* found last, until the table grows */
} WeekState;

#define USECS_PER_WEEK (7 * USECS_PER_DAY)

/* 2000-01-03 was a Monday. */
#define FIRST_MONDAY (2 * USECS_PER_DAY)

static inline int64
week_of(int64 time)
{
	int64 since = time - FIRST_MONDAY;

	return since / USECS_PER_WEEK - (since % USECS_PER_WEEK < 0);
}

static WeekState *
week_state(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	WeekState *state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (!PG_ARGISNULL(0))
		return (WeekState *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(context, sizeof(WeekState));
	state->weeks = weektable_create(context, 256, NULL);
	return state;
}

/* The week of a number, made empty where it is new. */
static Week *
get_week(WeekState *state, int64 number)
{
	bool found;
	Week *week;

	if (state->last != NULL && state->last->number == number)
		return state->last;
	week = weektable_insert(state->weeks, number, &found);
	if (!found)
	{
		week->customer = 0;
		memset(week->count, 0, sizeof(week->count));
		memset(week->sum, 0, sizeof(week->sum));
	}
	state->last = week;
	return week;
}

/* Counts all interactions by their times, and the customer in each week that has one. */
static void
add_interactions(WeekState *state, const Layout *layout, uint32 seen)
{
	MonotoneCursor cursor = layout_seek(layout, 0);

	for (uint32 from = 0; from < seen; from += LAYOUT_BLOCK)
	{
		uint32 count = Min(LAYOUT_BLOCK, seen - from);
		int64 times[LAYOUT_BLOCK];

		CHECK_FOR_INTERRUPTS();
		layout_next_times(layout, &cursor, count, times);
		for (uint32 i = 0; i < count;)
		{
			Week *week = get_week(state, week_of(times[i]));
			int64 end = (week->number + 1) * USECS_PER_WEEK + FIRST_MONDAY;
			uint32 first = i;

			while (i < count && times[i] < end)
				i++;
			week->count[WEEK_INTERACTIONS] += i - first;
			if (week->customer != state->customers)
			{
				week->customer = state->customers;
				week->count[WEEK_CUSTOMERS]++;
			}
		}
	}
}

static void
add_sentiments(WeekState *state, const Layout *layout, uint32 seen)
{
	const Column *sentiments = layout_find(layout, "sentiment", 9, ATTRIBUTE_NUMBER);
	MonotoneCursor times = layout_seek(layout, 0);
	ColumnCursor cursor = {0, 0};

	if (sentiments == NULL)
		return;
	for (uint32 i = 0; i < seen; i++)
	{
		int64 time = layout_next_time(layout, &times);
		uint32 rank;
		Week *week;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!column_next(sentiments, &cursor, &rank))
			continue;
		week = get_week(state, week_of(time));
		week->count[WEEK_SENTIMENT_N]++;
		week->sum[WEEK_SENTIMENT_SUM] += number_from_bits(column_number(sentiments, rank));
	}
}

/* Adds a score, if it is one of its scale. */
static void
add_score(Week *week, const Moment *moment, const Column *scores)
{
	double score;

	if (!number_at(scores, moment->index, &score))
		return;
	if (moment_is(moment, EVENT_CSAT) && score >= 1 && score <= 5)
	{
		week->count[WEEK_CSAT_N]++;
		week->count[WEEK_CSAT_TOP] += score >= 4;
	}
	if (moment_is(moment, EVENT_NPS) && score >= 0 && score <= 10)
	{
		week->count[WEEK_NPS_N]++;
		week->count[WEEK_NPS_PROMOTERS] += score >= 9;
		week->count[WEEK_NPS_DETRACTORS] += score <= 6;
	}
	if (moment_is(moment, EVENT_CES) && score >= 1 && score <= 7)
	{
		week->count[WEEK_CES_N]++;
		week->sum[WEEK_CES_SUM] += score;
		week->sum[WEEK_CES_SQUARES] += score * score;
	}
}

/* experience_weeks_agg(timeline, definitions, as_of) */
Datum
experience_weeks_transfn(PG_FUNCTION_ARGS)
{
	WeekState *state;
	const Definitions *definitions;
	const Parameters *parameters;
	Layout layout;
	Story story;
	Waits waits;
	FrictionList list;
	const Column *scores;
	int64 as_of;
	uint32 seen;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = week_state(fcinfo);
	definitions = definitions_argument(fcinfo, 2);
	parameters = definitions->parameters;
	as_of = PG_GETARG_TIMESTAMPTZ(3);
	PG_GETARG_LAYOUT(1, &layout);
	seen = layout_search(&layout, as_of, true);
	state->customers++;
	add_interactions(state, &layout, seen);
	add_sentiments(state, &layout, seen);
	scores = layout_find(&layout, "score", 5, ATTRIBUTE_NUMBER);
	story_read(&story, definitions, &layout, as_of,
			   FRICTION_EVENTS | EVENT_BIT(EVENT_POOR) | EVENT_BIT(EVENT_TOUCH) |
				   EVENT_BIT(EVENT_CSAT) | EVENT_BIT(EVENT_NPS) | EVENT_BIT(EVENT_CES));
	for (uint32 i = 0; i < story.count; i++)
	{
		const Moment *moment = &story.moments[i];
		Week *week = get_week(state, week_of(moment->time));

		week->count[WEEK_CONTACTS] += moment_is(moment, EVENT_CONTACT);
		week->count[WEEK_POOR] += moment_is(moment, EVENT_POOR);
		week->count[WEEK_TOUCHES] += moment_is(moment, EVENT_TOUCH);
		if ((moment->events &
			 (EVENT_BIT(EVENT_CSAT) | EVENT_BIT(EVENT_NPS) | EVENT_BIT(EVENT_CES))) != 0)
			add_score(week, moment, scores);
	}
	waits = waits_find(&story);
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];
		int64 asked = story.moments[wait->asked].time;
		Week *week = get_week(state, week_of(asked));

		week->count[WEEK_WAITS]++;
		week->count[WEEK_ANSWERED] += wait->outcome == WAIT_ANSWERED;
		week->count[WEEK_ON_TIME] += wait->outcome == WAIT_ANSWERED && !wait_is_late(&story, wait);
	}
	list = friction_find(&story, &waits);
	for (uint32 i = 0; i < list.count; i++)
	{
		Week *week = get_week(state, week_of(list.items[i].time));

		week->count[WEEK_FRICTION_ITEMS]++;
		week->sum[WEEK_FRICTION] += parameters->weight[list.items[i].item];
	}
	PG_RETURN_POINTER(state);
}

/* Adds the totals of one week. */
static void
add_week(WeekState *state, const Week *other)
{
	Week *week = get_week(state, other->number);

	for (int i = 0; i < WEEK_COUNTS; i++)
		week->count[i] += other->count[i];
	for (int i = 0; i < WEEK_SUMS; i++)
		week->sum[i] += other->sum[i];
}

Datum
experience_weeks_combinefn(PG_FUNCTION_ARGS)
{
	WeekState *state;
	WeekState *other;
	weektable_iterator iterator;
	Week *week;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = week_state(fcinfo);
	other = (WeekState *) PG_GETARG_POINTER(1);
	weektable_start_iterate(other->weeks, &iterator);
	while ((week = weektable_iterate(other->weeks, &iterator)) != NULL)
		add_week(state, week);
	state->customers += other->customers;
	PG_RETURN_POINTER(state);
}

#define WEEK_STATE_VERSION 1

Datum
experience_weeks_serialfn(PG_FUNCTION_ARGS)
{
	WeekState *state = week_state(fcinfo);
	weektable_iterator iterator;
	Week *week;
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, WEEK_STATE_VERSION);
	pq_sendint64(&out, (int64) state->customers);
	pq_sendint32(&out, state->weeks->members);
	weektable_start_iterate(state->weeks, &iterator);
	while ((week = weektable_iterate(state->weeks, &iterator)) != NULL)
	{
		pq_sendint64(&out, week->number);
		for (int i = 0; i < WEEK_COUNTS; i++)
			pq_sendint64(&out, week->count[i]);
		for (int i = 0; i < WEEK_SUMS; i++)
			pq_sendfloat8(&out, week->sum[i]);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
experience_weeks_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	WeekState *state = palloc0(sizeof(WeekState));
	StringInfoData in;
	uint32 count;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	open_state(&in, bytes, WEEK_STATE_VERSION, "experience_weeks_agg");
	state->weeks = weektable_create(CurrentMemoryContext, 256, NULL);
	state->customers = (uint64) pq_getmsgint64(&in);
	count = pq_getmsgint(&in, 4);
	for (uint32 w = 0; w < count; w++)
	{
		Week week;

		week.number = pq_getmsgint64(&in);
		for (int i = 0; i < WEEK_COUNTS; i++)
			week.count[i] = pq_getmsgint64(&in);
		for (int i = 0; i < WEEK_SUMS; i++)
			week.sum[i] = pq_getmsgfloat8(&in);
		add_week(state, &week);
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

static int
compare_weeks(const void *a, const void *b)
{
	int64 x = (*(const Week *const *) a)->number;
	int64 y = (*(const Week *const *) b)->number;

	return x < y ? -1 : x > y;
}

/* A week as a row. */
static Datum
week_row(const Week *week, TupleDesc descriptor)
{
	Datum values[1 + WEEK_COUNTS + WEEK_SUMS];
	bool nulls[1 + WEEK_COUNTS + WEEK_SUMS] = {false};

	if (descriptor->natts != lengthof(values))
		elog(ERROR, "the result is not the row that it should be");
	values[0] = TimestampTzGetDatum(week->number * USECS_PER_WEEK + FIRST_MONDAY);
	for (int i = 0; i < WEEK_COUNTS; i++)
		values[1 + i] = Int64GetDatum(week->count[i]);
	for (int i = 0; i < WEEK_SUMS; i++)
		values[1 + WEEK_COUNTS + i] = Float8GetDatum(week->sum[i]);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

Datum
experience_weeks_finalfn(PG_FUNCTION_ARGS)
{
	WeekState *state;
	weektable_iterator iterator;
	Week *week;
	const Week **sorted;
	uint32 count = 0;
	Oid row_type;
	TupleDesc descriptor;
	Datum *rows;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (WeekState *) PG_GETARG_POINTER(0);
	row_type = get_element_type(get_fn_expr_rettype(fcinfo->flinfo));
	if (!OidIsValid(row_type))
		elog(ERROR, "return type must be an array of rows");
	sorted = palloc(sizeof(Week *) * Max(state->weeks->members, 1));
	weektable_start_iterate(state->weeks, &iterator);
	while ((week = weektable_iterate(state->weeks, &iterator)) != NULL)
		sorted[count++] = week;
	qsort(sorted, count, sizeof(Week *), compare_weeks);
	descriptor = lookup_rowtype_tupdesc(row_type, -1);
	rows = palloc(sizeof(Datum) * Max(count, 1));
	for (uint32 i = 0; i < count; i++)
		rows[i] = week_row(sorted[i], descriptor);
	ReleaseTupleDesc(descriptor);
	PG_RETURN_ARRAYTYPE_P(construct_array(rows, (int) count, row_type, -1, false, TYPALIGN_DOUBLE));
}
