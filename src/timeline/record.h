/*
 * record.h
 *		Interactions on their way into a timeline.
 *
 * A *record* is one interaction in memory: its time, its kind and the values of
 * a *shape*, which says what attributes the record has.  Kinds, attribute
 * names, shapes and the frequent texts are interned once for all timelines that
 * one call site builds, in a *vocabulary*; other texts stand in the record
 * itself.  So a row appended to one of a million groups costs a few look-ups in
 * a table that is hot, and writes 20 bytes or so to the group's own memory.
 *
 *	record:	 time int64 | kind word | shape word | values | texts
 *	values:	 in the shape's order; text: one word; number, integer: two words
 *	word of a text: 0 absent; < 2^31 a vocabulary number; otherwise 2^31 +
 *			 length of a text that follows the values, padded to 4 bytes
 *
 * A *builder* owns the records of one timeline, in chunks that are never moved.
 * Where it unites pieces, an int32 before each record says which piece it is of.
 */
#ifndef CRM_RECORD_H
#define CRM_RECORD_H

#include "timeline/layout.h"

/* flag of a text's word: the text follows the values */
#define INLINE_TEXT ((uint32) 0x80000000)

/* flags of a shape word: the builder's own shape; some text follows the values */
#define OWN_SHAPE ((uint32) 0x80000000)
#define HAS_INLINE ((uint32) 0x40000000)

/* the bits of a number that is absent: a NaN that number_to_bits() never makes */
#define ABSENT_NUMBER UINT64CONST(0x7FF8000000000BAD)

/* A text of a vocabulary. */
typedef struct Word
{
	uint32 length;
	char bytes[FLEXIBLE_ARRAY_MEMBER];
} Word;

struct wordtable_hash;
struct shapetable_hash;

/* A text of 16 bytes at the most: what its ends hold is all of it. */
typedef struct ShortWord
{
	uint64 first;
	uint64 last;
	uint32 length;
	uint32 number; /* 0 = an empty place */
} ShortWord;

typedef struct ShapeColumn
{
	TextSlice name;
	WellKnown well_known;
	AttributeType type;
} ShapeColumn;

/* What attributes a record has; seq, where present, comes first, the others in (name, type) order. */
typedef struct Shape
{
	uint32 number; /* in its vocabulary or builder */
	uint32 columns;
	uint32 value_bytes;
	bool has_seq;
	/* scratch of whoever numbers the shapes in use: code is valid where stamp = shape_stamp */
	uint32 code;
	uint64 stamp;
	ShapeColumn column[FLEXIBLE_ARRAY_MEMBER];
} Shape;

typedef struct ShapeList
{
	struct shapetable_hash *table;
	Shape **shape;
	uint32 count;
	uint32 size;
	Size bytes;
} ShapeList;

/*
 * Shared by the builders of one call site.  It stops growing at a fixed size,
 * and from then on records keep unknown texts inline and builders their own
 * shapes, so hostile data cannot make it leak.
 */
typedef struct Vocabulary
{
	MemoryContext context;
	ShortWord *short_words; /* a cache before the table */
	struct wordtable_hash *table;
	Word **word; /* [0] is not used */
	uint32 words;
	uint32 size;
	Size bytes;
	ShapeList shapes;
	uint64 shape_stamp;
	/* scratch of whoever numbers words anew: codes[number] is valid where stamps[number] = stamp */
	uint32 *stamps;
	uint32 *codes;
	uint32 scratch_size;
	uint32 stamp;
} Vocabulary;

typedef struct Chunk
{
	struct Chunk *previous;
	char *end;  /* of the records, once the chunk is full */
	Size bytes; /* of this chunk and those before it */
	char data[FLEXIBLE_ARRAY_MEMBER];
} Chunk;

typedef struct Builder
{
	/* what a row touches; a million builders are in no cache, so it stands together */
	char *write; /* where the next record goes */
	char *limit;
	Vocabulary *vocabulary;
	uint32 count;
	int32 piece; /* the piece that records are of, or NO_PIECES */

	Chunk *chunk;          /* the last one */
	ShapeList *own_shapes; /* shapes that the vocabulary had no room for */
	Size bytes;            /* of all chunks */
	uint32 condense_at;    /* see timeline_agg(timeline) */
} Builder;

#define NO_PIECES (-1)

/* time, kind, shape */
#define RECORD_HEADER_BYTES 16

typedef const char *Record;

/* A record and what it is sorted by first. */
typedef struct RecordKey
{
	int64 time;
	Record record;
} RecordKey;

/* One attribute value on its way into a record. */
typedef struct AttributeValue
{
	ShapeColumn column;
	bool absent;
	TextSlice text;
	uint64 number; /* number_to_bits() or an int64 */
} AttributeValue;

extern Vocabulary *vocabulary_create(MemoryContext context);
extern void vocabulary_clear_codes(Vocabulary *vocabulary);
extern Builder *builder_create(Vocabulary *vocabulary, MemoryContext context, MemoryContext chunks,
							   bool pieces);
extern void builder_free(Builder *builder);
extern const Shape *vocabulary_shape(Vocabulary *vocabulary, const ShapeColumn *columns,
									 uint32 count);
extern const Shape *builder_shape(Builder *builder, const ShapeColumn *columns, uint32 count);
extern void builder_append(Builder *builder, Vocabulary *vocabulary, int64 time, TextSlice kind,
						   const Shape *shape, const AttributeValue *values);
extern void builder_append_sorted(Builder *builder, int64 time, TextSlice kind,
								  const AttributeValue *values, uint32 count);
extern void builder_append_values(Builder *builder, int64 time, TextSlice kind,
								  AttributeValue *values, uint32 count);
extern void builder_add_chunk(Builder *builder, Size bytes);
extern uint32 builder_word(Builder *builder, TextSlice slice);
extern void builder_append_layout(Builder *builder, const Layout *layout, uint32 from, uint32 to,
								  const bool *accept);
extern uint32 builder_attributes(const Builder *builder);
extern RecordKey *builder_keys(const Builder *builder, uint32 *count);
extern void sort_keys(const Builder *builder, RecordKey *keys, uint32 count, bool by_piece);
extern int compare_records(const Builder *builder, const RecordKey *a, const RecordKey *b);
extern int compare_column_pointers(const void *a, const void *b);
extern void sort_columns(const ShapeColumn **columns, uint32 count);
extern int compare_values(const void *a, const void *b);
extern int compare_shape_columns(const ShapeColumn *a, const ShapeColumn *b);

/* Room for one more record of bytes bytes; returns where it begins. */
static inline char *
begin_record(Builder *builder, Size bytes)
{
	Size prefix = builder->piece == NO_PIECES ? 0 : sizeof(int32);
	char *record;

	if (unlikely(builder->count >= MAX_INTERACTIONS))
		timeline_too_large("interactions", (uint64) builder->count + 1, MAX_INTERACTIONS);
	if ((Size) (builder->limit - builder->write) < prefix + bytes)
		builder_add_chunk(builder, prefix + bytes);
	if (prefix > 0)
		memcpy(builder->write, &builder->piece, sizeof(int32));
	record = builder->write + prefix;
	builder->write = record + bytes;
	builder->count++;
	return record;
}

static inline char *
put_word(char *at, uint32 word)
{
	memcpy(at, &word, sizeof(word));
	return at + sizeof(word);
}

static inline char *
put_number(char *at, uint64 number)
{
	memcpy(at, &number, sizeof(number));
	return at + sizeof(number);
}

/* A record taken apart, one value after another. */
typedef struct RecordReader
{
	const Vocabulary *vocabulary;
	const Shape *shape;
	uint32 kind;
	const char *values; /* of the columns not yet read */
	const char *texts;  /* that follow the values, those not yet read */
} RecordReader;

static inline uint32
record_word(const char *at)
{
	uint32 word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64
record_number(const char *at)
{
	uint64 number;

	memcpy(&number, at, sizeof(number));
	return number;
}

static inline int64
record_time(Record record)
{
	return (int64) record_number(record);
}

static inline int32
record_piece(Record record)
{
	return (int32) record_word(record - sizeof(int32));
}

static inline const Shape *
record_shape(const Builder *builder, Record record)
{
	uint32 word = record_word(record + 12);
	const ShapeList *list = word & OWN_SHAPE ? builder->own_shapes : &builder->vocabulary->shapes;

	return list->shape[word & ~(OWN_SHAPE | HAS_INLINE)];
}

/* Begins to number the shapes in use, of any builder of a vocabulary. */
static inline void
begin_shape_codes(Vocabulary *vocabulary)
{
	vocabulary->shape_stamp++;
}

/* Whether a shape is met for the first time since; its code is the next number then. */
static inline bool
meet_shape(const Vocabulary *vocabulary, const Shape *shape, uint32 next)
{
	Shape *met = unconstify(Shape *, shape);

	if (likely(met->stamp == vocabulary->shape_stamp))
		return false;
	met->stamp = vocabulary->shape_stamp;
	met->code = next;
	return true;
}

static inline RecordReader
record_reader(const Builder *builder, Record record)
{
	RecordReader reader;

	reader.vocabulary = builder->vocabulary;
	reader.shape = record_shape(builder, record);
	reader.kind = record_word(record + 8);
	reader.values = record + 16;
	reader.texts = reader.values + reader.shape->value_bytes;
	return reader;
}

/* The text of a word that is not 0; inline ones are read in their order. */
static inline TextSlice
reader_text(RecordReader *reader, uint32 word)
{
	TextSlice slice;

	if (word & INLINE_TEXT)
	{
		slice.length = word & ~INLINE_TEXT;
		slice.bytes = reader->texts;
		reader->texts += TYPEALIGN(4, slice.length);
	}
	else
	{
		slice.length = reader->vocabulary->word[word]->length;
		slice.bytes = reader->vocabulary->word[word]->bytes;
	}
	return slice;
}

static inline uint32
reader_word(RecordReader *reader)
{
	uint32 word = record_word(reader->values);

	reader->values += sizeof(uint32);
	return word;
}

static inline uint64
reader_number(RecordReader *reader)
{
	uint64 number = record_number(reader->values);

	reader->values += sizeof(uint64);
	return number;
}

#endif /* CRM_RECORD_H */
