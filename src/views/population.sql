-- Views for people and their tools, over all customers: only built-in types, live and exact, each column explained.

CREATE FUNCTION crm_timeline.make_people_view(name text, definition text, comment text, columns text[]) RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	PERFORM crm_timeline.make_view(name, definition, comment, 'timelines');
	FOR i IN 1 .. cardinality(columns) BY 2 LOOP
		EXECUTE format('COMMENT ON COLUMN crm_timeline.%I.%I IS %L', name, columns[i], columns[i + 1]);
	END LOOP;
END
$$;
COMMENT ON FUNCTION crm_timeline.make_people_view(text, text, text, text[]) IS
	'makes a generated view and explains its columns: name, comment, name, comment';

CREATE FUNCTION crm_timeline.rebuild_people_views() RETURNS void
	LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
	SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres' SET standard_conforming_strings = on SET transform_null_equals = off AS
$$
BEGIN
	PERFORM crm_timeline.make_people_view('customer_overview', $view$
SELECT t.customer_id, coalesce(k.identities, 1) AS identities, e.interactions, e.first_at, e.last_at, e.last_kind, e.last_channel,
	crm_timeline.stages_now(t.timeline, j.names, j.journeys, now()) AS stages,
	e.contacts, e.last_contact_at, e.waits, e.answered, e.answered_share, e.waiting_since, e.waiting_channel, e.waiting_attempts, e.is_late,
	e.friction, e.recent_friction, e.missteps, e.mood, e.mood_slope, e.mood_n, e.touches, e.advocacy, e.value
FROM crm_timeline.timelines t
	CROSS JOIN LATERAL crm_timeline.customer_experience(t.timeline, crm_timeline.definitions(), now()) e
	CROSS JOIN crm_timeline.journeys_in_force() j
	LEFT JOIN (SELECT m.customer_id, count(*) AS identities FROM crm_timeline.membership m GROUP BY m.customer_id) k ON k.customer_id = t.customer_id
$view$, 'every customer at a glance', ARRAY[
		'customer_id', 'the customer; negative until a refresh has seen it',
		'identities', 'under how many identities the customer is known',
		'interactions', 'how many there were until now',
		'first_at', 'when the first was', 'last_at', 'when the last was', 'last_kind', 'what it was', 'last_channel', 'by which channel',
		'stages', 'the stage that the customer is in on each journey of journeys(): {"journey": "stage"}',
		'contacts', 'how often the customer asked for attention', 'last_contact_at', 'when the customer last did',
		'waits', 'how many waits that made', 'answered', 'how many of them somebody answered',
		'answered_share', 'answered waits, of those that are over; NULL where none is',
		'waiting_since', 'when the oldest wait began that is open; NULL where nobody waits', 'waiting_channel', 'in which channel',
		'waiting_attempts', 'how often the customer has asked since', 'is_late', 'whether it is longer than the target of its channel',
		'friction', 'the weights of all that made it harder than it had to be', 'recent_friction', 'of that, what lies within worst_within',
		'missteps', 'poor interactions within worst_within',
		'mood', 'how the customer feels, from -1 to 1; NULL where no sentiment is known', 'mood_slope', 'how that changes, per day',
		'mood_n', 'how many sentiments it comes from',
		'touches', 'how often we came uninvited within pressure_within', 'advocacy', 'how often the customer recommended us',
		'value', 'the sum of the values of all interactions; NULL where none has one']);

	PERFORM crm_timeline.make_people_view('attention_queue', $view$
SELECT q.customer_id, q.waiting_since, now() - q.waiting_since AS waited,
	crm_timeline.working_time(e.waiting_channel, q.waiting_since, now()) AS working_time,
	e.waiting_channel AS channel, e.waiting_thread AS thread, e.waiting_attempts AS attempts, e.waiting AS open_waits, e.is_late,
	array_to_string(ARRAY[CASE WHEN e.is_late THEN 'late' ELSE 'in time' END, CASE WHEN e.waiting_attempts > 1 THEN 'asked ' || e.waiting_attempts || ' times' END,
		CASE WHEN e.waiting_attempts = 0 THEN 'reopened' END, CASE WHEN e.waiting > 1 THEN e.waiting || ' open questions' END,
		CASE WHEN e.missteps > 0 THEN e.missteps || ' recent missteps' END, CASE WHEN e.mood < -0.25 THEN 'unhappy' END], ', ') AS reason,
	e.contacts, e.missteps, e.recent_friction, e.mood, e.mood_n, e.value
FROM crm_timeline.waiting_timelines q
	CROSS JOIN LATERAL crm_timeline.customer_experience(q.timeline, crm_timeline.definitions(), now()) e
$view$, 'who waits for an answer now; ORDER BY waiting_since for the longest first', ARRAY[
		'customer_id', 'the customer', 'waiting_since', 'when the oldest wait began that is open', 'waited', 'how long ago that was',
		'working_time', 'how long of that its channel was open, by schedule_definition',
		'channel', 'the channel of the contact that began it', 'thread', 'its thread', 'attempts', 'how often the customer has asked there since',
		'open_waits', 'how many waits are open', 'is_late', 'whether it is longer than the target of its channel',
		'reason', 'why this customer stands here, in words',
		'contacts', 'how often the customer asked for attention so far', 'missteps', 'poor interactions within worst_within',
		'recent_friction', 'the weights of what made it harder than it had to be within worst_within',
		'mood', 'how the customer feels, from -1 to 1; NULL where no sentiment is known', 'mood_n', 'how many sentiments it comes from',
		'value', 'the sum of the values of all interactions; NULL where none has one']);

	PERFORM crm_timeline.make_people_view('channel_scorecard', $view$
SELECT c.channel, c.waits, c.customers, c.answered, c.answered_share, i.low AS answered_low, i.high AS answered_high,
	c.on_time_share, c.resolved, c.abandoned, c.lapsed, c.waiting, c.at_once, c.attempts,
	make_interval(secs => c.waited[1]) AS median_wait, make_interval(secs => c.waited[2]) AS p90_wait,
	c.switched_away, c.switched_away / nullif(c.waits, 0)::double precision AS switch_away_rate,
	(c.abandoned + c.lapsed + c.resolved) / nullif(c.waits - c.waiting, 0)::double precision AS failure_rate
FROM (SELECT w.channel, count(*) AS waits, sum(w.is_customers_first::integer) AS customers,
		count(*) FILTER (WHERE w.outcome = 'answered') AS answered,
		CASE WHEN count(*) FILTER (WHERE w.outcome <> 'waiting') >= crm_timeline.parameter_number(crm_timeline.definitions(), 'least_n')
			THEN count(*) FILTER (WHERE w.outcome = 'answered') / nullif(count(*) FILTER (WHERE w.outcome <> 'waiting'), 0)::double precision END AS answered_share,
		CASE WHEN count(*) FILTER (WHERE w.outcome <> 'waiting') >= crm_timeline.parameter_number(crm_timeline.definitions(), 'least_n')
			THEN count(*) FILTER (WHERE w.outcome = 'answered' AND NOT w.is_late) / nullif(count(*) FILTER (WHERE w.outcome <> 'waiting'), 0)::double precision END AS on_time_share,
		count(*) FILTER (WHERE w.outcome = 'resolved') AS resolved, count(*) FILTER (WHERE w.outcome = 'abandoned') AS abandoned,
		count(*) FILTER (WHERE w.outcome = 'lapsed') AS lapsed, count(*) FILTER (WHERE w.outcome = 'waiting') AS waiting,
		count(*) FILTER (WHERE w.outcome = 'answered' AND w.waited_seconds = 0) AS at_once, sum(w.attempts) AS attempts,
		crm_timeline.percentile_agg(w.waited_seconds, '{0.5, 0.9}') FILTER (WHERE w.outcome = 'answered') AS waited,
		count(*) FILTER (WHERE w.switched_away) AS switched_away
	FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.wait_facts(t.timeline, crm_timeline.definitions(), now()) w
	GROUP BY w.channel) c
	CROSS JOIN LATERAL crm_timeline.wilson_interval(c.answered, c.answered + c.resolved + c.abandoned + c.lapsed) i
$view$, 'does a channel do its job? One row for each channel in which customers asked', ARRAY[
		'channel', 'the channel; NULL = contacts that name none', 'waits', 'how often customers asked for attention there', 'customers', 'how many customers did',
		'answered', 'waits that somebody answered', 'answered_share', 'of those that are over; NULL where there are fewer than least_n',
		'answered_low', 'the lower end of its 95 % interval (Wilson)', 'answered_high', 'the upper end',
		'on_time_share', 'answered within the target of the channel, of those that are over; NULL where there are fewer than least_n',
		'resolved', 'closed without an answer', 'abandoned', 'given up by the customer', 'lapsed', 'not answered within patience', 'waiting', 'open now',
		'at_once', 'answered as they happened', 'attempts', 'contacts that the waits consist of',
		'median_wait', 'the median wait of those answered', 'p90_wait', 'nine in ten of them waited no longer',
		'switched_away', 'waits after which the customer asked next in another channel, within switch_within', 'switch_away_rate', 'of all waits',
		'failure_rate', 'resolved without an answer, abandoned or lapsed, of those that are over']);

	PERFORM crm_timeline.make_people_view('friction_hotspots', $view$
SELECT f.item, f.channel, sum(f.items)::bigint AS items, count(*) AS customers, sum(f.weight) AS weight,
	sum(f.weight) / nullif(sum(sum(f.weight)) OVER (), 0) AS weight_share, max(f.last_at) AS last_at
FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.friction_facts(t.timeline, crm_timeline.definitions(), now()) f
GROUP BY f.item, f.channel
$view$, 'where it is harder for customers than it has to be: ORDER BY weight DESC', ARRAY[
		'item', 'what: repeat, channel_switch, repeat_after_switch, transfer, reopen, slow_wait, abandoned, failed_self_service, error',
		'channel', 'the channel in which it showed', 'items', 'how often', 'customers', 'for how many customers', 'weight', 'the sum of the weights',
		'weight_share', 'of all friction', 'last_at', 'when it was last']);

	PERFORM crm_timeline.make_people_view('feedback_loop', $view$
SELECT f.kind, f.channel, f.feedback, f.poor, f.answered, f.answered / nullif(f.closed, 0)::double precision AS answered_share, i.low AS answered_low, i.high AS answered_high,
	f.acted, f.told, f.told / nullif(f.closed, 0)::double precision AS told_share, f.recovered, f.open, f.ignored,
	make_interval(secs => f.median_seconds) AS median_time_to_answer
FROM (SELECT l.kind, l.channel, count(*) AS feedback, count(*) FILTER (WHERE l.is_poor) AS poor,
		count(*) FILTER (WHERE l.status <> 'open') AS closed,
		count(l.answered_seconds) AS answered, count(*) FILTER (WHERE l.is_acted) AS acted,
		count(*) FILTER (WHERE l.is_told) AS told, count(*) FILTER (WHERE l.is_recovered) AS recovered,
		count(*) FILTER (WHERE l.status = 'open') AS open, count(*) FILTER (WHERE l.status = 'ignored') AS ignored,
		(crm_timeline.percentile_agg(l.answered_seconds, '{0.5}'))[1] AS median_seconds
	FROM crm_timeline.timelines t CROSS JOIN LATERAL crm_timeline.feedback_facts(t.timeline, crm_timeline.definitions(), now()) l
	GROUP BY l.kind, l.channel) f
	CROSS JOIN LATERAL crm_timeline.wilson_interval(f.answered, f.closed) i
$view$, 'what became of what customers told us, by the kind and the channel of the feedback', ARRAY[
		'kind', 'what the feedback was', 'channel', 'by which channel', 'feedback', 'how many there were', 'poor', 'of a bad experience',
		'answered', 'a person answered within recovery_within', 'answered_share', 'of those that are not open', 'answered_low', 'the lower end of its 95 % interval (Wilson)', 'answered_high', 'the upper end',
		'acted', 'something was done within recovery_within', 'told', 'and the customer was told of it', 'told_share', 'of those that are not open',
		'recovered', 'the customer was pleased again within recovery_within', 'open', 'nothing happened yet, and there is still time', 'ignored', 'nothing happened, and the time is over',
		'median_time_to_answer', 'half of those answered were so within']);

	PERFORM crm_timeline.rebuild_scorecards();
END
$$;
COMMENT ON FUNCTION crm_timeline.rebuild_people_views() IS
	'makes the views over all customers that people and their tools read; a part of rebuild_views()';
INSERT INTO crm_timeline.view_generator VALUES (60, 'crm_timeline.rebuild_people_views');
