/*
 * partition.c
 *		Which names are one customer: links in an order, each accepted or refused.
 *
 * What a guard has to know of a set is kept by the set's root and joined when
 * sets are.  Whatever has to be gone through belongs to the smaller set, so all
 * that is accepted costs n log n; what is not used costs no memory.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "identity/partition.h"

#define NOTHING PG_UINT32_MAX

/* A name's view of a never pair; those of a set are a ring. */
typedef struct Never
{
	uint32 other;
	uint32 self;
	uint32 next;
} Never;

/* How many names of a limited namespace a set has; those of a set are a list in the order of ranks. */
typedef struct SpaceCount
{
	uint32 space;
	uint32 count;
	uint32 next;
} SpaceCount;

/* The state of a run; arrays are by name or, where they say so, by root. */
typedef struct Run
{
	const Guards *guards;
	Partition *result;
	uint32 refusal_size;
	uint32 *parent;
	uint32 *size;   /* by root */
	uint32 *next;   /* the names of a set are a ring */
	uint32 *degree; /* accepted links */
	uint64 *spaces; /* by root: a bit for every namespace whose values may look alike */

	Never *nevers;
	uint32 *never_ring;  /* by root: an entry, or NOTHING */
	uint32 *never_count; /* by root */

	SpaceCount *counts;
	uint32 *count_list; /* by root: an entry, or NOTHING */

	uint64 *looks;      /* hashes, 0 = not asked for yet; NULL before the first */
	uint64 *looked;     /* by root: the bits of the spaces all of whose names were asked for */
	uint32 *alike;      /* the next name of the same slot */
	uint32 *look_slots; /* the first name, or NOTHING */
	uint32 look_mask;
} Run;

static void *
array_of(Size count, Size size, bool zero)
{
	return palloc_extended(Max(count, 1) * size, MCXT_ALLOC_HUGE | (zero ? MCXT_ALLOC_ZERO : 0));
}

static uint32 *
nothings(Size count)
{
	uint32 *array = array_of(count, sizeof(uint32), false);

	memset(array, 0xFF, count * sizeof(uint32));
	return array;
}

static inline const Head *
head_of(const Guards *guards, uint32 name)
{
	return &guards->heads[guards->head_of[name]];
}

/* The bit of a name's namespace, 0 where no two of its values look alike. */
static inline uint64
space_bit(const Run *run, uint32 name)
{
	uint32 space = head_of(run->guards, name)->space;

	return run->guards->spaces[space].confusable ? UINT64CONST(1) << (space & 63) : 0;
}

/* Puts every never pair into the rings of its two names. */
static void
start_nevers(Run *run)
{
	const Guards *guards = run->guards;

	run->nevers = array_of((Size) guards->never_count * 2, sizeof(Never), false);
	run->never_ring = nothings(guards->name_count);
	run->never_count = array_of(guards->name_count, sizeof(uint32), true);
	for (uint32 i = 0; i < guards->never_count * 2; i++)
	{
		const NeverPair *pair = &guards->nevers[i / 2];
		uint32 self = i % 2 == 0 ? pair->a : pair->b;
		Never *entry = &run->nevers[i];

		entry->self = self;
		entry->other = pair->a + pair->b - self;
		if (run->never_ring[self] == NOTHING)
		{
			entry->next = i;
			run->never_ring[self] = i;
		}
		else
		{
			entry->next = run->nevers[run->never_ring[self]].next;
			run->nevers[run->never_ring[self]].next = i;
		}
		run->never_count[self]++;
	}
}

/* Counts the names of limited namespaces, each in its own set. */
static void
start_counts(Run *run)
{
	const Guards *guards = run->guards;
	uint32 limited = 0;

	for (uint32 i = 0; i < guards->name_count; i++)
		limited += guards->spaces[head_of(guards, i)->space].per_customer > 0;
	if (limited == 0)
		return;
	run->counts = array_of(limited, sizeof(SpaceCount), false);
	run->count_list = nothings(guards->name_count);
	limited = 0;
	for (uint32 i = 0; i < guards->name_count; i++)
	{
		uint32 space = head_of(guards, i)->space;

		if (guards->spaces[space].per_customer == 0)
			continue;
		run->counts[limited] = (SpaceCount) {space, 1, NOTHING};
		run->count_list[i] = limited++;
	}
}

static Run *
start_run(const Guards *guards)
{
	Run *run = palloc0(sizeof(Run));
	uint32 count = guards->name_count;

	run->guards = guards;
	run->result = palloc0(sizeof(Partition));
	run->parent = array_of(count, sizeof(uint32), false);
	run->size = array_of(count, sizeof(uint32), false);
	run->next = array_of(count, sizeof(uint32), false);
	run->degree = array_of(count, sizeof(uint32), true);
	run->spaces = array_of(count, sizeof(uint64), false);
	for (uint32 i = 0; i < count; i++)
	{
		run->parent[i] = i;
		run->size[i] = 1;
		run->next[i] = i;
		run->spaces[i] = space_bit(run, i);
	}
	if (guards->never_count > 0)
		start_nevers(run);
	start_counts(run);
	run->refusal_size = 64;
	run->result->refusals = array_of(run->refusal_size, sizeof(Refusal), false);
	run->result->parent = run->parent;
	return run;
}

/* Is a never pair across two sets?  If so, the least one. */
static bool
breaks_never(Run *run, uint32 one, uint32 other, Refusal *why)
{
	bool found = false;
	uint32 entry;

	if (run->nevers == NULL)
		return false;
	if (run->never_count[one] > run->never_count[other])
	{
		uint32 swap = one;

		one = other;
		other = swap;
	}
	entry = run->never_ring[one];
	for (uint32 i = 0; i < run->never_count[one]; i++)
	{
		const Never *never = &run->nevers[entry];

		if ((i & 0xFFF) == 0xFFF)
			CHECK_FOR_INTERRUPTS();
		if (set_of(run->parent, never->other) == other)
		{
			uint32 x = Min(never->self, never->other);
			uint32 y = Max(never->self, never->other);

			if (!found || x < why->x || (x == why->x && y < why->y))
			{
				why->x = x;
				why->y = y;
			}
			found = true;
		}
		entry = never->next;
	}
	return found;
}

/* Would a namespace have too many names?  If so, the first one, and how many. */
static bool
breaks_limit(const Run *run, uint32 one, uint32 other, Refusal *why)
{
	uint32 x;
	uint32 y;

	if (run->counts == NULL)
		return false;
	x = run->count_list[one];
	y = run->count_list[other];
	while (x != NOTHING && y != NOTHING)
	{
		const SpaceCount *a = &run->counts[x];
		const SpaceCount *b = &run->counts[y];
		const SpaceLimit *limit = &run->guards->spaces[a->space];

		if (a->space == b->space)
		{
			if (a->count + b->count > limit->per_customer)
			{
				why->x = a->space;
				why->y = a->count + b->count;
				return true;
			}
			x = a->next;
			y = b->next;
		}
		else if (limit->rank < run->guards->spaces[b->space].rank)
			x = a->next;
		else
			y = b->next;
	}
	return false;
}

/* Has an end as many accepted links as it may have? */
static bool
breaks_degree(const Run *run, const Link *link, Refusal *why)
{
	const Guards *guards = run->guards;

	for (int end = 0; end < 2; end++)
	{
		uint32 name = end == 0 ? link->a : link->b;

		if (run->degree[name] >= guards->spaces[head_of(guards, name)->space].degree)
		{
			why->x = name;
			why->y = run->degree[name];
			return true;
		}
	}
	return false;
}

/* Makes room for what names look like. */
static void
start_looks(Run *run)
{
	uint32 count = run->guards->name_count;
	Size slots = 1024;

	while (slots < count && slots < (Size) 1 << 30)
		slots *= 2;
	run->looks = array_of(count, sizeof(uint64), true);
	run->looked = array_of(count, sizeof(uint64), true);
	run->alike = nothings(count);
	run->look_slots = nothings(slots);
	run->look_mask = (uint32) (slots - 1);
}

static inline uint32
look_slot(const Run *run, uint64 look)
{
	return (uint32) (look >> 32 ^ look) & run->look_mask;
}

/* Asks what the names of a set in some spaces look like, those that were asked before left out. */
static void
look_at(Run *run, uint32 root, uint64 spaces)
{
	const Guards *guards = run->guards;
	uint32 name = root;

	spaces &= run->spaces[root] & ~run->looked[root];
	if (spaces == 0)
		return;
	do
	{
		if ((space_bit(run, name) & spaces) != 0 && run->looks[name] == 0)
		{
			uint32 slot;

			CHECK_FOR_INTERRUPTS();
			run->looks[name] = guards->look(guards->caller, name) | 1;
			slot = look_slot(run, run->looks[name]);
			run->alike[name] = run->look_slots[slot];
			run->look_slots[slot] = name;
		}
		name = run->next[name];
	} while (name != root);
	run->looked[root] |= spaces;
}

/* Do a name of the one and a name of the other set look alike?  If so, the least such pair; small is the smaller set. */
static bool
looks_alike(Run *run, uint32 small, uint32 large, Refusal *why)
{
	const Guards *guards = run->guards;
	bool found = false;
	uint32 name = small;
	uint64 shared = run->spaces[small] & run->spaces[large];

	if (shared == 0)
		return false;
	if (run->looks == NULL)
		start_looks(run);
	look_at(run, small, shared);
	look_at(run, large, shared);
	do
	{
		uint64 look = run->looks[name];
		uint32 other = (space_bit(run, name) & shared) == 0 ? NOTHING :
															  run->look_slots[look_slot(run, look)];

		for (; other != NOTHING; other = run->alike[other])
		{
			uint32 x = Min(name, other);
			uint32 y = Max(name, other);

			CHECK_FOR_INTERRUPTS();
			if (run->looks[other] != look || set_of(run->parent, other) != large ||
				(found && (x > why->x || (x == why->x && y >= why->y))) ||
				!guards->look_same(guards->caller, name, other))
				continue;
			found = true;
			why->x = x;
			why->y = y;
		}
		name = run->next[name];
	} while (name != small);
	return found;
}

/* Joins the counts of two sets: lists in the order of ranks. */
static void
join_counts(Run *run, uint32 small, uint32 large)
{
	uint32 x = run->count_list[small];
	uint32 y = run->count_list[large];
	uint32 *end = &run->count_list[large];

	while (x != NOTHING && y != NOTHING)
	{
		SpaceCount *a = &run->counts[x];
		SpaceCount *b = &run->counts[y];

		if (a->space == b->space)
		{
			b->count += a->count;
			x = a->next;
			continue;
		}
		if (run->guards->spaces[a->space].rank < run->guards->spaces[b->space].rank)
		{
			*end = x;
			end = &a->next;
			x = a->next;
		}
		else
		{
			*end = y;
			end = &b->next;
			y = b->next;
		}
	}
	*end = x != NOTHING ? x : y;
}

static inline void
swap_numbers(uint32 *a, uint32 *b)
{
	uint32 swap = *a;

	*a = *b;
	*b = swap;
}

/* Makes one set of two. */
static void
join_sets(Run *run, uint32 small, uint32 large)
{
	/* names of a space that only one of them has were asked for as far as that one's were */
	if (run->looks != NULL)
		run->looked[large] = (run->looked[large] | ~run->spaces[large]) &
			(run->looked[small] | ~run->spaces[small]) & (run->spaces[small] | run->spaces[large]);
	run->parent[small] = large;
	run->size[large] += run->size[small];
	swap_numbers(&run->next[small], &run->next[large]);
	run->spaces[large] |= run->spaces[small];
	if (run->counts != NULL)
		join_counts(run, small, large);
	if (run->nevers != NULL && run->never_ring[small] != NOTHING)
	{
		if (run->never_ring[large] == NOTHING)
			run->never_ring[large] = run->never_ring[small];
		else
			swap_numbers(&run->nevers[run->never_ring[small]].next,
						 &run->nevers[run->never_ring[large]].next);
		run->never_count[large] += run->never_count[small];
	}
}

static void
refuse(Run *run, uint32 link, const Refusal *why)
{
	Partition *result = run->result;

	if (result->refusal_count == run->refusal_size)
	{
		run->refusal_size *= 2;
		result->refusals = repalloc_huge(result->refusals, sizeof(Refusal) * run->refusal_size);
	}
	result->refusals[result->refusal_count] = *why;
	result->refusals[result->refusal_count++].link = link;
}

/* What becomes of a link between two sets; why is for one that is refused. */
static Outcome
judge(Run *run, const Link *link, uint32 small, uint32 large, Refusal *why)
{
	const Guards *guards = run->guards;

	*why = (Refusal) {0, link->a, link->b};
	if (head_of(guards, link->a)->tenant != head_of(guards, link->b)->tenant)
		return LINK_TENANT;
	if (breaks_never(run, small, large, why))
		return LINK_NEVER;
	if (breaks_limit(run, small, large, why))
		return LINK_LIMIT;
	if (breaks_degree(run, link, why))
		return LINK_DEGREE;
	if ((uint64) run->size[small] + run->size[large] > guards->cluster)
	{
		why->x = run->size[small] + run->size[large];
		return LINK_CLUSTER;
	}
	if (looks_alike(run, small, large, why))
		return LINK_LOOKS_LIKE;
	return LINK_BOND;
}

Partition *
partition_links(const Guards *guards, Link *links, uint32 count)
{
	Run *run = start_run(guards);

	for (uint32 i = 0; i < count; i++)
	{
		Link *link = &links[i];
		uint32 small = set_of(run->parent, link->a);
		uint32 large = set_of(run->parent, link->b);
		Refusal why;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (small == large)
			link->outcome = LINK_INSIDE;
		else
		{
			if (run->size[small] > run->size[large])
				swap_numbers(&small, &large);
			link->outcome = judge(run, link, small, large, &why);
			if (link->outcome != LINK_BOND)
			{
				refuse(run, i, &why);
				continue;
			}
			join_sets(run, small, large);
			run->result->bond_count++;
		}
		run->degree[link->a]++;
		run->degree[link->b]++;
	}
	return run->result;
}
