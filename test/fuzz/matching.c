/*
 * matching.c
 *		What must be true of the matches of a pattern, whatever they are.
 *
 * Answers that come about in different ways agree: the chain and the search, the
 * verdict and the depth, the whole and its alternatives, the end alone and the
 * whole match, what is seen of a timeline and that part by itself.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "journey/align.h"

#include "match.h"

#define MAX_FOUND (MAX_HAPPENINGS + 1)
#define MAX_BRANCHES 64

/* A match, kept from the search that found it. */
typedef struct Found
{
	Match match;
	uint32 count;
	uint32 index[MAX_HAPPENINGS];
	uint16 element[MAX_HAPPENINGS];
} Found;

typedef struct FoundList
{
	uint32 count;
	Found found[MAX_FOUND];
} FoundList;

static const Goal whole = {.cut = false};

/* A timeline open for reading. */
static const Layout *
open_story(const Story *story, uint32 left_out, bool backwards)
{
	Layout *layout = palloc(sizeof(Layout));
	Value value = build_story(story, left_out, backwards);

	layout_open(layout, value.bytes, value.length);
	return layout;
}

static Search *
new_search(const Program *program, const Layout *layout, int64 as_of)
{
	return search_create(view_create(program, layout, as_of));
}

/* Keeps a match: its interactions are in total order, and it is what it says of them. */
static void
keep_found(Found *found, const View *view, const Match *match)
{
	uint32 at;

	found->match = *match;
	found->count = match->used == NULL ? 0 : match->used->count;
	if (found->count == 0 || found->count > view->count)
		shim_finding("a match of %u interactions", found->count);
	at = found->count;
	for (const Used *used = match->used; used != NULL; used = used->parent)
	{
		if (at-- == 0)
			shim_finding("a match of more interactions than it says");
		found->index[at] = used->index;
		found->element[at] = used->element;
	}
	if (at > 0)
		shim_finding("a match of fewer interactions than it says");
	for (uint32 i = 0; i < found->count; i++)
	{
		if (found->index[i] >= view->count || (i > 0 && found->index[i] <= found->index[i - 1]))
			shim_finding("a match uses interaction %u where it cannot", found->index[i]);
	}
	/* in a tie the last by elements need not be the last in total order */
	if (match->last >= view->count ||
		view->places[found->index[found->count - 1]] != view->places[match->last])
		shim_finding("a match ends with interaction %u", match->last);
	if (view->places[found->index[0]] != match->first_place)
		shim_finding("a match begins elsewhere");
	if (match->at_deadline ?
			match->ends_at > view->as_of || match->ends_at < view->times[match->last] :
			match->ends_at != view->times[match->last])
		shim_finding("a match ends at another time");
}

static bool
uses(const Found *found, uint32 index)
{
	for (uint32 i = 0; i < found->count; i++)
	{
		if (found->index[i] == index)
			return true;
	}
	return false;
}

/* All matches, which do not overlap and follow each other. */
static void
find_all(FoundList *list, const Program *program, const Layout *layout, int64 as_of, bool explain)
{
	View *view = view_create(program, layout, as_of);
	Search *search = search_create(view);
	Match match;

	if (explain)
		search_note_reasons(search, palloc0(Max(view->count, 1)));
	for (list->count = 0; search_match(search, &whole, &match); list->count++)
	{
		Found *found = &list->found[list->count];

		if (list->count >= view->count)
			shim_finding("more matches than interactions");
		keep_found(found, view, &match);
		for (uint32 m = 0; m < list->count; m++)
		{
			const Found *before = &list->found[m];

			if (view->places[found->index[0]] < view->places[before->match.last])
				shim_finding("match %u begins before match %u ends", list->count, m);
			for (uint32 i = 0; i < before->count; i++)
			{
				if (uses(found, before->index[i]))
					shim_finding("matches %u and %u use interaction %u", m, list->count,
								 before->index[i]);
			}
		}
		search_after(search, &match);
	}
}

static bool
same_found(const Found *a, const Found *b)
{
	return a->count == b->count && a->match.ends_at == b->match.ends_at &&
		a->match.at_deadline == b->match.at_deadline &&
		memcmp(a->index, b->index, sizeof(uint32) * a->count) == 0 &&
		memcmp(a->element, b->element, sizeof(uint16) * a->count) == 0;
}

static void
check_same_list(const char *what, const FoundList *a, const FoundList *b)
{
	if (a->count != b->count)
		shim_finding("%s: %u and %u matches", what, a->count, b->count);
	for (uint32 i = 0; i < a->count; i++)
	{
		if (!same_found(&a->found[i], &b->found[i]))
			shim_finding("%s: match %u is another one", what, i);
	}
}

/* Whether some instruction of a program is one of these, as bits. */
static bool
has_operation(const Program *program, uint32 operations)
{
	for (uint32 i = 0; i < program->header->instructions; i++)
	{
		if (operations >> program->instructions[i].operation & 1)
			return true;
	}
	return false;
}

#define BIT(operation) ((uint32) 1 << (operation))

/* What a further interaction can put an end to. */
#define CAN_BE_SPOILT \
	(BIT(GUARD_NEXT) | BIT(GUARD_WITHOUT) | BIT(GUARD_FIRST) | BIT(GUARD_ABSENT) | \
	 BIT(GUARD_END) | BIT(GUARD_WANTED) | BIT(GUARD_NOT_BEFORE) | BIT(WANT_NOTHING) | \
	 BIT(WANT_FIRST) | BIT(WANT_NEXT) | BIT(WANT_NO_MORE))

/* What an alignment does not look at. */
#define CANNOT_BE_ALIGNED \
	(BIT(GUARD_GATE) | BIT(GUARD_WITHOUT) | BIT(GUARD_WITHIN) | BIT(GUARD_ABSENT) | \
	 BIT(GUARD_SAME) | BIT(GUARD_PRESENT) | BIT(ONLY_SAME))

/*
 * The checks
 */

/* The chain, where the pattern is one, says what the search says. */
static void
check_chain(const Program *program, const Layout *layout, int64 as_of, bool matched, uint16 depth)
{
	Chain chain;
	Layout kinds = *layout;
	uint32 chained;

	chain_find(&chain, program);
	if (chain.steps == 0)
		return;
	/* a chain is given a timeline whose attributes are not open yet */
	memset(kinds.column, 0, sizeof(kinds.column));
	if (chain_depth(&chain, program, &kinds, as_of, false, &chained) && chained != depth)
		shim_finding("the chain comes to step %u, the search to %u", chained, depth);
	memset(kinds.column, 0, sizeof(kinds.column));
	if (chain_depth(&chain, program, &kinds, as_of, true, &chained) &&
		(chained == chain.steps) != matched)
		shim_finding("the chain comes to step %u of %u, the search finds a match: %d", chained,
					 chain.steps, matched);
}

/* Every step of a cut has an interaction, but for a final absence. */
static void
check_steps(const Program *program, const ProgramBranch *branch, uint16 depth, const Found *found)
{
	for (uint32 e = 0; e < branch->elements; e++)
	{
		uint16 step = program->labels[branch->first_label + e].step;
		bool used = false;

		if (step == 0 || step > depth || (branch->absence && e + 1 == branch->elements))
			continue;
		for (uint32 i = 0; i < found->count; i++)
			used = used || found->element[i] == e;
		if (!used)
			shim_finding("step %u of a funnel has no interaction", step);
	}
}

/* The cuts of a branch up to its depth have a match, and no others. */
static void
check_funnel(const Program *program, const Layout *layout, int64 as_of, uint16 number, uint16 depth)
{
	const ProgramBranch *branch = &program->branches[number];
	View *view = view_create(program, layout, as_of);
	Search *search = search_create(view);

	if (depth > branch->steps)
		shim_finding("a depth of %u with %u steps", depth, branch->steps);
	for (uint16 k = 1; k <= branch->steps; k++)
	{
		Goal goal = {.branch_only = true, .branch = number, .cut = k < branch->steps, .depth = k};
		Match match;
		Found found;

		if (search_match(search, &goal, &match) != (k <= depth))
			shim_finding("the cut after step %u of %u, with a depth of %u", k, branch->steps,
						 depth);
		if (k > depth)
			continue;
		keep_found(&found, view, &match);
		check_steps(program, branch, k, &found);
	}
}

/* The verdict, the depths, the alternatives and the first match of all say the same. */
static void
check_verdict(const Program *program, const Layout *layout, int64 as_of, const FoundList *list)
{
	uint32 branches = Min(program->header->branches, MAX_BRANCHES);
	uint16 depths[MAX_BRANCHES];
	uint16 again[MAX_BRANCHES];
	Search *search = new_search(program, layout, as_of);
	bool matched;
	Match match;
	bool some = false;
	int64 first = DT_NOEND;

	if (program->header->branches > MAX_BRANCHES)
		return;
	matched = search_any(search, &whole);
	if (matched != (list->count > 0))
		shim_finding("a verdict of %d with %u matches", matched, list->count);
	search_depths(search, depths);
	for (uint32 b = 0; b < branches; b++)
	{
		Goal goal = {.branch_only = true, .branch = (uint16) b};
		bool found = search_match(search, &goal, &match);

		if (found != search_any(search, &goal))
			shim_finding("alternative %u has a match, its verdict is another", b);
		if (found != (depths[b] == program->branches[b].steps))
			shim_finding("a depth of %u in %u steps with a verdict of %d", depths[b],
						 program->branches[b].steps, found);
		some = some || found;
		if (found)
			first = Min(first, match.ends_at);
		check_funnel(program, layout, as_of, (uint16) b, depths[b]);
	}
	if (some != matched || (matched && first != list->found[0].match.ends_at))
		shim_finding("the whole is not the first of its alternatives");
	search_depths(search, again);
	if (memcmp(depths, again, sizeof(uint16) * branches) != 0)
		shim_finding("a search that was used gives other depths");
	check_chain(program, layout, as_of, matched, depths[0]);
}

/* What is seen at a moment is what was there by then; nothing later changes it. */
static void
check_prefix(const Program *program, const Story *story, int64 as_of, const FoundList *list)
{
	Story seen = {0};
	FoundList alone;

	for (uint32 i = 0; i < story->count && story->happening[i].time <= as_of; i++)
		seen.happening[seen.count++] = story->happening[i];
	find_all(&alone, program, open_story(&seen, seen.count, false), as_of, false);
	check_same_list("what is seen, and it alone", list, &alone);
}

/* The first match is there from its end on, and not before. */
static void
check_first(const Program *program, const Layout *layout, const FoundList *list)
{
	FoundList then;
	int64 end;

	if (list->count == 0 || has_operation(program, BIT(GUARD_END)))
		return;
	end = list->found[0].match.ends_at;
	if (TIMESTAMP_NOT_FINITE(end))
		return;
	find_all(&then, program, layout, end, false);
	if (then.count == 0 || !same_found(&then.found[0], &list->found[0]))
		shim_finding("at its end the first match is another one");
	find_all(&then, program, layout, end - 1, false);
	if (then.count > 0)
		shim_finding("a match before the first one ends");
}

/* Where nothing is excluded, more interactions take no match away. */
static void
check_growth(const Program *program, const Story *story, int64 as_of, const FoundList *list)
{
	if (program->header->absences > 0 || has_operation(program, CAN_BE_SPOILT))
		return;
	for (uint32 i = 0; i < story->count; i++)
	{
		Search *search = new_search(program, open_story(story, i, false), as_of);
		Match match;

		if (search_match(search, &whole, &match) &&
			(list->count == 0 || match.ends_at < list->found[0].match.ends_at))
			shim_finding("without interaction %u there is an earlier match", i);
	}
}

/* What an alignment costs is the length of the way back, and not more than the worst. */
static void
check_alignment(const Program *program, const View *view)
{
	Alignment brief;
	Alignment full;
	uint32 shortest;
	uint32 deviations;
	uint32 steps = 0;
	uint32 matched = 0;
	uint32 end;

	if (program->header->absences > 0 || has_operation(program, CANNOT_BE_ALIGNED))
		return;
	shortest = begin_alignment(&brief, program, view->count, false);
	if (begin_alignment(&full, program, view->count, true) != shortest)
		shim_finding("two alignments begin with different costs");
	for (uint32 i = 0; i < view->count; i++)
	{
		take_interaction(&brief, view->masks[i], NULL);
		take_interaction(&full, view->masks[i], full.arrive + (Size) full.states * (i + 1));
	}
	end = best_end(&full);
	if (best_end(&brief) != end || brief.cost[end] != full.cost[end])
		shim_finding("an alignment that remembers has another cost");
	deviations = deviations_of(full.cost[end]);
	if (deviations > view->count + shortest)
		shim_finding("an alignment costs %u, the worst %u", deviations, view->count + shortest);
	for (uint32 i = view->count, s = end; i > 0 || s != 0;)
	{
		const Arrival *arrival = &full.arrive[(Size) full.states * i + s];

		if (steps++ > (view->count + 1) * (full.states + 1))
			shim_finding("an alignment leads in a circle");
		deviations -= arrival->edge == EXTRA || !arrival->matched;
		matched += arrival->edge != EXTRA && arrival->matched;
		i -= arrival->matched;
		s = arrival->from;
	}
	if (deviations != 0 || matched != matched_of(full.cost[end]))
		shim_finding("an alignment costs other than its steps");
}

static void
check_at(const Program *program, const Story *story, const Layout *layout, int64 as_of)
{
	FoundList list;
	FoundList explained;

	find_all(&list, program, layout, as_of, false);
	find_all(&explained, program, layout, as_of, true);
	check_same_list("explained or not", &list, &explained);
	check_verdict(program, layout, as_of, &list);
	check_prefix(program, story, as_of, &list);
	check_first(program, layout, &list);
	check_growth(program, story, as_of, &list);
	check_alignment(program, view_create(program, layout, as_of));
}

void
check_matches(const Program *program, const Story *story, int64 as_of)
{
	Value value = build_story(story, story->count, false);
	Layout layout;

	check_same("built backwards", value, build_story(story, story->count, true));
	layout_open(&layout, value.bytes, value.length);
	check_at(program, story, &layout, as_of);
}
