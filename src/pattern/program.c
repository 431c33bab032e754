/*
 * program.c
 *		Opens a stored program.
 */
#include "postgres.h"

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
