/*
 * customer.c
 *		customer_of() and is_resolved(): the look-ups that questions begin with.
 *
 * Owns the one index look-up in the table membership.  Questions about grades
 * and former times, and identities that resolve() has not seen, go on to
 * functions in SQL.  It is in C because a query for one customer calls it
 * several times, while it is planned and for each scan, and those calls would
 * cost as much as all the rest.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/skey.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"

/* Columns of the table membership. */
enum
{
	MEMBERSHIP_IDENTITY = 1,
	MEMBERSHIP_CUSTOMER_ID = 3
};

PG_FUNCTION_INFO_V1(customer_of);
PG_FUNCTION_INFO_V1(is_resolved);

/* Calls a function of ours in SQL with the first arguments of the caller. */
static Datum
pass_on(FunctionCallInfo fcinfo, const char *name, int count, Oid *types)
{
	LOCAL_FCINFO(call, 3);
	FmgrInfo function;
	List *names = list_make2(makeString("crm_timeline"), makeString(pstrdup(name)));
	Datum result;

	fmgr_info(LookupFuncName(names, count, types, false), &function);
	InitFunctionCallInfoData(*call, &function, count, InvalidOid, NULL, NULL);
	for (int i = 0; i < count; i++)
		call->args[i] = fcinfo->args[i];
	result = FunctionCallInvoke(call);
	fcinfo->isnull = call->isnull;
	return result;
}

/* The customer that the table membership has for an identity. */
static bool
find_membership(Datum identity, Oid type, int64 *customer)
{
	Oid table = get_relname_relid("membership", get_namespace_oid("crm_timeline", false));
	AclResult allowed = pg_class_aclcheck(table, GetUserId(), ACL_SELECT);
	Relation membership;
	Relation index;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	Oid equality;

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, "membership");
	membership = table_open(table, AccessShareLock);
	index = index_open(CRM_PRIMARY_KEY_INDEX(membership), AccessShareLock);
	equality = get_opfamily_member(index->rd_opfamily[0], type, type, BTEqualStrategyNumber);
	ScanKeyInit(&key, MEMBERSHIP_IDENTITY, BTEqualStrategyNumber, get_opcode(equality), identity);
	scan = systable_beginscan(membership, RelationGetRelid(index), true, GetActiveSnapshot(), 1,
							  &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool isnull;

		*customer = DatumGetInt64(
			heap_getattr(tuple, MEMBERSHIP_CUSTOMER_ID, RelationGetDescr(membership), &isnull));
	}
	systable_endscan(scan);
	index_close(index, AccessShareLock);
	table_close(membership, AccessShareLock);
	return HeapTupleIsValid(tuple);
}

/* customer_of(identity, min_grade integer, as_of timestamptz) returns bigint */
Datum
customer_of(PG_FUNCTION_ARGS)
{
	Oid *types;
	int count;
	int64 customer;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
	if (!PG_ARGISNULL(1) || !PG_ARGISNULL(2))
		return pass_on(fcinfo, "customer_then", 3, types);
	if (find_membership(PG_GETARG_DATUM(0), types[0], &customer))
		PG_RETURN_INT64(customer);
	return pass_on(fcinfo, "pending_customer", 1, types);
}

/* is_resolved(identity) returns boolean */
Datum
is_resolved(PG_FUNCTION_ARGS)
{
	Oid *types;
	int count;
	int64 customer;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
	PG_RETURN_BOOL(find_membership(PG_GETARG_DATUM(0), types[0], &customer));
}
