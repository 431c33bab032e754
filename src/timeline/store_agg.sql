-- What the store builds its timelines with: from rows of any data, from pieces; what it
-- notes beside them, and how it cuts large ones.

CREATE FUNCTION crm_timeline.store_agg_transfn(
	internal, timestamptz, text, text, text, text, text, text, text, double precision, double precision,
	double precision, boolean, text, text, bigint, jsonb
) RETURNS internal
	AS 'MODULE_PATHNAME', 'store_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_transfn(
	internal, timestamptz, text, text, text, text, text, text, text, double precision, double precision,
	double precision, boolean, text, text, bigint, jsonb) IS
	'transition function of store_agg()';
CREATE FUNCTION crm_timeline.store_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'store_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_serialfn(internal) IS
	'serialisation of a state of store_agg()';
CREATE FUNCTION crm_timeline.store_agg_finalfn(internal) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'store_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_finalfn(internal) IS
	'final function of store_agg()';
CREATE FUNCTION crm_timeline.store_agg_pieces_transfn(internal, crm_timeline.timeline) RETURNS internal
	AS 'MODULE_PATHNAME', 'store_agg_pieces_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_pieces_transfn(internal, crm_timeline.timeline) IS
	'transition function of store_agg(timeline)';
CREATE FUNCTION crm_timeline.store_agg_pieces_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'store_agg_pieces_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_pieces_combinefn(internal, internal) IS
	'combine function of store_agg(timeline)';
CREATE FUNCTION crm_timeline.store_agg_pieces_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'store_agg_pieces_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_pieces_serialfn(internal) IS
	'serialisation of a state of store_agg(timeline)';
CREATE FUNCTION crm_timeline.store_agg_pieces_finalfn(internal) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'store_agg_pieces_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.store_agg_pieces_finalfn(internal) IS
	'final function of store_agg(timeline)';

CREATE AGGREGATE crm_timeline.store_agg(
	occurred_at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text, topic text,
	sentiment double precision, score double precision, value double precision, automated boolean, source text, ref text,
	seq bigint, attributes jsonb
) (
	SFUNC = crm_timeline.store_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.store_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.timeline_agg_combinefn,
	SERIALFUNC = crm_timeline.store_agg_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.store_agg(
	timestamptz, text, text, text, text, text, text, text, double precision, double precision,
	double precision, boolean, text, text, bigint, jsonb) IS
	'the timeline of the rows, whatever they hold: what no interaction may have is left out';
CREATE AGGREGATE crm_timeline.store_agg(crm_timeline.timeline) (
	SFUNC = crm_timeline.store_agg_pieces_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = crm_timeline.store_agg_pieces_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.store_agg_pieces_combinefn,
	SERIALFUNC = crm_timeline.store_agg_pieces_serialfn,
	DESERIALFUNC = crm_timeline.timeline_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.store_agg(crm_timeline.timeline) IS
	'the pieces together, every copy kept, as by ||';

CREATE FUNCTION crm_timeline.timeline_summary(
	crm_timeline.timeline, OUT interactions bigint, OUT first_at timestamptz, OUT last_at timestamptz,
	OUT last_inbound_at timestamptz, OUT last_outbound_at timestamptz, OUT last_kind text, OUT last_channel text,
	OUT last_outcome text, OUT last_sentiment double precision, OUT last_score double precision
) AS 'MODULE_PATHNAME', 'timeline_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.timeline_summary(crm_timeline.timeline) IS
	'how many interactions, when the first and the last ones were, and what the last one was';
CREATE FUNCTION crm_timeline.timeline_parts(crm_timeline.timeline, max_bytes integer) RETURNS SETOF crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'timeline_parts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION crm_timeline.timeline_parts(crm_timeline.timeline, integer) IS
	'the timeline in parts that follow each other in time, of so many bytes or one instant each';
