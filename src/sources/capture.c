/*
 * capture.c
 *		The triggers on registered tables: which identities a write is about.
 *
 * Owns the trigger function capture(), and the plans that it keeps.  It reads
 * the rows of a statement (or the one row of a row trigger) with the writer's
 * rights.  How they get into the dirty log is dirty_log.c's; what becomes of the
 * log it does not know.  It lets no write fail for what its expressions do.
 *
 * CREATE TRIGGER ... EXECUTE FUNCTION crm_timeline.capture(source, alias, identities, occurred_at, filter)
 * Over a row that is called alias, identities is a FROM item of one column, the
 * other two are expressions.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/rows.h"
#include "sources/dirty_log.h"
#include "sources/row_expressions.h"
#include "sources/settings.h"

/* The rows that a plan reads. */
typedef enum Rows
{
	ROWS_NEW,  /* the transition table new_rows */
	ROWS_OLD,  /* the transition table old_rows */
	ROWS_BOTH, /* one after the other */
	ROWS_ONE   /* one row, a parameter */
} Rows;

/* A plan of this session; a trigger has one, since its event says what it reads. */
typedef struct KeptPlan
{
	Oid trigger;
	char *query;     /* the text that it was made from: a trigger may be made anew */
	uint64 row_type; /* what the row's type was then */
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
 * state, and one whose tables were changed is made anew.
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
	/* a name with a blank: an expression's own columns, and its table's name, are likely not to have one */
	appendStringInfo(&query, "SELECT \"an identity\", (%s\n) FROM ", argument[ARGUMENT_TIME]);
	switch (rows)
	{
		case ROWS_NEW:
			appendStringInfoString(&query, "new_rows");
			break;
		case ROWS_OLD:
			appendStringInfoString(&query, "old_rows");
			break;
		case ROWS_BOTH:
			appendStringInfoString(&query,
								   "(SELECT * FROM old_rows UNION ALL SELECT * FROM new_rows)");
			break;
		case ROWS_ONE:
			appendStringInfoString(&query, "(SELECT ($1).*)");
			break;
	}
	appendStringInfo(&query,
					 " AS %s CROSS JOIN LATERAL %s AS \"the identities\" (\"an identity\") "
					 "WHERE (%s\n)",
					 quote_identifier(argument[ARGUMENT_ALIAS]), argument[ARGUMENT_IDENTITY],
					 argument[ARGUMENT_FILTER]);
	return query.data;
}

/* The plan for a trigger's rows, made at its first use in a session. */
static SPIPlanPtr
plan_for(const TriggerData *data, Rows rows)
{
	KeptPlan *kept;
	bool found;
	char *query = identities_query(data->tg_trigger, rows);
	Oid type = data->tg_relation->rd_rel->reltype;
	uint64 row_type = lookup_type_cache(type, TYPECACHE_TUPDESC)->tupDesc_identifier;
	SPIPlanPtr plan;

	if (kept_plans == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(KeptPlan)};

		kept_plans = hash_create("crm_timeline capture plans", 64, &control,
								 HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_plans, &data->tg_trigger->tgoid, HASH_FIND, NULL);
	if (kept != NULL && strcmp(kept->query, query) == 0 && kept->row_type == row_type &&
		SPI_plan_is_valid(kept->plan))
		return kept->plan;
	fix_settings();
	plan = SPI_prepare_cursor(query, rows == ROWS_ONE ? 1 : 0, &type, CURSOR_OPT_GENERIC_PLAN);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", query, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep a plan");
	kept = hash_search(kept_plans, &data->tg_trigger->tgoid, HASH_ENTER, &found);
	if (found)
	{
		/* an outer call of this may be using it: then it is left behind */
		if (capture_depth == 1)
			SPI_freeplan(kept->plan);
		pfree(kept->query);
	}
	kept->plan = plan;
	kept->row_type = row_type;
	kept->query = MemoryContextStrdup(TopMemoryContext, query);
	return plan;
}

/* Notes a row: its identity and its time. */
static void
note_row(void *caller, const Datum *values, const bool *nulls)
{
	TimestampTz time = nulls[1] ? 0 : DatumGetTimestampTz(values[1]);

	if (!nulls[0])
		written_add(caller, PG_DETOAST_DATUM_PACKED(values[0]), nulls[1] ? NULL : &time);
}

/* An expression's type may have changed: a function was made anew, or a column's type. */
static void
check_result_types(DestReceiver *receiver, int operation, TupleDesc result)
{
	(void) receiver;
	(void) operation;
	check_row_type(ROW_IDENTITY, TupleDescAttr(result, 0)->atttypid);
	check_row_type(ROW_TIME, TupleDescAttr(result, 1)->atttypid);
}

/* Notes the identities of some rows, by a query. */
static void
note_rows(const TriggerData *data, Rows rows, HeapTuple tuple, Written *written)
{
	RowReceiver receiver;
	SPIExecuteOptions options = {.dest = &receiver.pub};
	SPIPlanPtr plan = plan_for(data, rows);
	int result;

	row_receiver_init(&receiver, note_row, written);
	receiver.pub.rStartup = check_result_types;
	options.read_only = true;
	if (rows == ROWS_ONE)
	{
		options.params = makeParamList(1);
		options.params->params[0] = (ParamExternData) {
			.value = heap_copy_tuple_as_datum(tuple, RelationGetDescr(data->tg_relation)),
			.pflags = PARAM_FLAG_CONST,
			.ptype = data->tg_relation->rd_rel->reltype};
	}
	/*
	 * What an expression finds in other tables is what is there now, whatever the
	 * transaction may see: whoever commits a change there that this does not find
	 * must have been told that this transaction writes (sources/horizon.sql).
	 */
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
	result = SPI_execute_plan_extended(plan, &options);
	PopActiveSnapshot();
	if (result < 0)
		elog(ERROR, "SPI_execute_plan_extended failed: %s", SPI_result_code_string(result));
}

static int64
count_rows(Tuplestorestate *rows)
{
	return rows != NULL ? tuplestore_tuple_count(rows) : 0;
}

/* Notes what the trigger's event wrote. */
static void
note_event(TriggerData *data, Written *written)
{
	TriggerEvent event = data->tg_event;
	char **argument = data->tg_trigger->tgargs;
	RowTexts texts = {argument[ARGUMENT_ALIAS], argument[ARGUMENT_IDENTITY],
					  argument[ARGUMENT_TIME], argument[ARGUMENT_FILTER]};
	MemoryContext caller = CurrentMemoryContext;

	if (evaluate_rows(data, &texts, written))
		return;
	if (!TRIGGER_FIRED_FOR_ROW(event) &&
		count_rows(data->tg_oldtable) + count_rows(data->tg_newtable) == 0)
		return;
	/* before others are looked up; a foreign table's rows are written without */
	(void) GetTopTransactionId();
	/* a row that the writer may not see fails the expression that asks for it, and so marks the whole source */
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	SPI_connect();
	if (SPI_register_trigger_data(data) < 0)
		elog(ERROR, "could not register the trigger's data");
	MemoryContextSwitchTo(caller);
	if (TRIGGER_FIRED_FOR_ROW(event))
	{
		note_rows(data, ROWS_ONE, data->tg_trigtuple, written);
		if (TRIGGER_FIRED_BY_UPDATE(event))
			note_rows(data, ROWS_ONE, data->tg_newtuple, written);
	}
	else if (TRIGGER_FIRED_BY_UPDATE(event))
		note_rows(data, ROWS_BOTH, NULL, written);
	else
		note_rows(data, TRIGGER_FIRED_BY_INSERT(event) ? ROWS_NEW : ROWS_OLD, NULL, written);
	SPI_finish();
}

/*
 * Whether an error is about the session or the transaction as a whole: a
 * cancellation, a deadlock.  All others are an expression's, memory that it asks
 * for in vain included.
 */
static bool
must_be_raised(const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	return category == ERRCODE_OPERATOR_INTERVENTION || category == ERRCODE_TRANSACTION_ROLLBACK;
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
	const char *source;
	int nest_level;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("function \"capture\" is a trigger function")));
	if (!TRIGGER_FIRED_AFTER(data->tg_event) || data->tg_trigger->tgnargs != ARGUMENT_COUNT)
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
						errmsg("trigger \"%s\" was not made by crm_timeline",
							   data->tg_trigger->tgname),
						errhint("Triggers of sources are made by add_source() and resume_source().")));

	source = data->tg_trigger->tgargs[ARGUMENT_SOURCE];

	/* nothing that somebody put into public or pg_temp is ever run */
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		dirty_log_append_source(source, NULL);
	else
	{
		Written *written = written_create(source);

		/*
		 * Expressions may fail, the log may not.  A subtransaction that only reads
		 * takes no number, so that a transaction of many writes does not have as
		 * many subtransactions for others to look up.
		 */
		BeginInternalSubTransaction(NULL);
		MemoryContextSwitchTo(caller);
		capture_depth++;
		PG_TRY();
		{
			note_event(data, written);
			capture_depth--;
			ReleaseCurrentSubTransaction();
			MemoryContextSwitchTo(caller);
			CurrentResourceOwner = owner;
		}
		PG_CATCH();
		{
			capture_depth--;
			MemoryContextSwitchTo(caller);
			problem = CopyErrorData();
			FlushErrorState();
			/* whoever gets the error finds the transaction that he knows, also for one that is raised again */
			RollbackAndReleaseCurrentSubTransaction();
			MemoryContextSwitchTo(caller);
			CurrentResourceOwner = owner;
			if (must_be_raised(problem))
				ReThrowError(problem);
		}
		PG_END_TRY();
		if (problem != NULL)
			dirty_log_append_source(source, problem->message);
		else
			written_append(written);
	}
	AtEOXact_GUC(true, nest_level);
	return PointerGetDatum(NULL);
}
