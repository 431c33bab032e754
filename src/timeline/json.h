/*
 * json.h
 *		Attributes of an interaction as members of a jsonb object.
 */
#ifndef CRM_JSON_H
#define CRM_JSON_H

#include "utils/jsonb.h"

#include "base/compat.h"
#include "timeline/interaction.h"

/* A jsonb value being written; all zero before the first push. */
typedef struct JsonbWriter
{
	CRM_JSONB_STATE state;
	JsonbValue *result; /* once the outermost object or array is closed */
} JsonbWriter;

static inline void
push_jsonb(JsonbWriter *writer, JsonbIteratorToken token, JsonbValue *value)
{
	CRM_PUSH_JSONB(writer->state, writer->result, token, value);
}

extern void push_attribute(JsonbWriter *writer, const InteractionReader *reader, int column);

#endif /* CRM_JSON_H */
