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
