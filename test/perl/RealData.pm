# Real event data as tables: what is in each file, and timelines of its rows in the file's order or in any other.
# It knows the columns and nothing of the questions: these are the tests'.
package RealData;
use strict;
use warnings;
use Exporter 'import';
use Server;
our @EXPORT = qw(real_data load_raw row_table timelines_of);

# data set => file, id, time and kind, the other arguments of timeline_agg, filter
my %set = (
	receipt => {
		file => 'receipt.csv.gz', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "'seq', event_no::int, 'channel', channel, 'agent', resource, 'department', department"
	},
	helpdesk => {
		file => 'helpdesk.csv.gz', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "jsonb_build_object('seq', event_no::int, 'agent', resource, 'product', product, 'workgroup', workgroup)"
	},
	running_example => {
		file => 'running_example.csv', id => 'case_id', at => '"timestamp"::timestamptz', kind => 'activity',
		with => "'seq', event_no::bigint, 'agent', resource, 'costs', costs::numeric"
	},
	bank_calls => {
		file => 'bank_calls_feb1999.csv.gz', id => 'customer_id', at => "(date::date + vru_entry::time) AT TIME ZONE 'Asia/Jerusalem'", kind => "'call'::text",
		with => "'seq', line, 'channel', 'phone'::text, 'outcome', outcome, 'agent', server, 'queue', q_time::int, 'service', ser_time::smallint",
		filter => "outcome <> 'PHANTOM' AND vru_time::int >= 0"
	},
	cdnow_master => {
		file => 'cdnow_master.csv.gz', id => 'customer_id', at => "date::timestamp AT TIME ZONE 'UTC'", kind => "'purchase'::text",
		with => "'seq', line, 'value', amount::numeric, 'cds', cds::int"
	});

# The names of the data sets.
sub real_data { return sort keys %set }

# Loads a file into the table raw_<name>. Everything is text at first; line is the row's number in the file.
sub load_raw
{
	my ($node, $database, $folder, $name) = @_;
	my $file = "$folder/$set{$name}{file}";
	my $read = $file =~ /\.gz$/ ? "gzip -dc '$file'" : "cat '$file'";
	my ($header) = split /\r?\n/, qx($read);
	my @columns = map { "\"$_\"" } split /,/, $header;
	$node->safe_psql($database, "CREATE TABLE raw_$name (line bigint GENERATED ALWAYS AS IDENTITY, " . join(', ', map { "$_ text" } @columns) . ")");
	$node->safe_psql($database, "\\copy raw_$name (" . join(', ', @columns) . ') FROM PROGRAM ' . literal($read) . ' CSV HEADER');
	return;
}

# The rows that count, as a table of their own: in the file's order where seed is 0, else in a random one.
sub row_table
{
	my ($node, $database, $table, $name, $seed) = @_;
	$node->safe_psql($database, "SELECT setseed(0.$seed); CREATE TABLE $table AS SELECT * FROM raw_$name WHERE " . ($set{$name}{filter} // 'true') . ' ORDER BY '
		  . ($seed eq '0' ? 'line' : 'random()') . "; ALTER TABLE $table SET (parallel_workers = 2); ANALYZE $table");
	return;
}

# The query of the timelines (id, t) of such a table.
sub timelines_of
{
	my ($table, $name) = @_;
	my $set = $set{$name};
	return "SELECT $set->{id} AS id, timeline_agg($set->{at}, $set->{kind}, $set->{with}) AS t FROM $table GROUP BY 1";
}

1;
