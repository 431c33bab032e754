/*
 * ways.c
 *		Ways to have used interactions: what lets one go on, which are kept.
 *
 * Of two ways in one state the better one alone is kept where whatever the other
 * can still become, it can become as well and no worse; that keeps one or two
 * ways a state for nearly all patterns.  Where a gate asks for a least time, a
 * way waits until it is old enough to be compared.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/memutils.h"

#include "pattern/ways.h"

/*
 * Guards and actions
 */

/* The values that the limits behind a guard ask for. */
void
values_asked(const View *view, const Instruction *limit, uint32 count, const Way *way, uint32 i,
			 uint32 *values)
{
	for (uint32 n = 0; n < count; n++, limit++)
		values[n] = limit->operation == ONLY_SAME ? (uint32) way->reg[limit->reg] :
													view->values[limit->arg][i];
}

/* The instructions behind a guard that limit it. */
static uint32
count_limits(const Instruction *instruction, const Instruction *end)
{
	const Instruction *limit = instruction;

	while (limit < end && (limit->operation == ONLY_SAME || limit->operation == ONLY_SAME_AS_THIS))
		limit++;
	return (uint32) (limit - instruction);
}

/* The last interaction before another one that the event of a guard accepts, within its limits; or -1. */
static int64
last_excluded(Search *search, uint32 event, uint32 before, const Instruction *limits,
			  const Instruction *end, const Way *way, uint32 i)
{
	const View *view = search->view;
	uint32 count = count_limits(limits, end);
	uint32 values[MAX_REGISTERS];

	if (count == 0)
		return before == 0 ? -1 : view->last_seen[event][before - 1];
	values_asked(view, limits, count, way, i, values);
	return last_occurrence(view, occurrences_of(search, event, limits, count), values, before);
}

/* Whether the event of a guard is at some place strictly between those of from and of to, the one at hand. */
static bool
seen_between(Search *search, const Instruction *guard, uint32 from, uint32 to,
			 const Instruction *end, const Way *way)
{
	const uint32 *places = search->view->places;
	int64 i = last_excluded(search, guard->arg, search->place_from, guard + 1, end, way, to);

	return i >= 0 && places[i] > places[from];
}

/* Whether the event of a guard is in [time of to - duration, time of to), or so long was not seen. */
static bool
seen_before(Search *search, const Instruction *guard, uint32 to, const Instruction *end,
			const Way *way)
{
	const View *view = search->view;
	int64 earliest = subtract_duration(view->times[to], &view->program->durations[guard[1].arg]);
	int64 i;

	if (view->times[0] > earliest)
		return true;
	i = last_excluded(search, guard->arg, search->time_from, guard + 2, end, way, to);
	return i >= 0 && view->times[i] >= earliest;
}

static bool
gate_holds(const View *view, const Gate *gate, uint32 from, uint32 to)
{
	if (gate->has_least && view->times[to] < add_duration(view->times[from], &gate->least))
		return false;
	return !gate->has_most || view->times[to] <= add_duration(view->times[from], &gate->most);
}

/* Whether all guards let interaction i follow way. */
bool
guards_hold(Search *search, uint32 guards, uint32 count, const Way *way, uint32 i)
{
	const View *view = search->view;
	const Program *program = search->program;
	const Instruction *instruction = program->instructions + guards;
	const Instruction *end = instruction + count;

	while (instruction < end)
	{
		const Instruction *guard = instruction++;
		int32 reg = way->reg[guard->reg];
		bool holds = true;

		switch ((Operation) guard->operation)
		{
			case GUARD_GATE:
				holds = gate_holds(view, &program->gates[guard->arg], (uint32) reg, i);
				break;
			case GUARD_NEXT:
				holds = i == (uint32) reg + 1;
				break;
			case GUARD_AFTER:
				holds = (int64) i > reg;
				break;
			case GUARD_WITHOUT:
				holds = !seen_between(search, guard, (uint32) reg, i, end, way);
				break;
			case GUARD_WITHIN:
				holds = view->times[i] <=
					add_duration(view->times[reg], &program->durations[guard->arg]);
				break;
			case GUARD_FIRST:
				holds = i == 0;
				break;
			case GUARD_ABSENT:
				holds = !seen_before(search, guard, i, end, way);
				break;
			case GUARD_SAME:
				holds = view->values[guard->arg][i] == (uint32) reg;
				break;
			case GUARD_PRESENT:
				holds = view->values[guard->arg][i] != NO_VALUE;
				break;
			case GUARD_END:
				holds = (uint32) reg == view->count - 1;
				break;
			case GUARD_WANTED:
				holds = reg < 0;
				break;
			case GUARD_NOT_BEFORE:
				holds = (int32) i >= (reg < 0 ? ~reg : reg);
				break;
			default:
				break;
		}
		if (!holds)
		{
			search->failed = guard->operation;
			return false;
		}
	}
	return true;
}

void
run_actions(const Search *search, uint32 actions, uint32 count, Way *way, uint32 i)
{
	const Instruction *instruction = search->program->instructions + actions;

	for (const Instruction *end = instruction + count; instruction < end; instruction++)
	{
		int32 *reg = &way->reg[instruction->reg];

		switch ((Operation) instruction->operation)
		{
			case SET_INDEX:
				*reg = (int32) i;
				break;
			case SET_GREATEST:
				*reg = Max(*reg, (int32) i);
				break;
			case SET_VALUE:
				*reg = (int32) search->view->values[instruction->arg][i];
				break;
			case WANT_NOTHING:
				*reg = NOTHING_WANTED;
				break;
			case WANT_FIRST:
				*reg = i == 0 ? NOTHING_WANTED : 0;
				break;
			case WANT_NEXT:
			{
				int32 wanted = way->reg[instruction->arg] + 1;

				*reg = (int32) i == wanted ? ~wanted : wanted;
				break;
			}
			case WANT_NO_MORE:
				if (*reg == (int32) i)
					*reg = ~*reg;
				break;
			default:
				break;
		}
	}
}

/*
 * What was used
 */

/* used and one more, in total order. */
static const Used *
insert_used(Search *search, const Used *used, const Used *one)
{
	Used *more = MemoryContextAlloc(search->uses, sizeof(Used));

	if (used != NULL && used->index > one->index)
	{
		*more = *used;
		more->count++;
		more->parent = unconstify(Used *, insert_used(search, used->parent, one));
		more->first = more->parent->first;
		return more;
	}
	*more = *one;
	more->parent = unconstify(Used *, used);
	more->first = used == NULL ? one->index : used->first;
	more->count = used == NULL ? 1 : used->count + 1;
	return more;
}

/* What a way has used after it followed edge over interaction i. */
const Used *
use(Search *search, const Way *way, uint32 i, const ProgramEdge *edge)
{
	Used one = {.index = i, .element = edge->element};

	one.branch = search->program->states[edge->target].branch;
	one.turn = way->used == NULL ? 1 : way->used->count + 1;
	one.last = (uint32) way->reg[LAST_REGISTER];
	return insert_used(search, way->used, &one);
}

/*
 * Of two ways to use the same interactions the one whose earlier steps take
 * fewer, then whose earlier elements do, then the one that goes on in total order.
 */
static pg_noinline int
compare_elements(Search *search, const Used *a, const Used *b)
{
	const Program *program = search->program;
	int32 *counts = search->element_counts;
	uint32 elements = program->branches[a->branch].elements;
	const ProgramLabel *labels = &program->labels[program->branches[a->branch].first_label];
	int result = 0;
	int in_order = 0;

	if (a->branch != b->branch)
		return a->branch < b->branch ? 1 : -1;
	memset(counts, 0, sizeof(int32) * elements);
	for (; a != b; a = a->parent, b = b->parent)
	{
		counts[a->element]++;
		counts[b->element]--;
		if (a->element != b->element)
			in_order = a->element < b->element ? 1 : -1;
	}
	for (uint32 i = 0; i < elements && result == 0; i++)
		result = labels[i].step == 0 ? 0 : -counts[i];
	for (uint32 i = 0; i < elements && result == 0; i++)
		result = -counts[i];
	return result != 0 ? result : in_order;
}

/*
 * Whether a is reported rather than b: the first interaction that only one of
 * them uses decides for that one.  > 0, 0 or < 0; O(what they do not share).
 */
int
compare_used(Search *search, const Used *a, const Used *b)
{
	const Used *x = a;
	const Used *y = b;
	int result = 0;

	if (a != NULL && b != NULL && a->first != b->first)
		return a->first < b->first ? 1 : -1;
	while (x != y)
	{
		if (y == NULL || (x != NULL && x->index > y->index))
		{
			result = 1;
			x = x->parent;
		}
		else if (x == NULL || y->index > x->index)
		{
			result = -1;
			y = y->parent;
		}
		else
		{
			x = x->parent;
			y = y->parent;
		}
	}
	return result != 0 || a == b ? result : compare_elements(search, a, b);
}

/*
 * Ways
 */

/*
 * Whether some months after the later time may be before as many months after
 * the earlier one: on the last days of a month, which may become one day.
 */
static bool
months_may_turn(int64 later, int64 earlier)
{
	int64 later_of_day = (later % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY;
	int64 earlier_of_day = (earlier % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY;
	int year;
	int month;
	int day;

	if (later - earlier >= 3 * USECS_PER_DAY || later_of_day >= earlier_of_day)
		return false;
	j2date((int) ((later - later_of_day) / USECS_PER_DAY) + POSTGRES_EPOCH_JDATE, &year, &month,
		   &day);
	return day > 28;
}

/* Whether way a can become whatever b can, and no worse; both in the same state at interaction i. */
bool
dominates(Search *search, const ProgramState *state, const Way *a, const Way *b, uint32 i)
{
	const View *view = search->view;

	if (search->want_start && a->start < b->start)
		return false;
	for (uint32 reg = 0, live = state->live; live != 0; reg++, live >>= 1)
	{
		const ProgramRegister *description = &search->program->registers[reg];

		if ((live & 1) == 0 || a->reg[reg] == b->reg[reg])
			continue;
		/* both have what they waited for, at an earlier place */
		if (a->reg[reg] < 0 && b->reg[reg] < 0 && view->places[~a->reg[reg]] < view->places[i] &&
			view->places[~b->reg[reg]] < view->places[i])
			continue;
		if ((state->exact >> reg & 1) != 0)
			return false;
		/* of simultaneous interactions each is as late as the other */
		if (!search->by_index && view->places[a->reg[reg]] == view->places[b->reg[reg]])
			continue;
		if (a->reg[reg] < b->reg[reg])
			return false;
		/* b may be old enough where a is not */
		if (description->least > 0 &&
			view->times[i] - view->times[a->reg[reg]] < description->least)
			return false;
		/* b may be in time where a is not */
		if (description->has_months &&
			months_may_turn(view->times[a->reg[reg]], view->times[b->reg[reg]]))
			return false;
		/* b's successor may be yet to come */
		if (description->has_next && view->places[b->reg[reg] + 1] >= view->places[i] &&
			!(search->in_total_order && (uint32) b->reg[reg] + 1 < i))
			return false;
		if (description->has_end && (uint32) b->reg[reg] == view->count - 1)
			return false;
	}
	if (search->want_used)
	{
		int order = compare_used(search, a->used, b->used);

		/* what a step reports is its last interaction by elements */
		return order > 0 || (order == 0 && a->reg[LAST_REGISTER] >= b->reg[LAST_REGISTER]);
	}
	return true;
}

/* Whether no edge can follow a way any more because its time has passed. */
static bool
expired(const Search *search, const ProgramState *state, const Way *way, uint32 i)
{
	const Program *program = search->program;
	const View *view = search->view;

	for (uint32 e = 0; e < state->edge_count; e++)
	{
		const ProgramEdge *edge = &program->edges[state->edges + e];
		bool over = false;

		for (uint32 g = 0; g < edge->guard_count && !over; g++)
		{
			const Instruction *guard = &program->instructions[edge->guards + g];

			if (guard->operation == GUARD_NEXT)
				over = view->places[way->reg[guard->reg] + 1] < view->places[i] ||
					(search->in_total_order && (uint32) way->reg[guard->reg] + 1 < i);
			else if (guard->operation == GUARD_WITHIN)
				over = view->times[i] > add_duration(view->times[way->reg[guard->reg]],
													 &program->durations[guard->arg]);
			else if (guard->operation == GUARD_GATE && program->gates[guard->arg].has_most)
				over = view->times[i] > add_duration(view->times[way->reg[guard->reg]],
													 &program->gates[guard->arg].most);
		}
		if (!over)
			return false;
	}
	return true;
}

/* Throws out ways that nothing can come of, and those that others are better than. */
static void
prune(Search *search, const ProgramState *state, WayList *list, uint32 i)
{
	uint32 kept = 0;

	for (uint32 w = 0; w < list->count; w++)
	{
		Way *way = way_at(search, list->ways, w);
		bool drop = expired(search, state, way, i);

		CHECK_FOR_INTERRUPTS();

		for (uint32 k = kept; k-- > 0 && !drop;)
			drop = dominates(search, state, way_at(search, list->ways, k), way, i);
		for (uint32 k = w + 1; k < Min(list->count, w + 8) && !drop; k++)
		{
			Way *later = way_at(search, list->ways, k);

			drop = dominates(search, state, later, way, i) &&
				!dominates(search, state, way, later, i);
		}
		if (drop)
			continue;
		if (kept != w)
			memcpy(way_at(search, list->ways, kept), way, search->way_bytes);
		kept++;
	}
	list->count = kept;
	list->prune_at = Max(16, kept * 2);
}

static void
append_way(Search *search, WayList *list, const Way *way)
{
	if (list->count == list->size)
	{
		list->size = Max(1, list->size * 2);
		list->ways = list->ways == NULL ?
			palloc_extended(search->way_bytes * list->size, MCXT_ALLOC_HUGE) :
			repalloc_huge(list->ways, search->way_bytes * list->size);
	}
	memcpy(way_at(search, list->ways, list->count++), way, search->way_bytes);
}

/* Adds a way to those of a state, unless one of them is as good. */
static bool
keep_ripe_way(Search *search, uint16 number, const Way *way, uint32 i)
{
	const ProgramState *state = &search->program->states[number];
	WayList *list = value_registers(search, number) == 0 ? &search->lists[number] :
														   part_of_way(search, number, way);
	uint32 kept = 0;

	for (uint32 w = 0; w < list->count; w++)
	{
		Way *other = way_at(search, list->ways, w);

		if (dominates(search, state, other, way, i))
			return false;
	}
	for (uint32 w = 0; w < list->count; w++)
	{
		Way *other = way_at(search, list->ways, w);

		if (dominates(search, state, way, other, i))
			continue;
		if (kept != w)
			memcpy(way_at(search, list->ways, kept), other, search->way_bytes);
		kept++;
	}
	list->count = kept;
	append_way(search, list, way);
	if (list->count >= list->prune_at)
		prune(search, state, list, i);
	return true;
}

/* Lets the ways of a state that are old enough out of those that wait. */
void
ripen(Search *search, uint16 number, uint32 i)
{
	WayList *waiting = &search->waiting[number];
	int reg = search->waits_on[number];
	int64 least = search->program->registers[reg].least;
	const int64 *times = search->view->times;

	while (waiting->first < waiting->count)
	{
		Way *way = way_at(search, waiting->ways, waiting->first);

		if (times[i] - times[way->reg[reg]] < least)
			break;
		keep_ripe_way(search, number, way, i);
		waiting->first++;
	}
	if (waiting->first == waiting->count)
		waiting->first = waiting->count = 0;
	else if (waiting->first >= 64 && waiting->first * 2 >= waiting->count)
	{
		memmove(waiting->ways, way_at(search, waiting->ways, waiting->first),
				search->way_bytes * (waiting->count - waiting->first));
		waiting->count -= waiting->first;
		waiting->first = 0;
	}
}

/* Adds a way to those that wait, unless one of the same place is as good. */
static bool
keep_waiting_way(Search *search, uint16 number, const Way *way, uint32 i)
{
	const ProgramState *state = &search->program->states[number];
	WayList *waiting = &search->waiting[number];
	const uint32 *places = search->view->places;
	int reg = search->waits_on[number];

	for (uint32 w = waiting->count; w-- > waiting->first;)
	{
		Way *other = way_at(search, waiting->ways, w);

		if (places[other->reg[reg]] != places[way->reg[reg]])
			break;
		if (dominates(search, state, other, way, i))
			return false;
	}
	append_way(search, waiting, way);
	return true;
}

/* Throws the ways of a list out that are worse than the best match; how many are left. */
static uint32
drop_worse(Search *search, WayList *list)
{
	uint32 kept = list->first;

	for (uint32 w = list->first; w < list->count; w++)
	{
		Way *way = way_at(search, list->ways, w);

		if (compare_used(search, way->used, search->best.used) < 0)
			continue;
		if (kept != w)
			memcpy(way_at(search, list->ways, kept), way, search->way_bytes);
		kept++;
	}
	list->count = kept;
	return kept - list->first;
}

/*
 * Throws out the ways from which nothing better than the best match can come,
 * where interactions are used in total order only: what they have not used of
 * what comes first they never will.  Whether any is left.
 */
bool
any_way_left(Search *search)
{
	uint32 left = 0;

	for (uint32 a = 0; a < search->active_count; a++)
	{
		uint16 number = search->active[a];

		left += drop_worse(search, &search->lists[number]);
		left += drop_worse(search, &search->waiting[number]);
		if (value_registers(search, number) == 0)
			continue;
		for (uint32 part = search->first_part[number]; part != 0;
			 part = search->parts[part - 1].next)
			left += drop_worse(search, &search->parts[part - 1].list);
	}
	return left > 0;
}

/* Adds a way to those of a state, unless one of them is as good; whether it did. */
bool
keep_way(Search *search, uint16 number, const Way *way, uint32 i)
{
	const ProgramState *state = &search->program->states[number];

	bool kept;

	if (state->edge_count == 0)
		return false;
	if (search->waits_on[number] != NO_WAIT &&
		search->view->places[way->reg[search->waits_on[number]]] == search->view->places[i])
		kept = keep_waiting_way(search, number, way, i);
	else
		kept = keep_ripe_way(search, number, way, i);
	if (!search->is_active[number])
	{
		search->is_active[number] = true;
		search->active[search->active_count++] = number;
	}
	return kept;
}
