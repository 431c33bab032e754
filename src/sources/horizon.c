/*
 * horizon.c
 *		Which transactions have a number already.
 *
 * A snapshot does not tell: one that began to write after the last one that ended
 * is not in it.
 */
#include "postgres.h"

#include "access/transam.h"
#include "fmgr.h"
#include "utils/xid8.h"

PG_FUNCTION_INFO_V1(next_transaction);

/* next_transaction(): every transaction that has a number has a lower one. */
Datum
next_transaction(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_FULLTRANSACTIONID(ReadNextFullTransactionId());
}
