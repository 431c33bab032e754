/*
 * layout.c
 *		Reads and writes the bytes of a timeline.
 *
 * Owns the format and nothing else: no interaction is compared or sorted here,
 * no Datum is seen.  Reading takes the bytes as they come, hostile ones too:
 * layout_open() checks that every column lies inside of them, the accessors
 * check what they read.  Whether bytes are the one canonical form is for
 * validate.c to say.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"

#include "timeline/form.h"

#define LAYOUT_VERSION 1

/*
 * How much of a timeline is fetched into the cache when it is opened, and how
 * much before it: a page is filled from its end, so the row that a scan reads
 * next lies there.
 */
#define PREFETCH_BYTES 2048
#define PREFETCH_BEFORE_BYTES 704

/* tag of a column: type and encoding in one number, and a flag */
#define TAG_ENCODING 0x07
#define TAG_ABSENCES 0x08
#define TAG_WIDTH_SHIFT 4 /* of a text's characters, in bits */

static const AttributeType type_of_encoding[] = {
	[ENCODING_DICTIONARY] = ATTRIBUTE_TEXT, [ENCODING_PLAIN] = ATTRIBUTE_TEXT,
	[ENCODING_DECIMAL] = ATTRIBUTE_NUMBER,  [ENCODING_RAW] = ATTRIBUTE_NUMBER,
	[ENCODING_INTEGER] = ATTRIBUTE_INTEGER,
};

/*
 * Reading
 */

typedef struct ByteReader
{
	const uint8 *at;
	const uint8 *limit;
} ByteReader;

/* Steps over bytes bytes and returns where they begin. */
static inline const uint8 *
take(ByteReader *reader, uint64 bytes)
{
	const uint8 *at = reader->at;

	if (unlikely(bytes > (uint64) (reader->limit - at)))
		corrupt_timeline("it ends early");
	reader->at += bytes;
	return at;
}

static inline uint8
take_byte(ByteReader *reader)
{
	return *take(reader, 1);
}

/* A varint, of which the shortest is the only form. */
static inline uint64
take_varint(ByteReader *reader)
{
	uint64 value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8 byte = take_byte(reader);

		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (unlikely(shift > 0 && (byte == 0 || byte > PG_UINT64_MAX >> shift)))
				break;
			return value;
		}
	}
	corrupt_timeline("a number has too many bytes");
	return 0;
}

static inline int64
take_int64(ByteReader *reader)
{
	const uint8 *at = take(reader, 8);

	return (int64) load_word(at, reader->limit);
}

/* A vector of count numbers of width bits each. */
static inline PackedVector
take_packed(ByteReader *reader, uint64 count, uint32 width)
{
	const uint8 *data = take(reader, bytes_for_bits(count * width));

	return packed_vector(data, reader->limit, width);
}

static inline uint32
take_width(ByteReader *reader)
{
	uint32 width = take_byte(reader);

	if (width > MAX_PACKED_WIDTH && width != 64)
		corrupt_timeline("a column has numbers of an impossible width");
	return width;
}

static inline uint64
zigzag(int64 value)
{
	return ((uint64) value << 1) ^ (uint64) (value >> 63);
}

static inline int64
unzigzag(uint64 value)
{
	return (int64) ((value >> 1) ^ (0 - (value & 1)));
}

static inline uint32
rank_samples(uint32 count)
{
	return (count - 1) / RANK_SAMPLE;
}

/* Reads the header; the times and columns stay unread. */
static void
read_header(Layout *layout, ByteReader *reader)
{
	uint64 count;
	uint64 span_us;

	if (take_byte(reader) != LAYOUT_VERSION)
		corrupt_timeline("its version or a flag is not known to this version of crm_timeline");
	count = take_varint(reader);
	if (count > MAX_INTERACTIONS)
		corrupt_timeline("it has too many interactions");
	layout->count = (uint32) count;
	layout->columns = 0;
	layout->first = 0;
	layout->span = 0;
	layout->unit = 1;
	if (count == 0)
		return;
	layout->first = take_int64(reader);
	if (count > 1)
	{
		layout->span = take_varint(reader);
		if (layout->span > 0)
			layout->unit = take_varint(reader);
	}
	if (!IS_VALID_TIMESTAMP(layout->first) ||
		__builtin_mul_overflow(layout->span, layout->unit, &span_us) ||
		span_us > (uint64) END_TIMESTAMP - (uint64) layout->first - 1)
		corrupt_timeline("its times are out of range");
	layout->columns = take_byte(reader);
	if (layout->columns > MAX_ATTRIBUTES)
		corrupt_timeline("it has too many attributes");
}

static void
read_name(ByteReader *reader, Column *column)
{
	uint32 number = take_byte(reader);

	if (number >= WELL_KNOWN_COUNT)
		corrupt_timeline("an attribute has a number that is not known");
	column->well_known = (WellKnown) number;
	if (number == USER_NAMED)
	{
		column->name.length = take_byte(reader);
		column->name.bytes = (const char *) take(reader, column->name.length);
	}
	else
	{
		column->name.length = well_known_attribute[number].length;
		column->name.bytes = well_known_attribute[number].name;
		if (column->type != well_known_attribute[number].type)
			corrupt_timeline("a well-known attribute has another type");
	}
}

static void
read_texts(ByteReader *reader, Column *column, uint32 width)
{
	uint64 texts = column->present;
	uint64 bytes;

	if (column->encoding == ENCODING_DICTIONARY)
		texts = take_varint(reader);
	if (texts == 0 || texts > column->present)
		corrupt_timeline("a dictionary has an impossible number of texts");
	bytes = take_varint(reader);
	if (bytes > MAX_TIMELINE_BYTES || (bytes > 0 && width == 0))
		corrupt_timeline("a column has an impossible number of bytes");
	column->texts = (uint32) texts;
	column->text_bytes = bytes;
	column->ends = take_packed(reader, texts - 1, packed_width(bytes));
	column->context = CurrentMemoryContext;
	column->unpacked = NULL;
	column->unpacked_size = 0;
	if (width == 8)
		column->bytes = (const char *) take(reader, bytes);
	else
	{
		column->bytes = NULL;
		column->character_base = take_byte(reader);
		column->characters = take_packed(reader, bytes, width);
	}
	if (column->encoding == ENCODING_DICTIONARY)
		column->values = take_packed(reader, column->present, packed_width(texts - 1));
}

static void
read_numbers(ByteReader *reader, Column *column)
{
	uint32 width = 64;

	column->base = 0;
	column->exponent = 0;
	if (column->encoding == ENCODING_DECIMAL)
	{
		column->exponent = take_byte(reader);
		if (column->exponent > MAX_EXPONENT)
			corrupt_timeline("a number column has an impossible exponent");
	}
	if (column->encoding != ENCODING_RAW)
	{
		column->base = (uint64) unzigzag(take_varint(reader));
		width = take_width(reader);
	}
	column->values = take_packed(reader, column->present, width);
}

static void
read_column(ByteReader *reader, Column *column, uint32 count, bool named)
{
	uint8 tag = take_byte(reader);

	if ((tag & TAG_ENCODING) > ENCODING_INTEGER)
		corrupt_timeline("a column has an unknown encoding");
	column->encoding = (ColumnEncoding) (tag & TAG_ENCODING);
	column->type = type_of_encoding[column->encoding];
	if (tag >> TAG_WIDTH_SHIFT > (column->type == ATTRIBUTE_TEXT ? 8 : 0))
		corrupt_timeline("a column has characters of an impossible width");
	column->absences = (tag & TAG_ABSENCES) != 0;
	column->present = count;
	if (named)
	{
		read_name(reader, column);
		if (column->type == ATTRIBUTE_INTEGER && column->well_known != SEQ)
			corrupt_timeline("an attribute other than seq is an integer");
	}
	else
	{
		if (column->type != ATTRIBUTE_TEXT || column->absences)
			corrupt_timeline("kind is not a full column of texts");
		column->well_known = USER_NAMED;
		column->name.bytes = "kind";
		column->name.length = 4;
	}
	if (column->absences)
	{
		uint64 present = take_varint(reader);

		if (present == 0 || present >= count)
			corrupt_timeline("a column has an impossible number of values");
		column->present = (uint32) present;
		column->ranks = take_packed(reader, rank_samples(count), packed_width(count));
		column->presence = take(reader, bytes_for_bits(count));
	}
	if (column->type == ATTRIBUTE_TEXT)
		read_texts(reader, column, tag >> TAG_WIDTH_SHIFT);
	else
		read_numbers(reader, column);
}

/*
 * Opens only the header, from at least the first LAYOUT_HEADER_BYTES bytes or
 * all there are: count, first, span and unit.
 */
void
layout_open_header(Layout *layout, const void *bytes, Size length)
{
	ByteReader reader = {bytes, (const uint8 *) bytes + length};

	read_header(layout, &reader);
}

/*
 * Opens a timeline as far as times and kinds: O(1).  The attributes, and whether
 * the bytes end where they should, are left to layout_open_attributes().
 */
void
layout_open_kinds(Layout *layout, const void *bytes, Size length)
{
	ByteReader reader = {bytes, (const uint8 *) bytes + length};

	/* a table that is scanned comes from memory: ask for all lines at once */
	for (Size at = 64; at < Min(length, PREFETCH_BYTES); at += 64)
		__builtin_prefetch((const char *) bytes + at);
	for (Size at = 64; at <= PREFETCH_BEFORE_BYTES; at += 64)
		__builtin_prefetch((const char *) bytes - at);
	read_header(layout, &reader);
	if (layout->count > 0)
	{
		if (layout->count > 1)
		{
			uint32 wide = take_width(&reader);
			uint32 narrow = take_byte(&reader);
			uint64 wide_gaps = narrow == wide ? 0 : take_varint(&reader);
			const uint8 *data;

			if (narrow > wide || wide_gaps >= layout->count)
				corrupt_timeline("its times have impossible widths");
			data = take(
				&reader,
				monotone_bytes(layout->count, layout->span, narrow, wide, (uint32) wide_gaps));
			layout->times = monotone_vector(data, reader.limit, layout->count, layout->span, narrow,
											wide, (uint32) wide_gaps);
		}
		read_column(&reader, &layout->kind, layout->count, false);
	}
	layout->attributes_at = reader.at;
	layout->limit = reader.limit;
}

/* Opens the rest of a timeline of which layout_open_kinds() was called: O(columns). */
void
layout_open_attributes(Layout *layout)
{
	ByteReader reader = {layout->attributes_at, layout->limit};

	for (int i = 0; i < layout->columns; i++)
	{
		Column *column = &layout->column[i];

		read_column(&reader, column, layout->count, true);
		if (i > 0)
		{
			int order = compare_slices(column[-1].name, column->name);

			if (order > 0 || (order == 0 && column[-1].type >= column->type))
				corrupt_timeline("its attributes are out of order");
		}
	}
	if (reader.at != reader.limit)
		corrupt_timeline("it goes on after its end");
}

/*
 * Opens a timeline: O(columns), whatever its length.  The bytes must stay where
 * they are while the layout is read.
 */
void
layout_open(Layout *layout, const void *bytes, Size length)
{
	layout_open_kinds(layout, bytes, length);
	layout_open_attributes(layout);
}

/* Whether an interaction comes before those that are searched for. */
static inline bool
lies_before(int64 interaction, int64 time, bool after)
{
	return interaction < time || (after && interaction == time);
}

/*
 * The first interaction at or after time, or strictly after it; count if there
 * is none.  O(log count).
 */
uint32
layout_search(const Layout *layout, int64 time, bool after)
{
	uint32 low = 0; /* samples below it lie before the time */
	uint32 high;
	uint32 index;
	MonotoneCursor cursor;

	if (layout->count == 0)
		return 0;
	if (!lies_before(layout->first, time, after))
		return 0;
	if (lies_before(layout_last(layout), time, after))
		return layout->count;
	high = (layout->count - 1) / MONOTONE_SAMPLE + 1;
	while (high - low > 1)
	{
		uint32 middle = low + (high - low) / 2;

		cursor = layout_seek(layout, middle * MONOTONE_SAMPLE);
		if (lies_before(layout_next_time(layout, &cursor), time, after))
			low = middle;
		else
			high = middle;
	}
	index = low * MONOTONE_SAMPLE;
	for (cursor = layout_seek(layout, index); index < layout->count; index++)
	{
		if (!lies_before(layout_next_time(layout, &cursor), time, after))
			break;
	}
	return index;
}

/* The column of that name and type, or NULL. */
const Column *
layout_find(const Layout *layout, const char *name, uint32 length, AttributeType type)
{
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];

		if (column->type == type && column->name.length == length &&
			memcmp(column->name.bytes, name, length) == 0)
			return column;
	}
	return NULL;
}

/* The number of values before interaction index, which may be the end, in O(1). */
uint32
column_rank(const Column *column, uint32 index)
{
	/* the last sample before the index: where the timeline ends there is none */
	uint32 sample = index == 0 ? 0 : (index - 1) / RANK_SAMPLE;
	uint64 rank;

	if (!column->absences)
		return index;
	rank = sample == 0 ? 0 : packed_get(&column->ranks, sample - 1);
	for (uint32 bit = sample * RANK_SAMPLE; bit < index; bit += 64)
	{
		uint64 word = load_word(column->presence + bit / 8, column->ranks.limit);

		if (index - bit < 64)
			word &= (UINT64CONST(1) << (index - bit)) - 1;
		rank += pg_popcount64(word);
	}
	if (rank > column->present)
		corrupt_timeline("a column has more values than it says");
	return (uint32) rank;
}

/* The next count <= LAYOUT_BLOCK times, which must be there; the cursor moves on. */
void
layout_next_times(const Layout *layout, MonotoneCursor *cursor, uint32 count, int64 *times)
{
	uint64 *numbers = (uint64 *) times;
	uint64 first = (uint64) layout->first;
	uint64 unit = layout->unit;

	if (layout->count == 1)
	{
		times[0] = layout->first;
		return;
	}
	for (uint32 done = 0; done < count; done += MONOTONE_BLOCK)
		monotone_next_many(&layout->times, cursor, Min(count - done, MONOTONE_BLOCK),
						   numbers + done);
	if (unit == 1)
	{
		for (uint32 i = 0; i < count; i++)
			numbers[i] += first;
	}
	else
	{
		for (uint32 i = 0; i < count; i++)
			numbers[i] = first + unit * numbers[i];
	}
}

/*
 * The text numbers of the next count <= LAYOUT_BLOCK interactions in a text
 * column, ABSENT for those that lack it; the cursor moves on.
 */
void
column_next_codes(const Column *column, ColumnCursor *cursor, uint32 count, uint32 *codes)
{
	uint32 present = 0;
	uint32 impossible = 0;
	uint32 dense[LAYOUT_BLOCK + 1];
	uint32 *target = column->absences ? dense : codes;

	if (!column->absences)
		present = count;
	else
	{
		for (uint32 i = 0; i < count; i++)
		{
			uint32 index = cursor->index + i;

			codes[i] = column->presence[index >> 3] >> (index & 7) & 1;
			present += codes[i];
		}
		if (unlikely(present > column->present - cursor->rank))
			corrupt_timeline("a column has more values than it says");
	}
	if (column->encoding == ENCODING_PLAIN)
	{
		for (uint32 i = 0; i < present; i++)
			target[i] = cursor->rank + i;
	}
	else
	{
		packed_get_many(&column->values, cursor->rank, present, target);
		for (uint32 i = 0; i < present; i++)
			impossible |= (uint32) ((int32) target[i] >= (int32) column->texts);
		if (unlikely(impossible))
			corrupt_timeline("a text code lies outside its dictionary");
	}
	if (column->absences)
	{
		/* without a branch, which nobody could foresee; ABSENT has all bits */
		dense[present] = 0;
		for (uint32 i = 0, rank = 0, there; i < count; i++, rank += there)
		{
			there = codes[i];
			codes[i] = dense[rank] | (there - 1);
		}
	}
	cursor->index += count;
	cursor->rank += present;
}

/* Where text number text lies among the characters of its column. */
TextExtent
column_extent(const Column *column, uint32 text)
{
	TextExtent extent;

	extent.start = text == 0 ? 0 : packed_get(&column->ends, text - 1);
	extent.end = text + 1 == column->texts ? column->text_bytes : packed_get(&column->ends, text);
	if (extent.start > extent.end || extent.end > column->text_bytes)
		corrupt_timeline("a text lies outside its column");
	return extent;
}

/* Eight characters, as the word at their first bit has them, in the order of memory. */
static inline uint64
eight_characters(uint64 word, uint32 width, uint8 base)
{
	return add_bytes(spread_to_bytes(word, width), base * UINT64CONST(0x0101010101010101));
}

/* The word at the first bit of character start of a text column whose characters are packed. */
static inline uint64
load_characters(const Column *column, uint64 start)
{
	uint64 bit = start * column->characters.width;

	return load_word(column->characters.data + (bit >> 3), column->characters.limit) >> (bit & 7);
}

/* The key of a text that is length bytes long and begins with eight characters. */
static inline uint64
key_of_characters(uint64 characters, uint64 length)
{
	uint64 behind = length >= 8 ? 0 : PG_UINT64_MAX >> (8 * length);

	/* the first one is in the lowest byte */
	return pg_bswap64(characters) & ~behind;
}

/* The key, as of text_key(), of the characters [start, end). */
static uint64
characters_key(const Column *column, uint64 start, uint64 end)
{
	if (start == end)
		return 0;
	if (column->bytes != NULL)
		return text_key(column->bytes + start, end - start);
	return key_of_characters(eight_characters(load_characters(column, start),
											  column->characters.width, column->character_base),
							 end - start);
}

/* The keys of the texts of a dictionary that end at ends and whose characters are packed. */
static void
packed_text_keys(const Column *column, uint64 start, const uint32 *ends, uint32 count, uint64 *keys)
{
	const uint8 *data = column->characters.data;
	const uint8 *limit = column->characters.limit;
	const uint32 width = column->characters.width;
	const uint8 base = column->character_base;

	for (uint32 i = 0; i < count; i++)
	{
		uint64 bit = start * width;
		uint64 word = load_word(data + (bit >> 3), limit) >> (bit & 7);

		keys[i] = key_of_characters(eight_characters(word, width, base), ends[i] - start);
		start = ends[i];
	}
}

/* The keys, as of text_key(), of all texts of a dictionary. */
void
column_text_keys(const Column *column, uint64 *keys)
{
	uint64 start = 0;

	for (uint32 done = 0; done < column->texts; done += LAYOUT_BLOCK)
	{
		uint32 count = Min(column->texts - done, LAYOUT_BLOCK);
		bool last = done + count == column->texts;
		uint32 ends[LAYOUT_BLOCK];
		uint64 before = start;
		bool impossible = false;

		packed_get_many(&column->ends, done, count - last, ends);
		if (last)
			ends[count - 1] = (uint32) column->text_bytes;
		for (uint32 i = 0; i < count; i++)
		{
			impossible |= ends[i] < before;
			before = ends[i];
		}
		if (unlikely(impossible || before > column->text_bytes))
			corrupt_timeline("a text lies outside its column");
		if (column->bytes == NULL)
			packed_text_keys(column, start, ends, count, keys + done);
		else
		{
			for (uint32 i = 0; i < count; i++)
				keys[done + i] = characters_key(column, i == 0 ? start : ends[i - 1], ends[i]);
		}
		start = before;
	}
}

/*
 * Compares text number text of a text column with another one, as
 * compare_slices() would, where their keys are equal.
 */
int
column_compare_text(const Column *column, uint32 text, TextSlice other)
{
	TextExtent extent = column_extent(column, text);
	uint64 length = extent.end - extent.start;

	for (uint64 done = 8; done < Min(length, other.length); done += 8)
	{
		uint64 a = characters_key(column, extent.start + done, extent.end);
		uint64 b = text_key(other.bytes + done, other.length - done);

		if ((done & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (a != b)
			return a < b ? -1 : 1;
	}
	if (length == other.length)
		return 0;
	return length < other.length ? -1 : 1;
}

/* Unpacks the characters [start, end) of a text column. */
static void
unpack_characters(const Column *column, uint64 start, uint64 end, char *to)
{
	while (start < end)
	{
		uint64 stop = Min(start + INTERRUPT_BLOCK, end);

		CHECK_FOR_INTERRUPTS();
		for (; start + 8 <= stop; start += 8, to += 8)
			store_word((uint8 *) to,
					   eight_characters(load_characters(column, start), column->characters.width,
										column->character_base));
		for (; start < stop; start++)
			*to++ = (char) (packed_get(&column->characters, start) + column->character_base);
	}
}

/* Room for the unpacked texts of a column. */
static char *
unpacking_room(Column *column, Size size)
{
	if (column->unpacked_size < size)
	{
		if (column->unpacked != NULL)
			pfree(column->unpacked);
		column->unpacked_size = size + size / 2;
		column->unpacked = MemoryContextAllocExtended(column->context, column->unpacked_size,
													  MCXT_ALLOC_HUGE);
	}
	return column->unpacked;
}

/*
 * Text number text of a text column; not zero-terminated.  Where the characters
 * are packed it lies in memory of the column's: a text of a dictionary as long
 * as the layout is open, a plain one until the next is read.
 */
TextSlice
column_text(const Column *column, uint32 text)
{
	TextExtent extent = column_extent(column, text);
	TextSlice slice;

	slice.length = (uint32) (extent.end - extent.start);
	if (column->bytes != NULL)
		slice.bytes = column->bytes + extent.start;
	else if (column->encoding == ENCODING_PLAIN)
	{
		char *room = unpacking_room(unconstify(Column *, column), Max(slice.length, 32));

		unpack_characters(column, extent.start, extent.end, room);
		slice.bytes = room;
	}
	else
	{
		if (column->unpacked == NULL)
			unpack_characters(
				column, 0, column->text_bytes,
				unpacking_room(unconstify(Column *, column), Max(column->text_bytes, 32)));
		slice.bytes = column->unpacked + extent.start;
	}
	return slice;
}

/* The characters [start, end) of a text column: in place, or unpacked into buffer. */
const char *
column_characters(const Column *column, uint64 start, uint64 end, char *buffer)
{
	if (column->bytes != NULL)
		return column->bytes + start;
	unpack_characters(column, start, end, buffer);
	return buffer;
}

/* Value rank of a number column as the bits of a double, of an integer column as an int64. */
uint64
column_number(const Column *column, uint32 rank)
{
	uint64 packed = packed_get(&column->values, rank);

	if (column->encoding == ENCODING_DECIMAL)
		return number_to_bits((double) (int64) (column->base + packed) /
							  power_of_ten[column->exponent]);
	if (column->encoding == ENCODING_RAW)
		return packed;
	return column->base + packed;
}

/*
 * Writing
 */

/* bytes that are cleared between two checks for interrupts */
#define CLEAR_BLOCK ((Size) 8 * 1024 * 1024)

typedef struct Sink
{
	uint8 *data;
	Size used;
	Size size;
} Sink;

/* Makes room for bytes bytes in all. */
static pg_noinline void
enlarge(Sink *sink, uint64 bytes)
{
	Size size = Max(sink->size * 2, bytes);

	if (bytes > MAX_TIMELINE_BYTES)
		timeline_too_large("bytes", bytes - 8, MAX_TIMELINE_BYTES - 8);
	sink->size = Min(size, MAX_TIMELINE_BYTES);
	sink->data = repalloc(sink->data, sink->size);
}

/* Zeroes many bytes. */
static void
clear_bytes(uint8 *at, Size bytes)
{
	for (Size done = 0; done < bytes; done += CLEAR_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		memset(at + done, 0, Min(bytes - done, CLEAR_BLOCK));
	}
}

/*
 * Room for bytes more bytes, zeroed, and 8 beyond for writers of whole words.
 * Counts them as used.
 */
static uint8 *
reserve(Sink *sink, uint64 bytes)
{
	Size start = sink->used;

	if (unlikely(start + bytes + 8 > sink->size))
		enlarge(sink, start + bytes + 8);
	if (unlikely(bytes > CLEAR_BLOCK))
		clear_bytes(sink->data + start, bytes + 8);
	else
		memset(sink->data + start, 0, bytes + 8);
	sink->used += bytes;
	return sink->data + start;
}

static inline void
put_byte(Sink *sink, uint8 byte)
{
	*reserve(sink, 1) = byte;
}

static void
put_varint(Sink *sink, uint64 value)
{
	uint8 bytes[10];
	int length = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[length++] = (uint8) (value | 0x80);
	bytes[length++] = (uint8) value;
	memcpy(reserve(sink, length), bytes, length);
}

static void
put_bytes(Sink *sink, const void *bytes, Size length)
{
	uint8 *at = reserve(sink, length);

	if (length > 0)
		memcpy(at, bytes, length);
}

/* The greatest number that divides every time's distance from the first. */
static uint64
common_unit(const int64 *times, uint32 count)
{
	uint64 unit = 0;

	for (uint32 i = 1; i < count && unit != 1; i++)
	{
		uint64 a = (uint64) times[i] - (uint64) times[0];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (unit != 0 && a % unit == 0)
			continue;
		while (a != 0)
		{
			uint64 rest = unit % a;

			unit = a;
			a = rest;
		}
	}
	return unit;
}

/* The rest of the header and the times. */
static void
put_times(Sink *sink, const int64 *times, uint32 count, int columns)
{
	uint64 unit = common_unit(times, count);
	uint64 *number;
	uint64 span;
	uint32 narrow;
	uint32 wide;
	uint32 wide_gaps;

	if (count == 1)
	{
		put_byte(sink, (uint8) columns);
		return;
	}
	number = palloc_extended(sizeof(uint64) * count, MCXT_ALLOC_HUGE);
	for (uint32 start = 0; start < count; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, count);

		CHECK_FOR_INTERRUPTS();
		if (unit <= 1)
		{
			for (uint32 i = start; i < end; i++)
				number[i] = (uint64) times[i] - (uint64) times[0];
		}
		else
		{
			for (uint32 i = start; i < end; i++)
				number[i] = ((uint64) times[i] - (uint64) times[0]) / unit;
		}
	}
	span = number[count - 1];
	put_varint(sink, span);
	if (span > 0)
		put_varint(sink, unit);
	put_byte(sink, (uint8) columns);
	monotone_widths(number, count, &narrow, &wide, &wide_gaps);
	put_byte(sink, (uint8) wide);
	put_byte(sink, (uint8) narrow);
	if (narrow != wide)
		put_varint(sink, wide_gaps);
	(void) monotone_write(reserve(sink, monotone_bytes(count, span, narrow, wide, wide_gaps)),
						  number, count, narrow, wide);
	pfree(number);
}

/* The codes of a column, renumbered by rank. */
static void
put_codes(Sink *sink, const uint32 *codes, const uint32 *rank, uint32 count, uint32 width)
{
	BitWriter writer = bit_writer(reserve(sink, bytes_for_bits((uint64) count * width)));

	if (width == 0)
		return;
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		bit_write(&writer, rank[codes[i]], width);
	}
	(void) bit_finish(&writer);
}

static void
put_presence(Sink *sink, const uint8 *presence, uint32 count)
{
	uint32 samples = rank_samples(count);
	uint32 width = packed_width(count);
	BitWriter writer = bit_writer(reserve(sink, bytes_for_bits((uint64) samples * width)));
	uint64 rank = 0;

	for (uint32 i = 0; i < samples; i++)
	{
		rank += pg_popcount((const char *) presence + i * (RANK_SAMPLE / 8), RANK_SAMPLE / 8);
		bit_write(&writer, rank, width);
	}
	(void) bit_finish(&writer);
	put_bytes(sink, presence, bytes_for_bits(count));
}

/* What the texts of a column are written with. */
typedef struct TextStatistics
{
	uint64 bytes;
	uint8 least;
	uint8 width; /* of a character */
} TextStatistics;

/* Adds one text up; width is the greatest byte until all are added. */
static inline void
count_text(TextStatistics *statistics, TextSlice text)
{
	uint8 least = statistics->least;
	uint8 greatest = statistics->width;

	for (uint32 i = 0; i < text.length; i++)
	{
		least = Min(least, (uint8) text.bytes[i]);
		greatest = Max(greatest, (uint8) text.bytes[i]);
	}
	statistics->bytes += text.length;
	statistics->least = least;
	statistics->width = greatest;
}

/* The texts in the order of code, or as they are: statistics. */
static TextStatistics
text_statistics(const TextSlice *text, const uint32 *code, uint32 texts)
{
	TextStatistics statistics = {0, 255, 0};

	for (uint32 i = 0; i < texts; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		count_text(&statistics, text[code == NULL ? i : code[i]]);
	}
	if (statistics.bytes == 0)
		statistics.least = 0;
	else
		statistics.width = (uint8) character_width(statistics.bytes, statistics.least,
												   statistics.width);
	return statistics;
}

/* Characters that are not 8 bits wide. */
static inline void
put_characters(BitWriter *writer, const char *bytes, uint32 length, TextStatistics statistics)
{
	for (uint32 i = 0; i < length; i++)
		bit_write(writer, (uint8) bytes[i] - statistics.least, statistics.width);
}

/* The texts one after another, their ends first. */
static void
put_texts(Sink *sink, const TextSlice *text, const uint32 *code, uint32 texts,
		  TextStatistics statistics)
{
	uint32 width = packed_width(statistics.bytes);
	uint8 *at;
	BitWriter writer;
	uint64 end = 0;

	put_varint(sink, statistics.bytes);
	writer = bit_writer(reserve(sink, bytes_for_bits((uint64) (texts - 1) * width)));
	for (uint32 i = 0; i + 1 < texts; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		end += text[code == NULL ? i : code[i]].length;
		bit_write(&writer, end, width);
	}
	(void) bit_finish(&writer);

	if (statistics.width < 8)
		put_byte(sink, statistics.least);
	at = reserve(sink, bytes_for_bits(statistics.bytes * statistics.width));
	writer = bit_writer(at);
	for (uint32 i = 0; i < texts; i++)
	{
		TextSlice slice = text[code == NULL ? i : code[i]];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (statistics.width == 8)
		{
			memcpy(at, slice.bytes, slice.length);
			at += slice.length;
			continue;
		}
		for (; unlikely(slice.length > INTERRUPT_BLOCK); slice.length -= INTERRUPT_BLOCK)
		{
			CHECK_FOR_INTERRUPTS();
			put_characters(&writer, slice.bytes, INTERRUPT_BLOCK, statistics);
			slice.bytes += INTERRUPT_BLOCK;
		}
		put_characters(&writer, slice.bytes, slice.length, statistics);
	}
	if (statistics.width < 8)
		(void) bit_finish(&writer);
}

/* A text of a dictionary and the code it had before it was sorted. */
typedef struct RankedText
{
	TextSlice slice;
	uint32 code;
} RankedText;

#define ST_SORT sort_texts
#define ST_ELEMENT_TYPE RankedText
#define ST_COMPARE(a, b) compare_slices((a)->slice, (b)->slice)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* Sorts the texts of a dictionary by bytes; returns the rank of each code. */
static uint32 *
sort_dictionary(ColumnDraft *column)
{
	RankedText *ranked = palloc(sizeof(RankedText) * column->texts);
	uint32 *rank = palloc(sizeof(uint32) * column->texts);

	for (uint32 i = 0; i < column->texts; i++)
	{
		ranked[i].slice = column->text[i];
		ranked[i].code = i;
	}
	sort_texts(ranked, column->texts);
	for (uint32 i = 0; i < column->texts; i++)
	{
		column->text[i] = ranked[i].slice;
		rank[ranked[i].code] = i;
	}
	pfree(ranked);
	return rank;
}

/* Whichever is smaller of a dictionary with codes and the texts as they come. */
static ColumnEncoding
text_encoding(const ColumnDraft *column, TextStatistics *statistics)
{
	TextStatistics dictionary = text_statistics(column->text, NULL, column->texts);
	TextStatistics plain = dictionary;

	*statistics = dictionary;
	if (are_few_texts(column->texts, column->present))
		return ENCODING_DICTIONARY;
	/* the same texts, said more often */
	plain.bytes = 0;
	for (uint32 i = 0; i < column->present; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		plain.bytes += column->text[column->code[i]].length;
	}
	if (is_dictionary_smaller(column->texts, dictionary.bytes, column->present, plain.bytes,
							  plain.width))
		return ENCODING_DICTIONARY;
	*statistics = plain;
	return ENCODING_PLAIN;
}

/* The smallest exponent at which every number is an exact decimal, or -1. */
static int
common_exponent(const uint64 *numbers, uint32 count)
{
	int exponent = 0;
	int64 scaled;

	for (uint32 start = 0; start < count; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, count);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
		{
			exponent = raise_exponent(number_from_bits(numbers[i]), exponent);
			if (exponent > MAX_EXPONENT)
				return -1;
		}
	}
	for (uint32 start = 0; start < count; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, count);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
		{
			if (!scale_number(number_from_bits(numbers[i]), exponent, &scaled))
				return -1;
		}
	}
	return exponent;
}

/* A frame of reference: the least of the integers, then each one's distance from it. */
static void
put_integers(Sink *sink, const uint64 *integers, uint32 count)
{
	int64 least = PG_INT64_MAX;
	int64 greatest = PG_INT64_MIN;
	uint32 width;
	BitWriter writer;

	for (uint32 start = 0; start < count; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, count);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
		{
			least = Min(least, (int64) integers[i]);
			greatest = Max(greatest, (int64) integers[i]);
		}
	}
	width = packed_width((uint64) greatest - (uint64) least);
	put_varint(sink, zigzag(least));
	put_byte(sink, (uint8) width);
	writer = bit_writer(reserve(sink, bytes_for_bits((uint64) count * width)));
	for (uint32 start = 0; start < count; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, count);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
			bit_write(&writer, integers[i] - (uint64) least, width);
	}
	(void) bit_finish(&writer);
}

/* What comes before a column's values: tag, name, presence. */
static void
put_column_head(Sink *sink, const ColumnDraft *column, uint32 count, ColumnEncoding encoding,
				uint32 character_width, bool named)
{
	bool absences = column->present < count;

	put_byte(
		sink,
		(uint8) (encoding | (absences ? TAG_ABSENCES : 0) | character_width << TAG_WIDTH_SHIFT));
	if (named)
	{
		put_byte(sink, (uint8) column->well_known);
		if (column->well_known == USER_NAMED)
		{
			put_byte(sink, (uint8) column->name.length);
			put_bytes(sink, column->name.bytes, column->name.length);
		}
	}
	if (absences)
	{
		put_varint(sink, column->present);
		put_presence(sink, column->presence, count);
	}
}

static void
put_text_column(Sink *sink, ColumnDraft *column, uint32 count, bool named)
{
	TextStatistics statistics;
	ColumnEncoding encoding = text_encoding(column, &statistics);
	uint32 *rank;

	put_column_head(sink, column, count, encoding, statistics.width, named);
	if (encoding == ENCODING_PLAIN)
	{
		put_texts(sink, column->text, column->code, column->present, statistics);
		return;
	}
	rank = sort_dictionary(column);
	put_varint(sink, column->texts);
	put_texts(sink, column->text, NULL, column->texts, statistics);
	put_codes(sink, column->code, rank, column->present, packed_width(column->texts - 1));
	pfree(rank);
}

static void
put_number_column(Sink *sink, ColumnDraft *column, uint32 count)
{
	int exponent = 0;
	ColumnEncoding encoding = ENCODING_INTEGER;

	if (column->type == ATTRIBUTE_NUMBER)
	{
		exponent = common_exponent(column->number, column->present);
		encoding = exponent < 0 ? ENCODING_RAW : ENCODING_DECIMAL;
	}
	put_column_head(sink, column, count, encoding, 0, true);
	if (encoding == ENCODING_RAW)
	{
		uint8 *at = reserve(sink, (uint64) column->present * 8);

		for (uint32 i = 0; i < column->present; i++, at += 8)
		{
			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			store_word(at, column->number[i]);
		}
		return;
	}
	if (encoding == ENCODING_DECIMAL)
	{
		put_byte(sink, (uint8) exponent);
		for (uint32 i = 0; i < column->present; i++)
		{
			int64 scaled = 0;

			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			(void) scale_number(number_from_bits(column->number[i]), exponent, &scaled);
			column->number[i] = (uint64) scaled;
		}
	}
	put_integers(sink, column->number, column->present);
}

/*
 * Writes count interactions in their order, given column by column, into a
 * varlena that is allocated in context.  The columns come in the order of
 * (name, type) and have a value each.  The drafts are used up.  O(count x
 * columns) and the sort of the dictionaries.
 */
struct varlena *
layout_write(const int64 *times, uint32 count, ColumnDraft *kind, ColumnDraft *columns,
			 int column_count, MemoryContext context)
{
	Sink sink;

	sink.used = VARHDRSZ;
	sink.size = 256 + (Size) Min(count, 65536) * 16;
	sink.data = MemoryContextAlloc(context, sink.size);
	put_byte(&sink, LAYOUT_VERSION);
	put_varint(&sink, count);
	if (count > 0)
	{
		uint64 first = (uint64) times[0];

		store_word(reserve(&sink, 8), first);
		put_times(&sink, times, count, column_count);
		put_text_column(&sink, kind, count, false);
		for (int i = 0; i < column_count; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (columns[i].type == ATTRIBUTE_TEXT)
				put_text_column(&sink, &columns[i], count, true);
			else
				put_number_column(&sink, &columns[i], count);
		}
	}
	SET_VARSIZE(sink.data, sink.used);
	return (struct varlena *) sink.data;
}
