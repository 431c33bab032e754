/*
 * mutator.c
 *		Makes the layout fuzzer's next input from one it has.
 *
 * Mutated bytes seldom validate.  So most of the time a value is taken apart,
 * its interactions are changed, and what they have become is packed: dictionaries,
 * presence, decimals, samples then are what the writer makes of them.  Some of
 * the changes are such as no writer makes (a text in another encoding, a name
 * that is taken), and some values have a byte changed afterwards.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"

#include "value.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
								 size_t size2, uint8_t *out, size_t max_size, unsigned int seed);

/* More interactions than this are not taken apart or made. */
#define MAX_DRAFTS 2000

/* One interaction, open to change. */
typedef struct Draft
{
	int64 time;
	TextSlice kind;
	uint32 count;
	AttributeValue *values; /* room for MAX_ATTRIBUTES */
} Draft;

typedef struct Mutation
{
	Value value;
	Value other; /* for a cross-over, else without bytes */
	uint64 random;
	MemoryContext context;
	Draft *drafts; /* room for MAX_DRAFTS */
	uint32 count;
	uint8_t *out;
	size_t max_size;
	size_t size; /* of out; 0 where nothing came of it */
} Mutation;

static uint32
pick(Mutation *mutation, uint32 limit)
{
	return random_below(&mutation->random, limit);
}

/*
 * What values are made of
 */

static const char *const words[] = {
	"a",     "b",      "call",    "email", "web",  "inbound", "outbound", "true",
	"false", "refund", "visit",   "T-1",   "T-2",  "",        "NaN",      "Infinity",
	"12",    "x y",    "a\"b\"c", "Zoë",   "ΑΒΓ;", "🙂",    "a=b",      "{}",
};

static const char *const names[] = {"stage", "store", "z", "a.b", "weird name", "Größe", "x=\"y\""};

static TextSlice
make_text(Mutation *mutation)
{
	TextSlice slice;
	uint8_t *bytes;

	switch (pick(mutation, 24))
	{
		default:
			slice.bytes = words[pick(mutation, lengthof(words))];
			slice.length = (uint32) strlen(slice.bytes);
			return slice;
		case 0:
			/* longer than a vocabulary takes */
			slice.length = pick(mutation, 600);
			bytes = palloc(slice.length);
			memset(bytes, 'a' + (int) pick(mutation, 26), slice.length);
			break;
		case 1:
			/* whatever bytes */
			bytes = palloc(64);
			slice.length = (uint32) LLVMFuzzerMutate(bytes, 0, 64);
			shim_written(bytes, slice.length);
			break;
		case 2:
		case 3:
		case 4:
			/* one of many */
			bytes = palloc(16);
			slice.length = (uint32) snprintf((char *) bytes, 16, "T-%u",
											 pick(mutation, pick(mutation, 2) == 0 ? 400 : 100000));
			break;
	}
	slice.bytes = (const char *) bytes;
	return slice;
}

static double
make_number(Mutation *mutation)
{
	static const double special[] = {0,
									 -0.0,
									 1,
									 -1,
									 0.5,
									 NAN,
									 INFINITY,
									 -INFINITY,
									 5e-324,
									 1.7976931348623157e308,
									 9007199254740993.0,
									 1125899906842624.0,
									 0.1,
									 1e-18,
									 1e18,
									 2.2250738585072014e-308};
	double number = (double) (int64) next_random(&mutation->random);

	switch (pick(mutation, 5))
	{
		case 0:
			return special[pick(mutation, lengthof(special))];
		case 1:
			return (double) pick(mutation, 100) - 50;
		case 2:
			return ((double) pick(mutation, 20000) - 10000) / 100;
		case 3:
			return ldexp(number, (int) pick(mutation, 200) - 160);
		default:
			return number_from_bits(
				number_to_bits(number_from_bits(next_random(&mutation->random))));
	}
}

static int64
make_integer(Mutation *mutation)
{
	switch (pick(mutation, 4))
	{
		case 0:
			return PG_INT64_MIN;
		case 1:
			return PG_INT64_MAX;
		case 2:
			return (int64) next_random(&mutation->random);
		default:
			return pick(mutation, 1000);
	}
}

static int64
make_time(Mutation *mutation, int64 near)
{
	static const int64 unit[] = {1, 1000, USECS_PER_SEC, USECS_PER_MINUTE, USECS_PER_DAY};
	uint64 time = (uint64) near;

	switch (pick(mutation, 8))
	{
		case 0:
			time = (uint64) MIN_TIMESTAMP;
			break;
		case 1:
			time = (uint64) END_TIMESTAMP - 1;
			break;
		case 2:
			time = 0;
			break;
		case 3:
			time = next_random(&mutation->random);
			break;
		default:
			time += (uint64) unit[pick(mutation, lengthof(unit))] *
				((uint64) pick(mutation, 100) - 50);
			break;
	}
	return IS_VALID_TIMESTAMP((int64) time) ? (int64) time : near;
}

/* An attribute of whatever name with a value that fits its name, mostly. */
static AttributeValue
make_attribute(Mutation *mutation)
{
	AttributeValue value;

	memset(&value, 0, sizeof(value));
	value.column.well_known = (WellKnown) pick(mutation, WELL_KNOWN_COUNT);
	if (value.column.well_known != USER_NAMED)
	{
		const WellKnownAttribute *known = &well_known_attribute[value.column.well_known];

		value.column.name.bytes = known->name;
		value.column.name.length = known->length;
		value.column.type = known->type;
		/* a name that is taken */
		if (pick(mutation, 64) == 0)
			value.column.well_known = USER_NAMED;
	}
	else
	{
		if (pick(mutation, 4) == 0)
			value.column.name = make_text(mutation);
		else
		{
			value.column.name.bytes = names[pick(mutation, lengthof(names))];
			value.column.name.length = (uint32) strlen(value.column.name.bytes);
		}
		value.column.name.length = Min(value.column.name.length, MAX_ATTRIBUTE_NAME);
		value.column.type = pick(mutation, 2) == 0 ? ATTRIBUTE_NUMBER : ATTRIBUTE_TEXT;
	}
	if (value.column.type == ATTRIBUTE_INTEGER && value.column.well_known != SEQ)
		value.column.type = ATTRIBUTE_NUMBER;

	if (value.column.type == ATTRIBUTE_TEXT)
		value.text = value.column.well_known == AUTOMATED ? (TextSlice) {"false", 5} :
															make_text(mutation);
	else if (value.column.type == ATTRIBUTE_INTEGER)
		value.number = (uint64) make_integer(mutation);
	else
	{
		double number = make_number(mutation);

		if (value.column.well_known == SENTIMENT && !(number >= -1 && number <= 1) &&
			pick(mutation, 16) != 0)
			number = (double) pick(mutation, 201) / 100 - 1;
		value.number = number_to_bits(number);
	}
	return value;
}

/*
 * Taking apart and changing
 */

/* A text that stays when the next one is read. */
static TextSlice
keep(TextSlice slice)
{
	char *bytes = palloc(slice.length);

	memcpy(bytes, slice.bytes, slice.length);
	return (TextSlice) {bytes, slice.length};
}

/* Adds the interactions of a value, as far as they can be read, to the drafts. */
static void
take_apart(void *argument)
{
	Mutation *mutation = argument;
	Layout *layout;
	InteractionReader reader;

	MemoryContextSwitchTo(mutation->context);
	layout = palloc(sizeof(Layout));
	layout_open(layout, mutation->value.bytes, mutation->value.length);
	interactions_begin(&reader, layout, 0);
	while (mutation->count < MAX_DRAFTS && interactions_next(&reader))
	{
		Draft *draft = &mutation->drafts[mutation->count];

		draft->time = reader.time;
		draft->kind = keep(column_text(&layout->kind, reader.kind));
		draft->count = 0;
		draft->values = palloc(sizeof(AttributeValue) * MAX_ATTRIBUTES);
		for (int i = 0; i < layout->columns; i++)
		{
			const Column *column = &layout->column[i];
			AttributeValue *attribute = &draft->values[draft->count];

			if (!reader.present[i])
				continue;
			memset(attribute, 0, sizeof(*attribute));
			attribute->column.name = column->name;
			attribute->column.well_known = column->well_known;
			attribute->column.type = column->type;
			if (column->type == ATTRIBUTE_TEXT)
				attribute->text = keep(interaction_text(&reader, i));
			else if (column->type == ATTRIBUTE_NUMBER)
				attribute->number = number_to_bits(
					number_from_bits(interaction_number(&reader, i)));
			else
				attribute->number = interaction_number(&reader, i);
			draft->count++;
		}
		mutation->count++;
	}
}

/* Adds an interaction like another one; the first of all where there is none. */
static Draft *
add_draft(Mutation *mutation, const Draft *model)
{
	Draft *draft = &mutation->drafts[mutation->count];

	if (mutation->count == MAX_DRAFTS)
		return NULL;
	mutation->count++;
	memset(draft, 0, sizeof(*draft));
	draft->kind = (TextSlice) {"a", 1};
	if (model != NULL)
		*draft = *model;
	draft->values = palloc0(sizeof(AttributeValue) * MAX_ATTRIBUTES);
	if (model != NULL && model->count > 0)
		memcpy(draft->values, model->values, sizeof(AttributeValue) * model->count);
	return draft;
}

/* Gives an interaction an attribute, instead of what it has by that name and type. */
static void
set_attribute(Draft *draft, const AttributeValue *value, bool anyhow)
{
	uint32 i;

	for (i = 0; i < draft->count; i++)
	{
		const ShapeColumn *column = &draft->values[i].column;

		/* by the name alone, unless what no writer makes is wanted */
		if (same_slice(column->name, value->column.name) &&
			(!anyhow || column->type == value->column.type))
			break;
	}
	if (i == MAX_ATTRIBUTES)
		return;
	draft->values[i] = *value;
	if (i == draft->count)
		draft->count++;
	/* never the same name and type twice: the builder relies on it */
	for (uint32 j = i + 1; j < draft->count; j++)
	{
		if (same_slice(draft->values[j].column.name, value->column.name) &&
			draft->values[j].column.type == value->column.type)
			draft->values[j--] = draft->values[--draft->count];
	}
}

static void
change(Mutation *mutation)
{
	Draft *draft;
	AttributeValue value;
	uint32 from;
	uint32 to;

	if (mutation->count == 0)
	{
		(void) add_draft(mutation, NULL);
		return;
	}
	draft = &mutation->drafts[pick(mutation, mutation->count)];
	switch (pick(mutation, 13))
	{
		case 0:
			draft->time = make_time(mutation, draft->time);
			break;
		case 1:
			draft->kind = make_text(mutation);
			break;
		case 2:
		case 3:
			value = make_attribute(mutation);
			set_attribute(draft, &value, pick(mutation, 16) == 0);
			break;
		case 4:
			if (draft->count > 0)
				draft->values[pick(mutation, draft->count)] = draft->values[--draft->count];
			break;
		case 5:
			*draft = mutation->drafts[--mutation->count];
			break;
		case 6:
			/* one more, like this one and at the same or another time */
			draft = add_draft(mutation, draft);
			if (draft != NULL && pick(mutation, 2) == 0)
				draft->time = make_time(mutation, draft->time);
			break;
		case 7:
			/* many more, at times of their own or not; samples stand at 512 */
			to = pick(mutation, 4) == 0 ? 1200 : 60;
			from = pick(mutation, 3);
			value = make_attribute(mutation);
			for (uint32 i = pick(mutation, to); i > 0; i--)
			{
				Draft *more = add_draft(mutation, draft);

				if (more == NULL)
					break;
				if (from > 0)
					more->time = make_time(mutation, draft->time);
				if (from > 1 && pick(mutation, 2) == 0)
				{
					AttributeValue another = make_attribute(mutation);

					another.column = value.column;
					if (value.column.type == ATTRIBUTE_TEXT)
						another.text = make_text(mutation);
					else if (value.column.type == ATTRIBUTE_NUMBER)
						another.number = number_to_bits(make_number(mutation) / 4e9);
					else
						another.number = (uint64) make_integer(mutation);
					if (value.column.well_known == AUTOMATED)
						another.text = (TextSlice) {"true", 4};
					if (value.column.well_known == SENTIMENT)
						another.number = number_to_bits((double) pick(mutation, 100) / 100);
					set_attribute(more, &another, false);
				}
			}
			break;
		case 8:
			/* many fewer */
			mutation->count = pick(mutation, mutation->count + 1);
			break;
		case 9:
		case 10:
			/* an attribute for a run of interactions, of one value or of several */
			from = pick(mutation, mutation->count);
			to = from + pick(mutation, mutation->count - from + 1);
			value = make_attribute(mutation);
			for (uint32 i = from; i < to; i++)
			{
				if (value.column.type == ATTRIBUTE_TEXT && value.column.well_known != AUTOMATED &&
					pick(mutation, 4) == 0)
					value.text = make_text(mutation);
				set_attribute(&mutation->drafts[i], &value, false);
			}
			break;
		case 11:
			/* all over the time that there is */
			for (uint32 i = 0; i < mutation->count; i++)
				mutation->drafts[i].time = MIN_TIMESTAMP +
					(int64) i * ((END_TIMESTAMP - 1) / 2 / mutation->count * 2) +
					pick(mutation, 100);
			break;
		default:
			/* a run of interactions at one time, or in a coarser unit */
			from = pick(mutation, mutation->count);
			to = from + pick(mutation, mutation->count - from + 1);
			for (uint32 i = from; i < to; i++)
			{
				if (to % 2 == 0)
					mutation->drafts[i].time = draft->time;
				else
					mutation->drafts[i].time -= mutation->drafts[i].time % USECS_PER_SEC;
			}
			break;
	}
}

static void
mutate(void *argument)
{
	Mutation *mutation = argument;
	Builder *builder = new_builder(false);
	Value packed;

	mutation->drafts = palloc(sizeof(Draft) * MAX_DRAFTS);
	mutation->context = CurrentMemoryContext;
	/* bytes that are no value: mutate them as they are, or begin with what there is of them */
	if (shim_try(take_apart, mutation) != SHIM_DONE && pick(mutation, 2) == 0)
		return;
	if (mutation->other.bytes != NULL)
	{
		mutation->value = mutation->other;
		(void) shim_try(take_apart, mutation);
	}
	for (uint32 i = 1 + pick(mutation, 4); i > 0; i--)
		change(mutation);
	for (uint32 i = 0; i < mutation->count; i++)
	{
		const Draft *draft = &mutation->drafts[i];

		builder_append_values(builder, draft->time, draft->kind, draft->values, draft->count);
	}
	packed = packed_value(pack_builder(builder));
	if (packed.length <= mutation->max_size)
	{
		memcpy(mutation->out, packed.bytes, packed.length);
		mutation->size = packed.length;
	}
}

static size_t
mutate_value(Mutation *mutation)
{
	shim_begin();
	(void) shim_try(mutate, mutation);
	shim_end();
	return mutation->size;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	uint8_t *input = malloc(size + 1);
	Mutation mutation = {.value = {input, size}, .random = seed, .out = data, .max_size = max_size};
	uint32 how = pick(&mutation, 8);
	size_t done = 0;

	memcpy(input, data, size);
	if (how > 0)
		done = mutate_value(&mutation);
	free(input);
	if (done == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	if (how == 1)
		return LLVMFuzzerMutate(data, done, max_size);
	return done;
}

/* Both values' interactions in one; where one of them is no value, whatever comes of their bytes. */
size_t
LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2,
						  uint8_t *out, size_t max_size, unsigned int seed)
{
	Mutation mutation = {.value = {data1, size1},
						 .other = {data2, size2},
						 .random = seed,
						 .out = out,
						 .max_size = max_size};
	size_t done = mutate_value(&mutation);
	size_t head;

	if (done > 0)
		return done;
	/* the head of one, the tail of the other */
	head = Min(pick(&mutation, (uint32) size1 + 1), max_size);
	memcpy(out, data1, head);
	if (head < size2)
	{
		size_t tail = Min(size2 - head, max_size - head);

		memcpy(out + head, data2 + head, tail);
		head += tail;
	}
	return head;
}
