/*
 * text.c
 *		The text form of a timeline:
 *
 *		{2026-03-01T09:15:00Z complaint channel=phone value=12.5; 2026-03-02T10:00:00Z refund}
 *
 *	timeline	= "{" (interaction (";" interaction)*)? "}"
 *	interaction = time text (name "=" value)*
 *	value		= number | text
 *	text, name	= word | '"' ... '"' with a doubled quote for a quote
 *	word		= letter or _ or any byte above 127, then these, digits, and . or -
 *				  where one of these or a digit follows
 *	time		= ISO 8601 with an offset: 2026-03-01T09:15:00.25Z, -0043-03-15T12:00+01:00
 *
 * Printing writes UTC, attributes in the order of their names, and quotes what
 * is not a word.  Neither way looks at a setting or a locale.  The parser raises
 * no error but says what is wrong and where.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/datetime.h"

#include "timeline/interaction.h"
#include "timeline/text.h"

/*
 * Printing
 */

static inline bool
is_word_start(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static inline bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_word_part(unsigned char c)
{
	return is_word_start(c) || is_digit(c);
}

/* The length of the word that text begins with, or 0. */
static Size
word_length(const char *text, Size length)
{
	Size i;

	if (length == 0 || !is_word_start((unsigned char) text[0]))
		return 0;
	for (i = 1; i < length; i++)
	{
		unsigned char c = (unsigned char) text[i];

		if ((i & 0xFFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (is_word_part(c))
			continue;
		if ((c == '.' || c == '-') && i + 1 < length && is_word_part((unsigned char) text[i + 1]))
			continue;
		break;
	}
	return i;
}

static inline bool
is_text(const char *text, Size length, const char *other)
{
	return length == strlen(other) && memcmp(text, other, length) == 0;
}

/* Words that are read as numbers. */
static inline bool
is_number_word(const char *text, Size length)
{
	return is_text(text, length, "NaN") || is_text(text, length, "Infinity");
}

static void
print_text(StringInfo out, TextSlice text)
{
	if (text.length > 0 && word_length(text.bytes, text.length) == text.length &&
		!is_number_word(text.bytes, text.length))
	{
		appendBinaryStringInfo(out, text.bytes, (int) text.length);
		return;
	}
	appendStringInfoChar(out, '"');
	for (uint32 i = 0; i < text.length; i++)
	{
		if ((i & 0xFFFFF) == 0xFFFFF)
			CHECK_FOR_INTERRUPTS();
		if (text.bytes[i] == '"')
			appendStringInfoChar(out, '"');
		appendStringInfoChar(out, text.bytes[i]);
	}
	appendStringInfoChar(out, '"');
}

/* A time in ISO 8601, UTC; years outside 0000..9999 with a sign, 0000 being 1 BC. */
void
print_time(StringInfo out, int64 time)
{
	int64 day = time / USECS_PER_DAY;
	int64 rest = time % USECS_PER_DAY;
	int year;
	int month;
	int day_of_month;
	int fraction;

	if (rest < 0)
	{
		rest += USECS_PER_DAY;
		day--;
	}
	j2date((int) day + POSTGRES_EPOCH_JDATE, &year, &month, &day_of_month);
	if (year > 9999)
		appendStringInfo(out, "+%d", year);
	else if (year < 0)
		appendStringInfo(out, "-%04d", -year);
	else
		appendStringInfo(out, "%04d", year);
	appendStringInfo(out, "-%02d-%02dT%02d:%02d:%02d", month, day_of_month,
					 (int) (rest / USECS_PER_HOUR), (int) (rest / USECS_PER_MINUTE % 60),
					 (int) (rest / USECS_PER_SEC % 60));
	fraction = (int) (rest % USECS_PER_SEC);
	if (fraction != 0)
	{
		char digits[8];
		int length = 6;

		snprintf(digits, sizeof(digits), "%06d", fraction);
		while (digits[length - 1] == '0')
			length--;
		appendStringInfo(out, ".%.*s", length, digits);
	}
	appendStringInfoChar(out, 'Z');
}

/* The shortest decimal that reads back as the same double. */
void
print_number(StringInfo out, double number)
{
	char buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isinf(number))
	{
		appendStringInfoString(out, number < 0 ? "-Infinity" : "Infinity");
		return;
	}
	double_to_shortest_decimal_buf(number, buffer);
	appendStringInfoString(out, buffer);
}

/* Appends the text form of a timeline; O(its text). */
void
print_timeline(StringInfo out, const Layout *layout)
{
	InteractionReader reader;

	appendStringInfoChar(out, '{');
	interactions_begin(&reader, layout, 0);
	while (interactions_next(&reader))
	{
		if ((reader.index & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (reader.index > 1)
			appendStringInfoString(out, "; ");
		print_time(out, reader.time);
		appendStringInfoChar(out, ' ');
		print_text(out, column_text(&layout->kind, reader.kind));
		for (int i = 0; i < layout->columns; i++)
		{
			const Column *column = &layout->column[i];

			if (!reader.present[i])
				continue;
			appendStringInfoChar(out, ' ');
			print_text(out, column->name);
			appendStringInfoChar(out, '=');
			if (column->type == ATTRIBUTE_TEXT)
				print_text(out, interaction_text(&reader, i));
			else if (column->type == ATTRIBUTE_NUMBER)
				print_number(out, number_from_bits(interaction_number(&reader, i)));
			else
				appendStringInfo(out, INT64_FORMAT, (int64) interaction_number(&reader, i));
		}
	}
	appendStringInfoChar(out, '}');
}

/*
 * Parsing
 */

typedef struct Parser
{
	const char *start;
	const char *at;
	const char *end;
	ParseError *error;
} Parser;

static bool
fail(Parser *parser, const char *message)
{
	parser->error->message = message;
	parser->error->position = parser->at - parser->start;
	parser->error->sqlstate = ERRCODE_INVALID_TEXT_REPRESENTATION;
	return false;
}

/* The same for what is well formed but passes a limit. */
static bool
fail_limit(Parser *parser, const char *message)
{
	(void) fail(parser, message);
	parser->error->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	return false;
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline void
skip_space(Parser *parser)
{
	while (parser->at < parser->end && is_space(*parser->at))
		parser->at++;
}

static inline bool
next_is(const Parser *parser, char c)
{
	return parser->at < parser->end && *parser->at == c;
}

/* Exactly digits digits. */
static bool
parse_digits(Parser *parser, int digits, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (parser->at >= parser->end || !is_digit((unsigned char) *parser->at))
			return fail(parser, "expected a digit of a time such as 2026-03-01T09:15:00Z");
		*number = *number * 10 + (*parser->at++ - '0');
	}
	return true;
}

static bool
parse_character(Parser *parser, char wanted, const char *message)
{
	if (!next_is(parser, wanted))
		return fail(parser, message);
	parser->at++;
	return true;
}

static bool
parse_year(Parser *parser, int *year)
{
	char sign = 0;
	const char *digits;

	if (next_is(parser, '+') || next_is(parser, '-'))
		sign = *parser->at++;
	digits = parser->at;
	for (*year = 0; parser->at < parser->end && is_digit((unsigned char) *parser->at); parser->at++)
	{
		if (parser->at - digits >= 6)
			return fail(parser, "expected a year of at most six digits");
		*year = *year * 10 + (*parser->at - '0');
	}
	if (parser->at - digits < 4)
		return fail(parser, "expected a time such as 2026-03-01T09:15:00Z");
	if (sign == '-')
		*year = -*year;
	return true;
}

/* The offset from UTC in seconds: Z, +hh, +hh:mm or +hh:mm:ss. */
static bool
parse_offset(Parser *parser, int *offset)
{
	int sign;
	int hours;
	int minutes = 0;
	int seconds = 0;

	*offset = 0;
	if (next_is(parser, 'Z') || next_is(parser, 'z'))
	{
		parser->at++;
		return true;
	}
	if (!next_is(parser, '+') && !next_is(parser, '-'))
		return fail(parser, "expected Z or an offset such as +02:00 after the time");
	sign = *parser->at++ == '-' ? -1 : 1;
	if (!parse_digits(parser, 2, &hours))
		return false;
	if (next_is(parser, ':'))
	{
		parser->at++;
		if (!parse_digits(parser, 2, &minutes))
			return false;
		if (next_is(parser, ':'))
		{
			parser->at++;
			if (!parse_digits(parser, 2, &seconds))
				return false;
		}
	}
	if (hours > 15 || minutes > 59 || seconds > 59)
		return fail(parser, "the offset from UTC is out of range");
	*offset = sign * ((hours * 60 + minutes) * 60 + seconds);
	return true;
}

static bool
parse_one_time(Parser *parser, int64 *time)
{
	const char *start = parser->at;
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second = 0;
	int fraction = 0;
	int offset;
	int64 days;

	if (!parse_year(parser, &year) ||
		!parse_character(parser, '-', "expected \"-\" and the month") ||
		!parse_digits(parser, 2, &month) ||
		!parse_character(parser, '-', "expected \"-\" and the day") ||
		!parse_digits(parser, 2, &day))
		return false;
	if (!next_is(parser, 'T') && !next_is(parser, 't'))
		return fail(parser, "expected \"T\" and the time of day");
	parser->at++;
	if (!parse_digits(parser, 2, &hour) ||
		!parse_character(parser, ':', "expected \":\" and the minute") ||
		!parse_digits(parser, 2, &minute))
		return false;
	if (next_is(parser, ':'))
	{
		parser->at++;
		if (!parse_digits(parser, 2, &second))
			return false;
		if (next_is(parser, '.'))
		{
			int scale = 100000;

			parser->at++;
			for (; parser->at < parser->end && is_digit((unsigned char) *parser->at);
				 parser->at++, scale /= 10)
			{
				if (scale == 0)
					return fail(parser, "expected at most six digits of a second");
				fraction += (*parser->at - '0') * scale;
			}
			if (scale == 100000)
				return fail(parser, "expected a digit after the point");
		}
	}
	if (!parse_offset(parser, &offset))
		return false;

	if (month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1] || hour > 23 ||
		minute > 59 || second > 59 || !IS_VALID_JULIAN(year, month, day))
	{
		parser->at = start;
		return fail(parser, "there is no such time");
	}
	days = (int64) date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	if (__builtin_mul_overflow(days, USECS_PER_DAY, time) ||
		__builtin_add_overflow(
			*time, ((hour * 60 + minute) * 60 + second - offset) * USECS_PER_SEC + fraction,
			time) ||
		!IS_VALID_TIMESTAMP(*time))
	{
		parser->at = start;
		return fail(parser, "the time is out of range");
	}
	return true;
}

/*
 * A word or a quoted text.  A quoted one that has quotes inside is copied; the
 * copy lives as long as the current memory context.
 */
static bool
parse_text(Parser *parser, TextSlice *text, bool *quoted, const char *message)
{
	const char *start = parser->at;
	uint32 steps = 0;
	bool doubled = false;

	*quoted = next_is(parser, '"');
	if (!*quoted)
	{
		text->bytes = start;
		text->length = (uint32) word_length(start, parser->end - start);
		if (text->length == 0)
			return fail(parser, message);
		parser->at += text->length;
		return true;
	}
	for (parser->at++;; parser->at++)
	{
		if ((++steps & 0xFFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (parser->at >= parser->end)
		{
			parser->at = start;
			return fail(parser, "the quote is not closed");
		}
		if (*parser->at != '"')
			continue;
		if (parser->at + 1 >= parser->end || parser->at[1] != '"')
			break;
		doubled = true;
		parser->at++;
	}
	text->bytes = start + 1;
	text->length = (uint32) (parser->at - start - 1);
	parser->at++;
	if (doubled)
	{
		char *copy = palloc(text->length);
		uint32 length = 0;

		for (uint32 i = 0; i < text->length; i++)
		{
			if ((length & 0xFFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			copy[length++] = text->bytes[i];
			if (text->bytes[i] == '"')
				i++;
		}
		text->bytes = copy;
		text->length = length;
	}
	return true;
}

/* The length of the number that text begins with, or 0. */
static Size
number_length(const char *text, Size length)
{
	Size i = 0;
	Size digits = 0;

	if (i < length && (text[i] == '+' || text[i] == '-'))
		i++;
	if (length - i >= 8 && memcmp(text + i, "Infinity", 8) == 0 &&
		word_length(text + i, length - i) == 8)
		return i + 8;
	if (i == 0 && length >= 3 && memcmp(text, "NaN", 3) == 0 && word_length(text, length) == 3)
		return 3;
	for (; i < length && is_digit((unsigned char) text[i]); i++)
		digits++;
	if (i < length && text[i] == '.')
	{
		for (i++; i < length && is_digit((unsigned char) text[i]); i++)
			digits++;
	}
	if (digits == 0)
		return 0;
	if (i < length && (text[i] == 'e' || text[i] == 'E'))
	{
		Size j = i + 1;

		if (j < length && (text[j] == '+' || text[j] == '-'))
			j++;
		if (j < length && is_digit((unsigned char) text[j]))
		{
			for (i = j; i < length && is_digit((unsigned char) text[i]); i++)
				;
		}
	}
	return i;
}

static bool
parse_number(Parser *parser, TextSlice slice, const char *at, AttributeValue *value)
{
	char short_copy[64];
	char *copy = slice.length < sizeof(short_copy) ? short_copy : palloc(slice.length + 1);
	char *end;
	double number;
	bool in_range;

	memcpy(copy, slice.bytes, slice.length);
	copy[slice.length] = '\0';
	if (value->column.type == ATTRIBUTE_INTEGER)
	{
		errno = 0;
		value->number = (uint64) strtoll(copy, &end, 10);
		if (*end != '\0' || errno == ERANGE)
		{
			parser->at = at;
			return fail(parser, "seq is not a whole number in the range of bigint");
		}
		return true;
	}
	errno = 0;
	number = strtod(copy, &end);
	/* a number too small for a normal double sets errno and is right all the same */
	in_range = errno != ERANGE || (number != 0 && !isinf(number));
	if (copy != short_copy)
		pfree(copy);
	if (!in_range)
	{
		parser->at = at;
		return fail(parser, "the number is out of the range of double precision");
	}
	if (value->column.well_known == SENTIMENT && !(number >= -1 && number <= 1))
	{
		parser->at = at;
		return fail(parser, "sentiment lies outside -1 to 1");
	}
	value->number = number_to_bits(number);
	return true;
}

static bool
parse_value(Parser *parser, AttributeValue *value)
{
	const char *at = parser->at;
	WellKnown well_known = value->column.well_known;
	AttributeType wanted = well_known_attribute[well_known].type;
	TextSlice number = {at, (uint32) number_length(at, parser->end - at)};
	bool quoted;

	value->absent = false;
	value->column.type = wanted;
	if (number.length > 0 && (well_known == USER_NAMED || wanted != ATTRIBUTE_TEXT))
	{
		if (well_known == USER_NAMED)
			value->column.type = ATTRIBUTE_NUMBER;
		parser->at += number.length;
		return parse_number(parser, number, at, value);
	}
	if (wanted != ATTRIBUTE_TEXT)
		return fail(parser, "expected a number: the attribute is a number");
	if (number.length > 0 && !is_word_start((unsigned char) *at))
	{
		/* a well-known text written as a number */
		parser->at += number.length;
		value->text = number;
	}
	else if (!parse_text(parser, &value->text, &quoted, "expected a value"))
		return false;
	if (well_known == AUTOMATED && !is_text(value->text.bytes, value->text.length, "true") &&
		!is_text(value->text.bytes, value->text.length, "false"))
	{
		parser->at = at;
		return fail(parser, "automated is neither true nor false");
	}
	return true;
}

static bool
parse_attribute(Parser *parser, AttributeValue *values, uint32 *count)
{
	const char *at = parser->at;
	AttributeValue *value = &values[*count];
	TextSlice name;
	bool quoted;

	if (!parse_text(parser, &name, &quoted, "expected an attribute, \";\" or \"}\""))
		return false;
	if (name.length > MAX_ATTRIBUTE_NAME)
	{
		parser->at = at;
		return fail_limit(parser, "the attribute's name has more than 255 bytes");
	}
	if (is_text(name.bytes, name.length, "occurred_at") || is_text(name.bytes, name.length, "kind"))
	{
		parser->at = at;
		return fail(parser, "occurred_at and kind are not names of attributes");
	}
	for (uint32 i = 0; i < *count; i++)
	{
		if (same_slice(values[i].column.name, name))
		{
			parser->at = at;
			return fail(parser, "the attribute is given twice");
		}
	}
	if (*count == MAX_ATTRIBUTES)
	{
		parser->at = at;
		return fail_limit(parser, "the interaction has more than 64 attributes");
	}
	value->column.name = name;
	value->column.well_known = well_known_by_name(name.bytes, name.length);
	if (!parse_character(parser, '=', "expected \"=\" and the attribute's value") ||
		!parse_value(parser, value))
		return false;
	(*count)++;
	return true;
}

static bool
parse_interaction(Parser *parser, Builder *builder)
{
	AttributeValue values[MAX_ATTRIBUTES];
	uint32 count = 0;
	int64 time;
	TextSlice kind;
	bool quoted;

	if (!parse_one_time(parser, &time))
		return false;
	if (parser->at >= parser->end || !is_space(*parser->at))
		return fail(parser, "expected a blank and the kind");
	skip_space(parser);
	if (!parse_text(parser, &kind, &quoted, "expected the kind"))
		return false;
	for (;;)
	{
		const char *before = parser->at;

		skip_space(parser);
		if (parser->at >= parser->end || next_is(parser, ';') || next_is(parser, '}'))
			break;
		if (parser->at == before)
			return fail(parser, "expected a blank, \";\" or \"}\"");
		if (!parse_attribute(parser, values, &count))
			return false;
	}
	builder_append_values(builder, time, kind, values, count);
	return true;
}

/*
 * Reads the text form and appends its interactions to the builder, in the order
 * in which they stand.  False, and error says why, if it is not one.
 */
bool
parse_timeline(const char *text, Size length, Builder *builder, ParseError *error)
{
	Parser parser = {.start = text, .at = text, .end = text + length, .error = error};

	skip_space(&parser);
	if (!parse_character(&parser, '{', "expected \"{\""))
		return false;
	skip_space(&parser);
	if (!next_is(&parser, '}'))
	{
		for (;;)
		{
			CHECK_FOR_INTERRUPTS();
			if (!parse_interaction(&parser, builder))
				return false;
			if (next_is(&parser, '}'))
				break;
			if (!parse_character(&parser, ';', "expected \";\" or \"}\""))
				return false;
			skip_space(&parser);
		}
	}
	parser.at++;
	skip_space(&parser);
	if (parser.at < parser.end)
		return fail(&parser, "expected the end after \"}\"");
	if (builder_attributes(builder) > MAX_ATTRIBUTES)
		return fail_limit(&parser, "the interactions have more than 64 attributes");
	return true;
}

/* Reads one time and nothing else. */
bool
parse_time(const char *text, Size length, int64 *time, ParseError *error)
{
	Parser parser = {.start = text, .at = text, .end = text + length, .error = error};

	if (!parse_one_time(&parser, time))
		return false;
	if (parser.at < parser.end)
		return fail(&parser, "expected the end of the time");
	return true;
}
