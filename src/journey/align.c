/*
 * align.c
 *		The cheapest alignment of a timeline to a pattern.
 *
 * Dynamic programming over (interactions, states): what each state costs after
 * the interactions so far.
 */
#include "postgres.h"

#include "journey/align.h"

/* What the deviations remember of every interaction and state. */
#define MAX_STEP_BYTES ((Size) 1024 * 1024 * 1024)

/* Lets elements be skipped: one more for each edge that takes no interaction. */
static void
skip_elements(Alignment *alignment, Arrival *arrive)
{
	const Program *program = alignment->program;
	uint64 *cost = alignment->cost;
	bool changed = true;

	/* one pass reaches all that lies ahead; loops lead back and may need some more */
	while (changed)
	{
		changed = false;
		for (uint32 s = 0; s < alignment->states; s++)
		{
			const ProgramState *state = &program->states[s];

			for (uint32 e = 0; e < state->edge_count && cost[s] < FAR; e++)
			{
				uint32 target = program->edges[state->edges + e].target;

				if (cost[s] + DEVIATION >= cost[target])
					continue;
				cost[target] = cost[s] + DEVIATION;
				changed = changed || target < s;
				if (arrive != NULL)
					arrive[target] = (Arrival) {s, state->edges + e, false};
			}
		}
	}
}

/* The interaction is extra, or an element's. */
void
take_interaction(Alignment *alignment, uint64 mask, Arrival *arrive)
{
	const Program *program = alignment->program;
	uint64 *swap = alignment->before;

	alignment->before = alignment->cost;
	alignment->cost = swap;
	for (uint32 s = 0; s < alignment->states; s++)
	{
		alignment->cost[s] = Min(alignment->before[s] + DEVIATION, FAR);
		if (arrive != NULL)
			arrive[s] = (Arrival) {s, EXTRA, true};
	}
	for (uint32 s = 0; s < alignment->states; s++)
	{
		const ProgramState *state = &program->states[s];

		for (uint32 e = 0; e < state->edge_count && alignment->before[s] < FAR; e++)
		{
			const ProgramEdge *edge = &program->edges[state->edges + e];

			if ((mask >> edge->event & 1) == 0 ||
				alignment->before[s] - 1 >= alignment->cost[edge->target])
				continue;
			alignment->cost[edge->target] = alignment->before[s] - 1;
			if (arrive != NULL)
				arrive[edge->target] = (Arrival) {s, state->edges + e, true};
		}
	}
	skip_elements(alignment, arrive);
}

uint32
best_end(const Alignment *alignment)
{
	uint32 best = PG_UINT32_MAX;

	for (uint32 s = 0; s < alignment->states; s++)
	{
		if ((alignment->program->states[s].flags & STATE_ACCEPTS) != 0 &&
			(best == PG_UINT32_MAX || alignment->cost[s] < alignment->cost[best]))
			best = s;
	}
	return best;
}

uint32
begin_alignment(Alignment *alignment, const Program *program, uint32 interactions, bool remember)
{
	alignment->program = program;
	alignment->states = program->header->states;
	alignment->cost = palloc(sizeof(uint64) * alignment->states);
	alignment->before = palloc(sizeof(uint64) * alignment->states);
	alignment->arrive = NULL;
	if (remember)
	{
		Size bytes = sizeof(Arrival) * alignment->states * ((Size) interactions + 1);

		if (bytes > MAX_STEP_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("deviations of %u interactions from a pattern of %u states need %zu bytes, "
							"the limit is %zu",
							interactions, alignment->states, bytes, MAX_STEP_BYTES),
					 errhint("Use conformance(), or slice() first.")));
		alignment->arrive = palloc_extended(bytes, MCXT_ALLOC_HUGE);
	}
	for (uint32 s = 0; s < alignment->states; s++)
		alignment->cost[s] = s == 0 ? NO_COST : FAR;
	skip_elements(alignment, alignment->arrive);
	return deviations_of(alignment->cost[best_end(alignment)]);
}
