-- Equality is that of multisets, the order is total, the hash follows equality. Each check gives one row per comparison: id, got, want.

-- check: equal timelines are those of the same interactions
SELECT id, min(id) OVER (PARTITION BY t) AS got, min(id) OVER (PARTITION BY said_all) AS want
  FROM tl JOIN (SELECT life.id, coalesce(string_agg(ord || 'x' || copies, ' ' ORDER BY ord), '') AS said_all FROM life LEFT JOIN member USING (id) GROUP BY life.id) s USING (id)

-- check: the same by hashing
SELECT id, got, want FROM
	(SELECT id, said_all, count(*) OVER (PARTITION BY said_all) AS want FROM life JOIN (
		SELECT life.id, coalesce(string_agg(ord || 'x' || copies, ' ' ORDER BY ord), '') AS said_all FROM life LEFT JOIN member USING (id) GROUP BY life.id) s USING (id)) w
  JOIN (SELECT x.id, count(*) AS got FROM tl x JOIN tl y ON x.t = y.t GROUP BY x.id) g USING (id)

-- check: = <> and the bytes, for two that draw from the same rows
SELECT a || ', ' || b AS id, ARRAY[ta.t = tb.t, ta.t <> tb.t, ta.t::bytea = tb.t::bytea, timeline_eq(ta.t, tb.t), timeline_ne(ta.t, tb.t)] AS got, ARRAY[same, NOT same, same, same, NOT same] AS want
  FROM pair JOIN tl ta ON ta.id = a JOIN tl tb ON tb.id = b,
       LATERAL (SELECT NOT EXISTS (SELECT FROM both_ z WHERE (z.a, z.b) = (pair.a, pair.b) AND ca <> cb) AS same) s

-- check: equal timelines have equal hashes
SELECT min(id) AS id, ARRAY[count(DISTINCT timeline_hash(t)), count(DISTINCT timeline_hash_extended(t, 0)), count(DISTINCT timeline_hash_extended(t, 4711))] AS got, '{1,1,1}'::bigint[] AS want
  FROM (SELECT id, t, min(id) OVER (PARTITION BY t) AS same FROM tl UNION ALL SELECT id, b.t, min(id) OVER (PARTITION BY b.t) FROM built b) s WHERE t IS NOT NULL GROUP BY same

-- check: different timelines mostly have different hashes
SELECT 0 AS id, count(DISTINCT t) - count(DISTINCT timeline_hash(t)) <= 3 AND count(DISTINCT t) = count(DISTINCT timeline_hash_extended(t, 4711)) AS got, true AS want FROM tl

-- check: the extended hash with seed 0 begins with the hash
SELECT id, timeline_hash_extended(t, 0) & 4294967295 AS got, timeline_hash(t)::bigint & 4294967295 AS want FROM tl

-- check: the extended hash depends on its seed
SELECT id, timeline_hash_extended(t, 1) <> timeline_hash_extended(t, 2) AS got, true AS want FROM tl

-- check: the operators and timeline_cmp follow one total order
WITH sorted AS MATERIALIZED (SELECT id, t, dense_rank() OVER (ORDER BY t) AS place FROM tl WHERE id < 100 OR id % 61 = 0 OR id % 61 = 1)
SELECT x.id || ', ' || y.id AS id,
       ARRAY[x.t < y.t, x.t <= y.t, x.t = y.t, x.t <> y.t, x.t >= y.t, x.t > y.t, timeline_lt(x.t, y.t), timeline_le(x.t, y.t), timeline_ge(x.t, y.t), timeline_gt(x.t, y.t)]::text
	     || sign(timeline_cmp(x.t, y.t)) AS got,
       ARRAY[x.place < y.place, x.place <= y.place, x.place = y.place, x.place <> y.place, x.place >= y.place, x.place > y.place, x.place < y.place, x.place <= y.place, x.place >= y.place,
	     x.place > y.place]::text || sign(x.place - y.place) AS want
  FROM sorted x, sorted y

-- check: DISTINCT by sorting and by hashing
SELECT 0 AS id, count(DISTINCT t) AS got, (SELECT count(*) FROM (SELECT t FROM tl GROUP BY t) s) AS want FROM tl

-- check: interactions at one time with one seq and kind are in the order of their attributes
SELECT e.id, said(crm_timeline.slice(t, tstzrange(e.at, e.at, '[]'))) AS got, array_agg(e.said ORDER BY e.ord) AS want
  FROM tl JOIN entry e USING (id) JOIN (SELECT id, at FROM entry GROUP BY id, at HAVING count(DISTINCT ord) > count(DISTINCT (seq, kind))) tied USING (id, at)
 GROUP BY e.id, t, e.at
