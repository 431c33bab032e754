/*
 * errors.h
 *		The errors that more than one file raises.
 */
#ifndef CRM_ERRORS_H
#define CRM_ERRORS_H

#include "base/compat.h"

/* The bytes of a stored or received timeline are not what a writer of ours makes. */
extern void corrupt_timeline(const char *what) CRM_NORETURN;

/* A value would pass one of the limits of limits.h. */
extern void timeline_too_large(const char *what, uint64 number, uint64 limit) CRM_NORETURN;

/* The same for the attributes of one timeline. */
extern void too_many_attributes(uint64 number) CRM_NORETURN;

#endif /* CRM_ERRORS_H */
