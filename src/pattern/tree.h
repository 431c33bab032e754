/*
 * tree.h
 *		A pattern as its author wrote it.
 *
 * What the parser makes, the printer prints and the compiler compiles.  Nodes
 * are linked by pointers and live in the memory context in which they were
 * parsed; nothing here is stored.
 *
 * A tree is simplified as far as PATTERNS says that nothing changes: a group of
 * one plain element is that element, and parentheses around the whole pattern
 * are gone.  An alternation of events is one event.
 */
#ifndef CRM_PATTERN_TREE_H
#define CRM_PATTERN_TREE_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "timeline/layout.h"

/* A length of time as written: calendar months and days, and the rest. */
typedef struct Duration
{
	int32 months;
	int32 days;
	int64 time; /* microseconds */
} Duration;

/* How one element follows another. */
typedef struct Arrow
{
	bool next; /* => */
	bool gated;
	bool has_most;
	Duration least; /* zero where only "at most" was written */
	Duration most;
} Arrow;

typedef enum ConditionType
{
	CONDITION_COMPARE, /* attribute operator literal */
	CONDITION_IN,      /* attribute in (literals) */
	CONDITION_NULL,    /* attribute is null */
	CONDITION_NOT,
	CONDITION_AND,
	CONDITION_OR,
} ConditionType;

typedef enum Comparison
{
	COMPARE_EQ,
	COMPARE_NE,
	COMPARE_LT,
	COMPARE_LE,
	COMPARE_GT,
	COMPARE_GE,
} Comparison;

typedef struct Literal
{
	bool is_number;
	double number;
	TextSlice text; /* of a number: as canonically written */
} Literal;

typedef struct Condition
{
	ConditionType type;
	TextSlice attribute;   /* COMPARE, IN, NULL */
	Comparison comparison; /* COMPARE */
	uint32 literal_count;  /* COMPARE: 1 */
	Literal *literals;
	struct Condition *left;  /* NOT, AND, OR */
	struct Condition *right; /* AND, OR */
} Condition;

typedef enum KindTest
{
	KIND_NAMED,
	KIND_ANY,
	KIND_INBOUND,
	KIND_OUTBOUND,
} KindTest;

/* kind@channel[condition]; an event is a list of them, one of which must accept. */
typedef struct EventTest
{
	KindTest kind;
	TextSlice name; /* KIND_NAMED */
	bool has_channel;
	TextSlice channel;
	Condition *condition; /* or NULL */
	struct EventTest *next;
} EventTest;

typedef enum NodeType
{
	NODE_EVENT,
	NODE_SEQUENCE,
	NODE_CHOICE,    /* alternatives: | */
	NODE_ANY_ORDER, /* & */
} NodeType;

typedef enum ElementType
{
	ELEMENT_ITEM,    /* something that is matched */
	ELEMENT_WITHOUT, /* no event, between two items */
	ELEMENT_ABSENCE, /* no event for duration, first or last */
} ElementType;

struct PatternNode;

typedef struct Element
{
	ElementType type;
	Arrow arrow;              /* that enters it; plain for the first */
	int location;             /* character position where it begins, from 1 */
	struct PatternNode *item; /* ITEM */
	EventTest *event;         /* WITHOUT, ABSENCE */
	Duration duration;        /* ABSENCE */
	/* ITEM: copies; 1, 1 where nothing is written */
	uint32 least;
	uint32 most; /* UNLIMITED */
} Element;

#define UNLIMITED PG_UINT32_MAX

typedef struct PatternNode
{
	NodeType type;
	int location;
	EventTest *event;              /* EVENT */
	uint32 count;                  /* elements, alternatives or items */
	struct PatternNode **children; /* CHOICE, ANY_ORDER */
	/* SEQUENCE */
	Element *elements;
	bool from_start; /* start => */
	bool to_end;     /* => end */
	uint32 within_count;
	Duration *within;
	uint32 same_count;
	TextSlice *same;
} PatternNode;

/* What is wrong with a pattern, if the error is not to be thrown. */
typedef struct PatternError
{
	int sqlstate;
	int position; /* in characters, from 1; 0 = the whole */
	const char *message;
	const char *detail; /* or NULL */
	const char *hint;   /* or NULL */
} PatternError;

/* Sets what is wrong; returns false, for whoever reads to return. */
static inline bool
pattern_fail(PatternError *error, int sqlstate, int position, const char *message, const char *hint)
{
	error->sqlstate = sqlstate;
	error->position = position;
	error->message = message;
	error->detail = NULL;
	error->hint = hint;
	return false;
}

/* The tree of a text, or NULL and what is wrong with it. */
extern PatternNode *pattern_parse(const char *text, Size length, PatternError *error);

/*
 * The same for a part of a longer text, from *at on to a semicolon or the end,
 * which *at is then.  The tree points into the text.  Positions are those of the
 * whole text.
 */
extern PatternNode *pattern_parse_part(const char *text, Size length, Size *at,
									   PatternError *error);

/* The canonical text of a tree, palloc'd and null-terminated. */
extern char *pattern_print(const PatternNode *node);
extern char *pattern_print_element(const Element *element);
extern void pattern_print_event(StringInfo out, const EventTest *event);

/* Whether a node can match without any interaction. */
extern bool pattern_nullable(const PatternNode *node);

#endif /* CRM_PATTERN_TREE_H */
