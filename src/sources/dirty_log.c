/*
 * dirty_log.c
 *		Appends to the table dirty_log.
 *
 * Every write to a registered table waits for it.  Whoever may write there may
 * write here by that alone.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/table_writer.h"
#include "identity/names.h"
#include "sources/dirty_log.h"

/* So many different identities of a statement are kept in memory. */
#define MAX_WRITTEN 10000

#define FIRST_WRITTEN 8

/* Columns of the table dirty_log; a later version may add some, which are NULL here. */
enum
{
	LOG_SOURCE,
	LOG_IDENTITY,
	LOG_STARTS_AT,
	LOG_ENDS_AT,
	LOG_PROBLEM,
	LOG_PROVISIONAL_ID,
	LOG_COLUMNS
};

/* The time that an identity's rows cover. */
typedef struct Covered
{
	TimestampTz starts_at;
	TimestampTz ends_at;
	bool known;
} Covered;

struct Written
{
	const char *source;
	MemoryContext context;
	Names *identities;
	Covered *covered; /* by the numbers of the identities */
	uint32 size;
};

/* A row of the log. */
typedef struct LogRow
{
	Datum *values;
	bool *nulls;
} LogRow;

static Relation
open_log(void)
{
	Oid relation = get_relname_relid("dirty_log", get_namespace_oid("crm_timeline", false));

	if (!OidIsValid(relation))
		elog(ERROR, "the dirty log is missing");
	return table_open(relation, RowExclusiveLock);
}

/* A row that names a source; all else is NULL. */
static LogRow
start_row(Relation log, const char *source)
{
	int columns = RelationGetDescr(log)->natts;
	LogRow row = {palloc0(columns * sizeof(Datum)), palloc(columns * sizeof(bool))};

	memset(row.nulls, true, columns * sizeof(bool));
	row.values[LOG_SOURCE] = CStringGetTextDatum(source);
	row.nulls[LOG_SOURCE] = false;
	return row;
}

static void
start_again(Written *written)
{
	MemoryContextReset(written->context);
	written->identities = names_create(written->context, FIRST_WRITTEN);
	written->size = FIRST_WRITTEN;
	written->covered = MemoryContextAlloc(written->context, written->size * sizeof(Covered));
}

Written *
written_create(const char *source)
{
	Written *written = palloc(sizeof(Written));

	written->source = source;
	written->context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline written",
											 ALLOCSET_SMALL_SIZES);
	start_again(written);
	return written;
}

void
written_add(Written *written, const struct varlena *identity, const TimestampTz *time)
{
	Text text = {VARDATA_ANY(identity), (uint32) VARSIZE_ANY_EXHDR(identity)};
	uint32 count = written->identities->count;
	uint32 number;
	Covered *covered;

	if (count == MAX_WRITTEN)
	{
		written_append(written);
		count = 0;
	}
	number = names_add(written->identities, text);
	if (number == written->size)
	{
		written->size *= 2;
		written->covered = repalloc(written->covered, written->size * sizeof(Covered));
	}
	covered = &written->covered[number];
	if (number == count)
		covered->known = false;
	if (time == NULL)
		return;
	if (!covered->known || *time < covered->starts_at)
		covered->starts_at = *time;
	if (!covered->known || *time > covered->ends_at)
		covered->ends_at = *time;
	covered->known = true;
}

void
written_append(Written *written)
{
	uint32 count = written->identities->count;
	Relation log;
	LogRow row;
	TableWriter *writer;

	if (count == 0)
		return;
	log = open_log();
	row = start_row(log, written->source);
	writer = table_writer_create(log, true);
	row.nulls[LOG_IDENTITY] = row.nulls[LOG_PROVISIONAL_ID] = false;
	for (uint32 i = 0; i < count; i++)
	{
		Text name = names_text(written->identities, i);
		const Covered *covered = &written->covered[i];
		text *identity = cstring_to_text_with_len(name.bytes, (int) name.length);

		row.values[LOG_IDENTITY] = PointerGetDatum(identity);
		row.values[LOG_PROVISIONAL_ID] = Int64GetDatum(provisional_number(name));
		row.nulls[LOG_STARTS_AT] = row.nulls[LOG_ENDS_AT] = !covered->known;
		if (covered->known)
		{
			row.values[LOG_STARTS_AT] = TimestampTzGetDatum(covered->starts_at);
			row.values[LOG_ENDS_AT] = TimestampTzGetDatum(covered->ends_at);
		}
		table_writer_add(writer, row.values, row.nulls);
		pfree(identity);
	}
	table_writer_end(writer);
	table_close(log, NoLock);
	start_again(written);
}

void
dirty_log_append_source(const char *source, const char *problem)
{
	Relation log = open_log();
	LogRow row = start_row(log, source);
	TableWriter *writer = table_writer_create(log, true);

	if (problem != NULL)
	{
		row.values[LOG_PROBLEM] = CStringGetTextDatum(problem);
		row.nulls[LOG_PROBLEM] = false;
	}
	table_writer_add(writer, row.values, row.nulls);
	table_writer_end(writer);
	table_close(log, NoLock);
}
