/*
 * percentiles.c
 *		percentile_agg(): continuous percentiles without a sort of the rows.
 *
 * The server's percentile_cont() wants its rows sorted, group by group, and so
 * neither hashing nor parallel plans.  This keeps the numbers of a group and
 * sorts those alone; the result is the same to the bit.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/serial.h"

PG_FUNCTION_INFO_V1(percentile_agg_transfn);
PG_FUNCTION_INFO_V1(percentile_agg_combinefn);
PG_FUNCTION_INFO_V1(percentile_agg_serialfn);
PG_FUNCTION_INFO_V1(percentile_agg_deserialfn);
PG_FUNCTION_INFO_V1(percentile_agg_finalfn);

/* Numbers of one group: what a serialised state of 1 GB holds. */
#define MAX_NUMBERS ((uint32) 130000000)

/* More are not asked for at once. */
#define MAX_FRACTIONS 1000

typedef struct PercentileState
{
	uint32 fractions;
	double *fraction;
	uint32 count;
	uint32 size;
	double *number;
} PercentileState;

#define ST_SORT sort_numbers
#define ST_ELEMENT_TYPE double
#define ST_COMPARE(a, b) float8_cmp_internal(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Room for more numbers. */
static void
make_room(PercentileState *state, uint32 more)
{
	uint64 wanted = (uint64) state->count + more;

	if (wanted > MAX_NUMBERS)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("a group has more numbers than the limit of %u", MAX_NUMBERS),
				errhint("Use percentile_cont() WITHIN GROUP (ORDER BY ...), which has no limit."));
	if (wanted <= state->size)
		return;
	while (state->size < wanted)
		state->size *= 2;
	state->number = repalloc_huge(state->number, sizeof(double) * (Size) state->size);
}

/* An empty state in a context, for as many fractions. */
static PercentileState *
make_state(MemoryContext context, uint32 fractions)
{
	PercentileState *state = MemoryContextAllocZero(context, sizeof(PercentileState));

	state->fractions = fractions;
	state->fraction = MemoryContextAlloc(context, sizeof(double) * Max(fractions, 1));
	state->size = 8;
	state->number = MemoryContextAlloc(context, sizeof(double) * state->size);
	return state;
}

/* The state of a group that begins with these fractions. */
static PercentileState *
begin_state(MemoryContext context, ArrayType *array)
{
	Datum *elements;
	bool *nulls;
	int count;
	PercentileState *state;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements,
					  &nulls, &count);
	if (count > MAX_FRACTIONS)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("%d percentiles are asked for, the limit is %d", count, MAX_FRACTIONS));
	state = make_state(context, (uint32) count);
	for (int i = 0; i < count; i++)
	{
		double fraction;

		if (nulls[i])
			ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					errmsg("percentile value must not be null"));
		fraction = DatumGetFloat8(elements[i]);
		if (!(fraction >= 0 && fraction <= 1))
			ereport(ERROR, errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("percentile value %g is not between 0 and 1", fraction));
		state->fraction[i] = fraction;
	}
	return state;
}

/* percentile_agg(number, fractions); the fractions are those of the first row */
Datum
percentile_agg_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	PercentileState *state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	state = PG_ARGISNULL(0) ? begin_state(context, PG_GETARG_ARRAYTYPE_P(2)) :
							  (PercentileState *) PG_GETARG_POINTER(0);
	make_room(state, 1);
	state->number[state->count++] = PG_GETARG_FLOAT8(1);
	PG_RETURN_POINTER(state);
}

Datum
percentile_agg_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	PercentileState *state;
	const PercentileState *other;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	other = (const PercentileState *) PG_GETARG_POINTER(1);
	if (PG_ARGISNULL(0))
	{
		state = make_state(context, other->fractions);
		memcpy(state->fraction, other->fraction, sizeof(double) * other->fractions);
	}
	else
		state = (PercentileState *) PG_GETARG_POINTER(0);
	make_room(state, other->count);
	memcpy(state->number + state->count, other->number, sizeof(double) * (Size) other->count);
	state->count += other->count;
	PG_RETURN_POINTER(state);
}

#define PERCENTILE_STATE_VERSION 1

Datum
percentile_agg_serialfn(PG_FUNCTION_ARGS)
{
	const PercentileState *state = (const PercentileState *) PG_GETARG_POINTER(0);
	StringInfoData out;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	pq_begintypsend(&out);
	pq_sendbyte(&out, PERCENTILE_STATE_VERSION);
	pq_sendint32(&out, state->fractions);
	for (uint32 i = 0; i < state->fractions; i++)
		pq_sendfloat8(&out, state->fraction[i]);
	pq_sendint32(&out, state->count);
	enlargeStringInfo(&out, (int) (sizeof(double) * (Size) state->count));
	for (uint32 i = 0; i < state->count; i++)
		pq_sendfloat8(&out, state->number[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
percentile_agg_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *bytes = PG_GETARG_BYTEA_PP(0);
	PercentileState *state;
	StringInfoData in;
	uint32 count;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	open_state(&in, bytes, PERCENTILE_STATE_VERSION, "percentile_agg");
	state = make_state(CurrentMemoryContext, pq_getmsgint(&in, 4));
	for (uint32 i = 0; i < state->fractions; i++)
		state->fraction[i] = pq_getmsgfloat8(&in);
	count = pq_getmsgint(&in, 4);
	make_room(state, count);
	for (; state->count < count; state->count++)
		state->number[state->count] = pq_getmsgfloat8(&in);
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

/* The percentile of sorted numbers, as percentile_cont() has it. */
static double
percentile_of(const double *number, uint32 count, double fraction)
{
	double place = fraction * (double) (count - 1);
	uint32 low = (uint32) floor(place);
	uint32 high = (uint32) ceil(place);

	if (low == high)
		return number[low];
	return number[low] + (place - low) * (number[high] - number[low]);
}

Datum
percentile_agg_finalfn(PG_FUNCTION_ARGS)
{
	PercentileState *state;
	Datum *result;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (PercentileState *) PG_GETARG_POINTER(0);
	/* another order of the same numbers is no change of the state */
	sort_numbers(state->number, state->count);
	result = palloc(sizeof(Datum) * Max(state->fractions, 1));
	for (uint32 i = 0; i < state->fractions; i++)
		result[i] = Float8GetDatum(percentile_of(state->number, state->count, state->fraction[i]));
	PG_RETURN_ARRAYTYPE_P(construct_array(result, (int) state->fractions, FLOAT8OID, sizeof(float8),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
