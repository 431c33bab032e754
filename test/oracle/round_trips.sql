-- A timeline that goes out and comes back is the same. Each check gives one row per comparison: id, got, want.

-- check: text
SELECT id, t::text::crm_timeline.timeline::bytea AS got, t::bytea AS want FROM tl

-- check: text is canonical: the same for equal timelines, whichever way they were built
SELECT id, b.t::text AS got, tl.t::text AS want FROM built b JOIN tl USING (id)

-- check: jsonb
SELECT id, t::jsonb::crm_timeline.timeline::bytea AS got, t::bytea AS want FROM tl

-- check: jsonb is an array of flat objects
SELECT id, t::jsonb AS got, coalesce((SELECT jsonb_agg(jsonb_build_object('occurred_at', utc(at), 'kind', kind) || CASE WHEN seq IS NULL THEN '{}' ELSE jsonb_build_object('seq', seq) END
		|| coalesce((SELECT jsonb_object_agg(a.name, attribute_json(a)) FROM unnest(attributes) a), '{}') ORDER BY n) FROM entry WHERE entry.id = tl.id), '[]') AS want
  FROM tl

-- check: bytea
SELECT id, t::bytea::crm_timeline.timeline::text AS got, t::text AS want FROM tl

-- check: binary form by send is the cast to bytea
SELECT id, record_send AS got, want FROM (
	SELECT id, substr(record_send(ROW(t)), 13) AS record_send, t::bytea AS want FROM tl) s

-- check: array and row of timelines as text
SELECT min(id) AS id, array_agg(t ORDER BY id)::text::crm_timeline.timeline[] = array_agg(t ORDER BY id) AS got, true AS want FROM tl GROUP BY id / 10

-- check: bytes after storing out of line
SELECT id, s.t::bytea AS got, tl.t::bytea AS want FROM stored s JOIN tl USING (id)

-- check: COPY BINARY
SELECT id, s.t::bytea AS got, tl.t::bytea AS want FROM tl LEFT JOIN copied_binary s USING (id)

-- check: COPY as text
SELECT id, s.t::bytea AS got, tl.t::bytea AS want FROM tl LEFT JOIN copied_text s USING (id)

-- check: COPY as CSV
SELECT id, s.t::bytea AS got, tl.t::bytea AS want FROM tl LEFT JOIN copied_csv s USING (id)
