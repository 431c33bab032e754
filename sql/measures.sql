-- Definitions and the measures of one customer: worked numbers, and what the definitions of a firm change.
-- The extension is loaded; what is printed must not depend on any setting.
SET search_path = public, crm_timeline;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

-- a text names what differs; events are alternatives of tests, however they are grouped
SELECT ''::definitions = definitions() AS defaults, definitions()::text::definitions = definitions() AS round_trip,
	'poor: visit | (hit@web | any[kind = error])'::definitions = 'poor: (visit | hit@web | any[kind = error])' AS alternatives,
	substring('poor: visit | hit@web'::definitions::text FROM 'poor: [^;]*') AS poor;
SELECT event_count('{2026-01-01T10:00Z visit; 2026-01-01T11:00Z hit channel=web; 2026-01-01T12:00Z hit channel=app; 2026-01-01T13:00Z error}', 'poor', '(,)',
	d::definitions), d FROM unnest('{"", "poor: visit", "poor: visit | hit@web", "poor: any"}'::text[]) d;

-- of a cap between two numbers, the next number is the one that is too many
SELECT p.cap, p.touches, p.is_over, p.allowed_at
FROM unnest('{0, 0.5, 1, 1.5, 2, 2.5}'::float8[]) c, pressure('{2026-01-01T00:00Z push direction=outbound; 2026-01-02T00:00Z push direction=outbound; 2026-01-03T00:00Z push direction=outbound}',
	('pressure_within = 1 week; pressure_cap = ' || c)::definitions, '2026-01-04') p;

-- asking again in a wait that a reopening began goes back to the reopening, not to a wait before
SELECT item, occurred_at, earlier_at, ref, earlier_ref
FROM friction_items('{2026-01-01T10:00Z message direction=inbound thread=T ref=first; 2026-01-01T10:30Z reply direction=outbound thread=T;
	2026-01-02T10:00Z reopened thread=T ref=reopened; 2026-01-02T10:59Z message direction=inbound thread=T ref=soon; 2026-01-02T11:00Z message direction=inbound thread=T ref=again}', as_of => '2026-01-02T12:00Z') WHERE item = 'repeat';

-- a transfer without an agent and the change of agent after it are one, also where the one before says a word in between
SELECT name, c.stations, c.handlers, c.transfers FROM (VALUES
	('A, T, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'::timeline),
	('A, T, A, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T11:01Z reply agent=A thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T, T, B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T11:01Z handover thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T of B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer agent=B thread=T}'),
	('A, T, T of B', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer thread=T; 2026-01-01T12:00Z transfer agent=B thread=T}'),
	('T, A, B', '{2026-01-01T10:00Z transfer thread=T; 2026-01-01T11:00Z reply agent=A thread=T; 2026-01-01T12:00Z reply agent=B thread=T}'),
	('A, T, B, A', '{2026-01-01T10:00Z reply agent=A thread=T; 2026-01-01T11:00Z transfer agent=B direction=internal thread=T; 2026-01-01T12:00Z reply agent=B thread=T; 2026-01-01T13:00Z reply agent=A thread=T}'))
	v (name, t), conversations(t, as_of => 'infinity') c;

-- as of infinity everything is seen; silence has no end then
SELECT * FROM baseline('{2026-01-01T10:00Z call direction=inbound channel=phone; 2026-01-03T10:00Z ticket direction=inbound channel=web; 2026-01-04T10:00Z ticket direction=inbound channel=web}', as_of => 'infinity');

-- worked numbers, computed elsewhere: what is asked, what it has to be, what it is
CREATE TEMP TABLE worked (story text, t timeline);
INSERT INTO worked VALUES
	-- 0 s, 60, an agent at 180 and 200, 300, a bot at 301, the agent at 900
	('reply runs', '{2026-03-02T09:00:00Z message direction=inbound thread=T; 2026-03-02T09:01:00Z message direction=inbound thread=T;
		2026-03-02T09:03:00Z reply direction=outbound agent=A thread=T; 2026-03-02T09:03:20Z reply direction=outbound agent=A thread=T;
		2026-03-02T09:05:00Z message direction=inbound thread=T; 2026-03-02T09:05:01Z reply direction=outbound automated=true thread=T;
		2026-03-02T09:15:00Z reply direction=outbound agent=A thread=T}'),
	('reopened after a bot', '{2026-03-02T09:00Z ticket direction=inbound thread=T; 2026-03-02T09:05Z solved automated=true thread=T;
		2026-03-06T14:00Z reopened thread=T; 2026-03-06T14:10Z reply direction=outbound agent=A thread=T}'),
	('A, B, A', '{2026-03-02T09:00Z reply direction=outbound agent=A thread=T; 2026-03-02T10:00Z reply direction=outbound agent=B thread=T;
		2026-03-02T11:00Z reply direction=outbound agent=A thread=T}'),
	('solved, reopened, solved', '{2026-03-02T09:00Z ticket direction=inbound thread=T; 2026-03-02T10:00Z solved agent=A thread=T;
		2026-03-03T10:00Z reopened thread=T; 2026-03-03T11:00Z solved agent=B thread=T}'),
	-- one, two and no half-life of 30 days before the last: weights 1/4, 1/2 and 1
	('mood', '{2026-01-01T00:00Z survey sentiment=1; 2026-01-31T00:00Z survey sentiment=-1; 2026-03-02T00:00Z survey sentiment=0.5}'),
	-- one after another, in one conversation
	('five replies', '{2026-03-02T09:00:00Z message direction=inbound thread=T; 2026-03-02T09:00:10Z reply direction=outbound thread=T;
		2026-03-02T10:00:00Z message direction=inbound thread=T; 2026-03-02T10:00:40Z reply direction=outbound thread=T;
		2026-03-02T11:00:00Z message direction=inbound thread=T; 2026-03-02T11:01:40Z reply direction=outbound thread=T;
		2026-03-02T12:00:00Z message direction=inbound thread=T; 2026-03-02T12:00:20Z reply direction=outbound thread=T;
		2026-03-02T13:00:00Z message direction=inbound thread=T; 2026-03-02T13:00:30Z reply direction=outbound thread=T}'),
	-- Monday 23:00 in Berlin
	('contact cap', '{2026-03-02T22:00Z newsletter direction=outbound}');
CREATE FUNCTION in_seconds(interval) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT extract(epoch FROM $1)::bigint || ' s' $$;
SELECT story, figure, expected, got, expected = got AS right FROM worked, LATERAL (
	SELECT 'first response', '180 s', in_seconds(first_response) FROM conversations(t, as_of => '2026-03-07') WHERE story = 'reply runs'
	UNION ALL SELECT 'replies', '180 s (2 attempts), 600 s (1 attempts)', string_agg(in_seconds(waited) || ' (' || attempts || ' attempts)', ', ')
		FROM waits(t, as_of => '2026-03-07') WHERE story = 'reply runs' AND outcome = 'answered' HAVING count(*) > 0
	UNION ALL SELECT 'total', '780 s', in_seconds(answer_time) FROM conversations(t, as_of => '2026-03-07') WHERE story = 'reply runs'
	UNION ALL SELECT 'first response', '600 s', in_seconds(first_response) FROM conversations(t, as_of => '2026-03-07') WHERE story = 'reopened after a bot'
	UNION ALL SELECT 'waits', 'resolved 300 s, answered 600 s', string_agg(outcome || ' ' || in_seconds(waited), ', ')
		FROM waits(t, as_of => '2026-03-07') WHERE story = 'reopened after a bot' HAVING count(*) > 0
	UNION ALL SELECT 'stations, handlers, transfers', '3, 2, 2', concat_ws(', ', stations, handlers, transfers) FROM conversations(t, as_of => '2026-03-07') WHERE story = 'A, B, A'
	UNION ALL SELECT 'shares', 'A 0.5, B 0.5', string_agg(agent || ' ' || share, ', ') FROM handlers(t, as_of => '2026-03-07') WHERE story = 'A, B, A' HAVING count(*) > 0
	UNION ALL SELECT 'resolutions, reopenings', '2, 1', concat_ws(', ', resolutions, reopens) FROM conversations(t, as_of => '2026-03-07') WHERE story = 'solved, reopened, solved'
	UNION ALL SELECT 'resolving agent', 'B', resolving_agent FROM conversations(t, as_of => '2026-03-07') WHERE story = 'solved, reopened, solved'
	UNION ALL SELECT 'mean, median, 90 in 100', '40 s, 30 s, 76 s', concat_ws(', ', in_seconds(avg(waited)), in_seconds(percentile_cont(0.5) WITHIN GROUP (ORDER BY waited)),
		in_seconds(percentile_cont(0.9) WITHIN GROUP (ORDER BY waited))) FROM waits(t, as_of => '2026-03-07') WHERE story = 'five replies' AND outcome = 'answered' HAVING count(*) > 0
	UNION ALL SELECT 'mood', '0.142857', round((mood(t, as_of => '2026-03-07')).mood::numeric, 6)::text WHERE story = 'mood'
	UNION ALL SELECT 'mood_agg', '0.142857', round((mood_agg(occurred_at, sentiment, '30 days')).mood::numeric, 6)::text FROM unnest(t) WHERE story = 'mood' HAVING count(*) > 0
	UNION ALL SELECT 'Tuesday 01:00, one in 24 hours', 'over, again at 2026-03-03 22:00:00+00', CASE WHEN is_over THEN 'over' ELSE 'free' END || ', again at ' || allowed_at
		FROM pressure(t, 'pressure_within = 24 hours; pressure_cap = 1', '2026-03-03 00:00Z', 'Europe/Berlin', 'day') WHERE story = 'contact cap'
	UNION ALL SELECT 'Tuesday 01:00, one a day', 'free', CASE WHEN is_over_calendar THEN 'over' ELSE 'free' END
		FROM pressure(t, 'pressure_within = 24 hours; pressure_cap = 1', '2026-03-03 00:00Z', 'Europe/Berlin', 'day') WHERE story = 'contact cap'
	UNION ALL SELECT 'Monday 23:30, one a day', 'over', CASE WHEN is_over_calendar THEN 'over' ELSE 'free' END
		FROM pressure(t, 'pressure_within = 24 hours; pressure_cap = 1', '2026-03-02 22:30Z', 'Europe/Berlin', 'day') WHERE story = 'contact cap') f (figure, expected, got);

-- nothing in, nothing out; nothing seen, nothing found
SELECT count(*) AS no_rows FROM (SELECT 1 FROM waits(NULL) UNION ALL SELECT 1 FROM waits('{}') UNION ALL SELECT 1 FROM conversations('{}') UNION ALL SELECT 1 FROM handlers('{}')
	UNION ALL SELECT 1 FROM friction_items('{}') UNION ALL SELECT 1 FROM recoveries('{}') UNION ALL SELECT 1 FROM feedback_loops('{}') UNION ALL SELECT 1 FROM waits('{}', NULL)) n;
SELECT attention('{}') AS attention, friction('{}') AS friction, mood('{}') AS mood, baseline('{}') AS baseline, pick_event('{}', 'poor') AS picked, event_count('{}', 'poor', '(,)');
SELECT attention(NULL) IS NULL AND friction('{}', NULL) IS NULL AND mood('{}', as_of => NULL) IS NULL AND pick_event('{}', NULL) IS NULL AS null_is_null,
	friction(t, as_of => '-infinity') = friction('{}') AND mood(t, as_of => '-infinity') = mood('{}') AND baseline(t, as_of => '-infinity') = baseline('{}') AS before_all
FROM worked WHERE story = 'reply runs';
SELECT (pressure('{}', as_of => '2026-03-29 12:00Z', zone => 'Europe/Berlin')).*;
SELECT pressure('{}', as_of => 'infinity');
SELECT pressure('{}', as_of => '2026-03-29', zone => 'Atlantis');
SELECT pressure('{}', as_of => '2026-03-29', unit => 'fortnight');
SELECT pick_event('{}', 'poor!');
SELECT event_count('{}', '', '(,)');

-- mood_agg: what it skips, and what it refuses
SELECT mood_agg(occurred_at, sentiment, half_life) FROM (VALUES ('2026-01-01'::timestamptz, 1.0::float8, '1 day'::interval), ('2026-01-02', NULL, '1 day'), (NULL, 1, '1 day'), ('2026-01-02', -1, NULL)) v (occurred_at, sentiment, half_life);
SELECT mood_agg(occurred_at, sentiment, '1 day') FROM (SELECT NULL::timestamptz, NULL::float8 WHERE false) v (occurred_at, sentiment);
-- ten thousand years, and a microsecond of half-life
SELECT mood_agg(at, s, '1 us') FROM (VALUES ('0001-01-01'::timestamptz, 1), ('9999-01-01', -1), ('2026-01-01', 1)) v (at, s);
SELECT mood_agg('2026-01-01', 1.5, '1 day');
SELECT mood_agg('2026-01-01', 'NaN', '1 day');
SELECT mood_agg('infinity', 1, '1 day');
SELECT mood_agg('2026-01-01', 1, '1 month');
SELECT mood_agg('2026-01-01', 1, '0 s');
SELECT mood_agg('2026-01-01', 1, h) FROM unnest('{1 day, 2 days}'::interval[]) h;

-- the type: text, binary, hash
SELECT amname, opcname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod WHERE opcintype = 'definitions'::regtype;
CREATE TEMP TABLE firm (id int, d definitions);
INSERT INTO firm SELECT n, d::definitions FROM unnest(ARRAY['', 'wait_target = 4 hours', 'wait_target=240 min', 'wait_target = 4 hours;', ' ; wait_target=4 h ;; ', 'poor: "a;b"["x=y" = ''p:q''] | inbound@"a@b"; wait_target@"my; channel" = 1 min; wait_target@inbound = 2 min',
	'weight@reopen = 0.1; pressure_cap = 1e3; patience = 36525 days', 'contact: any; contact: inbound; least_n = 7; least_n = 9']) WITH ORDINALITY u (d, n);
SELECT bool_and(d::text::definitions = d AND d::text::definitions::text = d::text) AS round_trip, count(DISTINCT d::text) AS texts, count(*) - count(DISTINCT (SELECT min(o.id) FROM firm o WHERE o.d = f.d)) AS equal FROM firm f;
SELECT f.id, o.id AS equal FROM firm f JOIN firm o USING (d) WHERE f.id < o.id ORDER BY 1, 2;
SELECT id, array_to_string(ARRAY(SELECT entry FROM regexp_split_to_table(d::text, '; (?=[a-z_]+(@("[^"]*"|[a-z_]+))?( =|:))') entry EXCEPT SELECT entry FROM regexp_split_to_table(definitions()::text, '; (?=[a-z_]+(@[a-z_]+)?( =|:))') entry ORDER BY 1), ' / ') AS differs FROM firm ORDER BY id;
-- one row of one column, read from COPY's binary format
CREATE FUNCTION received(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	file bytea := '\x5047434f50590aff0d0a00' || '\x00000000000000000001'::bytea || decode(lpad(to_hex(length(bytes)), 8, '0'), 'hex') || bytes || '\xffff'::bytea;
	octal text := (SELECT string_agg('\' || byte / 64 || byte / 8 % 8 || byte % 8, '' ORDER BY i) FROM generate_series(0, length(file) - 1) i, get_byte(file, i) byte);
	told text;
BEGIN
	CREATE TEMP TABLE arrived (d definitions);
	EXECUTE format('COPY arrived FROM PROGRAM %L (FORMAT binary)', 'printf ''' || octal || '''');
	SELECT d INTO told FROM arrived;
	DROP TABLE arrived;
	RETURN told;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT bool_and(received(definitions_send(d)) = d::text) AS binary_round_trip, count(*) FROM firm;
SELECT hash_definitions = hash_again AS same_hash, other <> hash_definitions AS another FROM (SELECT definitions_hash(definitions()) AS hash_definitions, definitions_hash(definitions()::text::definitions) AS hash_again, definitions_hash('least_n = 2') AS other) h;

-- hostile texts
CREATE FUNCTION refused(d text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
	PERFORM d::definitions;
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || ' ' || left(SQLERRM, 150) || CASE WHEN hint <> '' THEN ' [' || left(hint, 50) || '...]' ELSE '' END;
END $$;
SELECT left(d, 40) AS text, refused(d) FROM unnest(ARRAY['x', 'x: y', 'contact', 'contact:', 'contact: ;', 'contact: a -> b', 'contact: no a for 1 day', 'contact: a+', 'contact: (a & b)', 'contact: start => a', 'contact: a within 1 day', 'contact: any[',
	'patience = ', 'patience = 1', 'patience = x', 'patience = 1 month', 'patience = 0 s', 'patience = -1 day', 'patience = 1e9 days', 'patience = 36526 days', 'patience = 1 day 2', 'patience: a', 'patience@chat = 1 day', 'patience 1 day', 'contact = 1',
	'wait_target@ = 1 day', 'wait_target@@x = 1 day', 'wait_target@"" = 1 day', 'weight = 1', 'weight@x = 1', 'weight@error = -1', 'weight@error = NaN', 'weight@error = 1e400', 'least_n = 0', 'least_n = 1 day', 'pressure_cap = 1e16', 'Patience = 1 day', '"patience" = 1 day',
	'contact: a; ; x', 'contact: a patience = 1 day', repeat('(', 100000), 'contact: ' || repeat('(', 100000), repeat('contact: a; ', 30000), 'contact: ' || repeat('a|', 20000) || 'a', repeat(';', 1000),
	'wait_target@' || repeat('x', 2000) || ' = 1 h', (SELECT string_agg('wait_target@c' || i || ' = 1 h', ';') FROM generate_series(1, 1001) i)]) d;
-- hostile bytes: a version that is not known, a text that is none, no text, half a letter
SELECT left(b::text, 30) AS bytes, CASE told WHEN ''::definitions::text THEN 'the defaults' WHEN 'contact: a'::definitions::text THEN 'a contact is an a' ELSE told END AS told FROM unnest(ARRAY['\x', '\x00', '\x01', '\x02', '\x0100', '\x01ff', '\x013b', '\x01' || 'contact: a'::bytea, '\x01' || 'contact'::bytea, '\x01' || 'least_n = 2'::bytea || '\x00', '\x01c3']) b, received(b) told;

-- the tables: what can not be a definition
CREATE FUNCTION tried(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'taken';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
BEGIN;
SELECT command, tried('INSERT INTO crm_timeline.' || command) FROM unnest(ARRAY[
	$$definition (name, pattern) VALUES ('kontakt', 'a')$$, $$definition (name, pattern) VALUES ('contact', 'a -> b')$$, $$definition (name, pattern) VALUES ('contact', 'a ->')$$, $$definition (name, pattern) VALUES ('contact', NULL)$$,
	$$definition (name, pattern) VALUES (NULL, 'a')$$, $$definition (name, pattern) VALUES ('poor: a; contact', 'a')$$, $$definition (name, pattern) VALUES ('', 'a')$$, $$definition (name, pattern) VALUES ('patience', 'a')$$,
	$$definition (name, pattern) VALUES ('contact', 'a | b'), ('contact', 'b')$$,
	$$target (name, value) VALUES ('patients', '1 day')$$, $$target (name, value) VALUES ('patience', '1 day; chase_after = 2 hours')$$, $$target (name, value) VALUES ('patience', '1 month')$$, $$target (name, value) VALUES ('patience', '')$$,
	$$target (name, scope, value) VALUES ('patience', 'chat', '1 day')$$, $$target (name, scope, value) VALUES ('weight', 'x', '1')$$, $$target (name, value) VALUES ('weight', '1')$$, $$target (name, value) VALUES ('least_n', '0')$$, $$target (name, value) VALUES ('patience', NULL)$$,
	$$target (name, scope, value) VALUES ('wait_target', NULL, '1 day')$$, $$target (name, value) VALUES ('contact', 'a')$$, $$target (name, value) VALUES ('wait_target@chat', '1 day')$$, $$target (name, value) VALUES ('poor: any[kind', 'x]')$$, $$target (name, value) VALUES (' patience', '1 day')$$, $$definition (name, pattern) VALUES ('poor: x | any', 'a')$$, $$target (name, scope, value) VALUES ('wait_target', '" = 1 day; x', '1 day')$$,
	$$definition (name, pattern) VALUES ('poor', 'visit | hit'), ('contact', 'inbound')$$, $$target (name, scope, value) VALUES ('weight', 'reopen', '3'), ('wait_target', '', '4 hours')$$]) command;
SELECT array_to_string(ARRAY(SELECT entry FROM regexp_split_to_table(definitions()::text, '; ') entry EXCEPT SELECT entry FROM regexp_split_to_table(''::definitions::text, '; ') entry ORDER BY 1), ' / ') AS in_force;
SELECT definitions_with('wait_target = 1 hour') = (definitions()::text || '; wait_target = 1 hour')::definitions AS with_some, definitions_with('') = definitions() AS with_none, definitions_with(NULL) IS NULL AS null_is_null;
SELECT definitions_with('wait_targets = 1 hour');
ROLLBACK;
SELECT definitions() = '' AS the_defaults_again;

-- a row is in force from the statement after, and only in its transaction
CREATE FUNCTION least_in_force() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN substring(definitions()::text FROM 'least_n = (\d+)'); END $$;
CREATE FUNCTION least_in_sql() RETURNS text LANGUAGE sql STABLE AS $$ SELECT substring(crm_timeline.definitions()::text FROM 'least_n = (\d+)') $$;
PREPARE least AS SELECT least_in_force(), least_in_sql(), substring(definitions()::text FROM 'least_n = (\d+)') AS plain;
BEGIN;
EXECUTE least;
INSERT INTO crm_timeline.target (name, value) VALUES ('least_n', '7');
EXECUTE least;
SAVEPOINT s;
UPDATE crm_timeline.target SET value = '8';
EXECUTE least;
ROLLBACK TO s;
EXECUTE least;
DELETE FROM crm_timeline.target;
EXECUTE least;
ROLLBACK;
EXECUTE least;
DO $$
DECLARE
	d text;
BEGIN
	FOR i IN 11 .. 13 LOOP
		INSERT INTO crm_timeline.target (name, value) VALUES ('least_n', i::text) ON CONFLICT (name, scope) DO UPDATE SET value = excluded.value;
		d := substring(definitions()::text FROM 'least_n = (\d+)');
		RAISE NOTICE 'round %: % % %', i, d, least_in_force(), least_in_sql();
		BEGIN
			UPDATE crm_timeline.target SET value = '99';
			d := substring(definitions()::text FROM 'least_n = (\d+)');
			RAISE EXCEPTION 'within: % %', d, least_in_force();
		EXCEPTION WHEN raise_exception THEN
			RAISE NOTICE '%, after: % %', SQLERRM, substring(definitions()::text FROM 'least_n = (\d+)'), least_in_force();
		END;
	END LOOP;
	DELETE FROM crm_timeline.target;
END $$;
EXECUTE least;
-- the statement that writes sees what was before it
BEGIN;
WITH written AS (INSERT INTO crm_timeline.target (name, value) VALUES ('least_n', '7') RETURNING name) SELECT substring(definitions()::text FROM 'least_n = (\d+)') AS least FROM written;
TRUNCATE crm_timeline.target;
EXECUTE least;
ROLLBACK;
DEALLOCATE least;
DROP FUNCTION in_seconds, refused, received, tried, least_in_force, least_in_sql;

-- what comes back; how channels differ; safeguards; opening hours
SELECT * FROM recurring('{2026-01-01T00:00Z call channel=phone direction=inbound thread=a topic=bill; 2026-02-01T00:00Z call channel=phone direction=inbound thread=b topic=bill;
	2026-03-01T00:00Z email channel=email direction=inbound thread=c topic=bill; 2026-03-02T00:00Z chat direction=inbound thread=d topic=once}', as_of => '2026-04-01');
SELECT measure, channels, n, best_channel, round(best::numeric, 3) AS best, worst_channel, round(worst::numeric, 3) AS worst, round(spread::numeric, 3) AS spread
FROM consistency('{2026-01-01T00:00Z call channel=phone direction=inbound thread=a agent=x sentiment=0.5; 2026-02-01T00:00Z email channel=email direction=inbound thread=b sentiment=-1;
	2026-02-01T10:00Z reply channel=email direction=outbound thread=b; 2026-02-02T00:00Z email channel=email direction=inbound thread=c}', as_of => '2026-04-01');
SELECT count(*) FROM consistency('{2026-01-01T00:00Z call channel=phone direction=inbound sentiment=0.5}', as_of => '2026-04-01');
BEGIN;
INSERT INTO risk_target (kind, amount_from, at_least, at_most) VALUES ('payment', 0, 0, 1), ('payment', 1000, 1, 2);
SELECT occurred_at, amount, safeguards, at_least, at_most, verdict
FROM friction_fit('{2026-01-01T00:00Z verification thread=a; 2026-01-01T00:01Z payment thread=a value=-2000; 2026-01-02T00:01Z payment value=2000; 2026-01-03T00:01Z verification;
	2026-01-03T00:01:01Z confirmation; 2026-01-03T00:02Z payment value=20; 2026-01-05T00:02Z payment risk=999 value=20}', as_of => '2026-02-01');
-- what is a safeguard and risky is none before itself, and none comes before what is earlier in the order of one moment
INSERT INTO risk_target (kind, at_least, at_most) VALUES ('approval', 1, 1);
SELECT kind, thread, safeguards, verdict
FROM friction_fit('{2026-01-01T00:00Z approval thread=a; 2026-01-01T00:00Z payment seq=1 thread=b; 2026-01-01T00:00Z verification seq=2 thread=b; 2026-01-01T00:00Z payment seq=3 thread=b;
	2026-01-01T00:00Z approval seq=4; 2026-01-02T00:00Z payment; 2026-01-02T00:00:00.000001Z payment seq=9}', as_of => '2026-02-01');
INSERT INTO schedule_definition (channel, schedule) VALUES ('email', 'Europe/Berlin mon-fri 09:00-17:00');
SELECT channel, waited, worked, target, is_late
FROM working_waits('{2026-03-27T15:00Z email channel=email direction=inbound thread=b; 2026-03-30T08:00Z reply channel=email direction=outbound thread=b;
	2026-03-27T15:00Z ticket channel=web direction=inbound thread=c; 2026-03-30T08:00Z reply channel=web direction=outbound thread=c}', as_of => '2026-04-01');
INSERT INTO schedule_definition (channel, schedule) VALUES ('', 'Europe/Berlin closed; 2026-03-28 09:00-10:00');
SELECT channel, working_time(channel, '2026-03-27T15:00Z', '2026-03-30T08:00Z') FROM (VALUES ('email'), ('web'), (NULL)) v(channel);
ROLLBACK;

-- who still asks after more than a patience has waited in vain once more
SELECT item, occurred_at, kind, earlier_at FROM friction_items('{2026-01-01T00:00Z email channel=email direction=inbound; 2026-01-20T00:00Z email channel=email direction=inbound;
	2026-02-10T00:00Z reopened channel=email; 2026-02-20T00:00Z email channel=email direction=inbound; 2026-03-20T00:00Z email channel=email direction=inbound;
	2026-03-21T00:00Z reply channel=email direction=outbound}', as_of => '2026-06-01') WHERE item = 'slow_wait';

-- goals: achieved, abandoned, retried, open
SELECT started_at, attempts, ended_at, outcome, took, steps, contacts, errors, channels, effort
FROM goal_runs('{2026-01-01T00:00Z cart direction=inbound channel=web effort=1; 2026-01-02T00:00Z cart direction=inbound channel=app effort=2; 2026-01-03T00:00Z error;
	2026-01-04T00:00Z order direction=inbound channel=web effort=3; 2026-01-11T00:00Z cart direction=inbound; 2026-01-21T00:00Z cart direction=inbound;
	2026-01-28T00:00Z order direction=inbound; 2026-02-10T00:00Z cart direction=inbound; 2026-02-11T00:00Z call direction=inbound}', '', '2026-02-12', 'cart', 'order', '7 days');
SELECT goal_runs('{2026-01-01T00:00Z cart}', '', '2026-02-12', 'cart -> x', 'order', '7 days');
SELECT goal_runs('{2026-01-01T00:00Z cart}', '', '2026-02-12', 'cart', 'order', '1 month');
SELECT name, started, achieved, abandoned_after FROM goals();
SELECT name, journey FROM journeys();
SELECT stages_now('{2026-01-01T00:00Z cart; 2026-01-02T00:00Z order}', names, journeys, '2026-01-01T12:00Z') FROM journeys_in_force();

-- of many handlers each is told once, in the order in which they came
SELECT count(*) AS handlers, sum(interactions) AS interactions, round(sum(share)::numeric, 9) AS shares, bool_and(agent = 'a' || place) AS in_order,
	bool_and(interactions = 3 + (place <= 1)::int) AS as_often
FROM (SELECT timeline_agg(timestamptz '2026-01-01Z' + i * interval '1 min', 'reply', 'direction', 'outbound', 'agent', 'a' || 1 + i % 40, 'thread', 'T') AS t
	FROM generate_series(0, 120) i) x, handlers(t, as_of => 'infinity');

-- percentiles are those of the server to the bit: random numbers, ties, infinities, none at all; in parallel plans, too
CREATE TABLE percentile_test AS
SELECT i % 13 AS g, CASE i % 13 WHEN 0 THEN 7 WHEN 1 THEN NULL WHEN 2 THEN (i % 5)::double precision WHEN 3 THEN 'infinity'
	ELSE sin(i) * 1e6 END AS x, i % 7 = 0 AS odd
FROM generate_series(1, 20000) i;
INSERT INTO percentile_test VALUES (20, 1, false), (21, 'NaN', false), (21, 1, false), (22, '-infinity', true), (22, 'infinity', true);
CREATE FUNCTION pg_temp.differ() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM (
		SELECT percentile_agg(x, '{0, 0.1, 0.5, 0.9, 0.999, 1, 0.5}')::text AS ours, percentile_cont('{0, 0.1, 0.5, 0.9, 0.999, 1, 0.5}'::double precision[]) WITHIN GROUP (ORDER BY x)::text AS servers,
			(percentile_agg(x, '{0.25}') FILTER (WHERE odd))[1]::text AS our_odd, percentile_cont(0.25) WITHIN GROUP (ORDER BY x) FILTER (WHERE odd)::text AS servers_odd
		FROM percentile_test GROUP BY g) p
	WHERE ours IS DISTINCT FROM servers OR our_odd IS DISTINCT FROM servers_odd $$;
SELECT pg_temp.differ();
CREATE TABLE percentile_alone AS SELECT g, percentile_agg(x, '{0, 0.3, 1}') AS p FROM percentile_test GROUP BY g;
BEGIN;
ALTER TABLE percentile_test SET (parallel_workers = 2);
SET LOCAL max_parallel_workers_per_gather = 2;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT percentile_agg(x, '{0, 0.3, 1}') FROM percentile_test;
SELECT count(*) FROM (SELECT g, percentile_agg(x, '{0, 0.3, 1}') AS p FROM percentile_test GROUP BY g) p JOIN percentile_alone a USING (g) WHERE a.p::text IS DISTINCT FROM p.p::text;
COMMIT;
SELECT percentile_agg(x, '{0.5}') FROM percentile_test WHERE g = 1;
SELECT percentile_agg(x, '{}') FROM percentile_test;
SELECT percentile_agg(x, NULL) FROM percentile_test;
SELECT g, x, percentile_agg(x, '{0.5, 1}') OVER (ORDER BY g, x DESC) FROM percentile_test WHERE g >= 20 ORDER BY g, x DESC;
SELECT percentile_agg(x, '{1.5}') FROM percentile_test;
SELECT percentile_agg(x, '{0.5, NULL}') FROM percentile_test;
SELECT percentile_agg(x, '{NaN}') FROM percentile_test;
SELECT percentile_agg(1, array_fill(0.5::double precision, '{1001}'));
DROP TABLE percentile_test, percentile_alone;
