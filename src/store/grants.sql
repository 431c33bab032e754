-- Who may do what. Nothing is granted to PUBLIC but the use of the schema's types and functions.

CREATE FUNCTION crm_timeline.grant_read(role regrole, level text DEFAULT 'read') RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	generated record;
	name text := (SELECT r.rolname FROM pg_roles r WHERE r.oid = role);
BEGIN
	CASE level
	WHEN 'read' THEN
		-- rows of the sources are not ours to grant: the view asks with the reader's own rights
		EXECUTE format('GRANT SELECT ON crm_timeline.resolved, crm_timeline.membership, crm_timeline.former_membership, '
			'crm_timeline.bond, crm_timeline.refused_link, crm_timeline.link, crm_timeline.observed_link, '
			'crm_timeline.dirty_log, crm_timeline.source TO %I', name);
		IF to_regclass('crm_timeline.interactions') IS NOT NULL THEN
			EXECUTE format('GRANT SELECT ON crm_timeline.interactions TO %I', name);
		END IF;
	WHEN 'timelines' THEN
		PERFORM crm_timeline.grant_read(role, 'read');
		-- packed values of all stored sources: whoever has them needs no right on a table to read what is in them
		EXECUTE format('GRANT SELECT ON crm_timeline.stored_timeline, crm_timeline.stored_segment, crm_timeline.stored_source, '
			'crm_timeline.changed_customer, crm_timeline.dirty_customer, crm_timeline.epoch, crm_timeline.source_member, '
			'crm_timeline.refresh_run, crm_timeline.rows_read_seq, crm_timeline.rows_expected_seq TO %I', name);
		FOR generated IN SELECT v.name FROM (VALUES ('stored_interactions'), ('live_interactions'), ('timelines'), ('customer_summary'), ('waiting_timelines')) v(name)
				WHERE to_regclass('crm_timeline.' || v.name) IS NOT NULL LOOP
			EXECUTE format('GRANT SELECT ON crm_timeline.%I TO %I', generated.name, name);
		END LOOP;
	WHEN 'link' THEN
		EXECUTE format('GRANT EXECUTE ON FUNCTION crm_timeline.link(crm_timeline.identity, crm_timeline.identity, integer, text, text, timestamptz), '
			'crm_timeline.unlink(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz), '
			'crm_timeline.never(crm_timeline.identity, crm_timeline.identity, text, text, timestamptz) TO %I', name);
	ELSE
		RAISE EXCEPTION 'there is no level "%"', level
			USING ERRCODE = 'invalid_parameter_value', HINT = 'It is read, timelines or link.';
	END CASE;
	INSERT INTO crm_timeline.reader (role, level) VALUES (name, grant_read.level) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION crm_timeline.grant_read(regrole, text) IS
	'gives a role what a level needs: read (interactions and look-ups; the rows of the sources need grants of their own), timelines (and the stored timelines, with what they hold of all stored sources) or link (to assert and withdraw links)';
REVOKE EXECUTE ON FUNCTION crm_timeline.grant_read(regrole, text) FROM PUBLIC;
