/*
 * state.c
 *		An aggregate's state on its way from one process to another.
 *
 * A parallel plan has a state per group and process, hundreds of thousands of
 * small ones, and they meet in one process.  So records travel as they stand in
 * memory, with their words and shapes renumbered, and the texts and shapes that
 * the new numbers mean behind them: to pack a state and open it again costs
 * several times as much.  What is large, or a union, which may be condensed at
 * any time, travels packed.
 *
 *	version u8 | records' bytes u64 | records u32 | words u32 | shapes u32
 *	records:  as record.h draws them, kind and text words counted from 1 on
 *	words:	  each  length u32 | bytes
 *	shapes:	  each  columns u32 | columns, each  type u8 | name's length u8 | name
 *
 * States never leave the machine, so numbers are in its byte order.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "timeline/pack.h"
#include "timeline/state.h"

/* The first byte. */
#define STATE_PACKED 0x10
#define STATE_PIECES 0x11
#define STATE_RECORDS 0x20

#define HEADER_BYTES (1 + sizeof(uint64) + 3 * sizeof(uint32))

/* Records of more bytes than this travel packed, which takes a third and sorts them here. */
#define MAX_RECORD_BYTES ((Size) 1024 * 1024)

/* A state being written; its numbers of words stand in the vocabulary's scratch. */
typedef struct StateWriter
{
	const Builder *builder;
	Vocabulary *vocabulary;
	uint32 *words; /* the vocabulary's number of each word, from 1 on */
	uint32 word_count;
	uint32 word_size;
	Size word_bytes;
	const Shape **shapes;
	uint32 shape_count;
	uint32 shape_size;
	Size shape_bytes;
} StateWriter;

/* A state being read. */
typedef struct StateReader
{
	const char *at;
	const char *end;
} StateReader;

static Size
chunk_record_bytes(const Builder *builder, const Chunk *chunk)
{
	return (chunk == builder->chunk ? builder->write : chunk->end) - chunk->data;
}

/* The number that a word of the vocabulary travels as. */
static inline uint32
renumber_word(StateWriter *writer, uint32 word)
{
	Vocabulary *vocabulary = writer->vocabulary;

	if (word == 0 || (word & INLINE_TEXT))
		return word;
	if (vocabulary->stamps[word] == vocabulary->stamp)
		return vocabulary->codes[word];
	if (writer->word_count == writer->word_size)
	{
		writer->word_size *= 2;
		writer->words = repalloc(writer->words, sizeof(uint32) * writer->word_size);
	}
	writer->words[writer->word_count++] = word;
	writer->word_bytes += sizeof(uint32) + vocabulary->word[word]->length;
	vocabulary->stamps[word] = vocabulary->stamp;
	vocabulary->codes[word] = writer->word_count;
	return writer->word_count;
}

/* The number that a shape travels as. */
static inline uint32
renumber_shape(StateWriter *writer, const Shape *shape)
{
	if (!meet_shape(writer->vocabulary, shape, writer->shape_count))
		return shape->code;
	if (writer->shape_count == writer->shape_size)
	{
		writer->shape_size *= 2;
		writer->shapes = repalloc(writer->shapes, sizeof(Shape *) * writer->shape_size);
	}
	writer->shapes[writer->shape_count++] = shape;
	writer->shape_bytes += sizeof(uint32);
	for (uint32 i = 0; i < shape->columns; i++)
		writer->shape_bytes += 2 + shape->column[i].name.length;
	return shape->code;
}

/* Renumbers the copy of a record; returns its end. */
static inline char *
renumber_record(StateWriter *writer, char *record)
{
	const Shape *shape = record_shape(writer->builder, record);
	uint32 flags = record_word(record + 12) & HAS_INLINE;
	uint32 word = record_word(record + 8);
	Size inline_bytes = word & INLINE_TEXT ? TYPEALIGN(4, word & ~INLINE_TEXT) : 0;
	char *at;

	at = put_word(record + 8, renumber_word(writer, word));
	at = put_word(at, renumber_shape(writer, shape) | flags);
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type != ATTRIBUTE_TEXT)
		{
			at += sizeof(uint64);
			continue;
		}
		word = record_word(at);
		if (word & INLINE_TEXT)
			inline_bytes += TYPEALIGN(4, word & ~INLINE_TEXT);
		at = put_word(at, renumber_word(writer, word));
	}
	return at + inline_bytes;
}

/* A timeline as bytes that state_append() takes; pieces: it is to be united with others. */
bytea *
state_write_packed(const struct varlena *packed, bool pieces)
{
	Size length = VARSIZE(packed) - VARHDRSZ;
	bytea *result = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(result, VARHDRSZ + 1 + length);
	VARDATA(result)[0] = pieces ? STATE_PIECES : STATE_PACKED;
	memcpy(VARDATA(result) + 1, VARDATA(packed), length);
	return result;
}

static char *
write_words(const StateWriter *writer, char *at)
{
	for (uint32 i = 0; i < writer->word_count; i++)
	{
		const Word *word = writer->vocabulary->word[writer->words[i]];

		at = put_word(at, word->length);
		memcpy(at, word->bytes, word->length);
		at += word->length;
	}
	return at;
}

static char *
write_shapes(const StateWriter *writer, char *at)
{
	for (uint32 i = 0; i < writer->shape_count; i++)
	{
		const Shape *shape = writer->shapes[i];

		at = put_word(at, shape->columns);
		for (uint32 j = 0; j < shape->columns; j++)
		{
			const ShapeColumn *column = &shape->column[j];

			*at++ = (char) column->type;
			*at++ = (char) column->name.length;
			memcpy(at, column->name.bytes, column->name.length);
			at += column->name.length;
		}
	}
	return at;
}

/*
 * A builder as bytes that state_append() takes; O(records).  within_limit: of too
 * many attributes some may be left out, as pack_within_limit() does in the end.
 */
bytea *
state_write(const Builder *builder, bool within_limit)
{
	StateWriter writer = {.builder = builder, .vocabulary = builder->vocabulary};
	Size bytes = 0;
	bytea *result;
	char *records;
	char *at;

	for (const Chunk *chunk = builder->chunk; chunk != NULL; chunk = chunk->previous)
	{
		Size chunk_bytes = chunk_record_bytes(builder, chunk);

		/* of a million groups none is in the cache: ask for all lines at once */
		for (Size at = 0; at < chunk_bytes && builder->count < 4096; at += 64)
			__builtin_prefetch(chunk->data + at);
		bytes += chunk_bytes;
	}
	if (builder->piece != NO_PIECES || bytes > MAX_RECORD_BYTES)
		return state_write_packed(within_limit ? pack_within_limit(builder) : pack_builder(builder),
								  builder->piece != NO_PIECES);

	vocabulary_clear_codes(writer.vocabulary);
	writer.word_size = 64;
	writer.words = palloc(sizeof(uint32) * writer.word_size);
	writer.shape_size = 8;
	writer.shapes = palloc(sizeof(Shape *) * writer.shape_size);
	begin_shape_codes(writer.vocabulary);

	result = palloc(VARHDRSZ + HEADER_BYTES + bytes);
	records = at = VARDATA(result) + HEADER_BYTES + bytes;
	for (const Chunk *chunk = builder->chunk; chunk != NULL; chunk = chunk->previous)
	{
		Size chunk_bytes = chunk_record_bytes(builder, chunk);
		char *end = records;

		CHECK_FOR_INTERRUPTS();
		records -= chunk_bytes;
		memcpy(records, chunk->data, chunk_bytes);
		for (char *record = records; record < end;)
			record = renumber_record(&writer, record);
	}
	result = repalloc(result,
					  VARHDRSZ + HEADER_BYTES + bytes + writer.word_bytes + writer.shape_bytes);
	at = VARDATA(result);
	*at++ = STATE_RECORDS;
	at = put_number(at, bytes);
	at = put_word(at, builder->count);
	at = put_word(at, writer.word_count);
	at = put_word(at, writer.shape_count);
	at += bytes;
	at = write_words(&writer, at);
	at = write_shapes(&writer, at);
	SET_VARSIZE(result, at - (char *) result);
	pfree(writer.words);
	pfree(writer.shapes);
	return result;
}

/* What a state's bytes are; they are read where they are. */
ReceivedState
state_read(const bytea *bytes)
{
	ReceivedState state;
	uint8 version = VARSIZE_ANY_EXHDR(bytes) < 1 ? 0 : (uint8) VARDATA_ANY(bytes)[0];

	if (version != STATE_RECORDS && version != STATE_PACKED && version != STATE_PIECES)
		corrupt_timeline("an aggregate's state has an unknown version");
	state.bytes = VARDATA_ANY(bytes) + 1;
	state.length = VARSIZE_ANY_EXHDR(bytes) - 1;
	state.pieces = version == STATE_PIECES;
	state.packed = version != STATE_RECORDS;
	return state;
}

/* The next bytes bytes, which must be there. */
static inline const char *
take(StateReader *reader, Size bytes)
{
	const char *at = reader->at;

	if (unlikely((Size) (reader->end - at) < bytes))
		corrupt_timeline("an aggregate's state ends early");
	reader->at = at + bytes;
	return at;
}

static inline uint32
take_word(StateReader *reader)
{
	return record_word(take(reader, sizeof(uint32)));
}

static TextSlice
take_text(StateReader *reader, uint32 length)
{
	TextSlice slice;

	slice.length = length;
	slice.bytes = take(reader, length);
	return slice;
}

/* A text, and its word in the vocabulary of the builder that receives it, or 0. */
typedef struct ReceivedText
{
	TextSlice text;
	uint32 word;
} ReceivedText;

/* The texts of a state by number, [0] being an absent one; sets *known where all have words. */
static ReceivedText *
take_texts(StateReader *reader, Builder *builder, uint32 count, bool *known)
{
	ReceivedText *texts;

	if (count > (Size) (reader->end - reader->at) / sizeof(uint32))
		corrupt_timeline("an aggregate's state has more texts than bytes");
	texts = palloc(sizeof(ReceivedText) * ((Size) count + 1));
	memset(texts, 0, sizeof(ReceivedText));
	*known = true;
	for (uint32 i = 1; i <= count; i++)
	{
		texts[i].text = take_text(reader, take_word(reader));
		texts[i].word = builder_word(builder, texts[i].text);
		*known = *known && texts[i].word != 0;
	}
	return texts;
}

static const Shape **
take_shapes(StateReader *reader, Builder *builder, uint32 count)
{
	const Shape **shapes;

	if (count > (Size) (reader->end - reader->at) / sizeof(uint32))
		corrupt_timeline("an aggregate's state has more shapes than bytes");
	shapes = palloc(sizeof(Shape *) * Max(count, 1));
	for (uint32 i = 0; i < count; i++)
	{
		ShapeColumn columns[MAX_ATTRIBUTES];
		uint32 column_count = take_word(reader);

		if (column_count > MAX_ATTRIBUTES)
			corrupt_timeline("an aggregate's state has too many attributes");
		for (uint32 j = 0; j < column_count; j++)
		{
			columns[j].type = (AttributeType) (uint8) *take(reader, 1);
			columns[j].name = take_text(reader, (uint8) *take(reader, 1));
			columns[j].well_known = well_known_by_name(columns[j].name.bytes,
													   columns[j].name.length);
			if (columns[j].type > ATTRIBUTE_INTEGER)
				corrupt_timeline("an aggregate's state has an attribute of no type");
		}
		shapes[i] = builder_shape(builder, columns, column_count);
	}
	return shapes;
}

/* Appends the next record, whose texts the vocabulary knows all. */
static inline void
append_known(Builder *builder, StateReader *reader, const Shape *shape, const ReceivedText *texts,
			 uint32 text_count)
{
	const char *from = take(reader, RECORD_HEADER_BYTES + shape->value_bytes);
	char *at = begin_record(builder, RECORD_HEADER_BYTES + shape->value_bytes);
	uint32 word = record_word(from + 8);

	if (unlikely(word == 0 || word > text_count))
		corrupt_timeline("an aggregate's state has an unknown text");
	at = put_number(at, record_number(from));
	at = put_word(at, texts[word].word);
	at = put_word(at, shape->number);
	from += RECORD_HEADER_BYTES;
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type != ATTRIBUTE_TEXT)
		{
			at = put_number(at, record_number(from));
			from += sizeof(uint64);
			continue;
		}
		word = record_word(from);
		if (unlikely(word > text_count))
			corrupt_timeline("an aggregate's state has an unknown text");
		at = put_word(at, texts[word].word);
		from += sizeof(uint32);
	}
}

/* The text of a word on the wire; inline ones are taken in their order. */
static TextSlice
wire_text(StateReader *inlines, uint32 word, const ReceivedText *texts, uint32 text_count)
{
	TextSlice slice;

	if (word & INLINE_TEXT)
	{
		slice.length = word & ~INLINE_TEXT;
		slice.bytes = take(inlines, TYPEALIGN(4, slice.length));
		return slice;
	}
	if (word > text_count)
		corrupt_timeline("an aggregate's state has an unknown text");
	return texts[word].text;
}

/* Appends the next record, whatever texts it has. */
static void
append_any(Builder *builder, StateReader *reader, const Shape *shape, const ReceivedText *texts,
		   uint32 text_count)
{
	const char *from = take(reader, RECORD_HEADER_BYTES + shape->value_bytes);
	AttributeValue values[MAX_ATTRIBUTES];
	uint32 word = record_word(from + 8);
	int64 time = record_time(from);
	TextSlice kind;

	if (word == 0)
		corrupt_timeline("an aggregate's state has an interaction without a kind");
	kind = wire_text(reader, word, texts, text_count);
	from += RECORD_HEADER_BYTES;
	for (uint32 i = 0; i < shape->columns; i++)
	{
		if (shape->column[i].type != ATTRIBUTE_TEXT)
		{
			values[i].number = record_number(from);
			values[i].absent = values[i].number == ABSENT_NUMBER;
			from += sizeof(uint64);
			continue;
		}
		word = record_word(from);
		values[i].absent = word == 0;
		if (word != 0)
			values[i].text = wire_text(reader, word, texts, text_count);
		from += sizeof(uint32);
	}
	builder_append(builder, builder->vocabulary, time, kind, shape, values);
}

static void
append_records(Builder *builder, const ReceivedState *state)
{
	StateReader all = {state->bytes, state->bytes + state->length};
	StateReader reader;
	uint64 bytes = record_number(take(&all, sizeof(uint64)));
	uint32 count = take_word(&all);
	uint32 text_count = take_word(&all);
	uint32 shape_count = take_word(&all);
	ReceivedText *texts;
	const Shape **shapes;
	bool known;

	reader.at = take(&all, bytes);
	reader.end = all.at;
	texts = take_texts(&all, builder, text_count, &known);
	shapes = take_shapes(&all, builder, shape_count);
	if ((Size) (builder->limit - builder->write) < bytes)
		builder_add_chunk(builder, bytes);
	for (uint32 i = 0; i < count; i++)
	{
		uint32 word;

		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (unlikely((Size) (reader.end - reader.at) < RECORD_HEADER_BYTES))
			corrupt_timeline("an aggregate's state ends early");
		word = record_word(reader.at + 12);
		if (unlikely((word & ~HAS_INLINE) >= shape_count))
			corrupt_timeline("an aggregate's state has an unknown shape");
		if (likely(known && (word & HAS_INLINE) == 0))
			append_known(builder, &reader, shapes[word], texts, text_count);
		else
			append_any(builder, &reader, shapes[word & ~HAS_INLINE], texts, text_count);
	}
	pfree(texts);
	pfree(shapes);
}

/* Appends what another process collected of rows. */
void
state_append(Builder *builder, const ReceivedState *state)
{
	Layout layout;

	if (!state->packed)
	{
		append_records(builder, state);
		return;
	}
	layout_open(&layout, state->bytes, state->length);
	builder_append_layout(builder, &layout, 0, layout.count, NULL);
}
