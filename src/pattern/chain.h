/*
 * chain.h
 *		The commonest patterns, run without remembering ways.
 */
#ifndef CRM_PATTERN_CHAIN_H
#define CRM_PATTERN_CHAIN_H

#include "pattern/events.h"
#include "pattern/program.h"

#define MAX_CHAIN_STEPS 32

/* The step of an event that stands at several. */
#define SEVERAL_STEPS 0xFF

/* Events one after another, within one total or with gates that have no least time. */
typedef struct Chain
{
	uint32 steps;  /* 0 = the pattern is none */
	bool by_start; /* times count from the first interaction, not from the one before */
	uint8 event[MAX_CHAIN_STEPS];
	uint8 step_of_event[MAX_EVENTS];
	int64 most
		[MAX_CHAIN_STEPS]; /* microseconds that an interaction may lie after; PG_INT64_MAX = any */
	uint64 events;
} Chain;

/* The chain that a program is, if it is one. */
extern void chain_find(Chain *chain, const Program *program);

/*
 * How many steps the interactions up to as_of reach, of a timeline that is open
 * as far as its kinds; false where simultaneous ones are beyond a chain: then
 * the timeline is open altogether.  O(interactions) at most.
 */
extern bool chain_depth(const Chain *chain, const Program *program, Layout *layout, int64 as_of,
						bool whole, uint32 *depth);

#endif /* CRM_PATTERN_CHAIN_H */
