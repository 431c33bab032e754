/*
 * expression.h
 *		What the DBA wrote, parsed.
 */
#ifndef CRM_EXPRESSION_H
#define CRM_EXPRESSION_H

#include "nodes/parsenodes.h"
#include "parser/parse_node.h"
#include "utils/relcache.h"

/* The parser's state for expressions over the rows of a relation, which they call by some name. */
extern ParseState *state_over(Relation relation, const char *name, const char *expression);

/* The one item of a statement SELECT expression; NULL where it is anything else. */
extern ResTarget *only_target(Node *statement);

#endif /* CRM_EXPRESSION_H */
