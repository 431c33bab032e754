/*
 * identity.c
 *		The type identity as the server sees it: text and binary form, the total
 *		function that makes one, its parts, order and hash.
 *
 * The binary form is a version byte and the canonical text, in UTF-8 whatever
 * the encoding of the client.
 */
#include "postgres.h"

#include "access/detoast.h"
#include "catalog/pg_collation_d.h"
#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "identity/identity.h"
#include "identity/phone.h"

#define WIRE_VERSION 1

/* bytes of a text that an error shows */
#define SHOWN_BYTES 100

PG_FUNCTION_INFO_V1(identity_in);
PG_FUNCTION_INFO_V1(identity_out);
PG_FUNCTION_INFO_V1(identity_recv);
PG_FUNCTION_INFO_V1(identity_send);
PG_FUNCTION_INFO_V1(identity_make);
PG_FUNCTION_INFO_V1(identity_problem);
PG_FUNCTION_INFO_V1(identity_namespace);
PG_FUNCTION_INFO_V1(identity_value);
PG_FUNCTION_INFO_V1(identity_tenant);
PG_FUNCTION_INFO_V1(identity_skeleton);
PG_FUNCTION_INFO_V1(looks_like);
PG_FUNCTION_INFO_V1(provisional_customer);
PG_FUNCTION_INFO_V1(icu_version);
PG_FUNCTION_INFO_V1(unicode_version);
PG_FUNCTION_INFO_V1(phone_metadata_version);
PG_FUNCTION_INFO_V1(identity_eq);
PG_FUNCTION_INFO_V1(identity_ne);
PG_FUNCTION_INFO_V1(identity_lt);
PG_FUNCTION_INFO_V1(identity_le);
PG_FUNCTION_INFO_V1(identity_gt);
PG_FUNCTION_INFO_V1(identity_ge);
PG_FUNCTION_INFO_V1(identity_cmp);
PG_FUNCTION_INFO_V1(identity_sortsupport);
PG_FUNCTION_INFO_V1(identity_hash);
PG_FUNCTION_INFO_V1(identity_hash_extended);

/*
 * Values and their texts
 */

static Datum
identity_datum(const IdentityText *text)
{
	struct varlena *value = palloc(VARHDRSZ + text->length);

	SET_VARSIZE(value, VARHDRSZ + text->length);
	memcpy(VARDATA(value), text->bytes, text->length);
	return PointerGetDatum(value);
}

static Datum
text_datum(const char *bytes, Size length)
{
	return PointerGetDatum(cstring_to_text_with_len(bytes, (int) length));
}

static Text
text_of(struct varlena *value)
{
	Text text = {VARDATA_ANY(value), (uint32) VARSIZE_ANY_EXHDR(value)};

	return text;
}

/* The parts of argument n. */
static IdentityParts
divide_argument(FunctionCallInfo fcinfo, int n)
{
	IdentityParts parts;

	if (!identity_divide(text_of(PG_GETARG_VARLENA_PP(n)), &parts))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("identity is corrupt")));
	return parts;
}

/*
 * Text and binary form
 */

Datum
identity_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	Size length = strlen(input);
	IdentityText text;
	const char *problem;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("identities need a database in encoding \"UTF8\", and this one is in \"%s\"",
						GetDatabaseEncodingName())));
	problem = identity_parse(input, length, &text);
	if (problem != NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid identity: \"%.*s%s\"",
						pg_mbcliplen(input, (int) Min(length, MAX_RAW_BYTES), SHOWN_BYTES), input,
						length > SHOWN_BYTES ? "..." : ""),
				 errdetail("%s", problem)));
	return identity_datum(&text);
}

Datum
identity_out(PG_FUNCTION_ARGS)
{
	Text text = text_of(PG_GETARG_VARLENA_PP(0));

	PG_RETURN_CSTRING(pnstrdup(text.bytes, text.length));
}

Datum
identity_send(PG_FUNCTION_ARGS)
{
	Text text = text_of(PG_GETARG_VARLENA_PP(0));
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendbyte(&out, WIRE_VERSION);
	pq_sendbytes(&out, text.bytes, (int) text.length);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
identity_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, length);
	IdentityText text;
	const char *problem;

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("identities need a database in encoding \"UTF8\", and this one is in \"%s\"",
						GetDatabaseEncodingName())));
	if (length < 1 || bytes[0] != WIRE_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("binary identity has a version that is not known")));
	problem = identity_parse(bytes + 1, (Size) length - 1, &text);
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary identity"),
				 errdetail("%s", problem)));
	return identity_datum(&text);
}

/*
 * The total function, and why it gives NULL
 */

/* Makes an identity of the four arguments; NULL or the problem. */
static const char *
compose(FunctionCallInfo fcinfo, IdentityText *out)
{
	RawIdentity raw = {0};
	text *argument;

	if (PG_ARGISNULL(0))
		return "namespace: it is NULL";
	argument = PG_GETARG_TEXT_PP(0);
	raw.name = VARDATA_ANY(argument);
	raw.name_length = VARSIZE_ANY_EXHDR(argument);
	/* what is too long is not even fetched */
	if (toast_raw_datum_size(PG_GETARG_DATUM(1)) - VARHDRSZ > MAX_RAW_BYTES)
		return too_long_for_identity;
	argument = PG_GETARG_TEXT_PP(1);
	raw.raw = VARDATA_ANY(argument);
	raw.raw_length = VARSIZE_ANY_EXHDR(argument);
	if (!PG_ARGISNULL(2))
	{
		argument = PG_GETARG_TEXT_PP(2);
		raw.tenant = VARDATA_ANY(argument);
		raw.tenant_length = VARSIZE_ANY_EXHDR(argument);
	}
	if (!PG_ARGISNULL(3))
	{
		argument = PG_GETARG_TEXT_PP(3);
		raw.region = VARDATA_ANY(argument);
		raw.region_length = VARSIZE_ANY_EXHDR(argument);
	}
	return identity_compose(&raw, out);
}

/* identity(namespace, raw, tenant, region) */
Datum
identity_make(PG_FUNCTION_ARGS)
{
	IdentityText text;

	if (PG_ARGISNULL(1) || compose(fcinfo, &text) != NULL)
		PG_RETURN_NULL();
	return identity_datum(&text);
}

Datum
identity_problem(PG_FUNCTION_ARGS)
{
	IdentityText text;
	const char *problem;

	if (PG_ARGISNULL(1))
		PG_RETURN_NULL();
	problem = compose(fcinfo, &text);
	if (problem == NULL)
		PG_RETURN_NULL();
	return text_datum(problem, strlen(problem));
}

/*
 * Parts
 */

Datum
identity_namespace(PG_FUNCTION_ARGS)
{
	IdentityParts parts = divide_argument(fcinfo, 0);

	return text_datum(parts.name.bytes, parts.name.length);
}

Datum
identity_value(PG_FUNCTION_ARGS)
{
	IdentityParts parts = divide_argument(fcinfo, 0);

	return text_datum(parts.value.bytes, parts.value.length);
}

Datum
identity_tenant(PG_FUNCTION_ARGS)
{
	IdentityParts parts = divide_argument(fcinfo, 0);
	char tenant[MAX_TENANT_BYTES];

	if (parts.tenant.length == 0)
		PG_RETURN_NULL();
	return text_datum(tenant, unquote_tenant(parts.tenant, tenant));
}

/*
 * Looks
 */

/* What a query keeps of ICU. */
static Confusables *
query_confusables(FunctionCallInfo fcinfo)
{
	/* DirectFunctionCall() has nowhere to keep it */
	if (fcinfo->flinfo == NULL)
		return confusables_open(CurrentMemoryContext);
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = confusables_open(fcinfo->flinfo->fn_mcxt);
	return fcinfo->flinfo->fn_extra;
}

Datum
identity_skeleton(PG_FUNCTION_ARGS)
{
	IdentityParts parts = divide_argument(fcinfo, 0);
	StringInfoData skeleton;

	initStringInfo(&skeleton);
	append_identity_skeleton(query_confusables(fcinfo), &parts, &skeleton);
	return text_datum(skeleton.data, (Size) skeleton.len);
}

Datum
looks_like(PG_FUNCTION_ARGS)
{
	IdentityParts a = divide_argument(fcinfo, 0);
	IdentityParts b = divide_argument(fcinfo, 1);
	StringInfoData a_skeleton;
	StringInfoData b_skeleton;

	if (!same_bytes(a.head, b.head) || same_bytes(a.value, b.value))
		PG_RETURN_BOOL(false);
	initStringInfo(&a_skeleton);
	initStringInfo(&b_skeleton);
	append_identity_skeleton(query_confusables(fcinfo), &a, &a_skeleton);
	append_identity_skeleton(query_confusables(fcinfo), &b, &b_skeleton);
	PG_RETURN_BOOL(a_skeleton.len == b_skeleton.len &&
				   memcmp(a_skeleton.data, b_skeleton.data, (Size) a_skeleton.len) == 0);
}

int64
provisional_number(Text identity)
{
	uint64 hash = hash_bytes_extended((const unsigned char *) identity.bytes, (int) identity.length,
									  0);

	return -(int64) (hash & (uint64) PG_INT64_MAX) - 1;
}

Datum
provisional_customer(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(provisional_number(text_of(PG_GETARG_VARLENA_PP(0))));
}

/*
 * Versions
 */

Datum
icu_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(icu_library_version()));
}

Datum
unicode_version(PG_FUNCTION_ARGS)
{
	(void) fcinfo;
	PG_RETURN_TEXT_P(cstring_to_text(icu_library_unicode()));
}

Datum
phone_metadata_version(PG_FUNCTION_ARGS)
{
	const char *version = phone_plans_version();

	if (version == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(version));
}

/*
 * Equality and order are those of the bytes.
 */

static int
compare_identities(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Text a_text = text_of(a);
	Text b_text = text_of(b);
	int result = memcmp(a_text.bytes, b_text.bytes, Min(a_text.length, b_text.length));

	if (result == 0)
		result = (a_text.length > b_text.length) - (a_text.length < b_text.length);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

static bool
equal_identities(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	bool result = same_bytes(text_of(a), text_of(b));

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

Datum
identity_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_identities(fcinfo));
}

Datum
identity_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_identities(fcinfo));
}

Datum
identity_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_identities(fcinfo) < 0);
}

Datum
identity_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_identities(fcinfo) <= 0);
}

Datum
identity_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_identities(fcinfo) > 0);
}

Datum
identity_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_identities(fcinfo) >= 0);
}

Datum
identity_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_identities(fcinfo));
}

/* The order of bytea: the server's own comparator, with abbreviated keys. */
Datum
identity_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport support = (SortSupport) PG_GETARG_POINTER(0);
	MemoryContext caller = MemoryContextSwitchTo(support->ssup_cxt);

	varstr_sortsupport(support, BYTEAOID, C_COLLATION_OID);
	MemoryContextSwitchTo(caller);
	PG_RETURN_VOID();
}

Datum
identity_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Text text = text_of(value);
	uint32 hash = hash_bytes((const unsigned char *) text.bytes, (int) text.length);

	PG_FREE_IF_COPY(value, 0);
	PG_RETURN_INT32((int32) hash);
}

Datum
identity_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Text text = text_of(value);
	uint64 hash = hash_bytes_extended((const unsigned char *) text.bytes, (int) text.length,
									  (uint64) PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	PG_RETURN_INT64((int64) hash);
}
