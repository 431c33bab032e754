/*
 * search.c
 *		Finds the matches of a program in one timeline.
 *
 * One pass over the interactions, place by place.  A *way* is one way to have
 * used interactions so far: a state, the registers, and the place of the first
 * interaction (ways.c).
 *
 * The reported match is found in two passes: the first finds where the match
 * that ends first ends, and of those the latest beginning; the second, from that
 * beginning on, remembers which interactions each way used and so finds the one
 * whose list comes first.
 *
 * Inside a place the order of elements is free, so every way to use its
 * interactions is tried, by how many of each sort are used; above MAX_TIE_WAYS
 * they are read in total order.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "pattern/ways.h"

/*
 * Ends
 */

/* Whether a deadline comes before the places of an instant. */
static inline bool
comes_before(int64 deadline, int64 time)
{
	return deadline <= time;
}

/* How an end compares with that of the best match. */
static int
compare_ends(const Search *search, int64 ends_at, bool at_deadline, uint32 last)
{
	const Match *best = &search->best;
	const uint32 *places = search->view->places;

	if (at_deadline && !best->at_deadline)
		return comes_before(ends_at, best->ends_at) ? -1 : 1;
	if (best->at_deadline && !at_deadline)
		return comes_before(best->ends_at, ends_at) ? 1 : -1;
	if (ends_at != best->ends_at)
		return ends_at < best->ends_at ? -1 : 1;
	if (at_deadline || places[last] == places[best->last])
		return 0;
	return places[last] < places[best->last] ? -1 : 1;
}

/* Whether a match found now is better than the best so far. */
static void
consider(Search *search, const Way *way, uint32 last, int64 ends_at, bool at_deadline)
{
	Match *best = &search->best;

	if (search->found)
	{
		int order = compare_ends(search, ends_at, at_deadline, last);

		if (order > 0 || (order == 0 && way->start < best->first_place))
			return;
		if (order == 0 && way->start == best->first_place &&
			(!search->want_used || compare_used(search, way->used, best->used) <= 0))
			return;
	}
	search->found = true;
	search->better = true;
	best->first_place = way->start;
	best->last = last;
	best->ends_at = ends_at;
	best->at_deadline = at_deadline;
	best->used = way->used;
}

/* Notes why an interaction is not used, if it is not: the last reason that came nearest. */
static inline void
note_reason(Search *search, uint32 i, uint8 reason)
{
	if (unlikely(search->reasons != NULL))
	{
		uint8 known = search->reasons[i] & ~IN_TOTAL_ORDER;

		if (reason >= LED_ON ? reason > known : known < LED_ON)
			search->reasons[i] += reason - known;
	}
}

/*
 * Whether the absence holds that a way waits for which has just used interaction
 * i, as far as the timeline is seen; O(log interactions).
 */
static bool
absence_holds(Search *search, const ProgramState *state, const Way *way, uint32 i, int64 *deadline)
{
	const View *view = search->view;
	const ProgramAbsence *absence = &search->program->absences[state->absence];
	const Instruction *limits = search->program->instructions + absence->guards;
	uint32 last = (uint32) way->reg[absence->last_register];
	uint32 values[MAX_REGISTERS];
	int64 next;

	*deadline = add_duration(view->times[i], &search->program->durations[absence->duration]);
	values_asked(view, limits, absence->guard_count, way, i, values);
	next = next_occurrence(view,
						   occurrences_of(search, absence->event, limits, absence->guard_count),
						   values, view->times[i]);
	if (next >= 0 && view->times[next] <= *deadline)
	{
		note_reason(search, last, ABSENCE_ENDED);
		return false;
	}
	if (*deadline > view->as_of)
	{
		note_reason(search, last, NOT_OVER);
		return false;
	}
	return true;
}

/* Notes how far a way that was just made has come along the steps of its branch. */
static void
note_depth(Search *search, const ProgramState *state, const Way *way, uint32 i)
{
	const ProgramBranch *branch = &search->program->branches[state->branch];
	uint16 *depth = &search->depths[state->branch];
	int64 deadline;

	if (state->depth > *depth && state->depth < branch->steps &&
		((state->flags & STATE_AT_STEP) == 0 ||
		 guards_hold(search, state->cut_guards, state->cut_guard_count, way, i)))
		*depth = state->depth;
	if ((state->flags & STATE_ACCEPTS) != 0 && *depth < branch->steps &&
		guards_hold(search, state->guards, state->guard_count, way, i) &&
		((state->flags & STATE_DEADLINE) == 0 || absence_holds(search, state, way, i, &deadline)))
		*depth = branch->steps;
	search->found = *depth == branch->steps && search->program->header->branches == 1;
}

/* Notes what a way that was just made has reached. */
static void
note_reached(Search *search, uint16 number, const Way *way, uint32 i)
{
	const ProgramState *state = &search->program->states[number];
	const Goal *goal = &search->goal;
	int64 deadline;

	if (search->depths != NULL)
	{
		note_depth(search, state, way, i);
		return;
	}
	if (goal->cut)
	{
		if ((state->flags & STATE_AT_STEP) != 0 && state->branch == goal->branch &&
			state->depth == goal->depth &&
			guards_hold(search, state->cut_guards, state->cut_guard_count, way, i))
			consider(search, way, i, search->view->times[i], false);
		return;
	}
	if ((state->flags & STATE_ACCEPTS) == 0 || (goal->branch_only && state->branch != goal->branch))
		return;
	if (!guards_hold(search, state->guards, state->guard_count, way, i))
	{
		if (search->failed == GUARD_END)
			note_reason(search, i, NOT_LAST);
		return;
	}
	if (state->flags & STATE_DEADLINE)
	{
		const ProgramAbsence *absence = &search->program->absences[state->absence];

		if (absence_holds(search, state, way, i, &deadline))
			consider(search, way, (uint32) way->reg[absence->last_register], deadline, true);
	}
	else
		consider(search, way, i, search->view->times[i], false);
}

/* Makes target the way that edge leads to from way over interaction i. */
static void
follow(Search *search, const ProgramEdge *edge, const Way *way, uint32 i, Way *target)
{
	memcpy(target, way, search->way_bytes);
	if (target->start == NO_START)
		target->start = search->view->places[i];
	run_actions(search, edge->actions, edge->action_count, target, i);
	if (search->want_used)
		target->used = use(search, target, i, edge);
}

static char *
more_room(char *bytes, Size size)
{
	return bytes == NULL ? palloc_extended(size, MCXT_ALLOC_HUGE) : repalloc_huge(bytes, size);
}

static Way *
fresh_way(Search *search, uint16 state)
{
	if (search->fresh_count == search->fresh_size)
	{
		search->fresh_size = Max(16, search->fresh_size * 2);
		search->fresh = more_room(search->fresh, search->way_bytes * search->fresh_size);
		search->fresh_state = (uint16 *) more_room((char *) search->fresh_state,
												   sizeof(uint16) * search->fresh_size);
	}
	search->fresh_state[search->fresh_count] = state;
	return way_at(search, search->fresh, search->fresh_count++);
}

/* Follows the ways of a list over an edge; new ones go to the fresh ones. */
static void
follow_list(Search *search, const WayList *list, const ProgramEdge *edge, uint32 i)
{
	for (uint32 w = list->first; w < list->count; w++)
	{
		Way *way = way_at(search, list->ways, w);
		Way *target;

		CHECK_FOR_INTERRUPTS();
		if (!guards_hold(search, edge->guards, edge->guard_count, way, i))
		{
			note_reason(search, i, search->failed);
			continue;
		}
		note_reason(search, i, LED_ON);
		target = fresh_way(search, edge->target);
		follow(search, edge, way_at(search, list->ways, w), i, target);
	}
}

/* Follows the ways of a parted state over an edge; new ones go to the fresh ones. */
static void
follow_parts(Search *search, uint16 number, const ProgramEdge *edge, uint32 i)
{
	bool only;
	uint32 part = parts_of_edge(search, number, edge, i, &only);

	/* the values of all others are not those of the interaction */
	if (only && search->reasons != NULL && search->first_part[number] != 0)
		note_reason(search, i, GUARD_SAME);
	for (; part != 0; part = only ? 0 : search->parts[part - 1].next)
		follow_list(search, &search->parts[part - 1].list, edge, i);
}

/* Follows all ways of a state over interaction i; new ones go to the fresh ones. */
static void
follow_state(Search *search, uint16 number, uint32 i)
{
	const ProgramState *state = &search->program->states[number];
	uint64 mask = search->view->masks[i];

	if (search->waits_on[number] != NO_WAIT)
		ripen(search, number, i);
	for (uint32 e = state->edges; e < state->edges + state->edge_count; e++)
	{
		const ProgramEdge *edge = &search->program->edges[e];

		if ((mask >> edge->event & 1) == 0)
			continue;
		if (value_registers(search, number) == 0)
			follow_list(search, &search->lists[number], edge, i);
		else
			follow_parts(search, number, edge, i);
		if (search->waits_on[number] != NO_WAIT && !search->only_ripe[e])
			follow_list(search, &search->waiting[number], edge, i);
	}
}

/* Whether a match may begin at interaction i. */
static inline bool
may_start(const Search *search, uint32 i)
{
	return search->only_start == NO_START || search->view->places[i] == search->only_start;
}

/* Frees what a way that is not kept has used, if only it has. */
static inline void
forget_used(const Search *search, const Way *way)
{
	if (search->want_used && way->used != search->best.used)
		pfree(unconstify(Used *, way->used));
}

/* Takes one interaction, after all that was read before; whether that made a difference. */
static bool
step(Search *search, uint32 i)
{
	uint64 mask = search->view->masks[i];
	bool changed = false;

	search->fresh_count = 0;
	search->better = false;
	if ((search->state_events[0] & mask) != 0 && may_start(search, i))
		follow_state(search, 0, i);
	for (uint32 a = 0; a < search->active_count; a++)
	{
		uint16 number = search->active[a];

		if ((search->state_events[number] & mask) != 0)
			follow_state(search, number, i);
	}
	for (uint32 f = 0; f < search->fresh_count; f++)
	{
		Way *way = way_at(search, search->fresh, f);

		CHECK_FOR_INTERRUPTS();
		note_reached(search, search->fresh_state[f], way, i);
		if (keep_way(search, search->fresh_state[f], way, i))
			changed = true;
		else
			forget_used(search, way);
	}
	return changed || search->better;
}

/*
 * Ties
 */

/* Adds a way of a tie unless one with the same interactions used is as good. */
static void
keep_tie_way(Search *search, uint16 number, uint32 code, const Way *way, uint32 i)
{
	const ProgramState *state = &search->program->states[number];
	uint32 hash = hash_combine(murmurhash32(code), murmurhash32(number));
	uint32 bucket;
	TieWay *tie_way;

	for (uint32 registers = value_registers(search, number); registers != 0;
		 registers &= registers - 1)
		hash = hash_combine(hash,
							murmurhash32((uint32) way->reg[pg_rightmost_one_pos32(registers)]));
	bucket = hash % search->bucket_count;

	for (uint32 at = search->buckets[bucket]; at != 0; at = search->tie[at - 1].next)
	{
		TieWay *other = &search->tie[at - 1];

		if (other->state == number && other->code == code &&
			dominates(search, state, way_at(search, search->tie_ways, at - 1), way, i))
		{
			forget_used(search, way);
			return;
		}
	}
	if (search->tie_count == search->tie_size)
	{
		search->tie_size = Max(64, search->tie_size * 2);
		search->tie = (TieWay *) more_room((char *) search->tie, sizeof(TieWay) * search->tie_size);
		search->tie_ways = more_room(search->tie_ways, search->way_bytes * search->tie_size);
	}
	tie_way = &search->tie[search->tie_count];
	tie_way->state = number;
	tie_way->code = code;
	tie_way->next = search->buckets[bucket];
	memcpy(way_at(search, search->tie_ways, search->tie_count), way, search->way_bytes);
	search->buckets[bucket] = ++search->tie_count;
}

/* Follows one way over one unused interaction of each sort. */
static void
follow_tie_way(Search *search, uint32 sorts, uint16 number, uint32 code, char *buffer)
{
	const ProgramState *state = &search->program->states[number];
	Way *way = (Way *) buffer;
	Way *target = (Way *) (buffer + search->way_bytes);

	for (uint32 s = 0; s < sorts; s++)
	{
		const Choice *choice = &search->choices[s];
		uint32 taken = code / choice->weight % (choice->count + 1);
		uint32 i;
		uint64 mask;

		if (taken == choice->count)
			continue;
		i = search->members[choice->first + taken];
		mask = search->view->masks[i];
		if ((mask & search->state_events[number]) == 0)
			continue;
		for (uint32 e = 0; e < state->edge_count; e++)
		{
			const ProgramEdge *edge = &search->program->edges[state->edges + e];

			if ((mask >> edge->event & 1) == 0)
				continue;
			if (!guards_hold(search, edge->guards, edge->guard_count, way, i))
			{
				note_reason(search, i, search->failed);
				continue;
			}
			note_reason(search, i, LED_ON);
			follow(search, edge, way, i, target);
			note_reached(search, edge->target, target, i);
			keep_tie_way(search, edge->target, code + choice->weight, target, i);
		}
	}
}

/* Follows the ways of a list, of which nothing of the tie is used yet. */
static void
follow_tie_list(Search *search, uint32 sorts, uint16 number, const WayList *list, char *buffer)
{
	for (uint32 w = list->first; w < list->count; w++)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(buffer, way_at(search, list->ways, w), search->way_bytes);
		follow_tie_way(search, sorts, number, 0, buffer);
	}
}

/* The same for the parts of a state that the interactions of the tie lead on. */
static void
follow_tie_parts(Search *search, uint32 sorts, uint16 number, char *buffer)
{
	const ProgramState *state = &search->program->states[number];

	search->visits++;
	for (uint32 n = 0; n < sorts * state->edge_count; n++)
	{
		const ProgramEdge *edge = &search->program->edges[state->edges + n / sorts];
		uint32 i = search->members[search->choices[n % sorts].first];
		uint32 number_of_part;
		bool only;

		if ((search->view->masks[i] >> edge->event & 1) == 0)
			continue;
		number_of_part = parts_of_edge(search, number, edge, i, &only);
		if (only && search->reasons != NULL && search->first_part[number] != 0)
			note_reason(search, i, GUARD_SAME);
		while (number_of_part != 0)
		{
			Part *part = &search->parts[number_of_part - 1];

			if (part->visit != search->visits)
			{
				part->visit = search->visits;
				follow_tie_list(search, sorts, number, &part->list, buffer);
			}
			number_of_part = only ? 0 : part->next;
		}
	}
}

/* Of each sort the first is tried first; what is said of it is true of the others. */
static void
share_reasons(Search *search, Tie *tie, uint32 sorts)
{
	for (uint32 s = 0; s < sorts; s++)
	{
		Sort *sort = &tie->sorts[search->choices[s].sort];
		uint8 reason = search->reasons[search->members[search->choices[s].first]] & ~IN_TOTAL_ORDER;

		if (sort->shared == reason)
			continue;
		sort->shared = reason;
		for (uint32 m = sort->first; m < sort->end; m++)
		{
			if (!tie->used[tie->by_sort[m]])
				note_reason(search, tie->index[tie->by_sort[m]], reason);
		}
	}
}

/*
 * Whether what is left of the place at hand, which is read in total order, cannot
 * change what the search looks for.
 */
static bool
rest_is_worse(Search *search)
{
	const Match *best = &search->best;

	if (!search->found)
		return false;
	if (search->depths != NULL || (!search->want_start && !search->want_used))
		return true;
	/* an absence might end before this place, or with a later beginning */
	if (search->program->header->absences > 0)
		return false;
	if (search->want_start)
		return best->first_place == search->view->places[best->last];
	return !search->better ? false : !any_way_left(search);
}

/* Takes the unused interactions of a place in total order. */
static void
step_in_order(Search *search, const Tie *tie)
{
	search->in_total_order = true;
	for (uint32 m = tie->head; m < tie->count; m++)
	{
		bool changed;
		uint8 reason;

		if ((m & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (tie->used[m])
			continue;
		if (search->reasons != NULL)
			search->reasons[tie->index[m]] |= IN_TOTAL_ORDER;
		changed = step(search, tie->index[m]);
		if (rest_is_worse(search))
			break;
		reason = search->reasons == NULL ? 0 : search->reasons[tie->index[m]] & ~IN_TOTAL_ORDER;
		/* where one of a sort makes no difference, the next one makes none */
		while (!changed && m + 1 < tie->count &&
			   (tie->used[m + 1] || tie->sort[m + 1] == tie->sort[m]))
		{
			m++;
			if (search->reasons != NULL && !tie->used[m])
			{
				search->reasons[tie->index[m]] |= IN_TOTAL_ORDER;
				note_reason(search, tie->index[m], reason);
			}
		}
	}
	search->in_total_order = false;
}

/* A place of several interactions. */
static void
step_tie(Search *search, Tie *tie)
{
	uint32 sorts;
	uint32 last;
	char *buffer;

	if (tie->unused == 0)
		return;
	if (search->members == NULL)
		search->members = palloc(sizeof(uint32) * MAX_TIE_WAYS);
	sorts = tie_choices(search, tie);
	if (sorts == 0)
	{
		step_in_order(search, tie);
		return;
	}
	last = search->members[0];
	if (sorts == 1 && search->choices[0].count == 1)
	{
		(void) step(search, last);
		if (search->reasons != NULL)
			share_reasons(search, tie, sorts);
		return;
	}
	if (search->buckets == NULL)
	{
		search->bucket_count = 1021;
		search->buckets = palloc(sizeof(uint32) * search->bucket_count);
	}
	memset(search->buckets, 0, sizeof(uint32) * search->bucket_count);
	search->tie_count = 0;
	buffer = palloc(search->way_bytes * 2);

	/* what was there before the tie, with nothing of it used */
	for (uint32 a = 0; a <= search->active_count; a++)
	{
		uint16 number = a == 0 ? 0 : search->active[a - 1];

		if (number == 0 && (a > 0 || !may_start(search, last)))
			continue;
		if (search->waits_on[number] != NO_WAIT)
			ripen(search, number, last);
		if (value_registers(search, number) == 0)
			follow_tie_list(search, sorts, number, &search->lists[number], buffer);
		else
			follow_tie_parts(search, sorts, number, buffer);
		follow_tie_list(search, sorts, number, &search->waiting[number], buffer);
	}
	for (uint32 t = 0; t < search->tie_count; t++)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(buffer, way_at(search, search->tie_ways, t), search->way_bytes);
		follow_tie_way(search, sorts, search->tie[t].state, search->tie[t].code, buffer);
	}
	for (uint32 t = 0; t < search->tie_count; t++)
		(void) keep_way(search, search->tie[t].state, way_at(search, search->tie_ways, t), last);
	if (search->reasons != NULL)
		share_reasons(search, tie, sorts);
	pfree(buffer);
}

/*
 * Searching
 */

/* Forgets all ways. */
static void
reset_ways(Search *search)
{
	for (uint32 a = 0; a < search->active_count; a++)
	{
		search->lists[search->active[a]].count = 0;
		search->lists[search->active[a]].prune_at = 16;
		search->waiting[search->active[a]].first = 0;
		search->waiting[search->active[a]].count = 0;
		search->is_active[search->active[a]] = false;
	}
	for (uint32 a = 0; a < search->active_count && search->first_part != NULL; a++)
		search->first_part[search->active[a]] = 0;
	search->runs++;
	search->active_count = 0;
	search->found = false;
}

/* The earliest end of an absence that begins at or after time. */
static int64
earliest_deadline(int64 time, const Duration *duration)
{
	if (duration->months != 0)
	{
		int64 of_day = ((time % USECS_PER_DAY) + USECS_PER_DAY) % USECS_PER_DAY;
		int64 midnight = time - of_day;

		/* where months end on one day, the later of two times may have the earlier deadline */
		if (add_duration(midnight + USECS_PER_DAY, duration) == add_duration(midnight, duration))
			time = midnight;
	}
	return add_duration(time, duration);
}

/* The first interaction from i on that may end a match; O(interactions) once, then O(1). */
static uint32
next_ending(Search *search, uint32 i)
{
	const View *view = search->view;
	uint32 next = view->count;

	if (search->next_ending == NULL)
	{
		search->next_ending = MemoryContextAllocHuge(search->context, sizeof(uint32) * view->count);
		for (uint32 n = view->count; n-- > 0;)
		{
			if ((n & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			if ((view->masks[n] & search->ending) != 0)
				next = n;
			search->next_ending[n] = next;
		}
	}
	return search->next_ending[i];
}

/* Whether no match that uses interaction i, or a later one, is better than the one found. */
static bool
is_over(Search *search, uint32 i)
{
	const Program *program = search->program;
	const Match *best = &search->best;
	int64 time;

	if (!search->found)
		return false;
	if (i == search->view->count || (!search->want_start && !search->want_used) ||
		(!best->at_deadline && (program->header->flags & PROGRAM_NO_TIME) == 0))
		return true;
	time = search->view->times[i];
	if (best->at_deadline && search->ends_with_element && !comes_before(best->ends_at, time))
	{
		uint32 next = next_ending(search, i);

		if (next < search->view->count && !comes_before(best->ends_at, search->view->times[next]))
			return false;
	}
	for (uint32 a = 0; a < program->header->absences; a++)
	{
		const Duration *duration = &program->durations[program->absences[a].duration];

		if (search->ends_with[a] && earliest_deadline(time, duration) <= best->ends_at)
			return false;
	}
	return true;
}

/* Sets what the search looks for, and how that may end; O(states and edges) where it is new. */
static void
set_goal(Search *search, const Goal *goal)
{
	const ProgramHeader *header = search->program->header;

	if (search->ends_with != NULL && search->goal.cut == goal->cut &&
		search->goal.branch_only == goal->branch_only && search->goal.branch == goal->branch &&
		search->goal.depth == goal->depth)
		return;
	search->goal = *goal;
	if (search->ends_with == NULL)
		search->ends_with = palloc(sizeof(bool) * Max(header->absences, 1));
	memset(search->ends_with, false, sizeof(bool) * header->absences);
	search->ends_with_element = goal->cut;
	search->ending = 0;
	if (search->next_ending != NULL)
		pfree(search->next_ending);
	search->next_ending = NULL;
	for (uint32 s = 0; s < header->states && !goal->cut; s++)
	{
		const ProgramState *state = &search->program->states[s];

		if ((state->flags & STATE_ACCEPTS) == 0 ||
			(goal->branch_only && state->branch != goal->branch))
			continue;
		if (state->flags & STATE_DEADLINE)
			search->ends_with[state->absence] = true;
		else
			search->ends_with_element = true;
	}
	for (uint32 e = 0; e < header->edges && search->ends_with_element && !goal->cut; e++)
	{
		const ProgramEdge *edge = &search->program->edges[e];
		const ProgramState *state = &search->program->states[edge->target];

		if ((state->flags & (STATE_ACCEPTS | STATE_DEADLINE)) == STATE_ACCEPTS)
			search->ending |= UINT64CONST(1) << edge->event;
	}
}

/* The first interaction of a time. */
static uint32
first_of_time(const View *view, int64 time)
{
	uint32 low = 0;
	uint32 high = view->count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (view->times[middle] < time)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Reads on from the place that begins with interaction from until a match is found. */
static void
run(Search *search, uint32 from)
{
	const View *view = search->view;
	uint64 uses = search->program->header->uses;
	uint32 visited = 0;
	uint32 next;

	/* many short runs one after another are a loop, too */
	CHECK_FOR_INTERRUPTS();
	reset_ways(search);
	if (from < view->count)
		search->time_from = first_of_time(view, view->times[from]);
	for (uint32 i = from; i < view->count && !is_over(search, i); i = next)
	{
		Tie *tie = i == search->from ? &search->from_tie : &search->other_tie;

		if ((++visited & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		search->place_from = i;
		if (i > from && view->times[i] != view->times[i - 1])
			search->time_from = i;
		if (view->places[i + 1] != view->places[i])
		{
			next = i + 1;
			if ((view->masks[i] & uses) != 0 && !(search->from_used && i == search->from))
				(void) step(search, i);
			continue;
		}
		if (tie->from != i)
			tie_load(search, tie, i);
		next = tie->to;
		step_tie(search, tie);
	}
}

/* Whether a gate with a fixed least time as long as any that reads the register. */
static bool
is_longest(const Search *search, const Instruction *guard, int reg)
{
	const Duration *least;

	if (guard->operation != GUARD_GATE || guard->reg != reg)
		return false;
	least = &search->program->gates[guard->arg].least;
	return least->months == 0 &&
		(int64) least->days * USECS_PER_DAY + least->time == search->program->registers[reg].least;
}

/* Finds out whether ways of a state have to wait for a gate with a least time. */
static void
find_waiting(Search *search, uint32 number)
{
	const Program *program = search->program;
	const ProgramState *state = &program->states[number];
	int reg = NO_WAIT;

	search->waits_on[number] = NO_WAIT;
	for (uint32 r = 0; r < search->registers; r++)
	{
		if ((state->live >> r & 1) == 0 || program->registers[r].least == 0)
			continue;
		/* two such registers have no common order of age */
		if (reg != NO_WAIT)
			return;
		reg = (int) r;
	}
	if (reg == NO_WAIT)
		return;
	search->waits_on[number] = (int8) reg;
	for (uint32 e = state->edges; e < state->edges + state->edge_count; e++)
	{
		const ProgramEdge *edge = &program->edges[e];

		for (uint32 g = 0; g < edge->guard_count; g++)
		{
			if (is_longest(search, &program->instructions[edge->guards + g], reg))
				search->only_ripe[e] = true;
		}
	}
}

Search *
search_create(const View *view)
{
	const Program *program = view->program;
	const ProgramHeader *header = program->header;
	Search *search = palloc0(sizeof(Search));
	WayList *initial;
	Way *nothing;

	search->view = view;
	search->program = program;
	search->context = CurrentMemoryContext;
	search->by_index = (header->flags & PROGRAM_BY_INDEX) != 0;
	search->registers = header->registers;
	search->way_bytes = MAXALIGN(offsetof(Way, reg) + sizeof(int32) * header->registers);
	search->lists = palloc0(sizeof(WayList) * header->states);
	search->waiting = palloc0(sizeof(WayList) * header->states);
	search->waits_on = palloc(sizeof(int8) * header->states);
	search->only_ripe = palloc0(sizeof(bool) * Max(header->edges, 1));
	search->active = palloc(sizeof(uint16) * header->states);
	search->is_active = palloc0(sizeof(bool) * header->states);
	search->state_events = palloc0(sizeof(uint64) * header->states);
	for (uint32 s = 0; s < header->states; s++)
	{
		const ProgramState *state = &program->states[s];

		for (uint32 e = 0; e < state->edge_count; e++)
			search->state_events[s] |= UINT64CONST(1) << program->edges[state->edges + e].event;
		search->lists[s].prune_at = 16;
		find_waiting(search, s);
	}
	initial = &search->lists[0];
	initial->count = initial->size = 1;
	initial->ways = palloc0(search->way_bytes);
	nothing = (Way *) initial->ways;
	nothing->start = NO_START;
	search->only_start = NO_START;
	if (header->attributes > 0)
		find_value_registers(search);
	search->from_tie.from = search->other_tie.from = NO_TIE;
	search->element_counts = palloc(sizeof(int32) * Max(header->labels, 1));
	search->uses = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline uses",
										 ALLOCSET_DEFAULT_SIZES);
	return search;
}

/* The next match uses nothing that this one does, and no place before its last. */
void
search_after(Search *search, const Match *match)
{
	const View *view = search->view;

	if (view->places[search->from] != view->places[match->last])
	{
		search->from = match->last;
		while (search->from > 0 && view->places[search->from - 1] == view->places[match->last])
			search->from--;
		search->from_used = false;
	}
	if (view->places[search->from + 1] != view->places[search->from])
		search->from_used = true;
	else
	{
		if (search->from_tie.from != search->from)
			tie_load(search, &search->from_tie, search->from);
		for (const Used *u = match->used; u != NULL && u->index >= search->from; u = u->parent)
			tie_use(&search->from_tie, u->index);
	}
	MemoryContextReset(search->uses);
}

bool
search_any(Search *search, const Goal *goal)
{
	set_goal(search, goal);
	search->want_start = false;
	search->want_used = false;
	search->only_start = NO_START;
	run(search, search->from);
	return search->found;
}

bool
search_match(Search *search, const Goal *goal, Match *match)
{
	const uint32 *places = search->view->places;
	uint32 start;

	set_goal(search, goal);
	search->want_start = true;
	search->want_used = false;
	search->only_start = NO_START;
	run(search, search->from);
	if (!search->found)
		return false;

	/* again from the beginning that was found, remembering what is used */
	search->only_start = search->best.first_place;
	search->want_start = false;
	search->want_used = true;
	for (start = search->best.last; places[start] > search->only_start; start--)
		;
	if (places[search->from] == search->only_start)
		start = search->from;
	while (start > search->from && places[start - 1] == search->only_start)
		start--;
	run(search, start);
	*match = search->best;
	return search->found;
}

void
search_note_reasons(Search *search, uint8 *reasons)
{
	memset(reasons, NOT_WAITED_FOR, search->view->count);
	search->reasons = reasons;
}

void
search_depths(Search *search, uint16 *depths)
{
	static const Goal whole = {.cut = false};

	memset(depths, 0, sizeof(uint16) * search->program->header->branches);
	set_goal(search, &whole);
	search->want_start = false;
	search->want_used = false;
	search->only_start = NO_START;
	search->depths = depths;
	run(search, search->from);
	search->depths = NULL;
}
