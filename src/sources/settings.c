/*
 * settings.c
 *		How the literals of a source's expressions are read.
 */
#include "postgres.h"

#include "utils/guc.h"

#include "sources/settings.h"

void
fix_settings(void)
{
	static const char *const settings[][2] = {{"timezone", "UTC"},
											  {"datestyle", "ISO, MDY"},
											  {"intervalstyle", "postgres"},
											  {"standard_conforming_strings", "on"},
											  {"transform_null_equals", "off"}};

	for (size_t i = 0; i < lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_SAVE, true, 0, false);
}
