-- rows.sql: what each of the shop's systems took note of: its part of what happened, under its own key and clock.

-- Every row gets the number that its system would have given it: its place among that system's rows.
CREATE TABLE sample.noted AS
SELECT *, row_number() OVER (PARTITION BY system ORDER BY at, person, chapter, step) AS id
FROM sample.happening
JOIN (VALUES ('look', 'web'), ('login', 'web'), ('ticket', 'ticket'), ('message', 'message'), ('reply', 'message'),
             ('bot', 'message'), ('note', 'message'), ('call', 'phone'), ('hangup', 'phone'), ('transfer', 'phone'),
             ('callback', 'phone'), ('order', 'shop'), ('deliver', 'delivery'), ('refund', 'refund'),
             ('nps', 'survey'), ('csat', 'survey')) AS who_notes (act, system) USING (act)
JOIN (SELECT id AS person, persona, customer_no, full_name, email, typed_number, '+49' || national_number AS number
      FROM sample.person) AS person USING (person);
CREATE INDEX ON sample.noted (system);
ANALYZE sample.noted;

-- A contact is made when somebody says who they are for the first time. One in fifteen gives no telephone number.
INSERT INTO crm.contact (id, customer_no, full_name, email, phone, created_at)
SELECT person, customer_no, full_name, email,
       CASE WHEN email IS NULL OR person = 42 OR sample.draw(person, 201) > 1.0 / 15 THEN typed_number END,
       min(at) FILTER (WHERE act <> 'look')
FROM sample.noted
WHERE persona IS DISTINCT FROM 'stranger'
GROUP BY person, customer_no, full_name, email, typed_number
HAVING bool_or(act <> 'look')
ORDER BY person;

INSERT INTO support.ticket (id, requester_email, via, subject, status, created_at)
SELECT id, email, via, words,
       CASE WHEN EXISTS (SELECT FROM sample.noted AS reply
                         WHERE reply.act = 'reply' AND reply.person = ticket.person AND reply.chapter = ticket.chapter
                           AND reply.ticket_in_chapter = ticket.ticket_in_chapter) THEN 'solved' ELSE 'open' END,
       at AT TIME ZONE 'UTC'
FROM sample.noted AS ticket
WHERE system = 'ticket'
ORDER BY id;

INSERT INTO support.message (id, ticket_id, author_type, author, internal, body, sent_at)
SELECT message.id, ticket.id,
       CASE message.act WHEN 'message' THEN 'customer' WHEN 'bot' THEN 'bot' ELSE 'agent' END,
       message.agent, message.act = 'note', message.words, message.at AT TIME ZONE 'UTC'
FROM sample.noted AS message
JOIN sample.noted AS ticket USING (person, chapter, ticket_in_chapter)
WHERE message.system = 'message' AND ticket.system = 'ticket'
ORDER BY message.id;

-- A transfer follows directly on the call that it came from.
INSERT INTO phone.call (id, direction, number, started_at, queue_seconds, talk_seconds, outcome, agent,
                        transferred_from, wrap_up)
SELECT id, CASE act WHEN 'callback' THEN 'out' ELSE 'in' END, number, at, queue_seconds, talk_seconds,
       CASE act WHEN 'hangup' THEN 'abandoned' ELSE 'answered' END, agent,
       CASE act WHEN 'transfer' THEN lag(id) OVER (PARTITION BY person, chapter ORDER BY step) END, words
FROM sample.noted
WHERE system = 'phone'
ORDER BY id;

INSERT INTO web.visit (id, cookie, visited_at_ms, page, login_email)
SELECT id, md5('cookie ' || person || '/' || device)::uuid,
       extract(epoch FROM at)::bigint * 1000 + floor(1000 * sample.draw(id, 202))::bigint,
       words, CASE act WHEN 'login' THEN email END
FROM sample.noted
WHERE system = 'web'
ORDER BY id;

INSERT INTO shop."order" (order_no, customer_no, ordered_at, via, item, amount, status, delivered_at, refunded_at)
SELECT 'O-' || 10000 + placed.id, placed.customer_no, placed.at AT TIME ZONE 'Europe/Berlin', placed.via, placed.item,
       placed.price,
       CASE WHEN refund.at IS NOT NULL THEN 'refunded' WHEN delivery.at IS NOT NULL THEN 'delivered' ELSE 'placed' END,
       delivery.at AT TIME ZONE 'Europe/Berlin', refund.at AT TIME ZONE 'Europe/Berlin'
FROM sample.noted AS placed
LEFT JOIN sample.noted AS delivery ON delivery.system = 'delivery'
          AND (delivery.person, delivery.chapter) = (placed.person, placed.chapter)
LEFT JOIN sample.noted AS refund ON refund.system = 'refund'
          AND (refund.person, refund.chapter) = (placed.person, placed.chapter)
WHERE placed.system = 'shop'
ORDER BY placed.id;

INSERT INTO survey.response (id, email, question, rating, comment, responded_at)
SELECT id, sample.pick(ARRAY[email, initcap(email COLLATE "C"), upper(email COLLATE "C")],
                       CASE person WHEN 42 THEN 0.5 ELSE sample.draw(id, 203) END),
       upper(act), rating, words, at
FROM sample.noted
WHERE system = 'survey'
ORDER BY id;
