/*
 * normalise.h
 *		What Unicode says about a text: which characters are invisible, which
 *		texts are the same, which domains there can be, what looks alike.
 *
 * normalise.c alone knows the ICU library.  Nothing here raises an error for
 * anything that a text holds; the one error is ERRCODE_OUT_OF_MEMORY.  A
 * "problem" is a sentence for people that begins with a stable word, NULL where
 * there is none; it is constant memory.
 */
#ifndef CRM_NORMALISE_H
#define CRM_NORMALISE_H

#include "lib/stringinfo.h"

/* bytes of a raw text that are looked at */
#define MAX_RAW_BYTES ((Size) 1024 * 1024)

/*
 * Bytes that a text may have when blanks at its ends and invisible characters
 * are gone: a character of at most 4 bytes makes at least one of an identity.
 */
#define MAX_CLEAN_BYTES 4096

/* bytes of a domain, the dot of the root left out (RFC 1035, 2.3.4) */
#define MAX_DOMAIN_BYTES 253

/* A text in valid UTF-8, which no NUL ends. */
typedef struct Text
{
	const char *bytes;
	uint32 length;
} Text;

/* Room for a text that is made; never larger than what is of use. */
typedef struct TextBuffer
{
	uint32 length;
	char bytes[MAX_CLEAN_BYTES];
} TextBuffer;

typedef enum NormalForm
{
	NORMAL_NFC,
	NORMAL_NFKC,
	NORMAL_NFKC_CASEFOLD, /* toNFKC_Casefold(NFD(text)): Unicode 3.13, D147 */
} NormalForm;

/* What of the invisible characters within a text stays. */
typedef enum Cleaning
{
	CLEAN_ALL,      /* none */
	CLEAN_NOT_JOIN, /* U+200C and U+200D, which can make another domain */
	CLEAN_ENDS,     /* all: only the ends of the text are trimmed */
} Cleaning;

static inline Text
buffer_text(const TextBuffer *buffer)
{
	Text text = {buffer->bytes, buffer->length};

	return text;
}

static inline Text
part_of(Text text, uint32 from, uint32 to)
{
	Text part = {text.bytes + from, to - from};

	return part;
}

/* The character at a place of a valid text; the place moves behind it. */
static inline uint32
next_character(Text text, uint32 *at)
{
	const unsigned char *bytes = (const unsigned char *) text.bytes + *at;

	if (bytes[0] < 0x80)
	{
		*at += 1;
		return bytes[0];
	}
	if (bytes[0] < 0xE0)
	{
		*at += 2;
		return (uint32) (bytes[0] & 0x1F) << 6 | (bytes[1] & 0x3F);
	}
	if (bytes[0] < 0xF0)
	{
		*at += 3;
		return (uint32) (bytes[0] & 0x0F) << 12 | (uint32) (bytes[1] & 0x3F) << 6 |
			(bytes[2] & 0x3F);
	}
	*at += 4;
	return (uint32) (bytes[0] & 0x07) << 18 | (uint32) (bytes[1] & 0x3F) << 12 |
		(uint32) (bytes[2] & 0x3F) << 6 | (bytes[3] & 0x3F);
}

static inline bool
is_ascii(Text text)
{
	unsigned char bits = 0;

	for (uint32 i = 0; i < text.length; i++)
		bits |= (unsigned char) text.bytes[i];
	return bits < 0x80;
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

/* Does the text begin with this word of lower ASCII letters, in any case? */
static inline bool
begins_with(Text text, const char *word)
{
	for (uint32 i = 0; word[i] != '\0'; i++)
		if (i >= text.length || ascii_lower(text.bytes[i]) != word[i])
			return false;
	return true;
}

/* Trims the ends, takes the invisible characters out, refuses controls and what is no UTF-8. */
extern const char *clean_text(const char *raw, Size length, Cleaning cleaning, TextBuffer *out);

/* Brings a text into a normal form. */
extern const char *normalise_text(Text text, NormalForm form, TextBuffer *out);

/* The ASCII form of a domain by UTS #46, lower case, without the dot of the root. */
extern const char *domain_to_ascii(Text domain, TextBuffer *out);

/* The Unicode form of a domain in ASCII; the same text where it has none. */
extern void domain_to_unicode(Text domain, TextBuffer *out);

/* What people confuse, by UTS #39.  It is open until its memory context is gone. */
typedef struct Confusables Confusables;

extern Confusables *confusables_open(MemoryContext context);

/* Appends the skeleton of a text, which is the same for texts that people confuse. */
extern void append_confusable_skeleton(Confusables *confusables, Text text, StringInfo out);

/* What kind of character one is */
extern bool is_white_space(uint32 character);
extern bool is_letter(uint32 character);
extern bool is_dash(uint32 character);
extern bool is_word_character(uint32 character); /* a letter, mark or number */
extern int decimal_value(uint32 character);      /* -1 where it is no decimal digit */

/* Versions of the library that runs, and of its Unicode */
extern char *icu_library_version(void);
extern char *icu_library_unicode(void);

#endif /* CRM_NORMALISE_H */
