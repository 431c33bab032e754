/*
 * table_writer.c
 *		Rows into a table of ours, many at a time, without the executor.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/table_writer.h"

#define BATCH 250

struct TableWriter
{
	Relation table;
	TupleDesc descriptor; /* a copy, which no slot has to pin */
	CommandId command;
	BulkInsertState bulk;  /* without indexes */
	EState *state;         /* with indexes, as the next one */
	ResultRelInfo *target; /* NULL without indexes */
	TupleTableSlot *slots[BATCH];
	int slot_count; /* made so far */
	int waiting;
};

TableWriter *
table_writer_create(Relation table, bool with_indexes)
{
	TableWriter *writer = palloc0(sizeof(TableWriter));

	writer->table = table;
	writer->descriptor = CreateTupleDescCopy(RelationGetDescr(table));
	writer->command = GetCurrentCommandId(true);
	if (with_indexes)
	{
		writer->state = CreateExecutorState();
		writer->target = makeNode(ResultRelInfo);
		InitResultRelInfo(writer->target, table, 1, NULL, 0);
		ExecOpenIndices(writer->target, false);
	}
	else
		writer->bulk = GetBulkInsertState();
	return writer;
}

/* Writes the rows that wait, and their entries in the indexes. */
static void
write_batch(TableWriter *writer)
{
	CHECK_FOR_INTERRUPTS();
	table_multi_insert(writer->table, writer->slots, writer->waiting, writer->command, 0,
					   writer->bulk);
	for (int i = 0; i < writer->waiting; i++)
	{
		if (writer->target != NULL)
		{
			(void) CRM_INSERT_INDEX_TUPLES(writer->target, writer->slots[i], writer->state);
			ResetPerTupleExprContext(writer->state);
		}
		ExecClearTuple(writer->slots[i]);
	}
	writer->waiting = 0;
}

void
table_writer_add(TableWriter *writer, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot;
	Size columns;

	if (writer->waiting == writer->slot_count)
		writer->slots[writer->slot_count++] = MakeSingleTupleTableSlot(
			writer->descriptor, table_slot_callbacks(writer->table));
	slot = writer->slots[writer->waiting++];
	columns = slot->tts_tupleDescriptor->natts;
	memcpy(slot->tts_values, values, columns * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, columns * sizeof(bool));
	ExecStoreVirtualTuple(slot);
	ExecMaterializeSlot(slot);
	if (writer->waiting == BATCH)
		write_batch(writer);
}

void
table_writer_end(TableWriter *writer)
{
	if (writer->waiting > 0)
		write_batch(writer);
	for (int i = 0; i < writer->slot_count; i++)
		ExecDropSingleTupleTableSlot(writer->slots[i]);
	if (writer->target != NULL)
	{
		ExecCloseIndices(writer->target);
		FreeExecutorState(writer->state);
	}
	else
	{
		FreeBulkInsertState(writer->bulk);
		table_finish_bulk_insert(writer->table, 0);
	}
	FreeTupleDesc(writer->descriptor);
	pfree(writer);
	CommandCounterIncrement();
}
