-- sources: registering tables, the view, capture, refresh, and what a DBA asks.
\set VERBOSITY terse
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET client_min_messages = warning;
-- customers are numbered from one
DROP EXTENSION crm_timeline CASCADE;
CREATE EXTENSION crm_timeline;

CREATE SCHEMA support;
CREATE TABLE support.ticket (id bigint PRIMARY KEY, contact_id bigint, requester_email text, via text, status text, subject text,
	created_at timestamp, deleted_at timestamp, amount numeric);
INSERT INTO support.ticket VALUES
	(1, 7, 'Ann@Example.com', 'email', 'open', 'hello', '2026-01-01 10:00', NULL, 1e400),
	(2, NULL, ' ann@example.com ', 'chat', 'open', 'again', '2026-01-02 10:00', NULL, 5),
	(3, 8, NULL, 'chat', 'open', 'other', '2026-01-02 10:00', NULL, NULL),
	(4, NULL, 'nonsense', 'chat', 'open', 'lost', '2026-01-02 10:00', NULL, NULL),
	(5, 8, NULL, 'chat', 'open', 'never', 'infinity', NULL, NULL),
	(6, 8, 'bad', 'chat', 'open', 'no time', NULL, NULL, NULL),
	(7, 8, NULL, 'chat', 'open', 'deleted', '2026-01-02', '2026-01-03', NULL);

-- nothing is registered yet
SELECT * FROM crm_timeline.history('contact:7');

SELECT crm_timeline.add_source('tickets', 'support.ticket', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'ticket'$$,
	channel => 'via', direction => $$'inbound'$$, keys => ARRAY['contact: contact_id', 'email: requester_email'],
	thread => 'id', outcome => 'status', summary => 'subject', filter => 'deleted_at IS NULL', value => 'amount');
CALL crm_timeline.refresh();
SELECT identity, number, customer_id FROM crm_timeline.membership ORDER BY number;
SELECT source, a, b, grade, noted_at FROM crm_timeline.observed_link;
SELECT customer_id, occurred_at, kind, channel, direction, thread, outcome, value, summary, source, ref
	FROM crm_timeline.interactions ORDER BY 1, 2, 12;

-- what is lost, and what is missing
SELECT * FROM crm_timeline.source_errors();
SELECT source, relation, present, regexp_replace(statement, 'crm_timeline_[0-9a-f]+', 'NAME') FROM crm_timeline.suggested_indexes();
SELECT source, problem FROM crm_timeline.verify_sources();
CALL crm_timeline.create_suggested_indexes();
SELECT source, relation, present FROM crm_timeline.suggested_indexes();
SELECT source, problem FROM crm_timeline.verify_sources();

-- what this transaction writes is seen in it, under a new identity, too
BEGIN;
INSERT INTO support.ticket VALUES (10, NULL, 'new@example.com', 'chat', 'open', 'new', '2026-02-01', NULL, 1),
	(11, NULL, 'ann@example.com', 'chat', 'open', 'new', '2026-02-01', NULL, 1);
SELECT source, identity, starts_at, ends_at, problem FROM crm_timeline.dirty_log ORDER BY identity;
SELECT sign(customer_id), occurred_at, ref FROM crm_timeline.interactions WHERE customer_id < 0;
SELECT occurred_at, ref FROM crm_timeline.history('email:new@example.com');
SELECT crm_timeline.customer_of('email:new@example.com') AS provisional \gset
SELECT occurred_at, ref FROM crm_timeline.history('email:ann@example.com');
COMMIT;
UPDATE support.ticket SET contact_id = 8 WHERE id = 1;
DELETE FROM support.ticket WHERE id = 2;
SELECT source, identity, starts_at, ends_at FROM crm_timeline.dirty_log ORDER BY identity, starts_at;
CALL crm_timeline.refresh();
SELECT identity, number, customer_id FROM crm_timeline.membership ORDER BY number;
-- a provisional id leads on
SELECT crm_timeline.current_customer(:provisional);
SELECT occurred_at, ref FROM crm_timeline.interactions_of(:provisional);
SELECT occurred_at, ref FROM crm_timeline.history('contact:8');
TRUNCATE support.ticket;
SELECT source, identity, starts_at, ends_at, problem FROM crm_timeline.dirty_log;
CALL crm_timeline.refresh();
SELECT count(*) FROM crm_timeline.observed_link;

-- pages: no row is lost at equal times
INSERT INTO support.ticket SELECT n, 7, NULL, 'chat', 'open', 'same time', timestamp '2026-03-01' + (n / 4) * interval '1 h', NULL, NULL
	FROM generate_series(1, 10) n;
CREATE FUNCTION support.pages(customer bigint, size int) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	page text[];
	result text[] := '{}';
	at timestamptz;
	source text;
	last text;
BEGIN
	LOOP
		SELECT array_agg(p.ref ORDER BY n), max(p.occurred_at) FILTER (WHERE n = total), max(p.source) FILTER (WHERE n = total),
				max(p.ref) FILTER (WHERE n = total) INTO page, at, source, last
			FROM (SELECT i.*, row_number() OVER () AS n, count(*) OVER () AS total
				FROM crm_timeline.interactions_of(customer, size, at, source, last) i) p;
		EXIT WHEN page IS NULL;
		result := result || page;
	END LOOP;
	RETURN result;
END $$;
SELECT size, support.pages(crm_timeline.customer_of('contact:7'), size) FROM unnest(ARRAY[1, 2, 3, 7, 50]) size;

-- a key in another table: moving a conversation moves its messages
CREATE TABLE support.conversation (id int PRIMARY KEY, account_id int, contact_id int);
CREATE TABLE support.message (id int PRIMARY KEY, conversation_id int, content text, created_at timestamp);
INSERT INTO support.conversation VALUES (1, 1, 7), (2, 1, 8);
INSERT INTO support.message SELECT n, 1 + n % 2, 'm' || n, timestamp '2026-01-01' + n * interval '1 h' FROM generate_series(1, 4) n;
CREATE VIEW support.message_of_contact WITH (security_invoker = true) AS
	SELECT m.*, c.contact_id, c.account_id FROM support.message m JOIN support.conversation c ON c.id = m.conversation_id;
SELECT crm_timeline.add_source('messages', 'support.message_of_contact', occurred_at => $$created_at AT TIME ZONE 'UTC'$$,
	kind => $$'message'$$, keys => ARRAY['contact: contact_id'], tenant => 'account_id', ref => 'id',
	depends_on => ARRAY['support.conversation: contact: contact_id',
		$$support.message: (SELECT crm_timeline.identity('contact', c.contact_id::text, c.account_id::text) FROM support.conversation c WHERE c.id = conversation_id)$$]);
CALL crm_timeline.refresh();
SELECT ref FROM crm_timeline.history('1/contact:8');
UPDATE support.conversation SET contact_id = 8 WHERE id = 1;
INSERT INTO support.message VALUES (10, 2, 'x', '2026-02-01'), (11, 99, 'no conversation', '2026-02-01');
SELECT source, identity FROM crm_timeline.dirty_log ORDER BY identity;
SELECT ref FROM crm_timeline.history('1/contact:8');
SELECT relation, regexp_replace(statement, 'crm_timeline_[0-9a-f]+', 'NAME') FROM crm_timeline.suggested_indexes('messages');

-- migrations
BEGIN;
SELECT crm_timeline.suspend_source('tickets');
ALTER TABLE support.ticket ALTER id TYPE text;
SELECT crm_timeline.resume_source('tickets');
COMMIT;
SELECT count(*) FROM crm_timeline.history('contact:7');
ALTER TABLE support.ticket DROP COLUMN via;
DROP TABLE support.message CASCADE;
SELECT crm_timeline.rebuild_views();
SELECT count(*) FROM crm_timeline.history('contact:7');
SELECT source, problem FROM crm_timeline.verify_sources() WHERE problem NOT LIKE 'no index%';
ALTER TABLE support.ticket RENAME TO tickets;
ALTER TABLE support.tickets DISABLE TRIGGER USER;
SELECT source, regexp_replace(problem, 'crm_timeline_([a-z]+)_[0-9a-f]+', '\1') FROM crm_timeline.verify_sources() WHERE problem NOT LIKE 'no index%';
SELECT crm_timeline.drop_source('messages');
SELECT crm_timeline.resume_source('tickets');
SELECT source, problem FROM crm_timeline.verify_sources() WHERE problem NOT LIKE 'no index%';

-- an error in the DBA's own expression fails no write, and is told
CREATE FUNCTION support.half(n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN (100 / (n - 5))::text; END';
CREATE TABLE support.visit (id int PRIMARY KEY, at timestamptz);
SELECT crm_timeline.add_source('visits', 'support.visit', occurred_at => 'at', kind => $$'visit'$$, keys => ARRAY['half: support.half(id)']);
CALL crm_timeline.refresh();
INSERT INTO support.visit VALUES (4, '2026-01-01'), (6, '2026-01-01');
INSERT INTO support.visit VALUES (5, '2026-01-01');
SELECT source, identity, problem FROM crm_timeline.dirty_log ORDER BY identity;
CALL crm_timeline.refresh();
SELECT source, problem FROM crm_timeline.verify_sources() WHERE problem NOT LIKE 'no index%';
DELETE FROM support.visit WHERE id = 5;
CALL crm_timeline.refresh();
SELECT source, problem FROM crm_timeline.verify_sources() WHERE problem NOT LIKE 'no index%';
SELECT crm_timeline.drop_source('visits');

-- partitions, children and hostile names
CREATE TABLE support."Visit ""x"" of a name that has as many bytes as one may have...." ("Id" int, "user Name" text, "at" timestamptz, PRIMARY KEY ("Id", "at")) PARTITION BY RANGE ("at");
CREATE TABLE support.visit_1 PARTITION OF support."Visit ""x"" of a name that has as many bytes as one may have...." FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT crm_timeline.add_source('a source''s "name" that has as many bytes as a name may have....', 'support."Visit ""x"" of a name that has as many bytes as one may have...."',
	occurred_at => 'at', kind => $$'visit'$$, keys => ARRAY['user: "user Name"']);
CREATE TABLE support.visit_2 PARTITION OF support."Visit ""x"" of a name that has as many bytes as one may have...." FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CALL crm_timeline.refresh();
INSERT INTO support.visit_2 VALUES (1, 'Zoë', '2026-02-02');
INSERT INTO support."Visit ""x"" of a name that has as many bytes as one may have...." VALUES (2, 'Zoë', '2026-01-02');
SELECT identity, count(*) FROM crm_timeline.dirty_log GROUP BY 1;
SELECT ref FROM crm_timeline.history('user:Zoë');
SELECT relation, regexp_replace(statement, 'crm_timeline_[0-9a-f_]+', 'NAME') FROM crm_timeline.suggested_indexes('a source''s "name" that has as many bytes as a name may have....');

-- types and collations of one source do not become the view's
CREATE TABLE support.typed (id int PRIMARY KEY, email text, at timestamptz(3), kind varchar(10) COLLATE "C", note name);
CREATE TABLE support.typed_otherwise (id int PRIMARY KEY, email text, at timestamptz(6), kind text);
SELECT crm_timeline.add_source('typed', 'support.typed', occurred_at => 'at', kind => 'kind', keys => ARRAY['email: email'], summary => 'note');
SELECT crm_timeline.add_source('otherwise', 'support.typed_otherwise', occurred_at => 'at', kind => 'kind', keys => ARRAY['email: email'], summary => $$'x'$$);
SELECT crm_timeline.drop_source('typed');
SELECT crm_timeline.drop_source('otherwise');
SELECT attname, format_type(atttypid, atttypmod), attcollation::regcollation FROM pg_attribute
	WHERE attrelid = 'crm_timeline.interactions'::regclass AND attname IN ('occurred_at', 'kind', 'summary', 'ref') ORDER BY attnum;

-- a table and columns with the names that our own statements use
CREATE TABLE support.i (identity text, occurred_at timestamptz, owner int PRIMARY KEY, identities boolean, customer_id bigint, max_rows int, since text);
SELECT crm_timeline.add_source('i', 'support.i', occurred_at => 'occurred_at', kind => 'since', keys => ARRAY['user: identity', 'owner: i.owner'],
	filter => 'identities', value => 'max_rows', topic => 'customer_id');
CALL crm_timeline.refresh();
INSERT INTO support.i VALUES ('me', '2026-01-01', 1, true, 7, 3, 'kind'), (NULL, '2026-01-02', 2, true, 8, 4, 'kind');
SELECT source, identity, starts_at FROM crm_timeline.dirty_log ORDER BY identity;
CALL crm_timeline.refresh();
SELECT occurred_at, kind, value, topic, ref FROM crm_timeline.history('owner:1');
SELECT source, problem FROM crm_timeline.source_errors('i');
SELECT crm_timeline.drop_source('i');

-- what is refused
CREATE TABLE support.t (id int PRIMARY KEY, email text, at timestamptz, local timestamp, mood text);
\set add 'SELECT crm_timeline.add_source(''x'', ''support.t'', '
:add 'at', ARRAY['email: email, id']);
:add 'at', ARRAY['email: email) , (id']);
:add 'at', ARRAY['email: email /* ']);
:add 'at', ARRAY['email: email AS e']);
:add 'at', ARRAY['email: *']);
:add 'at', ARRAY['email']);
:add 'at', ARRAY['email: mail']);
:add 'at', ARRAY['email: count(email)']);
:add 'at', ARRAY['email: (SELECT email)']);
:add 'at', ARRAY['email: regexp_split_to_table(email, '','')']);
:add 'at', ARRAY['email: row_number() OVER ()']);
:add 'at', ARRAY['email: random()::text']);
:add 'at', ARRAY['email: at::text']);
:add 'local', ARRAY['email: email']);
:add 'at::date', ARRAY['email: email']);
:add 'now()', ARRAY['email: email']);
:add 'at', ARRAY['email: email'], kind => $$'k'$$, outcome => 'local');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, outcome => 'current_user');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, outcome => 'ctid');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, value => 'email');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, automated => 'id');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, filter => 'id');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, seq => 'mood');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, attributes => 'email');
:add 'at', ARRAY['email: email'], kind => $$'k'$$, outcome => 'support.half(id)', capture => 'sometimes');
:add 'at', ARRAY['email: email'], grade => 0);
:add 'at', ARRAY['email: email'], depends_on => ARRAY['support.nothing: email: email']);
:add 'at', NULL);
SELECT crm_timeline.add_source('tickets', 'support.t', 'at', ARRAY['email: email']);
SELECT crm_timeline.drop_source('nothing');
SELECT crm_timeline.alter_source('tickets', 'color', 'red');
SELECT count(*) FROM crm_timeline.source WHERE name = 'x';

-- the extension does not go while something is registered
DROP EXTENSION crm_timeline;
DROP EXTENSION crm_timeline CASCADE;
INSERT INTO support.tickets (id, contact_id) VALUES ('99', 1);
SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'crm\_timeline%';
-- and made anew in the same session it captures again
CREATE EXTENSION crm_timeline;
SELECT crm_timeline.add_source('tickets', 'support.tickets', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, keys => ARRAY['contact: contact_id']);
CALL crm_timeline.refresh();
INSERT INTO support.tickets (id, contact_id) VALUES ('100', 2);
SELECT source, identity, problem FROM crm_timeline.dirty_log;
SELECT crm_timeline.drop_source('tickets');
DROP SCHEMA support CASCADE;
