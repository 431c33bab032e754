/*
 * capture.c
 *		The triggers on registered tables: which identities a write is about.
 *
 * Owns the trigger function capture(), and the plans that it keeps.  It reads
 * the rows of a statement (or the one row of a row trigger) with the writer's
 * rights, and appends to the dirty log as the log's owner.  It does not know
 * what becomes of the log, and lets no write fail for what its expressions do.
 *
 * CREATE TRIGGER ... EXECUTE FUNCTION crm_timeline.capture(source, alias, identities, occurred_at, filter)
 * Over a row that is called alias, identities is a FROM item of one column, the
 * other two are expressions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "base/compat.h"

#define ROWS_AT_ONCE 1000

/* The rows that a plan reads. */
typedef enum Rows
{
	ROWS_NEW, /* the transition table new_rows */
	ROWS_OLD, /* the transition table old_rows */
	ROWS_ONE  /* one row, a parameter */
} Rows;

/* A plan of this session; it is found by the trigger and by what it reads. */
typedef struct PlanKey
{
	Oid trigger;
	Rows rows;
} PlanKey;

typedef struct KeptPlan
{
	PlanKey key;
	char *query; /* the text that it was made from: a trigger may be made anew */
	SPIPlanPtr plan;
} KeptPlan;

/* The arguments of the trigger. */
enum
{
	ARGUMENT_SOURCE,
	ARGUMENT_ALIAS,
	ARGUMENT_IDENTITY,
	ARGUMENT_TIME,
	ARGUMENT_FILTER,
	ARGUMENT_COUNT
};

/*
 * Plans outlive the statement whose trigger made them, as those of foreign
 * keys do: making one costs ten times what using it costs.  They hold no
 * state, and a plan whose table was changed is made anew by the plan cache.
 */
static HTAB *kept_plans = NULL;

PG_FUNCTION_INFO_V1(capture);

/* The query that finds the identities of some rows, and the time that they cover. */
static char *
identities_query(const Trigger *trigger, Rows rows)
{
	StringInfoData query;
	char **argument = trigger->tgargs;

	initStringInfo(&query);
	/* names with a blank: an expression's own columns, and its table's name, are likely not to have one */
	appendStringInfo(&query,
					 "SELECT \"the written\".\"an identity\", pg_catalog.min(\"a time\"), "
					 "pg_catalog.max(\"a time\") FROM ("
					 "SELECT \"an identity\", (%s\n) AS \"a time\" FROM ",
					 argument[ARGUMENT_TIME]);
	switch (rows)
	{
		case ROWS_NEW:
			appendStringInfoString(&query, "new_rows");
			break;
		case ROWS_OLD:
			appendStringInfoString(&query, "old_rows");
			break;
		case ROWS_ONE:
			appendStringInfoString(&query, "(SELECT ($1).*)");
			break;
	}
	appendStringInfo(&query,
					 " AS %s CROSS JOIN LATERAL %s AS \"the identities\" (\"an identity\") "
					 "WHERE (%s\n)) AS \"the written\" "
					 "WHERE \"an identity\" IS NOT NULL GROUP BY \"an identity\"",
					 quote_identifier(argument[ARGUMENT_ALIAS]), argument[ARGUMENT_IDENTITY],
					 argument[ARGUMENT_FILTER]);
	return query.data;
}

/* The plan for a trigger's rows, made at its first use in a session. */
static SPIPlanPtr
plan_for(const TriggerData *data, Rows rows)
{
	PlanKey key;
	KeptPlan *kept;
	bool found;
	char *query = identities_query(data->tg_trigger, rows);
	Oid row_type = data->tg_relation->rd_rel->reltype;
	SPIPlanPtr plan;

	memset(&key, 0, sizeof(key));
	key.trigger = data->tg_trigger->tgoid;
	key.rows = rows;
	if (kept_plans == NULL)
	{
		HASHCTL control = {.keysize = sizeof(PlanKey), .entrysize = sizeof(KeptPlan)};

		kept_plans = hash_create("crm_timeline capture plans", 64, &control,
								 HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_plans, &key, HASH_FIND, NULL);
	if (kept != NULL && strcmp(kept->query, query) == 0)
		return kept->plan;
	plan = SPI_prepare(query, rows == ROWS_ONE ? 1 : 0, &row_type);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", query, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept = hash_search(kept_plans, &key, HASH_ENTER, &found);
	if (found)
	{
		SPI_freeplan(kept->plan);
		pfree(kept->query);
	}
	kept->plan = plan;
	kept->query = MemoryContextStrdup(TopMemoryContext, query);
	return plan;
}

/* Who owns a table. */
static Oid
owner_of(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relation);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/* Appends rows to the dirty log, as its owner; a NULL identity stands for the whole source. */
static void
append_to_log(const char *source, SPITupleTable *rows, uint64 count, const char *problem)
{
	static SPIPlanPtr insert = NULL;
	static Oid insert_type = InvalidOid;
	Oid types[] = {TEXTOID, InvalidOid, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID};
	Oid namespace = get_namespace_oid("crm_timeline", false);
	Oid log = get_relname_relid("dirty_log", namespace);
	Oid saved_user;
	int saved_context;

	if (!OidIsValid(log))
		elog(ERROR, "the dirty log is missing");
	GetUserIdAndSecContext(&saved_user, &saved_context);
	SetUserIdAndSecContext(owner_of(log), saved_context | SECURITY_LOCAL_USERID_CHANGE);
	types[1] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("identity"),
							   ObjectIdGetDatum(namespace));
	/* the extension may have been dropped and made anew in this session */
	if (insert == NULL || insert_type != types[1])
	{
		if (insert != NULL)
			SPI_freeplan(insert);
		insert = SPI_prepare(
			"INSERT INTO crm_timeline.dirty_log (source, identity, starts_at, ends_at, problem) "
			"VALUES ($1, $2, $3, $4, $5)",
			lengthof(types), types);
		if (insert == NULL || SPI_keepplan(insert) != 0)
			elog(ERROR, "could not prepare the dirty log: %s", SPI_result_code_string(SPI_result));
		insert_type = types[1];
	}
	for (uint64 i = 0; i < count; i++)
	{
		Datum values[5] = {CStringGetTextDatum(source)};
		char nulls[6] = "     ";

		for (int column = 1; rows != NULL && column <= 3; column++)
		{
			bool isnull;

			values[column] = SPI_getbinval(rows->vals[i], rows->tupdesc, column, &isnull);
			if (isnull)
				nulls[column] = 'n';
		}
		if (rows == NULL)
			nulls[1] = nulls[2] = nulls[3] = 'n';
		if (problem != NULL)
			values[4] = CStringGetTextDatum(problem);
		else
			nulls[4] = 'n';
		if (SPI_execute_plan(insert, values, nulls, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not append to the dirty log");
	}
	SetUserIdAndSecContext(saved_user, saved_context);
}

/* Logs the identities of some rows, a batch at a time. */
static void
log_rows(const TriggerData *data, Rows rows, HeapTuple tuple)
{
	const char *source = data->tg_trigger->tgargs[ARGUMENT_SOURCE];
	SPIPlanPtr plan = plan_for(data, rows);
	Datum row = (Datum) 0;
	Portal portal;

	if (rows == ROWS_ONE)
		row = heap_copy_tuple_as_datum(tuple, RelationGetDescr(data->tg_relation));
	portal = SPI_cursor_open(NULL, plan, &row, NULL, false);
	for (;;)
	{
		SPITupleTable *batch;
		uint64 count;

		SPI_cursor_fetch(portal, true, ROWS_AT_ONCE);
		batch = SPI_tuptable;
		count = SPI_processed;
		if (count == 0)
			break;
		append_to_log(source, batch, count, NULL);
		SPI_freetuptable(batch);
		if (count < ROWS_AT_ONCE)
			break;
	}
	SPI_cursor_close(portal);
}

/* Logs what the trigger's event wrote. */
static void
log_event(const TriggerData *data)
{
	TriggerEvent event = data->tg_event;

	if (TRIGGER_FIRED_BY_TRUNCATE(event))
		append_to_log(data->tg_trigger->tgargs[ARGUMENT_SOURCE], NULL, 1, NULL);
	else if (TRIGGER_FIRED_FOR_ROW(event))
	{
		log_rows(data, ROWS_ONE, data->tg_trigtuple);
		if (TRIGGER_FIRED_BY_UPDATE(event))
			log_rows(data, ROWS_ONE, data->tg_newtuple);
	}
	else
	{
		if (!TRIGGER_FIRED_BY_INSERT(event))
			log_rows(data, ROWS_OLD, NULL);
		if (!TRIGGER_FIRED_BY_DELETE(event))
			log_rows(data, ROWS_NEW, NULL);
	}
}

/* Whether an error is about the server or the statement as a whole, and not about an expression. */
static bool
must_be_raised(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_TRANSACTION_ROLLBACK:
		case ERRCODE_INTERNAL_ERROR:
			return true;
		default:
			return false;
	}
}

/*
 * capture() returns trigger: appends the identities that a write is about to the
 * dirty log.  An error of an expression does not fail the write: the whole source
 * is marked instead, with the error's message.
 */
Datum
capture(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile problem = NULL;
	int nest_level;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function \"capture\" is a trigger function")));
	if (!TRIGGER_FIRED_AFTER(data->tg_event) || data->tg_trigger->tgnargs != ARGUMENT_COUNT)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("trigger \"%s\" was not made by crm_timeline",
							   data->tg_trigger->tgname),
						errhint("Triggers of sources are made by add_source() and resume_source().")));

	/* nothing that somebody put into public or pg_temp is ever run */
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_register_trigger_data(data) < 0)
		elog(ERROR, "could not register the trigger's data");
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		log_event(data);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		problem = CopyErrorData();
		if (must_be_raised(problem))
			PG_RE_THROW();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_END_TRY();
	if (problem != NULL)
		append_to_log(data->tg_trigger->tgargs[ARGUMENT_SOURCE], NULL, 1, problem->message);
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
	return PointerGetDatum(NULL);
}
