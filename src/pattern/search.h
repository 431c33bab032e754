/*
 * search.h
 *		Finds the matches of a program in one timeline.
 */
#ifndef CRM_PATTERN_SEARCH_H
#define CRM_PATTERN_SEARCH_H

#include "pattern/events.h"
#include "pattern/program.h"

/* Ways to use a tie's interactions up to which every one is tried. */
#define MAX_TIE_WAYS 4096

/* A timeline as far as it is seen, bound to a program. */
typedef struct View
{
	const Program *program;
	const Layout *layout;
	int64 as_of;  /* DT_NOEND = everything */
	uint32 count; /* interactions seen */
	int64 *times;
	uint32 *places;    /* number of the place, from 0 on */
	uint64 *masks;     /* events that accept the interaction */
	uint32 **values;   /* of each attribute of the program */
	int32 **last_seen; /* by event: the last one accepted up to here, or -1; only excluded ones */
} View;

/* An interaction of a match and what it is used for; the one before it, in total order, is the parent. */
typedef struct Used
{
	struct Used *parent;
	uint32 index;
	uint32 first; /* the index of the first one */
	uint32 count; /* with those before it */
	uint32 turn;  /* when it was used: in a tie not in total order */
	uint32 last;  /* the last one by elements, then */
	uint16 branch;
	uint16 element;
} Used;

typedef struct Match
{
	uint32 first_place;
	uint32 last;   /* index of the last interaction */
	int64 ends_at; /* its time, or the deadline */
	bool at_deadline;
	const Used *used; /* where asked for */
} Match;

/* What a search looks for. */
typedef struct Goal
{
	bool cut; /* the cut of branch after step depth, not the whole */
	uint16 branch;
	uint16 depth;
	bool branch_only; /* the whole, but of this branch alone */
} Goal;

typedef struct Search Search;

extern View *view_create(const Program *program, const Layout *layout, int64 as_of);
extern Search *search_create(const View *view);

/* Where the next search begins, and what it must not use: nothing at first. */
extern void search_after(Search *search, const Match *match);

/* Whether there is a match. */
extern bool search_any(Search *search, const Goal *goal);

/* The reported match, with the interactions that it uses. */
extern bool search_match(Search *search, const Goal *goal, Match *match);

/*
 * Why a search did not use an interaction: a guard of program.h that did not
 * hold, or one of these.  From LED_ON on the greater says more.
 */
#define NOT_WAITED_FOR 0x20
#define LED_ON 0x40        /* it was a step, and another match was found, or none */
#define NOT_OVER 0x41      /* the absence after it was not over */
#define ABSENCE_ENDED 0x42 /* the absence after it did not hold */
#define NOT_LAST 0x43      /* "=> end" follows it, and the timeline goes on */

/* Besides the reason: its tie had too many ways to try every one. */
#define IN_TOTAL_ORDER 0x80

/* From now on notes the reason of each interaction. */
extern void search_note_reasons(Search *search, uint8 *reasons);

/* The greatest number of steps done by some cut, of each branch. */
extern void search_depths(Search *search, uint16 *depths);

#endif /* CRM_PATTERN_SEARCH_H */
