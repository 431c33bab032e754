/*
 * read.c
 *		From the text of a journey to its value.
 *
 * Reads "forward" and the names of the stages, and leaves each pattern to the
 * parser of patterns.  Raises no error: it says what is wrong, and at which
 * character of the whole journey.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "journey/journey.h"
#include "pattern/lexer.h"

/* A journey being read. */
typedef struct JourneyParser
{
	const char *text;
	Size length;
	Size at;
	bool forward;
	StringInfoData canonical;
	StringInfoData names;
	StringInfoData programs;
	uint32 stages;
	PatternError *error;
} JourneyParser;

/* Says what is wrong at some place of the text. */
static bool
fail_at(JourneyParser *parser, const char *at, const char *message, const char *hint)
{
	return pattern_fail(parser->error, ERRCODE_INVALID_TEXT_REPRESENTATION,
						text_position(parser->text, parser->length, at), message, hint);
}

#define SHAPE_HINT "A journey is written: stage: pattern; stage: pattern."

/* Reads a stage's name up to its colon: words, which one blank joins, or a quoted text. */
static bool
read_name(JourneyParser *parser, StringInfo name, const char **begin)
{
	Lexer lexer;
	bool quoted;

	lexer_begin(&lexer, parser->text, parser->length, parser->at);
	*begin = lexer.token.begin;
	quoted = lexer.token.type == TOKEN_QUOTED;
	if (lexer.token.type == TOKEN_UNCLOSED)
		return fail_at(parser, *begin, "the quote is not closed",
					   "A quote inside of quotes is written twice.");
	if (quoted)
	{
		if (lexer.token.text.length == 0)
			return fail_at(parser, *begin, "the name of a stage is empty", NULL);
		appendBinaryStringInfo(name, lexer.token.text.bytes, (int) lexer.token.text.length);
		lexer_next(&lexer);
	}
	else
	{
		while (lexer.token.type == TOKEN_WORD || lexer.token.type == TOKEN_KEYWORD)
		{
			if (name->len > 0)
				appendStringInfoChar(name, ' ');
			appendBinaryStringInfo(name, lexer.token.begin,
								   (int) (lexer.token.end - lexer.token.begin));
			lexer_next(&lexer);
		}
		if (name->len == 0)
			return fail_at(parser, *begin, "expected the name of a stage", SHAPE_HINT);
	}
	/* "forward;" in front is no stage */
	if (parser->stages == 0 && !parser->forward && !quoted && lexer.token.type == TOKEN_SEMICOLON &&
		same_word((TextSlice) {name->data, (uint32) name->len}, "forward"))
	{
		parser->forward = true;
		parser->at = (Size) (lexer.at - parser->text);
		resetStringInfo(name);
		return read_name(parser, name, begin);
	}
	if (lexer.token.type != TOKEN_COLON)
		return fail_at(parser, lexer.token.begin, "expected a colon after the name of a stage",
					   SHAPE_HINT " A name with other characters than letters and digits is "
								  "written in double quotes.");
	parser->at = (Size) (lexer.at - parser->text);
	return true;
}

/* Whether a name is words, so that it can stand without quotes. */
static bool
is_words(const char *name, Size length)
{
	const char *end = name + length;

	if (same_word((TextSlice) {name, (uint32) length}, "forward"))
		return false;
	while (name < end)
	{
		const char *blank = memchr(name, ' ', (Size) (end - name));
		TextSlice word = {name, (uint32) ((blank == NULL ? end : blank) - name)};
		Lexer lexer;

		if (word.length == 0)
			return false;
		lexer_begin(&lexer, word.bytes, word.length, 0);
		if ((lexer.token.type != TOKEN_WORD && lexer.token.type != TOKEN_KEYWORD) ||
			lexer.token.begin != word.bytes || lexer.token.end != word.bytes + word.length)
			return false;
		name = blank == NULL ? end : blank + 1;
		if (blank != NULL && name == end)
			return false;
	}
	return true;
}

static void
print_stage_name(StringInfo out, const char *name, Size length)
{
	if (is_words(name, length))
	{
		appendBinaryStringInfo(out, name, (int) length);
		return;
	}
	appendStringInfoChar(out, '"');
	for (Size i = 0; i < length; i++)
	{
		if (name[i] == '"')
			appendStringInfoChar(out, '"');
		appendStringInfoChar(out, name[i]);
	}
	appendStringInfoChar(out, '"');
}

/* Whether a stage of that name was read before. */
static bool
known_name(const JourneyParser *parser, const char *name, Size length)
{
	const char *at = parser->programs.data;
	const char *end = at + parser->programs.len;

	while (at < end)
	{
		StageHeader header;

		memcpy(&header, at, sizeof(header));
		if (header.name_length == length &&
			memcmp(parser->names.data + header.name, name, length) == 0)
			return true;
		at += sizeof(header) + TYPEALIGN(8, header.program_bytes);
	}
	return false;
}

/* A sequence of a tree that ends with => end, or NULL. */
static const PatternNode *
find_end(const PatternNode *node)
{
	check_stack_depth();
	if (node->type == NODE_EVENT || (node->type == NODE_SEQUENCE && node->to_end))
		return node->type == NODE_EVENT ? NULL : node;
	for (uint32 i = 0; i < node->count; i++)
	{
		const PatternNode *child;
		const PatternNode *found;

		if (node->type != NODE_SEQUENCE)
			child = node->children[i];
		else if (node->elements[i].type == ELEMENT_ITEM)
			child = node->elements[i].item;
		else
			continue;
		found = find_end(child);
		if (found != NULL)
			return found;
	}
	return NULL;
}

/* Reads and compiles the pattern of a stage; what is wrong with the whole is said where it begins. */
static PatternNode *
read_pattern(JourneyParser *parser, const char *stage, StringInfo program)
{
	Lexer lexer;
	const char *begin;
	PatternNode *tree;
	const PatternNode *to_end;

	lexer_begin(&lexer, parser->text, parser->length, parser->at);
	begin = lexer.token.begin;
	tree = pattern_parse_part(parser->text, parser->length, &parser->at, parser->error);
	if (tree != NULL && (to_end = find_end(tree)) != NULL)
	{
		(void) fail_at(parser, begin, psprintf("the pattern of stage \"%s\" has => end", stage),
					   "A stage is entered when something happens; what the last interaction is "
					   "changes with each one.");
		parser->error->position = to_end->location;
		return NULL;
	}
	if (tree != NULL && pattern_compile(tree, program, parser->error))
		return tree;
	if (parser->error->position == 0)
		parser->error->position = text_position(parser->text, parser->length, begin);
	return NULL;
}

/* Reads one stage, and writes it to the programs. */
static bool
read_stage(JourneyParser *parser)
{
	StringInfoData name;
	StringInfoData program;
	StageHeader header;
	PatternNode *tree;
	const char *begin;
	char *text;

	initStringInfo(&name);
	initStringInfo(&program);
	if (!read_name(parser, &name, &begin))
		return false;
	if (known_name(parser, name.data, (Size) name.len))
		return fail_at(parser, begin, psprintf("stage \"%s\" is there twice", name.data), NULL);
	if (parser->stages == MAX_STAGES)
	{
		(void) fail_at(parser, begin,
					   psprintf("it has more stages than the limit of %d", MAX_STAGES), NULL);
		parser->error->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		return false;
	}
	tree = read_pattern(parser, name.data, &program);
	if (tree == NULL)
		return false;
	text = pattern_print(tree);
	if (parser->stages == 0 && parser->forward)
		appendStringInfoString(&parser->canonical, "forward; ");
	if (parser->stages > 0)
		appendStringInfoString(&parser->canonical, "; ");
	print_stage_name(&parser->canonical, name.data, (Size) name.len);
	appendStringInfo(&parser->canonical, ": %s", text);

	memset(&header, 0, sizeof(header));
	header.name = (uint32) parser->names.len;
	header.name_length = (uint32) name.len;
	header.program_bytes = (uint32) program.len;
	appendBinaryStringInfo(&parser->names, name.data, name.len);
	appendBinaryStringInfo(&parser->programs, (const char *) &header, sizeof(header));
	appendBinaryStringInfo(&parser->programs, program.data, program.len);
	while (parser->programs.len % 8 != 0)
		appendStringInfoChar(&parser->programs, '\0');
	parser->stages++;
	return true;
}

JourneyValue *
journey_value(const char *text, Size length, PatternError *error)
{
	JourneyParser parser = {.text = text, .length = length, .error = error};
	StringInfoData out;
	JourneyValue *value;

	if (length > MAX_JOURNEY_BYTES)
	{
		error->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		error->message = psprintf("it has %zu bytes, the limit is %d", length, MAX_JOURNEY_BYTES);
		return NULL;
	}
	initStringInfo(&parser.canonical);
	initStringInfo(&parser.names);
	initStringInfo(&parser.programs);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!read_stage(&parser))
			return NULL;
		if (parser.at >= length)
			break;
		parser.at++; /* the semicolon */
	}
	initStringInfo(&out);
	appendStringInfoSpaces(&out, offsetof(JourneyValue, text));
	appendBinaryStringInfo(&out, parser.canonical.data, parser.canonical.len);
	while ((out.len - offsetof(JourneyValue, text)) % 8 != 0)
		appendStringInfoChar(&out, '\0');
	appendBinaryStringInfo(&out, parser.programs.data, parser.programs.len);
	appendBinaryStringInfo(&out, parser.names.data, parser.names.len);
	value = (JourneyValue *) out.data;
	SET_VARSIZE(value, out.len);
	value->forward = parser.forward;
	value->stage_count = (uint16) parser.stages;
	value->text_length = (uint32) parser.canonical.len;
	return value;
}
