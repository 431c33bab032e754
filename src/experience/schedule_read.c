/*
 * schedule_read.c
 *		From the text of a schedule to what it says, and back to its canonical
 *		text.
 *
 * Raises no error: it says what is wrong, and at which character.  Of the
 * server's database of time zones it asks only whether a zone is there.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "experience/schedule.h"
#include "pattern/lexer.h"

/* bytes of the text that a message shows */
#define SHOWN_BYTES 60

#define ZONE_HINT "The view pg_timezone_names lists the names, as in Europe/Berlin or UTC."
#define DAYS_HINT \
	"Days are mon, tue, wed, thu, fri, sat and sun, ranges are written mon-fri; blanks separate " \
	"them."
#define HOURS_HINT \
	"Hours are written HH:MM-HH:MM, as in 09:00-17:30; 24:00 can only be an end, and blanks " \
	"separate several."
#define DATE_HINT "Dates are written YYYY-MM-DD, from 0001-01-01 to 9999-12-31."
#define ENTRY_HINT \
	"After the weekly hours come exceptions and versions, each behind a semicolon: \"2026-12-25 " \
	"closed\", \"2026-12-24..2026-12-26 09:00-12:00\", \"from 2027-01-01 mon-fri 09:00-17:00\"."

static const char *const day_names[DAYS_A_WEEK] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* A schedule being read; token is what begins at the next character that is no blank. */
typedef struct ScheduleParser
{
	const char *text;
	const char *end;
	TextSlice token; /* empty: the text is at its end */
	Schedule *schedule;
	PatternError *error;
} ScheduleParser;

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Moves to the token from a place on: a comma, a semicolon, or all up to one of them or a blank. */
static void
read_token(ScheduleParser *parser, const char *at)
{
	const char *begin;

	while (at < parser->end && is_blank(*at))
		at++;
	begin = at;
	while (at < parser->end && !is_blank(*at) && *at != ',' && *at != ';')
		at++;
	if (at == begin && at < parser->end)
		at++;
	parser->token = (TextSlice) {begin, (uint32) (at - begin)};
}

static void
next_token(ScheduleParser *parser)
{
	read_token(parser, parser->token.bytes + parser->token.length);
}

/* Whether the token is a mark, or the end for '\0'. */
static bool
at_mark(const ScheduleParser *parser, char mark)
{
	if (mark == '\0')
		return parser->token.length == 0;
	return parser->token.length == 1 && *parser->token.bytes == mark;
}

/* Whether an item ends here. */
static bool
at_item_end(const ScheduleParser *parser)
{
	return at_mark(parser, '\0') || at_mark(parser, ',') || at_mark(parser, ';');
}

/* A piece of the text as a message shows it, in quotes and cut where it is long. */
static const char *
shown(TextSlice text)
{
	int length;

	if (text.length == 0)
		return "the end";
	/* damaged bytes of a stored text may promise more than there are */
	length = Min(pg_mbcliplen(text.bytes, (int) text.length, SHOWN_BYTES), (int) text.length);
	return psprintf("\"%.*s%s\"", length, text.bytes, length < (int) text.length ? "..." : "");
}

/* Says what is wrong at some place of the text. */
static bool
fail_at(ScheduleParser *parser, const char *at, int sqlstate, const char *message, const char *hint)
{
	return pattern_fail(parser->error, sqlstate,
						text_position(parser->text, (Size) (parser->end - parser->text), at),
						message, hint);
}

/* Says what is wrong with the token. */
static bool
fail(ScheduleParser *parser, const char *message, const char *hint)
{
	return fail_at(parser, parser->token.bytes, ERRCODE_INVALID_TEXT_REPRESENTATION, message, hint);
}

/* The number that some digits write; false where others than digits are there. */
static bool
read_digits(const char *at, int digits, int32 *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++)
	{
		if (!is_digit(at[i]))
			return false;
		*number = *number * 10 + (at[i] - '0');
	}
	return true;
}

/* A date YYYY-MM-DD. */
static bool
parse_date(const char *at, int32 *date)
{
	int32 year;
	int32 month;
	int32 day;

	if (!read_digits(at, 4, &year) || at[4] != '-' || !read_digits(at + 5, 2, &month) ||
		at[7] != '-' || !read_digits(at + 8, 2, &day))
		return false;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	*date = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	return true;
}

/* Reads the token as a date, or where a range may be, as DATE..DATE. */
static bool
read_dates(ScheduleParser *parser, int32 *first, int32 *last)
{
	TextSlice token = parser->token;

	if (token.length == 10 && parse_date(token.bytes, first))
	{
		if (last != NULL)
			*last = *first;
	}
	else if (last != NULL && token.length == 22 && memcmp(token.bytes + 10, "..", 2) == 0 &&
			 parse_date(token.bytes, first) && parse_date(token.bytes + 12, last))
	{
		if (*last < *first)
			return fail(parser, psprintf("%s ends before it begins", shown(token)), NULL);
	}
	else
		return fail(parser, psprintf("%s is not a date%s", shown(token), last ? " or a range" : ""),
					last ? DATE_HINT " A range is written DATE..DATE." : DATE_HINT);
	next_token(parser);
	return true;
}

/* Whether a text begins with the name of a day, in any case. */
static bool
parse_day(const char *at, Size length, int *day)
{
	if (length < 3)
		return false;
	for (*day = 0; *day < DAYS_A_WEEK; (*day)++)
	{
		if (same_word((TextSlice) {at, 3}, day_names[*day]))
			return true;
	}
	return false;
}

/* Adds the days of a token, "tue" or "sat-mon", to a set. */
static bool
parse_days(TextSlice token, uint32 *days)
{
	int first;
	int last;

	if (!parse_day(token.bytes, token.length, &first))
		return false;
	last = first;
	if (token.length != 3 &&
		(token.length != 7 || token.bytes[3] != '-' || !parse_day(token.bytes + 4, 3, &last)))
		return false;
	for (int day = first;; day = (day + 1) % DAYS_A_WEEK)
	{
		*days |= 1U << day;
		if (day == last)
			return true;
	}
}

/* Adds hours to those of a day, in order and united with what they meet; false where there are too many. */
static bool
add_hours(DayHours *day, OpenHours added)
{
	int kept = 0;
	int place = 0;

	for (int i = 0; i < day->count; i++)
	{
		OpenHours hours = day->hours[i];

		if (hours.close >= added.open && hours.open <= added.close)
		{
			added.open = Min(added.open, hours.open);
			added.close = Max(added.close, hours.close);
			continue;
		}
		day->hours[kept++] = hours;
		if (hours.open < added.open)
			place = kept;
	}
	day->count = kept;
	if (kept == MAX_HOURS_A_DAY)
		return false;
	memmove(day->hours + place + 1, day->hours + place, sizeof(OpenHours) * (kept - place));
	day->hours[place] = added;
	day->count++;
	return true;
}

/* A time HH:MM as a minute of the day. */
static bool
parse_minute(const char *at, int32 *minute)
{
	int32 hours;
	int32 minutes;

	if (!read_digits(at, 2, &hours) || at[2] != ':' || !read_digits(at + 3, 2, &minutes) ||
		minutes > 59)
		return false;
	*minute = hours * 60 + minutes;
	return *minute <= MINUTES_A_DAY;
}

/* Reads "closed" or one or more HH:MM-HH:MM. */
static bool
read_hours(ScheduleParser *parser, DayHours *day)
{
	day->count = 0;
	if (same_word(parser->token, "closed"))
	{
		next_token(parser);
		return true;
	}
	if (at_item_end(parser))
		return fail(parser,
					psprintf("expected hours or \"closed\", found %s", shown(parser->token)),
					HOURS_HINT);
	for (; !at_item_end(parser); next_token(parser))
	{
		TextSlice token = parser->token;
		OpenHours hours;

		if (token.length != 11 || token.bytes[5] != '-' ||
			!parse_minute(token.bytes, &hours.open) ||
			!parse_minute(token.bytes + 6, &hours.close) || hours.open == MINUTES_A_DAY)
			return fail(parser, psprintf("%s are not hours", shown(token)), HOURS_HINT);
		if (hours.close <= hours.open)
			hours.close += MINUTES_A_DAY;
		if (!add_hours(day, hours))
			return fail_at(parser, token.bytes, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						   psprintf("a day has more hours than the limit of %d", MAX_HOURS_A_DAY),
						   NULL);
	}
	return true;
}

/* Adds the hours of an item to its days. */
static bool
add_item(ScheduleParser *parser, const char *begin, DayHours *week, uint32 days,
		 const DayHours *hours)
{
	for (int day = 0; day < DAYS_A_WEEK; day++)
	{
		if ((days & (1U << day)) == 0)
			continue;
		for (int i = 0; i < hours->count; i++)
		{
			if (!add_hours(&week[day], hours->hours[i]))
				return fail_at(parser, begin, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
							   psprintf("%s has more hours than the limit of %d", day_names[day],
										MAX_HOURS_A_DAY),
							   NULL);
		}
	}
	return true;
}

/* Reads "closed", or items of days and hours with commas between. */
static bool
read_week(ScheduleParser *parser, DayHours *week)
{
	uint32 open_days = 0;
	uint32 closed_days = 0;

	memset(week, 0, sizeof(DayHours) * DAYS_A_WEEK);
	if (same_word(parser->token, "closed"))
	{
		next_token(parser);
		return true;
	}
	for (;;)
	{
		const char *begin = parser->token.bytes;
		uint32 days = 0;
		DayHours hours;

		while (parse_days(parser->token, &days))
			next_token(parser);
		if (days == 0)
			return fail(parser, psprintf("expected a day, found %s", shown(parser->token)),
						DAYS_HINT);
		/* what begins as no hours do was meant to be a day */
		if (!at_item_end(parser) && !is_digit(*parser->token.bytes) &&
			!same_word(parser->token, "closed"))
			return fail(parser, psprintf("%s is neither a day nor hours", shown(parser->token)),
						DAYS_HINT);
		if (!read_hours(parser, &hours) || !add_item(parser, begin, week, days, &hours))
			return false;
		if (hours.count > 0)
			open_days |= days;
		else
			closed_days |= days;
		for (int day = 0; day < DAYS_A_WEEK; day++)
		{
			if ((open_days & closed_days & (1U << day)) != 0)
				return fail_at(parser, begin, ERRCODE_INVALID_TEXT_REPRESENTATION,
							   psprintf("%s has hours and is closed", day_names[day]), NULL);
		}
		if (!at_mark(parser, ','))
			return true;
		next_token(parser);
	}
}

/* Whether a token has the characters of a zone's name, and none that only a POSIX zone can have. */
static bool
is_zone_name(TextSlice token)
{
	if (token.length == 0 || token.length > TZ_STRLEN_MAX)
		return false;
	for (uint32 i = 0; i < token.length; i++)
	{
		char c = token.bytes[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || (!is_digit(c) && strchr("/_+-", c) == NULL)))
			return false;
	}
	return true;
}

/*
 * Whether a canonical name can only be that of a file of the database: what is
 * not found there is tried as a POSIX zone, which has a digit, and comes back
 * in upper case.
 */
static bool
is_from_database(const char *name)
{
	bool digit = false;

	for (; *name != '\0'; name++)
	{
		if (*name >= 'a' && *name <= 'z')
			return true;
		digit = digit || is_digit(*name);
	}
	return !digit;
}

/* Reads the name of a time zone. */
static bool
read_zone(ScheduleParser *parser, ScheduleVersion *version)
{
	TextSlice token = parser->token;
	uint32 days = 0;

	if (at_item_end(parser) || parse_days(token, &days) || same_word(token, "closed"))
		return fail(parser, psprintf("expected the name of a time zone, found %s", shown(token)),
					"A schedule begins with one, as in \"Europe/Berlin mon-fri 09:00-17:00\".");
	version->zone = NULL;
	if (is_zone_name(token))
		version->zone = pg_tzset(pnstrdup(token.bytes, token.length));
	/* which zone those two are depends on the machine */
	if (version->zone == NULL || same_word(token, "localtime") || same_word(token, "posixrules"))
		return fail(parser, psprintf("time zone %s is not known", shown(token)), ZONE_HINT);
	version->zone_name = pstrdup(pg_get_timezone_name(version->zone));
	if (!is_from_database(version->zone_name))
		return fail(parser, psprintf("time zone %s is not the name of a place", shown(token)),
					"A POSIX zone or an offset knows no rules of a place. " ZONE_HINT);
	if (!pg_tz_acceptable(version->zone))
		return fail(parser, psprintf("time zone %s has leap seconds", shown(token)), ZONE_HINT);
	next_token(parser);
	return true;
}

/* Whether one more entry is allowed; makes room for it where entries is full. */
static bool
make_room(ScheduleParser *parser, void **entries, uint32 count, Size size)
{
	Schedule *schedule = parser->schedule;

	if (schedule->version_count + schedule->exception_count == MAX_SCHEDULE_ENTRIES)
		return fail_at(parser, parser->token.bytes, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					   psprintf("it has more entries than the limit of %d", MAX_SCHEDULE_ENTRIES),
					   NULL);
	if (count == 0)
		*entries = palloc(size);
	else if ((count & (count - 1)) == 0)
		*entries = repalloc(*entries, size * count * 2);
	return true;
}

/* Reads "from DATE [zone] week" behind its first word, or the first entry, which has none of these. */
static bool
read_version(ScheduleParser *parser, bool first)
{
	Schedule *schedule = parser->schedule;
	ScheduleVersion *version;
	uint32 days = 0;

	if (!make_room(parser, (void **) &schedule->versions, schedule->version_count,
				   sizeof(ScheduleVersion)))
		return false;
	version = &schedule->versions[schedule->version_count];
	version->from = PG_INT32_MIN;
	if (!first)
	{
		const char *begin = parser->token.bytes;

		if (!read_dates(parser, &version->from, NULL))
			return false;
		if (version->from <= version[-1].from)
			return fail_at(
				parser, begin, ERRCODE_INVALID_TEXT_REPRESENTATION,
				psprintf("the version from \"%.10s\" is not later than the one before", begin),
				"Versions stand in the order of their dates.");
	}
	if (!first &&
		(at_item_end(parser) || parse_days(parser->token, &days) ||
		 same_word(parser->token, "closed")))
	{
		version->zone = version[-1].zone;
		version->zone_name = version[-1].zone_name;
	}
	else if (!read_zone(parser, version))
		return false;
	if (!read_week(parser, version->week))
		return false;
	schedule->version_count++;
	return true;
}

/* Reads "DATE hours" or "DATE..DATE hours". */
static bool
read_exception(ScheduleParser *parser)
{
	Schedule *schedule = parser->schedule;
	ScheduleException *exception;

	if (at_item_end(parser) || !is_digit(*parser->token.bytes))
		return fail(parser, psprintf("expected a date or \"from\", found %s", shown(parser->token)),
					ENTRY_HINT);
	if (!make_room(parser, (void **) &schedule->exceptions, schedule->exception_count,
				   sizeof(ScheduleException)))
		return false;
	exception = &schedule->exceptions[schedule->exception_count];
	exception->at = parser->token.bytes;
	if (!read_dates(parser, &exception->first, &exception->last) ||
		!read_hours(parser, &exception->hours))
		return false;
	schedule->exception_count++;
	return true;
}

static bool
same_hours(const DayHours *a, const DayHours *b)
{
	return a->count == b->count &&
		memcmp(a->hours, b->hours, sizeof(OpenHours) * (Size) a->count) == 0;
}

static int
compare_exceptions(const void *a, const void *b)
{
	int32 first_a = ((const ScheduleException *) a)->first;
	int32 first_b = ((const ScheduleException *) b)->first;

	return (first_a > first_b) - (first_a < first_b);
}

static const char *
date_text(int32 date)
{
	int year;
	int month;
	int day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

/* Brings the exceptions in order and joins neighbours with the same hours; false where one date has two. */
static bool
order_exceptions(ScheduleParser *parser)
{
	Schedule *schedule = parser->schedule;
	ScheduleException *kept = schedule->exceptions;

	if (schedule->exception_count == 0)
		return true;
	qsort(schedule->exceptions, schedule->exception_count, sizeof(ScheduleException),
		  compare_exceptions);
	for (uint32 i = 1; i < schedule->exception_count; i++)
	{
		ScheduleException *next = &schedule->exceptions[i];

		if (next->first <= kept->last)
			return fail_at(parser, Max(kept->at, next->at), ERRCODE_INVALID_TEXT_REPRESENTATION,
						   psprintf("%s has two exceptions", date_text(next->first)), NULL);
		if (next->first == kept->last + 1 && same_hours(&next->hours, &kept->hours))
			kept->last = next->last;
		else
			*++kept = *next;
	}
	schedule->exception_count = (uint32) (kept - schedule->exceptions) + 1;
	return true;
}

bool
schedule_read(const char *text, Size length, Schedule *schedule, PatternError *error)
{
	ScheduleParser parser = {
		.text = text, .end = text + length, .schedule = schedule, .error = error};

	memset(schedule, 0, sizeof(Schedule));
	if (length > MAX_SCHEDULE_BYTES)
	{
		return pattern_fail(
			error, ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0,
			psprintf("it has %zu bytes, the limit is %d", length, MAX_SCHEDULE_BYTES), NULL);
	}
	read_token(&parser, text);
	if (!read_version(&parser, true))
		return false;
	while (at_mark(&parser, ';'))
	{
		CHECK_FOR_INTERRUPTS();
		next_token(&parser);
		if (same_word(parser.token, "from"))
		{
			next_token(&parser);
			if (!read_version(&parser, false))
				return false;
		}
		else if (!read_exception(&parser))
			return false;
	}
	if (!at_mark(&parser, '\0'))
		return fail(&parser,
					psprintf("expected a semicolon or the end, found %s", shown(parser.token)),
					ENTRY_HINT);
	return order_exceptions(&parser);
}

/*
 * The canonical text
 */

/* Appends hours of a day at most; those behind others with a blank before. */
static void
print_span(StringInfo out, bool first, int32 open, int32 close)
{
	if (!first)
		appendStringInfoChar(out, ' ');
	if (close > MINUTES_A_DAY)
		close -= MINUTES_A_DAY;
	appendStringInfo(out, "%02d:%02d-%02d:%02d", open / 60, open % 60, close / 60, close % 60);
}

/* Appends the hours of a day; those longer than one as two that overlap. */
static void
print_hours(StringInfo out, const DayHours *day)
{
	if (day->count == 0)
		appendStringInfoString(out, "closed");
	for (int i = 0; i < day->count; i++)
	{
		int32 open = day->hours[i].open;
		int32 close = day->hours[i].close;
		bool two = close - open > MINUTES_A_DAY;

		print_span(out, i == 0, open, two ? open + MINUTES_A_DAY : close);
		if (two)
			print_span(out, false, close - MINUTES_A_DAY, close);
	}
}

/* Appends a set of days as ranges. */
static void
print_days(StringInfo out, uint32 days)
{
	for (int first = 0; first < DAYS_A_WEEK; first++)
	{
		int last = first;

		if ((days & (1U << first)) == 0)
			continue;
		while (last + 1 < DAYS_A_WEEK && (days & (1U << (last + 1))) != 0)
			last++;
		appendStringInfoString(out, day_names[first]);
		if (last > first)
			appendStringInfo(out, "-%s", day_names[last]);
		appendStringInfoChar(out, ' ');
		first = last;
	}
}

/* Appends the weekly hours: one item for all days that have the same. */
static void
print_week(StringInfo out, const DayHours *week)
{
	uint32 done = 0;
	const char *between = "";

	for (int day = 0; day < DAYS_A_WEEK; day++)
	{
		uint32 days = 0;

		if ((done & (1U << day)) != 0 || week[day].count == 0)
			continue;
		for (int other = day; other < DAYS_A_WEEK; other++)
		{
			if (same_hours(&week[day], &week[other]))
				days |= 1U << other;
		}
		appendStringInfoString(out, between);
		print_days(out, days);
		print_hours(out, &week[day]);
		between = ", ";
		done |= days;
	}
	if (done == 0)
		appendStringInfoString(out, "closed");
}

/* Appends a version; its zone only where it is another one than before. */
static void
print_version(StringInfo out, const ScheduleVersion *version, const ScheduleVersion *before)
{
	if (before != NULL)
		appendStringInfo(out, "; from %s ", date_text(version->from));
	if (before == NULL || strcmp(version->zone_name, before->zone_name) != 0)
		appendStringInfo(out, "%s ", version->zone_name);
	print_week(out, version->week);
}

void
schedule_print(StringInfo out, const Schedule *schedule)
{
	uint32 version = 1;

	print_version(out, schedule->versions, NULL);
	for (uint32 i = 0; i <= schedule->exception_count; i++)
	{
		const ScheduleException *exception = i < schedule->exception_count ?
			&schedule->exceptions[i] :
			NULL;

		for (; version < schedule->version_count &&
			 (exception == NULL || schedule->versions[version].from <= exception->first);
			 version++)
			print_version(out, &schedule->versions[version], &schedule->versions[version - 1]);
		if (exception == NULL)
			break;
		appendStringInfo(out, "; %s", date_text(exception->first));
		if (exception->last > exception->first)
			appendStringInfo(out, "..%s", date_text(exception->last));
		appendStringInfoChar(out, ' ');
		print_hours(out, &exception->hours);
	}
}
