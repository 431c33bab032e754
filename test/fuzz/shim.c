/*
 * shim.c
 *		As much of a server as the plain logic needs, for the fuzzers.
 *
 * Memory contexts, errors, interrupts that never come, a UTF-8 database, string
 * buffers and the calendar.  What does the same in and out of a server (hashes,
 * shortest decimals, encodings, bit counts) comes from the server's own
 * libpgcommon.a and libpgport.a.
 *
 * utils/memutils.h is not included: up to 15 it holds GetMemoryChunkContext()
 * as an inline function, later it declares the one that is defined here.  Both
 * work with our chunks, which end their heads with the context.
 */
/* these two are declared in one way or another, depending on the server's version */
#undef USE_ASSERT_CHECKING
#define ExceptionalCondition server_exceptional_condition
#define appendBinaryStringInfo server_append_binary
#include "postgres.h"

#include "lib/stringinfo.h"
#undef ExceptionalCondition
#undef appendBinaryStringInfo

#include <sanitizer/asan_interface.h>
#include <setjmp.h>

#include "common/shortest_dec.h"
#include "datatype/timestamp.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/memnodes.h"
#include "utils/datetime.h"

#include "shim.h"

#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#endif

#undef printf
#undef fprintf
#undef vfprintf
#undef snprintf
#undef vsnprintf

/* as the server has them, as far as it agrees with itself */
extern MemoryContext AllocSetContextCreateInternal(MemoryContext parent, const char *name,
												   Size least, Size first, Size greatest);
extern void MemoryContextDelete(MemoryContext context);
extern MemoryContext GetMemoryChunkContext(void *pointer);
extern void ExceptionalCondition(const char *condition, ...) __attribute__((noreturn));
extern void appendBinaryStringInfo(StringInfo out, const void *bytes, int length);

#define MAX_ALLOC ((Size) 0x3fffffff)
#define MAX_HUGE_ALLOC (SIZE_MAX / 2)

/*
 * Findings
 */

void
shim_finding(const char *format, ...)
{
	va_list arguments;

	fputs("FINDING: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	abort();
}

void
ExceptionalCondition(const char *condition, ...)
{
	shim_finding("assertion failed: %s", condition);
}

/*
 * Errors
 */

static struct
{
	int level;
	int code;
	char message[1024];
} current_error;

static jmp_buf *handler = NULL;

__attribute__((noreturn)) static void
raise_outcome(ShimOutcome outcome)
{
	if (handler == NULL)
		shim_finding("an error outside of shim_try(): %s", current_error.message);
	longjmp(*handler, outcome);
}

bool
errstart(int level, const char *domain)
{
	(void) domain;
	if (level < ERROR)
		return false;
	current_error.level = level;
	current_error.code = ERRCODE_INTERNAL_ERROR;
	current_error.message[0] = '\0';
	return true;
}

bool
errstart_cold(int level, const char *domain)
{
	return errstart(level, domain);
}

void
errfinish(const char *file, int line, const char *function)
{
	if (current_error.level == ERROR && current_error.code == ERRCODE_DATA_CORRUPTED)
		raise_outcome(SHIM_CORRUPT);
	if (current_error.level == ERROR && current_error.code == ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		raise_outcome(SHIM_LIMIT);
	shim_finding("an error that hostile bytes must not raise: %s (%s, %s:%d)",
				 current_error.message, function, file, line);
}

int
errcode(int code)
{
	current_error.code = code;
	return 0;
}

/* Formats as the server would, for the sanitizers to see what is read. */
static int
format_message(char *out, Size size, const char *format, va_list arguments)
{
	return vsnprintf(out, size, format, arguments);
}

int
errmsg(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_message(current_error.message, sizeof(current_error.message), format, arguments);
	va_end(arguments);
	return 0;
}

int
errmsg_internal(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	format_message(current_error.message, sizeof(current_error.message), format, arguments);
	va_end(arguments);
	return 0;
}

int
errdetail(const char *format, ...)
{
	va_list arguments;
	char detail[1024];

	va_start(arguments, format);
	format_message(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	return 0;
}

int
errhint(const char *format, ...)
{
	va_list arguments;
	char hint[1024];

	va_start(arguments, format);
	format_message(hint, sizeof(hint), format, arguments);
	va_end(arguments);
	return 0;
}

const char *
shim_message(void)
{
	return current_error.message;
}

/*
 * Memory.  A context is a list of chunks; each is a malloc() of its own.
 */

typedef struct Chunk
{
	struct Chunk *previous;
	struct Chunk *next;
	Size size;
	MemoryContext context; /* just before the memory, as the server of 15 has it */
} Chunk;

typedef struct Arena
{
	MemoryContextData head;
	Chunk chunks; /* the head of the list */
	MemoryContextCallback *callbacks;
} Arena;

#define HEAD_BYTES offsetof(Chunk, context)

MemoryContext CurrentMemoryContext = NULL;

static Arena *root = NULL;
static Size allocated = 0;
static Size allocated_before = 0; /* at the last call of shim_memory() */
static Size most_allocated = 0;   /* since then */

static inline Chunk *
chunk_of(void *pointer)
{
	return (Chunk *) pointer - 1;
}

/* The heads are out of bounds for everybody else. */
__attribute__((no_sanitize("address"))) static void
link_chunk(Arena *arena, Chunk *chunk)
{
	chunk->previous = &arena->chunks;
	chunk->next = arena->chunks.next;
	chunk->next->previous = chunk;
	arena->chunks.next = chunk;
}

__attribute__((no_sanitize("address"))) static void
free_chunk(Chunk *chunk)
{
	chunk->previous->next = chunk->next;
	chunk->next->previous = chunk->previous;
	allocated -= chunk->size;
	ASAN_UNPOISON_MEMORY_REGION(chunk, HEAD_BYTES);
	free(chunk);
}

__attribute__((no_sanitize("address"))) static Size
chunk_size(Chunk *chunk)
{
	return chunk->size;
}

static void *
allocate(MemoryContext context, Size size, int flags)
{
	Chunk *chunk;

	/* to look at a context that is gone is a report of the address sanitizer */
	if (context->type != T_AllocSetContext)
		shim_finding("memory is asked of what is no memory context");
	if (size > ((flags & MCXT_ALLOC_HUGE) != 0 ? MAX_HUGE_ALLOC : MAX_ALLOC))
		shim_finding("invalid memory alloc request size %zu", size);
	if (allocated + size > SHIM_MEMORY)
	{
		if ((flags & MCXT_ALLOC_NO_OOM) != 0)
			return NULL;
		snprintf(current_error.message, sizeof(current_error.message), "out of memory");
		raise_outcome(SHIM_NO_MEMORY);
	}
	chunk = malloc(sizeof(Chunk) + size);
	if (chunk == NULL)
		shim_finding("malloc() of %zu bytes failed", size);
	chunk->size = size;
	chunk->context = context;
	link_chunk((Arena *) context, chunk);
	ASAN_POISON_MEMORY_REGION(chunk, HEAD_BYTES);
	allocated += size;
	most_allocated = Max(most_allocated, allocated);
	if ((flags & MCXT_ALLOC_ZERO) != 0)
		memset(chunk + 1, 0, size);
	return chunk + 1;
}

static Arena *
create_arena(MemoryContext parent, const char *name)
{
	Arena *arena = calloc(1, sizeof(Arena));

	if (arena == NULL)
		shim_finding("malloc() failed");
	arena->head.type = T_AllocSetContext;
	arena->head.name = name;
	arena->head.parent = parent;
	if (parent != NULL)
	{
		arena->head.nextchild = parent->firstchild;
		if (parent->firstchild != NULL)
			parent->firstchild->prevchild = &arena->head;
		parent->firstchild = &arena->head;
	}
	arena->chunks.previous = arena->chunks.next = &arena->chunks;
	return arena;
}

MemoryContext
AllocSetContextCreateInternal(MemoryContext parent, const char *name, Size least, Size first,
							  Size greatest)
{
	(void) least;
	(void) first;
	(void) greatest;
	return &create_arena(parent, name)->head;
}

/* What is asked to be called goes with the memory that it lies in, so it comes first. */
static void
call_back(Arena *arena)
{
	while (arena->callbacks != NULL)
	{
		MemoryContextCallback *callback = arena->callbacks;

		arena->callbacks = callback->next;
		callback->func(callback->arg);
	}
}

void
MemoryContextRegisterResetCallback(MemoryContext context, MemoryContextCallback *callback)
{
	Arena *arena = (Arena *) context;

	callback->next = arena->callbacks;
	arena->callbacks = callback;
}

void
MemoryContextDelete(MemoryContext context)
{
	Arena *arena = (Arena *) context;

	if (context == CurrentMemoryContext)
		shim_finding("the current memory context is deleted");
	while (context->firstchild != NULL)
		MemoryContextDelete(context->firstchild);
	call_back(arena);
	while (arena->chunks.next != &arena->chunks)
		free_chunk(arena->chunks.next);
	if (context->prevchild != NULL)
		context->prevchild->nextchild = context->nextchild;
	else if (context->parent != NULL)
		context->parent->firstchild = context->nextchild;
	if (context->nextchild != NULL)
		context->nextchild->prevchild = context->prevchild;
	free(arena);
}

MemoryContext
GetMemoryChunkContext(void *pointer)
{
	return chunk_of(pointer)->context;
}

void
MemoryContextReset(MemoryContext context)
{
	Arena *arena = (Arena *) context;

	while (context->firstchild != NULL)
		MemoryContextDelete(context->firstchild);
	call_back(arena);
	while (arena->chunks.next != &arena->chunks)
		free_chunk(arena->chunks.next);
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return allocate(context, size, 0);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_ZERO);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return allocate(context, size, MCXT_ALLOC_HUGE);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return allocate(context, size, flags);
}

void *
palloc(Size size)
{
	return allocate(CurrentMemoryContext, size, 0);
}

void *
palloc0(Size size)
{
	return allocate(CurrentMemoryContext, size, MCXT_ALLOC_ZERO);
}

void *
palloc_extended(Size size, int flags)
{
	return allocate(CurrentMemoryContext, size, flags);
}

void
pfree(void *pointer)
{
	free_chunk(chunk_of(pointer));
}

char *
pnstrdup(const char *text, Size length)
{
	char *copy = palloc(length + 1);

	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

char *
pstrdup(const char *text)
{
	return pnstrdup(text, strlen(text));
}

Size
shim_memory(void)
{
	Size most = most_allocated - allocated_before;

	allocated_before = most_allocated = allocated;
	return most;
}

/* Always moves, so that a pointer kept from before is found out. */
static void *
reallocate(void *pointer, Size size, int flags)
{
	void *moved = allocate(chunk_of(pointer)->context, size, flags);
	Size old = chunk_size(chunk_of(pointer));

	memcpy(moved, pointer, Min(old, size));
	pfree(pointer);
	return moved;
}

void *
repalloc(void *pointer, Size size)
{
	return reallocate(pointer, size, 0);
}

void *
repalloc_huge(void *pointer, Size size)
{
	return reallocate(pointer, size, MCXT_ALLOC_HUGE);
}

void
shim_begin(void)
{
	root = create_arena(NULL, "input");
	CurrentMemoryContext = &root->head;
	handler = NULL;
}

void
shim_end(void)
{
	CurrentMemoryContext = NULL;
	MemoryContextDelete(&root->head);
	root = NULL;
	if (allocated != 0)
		shim_finding("%zu bytes are left of an input", allocated);
}

ShimOutcome
shim_try(void (*work)(void *argument), void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = &create_arena(caller, "try")->head;
	jmp_buf *outer = handler;
	jmp_buf here;
	int outcome;

	outcome = setjmp(here);
	if (outcome == 0)
	{
		handler = &here;
		CurrentMemoryContext = context;
		work(argument);
	}
	handler = outer;
	CurrentMemoryContext = caller;
	MemoryContextDelete(context);
	return (ShimOutcome) outcome;
}

/*
 * Interrupts, which never come, and the database, which is in UTF-8
 */

volatile sig_atomic_t InterruptPending = false;

void
ProcessInterrupts(void)
{
	shim_finding("an interrupt where there is none");
}

/* Frames are larger with sanitizers; nesting has a limit of its own. */
bool
stack_is_too_deep(void)
{
	return false;
}

void
check_stack_depth(void)
{
}

int
GetDatabaseEncoding(void)
{
	return PG_UTF8;
}

bool
pg_verify_mbstr(int encoding, const char *text, int length, bool no_error)
{
	if (!no_error)
		shim_finding("a text is verified with an error in view");
	return pg_encoding_verifymbstr(encoding, text, length) == length;
}

/*
 * String buffers
 */

void
initStringInfo(StringInfo out)
{
	out->maxlen = 1024;
	out->data = palloc(out->maxlen);
	out->len = 0;
	out->cursor = 0;
	out->data[0] = '\0';
}

void
enlargeStringInfo(StringInfo out, int needed)
{
	Size size = out->maxlen;

	if (needed < 0 || (Size) needed >= MAX_ALLOC - (Size) out->len)
	{
		snprintf(current_error.message, sizeof(current_error.message), "a text is too long");
		raise_outcome(SHIM_LIMIT);
	}
	while (size < (Size) out->len + (Size) needed + 1)
		size *= 2;
	if (size == (Size) out->maxlen)
		return;
	out->data = repalloc(out->data, Min(size, MAX_ALLOC));
	out->maxlen = (int) Min(size, MAX_ALLOC);
}

void
appendBinaryStringInfo(StringInfo out, const void *bytes, int length)
{
	enlargeStringInfo(out, length);
	memcpy(out->data + out->len, bytes, length);
	out->len += length;
	out->data[out->len] = '\0';
}

void
appendStringInfoString(StringInfo out, const char *text)
{
	appendBinaryStringInfo(out, text, (int) strlen(text));
}

void
appendStringInfoChar(StringInfo out, char c)
{
	appendBinaryStringInfo(out, &c, 1);
}

void
appendStringInfoSpaces(StringInfo out, int count)
{
	while (count-- > 0)
		appendStringInfoChar(out, ' ');
}

void
resetStringInfo(StringInfo out)
{
	out->data[0] = '\0';
	out->len = 0;
	out->cursor = 0;
}

/* A formatted text of any length, in memory of its own. */
static char *
format_text(const char *format, va_list arguments)
{
	va_list again;
	int length;
	char *text;

	va_copy(again, arguments);
	length = format_message(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		shim_finding("a text cannot be formatted");
	text = palloc((Size) length + 1);
	(void) format_message(text, (Size) length + 1, format, arguments);
	return text;
}

void
appendStringInfo(StringInfo out, const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	appendStringInfoString(out, text);
	pfree(text);
}

char *
psprintf(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	return text;
}

int
pg_snprintf(char *out, size_t size, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = format_message(out, size, format, arguments);
	va_end(arguments);
	return length;
}

/*
 * The calendar: Gregorian without a beginning, year 0 being 1 BC, days as Julian
 * day numbers.  A year begins with March here, so that the leap day ends it.
 */

const int day_tab[2][13] = {{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0},
							{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0}};

/* days of 400 years, and from the Julian day 0 on to the first March of year -4800 */
#define ERA_DAYS 146097
#define ERA_START 32044

int
date2j(int year, int month, int day)
{
	int64 from_march = (month + 9) % 12;
	int64 years = (int64) year + 4800 - (from_march >= 10 ? 1 : 0);

	return (int) (years * 365 + years / 4 - years / 100 + years / 400 + (153 * from_march + 2) / 5 +
				  day - 1 - ERA_START);
}

void
j2date(int julian, int *year, int *month, int *day)
{
	int64 days = (int64) julian + ERA_START;
	int64 era = days / ERA_DAYS;
	int64 of_era = days % ERA_DAYS;
	int64 year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
	int64 of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64 from_march = (5 * of_year + 2) / 153;

	*day = (int) (of_year - (153 * from_march + 2) / 5 + 1);
	*month = (int) (from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (int) (era * 400 + year_of_era - 4800 + (*month <= 2 ? 1 : 0));
}

/*
 * The memory sanitizer knows nothing of what the server's libraries write.
 */

void
shim_written(const void *bytes, Size length)
{
#if __has_feature(memory_sanitizer)
	__msan_unpoison(bytes, length);
#else
	(void) bytes;
	(void) length;
#endif
}

void
shim_check_written(const char *what, const void *bytes, Size length)
{
#if __has_feature(memory_sanitizer)
	if (__msan_test_shadow(bytes, length) >= 0)
		shim_finding("%s: byte %zd of %zu was never written", what,
					 (ssize_t) __msan_test_shadow(bytes, length), length);
#else
	(void) what;
	(void) bytes;
	(void) length;
#endif
}

#if __has_feature(memory_sanitizer)
extern int __real_double_to_shortest_decimal_buf(double number, char *out);
extern int __wrap_double_to_shortest_decimal_buf(double number, char *out);

int
__wrap_double_to_shortest_decimal_buf(double number, char *out)
{
	int length = __real_double_to_shortest_decimal_buf(number, out);

	__msan_unpoison(out, length + 1);
	return length;
}

#undef qsort

void
pg_qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
	qsort(base, count, size, compare);
}
#endif
