/*
 * magic.c
 *		The magic block of the optional module crm_timeline_phone.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
