/*
 * module.c
 *		The shared library's magic block; nothing happens at load time.
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
