-- bench/views.sql : the views over all customers beside plain SQL over the rows that they come from.
--
--   psql -f bench/views.sql      where bench.sample is registered as bench/views.sh does it
--
-- prints what differs: the view, who says it, and the row; and which column of a view says nothing in any row, so that nothing was
-- compared. Of the extension only the functions that name parameters are used, and which number a customer has.
-- What plain SQL takes for a contact, an answer and so on is what the kinds of bench/generate.sql are by default, and by the definitions
-- of bench/views.sh.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- one moment and one snapshot for all of it
BEGIN ISOLATION LEVEL REPEATABLE READ;

CREATE FUNCTION pg_temp.length_of(name text, scope text DEFAULT '') RETURNS interval
    LANGUAGE sql STABLE AS $$ SELECT crm_timeline.parameter_length(crm_timeline.definitions(), name, scope) $$;
CREATE FUNCTION pg_temp.weight_of(item text) RETURNS double precision
    LANGUAGE sql STABLE AS $$ SELECT crm_timeline.parameter_number(crm_timeline.definitions(), 'weight', item) $$;
CREATE FUNCTION pg_temp.rounded(double precision) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT round($1::numeric, 6) $$;

-- ---- rows -------------------------------------------------------------------------------------------------

CREATE TEMP TABLE customer AS
    SELECT customer_id AS number, crm_timeline.identity_value(identity)::bigint AS id FROM crm_timeline.membership;

-- what has happened until now, in the order of time; and what it is
CREATE TEMP TABLE row AS
SELECT c.number AS customer, row_number() OVER (PARTITION BY c.number ORDER BY occurred_at) AS n, r.*,
       dense_rank() OVER (ORDER BY c.number, thread IS NULL, coalesce(thread, channel)) AS conversation
FROM (SELECT customer_id, occurred_at, kind, channel, direction, thread, agent, 'team-' || right(agent, 1) AS team, topic, value,
             score / 5 - 1 AS sentiment, score,
             direction = 'inbound' AND NOT automated AND kind IN ('call', 'voicemail', 'question', 'complaint') AS contact,
             direction = 'outbound' AND NOT automated AND kind = 'reply' AND outcome IS DISTINCT FROM 'abandoned'
                 OR direction = 'inbound' AND kind IN ('call', 'visit') AND agent IS NOT NULL AND outcome IS DISTINCT FROM 'abandoned' AS answer,
             direction = 'inbound' AND outcome IS NOT DISTINCT FROM 'abandoned' AS abandoned,
             outcome IS NOT DISTINCT FROM 'resolved' AS resolved,
             outcome IS NOT DISTINCT FROM 'escalated' AND NOT automated AS transfer,
             agent IS NOT NULL AND NOT automated AS handled,
             kind = 'return' AS error,
             kind IN ('login', 'search') OR kind = 'visit' AND channel = 'web' AS self_service,
             kind = 'complaint' OR outcome IS NOT DISTINCT FROM 'abandoned' OR coalesce(score / 5 - 1 <= -0.5, false) AS poor,
             coalesce(score / 5 - 1 >= 0.5, false) AS pleased,
             kind IN ('complaint', 'review', 'survey') AS feedback,
             kind = 'refund' AS action,
             direction = 'outbound' AND kind = 'reply' AS told,
             kind = 'review' AND coalesce(score >= 4, false) AS advocacy,
             direction = 'outbound' AND kind IN ('newsletter', 'push') AS touch,
             direction = 'inbound' AND kind IN ('cart', 'click', 'login', 'open', 'page_view', 'purchase', 'signup', 'visit') AS engagement
      FROM bench.sample) r JOIN customer c ON c.id = r.customer_id
WHERE occurred_at <= now();
CREATE INDEX ON row (customer, n);
CREATE INDEX ON row (customer, occurred_at);
ANALYZE row;

-- ---- waits ------------------------------------------------------------------------------------------------

CREATE TEMP TABLE step AS
SELECT *, row_number() OVER (PARTITION BY conversation ORDER BY n) AS place
FROM row WHERE contact OR answer OR abandoned OR resolved;
CREATE INDEX ON step (place, conversation);
ANALYZE step;

-- row after row of each conversation: asked is the row that began the wait to which a row belongs, outcome how the row ended it
CREATE TEMP TABLE run AS
WITH RECURSIVE run AS (
    SELECT conversation, 0::bigint AS place, NULL::bigint AS n, false AS contact, NULL::bigint AS asked, NULL::timestamptz AS lapses_at,
           NULL::text AS outcome
    FROM step WHERE place = 1
    UNION ALL
    SELECT s.conversation, s.place, s.n, s.contact, b.asked, CASE WHEN s.contact THEN s.occurred_at + pg_temp.length_of('patience') ELSE p.lapses_at END,
           CASE WHEN b.asked IS NULL THEN NULL WHEN s.answer THEN 'answered'
                WHEN s.abandoned AND (b.asked = s.n OR NOT s.contact) THEN 'abandoned' WHEN s.resolved THEN 'resolved' END
    FROM run p JOIN step s ON s.conversation = p.conversation AND s.place = p.place + 1,
         LATERAL (SELECT CASE WHEN p.asked IS NOT NULL AND p.outcome IS NULL AND NOT (s.contact AND s.occurred_at > p.lapses_at) THEN p.asked
                              WHEN s.contact THEN s.n END AS asked) b
)
SELECT * FROM run WHERE asked IS NOT NULL;
ANALYZE run;

CREATE TEMP TABLE wait AS
SELECT w.*, coalesce(ended_at, now()) - asked_at AS waited, outcome = 'lapsed' OR coalesce(ended_at, now()) - asked_at > target AS is_late
FROM (SELECT a.customer, a.conversation, a.n, a.channel, a.thread, a.occurred_at AS asked_at, w.attempts, w.ended,
             w.deadline - a.occurred_at AS target,
             coalesce(w.outcome, l.outcome) AS outcome, coalesce(e.occurred_at, CASE WHEN l.outcome = 'lapsed' THEN lapses_at END) AS ended_at
      FROM (SELECT conversation, asked, count(*) FILTER (WHERE r.contact) AS attempts, max(outcome) AS outcome,
                   max(n) FILTER (WHERE outcome IS NOT NULL) AS ended, max(lapses_at) AS lapses_at,
                   min(s.occurred_at + pg_temp.length_of('wait_target', s.channel)) FILTER (WHERE r.contact) AS deadline,
                   lead(asked) OVER (PARTITION BY conversation ORDER BY asked) IS NOT NULL AS is_followed
            FROM run r JOIN step s USING (conversation, n) GROUP BY conversation, asked) w
           JOIN step a ON a.conversation = w.conversation AND a.n = w.asked
           LEFT JOIN step e ON e.conversation = w.conversation AND e.n = w.ended,
           LATERAL (SELECT CASE WHEN w.lapses_at < now() OR w.is_followed THEN 'lapsed' ELSE 'waiting' END AS outcome) l) w;
CREATE INDEX ON wait (conversation, n);
ANALYZE wait;

-- ---- conversations and those who handled them, by agent and by team ------------------------------------------

CREATE TEMP TABLE handling AS
SELECT station, customer, conversation, n, occurred_at, channel, name, resolved,
       transfer OR name <> lag(name) OVER (PARTITION BY station, conversation ORDER BY n) AS is_transfer,
       name IS DISTINCT FROM lag(name) OVER (PARTITION BY station, conversation ORDER BY n) AS is_station
FROM row, LATERAL (VALUES ('agent', agent), ('team', team)) s (station, name)
WHERE handled;
CREATE INDEX ON handling (station, conversation, n);
ANALYZE handling;

-- a conversation is resolved before a row where the last row that resolved it or asked in it resolved it
CREATE TEMP TABLE turn AS
SELECT *, contact AND thread IS NOT NULL AND was_resolved AS reopens, resolved AND (NOT was_resolved OR contact AND thread IS NOT NULL) AS resolves
FROM (SELECT *, coalesce(max(n) FILTER (WHERE resolved) OVER before >= max(n) FILTER (WHERE resolved OR contact AND thread IS NOT NULL) OVER before,
                         false) AS was_resolved
      FROM row WINDOW before AS (PARTITION BY conversation ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) r;

CREATE TEMP TABLE conversation AS
SELECT h.*, f.channel, f.topic, t.resolutions, t.reopens, coalesce(w.waits, 0) AS waits, coalesce(w.answered, 0) AS answered, w.first_response,
       (SELECT x.name FROM handling x WHERE x.station = h.station AND x.conversation = h.conversation AND x.n <= t.resolved_by
        ORDER BY x.n DESC LIMIT 1) AS resolver
FROM (SELECT station, customer, conversation, count(DISTINCT name) AS handlers, count(*) FILTER (WHERE is_station) AS stations,
             count(*) FILTER (WHERE is_transfer) AS transfers, (array_agg(name ORDER BY n))[1] AS first_name
      FROM handling GROUP BY station, customer, conversation) h
     JOIN (SELECT DISTINCT ON (conversation) conversation, channel, topic
           FROM row WHERE contact OR answer OR abandoned OR resolved OR handled OR transfer ORDER BY conversation, n) f USING (conversation)
     JOIN (SELECT conversation, count(*) FILTER (WHERE resolves) AS resolutions, count(*) FILTER (WHERE reopens) AS reopens,
                  max(n) FILTER (WHERE resolves) AS resolved_by
           FROM turn GROUP BY conversation) t USING (conversation)
     LEFT JOIN (SELECT conversation, count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
                       (array_agg(waited ORDER BY n) FILTER (WHERE outcome = 'answered'))[1] AS first_response
                FROM wait GROUP BY conversation) w USING (conversation);
ANALYZE conversation;

-- ---- friction -----------------------------------------------------------------------------------------------

-- contacts, with the wait that each belongs to, the channel before, and the round: a thread, or what is asked in one wait up to a
-- contact that was given up
CREATE TEMP TABLE contact AS
SELECT r.*, u.asked, u.asked = r.n AS begins_wait, lag(r.n) OVER c AS previous, lag(abandoned) OVER w AS after_giving_up, row_number() OVER w AS attempt,
       occurred_at - lag(occurred_at) OVER c <= pg_temp.length_of('switch_within') AND lag(channel) OVER c <> channel AS is_switch,
       CASE WHEN thread IS NOT NULL THEN r.conversation::text
            ELSE concat_ws('/', r.conversation, u.asked, count(*) FILTER (WHERE abandoned) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) END AS round
FROM row r JOIN run u USING (conversation, n) WHERE r.contact
WINDOW c AS (PARTITION BY customer ORDER BY n), w AS (PARTITION BY r.conversation, u.asked ORDER BY n);
CREATE INDEX ON contact (customer, n);
CREATE INDEX ON contact (conversation, asked, attempt);
ANALYZE contact;

-- again in an open wait: one contact after another, each counted from the one that was counted last
CREATE TEMP TABLE chase AS
WITH RECURSIVE chase AS (
    SELECT conversation, asked, attempt, n, occurred_at AS since, false AS chases FROM contact WHERE attempt = 1
    UNION ALL
    SELECT c.conversation, c.asked, c.attempt, c.n, CASE WHEN h.chases THEN c.occurred_at ELSE p.since END, h.chases
    FROM chase p JOIN contact c ON c.conversation = p.conversation AND c.asked = p.asked AND c.attempt = p.attempt + 1,
         LATERAL (SELECT c.after_giving_up OR c.occurred_at - p.since >= pg_temp.length_of('chase_after') AS chases) h
)
SELECT n, conversation FROM chase WHERE chases;
ANALYZE chase;

-- what each contact can go back to in other rounds; a wait is in vain so long after it was asked for last
CREATE TEMP TABLE contact_repeat AS
SELECT c.*, EXISTS (SELECT FROM chase h WHERE h.conversation = c.conversation AND h.n = c.n) AS chases,
       EXISTS (SELECT FROM contact p WHERE p.customer = c.customer AND p.n < c.n AND p.round <> c.round
               AND c.occurred_at - p.occurred_at <= pg_temp.length_of('repeat_within') AND coalesce(p.topic = c.topic, true)) AS comes_again,
       EXISTS (SELECT FROM contact p WHERE p.customer = c.customer AND p.n < c.n AND p.round <> c.round AND p.channel <> c.channel
               AND c.occurred_at - p.occurred_at <= pg_temp.length_of('switch_within')
               AND (p.topic = c.topic
                    OR EXISTS (SELECT FROM wait w WHERE w.conversation = p.conversation AND w.n = p.asked AND (w.ended IS NULL OR w.ended > c.n)
                               AND NOT EXISTS (SELECT FROM wait v WHERE v.conversation = w.conversation AND v.n > w.n AND v.n < c.n))
                       AND c.occurred_at <= pg_temp.length_of('patience') + (SELECT max(q.occurred_at) FROM contact q
                               WHERE q.conversation = p.conversation AND q.asked = p.asked AND q.n < c.n))) AS told_elsewhere
FROM contact c;
ANALYZE contact_repeat;

CREATE TEMP TABLE item AS
SELECT i.*, pg_temp.weight_of(item) AS weight
FROM (SELECT 'channel_switch' AS item, customer, n, channel, occurred_at FROM contact_repeat WHERE is_switch
      -- once in a round, each
      UNION ALL (SELECT DISTINCT ON (customer, round) 'repeat_after_switch', customer, n, channel, occurred_at
          FROM contact_repeat WHERE told_elsewhere ORDER BY customer, round, n)
      UNION ALL (SELECT DISTINCT ON (customer, round) 'repeat', customer, n, channel, occurred_at
          FROM contact_repeat WHERE comes_again AND NOT chases ORDER BY customer, round, n)
      UNION ALL SELECT 'repeat', customer, n, channel, occurred_at FROM contact_repeat WHERE chases
      UNION ALL SELECT 'transfer', customer, n, channel, occurred_at FROM handling WHERE station = 'agent' AND is_transfer
      UNION ALL SELECT 'reopen', customer, n, channel, occurred_at FROM turn WHERE reopens
      UNION ALL SELECT 'slow_wait', customer, n, channel, asked_at + target FROM wait WHERE is_late
      -- nobody still asks in a wait after more than the patience, which is longer than the time of all interactions
      UNION ALL SELECT 'abandoned', customer, n, channel, occurred_at FROM row WHERE abandoned
      UNION ALL SELECT 'error', customer, n, channel, occurred_at FROM row WHERE error
      -- no contact between them
      UNION ALL SELECT 'failed_self_service', customer, n, channel, occurred_at
          FROM (SELECT *, max(n) FILTER (WHERE contact) OVER before AS previous_contact,
                       max(n) FILTER (WHERE self_service) OVER before AS tried, max(occurred_at) FILTER (WHERE self_service) OVER before AS tried_at
                FROM row WINDOW before AS (PARTITION BY customer ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) r
          WHERE contact AND tried > coalesce(previous_contact, 0)
              AND occurred_at - tried_at <= pg_temp.length_of('self_service_within')) i;

CREATE TEMP TABLE recent_friction AS
SELECT c.number AS customer, pg_temp.rounded(coalesce(sum(i.weight), 0)) AS weight
FROM customer c LEFT JOIN item i ON i.customer = c.number AND i.occurred_at > now() - pg_temp.length_of('worst_within')
GROUP BY c.number;

-- ---- mood, touches, feedback and goals ----------------------------------------------------------------------

CREATE TEMP TABLE mood AS
SELECT customer, sum(sentiment * weight) / sum(weight) AS mood, count(*) AS n
FROM (SELECT customer, sentiment,
             power(0.5::double precision, extract(epoch FROM max(occurred_at) OVER (PARTITION BY customer) - occurred_at)
                                          / extract(epoch FROM pg_temp.length_of('mood_half_life'))) AS weight
      FROM row WHERE sentiment IS NOT NULL) r
GROUP BY customer;

CREATE TEMP TABLE touch AS
SELECT r.*, EXISTS (SELECT FROM row e WHERE e.customer = r.customer AND e.n > r.n AND e.engagement
                    AND e.occurred_at BETWEEN r.occurred_at AND r.occurred_at + pg_temp.length_of('engaged_within')) AS engaged
FROM row r WHERE touch;

CREATE TEMP TABLE loop AS
SELECT f.*, answered_at, acted_at, told_at, recovered_at,
       CASE WHEN told_at IS NOT NULL THEN 'told' WHEN acted_at IS NOT NULL THEN 'acted' WHEN answered_at IS NOT NULL THEN 'answered'
            WHEN now() <= ends_at THEN 'open' ELSE 'ignored' END AS status
FROM (SELECT *, occurred_at + pg_temp.length_of('recovery_within') AS ends_at FROM row WHERE feedback) f,
     LATERAL (SELECT min(occurred_at) FILTER (WHERE answer AND (f.thread IS NULL OR x.conversation = f.conversation)) AS answered_at,
                     min(occurred_at) FILTER (WHERE pleased AND NOT poor) AS recovered_at, min(occurred_at) FILTER (WHERE action) AS acted_at
              FROM row x WHERE x.customer = f.customer AND x.occurred_at > f.occurred_at AND x.occurred_at <= f.ends_at) a,
     LATERAL (SELECT min(occurred_at) AS told_at
              FROM row x WHERE told AND x.customer = f.customer AND x.occurred_at > acted_at AND x.occurred_at <= f.ends_at) t;

CREATE TEMP TABLE goal_step AS
SELECT customer, n, occurred_at, channel, kind = 'cart' AS starts, kind = 'purchase' AS achieves,
       row_number() OVER (PARTITION BY customer ORDER BY n) AS place
FROM row WHERE kind IN ('cart', 'purchase');
CREATE INDEX ON goal_step (place, customer);
ANALYZE goal_step;

-- started is the row that began the run to which a row belongs
CREATE TEMP TABLE goal_run AS
WITH RECURSIVE run AS (
    SELECT customer, 0::bigint AS place, NULL::bigint AS n, NULL::bigint AS started, NULL::timestamptz AS started_at, NULL::text AS channel,
           false AS achieved, NULL::timestamptz AS occurred_at
    FROM goal_step WHERE place = 1
    UNION ALL
    SELECT s.customer, s.place, s.n, CASE WHEN goes_on THEN p.started WHEN s.starts THEN s.n END,
           CASE WHEN goes_on THEN p.started_at WHEN s.starts THEN s.occurred_at END,
           CASE WHEN goes_on THEN p.channel WHEN s.starts THEN s.channel END, goes_on AND s.achieves, s.occurred_at
    FROM run p JOIN goal_step s ON s.customer = p.customer AND s.place = p.place + 1,
         LATERAL (SELECT p.started IS NOT NULL AND NOT p.achieved AND s.occurred_at <= p.started_at + interval '7 days' AS goes_on) g
), ended AS (
    SELECT customer, started, started_at, channel, max(occurred_at) FILTER (WHERE achieved) AS achieved_at
    FROM run WHERE started IS NOT NULL GROUP BY customer, started, started_at, channel
)
SELECT e.*, CASE WHEN achieved_at IS NOT NULL THEN 'achieved' WHEN now() <= started_at + interval '7 days' THEN 'open' ELSE 'abandoned' END AS outcome,
       t.*
FROM ended e, LATERAL (SELECT count(*) FILTER (WHERE direction = 'inbound') AS steps, count(*) FILTER (WHERE contact) AS contacts,
                              count(*) FILTER (WHERE error) AS errors
                       FROM row r WHERE r.customer = e.customer AND r.n >= e.started
                           AND r.occurred_at <= coalesce(achieved_at, started_at + interval '7 days')) t;

-- ---- what the views say, and what plain SQL says -------------------------------------------------------------

CREATE TEMP TABLE told (name text, said jsonb);
CREATE TEMP TABLE plain (name text, said jsonb);

INSERT INTO told SELECT 'customer_overview', to_jsonb(v) FROM (
    SELECT customer_id, identities, interactions, first_at, last_at, last_kind, last_channel, contacts, last_contact_at, waits, answered,
           pg_temp.rounded(answered_share) AS answered_share, waiting_since, waiting_channel, waiting_attempts, is_late,
           pg_temp.rounded(friction) AS friction, pg_temp.rounded(recent_friction) AS recent_friction, missteps, pg_temp.rounded(mood) AS mood,
           mood_n, touches, advocacy, pg_temp.rounded(value) AS value
    FROM crm_timeline.customer_overview) v;
INSERT INTO plain SELECT 'customer_overview', to_jsonb(v) FROM (
    SELECT c.number AS customer_id, 1 AS identities, coalesce(interactions, 0) AS interactions, first_at, last_at, last_kind, last_channel,
           coalesce(contacts, 0) AS contacts, last_contact_at, coalesce(waits, 0) AS waits, coalesce(answered, 0) AS answered,
           pg_temp.rounded(answered::double precision / nullif(w.over, 0)) AS answered_share, o.asked_at AS waiting_since, o.channel AS waiting_channel,
           o.attempts AS waiting_attempts, o.is_late, pg_temp.rounded(coalesce(i.friction, 0)) AS friction, f.weight AS recent_friction,
           coalesce(missteps, 0) AS missteps, pg_temp.rounded(m.mood) AS mood, coalesce(m.n, 0) AS mood_n, coalesce(touches, 0) AS touches,
           coalesce(advocacy, 0) AS advocacy, pg_temp.rounded(value::double precision) AS value
    FROM customer c
         LEFT JOIN (SELECT customer, count(*) AS interactions, min(occurred_at) AS first_at, max(occurred_at) AS last_at,
                           (array_agg(kind ORDER BY n DESC))[1] AS last_kind, (array_agg(channel ORDER BY n DESC))[1] AS last_channel,
                           count(*) FILTER (WHERE contact) AS contacts, max(occurred_at) FILTER (WHERE contact) AS last_contact_at,
                           count(*) FILTER (WHERE poor AND occurred_at > now() - pg_temp.length_of('worst_within')) AS missteps,
                           count(*) FILTER (WHERE touch AND occurred_at > now() - pg_temp.length_of('pressure_within')) AS touches,
                           count(*) FILTER (WHERE advocacy) AS advocacy, sum(value) AS value
                    FROM row GROUP BY customer) r ON r.customer = c.number
         LEFT JOIN (SELECT customer, count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
                           count(*) FILTER (WHERE outcome <> 'waiting') AS over
                    FROM wait GROUP BY customer) w ON w.customer = c.number
         LEFT JOIN (SELECT DISTINCT ON (customer) * FROM wait WHERE outcome = 'waiting' ORDER BY customer, n) o ON o.customer = c.number
         LEFT JOIN (SELECT customer, sum(weight) AS friction FROM item GROUP BY customer) i ON i.customer = c.number
         JOIN recent_friction f ON f.customer = c.number
         LEFT JOIN mood m ON m.customer = c.number) v;

INSERT INTO told SELECT 'attention_queue', to_jsonb(v) FROM (
    SELECT customer_id, waiting_since, extract(epoch FROM waited) AS waited, extract(epoch FROM working_time) AS working_time, channel, thread,
           attempts, open_waits, is_late, contacts, missteps, pg_temp.rounded(recent_friction) AS recent_friction, pg_temp.rounded(mood) AS mood,
           mood_n, pg_temp.rounded(value) AS value
    FROM crm_timeline.attention_queue) v;
-- without opening hours all time is working time
INSERT INTO plain SELECT 'attention_queue', to_jsonb(v) FROM (
    SELECT o.customer AS customer_id, o.asked_at AS waiting_since, extract(epoch FROM waited) AS waited, extract(epoch FROM waited) AS working_time,
           o.channel, o.thread, o.attempts, o.open_waits, o.is_late, r.contacts, r.missteps, f.weight AS recent_friction,
           pg_temp.rounded(m.mood) AS mood, coalesce(m.n, 0) AS mood_n, pg_temp.rounded(r.value::double precision) AS value
    FROM (SELECT DISTINCT ON (customer) *, count(*) OVER (PARTITION BY customer) AS open_waits
          FROM wait WHERE outcome = 'waiting' ORDER BY customer, n) o
         JOIN (SELECT customer, count(*) FILTER (WHERE contact) AS contacts, sum(value) AS value,
                      count(*) FILTER (WHERE poor AND occurred_at > now() - pg_temp.length_of('worst_within')) AS missteps
               FROM row GROUP BY customer) r USING (customer)
         JOIN recent_friction f ON f.customer = o.customer
         LEFT JOIN mood m ON m.customer = o.customer) v;

INSERT INTO told SELECT 'channel_scorecard', to_jsonb(v) FROM (
    SELECT channel, waits, customers, answered, pg_temp.rounded(answered_share) AS answered_share, pg_temp.rounded(on_time_share) AS on_time_share,
           resolved, abandoned, lapsed, waiting, at_once, attempts, pg_temp.rounded(extract(epoch FROM median_wait)::double precision) AS median_wait,
           switched_away, pg_temp.rounded(failure_rate) AS failure_rate
    FROM crm_timeline.channel_scorecard) v;
INSERT INTO plain SELECT 'channel_scorecard', to_jsonb(v) FROM (
    SELECT channel, count(*) AS waits, count(DISTINCT customer) AS customers, count(*) FILTER (WHERE outcome = 'answered') AS answered,
           pg_temp.rounded(avg(CASE WHEN outcome <> 'waiting' THEN (outcome = 'answered')::integer END)::double precision) AS answered_share,
           pg_temp.rounded(avg(CASE WHEN outcome <> 'waiting' THEN (outcome = 'answered' AND NOT is_late)::integer END)::double precision) AS on_time_share,
           count(*) FILTER (WHERE outcome = 'resolved') AS resolved, count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
           count(*) FILTER (WHERE outcome = 'lapsed') AS lapsed, count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
           count(*) FILTER (WHERE outcome = 'answered' AND waited = '0') AS at_once, sum(attempts) AS attempts,
           pg_temp.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM waited)::double precision)
                               FILTER (WHERE outcome = 'answered')) AS median_wait,
           count(s.asked) AS switched_away,
           pg_temp.rounded(avg(CASE WHEN outcome <> 'waiting' THEN (outcome <> 'answered')::integer END)::double precision) AS failure_rate
    FROM wait w LEFT JOIN (SELECT DISTINCT u.conversation, u.asked
                           FROM contact c JOIN contact u ON u.customer = c.customer AND u.n = c.previous
                           WHERE c.is_switch) s ON s.conversation = w.conversation AND s.asked = w.n
    GROUP BY channel) v;

INSERT INTO told SELECT 'friction_hotspots', to_jsonb(v) FROM (
    SELECT item, channel, items, customers, pg_temp.rounded(weight) AS weight, pg_temp.rounded(weight_share) AS weight_share, last_at
    FROM crm_timeline.friction_hotspots) v;
INSERT INTO plain SELECT 'friction_hotspots', to_jsonb(v) FROM (
    SELECT item, channel, count(*) AS items, count(DISTINCT customer) AS customers, pg_temp.rounded(sum(weight)) AS weight,
           pg_temp.rounded(sum(weight) / sum(sum(weight)) OVER ()) AS weight_share, max(occurred_at) AS last_at
    FROM item GROUP BY item, channel) v;

INSERT INTO told SELECT 'feedback_loop', to_jsonb(v) FROM (
    SELECT kind, channel, feedback, poor, answered, pg_temp.rounded(answered_share) AS answered_share, acted, told,
           pg_temp.rounded(told_share) AS told_share, recovered, open, ignored,
           pg_temp.rounded(extract(epoch FROM median_time_to_answer)::double precision) AS median_time_to_answer
    FROM crm_timeline.feedback_loop) v;
INSERT INTO plain SELECT 'feedback_loop', to_jsonb(v) FROM (
    SELECT kind, channel, count(*) AS feedback, count(*) FILTER (WHERE poor) AS poor, count(answered_at) AS answered,
           pg_temp.rounded(count(answered_at) / nullif(count(*) FILTER (WHERE status <> 'open'), 0)::double precision) AS answered_share,
           count(acted_at) AS acted, count(told_at) AS told,
           pg_temp.rounded(count(told_at) / nullif(count(*) FILTER (WHERE status <> 'open'), 0)::double precision) AS told_share,
           count(recovered_at) AS recovered, count(*) FILTER (WHERE status = 'open') AS open, count(*) FILTER (WHERE status = 'ignored') AS ignored,
           pg_temp.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - occurred_at)::double precision))
               AS median_time_to_answer
    FROM loop GROUP BY kind, channel) v;

CREATE TEMP VIEW handler AS
SELECT h.station, h.conversation, h.name, count(*) AS interactions, 1.0 / c.handlers AS share, c.resolutions, c.reopens, c.transfers, c.waits,
       c.answered, c.first_response, c.first_name = h.name AS is_first, c.resolver IS NOT DISTINCT FROM h.name AS is_resolving, m.mood,
       f.weight AS recent_friction
FROM handling h JOIN conversation c USING (station, customer, conversation) JOIN recent_friction f USING (customer)
     LEFT JOIN mood m USING (customer)
GROUP BY h.station, h.conversation, h.name, c.handlers, c.resolutions, c.reopens, c.transfers, c.waits, c.answered, c.first_response,
         c.first_name, c.resolver, m.mood, f.weight;

INSERT INTO told SELECT station || '_scorecard', to_jsonb(v) FROM (
    SELECT 'agent' AS station, agent AS name, pg_temp.rounded(conversations) AS conversations, handled_conversations, interactions,
           pg_temp.rounded(resolved) AS resolved, pg_temp.rounded(reopens) AS reopens, pg_temp.rounded(transfers) AS transfers, first_to_handle,
           resolving, pg_temp.rounded(waits) AS waits, pg_temp.rounded(answered) AS answered,
           pg_temp.rounded(extract(epoch FROM median_first_response)::double precision) AS median_first_response,
           pg_temp.rounded(customers_mood) AS customers_mood, customers_mood_n, pg_temp.rounded(customers_recent_friction) AS customers_recent_friction
    FROM crm_timeline.agent_scorecard
    UNION ALL
    SELECT 'team', team, pg_temp.rounded(conversations), handled_conversations, interactions, pg_temp.rounded(resolved), pg_temp.rounded(reopens),
           pg_temp.rounded(transfers), first_to_handle, resolving, pg_temp.rounded(waits), pg_temp.rounded(answered),
           pg_temp.rounded(extract(epoch FROM median_first_response)::double precision), pg_temp.rounded(customers_mood), customers_mood_n,
           pg_temp.rounded(customers_recent_friction)
    FROM crm_timeline.team_scorecard) v;
INSERT INTO plain SELECT station || '_scorecard', to_jsonb(v) FROM (
    SELECT station, name, round(sum(share), 6) AS conversations, count(*) AS handled_conversations, sum(interactions) AS interactions,
           round(sum(share) FILTER (WHERE resolutions > 0), 6) AS resolved, round(sum(share * reopens), 6) AS reopens,
           round(sum(share * transfers), 6) AS transfers, count(*) FILTER (WHERE is_first) AS first_to_handle,
           count(*) FILTER (WHERE is_resolving) AS resolving, round(sum(share * waits), 6) AS waits, round(sum(share * answered), 6) AS answered,
           pg_temp.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_response)::double precision)
                               FILTER (WHERE is_first)) AS median_first_response,
           CASE WHEN count(mood) >= 5 THEN pg_temp.rounded(avg(mood)) END AS customers_mood, count(mood) AS customers_mood_n,
           pg_temp.rounded(avg(recent_friction)::double precision) AS customers_recent_friction
    FROM handler GROUP BY station, name) v;

INSERT INTO told SELECT 'misrouting', to_jsonb(v) FROM (
    SELECT channel, topic, first_agent, resolving_agent, conversations, is_misrouted, transfers, pg_temp.rounded(mean_stations) AS mean_stations
    FROM crm_timeline.misrouting) v;
INSERT INTO plain SELECT 'misrouting', to_jsonb(v) FROM (
    SELECT channel, topic, first_name AS first_agent, resolver AS resolving_agent, count(*) AS conversations,
           CASE WHEN resolver IS NOT NULL THEN first_name <> resolver END AS is_misrouted, sum(transfers) AS transfers, round(avg(stations), 6) AS mean_stations
    FROM conversation WHERE station = 'agent' AND resolutions > 0 GROUP BY channel, topic, first_name, resolver) v;

INSERT INTO told SELECT 'goal_outcomes', to_jsonb(v) FROM (
    SELECT goal, channel, started, achieved, abandoned, open, pg_temp.rounded(achieved_share) AS achieved_share,
           pg_temp.rounded(extract(epoch FROM median_time)::double precision) AS median_time, pg_temp.rounded(mean_steps) AS mean_steps,
           pg_temp.rounded(mean_contacts) AS mean_contacts, errors
    FROM crm_timeline.goal_outcomes) v;
INSERT INTO plain SELECT 'goal_outcomes', to_jsonb(v) FROM (
    SELECT 'purchase' AS goal, channel, count(*) AS started, count(*) FILTER (WHERE outcome = 'achieved') AS achieved,
           count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned, count(*) FILTER (WHERE outcome = 'open') AS open,
           CASE WHEN count(*) FILTER (WHERE outcome <> 'open') >= 5
                THEN pg_temp.rounded(count(*) FILTER (WHERE outcome = 'achieved')
                                     / nullif(count(*) FILTER (WHERE outcome <> 'open'), 0)::double precision) END AS achieved_share,
           pg_temp.rounded(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM achieved_at - started_at)::double precision)) AS median_time,
           round(avg(steps) FILTER (WHERE outcome = 'achieved'), 6) AS mean_steps, round(avg(contacts), 6) AS mean_contacts, sum(errors) AS errors
    FROM goal_run GROUP BY channel) v;

INSERT INTO told SELECT 'contact_pressure', to_jsonb(v) FROM (
    SELECT customer_id, touches, cap, is_over, allowed_at, last_touch_at, all_touches, engaged, pg_temp.rounded(engaged_share) AS engaged_share
    FROM crm_timeline.contact_pressure) v;
INSERT INTO plain SELECT 'contact_pressure', to_jsonb(v) FROM (
    SELECT customer AS customer_id, count(*) FILTER (WHERE is_recent) AS touches, 3 AS cap, count(*) FILTER (WHERE is_recent) >= 3 AS is_over,
           CASE WHEN count(*) FILTER (WHERE is_recent) >= 3
                THEN (array_agg(occurred_at ORDER BY n DESC))[3] + pg_temp.length_of('pressure_within') ELSE now() END AS allowed_at,
           max(occurred_at) AS last_touch_at, count(*) AS all_touches, count(*) FILTER (WHERE engaged) AS engaged,
           round(avg(engaged::integer), 6) AS engaged_share
    FROM (SELECT *, occurred_at > now() - pg_temp.length_of('pressure_within') AS is_recent FROM touch) t GROUP BY customer) v;

INSERT INTO told SELECT 'experience_by_week', to_jsonb(v) FROM (
    SELECT week, interactions, customers, contacts, waits, answered, pg_temp.rounded(on_time_share) AS on_time_share, friction_items,
           pg_temp.rounded(friction) AS friction, poor, touches, pg_temp.rounded(sentiment) AS sentiment, sentiment_n,
           pg_temp.rounded(csat::double precision) AS csat, csat_n, pg_temp.rounded(nps::double precision) AS nps, nps_n, pg_temp.rounded(ces) AS ces, ces_n
    FROM crm_timeline.experience_by_week) v;
INSERT INTO plain SELECT 'experience_by_week', to_jsonb(v) FROM (
    SELECT week AT TIME ZONE 'UTC' AS week, coalesce(interactions, 0) AS interactions, coalesce(customers, 0) AS customers,
           coalesce(contacts, 0) AS contacts, coalesce(waits, 0) AS waits, coalesce(answered, 0) AS answered,
           pg_temp.rounded(on_time / waits::double precision) AS on_time_share, coalesce(items, 0) AS friction_items,
           pg_temp.rounded(coalesce(friction, 0)) AS friction, coalesce(poor, 0) AS poor, coalesce(touches, 0) AS touches,
           pg_temp.rounded(sentiment) AS sentiment, coalesce(sentiment_n, 0) AS sentiment_n,
           CASE WHEN csat_n >= 5 THEN pg_temp.rounded(csat) END AS csat, coalesce(csat_n, 0) AS csat_n,
           CASE WHEN nps_n >= 5 THEN pg_temp.rounded(nps) END AS nps, coalesce(nps_n, 0) AS nps_n,
           CASE WHEN ces_n >= 5 THEN pg_temp.rounded(ces) END AS ces, coalesce(ces_n, 0) AS ces_n
    FROM (SELECT date_trunc('week', occurred_at AT TIME ZONE 'UTC') AS week, count(*) AS interactions, count(DISTINCT customer) AS customers,
                 count(*) FILTER (WHERE contact) AS contacts, count(*) FILTER (WHERE poor) AS poor, count(*) FILTER (WHERE touch) AS touches,
                 avg(sentiment) AS sentiment, count(sentiment) AS sentiment_n,
                 100 * avg((score >= 4)::integer) FILTER (WHERE kind = 'review' AND score BETWEEN 1 AND 5)::double precision AS csat,
                 count(*) FILTER (WHERE kind = 'review' AND score BETWEEN 1 AND 5) AS csat_n,
                 100 * avg((score >= 9)::integer - (score <= 6)::integer) FILTER (WHERE kind = 'survey')::double precision AS nps,
                 count(score) FILTER (WHERE kind = 'survey') AS nps_n,
                 avg(score) FILTER (WHERE kind = 'review' AND score BETWEEN 1 AND 7) AS ces,
                 count(*) FILTER (WHERE kind = 'review' AND score BETWEEN 1 AND 7) AS ces_n
          FROM row GROUP BY 1) r
         FULL JOIN (SELECT date_trunc('week', asked_at AT TIME ZONE 'UTC') AS week, count(*) AS waits,
                           count(*) FILTER (WHERE outcome = 'answered') AS answered,
                           count(*) FILTER (WHERE outcome = 'answered' AND NOT is_late) AS on_time
                    FROM wait GROUP BY 1) w USING (week)
         FULL JOIN (SELECT date_trunc('week', occurred_at AT TIME ZONE 'UTC') AS week, count(*) AS items, sum(weight) AS friction
                    FROM item GROUP BY 1) i USING (week)) v;

INSERT INTO told SELECT 'availability_fit', to_jsonb(v) FROM (
    SELECT channel, hour, waits, at_once, pg_temp.rounded(at_once_share) AS at_once_share, pg_temp.rounded(on_time_share) AS on_time_share,
           pg_temp.rounded(demand_share) AS demand_share
    FROM crm_timeline.availability_fit) v;
INSERT INTO plain SELECT 'availability_fit', to_jsonb(v) FROM (
    SELECT channel, extract(hour FROM asked_at AT TIME ZONE 'UTC')::integer AS hour, count(*) AS waits,
           count(*) FILTER (WHERE outcome = 'answered' AND waited = '0') AS at_once,
           round(avg((outcome = 'answered' AND waited = '0')::integer), 6) AS at_once_share,
           round(avg((outcome = 'answered' AND NOT is_late)::integer), 6) AS on_time_share,
           round(count(*) / sum(count(*)) OVER (PARTITION BY channel), 6) AS demand_share
    FROM wait GROUP BY channel, 2) v;

-- ---- what differs, and what says nothing ----------------------------------------------------------------------

-- the last digit of a rounded number may differ by how it was computed
CREATE FUNCTION pg_temp.same(a jsonb, b jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT a = b OR jsonb_typeof(a) = 'number' AND jsonb_typeof(b) = 'number' AND abs(a::numeric - b::numeric) <= 0.000002
$$;

-- what tells the rows of a view apart, as far as one needs to know to see two of them side by side
CREATE TEMP TABLE said AS
SELECT *, row_number() OVER (PARTITION BY is_plain, name, key ORDER BY said) AS no
FROM (SELECT false AS is_plain, * FROM told UNION ALL SELECT true, * FROM plain) s,
     LATERAL (SELECT string_agg(value, ' ' ORDER BY column_name) AS key FROM jsonb_each_text(said) e (column_name, value)
              WHERE column_name IN ('customer_id', 'week', 'item', 'name', 'goal', 'kind', 'channel', 'hour', 'topic', 'first_agent', 'resolving_agent')) k;
CREATE TEMP TABLE difference AS
SELECT coalesce(t.name, p.name) AS name, t.said AS told, p.said AS plain
FROM (SELECT * FROM said WHERE NOT is_plain) t FULL JOIN (SELECT * FROM said WHERE is_plain) p USING (name, key, no)
WHERE t.said IS NULL OR p.said IS NULL
   OR EXISTS (SELECT FROM jsonb_each(t.said) e WHERE NOT pg_temp.same(e.value, p.said -> e.key));

SELECT name || ': ' || count(*) || ' rows differ, such as ' || min(concat('told ', told, ' where plain SQL says ', plain))
FROM difference GROUP BY name ORDER BY name;

SELECT name || ': ' || key || ' says nothing in ' || count(*) || ' rows'
FROM told, jsonb_each(said) e (key, value)
-- a median may well be nothing: most calls are answered as they come
GROUP BY name, key HAVING bool_and(value IN ('null', 'false') OR value = '0' AND key NOT LIKE 'median%') ORDER BY name, key;

SELECT 'views: compared ' || count(*) || ' rows of ' || count(DISTINCT name) || ' views over ' || (SELECT count(*) FROM row) || ' interactions of '
    || (SELECT count(*) FROM customer) || ' customers, with ' || (SELECT count(*) FROM wait) || ' waits and ' || (SELECT count(*) FROM item)
    || ' items of friction'
FROM told;
ROLLBACK;
