/*
 * definitions.c
 *		The type definitions as the server sees it: text and binary form, equality
 *		and hash; definitions as arguments; and those that are in force.
 *
 * In force are the defaults and the rows of the tables definition and target,
 * which override them.  They are put together once a call site and snapshot.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "experience/definitions.h"
#include "pattern/pattern.h"
#include "pattern/text_type.h"

PG_FUNCTION_INFO_V1(definitions_in);
PG_FUNCTION_INFO_V1(definitions_out);
PG_FUNCTION_INFO_V1(definitions_recv);
PG_FUNCTION_INFO_V1(definitions_send);
PG_FUNCTION_INFO_V1(definitions_eq);
PG_FUNCTION_INFO_V1(definitions_ne);
PG_FUNCTION_INFO_V1(definitions_hash);
PG_FUNCTION_INFO_V1(definitions_hash_extended);
PG_FUNCTION_INFO_V1(definitions_in_force);
PG_FUNCTION_INFO_V1(definitions_with);
PG_FUNCTION_INFO_V1(definitions_key);
PG_FUNCTION_INFO_V1(waiting_horizon);

/* Raises what is wrong with a row of a table; row names it. */
static void
row_error(const PatternError *error, const char *row)
{
	ereport(ERROR, errcode(error->sqlstate), errmsg("invalid %s: %s", row, error->message),
			error->detail != NULL ? errdetail("%s", error->detail) : 0,
			error->hint != NULL ? errhint("%s", error->hint) : 0);
}

/* The value of a text over the defaults; NULL where there is an error. */
static DefinitionsValue *
value_of_text(const char *text, Size length, PatternError *error)
{
	DefinitionsDraft draft;

	draft_defaults(&draft);
	return draft_read(&draft, text, length, error) ? draft_value(&draft, error) : NULL;
}

Datum
definitions_in(PG_FUNCTION_ARGS)
{
	const char *input = PG_GETARG_CSTRING(0);
	PatternError error = {0};
	DefinitionsValue *value = value_of_text(input, strlen(input), &error);

	if (value == NULL)
		return text_type_error(&error, "definitions", (struct Node *) fcinfo->context);
	PG_RETURN_POINTER(value);
}

static void
corrupt_definitions(void)
{
	ereport(ERROR, errcode(ERRCODE_DATA_CORRUPTED), errmsg("definitions are corrupt"));
}

/* The value in a Datum, whose parts lie inside of it. */
static const DefinitionsValue *
get_value(Datum datum)
{
	const DefinitionsValue *value = (const DefinitionsValue *) PG_DETOAST_DATUM(datum);
	Size size = VARSIZE(value);

	if (size < offsetof(DefinitionsValue, text) ||
		TYPEALIGN(8, (Size) value->text_length) + TYPEALIGN(8, (Size) value->event_bytes) +
				value->lanes >
			size - offsetof(DefinitionsValue, text) ||
		value->lanes > MAX_EVENTS)
		corrupt_definitions();
	return value;
}

/* The text of a value that is an argument. */
static TextSlice
text_argument(FunctionCallInfo fcinfo, int n)
{
	const DefinitionsValue *value = get_value(PG_GETARG_DATUM(n));

	return (TextSlice) {value->text, value->text_length};
}

Datum
definitions_out(PG_FUNCTION_ARGS)
{
	return text_type_out(text_argument(fcinfo, 0));
}

Datum
definitions_send(PG_FUNCTION_ARGS)
{
	return text_type_send(text_argument(fcinfo, 0));
}

Datum
definitions_recv(PG_FUNCTION_ARGS)
{
	TextSlice text = text_type_receive(fcinfo,
									   "binary definitions have a version that is not known");
	PatternError error = {0};
	DefinitionsValue *value = value_of_text(text.bytes, text.length, &error);

	if (value == NULL)
		return text_type_error(&error, "definitions", NULL);
	PG_RETURN_POINTER(value);
}

Datum
definitions_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
definitions_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!same_slice(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

Datum
definitions_hash(PG_FUNCTION_ARGS)
{
	return text_type_hash(text_argument(fcinfo, 0));
}

Datum
definitions_hash_extended(PG_FUNCTION_ARGS)
{
	return text_type_hash_extended(text_argument(fcinfo, 0), PG_GETARG_DATUM(1));
}

/*
 * As arguments
 */

/* Reads the wait targets behind the lanes. */
static void
load_targets(Definitions *definitions, const char *at, const char *end)
{
	uint32 count = definitions->value->targets;

	definitions->target_count = count;
	definitions->targets = palloc(sizeof(ChannelTarget) * Max(count, 1));
	for (uint32 i = 0; i < count; i++)
	{
		uint16 length;

		if (end - at < (ptrdiff_t) (sizeof(int64) + sizeof(uint16)))
			corrupt_definitions();
		memcpy(&definitions->targets[i].target, at, sizeof(int64));
		memcpy(&length, at + sizeof(int64), sizeof(uint16));
		at += sizeof(int64) + sizeof(uint16);
		if (end - at < length)
			corrupt_definitions();
		definitions->targets[i].channel = (TextSlice) {at, length};
		at += length;
	}
}

/* Loads a value into a context of its own below parent. */
static Definitions *
load_definitions(const DefinitionsValue *value, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "crm_timeline definitions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Definitions *definitions = palloc0(sizeof(Definitions));
	const char *at;

	definitions->context = context;
	definitions->value = palloc(VARSIZE(value));
	memcpy(definitions->value, value, VARSIZE(value));
	value = definitions->value;
	definitions->parameters = &value->parameters;
	definitions->lanes = value->lanes;
	at = value->text + TYPEALIGN(8, (Size) value->text_length);
	definitions->reader = events_open(at, value->event_bytes, context);
	at += TYPEALIGN(8, (Size) value->event_bytes);
	definitions->lane_event = (uint8 *) unconstify(char *, at);
	for (uint32 i = 0; i < definitions->lanes; i++)
	{
		if (definitions->lane_event[i] >= NAMED_EVENTS)
			corrupt_definitions();
	}
	load_targets(definitions, at + definitions->lanes, (const char *) value + VARSIZE(value));
	MemoryContextSwitchTo(caller);
	return definitions;
}

/* The definitions in a Datum; see definitions.h. */
const Definitions *
definitions_load(void **slot, MemoryContext parent, Datum datum)
{
	Definitions *known = *slot;
	const DefinitionsValue *value = get_value(datum);

	if (known != NULL && VARSIZE(known->value) == VARSIZE(value) &&
		memcmp(known->value, value, VARSIZE(value)) == 0)
		return known;
	if (known != NULL)
	{
		*slot = NULL;
		MemoryContextDelete(known->context);
	}
	known = load_definitions(value, parent);
	*slot = known;
	return known;
}

const Definitions *
definitions_argument(FunctionCallInfo fcinfo, int n)
{
	return definitions_load(&fcinfo->flinfo->fn_extra, fcinfo->flinfo->fn_mcxt, PG_GETARG_DATUM(n));
}

/* The lanes of some named events; O(lanes). */
uint64
definitions_lanes(const Definitions *definitions, uint64 events)
{
	uint64 lanes = 0;

	for (uint32 i = 0; i < definitions->lanes; i++)
		lanes |= (events >> definitions->lane_event[i] & 1) << i;
	return lanes;
}

/* The wait target of a channel; a binary search. */
int64
definitions_wait_target(const Definitions *definitions, TextSlice channel)
{
	uint32 low = 0;
	uint32 high = definitions->target_count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = compare_slices(definitions->targets[middle].channel, channel);

		if (order == 0)
			return definitions->targets[middle].target;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return definitions->parameters->wait_target;
}

/*
 * In force
 */

/* What tells one snapshot from another that sees something else. */
typedef struct SnapshotKey
{
	TransactionId xmin;
	TransactionId xmax;
	uint32 running;
	CommandId command;
	uint64 completed;
} SnapshotKey;

/* Kept between calls: the definitions in force in a snapshot. */
struct InForce
{
	SnapshotKey key;
	DefinitionsValue *value;
	uint64 hash; /* of its text */
};

static SnapshotKey
snapshot_key(Snapshot snapshot)
{
	SnapshotKey key;

	memset(&key, 0, sizeof(key));
	key.xmin = snapshot->xmin;
	key.xmax = snapshot->xmax;
	key.running = snapshot->xcnt + (uint32) snapshot->subxcnt;
	key.command = snapshot->curcid;
	key.completed = snapshot->snapXactCompletionCount;
	return key;
}

typedef void (*RowReader)(DefinitionsDraft *draft, TupleTableSlot *slot, const AttrNumber *column);

/* The text in a column of a row, or NULL. */
static char *
text_in(TupleTableSlot *slot, AttrNumber column)
{
	bool null;
	Datum datum = slot_getattr(slot, column, &null);

	return null ? NULL : TextDatumGetCString(datum);
}

/* Reads one entry into a draft; where it is wrong, says in which row. */
static void
read_row(DefinitionsDraft *draft, const char *entry, const char *table, const char *row)
{
	PatternError error = {0};

	if (!draft_read_entry(draft, entry, strlen(entry), &error))
		row_error(&error, psprintf("row \"%s\" of crm_timeline.%s", row, table));
}

/* Rejects what is no mere name: with a scope or a pattern in it, two rows could say the same. */
static void
check_name(const char *name, const char *table, const char *message, const char *names)
{
	PatternError error = {.sqlstate = ERRCODE_INVALID_TEXT_REPRESENTATION, .message = message};

	if (name[0] != '\0' && strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name))
		return;
	error.hint = psprintf("Names are: %s.", names);
	row_error(&error, psprintf("row \"%s\" of crm_timeline.%s", name, table));
}

/* A row of definition: name, pattern. */
static void
read_definition(DefinitionsDraft *draft, TupleTableSlot *slot, const AttrNumber *column)
{
	char *name = text_in(slot, column[0]);
	bool null;
	const PatternValue *pattern = pattern_get_value(slot_getattr(slot, column[1], &null));

	check_name(name, "definition", "it has no name of a definition", event_names());
	read_row(draft, psprintf("%s: %.*s", name, (int) pattern->text_length, pattern->text),
			 "definition", name);
}

/* A row of target: name, scope, value. */
static void
read_target(DefinitionsDraft *draft, TupleTableSlot *slot, const AttrNumber *column)
{
	char *name = text_in(slot, column[0]);
	char *scope = text_in(slot, column[1]);
	StringInfoData entry;

	check_name(name, "target", "it has no name of a parameter", parameter_names());
	initStringInfo(&entry);
	appendStringInfoString(&entry, name);
	if (scope[0] != '\0')
	{
		appendStringInfoString(&entry, "@\"");
		for (const char *at = scope; *at != '\0'; at++)
		{
			if (*at == '"')
				appendStringInfoChar(&entry, '"');
			appendStringInfoChar(&entry, *at);
		}
		appendStringInfoChar(&entry, '"');
	}
	appendStringInfo(&entry, " = %s", text_in(slot, column[2]));
	read_row(draft, entry.data, "target", scope[0] == '\0' ? name : psprintf("%s@%s", name, scope));
}

/* Reads the rows of a table of ours, whoever asks: what words mean is no secret. */
static void
read_table(DefinitionsDraft *draft, const char *name, const char *const *columns, int count,
		   RowReader read)
{
	Oid oid = get_relname_relid(name, get_namespace_oid("crm_timeline", false));
	AttrNumber column[3];
	Relation relation;
	TableScanDesc scan;
	TupleTableSlot *slot;

	if (!OidIsValid(oid))
		ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
				errmsg("table \"crm_timeline.%s\" does not exist", name));
	relation = table_open(oid, AccessShareLock);
	for (int i = 0; i < count; i++)
		column[i] = get_attnum(oid, columns[i]);
	slot = table_slot_create(relation, NULL);
	scan = table_beginscan(relation, GetActiveSnapshot(), 0, NULL);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		read(draft, slot, column);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, AccessShareLock);
}

/* Fills a draft with what is in force in the active snapshot. */
static void
draft_in_force(DefinitionsDraft *draft)
{
	static const char *const definition[] = {"name", "pattern"};
	static const char *const target[] = {"name", "scope", "value"};

	draft_defaults(draft);
	read_table(draft, "definition", definition, lengthof(definition), read_definition);
	read_table(draft, "target", target, lengthof(target), read_target);
}

/* What is in force in the active snapshot; see definitions.h. */
const InForce *
definitions_now(void **slot, MemoryContext context)
{
	SnapshotKey key = snapshot_key(GetActiveSnapshot());
	InForce *known = *slot;
	DefinitionsDraft draft;
	DefinitionsValue *value;
	PatternError error = {0};

	if (known != NULL && known->value != NULL && memcmp(&known->key, &key, sizeof(key)) == 0)
		return known;
	draft_in_force(&draft);
	value = draft_value(&draft, &error);
	if (value == NULL)
		(void) text_type_error(&error, "definitions", NULL);
	if (known == NULL)
		known = *slot = MemoryContextAllocZero(context, sizeof(InForce));
	if (known->value != NULL)
		pfree(known->value);
	known->value = NULL;
	known->value = MemoryContextAlloc(context, VARSIZE(value));
	memcpy(known->value, value, VARSIZE(value));
	known->hash = DatumGetUInt64(
		hash_any_extended((const unsigned char *) value->text, (int) value->text_length, 0));
	known->key = key;
	return known;
}

const DefinitionsValue *
in_force_value(const InForce *in_force)
{
	return in_force->value;
}

int64
in_force_key(const InForce *in_force)
{
	return (int64) in_force->hash;
}

/* Who asked last before has waited in vain. */
int64
in_force_horizon(const InForce *in_force)
{
	return GetCurrentTransactionStartTimestamp() - in_force->value->parameters.patience;
}

/* What is in force, kept by the call site. */
static const InForce *
in_force(FunctionCallInfo fcinfo)
{
	return definitions_now(&fcinfo->flinfo->fn_extra, fcinfo->flinfo->fn_mcxt);
}

/* definitions(): what is in force. */
Datum
definitions_in_force(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(in_force_value(in_force(fcinfo)));
}

/* definitions_key(): a hash of what is in force. */
Datum
definitions_key(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(in_force_key(in_force(fcinfo)));
}

/* waiting_horizon() */
Datum
waiting_horizon(PG_FUNCTION_ARGS)
{
	PG_RETURN_TIMESTAMPTZ(in_force_horizon(in_force(fcinfo)));
}

/* definitions_with(text): what is in force, overridden by a text. */
Datum
definitions_with(PG_FUNCTION_ARGS)
{
	char *overrides = text_to_cstring(PG_GETARG_TEXT_PP(0));
	PatternError error = {0};
	DefinitionsDraft draft;
	DefinitionsValue *value = NULL;

	draft_in_force(&draft);
	if (draft_read(&draft, overrides, strlen(overrides), &error))
		value = draft_value(&draft, &error);
	if (value == NULL)
		return text_type_error(&error, "definitions", NULL);
	PG_RETURN_POINTER(value);
}
