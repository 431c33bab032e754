/*
 * failure.c
 *		Where a query over the rows of a source has come to.
 *
 * An error of an expression does not say which row it is about, and takes all
 * with it that SQL could have written down.  So the place is kept here.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(note_place);
PG_FUNCTION_INFO_V1(noted_place);

static char *noted_argument = NULL;
static char *noted_ref = NULL;

static void
keep(char **kept, const text *given)
{
	char *copy = MemoryContextStrdup(TopMemoryContext, text_to_cstring(given));

	if (*kept != NULL)
		pfree(*kept);
	*kept = copy;
}

/* note_place(argument text, ref text) returns boolean: true; a NULL leaves what was noted before. */
Datum
note_place(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		keep(&noted_argument, PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		keep(&noted_ref, PG_GETARG_TEXT_PP(1));
	PG_RETURN_BOOL(true);
}

/* noted_place(OUT argument text, OUT ref text) returns record: what was noted last in this session. */
Datum
noted_place(PG_FUNCTION_ARGS)
{
	TupleDesc result;
	Datum values[2] = {0, 0};
	bool nulls[2] = {noted_argument == NULL, noted_ref == NULL};

	if (get_call_result_type(fcinfo, NULL, &result) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "a row was expected");
	if (!nulls[0])
		values[0] = CStringGetTextDatum(noted_argument);
	if (!nulls[1])
		values[1] = CStringGetTextDatum(noted_ref);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(result), values, nulls)));
}
