-- The measures of one customer. Each takes the timeline, the definitions (those in force, if none are given) and the moment up to which the
-- timeline is seen (now(), if none is given), and can say which interactions an answer comes from.

CREATE FUNCTION crm_timeline.waits(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), per_customer boolean DEFAULT false)
	RETURNS TABLE (thread text, channel text, kind text, topic text, asked_at timestamptz, attempts integer, ended_at timestamptz, outcome text,
		is_first boolean, waited interval, target interval, is_late boolean, agent text, answer_channel text,
		source text, ref text, answer_source text, answer_ref text)
	AS 'MODULE_PATHNAME', 'experience_waits' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 10;
COMMENT ON FUNCTION crm_timeline.waits(crm_timeline.timeline, crm_timeline.definitions, timestamptz, boolean) IS
	'every time the customer asked for attention, and how the wait ended: answered, resolved without an answer, abandoned, lapsed or still waiting; a conversation is a thread, or a channel outside of threads, or all if per_customer';

CREATE FUNCTION crm_timeline.waiting_since(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'experience_waiting_since' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.waiting_since(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'since when the customer waits: the begin of the oldest wait that is neither over nor lapsed; NULL where there is none';
CREATE FUNCTION crm_timeline.waiting_summary(t crm_timeline.timeline, d crm_timeline.definitions, since timestamptz,
		OUT waiting_since timestamptz, OUT waiting_asked_at timestamptz, OUT waiting_last timestamptz)
	AS 'MODULE_PATHNAME', 'experience_waiting_summary' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.waiting_summary(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what the store keeps of the waits that nobody has ended: of those in which the customer asked at since or later when the first began, and when the customer asked last in it; and when in any; future interactions are seen';

CREATE FUNCTION crm_timeline.stored_waits(t crm_timeline.timeline,
		OUT waiting_since timestamptz, OUT waiting_asked_at timestamptz, OUT waiting_last timestamptz, OUT defined_by bigint)
	AS 'MODULE_PATHNAME', 'experience_stored_waits' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.stored_waits(crm_timeline.timeline) IS
	'waiting_summary() under the definitions in force, since waiting_horizon(), with definitions_key(): what stored_timeline keeps of the waits of a timeline; NULLs at once where the last interaction is earlier than that';

CREATE TYPE crm_timeline.attention_summary AS (
	interactions bigint,
	inbound bigint,
	outbound bigint,
	automated bigint,
	internal bigint,
	balance double precision,
	contacts bigint,
	waits bigint,
	answered bigint,
	answered_on_time bigint,
	resolved bigint,
	abandoned bigint,
	lapsed bigint,
	waiting bigint,
	answered_share double precision,
	on_time_share double precision,
	waiting_since timestamptz
);
COMMENT ON TYPE crm_timeline.attention_summary IS
	'attention that a customer gave and got; shares are of the waits that ended, NULL where none did; balance is (outbound - inbound) / (outbound + inbound), without what programs did';

CREATE FUNCTION crm_timeline.attention(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS crm_timeline.attention_summary
	AS 'MODULE_PATHNAME', 'experience_attention' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION crm_timeline.attention(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'attention that the customer gave and got, and how the waits ended; see waits()';

CREATE FUNCTION crm_timeline.friction_items(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now())
	RETURNS TABLE (item text, occurred_at timestamptz, weight double precision, thread text, channel text, agent text, kind text,
		earlier_at timestamptz, earlier_channel text, earlier_agent text,
		source text, ref text, earlier_source text, earlier_ref text)
	AS 'MODULE_PATHNAME', 'experience_friction_items' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 10;
COMMENT ON FUNCTION crm_timeline.friction_items(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what made it harder for the customer than it had to be, with the interaction that shows it and the earlier one that it goes back to';

CREATE TYPE crm_timeline.friction_summary AS (
	score double precision,
	recent_score double precision,
	contacts bigint,
	items bigint,
	repeats bigint,
	channel_switches bigint,
	repeats_after_switch bigint,
	transfers bigint,
	reopens bigint,
	slow_waits bigint,
	abandoned bigint,
	failed_self_service bigint,
	errors bigint
);
COMMENT ON TYPE crm_timeline.friction_summary IS
	'friction: the sum of the weights of all items, of those within worst_within before as_of, the contacts there were, and how many items of each sort';

CREATE FUNCTION crm_timeline.friction(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS crm_timeline.friction_summary
	AS 'MODULE_PATHNAME', 'experience_friction' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500;
COMMENT ON FUNCTION crm_timeline.friction(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'friction in numbers; see friction_items()';

CREATE FUNCTION crm_timeline.conversations(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), station text DEFAULT 'agent')
	RETURNS TABLE (thread text, channel text, kind text, topic text, started_at timestamptz, last_at timestamptz, contacts integer, waits integer,
		answered integer, first_response interval, answer_time interval, is_waiting boolean, is_abandoned boolean, stations integer,
		handlers integer, transfers integer, resolutions integer, reopens integer, resolved_at timestamptz, first_agent text, last_agent text,
		resolving_agent text, source text, ref text)
	AS 'MODULE_PATHNAME', 'experience_conversations' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 10;
COMMENT ON FUNCTION crm_timeline.conversations(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text) IS
	'one row for each thread, and for each channel outside of threads, in which the customer asked or somebody handled it: first response, time of all answers, stations, transfers, resolutions';

CREATE FUNCTION crm_timeline.handlers(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), station text DEFAULT 'agent')
	RETURNS TABLE (thread text, channel text, started_at timestamptz, agent text, place integer, interactions integer, first_at timestamptz,
		last_at timestamptz, share double precision, is_first boolean, is_last boolean, is_resolving boolean)
	AS 'MODULE_PATHNAME', 'experience_handlers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 10;
COMMENT ON FUNCTION crm_timeline.handlers(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text) IS
	'who handled each conversation, in the order in which they came; share is their part of it, one divided by their number';

-- Feeling

CREATE TYPE crm_timeline.mood_summary AS (
	mood double precision,
	slope double precision,
	last_sentiment double precision,
	last_at timestamptz,
	flips bigint,
	n bigint,
	worst double precision,
	worst_at timestamptz,
	peak double precision,
	peak_at timestamptz,
	peak_end double precision
);
COMMENT ON TYPE crm_timeline.mood_summary IS
	'sentiments weighed by how recent they are, their slope per day, how often they changed sides, the worst within worst_within, the strongest, and the mean of the strongest and the last; n is how many there were';

CREATE FUNCTION crm_timeline.mood(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS crm_timeline.mood_summary
	AS 'MODULE_PATHNAME', 'experience_mood' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.mood(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'how the customer feels, by the attribute sentiment: each one weighs half as much for every mood_half_life before the last';

CREATE TYPE crm_timeline.mood_average AS (
	mood double precision,
	slope double precision,
	last_at timestamptz,
	n bigint
);
COMMENT ON TYPE crm_timeline.mood_average IS 'sentiments weighed by how recent they are, their slope per day, the time of the last, and how many there were';

CREATE FUNCTION crm_timeline.mood_agg_transfn(internal, timestamptz, double precision, interval) RETURNS internal
	AS 'MODULE_PATHNAME', 'mood_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.mood_agg_transfn(internal, timestamptz, double precision, interval) IS 'transition function of mood_agg()';
CREATE FUNCTION crm_timeline.mood_agg_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mood_agg_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.mood_agg_combinefn(internal, internal) IS 'combine function of mood_agg()';
CREATE FUNCTION crm_timeline.mood_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'mood_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.mood_agg_serialfn(internal) IS 'serialisation of a state of mood_agg()';
CREATE FUNCTION crm_timeline.mood_agg_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'mood_agg_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.mood_agg_deserialfn(bytea, internal) IS 'deserialisation of a state of mood_agg()';
CREATE FUNCTION crm_timeline.mood_agg_finalfn(internal) RETURNS crm_timeline.mood_average
	AS 'MODULE_PATHNAME', 'mood_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.mood_agg_finalfn(internal) IS 'final function of mood_agg()';
CREATE AGGREGATE crm_timeline.mood_agg(occurred_at timestamptz, sentiment double precision, half_life interval) (
	SFUNC = crm_timeline.mood_agg_transfn,
	STYPE = internal,
	SSPACE = 80,
	FINALFUNC = crm_timeline.mood_agg_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.mood_agg_combinefn,
	SERIALFUNC = crm_timeline.mood_agg_serialfn,
	DESERIALFUNC = crm_timeline.mood_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.mood_agg(timestamptz, double precision, interval) IS
	'the mood of many rows, as mood() has it of one timeline; rows with a NULL are skipped';

CREATE FUNCTION crm_timeline.recoveries(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now())
	RETURNS TABLE (occurred_at timestamptz, kind text, channel text, thread text, agent text, sentiment double precision, score double precision,
		answered_at timestamptz, answered_by text, next_at timestamptz, next_kind text, next_channel text, recovered_at timestamptz, outcome text,
		source text, ref text)
	AS 'MODULE_PATHNAME', 'experience_recoveries' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.recoveries(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what followed every poor interaction within recovery_within: an answer, the customer''s next interaction, a sign that the customer is pleased again; outcome is recovered, returned, open or lost';

CREATE FUNCTION crm_timeline.feedback_loops(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now())
	RETURNS TABLE (occurred_at timestamptz, kind text, channel text, thread text, topic text, score double precision, sentiment double precision,
		is_poor boolean, answered_at timestamptz, answered_by text, action_at timestamptz, action_kind text, told_at timestamptz,
		recovered_at timestamptz, status text, source text, ref text)
	AS 'MODULE_PATHNAME', 'experience_feedback_loops' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.feedback_loops(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what became of every feedback within recovery_within: an answer, an action, the customer told of it, the customer pleased; status is told, acted, answered, open or ignored';

-- Pressure, and what is usual

CREATE TYPE crm_timeline.pressure_summary AS (
	touches bigint,
	within interval,
	cap double precision,
	is_over boolean,
	allowed_at timestamptz,
	calendar_touches bigint,
	calendar_from timestamptz,
	is_over_calendar boolean,
	last_touch_at timestamptz,
	all_touches bigint,
	engaged bigint,
	engaged_share double precision
);
COMMENT ON TYPE crm_timeline.pressure_summary IS
	'how often the customer was contacted within the rolling window and since the calendar one began, whether one more is too many, when it is not, and how many were followed by engagement';

CREATE FUNCTION crm_timeline.pressure(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), zone text DEFAULT 'UTC', unit text DEFAULT 'day') RETURNS crm_timeline.pressure_summary
	AS 'MODULE_PATHNAME', 'experience_pressure' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.pressure(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text, text) IS
	'contact pressure: touches in the pressure_within before as_of, and since the unit (day, week, month) began in a time zone';

CREATE TYPE crm_timeline.baseline_summary AS (
	contacts bigint,
	median_gap interval,
	last_contact_at timestamptz,
	silence interval,
	silence_ratio double precision,
	usual_channel text,
	usual_channel_share double precision,
	last_channel text,
	is_unusual_channel boolean,
	usual_hour integer,
	usual_hour_share double precision
);
COMMENT ON TYPE crm_timeline.baseline_summary IS
	'what is usual for the customer: the median time between contacts, the channel and the local hour of most of them, beside how long it has been silent and the channel that was used last';

CREATE FUNCTION crm_timeline.baseline(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now(), zone text DEFAULT 'UTC') RETURNS crm_timeline.baseline_summary
	AS 'MODULE_PATHNAME', 'experience_baseline' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.baseline(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text) IS
	'the customer measured against what is usual for that customer';

-- The interactions behind a definition

CREATE FUNCTION crm_timeline.pick_event(t crm_timeline.timeline, event text, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS crm_timeline.timeline
	AS 'MODULE_PATHNAME', 'experience_pick_event' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.pick_event(crm_timeline.timeline, text, crm_timeline.definitions, timestamptz) IS
	'the interactions that a definition accepts, as in pick_event(timeline, ''poor'')';
CREATE FUNCTION crm_timeline.event_count(t crm_timeline.timeline, event text, during tstzrange, d crm_timeline.definitions DEFAULT crm_timeline.definitions())
	RETURNS bigint
	AS 'MODULE_PATHNAME', 'experience_event_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 300;
COMMENT ON FUNCTION crm_timeline.event_count(crm_timeline.timeline, text, tstzrange, crm_timeline.definitions) IS
	'how many interactions within a range a definition accepts: missteps are event_count(timeline, ''poor'', ...)';

CREATE FUNCTION crm_timeline.parameter_length(d crm_timeline.definitions, name text, scope text DEFAULT '') RETURNS interval
	AS 'MODULE_PATHNAME', 'definitions_length' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.parameter_length(crm_timeline.definitions, text, text) IS
	'a parameter that is a duration: parameter_length(definitions(), ''wait_target'', ''chat'')';
CREATE FUNCTION crm_timeline.parameter_number(d crm_timeline.definitions, name text, scope text DEFAULT '') RETURNS double precision
	AS 'MODULE_PATHNAME', 'definitions_number' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION crm_timeline.parameter_number(crm_timeline.definitions, text, text) IS
	'a parameter that is a number: parameter_number(definitions(), ''weight'', ''reopen'')';

-- All at a glance

CREATE TYPE crm_timeline.experience_summary AS (
	interactions bigint,
	first_at timestamptz,
	last_at timestamptz,
	last_kind text,
	last_channel text,
	contacts bigint,
	last_contact_at timestamptz,
	waits bigint,
	answered bigint,
	answered_share double precision,
	waiting bigint,
	waiting_since timestamptz,
	waiting_channel text,
	waiting_thread text,
	waiting_attempts integer,
	is_late boolean,
	friction double precision,
	recent_friction double precision,
	missteps bigint,
	mood double precision,
	mood_slope double precision,
	mood_n bigint,
	touches bigint,
	advocacy bigint,
	value double precision
);
COMMENT ON TYPE crm_timeline.experience_summary IS
	'one customer at a glance: what attention(), friction(), mood() and pressure() say of it, the oldest wait that is open, missteps within worst_within, touches within pressure_within, advocacy, and the sum of values';

CREATE FUNCTION crm_timeline.customer_experience(t crm_timeline.timeline, d crm_timeline.definitions DEFAULT crm_timeline.definitions(),
		as_of timestamptz DEFAULT now()) RETURNS crm_timeline.experience_summary
	AS 'MODULE_PATHNAME', 'experience_customer' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 800;
COMMENT ON FUNCTION crm_timeline.customer_experience(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'one customer at a glance, from one reading of the timeline';

-- Of many customers

CREATE FUNCTION crm_timeline.wait_facts(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz)
	RETURNS TABLE (channel text, asked_at timestamptz, outcome text, waited_seconds double precision, is_late boolean, attempts integer,
		switched_away boolean, is_customers_first boolean)
	AS 'MODULE_PATHNAME', 'experience_wait_facts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 600 ROWS 10;
COMMENT ON FUNCTION crm_timeline.wait_facts(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what views over all customers add up of waits(): switched_away = the customer asked next in another channel, is_customers_first = the first in that channel';

CREATE FUNCTION crm_timeline.friction_facts(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz)
	RETURNS TABLE (item text, channel text, items bigint, weight double precision, last_at timestamptz)
	AS 'MODULE_PATHNAME', 'experience_friction_facts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.friction_facts(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what views over all customers add up of friction_items(): one row for each sort of item in each channel';

CREATE FUNCTION crm_timeline.feedback_facts(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz)
	RETURNS TABLE (kind text, channel text, is_poor boolean, status text, answered_seconds double precision, is_acted boolean, is_told boolean, is_recovered boolean)
	AS 'MODULE_PATHNAME', 'experience_feedback_facts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 500 ROWS 5;
COMMENT ON FUNCTION crm_timeline.feedback_facts(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'what views over all customers add up of feedback_loops()';

CREATE FUNCTION crm_timeline.handler_facts(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz, station text)
	RETURNS TABLE (station_name text, share double precision, interactions integer, is_first boolean, is_resolving boolean, resolutions integer, reopens integer,
		transfers integer, waits integer, answered integer, first_response_seconds double precision, mood double precision, recent_friction double precision)
	AS 'MODULE_PATHNAME', 'experience_handler_facts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 800 ROWS 10;
COMMENT ON FUNCTION crm_timeline.handler_facts(crm_timeline.timeline, crm_timeline.definitions, timestamptz, text) IS
	'what views over all customers add up of handlers() and conversations(), beside the customer''s mood and recent friction';

CREATE TYPE crm_timeline.experience_week AS (
	week timestamptz,
	interactions bigint,
	customers bigint,
	contacts bigint,
	waits bigint,
	answered bigint,
	on_time bigint,
	friction_items bigint,
	poor bigint,
	touches bigint,
	sentiment_n bigint,
	csat_n bigint,
	csat_top bigint,
	nps_n bigint,
	nps_promoters bigint,
	nps_detractors bigint,
	ces_n bigint,
	friction double precision,
	sentiment_sum double precision,
	ces_sum double precision,
	ces_squares double precision
);
COMMENT ON TYPE crm_timeline.experience_week IS 'totals of the customers of one week, which began on a Monday, UTC; scores that are none of their scale are left out';

CREATE FUNCTION crm_timeline.experience_weeks_transfn(internal, crm_timeline.timeline, crm_timeline.definitions, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'experience_weeks_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 800;
COMMENT ON FUNCTION crm_timeline.experience_weeks_transfn(internal, crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS 'transition function of experience_weeks_agg()';
CREATE FUNCTION crm_timeline.experience_weeks_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'experience_weeks_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.experience_weeks_combinefn(internal, internal) IS 'combine function of experience_weeks_agg()';
CREATE FUNCTION crm_timeline.experience_weeks_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'experience_weeks_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.experience_weeks_serialfn(internal) IS 'serialisation of a state of experience_weeks_agg()';
CREATE FUNCTION crm_timeline.experience_weeks_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'experience_weeks_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.experience_weeks_deserialfn(bytea, internal) IS 'deserialisation of a state of experience_weeks_agg()';
CREATE FUNCTION crm_timeline.experience_weeks_finalfn(internal) RETURNS crm_timeline.experience_week[]
	AS 'MODULE_PATHNAME', 'experience_weeks_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.experience_weeks_finalfn(internal) IS 'final function of experience_weeks_agg()';
CREATE AGGREGATE crm_timeline.experience_weeks_agg(t crm_timeline.timeline, d crm_timeline.definitions, as_of timestamptz) (
	SFUNC = crm_timeline.experience_weeks_transfn,
	STYPE = internal,
	SSPACE = 65536,
	FINALFUNC = crm_timeline.experience_weeks_finalfn,
	FINALFUNC_MODIFY = READ_ONLY,
	COMBINEFUNC = crm_timeline.experience_weeks_combinefn,
	SERIALFUNC = crm_timeline.experience_weeks_serialfn,
	DESERIALFUNC = crm_timeline.experience_weeks_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.experience_weeks_agg(crm_timeline.timeline, crm_timeline.definitions, timestamptz) IS
	'how customers fared week by week, one timeline each: unnest() the result';

CREATE FUNCTION crm_timeline.percentile_agg_transfn(internal, double precision, double precision[]) RETURNS internal
	AS 'MODULE_PATHNAME', 'percentile_agg_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.percentile_agg_transfn(internal, double precision, double precision[]) IS 'transition function of percentile_agg()';
CREATE FUNCTION crm_timeline.percentile_agg_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'percentile_agg_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.percentile_agg_combinefn(internal, internal) IS 'combine function of percentile_agg()';
CREATE FUNCTION crm_timeline.percentile_agg_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'percentile_agg_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.percentile_agg_serialfn(internal) IS 'serialisation of a state of percentile_agg()';
CREATE FUNCTION crm_timeline.percentile_agg_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'percentile_agg_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.percentile_agg_deserialfn(bytea, internal) IS 'deserialisation of a state of percentile_agg()';
CREATE FUNCTION crm_timeline.percentile_agg_finalfn(internal) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'percentile_agg_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION crm_timeline.percentile_agg_finalfn(internal) IS 'final function of percentile_agg()';
CREATE AGGREGATE crm_timeline.percentile_agg(number double precision, fractions double precision[]) (
	SFUNC = crm_timeline.percentile_agg_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = crm_timeline.percentile_agg_finalfn,
	COMBINEFUNC = crm_timeline.percentile_agg_combinefn,
	SERIALFUNC = crm_timeline.percentile_agg_serialfn,
	DESERIALFUNC = crm_timeline.percentile_agg_deserialfn,
	PARALLEL = SAFE
);
COMMENT ON AGGREGATE crm_timeline.percentile_agg(double precision, double precision[]) IS
	'continuous percentiles, as percentile_cont() has them, in any order of the rows and in parallel plans; NULLs are skipped, the fractions are those of the first row';
