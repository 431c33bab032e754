
-- journey: named stages, each with the pattern that enters it; and how far a
-- timeline is from a designed journey.

CREATE TYPE crm_timeline.journey;

CREATE FUNCTION crm_timeline.journey_in(cstring) RETURNS crm_timeline.journey
	AS 'MODULE_PATHNAME', 'journey_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.journey_in(cstring) IS
	'text input';
CREATE FUNCTION crm_timeline.journey_out(crm_timeline.journey) RETURNS cstring
	AS 'MODULE_PATHNAME', 'journey_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_out(crm_timeline.journey) IS
	'text output: the canonical form';
CREATE FUNCTION crm_timeline.journey_recv(internal) RETURNS crm_timeline.journey
	AS 'MODULE_PATHNAME', 'journey_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.journey_recv(internal) IS
	'binary input';
CREATE FUNCTION crm_timeline.journey_send(crm_timeline.journey) RETURNS bytea
	AS 'MODULE_PATHNAME', 'journey_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_send(crm_timeline.journey) IS
	'binary output';

CREATE TYPE crm_timeline.journey (
	INPUT = crm_timeline.journey_in,
	OUTPUT = crm_timeline.journey_out,
	RECEIVE = crm_timeline.journey_recv,
	SEND = crm_timeline.journey_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE crm_timeline.journey IS
	'ordered named stages, each with the pattern that enters it';

CREATE FUNCTION crm_timeline.journey_eq(crm_timeline.journey, crm_timeline.journey) RETURNS boolean
	AS 'MODULE_PATHNAME', 'journey_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_eq(crm_timeline.journey, crm_timeline.journey) IS
	'are the canonical texts equal?';
CREATE FUNCTION crm_timeline.journey_ne(crm_timeline.journey, crm_timeline.journey) RETURNS boolean
	AS 'MODULE_PATHNAME', 'journey_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_ne(crm_timeline.journey, crm_timeline.journey) IS
	'are the canonical texts different?';
CREATE FUNCTION crm_timeline.journey_hash(crm_timeline.journey) RETURNS integer
	AS 'MODULE_PATHNAME', 'journey_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_hash(crm_timeline.journey) IS
	'hash of the canonical text';
CREATE FUNCTION crm_timeline.journey_hash_extended(crm_timeline.journey, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'journey_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.journey_hash_extended(crm_timeline.journey, bigint) IS
	'hash of the canonical text with a seed';

CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.journey, RIGHTARG = crm_timeline.journey, FUNCTION = crm_timeline.journey_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.journey, crm_timeline.journey) IS 'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.journey, RIGHTARG = crm_timeline.journey, FUNCTION = crm_timeline.journey_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.journey, crm_timeline.journey) IS 'not equal';
CREATE OPERATOR CLASS crm_timeline.journey_hash_ops DEFAULT FOR TYPE crm_timeline.journey USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.journey_hash(crm_timeline.journey),
	FUNCTION 2 crm_timeline.journey_hash_extended(crm_timeline.journey, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.journey_hash_ops USING hash IS 'hashing of journeys by their canonical texts';

-- Stages

CREATE FUNCTION crm_timeline.stage(t crm_timeline.timeline, j crm_timeline.journey) RETURNS text
	AS 'MODULE_PATHNAME', 'journey_stage' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.stage(crm_timeline.timeline, crm_timeline.journey) IS
	'the stage that the customer is in; NULL before the first, as of now()';
CREATE FUNCTION crm_timeline.stage(t crm_timeline.timeline, j crm_timeline.journey, as_of timestamptz) RETURNS text
	AS 'MODULE_PATHNAME', 'journey_stage' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.stage(crm_timeline.timeline, crm_timeline.journey, timestamptz) IS
	'the stage that the customer is in; NULL before the first; interactions after as_of are not seen';
CREATE FUNCTION crm_timeline.stages(t crm_timeline.timeline, j crm_timeline.journey) RETURNS TABLE (stage text, entered_at timestamptz, left_at timestamptz)
	AS 'MODULE_PATHNAME', 'journey_stages' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.stages(crm_timeline.timeline, crm_timeline.journey) IS
	'the stages one after another; left_at of the present one is NULL, as of now()';
CREATE FUNCTION crm_timeline.stages(t crm_timeline.timeline, j crm_timeline.journey, as_of timestamptz) RETURNS TABLE (stage text, entered_at timestamptz, left_at timestamptz)
	AS 'MODULE_PATHNAME', 'journey_stages' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.stages(crm_timeline.timeline, crm_timeline.journey, timestamptz) IS
	'the stages one after another; left_at of the present one is NULL; interactions after as_of are not seen';
CREATE FUNCTION crm_timeline.time_in_stage(t crm_timeline.timeline, j crm_timeline.journey, stage text, during tstzrange) RETURNS interval
	AS 'MODULE_PATHNAME', 'journey_time_in_stage' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.time_in_stage(crm_timeline.timeline, crm_timeline.journey, text, tstzrange) IS
	'how long the customer was in a stage within a range, as of now()';
CREATE FUNCTION crm_timeline.time_in_stage(t crm_timeline.timeline, j crm_timeline.journey, stage text, during tstzrange, as_of timestamptz) RETURNS interval
	AS 'MODULE_PATHNAME', 'journey_time_in_stage' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.time_in_stage(crm_timeline.timeline, crm_timeline.journey, text, tstzrange, timestamptz) IS
	'how long the customer was in a stage within a range; interactions after as_of are not seen';

-- The designed journey and the actual one

CREATE TYPE crm_timeline.journey_conformance AS (
	fitness double precision,
	matched integer,
	skipped integer,
	extra integer
);
COMMENT ON TYPE crm_timeline.journey_conformance IS
	'how far a timeline is from a designed journey: 1 = not at all; interactions matched, elements skipped, interactions extra';

CREATE FUNCTION crm_timeline.conformance(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS crm_timeline.journey_conformance
	AS 'MODULE_PATHNAME', 'journey_conformance' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.conformance(crm_timeline.timeline, crm_timeline.pattern) IS
	'the cheapest alignment of the timeline to a pattern as the designed journey, as of now()';
CREATE FUNCTION crm_timeline.conformance(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS crm_timeline.journey_conformance
	AS 'MODULE_PATHNAME', 'journey_conformance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.conformance(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the cheapest alignment of the timeline to a pattern as the designed journey; interactions after as_of are not seen';
CREATE FUNCTION crm_timeline.deviations(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS TABLE (n integer, deviation text, element text, occurred_at timestamptz, kind text, interaction integer)
	AS 'MODULE_PATHNAME', 'journey_deviations' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION crm_timeline.deviations(crm_timeline.timeline, crm_timeline.pattern) IS
	'the cheapest alignment step by step: matched, skipped, extra, as of now()';
CREATE FUNCTION crm_timeline.deviations(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS TABLE (n integer, deviation text, element text, occurred_at timestamptz, kind text, interaction integer)
	AS 'MODULE_PATHNAME', 'journey_deviations' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION crm_timeline.deviations(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the cheapest alignment step by step: matched, skipped, extra; interactions after as_of are not seen';

-- The journeys of a firm

CREATE TABLE crm_timeline.journey_definition (
	name text COLLATE "C" NOT NULL PRIMARY KEY,
	journey crm_timeline.journey,
	note text
);
COMMENT ON TABLE crm_timeline.journey_definition IS
	'the journeys on which customers are watched, beside those that journeys() has by default; NULL = that default is not wanted';
COMMENT ON COLUMN crm_timeline.journey_definition.name IS 'as it is to be called in views';
COMMENT ON COLUMN crm_timeline.journey_definition.journey IS 'its stages, each with the pattern that enters it';
COMMENT ON COLUMN crm_timeline.journey_definition.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.journey_definition', '');

CREATE FUNCTION crm_timeline.journeys() RETURNS TABLE (name text, journey crm_timeline.journey)
	LANGUAGE sql STABLE PARALLEL SAFE ROWS 3
	BEGIN ATOMIC
		SELECT d.name, d.journey FROM (VALUES ('purchase',
			'interested: cart | quote | trial; customer: booking | order | purchase | subscription'::crm_timeline.journey)) d(name, journey)
		WHERE NOT EXISTS (SELECT FROM crm_timeline.journey_definition j WHERE j.name = d.name)
		UNION ALL
		SELECT j.name, j.journey FROM crm_timeline.journey_definition j WHERE j.journey IS NOT NULL;
	END;
COMMENT ON FUNCTION crm_timeline.journeys() IS
	'the journeys on which customers are watched: the default, purchase, and the rows of crm_timeline.journey_definition, which override it';

CREATE FUNCTION crm_timeline.journeys_in_force(OUT names text[], OUT journeys crm_timeline.journey[])
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	SELECT coalesce(array_agg(j.name ORDER BY j.name COLLATE "C"), '{}'), coalesce(array_agg(j.journey ORDER BY j.name COLLATE "C"), '{}')
	INTO names, journeys FROM crm_timeline.journeys() j;
END
$$;
COMMENT ON FUNCTION crm_timeline.journeys_in_force() IS 'the names of the journeys, and the journeys, for stages_now()';

CREATE FUNCTION crm_timeline.stages_now(t crm_timeline.timeline, names text[], journeys crm_timeline.journey[], as_of timestamptz) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'journey_stages_now' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.stages_now(crm_timeline.timeline, text[], crm_timeline.journey[], timestamptz) IS
	'the stage that the customer is in on each journey, under its name; null before the first';
