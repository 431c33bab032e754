/*
 * seed.c
 *		Text forms to layouts: seeds for the layout fuzzer.
 *
 *		seed FOLDER FILE...
 *
 * Writes the layout of the timeline in each file to a file of the same name in
 * the folder.  Files that hold no timeline are passed over.
 */
#include "postgres.h"

#include <stdio.h>

#include "value.h"

#undef printf
#undef fprintf
#undef snprintf

typedef struct Seed
{
	const char *text;
	Size length;
	FILE *out;
} Seed;

static void
write_layout(void *argument)
{
	const Seed *seed = argument;
	ParseError error = {0};
	struct varlena *packed = parse_value(seed->text, seed->length, &error);
	Value value;

	if (packed == NULL)
		return;
	value = packed_value(packed);
	if (fwrite(value.bytes, 1, value.length, seed->out) != value.length)
		perror("seed");
}

int
main(int count, char **arguments)
{
	static char text[1024 * 1024];

	for (int i = 2; i < count; i++)
	{
		const char *slash = strrchr(arguments[i], '/');
		char path[MAXPGPATH];
		FILE *in = fopen(arguments[i], "rb");
		Seed seed;

		snprintf(path, sizeof(path), "%s/%s", arguments[1],
				 slash == NULL ? arguments[i] : slash + 1);
		seed.out = fopen(path, "wb");
		if (in == NULL || seed.out == NULL)
		{
			perror("seed");
			return 1;
		}
		seed.text = text;
		seed.length = fread(text, 1, sizeof(text), in);
		shim_begin();
		(void) shim_try(write_layout, &seed);
		shim_end();
		fclose(in);
		if (ftell(seed.out) == 0)
			remove(path);
		fclose(seed.out);
	}
	return 0;
}
