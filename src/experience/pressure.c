/*
 * pressure.c
 *		How often a customer was contacted, and what is usual for that customer:
 *		pressure(), baseline(); and the interactions of one definition, pick_event()
 *		and event_count().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "experience/measure.h"
#include "timeline/call.h"
#include "timeline/pack.h"

PG_FUNCTION_INFO_V1(experience_pressure);
PG_FUNCTION_INFO_V1(experience_baseline);
PG_FUNCTION_INFO_V1(experience_pick_event);
PG_FUNCTION_INFO_V1(experience_event_count);
PG_FUNCTION_INFO_V1(definitions_length);
PG_FUNCTION_INFO_V1(definitions_number);

#define ST_SORT sort_lengths
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* When the local day, week, ... of a moment began. */
static int64
begin_of(FunctionCallInfo fcinfo, int64 moment)
{
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_trunc_zone, PG_GETARG_DATUM(4),
												   TimestampTzGetDatum(moment),
												   PG_GETARG_DATUM(3)));
}

/* pressure(timeline, definitions, as_of, zone, unit) */
Datum
experience_pressure(PG_FUNCTION_ARGS)
{
	enum
	{
		P_TOUCHES,
		P_WITHIN,
		P_CAP,
		P_IS_OVER,
		P_ALLOWED_AT,
		P_CALENDAR_TOUCHES,
		P_CALENDAR_FROM,
		P_IS_OVER_CALENDAR,
		P_LAST_TOUCH_AT,
		P_ALL_TOUCHES,
		P_ENGAGED,
		P_ENGAGED_SHARE,
		P_COLUMNS,
	};
	Measure measure;
	Story *story = &measure.story;
	const Parameters *parameters;
	int64 as_of = PG_GETARG_TIMESTAMPTZ(2);
	int64 window;
	int64 calendar;
	int64 touches = 0;
	int64 on_calendar = 0;
	int64 all = 0;
	int64 engaged = 0;
	int64 last = 0;
	int64 next_engagement = DT_NOEND;
	int64 release = 0; /* the touch after whose time in the window the cap is no longer reached */
	Datum values[P_COLUMNS];
	bool nulls[P_COLUMNS] = {false};

	require_finite(as_of);
	measure_begin(&measure, fcinfo, EVENT_BIT(EVENT_TOUCH) | EVENT_BIT(EVENT_ENGAGEMENT));
	parameters = story->definitions->parameters;
	window = as_of - parameters->pressure_within;
	calendar = begin_of(fcinfo, as_of);
	for (uint32 i = story->count; i-- > 0;)
	{
		const Moment *moment = &story->moments[i];

		if (moment_is(moment, EVENT_TOUCH))
		{
			if (all++ == 0)
				last = moment->time;
			if (moment->time > window)
			{
				touches++;
				if ((double) (touches - 1) < parameters->pressure_cap)
					release = moment->time;
			}
			on_calendar += moment->time >= calendar;
			engaged += next_engagement != DT_NOEND &&
				next_engagement - moment->time <= parameters->engaged_within;
		}
		if (moment_is(moment, EVENT_ENGAGEMENT))
			next_engagement = moment->time;
	}
	values[P_TOUCHES] = Int64GetDatum(touches);
	values[P_WITHIN] = interval_datum(parameters->pressure_within);
	values[P_CAP] = Float8GetDatum(parameters->pressure_cap);
	values[P_IS_OVER] = BoolGetDatum((double) touches >= parameters->pressure_cap);
	/* never, where not a single one is allowed */
	nulls[P_ALLOWED_AT] = parameters->pressure_cap < 1;
	values[P_ALLOWED_AT] = TimestampTzGetDatum((double) touches >= parameters->pressure_cap ?
												   release + parameters->pressure_within :
												   as_of);
	values[P_CALENDAR_TOUCHES] = Int64GetDatum(on_calendar);
	values[P_CALENDAR_FROM] = TimestampTzGetDatum(calendar);
	values[P_IS_OVER_CALENDAR] = BoolGetDatum((double) on_calendar >= parameters->pressure_cap);
	nulls[P_LAST_TOUCH_AT] = all == 0;
	values[P_LAST_TOUCH_AT] = TimestampTzGetDatum(last);
	values[P_ALL_TOUCHES] = Int64GetDatum(all);
	values[P_ENGAGED] = Int64GetDatum(engaged);
	values[P_ENGAGED_SHARE] = share_datum(engaged, all, &nulls[P_ENGAGED_SHARE]);
	return measure_row(fcinfo, values, nulls, P_COLUMNS);
}

/* The median of sorted lengths: the mean of the two in the middle where there are two. */
static int64
median(const int64 *lengths, uint32 count)
{
	int64 low = lengths[(count - 1) / 2];
	int64 high = lengths[count / 2];

	return low + (high - low) / 2;
}

/* The time zone in an argument. */
static pg_tz *
zone_argument(FunctionCallInfo fcinfo, int n)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(n));
	pg_tz *zone = pg_tzset(name);

	if (zone == NULL)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("time zone \"%s\" not recognized", name),
				errhint("See pg_timezone_names."));
	return zone;
}

/* The local hour of a moment. */
static int
hour_of(int64 time, pg_tz *zone)
{
	/* seconds since 1970, rounded down */
	pg_time_t seconds = (pg_time_t) ((time - (time < 0 ? USECS_PER_SEC - 1 : 0)) / USECS_PER_SEC +
									 (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY);
	const struct pg_tm *local = pg_localtime(&seconds, zone);

	return local == NULL ? 0 : local->tm_hour;
}

/* baseline(timeline, definitions, as_of, zone) */
Datum
experience_baseline(PG_FUNCTION_ARGS)
{
	enum
	{
		B_CONTACTS,
		B_MEDIAN_GAP,
		B_LAST_CONTACT_AT,
		B_SILENCE,
		B_SILENCE_RATIO,
		B_USUAL_CHANNEL,
		B_USUAL_CHANNEL_SHARE,
		B_LAST_CHANNEL,
		B_IS_UNUSUAL_CHANNEL,
		B_USUAL_HOUR,
		B_USUAL_HOUR_SHARE,
		B_COLUMNS,
	};
	Measure measure;
	Story *story = &measure.story;
	int64 as_of = PG_GETARG_TIMESTAMPTZ(2);
	bool endless = TIMESTAMP_NOT_FINITE(as_of);
	int64 silence = 0;
	int64 *gaps;
	uint32 gap_count;
	int64 middle = 0;
	const Moment *last = NULL;
	const Moment *usual = NULL;
	int64 with_channel = 0;
	int64 most = 0;
	uint32 channels = 0;
	int64 *count;
	pg_tz *zone = zone_argument(fcinfo, 3);
	int64 hours[HOURS_PER_DAY] = {0};
	int usual_hour = 0;
	Datum values[B_COLUMNS];
	bool nulls[B_COLUMNS];

	measure_begin(&measure, fcinfo, EVENT_BIT(EVENT_CONTACT));
	gaps = palloc_extended(sizeof(int64) * Max((Size) story->count, 1), MCXT_ALLOC_HUGE);
	for (uint32 i = 1; i < story->count; i++)
		gaps[i - 1] = story->moments[i].time - story->moments[i - 1].time;
	for (uint32 i = 0; i < story->count; i++)
	{
		if (story->moments[i].channel != NOTHING)
			channels = Max(channels, story->moments[i].channel + 1);
	}
	count = palloc_extended(sizeof(int64) * Max((Size) channels, 1),
							MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		int hour = hour_of(moment->time, zone);

		if (++hours[hour] >= hours[usual_hour])
			usual_hour = hour;
		if (moment->channel == NOTHING)
			continue;
		with_channel++;
		/* of equals the one that came last */
		if (++count[moment->channel] >= most)
		{
			most = count[moment->channel];
			usual = moment;
		}
	}
	memset(nulls, true, sizeof(nulls));
	nulls[B_CONTACTS] = false;
	values[B_CONTACTS] = Int64GetDatum(story->count);
	if (story->count > 0)
	{
		last = &story->moments[story->count - 1];
		silence = endless ? 0 : as_of - last->time;
		nulls[B_LAST_CONTACT_AT] = false;
		nulls[B_SILENCE] = endless;
		values[B_LAST_CONTACT_AT] = TimestampTzGetDatum(last->time);
		values[B_SILENCE] = interval_datum(silence);
		values[B_LAST_CHANNEL] = measure_text(&measure, last, CHANNEL, &nulls[B_LAST_CHANNEL]);
		nulls[B_USUAL_HOUR] = false;
		values[B_USUAL_HOUR] = Int32GetDatum(usual_hour);
		values[B_USUAL_HOUR_SHARE] = share_datum(hours[usual_hour], story->count,
												 &nulls[B_USUAL_HOUR_SHARE]);
	}
	gap_count = story->count > 0 ? story->count - 1 : 0;
	if (gap_count > 0)
	{
		sort_lengths(gaps, gap_count);
		middle = median(gaps, gap_count);
		nulls[B_MEDIAN_GAP] = false;
		values[B_MEDIAN_GAP] = interval_datum(middle);
		nulls[B_SILENCE_RATIO] = middle == 0 || endless;
		values[B_SILENCE_RATIO] = Float8GetDatum(middle == 0 ? 0 :
															   (double) silence / (double) middle);
	}
	if (usual != NULL)
	{
		values[B_USUAL_CHANNEL] = measure_text(&measure, usual, CHANNEL, &nulls[B_USUAL_CHANNEL]);
		values[B_USUAL_CHANNEL_SHARE] = share_datum(most, with_channel,
													&nulls[B_USUAL_CHANNEL_SHARE]);
		nulls[B_IS_UNUSUAL_CHANNEL] = last->channel == NOTHING;
		values[B_IS_UNUSUAL_CHANNEL] = BoolGetDatum(last->channel != usual->channel);
	}
	return measure_row(fcinfo, values, nulls, B_COLUMNS);
}

/* The named event in an argument. */
static NamedEvent
event_argument(FunctionCallInfo fcinfo, int n)
{
	TextSlice name = datum_slice(PG_GETARG_DATUM(n));
	NamedEvent event;

	if (!event_by_name(name, &event))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there is no definition \"%.*s\"", (int) Min(name.length, 1000), name.bytes),
				errhint("Definitions are: %s.", event_names()));
	return event;
}

/* Flags the interactions that a named event accepts, no later than as_of; returns how many were looked at. */
static uint32
flag_interactions(const Definitions *definitions, const Layout *layout, NamedEvent event,
				  int64 as_of, bool *flags)
{
	uint64 lanes = definitions_lanes(definitions, EVENT_BIT(event));
	uint32 seen = layout_search(layout, as_of, true);

	events_bind_some(definitions->reader, layout, lanes);
	for (uint32 from = 0; from < seen; from += LAYOUT_BLOCK)
	{
		uint8 places[LAYOUT_BLOCK];
		uint64 masks[LAYOUT_BLOCK];
		uint32 found = events_find(definitions->reader, from, Min(LAYOUT_BLOCK, seen - from), lanes,
								   places, masks);

		for (uint32 i = 0; i < found; i++)
			flags[from + places[i]] = true;
	}
	return seen;
}

/* pick_event(timeline, name, definitions, as_of) */
Datum
experience_pick_event(PG_FUNCTION_ARGS)
{
	NamedEvent event = event_argument(fcinfo, 1);
	const Definitions *definitions = definitions_argument(fcinfo, 2);
	Layout layout;
	bool *flags;
	uint32 seen;
	Builder *builder;
	RecordKey *keys;
	uint32 count;

	PG_GETARG_LAYOUT(0, &layout);
	flags = palloc_extended(Max((Size) layout.count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	seen = flag_interactions(definitions, &layout, event, PG_GETARG_TIMESTAMPTZ(3), flags);
	builder = builder_create(vocabulary_create(CurrentMemoryContext), CurrentMemoryContext,
							 CurrentMemoryContext, false);
	builder_append_layout(builder, &layout, 0, seen, flags);
	keys = builder_keys(builder, &count);
	PG_RETURN_POINTER(pack_keys(builder, keys, count));
}

/* event_count(timeline, name, during, definitions) */
Datum
experience_event_count(PG_FUNCTION_ARGS)
{
	NamedEvent event = event_argument(fcinfo, 1);
	const Definitions *definitions = definitions_argument(fcinfo, 3);
	RangeType *range = PG_GETARG_RANGE_P(2);
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound lower;
	RangeBound upper;
	bool empty;
	Layout layout;
	bool *flags;
	uint32 from;
	uint32 to;
	int64 result = 0;

	PG_GETARG_LAYOUT(0, &layout);
	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty)
		PG_RETURN_INT64(0);
	from = lower.infinite ?
		0 :
		layout_search(&layout, DatumGetTimestampTz(lower.val), !lower.inclusive);
	to = upper.infinite ? layout.count :
						  layout_search(&layout, DatumGetTimestampTz(upper.val), upper.inclusive);
	flags = palloc_extended(Max((Size) layout.count, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	(void) flag_interactions(definitions, &layout, event, DT_NOEND, flags);
	for (uint32 i = from; i < to; i++)
		result += flags[i];
	PG_RETURN_INT64(result);
}

/* The parameter in arguments 1 and 2 of the definitions in argument 0. */
static ParameterValue
parameter_argument(FunctionCallInfo fcinfo, bool is_number)
{
	const Definitions *definitions = definitions_argument(fcinfo, 0);
	TextSlice name = datum_slice(PG_GETARG_DATUM(1));
	TextSlice scope = datum_slice(PG_GETARG_DATUM(2));
	ParameterValue value = {0};

	if (!definitions_parameter(definitions, name, scope, &value))
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("there is no parameter \"%.*s%s%.*s\"", (int) Min(name.length, 1000),
					   name.bytes, scope.length > 0 ? "@" : "", (int) Min(scope.length, 1000),
					   scope.bytes),
				errhint("Parameters are: %s.", parameter_names()));
	if (value.is_number != is_number)
		ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				errmsg("parameter \"%.*s\" is a %s", (int) name.length, name.bytes,
					   value.is_number ? "number" : "duration"),
				errhint("Ask for it with crm_timeline.%s().",
						value.is_number ? "parameter_number" : "parameter_length"));
	return value;
}

/* parameter_length(definitions, name, scope) */
Datum
definitions_length(PG_FUNCTION_ARGS)
{
	return interval_datum(parameter_argument(fcinfo, false).length);
}

/* parameter_number(definitions, name, scope) */
Datum
definitions_number(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(parameter_argument(fcinfo, true).number);
}
