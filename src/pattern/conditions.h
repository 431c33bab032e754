/*
 * conditions.h
 *		Event tests in their stored form, and what they say of one value.
 *
 * A stored test has no negation: NOT is pushed down to the single comparisons,
 * as De Morgan's laws allow for SQL's three values too.  Of what is left only
 * "true" counts, and AND and OR keep that, so two values do from here on: true,
 * and false or unknown.
 *
 *	program: attributes v, the name of each: length v, bytes; they are numbered
 *			 from 1 on, 0 is kind
 *			 events 1 byte, the test of each
 *	test:	 ALL tests END | ANY tests END
 *			 ABSENT attribute v | PRESENT attribute v
 *			 relation and type, attribute v, values v, values ascending
 *	value:	 text: length v, bytes; number: double, 8 bytes
 *
 * v is a varint; doubles are little-endian, with one zero and
 * one NaN.  The empty ALL is true, the empty ANY never.  A number against a text
 * is unknown, so a relation has values of one type only.
 *
 * Read back, the literals that tests compare an attribute with divide its values
 * into *slots*, which no test can tell apart further: absent, below the first
 * number, equal to it, between it and the second, ..., the same for texts.  So a
 * value is looked up once for all tests, and a test is a list of slots.
 */
#ifndef CRM_PATTERN_CONDITIONS_H
#define CRM_PATTERN_CONDITIONS_H

#include "utils/float.h"

#include "pattern/events.h"

typedef enum TestType
{
	TEST_ALL,
	TEST_ANY,
	TEST_SLOTS,
} TestType;

typedef struct SlotRange
{
	uint32 first;
	uint32 last;
} SlotRange;

/* Of a subtree that depends on no attribute, or on several. */
#define NO_ATTRIBUTE PG_UINT32_MAX
#define MANY_ATTRIBUTES (PG_UINT32_MAX - 1)

/* A node of a test's tree; the nodes stand in prefix order, so the first child comes next. */
typedef struct TestNode
{
	TestType type;
	uint32 attribute; /* whose value the whole subtree depends on, or one of the two above */
	uint32 end;       /* where the node after the subtree stands */
	uint32 ranges;    /* SLOTS */
	SlotRange *range; /* ascending */
} TestNode;

/* An attribute that tests look at. */
typedef struct TestedAttribute
{
	TextSlice name;
	uint32 numbers; /* literals, ascending, each once */
	double *number;
	uint32 texts;
	TextSlice *text;
	uint64 events; /* that look at it */
	uint64 *masks; /* by slot: the events that some interaction with such a value passes */
	uint64 any_number;
	uint64 any_text;
} TestedAttribute;

/* The number of kind, which is always there. */
#define KIND_ATTRIBUTE 0

typedef struct EventTests
{
	uint32 count;
	uint64 possible;          /* events that are not impossible by themselves */
	uint64 joint;             /* events that the masks of the attributes do not decide */
	uint32 event[MAX_EVENTS]; /* their nodes */
	uint32 nodes;
	TestNode *node;
	uint32 attributes; /* kind included */
	TestedAttribute *attribute;
} EventTests;

#define ABSENT_SLOT 0
#define FIRST_NUMBER_SLOT 1

extern void tests_read(EventTests *tests, const char *program, Size length);

/* Whether a slot is one of a node's. */
static inline bool
lies_in(const TestNode *node, uint32 slot)
{
	uint32 low = 0; /* ranges that end before the slot */
	uint32 high = node->ranges;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (node->range[middle].last < slot)
			low = middle + 1;
		else
			high = middle;
	}
	return low < node->ranges && node->range[low].first <= slot;
}

static inline uint32
first_text_slot(const TestedAttribute *attribute)
{
	return FIRST_NUMBER_SLOT + 2 * attribute->numbers + 1;
}

static inline uint32
slot_count(const TestedAttribute *attribute)
{
	return first_text_slot(attribute) + 2 * attribute->texts + 1;
}

/* Numbers in PostgreSQL's order. */
static inline uint32
number_slot(const TestedAttribute *attribute, double value)
{
	uint32 low = 0; /* literals below the value */
	uint32 high = attribute->numbers;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (float8_lt(attribute->number[middle], value))
			low = middle + 1;
		else
			high = middle;
	}
	return FIRST_NUMBER_SLOT + 2 * low +
		(low < attribute->numbers && float8_eq(attribute->number[low], value));
}

static inline uint32
text_slot(const TestedAttribute *attribute, TextSlice value)
{
	uint32 low = 0;
	uint32 high = attribute->texts;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = compare_slices(attribute->text[middle], value);

		if (order == 0)
			return first_text_slot(attribute) + 2 * middle + 1;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return first_text_slot(attribute) + 2 * low;
}

#endif /* CRM_PATTERN_CONDITIONS_H */
