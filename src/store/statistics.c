/*
 * statistics.c
 *		What ANALYZE learns of a column of timelines, and what the planner makes of it.
 *
 * Statistics: the fraction of nulls, the width, and the keys (keys.h) that most
 * timelines have, in a slot of kind STATISTIC_KIND_MCELEM over int8.  Its numbers
 * are their frequencies among the rows that are not null, then how frequent a key
 * can be that is not there (what 19 means by that number), then the greatest.
 *
 * The estimate for timeline @@ pattern, and matches(), is that of the pattern's required
 * interactions: of the rows that an index finds, and that must be matched.  What
 * gates, order and conditions take away is not known, and is not guessed: that
 * would make an index look cheaper than it is.
 */
#include "postgres.h"

#include <math.h>

#include "access/detoast.h"
#include "access/htup_details.h"
#include "catalog/pg_statistic.h"
#include "catalog/pg_type_d.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "store/keys.h"

PG_FUNCTION_INFO_V1(timeline_typanalyze);
PG_FUNCTION_INFO_V1(timeline_matchsel);
PG_FUNCTION_INFO_V1(timeline_match_support);

/* Timelines of more bytes than this are not read by ANALYZE. */
#define MAX_ANALYZED_BYTES 1048576

/* Sampled rows and keys kept for each step of the column's statistics target. */
#define ROWS_PER_TARGET 300
#define KEYS_PER_TARGET 10

/* The share of timelines that have some key, where nothing is known. */
#define DEFAULT_FREQUENCY DEFAULT_MATCHING_SEL

/* The number of @? in the operator class (index.sql). */
#define MAY_MATCH_STRATEGY 2

/* Numbers of the slot behind the frequencies. */
#define EXTRA_NUMBERS 2

/*
 * ANALYZE
 */

/*
 * Counts keys by lossy counting (Manku and Motwani, VLDB 2002): time and again
 * those are forgotten that have been seen least, so memory is bounded, and what
 * is frequent is counted to within a known error.
 */
typedef struct CountedKey
{
	int64 key;
	uint32 count;
	uint32 missed; /* times that it can have been seen before */
} CountedKey;

typedef struct KeyCounter
{
	HTAB *table;
	uint64 seen;
	uint64 bucket;  /* keys between two times of forgetting */
	uint32 buckets; /* that are full */
	bool forgot;
} KeyCounter;

/* Begins to count, so that the wanted most frequent keys are known in the end. */
static void
begin_counting(KeyCounter *counter, uint32 wanted)
{
	HASHCTL control = {
		.keysize = sizeof(int64), .entrysize = sizeof(CountedKey), .hcxt = CurrentMemoryContext};

	memset(counter, 0, sizeof(*counter));
	/* by Zipf's law this misses a tenth of what the key of rank wanted is seen */
	counter->bucket = ((uint64) wanted + 10) * 1000 / 7;
	counter->table = hash_create("counted keys of timelines", 1024, &control,
								 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Forgets the keys that have been seen no more often than there were buckets. */
static void
forget_rare(KeyCounter *counter)
{
	HASH_SEQ_STATUS scan;
	CountedKey *entry;

	counter->buckets++;
	hash_seq_init(&scan, counter->table);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->count + entry->missed > counter->buckets)
			continue;
		hash_search(counter->table, &entry->key, HASH_REMOVE, NULL);
		counter->forgot = true;
	}
}

/* Counts a key once more. */
static void
count_key(KeyCounter *counter, int64 key)
{
	bool found;
	CountedKey *entry = hash_search(counter->table, &key, HASH_ENTER, &found);

	if (!found)
	{
		entry->count = 0;
		entry->missed = counter->buckets;
	}
	entry->count++;
	if (++counter->seen % counter->bucket == 0)
		forget_rare(counter);
}

/* The more frequent key first. */
static int
compare_counts(const void *a, const void *b)
{
	const CountedKey *first = *(CountedKey *const *) a;
	const CountedKey *second = *(CountedKey *const *) b;

	if (first->count != second->count)
		return first->count > second->count ? -1 : 1;
	return first->key < second->key ? -1 : 1;
}

/* The lesser key first. */
static int
compare_keys(const void *a, const void *b)
{
	const CountedKey *first = *(CountedKey *const *) a;
	const CountedKey *second = *(CountedKey *const *) b;

	return first->key < second->key ? -1 : 1;
}

/*
 * The keys that are counted well enough, at most wanted of them, the most
 * frequent ones; ceiling is how often any other one can have been seen.
 */
static CountedKey **
frequent_keys(KeyCounter *counter, uint32 wanted, uint32 *count, double *ceiling)
{
	CountedKey **keys = palloc(sizeof(CountedKey *) * Max(hash_get_num_entries(counter->table), 1));
	/* what was seen more often was missed half as often at the most */
	uint32 least = counter->forgot ? 2 * counter->buckets : 0;
	HASH_SEQ_STATUS scan;
	CountedKey *entry;

	*count = 0;
	*ceiling = Max(least, 1);
	hash_seq_init(&scan, counter->table);
	while ((entry = hash_seq_search(&scan)) != NULL)
	{
		if (entry->count > least)
			keys[(*count)++] = entry;
	}
	if (*count > wanted)
	{
		qsort(keys, *count, sizeof(CountedKey *), compare_counts);
		*count = wanted;
		*ceiling = keys[wanted - 1]->count;
	}
	qsort(keys, *count, sizeof(CountedKey *), compare_keys);
	return keys;
}

/* Fills the column's first slot with what was counted in so many rows. */
static void
store_keys(VacAttrStats *stats, KeyCounter *counter, uint32 wanted, uint32 rows)
{
	uint32 count;
	double ceiling;
	CountedKey **keys = frequent_keys(counter, wanted, &count, &ceiling);
	Datum *values;
	float4 *numbers;

	if (count == 0)
		return;
	values = MemoryContextAlloc(stats->anl_context, sizeof(Datum) * count);
	numbers = MemoryContextAlloc(stats->anl_context, sizeof(float4) * (count + EXTRA_NUMBERS));
	numbers[count] = (float4) Min(ceiling / rows, 1);
	numbers[count + 1] = 0;
	for (uint32 i = 0; i < count; i++)
	{
		/* a collision counts twice in one row */
		numbers[i] = (float4) Min((double) keys[i]->count / rows, 1);
		numbers[count] = Min(numbers[count], numbers[i]);
		numbers[count + 1] = Max(numbers[count + 1], numbers[i]);
	}
	MemoryContextSwitchTo(stats->anl_context);
	for (uint32 i = 0; i < count; i++)
		values[i] = Int64GetDatum(keys[i]->key);
	stats->stakind[0] = STATISTIC_KIND_MCELEM;
	stats->staop[0] = lookup_type_cache(INT8OID, TYPECACHE_EQ_OPR)->eq_opr;
	stats->stacoll[0] = InvalidOid;
	stats->stanumbers[0] = numbers;
	stats->numnumbers[0] = (int) count + EXTRA_NUMBERS;
	stats->stavalues[0] = values;
	stats->numvalues[0] = (int) count;
	stats->statypid[0] = INT8OID;
	get_typlenbyvalalign(INT8OID, &stats->statyplen[0], &stats->statypbyval[0],
						 &stats->statypalign[0]);
}

/* What ANALYZE calls with its sample: reads each timeline once, in bounded memory. */
static void
compute_timeline_stats(VacAttrStats *stats, AnalyzeAttrFetchFunc fetch, int sampled,
					   double total pg_attribute_unused())
{
	uint32 wanted = (uint32) CRM_STATISTICS_TARGET(stats) * KEYS_PER_TARGET;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext row = AllocSetContextCreate(caller, "crm_timeline analyze",
											  ALLOCSET_DEFAULT_SIZES);
	KeyCounter counter;
	uint32 nulls = 0;
	uint32 analyzed = 0;
	double width = 0;

	begin_counting(&counter, wanted);
	for (int i = 0; i < sampled; i++)
	{
		bool null;
		Datum value = fetch(stats, i, &null);
		uint32 count;
		Datum *keys;

		CRM_ANALYZE_DELAY();
		if (null)
		{
			nulls++;
			continue;
		}
		width += VARSIZE_ANY(DatumGetPointer(value));
		if (toast_raw_datum_size(value) > MAX_ANALYZED_BYTES)
			continue;
		analyzed++;
		MemoryContextSwitchTo(row);
		keys = timeline_keys(value, &count);
		MemoryContextSwitchTo(caller);
		for (uint32 j = 0; j < count; j++)
			count_key(&counter, DatumGetInt64(keys[j]));
		MemoryContextReset(row);
	}
	MemoryContextDelete(row);
	if (sampled == 0)
		return;
	stats->stats_valid = true;
	stats->stanullfrac = (float4) nulls / (float4) sampled;
	if (nulls == (uint32) sampled)
	{
		stats->stawidth = 0; /* unknown */
		stats->stadistinct = 0;
		return;
	}
	stats->stawidth = (int32) (width / (sampled - nulls));
	/* two customers hardly ever have the same history */
	stats->stadistinct = -1 * (1 - stats->stanullfrac);
	if (analyzed > 0)
		store_keys(stats, &counter, wanted, analyzed);
	MemoryContextSwitchTo(caller);
}

/* timeline_typanalyze(internal) */
Datum
timeline_typanalyze(PG_FUNCTION_ARGS)
{
	VacAttrStats *stats = (VacAttrStats *) PG_GETARG_POINTER(0);

	if (CRM_STATISTICS_TARGET(stats) < 0)
		CRM_STATISTICS_TARGET(stats) = default_statistics_target;
	stats->compute_stats = compute_timeline_stats;
	stats->minrows = ROWS_PER_TARGET * CRM_STATISTICS_TARGET(stats);
	PG_RETURN_BOOL(true);
}

/*
 * The planner
 */

/* The statistics of a column, and what is asked of it. */
typedef struct Estimator
{
	const Required *required;
	const Datum *keys; /* ascending */
	const float4 *frequencies;
	uint32 count;
	double unlisted; /* the frequency of any other key */
} Estimator;

/* The share of timelines that have a key; O(log keys). */
static double
key_frequency(const Estimator *estimator, int64 key)
{
	uint32 low = 0; /* keys below it */
	uint32 high = estimator->count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int64 other = DatumGetInt64(estimator->keys[middle]);

		if (other == key)
			return estimator->frequencies[middle];
		if (other < key)
			low = middle + 1;
		else
			high = middle;
	}
	return estimator->unlisted;
}

static int
compare_doubles(const void *a, const void *b)
{
	double first = *(const double *) a;
	double second = *(const double *) b;

	return (first > second) - (first < second);
}

/*
 * The share of timelines that have all of some things, given their shares.  Those
 * who do much do all of it, so the product would be far too small: each but the
 * rarest counts with a root of its share, the more common the higher the root.
 */
static double
share_of_all(double *shares, uint32 count)
{
	double result = 1;
	double exponent = 1;

	qsort(shares, count, sizeof(double), compare_doubles);
	for (uint32 i = 0; i < count && exponent > 0.01; i++, exponent /= 2)
		result *= pow(shares[i], exponent);
	return result;
}

/* The share of timelines that have any of some things: as if they were independent. */
static double
share_of_any(const double *shares, uint32 count)
{
	double others = 1;

	for (uint32 i = 0; i < count; i++)
		others *= 1 - shares[i];
	return 1 - others;
}

/* The share of timelines that meet a requirement. */
static double
share(const Estimator *estimator, const Requirement *requirement)
{
	uint32 count = 0;
	double *shares;
	double result;
	ListCell *cell;

	check_stack_depth();
	if (requirement->type == REQUIRE_INTERACTION)
		return key_frequency(
			estimator,
			(int64) interaction_key(&estimator->required->interaction[requirement->interaction]));
	shares = palloc(sizeof(double) * Max(list_length(requirement->parts), 1));
	foreach (cell, requirement->parts)
		shares[count++] = share(estimator, lfirst(cell));
	result = requirement->type == REQUIRE_ALL ? share_of_all(shares, count) :
												share_of_any(shares, count);
	pfree(shares);
	return result;
}

/* The share of a column's timelines that meet what a pattern requires. */
static double
estimate(const VariableStatData *column, Datum pattern)
{
	Estimator estimator = {.required = pattern_required(pattern), .unlisted = DEFAULT_FREQUENCY};
	double nulls = 0;
	AttStatsSlot slot;
	bool known;
	double result;

	known = HeapTupleIsValid(column->statsTuple);
	if (known)
	{
		nulls = ((Form_pg_statistic) GETSTRUCT(column->statsTuple))->stanullfrac;
		known = get_attstatsslot(&slot, column->statsTuple, STATISTIC_KIND_MCELEM, InvalidOid,
								 ATTSTATSSLOT_VALUES | ATTSTATSSLOT_NUMBERS);
	}
	if (known && slot.valuetype == INT8OID && slot.nvalues > 0 &&
		slot.nnumbers == slot.nvalues + EXTRA_NUMBERS)
	{
		estimator.keys = slot.values;
		estimator.frequencies = slot.numbers;
		estimator.count = (uint32) slot.nvalues;
		estimator.unlisted = slot.numbers[slot.nvalues] / 2;
	}
	result = share(&estimator, estimator.required->whole) * (1 - nulls);
	if (known)
		free_attstatsslot(&slot);
	return result;
}

/* The share of rows in which the timeline arguments[0] may match the pattern arguments[1]. */
static double
selectivity(PlannerInfo *root, List *arguments, int relation)
{
	double result = DEFAULT_MATCHING_SEL;
	VariableStatData column;
	Node *other;
	bool on_left;

	if (!get_restriction_variable(root, arguments, relation, &column, &other, &on_left))
		return result;
	if (IsA(other, Const) && ((Const *) other)->constisnull)
		result = 0;
	else if (IsA(other, Const) && on_left)
		result = estimate(&column, ((Const *) other)->constvalue);
	ReleaseVariableStats(column);
	CLAMP_PROBABILITY(result);
	return result;
}

/* timeline_matchsel(internal, oid, internal, integer): timeline @@ pattern, timeline @? pattern */
Datum
timeline_matchsel(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(selectivity((PlannerInfo *) PG_GETARG_POINTER(0),
								 (List *) PG_GETARG_POINTER(2), PG_GETARG_INT32(3)));
}

/* An index condition that follows from a call about a timeline and a pattern, or NIL. */
static List *
index_condition(const SupportRequestIndexCondition *request)
{
	List *arguments;
	Node *timeline;
	Node *pattern;
	Oid operator;

	if (!is_funcclause(request->node) || request->indexarg != 0)
		return NIL;
	arguments = ((FuncExpr *) request->node)->args;
	timeline = linitial(arguments);
	pattern = lsecond(arguments);
	if (!is_pseudo_constant_for_index(request->root, pattern, request->index))
		return NIL;
	operator= get_opfamily_member(request->opfamily, exprType(timeline), exprType(pattern),
								  MAY_MATCH_STRATEGY);
	if (!OidIsValid(operator))
		return NIL;
	return list_make1(make_opclause(operator, BOOLOID, false, (Expr *) timeline, (Expr *) pattern,
									InvalidOid, InvalidOid));
}

/* timeline_match_support(internal): what the planner asks of matches(timeline, pattern [, as_of]) */
Datum
timeline_match_support(PG_FUNCTION_ARGS)
{
	Node *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSelectivity))
	{
		SupportRequestSelectivity *asked = (SupportRequestSelectivity *) request;

		if (asked->is_join)
			PG_RETURN_POINTER(NULL);
		asked->selectivity = selectivity(
			asked->root, list_make2(linitial(asked->args), lsecond(asked->args)), asked->varRelid);
		PG_RETURN_POINTER(asked);
	}
	if (IsA(request, SupportRequestIndexCondition))
	{
		SupportRequestIndexCondition *asked = (SupportRequestIndexCondition *) request;

		asked->lossy = true;
		PG_RETURN_POINTER(index_condition(asked));
	}
	PG_RETURN_POINTER(NULL);
}
