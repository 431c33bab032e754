-- Random rows for the oracle, and what the definition says of them, in plain SQL.
-- Knows nothing of the extension: it runs without. Needs seed and families as psql variables.
--
--   pool     the distinct or not so distinct interactions of a family, from which two timelines draw
--   member   how many copies of an interaction a timeline has; interactions are numbered in their total order
--   raw      what the timelines are built from: the copies one by one, shuffled, with rows to be skipped between
\set ON_ERROR_STOP on
CREATE SCHEMA oracle;
SET search_path = oracle;

-- An attribute: a number, or a text, or neither: given as NULL, so absent.
CREATE TYPE attribute AS (name text, num float8, txt text);

-- One of several.
CREATE FUNCTION any_of(VARIADIC text[]) RETURNS text LANGUAGE sql VOLATILE
AS 'SELECT $1[1 + floor(random() * cardinality($1))::int]';
CREATE FUNCTION one_of(anyarray) RETURNS anyelement LANGUAGE sql VOLATILE
AS 'SELECT $1[1 + floor(random() * cardinality($1))::int]';

-- A number from low to high.
CREATE FUNCTION between_(low float8, high float8) RETURNS bigint LANGUAGE sql VOLATILE
RETURN floor(low + random() * (high - low + 1))::bigint;

CREATE TABLE attribute_name (name text PRIMARY KEY, type text);	-- text, number, boolean, or any: the user's own
INSERT INTO attribute_name SELECT unnest('{channel,direction,thread,agent,outcome,topic,source,ref}'::text[]), 'text';
INSERT INTO attribute_name SELECT unnest('{sentiment,score,value,effort,risk}'::text[]), 'number';
INSERT INTO attribute_name VALUES ('automated', 'boolean');
INSERT INTO attribute_name SELECT unnest(ARRAY['', ' ', 'a b', 'he said "hi"', 'it''s', 'Ünïcödé', '日本語', '😀', 'é', E'e\u0301', 'Channel', 'channel ', 'channel2', 'seq2',
	'Seq', 'a.b-c', '-x', '1st', '12.5', '_', 'x=y', 'a;b', '{', '}', '[]', 'back\slash', E'tab\there', E'new\nline', 'null', 'true', 'NaN', 'Infinity',
	'attributes', 'occurred at', 'kind2', 'B', 'a', repeat('n', 255), repeat('n', 254) || 'm', '$1', '%s', '--', '/*']), 'any';
INSERT INTO attribute_name SELECT 'u' || n, 'any' FROM generate_series(1, 40) n;

-- The names that rows of class V may bear, each with one type, so that they can be columns.
CREATE TABLE column_name (name text PRIMARY KEY, type text);
INSERT INTO column_name SELECT name, type FROM attribute_name WHERE type <> 'any';
INSERT INTO column_name SELECT unnest(ARRAY[' ', 'he said "hi"', 'it''s', 'Ünïcödé', '日本語', 'Channel', 'x=y', 'a;b', '{', 'null', 'B', repeat('n', 255)]), 'text';
INSERT INTO column_name SELECT unnest(ARRAY['a b', '😀', 'é', E'e\u0301', 'seq2', '1st', '}', 'back\slash', E'new\nline', 'NaN', 'a', '--']), 'number';

-- A family: how its rows are made. V: each name has one type, so that the names can be columns. J: anything.
CREATE TABLE family (f int PRIMARY KEY, class text, rows int, time_unit bigint, wide boolean);
CREATE TABLE pool (p int GENERATED ALWAYS AS IDENTITY, f int, at timestamptz, kind text, seq bigint, attributes attribute[]);

CREATE FUNCTION random_text(mode text, row_number int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE mode
		WHEN 'constant' THEN 'always the same'
		WHEN 'empty' THEN ''
		WHEN 'few' THEN any_of('phone', 'e-mail', 'chat', 'Chat', 'visit')
		WHEN 'hostile' THEN any_of('', ' ', '"', '""', '''', '\', '\"', ';', '{', '}', '=', ',', 'a b', 'a=b; c', E'\n', E'\t\r', 'null', 'NULL', 'true', 'NaN', '12.5', '-0', '1e5',
			'2026-03-01T09:15:00Z', 'ÄÖÜ', 'äöü', 'z', 'Z', E'e\u0301', 'é', '日本', '😀', E'\u0001', E'\u007f', E'\u00a0', 'a.b-c', 'a.', '-a', '_a', '1a', '[1]', '{"a":1}')
		WHEN 'prefixes' THEN left('aaaaaaaaaaaaaaaaaaaaaaaaa', between_(0, 25)::int)
		WHEN 'unique' THEN md5(random()::text)
		WHEN 'numbered' THEN 'T-' || row_number
		WHEN 'long' THEN repeat(any_of('long ', 'lang ', '長'), between_(20000, 33000)::int) END;
END $$;

CREATE FUNCTION random_number(mode text) RETURNS float8 LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE mode
		WHEN 'constant' THEN 42.5
		WHEN 'small' THEN between_(-3, 3)
		WHEN 'integers' THEN between_(-1e6, 1e6)
		WHEN 'cents' THEN (between_(-1e5, 1e5)::numeric / 100)::float8
		WHEN 'decimals' THEN (between_(-1e9, 1e9)::numeric / one_of(ARRAY[1, 10, 1000, 1000000]))::float8
		WHEN 'large' THEN one_of(ARRAY[1, -1]) * (2 ^ between_(50, 66) + between_(-2, 2))
		WHEN 'scales' THEN (between_(1, 99) || 'e' || between_(-30, 30))::float8
		WHEN 'any' THEN (random() - 0.5) * 10 ^ between_(-20, 20)
		ELSE CASE WHEN random() < 0.3 THEN one_of('{NaN,Infinity,-Infinity}'::float8[])
			ELSE one_of('{0,-0,1,-1,5e-324,-5e-324,2.2250738585072014e-308,2.225073858507201e-308,1e300,-1e300,0.1,0.30000000000000004,9007199254740993,1e22,1e23,123456789012345678}'::float8[])
		END END;
END $$;

-- Sentiment has its range; the others have none.
CREATE FUNCTION random_sentiment() RETURNS float8 LANGUAGE sql VOLATILE
RETURN one_of(ARRAY[-1, 1, 0, '-0', 0.5, round((random() * 2 - 1)::numeric, 2), random()]::float8[]);

CREATE PROCEDURE make_family(f int) LANGUAGE plpgsql AS $$
DECLARE
	class text := CASE WHEN random() < 0.4 THEN 'V' ELSE 'J' END;
	-- The first families have the sizes around which vectors change their form.
	sizes int[] := '{0,1,2,63,64,65,511,512,513,1023,1024,1025,2500,63,64,65,511,512,513,700,900,1025,1500,1537}';
	rows int := coalesce(sizes[f + 1], least(60, 1 + floor(-ln(1 - random()) * 7)::int));
	-- The next ones are wide: as many attributes as there may be.
	wide boolean := f BETWEEN 24 AND 43;
	long boolean := f BETWEEN 44 AND 51;
	time_unit bigint := one_of('{1,1000,1000000,60000000,3600000000,86400000000}'::bigint[]);
	first bigint;		-- in microseconds since 2000
	spread bigint := one_of('{0,1,2,5,50,1000,100000}'::bigint[]);
	time_mode text := any_of('grid', 'grid', 'grid', 'bursts', 'bursts', 'extreme', 'mixed');
	kind_mode text := any_of('constant', 'empty', 'few', 'few', 'few', 'hostile', 'prefixes', 'unique');
	seq_mode text := any_of('none', 'none', 'few', 'few', 'rows', 'wild');
	names text[];
	types text[];
	text_modes text[];
	number_modes text[];
	presence float8[];
	-- How often a row has time, kind and seq of the one before it.
	ties float8 := one_of('{0,0.2,0.8}'::float8[]);
	at timestamptz;
	kind text;
	seq bigint;
	list attribute[] := '{}';
BEGIN
	IF wide THEN class := 'J'; END IF;
	IF long THEN rows := 4; END IF;
	first := between_(-9e14, 9e14) / time_unit * time_unit;
	IF wide THEN
		rows := greatest(rows, 3);
		SELECT array_agg(name), array_agg(type) INTO names, types
		  FROM (SELECT name, CASE type WHEN 'any' THEN any_of('text', 'number') ELSE type END FROM (SELECT * FROM attribute_name ORDER BY random() LIMIT CASE seq_mode WHEN 'none' THEN 64 ELSE 63 END) s) s (name, type);
	ELSIF class = 'V' THEN
		SELECT array_agg(name), array_agg(type) INTO names, types FROM (SELECT * FROM column_name ORDER BY random() LIMIT floor(random() ^ 2 * 12)) s;
	ELSE
		SELECT array_agg(name), array_agg(type) INTO names, types
		  FROM (SELECT name, CASE type WHEN 'any' THEN any_of('text', 'number', 'any') ELSE type END FROM (SELECT * FROM attribute_name ORDER BY random() LIMIT floor(random() ^ 2 * 12)) s) s (name, type);
	END IF;
	SELECT array_agg(any_of('constant', 'empty', 'few', 'few', 'hostile', 'hostile', 'prefixes', 'unique', 'numbered', CASE WHEN long THEN 'long' ELSE 'few' END)),
	       array_agg(any_of('constant', 'small', 'integers', 'cents', 'decimals', 'large', 'scales', 'any', 'special', 'special', 'special')), array_agg(one_of('{1,1,0.9,0.5,0.1}'::float8[]))
	  INTO text_modes, number_modes, presence FROM generate_subscripts(names, 1);
	INSERT INTO family VALUES (f, class, rows, time_unit, wide);
	FOR p IN 1 .. rows LOOP
		IF p > 1 AND random() < ties THEN
			-- The row before it again, or without its first attribute; and mostly another one with new attributes.
			INSERT INTO pool (f, at, kind, seq, attributes) VALUES (f, at, kind, seq, CASE WHEN random() < 0.5 THEN list ELSE list[2:] END);
			CONTINUE WHEN random() < 0.3;
		ELSE
			at := timestamptz '2000-01-01 00:00Z' + (first + between_(0, spread) * time_unit) * interval '1 microsecond';
			IF time_mode = 'bursts' THEN
				-- Many small gaps and a few that are not.
				at := at + floor(random() ^ 8 * 5)::bigint * 100003 * time_unit * interval '1 microsecond';
			END IF;
			IF time_mode = 'extreme' OR time_mode = 'mixed' AND random() < 0.3 THEN
				at := any_of('4714-11-24 00:00:00+00 BC', '4714-11-24 00:00:00.000001+00 BC', '4713-01-01 00:00:00+00 BC', '1001-02-28 23:59:59+00 BC', '0101-02-28 12:30:00+00 BC', '0002-12-31 00:00:00+00 BC', '0001-12-31 23:59:59.999999+00 BC', '0001-01-01 00:00:00+00',
					'1969-12-31 23:59:59.999999+00', '1970-01-01 00:00:00+00', '1999-12-31 23:59:59.999999+00', '2000-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00',
					'10000-01-01 00:00:00+00', '294276-12-31 23:59:59.999998+00', '294276-12-31 23:59:59.999999+00')::timestamptz;
			END IF;
			seq := CASE seq_mode WHEN 'few' THEN one_of(ARRAY[NULL, 0, 1, 2]) WHEN 'rows' THEN rows - p
				WHEN 'wild' THEN one_of('{NULL,-1,0,9223372036854775807,-9223372036854775808,9007199254740993}'::bigint[] || between_(-1e12, 1e12)) END;
			kind := random_text(kind_mode, p);
		END IF;
		list := '{}';
		FOR n IN 1 .. coalesce(cardinality(names), 0) LOOP
			CONTINUE WHEN random() >= presence[n] AND NOT (wide AND p = 1);
			IF random() < 0.05 AND NOT (wide AND p = 1) THEN
				list := list || ROW(names[n], NULL, NULL)::attribute;
			ELSIF types[n] = 'boolean' THEN
				list := list || ROW(names[n], NULL, any_of('true', 'false'))::attribute;
			ELSIF types[n] = 'number' OR types[n] = 'any' AND random() < 0.5 THEN
				list := list || ROW(names[n], CASE names[n] WHEN 'sentiment' THEN random_sentiment() ELSE random_number(number_modes[n]) END, NULL)::attribute;
			ELSE
				list := list || ROW(names[n], NULL, random_text(text_modes[n], p))::attribute;
			END IF;
		END LOOP;
		INSERT INTO pool (f, at, kind, seq, attributes) VALUES (f, at, kind, seq, list);
	END LOOP;
END $$;

CREATE PROCEDURE make_families(families int) LANGUAGE plpgsql AS $$
BEGIN
	FOR f IN 0 .. families - 1 LOOP CALL make_family(f); END LOOP;
END $$;

SELECT setseed(:seed);
CALL make_families(:families);

-- The total order, from its definition: time, seq with null first, kind by bytes, then the attributes
-- in name order. A row's present attributes become a list of (minus the name's rank, class, number,
-- text), compared one after another: where two lists part, the one with the smaller name is greater,
-- since the other lacks that name; a list that ends first is smaller.
CREATE TYPE key AS (name int, class int, num float8, txt text COLLATE "C");
CREATE TABLE item AS
	WITH rank AS (SELECT name, row_number() OVER (ORDER BY name COLLATE "C")::int AS rank FROM (SELECT name FROM attribute_name UNION SELECT name FROM column_name) s),
	keyed AS (
		SELECT p, at, kind, seq,
		       ARRAY(SELECT CASE WHEN a.txt IS NULL THEN ROW(-rank, 1, a.num + 0, '')::key ELSE ROW(-rank, 2, 0, a.txt)::key END
		               FROM unnest(attributes) a JOIN rank USING (name) WHERE a.num IS NOT NULL OR a.txt IS NOT NULL ORDER BY name COLLATE "C") AS key,
		       ARRAY(SELECT ROW(a.name, a.num + 0, a.txt)::attribute
		               FROM unnest(attributes) a WHERE a.num IS NOT NULL OR a.txt IS NOT NULL ORDER BY a.name COLLATE "C") AS attributes
		  FROM pool)
	SELECT p, dense_rank() OVER (ORDER BY at, seq NULLS FIRST, kind COLLATE "C", key) AS ord, at, kind, seq, attributes FROM keyed;
CREATE TABLE place AS SELECT p, ord FROM item;
DELETE FROM item i USING item earlier WHERE i.ord = earlier.ord AND i.p > earlier.p;
ALTER TABLE item ADD PRIMARY KEY (ord);

-- An interaction as one value that says everything: microseconds, kind, well-known attributes, the others.
CREATE FUNCTION known(text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN $1 IN ('channel', 'direction', 'thread', 'agent', 'outcome', 'topic', 'sentiment', 'score', 'value', 'effort', 'risk', 'automated', 'seq', 'source', 'ref');
-- What JSON has no number for is an object there; in a column of type double precision it is itself, which to_jsonb() quotes.
CREATE FUNCTION attribute_json(a attribute) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN CASE WHEN a.name = 'automated' THEN a.txt::jsonb WHEN a.num IN ('NaN', 'Infinity', '-Infinity') THEN jsonb_build_object('number', a.num::text)
	ELSE coalesce(to_jsonb(a.txt), to_jsonb(a.num)) END;
CREATE FUNCTION microseconds(timestamptz) RETURNS numeric LANGUAGE sql IMMUTABLE
RETURN trunc(extract(epoch FROM $1) * 1000000);
ALTER TABLE item ADD said jsonb;
UPDATE item SET said = jsonb_build_array(microseconds(at), kind, coalesce(known, '{}') || CASE WHEN seq IS NULL THEN '{}' ELSE jsonb_build_object('seq', seq) END, others)
  FROM (SELECT i.ord, jsonb_object_agg(name, CASE WHEN num IS NULL THEN attribute_json(ROW(name, num, txt)::attribute) ELSE to_jsonb(num) END) FILTER (WHERE known(name) AND name IS NOT NULL) AS known,
	           jsonb_object_agg(name, attribute_json(ROW(name, num, txt)::attribute)) FILTER (WHERE NOT known(name)) AS others
	      FROM item i LEFT JOIN LATERAL unnest(attributes) a ON true GROUP BY i.ord) s WHERE s.ord = item.ord;
VACUUM ANALYZE item;

-- Two timelines of a family draw from its pool: 2 f and 2 f + 1. Now and then they draw the same, or one of them nothing.
CREATE TABLE life AS
	SELECT 2 * f + side AS id, f, side, class, wide FROM family, generate_series(0, 1) side;
ALTER TABLE life ADD PRIMARY KEY (id);
CREATE TABLE pick AS
	WITH drawn AS MATERIALIZED (SELECT f, p, one_of('{0,1,1,1,2,3}'::int[]) AS copies, one_of('{0,0,1,1,2}'::int[]) AS other FROM pool),
	fate AS MATERIALIZED (SELECT f, random() AS fate FROM family)
	SELECT 2 * f AS id, p, CASE WHEN f < 24 THEN 1 ELSE copies END AS copies FROM drawn
	UNION ALL
	SELECT 2 * f + 1, p, CASE WHEN fate < 0.2 THEN CASE WHEN f < 24 THEN 1 ELSE copies END ELSE other END FROM drawn JOIN fate USING (f) WHERE fate < 0.95;
DELETE FROM pick WHERE copies = 0;
CREATE TABLE member AS
	SELECT id, ord, sum(copies)::int AS copies FROM pick JOIN place USING (p) GROUP BY 1, 2;
ALTER TABLE member ADD PRIMARY KEY (id, ord);

-- The rows to build from, shuffled. Those without time or kind are skipped by the aggregates.
CREATE TABLE raw AS
	SELECT id, p, ord, at, kind FROM (
		SELECT id, p, at, kind FROM pick JOIN pool USING (p), generate_series(1, copies)
		UNION ALL
		SELECT id, p, CASE WHEN random() < 0.5 THEN at END, NULL FROM pick JOIN pool USING (p) WHERE random() < 0.02
		UNION ALL
		SELECT id, p, NULL, kind FROM pick JOIN pool USING (p) WHERE random() < 0.02) s JOIN place USING (p)
	ORDER BY random();

-- One row per interaction of a timeline, in order; n is its number.
CREATE VIEW entry AS
	SELECT id, row_number() OVER (PARTITION BY id ORDER BY ord) AS n, item.*
	  FROM member JOIN item USING (ord), generate_series(1, copies);

ANALYZE;

-- What each timeline says as a whole.
CREATE TABLE whole AS
	SELECT life.*, coalesce(ats, '{}') AS ats, coalesce(kinds, '{}') AS kinds, coalesce(said, '{}') AS said, coalesce(cardinality(ats), 0) AS n
	  FROM life LEFT JOIN (
		SELECT id, array_agg(at ORDER BY n) AS ats, array_agg(kind ORDER BY n) AS kinds, array_agg(said ORDER BY n) AS said FROM entry GROUP BY id) s USING (id);

-- The names that a timeline has, each with what every interaction says under it.
CREATE TABLE told AS
	SELECT id, name, array_agg(a.num ORDER BY n) AS nums, array_agg(a.txt ORDER BY n) AS txts
	  FROM (SELECT DISTINCT id, a.name FROM entry, unnest(attributes) a) s JOIN entry e USING (id)
	  LEFT JOIN LATERAL (SELECT a.num, a.txt FROM unnest(e.attributes) a WHERE a.name = s.name) a ON true
	 GROUP BY id, name
	UNION ALL SELECT id, 'seq', array_agg(seq::float8 ORDER BY n), array_agg(seq::text ORDER BY n) FROM entry GROUP BY id HAVING count(seq) > 0
	UNION ALL SELECT id, 'kind', array_agg(NULL::float8), array_agg(kind ORDER BY n) FROM entry GROUP BY id
	UNION ALL SELECT id, 'no such name', coalesce(array_agg(NULL::float8) FILTER (WHERE n IS NOT NULL), '{}'), coalesce(array_agg(NULL::text) FILTER (WHERE n IS NOT NULL), '{}')
	            FROM life LEFT JOIN entry USING (id) GROUP BY id;

CREATE INDEX ON raw (id);
CREATE INDEX ON told (id);
ALTER TABLE whole ADD PRIMARY KEY (id);
ANALYZE;
