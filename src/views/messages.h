/*
 * messages.h
 *		What a briefing says, in each language: words as data, no logic.
 *
 * All texts are UTF-8.  {0} and {1} stand for what is put in.  What comes from
 * the data is never declined and takes no ending: it stands beside a word of
 * ours, after a colon, in parentheses or in quotation marks.
 */
#ifndef CRM_MESSAGES_H
#define CRM_MESSAGES_H

/* The plural categories of CLDR */
typedef enum PluralForm
{
	PLURAL_ZERO,
	PLURAL_ONE,
	PLURAL_TWO,
	PLURAL_FEW,
	PLURAL_MANY,
	PLURAL_OTHER,
	PLURAL_FORMS
} PluralForm;

typedef enum Message
{
	/* how things are put together */
	SAY_COLON,       /* {0} heading, {1} details */
	SAY_SEPARATOR,   /* between details */
	SAY_PARENTHESES, /* {0} thing, {1} what about it */
	SAY_QUOTED,      /* {0} somebody's own words */
	SAY_BULLET,      /* before each of several lines below a heading */
	SAY_RANGE,       /* {0} from, {1} to */

	/* who, and since when */
	SAY_CUSTOMER,
	SAY_CUSTOMER_NUMBER, /* {0} number */
	SAY_FIRST_CONTACT,   /* {0} when */
	SAY_SO_FAR,          /* the same where that is not known */
	SAY_VALUE,           /* {0} number */

	/* interactions */
	SAY_LAST,
	SAY_LAST_WHEN, /* {0} when */
	SAY_INBOUND,
	SAY_OUTBOUND,
	SAY_INTERNAL,
	SAY_AGENT,   /* {0} name */
	SAY_OUTCOME, /* {0} word */
	SAY_THREAD,  /* {0} name */

	/* what is open */
	SAY_WAITING,
	SAY_WAITING_OVER_TARGET,
	SAY_FIRST_ASKED, /* {0} when */
	SAY_OPEN,
	SAY_ALSO_OPEN, /* beside what is waiting */
	SAY_TOLD,

	/* how it went */
	SAY_MOOD,
	SAY_UNHAPPY,
	SAY_NEUTRAL,
	SAY_HAPPY,
	SAY_FALLING,
	SAY_STEADY,
	SAY_RISING,
	SAY_MOOD_LAST, /* {0} number */
	SAY_SCORES,
	SAY_FRICTION,
	SAY_FRICTION_SCORE, /* {0} number */
	SAY_ASKED_AGAIN,    /* from here on in the order of friction_items */
	SAY_CHANNEL_SWITCHED,
	SAY_TRANSFERRED,
	SAY_REOPENED,
	SAY_WAITED_LONG,
	SAY_SELF_SERVICE_FAILED,
	SAY_ERROR_MET,
	SAY_GAVE_UP,
	SAY_TOLD_AGAIN,

	/* what to do, and not to do */
	SAY_PRESSURE,
	SAY_PRESSURE_WITHIN, /* {0} contacts, {1} days */
	SAY_LIMIT,           /* {0} number */
	SAY_LIMIT_REACHED,   /* {0} number */
	SAY_LIMIT_PASSED,    /* {0} number */
	SAY_STAGE,
	SAY_PREFERS,
	SAY_AVOID,
	SAY_AVOID_ASKING_AGAIN, /* from here on in the order of avoid_codes */
	SAY_AVOID_TRANSFER,
	SAY_AVOID_ANOTHER_TOUCH,
	SAY_AVOID_OFFERS,
	SAY_AVOID_CHANNEL_SWITCH,

	SAY_NOTHING_KNOWN,
	MESSAGES
} Message;

/* Messages that depend on a number, which is {0} */
typedef enum CountedMessage
{
	COUNT_INTERACTIONS,
	COUNT_ATTEMPTS,
	COUNT_TIMES,   /* two or more */
	COUNT_TOUCHES, /* contacts that we began */
	COUNT_DAYS,    /* within so many */
	COUNT_AT_HOUR,
	COUNT_MORE, /* what is not shown, as the last of a list */
	COUNTED_MESSAGES
} CountedMessage;

typedef struct Language
{
	const char *code;   /* ISO 639 */
	const char *script; /* ISO 15924 */
	bool right_to_left;
	const char *message[MESSAGES];
	const char *counted[COUNTED_MESSAGES][PLURAL_FORMS]; /* PLURAL_OTHER wherever one is missing */
} Language;

/* The language of this code, NULL where there are no messages in it. */
extern const Language *find_language(const char *code);

#endif /* CRM_MESSAGES_H */
