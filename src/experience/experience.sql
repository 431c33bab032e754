
-- experience: what the customer lives through, measured.
-- definitions: what a firm's words mean to the measures. Every measure has them as an argument; without it, those in force count.

CREATE TYPE crm_timeline.definitions;

CREATE FUNCTION crm_timeline.definitions_in(cstring) RETURNS crm_timeline.definitions
	AS 'MODULE_PATHNAME', 'definitions_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.definitions_in(cstring) IS 'text input';
CREATE FUNCTION crm_timeline.definitions_out(crm_timeline.definitions) RETURNS cstring
	AS 'MODULE_PATHNAME', 'definitions_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_out(crm_timeline.definitions) IS 'text output: the canonical form';
CREATE FUNCTION crm_timeline.definitions_recv(internal) RETURNS crm_timeline.definitions
	AS 'MODULE_PATHNAME', 'definitions_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.definitions_recv(internal) IS 'binary input';
CREATE FUNCTION crm_timeline.definitions_send(crm_timeline.definitions) RETURNS bytea
	AS 'MODULE_PATHNAME', 'definitions_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_send(crm_timeline.definitions) IS 'binary output';

CREATE TYPE crm_timeline.definitions (
	INPUT = crm_timeline.definitions_in,
	OUTPUT = crm_timeline.definitions_out,
	RECEIVE = crm_timeline.definitions_recv,
	SEND = crm_timeline.definitions_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = double,
	STORAGE = extended
);
COMMENT ON TYPE crm_timeline.definitions IS
	'what counts as a contact, an answer, a poor interaction, and how long is late: named events and parameters, those that are not named by default';

CREATE FUNCTION crm_timeline.definitions_eq(crm_timeline.definitions, crm_timeline.definitions) RETURNS boolean
	AS 'MODULE_PATHNAME', 'definitions_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_eq(crm_timeline.definitions, crm_timeline.definitions) IS 'are the canonical texts equal?';
CREATE FUNCTION crm_timeline.definitions_ne(crm_timeline.definitions, crm_timeline.definitions) RETURNS boolean
	AS 'MODULE_PATHNAME', 'definitions_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_ne(crm_timeline.definitions, crm_timeline.definitions) IS 'are the canonical texts different?';
CREATE FUNCTION crm_timeline.definitions_hash(crm_timeline.definitions) RETURNS integer
	AS 'MODULE_PATHNAME', 'definitions_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_hash(crm_timeline.definitions) IS 'hash of the canonical text';
CREATE FUNCTION crm_timeline.definitions_hash_extended(crm_timeline.definitions, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'definitions_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.definitions_hash_extended(crm_timeline.definitions, bigint) IS 'hash of the canonical text with a seed';

CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.definitions, RIGHTARG = crm_timeline.definitions, FUNCTION = crm_timeline.definitions_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.definitions, crm_timeline.definitions) IS 'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.definitions, RIGHTARG = crm_timeline.definitions, FUNCTION = crm_timeline.definitions_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.definitions, crm_timeline.definitions) IS 'not equal';
CREATE OPERATOR CLASS crm_timeline.definitions_hash_ops DEFAULT FOR TYPE crm_timeline.definitions USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.definitions_hash(crm_timeline.definitions),
	FUNCTION 2 crm_timeline.definitions_hash_extended(crm_timeline.definitions, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.definitions_hash_ops USING hash IS 'hashing of definitions by their canonical texts';

-- What the DBA says otherwise

CREATE TABLE crm_timeline.definition (
	name text COLLATE "C" NOT NULL PRIMARY KEY,
	pattern crm_timeline.pattern NOT NULL,
	note text
);
COMMENT ON TABLE crm_timeline.definition IS
	'named events that mean something else here than by default, which is what the text of definitions() says: one row each, a pattern that is an event';
COMMENT ON COLUMN crm_timeline.definition.name IS 'contact, answer, poor, ...';
COMMENT ON COLUMN crm_timeline.definition.pattern IS 'what one interaction must be';
COMMENT ON COLUMN crm_timeline.definition.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.definition', '');

CREATE TABLE crm_timeline.target (
	name text COLLATE "C" NOT NULL,
	scope text COLLATE "C" NOT NULL DEFAULT '',
	value text NOT NULL,
	note text,
	PRIMARY KEY (name, scope)
);
COMMENT ON TABLE crm_timeline.target IS
	'parameters that are something else here than by default: how long is late, how heavy a misstep weighs';
COMMENT ON COLUMN crm_timeline.target.name IS 'wait_target, repeat_within, weight, ...';
COMMENT ON COLUMN crm_timeline.target.scope IS 'the channel of a wait_target, the item of a weight; empty where it is for all';
COMMENT ON COLUMN crm_timeline.target.value IS 'a duration such as 4 hours, or a number';
COMMENT ON COLUMN crm_timeline.target.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.target', '');

CREATE FUNCTION crm_timeline.definitions() RETURNS crm_timeline.definitions
	AS 'MODULE_PATHNAME', 'definitions_in_force' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.definitions() IS
	'the definitions in force: the defaults, and the rows of crm_timeline.definition and crm_timeline.target, which override them';
CREATE FUNCTION crm_timeline.definitions_with(overrides text) RETURNS crm_timeline.definitions
	AS 'MODULE_PATHNAME', 'definitions_with' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.definitions_with(text) IS
	'the definitions in force with some of them overridden, as in ''wait_target = 4 hours; poor: complaint''';

CREATE FUNCTION crm_timeline.definitions_key() RETURNS bigint
	AS 'MODULE_PATHNAME', 'definitions_key' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.definitions_key() IS
	'a hash of the definitions in force: what was worked out under other ones does not count';
CREATE FUNCTION crm_timeline.waiting_horizon() RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'waiting_horizon' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.waiting_horizon() IS
	'now() less the patience in force: an open wait in which the customer asked last before then has lapsed';

CREATE FUNCTION crm_timeline.check_definitions() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	-- raises what is wrong with a row
	PERFORM crm_timeline.definitions();
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION crm_timeline.check_definitions() IS 'trigger: refuses rows that no definitions can be made from';
CREATE TRIGGER definition_check AFTER INSERT OR UPDATE ON crm_timeline.definition
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.check_definitions();
COMMENT ON TRIGGER definition_check ON crm_timeline.definition IS 'a definition is a known one, and an event';
CREATE TRIGGER target_check AFTER INSERT OR UPDATE ON crm_timeline.target
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.check_definitions();
COMMENT ON TRIGGER target_check ON crm_timeline.target IS 'a parameter is a known one, and its value can be used';

CREATE TABLE crm_timeline.purpose_definition (
	name text COLLATE "C" NOT NULL PRIMARY KEY,
	kinds text[] NOT NULL,
	note text
);
COMMENT ON TABLE crm_timeline.purpose_definition IS
	'what somebody may be shown for a purpose: only interactions of these kinds; there is none by default';
COMMENT ON COLUMN crm_timeline.purpose_definition.name IS 'as context() is asked for it';
COMMENT ON COLUMN crm_timeline.purpose_definition.kinds IS 'the kinds that are needed for it';
COMMENT ON COLUMN crm_timeline.purpose_definition.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.purpose_definition', '');

CREATE FUNCTION crm_timeline.limited_to_purpose(t crm_timeline.timeline, purpose text) RETURNS crm_timeline.timeline
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	allowed text[];
BEGIN
	SELECT p.kinds INTO allowed FROM crm_timeline.purpose_definition p WHERE p.name = purpose;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no purpose "%"', purpose
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Purposes are rows of crm_timeline.purpose_definition.';
	END IF;
	RETURN crm_timeline.pick_kinds(t, VARIADIC allowed);
END
$$;
COMMENT ON FUNCTION crm_timeline.limited_to_purpose(crm_timeline.timeline, text) IS
	'the interactions of the kinds that a purpose names; an error where there is no such purpose';
