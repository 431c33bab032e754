/*
 * keys.c
 *		What an index and the statistics keep of a timeline.
 *
 * Kinds come from the dictionary.  Pairs of kind and channel are ticked off in a
 * bitmap while the codes of both are read, so a timeline of millions of
 * interactions costs one pass over two columns.  Where a column has no
 * dictionary, or the bitmap would be large, keys go through a hash set.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"

#include "store/keys.h"
#include "timeline/call.h"

/* Bits of a bitmap of pairs. */
#define MAX_BITMAP ((uint64) 1 << 20)

typedef struct KeyEntry
{
	uint64 key;
	char status;
} KeyEntry;

#define SH_PREFIX keyset
#define SH_ELEMENT_TYPE KeyEntry
#define SH_KEY_TYPE uint64
#define SH_KEY key
#define SH_HASH_KEY(tb, key) ((uint32) (key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The key of a kind. */
static inline uint64
kind_hash(TextSlice kind)
{
	return hash_bytes_extended((const unsigned char *) kind.bytes, (int) kind.length, 0);
}

/* A hash of a channel, which differs from that of a kind of the same name. */
static inline uint64
channel_hash(TextSlice channel)
{
	return hash_bytes_extended((const unsigned char *) channel.bytes, (int) channel.length, 1);
}

/* The key of a kind in a channel, by their hashes. */
static inline uint64
pair_key(uint64 kind, uint64 channel)
{
	return hash_combine64(kind, channel);
}

/* The key of what a pattern asks for. */
uint64
interaction_key(const RequiredInteraction *interaction)
{
	uint64 kind = kind_hash(interaction->kind);

	return interaction->has_channel ? pair_key(kind, channel_hash(interaction->channel)) : kind;
}

/* What a timeline of too many keys gets. */
static Datum *
every_key(uint32 *count)
{
	Datum *key = palloc(sizeof(Datum));

	*key = Int64GetDatum((int64) EVERY_KEY);
	*count = 1;
	return key;
}

/* A column of texts and, where it has few, their hashes. */
typedef struct HashedColumn
{
	const Column *column;
	bool is_channel;
	uint64 *hashes; /* by code, or NULL */
} HashedColumn;

/* The hash of a text of a column. */
static inline uint64
text_hash(const HashedColumn *hashed, uint32 code)
{
	TextSlice text;

	if (hashed->hashes != NULL)
		return hashed->hashes[code];
	text = column_text(hashed->column, code);
	return hashed->is_channel ? channel_hash(text) : kind_hash(text);
}

/* Hashes the texts of a dictionary, which are then at hand. */
static HashedColumn
hash_column(const Column *column, bool is_channel)
{
	HashedColumn hashed = {column, is_channel, NULL};
	uint64 *hashes;

	if (column->encoding != ENCODING_DICTIONARY || column->texts > MAX_DICTIONARY)
		return hashed;
	hashes = palloc(sizeof(uint64) * column->texts);
	for (uint32 i = 0; i < column->texts; i++)
		hashes[i] = text_hash(&hashed, i);
	hashed.hashes = hashes;
	return hashed;
}

/* Reads the pairs of kind and channel of a timeline, a block at a time. */
typedef struct PairReader
{
	const Layout *layout;
	const Column *channel;
	ColumnCursor kinds;
	ColumnCursor channels;
	uint32 done;
	uint32 count; /* of the block */
	uint32 kind[LAYOUT_BLOCK];
	uint32 in[LAYOUT_BLOCK]; /* which channel, or ABSENT */
} PairReader;

/* Begins at the first interaction. */
static void
pairs_begin(PairReader *reader, const Layout *layout, const Column *channel)
{
	reader->layout = layout;
	reader->channel = channel;
	reader->kinds = column_seek(&layout->kind, 0);
	reader->channels = column_seek(channel, 0);
	reader->done = 0;
}

/* Reads the next block; false at the end. */
static bool
pairs_next(PairReader *reader)
{
	reader->count = Min(reader->layout->count - reader->done, LAYOUT_BLOCK);
	if (reader->count == 0)
		return false;
	CHECK_FOR_INTERRUPTS();
	column_next_codes(&reader->layout->kind, &reader->kinds, reader->count, reader->kind);
	column_next_codes(reader->channel, &reader->channels, reader->count, reader->in);
	reader->done += reader->count;
	return true;
}

/* The keys of few kinds in few channels, or in none: O(n + kinds x channels). */
static Datum *
keys_by_bitmap(const Layout *layout, const HashedColumn *kind, const HashedColumn *channel,
			   uint32 *count)
{
	uint32 kinds = kind->column->texts;
	uint32 channels = channel->column == NULL ? 0 : channel->column->texts;
	uint64 bits = (uint64) kinds * channels;
	uint8 *bitmap = palloc0(bits / 8 + 1);
	uint32 pairs = 0;
	Datum *keys;

	if (channels > 0)
	{
		PairReader reader;

		pairs_begin(&reader, layout, channel->column);
		while (pairs_next(&reader))
		{
			for (uint32 i = 0; i < reader.count; i++)
			{
				uint32 bit = reader.kind[i] * channels + reader.in[i];

				if (reader.in[i] == ABSENT)
					continue;
				pairs += (bitmap[bit / 8] >> (bit & 7) & 1) == 0;
				bitmap[bit / 8] |= (uint8) (1 << (bit & 7));
			}
		}
	}
	if ((uint64) kinds + pairs > MAX_KEYS)
		return every_key(count);
	keys = palloc(sizeof(Datum) * ((Size) kinds + pairs));
	for (uint32 i = 0; i < kinds; i++)
	{
		keys[(*count)++] = Int64GetDatum((int64) kind->hashes[i]);
		for (uint32 j = 0; j < channels; j++)
		{
			uint32 bit = i * channels + j;

			if (bitmap[bit / 8] >> (bit & 7) & 1)
				keys[(*count)++] = Int64GetDatum(
					(int64) pair_key(kind->hashes[i], channel->hashes[j]));
		}
	}
	return keys;
}

/* Notes a key; false where there are too many. */
static bool
add_key(struct keyset_hash *set, uint64 key)
{
	bool found;

	keyset_insert(set, key, &found);
	return set->members <= MAX_KEYS;
}

/* Notes the keys of any timeline: O(n), one hash for each text that is not in a dictionary. */
static bool
add_keys(struct keyset_hash *set, const Layout *layout, const HashedColumn *kind,
		 const HashedColumn *channel)
{
	PairReader reader;

	for (uint32 i = 0; i < kind->column->texts; i++)
	{
		if ((i & 0xFFFF) == 0)
			CHECK_FOR_INTERRUPTS();
		if (!add_key(set, text_hash(kind, i)))
			return false;
	}
	if (channel->column == NULL)
		return true;
	pairs_begin(&reader, layout, channel->column);
	while (pairs_next(&reader))
	{
		for (uint32 i = 0; i < reader.count; i++)
		{
			if (reader.in[i] != ABSENT &&
				!add_key(
					set,
					pair_key(text_hash(kind, reader.kind[i]), text_hash(channel, reader.in[i]))))
				return false;
		}
	}
	return true;
}

/* The keys of any timeline. */
static Datum *
keys_by_set(const Layout *layout, const HashedColumn *kind, const HashedColumn *channel,
			uint32 *count)
{
	struct keyset_hash *set = keyset_create(CurrentMemoryContext, 1024, NULL);
	keyset_iterator iterator;
	KeyEntry *entry;
	Datum *keys;

	if (!add_keys(set, layout, kind, channel))
		keys = every_key(count);
	else
	{
		keys = palloc(sizeof(Datum) * set->members);
		keyset_start_iterate(set, &iterator);
		while ((entry = keyset_iterate(set, &iterator)) != NULL)
			keys[(*count)++] = Int64GetDatum((int64) entry->key);
	}
	keyset_destroy(set);
	return keys;
}

/* See keys.h; allocates in the current context, which is best reset after use. */
Datum *
timeline_keys(Datum timeline, uint32 *count)
{
	Layout layout;
	HashedColumn kind;
	HashedColumn channel = {NULL, true, NULL};
	bool few;

	open_timeline(&layout, timeline);
	*count = 0;
	if (layout.count == 0)
		return NULL;
	kind = hash_column(&layout.kind, false);
	channel.column = layout_find(&layout, "channel", 7, ATTRIBUTE_TEXT);
	few = kind.hashes != NULL;
	if (channel.column != NULL)
	{
		channel = hash_column(channel.column, true);
		few = few && channel.hashes != NULL &&
			(uint64) kind.column->texts * channel.column->texts <= MAX_BITMAP;
	}
	return few ? keys_by_bitmap(&layout, &kind, &channel, count) :
				 keys_by_set(&layout, &kind, &channel, count);
}
