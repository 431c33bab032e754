-- compare.sql: the view interactions against the oracle, and interactions_of, page by page, against the view.

CREATE VIEW oracle.found AS
SELECT coalesce((SELECT string_agg(m.identity::text, ' ' ORDER BY m.identity::text COLLATE "C") FROM crm_timeline.membership m WHERE m.customer_id = i.customer_id),
	'provisional ' || i.customer_id) AS customer,
	i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment, i.score, i.value, i.automated, i.summary,
	i.source, i.ref, i.seq, i.attributes
FROM crm_timeline.interactions i;

-- What is there and should not be, and what should be there and is not.
CREATE VIEW oracle.difference AS
SELECT 'not expected' AS what, u.* FROM (SELECT * FROM oracle.found EXCEPT ALL SELECT * FROM oracle.interaction) u
UNION ALL
SELECT 'missing', m.* FROM (SELECT * FROM oracle.interaction EXCEPT ALL SELECT * FROM oracle.found) m;

-- All of a customer's interactions by interactions_of, some at a time, in the order in which they came.
CREATE FUNCTION oracle.paged(customer bigint, page integer) RETURNS TABLE (place bigint, "row" jsonb) LANGUAGE plpgsql AS
$$
DECLARE
	at timestamptz;
	source text;
	ref text;
	one record;
	got integer;
BEGIN
	place := 0;
	LOOP
		got := 0;
		FOR one IN SELECT * FROM crm_timeline.interactions_of(customer, page, at, source, ref) LOOP
			got := got + 1;
			place := place + 1;
			at := one.occurred_at;
			source := one.source;
			ref := one.ref;
			"row" := to_jsonb(one);
			RETURN NEXT;
		END LOOP;
		-- no customer of a fixture has so many: pages that never end are wrong, too
		EXIT WHEN got < page OR place > 1000;
	END LOOP;
END
$$;

-- Customers whose pages, one after another, are not their interactions in the view, newest first. One in so many is asked.
CREATE FUNCTION oracle.badly_paged(page integer, one_in integer DEFAULT 1) RETURNS SETOF bigint LANGUAGE sql AS
$$
SELECT c.customer_id
FROM (SELECT DISTINCT i.customer_id FROM crm_timeline.interactions i) c
WHERE c.customer_id % one_in = 0 AND (SELECT jsonb_agg(p."row" ORDER BY p.place) FROM oracle.paged(c.customer_id, page) p) IS DISTINCT FROM
	(SELECT jsonb_agg(to_jsonb(i) - 'customer_id' ORDER BY i.occurred_at DESC, i.source COLLATE "C" DESC, i.ref COLLATE "C" DESC)
		FROM crm_timeline.interactions i WHERE i.customer_id = c.customer_id)
$$;
