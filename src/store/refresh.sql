-- refresh: what marks name is read again, a batch a transaction.

CREATE TABLE crm_timeline.refresh_run (
	pid integer NOT NULL PRIMARY KEY,
	started_at timestamptz NOT NULL,
	finished_at timestamptz,
	total bigint NOT NULL,
	done bigint NOT NULL,
	customers bigint NOT NULL
);
COMMENT ON TABLE crm_timeline.refresh_run IS
	'the refreshes that run, and those that ran last: how many marks were found and are done, and how many customers were written; see store_status()';

-- What a build of the whole store has read is seen by everybody at once: a sequence is outside of transactions.
CREATE SEQUENCE crm_timeline.rows_read_seq MINVALUE 0;
COMMENT ON SEQUENCE crm_timeline.rows_read_seq IS 'how many interactions the build of the whole store that runs has read';
CREATE SEQUENCE crm_timeline.rows_expected_seq MINVALUE 0;
COMMENT ON SEQUENCE crm_timeline.rows_expected_seq IS 'how many interactions the build of the whole store that runs will read, by the statistics of the sources';

CREATE FUNCTION crm_timeline.note_row_read(total bigint) RETURNS boolean
	AS 'MODULE_PATHNAME', 'note_row_read' LANGUAGE C VOLATILE STRICT;
REVOKE EXECUTE ON FUNCTION crm_timeline.note_row_read(bigint) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.note_row_read(bigint) IS
	'true; counts its calls in rows_read_seq, and says in a NOTICE every ten seconds how far they have come';

-- A timeline beyond this is kept in segments, each of about so many bytes; both in bytes.
CREATE FUNCTION crm_timeline.max_stored_bytes() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC SELECT 131072; END;
COMMENT ON FUNCTION crm_timeline.max_stored_bytes() IS 'the size of a timeline, in bytes, beyond which it is kept in segments';
CREATE FUNCTION crm_timeline.max_segment_bytes() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC SELECT 16384; END;
COMMENT ON FUNCTION crm_timeline.max_segment_bytes() IS 'the size of a segment, in bytes, at which the next one begins';

CREATE FUNCTION crm_timeline.store_segments(customer_id bigint, starts timestamptz, ends timestamptz, timeline crm_timeline.timeline) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_column
BEGIN
	WITH parts AS MATERIALIZED (
		SELECT crm_timeline.starts_at(p.part) AS part_starts_at, p.part FROM crm_timeline.timeline_parts(store_segments.timeline, crm_timeline.max_segment_bytes()) p(part)),
	gone AS (
		DELETE FROM crm_timeline.stored_segment g
		WHERE g.customer_id = store_segments.customer_id AND g.starts_at >= store_segments.starts AND g.starts_at < store_segments.ends
			AND NOT EXISTS (SELECT FROM parts p WHERE p.part_starts_at = g.starts_at))
	INSERT INTO crm_timeline.stored_segment AS g
	SELECT store_segments.customer_id, p.part_starts_at, p.part, y.interactions, y.last_at, y.last_inbound_at, y.last_outbound_at
	FROM parts p CROSS JOIN LATERAL crm_timeline.timeline_summary(p.part) y
	ON CONFLICT (customer_id, starts_at) DO UPDATE SET timeline = excluded.timeline, interactions = excluded.interactions,
		last_at = excluded.last_at, last_inbound_at = excluded.last_inbound_at, last_outbound_at = excluded.last_outbound_at
		WHERE g.timeline OPERATOR(crm_timeline.<>) excluded.timeline OR (g.interactions, g.last_at, g.last_inbound_at, g.last_outbound_at)
			IS DISTINCT FROM (excluded.interactions, excluded.last_at, excluded.last_inbound_at, excluded.last_outbound_at);
END
$$;
COMMENT ON FUNCTION crm_timeline.store_segments(bigint, timestamptz, timestamptz, crm_timeline.timeline) IS
	'replaces a customer''s segments that begin in [starts, ends) by those of a timeline';

-- What an upsert writes, and where: a row that is right stays as it is.
CREATE FUNCTION crm_timeline.stored_timeline_sql() RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC
		SELECT format('%s WHERE s.timeline IS NULL OR s.timeline OPERATOR(crm_timeline.<>) excluded.timeline OR (%s) IS DISTINCT FROM (%s)',
			string_agg(format('%1$s = excluded.%1$s', a.name), ', ' ORDER BY a.n),
			string_agg('s.' || a.name, ', ' ORDER BY a.n) FILTER (WHERE a.name <> 'timeline'),
			string_agg('excluded.' || a.name, ', ' ORDER BY a.n) FILTER (WHERE a.name <> 'timeline'))
		FROM unnest(ARRAY['timeline', 'interactions', 'first_at', 'last_at', 'last_inbound_at', 'last_outbound_at', 'last_kind', 'last_channel',
			'last_outcome', 'last_sentiment', 'last_score', 'waiting_since', 'waiting_asked_at', 'waiting_last', 'defined_by']) WITH ORDINALITY a(name, n);
	END;
COMMENT ON FUNCTION crm_timeline.stored_timeline_sql() IS 'the SET list and the condition of an INSERT into stored_timeline that meets a row';

-- The row of a customer in segments, from the segments.
CREATE FUNCTION crm_timeline.store_segmented(customer_id bigint) RETURNS void
	LANGUAGE sql VOLATILE
	BEGIN ATOMIC
		INSERT INTO crm_timeline.stored_timeline AS s
		SELECT $1, NULL, t.interactions, t.first_at, t.last_at, t.last_inbound_at, t.last_outbound_at,
			y.last_kind, y.last_channel, y.last_outcome, y.last_sentiment, y.last_score, w.waiting_since, w.waiting_asked_at, w.waiting_last, w.defined_by
		FROM (SELECT sum(g.interactions)::bigint AS interactions, min(g.starts_at) AS first_at, max(g.last_at) AS last_at,
				max(g.last_inbound_at) AS last_inbound_at, max(g.last_outbound_at) AS last_outbound_at
			FROM crm_timeline.stored_segment g WHERE g.customer_id = $1) t
		CROSS JOIN LATERAL (SELECT g.timeline FROM crm_timeline.stored_segment g WHERE g.customer_id = $1 ORDER BY g.starts_at DESC LIMIT 1) l
		CROSS JOIN LATERAL crm_timeline.timeline_summary(l.timeline) y
		-- all segments are joined only where somebody may wait
		CROSS JOIN LATERAL crm_timeline.stored_waits(CASE WHEN t.last_at >= crm_timeline.waiting_horizon() THEN crm_timeline.joined_segments($1) ELSE l.timeline END) w
		ON CONFLICT (customer_id) DO UPDATE SET timeline = NULL, interactions = excluded.interactions, first_at = excluded.first_at,
			last_at = excluded.last_at, last_inbound_at = excluded.last_inbound_at, last_outbound_at = excluded.last_outbound_at,
			last_kind = excluded.last_kind, last_channel = excluded.last_channel, last_outcome = excluded.last_outcome,
			last_sentiment = excluded.last_sentiment, last_score = excluded.last_score, waiting_since = excluded.waiting_since,
			waiting_asked_at = excluded.waiting_asked_at, waiting_last = excluded.waiting_last, defined_by = excluded.defined_by;
	END;
COMMENT ON FUNCTION crm_timeline.store_segmented(bigint) IS
	'writes the row of stored_timeline for a customer whose timeline is in segments';

CREATE FUNCTION crm_timeline.store_giant(customer_id bigint, timeline crm_timeline.timeline) RETURNS void
	LANGUAGE sql VOLATILE
	BEGIN ATOMIC
		SELECT crm_timeline.store_segments($1, '-infinity', 'infinity', $2);
		SELECT crm_timeline.store_segmented($1);
	END;
COMMENT ON FUNCTION crm_timeline.store_giant(bigint, crm_timeline.timeline) IS 'stores all of a customer''s timeline in segments';

-- A customer in segments, of which some time was written to: only the segments that it touches. False where one timeline would do.
CREATE FUNCTION crm_timeline.refresh_segments(customer_id bigint, written tstzmultirange) RETURNS boolean
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off SET plan_cache_mode = force_generic_plan AS
$$
#variable_conflict use_variable
DECLARE
	touched record;
	fresh crm_timeline.timeline;
BEGIN
	-- the first segment goes back, and the last one on, for ever
	FOR touched IN
		SELECT * FROM (
			SELECT CASE WHEN lag(g.starts_at) OVER w IS NULL THEN '-infinity' ELSE g.starts_at END AS begins,
				coalesce(lead(g.starts_at) OVER w, 'infinity') AS ends
			FROM crm_timeline.stored_segment g WHERE g.customer_id = customer_id WINDOW w AS (ORDER BY g.starts_at)) s
		WHERE tstzrange(s.begins, s.ends) && written
	LOOP
		SELECT crm_timeline.store_agg(i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment,
			i.score, i.value, i.automated, i.source, i.ref, i.seq, i.attributes)
		INTO fresh FROM crm_timeline.stored_interactions i
		WHERE i.customer_id = customer_id AND i.occurred_at >= touched.begins AND i.occurred_at < touched.ends;
		PERFORM crm_timeline.store_segments(customer_id, touched.begins, touched.ends, fresh);
	END LOOP;
	-- it is no giant any more
	IF (SELECT coalesce(sum(pg_column_size(g.timeline)), 0) FROM crm_timeline.stored_segment g WHERE g.customer_id = customer_id)
			< crm_timeline.max_stored_bytes() / 2 THEN
		RETURN false;
	END IF;
	PERFORM crm_timeline.store_segmented(customer_id);
	RETURN true;
END
$$;
COMMENT ON FUNCTION crm_timeline.refresh_segments(bigint, tstzmultirange) IS
	'brings the segments of a customer up to date that a time touches; false where the customer is to be stored in one row again';

-- Customers anew, from the sources; what did not change is not written. Which were.
CREATE FUNCTION crm_timeline.refresh_customers(customers bigint[], OUT changed bigint[])
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off
	-- rows of few customers lie in few pages, which were written a moment ago
	SET random_page_cost = 1.1 AS
$$
DECLARE
	one record;
BEGIN
	changed := '{}';
	FOR one IN EXECUTE $query$
WITH fresh AS MATERIALIZED (
	SELECT i.customer_id, $query$ || crm_timeline.store_agg_sql('i') || $query$ AS timeline
	FROM crm_timeline.stored_interactions i WHERE i.customer_id = ANY ($1) GROUP BY i.customer_id),
gone AS (
	DELETE FROM crm_timeline.stored_timeline s
	WHERE s.customer_id = ANY ($1) AND NOT EXISTS (SELECT FROM fresh f WHERE f.customer_id = s.customer_id) RETURNING s.customer_id),
gone_segments AS (
	DELETE FROM crm_timeline.stored_segment g
	WHERE g.customer_id = ANY ($1) AND NOT EXISTS (SELECT FROM fresh f WHERE f.customer_id = g.customer_id AND pg_column_size(f.timeline) > $2)),
kept AS (
	INSERT INTO crm_timeline.stored_timeline AS s
	SELECT f.customer_id, f.timeline, y.*, w.* FROM fresh f CROSS JOIN LATERAL crm_timeline.timeline_summary(f.timeline) y
		CROSS JOIN LATERAL crm_timeline.stored_waits(f.timeline) w
	WHERE pg_column_size(f.timeline) <= $2
	ON CONFLICT (customer_id) DO UPDATE SET $query$ || crm_timeline.stored_timeline_sql() || $query$
	RETURNING s.customer_id)
SELECT g.customer_id, NULL::crm_timeline.timeline AS timeline FROM gone g
UNION ALL
SELECT k.customer_id, NULL FROM kept k
UNION ALL
SELECT f.customer_id, f.timeline FROM fresh f WHERE pg_column_size(f.timeline) > $2
$query$ USING customers, crm_timeline.max_stored_bytes()
	LOOP
		changed := changed || one.customer_id;
		IF one.timeline IS NOT NULL THEN
			PERFORM crm_timeline.store_giant(one.customer_id, one.timeline);
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.refresh_customers(bigint[]) IS
	'reads customers anew from the stored sources, in one snapshot, and writes what changed; whose row did';

-- The same, where some may be unreadable: those stay marked, and the others are brought up to date.
CREATE FUNCTION crm_timeline.refresh_readable(customers bigint[], OUT changed bigint[])
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	-- as jsonb, since an array can not hold arrays of different lengths
	pending jsonb[] := ARRAY[to_jsonb(customers)];
	part bigint[];
	middle integer;
	failures integer := 0;
BEGIN
	changed := '{}';
	WHILE cardinality(pending) > 0 LOOP
		part := ARRAY(SELECT jsonb_array_elements_text(pending[cardinality(pending)])::bigint);
		pending := trim_array(pending, 1);
		middle := cardinality(part) / 2;
		BEGIN
			changed := changed || crm_timeline.refresh_customers(part);
		EXCEPTION WHEN OTHERS THEN
			failures := failures + 1;
			IF middle > 0 AND failures <= 50 THEN
				pending := pending || to_jsonb(part[:middle]) || to_jsonb(part[middle + 1:]);
				CONTINUE;
			END IF;
			RAISE WARNING '% of the customers could not be read, customer % first: %', cardinality(part), part[1], SQLERRM
				USING HINT = 'They stay marked for the next refresh. See crm_timeline.verify_sources().';
			INSERT INTO crm_timeline.changed_customer (customer_id) SELECT unnest(part);
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.refresh_readable(bigint[]) IS
	'reads customers anew; those that can not be read stay marked, with a warning; whose row changed';

-- Everybody anew, in two steps, between which customers are resolved: each identity's timeline, and each customer's.
CREATE FUNCTION crm_timeline.build_pieces() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS
$$
DECLARE
	expected bigint := (SELECT coalesce(sum(greatest(c.reltuples, 0)), 0) FROM crm_timeline.stored_source s
		JOIN crm_timeline.source r ON r.name = s.name CROSS JOIN LATERAL crm_timeline.descendants(r.relation) d(member)
		JOIN pg_class c ON c.oid = d.member AND c.relkind <> 'p');
	missing text := (SELECT min(s.name) FROM crm_timeline.stored_source s
		WHERE NOT EXISTS (SELECT FROM crm_timeline.readable_sources(false) r WHERE r.stored AND r.name = s.name));
BEGIN
	-- the views still have it, by the numbers of its columns
	IF missing IS NOT NULL THEN
		RAISE EXCEPTION 'source "%" can not be stored as it was registered any more', missing
			USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'See crm_timeline.verify_sources().';
	END IF;
	-- as for building an index
	PERFORM set_config('work_mem', CASE WHEN pg_size_bytes(current_setting('work_mem')) < pg_size_bytes(current_setting('maintenance_work_mem'))
		THEN current_setting('maintenance_work_mem') ELSE current_setting('work_mem') END, true);
	PERFORM setval('crm_timeline.rows_read_seq', 0), setval('crm_timeline.rows_expected_seq', expected);
	EXECUTE 'CREATE TEMPORARY TABLE crm_timeline_piece ON COMMIT DROP AS '
		|| crm_timeline.pieces_sql(format('crm_timeline.note_row_read(%s)', expected));
	-- for the joins with membership; timelines would be looked at in vain
	ANALYZE pg_temp.crm_timeline_piece (identity);
END
$$;
COMMENT ON FUNCTION crm_timeline.build_pieces() IS
	'reads the stored sources, in one snapshot, into a temporary table: the timeline of each identity';

CREATE FUNCTION crm_timeline.store_pieces(OUT written bigint)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	was_empty boolean := NOT EXISTS (SELECT FROM crm_timeline.stored_timeline);
	fresh constant text := 'SELECT m.customer_id, crm_timeline.store_agg(p.timeline) AS timeline
		FROM pg_temp.crm_timeline_piece p JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) p.identity
		WHERE p.timeline IS NOT NULL GROUP BY m.customer_id';
	one record;
	n bigint;
BEGIN
	IF was_empty THEN
		-- once each, and without the cost of a function in FROM for every customer
		EXECUTE format('INSERT INTO crm_timeline.stored_timeline
			SELECT s.customer_id, s.timeline, (s.y).*, (s.w).*
			FROM (SELECT f.customer_id, f.timeline, crm_timeline.timeline_summary(f.timeline) AS y, crm_timeline.stored_waits(f.timeline) AS w
				FROM (%s ORDER BY m.customer_id) f OFFSET 0) s', fresh);
		GET DIAGNOSTICS written = ROW_COUNT;
		CREATE TEMPORARY TABLE crm_timeline_giant ON COMMIT DROP AS
			SELECT s.customer_id, s.timeline FROM crm_timeline.stored_timeline s WHERE pg_column_size(s.timeline) > crm_timeline.max_stored_bytes();
	ELSE
		EXECUTE 'CREATE TEMPORARY TABLE crm_timeline_fresh ON COMMIT DROP AS ' || fresh;
		EXECUTE 'INSERT INTO crm_timeline.stored_timeline AS s
			SELECT f.customer_id, f.timeline, y.*, w.* FROM pg_temp.crm_timeline_fresh f CROSS JOIN LATERAL crm_timeline.timeline_summary(f.timeline) y
				CROSS JOIN LATERAL crm_timeline.stored_waits(f.timeline) w
			WHERE pg_column_size(f.timeline) <= crm_timeline.max_stored_bytes()
			ON CONFLICT (customer_id) DO UPDATE SET ' || crm_timeline.stored_timeline_sql();
		GET DIAGNOSTICS written = ROW_COUNT;
		DELETE FROM crm_timeline.stored_timeline s WHERE NOT EXISTS (SELECT FROM pg_temp.crm_timeline_fresh f WHERE f.customer_id = s.customer_id);
		GET DIAGNOSTICS n = ROW_COUNT;
		written := written + n;
		DELETE FROM crm_timeline.stored_segment g WHERE NOT EXISTS (SELECT FROM pg_temp.crm_timeline_fresh f
			WHERE f.customer_id = g.customer_id AND pg_column_size(f.timeline) > crm_timeline.max_stored_bytes());
		CREATE TEMPORARY TABLE crm_timeline_giant ON COMMIT DROP AS
			SELECT f.customer_id, f.timeline FROM pg_temp.crm_timeline_fresh f WHERE pg_column_size(f.timeline) > crm_timeline.max_stored_bytes();
		DROP TABLE pg_temp.crm_timeline_fresh;
	END IF;
	FOR one IN SELECT g.customer_id, g.timeline FROM pg_temp.crm_timeline_giant g LOOP
		PERFORM crm_timeline.store_giant(one.customer_id, one.timeline);
		written := written + (NOT was_empty)::integer;
	END LOOP;
	DROP TABLE pg_temp.crm_timeline_giant, pg_temp.crm_timeline_piece;
	IF was_empty THEN
		-- after the first rows; but where a source that is stored has none yet, they come one by one from now on
		IF written > 0 OR EXISTS (SELECT FROM crm_timeline.stored_source) THEN
			PERFORM crm_timeline.index_store();
		END IF;
		-- what chooses between an index and a scan is not to wait for autovacuum
		ANALYZE crm_timeline.stored_timeline;
	END IF;
	PERFORM setval('crm_timeline.rows_expected_seq', 0);
END
$$;
COMMENT ON FUNCTION crm_timeline.store_pieces() IS
	'brings the store up to date with what build_pieces() read, by the customers of now, and writes what changed; how many rows did';

-- One step of a refresh: some rows of the log, in one transaction.
--
-- Every mark that is taken is taken by a statement before the one that reads what it is about, whose snapshot is therefore not older. Where all
-- is read anew, the sources are read before customers are resolved: marks of customers that are told meanwhile are about identities, and
-- are taken before the customers are put together; one that is about all may be about the sources, and stays.
CREATE FUNCTION crm_timeline.refresh_batch(max_rows integer, round integer, patient boolean, OUT more boolean, OUT wait boolean, OUT taken bigint, OUT written bigint, OUT changed bigint[])
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	t record := crm_timeline.take_marks(max_rows, round = 0);
	unsettled crm_timeline.dirty_part[] := '{}';
	whole boolean := EXISTS (SELECT FROM unnest(t.parts) p JOIN crm_timeline.stored_source s ON s.name = p.source WHERE p.whole);
	known text[] := '{}';
	marked bigint[];
	n bigint;
	one record;
	again boolean;
	customers bigint[] := '{}';
	everything constant tstzmultirange := '{[-infinity,infinity]}';
BEGIN
	more := t.taken >= max_rows;
	wait := false;
	taken := t.taken;
	IF NOT more THEN
		unsettled := crm_timeline.unsettled_marks(max_rows);
		-- they may be settled the next time, or when those that write now have ended; but others write on, and so not for ever
		more := patient AND unsettled <> '{}' AND round < 10 + (SELECT max(w.lookups) FROM crm_timeline.settling() w);
		wait := more AND NOT t.advanced;
	END IF;
	written := 0;
	DELETE FROM crm_timeline.changed_customer c WHERE c.customer_id IS NULL;
	GET DIAGNOSTICS n = ROW_COUNT;
	taken := taken + n;
	whole := whole OR n > 0;
	IF whole THEN
		BEGIN
			PERFORM crm_timeline.build_pieces();
			known := ARRAY(SELECT s.name FROM crm_timeline.stored_source s JOIN crm_timeline.source r ON r.name = s.name WHERE cardinality(r.keys) = 1);
			INSERT INTO crm_timeline.touched_identity (identity)
			SELECT p.identity FROM pg_temp.crm_timeline_piece p
			WHERE NOT EXISTS (SELECT FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) p.identity);
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'the store could not be made: %', SQLERRM
				USING HINT = 'All is read from the sources until a refresh can make it. See crm_timeline.verify().';
			INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);
			whole := NULL;
			-- not all of it again for what is not settled
			more := t.taken >= max_rows;
		END;
	END IF;
	PERFORM crm_timeline.observe_marks(t.parts || CASE WHEN NOT more THEN unsettled END, known);
	PERFORM crm_timeline.resolve_touched();
	IF whole IS NULL THEN
		RETURN;
	END IF;
	WITH gone AS (DELETE FROM crm_timeline.changed_customer c WHERE c.customer_id IS NOT NULL RETURNING c.customer_id)
	SELECT coalesce(array_agg(DISTINCT g.customer_id), '{}') INTO marked FROM gone g;
	taken := taken + cardinality(marked);
	IF whole THEN
		BEGIN
			written := crm_timeline.store_pieces();
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING 'the store could not be made: %', SQLERRM
				USING HINT = 'All is read from the sources until a refresh can make it.';
			INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);
		END;
		RETURN;
	END IF;
	changed := '{}';
	FOR one IN
		SELECT d.customer_id, range_agg(d.written) AS written,
			EXISTS (SELECT FROM crm_timeline.stored_timeline s WHERE s.customer_id = d.customer_id AND s.timeline IS NULL) AS segmented
		FROM (SELECT m.customer_id, tstzrange(w.starts_at, w.ends_at, '[]') AS written
				FROM unnest(t.parts) p CROSS JOIN LATERAL unnest(p.identities, p.starts_at, p.ends_at) w(identity, starts_at, ends_at)
					JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) w.identity
			UNION ALL
			SELECT c.customer_id, '[-infinity,infinity]' FROM unnest(marked) c(customer_id)) d
		GROUP BY d.customer_id
	LOOP
		again := true;
		IF one.segmented AND NOT one.written @> everything THEN
			BEGIN
				again := NOT crm_timeline.refresh_segments(one.customer_id, one.written);
				changed := changed || one.customer_id;
			EXCEPTION WHEN OTHERS THEN
				RAISE WARNING 'customer % could not be read: %', one.customer_id, SQLERRM
					USING HINT = 'It stays marked for the next refresh. See crm_timeline.verify_sources().';
				INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (one.customer_id);
				again := false;
			END;
		END IF;
		IF again THEN
			customers := customers || one.customer_id;
		END IF;
	END LOOP;
	IF cardinality(customers) > 0 THEN
		changed := changed || crm_timeline.refresh_readable(customers);
	END IF;
	written := cardinality(changed);
END
$$;
COMMENT ON FUNCTION crm_timeline.refresh_batch(integer, integer, boolean) IS
	'takes some rows from the dirty log, resolves their identities, and brings the store up to date for their customers; round = 0 is the first time in a refresh; patient = more is to be true, too, where marks may soon be settled, and wait where others have to end first; changed is NULL where all was read anew';

-- What is kept of waits, where the definitions are others now, or what was kept has lapsed. Rows that are locked are being written anew, or are
-- for the next time: nobody is waited for while others may wait for these.
CREATE FUNCTION crm_timeline.refresh_waits(max_rows integer, OUT written bigint)
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET row_security = off AS
$$
DECLARE
	key bigint := crm_timeline.definitions_key();
	horizon timestamptz := crm_timeline.waiting_horizon();
	customers bigint[];
BEGIN
	customers := ARRAY(SELECT s.customer_id FROM crm_timeline.stored_timeline s
		WHERE s.defined_by < key OR s.defined_by > key OR s.defined_by IS NULL OR (s.defined_by = key AND s.waiting_since < horizon AND s.waiting_asked_at < horizon)
		LIMIT max_rows FOR UPDATE SKIP LOCKED);
	-- in a later snapshot, which sees the segments of the rows as they were locked
	UPDATE crm_timeline.stored_timeline s SET (waiting_since, waiting_asked_at, waiting_last, defined_by) =
		(SELECT w.waiting_since, w.waiting_asked_at, w.waiting_last, w.defined_by
			FROM crm_timeline.stored_waits(coalesce(s.timeline, crm_timeline.joined_segments(s.customer_id))) w)
	WHERE s.customer_id = ANY (customers);
	GET DIAGNOSTICS written = ROW_COUNT;
END
$$;
COMMENT ON FUNCTION crm_timeline.refresh_waits(integer) IS
	'works out anew what is kept of the waits of some customers, where the definitions have changed or a wait has lapsed; how many there were';

-- What a refresh tells of itself.
CREATE FUNCTION crm_timeline.note_refresh() RETURNS bigint
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	found bigint := (SELECT count(*) FROM crm_timeline.dirty_log) + (SELECT count(*) FROM crm_timeline.changed_customer);
BEGIN
	DELETE FROM crm_timeline.refresh_run r
	WHERE r.pid = pg_backend_pid() OR r.finished_at IS NOT NULL OR NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = r.pid);
	INSERT INTO crm_timeline.refresh_run (pid, started_at, total, done, customers) VALUES (pg_backend_pid(), clock_timestamp(), found, 0, 0);
	RETURN found;
END
$$;
COMMENT ON FUNCTION crm_timeline.note_refresh() IS 'notes that this session begins a refresh; how many marks there are';

CREATE FUNCTION crm_timeline.note_batch(taken bigint, written bigint, changed bigint[], more boolean, notify text) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	run crm_timeline.refresh_run;
	seconds double precision;
	rate double precision;
BEGIN
	UPDATE crm_timeline.refresh_run r SET done = r.done + taken, customers = r.customers + written,
		finished_at = CASE WHEN NOT more THEN clock_timestamp() END
	WHERE r.pid = pg_backend_pid() RETURNING * INTO run;
	IF notify IS NOT NULL AND written > 0 THEN
		PERFORM pg_notify(notify, json_build_object('customers', written, 'customer_ids', changed[1:100])::text);
	END IF;
	-- about every ten seconds, and never for what is shorter than that
	seconds := extract(epoch FROM clock_timestamp() - run.started_at);
	IF more AND floor(seconds / 10) > floor(greatest(extract(epoch FROM transaction_timestamp() - run.started_at), 0) / 10) THEN
		rate := run.done / seconds;
		RAISE NOTICE 'refresh: % of % marks, % a second, about % s left', run.done, greatest(run.total, run.done), round(rate),
			ceil(greatest(run.total - run.done, 0) / greatest(rate, 1));
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.note_batch(bigint, bigint, bigint[], boolean, text) IS
	'notes what a batch of this session''s refresh did; sends a NOTIFY where that is asked for, and now and then a NOTICE';

CREATE FUNCTION crm_timeline.may_wait(since timestamptz) RETURNS boolean
	LANGUAGE sql VOLATILE
	BEGIN ATOMIC
		SELECT since IS NULL OR clock_timestamp() < since + interval '200 ms';
	END;
COMMENT ON FUNCTION crm_timeline.may_wait(timestamptz) IS 'whether a refresh that waits since then for others to end may go on to';

-- It commits between batches, and so can not set search_path by a clause: every name is qualified.
CREATE PROCEDURE crm_timeline.refresh(max_rows integer DEFAULT 100000, notify text DEFAULT NULL)
	LANGUAGE plpgsql AS
$$
DECLARE
	batch record;
	round integer := 0;
	waiting_since timestamp with time zone;
BEGIN
	-- each statement is to see what was committed before it
	COMMIT;
	SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
	PERFORM crm_timeline.note_refresh();
	LOOP
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
		batch := crm_timeline.refresh_batch(max_rows, round, crm_timeline.may_wait(waiting_since));
		PERFORM crm_timeline.note_batch(batch.taken, batch.written, batch.changed, batch.more, notify);
		EXIT WHEN NOT batch.more;
		round := round + 1;
		IF batch.wait THEN
			IF waiting_since IS NULL THEN
				waiting_since := pg_catalog.clock_timestamp();
			END IF;
			COMMIT;
			PERFORM pg_catalog.pg_sleep(0.02);
		END IF;
	END LOOP;
	LOOP
		COMMIT;
		SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
		EXIT WHEN crm_timeline.refresh_waits(max_rows) < max_rows;
	END LOOP;
END
$$;
COMMENT ON PROCEDURE crm_timeline.refresh(integer, text) IS
	'brings customers and store up to date with what was written since the last refresh; commits after each max_rows rows of the log; sends a NOTIFY on a channel, where one is given, for what changed';

CREATE PROCEDURE crm_timeline.rebuild()
	LANGUAGE plpgsql AS
$$
BEGIN
	INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);
	-- identities that nobody noted, too, and what the rows say of them
	INSERT INTO crm_timeline.dirty_log (source) SELECT s.name FROM crm_timeline.source s WHERE NOT s.suspended;
	COMMIT;
	CALL crm_timeline.refresh();
END
$$;
COMMENT ON PROCEDURE crm_timeline.rebuild() IS
	'reads every source anew: links, customers and the store; readers read the sources meanwhile';
