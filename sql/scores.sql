-- Scores: CSAT, NPS, CES, the response rate; each with its scale, its n, its interval, and not told below least_n.
-- The extension is loaded; what is printed must not depend on any setting.
SET search_path = public, crm_timeline;

-- what the planner may do with them
SELECT count(*) AS functions, bool_and(provolatile = 'i' AND proparallel = 's') AS pure FROM pg_proc
WHERE pronamespace = 'crm_timeline'::regnamespace AND (proname ~ '^(csat|nps|ces)(_|$)' OR proname IN ('score_combinefn', 'response_rate', 'wilson_interval'));
SELECT aggfnoid::regprocedure, aggcombinefn, aggtranstype::regtype, aggmtranstype::regtype, aggminvtransfn FROM pg_aggregate WHERE aggfnoid::text ~ '^(crm_timeline\.)?(csat|nps|ces)$' ORDER BY aggfnoid::regprocedure::text;
-- no type of number, and no literal, is ambiguous
SELECT bool_and((s).n = 1 AND NOT (s).suppressed) AS all_told FROM (
	SELECT csat(4) UNION ALL SELECT csat(4, 1) UNION ALL SELECT nps('10') UNION ALL SELECT nps(9.0, '1') UNION ALL SELECT ces(4.5) UNION ALL SELECT ces(4.5, 1::smallint)
	UNION ALL SELECT csat(v::smallint) FROM (VALUES (4)) t (v) UNION ALL SELECT nps(v) FROM (VALUES (4)) t (v) UNION ALL SELECT nps(v::bigint, 1) FROM (VALUES (4)) t (v) UNION ALL SELECT ces(v::numeric) FROM (VALUES (4)) t (v)
	UNION ALL SELECT ces(v::real, 1::bigint) FROM (VALUES (4)) t (v) UNION ALL SELECT csat(v::double precision) FROM (VALUES (4)) t (v)) q (s);

-- worked numbers
SELECT s.scale, s.n, s.score, round(s.standard_error::numeric, 2) AS standard_error, round(s.low::numeric, 2) AS low, round(s.high::numeric, 2) AS high, s.suppressed FROM nps_of(70, 10, 20) s;
SELECT nps(score) = nps_of(70, 10, 20) AS same FROM (SELECT CASE WHEN i <= 70 THEN 9 + i % 2 WHEN i <= 80 THEN 7 + i % 2 ELSE i % 7 END FROM generate_series(1, 100) i) s (score);
SELECT nps(score) FROM (VALUES (0)) v (score);
SELECT score, (nps(score)).score AS nps FROM generate_series(0, 10) score GROUP BY score ORDER BY score;
SELECT score, (csat(score)).score AS csat, (ces(score)).score AS ces FROM generate_series(1, 5) score GROUP BY score ORDER BY score;
-- 81 of 263: Newcombe (1998) has 0.2553 to 0.3662, 15 of 148 0.0624 to 0.1605, 0 of 20 0 to 0.1611, 1 of 29 0.0061 to 0.1718
SELECT successes, n, round(low::numeric, 4) AS low, round(high::numeric, 4) AS high FROM (VALUES (81, 263), (15, 148), (0, 20), (1, 29), (29, 29)) v (successes, n), wilson_interval(successes, n) ORDER BY n, successes;
SELECT s.scale, s.n, round(s.score::numeric, 2) AS score, round(s.low::numeric, 2) AS low, round(s.high::numeric, 2) AS high, s.suppressed FROM response_rate(81, 263) s;
SELECT s.scale, s.n, s.score, round(s.low::numeric, 4) AS low, round(s.high::numeric, 4) AS high, round(s.standard_error::numeric, 4) AS standard_error FROM (SELECT (ces(score)).* FROM (VALUES (5), (6), (7), (4), (5.5)) v (score)) s;

-- few answers: n is told, the rest is not; none are always too few
SELECT (nps(score)).* FROM (VALUES (NULL::integer)) v (score);
SELECT (csat(score, 1)).* FROM generate_series(1, 0) score;
SELECT (ces(score)).* FROM generate_series(1, 1) score;
SELECT n, (csat(score, 3)).suppressed AS csat, (nps(score, 3)).suppressed AS nps, (ces(score, 3)).suppressed AS ces, (nps_of(n, 0, 0, 3)).suppressed AS nps_of, (response_rate(0, n, 3)).suppressed AS response_rate
FROM generate_series(1, 4) n, LATERAL (SELECT 1 + i % 5 FROM generate_series(1, n) i) s (score) GROUP BY n ORDER BY n;
SELECT s.n, s.suppressed, num_nulls(s.score, s.low, s.high, s.standard_error) AS not_told FROM (SELECT (csat(score, 6)).* FROM generate_series(1, 5) score UNION ALL SELECT (response_rate(3, 5, 6)).* UNION ALL SELECT (nps_of(1, 2, 2, 6)).* UNION ALL SELECT (nps_of(0, 0, 0)).* UNION ALL SELECT (response_rate(0, 0)).*) s;
SELECT nps_of(NULL, 1, 1) IS NULL AND response_rate(1, NULL) IS NULL AND wilson_interval(NULL, 1) IS NULL AND wilson_interval(1, 1, NULL) IS NULL AS null_is_null, w.* FROM wilson_interval(0, 0) w;
-- least_n may come from the row; without an answer it does not matter
SELECT team, (nps(score, least_n)).* FROM (VALUES ('a', 9, 2), ('a', 10, 2), ('b', 9, 2), ('c', NULL, NULL)) v (team, score, least_n) GROUP BY team ORDER BY team;

-- quantiles, to 12 digits: with n of n the lower end is n / (n + z^2)
SELECT bool_and(abs(sqrt(20 * (1 / low - 1)) / z - 1) < 1e-12) AS normal
FROM (VALUES (0.5, 0.6744897501960817432), (0.8, 1.281551565544600467), (0.9, 1.6448536269514727149), (0.95, 1.9599639845400542355), (0.99, 2.575829303548900761), (0.999, 3.2905267314918947932), (0.9999, 3.890591886413093967),
	(1 - 2 ^ -20, 4.9009642079631930118), (1 - 2 ^ -40, 7.1435520343521893331)) v (confidence, z), wilson_interval(20, 20, confidence);
SELECT bool_and(low < 0.5 AND high > 0.5 AND high - low < 1e-8) AS narrow FROM wilson_interval(1, 2, 1e-9);
SELECT s, w.* FROM generate_series(0, 2, 2) s, wilson_interval(s, 2, 1e-300) w;
CREATE FUNCTION spread(n bigint) RETURNS SETOF double precision LANGUAGE sql IMMUTABLE AS
	$$ SELECT CASE WHEN n % 2 = 1 AND i = n THEN 4 ELSE 4 + (-1) ^ i * least(3, 0.1 * sqrt(n)) END FROM generate_series(1, n) i $$;
CREATE VIEW student AS SELECT k - 1 AS freedom, ((s).high - (s).low) / 2 / (s).standard_error AS t
FROM (SELECT k, ces(score) AS s FROM generate_series(2, 60) k, spread(k) score GROUP BY k UNION ALL SELECT k, ces(score) FROM unnest('{100, 200, 399, 400, 401, 1000, 10000}'::int[]) k, spread(k) score GROUP BY k) q;
SELECT bool_and(abs(s.t / v.t - 1) < 1e-12) AS student, count(*)
FROM student s JOIN (VALUES (1, 12.706204736174704646), (2, 4.3026527297494638523), (3, 3.1824463052837095927), (4, 2.7764451051977943578), (5, 2.5705818356363155147), (9, 2.2621571627982055426), (10, 2.2281388519862747484), (29, 2.0452296421327042982),
	(30, 2.04227245630123831), (99, 1.9842169515864174951), (199, 1.9719565442517538344), (399, 1.965927295920882063), (400, 1.9659123432294631567), (999, 1.9623414611334499787), (9999, 1.9602012636213576804)) v (freedom, t) USING (freedom);
-- and by Simpson's rule: what lies within -t..t is the integral of the cosine's power up to the angle, by that up to a right angle
SELECT bool_and(abs(inside / everything - 0.95) < 1e-9) AS integrates_to_95, count(*) FROM student, LATERAL (SELECT sum(w * cos(atan(t / sqrt(freedom)) * i / 600) ^ (freedom - 1)) * atan(t / sqrt(freedom)),
	sum(w * CASE WHEN i < 595 THEN cos(pi() / 2 * i / 600) ^ (freedom - 1) ELSE 0 END) * pi() / 2 FROM (SELECT i, CASE WHEN i IN (0, 600) THEN 1 WHEN i % 2 = 1 THEN 4 ELSE 2 END FROM generate_series(0, 600) i) p (i, w)) s (inside, everything) WHERE freedom BETWEEN 8 AND 59;

-- the formulas written out over plain rows
CREATE FUNCTION drawn(seed bigint, n bigint, choices int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT (hashint8extended(n, seed) & 1048575)::int % choices $$;
CREATE TABLE answer AS
SELECT id, team, CASE WHEN drawn(2, id, 10) > 0 AND team <> 3 THEN drawn(3, id, 5) + 1 END AS csat, CASE WHEN drawn(4, id, 10) > 0 AND team <> 3 THEN least(10, drawn(5, id, 8 + team % 7)) END AS nps,
	CASE WHEN drawn(6, id, 10) > 0 AND team <> 3 THEN CASE drawn(7, id, 6) WHEN 0 THEN 1 + drawn(8, id, 7) WHEN 1 THEN 1 + drawn(8, id, 13) / 2.0::float8 WHEN 2 THEN 6.3::float8 WHEN 3 THEN 1 + 2 ^ -52 ELSE 1 + drawn(8, id, 1048576) * 6 / 1048576.0::float8 / 1.3 END END AS ces
FROM (SELECT id, CASE WHEN id <= 5 THEN least(id, 3) ELSE 4 + drawn(1, id, 40) END AS team FROM generate_series(1, 20000) id) q;
INSERT INTO answer SELECT 20000 + id, 50, 5, 10, 6.3 FROM generate_series(1, 1000) id;
CREATE FUNCTION near(a double precision, b double precision) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT a IS NOT DISTINCT FROM b OR coalesce(abs(a - b) <= 1e-11 * greatest(abs(a), abs(b), 1), false) $$;
CREATE VIEW oracle AS SELECT team,
	count(csat) AS csat_n, 100.0::float8 * count(*) FILTER (WHERE csat >= 4) / nullif(count(csat), 0) AS csat, 100 * stddev_pop(CASE WHEN csat >= 4 THEN 1 WHEN csat < 4 THEN 0 END)::float8 / sqrt(nullif(count(csat), 0)) AS csat_error,
	count(nps) AS nps_n, 100.0::float8 * (count(*) FILTER (WHERE nps >= 9) - count(*) FILTER (WHERE nps <= 6)) / nullif(count(nps), 0) AS nps, 100 * stddev_pop(CASE WHEN nps >= 9 THEN 1 WHEN nps <= 6 THEN -1 WHEN nps > 6 THEN 0 END)::float8 / sqrt(nullif(count(nps), 0)) AS nps_error,
	count(ces) AS ces_n, avg(ces::text::numeric)::float8 AS ces, stddev_samp(ces::text::numeric)::float8 / sqrt(nullif(count(ces), 0)) AS ces_error
FROM answer GROUP BY team;
CREATE VIEW told AS SELECT team, csat(csat) AS c, nps(nps) AS p, ces(ces) AS e, csat(csat, 100) AS few_c, nps(nps, 100) AS few_p, ces(ces, 100) AS few_e FROM answer GROUP BY team;
SELECT count(*) AS teams, min(csat_n) AS smallest, max(csat_n) > 500 AS many,
	bool_and(csat_n = (c).n AND (c).score IS NOT DISTINCT FROM csat AND near((c).standard_error, csat_error)) AS csat,
	bool_and(nps_n = (p).n AND (p).score IS NOT DISTINCT FROM nps AND near((p).standard_error, nps_error)) AS nps,
	bool_and(ces_n = (e).n AND near((e).score, ces) AND near((e).standard_error, ces_error)) AS ces
FROM oracle JOIN told USING (team);
SELECT bool_and(near((c).low, 100 * (csat / 100 + z * z / 2 / csat_n - z * sqrt(csat / 100 * (1 - csat / 100) / csat_n + z * z / 4 / csat_n ^ 2)) / (1 + z * z / csat_n))
		AND near((c).high, 100 * (csat / 100 + z * z / 2 / csat_n + z * sqrt(csat / 100 * (1 - csat / 100) / csat_n + z * z / 4 / csat_n ^ 2)) / (1 + z * z / csat_n))) AS csat,
	bool_and(near((p).low, greatest(-100, nps - z * nps_error)) AND near((p).high, least(100, nps + z * nps_error))) AS nps,
	bool_and(CASE WHEN ces_n > 1 THEN (e).low BETWEEN 1 AND ces AND (e).high BETWEEN ces AND 7 AND ((e).low = 1 OR near((e).low + (e).high, 2 * ces)) ELSE num_nulls((e).low, (e).high, (e).standard_error) = 3 END) AS ces
FROM oracle JOIN told USING (team), (SELECT 1.9599639845400542355::float8) v (z) WHERE csat_n > 0 AND nps_n > 0 AND ces_n > 0;
SELECT bool_and((few_c).suppressed = (csat_n < 100) AND (few_p).suppressed = (nps_n < 100) AND (few_e).suppressed = (ces_n < 100)) AS suppressed, bool_and((few_c).n = csat_n AND (few_p).n = nps_n AND (few_e).n = ces_n) AS n_is_told,
	bool_and(few_c IS NOT DISTINCT FROM c OR csat_n < 100) AND bool_and(few_p IS NOT DISTINCT FROM p OR nps_n < 100) AND bool_and(few_e IS NOT DISTINCT FROM e OR ces_n < 100) AS otherwise_the_same,
	bool_and(num_nonnulls((few_c).score, (few_c).low, (few_c).high, (few_c).standard_error) = CASE WHEN csat_n < 100 THEN 0 ELSE 4 END) AS nothing_else
FROM oracle JOIN told USING (team);
-- what is alike has no spread, to the last bit; and nothing cancels
SELECT (e).standard_error, (e).low = (e).high AS a_point FROM told WHERE team = 50;
SELECT (ces(score)).standard_error = 2.0::float8 ^ -53 AS last_bit FROM (VALUES (1::float8), (1 + 2.0::float8 ^ -52)) v (score);

-- the same answers in any order, and in any pieces
SELECT count(*) = (SELECT count(*) FROM told) AS shuffled
FROM told t JOIN (SELECT team, csat(csat) AS c, nps(nps) AS p, ces(ces) AS e FROM (SELECT * FROM answer ORDER BY drawn(9, id, 1048576), id DESC OFFSET 0) a GROUP BY team) s ON s.team = t.team AND (s.c, s.p, s.e) IS NOT DISTINCT FROM (t.c, t.p, t.e);
CREATE AGGREGATE csat_state(double precision) (SFUNC = csat_transfn, STYPE = bigint[], INITCOND = '{0,0,0}');
CREATE AGGREGATE nps_state(double precision, bigint) (SFUNC = nps_transfn, STYPE = bigint[], INITCOND = '{0,0,0,0}');
CREATE AGGREGATE ces_state(double precision) (SFUNC = ces_transfn, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0,0,0}');
CREATE AGGREGATE csat_united(bigint[]) (SFUNC = score_combinefn, STYPE = bigint[], FINALFUNC = csat_finalfn);
CREATE AGGREGATE nps_united(bigint[]) (SFUNC = score_combinefn, STYPE = bigint[], FINALFUNC = nps_finalfn);
CREATE AGGREGATE ces_united(bigint[]) (SFUNC = score_combinefn, STYPE = bigint[], FINALFUNC = ces_finalfn);
SELECT pieces, bool_and((u.c, u.p, u.e) IS NOT DISTINCT FROM (t.c, t.few_p, t.e)) AS united FROM (VALUES (1), (2), (7), (1000)) v (pieces),
	LATERAL (SELECT team, csat_united(c ORDER BY drawn(10, piece, 100)) AS c, nps_united(p ORDER BY piece DESC) AS p, ces_united(e ORDER BY drawn(11, piece, 100)) AS e
		FROM (SELECT team, drawn(12, id, pieces) AS piece, csat_state(csat) AS c, nps_state(nps, 100) AS p, ces_state(ces) AS e FROM answer GROUP BY 1, 2) q GROUP BY team) u JOIN told t USING (team) GROUP BY pieces ORDER BY pieces;
-- combining with nothing: neither, left only, right only, and states without an answer
SELECT count(*) AS rows, csat_united(NULL) IS NULL AS neither FROM generate_series(1, 2);
SELECT n, nps_united(state ORDER BY i) FROM (VALUES (1, 1, '{5,1,0,0}'::bigint[]), (1, 2, NULL), (2, 1, NULL), (2, 2, '{1,1,0,0}'), (3, 1, '{0,0,0,0}'), (3, 2, '{5,1,1,0}'), (4, 1, '{5,1,1,0}'), (4, 2, '{0,0,0,0}'), (5, 1, '{0,0,0,0}'), (5, 2, '{0,0,0,0}')) v (n, i, state) GROUP BY n ORDER BY n;

-- a parallel plan, of groups and of all
CREATE FUNCTION partial_aggregates(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan text;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN regexp_count(plan, '"Partial Mode": "Partial"');
END $$;
ANALYZE answer;
CREATE TABLE serial AS SELECT * FROM told;
CREATE TABLE serial_all AS SELECT csat(csat), nps(nps, 10), ces(ces) FROM answer;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
SET cpu_operator_cost = 1;
ALTER TABLE answer SET (parallel_workers = 2);
SELECT count(set_config(name, 'on', false)) AS forced FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT partial_aggregates('SELECT * FROM told') AS groups, partial_aggregates('SELECT csat(csat), nps(nps, 10), ces(ces) FROM answer') AS all;
SELECT count(*) = (SELECT count(*) FROM serial) AS groups FROM (SELECT * FROM told INTERSECT SELECT * FROM serial) q;
SELECT count(*) AS all FROM (SELECT csat(csat), nps(nps, 10), ces(ces) FROM answer INTERSECT SELECT * FROM serial_all) q;
DO $$ BEGIN PERFORM nps(nps, 1 + id % 2) FROM answer; EXCEPTION WHEN invalid_parameter_value THEN RAISE NOTICE 'least_n differs'; END $$;
RESET cpu_operator_cost;
SELECT count(set_config(name, 'off', false)) AS free FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SET max_parallel_workers_per_gather = 0;

-- windows: what leaves the frame is taken off without a trace
SELECT bool_and((c, p, e) IS NOT DISTINCT FROM (SELECT (csat(i.csat), nps(i.nps), ces(i.ces, 3)) FROM answer i WHERE i.id BETWEEN w.id - 9 AND w.id)) AS moving, count(*) FROM (
	SELECT id, csat(csat) OVER frame AS c, nps(nps) OVER frame AS p, ces(ces, 3) OVER frame AS e FROM answer WHERE id <= 400 WINDOW frame AS (ORDER BY id ROWS BETWEEN 9 PRECEDING AND CURRENT ROW)) w (id, c, p, e);
SELECT bool_and((c, p, e) IS NOT DISTINCT FROM (SELECT (csat(i.csat), nps(i.nps, 3), ces(i.ces)) FROM answer i WHERE i.id <= w.id AND i.id <= 400)) AS growing FROM (
	SELECT id, csat(csat) OVER frame AS c, nps(nps, 3) OVER frame AS p, ces(ces) OVER frame AS e FROM answer WHERE id <= 400 WINDOW frame AS (ORDER BY id)) w (id, c, p, e);
SELECT score, (ces(score) OVER frame).*, (nps(score, least_n) OVER frame).suppressed FROM (VALUES (1, 7, 1), (2, NULL, NULL), (3, NULL, NULL), (4, 1, 2), (5, 2, 2)) v (i, score, least_n) WINDOW frame AS (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);

-- subtotals, filters, distinct
SELECT team, (nps(nps)).n AS n, nps(nps) = CASE WHEN team IS NULL THEN (SELECT nps(nps) FROM answer WHERE team IN (5, 6)) ELSE (SELECT p FROM told t WHERE t.team = a.team) END AS same FROM answer a WHERE team IN (5, 6) GROUP BY ROLLUP (team) ORDER BY team;
SELECT (nps(nps)).n = count(nps) AS counted, (nps(nps) FILTER (WHERE nps < 0)).* FROM answer;
SELECT (ces(DISTINCT ces)).n = count(DISTINCT ces) AS distinct FROM answer;
-- every score beside its response rate
SELECT s.scale, s.n, round(s.score::numeric, 1) AS score, s.suppressed FROM (SELECT nps(score), response_rate(count(score), count(*) FILTER (WHERE asked)) AS rate FROM (VALUES (9, true), (10, true), (3, true), (NULL, true), (NULL, true), (NULL, false)) v (score, asked)) q,
	LATERAL (SELECT (nps).* UNION ALL SELECT (rate).*) s;

-- what is no score
DO $$
DECLARE
	query text;
	message text;
	detail text;
	hint text;
	state text;
BEGIN
	FOREACH query IN ARRAY ARRAY['csat(0)', 'csat(6)', 'csat(4.5)', 'csat(0.9999999999999999)', 'csat(''NaN'')', 'csat(-1, 5)', 'nps(11)', 'nps(-1)', 'nps(9.5)', 'nps(''Infinity'')', 'nps(''-Infinity'')', 'nps(''NaN'')', 'ces(0)', 'ces(7.000000000000001)', 'ces(''NaN'')', 'ces(''Infinity'')', 'ces(1e300, 3)',
		'nps(5, 0)', 'ces(5, -1)', 'csat(5, NULL)', 'csat(5, i)', 'nps_of(-1, 2, 3)', 'nps_of(1, -2, 3)', 'nps_of(1, 2, -3)', 'nps_of(1, 2, 3, 0)', 'nps_of(9223372036854775807, 1, 0)', 'nps_of(9223372036854775806, 0, 2)', 'response_rate(2, 1)', 'response_rate(-1, 1)', 'response_rate(0, -1)', 'response_rate(1, 1, 0)',
		'wilson_interval(3, 2)', 'wilson_interval(-1, 2)', 'wilson_interval(0, -1)', 'wilson_interval(1, 2, 0)', 'wilson_interval(1, 2, 1)', 'wilson_interval(1, 2, ''NaN'')', 'wilson_interval(1, 2, 95)',
		'nps(''ten'')', 'csat_transfn(''{0,0,0}'', 1)', 'csat_inverse_transfn(''{0,0,0}'', 1)', 'ces_finalfn(''{0,0,0}'')', 'score_combinefn(''{0,0,0}'', ''{0,0,0}'')',
		'nps_united(''{1,1}'')', 'nps_united(''{{1,1},{0,0}}'')', 'nps_united(''{1,1,NULL,1}'')', 'csat_united(s) FROM (VALUES (''{1,1,1}''::bigint[]), (''{1,1,1,1}'')) v (s)', 'csat_united(s) FROM (VALUES (''{1,1,1}''::bigint[]), (''{2,1,1}'')) v (s)',
		'csat_united(s) FROM (VALUES (''{1,9223372036854775807,1}''::bigint[]), (''{1,1,1}'')) v (s)', 'csat_united(''{}''::bigint[]) FROM generate_series(1, 2)']
	LOOP
		BEGIN
			EXECUTE 'SELECT ' || query || CASE WHEN query ~ 'FROM' THEN '' ELSE ' FROM generate_series(1, 2) i' END;
			RAISE NOTICE '% is accepted', query;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
			RAISE NOTICE E'%\n  % %', query, state, concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''));
		END;
	END LOOP;
END $$;
-- one bad score among many; what is filtered out is not looked at
SELECT nps(score) FROM generate_series(0, 11) score;
SELECT (nps(score) FILTER (WHERE score BETWEEN 0 AND 10)).n FROM generate_series(-5, 20) score;

DROP VIEW oracle, told, student;
DROP TABLE answer, serial, serial_all;
DROP AGGREGATE csat_state(double precision), nps_state(double precision, bigint), ces_state(double precision), csat_united(bigint[]), nps_united(bigint[]), ces_united(bigint[]);
DROP FUNCTION spread, drawn, near, partial_aggregates;
