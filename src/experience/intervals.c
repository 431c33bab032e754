/*
 * intervals.c
 *		How far an estimate from a sample may be off: quantiles, and the interval
 *		of a share.
 *
 * What is estimated, and in which unit, is the business of scores.c.  The
 * formulas are those of Abramowitz and Stegun, Handbook of Mathematical
 * Functions (1964), by number, and of Wilson (1927).
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "funcapi.h"
#include "utils/float.h"

#include "experience/intervals.h"

PG_FUNCTION_INFO_V1(wilson_interval);

/* the degrees of freedom from which the expansion 26.7.5 is exact to 12 digits */
#define MANY_DEGREES 400

/* steps that Newton's method never needs */
#define MAX_STEPS 50

/*
 * The z for which a normal deviate lies within -z..z with this probability.
 * It starts from the approximation 26.2.23, good to 4.5e-4, and lets Newton's
 * method on the tail's probability double the digits; the tail, not its
 * complement, so that nothing is lost near 1.
 */
double
normal_quantile(double confidence)
{
	double tail = (1.0 - confidence) / 2.0;
	double t = sqrt(-2.0 * log(tail));
	double z = t -
		(2.515517 + t * (0.802853 + t * 0.010328)) /
			(1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));

	for (int i = 0; i < 3; i++)
		z += (erfc(z * M_SQRT1_2) / 2.0 - tail) * sqrt(2.0 * M_PI) * exp(z * z / 2.0);
	return Max(z, 0.0);
}

/*
 * The probability that Student's t lies within -t..t, where t is the tangent
 * of an angle times the root of the degrees of freedom (26.7.3 and 26.7.4),
 * and its slope over the angle.  The terms of the sum are as many as half the
 * degrees of freedom.
 */
static double
student_probability(double angle, int64 freedom, double *slope)
{
	double sine = sin(angle);
	double cosine = cos(angle);
	bool odd = freedom % 2 == 1;
	double factor = odd ? 2.0 / M_PI : 1.0;
	double probability = odd ? factor * angle : sine;
	double power = odd ? cosine : cosine * cosine;

	for (int64 k = odd ? 1 : 2; k < freedom; k += 2)
	{
		probability += factor / (double) k * sine * power;
		factor *= (double) (k + 1) / (double) k;
		power *= cosine * cosine;
	}
	*slope = factor * power / cosine;
	return probability;
}

/*
 * The t for which Student's t lies within -t..t with this probability.  The
 * probability is concave in the angle and z, where it starts, lies below t:
 * Newton's method comes up to t from there and can not miss it.
 */
double
student_quantile(double confidence, int64 freedom)
{
	double z = normal_quantile(confidence);
	double v = (double) freedom;
	double angle;

	if (freedom >= MANY_DEGREES)
	{
		double s = z * z;

		return z *
			(1.0 + (s + 1.0) / (4.0 * v) + (s * (5.0 * s + 16.0) + 3.0) / (96.0 * v * v) +
			 (s * (s * (3.0 * s + 19.0) + 17.0) - 15.0) / (384.0 * v * v * v) +
			 (s * (s * (s * (79.0 * s + 776.0) + 1482.0) - 1920.0) - 945.0) /
				 (92160.0 * v * v * v * v));
	}
	angle = atan(z / sqrt(v));
	for (int i = 0; i < MAX_STEPS; i++)
	{
		double slope;
		double step = (confidence - student_probability(angle, freedom, &slope)) / slope;

		angle += step;
		if (fabs(step) <= 1e-15 * angle)
			break;
	}
	return sqrt(v) * tan(angle);
}

/*
 * The lower end of Wilson's interval: the two ends are the roots of a quadratic
 * equation, and the lower one is their product by the upper one, so that
 * nothing cancels.
 */
static double
lower_end(int64 successes, int64 n, double z)
{
	double p = (double) successes / (double) n;
	double q = (double) (n - successes) / (double) n;
	double w = z * z / (double) n;

	if (successes == 0)
		return 0.0;
	return p * p / (p + w / 2.0 + sqrt(w * (p * q + w / 4.0)));
}

/* Wilson's score interval of a share, for n > 0. */
ConfidenceInterval
score_interval(int64 successes, int64 n, double confidence)
{
	double z = normal_quantile(confidence);
	ConfidenceInterval interval;

	interval.low = lower_end(successes, n, z);
	interval.high = 1.0 - lower_end(n - successes, n, z);
	return interval;
}

/* wilson_interval(successes, n, confidence) */
Datum
wilson_interval(PG_FUNCTION_ARGS)
{
	int64 successes = PG_GETARG_INT64(0);
	int64 n = PG_GETARG_INT64(1);
	double confidence = PG_GETARG_FLOAT8(2);
	TupleDesc descriptor;
	Datum values[2] = {0};
	bool nulls[2] = {true, true};

	if (successes < 0 || successes > n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%lld successes of %lld are no share", (long long) successes, (long long) n),
				 errdetail("There are from 0 to n successes.")));
	/* NaN is neither */
	if (!(confidence > 0.0 && confidence < 1.0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("confidence %s is not between 0 and 1", float8out_internal(confidence)),
				 errhint("Write 0.95 for 95 per cent.")));
	if (n > 0)
	{
		ConfidenceInterval interval = score_interval(successes, n, confidence);

		values[0] = Float8GetDatum(interval.low);
		values[1] = Float8GetDatum(interval.high);
		nulls[0] = nulls[1] = false;
	}
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}
