/*
 * display.c
 *		Numbers, times, plurals, lists and texts as a reader expects them, by ICU.
 *
 * The only file that formats through ICU.  Whatever is opened is kept in a
 * Display, which a memory context closes when it ends: so nothing is left open
 * by an error, and each formatter is opened once at most, and not before it is
 * needed.  ICU keeps what it has loaded of a locale, so opening takes it some
 * microseconds.
 */
#include "postgres.h"

#include <math.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/ulistformatter.h>
#include <unicode/uloc.h>
#include <unicode/unum.h>
#include <unicode/upluralrules.h>
#include <unicode/ureldatefmt.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "views/display.h"

/* UTF-16 units that most results fit into */
#define USUAL_UNITS 128

/* UTF-16 units of one character, as people count them, that are shown */
#define MAX_CHARACTER_UNITS 8

#define REPLACEMENT_CHARACTER 0xFFFD
#define ELLIPSIS 0x2026
#define FIRST_STRONG_ISOLATE 0x2068
#define POP_DIRECTIONAL_ISOLATE 0x2069

struct Display
{
	char locale[2 * MAX_LOCALE_BYTES];
	bool right_to_left;
	MemoryContextCallback callback;
	UNumberFormat *numbers;
	UPluralRules *plurals;
	URelativeDateTimeFormatter *times;
	UListFormatter *lists;
	UBreakIterator *characters;
};

/* Raises what ICU says is wrong. */
static void
check_icu(UErrorCode status)
{
	if (U_SUCCESS(status))
		return;
	if (status == U_MEMORY_ALLOCATION_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed in the ICU library.")));
	ereport(ERROR,
			(errcode(ERRCODE_EXTERNAL_ROUTINE_EXCEPTION),
			 errmsg("the ICU library failed: %s", u_errorName(status))));
}

/*
 * Locales
 */

static inline bool
is_ascii_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * What follows "." or "@" is what the operating system says of the encoding, and
 * goes; so setting lc_messages can be given as it is.
 */
bool
parse_locale(const char *text, Size length, LocaleName *locale)
{
	UErrorCode status = U_ZERO_ERROR;
	char tag[MAX_LOCALE_BYTES + 1];
	Size end = 0;
	int32_t parsed = 0;

	if (length > MAX_LOCALE_BYTES)
		return false;
	while (end < length && text[end] != '.' && text[end] != '@')
	{
		if (!is_ascii_alphanumeric(text[end]) && text[end] != '-' && text[end] != '_')
			return false;
		tag[end] = text[end] == '_' ? '-' : text[end];
		end++;
	}
	for (Size i = end; i < length; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	if (end == 0)
		return false;
	tag[end] = '\0';
	if (strcmp(tag, "C") == 0 || strcmp(tag, "POSIX") == 0)
		strcpy(tag, "en");
	uloc_forLanguageTag(tag, locale->name, sizeof(locale->name), &parsed, &status);
	if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING ||
		parsed != (int32_t) strlen(tag))
		return false;
	uloc_getLanguage(locale->name, locale->language, sizeof(locale->language), &status);
	uloc_getScript(locale->name, locale->script, sizeof(locale->script), &status);
	return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

/* A language that ICU lacks would get the one of the operating system's user. */
bool
language_is_available(const LocaleName *locale)
{
	const Size length = strlen(locale->language);
	int32_t count = uloc_countAvailable();

	for (int32_t i = 0; i < count && length > 0; i++)
	{
		const char *name = uloc_getAvailable(i);

		if (strncmp(name, locale->language, length) == 0 &&
			(name[length] == '\0' || name[length] == '_'))
			return true;
	}
	return false;
}

/*
 * What is open
 */

static void
close_display(void *argument)
{
	Display *display = argument;

	if (display->numbers != NULL)
		unum_close(display->numbers);
	if (display->plurals != NULL)
		uplrules_close(display->plurals);
	if (display->times != NULL)
		ureldatefmt_close(display->times);
	if (display->lists != NULL)
		ulistfmt_close(display->lists);
	if (display->characters != NULL)
		ubrk_close(display->characters);
}

Display *
display_open(MemoryContext context, const char *locale, bool right_to_left)
{
	Display *display = MemoryContextAllocZero(context, sizeof(Display));

	strlcpy(display->locale, locale, sizeof(display->locale));
	display->right_to_left = right_to_left;
	display->callback.func = close_display;
	display->callback.arg = display;
	MemoryContextRegisterResetCallback(context, &display->callback);
	return display;
}

/*
 * Between UTF-8 and ICU's UTF-16
 */

static char *
utf8_of(const UChar *units, int32_t count)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room;
	int32_t length = 0;
	char *text;

	if (count > (int32_t) (MaxAllocSize / 3) - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text of %d characters is too long to be shown", count)));
	room = count * 3 + 1; /* a unit takes three bytes at most, a pair of them four */
	text = palloc((Size) room);
	u_strToUTF8WithSub(text, room, &length, units, count, REPLACEMENT_CHARACTER, NULL, &status);
	check_icu(status);
	return text;
}

/* Room for the units of a text in UTF-8, filled. */
static UChar *
utf16_of(const char *text, int32_t *count)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t room = (int32_t) strlen(text) + 1;
	UChar *units = palloc_extended(sizeof(UChar) * (Size) room, MCXT_ALLOC_HUGE);

	u_strFromUTF8WithSub(units, room, count, text, room - 1, REPLACEMENT_CHARACTER, NULL, &status);
	check_icu(status);
	return units;
}

/* What a function of ICU writes, when it is given room. */
typedef int32_t (*Writer)(Display *display, const void *what, UChar *units, int32_t room,
						  UErrorCode *status);

/* Its text, with as much room as it turns out to need. */
static char *
written(Display *display, Writer writer, const void *what)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar usual[USUAL_UNITS];
	UChar *units = usual;
	int32_t count = writer(display, what, usual, USUAL_UNITS, &status);

	if (status == U_BUFFER_OVERFLOW_ERROR)
	{
		int32_t room = count + 1;

		status = U_ZERO_ERROR;
		units = palloc_extended(sizeof(UChar) * (Size) room, MCXT_ALLOC_HUGE);
		count = writer(display, what, units, room, &status);
	}
	check_icu(status);
	return utf8_of(units, count);
}

/*
 * Numbers and plurals
 */

static int32_t
write_number(Display *display, const void *what, UChar *units, int32_t room, UErrorCode *status)
{
	return unum_formatDouble(display->numbers, *(const double *) what, units, room, NULL, status);
}

char *
display_number(Display *display, double number)
{
	if (display->numbers == NULL)
	{
		UErrorCode status = U_ZERO_ERROR;

		display->numbers = unum_open(UNUM_DECIMAL, NULL, 0, display->locale, NULL, &status);
		check_icu(status);
		unum_setAttribute(display->numbers, UNUM_MAX_FRACTION_DIGITS, 2);
#if U_ICU_VERSION_MAJOR_NUM >= 68
		/* four digits are grouped only where the language does so */
		unum_setAttribute(display->numbers, UNUM_MINIMUM_GROUPING_DIGITS,
						  UNUM_MINIMUM_GROUPING_DIGITS_AUTO);
#endif
	}
	if (fabs(number) < 0.005)
		number = 0; /* not -0 */
	return written(display, write_number, &number);
}

PluralForm
display_plural(Display *display, double number)
{
	static const char *const names[PLURAL_FORMS] = {"zero", "one", "two", "few", "many", "other"};
	UErrorCode status = U_ZERO_ERROR;
	UChar form[16];
	char name[lengthof(form) + 1];
	int32_t length;

	if (display->plurals == NULL)
	{
		display->plurals = uplrules_open(display->locale, &status);
		check_icu(status);
	}
	length = uplrules_select(display->plurals, number, form, lengthof(form), &status);
	check_icu(status);
	u_UCharsToChars(form, name, length);
	name[length] = '\0';
	for (int i = 0; i < PLURAL_OTHER; i++)
		if (strcmp(name, names[i]) == 0)
			return (PluralForm) i;
	return PLURAL_OTHER;
}

/*
 * Times
 */

/* What has passed of a day in UTC. */
static inline int64
time_of_day(TimestampTz time)
{
	int64 passed = time % USECS_PER_DAY;

	return passed < 0 ? passed + USECS_PER_DAY : passed;
}

/* Whole months of the calendar, in UTC, from one time to a later one. */
static int64
months_between(TimestampTz earlier, TimestampTz later)
{
	struct pg_tm from;
	struct pg_tm to;
	fsec_t fraction;
	int64 months;

	if (timestamp2tm(earlier, NULL, &from, &fraction, NULL, NULL) != 0 ||
		timestamp2tm(later, NULL, &to, &fraction, NULL, NULL) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	months = (int64) (to.tm_year - from.tm_year) * MONTHS_PER_YEAR + to.tm_mon - from.tm_mon;
	if (to.tm_mday < from.tm_mday ||
		(to.tm_mday == from.tm_mday && time_of_day(later) < time_of_day(earlier)))
		months--;
	return months;
}

typedef struct Distance
{
	URelativeDateTimeUnit unit;
	double count; /* negative in the past */
} Distance;

/*
 * How far a time is away: whole units of the largest of which there are two, so
 * that what is cut off is less than a third of the whole; minutes from one on.
 */
static Distance
distance_between(TimestampTz at, TimestampTz as_of)
{
	static const struct
	{
		URelativeDateTimeUnit unit;
		uint64 length;
	} units[] = {
		{UDAT_REL_UNIT_WEEK, 7 * USECS_PER_DAY},
		{UDAT_REL_UNIT_DAY, USECS_PER_DAY},
		{UDAT_REL_UNIT_HOUR, USECS_PER_HOUR},
	};
	Distance distance = {UDAT_REL_UNIT_MINUTE, 0};
	TimestampTz earlier = Min(at, as_of);
	TimestampTz later = Max(at, as_of);
	uint64 length = (uint64) later - (uint64) earlier; /* may take all 64 bits */
	int64 months = length >= 59 * (uint64) USECS_PER_DAY ? months_between(earlier, later) : 0;

	if (months >= 2)
	{
		distance.unit = months >= 2 * MONTHS_PER_YEAR ? UDAT_REL_UNIT_YEAR : UDAT_REL_UNIT_MONTH;
		distance.count = (double) (months >= 2 * MONTHS_PER_YEAR ? months / MONTHS_PER_YEAR :
																   months);
	}
	else
	{
		distance.count = (double) (length / USECS_PER_MINUTE);
		for (Size i = 0; i < lengthof(units); i++)
			if (length >= 2 * units[i].length)
			{
				distance.unit = units[i].unit;
				distance.count = (double) (length / units[i].length);
				break;
			}
	}
	if (at <= as_of)
		distance.count = -distance.count;
	return distance;
}

static int32_t
write_time(Display *display, const void *what, UChar *units, int32_t room, UErrorCode *status)
{
	const Distance *distance = what;

	if (distance->count == 0) /* "now" */
		return ureldatefmt_format(display->times, 0, UDAT_REL_UNIT_SECOND, units, room, status);
	return ureldatefmt_formatNumeric(display->times, distance->count, distance->unit, units, room,
									 status);
}

char *
display_time(Display *display, TimestampTz at, TimestampTz as_of)
{
	Distance distance = distance_between(at, as_of);

	if (display->times == NULL)
	{
		UErrorCode status = U_ZERO_ERROR;

		display->times = ureldatefmt_open(display->locale, NULL, UDAT_STYLE_LONG,
										  UDISPCTX_CAPITALIZATION_NONE, &status);
		check_icu(status);
	}
	return written(display, write_time, &distance);
}

/*
 * Lists and names
 */

typedef struct Items
{
	const UChar *const *units;
	const int32_t *counts;
	int32_t count;
} Items;

static int32_t
write_list(Display *display, const void *what, UChar *units, int32_t room, UErrorCode *status)
{
	const Items *items = what;

	return ulistfmt_format(display->lists, items->units, items->counts, items->count, units, room,
						   status);
}

char *
display_list(Display *display, const char *const *items, int count)
{
	UChar **units = palloc(sizeof(UChar *) * (Size) Max(count, 1));
	int32_t *counts = palloc(sizeof(int32_t) * (Size) Max(count, 1));
	Items list = {(const UChar *const *) units, counts, count};

	if (count == 0)
		return pstrdup("");
	if (display->lists == NULL)
	{
		UErrorCode status = U_ZERO_ERROR;

		display->lists = ulistfmt_open(display->locale, &status);
		check_icu(status);
	}
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		units[i] = utf16_of(items[i], &counts[i]);
	}
	return written(display, write_list, &list);
}

static int32_t
write_language(Display *display, const void *what, UChar *units, int32_t room, UErrorCode *status)
{
	return uloc_getDisplayName(what, display->locale, units, room, status);
}

char *
display_language(Display *display, const char *tag, Size length)
{
	LocaleName locale;

	if (!parse_locale(tag, length, &locale) || !language_is_available(&locale))
		return NULL;
	return written(display, write_language, locale.name);
}

/*
 * Texts from the data
 */

/* One that changes the direction of what follows it, and is not seen. */
static inline bool
is_direction_control(UChar32 character)
{
	return (character >= 0x202A && character <= 0x202E) ||
		(character >= 0x2066 && character <= 0x2069);
}

static inline bool
is_right_to_left(UChar32 character)
{
	UCharDirection direction;

	if (character < 0x590)
		return false;
	direction = u_charDirection(character);
	return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
}

/*
 * Where to end a text so that it has no more characters than the limit: between
 * two of them, unless a single one is made of more than is to be seen.
 */
static int32_t
cut_between_characters(Display *display, const UChar *units, int32_t count, int limit)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t most = Min(count, limit * MAX_CHARACTER_UNITS);
	int32_t end = 0;

	if (display->characters == NULL)
		display->characters = ubrk_open(UBRK_CHARACTER, "", units, count, &status);
	else
		ubrk_setText(display->characters, units, count, &status);
	check_icu(status);
	for (int i = 0; i < limit; i++)
	{
		int32_t next = ubrk_next(display->characters);

		if (next == UBRK_DONE || next > most)
			break;
		end = next;
	}
	if (end == 0)
	{
		end = most;
		U16_SET_CP_START(units, 0, end);
	}
	return end;
}

/*
 * Blanks, line ends and controls become one blank, none at the ends; what turns
 * directions goes.  Where the text may run against its surroundings, it is
 * isolated from them.
 */
char *
display_text(Display *display, const char *text, Size length, int limit)
{
	UChar units[MAX_TEXT_BYTES + 3]; /* a byte makes a unit at most; what is put around it */
	int32_t end = (int32_t) Min(length, MAX_TEXT_BYTES);
	int32_t count = 1; /* after the place for an isolate */
	bool isolated = display->right_to_left;
	bool blank = false;
	bool cut = length > MAX_TEXT_BYTES;

	if (cut)
		U8_TRUNCATE_IF_INCOMPLETE(text, 0, end);
	for (int32_t at = 0; at < end;)
	{
		UChar32 character;

		U8_NEXT(text, at, end, character);
		if (character < 0)
			character = REPLACEMENT_CHARACTER;
		if (is_direction_control(character))
			continue;
		if (character <= ' ' ||
			(character >= 0x7F &&
			 (u_isUWhiteSpace(character) || u_charType(character) == U_CONTROL_CHAR)))
		{
			blank = count > 1;
			continue;
		}
		if (blank)
			units[count++] = ' ';
		blank = false;
		isolated |= is_right_to_left(character);
		U16_APPEND_UNSAFE(units, count, character);
	}
	if (count == 1)
		return NULL;
	if (count - 1 > limit)
	{
		int32_t kept = cut_between_characters(display, units + 1, count - 1, limit);

		cut |= kept < count - 1;
		count = kept + 1;
		if (units[count - 1] == ' ')
			count--;
	}
	if (cut)
		units[count++] = ELLIPSIS;
	if (!isolated)
		return utf8_of(units + 1, count - 1);
	units[0] = FIRST_STRONG_ISOLATE;
	units[count++] = POP_DIRECTIONAL_ISOLATE;
	return utf8_of(units, count);
}
