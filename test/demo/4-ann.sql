-- Ann Weber is customer 42. Her timeline, read back with unnest(timeline); → she to us, ← we to her:

SELECT to_char(occurred_at AT TIME ZONE 'Europe/Berlin', 'Dy DD Mon HH24:MI') AS "when", channel,
       CASE direction WHEN 'inbound' THEN '→' WHEN 'outbound' THEN '←' END AS " ", kind,
       concat_ws(' · ', concat(agent || ': ', attributes ->> 'summary'), value || ' €', score || ' of 10')
           AS "what happened"
FROM customer_timeline, unnest(timeline)
WHERE customer = 42;
