/*
 * lexer.c
 *		From the characters of a pattern to its tokens.
 *
 * What a word is does not depend on a locale: letters, marks and digits are
 * those of Unicode (letters.h) in a database in UTF-8, and in other encodings
 * whatever is not ASCII is a letter.  Raises no error, whatever the bytes are.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "pattern/letters.h"
#include "pattern/lexer.h"

/* Bytes of a token that an error message shows. */
#define MAX_SHOWN 40

/* What is returned for bytes that are no character. */
#define NO_CHARACTER PG_UINT32_MAX

typedef enum CharacterClass
{
	CLASS_OTHER,
	CLASS_UNDERSCORE,
	CLASS_LETTER,
	CLASS_MARK,
	CLASS_DIGIT,
} CharacterClass;

static const struct
{
	const char *name;
	Keyword keyword;
} keywords[] = {
	{"start", KEYWORD_START}, {"end", KEYWORD_END},         {"no", KEYWORD_NO},
	{"for", KEYWORD_FOR},     {"within", KEYWORD_WITHIN},   {"same", KEYWORD_SAME},
	{"any", KEYWORD_ANY},     {"inbound", KEYWORD_INBOUND}, {"outbound", KEYWORD_OUTBOUND},
	{"and", KEYWORD_AND},     {"or", KEYWORD_OR},           {"not", KEYWORD_NOT},
	{"in", KEYWORD_IN},       {"is", KEYWORD_IS},           {"null", KEYWORD_NULL},
	{"true", KEYWORD_TRUE},   {"false", KEYWORD_FALSE},
};

#define ARROW_HINT "Arrows are -> (later) and => (the very next interaction)."
#define QUOTE_HINT "Quotes are straight: \"...\" for names, \"...\" or '...' for texts."
#define COMPARISON_HINT "Comparisons are = != <> < <= > >=."
#define BLANK_HINT "This is a special blank; write an ordinary one."

/* Characters that come from word processors and other languages. */
static const struct
{
	uint32 first;
	uint32 last;
	const char *hint;
} strays[] = {
	{'!', '!', "Write != in a comparison, not before a condition, no between elements."},
	{'-', '-', ARROW_HINT},
	{'`', '`', QUOTE_HINT},
	{0x00A0, 0x00A0, BLANK_HINT},
	{0x00AB, 0x00AB, QUOTE_HINT},
	{0x00BB, 0x00BB, QUOTE_HINT},
	{0x2000, 0x200B, BLANK_HINT},
	{0x2010, 0x2015, "Write the hyphen of the keyboard: -> for an arrow, - in a name."},
	{0x2018, 0x201F, QUOTE_HINT},
	{0x2026, 0x2026, "Write two points: [1 hour..2 hours]."},
	{0x202F, 0x202F, BLANK_HINT},
	{0x2039, 0x203A, QUOTE_HINT},
	{0x2190, 0x21FF, ARROW_HINT},
	{0x2212, 0x2212, "Write the hyphen of the keyboard for a minus."},
	{0x2260, 0x2260, COMPARISON_HINT},
	{0x2264, 0x2265, COMPARISON_HINT},
	{0x2794, 0x27BF, ARROW_HINT},
	{0x27F0, 0x27FF, ARROW_HINT},
	{0x3000, 0x3000, BLANK_HINT},
	{0xFEFF, 0xFEFF, BLANK_HINT},
};

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c + ('a' - 'A')) : c;
}

/*
 * Characters
 */

/* The code point at some place of a UTF-8 text and its length; bytes that are none one by one. */
static uint32
decode_utf8(const char *at, const char *end, int *bytes)
{
	const unsigned char *c = (const unsigned char *) at;

	*bytes = c[0] < 0x80 ? 1 : c[0] < 0xE0 ? 2 : c[0] < 0xF0 ? 3 : 4;
	if (*bytes <= end - at && pg_utf8_islegal(c, *bytes))
		return utf8_to_unicode(c);
	*bytes = 1;
	return NO_CHARACTER;
}

/* The class of a code point above ASCII; O(log of the ranges). */
static CharacterClass
class_of(uint32 code)
{
	Size low = 0;
	Size high = lengthof(character_ranges);

	while (low < high)
	{
		Size middle = (low + high) / 2;
		const CharacterRange *range = &character_ranges[middle];

		if (code < range->first)
			high = middle;
		else if (code > range->last)
			low = middle + 1;
		else if (range->type == 'L')
			return CLASS_LETTER;
		else
			return range->type == 'M' ? CLASS_MARK : CLASS_DIGIT;
	}
	return CLASS_OTHER;
}

/* The class of the character at some place, and its bytes. */
static CharacterClass
classify(int encoding, const char *at, const char *end, int *bytes)
{
	char lower = ascii_lower(*at);

	*bytes = 1;
	if (lower >= 'a' && lower <= 'z')
		return CLASS_LETTER;
	if (is_digit(*at))
		return CLASS_DIGIT;
	if (*at == '_')
		return CLASS_UNDERSCORE;
	if ((unsigned char) *at < 0x80)
		return CLASS_OTHER;
	/* in the encodings of a server no byte of a longer character is ASCII */
	if (encoding != PG_UTF8)
		return CLASS_LETTER;
	return class_of(decode_utf8(at, end, bytes));
}

/* Where the word ends that begins at some place; that place if there is none. */
static const char *
word_end(int encoding, const char *at, const char *end)
{
	bool first = true;

	while (at < end)
	{
		int bytes;
		int next_bytes;
		CharacterClass type = classify(encoding, at, end, &bytes);

		if (first && type != CLASS_LETTER && type != CLASS_UNDERSCORE)
			break;
		if (type == CLASS_OTHER)
		{
			if ((*at != '.' && *at != '-') || at + 1 >= end)
				break;
			type = classify(encoding, at + 1, end, &next_bytes);
			if (type == CLASS_OTHER || type == CLASS_MARK)
				break;
			bytes += next_bytes;
		}
		at += bytes;
		first = false;
	}
	return at;
}

/* Where a number ends, as in SQL; the place itself if there is none.  ".." is not part of it. */
static const char *
number_end(const char *at, const char *end)
{
	const char *begin = at;
	bool digits = false;

	if (at < end && (*at == '+' || *at == '-'))
		at++;
	for (; at < end && is_digit(*at); at++)
		digits = true;
	if (at < end && *at == '.' && !(at + 1 < end && at[1] == '.'))
	{
		for (at++; at < end && is_digit(*at); at++)
			digits = true;
	}
	if (!digits)
		return begin;
	if (at < end && (*at == 'e' || *at == 'E'))
	{
		const char *exponent = at + 1;

		if (exponent < end && (*exponent == '+' || *exponent == '-'))
			exponent++;
		if (exponent < end && is_digit(*exponent))
		{
			for (at = exponent; at < end && is_digit(*at); at++)
				;
		}
	}
	return at;
}

/* The keyword that a word is, in any case. */
static Keyword
keyword_of(TextSlice word)
{
	for (Size i = 0; i < lengthof(keywords); i++)
	{
		if (same_word(word, keywords[i].name))
			return keywords[i].keyword;
	}
	return KEYWORD_NONE;
}

/*
 * In other encodings than UTF-8 what is a letter there may be none elsewhere, so
 * that in a text to be carried around only ASCII can stand without quotes.
 */
bool
is_bare(TextSlice text)
{
	const char *end = text.bytes + text.length;
	int encoding = GetDatabaseEncoding();

	for (uint32 i = 0; encoding != PG_UTF8 && i < text.length; i++)
	{
		if ((unsigned char) text.bytes[i] >= 0x80)
			return false;
	}
	return text.length > 0 && word_end(encoding, text.bytes, end) == end &&
		keyword_of(text) == KEYWORD_NONE;
}

/*
 * Tokens
 */

/* The token is the next bytes of the text. */
static void
take(Lexer *lexer, TokenType type, Size bytes)
{
	Token *token = &lexer->token;

	token->type = type;
	lexer->at += bytes;
	token->end = lexer->at;
	token->text.bytes = token->begin;
	token->text.length = (uint32) bytes;
}

/* The same for a symbol that is a longer one if a certain character follows. */
static void
take_symbol(Lexer *lexer, TokenType type, char second, TokenType longer)
{
	if (lexer->at + 1 < lexer->end && lexer->at[1] == second)
		take(lexer, longer, 2);
	else
		take(lexer, type, 1);
}

/* A text in quotes; a copy of it where quotes inside are doubled. */
static void
take_quoted(Lexer *lexer, char quote)
{
	Token *token = &lexer->token;
	const char *begin = lexer->at + 1;
	const char *at = begin;
	uint32 doubled = 0;

	for (;; at++)
	{
		if (at >= lexer->end || *at == '\0')
		{
			take(lexer, TOKEN_UNCLOSED, at - lexer->at);
			return;
		}
		if (*at != quote)
			continue;
		if (at + 1 >= lexer->end || at[1] != quote)
			break;
		doubled++;
		at++;
	}
	take(lexer, quote == '"' ? TOKEN_QUOTED : TOKEN_STRING, at + 1 - lexer->at);
	token->text.bytes = begin;
	token->text.length = (uint32) (at - begin);
	if (doubled > 0)
	{
		char *copy = palloc(token->text.length);
		uint32 length = 0;

		for (uint32 i = 0; i < token->text.length; i++)
		{
			copy[length++] = begin[i];
			if (begin[i] == quote)
				i++;
		}
		token->text.bytes = copy;
		token->text.length = length;
	}
}

/* A character that is no symbol: a word, a number or a stray one. */
static void
take_word_or_number(Lexer *lexer)
{
	const char *end = number_end(lexer->at, lexer->end);
	int bytes;

	if (end > lexer->at)
	{
		take(lexer, TOKEN_NUMBER, end - lexer->at);
		return;
	}
	end = word_end(lexer->encoding, lexer->at, lexer->end);
	if (end > lexer->at)
	{
		take(lexer, TOKEN_WORD, end - lexer->at);
		lexer->token.keyword = keyword_of(lexer->token.text);
		if (lexer->token.keyword != KEYWORD_NONE)
			lexer->token.type = TOKEN_KEYWORD;
		return;
	}
	(void) classify(lexer->encoding, lexer->at, lexer->end, &bytes);
	take(lexer, TOKEN_STRAY, bytes);
}

static void
take_token(Lexer *lexer)
{
	switch (*lexer->at)
	{
		case '"':
		case '\'':
			take_quoted(lexer, *lexer->at);
			break;
		case '=':
			take_symbol(lexer, TOKEN_EQ, '>', TOKEN_NEXT);
			break;
		case '!':
			take_symbol(lexer, TOKEN_STRAY, '=', TOKEN_NE);
			break;
		case '<':
			if (lexer->at + 1 < lexer->end && lexer->at[1] == '>')
				take(lexer, TOKEN_NE, 2);
			else
				take_symbol(lexer, TOKEN_LT, '=', TOKEN_LE);
			break;
		case '>':
			take_symbol(lexer, TOKEN_GT, '=', TOKEN_GE);
			break;
		case '@':
			take(lexer, TOKEN_AT, 1);
			break;
		case '(':
			take(lexer, TOKEN_OPEN, 1);
			break;
		case ')':
			take(lexer, TOKEN_CLOSE, 1);
			break;
		case '[':
			take(lexer, TOKEN_OPEN_BRACKET, 1);
			break;
		case ']':
			take(lexer, TOKEN_CLOSE_BRACKET, 1);
			break;
		case '{':
			take(lexer, TOKEN_OPEN_BRACE, 1);
			break;
		case '}':
			take(lexer, TOKEN_CLOSE_BRACE, 1);
			break;
		case ',':
			take(lexer, TOKEN_COMMA, 1);
			break;
		case '|':
			take(lexer, TOKEN_BAR, 1);
			break;
		case '&':
			take(lexer, TOKEN_AND, 1);
			break;
		case '?':
			take(lexer, TOKEN_QUESTION, 1);
			break;
		case '*':
			take(lexer, TOKEN_STAR, 1);
			break;
		case ';':
			take(lexer, TOKEN_SEMICOLON, 1);
			break;
		case ':':
			take(lexer, TOKEN_COLON, 1);
			break;
		default:
			/* these begin a number, too */
			if (number_end(lexer->at, lexer->end) > lexer->at)
				take_word_or_number(lexer);
			else if (*lexer->at == '-')
				take_symbol(lexer, TOKEN_STRAY, '>', TOKEN_LATER);
			else if (*lexer->at == '.')
				take_symbol(lexer, TOKEN_STRAY, '.', TOKEN_DOTS);
			else if (*lexer->at == '+')
				take(lexer, TOKEN_PLUS, 1);
			else
				take_word_or_number(lexer);
	}
}

/* Goes over blanks to where the next token begins; false at the end. */
static bool
find_token(Lexer *lexer)
{
	while (lexer->at < lexer->end && is_space(*lexer->at))
		lexer->at++;
	lexer->token.keyword = KEYWORD_NONE;
	lexer->token.begin = lexer->at;
	if (lexer->at < lexer->end)
		return true;
	take(lexer, TOKEN_END, 0);
	return false;
}

void
lexer_next(Lexer *lexer)
{
	if (find_token(lexer))
		take_token(lexer);
}

void
lexer_next_unit(Lexer *lexer)
{
	const char *at;
	int bytes;

	if (!find_token(lexer))
		return;
	for (at = lexer->at; at < lexer->end; at += bytes)
	{
		if (classify(lexer->encoding, at, lexer->end, &bytes) != CLASS_LETTER)
			break;
	}
	if (at > lexer->at)
		take(lexer, TOKEN_UNIT, at - lexer->at);
	else
		take_token(lexer);
}

void
lexer_begin(Lexer *lexer, const char *text, Size length, Size at)
{
	lexer->start = text;
	lexer->at = text + at;
	lexer->end = text + length;
	lexer->encoding = GetDatabaseEncoding();
	lexer->counted = text;
	lexer->characters = 0;
	lexer_next(lexer);
}

/*
 * For error messages
 */

/* How many bytes the character at some place has, whatever the bytes are. */
static int
character_bytes(const Lexer *lexer, const char *at)
{
	int bytes = 1;

	if (lexer->encoding == PG_UTF8)
		(void) decode_utf8(at, lexer->end, &bytes);
	else if (lexer->end - at > 1)
		bytes = pg_encoding_mblen(lexer->encoding, at);
	return (int) Max(1, Min(bytes, lexer->end - at));
}

int
lexer_position(Lexer *lexer, const char *at)
{
	if (at < lexer->counted)
	{
		lexer->counted = lexer->start;
		lexer->characters = 0;
	}
	while (lexer->counted < at)
	{
		lexer->counted += character_bytes(lexer, lexer->counted);
		lexer->characters++;
	}
	return lexer->characters + 1;
}

int
text_position(const char *text, Size length, const char *at)
{
	Lexer lexer = {
		.encoding = GetDatabaseEncoding(), .start = text, .end = text + length, .counted = text};

	return lexer_position(&lexer, at);
}

const char *
stray_hint(const Lexer *lexer)
{
	const Token *token = &lexer->token;
	uint32 code = (unsigned char) *token->begin;
	int bytes;

	if (lexer->encoding == PG_UTF8)
		code = decode_utf8(token->begin, token->end, &bytes);
	else if (code >= 0x80)
		return NULL;
	for (Size i = 0; i < lengthof(strays); i++)
	{
		if (code >= strays[i].first && code <= strays[i].last)
			return strays[i].hint;
	}
	return NULL;
}

void
describe_token(StringInfo out, const Lexer *lexer)
{
	const Token *token = &lexer->token;
	bool quoted = token->type == TOKEN_QUOTED || token->type == TOKEN_STRING;
	const char *end = token->begin;

	if (token->type == TOKEN_END)
	{
		appendStringInfoString(out, "the end");
		return;
	}
	while (end < token->end && end - token->begin < MAX_SHOWN)
		end += character_bytes(lexer, end);
	if (token->type == TOKEN_KEYWORD)
		appendStringInfoString(out, "the keyword ");
	if (!quoted)
		appendStringInfoChar(out, '"');
	appendBinaryStringInfo(out, token->begin, (int) (end - token->begin));
	if (end < token->end)
		appendStringInfoString(out, "...");
	if (!quoted)
		appendStringInfoChar(out, '"');
}
