/*
 * rows.c
 *		The rows of a query, handed over one by one as they come.
 */
#include "postgres.h"

#include "executor/tuptable.h"

#include "base/rows.h"

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;

	slot_getallattrs(slot);
	receiver->row(receiver->caller, slot->tts_values, slot->tts_isnull);
	return true;
}

static void
receive_start(DestReceiver *self pg_attribute_unused(), int operation pg_attribute_unused(),
			  TupleDesc rows pg_attribute_unused())
{
}

static void
receive_end(DestReceiver *self pg_attribute_unused())
{
}

void
row_receiver_init(RowReceiver *receiver, RowFunction row, void *caller)
{
	*receiver = (RowReceiver) {.pub = {.receiveSlot = receive_row,
									   .rStartup = receive_start,
									   .rShutdown = receive_end,
									   .rDestroy = receive_end,
									   .mydest = DestNone},
							   .row = row,
							   .caller = caller};
}
