/*
 * gather.c
 *		Reads what resolve() has to know: facts, and what followed from them before.
 *
 * Either everything, or what is touched and whatever that is connected to: by
 * facts, and by being one customer before.  No guard looks beyond that.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/limits.h"
#include "base/rows.h"
#include "identity/resolution.h"

/* Reaching more than this costs more than doing everything. */
#define MAX_REACHED 250000

#define ST_SORT sort_known
#define ST_ELEMENT_TYPE Known
#define ST_COMPARE(a, b) ((a)->number < (b)->number ? -1 : (a)->number > (b)->number)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* What is done with the rows of a query. */
typedef struct RowReader
{
	Resolution *resolution;
	void (*read)(Resolution *resolution, const Datum *values, const bool *nulls);
} RowReader;

static void
read_row(void *caller, const Datum *values, const bool *nulls)
{
	const RowReader *reader = caller;

	reader->read(reader->resolution, values, nulls);
}

/* Runs a query, with one argument where its type is not 0, and hands over row by row. */
static void
each_row(Resolution *resolution, const char *query, Oid type, Datum argument, bool read_only,
		 void (*read)(Resolution *, const Datum *, const bool *))
{
	RowReader reader = {resolution, read};
	RowReceiver receiver;
	SPIExecuteOptions options = {0};
	int result;

	row_receiver_init(&receiver, read_row, &reader);
	if (OidIsValid(type))
	{
		options.params = makeParamList(1);
		options.params->params[0] = (ParamExternData) {
			.value = argument, .pflags = PARAM_FLAG_CONST, .ptype = type};
	}
	options.read_only = read_only;
	options.dest = &receiver.pub;
	result = SPI_execute_extended(query, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
}

/* The number of an identity that a row names; likely is one that it may well be, or NO_NAME. */
static uint32
name_of(Names *names, Datum value, uint32 likely)
{
	struct varlena *identity = PG_DETOAST_DATUM_PACKED(value);
	Text text = {VARDATA_ANY(identity), (uint32) VARSIZE_ANY_EXHDR(identity)};
	uint32 name = likely;

	if (likely == NO_NAME || !same_bytes(names_text(names, likely), text))
		name = names_add(names, text);
	if ((Pointer) identity != DatumGetPointer(value))
		pfree(identity);
	return name;
}

/* touched_identity: identity */
static void
read_touched(Resolution *resolution, const Datum *values, const bool *nulls)
{
	if (nulls[0])
		resolution->everything = true;
	else
		(void) name_of(resolution->names, values[0], NO_NAME);
}

static void
read_blocked(Resolution *resolution, const Datum *values, const bool *nulls pg_attribute_unused())
{
	(void) name_of(resolution->blocked, values[0], NO_NAME);
}

/* membership: identity, number, customer_id */
static void
read_known(Resolution *resolution, const Datum *values, const bool *nulls pg_attribute_unused())
{
	if (resolution->known_count == resolution->known_size)
	{
		resolution->known_size *= 2;
		resolution->known = repalloc_huge(resolution->known,
										  resolution->known_size * sizeof(Known));
	}
	resolution->known[resolution->known_count++] = (Known) {
		DatumGetInt64(values[1]), DatumGetInt64(values[2]),
		name_of(resolution->names, values[0], NO_NAME)};
}

/* link: a, b, verdict, grade, noted_at, id */
static void
read_asserted(Resolution *resolution, const Datum *values, const bool *nulls)
{
	Fact fact = {.noted_at = DatumGetTimestampTz(values[4]), .id = DatumGetInt64(values[5])};
	const char *verdict = VARDATA_ANY(DatumGetPointer(values[2]));

	fact.a = name_of(resolution->names, values[0], NO_NAME);
	fact.b = name_of(resolution->names, values[1], NO_NAME);
	fact.kind = verdict[0] == 's' ? FACT_SAME : verdict[0] == 'n' ? FACT_NEVER : FACT_UNLINK;
	fact.grade = nulls[3] ? 0 : DatumGetInt16(values[3]);
	facts_add(&resolution->facts, fact);
}

/* observed_link: a, b, grade, noted_at */
static void
read_observed(Resolution *resolution, const Datum *values, const bool *nulls pg_attribute_unused())
{
	Fact fact = {.noted_at = DatumGetTimestampTz(values[3]),
				 .grade = DatumGetInt16(values[2]),
				 .kind = FACT_OBSERVED};

	/* an owner's rows mostly lie together */
	resolution->owner = name_of(resolution->names, values[0], resolution->owner);
	fact.a = resolution->owner;
	fact.b = name_of(resolution->names, values[1], NO_NAME);
	facts_add(&resolution->facts, fact);
}

/* The name of an identity by its number in the table membership, all of which was read and sorted. */
static uint32
name_of_number(const Resolution *resolution, int64 number)
{
	const Known *known = resolution->known;
	Size from = 0;
	Size end = resolution->known_count;

	/* most numbers follow each other without a gap */
	if (end > 0 && number >= known[0].number && number - known[0].number < (int64) end &&
		known[number - known[0].number].number == number)
		return known[number - known[0].number].name;
	while (from < end)
	{
		Size middle = from + (end - from) / 2;

		if (known[middle].number == number)
			return known[middle].name;
		if (known[middle].number < number)
			from = middle + 1;
		else
			end = middle;
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a bond names identity %lld, and there is none of that number",
					(long long) number),
			 errhint("Empty the tables membership and bond, and resolve everything anew.")));
}

static void
add_bond(Resolution *resolution, uint32 a, uint32 b, int grade)
{
	Link bond = {.a = a, .b = b, .grade = (int16) grade};

	if (resolution->bond_count == resolution->bond_size)
	{
		resolution->bond_size *= 2;
		resolution->bonds = repalloc_huge(resolution->bonds, resolution->bond_size * sizeof(Link));
	}
	resolution->bonds[resolution->bond_count++] = bond;
}

/* identities and grade */
static void
read_bond(Resolution *resolution, const Datum *values, const bool *nulls pg_attribute_unused())
{
	uint32 a = name_of(resolution->names, values[0], NO_NAME);
	uint32 b = name_of(resolution->names, values[1], NO_NAME);

	add_bond(resolution, a, b, DatumGetInt16(values[2]));
}

/* bond: a, b, grade */
static void
read_bond_by_numbers(Resolution *resolution, const Datum *values,
					 const bool *nulls pg_attribute_unused())
{
	add_bond(resolution, name_of_number(resolution, DatumGetInt64(values[0])),
			 name_of_number(resolution, DatumGetInt64(values[1])), DatumGetInt16(values[2]));
}

/* identity_limit: namespace, per_customer, degree */
static void
read_limit(Resolution *resolution, const Datum *values, const bool *nulls)
{
	text *name = DatumGetTextPP(values[0]);
	Text space = {VARDATA_ANY(name), (uint32) VARSIZE_ANY_EXHDR(name)};
	uint32 number = names_find(resolution->spaces, space);

	if (number == NO_NAME)
		return;
	resolution->limits[number].per_customer = nulls[1] ? 0 : (uint32) DatumGetInt32(values[1]);
	if (!nulls[2])
		resolution->limits[number].degree = (uint32) DatumGetInt32(values[2]);
}

static void
read_settings(Resolution *resolution, const Datum *values, const bool *nulls pg_attribute_unused())
{
	resolution->degree = (uint32) DatumGetInt32(values[0]);
	resolution->cluster = (uint32) DatumGetInt32(values[1]);
}

/* Flags which names, from a number on up to another one, are blocked. */
static void
flag_blocked(Resolution *resolution, uint32 from, uint32 end)
{
	const Names *names = resolution->names;

	if (resolution->is_blocked == NULL)
		resolution->is_blocked = palloc_extended((Size) end + 1, MCXT_ALLOC_HUGE);
	else
		resolution->is_blocked = repalloc_huge(resolution->is_blocked, (Size) end + 1);
	for (uint32 i = from; i < end; i++)
		resolution->is_blocked[i] = resolution->blocked->count > 0 &&
			names_find(resolution->blocked, names_text(names, i)) != NO_NAME;
}

Datum
identity_array(const Resolution *resolution, const uint32 *numbers, uint32 count)
{
	const Names *names = resolution->names;
	Datum *elements = palloc_extended(Max(count, 1) * sizeof(Datum), MCXT_ALLOC_HUGE);
	ArrayType *array;

	for (uint32 i = 0; i < count; i++)
	{
		Text text = names_text(names, numbers[i]);

		elements[i] = PointerGetDatum(cstring_to_text_with_len(text.bytes, (int) text.length));
	}
	array = construct_array(elements, (int) count, resolution->identity_type, -1, false,
							TYPALIGN_INT);
	for (uint32 i = 0; i < count; i++)
		pfree(DatumGetPointer(elements[i]));
	pfree(elements);
	return PointerGetDatum(array);
}

/* Reads what is known about names and the customers that they belonged to. */
static void
read_former(Resolution *resolution, Datum names)
{
	each_row(resolution,
			 "SELECT m.identity, m.number, m.customer_id FROM crm_timeline.membership m"
			 " WHERE m.customer_id = ANY (ARRAY(SELECT n.customer_id FROM crm_timeline.membership n"
			 " WHERE n.identity OPERATOR(crm_timeline.=) ANY ($1)))",
			 resolution->array_type, names, true, read_known);
	each_row(resolution,
			 "SELECT a.identity, b.identity, k.grade FROM crm_timeline.membership a"
			 " JOIN crm_timeline.bond k ON k.a = a.number"
			 " JOIN crm_timeline.membership b ON b.number = k.b"
			 " WHERE a.identity OPERATOR(crm_timeline.=) ANY ($1)",
			 resolution->array_type, names, true, read_bond);
}

/* Reads the facts about names. */
static void
read_facts(Resolution *resolution, Datum names)
{
	each_row(resolution,
			 "SELECT l.a, l.b, l.verdict, l.grade, l.noted_at, l.id FROM crm_timeline.link l"
			 " WHERE l.a OPERATOR(crm_timeline.=) ANY ($1)"
			 " OR l.b OPERATOR(crm_timeline.=) ANY ($1)",
			 resolution->array_type, names, true, read_asserted);
	each_row(resolution,
			 "SELECT o.a, o.b, o.grade, o.noted_at FROM crm_timeline.observed_link o"
			 " WHERE o.a OPERATOR(crm_timeline.=) ANY ($1)"
			 " OR o.b OPERATOR(crm_timeline.=) ANY ($1)",
			 resolution->array_type, names, true, read_observed);
}

/*
 * Follows what is touched to all that it is connected to; false where that is so
 * much that everything is less work.  A blocked identity connects nothing: it is
 * enough to know that it is there.  What it would connect is known by the others.
 */
static bool
read_reached(Resolution *resolution)
{
	Names *names = resolution->names;
	uint32 from = 0;

	while (from < names->count)
	{
		uint32 end = names->count;
		uint32 *frontier = palloc_extended((end - from) * sizeof(uint32), MCXT_ALLOC_HUGE);
		uint32 count = 0;
		Datum array;

		if (end > MAX_REACHED)
			return false;
		flag_blocked(resolution, from, end);
		for (uint32 i = from; i < end; i++)
			frontier[count++] = i;
		array = identity_array(resolution, frontier, count);
		read_former(resolution, array);
		pfree(DatumGetPointer(array));
		count = 0;
		for (uint32 i = from; i < end; i++)
			if (!resolution->is_blocked[i])
				frontier[count++] = i;
		array = identity_array(resolution, frontier, count);
		read_facts(resolution, array);
		pfree(DatumGetPointer(array));
		pfree(frontier);
		from = end;
	}
	return true;
}

/* Reads everything. */
static void
read_everything(Resolution *resolution)
{
	resolution->facts.count = 0;
	resolution->known_count = 0;
	resolution->bond_count = 0;
	each_row(resolution,
			 "SELECT m.identity, m.number, m.customer_id FROM crm_timeline.membership m",
			 InvalidOid, 0, true, read_known);
	each_row(resolution,
			 "SELECT l.a, l.b, l.verdict, l.grade, l.noted_at, l.id FROM crm_timeline.link l",
			 InvalidOid, 0, true, read_asserted);
	each_row(resolution, "SELECT o.a, o.b, o.grade, o.noted_at FROM crm_timeline.observed_link o",
			 InvalidOid, 0, true, read_observed);
	sort_known(resolution->known, resolution->known_count);
	each_row(resolution, "SELECT k.a, k.b, k.grade FROM crm_timeline.bond k", InvalidOid, 0, true,
			 read_bond_by_numbers);
	flag_blocked(resolution, 0, resolution->names->count);
}

void
gather(Resolution *resolution, ArrayType *touched)
{
	resolution->names = names_create(resolution->context, FIRST_NAMES);
	resolution->blocked = names_create(resolution->context, FIRST_NAMES);
	resolution->owner = NO_NAME;
	resolution->everything = touched == NULL;
	facts_start(&resolution->facts);
	resolution->known_size = 1024;
	resolution->known = palloc(resolution->known_size * sizeof(Known));
	resolution->bond_size = 1024;
	resolution->bonds = palloc(resolution->bond_size * sizeof(Link));
	if (touched != NULL)
	{
		Datum *elements;
		bool *nulls;
		int count;

		deconstruct_array(touched, resolution->identity_type, -1, false, TYPALIGN_INT, &elements,
						  &nulls, &count);
		for (int i = 0; i < count; i++)
			if (!nulls[i])
				(void) name_of(resolution->names, elements[i], NO_NAME);
	}
	/*
	 * What is marked goes first, and a snapshot after that shows the facts: so
	 * no fact is missed whose mark is taken away.
	 */
	each_row(resolution, "DELETE FROM crm_timeline.touched_identity t RETURNING t.identity",
			 InvalidOid, 0, false, read_touched);
	PushActiveSnapshot(GetTransactionSnapshot());
	each_row(resolution, "SELECT t.identity FROM crm_timeline.blocked_identity t", InvalidOid, 0,
			 true, read_blocked);
	each_row(resolution,
			 "SELECT crm_timeline.resolution_setting('degree'),"
			 " crm_timeline.resolution_setting('cluster')",
			 InvalidOid, 0, true, read_settings);
	if (!resolution->everything && !read_reached(resolution))
		resolution->everything = true;
	if (resolution->everything)
		read_everything(resolution);
	PopActiveSnapshot();
}

void
gather_limits(Resolution *resolution)
{
	each_row(resolution,
			 "SELECT l.namespace, l.per_customer, l.degree FROM crm_timeline.identity_limit l",
			 InvalidOid, 0, false, read_limit);
}
