/*
 * row_expressions.h
 *		A trigger's expressions over the rows that it is given, without a query.
 *
 * Most sources need nothing but the row.  Making ready a plan for the one row
 * of an application's statement takes several times what evaluating it takes.
 */
#ifndef CRM_ROW_EXPRESSIONS_H
#define CRM_ROW_EXPRESSIONS_H

#include "commands/trigger.h"

#include "sources/dirty_log.h"

/* What is asked of a row. */
enum
{
	ROW_IDENTITY,
	ROW_TIME,
	ROW_FILTER,
	ROW_EXPRESSIONS
};

/* Raises an error where an expression has another type than it had when the source was registered. */
extern void check_row_type(int which, Oid type);

/* How many calls of capture() are under way in this session: expressions may write where they should not. */
extern int capture_depth;

/* What is asked of a row: an identity, as an item of FROM or a subquery without one; its time; whether it counts. */
typedef struct RowTexts
{
	const char *alias; /* what the expressions call the row */
	const char *identity;
	const char *time;
	const char *filter;
} RowTexts;

/*
 * Adds each row that the trigger's event wrote, old ones and new ones, that
 * counts and has an identity.  Does nothing and gives false where an expression
 * asks for more than the row: another table, a function that is not IMMUTABLE,
 * several identities.
 */
extern bool evaluate_rows(const TriggerData *data, const RowTexts *texts, Written *written);

#endif /* CRM_ROW_EXPRESSIONS_H */
