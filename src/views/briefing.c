/*
 * briefing.c
 *		briefing_text: what is known of a customer, read from jsonb.
 *
 * Every member may be absent or null; members that are not known here are not
 * looked at, however large or deep they are.  One of another type than it should
 * be is an error that names it.  Nothing is looked up: the text depends on the
 * arguments alone.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "miscadmin.h"
#include "timeline/text.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "base/compat.h"
#include "views/briefing.h"
#include "views/encoding.h"

PG_FUNCTION_INFO_V1(briefing_text);

/* the greatest number of which a double still has the cents */
#define MAX_NUMBER 1e13

const char *const friction_items[FRICTION_ITEMS] = {
	"repeat", "channel_switch", "transfer",           "reopen", "slow_wait", "failed_self_service",
	"error",  "abandoned",      "repeat_after_switch"};

/* Where something stands in the context. */
typedef struct Place
{
	const struct Place *outer; /* NULL for a member of the context itself */
	const char *name;          /* NULL for an element of an array */
	int64 index;
} Place;

/* An object of the context, and where it is. */
typedef struct Object
{
	JsonbContainer *container;
	const Place *place;
} Object;

/*
 * Errors
 */

static void
append_place(StringInfo out, const Place *place)
{
	if (place->outer != NULL)
		append_place(out, place->outer);
	if (place->name == NULL)
		appendStringInfo(out, "[" INT64_FORMAT "]", place->index);
	else
		appendStringInfo(out, "%s%s", place->outer != NULL ? "." : "", place->name);
}

static const char *
describe(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return "It is a text.";
		case jbvNumeric:
			return "It is a number.";
		case jbvBool:
			return "It is a boolean.";
		case jbvBinary:
			return JsonContainerIsObject(value->val.binary.data) ? "It is an object." :
																   "It is an array.";
		default:
			return "It is null.";
	}
}

static void wrong_member(const Place *place, const char *wanted, const char *detail) CRM_NORETURN;

static void
wrong_member(const Place *place, const char *wanted, const char *detail)
{
	StringInfoData name;

	initStringInfo(&name);
	append_place(&name, place);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("member \"%s\" of a briefing's context must be %s", name.data, wanted),
			 errdetail("%s", detail)));
}

/*
 * Single members
 */

/* Finds a member; false where there is none, or null. */
static bool
find_member(const Object *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object->container, name, (int) strlen(name), value) !=
		NULL &&
		value->type != jbvNull;
}

/* A member's text; what is not there has no bytes. */
static TextSlice
read_text(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	TextSlice text = {NULL, 0};
	JsonbValue value;

	if (!find_member(object, name, &value))
		return text;
	if (value.type != jbvString)
		wrong_member(&place, "a text", describe(&value));
	text.bytes = value.val.string.val;
	text.length = (uint32) value.val.string.len;
	return text;
}

static Number
number_of(const JsonbValue *value, const Place *place)
{
	Number number = {true, 0};

	if (value->type != jbvNumeric)
		wrong_member(place, "a number", describe(value));
	number.value = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (!(fabs(number.value) <= MAX_NUMBER))
		wrong_member(place, "a number", "It is too large.");
	return number;
}

static Number
read_number(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	Number number = {false, 0};
	JsonbValue value;

	return find_member(object, name, &value) ? number_of(&value, &place) : number;
}

/* One that counts something: a whole number, and none below zero. */
static Number
read_count(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	Number number = read_number(object, name);

	if (number.known && (number.value < 0 || floor(number.value) != number.value))
		wrong_member(&place, "a whole number from 0 on",
					 number.value < 0 ? "It is negative." : "It has decimals.");
	return number;
}

static Number
read_hour(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	Number number = read_count(object, name);

	if (number.known && number.value > 23)
		wrong_member(&place, "an hour from 0 to 23", "It is greater.");
	return number;
}

static bool
read_boolean(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	JsonbValue value;

	if (!find_member(object, name, &value))
		return false;
	if (value.type != jbvBool)
		wrong_member(&place, "a boolean", describe(&value));
	return value.val.boolean;
}

/* The digits of a customer's number, which may have more of them than a double. */
static TextSlice
read_customer(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	TextSlice text = {NULL, 0};
	JsonbValue value;
	char *digits;

	if (!find_member(object, name, &value))
		return text;
	if (value.type != jbvNumeric)
		wrong_member(&place, "a number", describe(&value));
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
	text.bytes = digits;
	text.length = (uint32) strlen(digits);
	if (strspn(digits, "-0123456789") != text.length || text.length > 20)
		wrong_member(&place, "the number of a customer", "It has decimals, or is too large.");
	return text;
}

static Moment
read_moment(const Object *object, const char *name)
{
	Place place = {object->place, name, 0};
	TextSlice text = read_text(object, name);
	Moment moment = {text.bytes != NULL, 0};
	ParseError error;

	if (moment.known && !parse_time(text.bytes, text.length, &moment.time, &error))
		wrong_member(
			&place, "a time such as 2026-03-01T09:15:00+01:00",
			psprintf("%c%s.", pg_toupper((unsigned char) error.message[0]), error.message + 1));
	return moment;
}

/*
 * Objects and arrays
 */

/* An object that is a member; its place must outlive it. */
static bool
read_object(const Object *object, Place *place, Object *inner)
{
	JsonbValue value;

	if (!find_member(object, place->name, &value))
		return false;
	if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
		wrong_member(place, "an object", describe(&value));
	inner->container = value.val.binary.data;
	inner->place = place;
	return true;
}

/* The elements of an array that is a member */
typedef struct Elements
{
	JsonbIterator *iterator; /* NULL where there are none */
	Place array;
	Place element;
	JsonbValue value;
} Elements;

static void
elements_begin(Elements *elements, const Object *object, const char *name)
{
	JsonbValue value;

	elements->iterator = NULL;
	elements->array = (Place) {object->place, name, 0};
	elements->element = (Place) {&elements->array, NULL, -1};
	if (!find_member(object, name, &value))
		return;
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		wrong_member(&elements->array, "an array", describe(&value));
	elements->iterator = JsonbIteratorInit(value.val.binary.data);
	(void) JsonbIteratorNext(&elements->iterator, &value, true);
}

/* The next one that is not null */
static bool
elements_next(Elements *elements)
{
	if (elements->iterator == NULL)
		return false;
	while (JsonbIteratorNext(&elements->iterator, &elements->value, true) == WJB_ELEM)
	{
		CHECK_FOR_INTERRUPTS();
		elements->element.index++;
		if (elements->value.type != jbvNull)
			return true;
	}
	return false;
}

/* The same, and it has to be an object. */
static bool
elements_next_object(Elements *elements, Object *object)
{
	if (!elements_next(elements))
		return false;
	if (elements->value.type != jbvBinary ||
		!JsonContainerIsObject(elements->value.val.binary.data))
		wrong_member(&elements->element, "an object", describe(&elements->value));
	object->container = elements->value.val.binary.data;
	object->place = &elements->element;
	return true;
}

static void
read_words(const Object *object, const char *name, WordList *words)
{
	Elements elements;

	elements_begin(&elements, object, name);
	while (elements_next(&elements))
	{
		if (elements.value.type != jbvString)
			wrong_member(&elements.element, "a text", describe(&elements.value));
		if (words->shown == MAX_ITEMS_SHOWN)
		{
			words->more++;
			continue;
		}
		words->word[words->shown].bytes = elements.value.val.string.val;
		words->word[words->shown++].length = (uint32) elements.value.val.string.len;
	}
}

/*
 * The parts of a context
 */

static void
read_last(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "last", 0};
	Object last;

	if (!read_object(context, &place, &last))
		return;
	briefing->last.at = read_moment(&last, "occurred_at");
	briefing->last.kind = read_text(&last, "kind");
	briefing->last.channel = read_text(&last, "channel");
	briefing->last.direction = read_text(&last, "direction");
	briefing->last.agent = read_text(&last, "agent");
	briefing->last.outcome = read_text(&last, "outcome");
	briefing->last.summary = read_text(&last, "summary");
}

/* What is waiting, and a thread that is open, have these in common. */
static void
read_thread(const Object *thread, Event *event)
{
	event->at = read_moment(thread, "since");
	event->thread = read_text(thread, "thread");
	event->channel = read_text(thread, "channel");
	event->kind = read_text(thread, "kind");
	event->attempts = read_count(thread, "attempts");
}

static void
read_waiting(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "waiting", 0};
	Object waiting;

	briefing->is_waiting = read_object(context, &place, &waiting);
	if (!briefing->is_waiting)
		return;
	read_thread(&waiting, &briefing->waiting);
	briefing->over_target = read_boolean(&waiting, "over_target");
}

static bool
same_text(TextSlice a, TextSlice b)
{
	return a.bytes != NULL && b.bytes != NULL && a.length == b.length &&
		memcmp(a.bytes, b.bytes, a.length) == 0;
}

/* Is there anything to say of it? */
static bool
is_known(const Event *event)
{
	return event->at.known || event->kind.bytes != NULL || event->channel.bytes != NULL ||
		event->thread.bytes != NULL || event->attempts.known || event->summary.bytes != NULL;
}

/* The open threads but the one that is waiting, of which that is said already. */
static void
read_threads(const Object *context, Briefing *briefing)
{
	Events *threads = &briefing->threads;
	Elements elements;
	Object thread;

	elements_begin(&elements, context, "open_threads");
	while (elements_next_object(&elements, &thread))
	{
		Event event = {0};

		read_thread(&thread, &event);
		if (!is_known(&event) ||
			(briefing->is_waiting && same_text(event.thread, briefing->waiting.thread)))
			continue;
		if (threads->shown < MAX_LINES_SHOWN)
			threads->event[threads->shown++] = event;
		else
			threads->more++;
	}
}

static void
read_told(const Object *context, Briefing *briefing)
{
	Events *told = &briefing->told;
	Elements elements;
	Object said;

	elements_begin(&elements, context, "told");
	while (elements_next_object(&elements, &said))
	{
		Event event = {0};

		event.at = read_moment(&said, "occurred_at");
		event.channel = read_text(&said, "channel");
		event.kind = read_text(&said, "kind");
		event.summary = read_text(&said, "summary");
		if (!is_known(&event))
			continue;
		if (told->shown < MAX_LINES_SHOWN)
			told->event[told->shown++] = event;
		else
			told->more++;
	}
}

static void
read_mood(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "mood", 0};
	Object mood;

	if (!read_object(context, &place, &mood))
		return;
	briefing->mood = read_number(&mood, "value");
	briefing->mood_slope = read_number(&mood, "slope");
	briefing->mood_last = read_number(&mood, "last");
	briefing->mood_count = read_count(&mood, "n");
}

/* Scores; one without a score is none. */
static void
read_scores(const Object *context, Briefing *briefing)
{
	Elements elements;
	Object given;

	elements_begin(&elements, context, "scores");
	while (elements_next_object(&elements, &given))
	{
		Score score;

		score.scale = read_text(&given, "scale");
		score.score = read_number(&given, "score");
		score.at = read_moment(&given, "occurred_at");
		if (!score.score.known)
			continue;
		if (briefing->scores_shown < MAX_ITEMS_SHOWN)
			briefing->score[briefing->scores_shown++] = score;
		else
			briefing->scores_more++;
	}
}

static void
read_friction(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "friction", 0};
	Place items_place = {&place, "items", 0};
	Object friction;
	Object items;

	if (!read_object(context, &place, &friction))
		return;
	briefing->friction = read_number(&friction, "score");
	if (!read_object(&friction, &items_place, &items))
		return;
	for (int i = 0; i < FRICTION_ITEMS; i++)
		briefing->friction_item[i] = read_count(&items, friction_items[i]);
}

static void
read_pressure(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "pressure", 0};
	Object pressure;

	if (!read_object(context, &place, &pressure))
		return;
	briefing->touches = read_count(&pressure, "touches");
	briefing->touch_days = read_count(&pressure, "days");
	briefing->touch_cap = read_count(&pressure, "cap");
}

/* The stages by journey, in the order that jsonb keeps its members in. */
static void
read_stages(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "stages", 0};
	Object stages;
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;

	if (!read_object(context, &place, &stages))
		return;
	iterator = JsonbIteratorInit(stages.container);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvNull)
			continue;
		if (value.type != jbvString)
		{
			Place member = {&place, pnstrdup(key.val.string.val, Min(key.val.string.len, 256)), 0};

			wrong_member(&member, "a text", describe(&value));
		}
		if (briefing->stages_shown < MAX_ITEMS_SHOWN)
		{
			Stage *stage = &briefing->stage[briefing->stages_shown++];

			stage->journey.bytes = key.val.string.val;
			stage->journey.length = (uint32) key.val.string.len;
			stage->stage.bytes = value.val.string.val;
			stage->stage.length = (uint32) value.val.string.len;
		}
		else
			briefing->stages_more++;
	}
}

static void
read_preferences(const Object *context, Briefing *briefing)
{
	Place place = {context->place, "preferences", 0};
	Object preferences;

	if (!read_object(context, &place, &preferences))
		return;
	briefing->preferred_channel = read_text(&preferences, "channel");
	briefing->preferred_hour = read_hour(&preferences, "hour");
	briefing->preferred_language = read_text(&preferences, "language");
}

/* Reads a context; an error that names the member where one is not what it should be. */
static void
read_briefing(Jsonb *jsonb, Briefing *briefing)
{
	Object context = {&jsonb->root, NULL};

	memset(briefing, 0, sizeof(*briefing));
	if (!JB_ROOT_IS_OBJECT(jsonb))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("context of a briefing must be a JSON object")));
	briefing->customer = read_customer(&context, "customer_id");
	briefing->as_of = read_moment(&context, "as_of");
	briefing->since = read_moment(&context, "since");
	briefing->interactions = read_count(&context, "interactions");
	briefing->value = read_number(&context, "value");
	read_words(&context, "identities", &briefing->identities);
	read_last(&context, briefing);
	read_waiting(&context, briefing);
	read_threads(&context, briefing);
	read_told(&context, briefing);
	read_mood(&context, briefing);
	read_scores(&context, briefing);
	read_friction(&context, briefing);
	read_pressure(&context, briefing);
	read_stages(&context, briefing);
	read_preferences(&context, briefing);
	read_words(&context, "avoid", &briefing->avoid);
}

/* briefing_text(context jsonb, locale text) returns text */
Datum
briefing_text(PG_FUNCTION_ARGS)
{
	Jsonb *context = PG_GETARG_JSONB_P(0);
	const Reader *reader = reader_of_call(fcinfo, 1, OUR_MESSAGES);
	Briefing briefing;
	StringInfoData out;
	char *text;
	int length;

	read_briefing(context, &briefing);
	initStringInfo(&out);
	compose_briefing(&out, &briefing, reader);
	length = out.len;
	text = utf8_to_server(out.data, &length);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text, length));
}
