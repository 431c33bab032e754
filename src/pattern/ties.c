/*
 * ties.c
 *		The interactions of a place, and which of them are still unused.
 *
 * A place is read once, however many matches end in it: its interactions are
 * put in sorts that serve equally, and each match marks what it uses.  No match
 * uses more of a sort than the pattern has elements for, so however many
 * interactions are simultaneous, a search looks at a few of each sort.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "pattern/ways.h"

/* A sort, by one of its interactions. */
typedef struct SortEntry
{
	uint32 index;
	uint32 number;
	uint32 hash;
	char status;
} SortEntry;

/* Whether two interactions of a place serve equally in everything. */
static bool
serve_equally(const Search *search, uint32 a, uint32 b)
{
	const View *view = search->view;
	const ProgramHeader *header = search->program->header;

	if ((view->masks[a] & header->uses) != (view->masks[b] & header->uses))
		return false;
	for (uint32 i = 0; i < header->attributes; i++)
	{
		if (view->values[i][a] != view->values[i][b])
			return false;
	}
	return true;
}

static uint32
hash_service(const Search *search, uint32 index)
{
	const ProgramHeader *header = search->program->header;
	uint64 mask = search->view->masks[index] & header->uses;
	uint32 hash = hash_combine(murmurhash32((uint32) mask), murmurhash32((uint32) (mask >> 32)));

	for (uint32 i = 0; i < header->attributes; i++)
		hash = hash_combine(hash, murmurhash32(search->view->values[i][index]));
	return hash;
}

#define SH_PREFIX sorttable
#define SH_ELEMENT_TYPE SortEntry
#define SH_KEY_TYPE uint32
#define SH_KEY index
#define SH_HASH_KEY(tb, key) hash_service((const Search *) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b) serve_equally((const Search *) (tb)->private_data, a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* How many interactions that some of the events accept one match can use. */
static uint32
most_uses(const Program *program, uint64 events)
{
	uint32 most = 0;

	for (uint32 event = 0; event < program->header->event_count; event++)
	{
		if ((events >> event & 1) != 0)
			most += program->most_uses[event];
	}
	return most;
}

static void *
array_of(void *old, uint32 count, Size size)
{
	if (old != NULL)
		pfree(old);
	return palloc_extended(size * count, MCXT_ALLOC_HUGE);
}

/* Room for the interactions of a place. */
static void
reserve(Tie *tie, uint32 count)
{
	if (count <= tie->size)
		return;
	tie->size = Max(count, 16);
	tie->index = array_of(tie->index, tie->size, sizeof(uint32));
	tie->sort = array_of(tie->sort, tie->size, sizeof(uint32));
	tie->used = array_of(tie->used, tie->size, sizeof(bool));
	tie->by_sort = array_of(tie->by_sort, tie->size, sizeof(uint32));
	tie->sorts = array_of(tie->sorts, tie->size, sizeof(Sort));
	tie->live = array_of(tie->live, tie->size, sizeof(uint32));
}

/* Adds a sort; its count stands in "end" for now. */
static uint32
add_sort(Search *search, Tie *tie, uint32 index)
{
	Sort *sort = &tie->sorts[tie->sort_count];

	memset(sort, 0, sizeof(Sort));
	sort->shared = NOT_SHARED;
	sort->most = most_uses(search->program,
						   search->view->masks[index] & search->program->header->uses);
	return tie->sort_count++;
}

/* Finds out of which sort each member is; O(members). */
static void
find_sorts(Search *search, Tie *tie)
{
	uint32 example[MAX_TIE_SORTS];
	sorttable_hash *table = NULL;

	tie->sort_count = 0;
	for (uint32 m = 0; m < tie->count; m++)
	{
		uint32 index = tie->index[m];
		uint32 sort = 0;

		if ((m & 0x3FFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (search->by_index)
			sort = add_sort(search, tie, index);
		else if (table == NULL)
		{
			while (sort < tie->sort_count && !serve_equally(search, example[sort], index))
				sort++;
			if (sort == tie->sort_count && sort < MAX_TIE_SORTS)
				example[add_sort(search, tie, index)] = index;
			else if (sort == MAX_TIE_SORTS)
			{
				table = sorttable_create(CurrentMemoryContext, MAX_TIE_SORTS * 2, search);
				for (uint32 s = 0; s < MAX_TIE_SORTS; s++)
				{
					bool found;

					sorttable_insert(table, example[s], &found)->number = s;
				}
			}
		}
		if (table != NULL)
		{
			bool found;
			SortEntry *entry = sorttable_insert(table, index, &found);

			if (!found)
				entry->number = add_sort(search, tie, index);
			sort = entry->number;
		}
		tie->sort[m] = sort;
		tie->sorts[sort].end++;
	}
	if (table != NULL)
		sorttable_destroy(table);
}

/* Lists the members of each sort one after another. */
static void
list_by_sort(Tie *tie)
{
	uint32 first = 0;

	for (uint32 s = 0; s < tie->sort_count; s++)
	{
		Sort *sort = &tie->sorts[s];

		sort->unused = sort->end;
		sort->first = sort->end = first;
		first += sort->unused;
		sort->live = s;
		tie->live[s] = s;
	}
	for (uint32 m = 0; m < tie->count; m++)
		tie->by_sort[tie->sorts[tie->sort[m]].end++] = m;
	tie->live_count = tie->sort_count;
}

/* Reads the place that begins with interaction from into a tie; O(interactions of the place). */
void
tie_load(Search *search, Tie *tie, uint32 from)
{
	const View *view = search->view;
	uint64 uses = search->program->header->uses;
	MemoryContext caller = MemoryContextSwitchTo(search->context);
	uint32 to = from + 1;

	while (view->places[to] == view->places[from])
	{
		if ((++to & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	/* an error midway leaves no tie */
	tie->from = NO_TIE;
	reserve(tie, to - from);
	tie->count = 0;
	for (uint32 i = from; i < to; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if ((view->masks[i] & uses) != 0)
			tie->index[tie->count++] = i;
	}
	memset(tie->used, false, sizeof(bool) * tie->count);
	find_sorts(search, tie);
	list_by_sort(tie);
	tie->head = 0;
	tie->unused = tie->count;
	tie->from = from;
	tie->to = to;
	MemoryContextSwitchTo(caller);
}

/* Marks an interaction of the place as used; O(log members). */
void
tie_use(Tie *tie, uint32 index)
{
	uint32 low = 0;
	uint32 high = tie->count;
	Sort *sort;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (tie->index[middle] < index)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == tie->count || tie->index[low] != index || tie->used[low])
		return;
	tie->used[low] = true;
	tie->unused--;
	while (tie->head < tie->count && tie->used[tie->head])
		tie->head++;
	sort = &tie->sorts[tie->sort[low]];
	while (sort->first < sort->end && tie->used[tie->by_sort[sort->first]])
		sort->first++;
	if (--sort->unused == 0)
	{
		uint32 last = tie->live[--tie->live_count];

		tie->live[sort->live] = last;
		tie->sorts[last].live = sort->live;
	}
}

/* Puts the live sorts, which are few, into their order. */
static void
order_live(Tie *tie)
{
	for (uint32 i = 1; i < tie->live_count; i++)
	{
		uint32 sort = tie->live[i];
		uint32 at = i;

		for (; at > 0 && tie->live[at - 1] > sort; at--)
			tie->live[at] = tie->live[at - 1];
		tie->live[at] = sort;
	}
	for (uint32 i = 0; i < tie->live_count; i++)
		tie->sorts[tie->live[i]].live = i;
}

/* Picks the unused members that can make a difference; see ties.h. */
uint32
tie_choices(Search *search, Tie *tie)
{
	uint32 ways = 1;
	uint32 picked = 0;

	if (tie->live_count > MAX_TIE_SORTS)
		return 0;
	order_live(tie);
	for (uint32 s = 0; s < tie->live_count; s++)
	{
		const Sort *sort = &tie->sorts[tie->live[s]];
		Choice *choice = &search->choices[s];

		choice->sort = tie->live[s];
		choice->count = Min(sort->unused, sort->most);
		choice->weight = ways;
		if (choice->count >= MAX_TIE_WAYS)
			return 0;
		ways *= choice->count + 1;
		if (ways > MAX_TIE_WAYS)
			return 0;
	}
	for (uint32 s = 0; s < tie->live_count; s++)
	{
		Choice *choice = &search->choices[s];
		uint32 at = tie->sorts[choice->sort].first;

		choice->first = picked;
		for (uint32 taken = 0; taken < choice->count; at++)
		{
			uint32 member = tie->by_sort[at];

			if (tie->used[member])
				continue;
			search->members[picked++] = tie->index[member];
			taken++;
		}
	}
	return tie->live_count;
}
