/*
 * structure.c
 *		What the grammar of patterns leaves open: which trees are the same one, and
 *		which are refused.
 *
 * A tree is simplified once it is whole: only then it is known whether a group
 * is the whole pattern.  Raises no error; recurses as deep as the tree is, which
 * the parser bounds.
 */
#include "postgres.h"

#include "pattern/lexer.h"

/*
 * Simplification
 */

/* A choice of events is an event. */
static PatternNode *
merge_events(PatternNode *node)
{
	PatternNode *merged;
	EventTest **last;

	if (node->type != NODE_CHOICE)
		return node;
	for (uint32 i = 0; i < node->count; i++)
	{
		if (node->children[i]->type != NODE_EVENT)
			return node;
	}
	merged = make_node(NODE_EVENT, node->location);
	last = &merged->event;
	for (uint32 i = 0; i < node->count; i++)
		last = append_tests(last, node->children[i]->event);
	return merged;
}

/* An absence that stands alone is one after anything. */
static void
complete_absence(PatternNode *sequence)
{
	PatternNode *any = make_node(NODE_EVENT, sequence->location);
	Element absence = sequence->elements[0];

	any->event = palloc0(sizeof(EventTest));
	any->event->kind = KIND_ANY;
	/* an array of elements has room for two */
	memset(sequence->elements, 0, sizeof(Element));
	sequence->elements[0].type = ELEMENT_ITEM;
	sequence->elements[0].location = absence.location;
	sequence->elements[0].item = any;
	sequence->elements[0].least = 1;
	sequence->elements[0].most = 1;
	sequence->elements[1] = absence;
	sequence->count = 2;
}

/* Whether a sequence is its one element but for parentheses and totals. */
static bool
is_alone(const PatternNode *sequence)
{
	return sequence->count == 1 && !sequence->from_start && !sequence->to_end &&
		(sequence->elements[0].type == ELEMENT_ABSENCE || is_plain(&sequence->elements[0]));
}

/* Brings a tree into the form that tree.h describes; whole: but for parentheses, | and totals. */
static void
simplify(PatternNode *node, bool whole)
{
	switch (node->type)
	{
		case NODE_EVENT:
			break;
		case NODE_ANY_ORDER:
			for (uint32 i = 0; i < node->count; i++)
			{
				simplify(node->children[i], false);
				node->children[i] = merge_events(node->children[i]);
			}
			break;
		case NODE_CHOICE:
			for (uint32 i = 0; i < node->count; i++)
			{
				PatternNode *child = node->children[i];
				PatternNode *item;

				simplify(child, whole);
				if (!is_one_element(child) || !is_plain(&child->elements[0]))
					continue;
				item = child->elements[0].item;
				if (item->type == NODE_EVENT || item->type == NODE_ANY_ORDER)
					node->children[i] = item;
			}
			break;
		case NODE_SEQUENCE:
			whole = whole && is_alone(node);
			if (whole && node->elements[0].type == ELEMENT_ABSENCE)
				complete_absence(node);
			for (uint32 i = 0; i < node->count; i++)
			{
				Element *element = &node->elements[i];

				if (element->type != ELEMENT_ITEM)
					continue;
				simplify(element->item, whole);
				element->item = merge_events(element->item);
			}
			break;
	}
}

PatternNode *
pattern_simplify(PatternNode *node)
{
	/* parentheses around the whole pattern */
	while (is_one_element(node) && is_plain(&node->elements[0]))
		node = node->elements[0].item;
	simplify(node, true);
	return node;
}

/*
 * What the grammar has and the language refuses
 */

bool
pattern_nullable(const PatternNode *node)
{
	switch (node->type)
	{
		case NODE_EVENT:
			return false;
		case NODE_SEQUENCE:
			for (uint32 i = 0; i < node->count; i++)
			{
				const Element *element = &node->elements[i];

				if (element->type == ELEMENT_ITEM && element->least > 0 &&
					!pattern_nullable(element->item))
					return false;
			}
			return true;
		case NODE_CHOICE:
			for (uint32 i = 0; i < node->count; i++)
			{
				if (pattern_nullable(node->children[i]))
					return true;
			}
			return false;
		case NODE_ANY_ORDER:
			for (uint32 i = 0; i < node->count; i++)
			{
				if (!pattern_nullable(node->children[i]))
					return false;
			}
			return true;
	}
	return false;
}

static bool
fail(PatternError *error, int position, const char *message, const char *hint)
{
	return pattern_fail(error, ERRCODE_INVALID_TEXT_REPRESENTATION, position, message, hint);
}

/* Where a "no" may stand, and with which arrows; next is the element after it or NULL. */
static bool
check_no(const PatternNode *sequence, uint32 index, bool whole, PatternError *error)
{
	const Element *element = &sequence->elements[index];
	const Element *next = index + 1 < sequence->count ? element + 1 : NULL;
	bool first = index == 0;
	int at = element->location;

	if (!first && element[-1].type != ELEMENT_ITEM)
		return fail(error, at, "a \"no\" beside another one",
					"Neither of several is written as no (a | b).");
	if (first ? sequence->from_start : element->arrow.next)
		return fail(error, at, "\"=>\" before a \"no\"", "Write -> there.");
	if (next != NULL ? next->arrow.next : sequence->to_end)
		return fail(error, at, "\"=>\" after a \"no\"", "Write -> there.");
	if (element->type == ELEMENT_WITHOUT)
	{
		if (first || next == NULL)
			return fail(error, at, "a \"no\" without \"for\" stands between two elements",
						"Before the first element and after the last one it takes a time: no a "
						"for 2 days.");
		if (element->arrow.gated)
			return fail(error, at, "a gate before a \"no\"",
						"Write it on the arrow after the \"no\": it counts between the elements "
						"on both sides.");
		return true;
	}
	if (!first && next != NULL)
		return fail(error, at, "\"no ... for\" stands first or last",
					"Between two elements a \"no\" takes no time.");
	if (!whole)
		return fail(error, at, "\"no ... for\" stands in the whole pattern, not in a group", NULL);
	if (element->arrow.gated || (next != NULL && next->arrow.gated))
		return fail(error, at, "a gate beside \"no ... for\"",
					"The time behind \"for\" is all that it takes.");
	return true;
}

/* Whether every "no" of a node stands where it may. */
static bool
check_every_no(const PatternNode *node, bool whole, PatternError *error)
{
	bool inner;

	if (node->type == NODE_EVENT)
		return true;
	if (node->type != NODE_SEQUENCE)
	{
		for (uint32 i = 0; i < node->count; i++)
		{
			if (!check_every_no(node->children[i], whole && node->type == NODE_CHOICE, error))
				return false;
		}
		return true;
	}
	inner = whole && is_alone(node);
	for (uint32 i = 0; i < node->count; i++)
	{
		const Element *element = &node->elements[i];

		if (element->type == ELEMENT_ITEM ? !check_every_no(element->item, inner, error) :
											!check_no(node, i, whole, error))
			return false;
	}
	return true;
}

bool
pattern_check(const PatternNode *node, PatternError *error)
{
	if (!check_every_no(node, true, error))
		return false;
	if (pattern_nullable(node))
		return fail(error, 0, "it can match without any interaction",
					"At least one element must be there: not ?, * or {0,...}.");
	return true;
}
