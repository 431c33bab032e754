/*
 * briefing.h
 *		What is known of a customer, as a plain struct, and the text made of it.
 *
 * Texts are those of the context, in the encoding of the database, unchecked and
 * of any length; they live as long as the context does.
 */
#ifndef CRM_BRIEFING_H
#define CRM_BRIEFING_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "timeline/layout.h"
#include "utils/jsonb.h"

#include "views/reader.h"

/* items that have a line of their own: open threads, what was told */
#define MAX_LINES_SHOWN 5

/* items of a list within a line: identities, scores, stages, what to avoid */
#define MAX_ITEMS_SHOWN 8

/* characters of a text: what is more is cut off */
#define MAX_WORD_CHARACTERS 80
#define MAX_SUMMARY_CHARACTERS 160

/* Friction items, in the order of their messages */
#define FRICTION_ITEMS 9
extern const char *const friction_items[FRICTION_ITEMS];

/* A number, a time or a text that may not be known: a text has no bytes then. */
typedef struct Number
{
	bool known;
	double value;
} Number;

typedef struct Moment
{
	bool known;
	TimestampTz time;
} Moment;

/* An interaction, or a thread of them: what of it the context has. */
typedef struct Event
{
	Moment at;
	TextSlice kind;
	TextSlice channel;
	TextSlice direction;
	TextSlice thread;
	TextSlice agent;
	TextSlice outcome;
	TextSlice summary;
	Number attempts;
} Event;

typedef struct Events
{
	int shown;
	int64 more;
	Event event[MAX_LINES_SHOWN];
} Events;

typedef struct WordList
{
	int shown;
	int64 more;
	TextSlice word[MAX_ITEMS_SHOWN];
} WordList;

typedef struct Score
{
	TextSlice scale;
	Number score;
	Moment at;
} Score;

typedef struct Stage
{
	TextSlice journey;
	TextSlice stage;
} Stage;

typedef struct Briefing
{
	TextSlice customer; /* digits */
	Moment as_of;
	Moment since;
	Number interactions;
	Number value;
	WordList identities;
	Event last;
	bool is_waiting;
	bool over_target;
	Event waiting;
	Events threads;
	Events told;
	Number mood;
	Number mood_slope;
	Number mood_last;
	Number mood_count;
	int scores_shown;
	int64 scores_more;
	Score score[MAX_ITEMS_SHOWN];
	Number friction;
	Number friction_item[FRICTION_ITEMS];
	Number touches;
	Number touch_days;
	Number touch_cap;
	int stages_shown;
	int64 stages_more;
	Stage stage[MAX_ITEMS_SHOWN];
	TextSlice preferred_channel;
	Number preferred_hour;
	TextSlice preferred_language;
	WordList avoid;
} Briefing;

/* Appends the text, in UTF-8, a line for each thing that is known. */
extern void compose_briefing(StringInfo out, const Briefing *briefing, const Reader *reader);

#endif /* CRM_BRIEFING_H */
