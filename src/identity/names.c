/*
 * names.c
 *		Texts by number: every different one once, found by a hash, put in order.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/limits.h"
#include "identity/names.h"

#define PREFETCH_TEXTS 8

/* What is sorted: a number by 8 bytes of its text. */
typedef struct Place
{
	uint64 key;
	uint32 number;
} Place;

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE Place
#define ST_COMPARE(a, b) ((a)->key < (b)->key ? -1 : (a)->key > (b)->key)
#define ST_SCOPE static
#define ST_DEFINE
#define ST_CHECK_FOR_INTERRUPTS
#include "lib/sort_template.h"

Names *
names_create(MemoryContext context, uint32 size)
{
	Names *names = MemoryContextAllocZero(context, sizeof(Names));

	names->context = context;
	names->size = size;
	names->starts = MemoryContextAllocHuge(context, (size + 1) * sizeof(Size));
	names->starts[0] = 0;
	names->room = (Size) size * 32;
	names->bytes = MemoryContextAllocHuge(context, names->room);
	names->mask = size * 2 - 1;
	names->slots = MemoryContextAllocZero(context, ((Size) names->mask + 1) * sizeof(NameSlot));
	return names;
}

static inline uint32
hash_of(Text text)
{
	return hash_bytes((const unsigned char *) text.bytes, (int) text.length);
}

/* The slot of a text, or the free one where it belongs. */
static inline NameSlot *
slot_of(const Names *names, Text text, uint32 hash)
{
	uint32 at = hash & names->mask;

	for (;;)
	{
		NameSlot *slot = &names->slots[at];

		if (slot->number == 0 ||
			(slot->hash == hash && same_bytes(names_text(names, slot->number - 1), text)))
			return slot;
		at = (at + 1) & names->mask;
	}
}

/* Doubles the room for texts. */
static void
grow(Names *names)
{
	NameSlot *old = names->slots;
	Size old_count = (Size) names->mask + 1;

	if (names->size >= PG_INT32_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many identities: the limit is %d", PG_INT32_MAX / 2)));
	names->size *= 2;
	names->starts = repalloc_huge(names->starts, ((Size) names->size + 1) * sizeof(Size));
	names->mask = (uint32) (old_count * 2 - 1);
	names->slots = MemoryContextAllocExtended(names->context, old_count * 2 * sizeof(NameSlot),
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (Size i = 0; i < old_count; i++)
	{
		uint32 at = old[i].hash & names->mask;

		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		if (old[i].number == 0)
			continue;
		while (names->slots[at].number != 0)
			at = (at + 1) & names->mask;
		names->slots[at] = old[i];
	}
	pfree(old);
}

uint32
names_add(Names *names, Text text)
{
	uint32 hash = hash_of(text);
	NameSlot *slot = slot_of(names, text, hash);
	Size start = names->starts[names->count];

	if (slot->number != 0)
		return slot->number - 1;
	if (names->count == names->size)
	{
		grow(names);
		slot = slot_of(names, text, hash);
	}
	if (names->room - start < text.length)
	{
		names->room = names->room * 2 + text.length;
		names->bytes = repalloc_huge(names->bytes, names->room);
	}
	memcpy(names->bytes + start, text.bytes, text.length);
	names->starts[names->count + 1] = start + text.length;
	slot->hash = hash;
	slot->number = ++names->count;
	return names->count - 1;
}

uint32
names_find(const Names *names, Text text)
{
	const NameSlot *slot = slot_of(names, text, hash_of(text));

	return slot->number == 0 ? NO_NAME : slot->number - 1;
}

/* 8 bytes of a text from a place on as a number in their order; zeros behind its end. */
static inline uint64
key_at(Text text, uint32 from)
{
	uint64 key = 0;

	if (from < text.length)
		memcpy(&key, text.bytes + from, Min(sizeof(key), text.length - from));
	return pg_hton64(key);
}

/* Sorts places whose texts are the same up to a byte: by the 8 bytes there, and further where these are the same. */
static void
sort_from(const Names *names, Place *places, Size count, uint32 from)
{
	check_stack_depth();
	for (Size i = 0; i < count; i++)
	{
		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		places[i].key = key_at(names_text(names, places[i].number), from);
	}
	sort_places(places, count);
	for (Size i = 0; i < count;)
	{
		Size end = i + 1;

		while (end < count && places[end].key == places[i].key)
			end++;
		/* texts hold no NUL, so a last byte of zero is an end, and no two are the same */
		if (end - i > 1 && (places[i].key & 0xFF) != 0)
			sort_from(names, places + i, end - i, from + sizeof(uint64));
		i = end;
	}
}

uint32 *
names_order(const Names *names)
{
	Place *places = MemoryContextAllocHuge(names->context,
										   ((Size) names->count + 1) * sizeof(Place));
	uint32 *order = MemoryContextAllocHuge(names->context,
										   ((Size) names->count + 1) * sizeof(uint32));

	for (uint32 i = 0; i < names->count; i++)
		places[i].number = i;
	sort_from(names, places, names->count, 0);
	for (uint32 i = 0; i < names->count; i++)
		order[i] = places[i].number;
	pfree(places);
	return order;
}

uint32 *
names_arrange(Names *names)
{
	uint32 *order = names_order(names);
	uint32 *place = MemoryContextAllocHuge(names->context,
										   ((Size) names->count + 1) * sizeof(uint32));
	Size *starts = MemoryContextAllocHuge(names->context, ((Size) names->count + 1) * sizeof(Size));
	Size end = 0;
	char *bytes;

	/* nobody looks anything up any more */
	pfree(names->slots);
	names->slots = NULL;
	bytes = MemoryContextAllocHuge(names->context, Max(names->starts[names->count], 1));
	for (uint32 i = 0; i < names->count; i++)
	{
		Text text = names_text(names, order[i]);

		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		/* the texts lie anywhere: fetch some ahead */
		if (i + PREFETCH_TEXTS * 2 < names->count)
		{
			__builtin_prefetch(&names->starts[order[i + PREFETCH_TEXTS * 2]]);
			__builtin_prefetch(names->bytes + names->starts[order[i + PREFETCH_TEXTS]]);
		}
		place[order[i]] = i;
		starts[i] = end;
		memcpy(bytes + end, text.bytes, text.length);
		end += text.length;
	}
	starts[names->count] = end;
	pfree(names->bytes);
	pfree(names->starts);
	pfree(order);
	names->bytes = bytes;
	names->starts = starts;
	return place;
}
