-- NULL in, NULL out; empty in, what an empty timeline has; and small cases whose answer is plain. Each check gives one row per comparison: id, got, want.

-- check: every function of NULL is NULL
SELECT id, got, NULL::text AS want FROM (VALUES
	('length', length(NULL::crm_timeline.timeline)::text), ('starts_at', starts_at(NULL)::text), ('ends_at', ends_at(NULL)::text), ('span', span(NULL)::text),
	('kinds', crm_timeline.kinds(NULL)::text), ('attributes', crm_timeline.attributes(NULL)::text), ('first_interaction', first_interaction(NULL)::text),
	('last_interaction', last_interaction(NULL)::text), ('attribute_texts', attribute_texts(NULL, 'channel')::text), ('attribute_texts, name', attribute_texts('{}', NULL)::text),
	('attribute_numbers', attribute_numbers(NULL, 'value')::text), ('attribute_numbers, name', attribute_numbers('{}', NULL)::text), ('attribute_sum', attribute_sum(NULL, 'value')::text),
	('attribute_sum, name', attribute_sum('{}', NULL)::text), ('attribute_min', attribute_min(NULL, 'value')::text), ('attribute_min, name', attribute_min('{}', NULL)::text),
	('attribute_max', attribute_max(NULL, 'value')::text), ('attribute_max, name', attribute_max('{}', NULL)::text), ('attribute_mean', attribute_mean(NULL, 'value')::text),
	('attribute_mean, name', attribute_mean('{}', NULL)::text), ('slice', slice(NULL, 'empty')::text), ('slice, range', slice('{}', NULL)::text), ('pick_kinds', pick_kinds(NULL, 'a')::text),
	('pick_kinds, kinds', pick_kinds('{}', VARIADIC NULL::text[])::text), ('timeline_union', timeline_union(NULL, '{}')::text), ('timeline_union, right', timeline_union('{}', NULL)::text),
	('timeline_intersection', timeline_intersection(NULL, '{}')::text), ('timeline_intersection, right', timeline_intersection('{}', NULL)::text),
	('timeline_difference', timeline_difference(NULL, '{}')::text), ('timeline_difference, right', timeline_difference('{}', NULL)::text), ('timeline_concat', timeline_concat(NULL, '{}')::text),
	('timeline_concat, right', timeline_concat('{}', NULL)::text), ('&&', (NULL::crm_timeline.timeline && tstzrange(NULL, NULL))::text), ('&&, range', ('{}'::crm_timeline.timeline && NULL::tstzrange)::text),
	('tstzrange &&', (NULL::tstzrange && '{}'::crm_timeline.timeline)::text), ('=', (NULL::crm_timeline.timeline = '{}')::text), ('timeline_cmp', timeline_cmp(NULL, '{}')::text),
	('timeline_hash', timeline_hash(NULL)::text), ('timeline_hash_extended', timeline_hash_extended(NULL, 0)::text), ('jsonb', (NULL::crm_timeline.timeline)::jsonb::text),
	('from jsonb', (NULL::jsonb)::crm_timeline.timeline::text), ('bytea', (NULL::crm_timeline.timeline)::bytea::text), ('from bytea', (NULL::bytea)::crm_timeline.timeline::text),
	('unnest', (SELECT count(*)::text FROM crm_timeline.unnest(NULL::crm_timeline.timeline) HAVING count(*) > 0))) v (id, got)

-- check: pick_kinds passes over NULL among the kinds
SELECT id, pick_kinds(t, NULL, kinds[1], NULL)::text AS got, pick_kinds(t, kinds[1])::text AS want FROM tl JOIN whole USING (id) WHERE n > 0 AND id < 1000

-- check: the aggregate over nothing is NULL
SELECT 0 AS id, num_nulls(timeline_agg(at, kind), timeline_agg(at, kind, '{}'::jsonb), timeline_agg(at, kind, 'seq', p), timeline_agg(crm_timeline.timeline(at, kind))) AS got, 4 AS want FROM raw WHERE false

-- check: the aggregate over rows without time and over NULL timelines is NULL
SELECT 0 AS id, num_nulls(timeline_agg(NULL, kind), timeline_agg(at, NULL, '{}'::jsonb), timeline_agg(NULL, kind, 'seq', p), timeline_agg(NULL::crm_timeline.timeline)) AS got, 4 AS want FROM raw

-- check: the aggregate over empty timelines is empty
SELECT 0 AS id, timeline_agg(t)::text AS got, '{}' AS want FROM tl WHERE length(t) = 0

-- check: text as it is printed
SELECT said AS id, said::crm_timeline.timeline::text AS got, want FROM (VALUES
	('{}', '{}'), (' { } ', '{}'),
	('{2026-03-02T10:00:00.25Z refund;2026-03-01T09:15:00Z complaint value=12.5 thread="T-1" channel="phone"}', '{2026-03-01T09:15:00Z complaint channel=phone thread=T-1 value=12.5; 2026-03-02T10:00:00.25Z refund}'),
	('{2026-03-01T09:15:00+02:00 a}', '{2026-03-01T07:15:00Z a}'), ('{2026-03-01T09:15:00.100000-05:30 "a"}', '{2026-03-01T14:45:00.1Z a}'),
	('{2026-03-01T09:15:00Z a "b c"="d""e"}', '{2026-03-01T09:15:00Z a "b c"="d""e"}'), ('{2026-03-01T09:15:00Z "" x=""}', '{2026-03-01T09:15:00Z "" x=""}'),
	('{2026-03-01T09:15:00Z a x="12"}', '{2026-03-01T09:15:00Z a x="12"}'), ('{2026-03-01T09:15:00Z a x=12.0}', '{2026-03-01T09:15:00Z a x=12}'), ('{2026-03-01T09:15:00Z a x=-0}', '{2026-03-01T09:15:00Z a x=0}'),
	('{2026-03-01T09:15:00Z a x="-1" y=-1}', '{2026-03-01T09:15:00Z a x="-1" y=-1}'), ('{2026-03-01T09:15:00Z "a." x="b-"}', '{2026-03-01T09:15:00Z "a." x="b-"}'),
	('{2026-03-01T09:15:00Z a.b-c x=_1}', '{2026-03-01T09:15:00Z a.b-c x=_1}'), ('{2026-03-01T09:15:00Z a b=2 B=1 a=3}', '{2026-03-01T09:15:00Z a B=1 a=3 b=2}'),
	('{2026-03-01T09:15:00Z a seq=2; 2026-03-01T09:15:00Z b seq=1; 2026-03-01T09:15:00Z c}', '{2026-03-01T09:15:00Z c; 2026-03-01T09:15:00Z b seq=1; 2026-03-01T09:15:00Z a seq=2}'),
	('{2026-03-01T09:15:00Z a automated=true}', '{2026-03-01T09:15:00Z a automated=true}'),
	('{2026-03-01T09:15:00Z a; 2026-03-01T09:15:00Z a; 2026-03-01T09:15:00Z a x=1; 2026-03-01T09:15:00Z a x=one}',
	 '{2026-03-01T09:15:00Z a; 2026-03-01T09:15:00Z a; 2026-03-01T09:15:00Z a x=1; 2026-03-01T09:15:00Z a x=one}')) v (said, want)

-- check: values of other types, by constructor and by aggregate
SELECT id, substring(made FROM '^\{2026-01-01T00:00:00Z k ?(.*)\}$') AS got, coalesce(attribute, '') AS want FROM (VALUES
	('smallint', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 1::smallint)::text, 'x=1'), ('bigint', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 9007199254740993)::text, 'x=9.007199254740992e+15'),
	('numeric', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 0.10)::text, 'x=0.1'), ('real', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 0.5::real)::text, 'x=0.5'),
	('double precision', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 0.1::float8)::text, 'x=0.1'), ('numeric NaN', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'NaN'::numeric)::text, 'x=NaN'),
	('boolean', crm_timeline.timeline('2026-01-01Z', 'k', 'x', true)::text, 'x=true'), ('varchar', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'v'::varchar)::text, 'x=v'),
	('char', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'v'::char(3))::text, 'x="v  "'), ('name', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'v'::name)::text, 'x=v'),
	('unknown', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'v')::text, 'x=v'), ('uuid', crm_timeline.timeline('2026-01-01Z', 'k', 'x', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid)::text,
	 'x=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), ('date', crm_timeline.timeline('2026-01-01Z', 'k', 'x', '2026-12-31'::date)::text, 'x="2026-12-31"'),
	('timestamptz', crm_timeline.timeline('2026-01-01Z', 'k', 'x', '2026-12-31 12:00+02'::timestamptz)::text, 'x="2026-12-31 10:00:00+00"'), ('text as channel', crm_timeline.timeline('2026-01-01Z', 'k', 'channel', 'v'::text)::text, 'channel=v'),
	('integer as thread', crm_timeline.timeline('2026-01-01Z', 'k', 'thread', 4711)::text, 'thread="4711"'), ('numeric as ref', crm_timeline.timeline('2026-01-01Z', 'k', 'ref', 1.50)::text, 'ref="1.50"'),
	('uuid as ref', crm_timeline.timeline('2026-01-01Z', 'k', 'ref', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid)::text, 'ref=a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
	('boolean as outcome', crm_timeline.timeline('2026-01-01Z', 'k', 'outcome', false)::text, 'outcome=false'), ('automated', crm_timeline.timeline('2026-01-01Z', 'k', 'automated', true)::text, 'automated=true'),
	('NULL of any type', crm_timeline.timeline('2026-01-01Z', 'k', 'x', NULL, 'value', NULL::int, 'automated', NULL::boolean, 'seq', NULL::bigint)::text, NULL),
	('jsonb boolean', crm_timeline.timeline('2026-01-01Z', 'k', '{"x": true, "y": null}'::jsonb)::text, 'x=true'),
	('jsonb number with many digits', crm_timeline.timeline('2026-01-01Z', 'k', '{"x": 0.1000000000000000055511151231257827}'::jsonb)::text, 'x=0.1'),
	('jsonb number as a known text', crm_timeline.timeline('2026-01-01Z', 'k', '{"thread": 4711}'::jsonb)::text, 'thread="4711"'),
	('aggregate', (SELECT timeline_agg('2026-01-01Z', 'k', 'x', n, 'thread', n) FROM (VALUES (1::bigint)) v (n))::text, 'thread="1" x=1')) v (id, made, attribute)

-- check: 48 pairs in one call
SELECT 48 AS id, length(timeline_agg(at, 'k', :pairs)) AS got, 1 AS want FROM (VALUES (now())) v (at)

-- check: 64 attributes with seq among them
SELECT 64 AS id, cardinality(crm_timeline.attributes(crm_timeline.timeline(now(), 'k', (SELECT jsonb_object_agg('a' || n, n) FROM generate_series(1, 63) n) || '{"seq": 1}'))) AS got, 64 AS want

-- check: min and max of the greatest numbers
SELECT 0 AS id, ARRAY[attribute_min(t, 'x'), attribute_max(t, 'x'), attribute_sum(t, 'x')] AS got, ARRAY[-1.7976931348623157e308, 1.7976931348623157e308, 0]::float8[] AS want
  FROM crm_timeline.timeline('2026-01-01', 'k', 'x', 1.7976931348623157e308::float8) a, crm_timeline.timeline('2026-01-01', 'k', 'x', -1.7976931348623157e308::float8) b, LATERAL (SELECT a || b) s (t)
