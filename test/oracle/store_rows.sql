-- Rows that hold whatever can be, and the slow way to store_agg() over them: SQL that cleans them as the reference says, and
-- timeline_agg() over what is left. Needs :seed and :timelines.
SET search_path = public, crm_timeline;
SELECT setseed(:seed);

CREATE FUNCTION one_of(VARIADIC anyarray) RETURNS anyelement LANGUAGE sql AS 'SELECT $1[1 + floor(random() * cardinality($1))::int]';

-- A timeline's class says what its objects are like. 0: there are none; 1: well-known names and such as are none; 2: a few of its own;
-- 3: more than 64 in all its rows; 4: more than 64 in some of its rows; 5: numbers and texts about the 64th.
CREATE TABLE names (class int, name text);
INSERT INTO names SELECT 1, unnest('{kind,occurred_at,channel,direction,thread,agent,outcome,topic,sentiment,score,value,effort,risk,automated,seq,source,ref,Kind,sequence}'::text[]);
INSERT INTO names SELECT 2, unnest(ARRAY['', 'a', 'é', 'zz', repeat('n', 255), repeat('n', 256), repeat('é', 127), repeat('é', 128), 'plan', 'effort']);
INSERT INTO names SELECT 3, 'n' || i FROM generate_series(1, 110) i UNION ALL SELECT 3, unnest('{channel,value,effort,ref,m,o}'::text[]);
INSERT INTO names SELECT 4, md5(i::text) FROM generate_series(1, 1000) i UNION ALL SELECT 4, 'risk';
INSERT INTO names SELECT 5, 'n' || to_char(i, 'FM000') FROM generate_series(1, 40) i UNION ALL SELECT 5, 'seq';
CREATE TABLE pool AS SELECT ARRAY['1', '2.5', '-0.5', '0', '-0.0', '1e300', '1e308', '1e309', '-1e400', '1e-320', '1e-400', '123456789012345678901234567890',
	'9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '9223372036854775806.5', '1.5', '3', 'true', 'false', 'null',
	'""', '"text"', '"true"', '"false"', '"1"', '"NaN"', '[]', '{}', '[1, [2, {"a": null}]]', '{"a": "b"}', '{"number": "NaN"}', '{"number": "Infinity"}',
	'{"number": "-Infinity"}', '{"number": "nan"}', '{"number": 1}', '"é\"\n"', to_jsonb(repeat('long ', 100))]::jsonb[] AS vals;

CREATE TABLE happened AS
	SELECT id, id % 6 AS class, n, floor(random() * 4)::int AS piece,
	       CASE WHEN random() < 0.03 THEN one_of(NULL, 'infinity', '-infinity'::timestamptz)
	            ELSE '2026-01-01Z'::timestamptz + floor(random() * spread) * interval '1 hour' END AS at,
	       CASE WHEN random() < 0.02 THEN NULL ELSE one_of(''::text, 'call', 'visit', 'order', 'kind ' || n % 5) END AS kind,
	       one_of('web'::text, 'phone', '', NULL) AS channel, one_of('inbound'::text, 'outbound', 'internal', NULL) AS direction, one_of('T-' || n, 'T-1', NULL) AS thread,
	       one_of('Mia'::text, NULL) AS agent, one_of('won'::text, NULL, NULL) AS outcome, one_of('x'::text, NULL) AS topic,
	       one_of(VARIADIC '{0.5,-1,1,1.0001,-7,NaN,Infinity,NULL,NULL}'::float8[]) AS sentiment, one_of(VARIADIC '{9,-0,NaN,-Infinity,NULL}'::float8[]) AS score,
	       one_of(12.5::float8, 1e300::float8, 0.1::float8 * n, NULL) AS value, one_of(true, false, NULL) AS automated, one_of('sales.order'::text, 'support.ticket') AS source,
	       one_of('', NULL, n::text, (n / 3)::text) AS ref, one_of(VARIADIC '{1,2,9223372036854775807,NULL,NULL}'::bigint[]) AS seq, NULL::jsonb AS attributes
	FROM (SELECT id, one_of(1, 3, 20, 10000) AS spread, one_of(1, 5, 30, 60) AS rows FROM generate_series(1, :timelines) id) t, generate_series(1, rows) n;
UPDATE happened SET attributes = CASE WHEN random() < 0.05 THEN one_of('1', '"x"', 'null', '[]', '{}', '[{"a": 1}]'::jsonb) ELSE
	(SELECT jsonb_object_agg(name, CASE class WHEN 3 THEN one_of('1', '"a"', to_jsonb(n)) WHEN 4 THEN to_jsonb(n) WHEN 5 THEN one_of('7', '"seven"'::jsonb)
	        ELSE (SELECT vals[1 + floor(random() * cardinality(vals))::int] FROM pool WHERE n = n) END)
	 FROM names c
	 WHERE c.class = happened.class AND random() < CASE happened.class WHEN 4 THEN CASE WHEN n % 7 = 0 THEN 0.2 ELSE 0.01 END WHEN 3 THEN 0.1 ELSE 0.3 END) END
WHERE class > 0;
-- copies
INSERT INTO happened SELECT id, class, n + 1000, floor(random() * 4)::int, at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value,
	automated, source, ref, seq, attributes FROM happened WHERE random() < 0.1;
CREATE TABLE shuffled AS SELECT * FROM happened ORDER BY random();
ALTER TABLE shuffled SET (parallel_workers = 2);

-- A member can be an attribute if timeline() takes it.
CREATE FUNCTION fits(name text, value jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	RETURN attributes(timeline('2026-01-01Z', 'a', jsonb_build_object(name, value))) <> '{}';
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END $$;
CREATE FUNCTION number(float8) RETURNS jsonb LANGUAGE sql AS
	$$SELECT CASE WHEN $1 IN ('NaN', 'Infinity', '-Infinity') THEN jsonb_build_object('number', $1::text) ELSE to_jsonb($1) END$$;
CREATE FUNCTION is_number(name text, value jsonb) RETURNS boolean LANGUAGE sql AS
	$$SELECT name <> ALL ('{channel,direction,thread,agent,outcome,topic,source,ref,automated}')
	     AND (jsonb_typeof(value) = 'number' OR value IN ('{"number": "NaN"}', '{"number": "Infinity"}', '{"number": "-Infinity"}'))$$;

-- what is an attribute of a row that is an interaction
CREATE TABLE happening AS SELECT row_number() OVER () AS r, h.* FROM happened h WHERE isfinite(at) AND kind IS NOT NULL;
CREATE TABLE member AS
	SELECT r, id, m.name, m.value
	FROM happening h, jsonb_each(CASE jsonb_typeof(attributes) WHEN 'object' THEN attributes END) m (name, value)
	WHERE m.name NOT IN ('source', 'ref', 'kind', 'occurred_at')
		AND m.name NOT IN (SELECT c.key FROM jsonb_each(to_jsonb(h) - '{r,id,class,n,piece,at,attributes}'::text[]) c WHERE c.value <> 'null');
CREATE TABLE judged AS SELECT name, value, fits(name, value) FROM (SELECT DISTINCT name, value FROM member) s;
DELETE FROM member m USING judged j WHERE m.name = j.name AND m.value = j.value AND NOT fits;
INSERT INTO member
	SELECT r, id, name, v
	FROM happening, LATERAL (VALUES ('channel', to_jsonb(channel)), ('direction', to_jsonb(direction)), ('thread', to_jsonb(thread)), ('agent', to_jsonb(agent)),
		('outcome', to_jsonb(outcome)), ('topic', to_jsonb(topic)), ('sentiment', number(CASE WHEN sentiment BETWEEN -1 AND 1 THEN sentiment END)), ('score', number(score)),
		('value', number(value)), ('automated', to_jsonb(automated)), ('source', to_jsonb(source)), ('ref', to_jsonb(nullif(ref, ''))), ('seq', to_jsonb(seq))) c (name, v)
	WHERE v IS NOT NULL;
ANALYZE member;

-- the well-known names, and of the others, texts and numbers counted apart, the first ones
CREATE TABLE kept AS
	SELECT id, name, number
	FROM (SELECT id, name, number, well_known, count(*) FILTER (WHERE well_known) OVER (PARTITION BY id) AS well_known_names,
	             row_number() OVER (PARTITION BY id, well_known ORDER BY name COLLATE "C", number) AS rank
	      FROM (SELECT DISTINCT id, name, is_number(name, value) AS number,
	                   name IN (SELECT name FROM names WHERE class = 1 AND name NOT IN ('Kind', 'sequence')) AS well_known FROM member) m) s
	WHERE well_known OR rank <= 64 - well_known_names;
ANALYZE kept;
CREATE TABLE wanted AS
	SELECT id, timeline_agg(at, kind, coalesce(object, '{}')) AS t
	FROM happening LEFT JOIN (SELECT r, jsonb_object_agg(m.name, m.value) AS object
	                          FROM member m JOIN kept k ON k.id = m.id AND k.name = m.name AND k.number = is_number(m.name, m.value) GROUP BY r) o USING (r)
	GROUP BY id;
VACUUM ANALYZE;
