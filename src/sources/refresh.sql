-- What the dirty log names is read again, and resolved. The store, above this, goes on from there.

-- Replaces the links that rows of a source show: all of them, or those of some owners. What changed, and who is new,
-- is left in touched_identity.
CREATE FUNCTION crm_timeline.observe(s crm_timeline.source, owners crm_timeline.identity[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
DECLARE
	piece record;
	condition text;
	shown text;
BEGIN
	IF cardinality(s.keys) = 1 AND owners IS NOT NULL THEN
		-- such rows show no links
		RETURN;
	END IF;
	piece := crm_timeline.source_sql(s);
	condition := format('(%s)%s', piece.filter, CASE WHEN owners IS NOT NULL THEN format(' AND %s OPERATOR(crm_timeline.=) ANY ($2)', piece.owner) END);
	-- rows with the same keys are one row before anything else is done with them
	IF cardinality(s.keys) = 1 THEN
		shown := format($query$SELECT q.owner, q.owner AS other, 'infinity'::timestamptz AS noted_at
	FROM (SELECT %s AS owner FROM %s WHERE %s GROUP BY 1 OFFSET 0) q WHERE q.owner IS NOT NULL$query$, piece.owner, piece.relation, condition);
	ELSE
		shown := format($query$SELECT q.owner, o.identity AS other, min(q.occurred_at) AS noted_at
	FROM (SELECT coalesce(%1$s) AS owner, g.identities, g.occurred_at
		FROM (SELECT %2$s AS identities, coalesce(min(%3$s), 'infinity') AS occurred_at FROM %4$s WHERE %5$s GROUP BY 1) g) q
		CROSS JOIN LATERAL unnest(q.identities) o(identity)
	WHERE q.owner IS NOT NULL AND o.identity IS NOT NULL
	GROUP BY q.owner, o.identity$query$,
			(SELECT string_agg(format('g.identities[%s]', n), ', ' ORDER BY n) FROM generate_series(1, cardinality(s.keys)) n),
			piece.identities, piece.occurred_at, piece.relation, condition);
	END IF;
	EXECUTE format($query$
WITH shown AS MATERIALIZED (
	%1$s),
gone AS (
	DELETE FROM crm_timeline.observed_link l
	WHERE l.source = $1 %2$s
		AND NOT EXISTS (SELECT FROM shown s WHERE s.owner OPERATOR(crm_timeline.=) l.a AND s.other OPERATOR(crm_timeline.=) l.b)
	RETURNING l.a, l.b),
kept AS (
	INSERT INTO crm_timeline.observed_link AS l (source, a, b, grade, noted_at)
	SELECT $1, s.owner, s.other, $3, s.noted_at FROM shown s WHERE s.owner OPERATOR(crm_timeline.<>) s.other
	ON CONFLICT (source, a, b) DO UPDATE SET grade = excluded.grade, noted_at = excluded.noted_at
		WHERE l.grade <> excluded.grade OR l.noted_at <> excluded.noted_at
	RETURNING l.a, l.b)
INSERT INTO crm_timeline.touched_identity (identity)
SELECT g.a FROM gone g UNION SELECT g.b FROM gone g UNION SELECT k.a FROM kept k UNION SELECT k.b FROM kept k
UNION SELECT s.other FROM shown s
	WHERE NOT EXISTS (SELECT FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) s.other)
$query$, shown, CASE WHEN owners IS NOT NULL THEN 'AND l.a OPERATOR(crm_timeline.=) ANY ($2)' END)
	USING s.name, owners, s.grade::smallint;
END
$$;
COMMENT ON FUNCTION crm_timeline.observe(crm_timeline.source, crm_timeline.identity[]) IS
	'reads from the rows of a source which identities belong together; NULL reads all rows';

-- What was taken from the log of one source: all of it, or identities with the time that was written to.
CREATE TYPE crm_timeline.dirty_part AS (
	source text,
	whole boolean,
	identities crm_timeline.identity[],
	starts_at timestamptz[],
	ends_at timestamptz[]
);
COMMENT ON TYPE crm_timeline.dirty_part IS 'what take_marks() took from the dirty log for one source';

-- Some rows of the log. Whoever calls goes on in the same transaction, which nobody else does at the same time.
CREATE FUNCTION crm_timeline.take_marks(max_rows integer, live boolean, OUT taken bigint, OUT parts crm_timeline.dirty_part[], OUT advanced boolean)
	-- a plan from when the log was a page looks for its rows by a scan
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_custom_plan AS
$$
BEGIN
	IF max_rows IS NULL OR max_rows < 1 THEN
		RAISE EXCEPTION 'max_rows must be at least 1' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It says how many rows of the log one transaction takes.';
	END IF;
	PERFORM pg_advisory_xact_lock('crm_timeline.dirty_log'::regclass::oid::int, 1);
	IF NOT EXISTS (SELECT FROM crm_timeline.epoch) THEN
		INSERT INTO crm_timeline.epoch (started_at) VALUES (now());
		INSERT INTO crm_timeline.dirty_log (source) SELECT r.name FROM crm_timeline.source r;
		INSERT INTO crm_timeline.touched_identity (identity) VALUES (NULL);
		PERFORM crm_timeline.record_icu_version();
	ELSIF live AND crm_timeline.icu_version_problem() IS NOT NULL THEN
		RAISE WARNING '%', crm_timeline.icu_version_problem()
			USING HINT = 'See crm_timeline.verify_identities().';
	END IF;
	-- in a statement before the one that takes, whose snapshot is therefore not older
	advanced := EXISTS (SELECT FROM crm_timeline.settling()) AND crm_timeline.advance_horizon();
	WITH settling AS MATERIALIZED (SELECT * FROM crm_timeline.settling()),
	whole AS (
		-- what failed is not tried again and again in a refresh, or it would never end
		SELECT DISTINCT l.source FROM crm_timeline.dirty_log l LEFT JOIN settling w ON w.source = l.source
		-- found by its index
		WHERE l.provisional_id IS NULL AND (l.problem IS NULL OR CASE WHEN w.source IS NULL THEN live ELSE crm_timeline.is_settled(l.xmin, w.age) END)
		UNION
		SELECT r.name FROM crm_timeline.source r LEFT JOIN pg_class c ON c.oid = r.relation
		WHERE live AND (r.capture = 'none' OR (c.relkind IN ('v', 'm') AND r.depends_on = '{}'))
		UNION
		-- a partition that came or went with its rows
		SELECT r.name FROM crm_timeline.source r LEFT JOIN crm_timeline.source_member m ON m.source = r.name
		WHERE live AND NOT r.suspended AND (m.source IS NULL OR crm_timeline.inheritance_changed(m.tables, m.inheritance))),
	gone_whole AS (
		DELETE FROM crm_timeline.dirty_log l
		WHERE l.source IN (SELECT w.source FROM whole w)
			-- nobody writes to a table while it is truncated, or a source is registered
			AND (l.identity IS NULL AND l.problem IS NULL OR NOT EXISTS (SELECT FROM settling w WHERE w.source = l.source AND NOT crm_timeline.is_settled(l.xmin, w.age)))
		RETURNING l.source, l.identity, l.starts_at, l.ends_at),
	-- by their places alone: beside another condition each row of the log would be looked for among all places
	gone_some AS (
		DELETE FROM crm_timeline.dirty_log l
		WHERE l.ctid = ANY (ARRAY(SELECT m.ctid FROM crm_timeline.dirty_log m
			WHERE (live OR m.problem IS NULL) AND m.source NOT IN (SELECT w.source FROM whole w)
				AND NOT EXISTS (SELECT FROM settling w WHERE w.source = m.source AND NOT crm_timeline.is_settled(m.xmin, w.age)) LIMIT max_rows))
		RETURNING l.source, l.identity, l.starts_at, l.ends_at),
	gone AS (SELECT * FROM gone_whole UNION ALL SELECT * FROM gone_some),
	-- a row without times is about all of them
	written AS (
		SELECT e.source, e.identity, count(*) AS n, min(coalesce(e.starts_at, '-infinity')) AS starts_at, max(coalesce(e.ends_at, 'infinity')) AS ends_at
		FROM gone e GROUP BY e.source, e.identity),
	by_source AS (
		SELECT d.source, sum(d.n) AS n, array_agg(d.identity) FILTER (WHERE d.identity IS NOT NULL) AS identities,
			array_agg(d.starts_at) FILTER (WHERE d.identity IS NOT NULL) AS starts_at, array_agg(d.ends_at) FILTER (WHERE d.identity IS NOT NULL) AS ends_at
		FROM written d GROUP BY d.source)
	SELECT coalesce(sum(g.n), 0), coalesce(array_agg(ROW(coalesce(w.source, g.source), w.source IS NOT NULL, coalesce(g.identities, '{}'),
		coalesce(g.starts_at, '{}'), coalesce(g.ends_at, '{}'))::crm_timeline.dirty_part ORDER BY coalesce(w.source, g.source)), '{}')
	INTO taken, parts FROM whole w FULL JOIN by_source g ON g.source = w.source;
	-- before anything is read: what is attached after that is seen the next time
	INSERT INTO crm_timeline.source_member AS m
	SELECT t.name, t.tables, crm_timeline.inheritance(t.tables)
	FROM (SELECT s.name, crm_timeline.source_members(s.name) AS tables FROM unnest(parts) p JOIN crm_timeline.source s ON s.name = p.source WHERE p.whole AND NOT s.suspended) t
	ON CONFLICT (source) DO UPDATE SET tables = excluded.tables, inheritance = excluded.inheritance
	WHERE (m.tables, m.inheritance) <> (excluded.tables, excluded.inheritance);
	-- new partitions without rows are known from now on
	IF live THEN
		UPDATE crm_timeline.source_member m SET inheritance = crm_timeline.inheritance(m.tables)
		WHERE m.inheritance <> crm_timeline.inheritance(m.tables) AND NOT crm_timeline.inheritance_changed(m.tables, m.inheritance);
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.take_marks(integer, boolean) IS
	'takes some rows from the dirty log; live = the first time in a refresh, when sources that nobody captures are taken whole, too; advanced = some that are not settled may be next time';

-- What the log names, and can not be taken yet: that waits for others to end, and who the identities are shall not wait with it.
CREATE FUNCTION crm_timeline.unsettled_marks(max_rows integer) RETURNS crm_timeline.dirty_part[]
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		WITH waiting AS (
			SELECT DISTINCT l.source, l.identity, coalesce(crm_timeline.is_resolved(l.identity), true) AS is_resolved
			FROM crm_timeline.dirty_log l JOIN crm_timeline.settling() w ON w.source = l.source AND NOT crm_timeline.is_settled(l.xmin, w.age)
			-- those that nobody knows yet first
			ORDER BY is_resolved LIMIT max_rows),
		by_source AS (SELECT w.source, coalesce(array_agg(w.identity) FILTER (WHERE w.identity IS NOT NULL), '{}') AS identities FROM waiting w GROUP BY w.source)
		SELECT coalesce(array_agg(ROW(b.source, false, b.identities, '{}', '{}')::crm_timeline.dirty_part ORDER BY b.source), '{}') FROM by_source b;
	END;
COMMENT ON FUNCTION crm_timeline.unsettled_marks(integer) IS
	'what some rows of the log name that take_marks() may not take yet: of sources that look up keys, written while somebody else wrote who has not ended';

-- What these marks say of links, read from the sources. The identities of some whole sources are known already.
CREATE FUNCTION crm_timeline.observe_marks(parts crm_timeline.dirty_part[], known text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS
$$
DECLARE
	part crm_timeline.dirty_part;
	s crm_timeline.source;
BEGIN
	FOREACH part IN ARRAY parts LOOP
		SELECT * INTO s FROM crm_timeline.source r WHERE r.name = part.source AND NOT r.suspended;
		CONTINUE WHEN NOT FOUND;
		BEGIN
			IF part.whole AND s.name = ANY (known) THEN
				WITH gone AS (DELETE FROM crm_timeline.observed_link l WHERE l.source = s.name RETURNING l.a, l.b)
				INSERT INTO crm_timeline.touched_identity (identity) SELECT g.a FROM gone g UNION SELECT g.b FROM gone g;
			ELSE
				PERFORM crm_timeline.observe(s, CASE WHEN NOT part.whole THEN part.identities END);
			END IF;
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'source "%" could not be read: %', part.source, SQLERRM
				USING HINT = 'It stays marked for the next refresh. See crm_timeline.verify_sources().';
			INSERT INTO crm_timeline.dirty_log (source, problem) VALUES (part.source, SQLERRM);
		END;
		-- written and gone again, or never readable: known all the same, so that nobody stays provisional
		INSERT INTO crm_timeline.touched_identity (identity)
		SELECT o.identity FROM unnest(part.identities) o(identity)
		WHERE NOT EXISTS (SELECT FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) o.identity);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.observe_marks(crm_timeline.dirty_part[], text[]) IS
	'brings the observed links of what marks name up to date; known = sources of which no row shows a link, and whose identities the caller adds';

CREATE FUNCTION crm_timeline.resolve_touched() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	touched_count bigint := (SELECT count(*) FROM crm_timeline.touched_identity);
	touched crm_timeline.identity[];
BEGIN
	IF touched_count > 0 THEN
		-- beyond some number, all at once is cheaper than one after another
		IF touched_count <= 100000 AND NOT EXISTS (SELECT FROM crm_timeline.touched_identity t WHERE t.identity IS NULL) THEN
			touched := ARRAY(SELECT DISTINCT t.identity FROM crm_timeline.touched_identity t);
		END IF;
		-- it takes the marks away that it has seen the facts of, and no other
		PERFORM crm_timeline.resolve(touched);
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.resolve_touched() IS 'resolves what the table touched_identity names';
