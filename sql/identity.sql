-- The type identity: text form, normalisation, operators and operator classes.
-- What is normalised how is tested case by case in test/t/090_identity.pl.
SET search_path = public, crm_timeline;
SET client_encoding = 'UTF8';

-- Text in and out
SELECT identity 'email:Ann@Example.COM', identity 'acme/phone:+49 (30) 90-18-20', identity ' Handle: Ian ';
SELECT identity '"acme"/email:ann@example.com', identity '"acme & co"/email:ann@example.com',
       identity '"a ""b"" c:d/e"/handle:x:y/z';
SELECT identity_tenant(i), identity_namespace(i), identity_value(i)
FROM (VALUES (identity '"a ""b"" c:d/e"/handle:x:y/z'), ('acme/email:ann@example.com'), ('email:ann@example.com')) AS v (i);

\set VERBOSITY default
SELECT identity '';
SELECT identity 'ann@example.com';
SELECT identity 'email:ann';
SELECT identity '1email:ann@example.com';
SELECT identity '/email:ann@example.com';
SELECT identity 'a/b/email:ann@example.com';
SELECT identity '"acme/email:ann@example.com';
SELECT identity '"acme"email:ann@example.com';
SELECT identity 'handle:';
SELECT identity 'phone:030 901820';
DO $$ BEGIN PERFORM ('handle:' || repeat('v', 2000))::identity; EXCEPTION WHEN invalid_text_representation THEN RAISE NOTICE '%', length(SQLERRM); END $$;

-- The total function, and why it gives NULL
SELECT identity('email', ' Ann Weber <Ann+x@Example.com> '), identity('phone', '+49 (30) 90-18-20'), identity('crm.contact', '42', 'acme'),
       identity('email', 'ann@example.com', tenant => 'Acme Inc');
SELECT left(raw, 15) AS raw, identity_problem('email', raw) AS email, identity_problem('phone', raw) AS phone, identity_problem('handle', raw) AS handle
FROM (VALUES ('ann@example.com'), ('+4930901820'), (' '), (E'a\tb'), (repeat('a', 1018)), (NULL)) AS v (raw);
SELECT identity_problem(NULL, 'x'), identity_problem('no space', 'x'), identity_problem('handle', 'x', ''), identity_problem('handle', NULL, ''),
       identity(NULL, 'x') IS NULL AS no_namespace;
SELECT identity_problem('phone', '030 901820'), identity_problem('phone', '+49 (0)30 901820'), identity('phone', '+49 30 901820', region => 'nowhere');
-- More than a megabyte is not looked at
SELECT identity_problem('handle', repeat(' ', 1024 * 1024) || 'x'), identity_problem('handle', repeat(' ', 1024 * 1024 - 1) || 'x') IS NULL AS just_fits;

-- Order and equality are those of the bytes
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, identity_cmp(a, b) < 0 AS before
FROM (VALUES (identity 'email:a@example.com', identity 'email:b@example.com'), ('email:a@example.com', 'EMAIL: A@EXAMPLE.COM '),
             ('handle:a', 'handle:Z'), ('handle:ab', 'handle:a'), ('acme/handle:a', 'handle:a')) AS v (a, b);
SELECT identity_hash('handle:a') = identity_hash(identity('handle', 'a')) AS hash, identity_hash_extended('handle:a', 1) <> identity_hash_extended('handle:a', 2) AS seeded,
       identity_hash_extended('handle:a', 0)::bit(32) = identity_hash('handle:a')::bit(32) AS same_low_half;

-- Operator classes
SELECT amname, opcname, amvalidate(c.oid) FROM pg_opclass c JOIN pg_am a ON a.oid = opcmethod
WHERE opcintype = 'crm_timeline.identity'::regtype ORDER BY amname;

-- Nothing of this can tell anybody what a row holds; input and output can
SELECT proname FROM pg_proc p
WHERE (prorettype = 'crm_timeline.identity'::regtype OR 'crm_timeline.identity'::regtype = ANY (proargtypes)
       OR proname IN ('identity_problem', 'icu_version', 'unicode_version', 'phone_metadata_version'))
  AND pronamespace = 'crm_timeline'::regnamespace AND probin LIKE '%crm_timeline' AND provolatile = 'i' AND NOT proleakproof ORDER BY 1;
SELECT count(*) FROM pg_proc WHERE pronamespace = 'crm_timeline'::regnamespace AND proname ~ '^identity|^looks_like$|^provisional_customer$'
  AND (provolatile <> 'i' OR proparallel <> 's');

-- Casts: to text on purpose or in an assignment, from text on purpose
CREATE TEMP TABLE cast_target (t text);
INSERT INTO cast_target SELECT identity 'email:ann@example.com';
SELECT t, identity('email', 'ann@example.com')::text, t::identity = 'email:ann@example.com' AS back, 'x' || identity 'handle:y' AS joined FROM cast_target;

-- Looks
SELECT looks_like('handle:paypal', U&'handle:p\0430ypal'::text::identity) AS cyrillic, looks_like('handle:Ian', 'handle:lan') AS i_and_l,
       looks_like('handle:Ian', 'handle:Ian') AS the_same, looks_like('a/handle:Ian', 'b/handle:lan') AS tenants, looks_like('handle:Ian', 'nick:lan') AS namespaces,
       looks_like('handle:Ian', 'handle:Bob') AS others,
       looks_like(identity('email', 'info@paypal.com'), identity('email', U&'info@p\0430ypal.com')) AS domains;
SELECT identity_skeleton('acme/handle:Ian') = identity_skeleton('acme/handle:lan') AS same, identity_skeleton('acme/handle:bob');

-- A customer's number before there is one is negative, and the same in every database
SELECT provisional_customer('email:ann@example.com'), bool_and(provisional_customer(identity('handle', i::text)) < 0) AS negative,
       count(DISTINCT provisional_customer(identity('handle', i::text))) AS different
FROM generate_series(1, 10000) AS i;

SELECT icu_version() ~ '^\d+(\.\d+)+$' AS icu, unicode_version() ~ '^\d+\.\d+' AS unicode;

-- Indexes
CREATE TABLE person (id int PRIMARY KEY, email text, crm_id text);
CREATE UNIQUE INDEX person_email ON person (identity('email', email));
CREATE INDEX person_crm_id ON person USING hash (identity('crm', crm_id));
INSERT INTO person SELECT i, 'User' || i || '@example.com', CASE WHEN i % 10 > 0 THEN 'C' || i END FROM generate_series(1, 1000) AS i;
INSERT INTO person VALUES (1001, 'no address', NULL), (1002, 'no address', NULL), (1003, NULL, NULL);
\set VERBOSITY terse
INSERT INTO person VALUES (1004, ' USER7@EXAMPLE.com', NULL);
SET enable_seqscan = off;
SELECT id FROM person WHERE identity('email', email) = identity('email', 'Seven <user7@Example.Com>');
SELECT id FROM person WHERE identity('crm', crm_id) = 'crm:C7';
SELECT min(id), max(id), count(*) FROM person WHERE identity('email', email) BETWEEN 'email:user10@example.com' AND 'email:user11@example.com';
RESET enable_seqscan;

-- Sorted, grouped and joined
SELECT array_agg(i ORDER BY i), array_agg(i::text ORDER BY i::text COLLATE "C") = array_agg(i::text ORDER BY i) AS as_bytes
FROM (SELECT DISTINCT identity('handle', v) AS i FROM unnest(ARRAY['b', 'B', 'a', ' b', 'ab', 'A', 'zzzzzzzzzzzzzzzzz1', 'zzzzzzzzzzzzzzzzz']) AS v) AS s;
SELECT count(*) FROM person a JOIN person b ON identity('email', a.email) = identity('email', b.email);
DROP TABLE person;
