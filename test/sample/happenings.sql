-- happenings.sql: the stories happen. One row for everything that anybody did, before any system took note of it.

-- The sample world is awake from 8 to 22 o'clock in Berlin: the moment after so many hours of being awake in 2026.
CREATE FUNCTION sample.moment(hours float8) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
$$ SELECT date_trunc('second', timestamp '2026-01-02 08:00' + floor(hours / 14) * interval '1 day'
                               + (hours - 14 * floor(hours / 14)) * interval '1 hour') AT TIME ZONE 'Europe/Berlin' $$;

-- An interval in hours of being awake.
CREATE FUNCTION sample.awake(i interval) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT 14 * extract(day FROM i)::float8 + extract(epoch FROM i - extract(day FROM i) * interval '1 day')::float8 / 3600 $$;

CREATE TABLE sample.happening AS
WITH planned AS (       -- who lives through what; the product and the device are the same for a whole chapter
    SELECT person.id AS person, chapter, step, act, via, words, low, high, chance,
           person.id * 10000 + chapter * 100 AS chapter_key,
           person.id * 10000 + chapter * 100 + step AS step_key,
           appears_after_hours + 14 * after_days AS chapter_after, 14 * spread_days AS chapter_spread,
           sample.awake(after) AS after, sample.awake(spread) AS spread,
           floor(10 * sample.draw(person.id * 10000 + chapter * 100, 1) ^ (1 / taste)) AS product
    FROM sample.person
    JOIN sample.chapter USING (persona)
    JOIN sample.step USING (story)
), happened AS (
    SELECT *, chapter_after + chapter_spread * sample.draw(chapter_key, 2)
              + sum(after + spread * sample.draw(step_key, 3)) OVER so_far AS hours,
           count(*) FILTER (WHERE act = 'ticket') OVER so_far AS ticket_in_chapter
    FROM planned
    WHERE sample.draw(step_key, 4) < chance
    WINDOW so_far AS (PARTITION BY person, chapter ORDER BY step)
)
SELECT person, chapter, step, sample.moment(hours) AS at, act, via, ticket_in_chapter::integer,
       nullif(replace(replace(sample.pick(string_to_array(words, '|'), sample.draw(step_key, 5)),
                              '{item}', item), '{page}', page), '') AS words,
       item, price,
       -- one device in four is not the usual one
       CASE WHEN sample.draw(chapter_key, 6) < 0.25 THEN 2 ELSE 1 END AS device,
       -- one colleague per ticket; calls and transfers end up with whoever is free
       CASE WHEN act IN ('reply', 'note')
                 THEN sample.pick('{Jonas,Mira,Tom,Leyla}', sample.draw(chapter_key + ticket_in_chapter, 7))
            WHEN act IN ('call', 'callback') THEN sample.pick('{Tom,Leyla,Karim,Sofia}', sample.draw(step_key, 7))
            WHEN act = 'transfer' THEN sample.pick('{Inga,Marek}', sample.draw(step_key, 7)) END AS agent,
       CASE WHEN act IN ('nps', 'csat') THEN low + floor((high - low + 1) * sample.draw(step_key, 8))::integer END AS rating,
       CASE WHEN act IN ('call', 'hangup', 'transfer')
            THEN floor(60 * (low + (high - low) * sample.draw(step_key, 8)))::integer ELSE 0 END AS queue_seconds,
       CASE WHEN act IN ('call', 'transfer', 'callback')
            THEN 45 + floor(250 * sample.draw(step_key, 9))::integer ELSE 0 END AS talk_seconds
FROM happened
JOIN sample.product ON place = product
WHERE sample.moment(hours) < timestamptz '2026-07-01 00:00+02';
