/*
 * stages_now.c
 *		The stages that a customer is in on several journeys: stages_now().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "journey/journey.h"
#include "journey/stages.h"
#include "timeline/call.h"
#include "timeline/json.h"

PG_FUNCTION_INFO_V1(journey_stages_now);

/* Journeys and their names, loaded once for calls that give the same. */
typedef struct JourneySet
{
	MemoryContext context;
	ArrayType *names_given; /* copies, by which they are known again */
	ArrayType *journeys_given;
	int count;
	TextSlice *names;
	const LoadedJourney **journeys;
} JourneySet;

static bool
same_array(const ArrayType *a, const ArrayType *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

static ArrayType *
copy_array(const ArrayType *array)
{
	ArrayType *copy = palloc(VARSIZE(array));

	memcpy(copy, array, VARSIZE(array));
	return copy;
}

/* Loads the journeys of two arrays of the same length without NULLs. */
static JourneySet *
load_set(const ArrayType *names, const ArrayType *journeys, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "crm_timeline journeys",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	JourneySet *set = palloc0(sizeof(JourneySet));
	Datum *name;
	Datum *journey;
	int count;

	set->context = context;
	set->names_given = copy_array(names);
	set->journeys_given = copy_array(journeys);
	deconstruct_array(set->names_given, TEXTOID, -1, false, TYPALIGN_INT, &name, NULL, &set->count);
	deconstruct_array(set->journeys_given, ARR_ELEMTYPE(journeys), -1, false, TYPALIGN_INT,
					  &journey, NULL, &count);
	if (count != set->count)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there are %d names of %d journeys", set->count, count));
	set->names = palloc(sizeof(TextSlice) * Max(count, 1));
	set->journeys = palloc(sizeof(LoadedJourney *) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		set->names[i] = datum_slice(name[i]);
		set->journeys[i] = journey_load(journey[i], context);
	}
	MemoryContextSwitchTo(caller);
	return set;
}

/* The journeys in arguments 1 and 2. */
static const JourneySet *
set_arguments(FunctionCallInfo fcinfo)
{
	JourneySet *known = fcinfo->flinfo->fn_extra;
	ArrayType *names = PG_GETARG_ARRAYTYPE_P(1);
	ArrayType *journeys = PG_GETARG_ARRAYTYPE_P(2);

	if (known != NULL && same_array(known->names_given, names) &&
		same_array(known->journeys_given, journeys))
		return known;
	if (ARR_HASNULL(names) || ARR_HASNULL(journeys))
		ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				errmsg("neither a journey nor its name may be NULL"));
	if (known != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(known->context);
	}
	known = load_set(names, journeys, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = known;
	return known;
}

/* Pushes a text as a key or a value. */
static void
push_text(JsonbWriter *writer, JsonbIteratorToken token, TextSlice slice)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, slice.bytes);
	value.val.string.len = (int) slice.length;
	push_jsonb(writer, token, &value);
}

/* stages_now(timeline, names, journeys, as_of) */
Datum
journey_stages_now(PG_FUNCTION_ARGS)
{
	const JourneySet *set = set_arguments(fcinfo);
	JsonbWriter writer = {0};
	Layout layout;

	PG_GETARG_LAYOUT(0, &layout);
	push_jsonb(&writer, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < set->count; i++)
	{
		JsonbValue none = {.type = jbvNull};
		TextSlice stage;

		push_text(&writer, WJB_KEY, set->names[i]);
		if (stage_at(set->journeys[i], &layout, PG_GETARG_TIMESTAMPTZ(3), &stage))
			push_text(&writer, WJB_VALUE, stage);
		else
			push_jsonb(&writer, WJB_VALUE, &none);
	}
	push_jsonb(&writer, WJB_END_OBJECT, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(writer.result));
}
