-- goals: what customers come for.

CREATE TABLE crm_timeline.goal_definition (
	name text COLLATE "C" NOT NULL PRIMARY KEY,
	started crm_timeline.pattern,
	achieved crm_timeline.pattern,
	abandoned_after interval,
	note text,
	CHECK ((started IS NULL) = (achieved IS NULL) AND (started IS NULL) = (abandoned_after IS NULL))
);
COMMENT ON TABLE crm_timeline.goal_definition IS
	'what customers come for, beside the goals that goals() has by default; all NULL = that default is not wanted';
COMMENT ON COLUMN crm_timeline.goal_definition.name IS 'as it is to be called in views';
COMMENT ON COLUMN crm_timeline.goal_definition.started IS 'the interaction by which a customer shows the goal: an event pattern';
COMMENT ON COLUMN crm_timeline.goal_definition.achieved IS 'the interaction by which it is reached: an event pattern';
COMMENT ON COLUMN crm_timeline.goal_definition.abandoned_after IS 'how long after the start it counts as abandoned';
COMMENT ON COLUMN crm_timeline.goal_definition.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.goal_definition', '');

CREATE FUNCTION crm_timeline.goals() RETURNS TABLE (name text, started crm_timeline.pattern, achieved crm_timeline.pattern, abandoned_after interval)
	LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 3 SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN QUERY
	SELECT d.name, d.started::crm_timeline.pattern, d.achieved::crm_timeline.pattern, d.abandoned_after
	FROM (VALUES
		('purchase', 'cart | quote | trial', 'booking | order | purchase | subscription', interval '7 days')) d(name, started, achieved, abandoned_after)
	WHERE NOT EXISTS (SELECT FROM crm_timeline.goal_definition g WHERE g.name = d.name)
	UNION ALL
	SELECT g.name, g.started, g.achieved, g.abandoned_after FROM crm_timeline.goal_definition g WHERE g.started IS NOT NULL;
END
$$;
COMMENT ON FUNCTION crm_timeline.goals() IS
	'what customers come for: the default, purchase, and the rows of crm_timeline.goal_definition, which override them';

CREATE FUNCTION crm_timeline.goal_runs(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz,
		started crm_timeline.pattern, achieved crm_timeline.pattern, abandoned_after interval)
	RETURNS TABLE (started_at timestamptz, attempts integer, ended_at timestamptz, outcome text, took interval, steps integer, contacts integer,
		errors integer, channels integer, effort double precision, channel text, source text, ref text, achieved_source text, achieved_ref text)
	AS 'MODULE_PATHNAME', 'experience_goal_runs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.goal_runs(crm_timeline.timeline, crm_timeline.definitions, timestamptz, crm_timeline.pattern, crm_timeline.pattern, interval) IS
	'every time a goal was started, and how it ended: achieved, abandoned or open; with the customer''s steps, contacts, errors, channels and effort on the way';
