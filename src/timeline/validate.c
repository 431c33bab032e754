/*
 * validate.c
 *		Bytes from outside: are they the one form of a timeline?
 *
 * layout_open() says whether bytes can be read; here they are held to all the
 * rules of doc/format.md.  What validates is what packing its interactions would
 * give, bit by bit.
 *
 * Bytes may say much more than they are: a column whose values are all the same
 * takes none for each of them.  So nothing is unpacked as a whole.  Every column
 * is read by itself, a block at a time, and one that is the same throughout is
 * read once; then the interactions that share a time are compared, each with the
 * one before it.  The work is proportional to the bytes, and the memory a
 * megabyte at the most.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "timeline/form.h"
#include "timeline/validate.h"

/* characters of a text that are looked at at a time */
#define PIECE_BYTES 1024

/* texts of a plain column by their hashes, open addressing; a power of two */
#define MAX_TEXT_PLACES 131072

StaticAssertDecl(MAX_TEXT_PLACES >= 2 * (MAX_DICTIONARY + 1), "half of the places stay empty");

#define NOT_CANONICAL "it is not in its canonical form"
#define OUT_OF_ORDER "its interactions are out of order"

static inline void
require(bool holds, const char *otherwise)
{
	if (unlikely(!holds))
		corrupt_timeline(otherwise);
}

/* The bits that a vector's last byte has to spare are 0. */
static void
validate_rest(const uint8 *data, uint64 bits)
{
	if (bits % 8 != 0)
		require(data[bits / 8] >> (bits % 8) == 0, NOT_CANONICAL);
}

static inline bool
has_value(const Column *column, uint32 index)
{
	return !column->absences || (column->presence[index >> 3] >> (index & 7) & 1) != 0;
}

/* Interactions [index, index + 64) that have a value in a column with absences, as bits. */
static inline uint64
presence_word(const Column *column, uint32 index, uint32 count)
{
	uint64 word = load_word(column->presence + index / 8, column->ranks.limit);

	return count - index < 64 ? word & ((UINT64CONST(1) << (count - index)) - 1) : word;
}

/*
 * Times
 */

static uint64
greatest_divisor(uint64 a, uint64 b)
{
	while (b != 0)
	{
		uint64 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Unit, span, the widths, classes and samples of the gaps are what the times want. */
static void
validate_times(const Layout *layout)
{
	const MonotoneVector *times = &layout->times;
	uint32 count = layout->count;
	uint32 gaps = count - 1;
	uint32 samples = gaps / MONOTONE_SAMPLE;
	MonotoneCursor cursor;
	uint64 numbers[MONOTONE_BLOCK];
	uint64 last = 0;
	uint64 divisor = 0;
	uint32 rank = 0;
	uint32 gaps_of_width[65] = {0};
	uint32 narrow;
	uint32 wide;
	uint32 wide_gaps;

	if (gaps == 0)
		return;
	cursor = layout_seek(layout, 0);
	for (uint32 start = 0; start < count; start += MONOTONE_BLOCK)
	{
		uint32 block = Min(count - start, MONOTONE_BLOCK);

		CHECK_FOR_INTERRUPTS();
		monotone_next_many(times, &cursor, block, numbers);
		for (uint32 i = start == 0 ? 1 : 0; i < block; i++)
		{
			uint32 index = start + i;
			uint64 gap = numbers[i] - last;
			bool is_wide = gap > times->mask[0];

			require(numbers[i] >= last, OUT_OF_ORDER);
			last = numbers[i];
			gaps_of_width[bits_for(gap)]++;
			if (divisor != 1)
				divisor = greatest_divisor(gap, divisor);
			rank += is_wide;
			if (times->classes != NULL)
				require((times->classes[(index - 1) >> 3] >> ((index - 1) & 7) & 1) == is_wide,
						NOT_CANONICAL);
			if (index % MONOTONE_SAMPLE == 0)
			{
				uint32 sample = index / MONOTONE_SAMPLE - 1;

				require(packed_get(&times->numbers, sample) == last &&
							packed_get(&times->ranks, sample) == rank,
						NOT_CANONICAL);
			}
		}
	}
	require(last == layout->span, NOT_CANONICAL);
	/* no unit is there where the span is 0 */
	require(layout->unit > 0 && divisor == (last > 0), NOT_CANONICAL);

	monotone_best_widths(gaps_of_width, gaps, &narrow, &wide, &wide_gaps);
	require(times->width[0] == narrow && times->width[1] == wide && times->wide_gaps == wide_gaps,
			NOT_CANONICAL);
	validate_rest(times->numbers.data, (uint64) samples * times->numbers.width);
	validate_rest(times->ranks.data, (uint64) samples * times->ranks.width);
	if (times->classes != NULL)
		validate_rest(times->classes, gaps);
	validate_rest(times->gaps, monotone_gap_bits(gaps, narrow, wide, wide_gaps));
}

/*
 * Presence
 */

/* Presence says as many values as there are, and its samples say how many come before. */
static void
validate_presence(const Column *column, uint32 count)
{
	uint32 samples = (count - 1) / RANK_SAMPLE;
	uint64 rank = 0;

	if (!column->absences)
		return;
	for (uint32 index = 0; index < count; index += 64)
	{
		if ((index & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (index > 0 && index % RANK_SAMPLE == 0)
			require(packed_get(&column->ranks, index / RANK_SAMPLE - 1) == rank, NOT_CANONICAL);
		rank += pg_popcount64(presence_word(column, index, count));
	}
	require(rank == column->present, "a column has another number of values than it says");
	validate_rest(column->presence, count);
	validate_rest(column->ranks.data, (uint64) samples * column->ranks.width);
}

/* Whether no interaction has a value in both columns, each of which has some. */
static bool
are_disjoint(const Column *a, const Column *b, uint32 count)
{
	if (!a->absences || !b->absences)
		return false;
	for (uint32 index = 0; index < count; index += 64)
	{
		if ((index & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if ((presence_word(a, index, count) & presence_word(b, index, count)) != 0)
			return false;
	}
	return true;
}

/*
 * Texts
 */

/*
 * Raises an error unless the bytes, all of a text or a piece of one, are valid
 * in the database's encoding.  Returns how many of them are looked at: a
 * character that goes on in the next piece is not.
 */
static uint32
validate_characters(const char *bytes, uint32 length, bool ends)
{
	int encoding = GetDatabaseEncoding();
	uint32 valid = (uint32) pg_encoding_verifymbstr(encoding, bytes, (int) length);

	require(memchr(bytes, 0, length) == NULL &&
				(valid == length ||
				 (!ends && length - valid < (uint32) pg_encoding_max_length(encoding))),
			"a text is not valid in the database's encoding");
	return valid;
}

/* What the texts of a column are, as far as they are read. */
typedef struct TextSurvey
{
	uint8 least;
	uint8 greatest;
	bool hashes; /* whether hash is wanted */
	uint32 hash; /* of the last one */
} TextSurvey;

/* Reads one text, which has to be valid, piece by piece. */
static void
survey_text(TextSurvey *survey, const Column *column, TextExtent extent)
{
	char buffer[PIECE_BYTES];
	uint8 least = survey->least;
	uint8 greatest = survey->greatest;

	survey->hash = 0;
	for (uint64 start = extent.start; start < extent.end;)
	{
		uint32 length = (uint32) Min(extent.end - start, PIECE_BYTES);
		const char *piece = column_characters(column, start, start + length, buffer);

		CHECK_FOR_INTERRUPTS();
		length = validate_characters(piece, length, start + length == extent.end);
		for (uint32 i = 0; i < length; i++)
		{
			least = Min(least, (uint8) piece[i]);
			greatest = Max(greatest, (uint8) piece[i]);
		}
		if (survey->hashes)
			survey->hash = hash_combine(survey->hash,
										hash_bytes((const unsigned char *) piece, (int) length));
		start += length;
	}
	survey->least = least;
	survey->greatest = greatest;
}

/* The order of two texts of a column. */
static int
compare_column_texts(const Column *column, uint32 a, uint32 b)
{
	TextExtent a_extent = column_extent(column, a);
	TextExtent b_extent = column_extent(column, b);
	uint64 a_length = a_extent.end - a_extent.start;
	uint64 b_length = b_extent.end - b_extent.start;
	uint64 common = Min(a_length, b_length);

	for (uint64 done = 0; done < common; done += PIECE_BYTES)
	{
		char a_buffer[PIECE_BYTES];
		char b_buffer[PIECE_BYTES];
		uint64 end = Min(done + PIECE_BYTES, common);
		const char *a_piece = column_characters(column, a_extent.start + done, a_extent.start + end,
												a_buffer);
		const char *b_piece = column_characters(column, b_extent.start + done, b_extent.start + end,
												b_buffer);
		int result = memcmp(a_piece, b_piece, end - done);

		CHECK_FOR_INTERRUPTS();
		if (result != 0)
			return result;
	}
	return a_length == b_length ? 0 : a_length < b_length ? -1 : 1;
}

/* The different texts of a plain column, as long as they may be few enough for a dictionary. */
typedef struct TextPlace
{
	uint32 hash;
	uint32 text; /* its number + 1; 0 = an empty place */
} TextPlace;

typedef struct TextSet
{
	TextPlace *place;
	uint32 mask;
	uint32 texts; /* MAX_DICTIONARY + 1 where there may be more */
	uint64 bytes;
} TextSet;

/* Adds a text unless there is an equal one. */
static void
note_text(TextSet *set, const Column *column, uint32 text, uint32 hash)
{
	TextExtent extent = column_extent(column, text);
	TextPlace *place;

	for (uint32 at = hash;; at++)
	{
		CHECK_FOR_INTERRUPTS();
		place = &set->place[at & set->mask];
		if (place->text == 0)
			break;
		if (place->hash == hash && compare_column_texts(column, place->text - 1, text) == 0)
			return;
	}
	place->hash = hash;
	place->text = text + 1;
	set->texts++;
	set->bytes += extent.end - extent.start;
}

/*
 * The values of a dictionary: each text is used, and the column would not be
 * smaller without the dictionary.
 */
static void
validate_codes(const Column *column, uint32 width)
{
	uint8 used[MAX_DICTIONARY / 8 + 1] = {0};
	uint32 unused = column->texts;
	bool few = are_few_texts(column->texts, column->present);
	uint64 plain_bytes = 0;

	/* of one text there are no codes */
	for (uint32 start = 0; start < column->present && column->texts > 1; start += LAYOUT_BLOCK)
	{
		uint32 block = Min(column->present - start, LAYOUT_BLOCK);
		uint32 codes[LAYOUT_BLOCK];

		CHECK_FOR_INTERRUPTS();
		packed_get_many(&column->values, start, block, codes);
		for (uint32 i = 0; i < block; i++)
		{
			uint32 code = codes[i];
			uint8 bit = (uint8) (1 << (code & 7));

			require(code < column->texts, "a text code lies outside its dictionary");
			unused -= (used[code >> 3] & bit) == 0;
			used[code >> 3] |= bit;
			if (!few)
			{
				TextExtent extent = column_extent(column, code);

				plain_bytes += extent.end - extent.start;
			}
		}
	}
	if (column->texts == 1)
	{
		unused = 0;
		plain_bytes = column->text_bytes * column->present;
	}
	require(unused == 0, NOT_CANONICAL);
	require(few ||
				is_dictionary_smaller(column->texts, column->text_bytes, column->present,
									  plain_bytes, width),
			NOT_CANONICAL);
	validate_rest(column->values.data, (uint64) column->present * column->values.width);
}

static void
validate_texts(const Column *column)
{
	uint32 width = column->bytes != NULL ? 8 : column->characters.width;
	bool plain = column->encoding == ENCODING_PLAIN;
	TextSurvey survey = {255, 0, plain, 0};
	TextSet set = {0};

	/* many texts without a character are the same text */
	require(plain ? column->text_bytes > 0 : column->texts <= MAX_DICTIONARY, NOT_CANONICAL);
	if (plain)
	{
		uint32 places = 2;

		while (places < MAX_TEXT_PLACES && places / 2 < column->texts)
			places *= 2;
		set.place = palloc0(sizeof(TextPlace) * places);
		set.mask = places - 1;
	}
	for (uint32 i = 0; i < column->texts; i++)
	{
		TextExtent extent = column_extent(column, i);

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		survey_text(&survey, column, extent);
		if (column->well_known == AUTOMATED)
		{
			char buffer[5];
			TextSlice text = {NULL, (uint32) Min(extent.end - extent.start, 6)};

			if (text.length <= 5)
				text.bytes = column_characters(column, extent.start, extent.end, buffer);
			require(text.length <= 5 &&
						(same_slice(text, (TextSlice) {"true", 4}) ||
						 same_slice(text, (TextSlice) {"false", 5})),
					"automated is neither true nor false");
		}
		if (survey.hashes)
		{
			note_text(&set, column, i, survey.hash);
			survey.hashes = set.texts <= MAX_DICTIONARY;
		}
		else if (!plain && i > 0)
			require(compare_column_texts(column, i - 1, i) < 0, NOT_CANONICAL);
	}
	if (column->text_bytes == 0)
		survey.least = 0;
	require(width == character_width(column->text_bytes, survey.least, survey.greatest) &&
				(column->bytes != NULL || column->character_base == survey.least),
			NOT_CANONICAL);
	validate_rest(column->ends.data, (uint64) (column->texts - 1) * column->ends.width);
	if (column->bytes == NULL)
		validate_rest(column->characters.data, column->text_bytes * width);

	if (!plain)
		validate_codes(column, width);
	else
	{
		require(!are_few_texts(set.texts, column->present) &&
					!is_dictionary_smaller(set.texts, set.bytes, column->present,
										   column->text_bytes, width),
				NOT_CANONICAL);
		pfree(set.place);
	}
}

/*
 * Numbers
 */

/* Values of a number column that are to be read: where they take no bits they are all the same. */
static inline uint32
values_to_read(const Column *column)
{
	return column->values.width == 0 ? 1 : column->present;
}

/* The base is the least of the integers, and the width that of the greatest one's distance. */
static void
validate_frame(const Column *column)
{
	int64 least = PG_INT64_MAX;
	int64 greatest = PG_INT64_MIN;

	for (uint32 i = 0; i < values_to_read(column); i++)
	{
		int64 integer = (int64) (column->base + packed_get(&column->values, i));

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		least = Min(least, integer);
		greatest = Max(greatest, integer);
	}
	require((uint64) least == column->base &&
				column->values.width == packed_width((uint64) greatest - (uint64) least),
			NOT_CANONICAL);
}

/* Each number scales to what stands for it, and some of them not with a smaller exponent. */
static void
validate_decimals(const Column *column)
{
	int exponent = 0;

	for (uint32 i = 0; i < values_to_read(column); i++)
	{
		double number = number_from_bits(column_number(column, i));
		int64 scaled = 0;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		require(scale_number(number, column->exponent, &scaled) &&
					(uint64) scaled == column->base + packed_get(&column->values, i),
				NOT_CANONICAL);
		if (exponent < column->exponent)
			exponent = raise_exponent(number, exponent);
	}
	require(exponent == column->exponent, NOT_CANONICAL);
	validate_frame(column);
}

/* Zero and NaN have one form each, and no exponent makes decimals of all numbers. */
static void
validate_raw(const Column *column)
{
	int exponent = 0;
	int64 scaled;

	for (uint32 i = 0; i < column->present; i++)
	{
		double number = number_from_bits(column_number(column, i));

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		require(number_to_bits(number) == column_number(column, i), NOT_CANONICAL);
		if (exponent <= MAX_EXPONENT)
			exponent = raise_exponent(number, exponent);
	}
	if (exponent > MAX_EXPONENT)
		return;
	for (uint32 i = 0; i < column->present; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!scale_number(number_from_bits(column_number(column, i)), exponent, &scaled))
			return;
	}
	corrupt_timeline(NOT_CANONICAL);
}

static void
validate_sentiments(const Column *column)
{
	for (uint32 i = 0; i < values_to_read(column); i++)
	{
		double sentiment = number_from_bits(column_number(column, i));

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		require(sentiment >= -1 && sentiment <= 1, "a sentiment lies outside -1 to 1");
	}
}

/*
 * Columns
 */

static void
validate_column(const Column *column, uint32 count)
{
	validate_presence(column, count);
	if (column->type == ATTRIBUTE_TEXT)
	{
		validate_texts(column);
		return;
	}
	if (column->encoding == ENCODING_DECIMAL)
		validate_decimals(column);
	else if (column->encoding == ENCODING_RAW)
		validate_raw(column);
	else
		validate_frame(column);
	validate_rest(column->values.data, (uint64) column->present * column->values.width);
	if (column->well_known == SENTIMENT)
		validate_sentiments(column);
}

/* Names: valid, the user's own, and for one of two types in each interaction. */
static void
validate_names(const Layout *layout)
{
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];
		TextSlice name = column->name;

		if (column->well_known != USER_NAMED)
			continue;
		(void) validate_characters(name.bytes, name.length, true);
		require(well_known_by_name(name.bytes, name.length) == USER_NAMED &&
					!same_slice(name, (TextSlice) {"kind", 4}) &&
					!same_slice(name, (TextSlice) {"occurred_at", 11}),
				"an attribute of the user's has a name that is taken");
		require(i == 0 || !same_slice(column[-1].name, name) ||
					are_disjoint(column - 1, column, layout->count),
				"an interaction has an attribute twice");
	}
}

/*
 * Order
 */

/* Whether the values of a valid column tell interactions apart. */
static bool
tells_apart(const Column *column)
{
	if (column->absences)
		return true;
	return column->type == ATTRIBUTE_TEXT ? column->texts > 1 : column->values.width > 0;
}

/* The columns that tell interactions of one time apart, in their order: seq, kind, the others. */
static int
order_columns(const Layout *layout, const Column **columns)
{
	int count = 0;

	for (int i = 0; i < layout->columns; i++)
	{
		if (layout->column[i].type == ATTRIBUTE_INTEGER && tells_apart(&layout->column[i]))
			columns[count++] = &layout->column[i];
	}
	if (tells_apart(&layout->kind))
		columns[count++] = &layout->kind;
	for (int i = 0; i < layout->columns; i++)
	{
		if (layout->column[i].type != ATTRIBUTE_INTEGER && tells_apart(&layout->column[i]))
			columns[count++] = &layout->column[i];
	}
	return count;
}

/* The order of interactions index - 1 and index by their values in a valid column. */
static int
compare_neighbours(const Column *column, uint32 index)
{
	uint32 rank = index;
	uint64 a;
	uint64 b;

	if (column->absences)
	{
		int before = has_value(column, index - 1);
		int after = has_value(column, index);

		if (before == 0 || after == 0)
			return before - after;
		rank = column_rank(column, index);
	}
	if (column->encoding == ENCODING_PLAIN)
		return compare_column_texts(column, rank - 1, rank);
	/* codes and distances from the base are in the order of what they stand for */
	a = packed_get(&column->values, rank - 1);
	b = packed_get(&column->values, rank);
	if (column->encoding == ENCODING_RAW)
		return compare_double_bits(a, b);
	return a < b ? -1 : a > b;
}

/* Interactions of the same time are in order; that times never fall is known. */
static void
validate_order(const Layout *layout)
{
	const Column *columns[MAX_ATTRIBUTES + 1];
	int column_count = order_columns(layout, columns);
	MonotoneCursor cursor = layout_seek(layout, 0);
	int64 times[LAYOUT_BLOCK];
	int64 last = layout->first - 1;

	for (uint32 start = 0; start < layout->count; start += LAYOUT_BLOCK)
	{
		uint32 block = Min(layout->count - start, LAYOUT_BLOCK);

		CHECK_FOR_INTERRUPTS();
		layout_next_times(layout, &cursor, block, times);
		for (uint32 i = 0; i < block; i++)
		{
			int order = times[i] == last ? 0 : -1;

			last = times[i];
			for (int j = 0; j < column_count && order == 0; j++)
				order = compare_neighbours(columns[j], start + i);
			require(order <= 0, OUT_OF_ORDER);
		}
	}
}

/*
 * Takes the bytes of a timeline, without a varlena header, that come from
 * somewhere else, and raises an error unless they are the one form of what they
 * say.  O(bytes), with memory that does not depend on them.
 */
void
timeline_validate(const void *bytes, Size length)
{
	Layout *layout = palloc(sizeof(Layout));

	layout_open(layout, bytes, length);
	if (layout->count > 0)
	{
		validate_times(layout);
		validate_column(&layout->kind, layout->count);
		for (int i = 0; i < layout->columns; i++)
			validate_column(&layout->column[i], layout->count);
		validate_names(layout);
		validate_order(layout);
	}
	pfree(layout);
}
