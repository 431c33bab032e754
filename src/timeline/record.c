/*
 * record.c
 *		Interactions on their way into a timeline: vocabularies, builders, the
 *		total order.
 *
 * Owns how records look in memory.  Knows the layout only as a source of
 * records; how records become a timeline is pack.c's.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "timeline/record.h"
#include "timeline/word_table.h"

/* where a vocabulary stops to grow: it should stay in a core's cache */
#define VOCABULARY_WORDS 16384
#define VOCABULARY_BYTES ((Size) 2 * 1024 * 1024)
#define VOCABULARY_SHAPE_BYTES ((Size) 4 * 1024 * 1024)

/* longer texts are rarely said twice */
#define WORD_BYTES 256

/* places of the cache of short words; a power of two */
#define SHORT_WORDS 256

/* a power of two is what the server allocates anyway; the first holds two small records */
#define FIRST_CHUNK_BYTES 64
#define MIN_CHUNK_BYTES 128
#define MAX_CHUNK_BYTES ((Size) 64 * 1024)

/* What a shape is looked up by. */
typedef struct ShapeKey
{
	const ShapeColumn *columns;
	uint32 count;
} ShapeKey;

typedef struct ShapeEntry
{
	ShapeKey key;
	Shape *shape;
	uint32 hash;
	char status;
} ShapeEntry;

static uint32
hash_shape(ShapeKey key)
{
	uint32 hash = key.count;

	for (uint32 i = 0; i < key.count; i++)
	{
		const ShapeColumn *column = &key.columns[i];
		uint32 name = column->well_known != USER_NAMED ? column->well_known :
														 hash_slice(column->name);

		hash = hash_combine(hash, name + column->type);
	}
	return hash;
}

static bool
same_shape(ShapeKey a, ShapeKey b)
{
	if (a.count != b.count)
		return false;
	for (uint32 i = 0; i < a.count; i++)
	{
		if (a.columns[i].type != b.columns[i].type ||
			a.columns[i].well_known != b.columns[i].well_known ||
			(a.columns[i].well_known == USER_NAMED &&
			 !same_slice(a.columns[i].name, b.columns[i].name)))
			return false;
	}
	return true;
}

#define SH_PREFIX shapetable
#define SH_ELEMENT_TYPE ShapeEntry
#define SH_KEY_TYPE ShapeKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_shape(key)
#define SH_EQUAL(tb, a, b) same_shape(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* An empty vocabulary that lives and grows in context. */
Vocabulary *
vocabulary_create(MemoryContext context)
{
	Vocabulary *vocabulary = MemoryContextAllocZero(context, sizeof(Vocabulary));

	vocabulary->context = context;
	vocabulary->table = wordtable_create(context, 64, NULL);
	vocabulary->short_words = MemoryContextAllocZero(context, sizeof(ShortWord) * SHORT_WORDS);
	vocabulary->size = 64;
	vocabulary->word = MemoryContextAlloc(context, sizeof(Word *) * vocabulary->size);
	vocabulary->words = 1;
	return vocabulary;
}

/* The number of a text, which is added if there is room; 0 where there is not. */
static uint32
look_up_word(Vocabulary *vocabulary, TextSlice slice)
{
	uint32 hash;
	WordEntry *entry;
	Word *word;
	bool found;

	if (slice.length > WORD_BYTES)
		return 0;
	hash = hash_slice(slice);
	entry = wordtable_lookup_hash(vocabulary->table, slice, hash);
	if (entry != NULL)
		return entry->number;
	if (vocabulary->bytes >= VOCABULARY_BYTES || vocabulary->words >= VOCABULARY_WORDS)
		return 0;

	word = MemoryContextAlloc(vocabulary->context, offsetof(Word, bytes) + slice.length);
	word->length = slice.length;
	memcpy(word->bytes, slice.bytes, slice.length);
	slice.bytes = word->bytes;
	if (vocabulary->words == vocabulary->size)
	{
		vocabulary->size *= 2;
		vocabulary->word = repalloc(vocabulary->word, sizeof(Word *) * vocabulary->size);
	}
	vocabulary->bytes += slice.length + 16;
	vocabulary->word[vocabulary->words] = word;
	entry = wordtable_insert_hash(vocabulary->table, slice, hash, &found);
	entry->number = vocabulary->words;
	return vocabulary->words++;
}

/* Two numbers that, with its length, say all of a text of 16 bytes at the most. */
static inline void
read_short(TextSlice slice, uint64 *first, uint64 *last)
{
	if (slice.length >= 8)
	{
		memcpy(first, slice.bytes, 8);
		memcpy(last, slice.bytes + slice.length - 8, 8);
	}
	else if (slice.length >= 4)
	{
		uint32 head;
		uint32 tail;

		memcpy(&head, slice.bytes, 4);
		memcpy(&tail, slice.bytes + slice.length - 4, 4);
		*first = head;
		*last = tail;
	}
	else if (slice.length > 0)
	{
		/* its first, middle and last byte */
		*first = (uint64) (uint8) slice.bytes[0] << 8 | (uint8) slice.bytes[slice.length / 2];
		*last = (uint8) slice.bytes[slice.length - 1];
	}
	else
		*first = *last = 0;
}

/*
 * The number of a text, or 0.  A text that was refused once is refused for ever,
 * so within one builder a text is always a word or always inline.
 */
static inline uint32
vocabulary_word(Vocabulary *vocabulary, TextSlice slice)
{
	uint64 first;
	uint64 last;
	ShortWord *place;

	if (slice.length > 16)
		return look_up_word(vocabulary, slice);
	read_short(slice, &first, &last);
	place = &vocabulary->short_words[((first ^ (last << 5) ^ slice.length) *
									  UINT64CONST(0x9E3779B97F4A7C15)) >>
										 32 &
									 (SHORT_WORDS - 1)];
	if (unlikely(place->first != first || place->last != last || place->length != slice.length ||
				 place->number == 0))
	{
		uint32 number = look_up_word(vocabulary, slice);

		if (number == 0)
			return 0;
		place->first = first;
		place->last = last;
		place->length = slice.length;
		place->number = number;
	}
	return place->number;
}

/* The scratch by which words are numbered, empty again. */
void
vocabulary_clear_codes(Vocabulary *vocabulary)
{
	if (vocabulary->scratch_size < vocabulary->words)
	{
		if (vocabulary->scratch_size > 0)
		{
			pfree(vocabulary->stamps);
			pfree(vocabulary->codes);
		}
		vocabulary->scratch_size = vocabulary->size;
		vocabulary->stamps = MemoryContextAllocZero(vocabulary->context,
													sizeof(uint32) * vocabulary->size);
		vocabulary->codes = MemoryContextAlloc(vocabulary->context,
											   sizeof(uint32) * vocabulary->size);
		vocabulary->stamp = 0;
	}
	if (++vocabulary->stamp == 0)
	{
		memset(vocabulary->stamps, 0, sizeof(uint32) * vocabulary->scratch_size);
		vocabulary->stamp = 1;
	}
}

/* Adds a shape to a list; it lives in context, and its names behind it. */
static Shape *
add_shape(ShapeList *list, MemoryContext context, ShapeKey key)
{
	Size columns_end = offsetof(Shape, column) + sizeof(ShapeColumn) * key.count;
	Size name_bytes = 0;
	Shape *shape;
	char *names;
	ShapeEntry *entry;
	bool found;

	for (uint32 i = 0; i < key.count; i++)
		name_bytes += key.columns[i].well_known == USER_NAMED ? key.columns[i].name.length : 0;
	shape = MemoryContextAlloc(context, columns_end + name_bytes);
	list->bytes += columns_end + name_bytes + sizeof(ShapeEntry);
	names = (char *) shape + columns_end;
	shape->columns = key.count;
	shape->value_bytes = 0;
	shape->stamp = 0;
	shape->has_seq = key.count > 0 && key.columns[0].type == ATTRIBUTE_INTEGER;
	for (uint32 i = 0; i < key.count; i++)
	{
		ShapeColumn *column = &shape->column[i];

		*column = key.columns[i];
		if (column->well_known != USER_NAMED)
			column->name.bytes = well_known_attribute[column->well_known].name;
		else
		{
			memcpy(names, column->name.bytes, column->name.length);
			column->name.bytes = names;
			names += column->name.length;
		}
		shape->value_bytes += column->type == ATTRIBUTE_TEXT ? sizeof(uint32) : sizeof(uint64);
	}

	if (list->count == list->size)
	{
		list->size = Max(8, list->size * 2);
		list->shape = list->count == 0 ? MemoryContextAlloc(context, sizeof(Shape *) * list->size) :
										 repalloc(list->shape, sizeof(Shape *) * list->size);
	}
	shape->number = list->count;
	list->shape[list->count++] = shape;
	key.columns = shape->column;
	entry = shapetable_insert(list->table, key, &found);
	entry->shape = shape;
	return shape;
}

static ShapeEntry *
find_shape(ShapeList *list, MemoryContext context, ShapeKey key)
{
	if (list->table == NULL)
		list->table = shapetable_create(context, 8, NULL);
	return shapetable_lookup(list->table, key);
}

/*
 * The shape with these columns, which are in their order, seq first.  It serves
 * all builders of the vocabulary.  NULL where there is no room for it.
 */
const Shape *
vocabulary_shape(Vocabulary *vocabulary, const ShapeColumn *columns, uint32 count)
{
	ShapeKey key = {columns, count};
	ShapeEntry *entry = find_shape(&vocabulary->shapes, vocabulary->context, key);

	if (entry != NULL)
		return entry->shape;
	if (vocabulary->shapes.bytes >= VOCABULARY_SHAPE_BYTES)
		return NULL;
	return add_shape(&vocabulary->shapes, vocabulary->context, key);
}

/* The same; where the vocabulary has no room it is the builder's own. */
const Shape *
builder_shape(Builder *builder, const ShapeColumn *columns, uint32 count)
{
	const Shape *shared = vocabulary_shape(builder->vocabulary, columns, count);
	MemoryContext context = GetMemoryChunkContext(builder);
	ShapeKey key = {columns, count};
	ShapeEntry *entry;
	Shape *shape;

	if (shared != NULL)
		return shared;
	if (builder->own_shapes == NULL)
		builder->own_shapes = MemoryContextAllocZero(context, sizeof(ShapeList));
	entry = find_shape(builder->own_shapes, context, key);
	if (entry != NULL)
		return entry->shape;
	shape = add_shape(builder->own_shapes, context, key);
	shape->number |= OWN_SHAPE;
	return shape;
}

/* An empty chunk behind previous, which may be NULL, of size bytes in all. */
static Chunk *
create_chunk(Chunk *previous, Size size, MemoryContext context)
{
	Chunk *chunk = MemoryContextAllocExtended(context, size, MCXT_ALLOC_HUGE);

	chunk->previous = previous;
	chunk->end = NULL;
	chunk->bytes = size + (previous == NULL ? 0 : previous->bytes);
	return chunk;
}

/*
 * An empty builder in context, with room for two small records in chunks.  The
 * contexts are two because of hash aggregation: a row finds its group's entry,
 * state and builder near each other then, and not among all records.
 */
Builder *
builder_create(Vocabulary *vocabulary, MemoryContext context, MemoryContext chunks, bool pieces)
{
	Builder *builder = MemoryContextAlloc(context, sizeof(Builder));

	builder->chunk = create_chunk(NULL, FIRST_CHUNK_BYTES, chunks);
	builder->write = builder->chunk->data;
	builder->limit = (char *) builder->chunk + FIRST_CHUNK_BYTES;
	builder->vocabulary = vocabulary;
	builder->own_shapes = NULL;
	builder->count = 0;
	builder->piece = pieces ? 0 : NO_PIECES;
	builder->condense_at = 0;
	return builder;
}

/* Gives back a builder's records; shapes of its own stay until its context goes. */
void
builder_free(Builder *builder)
{
	for (Chunk *chunk = builder->chunk; chunk != NULL;)
	{
		Chunk *previous = chunk->previous;

		pfree(chunk);
		chunk = previous;
	}
	pfree(builder);
}

/* Starts a new chunk with room for at least bytes; chunks grow with the builder. */
void
builder_add_chunk(Builder *builder, Size bytes)
{
	Chunk *last = builder->chunk;
	Size size = MIN_CHUNK_BYTES;

	while (size * 2 <= last->bytes / 2 && size < MAX_CHUNK_BYTES)
		size *= 2;
	size = Max(size, bytes + offsetof(Chunk, data));
	last->end = builder->write;
	builder->chunk = create_chunk(last, size, GetMemoryChunkContext(last));
	builder->write = builder->chunk->data;
	builder->limit = (char *) builder->chunk + size;
}

/* A text that follows the values, padded with zeros. */
static inline char *
put_inline(char *at, TextSlice slice)
{
	Size padded = TYPEALIGN(4, slice.length);

	memcpy(at, slice.bytes, slice.length);
	memset(at + slice.length, 0, padded - slice.length);
	return at + padded;
}

/* The word of the vocabulary for a text, or 0: the text stays inline for ever then. */
uint32
builder_word(Builder *builder, TextSlice slice)
{
	return vocabulary_word(builder->vocabulary, slice);
}

/* The word for a text; *inline_bytes grows where the text must follow the values. */
static inline uint32
text_word(Vocabulary *vocabulary, TextSlice slice, Size *inline_bytes)
{
	uint32 word = vocabulary_word(vocabulary, slice);

	if (unlikely(word == 0))
	{
		*inline_bytes += TYPEALIGN(4, slice.length);
		word = slice.length | INLINE_TEXT;
	}
	return word;
}

/*
 * Appends one interaction.  values are in the shape's order; one whose column is
 * seq is never absent.  vocabulary is the builder's: words are looked up while
 * the builder, one of a million, comes from memory.  O(columns), amortised.
 */
void
builder_append(Builder *builder, Vocabulary *vocabulary, int64 time, TextSlice kind,
			   const Shape *shape, const AttributeValue *values)
{
	uint32 words[MAX_ATTRIBUTES];
	uint32 kind_word;
	Size inline_bytes = 0;
	char *at;

	kind_word = text_word(vocabulary, kind, &inline_bytes);
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type == ATTRIBUTE_TEXT)
			words[i] = values[i].absent ? 0 : text_word(vocabulary, values[i].text, &inline_bytes);
	}

	at = begin_record(builder, RECORD_HEADER_BYTES + shape->value_bytes + inline_bytes);
	at = put_number(at, (uint64) time);
	at = put_word(at, kind_word);
	at = put_word(at, shape->number | (inline_bytes > 0 ? HAS_INLINE : 0));
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type == ATTRIBUTE_TEXT)
			at = put_word(at, words[i]);
		else
			at = put_number(at, values[i].absent ? ABSENT_NUMBER : values[i].number);
	}
	if (unlikely(inline_bytes > 0))
	{
		if (kind_word & INLINE_TEXT)
			at = put_inline(at, kind);
		for (uint32 i = 0; i < shape->columns; i++)
		{
			if (shape->column[i].type == ATTRIBUTE_TEXT && (words[i] & INLINE_TEXT))
				at = put_inline(at, values[i].text);
		}
	}
}

/* The order of values in a record: seq, then by name and type. */
int
compare_values(const void *a, const void *b)
{
	const ShapeColumn *a_column = &((const AttributeValue *) a)->column;
	const ShapeColumn *b_column = &((const AttributeValue *) b)->column;

	if ((a_column->well_known == SEQ) != (b_column->well_known == SEQ))
		return a_column->well_known == SEQ ? -1 : 1;
	return compare_shape_columns(a_column, b_column);
}

/* Appends one interaction with up to MAX_ATTRIBUTES values in the order of a shape, none absent. */
void
builder_append_sorted(Builder *builder, int64 time, TextSlice kind, const AttributeValue *values,
					  uint32 count)
{
	ShapeColumn columns[MAX_ATTRIBUTES];

	for (uint32 i = 0; i < count; i++)
		columns[i] = values[i].column;
	builder_append(builder, builder->vocabulary, time, kind, builder_shape(builder, columns, count),
				   values);
}

/* The same for values in any order. */
void
builder_append_values(Builder *builder, int64 time, TextSlice kind, AttributeValue *values,
					  uint32 count)
{
	qsort(values, count, sizeof(AttributeValue), compare_values);
	builder_append_sorted(builder, time, kind, values, count);
}

/* A column of a layout being copied, and its dictionary's words as far as they were met. */
typedef struct ColumnCopy
{
	const Column *column;
	ColumnCursor cursor;
	uint32 *words; /* by code; 0 = not yet looked up; NULL for a plain column */
	bool present;  /* in the current interaction */
	uint32 code;
	TextSlice text;
	uint32 word;
	uint64 number;
} ColumnCopy;

static void
copy_begin(ColumnCopy *copy, const Column *column, uint32 from)
{
	copy->column = column;
	copy->cursor = column_seek(column, from);
	copy->words = NULL;
	if (column->type == ATTRIBUTE_TEXT && column->encoding == ENCODING_DICTIONARY)
		copy->words = palloc_extended(sizeof(uint32) * column->texts,
									  MCXT_ALLOC_ZERO | MCXT_ALLOC_HUGE);
}

/* Reads the next interaction's value. */
static inline void
copy_next(ColumnCopy *copy, Builder *builder, Size *inline_bytes)
{
	uint32 rank;

	copy->present = column_next(copy->column, &copy->cursor, &rank);
	copy->word = 0;
	if (!copy->present)
		copy->number = ABSENT_NUMBER;
	else if (copy->column->type == ATTRIBUTE_TEXT)
	{
		uint32 code = column_code(copy->column, rank);

		if (copy->words != NULL && copy->words[code] != 0)
		{
			copy->word = copy->words[code];
			if (likely((copy->word & INLINE_TEXT) == 0))
				return;
			copy->text = column_text(copy->column, code);
			*inline_bytes += TYPEALIGN(4, copy->text.length);
			return;
		}
		copy->text = column_text(copy->column, code);
		copy->word = text_word(builder->vocabulary, copy->text, inline_bytes);
		if (copy->words != NULL)
			copy->words[code] = copy->word;
	}
	else
	{
		copy->number = column_number(copy->column, rank);
		if (copy->column->type == ATTRIBUTE_NUMBER)
			copy->number = number_to_bits(number_from_bits(copy->number));
	}
}

/*
 * Appends the interactions [from, to) of a timeline, all or only those that
 * accept, if given, says by their index.  O(to - from + dictionaries).
 */
void
builder_append_layout(Builder *builder, const Layout *layout, uint32 from, uint32 to,
					  const bool *accept)
{
	ColumnCopy kind;
	ColumnCopy *copies;
	ColumnCopy *seq = NULL;
	ShapeColumn shape_columns[MAX_ATTRIBUTES];
	const Shape *shapes[2]; /* without and with seq */
	uint32 columns = 0;
	MonotoneCursor times;

	if (from >= to)
		return;
	copies = palloc(sizeof(ColumnCopy) * (layout->columns + 1));
	columns = 1;
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];
		uint32 place = column->type == ATTRIBUTE_INTEGER ? 0 : columns++;

		copy_begin(&copies[place], column, from);
		if (place == 0)
			seq = &copies[0];
	}
	/* the columns without seq, then, where there is one, all of them with seq first */
	for (uint32 i = 1; i < columns; i++)
	{
		shape_columns[i - 1].name = copies[i].column->name;
		shape_columns[i - 1].well_known = copies[i].column->well_known;
		shape_columns[i - 1].type = copies[i].column->type;
	}
	shapes[0] = shapes[1] = builder_shape(builder, shape_columns, columns - 1);
	if (seq != NULL)
	{
		memmove(shape_columns + 1, shape_columns, sizeof(ShapeColumn) * (columns - 1));
		shape_columns[0].name = seq->column->name;
		shape_columns[0].well_known = SEQ;
		shape_columns[0].type = ATTRIBUTE_INTEGER;
		shapes[1] = builder_shape(builder, shape_columns, columns);
	}
	copy_begin(&kind, &layout->kind, from);

	times = layout_seek(layout, from);
	for (uint32 index = from; index < to; index++)
	{
		const Shape *shape = shapes[0];
		int64 time = layout_next_time(layout, &times);
		Size inline_bytes = 0;
		char *at;

		if ((index & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (accept != NULL && !accept[index])
		{
			uint32 rank;

			(void) column_next(kind.column, &kind.cursor, &rank);
			for (uint32 i = seq != NULL ? 0 : 1; i < columns; i++)
				(void) column_next(copies[i].column, &copies[i].cursor, &rank);
			continue;
		}
		copy_next(&kind, builder, &inline_bytes);
		if (seq != NULL)
		{
			copy_next(seq, builder, &inline_bytes);
			if (seq->present)
				shape = shapes[1];
		}
		for (uint32 i = 1; i < columns; i++)
			copy_next(&copies[i], builder, &inline_bytes);

		at = begin_record(builder, RECORD_HEADER_BYTES + shape->value_bytes + inline_bytes);
		at = put_number(at, (uint64) time);
		at = put_word(at, kind.word);
		at = put_word(at, shape->number | (inline_bytes > 0 ? HAS_INLINE : 0));
		if (shape->has_seq)
			at = put_number(at, seq->number);
		for (uint32 i = 1; i < columns; i++)
		{
			if (copies[i].column->type == ATTRIBUTE_TEXT)
				at = put_word(at, copies[i].word);
			else
				at = put_number(at, copies[i].number);
		}
		if (unlikely(inline_bytes > 0))
		{
			if (kind.word & INLINE_TEXT)
				at = put_inline(at, kind.text);
			for (uint32 i = 1; i < columns; i++)
			{
				if (copies[i].word & INLINE_TEXT)
					at = put_inline(at, copies[i].text);
			}
		}
	}

	for (uint32 i = seq != NULL ? 0 : 1; i < columns; i++)
	{
		if (copies[i].words != NULL)
			pfree(copies[i].words);
	}
	if (kind.words != NULL)
		pfree(kind.words);
	pfree(copies);
}

/* Bytes of a record without its piece; walks the words only where texts follow. */
static inline Size
record_bytes(const Builder *builder, Record record)
{
	const Shape *shape = record_shape(builder, record);
	RecordReader reader;
	const char *values = record + RECORD_HEADER_BYTES;

	if (likely((record_word(record + 12) & HAS_INLINE) == 0))
		return RECORD_HEADER_BYTES + shape->value_bytes;
	reader = record_reader(builder, record);
	if (reader.kind & INLINE_TEXT)
		(void) reader_text(&reader, reader.kind);
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type != ATTRIBUTE_TEXT)
		{
			values += sizeof(uint64);
			continue;
		}
		if (record_word(values) & INLINE_TEXT)
			(void) reader_text(&reader, record_word(values));
		values += sizeof(uint32);
	}
	return reader.texts - record;
}

/* The same for an array of pointers to columns. */
int
compare_column_pointers(const void *a, const void *b)
{
	return compare_shape_columns(*(const ShapeColumn *const *) a, *(const ShapeColumn *const *) b);
}

typedef const ShapeColumn *ColumnPointer;

#define ST_SORT sort_column_pointers
#define ST_ELEMENT_TYPE ColumnPointer
#define ST_COMPARE(a, b) compare_shape_columns(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Sorts columns of any number of shapes by name and type. */
void
sort_columns(const ShapeColumn **columns, uint32 count)
{
	sort_column_pointers(columns, count);
}

/*
 * How many attributes the shapes have between them that a builder and the
 * others of its vocabulary have used: what a timeline of a builder with a
 * vocabulary of its own has at the most.
 */
uint32
builder_attributes(const Builder *builder)
{
	const ShapeList *lists[2] = {&builder->vocabulary->shapes, builder->own_shapes};
	const ShapeColumn **columns;
	uint32 count = 0;
	uint32 distinct = 0;

	for (int i = 0; i < 2; i++)
	{
		for (uint32 j = 0; lists[i] != NULL && j < lists[i]->count; j++)
			count += lists[i]->shape[j]->columns;
	}
	columns = palloc_extended(sizeof(ShapeColumn *) * Max(count, 1), MCXT_ALLOC_HUGE);
	count = 0;
	for (int i = 0; i < 2; i++)
	{
		for (uint32 j = 0; lists[i] != NULL && j < lists[i]->count; j++)
		{
			for (uint32 k = 0; k < lists[i]->shape[j]->columns; k++)
				columns[count++] = &lists[i]->shape[j]->column[k];
		}
	}
	sort_columns(columns, count);
	for (uint32 i = 0; i < count; i++)
		distinct += i == 0 || compare_shape_columns(columns[i - 1], columns[i]) != 0;
	pfree(columns);
	return distinct;
}

/* The records in the order in which they were appended; O(records). */
RecordKey *
builder_keys(const Builder *builder, uint32 *count)
{
	Size prefix = builder->piece == NO_PIECES ? 0 : sizeof(int32);
	RecordKey *keys;
	RecordKey *key;
	const Chunk **chunks;
	uint32 chunk_count = 0;

	for (const Chunk *chunk = builder->chunk; chunk != NULL; chunk = chunk->previous)
	{
		const char *end = chunk == builder->chunk ? builder->write : chunk->end;

		/* of a million groups none is in the cache: ask for all lines at once */
		for (const char *line = chunk->data; line < end && builder->count < 4096; line += 64)
			__builtin_prefetch(line);
		chunk_count++;
	}
	chunks = palloc(sizeof(Chunk *) * chunk_count);
	for (const Chunk *chunk = builder->chunk; chunk != NULL; chunk = chunk->previous)
		chunks[--chunk_count] = chunk;

	key = keys = palloc_extended(sizeof(RecordKey) * Max(builder->count, 1), MCXT_ALLOC_HUGE);
	for (const Chunk **chunk = chunks;; chunk++)
	{
		bool last = *chunk == builder->chunk;
		const char *end = last ? builder->write : (*chunk)->end;

		CHECK_FOR_INTERRUPTS();
		for (const char *at = (*chunk)->data; at < end; key++)
		{
			key->record = at + prefix;
			key->time = record_time(key->record);
			at = key->record + record_bytes(builder, key->record);
		}
		if (last)
			break;
	}
	Assert(key - keys == builder->count);
	pfree(chunks);
	*count = builder->count;
	return keys;
}

/*
 * The total order
 */

/* The order of columns in a shape but for seq: by name, then by type. */
int
compare_shape_columns(const ShapeColumn *a, const ShapeColumn *b)
{
	int result = compare_slices(a->name, b->name);

	return result != 0 ? result : (int) a->type - (int) b->type;
}

/* The order of numbers, absent before all. */
static int
compare_numbers(uint64 a_bits, uint64 b_bits)
{
	if (a_bits == b_bits)
		return 0;
	if (a_bits == ABSENT_NUMBER || b_bits == ABSENT_NUMBER)
		return a_bits == ABSENT_NUMBER ? -1 : 1;
	return compare_double_bits(a_bits, b_bits);
}

static int
compare_texts(RecordReader *a, uint32 a_word, RecordReader *b, uint32 b_word)
{
	TextSlice a_text;
	TextSlice b_text;

	if (a_word == b_word && (a_word & INLINE_TEXT) == 0)
		return 0;
	if (a_word == 0 || b_word == 0)
	{
		/* the inline text of the other one needs no skipping: this decides */
		return a_word == 0 ? -1 : 1;
	}
	a_text = reader_text(a, a_word);
	b_text = reader_text(b, b_word);
	return compare_slices(a_text, b_text);
}

/* Reads one value; true if it is there. */
static bool
skip_value(RecordReader *reader, const ShapeColumn *column)
{
	uint32 word;

	if (column->type != ATTRIBUTE_TEXT)
		return reader_number(reader) != ABSENT_NUMBER;
	word = reader_word(reader);
	if (word & INLINE_TEXT)
		(void) reader_text(reader, word);
	return word != 0;
}

/* The attributes of two records of equal time, seq and kind. */
static int
compare_attributes(RecordReader *a, RecordReader *b)
{
	const ShapeColumn *a_column = a->shape->column + a->shape->has_seq;
	const ShapeColumn *b_column = b->shape->column + b->shape->has_seq;
	const ShapeColumn *a_end = a->shape->column + a->shape->columns;
	const ShapeColumn *b_end = b->shape->column + b->shape->columns;

	while (a_column < a_end || b_column < b_end)
	{
		int order;
		int result;

		if (a_column == a_end)
			order = 1;
		else if (b_column == b_end)
			order = -1;
		else if (a->shape == b->shape)
			order = 0;
		else
			order = compare_shape_columns(a_column, b_column);

		if (order < 0)
		{
			if (skip_value(a, a_column++))
				return 1;
			continue;
		}
		if (order > 0)
		{
			if (skip_value(b, b_column++))
				return -1;
			continue;
		}
		if (a_column->type == ATTRIBUTE_TEXT)
		{
			uint32 a_word = reader_word(a);
			uint32 b_word = reader_word(b);

			result = compare_texts(a, a_word, b, b_word);
		}
		else
		{
			uint64 a_number = reader_number(a);
			uint64 b_number = reader_number(b);

			result = compare_numbers(a_number, b_number);
		}
		if (result != 0)
			return result;
		a_column++;
		b_column++;
	}
	return 0;
}

/* The order of two records at the same time: seq, kind, attributes. */
static pg_noinline int
compare_simultaneous(const Builder *builder, Record a_record, Record b_record)
{
	RecordReader a = record_reader(builder, a_record);
	RecordReader b = record_reader(builder, b_record);
	int result;

	if (a.shape->has_seq != b.shape->has_seq)
		return a.shape->has_seq ? 1 : -1;
	if (a.shape->has_seq)
	{
		int64 a_seq = (int64) reader_number(&a);
		int64 b_seq = (int64) reader_number(&b);

		if (a_seq != b_seq)
			return a_seq < b_seq ? -1 : 1;
	}
	result = compare_texts(&a, a.kind, &b, b.kind);
	return result != 0 ? result : compare_attributes(&a, &b);
}

/* The total order of interactions. */
int
compare_records(const Builder *builder, const RecordKey *a, const RecordKey *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return compare_simultaneous(builder, a->record, b->record);
}

/* The same, and of equal records those of the earlier piece first. */
static int
compare_pieces(const Builder *builder, const RecordKey *a, const RecordKey *b)
{
	int result = compare_records(builder, a, b);

	if (result == 0)
		result = record_piece(a->record) < record_piece(b->record) ?
			-1 :
			record_piece(a->record) > record_piece(b->record);
	return result;
}

#define ST_SORT sort_by_record
#define ST_ELEMENT_TYPE RecordKey
#define ST_COMPARE_ARG_TYPE const Builder
#define ST_COMPARE(a, b, builder) \
	(likely((a)->time != (b)->time) ? ((a)->time < (b)->time ? -1 : 1) : \
									  compare_simultaneous(builder, (a)->record, (b)->record))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#define ST_SORT sort_by_piece
#define ST_ELEMENT_TYPE RecordKey
#define ST_COMPARE_ARG_TYPE const Builder
#define ST_COMPARE(a, b, builder) compare_pieces(builder, a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Sorts records into the total order; O(n) where they are in it already. */
void
sort_keys(const Builder *builder, RecordKey *keys, uint32 count, bool by_piece)
{
	if (by_piece)
		sort_by_piece(keys, count, builder);
	else
		sort_by_record(keys, count, builder);
}
