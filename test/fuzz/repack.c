/*
 * repack.c
 *		Whether bytes are the one form of a timeline, once more, the slow way.
 *
 * All interactions are read into records, compared, and packed again; the bytes
 * have to be the same.  So rules of the format that the check of received bytes
 * (validate.c) applies one by one follow here from what the writer does.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "value.h"

static void
check_text_bytes(TextSlice text)
{
	if (memchr(text.bytes, 0, text.length) != NULL ||
		!pg_verify_mbstr(GetDatabaseEncoding(), text.bytes, (int) text.length, true))
		corrupt_timeline("a text is not valid");
}

/* What packing again does not tell: names, and values that are as good as any other. */
static void
check_column(const Layout *layout, int index)
{
	const Column *column = &layout->column[index];

	if (column->well_known == USER_NAMED)
	{
		check_text_bytes(column->name);
		if (well_known_by_name(column->name.bytes, column->name.length) != USER_NAMED ||
			same_slice(column->name, (TextSlice) {"kind", 4}) ||
			same_slice(column->name, (TextSlice) {"occurred_at", 11}))
			corrupt_timeline("a name is taken");
	}
	for (uint32 i = 0; column->type == ATTRIBUTE_TEXT && i < column->texts; i++)
	{
		TextSlice text = column_text(column, i);

		check_text_bytes(text);
		if (column->well_known == AUTOMATED && !same_slice(text, (TextSlice) {"true", 4}) &&
			!same_slice(text, (TextSlice) {"false", 5}))
			corrupt_timeline("automated is neither true nor false");
	}
	for (uint32 i = 0; column->well_known == SENTIMENT && i < column->present; i++)
	{
		double sentiment = number_from_bits(column_number(column, i));

		if (!(sentiment >= -1 && sentiment <= 1))
			corrupt_timeline("a sentiment lies outside -1 to 1");
	}
}

static void
check_columns(const Layout *layout)
{
	InteractionReader reader;

	for (uint32 i = 0; i < layout->kind.texts; i++)
		check_text_bytes(column_text(&layout->kind, i));
	for (int i = 0; i < layout->columns; i++)
		check_column(layout, i);
	interactions_begin(&reader, layout, 0);
	while (interactions_next(&reader))
	{
		for (int i = 1; i < layout->columns; i++)
		{
			if (reader.present[i - 1] && reader.present[i] &&
				same_slice(layout->column[i - 1].name, layout->column[i].name))
				corrupt_timeline("an interaction has an attribute twice");
		}
	}
}

/* Raises an error unless the bytes are what packing their interactions gives. */
void
check_by_repacking(Value value)
{
	Layout *layout = palloc(sizeof(Layout));
	Builder *builder = new_builder(false);
	RecordKey *keys;
	uint32 count;
	Value again;

	layout_open(layout, value.bytes, value.length);
	if (layout->count > 0)
		check_columns(layout);
	builder_append_layout(builder, layout, 0, layout->count, NULL);
	keys = builder_keys(builder, &count);
	for (uint32 i = 1; i < count; i++)
	{
		if (compare_records(builder, &keys[i - 1], &keys[i]) > 0)
			corrupt_timeline("its interactions are out of order");
	}
	again = packed_value(pack_keys(builder, keys, count));
	if (again.length != value.length || memcmp(again.bytes, value.bytes, value.length) != 0)
		corrupt_timeline("it is not in its canonical form");
}
