-- verify: what is stored against what the sources say, and all that could have come between them.

-- One customer's stored timeline, and what does not fit together in it.
CREATE FUNCTION crm_timeline.verify_stored(customer_id bigint, OUT stored crm_timeline.timeline, OUT problem text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_variable
DECLARE
	s crm_timeline.stored_timeline;
	y record;
	w record;
	horizon timestamptz := crm_timeline.waiting_horizon();
	segments bigint;
BEGIN
	SELECT * INTO s FROM crm_timeline.stored_timeline t WHERE t.customer_id = customer_id;
	IF NOT FOUND THEN
		IF EXISTS (SELECT FROM crm_timeline.stored_segment g WHERE g.customer_id = customer_id) THEN
			problem := 'segments without a row in stored_timeline';
		END IF;
		RETURN;
	END IF;
	stored := s.timeline;
	segments := (SELECT count(*) FROM crm_timeline.stored_segment g WHERE g.customer_id = customer_id);
	IF stored IS NULL THEN
		IF segments = 0 THEN
			problem := 'the segments are missing';
			RETURN;
		END IF;
		IF EXISTS (SELECT FROM crm_timeline.stored_segment g CROSS JOIN LATERAL crm_timeline.timeline_summary(g.timeline) q
				WHERE g.customer_id = customer_id AND (g.starts_at, g.interactions, g.last_at, g.last_inbound_at, g.last_outbound_at)
					IS DISTINCT FROM (q.first_at, q.interactions, q.last_at, q.last_inbound_at, q.last_outbound_at)) THEN
			problem := 'a segment is not what its row says';
		END IF;
		IF EXISTS (SELECT FROM (SELECT g.starts_at, lag(g.last_at) OVER (ORDER BY g.starts_at) AS before
				FROM crm_timeline.stored_segment g WHERE g.customer_id = customer_id) o WHERE o.before >= o.starts_at) THEN
			problem := 'segments overlap';
		END IF;
		stored := crm_timeline.joined_segments(customer_id);
	ELSIF segments > 0 THEN
		problem := 'segments beside a timeline in one row';
	END IF;
	PERFORM crm_timeline.check_timeline(stored);
	y := crm_timeline.timeline_summary(stored);
	w := crm_timeline.stored_waits(stored);
	problem := coalesce(problem, (SELECT 'the summary is wrong: ' || string_agg(v.name, ', ') FROM (VALUES
		('interactions', s.interactions IS DISTINCT FROM y.interactions), ('first_at', s.first_at IS DISTINCT FROM y.first_at),
		('last_at', s.last_at IS DISTINCT FROM y.last_at), ('last_inbound_at', s.last_inbound_at IS DISTINCT FROM y.last_inbound_at),
		('last_outbound_at', s.last_outbound_at IS DISTINCT FROM y.last_outbound_at), ('last_kind', s.last_kind IS DISTINCT FROM y.last_kind),
		('last_channel', s.last_channel IS DISTINCT FROM y.last_channel), ('last_outcome', s.last_outcome IS DISTINCT FROM y.last_outcome),
		('last_sentiment', s.last_sentiment IS DISTINCT FROM y.last_sentiment), ('last_score', s.last_score IS DISTINCT FROM y.last_score),
		-- what was worked out under other definitions is not used, nor is what has lapsed
		('waiting_since', s.defined_by = w.defined_by AND (s.waiting_since, s.waiting_asked_at) IS DISTINCT FROM (w.waiting_since, w.waiting_asked_at)
			AND (s.waiting_asked_at < horizon) IS NOT TRUE),
		('waiting_last', s.defined_by = w.defined_by AND CASE WHEN s.waiting_last >= horizon THEN s.waiting_last END
			IS DISTINCT FROM CASE WHEN w.waiting_last >= horizon THEN w.waiting_last END))
		v(name, wrong) WHERE v.wrong));
EXCEPTION WHEN data_corrupted THEN
	stored := NULL;
	problem := 'corrupt: ' || SQLERRM;
END
$$;
COMMENT ON FUNCTION crm_timeline.verify_stored(bigint) IS 'a customer''s stored timeline, and what is wrong with it without looking at the sources';

CREATE FUNCTION crm_timeline.unreadable_sources(names text[], OUT object text, OUT problem text, OUT hint text) RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT format('source %s', s.name), CASE f.argument WHEN 'relation' THEN format('the relation fails after the row with ref "%s": %s', f.ref, f.problem)
				ELSE format('argument "%s" fails for the row with ref "%s": %s', f.argument, f.ref, f.problem) END,
			'repair the row, or the expression with crm_timeline.alter_source(), then CALL crm_timeline.refresh()'
		FROM crm_timeline.source s CROSS JOIN LATERAL crm_timeline.failing_row(s.name) f
		WHERE s.name = ANY (names) AND NOT s.suspended AND f.problem IS NOT NULL ORDER BY s.name COLLATE "C";
	END;
COMMENT ON FUNCTION crm_timeline.unreadable_sources(text[]) IS
	'of the sources of these names those that have a row which can not be read, as verify() tells it';

CREATE FUNCTION crm_timeline.differing_customers(chosen bigint[], OUT object text, OUT problem text, OUT hint text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET row_security = off AS
$$
DECLARE
	one record;
BEGIN
	FOR one IN EXECUTE format($query$
SELECT coalesce(s.customer_id, f.customer_id) AS customer_id, s.problem, s.stored, f.timeline AS fresh, s.customer_id IS NULL AS missing
FROM (SELECT k.customer_id, v.stored, v.problem
		FROM (SELECT t.customer_id FROM crm_timeline.stored_timeline t UNION SELECT g.customer_id FROM crm_timeline.stored_segment g) k
		CROSS JOIN LATERAL crm_timeline.verify_stored(k.customer_id) v WHERE $1 IS NULL OR k.customer_id = ANY ($1)) s
	FULL JOIN (%s) f ON f.customer_id = s.customer_id
WHERE (s.problem IS NOT NULL OR s.stored IS NULL OR f.timeline IS NULL OR crm_timeline.timeline_send(s.stored) <> crm_timeline.timeline_send(f.timeline))
	AND NOT EXISTS (SELECT FROM crm_timeline.dirty_customer d WHERE d.customer_id = coalesce(s.customer_id, f.customer_id))
ORDER BY 1
$query$, CASE WHEN chosen IS NULL
		-- an identity that no refresh has seen is a customer of its own, dirty where it was noted
		THEN format('SELECT coalesce(m.customer_id, crm_timeline.provisional_customer(p.identity)) AS customer_id, crm_timeline.store_agg(p.timeline) AS timeline
			FROM (%s) p LEFT JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) p.identity WHERE p.timeline IS NOT NULL GROUP BY 1',
			crm_timeline.pieces_sql('true'))
		ELSE format('SELECT i.customer_id, %s AS timeline FROM crm_timeline.stored_interactions i WHERE i.customer_id = ANY ($1) GROUP BY i.customer_id',
			crm_timeline.store_agg_sql('i')) END)
	USING chosen
	LOOP
		object := format('customer %s', one.customer_id);
		hint := 'CALL crm_timeline.rebuild(), after what caused it is repaired';
		problem := CASE
			WHEN one.problem IS NOT NULL THEN one.problem
			WHEN one.missing THEN format('missing: the sources have %s interactions', crm_timeline.length(one.fresh))
			WHEN one.fresh IS NULL THEN format('extra: the sources have no interaction, %s are stored', crm_timeline.length(one.stored))
			ELSE format('different: %s interactions are stored that the sources do not have, and %s are not that they have',
				coalesce(crm_timeline.length(one.stored OPERATOR(crm_timeline.-) one.fresh), 0),
				coalesce(crm_timeline.length(one.fresh OPERATOR(crm_timeline.-) one.stored), 0)) END;
		RETURN NEXT;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.differing_customers(bigint[]) IS
	'of some customers, or of all where it is NULL, those that are not dirty and whose stored timelines are not what the sources say';

CREATE FUNCTION crm_timeline.verify(sample double precision DEFAULT 1,
	OUT object text, OUT problem text, OUT hint text) RETURNS SETOF record
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET row_security = off AS
$$
DECLARE
	again constant text := 'CALL crm_timeline.rebuild(), after what caused it is repaired';
	chosen bigint[];
	mode integer := crm_timeline.store_mode();
	unused boolean := mode = 2 AND EXISTS (SELECT FROM crm_timeline.epoch);
	same_sources boolean;
BEGIN
	IF sample IS NULL OR NOT (sample >= 0 AND sample <= 1) THEN
		RAISE EXCEPTION 'sample must be from 0 to 1' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'It is the share of the customers that are read again.';
	END IF;
	-- the sources
	RETURN QUERY SELECT format('source %s', v.source), v.problem, v.hint FROM crm_timeline.verify_sources() v
		WHERE v.problem NOT LIKE 'no index on %' AND v.problem <> 'suspended';
	RETURN QUERY SELECT 'view crm_timeline.' || w.name, 'it is missing', 'SELECT crm_timeline.rebuild_views()'
		FROM (VALUES ('interactions'), ('stored_interactions'), ('live_interactions'), ('timelines'), ('customer_summary'), ('waiting_timelines')) w(name)
		WHERE to_regclass('crm_timeline.' || w.name) IS NULL AND EXISTS (SELECT FROM crm_timeline.source);
	RETURN QUERY SELECT * FROM crm_timeline.unreadable_sources(ARRAY(SELECT l.source FROM crm_timeline.dirty_log l WHERE l.problem IS NOT NULL
		UNION SELECT s.name FROM crm_timeline.stored_source s WHERE unused AND sample = 1));
	-- what the views were made from
	same_sources := NOT EXISTS (SELECT FROM crm_timeline.source)
		OR (SELECT d.md5 FROM crm_timeline.store_definition d) IS NOT DISTINCT FROM md5(crm_timeline.pieces_sql('true'));
	IF NOT same_sources THEN
		object := 'registry';
		problem := 'the views and the store were made from other sources';
		hint := 'SELECT crm_timeline.rebuild_views(), then CALL crm_timeline.refresh()';
		RETURN NEXT;
	END IF;
	RETURN QUERY SELECT format('trigger %s on crm_timeline.membership', w.name), CASE WHEN g.tgname IS NULL THEN 'it is missing' ELSE 'it is disabled' END, again
		FROM (VALUES ('store_update'), ('store_delete'), ('store_truncate')) w(name)
		LEFT JOIN pg_trigger g ON g.tgrelid = 'crm_timeline.membership'::regclass AND g.tgname = w.name
		WHERE g.tgname IS NULL OR g.tgenabled NOT IN ('O', 'A');
	RETURN QUERY SELECT format('source %s', s.name), CASE WHEN m.source IS NULL THEN 'its partitions and children are not known'
			ELSE 'partitions or children came or went since the last refresh' END, 'CALL crm_timeline.refresh()'
		FROM crm_timeline.source s LEFT JOIN crm_timeline.source_member m ON m.source = s.name
		WHERE NOT s.suspended AND EXISTS (SELECT FROM crm_timeline.epoch) AND NOT EXISTS (SELECT FROM crm_timeline.dirty_log l WHERE l.source = s.name AND l.identity IS NULL)
			AND (m.source IS NULL OR crm_timeline.inheritance_changed(m.tables, m.inheritance));
	RETURN QUERY SELECT format('source %s', coalesce(s.name, k.name)), CASE WHEN k.name IS NULL THEN 'it could be stored, and is not' ELSE 'it is stored, and is not to be' END,
			CASE WHEN s.name IS NULL THEN 'SELECT crm_timeline.rebuild_views()' ELSE format('SELECT crm_timeline.resume_source(%L)', s.name) END
		FROM crm_timeline.source s FULL JOIN crm_timeline.stored_source k ON k.name = s.name
		WHERE s.name IS NULL OR crm_timeline.is_stored(s) <> (k.name IS NOT NULL);
	-- the customers, as far as the store claims to be up to date, and with the sources that it was made from
	IF unused THEN
		object := 'store';
		problem := 'it is not in use: everything is read from the sources until the next refresh that succeeds';
		hint := 'CALL crm_timeline.refresh()';
		RETURN NEXT;
	END IF;
	IF mode = 2 OR NOT same_sources OR to_regclass('crm_timeline.stored_interactions') IS NULL THEN
		RETURN;
	END IF;
	IF sample < 1 THEN
		chosen := ARRAY(SELECT DISTINCT m.customer_id FROM crm_timeline.membership m WHERE random() < sample
			UNION SELECT s.customer_id FROM crm_timeline.stored_timeline s WHERE random() < sample);
	END IF;
	BEGIN
		RETURN QUERY SELECT * FROM crm_timeline.differing_customers(chosen);
	EXCEPTION WHEN OTHERS THEN
		RETURN QUERY SELECT * FROM crm_timeline.unreadable_sources(ARRAY(SELECT s.name FROM crm_timeline.stored_source s));
		IF NOT FOUND THEN
			RAISE;
		END IF;
	END;
END
$$;
COMMENT ON FUNCTION crm_timeline.verify(double precision) IS
	'everything by which the store could differ from the sources: reads the customers again, all or a random share, and compares; no row where all is well. Dirty customers are not stored in truth, and are passed over';

CREATE FUNCTION crm_timeline.store_status(
	OUT mode text, OUT since timestamptz, OUT customers bigint, OUT segments bigint, OUT bytes bigint,
	OUT marks bigint, OUT dirty_customers bigint, OUT stored_sources text[], OUT live_sources text[],
	OUT refresh_running boolean, OUT refresh_started_at timestamptz, OUT refresh_finished_at timestamptz,
	OUT total bigint, OUT done bigint, OUT rate double precision, OUT eta interval)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	run crm_timeline.refresh_run;
	seconds double precision;
BEGIN
	mode := CASE crm_timeline.store_mode() WHEN 0 THEN 'clean' WHEN 1 THEN 'some customers dirty' ELSE 'all read from the sources' END;
	since := (SELECT e.started_at FROM crm_timeline.epoch e LIMIT 1);
	customers := (SELECT greatest(c.reltuples, 0) FROM pg_class c WHERE c.oid = 'crm_timeline.stored_timeline'::regclass);
	segments := (SELECT greatest(c.reltuples, 0) FROM pg_class c WHERE c.oid = 'crm_timeline.stored_segment'::regclass);
	bytes := pg_total_relation_size('crm_timeline.stored_timeline') + pg_total_relation_size('crm_timeline.stored_segment');
	marks := (SELECT count(*) FROM crm_timeline.dirty_log) + (SELECT count(*) FROM crm_timeline.changed_customer);
	dirty_customers := (SELECT count(*) FROM crm_timeline.dirty_customer);
	stored_sources := ARRAY(SELECT s.name FROM crm_timeline.stored_source s ORDER BY s.name COLLATE "C");
	live_sources := ARRAY(SELECT s.name FROM crm_timeline.source s WHERE NOT s.suspended AND s.kind IS NOT NULL
		AND NOT EXISTS (SELECT FROM crm_timeline.stored_source k WHERE k.name = s.name) ORDER BY s.name COLLATE "C");
	SELECT * INTO run FROM crm_timeline.refresh_run r ORDER BY r.finished_at IS NULL DESC, r.started_at DESC LIMIT 1;
	refresh_running := run.pid IS NOT NULL AND run.finished_at IS NULL AND EXISTS (SELECT FROM pg_locks l
		WHERE l.locktype = 'advisory' AND l.pid = run.pid AND l.classid = 'crm_timeline.dirty_log'::regclass AND l.objid = 1 AND l.objsubid = 2);
	refresh_started_at := run.started_at;
	refresh_finished_at := run.finished_at;
	-- others write on while it runs
	total := greatest(run.total, run.done);
	done := run.done;
	IF refresh_running AND (SELECT q.last_value FROM crm_timeline.rows_expected_seq q) > 0 THEN
		total := (SELECT q.last_value FROM crm_timeline.rows_expected_seq q);
		done := (SELECT q.last_value FROM crm_timeline.rows_read_seq q);
		total := greatest(total, done);
	END IF;
	seconds := extract(epoch FROM coalesce(run.finished_at, clock_timestamp()) - run.started_at);
	rate := done / nullif(seconds, 0);
	IF refresh_running THEN
		eta := make_interval(secs => greatest(total - done, 0) / nullif(rate, 0));
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.store_status() IS
	'how the store stands, and how far a refresh has come: marks, or interactions while all is read anew; rate a second, eta from now; customers and segments by the statistics of the server';
