# The views for people: every view of doc/views.md against its oracle (test/oracle/views.sql) on random rows around now, in
# every state of the store; what tools see of them; who may read them; contexts of one customer; dump and restore.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use File::Temp;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Server;
use Store;

my $node = server('views');
my $seed = $ENV{SEED} // 1;
my $customers = $ENV{CUSTOMERS} // 200;
note "SEED=$seed CUSTOMERS=$customers";
srand($seed);
new_database($node, 'people');

my @views = qw(customer_overview attention_queue channel_scorecard friction_hotspots feedback_loop agent_scorecard team_scorecard
	misrouting goal_outcomes contact_pressure experience_by_week availability_fit);

# The answer of one statement in a database, or its error.
sub ask { return outcome($node, @_) }
# ---- random rows ---------------------------------------------------------------------------------------------------

$node->safe_psql('people', <<'SQL');
CREATE SCHEMA desk;
CREATE TABLE desk.person (id int PRIMARY KEY, email text NOT NULL, tel text);
CREATE TABLE desk.event (id bigint PRIMARY KEY, ticket text, email text NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, channel text, direction text,
	agent text, outcome text, topic text, mood float8, score float8, value float8, automated boolean, words text, extra jsonb);
CREATE TABLE desk.call (id bigint PRIMARY KEY, tel text NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, direction text, agent text, outcome text,
	topic text, mood float8, extra jsonb);
CREATE TABLE desk.hit (id bigint PRIMARY KEY, person int NOT NULL, at timestamptz NOT NULL, kind text NOT NULL, direction text, value float8, score float8);
CREATE VIEW desk.hit_of_person AS SELECT h.*, p.email FROM desk.hit h JOIN desk.person p ON p.id = h.person;
SELECT crm_timeline.add_source('person', 'desk.person', occurred_at => 'NULL::timestamptz', keys => ARRAY['person: id', 'email: email', 'tel: tel'], ref => 'id');
SELECT crm_timeline.add_source('desk', 'desk.event', occurred_at => 'at', kind => 'kind', keys => ARRAY['email: email'], channel => 'channel', direction => 'direction',
	thread => 'ticket', agent => 'agent', outcome => 'outcome', topic => 'topic', sentiment => 'mood', score => 'score', value => 'value', automated => 'automated',
	summary => 'words', ref => 'id', attributes => 'extra');
SELECT crm_timeline.add_source('phone', 'desk.call', occurred_at => 'at', kind => 'kind', keys => ARRAY['tel: tel'], channel => $$'phone'$$, direction => 'direction',
	agent => 'agent', outcome => 'outcome', topic => 'topic', sentiment => 'mood', ref => 'id', attributes => 'extra');
SELECT crm_timeline.add_source('web', 'desk.hit_of_person', occurred_at => 'at', kind => 'kind', keys => ARRAY['email: email'], channel => $$'web'$$,
	direction => 'direction', score => 'score', value => 'value', ref => 'id');
CREATE SCHEMA oracle;
CREATE VIEW oracle.raw AS
SELECT 'email:' || email AS key, at AS occurred_at, kind, channel, direction, ticket AS thread, agent, outcome, topic, mood AS sentiment, score, value, automated,
	'desk' AS source, id::text AS ref, extra AS attributes FROM desk.event
UNION ALL
SELECT 'tel:' || tel, at, kind, 'phone', direction, NULL, agent, outcome, topic, mood, NULL, NULL, NULL, 'phone', id::text, extra FROM desk.call
UNION ALL
SELECT 'email:' || p.email, h.at, h.kind, 'web', h.direction, NULL, NULL, NULL, NULL, NULL, h.score, h.value, NULL, 'web', h.id::text, NULL
	FROM desk.hit h JOIN desk.person p ON p.id = h.person;
CREATE VIEW oracle.known AS
SELECT 'person:' || id AS key FROM desk.person UNION SELECT 'email:' || email FROM desk.person UNION SELECT 'tel:' || tel FROM desk.person WHERE tel IS NOT NULL
UNION SELECT key FROM oracle.raw;
SQL
$node->safe_psql('people', slurp_file("$FindBin::RealBin/../oracle/views.sql") . small_limits(3000, 1000));
is(ask('people', 'SELECT string_agg(name, \' \' ORDER BY name) FROM crm_timeline.stored_source'), 'desk phone', 'the view without depends_on is live');

sub any { return $_[ int rand @_ ] }
sub maybe { my ($p, @values) = @_; return rand() < $p ? any(@values) : undef }
sub sql_value { my ($v) = @_; return !defined $v ? 'NULL' : $v =~ /^-?[0-9.]+$|^(?:true|false)$|^timestamptz/ ? $v : literal($v) }
sub row { return '(' . join(', ', map { sql_value($_) } @_) . ')' }

# Most lie within the last months, some within the last hours, a few in the future; no two at one time.
sub at
{
	my $r = rand;
	my $ago = $r < 0.04 ? -rand(40) : $r < 0.25 ? rand(0.5) : $r < 0.85 ? rand(100) : rand(400);
	return sprintf "timestamptz 'epoch' + %d * interval '1 us'", (time - 86400 * $ago) * 1e6;
}
my $id = 0;
my @agents = qw(Ann Bo Cy Di);
# What is in no column: the agent's team, which is not always known, and the effort.
sub extra
{
	my ($agent, $effort) = @_;
	my %extra;
	$extra{team} = any('first', { Ann => 'first', Bo => 'first' }->{$agent} // 'second') if defined $agent && rand() < 0.85;
	$extra{effort} = $effort if defined $effort;
	return %extra ? JSON::PP->new->canonical->encode(\%extra) : undef;
}

# A row of desk.event: one of the kinds that a desk knows, with what such a one may have.
sub event
{
	my ($n, $at) = @_;
	my ($kind, $direction, $agent, $outcome, $score, $automated, $channel) = @{ any(
		([ any('ticket', 'message', 'message', 'question'), 'inbound' ]) x 5, [ 'message', 'inbound', undef, any(undef, 'abandoned') ],
		([ 'reply', 'outbound', any(@agents), maybe(0.1, 'failed', 'bounced') ]) x 5, [ 'reply', 'outbound' ], [ 'auto_reply', 'outbound', undef, undef, undef, 'true' ],
		[ 'complaint', 'inbound' ], [ 'solved', 'outbound', maybe(0.7, @agents) ], [ 'solved', undef, any(@agents) ], [ 'reopened', 'inbound' ], [ 'note', 'internal', any(@agents) ],
		[ 'transfer', maybe(0.5, 'internal', 'outbound'), maybe(0.5, @agents) ], [ 'csat', 'inbound', undef, undef, 1 + int rand 5 ], [ 'nps', 'inbound', undef, undef, int rand 11 ],
		[ 'ces', 'inbound', undef, undef, 1 + int rand 7 ], [ 'review', 'inbound', undef, undef, maybe(0.8, 1 .. 5) ], [ any('refund', 'credit'), 'outbound', any(@agents) ],
		[ any('offer', 'newsletter'), 'outbound', undef, undef, undef, maybe(0.5, 'true') ], [ 'error', undef ], [ 'confirmation', 'outbound' ],
		[ 'preference', 'inbound' ], [ 'referral', 'inbound' ], [ 'order', 'inbound' ], [ 'quote', 'inbound' ]) };
	return row(++$id, maybe(0.7, map { "T$n-$_" } 1 .. 3), "p$n\@example.com", $at // at(), $kind, maybe(0.95, 'email', 'email', 'chat', 'form'), $direction, $agent,
		$outcome, maybe(0.4, 'bill', 'parcel', 'login'), maybe(0.25, map { $_ / 8 } -8 .. 8), $score, $kind eq 'order' || $kind eq 'refund' ? 0.25 * int rand 400 : undef,
		$automated, "words $id", extra($agent, maybe(0.3, 0 .. 5)));
}
sub call
{
	my ($n) = @_;
	my $agent = maybe(0.6, @agents);
	my ($kind, $direction) = @{ any(([ 'call', 'inbound' ]) x 3, [ 'call', 'outbound' ], [ 'transfer', 'internal' ]) };
	return row(++$id, 4930000 + $n, at(), $kind, $direction, $agent, maybe(0.3, 'missed', 'abandoned', 'voicemail', 'done'), maybe(0.4, 'bill', 'parcel'), maybe(0.2, -1, -0.5, 0.5, 1),
		extra($agent));
}
sub hit
{
	my ($n) = @_;
	my $kind = any(qw(visit visit search faq cart cart trial order error review));
	return row(++$id, $n, at(), $kind, $kind eq 'error' ? undef : 'inbound', $kind eq 'order' ? 0.5 * int rand 100 : undef, $kind eq 'review' ? any(1 .. 5) : undef);
}

my (@people, @events, @calls, @hits);
# an agent who resolved nothing, in a thread of its own
push @events, row(++$id, 'T0', 'p2@example.com', at(), 'reply', 'email', 'outbound', 'Eve', undef, undef, undef, undef, undef, undef, 'words', undef);
for my $n (1 .. $customers)
{
	# every tenth is nobody whom we know: an address only, or a number only
	push @people, row($n, "p$n\@example.com", $n % 4 ? 4930000 + $n : undef) if $n % 10;
	push @events, map { event($n) } 1 .. ($n == 1 ? 400 : 1 + int rand(rand 25));
	push @calls, map { call($n) } 1 .. rand 4;
	push @hits, map { hit($n) } 1 .. rand 5 if $n % 10;
}
$node->safe_psql('people', join ";\n", map { "INSERT INTO desk.$_->[0] VALUES " . join(",\n", @{ $_->[1] }) } [ person => \@people ], [ event => \@events ], [ call => \@calls ], [ hit => \@hits ]);

# Statements in one session; each 'CHECK what' among them compares all views with their oracles, each 'SUMS what' the views' sums.
sub session
{
	my @statements = @_;
	my @got = answers($node, 'people', 'SET max_parallel_workers_per_gather = 0;', map { /^CHECK / ? 'SELECT oracle.differences()' : /^SUMS / ? 'BEGIN; SELECT oracle.fill(); SELECT oracle.imbalances(); COMMIT' : $_ } @statements);
	for my $n (0 .. $#statements)
	{
		if ($statements[$n] =~ /^(?:CHECK|SUMS) (.*)/s) { is($got[$n] =~ s/^\n//r, '', $1) }
		else { unlike($got[$n], qr/^ERROR/, "done: " . substr $statements[$n], 0, 100) }
	}
	return @got;
}

# ---- the states of the store ------------------------------------------------------------------------------------------

$node->safe_psql('people', 'CALL crm_timeline.create_suggested_indexes()');
session('CHECK nothing refreshed yet: every customer is provisional', 'CALL crm_timeline.refresh()', 'CHECK a clean store', 'SUMS the parts of a clean store add up');
cmp_ok(ask('people', 'SELECT count(*) FROM crm_timeline.stored_timeline WHERE timeline IS NULL'), '>', 0, 'some customers are in segments');
is(ask('people', 'SELECT count(*) FROM crm_timeline.dirty_customer'), '0', 'and none is dirty');
# all that the oracles tell apart is there
is(ask('people', <<'SQL'), 't|t|t|t|t|t', 'the rows have some of everything');
SELECT count(DISTINCT w.outcome) = 5, bool_or(w.is_late AND w.outcome = 'waiting'), bool_or(NOT w.is_late AND w.outcome = 'waiting'),
	(SELECT count(DISTINCT item) = 9 FROM oracle.item), (SELECT count(DISTINCT status) >= 4 FROM oracle.life l, crm_timeline.feedback_loops(l.t, l.d, now())),
	(SELECT count(*) > 10 FROM oracle.raw WHERE occurred_at > now()) FROM oracle.wait w
SQL

# Time passes: waits lapse, and what was in the future is there, without any write after the refresh.
session('DELETE FROM desk.event WHERE email IN (SELECT format(\'p%s@example.com\', n) FROM generate_series(21, 34) n)', 'DELETE FROM desk.call WHERE tel::int - 4930000 BETWEEN 21 AND 34',
	# nothing of most of them in the source that is live, so that it is their stored rows that tell
	'DELETE FROM desk.hit WHERE person BETWEEN 21 AND 26',
	"INSERT INTO desk.event (id, email, at, kind, channel, direction) SELECT 1000000 + n, format('p%s\@example.com', n), now() - interval '30 days' + interval '4 s' + n * interval '1 ms', 'message', 'email', 'inbound' FROM generate_series(21, 30) n",
	# of these a later one is open, too, and does not lapse
	"INSERT INTO desk.event (id, email, at, kind, channel, direction) SELECT 1100000 + n, format('p%s\@example.com', n), now() - interval '1 day' + n * interval '1 s', 'message', 'chat', 'inbound' FROM generate_series(28, 30) n",
	# and these have written, or were answered, in a moment
	"INSERT INTO desk.event (id, email, at, kind, channel, direction) SELECT 1200000 + n, format('p%s\@example.com', n), now() + interval '4 s' + n * interval '1 ms', 'message', 'email', 'inbound' FROM generate_series(31, 34) n",
	"INSERT INTO desk.event (id, email, at, kind, channel, direction, agent) SELECT 1300000 + n, format('p%s\@example.com', n), now() + interval '5 s', 'reply', 'email', 'outbound', 'Ann' FROM generate_series(33, 34) n",
	'CALL crm_timeline.refresh()');
my $lapsing = "SELECT count(*) FROM crm_timeline.attention_queue q WHERE q.customer_id IN (SELECT crm_timeline.customer_of(format('email:p%%s\@example.com', n)::crm_timeline.identity) FROM generate_series(%d, %d) n)";
my @got = session(sprintf($lapsing, 21, 30), sprintf($lapsing, 31, 34), 'CHECK before waits lapse', 'SELECT pg_sleep(6)', 'CHECK after waits lapsed, without a refresh',
	sprintf($lapsing, 21, 30), sprintf($lapsing, 31, 34), 'SELECT count(*) FROM crm_timeline.dirty_customer', 'CALL crm_timeline.refresh()', 'CHECK and after one');
is("$got[0] $got[1] $got[5] $got[6] $got[7]", '10 0 3 2 0', 'ten wait, and three of them still do; of four that were to write two wait');

# Writes without a refresh.
my @writes = (
	'INSERT INTO desk.event VALUES ' . join(', ', map { event(1 + int rand $customers) } 1 .. 30),
	'INSERT INTO desk.call VALUES ' . join(', ', map { call(1 + int rand $customers) } 1 .. 10),
	'INSERT INTO desk.hit VALUES ' . join(', ', map { hit(2 + 10 * int rand($customers / 10 - 1)) } 1 .. 10),
	"INSERT INTO desk.event VALUES " . join(', ', map { event($customers + 1 + int rand 10) } 1 .. 20),
	"UPDATE desk.event SET at = at - interval '3 days' WHERE id % 37 = 5", "UPDATE desk.event SET kind = 'complaint', direction = 'inbound' WHERE id % 41 = 7",
	"DELETE FROM desk.event e WHERE id % 29 = 3 AND EXISTS (SELECT FROM desk.person p WHERE p.email = e.email)",
	"UPDATE desk.call SET agent = 'Cy' WHERE id % 7 = 1");
session('BEGIN', (map { ($_, "CHECK in an open transaction, after: " . substr($_, 0, 40)) } @writes[ 0, 3, 6 ]), 'ROLLBACK', 'CHECK rolled back');
session((map { ($_, "CHECK dirty customers, after: " . substr($_, 0, 40)) } @writes[ 0, 3, 4, 6 ]), @writes[ 1, 2, 5, 7 ], 'CHECK dirty customers',
	'BEGIN', "UPDATE desk.event SET at = at + interval '1 hour' WHERE id % 3 = 0", 'SAVEPOINT s', "DELETE FROM desk.call WHERE id % 5 = 2", 'CHECK in a savepoint', 'ROLLBACK TO s',
	'CHECK out of it', 'COMMIT', 'CHECK committed', 'SUMS the parts of a dirty store add up');
cmp_ok(ask('people', 'SELECT count(*) FROM crm_timeline.dirty_customer'), '>', 50, 'many are dirty');
cmp_ok(ask('people', 'SELECT count(*) FROM crm_timeline.customer_overview WHERE customer_id < 0'), '>', 3, 'some are provisional');

# No epoch, as after a restore; definitions are changed while some are dirty, and all of them.
session('BEGIN', 'DELETE FROM crm_timeline.epoch', 'SELECT crm_timeline.store_mode()', 'CHECK no epoch', 'ROLLBACK');

# ---- definitions ------------------------------------------------------------------------------------------------------

# What is said to the tables, what to the oracles; and how to take it back.
my @changes = (
	[ "INSERT INTO crm_timeline.definition (name, pattern) VALUES ('contact', 'inbound[kind in (message, call) and automated is null]')",
		q{UPDATE oracle.setting SET words = 'contact: inbound[kind in (message, call) and automated is null]', contact_kinds = '{message,call}'} ],
	[ "UPDATE crm_timeline.definition SET pattern = 'inbound[kind in (ticket, message) and automated is null]' WHERE name = 'contact'",
		q{UPDATE oracle.setting SET words = 'contact: inbound[kind in (ticket, message) and automated is null]', contact_kinds = '{ticket,message}'} ],
	[ "DELETE FROM crm_timeline.definition", q{UPDATE oracle.setting SET words = '', contact_kinds = '{call,complaint,message,question,ticket}'} ],
	[ "INSERT INTO crm_timeline.target (name, scope, value) VALUES ('patience', '', '10 days'), ('least_n', '', '30'), ('worst_within', '', '20 days'), ('wait_target', 'email', '2 hours'), ('weight', 'transfer', '2.5')",
		q{UPDATE oracle.setting SET words = 'patience = 10 days; least_n = 30; worst_within = 20 days; wait_target@email = 2 hours; weight@transfer = 2.5', least_n = 30, worst_within = '20 days'} ],
	[ "UPDATE crm_timeline.target SET value = '60 days' WHERE name = 'patience'",
		q{UPDATE oracle.setting SET words = 'patience = 60 days; least_n = 30; worst_within = 20 days; wait_target@email = 2 hours; weight@transfer = 2.5'} ],
	[ 'DELETE FROM crm_timeline.target', q{UPDATE oracle.setting SET words = '', least_n = 5, worst_within = '90 days'} ],
	[ "INSERT INTO crm_timeline.goal_definition (name, started, achieved, abandoned_after) VALUES ('answer', 'inbound[kind = message]', 'any[kind in (reply, solved)]', '2 days'), ('purchase', 'cart', 'order', '3 days')",
		q{DELETE FROM oracle.goal; INSERT INTO oracle.goal VALUES ('answer', 'inbound[kind = message]', 'any[kind in (reply, solved)]', '2 days'), ('purchase', 'cart', 'order', '3 days')} ],
	[ "INSERT INTO crm_timeline.schedule_definition (channel, schedule) VALUES ('email', 'Europe/Berlin mon-fri 09:00-17:00'), ('', 'UTC mon-sun 06:00-22:00')",
		q{INSERT INTO oracle.hours SELECT channel, schedule FROM crm_timeline.schedule_definition} ],
	[ "INSERT INTO crm_timeline.journey_definition (name, journey) VALUES ('care', 'asked: message; unhappy: complaint')", 'SELECT 1' ],
	[ "UPDATE crm_timeline.goal_definition SET started = NULL, achieved = NULL, abandoned_after = NULL WHERE name = 'purchase'", "DELETE FROM oracle.goal WHERE name = 'purchase'" ]);
for my $change (@changes)
{
	my $what = substr $change->[0], 0, 60;
	session('BEGIN', @$change, "CHECK $what", 'ROLLBACK', (rand() < 0.3 ? "CHECK rolled back: $what" : ()), @$change, "CHECK committed: $what", (rand() < 0.5 ? ('CALL crm_timeline.refresh()', "CHECK refreshed: $what") : ()));
}
is(ask('people', "SELECT count(*) FILTER (WHERE stages ? 'care' AND stages ? 'purchase') = count(*), count(DISTINCT stages ->> 'care') FROM crm_timeline.customer_overview"), 't|2',
	'stages of a journey that was defined');
cmp_ok(ask('people', 'SELECT count(*) FROM crm_timeline.attention_queue WHERE working_time < waited'), '>', 3, 'working time is less where hours are defined');
session("INSERT INTO crm_timeline.target (name, scope, value) VALUES ('patience', '', '3 days')", "UPDATE oracle.setting SET words = 'patience = 3 days'", 'BEGIN', 'DELETE FROM crm_timeline.epoch', 'CHECK other definitions, and no epoch', 'ROLLBACK');
session('CALL crm_timeline.refresh()', 'CHECK refreshed', 'SELECT crm_timeline.rebuild_views()', 'CHECK rebuilt', 'DELETE FROM crm_timeline.epoch', 'CHECK no epoch, committed', 'CALL crm_timeline.refresh()', 'CHECK and a new one');
is(ask('people', 'SELECT count(*) FROM crm_timeline.verify()'), '0', 'verify() finds nothing');

is(ask('people', <<'SQL'), '', 'what the reason says is so');
SELECT string_agg(customer_id::text || ' ' || reason, '; ') FROM crm_timeline.attention_queue
WHERE reason IS NULL OR (reason LIKE 'late%') IS DISTINCT FROM is_late OR (reason LIKE 'in time%') IS NOT DISTINCT FROM is_late
	OR (reason ~ format('asked %s times', attempts)) IS DISTINCT FROM (attempts > 1) OR (reason ~ format('\m%s recent missteps', missteps)) IS DISTINCT FROM (missteps > 0)
	OR (reason ~ format('\m%s open questions', open_waits)) IS DISTINCT FROM (open_waits > 1)
SQL
is(ask('people', "SELECT count(*) FROM (SELECT customer_id, waiting_since, row_number() OVER (ORDER BY waiting_since) FROM crm_timeline.attention_queue) a
	JOIN (SELECT customer_id, row_number() OVER () FROM (SELECT customer_id FROM crm_timeline.attention_queue ORDER BY waiting_since LIMIT 50) b) b USING (customer_id, row_number)"), '50', 'the longest first, fifty of them');
is(ask('people', <<'SQL'), '', 'with WHERE customer_id only that one, and the same');
SELECT string_agg(o.customer_id::text, ' ') FROM crm_timeline.customer_overview o WHERE o.customer_id % 9 = 0
	AND o::text IS DISTINCT FROM (SELECT one::text FROM crm_timeline.customer_overview one WHERE one.customer_id = o.customer_id)
SQL

# ---- what tools see ------------------------------------------------------------------------------------------------------

my $columns_of = "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'crm_timeline'::regnamespace AND c.relname IN (" . join(', ', map { literal($_) } @views) . ') AND a.attnum > 0';
is(ask('people', "SELECT string_agg(c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ') $columns_of AND a.atttypid NOT IN
	('bigint'::regtype, 'integer'::regtype, 'text'::regtype, 'timestamptz'::regtype, 'interval'::regtype, 'float8'::regtype, 'boolean'::regtype, 'jsonb'::regtype)"), '', 'only such types as every tool knows');
is(ask('people', "SELECT string_agg(c.relname || '.' || a.attname, ', ') $columns_of AND coalesce(col_description(c.oid, a.attnum), '') = ''"), '', 'each column has a comment');
is(ask('people', "SELECT string_agg(c.relname || '.' || a.attname, ', ') $columns_of AND a.attname IN (SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T', 'C'))"), '', 'no column is a reserved word');
for my $view (@views)
{
	my @described = split /\n/, ask('people', "\\pset format unaligned\n\\d+ crm_timeline.$view");
	my @comments = split /\n/, ask('people', "SELECT a.attname || '|' || format_type(a.atttypid, -1) || '|' || col_description(c.oid, a.attnum) $columns_of AND c.relname = '$view' ORDER BY a.attnum");
	is(join("\n", grep { my ($name, $type, $comment) = split /\|/; !grep { /^\Q$name|$type\E\|.*\|\Q$comment\E$/ } @described } @comments), '', "\\d+ $view shows them");
}
# The documentation has each column, with its type and with these very words.
my $doc = slurp_file("$FindBin::RealBin/../../doc/views.md");
my %documented;
while ($doc =~ /^### (\w+)\n(.*?)(?=^##)/msg) { my ($view, $text) = ($1, $2); $documented{$view} = join "\n", map { s/`//gr } $text =~ /^\| (`\w+` \| [\w ]+ \| .*) \|$/mg }
($documented{team_scorecard} = $documented{agent_scorecard}) =~ s/\bagent\b/team/;
$documented{team_scorecard} =~ s/the agent$/the team/m;
for my $view (@views)
{
	is(ask('people', "SELECT string_agg(concat_ws(' | ', a.attname, replace(format_type(a.atttypid, -1), 'timestamp with time zone', 'timestamptz'), col_description(c.oid, a.attnum)), E'\\n' ORDER BY a.attnum) $columns_of AND c.relname = '$view'"),
		$documented{$view}, "doc/views.md has $view as it is");
}

my $shape = "SELECT md5(string_agg(c.relname || pg_get_viewdef(c.oid) || coalesce(c.relacl::text, '') || obj_description(c.oid, 'pg_class'), '' ORDER BY c.relname)), count(*),
	(SELECT md5(string_agg(d.description, '' ORDER BY d.objoid::regclass::text, d.objsubid)) FROM pg_description d JOIN pg_class v ON v.oid = d.objoid AND v.relkind = 'v' AND v.relnamespace = 'crm_timeline'::regnamespace
		WHERE d.classoid = 'pg_class'::regclass) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace = 'crm_timeline'::regnamespace";
my $before = ask('people', $shape);
is(ask('people', "SELECT crm_timeline.rebuild_views(); SELECT crm_timeline.rebuild_views(); $shape"), "\n\n$before", 'rebuild_views() twice gives the same');
is(ask('people', "DROP VIEW crm_timeline.timelines CASCADE; SELECT crm_timeline.rebuild_views(); $shape"), "\n$before", 'and after a DROP ... CASCADE, too');

# ---- who may read ---------------------------------------------------------------------------------------------------------

$node->safe_psql('people', 'CREATE ROLE reader LOGIN; CREATE ROLE packed LOGIN; CREATE ROLE stranger LOGIN; GRANT USAGE ON SCHEMA desk TO reader, stranger; GRANT SELECT ON ALL TABLES IN SCHEMA desk TO reader, stranger');
my @readable = (@views, 'waiting_timelines', 'customer_summary');
my $granted = "SELECT crm_timeline.grant_read('%s', 'timelines')";
my $customer = ask('people', 'SELECT customer_id FROM crm_timeline.attention_queue WHERE customer_id > 0 AND thread IS NOT NULL ORDER BY customer_id LIMIT 1');
for my $view (@readable)
{
	like(ask('people', "SELECT count(*) FROM crm_timeline.$view", as_role('stranger')), qr/permission denied for view $view/, "$view is not public");
}
like(ask('people', "SELECT crm_timeline.context($customer)", as_role('stranger')), qr/permission denied/, 'nor is a context');
ask('people', sprintf $granted, $_) for qw(reader packed);
for my $view (@readable)
{
	is(ask('people', "SELECT count(*) FROM crm_timeline.$view", as_role('reader')), ask('people', "SELECT count(*) FROM crm_timeline.$view"), "a reader reads $view");
}
like(ask('people', "SELECT count(*) FROM crm_timeline.$_", as_role('packed')), qr/permission denied for (schema desk|table|view hit_of_person)/, "$_: asks for rights on the sources") for @readable;
is(ask('people', "SELECT crm_timeline.rebuild_views(); SET ROLE reader; SELECT sum(waits) FROM crm_timeline.channel_scorecard"), "\n" . ask('people', 'SELECT sum(waits) FROM crm_timeline.channel_scorecard'), 'and after the views were made anew');
# every reader sees the same, also of what is dirty
session($writes[0] =~ s/VALUES \(/VALUES (9/r =~ s/\), \(/), (9/gr);
for my $view (@views)
{
	my $sum = "BEGIN; SET LOCAL timezone = 'UTC'; SELECT count(*), count(DISTINCT to_jsonb(v) - '{waited,working_time,mood,value,friction,recent_friction}'::text[]) FROM crm_timeline.$view v; COMMIT";
	is(ask('people', $sum, as_role('reader')), ask('people', $sum), "$view: the same for a reader, with dirty customers");
}

# ---- one customer ------------------------------------------------------------------------------------------------------------

session('CALL crm_timeline.refresh()');
my $now = ask('people', 'SELECT now()');
my $context = "SELECT crm_timeline.context($customer, NULL, '$now')";
my $whole = JSON::PP::decode_json(ask('people', $context));
ok($whole->{waiting} && $whole->{told}[0]{summary}, 'a context has who waits, and the words');
is(ask('people', $context, as_role('reader')), ask('people', $context), 'whoever may read the sources has the whole context');
my $stored = ask('people', "SELECT o.customer_id FROM crm_timeline.stored_timeline o WHERE o.customer_id > 0 AND o.timeline IS NOT NULL AND o.interactions > 5 LIMIT 1");
like(ask('people', "SELECT crm_timeline.context($stored)", as_role('packed')), qr/permission denied/, 'with a live source, whoever may not read it has no context');
$node->safe_psql('people', 'SELECT crm_timeline.drop_source(\'web\')');
$node->safe_psql('people', 'CALL crm_timeline.refresh()');
my ($mine, $theirs) = map { ask('people', $context, @$_) } [], [ as_role('packed') ];
my $wordless = $mine =~ s/, "summary": "words \d+"|"summary": "words \d+", //gr;
isnt($mine, $wordless, 'the owner has words');
is(join(' ', sort { $a cmp $b } $theirs =~ /"\w+":/g), join(' ', sort { $a cmp $b } $wordless =~ /"\w+":/g), 'whoever may read timelines only has a context without words');
unlike($theirs, qr/ERROR|summary/, 'and no error');
my ($long, $short) = map { ask('people', "SELECT crm_timeline.briefing($customer, 'en', '$now')", @$_) } [], [ as_role('packed') ];
like($long, qr/“words \d+”/, 'a briefing has the words');
unlike($short, qr/ERROR|words \d/, 'but not for whoever may read timelines only');
cmp_ok(length $short, '>', 50, 'who is told the rest');

# A purpose.
$node->safe_psql('people', "INSERT INTO crm_timeline.purpose_definition (name, kinds) VALUES ('asking', '{message,ticket}'), ('nothing', '{no_such_kind}')");
is(ask('people', "SELECT (crm_timeline.context($customer, 'asking', '$now') ->> 'interactions')::int"),
	ask('people', "SELECT count(*) FROM oracle.raw WHERE oracle.customer(key) = $customer AND source <> 'web' AND kind IN ('message', 'ticket') AND occurred_at <= '$now'"), 'a purpose leaves out the other kinds');
is(ask('people', "SELECT c ->> 'purpose', c -> 'interactions', c ? 'last', c ? 'waiting', c ? 'told' FROM crm_timeline.context($customer, 'nothing', '$now') c"), 'nothing|0|f|f|f', 'a purpose for which nothing is needed');
like(ask('people', "SELECT crm_timeline.context($customer, 'none'); \\echo :SQLSTATE"), qr/ERROR: .*none/, 'an unknown purpose is an error');
is((answers($node, 'people', '', "SELECT crm_timeline.context($customer, 'none')"))[0] =~ /^ERROR: (\w+)/ ? $1 : '', '22023', '22023');
is((answers($node, 'people', '', "SELECT crm_timeline.context($customer, NULL, 'infinity')"))[0] =~ /^ERROR: (\w+)/ ? $1 : '', '22023', 'so is an infinite moment');

# Other customers.
is(ask('people', 'SELECT crm_timeline.context(987654321) IS NULL, crm_timeline.context(-987654321) IS NULL, crm_timeline.context(NULL) IS NULL, crm_timeline.briefing(987654321) IS NULL'), 't|t|t|t', 'no context of nobody');
is(ask('people', "INSERT INTO desk.person VALUES (100000, 'none\@example.com', NULL); CALL crm_timeline.refresh(); SELECT crm_timeline.context(crm_timeline.customer_of('person:100000')) IS NULL"), 't', 'nor of a customer that has no interaction');
my $provisional = ask('people', "INSERT INTO desk.event (id, email, at, kind, channel, direction, words) VALUES (2000000, 'new\@example.com', now() - interval '1 hour', 'message', 'chat', 'inbound', 'first words');
	SELECT customer_id FROM crm_timeline.customer_overview WHERE customer_id = crm_timeline.provisional_customer('email:new\@example.com')");
like($provisional, qr/^-\d+$/, 'a provisional customer');
like(ask('people', "SELECT crm_timeline.context($provisional)"), qr/"told": \[\{[^]]*"summary": "first words"/, 'has a context');
$node->safe_psql('people', 'CALL crm_timeline.refresh()');
my $new = ask('people', "SELECT crm_timeline.customer_of('email:new\@example.com')");
is(ask('people', "SELECT crm_timeline.context($provisional, NULL, '$now') = crm_timeline.context($new, NULL, '$now')"), 't', 'which is that of the customer that it becomes');
$node->safe_psql('people', "SELECT crm_timeline.link('email:new\@example.com', 'email:p2\@example.com'); CALL crm_timeline.refresh()");
my $kept = ask('people', "SELECT crm_timeline.customer_of('email:p2\@example.com')");
isnt($kept, $new, 'a customer is absorbed');
is(ask('people', "SELECT c ->> 'customer_id', c = crm_timeline.context($kept, NULL, '$now') FROM crm_timeline.context($new, NULL, '$now') c"), "$kept|t", 'and has the context of that which absorbed it');

# Of the past: nothing that came later, and always the same.
my $past = ask('people', "SELECT now() - interval '20 days'");
$node->safe_psql('people', 'SELECT oracle.fill()');
is(ask('people', <<"SQL"), '', 'what came later than as_of is not seen');
SELECT string_agg(l.customer_id::text, ' ') FROM (SELECT r.customer_id, count(*) AS n, max(r.occurred_at) AS last_at FROM oracle.owned r WHERE r.occurred_at <= '$past' AND r.source <> 'web' GROUP BY 1) l
	CROSS JOIN LATERAL crm_timeline.context(l.customer_id, NULL, '$past') c
WHERE (c ->> 'interactions')::int <> l.n OR (c #>> '{last,occurred_at}')::timestamptz <> l.last_at
	OR EXISTS (SELECT FROM jsonb_path_query(c, 'strict \$.**.occurred_at') v WHERE (v #>> '{}')::timestamptz > '$past')
SQL
my $of_past = "SELECT md5(string_agg(crm_timeline.context(s.customer_id, NULL, '$past')::text || coalesce(crm_timeline.briefing(s.customer_id, 'de', '$past'), ''), '' ORDER BY s.customer_id)) FROM crm_timeline.stored_timeline s WHERE s.customer_id > 0";
my $told_once = ask('people', $of_past);
like($told_once, qr/^\w{32}$/, 'contexts of the past');
is(ask('people', $of_past), $told_once, 'told again');
is(ask('people', "SET timezone = 'Asia/Tokyo'; SET intervalstyle = 'iso_8601'; SET extra_float_digits = 0; SET datestyle = 'German'; SET search_path = ''; SET lc_numeric = 'C'; "
	. "SELECT md5(string_agg((SELECT jsonb_agg(v) FROM jsonb_path_query(crm_timeline.context(s.customer_id, NULL, '$past'), '\$.**.interactions') v)::text, '' ORDER BY s.customer_id)) FROM crm_timeline.stored_timeline s WHERE s.customer_id > 0"),
	ask('people', "SELECT md5(string_agg((SELECT jsonb_agg(v) FROM jsonb_path_query(crm_timeline.context(s.customer_id, NULL, '$past'), '\$.**.interactions') v)::text, '' ORDER BY s.customer_id)) FROM crm_timeline.stored_timeline s WHERE s.customer_id > 0"),
	'whatever the settings');
$node->safe_psql('people', "INSERT INTO desk.event (id, email, at, kind, channel, direction, words) SELECT 3000000 + n, format('p%s\@example.com', n), now(), 'complaint', 'chat', 'inbound', 'later words' FROM generate_series(1, 200) n");
is(ask('people', $of_past), $told_once, 'told again after later ones were written');
$node->safe_psql('people', 'CALL crm_timeline.refresh()');
is(ask('people', $of_past), $told_once, 'and refreshed');

# ---- dump and restore -----------------------------------------------------------------------------------------------------------

$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
my $dump = File::Temp->new(SUFFIX => '.sql');
my ($out, $err) = ('', '');
ok(run_log([ 'pg_dump', '-d', $node->connstr('people'), '-f', "$dump" ]), 'dumped');
run_log([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', "$dump" ], '>', \$out, '2>', \$err);
is($err, '', 'restored without an error');
for my $table (qw(definition target journey_definition goal_definition schedule_definition purpose_definition))
{
	my $rows = "SELECT count(*), md5(string_agg(d::text, E'\\n' ORDER BY d::text COLLATE \"C\")) FROM crm_timeline.$table d";
	is(ask('restored', $rows), ask('people', $rows), "rows of $table");
}
is(ask('restored', "SELECT crm_timeline.definitions()"), ask('people', "SELECT crm_timeline.definitions()"), 'the definitions are in force');
is(ask('restored', 'SELECT crm_timeline.store_mode()'), '2', 'nothing is stored yet');
is(ask('restored', "SET client_min_messages = error; UPDATE oracle.setting SET words = words; SELECT oracle.difference_of('channel_scorecard')"), ask('people', "SELECT oracle.difference_of('channel_scorecard')"), 'a view of the restored');
for my $state ('restored', 'restored, and refreshed')
{
	for my $view (@views)
	{
		my $rows = "SELECT count(*), md5(string_agg(r, E'\\n' ORDER BY r COLLATE \"C\")) FROM (SELECT (to_jsonb(v) - '{allowed_at,waited,working_time,mood,mood_slope,customers_mood,customers_recent_friction,conversations,resolved,reopens,transfers,waits,answered,answered_share}'::text[])::text AS r FROM crm_timeline.$view v) r";
		is(ask('restored', $rows), ask('people', $rows), "$state: $view");
	}
	is(ask('restored', 'SELECT sum(waits) FROM crm_timeline.channel_scorecard', as_role('reader')), ask('people', 'SELECT sum(waits) FROM crm_timeline.channel_scorecard'), "$state: readers are readers");
	$node->safe_psql('restored', 'CALL crm_timeline.refresh()') if $state eq 'restored';
}
is(ask('restored', 'SELECT count(*) FROM crm_timeline.verify()'), '0', 'verify() finds nothing');

$node->stop;
done_testing();
