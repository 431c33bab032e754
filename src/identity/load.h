/*
 * load.h
 *		Very many rows into a table of ours that holds none.
 */
#ifndef CRM_LOAD_H
#define CRM_LOAD_H

/* So many rows are worth it: the indexes are built anew. */
#define LOAD_ROWS 10000

typedef struct Load Load;

/* Begins; NULL where the table has triggers, which want to see every row. */
extern Load *load_start(const char *table);

/* Adds a row of columns none of which is NULL; copies what they point to. */
extern void load_row(Load *load, const Datum *values);

/* Ends: builds the indexes and the statistics.  Within a SPI connection. */
extern void load_end(Load *load);

#endif /* CRM_LOAD_H */
