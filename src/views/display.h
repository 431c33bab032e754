/*
 * display.h
 *		Numbers, times, plurals, lists and texts as a reader expects them, by ICU.
 *
 * display.c alone knows ICU.  All texts go in and come out as UTF-8, whatever
 * the encoding of the database; results are in the current memory context.
 */
#ifndef CRM_DISPLAY_H
#define CRM_DISPLAY_H

#include "datatype/timestamp.h"

#include "views/messages.h"

/* bytes of the name of a locale */
#define MAX_LOCALE_BYTES 100

/* bytes of a text from the data that are looked at */
#define MAX_TEXT_BYTES 4096

/* A locale as ICU names it, and what it is made of. */
typedef struct LocaleName
{
	char name[2 * MAX_LOCALE_BYTES];
	char language[12];
	char script[8]; /* empty where it is not said */
} LocaleName;

/* Formatters of one locale, each opened when it is first needed. */
typedef struct Display Display;

/* Reads en, de-AT, pt_BR or de_DE.UTF-8; false where it is no locale. */
extern bool parse_locale(const char *text, Size length, LocaleName *locale);

/* Does ICU have words in the language? */
extern bool language_is_available(const LocaleName *locale);

/* Formatters that are closed with the memory context. */
extern Display *display_open(MemoryContext context, const char *locale, bool right_to_left);

/* A number with at most two decimals. */
extern char *display_number(Display *display, double number);

/* The plural category of a number that display_number() shows without decimals. */
extern PluralForm display_plural(Display *display, double number);

/* A time relative to another one, neither of them infinite. */
extern char *display_time(Display *display, TimestampTz at, TimestampTz as_of);

/* Texts as a list: a, b and c. */
extern char *display_list(Display *display, const char *const *items, int count);

/* The name of the language that a tag stands for; NULL where it has none. */
extern char *display_language(Display *display, const char *tag, Size length);

/*
 * A text from the data on one line, of at most so many characters as people
 * count them; NULL where it has nothing to see.
 */
extern char *display_text(Display *display, const char *text, Size length, int limit);

#endif /* CRM_DISPLAY_H */
