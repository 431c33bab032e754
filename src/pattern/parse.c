/*
 * parse.c
 *		From the text of a pattern to its tree.
 *
 * A recursive descent over the grammar of the language, one token ahead, in time
 * linear in the text.  What the grammar has but the language refuses is left to
 * structure.c.  Nesting is counted, and with it bounded in the tree: whatever
 * walks a tree may recurse.  Chains of "and" and "or" are balanced to the same end.
 *
 * Raises no error: it says what is wrong, where, what was expected, and for the
 * usual slips what to write instead.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"

#include "pattern/lexer.h"
#include "timeline/text.h"

#define MAX_PATTERN_BYTES 65536
#define MAX_NESTING 64
#define MAX_ANY_ORDER 8
#define MAX_COPIES 1024

/* A number that is too large for any limit; how much does not matter. */
#define MANY ((uint64) 1000000000)

/* A canonical text is less than this many times as long as what was written. */
#define MAX_GROWTH 8

typedef struct Parser
{
	Lexer lexer;
	int nesting;
	bool is_part; /* ends at a semicolon, too */
	PatternError *error;
} Parser;

static PatternNode *parse_pattern(Parser *parser, bool grouped);
static Condition *parse_condition(Parser *parser, ConditionType type);

/*
 * Errors
 */

static bool
fail(Parser *parser, int sqlstate, int position, const char *message, const char *hint)
{
	return pattern_fail(parser->error, sqlstate, position, message, hint);
}

static bool
fail_syntax(Parser *parser, const char *at, const char *message, const char *hint)
{
	return fail(parser, ERRCODE_INVALID_TEXT_REPRESENTATION, lexer_position(&parser->lexer, at),
				message, hint);
}

/* What is well formed but passes a limit. */
static bool
fail_limit(Parser *parser, int position, const char *message, uint64 number, uint64 limit)
{
	StringInfoData detail;

	initStringInfo(&detail);
	appendStringInfo(&detail, "The number is %s" UINT64_FORMAT ", the limit " UINT64_FORMAT ".",
					 number == MANY ? "at least " : "", number, limit);
	(void) fail(parser, ERRCODE_PROGRAM_LIMIT_EXCEEDED, position, message, NULL);
	parser->error->detail = detail.data;
	return false;
}

static inline const Token *
current(const Parser *parser)
{
	return &parser->lexer.token;
}

static inline bool
next_is(const Parser *parser, TokenType type)
{
	return current(parser)->type == type;
}

static inline bool
next_is_keyword(const Parser *parser, Keyword keyword)
{
	return current(parser)->keyword == keyword;
}

/* What the next token should have been. */
static bool
expected(Parser *parser, const char *what, const char *hint)
{
	const Token *token = current(parser);
	StringInfoData message;

	if (token->type == TOKEN_UNCLOSED)
		return fail_syntax(parser, token->begin, "the quote is not closed",
						   "A quote inside of quotes is written twice.");
	if (token->type == TOKEN_STRAY && stray_hint(&parser->lexer) != NULL)
		hint = stray_hint(&parser->lexer);
	initStringInfo(&message);
	appendStringInfo(&message, "expected %s, found ", what);
	describe_token(&message, &parser->lexer);
	return fail_syntax(parser, token->begin, message.data, hint);
}

static bool
accept_token(Parser *parser, TokenType type)
{
	if (!next_is(parser, type))
		return false;
	lexer_next(&parser->lexer);
	return true;
}

static bool
accept_keyword(Parser *parser, Keyword keyword)
{
	if (!next_is_keyword(parser, keyword))
		return false;
	lexer_next(&parser->lexer);
	return true;
}

/* The position of the next token. */
static inline int
here(Parser *parser)
{
	return lexer_position(&parser->lexer, current(parser)->begin);
}

/* Goes one level deeper into parentheses or negations. */
static bool
enter(Parser *parser)
{
	if (parser->nesting >= MAX_NESTING)
		return fail_limit(parser, here(parser), "too many levels of nesting",
						  (uint64) parser->nesting + 1, MAX_NESTING);
	if (stack_is_too_deep())
		return fail(parser, ERRCODE_STATEMENT_TOO_COMPLEX, here(parser),
					"the stack has no room for more levels of nesting",
					"Increase the setting \"max_stack_depth\".");
	parser->nesting++;
	return true;
}

static inline void
leave(Parser *parser)
{
	parser->nesting--;
}

/* Room for one more entry behind count of them: arrays have 2, 4, 8 ... entries. */
static void *
with_room(void *array, uint32 count, Size size)
{
	if (count == 0)
		return palloc(2 * size);
	if (count >= 2 && (count & (count - 1)) == 0)
		return repalloc(array, 2 * count * size);
	return array;
}

static void
add_child(PatternNode *node, PatternNode *child)
{
	node->children = with_room(node->children, node->count, sizeof(PatternNode *));
	node->children[node->count++] = child;
}

/*
 * Names
 */

static const char *
name_hint(const Parser *parser)
{
	switch (current(parser)->type)
	{
		case TOKEN_KEYWORD:
			return "A keyword that is meant as a name is written in double quotes.";
		case TOKEN_STRING:
			return "Kinds, channels and attributes are written in double quotes, or without any.";
		case TOKEN_NUMBER:
			return "A name that begins with a digit is written in double quotes.";
		default:
			return NULL;
	}
}

/* A kind, channel or attribute. */
static bool
parse_name(Parser *parser, const char *what, const char *hint, TextSlice *name)
{
	if (!next_is(parser, TOKEN_WORD) && !next_is(parser, TOKEN_QUOTED))
		return expected(parser, what, hint != NULL ? hint : name_hint(parser));
	*name = current(parser)->text;
	lexer_next(&parser->lexer);
	return true;
}

static bool
parse_attribute(Parser *parser, const char *hint, TextSlice *name)
{
	const char *at = current(parser)->begin;

	if (!parse_name(parser, "an attribute", hint, name))
		return false;
	if (name->length == 11 && memcmp(name->bytes, "occurred_at", 11) == 0)
		return fail_syntax(parser, at, "occurred_at cannot stand here",
						   "Times are said by gates, as in a ->[2 days] b, and by \"within\".");
	return true;
}

/*
 * Durations
 */

#define PARENTHESIS_HINT "The parenthesis is not closed."

#define UNITS_HINT \
	"Units are microseconds, milliseconds, seconds, minutes, hours, days, weeks, months, years, " \
	"or us, ms, s, min, h, d, w, mon, y."

static bool
fail_duration(Parser *parser, DurationStatus status, const char *number)
{
	TextSlice unit = current(parser)->text;

	switch (status)
	{
		case DURATION_NEGATIVE:
			return fail_syntax(parser, number, "a duration cannot be negative", NULL);
		case DURATION_MIXED:
			return fail_syntax(parser, number, "a part of the duration is negative",
							   "Months, days and hours are counted apart: write 23 hours, not "
							   "1 day -1 hour.");
		case DURATION_INEXACT:
			if (is_month_unit(unit))
				return fail_syntax(parser, number, "the duration is not a whole number of months",
								   "A part of a month has no fixed length: write it in days, as in "
								   "1 month 15 days.");
			return fail_syntax(parser, number, "the duration is not a whole number of microseconds",
							   NULL);
		case DURATION_TOO_LONG:
			return fail(parser, ERRCODE_INTERVAL_FIELD_OVERFLOW,
						lexer_position(&parser->lexer, number), "the duration is too long", NULL);
		default:
			return expected(parser, "a unit of time",
							same_word(unit, "m") ? "Write min for minutes, mon for months." :
												   UNITS_HINT);
	}
}

/* number unit (number unit)* */
static bool
parse_duration(Parser *parser, Duration *duration)
{
	const char *begin = current(parser)->begin;
	DurationStatus status;

	memset(duration, 0, sizeof(*duration));
	if (!next_is(parser, TOKEN_NUMBER))
		return expected(parser, "a duration such as 7 days", NULL);
	do
	{
		TextSlice number = current(parser)->text;

		lexer_next_unit(&parser->lexer);
		if (!next_is(parser, TOKEN_UNIT))
			return expected(parser, "a unit of time after the number", UNITS_HINT);
		status = duration_add(duration, number, current(parser)->text);
		if (status != DURATION_OK)
			return fail_duration(parser, status, number.bytes);
		lexer_next(&parser->lexer);
	} while (next_is(parser, TOKEN_NUMBER));
	status = duration_finish(duration);
	return status == DURATION_OK || fail_duration(parser, status, begin);
}

/* "[" duration "]" | "[" duration ".." duration? "]" */
static bool
parse_gate(Parser *parser, Arrow *arrow)
{
	const char *at = current(parser)->begin;

	lexer_next(&parser->lexer);
	if (next_is(parser, TOKEN_DOTS))
		return expected(parser, "a duration such as 7 days",
						"At most 2 days is [2 days], at least 2 days is [2 days..].");
	arrow->gated = true;
	arrow->has_most = true;
	if (!parse_duration(parser, &arrow->most))
		return false;
	if (accept_token(parser, TOKEN_DOTS))
	{
		arrow->least = arrow->most;
		arrow->has_most = !next_is(parser, TOKEN_CLOSE_BRACKET);
		memset(&arrow->most, 0, sizeof(arrow->most));
		if (arrow->has_most && !parse_duration(parser, &arrow->most))
			return false;
	}
	if (!accept_token(parser, TOKEN_CLOSE_BRACKET))
		return expected(parser, "\"]\"",
						"A gate is [2 days] for at most, [2 days..] for at least, or "
						"[1 day..2 days].");
	if (arrow->has_most && compare_durations(&arrow->least, &arrow->most) > 0)
		return fail_syntax(parser, at, "the least duration of the gate exceeds its most", NULL);
	return true;
}

/*
 * Conditions
 */

/* A number, and the canonical text of it. */
static bool
parse_number(Parser *parser, Literal *literal)
{
	TextSlice slice = current(parser)->text;
	char *copy = palloc(slice.length + 1);
	StringInfoData text;
	double number;

	memcpy(copy, slice.bytes, slice.length);
	copy[slice.length] = '\0';
	errno = 0;
	number = strtod(copy, NULL);
	pfree(copy);
	/* a number too small for a normal double sets errno and is right all the same */
	if (errno == ERANGE && (number == 0 || isinf(number)))
		return fail(parser, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, here(parser),
					"the number is out of the range of double precision", NULL);
	literal->is_number = true;
	literal->number = number == 0 ? 0 : number;
	initStringInfo(&text);
	print_number(&text, literal->number);
	literal->text.bytes = text.data;
	literal->text.length = (uint32) text.len;
	lexer_next(&parser->lexer);
	return true;
}

static const char *
literal_hint(const Parser *parser)
{
	if (next_is(parser, TOKEN_EQ))
		return "Equality is written with one =.";
	if (next_is_keyword(parser, KEYWORD_NULL))
		return "What is not there is found by \"is null\", what is there by \"is not null\".";
	if (next_is(parser, TOKEN_KEYWORD))
		return "A keyword that is meant as a text is written in quotes.";
	return NULL;
}

static bool
parse_literal(Parser *parser, Literal *literal)
{
	const Token *token = current(parser);

	memset(literal, 0, sizeof(*literal));
	if (token->type == TOKEN_NUMBER)
		return parse_number(parser, literal);
	if (token->type == TOKEN_WORD || token->type == TOKEN_QUOTED || token->type == TOKEN_STRING)
		literal->text = token->text;
	else if (token->keyword == KEYWORD_TRUE)
		literal->text = (TextSlice) {"true", 4};
	else if (token->keyword == KEYWORD_FALSE)
		literal->text = (TextSlice) {"false", 5};
	else
		return expected(parser, "a number or a text", literal_hint(parser));
	lexer_next(&parser->lexer);
	return true;
}

static bool
add_literal(Parser *parser, Condition *condition)
{
	condition->literals = with_room(condition->literals, condition->literal_count, sizeof(Literal));
	return parse_literal(parser, &condition->literals[condition->literal_count++]);
}

/* "(" literal ("," literal)* ")" */
static bool
parse_literals(Parser *parser, Condition *condition)
{
	condition->type = CONDITION_IN;
	if (!accept_token(parser, TOKEN_OPEN))
		return expected(parser, "\"(\"", "A list is written in parentheses: in (1, 2, 3).");
	do
	{
		if (!add_literal(parser, condition))
			return false;
	} while (accept_token(parser, TOKEN_COMMA));
	if (!accept_token(parser, TOKEN_CLOSE))
		return expected(parser, "\",\" or \")\"",
						"A text that is no word is written in quotes: \"...\" or '...'.");
	return true;
}

static Condition *
make_condition(ConditionType type, Condition *left, Condition *right)
{
	Condition *condition = palloc0(sizeof(Condition));

	condition->type = type;
	condition->left = left;
	condition->right = right;
	return condition;
}

static bool
is_comparison(TokenType type, Comparison *comparison)
{
	switch (type)
	{
		case TOKEN_EQ:
			*comparison = COMPARE_EQ;
			return true;
		case TOKEN_NE:
			*comparison = COMPARE_NE;
			return true;
		case TOKEN_LT:
			*comparison = COMPARE_LT;
			return true;
		case TOKEN_LE:
			*comparison = COMPARE_LE;
			return true;
		case TOKEN_GT:
			*comparison = COMPARE_GT;
			return true;
		case TOKEN_GE:
			*comparison = COMPARE_GE;
			return true;
		default:
			return false;
	}
}

static const char *
attribute_hint(const Parser *parser)
{
	if (next_is(parser, TOKEN_NUMBER))
		return "A condition begins with an attribute; a gate stands behind an arrow, as in "
			   "a ->[2 days] b.";
	if (next_is_keyword(parser, KEYWORD_NO))
		return "Write \"not\" before a condition.";
	return NULL;
}

static const char *
comparison_hint(const Parser *parser)
{
	if (next_is(parser, TOKEN_CLOSE_BRACKET))
		return "That an attribute is there is written as [attribute is not null].";
	if (next_is(parser, TOKEN_NEXT))
		return "Write >= for \"greater or equal\".";
	if (next_is(parser, TOKEN_WORD))
		return "Comparisons are = != <> < <= > >=, in, not in, is null and is not null; a name of "
			   "several words is written in double quotes.";
	return "Comparisons are = != <> < <= > >=, in, not in, is null and is not null.";
}

/* One attribute against literals or null. */
static Condition *
parse_comparison(Parser *parser)
{
	Condition *condition = make_condition(CONDITION_COMPARE, NULL, NULL);
	bool negated;

	if (!parse_attribute(parser, attribute_hint(parser), &condition->attribute))
		return NULL;
	if (accept_keyword(parser, KEYWORD_IS))
	{
		negated = accept_keyword(parser, KEYWORD_NOT);
		condition->type = CONDITION_NULL;
		if (!accept_keyword(parser, KEYWORD_NULL))
		{
			(void) expected(parser, "\"null\"", "Values are compared with =, as in plan = basic.");
			return NULL;
		}
		return negated ? make_condition(CONDITION_NOT, condition, NULL) : condition;
	}
	negated = accept_keyword(parser, KEYWORD_NOT);
	if (accept_keyword(parser, KEYWORD_IN))
	{
		if (!parse_literals(parser, condition))
			return NULL;
		return negated ? make_condition(CONDITION_NOT, condition, NULL) : condition;
	}
	if (negated || !is_comparison(current(parser)->type, &condition->comparison))
	{
		(void) expected(parser, negated ? "\"in\"" : "a comparison", comparison_hint(parser));
		return NULL;
	}
	lexer_next(&parser->lexer);
	return add_literal(parser, condition) ? condition : NULL;
}

/* What may be meant where a condition should go on or end. */
static const char *
joint_hint(const Parser *parser)
{
	if (next_is(parser, TOKEN_END) || next_is(parser, TOKEN_CLOSE_BRACKET))
		return next_is(parser, TOKEN_END) ? "The bracket is not closed." : PARENTHESIS_HINT;
	return "Comparisons are joined by \"and\" and \"or\"; a text that is no word is written in "
		   "quotes.";
}

/* "not" condition | "(" condition ")" | comparison */
static Condition *
parse_negation(Parser *parser)
{
	Condition *condition;

	if (!next_is_keyword(parser, KEYWORD_NOT) && !next_is(parser, TOKEN_OPEN))
		return parse_comparison(parser);
	if (!enter(parser))
		return NULL;
	if (accept_keyword(parser, KEYWORD_NOT))
	{
		condition = parse_negation(parser);
		if (condition != NULL)
			condition = make_condition(CONDITION_NOT, condition, NULL);
	}
	else
	{
		lexer_next(&parser->lexer);
		condition = parse_condition(parser, CONDITION_OR);
		if (condition != NULL && !accept_token(parser, TOKEN_CLOSE))
		{
			(void) expected(parser, "\"and\", \"or\" or \")\"", joint_hint(parser));
			return NULL;
		}
	}
	leave(parser);
	return condition;
}

/* The parts of a chain of one type, those of chains inside of it as well, in order. */
typedef struct Chain
{
	ConditionType type;
	Condition **parts;
	uint32 count;
} Chain;

/* Those of a chain are balanced, too, so this does not go deep. */
static void
add_parts(Chain *chain, Condition *condition)
{
	if (condition->type == chain->type)
	{
		add_parts(chain, condition->left);
		add_parts(chain, condition->right);
		return;
	}
	chain->parts = with_room(chain->parts, chain->count, sizeof(Condition *));
	chain->parts[chain->count++] = condition;
}

/* A balanced tree of count parts. */
static Condition *
join_parts(ConditionType type, Condition **parts, uint32 count)
{
	uint32 half = (count + 1) / 2;

	if (count == 1)
		return parts[0];
	return make_condition(type, join_parts(type, parts, half),
						  join_parts(type, parts + half, count - half));
}

/* A chain of "or", whose parts are chains of "and". */
static Condition *
parse_condition(Parser *parser, ConditionType type)
{
	Keyword keyword = type == CONDITION_OR ? KEYWORD_OR : KEYWORD_AND;
	Chain chain = {.type = type};
	Condition *joined;

	do
	{
		Condition *part = type == CONDITION_OR ? parse_condition(parser, CONDITION_AND) :
												 parse_negation(parser);

		if (part == NULL)
			return NULL;
		add_parts(&chain, part);
	} while (accept_keyword(parser, keyword));
	joined = join_parts(type, chain.parts, chain.count);
	pfree(chain.parts);
	return joined;
}

/*
 * Events
 */

/* What may be meant where a kind should stand. */
static const char *
kind_hint(const Parser *parser)
{
	switch (current(parser)->type)
	{
		case TOKEN_OPEN_BRACKET:
			return "A gate stands behind its arrow, a condition behind its kind; a \"no\" takes "
				   "its time at its end: no a for 2 days.";
		case TOKEN_BAR:
			return "Alternatives have one | between them.";
		case TOKEN_AND:
			return "Any order has one & between its items: (a & b).";
		default:
			break;
	}
	switch (current(parser)->keyword)
	{
		case KEYWORD_NONE:
			return NULL;
		case KEYWORD_NOT:
			return "Write \"no\": a -> no b -> c.";
		case KEYWORD_START:
			return "\"start\" stands first, as in start => a; a kind of that name is written in "
				   "double quotes.";
		case KEYWORD_END:
			return "\"end\" stands last, as in a => end; a kind of that name is written in double "
				   "quotes.";
		default:
			return NULL;
	}
}

/* kind ("@" channel)? ("[" condition "]")? */
static EventTest *
parse_test(Parser *parser)
{
	EventTest *test = palloc0(sizeof(EventTest));

	if (accept_keyword(parser, KEYWORD_ANY))
		test->kind = KIND_ANY;
	else if (accept_keyword(parser, KEYWORD_INBOUND))
		test->kind = KIND_INBOUND;
	else if (accept_keyword(parser, KEYWORD_OUTBOUND))
		test->kind = KIND_OUTBOUND;
	else if (!parse_name(parser, "a kind", kind_hint(parser), &test->name))
		return NULL;
	if (accept_token(parser, TOKEN_AT))
	{
		test->has_channel = true;
		if (!parse_name(parser, "a channel", NULL, &test->channel))
			return NULL;
	}
	if (accept_token(parser, TOKEN_OPEN_BRACKET))
	{
		test->condition = parse_condition(parser, CONDITION_OR);
		if (test->condition == NULL)
			return NULL;
		if (!accept_token(parser, TOKEN_CLOSE_BRACKET))
		{
			(void) expected(parser, "\"and\", \"or\" or \"]\"", joint_hint(parser));
			return NULL;
		}
	}
	return test;
}

/* test | "(" event ("|" event)* ")" */
static EventTest *
parse_event(Parser *parser)
{
	EventTest *event = NULL;
	EventTest **last = &event;

	if (!next_is(parser, TOKEN_OPEN))
		return parse_test(parser);
	if (!enter(parser))
		return NULL;
	lexer_next(&parser->lexer);
	do
	{
		EventTest *one = parse_event(parser);

		if (one == NULL)
			return NULL;
		last = append_tests(last, one);
	} while (accept_token(parser, TOKEN_BAR));
	if (!accept_token(parser, TOKEN_CLOSE))
	{
		(void) expected(parser, "\"|\" or \")\"",
						"A \"no\" takes one kind, or alternatives: no (a | b).");
		return NULL;
	}
	leave(parser);
	return event;
}

/*
 * Elements
 */

/* "(" pattern ")" | "(" item ("&" item)+ ")" */
static PatternNode *
parse_group(Parser *parser)
{
	PatternNode *node;

	if (!enter(parser))
		return NULL;
	lexer_next(&parser->lexer);
	node = parse_pattern(parser, true);
	if (node == NULL)
		return NULL;
	leave(parser);
	lexer_next(&parser->lexer);
	/* parentheses around one element; (a+){1} is one that is still to be told from a+ */
	if (is_one_element(node) && is_plain(&node->elements[0]) &&
		!is_one_element(node->elements[0].item))
		return node->elements[0].item;
	return node;
}

static PatternNode *
parse_item(Parser *parser)
{
	PatternNode *node;

	if (next_is(parser, TOKEN_OPEN))
		return parse_group(parser);
	node = make_node(NODE_EVENT, here(parser));
	node->event = parse_test(parser);
	return node->event == NULL ? NULL : node;
}

/* The items of any order, of which the first has been read. */
static PatternNode *
parse_any_order(Parser *parser, PatternNode *first)
{
	PatternNode *node = make_node(NODE_ANY_ORDER, first->location);

	add_child(node, first);
	while (accept_token(parser, TOKEN_AND))
	{
		PatternNode *item = parse_item(parser);

		if (item == NULL)
			return NULL;
		add_child(node, item);
	}
	if (!next_is(parser, TOKEN_CLOSE))
	{
		(void) expected(parser, "\"&\" or \")\"",
						next_is(parser, TOKEN_END) ?
							PARENTHESIS_HINT :
							"Items of any order that are more than one kind stand in "
							"parentheses: (a & (b+) & (c -> d)).");
		return NULL;
	}
	if (node->count > MAX_ANY_ORDER)
	{
		(void) fail_limit(parser, node->location, "too many items under one \"&\"", node->count,
						  MAX_ANY_ORDER);
		return NULL;
	}
	return node;
}

#define COPIES_HINT "Copies are written as {2}, {2,} or {2,5}."

/* A whole number of copies up to the limit. */
static bool
parse_number_of_copies(Parser *parser, uint32 *number)
{
	TextSlice digits = current(parser)->text;
	uint64 value = 0;

	if (!next_is(parser, TOKEN_NUMBER))
		return expected(parser, "a number of copies", COPIES_HINT);
	for (uint32 i = 0; i < digits.length; i++)
	{
		if (digits.bytes[i] < '0' || digits.bytes[i] > '9')
			return expected(parser, "a whole number of copies", COPIES_HINT);
		value = Min(value * 10 + (uint64) (digits.bytes[i] - '0'), MANY);
	}
	if (value > MAX_COPIES)
		return fail_limit(parser, here(parser), "too many copies", value, MAX_COPIES);
	*number = (uint32) value;
	lexer_next(&parser->lexer);
	return true;
}

/* "{" n ("," m?)? "}" */
static bool
parse_braces(Parser *parser, Element *element)
{
	const char *at = current(parser)->begin;

	lexer_next(&parser->lexer);
	if (!parse_number_of_copies(parser, &element->least))
		return false;
	element->most = element->least;
	if (accept_token(parser, TOKEN_COMMA))
	{
		element->most = UNLIMITED;
		if (!next_is(parser, TOKEN_CLOSE_BRACE) && !parse_number_of_copies(parser, &element->most))
			return false;
	}
	if (!accept_token(parser, TOKEN_CLOSE_BRACE))
		return expected(parser, "\"}\"", COPIES_HINT);
	if (element->most == 0)
		return fail_syntax(parser, at, "an element with no copies", "Leave the element out.");
	if (element->least > element->most)
		return fail_syntax(parser, at, "the least number of copies exceeds the most", NULL);
	return true;
}

/* How many copies; false only if that is wrong.  written tells whether anything was there. */
static bool
parse_copies(Parser *parser, Element *element, bool *written)
{
	*written = true;
	element->least = 1;
	element->most = 1;
	switch (current(parser)->type)
	{
		case TOKEN_QUESTION:
			element->least = 0;
			break;
		case TOKEN_PLUS:
			element->most = UNLIMITED;
			break;
		case TOKEN_STAR:
			element->least = 0;
			element->most = UNLIMITED;
			break;
		case TOKEN_OPEN_BRACE:
			return parse_braces(parser, element);
		default:
			*written = false;
			return true;
	}
	lexer_next(&parser->lexer);
	return true;
}

/* "no" event ("for" duration)? */
static bool
parse_without(Parser *parser, Element *element)
{
	lexer_next(&parser->lexer);
	element->type = ELEMENT_WITHOUT;
	element->least = 1;
	element->most = 1;
	element->event = parse_event(parser);
	if (element->event == NULL)
		return false;
	if (!accept_keyword(parser, KEYWORD_FOR))
		return true;
	element->type = ELEMENT_ABSENCE;
	return parse_duration(parser, &element->duration);
}

/* An item, which has been read, and its copies. */
static bool
finish_element(Parser *parser, Element *element, PatternNode *item)
{
	bool written;

	if (!parse_copies(parser, element, &written))
		return false;
	element->type = ELEMENT_ITEM;
	element->item = item;
	if (is_one_element(item))
	{
		/* parentheses around one element; how it is entered is said outside */
		Arrow arrow = element->arrow;
		int location = element->location;
		bool is_no = item->elements[0].type != ELEMENT_ITEM;

		if (is_no && !is_plain(element))
			return fail(parser, ERRCODE_INVALID_TEXT_REPRESENTATION, location,
						"a \"no\" cannot be repeated", NULL);
		if (!written || is_no)
		{
			*element = item->elements[0];
			element->arrow = arrow;
			element->location = location;
		}
	}
	return true;
}

/*
 * Sequences
 */

static Element *
add_element(Parser *parser, PatternNode *sequence)
{
	Element *element;

	sequence->elements = with_room(sequence->elements, sequence->count, sizeof(Element));
	element = &sequence->elements[sequence->count++];
	memset(element, 0, sizeof(*element));
	element->location = here(parser);
	return element;
}

/* within duration | same attribute, any number of them */
static bool
parse_totals(Parser *parser, PatternNode *sequence)
{
	for (;;)
	{
		if (accept_keyword(parser, KEYWORD_WITHIN))
		{
			sequence->within = with_room(sequence->within, sequence->within_count,
										 sizeof(Duration));
			if (!parse_duration(parser, &sequence->within[sequence->within_count++]))
				return false;
		}
		else if (accept_keyword(parser, KEYWORD_SAME))
		{
			sequence->same = with_room(sequence->same, sequence->same_count, sizeof(TextSlice));
			if (!parse_attribute(parser, NULL, &sequence->same[sequence->same_count++]))
				return false;
		}
		else
			return true;
	}
}

/* What follows the first element: arrows and elements, then totals. */
static bool
parse_rest(Parser *parser, PatternNode *sequence)
{
	while (next_is(parser, TOKEN_LATER) || next_is(parser, TOKEN_NEXT))
	{
		Arrow arrow = {.next = next_is(parser, TOKEN_NEXT)};
		Element *element;
		PatternNode *item;

		lexer_next(&parser->lexer);
		if (arrow.next && accept_keyword(parser, KEYWORD_END))
		{
			sequence->to_end = true;
			break;
		}
		if (next_is(parser, TOKEN_OPEN_BRACKET) && !parse_gate(parser, &arrow))
			return false;
		element = add_element(parser, sequence);
		element->arrow = arrow;
		if (next_is_keyword(parser, KEYWORD_NO))
		{
			if (!parse_without(parser, element))
				return false;
			continue;
		}
		item = parse_item(parser);
		if (item == NULL || !finish_element(parser, element, item))
			return false;
	}
	return parse_totals(parser, sequence);
}

/* A sequence; or, where that is what stands in a group, the items of any order. */
static PatternNode *
parse_sequence(Parser *parser, bool may_be_any_order)
{
	PatternNode *sequence = make_node(NODE_SEQUENCE, here(parser));
	Element *element;

	if (accept_keyword(parser, KEYWORD_START))
	{
		sequence->from_start = true;
		if (!accept_token(parser, TOKEN_NEXT))
		{
			(void) expected(parser, "\"=>\"", "The first element follows as in start => a.");
			return NULL;
		}
	}
	element = add_element(parser, sequence);
	if (next_is_keyword(parser, KEYWORD_NO))
	{
		if (!parse_without(parser, element))
			return NULL;
	}
	else
	{
		PatternNode *item = parse_item(parser);

		if (item == NULL)
			return NULL;
		if (may_be_any_order && !sequence->from_start && next_is(parser, TOKEN_AND))
			return parse_any_order(parser, item);
		if (!finish_element(parser, element, item))
			return NULL;
	}
	return parse_rest(parser, sequence) ? sequence : NULL;
}

/* What may be meant where a sequence should go on or end. */
static const char *
rest_hint(const Parser *parser, bool grouped)
{
	switch (current(parser)->type)
	{
		case TOKEN_WORD:
		case TOKEN_QUOTED:
			return "Elements have an arrow between them; a kind of several words is written in "
				   "double quotes.";
		case TOKEN_GT:
		case TOKEN_GE:
		case TOKEN_EQ:
		case TOKEN_LT:
		case TOKEN_LE:
			return "Arrows are -> (later) and => (the very next interaction); conditions stand in "
				   "brackets: a[value > 1].";
		case TOKEN_AND:
			return "Any order is written as (a & b), with parentheses around it and around each "
				   "item that is more than one kind.";
		case TOKEN_COMMA:
			return "Elements have an arrow between them: a -> b.";
		case TOKEN_OPEN_BRACKET:
			return "A condition stands behind its kind, once: a@web[value > 1 and score < 2]; a "
				   "gate stands behind its arrow: a ->[2 days] b.";
		case TOKEN_AT:
			return "A channel stands behind its kind, before its condition: a@web[value > 1].";
		case TOKEN_QUESTION:
		case TOKEN_PLUS:
		case TOKEN_STAR:
		case TOKEN_OPEN_BRACE:
			return "An element says once how often it is repeated, a \"no\" does not.";
		case TOKEN_OPEN:
			return "Elements have an arrow between them: a -> (b | c).";
		case TOKEN_CLOSE:
			return "The parenthesis has not been opened.";
		case TOKEN_LATER:
		case TOKEN_NEXT:
			return "Totals stand at the end, nothing follows \"=> end\"; a part that has its own "
				   "stands in parentheses.";
		case TOKEN_END:
			return grouped ? PARENTHESIS_HINT : NULL;
		default:
			break;
	}
	switch (current(parser)->keyword)
	{
		case KEYWORD_NONE:
			return NULL;
		case KEYWORD_AND:
			return "One after the other is a -> b, both in any order (a & b).";
		case KEYWORD_OR:
			return "Alternatives are written as a | b.";
		case KEYWORD_FOR:
			return "A time stands behind \"no\": no a for 2 days; the whole takes \"within\".";
		case KEYWORD_NO:
		case KEYWORD_NOT:
			return "Elements have an arrow between them: a -> no b -> c.";
		case KEYWORD_END:
			return "The end is written as a => end.";
		default:
			return "Elements have an arrow between them: a -> b.";
	}
}

/* sequence ("|" sequence)*, and behind it the end or, where it is grouped, ")". */
static PatternNode *
parse_pattern(Parser *parser, bool grouped)
{
	PatternNode *first = parse_sequence(parser, grouped);
	PatternNode *choice;

	if (first == NULL || first->type == NODE_ANY_ORDER)
		return first;
	choice = first;
	while (accept_token(parser, TOKEN_BAR))
	{
		PatternNode *other = parse_sequence(parser, false);

		if (other == NULL)
			return NULL;
		if (choice == first)
		{
			choice = make_node(NODE_CHOICE, first->location);
			add_child(choice, first);
		}
		add_child(choice, other);
	}
	if (next_is(parser, grouped ? TOKEN_CLOSE : TOKEN_END) ||
		(!grouped && parser->is_part && next_is(parser, TOKEN_SEMICOLON)))
		return choice;
	(void) expected(parser, grouped ? "an arrow, \"|\" or \")\"" : "an arrow, \"|\" or the end",
					rest_hint(parser, grouped));
	return NULL;
}

/*
 * The whole
 */

/* What is written is short enough, and so is what will be printed and read again. */
static bool
check_length(Parser *parser, const PatternNode *node, Size written)
{
	char *text;
	Size printed;

	if (written > MAX_PATTERN_BYTES)
		return fail_limit(parser, 0, "too many bytes of text", written, MAX_PATTERN_BYTES);
	if (written <= MAX_PATTERN_BYTES / MAX_GROWTH)
		return true;
	text = pattern_print(node);
	printed = strlen(text);
	pfree(text);
	if (printed > MAX_PATTERN_BYTES)
		return fail_limit(parser, 0, "too many bytes of canonical text", printed,
						  MAX_PATTERN_BYTES);
	return true;
}

/* The tree of a part of a text, which begins at some place and ends at the other one. */
static PatternNode *
parse_part(Parser *parser, const char *text, Size length, Size *at)
{
	Size begin = *at;
	PatternNode *node;

	lexer_begin(&parser->lexer, text, length, begin);
	node = parse_pattern(parser, false);
	if (node == NULL)
		return NULL;
	*at = (Size) (current(parser)->begin - text);
	node = pattern_simplify(node);
	if (!pattern_check(node, parser->error) || !check_length(parser, node, *at - begin))
		return NULL;
	return node;
}

PatternNode *
pattern_parse_part(const char *text, Size length, Size *at, PatternError *error)
{
	Parser parser = {.error = error, .is_part = true};

	return parse_part(&parser, text, length, at);
}

PatternNode *
pattern_parse(const char *text, Size length, PatternError *error)
{
	Parser parser = {.error = error};
	Size at = 0;
	char *copy;

	if (length > MAX_PATTERN_BYTES)
	{
		(void) fail_limit(&parser, 0, "too many bytes of text", length, MAX_PATTERN_BYTES);
		return NULL;
	}
	/* the tree points into the text, which is to live as long */
	copy = palloc(length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return parse_part(&parser, copy, length, &at);
}
