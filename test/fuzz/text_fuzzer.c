/*
 * text_fuzzer.c
 *		Gives the parser of the text form whatever comes.
 *
 * A text that is refused is refused with a message and a place inside of it.
 * One that is accepted gives a value that validates, prints, and reads back to
 * the same bytes.  So do times on their own.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Input
{
	const char *text;
	Size length;
} Input;

/* One time. */
static void
read_time(void *argument)
{
	const Input *input = argument;
	ParseError error = {0};
	StringInfoData out;
	int64 time;
	int64 again;

	if (!parse_time(input->text, input->length, &time, &error))
	{
		if (error.message == NULL || error.position > input->length)
			shim_finding("the parser of times fails at byte %zu of %zu", error.position,
						 input->length);
		return;
	}
	initStringInfo(&out);
	print_time(&out, time);
	if (!parse_time(out.data, out.len, &again, &error))
		shim_finding("time %s is refused: %s", out.data, error.message);
	if (again != time)
		shim_finding("time %s reads back as another one", out.data);
}

static void
read_timeline(void *argument)
{
	const Input *input = argument;
	ParseError error = {0};
	struct varlena *packed = parse_value(input->text, input->length, &error);
	Value value;

	if (packed == NULL)
		return;
	value = packed_value(packed);
	/* the server has seen to it that a text is valid in the database's encoding */
	if (memchr(input->text, 0, input->length) == NULL &&
		pg_verify_mbstr(PG_UTF8, input->text, (int) input->length, true))
		timeline_validate(value.bytes, value.length);
	check_text(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input = {(const char *) data, size};
	ShimOutcome outcome;

	shim_begin();
	if (shim_try(read_time, &input) != SHIM_DONE)
		shim_finding("reading a time: %s", shim_message());
	outcome = shim_try(read_timeline, &input);
	if (outcome == SHIM_CORRUPT)
		shim_finding("a text makes a value that is not valid: %s", shim_message());
	shim_end();
	return 0;
}
