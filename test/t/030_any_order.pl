# Any order, any split, any plan: the same rows give the same bytes. And the laws of the algebra.
# Every timeline is drawn from a seed of its own, which is its id; every check runs over all seeds
# and names those where it does not hold. ANY_ORDER_SEED is the first one, a whole number or
# 'random', and ANY_ORDER_TIMELINES how many there are. The rows of a seed are always the same: with
# one that was named and 1 they come again alone. (So few rows do not make the plans that some checks
# ask for, and these say so.)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $timelines = $ENV{ANY_ORDER_TIMELINES} // 1500;
# The suite is the same every time; a seed of 'random' draws others.
my $seed = $ENV{ANY_ORDER_SEED} // 414159;
my $most_seeds = 999_999_999;
$seed = 3 * int(rand(($most_seeds - $timelines) / 3)) if $seed eq 'random';
die "ANY_ORDER_SEED is a whole number up to $most_seeds less ANY_ORDER_TIMELINES, or 'random'" if $seed !~ /^\d+$/ || $seed + $timelines > $most_seeds;
my $last_seed = $seed + $timelines - 1;
note("ANY_ORDER_SEED=$seed ANY_ORDER_TIMELINES=$timelines");

my $node = server('any_order', 'shared_buffers = 256MB');
my $database = new_database($node, 'any_order');
my $path = 'SET search_path = public, crm_timeline; SET work_mem = \'64MB\';';

# The aggregate of the store, over rows some of which it skips and some of whose values it leaves out; %s is an ORDER BY.
my $store_call = "store_agg(CASE kind WHEN 'kind 3' THEN 'infinity' ELSE at END, nullif(kind, 'kind 4'), channel, NULL, own, NULL, NULL, NULL, value, NULL, value, automated, 'table', coalesce(channel, ''), seq, odd%s)";
my $stored = sprintf $store_call, '';

# Three timelines each draw from the same few times, kinds and values, so that they share rows and have many ties: the seeds
# 3 d to 3 d + 2, and a seed of d for what they draw from. setseed() takes numbers from -1 to 1.
$node->safe_psql($database, "$path
	CREATE AGGREGATE joined(timeline) (sfunc = crm_timeline.timeline_concat, stype = timeline);
	CREATE TABLE domain (d int PRIMARY KEY, base timestamptz, step interval, times int, kinds int, vals int, presence float8);
	CREATE TABLE happening (id int, n int, piece int, at timestamptz, kind text, seq bigint, channel text, value float8, own text, automated boolean);
	DO \$\$
	BEGIN
		FOR d IN $seed / 3 .. $last_seed / 3 LOOP
			PERFORM setseed(-(d + 1) / 1e9);
			INSERT INTO domain
				SELECT d, '2020-01-01Z'::timestamptz + floor(random() * 1e9) * interval '1 s', (ARRAY[0, 1, 1000, 1000000, 86400000000])[1 + floor(random() * 5)::int] * interval '1 microsecond',
				       (ARRAY[1, 3, 10, 1000])[1 + floor(random() * 4)::int], (ARRAY[1, 2, 5, 100])[1 + floor(random() * 4)::int], (ARRAY[1, 2, 20, 100000])[1 + floor(random() * 4)::int], random();
		END LOOP;
		FOR seed IN $seed .. $last_seed LOOP
			PERFORM setseed(seed / 1e9);
			INSERT INTO happening
				SELECT seed, n, floor(random() * pieces)::int, base + floor(random() * times) * step, 'kind ' || floor(random() * kinds),
				       CASE WHEN random() < presence THEN floor(random() * 3)::bigint END, CASE WHEN random() < presence THEN 'channel ' || floor(random() * vals) END,
				       CASE WHEN random() < presence THEN (ARRAY[floor(random() * vals), -0.0::float8, random() * vals, 'NaN', 'Infinity', 0.01 * floor(random() * vals)])[1 + floor(random() * 6)::int] END,
				       CASE WHEN random() < presence THEN md5(floor(random() * vals)::text) END, CASE WHEN random() < presence THEN random() < 0.5 END
				  FROM (SELECT floor(CASE WHEN random() < 0.02 THEN 1500 * random() ELSE 40 * random() END)::int AS rows, 1 + floor(7 * random())::int AS pieces) t,
				       domain, generate_series(1, rows) AS n
				 WHERE d = seed / 3;
		END LOOP;
	END \$\$;
	SELECT setseed($seed / 1e9);
	ALTER TABLE happening ADD other jsonb;
	UPDATE happening SET other = jsonb_strip_nulls(jsonb_build_object('seq', seq, 'channel', channel, 'value', CASE WHEN value IN ('NaN', 'Infinity') THEN NULL ELSE value END,
		'automated', automated, 'mixed', CASE WHEN n % 2 = 0 THEN to_jsonb(own) ELSE to_jsonb(round(value::numeric, 2)) END)) - CASE WHEN value IN ('NaN', 'Infinity') THEN 'mixed' ELSE '' END;
	-- A content's copies all go to one piece; here they may.
	ALTER TABLE happening ADD together int;
	UPDATE happening SET together = abs(hashtext(at::text || kind)) % 4;
	-- What no interaction may have, and in one timeline of three more names than a timeline may have: for the store.
	ALTER TABLE happening ADD odd jsonb;
	UPDATE happening SET odd = CASE WHEN id % 3 = 0 THEN (SELECT jsonb_object_agg('n' || (i * 37 + n * 11) % 90, CASE WHEN (i + n) % 5 = 0 THEN to_jsonb(own) ELSE to_jsonb(i) END) FROM generate_series(1, n % 30) i)
		WHEN n % 3 = 0 THEN '[1]' ELSE '{\"effort\": \"high\", \"risk\": 3, \"kind\": \"x\", \"channel\": \"letter\", \"seq\": 7}' END;
	CREATE TABLE shuffled AS SELECT * FROM happening ORDER BY random();
	CREATE TABLE parted (LIKE happening) PARTITION BY LIST (piece);
	SELECT format('CREATE TABLE parted_%s PARTITION OF parted FOR VALUES IN (%s)', p, p) FROM generate_series(0, 6) p \\gexec
	INSERT INTO parted SELECT * FROM shuffled;
	-- Pieces of timelines that overlap: for the aggregate over timelines.
	CREATE TABLE piece AS SELECT id, piece, timeline_agg(at, kind, other) AS t FROM shuffled GROUP BY id, piece ORDER BY random();
	INSERT INTO piece SELECT id, piece + 10, t || t FROM piece WHERE id % 3 = 0 AND piece = 1;
	INSERT INTO piece SELECT id, 20, '{}' FROM generate_series($seed, $last_seed, 7) id;
	INSERT INTO piece SELECT id, 18 + k, slice(t, tstzrange(starts_at(t) + random() * (ends_at(t) - starts_at(t)), NULL)) FROM piece, generate_series(0, 1) k WHERE piece < 7;
	INSERT INTO piece SELECT id, 17, pick_kinds(t, 'kind 0', 'kind 1') FROM piece WHERE piece < 7;
	CREATE TABLE piece_ordered AS SELECT * FROM piece; TRUNCATE piece; INSERT INTO piece SELECT * FROM piece_ordered ORDER BY random(); DROP TABLE piece_ordered;
	CREATE TABLE store_piece AS SELECT id, piece * 9 + n % 9 AS piece, $stored AS t FROM shuffled GROUP BY 1, 2 HAVING $stored IS NOT NULL ORDER BY random();
	INSERT INTO store_piece SELECT id, 63, '{}' FROM generate_series($seed, $last_seed, 7) id;
	CREATE TABLE parted_store_piece (LIKE store_piece) PARTITION BY HASH (piece);
	SELECT format('CREATE TABLE parted_store_piece_%s PARTITION OF parted_store_piece FOR VALUES WITH (MODULUS 2, REMAINDER %s)', p, p) FROM generate_series(0, 1) p \\gexec
	INSERT INTO parted_store_piece SELECT * FROM store_piece;
	CREATE TABLE few_store_piece AS SELECT * FROM store_piece WHERE id % 11 = 0; CREATE INDEX ON few_store_piece (id, piece);
	CREATE TABLE parted_piece (LIKE piece) PARTITION BY HASH (piece);
	SELECT format('CREATE TABLE parted_piece_%s PARTITION OF parted_piece FOR VALUES WITH (MODULUS 2, REMAINDER %s)', p, p) FROM generate_series(0, 1) p \\gexec
	INSERT INTO parted_piece SELECT * FROM piece;
	-- Some of both for what needs an index.
	CREATE TABLE few_happening AS SELECT * FROM happening WHERE id % 11 = 0; CREATE INDEX ON few_happening (id, n);
	CREATE TABLE few_piece AS SELECT * FROM piece WHERE id % 11 = 0; CREATE INDEX ON few_piece (id, piece);
	VACUUM ANALYZE;");

# Some seeds draw no row: their timelines are the empty ones of the laws below.
my $seeds = $node->safe_psql($database, 'SELECT count(DISTINCT id) FROM happening');
cmp_ok($seeds, '>=', $timelines < 1500 ? 1 : 1000, "$seeds of the seeds from $seed to $last_seed have rows");

# The forms: the call, the rows, and the same rows in another table.
my %form = (
	'time and kind'    => { call => 'timeline_agg(at, kind%s)', from => 'happening', shuffled => 'shuffled', parted => 'parted' },
	'jsonb'            => { call => 'timeline_agg(at, kind, other%s)', from => 'happening', shuffled => 'shuffled', parted => 'parted' },
	'names and values' => {
		call => "timeline_agg(at, kind, 'channel', channel, 'seq', seq, 'value', value, 'automated', automated, 'it''s', own, 'own number', value::numeric%s)",
		from => 'happening', shuffled => 'shuffled', parted => 'parted'
	},
	'timelines' => { call => 'timeline_agg(t%s)', from => 'piece', shuffled => 'piece', parted => 'parted_piece' },
	'rows of the store'   => { call => $store_call, from => 'happening', shuffled => 'shuffled', parted => 'parted' },
	'pieces of the store' => { call => 'store_agg(t%s)', from => 'store_piece', shuffled => 'store_piece', parted => 'parted_store_piece' });
my @forms = ('time and kind', 'jsonb', 'names and values', 'timelines');
my @store_forms = ('rows of the store', 'pieces of the store');
sub call { return sprintf $form{ $_[0] }{call}, $_[1] // '' }

# Compares a table (id, t) with another one, id by id, by bytes.
sub same
{
	my ($what, $table, $other) = @_;
	my ($got) = answers($node, $database, $path, "SELECT count(*), string_agg(coalesce(x.id, y.id)::text, ', ') FILTER (WHERE x.t::bytea IS DISTINCT FROM y.t::bytea) FROM ($table) x FULL JOIN ($other) y USING (id)");
	my ($compared, $different) = $got =~ /^ERROR/ ? (0, $got) : split /\|/, $got, -1;
	ok($compared > 0 && $different eq '', "$what ($compared compared)") or diag("$what with ANY_ORDER_SEED=$seed, of the seeds: $different");
	return;
}

# Runs a query that must be true for each id, and lists the ids where it is not.
sub holds
{
	my ($what, $query) = @_;
	my ($got) = answers($node, $database, $path, "SELECT count(*), string_agg(id::text, ', ') FILTER (WHERE holds IS NOT TRUE) FROM ($query) s");
	my ($compared, $wrong) = $got =~ /^ERROR/ ? (0, $got) : split /\|/, $got, -1;
	ok($compared > 0 && $wrong eq '', "$what ($compared compared)") or diag("$what with ANY_ORDER_SEED=$seed, of the seeds: $wrong");
	return;
}

my $table = 0;
for my $name (@forms, @store_forms)
{
	my ($from, $shuffled, $parted) = @{ $form{$name} }{qw(from shuffled parted)};
	my $agg = call($name);
	my $rows = $from !~ /piece/;
	my $store = $name =~ /store/;
	my $base = 'base_' . ++$table;
	$form{$name}{base} = $base;
	my $facts = explain_create($node, $database, "$path " . serial(), $base, "SELECT id, $agg AS t FROM $from GROUP BY id");
	is("$facts->{partial} $facts->{launched} $facts->{spilled}", '0 0 0', "$name: built by one process in memory") or diag($facts->{json});

	# Any order.
	same("$name: shuffled", "SELECT id, t FROM $base", "SELECT id, $agg AS t FROM (SELECT * FROM $from ORDER BY random() OFFSET 0) s GROUP BY id");
	same("$name: in random order $_", "SELECT id, t FROM $base", 'SELECT id, ' . call($name, ' ORDER BY random()') . " AS t FROM $from GROUP BY id") for 1 .. 2;
	for my $order ($rows ? ('at', 'at DESC', 'at, seq, kind', 'kind', 'other') : ('t', 't DESC'))
	{
		same("$name: in the order of $order", "SELECT id, t FROM $base", 'SELECT id, ' . call($name, " ORDER BY $order") . " AS t FROM $from GROUP BY id");
	}

	# Any split.
	if ($store)
	{
		same("$name: pieces", "SELECT id, t FROM $base", "SELECT id, store_agg(t ORDER BY random()) AS t FROM (SELECT id, piece, $agg AS t FROM $shuffled GROUP BY id, piece) s GROUP BY id") for 1 .. 2;
		same("$name: pieces of pieces", "SELECT id, t FROM $base",
			"SELECT id, store_agg(t) AS t FROM (SELECT id, store_agg(t) AS t FROM (SELECT id, piece, $agg AS t FROM $shuffled GROUP BY id, piece) s GROUP BY id, piece % 2) s GROUP BY id");
		same("$name: by years", "SELECT id, t FROM $base", "SELECT id, store_agg(t ORDER BY n DESC) AS t FROM (SELECT id, n, slice(t, tstzrange('1990-01-01Z'::timestamptz + n * interval '1 year', '1990-01-01Z'::timestamptz + (n + 1) * interval '1 year')) AS t
			FROM $base, generate_series(0, 200) n WHERE t IS NOT NULL AND n BETWEEN extract(year FROM starts_at(t)) - 1991 AND extract(year FROM ends_at(t)) - 1989) s WHERE t <> '{}' GROUP BY id") if $rows;
		same("$name: pieces are the rows", "SELECT id, t FROM $base WHERE t <> '{}'", "SELECT id, t FROM (SELECT id, $stored AS t FROM happening GROUP BY id) s WHERE t IS NOT NULL") if !$rows;
	}
	elsif ($rows)
	{
		same("$name: pieces joined by ||", "SELECT id, t FROM $base", "SELECT id, joined(t ORDER BY random()) AS t FROM (SELECT id, piece, $agg AS t FROM shuffled GROUP BY id, piece) s GROUP BY id");
		same("$name: union of pieces that share nothing", "SELECT id, t FROM $base", "SELECT id, timeline_agg(t ORDER BY random()) AS t FROM (SELECT id, together, $agg AS t FROM shuffled GROUP BY id, together) s GROUP BY id");
	}
	else
	{
		same("$name: union of unions", "SELECT id, t FROM $base", "SELECT id, timeline_agg(t) AS t FROM (SELECT id, timeline_agg(t) AS t FROM piece GROUP BY id, piece % 3) s GROUP BY id");
		same("$name: +", "SELECT id, t FROM $base", "SELECT id, (SELECT u FROM (WITH RECURSIVE r AS (
			  SELECT 0 AS n, '{}'::timeline AS u UNION ALL SELECT n + 1, u + ts[n + 1] FROM r WHERE n < cardinality(ts)) SELECT n, u FROM r) r ORDER BY n DESC LIMIT 1) AS t
			FROM (SELECT id, array_agg(t ORDER BY random()) AS ts FROM piece GROUP BY id) s");
	}

	# Any plan. Partitions first: there partial states are combined whatever the workers do.
	$facts = explain_create($node, $database, "$path " . serial() . ' SET enable_partitionwise_aggregate = on;', "partitionwise_$table", "SELECT id, $agg AS t FROM $parted GROUP BY id");
	ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{parts} > $facts->{groups}, "$name: partial results of partitions are combined: $facts->{parts} for $facts->{groups} groups") or diag($facts->{json});
	same("$name: by partitions", "SELECT id, t FROM $base", "SELECT * FROM partitionwise_$table");

	# In parallel, again and again until two workers had rows of the same group.
	my $merged = 0;
	for my $try (1 .. 20)
	{
		$facts = explain_create($node, $database, "$path " . parallel(), "parallel_${table}_$try", "SELECT id, $agg AS t FROM $shuffled GROUP BY id");
		ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, "$name: partial aggregation in $facts->{launched} workers") or diag($facts->{json}), last;
		same("$name: in parallel", "SELECT id, t FROM $base", "SELECT * FROM parallel_${table}_$try");
		$merged = $facts->{parts} > $facts->{groups};
		last if $merged;
	}
	ok($merged, "$name: $facts->{parts} results of workers became $facts->{groups} groups");
	$facts = explain_create($node, $database, "$path " . parallel() . ' SET enable_hashagg = off;', "parallel_sorted_$table", "SELECT id, $agg AS t FROM $shuffled GROUP BY id");
	ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, "$name: sorted partial aggregation in $facts->{launched} workers") or diag($facts->{json});
	same("$name: in parallel, sorted", "SELECT id, t FROM $base", "SELECT * FROM parallel_sorted_$table");

	# Hashing that spills, sorting, mixed aggregation.
	$facts = explain_create($node, $database, "$path " . serial() . " SET work_mem = '64kB'; SET hash_mem_multiplier = 1; SET enable_sort = off;", "spilled_$table", "SELECT id, $agg AS t FROM $from GROUP BY id");
	ok($facts->{json} =~ /"Strategy": "Hashed"/ && $facts->{spilled} > 0, "$name: hash aggregation spilled to disk") or diag($facts->{json});
	same("$name: hash aggregation that spilled", "SELECT id, t FROM $base", "SELECT * FROM spilled_$table");
	$facts = explain_create($node, $database, "$path " . serial() . ' SET enable_hashagg = off;', "sorted_$table", "SELECT id, $agg AS t FROM $from GROUP BY id");
	ok($facts->{json} =~ /"Strategy": "Sorted"/, "$name: aggregation of sorted rows") or diag($facts->{json});
	same("$name: aggregation of sorted rows", "SELECT id, t FROM $base", "SELECT * FROM sorted_$table");
	same("$name: grouping sets, $$_[0]", "SELECT id, t FROM $base",
		"SELECT id, t FROM (SELECT id, piece, grouping(id, piece) AS g, $agg AS t FROM $from GROUP BY GROUPING SETS ((id), (piece), (id, piece), ())) s WHERE g = 1")
	  for ['hashed'];
	same("$name: grouping sets, all", "SELECT 0 AS id, $agg AS t FROM $from",
		"SELECT 0 AS id, t FROM (SELECT grouping(id, piece) AS g, $agg AS t FROM $from GROUP BY ROLLUP (piece, id)) s WHERE g = 3");
	same("$name: grouping sets, second key", "SELECT piece AS id, $agg AS t FROM $from GROUP BY piece",
		"SELECT piece AS id, t FROM (SELECT piece, grouping(id, piece) AS g, $agg AS t FROM $from GROUP BY CUBE (piece, id)) s WHERE g = 2");

	# Part of the rows.
	my $half = $rows ? 'n % 2 = 0' : 'piece % 2 = 0';
	same("$name: FILTER", "SELECT id, $agg AS t FROM $from WHERE $half GROUP BY id", "SELECT id, t FROM (SELECT id, $agg FILTER (WHERE $half) AS t FROM $from GROUP BY id) s WHERE t IS NOT NULL");
	same("$name: FILTER that nothing passes", "SELECT id, NULL::timeline AS t FROM $from GROUP BY id", "SELECT id, $agg FILTER (WHERE false) AS t FROM $from GROUP BY id");
	my $distinct = $agg =~ s/\(/(DISTINCT /r;
	my $columns = $rows ? 'id, at, kind' . ($name eq 'jsonb' ? ', other' : $name eq 'time and kind' ? '' : ', channel, seq, value, automated, own' . ($store ? ', odd' : '')) : 'id, t';
	same("$name: DISTINCT", "SELECT id, $agg AS t FROM (SELECT DISTINCT $columns FROM $from) s GROUP BY id", "SELECT id, $distinct AS t FROM $from GROUP BY id");

	# Over a window: running, moving, and each row with a subquery of its own.
	my $n = $rows ? 'n' : 'piece';
	holds("$name: running aggregate over a window",
		"SELECT id || ' ' || $n AS id, t::bytea IS NOT DISTINCT FROM (SELECT $agg FROM few_$from f WHERE f.id = w.id AND f.$n <= w.$n)::bytea AS holds
		   FROM (SELECT id, $n, $agg OVER (PARTITION BY id ORDER BY $n) AS t FROM few_$from s) w WHERE $n < 100");
	holds("$name: moving aggregate over a window",
		"SELECT id || ' ' || $n AS id, t::bytea IS NOT DISTINCT FROM (SELECT $agg FROM few_$from f WHERE f.id = w.id AND f.$n BETWEEN w.$n - 2 AND w.$n + 1)::bytea AS holds
		   FROM (SELECT id, $n, $agg OVER (PARTITION BY id ORDER BY $n RANGE BETWEEN 2 PRECEDING AND 1 FOLLOWING) AS t FROM few_$from s) w");
	holds("$name: over no row", "SELECT 0 AS id, $agg IS NULL AS holds FROM $from WHERE false");
	holds("$name: over no row of a parallel plan", "SELECT 0 AS id, $agg IS NULL AS holds FROM parted WHERE piece > 100") if $rows;
}
same('time and kind: number of interactions', 'SELECT id, timeline_agg(at, kind) AS t FROM happening GROUP BY id', 'SELECT id, joined(timeline(at, kind)) AS t FROM happening GROUP BY id');
holds('every row is there', 'SELECT id, length(t) = count AS holds FROM base_3 JOIN (SELECT id, count(*) FROM happening GROUP BY id) h USING (id)');

# An aggregate over nothing in a plan with Partial and Finalize nodes.
{
	my ($json) = answers($node, $database, "$path " . parallel(), 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) SELECT timeline_agg(at, kind) FROM shuffled WHERE n + 0 < 0');
	my $facts = plan_facts($json);
	my ($empty) = answers($node, $database, "$path " . parallel(), 'SELECT timeline_agg(at, kind) IS NULL, timeline_agg(at, kind, other) IS NULL FROM shuffled WHERE n + 0 < 0');
	ok($facts->{finalize} > 0 && $facts->{launched} > 0 && $empty eq 't|t', 'NULL over no row in workers') or diag("$empty $json");
}

# The laws: three timelines that share rows, of every form.
for my $name (@forms)
{
	my $base = $form{$name}{base};
	$node->safe_psql($database, "$path CREATE TABLE triple_$base AS
		SELECT d AS id, coalesce(x.t, '{}') AS a, coalesce(y.t, '{}') AS b, coalesce(z.t, '{}') AS c FROM domain
		  LEFT JOIN $base x ON x.id = 3 * d LEFT JOIN $base y ON y.id = 3 * d + 1 LEFT JOIN $base z ON z.id = 3 * d + 2");
	my @laws = (
		'a + a = a', 'a * a = a', "a - a = '{}'", 'a + b = b + a', 'a * b = b * a', 'a || b = b || a', '(a + b) + c = a + (b + c)', '(a * b) * c = a * (b * c)', '(a || b) || c = a || (b || c)',
		'a + (a * b) = a', 'a * (a + b) = a', 'a * (b + c) = (a * b) + (a * c)', 'a + (b * c) = (a + b) * (a + c)', '(a + b) || (a * b) = a || b', '(a - b) || (a * b) = a', '(a || b) - b = a',
		'(a + b) - b = a - b', 'a - (a - b) = a * b', "a + '{}' = a", "'{}' + a = a", "a * '{}' = '{}'", "a - '{}' = a", "'{}' - a = '{}'", "a || '{}' = a", '(a - b) - c = a - (b || c)');
	holds("$name: $_", "SELECT id, ($_) AND ("
		  . join(' = ', map { "($_)::bytea" } map { s/^\s+|\s+$//gr } split / = /, s/'\{\}'/'{}'::timeline/gr) . ') AS holds FROM triple_' . $base)
	  for @laws;
	holds("$name: length(a || b) = length(a) + length(b)", "SELECT id, length(a || b) = length(a) + length(b) AS holds FROM triple_$base");
	# With copies, union takes the greater number: this one holds where each interaction is there once.
	holds("$name: (a - b) + (a * b) = a without copies", "SELECT id, (s - b) + (s * b) = s AS holds FROM (SELECT id, b, (SELECT timeline_agg(DISTINCT timeline(occurred_at, kind)) FROM unnest(a)) s FROM triple_$base) s WHERE s IS NOT NULL");
}

# Large ones: beyond the dictionary's 65,535 texts, and unions that are condensed on the way.
$node->safe_psql($database, "$path SELECT setseed($seed / 1e9);
	CREATE TABLE large AS SELECT * FROM (SELECT n, n % 5 AS piece, '2026-01-01Z'::timestamptz + floor(random() * 5e6) * interval '1 s' AS at, 'kind ' || n % 17 AS kind, md5((n % 70000)::text) AS thread, n % 70000 AS value,
		CASE WHEN n % 3 = 0 THEN 'x' || n % 65535 END AS part FROM generate_series(1, 140000) n OFFSET 0) s ORDER BY random();
	CREATE TABLE overlap AS SELECT p AS piece, n % 7000 AS n, '2026-01-01Z'::timestamptz + n % 7000 * interval '1 minute' AS at, 'kind ' || n % 3 AS kind, n % 7000 AS value
		FROM generate_series(1, 30) p, generate_series(1, 7000) n WHERE random() < 0.8;
	INSERT INTO overlap SELECT o.* FROM overlap o WHERE (n + piece) % 10 = 0;
	VACUUM ANALYZE large; VACUUM ANALYZE overlap;");
my $large = "timeline_agg(at, kind, 'thread', thread, 'value', value, 'part', part%s)";
$node->safe_psql($database, "$path " . serial() . " CREATE TABLE large_serial AS SELECT 0 AS id, " . sprintf($large, '') . " AS t FROM large");
same('large: sorted', 'SELECT * FROM large_serial', 'SELECT 0 AS id, ' . sprintf($large, ' ORDER BY at') . ' AS t FROM large');
same('large: pieces joined', 'SELECT * FROM large_serial', 'SELECT 0 AS id, joined(t) AS t FROM (SELECT ' . sprintf($large, '') . ' AS t FROM large GROUP BY piece) s');
my $facts = explain_create($node, $database, "$path " . parallel(), 'large_parallel', 'SELECT 0 AS id, ' . sprintf($large, '') . ' AS t FROM large');
ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, "large: partial aggregation in $facts->{launched} workers") or diag($facts->{json});
same('large: in parallel', 'SELECT * FROM large_serial', 'SELECT * FROM large_parallel');
holds('large: every text and number', "SELECT 0 AS id, attribute_texts(t, 'thread') = threads AND attribute_numbers(t, 'value') = vals AND array_remove(attribute_texts(t, 'part'), NULL) = parts AS holds
	FROM large_serial, (SELECT array_agg(thread ORDER BY at, kind COLLATE \"C\", part COLLATE \"C\" NULLS FIRST, thread COLLATE \"C\") AS threads,
	       array_agg(value ORDER BY at, kind COLLATE \"C\", part COLLATE \"C\" NULLS FIRST, thread COLLATE \"C\")::float8[] AS vals,
	       array_agg(part ORDER BY at, kind COLLATE \"C\", part COLLATE \"C\" NULLS FIRST, thread COLLATE \"C\") FILTER (WHERE part IS NOT NULL) AS parts FROM large) s");
my $union = "SELECT 0 AS id, timeline_agg(t) AS t FROM (SELECT piece, timeline_agg(at, kind, 'value', value) AS t FROM overlap GROUP BY piece) s";
my $wanted = "SELECT 0 AS id, timeline_agg(at, kind, 'value', value) AS t FROM (SELECT at, kind, value, max(copies) AS copies FROM (SELECT piece, at, kind, value, count(*) AS copies FROM overlap GROUP BY 1, 2, 3, 4) s
	GROUP BY 1, 2, 3) s, generate_series(1, copies)";
same('large: union of 30 pieces that overlap', $wanted, $union);
$node->safe_psql($database, "$path CREATE TABLE overlap_piece AS SELECT piece, timeline_agg(at, kind, 'value', value) AS t FROM overlap GROUP BY piece; ALTER TABLE overlap_piece SET (parallel_workers = 2); VACUUM ANALYZE overlap_piece");
$facts = explain_create($node, $database, "$path " . parallel(), 'overlap_parallel', 'SELECT 0 AS id, timeline_agg(t) AS t FROM overlap_piece');
ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, "large: partial union in $facts->{launched} workers") or diag($facts->{json});
same('large: union in parallel', $wanted, 'SELECT * FROM overlap_parallel');

# More shapes, texts and long texts than a vocabulary takes, in groups of some rows: what they travel as between processes.
$node->safe_psql($database, "$path SELECT setseed($seed / 1e9);
	CREATE TABLE odd AS SELECT * FROM (SELECT n % 4000 AS id, '2026-01-01Z'::timestamptz + floor(random() * 5e4) * interval '1 s' AS at, CASE WHEN n % 11 = 0 THEN repeat('kind', 70) || n % 7 ELSE 'kind ' || n % 70 END AS kind,
		(SELECT coalesce(jsonb_object_agg(repeat('name ', 25) || b, CASE WHEN b % 3 = 0 THEN to_jsonb(n % 97) WHEN n % 13 = b THEN to_jsonb(repeat(md5((n % 500)::text), 9)) ELSE to_jsonb(md5(n::text)) END), '{}') FROM generate_series(0, 12) b WHERE hashint4(n % 9000) >> b & 1 = 1)
		|| CASE WHEN n % 5 = 0 THEN '{}' ELSE jsonb_build_object('seq', n % 3) END AS other FROM generate_series(1, 40000) n OFFSET 0) s ORDER BY random();
	ALTER TABLE odd SET (parallel_workers = 2); VACUUM ANALYZE odd;
	CREATE TABLE odd_serial AS SELECT id, joined(timeline(at, kind, other)) AS t FROM odd GROUP BY id");
for my $how ('', ' SET enable_hashagg = off;')
{
	my $table = 'odd_parallel' . ($how ? '_sorted' : '');
	$facts = explain_create($node, $database, "$path " . parallel() . $how, $table, 'SELECT id, timeline_agg(at, kind, other) AS t FROM odd GROUP BY id');
	ok($facts->{partial} > 0 && $facts->{finalize} > 0 && $facts->{launched} > 0, "odd shapes and texts: partial aggregation in $facts->{launched} workers") or diag($facts->{json});
	same("odd shapes and texts: in parallel$how", 'SELECT * FROM odd_serial', "SELECT * FROM $table");
}

$node->stop;
done_testing();
