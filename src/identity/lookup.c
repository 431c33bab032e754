/*
 * lookup.c
 *		Identities that begin in a way, by the index of the table membership.
 *
 * The bounds of such a search are bytes in the order of identities, and mostly
 * no identities themselves; so they never leave this file.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "identity/identity.h"

PG_FUNCTION_INFO_V1(identities_starting);
PG_FUNCTION_INFO_V1(known_namespaces);

static const char from_query[] =
	"SELECT m.identity FROM crm_timeline.membership m"
	" WHERE m.identity OPERATOR(crm_timeline.>=) $1 ORDER BY m.identity LIMIT $2";

/* The type identity: what the functions here are about. */
static Oid
identity_type(void)
{
	Oid schema = get_namespace_oid("crm_timeline", false);
	Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("identity"),
							   ObjectIdGetDatum(schema));

	if (!OidIsValid(type))
		elog(ERROR, "type crm_timeline.identity does not exist");
	return type;
}

/* Plans the search for the identities from a bound on. */
static SPIPlanPtr
plan_search(void)
{
	Oid types[2] = {identity_type(), INT8OID};
	SPIPlanPtr plan = SPI_prepare(from_query, 2, types);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	return plan;
}

/* Finds up to so many identities from a bound on. */
static void
search(SPIPlanPtr plan, Text bound, int64 most)
{
	Datum values[2];
	int result;

	values[0] = PointerGetDatum(cstring_to_text_with_len(bound.bytes, (int) bound.length));
	values[1] = Int64GetDatum(most);
	result = SPI_execute_plan(plan, values, NULL, true, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan failed: %s", SPI_result_code_string(result));
	pfree(DatumGetPointer(values[0]));
}

/* The identity of a row that was found. */
static Text
found_identity(uint64 row, Datum *identity)
{
	bool is_null;
	struct varlena *value;
	Text text;

	*identity = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &is_null);
	value = PG_DETOAST_DATUM_PACKED(*identity);
	*identity = PointerGetDatum(value);
	text.bytes = VARDATA_ANY(value);
	text.length = VARSIZE_ANY_EXHDR(value);
	return text;
}

/* identities_starting(prefix, most): one index scan. */
Datum
identities_starting(PG_FUNCTION_ARGS)
{
	text *argument = PG_GETARG_TEXT_PP(0);
	int32 most = PG_GETARG_INT32(1);
	Text prefix = {VARDATA_ANY(argument), VARSIZE_ANY_EXHDR(argument)};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (most <= 0 || prefix.length > MAX_IDENTITY_BYTES)
		return (Datum) 0;
	SPI_connect();
	search(plan_search(), prefix, most);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Datum identity;
		bool is_null = false;
		Text text = found_identity(i, &identity);

		if (text.length < prefix.length || memcmp(text.bytes, prefix.bytes, prefix.length) != 0)
			break;
		tuplestore_putvalues(result->setResult, result->setDesc, &identity, &is_null);
	}
	SPI_finish();
	return (Datum) 0;
}

/*
 * known_namespaces(most): from each head the first identity behind all that have
 * it.  No head begins with another, so the last byte, ":", made greater is the bound.
 */
Datum
known_namespaces(PG_FUNCTION_ARGS)
{
	int32 most = PG_GETARG_INT32(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	IdentityText bound = {0};
	SPIPlanPtr plan;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	plan = plan_search();
	for (int32 i = 0; i < most; i++)
	{
		Text from = {bound.bytes, bound.length};
		IdentityParts parts;
		Datum values[2];
		bool nulls[2] = {false, false};
		Datum identity;
		char tenant[MAX_TENANT_BYTES];

		CHECK_FOR_INTERRUPTS();
		search(plan, from, 1);
		if (SPI_processed == 0 || !identity_divide(found_identity(0, &identity), &parts))
			break;
		nulls[0] = parts.tenant.length == 0;
		if (!nulls[0])
			values[0] = PointerGetDatum(
				cstring_to_text_with_len(tenant, (int) unquote_tenant(parts.tenant, tenant)));
		values[1] = PointerGetDatum(
			cstring_to_text_with_len(parts.name.bytes, (int) parts.name.length));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		bound.length = parts.head.length;
		memcpy(bound.bytes, parts.head.bytes, bound.length);
		bound.bytes[bound.length - 1]++;
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_finish();
	return (Datum) 0;
}
