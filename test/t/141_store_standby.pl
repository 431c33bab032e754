# The store elsewhere and later: on a streaming standby, on a logical subscriber, with prepared transactions, and after dump and
# restore, also such as leave triggers out.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;
use Store;

my @replication = ('wal_level = logical', 'max_wal_senders = 10', 'max_replication_slots = 10', 'max_prepared_transactions = 4', 'hot_standby = on', 'max_logical_replication_workers = 4');
my $node = server('primary', @replication);
my $dir = $node->basedir;

# The answer of one script, or its error.
sub ask
{
	my ($where, $database, $sql) = @_;
	my ($status, $stdout, $stderr) = $where->psql($database, $sql, on_error_stop => 1, on_error_die => 0);
	return $status == 0 ? $stdout : "$stdout$stderr";
}

my $tables = <<'SQL';
CREATE SCHEMA app;
CREATE TABLE app.mail (id int PRIMARY KEY, email text, at timestamptz, topic text);
CREATE TABLE app.call (id int PRIMARY KEY, tel text, email text, at timestamptz);
-- nobody tells what is written here
CREATE TABLE app.live (id int PRIMARY KEY, email text, at timestamptz);
SQL
my $rows = <<'SQL';
INSERT INTO app.mail SELECT n, CASE WHEN n % 3 = 0 THEN 'giant@example.com' ELSE 'c' || n % 20 || '@example.com' END, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 h', md5(n::text) FROM generate_series(1, 600) n;
INSERT INTO app.call SELECT n, 1000 + n % 20, CASE WHEN n % 4 = 0 THEN 'c' || n % 20 || '@example.com' END, timestamptz '2026-02-01 00:00:00+00' + n * interval '1 h' FROM generate_series(1, 100) n;
INSERT INTO app.live SELECT n, 'c' || n || '@example.com', timestamptz '2026-03-01 00:00:00+00' FROM generate_series(1, 5) n;
SQL
sub register
{
	my ($capture) = @_;
	return <<"SQL";
SELECT crm_timeline.add_source('mail', 'app.mail', occurred_at => 'at', kind => \$\$'mail'\$\$, keys => ARRAY['email: email'], topic => 'topic', direction => \$\$'inbound'\$\$, capture => '$capture');
SELECT crm_timeline.add_source('call', 'app.call', occurred_at => 'at', kind => \$\$'call'\$\$, keys => ARRAY['tel: tel', 'email: email'], direction => \$\$'outbound'\$\$, capture => '$capture');
SELECT crm_timeline.add_source('live', 'app.live', occurred_at => 'at', kind => \$\$'live'\$\$, keys => ARRAY['email: email'], capture => 'none');
SQL
}

# Everything that can be asked, with an order. The times and rates of a refresh, and sizes on disk, are each server's own.
my $everything = <<'SQL';
SELECT md5(string_agg(t::text, E'\n' ORDER BY t.customer_id)), count(*) FROM crm_timeline.timelines t;
SELECT md5(string_agg(s::text, E'\n' ORDER BY s.customer_id)) FROM crm_timeline.customer_summary s;
SELECT md5(string_agg(crm_timeline.timeline_of(i.customer_id)::text, E'\n' ORDER BY i.customer_id)) FROM (SELECT DISTINCT i.customer_id FROM crm_timeline.interactions i) i;
SELECT md5(string_agg(crm_timeline.last_interaction_of(i.customer_id)::text, E'\n' ORDER BY i.customer_id)) FROM (SELECT DISTINCT i.customer_id FROM crm_timeline.interactions i) i;
SELECT s.mode, s.since, s.customers, s.segments, s.bytes > 0, s.marks, s.dirty_customers, s.stored_sources, s.live_sources, s.refresh_running, s.refresh_finished_at, s.total, s.done FROM crm_timeline.store_status() s;
SELECT crm_timeline.store_mode();
SELECT "check".difference();
SELECT v.* FROM crm_timeline.verify() v;
SQL
my $answers = <<'SQL';
SELECT md5(string_agg(t::text, E'\n' ORDER BY t.customer_id)), count(*) FROM crm_timeline.timelines t;
SELECT md5(string_agg(s::text, E'\n' ORDER BY s.customer_id)) FROM crm_timeline.customer_summary s;
SQL

# ---- a streaming standby -------------------------------------------------------------------------------

ask($node, 'postgres', 'CREATE EXTENSION crm_timeline;' . comparison() . small_limits(4000, 1000) . $tables . $rows . register('auto'));
$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;

sub both
{
	my ($what, $mode) = @_;
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	my $here = ask($node, 'postgres', $everything);
	my $there = ask($standby, 'postgres', $everything);
	is($there, $here, "standby, $what: the answers of the primary");
	unlike($there, qr/ERROR/, "standby, $what: nothing is written");
	is(ask($standby, 'postgres', 'SELECT crm_timeline.store_mode(), "check".difference()'), "$mode|", "standby, $what: in mode $mode, and right");
	is(ask($node, 'postgres', "SET default_transaction_read_only = on; $everything"), $here, "standby, $what: the same where a transaction only reads");
}
both('before the first refresh', 2);
ask($node, 'postgres', 'CALL crm_timeline.create_suggested_indexes(); CALL crm_timeline.refresh()');
ask($node, 'postgres', 'VACUUM ANALYZE');
both('all clean', 0);
is(ask($standby, 'postgres', 'SELECT count(*) > 3 FROM crm_timeline.stored_segment'), 't', 'one customer is in segments');
ask($node, 'postgres', "INSERT INTO app.mail VALUES (1001, 'c3\@example.com', '2026-05-01Z'), (1002, 'new\@example.com', '2026-05-01Z'), (1003, 'giant\@example.com', '2026-01-03 00:30Z');
	DELETE FROM app.call WHERE id = 8; INSERT INTO app.live VALUES (100, 'c7\@example.com', '2026-05-02Z'); SELECT crm_timeline.link('email:c1\@example.com', 'email:c2\@example.com'); SELECT crm_timeline.resolve(NULL)");
both('some are dirty', 1);
like(ask($standby, 'postgres', 'CALL crm_timeline.refresh()'), qr/ERROR: .*(during recovery|read-only transaction)/, 'a standby refreshes nothing');
ask($node, 'postgres', 'TRUNCATE app.call');
both('all is read from the sources', 2);
ask($node, 'postgres', "CALL crm_timeline.refresh(); INSERT INTO app.call VALUES (5, '1005', 'c5\@example.com', '2026-06-01Z')");
both('dirty again', 1);

# ---- prepared transactions ---------------------------------------------------------------------------------

ask($node, 'postgres', 'CALL crm_timeline.refresh()');
my $clean = ask($node, 'postgres', $answers);
is(ask($node, 'postgres', "BEGIN; INSERT INTO app.mail VALUES (2001, 'c4\@example.com', '2026-06-01Z'), (2002, 'p\@example.com', '2026-06-01Z'); UPDATE app.mail SET email = 'c5\@example.com' WHERE id = 4; PREPARE TRANSACTION 'p'"), '', 'a transaction is prepared');
is(ask($node, 'postgres', 'SELECT crm_timeline.store_mode()'), '0', 'nobody is dirty');
is(ask($node, 'postgres', "INSERT INTO app.mail VALUES (2003, 'c4\@example.com', '2026-06-02Z'); SET statement_timeout = '20s'; CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode(); DELETE FROM app.mail WHERE id = 2003; CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode()"),
	"0\n0", 'refreshes beside it do not wait, also for the same customer');
is(ask($node, 'postgres', $answers), $clean, 'what is prepared is not seen');
both('beside a prepared transaction', 0);
$node->stop('immediate');
$node->start;
is(ask($node, 'postgres', "COMMIT PREPARED 'p'; SELECT crm_timeline.store_mode(), (SELECT count(*) FROM crm_timeline.dirty_customer), \"check\".difference()"), '1|3|', 'after a crash it is committed: three are dirty, and right');
isnt(ask($node, 'postgres', $answers), $clean, 'it is seen');
both('a prepared transaction committed', 1);
is(ask($node, 'postgres', 'CALL crm_timeline.refresh(); SELECT "check".faults()'), '', 'and is in the store');
is(ask($node, 'postgres', "BEGIN; DELETE FROM app.mail; PREPARE TRANSACTION 'q'; ROLLBACK PREPARED 'q'; SELECT crm_timeline.store_mode()"), '0', 'one that is rolled back leaves nobody dirty');

# promoted, it goes on as a store
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->promote;
is(ask($standby, 'postgres', "INSERT INTO app.mail VALUES (3001, 'c6\@example.com', '2026-07-01Z'); SELECT crm_timeline.store_mode(), \"check\".difference()"), '1|', 'promoted, it captures');
is(ask($standby, 'postgres', 'CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode(); SELECT * FROM crm_timeline.verify()'), '0', 'and refreshes');

# ---- a logical subscriber --------------------------------------------------------------------------------

my $subscriber = $standby;
$node->safe_psql('postgres', 'CREATE DATABASE published');
ask($node, 'published', "$tables $rows CREATE TABLE app.plain (id int PRIMARY KEY, email text, at timestamptz); CREATE PUBLICATION app FOR ALL TABLES");
$subscriber->safe_psql('postgres', 'CREATE DATABASE subscribed');
ask($subscriber, 'subscribed', 'CREATE EXTENSION crm_timeline;' . comparison() . $tables . 'CREATE TABLE app.plain (id int PRIMARY KEY, email text, at timestamptz);' . register('always')
	. "SELECT crm_timeline.add_source('plain', 'app.plain', occurred_at => 'at', kind => \$\$'plain'\$\$, keys => ARRAY['email: email'])");
ask($subscriber, 'subscribed', 'CALL crm_timeline.refresh()');
$subscriber->safe_psql('subscribed', 'CREATE SUBSCRIPTION app CONNECTION ' . literal($node->connstr('published')) . ' PUBLICATION app');
$subscriber->poll_query_until('subscribed', "SELECT count(*) = 4 FROM pg_subscription_rel WHERE srsubstate IN ('r', 's')") or die 'the tables are not copied';

sub applied
{
	my ($what, $sql, $marks) = @_;
	my $before = ask($subscriber, 'subscribed', 'SELECT count(*) FROM crm_timeline.dirty_log');
	my $done = ask($node, 'published', $sql);
	is($done, '', "subscriber, $what: written") if $sql ne '';
	$node->wait_for_catchup('app');
	cmp_ok(ask($subscriber, 'subscribed', 'SELECT count(*) FROM crm_timeline.dirty_log'), '>', $before, "subscriber, $what: captured") if $marks;
	is(ask($subscriber, 'subscribed', 'SELECT "check".difference()'), '', "subscriber, $what: views are right");
}
cmp_ok(ask($subscriber, 'subscribed', 'SELECT count(*) FROM crm_timeline.dirty_log'), '>=', 20, 'subscriber: the first copy was captured');
is(ask($subscriber, 'subscribed', 'CALL crm_timeline.refresh(); SELECT sum(interactions) FROM crm_timeline.stored_timeline; SELECT * FROM crm_timeline.verify()'), '700', 'and is stored');
applied('inserted', "INSERT INTO app.mail VALUES (5001, 'c3\@example.com', '2026-05-01Z'), (5002, 'apply\@example.com', '2026-05-01Z')", 1);
applied('moved', "UPDATE app.mail SET email = 'c9\@example.com' WHERE id < 30", 1);
applied('deleted', 'DELETE FROM app.call WHERE id < 10', 1);
is(ask($subscriber, 'subscribed', 'CALL crm_timeline.refresh(); SELECT * FROM crm_timeline.verify()'), '', 'subscriber: verify() finds nothing after a refresh');
applied('truncated', 'TRUNCATE app.call', 1);
is(ask($subscriber, 'subscribed', 'SELECT crm_timeline.store_mode()'), '2', 'subscriber: all is read from the sources');
is(ask($subscriber, 'subscribed', 'CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode(); SELECT * FROM crm_timeline.verify()'), '0', 'subscriber: until the next refresh');
# what is captured as usual is not where a subscription writes
is(ask($node, 'published', "INSERT INTO app.plain VALUES (1, 'c3\@example.com', '2026-05-01Z')"), '', 'subscriber, an ordinary source: written');
$node->wait_for_catchup('app');
like(ask($subscriber, 'subscribed', 'SELECT problem FROM crm_timeline.verify()'), qr/^different: 0 .* 1 are not that they have$/, 'is not captured, and verify() tells');
is(ask($subscriber, 'subscribed', 'CALL crm_timeline.rebuild(); SELECT * FROM crm_timeline.verify()'), '', 'and rebuild() mends it');
ask($subscriber, 'subscribed', 'DROP SUBSCRIPTION app');

# ---- dump and restore ---------------------------------------------------------------------------------------

ask($node, 'postgres', "INSERT INTO app.mail VALUES (4001, 'c8\@example.com', '2026-08-01Z'), (4002, 'late\@example.com', '2026-08-01Z')");
my @connection = ('-h', $node->host, '-p', $node->port);
my $before = ask($node, 'postgres', $answers);
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/dump", @connection, 'postgres' ], 'dumped, with dirty customers');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
command_ok([ 'pg_restore', '--exit-on-error', @connection, '-d', 'restored', "$dir/dump" ], 'and restored');
is(ask($node, 'restored', 'SELECT crm_timeline.store_mode(), (SELECT count(*) FROM crm_timeline.stored_timeline), "check".difference()'), '2|0|', 'restored: nothing is stored, and all is right');
is(ask($node, 'restored', $answers), $before, 'restored: the same answers before the first refresh');
is(ask($node, 'restored', 'SELECT * FROM crm_timeline.verify()'), '', 'restored: nothing is wrong');
is(ask($node, 'restored', "INSERT INTO app.mail VALUES (6001, 'c8\@example.com', '2026-08-01Z'); SELECT \"check\".difference(); DELETE FROM app.mail WHERE id = 6001"), '', 'restored: nor after a write');
is(ask($node, 'restored', 'CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode(), "check".difference(); SELECT * FROM crm_timeline.verify()'), '0|', 'restored: and all is stored after the first refresh');
is(ask($node, 'restored', "SELECT count(*) FROM (SELECT t.customer_id, t.timeline::text FROM crm_timeline.timelines t) t"), ask($node, 'postgres', 'CALL crm_timeline.refresh(); SELECT count(*) FROM crm_timeline.timelines'), 'restored: as many customers');

# the data alone, into a database where the tables and their triggers are, without the triggers
$node->safe_psql('postgres', 'CREATE DATABASE bare TEMPLATE template0');
command_ok([ 'pg_restore', '--exit-on-error', '--schema-only', @connection, '-d', 'bare', "$dir/dump" ], 'the schema alone');
is(ask($node, 'bare', register('auto') =~ s/\n//gr . '; CALL crm_timeline.refresh(); SELECT crm_timeline.store_mode()'), "\n\n\n0", 'with sources, and a first refresh of empty tables') ;
command_ok([ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', '-n', 'app', @connection, '-d', 'bare', "$dir/dump" ], 'then the data, without triggers');
is(ask($node, 'bare', 'SELECT count(*) FROM crm_timeline.dirty_log'), '0', 'nothing was captured');
cmp_ok(ask($node, 'bare', "SELECT count(*) FROM crm_timeline.verify() v WHERE v.object LIKE 'customer %' AND v.problem LIKE 'missing: %'"), '>', 20, 'and verify() misses every customer');
is(ask($node, 'bare', 'CALL crm_timeline.rebuild(); SELECT crm_timeline.store_mode(), "check".difference(); SELECT * FROM crm_timeline.verify()'), '0|', 'rebuild() mends it');
is(ask($node, 'bare', 'SELECT sum(interactions) FROM crm_timeline.stored_timeline'), ask($node, 'bare', 'SELECT (SELECT count(*) FROM app.mail) + (SELECT count(*) FROM app.call)'), 'with every row');

# as replication tools write
is(ask($node, 'restored', "SET session_replication_role = replica; UPDATE app.mail SET topic = 'replica' WHERE id = 400; DELETE FROM app.mail WHERE id = 401;
	INSERT INTO app.mail VALUES (7001, 'nobody\@example.com', '2026-08-01Z')"), '', 'written as a replica');
is(ask($node, 'restored', "SELECT split_part(v.problem, ':', 1), count(*) FROM crm_timeline.verify() v GROUP BY 1 ORDER BY 1"), "different|2\nmissing|1", 'verify() finds all three');
is(ask($node, 'restored', 'CALL crm_timeline.rebuild(); SELECT * FROM crm_timeline.verify()'), '', 'and rebuild() mends them');

is(join("\n", grep { /TRAP:|PANIC|terminated by signal/ } split /\n/, slurp_file($node->logfile) . slurp_file($standby->logfile)), '', 'nothing crashed');
$standby->stop;
$node->stop;
done_testing();
