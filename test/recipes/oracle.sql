-- oracle.sql: what the expected answers are made with. Nothing of crm_timeline is used here: rules for e-mail addresses and
-- telephone numbers that are good enough for the rows of the fixtures, and for the rest a list by hand.

CREATE SCHEMA oracle;

CREATE FUNCTION oracle.email(raw text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE
	WHEN plain ~ '^[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$'
		AND length(split_part(plain, '@', 1)) <= 64 THEN plain
	ELSE (SELECT known.address FROM (VALUES
		('jürgen@müller.example', 'jürgen@xn--mller-kva.example'),
		('mailto:mia moe <mia@example.com>', 'mia@example.com'),
		('office <office@firm.example>', 'office@firm.example'),
		('ann <ann@firm.example>', 'ann@firm.example'),
		('"new" <new@customer.example>', 'new@customer.example')) known(raw, address) WHERE known.raw = plain) END
FROM (SELECT lower(btrim(raw, E' \t')) AS plain) p
$$;

CREATE FUNCTION oracle.phone(raw text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE WHEN raw ~ '^\+[1-9][0-9 ()-]*$' AND length(regexp_replace(raw, '[^0-9]', '', 'g')) BETWEEN 7 AND 15
	THEN '+' || regexp_replace(raw, '[^0-9]', '', 'g') END
$$;

-- A name in a namespace, behind the wall of a tenant if there is one and walls are not off; NULL and blanks are no name.
CREATE FUNCTION oracle.name(namespace text, value text, tenant text DEFAULT NULL) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN current_setting('oracle.walls', true) = 'off' THEN '' ELSE coalesce(tenant || '/', '') END || namespace || ':' || nullif(btrim(CASE namespace
	WHEN 'email' THEN oracle.email(value) WHEN 'phone' THEN oracle.phone(value) ELSE value END), '')
$$;

-- Who belongs together: names that stand in one row, and whoever these stand in a row with, and so on. An expected answer
-- fills oracle.shown; a customer is called by all of its names.
CREATE TABLE oracle.shown (names text[]);

CREATE VIEW oracle.customer AS
WITH RECURSIVE pair(a, b) AS (
	SELECT DISTINCT x.name, y.name
	FROM oracle.shown s, unnest(s.names) x(name), unnest(s.names) y(name)
	WHERE x.name IS NOT NULL AND y.name IS NOT NULL),
reach(a, b) AS (
	SELECT p.a, p.b FROM pair p
	UNION
	SELECT r.a, p.b FROM reach r JOIN pair p ON p.a = r.b)
SELECT r.a AS name, string_agg(r.b, ' ' ORDER BY r.b COLLATE "C") AS customer
FROM reach r
GROUP BY r.a;

-- The answers: one row for each interaction that should be there. The first name that there is owns it.
CREATE TABLE oracle.expected (names text[], occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text,
	outcome text, topic text, sentiment double precision, score double precision, value double precision, automated boolean,
	summary text, source text, ref text, seq bigint, attributes jsonb);

CREATE VIEW oracle.interaction AS
SELECT c.customer, e.occurred_at, e.kind, e.channel, e.direction, e.thread, e.agent, e.outcome, e.topic, e.sentiment, e.score, e.value,
	e.automated, e.summary, e.source, e.ref, e.seq, e.attributes
FROM oracle.expected e
JOIN oracle.customer c ON c.name = (SELECT n.name FROM unnest(e.names) WITH ORDINALITY n(name, place) WHERE n.name IS NOT NULL ORDER BY n.place LIMIT 1)
WHERE isfinite(e.occurred_at) AND e.kind IS NOT NULL;
