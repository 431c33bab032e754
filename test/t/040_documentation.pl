# The documentation says what is: every sql block of these pages is run, page by page in one session,
# and where a text block follows, that is what psql printed. And the reference leaves nothing out.
# (That doc/patterns.md shows the cases of test/cases/patterns.tsv is tested with the cases.)
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../perl";
use PostgreSQL::Test::Utils;
use Test::More;
use Server;

my $tree = "$FindBin::RealBin/../..";
my $node = server('documentation');

# The blocks of a page: line, sql, and output if it is printed.
sub blocks
{
	my ($text) = @_;
	my @blocks;
	while ($text =~ /^```sql\n(.*?)^```\n(?:\s*^```text\n(.*?)^```\n)?/msg)
	{
		push @blocks, { line => 1 + (substr($text, 0, $-[0]) =~ tr/\n//), sql => $1, output => $2 };
	}
	return @blocks;
}

# What psql prints, by block: its marks are in both streams. Errors come after the results.
sub parts
{
	my ($printed) = @_;
	$printed =~ s/^psql:<stdin>:\d+: //mg;
	my %part;
	$part{$1} = $2 while $printed =~ /\x{1}(\d+)\n([^\x{1}]*)/g;
	return \%part;
}

# Blanks at the ends of lines, and empty lines at the end, are nothing that a page can show.
sub trimmed
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n*\z/\n/;
	return $text eq "\n" ? '' : $text;
}

for my $page ('README.md', 'doc/reference.md', 'doc/format.md', 'doc/patterns.md', 'doc/identity.md', 'doc/resolution.md', 'doc/sources.md',
	'doc/store.md', 'doc/schedules.md', 'doc/scores.md', 'doc/measures.md', 'doc/operations.md', 'doc/briefing.md', 'doc/views.md')
{
	(my $database = lc $page) =~ s/\W/_/g;
	my @blocks = blocks(slurp_file("$tree/$page"));
	my $script = join '', map { "\\echo \x{1}$_\n\\warn \x{1}$_\n$blocks[$_]{sql}\n" } 0 .. $#blocks;
	my ($stdout, $stderr) = ('', '');

	cmp_ok(scalar @blocks, '>', 0, "$page has examples");
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
	# What patterns.md asks about is the sample CRM, which it tells the reader to load.
	$node->safe_psql($database, "\\i '$tree/test/sample/crm.sql'") if $page eq 'doc/patterns.md';
	$node->psql($database, $script, on_error_stop => 0, stdout => \$stdout, stderr => \$stderr,
		extra_params => [ '-P', 'format=aligned', '-P', 'tuples_only=off' ]);
	my ($results, $errors) = (parts("$stdout\n"), parts("$stderr\n"));
	for my $n (0 .. $#blocks)
	{
		my $got = trimmed($results->{$n} // 'psql did not get there') . trimmed($errors->{$n} // '');
		is($got, trimmed($blocks[$n]{output} // ''), "$page line $blocks[$n]{line}");
	}
}

# Every function and operator has a place in the reference, or in a chapter of its own.
my $reference = join '', map { slurp_file("$tree/doc/$_.md") } grep { -e "$tree/doc/$_.md" } 'reference', 'identity', 'resolution', 'sources', 'store', 'schedules', 'scores',
	'measures', 'briefing', 'views';
my $database = new_database($node, 'names');
for my $name (split /\n/, $node->safe_psql($database, "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'crm_timeline'::regnamespace ORDER BY 1"))
{
	like($reference, qr/\b$name\b/, "doc/reference.md knows the function $name");
}
for my $name (split /\n/, $node->safe_psql($database, "SELECT DISTINCT oprname FROM pg_operator WHERE oprnamespace = 'crm_timeline'::regnamespace ORDER BY 1"))
{
	$name =~ s/\|/&#124;/g;
	like($reference, qr/[ `>,]\Q$name\E[ `,<]/, "doc/reference.md knows the operator $name");
}

$node->stop;
done_testing();
