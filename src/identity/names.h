/*
 * names.h
 *		Texts by number: every different one once, found by a hash, put in order.
 *
 * Knows nothing of tables and of customers.  Numbers are given from 0 on, in
 * the order in which texts arrive.
 */
#ifndef CRM_NAMES_H
#define CRM_NAMES_H

#include "identity/identity.h"

#define NO_NAME PG_UINT32_MAX

/* Where a text of that hash is; number 0 = free. */
typedef struct NameSlot
{
	uint32 hash;
	uint32 number; /* + 1 */
} NameSlot;

typedef struct Names
{
	MemoryContext context;
	uint32 count;
	uint32 size;  /* room for so many */
	Size *starts; /* count + 1 places in bytes */
	char *bytes;  /* all texts, one after another */
	Size room;    /* of bytes */
	NameSlot *slots;
	uint32 mask; /* slots - 1 */
} Names;

/* No texts; room for so many at first, a power of two. */
extern Names *names_create(MemoryContext context, uint32 size);

/* The number of a text, a new one if need be; amortised constant. */
extern uint32 names_add(Names *names, Text text);

/* The number of a text, or NO_NAME. */
extern uint32 names_find(const Names *names, Text text);

/* The numbers in the order of the texts' bytes. */
extern uint32 *names_order(const Names *names);

/*
 * Puts the texts into the order of their bytes; gives the new numbers by the old
 * ones.  No text is added or found after that.
 */
extern uint32 *names_arrange(Names *names);

static inline Text
names_text(const Names *names, uint32 number)
{
	Text text = {names->bytes + names->starts[number],
				 (uint32) (names->starts[number + 1] - names->starts[number])};

	return text;
}

#endif /* CRM_NAMES_H */
