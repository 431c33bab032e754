-- The GIN operator class of timelines: what a pattern requires, and answers with and without an index.
SET search_path = public, crm_timeline;
SET client_min_messages = warning;

-- the operator class is complete
SELECT opcname, amname, opcdefault, opckeytype::regtype, amvalidate(c.oid)
FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE opcintype = 'timeline'::regtype AND amname = 'gin';
SELECT amopstrategy, amopopr::regoperator FROM pg_amop JOIN pg_opfamily f ON f.oid = amopfamily
WHERE opfname = 'timeline_ops' AND opfmethod = (SELECT oid FROM pg_am WHERE amname = 'gin') ORDER BY 1;

-- what a pattern requires
CREATE TABLE asked (n serial, p text);
INSERT INTO asked (p) VALUES
	('a'), ('a@web'), ('"a b"@"on line"'), ('""@""'), ('"any"'), ('any'), ('inbound'), ('outbound@phone'), ('any@phone'),
	-- conditions: only kind and channel, and only where one text is certain
	('a[value > 1]'), ('a[channel = web]'), ('a[channel in (web, "e-mail")]'), ('a[channel = web and value > 1]'), ('a[channel = web or value > 1]'), ('a[channel = web or channel = phone]'),
	('a[channel != web]'), ('a[not channel != web]'), ('a[channel not in (web)]'), ('a[not (channel not in (web))]'), ('a[not (channel != web or value > 1)]'), ('a[not (channel != web and value > 1)]'),
	('a[channel is null]'), ('a[channel is not null]'), ('a[channel = 1]'), ('a[channel in (web, 1)]'), ('a[channel > web]'), ('a@web[channel = phone]'), ('a[kind = b]'),
	('any[kind = a]'), ('inbound[kind in (a, b)]@web'), ('inbound@web[kind in (a, b)]'), ('any[kind = a and channel = web]'), ('any[kind = a or channel = web]'), ('any[not kind = a]'), ('any[(kind = a and channel = x) or (kind = b and channel = y)]'),
	('any[kind in (a, b, c) and kind = a]'),
	-- sequences, alternatives, any order
	('a -> b'), ('a => b'), ('a ->[1 day..2 days] b within 7 days same thread'), ('start => a => b => end'), ('a -> b -> a'), ('a | b'), ('(a | b) -> c'), ('a -> (b | c -> d)'), ('a -> b | c -> d'),
	('(a & b)'), ('(a & (b | c) & (d -> e) & (f+))'), ('(a & any)'), ('a | any'), ('a | inbound@web'), ('(a | b[value > 1]) -> c'),
	-- what may be skipped, what must not be there
	('a?-> b'), ('a* -> b'), ('a+ -> b'), ('a{0,3} -> b'), ('a{2,5} -> b'), ('(a -> b)? -> c'), ('(a? -> b?) -> c'), ('(a | b?) -> c'), ('((a? & b?)) -> c'), ('(a? -> b) -> c'), ('(a -> b){0,} -> c'), ('any -> a?'),
	('a -> no b -> c'), ('a -> no (b | c) -> d'), ('no a for 2 days'), ('no a for 2 days -> b'), ('a -> no b for 2 days'), ('a -> no any for 2 days'), ('no a for 1 d -> b -> no c for 1 d | d'),
	-- nothing twice, nothing that follows
	('a -> a@web'), ('a@web -> a'), ('a | a@web'), ('a@web | a@phone'), ('a@web | a@phone | a'), ('a -> (a | b)'), ('a@web -> (a | b)'), ('a -> (a@web | b)'), ('a | (a -> b)'), ('a | a@web -> b'), ('a@web | a -> b'), ('(a | b) -> (b | a)');
DO $$
DECLARE
	a record;
BEGIN
	SET LOCAL client_min_messages = notice;
	FOR a IN SELECT * FROM asked ORDER BY n LOOP
		BEGIN
			RAISE NOTICE '%  %', rpad(a.p, 60), required_interactions(a.p::pattern);
		EXCEPTION WHEN invalid_text_representation THEN
			RAISE NOTICE '%  no pattern', rpad(a.p, 60);
		END;
	END LOOP;
END $$;
-- more pairs than one test is taken apart into; more interactions than a formula has
SELECT required_interactions(format('any[kind in (%s) and channel in (%s)]', string_agg('k' || i, ', '), string_agg('c' || i, ', '))::pattern) FROM generate_series(1, 9) i;
SELECT required_interactions(('z -> (' || string_agg('k' || i, ' | ') || ')')::pattern) ~ '^z & \(k1 \| k2 \| .* \| k1000\)$' AS many FROM generate_series(1, 1000) i;
SELECT required_interactions(('z -> (' || string_agg('k' || i, ' | ') || ') -> k7')::pattern) AS too_many FROM generate_series(1, 2000) i;
SELECT required_interactions(NULL) IS NULL AS of_null;

-- Lives, from a hash of their number: few kinds for most, ties, absent channels, all that conditions ask for.
CREATE FUNCTION drawn(seed bigint, n bigint, choices int) RETURNS int LANGUAGE sql IMMUTABLE AS
	$$ SELECT (hashint8extended(n, seed) & 1048575)::int % choices $$;
CREATE TABLE life (id int PRIMARY KEY, t timeline);
INSERT INTO life
SELECT id, timeline_agg('2026-01-01Z'::timestamptz + drawn(id, i, 40) * interval '6 hours',
		(ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'a', 'b', 'a'])[1 + drawn(id, i + 1000, 1 + drawn(id, 0, 9))],
		'channel', (ARRAY['web', 'phone', 'app', NULL])[1 + drawn(id, i + 2000, 4)],
		'direction', (ARRAY['inbound', 'outbound'])[1 + drawn(id, i + 3000, 2)],
		'thread', 'T' || drawn(id, i + 4000, 3), 'value', drawn(id, i + 5000, 5), 'seq', nullif(drawn(id, i + 6000, 3), 0))
FROM generate_series(1, 3000) id, LATERAL generate_series(1, 1 + drawn(id, -1, 12)) i GROUP BY id;
INSERT INTO life VALUES (-1, '{}'), (-2, NULL), (-3, '{2026-01-01T00:00:00Z a}'), (-4, '{2026-01-01T00:00:00Z "" channel=""}');
-- texts without a dictionary in one column, in the other, in both
INSERT INTO life SELECT -10, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 hour', CASE WHEN i = 700 THEN 'a' ELSE md5(i::text) END, 'channel', CASE WHEN i % 2 = 0 THEN 'web' END) FROM generate_series(1, 1000) i;
INSERT INTO life SELECT -11, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 hour', CASE WHEN i % 2 = 0 THEN 'a' ELSE 'b' END, 'channel', CASE WHEN i = 701 THEN 'web' ELSE md5(i::text) END) FROM generate_series(1, 1000) i;
INSERT INTO life SELECT -12, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 hour', md5(i::text), 'channel', CASE WHEN i = 1000 THEN 'web' ELSE md5((-i)::text) END) || '{2026-01-01T00:00:00Z c channel=phone; 2026-01-01T00:00:00Z d}' FROM generate_series(1, 1000) i;
CREATE INDEX life_t ON life USING gin (t);

-- patterns at random, of every construction; what is refused is left out
CREATE FUNCTION random_pattern(seed int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	arrow text[] := ARRAY[' -> ', ' -> ', ' -> ', ' => ', ' ->[1 day] ', ' ->[6 h..] ', ' -> no b -> ', ' -> no (a | c)@web -> ', ' -> no any@app -> '];
	event text;
	result text := '';
BEGIN
	FOR i IN 1 .. 1 + drawn(seed, 1, 4) LOOP
		event := (ARRAY['a', 'b', 'c', 'd', 'e', 'f', 'zz', 'any', 'inbound', 'a@web', 'b@phone', 'f@app', 'c[value > 2]', 'd[channel = web]', 'any[kind = e]', 'any@phone', 'a[not channel = app]', 'any[kind in (e, f) and channel in (web, app)]'])[1 + drawn(seed, 100 * i, 18)];
		event := CASE drawn(seed, 100 * i + 1, 12)
			WHEN 0 THEN event || '?' WHEN 1 THEN event || '+' WHEN 2 THEN event || '*' WHEN 3 THEN event || '{2}' WHEN 4 THEN '(' || event || ' | f)' WHEN 5 THEN '(' || event || ' & a)'
			WHEN 6 THEN '(e -> ' || event || ')?' WHEN 7 THEN '(e -> ' || event || ' | d@web)' WHEN 8 THEN '(' || event || '? -> c?)' WHEN 9 THEN '(' || event || ' & (b | c) & d)' ELSE event END;
		result := result || CASE WHEN i > 1 THEN arrow[1 + drawn(seed, 100 * i + 2, 9)] ELSE '' END || event;
	END LOOP;
	result := CASE drawn(seed, 2, 12) WHEN 0 THEN 'start => ' || result WHEN 1 THEN result || ' => end' WHEN 2 THEN result || ' within 2 days' WHEN 3 THEN result || ' same thread'
		WHEN 4 THEN 'no c for 1 day -> ' || result WHEN 5 THEN result || ' -> no any for 2 days' WHEN 6 THEN result || ' | f -> e' ELSE result END;
	RETURN result::pattern::text;
EXCEPTION WHEN invalid_text_representation THEN
	RETURN NULL;
END $$;
CREATE TABLE question AS
SELECT DISTINCT p FROM (SELECT random_pattern(seed) AS p FROM generate_series(1, 300) seed) r WHERE p IS NOT NULL;
DO $$
DECLARE
	a record;
BEGIN
	FOR a IN SELECT * FROM asked LOOP
		BEGIN
			INSERT INTO question SELECT a.p::pattern::text WHERE NOT EXISTS (SELECT FROM question q WHERE q.p = a.p::pattern::text);
		EXCEPTION WHEN invalid_text_representation THEN
			NULL;
		END;
	END LOOP;
END $$;
SELECT count(*) > 250 AS many FROM question;

-- a slow, obvious oracle: a full text search for the formula in a timeline's kinds
CREATE FUNCTION words(timeline) RETURNS tsvector LANGUAGE sql AS
	$$ SELECT array_to_tsvector(array_agg(DISTINCT kind) || coalesce(array_agg(DISTINCT kind || '@' || channel) FILTER (WHERE channel IS NOT NULL), '{}')) FROM unnest($1) $$;
CREATE FUNCTION searched(p pattern) RETURNS tsquery LANGUAGE sql AS
	$$ SELECT nullif(regexp_replace(required_interactions(p), '[[:alnum:]_@-]+', '''\&''', 'g'), '''any''')::tsquery $$;
CREATE TABLE answer (p text, id int, may boolean, does boolean);
DO $$
DECLARE
	q record;
BEGIN
	FOR q IN SELECT p FROM question WHERE p !~ '"' LOOP
		EXECUTE format('INSERT INTO answer SELECT %1$L, id, t @? %1$L, t @@ %1$L FROM life WHERE length(t) BETWEEN 1 AND 1000 AND id <> -4', q.p);
	END LOOP;
END $$;
SELECT count(*) FILTER (WHERE does AND NOT may) AS missed, count(*) FILTER (WHERE does) > 10000 AS many_match, count(*) FILTER (WHERE NOT may) > 10000 AS many_excluded FROM answer;
SELECT count(*) AS different FROM answer a JOIN (SELECT id, words(t) FROM life WHERE length(t) BETWEEN 1 AND 1000 AND id <> -4) w USING (id) JOIN (SELECT p, searched(p::pattern) FROM question WHERE p !~ '"') s USING (p)
WHERE may <> coalesce(words @@ searched, true);

-- answers by the index are those of a scan, for every pattern
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
CREATE FUNCTION rows_of(query text, by_index boolean) RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
	ids int[];
BEGIN
	PERFORM set_config('enable_seqscan', (NOT by_index)::text, true), set_config('enable_bitmapscan', by_index::text, true);
	IF plan_of(query) LIKE '%Bitmap Index Scan%' <> by_index THEN
		RAISE WARNING 'another plan for %', query;
	END IF;
	EXECUTE format('SELECT array_agg(id ORDER BY id) FROM (%s) q', query) INTO ids;
	RETURN ids;
END $$;
CREATE FUNCTION differences(share int) RETURNS TABLE (asked bigint, different bigint) LANGUAGE sql AS $$
	SELECT count(*), count(*) FILTER (WHERE rows_of(query, true) IS DISTINCT FROM rows_of(query, false))
	FROM (SELECT format(form, p) AS query FROM (SELECT p, row_number() OVER (ORDER BY p COLLATE "C") AS n FROM question) q, (VALUES ('SELECT id FROM life WHERE t @@ %L'), ('SELECT id FROM life WHERE t @? %L'),
		('SELECT id FROM life WHERE matches(t, %L, ''infinity'')'), ('SELECT id FROM life WHERE matches(t, %L, ''2026-01-06Z'')')) f (form)
	WHERE (n % share = 0 OR p ~ 'store') AND (form !~ 'matches' OR length(p) % 4 = 0)) q
$$;
SELECT asked > 500 AS many, different FROM differences(1);
SELECT rows_of(query, true) = rows_of(query, false) AS same, cardinality(rows_of(query, true)) > 0 AS some FROM (VALUES
	('SELECT id FROM life WHERE matches(t, ''a -> b'')'),
	('SELECT id FROM life WHERE t @@ ''d -> e'' AND t @@ ''a@web'''),
	('SELECT id FROM life WHERE t @@ ''d@web'' OR matches(t, ''f => f'', ''infinity'')'),
	('SELECT id FROM life WHERE t @@ ''d@web'' AND NOT t @@ ''d@app'''),
	('SELECT l.id FROM life l JOIN (VALUES (''d => a''), (''c@web -> d''), (''nobody'')) v (p) ON t @@ p::pattern'),
	('SELECT id FROM life WHERE t @@ ANY (ARRAY[''d => a'', ''c@web -> d'', NULL]::pattern[])')) v (query);
SELECT rows_of('SELECT id FROM life WHERE t @@ NULL', false) IS NULL AS none, rows_of('SELECT id FROM life WHERE t @? ''nobody''', true) IS NULL AS nobody;

-- more keys than are kept, of kinds or of pairs: always a candidate
INSERT INTO life SELECT -13, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 second', 'k' || i % 1500, 'channel', 'c' || i / 6 % 1500) || '{2026-01-01T00:00:00Z a channel=phone}' FROM generate_series(1, 9000) i;
INSERT INTO life SELECT -14, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 second', 'k' || i) FROM generate_series(1, 66000) i;
INSERT INTO life SELECT -15, timeline_agg('2026-01-01Z'::timestamptz + i * interval '1 second', 'k' || i % 300, 'channel', 'c' || i / 300) || '{2026-01-01T00:00:00Z b channel=app}' FROM generate_series(1, 90000) i;
SELECT id, length(t) AS interactions, t @? 'nobody' AS too_many_keys FROM life WHERE id IN (-15, -14, -13) ORDER BY id;
SELECT rows_of('SELECT id FROM life WHERE t @? ''nobody''', true) AS candidates;

-- what changes is found, before and after the pending list is emptied
UPDATE life SET t = t || '{2026-02-01T00:00:00Z a channel=store}' WHERE id % 3 = 0;
DELETE FROM life WHERE id % 7 = 1;
INSERT INTO question VALUES ('a@store'), ('b -> a@store');
SELECT asked > 50 AS many, different FROM differences(10);
VACUUM life;
UPDATE life SET t = t - '{2026-02-01T00:00:00Z a channel=store}' WHERE id % 6 = 0;
VACUUM life;
SELECT asked > 50 AS many, different FROM differences(10);
SELECT gin_clean_pending_list('life_t') = 0 AS clean;
DROP INDEX life_t;
CREATE INDEX life_t ON life USING gin (t) WITH (fastupdate = off);
UPDATE life SET t = t || '{2026-02-01T00:00:00Z z}' WHERE id % 5 = 0;
SELECT asked > 50 AS many, different FROM differences(10);

-- a prepared statement, with plans for any pattern
PREPARE matching (pattern) AS SELECT count(*) FROM life WHERE t @@ $1;
SET enable_seqscan = off;
SET plan_cache_mode = force_generic_plan;
SELECT plan_of('EXECUTE matching (''z'')') LIKE '%Bitmap Index Scan%' AS by_index;
EXECUTE matching ('z');
EXECUTE matching ('start => z');
EXECUTE matching (NULL);
EXECUTE matching ('any');
RESET plan_cache_mode;
RESET enable_seqscan;
SELECT count(*) FROM life WHERE length(t) > 0;
DEALLOCATE matching;

-- nothing there, only nulls, only empty timelines
CREATE TABLE hollow (id int, t timeline);
CREATE INDEX hollow_t ON hollow USING gin (t);
SET enable_seqscan = off;
SELECT count(*) FROM hollow WHERE t @@ 'any';
INSERT INTO hollow SELECT i, NULL FROM generate_series(1, 100) i;
SELECT count(*) FROM hollow WHERE t @@ 'any';
INSERT INTO hollow SELECT i, '{}' FROM generate_series(1, 100) i;
VACUUM hollow;
SELECT count(*) FROM hollow WHERE t @@ 'a';
SELECT count(*) FROM hollow WHERE t @@ 'no a for 1 day';
SELECT count(*) FROM hollow WHERE t @? 'no a for 1 day';
RESET enable_seqscan;

DROP TABLE life, hollow, asked, question, answer;
DROP FUNCTION drawn, random_pattern, words, searched, plan_of, rows_of, differences;
