# The worked numbers of real event data that a timeline alone can answer, as data: [number with its meaning, SQL, expected].
# Every query reads only tables tl_<data set>(id text, t timeline), found through the search path; no raw row is touched.
# It knows nothing of servers, plans and loading: that is 010_golden.pl.
package Golden;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(@golden @small);

# One row per interaction, with its number inside the timeline.
sub rows_of { return "(SELECT id, u.* FROM tl_$_[0], crm_timeline.unnest(t) WITH ORDINALITY u)" }

# One row per directly-follows pair: a, b and the position of a.
sub edges_of
{
	return "(SELECT id, n, k[n] a, k[n + 1] b FROM (SELECT id, kinds(t) k FROM tl_$_[0]) s, generate_series(1, cardinality(k) - 1) n)";
}

# The sizes of the variants, largest first.
sub variants_of { return "(SELECT kinds(t) k, count(*) n FROM tl_$_[0] GROUP BY 1)" }

# The kinds with runs of one kind cut to at most $2.
sub cut_to
{
	my ($set, $most) = @_;
	return "(SELECT (SELECT array_agg(k[n] ORDER BY n) FROM generate_subscripts(k, 1) n
	          WHERE n <= $most OR EXISTS (SELECT FROM generate_series(1, $most) d WHERE k[n - d] <> k[n])) k
	           FROM (SELECT kinds(t) k FROM tl_$set) s)";
}

sub seconds { return "extract(epoch FROM $_[0])::float8" }

# What every data set states about itself: cases, interactions, kinds, variants, edges.
sub totals
{
	my ($set, %expected) = @_;
	my %sql = (
		cases        => "SELECT count(*) FROM tl_$set",
		interactions => "SELECT sum(length(t)) FROM tl_$set",
		kinds        => "SELECT count(DISTINCT k) FROM tl_$set, LATERAL pg_catalog.unnest(kinds(t)) k",
		variants     => "SELECT count(*) FROM " . variants_of($set) . " v",
		edges        => "SELECT count(DISTINCT (a, b)) FROM " . edges_of($set) . " e");
	return map { ["$set: $expected{$_} $_", $sql{$_}, $expected{$_}] } grep { exists $expected{$_} } qw(cases interactions kinds variants edges);
}

our @golden;

# receipt
push @golden, totals('receipt', cases => 1434, interactions => 8577, kinds => 27, variants => 116, edges => 99);
{
	my @top = (713, 123, 116, 115, 75);
	push @golden, ["receipt: variant $_ has $top[$_ - 1] cases", 'SELECT n FROM ' . variants_of('receipt') . ' v ORDER BY n DESC OFFSET ' . ($_ - 1) . ' LIMIT 1',
		$top[ $_ - 1 ]] for 1 .. 5;
	push @golden, ['receipt: top variant 49.72 % of the cases',
		'SELECT round(100.0 * max(n) / sum(n), 2) FROM ' . variants_of('receipt') . ' v', '49.72'];
	my @edge = (['T04', 'T05', 1177], ['T06', 'T10', 1165], ['T02', 'T04', 1119], ['Con', 'T02', 1079], ['T02', 'T06', 178]);
	push @golden, ["receipt: edge $$_[0]>$$_[1] $$_[2] times",
		'SELECT count(*) FROM ' . edges_of('receipt') . " e WHERE a ^@ '$$_[0]' AND b ^@ '$$_[1]'", $$_[2]] for @edge;
	push @golden,
	  ['receipt: T02 directly followed by T05 in 1 case',
		'SELECT count(DISTINCT id) FROM ' . edges_of('receipt') . " e WHERE a ^@ 'T02' AND b ^@ 'T05'", 1],
	  ['receipt: T02 eventually followed by T05 in 1300 cases',
		"SELECT count(*) FROM (SELECT id, min(ordinality) FILTER (WHERE kind ^@ 'T02') a, max(ordinality) FILTER (WHERE kind ^@ 'T05') b
		   FROM " . rows_of('receipt') . ' r GROUP BY id) s WHERE a < b', 1300];
	push @golden, ["receipt: $$_[1] cases end with $$_[0]",
		"SELECT count(*) FROM tl_receipt WHERE (last_interaction(t)).kind ^@ '$$_[0]'", $$_[1]]
	  for ['T10', 828], ['T05', 400], ['Confirmation', 116];
	push @golden, ["receipt: $$_[1] cases by $$_[0]",
		"SELECT count(*) FROM tl_receipt WHERE (first_interaction(t)).channel = '$$_[0]' AND '$$_[0]' = ALL (attribute_texts(t, 'channel'))", $$_[1]],
	  ["receipt: median case by $$_[0] $$_[2] s",
		'SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ' . seconds('ends_at(t) - starts_at(t)') . ")::numeric, 3)
		   FROM tl_receipt WHERE (first_interaction(t)).channel = '$$_[0]'", $$_[2]]
	  for ['Internet', 1250, '1887.133'], ['Desk', 109, '67519.541'], ['Post', 53, '350507.440'], ['e-mail', 21, '2083.842'], ['Intern', 1, '83734.369'];
	my $first_to_last = 'SELECT %s FROM (SELECT ' . seconds("max(occurred_at) FILTER (WHERE kind ^@ 'T10') - min(occurred_at) FILTER (WHERE kind ^@ 'Confirmation')")
	  . ' s FROM ' . rows_of('receipt') . ' r GROUP BY id) d WHERE s >= 0';
	my $duration = 'SELECT %s FROM (SELECT ' . seconds('upper(span(t)) - lower(span(t))') . ' s FROM tl_receipt) d';
	my $mean = 'round(avg(s)::numeric, 3)';
	my $median = 'round((percentile_cont(0.5) WITHIN GROUP (ORDER BY s))::numeric, 3)';
	push @golden,
	  ['receipt: 91 cases with a repeated kind',
		"SELECT count(*) FROM tl_receipt WHERE length(t) > (SELECT count(DISTINCT k) FROM pg_catalog.unnest(kinds(t)) k)", 91],
	  ['receipt: 245 interactions beyond the first of their kind',
		"SELECT sum(length(t) - (SELECT count(DISTINCT k) FROM pg_catalog.unnest(kinds(t)) k)) FROM tl_receipt", 245],
	  ['receipt: 3 cases with a self-loop', 'SELECT count(DISTINCT id) FROM ' . edges_of('receipt') . ' e WHERE a = b', 3],
	  ['receipt: 6 self-loop edges', 'SELECT count(*) FROM ' . edges_of('receipt') . ' e WHERE a = b', 6],
	  ['receipt: first Confirmation to last T10 in 1283 cases', sprintf($first_to_last, 'count(*)'), 1283],
	  ['receipt: first Confirmation to last T10 mean 315754.669 s', sprintf($first_to_last, $mean), '315754.669'],
	  ['receipt: first Confirmation to last T10 median 398.625 s', sprintf($first_to_last, $median), '398.625'],
	  ['receipt: case duration mean 467263.915 s', sprintf($duration, $mean), '467263.915'],
	  ['receipt: case duration median 2868.584 s', sprintf($duration, $median), '2868.584'],
	  ['receipt: 116 variants with runs cut to 2', 'SELECT count(DISTINCT k) FROM ' . cut_to('receipt', 2) . ' c', 116],
	  ['receipt: 115 variants with runs cut to 1', 'SELECT count(DISTINCT k) FROM ' . cut_to('receipt', 1) . ' c', 115];
}

# helpdesk
push @golden, totals('helpdesk', cases => 4580, interactions => 21348, kinds => 14, variants => 226, edges => 55);
{
	my $days = 'SELECT round((%s)::numeric, 4) FROM (SELECT ' . seconds('ends_at(t) - starts_at(t)') . ' / 86400 d FROM tl_helpdesk) s';
	my $changes = "(SELECT id, agent, lead(agent) OVER (PARTITION BY id ORDER BY ordinality) next, lead(kind) OVER (PARTITION BY id ORDER BY ordinality) k FROM "
	  . rows_of('helpdesk') . ' r)';
	push @golden,
	  ['helpdesk: top variant 2366 cases', 'SELECT max(n) FROM ' . variants_of('helpdesk') . ' v', 2366],
	  ['helpdesk: top variant is Assign seriousness, Take in charge ticket, Resolve ticket, Closed (2366)',
		"SELECT count(*) FROM tl_helpdesk WHERE kinds(t) = ARRAY['Assign seriousness', 'Take in charge ticket', 'Resolve ticket', 'Closed']", 2366],
	  ['helpdesk: resolved more than once in 386 cases', "SELECT count(*) FROM tl_helpdesk WHERE length(pick_kinds(t, 'Resolve ticket')) > 1", 386],
	  ['helpdesk: anything after the first Closed in 17 cases',
		"SELECT count(*) FROM (SELECT id, min(ordinality) FILTER (WHERE kind = 'Closed') c, max(ordinality) n FROM " . rows_of('helpdesk') . ' r GROUP BY id) s WHERE n > c', 17],
	  ['helpdesk: 1236 cases with Wait', "SELECT count(*) FROM tl_helpdesk WHERE length(pick_kinds(t, 'Wait')) > 0", 1236],
	  ['helpdesk: Wait directly to Resolve in 766 cases', 'SELECT count(DISTINCT id) FROM ' . edges_of('helpdesk') . " e WHERE a = 'Wait' AND b = 'Resolve ticket'", 766],
	  ['helpdesk: 8648 adjacent interactions with different resource', "SELECT count(*) FROM $changes c WHERE k IS NOT NULL AND agent IS DISTINCT FROM next", 8648],
	  ['helpdesk: 4577 cases with adjacent interactions of different resource',
		"SELECT count(*) FROM (SELECT attribute_texts(t, 'agent') a FROM tl_helpdesk) s
		  WHERE EXISTS (SELECT FROM generate_series(2, cardinality(a)) n WHERE a[n] IS DISTINCT FROM a[n - 1])", 4577],
	  ['helpdesk: duration mean 40.8584 days', sprintf($days, 'avg(d)'), '40.8584'],
	  ['helpdesk: duration median 39.8592 days', sprintf($days, 'percentile_cont(0.5) WITHIN GROUP (ORDER BY d)'), '39.8592'],
	  ['helpdesk: duration max 59.9950 days', sprintf($days, 'max(d)'), '59.9950'];
}

# running_example
push @golden, totals('running_example', cases => 6, interactions => 42, variants => 6, edges => 16);
push @golden,
  ['running_example: check ticket > decide 6 times', 'SELECT count(*) FROM ' . edges_of('running_example') . " e WHERE a = 'check ticket' AND b = 'decide'", 6],
  ['running_example: mean duration 966890 s', 'SELECT avg(' . seconds('ends_at(t) - starts_at(t)') . ') FROM tl_running_example', 966890];

# bank_calls: id is the customer, '0' the unknown ones
{
	my $calls = "(SELECT id, q.* FROM tl_bank_calls, LATERAL ROWS FROM (pg_catalog.unnest(attribute_texts(t, 'outcome')), pg_catalog.unnest(attribute_numbers(t, 'queue')), pg_catalog.unnest(attribute_numbers(t, 'service')))
	  AS q(outcome, queue, service))";
	my $gaps = '(SELECT id, occurred_at - lag(occurred_at) OVER (PARTITION BY id ORDER BY ordinality) gap FROM ' . rows_of('bank_calls') . " r WHERE id <> '0')";
	push @golden,
	  ['bank_calls: 33043 calls', 'SELECT sum(length(t)) FROM tl_bank_calls', 33043],
	  ['bank_calls: AGENT 27141', "SELECT count(*) FROM $calls c WHERE outcome = 'AGENT'", 27141],
	  ['bank_calls: HANG 5902', "SELECT count(*) FROM $calls c WHERE outcome = 'HANG'", 5902],
	  ['bank_calls: abandon rate .178616', "SELECT round(avg((outcome = 'HANG')::int), 6) FROM $calls c", '0.178616'],
	  ['bank_calls: mean queue of answered calls 40.7299 s', "SELECT round(avg(queue)::numeric, 4) FROM $calls c WHERE outcome = 'AGENT'", '40.7299'],
	  ['bank_calls: mean service 176.3831 s', "SELECT round(avg(service)::numeric, 4) FROM $calls c WHERE outcome = 'AGENT'", '176.3831'],
	  ['bank_calls: answered with queue <= 20 s 16209', "SELECT count(*) FROM $calls c WHERE outcome = 'AGENT' AND queue <= 20", 16209],
	  ['bank_calls: 4013 identified customers', "SELECT count(*) FROM tl_bank_calls WHERE id <> '0'", 4013],
	  ['bank_calls: 13541 calls of identified customers', "SELECT sum(length(t)) FROM tl_bank_calls WHERE id <> '0'", 13541],
	  ['bank_calls: 1933 customers with one call only', "SELECT count(*) FROM tl_bank_calls WHERE id <> '0' AND length(t) = 1", 1933],
	  ['bank_calls: 5805 calls followed by another within 24 h', "SELECT count(*) FROM $gaps g WHERE gap > '0' AND gap <= '24 h'", 5805],
	  ['bank_calls: 8466 calls followed by another within 7 d', "SELECT count(*) FROM $gaps g WHERE gap > '0' AND gap <= '168 h'", 8466],
	  ['bank_calls: 11733 contacts with a gap > 30 min as boundary', "SELECT count(*) FROM $gaps g WHERE gap IS NULL OR gap > '30 min'", 11733],
	  ['bank_calls: 7736 contacts with a gap > 24 h as boundary', "SELECT count(*) FROM $gaps g WHERE gap IS NULL OR gap > '24 h'", 7736];
}

# cdnow_master: purchases bear the midnight (UTC) of their day
{
	my $days = "(SELECT DISTINCT id, (occurred_at AT TIME ZONE 'UTC')::date d FROM " . rows_of('cdnow_master') . ' r)';
	my $month = "date_trunc('month', starts_at(t) AT TIME ZONE 'UTC')";
	my $january = "tl_cdnow_master WHERE $month = '1997-01-01'";
	my $after = sub { "SELECT count(*) FROM tl_cdnow_master WHERE t && tstzrange($_[0])" };
	push @golden,
	  ['cdnow_master: 23570 customers', 'SELECT count(*) FROM tl_cdnow_master', 23570],
	  ['cdnow_master: 69659 purchases', 'SELECT sum(length(t)) FROM tl_cdnow_master', 69659],
	  ['cdnow_master: 67591 customer-days', "SELECT count(*) FROM $days d", 67591],
	  ['cdnow_master: 167881 CDs', "SELECT sum(attribute_sum(t, 'cds')) FROM tl_cdnow_master", 167881],
	  ['cdnow_master: 2500315.63 dollars', "SELECT round(sum(attribute_sum(t, 'value'))::numeric, 2) FROM tl_cdnow_master", '2500315.63'];
	push @golden, ["cdnow_master: cohort of 1997-$$_[0] has $$_[1] customers", "SELECT count(*) FROM tl_cdnow_master WHERE $month = '1997-$$_[0]-01'", $$_[1]]
	  for ['01', 7846], ['02', 8476], ['03', 7248];
	push @golden, ["cdnow_master: January cohort active in month +$$_[0]: $$_[1]",
		"SELECT count(*) FROM $january AND t && tstzrange((timestamp '1997-01-01' + interval '$$_[0] month') AT TIME ZONE 'UTC', (timestamp '1997-02-01' + interval '$$_[0] month') AT TIME ZONE 'UTC')", $$_[1]]
	  for [1, 1157], [2, 964], [3, 810], [4, 679], [5, 736], [6, 720], [12, 528];
	push @golden,
	  ['cdnow_master: back on day 7 exactly 241', $after->("starts_at(t) + interval '168 h', starts_at(t) + interval '168 h', '[]'"), 241],
	  ['cdnow_master: back on days 1-7 1384', $after->("starts_at(t) + interval '24 h', starts_at(t) + interval '192 h'"), 1384],
	  ['cdnow_master: back on days 1-30 4115', $after->("starts_at(t), starts_at(t) + interval '720 h', '(]'"), 4115],
	  ['cdnow_master: back on or after day 30 10325', $after->("starts_at(t) + interval '720 h', NULL"), 10325];
	# days from the first to the second purchase day, or to the end of the observation
	my $survival = "WITH c AS MATERIALIZED (
		  SELECT starts_at(t) AT TIME ZONE 'UTC' day1, starts_at(slice(t, tstzrange(starts_at(t), NULL, '()'))) AT TIME ZONE 'UTC' day2 FROM tl_cdnow_master),
		e AS (SELECT coalesce(day2, '1998-06-30')::date - day1::date d, day2 IS NOT NULL event FROM c),
		r AS (SELECT d, count(*) FILTER (WHERE event) died, sum(count(*)) OVER (ORDER BY d DESC) at_risk FROM e GROUP BY d),
		s AS (SELECT d, at_risk, exp(sum(ln(1 - died / at_risk)) OVER (ORDER BY d)) s FROM r WHERE at_risk > died)";
	push @golden, ["cdnow_master: no second purchase day by day $$_[0]: S = $$_[1]",
		"$survival SELECT round(s, 6) FROM s WHERE d <= $$_[0] ORDER BY d DESC LIMIT 1", "0$$_[1]"]
	  for [30, '.825414'], [90, '.707807'], [180, '.625499'], [365, '.541366'];
	push @golden,
	  ['cdnow_master: median time to the second purchase day none', "$survival SELECT min(d) FROM s WHERE s <= 0.5", ''],
	  ['cdnow_master: 11516 customers with a second purchase day', "$survival SELECT count(*) FROM e WHERE event", 11516];
	my $rfm = "SELECT count(*) FROM (
		SELECT ntile(5) OVER (ORDER BY timestamptz '1998-07-01 00:00Z' - ends_at(t) DESC, id) r, ntile(5) OVER (ORDER BY length(t), id) f,
		       ntile(5) OVER (ORDER BY round(attribute_sum(t, 'value')::numeric, 2), id) m FROM tl_cdnow_master) s WHERE (r, f, m) = ";
	push @golden,
	  ['cdnow_master: RFM 555 2509 customers', "$rfm (5, 5, 5)", 2509],
	  ['cdnow_master: RFM 111 1733 customers', "$rfm (1, 1, 1)", 1733];
}

# The small process examples: [meaning, kinds in order, SQL over table one(t), expected].
our @small = (
	['occurrence number of each kind in A,B,C,A,B,A: 1,1,1,2,2,3', 'ABCABA',
		'SELECT array_agg(o ORDER BY ordinality) FROM (SELECT ordinality, row_number() OVER (PARTITION BY kind ORDER BY ordinality) o FROM one, crm_timeline.unnest(t) WITH ORDINALITY) s', '{1,1,1,2,2,3}'],
	['occurrence in direct succession in A,B,A,A,A: 1,1,1,2,3', 'ABAAA',
		'SELECT array_agg((SELECT count(*) FROM generate_series(1, n) m WHERE k[n] = ALL (k[m:n])) ORDER BY n) FROM (SELECT kinds(t) k FROM one) s, generate_subscripts(k, 1) n', '{1,1,1,2,3}'],
	['variant of A,B,B,B,C with runs cut to 2: A,B,B,C', 'ABBBC', 'SELECT k FROM ' . (cut_to('x', 2) =~ s/tl_x/one/r) . ' c', '{A,B,B,C}'],
	);

1;
