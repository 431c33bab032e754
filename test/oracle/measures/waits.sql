-- Waits, attention, and opening hours.

-- Waits, row after row of each conversation: asked is the row that began the wait that a row belongs to, outcome how it ended it.
CREATE TEMP TABLE plain_run AS
WITH RECURSIVE run AS (
    SELECT number, conversation, 0::bigint AS place, NULL::bigint AS n, false AS contact, NULL::bigint AS asked,
           NULL::timestamptz AS lapses_at, NULL::text AS outcome
    FROM plain_row GROUP BY number, conversation
    UNION ALL
    SELECT r.number, r.conversation, r.place, r.n, r.contact, b.asked,
           CASE WHEN r.contact OR r.reopened THEN r.occurred_at + (SELECT patience FROM plain_limit l WHERE l.number = r.number)
                ELSE p.lapses_at END,
           CASE WHEN b.asked IS NULL THEN NULL WHEN r.answers THEN 'answered'
                WHEN r.abandoned AND (b.asked = r.n OR NOT r.contact) THEN 'abandoned' WHEN r.resolved THEN 'resolved' END
    FROM run p JOIN plain_row r ON r.number = p.number AND r.conversation = p.conversation AND r.place = p.place + 1 AND r.seen,
    LATERAL (SELECT CASE WHEN p.asked IS NOT NULL AND p.outcome IS NULL
                              -- one that lapsed gives way to the next
                              AND NOT ((r.contact OR r.reopened) AND r.occurred_at > p.lapses_at) THEN p.asked
                         WHEN r.contact OR r.reopened THEN r.n END AS asked) b
)
SELECT * FROM run WHERE asked IS NOT NULL;
CREATE INDEX ON plain_run (number, asked, n);
ANALYZE plain_run;

CREATE TEMP TABLE plain_wait AS
SELECT w.*, outcome = 'lapsed' OR waited > target AS is_late,
       count(*) FILTER (WHERE outcome = 'answered') OVER (PARTITION BY number, conversation ORDER BY n
                                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) = 0 AS is_first
FROM (SELECT number, conversation, n, thread, channel, kind, topic, source, ref, asked_at, attempts, ended_at, outcome, agent,
             answer_channel, answer_source, answer_ref, coalesce(ended_at, as_of) - asked_at AS waited,
             deadline - asked_at AS target
      FROM (SELECT r.number, r.conversation, r.n, r.thread, r.channel, r.kind, r.topic, r.source, r.ref, r.occurred_at AS asked_at,
                   w.attempts, w.deadline, c.as_of, e.agent, e.channel AS answer_channel, e.source AS answer_source,
                   e.ref AS answer_ref, coalesce(w.outcome, CASE WHEN w.lapses_at < c.as_of OR w.is_followed THEN 'lapsed' ELSE 'waiting' END) AS outcome,
                   coalesce(e.occurred_at, CASE WHEN w.lapses_at < c.as_of OR w.is_followed THEN w.lapses_at END) AS ended_at
            FROM (SELECT r.number, asked, count(*) FILTER (WHERE r.contact) AS attempts, max(r.outcome) AS outcome,
                         max(r.n) FILTER (WHERE r.outcome IS NOT NULL) AS ended, max(r.lapses_at) AS lapses_at,
                         min(i.occurred_at + least(c.patience, coalesce(pg_temp.length_of(c.parameters, 'wait_target@' || i.channel),
                                                                        pg_temp.length_of(c.parameters, 'wait_target'))))
                             FILTER (WHERE i.contact OR i.reopened) AS deadline,
                         EXISTS (SELECT FROM plain_run x WHERE x.number = r.number AND x.conversation = r.conversation AND x.asked > r.asked) AS is_followed
                  FROM plain_run r JOIN plain_row i ON i.number = r.number AND i.n = r.n JOIN plain_limit c ON c.number = r.number
                  GROUP BY r.number, r.conversation, asked) w
            JOIN plain_row r ON r.number = w.number AND r.n = w.asked
            JOIN plain_case c ON c.number = w.number
            LEFT JOIN plain_row e ON e.number = w.number AND e.n = w.ended) x) w;

CREATE TEMP VIEW plain_waits AS
SELECT c.number, 'waits' AS measure,
       (SELECT json_agg(json_build_array(thread, channel, kind, topic, source, ref, asked_at, attempts, ended_at, outcome, is_first,
                                         extract(epoch FROM waited), extract(epoch FROM target), is_late, agent, answer_channel,
                                         answer_source, answer_ref) ORDER BY n)
        FROM plain_wait w WHERE w.number = c.number) AS plain_sql,
       (SELECT json_agg(json_build_array(thread, channel, kind, topic, source, ref, asked_at, attempts, ended_at, outcome, is_first,
                                         extract(epoch FROM waited), extract(epoch FROM target), is_late, agent, answer_channel,
                                         answer_source, answer_ref))
        FROM waits(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;

CREATE TEMP VIEW plain_attention AS
SELECT c.number, 'attention' AS measure, to_json(p) AS plain_sql, to_json(a) AS told
FROM plain_case c, attention(c.timeline, c.d, c.as_of) a, LATERAL (
    SELECT r.interactions, r.inbound, r.outbound, r.automated, r.internal,
           (r.outbound - r.inbound)::double precision / nullif(r.outbound + r.inbound, 0) AS balance, r.contacts,
           w.waits, w.answered, w.answered_on_time, w.resolved, w.abandoned, w.lapsed, w.waiting,
           w.answered::double precision / nullif(w.waits - w.waiting, 0) AS answered_share,
           w.answered_on_time::double precision / nullif(w.waits - w.waiting, 0) AS on_time_share, w.waiting_since
    FROM (SELECT count(*) AS interactions, count(*) FILTER (WHERE inbound AND automated IS NOT TRUE) AS inbound,
                 count(*) FILTER (WHERE outbound AND automated IS NOT TRUE) AS outbound,
                 count(*) FILTER (WHERE automated AND NOT internal) AS automated, count(*) FILTER (WHERE internal) AS internal,
                 count(*) FILTER (WHERE contact) AS contacts
          FROM plain_row WHERE number = c.number AND seen) r,
         (SELECT count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
                 count(*) FILTER (WHERE outcome = 'answered' AND NOT is_late) AS answered_on_time,
                 count(*) FILTER (WHERE outcome = 'resolved') AS resolved, count(*) FILTER (WHERE outcome = 'abandoned') AS abandoned,
                 count(*) FILTER (WHERE outcome = 'lapsed') AS lapsed, count(*) FILTER (WHERE outcome = 'waiting') AS waiting,
                 min(asked_at) FILTER (WHERE outcome = 'waiting') AS waiting_since
          FROM plain_wait WHERE number = c.number) w) p;

-- Opening hours, once as the extension takes them and once as spans: over the change of clocks, over midnight, with a day off. Other
-- channels, and what has none, have no hours.
DELETE FROM schedule_definition;
INSERT INTO schedule_definition (channel, schedule) VALUES
    ('phone', 'Europe/Berlin mon-fri 09:00-17:00'), ('chat', 'UTC mon-sun 08:00-21:30'),
    ('email', 'America/New_York mon-thu 09:00-12:00 13:30-18:00; 2026-03-30 closed'), ('app', 'Europe/Berlin fri-sun 22:00-06:00');

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
       (SELECT jsonb_agg(to_jsonb(t) || jsonb_build_object('waited', extract(epoch FROM waited), 'worked', extract(epoch FROM worked),
                                                           'target', extract(epoch FROM target)))
        FROM working_waits(c.timeline, c.d, c.as_of) t) AS told
FROM plain_case c;
