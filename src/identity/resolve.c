/*
 * resolve.c
 *		Brings the customers of identities up to date with the facts.
 *
 * Links in force are gone through from the best to the least, so the outcome is
 * a function of the facts: it does not depend on what was resolved before, nor
 * on what else there is.  A customer's number is the least of its identities'.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "commands/sequence.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/limits.h"
#include "identity/resolution.h"

PG_FUNCTION_INFO_V1(resolve);

static void *
array_of(Size count, Size size)
{
	return palloc_extended(Max(count, 1) * size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/* The places of two names, the lesser one first. */
static inline void
order_ends(const uint32 *place, uint32 *a, uint32 *b)
{
	uint32 x = place[*a];
	uint32 y = place[*b];

	*a = Min(x, y);
	*b = Max(x, y);
}

/* Puts the names in the order of their bytes: numbers become places everywhere. */
static void
order_names(Resolution *resolution)
{
	uint32 count = resolution->names->count;
	uint32 *place = names_arrange(resolution->names);
	bool *is_blocked = array_of(count, sizeof(bool));

	for (uint32 i = 0; i < count; i++)
		is_blocked[place[i]] = resolution->is_blocked[i];
	if (resolution->is_blocked != NULL)
		pfree(resolution->is_blocked);
	resolution->is_blocked = is_blocked;

	for (Size i = 0; i < resolution->facts.count; i++)
	{
		Fact *fact = &resolution->facts.facts[i];

		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		order_ends(place, &fact->a, &fact->b);
	}
	for (uint32 i = 0; i < resolution->bond_count; i++)
		order_ends(place, &resolution->bonds[i].a, &resolution->bonds[i].b);
	resolution->number = array_of(count, sizeof(int64));
	resolution->before = array_of(count, sizeof(int64));
	for (Size i = 0; i < resolution->known_count; i++)
	{
		const Known *known = &resolution->known[i];

		resolution->number[place[known->name]] = known->number;
		resolution->before[place[known->name]] = known->customer;
	}
	pfree(resolution->known);
	resolution->known = NULL;
	pfree(place);
}

/* Divides the names: equal heads stand together. */
static void
divide_names(Resolution *resolution)
{
	uint32 count = resolution->names->count;
	uint32 size = 64;
	Text head = {"", 0};

	resolution->tenants = names_create(resolution->context, FIRST_NAMES);
	resolution->spaces = names_create(resolution->context, FIRST_NAMES);
	resolution->heads = palloc(size * sizeof(Head));
	resolution->head_of = array_of(count, sizeof(uint32));
	for (uint32 i = 0; i < count; i++)
	{
		Text name = name_at(resolution, i);
		IdentityParts parts;

		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		if (head.length == 0 || name.length < head.length ||
			memcmp(name.bytes, head.bytes, head.length) != 0)
		{
			if (!identity_divide(name, &parts))
				ereport(ERROR,
						(errcode(ERRCODE_DATA_CORRUPTED),
						 errmsg("identity is corrupt: it has no namespace")));
			head = parts.head;
			if (resolution->head_count == size)
			{
				size *= 2;
				resolution->heads = repalloc_huge(resolution->heads, size * sizeof(Head));
			}
			resolution->heads[resolution->head_count++] = (Head) {
				names_add(resolution->tenants, parts.tenant),
				names_add(resolution->spaces, parts.name)};
		}
		resolution->head_of[i] = resolution->head_count - 1;
	}
}

/* Sets the limits of the namespaces: defaults, and what the DBA says. */
static void
set_limits(Resolution *resolution)
{
	const Text phone = {"phone", 5};
	uint32 *order = names_order(resolution->spaces);

	resolution->limits = array_of(resolution->spaces->count, sizeof(SpaceLimit));
	for (uint32 i = 0; i < resolution->spaces->count; i++)
	{
		SpaceLimit *limit = &resolution->limits[order[i]];

		limit->rank = i;
		limit->degree = resolution->degree;
		/* different digits never look alike */
		limit->confusable = !same_bytes(names_text(resolution->spaces, order[i]), phone);
	}
	gather_limits(resolution);
}

/*
 * What names look like.  A skeleton is made character by character, so that of
 * plain ASCII is put together from those of its characters; but not where an
 * e-mail domain in ASCII stands for other characters.
 */

/* The skeleton of an identity, in the scratch context. */
static text *
skeleton_of(Resolution *resolution, const char *bytes, uint32 length)
{
	text *identity = cstring_to_text_with_len(bytes, (int) length);

	return DatumGetTextPP(FunctionCall1(&resolution->skeleton, PointerGetDatum(identity)));
}

/* Learns what every printable character of ASCII looks like. */
static void
learn_characters(Resolution *resolution)
{
	List *name = list_make2(makeString("crm_timeline"), makeString("identity_skeleton"));
	Oid function = LookupFuncName(name, 1, &resolution->identity_type, false);

	fmgr_info_cxt(function, &resolution->skeleton, resolution->context);
	for (int c = ' '; c <= '~'; c++)
	{
		char identity[3] = {'x', ':', (char) c};
		text *skeleton = skeleton_of(resolution, identity, sizeof(identity));
		Size length = VARSIZE_ANY_EXHDR(skeleton) - 2;

		if (length > MAX_CHARACTER_LOOK)
			continue;
		memcpy(resolution->looks[c].bytes, VARDATA_ANY(skeleton) + 2, length);
		resolution->looks[c].length = (uint8) length;
	}
	resolution->knows_looks = true;
}

/* The skeleton of a name, in the scratch context. */
static Text
look_text(Resolution *resolution, uint32 place)
{
	Text name = name_at(resolution, place);
	Text result = {NULL, 0};
	char *at;
	text *skeleton;
	IdentityParts parts;

	if (!resolution->knows_looks)
		learn_characters(resolution);
	at = palloc(((Size) name.length + 1) * MAX_CHARACTER_LOOK);
	result.bytes = at;
	if (identity_divide(name, &parts))
	{
		memcpy(at, name.bytes, parts.head.length);
		at += parts.head.length;
		for (uint32 i = parts.head.length; i < name.length; i++)
		{
			unsigned char c = (unsigned char) name.bytes[i];
			uint8 length = c < lengthof(resolution->looks) ? resolution->looks[c].length : 0;

			if (length == 0 ||
				(c == 'x' && name.length - i >= 4 && memcmp(name.bytes + i, "xn--", 4) == 0))
			{
				at = NULL;
				break;
			}
			/* all of them, which is one instruction; the next one overwrites what is too much */
			memcpy(at, resolution->looks[c].bytes, MAX_CHARACTER_LOOK);
			at += length;
		}
		if (at != NULL)
		{
			result.length = (uint32) (at - result.bytes);
			return result;
		}
	}
	skeleton = skeleton_of(resolution, name.bytes, name.length);
	result.bytes = VARDATA_ANY(skeleton);
	result.length = (uint32) VARSIZE_ANY_EXHDR(skeleton);
	return result;
}

static uint64
look_of(void *caller, uint32 place)
{
	Resolution *resolution = caller;
	MemoryContext before = MemoryContextSwitchTo(resolution->scratch);
	Text look = look_text(resolution, place);
	uint64 hash = hash_bytes_extended((const unsigned char *) look.bytes, (int) look.length, 0);

	MemoryContextSwitchTo(before);
	MemoryContextReset(resolution->scratch);
	return hash;
}

static bool
look_same(void *caller, uint32 place, uint32 other)
{
	Resolution *resolution = caller;
	MemoryContext before = MemoryContextSwitchTo(resolution->scratch);
	bool same = same_bytes(look_text(resolution, place), look_text(resolution, other));

	MemoryContextSwitchTo(before);
	MemoryContextReset(resolution->scratch);
	return same;
}

/* Decides which names are one customer. */
static void
decide(Resolution *resolution)
{
	Guards guards = {.name_count = resolution->names->count,
					 .head_of = resolution->head_of,
					 .heads = resolution->heads,
					 .spaces = resolution->limits,
					 .cluster = resolution->cluster,
					 .look = look_of,
					 .look_same = look_same,
					 .caller = resolution};

	facts_judge(resolution->facts.facts, resolution->facts.count, resolution->is_blocked,
				&resolution->force);
	pfree(resolution->facts.facts);
	resolution->facts.facts = NULL;
	guards.nevers = resolution->force.nevers;
	guards.never_count = resolution->force.never_count;
	resolution->partition = partition_links(&guards, resolution->force.links,
											resolution->force.open);
}

/* Takes so many numbers for identities; returns the first.  Nobody else takes any: membership is locked. */
static int64
take_numbers(uint32 count)
{
	Oid sequence = get_relname_relid("membership_number_seq",
									 get_namespace_oid("crm_timeline", false));
	int64 first = nextval_internal(sequence, false);

	if (count > 1)
		(void) DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence),
								   Int64GetDatum(first + count - 1));
	return first;
}

/* Gives new names their numbers, in their order, and every name its customer. */
static void
number_customers(Resolution *resolution)
{
	uint32 count = resolution->names->count;
	uint32 *parent = resolution->partition->parent;
	uint32 new_count = 0;
	int64 next = 0;

	for (uint32 i = 0; i < count; i++)
		new_count += resolution->number[i] == 0;
	if (new_count > 0)
		next = take_numbers(new_count);
	resolution->customer = array_of(count, sizeof(int64));
	for (uint32 i = 0; i < count; i++)
	{
		int64 *least = &resolution->customer[set_of(parent, i)];

		if ((i & (INTERRUPT_BLOCK - 1)) == 0)
			CHECK_FOR_INTERRUPTS();
		if (resolution->number[i] == 0)
			resolution->number[i] = next++;
		if (*least == 0 || resolution->number[i] < *least)
			*least = resolution->number[i];
	}
	for (uint32 i = 0; i < count; i++)
		resolution->customer[i] = resolution->customer[set_of(parent, i)];
}

/* identities, customers, joined, split, refused */
static Datum
count_changes(FunctionCallInfo fcinfo, const Resolution *resolution)
{
	TupleDesc result;
	Datum values[5];
	bool nulls[5] = {false};
	int64 customers = 0;
	int64 joined = 0;
	int64 split = 0;

	for (uint32 i = 0; i < resolution->names->count; i++)
	{
		bool is = resolution->customer[i] == resolution->number[i];
		bool was = resolution->before[i] == resolution->number[i];

		customers += is;
		joined += was && !is;
		split += is && !was && resolution->before[i] != 0;
	}
	values[0] = Int64GetDatum(resolution->names->count);
	values[1] = Int64GetDatum(customers);
	values[2] = Int64GetDatum(joined);
	values[3] = Int64GetDatum(split);
	values[4] = Int64GetDatum((int64) resolution->partition->refusal_count +
							  resolution->force.count - resolution->force.open);
	if (get_call_result_type(fcinfo, NULL, &result) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(result), values, nulls));
}

/* One call at a time: another one waits.  Readers do not. */
static void
lock_membership(void)
{
	Oid membership = get_relname_relid("membership", get_namespace_oid("crm_timeline", false));

	LockRelationOid(membership, ShareRowExclusiveLock);
}

/* resolve(touched) */
Datum
resolve(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Resolution *resolution;
	Datum result;
	Oid *types;
	int type_count;

	SPI_connect();
	resolution = palloc0(sizeof(Resolution));
	resolution->context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline resolution",
												ALLOCSET_DEFAULT_SIZES);
	resolution->scratch = AllocSetContextCreate(resolution->context, "crm_timeline text",
												ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(resolution->context);
	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &type_count);
	resolution->array_type = types[0];
	resolution->identity_type = get_element_type(types[0]);
	lock_membership();
	resolution->at = GetCurrentTimestamp();

	gather(resolution, PG_ARGISNULL(0) ? NULL : PG_GETARG_ARRAYTYPE_P(0));
	order_names(resolution);
	divide_names(resolution);
	set_limits(resolution);
	decide(resolution);
	number_customers(resolution);
	record_changes(resolution);

	MemoryContextSwitchTo(caller);
	result = count_changes(fcinfo, resolution);
	SPI_finish();
	return result;
}
