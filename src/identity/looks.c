/*
 * looks.c
 *		What an identity looks like.
 */
#include "postgres.h"

#include "identity/identity.h"

/* Has the domain of an address a part in Unicode? */
static bool
has_unicode_form(Text domain)
{
	for (uint32 i = 0; i + 4 <= domain.length; i++)
		if (memcmp(domain.bytes + i, "xn--", 4) == 0)
			return true;
	return false;
}

/* Of an e-mail address people see the domain in Unicode. */
void
append_identity_skeleton(Confusables *confusables, const IdentityParts *parts, StringInfo out)
{
	const Text email = {"email", 5};
	Text value = parts->value;
	TextBuffer shown;
	TextBuffer domain;
	uint32 at;

	for (at = value.length; at > 0 && value.bytes[at - 1] != '@'; at--)
		;
	appendBinaryStringInfo(out, parts->head.bytes, (int) parts->head.length);
	if (same_bytes(parts->name, email) && value.length <= MAX_IDENTITY_BYTES &&
		has_unicode_form(part_of(value, at, value.length)))
	{
		domain_to_unicode(part_of(value, at, value.length), &domain);
		memcpy(shown.bytes, value.bytes, at);
		shown.length = Min(domain.length, MAX_CLEAN_BYTES - at);
		memcpy(shown.bytes + at, domain.bytes, shown.length);
		shown.length += at;
		value = buffer_text(&shown);
	}
	append_confusable_skeleton(confusables, value, out);
}
