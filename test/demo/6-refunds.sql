-- By which route do customers get their money back, and how many days does it take?

SELECT array_to_string(attribute_texts(asking, 'channel'), ' → ') AS route, count(*) AS refunds,
       round(extract(epoch FROM percentile_disc(0.5) WITHIN GROUP
           (ORDER BY refund.occurred_at - starts_at(asking))) / 86400, 1) AS median_days
FROM customer_timeline,
     unnest(pick_kinds(timeline, 'refund')) AS refund,
     slice(timeline, tstzrange(NULL, refund.occurred_at)) AS before,
     last_interaction(pick_kinds(before, 'order')) AS bought,
     slice(pick_kinds(before, 'ticket', 'message', 'call', 'transfer'),
           tstzrange(bought.occurred_at, NULL)) AS asking
GROUP BY route ORDER BY refunds DESC, route LIMIT 5;
