/*
 * bits.h
 *		Packed vectors of unsigned integers, and monotone ones.
 *
 * Two primitives carry every column of a timeline:
 *
 * - A packed vector holds n unsigned integers of w bits each, bit i * w being
 *	 the first of number i, least significant bit first.  Number i is read
 *	 with one unaligned 8-byte load, a shift and a mask; hence w is at most 57,
 *	 or 64.
 *
 * - A monotone vector holds n integers that never fall, the first being 0, as
 *	 the gaps between them.  Life comes in bursts, so a gap is one of two widths:
 *	 a bit says which, then the gaps follow one another, each in its own width.
 *	 Of every 512th number the number itself and the count of wide gaps before it
 *	 are kept, from which its place follows.  Two widths cost 33 bits where gaps
 *	 within a visit are minutes and between visits weeks, and Elias-Fano 39; where
 *	 gaps are evenly random, 39.3 and 39.5.
 *
 * Nothing here allocates, and no read goes past the limit it was given,
 * whatever the bytes say.  Bytes are little-endian on every machine.
 */
#ifndef CRM_BITS_H
#define CRM_BITS_H

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

#include "base/errors.h"
#include "base/limits.h"

#define MAX_PACKED_WIDTH 57

/* every MONOTONE_SAMPLE-th number is kept, for access in the middle */
#define MONOTONE_SAMPLE 512

/* every RANK_SAMPLE-th bit's rank is kept in a presence bitmap */
#define RANK_SAMPLE 512

typedef struct PackedVector
{
	const uint8 *data;
	const uint8 *limit; /* end of the readable bytes */
	uint64 mask;
	uint32 width;
} PackedVector;

typedef struct MonotoneVector
{
	const uint8 *gaps;
	const uint8 *classes; /* one bit a gap: 1 = wide; NULL where all have the same width */
	const uint8 *limit;
	uint64 mask[2];  /* narrow, wide */
	uint32 width[2]; /* narrow, wide */
	uint32 count;
	uint32 wide_gaps;     /* as the bytes say; 0 where all have the same width */
	uint64 last;          /* the greatest number */
	PackedVector numbers; /* samples */
	PackedVector ranks;   /* wide gaps before each sample */
} MonotoneVector;

/* Where a reader stands. */
typedef struct MonotoneCursor
{
	uint64 number;
	uint64 bit;   /* of the gap that follows */
	uint32 index; /* of the number */
} MonotoneCursor;

/* The number of bits that tell value from 0; 0 for 0. */
static inline uint32
bits_for(uint64 value)
{
	return value == 0 ? 0 : (uint32) pg_leftmost_one_pos64(value) + 1;
}

/* The width at which numbers up to greatest are packed. */
static inline uint32
packed_width(uint64 greatest)
{
	uint32 width = bits_for(greatest);

	return width > MAX_PACKED_WIDTH ? 64 : width;
}

/* Bytes that bits bits take. */
static inline uint64
bytes_for_bits(uint64 bits)
{
	return (bits + 7) / 8;
}

static inline uint64
load_whole_word(const uint8 *at)
{
	uint64 word;

	memcpy(&word, at, 8);
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

/*
 * Reads 8 bytes, or what is left before limit, the rest being zero.  What is
 * read lies behind a header, so the 8 bytes before limit are readable.
 */
static inline uint64
load_word(const uint8 *at, const uint8 *limit)
{
	ptrdiff_t left = limit - at;

	if (likely(left >= 8))
		return load_whole_word(at);
	return left <= 0 ? 0 : load_whole_word(limit - 8) >> (64 - 8 * left);
}

static inline PackedVector
packed_vector(const uint8 *data, const uint8 *limit, uint32 width)
{
	PackedVector vector;

	vector.data = data;
	vector.limit = limit;
	vector.width = width;
	vector.mask = width == 64 ? ~UINT64CONST(0) : (UINT64CONST(1) << width) - 1;
	return vector;
}

/* Number index of the vector, in O(1). */
static inline uint64
packed_get(const PackedVector *vector, uint64 index)
{
	uint64 bit = index * vector->width;

	return (load_word(vector->data + (bit >> 3), vector->limit) >> (bit & 7)) & vector->mask;
}

/* Reads count numbers of width bits from bit on; a constant width unrolls the loop. */
static pg_attribute_always_inline void
packed_unpack(const PackedVector *vector, uint64 bit, uint32 count, uint32 *out, uint32 width)
{
	const uint64 mask = (UINT64CONST(1) << width) - 1;
	const uint32 per_load = MAX_PACKED_WIDTH / width; /* a load at any bit gives 57 of use */
	const uint8 *data = vector->data;
	const uint8 *limit = vector->limit;
	uint64 word;

	for (; count >= per_load; count -= per_load, bit += (uint64) per_load * width)
	{
		word = load_word(data + (bit >> 3), limit) >> (bit & 7);
#pragma GCC unroll 57
		for (uint32 i = 0; i < per_load; i++)
			*out++ = (uint32) (word >> (i * width) & mask);
	}
	word = load_word(data + (bit >> 3), limit) >> (bit & 7);
	for (; count > 0; count--, word >>= width)
		*out++ = (uint32) (word & mask);
}

/* Numbers [index, index + count) of a vector of numbers below 2^32; faster than one by one. */
static inline void
packed_get_many(const PackedVector *vector, uint64 index, uint32 count, uint32 *out)
{
	uint64 bit = index * vector->width;

	switch (vector->width)
	{
		case 0:
			memset(out, 0, sizeof(uint32) * count);
			break;
#define UNPACK(constant) \
	case constant: \
		packed_unpack(vector, bit, count, out, constant); \
		break
			UNPACK(1);
			UNPACK(2);
			UNPACK(3);
			UNPACK(4);
			UNPACK(5);
			UNPACK(6);
			UNPACK(7);
			UNPACK(8);
#undef UNPACK
		default:
			for (uint32 i = 0; i < count; i++)
				out[i] = (uint32) packed_get(vector, index + i);
	}
}

/* Spreads the eight lowest numbers of width < 8 bits in a word to its bytes, the first to the lowest. */
static inline uint64
spread_to_bytes(uint64 word, uint32 width)
{
	const uint64 four = (UINT64CONST(1) << (4 * width)) - 1;
	const uint64 two = ((UINT64CONST(1) << (2 * width)) - 1) * UINT64CONST(0x0000000100000001);
	const uint64 one = ((UINT64CONST(1) << width) - 1) * UINT64CONST(0x0001000100010001);

	word = (word & four) | (word >> (4 * width) & four) << 32;
	word = (word & two) | (word >> (2 * width) & two) << 16;
	return (word & one) | (word >> width & one) << 8;
}

/* Adds eight bytes to eight bytes, each by itself. */
static inline uint64
add_bytes(uint64 a, uint64 b)
{
	const uint64 high = UINT64CONST(0x8080808080808080);

	return ((a & ~high) + (b & ~high)) ^ ((a ^ b) & high);
}

/*
 * Writing.  The caller owns 8 zeroed bytes past the last one that the vector
 * needs; the writer stores whole words.
 */
typedef struct BitWriter
{
	uint8 *at;
	uint64 word;
	uint32 used; /* bits of word, below 64 */
} BitWriter;

static inline void
store_word(uint8 *at, uint64 word)
{
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	memcpy(at, &word, 8);
}

static inline BitWriter
bit_writer(uint8 *at)
{
	BitWriter writer = {at, 0, 0};

	return writer;
}

/* Appends the low width bits of value, which has no others. */
static inline void
bit_write(BitWriter *writer, uint64 value, uint32 width)
{
	writer->word |= value << writer->used;
	writer->used += width;
	if (writer->used >= 64)
	{
		store_word(writer->at, writer->word);
		writer->at += 8;
		writer->used -= 64;
		writer->word = writer->used == 0 ? 0 : value >> (width - writer->used);
	}
}

/* Writes out what is left; returns the first byte after the vector. */
static inline uint8 *
bit_finish(BitWriter *writer)
{
	if (writer->used > 0)
		store_word(writer->at, writer->word);
	return writer->at + bytes_for_bits(writer->used);
}

/*
 * Monotone vectors
 */

/* Bytes of the samples, the class bits and the gaps of count > 1 numbers. */
static inline uint64
monotone_sample_bytes(uint32 count, uint64 last)
{
	uint64 samples = (count - 1) / MONOTONE_SAMPLE;

	return bytes_for_bits(samples * packed_width(last)) +
		bytes_for_bits(samples * packed_width(count));
}

static inline bool
monotone_has_classes(uint32 narrow, uint32 wide)
{
	return narrow != wide || wide == 0;
}

static inline uint64
monotone_gap_bits(uint32 gaps, uint32 narrow, uint32 wide, uint32 wide_gaps)
{
	return (uint64) (gaps - wide_gaps) * narrow + (uint64) wide_gaps * wide;
}

static inline uint64
monotone_bytes(uint32 count, uint64 last, uint32 narrow, uint32 wide, uint32 wide_gaps)
{
	uint32 gaps = count - 1;

	return monotone_sample_bytes(count, last) +
		(monotone_has_classes(narrow, wide) ? bytes_for_bits(gaps) : 0) +
		bytes_for_bits(monotone_gap_bits(gaps, narrow, wide, wide_gaps));
}

/* Binds a vector to its bytes; the caller knows that they are all before limit. */
static inline MonotoneVector
monotone_vector(const uint8 *data, const uint8 *limit, uint32 count, uint64 last, uint32 narrow,
				uint32 wide, uint32 wide_gaps)
{
	MonotoneVector vector;
	uint64 samples = (count - 1) / MONOTONE_SAMPLE;

	vector.count = count;
	vector.wide_gaps = wide_gaps;
	vector.last = last;
	vector.limit = limit;
	vector.width[0] = narrow;
	vector.width[1] = wide;
	for (int i = 0; i < 2; i++)
		vector.mask[i] = packed_vector(NULL, NULL, vector.width[i]).mask;
	vector.numbers = packed_vector(data, limit, packed_width(last));
	data += bytes_for_bits(samples * vector.numbers.width);
	vector.ranks = packed_vector(data, limit, packed_width(count));
	data += bytes_for_bits(samples * vector.ranks.width);
	vector.classes = NULL;
	if (monotone_has_classes(narrow, wide))
	{
		vector.classes = data;
		data += bytes_for_bits(count - 1);
	}
	vector.gaps = data;
	return vector;
}

/* A cursor on number sample * MONOTONE_SAMPLE. */
static inline MonotoneCursor
monotone_seek_sample(const MonotoneVector *vector, uint32 sample)
{
	MonotoneCursor cursor = {0, 0, sample * MONOTONE_SAMPLE};

	if (sample > 0)
	{
		uint64 rank = packed_get(&vector->ranks, sample - 1);

		/* the gap that leads to the number is behind us */
		cursor.number = packed_get(&vector->numbers, sample - 1);
		if (rank > cursor.index)
			corrupt_timeline("a time sample is impossible");
		cursor.bit = monotone_gap_bits(cursor.index, vector->width[0], vector->width[1],
									   (uint32) rank);
	}
	return cursor;
}

/* Gaps wider than one load can read at any bit. */
static pg_noinline pg_attribute_unused() uint64
	monotone_wide_gap(const MonotoneVector *vector, uint64 bit, uint64 mask)
{
	const uint8 *at = vector->gaps + (bit >> 3);
	uint64 word = load_word(at, vector->limit) >> (bit & 7);

	if ((bit & 7) != 0)
		word |= load_word(at + 8, vector->limit) << (64 - (bit & 7));
	return word & mask;
}

/* Moves the cursor by one number, over the gap that follows the one it stands on. */
static inline void
monotone_step(const MonotoneVector *vector, MonotoneCursor *cursor)
{
	uint32 gap = cursor->index++;
	uint32 class = vector->classes == NULL ? 0 : vector->classes[gap >> 3] >> (gap & 7) & 1;
	uint64 mask = vector->mask[class];
	uint64 bit = cursor->bit;

	cursor->bit += vector->width[class];
	if (likely(vector->width[1] <= MAX_PACKED_WIDTH))
		cursor->number += load_word(vector->gaps + (bit >> 3), vector->limit) >> (bit & 7) & mask;
	else
		cursor->number += monotone_wide_gap(vector, bit, mask);
}

/* A cursor on number index, or behind the last one; O(MONOTONE_SAMPLE) at most. */
static inline MonotoneCursor
monotone_seek(const MonotoneVector *vector, uint32 index)
{
	MonotoneCursor cursor = {vector->last, 0, vector->count};

	if (unlikely(index >= vector->count))
		return cursor;
	cursor = monotone_seek_sample(vector, index / MONOTONE_SAMPLE);
	while (cursor.index < index)
		monotone_step(vector, &cursor);
	return cursor;
}

/* The number under the cursor, which moves on. */
static inline uint64
monotone_next(const MonotoneVector *vector, MonotoneCursor *cursor)
{
	uint64 number = cursor->number;

	if (unlikely(number > vector->last))
		corrupt_timeline("a time lies after the last one");
	if (likely(cursor->index + 1 < vector->count))
		monotone_step(vector, cursor);
	else
		cursor->index++;
	return number;
}

/* How many numbers monotone_next_many() reads at the most: as many class bits come with a load. */
#define MONOTONE_BLOCK 56

/*
 * The next count numbers, at most MONOTONE_BLOCK and as many as are left; the
 * cursor moves behind them.
 */
static inline void
monotone_next_many(const MonotoneVector *vector, MonotoneCursor *cursor, uint32 count, uint64 *out)
{
	uint32 gaps = Min(count, vector->count - 1 - cursor->index);
	const uint8 *data = vector->gaps;
	const uint8 *limit = vector->limit;
	const uint64 narrow_mask = vector->mask[0];
	const uint64 wide_mask = vector->mask[1];
	const uint64 narrow = vector->width[0];
	const uint64 wide = vector->width[1];
	uint64 number = cursor->number;
	uint64 bit = cursor->bit;
	uint64 classes = 0;

	if (unlikely(wide > MAX_PACKED_WIDTH))
	{
		for (uint32 i = 0; i < count; i++)
			out[i] = monotone_next(vector, cursor);
		return;
	}
	/* from a number in range no sum of so few gaps wraps around, so the last tells of all */
	if (unlikely(number > vector->last))
		corrupt_timeline("a time lies after the last one");
	if (vector->classes != NULL)
		classes = load_word(vector->classes + (cursor->index >> 3), vector->limit) >>
			(cursor->index & 7);
	if (likely(data + ((bit + gaps * wide) >> 3) + 8 <= limit))
	{
		/* all loads lie inside: no need to look at each */
		const uint64 other_mask = wide_mask ^ narrow_mask;
		const uint64 more = wide - narrow;

		for (uint32 i = 0; i < gaps; i++, classes >>= 1)
		{
			uint64 is_wide = 0 - (classes & 1);

			out[i] = number;
			number += load_whole_word(data + (bit >> 3)) >> (bit & 7) &
				(narrow_mask ^ (other_mask & is_wide));
			bit += narrow + (more & is_wide);
		}
	}
	else
	{
		for (uint32 i = 0; i < gaps; i++, classes >>= 1)
		{
			bool is_wide = classes & 1;

			out[i] = number;
			number += load_word(data + (bit >> 3), limit) >> (bit & 7) &
				(is_wide ? wide_mask : narrow_mask);
			bit += is_wide ? wide : narrow;
		}
	}
	if (gaps < count)
		out[gaps] = number;
	if (unlikely(number > vector->last))
		corrupt_timeline("a time lies after the last one");
	cursor->number = number;
	cursor->bit = bit;
	cursor->index += count;
}

/*
 * The widths in which gaps, so many of each width, take the fewest bits.  Of
 * equally good ones the widest narrow one, so that where classes do not pay
 * there are none.
 */
static inline void
monotone_best_widths(const uint32 gaps_of_width[65], uint32 gaps, uint32 *narrow, uint32 *wide,
					 uint32 *wide_gaps)
{
	uint32 wider;
	uint64 best;

	for (*wide = 64; *wide > 0 && gaps_of_width[*wide] == 0; (*wide)--)
		;
	if (*wide > MAX_PACKED_WIDTH)
		*wide = 64;
	*narrow = *wide;
	*wide_gaps = 0;
	best = (uint64) gaps * *wide;
	wider = gaps_of_width[*wide];
	for (uint32 width = *wide; width-- > 0;)
	{
		uint64 bits = gaps + monotone_gap_bits(gaps, width, *wide, wider);

		if (bits < best && width <= MAX_PACKED_WIDTH)
		{
			best = bits;
			*narrow = width;
			*wide_gaps = wider;
		}
		wider += gaps_of_width[width];
	}
}

/* The same for the gaps between numbers. */
static inline void
monotone_widths(const uint64 *numbers, uint32 count, uint32 *narrow, uint32 *wide,
				uint32 *wide_gaps)
{
	uint32 gaps_of_width[65] = {0};
	uint32 gaps = count - 1;

	for (uint32 start = 0; start < gaps; start += INTERRUPT_BLOCK)
	{
		uint32 end = Min(start + INTERRUPT_BLOCK, gaps);

		CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
			gaps_of_width[bits_for(numbers[i + 1] - numbers[i])]++;
	}
	monotone_best_widths(gaps_of_width, gaps, narrow, wide, wide_gaps);
}

/*
 * Writes count > 1 numbers that never fall, the first being 0; returns the first
 * byte after them.  The bytes from at on are zero, 8 beyond the end included.
 */
static inline uint8 *
monotone_write(uint8 *at, const uint64 *numbers, uint32 count, uint32 narrow, uint32 wide)
{
	uint64 last = numbers[count - 1];
	uint32 gaps = count - 1;
	uint64 limit = packed_vector(NULL, NULL, narrow).mask;
	bool has_classes = monotone_has_classes(narrow, wide);
	BitWriter number_samples = bit_writer(at);
	BitWriter rank_samples;
	uint8 *rank_at;
	uint8 *classes;
	BitWriter gap_writer;
	uint32 rank = 0;

	for (uint32 i = MONOTONE_SAMPLE; i < count; i += MONOTONE_SAMPLE)
		bit_write(&number_samples, numbers[i], packed_width(last));
	rank_at = bit_finish(&number_samples);
	rank_samples = bit_writer(rank_at);
	classes = rank_at + bytes_for_bits((uint64) (gaps / MONOTONE_SAMPLE) * packed_width(count));
	gap_writer = bit_writer(classes + (has_classes ? bytes_for_bits(gaps) : 0));

	for (uint32 start = 0; start < gaps; start += MONOTONE_SAMPLE)
	{
		uint32 end = Min(start + MONOTONE_SAMPLE, gaps);

		if ((start & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		/* the ranks lie before the class bits, which are written later: no word is torn */
		if (start > 0)
			bit_write(&rank_samples, rank, packed_width(count));
		for (uint32 i = start; i < end; i++)
			rank += numbers[i + 1] - numbers[i] > limit;
	}
	if (gaps > 0 && gaps % MONOTONE_SAMPLE == 0)
		bit_write(&rank_samples, rank, packed_width(count));
	(void) bit_finish(&rank_samples);

	if (!has_classes)
	{
		for (uint32 start = 0; start < gaps; start += INTERRUPT_BLOCK)
		{
			uint32 end = Min(start + INTERRUPT_BLOCK, gaps);

			CHECK_FOR_INTERRUPTS();
			for (uint32 i = start; i < end; i++)
				bit_write(&gap_writer, numbers[i + 1] - numbers[i], wide);
		}
		return bit_finish(&gap_writer);
	}
	for (uint32 start = 0; start < gaps; start += 8)
	{
		uint32 end = Min(start + 8, gaps);
		uint8 byte = 0;

		if ((start & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 i = start; i < end; i++)
		{
			uint64 gap = numbers[i + 1] - numbers[i];
			bool is_wide = gap > limit;

			byte |= (uint8) (is_wide << (i - start));
			bit_write(&gap_writer, gap, is_wide ? wide : narrow);
		}
		classes[start / 8] = byte;
	}
	return bit_finish(&gap_writer);
}

#endif /* CRM_BITS_H */
