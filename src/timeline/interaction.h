/*
 * interaction.h
 *		Reads a timeline one interaction after another, all attributes at once.
 *
 * For what needs every attribute: text, jsonb, rows.  A reader of one or two
 * columns uses their cursors (layout.h) and is several times as fast.
 */
#ifndef CRM_INTERACTION_H
#define CRM_INTERACTION_H

#include "timeline/layout.h"

typedef struct InteractionReader
{
	const Layout *layout;
	MonotoneCursor times;
	ColumnCursor kinds;
	ColumnCursor columns[MAX_ATTRIBUTES];
	uint32 index; /* of the next interaction */

	/* the current one */
	int64 time;
	uint32 kind; /* text number in the kind column */
	bool present[MAX_ATTRIBUTES];
	uint32 rank[MAX_ATTRIBUTES];
} InteractionReader;

/* Starts before interaction index. */
static inline void
interactions_begin(InteractionReader *reader, const Layout *layout, uint32 index)
{
	reader->layout = layout;
	reader->index = index;
	if (index >= layout->count)
		return;
	reader->times = layout_seek(layout, index);
	reader->kinds = column_seek(&layout->kind, index);
	for (int i = 0; i < layout->columns; i++)
		reader->columns[i] = column_seek(&layout->column[i], index);
}

/* Moves to the next interaction; false at the end. */
static inline bool
interactions_next(InteractionReader *reader)
{
	const Layout *layout = reader->layout;
	uint32 rank = 0;

	if (reader->index >= layout->count)
		return false;
	reader->index++;
	reader->time = layout_next_time(layout, &reader->times);
	(void) column_next(&layout->kind, &reader->kinds, &rank);
	reader->kind = column_code(&layout->kind, rank);
	for (int i = 0; i < layout->columns; i++)
		reader->present[i] = column_next(&layout->column[i], &reader->columns[i], &reader->rank[i]);
	return true;
}

/* The current interaction's text in a text column that it has. */
static inline TextSlice
interaction_text(const InteractionReader *reader, int column)
{
	const Column *c = &reader->layout->column[column];

	return column_text(c, column_code(c, reader->rank[column]));
}

/* The current interaction's number, as bits, in a column of numbers that it has. */
static inline uint64
interaction_number(const InteractionReader *reader, int column)
{
	return column_number(&reader->layout->column[column], reader->rank[column]);
}

#endif /* CRM_INTERACTION_H */
