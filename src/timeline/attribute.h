/*
 * attribute.h
 *		The attributes that every room understands by name.
 */
#ifndef CRM_ATTRIBUTE_H
#define CRM_ATTRIBUTE_H

/*
 * The columns of one name are in this order.  An interaction has a value in one
 * of them at the most and absent comes first, so the values of a name sort as
 * absent < number < text.
 */
typedef enum AttributeType
{
	ATTRIBUTE_TEXT = 0,
	ATTRIBUTE_NUMBER = 1,  /* double precision */
	ATTRIBUTE_INTEGER = 2, /* bigint; only seq */
} AttributeType;

/*
 * Their numbers stand in stored timelines: append, never renumber.
 * doc/format.md lists them.
 */
typedef enum WellKnown
{
	USER_NAMED = 0,
	CHANNEL = 1,
	DIRECTION = 2,
	THREAD = 3,
	AGENT = 4,
	OUTCOME = 5,
	TOPIC = 6,
	SENTIMENT = 7,
	SCORE = 8,
	VALUE = 9,
	EFFORT = 10,
	RISK = 11,
	AUTOMATED = 12,
	SEQ = 13,
	SOURCE = 14,
	REF = 15,
} WellKnown;

#define WELL_KNOWN_COUNT 16

typedef struct WellKnownAttribute
{
	const char *name;
	uint8 length;
	AttributeType type;
} WellKnownAttribute;

/* Indexed by WellKnown; [USER_NAMED] has no name. */
extern const WellKnownAttribute well_known_attribute[WELL_KNOWN_COUNT];

/* The well-known attribute of that name, or USER_NAMED. */
extern WellKnown well_known_by_name(const char *name, uint32 length);

#endif /* CRM_ATTRIBUTE_H */
