# Patterns: every case of test/cases/patterns.tsv, whose answers were worked by hand, and of journeys.tsv; the functions
# agree among each other; cases that other engines give up on, at their size; funnel_agg() in parallel; doc/patterns.md
# shows the same cases; and values of the types pattern and journey survive COPY, dump and restore.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Cases;
use Server;

my $tree = "$FindBin::RealBin/../..";
my $file = "$tree/test/cases/patterns.tsv";
my @cases = cases($file);
my $node = server('pattern_cases');
my $database = new_database($node, 'cases');
my $path = 'SET search_path = public, crm_timeline;';

cmp_ok(scalar @cases, '>=', 140, 'there are cases');
my %seen;
is(join(', ', grep { $seen{ $_->{name} }++ } @cases), '', 'each has a name of its own');

# The file's own text must do as the values' text form: COPY reads it.
$node->safe_psql($database, "$path CREATE TABLE pattern_case (about text, name text PRIMARY KEY, pattern pattern,
	interactions timeline, as_of timestamptz, matches boolean, count integer, depth integer, ends_at timestamptz, first timeline);
	\\copy pattern_case FROM '$file' (HEADER)");

# What is asked, and what the file says.
my $asked = 'concat_ws(E\'\\n\', matches(interactions, pattern, as_of), match_count(interactions, pattern, as_of),
	funnel_depth(interactions, pattern, as_of), (match_first(interactions, pattern, as_of)).ends_at,
	(match_first(interactions, pattern, as_of)).interactions)';
my $worked = 'concat_ws(E\'\\n\', matches, count, depth, ends_at, first)';
my @got = answers($node, $database, $path,
	map { "SELECT $asked FROM pattern_case WHERE name = " . literal($_->{name}), "SELECT $worked FROM pattern_case WHERE name = " . literal($_->{name}) } @cases);
for my $n (0 .. $#cases)
{
	is($got[ 2 * $n ], $got[ 2 * $n + 1 ], "$cases[$n]{about}: $cases[$n]{name}") or diag("$cases[$n]{pattern}  over  $cases[$n]{interactions}");
}

# Checks over all cases, of which each is c: the names of those that fail.
sub none_fails
{
	my ($what, $condition) = @_;
	my ($names) = answers($node, $database, $path, "SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM pattern_case AS c WHERE ($condition) IS NOT TRUE");
	is($names, '', $what);
	return;
}

my $call = 'c.interactions, c.pattern, c.as_of';
my $seen = "slice(c.interactions, tstzrange(NULL, c.as_of, '[]'))";
none_fails('the order of the input changes nothing',
	"(SELECT coalesce(jsonb_agg(i ORDER BY n DESC), '[]') FROM jsonb_array_elements(interactions::jsonb) WITH ORDINALITY AS a (i, n))::timeline = interactions");
none_fails('the canonical text is a fixed point', 'pattern::text::pattern::text = pattern::text AND pattern::text::pattern = pattern');
none_fails('@@ and the short forms ask as of now()', '(interactions @@ pattern, matches(interactions, pattern), match_count(interactions, pattern), funnel_depth(interactions, pattern))
	= (matches(interactions, pattern, now()), matches(interactions, pattern, now()), match_count(interactions, pattern, now()), funnel_depth(interactions, pattern, now()))');
none_fails('match_all lists as many as match_count says, the first and the last among them', "(SELECT count(*) = match_count($call)
		AND array_agg(m.n) IS NOT DISTINCT FROM (SELECT array_agg(n) FROM generate_series(1, match_count($call)) AS n)
		AND (array_agg(m.*::pattern_match))[1] IS NOT DISTINCT FROM match_first($call)
		AND (array_agg(m.*::pattern_match))[match_count($call)] IS NOT DISTINCT FROM match_last($call)
	FROM match_all($call) AS m)");
none_fails('matches use what was seen, and nothing twice',
	"(SELECT coalesce(sum(length(used)), 0) <= length($seen) AND bool_and(used - $seen = '{}') IS NOT FALSE FROM (SELECT m.interactions FROM match_all($call) AS m) AS m (used))");
none_fails('a funnel has a row for each step, reached as far as its depth', "(SELECT count(*) = max(f.step)
		AND bool_and((f.reached_at IS NOT NULL) = (f.step <= funnel_depth($call))) FROM funnel($call) AS f)");
none_fails('without alternatives, depth is the number of steps exactly where the pattern matches',
	"c.pattern::text ~ ' \\| ' OR c.matches = (funnel_depth($call) = (SELECT count(*) FROM funnel($call)))");
none_fails('explain_match has a row for each interaction seen, of which the matches use as many as it says', "(SELECT count(*) = length($seen)
		AND count(e.match) = (SELECT coalesce(sum(length(used)), 0) FROM (SELECT m.interactions FROM match_all($call) AS m) AS m (used))
		AND bool_and((e.verdict ^@ 'used') = (e.match IS NOT NULL)) IS NOT FALSE FROM explain_match($call) AS e)");

# Journeys in the same way. The pieces of a timeline may overlap, and come in any order.
my $journeys = "$tree/test/cases/journeys.tsv";
my @journeys = cases($journeys);
cmp_ok(scalar @journeys, '>=', 18, 'there are cases of journeys');
$node->safe_psql($database, "$path CREATE TABLE journey_case (about text, name text PRIMARY KEY, journey journey, pieces timeline[],
	as_of timestamptz, stages text, stage text, during tstzrange, spent interval);
	\\copy journey_case FROM '$journeys' (HEADER)");
my $moment = q{'YYYY-MM-DD"T"HH24:MI:SS"Z"'};
my $stays = "SELECT concat_ws('|', (SELECT string_agg(format('%s %s..%s', s.stage, to_char(entered_at, $moment), to_char(left_at, $moment)), '; ' ORDER BY entered_at)
	  FROM stages(t, journey, as_of) s), time_in_stage(t, journey, c.stage, during, as_of) = spent) FROM journey_case c";
for my $pieces ('(SELECT timeline_agg(p) AS t FROM unnest(pieces) AS p)', "(SELECT coalesce(pieces[2], '{}') + pieces[1] AS t)")
{
	my @stays = answers($node, $database, "$path SET timezone = 'UTC';", map { "$stays, LATERAL $pieces AS u WHERE name = " . literal($_->{name}) } @journeys);
	is($stays[$_], "$journeys[$_]{stages}|t", "$journeys[$_]{about}: $journeys[$_]{name}") for 0 .. $#journeys;
}

# What makes a backtracking engine give up, at a size that does: with gates, 1,000 interactions are enough.
for my $case (
	['a gap between any a and a b that never comes, 1,000 a', 'a ->[2 seconds..] b', "'a', 1000", '', 'f|0|1'],
	['the same with 100,000 a', 'a ->[2 seconds..] b', "'a', 100000", '', 'f|0|1'],
	['and a b at the end', 'a ->[2 seconds..] b', "'a', 100000", "'b', 100001", 't|1|2'],
	['three repetitions with gates and no end, 80,000', 'a+ ->[1 hour] b+ ->[1 hour] c+ -> d', "(ARRAY['a', 'b', 'c'])[1 + i % 3], 80000", '', 'f|0|3'],
	['and an end', 'a+ ->[1 hour] b+ ->[1 hour] c+ -> d', "(ARRAY['a', 'b', 'c'])[1 + i % 3], 80000", "'d', 80001", 't|1|4'])
{
	my ($name, $pattern, $kinds, $last, $expected) = @$case;
	my ($kind, $count) = $kinds =~ /^(.*), (\d+)$/;
	my $more = $last eq '' ? '' : $last =~ s/^(.*), (\d+)$/UNION ALL SELECT $2, $1/r;
	my ($got) = answers($node, $database, $path, "SELECT t \@\@ p, match_count(t, p, 'infinity'), funnel_depth(t, p, 'infinity')
		FROM (SELECT timeline_agg('2020-01-01Z'::timestamptz + i * interval '1 second', kind) AS t
		      FROM (SELECT i, $kind FROM generate_series(1, $count) AS i $more) AS s (i, kind)) AS s,
		     (VALUES (pattern " . literal($pattern) . ')) AS v (p)');
	is($got, $expected, "large: $name");
}

# funnel_agg() adds up what funnel() says of each timeline, whatever the plan.
$node->safe_psql($database, "$path CREATE TABLE customer (id int, t timeline);
	INSERT INTO customer SELECT id, timeline_agg('2026-01-01Z'::timestamptz + (id * 7919 + i * 104729) % 5000 * interval '1 minute', chr(97 + (id * 31 + i * 17) % 5))
	FROM generate_series(1, 4000) AS id, generate_series(1, 9) AS i WHERE (id + i) % 7 > 0 GROUP BY id;
	ALTER TABLE customer SET (parallel_workers = 2); ANALYZE customer");
my $funnel = q{'a ->[1 day] b -> c | d -> no e -> a -> c -> no b for 12 hours'};
my $summary = "SELECT step, pattern, customers, median_since_previous, p90_since_previous, instead, instead_customers FROM unnest((SELECT funnel_agg(t, $funnel, '2026-01-04Z') FROM customer))";
my ($serial, $parallel, $facts) = ((answers($node, $database, "$path " . serial(), $summary))[0],
	answers($node, $database, "$path " . parallel(), $summary, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) $summary"));
is($parallel, $serial, 'funnel_agg: a parallel plan gives the same');
$facts = plan_facts($facts);
ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, 'funnel_agg: there was a parallel plan') or diag($facts->{json});
$summary = "SELECT bool_and(s.customers = coalesce(c.customers, 0)) AND count(*) = 4 AND count(*) FILTER (WHERE s.customers > 0) >= 3 FROM unnest((SELECT funnel_agg(t, $funnel, '2026-01-04Z') FROM customer)) s
	LEFT JOIN (SELECT step, count(*) AS customers FROM (SELECT funnel_depth(t, $funnel, '2026-01-04Z') AS depth FROM customer) d, generate_series(1, depth) AS step GROUP BY step) c USING (step)";
is((answers($node, $database, $path, $summary))[0], 't', 'funnel_agg: as many customers as funnel_depth() says');

# From 16 on the server can ask whether a text is one, without an error.
if ($node->safe_psql($database, 'SHOW server_version_num') >= 160000)
{
	is($node->safe_psql($database, "$path SELECT pg_input_is_valid('a -> b', 'pattern'), pg_input_is_valid('a b', 'pattern'), pg_input_is_valid('x: a', 'journey'), pg_input_is_valid('x a', 'journey'),
		(pg_input_error_info('a b', 'pattern')).message"), 't|f|t|f|invalid pattern at character 3: expected an arrow, "|" or the end, found "b"', 'soft errors');
}

# The page shows these cases and no others.
my $page = slurp_file("$tree/doc/patterns.md");
my ($shown) = $page =~ /^<!-- cases -->\n\n(.*?)\n<!-- end of cases -->$/ms;
is($shown // 'no marks', tables(@cases), 'doc/patterns.md shows the cases of test/cases/patterns.tsv')
  or diag(q{What belongs there: perl -Itest/perl -MCases -e 'print tables(cases("test/cases/patterns.tsv"))'});

($shown) = $page =~ /^<!-- journeys -->\n\n(.*?)\n<!-- end of journeys -->$/ms;
is($shown // 'no marks', journey_tables(@journeys), 'doc/patterns.md shows the cases of test/cases/journeys.tsv')
  or diag(q{What belongs there: perl -Itest/perl -MCases -e 'print journey_tables(cases("test/cases/journeys.tsv"))'});

# Values on their way: COPY in every format, and dump and restore.
my $folder = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql($database, "$path CREATE TABLE held (name text PRIMARY KEY, pattern pattern, journey journey);
	INSERT INTO held SELECT name, pattern, CASE WHEN pattern::text !~ '=> end' THEN format('%s\"st ;:\"\"ge\": %s; other: \"x;y\" -> no any for 1 mon',
		CASE length(name) % 2 WHEN 0 THEN 'forward; ' ELSE '' END, pattern)::journey END FROM pattern_case;
	INSERT INTO held VALUES ('nothing', NULL, NULL), ('wide', (SELECT string_agg('\"kind ' || i || '\"', ' -> ')::pattern FROM generate_series(1, 60) i), NULL)");
is($node->safe_psql($database, 'SELECT count(*) > 140, count(journey) > 130, count(*) FILTER (WHERE pattern IS NULL) FROM held'), 't|t|1', 'there are values to send');
for my $format ('binary', 'text', 'csv')
{
	$node->safe_psql($database, "$path CREATE TABLE held_$format (LIKE held); COPY held TO '$folder/held.$format' (FORMAT $format); COPY held_$format FROM '$folder/held.$format' (FORMAT $format)");
	is($node->safe_psql($database, "$path SELECT count(*) FROM held h FULL JOIN held_$format c USING (name)
		WHERE h.pattern IS DISTINCT FROM c.pattern OR h.journey IS DISTINCT FROM c.journey OR h.pattern::text IS DISTINCT FROM c.pattern::text OR h.journey::text IS DISTINCT FROM c.journey::text"), '0', "COPY $format and back");
}
# A value that was sent runs as the one it came from.
is($node->safe_psql($database, "$path SELECT count(*) FROM pattern_case c JOIN held_binary h USING (name)
	WHERE (match_count(interactions, c.pattern, as_of), funnel_depth(interactions, c.pattern, as_of)) IS DISTINCT FROM (match_count(interactions, h.pattern, as_of), funnel_depth(interactions, h.pattern, as_of))"), '0', 'sent values give the same answers');

my $stated = "$path SELECT name, pattern, journey FROM held ORDER BY name COLLATE \"C\"";
my $want = $node->safe_psql($database, $stated);
for my $format ('plain', 'custom')
{
	my ($target, $dump) = ("restored_$format", "$folder/dump.$format");
	$node->safe_psql('postgres', "CREATE DATABASE $target TEMPLATE template0");
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($database), '-F', $format, '-f', $dump ], "$format: dumped");
	my @restore = $format eq 'plain' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($target), '-f', $dump) : ('pg_restore', '-d', $node->connstr($target), $dump);
	$node->command_ok(\@restore, "$format: restored");
	is($node->safe_psql($target, $stated), $want, "$format: the same patterns and journeys");
}

$node->stop;
done_testing();
