-- Which row it is that can not be read.

CREATE FUNCTION crm_timeline.note_place(argument text, ref text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'note_place' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_timeline.note_place(text, text) IS
	'true; keeps what is evaluated next, and for which row, in this session; NULL leaves what was kept';

CREATE FUNCTION crm_timeline.noted_place(OUT argument text, OUT ref text)
	AS 'MODULE_PATHNAME', 'noted_place' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION crm_timeline.noted_place() IS 'what note_place() kept last';

CREATE FUNCTION crm_timeline.failing_row(name text, OUT argument text, OUT ref text, OUT problem text)
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET row_security = off
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
DECLARE
	s crm_timeline.source;
	piece record;
	queries text[];
	query text;
BEGIN
	SELECT * INTO s FROM crm_timeline.source r WHERE r.name = failing_row.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no source "%"', failing_row.name USING ERRCODE = 'undefined_object';
	END IF;
	BEGIN
		piece := crm_timeline.source_sql(s);
		PERFORM crm_timeline.dependencies(s);
	EXCEPTION WHEN OTHERS THEN
		-- no row's fault: see verify_sources()
		RETURN;
	END;
	-- arguments of a function are evaluated one after the other
	queries := ARRAY[format('SELECT count(ROW(CASE WHEN crm_timeline.note_place(''ref'', '''') AND crm_timeline.note_place(''filter'', %s) AND (%s) THEN %s END, crm_timeline.note_place(''relation'', NULL))) FROM %s',
		CASE WHEN s.ref IS NULL THEN '''''' ELSE format('coalesce(%s, '''')', crm_timeline.text_sql(s.name, 'ref', s.relation, s.ref, 'settled')) END, piece.filter,
		(SELECT string_agg(format('num_nulls(crm_timeline.note_place(%L, NULL), %s)', e.argument, e.expression), ' + ' ORDER BY e.n)
			FROM (SELECT 0 AS n, 'occurred_at' AS argument, piece.occurred_at AS expression
				UNION ALL SELECT k.n, 'keys', crm_timeline.key_sql(s.name, 'keys', s.relation, k.key, s.tenant, 'immutable') FROM unnest(s.keys) WITH ORDINALITY k(key, n)
				UNION ALL SELECT cardinality(s.keys) + a.n, a.argument, crm_timeline.enclosed(to_jsonb(s) ->> a.argument)
				FROM unnest(ARRAY['kind', 'channel', 'direction', 'thread', 'agent', 'outcome', 'topic', 'sentiment', 'score', 'value', 'automated',
					'summary', 'seq', 'attributes']) WITH ORDINALITY a(argument, n)
				WHERE to_jsonb(s) ->> a.argument IS NOT NULL) e), piece.relation)]
		|| ARRAY(SELECT format('SELECT count(i.*) FROM %s CROSS JOIN LATERAL (SELECT crm_timeline.note_place(''depends_on'', %L || %I.ctid::text) OFFSET 0) n CROSS JOIN LATERAL %s i',
				d.base, d.base::text || ' ', c.relname, d.item)
			FROM crm_timeline.dependencies(s) d JOIN pg_class c ON c.oid = d.base WHERE c.relkind <> 'f' AND s.capture <> 'none');
	FOREACH query IN ARRAY queries LOOP
		PERFORM crm_timeline.note_place('relation', '');
		BEGIN
			EXECUTE query;
		EXCEPTION WHEN OTHERS THEN
			problem := SQLERRM;
			SELECT p.argument, p.ref INTO argument, ref FROM crm_timeline.noted_place() p;
			RETURN;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.failing_row(text) IS
	'the first row of a source for which an expression raises an error: the argument that holds it, the row''s ref, and the error; argument = relation: the view itself fails, after the row with that ref; NULL where every row can be read, or none, for which see verify_sources(). Reads the whole source';
