-- What keeps coming back, and how differently channels treat the same customer.

CREATE FUNCTION crm_timeline.recurring(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(), as_of timestamptz DEFAULT now())
	RETURNS TABLE (what text, name text, conversations bigint, contacts bigint, first_at timestamptz, last_at timestamptz)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 3
	BEGIN ATOMIC
		SELECT v.what, v.name, count(*), sum(c.contacts), min(c.started_at), max(c.last_at)
		FROM crm_timeline.conversations($1, $2, $3) c CROSS JOIN LATERAL (VALUES ('topic', c.topic), ('kind', c.kind)) v(what, name)
		WHERE c.contacts > 0 AND v.name IS NOT NULL
		GROUP BY v.what, v.name HAVING count(*) > 1
		ORDER BY count(*) DESC, v.what DESC, v.name COLLATE "C";
	END;
COMMENT ON FUNCTION crm_timeline.recurring(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'topics and kinds that came back in more than one conversation, most often first, of equals topics before kinds and then by name';

CREATE FUNCTION crm_timeline.consistency(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(), as_of timestamptz DEFAULT now())
	RETURNS TABLE (measure text, channels bigint, n bigint, best_channel text, best double precision, worst_channel text, worst double precision, spread double precision)
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 3
	BEGIN ATOMIC
		WITH told AS (
			SELECT 'wait_seconds' AS measure, w.channel, avg(w.waited_seconds) AS score, count(*) AS n, -1 AS good
			FROM crm_timeline.wait_facts($1, $2, $3) w WHERE w.outcome = 'answered' GROUP BY w.channel
			UNION ALL
			SELECT 'answered_share', w.channel, avg(CASE WHEN w.outcome = 'answered' THEN 1.0::double precision ELSE 0 END), count(*), 1
			FROM crm_timeline.wait_facts($1, $2, $3) w WHERE w.outcome <> 'waiting' GROUP BY w.channel
			UNION ALL
			SELECT 'sentiment', i.channel, avg(i.sentiment), count(*), 1
			FROM crm_timeline."unnest"(crm_timeline.slice($1, tstzrange(NULL, $3, '[]'))) i WHERE i.sentiment IS NOT NULL GROUP BY i.channel)
		SELECT o.measure, count(*), sum(o.n)::bigint,
			(array_agg(o.channel ORDER BY o.good * o.score DESC, o.channel COLLATE "C"))[1], max(o.good * o.score) * max(o.good),
			(array_agg(o.channel ORDER BY o.good * o.score, o.channel COLLATE "C"))[1], min(o.good * o.score) * max(o.good), max(o.score) - min(o.score)
		FROM told o WHERE o.channel IS NOT NULL GROUP BY o.measure HAVING count(*) > 1 ORDER BY o.measure;
	END;
COMMENT ON FUNCTION crm_timeline.consistency(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'how differently channels treated the customer, by the mean wait, the share answered and the mean sentiment: the best, the worst and their distance, where there are two channels or more';

-- Friction that is meant to be there

CREATE TABLE crm_timeline.risk_target (
	kind text COLLATE "C" NOT NULL,
	amount_from double precision NOT NULL DEFAULT 0,
	at_least integer NOT NULL DEFAULT 0 CHECK (at_least >= 0),
	at_most integer CHECK (at_most >= at_least),
	note text,
	PRIMARY KEY (kind, amount_from)
);
COMMENT ON TABLE crm_timeline.risk_target IS
	'how many safeguards an interaction should have behind it, by its kind and from an amount on; there is none by default';
COMMENT ON COLUMN crm_timeline.risk_target.kind IS 'the kind of the interaction that is risky';
COMMENT ON COLUMN crm_timeline.risk_target.amount_from IS 'the row with the greatest one that the amount reaches counts';
COMMENT ON COLUMN crm_timeline.risk_target.at_least IS 'fewer are too little';
COMMENT ON COLUMN crm_timeline.risk_target.at_most IS 'more are too much; NULL = never';
COMMENT ON COLUMN crm_timeline.risk_target.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.risk_target', '');

CREATE FUNCTION crm_timeline.safeguards_before(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz, kinds text[])
	RETURNS TABLE (occurred_at timestamptz, kind text, thread text, amount double precision, safeguards bigint, source text, ref text)
	AS 'MODULE_PATHNAME', 'experience_safeguards_before' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.safeguards_before(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text[]) IS
	'the interactions of some kinds, each with how many safeguards lie before it: in its thread, or without one within safeguard_within';

CREATE FUNCTION crm_timeline.friction_fit(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(), as_of timestamptz DEFAULT now())
	RETURNS TABLE (occurred_at timestamptz, kind text, thread text, amount double precision, safeguards bigint, at_least integer, at_most integer, verdict text, source text, ref text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5
	BEGIN ATOMIC
		SELECT s.occurred_at, s.kind, s.thread, s.amount, s.safeguards, r.at_least, r.at_most,
			CASE WHEN s.safeguards < r.at_least THEN 'too little' WHEN s.safeguards > r.at_most THEN 'too much' ELSE 'right' END, s.source, s.ref
		FROM crm_timeline.safeguards_before($1, $2, $3, ARRAY(SELECT DISTINCT k.kind FROM crm_timeline.risk_target k)) s
			CROSS JOIN LATERAL (SELECT k.at_least, k.at_most FROM crm_timeline.risk_target k WHERE k.kind = s.kind AND k.amount_from <= s.amount
				ORDER BY k.amount_from DESC LIMIT 1) r;
	END;
COMMENT ON FUNCTION crm_timeline.friction_fit(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'whether what is risky had as many safeguards before it as risk_target wants: too little, right or too much; of its thread, or without one within safeguard_within before';
