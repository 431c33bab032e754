/*
 * io.c
 *		The type timeline as the server sees it: text and binary form, equality,
 *		order and hash.
 *
 * The binary form, which is also what the casts to and from bytea give:
 *
 *	+---------+----------+--------------------+---------------------+
 *	| version | encoding | CRC-32C of the     | layout, as stored   |
 *	| 1 byte  | 1 byte   | layout, big-endian | (timeline/layout.h) |
 *	+---------+----------+--------------------+---------------------+
 *
 * encoding is the server's number of the database encoding that the texts are
 * in.  The checksum finds damage on the way; that the bytes are canonical is
 * checked besides.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "utils/builtins.h"

#include "timeline/call.h"
#include "timeline/pack.h"
#include "timeline/text.h"
#include "timeline/validate.h"

#define WIRE_VERSION 1
#define WIRE_HEADER_BYTES 6

/* bytes that are summed up or copied between two checks for interrupts */
#define WIRE_BLOCK ((Size) 8 * 1024 * 1024)

PG_FUNCTION_INFO_V1(timeline_in);
PG_FUNCTION_INFO_V1(timeline_out);
PG_FUNCTION_INFO_V1(timeline_to_text);
PG_FUNCTION_INFO_V1(text_to_timeline);
PG_FUNCTION_INFO_V1(timeline_recv);
PG_FUNCTION_INFO_V1(timeline_send);
PG_FUNCTION_INFO_V1(timeline_from_bytea);
PG_FUNCTION_INFO_V1(check_timeline);
PG_FUNCTION_INFO_V1(timeline_eq);
PG_FUNCTION_INFO_V1(timeline_ne);
PG_FUNCTION_INFO_V1(timeline_lt);
PG_FUNCTION_INFO_V1(timeline_le);
PG_FUNCTION_INFO_V1(timeline_gt);
PG_FUNCTION_INFO_V1(timeline_ge);
PG_FUNCTION_INFO_V1(timeline_cmp);
PG_FUNCTION_INFO_V1(timeline_hash);
PG_FUNCTION_INFO_V1(timeline_hash_extended);

/* The value that a text says; context is that of the call, for soft errors. */
static Datum
read_text(const char *text, Size length, Node *context)
{
	Builder *builder;
	ParseError error;

	builder = builder_create(vocabulary_create(CurrentMemoryContext), CurrentMemoryContext,
							 CurrentMemoryContext, false);
	if (!parse_timeline(text, length, builder, &error))
		ereturn(context, (Datum) 0,
				(errcode(error.sqlstate),
				 errmsg("invalid input syntax for type timeline: %s", error.message),
				 errdetail("At character %d of the input.",
						   pg_mbstrlen_with_len(text, (int) error.position) + 1)));
	return PointerGetDatum(pack_builder(builder));
}

Datum
timeline_in(PG_FUNCTION_ARGS)
{
	char *input = PG_GETARG_CSTRING(0);

	return read_text(input, strlen(input), fcinfo->context);
}

Datum
timeline_out(PG_FUNCTION_ARGS)
{
	Layout layout;
	StringInfoData out;

	PG_GETARG_LAYOUT(0, &layout);
	initStringInfo(&out);
	print_timeline(&out, &layout);
	PG_RETURN_CSTRING(out.data);
}

/*
 * CAST (timeline AS text) and CAST (text AS timeline): what the type's output
 * and input would do, too, but by two copies of the text that nothing can stop.
 */

Datum
timeline_to_text(PG_FUNCTION_ARGS)
{
	Layout layout;
	StringInfoData out;

	PG_GETARG_LAYOUT(0, &layout);
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	print_timeline(&out, &layout);
	SET_VARSIZE(out.data, out.len);
	PG_RETURN_TEXT_P(out.data);
}

Datum
text_to_timeline(PG_FUNCTION_ARGS)
{
	text *input = PG_GETARG_TEXT_PP(0);

	return read_text(VARDATA_ANY(input), VARSIZE_ANY_EXHDR(input), fcinfo->context);
}

static pg_crc32c
checksum(const void *bytes, Size length)
{
	pg_crc32c crc;

	INIT_CRC32C(crc);
	for (Size done = 0; done < length; done += WIRE_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		COMP_CRC32C(crc, (const char *) bytes + done, Min(length - done, WIRE_BLOCK));
	}
	FIN_CRC32C(crc);
	return crc;
}

/* Copies a gigabyte, if need be, and can be cancelled meanwhile. */
static void
copy_bytes(char *to, const char *from, Size length)
{
	for (Size done = 0; done < length; done += WIRE_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(to + done, from + done, Min(length - done, WIRE_BLOCK));
	}
}

Datum
timeline_send(PG_FUNCTION_ARGS)
{
	struct varlena *timeline = PG_GETARG_VARLENA_PP(0);
	Layout layout;
	StringInfoData out;

	layout_open(&layout, VARDATA_ANY(timeline), VARSIZE_ANY_EXHDR(timeline));
	pq_begintypsend(&out);
	enlargeStringInfo(&out, WIRE_HEADER_BYTES + (int) VARSIZE_ANY_EXHDR(timeline));
	pq_sendbyte(&out, WIRE_VERSION);
	pq_sendbyte(&out, (uint8) GetDatabaseEncoding());
	pq_sendint32(&out, checksum(VARDATA_ANY(timeline), VARSIZE_ANY_EXHDR(timeline)));
	copy_bytes(out.data + out.len, VARDATA_ANY(timeline), VARSIZE_ANY_EXHDR(timeline));
	out.len += (int) VARSIZE_ANY_EXHDR(timeline);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

/* Checks the binary form in every way and makes the value. */
static struct varlena *
read_wire(const char *bytes, Size length)
{
	struct varlena *result;
	uint32 crc;
	int encoding;

	if (length < WIRE_HEADER_BYTES)
		corrupt_timeline("its binary form ends early");
	if (bytes[0] != WIRE_VERSION)
		corrupt_timeline("its binary form has a version that is not known");
	encoding = (uint8) bytes[1];
	memcpy(&crc, bytes + 2, sizeof(crc));
	bytes += WIRE_HEADER_BYTES;
	length -= WIRE_HEADER_BYTES;
	if (pg_ntoh32(crc) != checksum(bytes, length))
		corrupt_timeline("its binary form does not match its checksum");
	if (encoding != GetDatabaseEncoding())
	{
		if (!PG_VALID_ENCODING(encoding))
			corrupt_timeline("its binary form has an encoding that is not known");
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("binary timeline is in encoding \"%s\", the database in \"%s\"",
						pg_encoding_to_char(encoding), GetDatabaseEncodingName()),
				 errhint("Use the text form between databases of different encodings.")));
	}
	if (length > MAX_TIMELINE_BYTES - VARHDRSZ)
		timeline_too_large("bytes", length, MAX_TIMELINE_BYTES - VARHDRSZ);
	timeline_validate(bytes, length);
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	copy_bytes(VARDATA(result), bytes, length);
	return result;
}

Datum
timeline_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;

	PG_RETURN_POINTER(read_wire(pq_getmsgbytes(message, length), (Size) length));
}

/* CAST (bytea AS timeline) */
Datum
timeline_from_bytea(PG_FUNCTION_ARGS)
{
	bytea *wire = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_POINTER(read_wire(VARDATA_ANY(wire), VARSIZE_ANY_EXHDR(wire)));
}

/* check_timeline(timeline): of one that is stored, what is checked of one that comes in. */
Datum
check_timeline(PG_FUNCTION_ARGS)
{
	struct varlena *timeline = PG_GETARG_VARLENA_PP(0);

	timeline_validate(VARDATA_ANY(timeline), VARSIZE_ANY_EXHDR(timeline));
	PG_FREE_IF_COPY(timeline, 0);
	PG_RETURN_BOOL(true);
}

/*
 * Equality and order are those of the bytes: one timeline has one form.
 */

static int
compare_timelines(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	TextSlice a_bytes = {VARDATA_ANY(a), (uint32) VARSIZE_ANY_EXHDR(a)};
	TextSlice b_bytes = {VARDATA_ANY(b), (uint32) VARSIZE_ANY_EXHDR(b)};
	int result = compare_slices(a_bytes, b_bytes);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/* Different lengths differ, and tell it without being detoasted. */
static bool
equal_timelines(FunctionCallInfo fcinfo)
{
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) != toast_raw_datum_size(PG_GETARG_DATUM(1)))
		return false;
	return compare_timelines(fcinfo) == 0;
}

Datum
timeline_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_timelines(fcinfo));
}

Datum
timeline_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_timelines(fcinfo));
}

Datum
timeline_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_timelines(fcinfo) < 0);
}

Datum
timeline_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_timelines(fcinfo) <= 0);
}

Datum
timeline_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_timelines(fcinfo) > 0);
}

Datum
timeline_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_timelines(fcinfo) >= 0);
}

Datum
timeline_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_timelines(fcinfo));
}

Datum
timeline_hash(PG_FUNCTION_ARGS)
{
	struct varlena *timeline = PG_GETARG_VARLENA_PP(0);
	uint32 hash = hash_bytes((const unsigned char *) VARDATA_ANY(timeline),
							 (int) VARSIZE_ANY_EXHDR(timeline));

	PG_FREE_IF_COPY(timeline, 0);
	PG_RETURN_INT32((int32) hash);
}

Datum
timeline_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *timeline = PG_GETARG_VARLENA_PP(0);
	uint64 hash = hash_bytes_extended((const unsigned char *) VARDATA_ANY(timeline),
									  (int) VARSIZE_ANY_EXHDR(timeline),
									  (uint64) PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(timeline, 0);
	PG_RETURN_INT64((int64) hash);
}
