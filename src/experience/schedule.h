/*
 * schedule.h
 *		Opening hours: the value of type schedule, what it says when it is read,
 *		and how much time is open.
 *
 *	+---------+----------------+
 *	| varlena | canonical text |
 *	| header  |                |
 *	+---------+----------------+
 *
 * A local date is a number of days since 2000-01-01.  Instants are the server's
 * timestamps, local times the same count on the clock of a zone.
 */
#ifndef CRM_SCHEDULE_H
#define CRM_SCHEDULE_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "pgtime.h"

#include "pattern/tree.h"

#define MAX_SCHEDULE_BYTES (256 * 1024)
#define MAX_SCHEDULE_ENTRIES 4096
#define MAX_HOURS_A_DAY 24

/* ranges that open_times() gives */
#define MAX_OPEN_TIMES 100000

#define MINUTES_A_DAY 1440
#define DAYS_A_WEEK 7

/* From one minute of a day to another, which is after MINUTES_A_DAY where it is past midnight. */
typedef struct OpenHours
{
	int32 open;
	int32 close;
} OpenHours;

/* The hours that begin on a date: in order, apart from each other; so only the last is past midnight. */
typedef struct DayHours
{
	int32 count;
	OpenHours hours[MAX_HOURS_A_DAY];
} DayHours;

/* The weekly hours from a date on. */
typedef struct ScheduleVersion
{
	int32 from;      /* PG_INT32_MIN = the first one */
	char *zone_name; /* as the server's database spells it */
	pg_tz *zone;
	DayHours week[DAYS_A_WEEK]; /* Monday first */
} ScheduleVersion;

/* Dates that have hours of their own. */
typedef struct ScheduleException
{
	int32 first;
	int32 last;
	const char *at; /* in the text it was read from */
	DayHours hours;
} ScheduleException;

/* What a text says: versions by their dates; exceptions too, apart from each other. */
typedef struct Schedule
{
	uint32 version_count;
	uint32 exception_count;
	ScheduleVersion *versions;
	ScheduleException *exceptions;
} Schedule;

/* Reads a text; false and the error where it is no schedule. */
extern bool schedule_read(const char *text, Size length, Schedule *schedule, PatternError *error);

/* Appends the canonical text. */
extern void schedule_print(StringInfo out, const Schedule *schedule);

/* From an instant on, until the next stretch, a version is in force. */
typedef struct ScheduleStretch
{
	int64 begin; /* PG_INT64_MIN = the first one */
	uint32 version;
} ScheduleStretch;

/* A schedule ready to be asked. */
typedef struct LoadedSchedule
{
	MemoryContext context; /* all of it is in here */
	struct varlena *value; /* a copy, by which the same one is known again */
	Schedule said;
	int32 *week_minutes; /* open in a week of each version */
	uint32 stretch_count;
	ScheduleStretch *stretches;
} LoadedSchedule;

/* Fills in what follows from what was said. */
extern void schedule_prepare(LoadedSchedule *schedule);

/* Whether it is open at an instant. */
extern bool schedule_open_at(const LoadedSchedule *schedule, int64 at);

/* Open microseconds between two instants, negative where to < from; false where they are too many. */
extern bool schedule_open_time(const LoadedSchedule *schedule, int64 from, int64 to, int64 *open);

/* Where the n-th microsecond from 0 that is open, or is not, begins in [from, to); false where there are less. */
extern bool schedule_find(const LoadedSchedule *schedule, int64 from, int64 to, int64 n, bool open,
						  int64 *found);

/* The instant with an amount of open time from another one; false where there is none. */
extern bool schedule_add(const LoadedSchedule *schedule, int64 from, int64 amount, int64 *found);

#endif /* CRM_SCHEDULE_H */
