/*
 * row_expressions.c
 *		A trigger's expressions over the rows that it is given, without a query.
 *
 * Owns the parsed expressions, which a session keeps.  The server tells when a
 * function that they call is changed; when the table is, its row type says it.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "sources/expression.h"
#include "sources/row_expressions.h"

/* What this session knows of a trigger's expressions. */
typedef struct KeptExpressions
{
	Oid trigger;
	uint64 row_type;
	char *texts[ROW_EXPRESSIONS]; /* what they were made from: a trigger may be made anew */
	CachedExpression *cached;     /* a list; NULL where they need a query */
} KeptExpressions;

/* The rows and what is made of them, for one event. */
typedef struct Evaluation
{
	EState *state;
	ExprContext *context;
	ExprState *expressions[ROW_EXPRESSIONS];
	Written *written;
} Evaluation;

static HTAB *kept_expressions = NULL;

int capture_depth = 0;

void
check_row_type(int which, Oid type)
{
	static Oid identity = InvalidOid;
	Oid wanted = which == ROW_TIME ? TIMESTAMPTZOID : BOOLOID;

	if (which == ROW_IDENTITY)
	{
		/* it goes with the extension, and an oid is not given again soon */
		if (!OidIsValid(identity) || !SearchSysCacheExists1(TYPEOID, identity))
			identity = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("identity"),
									   get_namespace_oid("crm_timeline", false));
		wanted = identity;
	}
	if (type != wanted)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("an expression is of type %s now, and was of type %s when the "
							   "source was registered",
							   format_type_be(type), format_type_be(wanted))));
}

/* The parsed expression of a text of ours; a subquery of nothing but an expression is that expression. */
static Node *
parse_text(const char *text)
{
	List *parsed = raw_parser(psprintf("SELECT %s", text), RAW_PARSE_DEFAULT);
	ResTarget *target = only_target(linitial_node(RawStmt, parsed)->stmt);
	ResTarget *inner = NULL;

	if (target == NULL)
		return NULL;
	if (IsA(target->val, SubLink) && ((SubLink *) target->val)->subLinkType == EXPR_SUBLINK)
		inner = only_target(((SubLink *) target->val)->subselect);
	return inner != NULL ? inner->val : target->val;
}

/* For expression_tree_walker: whether there is a system column. */
static bool
has_system_column(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
		return ((Var *) node)->varattno < 0;
	return expression_tree_walker(node, has_system_column, context);
}

/* For check_functions_in_node: a function that somebody else made, and may make anew. */
static bool
is_foreign_function(Oid function, void *context)
{
	return function >= FirstNormalObjectId && get_func_namespace(function) != *(Oid *) context;
}

/*
 * For expression_tree_walker: whether there is a call of somebody's function
 * whose arguments are constant.  It would be folded away, and the server would
 * not tell when it is made anew.
 */
static bool
has_foldable_call(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_foreign_function, context) && !contain_var_clause(node))
		return true;
	return expression_tree_walker(node, has_foldable_call, context);
}

/* The expressions, ready to be evaluated; NULL where they need a query. */
static CachedExpression *
make_expressions(Relation relation, const char *alias, char *const *texts)
{
	ParseState *pstate = state_over(relation, alias, NULL);
	Oid ours = get_namespace_oid("crm_timeline", false);
	List *expressions = NIL;
	CachedExpression *cached;

	for (int i = 0; i < ROW_EXPRESSIONS; i++)
	{
		Node *node = parse_text(texts[i]);

		if (node == NULL)
			return NULL;
		node = transformExpr(pstate, node, EXPR_KIND_SELECT_TARGET);
		assign_expr_collations(pstate, node);
		check_row_type(i, exprType(node));
		expressions = lappend(expressions, node);
	}
	if (pstate->p_hasSubLinks || pstate->p_hasTargetSRFs || pstate->p_hasAggs ||
		pstate->p_hasWindowFuncs || has_system_column((Node *) expressions, NULL) ||
		has_foldable_call((Node *) expressions, &ours))
		return NULL;
	free_parsestate(pstate);
	cached = GetCachedExpression((Node *) expressions);
	/* one that is not IMMUTABLE may read tables, and wants a snapshot for that */
	if (contain_mutable_functions(cached->expr))
	{
		FreeCachedExpression(cached);
		return NULL;
	}
	return cached;
}

static bool
still_right(const KeptExpressions *kept, uint64 row_type, char *const *texts)
{
	for (int i = 0; i < ROW_EXPRESSIONS; i++)
	{
		if (strcmp(kept->texts[i], texts[i]) != 0)
			return false;
	}
	return kept->row_type == row_type && (kept->cached == NULL || kept->cached->is_valid);
}

static List *
expressions_of(const TriggerData *data, const RowTexts *given)
{
	char *texts[ROW_EXPRESSIONS] = {(char *) given->identity, (char *) given->time,
									(char *) given->filter};
	Oid type = data->tg_relation->rd_rel->reltype;
	uint64 row_type = lookup_type_cache(type, TYPECACHE_TUPDESC)->tupDesc_identifier;
	KeptExpressions *kept;
	CachedExpression *cached;
	bool found;

	if (kept_expressions == NULL)
	{
		HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(KeptExpressions)};

		kept_expressions = hash_create("crm_timeline capture expressions", 64, &control,
									   HASH_ELEM | HASH_BLOBS);
	}
	kept = hash_search(kept_expressions, &data->tg_trigger->tgoid, HASH_FIND, NULL);
	if (kept == NULL || !still_right(kept, row_type, texts))
	{
		cached = make_expressions(data->tg_relation, given->alias, texts);
		kept = hash_search(kept_expressions, &data->tg_trigger->tgoid, HASH_ENTER, &found);
		if (found)
		{
			/* an outer call of this may be evaluating it: then it is left behind */
			if (kept->cached != NULL && capture_depth == 1)
				FreeCachedExpression(kept->cached);
			for (int i = 0; i < ROW_EXPRESSIONS; i++)
				pfree(kept->texts[i]);
		}
		kept->row_type = row_type;
		kept->cached = cached;
		for (int i = 0; i < ROW_EXPRESSIONS; i++)
			kept->texts[i] = MemoryContextStrdup(TopMemoryContext, texts[i]);
	}
	return kept->cached != NULL ? (List *) kept->cached->expr : NIL;
}

static Datum
value_of(const Evaluation *evaluation, int which, bool *is_null)
{
	return ExecEvalExprSwitchContext(evaluation->expressions[which], evaluation->context, is_null);
}

static void
evaluate_row(const Evaluation *evaluation, TupleTableSlot *row)
{
	bool is_null;
	Datum identity;
	TimestampTz time;

	ResetExprContext(evaluation->context);
	evaluation->context->ecxt_scantuple = row;
	if (evaluation->expressions[ROW_FILTER] != NULL &&
		(!DatumGetBool(value_of(evaluation, ROW_FILTER, &is_null)) || is_null))
		return;
	identity = value_of(evaluation, ROW_IDENTITY, &is_null);
	if (is_null)
		return;
	time = DatumGetTimestampTz(value_of(evaluation, ROW_TIME, &is_null));
	written_add(evaluation->written, PG_DETOAST_DATUM_PACKED(identity), is_null ? NULL : &time);
}

/* The rows of a transition table; nothing where there is none. */
static void
evaluate_table(const Evaluation *evaluation, Relation relation, Tuplestorestate *rows)
{
	TupleTableSlot *slot;

	if (rows == NULL)
		return;
	slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsMinimalTuple);
	/* others read it, too */
	tuplestore_select_read_pointer(rows, tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND));
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		CHECK_FOR_INTERRUPTS();
		evaluate_row(evaluation, slot);
	}
	ExecDropSingleTupleTableSlot(slot);
}

bool
evaluate_rows(const TriggerData *data, const RowTexts *texts, Written *written)
{
	List *expressions = expressions_of(data, texts);
	Evaluation evaluation = {.written = written};
	MemoryContext before;
	bool pushed = false;

	if (expressions == NIL)
		return false;
	/* a function in SQL wants one, whether it reads or not */
	if (!ActiveSnapshotSet())
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		pushed = true;
	}
	evaluation.state = CreateExecutorState();
	evaluation.context = GetPerTupleExprContext(evaluation.state);
	before = MemoryContextSwitchTo(evaluation.state->es_query_cxt);
	for (int i = 0; i < ROW_EXPRESSIONS; i++)
	{
		Expr *expression = list_nth(expressions, i);

		if (i != ROW_FILTER || !IsA(expression, Const) || ((Const *) expression)->constisnull ||
			!DatumGetBool(((Const *) expression)->constvalue))
			evaluation.expressions[i] = ExecInitExpr(expression, NULL);
	}
	if (TRIGGER_FIRED_FOR_ROW(data->tg_event))
	{
		evaluate_row(&evaluation, data->tg_trigslot);
		if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
			evaluate_row(&evaluation, data->tg_newslot);
	}
	else
	{
		evaluate_table(&evaluation, data->tg_relation, data->tg_oldtable);
		evaluate_table(&evaluation, data->tg_relation, data->tg_newtable);
	}
	MemoryContextSwitchTo(before);
	FreeExecutorState(evaluation.state);
	if (pushed)
		PopActiveSnapshot();
	return true;
}
