-- Patterns: the type, every error of the parser, limits, and each function with and without as_of.
-- What the language means is tested elsewhere, by worked cases (test/t/060) and by an oracle.
-- The extension is loaded; what is printed must not depend on any setting.
SET timezone = 'America/St_Johns';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET extra_float_digits = -5;
SET search_path = public, crm_timeline;

-- operator classes are complete
SELECT opcname, amname, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE opcintype IN ('pattern'::regtype, 'journey'::regtype) ORDER BY 1, 2;

-- without as_of they look at the clock; with it, or where times do not matter, they depend on their arguments alone
SELECT p.oid::regprocedure, provolatile, proisstrict, proparallel
FROM pg_proc p
WHERE pronamespace = 'crm_timeline'::regnamespace AND prokind = 'f' AND ('pattern'::regtype = ANY (proargtypes) OR 'journey'::regtype = ANY (proargtypes))
	AND (provolatile, proisstrict, proparallel) <> (CASE WHEN proname <> 'may_match' AND 'timeline'::regtype = ANY (proargtypes) AND NOT 'timestamptz'::regtype = ANY (proargtypes) THEN 's'::"char" ELSE 'i' END,
		NOT 'internal'::regtype = ANY (proargtypes), 's'::"char");

-- canonical text
CREATE TEMP TABLE written (n serial, text text);
INSERT INTO written (text) VALUES
	('a'), (' ( ( a ) ) '), ('"a"'), ('"a b"'), ('"say ""hi"""'), ('ANY'), ('"ANY"'), ('Inbound@Phone'), ('outbound@"on line"'), ('größe.x-y'), ('"3d"'), ('""'),
	('a->b=>c'), ('a -> ((b))'), ('(a -> b)'), ('a -> (b -> c)'), ('(a -> b) | c'), ('a|b'), ('(a | b)'), ('a -> (b|c)'), ('(a|b)|(c|d)'), ('(a | b -> c)'),
	('a?'' '' '), ('a ? -> b'), ('a{0,1} -> b'), ('a{1}'), ('a{1,}'), ('a{0,} -> b'), ('a{2}'), ('a{ 2 , 3 }'), ('(a+)'), ('(a+)+'), ('(a+){2}'), ('((a)){2}'), ('(a -> b)*-> c'),
	('( a&b & (c->d) & (e+) )'), ('((a & b)) -> c'), ('(a & b) within 1 d'), ('START=>a=>END'), ('start => (a | b) => end'),
	('a ->[2 days] b'), ('a ->[48 h] b'), ('a =>[90 min..2 h] b'), ('a ->[1 d 12 h 30 min..] b'), ('a ->[0 s..1 s] b'), ('a ->[1.5 HOURS] b'), ('a ->[1 y 2 mon 3 w 4 d 5 h 6 min 7 s 8 ms 9 us] b'), ('a ->[14 months] b'), ('a ->[2 weeks] b'), ('a ->[1e3 ms] b'), ('a ->[0.5 year] b'),
	('a -> b within 7days same thread'), ('a -> b same "my name" same kind within 1 h within 2 h'), ('(a -> b within 1 h) -> c within 2 h'),
	('a -> no b -> c'), ('a -> no (b | c@web) -> d'), ('a -> (no b) -> c'), ('no a for 90 d -> b'), ('a -> no b for 48 hours'), ('no a for 2 d'), ('(no any for 2 d) within 1 d'), ('no a for 1 d -> b -> no c for 1 d | d'),
	('a[value > 100]'), ('a[value>+1.50e2]'), ('a[value = -0]'), ('a[value = .1]'), ('a[value = 1e-400]'), ('a[x = word]'), ('a[x = ''quoted'']'), ('a[x = "quo""ted"]'), ('a[x = ''it''''s'']'), ('a[x = "12"]'), ('a[x = TRUE or x = "false"]'), ('a["is" = "null"]'),
	('a[x <> 1]'), ('a[x is NULL]'), ('a[x is not null]'), ('a[not x is null]'), ('a[not (x is not null)]'), ('a[x in (1)]'), ('a[x not in (1, b, ''c d'')]'), ('a[not x in (1,2)]'),
	('a[not x = 1 and y = 2 or z = 3]'), ('a[not (x = 1 and (y = 2 or z = 3))]'), ('a[((x = 1))]'), ('a[x = 1 and (y = 2 and z = 3)]'), ('a[not not x = 1]'), ('a@web[kind = a and channel != web]');
DO $$
DECLARE
	w record;
	p pattern;
	message text;
BEGIN
	FOR w IN SELECT * FROM written ORDER BY n LOOP
		BEGIN
			p := w.text::pattern;
			RAISE NOTICE '%  %', rpad(w.text, 48), p;
			IF p::text::pattern::text <> p::text OR p::text::pattern <> p THEN
				RAISE WARNING 'not canonical: %', p;
			END IF;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
			RAISE NOTICE '%  %', rpad(w.text, 48), message;
		END;
	END LOOP;
END $$;

-- equality and hash: by the canonical text
SELECT 'a->b'::pattern = ' a  ->  (b)' AS spelt_otherwise, 'a -> b'::pattern = 'a => b' AS other_arrow, 'a -> b'::pattern <> 'a => b' AS not_equal,
	'a ->[24 h] b'::pattern = 'a ->[1 day] b' AS hours_are_no_days, 'a ->[7 days] b'::pattern = 'a ->[1 week] b' AS days_are_weeks, '(a | b)'::pattern = '(b | a)' AS other_order;
SELECT pattern_hash('a->b') = pattern_hash('a -> b') AS hash, pattern_hash_extended('a->b', 1) = pattern_hash_extended('a -> b', 1) AS hash_extended,
	pattern_hash_extended('a->b', 1) = pattern_hash_extended('a -> b', 2) AS other_seed, pattern_hash('a -> b') = pattern_hash('a => b') AS other_pattern;
SELECT p, count(*) FROM (VALUES (pattern 'a->b'), ('a -> b'), ('a=>b'), ('(a) -> b'), (NULL), (NULL)) v (p) GROUP BY p ORDER BY p::text;
SELECT DISTINCT p::text FROM (SELECT DISTINCT p FROM (VALUES (pattern 'a|b'), ('(a | b)'), ('b | a')) v (p)) s ORDER BY 1;
SELECT count(*) FROM (VALUES (pattern 'a->b'), ('c')) a (p) JOIN (VALUES (pattern 'a -> b'), ('d')) b (p) USING (p);
CREATE TEMP TABLE stored (id int, p pattern);
INSERT INTO stored SELECT i, ('a -> b[x = ' || i || ']')::pattern FROM generate_series(1, 1000) i;
CREATE INDEX ON stored USING hash (p);
SET enable_seqscan = off;
SELECT id FROM stored WHERE p = 'a->b[x=500]';
RESET enable_seqscan;
ALTER TABLE stored ADD CONSTRAINT once EXCLUDE USING hash (p WITH =);
INSERT INTO stored VALUES (0, ' a -> b[ x = 7 ]');

-- the binary form is a version and the canonical text
SELECT pattern_send('a->b'), convert_from(substr(pattern_send('a->b'), 2), 'UTF8');

-- what is wrong, where, and what to do
CREATE FUNCTION pg_temp.refusals(type_name text, VARIADIC inputs text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	input text;
	message text;
	detail text;
	hint text;
	state text;
BEGIN
	FOREACH input IN ARRAY inputs LOOP
		BEGIN
			EXECUTE format('SELECT %L::%s', input, type_name);
			RAISE NOTICE '% is accepted', left(input, 60);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
			RAISE NOTICE E'%\n  % %', left(input, 60), state, concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''));
		END;
	END LOOP;
END $$;

-- elements and arrows
SELECT pg_temp.refusals('pattern', '', '   ', 'a ->', '-> a', 'a => ', 'a b', 'a "b"', 'a, b', 'a > b', 'a = b', 'a - b', 'a -- b', 'a → b', 'a –> b', 'a; b', 'a: b', 'a . b',
	'()', '(a', 'a)', '(a -> b', 'a (b)', 'a | | b', 'a || b', 'a |', '| a', 'a & b', 'a -> b & c', '(a & b', '(a & )', '(a && b)', '(a & b+ & c)', '(a & b -> c)',
	'start', 'start a', 'start -> a', 'a -> start', 'a -> start => b', 'a -> end', 'a end', 'end', 'a => end -> b', 'a => end => b', 'within 1 d', 'for',
	'a and b', 'a or b', 'a for 2 days', 'a no b', 'a not b', 'a -> not b -> c', 'a -> !b -> c', 'a same', 'a same 7', 'a -> b within 7 days -> c', 'a within 1 d | b => c ->');
-- names and quotes
SELECT pg_temp.refusals('pattern', '3d', '''a''', '"a', 'a -> "b ""c', 'a[x = ''y]', '“a”', '‘a’', '`a`', '«a»', 'a@', 'a@''web''', 'a@2go', 'a@any', 'a@web@phone', 'a[x = 1]@web', 'a[x = 1][y = 2]',
	'null', 'a -> in', 'ä ö', 'größe ->' || chr(160) || 'b', 'a.', 'a..b', '€');
-- conditions
SELECT pg_temp.refusals('pattern', 'a[]', 'a[', 'a[x', 'a[x]', 'a[x = 1', 'a[x = ]', 'a[x == 1]', 'a[x => 1]', 'a[x ≥ 1]', 'a[x ! 1]', 'a[!x = 1]', 'a[x = y z]', 'a[x y = 1]', 'a[x = 1, y = 2]', 'a[x = 1 & y = 2]',
	'a[x = null]', 'a[x = not]', 'a[x = −1]', 'a[x is 1]', 'a[x is not 1]', 'a[x not = 1]', 'a[x not 1]', 'a[x in 1]', 'a[x in ()]', 'a[x in (1 2)]', 'a[x in (1, ]', 'a[(x = 1]', 'a[x = 1)]', 'a[x = 1 and]', 'a[and x = 1]',
	'a[2 days]', 'a[''x'' = 1]', 'a[no x]', 'a[x > 1e400]', 'a[x > -1e400]', 'a[occurred_at > 1]', 'a -> b same occurred_at', 'a[in (1)]', 'a[x between 1]');
-- durations and gates
SELECT pg_temp.refusals('pattern', 'a ->[] b', 'a ->[2] b', 'a ->[days] b', 'a ->[2 m] b', 'a ->[2 fortnights] b', 'a ->[..2 d] b', 'a ->[2 d b', 'a ->[2 d, 3 d] b', 'a ->[2 d..1 d] b', 'a ->[1 mon..29 d] b', 'a ->[1 h…2 h] b',
	'a ->[-1 d] b', 'a ->[1.5 months] b', 'a ->[0.3 years] b', 'a ->[0.1 us] b', 'a ->[1e20 years] b', 'a ->[3000000000 d] b', 'a ->[1 d 2] b', 'a -> [2 d] b', 'a [2 d] -> b', 'a within', 'a within x', 'a within 2', 'a within [2 d]', 'a -> no b for', 'a -> no b for 2');
-- a part may be negative, the sum may not; months, days and hours are sums of their own
SELECT d, format('a -> b within %s', d)::pattern AS canonical FROM unnest(ARRAY['+1 d', '1e2 s', '+1E+2 ms', '.5d', '12e-1 h', '1.5 years', '2.50 y', '25e-2 years', '-0 s', '2 hours -30 minutes', '-30 min +2 h', '1 y -1 mon', '-3 d 1 w',
	'1 mon 15 d', '1 h -3600 s', '2147483647 d -2147483647 d']) d;
SELECT pg_temp.refusals('pattern', 'a within -1 s', 'a within 1 h -2 h', 'a within 1 day -1 hour', 'a within 1 mon -1 d', 'a within -1 y 400 d', 'a ->[-1 d..1 d] b', 'a ->[1 d..-1 d] b', 'a -> no b for -1 d', 'a within - 1 d', 'a within 1 d - 1 d', 'a within 0.5 mon', 'a within 0.25 mon 0.75 mon',
	'a within 1e-1 y', 'a within -0.1 us', 'a within 1e400 s', 'a within -1e400 s', 'a within -3000000000 d', 'a within 9223372036854775807 us 1 us', 'a within 1e', 'a within 1e+ s');
-- how often
SELECT pg_temp.refusals('pattern', 'a{', 'a{}', 'a{x}', 'a{1.5}', 'a{-1}', 'a{2', 'a{2,', 'a{,2}', 'a{2 3}', 'a{0}', 'a{0,0}', 'a{3,2}', 'a+?', 'a**', 'a{2}{3}', 'a -> no b+ -> c', 'a -> (no b)? -> c', '(no a for 1 d)+', 'no a for 1 d?');
-- "no"
SELECT pg_temp.refusals('pattern', 'no', 'no a', 'no a -> b', 'a -> no b', 'a -> no b | c', 'a -> (b -> no c) -> d', 'a -> no', 'a -> no b -> no c -> d', 'a -> no b -> no c for 1 d', 'no a for 1 d -> no b for 1 d', 'a => no b -> c', 'a -> no b => c', 'start => no a -> b',
	'start => no a for 1 d -> b', 'a -> no b => end', 'a ->[1 d] no b -> c', 'a -> no b for 1 d -> c', '(a -> no b for 1 d) -> c', 'a -> (no b for 1 d)', 'a => no b for 1 d', 'a ->[1 d] no b for 1 d', 'no a for 1 d ->[1 d] b', 'no a for 1 d => b', 'a -> no b for 1 d => end',
	'((a -> no b for 1 d) & c)', 'a -> no (b -> c) -> d', 'a -> no (b & c) -> d', 'a -> no (b | c', 'a -> no no b -> c', 'a -> no start -> c');
-- nothing is no match
SELECT pg_temp.refusals('pattern', 'a?', 'a*', 'a{0,3}', '(a?)+', 'a? -> b?', 'a | b?', '((a?) & (b*))', 'a? -> no b for 1 d', 'no a for 1 d -> b?', 'start => a? => end', 'a? -> no x -> b?');

-- limits, each at it and beyond
SELECT pg_temp.refusals('pattern', 'a{1023}', 'a{1024}', 'a{1025}', 'a{99999999999999999999}', '(a{32}){32}',
	'(' || array_to_string(ARRAY(SELECT 'k' || i FROM generate_series(1, 64) i), ' | ') || ')', array_to_string(ARRAY(SELECT 'k' || i FROM generate_series(1, 64) i), ' -> '),
	array_to_string(ARRAY(SELECT 'k' || i FROM generate_series(1, 65) i), ' -> '), '(a & b & c & d & e & f & g & h)', '(a & b & c & d & e & f & g & h & i)',
	repeat('(', 64) || 'a' || repeat(')', 64), repeat('(', 65) || 'a' || repeat(')', 65), repeat('(', 100000), repeat('(', 32000) || 'a',
	'a[' || repeat('not ', 64) || 'x = 1]', 'a[' || repeat('not ', 65) || 'x = 1]', 'a[' || repeat('(', 65) || 'x = 1' || repeat(')', 65) || ']',
	'a[x = ''' || repeat('y', 65527) || ''']', 'a[x = ''' || repeat('y', 65528) || ''']', 'a' || repeat('->a', 20000), 'a[' || repeat('x=1 or ', 9000) || 'x = 1]',
	'(a?){200} -> a{200}', '(((a+)+)+)+', '((a | b)* -> c?){30} -> d');

-- the functions, on one timeline, as of all times
CREATE TEMP TABLE example AS SELECT t, p FROM (VALUES
	(timeline '{2020-03-01T09:00:00Z visit channel=web direction=inbound; 2020-03-01T09:30:00Z cart channel=web direction=inbound ref=c1 source=shop;
		2020-03-02T10:00:00Z call agent=Mia channel=phone direction=inbound outcome=answered thread=T1; 2020-03-03T09:30:00Z order channel=web direction=inbound ref=o1 source=shop value=40;
		2020-03-09T09:00:00Z cart channel=app direction=inbound ref=c2 source=shop; 2020-03-09T09:10:00Z order channel=app direction=inbound ref=o2 source=shop value=12.5}',
	 pattern 'visit? -> cart -> call* -> order within 7 days')) v (t, p);
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SELECT matches(t, p), matches(t, p, 'infinity'), matches(t, p, '2020-03-03 09:30Z'), matches(t, p, '2020-03-03 09:29Z'), t @@ p AS operator, t @@ 'order -> visit' AS not_so FROM example;
SELECT match_count(t, p), match_count(t, p, 'infinity'), match_count(t, p, '2020-03-04Z'), match_count(t, p, '2020-03-02Z'), match_count(t, 'any', 'infinity') AS all_of_them FROM example;
SELECT m.* FROM example, match_first(t, p) m;
SELECT m.* FROM example, match_first(t, p, '2020-03-01Z') m;
SELECT match_first(t, p, '2020-03-01Z') IS NULL AS no_match, (match_last(t, p)).n, (match_last(t, p, '2020-03-04Z')).n AS before, match_last(t, 'refund', 'infinity') IS NULL AS no_last FROM example;
SELECT m.n, m.starts_at, m.ends_at, kinds(m.interactions) FROM example, match_all(t, p) m;
SELECT m.n, m.starts_at, m.ends_at, kinds(m.interactions) FROM example, match_all(t, 'cart -> no order for 12 h', 'infinity') m;
SELECT count(*) FROM example, match_all(t, p, '2020-03-01Z');
SELECT funnel_depth(t, p), funnel_depth(t, p, '2020-03-02 11:00Z') AS before, funnel_depth(t, 'refund -> any') AS none FROM example;
SELECT f.* FROM example, funnel(t, 'visit -> cart -> order -> refund') f;
SELECT f.* FROM example, funnel(t, 'visit -> cart -> order -> refund', '2020-03-02 12:00Z') f;
SELECT f.* FROM example, funnel(t, 'call -> no reply for 1 d', 'infinity') f;
SELECT f.* FROM example, funnel(t, 'refund -> order -> visit') f;
SELECT e.* FROM example, explain_match(t, p) e;
SELECT e.* FROM example, explain_match(t, 'cart -> no call -> order[value > 20]', '2020-03-08Z') e;
SELECT q AS pattern, e.kind, e.verdict
FROM example, (VALUES (1, pattern 'visit => call'), (2, 'visit ->[5 min] cart'), (3, 'cart -> order within 1 h'), (4, 'start => cart'), (5, 'no visit for 1 h -> cart'),
	(6, 'visit -> call same channel'), (7, 'order -> call')) v (n, q), explain_match(t, q, '2020-03-09 09:10Z') WITH ORDINALITY e
WHERE e.verdict NOT IN ('used', 'no event accepts it') ORDER BY n, e.ordinality;
-- what a step lacked that led to no match; of one that a reported match does without, that
SELECT q AS pattern, e.kind, e.verdict
FROM example, (VALUES (1, pattern 'call -> order -> visit', timestamptz 'infinity'), (2, 'cart -> order', '2020-03-09 09:05Z'), (3, 'visit? -> cart', 'infinity'), (4, 'call => end', 'infinity'),
	(5, 'cart -> no order for 3 d', '2020-03-09 09:05Z'), (6, 'cart -> no order for 3 d', '2020-03-09 09:10Z'), (7, 'visit => (order & call)', 'infinity')) v (n, q, as_of),
	explain_match(t, q, as_of) WITH ORDINALITY e
WHERE e.verdict <> 'no event accepts it' ORDER BY n, e.ordinality;
SELECT n.* FROM example, neighbours(t, 'call', 1, 2) n;
SELECT n.* FROM example, neighbours(t, '(call | visit)', 1, 9, '2020-03-02 10:00Z') n;
SELECT count(*) FROM example, neighbours(t, 'call', 0, 0);
SELECT count(*) FROM example, neighbours(t, 'call', 2147483647, 2147483647);
SELECT pick(t, 'order[value > 20]'), pick(t, '(cart@app | call)', 'infinity') FROM example;
SELECT pick(t, 'any', '2020-03-01 09:00Z'), pick(t, 'any', '2000-01-01Z'), pick(t, 'any') = t AS whole, pick(t, 'inbound@web') = pick_kinds(slice(t, '[,2020-03-04Z)'), 'visit', 'cart', 'order') AS web FROM example;

-- what has not happened yet is not there
SELECT matches(t, 'a'), matches(t, 'a', 'infinity'), match_count(t, 'a'), funnel_depth(t, 'a'), length(pick(t, 'a')) FROM (VALUES (timeline '{9999-01-01T00:00:00Z a}')) v (t);
SELECT matches(t, 'a -> no b for 1 d', '-infinity'), matches(t, 'a -> no b for 1 d', 'infinity') FROM (VALUES (timeline '{2020-01-01T00:00:00Z a}')) v (t);

-- at the ends of time nothing overflows
SELECT matches(t, 'a -> no b for 100000 years', 'infinity'), matches(t, 'no b for 100000 years -> a', 'infinity'), matches(t, 'a ->[1 month] b', 'infinity'), matches(t, 'b ->[290000 y..] a', 'infinity')
FROM (VALUES (timeline '{+294276-12-31T23:59:59.999999Z a; -4713-11-24T00:00:00Z b}')) v (t);

-- NULL
SELECT matches(NULL, 'a') IS NULL AND matches('{}', NULL) IS NULL AND matches('{}', 'a', NULL) IS NULL AS matches, (NULL::timeline @@ 'a') IS NULL AS operator,
	match_count(NULL, 'a') IS NULL AND match_count('{}', NULL, 'infinity') IS NULL AS match_count, match_first('{}', NULL) IS NULL AND match_last('{}', 'a', NULL) IS NULL AS match_first_last,
	funnel_depth(NULL, 'a') IS NULL AS funnel_depth, pick('{}', NULL) IS NULL AS pick;
SELECT (SELECT count(*) FROM match_all('{}', NULL)) AS match_all, (SELECT count(*) FROM funnel(NULL, 'a -> b')) AS funnel, (SELECT count(*) FROM explain_match(NULL, 'a')) AS explain_match, (SELECT count(*) FROM neighbours('{}', 'a', NULL, 1)) AS neighbours;

-- the empty timeline
SELECT matches('{}', 'a'), match_count('{}', 'a'), match_first('{}', 'a') IS NULL AS first, match_last('{}', 'a') IS NULL AS last, funnel_depth('{}', 'a'), pick('{}', 'a'), matches('{}', 'no a for 1 d', 'infinity') AS absence;
SELECT * FROM funnel('{}', 'a -> no x -> b? -> c -> no d for 1 d');
SELECT (SELECT count(*) FROM match_all('{}', 'a')) AS match_all, (SELECT count(*) FROM explain_match('{}', 'a')) AS explain_match, (SELECT count(*) FROM neighbours('{}', 'a', 1, 1)) AS neighbours;

-- pick and neighbours take one event
SELECT pick('{}', 'a -> b');
SELECT pick('{}', 'a+');
SELECT pick('{}', 'a{2}', 'infinity');
SELECT pick('{}', 'start => a');
SELECT pick('{}', 'a => end');
SELECT pick('{}', 'a same thread');
SELECT pick('{}', 'no a for 1 d');
SELECT pick('{}', 'a within 1 d') IS NOT NULL AS a_total_of_one, pick('{}', '((a) | b | (c | d))') IS NOT NULL AS alternatives;
SELECT * FROM neighbours('{}', '(a & b)', 1, 1);
SELECT * FROM neighbours('{}', 'a', -1, 0);
SELECT * FROM neighbours('{}', 'a', 0, -1, 'infinity');

-- many customers: how many came how far, how long it took, and what the others did instead
CREATE TEMP TABLE customer AS SELECT * FROM (VALUES
	(1, timeline '{2020-01-01T00:00:00Z a; 2020-01-01T01:00:00Z b; 2020-01-01T03:00:00Z c}'), (2, '{2020-01-01T00:00:00Z a; 2020-01-01T02:00:00Z b; 2020-01-01T12:00:00Z x}'),
	(3, '{2020-01-01T00:00:00Z a; 2020-01-01T03:00:00Z b}'), (4, '{2020-01-01T00:00:00Z a; 2020-01-01T05:00:00Z b; 2020-01-02T12:00:00Z x}'), (5, '{2020-01-01T00:00:00Z a; 2020-01-03T00:00:00Z y; 2020-01-04T00:00:00Z b}'),
	(6, '{2020-01-01T00:00:00Z b}'), (7, '{}'), (8, NULL)) v (id, t);
SELECT step, pattern, customers, round(from_first::numeric, 3) AS from_first, round(from_previous::numeric, 3) AS from_previous, median_since_previous AS median, p90_since_previous AS p90, instead, instead_customers
FROM unnest((SELECT funnel_agg(t, 'a ->[1 day] b -> c', 'infinity') FROM customer));
SELECT step, customers, instead FROM unnest((SELECT funnel_agg(t, 'a ->[1 day] b -> c', '2020-01-01 02:30Z') FROM customer));
SELECT step, pattern, customers, median_since_previous AS median, instead FROM unnest((SELECT funnel_agg(t, 'a -> b -> no x for 1 d') FROM customer));
SELECT step, pattern, customers, instead FROM unnest((SELECT funnel_agg(t, 'b => x | a -> b -> c -> d') FROM customer));
SELECT id % 2 AS odd, (funnel_agg(t, 'a -> c'))[2].customers FROM customer GROUP BY 1 ORDER BY 1;
-- percentiles are continuous: 10, 20, 30, 40, 100 seconds
SELECT step, median_since_previous AS median, p90_since_previous AS p90
FROM unnest((SELECT funnel_agg(timeline_agg, 'a -> b') FROM (SELECT timeline_agg(at, kind) FROM unnest(ARRAY[100, 10, 40, 30, 20]) s, LATERAL (VALUES ('2020-01-01Z'::timestamptz, 'a'), ('2020-01-01Z'::timestamptz + s * interval '1 s', 'b')) v (at, kind) GROUP BY s) t));
SELECT funnel_agg(t, 'a') IS NULL AS no_rows FROM customer WHERE false;
SELECT funnel_agg(NULL::timeline, 'a') IS NULL AS null_timeline, funnel_agg('{}', NULL::pattern) IS NULL AS null_pattern, funnel_agg('{}', 'a', NULL::timestamptz) IS NULL AS null_as_of, (funnel_agg('{}', 'a'))[1].customers AS empty;
SELECT funnel_agg(t, CASE id WHEN 3 THEN pattern 'b' ELSE 'a' END) FROM customer;
SELECT p, (funnel_agg(t, p))[1].customers FROM customer, (VALUES (pattern 'a'), ('b'), ('x')) v (p) GROUP BY p ORDER BY p::text;

-- a pattern may come from a column, another one for each row
SELECT p, match_count(t, p) FROM example AS e (t, q), (VALUES (pattern 'cart'), ('order'), ('cart -> order'), (NULL), ('cart')) v (p) ORDER BY p::text;

-- above the limit of ways a tie is read in total order, and explain_match says so, whether there is a match or not;
-- without repetition one match cannot use so many
SELECT p, n, (SELECT string_agg(DISTINCT kind || ': ' || verdict, ', ' ORDER BY kind || ': ' || verdict) FROM explain_match(t, p, 'infinity') WHERE coalesce(match, 1) = 1) AS verdicts
FROM (SELECT n, timeline_agg('2020-01-01Z', CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END) AS t FROM (VALUES (126), (128)) v (n), generate_series(1, n) i GROUP BY n) s,
	(VALUES (pattern 'a -> b'), ('b -> a'), ('b -> b'), ('b -> a -> c'), ('(a -> b)+'), ('(b -> a)+'), ('(b -> a)+ -> c')) v (p) ORDER BY n, p::text;

-- what is said of one of several that serve equally is said of all, also of those beyond what one match can use
SELECT string_agg(kind || ': ' || verdict, ', ' ORDER BY ordinality) AS verdicts
FROM explain_match('{2020-01-01T00:00Z a; 2020-01-01T00:00Z b; 2020-01-01T00:00Z b; 2020-01-01T00:00Z b; 2020-01-01T01:00Z b}', 'a ->[20 min ..] b', 'infinity') WITH ORDINALITY;

-- what a match uses is told in full, whether it is most of the timeline or a small part
SELECT s.n, p, count(*) AS matches, timeline_agg(m.interactions) = t AS all_in_full
FROM (SELECT n, timeline_agg('2020-01-01Z'::timestamptz + i / 3 * interval '1 h', CASE i % 2 WHEN 0 THEN 'a' ELSE 'kind b' END, jsonb_strip_nulls(jsonb_build_object('seq', CASE WHEN i % 3 > 0 THEN i END,
		'channel', (ARRAY['web', 'phone', NULL])[1 + i % 3], 'value', CASE WHEN i % 4 > 0 THEN i / -8.0 END, 'plan', CASE i % 5 WHEN 0 THEN to_jsonb(i) WHEN 1 THEN to_jsonb('p' || i) END, 'ref', 'r' || i))) AS t
	FROM (VALUES (10), (120)) v (n), generate_series(1, n) i GROUP BY n) s, (VALUES (pattern 'any'), ('any => any'), ('any{10}')) v (p), match_all(t, p, 'infinity') m
GROUP BY s.n, p::text, p, t ORDER BY s.n, p::text;
