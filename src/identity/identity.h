/*
 * identity.h
 *		The value of type identity, and how other files read it.
 *
 *	+---------+--------------------------------------------+
 *	| varlena | canonical text in UTF-8, without a NUL:    |
 *	| header  | [ tenant "/" ] namespace ":" value         |
 *	+---------+--------------------------------------------+
 *
 * A tenant stands bare, or in double quotes with "" for ".  It is quoted only
 * where it has other characters than letters, marks, numbers, "_", "." and "-".
 * So equal texts are equal identities, and what is before the first ":" that no
 * quotes enclose says all about tenant and namespace.
 */
#ifndef CRM_IDENTITY_H
#define CRM_IDENTITY_H

#include "identity/normalise.h"

/* bytes of a canonical text: with a time beside it, it fits into an index */
#define MAX_IDENTITY_BYTES 1024

/* bytes of a namespace, and of a tenant without its quotes */
#define MAX_NAMESPACE_BYTES 63
#define MAX_TENANT_BYTES 255

/* A canonical text that is being made. */
typedef struct IdentityText
{
	uint32 length;
	char bytes[MAX_IDENTITY_BYTES];
} IdentityText;

/* The parts of a canonical text; they point into it. */
typedef struct IdentityParts
{
	Text tenant; /* as it is written, quotes included; length 0 where there is none */
	Text name;   /* the namespace */
	Text value;
	Text head; /* all before the value, the ":" included */
} IdentityParts;

/* Divides a canonical text; false where it is none. */
static inline bool
identity_divide(Text text, IdentityParts *parts)
{
	uint32 at = 0;
	uint32 colon;

	parts->tenant = part_of(text, 0, 0);
	if (text.length > 0 && text.bytes[0] == '"')
	{
		for (at = 1; at < text.length; at++)
		{
			if (text.bytes[at] != '"')
				continue;
			if (at + 1 >= text.length || text.bytes[at + 1] != '"')
				break;
			at++;
		}
		at++;
		if (at >= text.length || text.bytes[at] != '/')
			return false;
		parts->tenant = part_of(text, 0, at);
		at++;
	}
	for (colon = at; colon < text.length && text.bytes[colon] != ':'; colon++)
	{
		if (text.bytes[colon] == '/' && at == 0)
		{
			parts->tenant = part_of(text, 0, colon);
			at = colon + 1;
		}
	}
	if (colon >= text.length)
		return false;
	parts->name = part_of(text, at, colon);
	parts->value = part_of(text, colon + 1, text.length);
	parts->head = part_of(text, 0, colon + 1);
	return true;
}

static inline bool
same_bytes(Text a, Text b)
{
	return a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* What is made of the arguments of identity(); length 0 and NULL stand for what is not given. */
typedef struct RawIdentity
{
	const char *name;
	Size name_length;
	const char *raw;
	Size raw_length;
	const char *tenant; /* NULL: no wall */
	Size tenant_length;
	const char *region; /* NULL: none */
	Size region_length;
} RawIdentity;

/* Makes the canonical text; else the problem. */
extern const char *identity_compose(const RawIdentity *raw, IdentityText *out);

/* Reads [tenant/]namespace:value, whose parts need not be canonical. */
extern const char *identity_parse(const char *text, Size length, IdentityText *out);

/*
 * A customer's number before there is one: negative, and the same in every
 * database on machines of one byte order.
 */
extern int64 provisional_number(Text identity);

/* Takes the quotes off a tenant; returns its length. */
extern uint32 unquote_tenant(Text tenant, char out[MAX_TENANT_BYTES]);

/* The rules of the namespaces: the value is appended */
extern const char *append_email(const char *raw, Size length, IdentityText *out);
extern const char *append_phone(const char *raw, Size length, const char *region,
								Size region_length, IdentityText *out);

/* The same without its shortcut for plain ASCII; tests compare the two. */
extern const char *append_any_email(const char *raw, Size length, IdentityText *out);

/* Appends tenant and namespace, and the skeleton of the value. */
extern void append_identity_skeleton(Confusables *confusables, const IdentityParts *parts,
									 StringInfo out);

extern const char too_long_for_identity[];
extern const char empty_identity[];

static inline bool
append_bytes(IdentityText *out, const char *bytes, uint32 length)
{
	if (length > MAX_IDENTITY_BYTES - out->length)
		return false;
	memcpy(out->bytes + out->length, bytes, length);
	out->length += length;
	return true;
}

#endif /* CRM_IDENTITY_H */
