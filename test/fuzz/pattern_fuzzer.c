/*
 * pattern_fuzzer.c
 *		Gives the readers of patterns, journeys and durations whatever comes.
 *
 * A text that is refused is refused with a message in whole characters and a
 * place inside of it.  One that is accepted has a canonical text, which reads
 * back to itself and to the same program, and a program that loads.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"

#include "journey/journey.h"
#include "pattern/lexer.h"

#include "shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input
{
	const char *text;
	Size length;
} Input;

/* The input at the end of memory of its own, so that what reads on is seen. */
static const char *
copy_input(const Input *input)
{
	char *copy = palloc(input->length);

	memcpy(copy, input->text, input->length);
	return copy;
}

/* Characters of a text, bytes that are none counted one by one. */
static Size
count_characters(const char *text, Size length)
{
	Size count = 0;

	for (Size at = 0; at < length; count++)
	{
		int bytes = pg_encoding_verifymbchar(PG_UTF8, text + at, (int) (length - at));

		at += (Size) Max(bytes, 1);
	}
	return count;
}

static void
check_message(const char *what, const char *text)
{
	if (text != NULL && !pg_verify_mbstr(PG_UTF8, text, (int) strlen(text), true))
		shim_finding("%s of an error is not valid in the database's encoding: %s", what, text);
}

/* An error says what is wrong, of which class it is, and at a place that is there. */
static void
check_error(const Input *input, const PatternError *error, bool has_place)
{
	Size characters = count_characters(input->text, input->length);

	if (error->message == NULL || error->message[0] == '\0')
		shim_finding("refused without a message");
	switch (error->sqlstate)
	{
		case ERRCODE_INVALID_TEXT_REPRESENTATION:
		case ERRCODE_PROGRAM_LIMIT_EXCEEDED:
		case ERRCODE_INTERVAL_FIELD_OVERFLOW:
		case ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE:
			break;
		default:
			shim_finding("refused with an unusual sqlstate: %s", error->message);
	}
	if (error->position < 0 || (Size) error->position > characters + 1)
		shim_finding("an error at character %d of %zu: %s", error->position, characters,
					 error->message);
	if (error->position == 0 && has_place)
		shim_finding("an error without a place: %s", error->message);
	if (!pg_verify_mbstr(PG_UTF8, input->text, (int) input->length, true))
		return;
	check_message("the message", error->message);
	check_message("the detail", error->detail);
	check_message("the hint", error->hint);
}

/* Binds a program to a copy of its bytes, as a function does at its first call. */
static void
load_program(const char *bytes, Size length)
{
	char *copy = palloc(length);
	Program program;

	shim_check_written("a program", bytes, length);
	memcpy(copy, bytes, length);
	program_load(&program, copy, length);
	if (program.header->states == 0 || program.header->branches == 0)
		shim_finding("a program with %u states and %u branches", program.header->states,
					 program.header->branches);
}

static void
read_pattern(void *argument)
{
	const Input *input = argument;
	PatternError error = {0};
	PatternNode *tree = pattern_parse(copy_input(input), input->length, &error);
	StringInfoData program;
	StringInfoData again;
	const char *canonical;
	const char *text;

	if (tree == NULL)
	{
		check_error(input, &error, false);
		return;
	}
	canonical = pattern_print(tree);
	initStringInfo(&program);
	if (!pattern_compile(tree, &program, &error))
	{
		check_error(input, &error, false);
		program.len = -1;
	}
	else
		load_program(program.data, (Size) program.len);

	tree = pattern_parse(canonical, strlen(canonical), &error);
	if (tree == NULL)
		shim_finding("canonical text %s is refused at character %d: %s", canonical, error.position,
					 error.message);
	text = pattern_print(tree);
	if (strcmp(text, canonical) != 0)
		shim_finding("canonical text %s reads back as %s", canonical, text);
	initStringInfo(&again);
	if (!pattern_compile(tree, &again, &error))
		again.len = -1;
	if (again.len != program.len ||
		(program.len >= 0 && memcmp(again.data, program.data, (Size) program.len) != 0))
		shim_finding("canonical text %s has another program", canonical);
}

static void
read_journey(void *argument)
{
	const Input *input = argument;
	PatternError error = {0};
	const JourneyValue *value = journey_value(copy_input(input), input->length, &error);
	const JourneyValue *again;

	if (value == NULL)
	{
		check_error(input, &error, true);
		return;
	}
	shim_check_written("a journey", (const char *) value + sizeof(value->vl_len_),
					   VARSIZE(value) - sizeof(value->vl_len_));
	again = journey_value(value->text, value->text_length, &error);
	if (again == NULL)
		shim_finding("journey %.*s is refused at character %d: %s", (int) value->text_length,
					 value->text, error.position, error.message);
	if (VARSIZE(again) != VARSIZE(value) || memcmp(again, value, VARSIZE(value)) != 0)
		shim_finding("journey %.*s reads back as %.*s", (int) value->text_length, value->text,
					 (int) again->text_length, again->text);
}

/* Reads number unit (number unit)* as the parser does; false where that is no duration. */
static bool
read_duration(const char *text, Size length, Duration *duration)
{
	Lexer lexer;

	memset(duration, 0, sizeof(*duration));
	lexer_begin(&lexer, text, length, 0);
	do
	{
		TextSlice number = lexer.token.text;

		if (lexer.token.type != TOKEN_NUMBER)
			return false;
		lexer_next_unit(&lexer);
		if (lexer.token.type != TOKEN_UNIT ||
			duration_add(duration, number, lexer.token.text) != DURATION_OK)
			return false;
		lexer_next(&lexer);
	} while (lexer.token.type != TOKEN_END);
	return duration_finish(duration) == DURATION_OK;
}

/* Times after a duration and before it lie on that side, wherever one is. */
static void
check_shifts(const Duration *duration, const char *text)
{
	static const int64 times[] = {
		MIN_TIMESTAMP, -1, 0, 1, 5097600000000 - 1 /* the end of 2000-02-28 */, END_TIMESTAMP - 1};

	for (Size i = 0; i < lengthof(times); i++)
	{
		int64 after = add_duration(times[i], duration);
		int64 before = subtract_duration(times[i], duration);

		if (after < times[i] || before > times[i] ||
			(after != DT_NOEND && !IS_VALID_TIMESTAMP(after)) ||
			(before != DT_NOBEGIN && !IS_VALID_TIMESTAMP(before)))
			shim_finding("%s from time " INT64_FORMAT " on", text, times[i]);
	}
}

static void
read_durations(void *argument)
{
	const Input *input = argument;
	Duration duration;
	Duration again;
	StringInfoData out;

	if (!read_duration(copy_input(input), input->length, &duration))
		return;
	if (duration.months < 0 || duration.days < 0 || duration.time < 0)
		shim_finding("a negative duration");
	initStringInfo(&out);
	print_duration(&out, &duration);
	if (!read_duration(out.data, (Size) out.len, &again))
		shim_finding("duration %s is refused", out.data);
	if (memcmp(&duration, &again, sizeof(Duration)) != 0)
		shim_finding("duration %s reads back as another one", out.data);
	check_shifts(&duration, out.data);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input = {(const char *) data, size};

	shim_begin();
	if (shim_try(read_durations, &input) != SHIM_DONE)
		shim_finding("reading a duration: %s", shim_message());
	if (shim_try(read_pattern, &input) != SHIM_DONE)
		shim_finding("reading a pattern: %s", shim_message());
	if (shim_try(read_journey, &input) != SHIM_DONE)
		shim_finding("reading a journey: %s", shim_message());
	shim_end();
	return 0;
}
