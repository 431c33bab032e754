/*
 * lexer.h
 *		The words of the pattern language, and what its parser and printer share.
 *
 * The lexer gives one token at a time, on demand: what follows a number in a
 * duration is a unit, letters only, and elsewhere a word.  Texts of tokens point
 * into the pattern, or to a copy where quotes inside were doubled.
 */
#ifndef CRM_PATTERN_LEXER_H
#define CRM_PATTERN_LEXER_H

#include "pattern/tree.h"

typedef enum TokenType
{
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_KEYWORD,
	TOKEN_QUOTED,   /* "..." */
	TOKEN_STRING,   /* '...' */
	TOKEN_UNCLOSED, /* either without its end */
	TOKEN_NUMBER,
	TOKEN_UNIT,
	TOKEN_LATER, /* -> */
	TOKEN_NEXT,  /* => */
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
	TOKEN_DOTS, /* .. */
	TOKEN_AT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_OPEN_BRACKET,
	TOKEN_CLOSE_BRACKET,
	TOKEN_OPEN_BRACE,
	TOKEN_CLOSE_BRACE,
	TOKEN_COMMA,
	TOKEN_BAR,
	TOKEN_AND,
	TOKEN_QUESTION,
	TOKEN_PLUS,
	TOKEN_STAR,
	TOKEN_SEMICOLON, /* these two are a journey's */
	TOKEN_COLON,
	TOKEN_STRAY, /* a character that the language does not have */
} TokenType;

typedef enum Keyword
{
	KEYWORD_NONE,
	KEYWORD_START,
	KEYWORD_END,
	KEYWORD_NO,
	KEYWORD_FOR,
	KEYWORD_WITHIN,
	KEYWORD_SAME,
	KEYWORD_ANY,
	KEYWORD_INBOUND,
	KEYWORD_OUTBOUND,
	KEYWORD_AND,
	KEYWORD_OR,
	KEYWORD_NOT,
	KEYWORD_IN,
	KEYWORD_IS,
	KEYWORD_NULL,
	KEYWORD_TRUE,
	KEYWORD_FALSE,
} Keyword;

typedef struct Token
{
	TokenType type;
	Keyword keyword;
	const char *begin; /* as it is written, quotes included */
	const char *end;
	TextSlice text; /* WORD, QUOTED, STRING: what it says; others: as written */
} Token;

typedef struct Lexer
{
	const char *start;
	const char *at; /* behind the token */
	const char *end;
	int encoding;
	Token token;
	const char *counted; /* a place, and how many characters stand before it */
	int characters;
} Lexer;

/* Begins at some place of a text, and reads its first token. */
extern void lexer_begin(Lexer *lexer, const char *text, Size length, Size at);
extern void lexer_next(Lexer *lexer);

/* Reads letters as a unit; any other token where there are none. */
extern void lexer_next_unit(Lexer *lexer);

/* The position of a place in characters, from 1; cheap from left to right. */
extern int lexer_position(Lexer *lexer, const char *at);

/* The same for a text that no lexer is at. */
extern int text_position(const char *text, Size length, const char *at);

/* What to do about a character that the language does not have, or NULL. */
extern const char *stray_hint(const Lexer *lexer);

/* Appends a token as an error message shows it, cut where it is long. */
extern void describe_token(StringInfo out, const Lexer *lexer);

/* Whether two texts are the same in any case of ASCII letters; other is in lower case. */
static inline bool
same_word(TextSlice text, const char *other)
{
	for (uint32 i = 0; i < text.length; i++, other++)
	{
		char c = text.bytes[i];

		if (c >= 'A' && c <= 'Z')
			c = (char) (c + ('a' - 'A'));
		if (c != *other || c == '\0')
			return false;
	}
	return *other == '\0';
}

/* Whether a text can stand without quotes: a word, and no keyword. */
extern bool is_bare(TextSlice text);

/* Whether a node is a sequence of one element and nothing else: parentheses around it go away. */
static inline bool
is_one_element(const PatternNode *node)
{
	return node->type == NODE_SEQUENCE && node->count == 1 && !node->from_start && !node->to_end &&
		node->within_count == 0 && node->same_count == 0;
}

/* Whether an element is matched once. */
static inline bool
is_plain(const Element *element)
{
	return element->type == ELEMENT_ITEM && element->least == 1 && element->most == 1;
}

static inline PatternNode *
make_node(NodeType type, int location)
{
	PatternNode *node = palloc0(sizeof(PatternNode));

	node->type = type;
	node->location = location;
	return node;
}

/* Appends the tests of an event to a list, of which last is the end; returns its new end. */
static inline EventTest **
append_tests(EventTest **last, EventTest *event)
{
	*last = event;
	while (*last != NULL)
		last = &(*last)->next;
	return last;
}

/* Brings a tree as it was read into the form that tree.h describes. */
extern PatternNode *pattern_simplify(PatternNode *node);

/* Whether the language allows a tree that the grammar has. */
extern bool pattern_check(const PatternNode *node, PatternError *error);

/*
 * Durations
 */

typedef enum DurationStatus
{
	DURATION_OK,
	DURATION_NO_UNIT, /* the unit is unknown */
	DURATION_NEGATIVE,
	DURATION_MIXED,   /* negative in days, say, but not in hours */
	DURATION_INEXACT, /* not a whole number of microseconds, or of months */
	DURATION_TOO_LONG,
} DurationStatus;

/* Adds number units; exact or not at all.  The number may be negative. */
extern DurationStatus duration_add(Duration *duration, TextSlice number, TextSlice unit);

/* Whether what was added makes a duration. */
extern DurationStatus duration_finish(const Duration *duration);

/* Whether the unit is months or years, which have no fixed length. */
extern bool is_month_unit(TextSlice unit);

/* As intervals compare: a month has 30 days, a day 24 hours. */
extern int compare_durations(const Duration *a, const Duration *b);

/* Appends the canonical text of a duration, as in "2 days 4 hours". */
extern void print_duration(StringInfo out, const Duration *duration);

/* Appends a kind, channel, attribute or text, in quotes where they are needed. */
extern void print_name(StringInfo out, TextSlice name);

#endif /* CRM_PATTERN_LEXER_H */
