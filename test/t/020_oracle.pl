# An oracle in plain SQL for every function and operator: random rows are kept beside the timelines
# that are built from them, and each function's answer is compared with what the rows say. Every
# difference is listed. ORACLE_SEED (-1 to 1) and ORACLE_ROWS (timelines) vary it.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $oracle = "$FindBin::RealBin/../oracle";
my $timelines = $ENV{ORACLE_ROWS} // 10000;
my $seed = seed('ORACLE_SEED', '0.377723');
note("ORACLE_SEED=$seed ORACLE_ROWS=$timelines");

my $node = server('oracle', 'work_mem = 64MB', 'shared_buffers = 256MB');
my $database = new_database($node, 'oracle');
my $path = 'SET search_path = oracle, crm_timeline;';

# Runs a script of SQL with the seed; what it cannot do ends the test.
sub script
{
	my ($name) = @_;
	my ($stdout, $stderr) = ('', '');
	my $status = $node->psql($database, "\\set seed $seed\n\\set families " . int(($timelines + 1) / 2) . "\n\\i '$oracle/$name'\n", stdout => \$stdout, stderr => \$stderr);
	BAIL_OUT("$name with ORACLE_SEED=$seed: $stderr") if $status != 0;
	return;
}

# The blocks "-- check: name" of a file: [name, SQL].
sub blocks
{
	my ($name, $word) = @_;
	my $text = slurp_file("$oracle/$name");
	my @parts = split /^-- \Q$word\E: (.*)\n/m, $text;
	shift @parts;
	my @blocks;
	push @blocks, [ splice @parts, 0, 2 ] while @parts;
	s/\s+\z// for map { $_->[1] } @blocks;
	return @blocks;
}

# Runs a file's checks. A check that compares nothing has failed, too.
sub check
{
	my ($name, $before) = @_;
	my @blocks = blocks($name, 'check');
	my @got = answers($node, $database, "$path $before", map { "WITH compared AS MATERIALIZED (
		  SELECT id::text AS id, got IS DISTINCT FROM want AS differs, CASE WHEN got IS DISTINCT FROM want THEN '  ' || id || E'\\n    got  ' || coalesce(left(got::text, 500), 'NULL')
		         || E'\\n    want ' || coalesce(left(want::text, 500), 'NULL') END AS said FROM ($_->[1] OFFSET 0) s)
		SELECT concat(count(*), E'\\x02', count(*) FILTER (WHERE differs), E'\\x02', string_agg(id, '; ') FILTER (WHERE differs),
		              E'\\x02', (SELECT string_agg(said, E'\\n') FROM (SELECT said FROM compared WHERE differs LIMIT 5) s)) FROM compared" } @blocks);
	for my $n (0 .. $#blocks)
	{
		my ($compared, $different, $ids, $examples) = split /\x02/, $got[$n], 4;
		my $what = "$name: $blocks[$n][0]";
		if ($got[$n] =~ /^ERROR/)
		{
			fail($what);
			diag($got[$n]);
			next;
		}
		ok($compared > 0 && $different == 0, "$what ($compared compared)")
		  or diag("$different of $compared differ in $what with ORACLE_SEED=$seed ORACLE_ROWS=$timelines\n$examples\n  all: $ids");
	}
	return;
}

script('values.sql');
script('build.sql');

# That the rows are what they should be.
my ($facts) = answers($node, $database, $path, "SELECT count(*), count(*) FILTER (WHERE n = 0), max(n), (SELECT max(count) FROM (SELECT count(DISTINCT name) FROM told WHERE name NOT IN ('kind', 'no such name') GROUP BY id) s),
	(SELECT count(*) FROM (SELECT FROM entry GROUP BY id, at, seq, kind HAVING count(DISTINCT ord) > 1) s), (SELECT count(*) FROM member WHERE copies > 1),
	(SELECT count(*) FROM told WHERE num_nonnulls(VARIADIC nums) > 0 AND num_nonnulls(VARIADIC txts) > 0 AND name <> 'seq'), (SELECT max(length(v)) FROM told, unnest(txts) v),
	(SELECT count(*) FROM entry, unnest(attributes) a WHERE num IN ('NaN', 'Infinity', '-Infinity')) FROM whole");
my ($count, $empty, $longest, $widest, $tied, $copied, $mixed, $text, $special) = split /\|/, $facts;
note("$count timelines, $empty of them empty, the longest has $longest interactions, the widest $widest attributes; $tied groups are tied, $copied interactions are there more than once; "
	  . "$mixed names have texts and numbers; the longest text has $text characters; $special numbers are special");
if ($timelines >= 10000)
{
	cmp_ok($count, '>=', 10000, 'there are 10000 timelines');
	cmp_ok($empty, '>', 100, 'there are empty ones');
	is($longest >= 2500 && $widest == 64 && $tied > 1000 && $copied > 1000 && $mixed > 100 && $text >= 99000 && $special > 100, 1, 'the rows are as hostile as they should be');
}

check('building.sql', '');
check('reading.sql', '');
check('algebra.sql', '');
check('order.sql', '');

# Out and in again: out of line, through COPY, under other settings.
my $file = PostgreSQL::Test::Utils::tempdir() . '/copy';
$node->safe_psql($database, "$path
	CREATE TABLE stored (id int, t timeline); ALTER TABLE stored ALTER t SET STORAGE EXTERNAL; INSERT INTO stored SELECT * FROM tl;
	CREATE TABLE seen AS SELECT id, t::text AS as_text, t::jsonb AS as_jsonb FROM tl;
	CREATE TABLE copied_binary (id int, t timeline); CREATE TABLE copied_text (id int, t timeline); CREATE TABLE copied_csv (id int, t timeline);");
for my $format ('binary', 'text', 'csv')
{
	my ($out, $in) = answers($node, $database, $path, "COPY tl TO '$file.$format' (FORMAT $format)", "COPY copied_$format FROM '$file.$format' (FORMAT $format)");
	is("$out$in", '', "COPY $format out and in");
}
my ($types) = grep { $_->[0] =~ /other types/ } blocks('settings.sql', 'check');
$types->[1] =~ /(crm_timeline\.timeline\(.*\)::text) AS got/s or die 'the check of other types has changed';
$node->safe_psql($database, "$path CREATE TABLE seen_types AS SELECT $1 AS as_text");
check('round_trips.sql', '');
check('settings.sql', "SET DateStyle = 'SQL, DMY'; SET TimeZone = 'America/New_York'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = -5; SET bytea_output = 'escape'; SET client_min_messages = error;");

# Errors: each statement by its code.
my $pairs = "SELECT string_agg(format('%L, %s', 'a' || n, n), ', ') AS pairs FROM generate_series(1, 48) n \\gset";
my @errors = blocks('errors.sql', 'error');
my @got = answers($node, $database, "$path $pairs", map { $_->[1] } @errors);
for my $n (0 .. $#errors)
{
	my ($code, $what) = split / /, $errors[$n][0], 2;
	like($got[$n], qr/^ERROR: $code /, "errors.sql: $what: $code") or diag($errors[$n][1]);
}
check('nulls.sql', $pairs);

# Dump and restore, as text and in the custom format.
my $stated = "$path SELECT id, md5(t::bytea) FROM tl ORDER BY id";
my $want = $node->safe_psql($database, $stated);
for my $format ('plain', 'custom')
{
	my $target = "restored_$format";
	my $dump = "$file.$format";
	$node->safe_psql('postgres', "CREATE DATABASE $target TEMPLATE template0");
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($database), '-F', $format, '-f', $dump, '-t', 'oracle.tl', '-n', 'oracle', '-e', 'crm_timeline' ], "$format: dumped");
	$node->safe_psql($target, 'CREATE SCHEMA IF NOT EXISTS oracle');
	my @restore = $format eq 'plain' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($target), '-f', $dump) : ('pg_restore', '-d', $node->connstr($target), $dump);
	$node->command_ok(\@restore, "$format: restored");
	my $got = $node->safe_psql($target, $stated);
	my %want = map { split /\|/ } split /\n/, $want;
	my %restored = map { split /\|/ } split /\n/, $got;
	my @different = grep { ($restored{$_} // '') ne $want{$_} } sort { $a <=> $b } keys %want;
	ok(keys %want == keys %restored && !@different, "$format: dump and restore of " . keys(%want) . ' timelines') or diag('different after dump and restore: ' . join ', ', @different);
}

$node->stop;
done_testing();
