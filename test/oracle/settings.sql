-- The same under settings that change how other types are read and written. Each check gives one row
-- per comparison: id, got, want. The table seen holds what was said under the defaults.

-- check: text is written the same
SELECT id, t::text AS got, as_text AS want FROM tl JOIN seen USING (id)

-- check: text is read the same
SELECT id, as_text::crm_timeline.timeline::bytea AS got, t::bytea AS want FROM tl JOIN seen USING (id)

-- check: jsonb is written the same
SELECT id, t::jsonb AS got, as_jsonb AS want FROM tl JOIN seen USING (id)

-- check: jsonb is read the same
SELECT id, as_jsonb::crm_timeline.timeline::bytea AS got, t::bytea AS want FROM tl JOIN seen USING (id)

-- check: numbers and times of jsonb rows are read the same
SELECT id, timeline_agg(raw.at, raw.kind, json)::bytea AS got, t::bytea AS want FROM raw JOIN spelt USING (p) JOIN tl USING (id) WHERE t <> '{}' GROUP BY id, t

-- check: texts of seq and numbers
SELECT id || ' ' || name AS id, attribute_texts(t, name) AS got, txts AS want FROM tl JOIN told USING (id) WHERE name = 'seq'

-- check: values of other types become the same texts
SELECT 0 AS id, crm_timeline.timeline('2026-03-01 09:15:00Z', 'k', 'ref', timestamptz '2026-03-01 09:15:00Z', 'a', timestamptz '2026-03-01 09:15:00.5Z', 'b', date '2026-12-31', 'c', interval '1 day 2 h', 'd', bytea '\x00ff',
	'e', ARRAY[0.1::float8, 0.2], 'f', timestamp '2026-03-01 09:15:00', 'g', '12:30:00+02'::timetz, 'channel', 0.1::float4, 'thread', 0.30000000000000004::float8)::text AS got,
	as_text AS want FROM seen_types
