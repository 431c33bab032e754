/*
 * feeling.h
 *		A mood: sentiments weighed by how recent they are.
 *
 * The weight of a sentiment halves with each half-life that it lies before the
 * last one.  Weights are kept relative to the last one's time, so none exceeds one
 * and nothing overflows; the mood itself does not depend on which time that is.
 * Spreads are kept around the means, so that nothing is lost by subtraction.
 */
#ifndef CRM_FEELING_H
#define CRM_FEELING_H

#include "timeline/layout.h"

typedef struct Mood
{
	int64 n;
	int64 reference;       /* the last time */
	double last;           /* sentiment; of several at the last time the last one added */
	double weight;         /* of all */
	double mean_time;      /* in half-lives after the reference, never above 0 */
	double mean_sentiment; /* the mood */
	double spread;         /* sum of weight (time - mean)^2 */
	double common;         /* sum of weight (time - mean) (sentiment - mean) */
} Mood;

/* The mood of the first interactions of a timeline. */
extern Mood mood_of(const Layout *layout, uint32 seen, int64 half_life);

/* The mood, and its slope per day; false where it has none. */
extern bool mood_value(const Mood *mood, double *value);
extern bool mood_slope(const Mood *mood, int64 half_life, double *slope);

#endif /* CRM_FEELING_H */
