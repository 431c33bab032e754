-- Union, intersection, difference and concatenation of multisets. Each check gives one row per comparison: id, got, want.

-- check: a + b
SELECT a || ' + ' || b AS id, said(ta.t + tb.t) AS got, ARRAY(SELECT said FROM both_ z JOIN item USING (ord), generate_series(1, greatest(ca, cb)) WHERE (z.a, z.b) = (p.a, p.b) ORDER BY ord) AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a * b
SELECT a || ' * ' || b AS id, said(ta.t * tb.t) AS got, ARRAY(SELECT said FROM both_ z JOIN item USING (ord), generate_series(1, least(ca, cb)) WHERE (z.a, z.b) = (p.a, p.b) ORDER BY ord) AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a - b
SELECT a || ' - ' || b AS id, said(ta.t - tb.t) AS got, ARRAY(SELECT said FROM both_ z JOIN item USING (ord), generate_series(1, ca - cb) WHERE (z.a, z.b) = (p.a, p.b) ORDER BY ord) AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a || b
SELECT a || ' || ' || b AS id, said(ta.t || tb.t) AS got, ARRAY(SELECT said FROM both_ z JOIN item USING (ord), generate_series(1, ca + cb) WHERE (z.a, z.b) = (p.a, p.b) ORDER BY ord) AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a + b, bytes
SELECT a || ' + ' || b AS id, (ta.t + tb.t)::bytea AS got,
       coalesce((SELECT timeline_agg(t) FROM both_ z JOIN copied c ON c.ord = z.ord AND copies = greatest(ca, cb) WHERE (z.a, z.b) = (p.a, p.b)), '{}')::bytea AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a * b, bytes
SELECT a || ' * ' || b AS id, (ta.t * tb.t)::bytea AS got,
       coalesce((SELECT timeline_agg(t) FROM both_ z JOIN copied c ON c.ord = z.ord AND copies = least(ca, cb) WHERE (z.a, z.b) = (p.a, p.b)), '{}')::bytea AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a - b, bytes
SELECT a || ' - ' || b AS id, (ta.t - tb.t)::bytea AS got,
       coalesce((SELECT timeline_agg(t) FROM both_ z JOIN copied c ON c.ord = z.ord AND copies = ca - cb WHERE (z.a, z.b) = (p.a, p.b)), '{}')::bytea AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: a || b, bytes
SELECT a || ' || ' || b AS id, (ta.t || tb.t)::bytea AS got,
       coalesce((SELECT timeline_agg(t) FROM both_ z JOIN copied c ON c.ord = z.ord AND copies = ca + cb WHERE (z.a, z.b) = (p.a, p.b)), '{}')::bytea AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b

-- check: timeline_union, timeline_intersection, timeline_difference, timeline_concat are these operators
SELECT a || ', ' || b AS id,
       ARRAY[timeline_union(ta.t, tb.t), timeline_intersection(ta.t, tb.t), timeline_difference(ta.t, tb.t), timeline_concat(ta.t, tb.t)]::text[] AS got,
       ARRAY[ta.t + tb.t, ta.t * tb.t, ta.t - tb.t, ta.t || tb.t]::text[] AS want
  FROM pair p JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b WHERE a % 5 = 0

-- check: the aggregate over timelines is their union, one copy of the greatest multiplicity
SELECT f AS id, timeline_agg(t)::bytea AS got,
       coalesce((SELECT timeline_agg(c.t) FROM (SELECT ord, max(copies) AS copies FROM member WHERE id IN (2 * f, 2 * f + 1) GROUP BY ord) m JOIN copied c USING (ord, copies)), '{}')::bytea AS want
  FROM tl JOIN life USING (id) GROUP BY f

-- check: the aggregate over timelines skips NULL
SELECT id, timeline_agg(u)::bytea AS got, t::bytea AS want FROM (SELECT id, t, unnest(ARRAY[NULL, t, NULL]) AS u FROM tl WHERE id % 10 = 0) s GROUP BY id, t
