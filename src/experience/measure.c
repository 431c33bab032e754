/*
 * measure.c
 *		What the functions that SQL calls have in common.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "experience/measure.h"
#include "timeline/call.h"

void
measure_begin_at(Measure *measure, FunctionCallInfo fcinfo, int64 as_of, uint64 wanted)
{
	const Definitions *definitions = definitions_argument(fcinfo, 1);

	measure->looked_up = 0;
	PG_GETARG_LAYOUT(0, &measure->layout);
	story_read(&measure->story, definitions, &measure->layout, as_of, wanted);
}

void
measure_begin(Measure *measure, FunctionCallInfo fcinfo, uint64 wanted)
{
	measure_begin_at(measure, fcinfo, PG_GETARG_TIMESTAMPTZ(2), wanted);
}

void
require_finite(int64 as_of)
{
	if (TIMESTAMP_NOT_FINITE(as_of))
		ereport(ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				errmsg("as_of must not be infinite"),
				errhint("Give the moment at which the window ends."));
}

/* A text of a column in an interaction. */
static Datum
text_datum(const Column *column, uint32 index, bool *null)
{
	ColumnCursor cursor = column_seek(column, index);
	uint32 rank;
	TextSlice slice;

	*null = !column_next(column, &cursor, &rank);
	if (*null)
		return (Datum) 0;
	slice = column_text(column, column_code(column, rank));
	return PointerGetDatum(cstring_to_text_with_len(slice.bytes, (int) slice.length));
}

Datum
measure_text(Measure *measure, const Moment *moment, WellKnown name, bool *null)
{
	*null = true;
	if (moment == NULL)
		return (Datum) 0;
	if ((measure->looked_up >> name & 1) == 0)
	{
		const WellKnownAttribute *attribute = &well_known_attribute[name];

		measure->text[name] = layout_find(&measure->layout, attribute->name, attribute->length,
										  attribute->type);
		measure->looked_up |= (uint32) 1 << name;
	}
	if (measure->text[name] == NULL)
		return (Datum) 0;
	return text_datum(measure->text[name], moment->index, null);
}

Datum
measure_station(const Measure *measure, const Moment *moment, bool *null)
{
	*null = true;
	if (moment == NULL || measure->story.column[STORY_AGENT] == NULL)
		return (Datum) 0;
	return text_datum(measure->story.column[STORY_AGENT], moment->index, null);
}

Datum
measure_kind(Measure *measure, const Moment *moment, bool *null)
{
	*null = true;
	return moment == NULL ? (Datum) 0 : text_datum(&measure->layout.kind, moment->index, null);
}

bool
number_at(const Column *column, uint32 index, double *number)
{
	ColumnCursor cursor;
	uint32 rank;

	if (column == NULL)
		return false;
	cursor = column_seek(column, index);
	if (!column_next(column, &cursor, &rank))
		return false;
	*number = number_from_bits(column_number(column, rank));
	return true;
}

Datum
interval_datum(int64 length)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->day = (int32) (length / USECS_PER_DAY);
	interval->time = length % USECS_PER_DAY;
	return IntervalPGetDatum(interval);
}

Datum
share_datum(int64 part, int64 whole, bool *null)
{
	*null = whole == 0;
	return *null ? (Datum) 0 : Float8GetDatum((double) part / (double) whole);
}

Datum
measure_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls, int columns)
{
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != columns)
		elog(ERROR, "the result is not the row that it should be");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}
