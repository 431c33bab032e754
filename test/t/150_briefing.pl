# Briefings: the golden texts of every language, its plurals and all of its messages, contexts of wrong types,
# hostile contexts and texts, and databases in other encodings.
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
my $cases = "$tree/test/cases/briefings";
my $path = q{SET client_encoding = 'UTF8'; SET search_path = public, crm_timeline;};
my @languages = qw(en de fr es ar ja tr pl);
# Which digits Arabic has without a region changed between versions of ICU.
my %locale = ((map { $_ => $_ } @languages), ar => 'ar-EG');
my $json = JSON::PP->new->canonical->allow_nonref;

my $node = server('briefing');
my $database = new_database($node, 'briefing');

# Texts are characters here, and bytes where they are printed.
sub same
{
	my ($got, $wanted, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	utf8::encode($_) for grep { defined } $got, $wanted, $name;
	return is($got, $wanted, $name);
}

# Answers of a database, as characters.
sub ask
{
	my ($where, @statements) = @_;
	my @got = answers($node, $where, $path, @statements);
	utf8::decode($_) for @got;
	return wantarray ? @got : $got[0];
}

sub briefing
{
	my ($context, $locale) = @_;
	$context = $json->encode($context) if ref $context;
	return 'SELECT briefing_text(' . literal($context) . ', ' . literal($locale) . ')';
}

sub read_case
{
	my ($name) = @_;
	my $text = slurp_file("$cases/$name");
	utf8::decode($text);
	$text =~ s/\n\z//;
	return $text;
}

my %context = map { $_ => read_case("$_.json") } 'full', 'sparse';

# The golden texts.
for my $name ('full', 'sparse')
{
	my @got = ask($database, map { briefing($context{$name}, $locale{$_}) } @languages);
	same($got[$_], read_case("$name.$languages[$_].txt"), "golden: $name in $languages[$_]") for 0 .. $#languages;
}

# No setting has a say.
my @settings = ("TimeZone TO 'Asia/Kathmandu'", "DateStyle TO 'German'", "extra_float_digits TO -15", "IntervalStyle TO 'sql_standard'", "lc_messages TO 'C'", "lc_numeric TO 'C'");
same((ask($database, (map { "SET $_" } @settings), briefing($context{full}, 'de')))[-1], read_case('full.de.txt'), 'the same under other settings');

# What every language has to have, by the source: all messages, the same places to put things in, and the plural
# forms that it tells apart.
my %forms = (en => 'ONE OTHER', de => 'ONE OTHER', fr => 'ONE MANY OTHER', es => 'ONE MANY OTHER', ar => 'ZERO ONE TWO FEW MANY OTHER', ja => 'OTHER',
	tr => 'OTHER', pl => 'ONE FEW MANY OTHER');
my $source = slurp_file("$tree/src/views/messages.c");
utf8::decode($source);
$source =~ s/" SPACE "/\x{a0}/g;
my (%message, %counted);
for my $part (split /(?=\.code = )/, $source)
{
	next unless $part =~ /^\.code = "(\w+)"/;
	my $code = $1;
	$message{$code}{$1} = $2 while $part =~ /\[SAY_(\w+)\] =\s+"((?:[^"\\]|\\.)*)"/g;
	while ($part =~ /\[COUNT_(\w+)\] =\s*\{(.*?)\n\s*\},/sg)
	{
		my ($name, $body) = ($1, $2);
		$counted{$code}{$name}{$1} = $2 while $body =~ /\[PLURAL_(\w+)\] =\s+"((?:[^"\\]|\\.)*)"/g;
	}
}
my $header = slurp_file("$tree/src/views/messages.h");
my @names = $header =~ /\bSAY_(\w+),/g;
my @counts = $header =~ /\bCOUNT_(\w+),/g;
cmp_ok(scalar @names, '>', 50, 'there are messages');
cmp_ok(scalar @counts, '==', 7, 'and counted ones');
same(join(' ', sort keys %message), join(' ', sort @languages), 'in all languages');
for my $code (@languages)
{
	my $places = sub { join '', sort $_[0] =~ /\{\d\}/g };
	same(join(' ', grep { !defined $message{$code}{$_} || $places->($message{$code}{$_}) ne $places->($message{en}{$_}) } @names), '', "$code has all messages");
	same(join(' ', grep { my $name = $_; my $wanted = $forms{$code};
		# twice or more often; and where all other forms would be the same, they are not written
		$wanted = 'OTHER' if $name =~ /^(AT_HOUR|MORE)$/ || ($name eq 'TIMES' && $code =~ /^(en|de|fr)$/);
		$wanted =~ s/ZERO // if $name eq 'DAYS';
		$wanted =~ s/ZERO ONE // if $name eq 'TIMES';
		grep { !defined $counted{$code}{$name}{$_} } split / /, $wanted } @counts), '', "$code has all plural forms");
	same(join(' ', grep { $counted{$code}{$_}{OTHER} !~ /\{0\}/ } @counts), '', "$code says its numbers");
}

# Every message is said somewhere: its own words are in one of these texts.
my @contexts = ($context{full}, $context{sparse}, '{}', '{"interactions": 2}', '{"customer_id": 1}', '{"last": {"kind": "a", "direction": "outbound"}}',
	'{"last": {"kind": "a", "direction": "internal"}}', '{"open_threads": [{"thread": "a"}]}', '{"waiting": {"thread": "a"}}', '{"mood": {"value": 1, "slope": 1}}',
	'{"mood": {"value": 0, "slope": 0}}', '{"friction": {"items": {"error": 1}}}', '{"pressure": {"touches": 1, "cap": 2}}', '{"pressure": {"touches": 2, "cap": 2}}');
for my $code (@languages)
{
	my $all = join "\n", ask($database, map { briefing($_, $code) } @contexts);
	same(join(' ', grep { grep { length && index($all, $_) < 0 } split /\{\d\}/, $message{$code}{$_} } @names), '', "$code says all of its messages");
	unlike($all, qr/\{\d\}|ERROR|\(null\)/, "$code leaves no place empty");
}

# Plurals.
my @numbers = (0, 1, 2, 3, 4, 5, 10, 11, 12, 14, 21, 22, 25, 99, 100, 101, 102, 103, 111, 112);
my %plurals = (
	en => '0 attempts|1 attempt|2 attempts|3 attempts|4 attempts|5 attempts|10 attempts|11 attempts|12 attempts|14 attempts|21 attempts|22 attempts|25 attempts|99 attempts|100 attempts|101 attempts|102 attempts|103 attempts|111 attempts|112 attempts',
	de => '0 Versuche|1 Versuch|2 Versuche|3 Versuche|4 Versuche|5 Versuche|10 Versuche|11 Versuche|12 Versuche|14 Versuche|21 Versuche|22 Versuche|25 Versuche|99 Versuche|100 Versuche|101 Versuche|102 Versuche|103 Versuche|111 Versuche|112 Versuche',
	fr => '0 tentative|1 tentative|2 tentatives|3 tentatives|4 tentatives|5 tentatives|10 tentatives|11 tentatives|12 tentatives|14 tentatives|21 tentatives|22 tentatives|25 tentatives|99 tentatives|100 tentatives|101 tentatives|102 tentatives|103 tentatives|111 tentatives|112 tentatives',
	es => '0 intentos|1 intento|2 intentos|3 intentos|4 intentos|5 intentos|10 intentos|11 intentos|12 intentos|14 intentos|21 intentos|22 intentos|25 intentos|99 intentos|100 intentos|101 intentos|102 intentos|103 intentos|111 intentos|112 intentos',
	ar => 'لا محاولات|محاولة واحدة|محاولتان|٣ محاولات|٤ محاولات|٥ محاولات|١٠ محاولات|١١ محاولة|١٢ محاولة|١٤ محاولة|٢١ محاولة|٢٢ محاولة|٢٥ محاولة|٩٩ محاولة|١٠٠ محاولة|١٠١ محاولة|١٠٢ محاولة|١٠٣ محاولات|١١١ محاولة|١١٢ محاولة',
	ja => '問い合わせ 0 回|問い合わせ 1 回|問い合わせ 2 回|問い合わせ 3 回|問い合わせ 4 回|問い合わせ 5 回|問い合わせ 10 回|問い合わせ 11 回|問い合わせ 12 回|問い合わせ 14 回|問い合わせ 21 回|問い合わせ 22 回|問い合わせ 25 回|問い合わせ 99 回|問い合わせ 100 回|問い合わせ 101 回|問い合わせ 102 回|問い合わせ 103 回|問い合わせ 111 回|問い合わせ 112 回',
	tr => '0 deneme|1 deneme|2 deneme|3 deneme|4 deneme|5 deneme|10 deneme|11 deneme|12 deneme|14 deneme|21 deneme|22 deneme|25 deneme|99 deneme|100 deneme|101 deneme|102 deneme|103 deneme|111 deneme|112 deneme',
	pl => '0 prób|1 próba|2 próby|3 próby|4 próby|5 prób|10 prób|11 prób|12 prób|14 prób|21 prób|22 próby|25 prób|99 prób|100 prób|101 prób|102 próby|103 próby|111 prób|112 prób');
for my $code (@languages)
{
	my @got = ask($database, map { briefing({ waiting => { attempts => $_ } }, $locale{$code}) } @numbers);
	s/.*(?::\s|：)//s for @got;
	same(join('|', @got), $plurals{$code}, "plurals in $code");
}
same((ask($database, briefing({ interactions => $_->[1] }, $locale{$_->[0]})))[0], $_->[2], "interactions: $_->[0] $_->[1]")
  for ['ar', 3, 'حتى الآن: ٣ تفاعلات'], ['ar', 11, 'حتى الآن: ١١ تفاعلًا'], ['ar', 100, 'حتى الآن: ١٠٠ تفاعل'], ['ar', 2, 'حتى الآن: تفاعلان'], ['pl', 22, 'Dotychczas: 22 interakcje'],
  ['pl', 12, 'Dotychczas: 12 interakcji'], ['fr', 0, "Jusqu’ici\x{a0}: 0 interaction"];

# Any member of a wrong type is an error that names it; one that is null, or not there, is none.
my $full = $json->decode($context{full});
my (@wrong, @absent);
sub walk
{
	my ($value, $name, $set) = @_;
	for my $wrong (JSON::PP::is_bool($value) ? ('{}', '[]', '1', '"x"') : ref $value ? ('1', '"x"', 'true')
		: $json->encode($value) =~ /^"/ ? ('{}', '[]', '1', 'true') : ('{}', '[]', '"x"', 'true'))
	{
		push @wrong, [$name, $set->($json->decode($wrong)), $wrong];
	}
	push @wrong, [$name, $set->(ref $value eq 'HASH' ? [] : {}), 'the other kind'] if ref $value && !JSON::PP::is_bool($value);
	push @absent, $set->(undef);
	if (ref $value eq 'HASH')
	{
		for my $key (sort keys %$value)
		{
			walk($value->{$key}, $name eq '' ? $key : "$name.$key", sub { $set->({ %$value, $key => $_[0] }) });
		}
	}
	elsif (ref $value eq 'ARRAY')
	{
		for my $n (0 .. $#$value)
		{
			walk($value->[$n], "$name\[$n]", sub { my @copy = @$value; $copy[$n] = $_[0]; $set->(\@copy) });
		}
	}
	return;
}
walk($full, '', sub { $_[0] });
shift @absent;
my @got = ask($database, map { briefing($json->encode($_->[1]), 'en') } @wrong);
my @surprises = grep { $got[$_] !~ ($wrong[$_][0] eq '' ? qr/^ERROR: 22023 context of a briefing must be a JSON object/ : qr/^ERROR: 22023 member "\Q$wrong[$_][0]\E" of a briefing's context must be /) } 0 .. $#wrong;
cmp_ok(scalar @wrong, '>', 200, 'there are wrong types');
same(join("\n", map { "$wrong[$_][0] as $wrong[$_][2]: $got[$_]" } @surprises), '', 'wrong types are errors that name the member');
@got = ask($database, map { briefing($_, 'en') } @absent);
same(join("\n", grep { /^ERROR/ } @got), '', 'whatever is null is left out');
@got = ask($database, map { my %part = ($_ => $full->{$_}); (briefing(\%part, 'pl'), briefing({ %part, as_of => $full->{as_of} }, 'ar')) } sort keys %$full);
same(join("\n", grep { /^ERROR/ || $_ eq '' } @got), '', 'whatever stands alone is told');

# Hostile texts: one line each, nothing that turns directions, never more than so many characters.
my @hostile = ("a\nb\r\n\tc\x{2028}d\x{2029}e\x{85}f\x{0b}g", "\x{202e}evil\x{202c} \x{2066}x\x{2069}\x{2067}y", '{0} {1} %s %n \\0', '""“”„«»「」', "\x{1b}[31mred\x{7f}",
	'x' x 1_000_000, "\n" x 1_000_000, "a" . "\x{301}" x 500_000, "\x{1F469}\x{200D}\x{1F469}\x{200D}\x{1F467}" x 5000, "\x{FDFA}" x 3000, "\x{1100}\x{1161}\x{11A8}" x 3000,
	"e\x{301}" x 3000, "\x{5d0}\x{5d1} (x)", "\x{200f}\x{61c}", "\x{10ffff}\x{fffe}\x{e0001}", '');
for my $locale ('en', 'ar', 'ja')
{
	my @contexts = map { my $text = $_; { last => { summary => $text, agent => $text, kind => $text }, identities => [$text, $text], stages => { $text => $text }, preferences => { language => $text } } } @hostile;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/hostile.sql';
	for my $n (0 .. $#contexts)
	{
		append_to_file($file, do { my $sql = "\\echo \x{1}$n\n" . briefing($contexts[$n], $locale) . ";\n"; utf8::encode($sql); $sql });
	}
	my ($stdout, $stderr) = ('', '');
	$node->psql($database, "$path\n\\i $file", on_error_stop => 0, stdout => \$stdout, stderr => \$stderr);
	utf8::decode($stdout);
	same($stderr, '', "$locale: hostile texts raise no error");
	my %answer = $stdout =~ /\x{1}(\d+)\n([^\x{1}]*)/g;
	for my $n (0 .. $#hostile)
	{
		my $text = $answer{$n} // 'no answer';
		my $lines = () = $text =~ /\n/g;
		my $longest = 0;
		for (split /\n/, $text) { my $count = () = /\X/g; $longest = $count if $count > $longest }
		ok($lines <= 6 && $longest < 700 && length($text) < 16_000 && $text !~ /[\x{0}-\x{9}\x{b}-\x{1f}\x{7f}-\x{9f}\x{2028}-\x{202e}\x{2066}\x{2067}]/
			&& (() = $text =~ /\x{2068}/g) == (() = $text =~ /\x{2069}/g), "$locale: hostile text $n stays in its place")
		  or diag("$lines lines, longest $longest, length " . length($text));
	}
}
my $family = "\x{1F469}\x{200D}\x{1F469}\x{200D}\x{1F467}";
same(ask($database, briefing({ last => { summary => $family x 161 } }, 'en')), 'Last interaction: “' . $family x 160 . '…”', 'a text is cut between two characters as people see them');
same(ask($database, briefing({ last => { summary => $family x 160 } }, 'en')), 'Last interaction: “' . $family x 160 . '”', 'and not where it has as many as it may');

# Hostile contexts: deep, or large, where nobody asked for it or where they did.
@got = ask($database,
	q{SELECT briefing_text(jsonb_build_object('else', (repeat('[', 5000) || repeat(']', 5000))::jsonb), 'en')},
	q{SELECT briefing_text(jsonb_build_object('told', (repeat('[', 5000) || repeat(']', 5000))::jsonb), 'en')},
	q{SELECT briefing_text(jsonb_build_object('told', (SELECT jsonb_agg(jsonb_build_object('summary', 's' || i)) FROM generate_series(1, 100000) i),
		'open_threads', (SELECT jsonb_agg(NULL::text) FROM generate_series(1, 100000) i), 'avoid', (SELECT jsonb_agg('w' || i) FROM generate_series(1, 1000) i),
		'stages', (SELECT jsonb_object_agg('j' || i, 's') FROM generate_series(1, 9) i)), 'en')},
	q{SELECT briefing_text(jsonb_build_object('open_threads', '[{"thread": "a"}, {"thread": "b"}]'::jsonb, 'waiting', '{"thread": "a"}'::jsonb), 'en')});
same($got[0], 'Nothing is known about this customer yet.', 'what is not known here may be as deep as it likes');
same($got[1], 'ERROR: 22023 member "told[0]" of a briefing\'s context must be an object', 'what is known may not');
same($got[2], join("\n", 'Already told us:', (map { "- “s$_”" } 1 .. 5), '- 99,995 more', 'Stage: ' . join(', ', map { "s (j$_)" } 1 .. 8) . ', and 1 more',
	'Please avoid: ' . join(', ', map { "w$_" } 1 .. 8) . ', and 992 more'), 'of many the first are shown, and how many more there are');
same($got[3], "Waiting for an answer: thread a\nAlso open: thread b", 'what waits is not told twice');

# Random contexts, of members that mean something and values that may not.
srand(int(1e6 * seed('BRIEFING_SEED', 0.7)));
my @members = (sort keys %$full, qw(occurred_at kind channel direction agent outcome summary since thread attempts over_target value slope last n scale score items touches days cap hour language));
sub random_value
{
	my ($depth) = @_;
	my $kind = int rand($depth > 3 ? 7 : 10);
	return undef if $kind == 0;
	return rand() < 0.5 ? JSON::PP::true : JSON::PP::false if $kind == 1;
	return int rand 30 if $kind == 2;
	return (rand() - 0.5) * 10**int(rand 20) if $kind == 3;
	return '2026-06-' . sprintf('%02d', int rand 40) . 'T09:00:00+00:00' if $kind == 4;
	return (qw(inbound outbound csat nps ces de ja offers T-1), "\x{5d0}", "\n", '')[rand 12] if $kind <= 6;
	return [map { random_value($depth + 1) } 1 .. rand 7] if $kind == 7;
	return { map { $members[rand @members] => random_value($depth + 1) } 1 .. rand 6 };
}
# A part of the full context, of which some members are random.
sub random_context
{
	my ($value, $depth) = @_;
	return random_value($depth) if rand() < 0.03;
	return { map { $_ => random_context($value->{$_}, $depth + 1) } grep { rand() < 0.8 } sort keys %$value } if ref $value eq 'HASH';
	return [map { random_context($_, $depth + 1) } @$value] if ref $value eq 'ARRAY';
	return $value;
}
@got = ask($database, map { briefing($json->encode(random_context($full, 0)), (@languages, 'pt-BR', 'de-AT')[$_ % 10]) } 1 .. 3000);
my $told = grep { !/^ERROR/ } @got;
same(join("\n", grep { /^ERROR/ ? !/^ERROR: 22023 (member "|context of a briefing)/ : ($_ eq '' || /\{\d\}|\n\n/) } @got), '', 'random contexts: a text, or an error that names a member');
ok($told > 500 && $told < 2900, 'random contexts: some of both') or diag("$told of 3000");

# Locales.
@got = ask($database, (map { "SELECT string_agg(DISTINCT briefing_text(" . literal($context{full}) . ", l), '##') FROM unnest($_) l" }
	q{ARRAY['de', 'de-DE', 'de_DE', 'DE_de', 'de_DE.UTF-8', 'de_DE@euro', 'de-Latn-DE']}, q{ARRAY['en', 'C', 'POSIX', 'C.UTF-8', 'pt-BR', 'xx', 'und', 'tr-Arab', 'zh-Hans-CN', 'x-private']}),
	briefing('{"value": 12345.5, "interactions": 12345}', 'de-CH'), briefing('{"value": 12345.5, "interactions": 12345}', 'pt-BR'), briefing('{"value": 12345.5}', 'ar-u-nu-latn'));
same($got[0], read_case('full.de.txt'), 'any way to write German');
same($got[1], read_case('full.en.txt'), 'English, with English numbers and times, where there are no messages');
same($got[2], 'Bisher: 12’345 Interaktionen, Wert 12’345.5', 'the numbers are those of the region');
same($got[3], 'So far: 12,345 interactions, value 12,345.5', 'but not of another language');
same($got[4], 'حتى الآن: القيمة: 12,345.5', 'digits as they are asked for');
for my $bad ('', ' ', 'e', 'en us', "en\n", "en\x{1}", 'ü', 'en--US', 'en-', '-', '.', '@', 'en;x', "en'", 'x' x 101, 'x' x 1_000, 'en-US-' . 'x' x 9, '../../etc')
{
	my ($got) = ask($database, briefing('{}', $bad));
	like($got, qr/^ERROR: 22023 /, 'no locale: ' . $json->ascii->encode(substr $bad, 0, 20));
}
$json->ascii(0);
# One query asks for many readers, one after another.
same(ask($database, q{SELECT count(DISTINCT t), count(*) FILTER (WHERE t <> briefing_text('{"interactions": 1}', l)) FROM (SELECT l, briefing_text('{"interactions": 1}', l) AS t FROM generate_series(1, 500) n, unnest('{en,de,fr,es,ar,ja,tr,pl}'::text[]) l) s}),
	'8|0', 'languages in turn');

# Other encodings: what they lack is no error.
my %made;
for my $encoding ('LATIN1', 'EUC_JP', 'SQL_ASCII', 'MULE_INTERNAL')
{
	my $name = lc $encoding;
	my ($status, undef, $error) = $node->psql('postgres', "CREATE DATABASE $name TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$made{$name} = $status == 0 or do { note("no database $name: $error"); next };
	$node->safe_psql($name, 'CREATE EXTENSION crm_timeline');
}
@got = ask('latin1', map { briefing($context{full}, $_) } @languages);
same(join("\n", grep { /^ERROR/ } @got), '', 'LATIN1: no error');
(my $wanted = read_case('full.en.txt')) =~ tr/“”–/""-/;
same($got[0], $wanted, 'LATIN1: what English has beyond it is written in ASCII');
($wanted = read_case('full.fr.txt')) =~ tr/’\x{202f}–/' -/;
same($got[2], $wanted, 'LATIN1: French is all there');
like($got[4], qr/^\?+ \?+ 42: email:ann\@example\.com \?phone:\+4930231250\n/, 'LATIN1: what it lacks of Arabic is a question mark');
same(ask('latin1', briefing({ last => { summary => 'Größe: 5 £' } }, 'de')), 'Letzte Interaktion: "Größe: 5 £"', 'LATIN1: what comes in goes out');
($wanted = read_case('full.ja.txt'));
same(ask('euc_jp', briefing($context{full}, 'ja')), $wanted, 'EUC_JP: Japanese is all there');
@got = answers($node, 'sql_ascii', 'SET search_path = public, crm_timeline;',
	q{SELECT encode(convert_to(briefing_text(('{"last": {"kind": "' || E'a\xE4b' || '"}}')::jsonb, 'en'), 'SQL_ASCII'), 'escape')});
like($got[0], qr/^Last interaction: a.*b$/, 'SQL_ASCII: bytes that are no UTF-8 are replaced');
if ($made{mule_internal})
{
	@got = answers($node, 'mule_internal', 'SET search_path = public, crm_timeline;', q{SELECT briefing_text('{"last": {"kind": "call", "summary": "x"}, "mood": {"value": 1}}', 'en')},
		q{SELECT relative_time('2026-01-01', '2026-01-03', 'ja'), list_text('{a,b}', 'en')});
	same($got[0], "Last interaction: call, \"x\"\nMood: happy (1)", 'MULE_INTERNAL, which has no way to UTF-8: ASCII stays');
	same($got[1], '2 ??|a and b', 'and so in the other functions');
}

$node->stop;
done_testing();
