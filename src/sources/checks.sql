-- What a DBA asks about the sources: rows that are lost, indexes that are missing, tables that changed.

CREATE FUNCTION crm_timeline.source_errors(name text DEFAULT NULL,
	OUT source text, OUT problem text, OUT lost boolean, OUT row_count bigint, OUT examples text[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
#variable_conflict use_column
DECLARE
	s crm_timeline.source;
	piece record;
	problems text;
BEGIN
	IF name IS NOT NULL AND NOT EXISTS (SELECT FROM crm_timeline.source r WHERE r.name = source_errors.name) THEN
		RAISE EXCEPTION 'there is no source "%"', name USING ERRCODE = 'undefined_object';
	END IF;
	FOR s IN SELECT * FROM crm_timeline.source r
		WHERE NOT r.suspended AND (source_errors.name IS NULL OR r.name = source_errors.name) ORDER BY r.name COLLATE "C"
	LOOP
		BEGIN
			piece := crm_timeline.source_sql(s);
			problems := (SELECT string_agg(format('(%L, %s)', split_part(k.key, ':', 1),
					crm_timeline.key_sql(s.name, 'keys', s.relation, k.key, s.tenant, 'immutable', 'identity_problem')), ', ' ORDER BY k.n)
				FROM unnest(s.keys) WITH ORDINALITY k(key, n));
			RETURN QUERY EXECUTE format($query$
SELECT $1, e.problem, e.lost, count(*), (array_agg(e.ref ORDER BY e.ref) FILTER (WHERE e.ref IS NOT NULL))[1:5]
FROM (SELECT %1$s AS owner, %2$s AS occurred_at, %3$s AS ref, %4$s AS kind, %9$s AS sentiment,
		(SELECT string_agg('key ' || trim(p.namespace) || ': ' || p.problem, '; ' ORDER BY p.namespace, p.problem)
			FROM (VALUES %5$s) p(namespace, problem) WHERE p.problem IS NOT NULL) AS keys
	FROM %6$s WHERE (%7$s)) q
CROSS JOIN LATERAL (VALUES
	(CASE WHEN q.owner IS NULL THEN 'no usable key' || coalesce(' (' || q.keys || ')', ': every key is NULL') END, true, q.ref),
	(CASE WHEN NOT %8$s THEN NULL WHEN q.occurred_at IS NULL THEN 'no time' WHEN NOT isfinite(q.occurred_at) THEN 'infinite time' END, true, q.ref),
	(CASE WHEN q.kind IS NULL AND %8$s THEN 'no kind' END, true, q.ref),
	(CASE WHEN q.sentiment NOT BETWEEN -1 AND 1 THEN 'sentiment is not between -1 and 1, and is left out of timelines' END, false, q.ref),
	(CASE WHEN q.owner IS NOT NULL THEN q.keys END, false, q.ref)) e(problem, lost, ref)
WHERE e.problem IS NOT NULL
GROUP BY e.problem, e.lost
ORDER BY e.lost DESC, count(*) DESC, e.problem COLLATE "C"
$query$, piece.owner, piece.occurred_at,
				CASE WHEN s.ref IS NULL THEN 'NULL::text' ELSE crm_timeline.text_sql(s.name, 'ref', s.relation, s.ref, 'settled') END,
				CASE WHEN s.kind IS NULL THEN 'NULL::text' ELSE crm_timeline.text_sql(s.name, 'kind', s.relation, s.kind, 'settled') END,
				problems, piece.relation, piece.filter, (s.kind IS NOT NULL)::text,
				CASE WHEN s.sentiment IS NULL THEN 'NULL::double precision'
					ELSE crm_timeline.typed_sql(s.name, 'sentiment', s.relation, s.sentiment, 'double precision', 'settled') END)
			USING s.name;
		-- one that can not be read leaves the others readable
		EXCEPTION WHEN OTHERS THEN
			source := s.name;
			problem := 'the source can not be read: ' || SQLERRM;
			lost := NULL;
			row_count := NULL;
			examples := NULL;
			RETURN NEXT;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.source_errors(text) IS
	'rows that are missing from the views, and keys that could not be normalised, counted by reason, with up to five examples; reads the whole source';

-- The index that makes one customer's rows an index scan.
CREATE FUNCTION crm_timeline.has_index(relation regclass, owner text, occurred_at text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'has_index' LANGUAGE C STABLE
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION crm_timeline.has_index(regclass, text, text) IS
	'whether a valid index of a table begins with an expression, and goes on with a second one where it is given';

CREATE FUNCTION crm_timeline.index_sql(relation regclass, name text, expression text) RETURNS text
	AS 'MODULE_PATHNAME', 'index_sql' LANGUAGE C STABLE STRICT
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION crm_timeline.index_sql(regclass, text, text) IS
	'an expression over a table of that name as it is written for an index on one of its partitions or children';

CREATE FUNCTION crm_timeline.suggested_indexes(name text DEFAULT NULL,
	OUT source text, OUT relation regclass, OUT present boolean, OUT statement text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
	piece record;
	part record;
	wanted record;
	bases regclass[];
	owners text[];
	index_name text;
	spoilt regclass;
	seen text[] := '{}';
BEGIN
	FOR s IN SELECT * FROM crm_timeline.source r WHERE NOT r.suspended AND (suggested_indexes.name IS NULL OR r.name = suggested_indexes.name)
			ORDER BY r.name COLLATE "C" LOOP
		source := s.name;
		BEGIN
			piece := crm_timeline.source_sql(s);
			SELECT array_agg(d.base), array_agg(d.owner) INTO bases, owners FROM crm_timeline.dependencies(s) d WHERE d.owner IS NOT NULL;
		EXCEPTION WHEN OTHERS THEN
			IF suggested_indexes.name IS NOT NULL THEN
				RAISE;
			END IF;
			RAISE WARNING 'source "%" is left out: %', s.name, SQLERRM USING HINT = 'See crm_timeline.verify_sources().';
			CONTINUE;
		END;
		FOR wanted IN
			SELECT s.relation AS base, piece.owner AS owner, piece.occurred_at AS occurred_at
			UNION ALL
			SELECT b.base, b.owner, NULL FROM unnest(bases, owners) b(base, owner)
		LOOP
			CONTINUE WHEN (SELECT c.relkind NOT IN ('r', 'p', 'm') FROM pg_class c WHERE c.oid = wanted.base);
			-- CONCURRENTLY does not know partitioned tables, and children by inheritance share no index
			FOR part IN
				SELECT d.member AS leaf, e.owner, e.occurred_at
				FROM crm_timeline.descendants(wanted.base) d(member) JOIN pg_class c ON c.oid = d.member
					-- an expression may call the table by its name, which is not the partition's
					CROSS JOIN LATERAL (SELECT wanted.owner, wanted.occurred_at WHERE d.member = wanted.base
						UNION ALL SELECT crm_timeline.index_sql(d.member, b.relname::text, wanted.owner),
							crm_timeline.index_sql(d.member, b.relname::text, wanted.occurred_at)
						FROM pg_class b WHERE b.oid = wanted.base AND d.member <> wanted.base) e
				WHERE c.relkind IN ('r', 'm') ORDER BY d.member
			LOOP
				relation := part.leaf;
				present := crm_timeline.has_index(part.leaf, part.owner, part.occurred_at);
				-- named by what it is: several sources that want the same index want one
				index_name := 'crm_timeline_' || left(md5(concat_ws(E'\n', part.leaf, wanted.owner, wanted.occurred_at)), 16);
				-- not partial, whatever the filter: the planner takes no statistics from a partial index
				statement := format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %I ON %s ((%s)%s)', index_name, part.leaf, part.owner,
					coalesce(', (' || part.occurred_at || ')', ''));
				CONTINUE WHEN statement = ANY (seen);
				seen := seen || statement;
				-- what a CREATE INDEX CONCURRENTLY that failed left behind is in the way
				spoilt := (SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
					WHERE i.indrelid = part.leaf AND NOT i.indisvalid AND c.relname = index_name);
				IF NOT present AND spoilt IS NOT NULL THEN
					statement := format('REINDEX INDEX CONCURRENTLY %s', spoilt);
				END IF;
				RETURN NEXT;
				present := (SELECT c.reltuples >= 0 FROM pg_class c WHERE c.oid = part.leaf) AND present;
				statement := format('ANALYZE %s', part.leaf);
				RETURN NEXT;
			END LOOP;
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.suggested_indexes(text) IS
	'the indexes by which one customer''s rows are found in each source; statement is for psql''s \gexec, present says whether there is such an index';

-- A procedure, so that each index is a transaction of its own: a table is locked against writes for one index at a time.
CREATE PROCEDURE crm_timeline.create_suggested_indexes(name text DEFAULT NULL, lock_timeout text DEFAULT '5s')
	LANGUAGE plpgsql AS
$$
DECLARE
	wanted text[];
	one text;
BEGIN
	PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
	wanted := ARRAY(SELECT pg_catalog.regexp_replace(i.statement, '^(CREATE|REINDEX) INDEX CONCURRENTLY', '\1 INDEX')
		FROM crm_timeline.suggested_indexes(name) i WHERE NOT i.present);
	FOREACH one IN ARRAY wanted LOOP
		PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);
		PERFORM pg_catalog.set_config('lock_timeout', lock_timeout, true);
		EXECUTE one;
		COMMIT;
	END LOOP;
END
$$;
COMMENT ON PROCEDURE crm_timeline.create_suggested_indexes(text, text) IS
	'creates the suggested indexes that are missing, plainly, each in a transaction of its own; writes to a table wait while its index is built';

CREATE FUNCTION crm_timeline.verify_sources(OUT source text, OUT problem text, OUT hint text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
	bases regclass[];
	class record;
	t record;
	piece record;
	arguments bytea[];
	firing "char"[];
BEGIN
	FOR s IN SELECT * FROM crm_timeline.source r ORDER BY r.name COLLATE "C" LOOP
		source := s.name;
		IF s.suspended THEN
			problem := 'suspended';
			hint := format('SELECT crm_timeline.resume_source(%L)', s.name);
			RETURN NEXT;
			CONTINUE;
		END IF;
		SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relrowsecurity, c.relkind INTO class
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = s.relation;
		IF NOT FOUND THEN
			problem := format('relation %s does not exist', s.relation_name);
			hint := CASE WHEN to_regclass(s.relation_name) IS NOT NULL
				THEN format('There is a new one of that name: SELECT crm_timeline.resume_source(%L)', s.name)
				ELSE format('SELECT crm_timeline.drop_source(%L)', s.name) END;
			RETURN NEXT;
			CONTINUE;
		END IF;
		IF class.name <> s.relation_name THEN
			problem := format('relation %s is called %s now', s.relation_name, class.name);
			hint := format('SELECT crm_timeline.resume_source(%L)', s.name);
			RETURN NEXT;
		END IF;
		IF class.relrowsecurity <> s.row_security THEN
			problem := CASE WHEN class.relrowsecurity THEN 'row security was turned on' ELSE 'row security was turned off' END;
			hint := format('SELECT crm_timeline.resume_source(%L)', s.name);
			RETURN NEXT;
		END IF;
		BEGIN
			piece := crm_timeline.source_sql(s);
			bases := s.relation || ARRAY(SELECT d.base FROM crm_timeline.dependencies(s) d);
			arguments := crm_timeline.trigger_arguments(s.name, s.relation, format('(SELECT %s)', piece.owner), piece.occurred_at, piece.filter)
				|| ARRAY(SELECT crm_timeline.trigger_arguments(s.name, d.base, d.item, 'NULL::timestamptz', 'true') FROM crm_timeline.dependencies(s) d);
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
			hint := format('SELECT crm_timeline.alter_source(%L, ...)', s.name);
			RETURN NEXT;
			CONTINUE;
		END;
		IF s.kind IS NOT NULL AND NOT EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
				WHERE w.ev_class = to_regclass('crm_timeline.interactions') AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.relation) THEN
			problem := 'it is missing in the view crm_timeline.interactions';
			hint := 'SELECT crm_timeline.rebuild_views()';
			RETURN NEXT;
		END IF;
		IF s.capture <> 'none' THEN
			-- one for replicas only does not fire for those who write here
			firing := CASE WHEN s.capture = 'always' THEN '{A}' ELSE '{O,A}' END;
			FOR t IN
				SELECT DISTINCT c.captured::text AS captured, g.name, CASE WHEN g.name IS NULL THEN c.event END AS event, CASE WHEN g.name IS NULL THEN 'missing' ELSE 'disabled' END AS what
				FROM (SELECT w.captured, e.event, e.bit
					FROM unnest(bases) b(base) CROSS JOIN LATERAL crm_timeline.captured_tables(b.base, s.capture) w
					-- the bits of pg_trigger.tgtype
					CROSS JOIN (VALUES ('insert', 4), ('delete', 8), ('update', 16)) e(event, bit)
					UNION
					SELECT m.member::regclass, 'truncate', 32
					FROM unnest(crm_timeline.source_members(s.name)) m(member) JOIN pg_class p ON p.oid = m.member AND p.relkind IN ('r', 'p')) c
				LEFT JOIN crm_timeline.source_triggers(s.name) g ON g.relation = c.captured AND (g.type & c.bit) <> 0 AND NOT g.cloned
				WHERE g.name IS NULL OR NOT (g.enabled = ANY (firing))
				UNION ALL
				-- those that a partition has from its parent
				SELECT g.relation::text, g.name, 'row', 'disabled' FROM crm_timeline.source_triggers(s.name) g WHERE g.cloned AND NOT (g.enabled = ANY (firing))
				UNION ALL
				SELECT g.relation::text, g.name, 'other', 'other' FROM crm_timeline.source_triggers(s.name) g
					JOIN pg_trigger r ON r.tgrelid = g.relation AND r.tgname = g.name
				WHERE NOT g.cloned AND class.name = s.relation_name AND r.tgargs <> ALL (arguments)
				ORDER BY 1, 3
			LOOP
				problem := CASE t.what WHEN 'missing' THEN format('the trigger for %s is missing on %s', t.event, t.captured)
					WHEN 'disabled' THEN format('trigger %s on %s is disabled', t.name, t.captured)
					ELSE format('trigger %s on %s was made from other expressions', t.name, t.captured) END;
				hint := CASE WHEN t.what <> 'disabled' THEN format('SELECT crm_timeline.resume_source(%L)', s.name)
					ELSE format('ALTER TABLE %s ENABLE%s TRIGGER %I; SELECT crm_timeline.resume_source(%L)', t.captured,
						CASE WHEN s.capture = 'always' THEN ' ALWAYS' END, t.name, s.name) END;
				RETURN NEXT;
			END LOOP;
		END IF;
		FOR t IN SELECT DISTINCT l.problem FROM crm_timeline.dirty_log l WHERE l.source = s.name AND l.problem IS NOT NULL LOOP
			problem := format('capture or refresh failed: %s', t.problem);
			hint := 'CALL crm_timeline.refresh() when it is repaired';
			RETURN NEXT;
		END LOOP;
		FOR t IN SELECT i.relation, i.statement FROM crm_timeline.suggested_indexes(s.name) i
				WHERE NOT i.present AND i.statement NOT LIKE 'ANALYZE%' LOOP
			problem := format('no index on %s for one customer''s rows', t.relation);
			hint := t.statement;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.verify_sources() IS
	'what is wrong with the registered sources, and what to do: relations that changed, triggers and indexes that are missing, failures since the last refresh';
