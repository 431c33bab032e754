-- # 1. What there is
-- A shop for coffee machines has seven tables. No two agree on who a customer is, or on the time.

SELECT * FROM (
    (SELECT 'crm.contact' AS "table", (SELECT count(*) FROM crm.contact) AS "rows",
            id::text AS "it knows Ann Weber as", created_at::text AS "and its clock says"
     FROM crm.contact WHERE full_name = 'Ann Weber')
    UNION ALL
    (SELECT 'web.visit', (SELECT count(*) FROM web.visit), cookie::text, visited_at_ms::text
     FROM web.visit WHERE login_email = 'ann.weber@example.com')
    UNION ALL
    (SELECT 'support.ticket', (SELECT count(*) FROM support.ticket), requester_email, created_at::text
     FROM support.ticket WHERE requester_email = 'ann.weber@example.com' AND via = 'chat')
    UNION ALL
    (SELECT 'support.message', (SELECT count(*) FROM support.message), 'ticket ' || ticket_id, sent_at::text
     FROM support.message JOIN support.ticket ON ticket.id = ticket_id
     WHERE requester_email = 'ann.weber@example.com' AND via = 'chat')
    UNION ALL
    (SELECT 'phone.call', (SELECT count(*) FROM phone.call), number, started_at::text
     FROM phone.call WHERE number = '+493023125042' AND outcome = 'abandoned')
    UNION ALL
    (SELECT 'shop.order', (SELECT count(*) FROM shop."order"), customer_no, ordered_at::text || '  (Berlin)'
     FROM shop."order" WHERE customer_no = 'C-00042')
    UNION ALL
    (SELECT 'survey.response', (SELECT count(*) FROM survey.response), email, responded_at::text
     FROM survey.response WHERE email = 'Ann.Weber@Example.Com')
) AS what_there_is;
