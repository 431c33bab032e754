/*
 * print.c
 *		The canonical text of a pattern.
 *
 * Reading it again gives the same tree, and one tree has one text: quotes and
 * parentheses where they are needed, one blank between words, durations and
 * numbers in one form.  A tree is never deep (see parse.c), so the recursion is
 * bounded.
 */
#include "postgres.h"

#include "pattern/lexer.h"
#include "timeline/text.h"

static void print_node(StringInfo out, const PatternNode *node);

/* A kind, channel, attribute or text, in quotes where it is no word or a keyword. */
void
print_name(StringInfo out, TextSlice name)
{
	if (is_bare(name))
	{
		appendBinaryStringInfo(out, name.bytes, (int) name.length);
		return;
	}
	appendStringInfoChar(out, '"');
	for (uint32 i = 0; i < name.length; i++)
	{
		if (name.bytes[i] == '"')
			appendStringInfoChar(out, '"');
		appendStringInfoChar(out, name.bytes[i]);
	}
	appendStringInfoChar(out, '"');
}

/*
 * Conditions
 */

static inline bool
is_text(TextSlice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

static void
print_literal(StringInfo out, const Literal *literal)
{
	/* the two keywords that are texts */
	if (literal->is_number || is_text(literal->text, "true") || is_text(literal->text, "false"))
		appendBinaryStringInfo(out, literal->text.bytes, (int) literal->text.length);
	else
		print_name(out, literal->text);
}

/* attribute operator literals; negated is for IN and NULL, which have a form for it. */
static void
print_comparison(StringInfo out, const Condition *condition, bool negated)
{
	static const char *const operators[] = {"=", "!=", "<", "<=", ">", ">="};

	print_name(out, condition->attribute);
	if (condition->type == CONDITION_NULL)
	{
		appendStringInfoString(out, negated ? " is not null" : " is null");
		return;
	}
	if (condition->type == CONDITION_COMPARE)
	{
		appendStringInfo(out, " %s ", operators[condition->comparison]);
		print_literal(out, condition->literals);
		return;
	}
	appendStringInfoString(out, negated ? " not in (" : " in (");
	for (uint32 i = 0; i < condition->literal_count; i++)
	{
		if (i > 0)
			appendStringInfoString(out, ", ");
		print_literal(out, &condition->literals[i]);
	}
	appendStringInfoChar(out, ')');
}

/* How tightly a condition holds together: or, and, not, the rest. */
static int
binding(const Condition *condition)
{
	switch (condition->type)
	{
		case CONDITION_OR:
			return 0;
		case CONDITION_AND:
			return 1;
		case CONDITION_NOT:
			return 2;
		default:
			return 3;
	}
}

/* A condition inside of one that binds so tightly. */
static void
print_condition(StringInfo out, const Condition *condition, int around)
{
	int own = binding(condition);

	if (own < around)
		appendStringInfoChar(out, '(');
	switch (condition->type)
	{
		case CONDITION_NOT:
			if (condition->left->type == CONDITION_IN || condition->left->type == CONDITION_NULL)
				print_comparison(out, condition->left, true);
			else
			{
				appendStringInfoString(out, "not ");
				print_condition(out, condition->left, own);
			}
			break;
		case CONDITION_AND:
		case CONDITION_OR:
			print_condition(out, condition->left, own);
			appendStringInfoString(out, condition->type == CONDITION_AND ? " and " : " or ");
			print_condition(out, condition->right, own);
			break;
		default:
			print_comparison(out, condition, false);
			break;
	}
	if (own < around)
		appendStringInfoChar(out, ')');
}

/*
 * Events and elements
 */

static void
print_test(StringInfo out, const EventTest *test)
{
	switch (test->kind)
	{
		case KIND_NAMED:
			print_name(out, test->name);
			break;
		case KIND_ANY:
			appendStringInfoString(out, "any");
			break;
		case KIND_INBOUND:
			appendStringInfoString(out, "inbound");
			break;
		case KIND_OUTBOUND:
			appendStringInfoString(out, "outbound");
			break;
	}
	if (test->has_channel)
	{
		appendStringInfoChar(out, '@');
		print_name(out, test->channel);
	}
	if (test->condition != NULL)
	{
		appendStringInfoChar(out, '[');
		print_condition(out, test->condition, 0);
		appendStringInfoChar(out, ']');
	}
}

/* A test, or several in parentheses. */
void
pattern_print_event(StringInfo out, const EventTest *event)
{
	bool several = event->next != NULL;

	if (several)
		appendStringInfoChar(out, '(');
	for (const EventTest *test = event; test != NULL; test = test->next)
	{
		if (test != event)
			appendStringInfoString(out, " | ");
		print_test(out, test);
	}
	if (several)
		appendStringInfoChar(out, ')');
}

/* A node where the grammar wants an item. */
static void
print_item(StringInfo out, const PatternNode *node)
{
	bool group = node->type == NODE_SEQUENCE || node->type == NODE_CHOICE;

	if (group)
		appendStringInfoChar(out, '(');
	print_node(out, node);
	if (group)
		appendStringInfoChar(out, ')');
}

/* How many copies there are of an item, as short as it can be said. */
static void
print_copies(StringInfo out, const Element *element)
{
	uint32 least = element->least;
	uint32 most = element->most;

	if (least == 1 && most == 1)
	{
		/* (a+){1} is not a+: its copies have another arrow between them */
		if (is_one_element(element->item))
			appendStringInfoString(out, "{1}");
	}
	else if (least == 0 && most == 1)
		appendStringInfoChar(out, '?');
	else if (least <= 1 && most == UNLIMITED)
		appendStringInfoChar(out, least == 0 ? '*' : '+');
	else if (most == UNLIMITED)
		appendStringInfo(out, "{%u,}", least);
	else if (least == most)
		appendStringInfo(out, "{%u}", least);
	else
		appendStringInfo(out, "{%u,%u}", least, most);
}

static void
print_element(StringInfo out, const Element *element)
{
	if (element->type == ELEMENT_ITEM)
	{
		print_item(out, element->item);
		print_copies(out, element);
		return;
	}
	appendStringInfoString(out, "no ");
	pattern_print_event(out, element->event);
	if (element->type == ELEMENT_ABSENCE)
	{
		appendStringInfoString(out, " for ");
		print_duration(out, &element->duration);
	}
}

static inline bool
is_zero(const Duration *duration)
{
	return duration->months == 0 && duration->days == 0 && duration->time == 0;
}

static void
print_arrow(StringInfo out, const Arrow *arrow)
{
	appendStringInfoString(out, arrow->next ? " =>" : " ->");
	if (arrow->gated)
	{
		bool at_least = !arrow->has_most || !is_zero(&arrow->least);

		appendStringInfoChar(out, '[');
		if (at_least)
		{
			print_duration(out, &arrow->least);
			appendStringInfoString(out, "..");
		}
		if (arrow->has_most)
			print_duration(out, &arrow->most);
		appendStringInfoChar(out, ']');
	}
	appendStringInfoChar(out, ' ');
}

/*
 * Nodes
 */

static void
print_sequence(StringInfo out, const PatternNode *node)
{
	if (node->from_start)
		appendStringInfoString(out, "start => ");
	for (uint32 i = 0; i < node->count; i++)
	{
		if (i > 0)
			print_arrow(out, &node->elements[i].arrow);
		print_element(out, &node->elements[i]);
	}
	if (node->to_end)
		appendStringInfoString(out, " => end");
	for (uint32 i = 0; i < node->within_count; i++)
	{
		appendStringInfoString(out, " within ");
		print_duration(out, &node->within[i]);
	}
	for (uint32 i = 0; i < node->same_count; i++)
	{
		appendStringInfoString(out, " same ");
		print_name(out, node->same[i]);
	}
}

static void
print_node(StringInfo out, const PatternNode *node)
{
	switch (node->type)
	{
		case NODE_EVENT:
			pattern_print_event(out, node->event);
			break;
		case NODE_SEQUENCE:
			print_sequence(out, node);
			break;
		case NODE_CHOICE:
			for (uint32 i = 0; i < node->count; i++)
			{
				const PatternNode *child = node->children[i];

				if (i > 0)
					appendStringInfoString(out, " | ");
				if (child->type == NODE_CHOICE)
					print_item(out, child);
				else
					print_node(out, child);
			}
			break;
		case NODE_ANY_ORDER:
			appendStringInfoChar(out, '(');
			for (uint32 i = 0; i < node->count; i++)
			{
				if (i > 0)
					appendStringInfoString(out, " & ");
				print_item(out, node->children[i]);
			}
			appendStringInfoChar(out, ')');
			break;
	}
}

char *
pattern_print(const PatternNode *node)
{
	StringInfoData out;

	initStringInfo(&out);
	print_node(&out, node);
	return out.data;
}

/* An element without the arrow that enters it: the name of a step. */
char *
pattern_print_element(const Element *element)
{
	StringInfoData out;

	initStringInfo(&out);
	print_element(&out, element);
	return out.data;
}
