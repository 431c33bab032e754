/*
 * members.h
 *		Attributes as the members of a jsonb object.
 */
#ifndef CRM_MEMBERS_H
#define CRM_MEMBERS_H

#include "utils/jsonb.h"

#include "timeline/record.h"

extern void call_append_jsonb(Builder *builder, int64 time, TextSlice kind, JsonbContainer *object,
							  bool with_moment);
extern uint32 fitting_members(JsonbContainer *object, uint32 taken, uint32 most,
							  AttributeValue *members);

#endif /* CRM_MEMBERS_H */
