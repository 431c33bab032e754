-- Rows of one large timeline, of more shapes than are kept, and timelines that are hard to sum up and hard to cut. Needs :seed, and
-- what store_rows.sql made.
SET search_path = public, crm_timeline;
SELECT setseed(:seed);

-- many rows of one timeline, with more names than a timeline keeps
CREATE TABLE large AS
	SELECT n, '2026-01-01Z'::timestamptz + floor(random() * 1e5) * interval '1 s' AS at, 'kind ' || n % 5 AS kind, md5(n::text) AS ref,
	       jsonb_build_object('n' || floor(300 * random()), n, 'm' || n % 40, 'x', 'n1', n % 3) AS attributes
	FROM generate_series(1, 60000) n ORDER BY random();
ALTER TABLE large SET (parallel_workers = 2);
CREATE TABLE large_wanted AS
	WITH kept AS (SELECT array_agg(name) AS names FROM (SELECT DISTINCT jsonb_object_keys(attributes) COLLATE "C" AS name FROM large ORDER BY 1 LIMIT 62) s)
	SELECT 0 AS id, timeline_agg(at, kind, (SELECT jsonb_object_agg(key, value) FROM jsonb_each(attributes) WHERE key = ANY (names)) || jsonb_build_object('source', 's', 'ref', ref)) AS t
	FROM large, kept;

-- columns in all combinations, and objects of more shapes than a vocabulary takes
CREATE TABLE odd AS
	SELECT n % 50 AS id, n, '2026-01-01Z'::timestamptz + n % 777 * interval '1 minute' AS at, 'kind' AS kind, CASE WHEN m & 1 > 0 THEN 'c' || n END AS channel,
	       CASE WHEN m & 2 > 0 THEN 'inbound' END AS direction, CASE WHEN m & 4 > 0 THEN 'T' || n % 9 END AS thread, CASE WHEN m & 8 > 0 THEN 'A' END AS agent,
	       CASE WHEN m & 16 > 0 THEN 'o' END AS outcome, CASE WHEN m & 32 > 0 THEN 't' END AS topic, CASE WHEN m & 64 > 0 THEN 0.5 END AS sentiment,
	       CASE WHEN m & 128 > 0 THEN n % 10 END::float8 AS score, CASE WHEN m & 256 > 0 THEN n % 7 END::float8 AS value, CASE WHEN m & 512 > 0 THEN n % 3 = 0 END AS automated,
	       CASE WHEN m & 1024 > 0 THEN 'source' END AS source, CASE WHEN m & 2048 > 0 THEN md5(n::text) END AS ref, CASE WHEN m & 4096 > 0 THEN n % 4 END::bigint AS seq, NULL::jsonb AS attributes
	FROM (SELECT n, hashint4(n) AS m FROM generate_series(1, 30000) n OFFSET 0) s;
CREATE TABLE odder AS SELECT * FROM odd;
UPDATE odder SET attributes = (SELECT jsonb_object_agg('b' || b, n % 5) FROM generate_series(0, 14) b WHERE hashint4(n + 7) >> b & 1 = 1);
ALTER TABLE odder SET (parallel_workers = 2);

-- what is summed up, and cut: ends at any place, a direction far back, many directions
CREATE TABLE various AS
	SELECT 'wanted ' || id AS id, t FROM wanted WHERE t IS NOT NULL
	UNION ALL SELECT 'large', t FROM large_wanted
	UNION ALL SELECT 'empty', '{}'
	UNION ALL SELECT 'end ' || id || ' ' || k, slice(t, tstzrange(NULL, starts_at(t) + random() * (ends_at(t) - starts_at(t)), '[]')) FROM wanted, generate_series(1, 3) k
	UNION ALL SELECT 'early ' || n, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'direction', CASE WHEN i = 1 THEN 'inbound' WHEN i = 500 THEN 'outbound' WHEN i % 3 = 0 THEN 'x' END)
		FROM unnest('{1,2,223,224,225,447,448,449,5000}'::int[]) n, generate_series(1, n) i GROUP BY n
	UNION ALL SELECT 'directions ' || n, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'direction', CASE WHEN i % 1000 = 7 THEN 'outbound' ELSE 'inbound' || i * 7919::bigint % 100003 END)
		FROM unnest('{5,1000,70000}'::int[]) n, generate_series(1, n) i GROUP BY n
	UNION ALL SELECT 'words', timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'direction',
		(ARRAY['in', 'inbound', 'inbounds', 'outboun', 'outbound', 'outbounded and some more', '', 'Outbound'])[1 + i % 8]) FROM generate_series(1, 100) i;

-- what is cut: texts that get longer, or shorter, new texts after old ones, instants of any size; steady where all interactions take about the same
CREATE TABLE cut AS
	SELECT id, t, false AS steady FROM various
	UNION ALL SELECT 'longer', timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'ref', repeat(md5(i::text), i / 500)), false FROM generate_series(1, 5000) i
	UNION ALL SELECT 'shorter', timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'ref', repeat(md5(i::text), (5000 - i) / 500)), false FROM generate_series(1, 5000) i
	UNION ALL SELECT 'then new', timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a', 'ref', CASE WHEN i < 20000 THEN 'same' ELSE md5(i::text) END), false FROM generate_series(1, 40000) i
	UNION ALL SELECT 'nothing new', timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 s', 'a'), true FROM generate_series(1, 300000) i
	UNION ALL SELECT 'refs', timeline_agg('2026-01-01Z'::timestamptz + i::float8 * i * interval '1 ms', 'kind ' || i % 9, 'ref', i::text, 'value', i % 977 / 100.0), true FROM generate_series(1, 100000) i
	UNION ALL SELECT 'instants', timeline_agg('2026-01-01Z'::timestamptz + floor(ln(i) * 20) * interval '1 s', 'a', 'ref', md5(i::text)), false FROM generate_series(1, 30000) i
	UNION ALL SELECT 'one instant', timeline_agg('2026-01-01Z'::timestamptz, 'a', 'ref', md5(i::text)), false FROM generate_series(1, 3000) i
	UNION ALL SELECT 'an instant first', timeline_agg('2026-01-01Z'::timestamptz + greatest(i - 3000, 0) * interval '1 s', 'a', 'ref', md5(i::text)), false FROM generate_series(1, 6000) i
	UNION ALL SELECT 'an instant last', timeline_agg('2026-01-01Z'::timestamptz + least(i, 3000) * interval '1 s', 'a', 'ref', md5(i::text)), false FROM generate_series(1, 6000) i;
ALTER TABLE cut ADD PRIMARY KEY (id);
CREATE TABLE part AS
	SELECT id, steady, max_bytes, n, p, starts_at(p) AS starts_at, ends_at(p) AS ends_at, pg_column_size(p) AS bytes
	FROM (SELECT id, t, steady, max_bytes FROM cut, unnest('{1,70,500,8192,65536,1000000,2147483647}'::int[]) max_bytes WHERE length(t) < 5000 OR max_bytes > 70) c,
	     timeline_parts(t, max_bytes) WITH ORDINALITY AS p (p, n);
VACUUM ANALYZE;
