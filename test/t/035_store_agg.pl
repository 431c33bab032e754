# store_agg() against timeline_agg() over rows that SQL has cleaned, on rows that hold whatever can be: values that no
# interaction may have, objects made to hurt, more names than a timeline may have, ties and copies. timeline_summary()
# against unnest(), and timeline_parts() against what it promises. STORE_AGG_SEED (-1 to 1, or 'random') and
# STORE_AGG_TIMELINES vary it. The rows, and the slow way, are test/oracle/store_*.sql.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $timelines = $ENV{STORE_AGG_TIMELINES} // 600;
my $seed = seed('STORE_AGG_SEED', '0.271828');
note("STORE_AGG_SEED=$seed STORE_AGG_TIMELINES=$timelines");

my $node = server('store_agg', 'work_mem = 64MB', 'shared_buffers = 256MB');
my $database = new_database($node, 'store_agg');
my $path = 'SET search_path = public, crm_timeline;';

# Runs a query (id, holds) that must be true for each id, and lists the ids where it is not.
sub holds
{
	my ($what, $query, $before) = @_;
	my ($got) = answers($node, $database, $path . ($before // ''), "SELECT count(*), string_agg(id::text, ', ') FILTER (WHERE holds IS NOT TRUE) FROM ($query) s");
	my ($compared, $wrong) = $got =~ /^ERROR/ ? (0, $got) : split /\|/, $got, -1;
	ok($compared > 0 && $wrong eq '', "$what ($compared compared)") or diag("$what with STORE_AGG_SEED=$seed, of: " . substr $wrong, 0, 2000);
	return;
}

for my $script ('store_rows.sql', 'store_values.sql')
{
	my $stderr = '';
	my $status = $node->psql($database, "\\set seed $seed\n\\set timelines $timelines\n\\i '$FindBin::RealBin/../oracle/$script'\n", stderr => \$stderr);
	BAIL_OUT("$script with STORE_AGG_SEED=$seed: $stderr") if $status != 0;
}

# That the rows are what they should be.
my ($facts) = answers($node, $database, $path, "SELECT count(*), count(*) FILTER (WHERE kept = 64), count(*) FILTER (WHERE had > 64),
	(SELECT max(count) FROM (SELECT count(*) FROM happening, jsonb_object_keys(CASE jsonb_typeof(attributes) WHEN 'object' THEN attributes ELSE '{}' END) GROUP BY r) s),
	(SELECT count(*) FROM judged WHERE NOT fits), (SELECT count(DISTINCT id) FROM happened) - count(*), count(*) FILTER (WHERE names < kept), count(*) FILTER (WHERE halved)
	FROM (SELECT id, count(*) AS kept, count(DISTINCT name) AS names FROM kept GROUP BY id) k
	JOIN (SELECT id, count(DISTINCT (name, number)) AS had FROM (SELECT id, name, is_number(name, value) AS number FROM member) m GROUP BY id) h USING (id)
	JOIN (SELECT m.id, bool_or(m.number AND k.id IS NULL AND EXISTS (SELECT FROM kept o WHERE o.id = m.id AND o.name = m.name)) AS halved
	      FROM (SELECT DISTINCT id, name, is_number(name, value) AS number FROM member) m LEFT JOIN kept k USING (id, name, number) GROUP BY m.id) c USING (id)");
my ($count, $full, $wide, $widest, $unfit, $none, $mixed, $halved) = split /\|/, $facts;
cmp_ok($count, '>', $timelines * 0.8, "$count timelines");
cmp_ok($wide, '>', $timelines / 8, "$wide of them had more than 64 attributes, $full keep 64");
cmp_ok($widest, '>', 150, "up to $widest members in a row");
cmp_ok($unfit, '>', 100, "$unfit different members that can be no attribute");
cmp_ok($mixed, '>', $timelines / 20, "$mixed with numbers and texts under one name");
cmp_ok($halved, '>', 0, "$halved where the texts of a name stay and its numbers do not");
cmp_ok($none, '>', 0, "$none without any interaction");

# Compares timelines (id, t) with the slow way's, by bytes.
my $columns = 'at, kind, channel, direction, thread, agent, outcome, topic, sentiment, score, value, automated, source, ref, seq, attributes';
my $call = "store_agg($columns)";
sub same
{
	my ($what, $query, $before) = @_;
	holds($what, "SELECT coalesce(g.id, w.id) AS id, g.t::bytea IS NOT DISTINCT FROM w.t::bytea AS holds FROM ($query) g FULL JOIN wanted w USING (id) WHERE num_nonnulls(g.t, w.t) > 0", $before);
	return;
}

same('rows, as timeline_agg() over cleaned ones', "SELECT id, $call AS t FROM happened GROUP BY id");
same('rows, shuffled and hashed', "SELECT id, $call AS t FROM shuffled GROUP BY id", 'SET enable_sort = off;');
same('rows, shuffled and sorted', "SELECT id, $call AS t FROM shuffled GROUP BY id", 'SET enable_hashagg = off;');
same('rows, the latest first', "SELECT id, store_agg($columns ORDER BY at DESC, n) AS t FROM happened GROUP BY id");
same('pieces of rows', "SELECT id, store_agg(t ORDER BY random()) AS t FROM (SELECT id, piece, $call AS t FROM shuffled GROUP BY id, piece) s GROUP BY id");
same('pieces of pieces', "SELECT id, store_agg(t) AS t FROM (SELECT id, store_agg(t) AS t FROM (SELECT id, n, $call AS t FROM shuffled GROUP BY id, n) s GROUP BY id, n % 3) s GROUP BY id");
same('one row a piece', "SELECT id, store_agg(t ORDER BY random()) AS t FROM (SELECT id, $call AS t FROM shuffled GROUP BY id, n) s GROUP BY id");
same('pieces in time', "SELECT id, store_agg(t ORDER BY random()) AS t FROM (SELECT id, $call AS t FROM shuffled WHERE isfinite(at) GROUP BY id, date_bin('7 days', at, '2026-01-01')) s GROUP BY id");
for my $how ('', ' SET enable_hashagg = off;')
{
	my $table = 'in_parallel' . ($how ? '_sorted' : '');
	my $plan = explain_create($node, $database, "$path " . parallel() . $how, $table, "SELECT id, $call AS t FROM shuffled GROUP BY id");
	ok($plan->{partial} > 0 && $plan->{finalize} > 0 && $plan->{parts} > $plan->{groups}, "partial aggregation in $plan->{launched} workers: $plan->{parts} for $plan->{groups}") or diag($plan->{json});
	same("rows, in parallel$how", "SELECT * FROM $table");
}
same('the bytes pass their check', "SELECT id, ${call}::bytea::timeline AS t FROM happened GROUP BY id");
holds('all of them as one', "SELECT 0 AS id, $call = (SELECT store_agg(t) FROM wanted WHERE id % 6 < 3) AS holds FROM shuffled WHERE class < 3");

# Many rows of one timeline: such states travel packed, and are cut before.
my $large = "SELECT 0 AS id, store_agg(at, kind, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 's', ref, NULL, attributes) AS t FROM large";
holds('large: rows', "SELECT 0 AS id, g.t::bytea = w.t::bytea AS holds FROM ($large) g, large_wanted w", serial());
my $plan = explain_create($node, $database, "$path " . parallel(), 'large_parallel', $large);
ok($plan->{partial} > 0 && $plan->{finalize} > 0 && $plan->{launched} > 0, "large: partial aggregation in $plan->{launched} workers") or diag($plan->{json});
holds('large: in parallel', 'SELECT 0 AS id, g.t::bytea = w.t::bytea AS holds FROM large_parallel g, large_wanted w');
holds('large: pieces', "SELECT 0 AS id, (SELECT store_agg(t) FROM ($large GROUP BY n % 7) s)::bytea = w.t::bytea AS holds FROM large_wanted w");

# More shapes than are kept.
my $pairs = "timeline_agg(at, kind, 'channel', channel, 'direction', direction, 'thread', thread, 'agent', agent, 'outcome', outcome, 'topic', topic, 'sentiment', sentiment, 'score', score, 'value', value, "
  . "'automated', automated, 'source', source, 'ref', ref, 'seq', seq%s)";
my $bits = join '', map { ", 'b$_', (attributes->'b$_')::float8" } 0 .. 14;
my $both = "(SELECT * FROM odd WHERE n % 2 = 0 UNION ALL SELECT * FROM odder WHERE n % 2 = 1) o";
holds('odd: every combination of columns', "SELECT id, ${call}::bytea = " . sprintf($pairs, '') . '::bytea AS holds FROM odd GROUP BY id');
holds('odd: objects of many shapes', "SELECT id, ${call}::bytea = " . sprintf($pairs, $bits) . '::bytea AS holds FROM odder GROUP BY id');
holds("odd: $_ first", "SELECT id, store_agg($columns ORDER BY attributes IS " . ($_ eq 'objects' ? 'NULL' : 'NOT NULL') . ")::bytea = " . sprintf($pairs, $bits) . "::bytea AS holds FROM $both GROUP BY id") for 'objects', 'columns';
$plan = explain_create($node, $database, "$path " . parallel(), 'odder_parallel', "SELECT id, $call AS t FROM odder GROUP BY id");
ok($plan->{partial} > 0 && $plan->{finalize} > 0 && $plan->{launched} > 0, "odd: partial aggregation in $plan->{launched} workers") or diag($plan->{json});
holds('odd: in parallel', "SELECT id, g.t::bytea = w.t::bytea AS holds FROM odder_parallel g JOIN (SELECT id, " . sprintf($pairs, $bits) . " AS t FROM odder GROUP BY id) w USING (id)");

# A few bytes that would be gigabytes of text.
holds('a nested value that is too long as a text is left out', "SELECT 0 AS id, attributes(store_agg('2026-01-01Z', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, a)) = '{plan}' AS holds
	FROM (SELECT jsonb_build_object('plan', 'gold', 'x', jsonb_agg('1e131071'::jsonb), 'channel', jsonb_build_object('a', jsonb_agg('1e131071'::jsonb))) AS a FROM generate_series(1, 9000)) s");
holds('one that is long enough is not', "SELECT 0 AS id, attribute_texts(t, 'x') = ARRAY[x::text] AS holds FROM (SELECT x, store_agg('2026-01-01Z', 'a', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, jsonb_build_object('x', x)) AS t
	FROM (SELECT jsonb_agg(one_of('1e1000', '\"\\u0001\\n\\\"\"', '[[], {\"a\": [null, 2.50]}]'::jsonb)) AS x FROM generate_series(1, 20000)) s GROUP BY x) s");

# Summaries, against the rows that unnest() gives.
holds('summaries', "SELECT id, s::text = (w.n, w.first_at, w.last_at, w.inbound, w.outbound, l.kind, l.channel, l.outcome, l.sentiment, l.score)::text AS holds
	FROM various v, timeline_summary(t) s, LATERAL (SELECT count(*) AS n, min(occurred_at) AS first_at, max(occurred_at) AS last_at, max(occurred_at) FILTER (WHERE direction = 'inbound') AS inbound,
		max(occurred_at) FILTER (WHERE direction = 'outbound') AS outbound FROM unnest(t)) w
	LEFT JOIN LATERAL (SELECT * FROM unnest(v.t) WITH ORDINALITY ORDER BY ordinality DESC LIMIT 1) l ON true");
holds('a summary of NULL', 'SELECT 0 AS id, interactions IS NULL AS holds FROM (SELECT (timeline_summary(NULL)).*) s');

# Parts.
my $each = q{id || ' ' || max_bytes AS id};
holds('parts: together the timeline', "SELECT $each, p::bytea = t::bytea AND n = length(t) AS holds FROM (SELECT id, max_bytes, store_agg(p) AS p, sum(length(p)) AS n FROM part GROUP BY id, max_bytes) part JOIN cut USING (id)");
holds('parts: one after another', "SELECT $each, coalesce(starts_at > lag(ends_at) OVER (PARTITION BY id, max_bytes ORDER BY n), n = 1) AND p <> '{}' AS holds FROM part");
holds('parts: no larger than asked for, or one instant', "SELECT $each, bytes <= max_bytes OR starts_at = ends_at AS holds FROM part");
holds('parts: all but the last are nearly full', "SELECT $each, bytes > 0.93 * max_bytes AS holds FROM (SELECT *, lead(n) OVER (PARTITION BY id, max_bytes ORDER BY n) IS NULL AS last FROM part WHERE steady AND max_bytes >= 8192) part WHERE NOT last");
holds('parts: hardly anything more would fit', "SELECT id || ' ' || max_bytes || ' ' || a.n AS id, pg_column_size(a.p || slice(b.p, tstzrange(NULL, least(b.ends_at, b.starts_at + (a.ends_at - a.starts_at) / 5), '[]'))) > a.max_bytes AS holds
	FROM (SELECT * FROM part WHERE max_bytes >= 8192) a JOIN part b USING (id, max_bytes) WHERE b.n = a.n + 1 AND a.bytes < 0.9 * max_bytes AND b.starts_at < a.ends_at + (a.ends_at - a.starts_at) / 5");
holds('parts: a timeline that is small enough is one', "SELECT $each, n = 1 AND p = t AS holds FROM part JOIN cut USING (id) WHERE max_bytes = 2147483647");
holds('parts: the empty timeline has none', "SELECT 0 AS id, count(*) = 0 AS holds FROM timeline_parts('{}', 100)");
holds('parts: as many sets in one query as there are timelines', "SELECT id, parts = (SELECT array_agg(p ORDER BY n) FROM part WHERE part.id = v.id AND max_bytes = 500) AS holds
	FROM (SELECT id, array_agg(p) AS parts FROM (SELECT id, timeline_parts(t, 500) AS p FROM various ORDER BY id) s GROUP BY id) v WHERE id LIKE 'end 1%'");
for my $bytes (0, -1, -2147483648)
{
	my ($error) = answers($node, $database, $path, "SELECT timeline_parts('{2026-01-01T00:00:00Z a}', $bytes)");
	like($error, qr/^ERROR: 22023 /, "parts of $bytes bytes");
}

$node->stop;
done_testing();
