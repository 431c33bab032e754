
-- scores: what customers answered when they were asked, each score with its
-- scale, its n and its interval.

CREATE TYPE crm_timeline.score_summary AS (
	scale text,
	n bigint,
	score double precision,
	low double precision,
	high double precision,
	standard_error double precision,
	suppressed boolean
);
COMMENT ON TYPE crm_timeline.score_summary IS
	'a score on its scale, of n answers, with its 95 % interval and standard error; suppressed: too few answers to tell it';

-- The states of all three are arrays of whole numbers (scores.c), which need no
-- serialisation; the initial one has no least_n and no answers.

CREATE FUNCTION crm_timeline.score_combinefn(bigint[], bigint[]) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'score_combinefn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.score_combinefn(bigint[], bigint[]) IS
	'combination of two states of csat(), nps() or ces()';

CREATE FUNCTION crm_timeline.csat_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'csat_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.csat_transfn(bigint[], double precision) IS
	'transition function of csat()';
CREATE FUNCTION crm_timeline.csat_inverse_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'csat_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.csat_inverse_transfn(bigint[], double precision) IS
	'inverse transition function of csat()';
CREATE FUNCTION crm_timeline.csat_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'csat_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.csat_transfn(bigint[], double precision, bigint) IS
	'transition function of csat()';
CREATE FUNCTION crm_timeline.csat_inverse_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'csat_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.csat_inverse_transfn(bigint[], double precision, bigint) IS
	'inverse transition function of csat()';
CREATE FUNCTION crm_timeline.csat_finalfn(bigint[]) RETURNS crm_timeline.score_summary
	AS 'MODULE_PATHNAME', 'csat_finalfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.csat_finalfn(bigint[]) IS
	'final function of csat()';

CREATE AGGREGATE crm_timeline.csat(score double precision) (
	SFUNC = crm_timeline.csat_transfn, STYPE = bigint[], SSPACE = 48, INITCOND = '{0,0,0}',
	FINALFUNC = crm_timeline.csat_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.csat_transfn, MINVFUNC = crm_timeline.csat_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 48, MINITCOND = '{0,0,0}',
	MFINALFUNC = crm_timeline.csat_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.csat(double precision) IS
	'the customer satisfaction score: per cent of the top two of the whole numbers from 1 to 5, with Wilson''s interval';
CREATE AGGREGATE crm_timeline.csat(score double precision, least_n bigint) (
	SFUNC = crm_timeline.csat_transfn, STYPE = bigint[], SSPACE = 48, INITCOND = '{0,0,0}',
	FINALFUNC = crm_timeline.csat_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.csat_transfn, MINVFUNC = crm_timeline.csat_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 48, MINITCOND = '{0,0,0}',
	MFINALFUNC = crm_timeline.csat_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.csat(double precision, bigint) IS
	'the customer satisfaction score: per cent of the top two of the whole numbers from 1 to 5, with Wilson''s interval; suppressed below least_n answers';

CREATE FUNCTION crm_timeline.nps_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'nps_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_transfn(bigint[], double precision) IS
	'transition function of nps()';
CREATE FUNCTION crm_timeline.nps_inverse_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'nps_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_inverse_transfn(bigint[], double precision) IS
	'inverse transition function of nps()';
CREATE FUNCTION crm_timeline.nps_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'nps_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_transfn(bigint[], double precision, bigint) IS
	'transition function of nps()';
CREATE FUNCTION crm_timeline.nps_inverse_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'nps_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_inverse_transfn(bigint[], double precision, bigint) IS
	'inverse transition function of nps()';
CREATE FUNCTION crm_timeline.nps_finalfn(bigint[]) RETURNS crm_timeline.score_summary
	AS 'MODULE_PATHNAME', 'nps_finalfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_finalfn(bigint[]) IS
	'final function of nps()';

CREATE AGGREGATE crm_timeline.nps(score double precision) (
	SFUNC = crm_timeline.nps_transfn, STYPE = bigint[], SSPACE = 56, INITCOND = '{0,0,0,0}',
	FINALFUNC = crm_timeline.nps_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.nps_transfn, MINVFUNC = crm_timeline.nps_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 56, MINITCOND = '{0,0,0,0}',
	MFINALFUNC = crm_timeline.nps_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.nps(double precision) IS
	'the net promoter score: per cent of promoters (9 and 10) less per cent of detractors (0 to 6) of the whole numbers from 0 to 10';
CREATE AGGREGATE crm_timeline.nps(score double precision, least_n bigint) (
	SFUNC = crm_timeline.nps_transfn, STYPE = bigint[], SSPACE = 56, INITCOND = '{0,0,0,0}',
	FINALFUNC = crm_timeline.nps_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.nps_transfn, MINVFUNC = crm_timeline.nps_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 56, MINITCOND = '{0,0,0,0}',
	MFINALFUNC = crm_timeline.nps_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.nps(double precision, bigint) IS
	'the net promoter score: per cent of promoters (9 and 10) less per cent of detractors (0 to 6) of the whole numbers from 0 to 10; suppressed below least_n answers';

CREATE FUNCTION crm_timeline.ces_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'ces_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ces_transfn(bigint[], double precision) IS
	'transition function of ces()';
CREATE FUNCTION crm_timeline.ces_inverse_transfn(bigint[], double precision) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'ces_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ces_inverse_transfn(bigint[], double precision) IS
	'inverse transition function of ces()';
CREATE FUNCTION crm_timeline.ces_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'ces_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ces_transfn(bigint[], double precision, bigint) IS
	'transition function of ces()';
CREATE FUNCTION crm_timeline.ces_inverse_transfn(bigint[], double precision, bigint) RETURNS bigint[]
	AS 'MODULE_PATHNAME', 'ces_inverse_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ces_inverse_transfn(bigint[], double precision, bigint) IS
	'inverse transition function of ces()';
CREATE FUNCTION crm_timeline.ces_finalfn(bigint[]) RETURNS crm_timeline.score_summary
	AS 'MODULE_PATHNAME', 'ces_finalfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ces_finalfn(bigint[]) IS
	'final function of ces()';

CREATE AGGREGATE crm_timeline.ces(score double precision) (
	SFUNC = crm_timeline.ces_transfn, STYPE = bigint[], SSPACE = 104, INITCOND = '{0,0,0,0,0,0,0,0,0,0}',
	FINALFUNC = crm_timeline.ces_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.ces_transfn, MINVFUNC = crm_timeline.ces_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 104, MINITCOND = '{0,0,0,0,0,0,0,0,0,0}',
	MFINALFUNC = crm_timeline.ces_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.ces(double precision) IS
	'the customer effort score: mean of numbers from 1 to 7, with Student''s interval';
CREATE AGGREGATE crm_timeline.ces(score double precision, least_n bigint) (
	SFUNC = crm_timeline.ces_transfn, STYPE = bigint[], SSPACE = 104, INITCOND = '{0,0,0,0,0,0,0,0,0,0}',
	FINALFUNC = crm_timeline.ces_finalfn,
	COMBINEFUNC = crm_timeline.score_combinefn,
	MSFUNC = crm_timeline.ces_transfn, MINVFUNC = crm_timeline.ces_inverse_transfn,
	MSTYPE = bigint[], MSSPACE = 104, MINITCOND = '{0,0,0,0,0,0,0,0,0,0}',
	MFINALFUNC = crm_timeline.ces_finalfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.ces(double precision, bigint) IS
	'the customer effort score: mean of numbers from 1 to 7, with Student''s interval; suppressed below least_n answers';

-- The same of numbers that are counted already

CREATE FUNCTION crm_timeline.nps_of(promoters bigint, passives bigint, detractors bigint, least_n bigint DEFAULT 1) RETURNS crm_timeline.score_summary
	AS 'MODULE_PATHNAME', 'nps_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.nps_of(bigint, bigint, bigint, bigint) IS
	'the net promoter score of so many promoters, passives and detractors; suppressed below least_n of them';
CREATE FUNCTION crm_timeline.response_rate(responses bigint, asked bigint, least_n bigint DEFAULT 1) RETURNS crm_timeline.score_summary
	AS 'MODULE_PATHNAME', 'response_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.response_rate(bigint, bigint, bigint) IS
	'how many per cent of those asked responded, with Wilson''s interval; n is the number asked; suppressed below least_n of them';
CREATE FUNCTION crm_timeline.wilson_interval(successes bigint, n bigint, confidence double precision DEFAULT 0.95, OUT low double precision, OUT high double precision)
	AS 'MODULE_PATHNAME', 'wilson_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.wilson_interval(bigint, bigint, double precision) IS
	'Wilson''s score interval of the share successes / n, from 0 to 1; NULL where n is 0';
