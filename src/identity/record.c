/*
 * record.c
 *		Writes what resolve() changed: customers, bonds and refused links.
 *
 * The rows go into tuplestores that statements see under names, so that the
 * server does the writing, in few statements, and nothing is written that is
 * there already.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/limits.h"
#include "identity/load.h"
#include "identity/resolution.h"

/* Rows that a statement sees under a name. */
typedef struct Rows
{
	EphemeralNamedRelationData relation;
	TupleDesc columns;
	Tuplestorestate *store;
	uint64 count;
} Rows;

/* Room for an identity as a value. */
typedef struct IdentityValue
{
	int32 header;
	char bytes[MAX_IDENTITY_BYTES];
} IdentityValue;

typedef struct Column
{
	const char *name;
	Oid type;
} Column;

static Rows *
start_rows(const char *name, const Column *columns, int count)
{
	Rows *rows = palloc0(sizeof(Rows));

	rows->columns = CreateTemplateTupleDesc(count);
	for (int i = 0; i < count; i++)
		TupleDescInitEntry(rows->columns, (AttrNumber) (i + 1), columns[i].name, columns[i].type,
						   -1, 0);
	rows->store = tuplestore_begin_heap(false, false, work_mem);
	rows->relation.md.name = pstrdup(name);
	rows->relation.md.tupdesc = rows->columns;
	rows->relation.md.enrtype = ENR_NAMED_TUPLESTORE;
	rows->relation.reldata = rows->store;
	return rows;
}

static void
add_row(Rows *rows, Datum *values)
{
	bool nulls[8] = {false};

	if ((rows->count & 0xFFF) == 0)
		CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(rows->store, rows->columns, values, nulls);
	rows->count++;
}

static Datum
identity_value(const Resolution *resolution, uint32 place, IdentityValue *value)
{
	Text name = name_at(resolution, place);

	SET_VARSIZE(value, VARHDRSZ + name.length);
	memcpy(value->bytes, name.bytes, name.length);
	return PointerGetDatum(value);
}

static void
execute(const char *statement, Oid type, Datum argument)
{
	SPIExecuteOptions options = {0};
	int result;

	if (OidIsValid(type))
	{
		options.params = makeParamList(1);
		options.params->params[0] = (ParamExternData) {
			.value = argument, .pflags = PARAM_FLAG_CONST, .ptype = type};
	}
	result = SPI_execute_extended(statement, &options);
	if (result < 0)
		elog(ERROR, "SPI_execute_extended failed: %s", SPI_result_code_string(result));
}

/* Lets statements see the rows; false where there are none to see. */
static bool
offer_rows(Rows *rows)
{
	int result;

	if (rows->count == 0)
		return false;
	rows->relation.md.enrtuples = (double) rows->count;
	result = SPI_register_relation(&rows->relation);
	if (result != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed: %s", SPI_result_code_string(result));
	return true;
}

static void
end_rows(Rows *rows)
{
	if (rows->count > 0)
		(void) SPI_unregister_relation(rows->relation.md.name);
	tuplestore_end(rows->store);
	pfree(rows);
}

/* Adds very many identities to the table membership, which is empty; false where that can not be. */
static bool
load_new(Resolution *resolution)
{
	Load *load = load_start("membership");

	if (load == NULL)
		return false;
	for (uint32 i = 0; i < resolution->names->count; i++)
	{
		IdentityValue identity;
		Datum values[] = {
			identity_value(resolution, i, &identity), Int64GetDatum(resolution->number[i]),
			Int64GetDatum(resolution->customer[i]), TimestampTzGetDatum(resolution->at)};

		load_row(load, values);
	}
	load_end(load);
	return true;
}

/* Adds the new identities to the table membership. */
static void
record_new(Resolution *resolution)
{
	const Column columns[] = {
		{"identity", resolution->identity_type}, {"number", INT8OID}, {"customer_id", INT8OID}};
	Rows *rows;

	if (resolution->everything && resolution->known_count == 0 &&
		resolution->names->count >= LOAD_ROWS && load_new(resolution))
		return;
	rows = start_rows("new_membership", columns, lengthof(columns));
	for (uint32 i = 0; i < resolution->names->count; i++)
	{
		IdentityValue identity;
		Datum values[lengthof(columns)];

		if (resolution->before[i] != 0)
			continue;
		values[0] = identity_value(resolution, i, &identity);
		values[1] = Int64GetDatum(resolution->number[i]);
		values[2] = Int64GetDatum(resolution->customer[i]);
		add_row(rows, values);
	}
	if (offer_rows(rows))
		execute("INSERT INTO crm_timeline.membership (identity, number, customer_id, since)"
				" SELECT n.identity, n.number, n.customer_id, $1 FROM new_membership n",
				TIMESTAMPTZOID, TimestampTzGetDatum(resolution->at));
	end_rows(rows);
}

/* Gives identities their new customers; what was goes to former_membership. */
static void
record_moved(Resolution *resolution)
{
	static const Column columns[] = {{"number", INT8OID}, {"customer_id", INT8OID}};
	Rows *rows = start_rows("moved_membership", columns, lengthof(columns));

	for (uint32 i = 0; i < resolution->names->count; i++)
	{
		Datum values[lengthof(columns)];

		if (resolution->before[i] == 0 || resolution->before[i] == resolution->customer[i])
			continue;
		values[0] = Int64GetDatum(resolution->number[i]);
		values[1] = Int64GetDatum(resolution->customer[i]);
		add_row(rows, values);
	}
	if (offer_rows(rows))
	{
		/* a clock that was put back can not make a time end before it began */
		execute("INSERT INTO crm_timeline.former_membership (identity, customer_id, since, until)"
				" SELECT m.identity, m.customer_id, m.since, $1 FROM moved_membership n"
				" JOIN crm_timeline.membership m ON m.number = n.number WHERE m.since < $1",
				TIMESTAMPTZOID, TimestampTzGetDatum(resolution->at));
		execute("UPDATE crm_timeline.membership m"
				" SET customer_id = n.customer_id, since = greatest(m.since, $1)"
				" FROM moved_membership n WHERE m.number = n.number",
				TIMESTAMPTZOID, TimestampTzGetDatum(resolution->at));
	}
	end_rows(rows);
}

/* A bond as a row: the numbers of its identities, the lesser one first, and its grade. */
static void
bond_values(const Resolution *resolution, const Link *bond, Datum *values)
{
	int64 a = resolution->number[bond->a];
	int64 b = resolution->number[bond->b];

	values[0] = Int64GetDatum(Min(a, b));
	values[1] = Int64GetDatum(Max(a, b));
	values[2] = Int16GetDatum(bond->grade);
}

static void
add_bond(const Resolution *resolution, Rows *rows, const Link *bond)
{
	Datum values[3];

	bond_values(resolution, bond, values);
	add_row(rows, values);
}

/* Writes very many bonds where there were none; false where that can not be. */
static bool
load_bonds(Resolution *resolution)
{
	Load *load = load_start("bond");

	if (load == NULL)
		return false;
	for (uint32 i = 0; i < resolution->force.open; i++)
	{
		Datum values[3];

		if (resolution->force.links[i].outcome != LINK_BOND)
			continue;
		bond_values(resolution, &resolution->force.links[i], values);
		load_row(load, values);
	}
	load_end(load);
	return true;
}

/* Writes the difference between the bonds that were and those that are. */
static void
record_bonds(Resolution *resolution)
{
	static const Column columns[] = {{"a", INT8OID}, {"b", INT8OID}, {"grade", INT2OID}};
	Rows *gone;
	Rows *made;
	const Link *old = resolution->bonds;
	const Link *end_of_old = old + resolution->bond_count;
	const Link *link = resolution->force.links;
	const Link *end_of_links = link + resolution->force.open;

	links_by_ends(resolution->bonds, resolution->bond_count);
	links_by_ends(resolution->force.links, resolution->force.open);
	if (resolution->everything && resolution->bond_count == 0 &&
		resolution->partition->bond_count >= LOAD_ROWS && load_bonds(resolution))
		return;
	gone = start_rows("gone_bond", columns, lengthof(columns));
	made = start_rows("made_bond", columns, lengthof(columns));
	for (;;)
	{
		while (link < end_of_links && link->outcome != LINK_BOND)
			link++;
		if (old == end_of_old && link == end_of_links)
			break;
		if (link == end_of_links ||
			(old < end_of_old && (old->a < link->a || (old->a == link->a && old->b < link->b))))
			add_bond(resolution, gone, old++);
		else if (old == end_of_old || old->a != link->a || old->b != link->b)
			add_bond(resolution, made, link++);
		else
		{
			if (old->grade != link->grade)
			{
				add_bond(resolution, gone, old);
				add_bond(resolution, made, link);
			}
			old++;
			link++;
		}
	}
	if (offer_rows(gone))
		execute("DELETE FROM crm_timeline.bond k USING gone_bond g"
				" WHERE k.a = g.a AND k.b = g.b",
				InvalidOid, 0);
	if (offer_rows(made))
		execute("INSERT INTO crm_timeline.bond (a, b, grade)"
				" SELECT m.a, m.b, m.grade FROM made_bond m",
				InvalidOid, 0);
	end_rows(gone);
	end_rows(made);
}

static const char *
shown(const Resolution *resolution, uint32 place)
{
	Text name = name_at(resolution, place);

	return pnstrdup(name.bytes, name.length);
}

/* The tenant of a name, for people. */
static const char *
shown_tenant(const Resolution *resolution, uint32 place)
{
	Text tenant = names_text(resolution->tenants,
							 resolution->heads[resolution->head_of[place]].tenant);

	return tenant.length == 0 ? "none" : psprintf("%.*s", (int) tenant.length, tenant.bytes);
}

static const char *
reason_of(const Link *link)
{
	switch ((Outcome) link->outcome)
	{
		case LINK_BLOCKED:
			return "blocked";
		case LINK_TENANT:
			return "tenant";
		case LINK_NEVER:
			return "never";
		case LINK_LIMIT:
			return "limit";
		case LINK_DEGREE:
			return "degree";
		case LINK_CLUSTER:
			return "cluster";
		case LINK_LOOKS_LIKE:
			return "looks_like";
		case LINK_BOND:
		case LINK_INSIDE:
			break;
	}
	elog(ERROR, "link was not refused");
}

/* Why a link was refused, in words. */
static const char *
detail_of(const Resolution *resolution, const Link *link, const Refusal *why)
{
	switch ((Outcome) link->outcome)
	{
		case LINK_BLOCKED:
			return psprintf("%s is blocked",
							shown(resolution, resolution->is_blocked[link->a] ? link->a : link->b));
		case LINK_TENANT:
			return psprintf("the tenants are %s and %s", shown_tenant(resolution, link->a),
							shown_tenant(resolution, link->b));
		case LINK_NEVER:
			return psprintf("%s and %s are never one customer", shown(resolution, why->x),
							shown(resolution, why->y));
		case LINK_LIMIT:
		{
			Text space = names_text(resolution->spaces, why->x);

			return psprintf("%u of namespace %.*s, the limit is %u", why->y, (int) space.length,
							space.bytes, resolution->limits[why->x].per_customer);
		}
		case LINK_DEGREE:
			return psprintf(
				"%s has %u links, the limit is %u", shown(resolution, why->x), why->y,
				resolution->limits[resolution->heads[resolution->head_of[why->x]].space].degree);
		case LINK_CLUSTER:
			return psprintf("%u identities, the limit is %u", why->x, resolution->cluster);
		case LINK_LOOKS_LIKE:
			return psprintf("%s looks like %s", shown(resolution, why->x),
							shown(resolution, why->y));
		case LINK_BOND:
		case LINK_INSIDE:
			break;
	}
	elog(ERROR, "link was not refused");
}

static void
add_refused(Resolution *resolution, Rows *rows, const Link *link, const Refusal *why)
{
	MemoryContext before = MemoryContextSwitchTo(resolution->scratch);
	IdentityValue a;
	IdentityValue b;
	Datum values[6];

	values[0] = identity_value(resolution, link->a, &a);
	values[1] = identity_value(resolution, link->b, &b);
	values[2] = Int16GetDatum(link->grade);
	values[3] = TimestampTzGetDatum(link->noted_at);
	values[4] = CStringGetTextDatum(reason_of(link));
	values[5] = CStringGetTextDatum(detail_of(resolution, link, why));
	add_row(rows, values);
	MemoryContextSwitchTo(before);
	MemoryContextReset(resolution->scratch);
}

/* The identities that are blocked, or are not: those whose links were looked at. */
static Datum
identities_blocked(const Resolution *resolution, bool blocked, uint32 *count)
{
	uint32 *numbers = palloc_extended(((Size) resolution->names->count + 1) * sizeof(uint32),
									  MCXT_ALLOC_HUGE);
	Datum array;

	*count = 0;
	for (uint32 i = 0; i < resolution->names->count; i++)
		if (resolution->is_blocked[i] == blocked)
			numbers[(*count)++] = i;
	array = identity_array(resolution, numbers, *count);
	pfree(numbers);
	return array;
}

/* Takes away refused links that are none any more. */
static void
remove_refused(Resolution *resolution, bool any)
{
	uint32 count;
	Datum array;

	if (resolution->everything)
	{
		execute(any ? "DELETE FROM crm_timeline.refused_link r"
					  " WHERE NOT EXISTS (SELECT FROM now_refused n"
					  " WHERE n.a OPERATOR(crm_timeline.=) r.a"
					  " AND n.b OPERATOR(crm_timeline.=) r.b)" :
					  "DELETE FROM crm_timeline.refused_link r",
				InvalidOid, 0);
		return;
	}
	array = identities_blocked(resolution, false, &count);
	if (count > 0)
		execute(any ? "DELETE FROM crm_timeline.refused_link r"
					  " WHERE (r.a OPERATOR(crm_timeline.=) ANY ($1)"
					  " OR r.b OPERATOR(crm_timeline.=) ANY ($1))"
					  " AND NOT EXISTS (SELECT FROM now_refused n"
					  " WHERE n.a OPERATOR(crm_timeline.=) r.a"
					  " AND n.b OPERATOR(crm_timeline.=) r.b)" :
					  "DELETE FROM crm_timeline.refused_link r"
					  " WHERE r.a OPERATOR(crm_timeline.=) ANY ($1)"
					  " OR r.b OPERATOR(crm_timeline.=) ANY ($1)",
				resolution->array_type, array);
	/* a link between two blocked identities is of no interest any more */
	array = identities_blocked(resolution, true, &count);
	if (count > 0)
		execute("DELETE FROM crm_timeline.refused_link r"
				" WHERE (r.a OPERATOR(crm_timeline.=) ANY ($1)"
				" OR r.b OPERATOR(crm_timeline.=) ANY ($1))"
				" AND EXISTS (SELECT FROM crm_timeline.blocked_identity x"
				" WHERE x.identity OPERATOR(crm_timeline.=) r.a)"
				" AND EXISTS (SELECT FROM crm_timeline.blocked_identity x"
				" WHERE x.identity OPERATOR(crm_timeline.=) r.b)",
				resolution->array_type, array);
}

/* Writes which links are refused. */
static void
record_refused(Resolution *resolution)
{
	const Column columns[] = {{"a", resolution->identity_type},
							  {"b", resolution->identity_type},
							  {"grade", INT2OID},
							  {"noted_at", TIMESTAMPTZOID},
							  {"reason", TEXTOID},
							  {"detail", TEXTOID}};
	const Force *force = &resolution->force;
	const Partition *partition = resolution->partition;
	Rows *rows = start_rows("now_refused", columns, lengthof(columns));
	bool any;

	for (uint32 i = 0; i < partition->refusal_count; i++)
		add_refused(resolution, rows, &force->links[partition->refusals[i].link],
					&partition->refusals[i]);
	for (uint32 i = force->open; i < force->count; i++)
		add_refused(resolution, rows, &force->links[i], NULL);
	any = offer_rows(rows);
	remove_refused(resolution, any);
	/* the source is that of the fact that gives grade and time: an asserted one, else the first by name */
	if (any)
		execute(
			"INSERT INTO crm_timeline.refused_link AS r"
			" (a, b, source, grade, noted_at, reason, detail)"
			" SELECT n.a, n.b, CASE WHEN s.id IS NULL THEN o.source ELSE s.source END,"
			" n.grade, n.noted_at, n.reason, n.detail FROM now_refused n"
			" LEFT JOIN LATERAL (SELECT l.id, l.source FROM (SELECT f.* FROM crm_timeline.link f"
			" WHERE f.a OPERATOR(crm_timeline.=) n.a AND f.b OPERATOR(crm_timeline.=) n.b"
			" ORDER BY f.noted_at DESC, f.id DESC LIMIT 1) l WHERE l.verdict = 'same'"
			" AND l.grade = n.grade AND l.noted_at = n.noted_at) s ON true"
			" LEFT JOIN LATERAL (SELECT min(f.source COLLATE \"C\") AS source"
			" FROM crm_timeline.observed_link f"
			" WHERE (f.a OPERATOR(crm_timeline.=) n.a AND f.b OPERATOR(crm_timeline.=) n.b"
			" OR f.a OPERATOR(crm_timeline.=) n.b AND f.b OPERATOR(crm_timeline.=) n.a)"
			" AND f.grade = n.grade AND f.noted_at = n.noted_at) o ON true"
			" ON CONFLICT (a, b) DO UPDATE SET source = EXCLUDED.source, grade = EXCLUDED.grade,"
			" noted_at = EXCLUDED.noted_at, reason = EXCLUDED.reason, detail = EXCLUDED.detail"
			" WHERE (r.source, r.grade, r.noted_at, r.reason, r.detail) IS DISTINCT FROM"
			" (EXCLUDED.source, EXCLUDED.grade, EXCLUDED.noted_at, EXCLUDED.reason,"
			" EXCLUDED.detail)",
			InvalidOid, 0);
	end_rows(rows);
}

void
record_changes(Resolution *resolution)
{
	record_new(resolution);
	record_moved(resolution);
	/* refusals point to links by their places, which the order by ends changes */
	record_refused(resolution);
	record_bonds(resolution);
}
