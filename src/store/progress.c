/*
 * progress.c
 *		How far the build of the whole store has come.
 *
 * Owns the sequence rows_read_seq while a build runs.  One statement builds
 * all, so nobody else would see how far it is: a sequence is seen at once.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

/* rows between two looks at the clock, and seconds between two notices */
#define ROWS_BETWEEN 65536
#define SECONDS_BETWEEN 10

typedef struct Progress
{
	int64 rows;
	TimestampTz started_at;
	TimestampTz told_at;
	Oid sequence;
} Progress;

PG_FUNCTION_INFO_V1(note_row_read);

/* What is kept between the calls of one statement. */
static pg_noinline Progress *
progress_start(FmgrInfo *function)
{
	Progress *progress = MemoryContextAllocZero(function->fn_mcxt, sizeof(Progress));

	progress->started_at = progress->told_at = GetCurrentTimestamp();
	progress->sequence = get_relname_relid("rows_read_seq",
										   get_namespace_oid("crm_timeline", false));
	function->fn_extra = progress;
	return progress;
}

/* Tells how many rows were read. */
static pg_noinline void
progress_tell(Progress *progress, int64 total)
{
	TimestampTz now = GetCurrentTimestamp();
	double seconds;
	double rate;

	(void) DirectFunctionCall2(setval_oid, ObjectIdGetDatum(progress->sequence),
							   Int64GetDatum(progress->rows));
	if (!TimestampDifferenceExceeds(progress->told_at, now, SECONDS_BETWEEN * 1000))
		return;
	progress->told_at = now;
	seconds = (double) (now - progress->started_at) / USECS_PER_SEC;
	rate = (double) progress->rows / seconds;
	ereport(NOTICE,
			(errmsg("build of the store: " INT64_FORMAT " of about " INT64_FORMAT
					" interactions read, %.0f a second, about %.0f s left",
					progress->rows, Max(total, progress->rows), rate,
					(double) Max(total - progress->rows, 0) / rate)));
}

/* note_row_read(total) */
Datum
note_row_read(PG_FUNCTION_ARGS)
{
	Progress *progress = fcinfo->flinfo->fn_extra;

	if (unlikely(progress == NULL))
		progress = progress_start(fcinfo->flinfo);
	if (unlikely(++progress->rows % ROWS_BETWEEN == 0))
		progress_tell(progress, PG_GETARG_INT64(0));
	PG_RETURN_BOOL(true);
}
