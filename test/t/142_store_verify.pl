# verify() itself: every kind of damage to the store, its triggers, its marks and the registry is reported by name, and
# nothing is reported any more once it is mended, as the hint says where it says what to do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use List::Util qw(uniq);
use PostgreSQL::Test::Utils;
use Test::More;
use Server;
use Store;

my $node = server('verify');
$node->safe_psql('postgres', 'CREATE EXTENSION crm_timeline;' . comparison() . small_limits(2000, 500) . <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.mail (id int PRIMARY KEY, email text, at timestamptz, topic text, mood float8, outcome text, score int, inbound boolean, channel text);
INSERT INTO app.mail SELECT n, 'c' || n % 8 || '@example.com', timestamptz '2026-01-01 00:00:00+00' + n * interval '1 day', 't' || n, n / 100.0, 'o' || n, n, n % 3 > 0, 'web'
FROM generate_series(1, 80) n;
INSERT INTO app.mail SELECT 1000 + n, 'giant@example.com', timestamptz '2026-01-01 00:00:00+00' + n * interval '1 hour', md5(n::text), 0.5, 'o', 3, n % 3 > 0, 'web'
FROM generate_series(1, 300) n;
CREATE TABLE app.call (id int PRIMARY KEY, tel text, email text, at timestamptz, deleted boolean);
INSERT INTO app.call SELECT n, 1000 + n % 8, 'c' || n % 8 || '@example.com', '2025-01-01Z', n % 10 = 0 FROM generate_series(1, 30) n;
CREATE TABLE app.visit (id int, email text, at timestamptz) PARTITION BY RANGE (id);
CREATE TABLE app.visit_1 PARTITION OF app.visit FOR VALUES FROM (0) TO (100);
CREATE TABLE app.visit_2 (id int, email text, at timestamptz);
INSERT INTO app.visit SELECT n, 'c' || n || '@example.com', '2025-02-01Z' FROM generate_series(1, 7) n;
INSERT INTO app.visit_2 SELECT 100 + n, 'c' || n || '@example.com', '2025-02-01Z' FROM generate_series(1, 7) n;
CREATE TABLE app.chat (id int PRIMARY KEY, email text, at timestamptz);
CREATE TABLE app.person (id int PRIMARY KEY, email text);
CREATE TABLE app.note (id int PRIMARY KEY, person int, at timestamptz);
INSERT INTO app.person SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 7) n;
INSERT INTO app.note SELECT n, n, '2025-03-01Z' FROM generate_series(1, 7) n;
CREATE VIEW app.note_of_person AS SELECT n.*, p.email FROM app.note n JOIN app.person p ON p.id = n.person;
-- nobody tells what is written here
CREATE TABLE app.live (id int PRIMARY KEY, email text, at timestamptz);
INSERT INTO app.live VALUES (1, 'c1@example.com', '2025-04-01Z');
SELECT crm_timeline.add_source('mail', 'app.mail', occurred_at => 'at', kind => $$'mail'$$, keys => ARRAY['email: email'], topic => 'topic', sentiment => 'mood',
	outcome => 'outcome', score => 'score', direction => $$CASE WHEN inbound THEN 'inbound' ELSE 'outbound' END$$, channel => 'channel');
SELECT crm_timeline.add_source('call', 'app.call', occurred_at => 'at', kind => $$'call'$$, keys => ARRAY['tel: tel', 'email: email'], filter => 'NOT deleted');
SELECT crm_timeline.add_source('visit', 'app.visit', occurred_at => 'at', kind => $$'visit'$$, keys => ARRAY['email: email'], ref => 'id');
SELECT crm_timeline.add_source('chat', 'app.chat', occurred_at => 'at', kind => $$'chat'$$, keys => ARRAY['email: email'], capture => 'always');
SELECT crm_timeline.add_source('note', 'app.note_of_person', occurred_at => 'at', kind => $$'note'$$, keys => ARRAY['email: email'], ref => 'id',
	depends_on => ARRAY['app.note: email: (SELECT p.email FROM app.person p WHERE p.id = note.person)', 'app.person: email: email']);
SELECT crm_timeline.add_source('live', 'app.live', occurred_at => 'at', kind => $$'live'$$, keys => ARRAY['email: email'], capture => 'none');
-- stored bytes with one changed, and cut off
CREATE FUNCTION app.with_byte(crm_timeline.timeline, int, int) RETURNS crm_timeline.timeline AS 'byteaSetByte' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION app.cut(crm_timeline.timeline, int, int) RETURNS crm_timeline.timeline AS 'bytea_substr' LANGUAGE internal STRICT IMMUTABLE;
CREATE FUNCTION app.customer(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT crm_timeline.customer_of(('email:' || name || '@example.com')::crm_timeline.identity) $$;
CREATE FUNCTION app.trigger_of(source text, on_table regclass, event int) RETURNS text LANGUAGE sql STABLE AS
	$$ SELECT g.name FROM crm_timeline.source_triggers(source) g WHERE g.relation = on_table AND (g.type & event) <> 0 AND NOT g.cloned $$;
SQL
$node->safe_psql('postgres', 'CALL crm_timeline.refresh()');
my $kinds = 0;

sub ask
{
	my ($sql) = @_;
	my ($status, $stdout, $stderr) = $node->psql('postgres', $sql, on_error_stop => 1, on_error_die => 0);
	return $status == 0 ? $stdout : "$stdout$stderr";
}

is(ask('SELECT * FROM crm_timeline.verify()'), '', 'nothing is wrong to begin with');
is(ask("SELECT s.timeline IS NULL, (SELECT count(*) > 3 FROM crm_timeline.stored_segment) FROM crm_timeline.stored_timeline s WHERE s.customer_id = app.customer('giant')"), 't|t', 'and one customer is in segments');

my $rebuild = 'CALL crm_timeline.rebuild()';
my $stored = "UPDATE crm_timeline.stored_timeline SET %s WHERE customer_id = app.customer('c3')";
my $replica = 'SET session_replication_role = replica';
my $refresh = 'CALL crm_timeline.refresh()';

# What rots does so without a look of an index at it.
sub rot
{
	my ($set) = @_;
	my $index = "UPDATE pg_index SET indisready = %s, indisvalid = %s WHERE indexrelid = 'crm_timeline.stored_timeline_kinds'::regclass";
	return join '; ', sprintf($index, 'false', 'false'), sprintf($stored, $set), sprintf($index, 'true', 'true');
}

# What is done; who and what verify() says, of a customer's name the number; what mends it. Where that is the hint it is
# taken from there, and has to be a statement.
sub damage
{
	my ($name, $damage, $object, $problem, $mend) = @_;
	$kinds++;
	my $customer = $object =~ /^customer ([a-z]\w*)$/ ? "app.customer('$1')" : 'NULL';
	# a customer may be another one afterwards
	my ($done, undef, $number, $told) = answers($node, 'postgres', '', $damage, 'RESET session_replication_role', "SELECT $customer", 'SELECT object, problem, hint FROM crm_timeline.verify()');
	unlike($done, qr/ERROR/, "$name: done");
	$object = "customer $number" if $customer ne 'NULL';
	my @match = grep { my ($o, $p) = split /\|/; $o eq $object && $p =~ $problem } grep { $_ ne '' } split /\n/, $told;
	cmp_ok(scalar @match, '>=', 1, "$name: reported") or diag("expected $object $problem, told:\n$told");
	my @mend = $mend;
	if ($mend eq 'hint')
	{
		@mend = ();
		for my $hint (uniq(map { (split /\|/)[2] } @match))
		{
			# where it is not said what is to be repaired before
			$hint =~ s/, after what caused it is repaired| when it is repaired//;
			push @mend, split /; |, then /, $hint;
		}
	}
	# a hint may be to register again, after which all is read from the sources until a refresh
	my @mended = answers($node, 'postgres', '', @mend, $refresh, 'SELECT * FROM crm_timeline.verify()', 'SELECT "check".difference()');
	my ($faults, $difference) = splice @mended, -2;
	is_deeply([ grep { /ERROR/ } @mended ], [], "$name: mended by " . join('; ', @mend));
	is($faults, '', "$name: gone");
	is($difference, '', "$name: views are right");
	return;
}

# ---- rows of the store -------------------------------------------------------------------------------

damage('stored row deleted', "DELETE FROM crm_timeline.stored_timeline WHERE customer_id = app.customer('c3')", 'customer c3', qr/^missing: the sources have 16 interactions$/, 'hint');
damage('stored row too many', "INSERT INTO crm_timeline.stored_timeline SELECT 1000000, s.timeline, s.interactions, s.first_at, s.last_at, s.last_inbound_at, s.last_outbound_at,
	s.last_kind, s.last_channel, s.last_outcome, s.last_sentiment, s.last_score FROM crm_timeline.stored_timeline s WHERE s.customer_id = app.customer('c3')",
	'customer 1000000', qr/^extra: the sources have no interaction, 16 are stored$/, 'hint');
damage('a timeline another', 'UPDATE crm_timeline.stored_timeline s SET (timeline, interactions, first_at, last_at, last_inbound_at, last_outbound_at, last_kind, last_channel, last_outcome, last_sentiment, last_score)
	= (SELECT y.t, q.* FROM (SELECT crm_timeline.slice(s.timeline, \'(,2026-03-01Z)\') AS t) y CROSS JOIN LATERAL crm_timeline.timeline_summary(y.t) q) WHERE s.customer_id = app.customer(\'c3\')',
	'customer c3', qr/^different: 0 interactions are stored that the sources do not have, and \d are not that they have$/, 'hint');
damage('a timeline of somebody else', sprintf($stored, "timeline = (SELECT o.timeline FROM crm_timeline.stored_timeline o WHERE o.customer_id = app.customer('c4'))"),
	'customer c3', qr/^the summary is wrong: /, 'hint');
damage('bytes of the version', rot('timeline = app.with_byte(timeline, 0, 255)'), 'customer c3', qr/^corrupt: /, 'hint');
damage('bytes cut off', rot('timeline = app.cut(timeline, 1, pg_column_size(timeline) / 2)'), 'customer c3', qr/^corrupt: /, 'hint');
for my $column ([ interactions => 'interactions + 1' ], [ first_at => "first_at - interval '1 s'" ], [ last_at => "last_at + interval '1 s'" ], [ last_inbound_at => 'NULL' ],
	[ last_outbound_at => "'2030-01-01Z'" ], [ last_kind => "'x'" ], [ last_channel => 'NULL' ], [ last_outcome => "'x'" ], [ last_sentiment => 'last_sentiment + 1' ], [ last_score => 'NULL' ])
{
	damage("summary $column->[0]", sprintf($stored, "$column->[0] = $column->[1]"), 'customer c3', qr/^the summary is wrong: $column->[0]$/, 'hint');
}
damage('summary of one in segments', "UPDATE crm_timeline.stored_timeline SET last_at = last_at - interval '1 s' WHERE customer_id = app.customer('giant')", 'customer giant',
	qr/^the summary is wrong: last_at$/, 'hint');

my $segment = "FROM crm_timeline.stored_segment WHERE customer_id = app.customer('giant') ORDER BY starts_at OFFSET 1 LIMIT 1";
damage('a segment deleted', "DELETE FROM crm_timeline.stored_segment WHERE starts_at = (SELECT starts_at $segment)", 'customer giant', qr/^the summary is wrong: interactions/, 'hint');
damage('every segment deleted', 'DELETE FROM crm_timeline.stored_segment', 'customer giant', qr/^the segments are missing$/, 'hint');
damage('a segment too many', "INSERT INTO crm_timeline.stored_segment SELECT app.customer('c3'), starts_at, timeline, interactions, last_at, last_inbound_at, last_outbound_at $segment",
	'customer c3', qr/^segments beside a timeline in one row$/, 'hint');
damage('segments without a row', "DELETE FROM crm_timeline.stored_timeline WHERE customer_id = app.customer('giant')", 'customer giant', qr/^segments without a row in stored_timeline$/, 'hint');
damage('a segment another', "UPDATE crm_timeline.stored_segment SET timeline = crm_timeline.slice(timeline, tstzrange(starts_at, last_at)) WHERE starts_at = (SELECT starts_at $segment)",
	'customer giant', qr/^a segment is not what its row says$/, 'hint');
damage('a column of a segment', "UPDATE crm_timeline.stored_segment SET last_inbound_at = NULL WHERE starts_at = (SELECT starts_at $segment)", 'customer giant', qr/^a segment is not what its row says$/, 'hint');
damage('bytes of a segment', "UPDATE crm_timeline.stored_segment SET timeline = app.cut(timeline, 1, 40) WHERE starts_at = (SELECT starts_at $segment)", 'customer giant', qr/^corrupt: /, 'hint');
damage('segments that overlap', "UPDATE crm_timeline.stored_segment g SET (timeline, interactions, last_at, last_inbound_at, last_outbound_at) = (SELECT t.timeline, y.interactions, y.last_at, y.last_inbound_at, y.last_outbound_at
	FROM (SELECT crm_timeline.timeline_union(g.timeline, n.timeline) AS timeline FROM crm_timeline.stored_segment n WHERE n.customer_id = g.customer_id AND n.starts_at > g.starts_at ORDER BY n.starts_at LIMIT 1) t
	CROSS JOIN LATERAL crm_timeline.timeline_summary(t.timeline) y) WHERE starts_at = (SELECT starts_at $segment)", 'customer giant', qr/^segments overlap$/, 'hint');

# ---- marks --------------------------------------------------------------------------------------------

damage('marks lost after a write', "INSERT INTO app.mail (id, email, at) VALUES (2001, 'c3\@example.com', '2026-06-01Z'); DELETE FROM crm_timeline.dirty_log", 'customer c3', qr/^different: 0 .* 1 are not that they have$/, 'hint');
damage('marks lost after a deletion', 'DELETE FROM app.mail WHERE id = 2001; DELETE FROM crm_timeline.dirty_log', 'customer c3', qr/^different: 1 .* 0 are not that they have$/, 'hint');
damage('a mark of customers lost', "SELECT crm_timeline.link('email:c3\@example.com', 'email:c4\@example.com'); SELECT crm_timeline.resolve(NULL); DELETE FROM crm_timeline.changed_customer", 'customer c3', qr/^different: /, 'hint');
damage('a mark of apart customers lost', "SELECT crm_timeline.unlink('email:c3\@example.com', 'email:c4\@example.com'); SELECT crm_timeline.resolve(NULL); DELETE FROM crm_timeline.changed_customer", 'customer c4', qr/^missing: /, 'hint');
damage('written without triggers', "$replica; INSERT INTO app.mail (id, email, at) VALUES (2002, 'c5\@example.com', '2026-06-01Z')", 'customer c5', qr/^different: 0 .* 1 are not that they have$/, 'hint');
damage('deleted without triggers', "$replica; DELETE FROM app.mail WHERE id = 2002", 'customer c5', qr/^different: 1 .* 0 are not that they have$/, 'hint');
damage('written without triggers, by somebody new', "$replica; INSERT INTO app.mail (id, email, at) VALUES (2003, 'c100\@example.com', '2026-06-01Z')", 'customer ' . ask("SELECT crm_timeline.provisional_customer('email:c100\@example.com')"),
	qr/^missing: the sources have 1 interactions$/, 'hint');
damage('capture that failed', "INSERT INTO crm_timeline.dirty_log (source, problem) VALUES ('mail', 'an error')", 'source mail', qr/^capture or refresh failed: an error$/, 'hint');

# ---- triggers -------------------------------------------------------------------------------------------

my $insert = ask("SELECT app.trigger_of('mail', 'app.mail', 4)");
my $always = ask("SELECT app.trigger_of('chat', 'app.chat', 4)");
damage('a trigger disabled', "ALTER TABLE app.mail DISABLE TRIGGER $insert", 'source mail', qr/^trigger $insert on app.mail is disabled$/, 'hint');
damage('a trigger for replicas only', "ALTER TABLE app.mail ENABLE REPLICA TRIGGER $insert", 'source mail', qr/^trigger $insert on app.mail is disabled$/, 'hint');
damage('a trigger not for replicas', "ALTER TABLE app.chat ENABLE TRIGGER $always", 'source chat', qr/^trigger $always on app.chat is disabled$/, 'hint');
damage('a trigger dropped', "DROP TRIGGER $insert ON app.mail", 'source mail', qr/^the trigger for insert is missing on app.mail$/, 'hint');
damage('a trigger for TRUNCATE dropped', "DROP TRIGGER ${\ask(q{SELECT app.trigger_of('visit', 'app.visit_1', 32)})} ON app.visit_1", 'source visit', qr/^the trigger for truncate is missing on app.visit_1$/, 'hint');
damage('a trigger of a partition disabled', "ALTER TABLE app.visit_1 DISABLE TRIGGER ${\ask(q{SELECT app.trigger_of('visit', 'app.visit', 4)})}", 'source visit', qr/^trigger \w+ on app.visit_1 is disabled$/, 'hint');
damage('a trigger of what a view reads dropped', "DROP TRIGGER ${\ask(q{SELECT app.trigger_of('note', 'app.person', 16)})} ON app.person", 'source note', qr/^the trigger for update is missing on app.person$/, 'hint');
damage('a trigger with another filter', "DROP TRIGGER $insert ON app.mail; CREATE TRIGGER $insert AFTER INSERT ON app.mail REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT
	EXECUTE FUNCTION crm_timeline.capture('mail', 'mail', '(SELECT crm_timeline.identity(''email'', (email)::text))', '(at)', 'id < 0')", 'source mail', qr/^trigger $insert on app.mail was made from other expressions$/, 'hint');
for my $name ('store_update', 'store_delete', 'store_truncate')
{
	damage("$name disabled", "ALTER TABLE crm_timeline.membership DISABLE TRIGGER $name", "trigger $name on crm_timeline.membership", qr/^it is disabled$/, "ALTER TABLE crm_timeline.membership ENABLE TRIGGER $name; ");
}
damage('a trigger on membership for replicas only', 'ALTER TABLE crm_timeline.membership ENABLE REPLICA TRIGGER store_update', 'trigger store_update on crm_timeline.membership', qr/^it is disabled$/,
	'ALTER TABLE crm_timeline.membership ENABLE TRIGGER store_update');
damage('a trigger on membership dropped', 'DROP TRIGGER store_delete ON crm_timeline.membership',
	'trigger store_delete on crm_timeline.membership', qr/^it is missing$/,
	'CREATE TRIGGER store_delete AFTER DELETE ON crm_timeline.membership REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION crm_timeline.membership_changed()');

# ---- identities --------------------------------------------------------------------------------------------

damage('an identity moved without triggers', "$replica; UPDATE crm_timeline.membership SET customer_id = (SELECT m.number FROM crm_timeline.membership m WHERE m.identity::text = 'email:c6\@example.com') WHERE identity::text = 'email:c5\@example.com'",
	'customer c6', qr/^different: 0 /, "UPDATE crm_timeline.membership SET customer_id = number WHERE identity::text = 'email:c5\@example.com'; $rebuild");
damage('an identity deleted without triggers', "CREATE TABLE app.kept AS SELECT * FROM crm_timeline.membership WHERE identity::text = 'email:giant\@example.com'; $replica; DELETE FROM crm_timeline.membership WHERE identity::text = 'email:giant\@example.com'",
	'customer ' . ask("SELECT app.customer('giant')"), qr/^extra: the sources have no interaction, 300 are stored$/, "INSERT INTO crm_timeline.membership SELECT * FROM app.kept; DROP TABLE app.kept; $rebuild");

# ---- tables -------------------------------------------------------------------------------------------------

damage('a column renamed', 'ALTER TABLE app.mail RENAME COLUMN topic TO subject', 'source mail', qr/argument "topic".*column "topic" does not exist/, "SELECT crm_timeline.alter_source('mail', 'topic', 'subject')");
damage('a column dropped', 'ALTER TABLE app.mail DROP COLUMN score CASCADE', 'source mail', qr/argument "score".*column "score" does not exist/, "SELECT crm_timeline.alter_source('mail', 'score', NULL)");
damage('a table renamed', 'ALTER TABLE app.mail RENAME TO letter', 'source mail', qr/^relation app.mail is called app.letter now$/, 'hint');
ask("ALTER TABLE app.letter RENAME TO mail; SELECT crm_timeline.resume_source('mail'); $refresh");
damage('a table made anew', "CREATE TABLE app.renewed AS TABLE app.call; DROP TABLE app.call CASCADE; ALTER TABLE app.renewed ADD PRIMARY KEY (id); ALTER TABLE app.renewed RENAME TO call",
	'source call', qr/^relation app.call does not exist$/, "SELECT crm_timeline.resume_source('call')");
damage('row security turned on', 'ALTER TABLE app.call ENABLE ROW LEVEL SECURITY', 'source call', qr/^row security was turned on$/, 'hint');
is(ask("SELECT count(*) FROM crm_timeline.stored_source WHERE name = 'call'"), '0', 'and then it is not stored');
damage('row security turned off', 'ALTER TABLE app.call DISABLE ROW LEVEL SECURITY', 'source call', qr/^row security was turned off$/, 'hint');
is(ask("SELECT count(*) FROM crm_timeline.stored_source WHERE name = 'call'"), '1', 'and then it is stored');
damage('row security below a view', 'ALTER TABLE app.person ENABLE ROW LEVEL SECURITY', 'source note', qr/^it is stored, and is not to be$/, "ALTER TABLE app.person DISABLE ROW LEVEL SECURITY");
damage('a partition attached', 'ALTER TABLE app.visit ATTACH PARTITION app.visit_2 FOR VALUES FROM (100) TO (200)', 'source visit', qr/^partitions or children came or went since the last refresh$/, "SELECT crm_timeline.resume_source('visit')");
damage('a partition detached', 'ALTER TABLE app.visit DETACH PARTITION app.visit_1', 'source visit', qr/^partitions or children came or went since the last refresh$/, 'hint');
damage('a child with rows', "CREATE TABLE app.chat_old (LIKE app.chat); INSERT INTO app.chat_old VALUES (50, 'c2\@example.com', '2024-01-01Z'); ALTER TABLE app.chat_old INHERIT app.chat", 'source chat',
	qr/^partitions or children came or went since the last refresh$/, "SELECT crm_timeline.resume_source('chat')");

# ---- the registry and what is generated ------------------------------------------------------------------------

my $other = qr/^the views and the store were made from other sources$/;
damage('a source changed in the table', "UPDATE crm_timeline.source SET channel = '''fax''' WHERE name = 'call'", 'registry', $other, 'hint');
damage('a filter changed in the table', "UPDATE crm_timeline.source SET filter = 'id < 20' WHERE name = 'call'; SELECT crm_timeline.rebuild_views()", 'source call', qr/was made from other expressions$/,
	'hint');
ask("SELECT crm_timeline.alter_source('call', 'filter', 'NOT deleted'); $refresh");
damage('suspended in the table', "UPDATE crm_timeline.source SET suspended = true WHERE name = 'call'", 'source call', qr/^it is stored, and is not to be$/, 'hint');
damage('capture changed in the table', "UPDATE crm_timeline.source SET capture = 'none' WHERE name = 'call'", 'source call', qr/^it is stored, and is not to be$/, "SELECT crm_timeline.alter_source('call', 'capture', 'auto')");
damage('stored changed in the table', "UPDATE crm_timeline.source SET stored = false WHERE name = 'call'", 'source call', qr/^it is stored, and is not to be$/, "SELECT crm_timeline.alter_source('call', 'stored', NULL)");
damage('a source deleted from the table', "CREATE TABLE app.kept AS SELECT * FROM crm_timeline.source WHERE name = 'call'; DELETE FROM crm_timeline.source WHERE name = 'call'", 'registry', $other,
	"INSERT INTO crm_timeline.source SELECT * FROM app.kept; DROP TABLE app.kept");
damage('a stored source forgotten', "DELETE FROM crm_timeline.stored_source WHERE name = 'call'", 'source call', qr/^it could be stored, and is not$/, 'hint');
damage('a live source as a stored one', "INSERT INTO crm_timeline.stored_source VALUES ('live')", 'source live', qr/^it is stored, and is not to be$/, 'hint');
damage('nobody as a stored source', "INSERT INTO crm_timeline.stored_source VALUES ('nobody')", 'source nobody', qr/^it is stored, and is not to be$/, 'hint');
damage('the definition forgotten', 'DELETE FROM crm_timeline.store_definition', 'registry', $other, 'hint');
damage('the members forgotten', "DELETE FROM crm_timeline.source_member WHERE source = 'visit'", 'source visit', qr/^its partitions and children are not known$/, 'hint');
for my $view ('interactions', 'stored_interactions', 'live_interactions', 'timelines', 'customer_summary')
{
	damage("view $view dropped", "DROP VIEW crm_timeline.$view CASCADE", "view crm_timeline.$view", qr/^it is missing$/, 'hint');
}

# ---- rows that can not be read ------------------------------------------------------------------------------

my $without = "SELECT crm_timeline.alter_source('call', 'topic', NULL)";
damage('a store that could not be made', "SELECT crm_timeline.alter_source('call', 'topic', '(1 / (id - 3))::text'); $refresh", 'store', qr/^it is not in use: /, $without);
damage('and why', "SELECT crm_timeline.alter_source('call', 'topic', '(1 / (id - 3))::text'); $refresh", 'source call', qr/^argument "topic" fails for the row with ref "3": division by zero$/, $without);
damage('a row that is filtered away is none', "SELECT crm_timeline.alter_source('call', 'topic', '(1 / (id - 10) / (id - 7))::text'); $refresh", 'source call',
	qr/^argument "topic" fails for the row with ref "7": division by zero$/, $without);
damage('a filter', "SELECT crm_timeline.alter_source('call', 'filter', '1 / (id - 5) < 2'); $refresh", 'source call', qr/^argument "filter" fails for the row with ref "5": division by zero$/,
	"SELECT crm_timeline.alter_source('call', 'filter', 'NOT deleted')");
damage('a ref', "SELECT crm_timeline.alter_source('call', 'ref', '1 / (id - 5)'); $refresh", 'source call', qr/^argument "ref" fails for the row with ref "": division by zero$/,
	"SELECT crm_timeline.alter_source('call', 'ref', 'id')");
ask("SELECT crm_timeline.alter_source('call', 'value', '10.0 / (id - 500)'); $refresh");
damage('a row without a mark', "$replica; INSERT INTO app.call VALUES (500, '1003', 'c3\@example.com', '2025-01-01Z', false)", 'source call', qr/^argument "value" fails for the row with ref "500": division by zero$/,
	'DELETE FROM app.call WHERE id = 500');
ask("SELECT crm_timeline.alter_source('call', 'keys', ARRAY['tel: tel', 'email: left(email, 100 / (id - 600))']::text); $refresh");
damage('a key, when it is written', "INSERT INTO app.call VALUES (600, '1003', 'c3\@example.com', '2025-01-01Z', false)", 'source call', qr/^argument "keys" fails for the row with ref "600": division by zero$/,
	'DELETE FROM app.call WHERE id = 600');
ask("SELECT crm_timeline.alter_source('call', 'value', NULL, 'keys', ARRAY['tel: tel', 'email: email']::text); $refresh");
my @depends = ('app.person: email: email', 'app.note: email: (SELECT p.email FROM app.person p WHERE p.id = note.person%s)');
ask(sprintf "SELECT crm_timeline.alter_source('note', 'depends_on', ARRAY['%s', '%s']::text); $refresh", $depends[0], sprintf $depends[1], ' / (8 - note.id)');
damage('a key that is looked up', "INSERT INTO app.note VALUES (8, 3, '2025-03-02Z')", 'source note', qr/^argument "depends_on" fails for the row with ref "app.note \(0,\d+\)": division by zero$/,
	'DELETE FROM app.note WHERE id = 8');
ask(sprintf "SELECT crm_timeline.alter_source('note', 'depends_on', ARRAY['%s', '%s']::text); $refresh", $depends[0], sprintf $depends[1], '');
is(ask('SELECT * FROM crm_timeline.verify()'), '', 'nothing is wrong afterwards');
is(ask("SELECT f.* FROM crm_timeline.failing_row('call') f"), '||', 'and no row fails');

# ---- a sample ------------------------------------------------------------------------------------------------------

ask('DELETE FROM crm_timeline.stored_timeline');
is(ask('SELECT count(*) FROM crm_timeline.verify(0)'), '0', 'a sample of nobody');
cmp_ok(ask('SELECT count(*) FROM crm_timeline.verify(1)'), '>', 8, 'and of everybody');
is(ask('SELECT every(n BETWEEN 0 AND 9) AND max(n) > 0 FROM (SELECT (SELECT count(*) FROM crm_timeline.verify(0.5)) AS n FROM generate_series(1, 10)) s'), 't', 'and of some');
ask($rebuild);
is(ask('SELECT * FROM crm_timeline.verify()'), '', 'rebuild() mends it');
cmp_ok($kinds, '>=', 20, "$kinds kinds of damage");

$node->stop;
done_testing();
