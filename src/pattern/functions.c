/*
 * functions.c
 *		What SQL asks of a pattern and a timeline.
 *
 * Each function comes with a moment up to which the timeline is seen, and
 * without: then it is the transaction's now().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "pattern/pattern.h"
#include "timeline/call.h"
#include "timeline/interaction.h"
#include "timeline/pack.h"

PG_FUNCTION_INFO_V1(pattern_matches);
PG_FUNCTION_INFO_V1(pattern_match_count);
PG_FUNCTION_INFO_V1(pattern_match_first);
PG_FUNCTION_INFO_V1(pattern_match_last);
PG_FUNCTION_INFO_V1(pattern_match_all);
PG_FUNCTION_INFO_V1(pattern_explain_match);
PG_FUNCTION_INFO_V1(pattern_neighbours);
PG_FUNCTION_INFO_V1(pattern_pick);

const Goal whole_pattern = {.cut = false};

/* Argument n as the moment up to which the timeline is seen, or now(). */
int64
moment_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_NARGS() > n ? PG_GETARG_TIMESTAMPTZ(n) : GetCurrentTransactionStartTimestamp();
}

/* Opens the timeline, and runs the pattern over it if it is a chain; see pattern.h. */
bool
run_as_chain(FunctionCallInfo fcinfo, const LoadedPattern *pattern, Layout *layout, int64 as_of,
			 bool whole, uint32 *depth)
{
	if (pattern->chain.steps == 0)
	{
		PG_GETARG_LAYOUT(0, layout);
		return false;
	}
	open_timeline_kinds(layout, PG_GETARG_DATUM(0));
	return chain_depth(&pattern->chain, &pattern->program, layout, as_of, whole, depth);
}

/* A call about a timeline that is open. */
PatternCall *
pattern_call_on(const LoadedPattern *pattern, const Layout *layout, int64 as_of)
{
	PatternCall *call = palloc(sizeof(PatternCall));

	call->pattern = pattern;
	call->program = &pattern->program;
	call->layout = layout;
	call->view = view_create(call->program, layout, as_of);
	call->search = search_create(call->view);
	return call;
}

PatternCall *
pattern_call(FunctionCallInfo fcinfo, int n)
{
	const LoadedPattern *pattern = pattern_argument(fcinfo, 1);
	Layout *layout = palloc(sizeof(Layout));

	PG_GETARG_LAYOUT(0, layout);
	return pattern_call_on(pattern, layout, moment_argument(fcinfo, n));
}

/* An interaction's text in a column, which may be NULL, as a Datum. */
Datum
interaction_text_datum(const Column *column, uint32 index, bool *null)
{
	ColumnCursor cursor;
	uint32 rank;
	TextSlice text;

	*null = true;
	if (column == NULL)
		return (Datum) 0;
	cursor = column_seek(column, index);
	if (!column_next(column, &cursor, &rank))
		return (Datum) 0;
	*null = false;
	text = column_text(column, column_code(column, rank));
	return PointerGetDatum(cstring_to_text_with_len(text.bytes, (int) text.length));
}

/* The column of texts of that name, or NULL. */
const Column *
text_column_named(const Layout *layout, const char *name)
{
	return layout_find(layout, name, (uint32) strlen(name), ATTRIBUTE_TEXT);
}

/* The timeline of the interactions [from, to) that are flagged. */
static struct varlena *
timeline_of_flagged(const Layout *layout, const bool *flags, uint32 from, uint32 to)
{
	Builder *builder = builder_create(vocabulary_create(CurrentMemoryContext), CurrentMemoryContext,
									  CurrentMemoryContext, false);
	RecordKey *keys;
	uint32 count;

	builder_append_layout(builder, layout, from, to, flags);
	keys = builder_keys(builder, &count);
	return pack_keys(builder, keys, count);
}

/* Appends one interaction. */
static void
append_interaction(Builder *builder, const Layout *layout, uint32 index)
{
	AttributeValue values[MAX_ATTRIBUTES];
	InteractionReader reader;
	uint32 count = 0;

	interactions_begin(&reader, layout, index);
	(void) interactions_next(&reader);
	for (int i = 0; i < layout->columns; i++)
	{
		const Column *column = &layout->column[i];
		AttributeValue *value = &values[count];

		if (!reader.present[i])
			continue;
		memset(value, 0, sizeof(AttributeValue));
		value->column.name = column->name;
		value->column.well_known = column->well_known;
		value->column.type = column->type;
		if (column->type == ATTRIBUTE_TEXT)
			value->text = interaction_text(&reader, i);
		else if (column->type == ATTRIBUTE_NUMBER)
			value->number = number_to_bits(number_from_bits(interaction_number(&reader, i)));
		else
			value->number = interaction_number(&reader, i);
		count++;
	}
	builder_append_values(builder, reader.time, column_text(&layout->kind, reader.kind), values,
						  count);
}

/*
 * The timeline of what a match uses.  A pass over the timeline costs less for each
 * interaction, but matches of a few would add up to many passes.
 */
static struct varlena *
timeline_of_used(const Layout *layout, const Used *used, uint32 *first)
{
	uint32 count = used->count;
	uint32 *indexes = palloc_extended(sizeof(uint32) * count, MCXT_ALLOC_HUGE);
	uint32 end = used->index + 1;
	Builder *builder;
	RecordKey *keys;

	for (uint32 i = count; i-- > 0; used = used->parent)
		indexes[i] = used->index;
	*first = indexes[0];
	if (count > layout->count / 16)
	{
		bool *flags = palloc_extended(sizeof(bool) * layout->count,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

		for (uint32 i = 0; i < count; i++)
			flags[indexes[i]] = true;
		return timeline_of_flagged(layout, flags, *first, end);
	}
	builder = builder_create(vocabulary_create(CurrentMemoryContext), CurrentMemoryContext,
							 CurrentMemoryContext, false);
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0x3FF) == 0)
			CHECK_FOR_INTERRUPTS();
		append_interaction(builder, layout, indexes[i]);
	}
	keys = builder_keys(builder, &count);
	return pack_keys(builder, keys, count);
}

/* A match as a row of the type pattern_match. */
static void
match_values(const PatternCall *call, const Match *match, int32 n, Datum *values)
{
	uint32 first;

	values[0] = Int32GetDatum(n);
	values[3] = PointerGetDatum(timeline_of_used(call->layout, match->used, &first));
	values[1] = TimestampTzGetDatum(call->view->times[first]);
	values[2] = TimestampTzGetDatum(match->ends_at);
}

static Datum
match_row(FunctionCallInfo fcinfo, const PatternCall *call, const Match *match, int32 n)
{
	TupleDesc descriptor;
	Datum values[4];
	bool nulls[4] = {false};

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	match_values(call, match, n, values);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

/* matches(timeline, pattern [, as_of]), timeline @@ pattern */
Datum
pattern_matches(PG_FUNCTION_ARGS)
{
	const LoadedPattern *pattern = pattern_argument(fcinfo, 1);
	int64 as_of = moment_argument(fcinfo, 2);
	Layout layout;
	uint32 depth;

	if (run_as_chain(fcinfo, pattern, &layout, as_of, true, &depth))
		PG_RETURN_BOOL(depth == pattern->chain.steps);
	PG_RETURN_BOOL(search_any(pattern_call_on(pattern, &layout, as_of)->search, &whole_pattern));
}

/* How many of the first so many interactions some of the events accept. */
static int32
count_events(const Program *program, const Layout *layout, uint32 count, uint64 events)
{
	uint64 masks[LAYOUT_BLOCK];
	uint8 places[LAYOUT_BLOCK];
	uint32 found = 0;

	events_bind(program->reader, layout);
	if ((events_possible(program->reader) & events) == 0)
		return 0;
	for (uint32 done = 0; done < count; done += LAYOUT_BLOCK)
	{
		CHECK_FOR_INTERRUPTS();
		found += events_find(program->reader, done, Min(count - done, LAYOUT_BLOCK), events, places,
							 masks);
	}
	return (int32) found;
}

/* match_count(timeline, pattern [, as_of]) */
Datum
pattern_match_count(PG_FUNCTION_ARGS)
{
	const LoadedPattern *pattern = pattern_argument(fcinfo, 1);
	int64 as_of = moment_argument(fcinfo, 2);
	uint64 events = program_events(&pattern->program);
	PatternCall *call;
	Layout layout;
	Match match;
	int32 count = 0;

	PG_GETARG_LAYOUT(0, &layout);
	/* each interaction that a mere event accepts is a match */
	if (events != 0)
		PG_RETURN_INT32(
			count_events(&pattern->program, &layout, layout_search(&layout, as_of, true), events));
	call = pattern_call_on(pattern, &layout, as_of);
	for (; search_match(call->search, &whole_pattern, &match); count++)
		search_after(call->search, &match);
	PG_RETURN_INT32(count);
}

/* match_first(timeline, pattern [, as_of]) */
Datum
pattern_match_first(PG_FUNCTION_ARGS)
{
	PatternCall *call = pattern_call(fcinfo, 2);
	Match match;

	if (!search_match(call->search, &whole_pattern, &match))
		PG_RETURN_NULL();
	return match_row(fcinfo, call, &match, 1);
}

/* A copy of what a match uses, from a context that is reset into the current one. */
static const Used *
copy_used(const Used *used)
{
	Used *copy = NULL;
	Used **place = &copy;

	for (; used != NULL; used = used->parent)
	{
		*place = palloc(sizeof(Used));
		**place = *used;
		place = &(*place)->parent;
	}
	*place = NULL;
	return copy;
}

static void
free_used(const Used *used)
{
	while (used != NULL)
	{
		Used *parent = used->parent;

		pfree(unconstify(Used *, used));
		used = parent;
	}
}

/* match_last(timeline, pattern [, as_of]) */
Datum
pattern_match_last(PG_FUNCTION_ARGS)
{
	PatternCall *call = pattern_call(fcinfo, 2);
	Match match;
	Match last = {0};
	int32 count = 0;

	while (search_match(call->search, &whole_pattern, &match))
	{
		free_used(last.used);
		last = match;
		last.used = copy_used(match.used);
		search_after(call->search, &match);
		count++;
	}
	if (count == 0)
		PG_RETURN_NULL();
	return match_row(fcinfo, call, &last, count);
}

/* match_all(timeline, pattern [, as_of]) */
Datum
pattern_match_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PatternCall *call;
	MemoryContext row;
	Match match;
	int32 n = 0;

	InitMaterializedSRF(fcinfo, 0);
	call = pattern_call(fcinfo, 2);
	row = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline match", ALLOCSET_DEFAULT_SIZES);
	while (search_match(call->search, &whole_pattern, &match))
	{
		MemoryContext caller = MemoryContextSwitchTo(row);
		Datum values[4];
		bool nulls[4] = {false};

		match_values(call, &match, ++n, values);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(row);
		search_after(call->search, &match);
	}
	return (Datum) 0;
}

/* The pattern of a call that must be one event, or alternatives of it; the mask of its tests. */
static uint64
only_event(const PatternCall *call, const char *function)
{
	uint64 events = program_events(call->program);

	if (events == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s() needs a pattern that is one event, not \"%.*s\"", function,
						(int) Min(call->pattern->value->text_length, 1000),
						call->pattern->value->text),
				 errhint("An event is a kind with its conditions, or alternatives of it: "
						 "refund[value > 100] | complaint.")));
	return events;
}

/* pick(timeline, pattern [, as_of]) */
Datum
pattern_pick(PG_FUNCTION_ARGS)
{
	PatternCall *call = pattern_call(fcinfo, 2);
	uint64 event = only_event(call, "pick");
	bool *flags = palloc_extended(sizeof(bool) * Max(call->layout->count, 1),
								  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (uint32 i = 0; i < call->view->count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		flags[i] = (call->view->masks[i] & event) != 0;
	}
	PG_RETURN_POINTER(timeline_of_flagged(call->layout, flags, 0, call->view->count));
}

#define NEIGHBOUR_COLUMNS 11

/* neighbours(timeline, event, before, after [, as_of]) */
Datum
pattern_neighbours(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"channel", "direction", "thread", "agent",
										"outcome", "source",    "ref"};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int32 before = PG_GETARG_INT32(2);
	int32 after = PG_GETARG_INT32(3);
	PatternCall *call;
	uint64 event;

	if (before < 0 || after < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("neighbours() needs numbers of interactions that are not negative, "
						"not %d and %d",
						before, after)));
	InitMaterializedSRF(fcinfo, 0);
	call = pattern_call(fcinfo, 4);
	event = only_event(call, "neighbours");
	for (uint32 i = 0; i < call->view->count; i++)
	{
		uint32 from = i > (uint32) before ? i - (uint32) before : 0;
		uint32 to = (uint32) Min((uint64) i + (uint64) after + 1, call->view->count);

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if ((call->view->masks[i] & event) == 0)
			continue;
		for (uint32 j = from; j < to; j++)
		{
			Datum values[NEIGHBOUR_COLUMNS];
			bool nulls[NEIGHBOUR_COLUMNS] = {false};

			CHECK_FOR_INTERRUPTS();
			if (j == i)
				continue;
			values[0] = TimestampTzGetDatum(call->view->times[i]);
			values[1] = Int32GetDatum((int32) ((int64) j - i));
			values[2] = TimestampTzGetDatum(call->view->times[j]);
			values[3] = interaction_text_datum(&call->layout->kind, j, &nulls[3]);
			for (int k = 0; k < (int) lengthof(names); k++)
				values[4 + k] = interaction_text_datum(text_column_named(call->layout, names[k]), j,
													   &nulls[4 + k]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

#define EXPLAIN_COLUMNS 8

/* Why an interaction is not used; passed_over where a match that is reported ends at it or later. */
static const char *
why_not_used(const PatternCall *call, uint32 i, uint8 reason, bool passed_over)
{
	const ProgramHeader *header = call->program->header;
	uint64 mask = call->view->masks[i];

	if ((mask & header->uses) == 0)
		return (mask & header->excludes) != 0 ? "excluded event" : "no event accepts it";
	switch (reason)
	{
		case LED_ON:
			return passed_over ? "the reported match does without it" :
								 "no match with it is completed";
		case NOT_OVER:
			return "the absence after it is not over";
		case ABSENCE_ENDED:
			return "the absence after it does not hold";
		case NOT_LAST:
			return "not the last interaction of the timeline";
		case GUARD_GATE:
			return "outside of the gate";
		case GUARD_NEXT:
		case GUARD_AFTER:
		case GUARD_WANTED:
		case GUARD_NOT_BEFORE:
			return "not the very next interaction";
		case GUARD_WITHOUT:
			return "an excluded event lies between";
		case GUARD_WITHIN:
			return "outside of the total time";
		case GUARD_FIRST:
			return "not the first interaction of the timeline";
		case GUARD_ABSENT:
			return "the absence before it does not hold";
		case GUARD_SAME:
		case GUARD_PRESENT:
			return "another value of the attribute";
		default:
			return "nothing before it leads to this event";
	}
}

/* A verdict, and what has to be said of the interaction's tie. */
static Datum
verdict_datum(const char *verdict, bool in_total_order)
{
	if (in_total_order)
		verdict = psprintf("%s; its tie was read in total order", verdict);
	return CStringGetTextDatum(verdict);
}

/* explain_match(timeline, pattern [, as_of]) */
Datum
pattern_explain_match(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PatternCall *call;
	uint32 count;
	uint8 *reasons;
	const Used **used_by;
	int32 *match_number;
	int64 last_end = DT_NOBEGIN;
	Match match;
	int32 n = 0;

	InitMaterializedSRF(fcinfo, 0);
	call = pattern_call(fcinfo, 2);
	count = call->view->count;
	reasons = palloc_extended(Max(count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	used_by = palloc_extended(sizeof(Used *) * Max(count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	match_number = palloc_extended(sizeof(int32) * Max(count, 1),
								   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	search_note_reasons(call->search, reasons);
	while (search_match(call->search, &whole_pattern, &match))
	{
		n++;
		last_end = match.ends_at;
		for (const Used *used = copy_used(match.used); used != NULL; used = used->parent)
		{
			used_by[used->index] = used;
			match_number[used->index] = n;
		}
		search_after(call->search, &match);
	}
	for (uint32 i = 0; i < count; i++)
	{
		Datum values[EXPLAIN_COLUMNS] = {0};
		bool nulls[EXPLAIN_COLUMNS] = {false};
		const Used *used = used_by[i];
		const Layout *layout = call->layout;
		uint8 reason = reasons[i] & ~IN_TOTAL_ORDER;
		const char *verdict = "used";

		CHECK_FOR_INTERRUPTS();
		values[0] = TimestampTzGetDatum(call->view->times[i]);
		values[1] = interaction_text_datum(&layout->kind, i, &nulls[1]);
		values[2] = interaction_text_datum(text_column_named(layout, "channel"), i, &nulls[2]);
		nulls[3] = nulls[4] = nulls[5] = used == NULL;
		if (used != NULL)
		{
			const ProgramBranch *branch = &call->program->branches[used->branch];
			const ProgramLabel *label = &call->program->labels[branch->first_label + used->element];

			values[3] = Int32GetDatum(match_number[i]);
			values[4] = Int32GetDatum(label->step);
			nulls[4] = label->step == 0;
			values[5] = PointerGetDatum(
				cstring_to_text_with_len(call->program->texts + label->text, (int) label->length));
		}
		else
			verdict = why_not_used(call, i, reason, call->view->times[i] <= last_end);
		values[6] = verdict_datum(verdict, (reasons[i] & IN_TOTAL_ORDER) != 0);
		values[7] = interaction_text_datum(text_column_named(layout, "ref"), i, &nulls[7]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
