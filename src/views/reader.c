/*
 * reader.c
 *		For whom a text is, and the small functions that speak to one: relative_time
 *		and list_text.
 *
 * Languages are never mixed: numbers and times are of the locale only where the
 * words are in its language and script.
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "views/encoding.h"
#include "views/reader.h"

PG_FUNCTION_INFO_V1(relative_time);
PG_FUNCTION_INFO_V1(list_text);

/* items of a list, and bytes of them: ICU puts them together without a pause */
#define MAX_LIST_ITEMS 100000
#define MAX_LIST_BYTES ((Size) 64 * 1024 * 1024)

/* The reader of the last call, and the locale that it was asked by. */
typedef struct ReaderCache
{
	Reader reader;
	MemoryContext context; /* of the formatters */
	Size length;
	char name[MAX_LOCALE_BYTES];
} ReaderCache;

static void not_a_locale(const char *name, Size length) CRM_NORETURN;

static void
not_a_locale(const char *name, Size length)
{
	bool printable = length > 0 && length <= MAX_LOCALE_BYTES;

	for (Size i = 0; i < length && printable; i++)
		printable = name[i] >= ' ' && name[i] <= '~';
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 printable ? errmsg("\"%.*s\" is not a locale", (int) length, name) :
			 length == 0 ? errmsg("locale must not be empty") :
			 length > MAX_LOCALE_BYTES ? errmsg("locale has more than %d bytes", MAX_LOCALE_BYTES) :
			 errmsg("locale has a character that no locale has"),
			 errhint("A locale is a language, and a region if you like: en, de-AT or pt_BR.")));
}

/* The locale that texts are to be in. */
static void
choose_locale(const char *name, Size length, Words words, LocaleName *locale,
			  const Language **language)
{
	bool known;

	if (!parse_locale(name, length, locale))
		not_a_locale(name, length);
	*language = find_language(locale->language);
	known = *language != NULL &&
		(locale->script[0] == '\0' || strcmp(locale->script, (*language)->script) == 0);
	if (known || (words == WORDS_OF_ICU && language_is_available(locale)))
		return;
	if (!parse_locale("en", 2, locale))
		elog(ERROR, "there is no English");
	*language = find_language(locale->language);
}

const Reader *
reader_of_call(FunctionCallInfo fcinfo, int argument, Words words)
{
	FmgrInfo *function = fcinfo->flinfo;
	ReaderCache *cache = function->fn_extra;
	text *asked = PG_GETARG_TEXT_PP(argument);
	const char *name = VARDATA_ANY(asked);
	Size length = VARSIZE_ANY_EXHDR(asked);
	LocaleName locale;

	if (cache != NULL && cache->context != NULL && cache->length == length &&
		memcmp(cache->name, name, length) == 0)
		return &cache->reader;
	if (cache == NULL)
		cache = function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(ReaderCache));
	if (cache->context != NULL)
	{
		MemoryContext old = cache->context;

		cache->context = NULL;
		MemoryContextDelete(old);
	}
	choose_locale(name, length, words, &locale, &cache->reader.language);
	cache->length = length;
	memcpy(cache->name, name, length);
	cache->context = AllocSetContextCreate(function->fn_mcxt, "reader", ALLOCSET_SMALL_SIZES);
	cache->reader.display = display_open(cache->context, locale.name,
										 cache->reader.language != NULL &&
											 cache->reader.language->right_to_left);
	return &cache->reader;
}

/* What was made in UTF-8, as the database has it. */
static Datum
text_datum(char *made)
{
	int length = (int) strlen(made);
	char *converted = utf8_to_server(made, &length);

	return PointerGetDatum(cstring_to_text_with_len(converted, length));
}

/* relative_time(at timestamptz, as_of timestamptz, locale text) returns text: NULL where a time is infinite. */
Datum
relative_time(PG_FUNCTION_ARGS)
{
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	TimestampTz as_of = PG_GETARG_TIMESTAMPTZ(1);
	const Reader *reader = reader_of_call(fcinfo, 2, WORDS_OF_ICU);

	if (TIMESTAMP_NOT_FINITE(at) || TIMESTAMP_NOT_FINITE(as_of))
		PG_RETURN_NULL();
	return text_datum(display_time(reader->display, at, as_of));
}

/* list_text(items text[], locale text) returns text: NULLs are left out. */
Datum
list_text(PG_FUNCTION_ARGS)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(0);
	const Reader *reader = reader_of_call(fcinfo, 1, WORDS_OF_ICU);
	Datum *elements;
	bool *nulls;
	int count;
	int kept = 0;
	const char **items;

	if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > MAX_LIST_ITEMS ||
		VARSIZE_ANY(array) > MAX_LIST_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("list is too long"),
				 errdetail("A list has at most %d items, and %zu bytes.", MAX_LIST_ITEMS,
						   MAX_LIST_BYTES)));
	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &count);
	items = palloc(sizeof(char *) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
		if (!nulls[i])
		{
			char *item = TextDatumGetCString(elements[i]);
			int length = (int) strlen(item);

			items[kept++] = server_to_utf8(item, &length);
		}
	return text_datum(display_list(reader->display, items, kept));
}
