/*
 * keys.h
 *		What an index and the statistics keep of a timeline.
 *
 * A key is a hash of 64 bits: one for each kind that a timeline has, and one for
 * each pair of kind and channel.  Different ones may collide, and they say
 * nothing of order: what is found by keys is a candidate.
 *
 * The hashes stand in indexes on disk: never change them.
 */
#ifndef CRM_KEYS_H
#define CRM_KEYS_H

#include "pattern/required.h"

/* Keys of one timeline; one that has more gets the single key below. */
#define MAX_KEYS 65536

/* Of a timeline that has too many keys: it is a candidate for every pattern. */
#define EVERY_KEY UINT64CONST(0)

/* The keys of a timeline, int8 Datums; each once but for collisions. */
extern Datum *timeline_keys(Datum timeline, uint32 *count);

extern uint64 interaction_key(const RequiredInteraction *interaction);

#endif /* CRM_KEYS_H */
