
-- links: facts about identities, the guards against wrong ones, and what follows.
-- Facts, guards and what was resolved survive a dump. Nothing is granted to PUBLIC.

-- Facts

CREATE SEQUENCE crm_timeline.link_id_seq;
COMMENT ON SEQUENCE crm_timeline.link_id_seq IS 'the numbers of asserted facts';

CREATE TABLE crm_timeline.link (
	id bigint NOT NULL DEFAULT pg_catalog.nextval('crm_timeline.link_id_seq'),
	a crm_timeline.identity NOT NULL,
	b crm_timeline.identity NOT NULL,
	verdict text NOT NULL,
	grade smallint,
	source text,
	ref text,
	noted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (id),
	CONSTRAINT link_order CHECK (a OPERATOR(crm_timeline.<) b),
	CONSTRAINT link_verdict CHECK (verdict IN ('same', 'never', 'unlink')),
	CONSTRAINT link_grade CHECK (CASE verdict WHEN 'same' THEN grade IS NOT NULL AND grade BETWEEN 1 AND 100 ELSE grade IS NULL END)
);
COMMENT ON TABLE crm_timeline.link IS
	'asserted facts: two identities are the same customer, are never, or are not linked any more; only added to, by link(), never() and unlink()';
CREATE INDEX link_a ON crm_timeline.link (a, b);
COMMENT ON INDEX crm_timeline.link_a IS 'the facts about an identity';
CREATE INDEX link_b ON crm_timeline.link (b);
COMMENT ON INDEX crm_timeline.link_b IS 'the facts about an identity';

CREATE TABLE crm_timeline.observed_link (
	source text NOT NULL,
	a crm_timeline.identity NOT NULL,
	b crm_timeline.identity NOT NULL,
	grade smallint NOT NULL,
	noted_at timestamptz NOT NULL,
	-- an owner's links lie together; what is unique is the same in any order
	PRIMARY KEY (a, source, b),
	-- so that two of the longest identities beside it fit into an index
	CONSTRAINT observed_link_source CHECK (pg_catalog.octet_length(source) <= 255),
	CONSTRAINT observed_link_ends CHECK (a OPERATOR(crm_timeline.<>) b),
	CONSTRAINT observed_link_grade CHECK (grade BETWEEN 1 AND 100)
);
COMMENT ON TABLE crm_timeline.observed_link IS
	'observed facts: rows of a source, owned by a, show b beside it, the first of them at noted_at; they go with these rows';
CREATE INDEX observed_link_b ON crm_timeline.observed_link (b);
COMMENT ON INDEX crm_timeline.observed_link_b IS 'the owners that an identity was seen beside';

CREATE TABLE crm_timeline.touched_identity (
	identity crm_timeline.identity
);
COMMENT ON TABLE crm_timeline.touched_identity IS
	'what the next resolve() has to look at beside what it is given; NULL = everything';

-- Guards: only what differs from the defaults

CREATE TABLE crm_timeline.identity_limit (
	namespace text NOT NULL PRIMARY KEY,
	per_customer integer,
	degree integer,
	CONSTRAINT identity_limit_namespace CHECK (namespace COLLATE "C" ~ '^[a-z][a-z0-9_.-]*$'),
	CONSTRAINT identity_limit_per_customer CHECK (per_customer > 0),
	CONSTRAINT identity_limit_degree CHECK (degree > 0)
);
COMMENT ON TABLE crm_timeline.identity_limit IS
	'how many identities of a namespace one customer may have, and how many accepted links one of them; NULL = the default';

CREATE TABLE crm_timeline.blocked_identity (
	identity crm_timeline.identity NOT NULL PRIMARY KEY,
	reason text
);
COMMENT ON TABLE crm_timeline.blocked_identity IS
	'identities that link nobody, such as a switchboard''s number or an address that stands for "none"';

CREATE TABLE crm_timeline.resolution_setting (
	name text NOT NULL PRIMARY KEY,
	value integer NOT NULL,
	CONSTRAINT resolution_setting_name CHECK (name IN ('degree', 'cluster')),
	CONSTRAINT resolution_setting_value CHECK (value > 0)
);
COMMENT ON TABLE crm_timeline.resolution_setting IS
	'limits that differ from their defaults: degree (accepted links of one identity), cluster (identities of one customer)';

CREATE FUNCTION crm_timeline.resolution_setting(name text) RETURNS integer
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
	BEGIN ATOMIC
		SELECT coalesce((SELECT s.value FROM crm_timeline.resolution_setting s WHERE s.name = $1),
			CASE $1 WHEN 'degree' THEN 100 WHEN 'cluster' THEN 1000 END);
	END;
COMMENT ON FUNCTION crm_timeline.resolution_setting(text) IS
	'a limit of resolve(), degree or cluster: the row of the table resolution_setting, else the default, 100 and 1000; NULL for another name';

-- What follows from the facts

CREATE SEQUENCE crm_timeline.membership_number_seq;
COMMENT ON SEQUENCE crm_timeline.membership_number_seq IS 'the numbers of identities, in the order in which they were first resolved';

CREATE TABLE crm_timeline.membership (
	identity crm_timeline.identity NOT NULL PRIMARY KEY,
	number bigint NOT NULL UNIQUE,
	customer_id bigint NOT NULL,
	since timestamptz NOT NULL
);
COMMENT ON TABLE crm_timeline.membership IS
	'the customer of every identity, as of the last resolve(): the least number of its customer''s identities';
CREATE INDEX membership_customer ON crm_timeline.membership (customer_id);
COMMENT ON INDEX crm_timeline.membership_customer IS 'the identities of a customer';
CREATE INDEX membership_provisional ON crm_timeline.membership (crm_timeline.provisional_customer(identity));
COMMENT ON INDEX crm_timeline.membership_provisional IS 'the customer of an identity that once was a provisional customer';
CREATE INDEX membership_phone ON crm_timeline.membership (pg_catalog.reverse(crm_timeline.identity_value(identity)) COLLATE "C")
	WHERE crm_timeline.identity_namespace(identity) = 'phone';
COMMENT ON INDEX crm_timeline.membership_phone IS 'phone numbers from their ends, for lookup()';
CREATE INDEX membership_look ON crm_timeline.membership (crm_timeline.identity_skeleton(identity) COLLATE "C")
	WHERE pg_catalog.octet_length(identity::text) <> pg_catalog.char_length(identity::text);
COMMENT ON INDEX crm_timeline.membership_look IS 'what identities that are not all ASCII look like, for lookup()';

CREATE TABLE crm_timeline.former_membership (
	identity crm_timeline.identity NOT NULL,
	customer_id bigint NOT NULL,
	since timestamptz NOT NULL,
	until timestamptz NOT NULL
);
COMMENT ON TABLE crm_timeline.former_membership IS
	'the customers that an identity had before, from since up to but not including until';
CREATE INDEX former_membership_identity ON crm_timeline.former_membership (identity, since);
COMMENT ON INDEX crm_timeline.former_membership_identity IS 'the customer of an identity as of a moment';

CREATE TABLE crm_timeline.bond (
	a bigint NOT NULL,
	b bigint NOT NULL,
	grade smallint NOT NULL,
	PRIMARY KEY (a, b)
);
COMMENT ON TABLE crm_timeline.bond IS
	'the links that joined two parts of a customer, by the numbers of their identities, a < b: one path, and no other, between any two identities of a customer';

CREATE TABLE crm_timeline.refused_link (
	a crm_timeline.identity NOT NULL,
	b crm_timeline.identity NOT NULL,
	source text,
	grade smallint NOT NULL,
	noted_at timestamptz NOT NULL,
	reason text NOT NULL,
	detail text,
	PRIMARY KEY (a, b)
);
COMMENT ON TABLE crm_timeline.refused_link IS
	'links that would join two customers and did not, with the guard that refused them: blocked, tenant, never, limit, degree, cluster, looks_like';
CREATE INDEX refused_link_b ON crm_timeline.refused_link (b);
COMMENT ON INDEX crm_timeline.refused_link_b IS 'the refused links of an identity';

SELECT pg_catalog.pg_extension_config_dump('crm_timeline.link_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.link', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.observed_link', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.identity_limit', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.blocked_identity', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.resolution_setting', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.membership_number_seq', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.membership', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.former_membership', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.bond', '');
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.refused_link', '');

-- What a change touches. Very many rows at once touch everything.

CREATE FUNCTION crm_timeline.touch_links() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	IF (SELECT count(*) FROM (SELECT FROM added LIMIT 100001) f) > 100000 THEN
		INSERT INTO crm_timeline.touched_identity (identity) VALUES (NULL);
	ELSE
		INSERT INTO crm_timeline.touched_identity (identity) SELECT n.a FROM added n UNION ALL SELECT n.b FROM added n;
	END IF;
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.touch_links() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.touch_links() IS 'trigger: marks both ends of new facts for the next resolve()';
CREATE TRIGGER touch AFTER INSERT ON crm_timeline.link
	REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.touch_links();
COMMENT ON TRIGGER touch ON crm_timeline.link IS 'marks both ends of new facts for the next resolve()';

-- A privileged erase says so: SET LOCAL crm_timeline.erasing = on.
CREATE FUNCTION crm_timeline.keep_links() RETURNS trigger
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	IF current_setting('crm_timeline.erasing', true) IS DISTINCT FROM 'on' THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = 'facts in the table crm_timeline.link are only added',
			HINT = 'Take a link back with crm_timeline.unlink(), and keep two identities apart with crm_timeline.never().';
	END IF;
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.keep_links() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.keep_links() IS 'trigger: refuses to change or remove asserted facts';
CREATE TRIGGER keep BEFORE UPDATE OR DELETE OR TRUNCATE ON crm_timeline.link
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.keep_links();
COMMENT ON TRIGGER keep ON crm_timeline.link IS 'refuses to change or remove asserted facts';

CREATE FUNCTION crm_timeline.touch_everything() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	INSERT INTO crm_timeline.touched_identity (identity) VALUES (NULL);
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.touch_everything() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.touch_everything() IS 'trigger: the next resolve() looks at everything';
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON crm_timeline.identity_limit
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.touch_everything();
COMMENT ON TRIGGER touch ON crm_timeline.identity_limit IS 'the next resolve() looks at everything';
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON crm_timeline.resolution_setting
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.touch_everything();
COMMENT ON TRIGGER touch ON crm_timeline.resolution_setting IS 'the next resolve() looks at everything';
CREATE TRIGGER touch_all AFTER TRUNCATE ON crm_timeline.blocked_identity
	FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.touch_everything();
COMMENT ON TRIGGER touch_all ON crm_timeline.blocked_identity IS 'the next resolve() looks at everything';

CREATE FUNCTION crm_timeline.touch_blocked() RETURNS trigger
	LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	-- an UPDATE is both
	changed crm_timeline.identity[] := CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.identity] WHEN 'DELETE' THEN ARRAY[OLD.identity] ELSE ARRAY[OLD.identity, NEW.identity] END;
BEGIN
	INSERT INTO crm_timeline.touched_identity (identity)
		SELECT m.identity FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) ANY (changed)
		UNION ALL SELECT l.b FROM crm_timeline.link l WHERE l.a OPERATOR(crm_timeline.=) ANY (changed)
		UNION ALL SELECT l.a FROM crm_timeline.link l WHERE l.b OPERATOR(crm_timeline.=) ANY (changed)
		UNION ALL SELECT o.b FROM crm_timeline.observed_link o WHERE o.a OPERATOR(crm_timeline.=) ANY (changed)
		UNION ALL SELECT o.a FROM crm_timeline.observed_link o WHERE o.b OPERATOR(crm_timeline.=) ANY (changed);
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.touch_blocked() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.touch_blocked() IS 'trigger: marks an identity that is blocked or free again, and all that facts link with it, for the next resolve()';
CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON crm_timeline.blocked_identity
	FOR EACH ROW EXECUTE FUNCTION crm_timeline.touch_blocked();
COMMENT ON TRIGGER touch ON crm_timeline.blocked_identity IS 'marks the identity, and all that facts link with it, for the next resolve()';

-- Asserting facts. They run as their owner, so that a role needs no right but to call them.

CREATE FUNCTION crm_timeline.note_fact(a crm_timeline.identity, b crm_timeline.identity, verdict text, grade integer, source text, ref text, noted_at timestamptz) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	fact bigint;
BEGIN
	IF note_fact.a IS NULL OR note_fact.b IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'a fact needs two identities',
			DETAIL = format('The %s one is NULL.', CASE WHEN note_fact.a IS NULL THEN 'first' ELSE 'second' END),
			HINT = 'crm_timeline.identity_problem() says why a text is no identity.';
	END IF;
	IF note_fact.a OPERATOR(crm_timeline.=) note_fact.b THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('identity "%s" can not be linked with itself', note_fact.a);
	END IF;
	IF note_fact.verdict = 'same' AND (note_fact.grade IS NULL OR note_fact.grade NOT BETWEEN 1 AND 100) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('grade %s is not between 1 and 100', coalesce(note_fact.grade::text, 'NULL'));
	END IF;
	-- the newest fact decides, and after that none would be newer
	IF NOT isfinite(note_fact.noted_at) THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('noted_at is %s', note_fact.noted_at),
			HINT = 'Leave it out for a fact that is noted now.';
	END IF;
	INSERT INTO crm_timeline.link (a, b, verdict, grade, source, ref, noted_at)
		VALUES (least(note_fact.a, note_fact.b), greatest(note_fact.a, note_fact.b), note_fact.verdict, note_fact.grade,
			note_fact.source, note_fact.ref, coalesce(note_fact.noted_at, clock_timestamp()))
		RETURNING id INTO fact;
	RETURN fact;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.note_fact(crm_timeline.identity, crm_timeline.identity, text, integer, text, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.note_fact(crm_timeline.identity, crm_timeline.identity, text, integer, text, text, timestamptz) IS
	'adds a fact, its ends in order: what link(), never() and unlink() share';

CREATE FUNCTION crm_timeline.link(a crm_timeline.identity, b crm_timeline.identity, grade integer DEFAULT 75, source text DEFAULT NULL, ref text DEFAULT NULL, noted_at timestamptz DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	fact bigint := crm_timeline.note_fact($1, $2, 'same', $3, $4, $5, $6);
BEGIN
	IF crm_timeline.identity_tenant($1) IS DISTINCT FROM crm_timeline.identity_tenant($2) THEN
		RAISE NOTICE USING MESSAGE = format('"%s" and "%s" belong to different tenants: the link is kept and joins nothing', $1, $2);
	ELSIF crm_timeline.looks_like($1, $2) THEN
		RAISE NOTICE USING MESSAGE = format('"%s" and "%s" look alike: the link is kept and joins nothing', $1, $2);
	END IF;
	RETURN fact;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.link(crm_timeline.identity, crm_timeline.identity, integer, text, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.link(crm_timeline.identity, crm_timeline.identity, integer, text, text, timestamptz) IS
	'asserts that two identities are the same customer, with a grade of evidence from 1 to 100; the number of the fact';

CREATE FUNCTION crm_timeline.never(a crm_timeline.identity, b crm_timeline.identity, source text DEFAULT NULL, ref text DEFAULT NULL, noted_at timestamptz DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	RETURN crm_timeline.note_fact($1, $2, 'never', NULL, $3, $4, $5);
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.never(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.never(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz) IS
	'asserts that two identities are never one customer, whatever else links them; the number of the fact';

CREATE FUNCTION crm_timeline.unlink(a crm_timeline.identity, b crm_timeline.identity, source text DEFAULT NULL, ref text DEFAULT NULL, noted_at timestamptz DEFAULT NULL) RETURNS bigint
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	fact bigint := crm_timeline.note_fact($1, $2, 'unlink', NULL, $3, $4, $5);
	sources text;
BEGIN
	SELECT string_agg(DISTINCT quote_ident(o.source), ', ') INTO sources
	  FROM crm_timeline.observed_link o
	 WHERE o.a OPERATOR(crm_timeline.=) $1 AND o.b OPERATOR(crm_timeline.=) $2
	    OR o.a OPERATOR(crm_timeline.=) $2 AND o.b OPERATOR(crm_timeline.=) $1;
	IF sources IS NOT NULL THEN
		RAISE NOTICE USING MESSAGE = format('rows of the source %s still show that "%s" and "%s" belong together', sources, $1, $2),
			HINT = 'crm_timeline.never() keeps them apart nevertheless.';
	END IF;
	RETURN fact;
END $$;
REVOKE EXECUTE ON FUNCTION crm_timeline.unlink(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.unlink(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz) IS
	'withdraws what was asserted about two identities, same or never; the number of the fact';
