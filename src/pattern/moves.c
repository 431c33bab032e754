/*
 * moves.c
 *		Which interaction a pattern can use next, and what that asks for.
 *
 * A *progress* says how far a node of the tree is: which element of each
 * sequence was used last, how many copies of it, which alternative was taken,
 * how far each item of an any-order group is.  From a progress, or from nothing,
 * a node has *moves*: the event of the next interaction, its guards, which
 * follow from what lies between (the arrow before the element used, the
 * exclusions passed on the way, totals), and the progress after it.
 *
 * Where a group is entered or left its own rules stay inside: an exclusion of a
 * group that has nothing used on one side of it says nothing, as the language
 * has it for a whole pattern.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pattern/compiler.h"

static Move *
new_move(int event)
{
	Move *move = palloc0(sizeof(Move));

	move->event = event;
	move->wanting = NO_REGISTER;
	return move;
}

/* Puts words before the progress that each move of a list leads to. */
static void
prefix_moves(Move *moves, uint32 count, const uint16 *words)
{
	for (Move *move = moves; move != NULL; move = move->next)
	{
		uint16 *longer = palloc(sizeof(uint16) * (count + move->count));

		memcpy(longer, words, sizeof(uint16) * count);
		if (move->count > 0)
			memcpy(longer + count, move->words, sizeof(uint16) * move->count);
		move->words = longer;
		move->count += count;
	}
}

static Move *
append_moves(Move *a, Move *b)
{
	Move *last = a;

	if (a == NULL)
		return b;
	while (last->next != NULL)
		last = last->next;
	last->next = b;
	return a;
}


/* Where the elements of a sequence stand: its values limit the exclusions inside. */
Place
inside(Compiler *compiler, const PatternNode *node, const Place *place)
{
	Place inner = {.thread = place->thread};
	const NodeRegisters *registers = registers_of(compiler, node);

	emit_all(&inner.limits, &place->limits);
	for (uint32 i = 0; i < node->same_count; i++)
		emit(&inner.limits, ONLY_SAME, registers->same + i,
			 intern_attribute(compiler, node->same[i]));
	return inner;
}

/* The place of item i of an any-order group. */
static Place
item_place(Compiler *compiler, const PatternNode *node, const Place *place, uint32 i)
{
	Place inner = *place;

	inner.thread = registers_of(compiler, node)->threads + i;
	memset(&inner.arrow, 0, sizeof(Arrow));
	return inner;
}

/* What the any-order group that a move begins waits for. */
static void
want(Move *move, Operation what, uint32 arg)
{
	for (uint32 i = 0; i < move->actions.count; i++)
	{
		Instruction *instruction = &move->actions.instruction[i];

		if (instruction->operation == WANT_NOTHING && instruction->reg == move->wanting)
		{
			instruction->operation = (uint8) what;
			instruction->arg = (uint16) arg;
		}
	}
}

/* Guards of the arrow that enters an element; exclusions between are the caller's. */
static void
guard_arrow(Compiler *compiler, Move *move, const Arrow *arrow, const Place *place)
{
	Code guards = {NULL, 0, 0};

	if (arrow->next)
	{
		compiler->reg[place->thread].has_next = true;
		if (move->wanting != NO_REGISTER)
		{
			emit(&guards, GUARD_AFTER, place->thread, 0);
			want(move, WANT_NEXT, place->thread);
		}
		else
			emit(&guards, GUARD_NEXT, place->thread, 0);
	}
	if (arrow->gated)
	{
		Gate gate;

		memset(&gate, 0, sizeof(gate));
		gate.least = arrow->least;
		gate.has_least = gate.least.months != 0 || gate.least.days != 0 || gate.least.time != 0;
		gate.has_most = arrow->has_most;
		if (gate.has_most)
		{
			gate.most = arrow->most;
			if (gate.most.months != 0)
				compiler->reg[place->thread].has_months = true;
		}
		emit(&guards, GUARD_GATE, place->thread, intern(&compiler->gates, &gate, sizeof(gate)));
		if (gate.has_least)
			compiler->reg[place->thread].least = Max(compiler->reg[place->thread].least,
													 duration_bound(&gate.least));
	}
	move->guards = join(&guards, &move->guards);
	move->wanting = NO_REGISTER;
}

/* Guards against the exclusions among elements (from, to) of a sequence. */
static void
guard_exclusions(Compiler *compiler, const PatternNode *node, uint32 from, uint32 to,
				 const Place *inner, Code *guards)
{
	for (uint32 i = from + 1; i < to; i++)
	{
		const Element *element = &node->elements[i];
		int event;

		if (element->type != ELEMENT_WITHOUT)
			continue;
		event = intern_event(compiler, element->event);
		compiler->excludes |= UINT64CONST(1) << event;
		emit(guards, GUARD_WITHOUT, inner->thread, event);
		emit_all(guards, &inner->limits);
	}
}

/* The rules of a sequence as a whole, on each of its interactions but the first. */
static void
guard_totals(Compiler *compiler, const PatternNode *node, Move *moves)
{
	const NodeRegisters *registers = registers_of(compiler, node);
	Code guards = {NULL, 0, 0};

	for (uint32 i = 0; i < node->within_count; i++)
	{
		emit(&guards, GUARD_WITHIN, registers->scope, intern_duration(compiler, &node->within[i]));
		if (node->within[i].months != 0)
			compiler->reg[registers->scope].has_months = true;
	}
	for (uint32 i = 0; i < node->same_count; i++)
		emit(&guards, GUARD_SAME, registers->same + i, intern_attribute(compiler, node->same[i]));
	for (Move *move = moves; move != NULL; move = move->next)
		move->guards = join(&guards, &move->guards);
}

/* What the first interaction of a sequence fixes. */
static void
begin_totals(Compiler *compiler, const PatternNode *node, Move *moves)
{
	const NodeRegisters *registers = registers_of(compiler, node);
	Code guards = {NULL, 0, 0};
	Code actions = {NULL, 0, 0};

	if (node->within_count > 0)
		emit(&actions, SET_INDEX, registers->scope, 0);
	for (uint32 i = 0; i < node->same_count; i++)
	{
		uint32 attribute = intern_attribute(compiler, node->same[i]);

		emit(&guards, GUARD_PRESENT, 0, attribute);
		emit(&actions, SET_VALUE, registers->same + i, attribute);
	}
	for (Move *move = moves; move != NULL; move = move->next)
	{
		move->guards = join(&guards, &move->guards);
		move->actions = join(&actions, &move->actions);
	}
}

/* The first interaction of a pattern that begins with an absence. */
static void
guard_first_absence(Compiler *compiler, const Element *element, const Place *inner, Move *moves)
{
	int event = intern_event(compiler, element->event);
	Code guards = {NULL, 0, 0};

	compiler->excludes |= UINT64CONST(1) << event;
	emit(&guards, GUARD_ABSENT, 0, event);
	emit(&guards, FOR_DURATION, 0, intern_duration(compiler, &element->duration));
	/* it is the first of all sequences around as well */
	for (uint32 i = 0; i < inner->limits.count; i++)
		emit(&guards, ONLY_SAME_AS_THIS, 0, inner->limits.instruction[i].arg);
	for (Move *move = moves; move != NULL; move = move->next)
		move->guards = join(&guards, &move->guards);
}

/* Whether a sequence is parentheses around one element and nothing else. */
static bool
only_parentheses(const PatternNode *node)
{
	return node->type == NODE_SEQUENCE && node->count == 1 && !node->from_start && !node->to_end &&
		node->within_count == 0 && node->same_count == 0;
}

/* The arrow that joins the copies of element i: the one that enters it. */
static Arrow
joining_arrow(const PatternNode *node, const Place *place, uint32 i)
{
	Arrow arrow = node->elements[i].arrow;

	if (i == 0 && only_parentheses(node))
		return place->arrow;
	if (i == 0)
	{
		memset(&arrow, 0, sizeof(arrow));
		arrow.next = node->from_start;
	}
	return arrow;
}

/* Where the item of element i stands. */
static Place
element_place(const PatternNode *node, const Place *place, const Place *inner, uint32 i)
{
	Place result = *inner;

	result.arrow = joining_arrow(node, place, i);
	return result;
}

/* The first interaction of a copy of element i; with the words before its own progress. */
static Move *
element_moves(Compiler *compiler, const PatternNode *node, const Place *place, const Place *inner,
			  uint32 i, uint32 copy)
{
	Place at = element_place(node, place, inner, i);
	Move *moves = first_moves(compiler, node->elements[i].item, &at);
	uint16 words[2] = {(uint16) i, (uint16) copy};

	prefix_moves(moves, 2, words);
	return moves;
}

bool
skippable(const Element *element)
{
	return element->type != ELEMENT_ITEM || element->least == 0 || pattern_nullable(element->item);
}

static Move *
sequence_first_moves(Compiler *compiler, const PatternNode *node, const Place *place)
{
	Place inner = inside(compiler, node, place);
	const Element *absence = NULL;
	bool first = true;
	Move *all = NULL;

	for (uint32 i = 0; i < node->count; i++)
	{
		const Element *element = &node->elements[i];
		Move *moves;

		if (element->type == ELEMENT_ABSENCE && i == 0)
			absence = element;
		if (element->type != ELEMENT_ITEM)
			continue;
		moves = element_moves(compiler, node, place, &inner, i, 1);
		/* start counts as an element: what is skipped takes its arrow along */
		if (node->from_start && (first || element->arrow.next))
		{
			for (Move *move = moves; move != NULL; move = move->next)
			{
				Code code = {NULL, 0, 0};

				if (move->wanting != NO_REGISTER)
					want(move, WANT_FIRST, 0);
				else
				{
					emit(&code, GUARD_FIRST, 0, 0);
					move->guards = join(&code, &move->guards);
				}
				move->wanting = NO_REGISTER;
			}
		}
		if (absence != NULL)
			guard_first_absence(compiler, absence, &inner, moves);
		all = append_moves(all, moves);
		first = false;
		if (!skippable(element))
			break;
	}
	begin_totals(compiler, node, all);
	return all;
}

/* The copies beyond which counting makes no difference. */
static uint32
counted_copies(const Element *element)
{
	return element->most == UNLIMITED ? Max(element->least, 1) : element->most;
}

static Move *
sequence_next_moves(Compiler *compiler, const PatternNode *node, const Place *place,
					Progress progress)
{
	Place inner = inside(compiler, node, place);
	uint32 at = progress.words[0];
	uint32 copy = progress.words[1];
	const Element *element = &node->elements[at];
	Place item = element_place(node, place, &inner, at);
	Move *all = next_moves(compiler, element->item, &item, rest(progress, 2));
	Code leaving = {NULL, 0, 0};
	int absence = -1;

	prefix_moves(all, 2, progress.words);
	if (complete(compiler, element->item, &inner, rest(progress, 2), &leaving, &absence) &&
		absence < 0)
	{
		bool enough = copy >= element->least || pattern_nullable(element->item);

		if (copy < element->most)
		{
			Arrow arrow = joining_arrow(node, place, at);
			Move *moves = element_moves(compiler, node, place, &inner, at,
										Min(copy + 1, counted_copies(element)));

			for (Move *move = moves; move != NULL; move = move->next)
			{
				guard_arrow(compiler, move, &arrow, &inner);
				move->guards = join(&leaving, &move->guards);
			}
			all = append_moves(all, moves);
		}
		for (uint32 i = at + 1; enough && i < node->count; i++)
		{
			const Element *later = &node->elements[i];
			Code between = {NULL, 0, 0};
			Move *moves;

			if (later->type != ELEMENT_ITEM)
				continue;
			guard_exclusions(compiler, node, at, i, &inner, &between);
			moves = element_moves(compiler, node, place, &inner, i, 1);
			for (Move *move = moves; move != NULL; move = move->next)
			{
				guard_arrow(compiler, move, &later->arrow, &inner);
				move->guards = join(&move->guards, &between);
				move->guards = join(&leaving, &move->guards);
			}
			all = append_moves(all, moves);
			if (!skippable(later))
				break;
		}
	}
	guard_totals(compiler, node, all);
	return all;
}

/* The progress of item i of an any-order group: how many words, and then they. */
static Progress
item_progress(Progress progress, uint32 i)
{
	uint32 at = 0;
	Progress item;

	for (; i > 0; i--)
		at += 1 + progress.words[at];
	item.words = progress.words + at + 1;
	item.count = progress.words[at];
	return item;
}

/* An item that was begun has a word more, so that begun differs from not begun. */
static bool
begun(Progress item)
{
	return item.count > 0;
}

/* Puts the moves of item i among what the other items are at. */
static void
place_item_moves(Move *moves, uint32 i, uint32 items, const Progress *progress)
{
	for (Move *move = moves; move != NULL; move = move->next)
	{
		uint32 count = 0;
		uint16 *words = palloc(
			sizeof(uint16) * ((progress == NULL ? 0 : progress->count) + items + move->count + 2));

		for (uint32 j = 0; j < items; j++)
		{
			if (j == i)
			{
				words[count++] = (uint16) (move->count + 1);
				words[count++] = 1;
				if (move->count > 0)
					memcpy(words + count, move->words, sizeof(uint16) * move->count);
				count += move->count;
			}
			else if (progress == NULL)
				words[count++] = 0;
			else
			{
				Progress other = item_progress(*progress, j);

				words[count++] = (uint16) other.count;
				memcpy(words + count, other.words, sizeof(uint16) * other.count);
				count += other.count;
			}
		}
		move->words = words;
		move->count = count;
	}
}

/* The place of an alternative: parentheses around several take no arrow inside. */
static Place
alternative_place(const Place *place)
{
	Place inner = *place;

	memset(&inner.arrow, 0, sizeof(Arrow));
	return inner;
}

static Move *
any_order_first_moves(Compiler *compiler, const PatternNode *node, const Place *place)
{
	uint8 wanting = registers_of(compiler, node)->wanting;
	Move *all = NULL;

	for (uint32 i = 0; i < node->count; i++)
	{
		Place inner = item_place(compiler, node, place, i);
		Move *moves = first_moves(compiler, node->children[i], &inner);

		place_item_moves(moves, i, node->count, NULL);
		for (Move *move = moves; move != NULL; move = move->next)
		{
			Code actions = {NULL, 0, 0};

			if (wanting != NO_REGISTER)
			{
				emit(&actions, WANT_NOTHING, wanting, 0);
				move->actions = join(&actions, &move->actions);
			}
			emit(&move->actions, SET_INDEX, place->thread, 0);
			move->wanting = wanting;
		}
		all = append_moves(all, moves);
	}
	return all;
}

static Move *
any_order_next_moves(Compiler *compiler, const PatternNode *node, const Place *place,
					 Progress progress)
{
	uint8 wanting = registers_of(compiler, node)->wanting;
	Move *all = NULL;

	for (uint32 i = 0; i < node->count; i++)
	{
		Place inner = item_place(compiler, node, place, i);
		Progress item = item_progress(progress, i);
		Move *moves = begun(item) ? next_moves(compiler, node->children[i], &inner, rest(item, 1)) :
									first_moves(compiler, node->children[i], &inner);

		place_item_moves(moves, i, node->count, &progress);
		for (Move *move = moves; move != NULL; move = move->next)
		{
			Code guards = {NULL, 0, 0};

			if (wanting != NO_REGISTER)
			{
				emit(&guards, GUARD_NOT_BEFORE, wanting, 0);
				move->guards = join(&guards, &move->guards);
				emit(&move->actions, WANT_NO_MORE, wanting, 0);
			}
			emit(&move->actions, SET_GREATEST, place->thread, 0);
			move->wanting = NO_REGISTER;
		}
		all = append_moves(all, moves);
	}
	return all;
}

/* The interactions that a node can begin with. */
Move *
first_moves(Compiler *compiler, const PatternNode *node, const Place *place)
{
	Move *all = NULL;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (node->type)
	{
		case NODE_EVENT:
			all = new_move(intern_event(compiler, node->event));
			compiler->uses |= UINT64CONST(1) << all->event;
			emit(&all->actions, SET_INDEX, place->thread, 0);
			break;
		case NODE_SEQUENCE:
			all = sequence_first_moves(compiler, node, place);
			break;
		case NODE_CHOICE:
			for (uint32 i = 0; i < node->count; i++)
			{
				Place inner = alternative_place(place);
				uint16 word = (uint16) i;
				Move *moves = first_moves(compiler, node->children[i], &inner);

				prefix_moves(moves, 1, &word);
				all = append_moves(all, moves);
			}
			break;
		case NODE_ANY_ORDER:
			all = any_order_first_moves(compiler, node, place);
			break;
	}
	return all;
}

/* The interactions with which a node that was begun can go on. */
Move *
next_moves(Compiler *compiler, const PatternNode *node, const Place *place, Progress progress)
{
	Move *all = NULL;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	switch (node->type)
	{
		case NODE_EVENT:
			break;
		case NODE_SEQUENCE:
			all = sequence_next_moves(compiler, node, place, progress);
			break;
		case NODE_CHOICE:
		{
			Place inner = alternative_place(place);

			all = next_moves(compiler, node->children[progress.words[0]], &inner,
							 rest(progress, 1));
			prefix_moves(all, 1, progress.words);
			break;
		}
		case NODE_ANY_ORDER:
			all = any_order_next_moves(compiler, node, place, progress);
			break;
	}
	return all;
}

/* The number of a final absence. */
static int
write_absence(Compiler *compiler, const Element *element, const Place *inner)
{
	const ProgramAbsence *known = (const ProgramAbsence *) compiler->absences.data;
	int count = (int) (compiler->absences.len / sizeof(ProgramAbsence));
	ProgramAbsence absence;

	memset(&absence, 0, sizeof(absence));
	absence.event = (uint16) intern_event(compiler, element->event);
	absence.duration = (uint16) intern_duration(compiler, &element->duration);
	if (duration_bound(&element->duration) == 0)
		compiler->flags |= PROGRAM_NO_TIME;
	absence.guard_count = (uint16) inner->limits.count;
	absence.last_register = inner->thread;
	for (int i = 0; i < count; i++)
	{
		const Instruction *limits = (const Instruction *) compiler->instructions.data;

		if (known[i].event == absence.event && known[i].duration == absence.duration &&
			known[i].guard_count == absence.guard_count &&
			known[i].last_register == absence.last_register &&
			(absence.guard_count == 0 ||
			 memcmp(limits + known[i].guards, inner->limits.instruction,
					sizeof(Instruction) * absence.guard_count) == 0))
			return i;
	}
	absence.guards = write_code(compiler, &inner->limits);
	compiler->excludes |= UINT64CONST(1) << absence.event;
	appendBinaryStringInfo(&compiler->absences, (const char *) &absence, sizeof(absence));
	return count;
}

/*
 * Whether a node that was begun may end here, under which guards, and after which
 * absence; *absence stays as it is where there is none.
 */
bool
complete(Compiler *compiler, const PatternNode *node, const Place *place, Progress progress,
		 Code *guards, int *absence)
{
	check_stack_depth();
	switch (node->type)
	{
		case NODE_EVENT:
			return true;
		case NODE_CHOICE:
			return complete(compiler, node->children[progress.words[0]], place, rest(progress, 1),
							guards, absence);
		case NODE_SEQUENCE:
		{
			Place inner = inside(compiler, node, place);
			const Element *element = &node->elements[progress.words[0]];

			if (progress.words[1] < element->least && !pattern_nullable(element->item))
				return false;
			for (uint32 i = progress.words[0] + 1; i < node->count; i++)
			{
				if (!skippable(&node->elements[i]))
					return false;
			}
			if (!complete(compiler, element->item, &inner, rest(progress, 2), guards, absence))
				return false;
			element = &node->elements[node->count - 1];
			if (element->type == ELEMENT_ABSENCE)
				*absence = write_absence(compiler, element, &inner);
			if (node->to_end)
			{
				compiler->reg[place->thread].has_end = true;
				emit(guards, GUARD_END, place->thread, 0);
			}
			return true;
		}
		case NODE_ANY_ORDER:
		{
			uint8 wanting = registers_of(compiler, node)->wanting;

			for (uint32 i = 0; i < node->count; i++)
			{
				Place inner = item_place(compiler, node, place, i);
				Progress item = item_progress(progress, i);

				if (begun(item) ? !complete(compiler, node->children[i], &inner, rest(item, 1),
											guards, absence) :
								  !pattern_nullable(node->children[i]))
					return false;
			}
			if (wanting != NO_REGISTER)
				emit(guards, GUARD_WANTED, wanting, 0);
			return true;
		}
	}
	return false;
}
