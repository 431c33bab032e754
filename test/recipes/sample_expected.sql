-- sample_expected.sql: what the sample's tables mean, by their meaning alone. The sample has an oracle of its own, too: the view
-- crm.customer_interaction, written by hand for those whom crm.contact knows. Here are all others as well.

CREATE FUNCTION oracle.german_phone(typed text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT '+49' || regexp_replace(regexp_replace(typed, '\D', '', 'g'), '^(0049|49|0)', '') $$;

INSERT INTO oracle.shown
SELECT ARRAY[oracle.name('contact', customer_no), oracle.name('email', email), oracle.name('phone', oracle.german_phone(phone))] FROM crm.contact
UNION
SELECT ARRAY[oracle.name('email', login_email), oracle.name('cookie', cookie::text)] FROM web.visit
UNION
SELECT ARRAY[oracle.name('email', requester_email)] FROM support.ticket
UNION
SELECT ARRAY[oracle.name('phone', number)] FROM phone.call
UNION
SELECT ARRAY[oracle.name('contact', customer_no)] FROM shop."order"
UNION
SELECT ARRAY[oracle.name('email', email)] FROM survey.response;

INSERT INTO oracle.expected (names, occurred_at, kind, channel, direction, thread, agent, outcome, score, value, automated, summary, source, ref, seq)
SELECT ARRAY[oracle.name('email', requester_email)], timezone('UTC', created_at), 'ticket', v.channel, 'inbound', 'T-' || id, NULL, status,
	NULL::float8, NULL::float8, false, subject, 'ticket', id::text, NULL::bigint
FROM support.ticket JOIN (VALUES ('form', 'web'), ('email', 'email'), ('chat', 'chat')) v(via, channel) USING (via)
UNION ALL
SELECT ARRAY[oracle.name('email', (SELECT requester_email FROM support.ticket t WHERE t.id = ticket_id))], timezone('UTC', sent_at), a.kind,
	(SELECT CASE t.via WHEN 'form' THEN 'email' ELSE t.via END FROM support.ticket t WHERE t.id = ticket_id), a.direction,
	'T-' || ticket_id, author, NULL, NULL, NULL, a.automated, body, 'message', id::text, id
FROM support.message
JOIN (VALUES ('customer', false, 'message', 'inbound', false), ('agent', false, 'reply', 'outbound', false), ('agent', true, 'note', 'internal', false),
	('bot', false, 'auto_reply', 'outbound', true)) a(author_type, internal, kind, direction, automated) USING (author_type, internal)
UNION ALL
SELECT ARRAY[oracle.name('phone', number)], started_at, CASE WHEN transferred_from > 0 THEN 'transfer' WHEN direction = 'in' THEN 'call' ELSE 'callback' END, 'phone',
	direction || 'bound', concat('call-', coalesce(transferred_from, id)), agent, outcome, NULL, NULL, false,
	CASE WHEN outcome = 'answered' THEN wrap_up ELSE format('hung up after %s min in the queue', round(queue_seconds::numeric / 60)) END, 'call', id::text, NULL
FROM phone.call
UNION ALL
SELECT ARRAY[oracle.name('email', login_email), oracle.name('cookie', cookie::text)], timestamptz '1970-01-01 00:00Z' + visited_at_ms * interval '1 millisecond',
	CASE WHEN login_email > '' THEN 'login' ELSE 'visit' END, 'web', 'inbound', NULL, NULL, NULL, NULL, NULL, false, page, 'visit', id::text, NULL
FROM web.visit
UNION ALL
SELECT ARRAY[oracle.name('contact', customer_no)], timezone('Europe/Berlin', e.at), e.source, e.channel, e.direction, order_no, NULL, NULL, NULL, e.value, e.source = 'delivery', item,
	e.source, order_no, NULL
FROM shop."order" CROSS JOIN LATERAL (VALUES ('order', ordered_at, CASE via WHEN 'web' THEN 'shop' ELSE 'phone' END, 'inbound', amount::float8),
	('delivery', delivered_at, 'shop', 'outbound', NULL), ('refund', refunded_at, 'shop', 'outbound', -amount)) e(source, at, channel, direction, value)
WHERE e.at > '-infinity'
UNION ALL
SELECT ARRAY[oracle.name('email', email)], responded_at, CASE question WHEN 'NPS' THEN 'nps' WHEN 'CSAT' THEN 'csat' END, 'survey', 'inbound', NULL, NULL, NULL, rating, NULL, false,
	comment, 'survey', id::text, NULL
FROM survey.response;

ANALYZE oracle.shown, oracle.expected;

-- What the sample's own view says of a contact, under the names that the sources have.
CREATE VIEW oracle.contacts_interaction AS
SELECT 'contact:' || c.customer_no AS contact, i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.value::float8 AS value, i.score::float8 AS score,
	i.automated, CASE WHEN i.source = 'shop.order' THEN i.kind ELSE split_part(replace(i.source, 'survey.response', '.survey'), '.', 2) END AS source, i.ref, i.summary, i.seq
FROM crm.customer_interaction i JOIN crm.contact c ON c.id = i.customer;

CREATE VIEW oracle.contacts_found AS
SELECT m.identity::text AS contact, i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.value, i.score, i.automated, i.source, i.ref, i.summary, i.seq
FROM crm_timeline.interactions i JOIN crm_timeline.membership m ON m.customer_id = i.customer_id AND crm_timeline.identity_namespace(m.identity) = 'contact';
