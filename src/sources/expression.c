/*
 * expression.c
 *		The expressions of a source: what the DBA wrote, checked against the table.
 *
 * Owns the question whether a text is one expression over one relation, what
 * type it has, and whether it may be used where it is to be used.  Does not
 * know what the arguments mean, nor how the pieces are put together.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "sources/expression.h"
#include "sources/settings.h"

/* What an argument may depend on. */
typedef enum Rule
{
	RULE_IMMUTABLE, /* on the row alone: it is indexed */
	RULE_SETTLED,   /* on the database, but not on the session's settings */
	RULE_QUERY      /* the same, subqueries included */
} Rule;

/* What is being checked, for the errors. */
typedef struct Subject
{
	const char *source;
	const char *argument;
	const char *expression;
	Rule rule;
} Subject;

PG_FUNCTION_INFO_V1(expression_type);
PG_FUNCTION_INFO_V1(has_index);
PG_FUNCTION_INFO_V1(looked_up);
PG_FUNCTION_INFO_V1(index_sql);
PG_FUNCTION_INFO_V1(is_plain);

/* Raises the error that an expression is not what an argument wants. */
static void CRM_NORETURN
refuse(const Subject *subject, int code, const char *reason, const char *hint)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("source \"%s\": argument \"%s\" %s", subject->source, subject->argument,
					reason),
			 errdetail("The expression is: %s", subject->expression),
			 hint != NULL ? errhint("%s", hint) : 0));
}

ResTarget *
only_target(Node *statement)
{
	SelectStmt *select = (SelectStmt *) statement;

	if (!IsA(select, SelectStmt) || select->op != SETOP_NONE ||
		list_length(select->targetList) != 1 || select->distinctClause != NIL ||
		select->intoClause != NULL || select->fromClause != NIL || select->whereClause != NULL ||
		select->groupClause != NIL || select->havingClause != NULL || select->windowClause != NIL ||
		select->valuesLists != NIL || select->sortClause != NIL || select->limitOffset != NULL ||
		select->limitCount != NULL || select->lockingClause != NIL || select->withClause != NULL)
		return NULL;
	return linitial_node(ResTarget, select->targetList);
}

/* The one expression that a text holds; whatever else it holds is refused. */
static Node *
parse_one_expression(const Subject *subject)
{
	char *statement = psprintf("SELECT (%s\n)", subject->expression);
	List *parsed[2];
	ResTarget *target;

	/* bare first: "a), (b" must not get its parentheses from us */
	parsed[0] = raw_parser(psprintf("SELECT %s", subject->expression), RAW_PARSE_DEFAULT);
	parsed[1] = raw_parser(statement, RAW_PARSE_DEFAULT);
	for (int i = 0; i < 2; i++)
	{
		if (list_length(parsed[i]) != 1)
			refuse(subject, ERRCODE_SYNTAX_ERROR, "is not one expression", NULL);
		target = only_target(linitial_node(RawStmt, parsed[i])->stmt);
		if (target == NULL)
			refuse(subject, ERRCODE_SYNTAX_ERROR, "is not one expression", NULL);
		if (target->name != NULL || target->indirection != NIL)
			refuse(subject, ERRCODE_SYNTAX_ERROR, "is not one expression",
				   "An expression has no name of its own; write it without AS.");
		if (IsA(target->val, ColumnRef) && IsA(llast(((ColumnRef *) target->val)->fields), A_Star))
			refuse(subject, ERRCODE_SYNTAX_ERROR, "is not one expression",
				   "Name one column instead of *.");
	}
	return target->val;
}

/* Whether values of a type look the same whatever DateStyle, TimeZone, lc_monetary and their like say. */
static bool
looks_the_same(Oid type)
{
	Oid element;

	type = getBaseType(type);
	element = get_element_type(type);
	if (OidIsValid(element))
		type = getBaseType(element);
	switch (type)
	{
		case BOOLOID:
		case CHAROID:
		case NAMEOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case OIDOID:
		case UUIDOID:
		case JSONOID:
		case JSONBOID:
		case UNKNOWNOID:
		case INETOID:
		case CIDROID:
			return true;
		default:
			return type_is_enum(type);
	}
}

/* Functions of the server that ask for a setting although their arguments do not show it. */
static bool
asks_for_settings(Oid function)
{
	static const char *const names[] = {"current_setting", "current_schema",   "current_schemas",
										"to_char",         "to_date",          "to_number",
										"to_timestamp",    "pg_timezone_names"};
	char *name = get_func_name(function);

	for (int i = 0; name != NULL && i < (int) lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

/* For check_functions_in_node: keeps the first function that is not immutable. */
static bool
not_immutable(Oid function, void *context)
{
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	*(Oid *) context = function;
	return true;
}

/* The arguments of a node that calls a function; NIL where there are none. */
static List *
arguments_of(Node *node)
{
	switch (nodeTag(node))
	{
		case T_FuncExpr:
			return ((FuncExpr *) node)->args;
		case T_OpExpr:
		case T_DistinctExpr:
		case T_NullIfExpr:
			return ((OpExpr *) node)->args;
		case T_ScalarArrayOpExpr:
			return ((ScalarArrayOpExpr *) node)->args;
		case T_CoerceViaIO:
			return list_make1(((CoerceViaIO *) node)->arg);
		default:
			return NIL;
	}
}

/* Refuses what a rule does not allow, wherever it is in the expression. */
static bool
check_node(Node *node, void *context)
{
	const Subject *subject = context;
	Oid function = InvalidOid;

	if (node == NULL)
		return false;
	if (IsA(node, Var) && ((Var *) node)->varattno < 0)
		refuse(subject, ERRCODE_FEATURE_NOT_SUPPORTED, "uses a system column", NULL);
	if (IsA(node, SQLValueFunction) || IsA(node, CurrentOfExpr))
		refuse(subject, ERRCODE_INVALID_OBJECT_DEFINITION,
			   "depends on who asks and when: an interaction must be the same for everybody", NULL);
	if (IsA(node, NextValueExpr))
		refuse(subject, ERRCODE_INVALID_OBJECT_DEFINITION, "is volatile", NULL);
	if (check_functions_in_node(node, not_immutable, &function))
	{
		bool is_volatile = func_volatile(function) == PROVOLATILE_VOLATILE;
		List *arguments = arguments_of(node);
		bool settled = arguments != NIL && looks_the_same(exprType(node));
		ListCell *cell;

		if (is_volatile)
			refuse(subject, ERRCODE_INVALID_OBJECT_DEFINITION,
				   psprintf("is volatile, because of %s", format_procedure(function)), NULL);
		if (subject->rule == RULE_IMMUTABLE)
			refuse(subject, ERRCODE_INVALID_OBJECT_DEFINITION,
				   psprintf("must be IMMUTABLE, and %s is not", format_procedure(function)),
				   "It is indexed, and must not change while its row does not. "
				   "State a time zone with AT TIME ZONE, as in: created_at AT TIME ZONE 'UTC'.");
		foreach (cell, arguments)
			settled = settled && looks_the_same(exprType(lfirst(cell)));
		/* what a function of the DBA's own asks for is the DBA's to know */
		if (function < FirstNormalObjectId && (!settled || asks_for_settings(function)))
			refuse(subject, ERRCODE_INVALID_OBJECT_DEFINITION,
				   psprintf("depends on settings of the session, because of %s",
							format_procedure(function)),
				   "State what it depends on, as in: created_at AT TIME ZONE 'UTC'.");
	}
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, check_node, context, 0);
	return expression_tree_walker(node, check_node, context);
}

/* See expression.h; whoever comes here has SET clauses, or a level of settings of its own. */
ParseState *
state_over(Relation relation, const char *name, const char *expression)
{
	ParseState *pstate = make_parsestate(NULL);
	/* an alias, as capture gives the written rows: the schema can not stand before the table's name */
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, relation, AccessShareLock,
															 makeAlias(name, NIL), false, true);

	fix_settings();
	pstate->p_sourcetext = expression;
	addNSItemToQuery(pstate, item, false, true, true);
	return pstate;
}

/* Parses, analyses and checks; gives the expression's type. */
static Oid
check_expression(const Subject *subject, Relation relation)
{
	ParseState *pstate = state_over(relation, RelationGetRelationName(relation),
									subject->expression);
	Node *node = parse_one_expression(subject);
	Oid type;

	node = transformExpr(pstate, node,
						 subject->rule == RULE_QUERY ? EXPR_KIND_SELECT_TARGET :
													   EXPR_KIND_INDEX_EXPRESSION);
	if (pstate->p_hasAggs || pstate->p_hasWindowFuncs || pstate->p_hasTargetSRFs)
		refuse(subject, ERRCODE_GROUPING_ERROR, "is not a value of one row", NULL);
	type = exprType(node);
	if (type == UNKNOWNOID)
		type = TEXTOID;
	assign_expr_collations(pstate, node);
	/* as CREATE INDEX does: functions are looked at after they were inlined */
	if (subject->rule != RULE_QUERY)
		node = (Node *) expression_planner((Expr *) copyObject(node));
	check_node(node, (void *) subject);
	free_parsestate(pstate);
	return type;
}

/* Says in an error of the server's own which source and argument it is about, and raises it again. */
static void CRM_NORETURN
raise_with_subject(const Subject *subject, ErrorData *error)
{
	const char *hint = error->hint;
	const char *message = error->message;
	/* what the parser was told that it is */
	const char *told = strstr(message, "index expression");

	if (error->sqlerrcode == ERRCODE_UNDEFINED_FUNCTION ||
		(hint == NULL && error->sqlerrcode == ERRCODE_UNDEFINED_OBJECT))
		hint = "Write functions, types and operators from outside of pg_catalog with their schema.";
	if (told != NULL)
		message = psprintf("%.*sa source's expression%s", (int) (told - message), message,
						   told + strlen("index expression"));
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("source \"%s\": argument \"%s\": %s", subject->source, subject->argument, message),
			 errdetail("The expression is: %s", subject->expression),
			 hint != NULL ? errhint("%s", hint) : 0));
}

/*
 * expression_type(source text, argument text, relation regclass, expression text, rule text) returns regtype:
 * the type of an expression over a relation, or an error that names the source and the argument.
 */
Datum
expression_type(PG_FUNCTION_ARGS)
{
	Subject subject = {text_to_cstring(PG_GETARG_TEXT_PP(0)), text_to_cstring(PG_GETARG_TEXT_PP(1)),
					   text_to_cstring(PG_GETARG_TEXT_PP(3)), RULE_IMMUTABLE};
	Oid relation_oid = PG_GETARG_OID(2);
	char *rule = text_to_cstring(PG_GETARG_TEXT_PP(4));
	MemoryContext caller = CurrentMemoryContext;
	Relation relation;
	volatile Oid type = InvalidOid;

	if (strcmp(rule, "settled") == 0)
		subject.rule = RULE_SETTLED;
	else if (strcmp(rule, "query") == 0)
		subject.rule = RULE_QUERY;
	else if (strcmp(rule, "immutable") != 0)
		elog(ERROR, "unknown rule \"%s\"", rule);
	relation = table_open(relation_oid, AccessShareLock);
	PG_TRY();
	{
		type = check_expression(&subject, relation);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		/* ours, and what is not about the expression, goes on as it is */
		if (strncmp(error->message, "source \"", 8) == 0 ||
			ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ||
			ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INSUFFICIENT_RESOURCES)
			PG_RE_THROW();
		FlushErrorState();
		raise_with_subject(&subject, error);
	}
	PG_END_TRY();
	table_close(relation, AccessShareLock);
	PG_RETURN_OID(type);
}

/* What an expression reads besides its row. */
typedef struct LookedUp
{
	List *relations; /* as often as they are named; views by what they read */
	bool unknown;    /* there may be more, or again and again */
	Oid view;        /* whose query is being looked at */
} LookedUp;

/* For check_functions_in_node: somebody's function, that may read what it likes. */
static bool
may_read(Oid function, void *context)
{
	(void) context;
	return function >= FirstNormalObjectId && func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

/* For expression_tree_walker: notes what is read. */
static bool
find_relations(Node *node, void *context)
{
	LookedUp *found = context;
	ListCell *cell;

	if (node == NULL)
		return false;
	check_stack_depth();
	found->unknown = found->unknown || check_functions_in_node(node, may_read, NULL);
	if (!IsA(node, Query))
		return expression_tree_walker(node, find_relations, context);
	found->unknown = found->unknown || ((Query *) node)->hasRecursive;
	foreach (cell, ((Query *) node)->rtable)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		/* a view's query has entries for the view's own rows */
		if (entry->rtekind != RTE_RELATION || entry->relid == found->view)
			continue;
		if (entry->relkind == RELKIND_VIEW)
		{
			Relation view = table_open(entry->relid, AccessShareLock);
			Oid outer = found->view;

			found->view = entry->relid;
			find_relations((Node *) get_view_query(view), context);
			found->view = outer;
			table_close(view, NoLock);
		}
		else
			found->relations = lappend_oid(found->relations, entry->relid);
	}
	return query_tree_walker((Query *) node, find_relations, context, 0);
}

/*
 * looked_up(relation regclass, expression text) returns oid[]: the tables that an expression over a relation reads
 * besides its row, as often as it names them; NULL where that can not be told.
 */
Datum
looked_up(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	char *expression = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Subject subject = {"", "", expression, RULE_QUERY};
	ParseState *pstate = state_over(relation, RelationGetRelationName(relation), expression);
	LookedUp found = {NIL, false, InvalidOid};
	Datum *oids;
	int count = 0;
	ListCell *cell;

	find_relations(transformExpr(pstate, parse_one_expression(&subject), EXPR_KIND_SELECT_TARGET),
				   &found);
	free_parsestate(pstate);
	table_close(relation, NoLock);
	if (found.unknown)
		PG_RETURN_NULL();
	oids = palloc(sizeof(Datum) * (list_length(found.relations) + 1));
	foreach (cell, found.relations)
		oids[count++] = ObjectIdGetDatum(lfirst_oid(cell));
	PG_RETURN_ARRAYTYPE_P(construct_array(oids, count, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
}

/* A text of ours over a relation, which it calls by some name. */
static Node *
analysed(Relation relation, const char *name, const char *expression)
{
	Subject subject = {"", "", expression, RULE_IMMUTABLE};
	ParseState *pstate = state_over(relation, name, expression);
	Node *node;

	node = transformExpr(pstate, parse_one_expression(&subject), EXPR_KIND_INDEX_EXPRESSION);
	assign_expr_collations(pstate, node);
	free_parsestate(pstate);
	return node;
}

/* The same as an index on the relation would hold it. */
static Node *
as_indexed(Relation relation, const char *expression)
{
	Node *node = analysed(relation, RelationGetRelationName(relation), expression);

	node = eval_const_expressions(NULL, node);
	fix_opfuncids(node);
	return node;
}

/* Whether a key of an index is an expression. */
static bool
key_is(Relation index, const List *expressions, int key, Node *wanted)
{
	int attribute = index->rd_index->indkey.values[key];
	int place = 0;

	if (attribute != 0)
		return IsA(wanted, Var) && ((Var *) wanted)->varattno == attribute;
	for (int i = 0; i < key; i++)
		place += index->rd_index->indkey.values[i] == 0;
	return equal(list_nth(expressions, place), wanted);
}

/*
 * has_index(relation regclass, owner text, occurred_at text) returns boolean: whether a valid index begins with the
 * owner, and goes on with the time where one is given.
 */
Datum
has_index(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	Node *wanted[2] = {NULL, NULL};
	int keys = 0;
	bool found = false;
	List *indexes = RelationGetIndexList(relation);
	ListCell *cell;

	for (int i = 1; i <= 2; i++)
	{
		if (!PG_ARGISNULL(i))
			wanted[keys++] = as_indexed(relation, text_to_cstring(PG_GETARG_TEXT_PP(i)));
	}
	foreach (cell, indexes)
	{
		Relation index = index_open(lfirst_oid(cell), AccessShareLock);
		List *expressions = RelationGetIndexExpressions(index);
		bool fits = index->rd_index->indisvalid && index->rd_index->indnkeyatts >= keys &&
			RelationGetIndexPredicate(index) == NIL;

		for (int key = 0; key < keys && fits; key++)
			fits = key_is(index, expressions, key, wanted[key]);
		index_close(index, AccessShareLock);
		found = found || fits;
	}
	table_close(relation, AccessShareLock);
	PG_RETURN_BOOL(found);
}

/*
 * index_sql(relation regclass, name text, expression text) returns text: an expression over a table of that name, as
 * it is written for an index on a partition or child of it.
 */
Datum
index_sql(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	Node *node = analysed(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)),
						  text_to_cstring(PG_GETARG_TEXT_PP(2)));
	List *context = deparse_context_for(RelationGetRelationName(relation),
										RelationGetRelid(relation));
	char *text = deparse_expression(node, context, false, false);

	table_close(relation, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/*
 * is_plain(relation regclass, expression text) returns boolean: whether an expression has no type modifier, as
 * timestamp(6) has, and no collation but the default.
 */
Datum
is_plain(PG_FUNCTION_ARGS)
{
	Relation relation = table_open(PG_GETARG_OID(0), AccessShareLock);
	Node *node = as_indexed(relation, text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Oid collation = exprCollation(node);
	bool plain = exprTypmod(node) == -1 &&
		(collation == DEFAULT_COLLATION_OID || !OidIsValid(collation));

	table_close(relation, AccessShareLock);
	PG_RETURN_BOOL(plain);
}
