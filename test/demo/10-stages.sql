-- A journey has stages, each with the pattern that enters it. Where is everybody now, and where did they come from?

SELECT stage, came_from, count(*) AS customers, repeat('■', count(*)::integer / 5) AS " "
FROM (SELECT stage, left_at, lag(stage) OVER (PARTITION BY customer ORDER BY entered_at) AS came_from
      FROM customer_timeline,
           stages(timeline, 'visitor: start => visit; customer: order;
                             let down: ticket -> no (reply | callback) for 48 hours;
                             asleep: no any for 90 days', '2026-07-01')) AS stay
WHERE left_at IS NULL                           -- they are still there
GROUP BY stage, came_from ORDER BY sum(count(*)) OVER (PARTITION BY stage) DESC, customers DESC;
