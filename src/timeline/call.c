/*
 * call.c
 *		The arguments of timeline() and timeline_agg(): times, kinds and
 *		attributes as SQL gives them.
 *
 * Owns the rules by which a Datum of some type becomes a text, a number or a
 * whole number, and what is cached between the calls of one call site.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "timeline/call.h"

/* How the values of one argument become an attribute. */
typedef enum Conversion
{
	FROM_TEXT,    /* a varlena that is text */
	FROM_CSTRING, /* a literal without a type */
	FROM_BOOL,
	FROM_INT2,
	FROM_INT4,
	FROM_INT8,
	FROM_FLOAT4,
	FROM_FLOAT8,
	FROM_NUMERIC,
	FROM_OUTPUT,   /* by the output function, which looks at no setting */
	FROM_SETTINGS, /* by the output function under fixed settings */
} Conversion;

/* One name/value pair, as long as the call site lives. */
typedef struct Pair
{
	ShapeColumn column;
	int name_argument;
	int value_argument;
	Oid name_type;
	Conversion conversion;
	FmgrInfo output;
} Pair;

typedef struct CallSite
{
	Vocabulary *vocabulary;
	MemoryContext records; /* of a hash aggregation's groups; see call_record_context() */
	bool planned;
	bool names_checked; /* they are constants of the query: no need to look again */
	int pairs;
	Pair *pair;             /* in the order of a shape: seq first, then by name */
	AttributeValue *values; /* of the current row, in the same order */
	const Shape *shape;     /* all of them */
	const Shape *shape_without_seq;
	void *cache; /* of a function that keeps more than this; see call_cache() */
} CallSite;

/* What is kept between calls; made at the first. */
static CallSite *
call_site(FunctionCallInfo fcinfo)
{
	CallSite *site = fcinfo->flinfo->fn_extra;

	if (unlikely(site == NULL))
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->vocabulary = vocabulary_create(fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

/* The vocabulary that all calls of this call site share. */
Vocabulary *
call_vocabulary(FunctionCallInfo fcinfo)
{
	return call_site(fcinfo)->vocabulary;
}

/* What the function that is called keeps between its calls beside that; zeroed at the first. */
void *
call_cache(FunctionCallInfo fcinfo, Size size)
{
	CallSite *site = call_site(fcinfo);

	if (unlikely(site->cache == NULL))
		site->cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, size);
	return site->cache;
}

/* The context of the records is gone: its parent was reset or deleted. */
static void
forget_records(void *site)
{
	((CallSite *) site)->records = NULL;
}

/*
 * Where an aggregate's records live.  For hash aggregation a context of their
 * own, below the one that the server gives and counts: what a row looks up, its
 * group's entry and state, stays dense then.
 */
MemoryContext
call_record_context(FunctionCallInfo fcinfo, MemoryContext aggregate)
{
	CallSite *site = call_site(fcinfo);
	AggState *state = (AggState *) fcinfo->context;
	MemoryContextCallback *callback;

	/* grouping sets may sort here and hash there */
	if (site->records != NULL && MemoryContextGetParent(site->records) == aggregate)
		return site->records;
	if (!IsA(state, AggState) || state->hashcontext == NULL ||
		state->hashcontext->ecxt_per_tuple_memory != aggregate)
		return aggregate;
	site->records = AllocSetContextCreate(aggregate, "crm_timeline records",
										  ALLOCSET_DEFAULT_SIZES);
	callback = MemoryContextAlloc(site->records, sizeof(MemoryContextCallback));
	callback->func = forget_records;
	callback->arg = site;
	MemoryContextRegisterResetCallback(site->records, callback);
	return site->records;
}

/* A builder for one call. */
Builder *
call_builder(FunctionCallInfo fcinfo)
{
	return builder_create(call_vocabulary(fcinfo), CurrentMemoryContext, CurrentMemoryContext,
						  false);
}

/* Raises an error for a time that is no moment. */
void
reject_infinite(int64 time)
{
	if (unlikely(TIMESTAMP_NOT_FINITE(time)))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("occurred_at of an interaction cannot be infinite"),
				 errhint("Give NULL, or filter the row out, where the time is not known.")));
}

/* The arguments time and kind at first and first + 1; false if one is NULL. */
bool
call_moment(FunctionCallInfo fcinfo, int first, int64 *time, TextSlice *kind)
{
	if (PG_ARGISNULL(first) || PG_ARGISNULL(first + 1))
		return false;
	*time = PG_GETARG_TIMESTAMPTZ(first);
	reject_infinite(*time);
	*kind = datum_slice(PG_GETARG_DATUM(first + 1));
	return true;
}

/*
 * Planning: names and types, once a call site
 */

/* A name as the argument gives it; raises an error for what is no name. */
static TextSlice
argument_name(FunctionCallInfo fcinfo, int argument, Oid type)
{
	TextSlice name;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("name of an attribute cannot be NULL"),
				 errdetail("Argument %d is the name.", argument + 1)));
	if (type == UNKNOWNOID)
	{
		name.bytes = PG_GETARG_CSTRING(argument);
		name.length = (uint32) strlen(name.bytes);
	}
	else if (type == NAMEOID)
	{
		name.bytes = NameStr(*PG_GETARG_NAME(argument));
		name.length = (uint32) strlen(name.bytes);
	}
	else
		name = datum_slice(PG_GETARG_DATUM(argument));
	return name;
}

/* Raises an error for a name that no attribute may have. */
void
check_attribute_name(TextSlice name)
{
	if (name.length > MAX_ATTRIBUTE_NAME)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("name of an attribute is too long: %u bytes, the limit is %d",
						name.length, MAX_ATTRIBUTE_NAME)));
	if (is_column_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%.*s\" cannot be the name of an attribute", (int) name.length, name.bytes),
				 errhint("It is given as an argument of its own.")));
}

/* Raises an error for a value that an attribute may not have. */
void
wrong_type(TextSlice name, const char *wanted, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("attribute \"%.*s\" must be %s, not %s",
					(int) name.length, name.bytes, wanted, given),
			 errhint("Cast the value, or use another name for the attribute.")));
}

static Conversion
text_conversion(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return FROM_TEXT;
		case UNKNOWNOID:
			return FROM_CSTRING;
		case BOOLOID:
			return FROM_BOOL;
		case NAMEOID:
		case CHAROID:
		case UUIDOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case OIDOID:
		case JSONOID:
		case JSONBOID:
		case INETOID:
		case CIDROID:
		case BITOID:
		case VARBITOID:
			return FROM_OUTPUT;
		default:
			return get_typtype(type) == TYPTYPE_ENUM ? FROM_OUTPUT : FROM_SETTINGS;
	}
}

/* The conversion of a number, or FROM_OUTPUT for another type. */
static Conversion
number_conversion(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return FROM_INT2;
		case INT4OID:
			return FROM_INT4;
		case INT8OID:
			return FROM_INT8;
		case FLOAT4OID:
			return FROM_FLOAT4;
		case FLOAT8OID:
			return FROM_FLOAT8;
		case NUMERICOID:
			return FROM_NUMERIC;
		default:
			return FROM_OUTPUT;
	}
}

/* Decides what an argument becomes, by its name and type. */
static void
plan_value(Pair *pair, Oid type)
{
	WellKnown well_known = pair->column.well_known;
	bool is_null_literal = type == UNKNOWNOID;
	Conversion number;

	type = getBaseType(type);
	number = number_conversion(type);
	pair->column.type = well_known_attribute[well_known].type;
	pair->conversion = text_conversion(type);
	if (well_known == USER_NAMED)
	{
		pair->column.type = number == FROM_OUTPUT ? ATTRIBUTE_TEXT : ATTRIBUTE_NUMBER;
		if (number != FROM_OUTPUT)
			pair->conversion = number;
	}
	else if (pair->column.type == ATTRIBUTE_NUMBER)
	{
		/* a literal without a type passes here and only as NULL later */
		if (number == FROM_OUTPUT && !is_null_literal)
			wrong_type(pair->column.name, "a number", format_type_be(type));
		pair->conversion = is_null_literal ? FROM_CSTRING : number;
	}
	else if (pair->column.type == ATTRIBUTE_INTEGER)
	{
		if (number != FROM_INT2 && number != FROM_INT4 && number != FROM_INT8 && !is_null_literal)
			wrong_type(pair->column.name, "smallint, integer or bigint", format_type_be(type));
		pair->conversion = is_null_literal ? FROM_CSTRING : number;
	}
	else if (well_known == AUTOMATED && type != BOOLOID && !is_null_literal)
		wrong_type(pair->column.name, "boolean", format_type_be(type));
}

static int
compare_pairs(const void *a, const void *b)
{
	AttributeValue a_value = {.column = ((const Pair *) a)->column};
	AttributeValue b_value = {.column = ((const Pair *) b)->column};

	return compare_values(&a_value, &b_value);
}

/* Whether argument number argument is a constant of the query. */
static bool
is_constant(FunctionCallInfo fcinfo, int argument)
{
	Aggref *aggref;
	ListCell *cell;

	if (AggCheckCallContext(fcinfo, NULL) == 0)
		return get_fn_expr_arg_stable(fcinfo->flinfo, argument);
	aggref = AggGetAggref(fcinfo);
	if (aggref == NULL)
		return false;
	/* an aggregate's first argument is its state */
	foreach (cell, aggref->args)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, cell);

		if (entry->resno == argument)
			return IsA(entry->expr, Const);
	}
	return false;
}

/* Reads the names and types of the pairs from first on, once a call site. */
static void
plan_pairs(FunctionCallInfo fcinfo, int first, CallSite *site, Builder *builder)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	int arguments = PG_NARGS() - first;
	ShapeColumn columns[MAX_PAIRS];
	bool has_seq;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes cannot be given as a VARIADIC array"),
				 errhint("Write them as name, value, name, value, or give a jsonb object.")));
	if (arguments % 2 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("attributes are given as pairs, but the last name has no value"),
				 errhint("Write them as name, value, name, value.")));
	if (arguments / 2 > MAX_PAIRS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many attributes in one call: %d, the limit is %d",
						arguments / 2, MAX_PAIRS),
				 errhint("Give the attributes as one jsonb object.")));

	site->pairs = arguments / 2;
	site->pair = MemoryContextAllocZero(context, sizeof(Pair) * site->pairs);
	site->values = MemoryContextAllocZero(context, sizeof(AttributeValue) * site->pairs);
	site->names_checked = true;
	for (int i = 0; i < site->pairs; i++)
	{
		Pair *pair = &site->pair[i];
		Oid type;
		Oid output;
		bool is_varlena;
		TextSlice name;
		char *copy;

		pair->name_argument = first + 2 * i;
		pair->value_argument = pair->name_argument + 1;
		pair->name_type = getBaseType(get_fn_expr_argtype(fcinfo->flinfo, pair->name_argument));
		if (pair->name_type != TEXTOID && pair->name_type != VARCHAROID &&
			pair->name_type != NAMEOID && pair->name_type != UNKNOWNOID)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("name of an attribute must be text, not %s",
							format_type_be(pair->name_type)),
					 errdetail("Argument %d is the name.", pair->name_argument + 1),
					 errhint("Write the attributes as name, value, name, value.")));
		name = argument_name(fcinfo, pair->name_argument, pair->name_type);
		check_attribute_name(name);
		copy = MemoryContextAlloc(context, name.length + 1);
		memcpy(copy, name.bytes, name.length);
		pair->column.name.bytes = copy;
		pair->column.name.length = name.length;
		pair->column.well_known = well_known_by_name(copy, name.length);
		site->names_checked &= is_constant(fcinfo, pair->name_argument);

		type = get_fn_expr_argtype(fcinfo->flinfo, pair->value_argument);
		plan_value(pair, type);
		if (pair->conversion == FROM_OUTPUT || pair->conversion == FROM_SETTINGS)
		{
			getTypeOutputInfo(type, &output, &is_varlena);
			fmgr_info_cxt(output, &pair->output, context);
		}
	}

	qsort(site->pair, site->pairs, sizeof(Pair), compare_pairs);
	for (int i = 0; i < site->pairs; i++)
	{
		if (i > 0 && same_slice(site->pair[i - 1].column.name, site->pair[i].column.name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("attribute \"%.*s\" is given twice",
							(int) site->pair[i].column.name.length,
							site->pair[i].column.name.bytes)));
		columns[i] = site->pair[i].column;
		site->values[i].column = columns[i];
	}
	has_seq = columns[0].well_known == SEQ;
	site->shape = builder_shape(builder, columns, site->pairs);
	site->shape_without_seq = builder_shape(builder, columns + has_seq, site->pairs - has_seq);
	site->planned = true;
}

/*
 * Values, once a row
 */

/* Whether this row's names are those of the first row. */
static void
check_names(FunctionCallInfo fcinfo, CallSite *site)
{
	for (int i = 0; i < site->pairs; i++)
	{
		Pair *pair = &site->pair[i];
		TextSlice name = argument_name(fcinfo, pair->name_argument, pair->name_type);

		if (!same_slice(name, pair->column.name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("name of an attribute is not the same for all rows"),
					 errdetail("Argument %d was \"%.*s\" and is now \"%.*s\".",
							   pair->name_argument + 1,
							   (int) pair->column.name.length, pair->column.name.bytes,
							   (int) name.length, name.bytes),
					 errhint("Where names vary, give the attributes as one jsonb object.")));
	}
}

/* The output function's text where the result must not depend on the session. */
static char *
output_under_fixed_settings(FmgrInfo *output, Datum value)
{
	int level = NewGUCNestLevel();
	char *result;

#define FIX(name, value) \
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, \
							 false)
	FIX("DateStyle", "ISO, YMD");
	FIX("TimeZone", "UTC");
	FIX("IntervalStyle", "postgres");
	FIX("extra_float_digits", "1");
	FIX("bytea_output", "hex");
	FIX("lc_monetary", "C");
	FIX("search_path", "pg_catalog");
#undef FIX
	result = OutputFunctionCall(output, value);
	AtEOXact_GUC(true, level);
	return result;
}

static void
convert_text(Pair *pair, Datum datum, AttributeValue *value)
{
	const char *bytes;

	switch (pair->conversion)
	{
		case FROM_TEXT:
			value->text = datum_slice(datum);
			return;
		case FROM_CSTRING:
			bytes = DatumGetCString(datum);
			break;
		case FROM_BOOL:
			bytes = DatumGetBool(datum) ? "true" : "false";
			break;
		case FROM_OUTPUT:
			bytes = OutputFunctionCall(&pair->output, datum);
			break;
		default:
			bytes = output_under_fixed_settings(&pair->output, datum);
			break;
	}
	value->text.bytes = bytes;
	value->text.length = (uint32) strlen(bytes);
}

/* Whether there is a double next to a numeric, and which. */
bool
numeric_as_double(Numeric numeric, double *number)
{
	*number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(numeric)));
	if (isinf(*number))
		return numeric_is_inf(numeric);
	return *number != 0 ||
		DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(numeric),
										 NumericGetDatum(int64_to_numeric(0))));
}

/* Raises an error for a numeric that numeric_as_double() finds no double for. */
void
reject_number(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number is out of range for double precision"),
			 errdetail("Attributes that are numbers are kept as double precision.")));
}

/* Raises an error for a sentiment where none can lie. */
void
reject_sentiment(double sentiment)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sentiment is out of range: %g", sentiment),
			 errdetail("A sentiment lies between -1 and 1."),
			 errhint("Scale it, or use another name for the attribute.")));
}

static void
convert_number(Pair *pair, Datum datum, AttributeValue *value)
{
	double number = 0;
	int64 integer = 0;

	switch (pair->conversion)
	{
		case FROM_INT2:
			number = (double) (integer = DatumGetInt16(datum));
			break;
		case FROM_INT4:
			number = (double) (integer = DatumGetInt32(datum));
			break;
		case FROM_INT8:
			number = (double) (integer = DatumGetInt64(datum));
			break;
		case FROM_FLOAT4:
		{
			/* by its shortest decimal, so that 0.1::real is 0.1 */
			char *decimal = DatumGetCString(DirectFunctionCall1(float4out, datum));

			number = DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(decimal)));
			break;
		}
		case FROM_FLOAT8:
			number = DatumGetFloat8(datum);
			break;
		case FROM_NUMERIC:
			if (!numeric_as_double(DatumGetNumeric(datum), &number))
				reject_number();
			break;
		default:
			wrong_type(pair->column.name,
					   pair->column.type == ATTRIBUTE_INTEGER ? "smallint, integer or bigint" :
																"a number",
					   "text");
	}
	if (pair->column.well_known == SENTIMENT && !is_sentiment(number))
		reject_sentiment(number);
	value->number = pair->column.type == ATTRIBUTE_INTEGER ? (uint64) integer :
															 number_to_bits(number);
}

/* Appends an interaction whose attributes are the name/value pairs from argument first on. */
void
call_append_pairs(FunctionCallInfo fcinfo, int first, Builder *builder, int64 time, TextSlice kind)
{
	CallSite *site = call_site(fcinfo);
	bool skip_seq;

	if (unlikely(!site->planned))
		plan_pairs(fcinfo, first, site, builder);
	else if (!site->names_checked)
		check_names(fcinfo, site);
	for (int i = 0; i < site->pairs; i++)
	{
		Pair *pair = &site->pair[i];
		AttributeValue *value = &site->values[i];

		value->absent = PG_ARGISNULL(pair->value_argument);
		if (value->absent)
			continue;
		if (pair->column.type == ATTRIBUTE_TEXT)
		{
			if (unlikely(pair->column.well_known == AUTOMATED && pair->conversion != FROM_BOOL))
				wrong_type(pair->column.name, "boolean", "text");
			convert_text(pair, PG_GETARG_DATUM(pair->value_argument), value);
		}
		else
			convert_number(pair, PG_GETARG_DATUM(pair->value_argument), value);
	}
	skip_seq = site->pair[0].column.well_known == SEQ && site->values[0].absent;
	builder_append(builder, site->vocabulary, time, kind,
				   skip_seq ? site->shape_without_seq : site->shape, site->values + skip_seq);
}

/*
 * Opens a timeline argument, detoasted into the current context.
 */
void
open_timeline(Layout *layout, Datum timeline)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(timeline);

	layout_open(layout, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}

/* The same as far as times and kinds. */
void
open_timeline_kinds(Layout *layout, Datum timeline)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(timeline);

	layout_open_kinds(layout, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
}
