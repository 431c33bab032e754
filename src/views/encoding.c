/*
 * encoding.c
 *		Between the encoding of the database and UTF-8, without an error for any text.
 *
 * The server's own conversion raises an error for a character that the other
 * encoding lacks.  Here that character becomes "?", or what people write for it
 * where there is only ASCII: a quotation mark for a curved one, three points for
 * an ellipsis, nothing for what only says in which direction a text runs.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "views/encoding.h"

/* bytes that are converted in one step */
#define CONVERSION_STEP 2048

/* What stands for characters of ours in an encoding that lacks them. */
static const struct
{
	const char *character;
	const char *instead;
} substitutes[] = {
	{"“", "\""},     {"”", "\""},     {"„", "\""},    {"«", "\""},    {"»", "\""},
	{"’", "'"},      {"‘", "'"},      {"–", "-"},     {"−", "-"},     {"…", "..."},
	{"\u00A0", " "}, {"\u202F", " "}, {"\u061C", ""}, /* marks and isolates of direction */
	{"\u200E", ""},  {"\u200F", ""},  {"\u2068", ""}, {"\u2069", ""},
};

/* Appends what stands for a character that can not be converted. */
static void
append_substitute(StringInfo out, const char *character, int length, int from)
{
	if (from == PG_UTF8)
		for (Size i = 0; i < lengthof(substitutes); i++)
			if (strlen(substitutes[i].character) == (Size) length &&
				memcmp(substitutes[i].character, character, (Size) length) == 0)
			{
				appendStringInfoString(out, substitutes[i].instead);
				return;
			}
	appendStringInfoChar(out, '?');
}

/* The text in another encoding. */
static char *
convert(char *text, int *length, int from, int to)
{
	Oid procedure = FindDefaultConversionProc(from, to);
	StringInfoData out;
	int at = 0;

	initStringInfo(&out);
	while (at < *length)
	{
		int bytes;

		CHECK_FOR_INTERRUPTS();
		if (OidIsValid(procedure))
		{
			int step = Min(*length - at, CONVERSION_STEP);
			int room = step * MAX_CONVERSION_GROWTH + 1;
			int done;

			if (step < *length - at)
				step = pg_encoding_mbcliplen(from, text + at, *length - at, step);
			enlargeStringInfo(&out, room);
			done = pg_do_encoding_conversion_buf(procedure, from, to, (unsigned char *) text + at,
												 step, (unsigned char *) out.data + out.len, room,
												 true);
			out.len += (int) strlen(out.data + out.len);
			at += done;
			if (done == step)
				continue;
		}
		bytes = Min(pg_encoding_mblen(from, text + at), *length - at);
		if (!OidIsValid(procedure) && !IS_HIGHBIT_SET(text[at]))
			appendStringInfoChar(&out, text[at]);
		else
			append_substitute(&out, text + at, bytes, from);
		at += bytes;
	}
	*length = out.len;
	return out.data;
}

char *
server_to_utf8(char *text, int *length)
{
	int encoding = GetDatabaseEncoding();

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	return convert(text, length, encoding, PG_UTF8);
}

char *
utf8_to_server(char *text, int *length)
{
	int encoding = GetDatabaseEncoding();

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	return convert(text, length, PG_UTF8, encoding);
}
