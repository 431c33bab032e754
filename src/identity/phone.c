/*
 * phone.c
 *		Telephone numbers: +, country code and number, in digits (ITU-T E.164).
 *
 * A number with a + is understood here, and never in another way because there
 * is a module.  A national one needs a region and the plan of that region, which
 * the optional module crm_timeline_phone knows.
 */
#include "postgres.h"

#include "identity/identity.h"
#include "identity/phone.h"

/* fewer digits than these, the country code included, are nobody's of one's own */
#define MIN_PHONE_DIGITS 7

/*
 * Country codes that are assigned: the first three digits, in ranges.  From the
 * list of ITU-T Recommendation E.164 assigned country codes (Complement to E.164,
 * Operational Bulletin 1114, 15 December 2016), of which every code is assigned
 * that is neither spare nor reserved for a purpose yet to be named.
 */
static const struct
{
	uint16 first;
	uint16 last;
} assigned_codes[] = {
	{100, 209}, /* 1 North America and the Caribbean; 20 Egypt */
	{211, 213}, /* South Sudan, Morocco, Algeria */
	{216, 216}, /* Tunisia */
	{218, 218}, /* Libya */
	{220, 258}, /* Gambia to Mozambique */
	{260, 279}, /* 260 Zambia to 269 Comoros, 27 South Africa */
	{290, 291}, /* Saint Helena, Eritrea */
	{297, 299}, /* Aruba, Faroe Islands, Greenland */
	{300, 383}, /* 30 Greece to 34 Spain, 350 Gibraltar to 359 Bulgaria, 36, 370 to 383 Kosovo */
	{385, 387}, /* Croatia, Slovenia, Bosnia and Herzegovina */
	{389, 419}, /* 389 North Macedonia, 39 Italy, 40 Romania, 41 Switzerland */
	{420, 421}, /* Czech Republic, Slovakia */
	{423, 423}, /* Liechtenstein */
	{430, 670}, /* 43 Austria to 49 Germany, Latin America, South-East Asia, 670 Timor-Leste */
	{672, 683}, /* Australian territories to Niue */
	{685, 692}, /* Samoa to Marshall Islands */
	{700, 800}, /* 7 Russia and Kazakhstan; 800 freephone */
	{808, 808}, /* shared cost */
	{810, 829}, /* 81 Japan, 82 Korea */
	{840, 850}, /* 84 Viet Nam, 850 Korea (Democratic People's Republic) */
	{852, 853}, /* Hong Kong, Macao */
	{855, 856}, /* Cambodia, Laos */
	{860, 870}, /* 86 China, 870 Inmarsat */
	{878, 878}, /* universal personal numbers */
	{880, 883}, /* Bangladesh, satellites, international networks */
	{886, 886}, /* Taiwan */
	{888, 888}, /* disaster relief */
	{900, 968}, /* 90 Turkey to 95 Myanmar, 960 Maldives to 968 Oman */
	{970, 977}, /* Palestine to Nepal */
	{979, 989}, /* 979 premium rate; 98 Iran */
	{992, 996}, /* Tajikistan to Kyrgyzstan */
	{998, 998}, /* Uzbekistan */
};

static bool
is_assigned(const char *digits)
{
	uint32 code = (uint32) (digits[0] - '0') * 100 + (uint32) (digits[1] - '0') * 10 +
		(uint32) (digits[2] - '0');

	for (Size i = 0; i < lengthof(assigned_codes); i++)
		if (code >= assigned_codes[i].first && code <= assigned_codes[i].last)
			return true;
	return false;
}

/* A number as it is written, taken apart. */
typedef struct WrittenNumber
{
	bool plus;
	bool trunk; /* there is a (0) */
	uint32 count;
	char digits[MAX_DIALLED_DIGITS];
} WrittenNumber;

static inline bool
is_blank(uint32 character)
{
	return character == ' ' || (character >= 0x80 && is_white_space(character));
}

static inline bool
is_separator(uint32 character)
{
	if (character < 0x80)
		return character == ' ' || character == '-' || character == '.' || character == '(' ||
			character == ')' || character == '/';
	return is_white_space(character) || is_dash(character);
}

/* Is the place, just behind a "(", followed by 0)? */
static bool
is_trunk_prefix(Text text, uint32 at)
{
	uint32 zeros = 0;

	while (at < text.length)
	{
		uint32 character = next_character(text, &at);

		if (character == ')')
			return zeros == 1;
		if (!is_blank(character) && (decimal_value(character) != 0 || ++zeros > 1))
			return false;
	}
	return false;
}

/* What a character is to people that is no part of a number, at its place. */
static const char *
refuse_character(Text text, uint32 at)
{
	static const char extension[] = "extension: an identity is a number without one";
	Text rest = part_of(text, at, text.length);
	uint32 from = at;
	uint32 character = next_character(text, &at);

	if (character == '#' || character == ',' || begins_with(rest, ";ext"))
		return from == 0 ? "digits: the number does not begin with one" : extension;
	if (from > 0 &&
		(begins_with(rest, "ext") ||
		 (begins_with(rest, "x") &&
		  (at >= text.length || !is_letter((unsigned char) text.bytes[at])))))
		return extension;
	if (is_letter(character) || character == ';')
		return "letters: a number has digits only";
	return "digits: there is a character that a number does not have";
}

/* Takes a number apart; the text is in NFKC. */
static const char *
read_number(Text text, WrittenNumber *number)
{
	memset(number, 0, sizeof(*number));
	for (uint32 at = 0; at < text.length;)
	{
		uint32 from = at;
		uint32 character = next_character(text, &at);
		int digit = character >= '0' && character <= '9' ? (int) (character - '0') :
			character < 0x80                             ? -1 :
														   decimal_value(character);

		if (digit >= 0)
		{
			if (number->count >= MAX_DIALLED_DIGITS)
				return "digits: there are more than 15";
			number->digits[number->count++] = (char) ('0' + digit);
		}
		else if (character == '+')
		{
			if (number->plus || number->count > 0)
				return "digits: there is a + within the number";
			number->plus = true;
		}
		else if (is_separator(character))
			number->trunk |= character == '(' && is_trunk_prefix(text, at);
		else
			return refuse_character(text, from);
	}
	return NULL;
}

/* The rules of E.164 that need no plan of a country. */
static const char *
check_international(const WrittenNumber *number)
{
	if (number->trunk)
		return "trunk prefix: (0) is not dialled after a country code";
	if (number->count < MIN_PHONE_DIGITS)
		return "digits: there are fewer than 7";
	if (number->count > MAX_PHONE_DIGITS)
		return "digits: there are more than 15";
	if (!is_assigned(number->digits))
		return "digits: no country code begins like this";
	return NULL;
}

const char *
append_phone(const char *raw, Size length, const char *region, Size region_length,
			 IdentityText *out)
{
	TextBuffer clean;
	TextBuffer normal;
	WrittenNumber number;
	Text text;
	const char *problem = clean_text(raw, length, CLEAN_ALL, &clean);

	if (problem != NULL)
		return problem;
	if (clean.length == 0)
		return empty_identity;
	text = buffer_text(&clean);
	if (!is_ascii(text))
	{
		problem = normalise_text(text, NORMAL_NFKC, &normal);
		if (problem != NULL)
			return problem;
		text = buffer_text(&normal);
	}
	if (begins_with(text, "tel:"))
		text = part_of(text, 4, text.length);
	problem = read_number(text, &number);
	if (problem != NULL)
		return problem;
	if (number.count == 0)
		return "digits: there are none";
	if (!number.plus)
	{
		char national[MAX_PHONE_DIGITS];
		uint32 digits;

		if (region_length == 0)
			return "national number: without a country code it needs a region";
		problem = read_national_number(number.digits, number.count, region, region_length, national,
									   &digits);
		if (problem != NULL)
			return problem;
		memcpy(number.digits, national, digits);
		number.count = digits;
		number.trunk = false;
	}
	problem = check_international(&number);
	if (problem != NULL)
		return problem;
	if (!append_bytes(out, "+", 1) || !append_bytes(out, number.digits, number.count))
		return too_long_for_identity;
	return NULL;
}
