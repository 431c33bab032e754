/*
 * parts.c
 *		timeline_parts(): a timeline cut into consecutive parts of some size.
 *
 * How large a part becomes is only known when it is packed.  So a part is packed
 * for trial: from what some interactions took it is guessed how many will fit,
 * until it is nearly full.  A trial takes as long as the part is, and the number
 * of trials is bounded, so all of it takes as long as the timeline is.
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

/* a part is tried so often at the most, once something fits */
#define TRIALS 16

/* a part is full when less than this share of it is free */
#define FREE_SHARE 16

/* a trial has at most so many times the interactions of the one before */
#define GROWTH 16

/* interactions that are read at once: each time takes as long as the dictionaries are */
#define READ_AHEAD MAX_DICTIONARY

/* What is kept from one part to the next. */
typedef struct Parts
{
	struct varlena *whole; /* where all of it is one part */
	Layout layout;
	Vocabulary *vocabulary;
	uint64 max_bytes;
	uint32 from;  /* of the next part */
	uint32 trial; /* interactions to try the next part with */

	/* records of the next part and of those behind and before it */
	MemoryContext context;
	Builder *builder;
	RecordKey *keys;
	uint32 first; /* interaction */
	uint32 records;
} Parts;

/* How many interactions took how many bytes. */
typedef struct Measure
{
	uint32 count;
	uint64 bytes;
} Measure;

/* A part being tried. */
typedef struct Trial
{
	Parts *parts;
	uint32 left;     /* interactions from its first one on */
	Measure fits;    /* the most that fit; 0 = none yet */
	Measure exceeds; /* the fewest that do not; 0 = none yet */
	bool last_fits;  /* of the last trial */
	int same_side;   /* trials in a row that ended so */
} Trial;

/* Sees to it that of the interactions from the next part's first one on the first count are read. */
static void
read_records(Parts *parts, uint32 count)
{
	uint32 end = parts->from + count;
	MemoryContext caller;
	uint64 ahead;

	if (end <= parts->first + parts->records)
		return;
	/* where half of what is there belongs to parts that are done, begin anew */
	if (parts->builder == NULL || parts->from - parts->first >= parts->records / 2)
	{
		MemoryContextReset(parts->context);
		parts->builder = builder_create(parts->vocabulary, parts->context, parts->context, false);
		parts->keys = NULL;
		parts->first = parts->from;
		parts->records = 0;
	}
	ahead = (uint64) end + Max(parts->records / 4, READ_AHEAD);
	end = (uint32) Min(ahead, parts->layout.count);
	caller = MemoryContextSwitchTo(parts->context);
	builder_append_layout(parts->builder, &parts->layout, parts->first + parts->records, end, NULL);
	if (parts->keys != NULL)
		pfree(parts->keys);
	parts->keys = builder_keys(parts->builder, &parts->records);
	MemoryContextSwitchTo(caller);
}

/* The key of an interaction that has been read, counted from the next part's first one. */
static inline const RecordKey *
key_at(const Parts *parts, uint32 index)
{
	return &parts->keys[parts->from - parts->first + index];
}

/* The number of interactions up to the end of the instant that interaction number count is of. */
static uint32
instant_end(Trial *trial, uint32 count)
{
	for (;; count++)
	{
		if ((count & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		read_records(trial->parts, Min(count + 1, trial->left));
		if (count == trial->left ||
			key_at(trial->parts, count)->time != key_at(trial->parts, count - 1)->time)
			return count;
	}
}

/* The number of interactions before the instant that interaction number count is of. */
static uint32
instant_begin(const Trial *trial, uint32 count)
{
	int64 time = key_at(trial->parts, count - 1)->time;

	while (count > 0 && key_at(trial->parts, count - 1)->time == time)
	{
		if ((count & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		count--;
	}
	return count;
}

/*
 * How many interactions take bytes, as seen from two measures, of which the
 * second has more interactions; at least one more than the first.
 */
static uint32
guess(Measure from, Measure to, uint64 bytes)
{
	double took = (double) to.bytes - (double) from.bytes;
	double more = (double) (to.count - from.count) * ((double) bytes - (double) from.bytes);

	/* more interactions may take no more, or even fewer bytes */
	more = took > 0 ? more / took : MAX_INTERACTIONS;
	return from.count + (uint32) Min(Max(more, 1), MAX_INTERACTIONS);
}

/*
 * The number of interactions to try next, at the end of an instant between those
 * that fit and those that exceed; 0 if there is none.
 */
static uint32
next_trial(Trial *trial)
{
	Measure fits = trial->fits;
	Measure exceeds = trial->exceeds;
	uint64 max_bytes = trial->parts->max_bytes;
	/* a little less than what seems to fit */
	uint64 aim = max_bytes - max_bytes / (2 * FREE_SHARE);
	uint32 next;

	if (exceeds.count == 0)
	{
		uint64 most = Min((uint64) fits.count * GROWTH, trial->left);

		next = (uint32) Min(guess((Measure) {0, 0}, fits, aim), most);
		return instant_end(trial, Max(next, fits.count + 1));
	}
	/* where one end does not move any more, it is not as even as a guess takes it to be */
	if (trial->same_side > 1)
		next = fits.count + (exceeds.count - fits.count) / 2;
	else
		next = guess(fits, exceeds, aim);
	next = instant_end(trial, Max(Min(next, exceeds.count - 1), fits.count + 1));
	if (next >= exceeds.count)
		next = instant_begin(trial, exceeds.count);
	return next > fits.count ? next : 0;
}

/* The next part; from and trial move on. */
static struct varlena *
next_part(Parts *parts)
{
	Trial trial = {.parts = parts, .left = parts->layout.count - parts->from};
	struct varlena *best = NULL;
	uint32 count = instant_end(&trial, Min(parts->trial, trial.left));

	for (int trials = 1; count > 0; trials++)
	{
		struct varlena *packed = pack_keys(parts->builder, key_at(parts, 0), count);
		Measure took = {count, VARSIZE(packed)};
		bool fits = took.bytes <= parts->max_bytes;

		CHECK_FOR_INTERRUPTS();
		trial.same_side = trial.last_fits == fits ? trial.same_side + 1 : 1;
		trial.last_fits = fits;
		/* the first instant is a part whatever it takes */
		if (fits || instant_begin(&trial, count) == 0)
		{
			if (best != NULL)
				pfree(best);
			best = packed;
			trial.fits = took;
			if (count == trial.left ||
				took.bytes > parts->max_bytes - parts->max_bytes / FREE_SHARE)
				break;
		}
		else
		{
			pfree(packed);
			trial.exceeds = took;
		}
		if (trials >= TRIALS && best != NULL)
			break;
		count = next_trial(&trial);
	}
	parts->from += trial.fits.count;
	parts->trial = trial.fits.count;
	return best;
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
		{
			parts->vocabulary = vocabulary_create(call->multi_call_memory_ctx);
			parts->context = AllocSetContextCreate(call->multi_call_memory_ctx,
												   "crm_timeline parts", ALLOCSET_DEFAULT_SIZES);
		}
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
