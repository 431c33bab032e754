/*
 * friction.c
 *		Friction, itemised: friction_items() and friction().
 *
 * Owns what counts as an item; how heavy it weighs is a parameter.  Each item
 * names the interaction that shows it and, where there is one, the earlier one
 * that it goes back to.  What counts is whether there is such an earlier one, not
 * which comes just before: so a further bad experience never hides another.
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
PG_FUNCTION_INFO_V1(experience_friction_facts);
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

/* The items of one sort in one channel. */
typedef struct FrictionFact
{
	FrictionItem item;
	uint32 channel;
	uint32 moment; /* one that is in the channel */
	int64 time;    /* of the last one */
	int64 count;
} FrictionFact;

static inline int
compare_facts(const FrictionFact *a, const FrictionFact *b)
{
	if (a->item != b->item)
		return (int) a->item - (int) b->item;
	if (a->channel != b->channel)
		return a->channel < b->channel ? -1 : 1;
	return 0;
}

#define ST_SORT sort_facts
#define ST_ELEMENT_TYPE FrictionFact
#define ST_COMPARE(a, b) compare_facts(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

/*
 * Contacts that are looked at for one that a contact can go back to.  Beyond, the
 * customer has asked so often since that this says nothing any more.
 */
#define MAX_LOOKED_AT 1000

/* A contact. */
typedef struct Contact
{
	uint32 moment;
	uint32 wait;
	uint32 round; /* the first contact of its round */
} Contact;

/*
 * What is known of a conversation.  A *round* is all of a thread, or, outside of
 * threads, what is asked in one wait up to a contact that was given up.
 */
typedef struct Conversation
{
	Handling handling;
	Resolution resolution;
	uint32 wait;   /* the open one, or NOTHING */
	uint32 last;   /* the last time that it was asked for in it */
	uint32 anchor; /* from which the next repeated contact is counted */
	uint32 since;  /* from which it is counted how long the customer has been asking */
	uint32 round;  /* NOTHING = the next contact begins one */
	bool given_up; /* the last contact was */
	bool repeated; /* in this round */
	bool repeated_after_switch;
} Conversation;

/* What is known of the customer. */
typedef struct Search
{
	Story *story;
	const Waits *waits;
	FrictionList found;
	Conversation *conversations;
	Contact *contacts;
	uint32 contact_count;
	uint32 next_wait;    /* that has not begun */
	uint32 channelled;   /* the latest contact in a known channel, or NOTHING */
	uint32 self_service; /* since the latest contact, or NOTHING */
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

/* Whether what a contact asked for is still waited for, and not in vain, at some time. */
static bool
is_waiting(const Search *search, const Contact *contact, int64 time)
{
	const Moment *moments = search->story->moments;
	const Conversation *conversation =
		&search->conversations[moments[contact->moment].conversation];

	return conversation->wait != NOTHING && conversation->wait == contact->wait &&
		time - search->story->definitions->parameters->patience <= moments[conversation->last].time;
}

/* The latest contacts of other rounds that one can go back to; NOTHING where there are none. */
static void
look_back(const Search *search, uint32 i, uint32 round, uint32 *same, uint32 *switched)
{
	const Parameters *parameters = search->story->definitions->parameters;
	const Moment *moments = search->story->moments;
	const Moment *moment = &moments[i];
	uint32 least = search->contact_count - Min(search->contact_count, MAX_LOOKED_AT);

	*same = *switched = NOTHING;
	for (uint32 c = search->contact_count;
		 c-- > least && (*same == NOTHING || *switched == NOTHING);)
	{
		const Contact *contact = &search->contacts[c];
		const Moment *before = &moments[contact->moment];
		int64 gap = moment->time - before->time;
		bool about_same = moment->topic != NOTHING && moment->topic == before->topic;

		if (gap > parameters->repeat_within && gap > parameters->switch_within)
			break;
		if (contact->round == round)
			continue;
		if (*same == NOTHING && gap <= parameters->repeat_within &&
			(about_same || moment->topic == NOTHING || before->topic == NOTHING))
			*same = contact->moment;
		if (*switched == NOTHING && gap <= parameters->switch_within &&
			moment->channel != NOTHING && before->channel != NOTHING &&
			before->channel != moment->channel &&
			(about_same || is_waiting(search, contact, moment->time)))
			*switched = contact->moment;
	}
}

/* The items that a contact shows. */
static void
find_repeats(Search *search, uint32 i, bool begins)
{
	const Parameters *parameters = search->story->definitions->parameters;
	const Moment *moments = search->story->moments;
	const Moment *moment = &moments[i];
	Conversation *conversation = &search->conversations[moment->conversation];
	bool chases = conversation->wait != NOTHING && !begins &&
		(conversation->given_up ||
		 moment->time - moments[conversation->anchor].time >= parameters->chase_after);
	uint32 same;
	uint32 switched;

	if (search->self_service != NOTHING &&
		moment->time - moments[search->self_service].time <= parameters->self_service_within)
		add_item(search, ITEM_FAILED_SELF_SERVICE, moment->time, i, search->self_service);
	if (is_switch(search, moment))
		add_item(search, ITEM_CHANNEL_SWITCH, moment->time, i, search->channelled);
	if (conversation->round == NOTHING)
	{
		conversation->round = i;
		conversation->repeated = conversation->repeated_after_switch = false;
	}
	if (chases)
	{
		add_item(search, ITEM_REPEAT, moment->time, i, conversation->anchor);
		conversation->anchor = i;
	}
	if (conversation->repeated && conversation->repeated_after_switch)
		return;
	look_back(search, i, conversation->round, &same, &switched);
	if (same != NOTHING && !conversation->repeated && !chases)
	{
		add_item(search, ITEM_REPEAT, moment->time, i, same);
		conversation->repeated = true;
	}
	if (switched != NOTHING && !conversation->repeated_after_switch)
	{
		add_item(search, ITEM_REPEAT_AFTER_SWITCH, moment->time, i, switched);
		conversation->repeated_after_switch = true;
	}
}

/* Keeps a contact. */
static void
note_contact(Search *search, uint32 i)
{
	const Moment *moment = &search->story->moments[i];
	Conversation *conversation = &search->conversations[moment->conversation];

	search->contacts[search->contact_count++] = (Contact) {i, conversation->wait,
														   conversation->round};
	search->self_service = NOTHING;
	if (moment->channel != NOTHING)
		search->channelled = i;
	conversation->last = i;
	conversation->given_up = moment_is(moment, EVENT_ABANDONED);
	if (conversation->given_up && !moment->threaded)
		conversation->round = NOTHING;
}

/* Whether a wait begins with a moment; then it is its conversation's. */
static bool
begins_wait(Search *search, uint32 i)
{
	const Moment *moment = &search->story->moments[i];
	Conversation *conversation = &search->conversations[moment->conversation];

	if (search->next_wait == search->waits->count ||
		search->waits->waits[search->next_wait].asked != i)
		return false;
	conversation->wait = search->next_wait++;
	conversation->anchor = conversation->since = conversation->last = i;
	conversation->given_up = false;
	if (!moment->threaded)
		conversation->round = NOTHING;
	return true;
}

/*
 * The item that asking shows in a wait that is longer than a customer's patience:
 * so a contact that keeps a wait from lapsing makes of two slow waits no single one.
 */
static void
find_long_wait(Search *search, uint32 i, bool begins)
{
	const Moment *moments = search->story->moments;
	Conversation *conversation = &search->conversations[moments[i].conversation];

	if (conversation->wait == NOTHING || begins ||
		moments[i].time - search->story->definitions->parameters->patience <=
			moments[conversation->since].time)
		return;
	add_item(search, ITEM_SLOW_WAIT, moments[i].time, i, conversation->since);
	conversation->since = i;
}

/* The items that waits show as a whole. */
static void
find_slow_waits(Search *search)
{
	for (uint32 i = 0; i < search->waits->count; i++)
	{
		const Wait *wait = &search->waits->waits[i];

		if (wait_is_late(search->story, wait))
			add_item(search, ITEM_SLOW_WAIT, wait->deadline, wait->asked, NOTHING);
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
	search.channelled = search.self_service = NOTHING;
	if (story->count == 0)
		return search.found;
	search.conversations = palloc_extended(sizeof(Conversation) * (Size) story->conversations,
										   MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < story->conversations; i++)
		search.conversations[i] = (Conversation) {
			.handling.last = NOTHING,
			.resolution.resolved = NOTHING,
			.wait = NOTHING,
			.round = NOTHING,
		};
	search.contacts = palloc_extended(sizeof(Contact) * (Size) story->count, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];
		Conversation *conversation = &search.conversations[moment->conversation];
		uint32 resolved = conversation->resolution.resolved;
		bool begins;
		bool resolves;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		begins = begins_wait(&search, i);
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
		if (moment_is(moment, EVENT_REOPENED) || moment_is(moment, EVENT_CONTACT))
			find_long_wait(&search, i, begins);
		if (moment_is(moment, EVENT_REOPENED))
			conversation->last = i;
		if (moment_is(moment, EVENT_CONTACT))
		{
			find_repeats(&search, i, begins);
			note_contact(&search, i);
		}
		else if (moment_is(moment, EVENT_SELF_SERVICE))
			search.self_service = i;
		if (conversation->wait != NOTHING && waits->waits[conversation->wait].ended == i)
			conversation->wait = NOTHING;
	}
	find_slow_waits(&search);
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

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, FRICTION_EVENTS);
	waits = waits_find(story);
	list = friction_find(story, &waits);
	sort_items(list.items, list.count);
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

/* Adds up items by their sort and channel; returns how many facts there are. */
static uint32
add_up(const Story *story, const FrictionList *list, FrictionFact *facts)
{
	uint32 count = 0;

	for (uint32 i = 0; i < list->count; i++)
	{
		const Friction *item = &list->items[i];

		facts[i] = (FrictionFact) {item->item, story->moments[item->moment].channel, item->moment,
								   item->time, 1};
	}
	sort_facts(facts, list->count);
	for (uint32 i = 0; i < list->count; i++)
	{
		if (count == 0 || compare_facts(&facts[count - 1], &facts[i]) != 0)
		{
			facts[count++] = facts[i];
			continue;
		}
		facts[count - 1].count++;
		facts[count - 1].time = Max(facts[count - 1].time, facts[i].time);
	}
	return count;
}

/* friction_facts(timeline, definitions, as_of) */
Datum
experience_friction_facts(PG_FUNCTION_ARGS)
{
	enum
	{
		F_ITEM,
		F_CHANNEL,
		F_ITEMS,
		F_WEIGHT,
		F_LAST_AT,
		F_COLUMNS,
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Measure measure;
	Story *story = &measure.story;
	Waits waits;
	FrictionList list;
	FrictionFact *facts;
	uint32 count;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	measure_begin(&measure, fcinfo, FRICTION_EVENTS);
	waits = waits_find(story);
	list = friction_find(story, &waits);
	if (list.count == 0)
		return (Datum) 0;
	facts = palloc_extended(sizeof(FrictionFact) * (Size) list.count, MCXT_ALLOC_HUGE);
	count = add_up(story, &list, facts);
	for (uint32 i = 0; i < count; i++)
	{
		const FrictionFact *fact = &facts[i];
		Datum values[F_COLUMNS];
		bool nulls[F_COLUMNS] = {false};

		values[F_ITEM] = CStringGetTextDatum(friction_item_name[fact->item]);
		values[F_CHANNEL] = measure_text(&measure, &story->moments[fact->moment], CHANNEL,
										 &nulls[F_CHANNEL]);
		values[F_ITEMS] = Int64GetDatum(fact->count);
		values[F_WEIGHT] = Float8GetDatum((double) fact->count *
										  story->definitions->parameters->weight[fact->item]);
		values[F_LAST_AT] = TimestampTzGetDatum(fact->time);
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
