# Real event data: the path questions of process mining answered by patterns, the worked numbers among
# them, and the stages and alignments of every case. The timelines are built from the rows in the
# file's order and in random order; questions that only scan them are asked in parallel, too.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;
use RealData;
use Server;

my $data = $ENV{SHARED_DATA} // '';
plan skip_all => 'SHARED_DATA does not name the folder of real event data' if $data eq '';
plan skip_all => "there is no real event data in $data" if !-e "$data/receipt.csv.gz";

my $node = server('pattern_data', 'work_mem = 64MB');
my $database = new_database($node, 'pattern_data');

# What every schema has beside the timelines: the kinds of a data set with their pattern, its variants
# with theirs, and the directly-follows pairs, counted by what stands at distance 1.
my @processes = ('receipt', 'helpdesk', 'running_example');
my $names_of_processes = <<'SQL';
	CREATE TABLE kind_%1$s AS
		SELECT k, word, word::pattern AS p FROM (SELECT DISTINCT k, '"' || replace(k, '"', '""') || '"' AS word FROM tl_%1$s, unnest(kinds(t)) k) s;
	CREATE TABLE variant_%1$s AS
		SELECT k, n, ('start => ' || (SELECT string_agg(word, ' => ' ORDER BY o) FROM unnest(k) WITH ORDINALITY u(x, o) JOIN kind_%1$s v ON v.k = x) || ' => end')::pattern AS p
		  FROM (SELECT kinds(t) AS k, count(*) AS n FROM tl_%1$s GROUP BY 1) s;
	CREATE TABLE journey_%1$s AS SELECT string_agg(word || ': ' || word, '; ' ORDER BY k)::journey AS j FROM kind_%1$s;
	CREATE TABLE edge_%1$s AS
		SELECT k.k AS a, n.kind AS b, count(*) AS n, count(DISTINCT id) AS cases FROM kind_%1$s k, tl_%1$s, neighbours(t, p, 0, 1, 'infinity') n GROUP BY 1, 2;
SQL

load_raw($node, $database, $data, $_) for real_data();
for my $schema ('filed', 'shuffled')
{
	$node->safe_psql($database, "CREATE SCHEMA $schema");
	for my $name (real_data())
	{
		row_table($node, $database, "$schema.row_$name", $name, $schema eq 'filed' ? '0' : '161803');
		$node->safe_psql($database, "SET search_path = $schema, crm_timeline, public; " . serial()
			  . "CREATE TABLE tl_$name AS " . timelines_of("row_$name", $name) . "; ALTER TABLE tl_$name ADD PRIMARY KEY (id); ANALYZE tl_$name");
	}
	$node->safe_psql($database, "SET search_path = $schema, crm_timeline, public; " . sprintf $names_of_processes, $_) for @processes;
}

# -- the questions: [number with its meaning, SQL, expected] --

my @golden;

# How many timelines match, and how many matches there are.
sub matching { my ($set, $pattern) = @_; return "SELECT count(*) FROM tl_$set WHERE matches(t, " . literal($pattern) . ", 'infinity')" }
sub match_counts { my ($set, $pattern) = @_; return "SELECT sum(match_count(t, " . literal($pattern) . ", 'infinity')) FROM tl_$set" }
sub seconds { return "extract(epoch FROM $_[0])::float8" }
my %kind = (
	Con => '"Confirmation of receipt"', T02 => '"T02 Check confirmation of receipt"', T04 => '"T04 Determine confirmation of receipt"',
	T05 => '"T05 Print and send confirmation of receipt"', T06 => '"T06 Determine necessity of stop advice"',
	T10 => '"T10 Determine necessity to stop indication"', Resolve => '"Resolve ticket"');
sub in_words { return $_[0] =~ s/\b(Con|T\d\d|Resolve)\b/$kind{$1}/gr }

# What each process states: its variants by exact paths, its edges by =>.
sub process
{
	my ($set, %expected) = @_;
	return (
		["$set: $expected{variants} variants by exact paths", "SELECT count(*) FROM variant_$set v WHERE n = (SELECT count(*) FROM tl_$set WHERE matches(t, p, 'infinity'))", $expected{variants}],
		["$set: every case matches the path of one variant", "SELECT bool_and(1 = (SELECT count(*) FROM variant_$set WHERE matches(t, p, 'infinity'))) FROM tl_$set", 't'],
		["$set: $expected{edges} edges", "SELECT count(*) FROM edge_$set", $expected{edges}],
		["$set: edges between two interactions each", "SELECT sum(n) = (SELECT sum(length(t) - 1) FROM tl_$set) FROM edge_$set", 't'],
		["$set: edges between two kinds by a => b", "SELECT count(*) FROM edge_$set e JOIN kind_$set a ON a.k = e.a JOIN kind_$set b ON b.k = e.b, LATERAL (
			  SELECT sum(match_count(t, (a.word || ' => ' || b.word)::pattern, 'infinity')) AS found, count(*) FILTER (WHERE matches(t, (a.word || ' => ' || b.word)::pattern, 'infinity')) AS in_cases FROM tl_$set) s
			 WHERE found IS DISTINCT FROM n AND a <> b OR in_cases IS DISTINCT FROM cases", 0]);
}

# receipt
push @golden, process('receipt', variants => 116, edges => 99);
{
	my @top = (713, 123, 116, 115, 75);
	push @golden, ["receipt: variant $_ has $top[$_ - 1] cases by its exact path",
		"SELECT count(*) FROM (SELECT p FROM variant_receipt ORDER BY n DESC OFFSET " . ($_ - 1) . " LIMIT 1) v, tl_receipt WHERE matches(t, p, 'infinity')", $top[ $_ - 1 ]] for 1 .. 5;
	push @golden, ["receipt: $$_[0] $$_[1] times", match_counts('receipt', in_words($$_[0])), $$_[1]]
	  for ['T04 => T05', 1177], ['T06 => T10', 1165], ['T02 => T04', 1119], ['Con => T02', 1079], ['T02 => T06', 178];
	push @golden, ["receipt: $$_[0] in $$_[1] cases", matching('receipt', in_words($$_[0])), $$_[1]]
	  for ['T02 => T05', 1], ['T02 -> T05', 1300], ['T10 => end', 828], ['T05 => end', 400], ['Con => end', 116],
	  ['start => any@Internet', 1250], ['start => any@Desk', 109], ['start => any@Post', 53], ['start => any@"e-mail"', 21], ['start => any@Intern', 1],
	  ['any -> any same kind', 91], ['any => any same kind', 3];
	my $durations = sub { "(SELECT " . seconds('m.ends_at - m.starts_at') . " AS s FROM tl_receipt, match_first(t, 'start => any+ => end', 'infinity') m WHERE $_[0])" };
	my $median = 'round((percentile_cont(0.5) WITHIN GROUP (ORDER BY s))::numeric, 3)';
	push @golden, ["receipt: median case by $$_[0] $$_[1] s", "SELECT $median FROM " . $durations->("matches(t, 'start => any@\"$$_[0]\"', 'infinity')") . ' d', $$_[1]]
	  for ['Internet', '1887.133'], ['Desk', '67519.541'], ['Post', '350507.440'], ['e-mail', '2083.842'], ['Intern', '83734.369'];
	push @golden,
	  ['receipt: case duration mean 467263.915 s', 'SELECT round(avg(s)::numeric, 3) FROM ' . $durations->('true') . ' d', '467263.915'],
	  ['receipt: case duration median 2868.584 s', "SELECT $median FROM " . $durations->('true') . ' d', '2868.584'],
	  ['receipt: 245 interactions beyond the first of their kind', "SELECT sum(greatest(match_count(t, p, 'infinity') - 1, 0)) FROM tl_receipt, kind_receipt", 245],
	  ['receipt: 6 self-loop edges', 'SELECT sum(n) FROM edge_receipt WHERE a = b', 6];
	my $throughput = "(SELECT " . seconds('z.ends_at - a.starts_at') . ' AS s FROM tl_receipt, match_first(t, ' . literal($kind{Con}) . ", 'infinity') a, match_last(t, "
	  . literal($kind{T10}) . ", 'infinity') z WHERE z.ends_at >= a.starts_at)";
	push @golden,
	  ['receipt: first Confirmation to last T10 in 1283 cases', "SELECT count(*) FROM $throughput d", 1283],
	  ['receipt: first Confirmation to last T10 mean 315754.669 s', "SELECT round(avg(s)::numeric, 3) FROM $throughput d", '315754.669'],
	  ['receipt: first Confirmation to last T10 median 398.625 s', "SELECT $median FROM $throughput d", '398.625'];
}

# helpdesk
push @golden, process('helpdesk', variants => 226, edges => 55);
my $top = 'start => "Assign seriousness" => "Take in charge ticket" => Resolve => Closed => end';
{
	push @golden, ["helpdesk: $$_[0] in $$_[1] cases", matching('helpdesk', in_words($$_[0])), $$_[1]]
	  for [$top, 2366], ['Resolve -> Resolve', 386], ['Resolve{2,}', 386], ['Closed -> any', 17], ['Wait', 1236], ['Wait => Resolve', 766];
	# every agent's interactions before one of somebody else
	my $agents = "(SELECT format('any[agent = %1\$s] => any[agent != %1\$s or agent is null]', quote_literal(a)) AS p FROM tl_helpdesk, unnest(attribute_texts(t, 'agent')) a GROUP BY a)";
	my $days = "(SELECT " . seconds('m.ends_at - m.starts_at') . " / 86400 AS d FROM tl_helpdesk, match_first(t, 'start => any+ => end', 'infinity') m)";
	push @golden,
	  ['helpdesk: 8648 adjacent interactions with different resource', "SELECT sum((SELECT sum(match_count(t, p::pattern, 'infinity')) FROM tl_helpdesk)) FROM $agents a", 8648],
	  ['helpdesk: 4577 cases with adjacent interactions of different resource',
		"SELECT count(*) FROM tl_helpdesk, (SELECT string_agg(p, ' | ')::pattern AS p FROM $agents a) a WHERE matches(t, p, 'infinity')", 4577],
	  ['helpdesk: duration mean 40.8584 days', "SELECT round(avg(d)::numeric, 4) FROM $days d", '40.8584'],
	  ['helpdesk: duration median 39.8592 days', "SELECT round((percentile_cont(0.5) WITHIN GROUP (ORDER BY d))::numeric, 4) FROM $days d", '39.8592'],
	  ['helpdesk: duration max 59.9950 days', "SELECT round(max(d)::numeric, 4) FROM $days d", '59.9950'];
}

# running_example
push @golden, process('running_example', variants => 6, edges => 16);
push @golden,
  ['running_example: "check ticket" => decide 6 times', match_counts('running_example', '"check ticket" => decide'), 6],
  ['running_example: mean duration 966890 s', 'SELECT avg(' . seconds('m.ends_at - m.starts_at') . ") FROM tl_running_example, match_first(t, 'start => any+ => end', 'infinity') m", 966890];

# bank_calls: id is the customer, '0' the unknown ones
{
	my $known = "(SELECT t FROM tl_bank_calls WHERE id <> '0') k";
	my $gaps = "(SELECT n.occurred_at - n.anchor_at AS gap FROM $known, neighbours(t, 'call', 0, 1, 'infinity') n) g";
	my $count = sub { "(SELECT sum(match_count(t, " . literal($_[0]) . ", 'infinity')) FROM $known)" };
	push @golden,
	  ['bank_calls: 33043 calls', match_counts('bank_calls', 'call'), 33043],
	  ['bank_calls: AGENT 27141', match_counts('bank_calls', 'call[outcome = AGENT]'), 27141],
	  ['bank_calls: HANG 5902', match_counts('bank_calls', 'call[outcome = HANG]'), 5902],
	  ['bank_calls: answered with queue <= 20 s 16209', match_counts('bank_calls', 'call[outcome = AGENT and queue <= 20]'), 16209],
	  ['bank_calls: 1933 customers with one call only', "SELECT count(*) FROM $known WHERE matches(t, 'start => call => end', 'infinity')", 1933];
	# Followed is who is not followed by silence. Simultaneous calls of one customer have a gap of 0, which is not counted.
	push @golden,
	  ["bank_calls: $$_[1] calls followed by another within $$_[0]", "SELECT count(*) FROM $gaps WHERE gap > '0' AND gap <= '$$_[2]'", $$_[1]],
	  ["bank_calls: $$_[1] calls not followed by silence for $$_[0]", "SELECT " . $count->('call') . ' - ' . $count->("call -> no call for $$_[2]"), $$_[1]],
	  for ['24 h', 5805, '24 h'], ['7 d', 8466, '168 h'];
	push @golden,
	  ["bank_calls: $$_[1] contacts with a gap > $$_[0] as boundary", 'SELECT ' . $count->("call -> no call for $$_[0]"), $$_[1]]
	  for ['30 min', 11733], ['24 h', 7736];
}

# cdnow_master: purchases bear the midnight (UTC) of their day
push @golden, ["cdnow_master: $$_[0] $$_[2]", matching('cdnow_master', $$_[1]), $$_[2]]
  for ['back on day 7 exactly', 'start => purchase ->[7 days..7 days] purchase', 241], ['back on days 1-7', 'start => purchase ->[1 day..7 days] purchase', 1384],
  ['back on days 1-30', 'start => purchase ->[1 day..30 days] purchase', 4115], ['back on or after day 30', 'start => purchase ->[30 days..] purchase', 10325],
  ['customers with a second purchase day', 'start => purchase ->[1 day..] purchase', 11516];
{
	my $survival = "WITH c AS MATERIALIZED (
		  SELECT starts_at(t) AS first, (SELECT extract(epoch FROM since_previous) / 86400 FROM funnel(t, 'start => purchase ->[1 day..] purchase', 'infinity') WHERE step = 2) AS days FROM tl_cdnow_master),
		e AS (SELECT coalesce(days, extract(epoch FROM '1998-06-30Z' - first) / 86400) d, days IS NOT NULL AS event FROM c),
		r AS (SELECT d, count(*) FILTER (WHERE event) died, sum(count(*)) OVER (ORDER BY d DESC) at_risk FROM e GROUP BY d),
		s AS (SELECT d, at_risk, exp(sum(ln(1 - died / at_risk)) OVER (ORDER BY d)) s FROM r WHERE at_risk > died)";
	push @golden, ["cdnow_master: no second purchase day by day $$_[0]: S = $$_[1]", "$survival SELECT round(s, 6) FROM s WHERE d <= $$_[0] ORDER BY d DESC LIMIT 1", $$_[1]]
	  for [30, '0.825414'], [90, '0.707807'], [180, '0.625499'], [365, '0.541366'];
	push @golden, ['cdnow_master: 67591 customer-days', "SELECT (SELECT count(*) FROM tl_cdnow_master) + (SELECT count(*) FROM tl_cdnow_master, neighbours(t, 'purchase', 0, 1, 'infinity') WHERE occurred_at > anchor_at)", 67591];
}

# Stages: a journey with one stage for each kind, entered by it. Each of these counts the cases where it is not so, and all of them.
for my $set (@processes)
{
	my $cases = "tl_$set, journey_$set";
	my $none = $node->safe_psql($database, "SELECT '0|' || count(*) FROM filed.tl_$set");
	my $wrong = sub { "WITH c AS ($_[0]) SELECT count(*) FILTER (WHERE holds IS NOT TRUE), count(*) FROM c" };
	my $spent = sub { seconds("(SELECT sum(time_in_stage(t, j, k, $_[0])) FROM kind_$set)") };
	my $cut = 'starts_at(t) + (ends_at(t) - starts_at(t)) / 3';
	push @golden,
	  ["$set: the stages of every case, one after another", $wrong->("SELECT ARRAY(SELECT s FROM stages(t, j, 'infinity') s)::text = ARRAY(
		  SELECT ROW(kind, occurred_at, lead(occurred_at) OVER (ORDER BY occurred_at)) FROM (
			SELECT kind, occurred_at, lag(kind) OVER (ORDER BY occurred_at) AS before FROM (
			  SELECT DISTINCT ON (occurred_at) kind, occurred_at FROM unnest(t) ORDER BY occurred_at, seq DESC) i) c WHERE before IS DISTINCT FROM kind)::text AS holds FROM $cases"), $none],
	  ["$set: the time in all stages of every case adds up to its span", $wrong->('SELECT ' . $spent->("span(t), 'infinity'") . ' = ' . seconds('ends_at(t) - starts_at(t)') . " AS holds FROM $cases"), $none],
	  ["$set: in two pieces of every case's span, stage by stage", $wrong->("SELECT bool_and(time_in_stage(t, j, k, span(t), 'infinity')
		  = time_in_stage(t, j, k, tstzrange(NULL, $cut), 'infinity') + time_in_stage(t, j, k, tstzrange($cut, ends_at(t)), 'infinity')) AS holds FROM $cases, kind_$set GROUP BY id"), $none],
	  ["$set: as of some moment, up to that moment", $wrong->('SELECT ' . $spent->("'(,)', $cut") . ' = ' . seconds("$cut - starts_at(t)") . " AS holds FROM $cases"), $none],
	  ["$set: the present stage of every case is its last kind", $wrong->("SELECT stage(t, j, 'infinity') = (last_interaction(t)).kind AS holds FROM $cases"), $none];
}

sub ask
{
	my ($name, $settings, @questions) = @_;
	my @got = answers($node, $database, $settings, map { $_->[1] } @questions);
	is($got[$_], $questions[$_][2], "$name: $questions[$_][0]") or diag($questions[$_][1]) for 0 .. $#questions;
	return;
}
ask($_, "SET search_path = $_, crm_timeline; " . serial(), @golden) for 'filed', 'shuffled';
{
	my @scans = grep { $_->[1] =~ /^SELECT (?:count|sum)\([^()]*(?:\(t, '[^']*', 'infinity'\))?\) FROM tl_\w+(?: WHERE matches\([^()]*\))?$/ } @golden;
	my $settings = 'SET search_path = shuffled, crm_timeline; ' . parallel();
	cmp_ok(@scans, '>=', 25, 'there are questions that only scan timelines');
	ask('in parallel', $settings, @scans);
	my ($plan) = answers($node, $database, $settings, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) $scans[0][1]");
	cmp_ok(plan_facts($plan)->{launched}, '>', 0, 'in parallel: asked in workers') or diag($plan);
}

# Alignment: all cases against their top variant as the designed journey.
my $designed = literal(in_words($top));
for my $schema ('filed', 'shuffled')
{
	my $settings = "SET search_path = $schema, crm_timeline; " . serial();
	my @runs = answers($node, $database, $settings, ("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT avg((conformance(t, $designed, 'infinity')).fitness) FROM tl_helpdesk") x 5);
	my ($least) = sort { $a <=> $b } map { /"Execution Time": ([\d.]+)/ ? $1 : 'inf' } @runs;
	cmp_ok($least, '<=', 1000, "$schema: 4580 cases are aligned to their top variant in $least ms, the least of five runs");
	my ($fitting, $steps) = answers($node, $database, $settings,
		"SELECT count(*) FILTER (WHERE c.fitness = 1), count(*) FROM tl_helpdesk, conformance(t, $designed, 'infinity') c",
		"SELECT count(*) FROM tl_helpdesk, conformance(t, $designed, 'infinity') c, LATERAL (
		   SELECT count(*) FILTER (WHERE deviation = 'matched') AS m, count(*) FILTER (WHERE deviation = 'skipped') AS s, count(*) FILTER (WHERE deviation = 'extra') AS e
		     FROM deviations(t, $designed, 'infinity')) d WHERE (m, s, e) IS DISTINCT FROM (matched, skipped, extra)");
	is($fitting, '2366|4580', "$schema: exactly the cases of the top variant have fitness 1");
	is($steps, 0, "$schema: the deviations of every case are those that its fitness counts");
  SKIP:
	{
		skip 'python3 is not installed', 1 if system('python3 -c "" 2>/dev/null') != 0;
		my @command = ('python3', "$FindBin::RealBin/../oracle/conformance.py", '--pattern', in_words($top), '--query', "SELECT t FROM $schema.tl_helpdesk", '--', 'psql', '-d', $node->connstr($database));
		my ($stdout, $stderr);
		IPC::Run::run(\@command, '>', \$stdout, '2>', \$stderr);
		is($stdout . $stderr, "timelines 4580, differences 0\n", "$schema: the oracle of shortest paths rates every case the same");
	}
}

$node->stop;
done_testing();
