/*
 * text.h
 *		The text form of a timeline, and of one time.
 */
#ifndef CRM_TEXT_H
#define CRM_TEXT_H

#include "lib/stringinfo.h"

#include "timeline/record.h"

/* What is wrong with a text, at which byte of it, and of what class it is. */
typedef struct ParseError
{
	const char *message; /* a phrase: "expected ..." */
	Size position;
	int sqlstate;
} ParseError;

extern void print_time(StringInfo out, int64 time);
extern void print_number(StringInfo out, double number);
extern void print_timeline(StringInfo out, const Layout *layout);
extern bool parse_time(const char *text, Size length, int64 *time, ParseError *error);
extern bool parse_timeline(const char *text, Size length, Builder *builder, ParseError *error);

#endif /* CRM_TEXT_H */
