-- The value: forms, construction, algebra, access, errors.
-- The extension is loaded; what is printed must not depend on any setting.
SET timezone = 'America/St_Johns';
SET datestyle = 'SQL, DMY';
SET search_path = public, crm_timeline;

-- operator classes are complete
SELECT opcname, amname, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE opcintype = 'timeline'::regtype ORDER BY 1, 2;

-- every object of the extension has a comment
SELECT pg_describe_object(classid, objid, objsubid)
FROM pg_depend
WHERE refobjid = (SELECT oid FROM pg_extension WHERE extname = 'crm_timeline') AND deptype = 'e'
	AND pg_describe_object(classid, objid, objsubid) !~ '^type .*\[\]$'
	AND NOT (classid = 'pg_opfamily'::regclass)
	-- 17 counts the row types of tables
	AND NOT (classid = 'pg_type'::regclass AND EXISTS (SELECT FROM pg_class c WHERE c.reltype = objid AND c.relkind <> 'c'))
	AND obj_description(objid, classid::regclass::text) IS NULL
ORDER BY 1;

-- text form: sorted, attributes by name, quoted where needed
SELECT '{}'::timeline, ' { } '::timeline;
SELECT '{2026-03-02T10:00:00+02:00 refund ;2026-03-01T09:15Z complaint value=12.50 thread=4711 channel=phone}'::timeline;
SELECT '{2026-03-01T09:15:00.000001Z "a ""b"";c" "my name"="x=y" plan="7" size=7 flag=true nan=NaN low=-Infinity text="NaN"}'::timeline;
SELECT '{2026-03-01T00:00:00Z née.x-y österreich=ja a-b.c="a-" e="" ""=1}'::timeline;
SELECT '{-4713-11-24T00:00:00Z first; 0000-02-29T12:00:00Z leap; +294276-12-31T23:59:59.999999Z last}'::timeline;
-- the same attribute with a number here and a text there
SELECT '{2026-01-01T00:00:00Z a x=b; 2026-01-01T00:00:00Z a x=1; 2026-01-01T00:00:00Z a}'::timeline;
SELECT attributes('{2026-01-01T00:00:00Z a x=b seq=1; 2026-01-01T00:00:00Z a x=1 channel=web}');

-- text form: what is wrong, and where
DO $$
DECLARE
	input text;
	message text;
	detail text;
	state text;
BEGIN
	FOREACH input IN ARRAY ARRAY[
		'', 'x', '{', '{}}', '{2026-03-01 a}', '{2026-03-01T09:15:00 a}', '{2026-13-01T09:15:00Z a}',
		'{2026-02-29T00:00:00Z a}', '{2026-03-01T24:00:00Z a}', '{2026-03-01T09:15:00.1234567Z a}',
		'{2026-03-01T09:15:00Z}', '{2026-03-01T09:15:00Z "a}', '{2026-03-01T09:15:00Z a b}',
		'{2026-03-01T09:15:00Z a b=}', '{2026-03-01T09:15:00Z a b=1 b=2}', '{2026-03-01T09:15:00Z a kind=b}',
		'{2026-03-01T09:15:00Z a score=high}', '{2026-03-01T09:15:00Z a seq=1.5}',
		'{2026-03-01T09:15:00Z a seq=9223372036854775808}', '{2026-03-01T09:15:00Z a automated=maybe}',
		'{2026-03-01T09:15:00Z a sentiment=1.5}', '{2026-03-01T09:15:00Z a x=1e400}',
		'{2026-03-01T09:15:00Z a; ; }', '{2026-03-01T09:15:00Z a;}', '{;}', '{2026-03-01T09:15:00Z a x=1e-400}',
		'{2026-03-01T09:15:00Z é§ b}', '{+294277-01-01T00:00:00Z a}',
		'{-4714-01-01T00:00:00Z a}', '{infinity a}', '{2026-03-01T09:15:00Z a,b}',
		'{2026-03-01T09:15:00Z a ' || repeat('n', 256) || '=1}',
		'{2026-03-01T09:15:00Z a ' || (SELECT string_agg('n' || i || '=1', ' ') FROM generate_series(1, 65) i) || '}']
	LOOP
		BEGIN
			PERFORM input::timeline;
			RAISE NOTICE '% is accepted', input;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
			RAISE NOTICE '%: % % %', left(input, 60), state, message, detail;
		END;
	END LOOP;
END $$;

-- construction
SELECT timeline('2026-03-01 10:00Z', 'call');
SELECT timeline('2026-03-01 10:00Z', 'call', '{"channel": "phone", "value": 1.50, "vip": true, "list": [1, "a"], "none": null}');
SELECT timeline('2026-03-01 10:00Z', 'call', 'channel', 'phone', 'value', 1.50, 'vip', true, 'none', NULL,
	'on', date '2026-02-01', 'at', timestamptz '2026-02-01 12:00Z', 'took', interval '90 minutes', 'real', 0.1::real,
	'days', ARRAY[date '2026-02-03'], 'id', uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'raw', '\xff'::bytea);
SELECT timeline(NULL, 'call'), timeline('2026-03-01', NULL), timeline(NULL, 'call', 'a', 1);
SELECT timeline('2026-03-01 10:00Z', 'call', 'thread', 4711, 'agent', 'a'::name, 'automated', false, 'seq', 3::smallint, 'outcome', true);
SELECT timeline('2026-03-01 10:00Z', 'a', 'x', '-0'::float8) = timeline('2026-03-01 10:00Z', 'a', 'x', 0) AS zero_is_zero;

-- aggregates: rows without time or kind are skipped; nothing gives NULL
SELECT timeline_agg(t, k, 'channel', c, 'seq', s)
FROM (VALUES ('2026-01-02Z'::timestamptz, 'b', 'web', 1), ('2026-01-01Z', 'a', NULL, NULL), (NULL, 'a', 'web', 0),
	('2026-01-02Z', NULL, 'web', 0), ('2026-01-02Z', 'a', 'web', 0), ('2026-01-02Z', 'z', NULL, NULL)) v (t, k, c, s);
SELECT timeline_agg(t, k, a)
FROM (VALUES ('2026-01-02Z'::timestamptz, 'b', '{"b": 1, "a": "x"}'::jsonb), ('2026-01-01Z', 'a', NULL), ('2026-01-02Z', 'b', '{"a": 2}')) v (t, k, a);
SELECT timeline_agg(NULL::timestamptz, 'a') IS NULL AS skipped, timeline_agg(NULL::timeline) IS NULL AS null_pieces,
	timeline_agg('{}'::timeline) AS empty_piece;
SELECT timeline_agg(now(), 'a') IS NULL AS no_rows FROM pg_class WHERE false;
SELECT timeline_agg(p::timeline) FROM (VALUES ('{2026-01-01T00:00:00Z a; 2026-01-01T00:00:00Z a}'),
	('{2026-01-01T00:00:00Z a}'), ('{2026-01-02T00:00:00Z b}'), (NULL), ('{}')) v (p);

-- algebra
CREATE TEMP TABLE pair AS SELECT
	'{2026-01-01T00:00:00Z a; 2026-01-01T00:00:00Z a; 2026-01-02T00:00:00Z b x=1}'::timeline AS a,
	'{2026-01-01T00:00:00Z a; 2026-01-02T00:00:00Z b x=1; 2026-01-02T00:00:00Z b x=2; 2026-01-03T00:00:00Z c}'::timeline AS b;
SELECT a + b AS union, a * b AS intersection, a - b AS difference, b - a AS other_difference, a || b AS concatenation FROM pair;
SELECT a + a = a AS idempotent, a + b = b + a AS commutative, (a - b) || (a * b) = a AS divides,
	length(a || b) = length(a) + length(b) AS adds, a + '{}' = a AND a * '{}' = '{}' AND a - '{}' = a AND '{}' - a = '{}' AS empty FROM pair;
SELECT slice(b, '[2026-01-02Z, 2026-01-03Z)') AS half_open, slice(b, '(2026-01-02Z,]') AS open_end, slice(b, 'empty') AS nothing,
	slice(b, '(,)') = b AS everything, slice(b, '[-infinity, infinity]') = b AS infinite FROM pair;
SELECT b && '[2026-01-01 12:00Z, 2026-01-01 13:00Z]'::tstzrange AS between, b && '[2026-01-02Z, 2026-01-02Z]'::tstzrange AS hit,
	'(2026-01-03Z,)'::tstzrange && b AS after, tstzrange 'empty' && b AS empty FROM pair;
SELECT pick_kinds(b, 'a', 'c'), pick_kinds(b, VARIADIC '{b, NULL}'), pick_kinds(b, 'z') FROM pair;

-- access
SELECT length(b), starts_at(b) = '2026-01-01Z' AS starts, ends_at(b) = '2026-01-03Z' AS ends, span(b) = '[2026-01-01Z, 2026-01-03Z]' AS span,
	kinds(b), attributes(b), attribute_numbers(b, 'x'), attribute_texts(b, 'x'), attribute_texts(b, 'kind'), attribute_numbers(b, 'nothing') FROM pair;
SELECT attribute_texts(t, 'seq'), attribute_numbers(t, 'seq') FROM (VALUES (timeline '{2026-01-01T00:00:00Z a seq=-9223372036854775808; 2026-01-01T00:00:00Z b}'), ('{2026-01-01T00:00:00Z a}')) v (t);
SELECT attribute_sum(b, 'x'), attribute_min(b, 'x'), attribute_max(b, 'x'), attribute_mean(b, 'x'), attribute_sum(b, 'y') FROM pair;
SELECT length('{}'), starts_at('{}'), ends_at('{}'), span('{}'), kinds('{}'), attributes('{}'), attribute_texts('{}', 'x'),
	attribute_numbers('{}', 'x'), attribute_sum('{}', 'x'), first_interaction('{}') IS NULL, last_interaction('{}') IS NULL;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SELECT * FROM unnest(timeline '{2026-03-01T09:15:00Z complaint channel=phone thread="T-1" value=12.5 plan=gold size=3; 2026-03-02T10:00:00.25Z reply automated=true seq=2 sentiment=-0.5}');
SELECT (first_interaction(b)).kind, (last_interaction(b)).occurred_at FROM pair;
SELECT count(*) FROM unnest(timeline '{}');

-- timelines that end where a sample of ranks and times stands, or beside it: every 512th interaction
SELECT n, length(slice(t, tstzrange(ends_at(t), NULL, '()'))) = 0 AS nothing_behind, t && tstzrange(ends_at(t), NULL, '()') AS overlaps_behind,
	(last_interaction(t)).value = n AS last_value, slice(t, tstzrange(ends_at(t), NULL)) = timeline(ends_at(t), 'k', 'value', n, 'channel', 'web') AS last_slice,
	slice(t, tstzrange(NULL, at)) || slice(t, tstzrange(at, NULL)) = t AS parts, cardinality(array_remove(attribute_numbers(t, 'value'), NULL)) AS numbers
FROM (SELECT n, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'k', 'value', CASE WHEN i % 3 = n % 3 THEN i END, 'channel',
		CASE WHEN i = n THEN 'web' END) AS t
	FROM unnest(ARRAY[2, 511, 512, 513, 1023, 1024, 1025]) n, generate_series(1, n) i GROUP BY n) v,
	LATERAL (SELECT '2026-01-01Z'::timestamptz + least(n, 512) * interval '1 s') w (at)
ORDER BY n;

-- casts
SELECT '{2026-03-01T09:15:00Z a automated=true channel=web seq=3 v=NaN w=-Infinity x=0.1 y=text; 2026-03-01T09:15:00.5Z b}'::timeline::jsonb;
SELECT t::jsonb::timeline = t AS by_jsonb, t::bytea::timeline = t AS by_bytea, t::text::timeline = t AS by_text
FROM (VALUES (timeline '{2026-03-01T09:15:00Z a automated=true channel=web seq=3 v=NaN w=-Infinity x=0.1 y=text; 2026-03-01T09:15:00.5Z b}'), ('{}')) v (t);
-- by the casts as by output and input; a text can be assigned from a timeline, a timeline not from a text
SELECT t::text = format('%s', t) AS as_output, text_to_timeline(format('%s', t)) = t AS as_input
FROM (VALUES (timeline '{2026-03-01T09:15:00Z a x="say ""so"""; 2026-03-01T09:15:00.5Z "Ärger ;"}'), ('{}')) v (t);
SELECT text '{2026-03-01T09:15:00Z Ä;}'::timeline;
CREATE TEMP TABLE assigned (said text, t timeline);
INSERT INTO assigned SELECT timeline '{2026-03-01T09:15:00Z a}', '{}';
INSERT INTO assigned SELECT '', text '{}';
SELECT * FROM assigned;
SELECT '[]'::jsonb::timeline;
SELECT '{"a": 1}'::jsonb::timeline;
SELECT '[1]'::jsonb::timeline;
SELECT '[{"kind": "a"}]'::jsonb::timeline;
SELECT '[{"kind": "a", "occurred_at": "yesterday"}]'::jsonb::timeline;

-- equality, order, hash
SELECT count(DISTINCT t), bool_and(timeline_hash(t) IS NOT NULL) FROM (VALUES (timeline '{}'), ('{2026-01-01T00:00:00Z a}'),
	('{2026-01-01T02:00:00+02:00 a}'), ('{2026-01-01T00:00:00Z b}')) v (t);
SELECT a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge, timeline_cmp(a, a), timeline_cmp(a, b) = -timeline_cmp(b, a) AS antisymmetric FROM pair;

-- errors
DO $$
DECLARE
	statement text;
	message text;
	detail text;
	hint text;
	state text;
BEGIN
	FOREACH statement IN ARRAY ARRAY[
		$s$timeline('infinity', 'a')$s$,
		$s$timeline_agg('-infinity'::timestamptz, 'a')$s$,
		$s$timeline(now(), 'a', 'x', 1, 'y')$s$,
		$s$timeline(now(), 'a', NULL, 1)$s$,
		$s$timeline(now(), 'a', 'x', 1, NULL, 2)$s$,
		$s$timeline(now(), 'a', 'x', 1, 'x', 2)$s$,
		$s$timeline(now(), 'a', 'x', 1, 2, 3)$s$,
		$s$timeline(now(), 'a', 'kind', 1)$s$,
		$s$timeline(now(), 'a', 'x', VARIADIC ARRAY['1', 'y', '2'])$s$,
		$s$timeline(now(), 'a', 'score', 'high')$s$,
		$s$timeline(now(), 'a', 'score', '5'::text)$s$,
		$s$timeline(now(), 'a', 'seq', 1.5)$s$,
		$s$timeline(now(), 'a', 'automated', 1)$s$,
		$s$timeline(now(), 'a', 'automated', 'true')$s$,
		$s$timeline(now(), 'a', 'sentiment', 2)$s$,
		$s$timeline(now(), 'a', 'x', '1e400'::numeric)$s$,
		$s$timeline(now(), 'a', '{"x": 1e-400}')$s$,
		$s$timeline(now(), 'a', '{"score": "high"}')$s$,
		$s$timeline(now(), 'a', '{"automated": 1}')$s$,
		$s$timeline(now(), 'a', '{"seq": 1.5}')$s$,
		$s$timeline(now(), 'a', '{"seq": 1e30}')$s$,
		$s$timeline(now(), 'a', '{"kind": "b"}')$s$,
		$s$timeline(now(), 'a', '[1]')$s$,
		$s$timeline(now(), 'a', '{"sentiment": -1.5}')$s$,
		$s$timeline(now(), 'a', repeat('x', 256), 1)$s$,
		$s$timeline(now(), 'a', jsonb_object_agg('n' || i, i)) FROM generate_series(1, 65) i$s$,
		$s$timeline_agg(now(), 'a', jsonb_build_object('n' || i, i)) FROM generate_series(1, 65) i$s$,
		$s$timeline_agg(now(), 'a', 'n' || i, i) FROM generate_series(1, 2) i$s$,
		$s$timeline_agg(now(), 'a', NULL, i) FROM generate_series(1, 2) i$s$,
		$s$timeline_agg(now(), 'a', 'x', i, 'y') FROM generate_series(1, 2) i$s$,
		$s$'\x'::bytea::timeline$s$,
		$s$'\x010600000000'::bytea::timeline$s$
	] LOOP
		BEGIN
			EXECUTE 'SELECT ' || statement;
			RAISE NOTICE '% is accepted', statement;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
				state = RETURNED_SQLSTATE;
			RAISE NOTICE E'%\n  % %', statement, state, concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''));
		END;
	END LOOP;
END $$;

-- 48 pairs are taken, 49 are not
DO $$
DECLARE
	n int;
	state text;
	message text;
BEGIN
	FOREACH n IN ARRAY ARRAY[48, 49, 50] LOOP
		BEGIN
			EXECUTE 'SELECT timeline_agg(now(), ''a'', ' ||
				(SELECT string_agg(format('%L, %s', 'n' || i, i), ', ') FROM generate_series(1, n) i) || ')';
			RAISE NOTICE '% pairs: taken', n;
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
			RAISE NOTICE '% pairs: % %', n, state, message;
		END;
	END LOOP;
END $$;
