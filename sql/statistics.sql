-- Statistics of timelines: what ANALYZE keeps, what is estimated from it, and which plans follow.
SET search_path = public, crm_timeline;
SET client_min_messages = warning;

-- what is asked by the server
SELECT typanalyze FROM pg_type WHERE oid = 'timeline'::regtype;
SELECT oprname, oprrest FROM pg_operator WHERE oprnamespace = 'crm_timeline'::regnamespace AND oprname IN ('@@', '@?') ORDER BY 1;
SELECT p.oid::regprocedure, prosupport FROM pg_proc p WHERE pronamespace = 'crm_timeline'::regnamespace AND prosupport <> 0 ORDER BY 1;

CREATE FUNCTION drawn(seed bigint, n bigint, choices int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT (hashint8extended(n, seed) & 1048575)::int % choices $$;
CREATE FUNCTION plan_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	plan text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || query LOOP
		plan := plan || line || E'\n';
	END LOOP;
	RETURN plan;
END $$;

-- of the keys all that there are, if they are few
CREATE TABLE customer (id int, t timeline);
ALTER TABLE customer ALTER t SET STORAGE plain;
INSERT INTO customer
SELECT id, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 day', CASE WHEN i = 0 THEN 'signup' WHEN drawn(id, i, 4000) = 0 THEN 'lawsuit' WHEN drawn(id, i, 250) = 1 THEN 'complaint'
		WHEN drawn(id, i, 12) = 0 THEN 'refund' WHEN drawn(id, i, 3) = 0 THEN 'order' ELSE 'visit' END, 'channel', (ARRAY['web', 'web', 'web', 'phone', NULL])[1 + drawn(id, i + 1000, 5)])
FROM generate_series(1, 20000) id, LATERAL generate_series(0, 2 + drawn(id, -1, 12)) i GROUP BY id;
INSERT INTO customer SELECT 0, NULL FROM generate_series(1, 200);
CREATE INDEX customer_t ON customer USING gin (t);
-- before ANALYZE there are estimates as well
CREATE FUNCTION estimated(query text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	SET LOCAL max_parallel_workers_per_gather = 0;
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;
SELECT estimated('SELECT FROM customer WHERE t @@ ''refund''') BETWEEN 100 AND 1000 AS a_default, estimated('SELECT FROM customer WHERE t @@ ''any''') > 10000 AS for_anything;
VACUUM ANALYZE customer;
SELECT abs(null_frac - 200 / 20200.0) < 0.002 AS null_fraction, n_distinct BETWEEN -1 AND -0.985 AS distinct, avg_width BETWEEN 50 AND 200 AS width,
	most_common_vals IS NULL AND histogram_bounds IS NULL AND correlation IS NULL AS nothing_else, cardinality(most_common_elem_freqs) - cardinality(most_common_elems::text::bigint[]) AS extra_numbers,
	cardinality(most_common_elems::text::bigint[]) = (SELECT count(*) FROM (SELECT kind FROM customer, unnest(t) UNION SELECT kind || '@' || channel FROM customer, unnest(t) WHERE channel IS NOT NULL) k) AS all_keys,
	most_common_elems::text::bigint[] = ARRAY(SELECT unnest(most_common_elems::text::bigint[]) ORDER BY 1) AS ascending
FROM pg_stats WHERE tablename = 'customer' AND attname = 't';
-- single events: as good as the sample, within a factor of 3 where there are enough
CREATE FUNCTION off_by(condition text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	guess float8 := estimated('SELECT FROM customer WHERE ' || condition);
	found float8;
BEGIN
	EXECUTE 'SELECT greatest(count(*), 1) FROM customer WHERE ' || condition INTO found;
	RETURN greatest(guess / found, found / guess);
END $$;
SELECT p, off_by(format('t @@ %L', p)) < 1.5 AS by_half, off_by(format('matches(t, %L, ''infinity'')', p)) < 1.5 AS as_of
FROM unnest(ARRAY['visit', 'order', 'order@phone', 'refund@web', 'complaint', 'complaint@web', 'signup', 'any', 'refund | complaint']) p;
SELECT p, off_by(format('t @? %L', p)) < 3 AS by_three
FROM unnest(ARRAY['lawsuit', 'nobody', 'lawsuit@fax', 'refund -> order', '(refund & complaint)', 'complaint@phone | lawsuit', 'order -> no visit -> refund?', '(order@phone & order@web & refund)', 'inbound -> complaint']) p;
SELECT estimated('SELECT FROM customer WHERE NOT t @@ ''visit''') < 10000 AS negated, estimated('SELECT FROM customer WHERE t @@ NULL') <= 1 AS nothing;

-- plans: the index where few are candidates, a scan where most are
SET max_parallel_workers_per_gather = 0;
SELECT condition, CASE WHEN plan LIKE '%Bitmap Index Scan%' THEN 'index' WHEN plan LIKE '%Seq Scan%' THEN 'scan' END AS by
FROM (SELECT condition, plan_of('SELECT FROM customer WHERE ' || condition) AS plan FROM unnest(ARRAY[
	't @@ ''lawsuit''', 't @@ ''complaint@phone''', 't @@ ''complaint -> lawsuit''', 't @@ ''signup -> no order -> complaint@web within 7 days''', 't @@ ''nobody''', 't @? ''lawsuit -> order''',
	'matches(t, ''lawsuit -> order'')', 'matches(t, ''lawsuit -> order'', ''2026-01-04Z'')', 't @@ ''lawsuit'' AND t @@ ''visit''',
	't @@ ''signup''', 't @@ ''signup | lawsuit''', 't @@ ''any''', 't @@ ''inbound -> outbound''', 'matches(t, ''no signup for 2 days -> any'', ''infinity'')', 't @? ''signup''',
	'match_count(t, ''lawsuit'') > 0', 'NOT t @@ ''lawsuit''']) condition) c;
RESET max_parallel_workers_per_gather;

-- more keys than are kept: the frequent ones are known, any other is rarer than they are
CREATE TABLE varied (t timeline);
INSERT INTO varied SELECT timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 day', CASE WHEN i = 0 THEN 'common' WHEN i = 1 AND id % 10 = 0 THEN 'tenth' ELSE 'k' || hashint8extended(i, id) END)
FROM generate_series(1, 3000) id, generate_series(0, 20) i GROUP BY id;
ALTER TABLE varied ALTER t SET STATISTICS 1;
ANALYZE varied;
SELECT estimated('SELECT FROM varied WHERE t @@ ''common''') > 2900 AS common, estimated('SELECT FROM varied WHERE t @@ ''tenth''') BETWEEN 90 AND 900 AS tenth, estimated('SELECT FROM varied WHERE t @@ ''rare''') < 40 AS rare;
SELECT cardinality(most_common_elem_freqs) <= 12 AS few FROM pg_stats WHERE tablename = 'varied';
ALTER TABLE varied ALTER t SET STATISTICS 0;
ANALYZE varied;

-- nothing there, or only nulls
CREATE TABLE hollow (id int, t timeline);
ANALYZE hollow;
SELECT estimated('SELECT FROM hollow WHERE t @@ ''a''') > 0 AS some;
INSERT INTO hollow SELECT i, NULL FROM generate_series(1, 100) i;
ANALYZE hollow;
SELECT null_frac, n_distinct, most_common_elems IS NULL AS no_keys FROM pg_stats WHERE tablename = 'hollow' AND attname = 't';
SELECT estimated('SELECT FROM hollow WHERE t @@ ''a''') <= 1 AS none;
INSERT INTO hollow SELECT i, '{}' FROM generate_series(1, 100) i;
ANALYZE hollow;
SELECT null_frac, n_distinct, most_common_elems IS NULL AS no_keys FROM pg_stats WHERE tablename = 'hollow' AND attname = 't';

-- an index over what is computed, with statistics of its own
CREATE INDEX customer_orders ON customer USING gin (pick_kinds(t, 'order', 'refund'));
ANALYZE customer;
SELECT plan_of('SELECT FROM customer WHERE pick_kinds(t, ''order'', ''refund'') @@ ''complaint''') LIKE '%customer_orders%' AS by_index,
	estimated('SELECT FROM customer WHERE pick_kinds(t, ''order'', ''refund'') @@ ''complaint''') < 100 AS estimate;

DROP TABLE customer, varied, hollow;
DROP FUNCTION drawn, plan_of, estimated, off_by;
