-- Feeling, pressure, what is usual, and counts of events.

-- The weighted mean of sentiments, and the line by least squares, in decimal numbers: time in days before the last one.
CREATE TEMP TABLE plain_line AS
WITH felt AS (
    SELECT number, occurred_at < last AS is_other, extract(epoch FROM occurred_at - last) / 86400 AS t, sentiment::numeric AS s,
           CASE WHEN lives < 2000 THEN exp(-lives * ln(2::numeric)) ELSE 0 END AS w
    FROM (SELECT r.*, max(occurred_at) OVER (PARTITION BY number) AS last FROM plain_row r WHERE seen AND sentiment IS NOT NULL) r
    JOIN plain_case c USING (number),
    LATERAL (SELECT extract(epoch FROM last - occurred_at) * 1000000 / (c.parameters ->> 'mood_half_life')::bigint AS lives) l
), mean AS (
    SELECT number, sum(w * t) / sum(w) AS t, sum(w * s) / sum(w) AS s, max(w) FILTER (WHERE is_other) AS other_weight FROM felt GROUP BY number
), sums AS (
    SELECT number, m.s AS mood, m.other_weight, nullif(sum(w * (f.t - m.t) ^ 2), 0) AS spread, sum(w * (f.t - m.t) * (f.s - m.s)) AS common,
           sum(w * abs(f.t - m.t) * abs(f.s)) AS size
    FROM felt f JOIN mean m USING (number) GROUP BY number, m.s, m.other_weight
)
SELECT number, mood, spread IS NOT NULL AND other_weight < 1e-301 AS is_any_slope, round(common / spread, 30)::double precision AS slope,
       round(size / spread, 30)::double precision AS slope_size
FROM sums RIGHT JOIN plain_case c USING (number);
CREATE INDEX ON plain_line (number);
ANALYZE plain_line;

-- The mood to seven digits. The slope as told where it is as near as rounding allows, relative to the sum of its terms' sizes; and where
-- only one time has a weight that a double has.
CREATE TEMP VIEW plain_mood AS
SELECT c.number, 'mood' AS measure,
       json_build_array(round(l.mood, 7), CASE WHEN is_near THEN m.slope ELSE l.slope END, p.last_sentiment, p.last_at, p.n, p.flips, p.worst,
                        p.worst_at, p.peak, p.peak_at, p.peak_end) AS plain_sql,
       json_build_array(round(m.mood::numeric, 7), m.slope, m.last_sentiment, m.last_at, m.n, m.flips, m.worst, m.worst_at, m.peak, m.peak_at,
                        m.peak_end) AS told
FROM plain_case c JOIN plain_line l USING (number), mood(c.timeline, c.d, c.as_of) m,
LATERAL (SELECT coalesce(l.is_any_slope OR abs(m.slope - l.slope) <= 1e-9 * greatest(1, l.slope_size), false) AS is_near) x,
LATERAL (
    SELECT last_sentiment, last_at, n, flips, worst, worst_at, peak, peak_at, (peak + last_sentiment) / 2 AS peak_end
    FROM (SELECT count(*) AS n, (array_agg(sentiment ORDER BY n DESC))[1] AS last_sentiment, max(occurred_at) AS last_at,
                 (array_agg(sentiment ORDER BY sentiment, n DESC) FILTER (WHERE recent))[1] AS worst,
                 (array_agg(occurred_at ORDER BY sentiment, n DESC) FILTER (WHERE recent))[1] AS worst_at,
                 (array_agg(sentiment ORDER BY abs(sentiment) DESC, n DESC))[1] AS peak,
                 (array_agg(occurred_at ORDER BY abs(sentiment) DESC, n DESC))[1] AS peak_at
          FROM (SELECT r.*, occurred_at > recent_after AS recent FROM plain_row r JOIN plain_limit USING (number)
                WHERE number = c.number AND seen AND sentiment IS NOT NULL) r) s,
         (SELECT count(*) FILTER (WHERE flips) AS flips
          FROM (SELECT sign(sentiment) <> lag(sign(sentiment)) OVER (ORDER BY n) AS flips
                FROM plain_row WHERE number = c.number AND seen AND sentiment <> 0) r) f) p;

CREATE TEMP VIEW plain_pressure AS
SELECT c.number, 'pressure' AS measure, to_json(p) AS plain_sql, to_json(a) AS told
FROM plain_case c, pressure(c.timeline, c.d, c.as_of, c.zone, c.unit) a, LATERAL (
    SELECT touches, within, cap, touches >= cap AS is_over,
           CASE WHEN cap < 1 THEN NULL WHEN touches < cap THEN c.as_of ELSE times[ceil(cap)] + within END AS allowed_at, calendar_touches,
           calendar_from, calendar_touches >= cap AS is_over_calendar, times[1] AS last_touch_at, all_touches, engaged,
           engaged::double precision / nullif(all_touches, 0) AS engaged_share
    FROM (SELECT pg_temp.length_of(c.parameters, 'pressure_within') AS within,
                 (c.parameters ->> 'pressure_cap')::double precision AS cap, date_trunc(c.unit, c.as_of, c.zone) AS calendar_from) x,
         LATERAL (SELECT count(*) FILTER (WHERE occurred_at > c.as_of - within) AS touches,
                         count(*) FILTER (WHERE occurred_at >= calendar_from) AS calendar_touches, count(*) AS all_touches,
                         array_agg(occurred_at ORDER BY n DESC) AS times,
                         count(*) FILTER (WHERE EXISTS (
                             SELECT FROM plain_row e WHERE e.number = r.number AND e.n > r.n AND e.seen AND e.engagement
                             AND e.occurred_at <= r.occurred_at + pg_temp.length_of(c.parameters, 'engaged_within'))) AS engaged
                  FROM plain_row r WHERE number = c.number AND seen AND touch) y) p
WHERE isfinite(c.as_of);

-- The channel and the local hour of most contacts, of equals the one that reached that number last.
CREATE TEMP VIEW plain_usual AS
SELECT DISTINCT ON (number, what) number, what, usual,
       count(*)::double precision / sum(count(*)) OVER (PARTITION BY number, what) AS share
FROM (SELECT r.number, r.n, what, usual FROM plain_row r JOIN plain_case c USING (number),
      LATERAL (VALUES ('channel', channel), ('hour', extract(hour FROM occurred_at AT TIME ZONE c.zone)::text)) v (what, usual)
      WHERE seen AND contact AND usual IS NOT NULL) r
GROUP BY number, what, usual ORDER BY number, what, count(*) DESC, max(n) DESC;

CREATE TEMP VIEW plain_baseline AS
SELECT c.number, 'baseline' AS measure,
       json_build_array(p.contacts, floor(p.median), p.last_contact_at, p.silence, round(p.silence / nullif(floor(p.median), 0)::numeric, 6), u.usual, u.share, p.last_channel,
                        p.last_channel <> u.usual, h.usual::int, h.share) AS plain_sql,
       json_build_array(b.contacts, pg_temp.microseconds(b.median_gap), b.last_contact_at, pg_temp.microseconds(b.silence), round(b.silence_ratio::numeric, 6), b.usual_channel,
                        b.usual_channel_share, b.last_channel, b.is_unusual_channel, b.usual_hour, b.usual_hour_share) AS told
FROM plain_case c CROSS JOIN LATERAL baseline(c.timeline, c.d, c.as_of, c.zone) b CROSS JOIN LATERAL (
    SELECT count(*) AS contacts, percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median, max(occurred_at) AS last_contact_at,
           CASE WHEN isfinite(c.as_of) THEN pg_temp.microseconds(c.as_of - max(occurred_at)) END AS silence,
           (array_agg(channel ORDER BY n DESC))[1] AS last_channel
    FROM (SELECT r.*, pg_temp.microseconds(occurred_at - lag(occurred_at) OVER (ORDER BY n))::double precision AS gap
          FROM plain_row r WHERE number = c.number AND seen AND contact) r) p
LEFT JOIN plain_usual u ON u.number = c.number AND u.what = 'channel'
LEFT JOIN plain_usual h ON h.number = c.number AND h.what = 'hour';

-- What was said last, or else what the customer does.
CREATE TEMP VIEW plain_preferences AS
SELECT c.number, 'preferences' AS measure,
       json_build_array(coalesce(s.channel, u.usual), s.channel IS NOT NULL, coalesce(s.hour, h.usual::int), s.hour IS NOT NULL, s.language) AS plain_sql,
       json_build_array(t.channel, t.channel_is_stated, t.hour, t.hour_is_stated, t.language) AS told
FROM plain_case c CROSS JOIN LATERAL preferences(c.timeline, c.d, c.as_of, c.zone) t CROSS JOIN LATERAL (
    SELECT channel, language, CASE WHEN hour IN (SELECT generate_series(0, 23)) THEN hour::int END AS hour
    FROM (SELECT (array_agg(preferred ORDER BY n DESC) FILTER (WHERE preferred IS NOT NULL))[1] AS channel,
                 (array_agg(attributes ->> 'language' ORDER BY n DESC) FILTER (WHERE attributes ? 'language'))[1] AS language,
                 (array_agg((attributes ->> 'hour')::numeric ORDER BY n DESC) FILTER (WHERE attributes ? 'hour'))[1] AS hour
          FROM plain_row r, LATERAL (SELECT coalesce(attributes ->> 'preferred_channel', r.channel) AS preferred) x
          WHERE r.number = c.number AND seen AND kind IN ('preference', 'preferences')) r) s
CROSS JOIN LATERAL (SELECT count(*) >= 3 AS has_habits FROM plain_row r WHERE r.number = c.number AND seen AND contact) k
LEFT JOIN plain_usual u ON u.number = c.number AND has_habits AND u.what = 'channel' AND u.share > 0.5
LEFT JOIN plain_usual h ON h.number = c.number AND has_habits AND h.what = 'hour' AND h.share >= 0.5;

CREATE TEMP VIEW plain_event_count AS
SELECT c.number, 'event_count' AS measure, to_json(p) AS plain_sql,
       json_build_object('poor', event_count(c.timeline, 'poor', c.during, c.d), 'contact', event_count(c.timeline, 'contact', c.during, c.d),
                         'touch', event_count(c.timeline, 'touch', c.during, c.d)) AS told
FROM plain_case c, LATERAL (SELECT count(*) FILTER (WHERE poor) AS poor, count(*) FILTER (WHERE contact) AS contact,
                                   count(*) FILTER (WHERE touch) AS touch
                            FROM plain_row WHERE number = c.number AND occurred_at <@ c.during) p;
