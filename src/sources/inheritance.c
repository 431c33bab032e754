/*
 * inheritance.c
 *		Whether tables have partitions or children: a question that every reader of
 *		the store asks, and that the server's caches answer.
 *
 * What they are, and when they were attached, is read from the catalogue in SQL.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(have_children);

/* have_children(tables): whether any of them has, or had; false for tables that are gone. */
Datum
have_children(PG_FUNCTION_ARGS)
{
	ArrayType *tables = PG_GETARG_ARRAYTYPE_P(0);
	Datum *oids;
	bool *nulls;
	int count;
	bool result = false;

	deconstruct_array(tables, OIDOID, sizeof(Oid), true, TYPALIGN_INT, &oids, &nulls, &count);
	for (int i = 0; i < count && !result; i++)
	{
		HeapTuple tuple;

		if (nulls[i])
			continue;
		tuple = SearchSysCache1(RELOID, oids[i]);
		if (!HeapTupleIsValid(tuple))
			continue;
		result = ((Form_pg_class) GETSTRUCT(tuple))->relhassubclass;
		ReleaseSysCache(tuple);
	}
	PG_RETURN_BOOL(result);
}
