/*
 * summary.c
 *		timeline_summary(): what is worth knowing of a timeline before it is read.
 *
 * Reads from the end, where what is asked for mostly is.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "timeline/call.h"

PG_FUNCTION_INFO_V1(timeline_summary);

/* The columns of the result. */
enum
{
	INTERACTIONS,
	FIRST_AT,
	LAST_AT,
	LAST_INBOUND_AT,
	LAST_OUTBOUND_AT,
	LAST_KIND,
	LAST_CHANNEL,
	LAST_OUTCOME,
	LAST_SENTIMENT,
	LAST_SCORE,
	SUMMARY_COLUMNS,
};

/* The well-known attribute of a timeline, or NULL. */
static const Column *
find_column(const Layout *layout, WellKnown name)
{
	const WellKnownAttribute *attribute = &well_known_attribute[name];

	return layout_find(layout, attribute->name, attribute->length, attribute->type);
}

/* One text of a column, without unpacking the others. */
static Datum
one_text(const Column *column, uint32 number)
{
	TextExtent extent = column_extent(column, number);
	Size length = extent.end - extent.start;
	text *result = palloc(VARHDRSZ + length);
	const char *bytes = column_characters(column, extent.start, extent.end, VARDATA(result));

	if (bytes != VARDATA(result))
		memcpy(VARDATA(result), bytes, length);
	SET_VARSIZE(result, VARHDRSZ + length);
	return PointerGetDatum(result);
}

/* Compares a text of a column with one that is no longer than a direction. */
static int
compare_direction(const Column *column, uint32 number, TextSlice direction)
{
	char buffer[16];
	TextExtent extent = column_extent(column, number);
	uint64 length = Min(extent.end - extent.start, sizeof(buffer));
	TextSlice head;

	/* what is longer differs, or goes on, before this ends */
	head.bytes = column_characters(column, extent.start, extent.start + length, buffer);
	head.length = (uint32) length;
	return compare_slices(head, direction);
}

/* Whether a dictionary has a direction, and as which text. */
static bool
find_direction(const Column *column, TextSlice direction, uint32 *code)
{
	uint32 low = 0;
	uint32 high = column->texts;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (compare_direction(column, middle, direction) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*code = low;
	return low < column->texts && compare_direction(column, low, direction) == 0;
}

/* The last interaction of that direction; false if there is none.  Reads on from the end. */
static bool
find_last(const Column *column, uint32 count, TextSlice direction, uint32 *index)
{
	bool is_dictionary = column->encoding == ENCODING_DICTIONARY;
	uint32 code = 0;

	if (is_dictionary && !find_direction(column, direction, &code))
		return false;
	for (uint32 end = count; end > 0;)
	{
		uint32 codes[LAYOUT_BLOCK];
		uint32 start = (end - 1) / LAYOUT_BLOCK * LAYOUT_BLOCK;
		ColumnCursor cursor = column_seek(column, start);

		CHECK_FOR_INTERRUPTS();
		column_next_codes(column, &cursor, end - start, codes);
		for (uint32 i = end - start; i-- > 0;)
		{
			if (codes[i] == ABSENT)
				continue;
			if (is_dictionary ? codes[i] == code :
								compare_direction(column, codes[i], direction) == 0)
			{
				*index = start + i;
				return true;
			}
		}
		end = start;
	}
	return false;
}

/* The time of an interaction. */
static Datum
time_at(const Layout *layout, uint32 index)
{
	MonotoneCursor cursor = layout_seek(layout, index);

	return TimestampTzGetDatum(layout_next_time(layout, &cursor));
}

/* Whether an interaction has a value in a column, and which. */
static bool
value_at(const Column *column, uint32 index, uint32 *rank)
{
	ColumnCursor cursor;

	if (column == NULL)
		return false;
	cursor = column_seek(column, index);
	return column_next(column, &cursor, rank);
}

/* timeline_summary(timeline): O(attributes), and back to the last one of each direction. */
Datum
timeline_summary(PG_FUNCTION_ARGS)
{
	static const struct
	{
		int result;
		WellKnown name;
	} last[] = {
		{LAST_CHANNEL, CHANNEL},
		{LAST_OUTCOME, OUTCOME},
		{LAST_SENTIMENT, SENTIMENT},
		{LAST_SCORE, SCORE},
	};
	Layout layout;
	TupleDesc descriptor;
	Datum values[SUMMARY_COLUMNS] = {0};
	bool nulls[SUMMARY_COLUMNS];
	const Column *direction;
	uint32 index;
	uint32 rank;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != SUMMARY_COLUMNS)
		elog(ERROR, "result of timeline_summary() is not the row that it should be");
	PG_GETARG_LAYOUT(0, &layout);
	memset(nulls, true, sizeof(nulls));
	nulls[INTERACTIONS] = false;
	values[INTERACTIONS] = Int64GetDatum(layout.count);
	if (layout.count > 0)
	{
		nulls[FIRST_AT] = nulls[LAST_AT] = nulls[LAST_KIND] = false;
		values[FIRST_AT] = TimestampTzGetDatum(layout.first);
		values[LAST_AT] = TimestampTzGetDatum(layout_last(&layout));
		(void) value_at(&layout.kind, layout.count - 1, &rank);
		values[LAST_KIND] = one_text(&layout.kind, column_code(&layout.kind, rank));
		for (Size i = 0; i < lengthof(last); i++)
		{
			const Column *column = find_column(&layout, last[i].name);

			if (!value_at(column, layout.count - 1, &rank))
				continue;
			nulls[last[i].result] = false;
			values[last[i].result] = column->type == ATTRIBUTE_TEXT ?
				one_text(column, column_code(column, rank)) :
				Float8GetDatum(number_from_bits(column_number(column, rank)));
		}
		direction = find_column(&layout, DIRECTION);
		if (direction != NULL &&
			find_last(direction, layout.count, (TextSlice) {"inbound", 7}, &index))
		{
			nulls[LAST_INBOUND_AT] = false;
			values[LAST_INBOUND_AT] = time_at(&layout, index);
		}
		if (direction != NULL &&
			find_last(direction, layout.count, (TextSlice) {"outbound", 8}, &index))
		{
			nulls[LAST_OUTBOUND_AT] = false;
			values[LAST_OUTBOUND_AT] = time_at(&layout, index);
		}
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}
