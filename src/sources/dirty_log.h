/*
 * dirty_log.h
 *		What a statement wrote: identities with the time that their rows cover.
 */
#ifndef CRM_DIRTY_LOG_H
#define CRM_DIRTY_LOG_H

#include "datatype/timestamp.h"

typedef struct Written Written;

/* What one statement wrote to a source; lives in the current memory context. */
extern Written *written_create(const char *source);

/*
 * Adds a row: its identity, which is copied, and its time, or NULL.  Very many
 * different identities go to the log at once.
 */
extern void written_add(Written *written, const struct varlena *identity, const TimestampTz *time);

/* Appends to the dirty log what was added, and forgets it. */
extern void written_append(Written *written);

/* Appends a mark for the whole source; problem says why, or is NULL. */
extern void dirty_log_append_source(const char *source, const char *problem);

#endif /* CRM_DIRTY_LOG_H */
