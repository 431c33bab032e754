-- # 2. One customer
-- Each table says once whose a row is, when it was and what it was (test/sample/sources.sql). Nothing is
-- copied. From then on any key of hers, in any spelling, finds Ann Weber and her newest interactions:

SELECT to_char(occurred_at AT TIME ZONE 'Europe/Berlin', 'Dy DD Mon HH24:MI') AS "when", channel, kind, outcome,
       source || ' ' || ref AS "in the table"
FROM history('email: Ann.Weber@Example.COM', 8);
