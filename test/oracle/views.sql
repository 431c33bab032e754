-- The views for people by their documentation (doc/views.md), in plain SQL over the rows of registered tables. What is
-- measured of one customer comes from functions that have oracles of their own (waits(), friction_items(), ...); whose
-- rows they are, what is counted, shared and joined is said here once more.
--
-- The test that reads this file has made oracle.raw(key, occurred_at, kind, channel, direction, thread, agent, outcome,
-- topic, sentiment, score, value, automated, source, ref, attributes), the rows of its tables under their owning identity,
-- and oracle.known(key), every identity that some row names.

-- What the test changes along with the tables of definitions.
CREATE TABLE oracle.setting (words text NOT NULL, contact_kinds text[] NOT NULL, least_n integer NOT NULL, worst_within interval NOT NULL);
INSERT INTO oracle.setting VALUES ('', '{call,callback_request,chat,comment,complaint,contact,email,enquiry,form,inquiry,message,question,request,sms,ticket,voicemail}', 5, '90 days');
CREATE TABLE oracle.goal (name text, started crm_timeline.pattern, achieved crm_timeline.pattern, abandoned_after interval);
INSERT INTO oracle.goal VALUES ('purchase', 'cart | quote | trial', 'booking | order | purchase | subscription', '7 days');
CREATE TABLE oracle.hours (channel text, schedule crm_timeline.schedule);

CREATE FUNCTION oracle.customer(key text) RETURNS bigint LANGUAGE sql STABLE AS
	$$ SELECT coalesce(crm_timeline.customer_of(key::crm_timeline.identity), crm_timeline.provisional_customer(key::crm_timeline.identity)) $$;

-- Once for all views: whose the rows are, the customers' timelines, and what is measured of them. Worked out by fill() at now().
CREATE UNLOGGED TABLE oracle.owned AS SELECT oracle.customer(r.key) AS customer_id, r.* FROM oracle.raw r WITH NO DATA;
CREATE UNLOGGED TABLE oracle.identity AS SELECT oracle.customer(k.key) AS customer_id, k.key FROM oracle.known k WITH NO DATA;
CREATE UNLOGGED TABLE oracle.life (customer_id bigint, t crm_timeline.timeline, d crm_timeline.definitions);
CREATE UNLOGGED TABLE oracle.wait AS SELECT l.customer_id, w.* FROM oracle.life l, crm_timeline.waits(l.t, l.d, now()) w WITH NO DATA;
CREATE UNLOGGED TABLE oracle.item AS SELECT l.customer_id, i.* FROM oracle.life l, crm_timeline.friction_items(l.t, l.d, now()) i WITH NO DATA;
CREATE FUNCTION oracle.fill() RETURNS void LANGUAGE sql AS $$
	TRUNCATE oracle.owned, oracle.identity, oracle.life, oracle.wait, oracle.item;
	INSERT INTO oracle.owned SELECT oracle.customer(r.key), r.* FROM oracle.raw r;
	INSERT INTO oracle.identity SELECT oracle.customer(k.key), k.key FROM oracle.known k;
	INSERT INTO oracle.life SELECT o.customer_id, crm_timeline.store_agg(o.occurred_at, o.kind, o.channel, o.direction, o.thread, o.agent, o.outcome, o.topic,
			o.sentiment, o.score, o.value, o.automated, o.source, o.ref, NULL, o.attributes), s.words::crm_timeline.definitions
		FROM oracle.owned o, oracle.setting s GROUP BY o.customer_id, s.words;
	INSERT INTO oracle.wait SELECT l.customer_id, w.* FROM oracle.life l, crm_timeline.waits(l.t, l.d, now()) w;
	INSERT INTO oracle.item SELECT l.customer_id, i.* FROM oracle.life l, crm_timeline.friction_items(l.t, l.d, now()) i;
	ANALYZE oracle.owned, oracle.identity, oracle.life, oracle.wait, oracle.item;
$$;
CREATE VIEW oracle.seen AS SELECT * FROM oracle.owned WHERE occurred_at <= now();

CREATE VIEW oracle.contact AS
SELECT s.* FROM oracle.seen s, oracle.setting g WHERE s.direction = 'inbound' AND s.kind = ANY (g.contact_kinds) AND s.automated IS NOT TRUE;
CREATE VIEW oracle.poor AS
SELECT * FROM oracle.seen WHERE sentiment <= -0.5 OR outcome IN ('abandoned', 'dropped', 'error', 'failed', 'hangup', 'hung_up', 'missed', 'no_answer')
	OR kind IN ('complaint', 'crash', 'error', 'failure', 'payment_failed') OR kind = 'csat' AND score <= 2 OR kind = 'nps' AND score <= 6 OR kind = 'ces' AND score <= 3;
CREATE VIEW oracle.touch AS
SELECT * FROM oracle.seen WHERE direction = 'outbound' AND kind NOT IN ('answer', 'auto_reply', 'callback', 'comment', 'confirmation', 'credit', 'delivery',
	'email', 'invoice', 'meeting', 'message', 'receipt', 'refund', 'reply');
CREATE VIEW oracle.oldest AS
SELECT DISTINCT ON (customer_id) customer_id, asked_at, channel, thread, attempts, is_late FROM oracle.wait WHERE outcome = 'waiting' ORDER BY customer_id, asked_at;
CREATE VIEW oracle.feeling AS
SELECT l.customer_id, m.mood, m.slope, m.n FROM oracle.life l, crm_timeline.mood(l.t, l.d, now()) m;
CREATE VIEW oracle.burden AS
SELECT l.customer_id, coalesce(sum(i.weight), 0) AS score, coalesce(sum(i.weight) FILTER (WHERE i.occurred_at > now() - s.worst_within), 0) AS recent_score
FROM oracle.life l CROSS JOIN oracle.setting s LEFT JOIN oracle.item i ON i.customer_id = l.customer_id GROUP BY l.customer_id;

-- The score interval of Wilson (1927), at 95 %.
CREATE FUNCTION oracle.wilson(successes numeric, n numeric, side integer) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN n > 0 THEN (successes / n + z * z / (2 * n) + side * z * sqrt(successes / n * (1 - successes / n) / n + z * z / (4 * n * n))) / (1 + z * z / n) END
	FROM (SELECT 1.959963984540054) c(z) $$;

CREATE VIEW oracle.customer_overview AS
SELECT l.customer_id, coalesce(k.identities, 0) AS identities,
	coalesce(s.interactions, 0) AS interactions, s.first_at, s.last_at, f.kind AS last_kind, f.channel AS last_channel,
	(SELECT jsonb_object_agg(j.name, crm_timeline.stage(l.t, j.journey, now())) FROM crm_timeline.journeys() j) AS stages,
	coalesce(c.contacts, 0) AS contacts, c.last_contact_at, coalesce(w.waits, 0) AS waits, coalesce(w.answered, 0) AS answered,
	w.answered / nullif(w.over, 0)::double precision AS answered_share,
	o.asked_at AS waiting_since, o.channel AS waiting_channel, o.attempts AS waiting_attempts, o.is_late,
	b.score AS friction, b.recent_score AS recent_friction,
	coalesce(p.missteps, 0) AS missteps,
	m.mood, m.slope AS mood_slope, m.n AS mood_n,
	(SELECT p.touches FROM crm_timeline.pressure(l.t, l.d, now()) p) AS touches,
	coalesce(s.advocacy, 0) AS advocacy, s.value
FROM oracle.life l
	LEFT JOIN (SELECT customer_id, count(*) AS interactions, min(occurred_at) AS first_at, max(occurred_at) AS last_at, sum(value) AS value,
		count(*) FILTER (WHERE kind IN ('recommendation', 'referral', 'testimonial') OR kind = 'review' AND score >= 4 OR kind = 'nps' AND score >= 9) AS advocacy
		FROM oracle.seen GROUP BY 1) s USING (customer_id)
	LEFT JOIN (SELECT customer_id, count(*) AS identities FROM oracle.identity GROUP BY 1) k USING (customer_id)
	LEFT JOIN (SELECT p.customer_id, count(*) AS missteps FROM oracle.poor p, oracle.setting g WHERE p.occurred_at > now() - g.worst_within GROUP BY 1) p USING (customer_id)
	LEFT JOIN (SELECT DISTINCT ON (customer_id) customer_id, kind, channel FROM oracle.seen ORDER BY customer_id, occurred_at DESC) f USING (customer_id)
	LEFT JOIN (SELECT customer_id, count(*) AS contacts, max(occurred_at) AS last_contact_at FROM oracle.contact GROUP BY 1) c USING (customer_id)
	LEFT JOIN (SELECT customer_id, count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
		count(*) FILTER (WHERE outcome <> 'waiting') AS over FROM oracle.wait GROUP BY 1) w USING (customer_id)
	LEFT JOIN oracle.oldest o USING (customer_id)
	LEFT JOIN oracle.burden b USING (customer_id)
	LEFT JOIN oracle.feeling m USING (customer_id);

-- without reason, which is in words
CREATE VIEW oracle.attention_queue AS
SELECT o.customer_id, o.asked_at AS waiting_since, now() - o.asked_at AS waited,
	CASE WHEN h.schedule IS NULL THEN now() - o.asked_at ELSE crm_timeline.business_time(h.schedule, o.asked_at, now()) END AS working_time,
	o.channel, o.thread, o.attempts, (SELECT count(*) FROM oracle.wait w WHERE w.customer_id = o.customer_id AND w.outcome = 'waiting') AS open_waits,
	o.is_late, v.contacts, v.missteps, v.recent_friction, v.mood, v.mood_n, v.value
FROM oracle.oldest o JOIN oracle.customer_overview v USING (customer_id)
	LEFT JOIN LATERAL (SELECT h.schedule FROM oracle.hours h WHERE h.channel IN (coalesce(o.channel, ''), '') ORDER BY h.channel DESC LIMIT 1) h ON true;

-- the wait that a contact belongs to is the last one that began in its conversation
CREATE VIEW oracle.switch AS
SELECT DISTINCT w.customer_id, w.asked_at
FROM oracle.item i
	JOIN oracle.seen e ON e.source = i.earlier_source AND e.ref = i.earlier_ref
	CROSS JOIN LATERAL (SELECT w.customer_id, w.asked_at FROM oracle.wait w
		WHERE w.customer_id = i.customer_id AND w.asked_at <= e.occurred_at AND w.thread IS NOT DISTINCT FROM e.thread
			AND (e.thread IS NOT NULL OR w.channel IS NOT DISTINCT FROM e.channel)
		ORDER BY w.asked_at DESC LIMIT 1) w
WHERE i.item = 'channel_switch';

CREATE VIEW oracle.channel_scorecard AS
SELECT c.channel, c.waits, c.customers, c.answered,
	CASE WHEN c.over >= g.least_n THEN c.answered / c.over::double precision END AS answered_share,
	oracle.wilson(c.answered, c.over, -1) AS answered_low, oracle.wilson(c.answered, c.over, 1) AS answered_high,
	CASE WHEN c.over >= g.least_n THEN c.on_time / c.over::double precision END AS on_time_share,
	c.resolved, c.abandoned, c.lapsed, c.waiting, c.at_once, c.attempts, c.median_wait, c.p90_wait, c.switched_away,
	c.switched_away / c.waits::double precision AS switch_away_rate, (c.resolved + c.abandoned + c.lapsed) / nullif(c.over, 0)::double precision AS failure_rate
FROM oracle.setting g, (SELECT w.channel, count(*) AS waits, count(DISTINCT w.customer_id) AS customers,
		count(*) FILTER (WHERE w.outcome <> 'waiting') AS over,
		count(*) FILTER (WHERE w.outcome = 'answered') AS answered, count(*) FILTER (WHERE w.outcome = 'answered' AND NOT w.is_late) AS on_time,
		count(*) FILTER (WHERE w.outcome = 'resolved') AS resolved, count(*) FILTER (WHERE w.outcome = 'abandoned') AS abandoned,
		count(*) FILTER (WHERE w.outcome = 'lapsed') AS lapsed, count(*) FILTER (WHERE w.outcome = 'waiting') AS waiting,
		count(*) FILTER (WHERE w.outcome = 'answered' AND w.ended_at = w.asked_at) AS at_once, sum(w.attempts) AS attempts,
		percentile_cont(0.5) WITHIN GROUP (ORDER BY w.waited) FILTER (WHERE w.outcome = 'answered') AS median_wait,
		percentile_cont(0.9) WITHIN GROUP (ORDER BY w.waited) FILTER (WHERE w.outcome = 'answered') AS p90_wait,
		count(s.asked_at) AS switched_away
	FROM oracle.wait w LEFT JOIN oracle.switch s USING (customer_id, asked_at) GROUP BY w.channel) c;

CREATE VIEW oracle.friction_hotspots AS
SELECT i.item, i.channel, count(*) AS items, count(DISTINCT i.customer_id) AS customers, sum(i.weight) AS weight,
	sum(i.weight) / (SELECT nullif(sum(a.weight), 0) FROM oracle.item a) AS weight_share, max(i.occurred_at) AS last_at
FROM oracle.item i GROUP BY i.item, i.channel;

CREATE VIEW oracle.feedback_loop AS
SELECT f.kind, f.channel, count(*) AS feedback, count(*) FILTER (WHERE f.is_poor) AS poor, count(f.answered_at) AS answered,
	count(f.answered_at) / nullif(count(*) FILTER (WHERE f.status <> 'open'), 0)::double precision AS answered_share,
	oracle.wilson(count(f.answered_at), count(*) FILTER (WHERE f.status <> 'open'), -1) AS answered_low,
	oracle.wilson(count(f.answered_at), count(*) FILTER (WHERE f.status <> 'open'), 1) AS answered_high,
	count(f.action_at) AS acted, count(f.told_at) AS told,
	count(f.told_at) / nullif(count(*) FILTER (WHERE f.status <> 'open'), 0)::double precision AS told_share,
	count(f.recovered_at) AS recovered, count(*) FILTER (WHERE f.status = 'open') AS open, count(*) FILTER (WHERE f.status = 'ignored') AS ignored,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY f.answered_at - f.occurred_at) FILTER (WHERE f.answered_at IS NOT NULL) AS median_time_to_answer
FROM oracle.life l, crm_timeline.feedback_loops(l.t, l.d, now()) f GROUP BY f.kind, f.channel;

-- who handled what: a conversation is told by where and when it began
CREATE VIEW oracle.handling AS
SELECT s.station, l.customer_id, h.agent, h.interactions, h.share, h.is_first, h.is_resolving, c.resolutions, c.reopens, c.transfers, c.waits, c.answered, c.first_response
FROM (VALUES ('agent'), ('team')) s(station) CROSS JOIN oracle.life l
	CROSS JOIN LATERAL crm_timeline.handlers(l.t, l.d, now(), s.station) h
	JOIN LATERAL crm_timeline.conversations(l.t, l.d, now(), s.station) c
		ON (c.thread, c.channel, c.started_at) IS NOT DISTINCT FROM (h.thread, h.channel, h.started_at);
CREATE VIEW oracle.scorecard AS
SELECT h.station, h.agent, sum(h.share) AS conversations, count(*) AS handled_conversations, sum(h.interactions) AS interactions,
	sum(CASE WHEN h.resolutions > 0 THEN h.share ELSE 0 END) AS resolved, sum(h.share * h.reopens) AS reopens, sum(h.share * h.transfers) AS transfers,
	count(*) FILTER (WHERE h.is_first) AS first_to_handle, count(*) FILTER (WHERE h.is_resolving) AS resolving,
	sum(h.share * h.waits) AS waits, sum(h.share * h.answered) AS answered, sum(h.share * h.answered) / nullif(sum(h.share * h.waits), 0) AS answered_share,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY h.first_response) FILTER (WHERE h.is_first AND h.first_response IS NOT NULL) AS median_first_response,
	CASE WHEN count(m.mood) >= (SELECT least_n FROM oracle.setting) THEN avg(m.mood) END AS customers_mood, count(m.mood) AS customers_mood_n,
	avg(b.recent_score) AS customers_recent_friction
FROM oracle.handling h JOIN oracle.feeling m USING (customer_id) JOIN oracle.burden b USING (customer_id) GROUP BY h.station, h.agent;
CREATE VIEW oracle.agent_scorecard AS SELECT * FROM oracle.scorecard WHERE station = 'agent';
CREATE VIEW oracle.team_scorecard AS SELECT s.agent AS team, s.* FROM oracle.scorecard s WHERE station = 'team';

CREATE VIEW oracle.misrouting AS
SELECT c.channel, c.topic, c.first_agent, c.resolving_agent, count(*) AS conversations, CASE WHEN c.resolving_agent IS NOT NULL THEN c.first_agent <> c.resolving_agent END AS is_misrouted,
	sum(c.transfers) AS transfers, sum(c.stations) / count(*)::double precision AS mean_stations
FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now()) c WHERE c.resolutions > 0 AND c.first_agent IS NOT NULL
GROUP BY c.channel, c.topic, c.first_agent, c.resolving_agent;

CREATE VIEW oracle.goal_outcomes AS
SELECT g.name AS goal, r.channel, count(*) AS started, count(*) FILTER (WHERE r.outcome = 'achieved') AS achieved,
	count(*) FILTER (WHERE r.outcome = 'abandoned') AS abandoned, count(*) FILTER (WHERE r.outcome = 'open') AS open,
	CASE WHEN count(*) FILTER (WHERE r.outcome <> 'open') >= (SELECT least_n FROM oracle.setting)
		THEN count(*) FILTER (WHERE r.outcome = 'achieved') / (count(*) FILTER (WHERE r.outcome <> 'open'))::double precision END AS achieved_share,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY r.ended_at - r.started_at) FILTER (WHERE r.outcome = 'achieved') AS median_time,
	avg(CASE WHEN r.outcome = 'achieved' THEN r.steps END) AS mean_steps, avg(r.contacts) AS mean_contacts, sum(r.errors) AS errors,
	avg(r.effort) AS mean_effort, count(r.effort) AS effort_n
FROM oracle.life l, oracle.goal g, crm_timeline.goal_runs(l.t, l.d, now(), g.started, g.achieved, g.abandoned_after) r GROUP BY g.name, r.channel;

CREATE VIEW oracle.contact_pressure AS
SELECT t.customer_id, p.touches, p.within, p.cap, p.is_over, p.allowed_at, t.last_touch_at, t.all_touches, p.engaged, p.engaged / t.all_touches::double precision AS engaged_share
FROM (SELECT customer_id, count(*) AS all_touches, max(occurred_at) AS last_touch_at FROM oracle.touch GROUP BY 1) t JOIN oracle.life l USING (customer_id),
	crm_timeline.pressure(l.t, l.d, now()) p;

CREATE VIEW oracle.experience_by_week AS
SELECT week, coalesce(s.interactions, 0) AS interactions, coalesce(s.customers, 0) AS customers, coalesce(c.contacts, 0) AS contacts,
	coalesce(w.waits, 0) AS waits, coalesce(w.answered, 0) AS answered, w.answered / w.waits::double precision AS answered_share, w.on_time / w.waits::double precision AS on_time_share,
	coalesce(i.friction_items, 0) AS friction_items, coalesce(i.friction, 0) AS friction, coalesce(i.friction, 0) / c.contacts AS friction_per_contact,
	coalesce(p.poor, 0) AS poor, coalesce(t.touches, 0) AS touches, s.sentiment, coalesce(s.sentiment_n, 0) AS sentiment_n,
	CASE WHEN s.csat_n >= g.least_n THEN s.csat END AS csat, coalesce(s.csat_n, 0) AS csat_n,
	CASE WHEN s.nps_n >= g.least_n THEN s.nps END AS nps, coalesce(s.nps_n, 0) AS nps_n,
	CASE WHEN s.ces_n >= g.least_n THEN s.ces END AS ces, coalesce(s.ces_n, 0) AS ces_n
FROM oracle.setting g CROSS JOIN (SELECT date_trunc('week', occurred_at, 'UTC') AS week, count(*) AS interactions, count(DISTINCT customer_id) AS customers,
		avg(sentiment) AS sentiment, count(sentiment) AS sentiment_n,
		avg(CASE WHEN score IN (4, 5) THEN 100 ELSE 0 END) FILTER (WHERE kind = 'csat' AND score IS NOT NULL) AS csat, count(score) FILTER (WHERE kind = 'csat') AS csat_n,
		avg(CASE WHEN score >= 9 THEN 100 WHEN score <= 6 THEN -100 ELSE 0 END) FILTER (WHERE kind = 'nps' AND score IS NOT NULL) AS nps, count(score) FILTER (WHERE kind = 'nps') AS nps_n,
		avg(score) FILTER (WHERE kind = 'ces') AS ces, count(score) FILTER (WHERE kind = 'ces') AS ces_n
	FROM oracle.seen GROUP BY 1) s
	FULL JOIN (SELECT date_trunc('week', occurred_at, 'UTC') AS week, count(*) AS contacts FROM oracle.contact GROUP BY 1) c USING (week)
	FULL JOIN (SELECT date_trunc('week', asked_at, 'UTC') AS week, count(*) AS waits, count(*) FILTER (WHERE outcome = 'answered') AS answered,
		count(*) FILTER (WHERE outcome = 'answered' AND NOT is_late) AS on_time FROM oracle.wait GROUP BY 1) w USING (week)
	FULL JOIN (SELECT date_trunc('week', occurred_at, 'UTC') AS week, count(*) AS friction_items, sum(weight) AS friction FROM oracle.item GROUP BY 1) i USING (week)
	FULL JOIN (SELECT date_trunc('week', occurred_at, 'UTC') AS week, count(*) AS poor FROM oracle.poor GROUP BY 1) p USING (week)
	FULL JOIN (SELECT date_trunc('week', occurred_at, 'UTC') AS week, count(*) AS touches FROM oracle.touch GROUP BY 1) t USING (week);

CREATE VIEW oracle.availability_fit AS
SELECT w.channel, (floor(extract(epoch FROM w.asked_at) / 3600)::bigint % 24)::integer AS hour, count(*) AS waits,
	count(*) FILTER (WHERE w.outcome = 'answered' AND w.ended_at = w.asked_at) AS at_once,
	avg(CASE WHEN w.outcome = 'answered' AND w.ended_at = w.asked_at THEN 1 ELSE 0 END) AS at_once_share,
	avg(CASE WHEN w.outcome = 'answered' AND NOT w.is_late THEN 1 ELSE 0 END) AS on_time_share,
	count(*) / (SELECT count(*) FROM oracle.wait a WHERE a.channel IS NOT DISTINCT FROM w.channel)::double precision AS demand_share
FROM oracle.wait w GROUP BY 1, 2;

CREATE VIEW oracle.waiting_timelines AS
SELECT o.customer_id, o.asked_at AS waiting_since, l.t AS timeline FROM oracle.oldest o JOIN oracle.life l USING (customer_id);
CREATE VIEW oracle.customer_summary AS
SELECT l.customer_id, o.asked_at AS waiting_since FROM oracle.life l LEFT JOIN oracle.oldest o USING (customer_id);

-- What differs between a view and its oracle, in both's columns: the first rows of each. Numbers are compared to 8 digits
-- behind the point (multiplied first, so that none of ours stands where rounding could go either way), intervals to tenths of a second.
CREATE FUNCTION oracle.difference_of(name text) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
	columns text := (SELECT string_agg(CASE WHEN v.atttypid IN ('float8'::regtype, 'numeric'::regtype) THEN format('round((%I * 1.23456789123)::numeric, 8) AS %1$I', v.attname)
			WHEN v.atttypid = 'interval'::regtype THEN format('round(extract(epoch FROM %I) * 1.2345678, 1) AS %1$I', v.attname)
			WHEN v.atttypid IN ('int8'::regtype, 'int4'::regtype) THEN format('%I::numeric', v.attname)
			WHEN v.attname = 'timeline' THEN 'md5(timeline::text) AS timeline' ELSE quote_ident(v.attname) END, ', ' ORDER BY v.attnum)
		FROM pg_attribute v JOIN pg_attribute o ON o.attrelid = ('oracle.' || name)::regclass AND o.attname = v.attname
		WHERE v.attrelid = ('crm_timeline.' || name)::regclass AND v.attnum > 0);
	result text;
BEGIN
	EXECUTE format($$WITH shown AS MATERIALIZED (SELECT %1$s FROM crm_timeline.%2$I), wanted AS MATERIALIZED (SELECT %1$s FROM oracle.%2$I),
			d AS (SELECT 'shown' AS side, x::text AS line FROM (SELECT * FROM shown EXCEPT ALL SELECT * FROM wanted) x
				UNION ALL SELECT 'wanted', x::text FROM (SELECT * FROM wanted EXCEPT ALL SELECT * FROM shown) x)
		SELECT format(E'%2$s: %%s rows differ:\n%%s\n%%s', count(*), %3$L, string_agg(side || ' ' || line, E'\n' ORDER BY line) FILTER (WHERE n <= 6))
		FROM (SELECT d.*, row_number() OVER (ORDER BY line) AS n FROM d) d HAVING count(*) > 0$$, columns, name, regexp_replace(columns, 'round\(.*? AS ', '', 'g')) INTO result;
	RETURN result;
END
$function$;
CREATE FUNCTION oracle.differences() RETURNS text LANGUAGE sql AS $$
	SELECT oracle.fill();
	SELECT coalesce(string_agg(oracle.difference_of(name), E'\n'), '') FROM unnest(ARRAY['customer_overview', 'attention_queue', 'channel_scorecard', 'friction_hotspots',
		'feedback_loop', 'agent_scorecard', 'team_scorecard', 'misrouting', 'goal_outcomes', 'contact_pressure', 'experience_by_week', 'availability_fit',
		'waiting_timelines', 'customer_summary']) name $$;

-- What of the views' own sums does not add up.
CREATE FUNCTION oracle.imbalances() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(format('%s: %s and %s', what, a, b), '; '), '') FROM (VALUES
		('waits of channels, of customers', (SELECT sum(waits) FROM crm_timeline.channel_scorecard), (SELECT sum(waits) FROM crm_timeline.customer_overview)),
		('outcomes of channels, their waits', (SELECT sum(answered + resolved + abandoned + lapsed + waiting) FROM crm_timeline.channel_scorecard), (SELECT sum(waits) FROM crm_timeline.channel_scorecard)),
		('answered waits of channels, of customers', (SELECT sum(answered) FROM crm_timeline.channel_scorecard), (SELECT sum(answered) FROM crm_timeline.customer_overview)),
		('waits of hours, of channels', (SELECT sum(waits) FROM crm_timeline.availability_fit), (SELECT sum(waits) FROM crm_timeline.channel_scorecard)),
		('demand of hours, channels', (SELECT round(sum(demand_share)::numeric, 6) FROM crm_timeline.availability_fit), (SELECT count(*) FROM crm_timeline.channel_scorecard)),
		('waits of weeks, of channels', (SELECT sum(waits) FROM crm_timeline.experience_by_week), (SELECT sum(waits) FROM crm_timeline.channel_scorecard)),
		('interactions of weeks, of customers', (SELECT sum(interactions) FROM crm_timeline.experience_by_week), (SELECT sum(interactions) FROM crm_timeline.customer_overview)),
		('contacts of weeks, of customers', (SELECT sum(contacts) FROM crm_timeline.experience_by_week), (SELECT sum(contacts) FROM crm_timeline.customer_overview)),
		('friction of weeks, of customers', (SELECT round(sum(friction)::numeric, 6) FROM crm_timeline.experience_by_week), (SELECT round(sum(friction)::numeric, 6) FROM crm_timeline.customer_overview)),
		('friction of hotspots, of customers', (SELECT round(sum(weight)::numeric, 6) FROM crm_timeline.friction_hotspots), (SELECT round(sum(friction)::numeric, 6) FROM crm_timeline.customer_overview)),
		('shares of hotspots, one', (SELECT round(sum(weight_share)::numeric, 6) FROM crm_timeline.friction_hotspots), 1),
		('touches of weeks, of customers', (SELECT sum(touches) FROM crm_timeline.experience_by_week), (SELECT sum(all_touches) FROM crm_timeline.contact_pressure)),
		('open waits in the queue, of channels', (SELECT sum(open_waits) FROM crm_timeline.attention_queue), (SELECT sum(waiting) FROM crm_timeline.channel_scorecard)),
		('customers in the queue, of customers', (SELECT count(*) FROM crm_timeline.attention_queue), (SELECT count(waiting_since) FROM crm_timeline.customer_overview)),
		('conversations of agents, all that were handled', (SELECT round(sum(conversations)::numeric, 6) FROM crm_timeline.agent_scorecard),
			(SELECT count(*) FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now()) c WHERE c.handlers > 0)),
		('conversations of teams, all that were handled', (SELECT round(sum(conversations)::numeric, 6) FROM crm_timeline.team_scorecard),
			(SELECT count(*) FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now(), 'team') c WHERE c.handlers > 0)),
		('resolved ones of agents, resolved ones', (SELECT round(sum(resolved)::numeric, 6) FROM crm_timeline.agent_scorecard),
			(SELECT count(*) FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now()) c WHERE c.handlers > 0 AND c.resolutions > 0)),
		('waits of agents, of handled conversations', (SELECT round(sum(waits)::numeric, 6) FROM crm_timeline.agent_scorecard),
			(SELECT sum(c.waits) FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now()) c WHERE c.handlers > 0)),
		('misrouting, resolved ones', (SELECT sum(conversations) FROM crm_timeline.misrouting),
			(SELECT count(*) FROM oracle.life l, crm_timeline.conversations(l.t, l.d, now()) c WHERE c.handlers > 0 AND c.resolutions > 0))) s(what, a, b)
	WHERE a IS DISTINCT FROM b OR a = 0 $$;
