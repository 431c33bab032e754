/*
 * cut.h
 *		Records without the attributes that are too many for one timeline.
 */
#ifndef CRM_CUT_H
#define CRM_CUT_H

#include "timeline/record.h"

extern Builder *cut_attributes(const Builder *builder, const RecordKey *keys, uint32 count);

#endif /* CRM_CUT_H */
