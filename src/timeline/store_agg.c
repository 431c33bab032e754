/*
 * store_agg.c
 *		store_agg(): timelines out of rows of any data, and out of pieces.
 *
 * Makes what timeline_agg() makes, but never fails on what a row holds: what no
 * interaction may have is left out, and of too many attributes those that
 * cut.c says.  Its columns are fixed, so a row's shape is looked up by which of
 * them are there.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "timeline/aggregate.h"
#include "timeline/members.h"
#include "timeline/pack.h"
#include "timeline/state.h"

PG_FUNCTION_INFO_V1(store_agg_transfn);
PG_FUNCTION_INFO_V1(store_agg_serialfn);
PG_FUNCTION_INFO_V1(store_agg_finalfn);
PG_FUNCTION_INFO_V1(store_agg_pieces_transfn);
PG_FUNCTION_INFO_V1(store_agg_pieces_combinefn);
PG_FUNCTION_INFO_V1(store_agg_pieces_serialfn);
PG_FUNCTION_INFO_V1(store_agg_pieces_finalfn);

/*
 * Rows
 */

/* The arguments of the transition function. */
enum
{
	ARGUMENT_TIME = 1,
	ARGUMENT_KIND,
	ARGUMENT_CHANNEL,
	ARGUMENT_DIRECTION,
	ARGUMENT_THREAD,
	ARGUMENT_AGENT,
	ARGUMENT_OUTCOME,
	ARGUMENT_TOPIC,
	ARGUMENT_SENTIMENT,
	ARGUMENT_SCORE,
	ARGUMENT_VALUE,
	ARGUMENT_AUTOMATED,
	ARGUMENT_SOURCE,
	ARGUMENT_REF,
	ARGUMENT_SEQ,
	ARGUMENT_ATTRIBUTES,
};

/* The columns that are attributes, in the order of a shape. */
enum
{
	COLUMN_SEQ,
	COLUMN_AGENT,
	COLUMN_AUTOMATED,
	COLUMN_CHANNEL,
	COLUMN_DIRECTION,
	COLUMN_OUTCOME,
	COLUMN_REF,
	COLUMN_SCORE,
	COLUMN_SENTIMENT,
	COLUMN_SOURCE,
	COLUMN_THREAD,
	COLUMN_TOPIC,
	COLUMN_VALUE,
	COLUMNS,
};

static const WellKnown column_name[COLUMNS] = {
	SEQ,   AGENT,     AUTOMATED, CHANNEL, DIRECTION, OUTCOME, REF,
	SCORE, SENTIMENT, SOURCE,    THREAD,  TOPIC,     VALUE,
};

#define COLUMN_BIT(column) ((uint32) 1 << (column))

/* What the calls of a call site keep: the shapes of which columns a row has, up to so many. */
#define KNOWN_SHAPES 255

typedef struct ShapeCache
{
	const Shape *wide[2]; /* all columns, without and with seq; for what finds no room */
	const Shape *known[KNOWN_SHAPES];
	uint32 count;
	uint8 number[1 << COLUMNS]; /* of a known one, from 1 on; 0 = not yet looked up, or no room */
} ShapeCache;

/* A row's attributes, those that are there. */
typedef struct Row
{
	AttributeValue value[COLUMNS];
	uint32 count;
	uint32 columns; /* a bit for each that is there */
} Row;

static inline AttributeValue *
add_value(Row *row, int column)
{
	row->columns |= COLUMN_BIT(column);
	row->value[row->count].absent = false;
	return &row->value[row->count++];
}

static inline void
read_text(FunctionCallInfo fcinfo, int argument, Row *row, int column)
{
	if (!PG_ARGISNULL(argument))
		add_value(row, column)->text = datum_slice(PG_GETARG_DATUM(argument));
}

static inline void
read_number(FunctionCallInfo fcinfo, int argument, Row *row, int column)
{
	if (!PG_ARGISNULL(argument))
		add_value(row, column)->number = number_to_bits(PG_GETARG_FLOAT8(argument));
}

/* Reads the columns in the order of a shape. */
static inline void
read_columns(FunctionCallInfo fcinfo, Row *row)
{
	row->count = 0;
	row->columns = 0;
	if (!PG_ARGISNULL(ARGUMENT_SEQ))
		add_value(row, COLUMN_SEQ)->number = (uint64) PG_GETARG_INT64(ARGUMENT_SEQ);
	read_text(fcinfo, ARGUMENT_AGENT, row, COLUMN_AGENT);
	if (!PG_ARGISNULL(ARGUMENT_AUTOMATED))
		add_value(row, COLUMN_AUTOMATED)->text = PG_GETARG_BOOL(ARGUMENT_AUTOMATED) ?
			(TextSlice) {"true", 4} :
			(TextSlice) {"false", 5};
	read_text(fcinfo, ARGUMENT_CHANNEL, row, COLUMN_CHANNEL);
	read_text(fcinfo, ARGUMENT_DIRECTION, row, COLUMN_DIRECTION);
	read_text(fcinfo, ARGUMENT_OUTCOME, row, COLUMN_OUTCOME);
	if (!PG_ARGISNULL(ARGUMENT_REF))
	{
		TextSlice ref = datum_slice(PG_GETARG_DATUM(ARGUMENT_REF));

		/* a view gives '' where its source says none */
		if (ref.length > 0)
			add_value(row, COLUMN_REF)->text = ref;
	}
	read_number(fcinfo, ARGUMENT_SCORE, row, COLUMN_SCORE);
	if (!PG_ARGISNULL(ARGUMENT_SENTIMENT) && is_sentiment(PG_GETARG_FLOAT8(ARGUMENT_SENTIMENT)))
		read_number(fcinfo, ARGUMENT_SENTIMENT, row, COLUMN_SENTIMENT);
	read_text(fcinfo, ARGUMENT_SOURCE, row, COLUMN_SOURCE);
	read_text(fcinfo, ARGUMENT_THREAD, row, COLUMN_THREAD);
	read_text(fcinfo, ARGUMENT_TOPIC, row, COLUMN_TOPIC);
	read_number(fcinfo, ARGUMENT_VALUE, row, COLUMN_VALUE);
}

/* The shape of these columns, or NULL. */
static const Shape *
columns_shape(Vocabulary *vocabulary, uint32 columns)
{
	ShapeColumn column[COLUMNS];
	uint32 count = 0;

	for (int i = 0; i < COLUMNS; i++)
	{
		const WellKnownAttribute *attribute = &well_known_attribute[column_name[i]];

		if ((columns & COLUMN_BIT(i)) == 0)
			continue;
		column[count].name = (TextSlice) {attribute->name, attribute->length};
		column[count].well_known = column_name[i];
		column[count++].type = attribute->type;
	}
	return vocabulary_shape(vocabulary, column, count);
}

/* What is kept between calls; made at the first, while the vocabulary has room. */
static ShapeCache *
shape_cache(FunctionCallInfo fcinfo)
{
	ShapeCache *cache = call_cache(fcinfo, sizeof(ShapeCache));

	if (unlikely(cache->wide[0] == NULL))
	{
		uint32 all = COLUMN_BIT(COLUMNS) - 1;

		cache->wide[0] = columns_shape(call_vocabulary(fcinfo), all & ~COLUMN_BIT(COLUMN_SEQ));
		cache->wide[1] = columns_shape(call_vocabulary(fcinfo), all);
	}
	return cache;
}

/* The shape of a row of these columns; NULL where there is no room for it. */
static pg_noinline const Shape *
learn_shape(ShapeCache *cache, Vocabulary *vocabulary, uint32 columns)
{
	const Shape *shape;

	if (cache->count == KNOWN_SHAPES)
		return NULL;
	shape = columns_shape(vocabulary, columns);
	if (shape != NULL)
	{
		cache->known[cache->count++] = shape;
		cache->number[columns] = (uint8) cache->count;
	}
	return shape;
}

/* Appends a row by the shape of all columns. */
static pg_noinline void
append_wide(Builder *builder, Vocabulary *vocabulary, int64 time, TextSlice kind,
			const ShapeCache *cache, const Row *row)
{
	AttributeValue values[COLUMNS];
	bool has_seq = (row->columns & COLUMN_BIT(COLUMN_SEQ)) != 0;
	uint32 read = 0;

	for (int i = 0; i < COLUMNS; i++)
	{
		if (row->columns & COLUMN_BIT(i))
			values[i] = row->value[read++];
		else
			values[i].absent = true;
	}
	builder_append(builder, vocabulary, time, kind, cache->wide[has_seq], values + !has_seq);
}

/* Names a row's values, as only those without a shape need it. */
static void
name_values(Row *row)
{
	AttributeValue *value = row->value;

	for (int i = 0; i < COLUMNS; i++)
	{
		const WellKnownAttribute *attribute = &well_known_attribute[column_name[i]];

		if ((row->columns & COLUMN_BIT(i)) == 0)
			continue;
		value->column.name = (TextSlice) {attribute->name, attribute->length};
		value->column.well_known = column_name[i];
		value->column.type = attribute->type;
		value++;
	}
}

/* Appends a row that has attributes beside its columns. */
static pg_noinline void
append_with_members(FunctionCallInfo fcinfo, Builder *builder, int64 time, TextSlice kind, Row *row)
{
	/* a column that is given and is not kept leaves no room for a member, either */
	static const struct
	{
		uint8 argument;
		uint8 name;
	} columns[] = {
		{ARGUMENT_CHANNEL, CHANNEL},
		{ARGUMENT_DIRECTION, DIRECTION},
		{ARGUMENT_THREAD, THREAD},
		{ARGUMENT_AGENT, AGENT},
		{ARGUMENT_OUTCOME, OUTCOME},
		{ARGUMENT_TOPIC, TOPIC},
		{ARGUMENT_SENTIMENT, SENTIMENT},
		{ARGUMENT_SCORE, SCORE},
		{ARGUMENT_VALUE, VALUE},
		{ARGUMENT_AUTOMATED, AUTOMATED},
		{ARGUMENT_SEQ, SEQ},
	};
	uint32 taken = (uint32) 1 << SOURCE | (uint32) 1 << REF;
	AttributeValue members[MAX_ATTRIBUTES];
	AttributeValue values[MAX_ATTRIBUTES];
	const AttributeValue *value = row->value;
	const AttributeValue *value_end = row->value + row->count;
	const AttributeValue *member = members;
	const AttributeValue *member_end;
	uint32 count = 0;

	for (Size i = 0; i < lengthof(columns); i++)
	{
		if (!PG_ARGISNULL(columns[i].argument))
			taken |= (uint32) 1 << columns[i].name;
	}
	member_end = members +
		fitting_members(&PG_GETARG_JSONB_P(ARGUMENT_ATTRIBUTES)->root, taken,
						MAX_ATTRIBUTES - row->count, members);
	name_values(row);
	while (value < value_end || member < member_end)
	{
		if (member == member_end || (value < value_end && compare_values(value, member) < 0))
			values[count++] = *value++;
		else
			values[count++] = *member++;
	}
	builder_append_sorted(builder, time, kind, values, count);
}

/* store_agg(occurred_at, kind, channel, ...) */
Datum
store_agg_transfn(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Vocabulary *vocabulary;
	ShapeCache *cache;
	Builder *state;
	Row row;
	uint32 number;
	const Shape *shape;

	if (PG_ARGISNULL(ARGUMENT_TIME) || PG_ARGISNULL(ARGUMENT_KIND))
		return same_state(fcinfo);
	time = PG_GETARG_TIMESTAMPTZ(ARGUMENT_TIME);
	if (TIMESTAMP_NOT_FINITE(time))
		return same_state(fcinfo);
	kind = datum_slice(PG_GETARG_DATUM(ARGUMENT_KIND));
	vocabulary = call_vocabulary(fcinfo);
	cache = shape_cache(fcinfo);
	state = aggregate_state(fcinfo, false);
	read_columns(fcinfo, &row);
	if (!PG_ARGISNULL(ARGUMENT_ATTRIBUTES))
	{
		append_with_members(fcinfo, state, time, kind, &row);
		PG_RETURN_POINTER(state);
	}
	number = cache->number[row.columns];
	shape = number > 0 ? cache->known[number - 1] : learn_shape(cache, vocabulary, row.columns);
	if (likely(shape != NULL))
		builder_append(state, vocabulary, time, kind, shape, row.value);
	else
		append_wide(state, vocabulary, time, kind, cache, &row);
	PG_RETURN_POINTER(state);
}

Datum
store_agg_serialfn(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	PG_RETURN_BYTEA_P(state_write((Builder *) PG_GETARG_POINTER(0), true));
}

Datum
store_agg_finalfn(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(pack_within_limit((Builder *) PG_GETARG_POINTER(0)));
}

/*
 * Pieces
 */

/* A piece as it came, or as a timeline of its bytes. */
typedef struct Piece
{
	struct Piece *previous;
	int64 first;
	int64 last;
	union
	{
		struct varlena timeline;
		int32 align;
	} u;
} Piece;

/* The state: pieces that are not empty. */
typedef struct Pieces
{
	Piece *last;
	uint32 count;
} Pieces;

/* Adds the bytes of a timeline to a state in context, which is made where it is NULL. */
static Pieces *
add_piece(Pieces *state, MemoryContext context, const void *bytes, Size length)
{
	Layout header;
	Piece *piece;

	if (state == NULL)
		state = MemoryContextAllocZero(context, sizeof(Pieces));
	layout_open_header(&header, bytes, length);
	if (header.count == 0)
		return state;
	piece = MemoryContextAllocHuge(context, offsetof(Piece, u) + VARHDRSZ + length);
	piece->previous = state->last;
	piece->first = header.first;
	piece->last = layout_last(&header);
	SET_VARSIZE(&piece->u.timeline, VARHDRSZ + length);
	memcpy(VARDATA(&piece->u.timeline), bytes, length);
	state->last = piece;
	state->count++;
	return state;
}

typedef Piece *PiecePointer;

/* The order of pieces by their first times. */
static inline int
compare_pieces(const Piece *a, const Piece *b)
{
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last < b->last ? -1 : 1;
	return 0;
}

#define ST_SORT sort_pieces
#define ST_ELEMENT_TYPE PiecePointer
#define ST_COMPARE(a, b) compare_pieces(*(a), *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* All pieces as one timeline, in the current context. */
static struct varlena *
join_pieces(FunctionCallInfo fcinfo, const Pieces *state)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context;
	Piece **pieces;
	Builder *builder;
	Layout layout;
	struct varlena *result;
	uint32 count = 0;

	if (state->count == 0)
		return pack_keys(NULL, NULL, 0);
	if (state->count == 1)
	{
		result = palloc(VARSIZE(&state->last->u.timeline));
		memcpy(result, &state->last->u.timeline, VARSIZE(&state->last->u.timeline));
		return result;
	}

	/* those that do not overlap give records in their order, which need no sorting */
	pieces = palloc_extended(sizeof(Piece *) * state->count, MCXT_ALLOC_HUGE);
	for (Piece *piece = state->last; piece != NULL; piece = piece->previous)
		pieces[count++] = piece;
	sort_pieces(pieces, count);
	context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline pieces",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	builder = builder_create(call_vocabulary(fcinfo), context, context, false);
	for (uint32 i = 0; i < count; i++)
	{
		const struct varlena *timeline = &pieces[i]->u.timeline;

		layout_open(&layout, VARDATA(timeline), VARSIZE(timeline) - VARHDRSZ);
		builder_append_layout(builder, &layout, 0, layout.count, NULL);
	}
	MemoryContextSwitchTo(result_context);
	result = pack_within_limit(builder);
	MemoryContextDelete(context);
	pfree(pieces);
	return result;
}

/* The state and its context. */
static Pieces *
pieces_state(FunctionCallInfo fcinfo, MemoryContext *context)
{
	if (unlikely(!AggCheckCallContext(fcinfo, context)))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return PG_ARGISNULL(0) ? NULL : (Pieces *) PG_GETARG_POINTER(0);
}

/* store_agg(timeline) */
Datum
store_agg_pieces_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Pieces *state = pieces_state(fcinfo, &context);
	struct varlena *timeline;

	if (PG_ARGISNULL(1))
		return same_state(fcinfo);
	timeline = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	PG_RETURN_POINTER(
		add_piece(state, context, VARDATA_ANY(timeline), VARSIZE_ANY_EXHDR(timeline)));
}

/* The right state always comes from timeline_agg_deserialfn() and is copied. */
Datum
store_agg_pieces_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Pieces *state = pieces_state(fcinfo, &context);
	ReceivedState *received;

	if (PG_ARGISNULL(1))
		return same_state(fcinfo);
	received = (ReceivedState *) PG_GETARG_POINTER(1);
	PG_RETURN_POINTER(add_piece(state, context, received->bytes, received->length));
}

Datum
store_agg_pieces_serialfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Pieces *state = pieces_state(fcinfo, &context);

	PG_RETURN_BYTEA_P(state_write_packed(join_pieces(fcinfo, state), false));
}

Datum
store_agg_pieces_finalfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Pieces *state = pieces_state(fcinfo, &context);

	if (state == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(join_pieces(fcinfo, state));
}
