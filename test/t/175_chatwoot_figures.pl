# Chatwoot computes figures of its own (reporting_events). Here they are worked out by hand from its rules for an account of seven
# conversations, and the measures, asked with Chatwoot's words, have to give every one of them from the timelines that its recipe makes:
# in seconds, and in the working hours of the inbox. And the recipe has to do without the tables that not every Chatwoot has.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $tree = "$FindBin::RealBin/../..";
my $node = server('chatwoot_figures');

sub ask { my ($database, $sql) = @_; return scalar $node->safe_psql($database, "SET search_path = public, crm_timeline; SET intervalstyle = postgres; $sql"); }

# A database with Chatwoot's tables, changed by some SQL before the recipe comes.
sub chatwoot
{
	my ($database, @before) = @_;
	new_database($node, $database);
	my $script = join "\n", map { /\.sql$/ ? "\\i '$tree/$_'" : $_ } 'test/recipes/chatwoot.sql', @before, 'recipes/chatwoot.sql',
		'CALL crm_timeline.create_suggested_indexes(); CALL crm_timeline.refresh();';
	my ($stdout, $stderr) = ('', '');
	is($node->psql($database, $script, on_error_stop => 1, stdout => \$stdout, stderr => \$stderr), 0, "$database: the recipe has run") or diag($stderr);
	return $database;
}

my $database = chatwoot('figures', 'test/recipes/chatwoot_figures.sql');

# ---- opening hours -----------------------------------------------------------------------------------------------------------------

is(ask($database, 'SELECT inbox_id, channel, hours FROM crm_chatwoot.opening_hours WHERE account_id = 3 ORDER BY 1'), join("\n",
	'31|chat|Europe/Berlin mon-thu 09:00-17:00, fri 09:00-15:30',
	'33|whatsapp|Asia/Kolkata mon-fri 10:00-18:30, sat 00:00-24:00',
	'34|email|',
	'35|phone|America/New_York mon-fri 22:00-06:00',
	'36|api|UTC closed'), 'working hours are schedules: closed, all day, overnight, not used, none');
is(ask($database, q{SELECT business_time(hours, '2026-03-06 23:00 America/New_York', '2026-03-09 23:00 America/New_York') FROM crm_chatwoot.opening_hours WHERE inbox_id = 35}),
	'08:00:00', 'a night desk is open until Saturday morning');
is(ask($database, q{
	INSERT INTO crm_timeline.schedule_definition (channel, schedule) SELECT channel, hours FROM crm_chatwoot.opening_hours WHERE account_id = 3 AND hours IS NOT NULL;
	SELECT working_time('chat', '2026-03-27 14:00Z', '2026-03-31 16:00Z'), working_time('email', '2026-03-27 14:00Z', '2026-03-31 16:00Z')}), '16:30:00|4 days 02:00:00',
	'and they are the opening hours of channels');

# ---- what the recipe takes of reporting_events ---------------------------------------------------------------------------------------

is(ask($database, q{SELECT thread, string_agg(kind || CASE WHEN automated THEN ' (bot)' ELSE '' END, ', ' ORDER BY occurred_at) FROM crm_timeline.interactions
	WHERE source = 'chatwoot_event' AND thread LIKE 'conversation-30_' GROUP BY 1 ORDER BY 1}), join("\n",
	'conversation-301|resolved', 'conversation-302|handoff (bot), resolved', 'conversation-303|resolved (bot), reopened, resolved, reopened',
	'conversation-305|resolved, reopened', 'conversation-307|resolved'), 'resolutions, handovers and reopenings are interactions, once each');
is(ask($database, q{SELECT thread, first_response, answer_time, transfers, resolutions, reopens, resolved_at IS NOT NULL
	FROM timelines, conversations(timeline, as_of => '2026-04-01') WHERE thread LIKE 'conversation-30_' ORDER BY 1}), join("\n",
	'conversation-301|00:03:00|00:13:00|1|1|0|t',
	# what the customer waited, from the first message on; the second reply failed, and the third one answers
	'conversation-302|2 days 18:30:00|2 days 19:01:00|1|1|0|t',
	# a bot's resolution is no answer: from the reopening to the agent
	'conversation-303|00:10:00|2 days 17:25:30|0|2|2|f',
	'conversation-304|08:00:00|2 days 16:00:00|0|0|0|f',
	# the application answers without a name, too
	'conversation-305|00:05:00|00:15:00|0|1|1|f',
	'conversation-306||00:00:00|0|0|0|f',
	'conversation-307||00:00:00|0|1|0|t'), 'what the measures say by their own definitions');

# ---- every figure, by the measures -----------------------------------------------------------------------------------------------------

# The creation of a conversation, from which Chatwoot measures, is no interaction of the recipe's. Who wants it adds a source, as
# recipes/README.md says. Here are the rules as definitions: a person's reply is what answers; nothing lapses; and what ends a wait or
# begins it anew is said for each figure. "nothing" is a kind that no interaction has.
$node->safe_psql($database, <<'SQL');
SELECT crm_timeline.add_source('chatwoot_conversation', 'public.conversations', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'conversation'$$,
	keys => ARRAY['chatwoot_contact: contact_id'], direction => $$'internal'$$, thread => $$'conversation-' || id$$, automated => 'true',
	seq => '0', tenant => 'account_id');
CALL crm_timeline.refresh();
SET search_path = public, crm_timeline;
CREATE VIEW figure AS
WITH t AS MATERIALIZED (SELECT timeline FROM timelines),
first_reply AS (
	-- of the beginnings that there are before the first reply, the last one counts
	SELECT DISTINCT ON (w.thread) w.thread, w.asked_at AS since, w.ended_at AS until, w.answer_ref
	FROM t, unnest('{conversation, handoff, reopened}'::text[]) beginning,
		waits(t.timeline, ('contact: ' || beginning || '; answer: reply[agent is not null]; reopened: nothing; resolved: nothing; patience = 36525 days')::definitions) w
	WHERE w.outcome = 'answered'
	ORDER BY w.thread, w.ended_at, w.answer_ref, w.asked_at DESC),
measured AS (
	SELECT 'first_response' AS name, thread, since, until FROM first_reply
	UNION ALL
	SELECT 'reply_time', w.thread, w.asked_at, w.ended_at
	FROM t, waits(t.timeline, 'contact: message; answer: reply[agent is not null]; reopened: nothing; patience = 36525 days') w
	WHERE w.outcome = 'answered' AND NOT EXISTS (SELECT FROM first_reply f WHERE f.thread = w.thread AND f.answer_ref = w.answer_ref)
	UNION ALL
	SELECT 'conversation_bot_handoff', w.thread, w.asked_at, w.ended_at
	FROM t, waits(t.timeline, 'contact: conversation; answer: handoff; reopened: nothing; resolved: nothing; patience = 36525 days') w WHERE w.outcome = 'answered'
	UNION ALL
	-- each resolution as of its time; what a bot resolved gives two figures
	SELECT name, c.thread, c.started_at, c.resolved_at
	FROM t, unnest(pick_event(t.timeline, 'resolved')) i, conversations(t.timeline, 'contact: conversation', i.occurred_at) c,
		unnest(ARRAY['conversation_resolved', CASE WHEN i.automated THEN 'conversation_bot_resolved' END]) name
	WHERE c.thread = i.thread AND name IS NOT NULL
	UNION ALL
	SELECT 'conversation_opened', w.thread, w.asked_at, w.ended_at
	FROM t, waits(t.timeline, 'contact: resolved; answer: reopened; reopened: nothing; resolved: nothing; patience = 36525 days') w WHERE w.outcome = 'answered')
SELECT c.id AS conversation_id, m.name, m.until, extract(epoch FROM m.until - m.since)::float8 AS value,
	coalesce(extract(epoch FROM business_time(o.hours, m.since, m.until)), 0)::float8 AS value_in_business_hours
FROM measured m
JOIN public.conversations c ON 'conversation-' || c.id = m.thread AND c.account_id = 3
JOIN crm_chatwoot.opening_hours o ON o.inbox_id = c.inbox_id;
-- Chatwoot's own. Two of them are of openings that were no reopenings.
CREATE VIEW reported AS
SELECT conversation_id, name, coalesce(event_end_time, created_at) AT TIME ZONE 'UTC' AS until, value, value_in_business_hours
FROM public.reporting_events WHERE account_id = 3 AND id NOT IN (305, 322);
SQL
is(ask($database, 'SELECT name, count(*), sum(value) FROM figure GROUP BY 1 ORDER BY 1'), ask($database, 'SELECT name, count(*), sum(value) FROM reported GROUP BY 1 ORDER BY 1'),
	'as many figures of each name, and their sums');
is(ask($database, 'SELECT count(*) FROM figure f JOIN reported r USING (conversation_id, name, until) WHERE f.value = r.value'), '21', 'every figure in seconds, conversation for conversation');
is(ask($database, q{SELECT conversation_id, name, until, f.value, r.value, f.value_in_business_hours, r.value_in_business_hours
	FROM figure f FULL JOIN reported r USING (conversation_id, name, until) WHERE f.value IS DISTINCT FROM r.value OR f.value_in_business_hours IS DISTINCT FROM r.value_in_business_hours}),
	'304|reply_time|2026-03-09 05:00:00+00|201600|201600|79200|79140', 'and in working hours, but for the minute before midnight that Chatwoot takes from a day that is open all day');

# ---- Chatwoots that have less ----------------------------------------------------------------------------------------------------------

{
	my $nothing = chatwoot('neither', 'DROP TABLE reporting_events, working_hours;');
	is(ask($nothing, q{SELECT count(*) FILTER (WHERE source = 'chatwoot_event'), count(*) > 10 FROM crm_timeline.interactions}), '0|t', 'without the tables there are messages all the same');
	is(ask($nothing, q{SELECT to_regclass('crm_chatwoot.event'), to_regclass('crm_chatwoot.opening_hours')}), '|', 'and no views of theirs');

	my $old = chatwoot('old', 'ALTER TABLE reporting_events DROP COLUMN event_end_time;');
	is(ask($old, q{SELECT count(*) FROM crm_timeline.source WHERE name = 'chatwoot_event'}), '0', 'nor with figures of old that do not say of when they are');

	my $empty = chatwoot('empty', 'TRUNCATE reporting_events, working_hours;');
	is(ask($empty, q{SELECT count(*) FILTER (WHERE source = 'chatwoot_event'), count(*) > 10 FROM crm_timeline.interactions}), '0|t', 'with empty ones, too');
	is(ask($empty, 'SELECT DISTINCT hours FROM crm_chatwoot.opening_hours WHERE inbox_id = 1'), 'Europe/Berlin closed', 'and an inbox that uses hours and has none is closed');
	# a resolution is there in the same transaction; another one taken away makes a reopening none
	$node->safe_psql($empty, "INSERT INTO reporting_events (id, name, conversation_id, event_end_time) VALUES (1, 'conversation_resolved', 3, '2026-02-03 10:00'), (2, 'conversation_opened', 3, '2026-02-03 11:00')");
	is(ask($empty, "SELECT string_agg(kind, ' ' ORDER BY occurred_at) FROM crm_timeline.interactions WHERE source = 'chatwoot_event'"), 'resolved reopened', 'what is written later is there at once');
	$node->safe_psql($empty, 'CALL crm_timeline.refresh(); DELETE FROM reporting_events WHERE id = 1');
	is(ask($empty, "SELECT count(*) FROM crm_timeline.interactions WHERE source = 'chatwoot_event'"), '0', 'and an opening without the resolution before it is none');
	$node->safe_psql($empty, 'CALL crm_timeline.refresh()');
	is(ask($empty, "SELECT count(*) FROM timelines, unnest(timeline) i WHERE i.source = 'chatwoot_event'"), '0', 'in the timelines, too');
}

$node->stop;
done_testing();
