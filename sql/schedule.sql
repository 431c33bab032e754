-- Schedules: the type, its errors, and how much time is open.
-- The extension is loaded; what is printed must not depend on any setting.
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
SET search_path = public, crm_timeline;

-- canonical text: zones as the server spells them, days with the same hours in one item, hours united, dates in order
SELECT s::text AS canonical, s::text::schedule::text = s::text AS fixed_point, s::text::schedule = s AS equal
FROM (VALUES (schedule ' europe/BERLIN  MON-fri 09:00-17:00 '), ('utc closed'), ('UTC sun closed'), ('UTC mon 09:00-10:00,tue 09:00-10:00 , wed 10:00-11:00,  sun 09:00-10:00'),
	('UTC sat-mon 09:00-10:00'), ('UTC sun-sat 00:00-24:00'), ('UTC mon wed fri-sun 09:00-12:00 13:00-17:00'), ('UTC fri mon 13:00-17:00 09:00-12:00 12:00-13:00'), ('UTC mon 09:00-12:00 11:00-13:00, mon 13:00-14:00, sat closed'),
	('UTC mon 22:00-06:00'), ('UTC mon 22:00-00:00'), ('UTC mon 00:00-00:00'), ('UTC mon 09:00-09:00'), ('UTC mon 09:00-09:00 08:00-20:00'), ('UTC mon 23:59-23:59 00:00-24:00'),
	('UTC closed; 2026-12-26 closed; 2026-12-25 closed;2026-12-24 09:00-12:00; 2026-12-27..2026-12-31 CLOSED; 2027-01-01..2027-01-01 closed; 2027-01-03 closed'),
	('UTC closed; from 2027-01-01 utc mon 09:00-10:00; 2027-06-01 closed; FROM 2027-06-01 Asia/kolkata closed; 2026-01-01 09:00-10:00; from 2028-01-01 Asia/Kolkata mon 09:00-10:00'),
	('Europe/Berlin mon-fri 09:00-12:00 13:00-17:00, sat 10:00-14:00; 2026-12-24 09:00-12:00; 2026-12-25..2026-12-26 closed; from 2027-01-01 mon-thu 08:00-18:00; from 2027-06-01 Europe/London mon-sun 00:00-24:00'),
	(E'Etc/GMT+5\tmon\n09:00-10:00;\r\n0001-01-01 closed;9999-12-31 closed'), ('America/Port-au-Prince closed'), ('GMT closed')) v (s);

-- equality and hash
SELECT 'UTC mon 09:00-12:00 12:00-13:00'::schedule = 'utc MON 09:00-13:00' AS spelt_otherwise, 'UTC mon 09:00-13:00'::schedule <> 'UTC mon 09:00-12:00' AS other_hours, 'UTC closed'::schedule = 'Etc/UTC closed' AS other_zone,
	schedule_hash('utc closed') = schedule_hash('UTC closed') AS hash, schedule_hash_extended('utc closed', 1) = schedule_hash_extended('UTC closed', 1) AS hash_extended, schedule_hash_extended('utc closed', 1) = schedule_hash_extended('UTC closed', 2) AS other_seed;
SELECT s, count(*) FROM (VALUES (schedule 'UTC closed'), ('utc closed'), ('UTC mon 09:00-10:00')) v (s) GROUP BY s ORDER BY s::text;
SELECT amvalidate(oid) FROM pg_opclass WHERE opcname = 'schedule_hash_ops';
SELECT schedule_send('utc closed'), convert_from(substr(schedule_send('utc closed'), 2), 'UTF8');

-- what is wrong, and where
CREATE FUNCTION pg_temp.tell(statement text, shown text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
	state text;
BEGIN
	EXECUTE statement;
	RAISE NOTICE '% is accepted', left(shown, 60);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
	RAISE NOTICE E'%\n  % %', left(shown, 60), state, concat_ws(E'\n  ', message, nullif(detail, ''), nullif(hint, ''));
	RETURN state;
END $$;
DO $$
DECLARE
	input text;
BEGIN
	FOREACH input IN ARRAY ARRAY['', ' ', ';', 'UTC', 'UTC;', 'mon 09:00-10:00', 'closed', '09:00-10:00', 'Europe/Nowhere mon 09:00-10:00', 'Europe Berlin closed', '+01:00 closed', 'UTC+1 closed', 'CET-1CEST closed', 'EST5EDT closed', 'Etc/GMT+99 closed',
		'Foo/Bar3 closed', '<+01>-1 closed', '../../etc/passwd closed', 'localtime closed', 'Großmünster closed', repeat('x', 256) || ' closed', repeat('x', 255) || ' closed',
		'UTC mon', 'UTC mon;', 'UTC mon, tue 09:00-10:00', 'UTC 09:00-10:00', 'UTC mon 09:00', 'UTC mon 9:00-10:00', 'UTC mon 09:00-25:00', 'UTC mon 24:00-10:00', 'UTC mon 09:60-10:00', 'UTC mon 09:00-24:01', 'UTC mon 09:00 - 10:00', 'UTC mon 09:00–10:00',
		'UTC monday 09:00-10:00', 'UTC mon-xyz 09:00-10:00', 'UTC mon- 09:00-10:00', 'UTC mon fri 09:00-10:00 xyz', 'UTC mon 09:00-10:00,', 'UTC mon closed, mon 09:00-10:00', 'UTC mon-wed 09:00-10:00, tue closed', 'UTC closed, mon 09:00-10:00', 'UTC closed closed',
		'UTC mon 09:00-10:00 closed', 'UTC mon closed 09:00-10:00', 'UTC mon 09:00-10:00 tue 09:00-10:00', 'UTC closed;', 'UTC closed; ; 2026-01-01 closed', 'UTC closed; mon 09:00-10:00', 'UTC closed; 2026-02-29 closed', 'UTC closed; 2026-1-1 closed', 'UTC closed; 0000-01-01 closed',
		'UTC closed; 10000-01-01 closed', 'UTC closed; 2026-01-01', 'UTC closed; 2026-01-01 closed, closed', 'UTC closed; 2026-01-01 mon 09:00-10:00', 'UTC closed; 2026-01-01..2025-12-31 closed', 'UTC closed; 2026-01-01.. closed', 'UTC closed; 2026-01-01...2026-01-02 closed',
		'UTC closed; 2026-01-01 closed; 2026-01-01 closed', 'UTC closed; 2026-01-02 09:00-10:00; 2025-12-01..2026-01-03 closed; 2026-02-01 closed', 'UTC closed; from', 'UTC closed; from 2026-01-01', 'UTC closed; from 2026-01-01 UTC', 'UTC closed; from 2026-01-01 Mars/Base closed',
		'UTC closed; from 2026-01-01..2026-01-02 closed', 'UTC closed; from 2026-01-02 closed; from 2026-01-01 closed', 'UTC closed; from 2026-01-01 closed; from 2026-01-01 closed', 'UTC closed; größer', 'ÜTC closed',
		'UTC mon ' || (SELECT string_agg(format('%s:00-%s:30', to_char(i, 'FM00'), to_char(i, 'FM00')), ' ') FROM generate_series(0, 23) i), 'UTC mon ' || (SELECT string_agg(format('%s:00-%s:30', to_char(i, 'FM00'), to_char(i, 'FM00')), ' ') FROM generate_series(0, 23) i) || ' 23:40-23:50',
		'UTC mon-sun 23:40-23:50, tue ' || (SELECT string_agg(format('%s:00-%s:30', to_char(i, 'FM00'), to_char(i, 'FM00')), ' ') FROM generate_series(0, 23) i), 'UTC closed' || (SELECT string_agg('; ' || date '2026-01-01' + 2 * i || ' closed', '') FROM generate_series(1, 4095) i),
		'UTC closed' || (SELECT string_agg('; ' || date '2026-01-01' + 2 * i || ' closed', '') FROM generate_series(1, 4096) i), 'UTC closed' || repeat(' ', 262144),
		'UTC closed' || (SELECT string_agg('; from ' || date '2026-01-01' + i || ' mon-sun ' || many, '') FROM generate_series(1, 800) i, (SELECT string_agg(format('%s:00-%s:30', to_char(j, 'FM00'), to_char(j, 'FM00')), ' ') || ', mon 21:00-21:10, tue 22:00-22:10, wed 23:00-23:10, thu 21:10-21:20, fri 22:10-22:20' AS many FROM generate_series(0, 16) j) v)]
	LOOP
		PERFORM pg_temp.tell(format('SELECT %L::schedule', input), input);
	END LOOP;
END $$;

-- text and binary through COPY, and what is no schedule as bytes
CREATE TEMP TABLE plan (s schedule);
COPY plan FROM stdin;
Europe/Berlin mon-fri 09:00-17:00; 2026-12-25 closed
utc  closed
\N
\.
COPY plan TO stdout;
COPY plan FROM stdin;
UTC someday
\.

-- COPY sends the bytes of a bytea as they are, and so gives any bytes to the binary input
CREATE TEMP TABLE received (s schedule);
CREATE FUNCTION pg_temp.receive(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	path text := current_setting('data_directory') || '/crm_timeline_schedule_bytes';
BEGIN
	TRUNCATE received;
	EXECUTE format('COPY (SELECT %L::bytea) TO %L (FORMAT binary)', bytes, path);
	EXECUTE format('COPY received FROM %L (FORMAT binary)', path);
	RETURN (SELECT CASE WHEN s::text::schedule = s AND s::text::schedule::text = s::text THEN s::text ELSE 'not canonical: ' || s::text END FROM received);
EXCEPTION WHEN data_exception OR protocol_violation THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT bytes, pg_temp.receive(bytes) FROM (VALUES (schedule_send('europe/berlin mon-fri 09:00-17:00')), ('\x01' || convert_to('utc  closed', 'UTF8')), ('\x'), ('\x00'), ('\x01'), ('\x02' || convert_to('UTC closed', 'UTF8')),
	('\x01' || convert_to('UTC closed', 'UTF8') || '\x00'), ('\x01ff'), ('\x01' || convert_to('UTC mon', 'UTF8') || '\xc3'), ('\x01' || convert_to('UTC größer', 'UTF8'))) v (bytes);
-- every byte changed, and cut off anywhere: an error or a value, each time
WITH whole AS (SELECT schedule_send('UTC mon-fri 09:00-17:00; 2026-12-24..2026-12-26 closed; from 2027-01-01 Asia/Kolkata sat 22:00-06:00') AS bytes),
	answers AS MATERIALIZED (SELECT pg_temp.receive(set_byte(bytes, i, value)) AS answer FROM whole, generate_series(0, length(bytes) - 1) i, unnest(ARRAY[0, 32, 45, 48, 57, 59, 97, 255]) value
		UNION ALL SELECT pg_temp.receive(substr(bytes, 1, i)) FROM whole, generate_series(0, length(bytes)) i)
SELECT count(*), count(*) FILTER (WHERE answer ~ '^(22|08)') > 500 AS errors, count(*) FILTER (WHERE answer ~ '^UTC ') > 20 AS schedules, count(*) FILTER (WHERE answer IS NULL OR answer !~ '^(22|08|UTC )') AS others FROM answers;
COPY (SELECT) TO PROGRAM 'rm -f crm_timeline_schedule_bytes';

-- a stored value is damaged, or its time zone is gone: it is still shown, and what asks it says so
CREATE FUNCTION pg_temp.with_byte(schedule, int, int) RETURNS schedule AS 'byteaSetByte' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION pg_temp.ask(s schedule) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN is_open(s, '2026-01-05Z') || ' ' || business_time(s, '2026-01-01Z', '2028-01-01Z') || ' ' || coalesce(opens_at(s, '2027-01-01Z')::text, 'never');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;
SELECT pg_temp.with_byte('Europe/Berlin mon-fri 09:00-17:00', 7, ascii('M'));
SELECT is_open(pg_temp.with_byte('Europe/Berlin mon-fri 09:00-17:00', 7, ascii('M')), '2026-01-05Z');
SELECT count(*), count(*) FILTER (WHERE answer = 'XX001') > 500 AS errors, count(*) FILTER (WHERE answer ~ '^(true|false) ') > 20 AS answers, count(*) FILTER (WHERE answer IS NULL OR answer !~ '^(XX001$|true |false )') AS others
FROM (SELECT pg_temp.ask(pg_temp.with_byte(s, i, value)) AS answer FROM (VALUES (schedule 'UTC mon-fri 09:00-17:00; 2026-12-24..2026-12-26 closed; from 2027-01-01 Asia/Kolkata sat 22:00-06:00')) v (s),
	generate_series(0, length(s::text) - 1) i, unnest(ARRAY[0, 32, 45, 48, 57, 59, 97, 255]) value) w;

-- worked numbers: a weekend, and the days on which the clock is changed
SELECT business_time(s, '2026-03-27 16:00 Europe/Berlin', '2026-03-30 10:00 Europe/Berlin') AS business, timestamptz '2026-03-30 10:00 Europe/Berlin' - '2026-03-27 16:00 Europe/Berlin' AS calendar,
	business_time(s, '2026-03-30 10:00 Europe/Berlin', '2026-03-27 16:00 Europe/Berlin') AS backwards, business_time(s, '2026-03-28Z', '2026-03-29Z') AS none
FROM (VALUES (schedule 'Europe/Berlin mon-fri 09:00-17:00')) v (s);
SELECT business_time(s, '2026-03-29 Europe/Berlin', '2026-03-30 Europe/Berlin') AS spring, business_time(s, '2026-10-25 Europe/Berlin', '2026-10-26 Europe/Berlin') AS autumn,
	business_time('Europe/Berlin sun 02:00-03:00', '2026-03-29 Europe/Berlin', '2026-03-30 Europe/Berlin') AS no_such_hour, business_time('Europe/Berlin sun 02:00-03:00', '2026-10-25 Europe/Berlin', '2026-10-26 Europe/Berlin') AS the_hour_twice
FROM (VALUES (schedule 'Europe/Berlin mon-sun 00:00-24:00')) v (s);

-- worked numbers: intervals before and over a change, with the versions in force and with the last one alone
CREATE TEMP TABLE waiting (n int, since timestamptz, until timestamptz);
INSERT INTO waiting VALUES (1, '2026-03-27 09:01:38 Europe/Berlin', '2026-03-27 18:00 Europe/Berlin'), (2, '2026-03-28 10:00:21 Europe/Berlin', '2026-03-30 12:01:46 Europe/Berlin'), (3, '2026-03-28 10:00 Europe/Berlin', '2026-03-28 10:00:21 Europe/Berlin');
SELECT n, business_time(s, since, until) AS in_force, business_time(last, since, until) AS last
FROM waiting, (VALUES (schedule 'Europe/Berlin mon-fri 08:00-18:00, sat 10:00-13:00; from 2026-03-30 mon-fri 08:00-16:30', schedule 'Europe/Berlin mon-fri 08:00-16:30')) v (s, last) ORDER BY n;
SELECT extract(epoch FROM sum(business_time('Europe/Berlin mon-fri 08:00-18:00, sat 10:00-13:00; from 2026-03-30 mon-fri 08:00-16:30', since, until)))::int AS in_force,
	extract(epoch FROM sum(business_time('Europe/Berlin mon-fri 08:00-16:30', since, until)))::int AS last FROM waiting;

-- hours past midnight go on into the next date, whatever it has, also over a change of version
SELECT open_times(s, '[2026-01-04Z, 2026-01-09Z)') FROM (VALUES (schedule 'UTC mon-thu 22:00-06:00'), ('UTC mon-thu 22:00-06:00; 2026-01-06 closed'), ('UTC mon-thu 22:00-06:00; 2026-01-06 12:00-12:00'),
	('UTC mon-thu 22:00-06:00; from 2026-01-06 mon-fri 09:00-17:00'), ('UTC mon-thu 22:00-06:00; from 2026-01-06 America/New_York mon-fri 09:00-17:00'), ('UTC closed; 2026-01-05..2026-01-07 20:00-04:00 10:00-12:00')) v (s);
-- a version is in force from midnight of its own zone on
SELECT open_times(s, '[2026-06-14Z, 2026-06-17Z)') FROM (VALUES (schedule 'Asia/Kolkata mon-sun 00:00-24:00; from 2026-06-15 Pacific/Kiritimati closed; from 2026-06-16 America/New_York mon-sun 00:00-24:00'), ('Pacific/Kiritimati closed; from 2026-06-15 Pacific/Pago_Pago mon 00:00-24:00')) v (s);
-- days without a midnight, a date that was left out, clocks that go back over midnight, offsets of minutes and of seconds
SELECT open_times('America/Sao_Paulo mon-sun 00:00-01:30', '[2018-11-03Z, 2018-11-06Z)') AS sao_paulo;
SELECT open_times('Asia/Beirut sun 00:00-02:00', '[2024-03-30Z, 2024-04-01Z)') AS beirut;
SELECT open_times('Pacific/Apia mon-sun 09:00-17:00', '[2011-12-29Z, 2012-01-01Z)') AS apia, business_time('Pacific/Apia closed; 2011-12-30 00:00-24:00', '2011-12-01Z', '2012-02-01Z') AS left_out, business_time('Pacific/Apia closed; 2011-12-29 22:00-02:00', '2011-12-01Z', '2012-02-01Z') AS into_it;
SELECT open_times('America/St_Johns closed; from 1990-10-28 mon-sun 00:00-24:00', '[1990-10-28Z, 1990-10-28 06:00Z)') AS st_johns;
SELECT open_times('Australia/Lord_Howe sun 01:30-02:30', '[2026-04-04Z, 2026-04-06Z)') AS lord_howe, open_times('Asia/Kathmandu mon 09:00-10:00', '[2026-01-05Z, 2026-01-06Z)') AS kathmandu, open_times('Europe/Amsterdam mon 09:00-10:00', '[1880-01-05Z, 1880-01-06Z)') AS amsterdam;

-- when it opens and closes
SELECT at, is_open(s, at), opens_at(s, at), closes_at(s, at) FROM (VALUES (schedule 'UTC mon-fri 09:00-17:00; 2026-01-07 closed')) v (s),
	(VALUES ('2026-01-06 08:59:59.999999Z'::timestamptz), ('2026-01-06 09:00Z'), ('2026-01-06 16:59:59.999999Z'), ('2026-01-06 17:00Z'), ('2026-01-09 18:00Z')) a (at) ORDER BY at;
SELECT opens_at(s, '2026-01-01Z'), closes_at(s, '2026-01-01Z'), is_open(s, '2026-01-01Z'), add_business_time(s, '2026-01-01Z', '1 us'), add_business_time(s, '2026-01-01Z', '-1 us'), business_time(s, '4713-01-01Z BC', '9999-12-31Z')
FROM (VALUES (schedule 'Europe/Berlin closed'), ('Europe/Berlin mon-sun 00:00-24:00'), ('UTC mon-sun 12:00-12:00'), ('UTC closed; 2025-01-01 09:00-10:00'), ('UTC closed; from 5000-01-01 mon-sun 00:00-24:00'), ('UTC mon-sun 00:00-24:00; from 5000-01-01 closed'), ('UTC mon-sun 00:00-24:00; 2030-01-01 09:00-10:00')) v (s);

-- an amount later, an amount earlier: the earliest and the latest instant
SELECT amount, add_business_time(s, '2026-01-09 16:00Z', amount) AS later, business_time(s, '2026-01-09 16:00Z', add_business_time(s, '2026-01-09 16:00Z', amount)) = amount AS inverse
FROM (VALUES (schedule 'UTC mon-fri 09:00-17:00; 2026-01-12 closed')) v (s), unnest(ARRAY['0', '1 us', '1 h', '1 h 1 us', '40 h', '-7 h', '-7 h -1 us', '-40 h', '1000000 h', '-1000000 h']::interval[]) amount ORDER BY amount;
SELECT add_business_time(s, '2026-01-10Z', '0') AS closed_stays, add_business_time(s, '2026-01-10Z', '8 h') AS last, add_business_time(s, '2026-01-10Z', '8 h 1 us') AS too_much, add_business_time(s, '2026-01-10Z', '-8 h') AS first, add_business_time(s, '2026-01-10Z', '-8 h -1 us') AS too_far
FROM (VALUES (schedule 'UTC closed; 2026-01-09 09:00-17:00; 2026-01-12 09:00-17:00')) v (s);

-- open times within a range keep its ends
SELECT during, open_times('UTC mon-fri 09:00-17:00', during) FROM unnest(ARRAY['[2026-01-05 10:00Z, 2026-01-06 09:00Z)', '(2026-01-05 10:00Z, 2026-01-06 09:00Z]', '[2026-01-05 10:00Z, 2026-01-05 11:00Z]', '(2026-01-05 10:00Z, 2026-01-05 17:00Z]', '[2026-01-05 09:00Z, 2026-01-05 09:00Z]',
	'[2026-01-05 17:00Z, 2026-01-05 17:00Z]', '[2026-01-03Z, 2026-01-05Z)', 'empty']::tstzrange[]) during;
SELECT open_times('UTC mon-sun 00:00-24:00', '[2000-01-01Z, 3000-01-01Z)') AS one, (SELECT count(*) FROM unnest(open_times('UTC mon-sun 09:00-10:00', tstzrange('2026-01-01Z', timestamptz '2026-01-01Z' + 100000 * interval '24 h')))) AS most;
SELECT open_times('UTC mon-sun 09:00-10:00', tstzrange('2026-01-01Z', timestamptz '2026-01-01Z' + 100001 * interval '24 h'));

-- years by the thousand
SELECT business_time('Europe/Berlin mon-fri 09:00-17:00', '2026-01-01 Europe/Berlin', '3026-01-01 Europe/Berlin') AS thousand, business_time('Europe/Berlin mon-fri 09:00-17:00; from 2400-01-01 America/New_York mon 09:00-10:00', '2026-01-01Z', '294276-12-31Z') AS all_to_come;
SELECT business_time(s, a, c) = business_time(s, a, b) + business_time(s, b, c) AS adds_up FROM (VALUES (schedule 'America/New_York mon-fri 09:00-17:00, sat 22:00-03:00; 2026-07-01..2027-03-31 10:00-11:00; from 2027-02-01 Asia/Tehran mon-sun 08:00-18:00')) v (s),
	(VALUES (timestamptz '2020-01-01Z', timestamptz '2026-11-01 05:30Z', timestamptz '2050-01-01Z'), ('1000-01-01Z', '2027-01-31 23:59:59.5Z', '4000-01-01Z')) w (a, b, c);
SELECT business_time('UTC mon-sun 00:00-24:00', '4713-01-01Z BC', '294276-12-31Z');
SELECT opens_at('UTC mon 09:00-10:00', '1950-01-03Z'), closes_at('UTC mon 09:00-10:00', '1950-01-03Z'), add_business_time('UTC mon 09:00-10:00', '4713-01-01Z BC', '1000000 h'), add_business_time('UTC mon 09:00-10:00', '4713-01-01Z BC', '100000000 h') IS NULL AS never;

-- arguments that are refused, and NULL
SELECT count(pg_temp.tell('SELECT ' || call, call)) AS refused FROM unnest(ARRAY[$$business_time('UTC closed', '-infinity', '2026-01-01Z')$$, $$business_time('UTC closed', '2026-01-01Z', 'infinity')$$, $$add_business_time('UTC closed', 'infinity', '1 h')$$,
	$$add_business_time('UTC closed', '2026-01-01Z', '1 day')$$, $$add_business_time('UTC closed', '2026-01-01Z', '1 month -30 days')$$, $$is_open('UTC closed', 'infinity')$$, $$opens_at('UTC closed', '-infinity')$$, $$closes_at('UTC closed', 'infinity')$$,
	$$open_times('UTC closed', '[2026-01-01Z,)')$$, $$open_times('UTC closed', '(,2026-01-01Z]')$$, $$open_times('UTC closed', '[2026-01-01Z, infinity)')$$]) call;
SELECT business_time(NULL, now(), now()) IS NULL AND business_time('UTC closed', NULL, now()) IS NULL AND business_time('UTC closed', now(), NULL) IS NULL AND add_business_time('UTC closed', now(), NULL) IS NULL
	AND is_open('UTC closed', NULL) IS NULL AND opens_at('UTC closed', NULL) IS NULL AND closes_at(NULL, now()) IS NULL AND open_times('UTC closed', NULL) IS NULL AS null_is_null;
-- a schedule of each row, and one for all rows
SELECT s::text, sum(business_time(s, a, a + interval '24 h')) FROM (VALUES (schedule 'UTC mon 09:00-10:00'), ('UTC tue 09:00-11:00'), ('Asia/Kolkata mon-sun 00:00-24:00')) v (s), generate_series('2026-01-05Z'::timestamptz, '2026-01-11Z', '24 h') a GROUP BY s ORDER BY 1;
-- no function changes with a setting
SET timezone = 'Asia/Kolkata';
SELECT business_time('Europe/Berlin mon-fri 09:00-17:00', '2026-03-27 15:00Z', '2026-03-30 08:00Z');
SELECT proname, provolatile, proisstrict, proparallel FROM pg_proc WHERE pronamespace = 'crm_timeline'::regnamespace AND 'schedule'::regtype = ANY (proargtypes) AND (provolatile <> 'i' OR NOT proisstrict OR proparallel <> 's');
