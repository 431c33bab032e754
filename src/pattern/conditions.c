/*
 * conditions.c
 *		Event tests in their stored form, and what they say of one value.
 *
 * Owns the stored form: writes it from trees, reads it, and works out which
 * slots of an attribute's values (see conditions.h) let which events through.
 * It knows no timeline; events.c does.
 *
 * Stored programs are taken as they come: what cannot be is reported as corrupt,
 * and no byte outside of the program is read.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pattern/conditions.h"
#include "timeline/word_table.h"

/* The numbers stand in stored patterns: append, never renumber. */
typedef enum TestCode
{
	CODE_END = 0,
	CODE_ALL = 1,
	CODE_ANY = 2,
	CODE_ABSENT = 3,
	CODE_PRESENT = 4,
	/* relations */
	CODE_IN = 5,
	CODE_NOT_IN = 6,
	CODE_LESS = 7,
	CODE_AT_MOST = 8,
	CODE_GREATER = 9,
	CODE_AT_LEAST = 10,
} TestCode;

/* flag of a relation: to texts, not to numbers */
#define CODE_TEXTS 0x80

/* PostgreSQL's order of doubles: NaN is the greatest, and equal to itself. */
static int
compare_numbers(double a, double b)
{
	if (float8_lt(a, b))
		return -1;
	return float8_eq(a, b) ? 0 : 1;
}

/*
 * Writing
 */

typedef struct TestWriter
{
	StringInfoData tests;
	StringInfoData names;
	struct wordtable_hash *attributes; /* name to number */
} TestWriter;

static void
put_byte(StringInfo out, int byte)
{
	appendStringInfoCharMacro(out, (char) byte);
}

static void
put_varint(StringInfo out, uint32 value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(out, (int) (value & 0x7F) | 0x80);
	put_byte(out, (int) value);
}

static void
put_text(StringInfo out, TextSlice text)
{
	put_varint(out, text.length);
	appendBinaryStringInfo(out, text.bytes, (int) text.length);
}

static void
put_number(StringInfo out, double number)
{
	uint64 bits = number_to_bits(number);

	for (int shift = 0; shift < 64; shift += 8)
		put_byte(out, (int) (bits >> shift & 0xFF));
}

/* The number of an attribute, which gets the next one where it is new. */
static void
put_attribute(TestWriter *writer, TextSlice name)
{
	uint32 number = KIND_ATTRIBUTE;
	bool found;

	if (!same_slice(name, (TextSlice) {"kind", 4}))
	{
		WordEntry *entry = wordtable_insert(writer->attributes, name, &found);

		if (!found)
		{
			entry->number = writer->attributes->members;
			put_text(&writer->names, name);
		}
		number = entry->number;
	}
	put_varint(&writer->tests, number);
}

/* The order of two literals of one type. */
static int
compare_literals(const void *a, const void *b)
{
	const Literal *first = a;
	const Literal *second = b;

	if (first->is_number)
		return compare_numbers(first->number, second->number);
	return compare_slices(first->text, second->text);
}

/* Writes a relation to those of the literals that are of one type; nothing where there are none. */
static void
write_relation(TestWriter *writer, TestCode relation, TextSlice attribute, const Literal *literals,
			   uint32 count, bool numbers)
{
	StringInfo out = &writer->tests;
	Literal *sorted = palloc(sizeof(Literal) * Max(count, 1));
	uint32 chosen = 0;
	uint32 distinct = 0;

	for (uint32 i = 0; i < count; i++)
	{
		if (literals[i].is_number == numbers)
			sorted[chosen++] = literals[i];
	}
	qsort(sorted, chosen, sizeof(Literal), compare_literals);
	for (uint32 i = 0; i < chosen; i++)
	{
		if (i == 0 || compare_literals(&sorted[distinct - 1], &sorted[i]) != 0)
			sorted[distinct++] = sorted[i];
	}
	if (distinct > 0)
	{
		put_byte(out, (int) relation | (numbers ? 0 : CODE_TEXTS));
		put_attribute(writer, attribute);
		put_varint(out, distinct);
		for (uint32 i = 0; i < distinct; i++)
		{
			if (numbers)
				put_number(out, sorted[i].number);
			else
				put_text(out, sorted[i].text);
		}
	}
	pfree(sorted);
}

/* attribute = text */
static void
write_equal(TestWriter *writer, const char *attribute, TextSlice text)
{
	TextSlice name = {attribute, (uint32) strlen(attribute)};
	Literal literal = {.is_number = false, .text = text};

	write_relation(writer, CODE_IN, name, &literal, 1, false);
}

/*
 * Whether a value is among literals.  Against those of the other type it is
 * unknown: that does not hinder "in", and forbids "not in".
 */
static void
write_membership(TestWriter *writer, const Condition *condition, bool negated)
{
	TestCode relation = negated ? CODE_NOT_IN : CODE_IN;
	bool mixed = false;

	for (uint32 i = 1; i < condition->literal_count; i++)
		mixed |= condition->literals[i].is_number != condition->literals[0].is_number;
	if (mixed)
		put_byte(&writer->tests, CODE_ANY);
	for (int numbers = 0; numbers < 2 && !(mixed && negated); numbers++)
		write_relation(writer, relation, condition->attribute, condition->literals,
					   condition->literal_count, numbers == 1);
	if (mixed)
		put_byte(&writer->tests, CODE_END);
}

static void
write_comparison(TestWriter *writer, const Condition *condition, bool negated)
{
	static const TestCode plain[] = {
		[COMPARE_EQ] = CODE_IN,      [COMPARE_NE] = CODE_NOT_IN,  [COMPARE_LT] = CODE_LESS,
		[COMPARE_LE] = CODE_AT_MOST, [COMPARE_GT] = CODE_GREATER, [COMPARE_GE] = CODE_AT_LEAST,
	};
	static const TestCode opposite[] = {
		[COMPARE_EQ] = CODE_NOT_IN,  [COMPARE_NE] = CODE_IN,      [COMPARE_LT] = CODE_AT_LEAST,
		[COMPARE_LE] = CODE_GREATER, [COMPARE_GT] = CODE_AT_MOST, [COMPARE_GE] = CODE_LESS,
	};

	write_relation(writer, (negated ? opposite : plain)[condition->comparison],
				   condition->attribute, condition->literals, 1, condition->literals->is_number);
}

/*
 * Writes where a condition, or its negation, is true.  group is the ALL or ANY
 * that it stands in: one of the same kind needs no marks of its own.
 */
static void
write_condition(TestWriter *writer, const Condition *condition, bool negated, TestCode group)
{
	TestCode own;

	check_stack_depth();
	switch (condition->type)
	{
		case CONDITION_COMPARE:
			write_comparison(writer, condition, negated);
			break;
		case CONDITION_IN:
			write_membership(writer, condition, negated);
			break;
		case CONDITION_NULL:
			put_byte(&writer->tests, negated ? CODE_PRESENT : CODE_ABSENT);
			put_attribute(writer, condition->attribute);
			break;
		case CONDITION_NOT:
			write_condition(writer, condition->left, !negated, group);
			break;
		case CONDITION_AND:
		case CONDITION_OR:
			own = (condition->type == CONDITION_AND) != negated ? CODE_ALL : CODE_ANY;
			if (own != group)
				put_byte(&writer->tests, (int) own);
			write_condition(writer, condition->left, negated, own);
			write_condition(writer, condition->right, negated, own);
			if (own != group)
				put_byte(&writer->tests, CODE_END);
			break;
	}
}

/* Writes one alternative of an event. */
static void
write_alternative(TestWriter *writer, const EventTest *test)
{
	put_byte(&writer->tests, CODE_ALL);
	switch (test->kind)
	{
		case KIND_NAMED:
			write_equal(writer, "kind", test->name);
			break;
		case KIND_ANY:
			break;
		case KIND_INBOUND:
			write_equal(writer, "direction", (TextSlice) {"inbound", 7});
			break;
		case KIND_OUTBOUND:
			write_equal(writer, "direction", (TextSlice) {"outbound", 8});
			break;
	}
	if (test->has_channel)
		write_equal(writer, "channel", test->channel);
	if (test->condition != NULL)
		write_condition(writer, test->condition, false, CODE_ALL);
	put_byte(&writer->tests, CODE_END);
}

/* Appends the program of count events, each a list of alternative tests. */
void
events_write(StringInfo out, EventTest *const *events, int count)
{
	TestWriter writer;

	Assert(count <= MAX_EVENTS);
	initStringInfo(&writer.tests);
	initStringInfo(&writer.names);
	writer.attributes = wordtable_create(CurrentMemoryContext, 8, NULL);
	for (int i = 0; i < count; i++)
	{
		bool several = events[i]->next != NULL;

		if (several)
			put_byte(&writer.tests, CODE_ANY);
		for (const EventTest *test = events[i]; test != NULL; test = test->next)
			write_alternative(&writer, test);
		if (several)
			put_byte(&writer.tests, CODE_END);
	}
	put_varint(out, writer.attributes->members);
	appendBinaryStringInfo(out, writer.names.data, writer.names.len);
	put_byte(out, count);
	appendBinaryStringInfo(out, writer.tests.data, writer.tests.len);
	wordtable_destroy(writer.attributes);
	pfree(writer.names.data);
	pfree(writer.tests.data);
}

static bool
same_literals(const Condition *a, const Condition *b)
{
	if (a->literal_count != b->literal_count)
		return false;
	for (uint32 i = 0; i < a->literal_count; i++)
	{
		const Literal *first = &a->literals[i];
		const Literal *second = &b->literals[i];

		if (first->is_number != second->is_number || compare_literals(first, second) != 0)
			return false;
	}
	return true;
}

static bool
same_condition(const Condition *a, const Condition *b)
{
	check_stack_depth();
	if (a == NULL || b == NULL)
		return a == b;
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case CONDITION_COMPARE:
			return a->comparison == b->comparison && same_slice(a->attribute, b->attribute) &&
				same_literals(a, b);
		case CONDITION_IN:
			return same_slice(a->attribute, b->attribute) && same_literals(a, b);
		case CONDITION_NULL:
			return same_slice(a->attribute, b->attribute);
		case CONDITION_NOT:
			return same_condition(a->left, b->left);
		case CONDITION_AND:
		case CONDITION_OR:
			return same_condition(a->left, b->left) && same_condition(a->right, b->right);
	}
	return false;
}

/* Whether two events are the same test, as they are written. */
bool
same_event(const EventTest *a, const EventTest *b)
{
	for (; a != NULL && b != NULL; a = a->next, b = b->next)
	{
		if (a->kind != b->kind || (a->kind == KIND_NAMED && !same_slice(a->name, b->name)))
			return false;
		if (a->has_channel != b->has_channel ||
			(a->has_channel && !same_slice(a->channel, b->channel)))
			return false;
		if (!same_condition(a->condition, b->condition))
			return false;
	}
	return a == b;
}

/*
 * Reading
 */

/* A literal on its way into its attribute's list. */
typedef struct StoredLiteral
{
	uint32 attribute;
	bool is_text;
	double number;
	TextSlice text;
} StoredLiteral;

/* What a node of relations is before the slots are known. */
typedef struct StoredRelation
{
	TestCode code;
	bool texts;
	uint32 literal; /* the first one */
	uint32 count;
} StoredRelation;

typedef struct TestReader
{
	const uint8 *at;
	const uint8 *limit;
	EventTests *tests;
	uint32 node_room;
	StoredRelation *relations; /* by node */
	uint32 literals;
	uint32 literal_room;
	StoredLiteral *literal;
} TestReader;

/* Raises ERRCODE_DATA_CORRUPTED; what completes "pattern is corrupt: ...". */
static void CRM_NORETURN
corrupt_tests(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("pattern is corrupt: %s", what),
			 errhint("Make the value anew from its text.")));
}

static const uint8 *
take(TestReader *reader, uint64 bytes)
{
	const uint8 *at = reader->at;

	if (bytes > (uint64) (reader->limit - at))
		corrupt_tests("its event tests end early");
	reader->at += bytes;
	return at;
}

static uint32
take_varint(TestReader *reader)
{
	uint64 value = 0;

	for (int shift = 0; shift < 35; shift += 7)
	{
		uint8 byte = *take(reader, 1);

		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80 && value <= PG_UINT32_MAX)
			return (uint32) value;
	}
	corrupt_tests("a number has too many bytes");
}

static TextSlice
take_text(TestReader *reader)
{
	TextSlice text;

	text.length = take_varint(reader);
	text.bytes = (const char *) take(reader, text.length);
	return text;
}

static double
take_number(TestReader *reader)
{
	return number_from_bits(load_whole_word(take(reader, 8)));
}

static void
take_attributes(TestReader *reader)
{
	EventTests *tests = reader->tests;
	uint32 named = take_varint(reader);

	if (named > (uint64) (reader->limit - reader->at))
		corrupt_tests("it has too many attributes");
	tests->attributes = named + 1;
	tests->attribute = palloc0(sizeof(TestedAttribute) * tests->attributes);
	tests->attribute[KIND_ATTRIBUTE].name = (TextSlice) {"kind", 4};
	for (uint32 i = 1; i <= named; i++)
		tests->attribute[i].name = take_text(reader);
}

static uint32
take_attribute(TestReader *reader, int event)
{
	uint32 attribute = take_varint(reader);

	if (attribute >= reader->tests->attributes)
		corrupt_tests("a test is about an attribute that is not there");
	reader->tests->attribute[attribute].events |= UINT64CONST(1) << event;
	return attribute;
}

/* A new node at the end. */
static uint32
add_node(TestReader *reader, TestType type)
{
	EventTests *tests = reader->tests;
	TestNode node = {.type = type, .attribute = NO_ATTRIBUTE};

	if (tests->nodes == reader->node_room)
	{
		reader->node_room *= 2;
		tests->node = repalloc(tests->node, sizeof(TestNode) * reader->node_room);
		reader->relations = repalloc(reader->relations, sizeof(StoredRelation) * reader->node_room);
	}
	tests->node[tests->nodes] = node;
	reader->relations[tests->nodes].code = CODE_END;
	return tests->nodes++;
}

/* Reads one more literal of a relation: they ascend, which makes its slots ascend. */
static void
take_literal(TestReader *reader, StoredRelation *relation, uint32 attribute)
{
	StoredLiteral literal = {.attribute = attribute, .is_text = relation->texts};

	if (relation->texts)
		literal.text = take_text(reader);
	else
		literal.number = take_number(reader);
	if (relation->count > 0)
	{
		const StoredLiteral *last = &reader->literal[reader->literals - 1];

		if (relation->texts ? compare_slices(last->text, literal.text) >= 0 :
							  !float8_lt(last->number, literal.number))
			corrupt_tests("the values of a test do not ascend");
	}
	if (reader->literals == reader->literal_room)
	{
		reader->literal_room *= 2;
		reader->literal = repalloc(reader->literal, sizeof(StoredLiteral) * reader->literal_room);
	}
	reader->literal[reader->literals++] = literal;
	relation->count++;
}

/* Reads the literals of a relation. */
static void
read_relation(TestReader *reader, uint32 node, int code)
{
	StoredRelation relation = {(TestCode) (code & ~CODE_TEXTS), (code & CODE_TEXTS) != 0, 0, 0};
	uint32 count = 0;

	if (relation.code == CODE_ABSENT || relation.code == CODE_PRESENT)
	{
		if (relation.texts)
			corrupt_tests("it has a test that this version of crm_timeline does not know");
	}
	else
	{
		count = take_varint(reader);
		if (count == 0 || (count > 1 && relation.code != CODE_IN && relation.code != CODE_NOT_IN))
			corrupt_tests("a test has an impossible number of values");
	}
	relation.literal = reader->literals;
	while (relation.count < count)
		take_literal(reader, &relation, reader->tests->node[node].attribute);
	reader->relations[node] = relation;
}

/* Reads one test of an event; returns its node. */
static uint32
read_test(TestReader *reader, int event)
{
	EventTests *tests = reader->tests;
	int code = *take(reader, 1);
	uint32 node;

	check_stack_depth();
	if (code == CODE_ALL || code == CODE_ANY)
	{
		uint32 attribute = NO_ATTRIBUTE;

		node = add_node(reader, code == CODE_ALL ? TEST_ALL : TEST_ANY);
		while (reader->at == reader->limit || *reader->at != CODE_END)
		{
			uint32 child = read_test(reader, event);
			uint32 its = tests->node[child].attribute;

			if (its != NO_ATTRIBUTE && attribute != its)
				attribute = attribute == NO_ATTRIBUTE ? its : MANY_ATTRIBUTES;
		}
		(void) take(reader, 1);
		tests->node[node].attribute = attribute;
	}
	else
	{
		if ((code & ~CODE_TEXTS) < CODE_ABSENT || (code & ~CODE_TEXTS) > CODE_AT_LEAST)
			corrupt_tests("it has a test that this version of crm_timeline does not know");
		node = add_node(reader, TEST_SLOTS);
		tests->node[node].attribute = take_attribute(reader, event);
		read_relation(reader, node, code);
	}
	tests->node[node].end = tests->nodes;
	return node;
}

/* Literals by attribute, numbers before texts, ascending. */
static int
compare_stored(const void *a, const void *b)
{
	const StoredLiteral *first = a;
	const StoredLiteral *second = b;

	if (first->attribute != second->attribute)
		return first->attribute < second->attribute ? -1 : 1;
	if (first->is_text != second->is_text)
		return first->is_text ? 1 : -1;
	if (first->is_text)
		return compare_slices(first->text, second->text);
	return compare_numbers(first->number, second->number);
}

/* Gives each attribute its literals, in order and each once. */
static void
distribute_literals(const TestReader *reader)
{
	Size room = Max(reader->literals, 1);
	double *number = palloc(sizeof(double) * room);
	TextSlice *text = palloc(sizeof(TextSlice) * room);
	StoredLiteral *sorted = palloc(sizeof(StoredLiteral) * room);

	memcpy(sorted, reader->literal, sizeof(StoredLiteral) * reader->literals);
	qsort(sorted, reader->literals, sizeof(StoredLiteral), compare_stored);
	for (uint32 i = 0; i < reader->literals; i++)
	{
		TestedAttribute *attribute = &reader->tests->attribute[sorted[i].attribute];

		if (i > 0 && compare_stored(&sorted[i - 1], &sorted[i]) == 0)
			continue;
		if (attribute->numbers + attribute->texts == 0)
		{
			attribute->number = number;
			attribute->text = text;
		}
		if (sorted[i].is_text)
		{
			*text++ = sorted[i].text;
			attribute->texts++;
		}
		else
		{
			*number++ = sorted[i].number;
			attribute->numbers++;
		}
	}
	pfree(sorted);
}

/* The slots that are accepted by a relation, as ranges. */
static void
resolve_relation(const TestReader *reader, uint32 index)
{
	TestNode *node = &reader->tests->node[index];
	const TestedAttribute *attribute = &reader->tests->attribute[node->attribute];
	const StoredRelation *relation = &reader->relations[index];
	const StoredLiteral *literal = &reader->literal[relation->literal];
	uint32 first = relation->texts ? first_text_slot(attribute) : FIRST_NUMBER_SLOT;
	uint32 last = first + 2 * (relation->texts ? attribute->texts : attribute->numbers);
	SlotRange *range = palloc(sizeof(SlotRange) * (relation->count + 1));
	uint32 own = 0;

	node->range = range;
	*range = (SlotRange) {first, last};
	for (uint32 i = 0; i < relation->count; i++, literal++)
	{
		own = relation->texts ? text_slot(attribute, literal->text) :
								number_slot(attribute, literal->number);
		if (relation->code == CODE_IN)
			*range++ = (SlotRange) {own, own};
		else if (relation->code == CODE_NOT_IN)
		{
			range->last = own - 1;
			*++range = (SlotRange) {own + 1, last};
		}
	}
	switch (relation->code)
	{
		case CODE_ABSENT:
			*range++ = (SlotRange) {ABSENT_SLOT, ABSENT_SLOT};
			break;
		case CODE_PRESENT:
			*range++ = (SlotRange) {FIRST_NUMBER_SLOT, slot_count(attribute) - 1};
			break;
		case CODE_LESS:
			*range++ = (SlotRange) {first, own - 1};
			break;
		case CODE_AT_MOST:
			*range++ = (SlotRange) {first, own};
			break;
		case CODE_GREATER:
			*range++ = (SlotRange) {own + 1, last};
			break;
		case CODE_AT_LEAST:
			*range++ = (SlotRange) {own, last};
			break;
		case CODE_NOT_IN:
			range++;
			break;
		default:
			break;
	}
	node->ranges = (uint32) (range - node->range);
}

/* Whether a test can be true where one attribute's value has that slot; the others are free. */
static bool
may_hold(const EventTests *tests, uint32 node, uint32 attribute, uint32 slot)
{
	const TestNode *this = &tests->node[node];

	check_stack_depth();
	if (this->type == TEST_SLOTS)
		return this->attribute != attribute || lies_in(this, slot);
	for (uint32 child = node + 1; child < this->end; child = tests->node[child].end)
	{
		bool holds = may_hold(tests, child, attribute, slot);

		if (holds == (this->type == TEST_ANY))
			return holds;
	}
	return this->type == TEST_ALL;
}

/* Takes an event's bit from the masks of the slots [from, to). */
static inline void
refuse_slots(uint64 *masks, uint32 from, uint32 to, uint64 bit)
{
	for (uint32 slot = from; slot < to; slot++)
		masks[slot] &= ~bit;
}

/*
 * Takes an event's bit from the masks of the slots of an attribute at which its
 * test can not be true: as may_hold() says, but by the ranges where it can.
 */
static void
refuse(const EventTests *tests, uint32 node, uint32 attribute, uint64 *masks, uint32 slots,
	   uint64 bit)
{
	const TestNode *this = &tests->node[node];
	uint32 from = 0;

	check_stack_depth();
	if (this->type == TEST_ALL)
	{
		for (uint32 child = node + 1; child < this->end; child = tests->node[child].end)
			refuse(tests, child, attribute, masks, slots, bit);
		return;
	}
	if (this->type == TEST_ANY)
	{
		for (uint32 slot = 0; slot < slots; slot++)
		{
			if ((masks[slot] & bit) != 0 && !may_hold(tests, node, attribute, slot))
				masks[slot] &= ~bit;
		}
		return;
	}
	if (this->attribute != attribute)
		return;
	for (uint32 i = 0; i < this->ranges; i++)
	{
		/* an empty range ends before it begins */
		if (this->range[i].last < this->range[i].first)
			continue;
		refuse_slots(masks, from, this->range[i].first, bit);
		from = this->range[i].last + 1;
	}
	refuse_slots(masks, from, slots, bit);
}

/* Works out the masks of an attribute: O(slots x size of the tests). */
static void
make_masks(const EventTests *tests, uint32 number)
{
	TestedAttribute *attribute = &tests->attribute[number];
	uint32 slots = slot_count(attribute);
	uint32 first_text = first_text_slot(attribute);

	attribute->masks = palloc(sizeof(uint64) * slots);
	for (uint32 slot = 0; slot < slots; slot++)
		attribute->masks[slot] = tests->possible;
	for (uint64 rest = tests->possible & attribute->events; rest != 0; rest &= rest - 1)
	{
		int event = pg_rightmost_one_pos64(rest);

		CHECK_FOR_INTERRUPTS();
		refuse(tests, tests->event[event], number, attribute->masks, slots,
			   UINT64CONST(1) << event);
	}
	for (uint32 slot = FIRST_NUMBER_SLOT; slot < slots; slot++)
	{
		if (slot >= first_text)
			attribute->any_text |= attribute->masks[slot];
		else
			attribute->any_number |= attribute->masks[slot];
	}
}

/* Whether an event is more than conditions on single attributes, all of which must hold. */
static bool
is_joint(const EventTests *tests, uint32 node)
{
	const TestNode *this = &tests->node[node];

	if (this->attribute != MANY_ATTRIBUTES)
		return false;
	if (this->type == TEST_ANY)
		return true;
	for (uint32 child = node + 1; child < this->end; child = tests->node[child].end)
	{
		if (is_joint(tests, child))
			return true;
	}
	return false;
}

/*
 * Reads a stored program, whose bytes must stay where they are, and prepares it;
 * allocates in the current context.
 */
void
tests_read(EventTests *tests, const char *program, Size length)
{
	TestReader reader = {
		(const uint8 *) program, (const uint8 *) program + length, tests, 16, NULL, 0, 16, NULL};

	memset(tests, 0, sizeof(*tests));
	tests->node = palloc(sizeof(TestNode) * reader.node_room);
	reader.relations = palloc(sizeof(StoredRelation) * reader.node_room);
	reader.literal = palloc(sizeof(StoredLiteral) * reader.literal_room);
	take_attributes(&reader);
	tests->count = *take(&reader, 1);
	if (tests->count > MAX_EVENTS)
		corrupt_tests("it has too many event tests");
	for (uint32 i = 0; i < tests->count; i++)
		tests->event[i] = read_test(&reader, (int) i);
	if (reader.at != reader.limit)
		corrupt_tests("its event tests go on after their end");

	distribute_literals(&reader);
	for (uint32 i = 0; i < tests->nodes; i++)
	{
		if (tests->node[i].type == TEST_SLOTS)
			resolve_relation(&reader, i);
	}
	for (uint32 i = 0; i < tests->count; i++)
	{
		tests->possible |= (uint64) may_hold(tests, tests->event[i], NO_ATTRIBUTE, 0) << i;
		tests->joint |= (uint64) is_joint(tests, tests->event[i]) << i;
	}
	for (uint32 i = 0; i < tests->attributes; i++)
		make_masks(tests, i);
	pfree(reader.relations);
	pfree(reader.literal);
}
