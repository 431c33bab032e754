/*
 * pack.c
 *		Records become a timeline: sorted, turned into columns, written.
 *
 * Owns the way from records in the total order to the drafts that layout.c
 * writes.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "timeline/cut.h"
#include "timeline/pack.h"
#include "timeline/word_table.h"

/*
 * Texts beside the vocabulary among which equal ones are found.  Where a column
 * has so many it is plain, and a table of all of them would only cost memory,
 * and time that no interrupt ends while it grows.
 */
#define SHARED_TEXTS (MAX_DICTIONARY + 1)

/* One column being gathered. */
typedef struct Gather
{
	ShapeColumn column;
	uint32 present;
	uint32 *word; /* of each text, later its code */
	uint64 *number;
	uint8 *presence; /* made at the first absence */
	/* texts that are not in the vocabulary; a word is INLINE_TEXT + index here */
	wordtable_hash *table;
	TextSlice *inline_text;
	uint32 inline_texts;
	uint32 inline_size;
} Gather;

/* A shape in use. */
typedef struct PackedShape
{
	const Shape *shape;
	uint16 *map; /* where each of its columns is gathered */
} PackedShape;

typedef struct Packer
{
	const Builder *builder;
	uint32 count;
	Gather kind;
	Gather *gather; /* in (name, type) order */
	uint32 gathers;
	PackedShape *shapes; /* by code */
	uint32 shape_count;
} Packer;

static void
gather_begin(Gather *gather, const ShapeColumn *column, uint32 count)
{
	memset(gather, 0, sizeof(Gather));
	if (column != NULL)
		gather->column = *column;
	else
		gather->column.type = ATTRIBUTE_TEXT;
	if (gather->column.type == ATTRIBUTE_TEXT)
		gather->word = palloc_extended(sizeof(uint32) * count, MCXT_ALLOC_HUGE);
	else
		gather->number = palloc_extended(sizeof(uint64) * count, MCXT_ALLOC_HUGE);
}

/* Notes that the values so far leave a gap: interactions [0, present) have one. */
static pg_noinline void
start_presence(Gather *gather, uint32 count)
{
	gather->presence = palloc_extended(bytes_for_bits(count), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	memset(gather->presence, 0xFF, gather->present / 8);
	if (gather->present % 8 != 0)
		gather->presence[gather->present / 8] = (uint8) ((1 << (gather->present % 8)) - 1);
}

static inline void
note_present(Gather *gather, uint32 index, uint32 count)
{
	if (gather->present != index || gather->presence != NULL)
	{
		if (gather->presence == NULL)
			start_presence(gather, count);
		gather->presence[index >> 3] |= (uint8) (1 << (index & 7));
	}
	gather->present++;
}

/* The room that growing arrays of texts get next: at the most for one an interaction. */
static inline uint32
more_texts(uint32 size, uint32 count)
{
	return size < SHARED_TEXTS ? size * 2 : count;
}

/* The word of a text that follows its record. */
static pg_noinline uint32
inline_word(Gather *gather, TextSlice slice, uint32 count)
{
	if (gather->inline_texts < SHARED_TEXTS)
	{
		WordEntry *entry;
		bool found;

		if (gather->table == NULL)
			gather->table = wordtable_create(CurrentMemoryContext, 64, NULL);
		entry = wordtable_insert(gather->table, slice, &found);
		if (found)
			return entry->number | INLINE_TEXT;
		entry->number = gather->inline_texts;
	}
	if (gather->inline_texts == gather->inline_size)
	{
		gather->inline_size = Max(64, more_texts(gather->inline_size, count));
		gather->inline_text = gather->inline_text == NULL ?
			palloc(sizeof(TextSlice) * gather->inline_size) :
			repalloc_huge(gather->inline_text, sizeof(TextSlice) * gather->inline_size);
	}
	gather->inline_text[gather->inline_texts] = slice;
	return gather->inline_texts++ | INLINE_TEXT;
}

static inline void
gather_text(Gather *gather, RecordReader *reader, uint32 word, uint32 index, uint32 count)
{
	if (word == 0)
		return;
	if (unlikely(word & INLINE_TEXT))
		word = inline_word(gather, reader_text(reader, word), count);
	gather->word[gather->present] = word;
	note_present(gather, index, count);
}

/*
 * Finds the shapes that are in use and the columns they have between them.
 * Where these may be more than MAX_ATTRIBUTES it is given up and false, if the
 * caller knows what to do then.
 */
static bool
plan_columns(Packer *packer, const RecordKey *keys, bool may_fail)
{
	const Builder *builder = packer->builder;
	uint32 size = 64;
	uint32 column_count = 0;
	const ShapeColumn **columns;

	begin_shape_codes(builder->vocabulary);
	packer->shape_count = 0;
	packer->shapes = palloc(sizeof(PackedShape) * size);
	for (uint32 i = 0; i < packer->count; i++)
	{
		const Shape *shape = record_shape(builder, keys[i].record);

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!meet_shape(builder->vocabulary, shape, packer->shape_count))
			continue;
		if (packer->shape_count == size)
		{
			size *= 2;
			packer->shapes = repalloc_huge(packer->shapes, sizeof(PackedShape) * size);
		}
		packer->shapes[packer->shape_count++].shape = shape;
		column_count += shape->columns;
	}

	/* so many are hardly the same few, and sorting them would only cost */
	if (may_fail && column_count > PG_UINT16_MAX)
		return false;
	columns = palloc(sizeof(ShapeColumn *) * Max(column_count, 1));
	column_count = 0;
	for (uint32 i = 0; i < packer->shape_count; i++)
	{
		const Shape *shape = packer->shapes[i].shape;

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		for (uint32 j = 0; j < shape->columns; j++)
			columns[column_count++] = &shape->column[j];
	}
	sort_columns(columns, column_count);
	packer->gathers = 0;
	for (uint32 i = 0; i < column_count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_shape_columns(columns[packer->gathers - 1], columns[i]) != 0)
			columns[packer->gathers++] = columns[i];
	}
	if (may_fail && packer->gathers > MAX_ATTRIBUTES)
		return false;
	/* attributes that turn out to be absent everywhere do not count, yet bound the work */
	if (packer->gathers > PG_UINT16_MAX)
		too_many_attributes(packer->gathers);

	packer->gather = palloc(sizeof(Gather) * Max(packer->gathers, 1));
	for (uint32 i = 0; i < packer->gathers; i++)
		gather_begin(&packer->gather[i], columns[i], packer->count);
	for (uint32 i = 0; i < packer->shape_count; i++)
	{
		const Shape *shape = packer->shapes[i].shape;
		uint16 *map = palloc(sizeof(uint16) * Max(shape->columns, 1));

		if ((i & 0xFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		packer->shapes[i].map = map;
		for (uint32 j = 0; j < shape->columns; j++)
		{
			const ShapeColumn *wanted = &shape->column[j];
			const ShapeColumn **found = bsearch(&wanted, columns, packer->gathers,
												sizeof(ShapeColumn *), compare_column_pointers);

			map[j] = (uint16) (found - columns);
		}
	}
	pfree(columns);
	return true;
}

/* Distributes the records' values over the columns. */
static void
gather_values(Packer *packer, const RecordKey *keys)
{
	uint32 count = packer->count;

	for (uint32 i = 0; i < count; i++)
	{
		RecordReader reader = record_reader(packer->builder, keys[i].record);
		const uint16 *map = packer->shapes[reader.shape->code].map;

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		gather_text(&packer->kind, &reader, reader.kind, i, count);
		for (uint32 j = 0; j < reader.shape->columns; j++)
		{
			Gather *gather = &packer->gather[map[j]];

			if (gather->column.type == ATTRIBUTE_TEXT)
				gather_text(gather, &reader, reader_word(&reader), i, count);
			else
			{
				uint64 number = reader_number(&reader);

				if (gather->column.type == ATTRIBUTE_NUMBER && number == ABSENT_NUMBER)
					continue;
				gather->number[gather->present] = number;
				note_present(gather, i, count);
			}
		}
	}
}

/* Room for one more text of a column. */
static inline TextSlice *
add_text(ColumnDraft *draft, uint32 *size)
{
	if (unlikely(draft->texts == *size))
	{
		*size = more_texts(*size, draft->present);
		draft->text = repalloc_huge(draft->text, sizeof(TextSlice) * *size);
	}
	return &draft->text[draft->texts++];
}

/* Turns words into codes of a dictionary of the column's own, in order of appearance. */
static void
number_texts(Gather *gather, ColumnDraft *draft, Vocabulary *vocabulary)
{
	uint32 *words = gather->word;
	uint32 size = 32;
	uint32 *inline_codes = NULL;
	uint32 *codes;
	uint32 *stamps;
	uint32 stamp;

	vocabulary_clear_codes(vocabulary);
	codes = vocabulary->codes;
	stamps = vocabulary->stamps;
	stamp = vocabulary->stamp;
	if (gather->inline_texts > 0)
	{
		uint32 shared = Min(gather->inline_texts, SHARED_TEXTS);

		inline_codes = palloc(sizeof(uint32) * shared);
		memset(inline_codes, 0xFF, sizeof(uint32) * shared);
	}
	draft->texts = 0;
	draft->text = palloc(sizeof(TextSlice) * size);
	for (uint32 i = 0; i < gather->present; i++)
	{
		uint32 word = words[i];

		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();

		if (likely((word & INLINE_TEXT) == 0))
		{
			if (unlikely(stamps[word] != stamp))
			{
				stamps[word] = stamp;
				codes[word] = draft->texts;
				*add_text(draft, &size) = (TextSlice) {vocabulary->word[word]->bytes,
													   vocabulary->word[word]->length};
			}
			words[i] = codes[word];
			continue;
		}
		word &= ~INLINE_TEXT;
		if (word < SHARED_TEXTS && inline_codes[word] != PG_UINT32_MAX)
		{
			words[i] = inline_codes[word];
			continue;
		}
		words[i] = draft->texts;
		if (word < SHARED_TEXTS)
			inline_codes[word] = draft->texts;
		*add_text(draft, &size) = gather->inline_text[word];
	}
	draft->code = words;
	if (inline_codes != NULL)
		pfree(inline_codes);
}

static void
finish_column(Gather *gather, ColumnDraft *draft, Packer *packer)
{
	draft->name = gather->column.name;
	draft->well_known = gather->column.well_known;
	draft->type = gather->column.type;
	draft->present = gather->present;
	if (gather->present < packer->count && gather->presence == NULL)
		start_presence(gather, packer->count);
	draft->presence = gather->presence;
	draft->number = gather->number;
	if (draft->type == ATTRIBUTE_TEXT)
		number_texts(gather, draft, packer->builder->vocabulary);
}

/* Packs records that are in the total order; NULL where plan_columns() failed. */
static struct varlena *
pack(const Builder *builder, const RecordKey *keys, uint32 count, bool may_fail)
{
	MemoryContext result_context = CurrentMemoryContext;
	MemoryContext context;
	Packer packer;
	ColumnDraft kind;
	ColumnDraft *drafts;
	uint32 draft_count = 0;
	int64 *times;
	struct varlena *result;

	if (count == 0)
		return layout_write(NULL, 0, NULL, NULL, 0, CurrentMemoryContext);

	context = AllocSetContextCreate(CurrentMemoryContext, "crm_timeline packer",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	packer.builder = builder;
	packer.count = count;
	gather_begin(&packer.kind, NULL, count);
	if (!plan_columns(&packer, keys, may_fail))
	{
		MemoryContextSwitchTo(result_context);
		MemoryContextDelete(context);
		return NULL;
	}
	gather_values(&packer, keys);

	finish_column(&packer.kind, &kind, &packer);
	drafts = palloc(sizeof(ColumnDraft) * Max(packer.gathers, 1));
	for (uint32 i = 0; i < packer.gathers; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (packer.gather[i].present > 0)
			finish_column(&packer.gather[i], &drafts[draft_count++], &packer);
	}
	if (draft_count > MAX_ATTRIBUTES)
		too_many_attributes(draft_count);

	times = palloc_extended(sizeof(int64) * count, MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < count; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		/* records copied from a timeline are as its bytes have them */
		if (unlikely(i > 0 && keys[i].time < keys[i - 1].time))
			corrupt_timeline("its interactions are out of order");
		times[i] = keys[i].time;
	}
	result = layout_write(times, count, &kind, drafts, (int) draft_count, result_context);
	MemoryContextSwitchTo(result_context);
	MemoryContextDelete(context);
	return result;
}

/* Packs records that are in the total order; O(count x columns). */
struct varlena *
pack_keys(const Builder *builder, const RecordKey *keys, uint32 count)
{
	return pack(builder, keys, count, false);
}

/* Sorts and packs all records of a builder, which stays as it is. */
struct varlena *
pack_builder(const Builder *builder)
{
	uint32 count;
	RecordKey *keys;
	struct varlena *result;

	if (builder->piece != NO_PIECES)
		keys = unite_pieces(builder, &count);
	else
	{
		keys = builder_keys(builder, &count);
		sort_keys(builder, keys, count, false);
	}
	result = pack_keys(builder, keys, count);
	pfree(keys);
	return result;
}

/*
 * The same for any records whatever: where they have too many attributes between
 * them, some are left out.  Of records whose pieces do not matter.
 */
struct varlena *
pack_within_limit(const Builder *builder)
{
	uint32 count;
	RecordKey *keys = builder_keys(builder, &count);
	struct varlena *result;

	sort_keys(builder, keys, count, false);
	result = pack(builder, keys, count, true);
	if (result == NULL)
	{
		Builder *cut = cut_attributes(builder, keys, count);

		result = pack_builder(cut);
		builder_free(cut);
	}
	pfree(keys);
	return result;
}

/*
 * The union of the pieces: of equal interactions as many as the piece that has
 * the most of them.  In the total order.
 */
RecordKey *
unite_pieces(const Builder *builder, uint32 *count)
{
	uint32 total;
	RecordKey *keys = builder_keys(builder, &total);
	uint32 kept = 0;
	uint32 group = 0; /* where the kept ones equal to the last one begin */
	uint32 run = 0;   /* equal ones of the same piece, the last one included */

	sort_keys(builder, keys, total, true);
	for (uint32 i = 0; i < total; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_records(builder, &keys[i - 1], &keys[i]) != 0)
		{
			group = kept;
			run = 0;
		}
		else if (record_piece(keys[i - 1].record) != record_piece(keys[i].record))
			run = 0;
		if (++run > kept - group)
			keys[kept++] = keys[i];
	}
	*count = kept;
	return keys;
}
