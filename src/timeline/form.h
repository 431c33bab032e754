/*
 * form.h
 *		Which of its forms a column takes: the rules by which a value has only one.
 *
 * The writer (layout.c) chooses by them, and the check of what comes from outside
 * (validate.c) asks them whether a writer would have chosen so.  doc/format.md,
 * section 4, lists them.
 */
#ifndef CRM_FORM_H
#define CRM_FORM_H

#include "base/bits.h"
#include "base/limits.h"
#include "timeline/layout.h"

/*
 * The width of a text's characters that lie between least and greatest; bytes
 * is how many there are.  One bit at least, so that a few bytes never stand for
 * a gigabyte of text.
 */
static inline uint32
character_width(uint64 bytes, uint8 least, uint8 greatest)
{
	return bytes == 0 ? 0 : Max(bits_for((uint64) (greatest - least)), 1);
}

/* Whether so few texts are a dictionary, whatever their lengths: plain cannot be smaller. */
static inline bool
are_few_texts(uint32 texts, uint32 present)
{
	return texts <= present / 2 && texts <= MAX_DICTIONARY;
}

/*
 * The same where they are not so few: texts of dictionary_bytes in all, and of
 * plain_bytes where each is said as often as it comes.
 */
static inline bool
is_dictionary_smaller(uint32 texts, uint64 dictionary_bytes, uint32 present, uint64 plain_bytes,
					  uint32 width)
{
	uint64 dictionary_bits = (uint64) (texts - 1) * packed_width(dictionary_bytes) +
		dictionary_bytes * width + (uint64) present * packed_width(texts - 1);
	uint64 plain_bits = (uint64) (present - 1) * packed_width(plain_bytes) + plain_bytes * width;

	return texts <= MAX_DICTIONARY && dictionary_bits <= plain_bits;
}

/* Decimals: at most this many digits after the point, and this many before scaling stops. */
#define MAX_EXPONENT 18
#define MAX_SCALED ((double) (INT64CONST(1) << 50))

static const double power_of_ten[MAX_EXPONENT + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
													  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
													  1e14, 1e15, 1e16, 1e17, 1e18};

/* Whether number is scaled / 10^exponent to the last bit, and which scaled. */
static inline bool
scale_number(double number, int exponent, int64 *scaled)
{
	double product = number * power_of_ten[exponent];

	if (!(product <= MAX_SCALED && product >= -MAX_SCALED))
		return false;
	*scaled = (int64) (product < 0 ? product - 0.5 : product + 0.5);
	return (double) *scaled / power_of_ten[exponent] == number;
}

/*
 * The smallest exponent at which every number so far is an exact decimal: the
 * one for the numbers before, raised as far as this number wants.  Above
 * MAX_EXPONENT there is none.  A number is exact from some exponent on until it
 * grows too large, so what is found for all of them is the only candidate, and
 * a second pass confirms it.
 */
static inline int
raise_exponent(double number, int exponent)
{
	int64 scaled;

	while (!scale_number(number, exponent, &scaled))
	{
		if (++exponent > MAX_EXPONENT)
			break;
	}
	return exponent;
}

#endif /* CRM_FORM_H */
