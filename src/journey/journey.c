/*
 * journey.c
 *		The type journey as the server sees it: text and binary form, equality
 *		and hash; and journeys as arguments.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/journey.h"
#include "pattern/lexer.h"

#define WIRE_VERSION 1

PG_FUNCTION_INFO_V1(journey_in);
PG_FUNCTION_INFO_V1(journey_out);
PG_FUNCTION_INFO_V1(journey_recv);
PG_FUNCTION_INFO_V1(journey_send);
PG_FUNCTION_INFO_V1(journey_eq);
PG_FUNCTION_INFO_V1(journey_ne);
PG_FUNCTION_INFO_V1(journey_hash);
PG_FUNCTION_INFO_V1(journey_hash_extended);

/* Before the program of a stage. */
typedef struct StageHeader
{
	uint32 name; /* in the names, which follow the text */
	uint32 name_length;
	uint32 program_bytes;
	uint32 unused;
} StageHeader;

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

static bool
fail_at(JourneyParser *parser, Lexer *lexer, const char *message, const char *hint)
{
	parser->error->sqlstate = ERRCODE_SYNTAX_ERROR;
	parser->error->position = lexer == NULL ? 0 : lexer_position(lexer, lexer->token.begin);
	parser->error->message = message;
	parser->error->detail = NULL;
	parser->error->hint = hint;
	return false;
}

/* Reads a stage's name up to its colon: words, which one blank joins, or a quoted text. */
static bool
read_name(JourneyParser *parser, StringInfo name, bool *quoted)
{
	Lexer lexer;

	lexer_begin(&lexer, parser->text, parser->length, parser->at);
	*quoted = lexer.token.type == TOKEN_QUOTED;
	if (*quoted)
	{
		appendBinaryStringInfo(name, lexer.token.text.bytes, (int) lexer.token.text.length);
		lexer_next(&lexer);
		if (name->len == 0)
			return fail_at(parser, &lexer, "the name of a stage is empty", NULL);
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
			return fail_at(parser, &lexer, "expected the name of a stage",
						   "A journey is written: stage: pattern; stage: pattern.");
	}
	/* "forward;" in front is no stage */
	if (parser->stages == 0 && !parser->forward && !*quoted &&
		lexer.token.type == TOKEN_SEMICOLON &&
		same_word((TextSlice) {name->data, (uint32) name->len}, "forward"))
	{
		parser->forward = true;
		parser->at = (Size) (lexer.at - parser->text);
		resetStringInfo(name);
		return read_name(parser, name, quoted);
	}
	if (lexer.token.type != TOKEN_COLON)
		return fail_at(parser, &lexer, "expected a colon after the name of a stage",
					   "A journey is written: stage: pattern; stage: pattern. A name with other "
					   "characters than letters and digits is written in double quotes.");
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
			lexer.token.end != word.bytes + word.length)
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

/* Whether some sequence of a tree ends with => end. */
static bool
has_end(const PatternNode *node)
{
	check_stack_depth();
	if (node->type == NODE_EVENT)
		return false;
	if (node->type == NODE_SEQUENCE && node->to_end)
		return true;
	for (uint32 i = 0; i < node->count; i++)
	{
		if (node->type == NODE_SEQUENCE ?
				node->elements[i].type == ELEMENT_ITEM && has_end(node->elements[i].item) :
				has_end(node->children[i]))
			return true;
	}
	return false;
}

/* Reads one stage, and writes it to the programs. */
static bool
read_stage(JourneyParser *parser)
{
	StringInfoData name;
	StringInfoData program;
	StageHeader header;
	PatternNode *tree;
	bool quoted;
	char *text;

	initStringInfo(&name);
	if (!read_name(parser, &name, &quoted))
		return false;
	if (known_name(parser, name.data, (Size) name.len))
		return fail_at(parser, NULL, psprintf("stage \"%s\" is there twice", name.data), NULL);
	if (parser->stages == MAX_STAGES)
	{
		parser->error->detail = NULL;
		fail_at(parser, NULL, psprintf("it has more stages than the limit of %d", MAX_STAGES),
				NULL);
		parser->error->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
		return false;
	}
	tree = pattern_parse_part(parser->text, parser->length, &parser->at, parser->error);
	if (tree == NULL)
		return false;
	if (has_end(tree))
		return fail_at(parser, NULL, psprintf("the pattern of stage \"%s\" has => end", name.data),
					   "A stage is entered when something happens; what the last interaction is "
					   "changes with each one.");
	initStringInfo(&program);
	if (!pattern_compile(tree, &program, parser->error))
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

/* The value of a text; NULL and the error where it is none. */
static JourneyValue *
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

static Datum
report(const PatternError *error, struct Node *context)
{
	ereturn(context, (Datum) 0,
			(errcode(error->sqlstate),
			 error->position > 0 ?
				 errmsg("invalid journey at character %d: %s", error->position, error->message) :
				 errmsg("invalid journey: %s", error->message),
			 error->detail != NULL ? errdetail("%s", error->detail) : 0,
			 error->hint != NULL ? errhint("%s", error->hint) : 0));
}

Datum
journey_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	PatternError error = {0};
	JourneyValue *value = journey_value(input, strlen(input), &error);

	if (value == NULL)
		return report(&error, (struct Node *) fcinfo->context);
	PG_RETURN_POINTER(value);
}

static void
corrupt_journey(void)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("journey is corrupt"));
}

static const JourneyValue *
get_value(Datum datum)
{
	const JourneyValue *value = (const JourneyValue *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(value) < offsetof(JourneyValue, text) ||
		TYPEALIGN(8, (Size) value->text_length) > VARSIZE(value) - offsetof(JourneyValue, text))
		corrupt_journey();
	return value;
}

Datum
journey_out(PG_FUNCTION_ARGS)
{
	const JourneyValue *value = get_value(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(pnstrdup(value->text, value->text_length));
}

Datum
journey_send(PG_FUNCTION_ARGS)
{
	const JourneyValue *value = get_value(PG_GETARG_DATUM(0));
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, WIRE_VERSION);
	pq_sendtext(&out, value->text, (int) value->text_length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
journey_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	PatternError error = {0};
	JourneyValue *value;
	char *text;
	int length;

	if (pq_getmsgbyte(message) != WIRE_VERSION)
		ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				errmsg("binary journey has a version that is not known"));
	text = pq_getmsgtext(message, message->len - message->cursor, &length);
	value = journey_value(text, (Size) length, &error);
	if (value == NULL)
		return report(&error, NULL);
	PG_RETURN_POINTER(value);
}

static bool
same_text(FunctionCallInfo fcinfo)
{
	const JourneyValue *a = get_value(PG_GETARG_DATUM(0));
	const JourneyValue *b = get_value(PG_GETARG_DATUM(1));

	return a->text_length == b->text_length && memcmp(a->text, b->text, a->text_length) == 0;
}

Datum
journey_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_text(fcinfo));
}

Datum
journey_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_text(fcinfo));
}

Datum
journey_hash(PG_FUNCTION_ARGS)
{
	const JourneyValue *value = get_value(PG_GETARG_DATUM(0));

	return hash_any((const unsigned char *) value->text, (int) value->text_length);
}

Datum
journey_hash_extended(PG_FUNCTION_ARGS)
{
	const JourneyValue *value = get_value(PG_GETARG_DATUM(0));

	return hash_any_extended((const unsigned char *) value->text, (int) value->text_length,
							 (uint64) PG_GETARG_INT64(1));
}

/* Loads a value into a context of its own below parent. */
static LoadedJourney *
load_journey(const JourneyValue *value, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "crm_timeline journey",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LoadedJourney *journey = palloc(sizeof(LoadedJourney));
	Size skipped = offsetof(JourneyValue, text) + TYPEALIGN(8, (Size) value->text_length);
	Size length = VARSIZE(value) - skipped;
	char *bytes = palloc(Max(length, 1));
	Size at = 0;
	uint32 *names;

	journey->context = context;
	journey->value = palloc(VARSIZE(value));
	memcpy(journey->value, value, VARSIZE(value));
	/* at an aligned place, which a value on a page need not have */
	memcpy(bytes, (const char *) value + skipped, length);
	journey->forward = value->forward != 0;
	journey->stage_count = value->stage_count;
	journey->stages = palloc(sizeof(Stage) * Max(value->stage_count, 1));
	names = palloc(sizeof(uint32) * Max(value->stage_count, 1));
	for (uint32 i = 0; i < journey->stage_count; i++)
	{
		StageHeader header;

		if (length - at < sizeof(header))
			corrupt_journey();
		memcpy(&header, bytes + at, sizeof(header));
		at += sizeof(header);
		if (TYPEALIGN(8, (Size) header.program_bytes) > length - at)
			corrupt_journey();
		program_load(&journey->stages[i].program, bytes + at, header.program_bytes);
		journey->stages[i].name.length = header.name_length;
		names[i] = header.name;
		at += TYPEALIGN(8, (Size) header.program_bytes);
	}
	for (uint32 i = 0; i < journey->stage_count; i++)
	{
		if (names[i] > length - at || journey->stages[i].name.length > length - at - names[i])
			corrupt_journey();
		journey->stages[i].name.bytes = bytes + at + names[i];
	}
	MemoryContextSwitchTo(caller);
	return journey;
}

const LoadedJourney *
journey_argument(FunctionCallInfo fcinfo, int n)
{
	LoadedJourney *known = fcinfo->flinfo->fn_extra;
	const JourneyValue *value = get_value(PG_GETARG_DATUM(n));

	if (known != NULL && VARSIZE(known->value) == VARSIZE(value) &&
		memcmp(known->value, value, VARSIZE(value)) == 0)
		return known;
	if (known != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(known->context);
	}
	known = load_journey(value, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = known;
	return known;
}
