/*
 * stages.c
 *		Where a customer is on a journey: now, at any time, and for how long.
 *
 * A stage is entered at the end of each match of its pattern.  All entries of
 * all stages, in the order of their places, a deadline before the places of its
 * instant, give the stages one after another.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "journey/journey.h"
#include "journey/stages.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(journey_stage);
PG_FUNCTION_INFO_V1(journey_stages);
PG_FUNCTION_INFO_V1(journey_time_in_stage);

/* One entry of a stage. */
typedef struct Entry
{
	int64 time;
	uint32 place; /* + 1; 0 = a deadline */
	uint32 stage;
} Entry;

/* A time spent in one stage. */
typedef struct Stay
{
	uint32 stage;
	int64 entered;
	int64 left; /* DT_NOEND = still there */
} Stay;

typedef struct StayList
{
	Stay *stays;
	uint32 count;
} StayList;

typedef struct EntryList
{
	Entry *entries;
	uint32 count;
	uint32 size;
} EntryList;

static inline int
compare_entries(const Entry *a, const Entry *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->stage < b->stage ? -1 : a->stage > b->stage;
}

#define ST_SORT sort_entries
#define ST_ELEMENT_TYPE Entry
#define ST_COMPARE(a, b) compare_entries(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

static void
add_entry(EntryList *list, int64 time, uint32 place, uint32 stage)
{
	if (list->count == list->size)
	{
		list->size *= 2;
		list->entries = repalloc_huge(list->entries, sizeof(Entry) * list->size);
	}
	list->entries[list->count++] = (Entry) {time, place, stage};
}

/*
 * Adds the interactions that enter a stage whose pattern is nothing but an
 * event.  Without seq there is one place an instant.
 */
static void
add_events(EntryList *list, const Stage *stage, uint32 number, const Layout *layout, uint32 count)
{
	EventReader *reader = stage->program.reader;
	uint64 events = program_events(&stage->program);
	MonotoneCursor cursor;
	int64 times[LAYOUT_BLOCK];
	uint64 masks[LAYOUT_BLOCK];
	uint8 places[LAYOUT_BLOCK];

	events_bind(reader, layout);
	if ((events_possible(reader) & events) == 0)
		return;
	cursor = layout_seek(layout, 0);
	for (uint32 done = 0; done < count; done += LAYOUT_BLOCK)
	{
		uint32 block = Min(count - done, LAYOUT_BLOCK);
		uint32 found = events_find(reader, done, block, events, places, masks);

		CHECK_FOR_INTERRUPTS();
		layout_next_times(layout, &cursor, block, times);
		for (uint32 f = 0; f < found; f++)
			add_entry(list, times[places[f]], 1, number);
	}
}

/* Adds the ends of all matches of a stage's pattern. */
static void
add_entries(EntryList *list, const Stage *stage, uint32 number, const Layout *layout, int64 as_of,
			bool has_seq)
{
	static const Goal whole = {.cut = false};
	View *view = view_create(&stage->program, layout, as_of);
	Search *search = search_create(view);
	Match match;

	while (search_match(search, &whole, &match))
	{
		uint32 place = has_seq ? view->places[match.last] + 1 : 1;

		add_entry(list, match.ends_at, match.at_deadline ? 0 : place, number);
		search_after(search, &match);
	}
}

/* The stages of a timeline one after another; stays of no time and the same stage again are left out. */
static StayList
find_stays(const LoadedJourney *journey, const Layout *layout, int64 as_of)
{
	EntryList list = {palloc(sizeof(Entry) * 64), 0, 64};
	StayList result;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline stages",
											   ALLOCSET_DEFAULT_SIZES);
	bool has_seq = layout_find(layout, "seq", 3, ATTRIBUTE_INTEGER) != NULL;
	uint32 seen = layout_search(layout, as_of, true);

	for (uint32 i = 0; i < journey->stage_count; i++)
	{
		const Stage *stage = &journey->stages[i];
		MemoryContext caller;
		EntryList found;

		if (!has_seq && program_events(&stage->program) != 0)
		{
			add_events(&list, stage, i, layout, seen);
			continue;
		}
		caller = MemoryContextSwitchTo(work);
		found = (EntryList) {palloc(sizeof(Entry) * 16), 0, 16};
		add_entries(&found, stage, i, layout, as_of, has_seq);
		MemoryContextSwitchTo(caller);
		while (list.count + found.count > list.size)
		{
			list.size *= 2;
			list.entries = repalloc_huge(list.entries, sizeof(Entry) * list.size);
		}
		memcpy(list.entries + list.count, found.entries, sizeof(Entry) * found.count);
		list.count += found.count;
		MemoryContextReset(work);
	}
	MemoryContextDelete(work);
	sort_entries(list.entries, list.count);

	result.stays = palloc_extended(sizeof(Stay) * Max(list.count, 1), MCXT_ALLOC_HUGE);
	result.count = 0;
	for (uint32 i = 0; i < list.count; i++)
	{
		const Entry *entry = &list.entries[i];
		Stay *present = result.count == 0 ? NULL : &result.stays[result.count - 1];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (present != NULL &&
			(entry->stage == present->stage || (journey->forward && entry->stage < present->stage)))
			continue;
		if (present != NULL && present->entered == entry->time)
		{
			/* left at the instant it was entered: as if it had not been */
			result.count--;
			present = result.count == 0 ? NULL : &result.stays[result.count - 1];
			if (present != NULL && present->stage == entry->stage)
			{
				present->left = DT_NOEND;
				continue;
			}
		}
		else if (present != NULL)
			present->left = entry->time;
		result.stays[result.count++] = (Stay) {entry->stage, entry->time, DT_NOEND};
	}
	pfree(list.entries);
	return result;
}

/* The moment in argument n, or now(). */
static int64
moment(FunctionCallInfo fcinfo, int n)
{
	return PG_NARGS() > n ? PG_GETARG_TIMESTAMPTZ(n) : GetCurrentTransactionStartTimestamp();
}

/* The stage at some moment; see stages.h. */
bool
stage_at(const LoadedJourney *journey, const Layout *layout, int64 as_of, TextSlice *name)
{
	StayList list = find_stays(journey, layout, as_of);

	if (list.count > 0)
		*name = journey->stages[list.stays[list.count - 1].stage].name;
	pfree(list.stays);
	return list.count > 0;
}

static Datum
stage_name(const LoadedJourney *journey, uint32 stage)
{
	TextSlice name = journey->stages[stage].name;

	return PointerGetDatum(cstring_to_text_with_len(name.bytes, (int) name.length));
}

/* stage(timeline, journey [, as_of]) */
Datum
journey_stage(PG_FUNCTION_ARGS)
{
	const LoadedJourney *journey = journey_argument(fcinfo, 1);
	Layout layout;
	StayList list;

	PG_GETARG_LAYOUT(0, &layout);
	list = find_stays(journey, &layout, moment(fcinfo, 2));
	if (list.count == 0)
		PG_RETURN_NULL();
	return stage_name(journey, list.stays[list.count - 1].stage);
}

/* stages(timeline, journey [, as_of]) */
Datum
journey_stages(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const LoadedJourney *journey;
	Layout layout;
	StayList list;

	InitMaterializedSRF(fcinfo, 0);
	journey = journey_argument(fcinfo, 1);
	PG_GETARG_LAYOUT(0, &layout);
	list = find_stays(journey, &layout, moment(fcinfo, 2));
	for (uint32 i = 0; i < list.count; i++)
	{
		Datum values[3];
		bool nulls[3] = {false};

		values[0] = stage_name(journey, list.stays[i].stage);
		values[1] = TimestampTzGetDatum(list.stays[i].entered);
		values[2] = TimestampTzGetDatum(list.stays[i].left);
		nulls[2] = list.stays[i].left == DT_NOEND;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The number of the stage of a name, which must be there. */
static uint32
stage_by_name(const LoadedJourney *journey, const text *name)
{
	TextSlice slice = {VARDATA_ANY(name), (uint32) VARSIZE_ANY_EXHDR(name)};

	for (uint32 i = 0; i < journey->stage_count; i++)
	{
		if (same_slice(journey->stages[i].name, slice))
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("journey has no stage \"%.*s\"", (int) Min(slice.length, 1000), slice.bytes),
			 errdetail("The journey is: %.*s", (int) Min(journey->value->text_length, 4000),
					   journey->value->text)));
	return 0;
}

/* The ends of a range as moments; false where it is empty. */
static bool
range_ends(RangeType *range, int64 *from, int64 *to)
{
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound lower;
	RangeBound upper;
	bool empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	*from = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	*to = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	return !empty;
}

/* time_in_stage(timeline, journey, stage, range [, as_of]) */
Datum
journey_time_in_stage(PG_FUNCTION_ARGS)
{
	const LoadedJourney *journey = journey_argument(fcinfo, 1);
	uint32 stage = stage_by_name(journey, PG_GETARG_TEXT_PP(2));
	int64 as_of = moment(fcinfo, 4);
	Interval *result = palloc0(sizeof(Interval));
	Layout layout;
	StayList list;
	int64 from;
	int64 to;

	PG_GETARG_LAYOUT(0, &layout);
	if (!range_ends(PG_GETARG_RANGE_P(3), &from, &to))
		PG_RETURN_INTERVAL_P(result);
	to = Min(to, as_of);
	list = find_stays(journey, &layout, as_of);
	for (uint32 i = 0; i < list.count; i++)
	{
		int64 entered = Max(list.stays[i].entered, from);
		int64 left = Min(list.stays[i].left, to);

		if (list.stays[i].stage != stage || left <= entered)
			continue;
		if (TIMESTAMP_NOT_FINITE(left) || TIMESTAMP_NOT_FINITE(entered))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("time in stage \"%.*s\" has no end",
							(int) Min(journey->stages[stage].name.length, 1000),
							journey->stages[stage].name.bytes),
					 errhint("Give a range that ends, or a finite as_of.")));
		result->time += left - entered;
	}
	PG_RETURN_INTERVAL_P(result);
}
