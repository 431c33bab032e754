/*
 * compiler.h
 *		What a program is made of while it is compiled.
 *
 * Private to compile.c and moves.c.
 */
#ifndef CRM_PATTERN_COMPILER_H
#define CRM_PATTERN_COMPILER_H

#include "lib/stringinfo.h"

#include "pattern/events.h"
#include "pattern/program.h"

#define NO_REGISTER 0xFF

/* A growing list of instructions. */
typedef struct Code
{
	Instruction *instruction;
	uint32 count;
	uint32 size;
} Code;

/* What a progress of a node looks like: the bytes of one node and what is inside of it. */
typedef struct Progress
{
	const uint16 *words;
	uint32 count;
} Progress;

/* One possible next interaction of a node. */
typedef struct Move
{
	int event;
	uint8 wanting;  /* register of the any-order group that it begins, or NO_REGISTER */
	uint16 element; /* of the outermost sequence */
	Code guards;
	Code actions;
	uint16 *words; /* the progress that it leads to */
	uint32 count;
	struct Move *next;
} Move;

/* Where in the tree a node stands. */
typedef struct Place
{
	uint8 thread; /* the register of its last interaction */
	Code limits;  /* ONLY_SAME of the sequences around */
	Arrow arrow;  /* that enters it, where it is parentheses around one element and nothing else */
} Place;

/* What a node was given. */
typedef struct NodeRegisters
{
	const PatternNode *node;
	uint8 scope;   /* SEQUENCE with totals: its first interaction */
	uint8 same;    /* SEQUENCE: the first of its values */
	uint8 wanting; /* ANY_ORDER */
	uint8 threads; /* ANY_ORDER: the first of its items' */
	struct NodeRegisters *next;
} NodeRegisters;

typedef struct Compiler
{
	EventTest *events[MAX_EVENTS];
	int event_count;
	NodeRegisters *registers;
	uint32 register_count;
	ProgramRegister reg[MAX_REGISTERS];
	bool has_next; /* some arrow is => */
	uint64 uses;
	uint64 excludes;
	uint32 flags;
	struct progresstable_hash *table;
	Progress progress[MAX_STATES];
	ProgramState states[MAX_STATES];
	uint32 state_count;
	StringInfoData edges;
	StringInfoData instructions;
	StringInfoData gates;
	StringInfoData durations;
	StringInfoData absences;
	StringInfoData labels;
	StringInfoData attributes;
	StringInfoData texts;
	uint32 label_count;
	ProgramBranch *branches;
	const PatternNode **branch_nodes;
	uint32 branch_count;
	PatternError *error;
	bool failed;
} Compiler;

/* compile.c */

extern void fail(Compiler *compiler, const char *message, uint64 number, uint64 limit,
				 const char *hint);
extern void emit(Code *code, Operation operation, uint8 reg, uint32 arg);
extern void emit_all(Code *code, const Code *more);
extern Code join(const Code *a, const Code *b);
extern uint32 intern(StringInfo section, const void *entry, Size size);
extern uint32 intern_duration(Compiler *compiler, const Duration *duration);
extern uint32 intern_attribute(Compiler *compiler, TextSlice name);
extern uint32 write_code(Compiler *compiler, const Code *code);
extern int intern_event(Compiler *compiler, EventTest *event);
extern int64 duration_bound(const Duration *duration);
extern const NodeRegisters *registers_of(const Compiler *compiler, const PatternNode *node);

/* moves.c */

extern Move *first_moves(Compiler *compiler, const PatternNode *node, const Place *place);
extern Move *next_moves(Compiler *compiler, const PatternNode *node, const Place *place,
						Progress progress);
extern bool complete(Compiler *compiler, const PatternNode *node, const Place *place,
					 Progress progress, Code *guards, int *absence);
extern Place inside(Compiler *compiler, const PatternNode *node, const Place *place);
extern bool skippable(const Element *element);

/* The part of a progress from some word on. */
static inline Progress
rest(Progress progress, uint32 from)
{
	Progress result;

	result.words = progress.words + from;
	result.count = progress.count - from;
	return result;
}

#endif /* CRM_PATTERN_COMPILER_H */
