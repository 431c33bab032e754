/*
 * text_type.h
 *		What the types have in common that are a canonical text to everybody
 *		outside: pattern, journey, definitions and schedule.
 *
 * The binary form is a version byte and that text.  What a type has made of its
 * text is never taken from outside.
 */
#ifndef CRM_TEXT_TYPE_H
#define CRM_TEXT_TYPE_H

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"

#include "base/compat.h"
#include "pattern/tree.h"
#include "timeline/layout.h"

#define TEXT_TYPE_VERSION 1

/* Raises what is wrong with a text, or leaves it in context; name is the type's. */
static inline Datum
text_type_error(const PatternError *error, const char *name, struct Node *context)
{
	ereturn(context, (Datum) 0,
			(errcode(error->sqlstate),
			 error->position > 0 ? errmsg("invalid %s at character %d: %s", name, error->position,
										  error->message) :
								   errmsg("invalid %s: %s", name, error->message),
			 error->detail != NULL ? errdetail("%s", error->detail) : 0,
			 error->hint != NULL ? errhint("%s", error->hint) : 0));
}

static inline Datum
text_type_out(TextSlice text)
{
	return CStringGetDatum(pnstrdup(text.bytes, text.length));
}

static inline Datum
text_type_send(TextSlice text)
{
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, TEXT_TYPE_VERSION);
	pq_sendtext(&out, text.bytes, (int) text.length);
	return PointerGetDatum(pq_endtypsend(&out));
}

/* The text of a binary form in the first argument; message is the error where its version is another. */
static inline TextSlice
text_type_receive(FunctionCallInfo fcinfo, const char *message)
{
	StringInfo in = (StringInfo) PG_GETARG_POINTER(0);
	TextSlice text;
	int length;

	if (pq_getmsgbyte(in) != TEXT_TYPE_VERSION)
		ereport(ERROR, errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("%s", message));
	text.bytes = pq_getmsgtext(in, in->len - in->cursor, &length);
	text.length = (uint32) length;
	return text;
}

static inline Datum
text_type_hash(TextSlice text)
{
	return hash_any((const unsigned char *) text.bytes, (int) text.length);
}

static inline Datum
text_type_hash_extended(TextSlice text, Datum seed)
{
	return hash_any_extended((const unsigned char *) text.bytes, (int) text.length,
							 (uint64) DatumGetInt64(seed));
}

#endif
