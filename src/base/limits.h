/*
 * limits.h
 *		The limits of a timeline, in one place.  doc/format.md lists them.
 */
#ifndef CRM_LIMITS_H
#define CRM_LIMITS_H

/* attributes of one timeline, besides time and kind */
#define MAX_ATTRIBUTES 64

/* bytes of an attribute's name */
#define MAX_ATTRIBUTE_NAME 255

/* interactions of one timeline: what a count of 28 bits can say */
#define MAX_INTERACTIONS ((uint32) 0x0FFFFFFF)

/* distinct texts of one attribute that a dictionary may hold */
#define MAX_DICTIONARY 65535

/* bytes of one timeline, its varlena header included */
#define MAX_TIMELINE_BYTES ((Size) 0x3FFFFFFF)

/* name/value pairs in one call: FUNC_MAX_ARGS leaves room for no more */
#define MAX_PAIRS 48

/* what a loop that must stay simple goes through between two checks for interrupts */
#define INTERRUPT_BLOCK ((uint32) 65536)

#endif /* CRM_LIMITS_H */
