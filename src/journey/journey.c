/*
 * journey.c
 *		The type journey as the server sees it: text and binary form, equality
 *		and hash; and journeys as arguments.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/journey.h"

#define WIRE_VERSION 1

PG_FUNCTION_INFO_V1(journey_in);
PG_FUNCTION_INFO_V1(journey_out);
PG_FUNCTION_INFO_V1(journey_recv);
PG_FUNCTION_INFO_V1(journey_send);
PG_FUNCTION_INFO_V1(journey_eq);
PG_FUNCTION_INFO_V1(journey_ne);
PG_FUNCTION_INFO_V1(journey_hash);
PG_FUNCTION_INFO_V1(journey_hash_extended);

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
