-- Views over all customers, continued: those who handle conversations, goals, pressure, and the weeks.

CREATE FUNCTION crm_timeline.scorecard_sql(station text) RETURNS text
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	BEGIN ATOMIC
		SELECT format($view$
SELECT h.station_name AS %1$I, sum(h.share) AS conversations, count(*) AS handled_conversations, sum(h.interactions)::bigint AS interactions,
	coalesce(sum(h.share) FILTER (WHERE h.resolutions > 0), 0) AS resolved, sum(h.share * h.reopens) AS reopens, sum(h.share * h.transfers) AS transfers,
	count(*) FILTER (WHERE h.is_first) AS first_to_handle, count(*) FILTER (WHERE h.is_resolving) AS resolving,
	sum(h.share * h.waits) AS waits, sum(h.share * h.answered) AS answered, sum(h.share * h.answered) / nullif(sum(h.share * h.waits), 0) AS answered_share,
	make_interval(secs => (crm_timeline.percentile_agg(h.first_response_seconds, '{0.5}') FILTER (WHERE h.is_first))[1]) AS median_first_response,
	CASE WHEN count(h.mood) >= crm_timeline.parameter_number(crm_timeline.definitions(), 'least_n') THEN avg(h.mood) END AS customers_mood, count(h.mood) AS customers_mood_n,
	avg(h.recent_friction) AS customers_recent_friction
FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.handler_facts(t.timeline, crm_timeline.definitions(), now(), %1$L) h
GROUP BY h.station_name
$view$, station);
	END;
COMMENT ON FUNCTION crm_timeline.scorecard_sql(text) IS 'the query of agent_scorecard or team_scorecard';

CREATE FUNCTION crm_timeline.rebuild_scorecards() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	station text;
BEGIN
	FOREACH station IN ARRAY ARRAY['agent', 'team'] LOOP
		PERFORM crm_timeline.make_people_view(station || '_scorecard', crm_timeline.scorecard_sql(station),
			format('what each %s did, and how it went for the customers; a conversation is shared equally by those who handled it, so that shares add up to one', station), ARRAY[
			station, format('the %s', station), 'conversations', 'their shares of conversations: all rows together are as many as there were', 'handled_conversations', 'in how many they took part',
			'interactions', 'of these conversations that were theirs', 'resolved', 'their shares of those that were resolved', 'reopens', 'their shares of reopenings', 'transfers', 'their shares of transfers',
			'first_to_handle', 'conversations that began with them', 'resolving', 'conversations that they handled last before they were resolved',
			'waits', 'their shares of waits', 'answered', 'and of those answered', 'answered_share', 'of the waits',
			'median_first_response', 'of conversations that began with them',
			'customers_mood', 'the mood of the customers now, averaged over conversations; NULL where fewer than least_n are known', 'customers_mood_n', 'of how many conversations',
			'customers_recent_friction', 'what made it harder for these customers within worst_within, averaged over conversations']);
	END LOOP;

	PERFORM crm_timeline.make_people_view('misrouting', $view$
SELECT c.channel, c.topic, c.first_agent, c.resolving_agent, count(*) AS conversations, c.first_agent <> c.resolving_agent AS is_misrouted,
	sum(c.transfers)::bigint AS transfers, avg(c.stations)::double precision AS mean_stations
FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.conversations(t.timeline, crm_timeline.definitions(), now()) c
WHERE c.resolutions > 0 AND c.first_agent IS NOT NULL
GROUP BY c.channel, c.topic, c.first_agent, c.resolving_agent
$view$, 'who got the customer first, and who resolved it: a confusion matrix of resolved conversations', ARRAY[
		'channel', 'where the conversation began', 'topic', 'what it was about', 'first_agent', 'who handled it first', 'resolving_agent', 'who handled it last before it was resolved; NULL where nobody had',
		'conversations', 'how many', 'is_misrouted', 'whether these two differ; NULL where nobody had handled it before it was resolved', 'transfers', 'how often they were handed on', 'mean_stations', 'by how many hands they went, on average']);

	PERFORM crm_timeline.make_people_view('goal_outcomes', $view$
SELECT g.name AS goal, r.channel, count(*) AS started, count(*) FILTER (WHERE r.outcome = 'achieved') AS achieved, count(*) FILTER (WHERE r.outcome = 'abandoned') AS abandoned,
	count(*) FILTER (WHERE r.outcome = 'open') AS open,
	CASE WHEN count(*) FILTER (WHERE r.outcome <> 'open') >= crm_timeline.parameter_number(crm_timeline.definitions(), 'least_n')
		THEN count(*) FILTER (WHERE r.outcome = 'achieved') / nullif(count(*) FILTER (WHERE r.outcome <> 'open'), 0)::double precision END AS achieved_share,
	make_interval(secs => (crm_timeline.percentile_agg(extract(epoch FROM r.took)::double precision, '{0.5}') FILTER (WHERE r.outcome = 'achieved'))[1]) AS median_time,
	avg(r.steps) FILTER (WHERE r.outcome = 'achieved')::double precision AS mean_steps, avg(r.contacts)::double precision AS mean_contacts,
	sum(r.errors)::bigint AS errors, avg(r.effort) AS mean_effort, count(r.effort) AS effort_n
FROM crm_timeline.timelines t CROSS JOIN crm_timeline.goals() g
	CROSS JOIN LATERAL crm_timeline.goal_runs(t.timeline, crm_timeline.definitions(), now(), g.started, g.achieved, g.abandoned_after) r
GROUP BY g.name, r.channel
$view$, 'what customers came for, and whether they got it, by the channel in which they began', ARRAY[
		'goal', 'the name of the goal: see goals()', 'channel', 'where it was started', 'started', 'how often', 'achieved', 'how often it was reached', 'abandoned', 'how often it was not reached in time', 'open', 'how often it still can be',
		'achieved_share', 'of those that are not open; NULL where there are fewer than least_n', 'median_time', 'half of those achieved took no longer', 'mean_steps', 'the customers'' interactions on the way, of those achieved',
		'mean_contacts', 'how often they had to ask on the way', 'errors', 'errors on the way', 'mean_effort', 'the sum of effort on the way, where it is known', 'effort_n', 'of how many']);

	PERFORM crm_timeline.make_people_view('contact_pressure', $view$
SELECT t.customer_id, p.touches, p.within, p.cap, p.is_over, p.allowed_at, p.last_touch_at, p.all_touches, p.engaged, p.engaged_share
FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.pressure(t.timeline, crm_timeline.definitions(), now()) p
WHERE p.all_touches > 0
$view$, 'how often we came uninvited, for each customer to whom we did', ARRAY[
		'customer_id', 'the customer', 'touches', 'how often within the window until now', 'within', 'the window: pressure_within', 'cap', 'how many are enough: pressure_cap', 'is_over', 'whether one more would be too many',
		'allowed_at', 'when it would not; NULL = never', 'last_touch_at', 'when we last did', 'all_touches', 'how often ever', 'engaged', 'how often the customer engaged within engaged_within', 'engaged_share', 'of all']);

	PERFORM crm_timeline.make_people_view('experience_by_week', $view$
SELECT w.week, w.interactions, w.customers, w.contacts, w.waits, w.answered, w.answered / nullif(w.waits, 0)::double precision AS answered_share, w.on_time / nullif(w.waits, 0)::double precision AS on_time_share,
	w.friction_items, w.friction, w.friction / nullif(w.contacts, 0) AS friction_per_contact, w.poor, w.touches,
	w.sentiment_sum / nullif(w.sentiment_n, 0) AS sentiment, w.sentiment_n,
	CASE WHEN w.csat_n >= n.least_n THEN 100 * w.csat_top / w.csat_n::double precision END AS csat,
	CASE WHEN w.csat_n >= n.least_n THEN 100 * c.low END AS csat_low, CASE WHEN w.csat_n >= n.least_n THEN 100 * c.high END AS csat_high, w.csat_n,
	CASE WHEN w.nps_n >= n.least_n THEN p.score END AS nps, CASE WHEN w.nps_n >= n.least_n THEN p.low END AS nps_low, CASE WHEN w.nps_n >= n.least_n THEN p.high END AS nps_high, w.nps_n,
	CASE WHEN w.ces_n >= n.least_n THEN w.ces_sum / w.ces_n END AS ces,
	CASE WHEN w.ces_n >= n.least_n AND w.ces_n > 1 THEN sqrt(greatest(w.ces_squares - w.ces_sum * w.ces_sum / w.ces_n, 0) / (w.ces_n - 1) / w.ces_n) END AS ces_standard_error, w.ces_n
FROM (SELECT crm_timeline.experience_weeks_agg(t.timeline, crm_timeline.definitions(), now()) AS weeks FROM crm_timeline.timelines t) a
	CROSS JOIN LATERAL unnest(a.weeks) w
	CROSS JOIN LATERAL crm_timeline.wilson_interval(w.csat_top, w.csat_n) c
	CROSS JOIN LATERAL crm_timeline.nps_of(w.nps_promoters, w.nps_n - w.nps_promoters - w.nps_detractors, w.nps_detractors) p
	CROSS JOIN (SELECT crm_timeline.parameter_number(crm_timeline.definitions(), 'least_n') AS least_n) n
$view$, 'how customers fared, week by week (UTC, from Monday)', ARRAY[
		'week', 'the Monday on which it began', 'interactions', 'how many there were', 'customers', 'of how many customers', 'contacts', 'how often customers asked for attention', 'waits', 'waits that began in it', 'answered', 'of those, how many were answered',
		'answered_share', 'of the waits', 'on_time_share', 'answered within the target, of the waits', 'friction_items', 'what made it harder than it had to be', 'friction', 'the weights of that', 'friction_per_contact', 'by contact',
		'poor', 'poor interactions', 'touches', 'how often we came uninvited', 'sentiment', 'the mean sentiment', 'sentiment_n', 'of how many',
		'csat', 'the share of 4 and 5 in per cent; NULL where there are fewer than least_n', 'csat_low', 'the lower end of its 95 % interval (Wilson)', 'csat_high', 'the upper end', 'csat_n', 'of how many',
		'nps', 'promoters less detractors in per cent; NULL where there are fewer than least_n', 'nps_low', 'the lower end of its 95 % interval', 'nps_high', 'the upper end', 'nps_n', 'of how many',
		'ces', 'the mean of 1 to 7; NULL where there are fewer than least_n', 'ces_standard_error', 'its standard error', 'ces_n', 'of how many']);

	PERFORM crm_timeline.make_people_view('availability_fit', $view$
SELECT w.channel, extract(hour FROM w.asked_at AT TIME ZONE 'UTC')::integer AS hour, count(*) AS waits,
	count(*) FILTER (WHERE w.outcome = 'answered' AND w.waited_seconds = 0) AS at_once,
	count(*) FILTER (WHERE w.outcome = 'answered' AND w.waited_seconds = 0) / count(*)::double precision AS at_once_share,
	count(*) FILTER (WHERE w.outcome = 'answered' AND NOT w.is_late) / count(*)::double precision AS on_time_share,
	count(*)::double precision / sum(count(*)) OVER (PARTITION BY w.channel) AS demand_share
FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.wait_facts(t.timeline, crm_timeline.definitions(), now()) w
GROUP BY w.channel, 2
$view$, 'when customers ask, and whether somebody is there, by channel and hour (UTC)', ARRAY[
		'channel', 'the channel', 'hour', 'the hour of the day in UTC', 'waits', 'how often customers asked', 'at_once', 'answered as they happened', 'at_once_share', 'of all', 'on_time_share', 'answered within the target, of all',
		'demand_share', 'of the waits of the channel']);
END
$$;
COMMENT ON FUNCTION crm_timeline.rebuild_scorecards() IS 'the second half of rebuild_people_views()';
