/*
 * schedule.c
 *		The type schedule as the server sees it: text and binary form, equality
 *		and hash, schedules as arguments, and the functions that ask one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"
#include "utils/multirangetypes.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "experience/schedule.h"
#include "pattern/text_type.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(schedule_in);
PG_FUNCTION_INFO_V1(schedule_out);
PG_FUNCTION_INFO_V1(schedule_recv);
PG_FUNCTION_INFO_V1(schedule_send);
PG_FUNCTION_INFO_V1(schedule_eq);
PG_FUNCTION_INFO_V1(schedule_ne);
PG_FUNCTION_INFO_V1(schedule_hash);
PG_FUNCTION_INFO_V1(schedule_hash_extended);
PG_FUNCTION_INFO_V1(schedule_business_time);
PG_FUNCTION_INFO_V1(schedule_add_business_time);
PG_FUNCTION_INFO_V1(schedule_is_open);
PG_FUNCTION_INFO_V1(schedule_opens_at);
PG_FUNCTION_INFO_V1(schedule_closes_at);
PG_FUNCTION_INFO_V1(schedule_open_times);

/* The value of a text; NULL and the error where it is none. */
static struct varlena *
schedule_value(const char *text, Size length, PatternError *error)
{
	Schedule schedule;
	StringInfoData out;

	if (!schedule_read(text, length, &schedule, error))
		return NULL;
	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	schedule_print(&out, &schedule);
	/* items that share a day are written one day at a time */
	if (out.len - VARHDRSZ > MAX_SCHEDULE_BYTES)
	{
		(void) pattern_fail(error, ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0,
							psprintf("its canonical text has %d bytes, the limit is %d",
									 out.len - VARHDRSZ, MAX_SCHEDULE_BYTES),
							NULL);
		return NULL;
	}
	SET_VARSIZE(out.data, out.len);
	return (struct varlena *) out.data;
}

Datum
schedule_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	PatternError error = {0};
	struct varlena *value = schedule_value(input, strlen(input), &error);

	if (value == NULL)
		return text_type_error(&error, "schedule", (struct Node *) fcinfo->context);
	PG_RETURN_POINTER(value);
}

/* The text of a value that is an argument. */
static TextSlice
text_argument(FunctionCallInfo fcinfo, int n)
{
	return datum_slice(PG_GETARG_DATUM(n));
}

Datum
schedule_out(PG_FUNCTION_ARGS)
{
	return text_type_out(text_argument(fcinfo, 0));
}

Datum
schedule_send(PG_FUNCTION_ARGS)
{
	return text_type_send(text_argument(fcinfo, 0));
}

Datum
schedule_recv(PG_FUNCTION_ARGS)
{
	TextSlice text = text_type_receive(fcinfo, "binary schedule has a version that is not known");
	PatternError error = {0};
	struct varlena *value = schedule_value(text.bytes, text.length, &error);

	if (value == NULL)
		return text_type_error(&error, "schedule", NULL);
	PG_RETURN_POINTER(value);
}

Datum
schedule_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
schedule_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
schedule_hash(PG_FUNCTION_ARGS)
{
	return text_type_hash(text_argument(fcinfo, 0));
}

Datum
schedule_hash_extended(PG_FUNCTION_ARGS)
{
	return text_type_hash_extended(text_argument(fcinfo, 0), PG_GETARG_DATUM(1));
}

/* Loads a value into a context of its own below parent. */
static LoadedSchedule *
load_schedule(const struct varlena *value, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline schedule",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	LoadedSchedule *schedule = palloc0(sizeof(LoadedSchedule));
	PatternError error = {0};

	schedule->context = context;
	schedule->value = palloc(VARSIZE_ANY(value));
	memcpy(schedule->value, value, VARSIZE_ANY(value));
	if (!schedule_read(VARDATA_ANY(schedule->value), VARSIZE_ANY_EXHDR(schedule->value),
					   &schedule->said, &error))
		ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED),
				errmsg("stored schedule cannot be read at character %d: %s", error.position,
					   error.message),
				errhint("A time zone that it names may have gone from the server's database."));
	schedule_prepare(schedule);
	MemoryContextSwitchTo(caller);
	/* only now, so that what fails leaves nothing there */
	MemoryContextSetParent(context, parent);
	return schedule;
}

/* The schedule in argument n, loaded once for calls that give the same. */
static const LoadedSchedule *
schedule_argument(FunctionCallInfo fcinfo, int n)
{
	LoadedSchedule *known = fcinfo->flinfo->fn_extra;
	const struct varlena *value = PG_GETARG_VARLENA_PP(n);

	if (known != NULL &&
		same_slice(datum_slice(PointerGetDatum(known->value)), datum_slice(PointerGetDatum(value))))
		return known;
	if (known != NULL)
	{
		fcinfo->flinfo->fn_extra = NULL;
		MemoryContextDelete(known->context);
	}
	known = load_schedule(value, fcinfo->flinfo->fn_mcxt);
	fcinfo->flinfo->fn_extra = known;
	return known;
}

/* The instant in argument n, which has to be finite; name is that of the argument. */
static int64
instant_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(n);

	if (TIMESTAMP_NOT_FINITE(instant))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be finite", name));
	return instant;
}

/* business_time(schedule, since, until) */
Datum
schedule_business_time(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);
	int64 since = instant_argument(fcinfo, 1, "since");
	int64 until = instant_argument(fcinfo, 2, "until");
	Interval *result = palloc0(sizeof(Interval));
	int64 open;

	if (!schedule_open_time(schedule, since, until, &open))
		ereport(ERROR, errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				errmsg("interval out of range"));
	result->time = open;
	PG_RETURN_INTERVAL_P(result);
}

/* add_business_time(schedule, since, amount) */
Datum
schedule_add_business_time(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);
	int64 since = instant_argument(fcinfo, 1, "since");
	const Interval *amount = PG_GETARG_INTERVAL_P(2);
	int64 found;

	if (amount->month != 0 || amount->day != 0)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("amount has days or months, which are no amount of business time"),
				errhint("Give hours, as in interval '40 hours'."));
	if (!schedule_add(schedule, since, amount->time, &found))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(found);
}

/* is_open(schedule, at) */
Datum
schedule_is_open(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);

	PG_RETURN_BOOL(schedule_open_at(schedule, instant_argument(fcinfo, 1, "at")));
}

/* opens_at(schedule, at) */
Datum
schedule_opens_at(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);
	int64 at = instant_argument(fcinfo, 1, "at");

	if (!schedule_find(schedule, at, END_TIMESTAMP, 0, true, &at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* closes_at(schedule, at) */
Datum
schedule_closes_at(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);
	int64 at = instant_argument(fcinfo, 1, "at");

	if (!schedule_find(schedule, at, END_TIMESTAMP, 0, true, &at) ||
		!schedule_find(schedule, at, END_TIMESTAMP, 0, false, &at))
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(at);
}

/* Ranges being collected. */
typedef struct RangeList
{
	TypeCacheEntry *type;
	RangeType **ranges;
	int32 count;
	int32 room;
} RangeList;

static void
add_range(RangeList *list, int64 begin, bool with_begin, int64 end, bool with_end)
{
	RangeBound lower = {TimestampTzGetDatum(begin), false, with_begin, true};
	RangeBound upper = {TimestampTzGetDatum(end), false, with_end, false};

	if (list->count == MAX_OPEN_TIMES)
		ereport(ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				errmsg("the schedule opens more often within the range than the limit of %d",
					   MAX_OPEN_TIMES),
				errhint("Ask for shorter ranges, one after another."));
	if (list->count == list->room)
	{
		list->room *= 2;
		list->ranges = repalloc(list->ranges, sizeof(RangeType *) * (Size) list->room);
	}
	list->ranges[list->count++] = CRM_MAKE_RANGE(list->type, &lower, &upper, false);
}

/* open_times(schedule, during) */
Datum
schedule_open_times(PG_FUNCTION_ARGS)
{
	const LoadedSchedule *schedule = schedule_argument(fcinfo, 0);
	RangeType *during = PG_GETARG_RANGE_P(1);
	RangeList list = {lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO), NULL, 0, 64};
	RangeBound lower;
	RangeBound upper;
	bool empty;

	list.ranges = palloc(sizeof(RangeType *) * (Size) list.room);
	range_deserialize(list.type, during, &lower, &upper, &empty);
	if (!empty)
	{
		int64 since = DatumGetTimestampTz(lower.val);
		int64 until = DatumGetTimestampTz(upper.val);
		int64 begin;
		int64 end = since;

		if (lower.infinite || upper.infinite || TIMESTAMP_NOT_FINITE(since) ||
			TIMESTAMP_NOT_FINITE(until))
			ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("during must be finite"));
		while (schedule_find(schedule, end, until, 0, true, &begin))
		{
			bool cut = !schedule_find(schedule, begin, until, 0, false, &end);

			if (cut)
				end = until;
			add_range(&list, begin, begin > since || lower.inclusive, end,
					  cut && upper.inclusive && schedule_open_at(schedule, until));
		}
		/* it may open at the very end of the range */
		if (upper.inclusive && (end < until || since == until) && schedule_open_at(schedule, until))
			add_range(&list, until, true, until, true);
	}
	PG_RETURN_MULTIRANGE_P(make_multirange(TSTZMULTIRANGEOID, list.type, list.count, list.ranges));
}
