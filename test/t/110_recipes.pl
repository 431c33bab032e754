# The recipes, and the sample's sources, against oracles that know the tables' meaning and nothing of crm_timeline: who is whose,
# what the view interactions shows, and that pages lose and double nothing. And that a recipe does no harm: no write fails that
# would not fail without it, and when the extension goes the tables are as they were.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $tree = "$FindBin::RealBin/../..";
my $node = server('recipes', 'max_wal_size = 4GB', "log_min_duration_statement = -1");
my @applications = ('chatwoot', 'odoo', 'umami', 'calcom');

sub ask { my ($database, $sql) = @_; return scalar $node->safe_psql($database, "SET search_path = public, crm_timeline; $sql"); }

# Runs files, as psql does for a DBA; the tenant is the recipe's own unless one is given.
sub load
{
	my ($database, $files, $tenant) = @_;
	my ($stdout, $stderr) = ('', '');
	my $status = $node->psql($database, join("\n", map { "\\i '$tree/$_'" } @$files), on_error_stop => 1, stdout => \$stdout, stderr => \$stderr,
		extra_params => [ defined $tenant ? ('-v', "tenant=$tenant") : () ]);
	is($status, 0, "$database: " . join(', ', @$files)) or diag($stderr);
	return $stdout;
}

# A database with an application's tables, and the extension if it is asked for.
sub application
{
	my ($database, $applications, $extension) = @_;
	$extension ? new_database($node, $database) : $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	load($database, [ map { "test/recipes/$_.sql" } @$applications ]);
}

sub refresh { my ($database) = @_; $node->safe_psql($database, 'CALL crm_timeline.refresh()'); }

# The answers that are expected of the rows as they are now.
sub expect
{
	my ($database, $applications, $before) = @_;
	my ($stdout, $stderr) = ('', '');
	my $status = $node->psql($database, join("\n", $before // '', 'TRUNCATE oracle.shown, oracle.expected;', map { "\\i '$tree/test/recipes/${_}_expected.sql'" } @$applications),
		on_error_stop => 1, stdout => \$stdout, stderr => \$stderr);
	is($status, 0, "$database: the oracle has an answer") or diag($stderr);
}

# The view against the answers, both ways.
sub agrees
{
	my ($database, $what, $before) = @_;
	$before //= '';
	cmp_ok(ask($database, "$before SELECT count(*) FROM oracle.interaction"), '>', 10, "$database, $what: the oracle expects some rows");
	is(ask($database, "$before SELECT to_jsonb(d) FROM oracle.difference d ORDER BY 1 LIMIT 10"), '', "$database, $what: row for row what the oracle expects");
}

sub pages
{
	my ($database, $what, $one_in) = @_;
	for my $size (1, 2, 3, 7)
	{
		is(ask($database, "SELECT string_agg(b::text, ' ') FROM oracle.badly_paged($size, $one_in) b"), '', "$database, $what: pages of $size, one after another, are the view");
	}
}

# Tables and rows of the schema public, as pg_dump writes them; in which order it names the objects is its own affair.
sub dump_of
{
	my ($database) = @_;
	my ($dump, $stderr) = run_command([ 'pg_dump', '--schema=public', '-d', $node->connstr($database) ]);
	$dump =~ s/^\\(un)?restrict .*\n//mg;
	return join "\n--\n", sort split /\n--\n(?=-- Name: |-- Data for Name: )/, $dump;
}

# What a recipe has made: the registry, views, triggers and indexes.
sub made
{
	my ($database) = @_;
	return ask($database, q{
		SELECT to_jsonb(s) - 'registered_at' - 'relation' FROM crm_timeline.source s ORDER BY name;
		SELECT pg_get_viewdef('crm_timeline.interactions'::regclass);
		SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g WHERE g.tgfoid = 'crm_timeline.capture()'::regprocedure ORDER BY 1;
		SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1;
		SELECT c.oid::regclass::text COLLATE "C", c.reloptions, pg_get_viewdef(c.oid) FROM pg_class c WHERE c.relkind = 'v' AND c.relnamespace::regnamespace::text LIKE 'crm\_%' ORDER BY 1;});
}

# ---- each application in a database of its own ----------------------------------------------------------------------------

for my $name (@applications)
{
	application($name, [$name], 1);
	my $untouched = dump_of($name);
	my $printed = load($name, ["recipes/$name.sql"]);
	like($printed, qr/CALL crm_timeline\.create_suggested_indexes\(\);.*CALL crm_timeline\.refresh\(\);/s, "$name: the recipe says what to do next");
	unlike($printed, qr/add_source|drop_source/, "$name: and nothing else");
	$node->safe_psql($name, 'CALL crm_timeline.create_suggested_indexes()');
	refresh($name);
	load($name, [ 'test/recipes/oracle.sql', 'test/recipes/compare.sql' ]);
	expect($name, [$name]);
	agrees($name, 'after a refresh');
	pages($name, 'after a refresh', 1);
	is(ask($name, 'SELECT * FROM crm_timeline.verify_sources()'), '', "$name: nothing is wrong with the sources");
	is(ask($name, 'SELECT count(*) FROM crm_timeline.suggested_indexes() WHERE NOT present'), '0', "$name: no index is missing");
	is(ask($name, 'SELECT live_sources FROM crm_timeline.store_status()'), '{}', "$name: every source is stored");

	my $first = made($name);
	my $customers = ask($name, 'SELECT identity, customer_id FROM crm_timeline.membership ORDER BY 1');
	load($name, ["recipes/$name.sql"]);
	$node->safe_psql($name, 'CALL crm_timeline.create_suggested_indexes()');
	refresh($name);
	is(made($name), $first, "$name: a recipe that is run again makes the same");
	is(ask($name, 'SELECT identity, customer_id FROM crm_timeline.membership ORDER BY 1'), $customers, "$name: and customers keep their numbers");
	agrees($name, 'after the recipe was run again');

	# the same writes with triggers and indexes, and in a database that has never heard of us
	application("${name}_plain", [$name], 0);
	my @outcomes;
	for my $database ($name, "${name}_plain")
	{
		load($database, ['test/recipes/hostile.sql']);
		push @outcomes, ask($database, 'SELECT md5(statement), left(statement, 200), outcome FROM hostile.outcomes()');
	}
	cmp_ok(scalar(split /\n/, $outcomes[0]), '>', 800, "$name: hostile writes");
	my @with = split /\n/, $outcomes[0];
	my @without = split /\n/, $outcomes[1];
	is(join("\n", grep { $with[$_] ne $without[$_] } 0 .. $#with), '', "$name: every write fares as it does without us");
	is(scalar @with, scalar @without, "$name: and as many");
	agrees($name, 'after writes that were undone');

	$node->safe_psql($name, 'DROP SCHEMA hostile CASCADE; DROP SCHEMA oracle CASCADE; SET client_min_messages = warning; DROP EXTENSION crm_timeline CASCADE');
	is(dump_of($name), $untouched, "$name: without the extension the tables are as they were");
	load($name, ['test/recipes/hostile.sql']);
	my $writes = "SELECT md5(statement), left(statement, 200), outcome FROM hostile.outcomes('{insert}')";
	is(ask($name, $writes), ask("${name}_plain", $writes), "$name: and writes to them fare as before");
}

# ---- rows that no mapping would wish for, there before the indexes are and coming after ------------------------------------

for my $name (@applications)
{
	my $database = "${name}_hostile";
	application($database, [$name], 1);
	load($database, [ 'test/recipes/hostile.sql', "recipes/$name.sql" ]);
	$node->safe_psql($database, 'CALL crm_timeline.refresh()');
	my $rows = ask($database, 'SELECT hostile.fill(2000000)');
	cmp_ok($rows, '>', 100, "$database: rows that are hard to read");
	is($rows, ask("${name}_plain", 'SELECT hostile.fill(2000000)'), "$database: triggers keep none of them out");
	$node->safe_psql($database, 'CALL crm_timeline.create_suggested_indexes()');
	is(ask($database, 'SELECT hostile.fill(3000000)'), ask("${name}_plain", 'SELECT hostile.fill(3000000)'), "$database: nor do indexes");
	is(ask($database, "SELECT DISTINCT problem FROM crm_timeline.dirty_log WHERE problem IS NOT NULL"), '', "$database: no expression failed in a trigger");
	my $live = ask($database, 'SELECT count(*) FROM crm_timeline.interactions');
	refresh($database);
	is(ask($database, "SELECT DISTINCT problem FROM crm_timeline.dirty_log WHERE problem IS NOT NULL"), '', "$database: nor in a refresh");
	is(ask($database, 'SELECT count(*) FROM crm_timeline.interactions'), $live, "$database: a refresh brings no rows, they were there at once");
	is(ask($database, 'SELECT count(*) FROM crm_timeline.interactions WHERE customer_id < 0'), '0', "$database: and nobody is provisional any more");
	is(ask($database, q{SELECT count(*) FROM crm_timeline.interactions i WHERE length(to_jsonb(i)::text) = 0}), '0', "$database: every column can be read");
	# a row of the view is there for each that is not lost
	cmp_ok(ask($database, 'SELECT coalesce(sum(row_count), 0) FROM crm_timeline.source_errors() WHERE lost'), '>', 0, "$database: lost rows are told");
}

# ---- one Chatwoot conversation, moved -------------------------------------------------------------------------------------

{
	my $database = 'moved';
	application($database, ['chatwoot'], 1);
	load($database, ['recipes/chatwoot.sql']);
	$node->safe_psql($database, 'CALL crm_timeline.create_suggested_indexes()');
	refresh($database);
	load($database, [ 'test/recipes/oracle.sql', 'test/recipes/compare.sql' ]);
	my $of = sub { return "crm_timeline.customer_of('1/chatwoot_contact:$_[0]')"; };
	my $messages = "SELECT string_agg(DISTINCT customer_id::text, ' ') FROM crm_timeline.interactions WHERE source = 'chatwoot_message' AND thread = 'conversation-1'";

	isnt(ask($database, 'SELECT ' . $of->(1)), ask($database, 'SELECT ' . $of->(3)), 'contacts 1 and 3 are two customers');
	is(ask($database, $messages), ask($database, 'SELECT ' . $of->(1)), 'the conversation is of contact 1');
	is(ask($database, "BEGIN; UPDATE conversations SET contact_id = 3 WHERE id = 1; SELECT ($messages) = (" . $of->(3) . ")::text; ROLLBACK"), 't',
		'moved to contact 3, its messages are there in the same transaction');
	$node->safe_psql($database, 'UPDATE conversations SET contact_id = 3 WHERE id = 1');
	is(ask($database, "SELECT string_agg(DISTINCT identity::text, ' ' ORDER BY identity::text) FROM crm_timeline.dirty_log WHERE source = 'chatwoot_message' AND identity IS NOT NULL"),
		'1/chatwoot_contact:1 1/chatwoot_contact:3', 'both contacts are marked');
	refresh($database);
	is(ask($database, $messages), ask($database, 'SELECT ' . $of->(3)), 'and after a refresh');
	expect($database, ['chatwoot']);
	agrees($database, 'after a conversation was moved');

	# to somebody whom nobody has seen yet
	$node->safe_psql($database, "INSERT INTO contacts (id, account_id, email, created_at) VALUES (50, 1, 'new\@example.com', '2026-03-01'); UPDATE conversations SET contact_id = 50 WHERE id = 1");
	is(ask($database, "SELECT ($messages) = (" . $of->(50) . ")::text AND " . $of->(50) . ' < 0'), 't', 'moved to a new contact, they are of a provisional customer at once');
	is(ask($database, "SELECT count(*) FROM crm_timeline.interactions_of(" . $of->(50) . ", 100) WHERE thread = 'conversation-1'"),
		ask($database, "SELECT count(*) FROM messages WHERE conversation_id = 1"), 'whose history has them all');
	refresh($database);
	is(ask($database, "SELECT ($messages) = (" . $of->(50) . ")::text AND " . $of->(50) . ' > 0'), 't', 'and of a lasting one after a refresh');
	is(ask($database, "SELECT customer_id = " . $of->(50) . " FROM crm_timeline.membership WHERE identity = '1/email:new\@example.com'"), 't', 'who has the e-mail address');

	# merged: the other contact's conversations are moved and the contact goes away; in one statement, as Chatwoot may
	$node->safe_psql($database, q{WITH moved AS (UPDATE conversations SET contact_id = 2 WHERE contact_id = 10) DELETE FROM contacts WHERE id = 10});
	refresh($database);
	is(ask($database, "SELECT string_agg(DISTINCT customer_id::text, ' ') FROM crm_timeline.interactions WHERE thread = 'conversation-8'"),
		ask($database, "SELECT crm_timeline.customer_of('2/chatwoot_contact:2')"), 'a merged contact\'s messages are the other\'s');

	# a bot's message, a private one and a message that moves to another conversation
	$node->safe_psql($database, q{
		UPDATE messages SET conversation_id = 5 WHERE id = 8;
		UPDATE messages SET private = true WHERE id = 14;
		DELETE FROM messages WHERE id = 13;
		UPDATE contact_inboxes SET hmac_verified = true WHERE id = 2;
		UPDATE contacts SET email = NULL, phone_number = NULL WHERE id = 5;
		INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, hmac_verified) VALUES (7, 1, '0c6e7a9e', false)});
	refresh($database);
	expect($database, ['chatwoot']);
	agrees($database, 'after this and that was written');
	pages($database, 'after this and that was written', 1);
	is(ask($database, q{SELECT crm_timeline.customer_of('1/chatwoot_contact:5') = crm_timeline.customer_of('1/chatwoot_contact:1')}), 'f',
		'contact 5 is somebody else again, without the telephone number');

	# evidence: a signed identifier holds where a typed address does not
	is(ask($database, q{SELECT crm_timeline.customer_of('1/user:u-42', 90) = crm_timeline.customer_of('1/chatwoot_contact:1', 90),
			crm_timeline.customer_of('1/email:ann.weber@example.com', 90) = crm_timeline.customer_of('1/chatwoot_contact:1', 90)}), 't|f',
		'at grade 90 only what was proved holds');
}

# ---- four applications in one database ------------------------------------------------------------------------------------

for my $walls ('on', 'off')
{
	my $database = "all_walls_$walls";
	my $setting = "SET oracle.walls = '$walls';";
	application($database, \@applications, 1);
	load($database, [ map { "recipes/$_.sql" } @applications ], $walls eq 'off' ? '' : undef);
	$node->safe_psql($database, 'CALL crm_timeline.create_suggested_indexes()');
	refresh($database);
	load($database, [ 'test/recipes/oracle.sql', 'test/recipes/compare.sql' ]);
	expect($database, \@applications, $setting);
	agrees($database, 'four applications', $setting);
	pages($database, 'four applications', 1);
	my $ann = $walls eq 'off' ? '' : '1/';
	is(ask($database, "SELECT crm_timeline.customer_of('${ann}email:ann.weber\@example.com') = crm_timeline.customer_of('email:ann\@example.com')"),
		$walls eq 'off' ? 't' : 'f', "$database: Ann of the support is Ann of the bookings, by telephone, " . ($walls eq 'off' ? 'where no wall is between' : 'but for the wall'));
}

{
	my $database = 'one_tenant';
	application($database, [ 'chatwoot', 'umami' ], 1);
	load($database, [ 'recipes/chatwoot.sql', 'recipes/umami.sql' ], "'acme'");
	refresh($database);
	is(ask($database, q{SELECT count(DISTINCT crm_timeline.customer_of(i::crm_timeline.identity)) FROM unnest(ARRAY['acme/email:ann.weber@example.com', 'acme/user:u-42',
		'acme/chatwoot_contact:1', 'acme/chatwoot_contact:2', 'acme/umami_session:10000000-0000-0000-0000-000000000004', 'acme/umami_session:10000000-0000-0000-0000-000000000009']) i}), '1',
		'with one tenant for all accounts and websites, one customer');
	is(ask($database, q{SELECT DISTINCT crm_timeline.identity_tenant(identity) FROM crm_timeline.membership}), 'acme', 'and no other tenant');
}

# ---- names --------------------------------------------------------------------------------------------------------------------

{
	my $database = new_database($node, 'names');
	my $long = "\x{c3}\x{bc}" x 31 . 'x';
	my $quoted = 'a"b:c\'d' . 'e' x 56;
	(my $identifier = $quoted) =~ s/"/""/g;
	(my $text = $quoted) =~ s/'/''/g;
	$node->safe_psql($database, qq{
		CREATE TABLE public."$long" ("$identifier" text, "\$1 %s" timestamptz, "select" text PRIMARY KEY);
		INSERT INTO public."$long" VALUES ('a\@example.com', '2026-01-01Z', '1'), ('b\@example.com', '2026-01-01Z', '2');
		CREATE VIEW public."$identifier" AS SELECT t."$identifier" AS who, t."\$1 %s" AS at, t."select" AS ref FROM public."$long" t;
		SELECT crm_timeline.add_source('$long', 'public."$long"', occurred_at => '"\$1 %s"', keys => ARRAY['email: "' || replace('$text', '"', '""') || '"'], kind => \$\$'k'\$\$, summary => '"select"');
		SELECT crm_timeline.add_source('$text', format('public.%I', '$text')::regclass, occurred_at => 'at', keys => ARRAY['email: who'], kind => \$\$'v'\$\$, ref => 'ref',
			depends_on => ARRAY['public."$long": email: "' || replace('$text', '"', '""') || '"']);
		CALL crm_timeline.create_suggested_indexes();
		INSERT INTO public."$long" VALUES ('A\@Example.com', '2026-01-02Z', '3')});
	refresh($database);
	is(ask($database, "SELECT kind, string_agg(ref, ' ' ORDER BY ref) FROM crm_timeline.history('email:a\@example.com') GROUP BY kind ORDER BY kind"), "k|1 3\nv|1 3", 'names of 63 bytes and with every quote');
	is(ask($database, 'SELECT * FROM crm_timeline.verify_sources()'), '', 'and nothing is wrong with them');
	$node->safe_psql($database, "SELECT crm_timeline.drop_source(name) FROM crm_timeline.source");
	is(ask($database, qq{SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public."$long"'::regclass}), '0', 'dropped sources leave no trigger');
}

# ---- the sample CRM, as the README begins ----------------------------------------------------------------------------------

{
	my $database = 'sample';
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	load($database, ['test/sample/crm.sql']);
	$node->safe_psql($database, 'CREATE EXTENSION crm_timeline');
	load($database, [ 'test/sample/sources.sql', 'test/recipes/oracle.sql', 'test/recipes/compare.sql', 'test/recipes/sample_expected.sql' ]);
	agrees($database, 'after a refresh');
	my ($there, $expected) = ('(SELECT * FROM oracle.contacts_found)', '(SELECT * FROM oracle.contacts_interaction)');
	cmp_ok(ask($database, "SELECT count(*) FROM $expected x"), '>', 4000, 'sample: the hand-written view knows most of it');
	is(ask($database, "SELECT to_jsonb(x) FROM ($there EXCEPT ALL $expected UNION ALL ($expected EXCEPT ALL $there)) x LIMIT 5"), '', 'sample: and agrees on those whom crm.contact knows');
	pages($database, 'after a refresh', 5);
	is(ask($database, q{SELECT count(*), min(kind), count(DISTINCT source) FROM crm_timeline.history('email:Ann.Weber@Example.com')}), '16|auto_reply|7', 'sample: Ann Weber\'s history');
	is(ask($database, 'SELECT problem FROM crm_timeline.source_errors() WHERE lost'), '', 'sample: no row is lost');
	is(ask($database, 'SELECT * FROM crm_timeline.verify_sources()'), '', 'sample: nothing is wrong with the sources');
	is(ask($database, 'SELECT count(*) FROM crm_timeline.refused_link'), '0', 'sample: no link is refused');

	# what is written now is there now
	$node->safe_psql($database, q{
		INSERT INTO web.visit (id, cookie, visited_at_ms, page) VALUES (100001, '00000000-0000-0000-0000-0000000000aa', 1782900000000, '/new'), (100002, '00000000-0000-0000-0000-0000000000aa', 1782900001000, '/new');
		INSERT INTO support.ticket VALUES (100001, 'ANN.weber@example.com', 'chat', 'Once more', 'open', '2026-07-01 12:00');
		INSERT INTO support.message VALUES (100001, 100001, 'customer', NULL, false, 'Hello?', '2026-07-01 12:00');
		UPDATE shop."order" SET refunded_at = '2026-07-01 12:00' WHERE order_no = (SELECT min(order_no) FROM shop."order" WHERE refunded_at IS NULL)});
	is(ask($database, "SELECT string_agg(summary, ' ' ORDER BY kind) FROM crm_timeline.interactions WHERE customer_id < 0"), '/new /new', 'sample: a visitor whom nobody has seen is a provisional customer');
	is(ask($database, q{SELECT string_agg(kind, ' ' ORDER BY kind) FROM crm_timeline.history('email:ann.weber@example.com', 2)}), 'message ticket', 'sample: and a customer whom one knows has the new interactions');
	# the visitor says who she is
	$node->safe_psql($database, q{INSERT INTO web.visit (id, cookie, visited_at_ms, page, login_email) VALUES (100003, '00000000-0000-0000-0000-0000000000aa', 1782900002000, '/login', 'Ann.Weber@example.com')});
	refresh($database);
	$node->safe_psql($database, 'DROP SCHEMA oracle CASCADE');
	load($database, [ 'test/recipes/oracle.sql', 'test/recipes/compare.sql', 'test/recipes/sample_expected.sql' ]);
	agrees($database, 'after some writes');
	is(ask($database, q{SELECT count(*) FROM crm_timeline.history('email:ann.weber@example.com')}), '21', 'sample: after the login the visits are Ann\'s');
	# a mistake of the visitor's is taken back
	$node->safe_psql($database, 'DELETE FROM web.visit WHERE id = 100003');
	refresh($database);
	is(ask($database, q{SELECT count(*) FROM crm_timeline.history('email:ann.weber@example.com')}), '18', 'sample: and without it they are not');
}

$node->stop;
done_testing();
