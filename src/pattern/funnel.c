/*
 * funnel.c
 *		How far along the steps of a pattern a customer came, and many customers.
 *
 * The steps are the required elements of the top-level sequence; the depth is
 * the last one after which the pattern, cut there, has a match, and that match
 * is what is reported.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/serial.h"
#include "pattern/pattern.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(pattern_funnel_depth);
PG_FUNCTION_INFO_V1(pattern_funnel);
PG_FUNCTION_INFO_V1(funnel_agg_transfn);
PG_FUNCTION_INFO_V1(funnel_agg_combinefn);
PG_FUNCTION_INFO_V1(funnel_agg_serialfn);
PG_FUNCTION_INFO_V1(funnel_agg_deserialfn);
PG_FUNCTION_INFO_V1(funnel_agg_finalfn);

/* One step that was reached. */
typedef struct ReachedStep
{
	int64 at;
	uint32 index; /* of its last interaction; an absence: of the element before it */
	bool absence;
} ReachedStep;

/* A funnel of one timeline. */
typedef struct Funnel
{
	uint16 branch;
	uint16 depth;
	ReachedStep *steps; /* depth of them */
} Funnel;

/* The branch with the deepest cut, the first of equal ones. */
static uint16
deepest_branch(const PatternCall *call, uint16 *depth)
{
	uint16 *depths = palloc(sizeof(uint16) * call->program->header->branches);
	uint16 best = 0;

	search_depths(call->search, depths);
	for (uint32 i = 1; i < call->program->header->branches; i++)
	{
		if (depths[i] > depths[best])
			best = (uint16) i;
	}
	*depth = depths[best];
	pfree(depths);
	return best;
}

/* The last interaction, by elements, that a match uses for an element; false if there is none. */
static bool
last_used_for(const Used *used, uint16 element, uint32 *index)
{
	uint32 turn = 0;

	for (; used != NULL; used = used->parent)
	{
		if (used->element != element || used->turn < turn)
			continue;
		turn = used->turn;
		*index = used->last;
	}
	return turn > 0;
}

static Funnel
find_funnel(const PatternCall *call)
{
	Funnel funnel;
	const ProgramBranch *branch;
	Goal goal = {.branch_only = true};
	Match match;

	funnel.branch = deepest_branch(call, &funnel.depth);
	funnel.steps = palloc0(sizeof(ReachedStep) * Max(funnel.depth, 1));
	if (funnel.depth == 0)
		return funnel;
	branch = &call->program->branches[funnel.branch];
	goal.cut = funnel.depth < branch->steps;
	goal.branch = funnel.branch;
	goal.depth = funnel.depth;
	if (!search_match(call->search, &goal, &match))
		elog(ERROR, "the cut of a funnel after step %u has no match", funnel.depth);
	for (uint32 i = 0; i < branch->elements; i++)
	{
		uint16 number = call->program->labels[branch->first_label + i].step;
		ReachedStep *step;

		if (number == 0 || number > funnel.depth)
			continue;
		step = &funnel.steps[number - 1];
		step->absence = branch->absence && i + 1 == branch->elements;
		if (step->absence)
		{
			step->at = match.ends_at;
			step->index = match.last;
			continue;
		}
		if (!last_used_for(match.used, (uint16) i, &step->index))
			elog(ERROR, "step %u of a funnel has no interaction", number);
		step->at = call->view->times[step->index];
	}
	return funnel;
}

/* The kind of what came after the last step reached. */
static Datum
next_kind(const PatternCall *call, const Funnel *funnel, bool *null)
{
	uint32 next = funnel->depth == 0 ? 0 : funnel->steps[funnel->depth - 1].index + 1;

	*null = true;
	if (funnel->depth == 0 || next >= call->view->count)
		return (Datum) 0;
	return interaction_text_datum(&call->layout->kind, next, null);
}

/* The text of a step of a branch. */
static Datum
step_text(const Program *program, const ProgramBranch *branch, uint16 step)
{
	const ProgramLabel *label = &program->labels[branch->first_label];

	while (label->step != step)
		label++;
	return PointerGetDatum(
		cstring_to_text_with_len(program->texts + label->text, (int) label->length));
}

/* A time as an interval without months and days. */
static Datum
interval_of(int64 time)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = time;
	return IntervalPGetDatum(interval);
}

/* funnel_depth(timeline, pattern [, as_of]) */
Datum
pattern_funnel_depth(PG_FUNCTION_ARGS)
{
	const LoadedPattern *pattern = pattern_argument(fcinfo, 1);
	int64 as_of = moment_argument(fcinfo, 2);
	Layout layout;
	uint32 chained;
	uint16 depth;

	if (run_as_chain(fcinfo, pattern, &layout, as_of, false, &chained))
		PG_RETURN_INT32((int32) chained);
	(void) deepest_branch(pattern_call_on(pattern, &layout, as_of), &depth);
	PG_RETURN_INT32(depth);
}

#define FUNNEL_COLUMNS 9

/* funnel(timeline, pattern [, as_of]) */
Datum
pattern_funnel(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	PatternCall *call;
	const ProgramBranch *branch;
	Funnel funnel;

	InitMaterializedSRF(fcinfo, 0);
	call = pattern_call(fcinfo, 2);
	funnel = find_funnel(call);
	branch = &call->program->branches[funnel.branch];
	for (uint16 number = 1; number <= branch->steps; number++)
	{
		const ReachedStep *step = &funnel.steps[number - 1];
		const Layout *layout = call->layout;
		Datum values[FUNNEL_COLUMNS] = {0};
		bool nulls[FUNNEL_COLUMNS];

		memset(nulls, true, sizeof(nulls));
		nulls[0] = nulls[1] = false;
		values[0] = Int32GetDatum(number);
		values[1] = step_text(call->program, branch, number);
		if (number <= funnel.depth)
		{
			nulls[2] = false;
			values[2] = TimestampTzGetDatum(step->at);
			nulls[3] = number == 1;
			if (number > 1)
				values[3] = interval_of(step->at - step[-1].at);
			if (!step->absence)
			{
				uint32 i = step->index;

				values[4] = interaction_text_datum(&layout->kind, i, &nulls[4]);
				values[5] = interaction_text_datum(text_column_named(layout, "channel"), i,
												   &nulls[5]);
				values[6] = interaction_text_datum(text_column_named(layout, "source"), i,
												   &nulls[6]);
				values[7] = interaction_text_datum(text_column_named(layout, "ref"), i, &nulls[7]);
			}
			if (number == funnel.depth)
				values[8] = next_kind(call, &funnel, &nulls[8]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * Many customers
 */

#define STATE_VERSION 1

/* how many kinds are named of what happened instead */
#define MAX_INSTEAD 5

/* A kind that came after the last step reached, and of how many customers. */
typedef struct InsteadEntry
{
	TextSlice kind; /* bytes NULL: nothing came */
	int64 customers;
	uint32 hash;
	char status;
} InsteadEntry;

static inline uint32
hash_kind(TextSlice kind)
{
	return kind.bytes == NULL ? 0 : hash_slice(kind);
}

static inline bool
same_kind(TextSlice a, TextSlice b)
{
	return (a.bytes == NULL) == (b.bytes == NULL) && (a.bytes == NULL || same_slice(a, b));
}

#define SH_PREFIX insteadtable
#define SH_ELEMENT_TYPE InsteadEntry
#define SH_KEY_TYPE TextSlice
#define SH_KEY kind
#define SH_HASH_KEY(tb, key) hash_kind(key)
#define SH_EQUAL(tb, a, b) same_kind(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* What is known of one step. */
typedef struct StepState
{
	int64 customers; /* that reached it */
	int64 *times;    /* since the step before, one a customer; none for the first step */
	uint64 time_count;
	uint64 time_size;
	insteadtable_hash *instead; /* of those who came no further */
} StepState;

typedef struct FunnelState
{
	MemoryContext context;
	const LoadedPattern *pattern;
	uint32 steps; /* of the branch that has most */
	uint16 longest;
	StepState step[FLEXIBLE_ARRAY_MEMBER];
} FunnelState;

static FunnelState *
create_state(const PatternValue *pattern, MemoryContext context)
{
	const LoadedPattern *loaded = pattern_load(pattern, context);
	const ProgramBranch *branches = loaded->program.branches;
	FunnelState *state;
	uint16 longest = 0;

	for (uint32 i = 1; i < loaded->program.header->branches; i++)
	{
		if (branches[i].steps > branches[longest].steps)
			longest = (uint16) i;
	}
	state = MemoryContextAllocZero(
		context, offsetof(FunnelState, step) + sizeof(StepState) * branches[longest].steps);
	state->context = context;
	state->pattern = loaded;
	state->longest = longest;
	state->steps = branches[longest].steps;
	return state;
}

/* Room for count more times. */
static void
reserve_times(FunnelState *state, StepState *step, uint64 count)
{
	uint64 size = Max(step->time_size, 8);

	if (step->time_count + count <= step->time_size)
		return;
	while (size < step->time_count + count)
		size *= 2;
	step->times = step->times == NULL ?
		MemoryContextAllocHuge(state->context, sizeof(int64) * size) :
		repalloc_huge(step->times, sizeof(int64) * size);
	step->time_size = size;
}

static void
add_instead(FunnelState *state, StepState *step, TextSlice kind, int64 customers)
{
	InsteadEntry *entry;
	bool found;

	if (step->instead == NULL)
		step->instead = insteadtable_create(state->context, 8, NULL);
	entry = insteadtable_lookup(step->instead, kind);
	if (entry == NULL)
	{
		if (kind.bytes != NULL)
		{
			char *bytes = MemoryContextAlloc(state->context, Max(kind.length, 1));

			memcpy(bytes, kind.bytes, kind.length);
			kind.bytes = bytes;
		}
		entry = insteadtable_insert(step->instead, kind, &found);
		entry->customers = 0;
	}
	entry->customers += customers;
}

/* Adds one customer. */
static void
add_funnel(FunnelState *state, const PatternCall *call, const Funnel *funnel)
{
	for (uint16 i = 0; i < funnel->depth; i++)
	{
		StepState *step = &state->step[i];

		step->customers++;
		if (i == 0)
			continue;
		reserve_times(state, step, 1);
		step->times[step->time_count++] = funnel->steps[i].at - funnel->steps[i - 1].at;
	}
	if (funnel->depth > 0 && funnel->depth < call->program->branches[funnel->branch].steps)
	{
		TextSlice kind = {NULL, 0};
		bool null;
		Datum next = next_kind(call, funnel, &null);

		if (!null)
		{
			kind.bytes = VARDATA_ANY(DatumGetPointer(next));
			kind.length = (uint32) VARSIZE_ANY_EXHDR(DatumGetPointer(next));
		}
		add_instead(state, &state->step[funnel->depth - 1], kind, 1);
	}
}

static void
check_same_pattern(const FunnelState *state, const PatternValue *pattern)
{
	const PatternValue *known = state->pattern->value;

	if (known->text_length != pattern->text_length ||
		memcmp(known->text, pattern->text, known->text_length) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("funnel_agg() needs one pattern for all rows of a group"),
				 errhint("Group by the pattern as well.")));
}

/* The arguments of funnel_agg() begin behind the state: pattern_call() sees them from there on. */
static PatternCall *
call_behind_state(FunctionCallInfo fcinfo)
{
	LOCAL_FCINFO(inner, 3);

	InitFunctionCallInfoData(*inner, fcinfo->flinfo, fcinfo->nargs - 1, InvalidOid, NULL, NULL);
	for (int i = 0; i < inner->nargs; i++)
		inner->args[i] = fcinfo->args[i + 1];
	return pattern_call(inner, 2);
}

/* funnel_agg(timeline, pattern [, as_of]) */
Datum
funnel_agg_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	PatternCall *call;
	Funnel funnel;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3)))
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	call = call_behind_state(fcinfo);
	if (state == NULL)
		state = create_state(call->pattern->value, context);
	else
		check_same_pattern(state, call->pattern->value);
	funnel = find_funnel(call);
	add_funnel(state, call, &funnel);
	PG_RETURN_POINTER(state);
}

Datum
funnel_agg_combinefn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	FunnelState *state = PG_ARGISNULL(0) ? NULL : (FunnelState *) PG_GETARG_POINTER(0);
	const FunnelState *other = PG_ARGISNULL(1) ? NULL : (FunnelState *) PG_GETARG_POINTER(1);

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (other == NULL)
	{
		if (state == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(state);
	}
	if (state == NULL)
		state = create_state(other->pattern->value, context);
	else
		check_same_pattern(state, other->pattern->value);
	for (uint32 i = 0; i < state->steps; i++)
	{
		StepState *step = &state->step[i];
		const StepState *more = &other->step[i];

		CHECK_FOR_INTERRUPTS();
		step->customers += more->customers;
		if (more->time_count > 0)
		{
			reserve_times(state, step, more->time_count);
			memcpy(step->times + step->time_count, more->times, sizeof(int64) * more->time_count);
			step->time_count += more->time_count;
		}
		if (more->instead != NULL)
		{
			insteadtable_iterator iterator;
			const InsteadEntry *entry;

			insteadtable_start_iterate(more->instead, &iterator);
			while ((entry = insteadtable_iterate(more->instead, &iterator)) != NULL)
				add_instead(state, step, entry->kind, entry->customers);
		}
	}
	PG_RETURN_POINTER(state);
}

Datum
funnel_agg_serialfn(PG_FUNCTION_ARGS)
{
	const FunnelState *state = (FunnelState *) PG_GETARG_POINTER(0);
	const PatternValue *pattern = state->pattern->value;
	StringInfoData out;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	pq_begintypsend(&out);
	pq_sendbyte(&out, STATE_VERSION);
	pq_sendint32(&out, pattern->text_length);
	pq_sendbytes(&out, pattern->text, (int) pattern->text_length);
	for (uint32 i = 0; i < state->steps; i++)
	{
		const StepState *step = &state->step[i];

		CHECK_FOR_INTERRUPTS();
		pq_sendint64(&out, step->customers);
		pq_sendint64(&out, (int64) step->time_count);
		for (uint64 t = 0; t < step->time_count; t++)
			pq_sendint64(&out, step->times[t]);
		pq_sendint32(&out, step->instead == NULL ? 0 : step->instead->members);
		if (step->instead != NULL)
		{
			insteadtable_iterator iterator;
			const InsteadEntry *entry;

			insteadtable_start_iterate(step->instead, &iterator);
			while ((entry = insteadtable_iterate(step->instead, &iterator)) != NULL)
			{
				pq_sendint64(&out, entry->customers);
				pq_sendint32(&out, entry->kind.bytes == NULL ? PG_UINT32_MAX : entry->kind.length);
				if (entry->kind.bytes != NULL)
					pq_sendbytes(&out, entry->kind.bytes, (int) entry->kind.length);
			}
		}
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

Datum
funnel_agg_deserialfn(PG_FUNCTION_ARGS)
{
	bytea *bytes;
	StringInfoData in;
	PatternError error = {0};
	PatternValue *pattern;
	FunnelState *state;
	uint32 length;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	bytes = PG_GETARG_BYTEA_PP(0);
	open_state(&in, bytes, STATE_VERSION, "funnel_agg");
	length = pq_getmsgint(&in, 4);
	pattern = pattern_value(pq_getmsgbytes(&in, (int) length), length, &error);
	if (pattern == NULL)
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("state of funnel_agg() has an invalid pattern"));
	state = create_state(pattern, CurrentMemoryContext);
	for (uint32 i = 0; i < state->steps; i++)
	{
		StepState *step = &state->step[i];
		uint64 times;
		uint32 kinds;

		CHECK_FOR_INTERRUPTS();
		step->customers = pq_getmsgint64(&in);
		times = (uint64) pq_getmsgint64(&in);
		if (times > (uint64) (in.len - in.cursor) / sizeof(int64))
			ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("state of funnel_agg() ends early"));
		reserve_times(state, step, times);
		for (; step->time_count < times; step->time_count++)
			step->times[step->time_count] = pq_getmsgint64(&in);
		kinds = pq_getmsgint(&in, 4);
		for (uint32 k = 0; k < kinds; k++)
		{
			int64 customers = pq_getmsgint64(&in);
			TextSlice kind = {NULL, 0};

			length = pq_getmsgint(&in, 4);
			if (length != PG_UINT32_MAX)
			{
				kind.bytes = pq_getmsgbytes(&in, (int) length);
				kind.length = length;
			}
			add_instead(state, step, kind, customers);
		}
	}
	pq_getmsgend(&in);
	PG_RETURN_POINTER(state);
}

static int
compare_times(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* The continuous percentile of sorted times, as percentile_cont() has it. */
static int64
percentile(const int64 *times, uint64 count, double fraction)
{
	double place = fraction * (double) (count - 1);
	uint64 below = (uint64) place;
	double part = place - (double) below;

	if (below + 1 >= count)
		return times[count - 1];
	return times[below] + (int64) rint(part * (double) (times[below + 1] - times[below]));
}

/* More customers first, then by kind, nothing last. */
static int
compare_instead(const void *a, const void *b)
{
	const InsteadEntry *x = *(const InsteadEntry *const *) a;
	const InsteadEntry *y = *(const InsteadEntry *const *) b;

	if (x->customers != y->customers)
		return x->customers > y->customers ? -1 : 1;
	if (x->kind.bytes == NULL || y->kind.bytes == NULL)
		return x->kind.bytes == NULL ? 1 : -1;
	return compare_slices(x->kind, y->kind);
}

/* What most customers did instead of going on, as two arrays. */
static void
instead_arrays(const StepState *step, Datum *kinds, Datum *customers)
{
	Datum kind_values[MAX_INSTEAD];
	bool kind_nulls[MAX_INSTEAD];
	Datum customer_values[MAX_INSTEAD];
	const InsteadEntry **entries;
	insteadtable_iterator iterator;
	const InsteadEntry *entry;
	int count = 0;
	int dimensions[1];
	int bounds[1] = {1};

	entries = palloc(sizeof(InsteadEntry *) * step->instead->members);
	insteadtable_start_iterate(step->instead, &iterator);
	while ((entry = insteadtable_iterate(step->instead, &iterator)) != NULL)
		entries[count++] = entry;
	qsort(entries, (size_t) count, sizeof(InsteadEntry *), compare_instead);
	count = Min(count, MAX_INSTEAD);
	for (int i = 0; i < count; i++)
	{
		TextSlice kind = entries[i]->kind;

		kind_nulls[i] = kind.bytes == NULL;
		kind_values[i] = kind_nulls[i] ?
			(Datum) 0 :
			PointerGetDatum(cstring_to_text_with_len(kind.bytes, (int) kind.length));
		customer_values[i] = Int64GetDatum(entries[i]->customers);
	}
	dimensions[0] = count;
	*kinds = PointerGetDatum(construct_md_array(kind_values, kind_nulls, 1, dimensions, bounds,
												TEXTOID, -1, false, TYPALIGN_INT));
	*customers = PointerGetDatum(construct_array(customer_values, count, INT8OID, sizeof(int64),
												 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	pfree(entries);
}

#define SUMMARY_COLUMNS 9

/* One step of the summary as a row. */
static Datum
summary_row(const FunnelState *state, uint16 number, TupleDesc descriptor)
{
	const Program *program = &state->pattern->program;
	const StepState *step = &state->step[number - 1];
	Datum values[SUMMARY_COLUMNS] = {0};
	bool nulls[SUMMARY_COLUMNS] = {false};

	values[0] = Int32GetDatum(number);
	values[1] = step_text(program, &program->branches[state->longest], number);
	values[2] = Int64GetDatum(step->customers);
	nulls[3] = state->step[0].customers == 0;
	if (!nulls[3])
		values[3] = Float8GetDatum((double) step->customers / (double) state->step[0].customers);
	nulls[4] = number == 1 || step[-1].customers == 0;
	if (!nulls[4])
		values[4] = Float8GetDatum((double) step->customers / (double) step[-1].customers);
	nulls[5] = nulls[6] = step->time_count == 0;
	if (step->time_count > 0)
	{
		int64 *sorted = palloc_extended(sizeof(int64) * step->time_count, MCXT_ALLOC_HUGE);

		/* the state stays as it is: a final function may be called again */
		memcpy(sorted, step->times, sizeof(int64) * step->time_count);
		CHECK_FOR_INTERRUPTS();
		qsort(sorted, step->time_count, sizeof(int64), compare_times);
		values[5] = interval_of(percentile(sorted, step->time_count, 0.5));
		values[6] = interval_of(percentile(sorted, step->time_count, 0.9));
		pfree(sorted);
	}
	nulls[7] = nulls[8] = step->instead == NULL;
	if (step->instead != NULL)
		instead_arrays(step, &values[7], &values[8]);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

Datum
funnel_agg_finalfn(PG_FUNCTION_ARGS)
{
	const FunnelState *state;
	Oid array_type;
	Oid row_type;
	TupleDesc descriptor;
	Datum *rows;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelState *) PG_GETARG_POINTER(0);
	array_type = get_fn_expr_rettype(fcinfo->flinfo);
	row_type = get_element_type(array_type);
	if (!OidIsValid(row_type))
		elog(ERROR, "return type must be an array of rows");
	descriptor = lookup_rowtype_tupdesc(row_type, -1);
	rows = palloc(sizeof(Datum) * Max(state->steps, 1));
	for (uint32 i = 0; i < state->steps; i++)
		rows[i] = summary_row(state, (uint16) (i + 1), descriptor);
	ReleaseTupleDesc(descriptor);
	PG_RETURN_ARRAYTYPE_P(
		construct_array(rows, (int) state->steps, row_type, -1, false, TYPALIGN_DOUBLE));
}
