-- customer_interaction.sql: one view over the seven tables: who, when, what, where. Written by hand, once; everything
-- else is asked of timelines. Two jobs are done here and nowhere else:
--   * whose is it?  every table's own key is brought to the id of crm.contact;
--   * when was it?  every table's own clock is brought to timestamptz.
-- What belongs to nobody we know (a cookie that never logged in, a call from an unknown number) is not in it.

CREATE VIEW crm.customer_interaction AS
WITH customer AS (      -- the keys of a contact, in the form that the other tables use
    SELECT id, customer_no, lower(email) AS email,
           regexp_replace(regexp_replace(phone, '[^0-9+]', '', 'g'), '^(0049|\+49|0)', '+49') AS phone
    FROM crm.contact
), browser AS (         -- whoever logs in with a cookie owns all its visits, those before the login too
    SELECT DISTINCT visit.cookie, customer.id
    FROM web.visit
    JOIN customer ON customer.email = lower(visit.login_email)
)
SELECT customer.id AS customer, created_at AT TIME ZONE 'UTC' AS occurred_at,
       'ticket' AS kind, CASE via WHEN 'form' THEN 'web' ELSE via END AS channel, 'inbound' AS direction,
       'T-' || ticket.id AS thread, NULL AS agent, status AS outcome,
       NULL::numeric AS value, NULL::integer AS score, false AS automated,
       'support.ticket' AS source, ticket.id::text AS ref, subject AS summary, NULL::bigint AS seq
FROM support.ticket
JOIN customer ON customer.email = lower(requester_email)

UNION ALL               -- seq: messages of the same second go by their id, and the ticket itself goes before them
SELECT customer.id, sent_at AT TIME ZONE 'UTC',
       author.kind, CASE via WHEN 'chat' THEN 'chat' ELSE 'email' END, author.direction,
       'T-' || ticket_id, message.author, NULL,
       NULL, NULL, author_type = 'bot',
       'support.message', message.id::text, body, message.id
FROM support.message
JOIN (VALUES ('customer', false, 'message',    'inbound'),
             ('agent',    false, 'reply',      'outbound'),
             ('agent',    true,  'note',       'internal'),
             ('bot',      false, 'auto_reply', 'outbound')) AS author (author_type, internal, kind, direction)
     USING (author_type, internal)
JOIN support.ticket ON ticket.id = ticket_id
JOIN customer ON customer.email = lower(requester_email)

UNION ALL
SELECT customer.id, started_at,
       CASE WHEN direction = 'out' THEN 'callback' WHEN transferred_from IS NULL THEN 'call' ELSE 'transfer' END,
       'phone', CASE direction WHEN 'in' THEN 'inbound' ELSE 'outbound' END,
       'call-' || coalesce(transferred_from, call.id), agent, outcome,
       NULL, NULL, false,
       'phone.call', call.id::text,
       CASE outcome WHEN 'answered' THEN wrap_up
                    ELSE 'hung up after ' || round(queue_seconds / 60.0) || ' min in the queue' END, NULL
FROM phone.call
JOIN customer ON customer.phone = call.number

UNION ALL
SELECT browser.id, to_timestamp(visited_at_ms / 1000.0),
       CASE WHEN login_email IS NULL THEN 'visit' ELSE 'login' END, 'web', 'inbound',
       NULL, NULL, NULL,
       NULL, NULL, false,
       'web.visit', visit.id::text, page, NULL
FROM web.visit
JOIN browser USING (cookie)

UNION ALL               -- a row of the shop is up to three interactions; money that goes back counts against the value
SELECT customer.id, event.at AT TIME ZONE 'Europe/Berlin',
       event.kind, CASE WHEN event.kind = 'order' AND via = 'phone' THEN 'phone' ELSE 'shop' END, event.direction,
       order_no, NULL, NULL,
       event.value, NULL, event.automated,
       'shop.order', order_no, item, NULL
FROM shop."order"
JOIN customer USING (customer_no)
CROSS JOIN LATERAL (VALUES ('order',    'inbound',  ordered_at,   amount,  false),
                           ('delivery', 'outbound', delivered_at, NULL,    true),
                           ('refund',   'outbound', refunded_at,  -amount, false))
           AS event (kind, direction, at, value, automated)
WHERE event.at IS NOT NULL

UNION ALL               -- NPS and CSAT have different scales, so they are different kinds
SELECT customer.id, responded_at,
       lower(question), 'survey', 'inbound',
       NULL, NULL, NULL,
       NULL, rating, false,
       'survey.response', response.id::text, comment, NULL
FROM survey.response
JOIN customer ON customer.email = lower(response.email);

COMMENT ON VIEW crm.customer_interaction IS 'everything that happened between us and a customer, from all tables, as one list';
