/*
 * compat.h
 *		What differs between the supported major versions of PostgreSQL.
 *
 * The only place that looks at PG_VERSION_NUM.  Everything here gives an
 * older server the newer server's interface, so that no other file knows.
 */
#ifndef CRM_COMPAT_H
#define CRM_COMPAT_H

#if PG_VERSION_NUM < 150000
#error "crm_timeline needs PostgreSQL 15 or later"
#endif

/* 16 moved the macros for varlenas out of postgres.h */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 18 spells it pg_noreturn and places it first, older ones do not have it */
#define CRM_NORETURN __attribute__((noreturn))

/*
 * Soft errors came with 16.  Before it an input function can only throw, so
 * the shim ignores the context and throws.
 */
#if PG_VERSION_NUM < 160000
struct Node;
#define ereturn(context, dummy_value, ...) \
	do \
	{ \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

/* 16 gave make_range() an error context */
#if PG_VERSION_NUM < 160000
#define CRM_MAKE_RANGE(type, lower, upper, empty) make_range(type, lower, upper, empty)
#else
#define CRM_MAKE_RANGE(type, lower, upper, empty) make_range(type, lower, upper, empty, NULL)
#endif

/* 19 keeps the result of pushJsonbValue() in its state instead of returning it */
#if PG_VERSION_NUM < 190000
#define CRM_JSONB_STATE JsonbParseState *
#define CRM_PUSH_JSONB(state, result, token, value) \
	((result) = pushJsonbValue(&(state), token, value))
#else
#define CRM_JSONB_STATE JsonbInState
#define CRM_PUSH_JSONB(state, result, token, value) \
	(pushJsonbValue(&(state), token, value), (result) = (state).result)
#endif

/* 18 asks whether a deferrable primary key will do */
#if PG_VERSION_NUM < 180000
#define CRM_PRIMARY_KEY_INDEX(relation) RelationGetPrimaryKeyIndex(relation)
#else
#define CRM_PRIMARY_KEY_INDEX(relation) RelationGetPrimaryKeyIndex(relation, false)
#endif

/* 16 asks whether only the indexes that summarise are to be written */
#if PG_VERSION_NUM < 160000
#define CRM_INSERT_INDEX_TUPLES(relation, slot, estate) \
	ExecInsertIndexTuples(relation, slot, estate, false, false, NULL, NIL)
#else
#define CRM_INSERT_INDEX_TUPLES(relation, slot, estate) \
	ExecInsertIndexTuples(relation, slot, estate, false, false, NULL, NIL, false)
#endif

/* 17 moved the target of a column's statistics, 18 asks for whom a pause is made */
#if PG_VERSION_NUM < 170000
#define CRM_STATISTICS_TARGET(stats) ((stats)->attr->attstattarget)
#else
#define CRM_STATISTICS_TARGET(stats) ((stats)->attstattarget)
#endif
#if PG_VERSION_NUM < 180000
#define CRM_ANALYZE_DELAY() vacuum_delay_point()
#else
#define CRM_ANALYZE_DELAY() vacuum_delay_point(true)
#endif

#endif /* CRM_COMPAT_H */
