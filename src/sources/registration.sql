-- Registering, changing, suspending and dropping sources.

CREATE FUNCTION crm_timeline.capture() RETURNS trigger
	AS 'MODULE_PATHNAME', 'capture' LANGUAGE C;
COMMENT ON FUNCTION crm_timeline.capture() IS
	'trigger on a registered table: appends what was written to the dirty log; fails no write';

-- The triggers of a source: name, table, and how they are made.
CREATE FUNCTION crm_timeline.trigger_name(source text, event text, relation regclass) RETURNS text
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		-- 63 bytes, whatever the source's name; two sources, or two tables of one, never share a name
		SELECT 'crm_timeline_' || event || '_' || left(md5(source || E'\n' || relation::oid::text), 16);
	END;
COMMENT ON FUNCTION crm_timeline.trigger_name(text, text, regclass) IS 'the name of a source''s trigger on a table';

-- The tables whose triggers see the writes to a relation, and how: children by plain inheritance have triggers of their own,
-- partitions get theirs from the parent.
CREATE FUNCTION crm_timeline.captured_tables(relation regclass, capture text, OUT captured regclass, OUT by_row boolean) RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		-- a statement that names a parent fires no statement trigger of the child, and one that names a partition none of the parent
		SELECT d.member, capture IN ('row', 'always') OR c.relkind = 'p' OR (capture = 'auto' AND c.relkind = 'f')
			OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = relation)
			OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = d.member AND d.member <> relation
				AND i.inhparent NOT IN (SELECT o.member FROM crm_timeline.descendants(relation) o(member)))
		FROM crm_timeline.descendants(relation) d(member) JOIN pg_class c ON c.oid = d.member
		WHERE c.relkind IN ('r', 'p', 'f') AND NOT (c.relispartition AND d.member <> relation);
	END;
COMMENT ON FUNCTION crm_timeline.captured_tables(regclass, text) IS 'the tables that get triggers for a relation, and whether by row';

-- By what they call, whatever their names: a dump that is restored has other oids.
CREATE FUNCTION crm_timeline.source_triggers(source text, OUT name name, OUT relation regclass, OUT type smallint, OUT enabled "char", OUT cloned boolean)
	RETURNS SETOF record LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT g.tgname, g.tgrelid::regclass, g.tgtype, g.tgenabled, g.tgparentid <> 0
		FROM pg_trigger g
		WHERE g.tgfoid = 'crm_timeline.capture()'::regprocedure
			AND substr(g.tgargs, 1, octet_length(convert_to(source, 'UTF8')) + 1) = convert_to(source, 'UTF8') || '\x00';
	END;
COMMENT ON FUNCTION crm_timeline.source_triggers(text) IS 'the triggers of a source, on whatever table; cloned = a partition has it from its parent';

-- What can be written to behind the back of a parent's triggers: partitions and children, of whatever has triggers.
CREATE FUNCTION crm_timeline.source_members(source text) RETURNS oid[]
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT array_agg(DISTINCT d.member::oid ORDER BY d.member::oid)
		FROM (SELECT s.relation FROM crm_timeline.source s WHERE s.name = source
				UNION SELECT g.relation FROM crm_timeline.source_triggers(source) g) b
			CROSS JOIN LATERAL crm_timeline.descendants(b.relation) d(member);
	END;
COMMENT ON FUNCTION crm_timeline.source_members(text) IS
	'the tables of a source with their partitions and children, in the order of their oids';

-- What is attached to tables. By the transaction that did it, too: what was detached, written to and attached again is something else.
CREATE FUNCTION crm_timeline.inheritance(tables oid[]) RETURNS text[]
	LANGUAGE sql STABLE PARALLEL SAFE
	BEGIN ATOMIC
		WITH RECURSIVE tree(parent, member, attached_by) AS (
			SELECT i.inhparent, i.inhrelid, i.xmin::text FROM pg_inherits i WHERE i.inhparent = ANY (tables)
			UNION
			SELECT i.inhparent, i.inhrelid, i.xmin::text FROM tree t JOIN pg_inherits i ON i.inhparent = t.member)
		SELECT coalesce(array_agg(format('%s/%s/%s', t.parent, t.member, t.attached_by) ORDER BY t.parent, t.member), '{}') FROM tree t;
	END;
COMMENT ON FUNCTION crm_timeline.inheritance(oid[]) IS
	'the partitions and children of tables, and theirs: parent, child and the number of the transaction that attached it';

CREATE FUNCTION crm_timeline.have_children(tables oid[]) RETURNS boolean
	AS 'MODULE_PATHNAME', 'have_children' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.have_children(oid[]) IS
	'whether any of these tables has partitions or children, or had some; from the server''s cache';

CREATE FUNCTION crm_timeline.inheritance_changed(tables oid[], recorded text[]) RETURNS boolean
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	attached text[] := crm_timeline.inheritance(tables);
BEGIN
	-- one that has no pages yet brings no rows, and whoever writes there fires triggers
	RETURN attached <> recorded AND (
		EXISTS (SELECT FROM unnest(attached) a(edge) WHERE a.edge <> ALL (recorded)
			AND coalesce(pg_relation_size(split_part(a.edge, '/', 2)::oid), 0) > 0)
		OR NOT recorded <@ attached);
END
$$;
COMMENT ON FUNCTION crm_timeline.inheritance_changed(oid[], text[]) IS
	'whether partitions or children came with rows, or went, since what inheritance() gave then';

-- Whoever reads a view locks it before what is below it. Triggers, which take the locks of tables, and views that are made from
-- below would each deadlock with him; so the views are locked first, from the top. A refresh is waited for before that, holding
-- nothing: it reads views and tables over a whole batch, and has what it will write from sources as they were when it began.
CREATE FUNCTION crm_timeline.lock_sources() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	view regclass;
BEGIN
	PERFORM pg_advisory_xact_lock('crm_timeline.dirty_log'::regclass::oid::int, 1);
	PERFORM pg_advisory_xact_lock('crm_timeline.source'::regclass::oid::int, 1);
	FOR view IN
		WITH RECURSIVE generated AS (
			SELECT c.oid FROM pg_class c
			WHERE c.relnamespace = 'crm_timeline'::regnamespace AND c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE')
				AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')),
		reads AS (
			SELECT DISTINCT w.ev_class AS reader, d.refobjid AS oid FROM generated g JOIN pg_rewrite w ON w.ev_class = g.oid
				JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
			WHERE d.refobjid <> w.ev_class),
		below(oid, depth) AS (
			SELECT g.oid, 0 FROM generated g
			UNION
			SELECT r.oid, b.depth + 1 FROM below b JOIN reads r ON r.reader = b.oid JOIN generated g ON g.oid = r.oid)
		SELECT b.oid::regclass FROM below b GROUP BY b.oid ORDER BY max(b.depth), b.oid
	LOOP
		-- LOCK TABLE would lock all that is below
		EXECUTE format('ALTER VIEW %s SET (security_invoker = true)', view);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.lock_sources() IS
	'waits for a refresh, and locks the generated views, the upper ones first: what changes sources or views begins with it';

CREATE FUNCTION crm_timeline.drop_triggers(source text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM crm_timeline.source_triggers(source) g WHERE NOT g.cloned LOOP
		EXECUTE format('DROP TRIGGER %I ON %s', t.name, t.relation);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.drop_triggers(text) IS 'drops every trigger of a source';

CREATE FUNCTION crm_timeline.trigger_arguments(source text, relation regclass, identity text, occurred_at text, filter text) RETURNS bytea
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT string_agg(convert_to(a.argument, 'UTF8') || '\x00', '' ORDER BY a.n)
		FROM unnest(ARRAY[source, (SELECT c.relname::text FROM pg_class c WHERE c.oid = relation), identity, occurred_at, filter]) WITH ORDINALITY a(argument, n);
	END;
COMMENT ON FUNCTION crm_timeline.trigger_arguments(text, regclass, text, text, text) IS
	'the arguments of a source''s triggers, as the catalogue has them';

CREATE FUNCTION crm_timeline.create_triggers(source text, relation regclass, capture text, identity text, occurred_at text, filter text)
	RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	t record;
	event text;
	call text;
BEGIN
	call := format('EXECUTE FUNCTION crm_timeline.capture(%L, %L, %L, %L, %L)', source,
		(SELECT c.relname FROM pg_class c WHERE c.oid = relation), identity, occurred_at, filter);
	FOR t IN SELECT * FROM crm_timeline.captured_tables(relation, capture) LOOP
		IF t.by_row THEN
			event := crm_timeline.trigger_name(source, 'row', t.captured);
			EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW %s', event, t.captured, call);
			-- of a subscription's worker, and where session_replication_role is replica, no other trigger takes notice
			IF capture = 'always' THEN
				EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.captured, event);
			END IF;
		ELSE
			FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
				EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s REFERENCING %s FOR EACH STATEMENT %s',
					crm_timeline.trigger_name(source, event, t.captured), upper(event), t.captured,
					CASE event WHEN 'insert' THEN 'NEW TABLE AS new_rows'
						WHEN 'delete' THEN 'OLD TABLE AS old_rows'
						ELSE 'OLD TABLE AS old_rows NEW TABLE AS new_rows' END, call);
			END LOOP;
		END IF;
	END LOOP;
	-- a partition can be truncated alone, and no trigger of its parent sees it
	FOR t IN SELECT d.member FROM crm_timeline.descendants(relation) d(member) JOIN pg_class c ON c.oid = d.member
			WHERE c.relkind IN ('r', 'p') LOOP
		event := crm_timeline.trigger_name(source, 'truncate', t.member);
		EXECUTE format('CREATE TRIGGER %I AFTER TRUNCATE ON %s FOR EACH STATEMENT %s', event, t.member, call);
		IF capture = 'always' THEN
			EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.member, event);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.create_triggers(text, regclass, text, text, text, text) IS
	'makes the triggers by which a source notices what is written to a table';

-- Triggers, view and dirty mark of one source, as its row in the registry says.
CREATE FUNCTION crm_timeline.apply_source(s crm_timeline.source) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	piece record := crm_timeline.source_sql(s);
	dependency record;
BEGIN
	s.lookups := crm_timeline.lookup_steps(s);
	UPDATE crm_timeline.source r SET lookups = s.lookups WHERE r.name = s.name;
	IF s.lookups IS NULL AND s.stored IS NULL AND s.kind IS NOT NULL AND s.capture <> 'none' THEN
		RAISE NOTICE 'source "%" is read each time: its depends_on does not tell for sure whom a write is about', s.name
			USING HINT = 'One table has to tell by its own row, and the others to look it up there; no two look each other up, and no recursive query, foreign table or function that is not IMMUTABLE takes part.';
	END IF;
	IF s.stored AND s.kind IS NOT NULL AND NOT crm_timeline.is_stored(s) THEN
		RAISE EXCEPTION 'source "%": argument "stored" is true, and nobody would tell the store what is written to %', s.name, s.relation
			USING ERRCODE = 'invalid_parameter_value',
				HINT = CASE WHEN s.capture = 'none' THEN 'Let it be captured, or leave out stored: the source is read each time then.'
					ELSE 'Name the tables that it reads in depends_on, or leave out stored: the source is read each time then.' END;
	END IF;
	PERFORM crm_timeline.drop_triggers(s.name);
	IF s.capture <> 'none' THEN
		PERFORM crm_timeline.create_triggers(s.name, s.relation, s.capture, format('(SELECT %s)', piece.owner), piece.occurred_at, piece.filter);
		FOR dependency IN SELECT * FROM crm_timeline.dependencies(s) LOOP
			PERFORM crm_timeline.create_triggers(s.name, dependency.base, s.capture, dependency.item, 'NULL::timestamptz', 'true');
		END LOOP;
	ELSE
		PERFORM crm_timeline.dependencies(s);
	END IF;
	INSERT INTO crm_timeline.dirty_log (source) VALUES (s.name);
	PERFORM crm_timeline.rebuild_views();
END
$$;
COMMENT ON FUNCTION crm_timeline.apply_source(crm_timeline.source) IS
	'makes the triggers of a source anew, marks it for the next refresh, and rebuilds the views';

-- Row security of a table, or of whatever a view reads.
CREATE FUNCTION crm_timeline.has_row_security(relation regclass) RETURNS boolean
	LANGUAGE sql STABLE STRICT
	BEGIN ATOMIC
		WITH RECURSIVE used(relation) AS (
			SELECT relation::oid
			UNION
			SELECT d.refobjid FROM used u JOIN pg_rewrite w ON w.ev_class = u.relation
				JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass)
		SELECT bool_or(c.relrowsecurity) FROM used u JOIN pg_class c ON c.oid = u.relation;
	END;
COMMENT ON FUNCTION crm_timeline.has_row_security(regclass) IS
	'whether row security is on for a table, or for anything that a view reads; NULL where there is no such relation';

-- Whether what a source says may be kept. Elsewhere nobody tells what was written, or not everybody may read it.
CREATE FUNCTION crm_timeline.is_stored(s crm_timeline.source) RETURNS boolean
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT coalesce((SELECT NOT s.suspended AND s.kind IS NOT NULL AND s.capture <> 'none' AND s.stored IS NOT FALSE
				AND CASE c.relkind WHEN 'r' THEN true WHEN 'p' THEN true WHEN 'v' THEN s.depends_on <> '{}'
					WHEN 'f' THEN s.capture IN ('row', 'always') ELSE false END
				AND (s.stored IS TRUE OR NOT s.row_security AND NOT crm_timeline.has_row_security(s.relation) AND s.lookups IS NOT NULL)
			FROM pg_class c WHERE c.oid = s.relation), false);
	END;
COMMENT ON FUNCTION crm_timeline.is_stored(crm_timeline.source) IS
	'whether the store is to keep the interactions of a source; those of the others are read from their tables each time';

-- The primary key as text; NULL where there is none.
CREATE FUNCTION crm_timeline.primary_key_sql(source text, relation regclass) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN (SELECT string_agg(CASE WHEN i.indnkeyatts = 1 THEN quote_ident(a.attname)
			WHEN a.atttypid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'uuid'::regtype)
			THEN crm_timeline.text_sql(source, 'ref', relation, quote_ident(a.attname), 'settled')
			-- a comma inside a text is none between two
			ELSE format('replace(replace(%s, %L, %L), %L, %L)', crm_timeline.text_sql(source, 'ref', relation, quote_ident(a.attname), 'settled'),
				'\', '\\', ',', '\,') END, ' || '','' || ' ORDER BY k.n)
		FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n), pg_attribute a
		WHERE i.indrelid = relation AND i.indisprimary AND k.n <= i.indnkeyatts AND a.attrelid = i.indrelid AND a.attnum = k.attnum);
END
$$;
COMMENT ON FUNCTION crm_timeline.primary_key_sql(text, regclass) IS 'SQL for the primary key of a row as text; NULL where there is none';

-- What is wrong with a source before any expression is looked at.
CREATE FUNCTION crm_timeline.check_arguments(name text, relation text, occurred_at text, keys text[], grade text, capture text) RETURNS void
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	required record;
BEGIN
	FOR required IN SELECT * FROM (VALUES ('name', name), ('relation', relation), ('occurred_at', occurred_at), ('keys', keys[1]),
			('grade', grade), ('capture', capture)) v(argument, given)
	LOOP
		IF required.given IS NULL OR required.given = '' THEN
			RAISE EXCEPTION 'source "%": argument "%" is missing', coalesce(name, ''), required.argument
				USING ERRCODE = 'null_value_not_allowed';
		END IF;
	END LOOP;
	IF grade !~ '^[0-9]{1,3}$' OR grade::integer NOT BETWEEN 1 AND 100 THEN
		RAISE EXCEPTION 'source "%": argument "grade" is %, and must be from 1 to 100', name, grade
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF capture NOT IN ('auto', 'statement', 'row', 'always', 'none') THEN
		RAISE EXCEPTION 'source "%": argument "capture" is "%", and must be auto, statement, row, always or none', name, capture
			USING ERRCODE = 'invalid_parameter_value';
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.check_arguments(text, text, text, text[], text, text) IS
	'raises an error that names the argument if a source lacks one that it must have, or has a value that it can not have';

CREATE FUNCTION crm_timeline.add_source(name text, relation regclass, occurred_at text, keys text[],
	kind text DEFAULT NULL, channel text DEFAULT NULL, direction text DEFAULT NULL, thread text DEFAULT NULL,
	agent text DEFAULT NULL, outcome text DEFAULT NULL, topic text DEFAULT NULL, sentiment text DEFAULT NULL,
	score text DEFAULT NULL, value text DEFAULT NULL, automated text DEFAULT NULL, summary text DEFAULT NULL,
	ref text DEFAULT NULL, seq text DEFAULT NULL, attributes text DEFAULT NULL, filter text DEFAULT NULL,
	tenant text DEFAULT NULL, grade integer DEFAULT 50, depends_on text[] DEFAULT NULL, capture text DEFAULT 'auto', stored boolean DEFAULT NULL)
	RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
BEGIN
	PERFORM crm_timeline.check_arguments(add_source.name, add_source.relation::text, add_source.occurred_at, add_source.keys,
		add_source.grade::text, add_source.capture);
	PERFORM crm_timeline.lock_sources();
	IF EXISTS (SELECT FROM crm_timeline.source o WHERE o.name = add_source.name) THEN
		RAISE EXCEPTION 'source "%" is registered already', add_source.name
			USING ERRCODE = 'duplicate_object',
				HINT = 'Change it with crm_timeline.alter_source(), or take another name.';
	END IF;
	IF octet_length(add_source.name) > 63 THEN
		RAISE EXCEPTION 'source "%": the name has more than 63 bytes', add_source.name USING ERRCODE = 'name_too_long';
	END IF;
	IF (SELECT c.relkind NOT IN ('r', 'p', 'f', 'v', 'm') FROM pg_class c WHERE c.oid = add_source.relation) THEN
		RAISE EXCEPTION 'source "%": % is not a table or view', add_source.name, add_source.relation USING ERRCODE = 'wrong_object_type';
	END IF;
	IF (SELECT c.relpersistence = 't' FROM pg_class c WHERE c.oid = add_source.relation) THEN
		RAISE EXCEPTION 'source "%": % is a temporary table, which ends with its session', add_source.name, add_source.relation
			USING ERRCODE = 'wrong_object_type';
	END IF;
	s := ROW(add_source.name, add_source.relation, '', add_source.occurred_at, add_source.keys, add_source.kind, add_source.channel,
		add_source.direction, add_source.thread, add_source.agent, add_source.outcome, add_source.topic, add_source.sentiment,
		add_source.score, add_source.value, add_source.automated, add_source.summary,
		coalesce(add_source.ref, crm_timeline.primary_key_sql(add_source.name, add_source.relation)), add_source.seq, add_source.attributes,
		add_source.filter, add_source.tenant, add_source.grade, coalesce(add_source.depends_on, '{}'), add_source.capture,
		(SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = add_source.relation), false, now(), add_source.stored, NULL);
	IF s.kind IS NOT NULL AND s.ref IS NULL THEN
		RAISE EXCEPTION 'source "%": argument "ref" is missing', s.name
			USING ERRCODE = 'null_value_not_allowed',
				DETAIL = format('%s has no primary key to take instead.', s.relation),
				HINT = 'Give an expression that is different for each row.';
	END IF;
	s.relation_name := (crm_timeline.source_sql(s)).relation;
	INSERT INTO crm_timeline.source SELECT s.*;
	PERFORM crm_timeline.apply_source(s);
END
$$;
COMMENT ON FUNCTION crm_timeline.add_source(text, regclass, text, text[], text, text, text, text, text, text, text, text, text,
	text, text, text, text, text, text, text, text, integer, text[], text, boolean) IS
	'registers a table or view as a source of interactions and identities; its arguments are SQL expressions over a row';

CREATE FUNCTION crm_timeline.drop_source(name text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	PERFORM crm_timeline.lock_sources();
	DELETE FROM crm_timeline.source s WHERE s.name = drop_source.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no source "%"', drop_source.name USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM crm_timeline.drop_triggers(drop_source.name);
	DELETE FROM crm_timeline.dirty_log l WHERE l.source = drop_source.name;
	DELETE FROM crm_timeline.source_member m WHERE m.source = drop_source.name;
	WITH gone AS (DELETE FROM crm_timeline.observed_link o WHERE o.source = drop_source.name RETURNING o.a)
	INSERT INTO crm_timeline.touched_identity (identity) SELECT DISTINCT g.a FROM gone g;
	PERFORM crm_timeline.rebuild_views();
END
$$;
COMMENT ON FUNCTION crm_timeline.drop_source(text) IS
	'takes a source out: its triggers, its rows in the views and the links that its rows showed; the table stays as it was';

CREATE FUNCTION crm_timeline.suspend_source(name text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	PERFORM crm_timeline.lock_sources();
	UPDATE crm_timeline.source s SET suspended = true WHERE s.name = suspend_source.name;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no source "%"', suspend_source.name USING ERRCODE = 'undefined_object';
	END IF;
	PERFORM crm_timeline.drop_triggers(suspend_source.name);
	PERFORM crm_timeline.rebuild_views();
END
$$;
COMMENT ON FUNCTION crm_timeline.suspend_source(text) IS
	'lets go of a source''s table, for a migration; its interactions are missing from the views until resume_source';

CREATE FUNCTION crm_timeline.resume_source(name text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
	renewed regclass;
BEGIN
	PERFORM crm_timeline.lock_sources();
	SELECT * INTO s FROM crm_timeline.source r WHERE r.name = resume_source.name FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no source "%"', resume_source.name USING ERRCODE = 'undefined_object';
	END IF;
	-- the table may have been made anew under the same name
	IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = s.relation) THEN
		renewed := to_regclass(s.relation_name);
		s.relation := coalesce(renewed, s.relation);
	END IF;
	s.suspended := false;
	s.relation_name := (crm_timeline.source_sql(s)).relation;
	s.row_security := (SELECT c.relrowsecurity FROM pg_class c WHERE c.oid = s.relation);
	UPDATE crm_timeline.source r SET suspended = false, relation = s.relation, relation_name = s.relation_name,
		row_security = s.row_security WHERE r.name = s.name;
	PERFORM crm_timeline.apply_source(s);
END
$$;
COMMENT ON FUNCTION crm_timeline.resume_source(text) IS
	'takes up a suspended source again, or one whose table was made anew; checks every expression';

-- Changes some arguments of a source; each pair is a name and a text, or NULL to take it away.
CREATE FUNCTION crm_timeline.alter_source(name text, VARIADIC changes text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	s crm_timeline.source;
	argument text;
	changed jsonb := '{}';
	whole jsonb;
BEGIN
	PERFORM crm_timeline.lock_sources();
	SELECT * INTO s FROM crm_timeline.source r WHERE r.name = alter_source.name FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no source "%"', alter_source.name USING ERRCODE = 'undefined_object';
	END IF;
	IF coalesce(cardinality(changes), 0) % 2 <> 0 THEN
		RAISE EXCEPTION 'source "%": an argument has no value', alter_source.name
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Write pairs, as in: alter_source(''tickets'', ''channel'', ''via'').';
	END IF;
	FOR i IN 1 .. coalesce(cardinality(changes), 0) BY 2 LOOP
		argument := changes[i];
		IF argument IS NULL OR argument <> ALL (ARRAY['occurred_at', 'keys', 'kind', 'channel', 'direction', 'thread', 'agent', 'outcome',
				'topic', 'sentiment', 'score', 'value', 'automated', 'summary', 'ref', 'seq', 'attributes', 'filter', 'tenant', 'grade',
				'depends_on', 'capture', 'stored']) THEN
			RAISE EXCEPTION 'source "%": there is no argument "%" that can be changed', alter_source.name, argument
				USING ERRCODE = 'invalid_parameter_value';
		END IF;
		BEGIN
			changed := changed || CASE WHEN argument IN ('keys', 'depends_on')
				THEN jsonb_build_object(argument, to_jsonb(coalesce(changes[i + 1]::text[], '{}')))
				ELSE jsonb_build_object(argument, changes[i + 1]) END;
		EXCEPTION WHEN invalid_text_representation THEN
			RAISE EXCEPTION 'source "%": argument "%" is not the text of an array', alter_source.name, argument
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is: %s', changes[i + 1]),
					HINT = 'Write it with braces, as in {"contact: contact_id"}, or as ARRAY[...]::text.';
		END;
	END LOOP;
	whole := to_jsonb(s) || changed;
	PERFORM crm_timeline.check_arguments(s.name, s.relation::text, whole ->> 'occurred_at',
		ARRAY(SELECT jsonb_array_elements_text(whole -> 'keys')), whole ->> 'grade', whole ->> 'capture');
	s := jsonb_populate_record(s, changed);
	IF s.kind IS NOT NULL AND s.ref IS NULL THEN
		s.ref := crm_timeline.primary_key_sql(s.name, s.relation);
	END IF;
	DELETE FROM crm_timeline.source r WHERE r.name = s.name;
	INSERT INTO crm_timeline.source SELECT s.*;
	IF s.suspended THEN
		PERFORM crm_timeline.source_sql(s);
	ELSE
		PERFORM crm_timeline.apply_source(s);
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.alter_source(text, text[]) IS
	'changes arguments of a source: pairs of an argument''s name and its new value, NULL to take it away';
