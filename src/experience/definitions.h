/*
 * definitions.h
 *		The value of type definitions: what a firm's words mean to the measures.
 *
 * Named events, each an event pattern, say what counts as a contact, an answer, a
 * poor interaction; parameters say how long is late and how heavy a misstep
 * weighs.  A value has all of them: what its text does not name is the default.
 *
 *	+---------+-------------+--------------+---------+------------+
 *	| varlena | text length | event bytes, | lanes,  | parameters |
 *	| header  | uint32      | lane count   | targets |            |
 *	+---------+-------------+--------------+---------+------------+
 *	| text    | events, see pattern/events.h | lanes | targets    |
 *	+---------+------------------------------+-------+------------+
 *
 * An event that is a list of alternatives takes a *lane* of the event reader for
 * each, as long as there are lanes: a test of single attributes costs a look-up
 * in a table, and alternatives of tests would have to be evaluated.
 *
 *	lane:	 name 1 byte
 *	target:	 microseconds 8 bytes, length 2 bytes, channel
 */
#ifndef CRM_DEFINITIONS_H
#define CRM_DEFINITIONS_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "pattern/events.h"

/* The named events, in the order of the canonical text. */
typedef enum NamedEvent
{
	EVENT_INBOUND,
	EVENT_OUTBOUND,
	EVENT_INTERNAL,
	EVENT_AUTOMATED,
	EVENT_CONTACT,
	EVENT_ANSWER,
	EVENT_SERVED,
	EVENT_ABANDONED,
	EVENT_RESOLVED,
	EVENT_REOPENED,
	EVENT_HANDLED,
	EVENT_TRANSFER,
	EVENT_ERROR,
	EVENT_SELF_SERVICE,
	EVENT_POOR,
	EVENT_PLEASED,
	EVENT_FEEDBACK,
	EVENT_ACTION,
	EVENT_TOLD,
	EVENT_ADVOCACY,
	EVENT_TOUCH,
	EVENT_ENGAGEMENT,
	EVENT_CSAT,
	EVENT_NPS,
	EVENT_CES,
	EVENT_SAFEGUARD,
	EVENT_PREFERENCE,
	NAMED_EVENTS,
} NamedEvent;

#define EVENT_BIT(event) ((uint64) 1 << (event))

/* What friction consists of. */
typedef enum FrictionItem
{
	ITEM_REPEAT,
	ITEM_CHANNEL_SWITCH,
	ITEM_REPEAT_AFTER_SWITCH,
	ITEM_TRANSFER,
	ITEM_REOPEN,
	ITEM_SLOW_WAIT,
	ITEM_ABANDONED,
	ITEM_FAILED_SELF_SERVICE,
	ITEM_ERROR,
	FRICTION_ITEMS,
} FrictionItem;

extern const char *const friction_item_name[FRICTION_ITEMS];

/* Lengths of time are microseconds. */
typedef struct Parameters
{
	int64 wait_target; /* of channels that have none of their own */
	int64 patience;
	int64 chase_after;
	int64 repeat_within;
	int64 switch_within;
	int64 self_service_within;
	int64 recovery_within;
	int64 worst_within;
	int64 mood_half_life;
	int64 pressure_within;
	int64 engaged_within;
	int64 safeguard_within;
	double pressure_cap;
	double least_n;
	double weight[FRICTION_ITEMS];
} Parameters;

typedef struct DefinitionsValue
{
	int32 vl_len_;
	uint32 text_length;
	uint32 event_bytes;
	uint16 lanes;
	uint16 targets;
	Parameters parameters;
	char text[FLEXIBLE_ARRAY_MEMBER];
} DefinitionsValue;

/* A wait target of one channel. */
typedef struct ChannelTarget
{
	TextSlice channel;
	int64 target;
} ChannelTarget;

/* Definitions being put together. */
typedef struct DefinitionsDraft
{
	EventTest *event[NAMED_EVENTS];
	Parameters parameters;
	List *targets; /* of ChannelTarget *, in the order of the channels */
} DefinitionsDraft;

#define MAX_DEFINITIONS_BYTES (256 * 1024)
#define MAX_CHANNEL_TARGETS 1000
#define MAX_CHANNEL_BYTES 1024

/* What PatternError says where something is wrong is about the text that was read. */
extern void draft_defaults(DefinitionsDraft *draft);
extern bool draft_read(DefinitionsDraft *draft, const char *text, Size length, PatternError *error);
extern bool draft_read_entry(DefinitionsDraft *draft, const char *text, Size length,
							 PatternError *error);
extern DefinitionsValue *draft_value(const DefinitionsDraft *draft, PatternError *error);

/* The named event of that name; false where there is none. */
extern bool event_by_name(TextSlice name, NamedEvent *event);

/* The names of all of them, and of all parameters, for a hint. */
extern char *event_names(void);
extern char *parameter_names(void);

/* A parameter by its name, of a channel or an item where scope is not empty; false where there is none. */
typedef struct ParameterValue
{
	bool is_number;
	int64 length;
	double number;
} ParameterValue;

/* Definitions ready to run. */
typedef struct Definitions
{
	MemoryContext context;   /* all of it is in here */
	DefinitionsValue *value; /* a copy, by which the same ones are known again */
	const Parameters *parameters;
	EventReader *reader;
	uint32 lanes;
	uint8 *lane_event; /* the named event of each lane */
	uint32 target_count;
	ChannelTarget *targets;
} Definitions;

/* The definitions in a Datum, loaded once for a slot below parent as long as it gets the same. */
extern const Definitions *definitions_load(void **slot, MemoryContext parent, Datum datum);

/* The definitions in argument n, in the slot of the call site. */
extern const Definitions *definitions_argument(FunctionCallInfo fcinfo, int n);

/* What is in force. */
typedef struct InForce InForce;

/* What is in force in the active snapshot, kept in a slot, in a context, until there is something else. */
extern const InForce *definitions_now(void **slot, MemoryContext context);
extern const DefinitionsValue *in_force_value(const InForce *in_force);
extern int64 in_force_key(const InForce *in_force);
extern int64 in_force_horizon(const InForce *in_force);

/* The lanes of some named events. */
extern uint64 definitions_lanes(const Definitions *definitions, uint64 events);

extern bool definitions_parameter(const Definitions *definitions, TextSlice name, TextSlice scope,
								  ParameterValue *value);
extern char *parameter_names(void);

/* The wait target of a channel. */
extern int64 definitions_wait_target(const Definitions *definitions, TextSlice channel);

#endif /* CRM_DEFINITIONS_H */
