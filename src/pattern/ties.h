/*
 * ties.h
 *		The interactions of a place, and which of them are still unused.
 */
#ifndef CRM_PATTERN_TIES_H
#define CRM_PATTERN_TIES_H

#include "pattern/search.h"

/* Sorts beyond which there are more than MAX_TIE_WAYS ways: each has two at least. */
#define MAX_TIE_SORTS 12

/* Interactions of a tie that serve equally in everything. */
typedef struct Sort
{
	uint32 first;  /* among those by sort: the first one that may be unused */
	uint32 end;    /* of them */
	uint32 unused; /* of them */
	uint32 most;   /* that one match can use */
	uint32 live;   /* where it stands among the live sorts */
	uint8 shared;  /* the reason that all its unused members have */
} Sort;

#define NOT_SHARED 0xFF

/* A sort as a step sees it: unused interactions that serve equally, in total order. */
typedef struct Choice
{
	uint32 sort;
	uint32 first; /* among those picked */
	uint32 count;
	uint32 weight; /* in a code */
} Choice;

/* The interactions of one place that some event accepts. */
typedef struct Tie
{
	uint32 from; /* the interactions of the place; NO_TIE = of none */
	uint32 to;
	uint32 count;
	uint32 size;
	uint32 head;   /* no member before it is unused */
	uint32 unused; /* members */
	/* by member, in total order */
	uint32 *index;
	uint32 *sort;
	bool *used;
	/* by sort: numbers of members */
	uint32 *by_sort;
	Sort *sorts;
	uint32 sort_count;
	uint32 *live; /* sorts with unused members */
	uint32 live_count;
} Tie;

#define NO_TIE PG_UINT32_MAX

/* Reads the place that begins with interaction from into a tie. */
extern void tie_load(Search *search, Tie *tie, uint32 from);

/* Marks an interaction of the place as used. */
extern void tie_use(Tie *tie, uint32 index);

/*
 * Picks the unused members, of each sort as many as can make a difference.  How
 * many sorts there are; 0 where there are none, or too many ways to use them.
 */
extern uint32 tie_choices(Search *search, Tie *tie);

#endif /* CRM_PATTERN_TIES_H */
