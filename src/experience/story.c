/*
 * story.c
 *		Reads the moments that matter out of a timeline.
 *
 * Owns the way from an interaction to its named events and to the numbers of its
 * texts.  A text of a dictionary has its code as its number; those of a plain
 * column are numbered as they are met.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "experience/story.h"
#include "timeline/word_table.h"


/* Gives the texts of one column their numbers. */
typedef struct Numberer
{
	const Column *column;
	ColumnCursor cursor;
	struct wordtable_hash *words; /* of a plain column */
	uint32 count;
} Numberer;

static const WellKnown column_name[STORY_COLUMNS] = {
	[STORY_CHANNEL] = CHANNEL,
	[STORY_THREAD] = THREAD,
	[STORY_AGENT] = AGENT,
	[STORY_TOPIC] = TOPIC,
};

static void
numberer_begin(Numberer *numberer, const Column *column)
{
	memset(numberer, 0, sizeof(*numberer));
	numberer->column = column;
	if (column == NULL)
		return;
	if (column->encoding == ENCODING_PLAIN)
		numberer->words = wordtable_create(CurrentMemoryContext, 32, NULL);
	else
		numberer->count = column->texts;
}

/* The number of a text of a plain column, which is copied when it is met. */
static uint32
number_plain(Numberer *numberer, uint32 code)
{
	bool found;
	WordEntry *entry = wordtable_insert(numberer->words, column_text(numberer->column, code),
										&found);

	if (!found)
	{
		char *copy = palloc_extended(Max(entry->key.length, 1), MCXT_ALLOC_HUGE);

		memcpy(copy, entry->key.bytes, entry->key.length);
		entry->key.bytes = copy;
		entry->number = numberer->count++;
	}
	return entry->number;
}

/* Reads the codes of a block. */
static void
read_block(Numberer *numberer, uint32 from, uint32 count, uint32 *codes)
{
	if (numberer->cursor.index != from)
		numberer->cursor = column_seek(numberer->column, from);
	column_next_codes(numberer->column, &numberer->cursor, count, codes);
}

/* Where a moment keeps the number of a column. */
static inline uint32 *
number_in(Moment *moment, StoryColumn column)
{
	switch (column)
	{
		case STORY_CHANNEL:
			return &moment->channel;
		case STORY_THREAD:
			return &moment->conversation;
		case STORY_AGENT:
			return &moment->agent;
		default:
			return &moment->topic;
	}
}

/* Fills in a column's numbers of the moments of a block. */
static void
number_block(Numberer *numberer, StoryColumn column, uint32 from, uint32 count, Moment *moments,
			 uint32 found)
{
	uint32 codes[LAYOUT_BLOCK];

	if (numberer->column == NULL)
	{
		for (uint32 i = 0; i < found; i++)
			*number_in(&moments[i], column) = NOTHING;
		return;
	}
	read_block(numberer, from, count, codes);
	for (uint32 i = 0; i < found; i++)
	{
		uint32 code = codes[moments[i].index - from];

		if (code != ABSENT && numberer->words != NULL)
			code = number_plain(numberer, code);
		*number_in(&moments[i], column) = code;
	}
}

/* The named events behind lanes. */
static inline uint64
events_of_lanes(const uint8 *lane_event, uint64 lanes)
{
	uint64 events = 0;

	for (; lanes != 0; lanes &= lanes - 1)
		events |= EVENT_BIT(lane_event[pg_rightmost_one_pos64(lanes)]);
	return events;
}

/*
 * Adds what is of some kinds to what is found in a block, without events where
 * none accepts it; gives how many there are then.
 */
static uint32
add_kinds(const Column *kind, const bool *kinds, uint32 from, uint32 count, uint32 found,
		  uint8 *places, uint64 *lanes)
{
	ColumnCursor cursor = column_seek(kind, from);
	uint32 codes[LAYOUT_BLOCK];
	uint64 lanes_at[LAYOUT_BLOCK] = {0};
	uint32 n = 0;

	column_next_codes(kind, &cursor, count, codes);
	for (uint32 i = 0; i < found; i++)
		lanes_at[places[i]] = lanes[i];
	for (uint32 i = 0; i < count; i++)
	{
		if (lanes_at[i] == 0 && !kinds[codes[i]])
			continue;
		places[n] = (uint8) i;
		lanes[n++] = lanes_at[i];
	}
	return n;
}

/* Room for the moments of another block. */
static void
grow(Story *story, uint32 *size)
{
	if (*size - story->count >= LAYOUT_BLOCK)
		return;
	if (story->moments == NULL)
	{
		*size = 2 * LAYOUT_BLOCK;
		story->moments = palloc(sizeof(Moment) * *size);
		return;
	}
	*size *= 2;
	story->moments = repalloc_huge(story->moments, sizeof(Moment) * (Size) *size);
}

/* Numbers the conversations outside of threads behind those that are threads. */
static void
finish_conversations(Story *story, uint32 threads, uint32 channels)
{
	for (uint32 i = 0; i < story->count; i++)
	{
		Moment *moment = &story->moments[i];

		moment->threaded = moment->conversation != NOTHING;
		if (!moment->threaded)
			moment->conversation = threads + (moment->channel == NOTHING ? 0 : moment->channel + 1);
	}
	story->conversations = threads + channels + 1;
}

void
story_read(Story *story, const Definitions *definitions, const Layout *layout, int64 as_of,
		   uint64 wanted)
{
	story_read_kinds(story, definitions, layout, as_of, wanted, NULL);
}

void
story_read_kinds(Story *story, const Definitions *definitions, const Layout *layout, int64 as_of,
				 uint64 wanted, const bool *kinds)
{
	EventReader *reader = definitions->reader;
	uint64 lanes = definitions_lanes(definitions, wanted);
	uint32 seen = layout_search(layout, as_of, true);
	uint32 size = 0;
	Numberer numberer[STORY_COLUMNS];
	MonotoneCursor cursor = layout_seek(layout, 0);

	memset(story, 0, sizeof(*story));
	story->definitions = definitions;
	story->layout = layout;
	story->as_of = as_of;
	for (int i = 0; i < STORY_COLUMNS; i++)
	{
		const WellKnownAttribute *attribute = &well_known_attribute[column_name[i]];

		story->column[i] = layout_find(layout, attribute->name, attribute->length, attribute->type);
		numberer_begin(&numberer[i], story->column[i]);
	}
	events_bind_some(reader, layout, lanes);
	for (uint32 from = 0; from < seen; from += LAYOUT_BLOCK)
	{
		uint32 count = Min(LAYOUT_BLOCK, seen - from);
		int64 times[LAYOUT_BLOCK];
		uint8 places[LAYOUT_BLOCK];
		uint64 masks[LAYOUT_BLOCK];
		uint32 found = events_find(reader, from, count, lanes, places, masks);
		Moment *moments;

		CHECK_FOR_INTERRUPTS();
		layout_next_times(layout, &cursor, count, times);
		if (kinds != NULL)
			found = add_kinds(&layout->kind, kinds, from, count, found, places, masks);
		if (found == 0)
			continue;
		grow(story, &size);
		moments = story->moments + story->count;
		for (uint32 i = 0; i < found; i++)
		{
			moments[i].time = times[places[i]];
			moments[i].index = from + places[i];
			moments[i].events = events_of_lanes(definitions->lane_event, masks[i]);
		}
		for (int column = 0; column < STORY_COLUMNS; column++)
			number_block(&numberer[column], column, from, count, moments, found);
		story->count += found;
	}
	if (story->column[STORY_CHANNEL] != NULL && numberer[STORY_CHANNEL].words == NULL)
		story->target = palloc0(sizeof(int64) * (numberer[STORY_CHANNEL].count + 1));
	finish_conversations(story, numberer[STORY_THREAD].count, numberer[STORY_CHANNEL].count);
}

const Column *
story_stations(const Story *story, TextSlice name)
{
	return layout_find(story->layout, name.bytes, name.length, ATTRIBUTE_TEXT);
}

void
story_use_stations(Story *story, const Column *stations)
{
	Numberer numberer;
	uint32 end;

	if (story->column[STORY_AGENT] == stations)
		return;
	story->column[STORY_AGENT] = stations;
	numberer_begin(&numberer, stations);
	for (uint32 begin = 0; begin < story->count; begin = end)
	{
		uint32 from = story->moments[begin].index / LAYOUT_BLOCK * LAYOUT_BLOCK;
		uint32 count = Min(LAYOUT_BLOCK, story->layout->count - from);

		CHECK_FOR_INTERRUPTS();
		for (end = begin + 1; end < story->count && story->moments[end].index - from < count;)
			end++;
		number_block(&numberer, STORY_AGENT, from, count, &story->moments[begin], end - begin);
	}
}

void
story_unite(Story *story)
{
	for (uint32 i = 0; i < story->count; i++)
	{
		story->moments[i].conversation = 0;
		story->moments[i].threaded = true;
	}
	story->conversations = 1;
}

/* The text of a column in an interaction; it must have one. */
static TextSlice
text_at(const Column *column, uint32 index)
{
	ColumnCursor cursor = column_seek(column, index);
	uint32 rank = 0;

	(void) column_next(column, &cursor, &rank);
	return column_text(column, column_code(column, rank));
}

/* What definitions say of a moment's channel. */
static int64
wait_target_of(Story *story, const Moment *moment)
{
	if (moment->channel == NOTHING || story->definitions->target_count == 0)
		return story->definitions->parameters->wait_target;
	if (story->target == NULL)
		return definitions_wait_target(story->definitions,
									   text_at(story->column[STORY_CHANNEL], moment->index));
	if (story->target[moment->channel] == 0)
		story->target[moment->channel] = definitions_wait_target(
			story->definitions, text_at(story->column[STORY_CHANNEL], moment->index));
	return story->target[moment->channel];
}

int64
story_wait_target(Story *story, const Moment *moment)
{
	return Min(wait_target_of(story, moment), story->definitions->parameters->patience);
}

int64
story_window(const Story *story, int64 length)
{
	return TIMESTAMP_NOT_FINITE(story->as_of) ? DT_NOBEGIN : story->as_of - length;
}
