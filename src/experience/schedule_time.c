/*
 * schedule_time.c
 *		How much time of a schedule is open, and when.
 *
 * Time is walked in pieces.  Within a piece one version is in force, the offset
 * of its zone is constant, and the open time is known at once: all or nothing,
 * a part of one local date, or many local dates that are alike.  So a range
 * costs as much as it has changes of the clock, exceptions and versions; of a
 * schedule that is always open or always closed the changes of the clock do not
 * count.
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "experience/schedule.h"

#define DAY USECS_PER_DAY
#define MINUTE USECS_PER_MINUTE

/* seconds from the epoch of the zones to that of timestamps */
#define EPOCH_SHIFT ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

/* No local date is farther than this from that of UTC. */
#define ZONE_DAYS 2

/* the first window when time is walked back */
#define FIRST_WINDOW (32 * DAY)
#define LAST_WINDOW (INT64CONST(1) << 60)

typedef enum PieceType
{
	PIECE_UNIFORM, /* all of it is open, or nothing */
	PIECE_DATE,    /* a part of one local date */
	PIECE_DATES,   /* whole local dates with the same hours */
	PIECE_WEEKS,   /* whole weeks */
} PieceType;

/* The hours that are open on a local date: its own, and what is left of those of the day before. */
typedef struct LocalDate
{
	const DayHours *hours;
	int32 tail; /* the minute until which the day before goes on */
} LocalDate;

typedef struct Piece
{
	PieceType type;
	int64 begin;
	int64 end;
	int64 open;      /* microseconds */
	int64 in_date;   /* where on its local date a PIECE_DATE begins */
	LocalDate local; /* of PIECE_DATE and PIECE_DATES */
	int32 date;      /* the first local date */
	const ScheduleVersion *version;
} Piece;

typedef struct Walk
{
	const LoadedSchedule *schedule;
	int64 at;
	int64 end;
	uint32 stretch;
	int64 offset; /* local time is that much later */
	int64 until;  /* from at on, if at is before it */
} Walk;

/* The quotient rounded down. */
static int64
floor_divide(int64 value, int64 divisor)
{
	int64 quotient = value / divisor;

	return value % divisor < 0 ? quotient - 1 : quotient;
}

/* The offset of a zone at an instant, and until when it is that one; at the latest, when the next begins. */
static int64
offset_at(const pg_tz *zone, int64 at, int64 *until)
{
	pg_time_t time = floor_divide(at, USECS_PER_SEC) + EPOCH_SHIFT;
	const struct pg_tm *local = pg_localtime(&time, zone);
	int64 offset;

	if (local == NULL)
		elog(ERROR, "time zone \"%s\" has no local time", pg_get_timezone_name((pg_tz *) zone));
	offset = (int64) local->tm_gmtoff * USECS_PER_SEC;
	if (until != NULL)
	{
		pg_time_t boundary;
		long before_offset;
		long after_offset;
		int before_dst;
		int after_dst;
		int found = pg_next_dst_boundary(&time, &before_offset, &before_dst, &boundary,
										 &after_offset, &after_dst, zone);

		/* at the very last change of a table that repeats, the server sees no next one */
		if (found == 0)
		{
			pg_time_t later = time + 1;

			found = pg_next_dst_boundary(&later, &before_offset, &before_dst, &boundary,
										 &after_offset, &after_dst, zone);
		}
		*until = DT_NOEND;
		if (found == 1 && boundary - EPOCH_SHIFT < END_TIMESTAMP / USECS_PER_SEC)
			*until = (Max(boundary, time + 1) - EPOCH_SHIFT) * USECS_PER_SEC;
	}
	return offset;
}

/*
 * What is open on a date
 */

/* Which hours apply on a local date, as the version in force sees it. */
typedef struct Rule
{
	const DayHours *hours;
	const ScheduleException *exception;
	int32 last; /* they apply until then; of weekly hours, as such */
} Rule;

/* The first exception that ends on a date or later. */
static uint32
next_exception(const Schedule *schedule, int64 date)
{
	uint32 low = 0;
	uint32 high = schedule->exception_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (schedule->exceptions[middle].last < date)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The day of the week from Monday = 0; 2000-01-01 was a Saturday. */
static int
weekday(int32 date)
{
	return (int) (((int64) date + 5) - floor_divide((int64) date + 5, DAYS_A_WEEK) * DAYS_A_WEEK);
}

/* The rule of a date.  Hours that began before the version was in force are those of the one before. */
static Rule
rule_of(const Schedule *schedule, uint32 version, int32 date)
{
	uint32 next = next_exception(schedule, date);
	const ScheduleException *exception = next < schedule->exception_count ?
		&schedule->exceptions[next] :
		NULL;

	if (exception != NULL && exception->first <= date)
		return (Rule) {&exception->hours, exception, exception->last};
	while (schedule->versions[version].from > date)
		version--;
	return (Rule) {&schedule->versions[version].week[weekday(date)], NULL,
				   exception != NULL ? exception->first - 1 : PG_INT32_MAX};
}

/* The minute of the next date until which hours go on. */
static int32
tail_of(const DayHours *hours)
{
	return hours->count == 0 ? 0 : Max(hours->hours[hours->count - 1].close - MINUTES_A_DAY, 0);
}

/* A date within a week of weekly hours. */
static LocalDate
weekly_date(const ScheduleVersion *version, int day)
{
	return (LocalDate) {&version->week[day],
						tail_of(&version->week[(day + DAYS_A_WEEK - 1) % DAYS_A_WEEK])};
}

/* The open span number i of a date, from 0; they may overlap, but begin in order. */
static bool
open_span(const LocalDate *date, int i, int64 *begin, int64 *end)
{
	if (i == 0)
	{
		*begin = 0;
		*end = date->tail * MINUTE;
		return true;
	}
	if (i > date->hours->count)
		return false;
	*begin = date->hours->hours[i - 1].open * MINUTE;
	*end = Min(date->hours->hours[i - 1].close, MINUTES_A_DAY) * MINUTE;
	return true;
}

/* Open microseconds of a part of a date. */
static int64
open_in_date(const LocalDate *date, int64 from, int64 to)
{
	int64 open = 0;
	int64 at = from;
	int64 begin;
	int64 end;

	for (int i = 0; open_span(date, i, &begin, &end); i++)
	{
		begin = Max(begin, at);
		end = Min(end, to);
		if (end <= begin)
			continue;
		open += end - begin;
		at = end;
	}
	return open;
}

/* Where the n-th open microsecond of a part of a date is, or the n-th that is not; it has to be there. */
static int64
find_in_date(const LocalDate *date, int64 from, int64 to, int64 n, bool open)
{
	int64 at = from;
	int64 begin;
	int64 end;

	for (int i = 0; open_span(date, i, &begin, &end); i++)
	{
		begin = Max(begin, at);
		end = Min(end, to);
		if (end <= begin)
			continue;
		if (open)
		{
			if (n < end - begin)
				return begin + n;
			n -= end - begin;
		}
		else
		{
			if (n < begin - at)
				return at + n;
			n -= begin - at;
		}
		at = end;
	}
	return at + n;
}

/*
 * Pieces of time
 */

/* The last stretch that begins at an instant or before. */
static uint32
stretch_at(const LoadedSchedule *schedule, int64 at)
{
	uint32 low = 0;
	uint32 high = schedule->stretch_count;

	while (high - low > 1)
	{
		uint32 middle = low + (high - low) / 2;

		if (schedule->stretches[middle].begin <= at)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static Walk
begin_walk(const LoadedSchedule *schedule, int64 from, int64 to)
{
	return (Walk) {schedule, from, to, stretch_at(schedule, from), 0, DT_NOBEGIN};
}

/*
 * Where all is open or closed whatever the clock shows, up to where an
 * exception may be near; false where it is not so.
 */
static bool
uniform_piece(const Walk *walk, uint32 index, int64 limit, Piece *piece)
{
	const Schedule *schedule = &walk->schedule->said;
	const ScheduleVersion *version = &schedule->versions[index];
	int32 minutes = walk->schedule->week_minutes[index];
	uint32 next;

	if (minutes != 0 && minutes != DAYS_A_WEEK * MINUTES_A_DAY)
		return false;
	/* its first date has what is left of the version before */
	if (index > 0 && walk->at < (version->from + 1 + ZONE_DAYS) * DAY)
		return false;
	/* an exception has to do with its dates, and with the one after */
	next = next_exception(schedule, floor_divide(walk->at, DAY) - 1 - ZONE_DAYS);
	if (next < schedule->exception_count)
		limit = Min(limit, (schedule->exceptions[next].first - ZONE_DAYS) * DAY);
	if (limit <= walk->at)
		return false;
	piece->type = PIECE_UNIFORM;
	piece->begin = walk->at;
	piece->end = limit;
	piece->open = minutes == 0 ? 0 : limit - walk->at;
	return true;
}

/* A piece of local time that begins at local and ends at end at the latest, all by one offset. */
static int64
local_piece(const LoadedSchedule *loaded, uint32 index, int64 local, int64 end, Piece *piece)
{
	const Schedule *schedule = &loaded->said;
	int32 date = (int32) floor_divide(local, DAY);
	Rule before = rule_of(schedule, index, date - 1);
	Rule rule = rule_of(schedule, index, date);
	int64 dates = Min((end - local) / DAY, (int64) rule.last - date + 1);

	piece->version = &schedule->versions[index];
	piece->date = date;
	piece->in_date = local - date * DAY;
	piece->local = (LocalDate) {rule.hours, tail_of(before.hours)};
	if (piece->in_date == 0 && rule.exception == before.exception)
	{
		if (rule.exception != NULL && dates > 1)
		{
			piece->type = PIECE_DATES;
			piece->open = dates * open_in_date(&piece->local, 0, DAY);
			return local + dates * DAY;
		}
		if (rule.exception == NULL && dates >= DAYS_A_WEEK && date > piece->version->from)
		{
			piece->type = PIECE_WEEKS;
			piece->open = dates / DAYS_A_WEEK * loaded->week_minutes[index] * MINUTE;
			return local + dates / DAYS_A_WEEK * DAYS_A_WEEK * DAY;
		}
	}
	end = Min(end, (date + 1) * DAY);
	piece->type = PIECE_DATE;
	piece->open = open_in_date(&piece->local, piece->in_date, end - date * DAY);
	return end;
}

/* Moves on by one piece; false at the end. */
static bool
next_piece(Walk *walk, Piece *piece)
{
	const LoadedSchedule *schedule = walk->schedule;
	int64 limit = walk->end;
	uint32 version;

	if (walk->at >= walk->end)
		return false;
	CHECK_FOR_INTERRUPTS();
	if (walk->stretch + 1 < schedule->stretch_count &&
		schedule->stretches[walk->stretch + 1].begin <= walk->at)
	{
		walk->stretch++;
		walk->until = DT_NOBEGIN;
	}
	if (walk->stretch + 1 < schedule->stretch_count)
		limit = Min(limit, schedule->stretches[walk->stretch + 1].begin);
	/* all of time is longer than an int64 can say */
	if (walk->at < 0)
		limit = Min(limit, 0);
	version = schedule->stretches[walk->stretch].version;
	if (!uniform_piece(walk, version, limit, piece))
	{
		if (walk->at >= walk->until)
			walk->offset = offset_at(schedule->said.versions[version].zone, walk->at, &walk->until);
		limit = Min(limit, walk->until);
		piece->begin = walk->at;
		piece->end = local_piece(schedule, version, walk->at + walk->offset, limit + walk->offset,
								 piece) -
			walk->offset;
	}
	walk->at = piece->end;
	return true;
}

/* Moves n back by what a whole date has of what is asked for; false where it is on that date. */
static bool
pass_date(const LocalDate *date, int64 *n, bool open)
{
	int64 amount = open_in_date(date, 0, DAY);

	if (!open)
		amount = DAY - amount;
	if (*n < amount)
		return false;
	*n -= amount;
	return true;
}

/* Where in a piece the n-th microsecond is that is open, or is not; it has to be there. */
static int64
find_in_piece(const LoadedSchedule *schedule, const Piece *piece, int64 n, bool open)
{
	int64 at = piece->begin;
	int64 amount;
	LocalDate date;

	switch (piece->type)
	{
		case PIECE_UNIFORM:
			return at + n;
		case PIECE_DATE:
			return at - piece->in_date +
				find_in_date(&piece->local, piece->in_date, piece->in_date + (piece->end - at), n,
							 open);
		case PIECE_DATES:
			amount = open_in_date(&piece->local, 0, DAY);
			if (!open)
				amount = DAY - amount;
			return at + n / amount * DAY + find_in_date(&piece->local, 0, DAY, n % amount, open);
		case PIECE_WEEKS:
			break;
	}
	amount = schedule->week_minutes[piece->version - schedule->said.versions] * MINUTE;
	if (!open)
		amount = DAYS_A_WEEK * DAY - amount;
	at += n / amount * DAYS_A_WEEK * DAY;
	n %= amount;
	for (int day = weekday(piece->date);; day = (day + 1) % DAYS_A_WEEK)
	{
		date = weekly_date(piece->version, day);
		if (!pass_date(&date, &n, open))
			return at + find_in_date(&date, 0, DAY, n, open);
		at += DAY;
	}
}

/*
 * When which version is in force
 */

/* Whether the date of a version has come: from time on it has, or it has not. */
typedef struct Arrival
{
	int64 time;
	uint32 version;
	bool arrived;
} Arrival;

typedef struct ArrivalList
{
	Arrival *arrivals;
	uint32 count;
	uint32 room;
} ArrivalList;

static void
add_arrival(ArrivalList *list, int64 time, uint32 version, bool arrived)
{
	if (list->count == list->room)
	{
		list->room *= 2;
		list->arrivals = repalloc(list->arrivals, sizeof(Arrival) * list->room);
	}
	list->arrivals[list->count++] = (Arrival) {time, version, arrived};
}

/* Lists when the clock of a version's zone comes to its date; it may go back behind it, and come again. */
static void
find_arrivals(ArrivalList *list, const ScheduleVersion *version, uint32 index)
{
	int64 midnight = version->from * DAY;
	int64 at = midnight - ZONE_DAYS * DAY;
	int64 end = midnight + ZONE_DAYS * DAY;
	bool arrived = false;

	while (at < end)
	{
		int64 until;
		int64 crossing = midnight - offset_at(version->zone, at, &until);

		if (arrived != (crossing <= at))
		{
			arrived = !arrived;
			add_arrival(list, at, index, arrived);
		}
		if (!arrived && crossing < until)
		{
			arrived = true;
			add_arrival(list, crossing, index, true);
		}
		at = until;
	}
}

static int
compare_arrivals(const void *a, const void *b)
{
	int64 time_a = ((const Arrival *) a)->time;
	int64 time_b = ((const Arrival *) b)->time;

	return (time_a > time_b) - (time_a < time_b);
}

/* Of the versions whose date has come, the last is in force. */
static void
find_stretches(LoadedSchedule *schedule)
{
	const Schedule *said = &schedule->said;
	bool *arrived = palloc0(sizeof(bool) * said->version_count);
	ArrivalList list = {.room = 16};
	ScheduleStretch *last;

	list.arrivals = palloc(sizeof(Arrival) * list.room);
	for (uint32 i = 1; i < said->version_count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		find_arrivals(&list, &said->versions[i], i);
	}
	qsort(list.arrivals, list.count, sizeof(Arrival), compare_arrivals);
	schedule->stretches = palloc(sizeof(ScheduleStretch) * (list.count + 1));
	last = schedule->stretches;
	*last = (ScheduleStretch) {PG_INT64_MIN, 0};
	for (uint32 i = 0; i < list.count; i++)
	{
		const Arrival *arrival = &list.arrivals[i];
		uint32 version = last->version;

		arrived[arrival->version] = arrival->arrived;
		if (arrival->arrived)
			version = Max(version, arrival->version);
		while (version > 0 && !arrived[version])
			version--;
		if (version == last->version)
			continue;
		if (last->begin != arrival->time)
			last++;
		*last = (ScheduleStretch) {arrival->time, version};
	}
	schedule->stretch_count = (uint32) (last - schedule->stretches) + 1;
	pfree(list.arrivals);
	pfree(arrived);
}

void
schedule_prepare(LoadedSchedule *schedule)
{
	const Schedule *said = &schedule->said;

	schedule->week_minutes = palloc0(sizeof(int32) * said->version_count);
	for (uint32 i = 0; i < said->version_count; i++)
	{
		for (int day = 0; day < DAYS_A_WEEK; day++)
		{
			LocalDate date = weekly_date(&said->versions[i], day);

			schedule->week_minutes[i] += (int32) (open_in_date(&date, 0, DAY) / MINUTE);
		}
	}
	find_stretches(schedule);
}

/*
 * The answers
 */

bool
schedule_open_at(const LoadedSchedule *schedule, int64 at)
{
	int64 found;

	return schedule_find(schedule, at, at + 1, 0, true, &found);
}

bool
schedule_open_time(const LoadedSchedule *schedule, int64 from, int64 to, int64 *open)
{
	Walk walk = begin_walk(schedule, Min(from, to), Max(from, to));
	Piece piece;

	*open = 0;
	while (next_piece(&walk, &piece))
	{
		if (pg_add_s64_overflow(*open, piece.open, open))
			return false;
	}
	if (to < from)
		*open = -*open;
	return true;
}

bool
schedule_find(const LoadedSchedule *schedule, int64 from, int64 to, int64 n, bool open,
			  int64 *found)
{
	Walk walk = begin_walk(schedule, from, to);
	Piece piece;

	while (next_piece(&walk, &piece))
	{
		int64 amount = open ? piece.open : piece.end - piece.begin - piece.open;

		if (n < amount)
		{
			*found = find_in_piece(schedule, &piece, n, open);
			return true;
		}
		n -= amount;
	}
	return false;
}

/* The last instant with an amount of open time up to another one: in windows that grow, as zones are read forward. */
static bool
go_back(const LoadedSchedule *schedule, int64 from, int64 amount, int64 *found)
{
	int64 window = FIRST_WINDOW;

	while (from > MIN_TIMESTAMP)
	{
		int64 begin = from > MIN_TIMESTAMP + window ? from - window : MIN_TIMESTAMP;
		int64 open;

		if (!schedule_open_time(schedule, begin, from, &open))
			return false;
		if (open >= amount)
			return schedule_find(schedule, begin, from, open - amount, true, found);
		amount -= open;
		from = begin;
		window = Min(window * 2, LAST_WINDOW);
	}
	return false;
}

bool
schedule_add(const LoadedSchedule *schedule, int64 from, int64 amount, int64 *found)
{
	if (amount == 0)
	{
		*found = from;
		return true;
	}
	/* no calendar has so much time */
	if (amount == PG_INT64_MIN)
		return false;
	if (amount < 0)
		return go_back(schedule, from, -amount, found);
	if (!schedule_find(schedule, from, END_TIMESTAMP, amount - 1, true, found))
		return false;
	(*found)++;
	return IS_VALID_TIMESTAMP(*found);
}
