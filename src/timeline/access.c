/*
 * access.c
 *		What can be read from a timeline: its extent, kinds, attributes, rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "timeline/call.h"
#include "timeline/interaction.h"
#include "timeline/json.h"
#include "timeline/text.h"

PG_FUNCTION_INFO_V1(timeline_length);
PG_FUNCTION_INFO_V1(timeline_starts_at);
PG_FUNCTION_INFO_V1(timeline_ends_at);
PG_FUNCTION_INFO_V1(timeline_span);
PG_FUNCTION_INFO_V1(timeline_kinds);
PG_FUNCTION_INFO_V1(timeline_attributes);
PG_FUNCTION_INFO_V1(timeline_unnest);
PG_FUNCTION_INFO_V1(timeline_first_interaction);
PG_FUNCTION_INFO_V1(timeline_last_interaction);
PG_FUNCTION_INFO_V1(timeline_attribute_texts);
PG_FUNCTION_INFO_V1(timeline_attribute_numbers);
PG_FUNCTION_INFO_V1(timeline_attribute_sum);
PG_FUNCTION_INFO_V1(timeline_attribute_min);
PG_FUNCTION_INFO_V1(timeline_attribute_max);
PG_FUNCTION_INFO_V1(timeline_attribute_mean);
PG_FUNCTION_INFO_V1(timeline_scan);

/*
 * What the header alone tells
 */

/* Opens only the header, and fetches no more of a toasted timeline than that. */
static void
open_header(Layout *layout, Datum timeline)
{
	struct varlena *head = PG_DETOAST_DATUM_SLICE(timeline, 0, LAYOUT_HEADER_BYTES);

	layout_open_header(layout, VARDATA_ANY(head), VARSIZE_ANY_EXHDR(head));
}

Datum
timeline_length(PG_FUNCTION_ARGS)
{
	Layout layout;

	open_header(&layout, PG_GETARG_DATUM(0));
	PG_RETURN_INT32((int32) layout.count);
}

Datum
timeline_starts_at(PG_FUNCTION_ARGS)
{
	Layout layout;

	open_header(&layout, PG_GETARG_DATUM(0));
	if (layout.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(layout.first);
}

Datum
timeline_ends_at(PG_FUNCTION_ARGS)
{
	Layout layout;

	open_header(&layout, PG_GETARG_DATUM(0));
	if (layout.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(layout_last(&layout));
}

Datum
timeline_span(PG_FUNCTION_ARGS)
{
	Layout layout;
	TypeCacheEntry *type = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound lower = {.lower = true, .inclusive = true};
	RangeBound upper = {.lower = false, .inclusive = true};

	open_header(&layout, PG_GETARG_DATUM(0));
	if (layout.count == 0)
		PG_RETURN_RANGE_P(make_empty_range(type));
	lower.val = TimestampTzGetDatum(layout.first);
	upper.val = TimestampTzGetDatum(layout_last(&layout));
	PG_RETURN_RANGE_P(CRM_MAKE_RANGE(type, &lower, &upper, false));
}

/*
 * One column at a time
 */

/* A column's texts as Datums, made as they are met. */
typedef struct TextDatums
{
	const Column *column;
	Datum *datum; /* by text number; 0 = not yet made */
} TextDatums;

static TextDatums
text_datums(const Column *column)
{
	TextDatums texts;

	texts.column = column;
	texts.datum = palloc_extended(sizeof(Datum) * column->texts, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return texts;
}

static inline Datum
text_datum(TextDatums *texts, uint32 number)
{
	if (texts->datum[number] == 0)
	{
		TextSlice slice = column_text(texts->column, number);

		texts->datum[number] = PointerGetDatum(
			cstring_to_text_with_len(slice.bytes, (int) slice.length));
	}
	return texts->datum[number];
}

/*
 * An array of count elements, texts or doubles, of which nulls, if given, says
 * which are NULL.  What construct_md_array() would make, but it goes through
 * millions of elements without looking for a cancel.
 */
static ArrayType *
make_array(const Datum *elements, const bool *nulls, uint32 count, Oid type)
{
	bool has_nulls = nulls != NULL && memchr(nulls, true, count) != NULL;
	Size bytes = has_nulls ? ARR_OVERHEAD_WITHNULLS(1, count) : ARR_OVERHEAD_NONULLS(1);
	ArrayType *array;
	bits8 *bitmap;
	char *at;

	if (count == 0)
		return construct_empty_array(type);
	if (count > MaxArraySize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("timeline of %u interactions is too long for an array, the limit is %zu",
						count, (Size) MaxArraySize),
				 errhint("Use unnest(), or slice() first.")));
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!has_nulls || !nulls[i])
			bytes += type == TEXTOID ? INTALIGN(VARSIZE(DatumGetPointer(elements[i]))) :
									   sizeof(float8);
		if (unlikely(!AllocSizeIsValid(bytes)))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("array size exceeds the maximum allowed (%d)", (int) MaxAllocSize),
					 errhint("Use unnest(), or slice() first.")));
	}

	array = palloc(bytes);
	SET_VARSIZE(array, bytes);
	array->ndim = 1;
	array->dataoffset = has_nulls ? ARR_OVERHEAD_WITHNULLS(1, count) : 0;
	array->elemtype = type;
	ARR_DIMS(array)[0] = (int) count;
	ARR_LBOUND(array)[0] = 1;
	bitmap = ARR_NULLBITMAP(array);
	if (bitmap != NULL)
		memset(bitmap, 0, ARR_DATA_PTR(array) - (char *) bitmap);
	at = ARR_DATA_PTR(array);
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (has_nulls)
		{
			if (nulls[i])
				continue;
			bitmap[i / 8] |= (bits8) (1 << (i % 8));
		}
		if (type == TEXTOID)
		{
			const text *element = (const text *) DatumGetPointer(elements[i]);
			Size length = VARSIZE(element);

			memcpy(at, element, length);
			memset(at + length, 0, INTALIGN(length) - length);
			at += INTALIGN(length);
		}
		else
		{
			float8 number = DatumGetFloat8(elements[i]);

			memcpy(at, &number, sizeof(number));
			at += sizeof(number);
		}
	}
	return array;
}

/* The texts of a column, one an interaction; NULL where absent. */
static ArrayType *
text_array(const Layout *layout, const Column *column)
{
	uint32 count = layout->count;
	Datum *elements;
	bool *nulls = NULL;

	if (count == 0)
		return construct_empty_array(TEXTOID);
	elements = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);
	if (column == NULL || column->absences)
		nulls = palloc_extended(sizeof(bool) * count, MCXT_ALLOC_HUGE);
	if (column == NULL)
		memset(nulls, true, count);
	else
	{
		TextDatums texts = text_datums(column);
		ColumnCursor cursor = column_seek(column, 0);

		for (uint32 i = 0; i < count; i++)
		{
			uint32 rank;
			bool present = column_next(column, &cursor, &rank);

			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			elements[i] = present ? text_datum(&texts, column_code(column, rank)) : (Datum) 0;
			if (nulls != NULL)
				nulls[i] = !present;
		}
	}
	return make_array(elements, nulls, count, TEXTOID);
}

Datum
timeline_kinds(PG_FUNCTION_ARGS)
{
	Layout layout;

	PG_GETARG_LAYOUT(0, &layout);
	PG_RETURN_ARRAYTYPE_P(text_array(&layout, &layout.kind));
}

Datum
timeline_attributes(PG_FUNCTION_ARGS)
{
	Layout layout;
	Datum names[MAX_ATTRIBUTES];
	int count = 0;

	PG_GETARG_LAYOUT(0, &layout);
	for (int i = 0; i < layout.columns; i++)
	{
		TextSlice name = layout.column[i].name;

		/* a name that has both numbers and texts has two columns */
		if (i > 0 && same_slice(layout.column[i - 1].name, name))
			continue;
		names[count++] = PointerGetDatum(cstring_to_text_with_len(name.bytes, (int) name.length));
	}
	PG_RETURN_ARRAYTYPE_P(make_array(names, NULL, count, TEXTOID));
}

/* The column of numbers that argument 1 names, seq among them, or NULL. */
static const Column *
number_column(FunctionCallInfo fcinfo, const Layout *layout)
{
	text *name = PG_GETARG_TEXT_PP(1);
	const char *bytes = VARDATA_ANY(name);
	uint32 length = (uint32) VARSIZE_ANY_EXHDR(name);

	if (well_known_by_name(bytes, length) == SEQ)
		return layout_find(layout, bytes, length, ATTRIBUTE_INTEGER);
	return layout_find(layout, bytes, length, ATTRIBUTE_NUMBER);
}

static inline double
column_double(const Column *column, uint32 rank)
{
	uint64 number = column_number(column, rank);

	return column->type == ATTRIBUTE_INTEGER ? (double) (int64) number : number_from_bits(number);
}

/* The whole numbers of seq as texts, one an interaction. */
static ArrayType *
seq_array(const Layout *layout)
{
	uint32 count = layout->count;
	const Column *column = layout_find(layout, "seq", 3, ATTRIBUTE_INTEGER);
	Datum *elements;
	bool *nulls;
	ColumnCursor cursor;

	if (column == NULL)
		return text_array(layout, NULL);
	elements = palloc_extended(sizeof(Datum) * count, MCXT_ALLOC_HUGE);
	nulls = palloc_extended(sizeof(bool) * count, MCXT_ALLOC_HUGE);
	cursor = column_seek(column, 0);
	for (uint32 i = 0; i < count; i++)
	{
		char digits[MAXINT8LEN + 1];
		uint32 rank = 0;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		nulls[i] = !column_next(column, &cursor, &rank);
		elements[i] = (Datum) 0;
		if (!nulls[i])
		{
			int length = pg_lltoa((int64) column_number(column, rank), digits);

			elements[i] = PointerGetDatum(cstring_to_text_with_len(digits, length));
		}
	}
	return make_array(elements, nulls, count, TEXTOID);
}

Datum
timeline_attribute_texts(PG_FUNCTION_ARGS)
{
	Layout layout;
	text *name = PG_GETARG_TEXT_PP(1);
	TextSlice slice = {VARDATA_ANY(name), (uint32) VARSIZE_ANY_EXHDR(name)};
	const Column *column;

	PG_GETARG_LAYOUT(0, &layout);
	if (well_known_by_name(slice.bytes, slice.length) == SEQ)
		PG_RETURN_ARRAYTYPE_P(seq_array(&layout));
	column = same_slice(slice, (TextSlice) {"kind", 4}) ?
		&layout.kind :
		layout_find(&layout, slice.bytes, slice.length, ATTRIBUTE_TEXT);
	PG_RETURN_ARRAYTYPE_P(text_array(&layout, column));
}

Datum
timeline_attribute_numbers(PG_FUNCTION_ARGS)
{
	Layout layout;
	const Column *column;
	Datum *elements;
	bool *nulls;

	PG_GETARG_LAYOUT(0, &layout);
	column = number_column(fcinfo, &layout);
	elements = palloc_extended(sizeof(Datum) * Max(layout.count, 1), MCXT_ALLOC_HUGE);
	nulls = palloc_extended(sizeof(bool) * Max(layout.count, 1), MCXT_ALLOC_HUGE);
	memset(nulls, true, layout.count);
	if (column != NULL)
	{
		ColumnCursor cursor = column_seek(column, 0);

		for (uint32 i = 0; i < layout.count; i++)
		{
			uint32 rank;

			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			nulls[i] = !column_next(column, &cursor, &rank);
			elements[i] = nulls[i] ? (Datum) 0 : Float8GetDatum(column_double(column, rank));
		}
	}
	PG_RETURN_ARRAYTYPE_P(make_array(elements, nulls, layout.count, FLOAT8OID));
}

/* The numbers of one attribute, summed up in the order of the timeline. */
typedef struct NumberSummary
{
	uint32 count;
	double sum;
	double min;
	double max;
} NumberSummary;

static NumberSummary
summarise(FunctionCallInfo fcinfo)
{
	NumberSummary summary = {0, 0, 0, 0};
	Layout layout;
	const Column *column;

	PG_GETARG_LAYOUT(0, &layout);
	column = number_column(fcinfo, &layout);
	if (column == NULL)
		return summary;
	summary.count = column->present;
	for (uint32 i = 0; i < column->present; i++)
	{
		double number = column_double(column, i);

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		summary.sum += number;
		if (i == 0 || float8_lt(number, summary.min))
			summary.min = number;
		if (i == 0 || float8_gt(number, summary.max))
			summary.max = number;
	}
	return summary;
}

Datum
timeline_attribute_sum(PG_FUNCTION_ARGS)
{
	NumberSummary summary = summarise(fcinfo);

	if (summary.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(summary.sum);
}

Datum
timeline_attribute_min(PG_FUNCTION_ARGS)
{
	NumberSummary summary = summarise(fcinfo);

	if (summary.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(summary.min);
}

Datum
timeline_attribute_max(PG_FUNCTION_ARGS)
{
	NumberSummary summary = summarise(fcinfo);

	if (summary.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(summary.max);
}

Datum
timeline_attribute_mean(PG_FUNCTION_ARGS)
{
	NumberSummary summary = summarise(fcinfo);

	if (summary.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(summary.sum / summary.count);
}

/*
 * Rows
 */

/* The columns of the composite type interaction, by position. */
#define ROW_OCCURRED_AT 0
#define ROW_KIND 1
#define ROW_FIRST_WELL_KNOWN 2
#define ROW_ATTRIBUTES 17
#define ROW_COLUMNS 18

/* Where a well-known attribute stands: their numbers follow the type's columns. */
static inline int
row_column(WellKnown well_known)
{
	return ROW_FIRST_WELL_KNOWN + (int) well_known - 1;
}

/* The current interaction as a row. */
static HeapTuple
interaction_row(const InteractionReader *reader, TupleDesc descriptor)
{
	const Layout *layout = reader->layout;
	Datum values[ROW_COLUMNS] = {0};
	bool nulls[ROW_COLUMNS];
	JsonbWriter others = {0};
	bool has_others = false;
	TextSlice kind = column_text(&layout->kind, reader->kind);

	memset(nulls, true, sizeof(nulls));
	nulls[ROW_OCCURRED_AT] = nulls[ROW_KIND] = false;
	values[ROW_OCCURRED_AT] = TimestampTzGetDatum(reader->time);
	values[ROW_KIND] = PointerGetDatum(cstring_to_text_with_len(kind.bytes, (int) kind.length));
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];
		int place = row_column(column->well_known);

		if (!reader->present[i])
			continue;
		if (column->well_known == USER_NAMED)
		{
			if (!has_others)
				push_jsonb(&others, WJB_BEGIN_OBJECT, NULL);
			has_others = true;
			push_attribute(&others, reader, i);
			continue;
		}
		nulls[place] = false;
		if (column->type == ATTRIBUTE_NUMBER)
			values[place] = Float8GetDatum(number_from_bits(interaction_number(reader, i)));
		else if (column->type == ATTRIBUTE_INTEGER)
			values[place] = Int64GetDatum((int64) interaction_number(reader, i));
		else
		{
			TextSlice text = interaction_text(reader, i);

			values[place] = column->well_known == AUTOMATED ?
				BoolGetDatum(text.length == 4) :
				PointerGetDatum(cstring_to_text_with_len(text.bytes, (int) text.length));
		}
	}
	if (has_others)
	{
		push_jsonb(&others, WJB_END_OBJECT, NULL);
		nulls[ROW_ATTRIBUTES] = false;
		values[ROW_ATTRIBUTES] = JsonbPGetDatum(JsonbValueToJsonb(others.result));
	}
	return heap_form_tuple(descriptor, values, nulls);
}

/* The descriptor of interaction, which must be the one this library knows. */
static TupleDesc
interaction_descriptor(FunctionCallInfo fcinfo)
{
	TupleDesc descriptor;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE ||
		descriptor->natts != ROW_COLUMNS)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type interaction does not fit this version of the library"),
				 errhint("Run ALTER EXTENSION crm_timeline UPDATE.")));
	return BlessTupleDesc(descriptor);
}

Datum
timeline_unnest(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	InteractionReader *reader;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		Layout *layout;

		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		layout = palloc(sizeof(Layout));
		/* a copy: the argument may go away between calls */
		open_timeline(layout, PointerGetDatum(PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0))));
		reader = palloc(sizeof(InteractionReader));
		interactions_begin(reader, layout, 0);
		call->user_fctx = reader;
		call->tuple_desc = interaction_descriptor(fcinfo);
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	reader = call->user_fctx;
	if (!interactions_next(reader))
		SRF_RETURN_DONE(call);
	SRF_RETURN_NEXT(call, HeapTupleGetDatum(interaction_row(reader, call->tuple_desc)));
}

static Datum
one_interaction(FunctionCallInfo fcinfo, bool last)
{
	Layout layout;
	InteractionReader reader;

	PG_GETARG_LAYOUT(0, &layout);
	interactions_begin(&reader, &layout, last && layout.count > 0 ? layout.count - 1 : 0);
	if (!interactions_next(&reader))
		PG_RETURN_NULL();
	return HeapTupleGetDatum(interaction_row(&reader, interaction_descriptor(fcinfo)));
}

Datum
timeline_first_interaction(PG_FUNCTION_ARGS)
{
	return one_interaction(fcinfo, false);
}

Datum
timeline_last_interaction(PG_FUNCTION_ARGS)
{
	return one_interaction(fcinfo, true);
}

/*
 * A checksum over every interaction's time, kind and channel, for measuring what
 * it costs to read them.  Not declared by the extension: bench/ declares it.
 */
Datum
timeline_scan(PG_FUNCTION_ARGS)
{
	Layout layout;
	const Column *channel;
	MonotoneCursor time_cursor;
	ColumnCursor kind_cursor;
	ColumnCursor channel_cursor;
	int64 times[LAYOUT_BLOCK];
	uint32 kinds[LAYOUT_BLOCK];
	uint32 channels[LAYOUT_BLOCK];
	uint64 sum = 0;

	PG_GETARG_LAYOUT(0, &layout);
	if (layout.count == 0)
		PG_RETURN_INT64(0);
	channel = layout_find(&layout, "channel", 7, ATTRIBUTE_TEXT);
	time_cursor = layout_seek(&layout, 0);
	kind_cursor = column_seek(&layout.kind, 0);
	if (channel != NULL)
		channel_cursor = column_seek(channel, 0);
	for (uint32 done = 0; done < layout.count; done += LAYOUT_BLOCK)
	{
		uint32 count = Min(layout.count - done, LAYOUT_BLOCK);

		CHECK_FOR_INTERRUPTS();
		layout_next_times(&layout, &time_cursor, count, times);
		column_next_codes(&layout.kind, &kind_cursor, count, kinds);
		if (channel != NULL)
			column_next_codes(channel, &channel_cursor, count, channels);
		for (uint32 i = 0; i < count; i++)
			sum += (uint64) times[i] + kinds[i] + (channel == NULL ? 0 : channels[i]);
	}
	PG_RETURN_INT64((int64) (sum & PG_INT32_MAX));
}
