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
	($$crm_timeline.timeline_to_jsonb('{}')$$),
	($$crm_timeline.jsonb_to_timeline('[]')$$),
	($$crm_timeline.timeline_to_bytea('{}')$$),
	($$crm_timeline.bytea_to_timeline('\x0106e2c3efa50100')$$),
	($$crm_timeline.timeline_in('{}')$$),
	($$crm_timeline.timeline_out('{}')$$),
	($$crm_timeline.timeline_send('{}')$$),
	($$'{}' OPERATOR(crm_timeline.+) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.*) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.-) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.||) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.&&) '[2026-01-01,)'::pg_catalog.tstzrange$$),
	($$'[2026-01-01,)' OPERATOR(crm_timeline.&&) '{}'::crm_timeline.timeline$$),
	($$'{}' OPERATOR(crm_timeline.=) '{}'::crm_timeline.timeline$$);

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

-- functions that no call above names; those with internal arguments cannot be called
SELECT p.oid::pg_catalog.regprocedure AS not_called
FROM pg_catalog.pg_proc p
WHERE pronamespace = 'crm_timeline'::pg_catalog.regnamespace
	AND NOT 'internal'::pg_catalog.regtype = ANY (p.proargtypes::pg_catalog.oid[])
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
