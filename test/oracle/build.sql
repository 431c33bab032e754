-- The timelines of the oracle's rows, built in every way there is. Everything else of the oracle
-- reads the table tl, which has each timeline once; the others are compared with it.
\set ON_ERROR_STOP on
SET search_path = oracle, crm_timeline;
SELECT setseed(:seed);

-- The text form, from its description.
CREATE FUNCTION written(text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN '"' || replace($1, '"', '""') || '"';
-- A local time in ISO 8601: years outside 0001..9999 with a sign, and 0000 is 1 BC.
CREATE FUNCTION iso(year int, l timestamp) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE WHEN year > 9999 THEN '+' || year WHEN year > 0 THEN lpad(year::text, 4, '0') WHEN year = -1 THEN '0000' ELSE '-' || lpad((-year - 1)::text, 4, '0') END
	|| to_char(l, '-MM-DD"T"HH24:MI:SS.US');
-- As the extension writes it: UTC, and no zero too many.
CREATE FUNCTION utc(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE
RETURN regexp_replace(iso(extract(year FROM at AT TIME ZONE 'UTC')::int, at AT TIME ZONE 'UTC'), '\.?0{1,6}$', '') || 'Z';

-- Each row of the pool in the spellings from which timelines are built, with the freedom that a reader must allow:
--   occurred_at  a time in ISO 8601, now and then with another offset than UTC
--   line         an interaction of the text form; quotes where none are needed, attributes in any order
--   json         the attributes as jsonb; one that is given as NULL is null there, and no attributes at all are now and then NULL
--   c            every attribute as a text, for the columns of class V
CREATE TABLE spelt AS
	WITH clock AS MATERIALIZED (
		SELECT p, h, at AT TIME ZONE 'UTC' + h * interval '1 hour' AS l
		  FROM (SELECT p, at, CASE WHEN at > '0002-01-01 00:00Z' AND at < '9999-01-01 00:00Z' AND random() < 0.3 THEN between_(-14, 14)::int ELSE 0 END AS h FROM pool OFFSET 0) s),
	said AS MATERIALIZED (
		SELECT p, jsonb_object_agg(name, attribute_json(a)) AS json, jsonb_object_agg(name, coalesce(txt, num::text)) AS c,
		       string_agg(' ' || written(name) || '=' || coalesce(written(txt), num::text), '') AS attributes
		  FROM pool, unnest(attributes) a GROUP BY p)
	SELECT p, at, kind, seq, occurred_at, occurred_at || ' ' || written(kind) || coalesce(' seq=' || seq, '') || coalesce(said.attributes, '') AS line,
	       CASE WHEN seq IS NULL AND json IS NULL AND random() < 0.5 THEN NULL
	            ELSE coalesce(json, '{}') || CASE WHEN seq IS NULL AND random() < 0.9 THEN '{}' ELSE jsonb_build_object('seq', seq) END END AS json, c
	  FROM (SELECT p, iso(extract(year FROM l)::int, l) || CASE WHEN h = 0 THEN 'Z' ELSE to_char(h, 'SG00') || ':00' END AS occurred_at FROM clock) clock
	  JOIN pool USING (p) LEFT JOIN said USING (p);
ALTER TABLE spelt ADD PRIMARY KEY (p);
ANALYZE spelt;

-- column_arguments is "'name', value, ..." for all names of class V.
SELECT string_agg(format(CASE type WHEN 'text' THEN '%L, c->>%L' WHEN 'boolean' THEN '%L, (c->>%L)::boolean' ELSE CASE name WHEN 'score' THEN '%L, (c->>%L)::numeric' ELSE '%L, (c->>%L)::float8' END END, name, name), ', ' ORDER BY random())
	|| ', ''seq'', seq' AS column_arguments FROM column_name \gset

CREATE AGGREGATE joined(crm_timeline.timeline) (sfunc = crm_timeline.timeline_concat, stype = crm_timeline.timeline);

CREATE TABLE built (id int, way text, t crm_timeline.timeline);

INSERT INTO built SELECT id, 'aggregate over jsonb', timeline_agg(raw.at, raw.kind, json) FROM raw JOIN spelt USING (p) GROUP BY id;
INSERT INTO built SELECT id, 'aggregate over names and values', timeline_agg(raw.at, raw.kind, :column_arguments) FROM raw JOIN spelt USING (p) JOIN life USING (id) WHERE class = 'V' GROUP BY id;
INSERT INTO built SELECT id, 'text', ('{' || string_agg(line, one_of(ARRAY[';', ' ; ', E';\n'])) || '}')::crm_timeline.timeline
	FROM raw JOIN spelt USING (p) WHERE raw.at IS NOT NULL AND raw.kind IS NOT NULL GROUP BY id;
INSERT INTO built SELECT id, 'cast from jsonb', jsonb_agg(jsonb_build_object('occurred_at', occurred_at, 'kind', kind) || coalesce(json, '{}'))::crm_timeline.timeline
	FROM raw JOIN spelt USING (p, kind) WHERE raw.at IS NOT NULL GROUP BY id;

-- Each interaction as a timeline of its own.
CREATE TABLE one AS
	SELECT ord, CASE
		WHEN class = 'V' THEN crm_timeline.timeline(at, kind, :column_arguments)
		WHEN random() < 0.8 THEN crm_timeline.timeline(at, kind, json)
		ELSE ('{' || line || '}')::crm_timeline.timeline END AS t
	  FROM (SELECT DISTINCT ON (ord) * FROM pick JOIN spelt USING (p) JOIN place USING (p) JOIN life USING (id) ORDER BY ord, random()) s;
ALTER TABLE one ADD PRIMARY KEY (ord);
INSERT INTO built SELECT id, 'single ones joined', joined(t) FROM (SELECT id, t FROM member JOIN one USING (ord), generate_series(1, copies) ORDER BY random()) s GROUP BY id;

-- As many copies of each as any timeline, or two of them joined, can have.
CREATE TABLE copied AS
	SELECT ord, copies, (SELECT joined(t) FROM one, generate_series(1, copies) WHERE one.ord = s.ord) AS t
	  FROM (SELECT ord, generate_series(1, 2 * max(copies)) AS copies FROM member GROUP BY ord) s;
ALTER TABLE copied ADD PRIMARY KEY (ord, copies);
INSERT INTO built SELECT id, 'aggregate over pieces', timeline_agg(t) FROM (SELECT id, t FROM member JOIN copied USING (ord, copies) ORDER BY random()) s GROUP BY id;

CREATE TABLE tl AS
	SELECT DISTINCT ON (id) id, coalesce(t, '{}') AS t FROM life LEFT JOIN built USING (id)
	 ORDER BY id, array_position(ARRAY['aggregate over names and values', 'aggregate over jsonb', 'text'], way);
ALTER TABLE tl ADD PRIMARY KEY (id);

-- What unnest() gives, said in the same words as the oracle.
CREATE FUNCTION said(i crm_timeline.interaction) RETURNS jsonb LANGUAGE sql IMMUTABLE
RETURN jsonb_build_array(microseconds(i.occurred_at), i.kind,
	jsonb_strip_nulls(jsonb_build_object('channel', i.channel, 'direction', i.direction, 'thread', i.thread, 'agent', i.agent, 'outcome', i.outcome, 'topic', i.topic,
		'sentiment', i.sentiment, 'score', i.score, 'value', i.value, 'effort', i.effort, 'risk', i.risk, 'automated', i.automated, 'seq', i.seq, 'source', i.source, 'ref', i.ref)),
	i.attributes);
CREATE FUNCTION said(t crm_timeline.timeline) RETURNS jsonb[] LANGUAGE sql IMMUTABLE
RETURN (SELECT coalesce(array_agg(said(ROW(u.occurred_at, u.kind, u.channel, u.direction, u.thread, u.agent, u.outcome, u.topic, u.sentiment, u.score, u.value, u.effort,
		u.risk, u.automated, u.seq, u.source, u.ref, u.attributes)::crm_timeline.interaction) ORDER BY u.n), '{}')
	  FROM crm_timeline.unnest(t) WITH ORDINALITY u (occurred_at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, effort, risk, automated,
		seq, source, ref, attributes, n));

-- Ranges around a timeline's own times, of every kind.
CREATE FUNCTION beside(at timestamptz, by_ int) RETURNS timestamptz LANGUAGE sql IMMUTABLE
RETURN CASE WHEN by_ = 0 OR at > '294276-12-31 00:00Z' OR at < '4714-11-25 00:00Z BC' THEN at ELSE at + by_ * interval '1 microsecond' END;
CREATE TABLE range AS
	SELECT id, CASE WHEN random() < 0.04 THEN 'empty' ELSE tstzrange(least(a, b), greatest(a, b), any_of('[]', '[)', '(]', '()')) END AS r
	  FROM (SELECT id, CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.05 THEN '-infinity' WHEN n = 0 THEN 'epoch' ELSE beside(ats[between_(1, n)], between_(-1, 1)::int) END AS a,
	               CASE WHEN random() < 0.1 THEN NULL WHEN random() < 0.05 THEN 'infinity' WHEN n = 0 THEN 'epoch' ELSE beside(ats[between_(1, n)], between_(-1, 1)::int) END AS b
	          FROM whole, generate_series(1, 3)) s;

-- Two timelines for an operator: of one family, and of any two whose attributes fit into one.
CREATE TABLE pair AS
	SELECT 2 * f AS a, 2 * f + 1 AS b FROM family
	UNION SELECT 2 * f + 1, 2 * f FROM family
	UNION SELECT id, id FROM life WHERE id % 20 = 0
	UNION SELECT id, (id * 7919 + 13) % (SELECT count(*)::int FROM life) FROM life WHERE id % 3 = 0;
CREATE TABLE field AS
	SELECT id, name, false AS texts FROM told WHERE num_nonnulls(VARIADIC nums) > 0
	UNION SELECT id, name, true FROM told WHERE num_nonnulls(VARIADIC txts) > 0 AND name NOT IN ('seq', 'kind');
CREATE INDEX ON field (id);
ANALYZE field;
DELETE FROM pair WHERE (SELECT count(*) FROM (SELECT FROM field WHERE id IN (a, b) GROUP BY name, texts) s) > 64;
CREATE TABLE both_ AS
	SELECT a, b, s.ord, coalesce(m.copies, 0) AS ca, coalesce(n.copies, 0) AS cb
	  FROM (SELECT a, b, m.ord FROM pair JOIN member m ON m.id = a UNION SELECT a, b, n.ord FROM pair JOIN member n ON n.id = b) s
	  LEFT JOIN member m ON m.id = a AND m.ord = s.ord LEFT JOIN member n ON n.id = b AND n.ord = s.ord;
CREATE INDEX ON both_ (a, b);
ANALYZE;
