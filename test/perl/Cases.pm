# The worked cases of the pattern language, test/cases/patterns.tsv, and of journeys, test/cases/journeys.tsv, and the
# tables of doc/patterns.md that show them.
#
#     perl -Itest/perl -MCases -e 'print tables(cases("test/cases/patterns.tsv"))'
#     perl -Itest/perl -MCases -e 'print journey_tables(cases("test/cases/journeys.tsv"))'
#
# print what stands between the marks "<!-- cases -->" and "<!-- end of cases -->" of that page, and between
# "<!-- journeys -->" and "<!-- end of journeys -->".
package Cases;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(cases tables journey_tables);

# The rows of a file in COPY's text format with a header, as hashes; \N is undef.
sub cases
{
	my ($file) = @_;
	open my $in, '<', $file or die "cannot read $file: $!";
	chomp(my @lines = <$in>);
	close $in;
	my @columns = split /\t/, shift @lines;
	my @cases;
	for my $line (@lines)
	{
		my %case;
		@case{@columns} = map { $_ eq '\N' ? undef : s/\\(.)/$1/gr } split /\t/, $line, -1;
		push @cases, \%case;
	}
	return @cases;
}

my @month = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);

# A time of 2026 for reading: the date only where it is not the first of January, seconds only where there are some.
sub short_time
{
	my ($month, $day, $minutes, $seconds) = $_[0] =~ /^2026-(\d\d)-(\d\d)T(\d\d:\d\d):([\d.]+)Z$/ or die "no time of 2026: $_[0]";
	my $date = "$month-$day" eq '01-01' ? '' : $month[ $month - 1 ] . ' ' . ($day + 0) . ' ';
	return $date . $minutes . ($seconds eq '00' ? '' : ":$seconds");
}

# A cell: code, in which a table's own mark has to be escaped.
sub code
{
	my ($text) = @_;
	$text =~ s/\|/\\|/g;
	return $text eq '' ? '' : "`$text`";
}

sub interactions { return $_[0] =~ s/^\{|\}$//gr =~ s/(2026-[-\d]+T[:.\d]+Z)/short_time($1)/ger }

# The match reported: times and kinds, and the deadline where it ends later than its last interaction.
sub first_match
{
	my ($case) = @_;
	return 'none' if !defined $case->{first};
	my @used = $case->{first} =~ /(2026-\S+Z) ("[^"]*"|\w+)/g;
	my @shown;
	push @shown, short_time($used[ 2 * $_ ]) . " $used[2 * $_ + 1]" for 0 .. $#used / 2;
	return code(join '; ', @shown) . ($used[-2] eq $case->{ends_at} ? '' : ', over ' . short_time($case->{ends_at}));
}

# A table for each part, of rows made by a function of a case.
sub tables_of
{
	my ($head, $row, @cases) = @_;
	my ($about, $text) = ('', '');
	my $columns = () = $head =~ /\|/g;
	for my $case (@cases)
	{
		if ($case->{about} ne $about)
		{
			$about = $case->{about};
			$text .= ($text eq '' ? '' : "\n") . "### $about\n\n$head\n" . '|---' x ($columns - 1) . "|\n";
		}
		$text .= '| ' . join(' | ', $row->($case)) . " |\n";
	}
	return $text;
}

sub as_of { return $_[0]{as_of} eq 'infinity' ? '' : ', as of ' . short_time($_[0]{as_of}) }

sub tables
{
	return tables_of('| case | pattern | interactions | matches | depth | first match |', sub {
		my ($case) = @_;
		return ($case->{name}, code($case->{pattern}), (code(interactions($case->{interactions})) || 'none') . as_of($case),
			$case->{count}, $case->{depth}, first_match($case));
	}, @_);
}

sub short_times { return $_[0] =~ s/(2026-[-\d]+T[:.\d]+Z)/short_time($1)/ger }

sub journey_tables
{
	return tables_of('| case | journey | interactions | stages | time |', sub {
		my ($case) = @_;
		my @pieces = map { code(interactions($_)) } $case->{pieces} =~ /"([^"]*)"/g;
		my ($from, $to) = map { short_time($_) } $case->{during} =~ /2026-[-\d]+T[:.\d]+Z/g;
		return ($case->{name}, code($case->{journey}), join(' and ', @pieces) . as_of($case), code(short_times($case->{stages}) =~ s/\.\./ .. /gr =~ s/ (;|$)/$1/gr),
			"$case->{spent} in `$case->{stage}` from $from to $to");
	}, @_);
}

1;
