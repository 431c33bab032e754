/*
 * state.h
 *		An aggregate's state on its way from one process to another.
 */
#ifndef CRM_STATE_H
#define CRM_STATE_H

#include "timeline/record.h"

/* A state as it came, and what it is. */
typedef struct ReceivedState
{
	const char *bytes;
	Size length;
	bool pieces; /* of a union */
	bool packed;
} ReceivedState;

extern bytea *state_write(const Builder *builder, bool within_limit);
extern bytea *state_write_packed(const struct varlena *packed, bool pieces);
extern ReceivedState state_read(const bytea *bytes);
extern void state_append(Builder *builder, const ReceivedState *state);

#endif /* CRM_STATE_H */
