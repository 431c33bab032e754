/*
 * shim.h
 *		As much of a server as the plain logic needs, for the fuzzers.
 *
 * src/base, src/timeline/{attribute,layout,record,pack,text,validate}.c, what
 * src/pattern, src/journey and src/experience have without SQL functions, and
 * the rules of src/identity are linked as they are with shim.c instead of a
 * server.  Every allocation is a malloc() of its own, so that the sanitizers see
 * its end, and belongs to a memory context; what an input has allocated goes
 * when the input is done with.
 *
 * An ERROR ends the work that shim_try() runs.  Corrupt bytes, a limit and
 * memory that runs out are answers; any other error is a finding, and ends the
 * process so that the fuzzer keeps the input.
 */
#ifndef CRM_FUZZ_SHIM_H
#define CRM_FUZZ_SHIM_H

/* What became of the work. */
typedef enum ShimOutcome
{
	SHIM_DONE,
	SHIM_CORRUPT,   /* ERRCODE_DATA_CORRUPTED */
	SHIM_LIMIT,     /* ERRCODE_PROGRAM_LIMIT_EXCEEDED */
	SHIM_NO_MEMORY, /* more than SHIM_MEMORY at a time */
} ShimOutcome;

/* What one input may have allocated at a time, in bytes. */
#define SHIM_MEMORY ((Size) 256 * 1024 * 1024)

/* Before and after each input: an empty memory context, and the end of it. */
extern void shim_begin(void);
extern void shim_end(void);

/* The most that has been allocated at a time since the last call, above what was when it was made. */
extern Size shim_memory(void);

/*
 * Does the work in a memory context of its own, which goes when it returns or
 * raises an error.  May be nested.
 */
extern ShimOutcome shim_try(void (*work)(void *argument), void *argument);

/* The message of the last error that ended work. */
extern const char *shim_message(void);

/* Ends the process with a message: the input shows a bug. */
extern void shim_finding(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Tells the memory sanitizer that code it knows nothing of has written these bytes. */
extern void shim_written(const void *bytes, Size length);

/* Where the memory sanitizer runs: a finding if some of these bytes were never written. */
extern void shim_check_written(const char *what, const void *bytes, Size length);

#endif /* CRM_FUZZ_SHIM_H */
