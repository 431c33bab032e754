/*
 * table_writer.h
 *		Rows into a table of ours, many at a time, without the executor.
 *
 * Asks for no right, checks no constraint and fires no trigger: whoever calls
 * knows that what it writes obeys the table's rules.
 */
#ifndef CRM_TABLE_WRITER_H
#define CRM_TABLE_WRITER_H

#include "utils/relcache.h"

typedef struct TableWriter TableWriter;

/* Begins to write to an open table: with its indexes, or for a load whose indexes are built afterwards. */
extern TableWriter *table_writer_create(Relation table, bool with_indexes);

/* Adds a row of all the table's columns; copies what they point to. */
extern void table_writer_add(TableWriter *writer, const Datum *values, const bool *nulls);

/* Writes what waits, and makes it visible to what follows in this transaction; the table stays open. */
extern void table_writer_end(TableWriter *writer);

#endif /* CRM_TABLE_WRITER_H */
