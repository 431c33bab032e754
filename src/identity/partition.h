/*
 * partition.h
 *		Which names are one customer: links in an order, each accepted or refused.
 *
 * A greedy union-find.  The links come in the order in which they count; each
 * joins the sets of its ends unless a guard forbids it.  Knows numbers only: no
 * tables, no texts but through the questions that its caller answers.
 */
#ifndef CRM_PARTITION_H
#define CRM_PARTITION_H

/* What became of a link. */
typedef enum Outcome
{
	LINK_BOND,   /* joined two sets */
	LINK_INSIDE, /* its ends were in one set already */
	LINK_BLOCKED,
	LINK_TENANT,
	LINK_NEVER,
	LINK_LIMIT,
	LINK_DEGREE,
	LINK_CLUSTER,
	LINK_LOOKS_LIKE,
} Outcome;

/* A link in force; a < b. */
typedef struct Link
{
	int64 noted_at;
	uint32 a;
	uint32 b;
	int16 grade;
	uint8 outcome;
} Link;

/* Why a link was refused: what x and y are depends on the guard. */
typedef struct Refusal
{
	uint32 link;
	uint32 x;
	uint32 y;
} Refusal;

/* Two names that are never one customer. */
typedef struct NeverPair
{
	uint32 a;
	uint32 b;
} NeverPair;

/* What is before the value of a name. */
typedef struct Head
{
	uint32 tenant;
	uint32 space; /* the number of its namespace */
} Head;

/* What the DBA allows in a namespace; 0 = as much as there is. */
typedef struct SpaceLimit
{
	uint32 per_customer;
	uint32 degree;
	uint32 rank;     /* its place in the order of the namespaces' names */
	bool confusable; /* can two of its values look alike? */
} SpaceLimit;

typedef struct Guards
{
	uint32 name_count;
	const uint32 *head_of; /* one a name */
	const Head *heads;
	const SpaceLimit *spaces;
	uint32 cluster;
	const NeverPair *nevers;
	uint32 never_count;
	/* what a name looks like as a hash, and whether two look the same */
	uint64 (*look)(void *caller, uint32 name);
	bool (*look_same)(void *caller, uint32 name, uint32 other);
	void *caller;
} Guards;

typedef struct Partition
{
	uint32 *parent;
	Refusal *refusals;
	uint32 refusal_count;
	uint32 bond_count;
} Partition;

/* Goes through the links in their order and writes each one's outcome. */
extern Partition *partition_links(const Guards *guards, Link *links, uint32 count);

/* The set of a name, as one of its names; shortens the way there. */
static inline uint32
set_of(uint32 *parent, uint32 name)
{
	while (parent[name] != name)
	{
		parent[name] = parent[parent[name]];
		name = parent[name];
	}
	return name;
}

#endif /* CRM_PARTITION_H */
