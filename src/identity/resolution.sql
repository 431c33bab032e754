
-- resolution: which identities are one customer, and why.

CREATE FUNCTION crm_timeline.resolve(touched crm_timeline.identity[] DEFAULT NULL,
		OUT identities bigint, OUT customers bigint, OUT joined bigint, OUT split bigint, OUT refused bigint)
	AS 'MODULE_PATHNAME', 'resolve' LANGUAGE C VOLATILE SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION crm_timeline.resolve(crm_timeline.identity[]) FROM PUBLIC;
COMMENT ON FUNCTION crm_timeline.resolve(crm_timeline.identity[]) IS
	'brings the customers up to date with the facts: those that the identities and the table touched_identity reach, or all where NULL is given; how many it looked at and what became of them';

-- Customers of identities

CREATE FUNCTION crm_timeline.pending_customer(identity crm_timeline.identity) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	IF EXISTS (SELECT FROM crm_timeline.link l WHERE l.a OPERATOR(crm_timeline.=) $1)
		OR EXISTS (SELECT FROM crm_timeline.link l WHERE l.b OPERATOR(crm_timeline.=) $1)
		OR EXISTS (SELECT FROM crm_timeline.observed_link o WHERE o.a OPERATOR(crm_timeline.=) $1)
		OR EXISTS (SELECT FROM crm_timeline.observed_link o WHERE o.b OPERATOR(crm_timeline.=) $1)
		-- what capture wrote since the last refresh; found by its only index
		OR EXISTS (SELECT FROM crm_timeline.dirty_log d
			WHERE crm_timeline.provisional_customer(d.identity) = crm_timeline.provisional_customer($1) AND d.identity OPERATOR(crm_timeline.=) $1)
	THEN
		RETURN crm_timeline.provisional_customer($1);
	END IF;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION crm_timeline.pending_customer(crm_timeline.identity) IS
	'the provisional customer of an identity that facts or rows speak of and resolve() has not seen yet; else NULL';

CREATE FUNCTION crm_timeline.customer_at_grade(identity crm_timeline.identity, min_grade integer) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	customer bigint;
BEGIN
	WITH RECURSIVE bonds (one, other) AS MATERIALIZED (
		SELECT k.a, k.b
		  FROM crm_timeline.membership n
		  JOIN crm_timeline.membership m ON m.customer_id = n.customer_id
		  JOIN crm_timeline.bond k ON k.a = m.number
		 WHERE n.identity OPERATOR(crm_timeline.=) $1 AND k.grade >= $2
	), ways (one, other) AS (
		SELECT k.one, k.other FROM bonds k UNION ALL SELECT k.other, k.one FROM bonds k
	), reached (one) AS (
		SELECT n.number FROM crm_timeline.membership n WHERE n.identity OPERATOR(crm_timeline.=) $1
		UNION
		SELECT w.other FROM reached r JOIN ways w ON w.one = r.one
	)
	SELECT min(r.one) INTO customer FROM reached r;
	RETURN customer;
END $$;
COMMENT ON FUNCTION crm_timeline.customer_at_grade(crm_timeline.identity, integer) IS
	'the customer of an identity when only links of this grade or better count: the least number of the identities that they reach';

CREATE FUNCTION crm_timeline.customer_then(identity crm_timeline.identity, min_grade integer, as_of timestamptz) RETURNS bigint
	LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	customer bigint;
BEGIN
	IF $2 IS NOT NULL AND $3 IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'min_grade and as_of can not be given together',
			DETAIL = 'Which links had joined a customer is known for the present only.';
	END IF;
	IF $2 IS NOT NULL THEN
		RETURN coalesce(crm_timeline.customer_at_grade($1, $2), crm_timeline.pending_customer($1));
	END IF;
	SELECT m.customer_id INTO customer FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) $1 AND m.since <= $3;
	IF customer IS NULL THEN
		SELECT f.customer_id INTO customer
		  FROM crm_timeline.former_membership f
		 WHERE f.identity OPERATOR(crm_timeline.=) $1 AND f.since <= $3 AND f.until > $3;
	END IF;
	RETURN customer;
END $$;
COMMENT ON FUNCTION crm_timeline.customer_then(crm_timeline.identity, integer, timestamptz) IS
	'the part of customer_of() that is asked with a grade or a moment';

CREATE FUNCTION crm_timeline.customer_of(identity crm_timeline.identity, min_grade integer DEFAULT NULL, as_of timestamptz DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME', 'customer_of' LANGUAGE C STABLE PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.customer_of(crm_timeline.identity, integer, timestamptz) IS
	'the customer of an identity: now, by links of a minimum grade only, or as of a moment; negative = provisional; NULL where it was never seen';

CREATE FUNCTION crm_timeline.is_resolved(identity crm_timeline.identity) RETURNS boolean
	AS 'MODULE_PATHNAME', 'is_resolved' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION crm_timeline.is_resolved(crm_timeline.identity) IS
	'whether resolve() has seen an identity; one index look-up';

CREATE FUNCTION crm_timeline.current_customer(customer_id bigint) RETURNS bigint
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	customer bigint;
BEGIN
	IF $1 >= 0 THEN
		SELECT m.customer_id INTO customer FROM crm_timeline.membership m WHERE m.number = $1;
		RETURN customer;
	END IF;
	SELECT m.customer_id INTO customer FROM crm_timeline.membership m
	 WHERE crm_timeline.provisional_customer(m.identity) = $1 ORDER BY m.number LIMIT 1;
	RETURN coalesce(customer, $1);
END $$;
COMMENT ON FUNCTION crm_timeline.current_customer(bigint) IS
	'what a customer_id is now: absorbed and provisional ones lead to their customer; a provisional one that resolve() has not seen stays; NULL where there never was such a customer';

CREATE FUNCTION crm_timeline.identities_of(customer_id bigint)
	RETURNS TABLE (identity crm_timeline.identity, namespace text, value text, tenant text, grade integer, since timestamptz, shared boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	customer bigint := crm_timeline.current_customer($1);
BEGIN
	RETURN QUERY
	WITH RECURSIVE member AS MATERIALIZED (
		SELECT m.identity AS one, m.number, m.since FROM crm_timeline.membership m WHERE m.customer_id = customer
	), bonds (one, other, grade) AS MATERIALIZED (
		SELECT k.a, k.b, k.grade FROM member m JOIN crm_timeline.bond k ON k.a = m.number
	), ways (one, other, grade) AS (
		SELECT k.one, k.other, k.grade::integer FROM bonds k UNION ALL SELECT k.other, k.one, k.grade FROM bonds k
	), reached (one, previous, grade) AS (
		SELECT m.number, NULL::bigint, 100 FROM member m WHERE m.number = customer
		UNION ALL
		SELECT w.other, r.one, least(r.grade, w.grade)
		  FROM reached r JOIN ways w ON w.one = r.one
		 WHERE r.previous IS NULL OR w.other <> r.previous
	)
	SELECT m.one, crm_timeline.identity_namespace(m.one), crm_timeline.identity_value(m.one), crm_timeline.identity_tenant(m.one),
	       r.grade, m.since,
	       EXISTS (SELECT FROM ways w WHERE w.one = m.number)
	       AND (EXISTS (SELECT FROM crm_timeline.refused_link d WHERE d.a OPERATOR(crm_timeline.=) m.one AND d.reason <> 'blocked')
	         OR EXISTS (SELECT FROM crm_timeline.refused_link d WHERE d.b OPERATOR(crm_timeline.=) m.one AND d.reason <> 'blocked'))
	  FROM member m LEFT JOIN reached r ON r.one = m.number
	 ORDER BY m.number;
END $$;
COMMENT ON FUNCTION crm_timeline.identities_of(bigint) IS
	'the identities of a customer, the oldest first; grade = the highest min_grade that keeps it with the oldest; shared = a link to another customer was refused, too';

CREATE FUNCTION crm_timeline.why_linked(a crm_timeline.identity, b crm_timeline.identity)
	RETURNS TABLE (step integer, one crm_timeline.identity, other crm_timeline.identity, grade integer, source text, ref text, noted_at timestamptz)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
	AS $$
BEGIN
	RETURN QUERY
	WITH RECURSIVE member (node, number) AS MATERIALIZED (
		SELECT m.identity, m.number
		  FROM crm_timeline.membership n JOIN crm_timeline.membership m ON m.customer_id = n.customer_id
		 WHERE n.identity OPERATOR(crm_timeline.=) $1
	), bonds (one, other, grade) AS MATERIALIZED (
		SELECT k.a, k.b, k.grade::integer FROM member m JOIN crm_timeline.bond k ON k.a = m.number
	), ways (one, other, grade) AS (
		SELECT k.one, k.other, k.grade FROM bonds k UNION ALL SELECT k.other, k.one, k.grade FROM bonds k
	), tree (number, previous, grade, depth) AS (
		-- from b, so that the way back from a is the path in its order
		SELECT m.number, NULL::bigint, NULL::integer, 0 FROM member m WHERE m.node OPERATOR(crm_timeline.=) $2
		UNION ALL
		SELECT w.other, t.number, w.grade, t.depth + 1
		  FROM tree t JOIN ways w ON w.one = t.number
		 WHERE t.previous IS NULL OR w.other <> t.previous
	), steps (number, previous, grade, depth) AS (
		SELECT t.number, t.previous, t.grade, 1 FROM tree t JOIN member m ON m.number = t.number WHERE m.node OPERATOR(crm_timeline.=) $1
		UNION ALL
		SELECT t.number, t.previous, t.grade, s.depth + 1
		  FROM steps s JOIN tree t ON t.number = s.previous
	), path (node, previous, grade, depth) AS (
		SELECT m.node, p.node, s.grade, s.depth
		  FROM steps s JOIN member m ON m.number = s.number JOIN member p ON p.number = s.previous
	)
	SELECT p.depth, p.node, p.previous, p.grade, f.source, f.ref, f.noted_at
	  FROM path p
	  LEFT JOIN LATERAL (
		SELECT l.source, l.ref, l.noted_at, 0 AS kind
		  FROM (SELECT s.* FROM crm_timeline.link s
		         WHERE s.a OPERATOR(crm_timeline.=) least(p.node, p.previous) AND s.b OPERATOR(crm_timeline.=) greatest(p.node, p.previous)
		         ORDER BY s.noted_at DESC, s.id DESC LIMIT 1) l
		 WHERE l.verdict = 'same' AND l.grade = p.grade
		UNION ALL
		SELECT o.source, NULL, o.noted_at, 1
		  FROM crm_timeline.observed_link o
		 WHERE (o.a OPERATOR(crm_timeline.=) p.node AND o.b OPERATOR(crm_timeline.=) p.previous
		     OR o.a OPERATOR(crm_timeline.=) p.previous AND o.b OPERATOR(crm_timeline.=) p.node)
		   AND o.grade = p.grade
		 ORDER BY 3, 4, 1 LIMIT 1) f ON true
	 ORDER BY p.depth;
END $$;
COMMENT ON FUNCTION crm_timeline.why_linked(crm_timeline.identity, crm_timeline.identity) IS
	'the chain of links that makes two identities one customer, from a to b, each with the fact that it rests on; no row where they are not';
