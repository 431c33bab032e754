# Identities: the worked cases under every kind of locale, texts on their way, whatever random and hostile
# input there is, row security, and the optional module for national numbers.
# (That the cases say what the standards say is checked by test/oracle/identities.py.)
use strict;
use warnings;
use utf8;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $tree = "$FindBin::RealBin/../..";
my $path = q{SET client_encoding = 'UTF8'; SET search_path = public, crm_timeline;};

# A Turkish locale, in a folder of our own: its i has another capital.
my $locales = PostgreSQL::Test::Utils::tempdir();
my $turkish = -e '/usr/share/i18n/locales/tr_TR' && system("localedef --no-archive -i tr_TR -f UTF-8 '$locales/tr_TR.UTF-8' 2>/dev/null") <= 0xFF00
  && -e "$locales/tr_TR.UTF-8/LC_CTYPE";
$ENV{LOCPATH} = $locales if $turkish;

my $node = server('identity');
my $major = int($node->safe_psql('postgres', 'SHOW server_version_num') / 10000);

# Texts are characters here, and bytes where they are printed.
sub same
{
	my ($got, $wanted, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	utf8::encode($_) for grep { defined } $got, $wanted, $name;
	return is($got, $wanted, $name);
}

# One answer of the database; texts come as characters.
sub ask
{
	my ($database, @statements) = @_;
	my @got = answers($node, $database, $path, @statements);
	utf8::decode($_) for @got;
	return wantarray ? @got : $got[0];
}

my $database = new_database($node, 'icu_english');

# The golden numbers.
for my $case (
	["identity('email', 'info\@Faß.DE')", 'email:info@xn--fa-hia.de', 'a domain is non-transitional'],
	["identity('email', 'info\@Faß.DE') = identity('email', 'info\@fass.de')", 'f', 'and another one than with ss'],
	["identity('email', 'info\@ex_ample.com') IS NULL AND identity('email', 'info\@a..b') IS NULL", 't', 'ex_ample.com and a..b are no domains'],
	["identity_problem('email', 'info\@ex_ample.com') ~ '^domain: ' AND identity_problem('email', 'info\@a..b') ~ '^domain: '", 't', 'and it says so'],
	["identity('email', 'info\@example.com.')", 'email:info@example.com', 'a trailing dot goes'],
	["identity('email', 'İ\@example.com')", "email:i\x{307}\@example.com", 'İ folds to i and U+0307'],
	["identity('email', 'ΟΔΟΣ\@example.com')", 'email:οδοσ@example.com', 'ΟΔΟΣ folds to οδοσ'],
	["identity('email', 'ß\@example.com')", 'email:ss@example.com', 'ß folds to ss'],
	["identity('email', 'ﬁ①Ａ\@example.com')", 'email:fi1a@example.com', 'NFKC before folding'],
	["identity('phone', '+٤٩٣٠٩٠١٨٢٠') = 'phone:+4930901820' AND identity('phone', '＋４９３０９０１８２０') = 'phone:+4930901820'", 't', 'digits of other scripts'],
	["looks_like('handle:pаypal', 'handle:paypal')", 't', 'Cyrillic а looks like a'],
	["identity 'handle:pаypal' = 'handle:paypal'", 'f', 'and is another'],
	["looks_like('handle:Ian', 'handle:lan') AND identity 'handle:Ian' <> 'handle:lan'", 't', 'Ian looks like lan'],
	["identity('phone', '+1 425 555 0100')", 'phone:+14255550100', 'an international number'],
	["identity('phone', '425 555 0100') IS NULL AND identity_problem('phone', '425 555 0100') ~ '^national number: '", 't', 'a national one without a region is none'],
	["identity('email', 'ann.weber+news\@gmail.com')", 'email:ann.weber+news@gmail.com', 'nothing is known of providers'])
{
	same(ask($database, "SELECT $case->[0]"), $case->[1], "golden: $case->[2]");
}

# The worked cases, whatever the locale.
open my $in, '<:encoding(UTF-8)', "$tree/test/cases/identities.tsv" or die "no cases: $!";
chomp(my @lines = <$in>);
close $in;
my @columns = split /\t/, shift @lines;
same("@columns", 'about namespace raw tenant identity problem', 'the columns of the cases');
cmp_ok(scalar @lines, '>=', 300, 'there are cases');
my ($rows, %seen) = ('');
for my $n (0 .. $#lines)
{
	my @cells = map { $_ eq '\N' ? 'NULL' : literal(s/\\u\{([0-9A-F]+)\}/chr(hex $1)/ger) } split /\t/, $lines[$n], -1;
	die "line $n has not six columns" if @cells != 6;
	$rows .= ($n ? ",\n" : '') . "($n, " . join(', ', @cells) . ')';
}
my $load = "CREATE TABLE worked (n int, about text, namespace text, raw text, tenant text, identity text, problem text); INSERT INTO worked VALUES $rows";
# The index and the answer it gives are built under that locale, too.
my $differing = q{SELECT n || ' ' || about || ': ' || coalesce(identity(namespace, raw, tenant)::text, identity_problem(namespace, raw, tenant))
	FROM worked w
	WHERE identity(namespace, raw, tenant)::text IS DISTINCT FROM w.identity
	   OR split_part(identity_problem(namespace, raw, tenant), ':', 1) IS DISTINCT FROM w.problem
	   OR (w.identity IS NULL) = (w.problem IS NULL)
	   OR w.identity::identity::text IS DISTINCT FROM w.identity
	   OR w.identity::identity IS DISTINCT FROM identity(namespace, raw || U&'\200B', tenant) ORDER BY n};
my @databases = (['c', "LOCALE 'C'"], ['c_utf8', "LOCALE 'C.UTF-8'"], [$database, undef],
	['icu_turkish', "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR'"], $turkish ? ['turkish', "LOCALE 'tr_TR.UTF-8'"] : ());
push @databases, ['builtin', "LOCALE 'C.UTF-8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"] if $major >= 17;
my (@hashes, @orders);
for (@databases)
{
	my ($name, $options) = @$_;
	if (defined $options)
	{
		my ($status, undef, $error) = $node->psql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING 'UTF8' $options");
		if ($status != 0)
		{
			note("no database $name: $error");
			next;
		}
		$node->safe_psql($name, 'CREATE EXTENSION crm_timeline');
	}
	same(ask($name, $load), '', "$name: loaded");
	same(ask($name, $differing), '', "$name: " . @lines . ' worked cases');
	push @hashes, ask($name, 'SELECT sum(provisional_customer(identity::identity)::numeric), sum(identity_hash(identity::identity)::bigint) FROM worked');
	push @orders, ask($name, 'SELECT md5(string_agg(i::text, chr(10) ORDER BY i)) FROM (SELECT identity::identity AS i FROM worked) s');
}
same($turkish ? ask('turkish', "SELECT lower('I') <> 'i'") : 't', 't', 'the Turkish locale is one') if $turkish;
same(scalar(grep { $_ ne $hashes[0] } @hashes), 0, 'hashes are the same under every locale');
same(scalar(grep { $_ ne $orders[0] } @orders), 0, 'and so is the order');
cmp_ok(scalar @hashes, '>=', 3, 'there were several locales');

# Other encodings have no identities, and no errors of the total function.
for my $encoding ('LATIN1', 'SQL_ASCII')
{
	my $name = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql($name, 'CREATE EXTENSION crm_timeline');
	my $here = 'SET search_path = public, crm_timeline;';
	my @got = answers($node, $name, $here, "SELECT identity('email', 'ann\@example.com'), identity_problem('email', 'ann\@example.com'), identity('email', NULL)",
		"SELECT 'email:ann\@example.com'::identity");
	same($got[0], '|encoding: the database is not in UTF8|', "$encoding: identity() gives NULL and says why");
	like($got[1], qr/^ERROR: 0A000 /, "$encoding: input is not supported");
}

# Every character there is, at every kind of place: what comes out reads back as itself.
my ($characters) = ask($database, q{CREATE TABLE one AS SELECT i, chr(i) AS c FROM generate_series(1, 1114111) i WHERE i NOT BETWEEN 55296 AND 57343});
same($characters, '', 'all characters');
for my $form (["identity('handle', c)"], ["identity('handle', 'a' || c || 'b')"], ["identity('handle', 'x', 'a' || c)"], ["identity('email', 'a' || c || '\@example.com')"],
	["identity('email', 'a\@e' || c || 'e.com')"], ["identity('phone', '+4930' || c || '901820')"], ["identity('email', c || U&'\\0301\@' || c || '.com')"])
{
	same(ask($database, "SELECT count(*) FILTER (WHERE i IS DISTINCT FROM i::text::identity), count(i) > 1000 FROM (SELECT $form->[0] AS i FROM one) s"), '0|t', "every character: $form->[0]");
}

# Random texts of all of Unicode, of what means something here, and of plain ASCII. The same with an invisible
# character at the end goes the long way through ICU, and has to come to the same.
same(ask($database, q{SELECT setseed(0.42);
	CREATE TABLE random_text AS
	SELECT n, CASE WHEN n % 7 = 0 THEN '+4930' ELSE '' END || (SELECT string_agg(CASE
	    WHEN n % 7 = 0 THEN substr('0123456789 ()-./', 1 + (random() * 15)::int + g * 0, 1)
	    WHEN n % 4 = 0 THEN chr(1 + (random() * 55294)::int + g * 0)
	    WHEN n % 4 = 1 THEN substr(U&'@@.-:/"<>,+()0123456789 \0308\0301\0345\00DF\0130\03A3\200D\200C\00AD\0661\FF11\FF20\3002\0627\05D0\0915\094D\AC00\1100\1161\00A0\0009', 1 + (random() * 62)::int + g * 0, 1)
	    ELSE substr('@@@...--aAbBzZ019_+ex"<>:/ ~!#%', 1 + (random() * 30)::int + g * 0, 1) END, '') FROM generate_series(1, 1 + (random() * 14)::int + n * 0) AS g)
	    || CASE WHEN n % 3 > 0 AND n % 7 > 0 THEN '@' || chr(97 + n % 26) || substr('.-aB1_', 1 + n % 6, 1) || substr('xn--.', 1 + n % 5) || 'b.cD' ELSE '' END AS t
	FROM generate_series(1, 200000) AS n}), '', 'random texts');
for my $namespace ('email', 'phone', 'handle')
{
	same(ask($database, "SELECT count(*) FILTER (WHERE i IS DISTINCT FROM i::text::identity), count(*) FILTER (WHERE i IS DISTINCT FROM longer),
		count(*) FILTER (WHERE (i IS NULL) = (identity_problem('$namespace', t) IS NULL)), count(i) > 0
		FROM (SELECT t, identity('$namespace', t) AS i, identity('$namespace', t || U&'\\200B') AS longer FROM random_text) s"), '0|0|0|t', "random texts: $namespace");
}
same(ask($database, q{SELECT count(*) FILTER (WHERE i IS DISTINCT FROM i::text::identity OR identity_value(i) <> 'x' OR identity_namespace(i) <> 'handle'), count(i) > 100000
	FROM (SELECT identity('handle', 'x', t) AS i FROM random_text) s}), '0|t', 'random tenants');
# The text input of whatever there is raises nothing but its own error.
same(ask($database, q{CREATE FUNCTION pg_temp.read(t text) RETURNS boolean LANGUAGE plpgsql AS $$
	BEGIN RETURN (t::identity)::text::identity = t::identity; EXCEPTION WHEN invalid_text_representation THEN RETURN NULL; END $$;
	SELECT count(*) FILTER (WHERE NOT pg_temp.read(t)) FROM (SELECT CASE n % 3 WHEN 0 THEN t WHEN 1 THEN 'handle:' || t ELSE '"' || t || '/email:' || t END AS t FROM random_text WHERE n <= 60000) s}), '0', 'random texts: input');

# A megabyte of anything is answered, and soon.
for my $unit ('a', ' ', '@', '.', '<', '"', '0', '+', "\x{200b}", "\x{301}", "\x{fdfa}", "\x{1d15f}", "\x{1100}", "e\x{301}", 'a@', '(0)', "\x{1F469}\x{200D}")
{
	my $shown = join ' ', map { sprintf 'U+%04X', ord } split //, $unit;
	same(ask($database, "SELECT bool_and(identity(n, t) IS NULL AND identity_problem(n, t) IS NOT NULL AND identity_problem(n, 'x', t) IS NOT NULL)
		FROM unnest(ARRAY['email', 'phone', 'handle']) n, (SELECT repeat(" . literal($unit) . ", 1048576 / octet_length(" . literal($unit) . ")) || x AS t FROM unnest(ARRAY['', 'x', '\@example.com>']) x) s
		WHERE NOT (ltrim(t, ' ' || U&'\\200B') IN ('x', '\@example.com>'))"), 't', "a megabyte of $shown");
}
same(ask($database, q{SELECT identity('email', repeat('x ', 500000) || '<ann@example.com>'), identity('handle', repeat(' ', 1048575) || 'x')}), 'email:ann@example.com|handle:x', 'a megabyte around an identity');

# A skeleton of ASCII is put together from those of its characters; with another character behind it ICU does all.
same(ask($database, q{SELECT count(*) FILTER (WHERE identity_skeleton(a) || U&'\4E2D' <> identity_skeleton(b)), count(*) > 50000
	FROM (SELECT identity('handle', t) AS a, identity('handle', t || U&'\4E2D') AS b FROM random_text WHERE n % 4 > 1) s WHERE a::text || U&'\4E2D' = b::text}), '0|t', 'skeletons of ASCII');

# Binary input takes what the server did not write, and refuses it in its own way.
my $folder = PostgreSQL::Test::Utils::tempdir();
my $files = 0;
sub binary_copy
{
	my (@values) = @_;
	my $file = "$folder/hostile." . ++$files;
	open my $out, '>:raw', $file or die "cannot write: $!";
	print $out "PGCOPY\n\xff\r\n\0" . pack('NN', 0, 0) . join('', map { pack('nN', 1, length $_) . $_ } @values) . pack('n', 0xffff);
	close $out;
	return "TRUNCATE received; COPY received FROM '$file' (FORMAT binary)";
}
$node->safe_psql($database, "$path CREATE TABLE received (i identity)");
same(ask($database, binary_copy("\x01email:Ann\@Example.COM ", "\x01\"acme\"/handle: x", "\x01email:info\@Fa\xc3\x9f.de")), '', 'binary input');
same(ask($database, q{SELECT string_agg(i::text, ' ' ORDER BY i) FROM received}), 'acme/handle:x email:ann@example.com email:info@xn--fa-hia.de', 'is normalised');
my @hostile = ('', "\x01", "\x00handle:x", "\x02handle:x", "\x01handle", "\x01handle:", "\x01handle:a\0b", "\x01handle:\xff", "\x01handle:\xc3", "\x01handle:\xed\xa0\x80", "\x01handle:\xc0\x80",
	"\x01handle:\xf4\x90\x80\x80", "\x01\xc3:x", "\x01\"a\xc3\"/handle:x", "\x01\"a/handle:x", "\x01email:\xe2\x80", "\x01phone:+49\xcc", "\x01handle:" . 'x' x 1018, "\x01handle:" . "\xcc\x81" x 100000, "\x01" . '"' x 5000, "\x01" . ' ' x 2000000 . 'x');
my @got = ask($database, map { binary_copy($_) } @hostile);
for my $n (0 .. $#hostile)
{
	my $shown = length $hostile[$n] > 20 ? substr($hostile[$n], 0, 20) . '...' : $hostile[$n];
	like($got[$n], qr/^\n?ERROR: 22P03 /, 'hostile bytes: ' . $shown =~ s/([^ -~])/sprintf '\x%02x', ord $1/ger);
}
# Random damage of what was sent: refused in the same way, or an identity that holds.
srand 7;
my @damaged = map {
	my $bytes = "\x01\"a b\"/email:j\xc3\xb6rg.weber\@xn--fa-hia.de";
	substr($bytes, int rand length $bytes, 1) = chr int rand 256 for 1 .. 1 + int rand 3;
	$bytes;
} 1 .. 1000;
@got = ask($database, map { binary_copy($_) . '; SELECT count(i) = count(*) AND bool_and(i::text::identity = i) FROM received' } @damaged);
my $refused = grep { $_ eq '' } @got;
is(scalar(grep { !/^t?$/ } @got), 0, 'random damage: what is read is an identity');
cmp_ok($refused, '>', 100, "random damage: $refused of 1000 refused");

# Values on their way: COPY in every format, dump and restore with the indexes.
$node->safe_psql($database, "$path CREATE TABLE held (n int PRIMARY KEY, i identity);
	INSERT INTO held SELECT n, identity::identity FROM worked UNION ALL SELECT -1, NULL;
	CREATE INDEX held_btree ON held (i); CREATE INDEX held_hash ON held USING hash (i);
	CREATE TABLE people (n int PRIMARY KEY, raw text); INSERT INTO people SELECT min(n), raw FROM worked WHERE namespace = 'email' AND tenant IS NULL GROUP BY identity, CASE WHEN identity IS NULL THEN n END, raw HAVING min(n) IN (SELECT min(n) FROM worked WHERE namespace = 'email' AND tenant IS NULL GROUP BY coalesce(identity, n::text));
	CREATE UNIQUE INDEX people_email ON people (identity('email', raw))");
for my $format ('binary', 'text', 'csv')
{
	$node->safe_psql($database, "$path CREATE TABLE held_$format (LIKE held); COPY held TO '$folder/held.$format' (FORMAT $format); COPY held_$format FROM '$folder/held.$format' (FORMAT $format)");
	same(ask($database, "SELECT count(*) > 300, count(*) FILTER (WHERE h.i IS DISTINCT FROM c.i OR h.i::text IS DISTINCT FROM c.i::text) FROM held h FULL JOIN held_$format c USING (n)"), 't|0', "COPY $format and back");
}
my $stated = 'SELECT md5(string_agg(n || coalesce(i::text, chr(10)), chr(10) ORDER BY n)), count(i) FROM held';
my $want = ask($database, $stated);
for my $format ('plain', 'custom')
{
	my ($target, $dump) = ("restored_$format", "$folder/dump.$format");
	$node->safe_psql('postgres', "CREATE DATABASE $target TEMPLATE template0");
	$node->command_ok([ 'pg_dump', '-d', $node->connstr($database), '-F', $format, '-t', 'held', '-t', 'people', '-f', $dump, '--extension', 'crm_timeline' ], "$format: dumped");
	my @restore = $format eq 'plain' ? ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($target), '-f', $dump) : ('pg_restore', '-d', $node->connstr($target), $dump);
	$node->command_ok(\@restore, "$format: restored");
	same(ask($target, $stated), $want, "$format: the same identities");
	same(ask($target, q{SET enable_seqscan = off; SELECT count(*) FROM people WHERE identity('email', raw) = 'email:ann@example.com'}), '1', "$format: found by the index");
}

# Sorting by abbreviated keys, in memory and on disk, and in parallel, is the order of the bytes.
for my $settings ('SET work_mem = 64', serial(), parallel())
{
	same(ask($database, "$settings; SELECT bool_and(i >= before AND i::text >= before::text COLLATE \"C\"), count(*) > 100000
		FROM (SELECT i, lag(i) OVER (ORDER BY i) AS before FROM (SELECT identity('handle', t) AS i FROM random_text) r WHERE i IS NOT NULL) s"), 't|t', "order: $settings" =~ s/\n.*//sr);
}
same(ask($database, parallel() . q{SELECT count(DISTINCT identity('email', t)), count(*) FROM random_text}), ask($database, serial() . q{SELECT count(DISTINCT identity('email', t)), count(*) FROM random_text}), 'a parallel plan gives the same');

# Indexes under row security: what is LEAKPROOF may be asked below the policy, and so by the index.
$node->safe_psql($database, "$path CREATE ROLE reader; CREATE TABLE contact (owner name, email text);
	INSERT INTO contact SELECT CASE n % 2 WHEN 0 THEN 'reader' ELSE 'another' END, 'User' || n || '\@example.com' FROM generate_series(1, 20000) n;
	INSERT INTO contact VALUES ('another', 'no address'), ('reader', NULL);
	CREATE INDEX contact_email ON contact (identity('email', email)); CREATE INDEX contact_hash ON contact USING hash (identity('email', email)); CREATE INDEX contact_lower ON contact (lower(email)); ANALYZE contact;
	ALTER TABLE contact ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON contact USING (owner = current_user); GRANT SELECT ON contact TO reader");
my $reader = 'SET ROLE reader; SET enable_bitmapscan = off;';
sub index_conditions
{
	my ($query) = @_;
	my $plan = ask($database, "$reader EXPLAIN (COSTS OFF, FORMAT JSON) $query");
	my @todo = map { $_->{Plan} } @{ JSON::PP->new->decode($plan) };
	my $found = '';
	while (my $step = shift @todo)
	{
		$found .= ($step->{'Index Cond'} // '') . ' ';
		push @todo, @{ $step->{Plans} // [] };
	}
	return $found;
}
like(index_conditions(q{SELECT * FROM contact WHERE identity('email', email) = 'email:user7@example.com'}), qr/user7/, 'row security: = by the index');
like(index_conditions(q{SELECT * FROM contact WHERE identity('email', email) = identity('email', 'USER8@example.com')}), qr/user8/, 'row security: with a value made by the function');
like(index_conditions(q{SELECT * FROM contact WHERE identity('email', email) BETWEEN 'email:user7' || '@example.com' AND identity 'email:user8@example.com'} =~ s/'email:user7' \|\| '\@example.com'/identity 'email:user7\@example.com'/r), qr/user7.*user8/, 'row security: a range by the index');
unlike(index_conditions(q{SELECT * FROM contact WHERE lower(email) = 'user7@example.com'}), qr/user7/, 'row security: what is not LEAKPROOF does not reach the index');
same(ask($database, "$reader SELECT count(*) FROM contact WHERE identity('email', email) = 'email:user7\@example.com'"), '0', 'row security: the row of another');
same(ask($database, "$reader SELECT count(*) FROM contact WHERE identity('email', email) = 'email:user8\@example.com'"), '1', 'row security: the own row');
# A security barrier says the same.
$node->safe_psql($database, "$path RESET ROLE; CREATE VIEW own_contact WITH (security_barrier) AS SELECT * FROM contact WHERE owner = 'reader'; GRANT SELECT ON own_contact TO reader");
like(index_conditions(q{SELECT * FROM own_contact WHERE identity('email', email) = 'email:user8@example.com'}), qr/user8/, 'a security barrier: by the index');

# An update of a row that holds no address is no error, with every kind of index there.
same(ask($database, q{INSERT INTO contact SELECT 'reader', t FROM random_text WHERE n <= 20000; UPDATE contact SET email = email || '@'; DELETE FROM contact WHERE email IS NULL}), '', 'no write fails');
same(ask($database, q{SET enable_seqscan = off; SELECT count(*) FROM contact WHERE identity('email', email) = 'email:user7@example.com'}), '0', 'and the index knows of it');

# The module for national numbers: where it is not there, that is a problem and no error.
my $library = $node->config_data('--pkglibdir') . '/crm_timeline_phone.so';
my $national = q{SELECT string_agg(coalesce(identity('phone', raw, NULL, region)::text, split_part(identity_problem('phone', raw, NULL, region), ':', 1)), ' ' ORDER BY n)
	FROM (VALUES (1, '030 901820', 'DE'), (2, '(0)30 901820', 'de'), (3, '425 555 0100', 'US'), (4, '020 7946 0958', 'GB'), (5, '06 698 12345', 'IT'), (6, '0049 30 901820', 'DE'),
		(7, '٠٣٠٩٠١٨٢٠', 'DE'), (8, '12', 'DE'), (9, '030 901820', 'XX'), (10, '030 901820', 'Germany'), (11, '030 901820', ''), (12, '030 901820 x5', 'DE'), (13, '1-800-FLOWERS', 'US'),
		(14, '+49 30 901820', 'XX'), (15, '+49 (0)30 901820', 'DE'), (16, repeat('1', 32), 'US'), (17, '1', E'\u00e4')) AS v (n, raw, region)};
my $missing = join ' ', ('national number') x 11, 'extension', 'letters', 'phone:+4930901820', 'trunk prefix', ('national number') x 2;
my $present = 'phone:+4930901820 phone:+4930901820 phone:+14255550100 phone:+442079460958 phone:+390669812345 phone:+4930901820 phone:+4930901820 '
  . join ' ', ('national number') x 4, 'extension', 'letters', 'phone:+4930901820', 'trunk prefix', ('national number') x 2;
if (-e $library)
{
	same(ask($database, $national), $present, 'national numbers with the module');
	like(ask($database, 'SELECT phone_metadata_version()'), qr/^\d+(\.\d+)+$|^unknown$/, 'the version of its library');
	same(ask($database, q{SELECT count(*) FILTER (WHERE i IS DISTINCT FROM i::text::identity OR i IS DISTINCT FROM identity('phone', identity_value(i))), count(i) > 100
		FROM (SELECT identity('phone', '0' || (random() * 1e10)::bigint, NULL, r) AS i FROM generate_series(1, 3000), unnest(ARRAY['DE', 'FR', 'IT', 'GB']) r) s}), '0|t', 'what it makes is international');
	same(ask($database, parallel() . q{SELECT count(DISTINCT identity('phone', '030' || n, NULL, 'DE')) > 100 FROM random_text WHERE n % 100 = 0}), 't', 'workers load it, too');
	SKIP:
	{
		skip 'the folder of libraries is not ours', 4 if !rename $library, "$library.away";
		same(ask($database, $national), $missing, 'national numbers without the module');
		same(ask($database, 'SELECT phone_metadata_version() IS NULL'), 't', 'which has no version then');
		open my $junk, '>', $library;
		print $junk 'no library';
		close $junk;
		same(ask($database, $national), $missing, 'national numbers with a module that cannot be loaded');
		rename "$library.away", $library;
		same(ask($database, $national), $present, 'and with the module again');
	}
}
else
{
	same(ask($database, $national), $missing, 'national numbers without the module');
	same(ask($database, 'SELECT phone_metadata_version() IS NULL'), 't', 'which has no version then');
}

# From 16 on the server can ask whether a text is one, without an error.
if ($major >= 16)
{
	same(ask($database, q{SELECT pg_input_is_valid('email:ann@example.com', 'identity'), pg_input_is_valid('email:ann', 'identity'), (pg_input_error_info('email:ann', 'identity')).detail}),
		't|f|no at sign: an e-mail address has one', 'soft errors');
}

$node->stop;
done_testing();
