/*
 * parts.c
 *		The ways of a state parted by the values that "same" asks for.
 *
 * Ways of different values never become one another, and an interaction mostly
 * leads on those of its own values alone; so each value has a list, found by
 * hashing.  A run begins without any: lists that an earlier one made are found
 * again, and empty.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "pattern/ways.h"

typedef struct PartKey
{
	uint32 state;
	uint32 count;
	const int32 *values;
} PartKey;

typedef struct PartEntry
{
	PartKey key;
	uint32 part;
	uint32 hash;
	char status;
} PartEntry;

static uint32
hash_part(PartKey key)
{
	return hash_combine(
		murmurhash32(key.state),
		hash_bytes((const unsigned char *) key.values, (int) (sizeof(int32) * key.count)));
}

static bool
same_part(PartKey a, PartKey b)
{
	return a.state == b.state && memcmp(a.values, b.values, sizeof(int32) * a.count) == 0;
}

#define SH_PREFIX parttable
#define SH_ELEMENT_TYPE PartEntry
#define SH_KEY_TYPE PartKey
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_part(key)
#define SH_EQUAL(tb, a, b) same_part(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Notes which registers hold values, for programs that have some; O(instructions). */
void
find_value_registers(Search *search)
{
	const Program *program = search->program;

	for (uint32 i = 0; i < program->header->instructions; i++)
	{
		if (program->instructions[i].operation == SET_VALUE)
			search->value_registers |= UINT32_C(1) << program->instructions[i].reg;
	}
	search->first_part = palloc0(sizeof(uint32) * program->header->states);
	search->part_table = parttable_create(search->context, 64, NULL);
}

/* The key of a state's part; values has room for it, as yet unset. */
static PartKey
part_key(const Search *search, uint16 number, const int32 *values)
{
	PartKey key = {.state = number, .values = values};

	key.count = (uint32) pg_popcount32(value_registers(search, number));
	return key;
}

/* The list of the ways of a state that have the values of a way; made where it is new. */
WayList *
part_of_way(Search *search, uint16 number, const Way *way)
{
	int32 values[MAX_REGISTERS];
	PartKey key = part_key(search, number, values);
	uint32 registers = value_registers(search, number);
	PartEntry *entry;
	Part *part;
	bool found;

	for (uint32 n = 0; registers != 0; registers &= registers - 1)
		values[n++] = way->reg[pg_rightmost_one_pos32(registers)];
	entry = parttable_insert(search->part_table, key, &found);
	if (!found)
	{
		int32 *kept = MemoryContextAlloc(search->context, sizeof(int32) * key.count);

		memcpy(kept, values, sizeof(int32) * key.count);
		entry->key.values = kept;
		if (search->part_count == search->part_size)
		{
			search->part_size = Max(64, search->part_size * 2);
			search->parts = search->parts == NULL ?
				MemoryContextAllocHuge(search->context, sizeof(Part) * search->part_size) :
				repalloc_huge(search->parts, sizeof(Part) * search->part_size);
		}
		entry->part = search->part_count++;
		memset(&search->parts[entry->part], 0, sizeof(Part));
	}
	part = &search->parts[entry->part];
	if (part->run != search->runs)
	{
		part->run = search->runs;
		part->list.count = 0;
		part->list.prune_at = 16;
		part->next = search->first_part[number];
		search->first_part[number] = entry->part + 1;
	}
	return &part->list;
}

/*
 * The parts of a state over whose ways an edge may lead with interaction i, as a
 * list by "next": where the edge asks for all values one of them, otherwise all.
 */
uint32
parts_of_edge(Search *search, uint16 number, const ProgramEdge *edge, uint32 i, bool *only)
{
	const Instruction *guard = search->program->instructions + edge->guards;
	uint32 registers = value_registers(search, number);
	uint32 asked = 0;
	int32 values[MAX_REGISTERS];
	PartEntry *entry;

	for (const Instruction *end = guard + edge->guard_count; guard < end; guard++)
	{
		uint32 reg = UINT32_C(1) << guard->reg;

		if (guard->operation != GUARD_SAME || (registers & reg) == 0)
			continue;
		asked |= reg;
		values[pg_popcount32(registers & (reg - 1))] = (int32) search->view->values[guard->arg][i];
	}
	*only = asked == registers;
	if (!*only)
		return search->first_part[number];
	entry = parttable_lookup(search->part_table, part_key(search, number, values));
	if (entry == NULL || search->parts[entry->part].run != search->runs)
		return 0;
	return entry->part + 1;
}
