/*
 * journey.c
 *		The type journey as the server sees it: text and binary form, equality
 *		and hash; and journeys as arguments.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/journey.h"
#include "pattern/text_type.h"

PG_FUNCTION_INFO_V1(journey_in);
PG_FUNCTION_INFO_V1(journey_out);
PG_FUNCTION_INFO_V1(journey_recv);
PG_FUNCTION_INFO_V1(journey_send);
PG_FUNCTION_INFO_V1(journey_eq);
PG_FUNCTION_INFO_V1(journey_ne);
PG_FUNCTION_INFO_V1(journey_hash);
PG_FUNCTION_INFO_V1(journey_hash_extended);

Datum
journey_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	PatternError error = {0};
	JourneyValue *value = journey_value(input, strlen(input), &error);

	if (value == NULL)
		return text_type_error(&error, "journey", (struct Node *) fcinfo->context);
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

/* The text of a value that is an argument. */
static TextSlice
text_argument(FunctionCallInfo fcinfo, int n)
{
	const JourneyValue *value = get_value(PG_GETARG_DATUM(n));

	return (TextSlice) {value->text, value->text_length};
}

Datum
journey_out(PG_FUNCTION_ARGS)
{
	return text_type_out(text_argument(fcinfo, 0));
}

Datum
journey_send(PG_FUNCTION_ARGS)
{
	return text_type_send(text_argument(fcinfo, 0));
}

Datum
journey_recv(PG_FUNCTION_ARGS)
{
	TextSlice text = text_type_receive(fcinfo, "binary journey has a version that is not known");
	PatternError error = {0};
	JourneyValue *value = journey_value(text.bytes, text.length, &error);

	if (value == NULL)
		return text_type_error(&error, "journey", NULL);
	PG_RETURN_POINTER(value);
}

Datum
journey_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
journey_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
journey_hash(PG_FUNCTION_ARGS)
{
	return text_type_hash(text_argument(fcinfo, 0));
}

Datum
journey_hash_extended(PG_FUNCTION_ARGS)
{
	return text_type_hash_extended(text_argument(fcinfo, 0), PG_GETARG_DATUM(1));
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
journey_load(Datum datum, MemoryContext parent)
{
	return load_journey(get_value(datum), parent);
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
