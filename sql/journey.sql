-- Journeys: the type, its errors, stages now and over time, and how far a timeline is from a designed journey.
-- The extension is loaded; what is printed must not depend on any setting.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = public, crm_timeline;

-- canonical text: names as words or quoted, patterns in their canonical text
SELECT j::text AS canonical, j::text::journey::text = j::text AS fixed_point, j::text::journey = j AS equal
FROM (VALUES (journey ' a:x '), ('FORWARD ;lead:signup;customer :  purchase'), ('"at risk": a; at  risk b: b; "größe.x": c; "a:b; c": d; "say ""hi""": e'),
	('"forward": a; b: c'), ('forward x: a'), ('start: a; end: b; no any: c'), ('"1 ": a'), (E'"\ra": x; "b\t": y; "c  d": z'), ('a: "x;y" -> no any for 1 d; b: c[x in ('';'', 2)] | d within 1 d')) v (j);

-- equality and hash
SELECT 'a: x->y'::journey = ' a : x -> y' AS spelt_otherwise, 'a: x'::journey = 'forward; a: x' AS forward, 'a: x; b: y'::journey <> 'b: y; a: x' AS other_order,
	journey_hash('a:x') = journey_hash('a: x') AS hash, journey_hash_extended('a:x', 1) = journey_hash_extended('a: x', 1) AS hash_extended, journey_hash_extended('a:x', 1) = journey_hash_extended('a: x', 2) AS other_seed;
SELECT j, count(*) FROM (VALUES (journey 'a: x'), ('a:x'), ('b: x')) v (j) GROUP BY j ORDER BY j::text;
SELECT journey_send('a:x'), convert_from(substr(journey_send('a:x'), 2), 'UTF8');

-- what is wrong, and where
DO $$
DECLARE
	input text;
	message text;
	detail text;
	hint text;
	state text;
BEGIN
	FOREACH input IN ARRAY ARRAY['', ' ', 'a', 'a:', 'a: ', ': x', 'a x', 'a: x;', 'a: x; ;b: y', 'a: x b: y', 'a: x, b: y', 'forward', 'forward;', 'forward; forward; a: x', 'a-: x', '3: x', '''a'': x', '"a: x', '"": x', 'a: x; a: y', 'a: x; "a": y', 'a: x; A: y',
		'a: x => end', 'a: x | (y => end) -> z', 'a: x?', 'a: no x', 'a: x -> ->', 'ä: x; ö: y → z', 'b: x; a: x{1024}', 'größe 1: x',
		(SELECT string_agg('s' || i || ': x', '; ') FROM generate_series(1, 256) i), (SELECT string_agg('s' || i || ': x', '; ') FROM generate_series(1, 257) i), 'a: x[y = ''' || repeat('z', 65536) || ''']',
		'ö: x; b: y[z = 1e400]', 'ö: x; b: y within 1 y 1e20 d', 'ö: x; b:  (y | z => end)', 'ö: x; b: y -> (no z)', 'ö: x;  b: a{200} -> (b{200} | c{200})', 'ö: x; "b" c: y', '"ö: x', 'a: x; "b', repeat('ä', 1048577)]
	LOOP
		BEGIN
			PERFORM input::journey;
			RAISE NOTICE '% is accepted', left(input, 60);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
			RAISE NOTICE E'%\n  % %', left(input, 60), state, concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''));
		END;
	END LOOP;
END $$;

-- a customer on the way, with stages that are entered by absence at their deadline
CREATE TEMP TABLE example AS SELECT timeline '{2019-01-01T00:00:00Z visit; 2019-01-02T00:00:00Z signup; 2019-01-10T00:00:00Z purchase; 2019-01-20T00:00:00Z purchase;
	2019-02-01T00:00:00Z complaint direction=inbound; 2019-03-01T00:00:00Z purchase}' AS t,
	journey 'lead: signup; customer: purchase; "at risk": complaint -> no outbound for 48 hours; lapsed: no any for 365 days' AS j;
SELECT s.* FROM example, stages(t, j, 'infinity') s;
SELECT s.* FROM example, stages(t, j) s;
SELECT s.* FROM example, stages(t, j, '2019-02-03 00:00Z') s;
SELECT as_of, stage(t, j, as_of) FROM example, (VALUES ('-infinity'::timestamptz), ('2019-01-01 23:59Z'), ('2019-01-02Z'), ('2019-01-09Z'), ('2019-02-02 23:59:59.999999Z'), ('2019-02-03Z'),
	('2019-03-01Z'), ('2020-02-28 23:59Z'), ('2020-02-29Z'), ('infinity')) v (as_of) ORDER BY 1;
SELECT stage(t, j) = stage(t, j, now()) AS now, stage(t, 'x: nothing') IS NULL AS none FROM example;

-- time in stages: carried in, carried out, clipped at as_of
SELECT time_in_stage(t, j, 'lead', '[2019-01-01Z, 2019-02-01Z)', 'infinity') AS whole, time_in_stage(t, j, 'lead', '[2019-01-05Z, 2019-01-06Z)', 'infinity') AS inside,
	time_in_stage(t, j, 'customer', '[2019-01-20Z, 2019-01-21Z)', 'infinity') AS carried_in, time_in_stage(t, j, 'customer', '[2019-02-02Z, 2019-03-02Z)', 'infinity') AS twice,
	time_in_stage(t, j, 'customer', '(,)', '2019-01-11Z') AS until_as_of, time_in_stage(t, j, 'customer', '[2019-01-10Z,)', '2019-01-10Z') AS entered_now,
	time_in_stage(t, j, 'lapsed', '(,)', '2020-03-01Z') AS lapsed, time_in_stage(t, j, 'lead', 'empty', 'infinity') AS empty, time_in_stage(t, j, 'lead', '[2018-01-01Z, 2018-06-01Z]') AS before FROM example;
SELECT stage, sum(extract(epoch FROM time_in_stage(t, j, stage, tstzrange(w, w + '7 h'), as_of))) = extract(epoch FROM time_in_stage(t, j, stage, tstzrange(min(w), max(w) + '7 h'), as_of)) AS adds_up,
	max(extract(epoch FROM time_in_stage(t, j, stage, tstzrange(w, w + '7 h'), as_of))) <= 7 * 3600 AS at_most_all
FROM example, unnest(ARRAY['lead', 'customer', 'at risk', 'lapsed']) stage, unnest(ARRAY['2019-02-20'::timestamptz, 'infinity']) as_of, generate_series('2018-12-30'::timestamptz, '2020-04-01', '7 h') w
GROUP BY stage, as_of, t, j ORDER BY stage, as_of;
SELECT sum(time_in_stage(t, j, stage, span(t), 'infinity')) = ends_at(t) - '2019-01-02Z' AS all_stages_fill_the_time FROM example, unnest(ARRAY['lead', 'customer', 'at risk', 'lapsed']) stage GROUP BY t;
SELECT time_in_stage(t, j, 'Lead', '(,)') FROM example;
SELECT time_in_stage(t, j, 'lapsed', '(,)', 'infinity') FROM example;
SELECT time_in_stage(t, j, 'lead', '(,)', 'infinity') AS ended, time_in_stage(t, j, 'lapsed', '(,2020-03-01Z)', 'infinity') AS range_ends FROM example;

-- entries at one instant raise no error: the last place decides, at one place the later listed; a stage left at once leaves no row
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z y}', 'a: x; b: x; c: y', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z y seq=1; 2019-01-02T00:00:00Z z seq=2}', 'c: z; b: y; a: x', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z y seq=1; 2019-01-02T00:00:00Z x seq=2; 2019-01-03T00:00:00Z y}', 'a: x; b: y', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z y; 2019-01-02T00:00:00Z x}', 'a: x; b: y', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-03T00:00:00Z y}', 'a: x; quiet: x -> no any[kind != y] for 2 d; b: y', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-03T00:00:00Z y}', 'b: y; a: x; quiet: x -> no z for 2 d', '2019-01-02 23:59Z') s;
-- the stage one is in is not entered again
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z x; 2019-01-03T00:00:00Z y; 2019-01-04T00:00:00Z y}', 'a: x; b: y', 'infinity') s;
-- a stage is entered at the end of each match, and matches do not overlap
SELECT s.* FROM stages('{2019-01-01T00:00:00Z x; 2019-01-02T00:00:00Z x; 2019-01-03T00:00:00Z y; 2019-01-04T00:00:00Z x; 2019-01-05T00:00:00Z x}', 'pair: x -> x; other: y', 'infinity') s;

-- forward: to an earlier stage nobody goes back
SELECT s.* FROM example, stages(t, 'forward; lead: signup; customer: purchase; "at risk": complaint -> no outbound for 48 hours; lapsed: no any for 365 days', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z c; 2019-01-02T00:00:00Z a; 2019-01-03T00:00:00Z b; 2019-01-04T00:00:00Z d}', 'forward; a: a; b: b; c: c; d: d', 'infinity') s;
SELECT s.* FROM stages('{2019-01-01T00:00:00Z a; 2019-01-02T00:00:00Z c seq=1; 2019-01-02T00:00:00Z b seq=2}', 'forward; a: a; b: b; c: c', 'infinity') s;

-- what is not there: NULL, no interactions, no entry
SELECT stage(NULL, 'a: x') IS NULL AND stage('{}', NULL) IS NULL AND stage('{}', 'a: x', NULL) IS NULL AS null_stage, stage('{}', 'a: x') IS NULL AS empty,
	time_in_stage('{}', 'a: x', NULL, '(,)') IS NULL AND time_in_stage('{}', 'a: x', 'a', NULL) IS NULL AS null_time, time_in_stage('{}', 'a: x', 'a', '(,)') AS no_time,
	(SELECT count(*) FROM stages('{}', 'a: x')) + (SELECT count(*) FROM stages(NULL, 'a: x')) AS no_stages;

-- a state before the asked range is not forgotten, and overlapping pieces change nothing
SELECT time_in_stage(timeline_agg(piece), 'on: on; off: off', 'on', '[2019-01-10Z, 2019-01-20Z]', '2019-02-01Z') AS on, time_in_stage(timeline_agg(piece), 'on: on; off: off', 'off', '[2019-01-10Z, 2019-01-20Z]', '2019-02-01Z') AS off
FROM (VALUES (timeline '{2019-01-01T00:00:00Z on; 2019-01-15T00:00:00Z off}'), ('{2019-01-15T00:00:00Z off; 2019-01-18T00:00:00Z on}'), ('{2019-01-15T00:00:00Z off}')) v (piece);

-- the designed journey and the actual one; a letter is an interaction, and the pattern the design
CREATE FUNCTION pg_temp.actual(letters text) RETURNS timeline LANGUAGE sql AS
	$$ SELECT coalesce(timeline_agg('2019-01-01Z'::timestamptz + n * interval '1 h', letter), '{}') FROM regexp_split_to_table(letters, '') WITH ORDINALITY s (letter, n) WHERE letter <> '' $$;
SELECT letters, design, round(c.fitness::numeric, 4) AS fitness, c.matched, c.skipped, c.extra
FROM (VALUES (1, 'rcd', pattern 'r -> c -> d'), (2, 'rd', 'r -> c -> d'), (3, 'rcxd', 'r -> c -> d'), (4, 'dcr', 'r -> c -> d'), (5, '', 'r -> c -> d'), (6, 'xyz', 'r -> c -> d'), (7, 'rcccd', 'start => r => c+ => d => end'),
		(8, 'rd', 'r -> c* -> d'), (9, 'rxd', 'r -> (c | x | y -> y) -> d'), (10, 'ryd', 'r -> (c | x | y -> y) -> d'), (11, 'abc', '(c & a & b)'), (12, 'acb', '((a -> b) & c)'), (13, 'ba', '((a -> b) & c)'),
		(14, 'aaa', 'a{5}'), (15, 'aaaaaaa', 'a{2,5}'), (16, 'ababab', '(a -> b)+'), (17, 'abaab', '(a -> b)+'), (18, 'b', 'a? -> b | c -> d -> e')) v (n, letters, design), conformance(pg_temp.actual(letters), design, 'infinity') c
ORDER BY n;
SELECT d.n, d.deviation, d.element, d.occurred_at, d.kind, d.interaction FROM deviations(pg_temp.actual('rxcyz'), 'r -> c -> d? -> e', 'infinity') d;
SELECT count(*) FROM deviations(pg_temp.actual(''), 'a -> b');
-- matched, skipped and extra of both agree; the rows name each interaction once, in order
SELECT bool_and((c.matched, c.skipped, c.extra) = (d.matched, d.skipped, d.extra)) AS same, bool_and(d.interactions = ARRAY(SELECT generate_series(1, length(t)))) AS each_once
FROM (SELECT pg_temp.actual(letters) AS t, design FROM unnest(ARRAY['', 'a', 'abc', 'cba', 'aabbcc', 'xaxbxc', 'ccbbaaabc']) letters, unnest(ARRAY[pattern 'a -> b -> c', 'a+ -> (b | c)', '(a & b & c) -> a?', '(a -> b?)+ -> c', 'c{3} => b{3} => a{3}']) design) v,
	conformance(t, design) c, LATERAL (SELECT count(*) FILTER (WHERE deviation = 'matched') AS matched, count(*) FILTER (WHERE deviation = 'skipped') AS skipped,
	count(*) FILTER (WHERE deviation = 'extra') AS extra, coalesce(array_agg(interaction ORDER BY n) FILTER (WHERE interaction IS NOT NULL), '{}') AS interactions FROM deviations(t, design)) d;
SELECT (conformance(t, 'a -> b', '2019-01-01 01:30Z')).skipped, (SELECT count(*) FROM deviations(t, 'a -> b', '2019-01-01 01:30Z')), (conformance(t, 'a -> b')).matched, (conformance('{}', 'a')).skipped AS empty,
	conformance(NULL, 'a') IS NULL AND conformance('{}', NULL) IS NULL AND conformance('{}', 'a', NULL) IS NULL AS null_is_null FROM pg_temp.actual('ab') AS t;
-- only the order of events is compared
SELECT conformance('{}', 'a ->[1 d] b');
SELECT conformance('{}', 'a -> b within 1 d');
SELECT conformance('{}', 'a -> b same thread', 'infinity');
SELECT conformance('{}', 'a -> no c -> b');
SELECT conformance('{}', 'no a for 1 d -> b');
SELECT conformance('{}', 'a -> no b for 1 d');
SELECT deviations('{}', 'a ->[1 d] b');
SELECT deviations('{}', 'a -> no b for 1 d', 'infinity');
SELECT deviations(timeline_agg('2019-01-01Z'::timestamptz + i * interval '1 s', 'a'), 'a{1000}') FROM generate_series(1, 100000) i;
