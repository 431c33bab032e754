/*
 * ways.h
 *		How a search remembers the ways that interactions were used so far.
 *
 * Private to ways.c and search.c.
 */
#ifndef CRM_PATTERN_WAYS_H
#define CRM_PATTERN_WAYS_H

#include "pattern/occurrences.h"
#include "pattern/search.h"
#include "pattern/ties.h"

#define NO_START PG_UINT32_MAX
#define NO_WAIT (-1)

/*
 * What an any-order group waits for: the index of an interaction, or ~ of it
 * once it has come; the group may use none before it.  ~0 = none.
 */
#define NOTHING_WANTED (~0)

/* One way to have used interactions; registers follow. */
typedef struct Way
{
	uint32 start; /* place of the first interaction */
	const Used *used;
	int32 reg[FLEXIBLE_ARRAY_MEMBER];
} Way;

typedef struct WayList
{
	char *ways;
	uint32 first; /* those before it are gone */
	uint32 count; /* with them */
	uint32 size;
	uint32 prune_at;
} WayList;

/* The ways of a state that have some values. */
typedef struct Part
{
	WayList list;
	uint32 next;  /* of the state's parts, from 1 on */
	uint32 run;   /* that it is of; in any other one it is empty */
	uint32 visit; /* the tie that has followed its ways */
} Part;

/* A way inside a tie. */
typedef struct TieWay
{
	uint16 state;
	uint32 code; /* how many of each sort are used */
	uint32 next; /* in its bucket, from 1 on */
} TieWay;

struct Search
{
	const View *view;
	const Program *program;
	MemoryContext context;
	struct Occurrences *occurrences;
	uint32 registers;
	bool by_index; /* of simultaneous interactions it matters which one is used */
	Size way_bytes;
	uint64 *state_events; /* events of the edges of a state */
	WayList *lists;       /* by state */
	WayList *waiting;     /* by state: too young for gates with a least time, oldest first */
	/* where "same" is asked for, the lists of the states concerned are parted by value */
	uint32 value_registers;
	struct parttable_hash *part_table;
	Part *parts;
	uint32 part_count;
	uint32 part_size;
	uint32 *first_part; /* by state */
	uint32 runs;
	uint32 visits;
	int8 *waits_on;  /* by state: the register that such gates read, or NO_WAIT */
	bool *only_ripe; /* by edge: no waiting way can pass its gate */
	uint16 *active;  /* states with ways */
	uint32 active_count;
	bool *is_active;
	/* where the search begins */
	uint32 from;    /* the first interaction of the first place */
	bool from_used; /* the only interaction of that place is used */
	Tie from_tie;   /* the interactions of that place */
	Tie other_tie;  /* those of another place */
	/* where it is: the first interaction of the place at hand, and of its time */
	uint32 place_from;
	uint32 time_from;
	/* what it looks for */
	Goal goal;
	bool ends_with_element; /* some match that it looks for does */
	uint64 ending;          /* events of the interactions that such a match ends with */
	uint32 *next_ending;    /* by interaction: the first one from there on that may end one */
	bool *ends_with;        /* by absence: some match that it looks for does */
	bool want_start;        /* of matches that end together, the one that begins last */
	bool want_used;
	uint32 only_start; /* place where it must begin, or NO_START */
	uint16 *depths;
	uint8 *reasons; /* why an interaction is not used, where asked for */
	uint8 failed;   /* the guard that did not hold last */
	/* ways made by the interaction at hand */
	char *fresh;
	uint16 *fresh_state;
	uint32 fresh_count;
	uint32 fresh_size;
	/* the best of the matches that end here */
	bool in_total_order; /* the place at hand is read so */
	bool found;
	bool better; /* one was found since this was last set to false */
	Match best;
	/* a tie */
	Choice choices[MAX_TIE_SORTS];
	uint32 *members; /* picked */
	TieWay *tie;
	char *tie_ways;
	uint32 tie_count;
	uint32 tie_size;
	uint32 *buckets;
	uint32 bucket_count;
	int32 *element_counts; /* scratch */
	MemoryContext uses;    /* Used */
};

static inline Way *
way_at(const Search *search, char *ways, uint32 i)
{
	return (Way *) (ways + search->way_bytes * i);
}

/* The registers by whose values the ways of a state are parted; 0 = not at all. */
static inline uint32
value_registers(const Search *search, uint16 state)
{
	return search->value_registers & search->program->states[state].exact;
}

/* See parts.c. */
extern void find_value_registers(Search *search);
extern WayList *part_of_way(Search *search, uint16 number, const Way *way);
extern uint32 parts_of_edge(Search *search, uint16 number, const ProgramEdge *edge, uint32 i,
							bool *only);

/* The values that the limits behind a guard ask for, as they stand after a way and interaction i. */
extern void values_asked(const View *view, const Instruction *limit, uint32 count, const Way *way,
						 uint32 i, uint32 *values);

/* Whether all guards let interaction i follow way; if not, search->failed says which did not. */
extern bool guards_hold(Search *search, uint32 guards, uint32 count, const Way *way, uint32 i);

/* Writes the registers of a way that has used interaction i. */
extern void run_actions(const Search *search, uint32 actions, uint32 count, Way *way, uint32 i);

/* What a way has used after it followed edge over interaction i. */
extern const Used *use(Search *search, const Way *way, uint32 i, const ProgramEdge *edge);

/* Whether a is reported rather than b: > 0, 0 or < 0; O(what they do not share). */
extern int compare_used(Search *search, const Used *a, const Used *b);

/* Whether way a can become whatever b can, and no worse; both in one state at interaction i. */
extern bool dominates(Search *search, const ProgramState *state, const Way *a, const Way *b,
					  uint32 i);

/* Lets the ways of a state that are old enough out of those that wait. */
extern void ripen(Search *search, uint16 number, uint32 i);

/* Throws out ways that cannot become better than the best match in total order; whether any is left. */
extern bool any_way_left(Search *search);

/* Adds a way to those of a state, unless one of them is as good; whether it did. */
extern bool keep_way(Search *search, uint16 number, const Way *way, uint32 i);

#endif /* CRM_PATTERN_WAYS_H */
