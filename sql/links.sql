-- Links between identities, guards, and the customers that follow.
SET search_path = public, crm_timeline;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';

-- facts
SELECT link('email:Ann@Example.com', 'phone:+49 30 123456', 90, 'desk', 'T-1', '2026-01-01Z');
SELECT link('user:ann', 'email:ann@example.com', noted_at => '2026-01-02Z');
SELECT never('user:ann', 'user:bob', noted_at => '2026-01-03Z');
SELECT id, a, b, verdict, grade, source, ref, noted_at = date_trunc('day', noted_at) AS told FROM link ORDER BY id;
INSERT INTO observed_link VALUES
	('shop', 'user:ann', 'device:d', 50, '2026-01-01Z'),
	('shop', 'user:bob', 'device:d', 50, '2026-01-03Z');
SELECT identity FROM touched_identity ORDER BY identity;
SELECT customer_of('user:ann') = provisional_customer('user:ann') AS provisional, customer_of('user:nobody') AS unseen;
SELECT * FROM resolve();
SELECT count(*) FROM touched_identity;
SELECT identity, number, customer_id FROM membership ORDER BY identity;
SELECT x.identity AS a, y.identity AS b, grade FROM bond k JOIN membership x ON x.number = k.a JOIN membership y ON y.number = k.b ORDER BY k.a, k.b;
SELECT a, b, source, grade, reason, detail FROM refused_link ORDER BY a, b;

-- whose identity, with which evidence, and why
SELECT customer_of('phone:+4930123456') AS now, customer_of('phone:+4930123456', 75) AS by_staff,
	customer_of('phone:+4930123456', 95) AS by_proof, customer_of('phone:+4930123456', NULL, '2000-01-01Z') AS before,
	customer_of('phone:+4930123456', as_of => now() + interval '1 day') AS later, customer_of(NULL) AS of_none;
SELECT identity, namespace, value, tenant, grade, shared FROM identities_of(1);
SELECT * FROM why_linked('device:d', 'phone:+4930123456');
SELECT count(*) FROM why_linked('device:d', 'user:bob');
SELECT customer_of('user:ann', 50, now());

-- ids: merged, and given back
SELECT link('user:bob', 'user:bo', noted_at => '2026-01-04Z');
SELECT identities, customers, joined, split FROM resolve('{}');
SELECT identity, number, customer_id FROM membership WHERE identity_namespace(identity) = 'user' ORDER BY identity;
SELECT link('email:ann@example.com', 'email:a@example.com', noted_at => '2026-01-04Z');
SELECT link('email:a@example.com', 'user:cy', noted_at => '2026-01-04Z');
SELECT identities, customers, joined, split FROM resolve('{}');
SELECT unlink('email:a@example.com', 'email:ann@example.com');
SELECT identities, customers, joined, split FROM resolve('{}');
SELECT identity, customer_id FROM membership ORDER BY identity;
SELECT identity, customer_id, since < until AS some_time FROM former_membership ORDER BY identity;
SELECT current_customer(5) AS absorbed, current_customer(provisional_customer('user:cy')) AS provisional,
	current_customer(-1) AS unknown, current_customer(1000) AS never_was;
SELECT identity FROM identities_of(provisional_customer('phone:+4930123456'));

-- what rows still show
SELECT unlink('device:d', 'user:ann');
SELECT count(*) FROM resolve('{}');
SELECT customer_of('device:d') = customer_of('user:ann') AS still_linked;
SELECT never('device:d', 'user:ann');
SELECT identities, joined, split FROM resolve('{}');
SELECT customer_of('device:d') = customer_of('user:bob') AS of_the_other, customer_of('device:d') = customer_of('user:ann') AS still_linked;

-- guards
CREATE PROCEDURE start_again() LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL crm_timeline.erasing = on;
	TRUNCATE link, observed_link, touched_identity, membership, former_membership, bond, refused_link,
		identity_limit, blocked_identity, resolution_setting;
	TRUNCATE touched_identity;
END $$;
CALL start_again();
INSERT INTO identity_limit VALUES ('user', 1, NULL), ('device', NULL, 2);
INSERT INTO blocked_identity VALUES ('phone:+4930000000', 'switchboard');
INSERT INTO resolution_setting VALUES ('cluster', 4);
SELECT resolution_setting('cluster') AS cluster, resolution_setting('degree') AS degree, resolution_setting('x') AS other;
INSERT INTO observed_link SELECT 's', a::identity, b::identity, 50, '2026-01-01Z'::timestamptz + n * interval '1 day'
	FROM unnest(ARRAY['user:abc123', 'user:abc456', 'email:j@x.com', 'email:j@x.com', 'acme/user:1', 'device:a', 'device:a', 'device:a', 'tag:1', 'tag:3', 'tag:2', 'name:Ian'],
		ARRAY['email:j@x.com', 'email:j@x.com', 'phone:+4930000000', 'tag:9', 'tag:9', 'a:1', 'a:2', 'a:3', 'tag:2', 'tag:4', 'tag:3', 'name:lan']) WITH ORDINALITY u(a, b, n);
INSERT INTO observed_link VALUES ('s', 'tag:5', 'tag:4', 50, '2026-01-09Z');
SELECT never('tag:9', 'z:1', noted_at => '2026-01-01Z'), link('z:1', 'z:2', 40, noted_at => '2026-01-01Z'), link('z:2', 'tag:9', 30, 'desk', noted_at => '2026-01-01Z');
SELECT * FROM resolve();
SELECT a, b, source, grade, reason, detail FROM refused_link ORDER BY a, b;
DELETE FROM blocked_identity;
SELECT refused FROM resolve('{}');
UPDATE resolution_setting SET value = 5;
SELECT refused FROM resolve('{}');
SELECT reason, count(*) FROM refused_link GROUP BY 1 ORDER BY 1;

-- what is told about a link that will join nothing
SELECT link('acme/user:1', 'user:1');
SELECT link('name:Ian', 'name:lan');

-- errors
\set VERBOSITY terse
SELECT link('user:a', NULL);
SELECT link('user:a', 'user:a');
SELECT link('user:a', 'user:b', 0);
SELECT link('user:a', 'user:b', NULL);
SELECT never(NULL, 'user:a');
UPDATE link SET grade = 1;
DELETE FROM link;
TRUNCATE link;
INSERT INTO link (a, b, verdict, grade) VALUES ('user:b', 'user:a', 'same', 50);
INSERT INTO link (a, b, verdict, grade) VALUES ('user:a', 'user:b', 'same', 101);
INSERT INTO link (a, b, verdict, grade) VALUES ('user:a', 'user:b', 'never', 50);
INSERT INTO link (a, b, verdict) VALUES ('user:a', 'user:b', 'maybe');
INSERT INTO observed_link VALUES ('s', 'user:a', 'user:a', 50, now());
INSERT INTO identity_limit VALUES ('User');
INSERT INTO identity_limit VALUES ('user2', 0);
INSERT INTO resolution_setting VALUES ('size', 1);

\set VERBOSITY default

-- lookup
CALL start_again();
SELECT count(*) FROM resolve(ARRAY['email:ann@example.com', 'email:anna@example.com', 'phone:+4930123456', 'phone:+4940123456', 'user:Ann', 'user:ann b', 'acme/user:Ann',
	'"a b"/user:x', 'user:p' || U&'\0430' || 'ypal', 'user:paypal', 'order:4711', 'device:4711']::identity[]);
SELECT * FROM known_namespaces();
SELECT * FROM known_namespaces(2);
SELECT * FROM identities_starting('email:ann', 10);
SELECT * FROM identities_starting('email:ann', 1);
SELECT * FROM identities_starting('', 0);
CREATE FUNCTION found(typed text) RETURNS TABLE (identity identity, evidence text, exact boolean) LANGUAGE sql AS
	$$ SELECT identity, evidence, exact FROM crm_timeline.lookup(typed) $$;
SELECT * FROM found('email:ann@example.com');
SELECT * FROM found('  Ann@EXAMPLE.com ');
SELECT * FROM found('mailto:ann@example.com');
SELECT * FROM found('+49 (30) 12 34 56');
SELECT * FROM found('0049 30 123456');
SELECT * FROM found('030 123456');
SELECT * FROM found('123456');
SELECT * FROM found('Ann');
SELECT * FROM found('ANN');
SELECT * FROM found('ann@ex');
SELECT * FROM found('4711');
SELECT * FROM found('acme/user:Ann');
SELECT * FROM found('"a b"/user:x');
SELECT * FROM found('user:ann');
SELECT * FROM found('USER:ann b');
SELECT * FROM found('x');
SELECT * FROM found('paypal');
SELECT * FROM found('p' || U&'\0430' || 'ypal');
SELECT * FROM found('');
SELECT count(*) FROM lookup(NULL);
SELECT count(*) FROM unnest(ARRAY[':', '/', '"', '"/:', 'a/b:', '+', '00', '%', E'\t', repeat('x', 3000), 'x:' || repeat('y', 2000), U&'\+01F600', '@', 'a@', 'email:', '++49', '(', '\', '"a""b"/c:d']) t, lookup(t);
CALL start_again();
