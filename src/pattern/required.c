/*
 * required.c
 *		What a timeline must have for a pattern to match, in whatever order.
 *
 * Read from the tree.  An event requires one of the interactions that its tests
 * name; elements of a sequence and items of any order are required all, of
 * alternatives one is.  What may be skipped requires nothing, nor do absences,
 * arrows, gates, totals, start and end: they only say less often yes.  So do
 * conditions, of which only those are read that give kind or channel a text to
 * be equal to.  Wherever a doubt remains the answer is that nothing is required.
 *
 * A formula is kept short: no interaction twice in a group, none beside one that
 * implies it.  Linear in the pattern's text.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "pattern/lexer.h"
#include "pattern/pattern.h"
#include "pattern/required.h"
#include "timeline/word_table.h"

PG_FUNCTION_INFO_V1(required_interactions);

/* Pairs of kind and channel that one test is taken apart into; with more its kinds are named alone. */
#define MAX_TEST_PAIRS 64

/* An interaction that some part asked for, whether or not the whole does. */
typedef struct Candidate
{
	RequiredInteraction interaction;
	uint32 kind;   /* the number of its kind */
	uint32 group;  /* the last group that it was seen in */
	uint32 number; /* in the result, once it has one */
} Candidate;

typedef struct Collector
{
	struct wordtable_hash *kinds;
	struct wordtable_hash *names; /* of candidates */
	uint32 count;
	Candidate candidate[MAX_REQUIRED];
	/* by kind: the last group that asked for the kind alone, and for it in some channel */
	uint32 alone[MAX_REQUIRED];
	uint32 in_channel[MAX_REQUIRED];
	uint32 group;
} Collector;

#define NO_NUMBER PG_UINT32_MAX

/* A requirement of that type. */
static Requirement *
make_requirement(RequirementType type, List *parts)
{
	Requirement *requirement = palloc0(sizeof(Requirement));

	requirement->type = type;
	requirement->parts = parts;
	return requirement;
}

/* What any timeline meets. */
static Requirement *
nothing(void)
{
	return make_requirement(REQUIRE_ALL, NIL);
}

/*
 * Groups
 */

/* The parts of a group, those of parts that are groups of the same type among them. */
static List *
flatten(RequirementType type, List *parts)
{
	List *flat = NIL;
	ListCell *cell;

	foreach (cell, parts)
	{
		Requirement *part = lfirst(cell);

		if (part->type == type)
			flat = list_concat(flat, part->parts);
		else
			flat = lappend(flat, part);
	}
	return flat;
}

/* Notes the interactions that a new group asks for by themselves. */
static void
mark_group(Collector *collector, const List *parts)
{
	ListCell *cell;

	collector->group++;
	foreach (cell, parts)
	{
		const Requirement *part = lfirst(cell);
		const Candidate *candidate = &collector->candidate[part->interaction];

		if (part->type != REQUIRE_INTERACTION)
			continue;
		if (candidate->interaction.has_channel)
			collector->in_channel[candidate->kind] = collector->group;
		else
			collector->alone[candidate->kind] = collector->group;
	}
}

/*
 * Whether the marked group asks for an interaction by itself, or for one that has
 * the same effect: of all, one that implies it; of any, one that it implies.
 */
static bool
is_covered(const Collector *collector, RequirementType group, const Candidate *candidate)
{
	if (group == REQUIRE_ALL)
		return !candidate->interaction.has_channel &&
			collector->in_channel[candidate->kind] == collector->group;
	return candidate->interaction.has_channel &&
		collector->alone[candidate->kind] == collector->group;
}

/* Whether a part adds nothing to the marked group, whose interactions are noted as they come. */
static bool
is_redundant(Collector *collector, RequirementType type, const Requirement *part)
{
	ListCell *cell;

	if (part->type == REQUIRE_INTERACTION)
	{
		Candidate *candidate = &collector->candidate[part->interaction];

		if (is_covered(collector, type, candidate) || candidate->group == collector->group)
			return true;
		candidate->group = collector->group;
		return false;
	}
	/* a and (a or b) is a, so is a or (a and b) */
	foreach (cell, part->parts)
	{
		const Requirement *inner = lfirst(cell);
		const Candidate *candidate = &collector->candidate[inner->interaction];

		if (inner->type == REQUIRE_INTERACTION &&
			(candidate->group == collector->group || is_covered(collector, type, candidate)))
			return true;
	}
	return false;
}

/* All of some parts, or any of them, as short as it goes. */
static Requirement *
join(Collector *collector, RequirementType type, List *parts)
{
	List *flat = flatten(type, parts);
	List *kept = NIL;
	ListCell *cell;

	mark_group(collector, flat);
	/* interactions first: they tell what else is redundant */
	for (int groups = 0; groups < 2; groups++)
	{
		foreach (cell, flat)
		{
			Requirement *part = lfirst(cell);

			if (type == REQUIRE_ANY && requires_nothing(part))
				return part;
			if ((part->type != REQUIRE_INTERACTION) == (groups == 1) &&
				!is_redundant(collector, type, part))
				kept = lappend(kept, part);
		}
	}
	return list_length(kept) == 1 ? linitial(kept) : make_requirement(type, kept);
}

/*
 * Events
 */

/* Whether a name is that text. */
static bool
is_named(TextSlice name, const char *text)
{
	return name.length == strlen(text) && memcmp(name.bytes, text, name.length) == 0;
}

/*
 * The texts of which an attribute must have one where a condition, or its
 * negation, is true: pointers to TextSlice; NIL if that is not known.
 */
static List *
condition_texts(const Condition *condition, const char *attribute, bool negated)
{
	List *left;
	List *right;
	List *texts = NIL;

	check_stack_depth();
	switch (condition->type)
	{
		case CONDITION_COMPARE:
			if (condition->comparison != (negated ? COMPARE_NE : COMPARE_EQ))
				return NIL;
			break;
		case CONDITION_IN:
			if (negated)
				return NIL;
			break;
		case CONDITION_NULL:
			return NIL;
		case CONDITION_NOT:
			return condition_texts(condition->left, attribute, !negated);
		case CONDITION_AND:
		case CONDITION_OR:
			left = condition_texts(condition->left, attribute, negated);
			right = condition_texts(condition->right, attribute, negated);
			if ((condition->type == CONDITION_OR) != negated)
				return left == NIL || right == NIL ? NIL : list_concat(left, right);
			if (left == NIL || (right != NIL && list_length(right) < list_length(left)))
				return right;
			return left;
	}
	if (!is_named(condition->attribute, attribute))
		return NIL;
	for (uint32 i = 0; i < condition->literal_count; i++)
	{
		if (condition->literals[i].is_number)
			return NIL;
		texts = lappend(texts, &condition->literals[i].text);
	}
	return texts;
}

/* The candidate of that kind and channel, which may be NULL; NULL where there are too many. */
static Requirement *
require(Collector *collector, const TextSlice *kind, const TextSlice *channel)
{
	Requirement *requirement = make_requirement(REQUIRE_INTERACTION, NIL);
	StringInfoData name;
	WordEntry *entry;
	bool found;

	/* no text has a zero byte */
	initStringInfo(&name);
	appendBinaryStringInfo(&name, kind->bytes, (int) kind->length);
	if (channel != NULL)
	{
		appendStringInfoChar(&name, '\0');
		appendBinaryStringInfo(&name, channel->bytes, (int) channel->length);
	}
	if (collector->count == MAX_REQUIRED)
	{
		entry = wordtable_lookup(collector->names, (TextSlice) {name.data, (uint32) name.len});
		if (entry == NULL)
			return NULL;
		requirement->interaction = entry->number;
		return requirement;
	}
	entry = wordtable_insert(collector->names, (TextSlice) {name.data, (uint32) name.len}, &found);
	if (!found)
	{
		Candidate *candidate = &collector->candidate[collector->count];
		WordEntry *word;

		entry->number = collector->count++;
		candidate->interaction.kind = *kind;
		candidate->interaction.has_channel = channel != NULL;
		if (channel != NULL)
			candidate->interaction.channel = *channel;
		word = wordtable_insert(collector->kinds, *kind, &found);
		if (!found)
			word->number = collector->kinds->members - 1;
		candidate->kind = word->number;
		candidate->number = NO_NUMBER;
	}
	requirement->interaction = entry->number;
	return requirement;
}

/* Appends what one test asks for; false where that is not known, or too much. */
static bool
add_test(Collector *collector, const EventTest *test, List **parts)
{
	List *kinds = NIL;
	List *channels = NIL;
	ListCell *kind;
	ListCell *channel;

	if (test->kind == KIND_NAMED)
		kinds = list_make1(unconstify(TextSlice *, &test->name));
	else if (test->condition != NULL)
		kinds = condition_texts(test->condition, "kind", false);
	if (kinds == NIL)
		return false;
	if (test->has_channel)
		channels = list_make1(unconstify(TextSlice *, &test->channel));
	else if (test->condition != NULL)
		channels = condition_texts(test->condition, "channel", false);
	if (list_length(channels) > MAX_TEST_PAIRS / list_length(kinds))
		channels = NIL;
	foreach (kind, kinds)
	{
		Requirement *part;

		if (channels == NIL)
		{
			part = require(collector, lfirst(kind), NULL);
			if (part == NULL)
				return false;
			*parts = lappend(*parts, part);
		}
		foreach (channel, channels)
		{
			part = require(collector, lfirst(kind), lfirst(channel));
			if (part == NULL)
				return false;
			*parts = lappend(*parts, part);
		}
	}
	return true;
}

/* What an event requires: what any of its tests asks for. */
static Requirement *
event_requirement(Collector *collector, const EventTest *event)
{
	List *parts = NIL;

	for (const EventTest *test = event; test != NULL; test = test->next)
	{
		if (!add_test(collector, test, &parts))
			return nothing();
	}
	return join(collector, REQUIRE_ANY, parts);
}

/*
 * The whole
 */

/* What a node of the tree requires. */
static Requirement *
node_requirement(Collector *collector, const PatternNode *node)
{
	List *parts = NIL;

	check_stack_depth();
	switch (node->type)
	{
		case NODE_EVENT:
			return event_requirement(collector, node->event);
		case NODE_SEQUENCE:
			for (uint32 i = 0; i < node->count; i++)
			{
				const Element *element = &node->elements[i];

				if (element->type == ELEMENT_ITEM && element->least > 0)
					parts = lappend(parts, node_requirement(collector, element->item));
			}
			return join(collector, REQUIRE_ALL, parts);
		case NODE_CHOICE:
		case NODE_ANY_ORDER:
			for (uint32 i = 0; i < node->count; i++)
				parts = lappend(parts, node_requirement(collector, node->children[i]));
			return join(collector, node->type == NODE_CHOICE ? REQUIRE_ANY : REQUIRE_ALL, parts);
	}
	return nothing();
}

/* Gives the interactions that are left in a formula their numbers, in the order in which it names them. */
static void
number_interactions(Collector *collector, Requirement *requirement, Required *required)
{
	ListCell *cell;

	if (requirement->type == REQUIRE_INTERACTION)
	{
		Candidate *candidate = &collector->candidate[requirement->interaction];

		if (candidate->number == NO_NUMBER)
		{
			candidate->number = required->count;
			required->interaction[required->count++] = candidate->interaction;
		}
		requirement->interaction = candidate->number;
		return;
	}
	foreach (cell, requirement->parts)
		number_interactions(collector, lfirst(cell), required);
}

/* See required.h. */
Required *
pattern_required(Datum pattern)
{
	const PatternValue *value = pattern_get_value(pattern);
	PatternError error = {0};
	PatternNode *tree = pattern_parse(value->text, value->text_length, &error);
	Collector *collector = palloc0(sizeof(Collector));
	Required *required = palloc0(sizeof(Required));

	if (tree == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("pattern is corrupt"));
	collector->kinds = wordtable_create(CurrentMemoryContext, 16, NULL);
	collector->names = wordtable_create(CurrentMemoryContext, 16, NULL);
	required->whole = node_requirement(collector, tree);
	required->interaction = palloc(sizeof(RequiredInteraction) * Max(collector->count, 1));
	number_interactions(collector, required->whole, required);
	wordtable_destroy(collector->kinds);
	wordtable_destroy(collector->names);
	pfree(collector);
	return required;
}

/* Writes a formula as events joined by & and |. */
static void
print_requirement(StringInfo out, const Required *required, const Requirement *requirement,
				  bool inside)
{
	ListCell *cell;

	if (requirement->type == REQUIRE_INTERACTION)
	{
		const RequiredInteraction *asked = &required->interaction[requirement->interaction];
		EventTest test = {.kind = KIND_NAMED,
						  .name = asked->kind,
						  .has_channel = asked->has_channel,
						  .channel = asked->channel};

		pattern_print_event(out, &test);
		return;
	}
	if (inside)
		appendStringInfoChar(out, '(');
	foreach (cell, requirement->parts)
	{
		if (foreach_current_index(cell) > 0)
			appendStringInfoString(out, requirement->type == REQUIRE_ALL ? " & " : " | ");
		print_requirement(out, required, lfirst(cell), true);
	}
	if (inside)
		appendStringInfoChar(out, ')');
}

/* required_interactions(pattern) */
Datum
required_interactions(PG_FUNCTION_ARGS)
{
	Required *required = pattern_required(PG_GETARG_DATUM(0));
	StringInfoData out;

	initStringInfo(&out);
	if (requires_nothing(required->whole))
		appendStringInfoString(&out, "any");
	else
		print_requirement(&out, required, required->whole, false);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
