/*
 * match_fuzzer.c
 *		Lets patterns run over timelines.
 *
 *	input:	 options, a pattern, the interactions (story.c)
 *	options: one byte: up to which moment the timeline is seen, and whether
 *			 bytes choose the pattern (0x80; a count of them, and they), or it is
 *			 written up to the end of the line
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "match.h"

/* Larger patterns are left to the fuzzer of patterns. */
#define MAX_WEIGHT 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pattern's text; moves over it. */
static const char *
take_pattern(Bytes *bytes, bool chosen)
{
	const uint8 *end;
	char *text;

	if (chosen)
	{
		Size count = take_byte(bytes);
		Bytes choices = {bytes->at, bytes->at + Min(count, (Size) (bytes->end - bytes->at))};

		bytes->at = choices.end;
		return pattern_of_bytes(&choices);
	}
	end = bytes->at == bytes->end ? NULL : memchr(bytes->at, '\n', (Size) (bytes->end - bytes->at));
	if (end == NULL)
		end = bytes->end;
	text = pnstrdup((const char *) bytes->at, (Size) (end - bytes->at));
	bytes->at = Min(end + 1, bytes->end);
	return text;
}

/* About how many states a pattern needs: to compile a large one takes longer than to run it. */
static uint64
weigh(const PatternNode *node)
{
	uint64 weight = node->type == NODE_ANY_ORDER ? 1 : 0;

	if (node->type == NODE_EVENT)
		return 1;
	for (uint32 i = 0; i < node->count && weight < PG_INT32_MAX; i++)
	{
		const Element *element = node->elements != NULL ? &node->elements[i] : NULL;

		if (node->type == NODE_ANY_ORDER)
			weight *= 1 + weigh(node->children[i]);
		else if (node->type == NODE_CHOICE)
			weight += weigh(node->children[i]);
		else if (element->type == ELEMENT_ITEM)
			weight += weigh(element->item) *
				(element->most == UNLIMITED ? element->least + 1 : element->most);
	}
	return weight;
}

/* The moment up to which a timeline is seen. */
static int64
choose_moment(const Story *story, uint8 options)
{
	int64 middle;

	if (story->count == 0 || (options & 7) < 4)
		return DT_NOEND;
	middle = story->happening[story->count / 2].time;
	switch (options & 7)
	{
		case 4:
			return middle;
		case 5:
			return middle - 1;
		case 6:
			return middle + USECS_PER_DAY;
		default:
			return story->happening[story->count - 1].time;
	}
}

static void
match_input(void *argument)
{
	Bytes bytes = *(const Bytes *) argument;
	uint8 options = take_byte(&bytes);
	const char *text = take_pattern(&bytes, (options & 0x80) != 0);
	PatternError error = {0};
	PatternNode *tree = pattern_parse(text, strlen(text), &error);
	StringInfoData out;
	Program program;
	Story story;

	initStringInfo(&out);
	if (tree == NULL || weigh(tree) > MAX_WEIGHT || !pattern_compile(tree, &out, &error))
		return;
	program_load(&program, out.data, (Size) out.len);
	story_of_bytes(&story, &bytes);
	check_matches(&program, &story, choose_moment(&story, options));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Bytes bytes = {data, data + size};

	shim_begin();
	if (shim_try(match_input, &bytes) != SHIM_DONE)
		shim_finding("matching: %s", shim_message());
	shim_end();
	return 0;
}
