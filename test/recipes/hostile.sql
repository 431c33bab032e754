-- hostile.sql: writes to every column of every table of the schema public, of values that a mapping might trip over.

CREATE SCHEMA hostile;

-- The values of a type, as SQL. The longest is a megabyte.
CREATE FUNCTION hostile.values_of(type regtype) RETURNS SETOF text LANGUAGE sql STABLE AS
$$
SELECT 'NULL'
UNION ALL
SELECT v FROM unnest(CASE
	WHEN type IN ('text'::regtype, 'varchar', 'bpchar') THEN ARRAY[$q$''$q$, $q$' '$q$, $q$'@'$q$, $q$'a@b@c.example'$q$, $q$'+'$q$, $q$E'\x01a@example.com'$q$,
		$q$U&'\FEFFa@example.com'$q$, $q$U&'a\202E@example.com'$q$, $q$E'a\t@\nb'$q$, $q$'a@xn--a.example'$q$, $q$'tenant/email:a@b.example'$q$, $q$'Ann <ann@example.com'$q$,
		$q$repeat('x', 1000000) || '@example.com'$q$, $q$'a@' || repeat('b.', 20000) || 'example'$q$, $q$repeat('9', 20000)$q$, $q$'+' || repeat('1', 15)$q$, $q$repeat(U&'\00E9\0301', 2000)$q$,
		$q$'''; DROP TABLE x; --'$q$, $q$'"'$q$, $q$'%s %I $1'$q$]
	WHEN type IN ('timestamp'::regtype, 'timestamptz') THEN ARRAY[$q$'infinity'$q$, $q$'-infinity'$q$, $q$'4714-11-24 00:00:00+00 BC'$q$, $q$'294276-12-31 23:59:59.999+00'$q$, $q$'epoch'$q$]
	WHEN type IN ('smallint'::regtype, 'integer') THEN ARRAY['0', '-1', '2147483647', '-2147483648']
	WHEN type = 'bigint'::regtype THEN ARRAY['0', '-1', '9223372036854775807', '-9223372036854775808']
	WHEN type = 'numeric'::regtype THEN ARRAY[$q$'NaN'$q$, $q$'Infinity'$q$, $q$'-Infinity'$q$, '1e2000', '-1e-2000', '0']
	WHEN type = 'double precision'::regtype THEN ARRAY[$q$'NaN'$q$, $q$'Infinity'$q$, '1e308', '-0.0']
	WHEN type = 'boolean'::regtype THEN ARRAY['true', 'false']
	WHEN type = 'uuid'::regtype THEN ARRAY[$q$'00000000-0000-0000-0000-000000000000'$q$, $q$'ffffffff-ffff-ffff-ffff-ffffffffffff'$q$]
	WHEN type = 'jsonb'::regtype THEN ARRAY[$q$'null'$q$, $q$'[]'$q$, $q$'"x"'$q$, $q$'{"a": {"b": 1e500}}'$q$, $q$to_jsonb(repeat('j', 20000))$q$]
	ELSE ARRAY(SELECT quote_literal(e.enumlabel) FROM pg_enum e WHERE e.enumtypid = type) END) v
$$;

-- The statements: each value into a row that is there, into all rows, and with a new row. The number tells new rows apart.
CREATE FUNCTION hostile.statements(kinds text[], number integer) RETURNS TABLE (statement text) LANGUAGE sql STABLE AS
$$
WITH col AS (
	SELECT c.oid::regclass AS rel, a.attnum, a.attname, a.atttypid::regtype AS type,
		EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY (i.indkey)) AS is_key
	FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
	WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped),
written AS (
	SELECT col.*, v.value, row_number() OVER (ORDER BY col.rel::text COLLATE "C", col.attnum, v.value COLLATE "C") AS n
	FROM col CROSS JOIN LATERAL hostile.values_of(col.type) v(value))
SELECT s.statement
FROM written w
CROSS JOIN LATERAL (VALUES
	(1, 'update', format('UPDATE %s SET %I = %s WHERE ctid = (SELECT min(ctid) FROM %1$s)', w.rel, w.attname, w.value)),
	(2, 'update all', CASE WHEN w.value NOT LIKE '%repeat%' THEN format('UPDATE %s SET %I = %s', w.rel, w.attname, w.value) END),
	(3, 'insert', format('INSERT INTO %s (%s) SELECT %s FROM %1$s ORDER BY ctid LIMIT 1', w.rel,
		(SELECT string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) FROM col c WHERE c.rel = w.rel),
		(SELECT string_agg(CASE WHEN c.attnum = w.attnum THEN format('(%s)::%s', w.value, c.type)
			WHEN c.is_key AND c.type = 'uuid'::regtype THEN quote_literal(md5(number || '/' || w.n)::uuid) || '::uuid'
			WHEN c.is_key OR c.attname = 'uid' THEN format('(%s)::%s', number + w.n, c.type)
			ELSE quote_ident(c.attname) END, ', ' ORDER BY c.attnum) FROM col c WHERE c.rel = w.rel)))) s(place, kind, statement)
WHERE s.kind = ANY (kinds) AND s.statement IS NOT NULL
ORDER BY w.n, s.place
$$;

-- What becomes of each statement; it is undone.
CREATE FUNCTION hostile.outcomes(kinds text[] DEFAULT '{update,update all,insert}') RETURNS TABLE (statement text, outcome text) LANGUAGE plpgsql AS
$$
BEGIN
	FOR statement IN
		SELECT s.statement FROM hostile.statements(kinds, 1000000) s
		UNION ALL
		(SELECT format(v.what, c.oid::regclass) FROM pg_class c, (VALUES ('DELETE FROM %s'), ('TRUNCATE %s CASCADE')) v(what)
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY format(v.what, c.oid::regclass) COLLATE "C")
	LOOP
		BEGIN
			EXECUTE statement;
			RAISE EXCEPTION USING ERRCODE = 'UNDO0', MESSAGE = 'done';
		EXCEPTION WHEN OTHERS THEN
			outcome := SQLERRM;
		END;
		RETURN NEXT;
	END LOOP;
END
$$;

-- Rows to stay: all that the tables accept. Gives how many these are.
CREATE FUNCTION hostile.fill(number integer) RETURNS bigint LANGUAGE plpgsql AS
$$
DECLARE
	statement text;
	filled bigint := 0;
BEGIN
	FOR statement IN SELECT s.statement FROM hostile.statements('{insert}', number) s LOOP
		BEGIN
			EXECUTE statement;
			filled := filled + 1;
		EXCEPTION WHEN integrity_constraint_violation OR string_data_right_truncation OR program_limit_exceeded THEN
			NULL;
		END;
	END LOOP;
	RETURN filled;
END
$$;
