/*
 * conformance.c
 *		How far a timeline is from the journey that was designed.
 *
 * The designed journey is a pattern; what is compared is the order of events.
 * An alignment pairs interactions with elements of one way through the pattern,
 * both in their order: an interaction that no element takes is *extra*, an
 * element that no interaction serves is *skipped*, each costs 1.  The cheapest
 * alignment is found by dynamic programming over (interactions, states), so it
 * is exact.
 *
 *	fitness = 1 - cost / (interactions + elements of the shortest way)
 *
 * which is how alignments are rated in process mining (van der Aalst, Adriansyah
 * and van Dongen, 2012): the worst alignment leaves everything out.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "journey/align.h"
#include "pattern/pattern.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(journey_conformance);
PG_FUNCTION_INFO_V1(journey_deviations);

/* Refuses what an alignment cannot say. */
static void
check_alignable(const LoadedPattern *pattern, const char *function)
{
	const Program *program = &pattern->program;

	for (uint32 i = 0; i < program->header->instructions; i++)
	{
		switch ((Operation) program->instructions[i].operation)
		{
			case GUARD_GATE:
			case GUARD_WITHOUT:
			case GUARD_WITHIN:
			case GUARD_ABSENT:
			case GUARD_SAME:
			case GUARD_PRESENT:
			case ONLY_SAME:
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("%s() compares the order of events, and pattern \"%.*s\" asks for more",
								function, (int) Min(pattern->value->text_length, 1000),
								pattern->value->text),
						 errhint("Leave out gates, \"within\", \"same\" and \"no\", and ask for them "
								 "with matches().")));
			default:
				break;
		}
	}
	if (program->header->absences > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s() compares the order of events, and a pattern with an absence asks for more",
						function)));
}

/* conformance(timeline, pattern [, as_of]) */
Datum
journey_conformance(PG_FUNCTION_ARGS)
{
	const LoadedPattern *pattern = pattern_argument(fcinfo, 1);
	int64 as_of = PG_NARGS() > 2 ? PG_GETARG_TIMESTAMPTZ(2) : GetCurrentTransactionStartTimestamp();
	Layout layout;
	View *view;
	Alignment alignment;
	TupleDesc descriptor;
	Datum values[4];
	bool nulls[4] = {false};
	uint32 shortest;
	uint32 deviations;
	uint32 worst;
	uint32 matched;

	check_alignable(pattern, "conformance");
	PG_GETARG_LAYOUT(0, &layout);
	view = view_create(&pattern->program, &layout, as_of);
	shortest = begin_alignment(&alignment, &pattern->program, view->count, false);
	for (uint32 i = 0; i < view->count; i++)
	{
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
		take_interaction(&alignment, view->masks[i], NULL);
	}
	deviations = deviations_of(alignment.cost[best_end(&alignment)]);
	matched = matched_of(alignment.cost[best_end(&alignment)]);
	worst = view->count + shortest;
	values[0] = Float8GetDatum(worst == 0 ? 1.0 : 1.0 - (double) deviations / worst);
	values[1] = Int32GetDatum((int32) matched);
	values[2] = Int32GetDatum((int32) (deviations - (view->count - matched)));
	values[3] = Int32GetDatum((int32) (view->count - matched));
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

#define DEVIATION_COLUMNS 6

/* One step of an alignment as a row; number is the interaction's, where there is one. */
static void
put_step(ReturnSetInfo *result, int32 n, const Program *program, const View *view,
		 const Arrival *arrival, uint32 interaction)
{
	Datum values[DEVIATION_COLUMNS] = {0};
	bool nulls[DEVIATION_COLUMNS] = {false};
	bool extra = arrival->edge == EXTRA;

	values[0] = Int32GetDatum(n);
	values[1] = CStringGetTextDatum(extra ? "extra" : arrival->matched ? "matched" : "skipped");
	nulls[2] = extra;
	if (!extra)
	{
		const ProgramEdge *edge = &program->edges[arrival->edge];
		const ProgramBranch *branch = &program->branches[program->states[edge->target].branch];
		const ProgramLabel *label = &program->labels[branch->first_label + edge->element];

		values[2] = PointerGetDatum(
			cstring_to_text_with_len(program->texts + label->text, (int) label->length));
	}
	nulls[3] = nulls[4] = nulls[5] = !arrival->matched;
	if (arrival->matched)
	{
		ColumnCursor cursor = column_seek(&view->layout->kind, interaction);
		uint32 rank = 0;
		TextSlice kind;

		(void) column_next(&view->layout->kind, &cursor, &rank);
		kind = column_text(&view->layout->kind, column_code(&view->layout->kind, rank));
		values[3] = TimestampTzGetDatum(view->times[interaction]);
		values[4] = PointerGetDatum(cstring_to_text_with_len(kind.bytes, (int) kind.length));
		values[5] = Int32GetDatum((int32) interaction + 1);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* deviations(timeline, pattern [, as_of]) */
Datum
journey_deviations(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int64 as_of = PG_NARGS() > 2 ? PG_GETARG_TIMESTAMPTZ(2) : GetCurrentTransactionStartTimestamp();
	const LoadedPattern *pattern;
	Layout layout;
	View *view;
	Alignment alignment;
	const Arrival **steps;
	uint32 count = 0;
	uint32 interaction = 0;

	InitMaterializedSRF(fcinfo, 0);
	pattern = pattern_argument(fcinfo, 1);
	check_alignable(pattern, "deviations");
	PG_GETARG_LAYOUT(0, &layout);
	view = view_create(&pattern->program, &layout, as_of);
	(void) begin_alignment(&alignment, &pattern->program, view->count, true);
	for (uint32 i = 0; i < view->count; i++)
	{
		if ((i & 0xFF) == 0)
			CHECK_FOR_INTERRUPTS();
		take_interaction(&alignment, view->masks[i],
						 alignment.arrive + (Size) alignment.states * (i + 1));
	}
	/* each interaction is one step; elements skipped in a row never pass a state twice */
	steps = palloc_extended(sizeof(Arrival *) * ((Size) view->count + 1) *
								(1 + (Size) alignment.states),
							MCXT_ALLOC_HUGE);
	for (uint32 i = view->count, s = best_end(&alignment); i > 0 || s != 0;)
	{
		const Arrival *arrival = &alignment.arrive[(Size) alignment.states * i + s];

		steps[count++] = arrival;
		i -= arrival->matched;
		s = arrival->from;
	}
	for (uint32 n = 1; count-- > 0; n++)
	{
		put_step(result, (int32) n, &pattern->program, view, steps[count], interaction);
		interaction += steps[count]->matched;
	}
	return (Datum) 0;
}
