/*
 * cut.c
 *		Records without the attributes that are too many for one timeline.
 *
 * Owns the rule by which the store keeps no more than MAX_ATTRIBUTES: the
 * well-known names stay, and of the other columns, in the order of (name, type),
 * the first ones.  So what is kept of several pieces is what would be kept of
 * all their records at once, also where the pieces were cut before: whatever
 * stands among the first of all stands among the first of its own piece.
 *
 * Nothing here is fast, and nothing needs to be: who has 64 attributes of their
 * own has something else in mind.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "timeline/cut.h"

/* A shape in use: which of its columns some record has, and what becomes of them. */
typedef struct CutShape
{
	const Shape *shape;
	uint32 unseen; /* columns that no record has yet */
	bool *column;  /* seen; later, kept */
	const Shape *kept;
} CutShape;

typedef struct Cut
{
	const Builder *builder;
	CutShape *shapes; /* by code */
	uint32 shape_count;
	uint32 well_known;                        /* a bit for each that some record has */
	const ShapeColumn *other[MAX_ATTRIBUTES]; /* the first of the others, in order */
	uint32 others;
} Cut;

/* Notes which columns of its shape a record has. */
static void
see_columns(CutShape *shape, RecordReader reader)
{
	for (uint32 i = 0; i < shape->shape->columns; i++)
	{
		bool present;

		if (shape->shape->column[i].type == ATTRIBUTE_TEXT)
			present = reader_word(&reader) != 0;
		else
			present = reader_number(&reader) != ABSENT_NUMBER ||
				shape->shape->column[i].type == ATTRIBUTE_INTEGER;
		if (present && !shape->column[i])
		{
			shape->column[i] = true;
			shape->unseen--;
		}
	}
}

/* Finds the shapes in use, and which of their columns are: a column may be absent everywhere. */
static void
see_shapes(Cut *cut, const RecordKey *keys, uint32 count)
{
	uint32 size = 64;

	begin_shape_codes(cut->builder->vocabulary);
	cut->shapes = palloc(sizeof(CutShape) * size);
	for (uint32 i = 0; i < count; i++)
	{
		RecordReader reader = record_reader(cut->builder, keys[i].record);
		CutShape *shape;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (meet_shape(reader.vocabulary, reader.shape, cut->shape_count))
		{
			if (cut->shape_count == size)
			{
				size *= 2;
				cut->shapes = repalloc_huge(cut->shapes, sizeof(CutShape) * size);
			}
			shape = &cut->shapes[cut->shape_count++];
			shape->shape = reader.shape;
			shape->unseen = reader.shape->columns;
			shape->column = palloc0(sizeof(bool) * Max(reader.shape->columns, 1));
			shape->kept = NULL;
		}
		shape = &cut->shapes[reader.shape->code];
		if (shape->unseen > 0)
			see_columns(shape, reader);
	}
}

/* Where a column stands, or would, among the first of the others. */
static uint32
search_other(const Cut *cut, const ShapeColumn *column)
{
	uint32 low = 0;
	uint32 high = cut->others;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (compare_shape_columns(cut->other[middle], column) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Counts a column of some record in. */
static void
add_column(Cut *cut, const ShapeColumn *column)
{
	uint32 place;

	if (column->well_known != USER_NAMED)
	{
		cut->well_known |= (uint32) 1 << column->well_known;
		return;
	}
	place = search_other(cut, column);
	if (place == MAX_ATTRIBUTES ||
		(place < cut->others && compare_shape_columns(cut->other[place], column) == 0))
		return;
	if (cut->others < MAX_ATTRIBUTES)
		cut->others++;
	memmove(&cut->other[place + 1], &cut->other[place],
			sizeof(ShapeColumn *) * (cut->others - 1 - place));
	cut->other[place] = column;
}

static bool
is_kept(const Cut *cut, const ShapeColumn *column)
{
	uint32 place;

	if (column->well_known != USER_NAMED)
		return true;
	place = search_other(cut, column);
	return place < cut->others && compare_shape_columns(cut->other[place], column) == 0;
}

/* Decides what is kept. */
static void
choose_columns(Cut *cut)
{
	uint32 well_known = 0;

	for (uint32 i = 0; i < cut->shape_count; i++)
	{
		const CutShape *shape = &cut->shapes[i];

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 j = 0; j < shape->shape->columns; j++)
		{
			if (shape->column[j])
				add_column(cut, &shape->shape->column[j]);
		}
	}
	for (uint32 bits = cut->well_known; bits != 0; bits &= bits - 1)
		well_known++;
	cut->others = Min(cut->others, MAX_ATTRIBUTES - well_known);
}

/* The shape without the columns that are cut away. */
static void
cut_shape(const Cut *cut, CutShape *shape, Builder *builder)
{
	ShapeColumn columns[MAX_ATTRIBUTES];
	uint32 count = 0;

	for (uint32 i = 0; i < shape->shape->columns; i++)
	{
		const ShapeColumn *column = &shape->shape->column[i];

		shape->column[i] = shape->column[i] && is_kept(cut, column);
		if (shape->column[i])
			columns[count++] = *column;
	}
	shape->kept = builder_shape(builder, columns, count);
}

/* Copies a record without the columns that are cut away. */
static void
cut_record(const CutShape *shape, RecordReader reader, int64 time, Builder *builder)
{
	AttributeValue values[MAX_ATTRIBUTES];
	uint32 count = 0;
	TextSlice kind = reader_text(&reader, reader.kind);

	for (uint32 i = 0; i < shape->shape->columns; i++)
	{
		AttributeValue *value = &values[count];

		if (shape->shape->column[i].type == ATTRIBUTE_TEXT)
		{
			uint32 word = reader_word(&reader);

			value->absent = word == 0;
			if (word != 0)
				value->text = reader_text(&reader, word);
		}
		else
		{
			value->number = reader_number(&reader);
			value->absent = value->number == ABSENT_NUMBER &&
				shape->shape->column[i].type == ATTRIBUTE_NUMBER;
		}
		/* the last column of MAX_ATTRIBUTES is written over where it is not kept */
		if (shape->column[i])
			count++;
	}
	builder_append(builder, builder->vocabulary, time, kind, shape->kept, values);
}

/*
 * A builder of the same records, which are not all of one order now, with
 * MAX_ATTRIBUTES between them at the most.  In the current context; O(values).
 */
Builder *
cut_attributes(const Builder *builder, const RecordKey *keys, uint32 count)
{
	Builder *result = builder_create(builder->vocabulary, CurrentMemoryContext,
									 CurrentMemoryContext, false);
	Cut cut = {.builder = builder};

	see_shapes(&cut, keys, count);
	choose_columns(&cut);
	for (uint32 i = 0; i < count; i++)
	{
		RecordReader reader = record_reader(builder, keys[i].record);
		CutShape *shape = &cut.shapes[reader.shape->code];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (shape->kept == NULL)
			cut_shape(&cut, shape, result);
		cut_record(shape, reader, keys[i].time, result);
	}
	return result;
}
