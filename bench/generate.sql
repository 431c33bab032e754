-- bench/generate.sql : the interactions that every benchmark reads.
--
--   psql -v customers=150000 -v seed=1 -f bench/generate.sql
--
-- makes, in the schema bench (dropped first):
--   interaction          a year of contacts of 150,000 customers, about 11 million rows, in the order in which an
--                        application would have appended them: by time, all customers interleaved
--   interaction_uniform  the same customers and counts with nothing for a packed format to hold on to: every time
--                        uniform over the customer's year, every channel drawn anew; in the order of the customers; not
--                        with -v uniform=off
--
-- What it assumes, none of it measured on one particular business:
--   * interactions per customer are lognormal with sigma 1.2 and mean 73.3, at least 1: half of the customers have fewer
--     than 36, the largest some thousands;
--   * a customer's year begins on a day of the customer's own, some time in two years, so that not everybody starts at once;
--   * interactions come in visits of 4 on average (geometric), visits are uniform over the year, and inside a visit the gaps
--     are exponential with a mean of 100 seconds, to the microsecond: the last digits of a time are noise, as they are
--     with now();
--   * a visit has a channel, drawn for everybody from the same shares (nobody has a favourite one); one interaction in
--     20 takes place in another channel, drawn in the same way;
--   * kinds depend on the channel and on nothing else: no kind follows from the one before it, so that there is no order
--     for a compressor to learn, where real journeys have some.
--
-- Every value is a hash of (seed, customer, number of the interaction), never random(): the same rows come out whatever the
-- plan, the version and the number of customers (customer 17 has the same life at every scale).

\set ON_ERROR_STOP on
\if :{?customers} \else \set customers 150000 \endif
\if :{?seed} \else \set seed 1 \endif
\if :{?uniform} \else \set uniform on \endif

SET client_min_messages = warning;
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;

-- a number in [0, 1) from a key and an integer; 53 bits of the hash
CREATE FUNCTION bench.u(key bigint, n bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT ((hashint8extended(n, key) >> 11) & 9007199254740991)::float8 / 9007199254740992 $$;

-- a standard normal number from a key and an integer (Box and Muller)
CREATE FUNCTION bench.z(key bigint, n bigint) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT sqrt(-2 * ln(1 - bench.u(key, n))) * cos(2 * pi() * bench.u(key + 1, n)) $$;

-- how often each channel is used, per 1000 visits
CREATE TABLE bench.channel_share (no int PRIMARY KEY, channel text, share int);
INSERT INTO bench.channel_share VALUES
    (1, 'web', 380), (2, 'app', 200), (3, 'email', 180), (4, 'phone', 80), (5, 'chat', 60), (6, 'store', 60), (7, 'social', 40);

-- what happens in a channel, per 1000 interactions there; talk: belongs to a conversation; staff: a person of ours took part;
-- rated: has a score; money: has a value
CREATE TABLE bench.kind_share (channel text, kind text, direction text, automated bool, talk bool, staff bool, rated bool,
                               money bool, share int);
INSERT INTO bench.kind_share VALUES
    ('web',    'page_view',    'inbound',  false, false, false, false, false, 555),
    ('web',    'product_view', 'inbound',  false, false, false, false, false, 170),
    ('web',    'search',       'inbound',  false, false, false, false, false,  90),
    ('web',    'login',        'inbound',  false, false, false, false, false,  60),
    ('web',    'cart',         'inbound',  false, false, false, false, true,   55),
    ('web',    'purchase',     'inbound',  false, false, false, false, true,   25),
    ('web',    'survey',       'inbound',  false, false, false, true,  false,  15),
    ('web',    'review',       'inbound',  false, false, false, true,  false,  10),
    ('web',    'signup',       'inbound',  false, false, false, false, false,  10),
    ('web',    'complaint',    'inbound',  false, true,  false, false, false,  10),
    ('app',    'page_view',    'inbound',  false, false, false, false, false, 380),
    ('app',    'product_view', 'inbound',  false, false, false, false, false, 160),
    ('app',    'push',         'outbound', true,  false, false, false, false, 150),
    ('app',    'login',        'inbound',  false, false, false, false, false, 140),
    ('app',    'search',       'inbound',  false, false, false, false, false,  60),
    ('app',    'cart',         'inbound',  false, false, false, false, true,   50),
    ('app',    'purchase',     'inbound',  false, false, false, false, true,   30),
    ('app',    'survey',       'inbound',  false, false, false, true,  false,  12),
    ('app',    'signup',       'inbound',  false, false, false, false, false,  10),
    ('app',    'complaint',    'inbound',  false, true,  false, false, false,   8),
    ('email',  'newsletter',   'outbound', true,  false, false, false, false, 430),
    ('email',  'open',         'inbound',  false, false, false, false, false, 250),
    ('email',  'click',        'inbound',  false, false, false, false, false,  90),
    ('email',  'reply',        'outbound', false, true,  true,  false, false,  90),
    ('email',  'question',     'inbound',  false, true,  false, false, false,  80),
    ('email',  'complaint',    'inbound',  false, true,  false, false, false,  25),
    ('email',  'survey',       'inbound',  false, false, false, true,  false,  20),
    ('email',  'refund',       'outbound', true,  false, false, false, true,   15),
    ('phone',  'call',         'inbound',  false, true,  true,  false, false, 600),
    ('phone',  'reply',        'outbound', false, true,  true,  false, false, 170),
    ('phone',  'voicemail',    'inbound',  false, true,  false, false, false,  90),
    ('phone',  'complaint',    'inbound',  false, true,  true,  false, false,  90),
    ('phone',  'question',     'inbound',  false, true,  true,  false, false,  40),
    ('phone',  'refund',       'outbound', false, true,  true,  false, true,   10),
    ('chat',   'question',     'inbound',  false, true,  true,  false, false, 480),
    ('chat',   'reply',        'outbound', false, true,  true,  false, false, 420),
    ('chat',   'complaint',    'inbound',  false, true,  true,  false, false,  60),
    ('chat',   'survey',       'inbound',  false, false, false, true,  false,  40),
    ('store',  'visit',        'inbound',  false, false, false, false, false, 590),
    ('store',  'purchase',     'inbound',  false, false, true,  false, true,  250),
    ('store',  'return',       'inbound',  false, false, true,  false, true,   60),
    ('store',  'question',     'inbound',  false, true,  true,  false, false,  60),
    ('store',  'complaint',    'inbound',  false, true,  true,  false, false,  30),
    ('store',  'refund',       'outbound', false, false, true,  false, true,   10),
    ('social', 'question',     'inbound',  false, true,  false, false, false, 330),
    ('social', 'review',       'inbound',  false, false, false, true,  false, 250),
    ('social', 'reply',        'outbound', false, true,  true,  false, false, 240),
    ('social', 'complaint',    'inbound',  false, true,  false, false, false, 180);

-- the shares unrolled, one row per thousandth, so that a draw is one lookup
CREATE TABLE bench.channel_draw AS
    SELECT row_number() OVER (ORDER BY no, k)::int - 1 AS draw, no
    FROM bench.channel_share, generate_series(1, share) k;
CREATE TABLE bench.kind_draw AS
    SELECT c.no * 1000 + row_number() OVER (PARTITION BY c.no ORDER BY s.share DESC, s.kind, k)::int - 1 AS draw,
           s.channel, s.kind, s.direction, s.automated, s.talk, s.staff, s.rated, s.money
    FROM bench.kind_share s JOIN bench.channel_share c USING (channel), generate_series(1, s.share) k;
ANALYZE bench.channel_draw;
ANALYZE bench.kind_draw;
DO $$ BEGIN
    IF (SELECT count(*) FROM bench.channel_draw) <> 1000 OR (SELECT count(*) FROM bench.kind_draw) <> 7000 THEN
        RAISE EXCEPTION 'shares do not add up to 1000';
    END IF;
END $$;

-- the customers; key is what everything about one of them is drawn from
CREATE TABLE bench.customer AS
    SELECT id, key,
           greatest(1, round(exp(ln(73.3) - 1.2 * 1.2 / 2 + 1.2 * bench.z(key, 1))))::int AS interactions,
           timestamptz '2023-01-01 00:00:00+00' + floor(bench.u(key, 2) * 730) * interval '86400 seconds' AS since
    FROM (SELECT id, hashint8extended(id, :seed) AS key FROM generate_series(1::bigint, :customers) id OFFSET 0) c;
ANALYZE bench.customer;

-- one row per interaction: its visit, its time, and which draws it made
CREATE VIEW bench.draft AS
    SELECT customer_id, key, i, visit,
           since + floor((bench.u(key + 10, visit) * 365 * 86400
                          + sum(CASE WHEN opens THEN 0 ELSE gap END) OVER (PARTITION BY customer_id, visit ORDER BY i)) * 1e6)
                   * interval '1 microsecond' AS occurred_at,
           floor(1000 * CASE WHEN bench.u(key + 12, i) < 0.05 THEN bench.u(key + 13, i) ELSE bench.u(key + 11, visit) END)::int
               AS channel_draw
    FROM (SELECT c.id AS customer_id, c.key, c.since, s.i, opens, -100 * ln(1 - bench.u(c.key + 15, s.i)) AS gap,
                 sum(opens::int) OVER (PARTITION BY c.id ORDER BY s.i) AS visit
          FROM bench.customer c,
               LATERAL (SELECT i, i = 1 OR bench.u(c.key + 14, i) < 0.25 AS opens
                        FROM generate_series(1::bigint, c.interactions) i OFFSET 0) s) w;

-- made and filled in one transaction: under wal_level = minimal nothing of it goes through the log
BEGIN;
CREATE TABLE bench.interaction (
    customer_id bigint, occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text,
    outcome text, topic text, automated boolean, score double precision, value numeric);

INSERT INTO bench.interaction
    SELECT customer_id, occurred_at, kind, channel, direction,
           CASE WHEN talk THEN 'T-' || customer_id || '-' || visit END,
           CASE WHEN staff THEN 'agent-' || floor(bench.u(key + 21, visit) * 240) END,
           CASE WHEN talk AND staff
                THEN ('[0:19]={resolved,resolved,resolved,resolved,resolved,resolved,resolved,resolved,resolved,resolved,'
                      'resolved,resolved,pending,pending,pending,pending,pending,escalated,escalated,abandoned}'::text[])
                     [floor(bench.u(key + 22, i) * 20)]
                WHEN kind = 'purchase' THEN 'paid' END,
           CASE WHEN talk OR rated
                THEN ('[0:15]={delivery,delivery,delivery,delivery,invoice,invoice,invoice,account,account,quality,quality,'
                      'price,returns,warranty,privacy,other}'::text[])[floor(bench.u(key + 23, visit) * 16)] END,
           automated,
           CASE WHEN rated THEN floor(11 * sqrt(bench.u(key + 24, i))) END,
           CASE WHEN money THEN round(exp(3.5 + 0.9 * bench.z(key + 25, i))::numeric, 2) END
    FROM bench.draft JOIN bench.channel_draw c ON c.draw = channel_draw
                     JOIN bench.kind_draw k ON k.draw = c.no * 1000 + floor(bench.u(key + 20, i) * 1000)::int
    ORDER BY occurred_at, customer_id, i;
COMMIT;

\if :uniform
CREATE TABLE bench.interaction_uniform AS
    SELECT s.customer_id, s.since + floor(bench.u(s.key + 30, i) * 365 * 86400 * 1e6) * interval '1 microsecond' AS occurred_at,
           kind, channel
    FROM (SELECT c.id AS customer_id, c.key, c.since, i FROM bench.customer c, generate_series(1::bigint, c.interactions) i) s
         JOIN bench.channel_draw c ON c.draw = floor(1000 * bench.u(s.key + 31, i))::int
         JOIN bench.kind_draw k ON k.draw = c.no * 1000 + floor(bench.u(s.key + 20, i) * 1000)::int;
\endif
