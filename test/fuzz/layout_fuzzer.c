/*
 * layout_fuzzer.c
 *		Gives every reader of a timeline whatever bytes come.
 *
 * Bytes that open are read in every way, at places that are chosen by their
 * hash.  Each reading may say that the bytes are corrupt; none may read outside
 * of them.  What is packed from bytes that are read to their end opens again.
 *
 * Bytes validate if and only if packing what they say gives them again, and with
 * little memory whatever they say.
 *
 * Bytes that validate are held to more: no reading raises an error, all of them
 * agree with each other, and print and parse, slice, union and pack give the
 * same bytes again.
 *
 * mutator.c makes the next inputs, so that many of them validate.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"

#include "timeline/cut.h"
#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Interactions times columns, and bytes of texts, up to which everything is tried. */
#define MAX_WORK 1000000

/* The same, up to which all of it is tried on every input. */
#define MUCH_WORK 2000

/* Interactions that are sought one by one. */
#define MAX_SOUGHT 700

/* Memory that the validation of any input may take, in bytes. */
#define VALIDATION_MEMORY ((Size) 1200 * 1024)

/* Values of one column that are read one by one. */
#define MAX_READS 4096

typedef struct Input
{
	Value value;
	const Layout *layout;
	MemoryContext context;
	bool valid;
	uint64 random;
	/* of the reading that is under way */
	const Column *column;
	uint32 index;
	int64 time;
	bool after;
} Input;

/* Does some work on the input; one that is valid gives no reason for an error. */
static bool
try_on(Input *input, void (*work)(void *argument))
{
	ShimOutcome outcome = shim_try(work, input);

	if (input->valid && outcome != SHIM_DONE && outcome != SHIM_NO_MEMORY)
		shim_finding("a valid value raises an error: %s", shim_message());
	return outcome == SHIM_DONE;
}

static inline uint32
some_index(Input *input)
{
	return random_below(&input->random, input->layout->count);
}

/*
 * Readers
 */

static void
read_header(void *argument)
{
	const Input *input = argument;
	Layout *header = palloc(sizeof(Layout));
	const Layout *layout = input->layout;
	Size length = Min(input->value.length, LAYOUT_HEADER_BYTES);
	uint8 *bytes = palloc(length);

	memcpy(bytes, input->value.bytes, length);
	layout_open_header(header, bytes, length);
	if (layout != NULL &&
		(header->count != layout->count || header->first != layout->first ||
		 header->span != layout->span || header->unit != layout->unit ||
		 header->columns != layout->columns || layout_last(header) != layout_last(layout)))
		shim_finding("the header alone says something else than the whole");
}

/* Opens the layout for all that follows: what texts are unpacked to stays, too. */
static void
open_layout(void *argument)
{
	Input *input = argument;

	MemoryContextSwitchTo(input->context);
	layout_open((Layout *) input->layout, input->value.bytes, input->value.length);
}

static void
validate(void *argument)
{
	const Input *input = argument;

	timeline_validate(input->value.bytes, input->value.length);
}

static void
repack(void *argument)
{
	const Input *input = argument;

	check_by_repacking(input->value);
}

/* Whether the input is valid; that packing it again says the same is seen to where it is small. */
static bool
try_validation(Input *input, bool small)
{
	bool valid;
	Size memory;
	ShimOutcome outcome;

	(void) shim_memory();
	valid = try_on(input, validate);
	memory = shim_memory();
	if (memory > VALIDATION_MEMORY)
		shim_finding("the validation of %zu bytes takes %zu", input->value.length, memory);
	if (!small)
		return false;
	outcome = shim_try(repack, input);
	if (valid && outcome == SHIM_CORRUPT)
		shim_finding("a value is valid but not the one form: %s", shim_message());
	if (!valid && outcome == SHIM_DONE)
		shim_finding("a value is the one form but not valid");
	return valid;
}

/* The time of interaction index, and the one after it. */
static void
read_time(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;
	MonotoneCursor cursor = layout_seek(layout, input->index);
	int64 time = layout_next_time(layout, &cursor);

	if (time < layout->first || time > layout_last(layout))
		shim_finding("a time lies outside of first and last");
	if (input->index + 1 < layout->count)
		(void) layout_next_time(layout, &cursor);
}

/* Every byte of a text is there to be read. */
static void
read_slice(TextSlice slice)
{
	uint32 sum = 0;

	for (uint32 i = 0; i < slice.length; i++)
		sum += (uint8) slice.bytes[i];
	(void) hash_slice(slice);
	if (slice.length > 0 && sum == 0 && slice.bytes[0] != 0)
		shim_finding("a byte is not what it was");
}

/* The value of interaction index in a column. */
static void
read_value(void *argument)
{
	const Input *input = argument;
	const Column *column = input->column;
	ColumnCursor cursor = column_seek(column, input->index);
	uint32 rank;

	if (!column_next(column, &cursor, &rank))
		return;
	if (rank >= column->present)
		shim_finding("a value that is not among those present");
	if (column->type == ATTRIBUTE_TEXT)
		read_slice(column_text(column, column_code(column, rank)));
	else
		(void) column_number(column, rank);
}

/* Text or value number index of a column. */
static void
read_stored(void *argument)
{
	const Input *input = argument;
	const Column *column = input->column;

	if (input->index < column->present)
	{
		if (column->type == ATTRIBUTE_TEXT)
			read_slice(column_text(column, column_code(column, input->index)));
		else
			(void) column_number(column, input->index);
	}
	if (column->type == ATTRIBUTE_TEXT && input->index < column->texts)
		read_slice(column_text(column, input->index));
}

static void
search(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;
	uint32 index = layout_search(layout, input->time, input->after);

	if (index > layout->count)
		shim_finding("a search ends behind the end");
	if (!input->valid)
		return;
	if (index > 0)
	{
		MonotoneCursor cursor = layout_seek(layout, index - 1);
		int64 before = layout_next_time(layout, &cursor);

		if (input->after ? before > input->time : before >= input->time)
			shim_finding("a search passes over interaction %u", index - 1);
	}
	if (index < layout->count)
	{
		MonotoneCursor cursor = layout_seek(layout, index);
		int64 found = layout_next_time(layout, &cursor);

		if (input->after ? found <= input->time : found < input->time)
			shim_finding("a search ends early, at interaction %u", index);
	}
}

/* All times by one cursor. */
static void
read_times(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;
	MonotoneCursor cursor = layout_seek(layout, input->index);
	int64 last = PG_INT64_MIN;

	for (uint32 i = input->index; i < layout->count; i++)
	{
		int64 time = layout_next_time(layout, &cursor);

		if (input->valid && time < last)
			shim_finding("time %u lies before the one before it", i);
		last = time;
	}
	if (input->valid && last != layout_last(layout))
		shim_finding("the last time is not the one that the header says");
}

/* All values of a column by one cursor. */
static void
read_column(void *argument)
{
	const Input *input = argument;
	const Column *column = input->column;
	ColumnCursor cursor = column_seek(column, input->index);
	uint32 rank;

	for (uint32 i = input->index; i < input->layout->count; i++)
	{
		if (!column_next(column, &cursor, &rank))
			continue;
		if (rank >= column->present)
			shim_finding("a value that is not among those present");
		if (column->type == ATTRIBUTE_TEXT)
			(void) column_text(column, column_code(column, rank));
		else
			(void) column_number(column, rank);
	}
	if (input->valid && cursor.rank != column->present)
		shim_finding("a column has %u values, not %u", cursor.rank, column->present);
}

/* The same times and text numbers in blocks of some size. */
static void
read_time_blocks(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	MonotoneCursor cursor = layout_seek(layout, input->index);
	MonotoneCursor single = cursor;
	uint32 block = 1 + random_below(&input->random, LAYOUT_BLOCK);
	int64 *times = palloc(sizeof(int64) * block);

	for (uint32 i = input->index; i < layout->count; i += block)
	{
		block = Min(block, layout->count - i);
		layout_next_times(layout, &cursor, block, times);
		for (uint32 j = 0; j < block; j++)
		{
			if (times[j] < layout->first || times[j] > layout_last(layout))
				shim_finding("time %u of a block lies outside of first and last", i + j);
			if (times[j] != layout_next_time(layout, &single))
				shim_finding("time %u is another one in a block", i + j);
		}
	}
}

static void
read_code_blocks(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	const Column *column = input->column;
	ColumnCursor cursor = column_seek(column, input->index);
	ColumnCursor single = cursor;
	uint32 block = 1 + random_below(&input->random, LAYOUT_BLOCK);
	uint32 *codes = palloc(sizeof(uint32) * block);

	for (uint32 i = input->index; i < layout->count; i += block)
	{
		block = Min(block, layout->count - i);
		column_next_codes(column, &cursor, block, codes);
		for (uint32 j = 0; j < block; j++)
		{
			uint32 rank;
			bool present = column_next(column, &single, &rank);

			if (codes[j] != (present ? column_code(column, rank) : ABSENT))
				shim_finding("code %u is another one in a block", i + j);
		}
	}
}

/* All interactions from index on. */
static void
read_interactions(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;
	InteractionReader reader;

	interactions_begin(&reader, layout, input->index);
	while (interactions_next(&reader))
	{
		(void) column_text(&layout->kind, reader.kind);
		for (int i = 0; i < layout->columns; i++)
		{
			if (!reader.present[i])
				continue;
			if (layout->column[i].type == ATTRIBUTE_TEXT)
				(void) interaction_text(&reader, i);
			else
				(void) interaction_number(&reader, i);
		}
	}
}

static void
print(void *argument)
{
	const Input *input = argument;

	(void) print_value(input->value);
}

/* Finds the name and type of each column; names are taken as they are. */
static void
find_columns(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;

	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];

		read_slice(column->name);
		if (layout_find(layout, column->name.bytes, column->name.length, column->type) != column)
			shim_finding("column %d is not found by its name", i);
		/* with the byte that follows it may be the name of another one */
		if (layout_find(layout, column->name.bytes, column->name.length + 1, column->type) ==
			column)
			shim_finding("column %d is found by a longer name", i);
	}
}

static void
try_at(Input *input, uint32 index)
{
	const Layout *layout = input->layout;

	if (index >= layout->count)
		return;
	input->index = index;
	try_on(input, read_time);
	input->column = &layout->kind;
	try_on(input, read_value);
	for (int i = 0; i < layout->columns; i++)
	{
		input->column = &layout->column[i];
		try_on(input, read_value);
	}
}

static void
try_search(Input *input, int64 time)
{
	input->time = time;
	input->after = false;
	try_on(input, search);
	input->after = true;
	try_on(input, search);
}

/* What must be right however many interactions the bytes speak of. */
static void
try_places(Input *input)
{
	const Layout *layout = input->layout;
	uint32 places[] = {0, 1, 7, 8, 63, 64, 511, 512, 513, 1023, 1024, layout->count - 1};

	if (layout->count == 0)
	{
		try_search(input, 0);
		return;
	}
	for (size_t i = 0; i < lengthof(places); i++)
		try_at(input, places[i]);
	for (int i = 0; i < 4; i++)
		try_at(input, some_index(input));

	try_search(input, layout->first);
	try_search(input, layout_last(layout));
	try_search(input, layout_last(layout) - 1);
	try_search(input, PG_INT64_MIN);
	try_search(input, PG_INT64_MAX);
	for (int i = 0; i < 4; i++)
	{
		uint64 units = next_random(&input->random) % Max(layout->span, 1);

		try_search(input,
				   (int64) ((uint64) layout->first + units * layout->unit + (uint64) (i & 1)));
	}
}

/* Every text and value that a column stores. */
static void
try_stored(Input *input, const Column *column)
{
	input->column = column;
	for (input->index = 0; input->index < Min(column->present, MAX_READS); input->index++)
		try_on(input, read_stored);
}

/* Everything that reads the value from some place to its end. */
static void
try_from(Input *input, uint32 from)
{
	const Layout *layout = input->layout;

	input->index = from;
	try_on(input, read_times);
	try_on(input, read_time_blocks);
	try_on(input, read_interactions);
	for (int i = -1; i < layout->columns; i++)
	{
		input->column = i < 0 ? &layout->kind : &layout->column[i];
		try_on(input, read_column);
		if (input->column->type == ATTRIBUTE_TEXT)
			try_on(input, read_code_blocks);
	}
}

/*
 * Copies, as the algebra makes them.  What is packed opens and prints; of a
 * valid value it is valid, too.
 */

/* Opens what the work at hand has packed, and reads it. */
static void
reopen(void *argument)
{
	const Value *value = argument;
	Layout *layout = palloc(sizeof(Layout));
	Input input = {.value = *value, .layout = layout};

	layout_open(layout, value->bytes, value->length);
	read_interactions(&input);
}

static void
revalidate(void *argument)
{
	const Value *value = argument;

	timeline_validate(value->bytes, value->length);
}

static Value
check_packed(const Input *input, struct varlena *packed, uint32 count)
{
	Value value = packed_value(packed);
	Layout *header = palloc(sizeof(Layout));

	if (shim_try(reopen, &value) == SHIM_CORRUPT)
		shim_finding("what was packed cannot be read: %s", shim_message());
	/* nothing new to learn where it is the value itself again */
	if (input->valid && count != input->layout->count &&
		shim_try(revalidate, &value) == SHIM_CORRUPT)
		shim_finding("what was packed of a valid value is not valid: %s", shim_message());
	layout_open_header(header, value.bytes, value.length);
	if (header->count != count)
		shim_finding("%u interactions were packed, not %u", header->count, count);
	return value;
}

/* Some run of interactions, in the order in which they stand. */
static void
slice(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	uint32 from = some_index(input);
	uint32 to = from + random_below(&input->random, layout->count - from + 1);
	Builder *builder = new_builder(false);
	RecordKey *keys;
	uint32 count;

	if (next_random(&input->random) % 4 == 0)
		fill_words(builder);
	builder_append_layout(builder, layout, from, to, NULL);
	keys = builder_keys(builder, &count);
	if (!input->valid)
		sort_keys(builder, keys, count, false);
	(void) check_packed(input, pack_keys(builder, keys, count), to - from);
	builder_free(builder);
}

/* All of it, in the order in which it stands. */
static void
copy_all(void *argument)
{
	Input *input = argument;
	Builder *builder = new_builder(false);
	RecordKey *keys;
	uint32 count;
	struct varlena *packed;

	builder_append_layout(builder, input->layout, 0, input->layout->count, NULL);
	keys = builder_keys(builder, &count);
	packed = pack_keys(builder, keys, count);
	(void) check_packed(input, packed, input->layout->count);
	if (input->valid)
		check_same("pack", input->value, packed_value(packed));

	/* none of its attributes is one too many */
	packed = pack_builder(cut_attributes(builder, keys, count));
	(void) check_packed(input, packed, input->layout->count);
	if (input->valid)
		check_same("cut", input->value, packed_value(packed));
}

/* The second part, then the first, then sorted; some texts and shapes found no room. */
static void
concatenate(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	uint32 middle = some_index(input);
	Builder *builder = new_builder(false);
	struct varlena *packed;

	if (next_random(&input->random) % 16 == 0)
		fill_shapes(builder);
	builder_append_layout(builder, layout, middle, layout->count, NULL);
	/* as an aggregate in a window is asked for what it has so far */
	(void) check_packed(input, pack_builder(builder), layout->count - middle);
	if (next_random(&input->random) % 2 == 0)
		fill_words(builder);
	builder_append_layout(builder, layout, 0, middle, NULL);
	packed = pack_builder(builder);
	(void) check_packed(input, packed, layout->count);
	if (input->valid)
		check_same("concatenate", input->value, packed_value(packed));
}

/*
 * The union with itself and with a part of itself, which was packed, so that it
 * may lack some of the attributes.
 */
static void
unite(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	uint32 from = some_index(input);
	uint32 to = from + random_below(&input->random, layout->count - from + 1);
	Builder *builder = new_builder(false);
	Layout *part = palloc(sizeof(Layout));
	Vocabulary *vocabulary;
	Value value;
	struct varlena *packed;
	uint32 count;

	builder_append_layout(builder, layout, from, to, NULL);
	value = packed_value(pack_builder(builder));
	layout_open(part, value.bytes, value.length);

	vocabulary = builder->vocabulary;
	builder = new_builder(true);
	builder->vocabulary = vocabulary;
	if (next_random(&input->random) % 4 == 0)
		fill_words(builder);
	builder_append_layout(builder, part, 0, part->count, NULL);
	builder->piece = 1;
	builder_append_layout(builder, layout, 0, layout->count, NULL);
	builder->piece = 2;
	builder_append_layout(builder, layout, 0, layout->count, NULL);
	(void) unite_pieces(builder, &count);
	packed = pack_builder(builder);
	(void) check_packed(input, packed, count);
	if (input->valid)
		check_same("a + a", input->value, packed_value(packed));
}

/* The interactions of some kinds. */
static void
pick_kinds(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	bool *accept_kind = palloc(sizeof(bool) * layout->kind.texts);
	bool *accept = palloc(sizeof(bool) * layout->count);
	Builder *builder = new_builder(false);
	struct varlena *packed;
	uint32 wanted = 0;
	ColumnCursor cursor = column_seek(&layout->kind, 0);

	for (uint32 i = 0; i < layout->kind.texts; i++)
		accept_kind[i] = next_random(&input->random) % 2 == 0;
	for (uint32 i = 0; i < layout->count; i++)
	{
		uint32 rank;

		accept[i] = column_next(&layout->kind, &cursor, &rank) &&
			accept_kind[column_code(&layout->kind, rank)];
		wanted += accept[i];
	}
	builder_append_layout(builder, layout, 0, layout->count, accept);
	packed = pack_builder(builder);
	(void) check_packed(input, packed, wanted);
}

/* One interaction after another, the last one first, as rows come to the aggregate. */
static void
rebuild(void *argument)
{
	Input *input = argument;
	const Layout *layout = input->layout;
	Builder *builder = new_builder(false);
	struct varlena *packed;

	if (layout->count > MAX_SOUGHT)
		return;
	if (next_random(&input->random) % 16 == 0)
		fill_shapes(builder);
	if (next_random(&input->random) % 4 == 0)
		fill_words(builder);
	for (uint32 index = layout->count; index-- > 0;)
	{
		InteractionReader reader;
		AttributeValue values[MAX_ATTRIBUTES];
		uint32 count = 0;

		interactions_begin(&reader, layout, index);
		if (!interactions_next(&reader))
			shim_finding("interaction %u is not there", index);
		for (int i = 0; i < layout->columns; i++)
		{
			const Column *column = &layout->column[i];
			AttributeValue *value = &values[count];

			if (!reader.present[i])
				continue;
			memset(value, 0, sizeof(*value));
			value->column.name = column->name;
			value->column.well_known = column->well_known;
			value->column.type = column->type;
			if (column->type == ATTRIBUTE_TEXT)
				value->text = interaction_text(&reader, i);
			else if (column->type == ATTRIBUTE_NUMBER)
				value->number = number_to_bits(number_from_bits(interaction_number(&reader, i)));
			else
				value->number = interaction_number(&reader, i);
			count++;
		}
		builder_append_values(builder, reader.time, column_text(&layout->kind, reader.kind), values,
							  count);
	}
	packed = pack_builder(builder);
	(void) check_packed(input, packed, layout->count);
	if (input->valid)
		check_same("rebuild", input->value, packed_value(packed));
}

/*
 * What only a valid value promises
 */

static void
check_value_text(void *argument)
{
	const Input *input = argument;
	StringInfo text = print_value(input->value);

	if (memchr(text->data, 0, text->len) != NULL ||
		!pg_verify_mbstr(PG_UTF8, text->data, text->len, true))
		shim_finding("the text of a valid value is not valid in the database's encoding");
	check_text(input->value);
}

/* Reading each column by itself, at each place by itself, is reading by interactions. */
static void
compare_readers(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;
	InteractionReader reader;

	interactions_begin(&reader, layout, 0);
	while (interactions_next(&reader))
	{
		uint32 index = reader.index - 1;
		MonotoneCursor time;
		ColumnCursor cursor;
		uint32 rank;

		if (index % (layout->count / MAX_SOUGHT + 1) != 0)
			continue;
		time = layout_seek(layout, index);
		cursor = column_seek(&layout->kind, index);
		if (layout_next_time(layout, &time) != reader.time)
			shim_finding("time %u is another one when it is sought", index);
		if (!column_next(&layout->kind, &cursor, &rank) ||
			column_code(&layout->kind, rank) != reader.kind)
			shim_finding("kind %u is another one when it is sought", index);
		for (int i = 0; i < layout->columns; i++)
		{
			cursor = column_seek(&layout->column[i], index);
			if (column_next(&layout->column[i], &cursor, &rank) != reader.present[i] ||
				(reader.present[i] && rank != reader.rank[i]))
				shim_finding("value %u of column %d is another one when it is sought", index, i);
		}
	}
	if (reader.index != layout->count)
		shim_finding("%u interactions are read, not %u", reader.index, layout->count);
}

/* A seek to where samples stand, beside them, and behind the last interaction. */
static void
seek_edges(void *argument)
{
	const Input *input = argument;
	const Layout *layout = input->layout;

	/* one time has no vector to seek in */
	if (layout->count > 1 && layout_seek(layout, layout->count).index != layout->count)
		shim_finding("the end of the times is not found");
	for (int i = -1; i < layout->columns && layout->count > 0; i++)
	{
		const Column *column = i < 0 ? &layout->kind : &layout->column[i];
		ColumnCursor cursor = column_seek(column, 0);

		for (;;)
		{
			uint32 rank;

			if ((cursor.index + 1) % RANK_SAMPLE <= 2 || cursor.index == layout->count)
			{
				if (column_seek(column, cursor.index).rank != cursor.rank)
					shim_finding("interaction %u of column %d has another rank when it is sought",
								 cursor.index, i);
			}
			if (cursor.index == layout->count)
				break;
			(void) column_next(column, &cursor, &rank);
		}
		if (cursor.rank != column->present)
			shim_finding("column %d has %u values, not %u", i, cursor.rank, column->present);
	}
}

static void
check_value_order(void *argument)
{
	const Input *input = argument;

	check_order(input->layout);
}

/* What the readers that go through all of it have to do, about. */
static uint64
work_of(const Layout *layout)
{
	uint64 work = (uint64) layout->count * (uint32) (layout->columns + 1);

	for (int i = -1; i < layout->columns && layout->count > 0; i++)
	{
		const Column *column = i < 0 ? &layout->kind : &layout->column[i];

		if (column->type != ATTRIBUTE_TEXT)
			continue;
		if (column->encoding == ENCODING_DICTIONARY)
			work += (uint64) column->present * Max(column->text_bytes / 16, 1);
		else
			work += column->text_bytes;
	}
	return work;
}

/* Everything; valid says whether the value validated. */
static void
try_everything(Input *input)
{
	static void (*const copies[])(void *) = {print,       copy_all, slice,      slice,
											 concatenate, unite,    pick_kinds, rebuild};
	const Layout *layout = input->layout;

	try_places(input);
	try_on(input, find_columns);
	if (layout->count == 0 || work_of(layout) > MAX_WORK)
		return;
	try_stored(input, &layout->kind);
	for (int i = 0; i < layout->columns; i++)
		try_stored(input, &layout->column[i]);
	try_from(input, 0);
	try_from(input, some_index(input));
	/* where a sample says how things stand */
	if (layout->count > MONOTONE_SAMPLE)
	{
		uint32 samples = (layout->count - 1) / MONOTONE_SAMPLE;

		try_from(input, MONOTONE_SAMPLE * (1 + random_below(&input->random, samples)));
	}
	for (size_t i = 0; i < lengthof(copies); i++)
	{
		/* a large value is copied in half of the ways, another one in the others */
		if (work_of(layout) <= MUCH_WORK || next_random(&input->random) % 2 == 0)
			try_on(input, copies[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input = {.value = {data, size}};
	bool opened;

	shim_begin();
	for (size_t i = 0; i < size; i++)
		input.random = (input.random ^ data[i]) * UINT64CONST(0x100000001B3);
	try_on(&input, read_header);
	input.layout = palloc(sizeof(Layout));
	input.context = CurrentMemoryContext;
	opened = try_on(&input, open_layout);
	if (opened)
	{
		if (!try_on(&input, read_header))
			shim_finding("the header alone does not open: %s", shim_message());
		input.valid = try_validation(&input, work_of(input.layout) <= MAX_WORK);
		try_everything(&input);
		if (input.valid)
		{
			try_on(&input, check_value_text);
			try_on(&input, compare_readers);
			try_on(&input, seek_edges);
			try_on(&input, check_value_order);
		}
	}
	else if (try_on(&input, validate))
		shim_finding("a value that does not open is valid");
	shim_end();
	return 0;
}
