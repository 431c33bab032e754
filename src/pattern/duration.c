/*
 * duration.c
 *		Lengths of time: reading, printing, comparing.
 *
 * A duration has months, days and microseconds, as an interval, but nothing is
 * rounded: 1.5 hours are 90 minutes, half a month is an error.  A part may be
 * negative, the sum may not: 2 hours -30 minutes.  Months, days and hours have no
 * fixed length in each other, so each of the three is a sum of its own.
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "pattern/lexer.h"

/* More digits behind the point than this are never a whole number of microseconds. */
#define MAX_SCALE 18

typedef struct Unit
{
	const char *name;
	bool has_plural;
	int32 months; /* one of the three is not zero */
	int32 days;
	int64 time;
} Unit;

static const Unit units[] = {
	{"microsecond", true, 0, 0, 1},
	{"us", false, 0, 0, 1},
	{"millisecond", true, 0, 0, 1000},
	{"ms", false, 0, 0, 1000},
	{"second", true, 0, 0, USECS_PER_SEC},
	{"s", false, 0, 0, USECS_PER_SEC},
	{"minute", true, 0, 0, USECS_PER_MINUTE},
	{"min", false, 0, 0, USECS_PER_MINUTE},
	{"hour", true, 0, 0, USECS_PER_HOUR},
	{"h", false, 0, 0, USECS_PER_HOUR},
	{"day", true, 0, 1, 0},
	{"d", false, 0, 1, 0},
	{"week", true, 0, 7, 0},
	{"w", false, 0, 7, 0},
	{"month", true, 1, 0, 0},
	{"mon", false, 1, 0, 0},
	{"year", true, 12, 0, 0},
	{"y", false, 12, 0, 0},
};

/* A decimal number: whole + fraction / 10^scale, the last digit of fraction not 0. */
typedef struct Decimal
{
	uint64 whole;
	uint64 fraction;
	int scale;
	bool negative; /* and not zero */
	bool too_large;
	bool too_fine; /* more than MAX_SCALE digits behind the point */
} Decimal;

static uint64
ten_to_the(int power)
{
	uint64 result = 1;

	for (; power > 0; power--)
		result *= 10;
	return result;
}

/* The exponent of a number, whose letter e stands at some place or its end; held within int32. */
static int64
read_exponent(const char *at, const char *end)
{
	int64 exponent = 0;
	bool negative;

	if (at == end)
		return 0;
	at++;
	negative = *at == '-';
	if (*at == '-' || *at == '+')
		at++;
	for (; at < end; at++)
		exponent = Min(exponent * 10 + (*at - '0'), PG_INT32_MAX);
	return negative ? -exponent : exponent;
}

/* Counts a digit that is not 0 and is worth digit * 10^power. */
static void
add_digit(Decimal *decimal, int digit, int64 power)
{
	if (power > MAX_SCALE)
		decimal->too_large = true;
	else if (power >= 0)
		decimal->whole += (uint64) digit * ten_to_the((int) power);
	else if (-power > MAX_SCALE)
		decimal->too_fine = true;
	else
	{
		decimal->fraction *= ten_to_the((int) -power - decimal->scale);
		decimal->fraction += (uint64) digit;
		decimal->scale = (int) -power;
	}
}

/* Reads what the lexer has found to be a number; O(its length). */
static Decimal
read_decimal(TextSlice number)
{
	const char *at = number.bytes;
	const char *end = at + number.length;
	const char *mantissa_end = at;
	Decimal decimal = {0};
	bool negative = *at == '-';
	int64 power;

	while (mantissa_end < end && *mantissa_end != 'e' && *mantissa_end != 'E')
		mantissa_end++;
	if (*at == '-' || *at == '+')
		at++;
	power = read_exponent(mantissa_end, end);
	for (const char *digit = at; digit < mantissa_end && *digit != '.'; digit++)
		power++;
	for (; at < mantissa_end; at++)
	{
		if (*at == '.')
			continue;
		power--;
		if (*at == '0')
			continue;
		decimal.negative = negative;
		add_digit(&decimal, *at - '0', power);
	}
	return decimal;
}

/* Finds a unit by its name, in any case; NULL if there is none. */
static const Unit *
find_unit(TextSlice name)
{
	TextSlice singular = name;

	if (name.length > 0)
		singular.length--;
	for (Size i = 0; i < lengthof(units); i++)
	{
		if (same_word(name, units[i].name))
			return &units[i];
		if (units[i].has_plural && same_word(singular, units[i].name) &&
			(name.bytes[singular.length] == 's' || name.bytes[singular.length] == 'S'))
			return &units[i];
	}
	return NULL;
}

static uint64
greatest_common_divisor(uint64 a, uint64 b)
{
	while (b != 0)
	{
		uint64 rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The fraction of some whole amount; false if it is not whole.  It is less than the amount. */
static bool
fraction_of(const Decimal *decimal, int64 amount, int64 *result)
{
	uint64 divisor = ten_to_the(decimal->scale);
	uint64 common = greatest_common_divisor((uint64) amount, divisor);

	divisor /= common;
	if (decimal->too_fine || decimal->fraction % divisor != 0)
		return false;
	*result = (int64) (decimal->fraction / divisor * ((uint64) amount / common));
	return true;
}

/* sum + or - (whole * amount + part), if it lies within -most .. most. */
static bool
add_amount(int64 *sum, bool negative, uint64 whole, int64 amount, int64 part, int64 most)
{
	int64 product;

	if (whole > (uint64) most || __builtin_mul_overflow((int64) whole, amount, &product) ||
		__builtin_add_overflow(product, part, &product) ||
		__builtin_add_overflow(*sum, negative ? -product : product, sum))
		return false;
	return *sum <= most && *sum >= -most;
}

DurationStatus
duration_add(Duration *duration, TextSlice number, TextSlice unit_name)
{
	const Unit *unit = find_unit(unit_name);
	Decimal decimal = read_decimal(number);
	int64 months = duration->months;
	int64 days = duration->days;
	int64 part = 0;
	bool fits;

	if (unit == NULL)
		return DURATION_NO_UNIT;
	if (decimal.too_large)
		return DURATION_TOO_LONG;
	if (unit->months > 0)
	{
		if (!fraction_of(&decimal, unit->months, &part))
			return DURATION_INEXACT;
		fits = add_amount(&months, decimal.negative, decimal.whole, unit->months, part,
						  PG_INT32_MAX);
	}
	else if (unit->days > 0)
	{
		if (!fraction_of(&decimal, unit->days * USECS_PER_DAY, &part))
			return DURATION_INEXACT;
		fits = add_amount(&days, decimal.negative, decimal.whole, unit->days, part / USECS_PER_DAY,
						  PG_INT32_MAX) &&
			add_amount(&duration->time, decimal.negative, 0, 0, part % USECS_PER_DAY, PG_INT64_MAX);
	}
	else
	{
		if (!fraction_of(&decimal, unit->time, &part))
			return DURATION_INEXACT;
		fits = add_amount(&duration->time, decimal.negative, decimal.whole, unit->time, part,
						  PG_INT64_MAX);
	}
	if (!fits)
		return DURATION_TOO_LONG;
	duration->months = (int32) months;
	duration->days = (int32) days;
	return DURATION_OK;
}

DurationStatus
duration_finish(const Duration *duration)
{
	if (duration->months >= 0 && duration->days >= 0 && duration->time >= 0)
		return DURATION_OK;
	return duration->months > 0 || duration->days > 0 || duration->time > 0 ? DURATION_MIXED :
																			  DURATION_NEGATIVE;
}

bool
is_month_unit(TextSlice unit)
{
	const Unit *found = find_unit(unit);

	return found != NULL && found->months > 0;
}

/* As intervals compare: a month has 30 days, a day 24 hours. */
int
compare_durations(const Duration *a, const Duration *b)
{
	int64 a_days = (int64) a->months * 30 + a->days + a->time / USECS_PER_DAY;
	int64 b_days = (int64) b->months * 30 + b->days + b->time / USECS_PER_DAY;
	int64 a_rest = a->time % USECS_PER_DAY;
	int64 b_rest = b->time % USECS_PER_DAY;

	if (a_days != b_days)
		return a_days < b_days ? -1 : 1;
	return a_rest < b_rest ? -1 : a_rest > b_rest ? 1 : 0;
}

/* Appends "3 hours" and a blank before it if something stands before; nothing if there are none. */
static void
print_amount(StringInfo out, int begin, int64 amount, const char *unit)
{
	if (amount == 0)
		return;
	appendStringInfo(out, "%s" INT64_FORMAT " %s%s", out->len > begin ? " " : "", amount, unit,
					 amount == 1 ? "" : "s");
}

/* Seconds with a fraction, or where it is less than one, a smaller unit. */
static void
print_seconds(StringInfo out, int begin, int64 time)
{
	int64 seconds = time / USECS_PER_SEC;
	int fraction = (int) (time % USECS_PER_SEC);
	int digits = 6;

	if (fraction == 0)
		print_amount(out, begin, seconds, "second");
	else if (seconds == 0 && fraction % 1000 == 0)
		print_amount(out, begin, fraction / 1000, "millisecond");
	else if (seconds == 0)
		print_amount(out, begin, fraction, "microsecond");
	else
	{
		for (; fraction % 10 == 0; fraction /= 10)
			digits--;
		appendStringInfo(out, "%s" INT64_FORMAT ".%0*d seconds", out->len > begin ? " " : "",
						 seconds, digits, fraction);
	}
}

/* Days stay days, and hours hours: 48 hours are not 2 days where a clock is changed. */
void
print_duration(StringInfo out, const Duration *duration)
{
	int begin = out->len;

	print_amount(out, begin, duration->months / 12, "year");
	print_amount(out, begin, duration->months % 12, "month");
	print_amount(out, begin, duration->days, "day");
	print_amount(out, begin, duration->time / USECS_PER_HOUR, "hour");
	print_amount(out, begin, duration->time / USECS_PER_MINUTE % 60, "minute");
	print_seconds(out, begin, duration->time % USECS_PER_MINUTE);
	if (out->len == begin)
		appendStringInfoString(out, "0 seconds");
}
