-- What must be refused, by the code of the error.

-- error: 22008 infinite time, aggregate
SELECT timeline_agg('infinity'::timestamptz, 'k')

-- error: 22008 infinite time, aggregate with names and values
SELECT timeline_agg('-infinity'::timestamptz, 'k', 'value', 1)

-- error: 22008 infinite time, aggregate with jsonb
SELECT timeline_agg('infinity'::timestamptz, 'k', '{}'::jsonb)

-- error: 22008 infinite time, constructor
SELECT crm_timeline.timeline('infinity', 'k')

-- error: 22008 infinite time, constructor with names and values
SELECT crm_timeline.timeline('-infinity', 'k', 'value', 1)

-- error: 22008 infinite time, constructor with jsonb
SELECT crm_timeline.timeline('-infinity', 'k', '{"value": 1}'::jsonb)

-- error: 22023 odd number of arguments
SELECT crm_timeline.timeline('2026-01-01', 'k', 'value', 1, 'score')

-- error: 22023 odd number of arguments, aggregate
SELECT timeline_agg('2026-01-01', 'k', 'value', 1, 'score')

-- error: 22023 NULL name
SELECT crm_timeline.timeline('2026-01-01', 'k', 'value', 1, NULL, 2)

-- error: 22023 NULL name, aggregate
SELECT timeline_agg('2026-01-01', 'k', 'value', 1, NULL::text, 2)

-- error: 22023 name given twice
SELECT crm_timeline.timeline('2026-01-01', 'k', 'value', 1, 'value', 2)

-- error: 22023 name given twice, aggregate
SELECT timeline_agg('2026-01-01', 'k', 'plan', 'a', 'score', 1, 'plan', 'b')

-- error: 22023 name that is not the same for all rows
SELECT timeline_agg('2026-01-01', 'k', n, 1) FROM (VALUES ('a'), ('b')) v (n)

-- error: 22023 name that is not the same for all groups
SELECT timeline_agg('2026-01-01', 'k', n, 1) FROM (VALUES ('a'), ('b')) v (n) GROUP BY n

-- error: 22023 VARIADIC array
SELECT crm_timeline.timeline('2026-01-01', 'k', 'value', VARIADIC ARRAY['a', 'b'])

-- error: 22023 VARIADIC array, aggregate
SELECT timeline_agg('2026-01-01', 'k', 'thread', VARIADIC ARRAY['a', 'b', 'c'])

-- error: 22023 kind as a name
SELECT crm_timeline.timeline('2026-01-01', 'k', 'kind', 'other')

-- error: 22023 occurred_at as a name
SELECT timeline_agg('2026-01-01', 'k', 'occurred_at', now())

-- error: 22023 kind as a name in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"kind": "other"}'::jsonb)

-- error: 22023 attributes that are no object
SELECT crm_timeline.timeline('2026-01-01', 'k', '[1]'::jsonb)

-- error: 22023 attributes that are a scalar
SELECT timeline_agg('2026-01-01', 'k', '1'::jsonb)

-- error: 42804 value as a text
SELECT crm_timeline.timeline('2026-01-01', 'k', 'value', '1'::text)

-- error: 42804 value as a text in jsonb
SELECT crm_timeline.timeline('2026-01-01', 'k', '{"value": "1"}'::jsonb)

-- error: 42804 score as a boolean
SELECT timeline_agg('2026-01-01', 'k', 'score', true)

-- error: 42804 score as a boolean in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"score": true}'::jsonb)

-- error: 42804 sentiment as a text
SELECT timeline_agg('2026-01-01', 'k', 'sentiment', 'good'::text)

-- error: 42804 risk as a time
SELECT timeline_agg('2026-01-01', 'k', 'risk', now())

-- error: 42804 effort as an array
SELECT timeline_agg('2026-01-01', 'k', 'effort', ARRAY[1])

-- error: 42804 automated as a number
SELECT timeline_agg('2026-01-01', 'k', 'automated', 1)

-- error: 42804 automated as a text
SELECT timeline_agg('2026-01-01', 'k', 'automated', 'yes'::text)

-- error: 42804 automated as a number in jsonb
SELECT crm_timeline.timeline('2026-01-01', 'k', '{"automated": 1}'::jsonb)

-- error: 42804 automated as another text in jsonb
SELECT crm_timeline.timeline('2026-01-01', 'k', '{"automated": "t"}'::jsonb)

-- error: 42804 seq as numeric
SELECT timeline_agg('2026-01-01', 'k', 'seq', 1.0)

-- error: 42804 seq as double precision
SELECT crm_timeline.timeline('2026-01-01', 'k', 'seq', 1::float8)

-- error: 42804 seq as a text
SELECT timeline_agg('2026-01-01', 'k', 'seq', '1'::text)

-- error: 42804 seq as a fraction in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"seq": 1.5}'::jsonb)

-- error: 42804 seq as a text in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"seq": "1"}'::jsonb)

-- error: 22003 seq beyond bigint in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"seq": 9223372036854775808}'::jsonb)

-- error: 22003 sentiment above 1
SELECT crm_timeline.timeline('2026-01-01', 'k', 'sentiment', 1.0000001)

-- error: 22003 sentiment below -1
SELECT timeline_agg('2026-01-01', 'k', 'sentiment', -2)

-- error: 22003 sentiment NaN
SELECT timeline_agg('2026-01-01', 'k', 'sentiment', 'NaN'::float8)

-- error: 22003 sentiment in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"sentiment": 1.5}'::jsonb)

-- error: 22003 number beyond double precision in jsonb
SELECT timeline_agg('2026-01-01', 'k', '{"n": 1e400}'::jsonb)

-- error: 22003 number beyond double precision
SELECT timeline_agg('2026-01-01', 'k', 'n', '1e400'::numeric)

-- error: 54000 name of 256 bytes
SELECT crm_timeline.timeline('2026-01-01', 'k', repeat('n', 256), 1)

-- error: 54000 name of 256 bytes in 128 characters, jsonb
SELECT timeline_agg('2026-01-01', 'k', jsonb_build_object(repeat('ü', 128), 1))

-- error: 54000 65 attributes in one interaction
SELECT crm_timeline.timeline('2026-01-01', 'k', (SELECT jsonb_object_agg('a' || n, n) FROM generate_series(1, 65) n))

-- error: 54000 65 attributes in one timeline
SELECT timeline_agg('2026-01-01', 'k', jsonb_build_object('a' || n, n)) FROM generate_series(1, 65) n

-- error: 54000 65 attributes in a union
SELECT crm_timeline.timeline('2026-01-01', 'k', (SELECT jsonb_object_agg('a' || n, n) FROM generate_series(1, 33) n)) + crm_timeline.timeline('2026-01-01', 'k', (SELECT jsonb_object_agg('b' || n, n) FROM generate_series(1, 32) n))

-- error: 54000 65 attributes in a concatenation
SELECT crm_timeline.timeline('2026-01-01', 'k', (SELECT jsonb_object_agg('a' || n, n) FROM generate_series(1, 33) n)) || crm_timeline.timeline('2026-01-01', 'k', (SELECT jsonb_object_agg('b' || n, n) FROM generate_series(1, 32) n))

-- error: 54000 65 attributes in an aggregate over timelines
SELECT timeline_agg(crm_timeline.timeline('2026-01-01', 'k', jsonb_build_object('a' || n, n))) FROM generate_series(1, 65) n

-- error: 54000 49 pairs in one call
SELECT crm_timeline.timeline('2026-01-01', 'k', :pairs, 'b', 1)

-- error: 54023 49 pairs in one call, aggregate: the server refuses these itself
SELECT timeline_agg('2026-01-01', 'k', :pairs, 'b', 1)

-- error: 22P02 text: nothing
SELECT ''::crm_timeline.timeline

-- error: 22P02 text: no brace
SELECT '2026-01-01T00:00:00Z k'::crm_timeline.timeline

-- error: 22P02 text: not closed
SELECT '{2026-01-01T00:00:00Z k'::crm_timeline.timeline

-- error: 22P02 text: something after it
SELECT '{2026-01-01T00:00:00Z k} x'::crm_timeline.timeline

-- error: 22P02 text: no kind
SELECT '{2026-01-01T00:00:00Z}'::crm_timeline.timeline

-- error: 22P02 text: no offset
SELECT '{2026-01-01T00:00:00 k}'::crm_timeline.timeline

-- error: 22P02 text: a day that is none
SELECT '{2026-02-29T00:00:00Z k}'::crm_timeline.timeline

-- error: 22P02 text: infinity
SELECT '{infinity k}'::crm_timeline.timeline

-- error: 22P02 text: a name without a value
SELECT '{2026-01-01T00:00:00Z k value=}'::crm_timeline.timeline

-- error: 22P02 text: a quote that is not closed
SELECT '{2026-01-01T00:00:00Z k channel="x}'::crm_timeline.timeline

-- error: 22P02 text: a name given twice
SELECT '{2026-01-01T00:00:00Z k score=1 score=2}'::crm_timeline.timeline

-- error: 22P02 text: a number as a text
SELECT '{2026-01-01T00:00:00Z k value="1"}'::crm_timeline.timeline

-- error: 22P02 text: a kind that begins with a digit
SELECT '{2026-01-01T00:00:00Z 1k}'::crm_timeline.timeline

-- error: XX001 bytes: none
SELECT '\x'::bytea::crm_timeline.timeline

-- error: XX001 bytes: zeros
SELECT '\x000000000000000000'::bytea::crm_timeline.timeline

-- error: XX001 bytes: the last one is missing
SELECT substr(b, 1, length(b) - 1)::crm_timeline.timeline FROM (SELECT '{2026-01-01T00:00:00Z k channel=phone value=12.5}'::crm_timeline.timeline::bytea b) s

-- error: XX001 bytes: one too many
SELECT (b || '\x00')::crm_timeline.timeline FROM (SELECT '{2026-01-01T00:00:00Z k channel=phone value=12.5}'::crm_timeline.timeline::bytea b) s

-- error: XX001 bytes: one changed
SELECT set_byte(b, length(b) - 3, get_byte(b, length(b) - 3) # 1)::crm_timeline.timeline FROM (SELECT '{2026-01-01T00:00:00Z k channel=phone value=12.5}'::crm_timeline.timeline::bytea b) s
