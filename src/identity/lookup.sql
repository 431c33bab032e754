
-- lookup: any identifier, typed in any way.

CREATE FUNCTION crm_timeline.identities_starting(prefix text, most integer) RETURNS SETOF crm_timeline.identity
	AS 'MODULE_PATHNAME', 'identities_starting' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 10;
COMMENT ON FUNCTION crm_timeline.identities_starting(text, integer) IS
	'the first identities of the table membership whose text begins so, in the order of their bytes; one index scan';

CREATE FUNCTION crm_timeline.known_namespaces(most integer DEFAULT 1000)
	RETURNS TABLE (tenant text, namespace text)
	AS 'MODULE_PATHNAME', 'known_namespaces' LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION crm_timeline.known_namespaces(integer) IS
	'the namespaces in the table membership, each with its tenant, the first so many; one index look-up each';

CREATE FUNCTION crm_timeline.lookup(typed text)
	RETURNS TABLE (customer_id bigint, identity crm_timeline.identity, evidence text, exact boolean)
	LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 5 SET search_path = pg_catalog, pg_temp
	AS $$
DECLARE
	-- what may be typed around a text that is looked up is of no use beyond an identity's length
	raw text := btrim(left($1, 1100), E' \t\r\n');
	digits text := regexp_replace(translate(raw, ' ()-./', ''), '^(\+|00)', '');
BEGIN
	RETURN QUERY
	WITH space AS MATERIALIZED (
		SELECT k.tenant, k.namespace FROM crm_timeline.known_namespaces() k
	), named AS (
		-- [tenant/]namespace:value; whatever the text is, identity() does not raise
		SELECT coalesce(replace(p.m[1], '""', '"'), p.m[2]) AS tenant, lower(p.m[3]) AS namespace, p.m[4] AS value
		  FROM (SELECT regexp_match(raw, '^(?:(?:"((?:[^"]|"")+)"|([^/:"]+))/)?([A-Za-z][A-Za-z0-9_.-]*):(.+)$') AS m) p
		 WHERE p.m IS NOT NULL
	), place (tenant, namespace, written) AS (
		-- as it is typed, in every place; and as a value where the text says which
		SELECT s.tenant, s.namespace, raw FROM space s
		UNION ALL
		SELECT n.tenant, n.namespace, n.value FROM named n
	), tried (rank, evidence, one) AS (
		SELECT 1, 'identity', crm_timeline.identity(n.namespace, n.value, n.tenant) FROM named n
		UNION ALL
		SELECT CASE p.namespace WHEN 'email' THEN 2 WHEN 'phone' THEN 3 ELSE 4 END,
		       CASE WHEN p.namespace IN ('email', 'phone') THEN p.namespace ELSE 'value' END,
		       crm_timeline.identity(p.namespace, p.written, p.tenant) FROM place p
		UNION ALL
		SELECT 3, 'phone', crm_timeline.identity('phone', '+' || digits, s.tenant) FROM space s WHERE s.namespace = 'phone' AND raw ~ '^(\+|00)'
		UNION ALL
		SELECT 5, 'case', crm_timeline.identity(p.namespace, c.written, p.tenant)
		  FROM place p, unnest(ARRAY[lower(p.written), upper(p.written), initcap(p.written)]) AS c (written)
		 WHERE p.namespace NOT IN ('email', 'phone')
		UNION ALL
		-- what it looks like, written plainly
		SELECT 7, 'looks alike', crm_timeline.identity(p.namespace, substr(v.looks, strpos(v.looks, ':') + 1), p.tenant)
		  FROM place p, LATERAL (SELECT crm_timeline.identity_skeleton(crm_timeline.identity(p.namespace, p.written)) AS looks OFFSET 0) v
		 WHERE v.looks IS NOT NULL AND p.namespace <> 'phone'
	), reached (rank, evidence, one, customer, number) AS (
		SELECT t.rank, t.evidence, m.identity, m.customer_id, m.number
		  FROM tried t JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) t.one
		UNION ALL
		SELECT 6, 'phone suffix', m.identity, m.customer_id, m.number
		  FROM (SELECT p.identity, p.customer_id, p.number FROM crm_timeline.membership p
		         WHERE crm_timeline.identity_namespace(p.identity) = 'phone'
		           AND reverse(crm_timeline.identity_value(p.identity)) COLLATE "C" >= reverse(ltrim(digits, '0')) COLLATE "C"
		           AND reverse(crm_timeline.identity_value(p.identity)) COLLATE "C" < (reverse(ltrim(digits, '0')) || ':') COLLATE "C"
		         ORDER BY reverse(crm_timeline.identity_value(p.identity)) COLLATE "C" LIMIT 20) m
		 WHERE ltrim(digits, '0') ~ '^[0-9]{4,15}$'
		UNION ALL
		SELECT 7, 'looks alike', m.identity, m.customer_id, m.number
		  FROM place p JOIN crm_timeline.membership m
		    ON crm_timeline.identity_skeleton(m.identity) COLLATE "C" = crm_timeline.identity_skeleton(crm_timeline.identity(p.namespace, p.written, p.tenant)) COLLATE "C"
		 WHERE octet_length(m.identity::text) <> char_length(m.identity::text)
		UNION ALL
		SELECT 8, 'prefix', m.identity, m.customer_id, m.number
		  FROM place p
		 CROSS JOIN LATERAL crm_timeline.identities_starting(
			CASE WHEN p.tenant IS NULL THEN '' WHEN p.tenant ~ '[/:"[:space:][:cntrl:]]' THEN '"' || replace(p.tenant, '"', '""') || '"/' ELSE p.tenant || '/' END
			|| p.namespace || ':' || CASE p.namespace WHEN 'phone' THEN '+' || digits WHEN 'email' THEN lower(p.written) ELSE p.written END, 20) i (one)
		  JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) i.one
		 WHERE char_length(CASE p.namespace WHEN 'phone' THEN digits ELSE p.written END) >= 3
	), best AS (
		SELECT DISTINCT ON (r.number) r.* FROM reached r ORDER BY r.number, r.rank
	)
	SELECT e.customer, e.one, e.evidence, e.rank <= 4 FROM best e ORDER BY e.rank, e.number LIMIT 20;
END $$;
COMMENT ON FUNCTION crm_timeline.lookup(text) IS
	'customers by any identifier, typed in any way: exact ones first, then candidates with what speaks for them, at most 20';
