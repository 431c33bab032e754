-- versions: by which ICU the identities that are kept were normalised, and which of them another one writes differently.

CREATE TABLE crm_timeline.normalised_by (
	icu_version text NOT NULL,
	unicode_version text NOT NULL,
	phone_metadata_version text,
	recorded_at timestamptz NOT NULL
);
COMMENT ON TABLE crm_timeline.normalised_by IS
	'one row since the first refresh of this database: the libraries that normalised what the indexes over identity() and our tables hold; not dumped, since a restore normalises everything again';
CREATE UNIQUE INDEX normalised_by_one ON crm_timeline.normalised_by ((true));
COMMENT ON INDEX crm_timeline.normalised_by_one IS 'one row';

CREATE FUNCTION crm_timeline.icu_version_problem() RETURNS text
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT pg_catalog.format('identities were normalised by ICU %s, Unicode %s, telephone plans %s; now ICU %s, Unicode %s, telephone plans %s normalise',
			n.icu_version, n.unicode_version, coalesce(n.phone_metadata_version, 'none'),
			crm_timeline.icu_version(), crm_timeline.unicode_version(), coalesce(crm_timeline.phone_metadata_version(), 'none'))
		  FROM crm_timeline.normalised_by n
		 WHERE (n.icu_version, n.unicode_version, n.phone_metadata_version)
			IS DISTINCT FROM (crm_timeline.icu_version(), crm_timeline.unicode_version(), crm_timeline.phone_metadata_version());
	END;
COMMENT ON FUNCTION crm_timeline.icu_version_problem() IS
	'which libraries normalised the identities that are kept, where today''s are others; NULL where they are the same';

CREATE FUNCTION crm_timeline.record_icu_version() RETURNS void
	LANGUAGE sql VOLATILE
	BEGIN ATOMIC
		INSERT INTO crm_timeline.dirty_log (source) SELECT r.name FROM crm_timeline.source r WHERE crm_timeline.icu_version_problem() IS NOT NULL;
		INSERT INTO crm_timeline.normalised_by
		VALUES (crm_timeline.icu_version(), crm_timeline.unicode_version(), crm_timeline.phone_metadata_version(), pg_catalog.now())
		ON CONFLICT ((true)) DO UPDATE SET icu_version = EXCLUDED.icu_version, unicode_version = EXCLUDED.unicode_version,
			phone_metadata_version = EXCLUDED.phone_metadata_version, recorded_at = EXCLUDED.recorded_at;
	END;
REVOKE EXECUTE ON FUNCTION crm_timeline.record_icu_version() FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.record_icu_version() IS
	'records that the indexes over identity() hold what the libraries of today make: after a REINDEX of them, as ALTER DATABASE ... REFRESH COLLATION VERSION does for collations; where others were recorded, the next refresh reads every source again';

CREATE FUNCTION crm_timeline.verify_identities(OUT identity crm_timeline.identity, OUT written_now crm_timeline.identity,
		OUT problem text, OUT hint text) RETURNS SETOF record
	-- not BEGIN ATOMIC: pg_upgrade makes functions before operator classes, and a UNION of identities asks for one
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_column
BEGIN
	RETURN QUERY
		SELECT NULL::crm_timeline.identity, NULL::crm_timeline.identity, p.problem,
			'REINDEX the indexes over crm_timeline.identity(), then SELECT crm_timeline.record_icu_version()'
		  FROM (SELECT crm_timeline.icu_version_problem() AS problem) p WHERE p.problem IS NOT NULL
		UNION ALL
		SELECT r.one, r.again, CASE WHEN r.again IS NULL THEN coalesce(r.reason, 'no identity any more') ELSE 'written differently now' END,
			'What was asserted of it is to be written once more; rows of sources are read again by the refresh after record_icu_version()'
		  FROM (
			SELECT k.one, crm_timeline.identity(p.namespace, p.value, p.tenant) AS again, crm_timeline.identity_problem(p.namespace, p.value, p.tenant) AS reason
			  FROM (SELECT m.identity AS one FROM crm_timeline.membership m
				UNION SELECT l.a FROM crm_timeline.link l UNION SELECT l.b FROM crm_timeline.link l
				UNION SELECT b.identity FROM crm_timeline.blocked_identity b) k
			 CROSS JOIN LATERAL (SELECT crm_timeline.identity_namespace(k.one), crm_timeline.identity_value(k.one), crm_timeline.identity_tenant(k.one)) p(namespace, value, tenant)
		  ) r WHERE r.again OPERATOR(crm_timeline.=) r.one IS NOT TRUE;
END
$$;
COMMENT ON FUNCTION crm_timeline.verify_identities() IS
	'that other libraries normalise now than did when record_icu_version() was called last, and every identity that they write differently; reads them all';
