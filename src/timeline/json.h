/*
 * json.h
 *		Attributes of an interaction as members of a jsonb object.
 */
#ifndef CRM_JSON_H
#define CRM_JSON_H

#include "utils/jsonb.h"

#include "timeline/interaction.h"

extern void push_attribute(JsonbParseState **state, const InteractionReader *reader, int column);

#endif /* CRM_JSON_H */
