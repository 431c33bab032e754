# Breaks a tree in one of the ways that the file mutants beside this lists, and says in which file.
#
#     mutate.pl TREE          changes nothing; each way has to name code that stands in its file once
#     mutate.pl TREE NAME     prints the file's name
use strict;
use warnings;
use FindBin;

my ($tree, $wanted) = @ARGV;
my ($ways, $done) = (0, 0);
open my $list, '<', "$FindBin::RealBin/mutants" or die "cannot read the list of mutants: $!\n";
while (my $line = <$list>)
{
	next if $line =~ /^#|^$/;
	chomp $line;
	my ($name, $file, @code) = split /\t/, $line, -1;
	die "mutant $name: not four columns\n" if @code != 2;
	my ($old, $new) = map { s/\\([nt])/$1 eq 'n' ? "\n" : "\t"/ger } @code;
	open my $in, '<', "$tree/$file" or die "mutant $name: cannot read $file: $!\n";
	my $text = do { local $/; <$in> };
	close $in;
	my $times = () = $text =~ /\Q$old\E/g;
	die "mutant $name: its code stands in $file $times times\n" if $times != 1;
	$ways++;
	next if !defined $wanted || $name ne $wanted;
	$text =~ s/\Q$old\E/$new/;
	open my $out, '>', "$tree/$file" or die "mutant $name: cannot write $file: $!\n";
	print $out $text;
	close $out or die "mutant $name: cannot write $file: $!\n";
	print "$file\n";
	$done++;
}
die "there is no mutant $wanted\n" if defined $wanted && !$done;
print "$ways mutants\n" if !defined $wanted;
