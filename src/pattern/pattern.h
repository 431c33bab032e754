/*
 * pattern.h
 *		The value of type pattern, and what a function keeps of one between calls.
 *
 *	+---------+-------------+----------------+---------+------------------+
 *	| varlena | text length | canonical text | padding | program          |
 *	| header  | uint32      |                | to 8    | (program.h)      |
 *	+---------+-------------+----------------+---------+------------------+
 */
#ifndef CRM_PATTERN_H
#define CRM_PATTERN_H

#include "fmgr.h"

#include "pattern/chain.h"
#include "pattern/search.h"

typedef struct PatternValue
{
	int32 vl_len_;
	uint32 text_length;
	char text[FLEXIBLE_ARRAY_MEMBER];
} PatternValue;

/* A pattern ready to run. */
typedef struct LoadedPattern
{
	MemoryContext context; /* all of it is in here */
	PatternValue *value;   /* a copy, by which the same one is known again */
	Program program;
	Chain chain;
	bool constant; /* no call of this call site will give another */
} LoadedPattern;

/* The value of a text; NULL and the error where it is none. */
extern PatternValue *pattern_value(const char *text, Size length, PatternError *error);

/* The value in a Datum. */
extern const PatternValue *pattern_get_value(Datum datum);

/* The pattern in argument n, loaded once for calls that give the same. */
extern const LoadedPattern *pattern_argument(FunctionCallInfo fcinfo, int n);

/* Loads a value into a context of its own below parent. */
extern LoadedPattern *pattern_load(const PatternValue *value, MemoryContext parent);

/* A call about argument 0, a timeline, and argument 1, a pattern. */
typedef struct PatternCall
{
	const LoadedPattern *pattern;
	const Program *program;
	const Layout *layout;
	View *view;
	Search *search;
} PatternCall;

/* Begins one; the timeline is seen up to argument n, or now() where that is not given. */
extern PatternCall *pattern_call(FunctionCallInfo fcinfo, int n);

extern PatternCall *pattern_call_on(const LoadedPattern *pattern, const Layout *layout,
									int64 as_of);

/*
 * Opens argument 0, a timeline; true where the pattern is a chain that could be
 * run at once: then depth is the steps done.
 */
extern bool run_as_chain(FunctionCallInfo fcinfo, const LoadedPattern *pattern, Layout *layout,
						 int64 as_of, bool whole, uint32 *depth);
extern int64 moment_argument(FunctionCallInfo fcinfo, int n);

extern const Goal whole_pattern;

extern const Column *text_column_named(const Layout *layout, const char *name);
extern Datum interaction_text_datum(const Column *column, uint32 index, bool *null);

#endif /* CRM_PATTERN_H */
