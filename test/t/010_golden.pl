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
use Server;

my $data = $ENV{SHARED_DATA} // '';
plan skip_all => 'SHARED_DATA does not name the folder of real event data' if $data eq '';
plan skip_all => "there is no real event data in $data" if !-e "$data/receipt.csv.gz";

# data set => file, id, time and kind, the other arguments of timeline_agg, filter
my %set = (
	receipt => {
		file => 'receipt.csv.gz', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "'seq', event_no::int, 'channel', channel, 'agent', resource, 'department', department"
	},
	helpdesk => {
		file => 'helpdesk.csv.gz', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "jsonb_build_object('seq', event_no::int, 'agent', resource, 'product', product, 'workgroup', workgroup)"
	},
	running_example => {
		file => 'running_example.csv', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "'seq', event_no::bigint, 'agent', resource, 'costs', costs::numeric"
	},
	bank_calls => {
		file => 'bank_calls_feb1999.csv.gz', id => 'customer_id', at => "(date::date + vru_entry::time) AT TIME ZONE 'Asia/Jerusalem'", kind => "'call'::text",
		with => "'seq', line, 'channel', 'phone'::text, 'outcome', outcome, 'agent', server, 'queue', q_time::int, 'service', ser_time::smallint",
		filter => "outcome <> 'PHANTOM' AND vru_time::int >= 0"
	},
	cdnow_master => {
		file => 'cdnow_master.csv.gz', id => 'customer_id', at => "date::timestamp AT TIME ZONE 'UTC'", kind => "'purchase'::text",
		with => "'seq', line, 'value', amount::numeric, 'cds', cds::int"
	});

my $node = server('golden');
my $database = new_database($node, 'golden');
my $now = 'SET search_path = public, crm_timeline;';

# Everything is text at first; line is the row's number in the file.
for my $name (sort keys %set)
{
	my $file = "$data/$set{$name}{file}";
	my $read = $file =~ /\.gz$/ ? "gzip -dc '$file'" : "cat '$file'";
	my ($header) = split /\r?\n/, qx($read);
	my @columns = map { "\"$_\"" } split /,/, $header;
	$node->safe_psql($database, "CREATE TABLE raw_$name (line bigint GENERATED ALWAYS AS IDENTITY, " . join(', ', map { "$_ text" } @columns) . ")");
	$node->safe_psql($database, "\\copy raw_$name (" . join(', ', @columns) . ') FROM PROGRAM ' . literal($read) . ' CSV HEADER');
}

# The same table in three schemas: the file's order, random order, and in parallel from another one.
sub build
{
	my ($schema, $name, $plan, $order) = @_;
	my $set = $set{$name};
	my $filter = $set->{filter} // 'true';
	$node->safe_psql($database, "SELECT setseed(0.$order); CREATE TABLE $schema.row_$name AS SELECT * FROM raw_$name WHERE $filter ORDER BY "
		  . ($order eq '0' ? 'line' : 'random()') . "; ALTER TABLE $schema.row_$name SET (parallel_workers = 2); ANALYZE $schema.row_$name");
	return explain_create($node, $database, "$now $plan", "$schema.tl_$name",
		"SELECT $set->{id} AS id, timeline_agg($set->{at}, $set->{kind}, $set->{with}) AS t FROM $schema.row_$name GROUP BY 1");
}

$node->safe_psql($database, 'CREATE SCHEMA filed; CREATE SCHEMA shuffled; CREATE SCHEMA parallel');
for my $name (sort keys %set)
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
	$node->safe_psql($database, "ANALYZE $schema.tl_$_") for sort keys %set;
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
