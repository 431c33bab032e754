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

CREATE FUNCTION crm_timeline.settling(OUT source text, OUT lookups integer, OUT age integer) RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		-- The writer of a mark has a lower number than the first point after that, and has ended when it is passed; those that
		-- had begun by then have lower ones than the next point, and have ended when that is passed.
		SELECT l.name, l.lookups, coalesce((SELECT age(xid(h.passed[l.lookups + 1])) FROM crm_timeline.horizon h), 2147483647)
		FROM (SELECT r.name, least(coalesce(r.lookups, cardinality(r.depends_on)), 15) AS lookups FROM crm_timeline.source r) l WHERE l.lookups > 0;
	END;
COMMENT ON FUNCTION crm_timeline.settling() IS
	'the sources whose keys are looked up in other tables, how many tables take part, and the age in transactions that a mark is to exceed before it is taken';
