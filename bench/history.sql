-- bench/history.sql : three tables of an application, for one customer's history.
--
--   psql -v rows=4000000 -f bench/history.sql
--
-- makes, in the schema app (dropped first), `rows` rows in all, in the order of time, as an application appends them:
--   app.ticket   a quarter: contact_id, and the e-mail address that the requester typed, in any spelling
--   app.call     a quarter: the caller's number
--   app.visit    a half: the user, where logged in, and always the device's cookie
-- A customer has 40 rows on average (exponential: most have fewer, some have hundreds), one e-mail address, one number, one
-- user and up to three devices. Every value is a hash of the row's number: the same rows come out every time.

\set ON_ERROR_STOP on
\if :{?rows} \else \set rows 4000000 \endif
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS app CASCADE;
CREATE SCHEMA app;

CREATE FUNCTION app.u(n bigint, salt bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ((hashint8extended(n, salt) >> 11) & 9007199254740991)::float8 / 9007199254740992 $$;
-- the customer of a row: of each hundred, the first ones have more
CREATE FUNCTION app.customer(n bigint, salt bigint, customers bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT 1 + least(customers - 1, floor(customers * app.u(n, salt) * app.u(n, salt + 1)))::bigint $$;

SELECT :rows / 40 AS customers \gset

CREATE TABLE app.ticket (id bigint PRIMARY KEY, contact_id bigint, requester_email text, via text, status text, subject text,
                         created_at timestamp NOT NULL, deleted_at timestamp);
INSERT INTO app.ticket
    SELECT n, CASE WHEN app.u(n, 3) < 0.7 THEN c END,
           CASE WHEN app.u(n, 4) < 0.5 THEN initcap('person' || c) || '@Example.com ' ELSE 'person' || c || '@example.com' END,
           (ARRAY['email', 'web', 'chat'])[1 + floor(3 * app.u(n, 5))], (ARRAY['open', 'solved'])[1 + floor(2 * app.u(n, 6))],
           'subject of ' || n, timestamp '2025-01-01' + n * (interval '365 days' / (:rows / 4)),
           CASE WHEN app.u(n, 7) < 0.01 THEN timestamp '2026-06-01' END
    FROM (SELECT n, app.customer(n, 1, :customers) AS c FROM generate_series(1::bigint, :rows / 4) n) r;

CREATE TABLE app.call (id bigint PRIMARY KEY, caller text, answered boolean, agent text, seconds int, started_at timestamptz NOT NULL);
INSERT INTO app.call
    SELECT n, CASE WHEN app.u(n, 13) < 0.95 THEN '+49 (30) ' || (10000000 + c) END, app.u(n, 14) < 0.8, 'agent ' || floor(40 * app.u(n, 15)),
           floor(600 * app.u(n, 16)), timestamptz '2025-01-01 00:00:00+00' + n * (interval '365 days' / (:rows / 4))
    FROM (SELECT n, app.customer(n, 11, :customers) AS c FROM generate_series(1::bigint, :rows / 4) n) r;

CREATE TABLE app.visit (id bigint PRIMARY KEY, user_id bigint, cookie uuid NOT NULL, page text, created_at timestamptz NOT NULL);
INSERT INTO app.visit
    SELECT n, CASE WHEN app.u(n, 23) < 0.4 THEN c END, md5(c || ' ' || floor(3 * app.u(n, 24)))::uuid, '/page/' || floor(100 * app.u(n, 25)),
           timestamptz '2025-01-01 00:00:00+00' + n * (interval '365 days' / (:rows / 2))
    FROM (SELECT n, app.customer(n, 21, :customers) AS c FROM generate_series(1::bigint, :rows / 2) n) r;

-- what the application knows of its users: an e-mail address and a number each
CREATE TABLE app.account (id bigint PRIMARY KEY, email text, phone text, created_at timestamptz NOT NULL);
INSERT INTO app.account
    SELECT c, 'person' || c || '@example.com', '+49 30 ' || (10000000 + c), timestamptz '2024-12-01 00:00:00+00' + c * interval '1 s'
    FROM generate_series(1::bigint, :customers) c;
VACUUM (FREEZE, ANALYZE) app.ticket, app.call, app.visit, app.account;
