/*
 * email.c
 *		E-mail addresses: local-part@domain.
 *
 * The local part is a dot-atom of RFC 5322, with any characters above ASCII (RFC
 * 6531, 6532), after NFKC_Casefold; the domain is one of the DNS in its ASCII
 * form by UTS #46.  Nothing is known of providers: dots and +tags stay.
 */
#include "postgres.h"

#include "identity/identity.h"

/* characters of a local part (RFC 5321, 4.5.3.1.1 counts them in octets) */
#define MAX_LOCAL_CHARACTERS 64

#define MAX_LABEL_BYTES 63

/* What an ASCII character is in an address */
#define ATOM 1  /* atext of RFC 5322: may stand in a local part */
#define LABEL 2 /* may stand in a label of a domain */

static inline uint8
ascii_class(unsigned char c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')
		return ATOM | LABEL;
	switch (c)
	{
		case '!':
		case '#':
		case '$':
		case '%':
		case '&':
		case '\'':
		case '*':
		case '+':
		case '/':
		case '=':
		case '?':
		case '^':
		case '_':
		case '`':
		case '{':
		case '|':
		case '}':
		case '~':
			return ATOM;
	}
	return 0;
}

/*
 * The shortcut for what most addresses are: dot-atom@domain in plain ASCII.  It
 * accepts less than append_any_email(), and what it accepts in the same form;
 * all else is left to that.
 */
static bool
append_plain_email(const char *raw, Size length, IdentityText *out)
{
	const uint32 start = out->length;
	char *to = out->bytes + start;
	Size at = 0;
	Size from;
	Size dots = 0;
	bool digits = true;

	while (length > 0 && (unsigned char) raw[length - 1] <= ' ')
		length--;
	while (at < length && (unsigned char) raw[at] <= ' ')
		at++;
	if (length - at > MAX_IDENTITY_BYTES - start)
		return false;

	/* the local part: atoms with a dot between two */
	for (from = at; at < length && raw[at] != '@'; at++)
	{
		if ((ascii_class((unsigned char) raw[at]) & ATOM) == 0 &&
			(raw[at] != '.' || at == from || raw[at - 1] == '.'))
			return false;
		*to++ = ascii_lower(raw[at]);
	}
	if (at >= length || at == from || at - from > MAX_LOCAL_CHARACTERS || raw[at - 1] == '.')
		return false;
	*to++ = raw[at++];

	/* the domain: labels with a dot between two */
	if (length - at > MAX_DOMAIN_BYTES)
		return false;
	for (from = at;; at++)
	{
		if (at < length && raw[at] != '.')
		{
			if ((ascii_class((unsigned char) raw[at]) & LABEL) == 0)
				return false;
			digits &= raw[at] >= '0' && raw[at] <= '9';
			*to++ = ascii_lower(raw[at]);
			continue;
		}
		if (at == from || at - from > MAX_LABEL_BYTES || raw[from] == '-' || raw[at - 1] == '-' ||
			(at - from >= 4 && raw[from + 2] == '-' && raw[from + 3] == '-'))
			return false;
		if (at == length)
			break;
		*to++ = '.';
		dots++;
		digits = true;
		from = at + 1;
	}
	if (dots == 0 || digits)
		return false;
	out->length = (uint32) (to - out->bytes);
	return true;
}

/* The value of a digit of %XX, or -1. */
static int
hex_value(char c)
{
	c = ascii_lower(c);
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The address in what follows mailto: (RFC 6068); it is decoded in place. */
static void
decode_uri(TextBuffer *text, uint32 from)
{
	uint32 to = 0;

	for (uint32 at = from; at < text->length && text->bytes[at] != '?'; at++)
	{
		char c = text->bytes[at];

		if (c == '%' && at + 2 < text->length && hex_value(text->bytes[at + 1]) >= 0 &&
			hex_value(text->bytes[at + 2]) >= 0)
		{
			c = (char) (hex_value(text->bytes[at + 1]) * 16 + hex_value(text->bytes[at + 2]));
			at += 2;
		}
		text->bytes[to++] = c;
	}
	text->length = to;
}

/*
 * Finds the address in the form "name <address>": what the last pair of angle
 * brackets encloses.  Two addresses are not one.
 */
static const char *
find_bracketed(const char **raw, Size *length)
{
	const char *text = *raw;
	Size end = *length;
	Size open;
	Size close;
	bool quoted = false;
	bool at_sign = false;
	bool separator = false;
	TextBuffer rest;

	for (open = end; open > 0 && text[open - 1] != '<'; open--)
		;
	if (open == 0)
		return NULL;
	for (close = open; close < end && text[close] != '>'; close++)
		;
	if (close == end)
		return "local part: an angle bracket is not closed";
	if (clean_text(text + close + 1, end - close - 1, CLEAN_ALL, &rest) != NULL || rest.length > 0)
		return "domain: something follows the address in angle brackets";
	for (Size i = 0; i < open - 1; i++)
	{
		if (text[i] == '\\' && quoted)
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (!quoted)
		{
			at_sign |= text[i] == '@';
			separator |= text[i] == ',' || text[i] == ';';
		}
	}
	if (at_sign && separator)
		return "several addresses: an identity has one";
	*raw = text + open;
	*length = close - open;
	return NULL;
}

/* The place of the last at sign, full-width ones included; its width. */
static bool
find_at_sign(Text text, uint32 *place, uint32 *width)
{
	bool found = false;

	for (uint32 at = 0; at < text.length;)
	{
		uint32 from = at;
		uint32 character = next_character(text, &at);

		if (character == '@' || character == 0xFF20 || character == 0xFE6B)
		{
			*place = from;
			*width = at - from;
			found = true;
		}
	}
	return found;
}

/* Takes the quotes off; what was in them has to be a dot-atom all the same. */
static Text
unquote_local(Text local)
{
	if (local.length >= 2 && local.bytes[0] == '"' && local.bytes[local.length - 1] == '"')
		return part_of(local, 1, local.length - 1);
	return local;
}

/* A dot-atom of at most 64 characters? */
static const char *
check_local(Text local)
{
	uint32 characters = 0;
	uint32 before = '.';

	if (local.length == 0)
		return "local part: there is none before the at sign";
	for (uint32 at = 0; at < local.length; characters++)
	{
		uint32 character = next_character(local, &at);

		if (character == '.' && before == '.')
			return "local part: it begins with a dot, or has two in a row";
		if (character < 0x80 ? character != '.' && (ascii_class((uint8) character) & ATOM) == 0 :
							   is_white_space(character) || character < 0xA0)
			return "local part: it has a blank or another character that needs quotes";
		before = character;
	}
	if (before == '.')
		return "local part: it ends with a dot";
	if (characters > MAX_LOCAL_CHARACTERS)
		return "local part: it has more than 64 characters";
	return NULL;
}

/* What a domain in ASCII has to be besides: two labels or more, and no IP address. */
static const char *
check_domain(TextBuffer *domain)
{
	uint32 label;

	if (domain->length > 0 && domain->bytes[domain->length - 1] == '.')
		domain->length--;
	if (domain->length == 0)
		return "domain: there is none after the at sign";
	if (domain->length > MAX_DOMAIN_BYTES)
		return "domain: it has more than 253 bytes";
	for (label = domain->length; label > 0 && domain->bytes[label - 1] != '.'; label--)
		;
	if (label == 0)
		return "domain: it has no dot";
	while (label < domain->length && domain->bytes[label] >= '0' && domain->bytes[label] <= '9')
		label++;
	if (label == domain->length)
		return "domain: its last part is a number, as if it were an IP address";
	return NULL;
}

const char *
append_any_email(const char *raw, Size length, IdentityText *out)
{
	TextBuffer clean;
	TextBuffer local;
	TextBuffer domain;
	Text address;
	const char *problem = find_bracketed(&raw, &length);
	uint32 place = 0;
	uint32 width = 0;

	if (problem == NULL)
		problem = clean_text(raw, length, CLEAN_NOT_JOIN, &clean);
	if (problem == NULL && begins_with(buffer_text(&clean), "mailto:"))
	{
		decode_uri(&clean, 7);
		local = clean;
		problem = clean_text(local.bytes, local.length, CLEAN_NOT_JOIN, &clean);
	}
	if (problem != NULL)
		return problem;
	if (clean.length == 0)
		return empty_identity;
	address = buffer_text(&clean);
	if (!find_at_sign(address, &place, &width))
		return "no at sign: an e-mail address has one";

	problem = normalise_text(unquote_local(part_of(address, 0, place)), NORMAL_NFKC_CASEFOLD,
							 &local);
	if (problem == NULL)
		problem = check_local(buffer_text(&local));
	if (problem == NULL)
		problem = domain_to_ascii(part_of(address, place + width, address.length), &domain);
	if (problem == NULL)
		problem = check_domain(&domain);
	if (problem != NULL)
		return problem;
	if (!append_bytes(out, local.bytes, local.length) || !append_bytes(out, "@", 1) ||
		!append_bytes(out, domain.bytes, domain.length))
		return too_long_for_identity;
	return NULL;
}

const char *
append_email(const char *raw, Size length, IdentityText *out)
{
	if (append_plain_email(raw, length, out))
		return NULL;
	return append_any_email(raw, length, out);
}
