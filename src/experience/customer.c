/*
 * customer.c
 *		One customer at a glance: customer_experience().
 *
 * What attention(), friction(), mood() and pressure() say, as far as an overview
 * of all customers has it, from one reading of the timeline.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "experience/feeling.h"
#include "experience/friction.h"
#include "experience/measure.h"
#include "timeline/call.h"

PG_FUNCTION_INFO_V1(experience_customer);

/* The sum of a number attribute over the first interactions; false where none has it. */
static bool
sum_of(const Layout *layout, const char *name, uint32 seen, double *sum)
{
	const Column *column = layout_find(layout, name, (uint32) strlen(name), ATTRIBUTE_NUMBER);
	ColumnCursor cursor = {0, 0};
	bool found = false;

	*sum = 0;
	if (column == NULL)
		return false;
	for (uint32 i = 0; i < seen; i++)
	{
		uint32 rank;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!column_next(column, &cursor, &rank))
			continue;
		found = true;
		*sum += number_from_bits(column_number(column, rank));
	}
	return found;
}

/* customer_experience(timeline, definitions, as_of) */
Datum
experience_customer(PG_FUNCTION_ARGS)
{
	enum
	{
		E_INTERACTIONS,
		E_FIRST_AT,
		E_LAST_AT,
		E_LAST_KIND,
		E_LAST_CHANNEL,
		E_CONTACTS,
		E_LAST_CONTACT_AT,
		E_WAITS,
		E_ANSWERED,
		E_ANSWERED_SHARE,
		E_WAITING,
		E_WAITING_SINCE,
		E_WAITING_CHANNEL,
		E_WAITING_THREAD,
		E_WAITING_ATTEMPTS,
		E_IS_LATE,
		E_FRICTION,
		E_RECENT_FRICTION,
		E_MISSTEPS,
		E_MOOD,
		E_MOOD_SLOPE,
		E_MOOD_N,
		E_TOUCHES,
		E_ADVOCACY,
		E_VALUE,
		E_COLUMNS,
	};
	Measure measure;
	Story *story = &measure.story;
	const Parameters *parameters;
	Waits waits;
	FrictionList list;
	Mood mood;
	const Wait *open = NULL;
	Moment last;
	uint32 seen;
	int64 recent;
	int64 pressed;
	int64 contacts = 0;
	int64 last_contact = 0;
	int64 missteps = 0;
	int64 touches = 0;
	int64 advocacy = 0;
	int64 answered = 0;
	int64 waiting = 0;
	double friction = 0;
	double recent_friction = 0;
	double number;
	bool known;
	Datum values[E_COLUMNS];
	bool nulls[E_COLUMNS] = {false};

	measure_begin(&measure, fcinfo,
				  FRICTION_EVENTS | EVENT_BIT(EVENT_POOR) | EVENT_BIT(EVENT_TOUCH) |
					  EVENT_BIT(EVENT_ADVOCACY));
	parameters = story->definitions->parameters;
	seen = layout_search(&measure.layout, story->as_of, true);
	recent = story_window(story, parameters->worst_within);
	pressed = story_window(story, parameters->pressure_within);
	for (uint32 i = 0; i < story->count; i++)
	{
		const Moment *moment = &story->moments[i];

		if (moment_is(moment, EVENT_CONTACT))
		{
			contacts++;
			last_contact = moment->time;
		}
		missteps += moment_is(moment, EVENT_POOR) && moment->time > recent;
		touches += moment_is(moment, EVENT_TOUCH) && moment->time > pressed;
		advocacy += moment_is(moment, EVENT_ADVOCACY);
	}
	waits = waits_find(story);
	for (uint32 i = 0; i < waits.count; i++)
	{
		const Wait *wait = &waits.waits[i];

		answered += wait->outcome == WAIT_ANSWERED;
		waiting += wait->outcome == WAIT_OPEN;
		/* they come in the order in which they began */
		if (wait->outcome == WAIT_OPEN && open == NULL)
			open = wait;
	}
	list = friction_find(story, &waits);
	for (uint32 i = 0; i < list.count; i++)
	{
		double weight = parameters->weight[list.items[i].item];

		friction += weight;
		if (list.items[i].time > recent)
			recent_friction += weight;
	}
	mood = mood_of(&measure.layout, seen, parameters->mood_half_life);

	values[E_INTERACTIONS] = Int64GetDatum(seen);
	nulls[E_FIRST_AT] = nulls[E_LAST_AT] = nulls[E_LAST_KIND] = nulls[E_LAST_CHANNEL] = true;
	if (seen > 0)
	{
		MonotoneCursor cursor = layout_seek(&measure.layout, seen - 1);

		last.index = seen - 1;
		nulls[E_FIRST_AT] = nulls[E_LAST_AT] = false;
		values[E_FIRST_AT] = TimestampTzGetDatum(measure.layout.first);
		values[E_LAST_AT] = TimestampTzGetDatum(layout_next_time(&measure.layout, &cursor));
		values[E_LAST_KIND] = measure_kind(&measure, &last, &nulls[E_LAST_KIND]);
		values[E_LAST_CHANNEL] = measure_text(&measure, &last, CHANNEL, &nulls[E_LAST_CHANNEL]);
	}
	values[E_CONTACTS] = Int64GetDatum(contacts);
	nulls[E_LAST_CONTACT_AT] = contacts == 0;
	values[E_LAST_CONTACT_AT] = TimestampTzGetDatum(last_contact);
	values[E_WAITS] = Int64GetDatum(waits.count);
	values[E_ANSWERED] = Int64GetDatum(answered);
	values[E_ANSWERED_SHARE] = share_datum(answered, waits.count - waiting,
										   &nulls[E_ANSWERED_SHARE]);
	values[E_WAITING] = Int64GetDatum(waiting);
	nulls[E_WAITING_SINCE] = nulls[E_WAITING_CHANNEL] = nulls[E_WAITING_THREAD] = true;
	nulls[E_WAITING_ATTEMPTS] = nulls[E_IS_LATE] = true;
	if (open != NULL)
	{
		const Moment *asked = &story->moments[open->asked];

		nulls[E_WAITING_SINCE] = nulls[E_WAITING_ATTEMPTS] = nulls[E_IS_LATE] = false;
		values[E_WAITING_SINCE] = TimestampTzGetDatum(asked->time);
		values[E_WAITING_CHANNEL] = measure_text(&measure, asked, CHANNEL,
												 &nulls[E_WAITING_CHANNEL]);
		values[E_WAITING_THREAD] = measure_text(&measure, asked, THREAD, &nulls[E_WAITING_THREAD]);
		values[E_WAITING_ATTEMPTS] = Int32GetDatum((int32) open->attempts);
		values[E_IS_LATE] = BoolGetDatum(wait_is_late(story, open));
	}
	values[E_FRICTION] = Float8GetDatum(friction);
	values[E_RECENT_FRICTION] = Float8GetDatum(recent_friction);
	values[E_MISSTEPS] = Int64GetDatum(missteps);
	known = mood_value(&mood, &number);
	nulls[E_MOOD] = !known;
	values[E_MOOD] = Float8GetDatum(number);
	number = 0;
	known = mood_slope(&mood, parameters->mood_half_life, &number);
	nulls[E_MOOD_SLOPE] = !known;
	values[E_MOOD_SLOPE] = Float8GetDatum(number);
	values[E_MOOD_N] = Int64GetDatum(mood.n);
	values[E_TOUCHES] = Int64GetDatum(touches);
	values[E_ADVOCACY] = Int64GetDatum(advocacy);
	nulls[E_VALUE] = !sum_of(&measure.layout, "value", seen, &number);
	values[E_VALUE] = Float8GetDatum(number);
	return measure_row(fcinfo, values, nulls, E_COLUMNS);
}
