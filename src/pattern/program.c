/*
 * program.c
 *		Opens a stored program.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pattern/events.h"
#include "pattern/program.h"

/* Takes the next section of a program. */
static const char *
take_section(const char *bytes, Size length, Size *at, uint64 count, Size size)
{
	const char *section;

	*at = TYPEALIGN(8, *at);
	if (*at > length || count * size > length - *at)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("pattern is corrupt"),
				errdetail("Its program ends early."));
	section = bytes + *at;
	*at += count * size;
	return section;
}

/*
 * How many interactions one match can use
 */

/* A walk through the states that finds those which lead back to each other (Tarjan, 1972). */
typedef struct Walk
{
	const Program *program;
	uint32 events;
	uint16 *most;  /* by state and event, from there on */
	uint32 *order; /* by state: when it was met; 0 = not yet */
	uint32 *low;   /* by state: the first met that it leads back to */
	bool *waiting; /* by state: it is on the stack */
	uint16 *stack;
	uint32 height;
	uint32 met;
} Walk;

/* What one state adds to the most uses from a group of states on that lead to each other. */
static void
add_uses(const Walk *walk, uint16 number, uint16 *most)
{
	const ProgramState *state = &walk->program->states[number];

	for (uint32 e = 0; e < state->edge_count; e++)
	{
		const ProgramEdge *edge = &walk->program->edges[state->edges + e];
		const uint16 *behind = walk->most + (Size) walk->events * edge->target;

		/* within the group there is no end of it */
		if (walk->waiting[edge->target])
		{
			most[edge->event] = NO_MOST_USES;
			continue;
		}
		for (uint32 event = 0; event < walk->events; event++)
		{
			uint32 uses = behind[event];

			if (event == edge->event && uses < NO_MOST_USES)
				uses++;
			most[event] = Max(most[event], (uint16) uses);
		}
	}
}

static void
visit_state(Walk *walk, uint16 number)
{
	const ProgramState *state = &walk->program->states[number];
	uint16 *most = walk->most + (Size) walk->events * number;
	uint32 group;

	check_stack_depth();
	walk->order[number] = walk->low[number] = ++walk->met;
	walk->waiting[number] = true;
	group = walk->height;
	walk->stack[walk->height++] = number;
	for (uint32 e = 0; e < state->edge_count; e++)
	{
		uint16 target = walk->program->edges[state->edges + e].target;

		if (walk->order[target] == 0)
		{
			visit_state(walk, target);
			walk->low[number] = Min(walk->low[number], walk->low[target]);
		}
		else if (walk->waiting[target])
			walk->low[number] = Min(walk->low[number], walk->order[target]);
	}
	if (walk->low[number] != walk->order[number])
		return;
	for (uint32 i = group; i < walk->height; i++)
		add_uses(walk, walk->stack[i], most);
	for (; walk->height > group; walk->height--)
	{
		uint16 member = walk->stack[walk->height - 1];

		walk->waiting[member] = false;
		if (member != number)
			memcpy(walk->most + (Size) walk->events * member, most, sizeof(uint16) * walk->events);
	}
}

/* By event, how many interactions one match can use for it; O(edges * events). */
static const uint16 *
find_most_uses(const Program *program)
{
	const ProgramHeader *header = program->header;
	uint32 states = header->states;
	uint16 *result = palloc0(sizeof(uint16) * Max(header->event_count, 1));
	Walk walk = {.program = program, .events = header->event_count};

	walk.most = palloc0(sizeof(uint16) * states * Max(header->event_count, 1));
	walk.order = palloc0(sizeof(uint32) * states);
	walk.low = palloc(sizeof(uint32) * states);
	walk.waiting = palloc0(sizeof(bool) * states);
	walk.stack = palloc(sizeof(uint16) * states);
	visit_state(&walk, 0);
	memcpy(result, walk.most, sizeof(uint16) * header->event_count);
	pfree(walk.most);
	pfree(walk.order);
	pfree(walk.low);
	pfree(walk.waiting);
	pfree(walk.stack);
	return result;
}

/* Binds a program to its bytes; they are checked to be all there. */
void
program_load(Program *program, const char *bytes, Size length)
{
	const ProgramHeader *header;
	Size at = 0;

	program->header = header = (const ProgramHeader *) take_section(bytes, length, &at, 1,
																	sizeof(ProgramHeader));
	if (header->version != PROGRAM_VERSION)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("pattern is corrupt"),
				errdetail("Its version %u is not known to this version of crm_timeline.",
						  header->version));
#define TAKE(field, count, type) \
	program->field = (const type *) take_section(bytes, length, &at, count, sizeof(type))
	TAKE(states, header->states, ProgramState);
	TAKE(edges, header->edges, ProgramEdge);
	TAKE(instructions, header->instructions, Instruction);
	TAKE(gates, header->gates, Gate);
	TAKE(durations, header->durations, Duration);
	TAKE(registers, header->registers, ProgramRegister);
	TAKE(absences, header->absences, ProgramAbsence);
	TAKE(branches, header->branches, ProgramBranch);
	TAKE(labels, header->labels, ProgramLabel);
	TAKE(attributes, header->attributes, ProgramAttribute);
	TAKE(texts, header->text_bytes, char);
	TAKE(events, header->event_bytes, char);
#undef TAKE
	program->reader = events_open(program->events, header->event_bytes, CurrentMemoryContext);
	program->most_uses = find_most_uses(program);
}

/* The tests of a program that is nothing but one event, or alternatives of it; 0 for any other. */
uint64
program_events(const Program *program)
{
	const ProgramHeader *header = program->header;
	uint64 events = 0;

	if (header->edges != program->states[0].edge_count || header->states != header->branches + 1)
		return 0;
	for (uint32 i = 0; i < header->edges; i++)
	{
		const ProgramEdge *edge = &program->edges[i];
		const ProgramState *state = &program->states[edge->target];

		if (edge->guard_count > 0 || state->guard_count > 0 ||
			state->flags != (STATE_ACCEPTS | STATE_AT_STEP))
			return 0;
		events |= UINT64CONST(1) << edge->event;
	}
	return events;
}
