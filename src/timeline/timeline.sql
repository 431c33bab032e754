-- timeline: the value, how it is built, read and combined.
-- C functions state volatility, strictness and parallel safety on purpose:
-- everything here depends on its arguments alone, except where an attribute is
-- turned into text by a type's output function (STABLE).

CREATE TYPE crm_timeline.timeline;

CREATE FUNCTION crm_timeline.timeline_in(cstring) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_in(cstring) IS 'text input';
CREATE FUNCTION crm_timeline.timeline_out(crm_timeline.timeline) RETURNS cstring
	AS 'MODULE_PATHNAME', 'timeline_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_out(crm_timeline.timeline) IS 'text output';
CREATE FUNCTION crm_timeline.timeline_recv(internal) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_recv(internal) IS 'binary input';
CREATE FUNCTION crm_timeline.timeline_send(crm_timeline.timeline) RETURNS bytea
	AS 'MODULE_PATHNAME', 'timeline_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_send(crm_timeline.timeline) IS 'binary output';

-- The columns are packed already: compressing them again would cost and not pay.
CREATE TYPE crm_timeline.timeline (
	INPUT = crm_timeline.timeline_in,
	OUTPUT = crm_timeline.timeline_out,
	RECEIVE = crm_timeline.timeline_recv,
	SEND = crm_timeline.timeline_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);
COMMENT ON TYPE crm_timeline.timeline IS
	'the interactions of one customer in their order: a multiset, each with a time, a kind and any number of attributes';

CREATE TYPE crm_timeline.interaction AS (
	occurred_at timestamptz,
	kind text,
	channel text,
	direction text,
	thread text,
	agent text,
	outcome text,
	topic text,
	sentiment double precision,
	score double precision,
	value double precision,
	effort double precision,
	risk double precision,
	automated boolean,
	seq bigint,
	source text,
	ref text,
	attributes jsonb
);
COMMENT ON TYPE crm_timeline.interaction IS
	'one interaction as a row; attributes holds those that have no column of their own, NULL where there are none';


-- One interaction

CREATE FUNCTION crm_timeline.timeline(occurred_at timestamptz, kind text) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_make' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.timeline(timestamptz, text) IS
	'a timeline of one interaction; NULL if the time or the kind is NULL';
CREATE FUNCTION crm_timeline.timeline(occurred_at timestamptz, kind text, attributes jsonb) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_make_jsonb' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.timeline(timestamptz, text, jsonb) IS
	'a timeline of one interaction with the members of a jsonb object as attributes';
CREATE FUNCTION crm_timeline.timeline(occurred_at timestamptz, kind text, name text, VARIADIC "any") RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_make_pairs' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.timeline(timestamptz, text, text, VARIADIC "any") IS
	'a timeline of one interaction with attributes as name, value, name, value; a NULL value is absent';

-- Many: the aggregates

CREATE FUNCTION crm_timeline.timeline_agg_transfn(internal, timestamptz, text) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_transfn(internal, timestamptz, text) IS
	'transition function of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_jsonb_transfn(internal, timestamptz, text, jsonb) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_jsonb_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_jsonb_transfn(internal, timestamptz, text, jsonb) IS
	'transition function of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_pairs_transfn(internal, timestamptz, text, text, VARIADIC "any") RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_pairs_transfn' LANGUAGE C STABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_pairs_transfn(internal, timestamptz, text, text, VARIADIC "any") IS
	'transition function of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_union_transfn(internal, crm_timeline.timeline) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_union_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_union_transfn(internal, crm_timeline.timeline) IS
	'transition function of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_combinefn(internal, internal) IS
	'combine function of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'timeline_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_serialfn(internal) IS
	'serialisation of a state of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'timeline_agg_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_deserialfn(bytea, internal) IS
	'deserialisation of a state of timeline_agg()';
CREATE FUNCTION crm_timeline.timeline_agg_finalfn(internal) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_agg_finalfn(internal) IS
	'final function of timeline_agg()';

CREATE AGGREGATE crm_timeline.timeline_agg(occurred_at timestamptz, kind text) (
	SFUNC = crm_timeline.timeline_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.timeline_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.timeline_agg_combinefn,
	SERIALFUNC = crm_timeline.timeline_agg_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.timeline_agg(timestamptz, text) IS
	'the timeline of the rows; rows without time or kind are skipped, NULL if none is left';
CREATE AGGREGATE crm_timeline.timeline_agg(occurred_at timestamptz, kind text, attributes jsonb) (
	SFUNC = crm_timeline.timeline_agg_jsonb_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.timeline_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.timeline_agg_combinefn,
	SERIALFUNC = crm_timeline.timeline_agg_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.timeline_agg(timestamptz, text, jsonb) IS
	'the timeline of the rows, with the members of a jsonb object as attributes';
CREATE AGGREGATE crm_timeline.timeline_agg(occurred_at timestamptz, kind text, name text, VARIADIC "any") (
	SFUNC = crm_timeline.timeline_agg_pairs_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.timeline_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.timeline_agg_combinefn,
	SERIALFUNC = crm_timeline.timeline_agg_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.timeline_agg(timestamptz, text, text, VARIADIC "any") IS
	'the timeline of the rows, with attributes as name, value, name, value; names are the same for all rows, a NULL value is absent';
CREATE AGGREGATE crm_timeline.timeline_agg(crm_timeline.timeline) (
	SFUNC = crm_timeline.timeline_agg_union_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.timeline_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.timeline_agg_combinefn,
	SERIALFUNC = crm_timeline.timeline_agg_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.timeline_agg(crm_timeline.timeline) IS
	'the union of timelines, as by +';

-- Reading

CREATE FUNCTION crm_timeline.length(crm_timeline.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'timeline_length' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.length(crm_timeline.timeline) IS
	'the number of interactions; reads the header only';
CREATE FUNCTION crm_timeline.starts_at(crm_timeline.timeline) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'timeline_starts_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.starts_at(crm_timeline.timeline) IS
	'the time of the first interaction, NULL if there is none; reads the header only';
CREATE FUNCTION crm_timeline.ends_at(crm_timeline.timeline) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'timeline_ends_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.ends_at(crm_timeline.timeline) IS
	'the time of the last interaction, NULL if there is none; reads the header only';
CREATE FUNCTION crm_timeline.span(crm_timeline.timeline) RETURNS tstzrange
	AS 'MODULE_PATHNAME', 'timeline_span' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.span(crm_timeline.timeline) IS
	'from the first to the last interaction, both included; the empty range if there is none; reads the header only';
CREATE FUNCTION crm_timeline.kinds(crm_timeline.timeline) RETURNS text[]
	AS 'MODULE_PATHNAME', 'timeline_kinds' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.kinds(crm_timeline.timeline) IS
	'the kind of each interaction, in order';
CREATE FUNCTION crm_timeline.attributes(crm_timeline.timeline) RETURNS text[]
	AS 'MODULE_PATHNAME', 'timeline_attributes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5;
COMMENT ON FUNCTION crm_timeline.attributes(crm_timeline.timeline) IS
	'the names of the attributes that some interaction has, in the order of their bytes';
CREATE FUNCTION crm_timeline."unnest"(crm_timeline.timeline) RETURNS SETOF crm_timeline.interaction
	AS 'MODULE_PATHNAME', 'timeline_unnest' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100 ROWS 100;
COMMENT ON FUNCTION crm_timeline."unnest"(crm_timeline.timeline) IS
	'the interactions as rows, in order';
CREATE FUNCTION crm_timeline.first_interaction(crm_timeline.timeline) RETURNS crm_timeline.interaction
	AS 'MODULE_PATHNAME', 'timeline_first_interaction' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.first_interaction(crm_timeline.timeline) IS
	'the first interaction as a row, NULL if there is none';
CREATE FUNCTION crm_timeline.last_interaction(crm_timeline.timeline) RETURNS crm_timeline.interaction
	AS 'MODULE_PATHNAME', 'timeline_last_interaction' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.last_interaction(crm_timeline.timeline) IS
	'the last interaction as a row, NULL if there is none';
CREATE FUNCTION crm_timeline.attribute_texts(crm_timeline.timeline, name text) RETURNS text[]
	AS 'MODULE_PATHNAME', 'timeline_attribute_texts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_texts(crm_timeline.timeline, text) IS
	'one text attribute of each interaction, in order, NULL where it is absent or a number; kind and seq are read, too';
CREATE FUNCTION crm_timeline.attribute_numbers(crm_timeline.timeline, name text) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'timeline_attribute_numbers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_numbers(crm_timeline.timeline, text) IS
	'one number attribute of each interaction, in order, NULL where it is absent or a text; seq is one, too';
CREATE FUNCTION crm_timeline.attribute_sum(crm_timeline.timeline, name text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'timeline_attribute_sum' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_sum(crm_timeline.timeline, text) IS
	'the sum of one number attribute, added up in order; NULL if no interaction has it';
CREATE FUNCTION crm_timeline.attribute_min(crm_timeline.timeline, name text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'timeline_attribute_min' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_min(crm_timeline.timeline, text) IS
	'the least value of one number attribute; NULL if no interaction has it';
CREATE FUNCTION crm_timeline.attribute_max(crm_timeline.timeline, name text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'timeline_attribute_max' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_max(crm_timeline.timeline, text) IS
	'the greatest value of one number attribute, NaN above all; NULL if no interaction has it';
CREATE FUNCTION crm_timeline.attribute_mean(crm_timeline.timeline, name text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'timeline_attribute_mean' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.attribute_mean(crm_timeline.timeline, text) IS
	'the mean of one number attribute over the interactions that have it; NULL if none has';

-- Parts

CREATE FUNCTION crm_timeline.slice(crm_timeline.timeline, tstzrange) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_slice' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION crm_timeline.slice(crm_timeline.timeline, tstzrange) IS
	'the interactions whose time lies in the range';
CREATE FUNCTION crm_timeline.last_interactions(crm_timeline.timeline, n integer) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_last_interactions' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION crm_timeline.last_interactions(crm_timeline.timeline, integer) IS
	'the last n interactions; all of them where there are no more';
CREATE FUNCTION crm_timeline.pick_kinds(crm_timeline.timeline, VARIADIC kinds text[]) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_pick_kinds' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION crm_timeline.pick_kinds(crm_timeline.timeline, text[]) IS
	'the interactions of these kinds';

-- Algebra

CREATE FUNCTION crm_timeline.timeline_union(crm_timeline.timeline, crm_timeline.timeline) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_union' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_union(crm_timeline.timeline, crm_timeline.timeline) IS
	'of equal interactions the greater number of copies';
CREATE OPERATOR crm_timeline.+ (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_union, COMMUTATOR = OPERATOR(crm_timeline.+)
);
COMMENT ON OPERATOR crm_timeline.+ (crm_timeline.timeline, crm_timeline.timeline) IS
	'union';
CREATE FUNCTION crm_timeline.timeline_intersection(crm_timeline.timeline, crm_timeline.timeline) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_intersection' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_intersection(crm_timeline.timeline, crm_timeline.timeline) IS
	'of equal interactions the smaller number of copies';
CREATE OPERATOR crm_timeline.* (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_intersection, COMMUTATOR = OPERATOR(crm_timeline.*)
);
COMMENT ON OPERATOR crm_timeline.* (crm_timeline.timeline, crm_timeline.timeline) IS
	'intersection';
CREATE FUNCTION crm_timeline.timeline_difference(crm_timeline.timeline, crm_timeline.timeline) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_difference' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_difference(crm_timeline.timeline, crm_timeline.timeline) IS
	'each interaction of the second takes one equal to it away from the first';
CREATE OPERATOR crm_timeline.- (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_difference
);
COMMENT ON OPERATOR crm_timeline.- (crm_timeline.timeline, crm_timeline.timeline) IS
	'difference';
CREATE FUNCTION crm_timeline.timeline_concat(crm_timeline.timeline, crm_timeline.timeline) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_concat' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_concat(crm_timeline.timeline, crm_timeline.timeline) IS
	'the interactions of both, every copy kept';
CREATE OPERATOR crm_timeline.|| (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_concat, COMMUTATOR = OPERATOR(crm_timeline.||)
);
COMMENT ON OPERATOR crm_timeline.|| (crm_timeline.timeline, crm_timeline.timeline) IS
	'both together, every copy kept';
CREATE FUNCTION crm_timeline.timeline_overlaps(crm_timeline.timeline, tstzrange) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_overlaps' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.timeline_overlaps(crm_timeline.timeline, tstzrange) IS
	'whether some interaction lies in the range';
CREATE FUNCTION crm_timeline.timeline_overlapped_by(tstzrange, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_overlapped_by' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.timeline_overlapped_by(tstzrange, crm_timeline.timeline) IS
	'whether some interaction lies in the range';
CREATE OPERATOR crm_timeline.&& (
	LEFTARG = crm_timeline.timeline, RIGHTARG = tstzrange,
	FUNCTION = crm_timeline.timeline_overlaps, COMMUTATOR = OPERATOR(crm_timeline.&&),
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR crm_timeline.&& (crm_timeline.timeline, tstzrange) IS
	'some interaction lies in the range';
CREATE OPERATOR crm_timeline.&& (
	LEFTARG = tstzrange, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_overlapped_by, COMMUTATOR = OPERATOR(crm_timeline.&&),
	RESTRICT = contsel, JOIN = contjoinsel
);
COMMENT ON OPERATOR crm_timeline.&& (tstzrange, crm_timeline.timeline) IS
	'some interaction lies in the range';

-- Equality, order, hash: over the bytes, of which equal timelines have the same

CREATE FUNCTION crm_timeline.timeline_eq(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_eq(crm_timeline.timeline, crm_timeline.timeline) IS
	'equal';
CREATE FUNCTION crm_timeline.timeline_ne(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_ne(crm_timeline.timeline, crm_timeline.timeline) IS
	'not equal';
CREATE FUNCTION crm_timeline.timeline_lt(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_lt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_lt(crm_timeline.timeline, crm_timeline.timeline) IS
	'less than';
CREATE FUNCTION crm_timeline.timeline_le(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_le' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_le(crm_timeline.timeline, crm_timeline.timeline) IS
	'less than or equal';
CREATE FUNCTION crm_timeline.timeline_gt(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_gt' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_gt(crm_timeline.timeline, crm_timeline.timeline) IS
	'greater than';
CREATE FUNCTION crm_timeline.timeline_ge(crm_timeline.timeline, crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'timeline_ge' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_ge(crm_timeline.timeline, crm_timeline.timeline) IS
	'greater than or equal';
CREATE FUNCTION crm_timeline.timeline_cmp(crm_timeline.timeline, crm_timeline.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'timeline_cmp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_cmp(crm_timeline.timeline, crm_timeline.timeline) IS
	'-1, 0 or 1';
CREATE FUNCTION crm_timeline.timeline_hash(crm_timeline.timeline) RETURNS integer
	AS 'MODULE_PATHNAME', 'timeline_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_hash(crm_timeline.timeline) IS
	'hash';
CREATE FUNCTION crm_timeline.timeline_hash_extended(crm_timeline.timeline, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'timeline_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_hash_extended(crm_timeline.timeline, bigint) IS
	'hash with a seed';
CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.timeline, crm_timeline.timeline) IS
	'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.timeline, crm_timeline.timeline) IS
	'not equal';
CREATE OPERATOR crm_timeline.< (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_lt,
	COMMUTATOR = OPERATOR(crm_timeline.>), NEGATOR = OPERATOR(crm_timeline.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR crm_timeline.< (crm_timeline.timeline, crm_timeline.timeline) IS
	'less than';
CREATE OPERATOR crm_timeline.<= (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_le,
	COMMUTATOR = OPERATOR(crm_timeline.>=), NEGATOR = OPERATOR(crm_timeline.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR crm_timeline.<= (crm_timeline.timeline, crm_timeline.timeline) IS
	'less than or equal';
CREATE OPERATOR crm_timeline.> (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_gt,
	COMMUTATOR = OPERATOR(crm_timeline.<), NEGATOR = OPERATOR(crm_timeline.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR crm_timeline.> (crm_timeline.timeline, crm_timeline.timeline) IS
	'greater than';
CREATE OPERATOR crm_timeline.>= (
	LEFTARG = crm_timeline.timeline, RIGHTARG = crm_timeline.timeline,
	FUNCTION = crm_timeline.timeline_ge,
	COMMUTATOR = OPERATOR(crm_timeline.<=), NEGATOR = OPERATOR(crm_timeline.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR crm_timeline.>= (crm_timeline.timeline, crm_timeline.timeline) IS
	'greater than or equal';
CREATE OPERATOR CLASS crm_timeline.timeline_ops DEFAULT FOR TYPE crm_timeline.timeline USING btree AS
	OPERATOR 1 crm_timeline.<,
	OPERATOR 2 crm_timeline.<=,
	OPERATOR 3 crm_timeline.=,
	OPERATOR 4 crm_timeline.>=,
	OPERATOR 5 crm_timeline.>,
	FUNCTION 1 crm_timeline.timeline_cmp(crm_timeline.timeline, crm_timeline.timeline);
COMMENT ON OPERATOR CLASS crm_timeline.timeline_ops USING btree IS
	'order of the bytes';
CREATE OPERATOR CLASS crm_timeline.timeline_ops DEFAULT FOR TYPE crm_timeline.timeline USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.timeline_hash(crm_timeline.timeline),
	FUNCTION 2 crm_timeline.timeline_hash_extended(crm_timeline.timeline, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.timeline_ops USING hash IS
	'equality';

-- Casts; those to and from text say what output and input say, without their copies of the text

CREATE FUNCTION crm_timeline.timeline_to_text(crm_timeline.timeline) RETURNS text
	AS 'MODULE_PATHNAME', 'timeline_to_text' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_to_text(crm_timeline.timeline) IS
	'the text form';
CREATE FUNCTION crm_timeline.text_to_timeline(text) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'text_to_timeline' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.text_to_timeline(text) IS
	'the timeline of a text form';
CREATE FUNCTION crm_timeline.timeline_to_jsonb(crm_timeline.timeline) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'timeline_to_jsonb' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.timeline_to_jsonb(crm_timeline.timeline) IS
	'a jsonb array of the interactions, each a flat object';
CREATE FUNCTION crm_timeline.jsonb_to_timeline(jsonb) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'jsonb_to_timeline' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.jsonb_to_timeline(jsonb) IS
	'the timeline of a jsonb array of flat objects with occurred_at and kind';
CREATE FUNCTION crm_timeline.timeline_to_bytea(crm_timeline.timeline) RETURNS bytea
	AS 'MODULE_PATHNAME', 'timeline_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.timeline_to_bytea(crm_timeline.timeline) IS
	'the binary form';
CREATE FUNCTION crm_timeline.bytea_to_timeline(bytea) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_from_bytea' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.bytea_to_timeline(bytea) IS
	'the timeline of a binary form, which is checked';
CREATE FUNCTION crm_timeline.check_timeline(crm_timeline.timeline) RETURNS boolean
	AS 'MODULE_PATHNAME', 'check_timeline' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.check_timeline(crm_timeline.timeline) IS
	'true for a sound value; an error of SQLSTATE XX001 that says what is wrong with another';
CREATE CAST (crm_timeline.timeline AS text) WITH FUNCTION crm_timeline.timeline_to_text(crm_timeline.timeline) AS ASSIGNMENT;
COMMENT ON CAST (crm_timeline.timeline AS text) IS
	'text form';
CREATE CAST (text AS crm_timeline.timeline) WITH FUNCTION crm_timeline.text_to_timeline(text);
COMMENT ON CAST (text AS crm_timeline.timeline) IS
	'from the text form';
CREATE CAST (crm_timeline.timeline AS jsonb) WITH FUNCTION crm_timeline.timeline_to_jsonb(crm_timeline.timeline);
COMMENT ON CAST (crm_timeline.timeline AS jsonb) IS
	'array of the interactions';
CREATE CAST (jsonb AS crm_timeline.timeline) WITH FUNCTION crm_timeline.jsonb_to_timeline(jsonb);
COMMENT ON CAST (jsonb AS crm_timeline.timeline) IS
	'from an array of interactions';
CREATE CAST (crm_timeline.timeline AS bytea) WITH FUNCTION crm_timeline.timeline_to_bytea(crm_timeline.timeline);
COMMENT ON CAST (crm_timeline.timeline AS bytea) IS
	'binary form';
CREATE CAST (bytea AS crm_timeline.timeline) WITH FUNCTION crm_timeline.bytea_to_timeline(bytea);
COMMENT ON CAST (bytea AS crm_timeline.timeline) IS
	'from the binary form';
