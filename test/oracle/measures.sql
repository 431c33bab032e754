-- The measures in plain SQL over the rows of timelines, with the events that are the default ones; for measures.py, which
-- fills measure_case: a timeline, parameters (durations in microseconds) and as_of, and asks plain_sql_difference what differs.
--
-- Nothing of the extension is used but unnest(), and the functions that are compared.

CREATE FUNCTION pg_temp.length_of(parameters jsonb, name text) RETURNS interval LANGUAGE sql IMMUTABLE AS $$
    SELECT justify_hours((parameters ->> name)::bigint * interval '1 microsecond')
$$;

CREATE FUNCTION pg_temp.microseconds(interval) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT (extract(epoch FROM $1) * 1000000)::bigint $$;

CREATE TEMP TABLE plain_case AS
SELECT number, timeline, d::definitions AS d, parameters, as_of, zone, unit, during FROM measure_case WHERE plain;

-- One row for each interaction, in the timeline's order; as what the default events take it.
CREATE TEMP TABLE plain_row AS
SELECT c.number, i.*, row_number() OVER (PARTITION BY c.number, coalesce('t' || i.thread, 'c' || i.channel, '') ORDER BY i.n) AS place,
       coalesce('t' || thread, 'c' || channel, '') AS conversation, occurred_at <= as_of AS seen,
       direction IS NOT DISTINCT FROM 'inbound' AS inbound, direction IS NOT DISTINCT FROM 'outbound' AS outbound,
       direction IS NOT DISTINCT FROM 'internal' AS internal,
       direction IS NOT DISTINCT FROM 'inbound' AND automated IS NOT TRUE
           AND kind IN ('call', 'callback_request', 'chat', 'comment', 'complaint', 'contact', 'email', 'enquiry', 'form', 'inquiry',
                        'message', 'question', 'request', 'sms', 'ticket', 'voicemail') AS contact,
       direction IS NOT DISTINCT FROM 'outbound' AND automated IS NOT TRUE
           AND kind NOT IN ('advert', 'campaign', 'crash', 'credit', 'delivery', 'delivery_failed', 'error', 'failure', 'invoice',
                            'mailing', 'newsletter', 'offer', 'payment_failed', 'promotion', 'push', 'receipt', 'refund', 'survey')
           AND coalesce(outcome, '') NOT IN ('abandoned', 'bounced', 'busy', 'failed', 'missed', 'no_answer', 'voicemail')
       OR direction IS NOT DISTINCT FROM 'inbound' AND agent IS NOT NULL AND kind IN ('call', 'meeting', 'video_call', 'visit')
           AND coalesce(outcome, '') NOT IN ('abandoned', 'dropped', 'failed', 'hangup', 'hung_up', 'missed', 'no_answer', 'voicemail')
           AS answers,
       direction IS NOT DISTINCT FROM 'inbound'
           AND coalesce(outcome, '') IN ('abandoned', 'dropped', 'hangup', 'hung_up', 'missed', 'no_answer')
       OR kind IN ('abandoned', 'hangup') AS abandoned,
       kind IN ('closed', 'conversation_resolved', 'resolution', 'resolved', 'solved') AS resolved,
       kind IN ('reopen', 'reopened') AS reopened,
       coalesce(sentiment <= -0.5, false)
           OR coalesce(outcome, '') IN ('abandoned', 'dropped', 'error', 'failed', 'hangup', 'hung_up', 'missed', 'no_answer')
           OR kind IN ('complaint', 'crash', 'error', 'failure', 'payment_failed')
           OR coalesce(kind = 'csat' AND score <= 2 OR kind = 'nps' AND score <= 6 OR kind = 'ces' AND score <= 3, false) AS poor,
       direction IS NOT DISTINCT FROM 'outbound'
           AND kind NOT IN ('answer', 'auto_reply', 'callback', 'comment', 'confirmation', 'credit', 'delivery', 'email', 'invoice',
                            'meeting', 'message', 'receipt', 'refund', 'reply') AS touch,
       direction IS NOT DISTINCT FROM 'inbound'
           AND kind IN ('booking', 'campaign_read', 'cart', 'click', 'download', 'login', 'open', 'order', 'page_view', 'purchase',
                        'read', 'signup', 'visit') AS engagement
FROM plain_case c, unnest(c.timeline) WITH ORDINALITY
     i (occurred_at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, effort, risk, automated, seq,
        source, ref, attributes, n);
CREATE INDEX ON plain_row (number, conversation, place);
CREATE INDEX ON plain_row (number, n);
ANALYZE plain_row;

-- Waits, row after row of each conversation: asked is the row that began the wait that a row belongs to, outcome how it ended it.
CREATE TEMP TABLE plain_run AS
WITH RECURSIVE run AS (
    SELECT number, conversation, 0::bigint AS place, NULL::bigint AS n, false AS contact, NULL::bigint AS asked,
           NULL::timestamptz AS lapses_at, NULL::text AS outcome
    FROM plain_row GROUP BY number, conversation
    UNION ALL
    SELECT r.number, r.conversation, r.place, r.n, r.contact, b.asked,
           CASE WHEN r.contact OR r.reopened THEN r.occurred_at + (SELECT pg_temp.length_of(parameters, 'patience') FROM plain_case c WHERE c.number = r.number)
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

CREATE TEMP TABLE plain_wait AS
SELECT w.*, outcome = 'lapsed' OR waited > target AS is_late,
       count(*) FILTER (WHERE outcome = 'answered') OVER (PARTITION BY number, conversation ORDER BY n
                                                          ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) = 0 AS is_first
FROM (SELECT number, conversation, n, thread, channel, kind, topic, source, ref, asked_at, attempts, ended_at, outcome, agent,
             answer_channel, answer_source, answer_ref, coalesce(ended_at, as_of) - asked_at AS waited,
             deadline - asked_at AS target
      FROM (SELECT r.number, r.conversation, r.n, r.thread, r.channel, r.kind, r.topic, r.source, r.ref, r.occurred_at AS asked_at,
                   w.attempts, w.deadline, c.as_of, c.parameters, e.agent, e.channel AS answer_channel, e.source AS answer_source,
                   e.ref AS answer_ref, coalesce(w.outcome, CASE WHEN lapse.lapses_at < c.as_of OR w.is_followed THEN 'lapsed' ELSE 'waiting' END) AS outcome,
                   coalesce(e.occurred_at, CASE WHEN lapse.lapses_at < c.as_of OR w.is_followed THEN lapse.lapses_at END) AS ended_at
            FROM (SELECT r.number, asked, count(*) FILTER (WHERE r.contact) AS attempts, max(r.outcome) AS outcome,
                         max(r.n) FILTER (WHERE r.outcome IS NOT NULL) AS ended, max(r.lapses_at) AS lapses_at,
                         min(i.occurred_at + coalesce(pg_temp.length_of(c.parameters, 'wait_target@' || i.channel),
                                                      pg_temp.length_of(c.parameters, 'wait_target'))) FILTER (WHERE i.contact OR i.reopened) AS deadline,
                         EXISTS (SELECT FROM plain_run x WHERE x.number = r.number AND x.conversation = r.conversation AND x.asked > r.asked) AS is_followed
                  FROM plain_run r JOIN plain_row i ON i.number = r.number AND i.n = r.n JOIN plain_case c ON c.number = r.number
                  GROUP BY r.number, r.conversation, asked) w
            JOIN plain_row r ON r.number = w.number AND r.n = w.asked
            JOIN plain_case c ON c.number = w.number
            LEFT JOIN plain_row e ON e.number = w.number AND e.n = w.ended,
            LATERAL (SELECT w.lapses_at) lapse) x) w;

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

-- The mood to nine digits; a half-life may be too short for double precision to have all weights, which are nothing then.
CREATE TEMP VIEW plain_mood AS
SELECT c.number, 'mood' AS measure, json_build_array(round(p.mood, 7), p.n, p.flips, p.worst, p.worst_at, p.peak, p.peak_at, p.peak_end) AS plain_sql,
       json_build_array(round(m.mood::numeric, 7), m.n, m.flips, m.worst, m.worst_at, m.peak, m.peak_at, m.peak_end) AS told
FROM plain_case c, mood(c.timeline, c.d, c.as_of) m, LATERAL (
    SELECT (sum(sentiment * weight) / sum(weight))::numeric AS mood, count(*) AS n,
           (SELECT count(*) FROM (SELECT sign(sentiment) <> lag(sign(sentiment)) OVER (ORDER BY n) AS flips FROM plain_row
                                  WHERE number = c.number AND seen AND sentiment <> 0) f WHERE flips) AS flips,
           (array_agg(sentiment ORDER BY sentiment, n DESC) FILTER (WHERE recent))[1] AS worst,
           (array_agg(occurred_at ORDER BY sentiment, n DESC) FILTER (WHERE recent))[1] AS worst_at,
           (array_agg(sentiment ORDER BY abs(sentiment) DESC, n DESC))[1] AS peak,
           (array_agg(occurred_at ORDER BY abs(sentiment) DESC, n DESC))[1] AS peak_at,
           ((array_agg(sentiment ORDER BY abs(sentiment) DESC, n DESC))[1] + (array_agg(sentiment ORDER BY n DESC))[1]) / 2 AS peak_end
    FROM (SELECT r.*, exp(-ln(2::double precision) * least(700, extract(epoch FROM max(occurred_at) OVER () - occurred_at)
                              * 1000000 / (c.parameters ->> 'mood_half_life')::bigint)) AS weight,
                 NOT isfinite(c.as_of) OR occurred_at > c.as_of - pg_temp.length_of(c.parameters, 'worst_within') AS recent
          FROM plain_row r WHERE number = c.number AND seen AND sentiment IS NOT NULL) r) p;

CREATE TEMP VIEW plain_pressure AS
SELECT c.number, 'pressure' AS measure, to_json(p) AS plain_sql, to_json(a) AS told
FROM plain_case c, pressure(c.timeline, c.d, c.as_of, c.zone, c.unit) a, LATERAL (
    SELECT touches, within, cap, touches >= cap AS is_over,
           CASE WHEN cap < 1 THEN NULL WHEN touches < cap THEN c.as_of ELSE times[ceil(cap)] + within END AS allowed_at, calendar_touches,
           calendar_from, calendar_touches >= cap AS is_over_calendar, times[1] AS last_touch_at, all_touches, engaged,
           engaged::double precision / nullif(all_touches, 0) AS engaged_share
    FROM (SELECT pg_temp.length_of(c.parameters, 'pressure_within') AS within,
                 (c.parameters ->> 'pressure_cap')::double precision AS cap, date_trunc(c.unit, c.as_of, c.zone) AS calendar_from) x,
         LATERAL (SELECT count(*) FILTER (WHERE occurred_at > c.as_of - within) AS touches,
                         count(*) FILTER (WHERE occurred_at >= calendar_from) AS calendar_touches, count(*) AS all_touches,
                         array_agg(occurred_at ORDER BY n DESC) AS times,
                         count(*) FILTER (WHERE EXISTS (
                             SELECT FROM plain_row e WHERE e.number = r.number AND e.n > r.n AND e.seen AND e.engagement
                             AND e.occurred_at <= r.occurred_at + pg_temp.length_of(c.parameters, 'engaged_within'))) AS engaged
                  FROM plain_row r WHERE number = c.number AND seen AND touch) y) p
WHERE isfinite(c.as_of);

CREATE TEMP VIEW plain_baseline AS
SELECT c.number, 'baseline' AS measure,
       json_build_array(p.contacts, floor(p.median), p.last_contact_at, p.silence, round(p.silence / nullif(floor(p.median), 0)::numeric, 6), u.usual_channel, u.usual_channel_share, p.last_channel,
                        p.last_channel <> u.usual_channel) AS plain_sql,
       json_build_array(b.contacts, pg_temp.microseconds(b.median_gap), b.last_contact_at, pg_temp.microseconds(b.silence), round(b.silence_ratio::numeric, 6), b.usual_channel,
                        b.usual_channel_share, b.last_channel, b.is_unusual_channel) AS told
FROM plain_case c, baseline(c.timeline, c.d, c.as_of) b, LATERAL (
    SELECT count(*) AS contacts, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median, max(occurred_at) AS last_contact_at,
           CASE WHEN isfinite(c.as_of) THEN pg_temp.microseconds(c.as_of - max(occurred_at)) END AS silence,
           (array_agg(channel ORDER BY n DESC))[1] AS last_channel
    FROM (SELECT r.*, pg_temp.microseconds(occurred_at - lag(occurred_at) OVER (ORDER BY n))::double precision AS gap
          FROM plain_row r WHERE number = c.number AND seen AND contact) r) p
LEFT JOIN LATERAL (
    SELECT channel AS usual_channel, count(*)::double precision / sum(count(*)) OVER () AS usual_channel_share
    FROM plain_row WHERE number = c.number AND seen AND contact AND channel IS NOT NULL
    GROUP BY channel ORDER BY count(*) DESC, max(n) DESC LIMIT 1) u ON true;

CREATE TEMP VIEW plain_event_count AS
SELECT c.number, 'event_count' AS measure, to_json(p) AS plain_sql,
       json_build_object('poor', event_count(c.timeline, 'poor', c.during, c.d), 'contact', event_count(c.timeline, 'contact', c.during, c.d),
                         'touch', event_count(c.timeline, 'touch', c.during, c.d)) AS told
FROM plain_case c, LATERAL (SELECT count(*) FILTER (WHERE poor) AS poor, count(*) FILTER (WHERE contact) AS contact,
                                   count(*) FILTER (WHERE touch) AS touch
                            FROM plain_row WHERE number = c.number AND occurred_at <@ c.during) p;

CREATE TEMP VIEW plain_sql_difference AS
SELECT * FROM (TABLE plain_waits UNION ALL TABLE plain_attention UNION ALL TABLE plain_mood UNION ALL TABLE plain_pressure
               UNION ALL TABLE plain_baseline UNION ALL TABLE plain_event_count) all_of_them
WHERE plain_sql::jsonb IS DISTINCT FROM told::jsonb;
