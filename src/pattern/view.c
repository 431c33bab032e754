/*
 * view.c
 *		A timeline as far as it is seen, bound to a program; and time.
 *
 * Owns what is worked out once for all searches: times, places, which events
 * accept each interaction, the values that "same" compares, and where excluded
 * events were seen last.
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/datetime.h"

#include "pattern/search.h"

/*
 * Time
 */

static int64
shift_time(int64 time, const Duration *duration, int sign)
{
	int64 result = time;

	if (duration->months != 0 || duration->days != 0)
	{
		struct pg_tm tm;
		int32 days;
		int64 of_day = time % USECS_PER_DAY;
		int64 day = time / USECS_PER_DAY;

		if (of_day < 0)
		{
			of_day += USECS_PER_DAY;
			day--;
		}
		days = (int32) day + POSTGRES_EPOCH_JDATE;
		if (duration->months != 0)
		{
			int64 months;
			int year;
			int month;

			j2date(days, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
			months = (int64) tm.tm_year * 12 + tm.tm_mon - 1 + (int64) sign * duration->months;
			if (months / 12 > 294276 || months / 12 < -4713)
				return sign > 0 ? DT_NOEND : DT_NOBEGIN;
			year = (int) (months >= 0 ? months / 12 : -((-months + 11) / 12));
			month = (int) (months - (int64) year * 12) + 1;
			tm.tm_mday = Min(tm.tm_mday, day_tab[isleap(year)][month - 1]);
			days = date2j(year, month, tm.tm_mday);
		}
		if (pg_mul_s64_overflow((int64) days - POSTGRES_EPOCH_JDATE + (int64) sign * duration->days,
								USECS_PER_DAY, &result) ||
			pg_add_s64_overflow(result, of_day, &result))
			return sign > 0 ? DT_NOEND : DT_NOBEGIN;
	}
	if (sign > 0 ? pg_add_s64_overflow(result, duration->time, &result) :
				   pg_sub_s64_overflow(result, duration->time, &result))
		return sign > 0 ? DT_NOEND : DT_NOBEGIN;
	if (!IS_VALID_TIMESTAMP(result))
		return sign > 0 ? DT_NOEND : DT_NOBEGIN;
	return result;
}

/* time + duration in UTC; DT_NOEND where it is beyond all times. */
int64
add_duration(int64 time, const Duration *duration)
{
	return shift_time(time, duration, 1);
}

/* time - duration in UTC; DT_NOBEGIN where it is before all times. */
int64
subtract_duration(int64 time, const Duration *duration)
{
	return shift_time(time, duration, -1);
}

/*
 * The view
 */

/* The numbers of places: simultaneous interactions share one. */
static void
number_places(View *view)
{
	const Column *seq = layout_find(view->layout, "seq", 3, ATTRIBUTE_INTEGER);
	ColumnCursor cursor = {0, 0};
	uint32 place = 0;
	bool had = false;
	uint64 before = 0;

	if (seq != NULL)
		cursor = column_seek(seq, 0);
	for (uint32 i = 0; i < view->count; i++)
	{
		bool has = false;
		uint64 number = 0;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (seq != NULL)
		{
			uint32 rank;

			has = column_next(seq, &cursor, &rank);
			if (has)
				number = column_number(seq, rank);
		}
		if (i > 0 && (view->times[i] != view->times[i - 1] || has != had || number != before))
			place++;
		view->places[i] = place;
		had = has;
		before = number;
	}
	/* the successor of the last one lies behind everything */
	view->places[view->count] = PG_UINT32_MAX;
}

/* For each excluded event the last interaction that it accepts, up to each. */
static void
note_last_seen(View *view)
{
	const ProgramHeader *header = view->program->header;

	view->last_seen = palloc0(sizeof(int32 *) * MAX_EVENTS);
	for (uint32 event = 0; event < header->event_count; event++)
	{
		int32 *last_seen;
		int32 last = -1;

		if ((header->excludes >> event & 1) == 0)
			continue;
		last_seen = palloc_extended(sizeof(int32) * Max(view->count, 1), MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < view->count; i++)
		{
			if ((i & 0xFFFF) == 0)
				CHECK_FOR_INTERRUPTS();
			if (view->masks[i] >> event & 1)
				last = (int32) i;
			last_seen[i] = last;
		}
		view->last_seen[event] = last_seen;
	}
}

/* A timeline as a program sees it at as_of; O(interactions). */
View *
view_create(const Program *program, const Layout *layout, int64 as_of)
{
	const ProgramHeader *header = program->header;
	View *view = palloc0(sizeof(View));
	MonotoneCursor cursor;

	view->program = program;
	view->layout = layout;
	view->as_of = as_of;
	view->count = as_of == DT_NOEND ? layout->count : layout_search(layout, as_of, true);
	view->times = palloc_extended(sizeof(int64) * Max(view->count, 1), MCXT_ALLOC_HUGE);
	view->places = palloc_extended(sizeof(uint32) * ((Size) view->count + 1), MCXT_ALLOC_HUGE);
	view->masks = palloc_extended(sizeof(uint64) * Max(view->count, 1), MCXT_ALLOC_HUGE);
	view->values = palloc0(sizeof(uint32 *) * Max(header->attributes, 1));
	if (view->count == 0)
		return view;
	events_bind(program->reader, layout);
	cursor = layout_seek(layout, 0);
	for (uint32 done = 0; done < view->count; done += LAYOUT_BLOCK)
	{
		uint32 count = Min(view->count - done, LAYOUT_BLOCK);

		CHECK_FOR_INTERRUPTS();
		layout_next_times(layout, &cursor, count, view->times + done);
		events_read(program->reader, done, count, view->masks + done);
	}
	number_places(view);
	for (uint32 i = 0; i < header->attributes; i++)
	{
		TextSlice name = {program->texts + program->attributes[i].text,
						  program->attributes[i].length};

		view->values[i] = palloc_extended(sizeof(uint32) * layout->count, MCXT_ALLOC_HUGE);
		(void) attribute_codes(layout, name, view->values[i]);
	}
	if (header->excludes != 0)
		note_last_seen(view);
	return view;
}
