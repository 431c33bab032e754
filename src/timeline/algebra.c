/*
 * algebra.c
 *		Timelines out of timelines: + * - ||, slices and picks, and &&.
 *
 * Timelines are multisets of interactions.  Each operator reads its arguments
 * as records, merges what is sorted already, and packs what is left.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "timeline/call.h"
#include "timeline/pack.h"

PG_FUNCTION_INFO_V1(timeline_union);
PG_FUNCTION_INFO_V1(timeline_intersection);
PG_FUNCTION_INFO_V1(timeline_difference);
PG_FUNCTION_INFO_V1(timeline_concat);
PG_FUNCTION_INFO_V1(timeline_slice);
PG_FUNCTION_INFO_V1(timeline_last_interactions);
PG_FUNCTION_INFO_V1(timeline_pick_kinds);
PG_FUNCTION_INFO_V1(timeline_overlaps);
PG_FUNCTION_INFO_V1(timeline_overlapped_by);

/* What a merge keeps of interactions that only a has, only b has, and of one pair. */
typedef struct MergeRule
{
	bool only_a;
	bool only_b;
	int of_pair;
} MergeRule;

/*
 * Merges two sorted lists.  Pairing equal interactions one by one makes union
 * the greatest and intersection the least multiplicity.
 */
static uint32
merge(const Builder *builder, const RecordKey *a, uint32 a_count, const RecordKey *b,
	  uint32 b_count, MergeRule rule, RecordKey *out)
{
	const RecordKey *a_end = a + a_count;
	const RecordKey *b_end = b + b_count;
	uint32 count = 0;
	uint32 steps = 0;

	while (a < a_end || b < b_end)
	{
		int order;

		if ((++steps & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (a == a_end)
			order = 1;
		else if (b == b_end)
			order = -1;
		else
			order = compare_records(builder, a, b);
		if (order < 0)
		{
			if (rule.only_a)
				out[count++] = *a;
			a++;
		}
		else if (order > 0)
		{
			if (rule.only_b)
				out[count++] = *b;
			b++;
		}
		else
		{
			if (rule.of_pair > 0)
				out[count++] = *a;
			if (rule.of_pair > 1)
				out[count++] = *b;
			a++;
			b++;
		}
	}
	return count;
}

static Datum
combine(FunctionCallInfo fcinfo, MergeRule rule)
{
	Layout *a = palloc(sizeof(Layout));
	Layout *b = palloc(sizeof(Layout));
	Builder *builder;
	RecordKey *keys;
	RecordKey *out;
	uint32 count;
	uint32 out_count;

	PG_GETARG_LAYOUT(0, a);
	PG_GETARG_LAYOUT(1, b);
	/* nothing to merge: one of the arguments, or nothing, is the answer */
	if (b->count == 0)
		return rule.only_a ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1);
	if (a->count == 0)
		return rule.only_b ? PG_GETARG_DATUM(1) : PG_GETARG_DATUM(0);

	builder = call_builder(fcinfo);
	builder_append_layout(builder, a, 0, a->count, NULL);
	builder_append_layout(builder, b, 0, b->count, NULL);
	keys = builder_keys(builder, &count);
	out = palloc_extended(sizeof(RecordKey) * count, MCXT_ALLOC_HUGE);
	out_count = merge(builder, keys, a->count, keys + a->count, b->count, rule, out);
	PG_RETURN_POINTER(pack_keys(builder, out, out_count));
}

/* a + b: of equal interactions the greater number of copies */
Datum
timeline_union(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, (MergeRule) {true, true, 1});
}

/* a * b: of equal interactions the smaller number of copies */
Datum
timeline_intersection(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, (MergeRule) {false, false, 1});
}

/* a - b: each copy in b takes away one in a */
Datum
timeline_difference(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, (MergeRule) {true, false, 0});
}

/* a || b: every copy */
Datum
timeline_concat(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, (MergeRule) {true, true, 2});
}

/* The interactions [*from, *to) of a timeline that lie in a range. */
static void
search_range(const Layout *layout, RangeType *range, uint32 *from, uint32 *to)
{
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound lower;
	RangeBound upper;
	bool empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	*from = 0;
	*to = empty ? 0 : layout->count;
	if (empty)
		return;
	if (!lower.infinite)
		*from = layout_search(layout, DatumGetTimestampTz(lower.val), !lower.inclusive);
	if (!upper.infinite)
		*to = layout_search(layout, DatumGetTimestampTz(upper.val), upper.inclusive);
}

/* slice(timeline, tstzrange) */
Datum
timeline_slice(PG_FUNCTION_ARGS)
{
	Layout layout;
	uint32 from;
	uint32 to;
	Builder *builder;
	RecordKey *keys;
	uint32 count;

	PG_GETARG_LAYOUT(0, &layout);
	search_range(&layout, PG_GETARG_RANGE_P(1), &from, &to);
	if (from == 0 && to == layout.count)
		return PG_GETARG_DATUM(0);
	builder = call_builder(fcinfo);
	builder_append_layout(builder, &layout, from, to, NULL);
	keys = builder_keys(builder, &count);
	PG_RETURN_POINTER(pack_keys(builder, keys, count));
}

/* last_interactions(timeline, integer) */
Datum
timeline_last_interactions(PG_FUNCTION_ARGS)
{
	int32 wanted = PG_GETARG_INT32(1);
	Layout layout;
	Builder *builder;
	RecordKey *keys;
	uint32 count;

	if (wanted < 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("the number of interactions must not be negative"));
	PG_GETARG_LAYOUT(0, &layout);
	if ((uint32) wanted >= layout.count)
		return PG_GETARG_DATUM(0);
	builder = call_builder(fcinfo);
	builder_append_layout(builder, &layout, layout.count - (uint32) wanted, layout.count, NULL);
	keys = builder_keys(builder, &count);
	PG_RETURN_POINTER(pack_keys(builder, keys, count));
}

bool *
kinds_in_array(const Layout *layout, ArrayType *array)
{
	Datum *wanted;
	bool *nulls;
	int count;
	bool *accept = palloc_extended(Max((Size) layout->kind.texts, 1), MCXT_ALLOC_HUGE);

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &wanted, &nulls, &count);
	for (uint32 i = 0; i < layout->kind.texts; i++)
	{
		TextSlice kind = column_text(&layout->kind, i);

		accept[i] = false;
		for (int j = 0; j < count && !accept[i]; j++)
		{
			if ((j & 0xFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			accept[i] = !nulls[j] && same_slice(kind, datum_slice(wanted[j]));
		}
	}
	return accept;
}

/* pick_kinds(timeline, VARIADIC text[]) */
Datum
timeline_pick_kinds(PG_FUNCTION_ARGS)
{
	Layout layout;
	bool *accept_kind;
	bool *accept;
	ColumnCursor cursor;
	Builder *builder;
	RecordKey *keys;
	uint32 count;

	PG_GETARG_LAYOUT(0, &layout);
	if (layout.count == 0)
		return PG_GETARG_DATUM(0);
	accept_kind = kinds_in_array(&layout, PG_GETARG_ARRAYTYPE_P(1));
	accept = palloc_extended(sizeof(bool) * layout.count, MCXT_ALLOC_HUGE);
	cursor = column_seek(&layout.kind, 0);
	for (uint32 done = 0; done < layout.count; done += LAYOUT_BLOCK)
	{
		uint32 codes[LAYOUT_BLOCK];
		uint32 block = Min(layout.count - done, LAYOUT_BLOCK);

		CHECK_FOR_INTERRUPTS();
		column_next_codes(&layout.kind, &cursor, block, codes);
		for (uint32 i = 0; i < block; i++)
			accept[done + i] = accept_kind[codes[i]];
	}
	builder = call_builder(fcinfo);
	builder_append_layout(builder, &layout, 0, layout.count, accept);
	keys = builder_keys(builder, &count);
	PG_RETURN_POINTER(pack_keys(builder, keys, count));
}

static bool
overlaps(Datum timeline, RangeType *range)
{
	Layout layout;
	uint32 from;
	uint32 to;

	open_timeline(&layout, timeline);
	search_range(&layout, range, &from, &to);
	return from < to;
}

/* timeline && tstzrange */
Datum
timeline_overlaps(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(overlaps(PG_GETARG_DATUM(0), PG_GETARG_RANGE_P(1)));
}

/* tstzrange && timeline */
Datum
timeline_overlapped_by(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(overlaps(PG_GETARG_DATUM(1), PG_GETARG_RANGE_P(0)));
}
