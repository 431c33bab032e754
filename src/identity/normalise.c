/*
 * normalise.c
 *		Normal forms, domains, skeletons and properties of characters, by ICU.
 *
 * The only file that knows ICU.  All sizes are bounded, so texts are worked on
 * in buffers on the stack, and what does not fit is too long to be of use.  Of
 * the objects that are opened none outlives its function; those that ICU itself
 * keeps (normalisers) belong to ICU.  No locale has a say: all of this is the
 * same for every language.
 */
#include "postgres.h"

#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>
#include <unicode/uversion.h>

#include "utils/memutils.h"

#include "identity/normalise.h"

/* UTF-16 units of a text of MAX_CLEAN_BYTES bytes, at most */
#define MAX_UNITS MAX_CLEAN_BYTES

#define ZERO_WIDTH_NON_JOINER 0x200C
#define ZERO_WIDTH_JOINER 0x200D

static const char not_utf8[] = "encoding: it is not valid UTF-8";
static const char inner_control[] = "control character: there is one within it";
static const char too_long[] = "too long: an identity has at most 1024 bytes";
static const char icu_failed[] = "encoding: the ICU library cannot process it";

/*
 * What an error of ICU is to the caller: no memory is no fault of the text, and
 * raised; a result that does not fit is too long.  Nothing may be open here.
 */
static const char *
icu_problem(UErrorCode status)
{
	if (status == U_MEMORY_ALLOCATION_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed in the ICU library.")));
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return too_long;
	return icu_failed;
}

/*
 * Cleaning
 */

/* Does an end of a text go with it? */
static inline bool
is_trimmed(UChar32 character)
{
	int8_t type;

	if (character < 0x7F)
		return character <= ' ';
	type = u_charType(character);
	return type == U_FORMAT_CHAR || type == U_CONTROL_CHAR || u_isUWhiteSpace(character) ||
		u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
}

/* Is it taken out wherever it stands? */
static inline bool
is_removed(UChar32 character, Cleaning cleaning)
{
	if (character < 0x80 || cleaning == CLEAN_ENDS ||
		!u_hasBinaryProperty(character, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
		return false;
	return cleaning == CLEAN_ALL ||
		(character != ZERO_WIDTH_NON_JOINER && character != ZERO_WIDTH_JOINER);
}

static inline bool
is_control(UChar32 character)
{
	return character < 0x20 || (character >= 0x7F && character < 0xA0);
}

const char *
clean_text(const char *raw, Size length, Cleaning cleaning, TextBuffer *out)
{
	const int32_t end = (int32_t) length;
	uint32 kept = 0;       /* bytes up to the last character that no end loses */
	bool control = false;  /* a control since then */
	bool overflow = false; /* more since then than there is room for */

	out->length = 0;
	if (length > MAX_RAW_BYTES)
		return too_long;
	for (int32_t at = 0; at < end;)
	{
		int32_t start = at;
		UChar32 character;
		uint32 bytes;

		U8_NEXT(raw, at, end, character);
		if (character < 0)
			return not_utf8;
		bytes = (uint32) (at - start);
		if (is_trimmed(character))
		{
			if (kept == 0 || is_removed(character, cleaning))
				continue;
			control |= is_control(character);
			overflow |= bytes > MAX_CLEAN_BYTES - out->length;
			if (overflow)
				continue;
		}
		else
		{
			if (control)
				return inner_control;
			if (overflow || bytes > MAX_CLEAN_BYTES - out->length)
				return too_long;
			kept = out->length + bytes;
		}
		memcpy(out->bytes + out->length, raw + start, bytes);
		out->length += bytes;
	}
	out->length = kept;
	return NULL;
}

/*
 * Normal forms
 */

static const UNormalizer2 *
normaliser(NormalForm form, UErrorCode *status)
{
	switch (form)
	{
		case NORMAL_NFC:
			return unorm2_getNFCInstance(status);
		case NORMAL_NFKC:
			return unorm2_getNFKCInstance(status);
		case NORMAL_NFKC_CASEFOLD:
			return unorm2_getNFKCCasefoldInstance(status);
	}
	return NULL;
}

/* The same for ASCII, of which only the case can change. */
static void
normalise_ascii(Text text, NormalForm form, TextBuffer *out)
{
	out->length = text.length;
	if (form != NORMAL_NFKC_CASEFOLD)
		memcpy(out->bytes, text.bytes, text.length);
	else
		for (uint32 i = 0; i < text.length; i++)
			out->bytes[i] = ascii_lower(text.bytes[i]);
}

/* Converts what fits. */
static int32_t
to_utf16(Text text, UChar out[MAX_UNITS], UErrorCode *status)
{
	int32_t length = 0;

	u_strFromUTF8(out, MAX_UNITS, &length, text.bytes, (int32_t) text.length, status);
	return length;
}

static void
to_utf8(const UChar *text, int32_t units, TextBuffer *out, UErrorCode *status)
{
	int32_t length = 0;

	u_strToUTF8(out->bytes, MAX_CLEAN_BYTES, &length, text, units, status);
	out->length = U_SUCCESS(*status) ? (uint32) length : 0;
}

const char *
normalise_text(Text text, NormalForm form, TextBuffer *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar source[MAX_UNITS];
	UChar result[MAX_UNITS];
	const UNormalizer2 *instance;
	int32_t units;

	out->length = 0;
	if (text.length > MAX_CLEAN_BYTES)
		return too_long;
	if (is_ascii(text))
	{
		normalise_ascii(text, form, out);
		return NULL;
	}
	instance = normaliser(form, &status);
	units = to_utf16(text, source, &status);
	if (form == NORMAL_NFKC_CASEFOLD)
	{
		/* folding can change the order of marks, so what is the same has to be it before */
		units = unorm2_normalize(unorm2_getNFDInstance(&status), source, units, result, MAX_UNITS,
								 &status);
		units = unorm2_normalize(instance, result, units, source, MAX_UNITS, &status);
		to_utf8(source, units, out, &status);
	}
	else
	{
		units = unorm2_normalize(instance, source, units, result, MAX_UNITS, &status);
		to_utf8(result, units, out, &status);
	}
	return U_FAILURE(status) ? icu_problem(status) : NULL;
}

/*
 * Domains
 */

#define DOMAIN_OPTIONS \
	(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | \
	 UIDNA_NONTRANSITIONAL_TO_ASCII | UIDNA_NONTRANSITIONAL_TO_UNICODE)

/* The worst of the errors that a domain has. */
static const char *
domain_problem(uint32_t errors)
{
	static const struct
	{
		uint32_t errors;
		const char *problem;
	} problems[] = {
		{UIDNA_ERROR_EMPTY_LABEL, "domain: there is nothing between two dots, or no domain at all"},
		{UIDNA_ERROR_DISALLOWED, "domain: there is a character that no domain has"},
		{UIDNA_ERROR_PUNYCODE | UIDNA_ERROR_INVALID_ACE_LABEL,
		 "domain: a part that begins with xn-- encodes nothing that a domain has"},
		{UIDNA_ERROR_LABEL_HAS_DOT, "domain: a part that begins with xn-- encodes a dot"},
		{UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN,
		 "domain: a part begins or ends with a hyphen"},
		{UIDNA_ERROR_HYPHEN_3_4, "domain: a part has two hyphens at its third place"},
		{UIDNA_ERROR_LEADING_COMBINING_MARK, "domain: a part begins with a combining mark"},
		{UIDNA_ERROR_LABEL_TOO_LONG, "domain: a part has more than 63 bytes"},
		{UIDNA_ERROR_DOMAIN_NAME_TOO_LONG, "domain: it has more than 253 bytes"},
		{UIDNA_ERROR_BIDI, "domain: the directions of its characters contradict each other"},
		{UIDNA_ERROR_CONTEXTJ, "domain: there is a joiner where nothing is joined"},
	};

	for (Size i = 0; i < lengthof(problems); i++)
		if ((errors & problems[i].errors) != 0)
			return problems[i].problem;
	return "domain: it is none";
}

/* Takes the joiners out; returns the units that are left. */
static int32_t
remove_joiners(UChar *text, int32_t units)
{
	int32_t left = 0;

	for (int32_t i = 0; i < units; i++)
		if (text[i] != ZERO_WIDTH_NON_JOINER && text[i] != ZERO_WIDTH_JOINER)
			text[left++] = text[i];
	return left;
}

/*
 * A joiner makes another domain where its neighbours give it a meaning; anywhere
 * else it is one more invisible character, and goes.
 */
const char *
domain_to_ascii(Text domain, TextBuffer *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UChar source[MAX_UNITS];
	UChar result[MAX_UNITS];
	UIDNA *idna;
	int32_t units;
	int32_t ascii;

	out->length = 0;
	if (domain.length > MAX_CLEAN_BYTES)
		return domain_problem(UIDNA_ERROR_DOMAIN_NAME_TOO_LONG);
	idna = uidna_openUTS46(DOMAIN_OPTIONS, &status);
	if (U_FAILURE(status))
		return icu_problem(status);
	units = to_utf16(domain, source, &status);
	ascii = uidna_nameToASCII(idna, source, units, result, MAX_UNITS, &info, &status);
	if (U_SUCCESS(status) && (info.errors & UIDNA_ERROR_CONTEXTJ) != 0)
	{
		UIDNAInfo again = UIDNA_INFO_INITIALIZER;

		units = remove_joiners(source, units);
		ascii = uidna_nameToASCII(idna, source, units, result, MAX_UNITS, &again, &status);
		info = again;
	}
	uidna_close(idna);
	if (status == U_BUFFER_OVERFLOW_ERROR)
		return domain_problem(UIDNA_ERROR_DOMAIN_NAME_TOO_LONG);
	if (U_FAILURE(status))
		return icu_problem(status);
	if (info.errors != 0)
		return domain_problem(info.errors);
	to_utf8(result, ascii, out, &status);
	return U_FAILURE(status) ? icu_problem(status) : NULL;
}

void
domain_to_unicode(Text domain, TextBuffer *out)
{
	UErrorCode status = U_ZERO_ERROR;
	UIDNAInfo info = UIDNA_INFO_INITIALIZER;
	UChar source[MAX_UNITS];
	UChar result[MAX_UNITS];
	UIDNA *idna = uidna_openUTS46(DOMAIN_OPTIONS, &status);

	if (U_SUCCESS(status))
	{
		int32_t units = to_utf16(domain, source, &status);

		units = uidna_nameToUnicode(idna, source, units, result, MAX_UNITS, &info, &status);
		uidna_close(idna);
		to_utf8(result, units, out, &status);
	}
	if (U_FAILURE(status))
	{
		(void) icu_problem(status);
		out->length = Min(domain.length, MAX_CLEAN_BYTES);
		memcpy(out->bytes, domain.bytes, out->length);
	}
}

/*
 * Skeletons
 */

#define ASCII_CHARACTERS 128

/* What is known of a character's skeleton */
#define NOT_ASKED 0
#define NOT_ASCII 255

/*
 * The skeleton of a text is, by UTS #39, that of its characters one after another,
 * in NFD.  So where those of ASCII characters are ASCII, which has no marks to
 * reorder, they are put together here; each is asked of ICU when it is met first.
 */
struct Confusables
{
	USpoofChecker *checker; /* NULL where ICU has none */
	MemoryContextCallback callback;
	uint8 bytes[ASCII_CHARACTERS]; /* of the skeleton */
	char skeleton[ASCII_CHARACTERS][7];
};

static void
close_confusables(void *argument)
{
	uspoof_close(((Confusables *) argument)->checker);
}

Confusables *
confusables_open(MemoryContext context)
{
	UErrorCode status = U_ZERO_ERROR;
	Confusables *confusables = MemoryContextAllocZero(context, sizeof(Confusables));

	confusables->checker = uspoof_open(&status);
	if (U_FAILURE(status))
	{
		confusables->checker = NULL;
		(void) icu_problem(status);
		return confusables;
	}
	confusables->callback.func = close_confusables;
	confusables->callback.arg = confusables;
	MemoryContextRegisterResetCallback(context, &confusables->callback);
	return confusables;
}

/* Appends what ICU says; the text itself where that says nothing. */
static void
append_icu_skeleton(const Confusables *confusables, Text text, StringInfo out)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room = (int32_t) text.length + 16;
	int32_t needed;

	for (;;)
	{
		enlargeStringInfo(out, room);
		if (confusables->checker == NULL)
			break;
		status = U_ZERO_ERROR;
		needed = uspoof_getSkeletonUTF8(confusables->checker, 0, text.bytes, (int32_t) text.length,
										out->data + out->len, room, &status);
		if (U_SUCCESS(status))
		{
			out->len += needed;
			out->data[out->len] = '\0';
			return;
		}
		if (status != U_BUFFER_OVERFLOW_ERROR || needed <= room)
			break;
		room = needed;
	}
	if (U_FAILURE(status))
		(void) icu_problem(status);
	appendBinaryStringInfo(out, text.bytes, (int) text.length);
}

/* Learns the skeleton of an ASCII character. */
static void
learn_skeleton(Confusables *confusables, unsigned char c)
{
	StringInfoData out;
	Text text = {(const char *) &c, 1};
	Text skeleton;

	initStringInfo(&out);
	append_icu_skeleton(confusables, text, &out);
	skeleton.bytes = out.data;
	skeleton.length = (uint32) out.len;
	confusables->bytes[c] = NOT_ASCII;
	if (skeleton.length > 0 && skeleton.length <= sizeof(confusables->skeleton[c]) &&
		is_ascii(skeleton))
	{
		memcpy(confusables->skeleton[c], skeleton.bytes, skeleton.length);
		confusables->bytes[c] = (uint8) skeleton.length;
	}
	pfree(out.data);
}

void
append_confusable_skeleton(Confusables *confusables, Text text, StringInfo out)
{
	const int before = out->len;

	for (uint32 i = 0; i < text.length; i++)
	{
		unsigned char c = (unsigned char) text.bytes[i];

		if (c < ASCII_CHARACTERS && confusables->bytes[c] == NOT_ASKED)
			learn_skeleton(confusables, c);
		if (c >= ASCII_CHARACTERS || confusables->bytes[c] == NOT_ASCII)
		{
			out->len = before;
			append_icu_skeleton(confusables, text, out);
			return;
		}
		appendBinaryStringInfo(out, confusables->skeleton[c], confusables->bytes[c]);
	}
}

/*
 * Characters
 */

bool
is_white_space(uint32 character)
{
	return u_isUWhiteSpace((UChar32) character);
}

bool
is_letter(uint32 character)
{
	return u_isalpha((UChar32) character);
}

bool
is_dash(uint32 character)
{
	return u_charType((UChar32) character) == U_DASH_PUNCTUATION ||
		u_hasBinaryProperty((UChar32) character, UCHAR_DASH);
}

bool
is_word_character(uint32 character)
{
	return (U_GET_GC_MASK((UChar32) character) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

int
decimal_value(uint32 character)
{
	return u_charDigitValue((UChar32) character);
}

/*
 * Versions
 */

static char *
version_text(const UVersionInfo version)
{
	char text[U_MAX_VERSION_STRING_LENGTH];

	u_versionToString(version, text);
	return pstrdup(text);
}

char *
icu_library_version(void)
{
	UVersionInfo version;

	u_getVersion(version);
	return version_text(version);
}

char *
icu_library_unicode(void)
{
	UVersionInfo version;

	u_getUnicodeVersion(version);
	return version_text(version);
}
