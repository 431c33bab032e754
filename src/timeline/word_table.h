/*
 * word_table.h
 *		A hash table from texts to numbers: of a vocabulary's words, and of the
 *		texts that one column has beside them.
 */
#ifndef CRM_WORD_TABLE_H
#define CRM_WORD_TABLE_H

#include "timeline/layout.h"

typedef struct WordEntry
{
	TextSlice key;
	uint32 hash;
	uint32 number;
	char status;
} WordEntry;

#define SH_PREFIX wordtable
#define SH_ELEMENT_TYPE WordEntry
#define SH_KEY_TYPE TextSlice
#define SH_KEY key
#define SH_HASH_KEY(tb, key) hash_slice(key)
#define SH_EQUAL(tb, a, b) same_slice(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#endif /* CRM_WORD_TABLE_H */
