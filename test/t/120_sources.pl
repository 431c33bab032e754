# Sources beyond one session and one role: who may do what, row security, dump and restore, an update of the extension,
# concurrent writers, and what others may have put into the way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $node = server('sources', 'max_prepared_transactions = 4');
my $share = $ENV{PG_CONFIG} ? `$ENV{PG_CONFIG} --sharedir` : `pg_config --sharedir`;
chomp $share;

# The answer of one statement in a database, or its error.
sub ask { return outcome($node, @_) }

my $tables = <<'SQL';
CREATE SCHEMA shop;
CREATE TABLE shop.purchase (id bigint PRIMARY KEY, user_id bigint, email text, total numeric, created_at timestamp, region text);
CREATE TABLE shop."Call" ("Id" int PRIMARY KEY, "callerNumber" text, "startedAt" timestamptz);
INSERT INTO shop.purchase SELECT n, n % 20, CASE WHEN n % 3 = 0 THEN 'User' || n % 20 || '@Example.com' END, n, timestamp '2026-01-01' + n * interval '1 h',
	CASE WHEN n % 2 = 0 THEN 'north' ELSE 'south' END FROM generate_series(1, 1000) n;
INSERT INTO shop."Call" SELECT n, '+49 30 100' || 1000 + n % 20, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 h' FROM generate_series(1, 200) n;
SQL
my $register = <<'SQL';
SELECT crm_timeline.add_source('purchases', 'shop.purchase', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'purchase'$$,
	keys => ARRAY['user: user_id', 'email: email'], value => 'total', topic => 'region');
SELECT crm_timeline.add_source('calls', 'shop."Call"', occurred_at => '"startedAt"', kind => $$'call'$$, keys => ARRAY['phone: "callerNumber"'],
	channel => $$'phone'$$);
SELECT crm_timeline.link('user:7', 'phone:+49301001007');
SQL
# What must be the same before and after: everything that can be asked, in a fixed order.
my $everything = <<'SQL';
SELECT md5(string_agg(i::text, E'\n' ORDER BY i::text)) FROM crm_timeline.interactions i;
SELECT md5(string_agg((m.identity, m.number, m.customer_id)::text, E'\n' ORDER BY m.number)) FROM crm_timeline.membership m;
SELECT md5(string_agg(l::text, E'\n' ORDER BY l::text)) FROM crm_timeline.observed_link l;
SELECT md5(string_agg((s.name, s.relation, s.keys, s.filter, s.ref)::text, E'\n' ORDER BY s.name)) FROM crm_timeline.source s;
SELECT count(*) FROM crm_timeline.history('user:7', 1000);
SELECT customer_id FROM crm_timeline.lookup('user7@example.com');
SQL

# ---- an owner that is no superuser, a member of it, and others ------------------------------------------

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE crm_owner LOGIN;
CREATE ROLE crm_member LOGIN IN ROLE crm_owner;
CREATE ROLE crm_reader LOGIN;
CREATE ROLE crm_writer LOGIN;
CREATE ROLE crm_stranger LOGIN;
SQL
$node->safe_psql('postgres', 'CREATE DATABASE owned OWNER crm_owner TEMPLATE template0 ENCODING UTF8');
is(ask('owned', 'CREATE EXTENSION crm_timeline', as_role('crm_owner')), '', 'a database\'s owner installs');
is(ask('owned', "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'crm_timeline'"), 'crm_owner', 'and owns the schema');
is(ask('owned', "SELECT count(*) FROM pg_class WHERE relnamespace = 'crm_timeline'::regnamespace AND relkind IN ('r', 'v', 'S') AND relowner <> 'crm_owner'::regrole"),
	'0', 'and every table');
is(ask('owned', "SELECT count(*) FROM pg_proc WHERE pronamespace = 'crm_timeline'::regnamespace AND prosecdef AND proowner <> 'crm_owner'::regrole"),
	'0', 'and whatever runs as its owner');
ask('owned', $tables, as_role('crm_owner'));
like(ask('owned', $register, as_role('crm_stranger')), qr/permission denied/, 'a stranger registers nothing');
is(ask('owned', $register, as_role('crm_member')), "\n\n1", 'a member of the owner registers');
like(ask('owned', 'CALL crm_timeline.refresh()', as_role('crm_stranger')), qr/permission denied/, 'a stranger refreshes nothing');
is(ask('owned', 'CALL crm_timeline.refresh()', as_role('crm_member')), '', 'a member refreshes');
ask('owned', 'CALL crm_timeline.create_suggested_indexes()', as_role('crm_owner'));
is(ask('owned', "SELECT count(*) FROM crm_timeline.history('user:7', 1000)", as_role('crm_owner')), '60', 'calls and purchases of one customer');

like(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_reader')), qr/permission denied for view interactions/, 'nothing is public');
like(ask('owned', "SELECT crm_timeline.grant_read('crm_reader')", as_role('crm_stranger')), qr/permission denied/, 'strangers grant nothing');
is(ask('owned', "SELECT crm_timeline.grant_read('crm_reader')", as_role('crm_member')), '', 'grant_read');
like(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_reader')), qr/permission denied for (table|schema)/,
	'who may not read a source gets an error, not its rows');
ask('owned', 'GRANT USAGE ON SCHEMA shop TO crm_reader, crm_writer; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO crm_reader; GRANT INSERT ON shop.purchase TO crm_writer',
	as_role('crm_owner'));
is(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_reader')), '1200', 'a reader of the sources reads the view');
is(ask('owned', "SELECT count(*) FROM crm_timeline.history('user:7', 1000)", as_role('crm_reader')), '60', 'and a history');
is(ask('owned', "SELECT customer_id FROM crm_timeline.lookup('USER7\@example.com')", as_role('crm_reader')),
	ask('owned', "SELECT crm_timeline.customer_of('user:7')", as_role('crm_reader')), 'and looks up');
like(ask('owned', "SELECT crm_timeline.link('user:7', 'user:8')", as_role('crm_reader')), qr/permission denied/, 'a reader links nothing');
like(ask('owned', 'DELETE FROM crm_timeline.membership', as_role('crm_reader')), qr/permission denied/, 'a reader changes nothing');
is(ask('owned', "INSERT INTO shop.purchase (id, user_id, created_at) VALUES (2000, 7, '2026-06-01'), (2001, 4711, '2026-06-01')", as_role('crm_writer')), '',
	'a writer needs no right of ours');
is(ask('owned', "SELECT count(*) FROM crm_timeline.dirty_log WHERE source = 'purchases'"), '2', 'what it writes is noted');
is(ask('owned', "SELECT ref FROM crm_timeline.history('user:4711')", as_role('crm_reader')), '2001', 'and seen');
ask('owned', 'DROP VIEW crm_timeline.interactions CASCADE; SELECT crm_timeline.rebuild_views()', as_role('crm_owner'));
is(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_reader')), '1202', 'a view that is made anew keeps its readers');

# ---- row security -----------------------------------------------------------------------------------------

ask('owned', <<'SQL', as_role('crm_owner'));
CREATE FUNCTION shop.allowed(region text) RETURNS boolean LANGUAGE plpgsql STABLE AS
	'BEGIN RETURN region = coalesce(current_setting(''shop.region'', true), ''none''); END';
ALTER TABLE shop.purchase ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.purchase FOR SELECT TO crm_reader USING (shop.allowed(region));
CREATE POLICY writes ON shop.purchase FOR INSERT TO crm_writer WITH CHECK (true);
ANALYZE;
SQL
is(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_reader')), '200', 'a policy holds for the view');
is(ask('owned', "SET shop.region = 'north'; SELECT count(*) FILTER (WHERE topic = 'north'), count(*) FROM crm_timeline.interactions WHERE source = 'purchases'",
	as_role('crm_reader')), '500|500', 'for each reader\'s own rows');
is(ask('owned', "SET shop.region = 'south'; SELECT count(*) FROM crm_timeline.history('user:7', 1000)", as_role('crm_reader')), '60', 'and for a history');
is(ask('owned', "SET shop.region = 'north'; SELECT count(*) FROM crm_timeline.history('user:7', 1000)", as_role('crm_reader')), '10', 'and for another reader\'s');
is(ask('owned', 'SELECT count(*) FROM crm_timeline.interactions', as_role('crm_owner')), '1202', 'the owner is not held');
like(ask('owned', "SET enable_seqscan = off; EXPLAIN (COSTS OFF) SELECT * FROM crm_timeline.interactions WHERE customer_id = 7", as_role('crm_reader')),
	qr/Index Cond: \(crm_timeline\.first_identity/, 'and row security does not forbid the index');
like(ask('owned', 'SELECT problem FROM crm_timeline.verify_sources()', as_role('crm_owner')), qr/row security was turned on/, 'verify_sources tells of it');
is(ask('owned', "INSERT INTO shop.purchase (id, user_id, created_at) VALUES (3000, 7, '2026-06-01')", as_role('crm_writer')), '', 'a write that its writer can not read');
is(ask('owned', "SELECT count(*) FROM crm_timeline.dirty_log WHERE source = 'purchases'"), '3', 'is noted');

# ---- dump and restore ------------------------------------------------------------------------------------

new_database($node, 'dumped');
ask('dumped', $tables . $register);
ask('dumped', <<'SQL');
CALL crm_timeline.refresh();
CALL crm_timeline.create_suggested_indexes();
ANALYZE;
SELECT crm_timeline.never('user:1', 'user:2');
SELECT crm_timeline.grant_read('crm_reader');
INSERT INTO crm_timeline.identity_limit (namespace, per_customer) VALUES ('user', 1);
CALL crm_timeline.refresh();
INSERT INTO shop.purchase (id, user_id, created_at) VALUES (5000, 5000, '2026-06-01');
SQL
my $before = ask('dumped', $everything);
my $dir = $node->basedir;
my $connection = [ '-h', $node->host, '-p', $node->port ];
my $first;
for my $how (
	[ 'plain', [ 'pg_dump', '-f', "$dir/plain.sql" ], [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql" ] ],
	[ 'custom', [ 'pg_dump', '-Fc', '-f', "$dir/custom" ], [ 'pg_restore', '--exit-on-error', "$dir/custom" ] ],
	[ 'parallel', [ 'pg_dump', '-Fd', '-j', '2', '-f', "$dir/parallel" ], [ 'pg_restore', '--exit-on-error', '-j', '2', "$dir/parallel" ] ])
{
	my ($name, $dump, $restore) = @$how;
	command_ok([ @$dump, @$connection, 'dumped' ], "$name: pg_dump");
	$node->safe_psql('postgres', "CREATE DATABASE restored_$name TEMPLATE template0 ENCODING UTF8");
	my @into = $restore->[0] eq 'psql' ? (@$restore, @$connection, "restored_$name") : ($restore->[0], @$connection, '-d', "restored_$name", @$restore[ 1 .. $#$restore ]);
	command_ok(\@into, "$name: restored");
	is(ask("restored_$name", $everything), $before, "$name: every answer is the same before the first refresh");
	command_ok([ 'pg_dump', '-f', "$dir/again_$name.sql", @$connection, "restored_$name" ], "$name: a second dump");
	my $second = slurp_file("$dir/again_$name.sql");
	$first //= slurp_file("$dir/plain.sql");
	s/^\\(un)?restrict .*\n//mg for $first, $second;
	ok($second eq $first, "$name: is the same as the first");
	is(ask("restored_$name", 'SELECT * FROM crm_timeline.verify_sources()'), '', "$name: nothing is wrong with the sources");
	ask("restored_$name", 'CALL crm_timeline.refresh()');
	is(ask("restored_$name", "SELECT crm_timeline.customer_of('user:5000') > 0"), 't', "$name: the first refresh resolves what was new");
	is(ask("restored_$name", "SELECT count(*) FROM crm_timeline.history('user:7', 1000)"), (split /\n/, $before)[4], "$name: and changes nothing else");
	is(ask("restored_$name", "INSERT INTO shop.purchase (id, user_id, created_at) VALUES (6000, 6000, '2026-06-01'); SELECT ref FROM crm_timeline.history('user:6000')"),
		'6000', "$name: capture goes on");
}
# as an owner that is no superuser, into a database where the extension is already
$node->safe_psql('postgres', 'CREATE DATABASE restored_owned OWNER crm_owner TEMPLATE template0 ENCODING UTF8');
ask('restored_owned', 'CREATE EXTENSION crm_timeline', as_role('crm_owner'));
command_ok([ 'pg_dump', '--no-owner', '--no-comments', '-f', "$dir/owned.sql", @$connection, '-U', 'crm_owner', 'owned' ], 'owned: pg_dump as its owner')
  or diag('row security: ' . ask('owned', 'SHOW row_security'));
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/owned.sql", @$connection, '-U', 'crm_owner', 'restored_owned' ], 'owned: restored where the extension is');
is(ask('restored_owned', $everything, as_role('crm_owner')), ask('owned', $everything, as_role('crm_owner')), 'owned: every answer is the same');

# ---- an update of the extension ----------------------------------------------------------------------

my $update = "$share/extension/crm_timeline--0.1.0--0.1.1.sql";
append_to_file($update, "\\echo Use \"ALTER EXTENSION crm_timeline UPDATE\" to load this file. \\quit\n"
	. "CREATE FUNCTION crm_timeline.answer() RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT 42; END;\n"
	. "ALTER TABLE crm_timeline.source ADD COLUMN note text;\n");
is(ask('dumped', "ALTER EXTENSION crm_timeline UPDATE TO '0.1.1'"), '', 'an update with two sources registered');
is(ask('dumped', 'SELECT crm_timeline.answer()'), '42', 'brings what is new');
is(ask('dumped', $everything), $before, 'and leaves everything answering');
is(ask('dumped', "SELECT crm_timeline.rebuild_views(); SELECT crm_timeline.suspend_source('calls'); SELECT crm_timeline.resume_source('calls')"), "\n\n",
	'and its sources can be rebuilt, suspended and resumed');
is(ask('dumped', $everything), $before, 'to the same');
unlink $update;

# ---- another ICU --------------------------------------------------------------------------------------------

sub warnings_of
{
	my ($status, $stdout, $stderr) = $node->psql('dumped', $_[0]);
	return join ' ', $stderr =~ /WARNING:  (.*)/g;
}
is(ask('dumped', 'SELECT count(*) FROM crm_timeline.verify_identities()'), '0', 'every identity is as it is written today');
is(warnings_of('CALL crm_timeline.refresh()'), '', 'and a refresh does not warn');
$before = ask('dumped', $everything);
# an identity as another ICU might have written it
ask('dumped', <<'SQL');
UPDATE crm_timeline.normalised_by SET icu_version = '1.0', unicode_version = '0.5';
CREATE CAST (bytea AS crm_timeline.identity) WITHOUT FUNCTION;
INSERT INTO crm_timeline.membership SELECT convert_to(i, 'UTF8')::crm_timeline.identity, -n, -n, now()
FROM unnest(ARRAY['acme/email:ANN@Example.com', 'email:nobody']) WITH ORDINALITY u(i, n);
DROP CAST (bytea AS crm_timeline.identity);
SQL
like(warnings_of('CALL crm_timeline.refresh()'), qr/^identities were normalised by ICU 1\.0, Unicode 0\.5, .*; now ICU \d/, 'a refresh warns when another ICU normalises');
is(ask('dumped', "SELECT identity, written_now, split_part(problem, ':', 1) FROM crm_timeline.verify_identities() WHERE identity IS NOT NULL ORDER BY 1"),
	"acme/email:ANN\@Example.com|acme/email:ann\@example.com|written differently now\nemail:nobody||no at sign", 'and verify_identities lists what it writes differently');
ask('dumped', 'DELETE FROM crm_timeline.membership WHERE number < 0; SELECT crm_timeline.record_icu_version()');
is(ask('dumped', 'SELECT source FROM crm_timeline.dirty_log ORDER BY 1'), "calls\npurchases", 'once it is recorded, the sources are to be read again');
is(warnings_of('CALL crm_timeline.refresh()'), '', 'a refresh does');
is(ask('dumped', 'SELECT count(*) FROM crm_timeline.dirty_log; SELECT count(*) FROM crm_timeline.verify_identities()'), "0\n0", 'and nothing is left to tell');
is(ask('dumped', $everything), $before, 'every answer is the same');
is(ask('dumped', 'SELECT crm_timeline.record_icu_version(); SELECT count(*) FROM crm_timeline.dirty_log'), "\n0", 'the same versions once more ask for nothing');

# ---- what capture must live through -------------------------------------------------------------------------

new_database($node, 'capture');
ask('capture', <<'SQL');
CREATE TABLE other (id int);
CREATE TABLE slow (id int PRIMARY KEY, c int, at timestamptz);
CREATE FUNCTION pause(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
	$$BEGIN
		IF i = 13 THEN PERFORM pg_sleep(5); ELSIF i = 14 THEN RAISE 'no memory' USING ERRCODE = '53000'; ELSIF i = 15 THEN RAISE 'inside' USING ERRCODE = 'XX000'; END IF;
		RETURN i;
	END$$;
SELECT crm_timeline.add_source('slow', 'slow', occurred_at => 'at', keys => ARRAY['c: public.pause(c)'], kind => $$'t'$$);
CALL crm_timeline.refresh();
SQL
my ($out, $err) = ('', '');
$node->psql('capture', <<'SQL', stdout => \$out, stderr => \$err, on_error_stop => 0);
SET statement_timeout = '300ms';
INSERT INTO slow VALUES (1, 13, now());
SELECT 'goes on';
DO $$BEGIN BEGIN INSERT INTO slow VALUES (2, 13, now()); EXCEPTION WHEN query_canceled THEN NULL; END; END$$;
INSERT INTO other VALUES (1);
SHOW search_path;
SELECT count(*) FROM slow;
BEGIN; SAVEPOINT a; INSERT INTO slow VALUES (3, 13, now()); ROLLBACK TO a; INSERT INTO other VALUES (2); COMMIT;
SQL
is($out, "goes on\n\"\$user\", public\n0", 'a session that is cancelled inside capture goes on as before');
is(() = $err =~ /ERROR/g, 2, 'and gets the error where it is not caught');
is(ask('capture', 'SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM other'), '1,2', 'what it writes after that is there');
is(ask('capture', 'INSERT INTO slow VALUES (4, 14, now()), (5, 15, now()); INSERT INTO slow VALUES (6, 15, now()); SELECT string_agg(problem, $$,$$ ORDER BY problem) FROM crm_timeline.dirty_log'),
	'inside,no memory', 'an expression that fails for want of memory, or inside the server, fails no write');
is(ask('capture', 'DELETE FROM slow; BEGIN; INSERT INTO slow SELECT n, n + 100, now() FROM generate_series(1, 25000) n; SELECT count(DISTINCT identity) FROM crm_timeline.dirty_log; COMMIT'),
	'25000', 'more identities than fit into memory');
is(ask('capture', 'CALL crm_timeline.refresh(0)'), 'ERROR:  max_rows must be at least 1', 'a refresh of no rows is refused');

# literals of an expression mean the same for whoever writes
ask('capture', <<'SQL');
SET timezone = 'America/Los_Angeles';
CREATE TABLE dated (id int PRIMARY KEY, c int, at timestamptz, word text);
SELECT crm_timeline.add_source('dated', 'dated', occurred_at => 'at', keys => ARRAY['contact: c'], kind => $$'e'$$,
	filter => $$at >= '2026-02-03' AND word ~ '^\w+$'$$);
CALL crm_timeline.refresh();
SQL
is(ask('capture', <<'SQL'), "1,3\n2", 'whatever the settings of his session are');
SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'; SET standard_conforming_strings = off; SET escape_string_warning = off;
INSERT INTO dated VALUES (1, 1, '2026-02-03 02:00:00+00', 'word'), (2, 2, '2026-02-02 23:59:00+00', 'word');
SET timezone = 'America/Los_Angeles';
INSERT INTO dated VALUES (3, 3, '2026-02-03 00:00:00+00', 'word');
CALL crm_timeline.refresh();
SELECT string_agg(ref, ',' ORDER BY ref) FROM crm_timeline.interactions WHERE source = 'dated';
SELECT count(*) FROM crm_timeline.membership WHERE crm_timeline.identity_namespace(identity) = 'contact';
SQL

# partitions and children, through their parents and alone
ask('capture', <<'SQL');
CREATE TABLE ev (id int PRIMARY KEY, c int, email text, at timestamptz) PARTITION BY RANGE (id);
CREATE TABLE ev1 PARTITION OF ev FOR VALUES FROM (0) TO (100);
CREATE TABLE ev2 (id int PRIMARY KEY, c int, email text, at timestamptz);
CREATE TABLE parent (id int PRIMARY KEY, c int, at timestamptz);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
SELECT crm_timeline.add_source('whole', 'ev', occurred_at => 'at', keys => ARRAY['ev: c', 'email: email'], kind => $$'e'$$, capture => 'statement');
SELECT crm_timeline.add_source('part', 'ev1', occurred_at => 'at', keys => ARRAY['ev: c'], kind => $$'e'$$);
SELECT crm_timeline.add_source('child', 'child', occurred_at => 'at', keys => ARRAY['child: c'], kind => $$'e'$$);
CALL crm_timeline.refresh();
SQL
my $seen = q{SELECT string_agg(source || ' ' || ref, ',' ORDER BY source COLLATE "C", ref) FROM crm_timeline.interactions WHERE source IN ('whole', 'part', 'child')};
is(ask('capture', "INSERT INTO ev VALUES (1, 1, 'a\@x.org', now()); $seen"), 'part 1,whole 1', 'a partition that is written through its parent');
is(ask('capture', "INSERT INTO ev1 VALUES (2, 2, 'b\@x.org', now()); $seen"), 'part 1,part 2,whole 1,whole 2', 'and alone');
is(ask('capture', "INSERT INTO child VALUES (1, 1, now()); CALL crm_timeline.refresh(); UPDATE parent SET c = 77; $seen"), 'child 1,part 1,part 2,whole 1,whole 2',
	'a child that is written through its parent');
is(ask('capture', "INSERT INTO ev2 VALUES (101, 3, 'c\@x.org', now()); ALTER TABLE ev ATTACH PARTITION ev2 FOR VALUES FROM (100) TO (200); CALL crm_timeline.refresh(); $seen"),
	'child 1,part 1,part 2,whole 1,whole 101,whole 2', 'a partition that is attached with its rows');
is(ask('capture', "SELECT problem FROM crm_timeline.verify_sources() WHERE problem LIKE 'the trigger%'"), 'the trigger for truncate is missing on public.ev2',
	'lacks a trigger, which verify_sources tells');
is(ask('capture', "ALTER TABLE ev1 DISABLE TRIGGER USER; SELECT count(*) > 0 FROM crm_timeline.verify_sources() WHERE problem LIKE 'trigger % on public.ev1 is disabled'; ALTER TABLE ev1 ENABLE TRIGGER USER"),
	't', 'as it does of triggers that are disabled on a partition alone');
is(ask('capture', "TRUNCATE ev1; CALL crm_timeline.refresh(); SELECT count(*) FROM crm_timeline.observed_link WHERE source = 'whole'"), '1', 'a partition that is truncated alone');
is(ask('capture', "ALTER TABLE ev DETACH PARTITION ev2; CALL crm_timeline.refresh(); SELECT count(*) FROM crm_timeline.observed_link WHERE source = 'whole'"), '0',
	'and one that is detached');

# every key of a table that a view depends on
ask('capture', <<'SQL');
CREATE TABLE meet (id int PRIMARY KEY, organizer int, guest int, at timestamptz);
CREATE VIEW meet_v AS SELECT id || 'o' AS id, organizer AS who, at FROM meet UNION ALL SELECT id || 'g', guest, at FROM meet;
SELECT crm_timeline.add_source('meet', 'meet_v', occurred_at => 'at', keys => ARRAY['guest: who'], kind => $$'m'$$, ref => 'id',
	depends_on => ARRAY['public.meet: guest: organizer', 'public.meet: guest: guest']);
CALL crm_timeline.refresh();
SQL
is(ask('capture', "INSERT INTO meet VALUES (1, 10, 20, now()); SELECT string_agg(ref, ',' ORDER BY ref) FROM crm_timeline.interactions WHERE source = 'meet'"), '1g,1o',
	'two people of one row are both noticed');
like(ask('capture', "ALTER TABLE dated RENAME COLUMN word TO said; SELECT * FROM crm_timeline.history('contact:1')"), qr/column "word" does not exist/, 'a renamed column is told by history');
ask('capture', "SELECT crm_timeline.alter_source('dated', 'filter', 'said IS NOT NULL')");
is(ask('capture', "SELECT count(*) FROM crm_timeline.history('contact:1')"), '1', 'and alter_source mends it');

# a row that the writer may not see, in a table that says whom his row is about
ask('capture', <<'SQL');
CREATE TABLE conv (id int PRIMARY KEY, contact int); CREATE TABLE msg (id int PRIMARY KEY, conv int, email text, at timestamptz);
CREATE VIEW msg_v AS SELECT m.*, c.contact FROM msg m JOIN conv c ON c.id = m.conv;
SELECT crm_timeline.add_source('msg', 'msg_v', occurred_at => 'at', keys => ARRAY['conv: contact', 'email: email'], kind => $$'m'$$, ref => 'id',
	depends_on => ARRAY['public.conv: conv: contact', 'public.msg: conv: (SELECT c.contact FROM public.conv c WHERE c.id = conv)']);
ALTER TABLE conv ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON conv FOR SELECT TO crm_stranger USING (false);
GRANT INSERT ON msg TO crm_stranger; GRANT SELECT ON conv TO crm_stranger;
INSERT INTO conv VALUES (1, 500); CALL crm_timeline.refresh();
SQL
is(ask('capture', "INSERT INTO msg VALUES (1, 1, 'a\@x.org', now())", as_role('crm_stranger')), '', 'a write by somebody who may not see whom it is about');
is(ask('capture', "CALL crm_timeline.refresh(); SELECT crm_timeline.customer_of('email:a\@x.org') = crm_timeline.customer_of('conv:500')"), 't', 'is noticed all the same');
is(ask('capture', "ALTER TABLE meet RENAME TO meeting; SELECT problem LIKE '%names public.meet%' FROM crm_timeline.verify_sources() WHERE source = 'meet'; SELECT count(*) > 0 FROM crm_timeline.suggested_indexes()"),
	"t\nt", 'a source that is broken leaves the reports about the others');
is(ask('capture', "INSERT INTO slow VALUES (0, 15, now()); SELECT problem, lost IS NULL FROM crm_timeline.source_errors() WHERE source = 'slow'; DELETE FROM slow WHERE id = 0"),
	'the source can not be read: inside|t', 'and one whose rows can not be read is told among them');

# a comma in a key's column is not one between columns; a partial index is not one for everybody
is(ask('capture', <<'SQL'), "x,y\\,z|x\\,y,z", 'every row of a primary key of two columns has a name of its own');
CREATE TABLE pair (a text, b text, c int, at timestamptz, PRIMARY KEY (a, b));
INSERT INTO pair VALUES ('x,y', 'z', 5, '2026-01-01Z'), ('x', 'y,z', 5, '2026-01-01Z');
SELECT crm_timeline.add_source('pair', 'pair', occurred_at => 'at', keys => ARRAY['pair: c'], kind => $$'e'$$) \g /dev/null
CALL crm_timeline.refresh();
SELECT string_agg(ref, '|' ORDER BY ref) FROM crm_timeline.interactions WHERE source = 'pair';
SQL
is(ask('capture', <<'SQL'), "f\nREINDEX INDEX CONCURRENTLY\n\nt", 'an index that is partial or was spoilt does not count, and is built');
CREATE INDEX ON pair (crm_timeline.identity('pair', crm_timeline.bigint_text(c::bigint)), at) WHERE a > 'a';
SELECT present FROM crm_timeline.suggested_indexes('pair') LIMIT 1;
CALL crm_timeline.create_suggested_indexes('pair');
UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT oid FROM pg_class WHERE relname LIKE 'crm\_timeline\_%' AND oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'pair'::regclass));
SELECT substr(statement, 1, 26) FROM crm_timeline.suggested_indexes('pair') LIMIT 1;
CALL crm_timeline.create_suggested_indexes('pair');
SELECT '';
SELECT present FROM crm_timeline.suggested_indexes('pair') LIMIT 1;
SQL
like(ask('capture', "CREATE TEMP TABLE fleeting (id int PRIMARY KEY, at timestamptz); SELECT crm_timeline.add_source('fleeting', 'fleeting', occurred_at => 'at', keys => ARRAY['x: id'])"),
	qr/source "fleeting": \S*fleeting is a temporary table/, 'a temporary table is refused');
like(ask('capture', "SELECT crm_timeline.link('a:1', 'a:2', noted_at => 'infinity')"), qr/noted_at is infinity/, 'as is a fact that no other one could follow');

# arguments that are none say so, in alter_source as in add_source
for my $bad ([ "'grade', '500'", qr/argument "grade" is 500, and must be from 1 to 100/ ], [ "'grade', 'abc'", qr/argument "grade" is abc/ ], [ "'keys', 'pair: c'", qr/argument "keys" is not the text of an array/ ],
	[ "'occurred_at', NULL", qr/argument "occurred_at" is missing/ ], [ "'capture', 'never'", qr/must be auto, statement, row, always or none/ ], [ "'keys', '{}'", qr/argument "keys" is missing/ ],
	[ "'keys', '{\"pair: public.pair.c\"}'", qr/reference to FROM-clause entry/ ])
{
	like(ask('capture', "SELECT crm_timeline.alter_source('pair', $bad->[0])"), $bad->[1], "alter_source refuses $bad->[0]");
}

like(ask('capture', "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT crm_timeline.alter_source('pair', 'grade', '60')"), qr/can not be rebuilt in a transaction that is REPEATABLE READ/,
	'a transaction that does not see what others register does not register');
is(ask('capture', "DROP VIEW crm_timeline.interactions CASCADE; SELECT source, hint FROM crm_timeline.verify_sources() WHERE problem LIKE 'it is missing in the view%' AND source IN ('pair', 'child') ORDER BY 1; SELECT crm_timeline.rebuild_views()"),
	"child|SELECT crm_timeline.rebuild_views()\npair|SELECT crm_timeline.rebuild_views()\n", 'a source that is in no view is told');
is(ask('capture', "SELECT count(*) FROM crm_timeline.verify_sources() WHERE problem LIKE 'it is missing in the view%'"), '0', 'and is in it again');

# ---- several writers --------------------------------------------------------------------------------------

# None waits for another, whatever identity they write, and no refresh loses what was not committed while it ran.
new_database($node, 'busy');
ask('busy', $tables . $register . 'CALL crm_timeline.refresh();');
is(ask('busy', <<'SQL'), '', 'two transactions write the same new identities, in different order, and neither waits');
SET lock_timeout = '2s';
BEGIN; INSERT INTO shop.purchase (id, user_id, created_at) VALUES (10001, 9001, '2026-06-01'); INSERT INTO shop.purchase (id, user_id, created_at) VALUES (10002, 9002, '2026-06-01');
PREPARE TRANSACTION 'one';
BEGIN; INSERT INTO shop.purchase (id, user_id, created_at) VALUES (10003, 9002, '2026-06-01'); INSERT INTO shop.purchase (id, user_id, created_at) VALUES (10004, 9001, '2026-06-01');
PREPARE TRANSACTION 'two';
CALL crm_timeline.refresh();
COMMIT PREPARED 'one';
SQL
is(ask('busy', "SELECT ref FROM crm_timeline.history('user:9001')"), '10001', 'what is committed is seen at once');
is(ask('busy', "CALL crm_timeline.refresh(); COMMIT PREPARED 'two'; SELECT string_agg(ref, ',') FROM crm_timeline.history('user:9001')"), '10004,10001',
	'and what was committed after a refresh, too');
is(ask('busy', "SELECT count(*) FROM crm_timeline.dirty_log"), '2', 'it waits for the next refresh');

$node->safe_psql('busy', <<'SQL');
CREATE TABLE shop.item (id bigint PRIMARY KEY, purchase_id bigint REFERENCES shop.purchase ON DELETE CASCADE, email text, at timestamptz);
INSERT INTO shop.item SELECT n, n, 'item' || n % 5 || '@example.com', '2026-01-01' FROM generate_series(1, 100) n;
SELECT crm_timeline.add_source('items', 'shop.item', occurred_at => 'at', kind => $$'item'$$, keys => ARRAY['email: email']);
CALL crm_timeline.refresh();
DELETE FROM shop.purchase WHERE id <= 10;
SQL
is(ask('busy', "SELECT count(*) FROM crm_timeline.dirty_log WHERE source = 'items'"), '5', 'what a foreign key takes along is noted');
$node->safe_psql('busy', "COPY (SELECT 20000 + n, n, NULL, NULL, timestamp '2026-01-01', NULL FROM generate_series(1, 3000) n) TO '$dir/copy.txt'");
is(ask('busy', "COPY shop.purchase FROM '$dir/copy.txt'; SELECT count(DISTINCT identity) FROM crm_timeline.dirty_log WHERE source = 'purchases' AND starts_at = '2026-01-01'"),
	'3000', 'COPY of more rows than one batch');
is(ask('busy', "UPDATE shop.purchase SET user_id = -id WHERE id > 20000; CALL crm_timeline.refresh(700); SELECT count(*) FROM crm_timeline.dirty_log"), '0',
	'a refresh in many batches leaves nothing');
is(ask('busy', 'SELECT count(*) FROM crm_timeline.interactions WHERE customer_id < 0'), '0', 'and nobody provisional');
is(ask('busy', "SELECT count(*) FROM crm_timeline.interactions WHERE source = 'purchases'"), ask('busy', 'SELECT count(*) FROM shop.purchase'), 'every row is there');

# ---- what others may have put into the way ----------------------------------------------------------------

new_database($node, 'hostile');
ask('hostile', $tables);
my $traps = <<'SQL';
CREATE SCHEMA crm_trap;
CREATE TABLE crm_trap.sprung (what text);
GRANT USAGE ON SCHEMA crm_trap TO PUBLIC; GRANT INSERT ON crm_trap.sprung TO PUBLIC;
CREATE FUNCTION crm_trap.spring(what text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN INSERT INTO crm_trap.sprung VALUES (what); RETURN true; END';
SQL
# Functions and operators that fit better than the server's own, in public and in pg_temp, first in the search_path.
my @names = ('min(timestamptz)', 'max(timestamptz)', 'isfinite(timestamptz)', 'unnest(crm_timeline.identity[])', 'format(text)', 'quote_ident(name)',
	'to_regclass(text)', 'now()', 'count(text)', 'identity(text,text)', 'customer_of(crm_timeline.identity)', 'current_customer(bigint)',
	'hashtext(text)', 'pg_advisory_xact_lock(int,int)', 'md5(text)', 'lower(text)', 'btrim(text,text)', 'nextval(regclass)', 'clock_timestamp()');
my $attack = '';
for my $schema ('public', 'pg_temp')
{
	for my $name (@names)
	{
		my ($bare) = $name =~ /^(\w+)/;
		next if $bare =~ /^(min|max|count|unnest)$/ && $schema eq 'pg_temp';
		$attack .= "CREATE FUNCTION $schema.$name RETURNS text LANGUAGE sql AS \$\$ SELECT crm_trap.spring('$schema.$bare')::text \$\$;\n";
	}
}
$attack .= <<'SQL';
CREATE FUNCTION public.trap_eq(crm_timeline.identity, crm_timeline.identity) RETURNS boolean LANGUAGE sql AS $$ SELECT crm_trap.spring('public.=') $$;
CREATE OPERATOR public.= (FUNCTION = public.trap_eq, LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity);
CREATE OPERATOR public.<> (FUNCTION = public.trap_eq, LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity);
CREATE FUNCTION public.trap_text(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT crm_trap.spring('public.text =') $$;
CREATE OPERATOR public.= (FUNCTION = public.trap_text, LEFTARG = text, RIGHTARG = text);
CREATE TABLE pg_temp.membership (identity text, number bigint, customer_id bigint, since timestamptz);
CREATE TABLE pg_temp.source (name text);
CREATE TABLE public.pg_class (oid oid);
SQL
my ($status, $stdout, $stderr) = $node->psql('hostile', "$traps $attack SET search_path = public, pg_temp, pg_catalog;\n" . $register . <<'SQL', on_error_stop => 1);
CALL crm_timeline.refresh();
CALL crm_timeline.create_suggested_indexes();
INSERT INTO shop.purchase (id, user_id, email, created_at) VALUES (9000, 7, 'user7@example.com', '2026-06-01');
UPDATE shop.purchase SET user_id = 8 WHERE id OPERATOR(pg_catalog.=) 9000;
SELECT pg_catalog.count(*) FROM crm_timeline.interactions;
SELECT pg_catalog.count(*) FROM crm_timeline.history('user:7');
SELECT * FROM crm_timeline.source_errors();
SELECT * FROM crm_timeline.suggested_indexes();
SELECT * FROM crm_timeline.verify_sources();
SELECT * FROM crm_timeline.lookup('user7@example.com');
SELECT * FROM crm_timeline.identities_of(1);
SELECT * FROM crm_timeline.why_linked('user:7', 'phone:+49301001007');
SELECT crm_timeline.unlink('user:7', 'phone:+49301001007');
SELECT crm_timeline.never('user:7', 'user:8');
CALL crm_timeline.refresh();
SELECT crm_timeline.suspend_source('calls');
SELECT crm_timeline.resume_source('calls');
SELECT crm_timeline.alter_source('calls', 'channel', NULL);
SELECT crm_timeline.drop_source('calls');
SQL
is($status, 0, 'traps in public and pg_temp: everything works') or diag($stderr);
is(ask('hostile', 'SELECT DISTINCT what FROM crm_trap.sprung'), '', 'and no trap was sprung');
# they would: what stays in public is called by whoever writes a name without its schema
is(ask('hostile', "SET search_path = public, pg_catalog; SELECT isfinite(pg_catalog.now()) IS NULL; SELECT 'a'::text = 'b'::text; SELECT DISTINCT what FROM crm_trap.sprung ORDER BY 1"),
	"f\nt\npublic.isfinite\npublic.text =", 'though they work');

# ---- the rules for functions, from the catalogue ----------------------------------------------------------

is(ask('dumped', <<'SQL'), '', 'every function in plpgsql, and every one that runs as its owner, sets its search_path');
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'crm_timeline'::regnamespace AND p.prokind <> 'p' AND (l.lanname = 'plpgsql' OR p.prosecdef)
	AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
SQL
is(ask('dumped', <<'SQL'), '', 'every function in SQL was parsed when it was made');
SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'crm_timeline'::regnamespace AND l.lanname = 'sql' AND p.prosqlbody IS NULL AND p.proname <> 'answer'
SQL
is(ask('dumped', <<'SQL'), '', 'what runs as its owner is not for everybody, but for trigger functions');
SELECT p.oid::regprocedure FROM pg_proc p
WHERE p.pronamespace = 'crm_timeline'::regnamespace AND p.prosecdef AND has_function_privilege('crm_stranger', p.oid, 'EXECUTE')
SQL
is(ask('dumped', <<'SQL'), '', 'no table is for everybody');
SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'crm_timeline'::regnamespace AND c.relkind IN ('r', 'v', 'S')
	AND has_table_privilege('crm_stranger', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
SQL
# procedures commit, and so can not have a SET clause: every name in them is qualified
my @procedures = split /\x{1}/, ask('dumped', "SELECT string_agg(prosrc, E'\\x01') FROM pg_proc WHERE pronamespace = 'crm_timeline'::regnamespace AND prokind = 'p'");
cmp_ok(scalar @procedures, '>', 0, 'there are procedures');
for my $procedure (@procedures)
{
	(my $code = $procedure) =~ s/'[^']*'//g;
	my @calls = grep { !/^(ARRAY|IN|VALUES)$/i } $code =~ /(?<![.\w])(\w+)\s*\(/g;
	my @relations = grep { !/\./ } $code =~ /\b(?:FROM|JOIN|INTO|UPDATE)\s+([\w.]+)/gi;
	is("@calls|@relations", '|', 'a procedure names everything with its schema');
}

$node->stop;
done_testing();
