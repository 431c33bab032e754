-- The rows of timelines, as what the default events take them. compare.py fills measure_case: a timeline, parameters (durations
-- in microseconds) and as_of. The files that it reads after this one have a view plain_... for each measure, with what plain SQL
-- says of it and what is told, in one transaction that is rolled back.
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
                        'read', 'signup', 'visit') AS engagement,
       coalesce(sentiment >= 0.5, false)
           OR coalesce(kind = 'csat' AND score >= 4 OR kind = 'nps' AND score >= 9 OR kind = 'ces' AND score >= 6, false) AS pleased,
       kind IN ('ces', 'complaint', 'csat', 'feedback', 'nps', 'rating', 'review', 'suggestion', 'survey') AS feedback,
       kind IN ('compensation', 'correction', 'credit', 'exchange', 'fix', 'refund', 'repair', 'replacement', 'voucher') AS action,
       direction IS NOT DISTINCT FROM 'outbound'
           AND kind NOT IN ('advert', 'campaign', 'compensation', 'correction', 'crash', 'credit', 'error', 'exchange', 'failure', 'fix',
                            'mailing', 'newsletter', 'offer', 'promotion', 'push', 'refund', 'repair', 'replacement', 'survey', 'voucher')
           AS told,
       kind IN ('crash', 'delivery_failed', 'error', 'failure', 'form_error', 'login_failed', 'payment_failed')
           OR direction IS NOT DISTINCT FROM 'outbound' AND coalesce(outcome, '') IN ('bounced', 'error', 'failed') AS error,
       agent IS NOT NULL AND automated IS NOT TRUE AND direction IS DISTINCT FROM 'internal' AS handled,
       kind IN ('escalation', 'forwarded', 'handoff', 'handover', 'reassigned', 'transfer') AS transfer,
       kind IN ('article_view', 'bot_chat', 'chatbot', 'faq', 'help', 'help_article', 'ivr', 'knowledge_base', 'login', 'search',
                'self_service') OR kind = 'visit' AND channel IS NOT DISTINCT FROM 'web' AS self_service,
       kind IN ('approval', 'authentication', 'confirmation', 'cooling_off', 'identity_check', 'two_factor', 'verification') AS safeguard
FROM plain_case c, unnest(c.timeline) WITH ORDINALITY
     i (occurred_at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, effort, risk, automated, seq,
        source, ref, attributes, n);
CREATE INDEX ON plain_row (number, conversation, place);
CREATE INDEX ON plain_row (number, n);
ANALYZE plain_row;

-- The durations of which more than one row is asked.
CREATE TEMP TABLE plain_limit AS
SELECT number, parameters, pg_temp.length_of(parameters, 'patience') AS patience, pg_temp.length_of(parameters, 'chase_after') AS chase_after,
       pg_temp.length_of(parameters, 'repeat_within') AS repeat_within, pg_temp.length_of(parameters, 'switch_within') AS switch_within,
       pg_temp.length_of(parameters, 'self_service_within') AS self_service_within,
       -- of an infinite as_of everything is recent
       CASE WHEN isfinite(as_of) THEN as_of - pg_temp.length_of(parameters, 'worst_within') ELSE '-infinity' END AS recent_after
FROM plain_case;
CREATE INDEX ON plain_limit (number);
ANALYZE plain_limit;
