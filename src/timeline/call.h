/*
 * call.h
 *		The arguments of timeline() and timeline_agg(): times, kinds and
 *		attributes as SQL gives them.
 */
#ifndef CRM_CALL_H
#define CRM_CALL_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/numeric.h"

#include "base/errors.h"
#include "timeline/record.h"

extern Vocabulary *call_vocabulary(FunctionCallInfo fcinfo);
extern Builder *call_builder(FunctionCallInfo fcinfo);
extern MemoryContext call_record_context(FunctionCallInfo fcinfo, MemoryContext aggregate);
extern void *call_cache(FunctionCallInfo fcinfo, Size size);
extern bool call_moment(FunctionCallInfo fcinfo, int first, int64 *time, TextSlice *kind);
extern void call_append_pairs(FunctionCallInfo fcinfo, int first, Builder *builder, int64 time,
							  TextSlice kind);
extern void reject_infinite(int64 time);

/* What an attribute may be, and the errors for what it may not. */
extern void check_attribute_name(TextSlice name);
extern bool numeric_as_double(Numeric numeric, double *number);
extern void reject_number(void) CRM_NORETURN;
extern void reject_sentiment(double sentiment) CRM_NORETURN;
extern void wrong_type(TextSlice name, const char *wanted, const char *given) CRM_NORETURN;

/* Whether a name is that of an argument of its own. */
static inline bool
is_column_name(TextSlice name)
{
	return (name.length == 4 && memcmp(name.bytes, "kind", 4) == 0) ||
		(name.length == 11 && memcmp(name.bytes, "occurred_at", 11) == 0);
}

static inline bool
is_sentiment(double number)
{
	return number >= -1 && number <= 1;
}

/* The bytes of a text, detoasted only where it needs that. */
static inline TextSlice
datum_slice(Datum datum)
{
	struct varlena *text = (struct varlena *) DatumGetPointer(datum);
	TextSlice slice;

	if (unlikely(VARATT_IS_EXTERNAL(text) || VARATT_IS_COMPRESSED(text)))
		text = pg_detoast_datum_packed(text);
	slice.bytes = VARDATA_ANY(text);
	slice.length = (uint32) VARSIZE_ANY_EXHDR(text);
	return slice;
}

/* Reading a timeline argument, which stays where it is while the layout is in use. */
extern void open_timeline(Layout *layout, Datum timeline);

/* The same as far as times and kinds; layout_open_attributes() opens the rest. */
extern void open_timeline_kinds(Layout *layout, Datum timeline);

/* Which kinds of a timeline, by their codes, an array of text names. */
extern bool *kinds_in_array(const Layout *layout, ArrayType *array);

#define PG_GETARG_LAYOUT(n, layout) open_timeline(layout, PG_GETARG_DATUM(n))

#endif /* CRM_CALL_H */
