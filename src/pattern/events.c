/*
 * events.c
 *		Which event tests an interaction passes.
 *
 * Owns what binds event tests to a timeline: for each attribute that they look
 * at, a table from the codes of its dictionary to masks of events.  An
 * interaction's mask is what the tables of its values have in common.  kind
 * comes first, for all interactions; other columns are read only where kind
 * leaves an event that looks at them.  Events that are more than conditions on
 * single attributes pass the tables as long as they are possible, and are
 * evaluated after that.
 *
 * What a test says of a value is conditions.c's business.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "pattern/conditions.h"
#include "timeline/word_table.h"

/* Texts of a plain column of kinds up to which it is given a table, too: it is read anyway. */
#define MAX_PLAIN_KINDS 256

/* Interactions up to which a cursor walks on; beyond, it is set anew. */
#define NEAR 8

/* A block is read at once where one in this many interactions is wanted. */
#define DENSE 8

/* Interactions are numbered by their places in the list of those that are wanted. */
#define BLOCK_WORDS ((LAYOUT_BLOCK + 63) / 64)

/* An attribute that tests look at, and its columns in the timeline at hand. */
typedef struct BoundAttribute
{
	const TestedAttribute *tested;
	const Column *texts;
	const Column *numbers; /* or integers */
	ColumnCursor text_cursor;
	ColumnCursor number_cursor;
	const uint64 *literal_keys; /* of the texts that tests compare with */
	bool tabled;                /* the texts have a table: */
	uint32 room;
	uint32 *slot_of_code; /* by code + 1, so that [0] is for ABSENT */
	uint64 *keys;         /* of the texts of a dictionary, by code */
	uint32 *slots;        /* of the wanted interactions, where events must be evaluated */
} BoundAttribute;

struct EventReader
{
	EventTests tests;
	MemoryContext context;
	BoundAttribute *attribute; /* by their numbers in the tests */
	BoundAttribute **other;    /* those that are read besides kind's table */
	uint64 *mask_of_kind;      /* by code */
	uint32 kinds;              /* that there is room for */

	/* of the timeline at hand */
	uint64 possible;
	uint64 late; /* events that kind's table does not decide */
	bool kind_tabled;
	uint32 others;
};

/*
 * Binding
 */

/* The keys of the texts that an attribute is compared with. */
static uint64 *
keys_of_literals(const TestedAttribute *tested)
{
	uint64 *keys = palloc(sizeof(uint64) * Max(tested->texts, 1));

	for (uint32 i = 0; i < tested->texts; i++)
		keys[i] = text_key(tested->text[i].bytes, tested->text[i].length);
	return keys;
}

/* A reader of a program; see events.h. */
EventReader *
events_open(const char *program, Size length, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	EventReader *reader = palloc0(sizeof(EventReader));
	uint32 attributes;

	tests_read(&reader->tests, program, length);
	attributes = reader->tests.attributes;
	reader->context = context;
	reader->attribute = palloc0(sizeof(BoundAttribute) * attributes);
	reader->other = palloc(sizeof(BoundAttribute *) * attributes);
	for (uint32 i = 0; i < attributes; i++)
	{
		BoundAttribute *bound = &reader->attribute[i];

		bound->tested = &reader->tests.attribute[i];
		bound->literal_keys = keys_of_literals(bound->tested);
		if ((bound->tested->events & reader->tests.joint) != 0)
			bound->slots = palloc(sizeof(uint32) * LAYOUT_BLOCK);
	}
	MemoryContextSwitchTo(caller);
	return reader;
}

/* The columns that an attribute other than kind has in a timeline, or NULL. */
static void
find_columns(const Layout *layout, TextSlice name, const Column **texts, const Column **numbers)
{
	*texts = NULL;
	*numbers = NULL;
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];

		if (same_slice(column->name, name))
			*(column->type == ATTRIBUTE_TEXT ? texts : numbers) = column;
	}
}

/* The first text in [low, high) of a dictionary that is not below a literal, or high. */
static uint32
search_dictionary(const BoundAttribute *bound, uint32 literal, uint32 low, uint32 high, bool *equal)
{
	uint64 key = bound->literal_keys[literal];

	*equal = false;
	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (bound->keys[middle] == key)
		{
			int order = column_compare_text(bound->texts, middle, bound->tested->text[literal]);

			if (order == 0)
			{
				*equal = true;
				return middle;
			}
			if (order < 0)
				low = middle + 1;
			else
				high = middle;
		}
		else if (bound->keys[middle] < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Gives the texts [low, high) of a dictionary their slots, knowing that they lie
 * between the literals [first, last).  Both ascend, so this takes no more than
 * O(literals x log texts) comparisons, nor O(texts x log literals).  It is as
 * deep as the logarithm of the literals.
 */
static void
fill_slots(BoundAttribute *bound, uint32 low, uint32 high, uint32 first, uint32 last)
{
	const TestedAttribute *tested = bound->tested;
	uint32 *slots = bound->slot_of_code + 1;
	uint32 base = first_text_slot(tested);

	while (low < high && first < last)
	{
		uint32 middle = first + (last - first) / 2;
		bool equal;
		uint32 at = search_dictionary(bound, middle, low, high, &equal);

		if (low < at)
			fill_slots(bound, low, at, first, middle);
		low = at;
		if (equal)
			slots[low++] = base + 2 * middle + 1;
		first = middle + 1;
	}
	while (low < high)
		slots[low++] = base + 2 * first;
}

/* Makes the table of a text column. */
static void
fill_table(EventReader *reader, BoundAttribute *bound)
{
	const Column *column = bound->texts;
	uint32 texts = column->texts;

	CHECK_FOR_INTERRUPTS();
	if (bound->room < texts)
	{
		if (bound->slot_of_code != NULL)
		{
			pfree(bound->slot_of_code);
			pfree(bound->keys);
		}
		bound->room = 2 * texts;
		bound->slot_of_code = MemoryContextAlloc(reader->context,
												 sizeof(uint32) * (bound->room + 1));
		bound->keys = MemoryContextAlloc(reader->context, sizeof(uint64) * bound->room);
	}
	bound->slot_of_code[0] = ABSENT_SLOT;
	if (column->encoding == ENCODING_DICTIONARY)
	{
		column_text_keys(column, bound->keys);
		fill_slots(bound, 0, texts, 0, bound->tested->texts);
		return;
	}
	for (uint32 i = 0; i < texts; i++)
		bound->slot_of_code[i + 1] = text_slot(bound->tested, column_text(column, i));
}

/* Makes the table of masks of kinds that have a table of slots; returns the events in any. */
static uint64
fill_kinds(EventReader *reader)
{
	const BoundAttribute *kind = &reader->attribute[KIND_ATTRIBUTE];
	uint64 any = 0;

	if (reader->kinds < kind->room)
	{
		if (reader->mask_of_kind != NULL)
			pfree(reader->mask_of_kind);
		reader->kinds = kind->room;
		reader->mask_of_kind = MemoryContextAlloc(reader->context, sizeof(uint64) * reader->kinds);
	}
	for (uint32 i = 0; i < kind->texts->texts; i++)
	{
		reader->mask_of_kind[i] = kind->tested->masks[kind->slot_of_code[i + 1]];
		any |= reader->mask_of_kind[i];
	}
	reader->kind_tabled = true;
	return any;
}

/* The events that may pass by one of the texts of a column. */
static uint64
possible_by_text(const BoundAttribute *bound)
{
	uint64 any = 0;

	if (!bound->tabled)
		return bound->tested->any_text;
	for (uint32 i = 1; i <= bound->texts->texts; i++)
		any |= bound->tested->masks[bound->slot_of_code[i]];
	return any;
}

/* Whether a column of texts is worth a table. */
static bool
wants_tables(const BoundAttribute *bound, bool is_kind)
{
	if (bound->texts == NULL)
		return false;
	if (bound->texts->encoding == ENCODING_DICTIONARY)
		return bound->texts->texts <= MAX_DICTIONARY;
	return is_kind && bound->texts->texts <= MAX_PLAIN_KINDS;
}

/* Binds an attribute to its columns; returns the events that one of its values lets pass. */
static uint64
bind_attribute(EventReader *reader, BoundAttribute *bound, const Layout *layout)
{
	const TestedAttribute *tested = bound->tested;
	bool is_kind = bound == &reader->attribute[KIND_ATTRIBUTE];
	uint64 present = 0;
	uint64 any = 0;

	if (is_kind)
		bound->texts = &layout->kind;
	bound->tabled = wants_tables(bound, is_kind);
	bound->text_cursor = (ColumnCursor) {0, 0};
	bound->number_cursor = (ColumnCursor) {0, 0};
	if (bound->texts != NULL)
	{
		if (bound->tabled)
			fill_table(reader, bound);
		any |= is_kind && bound->tabled ? fill_kinds(reader) : possible_by_text(bound);
		present += bound->texts->present;
	}
	if (bound->numbers != NULL)
	{
		any |= tested->any_number;
		present += bound->numbers->present;
	}
	if (present < layout->count)
		any |= tested->masks[ABSENT_SLOT];
	return any;
}

/* Whether any test looks at more than the kind of an interaction. */
bool
events_look_at_attributes(const EventReader *reader)
{
	return reader->tests.attributes > KIND_ATTRIBUTE + 1;
}

/* Binds a reader to a timeline; see events.h. */
void
events_bind(EventReader *reader, const Layout *layout)
{
	events_bind_some(reader, layout, PG_UINT64_MAX);
}

/* The same for some events; see events.h. */
void
events_bind_some(EventReader *reader, const Layout *layout, uint64 wanted)
{
	reader->possible = layout->count == 0 ? 0 : reader->tests.possible & wanted;
	reader->late = reader->tests.joint;
	reader->others = 0;
	reader->kind_tabled = false;
	/* what wants an attribute that the timeline does not have needs no table of kinds */
	for (uint32 i = KIND_ATTRIBUTE + 1; i < reader->tests.attributes; i++)
	{
		BoundAttribute *bound = &reader->attribute[i];

		find_columns(layout, bound->tested->name, &bound->texts, &bound->numbers);
		if (bound->texts == NULL && bound->numbers == NULL)
			reader->possible &= bound->tested->masks[ABSENT_SLOT];
	}
	for (uint32 i = 0; i < reader->tests.attributes; i++)
	{
		BoundAttribute *bound = &reader->attribute[i];

		/* where no event is left that looks at it, nothing depends on it */
		if ((bound->tested->events & reader->possible) == 0)
			continue;
		reader->possible &= bind_attribute(reader, bound, layout);
		if (i == KIND_ATTRIBUTE && reader->kind_tabled)
			continue;
		if (bound->texts != NULL || bound->numbers != NULL)
		{
			reader->other[reader->others++] = bound;
			reader->late |= bound->tested->events;
		}
	}
	reader->late &= reader->possible;
}

/* The events that some interaction of the timeline may pass; see events.h. */
uint64
events_possible(const EventReader *reader)
{
	return reader->possible;
}

/*
 * Reading
 */

/* Moves a cursor to interaction index and over it; whether it has a value, and which. */
static inline bool
read_value(const Column *column, ColumnCursor *cursor, uint32 index, uint32 *rank)
{
	if (index < cursor->index || index - cursor->index > NEAR)
		*cursor = column_seek(column, index);
	while (cursor->index < index)
		(void) column_next(column, cursor, rank);
	return column_next(column, cursor, rank);
}

static double
read_number(const Column *column, uint32 rank)
{
	uint64 number = column_number(column, rank);

	return column->type == ATTRIBUTE_INTEGER ? (double) (int64) number : number_from_bits(number);
}

/* The slot of an attribute's value in interaction index. */
static uint32
value_slot(BoundAttribute *bound, uint32 index)
{
	uint32 rank = 0;

	if (bound->texts != NULL && read_value(bound->texts, &bound->text_cursor, index, &rank))
	{
		uint32 code = column_code(bound->texts, rank);

		if (bound->tabled)
			return bound->slot_of_code[code + 1];
		return text_slot(bound->tested, column_text(bound->texts, code));
	}
	if (bound->numbers != NULL && read_value(bound->numbers, &bound->number_cursor, index, &rank))
		return number_slot(bound->tested, read_number(bound->numbers, rank));
	return ABSENT_SLOT;
}

/* Reads the codes of a block, wherever the column's cursor stands. */
static void
read_codes(BoundAttribute *bound, uint32 from, uint32 count, uint32 *codes)
{
	if (bound->text_cursor.index != from)
		bound->text_cursor = column_seek(bound->texts, from);
	column_next_codes(bound->texts, &bound->text_cursor, count, codes);
}

/* Interactions of a block where kind leaves something to decide. */
typedef struct Wanted
{
	uint32 from;  /* of the block */
	uint32 block; /* interactions of the block */
	uint32 count;
	uint16 place[LAYOUT_BLOCK]; /* in the block */
	uint64 *masks;              /* of the block */
} Wanted;

/* The slots of an attribute's values in the wanted interactions, read as a block of codes. */
static void
read_block(BoundAttribute *bound, const Wanted *wanted, uint32 *slots)
{
	const uint32 *slot_of_code = bound->slot_of_code;
	uint32 codes[LAYOUT_BLOCK];

	read_codes(bound, wanted->from, wanted->block, codes);
	for (uint32 i = 0; i < wanted->count; i++)
		slots[i] = slot_of_code[codes[wanted->place[i]] + 1];
}

/* The same, read one by one, where an event is left that looks at the attribute. */
static void
read_singly(BoundAttribute *bound, const Wanted *wanted, uint32 *slots)
{
	uint64 events = bound->tested->events;

	for (uint32 i = 0; i < wanted->count; i++)
	{
		uint32 place = wanted->place[i];

		slots[i] = ABSENT_SLOT;
		if ((wanted->masks[place] & events) != 0)
			slots[i] = value_slot(bound, wanted->from + place);
	}
}

/* Takes from the masks what an attribute's values do not let pass. */
static void
apply_attribute(BoundAttribute *bound, Wanted *wanted)
{
	const uint64 *mask_of_slot = bound->tested->masks;
	uint64 *masks = wanted->masks;
	uint32 room[LAYOUT_BLOCK];
	uint32 *slots = bound->slots != NULL ? bound->slots : room;

	if (bound->tabled && bound->numbers == NULL && wanted->count * DENSE >= wanted->block)
		read_block(bound, wanted, slots);
	else
		read_singly(bound, wanted, slots);
	for (uint32 i = 0; i < wanted->count; i++)
		masks[wanted->place[i]] &= mask_of_slot[slots[i]];
}

/* For which of count wanted interactions a relation is true. */
static void
evaluate_slots(const EventReader *reader, const TestNode *node, uint32 count, uint64 *result)
{
	const BoundAttribute *bound = &reader->attribute[node->attribute];

	if (bound->texts == NULL && bound->numbers == NULL)
	{
		memset(result, lies_in(node, ABSENT_SLOT) ? 0xFF : 0, sizeof(uint64) * BLOCK_WORDS);
		return;
	}
	memset(result, 0, sizeof(uint64) * BLOCK_WORDS);
	for (uint32 i = 0; i < count; i++)
		result[i / 64] |= (uint64) lies_in(node, bound->slots[i]) << (i % 64);
}

/* For which of count wanted interactions a test is true. */
static void
evaluate(const EventReader *reader, uint32 node, uint32 count, uint64 *result)
{
	const TestNode *this = &reader->tests.node[node];

	check_stack_depth();
	if (this->type == TEST_SLOTS)
	{
		evaluate_slots(reader, this, count, result);
		return;
	}
	memset(result, this->type == TEST_ALL ? 0xFF : 0, sizeof(uint64) * BLOCK_WORDS);
	for (uint32 child = node + 1; child < this->end; child = reader->tests.node[child].end)
	{
		uint64 its[BLOCK_WORDS];

		evaluate(reader, child, count, its);
		for (int i = 0; i < BLOCK_WORDS; i++)
			result[i] = this->type == TEST_ALL ? result[i] & its[i] : result[i] | its[i];
	}
}

/* Takes from the masks the events that no attribute alone decides, where they are not true. */
static void
apply_joint(EventReader *reader, uint64 events, Wanted *wanted)
{
	for (; events != 0; events &= events - 1)
	{
		int event = pg_rightmost_one_pos64(events);
		uint64 accepted[BLOCK_WORDS];

		evaluate(reader, reader->tests.event[event], wanted->count, accepted);
		for (uint32 i = 0; i < wanted->count; i++)
		{
			uint64 refused = ~accepted[i / 64] >> (i % 64) & 1;

			wanted->masks[wanted->place[i]] &= ~(refused << event);
		}
	}
}

/* The masks of a block of interactions; see events.h. */
void
events_read(EventReader *reader, uint32 from, uint32 count, uint64 *masks)
{
	uint64 possible = reader->possible;
	uint64 late = reader->late;
	uint32 codes[LAYOUT_BLOCK];
	BoundAttribute *kind = &reader->attribute[KIND_ATTRIBUTE];
	Wanted wanted;

	CHECK_FOR_INTERRUPTS();
	if (reader->kind_tabled)
	{
		const uint64 *mask_of_kind = reader->mask_of_kind;

		read_codes(kind, from, count, codes);
		for (uint32 i = 0; i < count; i++)
			masks[i] = mask_of_kind[codes[i]] & possible;
	}
	else
	{
		for (uint32 i = 0; i < count; i++)
			masks[i] = possible;
	}
	if (late == 0)
		return;
	wanted.from = from;
	wanted.block = count;
	wanted.count = 0;
	wanted.masks = masks;
	for (uint32 i = 0; i < count; i++)
	{
		wanted.place[wanted.count] = (uint16) i;
		wanted.count += (masks[i] & late) != 0;
	}
	if (wanted.count == 0)
		return;
	for (uint32 i = 0; i < reader->others; i++)
		apply_attribute(reader->other[i], &wanted);
	if ((late & reader->tests.joint) != 0)
	{
		if (reader->kind_tabled && kind->slots != NULL)
		{
			for (uint32 i = 0; i < wanted.count; i++)
				kind->slots[i] = kind->slot_of_code[codes[wanted.place[i]] + 1];
		}
		apply_joint(reader, late & reader->tests.joint, &wanted);
	}
}

/* The interactions of a block that one of the wanted events accepts; see events.h. */
uint32
events_find(EventReader *reader, uint32 from, uint32 count, uint64 wanted, uint8 *places,
			uint64 *masks)
{
	const uint64 *mask_of_kind = reader->mask_of_kind;
	uint32 found = 0;
	uint32 codes[LAYOUT_BLOCK];
	uint64 all[LAYOUT_BLOCK];

	StaticAssertStmt(LAYOUT_BLOCK <= 256, "a place in a block must fit in a byte");
	/* each is written, and stays where it is wanted: no branch that nobody can predict */
	if (reader->kind_tabled && reader->late == 0)
	{
		wanted &= reader->possible;
		read_codes(&reader->attribute[KIND_ATTRIBUTE], from, count, codes);
		for (uint32 i = 0; i < count; i++)
		{
			uint64 mask = mask_of_kind[codes[i]] & wanted;

			places[found] = (uint8) i;
			masks[found] = mask;
			found += mask != 0;
		}
		return found;
	}
	events_read(reader, from, count, all);
	for (uint32 i = 0; i < count; i++)
	{
		places[found] = (uint8) i;
		masks[found] = all[i] & wanted;
		found += masks[found] != 0;
	}
	return found;
}

/*
 * Numbers for values
 */

typedef struct NumberEntry
{
	uint64 bits;
	uint32 number;
	char status;
} NumberEntry;

#define SH_PREFIX numbertable
#define SH_ELEMENT_TYPE NumberEntry
#define SH_KEY_TYPE uint64
#define SH_KEY bits
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &key, sizeof(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Gives the values of one attribute their numbers. */
typedef struct ValueNumbers
{
	const Column *texts;
	const Column *numbers;
	uint32 *by_code;                    /* of a dictionary; NO_VALUE = not yet met */
	struct wordtable_hash *by_text;     /* of a plain column */
	MemoryContext copies;               /* of its texts */
	struct numbertable_hash *by_number; /* bits of a double, or a whole number */
	uint32 count;
} ValueNumbers;

static void
value_numbers_begin(ValueNumbers *values)
{
	if (values->texts != NULL && values->texts->encoding == ENCODING_DICTIONARY)
	{
		Size size = sizeof(uint32) * (Size) values->texts->texts;

		values->by_code = palloc_extended(size, MCXT_ALLOC_HUGE);
		memset(values->by_code, 0xFF, size);
	}
	else if (values->texts != NULL)
	{
		values->copies = AllocSetContextCreate(CurrentMemoryContext, "texts of an attribute",
											   ALLOCSET_SMALL_SIZES);
		values->by_text = wordtable_create(values->copies, 64, NULL);
	}
	if (values->numbers != NULL)
		values->by_number = numbertable_create(CurrentMemoryContext, 64, NULL);
}

static void
value_numbers_end(ValueNumbers *values)
{
	if (values->by_code != NULL)
		pfree(values->by_code);
	if (values->copies != NULL)
		MemoryContextDelete(values->copies);
	if (values->by_number != NULL)
		numbertable_destroy(values->by_number);
}

static inline uint32
number_of_text(ValueNumbers *values, uint32 code)
{
	WordEntry *entry;
	bool found;

	if (values->by_code != NULL)
	{
		if (values->by_code[code] == NO_VALUE)
			values->by_code[code] = values->count++;
		return values->by_code[code];
	}
	entry = wordtable_insert(values->by_text, column_text(values->texts, code), &found);
	if (!found)
	{
		/* the text stays only until the next one is read */
		char *copy = MemoryContextAllocExtended(values->copies, Max(entry->key.length, 1),
												MCXT_ALLOC_HUGE);

		memcpy(copy, entry->key.bytes, entry->key.length);
		entry->key.bytes = copy;
		entry->number = values->count++;
	}
	return entry->number;
}

static uint32
number_of_number(ValueNumbers *values, uint32 rank)
{
	uint64 bits = column_number(values->numbers, rank);
	NumberEntry *entry;
	bool found;

	if (values->numbers->type == ATTRIBUTE_NUMBER)
		bits = number_to_bits(number_from_bits(bits));
	entry = numbertable_insert(values->by_number, bits, &found);
	if (!found)
		entry->number = values->count++;
	return entry->number;
}

/* Numbers for an attribute's values; see events.h.  O(interactions). */
uint32
attribute_codes(const Layout *layout, TextSlice name, uint32 *codes)
{
	ValueNumbers values = {0};
	ColumnCursor text_cursor = {0, 0};
	ColumnCursor number_cursor = {0, 0};

	if (same_slice(name, (TextSlice) {"kind", 4}))
		values.texts = layout->count > 0 ? &layout->kind : NULL;
	else
		find_columns(layout, name, &values.texts, &values.numbers);
	value_numbers_begin(&values);
	for (uint32 from = 0; from < layout->count; from += LAYOUT_BLOCK)
	{
		uint32 count = Min(LAYOUT_BLOCK, layout->count - from);
		uint32 *block = codes + from;

		CHECK_FOR_INTERRUPTS();
		if (values.texts != NULL)
			column_next_codes(values.texts, &text_cursor, count, block);
		for (uint32 i = 0; i < count; i++)
		{
			uint32 rank = 0;
			bool has_number = values.numbers != NULL &&
				column_next(values.numbers, &number_cursor, &rank);

			if (values.texts != NULL && block[i] != ABSENT)
				block[i] = number_of_text(&values, block[i]);
			else
				block[i] = has_number ? number_of_number(&values, rank) : NO_VALUE;
		}
	}
	value_numbers_end(&values);
	return values.count;
}
