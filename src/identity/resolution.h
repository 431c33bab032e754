/*
 * resolution.h
 *		One call of resolve(): what it reads, decides and writes.
 *
 *	gather.c     reads facts, and what followed from them before
 *	resolve.c    puts names in order, lets partition.c decide, finds the customers
 *	record.c     writes what changed
 *
 * While it reads, names have the numbers of their arrival; from then on their
 * places in the order of their bytes.
 */
#ifndef CRM_RESOLUTION_H
#define CRM_RESOLUTION_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/array.h"

#include "identity/facts.h"
#include "identity/names.h"

/* A row of the table membership. */
typedef struct Known
{
	int64 number;
	int64 customer;
	uint32 name;
} Known;

/* room for so many names at first */
#define FIRST_NAMES 1024

/* bytes of what one character looks like */
#define MAX_CHARACTER_LOOK 8

/* What a character of ASCII looks like; length 0 where that is not known. */
typedef struct CharacterLook
{
	uint8 length;
	char bytes[MAX_CHARACTER_LOOK];
} CharacterLook;

typedef struct Resolution
{
	MemoryContext context;
	MemoryContext scratch; /* for one text */
	Oid identity_type;
	Oid array_type;
	TimestampTz at;
	bool everything;

	/* read by number */
	Names *names;
	Names *blocked;
	FactList facts;
	Known *known;
	Size known_count;
	Size known_size;
	Link *bonds; /* as they were */
	uint32 bond_count;
	uint32 bond_size;
	bool *is_blocked;
	uint32 owner; /* of the observed link that was read last */
	uint32 degree;
	uint32 cluster;

	/* decided by place */
	int64 *number; /* 0 = new */
	int64 *before; /* the customer that was; 0 = none */
	int64 *customer;
	Force force;
	Partition *partition;
	Names *tenants;
	Names *spaces;
	Head *heads;
	uint32 head_count;
	uint32 *head_of;
	SpaceLimit *limits; /* one a namespace */
	bool knows_looks;
	FmgrInfo skeleton; /* identity_skeleton(), once looks are known */
	CharacterLook looks[128];
} Resolution;

/* Reads everything, or what the touched identities are connected to. */
extern void gather(Resolution *resolution, ArrayType *touched);

/* Reads the limits of the namespaces that there are. */
extern void gather_limits(Resolution *resolution);

/* Names as an array, for a query. */
extern Datum identity_array(const Resolution *resolution, const uint32 *numbers, uint32 count);

/* Writes what changed. */
extern void record_changes(Resolution *resolution);

/* The name at a place. */
static inline Text
name_at(const Resolution *resolution, uint32 place)
{
	return names_text(resolution->names, place);
}

#endif /* CRM_RESOLUTION_H */
