/*
 * members.c
 *		Attributes as the members of a jsonb object.
 *
 * Owns the rules by which a member becomes a text, a number or a whole number.
 * To timeline() and timeline_agg() a member that breaks them is an error; what
 * store_agg() is given is data of all kinds, and there it is left out.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "timeline/call.h"
#include "timeline/members.h"

/* Whether a member can be the attribute of its name, or why not. */
typedef enum Fit
{
	FITS,
	IS_NULL, /* absent */
	NOT_A_NUMBER,
	NOT_A_WHOLE_NUMBER,
	NOT_BOOLEAN,
	HAS_FRACTION,
	BEYOND_BIGINT,
	BEYOND_DOUBLE,
	BEYOND_SENTIMENT,
	TOO_LONG, /* as a text */
} Fit;

/* What is nested and has no more bytes than this is no more than a third of the longest text. */
#define SURELY_SHORT 32768

/* A number that JSON cannot write: {"number": "NaN"}, or "Infinity", "-Infinity". */
static bool
special_number(JsonbContainer *container, double *number)
{
	JsonbValue name = {.type = jbvString};
	JsonbValue *found;

	if (!JsonContainerIsObject(container) || JsonContainerSize(container) != 1)
		return false;
	name.val.string.val = "number";
	name.val.string.len = 6;
	found = findJsonbValueFromContainer(container, JB_FOBJECT, &name);
	if (found == NULL || found->type != jbvString)
		return false;
#define IS(text) \
	(found->val.string.len == sizeof(text) - 1 && \
	 memcmp(found->val.string.val, text, sizeof(text) - 1) == 0)
	if (IS("NaN"))
		*number = get_float8_nan();
	else if (IS("Infinity"))
		*number = get_float8_infinity();
	else if (IS("-Infinity"))
		*number = -get_float8_infinity();
	else
		return false;
#undef IS
	return true;
}

/* A whole number in the range of bigint. */
static Fit
whole_number(Numeric numeric, uint64 *number)
{
	Datum rounded = DirectFunctionCall2(numeric_round, NumericGetDatum(numeric), Int32GetDatum(0));
	Datum least = NumericGetDatum(int64_to_numeric(PG_INT64_MIN));
	Datum greatest = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));

	if (DatumGetBool(DirectFunctionCall2(numeric_lt, rounded, least)) ||
		DatumGetBool(DirectFunctionCall2(numeric_gt, rounded, greatest)))
		return BEYOND_BIGINT;
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, rounded, NumericGetDatum(numeric))))
		return HAS_FRACTION;
	*number = (uint64) DatumGetInt64(DirectFunctionCall1(numeric_int8, rounded));
	return FITS;
}

/* Bytes of a string in JSON. */
static uint64
quoted_length(const char *bytes, int length)
{
	uint64 quoted = 2 + (uint64) length;

	for (int i = 0; i < length; i++)
	{
		switch (bytes[i])
		{
			case '\b':
			case '\f':
			case '\n':
			case '\r':
			case '\t':
			case '"':
			case '\\':
				quoted++;
				break;
			default:
				if ((unsigned char) bytes[i] < ' ')
					quoted += 5;
				break;
		}
	}
	return quoted;
}

/* Bytes of a scalar in JSON. */
static uint64
scalar_length(const JsonbValue *scalar)
{
	char *digits;
	uint64 length;

	switch (scalar->type)
	{
		case jbvString:
			return quoted_length(scalar->val.string.val, scalar->val.string.len);
		case jbvNumeric:
			digits = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(scalar->val.numeric)));
			length = strlen(digits);
			pfree(digits);
			return length;
		default:
			return 5;
	}
}

/*
 * Whether a nested value as JSON is longer than a text may be: a few bytes of a
 * number can be 131,072 digits.  Found out before it is written.
 */
static bool
is_too_long(const JsonbValue *nested)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	uint64 length = 0;
	uint32 steps = 0;

	if (nested->val.binary.len <= SURELY_SHORT)
		return false;
	iterator = JsonbIteratorInit(nested->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if ((++steps & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
		/* a bracket, and ", " or ": " behind the others */
		if (token == WJB_KEY || token == WJB_VALUE || token == WJB_ELEM)
			length += scalar_length(&value) + 2;
		else
			length += 2;
		if (length >= MaxAllocSize)
			return true;
	}
	return false;
}

/* A member as a text: a string as it is, what is nested as JSON. */
static TextSlice
member_text(const JsonbValue *member)
{
	TextSlice slice;

	switch (member->type)
	{
		case jbvString:
			slice.bytes = member->val.string.val;
			slice.length = (uint32) member->val.string.len;
			return slice;
		case jbvBool:
			slice.bytes = member->val.boolean ? "true" : "false";
			break;
		case jbvNumeric:
			slice.bytes = DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(member->val.numeric)));
			break;
		case jbvBinary:
			slice.bytes = JsonbToCString(NULL, member->val.binary.data, member->val.binary.len);
			break;
		default:
			elog(ERROR, "unexpected jsonb value type %d", (int) member->type);
	}
	slice.length = (uint32) strlen(slice.bytes);
	return slice;
}

/* Whether a member is true or false, or a string that says so. */
static bool
is_boolean(const JsonbValue *member)
{
	TextSlice slice;

	if (member->type != jbvString)
		return member->type == jbvBool;
	slice = member_text(member);
	return same_slice(slice, (TextSlice) {"true", 4}) ||
		same_slice(slice, (TextSlice) {"false", 5});
}

/* Reads one member as the value of the attribute that value names. */
static Fit
read_member(const JsonbValue *member, AttributeValue *value)
{
	WellKnown well_known = value->column.well_known;
	AttributeType wanted = well_known_attribute[well_known].type;
	bool is_number = member->type == jbvNumeric;
	double number = 0;

	if (member->type == jbvNull)
		return IS_NULL;
	value->absent = false;
	value->column.type = wanted;
	if (wanted == ATTRIBUTE_INTEGER)
		return is_number ? whole_number(member->val.numeric, &value->number) : NOT_A_WHOLE_NUMBER;

	if (member->type == jbvBinary)
		is_number = special_number(member->val.binary.data, &number);
	if (wanted == ATTRIBUTE_NUMBER || (well_known == USER_NAMED && is_number))
	{
		if (!is_number)
			return NOT_A_NUMBER;
		if (member->type == jbvNumeric && !numeric_as_double(member->val.numeric, &number))
			return BEYOND_DOUBLE;
		value->column.type = ATTRIBUTE_NUMBER;
		value->number = number_to_bits(number);
		return well_known == SENTIMENT && !is_sentiment(number) ? BEYOND_SENTIMENT : FITS;
	}
	if (well_known == AUTOMATED && !is_boolean(member))
		return NOT_BOOLEAN;
	if (member->type == jbvBinary && is_too_long(member))
		return TOO_LONG;
	value->text = member_text(member);
	return FITS;
}

/* What a member is, in words. */
static const char *
member_type(const JsonbValue *member)
{
	double number;

	switch (member->type)
	{
		case jbvBool:
			return "boolean";
		case jbvNumeric:
			return "a number";
		case jbvBinary:
			return special_number(member->val.binary.data, &number) ? "NaN or infinite" :
																	  "a nested value";
		default:
			return "text";
	}
}

/* Raises the error for a member that does not fit. */
static void
reject_member(const JsonbValue *member, const AttributeValue *value, Fit fit)
{
	TextSlice name = value->column.name;

	switch (fit)
	{
		case NOT_A_NUMBER:
			wrong_type(name, "a number", member_type(member));
		case NOT_A_WHOLE_NUMBER:
			wrong_type(name, "a whole number", member_type(member));
		case NOT_BOOLEAN:
			wrong_type(name, "boolean", member_type(member));
		case HAS_FRACTION:
			wrong_type(name, "a whole number", "one with a fraction");
		case BEYOND_BIGINT:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("bigint out of range")));
		case BEYOND_DOUBLE:
			reject_number();
		case BEYOND_SENTIMENT:
			reject_sentiment(number_from_bits(value->number));
		case TOO_LONG:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("attribute \"%.*s\" is too long as a text, the limit is %d bytes",
							(int) name.length, name.bytes, (int) MaxAllocSize)));
		default:
			elog(ERROR, "member fits");
	}
}

/* The name and the value of the next member; false after the last one. */
static inline bool
next_member(JsonbIterator **iterator, TextSlice *name, JsonbValue *member)
{
	if (JsonbIteratorNext(iterator, member, true) != WJB_KEY)
		return false;
	name->bytes = member->val.string.val;
	name->length = (uint32) member->val.string.len;
	(void) JsonbIteratorNext(iterator, member, true);
	return true;
}

/*
 * Appends an interaction whose attributes are the members of a jsonb object.
 * Members named occurred_at and kind are passed over where the object is an
 * interaction of its own: the caller has read them.
 */
void
call_append_jsonb(Builder *builder, int64 time, TextSlice kind, JsonbContainer *object,
				  bool with_moment)
{
	AttributeValue values[MAX_ATTRIBUTES];
	uint32 count = 0;
	JsonbIterator *iterator;
	JsonbValue member;
	TextSlice name;

	if (!JsonContainerIsObject(object))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes must be a jsonb object"),
				 errhint("Write them as {\"name\": value}.")));
	iterator = JsonbIteratorInit(object);
	(void) JsonbIteratorNext(&iterator, &member, true);
	while (next_member(&iterator, &name, &member))
	{
		Fit fit;

		if (with_moment && is_column_name(name))
			continue;
		check_attribute_name(name);
		if (member.type == jbvNull)
			continue;
		if (count == MAX_ATTRIBUTES)
			too_many_attributes(JsonContainerSize(object));
		values[count].column.name = name;
		values[count].column.well_known = well_known_by_name(name.bytes, name.length);
		fit = read_member(&member, &values[count]);
		if (fit != FITS)
			reject_member(&member, &values[count], fit);
		count++;
	}
	builder_append_values(builder, time, kind, values, count);
}

/* Where a value stands, or would, among values that are in the order of a shape. */
static uint32
search_value(const AttributeValue *values, uint32 count, const AttributeValue *value)
{
	uint32 low = 0;

	/* it often comes after all of them: members stand in the order of their names' lengths */
	if (count > 0 && compare_values(&values[count - 1], value) < 0)
		return count;
	while (low < count)
	{
		uint32 middle = low + (count - low) / 2;

		if (compare_values(&values[middle], value) < 0)
			low = middle + 1;
		else
			count = middle;
	}
	return low;
}

/* Inserts a value where it stands among count others; what was the last of room may fall out. */
static uint32
insert_value(AttributeValue *values, uint32 count, uint32 room, const AttributeValue *value)
{
	uint32 place = search_value(values, count, value);

	if (place == room)
		return count;
	count = Min(count + 1, room);
	memmove(&values[place + 1], &values[place], sizeof(AttributeValue) * (count - 1 - place));
	values[place] = *value;
	return count;
}

/*
 * The members of an object that can be attributes, in the order of a shape; the
 * others are left out.  So are those with the names in taken, a bit for each
 * well-known one, and of the names that are not well known the last ones, in
 * their order, where most members, of MAX_ATTRIBUTES, are not enough for all.
 */
uint32
fitting_members(JsonbContainer *object, uint32 taken, uint32 most, AttributeValue *members)
{
	AttributeValue known[WELL_KNOWN_COUNT];
	uint32 known_count = 0;
	uint32 count = 0;
	uint32 steps = 0;
	JsonbIterator *iterator;
	JsonbValue member;
	TextSlice name;

	if (!JsonContainerIsObject(object) || JsonContainerSize(object) == 0)
		return 0;
	iterator = JsonbIteratorInit(object);
	(void) JsonbIteratorNext(&iterator, &member, true);
	while (next_member(&iterator, &name, &member))
	{
		AttributeValue value;

		if ((++steps & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (name.length > MAX_ATTRIBUTE_NAME || is_column_name(name))
			continue;
		value.column.name = name;
		value.column.well_known = well_known_by_name(name.bytes, name.length);
		value.column.type = ATTRIBUTE_TEXT;
		if (value.column.well_known != USER_NAMED)
		{
			if ((taken >> value.column.well_known & 1) == 0 && read_member(&member, &value) == FITS)
				known[known_count++] = value;
		}
		else if ((count < most || search_value(members, count, &value) < most) &&
				 read_member(&member, &value) == FITS)
			count = insert_value(members, count, most, &value);
	}
	count = Min(count, most - known_count);
	for (uint32 i = 0; i < known_count; i++)
		count = insert_value(members, count, most, &known[i]);
	return count;
}
