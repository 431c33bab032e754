-- What the store builds its timelines with: store_agg(), timeline_summary(), timeline_parts().
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET search_path = public, crm_timeline;

-- rows, of which a test says what matters to it
CREATE TYPE happened AS (at timestamptz, kind text, channel text, direction text, thread text, agent text, outcome text,
	topic text, sentiment float8, score float8, value float8, automated boolean, source text, ref text, seq bigint, attributes jsonb);
CREATE FUNCTION stored(VARIADIC happened[]) RETURNS timeline LANGUAGE sql IMMUTABLE AS
	'SELECT store_agg(at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, automated, source, ref, seq, attributes)
	 FROM unnest($1)';
CREATE FUNCTION row_of(jsonb) RETURNS happened LANGUAGE sql IMMUTABLE AS
	$$SELECT jsonb_populate_record(NULL::happened, '{"at": "2026-01-01Z", "kind": "a"}' || $1)$$;

SELECT stored(row_of('{"channel": "web", "direction": "inbound", "thread": "T", "agent": "A", "outcome": "ok", "topic": "x", "sentiment": 0.5,
	"score": 9, "value": 12.5, "automated": false, "source": "s", "ref": "1", "seq": 3, "attributes": {"effort": 2, "risk": 1, "plan": "gold", "size": 7}}'));
-- rows without a moment or a kind; ref '' and sentiments that are none
SELECT stored(row_of('{"at": null}'), row_of('{"at": "infinity"}'), row_of('{"at": "-infinity"}'), row_of('{"kind": null}'));
SELECT stored(row_of('{"at": "infinity"}'), row_of('{"ref": "", "channel": "", "sentiment": 1.01}'), row_of('{"sentiment": "NaN", "score": "NaN"}'),
	row_of('{"sentiment": "Infinity", "value": "-Infinity"}'), row_of('{"sentiment": -1}'), row_of('{"kind": ""}'));
-- attributes that are no object, and members that can be no attribute
SELECT stored(row_of(jsonb_build_object('attributes', a))) FROM unnest(ARRAY['1', '"x"', 'null', '[{"a": 1}]', '{}', '[]', 'true']::jsonb[]) a;
SELECT stored(row_of(jsonb_build_object('attributes', a))) FROM unnest(ARRAY[
	'{"kind": "b", "occurred_at": "2026-01-02Z", "a": 1}', '{"effort": "high", "risk": true, "score": [1], "value": {"number": "NaN"}}',
	'{"seq": 1.5, "automated": 1, "sentiment": 1.5}', '{"seq": 9223372036854775807, "automated": "true", "sentiment": -1}', '{"seq": 9223372036854775808}',
	'{"seq": -9223372036854775808}', '{"seq": -9223372036854775809}', '{"seq": "1", "automated": "yes"}', '{"a": 1e400, "b": -1e400, "c": 1e-400, "value": 1e400, "channel": 1e20}',
	'{"source": "forged", "ref": "forged", "b": null, "c": [1, {"d": 2}], "d": {"number": "Infinity"}, "e": true, "": 0}',
	'{"sentiment": {"number": "NaN"}, "seq": {"number": "NaN"}, "agent": {"number": "NaN"}}']::jsonb[]) a;
SELECT attributes(stored(row_of(jsonb_build_object('attributes', jsonb_build_object(repeat('n', 255), 1, repeat('n', 256), 2))))) = ARRAY[repeat('n', 255)] AS long_names;
-- a column that is given goes before a member, also where it is not kept; source and ref are never members
SELECT stored(row_of('{"channel": "web", "sentiment": 7, "seq": 2, "attributes": {"channel": "phone", "topic": "t", "sentiment": 0.5, "seq": 1, "value": 1, "source": "forged", "ref": "forged"}}'));

-- more than 64 attributes: the well-known names, then the first by name
CREATE FUNCTION many(first int, last int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
	$$SELECT jsonb_object_agg('n' || to_char(i, 'FM0000'), i) FROM generate_series(first, last) i$$;
SELECT cardinality(attributes(t)), (attributes(t))[1:3], (attributes(t))[59:] FROM (SELECT stored(row_of(jsonb_build_object('attributes', many(1, 5000) || '{"channel": "web", "value": 1, "zone": 1}'))) AS t) s;
SELECT cardinality(attributes(t)), (attributes(t))[1:3], (attributes(t))[59:] FROM (SELECT stored(row_of(jsonb_build_object('attributes', many(40, 200), 'topic', 't')),
	row_of(jsonb_build_object('attributes', many(1, 50), 'seq', 1))) AS t) s;

-- pieces: every copy is kept
SELECT store_agg(p) FROM unnest(ARRAY[timeline '{2026-01-02T00:00:00Z b; 2026-01-03T00:00:00Z c x=1}', NULL, '{2026-01-02T00:00:00Z b; 2026-01-01T00:00:00Z a y=1}', '{}']) p;
SELECT store_agg(p) FROM unnest(ARRAY[timeline '{2026-01-02T00:00:00Z b x=1}', '{}']) p;
SELECT store_agg(p), store_agg(p) FILTER (WHERE false) IS NULL AS none FROM unnest(ARRAY[timeline '{}', NULL, '{}']) p;

-- a summary
SELECT s.* FROM timeline_summary('{2026-01-01T00:00:00Z a direction=inbound channel=web; 2026-01-02T00:00:00Z b direction=outbound score=1;
	2026-01-03T00:00:00Z c direction=inbound; 2026-01-04T00:00:00Z d channel=phone outcome=won sentiment=0.5 score=9 direction=internal}') s;
SELECT s.* FROM timeline_summary('{}') s;
SELECT s.* FROM timeline_summary('{2026-01-01T00:00:00Z a}') s;

-- parts
CREATE TABLE long AS SELECT timeline_agg('2026-01-01Z'::timestamptz + i / 3 * interval '1 hour', 'kind ' || i % 7, 'ref', i::text) AS t FROM generate_series(1, 20000) i;
SELECT max_bytes, (SELECT store_agg(p) FROM timeline_parts(t, max_bytes) p) = t AS together, (SELECT max(pg_column_size(p)) <= max_bytes FROM timeline_parts(t, max_bytes) p) AS small
FROM long, unnest(ARRAY[1000, 8192, 1000000]) max_bytes;
SELECT count(*), max(length(p)) FROM long, timeline_parts(t, 1) p;
SELECT count(*) FROM timeline_parts('{}', 1);
SELECT timeline_parts(t, 0) FROM long;
