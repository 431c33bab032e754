/*
 * align.h
 *		The cheapest alignment of a timeline to a pattern.
 */
#ifndef CRM_ALIGN_H
#define CRM_ALIGN_H

#include "pattern/program.h"

/*
 * A cost counts deviations in its high half; the low half falls with each
 * interaction that is matched, so of equally cheap alignments the one that
 * matches most is cheapest.
 */
#define DEVIATION (UINT64CONST(1) << 32)
#define NO_COST (UINT64CONST(1) << 31)
#define FAR (PG_UINT64_MAX / 2)

/* How a state was reached: over which edge, and whether that took an interaction. */
typedef struct Arrival
{
	uint32 from; /* state */
	uint32 edge; /* EXTRA: the interaction was left out */
	bool matched;
} Arrival;

#define EXTRA PG_UINT32_MAX

typedef struct Alignment
{
	const Program *program;
	uint32 states;
	uint64 *cost;    /* by state, after the interactions so far */
	uint64 *before;  /* the same, one interaction earlier */
	Arrival *arrive; /* (interactions + 1) rows of states, where asked for */
} Alignment;

static inline uint32
deviations_of(uint64 cost)
{
	return (uint32) ((cost + DEVIATION - NO_COST - 1) >> 32);
}

/* Interactions matched in an alignment of that cost. */
static inline uint32
matched_of(uint64 cost)
{
	return (uint32) (NO_COST + DEVIATION * deviations_of(cost) - cost);
}

/*
 * Begins an alignment with no interaction; returns the elements of the shortest
 * way.  Where it is to remember how it came about, there is a row of arrivals
 * for each of that many interactions.
 */
extern uint32 begin_alignment(Alignment *alignment, const Program *program, uint32 interactions,
							  bool remember);

/* Takes one interaction, which these events accept; O(edges). */
extern void take_interaction(Alignment *alignment, uint64 mask, Arrival *arrive);

/* The state in which the cheapest alignment ends. */
extern uint32 best_end(const Alignment *alignment);

#endif /* CRM_ALIGN_H */
