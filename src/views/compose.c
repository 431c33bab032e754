/*
 * compose.c
 *		The text of a briefing: a line for each thing that is known, in the order in
 *		which somebody who answers needs it.
 *
 * Knows what is said and when, not how: words are in messages.c, numbers, times
 * and lists in display.c.  A heading and its details are put together in the same
 * way in every language.
 */
#include "postgres.h"

#include "views/briefing.h"
#include "views/encoding.h"

/* Beyond these a customer is unhappy or happy, and a mood falls or rises. */
#define MOOD_THRESHOLD 0.25
#define SLOPE_THRESHOLD 0.05

/* details of one line: those of an event, or a list's items and what is more */
#define MAX_DETAILS 12

StaticAssertDecl(MAX_DETAILS > MAX_ITEMS_SHOWN + 1, "the items of a list are details");

typedef struct Details
{
	int count;
	const char *detail[MAX_DETAILS];
} Details;

/* Scales that have a range, and how they are written anywhere */
static const struct
{
	const char *name;
	const char *shown;
	int least;
	int most;
} scales[] = {{"csat", "CSAT", 1, 5}, {"nps", "NPS", 0, 10}, {"ces", "CES", 1, 7}};

static const char *const avoid_codes[] = {"asking_again", "transfer", "another_touch", "offers",
										  "channel_switch"};

/*
 * Words
 */

static const char *
say(const Reader *reader, Message message)
{
	const char *text = reader->language->message[message];

	if (text == NULL)
		elog(ERROR, "language \"%s\" lacks message %d", reader->language->code, (int) message);
	return text;
}

/* A text of ours in which {0} and {1} are replaced; what is put in is not read again. */
static const char *
fill(const char *pattern, const char *first, const char *second)
{
	StringInfoData out;

	initStringInfo(&out);
	for (const char *at = pattern; *at != '\0'; at++)
		if (at[0] == '{' && (at[1] == '0' || at[1] == '1') && at[2] == '}')
		{
			appendStringInfoString(&out, at[1] == '0' ? first : second);
			at += 2;
		}
		else
			appendStringInfoChar(&out, *at);
	return out.data;
}

static const char *
say_with(const Reader *reader, Message message, const char *first, const char *second)
{
	return fill(say(reader, message), first, second);
}

static const char *
say_number(const Reader *reader, Message message, double number)
{
	return say_with(reader, message, display_number(reader->display, number), "");
}

static const char *
say_count(const Reader *reader, CountedMessage message, double number)
{
	const char *const *forms = reader->language->counted[message];
	const char *pattern = forms[display_plural(reader->display, number)];

	if (pattern == NULL)
		pattern = forms[PLURAL_OTHER];
	if (pattern == NULL)
		elog(ERROR, "language \"%s\" lacks counted message %d", reader->language->code,
			 (int) message);
	return fill(pattern, display_number(reader->display, number), "");
}

/* A text of the data; NULL where it is not known, or has nothing to see. */
static const char *
show(const Reader *reader, TextSlice text, int limit)
{
	char *bytes = unconstify(char *, text.bytes);
	int length = (int) Min(text.length, 2 * MAX_TEXT_BYTES);

	if (bytes == NULL)
		return NULL;
	bytes = server_to_utf8(bytes, &length);
	return display_text(reader->display, bytes, (Size) length, limit);
}

static const char *
show_word(const Reader *reader, TextSlice text)
{
	return show(reader, text, MAX_WORD_CHARACTERS);
}

/* Somebody's own words, in quotation marks. */
static const char *
show_summary(const Reader *reader, TextSlice text)
{
	const char *shown = show(reader, text, MAX_SUMMARY_CHARACTERS);

	return shown == NULL ? NULL : say_with(reader, SAY_QUOTED, shown, "");
}

/* Is it this word of ASCII, in lower case? */
static bool
is_word(TextSlice text, const char *word)
{
	return text.bytes != NULL && text.length == strlen(word) &&
		memcmp(text.bytes, word, text.length) == 0;
}

/*
 * Details and lines
 */

static void
add(Details *details, const char *detail)
{
	if (detail != NULL && details->count < MAX_DETAILS)
		details->detail[details->count++] = detail;
}

/* Adds what a message says of a text, where that is known. */
static void
add_about(Details *details, const Reader *reader, Message message, const char *text)
{
	if (text != NULL)
		add(details, say_with(reader, message, text, ""));
}

/* The details one after another; NULL where there are none. */
static const char *
joined(const Details *details, const Reader *reader)
{
	StringInfoData out;

	if (details->count == 0)
		return NULL;
	initStringInfo(&out);
	for (int i = 0; i < details->count; i++)
	{
		if (i > 0)
			appendStringInfoString(&out, say(reader, SAY_SEPARATOR));
		appendStringInfoString(&out, details->detail[i]);
	}
	return out.data;
}

/* The details as a list, with how many more there are. */
static const char *
listed(Details *details, const Reader *reader, int64 more)
{
	if (details->count == 0)
		return NULL;
	if (more > 0)
		add(details, say_count(reader, COUNT_MORE, (double) more));
	return display_list(reader->display, details->detail, details->count);
}

/* One thing with what is said of it in parentheses; either may be unknown. */
static const char *
with_remark(const Reader *reader, const char *thing, const char *remark)
{
	if (thing == NULL || remark == NULL)
		return thing != NULL ? thing : remark;
	return say_with(reader, SAY_PARENTHESES, thing, remark);
}

static void
begin_line(StringInfo out)
{
	if (out->len > 0)
		appendStringInfoChar(out, '\n');
}

/* A line: the heading, and details where there are some. */
static void
append_line(StringInfo out, const Reader *reader, const char *heading, const char *details)
{
	begin_line(out);
	appendStringInfoString(
		out, details == NULL ? heading : say_with(reader, SAY_COLON, heading, details));
}

/*
 * Times and events
 */

/* When something was; NULL where that, or the time it is told, is not known. */
static const char *
when(const Briefing *briefing, const Reader *reader, Moment at)
{
	if (!at.known || !briefing->as_of.known)
		return NULL;
	return display_time(reader->display, at.time, briefing->as_of.time);
}

static const char *
direction_word(const Reader *reader, TextSlice direction)
{
	if (is_word(direction, "inbound"))
		return say(reader, SAY_INBOUND);
	if (is_word(direction, "outbound"))
		return say(reader, SAY_OUTBOUND);
	if (is_word(direction, "internal"))
		return say(reader, SAY_INTERNAL);
	return show_word(reader, direction);
}

/* What an event was, but for its time. */
static void
add_event(Details *details, const Reader *reader, const Event *event)
{
	add(details,
		with_remark(reader, show_word(reader, event->kind), show_word(reader, event->channel)));
	add(details, direction_word(reader, event->direction));
	add_about(details, reader, SAY_THREAD, show_word(reader, event->thread));
	add_about(details, reader, SAY_AGENT, show_word(reader, event->agent));
	add_about(details, reader, SAY_OUTCOME, show_word(reader, event->outcome));
	add(details, show_summary(reader, event->summary));
}

/* An open thread: when it was asked first, and how often. */
static const char *
thread_details(const Briefing *briefing, const Reader *reader, const Event *event)
{
	Details details = {0};

	add_about(&details, reader, SAY_FIRST_ASKED, when(briefing, reader, event->at));
	if (event->attempts.known)
		add(&details, say_count(reader, COUNT_ATTEMPTS, event->attempts.value));
	add_event(&details, reader, event);
	return joined(&details, reader);
}

static const char *
told_details(const Briefing *briefing, const Reader *reader, const Event *event)
{
	Details details = {0};

	add(&details, when(briefing, reader, event->at));
	add_event(&details, reader, event);
	return joined(&details, reader);
}

/* A heading with one event beside it, or several below it. */
static void
append_events(StringInfo out, const Briefing *briefing, const Reader *reader, const char *heading,
			  const Events *events,
			  const char *(*details_of)(const Briefing *, const Reader *, const Event *) )
{
	const char *details[MAX_LINES_SHOWN + 1];
	int count = 0;

	for (int i = 0; i < events->shown; i++)
	{
		details[count] = details_of(briefing, reader, &events->event[i]);
		if (details[count] != NULL)
			count++;
	}
	if (count == 0)
		return;
	if (events->more > 0)
		details[count++] = say_count(reader, COUNT_MORE, (double) events->more);
	if (count == 1)
	{
		append_line(out, reader, heading, details[0]);
		return;
	}
	append_line(out, reader, heading, "");
	while (out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	for (int i = 0; i < count; i++)
	{
		begin_line(out);
		appendStringInfoString(out, say(reader, SAY_BULLET));
		appendStringInfoString(out, details[i]);
	}
}

/*
 * The lines
 */

static void
append_customer(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};
	const char *identities;

	for (int i = 0; i < briefing->identities.shown; i++)
		add(&details, show_word(reader, briefing->identities.word[i]));
	identities = listed(&details, reader, briefing->identities.more);
	if (briefing->customer.bytes != NULL)
		append_line(out, reader,
					say_with(reader, SAY_CUSTOMER_NUMBER, briefing->customer.bytes, ""),
					identities);
	else if (identities != NULL)
		append_line(out, reader, say(reader, SAY_CUSTOMER), identities);
}

static void
append_history(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	const char *since = when(briefing, reader, briefing->since);
	Details details = {0};
	const char *text;

	add_about(&details, reader, SAY_FIRST_CONTACT, since);
	if (briefing->interactions.known)
		add(&details, say_count(reader, COUNT_INTERACTIONS, briefing->interactions.value));
	if (briefing->value.known)
		add(&details, say_number(reader, SAY_VALUE, briefing->value.value));
	text = joined(&details, reader);
	if (text == NULL)
		return;
	if (since == NULL)
		append_line(out, reader, say(reader, SAY_SO_FAR), text);
	else
		append_line(out, reader, text, NULL);
}

static void
append_last(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	const char *at = when(briefing, reader, briefing->last.at);
	Details details = {0};

	add_event(&details, reader, &briefing->last);
	if (at != NULL)
		append_line(out, reader, say_with(reader, SAY_LAST_WHEN, at, ""), joined(&details, reader));
	else if (details.count > 0)
		append_line(out, reader, say(reader, SAY_LAST), joined(&details, reader));
}

static void
append_open(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	if (briefing->is_waiting)
		append_line(out, reader,
					say(reader, briefing->over_target ? SAY_WAITING_OVER_TARGET : SAY_WAITING),
					thread_details(briefing, reader, &briefing->waiting));
	append_events(out, briefing, reader,
				  say(reader, briefing->is_waiting ? SAY_ALSO_OPEN : SAY_OPEN), &briefing->threads,
				  thread_details);
}

static Message
mood_word(double mood)
{
	return mood < -MOOD_THRESHOLD ? SAY_UNHAPPY : mood > MOOD_THRESHOLD ? SAY_HAPPY : SAY_NEUTRAL;
}

static Message
slope_word(double slope)
{
	return slope < -SLOPE_THRESHOLD ? SAY_FALLING :
		slope > SLOPE_THRESHOLD     ? SAY_RISING :
									  SAY_STEADY;
}

/* The mood in words, and in parentheses what they rest on. */
static void
append_mood(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details words = {0};
	Details numbers = {0};

	if (briefing->mood.known)
	{
		add(&words, say(reader, mood_word(briefing->mood.value)));
		add(&numbers, display_number(reader->display, briefing->mood.value));
	}
	if (briefing->mood_slope.known)
		add(&words, say(reader, slope_word(briefing->mood_slope.value)));
	if (briefing->mood_count.known)
		add(&numbers, say_count(reader, COUNT_INTERACTIONS, briefing->mood_count.value));
	if (briefing->mood_last.known)
		add(&numbers, say_number(reader, SAY_MOOD_LAST, briefing->mood_last.value));
	if (words.count > 0 || briefing->mood_last.known)
		append_line(out, reader, say(reader, SAY_MOOD),
					with_remark(reader, joined(&words, reader), joined(&numbers, reader)));
}

/* A score beside its scale, of which the range is said where there is one. */
static const char *
score_text(const Briefing *briefing, const Reader *reader, const Score *score)
{
	const char *scale = NULL;
	const char *number = display_number(reader->display, score->score.value);
	Details remarks = {0};

	for (Size i = 0; i < lengthof(scales); i++)
		if (is_word(score->scale, scales[i].name))
		{
			scale = display_text(reader->display, scales[i].shown, strlen(scales[i].shown),
								 MAX_WORD_CHARACTERS);
			add(&remarks,
				say_with(reader, SAY_RANGE, display_number(reader->display, scales[i].least),
						 display_number(reader->display, scales[i].most)));
		}
	if (scale == NULL)
		scale = show_word(reader, score->scale);
	add(&remarks, when(briefing, reader, score->at));
	return with_remark(reader, scale == NULL ? number : psprintf("%s %s", scale, number),
					   joined(&remarks, reader));
}

static void
append_scores(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};

	for (int i = 0; i < briefing->scores_shown; i++)
		add(&details, score_text(briefing, reader, &briefing->score[i]));
	if (details.count > 0)
		append_line(out, reader, say(reader, SAY_SCORES),
					listed(&details, reader, briefing->scores_more));
}

/* What made friction, the most frequent first. */
static void
append_friction(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	int order[FRICTION_ITEMS];
	int count = 0;
	Details details = {0};

	for (int i = 0; i < FRICTION_ITEMS; i++)
	{
		int at = count;

		if (!briefing->friction_item[i].known || briefing->friction_item[i].value == 0)
			continue;
		for (; at > 0 &&
			 briefing->friction_item[order[at - 1]].value < briefing->friction_item[i].value;
			 at--)
			order[at] = order[at - 1];
		order[at] = i;
		count++;
	}
	for (int i = 0; i < count; i++)
	{
		double times = briefing->friction_item[order[i]].value;

		add(&details,
			with_remark(reader, say(reader, (Message) (SAY_ASKED_AGAIN + order[i])),
						times == 1 ? NULL : say_count(reader, COUNT_TIMES, times)));
	}
	if (briefing->friction.known)
		append_line(out, reader, say_number(reader, SAY_FRICTION_SCORE, briefing->friction.value),
					joined(&details, reader));
	else if (count > 0)
		append_line(out, reader, say(reader, SAY_FRICTION), joined(&details, reader));
}

static void
append_pressure(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};
	const char *touches;

	if (!briefing->touches.known)
		return;
	touches = say_count(reader, COUNT_TOUCHES, briefing->touches.value);
	if (briefing->touch_days.known)
		touches = say_with(reader, SAY_PRESSURE_WITHIN, touches,
						   say_count(reader, COUNT_DAYS, briefing->touch_days.value));
	add(&details, touches);
	if (briefing->touch_cap.known)
	{
		double left = briefing->touch_cap.value - briefing->touches.value;

		add(&details,
			say_number(reader,
					   left < 0      ? SAY_LIMIT_PASSED :
						   left == 0 ? SAY_LIMIT_REACHED :
									   SAY_LIMIT,
					   briefing->touch_cap.value));
	}
	append_line(out, reader, say(reader, SAY_PRESSURE), joined(&details, reader));
}

static void
append_stages(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};

	for (int i = 0; i < briefing->stages_shown; i++)
		add(&details,
			with_remark(reader, show_word(reader, briefing->stage[i].stage),
						show_word(reader, briefing->stage[i].journey)));
	if (details.count > 0)
		append_line(out, reader, say(reader, SAY_STAGE),
					listed(&details, reader, briefing->stages_more));
}

static void
append_preferences(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};

	add(&details, show_word(reader, briefing->preferred_channel));
	if (briefing->preferred_hour.known)
		add(&details, say_count(reader, COUNT_AT_HOUR, briefing->preferred_hour.value));
	if (briefing->preferred_language.bytes != NULL)
	{
		const char *language = display_language(reader->display, briefing->preferred_language.bytes,
												briefing->preferred_language.length);

		add(&details,
			language != NULL ? language : show_word(reader, briefing->preferred_language));
	}
	if (details.count > 0)
		append_line(out, reader, say(reader, SAY_PREFERS), joined(&details, reader));
}

static void
append_avoid(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	Details details = {0};

	for (int i = 0; i < briefing->avoid.shown; i++)
	{
		const char *words = NULL;

		for (Size code = 0; code < lengthof(avoid_codes) && words == NULL; code++)
			if (is_word(briefing->avoid.word[i], avoid_codes[code]))
				words = say(reader, (Message) (SAY_AVOID_ASKING_AGAIN + code));
		add(&details, words != NULL ? words : show_word(reader, briefing->avoid.word[i]));
	}
	if (details.count > 0)
		append_line(out, reader, say(reader, SAY_AVOID),
					listed(&details, reader, briefing->avoid.more));
}

void
compose_briefing(StringInfo out, const Briefing *briefing, const Reader *reader)
{
	append_customer(out, briefing, reader);
	append_history(out, briefing, reader);
	append_last(out, briefing, reader);
	append_open(out, briefing, reader);
	append_events(out, briefing, reader, say(reader, SAY_TOLD), &briefing->told, told_details);
	append_mood(out, briefing, reader);
	append_scores(out, briefing, reader);
	append_friction(out, briefing, reader);
	append_pressure(out, briefing, reader);
	append_stages(out, briefing, reader);
	append_preferences(out, briefing, reader);
	append_avoid(out, briefing, reader);
	if (out->len == 0)
		appendStringInfoString(out, say(reader, SAY_NOTHING_KNOWN));
}
