/*
 * safeguards.c
 *		How many safeguards lie before what is risky: safeguards_before().
 *
 * One way through the moments, with a count for each thread and a window of
 * time over all of them: O(moments).
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_safeguards_before);

/* What an interaction is worth: its risk, or else its value, whichever its sign, or else nothing. */
static double
amount_at(const Column *risks, const Column *values, uint32 index)
{
	double amount;

	if (number_at(risks, index, &amount))
		return amount;
	return number_at(values, index, &amount) ? fabs(amount) : 0;
}

/* Whether a moment is of one of some kinds. */
static bool
is_of_kinds(const Column *kind, const bool *kinds, const Moment *moment)
{
	ColumnCursor cursor = column_seek(kind, moment->index);
	uint32 rank = 0;

	(void) column_next(kind, &cursor, &rank);
	return kinds[column_code(kind, rank)];
}

/* safeguards_before(timeline, definitions, as_of, kinds) */
Datum
experience_safeguards_before(PG_FUNCTION_ARGS)
{
	enum
	{
		S_OCCURRED_AT,
		S_KIND,
		S_THREAD,
		S_AMOUNT,
		S_SAFEGUARDS,
		S_SOURCE,
		S_REF,
		S_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure = {0};
	const Layout *layout = &measure.layout;
	const Story *story = &measure.story;
	const Definitions *definitions = definitions_argument(fcinfo, 1);
	const Column *risks;
	const Column *values_of;
	const bool *kinds;
	uint32 *in_thread;  /* safeguards until then, by conversation */
	uint32 first = 0;   /* moment that is not too long ago */
	int64 recently = 0; /* safeguards from there on */

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	PG_GETARG_LAYOUT(0, &measure.layout);
	if (layout->count == 0)
		return (Datum) 0;
	kinds = kinds_in_array(layout, PG_GETARG_ARRAYTYPE_P(3));
	story_read_kinds(&measure.story, definitions, layout, PG_GETARG_TIMESTAMPTZ(2),
					 EVENT_BIT(EVENT_SAFEGUARD), kinds);
	risks = layout_find(layout, "risk", 4, ATTRIBUTE_NUMBER);
	values_of = layout_find(layout, "value", 5, ATTRIBUTE_NUMBER);
	in_thread = palloc_extended(sizeof(uint32) * (Size) story->conversations,
								MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (;
			 story->moments[first].time < moment->time - definitions->parameters->safeguard_within;
			 first++)
			recently -= moment_is(&story->moments[first], EVENT_SAFEGUARD);
		if (is_of_kinds(&layout->kind, kinds, moment))
		{
			Datum values[S_COLUMNS];
			bool nulls[S_COLUMNS] = {false};

			values[S_OCCURRED_AT] = TimestampTzGetDatum(moment->time);
			values[S_KIND] = measure_kind(&measure, moment, &nulls[S_KIND]);
			values[S_THREAD] = measure_text(&measure, moment, THREAD, &nulls[S_THREAD]);
			values[S_AMOUNT] = Float8GetDatum(amount_at(risks, values_of, moment->index));
			values[S_SAFEGUARDS] = Int64GetDatum(
				moment->threaded ? in_thread[moment->conversation] : recently);
			values[S_SOURCE] = measure_text(&measure, moment, SOURCE, &nulls[S_SOURCE]);
			values[S_REF] = measure_text(&measure, moment, REF, &nulls[S_REF]);
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
		/* one that is risky, too, is none before itself */
		if (moment_is(moment, EVENT_SAFEGUARD))
		{
			in_thread[moment->conversation]++;
			recently++;
		}
	}
	return (Datum) 0;
}
