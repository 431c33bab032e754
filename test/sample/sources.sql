-- sources.sql: the sample's tables as sources. Each says, once, whose a row is, when it was and what it was; from then on
-- there is one view over all of them, crm_timeline.interactions, with one customer behind all of these keys.
--
--     psql -X -f test/sample/sources.sql       after crm.sql and CREATE EXTENSION crm_timeline

\set ON_ERROR_STOP on
\o /dev/null

-- Contacts are no interactions: they have no kind. They say which keys belong together.
SELECT crm_timeline.add_source('contact', 'crm.contact',
    occurred_at => 'created_at',
    keys        => ARRAY['contact: customer_no', 'email: email',
                         -- as somebody typed it: 030 / 23125-042, +49 30 23125 042, 0049 30 23125042
                         $$phone: regexp_replace(regexp_replace(phone, '[^0-9+]', '', 'g'), '^(0049|\+49|0)', '+49')$$]);

SELECT crm_timeline.add_source('ticket', 'support.ticket',
    occurred_at => $$created_at AT TIME ZONE 'UTC'$$,
    kind        => $$'ticket'$$,
    keys        => ARRAY['email: requester_email'],
    channel     => $$CASE via WHEN 'form' THEN 'web' ELSE via END$$,
    direction   => $$'inbound'$$,
    thread      => $$'T-' || id$$,
    outcome     => 'status',
    automated   => 'false',
    summary     => 'subject');

-- A message is its ticket's requester's. A view brings the key, and depends_on says by which tables it changes.
CREATE VIEW support.message_of_ticket WITH (security_invoker = true) AS
SELECT message.*, ticket.requester_email, ticket.via
FROM support.message
JOIN support.ticket ON ticket.id = message.ticket_id;

SELECT crm_timeline.add_source('message', 'support.message_of_ticket',
    occurred_at => $$sent_at AT TIME ZONE 'UTC'$$,
    kind        => $$CASE WHEN internal THEN 'note' WHEN author_type = 'bot' THEN 'auto_reply'
                          WHEN author_type = 'agent' THEN 'reply' ELSE 'message' END$$,
    keys        => ARRAY['email: requester_email'],
    channel     => $$CASE via WHEN 'chat' THEN 'chat' ELSE 'email' END$$,
    direction   => $$CASE WHEN internal THEN 'internal' WHEN author_type = 'customer' THEN 'inbound' ELSE 'outbound' END$$,
    thread      => $$'T-' || ticket_id$$,
    agent       => 'author',
    automated   => $$author_type = 'bot'$$,
    summary     => 'body',
    ref         => 'id',
    seq         => 'id',
    depends_on  => ARRAY['support.ticket: email: requester_email',
                         'support.message: email: (SELECT t.requester_email FROM support.ticket t WHERE t.id = message.ticket_id)']);

SELECT crm_timeline.add_source('call', 'phone.call',
    occurred_at => 'started_at',
    kind        => $$CASE WHEN direction = 'out' THEN 'callback' WHEN transferred_from IS NULL THEN 'call' ELSE 'transfer' END$$,
    keys        => ARRAY['phone: number'],
    channel     => $$'phone'$$,
    direction   => $$CASE direction WHEN 'in' THEN 'inbound' ELSE 'outbound' END$$,
    thread      => $$'call-' || coalesce(transferred_from, id)$$,
    agent       => 'agent',
    outcome     => 'outcome',
    automated   => 'false',
    summary     => $$CASE outcome WHEN 'answered' THEN wrap_up
                          ELSE 'hung up after ' || round(queue_seconds / 60.0) || ' min in the queue' END$$);

-- Whoever logs in with a cookie owns all its visits, those before the login too.
SELECT crm_timeline.add_source('visit', 'web.visit',
    -- a number that is no time is no interaction; the upper end is the year 9999
    occurred_at => $$CASE WHEN visited_at_ms BETWEEN 0 AND 253402300799999 THEN to_timestamp(visited_at_ms / 1000.0) END$$,
    kind        => $$CASE WHEN login_email IS NULL THEN 'visit' ELSE 'login' END$$,
    keys        => ARRAY['email: login_email', 'cookie: cookie'],
    channel     => $$'web'$$,
    direction   => $$'inbound'$$,
    automated   => 'false',
    summary     => 'page');

-- One row of the shop is up to three interactions: three sources on one table. The clock hangs on a wall in Berlin.
SELECT crm_timeline.add_source('order', 'shop."order"',
    occurred_at => $$ordered_at AT TIME ZONE 'Europe/Berlin'$$,
    kind        => $$'order'$$,
    keys        => ARRAY['contact: customer_no'],
    channel     => $$CASE via WHEN 'phone' THEN 'phone' ELSE 'shop' END$$,
    direction   => $$'inbound'$$,
    thread      => 'order_no',
    value       => 'amount',
    automated   => 'false',
    summary     => 'item');

SELECT crm_timeline.add_source('delivery', 'shop."order"',
    occurred_at => $$delivered_at AT TIME ZONE 'Europe/Berlin'$$,
    kind        => $$'delivery'$$,
    keys        => ARRAY['contact: customer_no'],
    channel     => $$'shop'$$,
    direction   => $$'outbound'$$,
    thread      => 'order_no',
    automated   => 'true',
    summary     => 'item',
    filter      => 'delivered_at IS NOT NULL');

-- Money that goes back counts against the value.
SELECT crm_timeline.add_source('refund', 'shop."order"',
    occurred_at => $$refunded_at AT TIME ZONE 'Europe/Berlin'$$,
    kind        => $$'refund'$$,
    keys        => ARRAY['contact: customer_no'],
    channel     => $$'shop'$$,
    direction   => $$'outbound'$$,
    thread      => 'order_no',
    value       => '-amount',
    automated   => 'false',
    summary     => 'item',
    filter      => 'refunded_at IS NOT NULL');

-- NPS and CSAT have different scales, so they are different kinds.
SELECT crm_timeline.add_source('survey', 'survey.response',
    occurred_at => 'responded_at',
    kind        => 'lower(question COLLATE "C")',
    keys        => ARRAY['email: email'],
    channel     => $$'survey'$$,
    direction   => $$'inbound'$$,
    score       => 'rating',
    automated   => 'false',
    summary     => 'comment');

\o
CALL crm_timeline.create_suggested_indexes();
CALL crm_timeline.refresh();
