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
	LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS
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
