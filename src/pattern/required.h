/*
 * required.h
 *		What a timeline must have for a pattern to match, in whatever order.
 *
 * A formula of interactions, by kind or by kind and channel: every timeline that
 * has a match satisfies it, as of any moment.  It says less than the pattern
 * does; it is what an index can answer.
 */
#ifndef CRM_REQUIRED_H
#define CRM_REQUIRED_H

#include "nodes/pg_list.h"

#include "timeline/layout.h"

/* Some interaction of that kind; where it is said, in that channel. */
typedef struct RequiredInteraction
{
	TextSlice kind;
	bool has_channel;
	TextSlice channel;
} RequiredInteraction;

typedef enum RequirementType
{
	REQUIRE_INTERACTION,
	REQUIRE_ALL, /* of none: anything will do */
	REQUIRE_ANY,
} RequirementType;

typedef struct Requirement
{
	RequirementType type;
	uint32 interaction; /* INTERACTION: its number */
	List *parts;        /* ALL, ANY: of Requirement */
} Requirement;

typedef struct Required
{
	Requirement *whole;
	uint32 count;
	RequiredInteraction *interaction; /* that the whole asks for, each once */
} Required;

/* Interactions that one formula names at the most; what would name more is left out. */
#define MAX_REQUIRED 1024

/* What the pattern in a Datum requires; allocates in the current context. */
extern Required *pattern_required(Datum pattern);

/* Whether a requirement is met by any timeline. */
static inline bool
requires_nothing(const Requirement *requirement)
{
	return requirement->type == REQUIRE_ALL && requirement->parts == NIL;
}

#endif /* CRM_REQUIRED_H */
