/*
 * pack.h
 *		Records become a timeline.
 */
#ifndef CRM_PACK_H
#define CRM_PACK_H

#include "timeline/record.h"

extern struct varlena *pack_keys(const Builder *builder, const RecordKey *keys, uint32 count);
extern struct varlena *pack_builder(const Builder *builder);
extern struct varlena *pack_within_limit(const Builder *builder);
extern RecordKey *unite_pieces(const Builder *builder, uint32 *count);

#endif /* CRM_PACK_H */
