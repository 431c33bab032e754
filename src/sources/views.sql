-- What is generated from the registry: the view interactions and the function
-- interactions_of.  Both are ordinary objects.

-- The registered sources that can be read, each as SQL. One that can not is left out; say = with a warning.
CREATE FUNCTION crm_timeline.readable_sources(say boolean,
	OUT name text, OUT stored boolean, OUT bare boolean, OUT plain boolean, OUT member text, OUT relation text, OUT owner text,
	OUT occurred_at text, OUT filter text, OUT columns text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
	piece record;
BEGIN
	FOR s IN SELECT * FROM crm_timeline.source r WHERE NOT r.suspended AND r.kind IS NOT NULL ORDER BY r.name COLLATE "C" LOOP
		BEGIN
			piece := crm_timeline.source_sql(s);
		EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object OR datatype_mismatch
				OR invalid_object_definition OR wrong_object_type OR data_exception THEN
			IF say THEN
				RAISE WARNING 'source "%" is left out: %', s.name, SQLERRM
					USING HINT = format('Correct it with crm_timeline.alter_source(%L, ...), or take it out with crm_timeline.drop_source(%L).', s.name, s.name);
			END IF;
			CONTINUE;
		END;
		name := s.name;
		stored := crm_timeline.is_stored(s);
		bare := (SELECT c.relkind IN ('r', 'p', 'm') FROM pg_class c WHERE c.oid = s.relation);
		plain := crm_timeline.is_plain(s.relation, piece.occurred_at);
		member := format('SELECT %s AS occurred_at, %s, %s AS identity, %s AS usable FROM %s',
			piece.occurred_at, piece.columns, piece.owner, piece.filter, piece.relation);
		relation := piece.relation;
		owner := piece.owner;
		occurred_at := piece.occurred_at;
		filter := piece.filter;
		columns := piece.columns;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.readable_sources(boolean) IS
	'the sources of interactions that can be read, as pieces of SQL; member gives all rows with the identity that owns each';

-- The view joins the customers' identities once, with all tables together: each table is a bare member of one UNION ALL,
-- its filter a column, which the planner turns into one join whose inner side is an index scan of each table. That is
-- planned in a third of the time that a join for each source takes, and for one customer planning is what costs.
-- A source over a view is no bare member, and has a join of its own.
CREATE FUNCTION crm_timeline.interactions_sql(names text[]) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	piece record;
	plain boolean := true;
	members text;
	branches text;
	selected constant text := E'SELECT r.customer_id, s.occurred_at, s.kind, s.channel, s.direction, s.thread, s.agent, s.outcome, s.topic,\n'
		'	s.sentiment, s.score, s.value, s.automated, s.summary, s.source, s.ref, s.seq, s.attributes\n'
		'FROM crm_timeline.resolved r JOIN (%s) s ON s.identity OPERATOR(crm_timeline.=) r.identity\n'
		'WHERE s.usable AND isfinite(s.occurred_at) AND s.kind IS NOT NULL';
BEGIN
	FOR piece IN SELECT * FROM crm_timeline.readable_sources(false) r WHERE r.name = ANY (names) LOOP
		plain := plain AND piece.plain;
		IF piece.bare THEN
			members := concat_ws(E'\nUNION ALL\n', members, piece.member);
		ELSE
			branches := concat_ws(E'\nUNION ALL\n', branches, format(selected, piece.member));
		END IF;
	END LOOP;
	IF members IS NOT NULL THEN
		branches := concat_ws(E'\nUNION ALL\n', format(selected, members), branches);
	END IF;
	-- an empty branch keeps the columns' types from taking over timestamp(6) and its like
	RETURN concat_ws(E'\nUNION ALL\n', CASE WHEN NOT plain OR branches IS NULL THEN crm_timeline.no_interactions_sql() END, branches);
END
$$;
COMMENT ON FUNCTION crm_timeline.interactions_sql(text[]) IS 'a query for the interactions of some sources, with their customers';

CREATE FUNCTION crm_timeline.no_interactions_sql() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC
		SELECT 'SELECT NULL::bigint AS customer_id, NULL::timestamptz AS occurred_at, NULL::text AS kind, '
			'NULL::text AS channel, NULL::text AS direction, NULL::text AS thread, NULL::text AS agent, NULL::text AS outcome, '
			'NULL::text AS topic, NULL::double precision AS sentiment, NULL::double precision AS score, '
			'NULL::double precision AS value, NULL::boolean AS automated, NULL::text AS summary, NULL::text AS source, '
			'NULL::text COLLATE pg_catalog."C" AS ref, NULL::bigint AS seq, NULL::jsonb AS attributes WHERE false';
	END;
COMMENT ON FUNCTION crm_timeline.no_interactions_sql() IS 'a query with the columns of the view interactions, and no rows';

-- A generated view: replaced, commented, given to its owner and to its readers.
CREATE FUNCTION crm_timeline.make_view(name text, query text, comment text, level text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	granted record;
BEGIN
	EXECUTE format(E'CREATE OR REPLACE VIEW crm_timeline.%I WITH (security_invoker = true) AS \n%s', name, query);
	EXECUTE format('COMMENT ON VIEW crm_timeline.%I IS %L', name, comment || '; generated by crm_timeline.rebuild_views()');
	-- a member of the owner may have made it first
	EXECUTE format('ALTER VIEW crm_timeline.%I OWNER TO %I', name,
		(SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = 'crm_timeline.source'::regclass));
	FOR granted IN SELECT r.role FROM crm_timeline.reader r JOIN pg_roles p ON p.rolname = r.role WHERE r.level = make_view.level LOOP
		EXECUTE format('GRANT SELECT ON crm_timeline.%I TO %I', name, granted.role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.make_view(text, text, text, text) IS
	'makes a generated view anew, for its owner and for the roles that grant_read() gave this level';

CREATE FUNCTION crm_timeline.rebuild_interactions() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
DECLARE
	piece record;
	names text[] := '{}';
	pages text;
BEGIN
	FOR piece IN SELECT * FROM crm_timeline.readable_sources(true) LOOP
		names := names || piece.name;
		-- the newest of each source by its index; the conditions on the page come in the order of the index
		pages := concat_ws(E'\nUNION ALL\n', pages, format(
			E'(SELECT s.* FROM ids "the identities" CROSS JOIN LATERAL (SELECT q.* FROM (SELECT %s AS occurred_at, %s\n'
			'		FROM %s WHERE (%s) AND %s OPERATOR(crm_timeline.=) "the identities".identity) q\n'
			'	WHERE q.occurred_at BETWEEN since AND before_time AND isfinite(q.occurred_at) AND q.kind IS NOT NULL\n'
			'		AND (q.occurred_at < before_time OR (q.source, q.ref) < (before_source COLLATE "C", before_ref COLLATE "C"))\n'
			'	ORDER BY q.occurred_at DESC, q.ref DESC LIMIT max_rows) s)',
			piece.occurred_at, piece.columns, piece.relation, piece.filter, piece.owner));
	END LOOP;
	PERFORM crm_timeline.make_view('interactions', crm_timeline.interactions_sql(names),
		'every interaction of every registered source, with its customer', 'read');

	EXECUTE format($function$
CREATE OR REPLACE FUNCTION crm_timeline.interactions_of(customer_id bigint, max_rows integer DEFAULT 50,
	before_at timestamptz DEFAULT NULL, before_source text DEFAULT NULL, before_ref text DEFAULT NULL, since timestamptz DEFAULT NULL)
	RETURNS TABLE (occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text,
		topic text, sentiment double precision, score double precision, value double precision, automated boolean,
		summary text, source text, ref text, seq bigint, attributes jsonb)
	LANGUAGE plpgsql STABLE
	SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS %L
$function$, format($body$
#variable_conflict use_column
DECLARE
	customer bigint := crm_timeline.current_customer(interactions_of.customer_id);
	before_time timestamptz := coalesce(before_at, 'infinity');
	since timestamptz := coalesce(interactions_of.since, '-infinity');
	before_source text := coalesce(interactions_of.before_source, '');
	before_ref text := coalesce(interactions_of.before_ref, '');
BEGIN
	IF max_rows IS NULL OR max_rows < 0 THEN
		RAISE EXCEPTION 'max_rows must not be negative or NULL' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN QUERY
WITH ids AS MATERIALIZED (SELECT r.identity FROM crm_timeline.resolved r WHERE r.customer_id = customer)
SELECT p.occurred_at, p.kind, p.channel, p.direction, p.thread, p.agent, p.outcome, p.topic, p.sentiment, p.score, p.value,
	p.automated, p.summary, p.source, p.ref, p.seq, p.attributes
FROM (
%s
) p
ORDER BY p.occurred_at DESC, p.source COLLATE "C" DESC, p.ref COLLATE "C" DESC LIMIT max_rows;
END
$body$, coalesce(pages, format('SELECT n.* FROM (%s) n', crm_timeline.no_interactions_sql()))));
	COMMENT ON FUNCTION crm_timeline.interactions_of(bigint, integer, timestamptz, text, text, timestamptz) IS
		'a customer''s interactions, newest first; the last row''s occurred_at, source and ref ask for the next page; generated by crm_timeline.rebuild_views()';

	EXECUTE format('ALTER FUNCTION crm_timeline.interactions_of(bigint, integer, timestamptz, text, text, timestamptz) OWNER TO %I',
		(SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = 'crm_timeline.source'::regclass));
END
$$;
COMMENT ON FUNCTION crm_timeline.rebuild_interactions() IS
	'makes the view interactions and the function interactions_of from the registered sources; a part of rebuild_views()';
INSERT INTO crm_timeline.view_generator VALUES (30, 'crm_timeline.rebuild_interactions');

CREATE FUNCTION crm_timeline.rebuild_views() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
DECLARE
	generator record;
BEGIN
	-- an older snapshot would leave out what another transaction has registered since
	IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
		RAISE EXCEPTION 'views can not be rebuilt in a transaction that is %', upper(current_setting('transaction_isolation'))
			USING ERRCODE = 'invalid_transaction_state', HINT = 'Begin it with: BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED';
	END IF;
	PERFORM crm_timeline.lock_sources();
	FOR generator IN SELECT g.function FROM crm_timeline.view_generator g ORDER BY g.place LOOP
		EXECUTE format('SELECT %s()', generator.function::regproc);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.rebuild_views() IS
	'makes the views that depend on the registered sources, and the function interactions_of, anew; a source that can not be used is left out with a warning';

CREATE FUNCTION crm_timeline.history(identity crm_timeline.identity, max_rows integer DEFAULT 50)
	RETURNS TABLE (occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text,
		topic text, sentiment double precision, score double precision, value double precision, automated boolean,
		summary text, source text, ref text, seq bigint, attributes jsonb)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN QUERY SELECT * FROM crm_timeline.interactions_of(crm_timeline.customer_of(history.identity), history.max_rows);
EXCEPTION WHEN undefined_function THEN
	IF NOT EXISTS (SELECT FROM crm_timeline.source) THEN
		RAISE EXCEPTION 'no source is registered'
			USING ERRCODE = 'object_not_in_prerequisite_state',
				HINT = 'Register a table with crm_timeline.add_source().';
	END IF;
	RAISE;
WHEN undefined_table OR undefined_column THEN
	RAISE EXCEPTION '%', SQLERRM USING ERRCODE = SQLSTATE,
		HINT = 'A table or column of a source was renamed or dropped: see crm_timeline.verify_sources().';
END
$$;
COMMENT ON FUNCTION crm_timeline.history(crm_timeline.identity, integer) IS
	'the newest interactions of the customer that an identity belongs to; no rows for an identity that was never seen';
