/*
 * rows.h
 *		The rows of a query, handed over one by one as they come.
 */
#ifndef CRM_ROWS_H
#define CRM_ROWS_H

#include "tcop/dest.h"

typedef void (*RowFunction)(void *caller, const Datum *values, const bool *nulls);

/* A receiver that calls a function for each row; its pub is the dest of SPI_execute_extended() and its like. */
typedef struct RowReceiver
{
	DestReceiver pub;
	RowFunction row;
	void *caller;
} RowReceiver;

extern void row_receiver_init(RowReceiver *receiver, RowFunction row, void *caller);

#endif /* CRM_ROWS_H */
