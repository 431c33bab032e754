/*
 * attribute.c
 *		The attributes that every room understands by name.
 */
#include "postgres.h"

#include "timeline/attribute.h"

#define WELL_KNOWN(name, type) \
	{ \
		name, sizeof(name) - 1, type \
	}

const WellKnownAttribute well_known_attribute[WELL_KNOWN_COUNT] = {
	[USER_NAMED] = WELL_KNOWN("", ATTRIBUTE_TEXT),
	[CHANNEL] = WELL_KNOWN("channel", ATTRIBUTE_TEXT),
	[DIRECTION] = WELL_KNOWN("direction", ATTRIBUTE_TEXT),
	[THREAD] = WELL_KNOWN("thread", ATTRIBUTE_TEXT),
	[AGENT] = WELL_KNOWN("agent", ATTRIBUTE_TEXT),
	[OUTCOME] = WELL_KNOWN("outcome", ATTRIBUTE_TEXT),
	[TOPIC] = WELL_KNOWN("topic", ATTRIBUTE_TEXT),
	[SENTIMENT] = WELL_KNOWN("sentiment", ATTRIBUTE_NUMBER),
	[SCORE] = WELL_KNOWN("score", ATTRIBUTE_NUMBER),
	[VALUE] = WELL_KNOWN("value", ATTRIBUTE_NUMBER),
	[EFFORT] = WELL_KNOWN("effort", ATTRIBUTE_NUMBER),
	[RISK] = WELL_KNOWN("risk", ATTRIBUTE_NUMBER),
	[AUTOMATED] = WELL_KNOWN("automated", ATTRIBUTE_TEXT),
	[SEQ] = WELL_KNOWN("seq", ATTRIBUTE_INTEGER),
	[SOURCE] = WELL_KNOWN("source", ATTRIBUTE_TEXT),
	[REF] = WELL_KNOWN("ref", ATTRIBUTE_TEXT),
};

/* The well-known attribute of that name, or USER_NAMED. */
WellKnown
well_known_by_name(const char *name, uint32 length)
{
	for (int i = USER_NAMED + 1; i < WELL_KNOWN_COUNT; i++)
	{
		if (well_known_attribute[i].length == length &&
			memcmp(well_known_attribute[i].name, name, length) == 0)
			return (WellKnown) i;
	}
	return USER_NAMED;
}
