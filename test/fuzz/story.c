/*
 * story.c
 *		Patterns and timelines from the bytes of an input.
 *
 * Whatever the bytes are, they make a timeline, and a pattern that the parser
 * takes most of the time: every operator, over few kinds and values, with times
 * that meet gates exactly.  Fewer bytes make less of both.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "match.h"

/* Parentheses in each other. */
#define MAX_DEPTH 3

static const char *const kinds[] = {"a", "b", "c", "d", "e", "a", "b", "any"};
static const char *const durations[] = {"0 s",   "1 us",   "1 hour",  "2 hours",
										"1 day", "7 days", "1 month", "1 month 1 day"};
static const char *const conditions[] = {"x = 1",
										 "x > 1",
										 "x = p",
										 "x in (1, 2, q)",
										 "x is null",
										 "not x = 1",
										 "value >= 100",
										 "direction = inbound",
										 "x != p or agent = y",
										 "kind != a",
										 "x < 2 and agent is not null",
										 "seq = 1"};

static const double numbers[] = {1, 2, 1.5};
static const double values[] = {50, 100, 150};

/* Whether one of so many bytes has come. */
static bool
one_in(Bytes *bytes, uint32 most)
{
	return take_byte(bytes) % most == most - 1;
}

static const char *
some_duration(Bytes *bytes)
{
	return durations[take_byte(bytes) % lengthof(durations)];
}

static void
put_test(StringInfo out, Bytes *bytes)
{
	uint8 choice = take_byte(bytes);

	appendStringInfoString(out, kinds[choice & 7]);
	if ((choice & 0x18) == 0x18)
		appendStringInfoString(out, "@web");
	if ((choice & 0x60) == 0x60)
		appendStringInfo(out, "[%s]", conditions[take_byte(bytes) % lengthof(conditions)]);
}

/* One kind, or alternatives. */
static void
put_event(StringInfo out, Bytes *bytes)
{
	if (!one_in(bytes, 4))
	{
		put_test(out, bytes);
		return;
	}
	appendStringInfoChar(out, '(');
	put_test(out, bytes);
	appendStringInfoString(out, " | ");
	put_test(out, bytes);
	appendStringInfoChar(out, ')');
}

static void put_pattern(StringInfo out, Bytes *bytes, int depth);

static void
put_item(StringInfo out, Bytes *bytes, int depth)
{
	uint8 choice = take_byte(bytes);

	if (choice < 160 || depth >= MAX_DEPTH)
	{
		put_event(out, bytes);
		return;
	}
	appendStringInfoChar(out, '(');
	if (choice < 210)
		put_pattern(out, bytes, depth + 1);
	else
	{
		for (uint32 items = 2 + choice % 3; items > 0; items--)
		{
			if (one_in(bytes, 4))
			{
				appendStringInfoChar(out, '(');
				put_pattern(out, bytes, depth + 1);
				appendStringInfoChar(out, ')');
			}
			else
				put_event(out, bytes);
			if (items > 1)
				appendStringInfoString(out, " & ");
		}
	}
	appendStringInfoChar(out, ')');
}

static void
put_element(StringInfo out, Bytes *bytes, int depth)
{
	static const char *const copies[] = {"",  "",  "",    "",      "",      "?",
										 "+", "*", "{2}", "{1,2}", "{0,2}", "{2,}"};

	put_item(out, bytes, depth);
	appendStringInfoString(out, copies[take_byte(bytes) % lengthof(copies)]);
}

/* An arrow, perhaps with a gate or an exclusion behind it. */
static void
put_arrow(StringInfo out, Bytes *bytes)
{
	uint8 choice = take_byte(bytes);

	appendStringInfoString(out, (choice & 3) == 3 ? " =>" : " ->");
	if ((choice & 12) == 12)
		appendStringInfo(out, "[%s]", some_duration(bytes));
	else if ((choice & 12) == 8)
		appendStringInfo(out, "[%s..]", some_duration(bytes));
	else if ((choice & 0x1C) == 0x14)
		appendStringInfo(out, "[%s..%s]", durations[choice >> 6], some_duration(bytes));
	else if ((choice & 0x33) == 0x20)
	{
		appendStringInfoString(out, " no ");
		put_event(out, bytes);
		appendStringInfoString(out, " ->");
	}
	appendStringInfoChar(out, ' ');
}

static void
put_sequence(StringInfo out, Bytes *bytes, int depth)
{
	uint8 shape = take_byte(bytes);

	if ((shape & 0x0C) == 0x0C)
		appendStringInfoString(out, "start => ");
	else if ((shape & 0x0C) == 0x08 && depth == 0)
	{
		appendStringInfoString(out, "no ");
		put_event(out, bytes);
		appendStringInfo(out, " for %s -> ", some_duration(bytes));
	}
	for (uint32 elements = 1 + (shape & 3); elements > 0; elements--)
	{
		put_element(out, bytes, depth);
		if (elements > 1)
			put_arrow(out, bytes);
	}
	if ((shape & 0x30) == 0x30)
		appendStringInfoString(out, " => end");
	else if ((shape & 0x30) == 0x20 && depth == 0)
	{
		appendStringInfoString(out, " -> no ");
		put_event(out, bytes);
		appendStringInfo(out, " for %s", some_duration(bytes));
	}
	if ((shape & 0xC0) == 0x80)
		appendStringInfo(out, " within %s", some_duration(bytes));
	else if ((shape & 0xC0) == 0xC0)
		appendStringInfoString(out, one_in(bytes, 2) ? " same agent" : " same x");
}

static void
put_pattern(StringInfo out, Bytes *bytes, int depth)
{
	put_sequence(out, bytes, depth);
	while (one_in(bytes, 5))
	{
		appendStringInfoString(out, " | ");
		put_sequence(out, bytes, depth);
	}
}

char *
pattern_of_bytes(Bytes *bytes)
{
	StringInfoData out;

	initStringInfo(&out);
	put_pattern(&out, bytes, 0);
	return out.data;
}

/*
 * Timelines
 */

void
story_of_bytes(Story *story, Bytes *bytes)
{
	static const int64 steps[] = {0,
								  0,
								  0,
								  1,
								  USECS_PER_HOUR - 1,
								  USECS_PER_HOUR,
								  USECS_PER_HOUR,
								  2 * USECS_PER_HOUR,
								  0,
								  5 * USECS_PER_HOUR,
								  13 * USECS_PER_HOUR,
								  USECS_PER_DAY,
								  6 * USECS_PER_DAY + 1,
								  7 * USECS_PER_DAY,
								  28 * USECS_PER_DAY,
								  31 * USECS_PER_DAY};
	static const char *const directions[] = {NULL, "inbound", "outbound", NULL};
	static const char *const channels[] = {NULL, NULL, "web", "phone"};
	static const char *const agents[] = {NULL, "x", "y", "x"};
	static const char *const texts[] = {NULL, NULL, NULL, NULL, "p", "q", "1", NULL};
	/* 2024-01-30 20:00: a month later is shorter, and has a leap day */
	int64 time = 8795 * USECS_PER_DAY + 20 * USECS_PER_HOUR;

	for (story->count = 0; story->count < MAX_HAPPENINGS && bytes->at < bytes->end; story->count++)
	{
		Happening *happening = &story->happening[story->count];
		uint8 first = take_byte(bytes);
		uint8 second = take_byte(bytes);
		uint8 third = take_byte(bytes);

		time += steps[first & 15];
		happening->time = time;
		happening->has_seq = (first & 0x20) != 0;
		happening->seq = (first & 0x10) != 0 ? 2 : 1;
		happening->channel = channels[first >> 6];
		happening->kind = kinds[(second & 7) % 7];
		happening->direction = directions[second >> 3 & 3];
		happening->agent = agents[second >> 5 & 3];
		happening->x = texts[third & 7];
		happening->number = (third & 7) < 4 && (third & 7) > 0 ? &numbers[(third & 7) - 1] : NULL;
		happening->value = (third >> 3 & 3) > 0 ? &values[(third >> 3 & 3) - 1] : NULL;
	}
}

static TextSlice
slice_of(const char *text)
{
	return (TextSlice) {text, (uint32) strlen(text)};
}

static void
add_text(AttributeValue *value, uint32 *count, const char *name, const char *text)
{
	AttributeValue *added = &value[*count];

	if (text == NULL)
		return;
	memset(added, 0, sizeof(*added));
	added->column.name = slice_of(name);
	added->column.well_known = well_known_by_name(name, added->column.name.length);
	added->column.type = ATTRIBUTE_TEXT;
	added->text = slice_of(text);
	(*count)++;
}

static void
add_number(AttributeValue *value, uint32 *count, const char *name, const double *number)
{
	if (number == NULL)
		return;
	add_text(value, count, name, "");
	value[*count - 1].column.type = ATTRIBUTE_NUMBER;
	value[*count - 1].number = number_to_bits(*number);
}

static void
append_happening(Builder *builder, const Happening *happening)
{
	AttributeValue value[8];
	uint32 count = 0;

	add_text(value, &count, "channel", happening->channel);
	add_text(value, &count, "direction", happening->direction);
	add_text(value, &count, "agent", happening->agent);
	add_text(value, &count, "x", happening->x);
	add_number(value, &count, "x", happening->number);
	add_number(value, &count, "value", happening->value);
	if (happening->has_seq)
	{
		add_text(value, &count, "seq", "");
		value[count - 1].column.type = ATTRIBUTE_INTEGER;
		value[count - 1].number = (uint64) happening->seq;
	}
	builder_append_values(builder, happening->time, slice_of(happening->kind), value, count);
}

Value
build_story(const Story *story, uint32 left_out, bool backwards)
{
	Builder *builder = new_builder(false);

	for (uint32 i = 0; i < story->count; i++)
	{
		uint32 n = backwards ? story->count - 1 - i : i;

		if (n != left_out)
			append_happening(builder, &story->happening[n]);
	}
	return packed_value(pack_builder(builder));
}
