-- schedule: opening hours, and how much time of them is open.

CREATE TYPE crm_timeline.schedule;

CREATE FUNCTION crm_timeline.schedule_in(cstring) RETURNS crm_timeline.schedule
	AS 'MODULE_PATHNAME', 'schedule_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.schedule_in(cstring) IS
	'text input';
CREATE FUNCTION crm_timeline.schedule_out(crm_timeline.schedule) RETURNS cstring
	AS 'MODULE_PATHNAME', 'schedule_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_out(crm_timeline.schedule) IS
	'text output: the canonical form';
CREATE FUNCTION crm_timeline.schedule_recv(internal) RETURNS crm_timeline.schedule
	AS 'MODULE_PATHNAME', 'schedule_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.schedule_recv(internal) IS
	'binary input';
CREATE FUNCTION crm_timeline.schedule_send(crm_timeline.schedule) RETURNS bytea
	AS 'MODULE_PATHNAME', 'schedule_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_send(crm_timeline.schedule) IS
	'binary output';

CREATE TYPE crm_timeline.schedule (
	INPUT = crm_timeline.schedule_in,
	OUTPUT = crm_timeline.schedule_out,
	RECEIVE = crm_timeline.schedule_recv,
	SEND = crm_timeline.schedule_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE crm_timeline.schedule IS
	'opening hours: weekly hours of a time zone with exceptions and later versions';

CREATE FUNCTION crm_timeline.schedule_eq(crm_timeline.schedule, crm_timeline.schedule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'schedule_eq' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_eq(crm_timeline.schedule, crm_timeline.schedule) IS
	'are the canonical texts equal?';
CREATE FUNCTION crm_timeline.schedule_ne(crm_timeline.schedule, crm_timeline.schedule) RETURNS boolean
	AS 'MODULE_PATHNAME', 'schedule_ne' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_ne(crm_timeline.schedule, crm_timeline.schedule) IS
	'are the canonical texts different?';
CREATE FUNCTION crm_timeline.schedule_hash(crm_timeline.schedule) RETURNS integer
	AS 'MODULE_PATHNAME', 'schedule_hash' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_hash(crm_timeline.schedule) IS
	'hash of the canonical text';
CREATE FUNCTION crm_timeline.schedule_hash_extended(crm_timeline.schedule, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'schedule_hash_extended' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.schedule_hash_extended(crm_timeline.schedule, bigint) IS
	'hash of the canonical text with a seed';

CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.schedule, RIGHTARG = crm_timeline.schedule, FUNCTION = crm_timeline.schedule_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.schedule, crm_timeline.schedule) IS 'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.schedule, RIGHTARG = crm_timeline.schedule, FUNCTION = crm_timeline.schedule_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.schedule, crm_timeline.schedule) IS 'not equal';
CREATE OPERATOR CLASS crm_timeline.schedule_hash_ops DEFAULT FOR TYPE crm_timeline.schedule USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.schedule_hash(crm_timeline.schedule),
	FUNCTION 2 crm_timeline.schedule_hash_extended(crm_timeline.schedule, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.schedule_hash_ops USING hash IS 'hashing of schedules by their canonical texts';

-- Business time: immutable, as the server's own timezone(text, timestamptz) is.

CREATE FUNCTION crm_timeline.business_time(s crm_timeline.schedule, since timestamptz, until timestamptz) RETURNS interval
	AS 'MODULE_PATHNAME', 'schedule_business_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.business_time(crm_timeline.schedule, timestamptz, timestamptz) IS
	'how much open time there is between two instants; negative where until is before since';
CREATE FUNCTION crm_timeline.add_business_time(s crm_timeline.schedule, since timestamptz, amount interval) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'schedule_add_business_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.add_business_time(crm_timeline.schedule, timestamptz, interval) IS
	'the instant that is an amount of open time later, or earlier; NULL where there is not so much';
CREATE FUNCTION crm_timeline.is_open(s crm_timeline.schedule, at timestamptz) RETURNS boolean
	AS 'MODULE_PATHNAME', 'schedule_is_open' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.is_open(crm_timeline.schedule, timestamptz) IS
	'is it open at an instant?';
CREATE FUNCTION crm_timeline.opens_at(s crm_timeline.schedule, at timestamptz) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'schedule_opens_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.opens_at(crm_timeline.schedule, timestamptz) IS
	'the instant itself if it is open then, else the next one at which it opens; NULL for never';
CREATE FUNCTION crm_timeline.closes_at(s crm_timeline.schedule, at timestamptz) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'schedule_closes_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.closes_at(crm_timeline.schedule, timestamptz) IS
	'when the open time ends that is at an instant, or else the next; NULL for never';
CREATE FUNCTION crm_timeline.open_times(s crm_timeline.schedule, during tstzrange) RETURNS tstzmultirange
	AS 'MODULE_PATHNAME', 'schedule_open_times' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.open_times(crm_timeline.schedule, tstzrange) IS
	'the open times within a range that is finite';
