/*
 * pattern.c
 *		The type pattern as the server sees it: text and binary form, equality
 *		and hash; and patterns as arguments.
 *
 * The binary form is a version byte and the canonical text: a program is never
 * taken from outside.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "pattern/pattern.h"
#include "pattern/text_type.h"

PG_FUNCTION_INFO_V1(pattern_in);
PG_FUNCTION_INFO_V1(pattern_out);
PG_FUNCTION_INFO_V1(pattern_recv);
PG_FUNCTION_INFO_V1(pattern_send);
PG_FUNCTION_INFO_V1(pattern_eq);
PG_FUNCTION_INFO_V1(pattern_ne);
PG_FUNCTION_INFO_V1(pattern_hash);
PG_FUNCTION_INFO_V1(pattern_hash_extended);

/* Where the program of a value begins, from the text on. */
static Size
program_offset(uint32 text_length)
{
	return TYPEALIGN(8, text_length);
}

PatternValue *
pattern_value(const char *text, Size length, PatternError *error)
{
	PatternNode *tree = pattern_parse(text, length, error);
	StringInfoData out;
	char *canonical;
	uint32 text_length;
	PatternValue *value;

	if (tree == NULL)
		return NULL;
	canonical = pattern_print(tree);
	text_length = (uint32) strlen(canonical);
	initStringInfo(&out);
	appendStringInfoSpaces(&out, offsetof(PatternValue, text));
	appendBinaryStringInfo(&out, canonical, (int) text_length);
	while (out.len - offsetof(PatternValue, text) < program_offset(text_length))
		appendStringInfoChar(&out, '\0');
	if (!pattern_compile(tree, &out, error))
		return NULL;
	value = (PatternValue *) out.data;
	SET_VARSIZE(value, out.len);
	value->text_length = text_length;
	return value;
}

Datum
pattern_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	PatternError error = {0};
	PatternValue *value = pattern_value(input, strlen(input), &error);

	if (value == NULL)
		return text_type_error(&error, "pattern", (struct Node *) fcinfo->context);
	PG_RETURN_POINTER(value);
}

/* The value in a Datum; its parts are checked to lie inside. */
const PatternValue *
pattern_get_value(Datum datum)
{
	const PatternValue *value = (const PatternValue *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(value) < offsetof(PatternValue, text) ||
		value->text_length > VARSIZE(value) - offsetof(PatternValue, text) ||
		program_offset(value->text_length) > VARSIZE(value) - offsetof(PatternValue, text))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("pattern is corrupt"));
	return value;
}

/* The text of a value that is an argument. */
static TextSlice
text_argument(FunctionCallInfo fcinfo, int n)
{
	const PatternValue *value = pattern_get_value(PG_GETARG_DATUM(n));

	return (TextSlice) {value->text, value->text_length};
}

Datum
pattern_out(PG_FUNCTION_ARGS)
{
	return text_type_out(text_argument(fcinfo, 0));
}

Datum
pattern_send(PG_FUNCTION_ARGS)
{
	return text_type_send(text_argument(fcinfo, 0));
}

Datum
pattern_recv(PG_FUNCTION_ARGS)
{
	TextSlice text = text_type_receive(fcinfo, "binary pattern has a version that is not known");
	PatternError error = {0};
	PatternValue *value = pattern_value(text.bytes, text.length, &error);

	if (value == NULL)
		return text_type_error(&error, "pattern", NULL);
	PG_RETURN_POINTER(value);
}

Datum
pattern_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
pattern_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
pattern_hash(PG_FUNCTION_ARGS)
{
	return text_type_hash(text_argument(fcinfo, 0));
}

Datum
pattern_hash_extended(PG_FUNCTION_ARGS)
{
	return text_type_hash_extended(text_argument(fcinfo, 0), PG_GETARG_DATUM(1));
}

LoadedPattern *
pattern_load(const PatternValue *value, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "crm_timeline pattern",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LoadedPattern *pattern = palloc(sizeof(LoadedPattern));
	Size skipped = offsetof(PatternValue, text) + program_offset(value->text_length);
	Size length = VARSIZE(value) - skipped;
	char *bytes = palloc(Max(length, 1));

	pattern->context = context;
	pattern->value = palloc(VARSIZE(value));
	memcpy(pattern->value, value, VARSIZE(value));
	/* at an aligned place, which a value on a page need not have */
	memcpy(bytes, (const char *) value + skipped, length);
	program_load(&pattern->program, bytes, length);
	chain_find(&pattern->chain, &pattern->program);
	pattern->constant = false;
	MemoryContextSwitchTo(caller);
	return pattern;
}

const LoadedPattern *
pattern_argument(FunctionCallInfo fcinfo, int n)
{
	LoadedPattern *known = fcinfo->flinfo->fn_extra;
	const PatternValue *value;

	if (known != NULL && known->constant)
		return known;
	value = pattern_get_value(PG_GETARG_DATUM(n));
	if (known != NULL && VARSIZE(known->value) == VARSIZE(value) &&
		memcmp(known->value, value, VARSIZE(value)) == 0)
		return known;
	if (known != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(known->context);
	}
	known = pattern_load(value, fcinfo->flinfo->fn_mcxt);
	known->constant = get_fn_expr_arg_stable(fcinfo->flinfo, n);
	fcinfo->flinfo->fn_extra = known;
	return known;
}
