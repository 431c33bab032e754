# The store after crashes: refreshing backends and postmasters that are killed (-9) inside a batch of a refresh, with eight
# writers at work. Nothing that was acknowledged is lost, and the store is exact before the next refresh and after it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Server;
use Store;

my $kills = $ENV{KILLS} // 6;
my $seed = $ENV{SEED} // 1;
my $writers = 8;
note "KILLS=$kills SEED=$seed";
srand($seed);

my $node = server('crash', 'restart_after_crash = on', 'max_connections = 40');
my $dir = $node->basedir;
# some are kept in segments
$node->safe_psql('postgres', 'CREATE EXTENSION crm_timeline;' . comparison() . small_limits(4000, 1000) . <<'SQL');
CREATE SCHEMA app;
CREATE TABLE app.mail (id int PRIMARY KEY, email text, at timestamptz, topic text);
INSERT INTO app.mail SELECT n, 'c' || n % 60 || '@example.com', timestamptz '2026-01-01 00:00:00+00' + n * interval '1 min', 't' || n FROM generate_series(1, 3000) n;
SELECT crm_timeline.add_source('mail', 'app.mail', occurred_at => 'at', kind => $$'mail'$$, keys => ARRAY['email: email'], topic => 'topic', direction => $$'inbound'$$);
SQL
$node->safe_psql('postgres', 'CALL crm_timeline.create_suggested_indexes()');

# Who holds the lock of a refresh's batch: at the moment of the kill the process is stopped, so what this says still holds.
my $in_batch = <<'SQL';
SELECT a.pid, a.query, (SELECT count(*) FROM crm_timeline.dirty_log), (SELECT count(*) FROM pg_stat_activity w WHERE w.application_name = 'writer'),
	coalesce(a.wait_event, 'running'), (SELECT string_agg(p.pid::text, ' ') FROM pg_stat_activity p)
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.classid = 'crm_timeline.dirty_log'::regclass AND l.objid = 1 AND l.objsubid = 2 AND l.granted AND a.application_name = 'refresher'
SQL

sub ask
{
	my ($sql) = @_;
	my $timed_out = 0;
	my ($status, $stdout) = $node->psql('postgres', $sql, timeout => 5, timed_out => \$timed_out, on_error_die => 0);
	return !$timed_out && defined $status && $status == 0 ? $stdout : '';
}

sub background
{
	my ($name, $script, $output) = @_;
	append_to_file("$dir/$name.sql", '');
	open my $file, '>', "$dir/$name.sql" or die $!;
	print $file $script;
	close $file;
	unlink $output;
	local $ENV{PGAPPNAME} = $name =~ /(\D+)/ ? $1 : $name;
	return IPC::Run::start([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', "$dir/$name.sql" ],
		'>', $output, '2>', "$output.err");
}

my %acknowledged;
my $expected_at_least = 3000;
my $inside = 0;
for my $kill (1 .. $kills)
{
	my @sessions;
	for my $writer (1 .. $writers)
	{
		my $script = '';
		for my $n (1 .. 3000)
		{
			my $id = $kill * 1_000_000 + $writer * 10_000 + $n;
			my $email = rand() < 0.2 ? 'giant@example.com' : rand() < 0.1 ? "new$id\@example.com" : 'c' . int(rand 60) . '@example.com';
			# one transaction: a row comes, and one of the same writer goes to another customer
			$script .= "INSERT INTO app.mail VALUES ($id, '$email', timestamptz '2026-02-01 00:00:00+00' + $n * interval '1 min', 'w$writer')\\;"
			  . "UPDATE app.mail SET email = 'c${\int rand 60}\@example.com' WHERE id = ${\($id - 3)};\n\\echo $id\nSELECT pg_sleep(0.004) \\g /dev/null\n";
		}
		push @sessions, background("writer$writer", $script, "$dir/writer$writer.out");
	}
	push @sessions, background('refresher', join('', map { $_ % 7 == 3 ? "CALL crm_timeline.rebuild();\n" : "CALL crm_timeline.refresh(${\(20 + int rand 300)});\n" } 1 .. 2000), "$dir/refresher.out");

	# at a random moment; stopped, and seen to be inside a batch
	my ($victim, $facts, $processes);
	my $until = time() + 20;
	while (!defined $victim && time() < $until)
	{
		sleep(0.1 + rand 0.4);
		my ($pid) = ask($in_batch) =~ /^(\d+)/ or next;
		kill 'STOP', $pid or next;
		my $answer = ask($in_batch);
		if ($answer =~ /^$pid\|(.*)\|([\d ]+)$/) { ($victim, $facts, $processes) = ($pid, $1, $2) }
		else { kill 'CONT', $pid }
	}
	if (!defined $victim) { fail("kill $kill: no refresh was met inside a batch"); last }
	$inside++;
	my $what = $kill % 2 ? 'backend' : 'postmaster';
	note "kill $kill: $what, process $victim inside a batch: $facts (statement, marks, writers, what it waits for)";
	if ($what eq 'backend') { kill 'KILL', $victim }
	# with all others: who waits for a lock in memory that the victim had would not notice the end of the postmaster
	else { $node->kill9; kill 'KILL', split / /, $processes }
	for my $session (@sessions) { $session->finish }
	if ($what eq 'postmaster')
	{
		# the other processes end when they notice
		my $started = 0;
		for (1 .. 50) { last if $started = $node->start(fail_ok => 1); sleep 0.1; $node->stop('fast', fail_ok => 1) }
		$started or BAIL_OUT('the server does not start after its postmaster was killed');
	}
	else { $node->poll_query_until('postgres', 'SELECT true') or BAIL_OUT('the server does not come back') }

	my $active = 0;
	for my $writer (1 .. $writers)
	{
		my @ids = split /\n/, slurp_file("$dir/writer$writer.out");
		$active++ if @ids && @ids < 3000;
		$acknowledged{$_} = 1 for @ids;
	}
	my $before = ask('SELECT "check".difference()');
	my $count = ask('SELECT count(*) FROM app.mail');
	my $acknowledged = keys %acknowledged;
	my $refreshed = $node->psql('postgres', 'CALL crm_timeline.refresh()');
	my $faults = $node->safe_psql('postgres', 'SELECT "check".faults()');
	my $lost = $node->safe_psql('postgres', 'SELECT count(*) FROM unnest(ARRAY[' . join(',', sort { $a <=> $b } keys %acknowledged) . ']::int[]) a(id) WHERE NOT EXISTS (SELECT FROM app.mail m WHERE m.id = a.id)');
	my $stored = $node->safe_psql('postgres', 'SELECT sum(interactions) FROM crm_timeline.stored_timeline');
	# one of each writer may have been committed and not been acknowledged any more
	my $unsaid = $count - 3000 - $acknowledged;
	is_deeply([ $active, $before, $refreshed, $faults, $lost, $stored ], [ $writers, '', 0, '', 0, $count ],
		"kill $kill ($what): $acknowledged rows acknowledged, none lost, all stored; exact before and after the refresh");
	cmp_ok($unsaid, '>=', 0, "kill $kill: no fewer rows than were acknowledged");
	cmp_ok($unsaid, '<=', $writers * $kill, "kill $kill: and no more than were under way");
}
is($inside, $kills, "$kills kills inside a batch of a refresh");
my $log = slurp_file($node->logfile);
my @crashed = $log =~ /server process \(PID \d+\) was terminated by signal 9[^\n]*\n[^\n]*Failed process was running: CALL crm_timeline\.(?:refresh|rebuild)/g;
cmp_ok(scalar @crashed, '>=', int(($kills + 1) / 2), 'as the server\'s log says');
is(join("\n", grep { /PANIC|TRAP:|signal 11/ } split /\n/, $log), '', 'nothing else crashed');

$node->stop;
done_testing();
