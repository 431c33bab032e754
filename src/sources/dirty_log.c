/*
 * dirty_log.c
 *		Appends to the table dirty_log.
 *
 * Owns how its rows are written: straight into the table and its index, many at
 * a time, because every write to a registered table waits for it.  No right is
 * asked for and no trigger fires: the log is the extension's own, and whoever
 * may write to a registered table may write here by that alone.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "sources/dirty_log.h"

/* So many different identities of a statement are kept in memory. */
#define MAX_WRITTEN 10000

#define LOG_BATCH 500

/* Columns of the table dirty_log. */
enum
{
	LOG_SOURCE,
	LOG_IDENTITY,
	LOG_STARTS_AT,
	LOG_ENDS_AT,
	LOG_PROBLEM,
	LOG_COLUMNS
};

/* An identity, and the time that its rows cover. */
typedef struct WrittenEntry
{
	struct varlena *identity;
	TimestampTz starts_at;
	TimestampTz ends_at;
	uint32 hash;
	char status;
	bool has_time;
} WrittenEntry;

static inline uint32
hash_identity(const struct varlena *identity)
{
	return hash_bytes((const unsigned char *) VARDATA_ANY(identity),
					  (int) VARSIZE_ANY_EXHDR(identity));
}

static inline bool
same_identity(const struct varlena *a, const struct varlena *b)
{
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE WrittenEntry
#define SH_KEY_TYPE struct varlena *
#define SH_KEY identity
#define SH_HASH_KEY(table, key) hash_identity(key)
#define SH_EQUAL(table, a, b) same_identity(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) ((entry)->hash)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

struct Written
{
	MemoryContext context; /* of the identities */
	entries_hash *entries;
};

/* The log while rows are written to it. */
typedef struct Log
{
	Relation table;
	EState *state;
	ResultRelInfo *target;
	CommandId command;
	Datum source;
	TupleTableSlot *slots[LOG_BATCH];
	int slot_count; /* made so far */
	int count;      /* waiting */
} Log;

static Log *
open_log(const char *source)
{
	Oid relation = get_relname_relid("dirty_log", get_namespace_oid("crm_timeline", false));
	Log *log = palloc0(sizeof(Log));

	if (!OidIsValid(relation))
		elog(ERROR, "the dirty log is missing");
	log->table = table_open(relation, RowExclusiveLock);
	log->state = CreateExecutorState();
	log->target = makeNode(ResultRelInfo);
	InitResultRelInfo(log->target, log->table, 1, NULL, 0);
	ExecOpenIndices(log->target, false);
	log->command = GetCurrentCommandId(true);
	log->source = CStringGetTextDatum(source);
	return log;
}

/* Writes the rows that wait, and their entries in the index. */
static void
flush_log(Log *log)
{
	if (log->count == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	table_multi_insert(log->table, log->slots, log->count, log->command, 0, NULL);
	for (int i = 0; i < log->count; i++)
	{
		(void) CRM_INSERT_INDEX_TUPLES(log->target, log->slots[i], log->state);
		ResetPerTupleExprContext(log->state);
		ExecClearTuple(log->slots[i]);
	}
	log->count = 0;
}

/* Adds a row: the columns after the source; a Datum of 0 is NULL where nulls says so. */
static void
log_row(Log *log, const Datum *values, const bool *nulls)
{
	TupleTableSlot *slot;

	if (log->count == log->slot_count)
		log->slots[log->slot_count++] = table_slot_create(log->table, NULL);
	slot = log->slots[log->count++];
	memcpy(slot->tts_values, values, LOG_COLUMNS * sizeof(Datum));
	memcpy(slot->tts_isnull, nulls, LOG_COLUMNS * sizeof(bool));
	slot->tts_values[LOG_SOURCE] = log->source;
	slot->tts_isnull[LOG_SOURCE] = false;
	ExecStoreVirtualTuple(slot);
	/* columns that a later version added */
	for (int i = LOG_COLUMNS; i < slot->tts_tupleDescriptor->natts; i++)
		slot->tts_isnull[i] = true;
	if (log->count == LOG_BATCH)
		flush_log(log);
}

static void
close_log(Log *log)
{
	flush_log(log);
	for (int i = 0; i < log->slot_count; i++)
		ExecDropSingleTupleTableSlot(log->slots[i]);
	ExecCloseIndices(log->target);
	FreeExecutorState(log->state);
	table_close(log->table, NoLock);
	pfree(log);
	/* what follows in this transaction sees it */
	CommandCounterIncrement();
}

Written *
written_create(void)
{
	Written *written = palloc(sizeof(Written));

	written->context = CurrentMemoryContext;
	written->entries = entries_create(CurrentMemoryContext, 8, NULL);
	return written;
}

void
written_add(Written *written, const char *source, struct varlena *identity, const TimestampTz *time)
{
	WrittenEntry *entry;
	bool found;

	if (written->entries->members >= MAX_WRITTEN)
		written_append(written, source);
	entry = entries_insert(written->entries, identity, &found);
	if (!found)
	{
		entry->identity = MemoryContextAlloc(written->context, VARSIZE_ANY(identity));
		memcpy(entry->identity, identity, VARSIZE_ANY(identity));
		entry->has_time = false;
	}
	if (time == NULL)
		return;
	if (!entry->has_time || *time < entry->starts_at)
		entry->starts_at = *time;
	if (!entry->has_time || *time > entry->ends_at)
		entry->ends_at = *time;
	entry->has_time = true;
}

void
written_append(Written *written, const char *source)
{
	entries_iterator iterator;
	WrittenEntry *entry;
	Log *log;

	if (written->entries->members == 0)
		return;
	log = open_log(source);
	entries_start_iterate(written->entries, &iterator);
	while ((entry = entries_iterate(written->entries, &iterator)) != NULL)
	{
		Datum values[LOG_COLUMNS] = {[LOG_IDENTITY] = PointerGetDatum(entry->identity),
									 [LOG_STARTS_AT] = TimestampTzGetDatum(entry->starts_at),
									 [LOG_ENDS_AT] = TimestampTzGetDatum(entry->ends_at)};
		bool nulls[LOG_COLUMNS] = {[LOG_STARTS_AT] = !entry->has_time,
								   [LOG_ENDS_AT] = !entry->has_time,
								   [LOG_PROBLEM] = true};

		log_row(log, values, nulls);
	}
	close_log(log);
	entries_start_iterate(written->entries, &iterator);
	while ((entry = entries_iterate(written->entries, &iterator)) != NULL)
		pfree(entry->identity);
	entries_reset(written->entries);
}

void
dirty_log_append_source(const char *source, const char *problem)
{
	Datum values[LOG_COLUMNS] = {0};
	bool nulls[LOG_COLUMNS];
	Log *log = open_log(source);

	memset(nulls, true, sizeof(nulls));
	if (problem != NULL)
	{
		values[LOG_PROBLEM] = CStringGetTextDatum(problem);
		nulls[LOG_PROBLEM] = false;
	}
	log_row(log, values, nulls);
	close_log(log);
}
