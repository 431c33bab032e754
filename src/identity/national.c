/*
 * national.c
 *		Asks the optional module crm_timeline_phone about national numbers.
 */
#include "postgres.h"

#include "identity/phone.h"

const char *
read_national_number(const char *digits, uint32 count, const char *region, Size region_length,
					 char international[15], uint32 *length)
{
	(void) digits;
	(void) count;
	(void) region;
	(void) region_length;
	(void) international;
	*length = 0;
	return "national number: reading one needs the module crm_timeline_phone";
}

const char *
phone_plans_version(void)
{
	return NULL;
}
