-- # 4. Questions about all customers
-- A ticket is not answered. Where do customers turn within three days?

SELECT ticket.channel AS asked_on, coalesce(next.channel, 'nowhere') AS then_on,
       count(*) AS tickets, repeat('■', count(*)::integer / 2) AS " "
FROM customer_timeline,
     unnest(pick_kinds(timeline, 'ticket')) AS ticket,
     slice(timeline, tstzrange(ticket.occurred_at, ticket.occurred_at + '3 days', '(]')) AS later,
     first_interaction(pick_kinds(later, 'reply','callback', 'ticket','message','call')) AS next
WHERE next.direction IS DISTINCT FROM 'outbound'        -- we were not the ones who spoke next
GROUP BY asked_on, then_on ORDER BY tickets DESC LIMIT 6;
