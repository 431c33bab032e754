-- The opening hours of a firm, by channel.

CREATE TABLE crm_timeline.schedule_definition (
	channel text COLLATE "C" NOT NULL PRIMARY KEY,
	schedule crm_timeline.schedule NOT NULL,
	note text
);
COMMENT ON TABLE crm_timeline.schedule_definition IS
	'when somebody is there; without a row, a channel is as open as the calendar';
COMMENT ON COLUMN crm_timeline.schedule_definition.channel IS 'the channel; an empty text is for all that have no row';
COMMENT ON COLUMN crm_timeline.schedule_definition.schedule IS 'its opening hours';
COMMENT ON COLUMN crm_timeline.schedule_definition.note IS 'why, for those who come after';
SELECT pg_catalog.pg_extension_config_dump('crm_timeline.schedule_definition', '');

CREATE FUNCTION crm_timeline.schedule_of(channel text) RETURNS crm_timeline.schedule
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
BEGIN
	RETURN (SELECT s.schedule FROM crm_timeline.schedule_definition s
		WHERE s.channel IN (coalesce(schedule_of.channel, ''), '') ORDER BY s.channel = '' LIMIT 1);
END
$$;
COMMENT ON FUNCTION crm_timeline.schedule_of(text) IS
	'the opening hours of a channel, or those for all; NULL where neither is defined';

CREATE FUNCTION crm_timeline.working_time(channel text, since timestamptz, until timestamptz) RETURNS interval
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	hours crm_timeline.schedule;
BEGIN
	IF since IS NULL OR until IS NULL THEN
		RETURN NULL;
	END IF;
	hours := crm_timeline.schedule_of(channel);
	RETURN CASE WHEN hours IS NULL THEN until - since ELSE crm_timeline.business_time(hours, since, until) END;
END
$$;
COMMENT ON FUNCTION crm_timeline.working_time(text, timestamptz, timestamptz) IS
	'the time in which a channel was open between two moments; all of it where no opening hours are defined';

CREATE FUNCTION crm_timeline.working_waits(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(), as_of timestamptz DEFAULT now())
	RETURNS TABLE (thread text, channel text, kind text, asked_at timestamptz, attempts integer, ended_at timestamptz, outcome text, is_first boolean,
		waited interval, worked interval, target interval, is_late boolean, agent text, source text, ref text)
	LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
	BEGIN ATOMIC
		SELECT w.thread, w.channel, w.kind, w.asked_at, w.attempts, w.ended_at, w.outcome, w.is_first, w.waited, b.worked, w.target,
			w.outcome = 'lapsed' OR b.worked > w.target, w.agent, w.source, w.ref
		FROM crm_timeline.waits($1, $2, $3) w
			CROSS JOIN LATERAL (SELECT crm_timeline.working_time(w.channel, w.asked_at, coalesce(w.ended_at, $3)) AS worked) b;
	END;
COMMENT ON FUNCTION crm_timeline.working_waits(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'waits(), with how long of each its channel was open, by schedule_definition, and whether that exceeds the target';
