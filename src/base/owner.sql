-- owner: who installed the extension owns its tables, and what writes them as their owner.
-- The script of a trusted extension runs as the superuser; this comes last in it. The types, and the functions in C, stay
-- the superuser's: only a superuser can make them.

DO $$
DECLARE
	object record;
BEGIN
	FOR object IN
		SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind, c.oid::pg_catalog.regclass::text AS name
		FROM pg_catalog.pg_class c WHERE c.relnamespace = 'crm_timeline'::pg_catalog.regnamespace AND c.relkind IN ('r', 'v', 'S')
		UNION ALL
		SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text
		FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace = 'crm_timeline'::pg_catalog.regnamespace AND l.lanname IN ('sql', 'plpgsql')
	LOOP
		EXECUTE pg_catalog.format('ALTER %s %s OWNER TO @extowner@', object.kind, object.name);
	END LOOP;
	FOR object IN
		SELECT p.oid::pg_catalog.regprocedure::text AS name
		FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
		WHERE p.pronamespace = 'crm_timeline'::pg_catalog.regnamespace AND l.lanname = 'c' AND p.proacl IS NOT NULL
	LOOP
		EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO @extowner@', object.name);
	END LOOP;
	ALTER SCHEMA crm_timeline OWNER TO @extowner@;
END
$$;
