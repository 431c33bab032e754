-- Conversations, who handled them, and what comes back.

-- What is seen, with what lies before each row in its conversation.
CREATE TEMP TABLE plain_moment AS
WITH moment AS (
    SELECT number, n, conversation, occurred_at, kind, channel, thread, agent, topic, source, ref, contact, answers, abandoned, resolved,
           reopened, handled, transfer, error, self_service AND NOT contact AS alone,
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

CREATE TEMP VIEW plain_recurring AS
SELECT c.number, 'recurring' AS measure,
       (SELECT json_agg(json_build_array(what, name, conversations, contacts, first_at, last_at)
                        ORDER BY conversations DESC, what = 'kind', name COLLATE "C")
        FROM (SELECT what, name, count(*) AS conversations, sum(contacts) AS contacts, min(started_at) AS first_at, max(last_at) AS last_at
              FROM plain_conversation v, LATERAL (VALUES ('topic', topic), ('kind', kind)) w (what, name)
              WHERE v.number = c.number AND contacts > 0 AND name IS NOT NULL
              GROUP BY what, name HAVING count(*) > 1) p) AS plain_sql,
       (SELECT json_agg(json_build_array(what, name, conversations, contacts, first_at, last_at)) FROM recurring(c.timeline, c.d, c.as_of)) AS told
FROM plain_case c;
