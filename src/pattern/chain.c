/*
 * chain.c
 *		The commonest patterns, run without remembering ways.
 *
 * A funnel of plain events within one time, or with a greatest time between
 * steps, needs one number a step: of the ways to have come so far the latest
 * beginning, or the latest end.  That is decided while the timeline is read, in
 * blocks, and reading ends with the last step.  Everything else is search.c's.
 *
 * Of simultaneous interactions that serve one step each the order is free, so
 * their steps are taken in the order of the chain; where one could serve several
 * steps the question goes back to the caller.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"

#include "pattern/chain.h"
#include "pattern/events.h"

#define NEVER PG_INT64_MIN

/* A duration as microseconds; false where it has months. */
static bool
fixed_duration(const Duration *duration, int64 *time)
{
	if (duration->months != 0 || duration->days > 1000000)
		return false;
	*time = duration->days * USECS_PER_DAY + duration->time;
	return true;
}

/* Takes the guards of a step into the chain; false if it is no chain. */
static bool
take_guards(Chain *chain, const Program *program, const ProgramEdge *edge, uint32 step,
			bool *has_gate)
{
	chain->most[step] = PG_INT64_MAX;
	for (uint32 g = 0; g < edge->guard_count; g++)
	{
		const Instruction *guard = &program->instructions[edge->guards + g];
		int64 most;

		if (guard->operation == GUARD_WITHIN)
		{
			chain->by_start = true;
			if (!fixed_duration(&program->durations[guard->arg], &most))
				return false;
		}
		else if (guard->operation == GUARD_GATE && !program->gates[guard->arg].has_least)
		{
			if (!program->gates[guard->arg].has_most)
				continue;
			*has_gate = true;
			if (!fixed_duration(&program->gates[guard->arg].most, &most))
				return false;
		}
		else
			return false;
		chain->most[step] = Min(chain->most[step], most);
	}
	return true;
}

void
chain_find(Chain *chain, const Program *program)
{
	const ProgramHeader *header = program->header;
	uint32 steps = header->states - 1;
	bool has_gate = false;

	memset(chain, 0, sizeof(Chain));
	if (header->branches != 1 || steps == 0 || steps > MAX_CHAIN_STEPS || header->edges != steps ||
		header->flags != 0 || header->excludes != 0 || header->attributes != 0)
		return;
	for (uint32 i = 0; i < steps; i++)
	{
		const ProgramState *state = &program->states[i];
		const ProgramState *next = &program->states[i + 1];
		const ProgramEdge *edge = &program->edges[state->edges];

		if (state->edge_count != 1 || edge->target != i + 1 || (next->flags & STATE_AT_STEP) == 0 ||
			next->depth != i + 1 || next->cut_guard_count > 0 || next->guard_count > 0 ||
			((next->flags & STATE_ACCEPTS) != 0) != (i + 1 == steps) ||
			!take_guards(chain, program, edge, i, &has_gate))
			return;
		chain->event[i] = (uint8) edge->event;
		chain->step_of_event[edge->event] = (chain->events >> edge->event & 1) != 0 ?
			SEVERAL_STEPS :
			(uint8) i;
		chain->events |= UINT64CONST(1) << edge->event;
	}
	/* with both, the latest beginning and the latest end may be of different ways */
	if (!(chain->by_start && has_gate))
		chain->steps = steps;
}

/* How far a chain has come. */
typedef struct ChainRun
{
	const Chain *chain;
	uint32 steps; /* that can be reached at all */
	uint32 depth;
	int64 reached[MAX_CHAIN_STEPS + 1]; /* by steps done: the latest beginning, or end */
} ChainRun;

/* Takes step number s at time. */
static inline void
take_step(ChainRun *run, uint32 s, int64 time)
{
	const Chain *chain = run->chain;
	int64 value = time;

	if (s > 0)
	{
		if (s > run->depth || run->reached[s] == NEVER || time - run->reached[s] > chain->most[s])
			return;
		if (chain->by_start)
			value = Max(run->reached[s], run->reached[s + 1]);
	}
	run->reached[s + 1] = value;
	run->depth = Max(run->depth, s + 1);
}

/* Takes the steps that simultaneous interactions serve, each of them one step. */
static pg_noinline void
take_together(ChainRun *run, uint64 events, int64 time)
{
	for (uint32 s = 0; s < run->steps; s++)
	{
		if (events >> run->chain->event[s] & 1)
			take_step(run, s, time);
	}
}

/* Takes the one step that an interaction serves, whichever of several it may be. */
static pg_noinline void
take_any(ChainRun *run, uint64 events, int64 time)
{
	/* the last first, so that it serves no two */
	for (uint32 s = Min(run->steps, run->depth + 1); s-- > 0;)
	{
		if (events >> run->chain->event[s] & 1)
			take_step(run, s, time);
	}
}

/* The step that an interaction serves, or SEVERAL_STEPS. */
static inline uint32
step_served(const Chain *chain, uint64 events)
{
	if ((events & (events - 1)) != 0)
		return SEVERAL_STEPS;
	return chain->step_of_event[pg_rightmost_one_pos64(events)];
}

/* Interactions of one time that are not taken yet. */
typedef struct Together
{
	uint64 events;
	int64 time;
	bool several;
	bool ambiguous; /* one of several can serve more than one step */
} Together;

/* Takes them; false where that is beyond a chain. */
static inline bool
take_interactions(ChainRun *run, const Together *together)
{
	uint32 step = step_served(run->chain, together->events);

	if (likely(!together->several && step < run->steps))
		take_step(run, step, together->time);
	else if (together->several)
	{
		if (together->ambiguous)
			return false;
		take_together(run, together->events, together->time);
	}
	else if (step == SEVERAL_STEPS)
		take_any(run, together->events, together->time);
	return true;
}

/* Adds an interaction of the same time. */
static pg_noinline void
add_together(const Chain *chain, Together *together, uint64 events)
{
	together->ambiguous = together->ambiguous ||
		step_served(chain, together->events) == SEVERAL_STEPS ||
		step_served(chain, events) == SEVERAL_STEPS;
	together->events |= events;
	together->several = true;
}

/* The steps that can be reached by what the dictionaries hold, whatever the order. */
static uint32
possible_steps(const Chain *chain, uint64 possible)
{
	uint32 steps = 0;

	while (steps < chain->steps && (possible >> chain->event[steps] & 1) != 0)
		steps++;
	return steps;
}

/* Reads interactions until all steps are done; false where that is beyond a chain. */
static bool
run_chain(ChainRun *run, EventReader *reader, Layout *layout, uint32 count, bool *attributes_open)
{
	Together together = {0, NEVER, false, false};
	MonotoneCursor cursor = layout_seek(layout, 0);
	int64 times[LAYOUT_BLOCK];
	uint64 masks[LAYOUT_BLOCK];
	uint8 places[LAYOUT_BLOCK];
	uint32 most = MONOTONE_BLOCK;
	uint32 block;

	/* the blocks grow: many a long timeline is decided by its beginning */
	for (uint32 done = 0; done < count; done += block, most = Min(2 * most, LAYOUT_BLOCK))
	{
		uint32 found;

		CHECK_FOR_INTERRUPTS();
		block = Min(count - done, most);
		found = events_find(reader, done, block, run->chain->events, places, masks);
		layout_next_times(layout, &cursor, block, times);
		for (uint32 f = 0; f < found; f++)
		{
			uint64 events = masks[f];
			int64 time = times[places[f]];

			if (unlikely(time == together.time))
			{
				/* seq may tell them apart; rare enough to leave it to the caller */
				if (!*attributes_open)
					layout_open_attributes(layout);
				*attributes_open = true;
				if (layout_find(layout, "seq", 3, ATTRIBUTE_INTEGER) != NULL)
					return false;
				add_together(run->chain, &together, events);
				continue;
			}
			if (together.events != 0 && !take_interactions(run, &together))
				return false;
			if (run->depth == run->steps)
				return true;
			together = (Together) {events, time, false, false};
		}
	}
	return together.events == 0 || take_interactions(run, &together);
}

bool
chain_depth(const Chain *chain, const Program *program, Layout *layout, int64 as_of, bool whole,
			uint32 *depth)
{
	EventReader *reader = program->reader;
	ChainRun run;
	uint32 count = as_of >= layout_last(layout) ? layout->count :
												  layout_search(layout, as_of, true);
	bool attributes_open = events_look_at_attributes(reader);

	*depth = 0;
	if (count == 0)
		return true;
	if (attributes_open)
		layout_open_attributes(layout);
	events_bind(reader, layout);
	run.chain = chain;
	run.depth = 0;
	run.steps = possible_steps(chain, events_possible(reader));
	if (run.steps == 0 || (whole && run.steps < chain->steps))
		return true;
	for (uint32 s = 0; s <= run.steps; s++)
		run.reached[s] = NEVER;
	if (run_chain(&run, reader, layout, count, &attributes_open))
	{
		*depth = run.depth;
		return true;
	}
	if (!attributes_open)
		layout_open_attributes(layout);
	return false;
}
