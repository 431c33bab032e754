/*
 * call.h
 *		The arguments of timeline() and timeline_agg(): times, kinds and
 *		attributes as SQL gives them.
 */
#ifndef CRM_CALL_H
#define CRM_CALL_H

#include "fmgr.h"
#include "utils/jsonb.h"

#include "timeline/record.h"

extern Vocabulary *call_vocabulary(FunctionCallInfo fcinfo);
extern Builder *call_builder(FunctionCallInfo fcinfo);
extern MemoryContext call_record_context(FunctionCallInfo fcinfo, MemoryContext aggregate);
extern bool call_moment(FunctionCallInfo fcinfo, int first, int64 *time, TextSlice *kind);
extern void call_append_pairs(FunctionCallInfo fcinfo, int first, Builder *builder, int64 time,
							  TextSlice kind);
extern void call_append_jsonb(Builder *builder, int64 time, TextSlice kind, JsonbContainer *object,
							  bool with_moment);
extern void reject_infinite(int64 time);

/* Reading a timeline argument, which stays where it is while the layout is in use. */
extern void open_timeline(Layout *layout, Datum timeline);

/* The same as far as times and kinds; layout_open_attributes() opens the rest. */
extern void open_timeline_kinds(Layout *layout, Datum timeline);

#define PG_GETARG_LAYOUT(n, layout) open_timeline(layout, PG_GETARG_DATUM(n))

#endif /* CRM_CALL_H */
