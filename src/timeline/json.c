/*
 * json.c
 *		Casts between timeline and jsonb.
 *
 * A timeline is an array of flat objects, in order: occurred_at (ISO 8601,
 * UTC), kind, and the attributes under their names.  Numbers that JSON lacks
 * are {"number": "NaN"}, "Infinity" or "-Infinity".
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "timeline/call.h"
#include "timeline/json.h"
#include "timeline/members.h"
#include "timeline/pack.h"
#include "timeline/text.h"

PG_FUNCTION_INFO_V1(timeline_to_jsonb);
PG_FUNCTION_INFO_V1(jsonb_to_timeline);

static JsonbValue
jsonb_string(TextSlice text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, text.bytes);
	value.val.string.len = (int) text.length;
	return value;
}

static void
push_string(JsonbWriter *writer, JsonbIteratorToken token, TextSlice text)
{
	JsonbValue value = jsonb_string(text);

	push_jsonb(writer, token, &value);
}

static void
push_numeric(JsonbWriter *writer, const char *decimal)
{
	JsonbValue value;

	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(
		numeric_in, CStringGetDatum(decimal), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	push_jsonb(writer, WJB_VALUE, &value);
}

static void
push_number(JsonbWriter *writer, double number)
{
	StringInfoData decimal;

	initStringInfo(&decimal);
	print_number(&decimal, number);
	if (number - number == 0)
		push_numeric(writer, decimal.data);
	else
	{
		push_jsonb(writer, WJB_BEGIN_OBJECT, NULL);
		push_string(writer, WJB_KEY, (TextSlice) {"number", 6});
		push_string(writer, WJB_VALUE, (TextSlice) {decimal.data, (uint32) decimal.len});
		push_jsonb(writer, WJB_END_OBJECT, NULL);
	}
}

/* A text that stays: jsonb keeps the pointer, and a plain column only its last text. */
static TextSlice
lasting_text(const Column *column, uint32 text)
{
	TextSlice slice = column_text(column, text);

	if (column->encoding == ENCODING_PLAIN)
		slice.bytes = pnstrdup(slice.bytes, slice.length);
	return slice;
}

/* Pushes the name and value of one attribute that the current interaction has. */
void
push_attribute(JsonbWriter *writer, const InteractionReader *reader, int column)
{
	const Column *c = &reader->layout->column[column];

	push_string(writer, WJB_KEY, c->name);
	if (c->type == ATTRIBUTE_NUMBER)
		push_number(writer, number_from_bits(interaction_number(reader, column)));
	else if (c->type == ATTRIBUTE_INTEGER)
		push_numeric(writer, psprintf(INT64_FORMAT, (int64) interaction_number(reader, column)));
	else if (c->well_known == AUTOMATED)
	{
		JsonbValue value;

		value.type = jbvBool;
		value.val.boolean = interaction_text(reader, column).length == 4;
		push_jsonb(writer, WJB_VALUE, &value);
	}
	else
		push_string(writer, WJB_VALUE, lasting_text(c, column_code(c, reader->rank[column])));
}

/* CAST (timeline AS jsonb) */
Datum
timeline_to_jsonb(PG_FUNCTION_ARGS)
{
	Layout layout;
	InteractionReader reader;
	JsonbWriter writer = {0};

	PG_GETARG_LAYOUT(0, &layout);
	push_jsonb(&writer, WJB_BEGIN_ARRAY, NULL);
	interactions_begin(&reader, &layout, 0);
	while (interactions_next(&reader))
	{
		StringInfoData time;

		CHECK_FOR_INTERRUPTS();
		initStringInfo(&time);
		print_time(&time, reader.time);
		push_jsonb(&writer, WJB_BEGIN_OBJECT, NULL);
		push_string(&writer, WJB_KEY, (TextSlice) {"occurred_at", 11});
		push_string(&writer, WJB_VALUE, (TextSlice) {time.data, (uint32) time.len});
		push_string(&writer, WJB_KEY, (TextSlice) {"kind", 4});
		push_string(&writer, WJB_VALUE, lasting_text(&layout.kind, reader.kind));
		for (int i = 0; i < layout.columns; i++)
		{
			if (reader.present[i])
				push_attribute(&writer, &reader, i);
		}
		push_jsonb(&writer, WJB_END_OBJECT, NULL);
	}
	push_jsonb(&writer, WJB_END_ARRAY, NULL);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(writer.result));
}

/* A text member of an interaction's object; an error where it is missing or no text. */
static TextSlice
required_text(JsonbContainer *object, const char *name, int number)
{
	JsonbValue key = jsonb_string((TextSlice) {name, (uint32) strlen(name)});
	JsonbValue *found = findJsonbValueFromContainer(object, JB_FOBJECT, &key);
	TextSlice text;

	if (found == NULL || found->type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("interaction has no text \"%s\"", name),
				 errdetail("Element %d of the jsonb array.", number)));
	text.bytes = found->val.string.val;
	text.length = (uint32) found->val.string.len;
	return text;
}

/* CAST (jsonb AS timeline) */
Datum
jsonb_to_timeline(PG_FUNCTION_ARGS)
{
	Jsonb *jsonb = PG_GETARG_JSONB_P(0);
	Builder *builder;
	JsonbIterator *iterator;
	JsonbValue element;
	int number = 0;

	if (!JB_ROOT_IS_ARRAY(jsonb) || JB_ROOT_IS_SCALAR(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("jsonb of a timeline must be an array of objects")));
	builder = call_builder(fcinfo);
	iterator = JsonbIteratorInit(&jsonb->root);
	(void) JsonbIteratorNext(&iterator, &element, true);
	while (JsonbIteratorNext(&iterator, &element, true) == WJB_ELEM)
	{
		JsonbContainer *object = element.val.binary.data;
		TextSlice text;
		int64 time;
		ParseError error;

		CHECK_FOR_INTERRUPTS();
		number++;
		if (element.type != jbvBinary || !JsonContainerIsObject(object))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("jsonb of a timeline must be an array of objects"),
					 errdetail("Element %d is not an object.", number)));
		text = required_text(object, "occurred_at", number);
		if (!parse_time(text.bytes, text.length, &time, &error))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
					 errmsg("invalid occurred_at \"%.*s\": %s",
							(int) text.length, text.bytes, error.message),
					 errdetail("Element %d of the jsonb array.", number)));
		call_append_jsonb(builder, time, required_text(object, "kind", number), object, true);
	}
	PG_RETURN_POINTER(pack_builder(builder));
}
