-- One customer for whoever answers: context() as jsonb, and briefing() as text.

CREATE FUNCTION crm_timeline.preferences(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), zone text DEFAULT 'UTC',
		OUT channel text, OUT channel_is_stated boolean, OUT hour integer, OUT hour_is_stated boolean, OUT language text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
#variable_conflict use_column
DECLARE
	said crm_timeline.timeline := crm_timeline.pick_event(t, 'preference', d, as_of);
	usual crm_timeline.baseline_summary;
	stated_hour text;
BEGIN
	IF crm_timeline.length(said) > 0 THEN
		SELECT (array_agg(coalesce(i.attributes ->> 'preferred_channel', i.channel) ORDER BY i.n DESC)
				FILTER (WHERE coalesce(i.attributes ->> 'preferred_channel', i.channel) IS NOT NULL))[1],
			(array_agg(i.attributes ->> 'hour' ORDER BY i.n DESC) FILTER (WHERE i.attributes ->> 'hour' IS NOT NULL))[1],
			(array_agg(i.attributes ->> 'language' ORDER BY i.n DESC) FILTER (WHERE i.attributes ->> 'language' IS NOT NULL))[1]
		INTO channel, stated_hour, language
		FROM crm_timeline."unnest"(said) WITH ORDINALITY i(occurred_at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value,
			effort, risk, automated, seq, source, ref, attributes, n);
		IF stated_hour ~ '^([01]?[0-9]|2[0-3])(\.0*)?$' THEN
			hour := stated_hour::numeric::integer;
		END IF;
	END IF;
	channel_is_stated := channel IS NOT NULL;
	hour_is_stated := hour IS NOT NULL;
	IF channel IS NULL OR hour IS NULL THEN
		usual := crm_timeline.baseline(t, d, as_of, zone);
		-- a habit takes more than once or twice
		IF usual.contacts >= 3 THEN
			channel := coalesce(channel, CASE WHEN usual.usual_channel_share > 0.5 THEN usual.usual_channel END);
			hour := coalesce(hour, CASE WHEN usual.usual_hour_share >= 0.5 THEN usual.usual_hour END);
		END IF;
	END IF;
END
$$;
COMMENT ON FUNCTION crm_timeline.preferences(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text) IS
	'what the customer prefers: what was said last in an interaction that is a preference (its channel or preferred_channel, hour, language), or else the channel of more than half, and the local hour of at least half, of three contacts or more; NULL where neither is known';

-- The interactions that a context tells, with what was in them: by the indexes of the sources.
CREATE FUNCTION crm_timeline.summaries_of(customer_id bigint, as_of timestamptz)
	RETURNS TABLE (source text, ref text, summary text)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 20 SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN QUERY SELECT i.source, i.ref, i.summary
		FROM crm_timeline.interactions_of(summaries_of.customer_id, 20, CASE WHEN isfinite(as_of) THEN as_of + interval '1 microsecond' END) i
		WHERE i.summary IS NOT NULL;
EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
	-- whoever may read timelines only is not told what was written
	RETURN;
END
$$;
COMMENT ON FUNCTION crm_timeline.summaries_of(bigint, timestamptz) IS
	'the summaries of a customer''s last 20 interactions; none where the caller may not read the sources';

CREATE FUNCTION crm_timeline.context(customer_id bigint, purpose text DEFAULT NULL, as_of timestamptz DEFAULT now(), zone text DEFAULT 'UTC') RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = force_generic_plan AS
$$
#variable_conflict use_variable
DECLARE
	customer bigint := crm_timeline.current_customer(customer_id);
	t crm_timeline.timeline := crm_timeline.timeline_of(customer);
	d crm_timeline.definitions := crm_timeline.definitions();
	e crm_timeline.experience_summary;
	p crm_timeline.pressure_summary;
	likes record;
	last_one crm_timeline.interaction;
	journeys record;
	open_waits jsonb;
	told jsonb;
	told_last jsonb;
	friction jsonb;
	recent timestamptz;
	scores jsonb := '[]';
	scale text;
	score_one crm_timeline.interaction;
BEGIN
	IF as_of IS NULL OR zone IS NULL OR NOT isfinite(as_of) THEN
		RAISE EXCEPTION 'as_of and zone must be given' USING ERRCODE = 'invalid_parameter_value', HINT = 'as_of is a finite moment, zone a time zone.';
	END IF;
	IF t IS NULL THEN
		RETURN NULL;
	END IF;
	t := crm_timeline.slice(t, tstzrange(NULL, as_of, '[]'));
	IF purpose IS NOT NULL THEN
		t := crm_timeline.limited_to_purpose(t, purpose);
	END IF;
	e := crm_timeline.customer_experience(t, d, as_of);
	p := crm_timeline.pressure(t, d, as_of, zone);
	likes := crm_timeline.preferences(t, d, as_of, zone);
	last_one := crm_timeline.last_interaction(t);
	recent := as_of - crm_timeline.parameter_length(d, 'worst_within');
	journeys := crm_timeline.journeys_in_force();

	SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('thread', w.thread, 'channel', w.channel, 'kind', w.kind, 'topic', w.topic, 'since', w.asked_at,
			'attempts', w.attempts, 'over_target', w.is_late, 'source', w.source, 'ref', w.ref)) ORDER BY w.asked_at)
	INTO open_waits FROM crm_timeline.waits(t, d, as_of) w WHERE w.outcome = 'waiting';

	SELECT jsonb_object_agg(f.item, f.n) INTO friction
	FROM (SELECT i.item, count(*) AS n FROM crm_timeline.friction_items(t, d, as_of) i WHERE i.occurred_at > recent GROUP BY i.item) f;

	-- what was said last, newest first, with its words as far as the caller may read them
	WITH said AS MATERIALIZED (SELECT s.source, s.ref, s.summary FROM crm_timeline.summaries_of(customer, as_of) s)
	SELECT (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('occurred_at', c.occurred_at, 'channel', c.channel, 'kind', c.kind, 'thread', c.thread,
				'summary', left(s.summary, 500), 'source', c.source, 'ref', c.ref)) ORDER BY c.n DESC)
			FROM (SELECT u.* FROM crm_timeline."unnest"(crm_timeline.last_interactions(crm_timeline.pick_event(t, 'contact', d, as_of), 3)) WITH ORDINALITY
					u(occurred_at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, effort, risk, automated, seq, source, ref, attributes, n)) c
				LEFT JOIN said s ON s.source = c.source AND s.ref = c.ref),
		jsonb_build_object('summary', (SELECT left(s.summary, 500) FROM said s WHERE s.source = last_one.source AND s.ref = last_one.ref LIMIT 1))
	INTO told, told_last;

	FOREACH scale IN ARRAY ARRAY['csat', 'nps', 'ces'] LOOP
		score_one := crm_timeline.last_interaction(crm_timeline.pick_event(t, scale, d, as_of));
		IF score_one.score IS NOT NULL THEN
			scores := scores || jsonb_build_object('scale', scale, 'score', score_one.score, 'occurred_at', score_one.occurred_at);
		END IF;
	END LOOP;

	RETURN jsonb_strip_nulls(jsonb_build_object(
		'customer_id', customer,
		'as_of', as_of,
		'purpose', purpose,
		'identities', (SELECT jsonb_agg(i.identity::text ORDER BY i.identity USING OPERATOR(crm_timeline.<))
			FROM (SELECT r.identity FROM crm_timeline.resolved r WHERE r.customer_id = customer LIMIT 20) i),
		'since', e.first_at,
		'interactions', e.interactions,
		'value', e.value,
		'last', CASE WHEN last_one.occurred_at IS NOT NULL THEN jsonb_build_object('occurred_at', last_one.occurred_at, 'kind', last_one.kind, 'channel', last_one.channel,
			'direction', last_one.direction, 'agent', last_one.agent, 'outcome', last_one.outcome, 'thread', last_one.thread) || told_last END,
		'waiting', open_waits -> 0,
		'open_threads', nullif(open_waits - 0, '[]'),
		'told', told,
		'mood', CASE WHEN e.mood_n > 0 THEN jsonb_build_object('value', e.mood, 'slope', e.mood_slope,
			'last', (crm_timeline.mood(t, d, as_of)).last_sentiment, 'n', e.mood_n) END,
		'scores', nullif(scores, '[]'),
		'missteps', e.missteps,
		'friction', CASE WHEN friction IS NOT NULL THEN jsonb_build_object('score', e.recent_friction, 'items', friction) END,
		'pressure', CASE WHEN p.touches > 0 THEN jsonb_build_object('touches', p.touches, 'days', extract(epoch FROM p.within) / 86400, 'cap', p.cap, 'allowed_at', p.allowed_at) END,
		'stages', crm_timeline.stages_now(t, journeys.names, journeys.journeys, as_of),
		'preferences', jsonb_build_object('channel', likes.channel, 'hour', likes.hour, 'language', likes.language),
		'avoid', (SELECT jsonb_agg(a.what) FROM (VALUES
			('asking_again', friction ? 'repeat' OR friction ? 'repeat_after_switch' OR e.waiting_attempts > 1),
			('channel_switch', friction ? 'channel_switch'),
			('transfer', friction ? 'transfer'),
			('another_touch', p.is_over),
			('offers', e.waiting > 0 OR e.mood < -0.25)) a(what, holds) WHERE a.holds)));
END
$$;
COMMENT ON FUNCTION crm_timeline.context(bigint, text, timestamptz, text) IS
	'what whoever answers a customer should know, from all channels, as jsonb; limited to the kinds that a purpose names, if one is given; NULL where there is no such customer';

CREATE FUNCTION crm_timeline.briefing(customer_id bigint, locale text DEFAULT 'en', as_of timestamptz DEFAULT now(), zone text DEFAULT 'UTC') RETURNS text
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN crm_timeline.briefing_text(crm_timeline.context(briefing.customer_id, NULL, briefing.as_of, briefing.zone), briefing.locale);
END
$$;
COMMENT ON FUNCTION crm_timeline.briefing(bigint, text, timestamptz, text) IS
	'the context of a customer as text, in the reader''s language';
