-- All who were answered bought again, and of the others nobody. That nothing happens is a match as well: it ends when
-- its time is over. Whose question was not answered for two days? The latest:

SELECT full_name, asked.channel AS asked_by, asked.attributes ->> 'summary' AS question,
       attribute_sum(timeline, 'value') AS spent, silence.ends_at::date AS answer_was_due
FROM customer_timeline JOIN crm.contact ON contact.id = customer,
     match_all(timeline, 'ticket -> no (reply | callback) for 48 hours', '2026-07-01') AS silence,
     first_interaction(silence.interactions) AS asked
ORDER BY silence.ends_at DESC LIMIT 6;
