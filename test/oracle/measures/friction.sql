-- Friction: each item, and the sum.

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

-- Who still asks after more than the patience: from what began a wait on, the next one so long after it.
CREATE TEMP TABLE plain_long_wait AS
WITH RECURSIVE asks AS (
    SELECT number, asked, n, occurred_at, NULL::bigint AS earlier FROM plain_run JOIN plain_row USING (number, n) WHERE n = asked
    UNION ALL
    SELECT p.number, p.asked, a.n, a.occurred_at, p.n
    FROM asks p JOIN plain_limit l USING (number),
    LATERAL (SELECT r.n, r.occurred_at FROM plain_run u JOIN plain_row r USING (number, n)
             WHERE u.number = p.number AND u.asked = p.asked AND (r.contact OR r.reopened)
             AND r.occurred_at > p.occurred_at + l.patience ORDER BY r.n LIMIT 1) a
)
SELECT number, n, earlier FROM asks WHERE earlier IS NOT NULL;

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
      UNION ALL SELECT number, 'slow_wait', n, NULL, asked_at + target FROM plain_wait WHERE is_late
      UNION ALL SELECT number, 'slow_wait', n, earlier, NULL FROM plain_long_wait
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
