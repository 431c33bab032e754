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
 * - A monotone vector holds n integers that never fall, in Elias-Fano form:
 *	 the low l bits of each as a packed vector, the rest in unary, as one bit
 *	 string in which number i sets the bit (number >> l) + i.  It spends about
 *	 2 + log2(last / n) bits a number, however unevenly they lie.
 *
 * Nothing here allocates, and no read goes past the limit it was given,
 * whatever the bytes say.  Bytes are little-endian on every machine.
 */
#ifndef CRM_BITS_H
#define CRM_BITS_H

#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

#include "base/errors.h"

#define MAX_PACKED_WIDTH 57

/* every MONOTONE_SAMPLE-th number's bit position is kept, for access in the middle */
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
	PackedVector low;
	PackedVector samples;
	const uint8 *high;
	const uint8 *limit;
	uint64 high_bits;
	uint64 last; /* the greatest number */
	uint32 count;
} MonotoneVector;

typedef struct MonotoneCursor
{
	uint64 word;     /* bits of the current word not yet used */
	uint64 position; /* of that word, in bits */
	uint32 index;    /* of the number that comes next */
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

/* Reads 8 bytes, or what is left before limit, the rest being zero. */
static inline uint64
load_word(const uint8 *at, const uint8 *limit)
{
	uint64 word = 0;

	if (likely(limit - at >= 8))
		memcpy(&word, at, 8);
	else if (at < limit)
		memcpy(&word, at, (limit - at) & 7);
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
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

/* Bits that go to the low part of each of count numbers up to last. */
static inline uint32
monotone_low_width(uint32 count, uint64 last)
{
	uint64 ratio = last / count;
	uint32 width = ratio == 0 ? 0 : (uint32) pg_leftmost_one_pos64(ratio);

	return Min(width, MAX_PACKED_WIDTH);
}

static inline uint64
monotone_high_bits(uint32 count, uint64 last)
{
	return (last >> monotone_low_width(count, last)) + count;
}

static inline uint32
monotone_samples(uint32 count)
{
	return (count - 1) / MONOTONE_SAMPLE;
}

/* Bytes of a monotone vector of count > 0 numbers up to last. */
static inline uint64
monotone_bytes(uint32 count, uint64 last)
{
	uint64 high_bits = monotone_high_bits(count, last);

	return bytes_for_bits((uint64) monotone_samples(count) * packed_width(high_bits)) +
		bytes_for_bits((uint64) count * monotone_low_width(count, last)) +
		bytes_for_bits(high_bits);
}

/* Binds a vector to its bytes; the caller knows that they are all before limit. */
static inline MonotoneVector
monotone_vector(const uint8 *data, const uint8 *limit, uint32 count, uint64 last)
{
	MonotoneVector vector;
	uint32 low_width = monotone_low_width(count, last);

	vector.count = count;
	vector.last = last;
	vector.limit = limit;
	vector.high_bits = monotone_high_bits(count, last);
	vector.samples = packed_vector(data, limit, packed_width(vector.high_bits));
	data += bytes_for_bits((uint64) monotone_samples(count) * vector.samples.width);
	vector.low = packed_vector(data, limit, low_width);
	data += bytes_for_bits((uint64) count * low_width);
	vector.high = data;
	return vector;
}

/* The word of the high part that holds bit position, which is a multiple of 64. */
static inline uint64
monotone_word(const MonotoneVector *vector, uint64 position)
{
	uint64 word = load_word(vector->high + position / 8, vector->limit);
	uint64 left = vector->high_bits - position;

	return left >= 64 ? word : word & ((UINT64CONST(1) << left) - 1);
}

/* A cursor on number index; O(MONOTONE_SAMPLE) at most. */
static inline MonotoneCursor
monotone_seek(const MonotoneVector *vector, uint32 index)
{
	MonotoneCursor cursor;
	uint32 sample = index / MONOTONE_SAMPLE;
	uint64 bit = sample == 0 ? 0 : packed_get(&vector->samples, sample - 1);

	if (bit >= vector->high_bits)
		corrupt_timeline("a time sample lies outside the column");
	cursor.index = sample * MONOTONE_SAMPLE;
	cursor.position = bit & ~UINT64CONST(63);
	cursor.word = monotone_word(vector, cursor.position) & (~UINT64CONST(0) << (bit & 63));
	while (cursor.index < index)
	{
		uint32 ones = (uint32) pg_popcount64(cursor.word);

		if (cursor.index + ones <= index)
		{
			cursor.index += ones;
			cursor.position += 64;
			if (cursor.position >= vector->high_bits)
				corrupt_timeline("the time column ends early");
			cursor.word = monotone_word(vector, cursor.position);
		}
		else
		{
			for (; cursor.index < index; cursor.index++)
				cursor.word &= cursor.word - 1;
		}
	}
	return cursor;
}

/* The number under the cursor, which moves on. */
static inline uint64
monotone_next(const MonotoneVector *vector, MonotoneCursor *cursor)
{
	uint64 high;
	uint64 number;

	while (unlikely(cursor->word == 0))
	{
		cursor->position += 64;
		if (cursor->position >= vector->high_bits)
			corrupt_timeline("the time column ends early");
		cursor->word = monotone_word(vector, cursor->position);
	}
	high = cursor->position + pg_rightmost_one_pos64(cursor->word) - cursor->index;
	cursor->word &= cursor->word - 1;
	number = (high << vector->low.width) | packed_get(&vector->low, cursor->index);
	cursor->index++;
	if (unlikely(number > vector->last))
		corrupt_timeline("a time lies after the last one");
	return number;
}

static inline uint64
monotone_get(const MonotoneVector *vector, uint32 index)
{
	MonotoneCursor cursor = monotone_seek(vector, index);

	return monotone_next(vector, &cursor);
}

/*
 * Writes count > 0 numbers that never fall; returns the first byte after
 * them.  The bytes from at on are zero, 8 beyond the end included.
 */
static inline uint8 *
monotone_write(uint8 *at, const uint64 *numbers, uint32 count)
{
	uint64 last = numbers[count - 1];
	uint32 low_width = monotone_low_width(count, last);
	uint64 high_bits = monotone_high_bits(count, last);
	BitWriter samples = bit_writer(at);
	uint32 sample_width = packed_width(high_bits);
	BitWriter low;
	uint8 *high;

	for (uint32 i = MONOTONE_SAMPLE; i < count; i += MONOTONE_SAMPLE)
		bit_write(&samples, (numbers[i] >> low_width) + i, sample_width);
	at = bit_finish(&samples);

	low = bit_writer(at);
	if (low_width > 0)
	{
		uint64 mask = (UINT64CONST(1) << low_width) - 1;

		for (uint32 i = 0; i < count; i++)
			bit_write(&low, numbers[i] & mask, low_width);
	}
	high = bit_finish(&low);
	/* bit_finish stored a whole word: what lies behind the low part is zero again */
	for (uint32 i = 0; i < count; i++)
	{
		uint64 bit = (numbers[i] >> low_width) + i;

		high[bit >> 3] |= (uint8) (1 << (bit & 7));
	}
	return high + bytes_for_bits(high_bits);
}

#endif /* CRM_BITS_H */
