-- sources: the registry of existing tables, and what is made from it.
--
-- What a DBA writes is kept as text and checked by expression_type(); what is
-- made of it (views, triggers, functions) consists of ordinary objects, so that
-- it dumps, restores and carries grants.

CREATE TABLE crm_timeline.source (
	name text NOT NULL PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 63),
	relation regclass NOT NULL,
	relation_name text NOT NULL,
	occurred_at text NOT NULL,
	keys text[] NOT NULL CHECK (cardinality(keys) > 0),
	kind text,
	channel text,
	direction text,
	thread text,
	agent text,
	outcome text,
	topic text,
	sentiment text,
	score text,
	value text,
	automated text,
	summary text,
	ref text,
	seq text,
	attributes text,
	filter text,
	tenant text,
	grade integer NOT NULL CHECK (grade BETWEEN 1 AND 100),
	depends_on text[] NOT NULL,
	capture text NOT NULL CHECK (capture IN ('auto', 'statement', 'row', 'always', 'none')),
	row_security boolean NOT NULL,
	suspended boolean NOT NULL DEFAULT false,
	registered_at timestamptz NOT NULL DEFAULT now(),
	stored boolean,
	lookups integer
);
COMMENT ON TABLE crm_timeline.source IS
	'the registered tables and views; written by add_source, alter_source, drop_source, suspend_source and resume_source';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.source', '');

CREATE TABLE crm_timeline.dirty_log (
	source text NOT NULL,
	identity crm_timeline.identity,
	starts_at timestamptz,
	ends_at timestamptz,
	problem text,
	-- a column and not an expression of its index, which would be made ready for each statement anew
	provisional_id bigint GENERATED ALWAYS AS (crm_timeline.provisional_customer(identity)) STORED
);
COMMENT ON TABLE crm_timeline.dirty_log IS
	'what was written since the last refresh: identities and the time that the written rows cover; a NULL identity stands for the whole source';
-- the only index: a writer pays for it, and with it both ways of asking find their rows
CREATE INDEX dirty_log_customer ON crm_timeline.dirty_log (provisional_id);
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.dirty_log', '');

CREATE TABLE crm_timeline.epoch (
	started_at timestamptz NOT NULL
);
COMMENT ON TABLE crm_timeline.epoch IS
	'one row since the first refresh of this database; not dumped, so that the first refresh of a restored one reads everything again';

CREATE TABLE crm_timeline.source_member (
	source text NOT NULL PRIMARY KEY,
	tables oid[] NOT NULL,
	inheritance text[] NOT NULL
);
COMMENT ON TABLE crm_timeline.source_member IS
	'the tables of each source, with what was attached to them when the whole source was read last; not dumped, so that it is read whole again';

-- Rooms above this one make views of their own from the sources, and are not known here.
CREATE TABLE crm_timeline.view_generator (
	place integer NOT NULL PRIMARY KEY,
	function text NOT NULL
);
COMMENT ON TABLE crm_timeline.view_generator IS
	'the functions that rebuild_views() calls, in the order of place: each makes some of the views that depend on the sources';

CREATE TABLE crm_timeline.reader (
	role text NOT NULL,
	level text NOT NULL,
	PRIMARY KEY (role, level)
);
COMMENT ON TABLE crm_timeline.reader IS
	'to whom grant_read gave what: generated views that were lost get their grants back from here';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.reader', '');

-- Which identity belongs to which customer now: those that a refresh has seen, and those written since, each
-- a provisional customer of its own. A function and not an anti-join: for one customer's rows there is nearly always nothing
-- to ask it, but a join is planned each time.
CREATE VIEW crm_timeline.resolved AS
	SELECT m.customer_id, m.identity
	FROM crm_timeline.membership m
UNION ALL
	SELECT n.provisional_id, n.identity
	FROM (SELECT DISTINCT l.provisional_id, l.identity FROM crm_timeline.dirty_log l WHERE l.identity IS NOT NULL) n
	WHERE NOT crm_timeline.is_resolved(n.identity);
COMMENT ON VIEW crm_timeline.resolved IS
	'every identity with its customer; one that no refresh has seen yet has a provisional customer, with a negative id';


-- A table with all that is below it: partitions, and children by inheritance.
CREATE FUNCTION crm_timeline.descendants(relation regclass) RETURNS SETOF regclass
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		WITH RECURSIVE tree(member) AS (
			SELECT relation::oid UNION SELECT i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.member)
		SELECT t.member::regclass FROM tree t ORDER BY t.member;
	END;
COMMENT ON FUNCTION crm_timeline.descendants(regclass) IS 'a table, its partitions and its children, and theirs';

-- Expressions

CREATE FUNCTION crm_timeline.expression_type(source text, argument text, relation regclass, expression text, rule text)
	RETURNS regtype
	AS 'MODULE_PATHNAME', 'expression_type' LANGUAGE C STABLE STRICT
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION crm_timeline.expression_type(text, text, regclass, text, text) IS
	'the type of an expression over the rows of a relation; refuses what is not one expression, or not immutable, settled or a query as the rule says';

CREATE FUNCTION crm_timeline.is_plain(relation regclass, expression text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'is_plain' LANGUAGE C STABLE STRICT
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION crm_timeline.is_plain(regclass, text) IS
	'whether an expression has no type modifier, as timestamp(6) has, and no collation but the default';

CREATE FUNCTION crm_timeline.bigint_text(value bigint) RETURNS text
	AS 'MODULE_PATHNAME', 'bigint_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION crm_timeline.bigint_text(bigint) IS
	'an integer as text; as the cast does, and LEAKPROOF, so that row security does not forbid an index on it';

CREATE FUNCTION crm_timeline.uuid_text(value uuid) RETURNS text
	AS 'MODULE_PATHNAME', 'uuid_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION crm_timeline.uuid_text(uuid) IS
	'a uuid as text; as the cast does, and LEAKPROOF, so that row security does not forbid an index on it';

CREATE FUNCTION crm_timeline.utc_text(value timestamptz) RETURNS text
	AS 'MODULE_PATHNAME', 'utc_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION crm_timeline.utc_text(timestamptz) IS
	'a moment as ISO 8601 in UTC, whatever DateStyle and TimeZone say, and so IMMUTABLE';

CREATE FUNCTION crm_timeline.as_number(value numeric) RETURNS double precision
	AS 'MODULE_PATHNAME', 'as_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.as_number(numeric) IS
	'a numeric as double precision, for any numeric: what is too large becomes an infinity, what is too small zero';

CREATE FUNCTION crm_timeline.first_identity(a crm_timeline.identity, b crm_timeline.identity) RETURNS crm_timeline.identity
	AS 'MODULE_PATHNAME', 'first_identity' LANGUAGE C IMMUTABLE PARALLEL SAFE LEAKPROOF;
COMMENT ON FUNCTION crm_timeline.first_identity(crm_timeline.identity, crm_timeline.identity) IS
	'the first of two identities that is not NULL; as COALESCE, and LEAKPROOF, so that row security does not forbid an index on it';

CREATE FUNCTION crm_timeline.enclosed(expression text) RETURNS text
	LANGUAGE sql IMMUTABLE
	BEGIN ATOMIC
		-- a comment ends with its line
		SELECT '(' || expression || CASE WHEN strpos(expression, '--') > 0 THEN E'\n)' ELSE ')' END;
	END;
COMMENT ON FUNCTION crm_timeline.enclosed(text) IS 'an expression in parentheses';

-- One expression as text.
CREATE FUNCTION crm_timeline.text_sql(source text, argument text, relation regclass, expression text, rule text)
	RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	type regtype := crm_timeline.expression_type(source, argument, relation, expression, rule);
	category "char" := (SELECT t.typcategory FROM pg_type t WHERE t.oid = type);
	result text;
BEGIN
	IF type = 'text'::regtype THEN
		-- a literal is not of that type yet
		RETURN crm_timeline.enclosed(expression) || '::text';
	ELSIF type IN ('smallint'::regtype, 'integer', 'bigint') THEN
		RETURN format('crm_timeline.bigint_text(%s::bigint)', crm_timeline.enclosed(expression));
	ELSIF type = 'uuid'::regtype THEN
		RETURN format('crm_timeline.uuid_text(%s)', crm_timeline.enclosed(expression));
	ELSIF type = 'timestamptz'::regtype THEN
		RETURN format('crm_timeline.utc_text(%s)', crm_timeline.enclosed(expression));
	END IF;
	result := crm_timeline.enclosed(expression) || '::text';
	PERFORM crm_timeline.expression_type(source, argument, relation, result, rule);
	RETURN result;
END
$$;
COMMENT ON FUNCTION crm_timeline.text_sql(text, text, regclass, text, text) IS
	'an expression of a source as SQL for its text';

-- One expression as a number, a boolean, a time or jsonb.
CREATE FUNCTION crm_timeline.typed_sql(source text, argument text, relation regclass, expression text, wanted regtype, rule text)
	RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	type regtype := crm_timeline.expression_type(source, argument, relation, expression, rule);
	number boolean := wanted = 'double precision'::regtype;
BEGIN
	IF type = wanted THEN
		RETURN crm_timeline.enclosed(expression);
	ELSIF number AND type = 'numeric'::regtype THEN
		RETURN format('crm_timeline.as_number(%s)', crm_timeline.enclosed(expression));
	ELSIF (number AND type IN ('smallint'::regtype, 'integer', 'bigint', 'real'))
		OR (wanted = 'bigint'::regtype AND type IN ('smallint'::regtype, 'integer')) THEN
		RETURN format('%s::%s', crm_timeline.enclosed(expression), wanted);
	END IF;
	RAISE EXCEPTION 'source "%": argument "%" must be of type %, and is of type %', source, argument, wanted, type
		USING ERRCODE = 'datatype_mismatch',
			DETAIL = format('The expression is: %s', expression),
			HINT = CASE
				WHEN wanted = 'timestamptz'::regtype AND type = 'timestamp'::regtype THEN
					format('State the time zone of the clock that wrote it, as in: %s AT TIME ZONE ''UTC''', expression)
				WHEN wanted = 'timestamptz'::regtype AND type = 'date'::regtype THEN
					format('State the time of the day and its zone, as in: (%s)::timestamp AT TIME ZONE ''UTC''', expression)
				WHEN wanted = 'timestamptz'::regtype AND type IN ('integer'::regtype, 'bigint', 'numeric', 'double precision') THEN
					format('If it counts seconds since 1970: to_timestamp(%s)', expression)
				WHEN number OR wanted = 'bigint'::regtype THEN 'Give a column that is a number.'
				WHEN wanted = 'boolean'::regtype THEN format('Compare it with something, as in: (%s) IS NOT NULL', expression)
				WHEN wanted = 'jsonb'::regtype THEN 'Make an object, as in: jsonb_build_object(''name'', name)' END;
END
$$;
COMMENT ON FUNCTION crm_timeline.typed_sql(text, text, regclass, text, regtype, text) IS
	'an expression of a source as SQL of the type that its argument has';

-- One key as an identity: 'email: requester_email', 'phone(DE): mobile'.
CREATE FUNCTION crm_timeline.key_sql(source text, argument text, relation regclass, key text, tenant text, rule text,
	asked text DEFAULT 'identity')
	RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	part text[] := regexp_match(key, '^\s*([A-Za-z][A-Za-z0-9_.-]*)\s*(?:\(\s*([A-Za-z]{2})\s*\))?\s*:(.*)$');
	tenant_sql text := CASE WHEN tenant IS NOT NULL THEN crm_timeline.text_sql(source, 'tenant', relation, tenant, rule) END;
	result text;
BEGIN
	IF part IS NULL OR octet_length(part[1]) > 63 THEN
		RAISE EXCEPTION 'source "%": argument "%" has a key that is not a namespace, a colon and an expression', source, argument
			USING ERRCODE = 'invalid_parameter_value',
				DETAIL = format('The key is: %s', key),
				HINT = 'Write, for example, ''contact: contact_id'', ''email: requester_email'' or ''phone(DE): mobile''.';
	END IF;
	result := format('crm_timeline.%I(%L, %s', asked, lower(part[1]), crm_timeline.text_sql(source, argument, relation, btrim(part[3], E' \t\n\r'), rule));
	IF part[2] IS NOT NULL THEN
		result := result || format(', %s, %L', coalesce(tenant_sql, 'NULL::text'), upper(part[2]));
	ELSIF tenant_sql IS NOT NULL THEN
		result := result || ', ' || tenant_sql;
	END IF;
	RETURN result || ')';
END
$$;
COMMENT ON FUNCTION crm_timeline.key_sql(text, text, regclass, text, text, text, text) IS
	'a key of a source as SQL for its identity, or for the problem with it (asked = identity_problem)';

-- The first identity of several that is there.
CREATE FUNCTION crm_timeline.owner_sql(identities text[]) RETURNS text
	LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	result text := identities[cardinality(identities)];
BEGIN
	FOR i IN REVERSE cardinality(identities) - 1 .. 1 LOOP
		result := format('crm_timeline.first_identity(%s, %s)', identities[i], result);
	END LOOP;
	RETURN result;
END
$$;
COMMENT ON FUNCTION crm_timeline.owner_sql(text[]) IS
	'SQL for the identity that owns a row: the first of its keys that is not NULL';

-- All of a source as SQL; every expression is checked on the way.
CREATE FUNCTION crm_timeline.source_sql(s crm_timeline.source,
	OUT relation text, OUT alias text, OUT owner text, OUT identities text, OUT occurred_at text, OUT filter text, OUT columns text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	rel regclass := s.relation;
	keys text[];
	part record;
	expression text;
BEGIN
	SELECT format('%I.%I', n.nspname, c.relname), c.relname INTO relation, alias
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = rel;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'source "%": relation % does not exist', s.name, s.relation_name
			USING ERRCODE = 'undefined_table',
				HINT = format('If it was made anew: SELECT crm_timeline.resume_source(%L). If it is gone: SELECT crm_timeline.drop_source(%L).', s.name, s.name);
	END IF;
	occurred_at := crm_timeline.typed_sql(s.name, 'occurred_at', rel, s.occurred_at, 'timestamptz', 'immutable');
	keys := ARRAY(SELECT crm_timeline.key_sql(s.name, 'keys', rel, k.key, s.tenant, 'immutable')
		FROM unnest(s.keys) WITH ORDINALITY k(key, n) ORDER BY k.n);
	owner := crm_timeline.owner_sql(keys);
	PERFORM crm_timeline.expression_type(s.name, 'keys', rel, owner, 'immutable');
	identities := 'ARRAY[' || array_to_string(keys, ', ') || ']';
	filter := 'true';
	IF s.filter IS NOT NULL THEN
		filter := crm_timeline.typed_sql(s.name, 'filter', rel, s.filter, 'boolean', 'immutable');
	END IF;
	FOR part IN SELECT * FROM (VALUES
			('kind', s.kind, 'text'::regtype), ('channel', s.channel, 'text'), ('direction', s.direction, 'text'),
			('thread', s.thread, 'text'), ('agent', s.agent, 'text'), ('outcome', s.outcome, 'text'), ('topic', s.topic, 'text'),
			('sentiment', s.sentiment, 'double precision'), ('score', s.score, 'double precision'), ('value', s.value, 'double precision'),
			('automated', s.automated, 'boolean'), ('summary', s.summary, 'text'), ('ref', s.ref, 'text'), ('seq', s.seq, 'bigint'),
			('attributes', s.attributes, 'jsonb')) v(argument, given, type)
	LOOP
		IF part.given IS NULL THEN
			expression := format('NULL::%s', part.type);
		ELSIF part.type = 'text'::regtype THEN
			expression := crm_timeline.text_sql(s.name, part.argument, rel, part.given, 'settled');
			-- a view's column keeps its collation, whichever sources come and go
			expression := CASE part.argument
				-- a page ends at a row, which must have a name
				WHEN 'ref' THEN format('coalesce(%s, %L) COLLATE pg_catalog."C"', expression, '')
				ELSE expression || CASE WHEN crm_timeline.is_plain(rel, expression) THEN '' ELSE ' COLLATE pg_catalog."default"' END END;
		ELSE
			expression := crm_timeline.typed_sql(s.name, part.argument, rel, part.given, part.type, 'settled');
		END IF;
		columns := concat_ws(', ', columns, expression || ' AS ' || part.argument);
		IF part.argument = 'summary' THEN
			columns := columns || format(', %L::text AS source', s.name);
		END IF;
	END LOOP;
	IF s.kind IS NULL THEN
		columns := NULL;
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.source_sql(crm_timeline.source) IS
	'the pieces of SQL that a source is made of; an error names the argument that can not be used';

CREATE FUNCTION crm_timeline.looked_up(relation regclass, expression text) RETURNS oid[]
	AS 'MODULE_PATHNAME', 'looked_up' LANGUAGE C STABLE STRICT
	SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION crm_timeline.looked_up(regclass, text) IS
	'the tables that an expression reads besides its row, as often as it names them, those of views included; NULL where it calls somebody''s function that is not IMMUTABLE, or goes through a table again and again';

-- The tables that a source over a view depends on, each once, with the identities that a row of it is about:
-- a FROM item for the trigger, and an expression where one can be indexed.
CREATE FUNCTION crm_timeline.dependencies(s crm_timeline.source, OUT base regclass, OUT item text, OUT owner text, OUT looks_up boolean, OUT reads oid[]) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	entry text;
	part text[];
	bases regclass[] := '{}';
	keys text[] := '{}';
	place integer;
	type regtype;
	several boolean;
	expressions text[];
BEGIN
	FOREACH entry IN ARRAY s.depends_on LOOP
		part := regexp_match(entry, '^\s*((?:"(?:[^"]|"")+"|[^":.]+)(?:\.(?:"(?:[^"]|"")+"|[^":.]+))*)\s*:(.*)$');
		IF part IS NULL THEN
			RAISE EXCEPTION 'source "%": argument "depends_on" must be a table, a colon and a key', s.name
				USING ERRCODE = 'invalid_parameter_value', DETAIL = format('It is: %s', entry),
					HINT = 'Write, for example, ''public.conversations: contact: contact_id''.';
		END IF;
		base := to_regclass(part[1]);
		IF base IS NULL OR (SELECT c.relkind NOT IN ('r', 'p', 'f') FROM pg_class c WHERE c.oid = base) THEN
			RAISE EXCEPTION 'source "%": argument "depends_on" names %, which is not a table', s.name, btrim(part[1])
				USING ERRCODE = 'wrong_object_type', DETAIL = format('It is: %s', entry), HINT = 'Write the table with its schema.';
		END IF;
		bases := bases || base;
		keys := keys || part[2];
	END LOOP;
	FOR base IN SELECT b.base FROM unnest(bases) WITH ORDINALITY b(base, n) GROUP BY b.base ORDER BY min(b.n) LOOP
		expressions := '{}';
		several := false;
		FOREACH place IN ARRAY array_positions(bases, base) LOOP
			IF keys[place] ~ '^\s*[A-Za-z][A-Za-z0-9_.-]*\s*(\(\s*[A-Za-z]{2}\s*\))?\s*:(?!:)' THEN
				expressions := expressions || crm_timeline.key_sql(s.name, 'depends_on', base, keys[place], s.tenant, 'query');
				CONTINUE;
			END IF;
			type := crm_timeline.expression_type(s.name, 'depends_on', base, keys[place], 'query');
			IF type NOT IN ('crm_timeline.identity'::regtype, 'crm_timeline.identity[]') THEN
				RAISE EXCEPTION 'source "%": argument "depends_on" has neither a key nor an identity', s.name
					USING ERRCODE = 'datatype_mismatch', DETAIL = format('It is: %s', keys[place]),
						HINT = 'Write a key, as in ''contact: contact_id'', or an expression of type crm_timeline.identity or crm_timeline.identity[].';
			END IF;
			several := several OR type = 'crm_timeline.identity[]'::regtype;
			expressions := expressions || crm_timeline.enclosed(keys[place]);
		END LOOP;
		IF several AND cardinality(expressions) > 1 THEN
			RAISE EXCEPTION 'source "%": argument "depends_on" has an array and another key for %', s.name, base
				USING ERRCODE = 'invalid_parameter_value', HINT = 'Put all identities that a row is about into the array.';
		END IF;
		looks_up := false;
		BEGIN
			PERFORM crm_timeline.expression_type(s.name, 'depends_on', base, format('ARRAY[%s]', array_to_string(expressions, ', ')), 'immutable');
		EXCEPTION WHEN invalid_object_definition OR feature_not_supported THEN
			looks_up := true;
		END;
		reads := crm_timeline.looked_up(base, format('ARRAY[%s]', array_to_string(expressions, ', ')));
		IF several THEN
			item := format('unnest(%s)', expressions[1]);
			owner := NULL;
		ELSE
			owner := crm_timeline.owner_sql(expressions);
			-- a row may be about all of them; one of them is what a view takes for its owner
			item := CASE WHEN cardinality(expressions) = 1 THEN format('(SELECT %s)', owner)
				ELSE format('unnest(ARRAY[%s])', array_to_string(expressions, ', ')) END;
			IF looks_up THEN
				owner := NULL;
			END IF;
		END IF;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.dependencies(crm_timeline.source) IS
	'the tables that depends_on names, and the identities that their rows are about; looks_up = that is not known from a row alone; reads = the tables that it is looked up in, NULL where that can not be told';
