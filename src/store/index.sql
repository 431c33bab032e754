
-- index: timelines are found by what a pattern requires.

-- What an index says of a timeline, without an index

CREATE FUNCTION crm_timeline.may_match(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'may_match' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.may_match(crm_timeline.timeline, crm_timeline.pattern) IS
	'whether the timeline has the interactions that every match needs, whatever their order and time';
CREATE OPERATOR crm_timeline.@? (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.pattern, FUNCTION = crm_timeline.may_match,
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR crm_timeline.@? (crm_timeline.timeline, crm_timeline.pattern) IS
	'whether the timeline has the interactions that every match needs';

-- The index. The server wants its functions declared over the type that is indexed, also where it hands them a pattern.

CREATE FUNCTION crm_timeline.timeline_gin_extract_value(crm_timeline.timeline, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_gin_extract_value' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_gin_extract_value(crm_timeline.timeline, internal, internal) IS
	'GIN support: the keys of a timeline';
CREATE FUNCTION crm_timeline.timeline_gin_extract_query(crm_timeline.timeline, internal, smallint, internal, internal, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_gin_extract_query' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_gin_extract_query(crm_timeline.timeline, internal, smallint, internal, internal, internal, internal) IS
	'GIN support: the keys that a pattern requires';
CREATE FUNCTION crm_timeline.timeline_gin_consistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal, internal) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_gin_consistent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_gin_consistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal, internal) IS
	'GIN support: whether a timeline with these keys is a candidate';
CREATE FUNCTION crm_timeline.timeline_gin_triconsistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal) RETURNS "char"
	AS 'MODULE_PATHNAME', 'timeline_gin_triconsistent' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_gin_triconsistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal) IS
	'GIN support: whether a timeline that may have these keys is a candidate';

CREATE OPERATOR CLASS crm_timeline.timeline_ops DEFAULT FOR TYPE crm_timeline.timeline USING gin AS
	OPERATOR 1 crm_timeline.@@ (crm_timeline.timeline, crm_timeline.pattern),
	OPERATOR 2 crm_timeline.@? (crm_timeline.timeline, crm_timeline.pattern),
	FUNCTION 1 pg_catalog.btint8cmp(bigint, bigint),
	FUNCTION 2 crm_timeline.timeline_gin_extract_value(crm_timeline.timeline, internal, internal),
	FUNCTION 3 crm_timeline.timeline_gin_extract_query(crm_timeline.timeline, internal, smallint, internal, internal, internal, internal),
	FUNCTION 4 crm_timeline.timeline_gin_consistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal, internal),
	FUNCTION 6 crm_timeline.timeline_gin_triconsistent(internal, smallint, crm_timeline.timeline, integer, internal, internal, internal),
	STORAGE bigint;
COMMENT ON OPERATOR CLASS crm_timeline.timeline_ops USING gin IS
	'timelines by their kinds, and their kinds in channels, for @@ and matches()';

-- Over the store, for its views. The first refresh makes them, after the rows: row by row the one over timelines would take twice as long.
CREATE FUNCTION crm_timeline.index_store() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	one record;
BEGIN
	FOR one IN
		SELECT i.* FROM (VALUES
			('stored_timeline_last', '(last_at)', 'customers in the order of their last interactions'),
			('stored_timeline_waiting', '(defined_by, waiting_since)', 'customers in the order in which they began to wait'),
			('stored_timeline_segmented', '(customer_id) WHERE timeline IS NULL', 'customers whose timelines are in segments'),
			('stored_timeline_kinds', 'USING gin (timeline)', 'customers by the kinds of their interactions, for timeline @@ pattern')
		) i(name, definition, comment) WHERE to_regclass('crm_timeline.' || i.name) IS NULL
	LOOP
		EXECUTE format('CREATE INDEX %I ON crm_timeline.stored_timeline %s', one.name, one.definition);
		EXECUTE format('COMMENT ON INDEX crm_timeline.%I IS %L', one.name, one.comment);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.index_store() IS 'makes the indexes over stored timelines that are missing';
