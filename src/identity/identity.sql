-- identity: who somebody is said to be, [tenant/]namespace:value.
-- identity(namespace, raw) is total: it never raises an error for what a text
-- holds, so that no index, view or trigger makes a write fail. It, the parts
-- and the comparisons are LEAKPROOF, as doc/identity.md argues; input and output
-- are not, since they quote what they refuse.

CREATE TYPE crm_timeline.identity;

CREATE FUNCTION crm_timeline.identity_in(cstring) RETURNS crm_timeline.identity
	AS 'MODULE_PATHNAME', 'identity_in' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.identity_in(cstring) IS
	'text input';
CREATE FUNCTION crm_timeline.identity_out(crm_timeline.identity) RETURNS cstring
	AS 'MODULE_PATHNAME', 'identity_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_out(crm_timeline.identity) IS
	'text output: the canonical form';
CREATE FUNCTION crm_timeline.identity_recv(internal) RETURNS crm_timeline.identity
	AS 'MODULE_PATHNAME', 'identity_recv' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.identity_recv(internal) IS
	'binary input';
CREATE FUNCTION crm_timeline.identity_send(crm_timeline.identity) RETURNS bytea
	AS 'MODULE_PATHNAME', 'identity_send' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_send(crm_timeline.identity) IS
	'binary output';

CREATE TYPE crm_timeline.identity (
	INPUT = crm_timeline.identity_in,
	OUTPUT = crm_timeline.identity_out,
	RECEIVE = crm_timeline.identity_recv,
	SEND = crm_timeline.identity_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);
COMMENT ON TYPE crm_timeline.identity IS
	'who somebody is said to be: a value in a namespace, such as email:ann@example.com, optionally behind the wall of a tenant';

-- The bytes of an identity are those of its text.
CREATE CAST (crm_timeline.identity AS text) WITHOUT FUNCTION AS ASSIGNMENT;
COMMENT ON CAST (crm_timeline.identity AS text) IS
	'the canonical form';

-- Making one

CREATE FUNCTION crm_timeline.identity(namespace text, raw text, tenant text DEFAULT NULL, region text DEFAULT NULL) RETURNS crm_timeline.identity
	AS 'MODULE_PATHNAME', 'identity_make' LANGUAGE C IMMUTABLE LEAKPROOF PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.identity(text, text, text, text) IS
	'the identity of a raw value, normalised by the rules of its namespace; NULL if it is none, never an error';
CREATE FUNCTION crm_timeline.identity_problem(namespace text, raw text, tenant text DEFAULT NULL, region text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'identity_problem' LANGUAGE C IMMUTABLE LEAKPROOF PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.identity_problem(text, text, text, text) IS
	'why identity() gives NULL for these arguments: a stable word, a colon, a sentence; NULL if it does not';

-- Its parts

CREATE FUNCTION crm_timeline.identity_namespace(crm_timeline.identity) RETURNS text
	AS 'MODULE_PATHNAME', 'identity_namespace' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_namespace(crm_timeline.identity) IS
	'the namespace';
CREATE FUNCTION crm_timeline.identity_value(crm_timeline.identity) RETURNS text
	AS 'MODULE_PATHNAME', 'identity_value' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_value(crm_timeline.identity) IS
	'the normalised value';
CREATE FUNCTION crm_timeline.identity_tenant(crm_timeline.identity) RETURNS text
	AS 'MODULE_PATHNAME', 'identity_tenant' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_tenant(crm_timeline.identity) IS
	'the tenant, without quotes; NULL if there is none';

-- What it looks like, and who it is until that is known

CREATE FUNCTION crm_timeline.identity_skeleton(crm_timeline.identity) RETURNS text
	AS 'MODULE_PATHNAME', 'identity_skeleton' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 100;
COMMENT ON FUNCTION crm_timeline.identity_skeleton(crm_timeline.identity) IS
	'tenant, namespace and what the value looks like: the same for values that people confuse';
CREATE FUNCTION crm_timeline.looks_like(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'looks_like' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE COST 200;
COMMENT ON FUNCTION crm_timeline.looks_like(crm_timeline.identity, crm_timeline.identity) IS
	'two different identities of one tenant and namespace that people confuse?';
CREATE FUNCTION crm_timeline.provisional_customer(crm_timeline.identity) RETURNS bigint
	AS 'MODULE_PATHNAME', 'provisional_customer' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.provisional_customer(crm_timeline.identity) IS
	'the negative customer number of an identity that no refresh has seen yet';

-- By which rules

CREATE FUNCTION crm_timeline.icu_version() RETURNS text
	AS 'MODULE_PATHNAME', 'icu_version' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.icu_version() IS
	'the version of the ICU library that normalises';
CREATE FUNCTION crm_timeline.unicode_version() RETURNS text
	AS 'MODULE_PATHNAME', 'unicode_version' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.unicode_version() IS
	'the version of Unicode that this ICU library knows';
CREATE FUNCTION crm_timeline.phone_metadata_version() RETURNS text
	AS 'MODULE_PATHNAME', 'phone_metadata_version' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.phone_metadata_version() IS
	'the version of the plans of national telephone numbers; NULL without the module crm_timeline_phone';

-- Equality and order are those of the bytes, whatever the locale.

CREATE FUNCTION crm_timeline.identity_eq(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_eq' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_eq(crm_timeline.identity, crm_timeline.identity) IS
	'equal';
CREATE FUNCTION crm_timeline.identity_ne(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_ne' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_ne(crm_timeline.identity, crm_timeline.identity) IS
	'not equal';
CREATE FUNCTION crm_timeline.identity_lt(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_lt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_lt(crm_timeline.identity, crm_timeline.identity) IS
	'less than';
CREATE FUNCTION crm_timeline.identity_le(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_le' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_le(crm_timeline.identity, crm_timeline.identity) IS
	'less than or equal';
CREATE FUNCTION crm_timeline.identity_gt(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_gt' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_gt(crm_timeline.identity, crm_timeline.identity) IS
	'greater than';
CREATE FUNCTION crm_timeline.identity_ge(crm_timeline.identity, crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'identity_ge' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_ge(crm_timeline.identity, crm_timeline.identity) IS
	'greater than or equal';
CREATE FUNCTION crm_timeline.identity_cmp(crm_timeline.identity, crm_timeline.identity) RETURNS integer
	AS 'MODULE_PATHNAME', 'identity_cmp' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_cmp(crm_timeline.identity, crm_timeline.identity) IS
	'negative, 0 or positive: order of the bytes';
CREATE FUNCTION crm_timeline.identity_sortsupport(internal) RETURNS void
	AS 'MODULE_PATHNAME', 'identity_sortsupport' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_sortsupport(internal) IS
	'sorting by the order of the bytes';
CREATE FUNCTION crm_timeline.identity_hash(crm_timeline.identity) RETURNS integer
	AS 'MODULE_PATHNAME', 'identity_hash' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_hash(crm_timeline.identity) IS
	'hash';
CREATE FUNCTION crm_timeline.identity_hash_extended(crm_timeline.identity, bigint) RETURNS bigint
	AS 'MODULE_PATHNAME', 'identity_hash_extended' LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.identity_hash_extended(crm_timeline.identity, bigint) IS
	'hash with a seed';

CREATE OPERATOR crm_timeline.= (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_eq,
	COMMUTATOR = OPERATOR(crm_timeline.=), NEGATOR = OPERATOR(crm_timeline.<>),
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR crm_timeline.= (crm_timeline.identity, crm_timeline.identity) IS 'equal';
CREATE OPERATOR crm_timeline.<> (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_ne,
	COMMUTATOR = OPERATOR(crm_timeline.<>), NEGATOR = OPERATOR(crm_timeline.=),
	RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR crm_timeline.<> (crm_timeline.identity, crm_timeline.identity) IS 'not equal';
CREATE OPERATOR crm_timeline.< (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_lt,
	COMMUTATOR = OPERATOR(crm_timeline.>), NEGATOR = OPERATOR(crm_timeline.>=),
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR crm_timeline.< (crm_timeline.identity, crm_timeline.identity) IS 'less than';
CREATE OPERATOR crm_timeline.<= (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_le,
	COMMUTATOR = OPERATOR(crm_timeline.>=), NEGATOR = OPERATOR(crm_timeline.>),
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR crm_timeline.<= (crm_timeline.identity, crm_timeline.identity) IS 'less than or equal';
CREATE OPERATOR crm_timeline.> (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_gt,
	COMMUTATOR = OPERATOR(crm_timeline.<), NEGATOR = OPERATOR(crm_timeline.<=),
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR crm_timeline.> (crm_timeline.identity, crm_timeline.identity) IS 'greater than';
CREATE OPERATOR crm_timeline.>= (
	LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = crm_timeline.identity_ge,
	COMMUTATOR = OPERATOR(crm_timeline.<=), NEGATOR = OPERATOR(crm_timeline.<),
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR crm_timeline.>= (crm_timeline.identity, crm_timeline.identity) IS 'greater than or equal';

-- Equal identities are the same bytes, so an index may keep one of several (btequalimage).
CREATE OPERATOR CLASS crm_timeline.identity_ops DEFAULT FOR TYPE crm_timeline.identity USING btree AS
	OPERATOR 1 crm_timeline.<,
	OPERATOR 2 crm_timeline.<=,
	OPERATOR 3 crm_timeline.=,
	OPERATOR 4 crm_timeline.>=,
	OPERATOR 5 crm_timeline.>,
	FUNCTION 1 crm_timeline.identity_cmp(crm_timeline.identity, crm_timeline.identity),
	FUNCTION 2 crm_timeline.identity_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS crm_timeline.identity_ops USING btree IS
	'order of the bytes';
CREATE OPERATOR CLASS crm_timeline.identity_ops DEFAULT FOR TYPE crm_timeline.identity USING hash AS
	OPERATOR 1 crm_timeline.=,
	FUNCTION 1 crm_timeline.identity_hash(crm_timeline.identity),
	FUNCTION 2 crm_timeline.identity_hash_extended(crm_timeline.identity, bigint);
COMMENT ON OPERATOR CLASS crm_timeline.identity_ops USING hash IS
	'equality';
