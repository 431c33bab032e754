# Real calls and tickets as a firm has them: tables that are sources, a refresh, the firm's own words as definitions, and then the
# measures asked of the stored timelines. The worked numbers of a call centre (who waited how long, who gave up, who called again)
# and of a help desk (who handed on, what was resolved twice or opened again) have to come out. Where a number is no measure's, a
# pattern gives it, and the name of the check says so.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use RealData;
use Server;

my $data = $ENV{SHARED_DATA} // '';
plan skip_all => 'SHARED_DATA does not name the folder of real event data' if $data eq '';
plan skip_all => "there is no real event data in $data" if !-e "$data/bank_calls_feb1999.csv.gz";

my $node = server('real_threads', 'work_mem = 64MB');

# Asks questions [meaning, SQL, expected] one after another in one session.
sub ask
{
	my ($database, $settings, @questions) = @_;
	my @got = answers($node, $database, "SET search_path = public, crm_timeline; $settings", map { $_->[1] } @questions);
	is($got[$_], $questions[$_][2], $questions[$_][0]) or diag($questions[$_][1]) for 0 .. $#questions;
	return;
}

# ---- calls to a bank ---------------------------------------------------------------------------------------------------------------

# One row is a call, and up to three interactions of its caller: the call arrives at the machine that answers (call), it queues for
# a person (queue), and the queue ends with an agent (AGENT) or with the receiver put down (HANG), in the data's own words.
# A queue that starts before the call is the next day's. A call that needed no queue, whose times are all zero, has its turn at once.
my $bank = new_database($node, 'bank');
load_raw($node, $bank, $data, 'bank_calls');
row_table($node, $bank, 'row_bank_calls', 'bank_calls', '161803');
$node->safe_psql($bank, <<'SQL');
CREATE TABLE call AS
	SELECT line AS id, nullif(customer_id, '0') AS customer, called_at,
		CASE WHEN has_queue THEN date::date + q_start::time + CASE WHEN q_start::time < vru_entry::time THEN interval '1 day' ELSE interval '0' END ELSE called_at END AS queued_at,
		q_time::integer AS queue_seconds, outcome, server, ser_time::integer AS service_seconds
	FROM (SELECT *, date::date + vru_entry::time AS called_at, q_start::time > '0:00' OR q_time::integer > 0 AS has_queue FROM row_bank_calls) r;
ALTER TABLE call ADD PRIMARY KEY (id);
SELECT crm_timeline.add_source('call', 'call',
	occurred_at => $$called_at AT TIME ZONE 'Asia/Jerusalem'$$, kind => $$'call'$$,
	keys => ARRAY['bank_customer: customer', 'bank_caller: CASE WHEN customer IS NULL THEN id END'],
	channel => $$'phone'$$, direction => $$'inbound'$$, thread => 'id', seq => '3 * id');
SELECT crm_timeline.add_source('queue', 'call',
	occurred_at => $$queued_at AT TIME ZONE 'Asia/Jerusalem'$$, kind => $$'queue'$$,
	keys => ARRAY['bank_customer: customer', 'bank_caller: CASE WHEN customer IS NULL THEN id END'],
	channel => $$'phone'$$, direction => $$'inbound'$$, thread => 'id', seq => '3 * id + 1');
SELECT crm_timeline.add_source('turn', 'call',
	occurred_at => $$(queued_at + make_interval(secs => queue_seconds)) AT TIME ZONE 'Asia/Jerusalem'$$, kind => 'outcome',
	keys => ARRAY['bank_customer: customer', 'bank_caller: CASE WHEN customer IS NULL THEN id END'],
	channel => $$'phone'$$, direction => $$CASE outcome WHEN 'AGENT' THEN 'outbound' ELSE 'inbound' END$$,
	agent => $$CASE outcome WHEN 'AGENT' THEN server END$$, thread => 'id', seq => '3 * id + 2',
	attributes => $$CASE outcome WHEN 'AGENT' THEN jsonb_build_object('service', service_seconds) END$$);
INSERT INTO crm_timeline.definition (name, pattern) VALUES ('contact', 'queue'), ('answer', 'AGENT'), ('abandoned', 'HANG');
INSERT INTO crm_timeline.target (name, scope, value) VALUES ('wait_target', 'phone', '20 seconds');
SQL
$node->safe_psql($bank, 'CALL crm_timeline.create_suggested_indexes(); CALL crm_timeline.refresh(); ANALYZE');

{
	my $waits = 'timelines, waits(timeline) w';
	my $known = q{(SELECT timeline FROM timelines WHERE customer_id IN (SELECT customer_id FROM membership WHERE identity_namespace(identity) = 'bank_customer')) k};
	# A call is a contact of its own, and each of them a repeat of the one before if that was recent enough.
	my $again = sub { "$known, friction_items(timeline, definitions_with('contact: call; repeat_within = $_[0]')) f WHERE item = 'repeat'" };
	ask($bank, '',
		['bank: every row is in a timeline', "SELECT sum(interactions) FROM customer_summary", 3 * 33043],
		['bank: nothing is wrong with the sources', 'SELECT (SELECT count(*) FROM source_errors()) + (SELECT count(*) FROM verify_sources())', 0],
		['bank: 33043 calls, by waits()', "SELECT count(*) FROM $waits", 33043],
		['bank: answered 27141, abandoned 5902, by waits()', "SELECT outcome, count(*) FROM $waits GROUP BY 1 ORDER BY 1", "abandoned|5902\nanswered|27141"],
		['bank: abandon rate .178616, by waits()', "SELECT round(avg((outcome = 'abandoned')::integer), 6) FROM $waits", '0.178616'],
		['bank: mean queue of answered 40.7299 s, by waits()', "SELECT round(avg(extract(epoch FROM waited)), 4) FROM $waits WHERE outcome = 'answered'", '40.7299'],
		['bank: the queue of every call is what the row says, by waits()',
			"SELECT count(*) FROM $waits JOIN call c ON c.id = w.thread::bigint WHERE waited = make_interval(secs => queue_seconds) AND w.outcome = CASE c.outcome WHEN 'AGENT' THEN 'answered' ELSE 'abandoned' END AND w.source = 'queue' AND w.answer_source = 'turn' AND w.ref = w.thread", 33043],
		['bank: answered with queue <= 20 s 16209, by the wait_target of waits()', "SELECT count(*) FROM $waits WHERE outcome = 'answered' AND NOT is_late AND target = '20 s'", 16209],
		['bank: the same sums, by attention()', 'SELECT sum(contacts), sum(waits), sum(answered), sum(abandoned), sum(answered_on_time) FROM (SELECT (attention(timeline)).* FROM timelines) a', '33043|33043|27141|5902|16209'],
		['bank: and by conversations()', 'SELECT count(*), sum(answered), count(*) FILTER (WHERE is_abandoned), round(sum(extract(epoch FROM answer_time)) / 27141, 4) FROM timelines, conversations(timeline)', '33043|27141|5902|40.7299'],
		['bank: and by the scorecard of the channel',
			'SELECT waits, answered, abandoned, round(failure_rate::numeric, 6), round(on_time_share::numeric * 33043), attempts FROM channel_scorecard', '33043|27141|5902|0.178616|16209|33043'],
		['bank: mean service 176.3831 s, by what AGENT says of itself', q{SELECT round((sum(attribute_sum(timeline, 'service')) / 27141)::numeric, 4) FROM timelines}, '176.3831'],
		['bank: 4013 identified customers with 13541 calls, by baseline()', "SELECT count(*), sum(b.contacts) FROM $known, baseline(timeline) b", '4013|13541'],
		['bank: 1933 of them with one call only, by baseline()', "SELECT count(*) FROM $known, baseline(timeline) b WHERE b.contacts = 1 AND b.median_gap IS NULL", 1933],
		['bank: a caller whom nobody knows has called once', "SELECT count(*) FROM timelines, baseline(timeline) b WHERE b.contacts = 1", 1933 + 33043 - 13541],
		# calls of one customer at the same moment are repeats, too, but not followed by one another
		(map { ["bank: $$_[1] calls followed by another within $$_[0], by the repeats of friction_items()", 'SELECT count(*) FROM ' . $again->($$_[0]) . ' AND occurred_at > earlier_at', $$_[1]],
			["bank: $$_[1] within $$_[0], less those after which there is silence for so long, by patterns",
				"SELECT sum(match_count(timeline, 'call', 'infinity')) - sum(match_count(timeline, 'call -> no call for $$_[0]', 'infinity')) FROM $known", $$_[1]] } ['24 hours', 5805], ['168 hours', 8466]),
		# a contact that is no repeat is the first after a boundary
		(map { ["bank: $$_[1] contacts with a gap > $$_[0] as boundary, by the repeats of friction()",
				"SELECT sum(f.contacts - f.repeats) FROM $known, friction(timeline, definitions_with('contact: call; repeat_within = $$_[0]')) f", $$_[1]],
			["bank: $$_[1] with a gap > $$_[0], by a pattern", "SELECT sum(match_count(timeline, 'call -> no call for $$_[0]', 'infinity')) FROM $known", $$_[1]] } ['30 minutes', 11733], ['24 hours', 7736]));
}

# ---- tickets of a help desk --------------------------------------------------------------------------------------------------------

# A case is a thread, and all that is known of its customer; activities are the kinds.
my $desk = new_database($node, 'desk');
load_raw($node, $desk, $data, 'helpdesk');
row_table($node, $desk, 'step', 'helpdesk', '161803');
$node->safe_psql($desk, <<'SQL');
ALTER TABLE step ADD PRIMARY KEY (line);
-- a text that says its own zone is read the same way everywhere, but only whoever wrote it knows that it does
ALTER TABLE step ALTER timestamp TYPE timestamptz USING timestamp::timestamptz, ALTER event_no TYPE integer USING event_no::integer;
SELECT crm_timeline.add_source('step', 'step', occurred_at => 'timestamp', kind => 'activity', keys => ARRAY['case: case_id'],
	thread => 'case_id', agent => 'resource', topic => 'product', seq => 'event_no', attributes => $$jsonb_build_object('team', workgroup)$$);
SQL
$node->safe_psql($desk, 'CALL crm_timeline.create_suggested_indexes(); CALL crm_timeline.refresh(); ANALYZE');

{
	my $conversations = sub { 'timelines, conversations(timeline, definitions_with(' . literal($_[0]) . ')) c' };
	# whatever is done with a resolved ticket opens it again: "contact: any". Closed and Resolve are two words of this firm.
	my ($resolve, $closed) = map { $conversations->("contact: any; resolved: \"$_\"") } 'Resolve ticket', 'Closed';
	ask($desk, '',
		['helpdesk: 4580 cases, 21348 interactions', 'SELECT count(*), sum(interactions) FROM customer_summary', '4580|21348'],
		['helpdesk: nothing is wrong with the source', 'SELECT (SELECT count(*) FROM source_errors()) + (SELECT count(*) FROM verify_sources())', 0],
		['helpdesk: 8648 handovers, in 4577 cases, by conversations()', 'SELECT sum(transfers), count(*) FILTER (WHERE transfers > 0), count(*) FROM timelines, conversations(timeline)', '8648|4577|4580'],
		['helpdesk: as many stations, less the first of each case', 'SELECT sum(stations) - count(*) FROM timelines, conversations(timeline)', 8648],
		['helpdesk: 8648 by friction(), 4577 by handlers()', 'SELECT (SELECT sum(f.transfers) FROM timelines, friction(timeline) f), (SELECT count(*) FROM timelines, handlers(timeline) WHERE place = 2)', '8648|4577'],
		['helpdesk: Resolve more than once in 386 cases, by conversations()', "SELECT count(*) FILTER (WHERE resolutions > 1), sum(resolutions) FROM $resolve", '386|' . $node->safe_psql($desk, "SELECT count(*) FROM step WHERE activity = 'Resolve ticket'")],
		['helpdesk: 386 by event_count()', q{SELECT count(*) FROM timelines WHERE event_count(timeline, 'resolved', '(,)', 'resolved: "Resolve ticket"') > 1}, 386],
		['helpdesk: 386 by a pattern', q{SELECT count(*) FROM timelines WHERE matches(timeline, '"Resolve ticket" -> "Resolve ticket"')}, 386],
		['helpdesk: 17 cases with anything after the first Closed, by conversations()', "SELECT count(*) FILTER (WHERE reopens > 0) FROM $closed", 17],
		['helpdesk: 17 by the items reopen of friction_items()', q{SELECT count(DISTINCT thread) FROM timelines, friction_items(timeline, definitions_with('contact: any; resolved: Closed')) WHERE item = 'reopen' AND earlier_source = 'step'}, 17],
		['helpdesk: 17 by a pattern', q{SELECT count(*) FROM timelines WHERE matches(timeline, 'Closed -> any')}, 17]);
}

$node->stop;
done_testing();
