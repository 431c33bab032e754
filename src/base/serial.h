/*
 * serial.h
 *		Reading what an aggregate's state was serialised to.
 */
#ifndef CRM_SERIAL_H
#define CRM_SERIAL_H

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

/* Opens the bytes of a serialised state, which are read where they stand; the first is their version. */
static inline void
open_state(StringInfo in, bytea *bytes, int version, const char *aggregate)
{
	in->data = VARDATA_ANY(bytes);
	in->len = in->maxlen = (int) VARSIZE_ANY_EXHDR(bytes);
	in->cursor = 0;
	if (pq_getmsgbyte(in) != version)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("state of %s() has an unknown version", aggregate));
}

#endif
