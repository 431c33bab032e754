/*
 * values.c
 *		Casts that row security lets past: as the server's, and LEAKPROOF or total.
 *
 * Owns nothing.  The server's own casts to text are not marked LEAKPROOF, so a
 * policy on a table would forbid an index on an expression that uses them, and
 * numeric's cast to double precision raises an error for some numbers.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

PG_FUNCTION_INFO_V1(bigint_text);
PG_FUNCTION_INFO_V1(uuid_text);
PG_FUNCTION_INFO_V1(utc_text);
PG_FUNCTION_INFO_V1(as_number);
PG_FUNCTION_INFO_V1(first_identity);

/* bigint_text(bigint) returns text */
Datum
bigint_text(PG_FUNCTION_ARGS)
{
	char digits[MAXINT8LEN + 1];

	return PointerGetDatum(cstring_to_text_with_len(digits, pg_lltoa(PG_GETARG_INT64(0), digits)));
}

/* uuid_text(uuid) returns text */
Datum
uuid_text(PG_FUNCTION_ARGS)
{
	return CStringGetTextDatum(DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0))));
}

/* A moment as ISO 8601 in UTC, whatever DateStyle and TimeZone say; never fails. */
Datum
utc_text(PG_FUNCTION_ARGS)
{
	Timestamp time = PG_GETARG_TIMESTAMP(0);
	struct pg_tm tm;
	fsec_t fsec;
	char buffer[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(time))
		EncodeSpecialTimestamp(time, buffer);
	else if (timestamp2tm(time, NULL, &tm, &fsec, NULL, NULL) == 0)
	{
		tm.tm_isdst = 0; /* else the zone is left out */
		EncodeDateTime(&tm, fsec, true, 0, NULL, USE_ISO_DATES, buffer);
	}
	else
		PG_RETURN_NULL();
	return CStringGetTextDatum(buffer);
}

/* as_number(numeric) returns double precision: never fails, unlike the cast */
Datum
as_number(PG_FUNCTION_ARGS)
{
	return DirectFunctionCall1(numeric_float8_no_overflow, PG_GETARG_DATUM(0));
}

/* first_identity(a identity, b identity) returns identity: as COALESCE(a, b) */
Datum
first_identity(PG_FUNCTION_ARGS)
{
	for (int i = 0; i < 2; i++)
	{
		if (!PG_ARGISNULL(i))
			PG_RETURN_DATUM(PG_GETARG_DATUM(i));
	}
	PG_RETURN_NULL();
}
