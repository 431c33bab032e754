# Real event data: every worked number of a process that counts, times, kinds, neighbours and gaps of
# a timeline can answer. The timelines are built from the rows in the file's order, in random order
# and in a parallel plan; answers and bytes are the same.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Golden;
use RealData;
use Server;

my $data = $ENV{SHARED_DATA} // '';
plan skip_all => 'SHARED_DATA does not name the folder of real event data' if $data eq '';
plan skip_all => "there is no real event data in $data" if !-e "$data/receipt.csv.gz";

my $node = server('golden');
my $database = new_database($node, 'golden');
my $now = 'SET search_path = public, crm_timeline;';

load_raw($node, $database, $data, $_) for real_data();

# The same table in three schemas: the file's order, random order, and in parallel from another one.
sub build
{
	my ($schema, $name, $plan, $order) = @_;
	row_table($node, $database, "$schema.row_$name", $name, $order);
	return explain_create($node, $database, "$now $plan", "$schema.tl_$name", timelines_of("$schema.row_$name", $name));
}

$node->safe_psql($database, 'CREATE SCHEMA filed; CREATE SCHEMA shuffled; CREATE SCHEMA parallel');
for my $name (real_data())
{
	my $filed = build('filed', $name, serial(), '0');
	my $shuffled = build('shuffled', $name, serial(), '271828');
	is($_->{partial} + $_->{finalize} + $_->{launched}, 0, "$name: built by a serial plan") for $filed, $shuffled;
	my $parallel = build('parallel', $name, parallel(), '314159');
	ok( $parallel->{partial} > 0 && $parallel->{finalize} > 0 && $parallel->{launched} > 0,
		"$name: built by Partial and Finalize aggregation in $parallel->{launched} workers") or diag($parallel->{json});
	my ($rows, $different) = split /\|/, (answers($node, $database, $now,
			"SELECT count(*), string_agg(id, ', ') FILTER (WHERE f.t::bytea IS DISTINCT FROM s.t::bytea OR s.t::bytea IS DISTINCT FROM p.t::bytea)
			   FROM filed.tl_$name f FULL JOIN shuffled.tl_$name s USING (id) FULL JOIN parallel.tl_$name p USING (id)"))[0], -1;
	cmp_ok($rows, '>', 0, "$name: there are timelines to compare");
	is($different, '', "$name: the same bytes in the file's order, in random order and in parallel");
}

# Each number twice.
for my $schema ('shuffled', 'parallel')
{
	my $settings = "SET search_path = $schema, crm_timeline; " . ($schema eq 'parallel' ? parallel() : serial());
	# Tables that know their size, or no plan over them would be parallel.
	$node->safe_psql($database, "ANALYZE $schema.tl_$_") for real_data();
	my @got = answers($node, $database, $settings, map { $_->[1] } @golden);
	for my $n (0 .. $#golden)
	{
		my ($name, $sql, $expected) = @{ $golden[$n] };
		is($got[$n], $expected, "$schema: $name") or diag($sql);
	}
}
my ($plan) = answers($node, $database, 'SET search_path = parallel, crm_timeline; ' . parallel(),
	'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) SELECT sum(length(t)), sum(cardinality(kinds(t))) FROM tl_receipt');
cmp_ok(plan_facts($plan)->{launched}, '>', 0, 'parallel: a question over the timelines is asked in workers');

# Small examples, one hour between the letters; given backwards.
for my $example (@small)
{
	my ($name, $letters, $sql, $expected) = @$example;
	my $n = 0;
	my $values = join ', ', reverse map { sprintf "('2020-01-01 %02d:00Z'::timestamptz, '$_')", $n++ } split //, $letters;
	my ($got) = answers($node, $database, $now, "WITH one AS (SELECT timeline_agg(at, k) t FROM (VALUES $values) v (at, k)) $sql");
	is($got, $expected, $name);
}
my $throughput = "SELECT extract(day FROM date_trunc('day', z, 'UTC') - date_trunc('day', a, 'UTC')) FROM (
	  SELECT starts_at(pick_kinds(t, 'A')) a, ends_at(pick_kinds(t, 'C')) z, length(t) n FROM (SELECT %s::timeline t) s) s WHERE a <= z AND n > 1";
for my $case (
	['first A to last C, floored to days: 6', '{2020-01-01T00:00:00Z A; 2020-01-06T00:00:00Z C; 2020-01-07T12:00:00Z C}', '6'],
	['NULL when the end lies before the start', '{2020-01-01T00:00:00Z C; 2020-01-07T12:00:00Z A}', ''],
	['NULL when there is one interaction only', '{2020-01-01T00:00:00Z A}', ''])
{
	my ($name, $value, $expected) = @$case;
	my ($got) = answers($node, $database, $now, sprintf $throughput, literal($value));
	is($got, $expected, "throughput: $name");
}

$node->stop;
done_testing();
