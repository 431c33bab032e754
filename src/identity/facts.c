/*
 * facts.c
 *		What was asserted and observed about pairs of names, and what of it is in
 *		force.
 *
 * About a pair the newest asserted fact decides: the same, never, or nothing
 * asserted.  Observed facts hold beside it unless it is "never".
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "identity/facts.h"

#define FIRST_FACTS 1024

static inline int
compare_ends(uint32 a, uint32 b, uint32 other_a, uint32 other_b)
{
	if (a != other_a)
		return a < other_a ? -1 : 1;
	return b < other_b ? -1 : b > other_b;
}

/* The order in which links count: better evidence first, then what was known earlier. */
static inline int
compare_links(const Link *a, const Link *b)
{
	if (a->grade != b->grade)
		return a->grade > b->grade ? -1 : 1;
	if (a->noted_at != b->noted_at)
		return a->noted_at < b->noted_at ? -1 : 1;
	return compare_ends(a->a, a->b, b->a, b->b);
}

#define ST_SORT sort_facts
#define ST_ELEMENT_TYPE Fact
#define ST_COMPARE(x, y) compare_ends((x)->a, (x)->b, (y)->a, (y)->b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#define ST_SORT sort_links
#define ST_ELEMENT_TYPE Link
#define ST_COMPARE(x, y) compare_links(x, y)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

#define ST_SORT sort_links_by_ends
#define ST_ELEMENT_TYPE Link
#define ST_COMPARE(x, y) compare_ends((x)->a, (x)->b, (y)->a, (y)->b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

void
facts_start(FactList *list)
{
	list->count = 0;
	list->size = FIRST_FACTS;
	list->facts = palloc(sizeof(Fact) * FIRST_FACTS);
}

void
facts_add(FactList *list, Fact fact)
{
	if (list->count == list->size)
	{
		if (list->size >= PG_INT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many links: the limit is %d", PG_INT32_MAX)));
		list->size *= 2;
		list->facts = repalloc_huge(list->facts, sizeof(Fact) * list->size);
	}
	if (fact.a > fact.b)
	{
		uint32 swap = fact.a;

		fact.a = fact.b;
		fact.b = swap;
	}
	list->facts[list->count++] = fact;
}

/* What the facts about one pair come to. */
typedef struct Verdict
{
	FactKind kind; /* FACT_SAME, FACT_NEVER, or FACT_UNLINK: nothing holds */
	int16 grade;
	int64 noted_at;
} Verdict;

static void
add_evidence(Verdict *verdict, const Fact *fact)
{
	if (verdict->kind == FACT_SAME &&
		(fact->grade < verdict->grade ||
		 (fact->grade == verdict->grade && fact->noted_at >= verdict->noted_at)))
		return;
	verdict->kind = FACT_SAME;
	verdict->grade = fact->grade;
	verdict->noted_at = fact->noted_at;
}

static Verdict
judge_pair(const Fact *facts, Size count)
{
	Verdict verdict = {FACT_UNLINK, 0, 0};
	const Fact *newest = NULL;

	for (Size i = 0; i < count; i++)
	{
		const Fact *fact = &facts[i];

		if (fact->kind == FACT_OBSERVED)
			add_evidence(&verdict, fact);
		else if (newest == NULL || fact->noted_at > newest->noted_at ||
				 (fact->noted_at == newest->noted_at && fact->id > newest->id))
			newest = fact;
	}
	if (newest != NULL && newest->kind == FACT_SAME)
		add_evidence(&verdict, newest);
	else if (newest != NULL && newest->kind == FACT_NEVER)
		verdict.kind = FACT_NEVER;
	return verdict;
}

void
facts_judge(Fact *facts, Size count, const bool *blocked, Force *force)
{
	Size never_size = 16;
	uint32 blocked_from;

	sort_facts(facts, count);
	force->links = palloc_extended(Max(count, 1) * sizeof(Link), MCXT_ALLOC_HUGE);
	force->count = 0;
	force->open = 0;
	force->nevers = palloc(never_size * sizeof(NeverPair));
	force->never_count = 0;
	/* open links are written from the front, blocked ones from the back */
	blocked_from = (uint32) count;
	for (Size i = 0; i < count;)
	{
		const Fact *first = &facts[i];
		/* between two blocked identities there is nothing to tell */
		bool is_blocked = blocked[first->a] != blocked[first->b];
		Size end = i + 1;
		Verdict verdict;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		while (end < count && facts[end].a == first->a && facts[end].b == first->b)
			end++;
		verdict = judge_pair(first, end - i);
		if (blocked[first->a] && blocked[first->b])
			verdict.kind = FACT_UNLINK;
		if (verdict.kind == FACT_SAME)
		{
			Link link = {verdict.noted_at, first->a, first->b, verdict.grade, LINK_BOND};

			if (is_blocked)
				link.outcome = LINK_BLOCKED;
			force->links[is_blocked ? --blocked_from : force->open++] = link;
		}
		else if (verdict.kind == FACT_NEVER && !is_blocked)
		{
			if (force->never_count == never_size)
			{
				never_size *= 2;
				force->nevers = repalloc_huge(force->nevers, never_size * sizeof(NeverPair));
			}
			force->nevers[force->never_count++] = (NeverPair) {first->a, first->b};
		}
		i = end;
	}
	memmove(force->links + force->open, force->links + blocked_from,
			(count - blocked_from) * sizeof(Link));
	force->count = force->open + (uint32) (count - blocked_from);
	sort_links(force->links, force->open);
}

void
links_by_ends(Link *links, uint32 count)
{
	sort_links_by_ends(links, count);
}
