/*
 * layout.h
 *		The bytes of a timeline, version 1.  doc/format.md explains them.
 *
 *	+---------+-------+-----------+------+------+-------+
 *	| version | count | first     | span | unit | extra |  header
 *	| 1 byte  | v     | int64, us | v    | v    | v     |
 *	+---------+-------+-----------+------+------+-------+
 *	| times: monotone vector of (time - first) / unit   |  where count > 1
 *	+---------------------------------------------------+
 *	| kind: column                                      |
 *	+---------------------------------------------------+
 *	| extra columns, in the order of (name, type)       |
 *	+---------------------------------------------------+
 *
 *	column:  tag, name (not for kind), where absent values: present v, presence
 *	text:	 entries v, bytes v, ends packed, characters, codes packed
 *	plain:	 bytes v, ends packed, characters
 *	characters: least byte, then each byte's distance from it, packed at the width
 *			 that the tag says; at width 8 the bytes themselves
 *	decimal: exponent 1 byte, base int64 zigzag v, width 1 byte, packed
 *	raw:	 8 bytes a value
 *	integer: base int64 zigzag v, width 1 byte, packed
 *	presence: ranks packed, one bit an interaction
 *
 * v is a varint, the shortest one.  span and unit are there where count > 1,
 * unit where span > 0; nothing follows a count of zero.  Numbers are
 * little-endian, packed vectors as in base/bits.h.  Each value has exactly one
 * form, so equal timelines are equal bytes.
 *
 * Only layout.c knows this, and validate.c, which holds bytes from outside to
 * all of it.  layout.c reports bytes that cannot be through corrupt_timeline(),
 * before or while they are read, and never reads outside of them.
 */
#ifndef CRM_LAYOUT_H
#define CRM_LAYOUT_H

#include "common/hashfn.h"

#include "base/bits.h"
#include "base/limits.h"
#include "timeline/attribute.h"

typedef enum ColumnEncoding
{
	ENCODING_DICTIONARY = 0,
	ENCODING_PLAIN = 1,
	ENCODING_DECIMAL = 2,
	ENCODING_RAW = 3,
	ENCODING_INTEGER = 4,
} ColumnEncoding;

typedef struct TextSlice
{
	const char *bytes;
	uint32 length;
} TextSlice;

/* The order of texts: by bytes, a shorter one first. */
static inline int
compare_slices(TextSlice a, TextSlice b)
{
	int result = memcmp(a.bytes, b.bytes, Min(a.length, b.length));

	if (result != 0 || a.length == b.length)
		return result;
	return a.length < b.length ? -1 : 1;
}

/* The first eight bytes of a text as a number that has their order; zeros behind the text's end. */
static inline uint64
text_key(const char *bytes, uint64 length)
{
	uint64 word = 0;

	memcpy(&word, bytes, Min(length, 8));
	return pg_ntoh64(word);
}

static inline bool
same_slice(TextSlice a, TextSlice b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static inline uint32
hash_slice(TextSlice slice)
{
	return hash_bytes((const unsigned char *) slice.bytes, (int) slice.length);
}

/* Reading */

typedef struct Column
{
	TextSlice name;
	WellKnown well_known;
	AttributeType type;
	ColumnEncoding encoding;
	uint8 exponent;
	bool absences;  /* some interaction lacks it */
	uint32 present; /* interactions that have it */
	uint32 texts;   /* entries of the dictionary, or present */
	uint64 base;
	uint64 text_bytes;
	const uint8 *presence;
	PackedVector ranks;
	PackedVector ends;
	PackedVector values;     /* codes or numbers */
	const char *bytes;       /* of the texts, where the characters are 8 bits wide */
	PackedVector characters; /* of the texts, where they are not */
	uint8 character_base;
	MemoryContext context; /* where texts are unpacked to */
	char *unpacked;        /* all texts of a dictionary, or the last text read of a plain column */
	Size unpacked_size;
} Column;

typedef struct Layout
{
	uint32 count;
	int columns; /* besides kind */
	int64 first;
	uint64 span;                /* in units */
	uint64 unit;                /* in microseconds */
	const uint8 *attributes_at; /* where their columns begin */
	const uint8 *limit;         /* the end of the bytes */
	MonotoneVector times;
	Column kind;
	Column column[MAX_ATTRIBUTES];
} Layout;

/* Where a text stands among the characters of its column. */
typedef struct TextExtent
{
	uint64 start;
	uint64 end;
} TextExtent;

/* Where a reader stands in a column; one value is read after another. */
typedef struct ColumnCursor
{
	uint32 index; /* of the interaction */
	uint32 rank;  /* present values before it */
} ColumnCursor;

extern void layout_open(Layout *layout, const void *bytes, Size length);
extern void layout_open_kinds(Layout *layout, const void *bytes, Size length);
extern void layout_open_attributes(Layout *layout);
extern void layout_open_header(Layout *layout, const void *bytes, Size length);
extern uint32 layout_search(const Layout *layout, int64 time, bool after);
extern const Column *layout_find(const Layout *layout, const char *name, uint32 length,
								 AttributeType type);
extern uint32 column_rank(const Column *column, uint32 index);
extern TextExtent column_extent(const Column *column, uint32 text);
extern void column_text_keys(const Column *column, uint64 *keys);
extern int column_compare_text(const Column *column, uint32 text, TextSlice other);
extern TextSlice column_text(const Column *column, uint32 text);
extern const char *column_characters(const Column *column, uint64 start, uint64 end, char *buffer);
extern uint64 column_number(const Column *column, uint32 rank);

/* The bytes of a header that layout_open_header() never needs more than. */
#define LAYOUT_HEADER_BYTES 40

/* A cursor on the times from interaction index on. */
static inline MonotoneCursor
layout_seek(const Layout *layout, uint32 index)
{
	MonotoneCursor cursor = {0, 0, 0};

	if (layout->count > 1)
		return monotone_seek(&layout->times, index);
	return cursor;
}

/* The time under the cursor, which moves on. */
static inline int64
layout_next_time(const Layout *layout, MonotoneCursor *cursor)
{
	if (layout->count == 1)
		return layout->first;
	return (int64) ((uint64) layout->first + layout->unit * monotone_next(&layout->times, cursor));
}

static inline int64
layout_last(const Layout *layout)
{
	return (int64) ((uint64) layout->first + layout->unit * layout->span);
}

/* A cursor on a column from interaction index on. */
static inline ColumnCursor
column_seek(const Column *column, uint32 index)
{
	ColumnCursor cursor = {index, column_rank(column, index)};

	return cursor;
}

/* Whether the next interaction has a value, and which; the cursor moves on. */
static inline bool
column_next(const Column *column, ColumnCursor *cursor, uint32 *rank)
{
	uint32 index = cursor->index++;

	if (column->absences)
	{
		if ((column->presence[index >> 3] >> (index & 7) & 1) == 0)
			return false;
		if (unlikely(cursor->rank >= column->present))
			corrupt_timeline("a column has more values than it says");
	}
	*rank = cursor->rank++;
	return true;
}

/* Value rank of a text column, as the number of a text. */
static inline uint32
column_code(const Column *column, uint32 rank)
{
	uint64 code;

	if (column->encoding == ENCODING_PLAIN)
		return rank;
	if (column->values.width == 0)
		return 0;
	code = packed_get(&column->values, rank);
	if (unlikely(code >= column->texts))
		corrupt_timeline("a text code lies outside its dictionary");
	return (uint32) code;
}

/*
 * Reading in blocks: what a loop over a whole timeline wants.
 */

/* interactions that a block has at the most */
#define LAYOUT_BLOCK 224 /* a multiple of MONOTONE_BLOCK */

/* the code of an interaction that lacks the attribute */
#define ABSENT PG_UINT32_MAX

extern void layout_next_times(const Layout *layout, MonotoneCursor *cursor, uint32 count,
							  int64 *times);
extern void column_next_codes(const Column *column, ColumnCursor *cursor, uint32 count,
							  uint32 *codes);

/* Writing */

/* One column as the packer hands it over; name is not used for kind. */
typedef struct ColumnDraft
{
	TextSlice name;
	WellKnown well_known;
	AttributeType type;
	uint32 present;
	uint32 texts;          /* distinct texts */
	TextSlice *text;       /* these, in any order; the writer may sort them */
	uint32 *code;          /* present of them, in order */
	uint64 *number;        /* the same for numbers (their bits) and integers */
	const uint8 *presence; /* bitmap, where present < count */
} ColumnDraft;

extern struct varlena *layout_write(const int64 *times, uint32 count, ColumnDraft *kind,
									ColumnDraft *columns, int column_count, MemoryContext context);

/* Doubles as the format keeps them: one zero, one NaN. */
static inline uint64
number_to_bits(double number)
{
	uint64 bits;

	if (number == 0)
		number = 0.0; /* not -0 */
	else if (number != number)
		return UINT64CONST(0x7FF8000000000000);
	memcpy(&bits, &number, sizeof(bits));
	return bits;
}

static inline double
number_from_bits(uint64 bits)
{
	double number;

	memcpy(&number, &bits, sizeof(number));
	return number;
}

/* PostgreSQL's order of doubles, NaN last, for bits that number_to_bits() made. */
static inline int
compare_double_bits(uint64 a_bits, uint64 b_bits)
{
	double a = number_from_bits(a_bits);
	double b = number_from_bits(b_bits);

	if (a_bits == b_bits)
		return 0;
	if (a != a || b != b)
		return a != a ? 1 : -1;
	return a < b ? -1 : 1;
}

#endif /* CRM_LAYOUT_H */
