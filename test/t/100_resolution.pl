# Customers from links: the worked cases, dump and restore, roles, moments, look-ups at their size, sessions side by
# side, hostile search paths, and what it costs. (Random histories are compared with the oracle: test/oracle/resolution.py.)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time sleep);
use Server;

my $node = server('resolution', 'shared_buffers = 256MB');
my $database = new_database($node, 'resolution');
my $path = 'SET search_path = public, crm_timeline;';

sub sql { my ($text) = @_; return $node->safe_psql($database, "$path $text") }

# Empties all tables; what is known of numbers stays.
sub start_again
{
	sql('SET crm_timeline.erasing = on; TRUNCATE link, observed_link, touched_identity, membership, former_membership, bond, refused_link,
		identity_limit, blocked_identity, resolution_setting; TRUNCATE touched_identity;');
	return;
}

# The customers: each a list of its identities.
sub customers
{
	return sql("SELECT string_agg(members, '; ' ORDER BY members) FROM (SELECT string_agg(identity::text, ' ' ORDER BY identity) AS members FROM membership GROUP BY customer_id) s");
}

# -- worked cases --

# A shared device: u1 on day 1, an anonymous visit on day 2, u2 on day 3.
sql(q{INSERT INTO identity_limit VALUES ('user', 1);
	INSERT INTO observed_link VALUES ('visits', 'user:u1', 'device:D', 50, '2026-01-01Z'), ('visits', 'user:u2', 'device:D', 50, '2026-01-03Z');
	SELECT resolve(ARRAY['user:u1', 'device:D', 'user:u2']::identity[])});
is(customers(), 'device:D user:u1; user:u2', 'a shared device belongs to its first user');
is(sql(q{SELECT string_agg(identity::text || ' ' || shared, ', ' ORDER BY identity) FROM membership m, LATERAL (SELECT shared FROM identities_of(m.customer_id) i WHERE i.identity = m.identity) s}),
	'device:D true, user:u1 false, user:u2 false', 'and is flagged as shared');
is(sql('SELECT a, b, reason FROM refused_link'), 'device:D|user:u2|limit', 'the second link is refused and listed');

# A-B, B-C, never(A, C): the lower grade is cut, then the newer one.
for my $case ([ 50, '2026-01-01Z', 50, '2026-01-02Z', 'x:A x:B; x:C' ], [ 50, '2026-01-02Z', 50, '2026-01-01Z', 'x:A; x:B x:C' ], [ 50, '2026-01-01Z', 75, '2026-01-02Z', 'x:A; x:B x:C' ])
{
	my ($grade, $time, $other_grade, $other_time, $wanted) = @$case;
	start_again();
	sql("SELECT link('x:A', 'x:B', $grade, noted_at => '$time'), link('x:B', 'x:C', $other_grade, noted_at => '$other_time'), never('x:A', 'x:C'); SELECT resolve('{}')");
	is(customers(), $wanted, "A and C are never one customer: grades $grade and $other_grade, $time and $other_time");
	is(sql('SELECT reason FROM refused_link'), 'never', 'and the link that was cut is listed');
}

# One user id per customer: {user:abc123, email:jane@x}, then a row {user:abc456, email:jane@x}.
start_again();
sql(q{INSERT INTO identity_limit VALUES ('user', 1); SELECT link('user:abc123', 'email:jane@x.org', 50, noted_at => '2026-01-01Z'); SELECT resolve()});
my $jane = sql(q{SELECT customer_of('email:jane@x.org')});
sql(q{SELECT link('user:abc456', 'email:jane@x.org', 50, noted_at => '2026-01-02Z'); SELECT resolve('{}')});
is(customers(), 'email:jane@x.org user:abc123; user:abc456', 'a second value of a limited namespace is a new customer');
is(sql(q{SELECT customer_of('email:jane@x.org')}), $jane, 'the first one stays who he was');
is(sql('SELECT a, b, reason, detail FROM refused_link'), 'email:jane@x.org|user:abc456|limit|2 of namespace user, the limit is 1', 'the link is refused and listed');

# Undoing a merge is adding a row; what was is known as of its moment.
start_again();
sql(q{SELECT link('x:a', 'x:b'), link('x:c', 'x:d'); SELECT resolve()});
my $before = sql('SELECT identity, number, customer_id FROM membership ORDER BY 1; SELECT * FROM bond ORDER BY 1, 2');
my @at = (sql('SELECT clock_timestamp()'));
sql(q{SELECT link('x:b', 'x:c'); SELECT resolve('{}')});
push @at, sql('SELECT clock_timestamp()');
is(customers(), 'x:a x:b x:c x:d', 'merged');
my ($kept, $absorbed) = split /\|/, sql(q{SELECT number, (SELECT number FROM membership WHERE identity = 'x:c') FROM membership WHERE identity = 'x:a'});
is(sql("SELECT current_customer($absorbed)"), $kept, 'the absorbed id leads to the oldest one');
sql(q{SELECT unlink('x:b', 'x:c'); SELECT resolve('{}')});
push @at, sql('SELECT clock_timestamp()');
is(sql('SELECT identity, number, customer_id FROM membership ORDER BY 1; SELECT * FROM bond ORDER BY 1, 2'), $before, 'and undone without a trace, ids included');
is(sql('SELECT ' . join(', ', map { "customer_of('x:d', as_of => '$_')" } @at)), "$absorbed|$kept|$absorbed", 'each moment has its customer');

# -- dump and restore --

sql(q{INSERT INTO identity_limit VALUES ('user', 1, 5); INSERT INTO blocked_identity VALUES ('phone:+4930000000', 'switchboard'); INSERT INTO resolution_setting VALUES ('cluster', 500);
	INSERT INTO observed_link VALUES ('shop', 'user:u1', 'device:D', 50, '2026-01-01Z'), ('shop', 'user:u2', 'device:D', 50, '2026-01-03Z'), ('shop', 'user:u1', 'phone:+4930000000', 50, '2026-01-01Z');
	SELECT resolve(ARRAY['user:u1', 'device:D', 'user:u2', 'phone:+4930000000']::identity[]); SELECT link('x:d', 'x:e')});
my @tables = qw(link observed_link touched_identity identity_limit blocked_identity resolution_setting membership former_membership bond refused_link);
my $dump = $PostgreSQL::Test::Utils::tmp_check . '/resolution.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr($database) ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restored');
is($node->safe_psql('restored', 'SELECT count(*) FROM crm_timeline.touched_identity WHERE identity::text = ANY (ARRAY[' . sql(q{SELECT string_agg(DISTINCT quote_literal(identity), ', ') FROM touched_identity}) . '])') > 1, 1,
	'touched identities survive dump and restore');
for my $table (grep { $_ ne 'touched_identity' } @tables)
{
	my $query = "SELECT t.*::text FROM crm_timeline.$table t ORDER BY 1";
	is($node->safe_psql('restored', $query), $node->safe_psql($database, $query), "$table survives dump and restore");
}
is($node->safe_psql('restored', "$path SELECT link('y:1', 'y:2') > (SELECT max(id) FROM link WHERE b <> 'y:2'); SELECT joined, split FROM resolve('{}'); SELECT number > 5 FROM membership WHERE identity = 'y:1'"),
	"t\n0|0\nt", 'facts and identities are numbered on; nothing else moves');

# -- roles --

$node->safe_psql($database, 'CREATE ROLE nobody LOGIN; CREATE ROLE clerk LOGIN; GRANT EXECUTE ON FUNCTION crm_timeline.link, crm_timeline.never, crm_timeline.unlink TO clerk;
	CREATE ROLE reader LOGIN; GRANT SELECT ON crm_timeline.membership, crm_timeline.bond, crm_timeline.link, crm_timeline.observed_link, crm_timeline.former_membership, crm_timeline.refused_link TO reader');
my $denied = qr/^ERROR: 42501 /;
for my $statement (map({ "TABLE crm_timeline.$_" } @tables), "SELECT crm_timeline.link('x:a', 'x:b')", "SELECT crm_timeline.never('x:a', 'x:b')", "SELECT crm_timeline.unlink('x:a', 'x:b')",
	'SELECT crm_timeline.resolve()', "SELECT crm_timeline.note_fact('x:a', 'x:b', 'same', 50, NULL, NULL, NULL)", "SELECT crm_timeline.customer_of('x:a')", "SELECT * FROM crm_timeline.lookup('x:a')",
	"SELECT nextval('crm_timeline.link_id_seq')", "SELECT nextval('crm_timeline.membership_number_seq')")
{
	like((answers($node, $database, 'SET ROLE nobody;', $statement))[0], $denied, "a role without rights may not: $statement");
}
my @clerk = answers($node, $database, 'SET ROLE clerk;', "SELECT crm_timeline.link('x:a', 'x:z') > 0", "SELECT crm_timeline.unlink('x:a', 'x:z') > 0", "SELECT crm_timeline.never('x:a', 'x:z') > 0",
	'TABLE crm_timeline.link', "INSERT INTO crm_timeline.link (a, b, verdict, grade) VALUES ('x:a', 'x:b', 'same', 100)", 'SELECT crm_timeline.resolve()');
is(join(' ', @clerk[ 0 .. 2 ]), 't t t', 'who may call link() needs no right on the tables');
like($_, $denied, 'and gets none') for @clerk[ 3 .. 5 ];
is((answers($node, $database, 'SET ROLE reader;', "SELECT crm_timeline.customer_of('x:c') > 0, crm_timeline.customer_of('x:c', 50) > 0, (SELECT count(*) FROM crm_timeline.identities_of(crm_timeline.customer_of('x:c'))), (SELECT count(*) FROM crm_timeline.lookup('x:c'))"))[0],
	't|t|2|1', 'who may read the tables may ask');

# -- hostile search paths: whatever stands there under our names is not called --

$node->safe_psql($database, q{CREATE SCHEMA evil;
	CREATE FUNCTION evil.yes(crm_timeline.identity, crm_timeline.identity) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$;
	CREATE OPERATOR evil.= (LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = evil.yes);
	CREATE OPERATOR evil.<> (LEFTARG = crm_timeline.identity, RIGHTARG = crm_timeline.identity, FUNCTION = evil.yes);
	CREATE FUNCTION evil.no(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$;
	CREATE OPERATOR evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = evil.no);
	CREATE TABLE evil.membership (identity text); CREATE TABLE evil.new_membership (identity text);
	CREATE FUNCTION evil.coalesce(anyelement) RETURNS anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$;
	CREATE FUNCTION evil.reverse(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'evil'; END $$;});
is( join(' ', answers($node, $database, 'SET search_path = evil, pg_catalog;', "SELECT crm_timeline.link('x:a', 'x:q') > 0", 'SELECT (crm_timeline.resolve()).identities > 0', "SELECT crm_timeline.unlink('x:a', 'x:q') > 0",
			"SELECT (crm_timeline.resolve('{}')).split", "SELECT crm_timeline.customer_of('x:a') IS NOT NULL", "SELECT crm_timeline.customer_of('x:a', 50) IS NOT NULL", "SELECT crm_timeline.customer_of('x:a', as_of => now()) IS NOT NULL",
			'SELECT crm_timeline.current_customer(-5)', "SELECT count(*) FROM crm_timeline.why_linked('x:c', 'x:d')", "SELECT count(*) FROM crm_timeline.identities_of(crm_timeline.customer_of('x:c'))",
			"SELECT count(*) > 0 FROM crm_timeline.lookup('0049 30 000000')", "INSERT INTO crm_timeline.blocked_identity VALUES ('x:q') RETURNING true")),
	't t t 1 t t t -5 1 3 t t', 'a hostile search path changes nothing');
$node->safe_psql($database, 'DROP SCHEMA evil CASCADE');

# -- sessions side by side --

# A session of psql: what it is told, it answers line by line.
sub session
{
	my ($name) = @_;
	my $session = { in => '', out => '', err => '' };
	$session->{handle} = IPC::Run::start([ 'psql', '-XAtq', '-f', '-', $node->connstr($database) ], '<', \$session->{in}, '>', \$session->{out}, '2>', \$session->{err}, IPC::Run::timeout(60));
	say_to($session, $path);
	return $session;
}

# Sends a statement; waits for its end unless it is not to.
sub say_to
{
	my ($session, $statement, $no_wait) = @_;
	$session->{out} = '';
	$session->{in} .= "$statement\n;\n\\echo done\n";
	$session->{handle}->pump_nb;
	return if $no_wait;
	$session->{handle}->pump until $session->{out} =~ /^done$/m;
	(my $answer = $session->{out}) =~ s/\n?done\n\z//;
	return $answer;
}

start_again();
sql(q{SELECT link('x:a', 'x:b'); SELECT resolve()});
my ($one, $two, $three) = map { session($_) } 1 .. 3;
say_to($one, 'BEGIN');
say_to($two, 'BEGIN');
like(say_to($one, "SELECT link('x:a', 'x:c', noted_at => '2026-01-01Z')"), qr/^\d+$/, 'one session links');
like(say_to($two, "SELECT link('x:a', 'x:c', noted_at => '2026-01-01Z')"), qr/^\d+$/, 'another one links the same, without waiting');
is(say_to($three, q{SELECT identities FROM resolve('{}')}), '0', 'what is not committed is not seen');
say_to($one, 'COMMIT');
is(say_to($three, q{SELECT identities FROM resolve('{}')}), '3', 'what is committed is');
is(customers(), 'x:a x:b x:c', 'and joined');
say_to($two, "SELECT unlink('x:a', 'x:b')");
say_to($two, 'COMMIT');
is(say_to($three, q{SELECT split FROM resolve('{}')}), '1', 'what was committed late is not lost');
is(customers(), 'x:a x:c; x:b', 'and parts');

# Two resolutions: the later one waits for the earlier one and does what is left.
say_to($one, 'BEGIN');
say_to($one, "SELECT link('x:b', 'x:c'); SELECT identities FROM resolve('{}')");
say_to($two, "SELECT identities FROM resolve()", 1);
my $waits = 0;
for (1 .. 100)
{
	$waits = sql(q{SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'crm_timeline.membership'::regclass});
	last if $waits;
	sleep 0.1;
}
is($waits, '1', 'a second resolution waits');
is(sql(q{SELECT customer_of('x:b') = customer_of('x:c')}), 'f', 'readers do not');
say_to($one, 'COMMIT');
$two->{handle}->pump until $two->{out} =~ /^done$/m;
like($two->{out}, qr/^3$/m, 'and goes on when the first one is done');
is(customers(), 'x:a x:b x:c', 'to the same');

# What is told while a refresh writes waits for the next one.
sql(q{SELECT unlink('x:b', 'x:c')});
say_to($one, 'BEGIN');
say_to($one, 'LOCK TABLE bond IN SHARE ROW EXCLUSIVE MODE');
say_to($two, 'CALL refresh()', 1);
for (1 .. 100)
{
	$waits = sql(q{SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'crm_timeline.bond'::regclass});
	last if $waits;
	sleep 0.1;
}
is($waits, '1', 'a refresh waits with what it writes');
sql(q{SELECT link('x:b', 'x:d')});
say_to($one, 'COMMIT');
$two->{handle}->pump until $two->{out} =~ /^done$/m;
is(sql(q{SELECT identity FROM touched_identity ORDER BY 1}), "x:b\nx:d", 'a link that is told meanwhile stays marked');
sql('CALL refresh()');
is(customers(), 'x:a x:c; x:b x:d', 'and the next refresh joins it');
for my $session ($one, $two, $three)
{
	$session->{in} .= "\\q\n";
	$session->{handle}->finish;
	is($session->{err}, '', 'a session ends without a complaint');
}

# -- sizes --

# A chain of a thousand, and one more.
start_again();
sql(q{INSERT INTO observed_link SELECT 's', identity('n', to_char(i, 'FM0000')), identity('n', to_char(i + 1, 'FM0000')), 50, '2026-01-01Z'::timestamptz + i * interval '1 s' FROM generate_series(1, 1000) i;
	SELECT resolve()});
is(sql('SELECT count(DISTINCT customer_id), (SELECT reason FROM refused_link) FROM membership'), '2|cluster', 'a customer has at most a thousand identities');
is(sql(q{SELECT count(*), bool_and(step::text = ltrim(identity_value(one), '0')) FROM why_linked('n:0001', 'n:1000')}), '999|t', 'a long chain is told from end to end');
is(sql(q{SELECT count(*) FROM identities_of(customer_of('n:0001')) WHERE grade = 50}), 999, 'all grades are known');
is(sql(q{SELECT customer_of('n:0500', 51) = (SELECT number FROM membership WHERE identity = 'n:0500'), customer_of('n:1000', 50) = customer_of('n:0001')}), 't|t', 'by a minimum grade, too');

# A hub: more links than one identity may have, and then it is blocked.
start_again();
sql(q{INSERT INTO observed_link SELECT 's', identity('n', i::text), 'device:hub', 50, '2026-01-01Z'::timestamptz + i * interval '1 s' FROM generate_series(1, 2000) i; SELECT resolve()});
is(sql(q{SELECT (SELECT count(*) FROM identities_of(customer_of('device:hub'))), (SELECT count(*) FROM refused_link WHERE reason = 'degree')}), '101|1900', 'a hub joins as many as it may');
sql(q{INSERT INTO blocked_identity VALUES ('device:hub', 'kiosk'); SELECT resolve('{}')});
is(sql(q{SELECT count(DISTINCT customer_id), (SELECT count(*) FROM refused_link WHERE reason = 'blocked') FROM membership}), '2001|2000', 'a blocked one joins nobody');

# Bonds name identities by numbers, and numbers have gaps.
start_again();
sql(q{SELECT link(identity('x', i::text), identity('x', (i + 1)::text)) FROM generate_series(1, 9, 2) i; SELECT resolve()});
sql(qq{BEGIN; SELECT link(identity('x', 'gone' || i), identity('x', 'gone' || i + 1)) FROM generate_series(1, $_) i; SELECT resolve('{}'); ROLLBACK;
	SELECT link('x:after$_', 'x:after$_ too', 60); SELECT resolve('{}')}) for 3, 1, 50;
my $bonds = 'SELECT x.identity, y.identity, grade FROM bond k JOIN membership x ON x.number = k.a JOIN membership y ON y.number = k.b ORDER BY 1, 2; SELECT max(number) - count(*) FROM membership';
my $with_gaps = sql($bonds);
cmp_ok((split /\n/, $with_gaps)[-1], '>', 50, 'numbers that were taken and not used leave gaps');
is(sql('SELECT identities, joined, split FROM resolve()'), '16|0|0', 'everything is read once more');
is(sql($bonds), $with_gaps, 'and every bond is found by its numbers');
sql("SELECT unlink('x:3', 'x:4'); SELECT resolve()");
is(sql($bonds), $with_gaps =~ s/^x:3\|x:4.*\n//mr, 'one that is undone goes, and no other');
my ($status, $said, $error) = $node->psql($database, "$path INSERT INTO bond VALUES (1, 1000000, 50); SELECT resolve()");
like($error, qr/a bond names identity 1000000, and there is none of that number/, 'a bond of nobody is told');

# The longest identities fit into every index, also beside each other.
start_again();
sql(q{INSERT INTO observed_link SELECT repeat('s', 255), identity('x', string_agg(md5('a' || i), '')), identity('x', string_agg(md5('b' || i), '')), 50, '2026-01-01Z' FROM generate_series(1, 31) i;
	SELECT link(identity('x', string_agg(md5('a' || i), '') || repeat('y', 30)), identity('x', string_agg(md5('b' || i), '') || repeat('z', 30))) FROM generate_series(1, 31) i;
	SELECT never(a, identity('x', 'n')) FROM link WHERE verdict = 'same'; SELECT link(b, identity('x', 'n'), 50) FROM link WHERE verdict = 'same'; SELECT resolve()});
is(sql('SELECT max(octet_length(a::text)), count(*), (SELECT count(*) FROM refused_link) FROM (SELECT m.identity AS a FROM bond k JOIN membership m ON m.number IN (k.a, k.b)) k'), '1024|4|1', 'the longest identities are resolved');

# So many at once that everything is less work.
start_again();
sql(q{SELECT link('x:a', 'x:b'), link('x:c', 'x:d'); SELECT resolve(); SELECT link('x:b', 'x:c')});
is(sql(q{SELECT identities, customers, joined FROM resolve(ARRAY(SELECT identity('z', i::text) FROM generate_series(1, 260000) i))}), '260004|260001|1', 'very many are resolved with everything');
is(sql(q{SELECT number - (SELECT max(number) FROM membership WHERE identity_namespace(identity) = 'x') FROM membership WHERE identity = 'z:1'}), 1, 'and numbered in their order');

# A hundred thousand customers: a look-up takes its time once, whoever is asked for.
start_again();
sql(q{INSERT INTO observed_link SELECT 's', identity('user', i::text), e, 50, '2026-01-01Z'::timestamptz + i * interval '1 s'
	FROM generate_series(1, 40000) i, LATERAL (VALUES (identity('email', 'c' || i || '@example.com')), (identity('phone', '+4930' || 1000000 + i))) v(e);
	SELECT resolve(); ANALYZE});
is(sql('SELECT count(*), count(DISTINCT customer_id) FROM membership'), '120000|40000', 'many customers are resolved');
my %most = ("crm_timeline.customer_of(identity('user', i::text))" => 0.1, "crm_timeline.customer_of(identity('user', i::text), 50)" => 2,
	"(SELECT count(*) FROM crm_timeline.lookup('c' || i || '\@example.com'))" => 10, "(SELECT count(*) FROM crm_timeline.lookup('030 ' || 1000000 + i))" => 10);
for my $call (sort keys %most)
{
	my $ms = sql("SELECT count($call) FROM generate_series(1, 10) i;" . q{SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 AS began \gset} . "\n"
		  . "SELECT count($call) FROM generate_series(1, 400) i;" . q{SELECT (split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 - :began) / 400 / 1e6});
	$ms = (split /\n/, $ms)[-1];
	cmp_ok($ms, '<', $most{$call}, sprintf '%s: %.3f ms', $call, $ms);
}
my ($cost) = (split /\n/, sql(q{SELECT link('user:1', 'user:2'); SELECT split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 AS began \gset} . "\n"
	  . q{SELECT identities FROM resolve('{}'); SELECT (split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::float8 - :began) / 1e6}))[-1];
cmp_ok($cost, '<', 100, sprintf 'one link is resolved for itself: %.1f ms', $cost);

# It stops when it is told to.
my ($stdout, $stderr) = ('', '');
my $began = time;
$node->psql($database, "SET statement_timeout = 50; SELECT crm_timeline.resolve()", stdout => \$stdout, stderr => \$stderr);
like($stderr, qr/canceling statement due to statement timeout/, 'a resolution of everything can be cancelled');
is(sql('SELECT count(*), count(DISTINCT customer_id) FROM membership'), '120000|39999', 'and leaves everything as it was');

$node->stop;
done_testing();
