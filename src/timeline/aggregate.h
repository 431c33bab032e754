/*
 * aggregate.h
 *		What the transition functions of aggregates over interactions begin with.
 */
#ifndef CRM_AGGREGATE_H
#define CRM_AGGREGATE_H

#include "timeline/call.h"

/* The state of a group, made if it is the group's first row. */
static inline Builder *
aggregate_state(FunctionCallInfo fcinfo, bool pieces)
{
	MemoryContext context;

	if (unlikely(!AggCheckCallContext(fcinfo, &context)))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (unlikely(PG_ARGISNULL(0)))
		return builder_create(call_vocabulary(fcinfo), context,
							  call_record_context(fcinfo, context), pieces);
	return (Builder *) PG_GETARG_POINTER(0);
}

/* What a transition function returns for a row that is skipped. */
static inline Datum
same_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return PG_GETARG_DATUM(0);
}

#endif /* CRM_AGGREGATE_H */
