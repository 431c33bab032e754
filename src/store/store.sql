-- store: every customer's timeline, kept, and exact at every moment.
--
-- In any snapshot, a customer that no visible mark makes dirty has in stored_timeline exactly what
-- the stored sources give in that snapshot. A mark is written by the transaction that makes it necessary (capture, resolve(),
-- rebuild_views()); refresh takes marks away, and reads what they are about in the same snapshot or a later one.
-- No timeline and no mark here is dumped, nor is the epoch, and without an epoch all is read from the sources.

CREATE TABLE crm_timeline.stored_timeline (
	customer_id bigint NOT NULL PRIMARY KEY,
	timeline crm_timeline.timeline,
	interactions bigint NOT NULL,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	last_inbound_at timestamptz,
	last_outbound_at timestamptz,
	last_kind text NOT NULL,
	last_channel text,
	last_outcome text,
	last_sentiment double precision,
	last_score double precision,
	waiting_since timestamptz,
	waiting_asked_at timestamptz,
	waiting_last timestamptz,
	defined_by bigint
) WITH (toast_tuple_target = 8160);
COMMENT ON TABLE crm_timeline.stored_timeline IS
	'a cache, one row per customer: the interactions of the stored sources, and a summary of them; a NULL timeline is in stored_segment; read the views timelines and customer_summary instead';
COMMENT ON COLUMN crm_timeline.stored_timeline.waiting_since IS
	'of the waits that nobody has ended, the begin of the first that had not lapsed when this was written';
COMMENT ON COLUMN crm_timeline.stored_timeline.waiting_asked_at IS 'when the customer asked last in that wait: so long after that it lapses';
COMMENT ON COLUMN crm_timeline.stored_timeline.waiting_last IS 'when the customer asked last in any wait that nobody has ended; may be NULL where that is earlier than waiting_horizon()';
COMMENT ON COLUMN crm_timeline.stored_timeline.defined_by IS
	'definitions_key() when these three were written: under other definitions they are worked out when they are read';

CREATE TABLE crm_timeline.stored_segment (
	customer_id bigint NOT NULL,
	starts_at timestamptz NOT NULL,
	timeline crm_timeline.timeline NOT NULL,
	interactions bigint NOT NULL,
	last_at timestamptz NOT NULL,
	last_inbound_at timestamptz,
	last_outbound_at timestamptz,
	PRIMARY KEY (customer_id, starts_at)
);
COMMENT ON TABLE crm_timeline.stored_segment IS
	'a cache: the timelines of customers with very many interactions, in parts that do not overlap in time';

CREATE FUNCTION crm_timeline.joined_segments(customer_id bigint) RETURNS crm_timeline.timeline
	LANGUAGE sql STABLE STRICT PARALLEL SAFE COST 1000
	BEGIN ATOMIC
		-- in their order, so that they are joined without being sorted
		SELECT crm_timeline.store_agg(g.timeline ORDER BY g.starts_at) FROM crm_timeline.stored_segment g WHERE g.customer_id = $1;
	END;
COMMENT ON FUNCTION crm_timeline.joined_segments(bigint) IS 'a customer''s segments as one timeline; NULL where there are none';

CREATE TABLE crm_timeline.stored_source (
	name text NOT NULL PRIMARY KEY
);
COMMENT ON TABLE crm_timeline.stored_source IS
	'the sources whose interactions the store keeps, as rebuild_views() found them; those of the others are read each time';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.stored_source', '');

CREATE TABLE crm_timeline.store_definition (
	md5 text NOT NULL
);
COMMENT ON TABLE crm_timeline.store_definition IS
	'a digest of the query that the store was last made from: where rebuild_views() makes another one, all is to be read again';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.store_definition', '');

CREATE TABLE crm_timeline.changed_customer (
	customer_id bigint
);
COMMENT ON TABLE crm_timeline.changed_customer IS
	'customers that are to be read again by the next refresh because their identities or the sources changed; NULL = all';
CREATE INDEX changed_customer_id ON crm_timeline.changed_customer (customer_id);
COMMENT ON INDEX crm_timeline.changed_customer_id IS 'whether a customer is marked';

CREATE FUNCTION crm_timeline.membership_changed() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	CASE TG_OP
	WHEN 'UPDATE' THEN
		INSERT INTO crm_timeline.changed_customer (customer_id) SELECT w.customer_id FROM was w UNION SELECT n.customer_id FROM is_now n;
	WHEN 'DELETE' THEN
		INSERT INTO crm_timeline.changed_customer (customer_id) SELECT DISTINCT w.customer_id FROM was w;
	ELSE
		INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);
	END CASE;
	RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION crm_timeline.membership_changed() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.membership_changed() IS 'trigger: customers whose identities changed are to be read again';
-- no trigger for INSERT: a new identity's rows, if it has any, are marked in the dirty log
CREATE TRIGGER store_update AFTER UPDATE ON crm_timeline.membership
	REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.membership_changed();
COMMENT ON TRIGGER store_update ON crm_timeline.membership IS 'both customers of a moved identity are to be read again';
CREATE TRIGGER store_delete AFTER DELETE ON crm_timeline.membership
	REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.membership_changed();
COMMENT ON TRIGGER store_delete ON crm_timeline.membership IS 'the customer of an identity that is gone is to be read again';
CREATE TRIGGER store_truncate AFTER TRUNCATE ON crm_timeline.membership
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.membership_changed();
COMMENT ON TRIGGER store_truncate ON crm_timeline.membership IS 'every customer is to be read again';

-- Who is dirty. Written as joins, so that one customer and all of them are both found by an index; and not by UNION, which
-- no parallel plan may have below it.
CREATE VIEW crm_timeline.dirty_customer AS
SELECT DISTINCT d.customer_id
FROM (SELECT m.customer_id
		FROM crm_timeline.dirty_log l JOIN crm_timeline.membership m
			ON m.identity OPERATOR(crm_timeline.=) l.identity
			AND crm_timeline.provisional_customer(m.identity) = l.provisional_id
	UNION ALL
		SELECT l.provisional_id
		FROM crm_timeline.dirty_log l
		WHERE l.identity IS NOT NULL AND NOT crm_timeline.is_resolved(l.identity)
	UNION ALL
		SELECT c.customer_id FROM crm_timeline.changed_customer c WHERE c.customer_id IS NOT NULL) d;
COMMENT ON VIEW crm_timeline.dirty_customer IS
	'the customers whose stored timelines are not up to date, each once; where store_mode() is 2, all are';

CREATE FUNCTION crm_timeline.store_mode() RETURNS integer
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	IF NOT EXISTS (SELECT FROM crm_timeline.epoch)
		OR EXISTS (SELECT FROM crm_timeline.changed_customer c WHERE c.customer_id IS NULL)
		-- found by its only index
		OR EXISTS (SELECT FROM crm_timeline.dirty_log l JOIN crm_timeline.stored_source s ON s.name = l.source
			WHERE l.provisional_id IS NULL)
		-- a partition that came or went with its rows: no trigger tells that
		OR EXISTS (SELECT FROM crm_timeline.source_member m JOIN crm_timeline.stored_source s ON s.name = m.source
			WHERE CASE WHEN m.inheritance <> '{}' OR crm_timeline.have_children(m.tables)
				THEN crm_timeline.inheritance_changed(m.tables, m.inheritance) END)
	THEN
		RETURN 2;
	END IF;
	RETURN CASE WHEN EXISTS (SELECT FROM crm_timeline.dirty_log) OR EXISTS (SELECT FROM crm_timeline.changed_customer) THEN 1 ELSE 0 END;
END
$$;
COMMENT ON FUNCTION crm_timeline.store_mode() IS
	'how the store can be read in this snapshot: 0 = as it is; 1 = but for the dirty customers; 2 = not at all, everything is read from the sources';

CREATE FUNCTION crm_timeline.is_dirty(customer_id bigint) RETURNS boolean
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN EXISTS (SELECT FROM crm_timeline.dirty_customer d WHERE d.customer_id = is_dirty.customer_id);
END
$$;
COMMENT ON FUNCTION crm_timeline.is_dirty(bigint) IS 'whether a customer''s stored timeline is not up to date, as long as store_mode() is not 2';
