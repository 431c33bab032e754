-- Conversations, handlers, friction and working waits in plain SQL over the rows, with the events that are the default ones; read
-- after measures.sql, whose rows and waits it goes on from. measures.py asks plain_conversation_difference what differs.
--
-- Nothing of the extension is used but unnest(), and the functions that are compared.

CREATE TEMP TABLE plain_limit AS
SELECT number, parameters, pg_temp.length_of(parameters, 'chase_after') AS chase_after,
       pg_temp.length_of(parameters, 'repeat_within') AS repeat_within, pg_temp.length_of(parameters, 'switch_within') AS switch_within,
       pg_temp.length_of(parameters, 'self_service_within') AS self_service_within,
       -- of an infinite as_of everything is recent
       CASE WHEN isfinite(as_of) THEN as_of - pg_temp.length_of(parameters, 'worst_within') ELSE '-infinity' END AS recent_after
FROM plain_case;
CREATE INDEX ON plain_limit (number);
ANALYZE plain_limit;

-- What is seen, with the events that waits do not need, and with what lies before each row in its conversation.
CREATE TEMP TABLE plain_moment AS
WITH moment AS (
    SELECT number, n, conversation, occurred_at, kind, channel, thread, agent, topic, source, ref, contact, answers, abandoned, resolved,
           reopened, agent IS NOT NULL AND automated IS NOT TRUE AND direction IS DISTINCT FROM 'internal' AS handled,
           kind IN ('escalation', 'forwarded', 'handoff', 'handover', 'reassigned', 'transfer') AS transfer,
           kind IN ('crash', 'delivery_failed', 'error', 'failure', 'form_error', 'login_failed', 'payment_failed')
               OR outbound AND coalesce(outcome, '') IN ('bounced', 'error', 'failed') AS error,
           NOT contact AND (kind IN ('article_view', 'bot_chat', 'chatbot', 'faq', 'help', 'help_article', 'ivr', 'knowledge_base',
                                     'login', 'search', 'self_service') OR kind = 'visit' AND channel IS NOT DISTINCT FROM 'web') AS alone,
           -- outside of threads the customer's next question may be another matter
           reopened OR contact AND thread IS NOT NULL AS may_reopen
    FROM plain_row WHERE seen
), known AS (
    -- Who resolves what is resolved, or opens what is open, changes nothing: the last of either kind says which of the two it is.
    SELECT m.*, max(n) FILTER (WHERE handled) OVER before AS handled_before, bool_or(resolved OR reopened) OVER before IS TRUE AS is_known,
           coalesce(max(n) FILTER (WHERE resolved) OVER before > coalesce(max(n) FILTER (WHERE may_reopen) OVER before, 0), false) AS is_resolved
    FROM moment m
    WINDOW before AS (PARTITION BY number, conversation ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT k.*, max(n) FILTER (WHERE resolves) OVER (PARTITION BY number, conversation ORDER BY n) AS resolved_by
FROM (SELECT *, resolved AND NOT is_resolved AS resolves, may_reopen AND is_resolved OR reopened AND NOT is_known AS reopens FROM known) k;
CREATE INDEX ON plain_moment (number, n);
CREATE INDEX ON plain_moment (number, conversation, n);
ANALYZE plain_moment;

-- The handled ones; arrives is where another agent comes than before, or the first.
CREATE TEMP TABLE plain_handled AS
SELECT h.*, arrives AND before IS NOT NULL AND NOT EXISTS (
           -- the first arrival after a transfer by nobody was announced by it
           SELECT FROM plain_moment t WHERE t.number = h.number AND t.conversation = h.conversation AND t.transfer AND NOT t.handled
           AND t.n BETWEEN h.arrived_before AND h.n) AS moves
FROM (SELECT a.*, max(n) FILTER (WHERE arrives) OVER (PARTITION BY number, conversation ORDER BY n
                                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS arrived_before
      FROM (SELECT number, conversation, n, occurred_at, agent, lag(agent) OVER w AS before,
                   agent IS DISTINCT FROM lag(agent) OVER w AS arrives
            FROM plain_moment WHERE handled WINDOW w AS (PARTITION BY number, conversation ORDER BY n)) a) h;
CREATE INDEX ON plain_handled (number, conversation, n);
ANALYZE plain_handled;

CREATE TEMP TABLE plain_transfer AS
SELECT m.number, m.conversation, m.n, m.handled_before
FROM plain_moment m LEFT JOIN plain_handled h USING (number, n) WHERE m.transfer OR h.moves;

CREATE TEMP TABLE plain_conversation AS
SELECT m.number, m.conversation, m.begun, f.thread, f.channel, f.kind, f.topic, f.occurred_at AS started_at, m.last_at, m.contacts,
       coalesce(w.waits, 0) AS waits, coalesce(w.answered, 0) AS answered, w.first_response, coalesce(w.answer_time, '0') AS answer_time,
       coalesce(w.is_waiting, false) AS is_waiting, m.is_abandoned, coalesce(h.stations, 0) AS stations, coalesce(h.handlers, 0) AS handlers,
       coalesce(t.transfers, 0) AS transfers, m.resolutions, m.reopens,
       CASE WHEN m.reopened_last > m.resolved_last THEN NULL ELSE r.occurred_at END AS resolved_at, h.first_agent, h.last_agent,
       (SELECT h.agent FROM plain_handled h WHERE h.number = m.number AND h.conversation = m.conversation AND h.n <= m.resolved_last
        ORDER BY h.n DESC LIMIT 1) AS resolving_agent, f.source, f.ref
FROM (SELECT number, conversation, min(n) FILTER (WHERE counts) AS begun, max(occurred_at) FILTER (WHERE counts) AS last_at,
             count(*) FILTER (WHERE contact) AS contacts, bool_or(abandoned) AS is_abandoned,
             count(*) FILTER (WHERE resolves) AS resolutions, count(*) FILTER (WHERE reopens) AS reopens,
             max(n) FILTER (WHERE resolves) AS resolved_last, max(n) FILTER (WHERE reopens) AS reopened_last
      FROM (SELECT *, contact OR answers OR abandoned OR resolved OR reopened OR handled OR transfer AS counts FROM plain_moment) m
      GROUP BY number, conversation) m
JOIN plain_moment f ON f.number = m.number AND f.n = m.begun
LEFT JOIN plain_moment r ON r.number = m.number AND r.n = m.resolved_last
LEFT JOIN (SELECT number, conversation, count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
                  (array_agg(waited ORDER BY n) FILTER (WHERE outcome = 'answered'))[1] AS first_response,
                  sum(waited) FILTER (WHERE outcome = 'answered') AS answer_time, bool_or(outcome = 'waiting') AS is_waiting
           FROM plain_wait GROUP BY number, conversation) w ON w.number = m.number AND w.conversation = m.conversation
LEFT JOIN (SELECT number, conversation, count(*) FILTER (WHERE arrives) AS stations, count(DISTINCT agent) AS handlers,
                  (array_agg(agent ORDER BY n))[1] AS first_agent, (array_agg(agent ORDER BY n DESC))[1] AS last_agent
           FROM plain_handled GROUP BY number, conversation) h ON h.number = m.number AND h.conversation = m.conversation
LEFT JOIN (SELECT number, conversation, count(*) AS transfers FROM plain_transfer GROUP BY number, conversation) t
          ON t.number = m.number AND t.conversation = m.conversation;
CREATE INDEX ON plain_conversation (number);
ANALYZE plain_conversation;

-- Rows with their columns' names, and durations in seconds, since one duration may be written in several ways.
CREATE TEMP VIEW plain_conversations AS
SELECT c.number, 'conversations' AS measure,
       (SELECT jsonb_agg(to_jsonb(p) - '{number,conversation,begun}'::text[]
                         || jsonb_build_object('first_response', extract(epoch FROM first_response), 'answer_time', extract(epoch FROM answer_time))
                         ORDER BY begun)
        FROM plain_conversation p WHERE p.number = c.number) AS plain_sql,
       (SELECT jsonb_agg(to_jsonb(t) || jsonb_build_object('first_response', extract(epoch FROM first_response),
                                                           'answer_time', extract(epoch FROM answer_time)))
        FROM conversations(c.timeline, c.d, c.as_of) t) AS told
FROM plain_case c;

CREATE TEMP VIEW plain_handlers AS
SELECT c.number, 'handlers' AS measure,
       (SELECT jsonb_agg(to_jsonb(p) - '{number,begun}'::text[] ORDER BY begun, place)
        FROM (SELECT v.number, v.begun, v.thread, v.channel, v.started_at, h.agent,
                     row_number() OVER (PARTITION BY v.begun ORDER BY min(h.n)) AS place, count(*) AS interactions,
                     min(h.occurred_at) AS first_at, max(h.occurred_at) AS last_at, 1::double precision / v.handlers AS share,
                     h.agent = v.first_agent AS is_first, h.agent = v.last_agent AS is_last,
                     coalesce(h.agent = v.resolving_agent, false) AS is_resolving
              FROM plain_conversation v JOIN plain_handled h ON h.number = v.number AND h.conversation = v.conversation
              WHERE v.number = c.number
              GROUP BY v.number, v.begun, v.thread, v.channel, v.started_at, h.agent, v.handlers, v.first_agent, v.last_agent,
                       v.resolving_agent) p)
       AS plain_sql,
       (SELECT jsonb_agg(to_jsonb(t)) FROM handlers(c.timeline, c.d, c.as_of) t) AS told
FROM plain_case c;

-- The contacts, with the wait that each is asked in, where and when that ends or lapses, and the round.
CREATE TEMP TABLE plain_ask AS
SELECT m.number, m.n, m.occurred_at, m.channel, m.topic, m.abandoned, r.asked, r.ended, r.lapses_at,
       row_number() OVER (PARTITION BY m.number, r.asked ORDER BY m.n) AS attempt,
       CASE WHEN m.thread IS NOT NULL THEN m.conversation
            ELSE r.asked || '/' || count(*) FILTER (WHERE m.abandoned) OVER (PARTITION BY m.number, r.asked ORDER BY m.n
                                                                            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) END AS round
FROM (SELECT number, n, asked, max(n) FILTER (WHERE outcome IS NOT NULL) OVER w AS ended, max(lapses_at) OVER w AS lapses_at
      FROM plain_run WINDOW w AS (PARTITION BY number, asked)) r
JOIN plain_moment m ON m.number = r.number AND m.n = r.n WHERE m.contact;
CREATE INDEX ON plain_ask (number, n);
CREATE INDEX ON plain_ask (number, asked, attempt);
ANALYZE plain_ask;

-- Who asks again in a wait, contact after contact: anchor is what began it, or the last repeat in it.
CREATE TEMP TABLE plain_chase AS
WITH RECURSIVE chase AS (
    SELECT r.number, r.n AS asked, 0::bigint AS attempt, NULL::bigint AS n, r.n AS anchor, r.occurred_at AS anchored_at,
           false AS gave_up, false AS repeats, NULL::bigint AS earlier
    FROM plain_wait w JOIN plain_moment r ON r.number = w.number AND r.n = w.n
    UNION ALL
    SELECT a.number, a.asked, a.attempt, a.n, CASE WHEN x.repeats THEN a.n ELSE p.anchor END,
           CASE WHEN x.repeats THEN a.occurred_at ELSE p.anchored_at END, a.abandoned, x.repeats, p.anchor
    FROM chase p JOIN plain_ask a ON a.number = p.number AND a.asked = p.asked AND a.attempt = p.attempt + 1
    JOIN plain_limit l ON l.number = a.number,
    LATERAL (SELECT a.n <> a.asked AND (a.occurred_at >= p.anchored_at + l.chase_after OR p.gave_up) AS repeats) x
)
SELECT number, n, earlier FROM chase WHERE repeats;
CREATE INDEX ON plain_chase (number, n);
ANALYZE plain_chase;

CREATE TEMP VIEW plain_switch AS
SELECT s.number, s.n, s.earlier
FROM (SELECT number, n, channel, occurred_at, lag(n) OVER w AS earlier, lag(channel) OVER w AS earlier_channel,
             lag(occurred_at) OVER w AS earlier_at
      FROM plain_ask WHERE channel IS NOT NULL WINDOW w AS (PARTITION BY number ORDER BY n)) s
JOIN plain_limit l USING (number) WHERE channel <> earlier_channel AND occurred_at <= earlier_at + l.switch_within;

-- What is asked again in another round, of what may be the same; who chases in an open wait does that instead.
CREATE TEMP VIEW plain_again AS
SELECT DISTINCT ON (a.number, a.round) a.number, a.n, e.n AS earlier
FROM plain_ask a JOIN plain_limit l USING (number),
LATERAL (SELECT max(e.n) AS n FROM plain_ask e
         WHERE e.number = a.number AND e.n < a.n AND e.round <> a.round AND a.occurred_at <= e.occurred_at + l.repeat_within
         AND (e.topic IS NULL OR a.topic IS NULL OR e.topic = a.topic)) e
WHERE e.n IS NOT NULL AND NOT EXISTS (SELECT FROM plain_chase p WHERE p.number = a.number AND p.n = a.n)
ORDER BY a.number, a.round, a.n;

-- The same in another channel, of a topic that both name, or while the customer was waiting for the other one.
CREATE TEMP VIEW plain_again_elsewhere AS
SELECT DISTINCT ON (a.number, a.round) a.number, a.n, e.n AS earlier
FROM plain_ask a JOIN plain_limit l USING (number),
LATERAL (SELECT max(e.n) AS n FROM plain_ask e
         WHERE e.number = a.number AND e.n < a.n AND e.round <> a.round AND a.occurred_at <= e.occurred_at + l.switch_within
         AND e.channel <> a.channel
         AND (e.topic = a.topic OR coalesce(e.ended > a.n, true) AND a.occurred_at <= e.lapses_at)) e
WHERE e.n IS NOT NULL
ORDER BY a.number, a.round, a.n;

CREATE TEMP VIEW plain_alone AS
SELECT c.number, c.n, c.tried AS earlier
FROM (SELECT m.*, max(n) FILTER (WHERE alone) OVER before AS tried, max(n) FILTER (WHERE contact) OVER before AS contacted
      FROM plain_moment m WINDOW before AS (PARTITION BY number ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) c
JOIN plain_moment s ON s.number = c.number AND s.n = c.tried JOIN plain_limit l ON l.number = c.number
WHERE c.contact AND c.tried > coalesce(c.contacted, 0) AND c.occurred_at <= s.occurred_at + l.self_service_within;

CREATE TEMP TABLE plain_item AS
SELECT i.number, i.item, coalesce(i.late_at, s.occurred_at) AS occurred_at, (l.parameters ->> ('weight@' || i.item))::double precision AS weight,
       s.thread, s.channel, s.agent, s.kind, e.occurred_at AS earlier_at, e.channel AS earlier_channel, e.agent AS earlier_agent, s.source, s.ref,
       e.source AS earlier_source, e.ref AS earlier_ref
FROM (SELECT number, 'repeat' AS item, n, earlier, NULL::timestamptz AS late_at FROM plain_chase
      UNION ALL SELECT number, 'repeat', n, earlier, NULL FROM plain_again
      UNION ALL SELECT number, 'channel_switch', n, earlier, NULL FROM plain_switch
      UNION ALL SELECT number, 'repeat_after_switch', n, earlier, NULL FROM plain_again_elsewhere
      UNION ALL SELECT number, 'transfer', n, handled_before, NULL FROM plain_transfer
      UNION ALL SELECT number, 'reopen', n, resolved_by, NULL FROM plain_moment WHERE reopens
      -- it lapses before it is late where the patience is the shorter
      UNION ALL SELECT number, 'slow_wait', n, NULL, least(asked_at + target, ended_at) FROM plain_wait WHERE is_late
      UNION ALL SELECT number, 'abandoned', n, NULL, NULL FROM plain_moment WHERE abandoned
      UNION ALL SELECT number, 'failed_self_service', n, earlier, NULL FROM plain_alone
      UNION ALL SELECT number, 'error', n, NULL, NULL FROM plain_moment WHERE error) i
JOIN plain_moment s ON s.number = i.number AND s.n = i.n
LEFT JOIN plain_moment e ON e.number = i.number AND e.n = i.earlier
JOIN plain_limit l ON l.number = i.number;
CREATE INDEX ON plain_item (number);
ANALYZE plain_item;

-- In the order of time, which is compared beside the rows: among those at one time the order is not said.
CREATE TEMP VIEW plain_friction_items AS
SELECT c.number, 'friction_items' AS measure,
       (SELECT jsonb_build_array(jsonb_agg(occurred_at ORDER BY occurred_at), jsonb_agg(item ORDER BY item))
        FROM (SELECT occurred_at, to_jsonb(i) - 'number' AS item FROM plain_item i WHERE i.number = c.number) p) AS plain_sql,
       (SELECT jsonb_build_array(jsonb_agg(occurred_at ORDER BY n), jsonb_agg(item ORDER BY item))
        FROM (SELECT t.n, t.occurred_at, to_jsonb(t) - 'n' AS item
              FROM friction_items(c.timeline, c.d, c.as_of) WITH ORDINALITY
                   t (item, occurred_at, weight, thread, channel, agent, kind, earlier_at, earlier_channel, earlier_agent, source, ref,
                      earlier_source, earlier_ref, n)) t) AS told
FROM plain_case c;

CREATE TEMP VIEW plain_friction AS
SELECT c.number, 'friction' AS measure, to_jsonb(p) AS plain_sql, to_jsonb(f) AS told
FROM plain_limit l JOIN plain_case c USING (number), friction(c.timeline, c.d, c.as_of) f, LATERAL (
    SELECT coalesce(sum(weight), 0) AS score, coalesce(sum(weight) FILTER (WHERE occurred_at > l.recent_after), 0) AS recent_score,
           (SELECT count(*) FROM plain_ask a WHERE a.number = c.number) AS contacts, count(*) AS items,
           count(*) FILTER (WHERE item = 'repeat') AS repeats, count(*) FILTER (WHERE item = 'channel_switch') AS channel_switches,
           count(*) FILTER (WHERE item = 'repeat_after_switch') AS repeats_after_switch, count(*) FILTER (WHERE item = 'transfer') AS transfers,
           count(*) FILTER (WHERE item = 'reopen') AS reopens, count(*) FILTER (WHERE item = 'slow_wait') AS slow_waits,
           count(*) FILTER (WHERE item = 'abandoned') AS abandoned, count(*) FILTER (WHERE item = 'failed_self_service') AS failed_self_service,
           count(*) FILTER (WHERE item = 'error') AS errors
    FROM plain_item i WHERE i.number = c.number) p;

-- Opening hours, once as the extension takes them and once as spans: over the change of clocks, over midnight, with a day off. Other
-- channels, and what has none, have no hours.
CREATE TEMP TABLE plain_hours (channel text, zone text, days int[], opens time, closes time, closed date);
INSERT INTO plain_hours VALUES
    ('phone', 'Europe/Berlin', '{1,2,3,4,5}', '09:00', '17:00', NULL),
    ('chat', 'UTC', '{1,2,3,4,5,6,7}', '08:00', '21:30', NULL),
    ('email', 'America/New_York', '{1,2,3,4}', '09:00', '12:00', '2026-03-30'),
    ('email', 'America/New_York', '{1,2,3,4}', '13:30', '18:00', '2026-03-30'),
    ('app', 'Europe/Berlin', '{5,6,7}', '22:00', '06:00', NULL);

-- A span that ends before it begins ends on the next date.
CREATE TEMP TABLE plain_open AS
SELECT h.channel, (date + opens) AT TIME ZONE zone AS since, (date + (closes < opens)::int + closes) AT TIME ZONE zone AS until
FROM (SELECT min(asked_at)::date - 2 AS first, max(asked_at + waited)::date + 2 AS last FROM plain_wait) w,
     generate_series(0, w.last - w.first) day, LATERAL (SELECT w.first + day AS date) d, plain_hours h
WHERE extract(isodow FROM date) = ANY (h.days) AND date IS DISTINCT FROM h.closed;
CREATE INDEX ON plain_open (channel, since);
ANALYZE plain_open;

-- The hours are in force for this question only.
CREATE TEMP TABLE plain_working_told (number int PRIMARY KEY, told jsonb);
BEGIN;
INSERT INTO schedule_definition (channel, schedule) VALUES
    ('phone', 'Europe/Berlin mon-fri 09:00-17:00'), ('chat', 'UTC mon-sun 08:00-21:30'),
    ('email', 'America/New_York mon-thu 09:00-12:00 13:30-18:00; 2026-03-30 closed'), ('app', 'Europe/Berlin fri-sun 22:00-06:00');
INSERT INTO plain_working_told
SELECT c.number, (SELECT jsonb_agg(to_jsonb(t) || jsonb_build_object('waited', extract(epoch FROM waited), 'worked', extract(epoch FROM worked),
                                                                     'target', extract(epoch FROM target)))
                  FROM working_waits(c.timeline, c.d, c.as_of) t)
FROM plain_case c;
DELETE FROM schedule_definition WHERE channel IN (SELECT channel FROM plain_hours);
COMMIT;

CREATE TEMP VIEW plain_working_waits AS
SELECT c.number, 'working_waits' AS measure,
       (SELECT jsonb_agg(jsonb_build_object('thread', thread, 'channel', channel, 'kind', kind, 'asked_at', asked_at, 'attempts', attempts,
                                            'ended_at', ended_at, 'outcome', outcome, 'is_first', is_first, 'waited', extract(epoch FROM waited),
                                            'worked', extract(epoch FROM worked), 'target', extract(epoch FROM target),
                                            'is_late', outcome = 'lapsed' OR worked > target, 'agent', agent, 'source', source,
                                            'ref', ref) ORDER BY n)
        FROM plain_wait w,
        LATERAL (SELECT CASE WHEN EXISTS (SELECT FROM plain_hours h WHERE h.channel = w.channel)
                             THEN coalesce(sum(least(until, asked_at + waited) - greatest(since, asked_at)), '0') ELSE waited END AS worked
                 -- no span is longer than a day
                 FROM plain_open o WHERE o.channel = w.channel AND until > asked_at
                 AND since BETWEEN asked_at - interval '1 day' AND asked_at + waited) b
        WHERE w.number = c.number) AS plain_sql,
       t.told
FROM plain_case c JOIN plain_working_told t USING (number);

CREATE TEMP VIEW plain_conversation_difference AS
SELECT number, measure, plain_sql::json, told::json
FROM (TABLE plain_conversations UNION ALL TABLE plain_handlers UNION ALL TABLE plain_friction_items UNION ALL TABLE plain_friction
      UNION ALL TABLE plain_working_waits) all_of_them
WHERE plain_sql IS DISTINCT FROM told;
