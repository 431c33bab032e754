/*
 * errors.c
 *		The errors that more than one file raises.
 */
#include "postgres.h"

#include "base/errors.h"
#include "base/limits.h"

/* Raises ERRCODE_DATA_CORRUPTED; what completes "timeline is corrupt: ...". */
void
corrupt_timeline(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("timeline is corrupt: %s", what),
			 errhint("Restore the value from its sources or from a backup.")));
}

/* Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED with the number and the limit. */
void
timeline_too_large(const char *what, uint64 number, uint64 limit)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("timeline has too many %s: " UINT64_FORMAT ", the limit is " UINT64_FORMAT,
					what, number, limit),
			 errhint("Divide the interactions, for instance by year, and keep several timelines.")));
}

/* The same for the attributes of one timeline. */
void
too_many_attributes(uint64 number)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("timeline has too many attributes: " UINT64_FORMAT ", the limit is %d",
					number, MAX_ATTRIBUTES),
			 errdetail("A name that has numbers here and texts there counts twice."),
			 errhint("Keep those that are asked about, or put several into one text.")));
}
