-- Everything that reads a timeline. Each check gives one row per comparison: id, got, want.

-- check: length
SELECT id, length(t) AS got, n AS want FROM tl JOIN whole USING (id)

-- check: starts_at
SELECT id, starts_at(t) AS got, ats[1] AS want FROM tl JOIN whole USING (id)

-- check: ends_at
SELECT id, ends_at(t) AS got, ats[n] AS want FROM tl JOIN whole USING (id)

-- check: span
SELECT id, span(t) AS got, CASE n WHEN 0 THEN 'empty' ELSE tstzrange(ats[1], ats[n], '[]') END AS want FROM tl JOIN whole USING (id)

-- check: kinds
SELECT id, crm_timeline.kinds(t) AS got, whole.kinds AS want FROM tl JOIN whole USING (id)

-- check: attributes
SELECT id, crm_timeline.attributes(t) AS got,
       ARRAY(SELECT name FROM told WHERE told.id = tl.id AND name NOT IN ('kind', 'no such name') ORDER BY name COLLATE "C") AS want
  FROM tl

-- check: unnest
SELECT id, said(t) AS got, whole.said AS want FROM tl JOIN whole USING (id)

-- check: unnest, time and kind by name
SELECT id, (SELECT array_agg(u.occurred_at) FROM crm_timeline.unnest(t) u) AS got, nullif(ats, '{}') AS want FROM tl JOIN whole USING (id)

-- check: unnest in the select list
SELECT id, ARRAY(SELECT (crm_timeline.unnest(t)).kind) AS got, whole.kinds AS want FROM tl JOIN whole USING (id) WHERE n < 30

-- check: first_interaction
SELECT id, said(first_interaction(t)) AS got, coalesce(whole.said[1], '[null, null, {}, null]') AS want FROM tl JOIN whole USING (id)

-- check: last_interaction
SELECT id, said(last_interaction(t)) AS got, coalesce(whole.said[n], '[null, null, {}, null]') AS want FROM tl JOIN whole USING (id)

-- check: first_interaction and last_interaction of an empty timeline are NULL
SELECT id, num_nulls(first_interaction(t), last_interaction(t)) AS got, CASE n WHEN 0 THEN 2 ELSE 0 END AS want FROM tl JOIN whole USING (id)

-- check: attribute_texts
SELECT id || ' ' || name AS id, attribute_texts(t, name) AS got, txts AS want FROM tl JOIN told USING (id)

-- check: attribute_numbers
SELECT id || ' ' || name AS id, attribute_numbers(t, name) AS got, nums AS want FROM tl JOIN told USING (id)

-- check: attribute_numbers has no -0
SELECT id || ' ' || name AS id, '-0' = ANY (attribute_numbers(t, name)::text[]) IS TRUE AS got, false AS want FROM tl JOIN told USING (id)

-- check: attribute_sum, to nine digits of the greatest that was added
SELECT id || ' ' || name AS id, CASE WHEN greatest(size, abs(got)) < 1e-290 OR size >= 1e-290 AND abs(got - want) <= size * 1e-9 THEN want ELSE got END AS got, want
  FROM (SELECT id, name, attribute_sum(t, name) AS got, sum(v) AS want, sum(abs(v)) AS size
          FROM tl JOIN told USING (id) LEFT JOIN LATERAL unnest(nums) v ON true WHERE name <> 'seq' GROUP BY id, name, t) s

-- check: attribute_mean, likewise
SELECT id || ' ' || name AS id, CASE WHEN greatest(size, abs(got)) < 1e-290 OR size >= 1e-290 AND abs(got - want) <= size / n * 1e-9 THEN want ELSE got END AS got, want
  FROM (SELECT id, name, got, size, n, CASE WHEN abs(sum) < 1e-290 THEN 0 ELSE sum / n END AS want
          FROM (SELECT id, name, attribute_mean(t, name) AS got, sum(v), sum(abs(v)) AS size, count(v) AS n
                  FROM tl JOIN told USING (id), unnest(nums) v WHERE name <> 'seq' GROUP BY id, name, t HAVING count(v) > 0) s) s

-- check: attribute_min
SELECT id || ' ' || name AS id, attribute_min(t, name) AS got, min(v) AS want
  FROM tl JOIN told USING (id) LEFT JOIN LATERAL unnest(nums) v ON true GROUP BY id, name, t

-- check: attribute_max
SELECT id || ' ' || name AS id, attribute_max(t, name) AS got, max(v) AS want
  FROM tl JOIN told USING (id) LEFT JOIN LATERAL unnest(nums) v ON true GROUP BY id, name, t

-- check: sum, mean, min and max are NULL where there is no number
SELECT id || ' ' || name AS id, num_nulls(attribute_sum(t, name), attribute_mean(t, name), attribute_min(t, name), attribute_max(t, name)) AS got, 4 AS want
  FROM tl JOIN told USING (id) WHERE num_nonnulls(VARIADIC nums) = 0

-- check: sum and mean of seq
SELECT id, CASE WHEN abs(sum - want) <= size * 1e-9 AND abs(mean - want / n) <= size / n * 1e-9 THEN want ELSE sum END AS got, want
  FROM (SELECT id, attribute_sum(t, 'seq') AS sum, attribute_mean(t, 'seq') AS mean, sum(v) AS want, sum(abs(v)) AS size, count(v) AS n
          FROM tl JOIN told USING (id), unnest(nums) v WHERE name = 'seq' GROUP BY id, t) s

-- check: slice
SELECT id || ' ' || r AS id, said(slice(t, r)) AS got, ARRAY(SELECT said FROM entry WHERE entry.id = tl.id AND at <@ r ORDER BY n) AS want FROM tl JOIN range USING (id)

-- check: slice gives the bytes of a timeline of these interactions
SELECT id || ' ' || r AS id, slice(t, r)::bytea AS got,
       coalesce((SELECT timeline_agg(copied.t) FROM member JOIN item USING (ord) JOIN copied USING (ord, copies) WHERE member.id = tl.id AND item.at <@ r), '{}')::bytea AS want
  FROM tl JOIN range USING (id)

-- check: timeline && tstzrange
SELECT id || ' ' || r AS id, ARRAY[t && r, timeline_overlaps(t, r)] AS got, (SELECT ARRAY[hit, hit] FROM (SELECT EXISTS (SELECT FROM unnest(ats) at WHERE at <@ r) AS hit) s) AS want
  FROM tl JOIN range USING (id) JOIN whole USING (id)

-- check: tstzrange && timeline
SELECT id || ' ' || r AS id, r && t AS got, EXISTS (SELECT FROM unnest(ats) at WHERE at <@ r) AS want FROM tl JOIN range USING (id) JOIN whole USING (id)

-- check: && between its interactions
SELECT id || ' ' || k AS id, t && tstzrange(ats[k], ats[k + 1], '()') AS got, false AS want FROM tl JOIN whole USING (id), generate_series(1, n - 1) k WHERE n < 200

-- check: pick_kinds
SELECT id || ' ' || k::text AS id, said(pick_kinds(t, VARIADIC k)) AS got, ARRAY(SELECT said FROM entry WHERE entry.id = tl.id AND kind = ANY (k) ORDER BY n) AS want
  FROM tl JOIN (SELECT id, picked[(n * 7 / 3):(n * 7 / 3 + id % 4)] || CASE id % 3 WHEN 0 THEN '{no such kind,""}' WHEN 1 THEN kinds[1:1] ELSE '{}' END AS k
                  FROM (SELECT *, kinds || kinds || kinds AS picked FROM whole) w) k USING (id)

-- check: pick_kinds gives the bytes of a timeline of these interactions
SELECT id || ' ' || k AS id, pick_kinds(t, k)::bytea AS got,
       coalesce((SELECT timeline_agg(copied.t) FROM member JOIN item USING (ord) JOIN copied USING (ord, copies) WHERE member.id = tl.id AND item.kind = k), '{}')::bytea AS want
  FROM tl JOIN (SELECT id, kinds[1 + n / 2] AS k FROM whole WHERE n > 0) k USING (id)

-- check: pick_kinds of no kind, of all kinds, and of one kind many times
SELECT id, ARRAY[pick_kinds(t, VARIADIC '{}'), pick_kinds(t, VARIADIC kinds || kinds)]::text[] AS got, ARRAY['{}', t::text] AS want FROM tl JOIN whole USING (id) WHERE n < 100
