/*
 * index.c
 *		Finding timelines by what a pattern requires: the GIN operator class.
 *
 * An index holds the keys of keys.h.  A pattern is answered by its formula of
 * required interactions (pattern/required.h) over the keys that a row has; rows
 * that pass are candidates, which the server then matches.  So an index is as
 * good as of any moment, whatever else the pattern says.  The operator @? is that
 * formula alone: what an index knows of matches() as of a moment that is given.
 *
 * The last key of every query is that of timelines which have too many keys.
 */
#include "postgres.h"

#include "access/gin.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "store/keys.h"

PG_FUNCTION_INFO_V1(timeline_gin_extract_value);
PG_FUNCTION_INFO_V1(timeline_gin_extract_query);
PG_FUNCTION_INFO_V1(timeline_gin_consistent);
PG_FUNCTION_INFO_V1(timeline_gin_triconsistent);
PG_FUNCTION_INFO_V1(may_match);

/* A bool in check is GIN_FALSE or GIN_TRUE. */
StaticAssertDecl(sizeof(GinTernaryValue) == sizeof(bool), "bool is as wide as GinTernaryValue");
StaticAssertDecl(GIN_FALSE == false && GIN_TRUE == true, "bool is a GinTernaryValue");

/* timeline_gin_extract_value(timeline, internal, internal): the keys of a row */
Datum
timeline_gin_extract_value(PG_FUNCTION_ARGS)
{
	int32 *count = (int32 *) PG_GETARG_POINTER(1);
	uint32 keys;
	Datum *key = timeline_keys(PG_GETARG_DATUM(0), &keys);

	*count = (int32) keys;
	PG_RETURN_POINTER(key);
}

/*
 * timeline_gin_extract_query(timeline, internal, int2, internal, ...): the keys
 * that a pattern's formula is about; each is given the formula.  The argument is
 * a pattern, whatever the declaration says.
 */
Datum
timeline_gin_extract_query(PG_FUNCTION_ARGS)
{
	int32 *count = (int32 *) PG_GETARG_POINTER(1);
	Pointer **extra_data = (Pointer **) PG_GETARG_POINTER(4);
	int32 *search_mode = (int32 *) PG_GETARG_POINTER(6);
	Required *required = pattern_required(PG_GETARG_DATUM(0));
	Datum *keys;

	*count = 0;
	if (requires_nothing(required->whole))
	{
		*search_mode = GIN_SEARCH_MODE_ALL;
		PG_RETURN_POINTER(NULL);
	}
	keys = palloc(sizeof(Datum) * (required->count + 1));
	*extra_data = palloc(sizeof(Pointer) * (required->count + 1));
	for (uint32 i = 0; i <= required->count; i++)
	{
		uint64 key = i < required->count ? interaction_key(&required->interaction[i]) : EVERY_KEY;

		keys[i] = Int64GetDatum((int64) key);
		(*extra_data)[i] = (Pointer) required->whole;
	}
	*count = (int32) required->count + 1;
	PG_RETURN_POINTER(keys);
}

/* Whether a formula holds for a row that has these keys, or may have them. */
static GinTernaryValue
holds(const Requirement *requirement, const GinTernaryValue *check)
{
	GinTernaryValue decides = requirement->type == REQUIRE_ALL ? GIN_FALSE : GIN_TRUE;
	GinTernaryValue result = requirement->type == REQUIRE_ALL ? GIN_TRUE : GIN_FALSE;
	ListCell *cell;

	if (requirement->type == REQUIRE_INTERACTION)
		return check[requirement->interaction];
	check_stack_depth();
	foreach (cell, requirement->parts)
	{
		GinTernaryValue part = holds(lfirst(cell), check);

		if (part == decides)
			return decides;
		if (part == GIN_MAYBE)
			result = GIN_MAYBE;
	}
	return result;
}

/* The same for the keys of a query. */
static GinTernaryValue
is_candidate(const GinTernaryValue *check, int32 count, const Pointer *extra_data)
{
	GinTernaryValue result;

	/* nothing is required */
	if (count == 0)
		return GIN_TRUE;
	if (check[count - 1] == GIN_TRUE)
		return GIN_TRUE;
	result = holds((const Requirement *) extra_data[0], check);
	return result == GIN_FALSE ? check[count - 1] : result;
}

/* timeline_gin_consistent(internal, int2, timeline, int4, internal, ...): never sure of a match */
Datum
timeline_gin_consistent(PG_FUNCTION_ARGS)
{
	const GinTernaryValue *check = (const GinTernaryValue *) PG_GETARG_POINTER(0);
	const Pointer *extra_data = (const Pointer *) PG_GETARG_POINTER(4);
	bool *recheck = (bool *) PG_GETARG_POINTER(5);

	*recheck = true;
	PG_RETURN_BOOL(is_candidate(check, PG_GETARG_INT32(3), extra_data) != GIN_FALSE);
}

/* timeline_gin_triconsistent(internal, int2, timeline, int4, internal, ...) */
Datum
timeline_gin_triconsistent(PG_FUNCTION_ARGS)
{
	const GinTernaryValue *check = (const GinTernaryValue *) PG_GETARG_POINTER(0);
	const Pointer *extra_data = (const Pointer *) PG_GETARG_POINTER(4);
	GinTernaryValue result = is_candidate(check, PG_GETARG_INT32(3), extra_data);

	/* a candidate is to be matched */
	PG_RETURN_GIN_TERNARY_VALUE(result == GIN_FALSE ? GIN_FALSE : GIN_MAYBE);
}

/*
 * The same without an index
 */

/* A key that is asked for, and which of the formula's interactions it is. */
typedef struct AskedKey
{
	uint64 key;
	uint32 interaction;
} AskedKey;

/* What a call site asks of one timeline after another. */
typedef struct Question
{
	MemoryContext context; /* all of it is in here */
	struct varlena *pattern;
	bool constant; /* no call of this call site will give another */
	const Required *required;
	AskedKey *asked; /* ascending */
	GinTernaryValue *check;
} Question;

static int
compare_asked(const void *a, const void *b)
{
	uint64 first = ((const AskedKey *) a)->key;
	uint64 second = ((const AskedKey *) b)->key;

	return (first > second) - (first < second);
}

/* Prepares a question in a context of its own below parent. */
static Question *
make_question(const struct varlena *pattern, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "crm_timeline question",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Question *question = palloc0(sizeof(Question));
	uint32 count;

	question->context = context;
	question->pattern = palloc(VARSIZE(pattern));
	memcpy(question->pattern, pattern, VARSIZE(pattern));
	question->required = pattern_required(PointerGetDatum(question->pattern));
	count = question->required->count;
	question->check = palloc(Max(count, 1));
	question->asked = palloc(sizeof(AskedKey) * Max(count, 1));
	for (uint32 i = 0; i < count; i++)
	{
		question->asked[i].key = interaction_key(&question->required->interaction[i]);
		question->asked[i].interaction = i;
	}
	qsort(question->asked, count, sizeof(AskedKey), compare_asked);
	MemoryContextSwitchTo(caller);
	return question;
}

/* The question about the pattern in argument 1, made once for calls that give the same. */
static Question *
question_argument(FunctionCallInfo fcinfo)
{
	Question *known = fcinfo->flinfo->fn_extra;
	struct varlena *pattern;

	if (known != NULL && known->constant)
		return known;
	pattern = PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	if (known != NULL && VARSIZE(known->pattern) == VARSIZE(pattern) &&
		memcmp(known->pattern, pattern, VARSIZE(pattern)) == 0)
		return known;
	if (known != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(known->context);
	}
	known = make_question(pattern, fcinfo->flinfo->fn_mcxt);
	known->constant = get_fn_expr_arg_stable(fcinfo->flinfo, 1);
	fcinfo->flinfo->fn_extra = known;
	return known;
}

/* Ticks off what is asked for by a key; two may be, where hashes collide. */
static void
tick_off(Question *question, uint64 key)
{
	uint32 low = 0; /* asked keys below it */
	uint32 high = question->required->count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (question->asked[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < question->required->count && question->asked[low].key == key; low++)
		question->check[question->asked[low].interaction] = GIN_TRUE;
}

/* may_match(timeline, pattern), timeline @? pattern: what an index would say */
Datum
may_match(PG_FUNCTION_ARGS)
{
	Question *question = question_argument(fcinfo);
	uint32 count;
	Datum *keys = timeline_keys(PG_GETARG_DATUM(0), &count);

	if (count == 1 && (uint64) DatumGetInt64(keys[0]) == EVERY_KEY)
		PG_RETURN_BOOL(true);
	memset(question->check, GIN_FALSE, question->required->count);
	for (uint32 i = 0; i < count; i++)
		tick_off(question, (uint64) DatumGetInt64(keys[i]));
	PG_RETURN_BOOL(holds(question->required->whole, question->check) == GIN_TRUE);
}
