-- # 5. Questions about journeys
-- A pattern says what should follow what, and how soon. Our machine thanks for a question: is it answered within a day,
-- does the customer buy again, and what did those do who got no further?

SELECT pattern AS step, customers, repeat('■', customers::integer / 5) AS " ",
       justify_hours(date_trunc('minute', median_since_previous)) AS median_wait,
       (SELECT string_agg(coalesce(kind, 'nothing') || ' ' || n, ', ')
        FROM unnest(instead, instead_customers) AS next (kind, n)) AS "what the others did"
FROM unnest((SELECT funnel_agg(timeline, 'auto_reply ->[1 day] reply -> order', '2026-07-01')
             FROM customer_timeline));
