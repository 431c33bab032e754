-- store: timelines of customers, kept; what is asked of them, and what refresh and verify() say.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
SET search_path = public, crm_timeline;
-- customers are numbered from one
DROP EXTENSION crm_timeline CASCADE;
CREATE EXTENSION crm_timeline;

CREATE SCHEMA shop;
CREATE TABLE shop.ticket (id bigint PRIMARY KEY, contact int, email text, via text, status text, mood double precision, at timestamptz, extra jsonb);
CREATE TABLE shop.visit (id bigint PRIMARY KEY, email text, page text, at timestamptz);
INSERT INTO shop.ticket VALUES
	(1, 1, 'ann@example.com', 'email', 'open', 0.5, '2026-01-01 10:00Z', '{"effort": 3, "plan": "gold"}'),
	(2, 1, NULL, 'phone', 'solved', -7, '2026-01-03 10:00Z', '{"effort": "much", "channel": "fax"}'),
	(3, 2, 'bob@example.com', 'chat', 'open', NULL, '2026-01-02 10:00Z', '[1]'),
	(4, NULL, NULL, 'chat', 'open', NULL, '2026-01-02 10:00Z', NULL),
	(5, 3, NULL, 'chat', 'open', NULL, NULL, NULL);
INSERT INTO shop.visit VALUES (1, 'ann@example.com', '/', '2026-01-02 09:00Z'), (2, 'eve@example.com', '/', '2026-01-02 09:00Z');

-- nothing is registered: nothing to refresh, and nothing wrong
CALL refresh();
SELECT * FROM verify();
SELECT store_mode(), timeline_of(1), last_interaction_of(1);
SELECT indexrelid::regclass AS index FROM pg_index WHERE indrelid = 'crm_timeline.stored_timeline'::regclass;

SELECT add_source('tickets', 'shop.ticket', occurred_at => 'at', kind => $$'ticket'$$, channel => 'via', direction => $$'inbound'$$, outcome => 'status',
	sentiment => 'mood', keys => ARRAY['contact: contact', 'email: email'], attributes => 'extra');
SELECT add_source('visits', 'shop.visit', occurred_at => 'at', kind => $$'visit'$$, channel => $$'web'$$, keys => ARRAY['email: email']);
SELECT store_mode();
CALL refresh();
SELECT store_mode();
-- the indexes come after the first rows
SELECT i.indexrelid::regclass AS index, indisvalid, pg_get_indexdef(i.indexrelid) AS definition, obj_description(i.indexrelid, 'pg_class') AS comment
FROM pg_index i WHERE i.indrelid = 'crm_timeline.stored_timeline'::regclass ORDER BY i.indexrelid::regclass::text COLLATE "C";
SELECT * FROM timelines ORDER BY customer_id;
SELECT * FROM customer_summary ORDER BY customer_id;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'crm_timeline.customer_summary'::regclass ORDER BY attnum;
SELECT source, problem, lost, row_count FROM source_errors() ORDER BY 1, 2;
SELECT * FROM verify();

-- written in this transaction: seen in it, also of somebody new
BEGIN;
UPDATE shop.ticket SET status = 'solved' WHERE id = 3;
INSERT INTO shop.visit VALUES (3, 'new@example.com', '/', '2026-01-05 09:00Z');
SELECT store_mode(), (SELECT count(*) FROM dirty_customer);
SELECT customer_id < 0 AS provisional, timeline FROM timelines WHERE customer_id < 0 OR customer_id = customer_of('contact:2') ORDER BY 1;
SELECT last_outcome FROM customer_summary WHERE customer_id = customer_of('contact:2');
SELECT timeline_of(customer_of('email:new@example.com'));
SELECT occurred_at, kind, outcome FROM last_interaction_of(customer_of('contact:2'));
ROLLBACK;
SELECT store_mode();

-- a merge by a link: dirty from resolve() on, and both ids lead to one
SELECT link('contact:1', 'contact:2') IS NOT NULL AS linked;
SELECT joined FROM resolve();
SELECT store_mode(), (SELECT count(*) FROM dirty_customer), (SELECT count(*) FROM timelines);
SELECT timeline_of(2) = timeline_of(1) AS same, length(timeline_of(1));
CALL refresh();
SELECT * FROM verify();

-- who may be stored
CREATE VIEW shop.open_ticket AS SELECT * FROM shop.ticket WHERE status = 'open';
SELECT add_source('open', 'shop.open_ticket', occurred_at => 'at', kind => $$'open'$$, keys => ARRAY['contact: contact'], ref => 'id', stored => true);
SELECT add_source('open', 'shop.open_ticket', occurred_at => 'at', kind => $$'open'$$, keys => ARRAY['contact: contact'], ref => 'id');
SELECT alter_source('visits', 'capture', 'none', 'stored', 'true');
SELECT (store_status()).stored_sources, (store_status()).live_sources, store_mode();
-- nobody marks a live source's customers, and they are right all the same
UPDATE shop.ticket SET status = 'solved' WHERE id = 1;
CALL refresh();
SELECT store_mode(), kinds(timeline) FROM timelines WHERE customer_id = 1;
SELECT last_kind, last_outcome FROM customer_summary WHERE customer_id = 1;
SELECT drop_source('open');
-- row security: read with the reader's rights, unless the DBA says otherwise
ALTER TABLE shop.visit ENABLE ROW LEVEL SECURITY;
SELECT problem FROM verify() WHERE object = 'source visits' ORDER BY 1;
SELECT resume_source('visits');
SELECT (store_status()).live_sources;
SELECT alter_source('visits', 'stored', 'true');
SELECT (store_status()).live_sources;
ALTER TABLE shop.visit DISABLE ROW LEVEL SECURITY;
SELECT resume_source('visits');
SELECT alter_source('visits', 'stored', NULL);
CALL refresh();
SELECT * FROM verify();

-- errors
CALL refresh(0);
SELECT * FROM verify(2);
SELECT * FROM verify(NULL);
SELECT note_row_read(1);
SELECT refresh_batch(0, 0, true);

-- rights: a role that has none, and one that may read timelines and no table
CREATE ROLE crm_store_reader;
SET ROLE crm_store_reader;
SELECT count(*) FROM timelines;
SELECT count(*) FROM stored_timeline;
RESET ROLE;
SELECT grant_read('crm_store_reader', 'timelines');
SET ROLE crm_store_reader;
SELECT length(timeline_of(1)), store_mode();
SELECT count(*) FROM timelines;
RESET ROLE;
GRANT USAGE ON SCHEMA shop TO crm_store_reader;
GRANT SELECT ON shop.ticket, shop.visit TO crm_store_reader;
SET ROLE crm_store_reader;
SELECT count(*) FROM timelines;
SELECT count(*) FROM customer_summary;
INSERT INTO changed_customer VALUES (1);
RESET ROLE;
-- a rebuilt view keeps its readers
SELECT rebuild_views();
SET ROLE crm_store_reader;
SELECT count(*) FROM timelines;
RESET ROLE;

-- many customers: plans, by what they contain
INSERT INTO shop.visit SELECT 100 + n, 'p' || n % 3000 || '@example.com', '/', timestamptz '2026-01-01 00:00Z' + n * interval '1 min' FROM generate_series(1, 30000) n;
INSERT INTO shop.ticket SELECT 100 + n, NULL, 'p' || n * 100 || '@example.com', 'phone', 'open', NULL, timestamptz '2026-02-01 00:00Z' + n * interval '1 h' FROM generate_series(1, 12) n;
CALL refresh();
CALL create_suggested_indexes();
ANALYZE;
CREATE FUNCTION pg_temp.plan_has(query text, node text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line ~ node THEN RETURN true; END IF;
	END LOOP;
	RETURN false;
END $$;
SELECT pg_temp.plan_has($$SELECT * FROM timelines WHERE timeline @@ 'ticket@phone -> refund'$$, 'Bitmap Index Scan on stored_timeline_kinds') AS index_for_the_selective,
	pg_temp.plan_has($$SELECT * FROM timelines WHERE timeline @@ 'visit'$$, 'stored_timeline_kinds') AS index_for_the_frequent,
	pg_temp.plan_has($$SELECT * FROM customer_summary ORDER BY last_at DESC LIMIT 10$$, 'stored_timeline_last') AS last_by_index,
	pg_temp.plan_has($$SELECT * FROM timelines WHERE customer_id = 5$$, 'Seq Scan on (stored_timeline|visit|membership)') AS reads_all_for_one;
SELECT count(*) FROM timelines WHERE timeline @@ 'ticket@phone';
UPDATE shop.ticket SET via = 'email' WHERE id = 101;
SELECT store_mode(), count(*) FROM timelines WHERE timeline @@ 'ticket@phone';
-- a population is read in parallel
ALTER TABLE stored_timeline SET (parallel_workers = 2);
ANALYZE dirty_log, changed_customer, stored_timeline;
SELECT pg_temp.plan_has($$SELECT sum(match_count(timeline, 'visit', 'infinity')) FROM timelines$$, 'Parallel Append')
	AND pg_temp.plan_has($$SELECT sum(match_count(timeline, 'visit', 'infinity')) FROM timelines$$, 'Partial Aggregate') AS parallel;
SELECT sum(length(timeline)) = (SELECT count(*) FROM interactions) AS all_there FROM timelines;
ALTER TABLE stored_timeline RESET (parallel_workers);

-- a giant: in segments, of which only those are written that a time touches
INSERT INTO shop.visit SELECT 1000000 + n, 'giant@example.com', '/' || md5(n::text), timestamptz '2026-01-01 00:00Z' + n * interval '1 min' FROM generate_series(1, 30000) n;
CALL refresh();
CREATE TEMP TABLE before AS SELECT s.customer_id, s.starts_at, s.ctid AS place, s.xmin AS writer FROM stored_segment s;
SELECT count(*) > 10 AS segments, count(DISTINCT customer_id) FROM before;
SELECT timeline IS NULL AS in_segments, interactions FROM stored_timeline WHERE customer_id = customer_of('email:giant@example.com');
INSERT INTO shop.visit VALUES (2, 'giant@example.com', 'now', '2026-01-21 20:30Z'), (3, 'giant@example.com', 'then', '2026-01-05') ON CONFLICT (id) DO UPDATE SET email = excluded.email, at = excluded.at;
SELECT interactions FROM customer_summary WHERE customer_id = customer_of('email:giant@example.com');
CALL refresh();
SELECT count(*) FILTER (WHERE b.writer IS NULL OR b.writer <> s.xmin) AS written, count(*) > 10 AS segments
	FROM stored_segment s LEFT JOIN before b USING (customer_id, starts_at);
SELECT interactions, last_at FROM stored_timeline WHERE customer_id = customer_of('email:giant@example.com');
SELECT length(timeline_of(customer_of('email:giant@example.com')));
SELECT occurred_at, ref FROM last_interaction_of(customer_of('email:giant@example.com'));
-- and no giant any more
DELETE FROM shop.visit WHERE email = 'giant@example.com' AND id > 1000100;
CALL refresh();
SELECT timeline IS NULL AS in_segments, interactions, (SELECT count(*) FROM stored_segment) AS segments FROM stored_timeline WHERE customer_id = customer_of('email:giant@example.com');
SELECT * FROM verify();
SELECT * FROM verify(0.1);
CALL rebuild();
SELECT * FROM verify();
SELECT mode, marks, dirty_customers, stored_sources, live_sources, refresh_running, done >= total AS done FROM store_status();

-- one row that can not be read leaves the others up to date
SELECT alter_source('tickets', 'value', '1 / (id - 3)');
CALL refresh();
SELECT store_mode();
SELECT alter_source('tickets', 'value', NULL);
CALL refresh();
SELECT store_mode(), (SELECT count(*) FROM verify());

-- nor does a column that was renamed take its source out of the store: the views have it, and all is read from them
ALTER TABLE shop.visit RENAME COLUMN at TO visited_at;
CALL rebuild();
SELECT store_mode(), (SELECT sum(length(timeline)) FROM timelines) = (SELECT count(*) FROM interactions) AS all_there;
SELECT problem FROM verify() WHERE object = 'source visits';
SELECT alter_source('visits', 'occurred_at', 'visited_at');
CALL refresh();
SELECT store_mode(), (SELECT count(*) FROM verify());

DROP SCHEMA shop CASCADE;
DROP EXTENSION crm_timeline CASCADE;
DROP ROLE crm_store_reader;
CREATE EXTENSION crm_timeline;
