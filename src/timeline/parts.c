/*
 * parts.c
 *		timeline_parts(): a timeline cut into consecutive parts of some size.
 *
 * How large a part becomes is only known when it is packed.  So a part is packed
 * for trial: from what its first interactions took it is guessed how many will
 * fit, until it is nearly full.  Each trial takes as long as the part is, and
 * the number of trials is bounded, so all of it takes as long as the timeline is.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "timeline/call.h"
#include "timeline/pack.h"

PG_FUNCTION_INFO_V1(timeline_parts);

/* interactions that the first part is tried with */
#define FIRST_TRIAL 256

/* how often the number of interactions that fit is corrected */
#define TRIALS 8

/* a part is full when less than this share of it is free */
#define FREE_SHARE 16

/* a trial has at most so many times the interactions of the one before */
#define GROWTH 16

/* What is kept from one part to the next. */
typedef struct Parts
{
	struct varlena *whole; /* where all of it is one part */
	Layout layout;
	Vocabulary *vocabulary;
	uint64 max_bytes;
	uint32 from;  /* of the next part */
	uint32 trial; /* interactions to try the next part with */
} Parts;

/* A part being tried: records that begin where it does. */
typedef struct Trial
{
	const Parts *parts;
	Builder *builder;
	RecordKey *keys;
	uint32 count; /* of the records so far */
} Trial;

/* Sees to it that there are more than count records, or all that there are. */
static void
read_records(Trial *trial, uint32 count)
{
	uint32 left = trial->parts->layout.count - trial->parts->from;
	uint32 wanted = (uint32) Min((uint64) count + 1, left);
	uint32 from = trial->parts->from + trial->count;

	if (trial->count >= wanted)
		return;
	/* ahead by a part of what is there, so that this is seldom */
	wanted = (uint32) Min((uint64) wanted + trial->count / 4, left);
	builder_append_layout(trial->builder, &trial->parts->layout, from, trial->parts->from + wanted,
						  NULL);
	if (trial->keys != NULL)
		pfree(trial->keys);
	trial->keys = builder_keys(trial->builder, &trial->count);
}

/* The number of interactions up to the end of the instant that interaction number count is of. */
static uint32
instant_end(Trial *trial, uint32 count)
{
	read_records(trial, count);
	while (count < trial->count && trial->keys[count].time == trial->keys[count - 1].time)
	{
		if ((count & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		read_records(trial, ++count);
	}
	return count;
}

/* The same where the instant begins: 0 if it is the first one. */
static uint32
instant_begin(const Trial *trial, uint32 count)
{
	while (count > 0 && trial->keys[count - 1].time == trial->keys[count].time)
		count--;
	return count;
}

/* How many interactions take bytes, if count of them take so many. */
static uint32
guess(uint32 count, uint64 took, uint64 bytes)
{
	double guessed = (double) count * ((double) bytes / (double) took);

	return (uint32) Min(Max(guessed, 1), MAX_INTERACTIONS);
}

/* The next part; from and trial move on. */
static struct varlena *
next_part(Parts *parts)
{
	Trial trial = {.parts = parts};
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline part",
												  ALLOCSET_DEFAULT_SIZES);
	uint64 max_bytes = parts->max_bytes;
	uint32 left = parts->layout.count - parts->from;
	uint32 fits = 0; /* interactions that fit, of which best is made */
	uint64 fits_bytes = 0;
	uint32 exceeds = 0; /* interactions that do not; 0 = not yet known */
	uint64 exceeds_bytes = 0;
	uint32 count;
	struct varlena *best = NULL;

	MemoryContextSwitchTo(context);
	trial.builder = builder_create(parts->vocabulary, context, context, false);
	count = instant_end(&trial, Min(parts->trial, left));
	for (int trials = 1;; trials++)
	{
		struct varlena *packed = pack_keys(trial.builder, trial.keys, count);
		uint64 bytes = VARSIZE(packed);
		uint32 next;

		CHECK_FOR_INTERRUPTS();
		if (bytes <= max_bytes)
		{
			if (best != NULL)
				pfree(best);
			best = packed;
			fits = count;
			fits_bytes = bytes;
		}
		else
		{
			exceeds = count;
			exceeds_bytes = bytes;
			/* the first instant is a part whatever it takes */
			if (fits == 0 && instant_begin(&trial, count - 1) == 0)
			{
				best = packed;
				fits = count;
				break;
			}
			pfree(packed);
		}

		if (fits == left || (fits > 0 && fits_bytes > max_bytes - max_bytes / FREE_SHARE) ||
			(fits > 0 && trials >= TRIALS))
			break;
		if (exceeds == 0)
		{
			/* a little less than seems to fit */
			next = guess(fits, fits_bytes, max_bytes - max_bytes / (2 * FREE_SHARE));
			next = (uint32) Min(Max(next, (uint64) fits + 1), (uint64) fits * GROWTH);
			count = instant_end(&trial, Min(next, left));
			continue;
		}
		if (fits == 0)
			next = Min(guess(exceeds, exceeds_bytes, max_bytes - max_bytes / (2 * FREE_SHARE)),
					   exceeds / 2);
		else
			next = fits +
				guess(exceeds - fits, exceeds_bytes - fits_bytes,
					  max_bytes - max_bytes / (2 * FREE_SHARE) - fits_bytes);
		/* at the end of an instant between the two, if there is one */
		count = instant_end(&trial, Min(Max(next, fits + 1), exceeds - 1));
		if (count >= exceeds)
			count = instant_begin(&trial, exceeds - 1);
		if (count <= fits)
			break;
	}
	parts->from += fits;
	parts->trial = fits;

	MemoryContextSwitchTo(result_context);
	{
		struct varlena *result = palloc(VARSIZE(best));

		memcpy(result, best, VARSIZE(best));
		MemoryContextDelete(context);
		return result;
	}
}

/* timeline_parts(timeline, max_bytes): O(interactions x attributes) for all of them. */
Datum
timeline_parts(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Parts *parts;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;
		struct varlena *timeline;
		int32 max_bytes = PG_GETARG_INT32(1);

		if (max_bytes < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a part cannot have %d bytes at the most", max_bytes),
					 errdetail("The least is 1, with which each instant is a part.")));
		call = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		parts = palloc0(sizeof(Parts));
		/* a copy: the argument may go away between calls */
		timeline = PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
		layout_open(&parts->layout, VARDATA(timeline), VARSIZE(timeline) - VARHDRSZ);
		parts->max_bytes = (uint64) max_bytes;
		parts->trial = FIRST_TRIAL;
		if (VARSIZE(timeline) <= parts->max_bytes)
			parts->whole = timeline;
		else
			parts->vocabulary = vocabulary_create(call->multi_call_memory_ctx);
		call->user_fctx = parts;
		MemoryContextSwitchTo(caller);
	}
	call = SRF_PERCALL_SETUP();
	parts = call->user_fctx;
	if (parts->from == parts->layout.count)
		SRF_RETURN_DONE(call);
	if (parts->whole != NULL)
	{
		parts->from = parts->layout.count;
		SRF_RETURN_NEXT(call, PointerGetDatum(parts->whole));
	}
	SRF_RETURN_NEXT(call, PointerGetDatum(next_part(parts)));
}
