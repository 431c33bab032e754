/*
 * load.c
 *		Very many rows into a table of ours that holds none.
 *
 * Pages are filled one after another, and the indexes are built from them at the
 * end, sorted, which takes a fraction of the time that row by row takes.  The
 * caller holds a lock that keeps other writers away, and knows that what it
 * writes obeys the table's constraints.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "identity/load.h"

#define LOAD_BATCH 1000
#define MAX_SORT_KILOBYTES (64 * 1024)

struct Load
{
	Relation table;
	BulkInsertState state;
	CommandId command;
	int count;
	TupleTableSlot *slots[LOAD_BATCH];
};

Load *
load_start(const char *table)
{
	Oid relation = get_relname_relid(table, get_namespace_oid("crm_timeline", false));
	Relation opened = table_open(relation, RowExclusiveLock);
	Load *load;

	if (opened->trigdesc != NULL)
	{
		table_close(opened, NoLock);
		return NULL;
	}
	load = palloc0(sizeof(Load));
	load->table = opened;
	load->state = GetBulkInsertState();
	load->command = GetCurrentCommandId(true);
	for (int i = 0; i < LOAD_BATCH; i++)
		load->slots[i] = table_slot_create(load->table, NULL);
	return load;
}

/* Writes the rows that are waiting. */
static void
write_batch(Load *load)
{
	CHECK_FOR_INTERRUPTS();
	table_multi_insert(load->table, load->slots, load->count, load->command, 0, load->state);
	for (int i = 0; i < load->count; i++)
		ExecClearTuple(load->slots[i]);
	load->count = 0;
}

void
load_row(Load *load, const Datum *values)
{
	TupleTableSlot *slot = load->slots[load->count++];
	int columns = slot->tts_tupleDescriptor->natts;

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, (Size) columns * sizeof(Datum));
	memset(slot->tts_isnull, false, (Size) columns * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	if (load->count == LOAD_BATCH)
		write_batch(load);
}

static void
execute_on(const char *command, const char *table)
{
	int result = SPI_execute(psprintf("%s crm_timeline.%s", command, quote_identifier(table)),
							 false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute failed: %s", SPI_result_code_string(result));
}

/*
 * Less memory for the sorts of the indexes, where more is allowed.  The rows come
 * nearly in order, and a sort that stays in the processor's cache and in pages that
 * it had before is faster than one that touches a gigabyte once.
 */
static void
limit_memory(void)
{
	char kilobytes[16];

	if (maintenance_work_mem <= MAX_SORT_KILOBYTES)
		return;
	snprintf(kilobytes, sizeof(kilobytes), "%d", MAX_SORT_KILOBYTES);
	(void) set_config_option("maintenance_work_mem", kilobytes, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

void
load_end(Load *load)
{
	char *table = pstrdup(RelationGetRelationName(load->table));
	int settings = NewGUCNestLevel();

	if (load->count > 0)
		write_batch(load);
	for (int i = 0; i < LOAD_BATCH; i++)
		ExecDropSingleTupleTableSlot(load->slots[i]);
	FreeBulkInsertState(load->state);
	table_finish_bulk_insert(load->table, 0);
	table_close(load->table, NoLock);
	pfree(load);
	CommandCounterIncrement();
	limit_memory();
	execute_on("REINDEX TABLE", table);
	execute_on("ANALYZE", table);
	AtEOXact_GUC(true, settings);
	pfree(table);
}
