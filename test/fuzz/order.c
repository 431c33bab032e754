/*
 * order.c
 *		The total order of interactions once more, as the documentation says it.
 *
 * Time, seq (null first), kind by bytes, then the attributes in name order:
 * absent < number < text, NaN after all other numbers.  Nothing here is shared
 * with the order by which the code under test sorts.
 */
#include "postgres.h"

#include "value.h"

/* Interactions of one value that are compared. */
#define MAX_COMPARED 700

/* The value of one name that an interaction has, for the order of interactions. */
typedef struct NamedValue
{
	int class; /* absent < number < text */
	double number;
	TextSlice text;
} NamedValue;

/* What an interaction has of the name of column *column, which moves to the next name. */
static NamedValue
named_value(const InteractionReader *reader, int *column)
{
	const Layout *layout = reader->layout;
	NamedValue value = {0};
	int first = *column;

	for (; *column < layout->columns &&
		 same_slice(layout->column[first].name, layout->column[*column].name);
		 (*column)++)
	{
		if (!reader->present[*column])
			continue;
		if (value.class != 0)
			shim_finding("an interaction has an attribute twice");
		if (layout->column[*column].type == ATTRIBUTE_TEXT)
		{
			TextSlice text = interaction_text(reader, *column);
			char *bytes = palloc(text.length);

			memcpy(bytes, text.bytes, text.length);
			value.class = 2;
			value.text = (TextSlice) {bytes, text.length};
		}
		else
		{
			value.class = 1;
			value.number = number_from_bits(interaction_number(reader, *column));
		}
	}
	return value;
}

static int
compare_named(NamedValue a, NamedValue b)
{
	if (a.class != b.class)
		return a.class - b.class;
	if (a.class == 2)
		return compare_slices(a.text, b.text);
	if (a.class == 0 || a.number == b.number || (a.number != a.number && b.number != b.number))
		return 0;
	if (a.number != a.number || b.number != b.number)
		return a.number != a.number ? 1 : -1;
	return a.number < b.number ? -1 : 1;
}

/* An interaction's time, seq, kind and attributes, in this order. */
typedef struct OrderKey
{
	int64 time;
	bool has_seq;
	int64 seq;
	TextSlice kind;
	NamedValue value[MAX_ATTRIBUTES];
	int values;
} OrderKey;

static OrderKey *
order_key(const InteractionReader *reader)
{
	const Layout *layout = reader->layout;
	OrderKey *key = palloc0(sizeof(OrderKey));
	TextSlice kind = column_text(&layout->kind, reader->kind);
	char *bytes = palloc(kind.length);

	memcpy(bytes, kind.bytes, kind.length);
	key->time = reader->time;
	key->kind = (TextSlice) {bytes, kind.length};
	for (int i = 0; i < layout->columns;)
	{
		if (layout->column[i].type != ATTRIBUTE_INTEGER)
		{
			key->value[key->values++] = named_value(reader, &i);
			continue;
		}
		key->has_seq = reader->present[i];
		if (key->has_seq)
			key->seq = (int64) interaction_number(reader, i);
		i++;
	}
	return key;
}

static int
compare_keys(const OrderKey *a, const OrderKey *b)
{
	int result;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->has_seq != b->has_seq)
		return a->has_seq ? 1 : -1;
	if (a->has_seq && a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	result = compare_slices(a->kind, b->kind);
	for (int i = 0; result == 0 && i < a->values; i++)
		result = compare_named(a->value[i], b->value[i]);
	return result;
}

/* The interactions stand in the order that the documentation says. */
void
check_order(const Layout *layout)
{
	InteractionReader reader;
	OrderKey *last = NULL;

	interactions_begin(&reader, layout, 0);
	while (reader.index < MAX_COMPARED && interactions_next(&reader))
	{
		OrderKey *key = order_key(&reader);

		if (last != NULL && compare_keys(last, key) > 0)
			shim_finding("interaction %u stands before one that it should follow", reader.index);
		last = key;
	}
}
