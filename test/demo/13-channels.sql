-- And does a channel do its job, as customers see it?

SELECT channel, waits, round(100 * answered_share) || ' %' AS answered, round(100 * on_time_share) || ' %' AS in_time,
       median_wait, p90_wait, round(100 * switch_away_rate) || ' %' AS then_tried_another,
       repeat('■', (20 * answered_share)::integer) || repeat('·', 20 - (20 * answered_share)::integer) AS " "
FROM channel_scorecard ORDER BY waits DESC;
