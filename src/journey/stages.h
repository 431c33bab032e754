/*
 * stages.h
 *		Where a customer is on a journey.
 */
#ifndef CRM_STAGES_H
#define CRM_STAGES_H

#include "journey/journey.h"

/* The stage of an open timeline at some moment; false before the first. */
extern bool stage_at(const LoadedJourney *journey, const Layout *layout, int64 as_of,
					 TextSlice *name);

#endif /* CRM_STAGES_H */
