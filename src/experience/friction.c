/*
 * friction.c
 *		Friction, itemised: friction_items() and friction().
 *
 * Owns what counts as an item; how heavy it weighs is a parameter.  Each item
 * names the interaction that shows it and, where there is one, the earlier one
 * that it goes back to.  A contact that comes again is compared with the latest
 * one that could have been about the same, not just with the one before it: so a
 * further bad experience never hides another.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "experience/friction.h"
#include "experience/measure.h"

PG_FUNCTION_INFO_V1(experience_friction_items);
PG_FUNCTION_INFO_V1(experience_friction);

static inline int
compare_items(const Friction *a, const Friction *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	if (a->moment != b->moment)
		return a->moment < b->moment ? -1 : 1;
	return (int) a->item - (int) b->item;
}

#define ST_SORT sort_items
#define ST_ELEMENT_TYPE Friction
#define ST_COMPARE(a, b) compare_items(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/* The latest contact about each topic. */
typedef struct TopicEntry
{
	uint32 topic;
	uint32 contact;
	char status;
} TopicEntry;

#define SH_PREFIX topictable
#define SH_ELEMENT_TYPE TopicEntry
#define SH_KEY_TYPE uint32
#define SH_KEY topic
#define SH_HASH_KEY(tb, key) murmurhash32(key)
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* What is known of a conversation. */
typedef struct Conversation
{
	Handling handling;
	Resolution resolution;
	uint32 anchor; /* moment from which the next repeated contact is counted, or NOTHING */
	uint32 wait;   /* the open one, or NOTHING */
	bool contacted;
} Conversation;

/* What is known of the customer. */
typedef struct Search
{
	Story *story;
	const Waits *waits;
	FrictionList found;
	Conversation *conversations;
	uint32 next_wait;                 /* that has not begun */
	uint32 contact;                   /* the latest, or NOTHING */
	uint32 channelled;                /* the latest in a known channel */
	uint32 untopical;                 /* the latest without a topic */
	struct topictable_hash *by_topic; /* made where there are topics */
	uint32 self_service;              /* since the latest contact, or NOTHING */
} Search;

static void
add_item(Search *search, FrictionItem item, int64 time, uint32 moment, uint32 earlier)
{
	FrictionList *list = &search->found;

	if (list->count == list->size)
	{
		list->size = list->size == 0 ? 16 : 2 * list->size;
		list->items = list->items == NULL ?
			palloc(sizeof(Friction) * list->size) :
			repalloc_huge(list->items, sizeof(Friction) * (Size) list->size);
	}
	list->items[list->count++] = (Friction) {time, item, moment, earlier};
}

/* The latest contact that can have been about the same, or NOTHING. */
static uint32
same_topic_before(const Search *search, const Moment *moment)
{
	TopicEntry *entry;

	if (moment->topic == NOTHING)
		return search->contact;
	entry = search->by_topic == NULL ? NULL : topictable_lookup(search->by_topic, moment->topic);
	if (entry == NULL)
		return search->untopical;
	return search->untopical == NOTHING ? entry->contact : Max(entry->contact, search->untopical);
}

/* Keeps a contact as the latest one. */
static void
note_contact(Search *search, uint32 i)
{
	const Moment *moment = &search->story->moments[i];

	search->contact = i;
	search->self_service = NOTHING;
	if (moment->channel != NOTHING)
		search->channelled = i;
	if (moment->topic == NOTHING)
		search->untopical = i;
	else
	{
		bool found;

		if (search->by_topic == NULL)
			search->by_topic = topictable_create(CurrentMemoryContext, 16, NULL);
		topictable_insert(search->by_topic, moment->topic, &found)->contact = i;
	}
}

/* Whether a contact is in another channel than the latest one before, soon after it. */
static bool
is_switch(const Search *search, const Moment *moment)
{
	const Moment *before;

	if (moment->channel == NOTHING || search->channelled == NOTHING)
		return false;
	before = &search->story->moments[search->channelled];
	return before->channel != moment->channel &&
		moment->time - before->time <= search->story->definitions->parameters->switch_within;
}

/* Whether somebody waits in a conversation at some time, and has not waited in vain. */
static bool
is_waiting(const Search *search, uint32 number, int64 time)
{
	uint32 wait = search->conversations[number].wait;

	return wait != NOTHING &&
		time - search->story->definitions->parameters->patience <=
		search->story->moments[search->waits->waits[wait].asked].time;
}

/* The items that a contact shows. */
static void
find_repeats(Search *search, uint32 i, bool begins_wait)
{
	const Parameters *parameters = search->story->definitions->parameters;
	const Moment *moments = search->story->moments;
	const Moment *moment = &moments[i];
	Conversation *conversation = &search->conversations[moment->conversation];
	bool opens = moment->threaded ? !conversation->contacted : begins_wait;
	uint32 before = same_topic_before(search, moment);

	if (search->self_service != NOTHING &&
		moment->time - moments[search->self_service].time <= parameters->self_service_within)
		add_item(search, ITEM_FAILED_SELF_SERVICE, moment->time, i, search->self_service);
	if (is_switch(search, moment))
	{
		uint32 other = search->channelled;

		add_item(search, ITEM_CHANNEL_SWITCH, moment->time, i, other);
		/* the same is to be told anew where nobody has answered, or where it is the topic */
		if (opens &&
			(is_waiting(search, moments[other].conversation, moment->time) ||
			 (moment->topic != NOTHING && moments[other].topic == moment->topic)))
			add_item(search, ITEM_REPEAT_AFTER_SWITCH, moment->time, i, other);
	}
	else if (opens && before != NOTHING &&
			 moment->time - moments[before].time <= parameters->repeat_within)
		add_item(search, ITEM_REPEAT, moment->time, i, before);
	else if (!begins_wait && conversation->anchor != NOTHING &&
			 moment->time - moments[conversation->anchor].time >= parameters->chase_after)
	{
		add_item(search, ITEM_REPEAT, moment->time, i, conversation->anchor);
		conversation->anchor = i;
	}
	conversation->contacted = true;
}

/* Goes through the waits as far as they begin or end with a moment. */
static bool
follow_waits(Search *search, uint32 i)
{
	if (search->next_wait < search->waits->count &&
		search->waits->waits[search->next_wait].asked == i)
	{
		search->conversations[search->story->moments[i].conversation].wait = search->next_wait++;
		return true;
	}
	return false;
}

/* The items that waits show. */
static void
find_slow_waits(Search *search)
{
	for (uint32 i = 0; i < search->waits->count; i++)
	{
		const Wait *wait = &search->waits->waits[i];
		int64 asked = search->story->moments[wait->asked].time;

		if (wait_end(search->story, wait) - asked > wait->target)
			add_item(search, ITEM_SLOW_WAIT, asked + wait->target, wait->asked, NOTHING);
	}
}

/* All items of a story; see friction.h. */
FrictionList
friction_find(Story *story, const Waits *waits)
{
	Search search;

	memset(&search, 0, sizeof(search));
	search.story = story;
	search.waits = waits;
	search.contact = search.channelled = search.untopical = search.self_service = NOTHING;
	if (story->count == 0)
		return search.found;
	search.conversations = palloc_extended(sizeof(Conversation) * (Size) story->conversations,
										   MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < story->conversations; i++)
		search.conversations[i] = (Conversation) {
			{NOTHING, false}, {NOTHING, false}, NOTHING, NOTHING, false};
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		Conversation *conversation = &search.conversations[moment->conversation];
		uint32 resolved = conversation->resolution.resolved;
		bool begins_wait;
		bool resolves;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		begins_wait = follow_waits(&search, i);
		if (begins_wait)
			conversation->anchor = i;
		if (moment_is(moment, EVENT_ERROR))
			add_item(&search, ITEM_ERROR, moment->time, i, NOTHING);
		if (moment_is(moment, EVENT_ABANDONED))
			add_item(&search, ITEM_ABANDONED, moment->time, i, NOTHING);
		if (resolution_next(&conversation->resolution, moment, i, &resolves))
			add_item(&search, ITEM_REOPEN, moment->time, i, resolved);
		{
			uint32 last = conversation->handling.last;

			if (handling_next(&conversation->handling, story, i))
				add_item(&search, ITEM_TRANSFER, moment->time, i, last);
		}
		if (moment_is(moment, EVENT_CONTACT))
		{
			find_repeats(&search, i, begins_wait);
			note_contact(&search, i);
		}
		else if (moment_is(moment, EVENT_SELF_SERVICE))
			search.self_service = i;
		if (conversation->wait != NOTHING && waits->waits[conversation->wait].ended == i)
			conversation->wait = NOTHING;
	}
	find_slow_waits(&search);
	sort_items(search.found.items, search.found.count);
	return search.found;
}

double
friction_since(Story *story, const Waits *waits, int64 since)
{
	FrictionList list = friction_find(story, waits);
	double sum = 0;

	for (uint32 i = 0; i < list.count; i++)
	{
		if (list.items[i].time > since)
			sum += story->definitions->parameters->weight[list.items[i].item];
	}
	return sum;
}

/* friction_items(timeline, definitions, as_of) */
Datum
experience_friction_items(PG_FUNCTION_ARGS)
{
	enum
	{
		F_ITEM,
		F_OCCURRED_AT,
		F_WEIGHT,
		F_THREAD,
		F_CHANNEL,
		F_AGENT,
		F_KIND,
		F_EARLIER_AT,
		F_EARLIER_CHANNEL,
		F_EARLIER_AGENT,
		F_SOURCE,
		F_REF,
		F_EARLIER_SOURCE,
		F_EARLIER_REF,
		F_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	Waits waits;
	FrictionList list;

	InitMaterializedSRF(fcinfo, 0);
	measure_begin(&measure, fcinfo, FRICTION_EVENTS);
	waits = waits_find(story);
	list = friction_find(story, &waits);
	for (uint32 i = 0; i < list.count; i++)
	{
		const Friction *item = &list.items[i];
		const Moment *moment = &story->moments[item->moment];
		const Moment *earlier = item->earlier == NOTHING ? NULL : &story->moments[item->earlier];
		Datum values[F_COLUMNS];
		bool nulls[F_COLUMNS] = {false};

		values[F_ITEM] = CStringGetTextDatum(friction_item_name[item->item]);
		values[F_OCCURRED_AT] = TimestampTzGetDatum(item->time);
		values[F_WEIGHT] = Float8GetDatum(story->definitions->parameters->weight[item->item]);
		values[F_THREAD] = measure_text(&measure, moment, THREAD, &nulls[F_THREAD]);
		values[F_CHANNEL] = measure_text(&measure, moment, CHANNEL, &nulls[F_CHANNEL]);
		values[F_AGENT] = measure_text(&measure, moment, AGENT, &nulls[F_AGENT]);
		values[F_KIND] = measure_kind(&measure, moment, &nulls[F_KIND]);
		nulls[F_EARLIER_AT] = earlier == NULL;
		values[F_EARLIER_AT] = earlier == NULL ? (Datum) 0 : TimestampTzGetDatum(earlier->time);
		values[F_EARLIER_CHANNEL] = measure_text(&measure, earlier, CHANNEL,
												 &nulls[F_EARLIER_CHANNEL]);
		values[F_EARLIER_AGENT] = measure_text(&measure, earlier, AGENT, &nulls[F_EARLIER_AGENT]);
		values[F_SOURCE] = measure_text(&measure, moment, SOURCE, &nulls[F_SOURCE]);
		values[F_REF] = measure_text(&measure, moment, REF, &nulls[F_REF]);
		values[F_EARLIER_SOURCE] = measure_text(&measure, earlier, SOURCE,
												&nulls[F_EARLIER_SOURCE]);
		values[F_EARLIER_REF] = measure_text(&measure, earlier, REF, &nulls[F_EARLIER_REF]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* friction(timeline, definitions, as_of) */
Datum
experience_friction(PG_FUNCTION_ARGS)
{
	enum
	{
		S_SCORE,
		S_RECENT_SCORE,
		S_CONTACTS,
		S_ITEMS,
		S_FIRST_ITEM,
		S_COLUMNS = S_FIRST_ITEM + FRICTION_ITEMS,
	};
	Measure measure;
	Story *story = &measure.story;
	const Parameters *parameters;
	Waits waits;
	FrictionList list;
	double score = 0;
	double recent = 0;
	int64 window;
	int64 contacts = 0;
	int64 items[FRICTION_ITEMS] = {0};
	Datum values[S_COLUMNS];
	bool nulls[S_COLUMNS] = {false};

	measure_begin(&measure, fcinfo, FRICTION_EVENTS);
	parameters = story->definitions->parameters;
	window = story_window(story, parameters->worst_within);
	waits = waits_find(story);
	list = friction_find(story, &waits);
	for (uint32 i = 0; i < story->count; i++)
		contacts += moment_is(&story->moments[i], EVENT_CONTACT);
	for (uint32 i = 0; i < list.count; i++)
	{
		double weight = parameters->weight[list.items[i].item];

		items[list.items[i].item]++;
		score += weight;
		if (list.items[i].time > window)
			recent += weight;
	}
	values[S_SCORE] = Float8GetDatum(score);
	values[S_RECENT_SCORE] = Float8GetDatum(recent);
	values[S_CONTACTS] = Int64GetDatum(contacts);
	values[S_ITEMS] = Int64GetDatum(list.count);
	for (int i = 0; i < FRICTION_ITEMS; i++)
		values[S_FIRST_ITEM + i] = Int64GetDatum(items[i]);
	return measure_row(fcinfo, values, nulls, S_COLUMNS);
}
