-- Every function of the extension is called with plain quoted literals: no
-- overload is ambiguous; and schema-qualified under an empty search_path.
-- The test fails if a function of the extension is not among the calls.
SET search_path = '';

CREATE TEMP TABLE called (call text);
CREATE TEMP TABLE result (call text, outcome text);

INSERT INTO called VALUES
	($$crm_timeline.timeline('2026-01-01', 'a')$$),
	($$crm_timeline.timeline('2026-01-01', 'a', '{}')$$),
	($$crm_timeline.timeline('2026-01-01', 'a', 'channel', 'web')$$),
	($$crm_timeline.timeline('2026-01-01', 'a', 'channel', 'web', 'x', 'y')$$),
	($$crm_timeline.timeline_agg('2026-01-01', 'a')$$),
	($$crm_timeline.timeline_agg('2026-01-01', 'a', '{}')$$),
	($$crm_timeline.timeline_agg('2026-01-01', 'a', 'channel', 'web')$$),
	($$crm_timeline.timeline_agg('{}')$$),
	($$crm_timeline.store_agg('2026-01-01', 'a', 'web', 'inbound', 'T', 'A', 'won', 'x', '0.5', '9', '1', 'true', 's', '1', '2', '{}')$$),
	($$crm_timeline.store_agg('{}')$$),
	($$crm_timeline.check_timeline('{}')$$),
	($$crm_timeline.timeline_summary('{}')$$),
	($$crm_timeline.timeline_parts('{2026-01-01T00:00:00Z a}', '100')$$),
	($$crm_timeline.length('{}')$$),
	($$crm_timeline.starts_at('{}')$$),
	($$crm_timeline.ends_at('{}')$$),
	($$crm_timeline.span('{}')$$),
	($$crm_timeline.kinds('{}')$$),
	($$crm_timeline.attributes('{}')$$),
	($$crm_timeline.unnest('{}')$$),
	($$crm_timeline.first_interaction('{}')$$),
	($$crm_timeline.last_interaction('{}')$$),
	($$crm_timeline.attribute_texts('{}', 'channel')$$),
	($$crm_timeline.attribute_numbers('{}', 'value')$$),
	($$crm_timeline.attribute_sum('{}', 'value')$$),
	($$crm_timeline.attribute_min('{}', 'value')$$),
	($$crm_timeline.attribute_max('{}', 'value')$$),
	($$crm_timeline.attribute_mean('{}', 'value')$$),
	($$crm_timeline.slice('{}', '[2026-01-01,)')$$),
	($$crm_timeline.pick_kinds('{}', 'a', 'b')$$),
	($$crm_timeline.timeline_union('{}', '{}')$$),
	($$crm_timeline.timeline_intersection('{}', '{}')$$),
	($$crm_timeline.timeline_difference('{}', '{}')$$),
	($$crm_timeline.timeline_concat('{}', '{}')$$),
	($$crm_timeline.timeline_overlaps('{}', '[2026-01-01,)')$$),
	($$crm_timeline.timeline_overlapped_by('[2026-01-01,)', '{}')$$),
	($$crm_timeline.timeline_eq('{}', '{}')$$),
	($$crm_timeline.timeline_ne('{}', '{}')$$),
	($$crm_timeline.timeline_lt('{}', '{}')$$),
	($$crm_timeline.timeline_le('{}', '{}')$$),
	($$crm_timeline.timeline_gt('{}', '{}')$$),
	($$crm_timeline.timeline_ge('{}', '{}')$$),
	($$crm_timeline.timeline_cmp('{}', '{}')$$),
	($$crm_timeline.timeline_hash('{}')$$),
	($$crm_timeline.timeline_hash_extended('{}', '1')$$),
	($$crm_timeline.timeline_to_text('{}')$$),
	($$crm_timeline.text_to_timeline('{}')$$),
	($$crm_timeline.timeline_to_jsonb('{}')$$),
	($$crm_timeline.jsonb_to_timeline('[]')$$),
	($$crm_timeline.timeline_to_bytea('{}')$$),
	($$crm_timeline.bytea_to_timeline('\x0106e2c3efa50100')$$),
	($$crm_timeline.timeline_in('{}')$$),
	($$crm_timeline.timeline_out('{}')$$),
	($$crm_timeline.timeline_send('{}')$$),
	($$crm_timeline.matches('{}', 'a')$$),
	($$crm_timeline.matches('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.may_match('{}', 'a')$$),
	($$crm_timeline.required_interactions('a')$$),
	($$crm_timeline.match_count('{}', 'a')$$),
	($$crm_timeline.match_count('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.match_first('{}', 'a')$$),
	($$crm_timeline.match_first('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.match_last('{}', 'a')$$),
	($$crm_timeline.match_last('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.match_all('{}', 'a')$$),
	($$crm_timeline.match_all('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.funnel_depth('{}', 'a')$$),
	($$crm_timeline.funnel_depth('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.funnel('{}', 'a')$$),
	($$crm_timeline.funnel('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.funnel_agg('{}', 'a')$$),
	($$crm_timeline.funnel_agg('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.csat('4')$$),
	($$crm_timeline.csat('4', '1')$$),
	($$crm_timeline.nps('9')$$),
	($$crm_timeline.nps('9', '1')$$),
	($$crm_timeline.ces('6.5')$$),
	($$crm_timeline.ces('6.5', '1')$$),
	($$crm_timeline.nps_of('7', '1', '2')$$),
	($$crm_timeline.response_rate('1', '2')$$),
	($$crm_timeline.wilson_interval('1', '2')$$),
	($$crm_timeline.explain_match('{}', 'a')$$),
	($$crm_timeline.explain_match('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.pick('{}', 'a')$$),
	($$crm_timeline.pick('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.conformance('{}', 'a')$$),
	($$crm_timeline.conformance('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.deviations('{}', 'a')$$),
	($$crm_timeline.deviations('{}', 'a', '2026-01-01')$$),
	($$crm_timeline.neighbours('{}', 'a', '1', '2')$$),
	($$crm_timeline.neighbours('{}', 'a', '1', '2', '2026-01-01')$$),
	($$crm_timeline.stage('{}', 'lead: a')$$),
	($$crm_timeline.stage('{}', 'lead: a', '2026-01-01')$$),
	($$crm_timeline.stages('{}', 'lead: a')$$),
	($$crm_timeline.stages('{}', 'lead: a', '2026-01-01')$$),
	($$crm_timeline.time_in_stage('{}', 'lead: a', 'lead', '[2026-01-01,)')$$),
	($$crm_timeline.time_in_stage('{}', 'lead: a', 'lead', '[2026-01-01,)', '2026-02-01')$$),
	($$crm_timeline.pattern_in('a')$$),
	($$crm_timeline.pattern_out('a')$$),
	($$crm_timeline.pattern_send('a')$$),
	($$crm_timeline.pattern_eq('a', 'a')$$),
	($$crm_timeline.pattern_ne('a', 'a')$$),
	($$crm_timeline.pattern_hash('a')$$),
	($$crm_timeline.pattern_hash_extended('a', '1')$$),
	($$crm_timeline.journey_in('lead: a')$$),
	($$crm_timeline.journey_out('lead: a')$$),
	($$crm_timeline.journey_send('lead: a')$$),
	($$crm_timeline.journey_eq('lead: a', 'lead: a')$$),
	($$crm_timeline.journey_ne('lead: a', 'lead: a')$$),
	($$crm_timeline.journey_hash('lead: a')$$),
	($$crm_timeline.journey_hash_extended('lead: a', '1')$$),
	($$crm_timeline.schedule_in('UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_out('UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_send('UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_eq('UTC mon 09:00-10:00', 'UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_ne('UTC mon 09:00-10:00', 'UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_hash('UTC mon 09:00-10:00')$$),
	($$crm_timeline.schedule_hash_extended('UTC mon 09:00-10:00', '1')$$),
	($$crm_timeline.business_time('UTC mon 09:00-10:00', '2026-01-05', '2026-01-06')$$),
	($$crm_timeline.add_business_time('UTC mon 09:00-10:00', '2026-01-05', '1 h')$$),
	($$crm_timeline.is_open('UTC mon 09:00-10:00', '2026-01-05')$$),
	($$crm_timeline.opens_at('UTC mon 09:00-10:00', '2026-01-05')$$),
	($$crm_timeline.closes_at('UTC mon 09:00-10:00', '2026-01-05')$$),
	($$crm_timeline.open_times('UTC mon 09:00-10:00', '[2026-01-05,2026-01-06)')$$),
	($$crm_timeline.identity('handle', 'a')$$),
	($$crm_timeline.identity_problem('handle', 'a')$$),
	($$crm_timeline.identity_in('handle:a')$$),
	($$crm_timeline.identity_out('handle:a')$$),
	($$crm_timeline.identity_send('handle:a')$$),
	($$crm_timeline.identity_namespace('handle:a')$$),
	($$crm_timeline.identity_value('handle:a')$$),
	($$crm_timeline.identity_tenant('handle:a')$$),
	($$crm_timeline.identity_skeleton('handle:a')$$),
	($$crm_timeline.looks_like('handle:a', 'handle:a')$$),
	($$crm_timeline.provisional_customer('handle:a')$$),
	($$crm_timeline.first_identity('handle:a', 'handle:b')$$),
	($$crm_timeline.bigint_text('1')$$),
	($$crm_timeline.uuid_text('00000000-0000-0000-0000-000000000000')$$),
	($$crm_timeline.utc_text('2026-01-01 00:00:00+00')$$),
	($$crm_timeline.as_number('1')$$),
	($$crm_timeline.icu_version()$$),
	($$crm_timeline.unicode_version()$$),
	($$crm_timeline.phone_metadata_version()$$),
	($$crm_timeline.identity_eq('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_ne('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_lt('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_le('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_gt('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_ge('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_cmp('handle:a', 'handle:a')$$),
	($$crm_timeline.identity_hash('handle:a')$$),
	($$crm_timeline.identity_hash_extended('handle:a', '1')$$),
	($$'{}' OPERATOR(crm_timeline.+) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.*) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.-) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.||) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.&&) '[2026-01-01,)'::pg_catalog.tstzrange$$),
	($$'[2026-01-01,)' OPERATOR(crm_timeline.&&) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.=) '{}'::crm_timeline.timeline$$),
	($$'{}'::crm_timeline.timeline OPERATOR(crm_timeline.@@) 'a'$$),
	($$'{}'::crm_timeline.timeline OPERATOR(crm_timeline.@?) 'a'$$),
	($$'a' OPERATOR(crm_timeline.=) 'a'::crm_timeline.pattern$$),
	($$'a' OPERATOR(crm_timeline.<>) 'a'::crm_timeline.pattern$$),
	($$'lead: a' OPERATOR(crm_timeline.=) 'lead: a'::crm_timeline.journey$$),
	($$'lead: a' OPERATOR(crm_timeline.<>) 'lead: a'::crm_timeline.journey$$),
	($$'UTC mon 09:00-10:00' OPERATOR(crm_timeline.=) 'UTC mon 09:00-10:00'::crm_timeline.schedule$$),
	($$'UTC mon 09:00-10:00' OPERATOR(crm_timeline.<>) 'UTC mon 09:00-10:00'::crm_timeline.schedule$$),
	($$'handle:a' OPERATOR(crm_timeline.=) 'handle:a'::crm_timeline.identity$$),
	($$'handle:a' OPERATOR(crm_timeline.<>) 'handle:a'::crm_timeline.identity$$),
	($$'handle:a' OPERATOR(crm_timeline.<) 'handle:a'::crm_timeline.identity$$),
	($$'handle:a' OPERATOR(crm_timeline.<=) 'handle:a'::crm_timeline.identity$$),
	($$'handle:a' OPERATOR(crm_timeline.>) 'handle:a'::crm_timeline.identity$$),
	($$'handle:a' OPERATOR(crm_timeline.>=) 'handle:a'::crm_timeline.identity$$);

DO $$
DECLARE
	c text;
	outcome text;
BEGIN
	FOR c IN SELECT call FROM pg_temp.called LOOP
		BEGIN
			EXECUTE 'SELECT (' || c || ')::text' INTO outcome;
			INSERT INTO pg_temp.result VALUES (c, 'returns');
		EXCEPTION WHEN OTHERS THEN
			RAISE WARNING '%: % %', c, SQLSTATE, SQLERRM;
		END;
	END LOOP;
END $$;

SELECT count(*) = (SELECT count(*) FROM pg_temp.called) AS all_return FROM pg_temp.result;

-- functions in C on values that no call above names; those with internal arguments cannot be called, those that work on
-- the state of an aggregate refuse it, and one signature, as all others have, leaves nothing open
SELECT p.oid::pg_catalog.regprocedure AS not_called
FROM pg_catalog.pg_proc p
WHERE pronamespace = 'crm_timeline'::pg_catalog.regnamespace
	AND NOT 'internal'::pg_catalog.regtype = ANY (p.proargtypes::pg_catalog.oid[])
	AND NOT EXISTS (SELECT FROM pg_catalog.pg_aggregate a WHERE p.oid IN (aggtransfn, aggcombinefn, aggfinalfn, aggminvtransfn))
	AND (EXISTS (SELECT FROM pg_catalog.pg_proc o WHERE o.proname = p.proname AND o.pronamespace = p.pronamespace AND o.oid <> p.oid)
		OR (p.provolatile = 'i' AND p.prolang = (SELECT oid FROM pg_catalog.pg_language WHERE lanname = 'c')))
	AND NOT EXISTS (SELECT FROM pg_temp.called c WHERE c.call ~ ('^crm_timeline\.' || p.proname || '\('))
ORDER BY 1;

-- overloads: as many calls of a name as it has signatures
SELECT p.proname, count(*) AS signatures,
	(SELECT count(*) FROM pg_temp.called c WHERE c.call ~ ('^crm_timeline\.' || p.proname || '\(')) AS calls
FROM pg_catalog.pg_proc p
WHERE pronamespace = 'crm_timeline'::pg_catalog.regnamespace
GROUP BY 1
HAVING count(*) > 1
ORDER BY 1;
