/*
 * canonical.c
 *		The canonical text of an identity: [tenant/]namespace:value.
 *
 * What is in a namespace is normalised by its own rules: e-mail addresses and
 * telephone numbers have theirs, everything else is trimmed and brought to NFC.
 * Nothing here raises an error, whatever the texts are.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "identity/identity.h"

const char too_long_for_identity[] = "too long: an identity has at most 1024 bytes";
const char empty_identity[] = "empty: nothing is left without blanks and invisible characters";

static const char bad_namespace[] =
	"namespace: it must be a letter, and then letters, digits, _ . or -, of at most 63 bytes";

/* The namespace [a-z][a-z0-9_.-]*, in lower case, and its colon. */
static const char *
append_namespace(const char *name, Size length, IdentityText *out)
{
	char lower[MAX_NAMESPACE_BYTES + 1];

	if (length == 0 || length > MAX_NAMESPACE_BYTES)
		return bad_namespace;
	for (Size i = 0; i < length; i++)
	{
		char c = ascii_lower(name[i]);

		if (!(c >= 'a' && c <= 'z') &&
			(i == 0 || !((c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-')))
			return bad_namespace;
		lower[i] = c;
	}
	lower[length] = ':';
	return append_bytes(out, lower, (uint32) length + 1) ? NULL : too_long_for_identity;
}

/* May a tenant stand without quotes? */
static bool
is_bare(Text tenant)
{
	for (uint32 at = 0; at < tenant.length;)
	{
		uint32 character = next_character(tenant, &at);

		if (!is_word_character(character) && character != '_' && character != '.' &&
			character != '-')
			return false;
	}
	return true;
}

/* The tenant, quoted where it has to be, and its slash. */
static const char *
append_tenant(const char *tenant, Size length, IdentityText *out)
{
	TextBuffer clean;
	TextBuffer normal;
	Text text;
	const char *problem = clean_text(tenant, length, CLEAN_ENDS, &clean);

	if (problem != NULL)
		return problem[0] == 't' ? "tenant: it has at most 255 bytes" :
								   "tenant: it has a control character, or is not valid UTF-8";
	problem = normalise_text(buffer_text(&clean), NORMAL_NFC, &normal);
	text = buffer_text(&normal);
	if (text.length == 0 && problem == NULL)
		return "tenant: nothing is left without blanks and invisible characters";
	if (problem != NULL || text.length > MAX_TENANT_BYTES)
		return "tenant: it has at most 255 bytes";
	if (is_bare(text))
		(void) append_bytes(out, text.bytes, text.length);
	else
	{
		(void) append_bytes(out, "\"", 1);
		for (uint32 i = 0; i < text.length; i++)
			(void) append_bytes(out, text.bytes[i] == '"' ? "\"\"" : text.bytes + i,
								text.bytes[i] == '"' ? 2 : 1);
		(void) append_bytes(out, "\"", 1);
	}
	return append_bytes(out, "/", 1) ? NULL : too_long_for_identity;
}

uint32
unquote_tenant(Text tenant, char out[MAX_TENANT_BYTES])
{
	uint32 length = 0;

	if (tenant.length == 0 || tenant.bytes[0] != '"')
	{
		length = Min(tenant.length, MAX_TENANT_BYTES);
		memcpy(out, tenant.bytes, length);
		return length;
	}
	for (uint32 i = 1; i + 1 < tenant.length && length < MAX_TENANT_BYTES; i++)
	{
		out[length++] = tenant.bytes[i];
		if (tenant.bytes[i] == '"')
			i++;
	}
	return length;
}

/* The value in a namespace that has no rules of its own. */
static const char *
append_other(const char *raw, Size length, IdentityText *out)
{
	TextBuffer clean;
	TextBuffer normal;
	const char *problem = clean_text(raw, length, CLEAN_ALL, &clean);

	if (problem != NULL)
		return problem;
	if (clean.length == 0)
		return empty_identity;
	problem = normalise_text(buffer_text(&clean), NORMAL_NFC, &normal);
	if (problem != NULL)
		return problem;
	return append_bytes(out, normal.bytes, normal.length) ? NULL : too_long_for_identity;
}

const char *
identity_compose(const RawIdentity *raw, IdentityText *out)
{
	const char *problem;
	Text name;

	out->length = 0;
	if (GetDatabaseEncoding() != PG_UTF8)
		return "encoding: the database is not in UTF8";
	if (raw->tenant != NULL)
	{
		problem = append_tenant(raw->tenant, raw->tenant_length, out);
		if (problem != NULL)
			return problem;
	}
	name.bytes = out->bytes + out->length;
	problem = append_namespace(raw->name, raw->name_length, out);
	if (problem != NULL)
		return problem;
	name.length = (uint32) (out->bytes + out->length - name.bytes);
	if (raw->raw_length > MAX_RAW_BYTES)
		return too_long_for_identity;
	if (name.length == 6 && memcmp(name.bytes, "email:", 6) == 0)
		return append_email(raw->raw, raw->raw_length, out);
	if (name.length == 6 && memcmp(name.bytes, "phone:", 6) == 0)
		return append_phone(raw->raw, raw->raw_length, raw->region, raw->region_length, out);
	return append_other(raw->raw, raw->raw_length, out);
}

const char *
identity_parse(const char *text, Size length, IdentityText *out)
{
	RawIdentity raw = {0};
	IdentityParts parts;
	Text whole;
	char tenant[MAX_IDENTITY_BYTES];

	while (length > 0 && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')))
	{
		text++;
		length--;
	}
	if (length > MAX_RAW_BYTES)
		return too_long_for_identity;
	whole.bytes = text;
	whole.length = (uint32) length;
	if (!identity_divide(whole, &parts))
		return "namespace: there is no colon behind one";
	if (parts.tenant.bytes + parts.tenant.length < parts.name.bytes)
	{
		/* quotes come off here; what has too many bytes is too long in any case */
		if (parts.tenant.length > lengthof(tenant))
			return "tenant: it has at most 255 bytes";
		raw.tenant = parts.tenant.bytes;
		raw.tenant_length = parts.tenant.length;
		if (parts.tenant.length > 0 && parts.tenant.bytes[0] == '"')
		{
			raw.tenant = tenant;
			raw.tenant_length = 0;
			for (uint32 i = 1; i + 1 < parts.tenant.length; i++)
			{
				tenant[raw.tenant_length++] = parts.tenant.bytes[i];
				if (parts.tenant.bytes[i] == '"')
					i++;
			}
		}
	}
	raw.name = parts.name.bytes;
	raw.name_length = parts.name.length;
	raw.raw = parts.value.bytes;
	raw.raw_length = parts.value.length;
	return identity_compose(&raw, out);
}
