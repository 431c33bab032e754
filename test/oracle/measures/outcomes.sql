-- What became of it: after a poor interaction, of feedback, in channels, of what is risky, of goals.

-- What follows each poor interaction and each feedback, up to the moment until: the first of every sort as a row, NULL where there is none.
CREATE TEMP TABLE plain_follow_up AS
SELECT p.*, c.as_of <= u.until AS is_early, f.answer, f.thread_answer, f.again, f.action AS action_row, f.pleasure, t.told AS told_row
FROM plain_row p JOIN plain_case c USING (number),
LATERAL (SELECT p.occurred_at + pg_temp.length_of(c.parameters, 'recovery_within') AS until) u,
LATERAL (SELECT (array_agg(x ORDER BY x.n) FILTER (WHERE x.answers))[1] AS answer,
                (array_agg(x ORDER BY x.n) FILTER (WHERE x.answers AND x.thread = p.thread))[1] AS thread_answer,
                (array_agg(x ORDER BY x.n) FILTER (WHERE x.inbound))[1] AS again,
                (array_agg(x ORDER BY x.n) FILTER (WHERE x.action))[1] AS action,
                (array_agg(x ORDER BY x.n) FILTER (WHERE x.pleased AND NOT x.poor))[1] AS pleasure
         FROM plain_row x WHERE x.number = p.number AND x.n > p.n AND x.seen AND x.occurred_at <= u.until) f,
-- the customer is told of the action, so after it
LATERAL (SELECT (array_agg(x ORDER BY x.n))[1] AS told
         FROM plain_row x WHERE x.number = p.number AND x.n > (f.action).n AND x.seen AND x.occurred_at <= u.until AND x.told) t
WHERE p.seen AND (p.poor OR p.feedback);

CREATE TEMP VIEW plain_recoveries AS
SELECT c.number, 'recoveries' AS measure,
       (SELECT json_agg(json_build_array(occurred_at, kind, channel, thread, agent, sentiment, score, (answer).occurred_at, (answer).agent,
                                         (again).occurred_at, (again).kind, (again).channel, (pleasure).occurred_at,
                                         CASE WHEN (pleasure).n IS NOT NULL THEN 'recovered' WHEN (again).n IS NOT NULL THEN 'returned'
                                              WHEN is_early THEN 'open' ELSE 'lost' END, source, ref) ORDER BY n)
        FROM plain_follow_up p WHERE p.number = c.number AND poor) AS plain_sql,
       (SELECT json_agg(json_build_array(occurred_at, kind, channel, thread, agent, sentiment, score, answered_at, answered_by,
                                         next_at, next_kind, next_channel, recovered_at, outcome, source, ref))
        FROM recoveries(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;

CREATE TEMP VIEW plain_feedback_loops AS
SELECT c.number, 'feedback_loops' AS measure,
       (SELECT json_agg(json_build_array(occurred_at, kind, channel, thread, topic, score, sentiment, poor, (response).occurred_at,
                                         (response).agent, (action_row).occurred_at, (action_row).kind, (told_row).occurred_at,
                                         (pleasure).occurred_at,
                                         CASE WHEN (told_row).n IS NOT NULL THEN 'told' WHEN (action_row).n IS NOT NULL THEN 'acted'
                                              WHEN (response).n IS NOT NULL THEN 'answered'
                                              WHEN is_early THEN 'open' ELSE 'ignored' END, source, ref) ORDER BY n)
        -- who gave feedback in a thread is answered there
        FROM (SELECT *, CASE WHEN thread IS NULL THEN answer ELSE thread_answer END AS response FROM plain_follow_up) p
        WHERE p.number = c.number AND feedback) AS plain_sql,
       (SELECT json_agg(json_build_array(occurred_at, kind, channel, thread, topic, score, sentiment, is_poor, answered_at, answered_by,
                                         action_at, action_kind, told_at, recovered_at, status, source, ref))
        FROM feedback_loops(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;

-- In which order the measures are told is not said. Values to six digits: here they are decimal ones.
CREATE TEMP VIEW plain_consistency AS
SELECT c.number, 'consistency' AS measure,
       (SELECT json_agg(json_build_array(measure, channels, n, best_channel, round(best, 6), worst_channel, round(worst, 6),
                                         round(abs(best - worst), 6)) ORDER BY measure)
        FROM (SELECT measure, count(*) AS channels, sum(n) AS n,
                     (array_agg(channel ORDER BY score * better DESC, channel COLLATE "C"))[1] AS best_channel,
                     (array_agg(score ORDER BY score * better DESC))[1] AS best,
                     (array_agg(channel ORDER BY score * better, channel COLLATE "C"))[1] AS worst_channel,
                     (array_agg(score ORDER BY score * better))[1] AS worst
              -- better is where more of it is
              FROM (SELECT 'wait_seconds' AS measure, -1 AS better, channel, count(*) AS n,
                           avg(extract(epoch FROM waited)::numeric) AS score
                    FROM plain_wait w WHERE w.number = c.number AND outcome = 'answered' GROUP BY channel
                    UNION ALL
                    SELECT 'answered_share', 1, channel, count(*), avg((outcome = 'answered')::int)
                    FROM plain_wait w WHERE w.number = c.number AND outcome <> 'waiting' GROUP BY channel
                    UNION ALL
                    SELECT 'sentiment', 1, channel, count(*), avg(sentiment::numeric)
                    FROM plain_row r WHERE r.number = c.number AND seen AND sentiment IS NOT NULL GROUP BY channel) v
              WHERE channel IS NOT NULL
              GROUP BY measure HAVING count(*) > 1) p) AS plain_sql,
       (SELECT json_agg(json_build_array(measure, channels, n, best_channel, round(best::numeric, 6), worst_channel, round(worst::numeric, 6),
                                         round(spread::numeric, 6)) ORDER BY measure)
        FROM consistency(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;

-- What is risky, for friction_fit().
DELETE FROM risk_target;
INSERT INTO risk_target (kind, amount_from, at_least, at_most)
VALUES ('payment', 0, 0, 0), ('payment', 100, 1, 2), ('payment', 1000, 2, NULL), ('refund', 50, 1, 1), ('order', 0, 1, NULL),
       ('login', 0, 0, 1), ('approval', 0, 1, 1);

CREATE TEMP VIEW plain_friction_fit AS
SELECT c.number, 'friction_fit' AS measure,
       (SELECT json_agg(json_build_array(occurred_at, kind, thread, amount, safeguards, at_least, at_most,
                                         CASE WHEN safeguards < at_least THEN 'too little' WHEN safeguards > at_most THEN 'too much'
                                              ELSE 'right' END, source, ref) ORDER BY n)
        FROM (SELECT r.*, amount, at_least, at_most,
                     (SELECT count(*) FROM plain_row g
                      WHERE g.number = r.number AND g.n < r.n AND g.safeguard
                        -- what has no thread has those shortly before it, in whatever thread
                        AND CASE WHEN r.thread IS NULL THEN g.occurred_at >= r.occurred_at - pg_temp.length_of(c.parameters, 'safeguard_within')
                                 ELSE g.thread = r.thread END) AS safeguards
              FROM plain_row r, LATERAL (SELECT coalesce(r.risk, abs(r.value), 0) AS amount) a,
              LATERAL (SELECT at_least, at_most FROM risk_target t WHERE t.kind = r.kind AND amount_from <= amount
                       ORDER BY amount_from DESC LIMIT 1) t
              WHERE r.number = c.number AND r.seen) p) AS plain_sql,
       (SELECT json_agg(json_build_array(occurred_at, kind, thread, amount, safeguards, at_least, at_most, verdict, source, ref))
        FROM friction_fit(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;

-- Goals that are single kinds, each abandoned after one of the durations that cases vary; a call is its own achievement.
CREATE TEMP TABLE plain_goal AS
SELECT c.*, started, achieved, pg_temp.length_of(parameters, abandoned_after) AS abandoned_after
FROM plain_case c, (VALUES ('message', 'reply', 'repeat_within'), ('login', 'order', 'patience'),
                           ('call', 'call', 'switch_within')) g (started, achieved, abandoned_after);

-- Runs, one after the other: from the interaction begun to last, of which the next one begins after.
CREATE TEMP TABLE plain_goal_run AS
WITH RECURSIVE run AS (
    SELECT number, started, 0::bigint AS begun, NULL::bigint AS reached, 0::bigint AS last, NULL::timestamptz AS until FROM plain_goal
    UNION ALL
    SELECT g.number, g.started, b.n, a.n,
           coalesce(a.n, (SELECT max(n) FROM plain_row r WHERE r.number = g.number AND seen AND occurred_at <= u.until)), u.until
    FROM run p JOIN plain_goal g USING (number, started),
    LATERAL (SELECT n, occurred_at FROM plain_row r
             WHERE r.number = g.number AND r.seen AND r.n > p.last AND r.kind = g.started ORDER BY n LIMIT 1) b,
    LATERAL (SELECT b.occurred_at + g.abandoned_after AS until) u,
    LATERAL (SELECT min(n) AS n FROM plain_row r
             WHERE r.number = g.number AND r.seen AND r.n >= b.n AND r.occurred_at <= u.until AND r.kind = g.achieved) a
)
SELECT * FROM run WHERE begun > 0;

CREATE TEMP VIEW plain_goal_runs AS
SELECT g.number, 'goal_runs ' || started AS measure,
       (SELECT json_agg(json_build_array(b.occurred_at, s.attempts, e.ended_at, e.outcome, extract(epoch FROM coalesce(e.ended_at, g.as_of) - b.occurred_at),
                                         s.steps, s.contacts, s.errors, s.channels, s.effort, b.channel, b.source, b.ref, a.source, a.ref)
                        ORDER BY begun)
        FROM plain_goal_run p JOIN plain_row b ON b.number = p.number AND b.n = begun
        LEFT JOIN plain_row a ON a.number = p.number AND a.n = reached,
        LATERAL (SELECT CASE WHEN reached IS NOT NULL THEN 'achieved' WHEN g.as_of <= until THEN 'open' ELSE 'abandoned' END AS outcome,
                        CASE WHEN reached IS NOT NULL THEN a.occurred_at WHEN g.as_of > until THEN until END AS ended_at) e,
        LATERAL (SELECT count(*) FILTER (WHERE r.kind = g.started) AS attempts, count(*) FILTER (WHERE inbound) AS steps,
                        count(*) FILTER (WHERE contact) AS contacts, count(*) FILTER (WHERE error) AS errors,
                        count(DISTINCT channel) FILTER (WHERE inbound) AS channels, sum(effort) AS effort
                 FROM plain_row r WHERE r.number = p.number AND r.n BETWEEN begun AND last) s
        WHERE p.number = g.number AND p.started = g.started) AS plain_sql,
       (SELECT json_agg(json_build_array(started_at, attempts, ended_at, outcome, extract(epoch FROM took), steps, contacts, errors, channels,
                                         effort, channel, source, ref, achieved_source, achieved_ref))
        FROM goal_runs(g.timeline, g.d, g.as_of, g.started::pattern, g.achieved::pattern, g.abandoned_after)) AS told
FROM plain_goal g;
