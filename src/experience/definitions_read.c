/*
 * definitions_read.c
 *		From the text of definitions to their value, and back; and the defaults.
 *
 *	definitions = (entry (";" entry)*)? ";"?
 *	entry		= event ":" pattern				the pattern is an event
 *				| parameter ("@" scope)? "=" value		a duration or a number
 *
 * Raises no error: it says what is wrong, and at which character.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "experience/definitions.h"
#include "pattern/lexer.h"

const char *const friction_item_name[FRICTION_ITEMS] = {
	[ITEM_REPEAT] = "repeat",
	[ITEM_CHANNEL_SWITCH] = "channel_switch",
	[ITEM_REPEAT_AFTER_SWITCH] = "repeat_after_switch",
	[ITEM_TRANSFER] = "transfer",
	[ITEM_REOPEN] = "reopen",
	[ITEM_SLOW_WAIT] = "slow_wait",
	[ITEM_ABANDONED] = "abandoned",
	[ITEM_FAILED_SELF_SERVICE] = "failed_self_service",
	[ITEM_ERROR] = "error",
};

/* The longest duration of a parameter: a century. */
#define MAX_DAYS 36525

#define BY_A_PERSON "(automated is null or automated = false)"

/* The named events and their defaults; doc/measures.md explains each. */
static const struct
{
	const char *name;
	const char *pattern;
} named_event[NAMED_EVENTS] = {
	[EVENT_INBOUND] = {"inbound", "inbound"},
	[EVENT_OUTBOUND] = {"outbound", "outbound"},
	[EVENT_INTERNAL] = {"internal", "any[direction = internal]"},
	[EVENT_AUTOMATED] = {"automated", "any[automated = true]"},
	[EVENT_CONTACT] = {"contact",
					   "inbound[kind in (call, callback_request, chat, comment, complaint, "
					   "contact, email, enquiry, form, inquiry, message, question, request, sms, "
					   "ticket, voicemail) and " BY_A_PERSON "]"},
	[EVENT_ANSWER] = {"answer",
					  "outbound[kind not in (advert, campaign, crash, credit, delivery, "
					  "delivery_failed, error, failure, invoice, mailing, newsletter, offer, "
					  "payment_failed, promotion, push, receipt, refund, survey) and " BY_A_PERSON
					  " and (outcome is null or outcome not in (abandoned, bounced, busy, failed, "
					  "missed, no_answer, voicemail))]"},
	[EVENT_SERVED] =
		{"served",
		 "inbound[kind in (call, meeting, video_call, visit) and agent is not null and "
		 "(outcome is null or outcome not in (abandoned, dropped, failed, hangup, "
		 "hung_up, missed, no_answer, voicemail))]"},
	[EVENT_ABANDONED] = {"abandoned",
						 "inbound[outcome in (abandoned, dropped, hangup, hung_up, missed, "
						 "no_answer)] | any[kind in (abandoned, hangup)]"},
	[EVENT_RESOLVED] =
		{"resolved", "any[kind in (closed, conversation_resolved, resolution, resolved, solved)]"},
	[EVENT_REOPENED] = {"reopened", "any[kind in (reopen, reopened)]"},
	[EVENT_HANDLED] = {"handled",
					   "any[agent is not null and " BY_A_PERSON
					   " and (direction is null or direction <> internal)]"},
	[EVENT_TRANSFER] = {"transfer",
						"any[kind in (escalation, forwarded, handoff, handover, reassigned, "
						"transfer)]"},
	[EVENT_ERROR] =
		{"error",
		 "any[kind in (crash, delivery_failed, error, failure, form_error, login_failed, "
		 "payment_failed)] | outbound[outcome in (bounced, error, failed)]"},
	[EVENT_SELF_SERVICE] =
		{"self_service",
		 "any[kind in (article_view, bot_chat, chatbot, faq, help, help_article, "
		 "ivr, knowledge_base, login, search, self_service)] | visit@web"},
	[EVENT_POOR] =
		{"poor",
		 "any[sentiment <= -0.5] | any[outcome in (abandoned, dropped, error, failed, "
		 "hangup, hung_up, missed, no_answer)] | any[kind in (complaint, crash, error, "
		 "failure, payment_failed)] | csat[score <= 2] | nps[score <= 6] | ces[score <= 3]"},
	[EVENT_PLEASED] =
		{"pleased", "any[sentiment >= 0.5] | csat[score >= 4] | nps[score >= 9] | ces[score >= 6]"},
	[EVENT_FEEDBACK] = {"feedback",
						"any[kind in (ces, complaint, csat, feedback, nps, rating, review, "
						"suggestion, survey)]"},
	[EVENT_ACTION] =
		{"action",
		 "any[kind in (compensation, correction, credit, exchange, fix, refund, repair, "
		 "replacement, voucher)]"},
	[EVENT_TOLD] =
		{"told",
		 "outbound[kind not in (advert, campaign, compensation, correction, crash, credit, "
		 "error, exchange, failure, fix, mailing, newsletter, offer, promotion, push, refund, repair, "
		 "replacement, survey, voucher)]"},
	[EVENT_ADVOCACY] =
		{"advocacy",
		 "any[kind in (recommendation, referral, testimonial)] | review[score >= 4] | "
		 "nps[score >= 9]"},
	[EVENT_TOUCH] =
		{"touch",
		 "outbound[kind not in (answer, auto_reply, callback, comment, confirmation, "
		 "credit, delivery, email, invoice, meeting, message, receipt, refund, reply)]"},
	[EVENT_ENGAGEMENT] = {"engagement",
						  "inbound[kind in (booking, campaign_read, cart, click, download, login, "
						  "open, order, page_view, purchase, read, signup, visit)]"},
	[EVENT_CSAT] = {"csat", "csat[score is not null]"},
	[EVENT_NPS] = {"nps", "nps[score is not null]"},
	[EVENT_CES] = {"ces", "ces[score is not null]"},
	[EVENT_SAFEGUARD] = {"safeguard",
						 "any[kind in (approval, authentication, confirmation, cooling_off, "
						 "identity_check, two_factor, verification)]"},
	[EVENT_PREFERENCE] = {"preference", "any[kind in (preference, preferences)]"},
};

typedef enum ParameterScope
{
	SCOPE_NONE,
	SCOPE_CHANNEL, /* may be given for a channel */
	SCOPE_ITEM,    /* is given for an item of friction */
} ParameterScope;

/* The parameters and their defaults: durations in microseconds, or numbers. */
typedef struct NamedParameter
{
	const char *name;
	Size offset;
	bool is_number;
	ParameterScope scope;
	int64 length;
	double number;
	double least; /* of a number */
} NamedParameter;

#define LENGTH(name, scope, length) \
	{ \
#name, offsetof(Parameters, name), false, scope, length, 0, 0 \
	}
#define NUMBER(name, scope, number, least) \
	{ \
#name, offsetof(Parameters, name), true, scope, 0, number, least \
	}

static const NamedParameter named_parameter[] = {
	LENGTH(wait_target, SCOPE_CHANNEL, USECS_PER_DAY),
	LENGTH(patience, SCOPE_NONE, 30 * USECS_PER_DAY),
	LENGTH(chase_after, SCOPE_NONE, USECS_PER_HOUR),
	LENGTH(repeat_within, SCOPE_NONE, 7 * USECS_PER_DAY),
	LENGTH(switch_within, SCOPE_NONE, 3 * USECS_PER_DAY),
	LENGTH(self_service_within, SCOPE_NONE, 2 * USECS_PER_HOUR),
	LENGTH(recovery_within, SCOPE_NONE, 30 * USECS_PER_DAY),
	LENGTH(worst_within, SCOPE_NONE, 90 * USECS_PER_DAY),
	LENGTH(mood_half_life, SCOPE_NONE, 30 * USECS_PER_DAY),
	LENGTH(pressure_within, SCOPE_NONE, 7 * USECS_PER_DAY),
	LENGTH(engaged_within, SCOPE_NONE, 3 * USECS_PER_DAY),
	LENGTH(safeguard_within, SCOPE_NONE, USECS_PER_DAY),
	NUMBER(pressure_cap, SCOPE_NONE, 3, 0),
	NUMBER(least_n, SCOPE_NONE, 5, 1),
	NUMBER(weight, SCOPE_ITEM, 1, 0),
};

static const double default_weight[FRICTION_ITEMS] = {
	[ITEM_REPEAT] = 1,
	[ITEM_CHANNEL_SWITCH] = 1,
	[ITEM_REPEAT_AFTER_SWITCH] = 2,
	[ITEM_TRANSFER] = 1,
	[ITEM_REOPEN] = 2,
	[ITEM_SLOW_WAIT] = 2,
	[ITEM_ABANDONED] = 2,
	[ITEM_FAILED_SELF_SERVICE] = 1,
	[ITEM_ERROR] = 2,
};

static const struct
{
	const char *channel;
	int64 target;
} default_target[] = {
	{"chat", 10 * USECS_PER_MINUTE},
	{"phone", 10 * USECS_PER_MINUTE},
};

static inline int64 *
length_of(Parameters *parameters, const NamedParameter *named)
{
	return (int64 *) ((char *) parameters + named->offset);
}

static inline double *
number_of(Parameters *parameters, const NamedParameter *named)
{
	return (double *) ((char *) parameters + named->offset);
}

static inline bool
is_text(TextSlice slice, const char *text)
{
	return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

/* A parameter by its name; see definitions.h. */
bool
definitions_parameter(const Definitions *definitions, TextSlice name, TextSlice scope,
					  ParameterValue *value)
{
	Parameters *parameters = unconstify(Parameters *, definitions->parameters);

	for (Size i = 0; i < lengthof(named_parameter); i++)
	{
		const NamedParameter *named = &named_parameter[i];

		if (!is_text(name, named->name))
			continue;
		value->is_number = named->is_number;
		switch (named->scope)
		{
			case SCOPE_CHANNEL:
				value->length = definitions_wait_target(definitions, scope);
				return true;
			case SCOPE_ITEM:
				for (int item = 0; item < FRICTION_ITEMS; item++)
				{
					value->number = parameters->weight[item];
					if (is_text(scope, friction_item_name[item]))
						return true;
				}
				return false;
			case SCOPE_NONE:
				if (named->is_number)
					value->number = *number_of(parameters, named);
				else
					value->length = *length_of(parameters, named);
				return scope.length == 0;
		}
	}
	return false;
}

static bool
fail_at(PatternError *error, Lexer *lexer, const char *at, const char *message, const char *hint)
{
	return pattern_fail(error, ERRCODE_INVALID_TEXT_REPRESENTATION, lexer_position(lexer, at),
						message, hint);
}

char *
event_names(void)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < NAMED_EVENTS; i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", named_event[i].name);
	return out.data;
}

char *
parameter_names(void)
{
	StringInfoData out;

	initStringInfo(&out);
	for (Size i = 0; i < lengthof(named_parameter); i++)
		appendStringInfo(&out, "%s%s", i > 0 ? ", " : "", named_parameter[i].name);
	return out.data;
}

bool
event_by_name(TextSlice name, NamedEvent *event)
{
	for (int i = 0; i < NAMED_EVENTS; i++)
	{
		*event = (NamedEvent) i;
		if (is_text(name, named_event[i].name))
			return true;
	}
	return false;
}

/* The event that a pattern is, alternatives of events included; NULL where it is more than that. */
static EventTest *
event_of(const PatternNode *node)
{
	EventTest *first = NULL;
	EventTest **last = &first;

	check_stack_depth();
	if (node->type == NODE_EVENT)
		return node->event;
	if (node->type != NODE_CHOICE)
		return NULL;
	for (uint32 i = 0; i < node->count; i++)
	{
		EventTest *event = event_of(node->children[i]);

		if (event == NULL)
			return NULL;
		last = append_tests(last, event);
	}
	return first;
}

/*
 * The defaults
 */

/* The event of a text that is known to be one. */
static EventTest *
built_in_event(const char *text)
{
	PatternError error = {0};
	PatternNode *node = pattern_parse(text, strlen(text), &error);
	EventTest *event = node == NULL ? NULL : event_of(node);

	if (event == NULL)
		elog(ERROR, "a default definition is no event: %s", text);
	return event;
}

static int
compare_targets(const ListCell *a, const ListCell *b)
{
	return compare_slices(((const ChannelTarget *) lfirst(a))->channel,
						  ((const ChannelTarget *) lfirst(b))->channel);
}

/* Sets the target of a channel, whose bytes stay. */
static void
set_target(DefinitionsDraft *draft, TextSlice channel, int64 length)
{
	ListCell *cell;
	ChannelTarget *target;

	foreach (cell, draft->targets)
	{
		target = lfirst(cell);
		if (same_slice(target->channel, channel))
		{
			target->target = length;
			return;
		}
	}
	target = palloc(sizeof(ChannelTarget));
	target->channel = channel;
	target->target = length;
	draft->targets = lappend(draft->targets, target);
	list_sort(draft->targets, compare_targets);
}

/* Fills a draft with the defaults, but for the events, which are parsed where they are still needed. */
void
draft_defaults(DefinitionsDraft *draft)
{
	memset(draft, 0, sizeof(*draft));
	for (Size i = 0; i < lengthof(named_parameter); i++)
	{
		const NamedParameter *named = &named_parameter[i];

		if (named->scope == SCOPE_ITEM)
			memcpy(draft->parameters.weight, default_weight, sizeof(default_weight));
		else if (named->is_number)
			*number_of(&draft->parameters, named) = named->number;
		else
			*length_of(&draft->parameters, named) = named->length;
	}
	for (Size i = 0; i < lengthof(default_target); i++)
		set_target(
			draft,
			(TextSlice) {default_target[i].channel, (uint32) strlen(default_target[i].channel)},
			default_target[i].target);
}

/*
 * Reading
 */

/* Reads a duration of a fixed length, from a number on. */
static bool
read_length(Lexer *lexer, int64 *length, PatternError *error)
{
	const char *begin = lexer->token.begin;
	Duration duration = {0};
	DurationStatus status = DURATION_OK;

	if (lexer->token.type != TOKEN_NUMBER)
		return fail_at(error, lexer, begin, "expected a duration such as 7 days", NULL);
	do
	{
		TextSlice number = lexer->token.text;

		lexer_next_unit(lexer);
		if (lexer->token.type != TOKEN_UNIT)
			return fail_at(error, lexer, lexer->token.begin,
						   "expected a unit of time after the number",
						   "Units are microseconds, milliseconds, seconds, minutes, hours, days "
						   "and weeks.");
		status = duration_add(&duration, number, lexer->token.text);
		if (status != DURATION_OK)
			break;
		lexer_next(lexer);
	} while (lexer->token.type == TOKEN_NUMBER);
	if (status == DURATION_OK)
		status = duration_finish(&duration);
	if (status == DURATION_NO_UNIT)
		return fail_at(error, lexer, begin, "the unit of time is not known",
					   "Units are microseconds, milliseconds, seconds, minutes, hours, days and "
					   "weeks.");
	if (status == DURATION_OK && duration.months != 0)
		return fail_at(error, lexer, begin, "months and years have no fixed length",
					   "Give days: 30 days.");
	if (status != DURATION_OK || duration.days > MAX_DAYS ||
		duration.time > MAX_DAYS * USECS_PER_DAY)
		return fail_at(error, lexer, begin,
					   psprintf("the duration is not between zero and %d days", MAX_DAYS), NULL);
	*length = (int64) duration.days * USECS_PER_DAY + duration.time;
	if (*length <= 0)
		return fail_at(error, lexer, begin, "the duration is not above zero", NULL);
	return true;
}

/* Reads a number that is not below the least. */
static bool
read_number(Lexer *lexer, double least, double *number, PatternError *error)
{
	const char *begin = lexer->token.begin;
	char *end;
	char *text;

	if (lexer->token.type != TOKEN_NUMBER)
		return fail_at(error, lexer, begin, "expected a number", NULL);
	text = pnstrdup(lexer->token.text.bytes, lexer->token.text.length);
	*number = strtod(text, &end);
	if (*end != '\0' || !isfinite(*number) || *number < least || *number > 1e15)
		return fail_at(error, lexer, begin,
					   psprintf("the number is not between %g and 1e15", least), NULL);
	lexer_next(lexer);
	return true;
}

/* Reads "= value" of a parameter. */
static bool
read_parameter(DefinitionsDraft *draft, Lexer *lexer, TextSlice name, const char *begin,
			   const TextSlice *scope, const char *scope_at, PatternError *error)
{
	const NamedParameter *named = NULL;
	int item = 0;

	for (Size i = 0; i < lengthof(named_parameter); i++)
	{
		if (is_text(name, named_parameter[i].name))
			named = &named_parameter[i];
	}
	if (named == NULL)
		return fail_at(error, lexer, begin,
					   psprintf("there is no parameter \"%.*s\"", (int) name.length, name.bytes),
					   psprintf("Parameters are: %s.", parameter_names()));
	if (scope != NULL && named->scope == SCOPE_NONE)
		return fail_at(error, lexer, scope_at,
					   psprintf("parameter \"%s\" is the same for all", named->name), NULL);
	if (named->scope == SCOPE_ITEM)
	{
		for (item = 0; item < FRICTION_ITEMS; item++)
		{
			if (scope != NULL && is_text(*scope, friction_item_name[item]))
				break;
		}
		if (item == FRICTION_ITEMS)
			return fail_at(error, lexer, scope == NULL ? begin : scope_at,
						   "a weight is that of an item of friction",
						   "It is written weight@repeat = 1. Items are repeat, channel_switch, "
						   "repeat_after_switch, transfer, reopen, slow_wait, abandoned, "
						   "failed_self_service and error.");
	}
	lexer_next(lexer);
	if (named->scope == SCOPE_ITEM)
		return read_number(lexer, named->least, &draft->parameters.weight[item], error);
	if (named->is_number)
		return read_number(lexer, named->least, number_of(&draft->parameters, named), error);
	if (scope != NULL)
	{
		int64 length;

		if (scope->length > MAX_CHANNEL_BYTES)
			return fail_at(error, lexer, scope_at, "the name of the channel is too long", NULL);
		if (!read_length(lexer, &length, error))
			return false;
		set_target(draft, *scope, length);
		if (list_length(draft->targets) > MAX_CHANNEL_TARGETS)
			return pattern_fail(
				error, ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0,
				psprintf("more channels have a target than the limit of %d", MAX_CHANNEL_TARGETS),
				NULL);
		return true;
	}
	return read_length(lexer, length_of(&draft->parameters, named), error);
}

/* Reads the event of a name from *at on, behind the colon. */
static bool
read_event(DefinitionsDraft *draft, const char *text, Size length, Size *at, TextSlice name,
		   int position, PatternError *error)
{
	PatternNode *node;
	NamedEvent event;

	if (!event_by_name(name, &event))
		return pattern_fail(
			error, ERRCODE_INVALID_TEXT_REPRESENTATION, position,
			psprintf("there is no definition \"%.*s\"", (int) name.length, name.bytes),
			psprintf("Definitions are: %s.", event_names()));
	node = pattern_parse_part(text, length, at, error);
	if (node == NULL)
		return false;
	draft->event[event] = event_of(node);
	if (draft->event[event] == NULL)
		return pattern_fail(
			error, ERRCODE_INVALID_TEXT_REPRESENTATION, node->location,
			psprintf("the pattern of \"%s\" is more than one event", named_event[event].name),
			"A definition is what one interaction can be, as in call | "
			"message[automated = false].");
	return true;
}

/* Reads one entry from *at on, up to a semicolon or the end, where *at is then. */
static bool
read_entry(DefinitionsDraft *draft, const char *text, Size length, Size *at, PatternError *error)
{
	Lexer lexer;
	TextSlice name;
	TextSlice scope;
	const char *begin;
	const char *scope_at = NULL;

	lexer_begin(&lexer, text, length, *at);
	begin = lexer.token.begin;
	if (lexer.token.type == TOKEN_END || lexer.token.type == TOKEN_SEMICOLON)
	{
		*at = (Size) (begin - text);
		return true;
	}
	if (lexer.token.type != TOKEN_WORD && lexer.token.type != TOKEN_KEYWORD)
		return fail_at(error, &lexer, begin, "expected the name of a definition or a parameter",
					   "Definitions are written: contact: inbound; wait_target = 4 hours.");
	name = (TextSlice) {begin, (uint32) (lexer.token.end - begin)};
	lexer_next(&lexer);
	if (lexer.token.type == TOKEN_COLON)
	{
		*at = (Size) (lexer.at - text);
		return read_event(draft, text, length, at, name, text_position(text, length, begin), error);
	}
	if (lexer.token.type == TOKEN_AT)
	{
		lexer_next(&lexer);
		scope_at = lexer.token.begin;
		if (lexer.token.type == TOKEN_KEYWORD)
			scope = (TextSlice) {scope_at, (uint32) (lexer.token.end - scope_at)};
		else if (lexer.token.type == TOKEN_WORD || lexer.token.type == TOKEN_QUOTED)
			scope = lexer.token.text;
		else
			return fail_at(error, &lexer, scope_at, "expected a channel or an item after \"@\"",
						   NULL);
		lexer_next(&lexer);
	}
	if (lexer.token.type != TOKEN_EQ)
		return fail_at(error, &lexer, lexer.token.begin, "expected \":\" or \"=\" after the name",
					   "Definitions are written: contact: inbound; wait_target = 4 hours.");
	if (!read_parameter(draft, &lexer, name, begin, scope_at == NULL ? NULL : &scope, scope_at,
						error))
		return false;
	if (lexer.token.type != TOKEN_END && lexer.token.type != TOKEN_SEMICOLON)
		return fail_at(error, &lexer, lexer.token.begin, "expected a semicolon after the value",
					   NULL);
	*at = (Size) (lexer.token.begin - text);
	return true;
}

/* Reads a text that is one entry into a draft, which points into the text from then on. */
bool
draft_read_entry(DefinitionsDraft *draft, const char *text, Size length, PatternError *error)
{
	Size at = 0;

	if (!read_entry(draft, text, length, &at, error))
		return false;
	return at >= length ||
		pattern_fail(error, ERRCODE_INVALID_TEXT_REPRESENTATION, 0,
					 "it is more than one definition", NULL);
}

/* Reads what a text names into a draft, which points into the text from then on. */
bool
draft_read(DefinitionsDraft *draft, const char *text, Size length, PatternError *error)
{
	Size at = 0;

	if (length > MAX_DEFINITIONS_BYTES)
		return pattern_fail(
			error, ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0,
			psprintf("they have %zu bytes, the limit is %d", length, MAX_DEFINITIONS_BYTES), NULL);
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!read_entry(draft, text, length, &at, error))
			return false;
		if (at >= length)
			return true;
		at++; /* the semicolon */
	}
}

/*
 * Writing
 */

static void
print_length(StringInfo out, int64 length)
{
	Duration duration = {0};

	duration.days = (int32) Min(length / USECS_PER_DAY, PG_INT32_MAX);
	duration.time = length - duration.days * USECS_PER_DAY;
	print_duration(out, &duration);
}

static void
print_number(StringInfo out, double number)
{
	char text[64];

	(void) double_to_shortest_decimal_buf(number, text);
	appendStringInfoString(out, text);
}

static void
print_parameters(StringInfo out, const DefinitionsDraft *draft)
{
	Parameters parameters = draft->parameters;
	ListCell *cell;

	for (Size i = 0; i < lengthof(named_parameter); i++)
	{
		const NamedParameter *named = &named_parameter[i];

		if (named->scope == SCOPE_ITEM)
		{
			for (int item = 0; item < FRICTION_ITEMS; item++)
			{
				appendStringInfo(out, "; %s@%s = ", named->name, friction_item_name[item]);
				print_number(out, parameters.weight[item]);
			}
			continue;
		}
		appendStringInfo(out, "; %s = ", named->name);
		if (named->is_number)
			print_number(out, *number_of(&parameters, named));
		else
			print_length(out, *length_of(&parameters, named));
		if (named->scope != SCOPE_CHANNEL)
			continue;
		foreach (cell, draft->targets)
		{
			const ChannelTarget *target = lfirst(cell);

			appendStringInfo(out, "; %s@", named->name);
			print_name(out, target->channel);
			appendStringInfoString(out, " = ");
			print_length(out, target->target);
		}
	}
}

/* Gives events their lanes: each alternative its own while there are any left for the events to come. */
static uint32
assign_lanes(EventTest *const *events, EventTest **lane, uint8 *lane_event)
{
	uint32 lanes = 0;

	for (uint32 event = 0; event < NAMED_EVENTS; event++)
	{
		uint32 alternatives = 0;

		for (const EventTest *test = events[event]; test != NULL; test = test->next)
			alternatives++;
		if (lanes + alternatives + (NAMED_EVENTS - event - 1) > MAX_EVENTS)
		{
			lane[lanes] = events[event];
			lane_event[lanes++] = (uint8) event;
			continue;
		}
		for (const EventTest *test = events[event]; test != NULL; test = test->next)
		{
			lane[lanes] = palloc(sizeof(EventTest));
			*lane[lanes] = *test;
			lane[lanes]->next = NULL;
			lane_event[lanes++] = (uint8) event;
		}
	}
	return lanes;
}

static void
pad(StringInfo out)
{
	while ((out->len - offsetof(DefinitionsValue, text)) % 8 != 0)
		appendStringInfoChar(out, '\0');
}

/* The value of a draft; NULL and the error where it passes a limit. */
DefinitionsValue *
draft_value(const DefinitionsDraft *draft, PatternError *error)
{
	EventTest *event[NAMED_EVENTS];
	EventTest *lane[MAX_EVENTS];
	uint8 lane_event[MAX_EVENTS];
	uint32 lanes;
	StringInfoData out;
	DefinitionsValue *value;
	uint32 text_length;
	int events_at;
	uint32 event_bytes;
	ListCell *cell;

	initStringInfo(&out);
	appendStringInfoSpaces(&out, offsetof(DefinitionsValue, text));
	for (int i = 0; i < NAMED_EVENTS; i++)
	{
		event[i] = draft->event[i] != NULL ? draft->event[i] :
											 built_in_event(named_event[i].pattern);
		appendStringInfo(&out, "%s%s: ", i > 0 ? "; " : "", named_event[i].name);
		pattern_print_event(&out, event[i]);
	}
	print_parameters(&out, draft);
	text_length = (uint32) (out.len - offsetof(DefinitionsValue, text));
	if (text_length > MAX_DEFINITIONS_BYTES)
	{
		pattern_fail(
			error, ERRCODE_PROGRAM_LIMIT_EXCEEDED, 0,
			psprintf("they have %u bytes, the limit is %d", text_length, MAX_DEFINITIONS_BYTES),
			NULL);
		return NULL;
	}
	pad(&out);
	events_at = out.len;
	lanes = assign_lanes(event, lane, lane_event);
	events_write(&out, lane, (int) lanes);
	event_bytes = (uint32) (out.len - events_at);
	pad(&out);
	appendBinaryStringInfo(&out, (const char *) lane_event, (int) lanes);
	foreach (cell, draft->targets)
	{
		const ChannelTarget *target = lfirst(cell);
		uint16 length = (uint16) target->channel.length;

		appendBinaryStringInfo(&out, (const char *) &target->target, sizeof(target->target));
		appendBinaryStringInfo(&out, (const char *) &length, sizeof(length));
		appendBinaryStringInfo(&out, target->channel.bytes, length);
	}
	value = (DefinitionsValue *) out.data;
	memset(value, 0, offsetof(DefinitionsValue, text));
	SET_VARSIZE(value, out.len);
	value->text_length = text_length;
	value->event_bytes = event_bytes;
	value->lanes = (uint16) lanes;
	value->targets = (uint16) list_length(draft->targets);
	value->parameters = draft->parameters;
	return value;
}
