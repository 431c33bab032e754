/*
 * program.h
 *		A pattern as the matcher runs it.
 *
 * An automaton without empty moves.  A state says which elements were used so
 * far; an edge uses one more interaction.  What a decision needs to know of the
 * interactions used is kept in registers, each the index of an interaction or
 * the number of an attribute's value; an edge has guards that read registers and
 * actions that write them.
 *
 *	registers: "last" of each thread (the whole is one, each item of an any-order
 *			 group is one more), the first of each sequence with a total,
 *			 the values of each sequence with "same", the interaction that
 *			 an any-order group behind => still waits for
 *
 * Stored behind the canonical text in a pattern, as the sections below one after
 * another, each at a multiple of 8 bytes; program_load() gives them as arrays.
 */
#ifndef CRM_PATTERN_PROGRAM_H
#define CRM_PATTERN_PROGRAM_H

#include "pattern/tree.h"

#define PROGRAM_VERSION 1

#define MAX_STATES 1024
#define MAX_EDGES 65535
#define MAX_INSTRUCTIONS 65535
#define MAX_REGISTERS 32

/* The register of the last interaction by elements. */
#define LAST_REGISTER 0

typedef enum Operation
{
	/* guards: reg is read, the interaction at hand is i */
	GUARD_GATE,       /* i lies within gate arg of reg */
	GUARD_NEXT,       /* i is the successor of reg */
	GUARD_AFTER,      /* i comes after reg */
	GUARD_WITHOUT,    /* event arg has no place strictly between those of reg and i */
	GUARD_WITHIN,     /* i lies at most duration arg after reg */
	GUARD_FIRST,      /* i is the timeline's first */
	GUARD_ABSENT,     /* event arg is not in [i - d, i), d the duration that follows */
	GUARD_SAME,       /* attribute arg of i has the value in reg */
	GUARD_PRESENT,    /* i has attribute arg */
	GUARD_END,        /* reg is the last interaction seen */
	GUARD_WANTED,     /* the interaction that reg waits for has come */
	GUARD_NOT_BEFORE, /* i does not come before the one that reg waits for */
	/* what the guard before them is limited to */
	ONLY_SAME,         /* interactions whose attribute arg has the value in reg */
	ONLY_SAME_AS_THIS, /* the value that i has */
	/* the duration of the guard before */
	FOR_DURATION,
	/* actions: reg is written */
	SET_INDEX,    /* i */
	SET_GREATEST, /* i, if it is greater */
	SET_VALUE,    /* attribute arg of i */
	WANT_NOTHING,
	WANT_FIRST,   /* the timeline's first, if i is not it */
	WANT_NEXT,    /* the successor of the register in arg, if i is not it */
	WANT_NO_MORE, /* nothing, if i is what reg waits for */
} Operation;

typedef struct Instruction
{
	uint8 operation;
	uint8 reg;
	uint16 arg;
} Instruction;

typedef struct Gate
{
	Duration least;
	Duration most;
	int32 has_least;
	int32 has_most;
} Gate;

typedef struct ProgramEdge
{
	uint16 target;
	uint16 element; /* of the branch: what the interaction is used for */
	uint16 event;
	uint16 guard_count;
	uint32 guards;
	uint16 action_count;
	uint16 unused;
	uint32 actions;
} ProgramEdge;

/* Flags of a state. */
#define STATE_ACCEPTS 0x01  /* the pattern is matched, if the guards hold (or at the deadline) */
#define STATE_AT_STEP 0x02  /* the cut after step depth is matched, if its guards hold */
#define STATE_DEADLINE 0x04 /* STATE_ACCEPTS only when a final absence has passed */

typedef struct ProgramState
{
	uint32 edges;
	uint16 edge_count;
	uint16 branch;
	uint16 depth; /* required steps done */
	uint16 flags;
	uint32 live;            /* registers that are read before they are written */
	uint32 exact;           /* of these, those whose value must be equal, not only as late */
	uint16 guard_count;     /* of STATE_ACCEPTS */
	uint16 cut_guard_count; /* of STATE_AT_STEP */
	uint32 guards;
	uint32 cut_guards;
	uint16 absence; /* STATE_DEADLINE: which */
	uint16 unused[3];
} ProgramState;

/* A final absence. */
typedef struct ProgramAbsence
{
	uint16 event;
	uint16 duration;
	uint16 guard_count; /* ONLY_SAME instructions that limit it */
	uint16 last_register;
	uint32 guards;
	uint32 unused;
} ProgramAbsence;

typedef struct ProgramBranch
{
	uint16 first_label; /* of its elements in the labels */
	uint16 elements;
	uint16 steps;   /* required elements, the final absence included */
	uint16 absence; /* 1 = its last element is an absence */
	uint16 unused[3];
} ProgramBranch;

typedef struct ProgramLabel
{
	uint32 text; /* of the element, in the texts */
	uint32 length;
	uint16 step; /* from 1 on; 0 = not a step */
	uint16 unused[3];
} ProgramLabel;

typedef struct ProgramAttribute
{
	uint32 text;
	uint32 length;
} ProgramAttribute;

/* What is known of a register over all states. */
typedef struct ProgramRegister
{
	int64 least;     /* microseconds, at least those of any gate that reads it; 0 = none */
	uint16 has_next; /* some guard asks for its successor */
	uint16 has_end;
	uint16 has_months; /* some guard asks for at most some months after it */
	uint16 unused;
} ProgramRegister;

typedef struct ProgramHeader
{
	uint32 version;
	uint32 states; /* [0] = nothing used yet */
	uint32 edges;
	uint32 instructions;
	uint32 gates;
	uint32 durations;
	uint32 registers;
	uint32 absences;
	uint32 branches;
	uint32 labels;
	uint32 attributes;
	uint32 text_bytes;
	uint32 event_bytes;
	uint32 event_count;
	uint32 flags;
	uint32 unused;
	uint64 uses;     /* events that an edge uses */
	uint64 excludes; /* events that must not be somewhere */
} ProgramHeader;

/* Flags of a program. */
#define PROGRAM_BY_INDEX 0x01 /* which of two simultaneous equals is used can matter */
#define PROGRAM_NO_TIME 0x02  /* some final absence has no duration */

typedef struct Program
{
	const ProgramHeader *header;
	const ProgramState *states;
	const ProgramEdge *edges;
	const Instruction *instructions;
	const Gate *gates;
	const Duration *durations;
	const ProgramRegister *registers;
	const ProgramAbsence *absences;
	const ProgramBranch *branches;
	const ProgramLabel *labels;
	const ProgramAttribute *attributes;
	const char *texts;
	const char *events; /* see events.h */
	struct EventReader *reader;
	const uint16 *most_uses; /* by event: the interactions that one match can use for it */
} Program;

#define NO_MOST_USES PG_UINT16_MAX

/* Appends the program of a tree; false and an error where it is beyond a limit. */
extern bool pattern_compile(const PatternNode *tree, StringInfo out, PatternError *error);

/* Binds a program to its bytes, which must be at a multiple of 8; allocates in the current context. */
extern void program_load(Program *program, const char *bytes, Size length);

/* The tests of a program that is nothing but one event, or alternatives of it; 0 for any other. */
extern uint64 program_events(const Program *program);

/* time + duration, and time - duration, in UTC; saturates. */
extern int64 add_duration(int64 time, const Duration *duration);
extern int64 subtract_duration(int64 time, const Duration *duration);

#endif /* CRM_PATTERN_PROGRAM_H */
