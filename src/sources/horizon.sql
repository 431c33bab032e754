-- When a mark says all: keys that writers look up in other tables.
--
-- One transaction writes a message of a conversation, and notes the customer that it finds there; another one gives the
-- conversation to a second customer, and notes both. Neither sees the other. A refresh between their commits would take the
-- second one's marks, and nobody would be dirty when the first one commits, though the second customer has a message more.
-- So a mark of such a source is taken when everybody has ended who may have missed what it tells: those that had begun to
-- write before its own writer had ended. These may have misled others, through a third table, and so on: one step more for each table.

CREATE TABLE crm_timeline.horizon (
	point xid8 NOT NULL,
	passed xid8[] NOT NULL
);
COMMENT ON TABLE crm_timeline.horizon IS
	'one row: numbers of transactions; all that are below a passed one had ended before the passed one in front of it, or the point, was set beyond every number then in use';

CREATE FUNCTION crm_timeline.next_transaction() RETURNS xid8
	AS 'MODULE_PATHNAME', 'next_transaction' LANGUAGE C VOLATILE;
REVOKE EXECUTE ON FUNCTION crm_timeline.next_transaction() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.next_transaction() IS 'the number of the transaction that begins to write next: every lower one is in use already';

CREATE FUNCTION crm_timeline.advance_horizon() RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	-- one more than lookup_steps() gives at the most
	UPDATE crm_timeline.horizon h SET passed = (h.point || h.passed)[1:16], point = crm_timeline.next_transaction()
	WHERE h.point <= pg_snapshot_xmin(pg_current_snapshot());
	IF FOUND THEN
		RETURN true;
	END IF;
	INSERT INTO crm_timeline.horizon SELECT crm_timeline.next_transaction(), '{}' WHERE NOT EXISTS (SELECT FROM crm_timeline.horizon);
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION crm_timeline.advance_horizon() IS
	'sets the point anew where all before it have ended; whether it did. Called by one refresh at a time';

-- A chain of tables that are looked up one in the other is no longer than the tables that its longest expression reads.
CREATE FUNCTION crm_timeline.lookup_steps(s crm_timeline.source) RETURNS integer
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		WITH RECURSIVE dependency AS MATERIALIZED (SELECT * FROM crm_timeline.dependencies(s) d),
		edge AS (SELECT DISTINCT d.base::oid AS base, r.relation FROM dependency d CROSS JOIN unnest(d.reads) r(relation) WHERE d.base::oid <> r.relation),
		path AS (SELECT e.base, e.relation FROM edge e UNION SELECT p.base, e.relation FROM path p JOIN edge e ON e.base = p.relation)
		SELECT CASE WHEN coalesce(NOT bool_or(d.looks_up), true) THEN 0
			-- somebody must know by his own row, and nobody be told by one whom he tells; what is read must be read as it is now
			WHEN bool_and(d.looks_up) OR bool_or(d.reads IS NULL)
				OR EXISTS (SELECT FROM path p WHERE p.base = p.relation)
				OR EXISTS (SELECT FROM pg_class c WHERE c.relkind NOT IN ('r', 'p') AND (c.oid IN (SELECT e.relation FROM edge e) OR c.oid IN (SELECT b.base FROM dependency b)))
				THEN NULL
			ELSE least(greatest(max(cardinality(d.reads)), 1), 15) END
		FROM dependency d;
	END;
COMMENT ON FUNCTION crm_timeline.lookup_steps(crm_timeline.source) IS
	'of how many tables the longest expression of depends_on looks up keys, 0 where none does; NULL where a mark would never be known to say all';

CREATE FUNCTION crm_timeline.is_settled(mark xid, settled_age integer) RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	-- a mark that seems to be of the future is so old that numbers have come round
	RETURN age(mark) > settled_age OR age(mark) < -1073741824;
COMMENT ON FUNCTION crm_timeline.is_settled(xid, integer) IS 'whether a mark''s writer was one of so long ago';

CREATE FUNCTION crm_timeline.settling(OUT source text, OUT lookups integer, OUT age integer) RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		-- The writer of a mark has a lower number than the first point after that, and has ended when it is passed; those that
		-- had begun by then have lower ones than the next point, and have ended when that is passed.
		SELECT l.name, l.lookups, coalesce((SELECT age(xid(p.point))
				FROM crm_timeline.horizon h CROSS JOIN LATERAL (SELECT h.passed[l.lookups + 1]) p(point)
				-- an age has 31 bits
				WHERE pg_snapshot_xmax(pg_current_snapshot())::text::numeric - p.point::text::numeric < 1073741824), 2147483647)
		FROM (SELECT r.name, coalesce(r.lookups, least(cardinality(r.depends_on), 15)) AS lookups FROM crm_timeline.source r) l WHERE l.lookups > 0;
	END;
COMMENT ON FUNCTION crm_timeline.settling() IS
	'the sources whose keys are looked up in other tables, through how many, and the age in transactions that a mark is to exceed before it is taken';
