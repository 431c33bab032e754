/*
 * aggregate.c
 *		timeline_agg() in its four forms, and timeline() for one interaction.
 *
 * The state is a Builder in the aggregate's context; its vocabulary belongs to
 * the call site and serves all groups.  How it travels between processes is
 * state.c's.  Final functions leave the state as it is, so they may be called
 * again and again over a moving window.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "timeline/aggregate.h"
#include "timeline/members.h"
#include "timeline/pack.h"
#include "timeline/state.h"

/* A union of pieces is condensed when it has doubled since the last time, and this. */
#define CONDENSE_RECORDS 65536

PG_FUNCTION_INFO_V1(timeline_agg_transfn);
PG_FUNCTION_INFO_V1(timeline_agg_jsonb_transfn);
PG_FUNCTION_INFO_V1(timeline_agg_pairs_transfn);
PG_FUNCTION_INFO_V1(timeline_agg_union_transfn);
PG_FUNCTION_INFO_V1(timeline_agg_combinefn);
PG_FUNCTION_INFO_V1(timeline_agg_serialfn);
PG_FUNCTION_INFO_V1(timeline_agg_deserialfn);
PG_FUNCTION_INFO_V1(timeline_agg_finalfn);
PG_FUNCTION_INFO_V1(timeline_make);
PG_FUNCTION_INFO_V1(timeline_make_jsonb);
PG_FUNCTION_INFO_V1(timeline_make_pairs);

/* timeline_agg(occurred_at, kind) */
Datum
timeline_agg_transfn(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *state;

	if (!call_moment(fcinfo, 1, &time, &kind))
		return same_state(fcinfo);
	state = aggregate_state(fcinfo, false);
	builder_append_values(state, time, kind, NULL, 0);
	PG_RETURN_POINTER(state);
}

/* timeline_agg(occurred_at, kind, attributes jsonb) */
Datum
timeline_agg_jsonb_transfn(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *state;

	if (!call_moment(fcinfo, 1, &time, &kind))
		return same_state(fcinfo);
	state = aggregate_state(fcinfo, false);
	if (PG_ARGISNULL(3))
		builder_append_values(state, time, kind, NULL, 0);
	else
		call_append_jsonb(state, time, kind, &PG_GETARG_JSONB_P(3)->root, false);
	PG_RETURN_POINTER(state);
}

/* timeline_agg(occurred_at, kind, 'name', value, ...) */
Datum
timeline_agg_pairs_transfn(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *state;

	if (!call_moment(fcinfo, 1, &time, &kind))
		return same_state(fcinfo);
	state = aggregate_state(fcinfo, false);
	call_append_pairs(fcinfo, 3, state, time, kind);
	PG_RETURN_POINTER(state);
}

/* Replaces a union's records by those of the union so far, as one piece. */
static Builder *
condense(Builder *state)
{
	MemoryContext context = GetMemoryChunkContext(state);
	struct varlena *united = pack_builder(state);
	Builder *condensed = builder_create(state->vocabulary, context,
										GetMemoryChunkContext(state->chunk), true);
	Layout *layout = palloc(sizeof(Layout));

	layout_open(layout, VARDATA(united), VARSIZE(united) - VARHDRSZ);
	builder_append_layout(condensed, layout, 0, layout->count, NULL);
	builder_free(state);
	pfree(layout);
	pfree(united);
	condensed->condense_at = condensed->count * 2 + CONDENSE_RECORDS;
	return condensed;
}

/* Adds a piece to a union; returns the state, which may have moved. */
static Builder *
add_piece(Builder *state, const Layout *layout)
{
	if (state->condense_at == 0)
		state->condense_at = CONDENSE_RECORDS;
	else if ((uint64) state->count + layout->count > state->condense_at)
		state = condense(state);
	state->piece++;
	builder_append_layout(state, layout, 0, layout->count, NULL);
	return state;
}

/* timeline_agg(timeline) */
Datum
timeline_agg_union_transfn(PG_FUNCTION_ARGS)
{
	Builder *state;
	Layout layout;

	if (PG_ARGISNULL(1))
		return same_state(fcinfo);
	state = aggregate_state(fcinfo, true);
	PG_GETARG_LAYOUT(1, &layout);
	PG_RETURN_POINTER(add_piece(state, &layout));
}

/* The right state always comes from timeline_agg_deserialfn() and is copied. */
Datum
timeline_agg_combinefn(PG_FUNCTION_ARGS)
{
	Builder *state;
	ReceivedState *received;

	if (PG_ARGISNULL(1))
		return same_state(fcinfo);
	received = (ReceivedState *) PG_GETARG_POINTER(1);
	state = aggregate_state(fcinfo, received->pieces);
	if (received->pieces)
	{
		Layout layout;

		layout_open(&layout, received->bytes, received->length);
		state = add_piece(state, &layout);
	}
	else
		state_append(state, received);
	PG_RETURN_POINTER(state);
}

Datum
timeline_agg_serialfn(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	PG_RETURN_BYTEA_P(state_write((Builder *) PG_GETARG_POINTER(0), false));
}

Datum
timeline_agg_deserialfn(PG_FUNCTION_ARGS)
{
	ReceivedState *received;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	received = palloc(sizeof(ReceivedState));
	*received = state_read(PG_GETARG_BYTEA_PP(0));
	PG_RETURN_POINTER(received);
}

Datum
timeline_agg_finalfn(PG_FUNCTION_ARGS)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_POINTER(pack_builder((Builder *) PG_GETARG_POINTER(0)));
}

/* timeline(occurred_at, kind) */
Datum
timeline_make(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *builder;

	if (!call_moment(fcinfo, 0, &time, &kind))
		PG_RETURN_NULL();
	builder = call_builder(fcinfo);
	builder_append_values(builder, time, kind, NULL, 0);
	PG_RETURN_POINTER(pack_builder(builder));
}

/* timeline(occurred_at, kind, attributes jsonb) */
Datum
timeline_make_jsonb(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *builder;

	if (!call_moment(fcinfo, 0, &time, &kind))
		PG_RETURN_NULL();
	builder = call_builder(fcinfo);
	if (PG_ARGISNULL(2))
		builder_append_values(builder, time, kind, NULL, 0);
	else
		call_append_jsonb(builder, time, kind, &PG_GETARG_JSONB_P(2)->root, false);
	PG_RETURN_POINTER(pack_builder(builder));
}

/* timeline(occurred_at, kind, 'name', value, ...) */
Datum
timeline_make_pairs(PG_FUNCTION_ARGS)
{
	int64 time;
	TextSlice kind;
	Builder *builder;

	if (!call_moment(fcinfo, 0, &time, &kind))
		PG_RETURN_NULL();
	builder = call_builder(fcinfo);
	call_append_pairs(fcinfo, 2, builder, time, kind);
	PG_RETURN_POINTER(pack_builder(builder));
}
