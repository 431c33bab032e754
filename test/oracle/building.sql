-- One timeline built in different ways has the same bytes. Each check gives one row per comparison: id, got, want.

-- check: aggregate over jsonb
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'aggregate over jsonb'

-- check: aggregate over names and values
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'aggregate over names and values'

-- check: text
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'text'

-- check: cast from jsonb
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'cast from jsonb'

-- check: single ones joined
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'single ones joined'

-- check: aggregate over pieces
SELECT id, b.t::bytea AS got, tl.t::bytea AS want FROM built b JOIN tl USING (id) WHERE way = 'aggregate over pieces'

-- check: every way has built every timeline that it can
SELECT way AS id, count(*) AS got, (SELECT count(*) FROM whole WHERE n > 0 AND (class = 'V' OR way NOT LIKE '%values')) AS want
  FROM built WHERE t <> '{}' GROUP BY way

-- check: rows without time or kind alone give NULL
SELECT id, b.t IS NULL AS got, n = 0 AS want FROM built b JOIN whole USING (id)

-- check: aggregate of time and kind
SELECT id, timeline_agg(raw.at, raw.kind)::bytea AS got, ('{' || string_agg(occurred_at || ' ' || written(raw.kind), ';') FILTER (WHERE raw.at IS NOT NULL AND raw.kind IS NOT NULL) || '}')::crm_timeline.timeline::bytea AS want
  FROM raw JOIN spelt USING (p) GROUP BY id

-- check: constructor of time and kind
SELECT p AS id, crm_timeline.timeline(at, kind)::text AS got, ('{' || occurred_at || ' ' || written(kind) || '}')::crm_timeline.timeline::text AS want FROM spelt

-- check: constructor with jsonb
SELECT p AS id, crm_timeline.timeline(at, kind, json)::bytea AS got, t::bytea AS want FROM spelt JOIN place USING (p) JOIN one USING (ord)

-- check: constructor without time or without kind
SELECT ord AS id, num_nulls(crm_timeline.timeline(NULL, kind), crm_timeline.timeline(at, NULL), crm_timeline.timeline(NULL, kind, '{}'), crm_timeline.timeline(at, NULL, '{}'),
	crm_timeline.timeline(NULL, kind, 'value', 1), crm_timeline.timeline(at, NULL, 'value', 1)) AS got, 6 AS want FROM item WHERE ord < 100
