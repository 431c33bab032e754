/*
 * intervals.h
 *		How far an estimate from a sample may be off.
 */
#ifndef CRM_INTERVALS_H
#define CRM_INTERVALS_H

/* what every score comes with: an interval that covers the truth 95 times of 100 */
#define SCORE_CONFIDENCE 0.95

typedef struct ConfidenceInterval
{
	double low;
	double high;
} ConfidenceInterval;

extern double normal_quantile(double confidence);
extern double student_quantile(double confidence, int64 freedom);
extern ConfidenceInterval score_interval(int64 successes, int64 n, double confidence);

#endif /* CRM_INTERVALS_H */
