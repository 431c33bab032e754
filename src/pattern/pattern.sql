
-- pattern: one language for funnels, sequences, absence.
-- The forms with as_of depend on their arguments alone; those without see the
-- timeline as of now(), so they are STABLE.

CREATE TYPE crm_timeline.pattern;

CREATE FUNCTION crm_timeline.pattern_in(cstring) RETURNS crm_timeline.pattern
	AS 'MODULE_PATHNAME', 'pattern_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.pattern_in(cstring) IS
	'text input';
CREATE FUNCTION crm_timeline.pattern_out(crm_timeline.pattern) RETURNS cstring
	AS 'MODULE_PATHNAME', 'pattern_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_out(crm_timeline.pattern) IS
	'text output: the canonical form';
CREATE FUNCTION crm_timeline.pattern_recv(internal) RETURNS crm_timeline.pattern
	AS 'MODULE_PATHNAME', 'pattern_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.pattern_recv(internal) IS
	'binary input';
CREATE FUNCTION crm_timeline.pattern_send(crm_timeline.pattern) RETURNS bytea
	AS 'MODULE_PATHNAME', 'pattern_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_send(crm_timeline.pattern) IS
	'binary output';

CREATE TYPE crm_timeline.pattern (
	INPUT = crm_timeline.pattern_in,
	OUTPUT = crm_timeline.pattern_out,
	RECEIVE = crm_timeline.pattern_recv,
	SEND = crm_timeline.pattern_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE crm_timeline.pattern IS
	'a question about a timeline: which kinds follow one another, within which time, without what';

CREATE TYPE crm_timeline.pattern_match AS (
	n integer,
	starts_at timestamptz,
	ends_at timestamptz,
	interactions crm_timeline.timeline
);
COMMENT ON TYPE crm_timeline.pattern_match IS
	'one match: its number, its first interaction, its last one or the deadline, and the interactions that it uses';

-- Equality is of the canonical texts.

CREATE FUNCTION crm_timeline.pattern_eq(crm_timeline.pattern, crm_timeline.pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_eq(crm_timeline.pattern, crm_timeline.pattern) IS
	'are the canonical texts equal?';
CREATE FUNCTION crm_timeline.pattern_ne(crm_timeline.pattern, crm_timeline.pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_ne(crm_timeline.pattern, crm_timeline.pattern) IS
	'are the canonical texts different?';
CREATE FUNCTION crm_timeline.pattern_hash(crm_timeline.pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_hash(crm_timeline.pattern) IS
	'hash of the canonical text';
CREATE FUNCTION crm_timeline.pattern_hash_extended(crm_timeline.pattern, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'pattern_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.pattern_hash_extended(crm_timeline.pattern, bigint) IS
	'hash of the canonical text with a seed';

CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.pattern, RIGHTARG = crm_timeline.pattern, FUNCTION = crm_timeline.pattern_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.pattern, crm_timeline.pattern) IS 'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.pattern, RIGHTARG = crm_timeline.pattern, FUNCTION = crm_timeline.pattern_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.pattern, crm_timeline.pattern) IS 'not equal';
CREATE OPERATOR CLASS crm_timeline.pattern_hash_ops DEFAULT FOR TYPE crm_timeline.pattern USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.pattern_hash(crm_timeline.pattern),
	FUNCTION 2 crm_timeline.pattern_hash_extended(crm_timeline.pattern, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.pattern_hash_ops USING hash IS 'hashing of patterns by their canonical texts';

-- Does it match, how often, where

CREATE FUNCTION crm_timeline.matches(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_matches' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.matches(crm_timeline.timeline, crm_timeline.pattern) IS
	'whether the timeline has a match of the pattern, as of now()';
CREATE FUNCTION crm_timeline.matches(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS boolean
	AS 'MODULE_PATHNAME', 'pattern_matches' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.matches(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'whether the timeline has a match of the pattern; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.match_count(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_match_count' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_count(crm_timeline.timeline, crm_timeline.pattern) IS
	'the number of matches that do not overlap, as of now()';
CREATE FUNCTION crm_timeline.match_count(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_match_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_count(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the number of matches that do not overlap; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.match_first(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_first' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_first(crm_timeline.timeline, crm_timeline.pattern) IS
	'the match whose end comes first; NULL if there is none, as of now()';
CREATE FUNCTION crm_timeline.match_first(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_first' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_first(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the match whose end comes first; NULL if there is none; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.match_last(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_last' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_last(crm_timeline.timeline, crm_timeline.pattern) IS
	'the last of the matches that do not overlap; NULL if there is none, as of now()';
CREATE FUNCTION crm_timeline.match_last(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_last' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.match_last(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the last of the matches that do not overlap; NULL if there is none; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.match_all(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS SETOF crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_all' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.match_all(crm_timeline.timeline, crm_timeline.pattern) IS
	'the matches that do not overlap, in their order, as of now()';
CREATE FUNCTION crm_timeline.match_all(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS SETOF crm_timeline.pattern_match
	AS 'MODULE_PATHNAME', 'pattern_match_all' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.match_all(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the matches that do not overlap, in their order; interactions after as_of are not seen, infinity sees all';

CREATE OPERATOR crm_timeline.@@ (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.pattern, FUNCTION = crm_timeline.matches,
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR crm_timeline.@@ (crm_timeline.timeline, crm_timeline.pattern) IS
	'whether the timeline has a match of the pattern, as of now()';

-- Funnels

CREATE FUNCTION crm_timeline.funnel_depth(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_funnel_depth' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.funnel_depth(crm_timeline.timeline, crm_timeline.pattern) IS
	'how many steps of the pattern were reached: the deepest prefix that has a match, as of now()';
CREATE FUNCTION crm_timeline.funnel_depth(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS integer
	AS 'MODULE_PATHNAME', 'pattern_funnel_depth' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.funnel_depth(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'how many steps of the pattern were reached: the deepest prefix that has a match; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.funnel(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS TABLE (step integer, pattern text, reached_at timestamptz, since_previous interval, kind text, channel text, source text, ref text, next_kind text)
	AS 'MODULE_PATHNAME', 'pattern_funnel' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.funnel(crm_timeline.timeline, crm_timeline.pattern) IS
	'one row per step: when it was reached and by which interaction, NULL where it was not; next_kind is what came after the last step reached, as of now()';
CREATE FUNCTION crm_timeline.funnel(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS TABLE (step integer, pattern text, reached_at timestamptz, since_previous interval, kind text, channel text, source text, ref text, next_kind text)
	AS 'MODULE_PATHNAME', 'pattern_funnel' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 5;
COMMENT ON FUNCTION crm_timeline.funnel(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'one row per step: when it was reached and by which interaction, NULL where it was not; next_kind is what came after the last step reached; interactions after as_of are not seen, infinity sees all';

CREATE TYPE crm_timeline.funnel_step AS (
	step integer,
	pattern text,
	customers bigint,
	from_first double precision,
	from_previous double precision,
	median_since_previous interval,
	p90_since_previous interval,
	instead text[],
	instead_customers bigint[]
);
COMMENT ON TYPE crm_timeline.funnel_step IS
	'one step of a funnel over many customers: how many reached it, when, and what the others did instead';

CREATE FUNCTION crm_timeline.funnel_agg_transfn(internal, crm_timeline.timeline, crm_timeline.pattern) RETURNS internal
	AS 'MODULE_PATHNAME', 'funnel_agg_transfn' LANGUAGE C STABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.funnel_agg_transfn(internal, crm_timeline.timeline, crm_timeline.pattern) IS
	'transition function of funnel_agg()';
CREATE FUNCTION crm_timeline.funnel_agg_transfn(internal, crm_timeline.timeline, crm_timeline.pattern, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'funnel_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.funnel_agg_transfn(internal, crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'transition function of funnel_agg()';
CREATE FUNCTION crm_timeline.funnel_agg_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'funnel_agg_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.funnel_agg_combinefn(internal, internal) IS 'combination of two states of funnel_agg()';
CREATE FUNCTION crm_timeline.funnel_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'funnel_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.funnel_agg_serialfn(internal) IS 'serialisation of a state of funnel_agg()';
CREATE FUNCTION crm_timeline.funnel_agg_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'funnel_agg_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.funnel_agg_deserialfn(bytea, internal) IS 'deserialisation of a state of funnel_agg()';
CREATE FUNCTION crm_timeline.funnel_agg_finalfn(internal) RETURNS crm_timeline.funnel_step[]
	AS 'MODULE_PATHNAME', 'funnel_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.funnel_agg_finalfn(internal) IS 'final function of funnel_agg()';

CREATE AGGREGATE crm_timeline.funnel_agg(timeline crm_timeline.timeline, pattern crm_timeline.pattern) (
	SFUNC = crm_timeline.funnel_agg_transfn, STYPE = internal, SSPACE = 2048,
	FINALFUNC = crm_timeline.funnel_agg_finalfn,
	COMBINEFUNC = crm_timeline.funnel_agg_combinefn,
	SERIALFUNC = crm_timeline.funnel_agg_serialfn,
	DESERIALFUNC = crm_timeline.funnel_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.funnel_agg(crm_timeline.timeline, crm_timeline.pattern) IS
	'the steps of a pattern over many customers, one timeline each, as of now(): unnest() the result';
CREATE AGGREGATE crm_timeline.funnel_agg(timeline crm_timeline.timeline, pattern crm_timeline.pattern, as_of timestamptz) (
	SFUNC = crm_timeline.funnel_agg_transfn, STYPE = internal, SSPACE = 2048,
	FINALFUNC = crm_timeline.funnel_agg_finalfn,
	COMBINEFUNC = crm_timeline.funnel_agg_combinefn,
	SERIALFUNC = crm_timeline.funnel_agg_serialfn,
	DESERIALFUNC = crm_timeline.funnel_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.funnel_agg(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the steps of a pattern over many customers, one timeline each: unnest() the result';

-- Why, and what around it

CREATE FUNCTION crm_timeline.explain_match(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS TABLE (occurred_at timestamptz, kind text, channel text, match integer, step integer, element text, verdict text, ref text)
	AS 'MODULE_PATHNAME', 'pattern_explain_match' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION crm_timeline.explain_match(crm_timeline.timeline, crm_timeline.pattern) IS
	'for every interaction what it was used for, or why it was not, as of now()';
CREATE FUNCTION crm_timeline.explain_match(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS TABLE (occurred_at timestamptz, kind text, channel text, match integer, step integer, element text, verdict text, ref text)
	AS 'MODULE_PATHNAME', 'pattern_explain_match' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 50;
COMMENT ON FUNCTION crm_timeline.explain_match(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'for every interaction what it was used for, or why it was not; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.neighbours(t crm_timeline.timeline, p crm_timeline.pattern, before integer, after integer) RETURNS TABLE (anchor_at timestamptz, distance integer, occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text, source text, ref text)
	AS 'MODULE_PATHNAME', 'pattern_neighbours' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION crm_timeline.neighbours(crm_timeline.timeline, crm_timeline.pattern, integer, integer) IS
	'the interactions before and after each one that an event accepts, by their distance, as of now()';
CREATE FUNCTION crm_timeline.neighbours(t crm_timeline.timeline, p crm_timeline.pattern, before integer, after integer, as_of timestamptz) RETURNS TABLE (anchor_at timestamptz, distance integer, occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text, source text, ref text)
	AS 'MODULE_PATHNAME', 'pattern_neighbours' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 20;
COMMENT ON FUNCTION crm_timeline.neighbours(crm_timeline.timeline, crm_timeline.pattern, integer, integer, timestamptz) IS
	'the interactions before and after each one that an event accepts, by their distance; interactions after as_of are not seen, infinity sees all';
CREATE FUNCTION crm_timeline.pick(t crm_timeline.timeline, p crm_timeline.pattern) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'pattern_pick' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.pick(crm_timeline.timeline, crm_timeline.pattern) IS
	'the interactions that an event accepts, as of now()';
CREATE FUNCTION crm_timeline.pick(t crm_timeline.timeline, p crm_timeline.pattern, as_of timestamptz) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'pattern_pick' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION crm_timeline.pick(crm_timeline.timeline, crm_timeline.pattern, timestamptz) IS
	'the interactions that an event accepts; interactions after as_of are not seen, infinity sees all';
