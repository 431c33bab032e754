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
		if (run->reached[s] == NEVER || time - run->reached[s] > chain->most[s])
			return;
		if (chain->by_start)
			value = Max(run->reached[s], run->reached[s + 1]);
	}
	run->reached[s + 1] = value;
	run->depth = Max(run->depth, s + 1);
}

/* Takes the steps that one interaction, or several simultaneous ones, may serve. */
static inline void
take_events(ChainRun *run, uint64 events, bool several, int64 time)
{
	const Chain *chain = run->chain;

	if (several)
	{
		for (uint32 s = 0; s < run->steps; s++)
		{
			if (events >> chain->event[s] & 1)
				take_step(run, s, time);
		}
		return;
	}
	/* it serves one step, so the last first */
	for (uint32 s = Min(run->steps, run->depth + 1); s-- > 0;)
	{
		if (events >> chain->event[s] & 1)
			take_step(run, s, time);
	}
}

/* Whether an interaction can serve more than one step. */
static bool
serves_several(const Chain *chain, uint64 events)
{
	uint32 steps = 0;

	for (uint32 s = 0; s < chain->steps; s++)
		steps += events >> chain->event[s] & 1;
	return steps > 1;
}

bool
chain_depth(const Chain *chain, const Program *program, const Layout *layout, int64 as_of,
			bool whole, uint32 *depth)
{
	ChainRun run = {.chain = chain, .steps = chain->steps};
	uint32 count = as_of >= layout_last(layout) ? layout->count :
												  layout_search(layout, as_of, true);
	int64 times[LAYOUT_BLOCK];
	uint64 masks[LAYOUT_BLOCK];
	MonotoneCursor cursor;
	uint64 possible;
	uint64 events = 0; /* of the interactions not yet taken, which are of one time */
	int64 time = NEVER;
	bool several = false;
	bool ambiguous = false;

	*depth = 0;
	if (count == 0)
		return true;
	events_bind(program->reader, layout);
	possible = events_possible(program->reader);
	for (run.steps = 0; run.steps < chain->steps; run.steps++)
	{
		if ((possible >> chain->event[run.steps] & 1) == 0)
			break;
	}
	if (run.steps == 0 || (whole && run.steps < chain->steps))
		return true;
	for (uint32 s = 0; s <= run.steps; s++)
		run.reached[s] = NEVER;

	cursor = layout_seek(layout, 0);
	for (uint32 done = 0; done < count && run.depth < run.steps; done += LAYOUT_BLOCK)
	{
		uint32 block = Min(count - done, LAYOUT_BLOCK);

		CHECK_FOR_INTERRUPTS();
		events_read(program->reader, done, block, masks);
		layout_next_times(layout, &cursor, block, times);
		for (uint32 i = 0; i < block; i++)
		{
			uint64 mask = masks[i] & chain->events;

			if (mask == 0)
				continue;
			if (likely(times[i] != time))
			{
				if (several && ambiguous)
					return false;
				if (events != 0)
					take_events(&run, events, several, time);
				if (run.depth == run.steps)
					break;
				time = times[i];
				events = mask;
				several = false;
				ambiguous = false;
			}
			else
			{
				/* seq may tell them apart; rare enough to leave it to the caller */
				if (layout_find(layout, "seq", 3, ATTRIBUTE_INTEGER) != NULL)
					return false;
				ambiguous = ambiguous || serves_several(chain, events) ||
					serves_several(chain, mask);
				events |= mask;
				several = true;
			}
		}
	}
	if (run.depth < run.steps && events != 0)
	{
		if (several && ambiguous)
			return false;
		take_events(&run, events, several, time);
	}
	*depth = run.depth;
	return true;
}
