/*
 * compile.c
 *		From the tree of a pattern to its automaton.
 *
 * A state of the automaton is a progress of the whole (moves.c).  Starting with
 * nothing, every interaction that could be used next leads to another progress;
 * those met so far are looked up by their bytes.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "pattern/compiler.h"

typedef struct StateEntry
{
	uint32 hash;
	char status;
	uint32 number;
	Progress key;
} StateEntry;

static uint32
hash_progress(Progress key)
{
	return hash_bytes((const unsigned char *) key.words, (int) (key.count * sizeof(uint16)));
}

static bool
same_progress(Progress a, Progress b)
{
	return a.count == b.count && memcmp(a.words, b.words, a.count * sizeof(uint16)) == 0;
}

#define SH_PREFIX progresstable
#define SH_ELEMENT_TYPE StateEntry
#define SH_KEY_TYPE Progress
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_progress(key)
#define SH_EQUAL(tb, a, b) same_progress(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Notes the first thing that is wrong. */
void
fail(Compiler *compiler, const char *message, uint64 number, uint64 limit, const char *hint)
{
	if (compiler->failed)
		return;
	compiler->failed = true;
	compiler->error->sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
	compiler->error->position = 0;
	compiler->error->message = message;
	compiler->error->detail = psprintf("It needs %s" UINT64_FORMAT ", the limit is " UINT64_FORMAT
									   ".",
									   number > limit ? "at least " : "", number, limit);
	compiler->error->hint = hint;
}

/*
 * Pieces of a program
 */

void
emit(Code *code, Operation operation, uint8 reg, uint32 arg)
{
	Instruction *instruction;

	if (code->count == code->size)
	{
		code->size = Max(4, code->size * 2);
		code->instruction = code->instruction == NULL ?
			palloc(sizeof(Instruction) * code->size) :
			repalloc(code->instruction, sizeof(Instruction) * code->size);
	}
	instruction = &code->instruction[code->count++];
	instruction->operation = (uint8) operation;
	instruction->reg = reg;
	instruction->arg = (uint16) arg;
}

void
emit_all(Code *code, const Code *more)
{
	for (uint32 i = 0; i < more->count; i++)
		emit(code, more->instruction[i].operation, more->instruction[i].reg,
			 more->instruction[i].arg);
}

/* a, then b, as code of its own. */
Code
join(const Code *a, const Code *b)
{
	Code code = {NULL, 0, 0};

	emit_all(&code, a);
	emit_all(&code, b);
	return code;
}

/* The number of an entry in a section, which is added if it is new. */
uint32
intern(StringInfo section, const void *entry, Size size)
{
	for (Size at = 0; at < (Size) section->len; at += size)
	{
		if (memcmp(section->data + at, entry, size) == 0)
			return (uint32) (at / size);
	}
	appendBinaryStringInfo(section, entry, (int) size);
	return (uint32) (section->len / size - 1);
}

uint32
intern_duration(Compiler *compiler, const Duration *duration)
{
	return intern(&compiler->durations, duration, sizeof(Duration));
}

uint32
intern_attribute(Compiler *compiler, TextSlice name)
{
	ProgramAttribute attribute;
	const ProgramAttribute *known = (const ProgramAttribute *) compiler->attributes.data;
	uint32 count = (uint32) (compiler->attributes.len / sizeof(ProgramAttribute));

	for (uint32 i = 0; i < count; i++)
	{
		if (known[i].length == name.length &&
			memcmp(compiler->texts.data + known[i].text, name.bytes, name.length) == 0)
			return i;
	}
	attribute.text = (uint32) compiler->texts.len;
	attribute.length = name.length;
	appendBinaryStringInfo(&compiler->texts, name.bytes, (int) name.length);
	appendBinaryStringInfo(&compiler->attributes, (const char *) &attribute, sizeof(attribute));
	return count;
}

/* Adds code to the instructions; returns where it begins. */
uint32
write_code(Compiler *compiler, const Code *code)
{
	uint32 at = (uint32) (compiler->instructions.len / sizeof(Instruction));

	if (at + code->count > MAX_INSTRUCTIONS)
		fail(compiler, "pattern is too complex", at + code->count, MAX_INSTRUCTIONS, NULL);
	else if (code->count > 0)
		appendBinaryStringInfo(&compiler->instructions, (const char *) code->instruction,
							   (int) (sizeof(Instruction) * code->count));
	return at;
}

/* The number of an event. */
int
intern_event(Compiler *compiler, EventTest *event)
{
	for (int i = 0; i < compiler->event_count; i++)
	{
		if (same_event(compiler->events[i], event))
			return i;
	}
	if (compiler->event_count == MAX_EVENTS)
	{
		fail(compiler, "pattern has too many different event tests", MAX_EVENTS + 1, MAX_EVENTS,
			 NULL);
		return 0;
	}
	compiler->events[compiler->event_count] = event;
	return compiler->event_count++;
}

/* An upper bound of a duration in microseconds. */
int64
duration_bound(const Duration *duration)
{
	int64 days = (int64) duration->months * 31 + duration->days;

	if (days > PG_INT64_MAX / USECS_PER_DAY / 2)
		return PG_INT64_MAX / 2;
	return Min(days * USECS_PER_DAY, PG_INT64_MAX / 4) + Min(duration->time, PG_INT64_MAX / 4);
}

static uint8
new_registers(Compiler *compiler, uint32 count)
{
	uint32 first = compiler->register_count;

	if (first + count > MAX_REGISTERS)
	{
		fail(compiler, "pattern is too complex", first + count, MAX_REGISTERS,
			 "Use fewer any-order groups and fewer totals inside of groups.");
		return 0;
	}
	compiler->register_count += count;
	return (uint8) first;
}

/* Gives registers to a node and those below it. */
static void
assign_registers(Compiler *compiler, const PatternNode *node)
{
	NodeRegisters *registers = palloc0(sizeof(NodeRegisters));

	check_stack_depth();
	registers->node = node;
	registers->next = compiler->registers;
	compiler->registers = registers;
	switch (node->type)
	{
		case NODE_EVENT:
			break;
		case NODE_CHOICE:
			for (uint32 i = 0; i < node->count; i++)
				assign_registers(compiler, node->children[i]);
			break;
		case NODE_ANY_ORDER:
			registers->threads = new_registers(compiler, node->count);
			registers->wanting = compiler->has_next ? new_registers(compiler, 1) : NO_REGISTER;
			for (uint32 i = 0; i < node->count; i++)
				assign_registers(compiler, node->children[i]);
			break;
		case NODE_SEQUENCE:
			if (node->within_count > 0)
				registers->scope = new_registers(compiler, 1);
			if (node->same_count > 0)
				registers->same = new_registers(compiler, node->same_count);
			for (uint32 i = 0; i < node->count; i++)
			{
				if (node->elements[i].type == ELEMENT_ITEM)
					assign_registers(compiler, node->elements[i].item);
			}
			break;
	}
}

const NodeRegisters *
registers_of(const Compiler *compiler, const PatternNode *node)
{
	const NodeRegisters *registers = compiler->registers;

	while (registers->node != node)
		registers = registers->next;
	return registers;
}

/* Whether some arrow of a tree is =>, which makes the order of simultaneous ones matter. */
static bool
has_next_arrow(const PatternNode *node)
{
	check_stack_depth();
	if (node->type == NODE_SEQUENCE)
	{
		if (node->from_start || node->to_end)
			return true;
		for (uint32 i = 0; i < node->count; i++)
		{
			if (node->elements[i].arrow.next ||
				(node->elements[i].type == ELEMENT_ITEM && has_next_arrow(node->elements[i].item)))
				return true;
		}
	}
	else if (node->type != NODE_EVENT)
	{
		for (uint32 i = 0; i < node->count; i++)
		{
			if (has_next_arrow(node->children[i]))
				return true;
		}
	}
	return false;
}

/*
 * The automaton
 */

/* The number of the state of a progress. */
static uint32
state_number(Compiler *compiler, Progress progress)
{
	bool found;
	StateEntry *entry = progresstable_insert(compiler->table, progress, &found);

	if (found)
		return entry->number;
	if (compiler->state_count == MAX_STATES)
	{
		fail(compiler, "pattern has too many states", MAX_STATES + 1, MAX_STATES,
			 "Any-order groups multiply the states of their items; copies add theirs.");
		entry->number = 0;
		return 0;
	}
	entry->number = compiler->state_count;
	compiler->progress[entry->number] = progress;
	return compiler->state_count++;
}

static void
write_edges(Compiler *compiler, ProgramState *state, Move *moves)
{
	state->edges = (uint32) (compiler->edges.len / sizeof(ProgramEdge));
	state->edge_count = 0;
	for (Move *move = moves; move != NULL && !compiler->failed; move = move->next)
	{
		Progress progress = {move->words, move->count};
		ProgramEdge edge;

		memset(&edge, 0, sizeof(edge));
		edge.event = (uint16) move->event;
		/* [0] is the branch, [1] the element */
		edge.element = move->words[1];
		edge.guard_count = (uint16) move->guards.count;
		edge.guards = write_code(compiler, &move->guards);
		edge.action_count = (uint16) move->actions.count;
		edge.actions = write_code(compiler, &move->actions);
		edge.target = (uint16) state_number(compiler, progress);
		appendBinaryStringInfo(&compiler->edges, (const char *) &edge, sizeof(edge));
		state->edge_count++;
		if (state->edges + state->edge_count > MAX_EDGES)
			fail(compiler, "pattern is too complex", MAX_EDGES + 1, MAX_EDGES, NULL);
	}
}

/* What a state has reached: steps done, and whether it is an end. */
static void
describe_state(Compiler *compiler, ProgramState *state, Progress progress, const Place *place)
{
	const PatternNode *node = compiler->branch_nodes[progress.words[0]];
	Place inner = inside(compiler, node, place);
	uint32 at = progress.words[1];
	const Element *element = &node->elements[at];
	Code guards = {NULL, 0, 0};
	Code cut_guards = {NULL, 0, 0};
	int absence = -1;

	state->branch = progress.words[0];
	state->depth = 0;
	for (uint32 i = 0; i < at; i++)
		state->depth += !skippable(&node->elements[i]);
	if (!skippable(element) && progress.words[2] >= element->least &&
		complete(compiler, element->item, &inner, rest(progress, 3), &cut_guards, &absence) &&
		absence < 0)
	{
		state->depth++;
		state->flags |= STATE_AT_STEP;
		state->cut_guard_count = (uint16) cut_guards.count;
		state->cut_guards = write_code(compiler, &cut_guards);
	}
	absence = -1;
	if (complete(compiler, node, place, rest(progress, 1), &guards, &absence))
	{
		state->flags |= STATE_ACCEPTS;
		if (absence >= 0)
		{
			state->flags |= STATE_DEADLINE;
			state->absence = (uint16) absence;
		}
		state->guard_count = (uint16) guards.count;
		state->guards = write_code(compiler, &guards);
	}
}

/* The registers that some code reads; *written are those that it writes. */
static uint32
registers_read(const Compiler *compiler, uint32 at, uint32 count, uint32 *written)
{
	const Instruction *instruction = (const Instruction *) compiler->instructions.data + at;
	uint32 read = 0;

	for (uint32 i = 0; i < count; i++)
	{
		uint32 reg = UINT32_C(1) << (instruction[i].reg & 31);

		switch ((Operation) instruction[i].operation)
		{
			case GUARD_FIRST:
			case GUARD_ABSENT:
			case GUARD_PRESENT:
			case ONLY_SAME_AS_THIS:
			case FOR_DURATION:
				break;
			case SET_INDEX:
			case SET_VALUE:
			case WANT_NOTHING:
			case WANT_FIRST:
				*written |= reg;
				break;
			case WANT_NEXT:
				read |= UINT32_C(1) << (instruction[i].arg & 31);
				*written |= reg;
				break;
			default:
				read |= reg;
		}
	}
	return read;
}

/* Which registers matter in each state: what is read before it is written. */
static void
find_live_registers(Compiler *compiler, uint32 exact)
{
	const ProgramEdge *edges = (const ProgramEdge *) compiler->edges.data;
	bool changed = true;

	while (changed)
	{
		changed = false;
		CHECK_FOR_INTERRUPTS();
		for (uint32 i = compiler->state_count; i-- > 0;)
		{
			ProgramState *state = &compiler->states[i];
			uint32 ignored = 0;
			uint32 live = registers_read(compiler, state->guards, state->guard_count, &ignored) |
				registers_read(compiler, state->cut_guards, state->cut_guard_count, &ignored);

			if (state->flags & STATE_DEADLINE)
			{
				const ProgramAbsence *absence = (const ProgramAbsence *) compiler->absences.data +
					state->absence;

				live |= UINT32_C(1) << absence->last_register;
				live |= registers_read(compiler, absence->guards, absence->guard_count, &ignored);
			}
			for (uint32 j = 0; j < state->edge_count; j++)
			{
				const ProgramEdge *edge = &edges[state->edges + j];
				uint32 written = 0;
				uint32 read = registers_read(compiler, edge->guards, edge->guard_count, &written) |
					registers_read(compiler, edge->actions, edge->action_count, &written);

				live |= read | (compiler->states[edge->target].live & ~written);
			}
			changed = changed || live != state->live;
			state->live = live;
			state->exact = live & exact;
		}
	}
}

/* The registers whose values must be equal for two ways to be comparable. */
static uint32
exact_registers(const Compiler *compiler)
{
	uint32 exact = 0;

	for (const NodeRegisters *registers = compiler->registers; registers != NULL;
		 registers = registers->next)
	{
		if (registers->node->type == NODE_ANY_ORDER && registers->wanting != NO_REGISTER)
			exact |= UINT32_C(1) << registers->wanting;
		if (registers->node->type == NODE_SEQUENCE)
		{
			for (uint32 i = 0; i < registers->node->same_count; i++)
				exact |= UINT32_C(1) << (registers->same + i);
		}
	}
	return exact;
}

/* The labels of a branch's elements. */
static void
describe_branch(Compiler *compiler, ProgramBranch *branch, const PatternNode *node)
{
	memset(branch, 0, sizeof(*branch));
	branch->first_label = (uint16) compiler->label_count;
	branch->elements = (uint16) node->count;
	for (uint32 i = 0; i < node->count; i++)
	{
		const Element *element = &node->elements[i];
		ProgramLabel label;
		char *text = pattern_print_element(element);

		memset(&label, 0, sizeof(label));
		label.text = (uint32) compiler->texts.len;
		label.length = (uint32) strlen(text);
		if (!skippable(element) || (element->type == ELEMENT_ABSENCE && i > 0))
			label.step = ++branch->steps;
		appendBinaryStringInfo(&compiler->texts, text, (int) label.length);
		appendBinaryStringInfo(&compiler->labels, (const char *) &label, sizeof(label));
		compiler->label_count++;
		pfree(text);
		branch->absence = element->type == ELEMENT_ABSENCE && i > 0;
	}
}

/* A sequence around a node that is none, so that every branch is one. */
static const PatternNode *
as_sequence(const PatternNode *node)
{
	PatternNode *sequence;

	if (node->type == NODE_SEQUENCE)
		return node;
	sequence = palloc0(sizeof(PatternNode));
	sequence->type = NODE_SEQUENCE;
	sequence->location = node->location;
	sequence->count = 1;
	sequence->elements = palloc0(sizeof(Element));
	sequence->elements[0].type = ELEMENT_ITEM;
	sequence->elements[0].location = node->location;
	sequence->elements[0].item = unconstify(PatternNode *, node);
	sequence->elements[0].least = 1;
	sequence->elements[0].most = 1;
	return sequence;
}

static void
write_section(StringInfo out, Size start, const void *bytes, Size length)
{
	static const char zeros[8] = {0};
	Size rest = (out->len - start) % 8;

	if (rest > 0)
		appendBinaryStringInfo(out, zeros, (int) (8 - rest));
	if (length > 0)
		appendBinaryStringInfo(out, bytes, (int) length);
}

static void
write_program(Compiler *compiler, StringInfo out)
{
	Size start = (Size) out->len;
	StringInfoData events;
	ProgramHeader header;

	initStringInfo(&events);
	events_write(&events, compiler->events, compiler->event_count);
	memset(&header, 0, sizeof(header));
	header.version = PROGRAM_VERSION;
	header.states = compiler->state_count;
	header.edges = (uint32) (compiler->edges.len / sizeof(ProgramEdge));
	header.instructions = (uint32) (compiler->instructions.len / sizeof(Instruction));
	header.gates = (uint32) (compiler->gates.len / sizeof(Gate));
	header.durations = (uint32) (compiler->durations.len / sizeof(Duration));
	header.registers = compiler->register_count;
	header.absences = (uint32) (compiler->absences.len / sizeof(ProgramAbsence));
	header.branches = compiler->branch_count;
	header.labels = compiler->label_count;
	header.attributes = (uint32) (compiler->attributes.len / sizeof(ProgramAttribute));
	header.text_bytes = (uint32) compiler->texts.len;
	header.event_bytes = (uint32) events.len;
	header.event_count = (uint32) compiler->event_count;
	header.flags = compiler->flags;
	header.uses = compiler->uses;
	header.excludes = compiler->excludes;
	write_section(out, start, &header, sizeof(header));
	write_section(out, start, compiler->states, sizeof(ProgramState) * header.states);
	write_section(out, start, compiler->edges.data, compiler->edges.len);
	write_section(out, start, compiler->instructions.data, compiler->instructions.len);
	write_section(out, start, compiler->gates.data, compiler->gates.len);
	write_section(out, start, compiler->durations.data, compiler->durations.len);
	write_section(out, start, compiler->reg, sizeof(ProgramRegister) * header.registers);
	write_section(out, start, compiler->absences.data, compiler->absences.len);
	write_section(out, start, compiler->branches, sizeof(ProgramBranch) * header.branches);
	write_section(out, start, compiler->labels.data, compiler->labels.len);
	write_section(out, start, compiler->attributes.data, compiler->attributes.len);
	write_section(out, start, compiler->texts.data, compiler->texts.len);
	write_section(out, start, events.data, events.len);
	pfree(events.data);
}

static void
build_automaton(Compiler *compiler, const PatternNode *root, const Place *place)
{
	Progress nothing = {NULL, 0};

	compiler->table = progresstable_create(CurrentMemoryContext, 64, NULL);
	(void) state_number(compiler, nothing);
	write_edges(compiler, &compiler->states[0], first_moves(compiler, root, place));
	for (uint32 i = 1; i < compiler->state_count && !compiler->failed; i++)
	{
		describe_state(compiler, &compiler->states[i], compiler->progress[i], place);
		write_edges(compiler, &compiler->states[i],
					next_moves(compiler, root, place, compiler->progress[i]));
	}
}

/* Appends the program of a tree to out; O(states * moves of one). */
bool
pattern_compile(const PatternNode *tree, StringInfo out, PatternError *error)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline pattern",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Compiler *compiler = palloc0(sizeof(Compiler));
	PatternNode root = {.type = NODE_CHOICE};
	Place place = {.thread = LAST_REGISTER};
	bool failed;

	compiler->error = error;
	initStringInfo(&compiler->edges);
	initStringInfo(&compiler->instructions);
	initStringInfo(&compiler->gates);
	initStringInfo(&compiler->durations);
	initStringInfo(&compiler->absences);
	initStringInfo(&compiler->labels);
	initStringInfo(&compiler->attributes);
	initStringInfo(&compiler->texts);

	compiler->branch_count = tree->type == NODE_CHOICE ? tree->count : 1;
	compiler->branches = palloc0(sizeof(ProgramBranch) * compiler->branch_count);
	compiler->branch_nodes = palloc(sizeof(PatternNode *) * compiler->branch_count);
	for (uint32 i = 0; i < compiler->branch_count; i++)
		compiler->branch_nodes[i] = as_sequence(tree->type == NODE_CHOICE ? tree->children[i] :
																			tree);
	root.count = compiler->branch_count;
	root.children = unconstify(PatternNode **, compiler->branch_nodes);

	compiler->has_next = has_next_arrow(&root);
	if (compiler->has_next)
		compiler->flags |= PROGRAM_BY_INDEX;
	(void) new_registers(compiler, 1);
	assign_registers(compiler, &root);
	for (uint32 i = 0; i < compiler->branch_count && !compiler->failed; i++)
		describe_branch(compiler, &compiler->branches[i], compiler->branch_nodes[i]);
	if (!compiler->failed)
		build_automaton(compiler, &root, &place);
	if (!compiler->failed)
	{
		find_live_registers(compiler, exact_registers(compiler));
		MemoryContextSwitchTo(caller);
		write_program(compiler, out);
	}
	failed = compiler->failed;
	MemoryContextSwitchTo(caller);
	if (failed)
	{
		error->detail = pstrdup(error->detail);
	}
	MemoryContextDelete(context);
	return !failed;
}
