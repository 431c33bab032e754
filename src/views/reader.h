/*
 * reader.h
 *		For whom a text is: a language that we have messages in, and its formatters.
 */
#ifndef CRM_READER_H
#define CRM_READER_H

#include "fmgr.h"

#include "views/display.h"
#include "views/messages.h"

typedef struct Reader
{
	const Language *language;
	Display *display;
} Reader;

/* Whose words are asked for */
typedef enum Words
{
	OUR_MESSAGES, /* so numbers and times are English where there are no messages */
	WORDS_OF_ICU  /* in any language that ICU knows */
} Words;

/*
 * The reader that an argument, the name of a locale, speaks of; kept from call to
 * call of one query.  An error where it is no locale.
 */
extern const Reader *reader_of_call(FunctionCallInfo fcinfo, int argument, Words words);

#endif /* CRM_READER_H */
