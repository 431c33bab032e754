/*
 * schedule_fuzzer.c
 *		Gives the reader of schedules whatever comes, and asks what it accepts.
 *
 * A text that is refused is refused with a message and a place inside of it.
 * One that is accepted has a canonical text, which reads back to itself.  What
 * is open near its dates is what the definition says, and amounts of open time
 * add up and are found again.  The zones are made up: their clocks change often
 * and by odd amounts, over a date or within a minute.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"

#include "experience/schedule.h"

#include "shim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* as the server has them, for code that is linked without it */
extern int pg_mbcliplen(const char *text, int length, int limit);

#define EPOCH_SHIFT ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)
#define MOST_DATES 6
#define INSTANTS 24

/*
 * Zones: two offsets by turns
 */

struct pg_tz
{
	const char *name;
	int64 period; /* seconds; 0 = the first offset always */
	int64 phase;
	long offsets[2];
};

static const pg_tz zones[] = {
	{"UTC", 0, 0, {0, 0}},
	{"Even/Hours", 182 * SECS_PER_DAY, 3600, {3600, 7200}},
	{"Odd/Halves", 41 * SECS_PER_DAY, 12345, {37800, 39600}},
	{"Far/Dates", 30 * SECS_PER_DAY, 36000, {14 * 3600, -11 * 3600}},
	{"Old/Mean", 100 * SECS_PER_DAY, 1, {-17762, -18000}},
	{"Over/Midnight", 17 * SECS_PER_DAY, 60, {0, 3600}},
	{"ABC3", 0, 0, {0, 0}},
};

pg_tz *
pg_tzset(const char *name)
{
	for (Size i = 0; i < lengthof(zones); i++)
	{
		if (pg_strcasecmp(name, zones[i].name) == 0)
			return unconstify(pg_tz *, &zones[i]);
	}
	return NULL;
}

const char *
pg_get_timezone_name(pg_tz *zone)
{
	return zone->name;
}

bool
pg_tz_acceptable(pg_tz *zone)
{
	(void) zone;
	return true;
}

/* The number of a zone's turn at a time. */
static int64
turn_at(const pg_tz *zone, pg_time_t time)
{
	int64 since = time - zone->phase;

	return since / zone->period - (since % zone->period < 0 ? 1 : 0);
}

static long
zone_offset(const pg_tz *zone, pg_time_t time)
{
	return zone->period == 0 ? zone->offsets[0] : zone->offsets[turn_at(zone, time) & 1];
}

struct pg_tm *
pg_localtime(const pg_time_t *time, const pg_tz *zone)
{
	static struct pg_tm result;

	result.tm_gmtoff = zone_offset(zone, *time);
	return &result;
}

int
pg_next_dst_boundary(const pg_time_t *time, long *before, int *before_dst, pg_time_t *boundary,
					 long *after, int *after_dst, const pg_tz *zone)
{
	*before = zone_offset(zone, *time);
	*before_dst = *after_dst = 0;
	if (zone->period == 0)
		return 0;
	*boundary = (turn_at(zone, *time) + 1) * zone->period + zone->phase;
	*after = zone_offset(zone, *boundary);
	return 1;
}

int
pg_mbcliplen(const char *text, int length, int limit)
{
	int clipped = 0;

	while (clipped < length)
	{
		int bytes = pg_encoding_mblen(PG_UTF8, text + clipped);

		if (clipped + bytes > limit)
			break;
		clipped += bytes;
	}
	return clipped;
}

/*
 * The definition
 */

static int64
floor_divide(int64 value, int64 divisor)
{
	return value / divisor - (value % divisor < 0 ? 1 : 0);
}

static int64
local_time(const ScheduleVersion *version, int64 at)
{
	pg_time_t time = floor_divide(at, USECS_PER_SEC) + EPOCH_SHIFT;

	return at + zone_offset(version->zone, time) * USECS_PER_SEC;
}

static const DayHours *
hours_of(const Schedule *schedule, uint32 version, int64 date)
{
	for (uint32 i = 0; i < schedule->exception_count; i++)
	{
		if (schedule->exceptions[i].first <= date && schedule->exceptions[i].last >= date)
			return &schedule->exceptions[i].hours;
	}
	while (schedule->versions[version].from > date)
		version--;
	/* 2000-01-01 was a Saturday */
	return &schedule->versions[version].week[(date % 7 + 12) % 7];
}

/* Whether it is open, by the words of doc/schedules.md alone. */
static bool
is_open(const Schedule *schedule, int64 at)
{
	uint32 version = schedule->version_count - 1;
	const DayHours *hours;
	int64 local;
	int64 date;

	while (version > 0 &&
		   local_time(&schedule->versions[version], at) <
			   schedule->versions[version].from * USECS_PER_DAY)
		version--;
	local = local_time(&schedule->versions[version], at);
	date = floor_divide(local, USECS_PER_DAY);
	local -= date * USECS_PER_DAY;
	for (int before = 0; before < 2; before++, local += USECS_PER_DAY)
	{
		hours = hours_of(schedule, version, date - before);
		for (int i = 0; i < hours->count; i++)
		{
			if (local >= hours->hours[i].open * USECS_PER_MINUTE &&
				local < hours->hours[i].close * USECS_PER_MINUTE)
				return true;
		}
	}
	return false;
}

/*
 * The checks
 */

typedef struct Input
{
	const char *text;
	Size length;
	uint64 random;
} Input;

static uint64
next_random(Input *input, uint64 below)
{
	input->random = input->random * UINT64CONST(6364136223846793005) + 1442695040888963407;
	return (input->random >> 20) % below;
}

/* Near a date, often at an exact minute or at midnight of some zone. */
static int64
make_instant(Input *input, int32 date)
{
	int64 at = date * USECS_PER_DAY + ((int64) next_random(input, 50) - 9) * USECS_PER_DAY;

	switch (next_random(input, 4))
	{
		case 0:
			return at + (int64) next_random(input, 96) * 15 * USECS_PER_MINUTE;
		case 1:
			return at -
				zone_offset(&zones[next_random(input, lengthof(zones))],
							at / USECS_PER_SEC + EPOCH_SHIFT) *
				USECS_PER_SEC;
		case 2:
			return at + (int64) next_random(input, USECS_PER_DAY);
		default:
			return at + (int64) next_random(input, MINUTES_A_DAY) * USECS_PER_MINUTE;
	}
}

static int64
open_time(const LoadedSchedule *schedule, int64 from, int64 to)
{
	int64 open;

	if (!schedule_open_time(schedule, from, to, &open))
		shim_finding("too much open time");
	if (llabs(open) > llabs(to - from) || (open != 0 && (open < 0) != (to < from)))
		shim_finding("open time of " INT64_FORMAT " in " INT64_FORMAT, open, to - from);
	return open;
}

/* Whether a number of microseconds that are open, or are not, is found and counted the same. */
static void
check_find(const LoadedSchedule *schedule, Input *input, int64 from, int64 to, bool open)
{
	int64 amount = open_time(schedule, from, to);
	int64 n;
	int64 found;

	if (!open)
		amount = to - from - amount;
	if (schedule_find(schedule, from, to, amount, open, &found))
		shim_finding("more is found than there is");
	if (amount == 0)
		return;
	n = (int64) next_random(input, (uint64) amount);
	if (!schedule_find(schedule, from, to, n, open, &found) || found < from || found >= to ||
		is_open(&schedule->said, found) != open)
		shim_finding("the microsecond " INT64_FORMAT " is not where it is", n);
	if ((open ? open_time(schedule, from, found) :
				found - from - open_time(schedule, from, found)) != n)
		shim_finding("the microsecond " INT64_FORMAT " is another one", n);
	if (!open)
		return;
	if (!schedule_add(schedule, from, n, &found) || open_time(schedule, from, found) != n)
		shim_finding("an amount of " INT64_FORMAT " later is another one", n);
	if (!schedule_add(schedule, to, -n, &found) || open_time(schedule, to, found) != -n)
		shim_finding("an amount of " INT64_FORMAT " earlier is another one", n);
}

/* Asks a schedule near a date. */
static void
check_near(const LoadedSchedule *schedule, Input *input, int32 date)
{
	for (int i = 0; i < INSTANTS; i++)
	{
		int64 at = make_instant(input, date);

		if (schedule_open_at(schedule, at) != is_open(&schedule->said, at))
			shim_finding("at " INT64_FORMAT " it is open by the definition, or it alone", at);
	}
	for (int i = 0; i < 2; i++)
	{
		int64 a = make_instant(input, date);
		int64 b = make_instant(input, date);
		int64 c = make_instant(input, date);

		if (open_time(schedule, a, b) + open_time(schedule, b, c) != open_time(schedule, a, c))
			shim_finding("open times do not add up");
		check_find(schedule, input, Min(a, b), Max(a, b), true);
		check_find(schedule, input, Min(b, c), Max(b, c), false);
	}
}

/* A refusal names its place, but that of a text which is too long. */
static void
check_error(const Input *input, const PatternError *error)
{
	if (error->message == NULL || error->message[0] == '\0')
		shim_finding("refused without a message");
	if (error->sqlstate != ERRCODE_INVALID_TEXT_REPRESENTATION &&
		error->sqlstate != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		shim_finding("refused with an unusual sqlstate: %s", error->message);
	if (error->position < (input->length > MAX_SCHEDULE_BYTES ? 0 : 1) ||
		(Size) error->position > input->length + 1)
		shim_finding("an error at character %d of %zu bytes: %s", error->position, input->length,
					 error->message);
	if (pg_verify_mbstr(PG_UTF8, input->text, (int) input->length, true) &&
		!pg_verify_mbstr(PG_UTF8, error->message, (int) strlen(error->message), true))
		shim_finding("the message of an error is not valid in the database's encoding: %s",
					 error->message);
}

static void
read_schedule(void *argument)
{
	Input *input = argument;
	char *copy = palloc(input->length);
	LoadedSchedule schedule = {0};
	Schedule again;
	PatternError error = {0};
	StringInfoData first;
	StringInfoData second;
	uint32 asked = 0;

	memcpy(copy, input->text, input->length);
	if (!schedule_read(copy, input->length, &schedule.said, &error))
	{
		check_error(input, &error);
		return;
	}
	initStringInfo(&first);
	initStringInfo(&second);
	schedule_print(&first, &schedule.said);
	if (first.len > MAX_SCHEDULE_BYTES)
		return;
	if (!schedule_read(first.data, (Size) first.len, &again, &error))
		shim_finding("canonical text %s is refused at character %d: %s", first.data, error.position,
					 error.message);
	schedule_print(&second, &again);
	if (strcmp(first.data, second.data) != 0)
		shim_finding("canonical text %s reads back as %s", first.data, second.data);

	schedule_prepare(&schedule);
	check_near(&schedule, input, 9600);
	for (uint32 i = 1; i < schedule.said.version_count && asked < MOST_DATES; i++, asked++)
		check_near(&schedule, input, schedule.said.versions[i].from);
	for (uint32 i = 0; i < schedule.said.exception_count && asked < MOST_DATES; i++, asked++)
		check_near(&schedule, input,
				   i % 2 == 0 ? schedule.said.exceptions[i].first :
								schedule.said.exceptions[i].last);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input input = {(const char *) data, size, size};

	for (size_t i = 0; i < size; i++)
		input.random = input.random * 31 + data[i];
	shim_begin();
	if (shim_try(read_schedule, &input) != SHIM_DONE)
		shim_finding("reading a schedule: %s", shim_message());
	shim_end();
	return 0;
}
