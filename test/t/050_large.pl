# A customer with 2,000,000 interactions: every operation works on it, says what it took in time
# and memory, and stops within half a second when it is cancelled, wherever it is.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Server;

my $count = $ENV{LARGE_INTERACTIONS} // 2_000_000;
my $node = server('large', 'shared_buffers = 256MB');
my $database = new_database($node, 'large');
my $path = 'SET search_path = crm_timeline, public; SET work_mem = \'64MB\'; SET max_parallel_workers_per_gather = 0;';

# Most memory that a backend had of its own while it ran the statement, in MB.
my $peak = q{SELECT (substring(s FROM 'VmHWM:\s+(\d+)')::bigint - substring(s FROM 'RssShmem:\s+(\d+)')::bigint
	- substring(s FROM 'RssFile:\s+(\d+)')::bigint) / 1024 FROM pg_read_file('/proc/self/status', 0, 4096) s};

# Half the times are shared by several interactions; references are unique; rows come in no order.
$node->safe_psql($database, "$path
	CREATE TABLE happening AS
		SELECT i, timestamptz '2020-01-01Z' + (hashint8extended(i, 1) & 1048575) * interval '97.123456 s' AS at, 'kind ' || i % 23 AS kind,
		       'channel ' || i % 7 AS channel, 'r' || i AS ref, (i % 1000) / 4.0 AS value
		  FROM generate_series(1, ${count}::bigint) i;
	CREATE TABLE large AS SELECT timeline_agg(at, kind, 'channel', channel, 'ref', ref, 'value', value, 'seq', i) AS t FROM happening;
	CREATE TABLE piece AS SELECT i % 5 AS n, timeline_agg(at, kind, 'channel', channel) AS t FROM happening GROUP BY 1;");
is($node->safe_psql($database, "$path SELECT length(t) FROM large"), $count, "a timeline of $count interactions is built");

# what is asked, and what it must answer
my @asked = (
	[ 'build', "SELECT length(timeline_agg(at, kind, 'channel', channel, 'ref', ref, 'value', value, 'seq', i)) FROM happening", $count ],
	[ 'slice of a day', "SELECT length(slice(t, '[2021-01-01Z, 2021-01-02Z)')) = (SELECT count(*) FROM happening WHERE at >= '2021-01-01Z' AND at < '2021-01-02Z') FROM large", 't' ],
	[ 'slice of all but one day', "SELECT length(slice(t, '[2020-01-02Z,)')) = (SELECT count(*) FROM happening WHERE at >= '2020-01-02Z') FROM large", 't' ],
	[ 'union with itself', 'SELECT length(t + t) FROM large', $count ],
	[ 'concatenation', 'SELECT length(t || t) FROM large', 2 * $count ],
	[ 'intersection', 'SELECT t * t = t FROM large', 't' ],
	[ 'difference', 'SELECT length(t - t) FROM large', 0 ],
	[ 'union of pieces', 'SELECT sum(length(t)) >= length(timeline_agg(t)) FROM piece', 't' ],
	[ 'store: build', "SELECT length(store_agg(at, kind, channel, NULL, NULL, NULL, NULL, NULL, NULL, NULL, value, NULL, 'table', ref, i, NULL)) FROM happening", $count ],
	[ 'store: build with more names than are kept', "SELECT cardinality(attributes(store_agg(at, kind, channel, NULL, NULL, NULL, NULL, NULL, NULL, NULL, value, NULL, 'table', ref, i, jsonb_build_object('n' || i % 997, i, 'm' || i % 7, kind)))) FROM happening", 64 ],
	[ 'store: pieces that overlap', 'SELECT length(store_agg(t)) FROM piece', $count ],
	[ 'store: parts', 'SELECT sum(length(p)), max(pg_column_size(p)) <= 65536 FROM large, timeline_parts(t, 65536) AS p', "$count|t" ],
	[ 'store: parts that are instants', 'SELECT sum(length(p)) FROM large, timeline_parts(t, 1) AS p', $count ],
	[ 'store: parts joined', 'SELECT store_agg(p) = t FROM large, timeline_parts(t, 65536) AS p GROUP BY t', 't' ],
	[ 'store: summary', 'SELECT (timeline_summary(t)).interactions FROM large', $count ],
	[ 'pick_kinds', "SELECT length(pick_kinds(t, 'kind 1', 'kind 5')) = (SELECT count(*) FROM happening WHERE kind IN ('kind 1', 'kind 5')) FROM large", 't' ],
	[ 'kinds', 'SELECT cardinality(kinds(t)) FROM large', $count ],
	[ 'attribute_texts', "SELECT cardinality(attribute_texts(t, 'ref')) FROM large", $count ],
	[ 'attribute_sum', "SELECT attribute_sum(t, 'value') = (SELECT sum(value) FROM happening) FROM large", 't' ],
	[ 'unnest', 'SELECT count(*) FROM large, unnest(t)', $count ],
	[ 'text and back', 'SELECT t::text::timeline = t FROM large', 't' ],
	[ 'bytea and back', 'SELECT t::bytea::timeline = t FROM large', 't' ],
	[ 'matches counted', "SELECT match_count(t, 'any', 'infinity') FROM large", $count ],
	[ 'all matches', "SELECT (SELECT timeline_agg(interactions) FROM match_all(t, '\"kind 1\"', 'infinity')) = pick_kinds(t, 'kind 1') FROM large", 't' ],
	[ 'hash', 'SELECT timeline_hash(t) IS NOT NULL FROM large', 't' ],
	[ 'jsonb and back', "SELECT u::jsonb::timeline = u FROM (SELECT slice(t, '[2020-01-01Z, 2020-06-01Z)') AS u FROM large) s", 't' ],);

my %seconds;
for my $asked (@asked)
{
	my ($name, $sql, $answer) = @$asked;
	my $before = time;
	my ($is, $mb) = split /\n/, $node->safe_psql($database, "$path $sql; $peak");
	$seconds{$name} = time - $before;
	is($is, $answer, sprintf '%s: %.2f s, %d MB', $name, $seconds{$name}, $mb);
}

# What is received may say much more than its bytes; it takes memory in proportion to these.
{
	$node->safe_psql($database, "$path
		CREATE TABLE wide AS SELECT timeline_agg('2026-01-01Z', 'a', attributes)::bytea AS wire
			FROM generate_series(1, 200000), (SELECT jsonb_object_agg('a' || i, 'x') AS attributes FROM generate_series(1, 64) i) s");
	my ($bytes, $length, $mb) = split /\n/, $node->safe_psql($database, "$path SELECT octet_length(wire) FROM wide; SELECT length(wire::timeline) FROM wide; $peak");
	is($length, 200000, "64 attributes of 200,000 interactions are received in $bytes bytes");
	cmp_ok($mb, '<', 16, "and that takes $mb MB");
}

# Cancelled at a fifth, a half and four fifths of its time, each is gone within half a second.
for my $asked (@asked)
{
	my ($name, $sql) = @$asked;
	next if $seconds{$name} < 0.25;
	for my $part (0.2, 0.5, 0.8)
	{
		my $timeout = int(1000 * $part * $seconds{$name}) || 1;
		my ($stdout, $stderr) = ('', '');
		my $before = time;
		$node->psql($database, "$path SET statement_timeout = $timeout; $sql", stdout => \$stdout, stderr => \$stderr, on_error_stop => 1, on_error_die => 0);
		my $late = time - $before - $timeout / 1000;
		if ($stderr =~ /canceling statement/)
		{
			cmp_ok($late, '<', 0.5, sprintf '%s stops %.3f s after its cancellation at %.2f s', $name, $late, $timeout / 1000);
		}
		else
		{
			# it was faster this time
			is($stderr, '', "$name ends before its cancellation");
		}
	}
}
is($node->safe_psql($database, "$path SELECT length(t) FROM large"), $count, 'the timeline is as it was');
$node->stop;
done_testing();
