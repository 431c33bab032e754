-- You are as good as your last interaction. Whom should somebody call back today?

SELECT full_name, attribute_sum(timeline, 'value') AS spent, length(timeline) AS interactions,
       last.occurred_at::date AS last_seen, concat_ws(' ', last.kind, last.score) AS last_kind,
       last.attributes ->> 'summary' AS last_words
FROM customer_timeline JOIN crm.contact ON contact.id = customer,
     last_interaction(timeline) AS last
WHERE last.outcome = 'abandoned' OR last.kind IN ('ticket', 'message', 'auto_reply')
   OR last.kind = 'nps' AND last.score <= 6
ORDER BY spent DESC, last_seen LIMIT 6;
