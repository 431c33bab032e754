/*
 * occurrences.c
 *		Where an excluded event is, by the values that "same" limits it to.
 *
 * Owns, for each excluded event and set of attributes that some rule asks about,
 * the interactions that the event accepts, those of equal values together.  So
 * the nearest one with given values is found by bisection, however many there
 * are of other values between.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pattern/ways.h"

struct Occurrences
{
	struct Occurrences *next; /* of the search */
	uint16 event;
	uint16 attributes;
	uint16 attribute[MAX_REGISTERS];
	uint32 count;
	uint32 *index; /* by values, then ascending */
};

/* Sorts by the values of one attribute, and keeps the order of equal ones. */
static void
sort_by_values(const View *view, Occurrences *occurrences, uint16 attribute)
{
	const uint32 *values = view->values[attribute];
	uint32 count = occurrences->count;
	uint32 *sorted = palloc_extended(sizeof(uint32) * Max(count, 1), MCXT_ALLOC_HUGE);
	uint32 *begin;
	uint32 most = 0;

	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		most = Max(most, values[occurrences->index[i]]);
	}
	begin = palloc_extended(sizeof(uint32) * ((Size) most + 2), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		begin[values[occurrences->index[i]] + 1]++;
	}
	for (uint32 value = 0; value < most; value++)
	{
		if ((value & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		begin[value + 1] += begin[value];
	}
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		sorted[begin[values[occurrences->index[i]]]++] = occurrences->index[i];
	}
	pfree(begin);
	pfree(occurrences->index);
	occurrences->index = sorted;
}

/* Gathers the occurrences of an event; O(interactions * attributes). */
static void
gather(const View *view, Occurrences *occurrences)
{
	uint32 size = 64;

	occurrences->index = palloc(sizeof(uint32) * size);
	for (uint32 i = 0; i < view->count; i++)
	{
		bool present = (view->masks[i] >> occurrences->event & 1) != 0;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		/* what lacks a value has no value in common with anything */
		for (int a = 0; a < occurrences->attributes && present; a++)
			present = view->values[occurrences->attribute[a]][i] != NO_VALUE;
		if (!present)
			continue;
		if (occurrences->count == size)
		{
			size *= 2;
			occurrences->index = repalloc_huge(occurrences->index, sizeof(uint32) * size);
		}
		occurrences->index[occurrences->count++] = i;
	}
	for (int a = occurrences->attributes; a-- > 0;)
		sort_by_values(view, occurrences, occurrences->attribute[a]);
}

/* Those of an event, limited by the attributes of some limits; made once. */
const Occurrences *
occurrences_of(Search *search, uint32 event, const Instruction *limits, uint32 count)
{
	Occurrences *occurrences;
	MemoryContext caller;
	uint16 attribute[MAX_REGISTERS];

	for (uint32 i = 0; i < count; i++)
		attribute[i] = limits[i].arg;
	for (occurrences = search->occurrences; occurrences != NULL; occurrences = occurrences->next)
	{
		if (occurrences->event == event && occurrences->attributes == count &&
			memcmp(occurrences->attribute, attribute, sizeof(uint16) * count) == 0)
			return occurrences;
	}
	caller = MemoryContextSwitchTo(search->context);
	occurrences = palloc0(sizeof(Occurrences));
	occurrences->event = (uint16) event;
	occurrences->attributes = (uint16) count;
	memcpy(occurrences->attribute, attribute, sizeof(uint16) * count);
	gather(search->view, occurrences);
	occurrences->next = search->occurrences;
	search->occurrences = occurrences;
	MemoryContextSwitchTo(caller);
	return occurrences;
}

/* How the values of interaction i compare with those given. */
static int
compare_values(const View *view, const Occurrences *occurrences, uint32 i, const uint32 *values)
{
	for (int a = 0; a < occurrences->attributes; a++)
	{
		uint32 value = view->values[occurrences->attribute[a]][i];

		if (value != values[a])
			return value < values[a] ? -1 : 1;
	}
	return 0;
}

/* The place of the first occurrence, in their order, at or after those values and an interaction; O(log occurrences). */
static uint32
first_not_before(const View *view, const Occurrences *occurrences, const uint32 *values,
				 uint32 interaction)
{
	uint32 low = 0;
	uint32 high = occurrences->count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		uint32 i = occurrences->index[middle];
		int order = compare_values(view, occurrences, i, values);

		if (order < 0 || (order == 0 && i < interaction))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last occurrence with those values before interaction "before", or -1; O(log occurrences). */
int64
last_occurrence(const View *view, const Occurrences *occurrences, const uint32 *values,
				uint32 before)
{
	uint32 place = first_not_before(view, occurrences, values, before);

	if (place == 0 || compare_values(view, occurrences, occurrences->index[place - 1], values) != 0)
		return -1;
	return occurrences->index[place - 1];
}

/* The first occurrence with those values later than a time, or -1; O(log interactions). */
int64
next_occurrence(const View *view, const Occurrences *occurrences, const uint32 *values, int64 time)
{
	uint32 low = 0;
	uint32 high = view->count;
	uint32 place;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;

		if (view->times[middle] <= time)
			low = middle + 1;
		else
			high = middle;
	}
	place = first_not_before(view, occurrences, values, low);
	if (place == occurrences->count ||
		compare_values(view, occurrences, occurrences->index[place], values) != 0)
		return -1;
	return occurrences->index[place];
}
