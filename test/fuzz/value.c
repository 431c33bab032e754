/*
 * value.c
 *		What both fuzzers ask of a value that was accepted.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "value.h"

Value
packed_value(struct varlena *packed)
{
	Value value = {VARDATA(packed), VARSIZE(packed) - VARHDRSZ};

	return value;
}

void
check_same(const char *what, Value wanted, Value got)
{
	if (wanted.length != got.length || memcmp(wanted.bytes, got.bytes, wanted.length) != 0)
		shim_finding("%s: not the same bytes (%zu, not %zu)", what, got.length, wanted.length);
}

/* An empty builder with a vocabulary of its own, its records in a context of theirs. */
Builder *
new_builder(bool pieces)
{
	MemoryContext records = AllocSetContextCreate(CurrentMemoryContext, "records",
												  ALLOCSET_DEFAULT_SIZES);

	return builder_create(vocabulary_create(CurrentMemoryContext), CurrentMemoryContext, records,
						  pieces);
}

/* As if the vocabulary had had its fill of words: new texts stand in the records from here on. */
void
fill_words(Builder *builder)
{
	builder->vocabulary->bytes = PG_INT32_MAX;
}

/* Fills the vocabulary as far as shapes go: new ones are the builder's own from here on. */
void
fill_shapes(Builder *builder)
{
	builder->vocabulary->shapes.bytes = PG_INT32_MAX;
}

StringInfo
print_value(Value value)
{
	Layout *layout = palloc(sizeof(Layout));
	StringInfo out = palloc(sizeof(StringInfoData));

	layout_open(layout, value.bytes, value.length);
	initStringInfo(out);
	print_timeline(out, layout);
	return out;
}

/* The value that a text says, or NULL; the text is copied to its size, so that its end is seen. */
struct varlena *
parse_value(const char *text, Size length, ParseError *error)
{
	Builder *builder = new_builder(false);
	char *copy = palloc(length);

	memcpy(copy, text, length);
	if (!parse_timeline(copy, length, builder, error))
	{
		if (error->message == NULL || error->position > length || error->sqlstate == 0)
			shim_finding("the parser fails at byte %zu of %zu", error->position, length);
		return NULL;
	}
	return pack_builder(builder);
}

/* Printing a valid value, parsing and packing gives the same bytes. */
void
check_text(Value value)
{
	StringInfo text = print_value(value);
	ParseError error = {0};
	struct varlena *again = parse_value(text->data, text->len, &error);

	if (again == NULL)
		shim_finding("the text of a valid value is refused at byte %zu: %s\n%s", error.position,
					 error.message, text->data);
	check_same("print, parse, pack", value, packed_value(again));
}
