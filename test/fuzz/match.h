/*
 * match.h
 *		A pattern and a timeline from the bytes of an input, and what must be true
 *		of the matches.
 */
#ifndef CRM_FUZZ_MATCH_H
#define CRM_FUZZ_MATCH_H

#include "pattern/chain.h"
#include "pattern/search.h"

#include "value.h"

/* The bytes of an input, from the front on; where there are no more, zeros. */
typedef struct Bytes
{
	const uint8 *at;
	const uint8 *end;
} Bytes;

static inline uint8
take_byte(Bytes *bytes)
{
	return bytes->at < bytes->end ? *bytes->at++ : 0;
}

/* A pattern that the bytes choose; with zeros it comes to its end soon. */
extern char *pattern_of_bytes(Bytes *bytes);

/* One interaction; its values are absent where they are NULL. */
typedef struct Happening
{
	int64 time;
	const char *kind;
	const char *channel;
	const char *direction;
	const char *agent;
	const char *x;        /* as a text */
	const double *number; /* x as a number */
	const double *value;
	bool has_seq;
	int64 seq;
} Happening;

/* So few that every way to use those of a tie is tried, and soon. */
#define MAX_HAPPENINGS 8

typedef struct Story
{
	uint32 count;
	Happening happening[MAX_HAPPENINGS];
} Story;

/* What the bytes say happened, one interaction each three of them. */
extern void story_of_bytes(Story *story, Bytes *bytes);

/* The timeline of a story, some interaction left out (or none: its count); in either order. */
extern Value build_story(const Story *story, uint32 left_out, bool backwards);

/* What does not fit together is a finding. */
extern void check_matches(const Program *program, const Story *story, int64 as_of);

#endif /* CRM_FUZZ_MATCH_H */
