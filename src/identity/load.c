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

#include "access/table.h"
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/table_writer.h"
#include "identity/load.h"

#define MAX_SORT_KILOBYTES (64 * 1024)

struct Load
{
	Relation table;
	TableWriter *writer;
	bool *nulls; /* none is */
};

Load *
load_start(const char *table)
{
	Oid relation = get_relname_relid(table, get_namespace_oid("crm_timeline", false));
	Relation opened = table_open(relation, RowExclusiveLock);
	Load *load;

	if (opened->trigdesc != NULL &&
		(opened->trigdesc->trig_insert_before_row || opened->trigdesc->trig_insert_after_row ||
		 opened->trigdesc->trig_insert_before_statement ||
		 opened->trigdesc->trig_insert_after_statement))
	{
		table_close(opened, NoLock);
		return NULL;
	}
	load = palloc(sizeof(Load));
	load->table = opened;
	load->writer = table_writer_create(opened, false);
	load->nulls = palloc0(RelationGetDescr(opened)->natts * sizeof(bool));
	return load;
}

void
load_row(Load *load, const Datum *values)
{
	table_writer_add(load->writer, values, load->nulls);
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

	table_writer_end(load->writer);
	table_close(load->table, NoLock);
	pfree(load->nulls);
	pfree(load);
	limit_memory();
	execute_on("REINDEX TABLE", table);
	execute_on("ANALYZE", table);
	AtEOXact_GUC(true, settings);
	pfree(table);
}
