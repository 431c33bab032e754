/*
 * scores.c
 *		What customers answered when they were asked, as one number on its scale:
 *		CSAT, NPS, CES, and the response rate.
 *
 * Every number comes with its scale, with how many answers it is of, and with
 * what it may be off by; below least_n answers it is not told at all.  How
 * intervals are calculated is the business of intervals.c.
 *
 * A state is an array of bigint: least_n (0 while no score was seen), n, and
 * then sums.  All of them are sums of whole numbers, so no order, split or
 * plan can change a result, states combine by addition, and a row that leaves
 * a window's frame is taken off again without a trace.
 *
 *	+---------+---+---------------------------------------------------------+
 *	| least_n | n | CSAT: of the top two                                    |
 *	|         |   | NPS:  promoters, detractors                             |
 *	|         |   | CES:  scores in 3 digits, squares of scores in 5 digits |
 *	+---------+---+---------------------------------------------------------+
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "experience/intervals.h"

PG_FUNCTION_INFO_V1(csat_transfn);
PG_FUNCTION_INFO_V1(csat_inverse_transfn);
PG_FUNCTION_INFO_V1(csat_finalfn);
PG_FUNCTION_INFO_V1(nps_transfn);
PG_FUNCTION_INFO_V1(nps_inverse_transfn);
PG_FUNCTION_INFO_V1(nps_finalfn);
PG_FUNCTION_INFO_V1(ces_transfn);
PG_FUNCTION_INFO_V1(ces_inverse_transfn);
PG_FUNCTION_INFO_V1(ces_finalfn);
PG_FUNCTION_INFO_V1(score_combinefn);
PG_FUNCTION_INFO_V1(nps_of);
PG_FUNCTION_INFO_V1(response_rate);

#define CSAT_SCALE "CSAT 0..100"
#define NPS_SCALE "NPS -100..100"
#define CES_SCALE "CES 1..7"
#define RESPONSE_RATE_SCALE "response rate 0..100"

#define CES_LOWEST 1.0
#define CES_HIGHEST 7.0

/* where in a state what stands */
#define STATE_LEAST_N 0
#define STATE_N 1
#define STATE_SUMS 2
#define CSAT_STATE (STATE_SUMS + 1)
#define NPS_STATE (STATE_SUMS + 2)
#define CES_STATE (STATE_SUMS + SCORE_DIGITS + SQUARE_DIGITS)

/* What an aggregate takes, and how one score changes its sums. */
typedef struct Question
{
	const char *aggregate;
	const char *answers;
	double lowest;
	double highest;
	bool whole;
	int state; /* its length */
	void (*add)(int64 *sums, double score, int64 times);
} Question;

/* What is told of answers; a standard error is not where it takes two answers and there is one. */
typedef struct Estimate
{
	double score;
	double standard_error;
	ConfidenceInterval interval;
	bool certain; /* the latter two are known */
} Estimate;

/*
 * Exact sums of scores that need not be whole.
 *
 * From 1 to 7 the doubles are multiples of 2^-52, so a score times 2^52 is an
 * integer of 55 bits and its square one of 110.  Both are cut into digits of 22
 * bits and summed digit by digit, without carrying, which 2^41 scores can not
 * overflow.
 */
#define DIGIT_BITS 22
#define DIGIT_BASE (INT64CONST(1) << DIGIT_BITS)
#define SCORE_BITS 52
#define SCORE_DIGITS 3
#define SQUARE_DIGITS 5
#define WIDE_DIGITS 12

/* A number from 0 to 2^264, the lowest digit first. */
typedef struct Wide
{
	int64 digits[WIDE_DIGITS];
} Wide;

/* Takes from each digit what belongs to the next one. */
static void
carry(int64 *digits, int count)
{
	for (int i = 0; i + 1 < count; i++)
	{
		digits[i + 1] += digits[i] / DIGIT_BASE;
		digits[i] %= DIGIT_BASE;
	}
}

static Wide
wide_of(const int64 *digits, int count)
{
	Wide wide = {{0}};

	memcpy(wide.digits, digits, sizeof(int64) * (Size) count);
	carry(wide.digits, WIDE_DIGITS);
	return wide;
}

/* The product of two numbers; what does not fit is left out, and the numbers here all fit. */
static Wide
wide_product(const Wide *a, const Wide *b)
{
	Wide product = {{0}};

	for (int i = 0; i < WIDE_DIGITS; i++)
	{
		for (int j = 0; i + j < WIDE_DIGITS; j++)
			product.digits[i + j] += a->digits[i] * b->digits[j];
	}
	carry(product.digits, WIDE_DIGITS);
	return product;
}

/* a - b where a >= b: the difference is exact, its double rounded. */
static double
wide_difference(const Wide *a, const Wide *b)
{
	Wide difference;
	int64 borrow = 0;
	double number = 0.0;

	for (int i = 0; i < WIDE_DIGITS; i++)
	{
		difference.digits[i] = a->digits[i] - b->digits[i] - borrow;
		borrow = difference.digits[i] < 0;
		difference.digits[i] += borrow * DIGIT_BASE;
	}
	for (int i = WIDE_DIGITS - 1; i >= 0; i--)
		number = number * DIGIT_BASE + (double) difference.digits[i];
	return number;
}

/*
 * The three questions
 */

static void
add_csat(int64 *sums, double score, int64 times)
{
	if (score >= 4.0)
		sums[0] += times;
}

static void
add_nps(int64 *sums, double score, int64 times)
{
	if (score >= 9.0)
		sums[0] += times;
	else if (score <= 6.0)
		sums[1] += times;
}

static void
add_ces(int64 *sums, double score, int64 times)
{
	int64 whole = (int64) ldexp(score, SCORE_BITS);
	int64 digits[SCORE_DIGITS] = {whole, 0, 0};
	int64 squares[SQUARE_DIGITS];

	carry(digits, SCORE_DIGITS);
	squares[0] = digits[0] * digits[0];
	squares[1] = 2 * digits[0] * digits[1];
	squares[2] = 2 * digits[0] * digits[2] + digits[1] * digits[1];
	squares[3] = 2 * digits[1] * digits[2];
	squares[4] = digits[2] * digits[2];
	carry(squares, SQUARE_DIGITS);
	for (int i = 0; i < SCORE_DIGITS; i++)
		sums[i] += times * digits[i];
	for (int i = 0; i < SQUARE_DIGITS; i++)
		sums[SCORE_DIGITS + i] += times * squares[i];
}

static const Question csat_question = {
	"csat()", "the whole numbers from 1 to 5", 1.0, 5.0, true, CSAT_STATE, add_csat};
static const Question nps_question = {
	"nps()", "the whole numbers from 0 to 10", 0.0, 10.0, true, NPS_STATE, add_nps};
static const Question ces_question = {
	"ces()", "the numbers from 1 to 7", CES_LOWEST, CES_HIGHEST, false, CES_STATE, add_ces};

/* A score of another scale is an error: no guess makes it one of this scale. */
static void
check_score(const Question *question, double score)
{
	/* NaN is neither below nor above, and no whole number */
	if (score >= question->lowest && score <= question->highest &&
		(!question->whole || score == rint(score)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("score %s is not on the scale of %s", float8out_internal(score),
					question->aggregate),
			 errdetail("The scale is %s.", question->answers),
			 errhint("Convert scores of another scale first, or leave them out with FILTER.")));
}

static void
check_least_n(int64 least_n)
{
	if (least_n < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("least_n is %lld, but must be at least 1", (long long) least_n),
				 errhint("1 tells every score that there is.")));
}

/*
 * Aggregation
 */

/* The numbers of a state, in place. */
static int64 *
state_numbers(ArrayType *state, int count)
{
	if (ARR_NDIM(state) != 1 || ARR_DIMS(state)[0] != count || ARR_HASNULL(state) ||
		ARR_ELEMTYPE(state) != INT8OID)
		elog(ERROR, "the state of a score has %d numbers", count);
	return (int64 *) ARR_DATA_PTR(state);
}

/* All rows of a group agree on least_n. */
static void
keep_least_n(int64 *numbers, int64 least_n)
{
	if (numbers[STATE_LEAST_N] == 0)
		numbers[STATE_LEAST_N] = least_n;
	else if (numbers[STATE_LEAST_N] != least_n)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("least_n is %lld in one row of a group and %lld in another",
						(long long) numbers[STATE_LEAST_N], (long long) least_n),
				 errhint("Group by it as well.")));
}

/* The least_n of a row. */
static int64
least_n_argument(FunctionCallInfo fcinfo)
{
	int64 least_n;

	if (PG_NARGS() < 3)
		return 1;
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("least_n must not be NULL"),
				 errhint("1 tells every score that there is.")));
	least_n = PG_GETARG_INT64(2);
	check_least_n(least_n);
	return least_n;
}

/* A score comes (times 1) or goes (-1); NULL is no answer. */
static Datum
count_score(FunctionCallInfo fcinfo, const Question *question, int64 times)
{
	ArrayType *state;
	int64 *numbers;
	double score;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	if (PG_ARGISNULL(0))
		elog(ERROR, "the state of a score is NULL");
	state = PG_GETARG_ARRAYTYPE_P(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_ARRAYTYPE_P(state);
	numbers = state_numbers(state, question->state);
	score = PG_GETARG_FLOAT8(1);
	check_score(question, score);
	keep_least_n(numbers, least_n_argument(fcinfo));
	question->add(&numbers[STATE_SUMS], score, times);
	numbers[STATE_N] += times;
	if (numbers[STATE_N] == 0)
		numbers[STATE_LEAST_N] = 0;
	PG_RETURN_ARRAYTYPE_P(state);
}

/* csat(score [, least_n]) */
Datum
csat_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &csat_question, 1);
}

Datum
csat_inverse_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &csat_question, -1);
}

/* nps(score [, least_n]) */
Datum
nps_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &nps_question, 1);
}

Datum
nps_inverse_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &nps_question, -1);
}

/* ces(score [, least_n]) */
Datum
ces_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &ces_question, 1);
}

Datum
ces_inverse_transfn(PG_FUNCTION_ARGS)
{
	return count_score(fcinfo, &ces_question, -1);
}

/* Adds the numbers of one state to another of the same aggregate; STRICT, and no state is ever NULL. */
Datum
score_combinefn(PG_FUNCTION_ARGS)
{
	ArrayType *state;
	ArrayType *other;
	int64 *numbers;
	const int64 *more;
	int count;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	state = PG_GETARG_ARRAYTYPE_P(0);
	other = PG_GETARG_ARRAYTYPE_P(1);
	count = ArrayGetNItems(ARR_NDIM(state), ARR_DIMS(state));
	numbers = state_numbers(state, Max(count, STATE_SUMS));
	more = state_numbers(other, count);
	if (more[STATE_N] > 0)
		keep_least_n(numbers, more[STATE_LEAST_N]);
	for (int i = STATE_N; i < count; i++)
	{
		if (pg_add_s64_overflow(numbers[i], more[i], &numbers[i]))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("too many scores")));
	}
	PG_RETURN_ARRAYTYPE_P(state);
}

/*
 * What is told
 */

#define SUMMARY_COLUMNS 7

/* A score_summary of n answers; without an estimate it is suppressed. */
static Datum
summary(FunctionCallInfo fcinfo, const char *scale, int64 n, const Estimate *estimate)
{
	TupleDesc descriptor = fcinfo->flinfo->fn_extra;
	Datum values[SUMMARY_COLUMNS] = {0};
	bool nulls[SUMMARY_COLUMNS] = {false};

	if (descriptor == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

		if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "return type must be a row type");
		descriptor = BlessTupleDesc(descriptor);
		MemoryContextSwitchTo(caller);
		fcinfo->flinfo->fn_extra = descriptor;
	}
	values[0] = CStringGetTextDatum(scale);
	values[1] = Int64GetDatum(n);
	nulls[2] = estimate == NULL;
	nulls[3] = nulls[4] = nulls[5] = estimate == NULL || !estimate->certain;
	if (!nulls[2])
		values[2] = Float8GetDatum(estimate->score);
	if (!nulls[3])
	{
		values[3] = Float8GetDatum(estimate->interval.low);
		values[4] = Float8GetDatum(estimate->interval.high);
		values[5] = Float8GetDatum(estimate->standard_error);
	}
	values[6] = BoolGetDatum(estimate == NULL);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

/* A share in per cent, its interval Wilson's. */
static Estimate
share_estimate(int64 successes, int64 n)
{
	double p = (double) successes / (double) n;
	double q = (double) (n - successes) / (double) n;
	Estimate estimate = {.certain = true};

	estimate.score = 100.0 * (double) successes / (double) n;
	estimate.standard_error = 100.0 * sqrt(p * q / (double) n);
	estimate.interval = score_interval(successes, n, SCORE_CONFIDENCE);
	estimate.interval.low *= 100.0;
	estimate.interval.high *= 100.0;
	return estimate;
}

/* The interval of score +- width, within the scale. */
static ConfidenceInterval
interval_around(double score, double width, double lowest, double highest)
{
	ConfidenceInterval interval;

	interval.low = Max(score - width, lowest);
	interval.high = Min(score + width, highest);
	return interval;
}

/*
 * The net promoter score.  Its variance is that of a difference of two shares
 * of one sample, p (1 - p) + d (1 - d) + 2 p d over n: nothing is subtracted
 * here but whole numbers.
 */
static Estimate
nps_estimate(int64 promoters, int64 detractors, int64 n)
{
	double p = (double) promoters / (double) n;
	double d = (double) detractors / (double) n;
	double not_p = (double) (n - promoters) / (double) n;
	double not_d = (double) (n - detractors) / (double) n;
	Estimate estimate = {.certain = true};

	estimate.score = 100.0 * (double) (promoters - detractors) / (double) n;
	estimate.standard_error = 100.0 * sqrt((p * not_p + d * not_d + 2.0 * p * d) / (double) n);
	estimate.interval = interval_around(
		estimate.score, normal_quantile(SCORE_CONFIDENCE) * estimate.standard_error, -100.0, 100.0);
	return estimate;
}

/*
 * The mean of scores.  With n scores of sum S and sum of squares Q the standard
 * error of the mean is sqrt((n Q - S^2) / (n - 1)) / n; the difference, which
 * takes all digits away where scores are alike, is exact.
 */
static Estimate
ces_estimate(const int64 *sums, int64 n)
{
	Wide count = wide_of(&n, 1);
	Wide sum = wide_of(sums, SCORE_DIGITS);
	Wide squares = wide_of(&sums[SCORE_DIGITS], SQUARE_DIGITS);
	Wide zero = {{0}};
	Wide of_squares = wide_product(&count, &squares);
	Wide of_sums = wide_product(&sum, &sum);
	Estimate estimate = {.certain = n > 1};

	estimate.score = ldexp(wide_difference(&sum, &zero) / (double) n, -SCORE_BITS);
	if (estimate.certain)
	{
		double spread = sqrt(wide_difference(&of_squares, &of_sums) / (double) (n - 1));

		estimate.standard_error = ldexp(spread / (double) n, -SCORE_BITS);
		estimate.interval = interval_around(
			estimate.score, student_quantile(SCORE_CONFIDENCE, n - 1) * estimate.standard_error,
			CES_LOWEST, CES_HIGHEST);
	}
	return estimate;
}

/* The numbers of a final function's state. */
static const int64 *
final_numbers(FunctionCallInfo fcinfo, const Question *question)
{
	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return state_numbers(PG_GETARG_ARRAYTYPE_P(0), question->state);
}

/* Are there too few scores to tell one? None are always too few. */
static bool
too_few(const int64 *numbers)
{
	return numbers[STATE_N] < Max(numbers[STATE_LEAST_N], 1);
}

Datum
csat_finalfn(PG_FUNCTION_ARGS)
{
	const int64 *numbers = final_numbers(fcinfo, &csat_question);
	int64 n = numbers[STATE_N];
	Estimate estimate;

	if (too_few(numbers))
		return summary(fcinfo, CSAT_SCALE, n, NULL);
	estimate = share_estimate(numbers[STATE_SUMS], n);
	return summary(fcinfo, CSAT_SCALE, n, &estimate);
}

Datum
nps_finalfn(PG_FUNCTION_ARGS)
{
	const int64 *numbers = final_numbers(fcinfo, &nps_question);
	int64 n = numbers[STATE_N];
	Estimate estimate;

	if (too_few(numbers))
		return summary(fcinfo, NPS_SCALE, n, NULL);
	estimate = nps_estimate(numbers[STATE_SUMS], numbers[STATE_SUMS + 1], n);
	return summary(fcinfo, NPS_SCALE, n, &estimate);
}

Datum
ces_finalfn(PG_FUNCTION_ARGS)
{
	const int64 *numbers = final_numbers(fcinfo, &ces_question);
	int64 n = numbers[STATE_N];
	Estimate estimate;

	if (too_few(numbers))
		return summary(fcinfo, CES_SCALE, n, NULL);
	estimate = ces_estimate(&numbers[STATE_SUMS], n);
	return summary(fcinfo, CES_SCALE, n, &estimate);
}

/* nps_of(promoters, passives, detractors, least_n): the same of numbers that are known */
Datum
nps_of(PG_FUNCTION_ARGS)
{
	int64 promoters = PG_GETARG_INT64(0);
	int64 passives = PG_GETARG_INT64(1);
	int64 detractors = PG_GETARG_INT64(2);
	int64 least_n = PG_GETARG_INT64(3);
	int64 n;
	Estimate estimate;

	if (promoters < 0 || passives < 0 || detractors < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%lld promoters, %lld passives and %lld detractors can not be",
						(long long) promoters, (long long) passives, (long long) detractors),
				 errdetail("A number of customers is not below 0.")));
	check_least_n(least_n);
	if (pg_add_s64_overflow(promoters, passives, &n) || pg_add_s64_overflow(n, detractors, &n))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("too many scores")));
	if (n < least_n)
		return summary(fcinfo, NPS_SCALE, n, NULL);
	estimate = nps_estimate(promoters, detractors, n);
	return summary(fcinfo, NPS_SCALE, n, &estimate);
}

/* response_rate(responses, asked, least_n): how many of those asked answered */
Datum
response_rate(PG_FUNCTION_ARGS)
{
	int64 responses = PG_GETARG_INT64(0);
	int64 asked = PG_GETARG_INT64(1);
	int64 least_n = PG_GETARG_INT64(2);
	Estimate estimate;

	if (responses < 0 || responses > asked)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%lld responses of %lld asked are no response rate", (long long) responses,
						(long long) asked),
				 errhint("Count each one who was asked, and each of them who answered, once.")));
	check_least_n(least_n);
	if (asked < least_n)
		return summary(fcinfo, RESPONSE_RATE_SCALE, asked, NULL);
	estimate = share_estimate(responses, asked);
	return summary(fcinfo, RESPONSE_RATE_SCALE, asked, &estimate);
}
