/*
 * facts.h
 *		What was asserted and observed about pairs of names, and what of it is in
 *		force.
 */
#ifndef CRM_FACTS_H
#define CRM_FACTS_H

#include "identity/partition.h"

typedef enum FactKind
{
	FACT_OBSERVED,
	FACT_SAME,
	FACT_NEVER,
	FACT_UNLINK,
} FactKind;

/* One fact; a < b. */
typedef struct Fact
{
	int64 noted_at;
	int64 id; /* of an asserted one */
	uint32 a;
	uint32 b;
	int16 grade;
	uint8 kind;
} Fact;

typedef struct FactList
{
	Fact *facts;
	Size count;
	Size size;
} FactList;

/* What is in force of facts. */
typedef struct Force
{
	Link *links; /* in the order in which they count; blocked ones last, marked as such */
	uint32 count;
	uint32 open; /* those that are not blocked */
	NeverPair *nevers;
	uint32 never_count;
} Force;

extern void facts_start(FactList *list);

/* Adds a fact about two different names, in any order. */
extern void facts_add(FactList *list, Fact fact);

/*
 * What of facts is in force; sorts them.  A fact may be listed several times.
 * blocked has a flag for every name.
 */
extern void facts_judge(Fact *facts, Size count, const bool *blocked, Force *force);

/* Sorts links by their ends. */
extern void links_by_ends(Link *links, uint32 count);

#endif /* CRM_FACTS_H */
