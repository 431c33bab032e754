-- The views of the store, generated from the sources, and what asks for one customer.

CREATE FUNCTION crm_timeline.store_agg_sql(row_name text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC
		SELECT 'crm_timeline.store_agg(' || string_agg(format('%I.%s', row_name, a.name), ', ' ORDER BY a.n) || ')'
		FROM unnest(ARRAY['occurred_at', 'kind', 'channel', 'direction', 'thread', 'agent', 'outcome', 'topic', 'sentiment', 'score',
			'value', 'automated', 'source', 'ref', 'seq', 'attributes']) WITH ORDINALITY a(name, n);
	END;
COMMENT ON FUNCTION crm_timeline.store_agg_sql(text) IS 'the call of store_agg() over rows of the view interactions';

-- A function and no subquery in the view, which would keep it from parallel plans; and not ||, which wants fewer attributes than there may be.
CREATE FUNCTION crm_timeline.joined_timelines(a crm_timeline.timeline, b crm_timeline.timeline) RETURNS crm_timeline.timeline
	LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100
	BEGIN ATOMIC
		SELECT crm_timeline.store_agg(u.timeline) FROM (VALUES ($1), ($2)) u(timeline);
	END;
COMMENT ON FUNCTION crm_timeline.joined_timelines(crm_timeline.timeline, crm_timeline.timeline) IS
	'all interactions of two timelines, of which either may be NULL, as store_agg() joins them';

CREATE FUNCTION crm_timeline.has_live_sources() RETURNS boolean
	LANGUAGE sql STABLE PARALLEL SAFE
	BEGIN ATOMIC
		SELECT EXISTS (SELECT FROM crm_timeline.source r WHERE NOT r.suspended AND r.kind IS NOT NULL
			AND NOT EXISTS (SELECT FROM crm_timeline.stored_source s WHERE s.name = r.name));
	END;
COMMENT ON FUNCTION crm_timeline.has_live_sources() IS 'whether some source''s interactions are not stored';

-- Grouped by identity first: the customers are looked up once an identity, and not once a row.
CREATE FUNCTION crm_timeline.pieces_sql(condition text) RETURNS text
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
BEGIN
	RETURN coalesce((SELECT format(E'SELECT i.identity, %s AS timeline\nFROM (%s) i\n'
			'WHERE i.usable AND i.identity IS NOT NULL AND %s\nGROUP BY i.identity',
			crm_timeline.store_agg_sql('i'), string_agg(
				-- OFFSET 0: the identity is made once a row, and not again for its condition
				format('(%s OFFSET 0)', r.member), E'\nUNION ALL\n' ORDER BY r.name COLLATE "C"), condition)
		FROM crm_timeline.readable_sources(false) r WHERE r.stored HAVING count(*) > 0),
		'SELECT NULL::crm_timeline.identity AS identity, NULL::crm_timeline.timeline AS timeline WHERE false');
END
$$;
COMMENT ON FUNCTION crm_timeline.pieces_sql(text) IS
	'a query for the timeline of each identity, of the stored sources and the rows of which the condition is true; NULL where an identity has no interaction';

CREATE FUNCTION crm_timeline.rebuild_timelines() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
DECLARE
	stored text[];
	live text[];
	definition text := md5(crm_timeline.pieces_sql('true'));
	agg constant text := crm_timeline.store_agg_sql('i');
	clean constant text := 'NOT EXISTS (SELECT FROM crm_timeline.dirty_customer d WHERE d.customer_id = s.customer_id)';
	not_live text := '';
	kept text;
	summary constant text := 's.interactions, s.first_at, s.last_at, s.last_inbound_at, s.last_outbound_at, s.last_kind, s.last_channel, '
		's.last_outcome, s.last_sentiment, s.last_score';
	computed text;
BEGIN
	SELECT coalesce(array_agg(r.name) FILTER (WHERE r.stored), '{}'), coalesce(array_agg(r.name) FILTER (WHERE NOT r.stored), '{}')
	INTO stored, live FROM crm_timeline.readable_sources(false) r;

	-- what the store keeps, and what it does not
	PERFORM crm_timeline.make_view('stored_interactions', crm_timeline.interactions_sql(stored),
		'the interactions of the sources that are stored, with their customers', 'timelines');
	PERFORM crm_timeline.make_view('live_interactions', crm_timeline.interactions_sql(live),
		'the interactions of the sources that are not stored, with their customers', 'timelines');

	IF live <> '{}' THEN
		not_live := ' AND NOT EXISTS (SELECT FROM crm_timeline.live_interactions v WHERE v.customer_id = s.customer_id)';
	END IF;
	-- the modes are told apart by conditions without a column, which are asked once; a stored timeline is a bare column, for its index
	kept := 'SELECT s.customer_id, s.timeline FROM crm_timeline.stored_timeline s WHERE crm_timeline.store_mode() = 0 AND s.timeline IS NOT NULL'
		|| not_live || E'\nUNION ALL\n'
		'SELECT s.customer_id, s.timeline FROM crm_timeline.stored_timeline s WHERE crm_timeline.store_mode() = 1 AND s.timeline IS NOT NULL AND '
		|| clean || not_live || E'\nUNION ALL\n'
		'SELECT s.customer_id, crm_timeline.joined_segments(s.customer_id) FROM crm_timeline.stored_timeline s WHERE crm_timeline.store_mode() < 2 AND s.timeline IS NULL AND '
		|| clean || not_live;
	-- behind functions: what has to be computed is rarely needed, and would be planned, and weighed, with every statement
	computed := E'SELECT d.customer_id, t.timeline FROM crm_timeline.dirty_customer d\n'
		-- a function and no subquery, which would want a parameter, and so no parallel plan
		'	CROSS JOIN LATERAL crm_timeline.computed_timeline(d.customer_id) t(timeline)\n'
		'WHERE crm_timeline.store_mode() = 1 AND t.timeline IS NOT NULL\n'
		'UNION ALL\n'
		'SELECT c.customer_id, c.timeline FROM crm_timeline.computed_timelines() c WHERE crm_timeline.store_mode() = 2\n'
		-- so that the reader's rights on the sources are asked for each time, and not on some day when there is something to compute
		'UNION ALL\n'
		'SELECT i.customer_id, NULL::crm_timeline.timeline FROM crm_timeline.interactions i WHERE false';
	IF live <> '{}' THEN
		computed := format(
			E'SELECT l.customer_id, crm_timeline.joined_timelines(coalesce(s.timeline, crm_timeline.joined_segments(s.customer_id)), l.timeline) AS timeline\n'
			'FROM (SELECT i.customer_id, %s AS timeline FROM crm_timeline.live_interactions i GROUP BY i.customer_id) l\n'
			'	LEFT JOIN crm_timeline.stored_timeline s ON s.customer_id = l.customer_id\n'
			'WHERE crm_timeline.store_mode() < 2 AND NOT EXISTS (SELECT FROM crm_timeline.dirty_customer d WHERE d.customer_id = l.customer_id)\n'
			'UNION ALL\n%s',
			agg, computed);
	END IF;
	PERFORM crm_timeline.make_view('timelines', kept || E'\nUNION ALL\n' || computed,
		'every customer''s interactions as one timeline, in the reader''s snapshot: stored ones, and computed ones for the customers that were written to since', 'timelines');
	-- stored rows are a bare table here, so that they come in the order of an index; what is asked of them is asked above;
	-- what has no name of its own is given one, so that a restored view is dumped as it was
	PERFORM crm_timeline.make_view('customer_summary', format(
		E'SELECT s.customer_id, %1$s,\n'
		'	CASE WHEN NOT s.kept OR s.defined_by = crm_timeline.definitions_key() AND s.last_at <= now()\n'
		'			AND (s.waiting_asked_at >= crm_timeline.waiting_horizon() OR (s.waiting_last >= crm_timeline.waiting_horizon()) IS NOT TRUE)\n'
		'		THEN CASE WHEN NOT s.kept OR s.waiting_asked_at >= crm_timeline.waiting_horizon() THEN s.waiting_since END\n'
		'		ELSE crm_timeline.waiting_since(coalesce(s.timeline, crm_timeline.joined_segments(s.customer_id)), crm_timeline.definitions(), now()) END AS waiting_since\n'
		'FROM (SELECT s.customer_id, %1$s, s.waiting_since, s.waiting_asked_at, s.waiting_last, s.defined_by, s.timeline, true AS kept FROM crm_timeline.stored_timeline s\n'
		'	UNION ALL SELECT t.customer_id, %1$s, crm_timeline.waiting_since(t.timeline, crm_timeline.definitions(), now()) AS waiting_since,\n'
		'		NULL AS waiting_asked_at, NULL AS waiting_last, NULL AS defined_by, NULL AS timeline, false AS kept\n'
		'		FROM (%4$s) t CROSS JOIN LATERAL crm_timeline.timeline_summary(t.timeline) s) s\n'
		'WHERE NOT s.kept OR ((SELECT crm_timeline.store_mode()) = 0 OR (SELECT crm_timeline.store_mode()) = 1 AND %3$s)%2$s',
			summary, not_live, clean, computed),
		'how many interactions every customer has, the first, and the last, of any direction, inbound and outbound, and since when the customer waits', 'timelines');
	-- the first branch comes in the order of an index, as long as its conditions do not look selective; the second is of those whose stored row can not tell
	PERFORM crm_timeline.make_view('waiting_timelines', format(
		E'SELECT u.customer_id, u.waiting_since, coalesce(u.timeline, crm_timeline.joined_segments(u.customer_id)) AS timeline\n'
		'FROM (SELECT s.customer_id, s.waiting_since, s.waiting_asked_at, s.last_at, s.defined_by, s.timeline, true AS kept FROM crm_timeline.stored_timeline s\n'
		'	UNION ALL\n'
		'	SELECT c.customer_id, w.waiting_since, NULL AS waiting_asked_at, NULL AS last_at, crm_timeline.definitions_key() AS defined_by, c.timeline, false AS kept\n'
		'	FROM (SELECT s.customer_id, coalesce(s.timeline, crm_timeline.joined_segments(s.customer_id)) AS timeline\n'
		'			FROM crm_timeline.stored_timeline s\n'
		'			WHERE (s.defined_by < crm_timeline.definitions_key() OR s.defined_by > crm_timeline.definitions_key() OR s.defined_by IS NULL OR s.last_at > now()\n'
		'					OR s.defined_by = crm_timeline.definitions_key() AND s.waiting_since < crm_timeline.waiting_horizon()\n'
		'						AND s.waiting_asked_at < crm_timeline.waiting_horizon() AND s.waiting_last >= crm_timeline.waiting_horizon())\n'
		'				AND ((SELECT crm_timeline.store_mode() = 0) OR (SELECT crm_timeline.store_mode() = 1) AND %2$s)%1$s\n'
		'		UNION ALL\n%3$s) c\n'
		'		CROSS JOIN LATERAL crm_timeline.waiting_since(c.timeline, crm_timeline.definitions(), now()) w(waiting_since)\n'
		'	WHERE w.waiting_since IS NOT NULL) u\n'
		'WHERE u.defined_by = crm_timeline.definitions_key() AND u.waiting_since IS NOT NULL AND (NOT u.kept OR u.last_at <= now()\n'
		'	AND u.waiting_asked_at >= crm_timeline.waiting_horizon()\n'
		'	AND ((SELECT crm_timeline.store_mode() = 0) OR (SELECT crm_timeline.store_mode() = 1) AND %4$s)%5$s)',
			not_live, clean, computed, replace(clean, 's.customer_id', 'u.customer_id'), replace(not_live, 's.customer_id', 'u.customer_id')),
		'the customers who wait for an answer now, since when, and their timelines', 'timelines');

	-- what the store holds was made from something else
	IF stored IS DISTINCT FROM ARRAY(SELECT s.name FROM crm_timeline.stored_source s ORDER BY s.name COLLATE "C") THEN
		DELETE FROM crm_timeline.stored_source;
		INSERT INTO crm_timeline.stored_source SELECT unnest(stored);
	END IF;
	IF definition IS DISTINCT FROM (SELECT d.md5 FROM crm_timeline.store_definition d) THEN
		DELETE FROM crm_timeline.store_definition;
		INSERT INTO crm_timeline.store_definition VALUES (definition);
		IF EXISTS (SELECT FROM crm_timeline.epoch) THEN
			INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.rebuild_timelines() IS
	'makes the views timelines and customer_summary, and those below them, from the registered sources; a part of rebuild_views()';
INSERT INTO crm_timeline.view_generator VALUES (40, 'crm_timeline.rebuild_timelines');

-- One customer's rows by the indexes of the sources, whatever their statistics say.
CREATE FUNCTION crm_timeline.computed_timeline(customer_id bigint) RETURNS crm_timeline.timeline
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 1000 SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS
$$
DECLARE
	result crm_timeline.timeline;
BEGIN
	SELECT crm_timeline.store_agg(i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment,
		i.score, i.value, i.automated, i.source, i.ref, i.seq, i.attributes)
	INTO result FROM crm_timeline.interactions i WHERE i.customer_id = computed_timeline.customer_id;
	RETURN result;
END
$$;
COMMENT ON FUNCTION crm_timeline.computed_timeline(bigint) IS
	'the timeline of a customer from the sources; NULL where there is no interaction';

-- Everybody's, in one pass over the sources: no statistics of theirs may make it one pass for each customer.
CREATE FUNCTION crm_timeline.computed_timelines() RETURNS TABLE (customer_id bigint, timeline crm_timeline.timeline)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_nestloop = off SET enable_mergejoin = off AS
$$
BEGIN
	RETURN QUERY
	SELECT i.customer_id, crm_timeline.store_agg(i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment,
		i.score, i.value, i.automated, i.source, i.ref, i.seq, i.attributes)
	FROM crm_timeline.interactions i GROUP BY i.customer_id;
END
$$;
COMMENT ON FUNCTION crm_timeline.computed_timelines() IS
	'the timelines of all customers from the sources: what the view timelines gives where store_mode() is 2';

CREATE FUNCTION crm_timeline.timeline_of(customer_id bigint) RETURNS crm_timeline.timeline
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS
$$
DECLARE
	customer bigint := crm_timeline.current_customer(timeline_of.customer_id);
	result crm_timeline.timeline;
	live crm_timeline.timeline;
BEGIN
	IF customer IS NULL THEN
		RETURN NULL;
	ELSIF customer < 0 OR crm_timeline.store_mode() = 2 OR crm_timeline.is_dirty(customer) THEN
		RETURN crm_timeline.computed_timeline(customer);
	END IF;
	SELECT coalesce(s.timeline, crm_timeline.joined_segments(s.customer_id))
	INTO result FROM crm_timeline.stored_timeline s WHERE s.customer_id = customer;
	IF crm_timeline.has_live_sources() THEN
		SELECT crm_timeline.store_agg(i.occurred_at, i.kind, i.channel, i.direction, i.thread, i.agent, i.outcome, i.topic, i.sentiment,
			i.score, i.value, i.automated, i.source, i.ref, i.seq, i.attributes)
		INTO live FROM crm_timeline.live_interactions i WHERE i.customer_id = customer;
		result := crm_timeline.joined_timelines(result, live);
	END IF;
	RETURN result;
END
$$;
COMMENT ON FUNCTION crm_timeline.timeline_of(bigint) IS
	'the timeline of a customer, as the view timelines has it; absorbed and provisional customers lead to theirs; NULL where there is none';

CREATE FUNCTION crm_timeline.last_interaction_of(customer_id bigint) RETURNS crm_timeline.interaction
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	customer bigint := crm_timeline.current_customer(last_interaction_of.customer_id);
	result crm_timeline.interaction;
	segment crm_timeline.timeline;
BEGIN
	-- of a customer in segments, who are few, the last one is enough
	SELECT g.timeline INTO segment FROM crm_timeline.stored_segment g WHERE g.customer_id = customer ORDER BY g.starts_at DESC LIMIT 1;
	IF segment IS NOT NULL AND (crm_timeline.store_mode() = 2 OR crm_timeline.is_dirty(customer) OR crm_timeline.has_live_sources()) THEN
		segment := NULL;
	END IF;
	SELECT * INTO result FROM crm_timeline.last_interaction(coalesce(segment, crm_timeline.timeline_of(customer)));
	RETURN result;
END
$$;
COMMENT ON FUNCTION crm_timeline.last_interaction_of(bigint) IS
	'the last interaction of a customer, in the total order; NULL where there is none';
