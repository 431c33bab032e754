# A throwaway server with the extension, and the few questions that every TAP test of ours asks of it.
# It owns the settings of serial and of parallel plans; what is tested is the tests' own.
package Server;
use strict;
use warnings;
use Exporter 'import';
use JSON::PP ();
use PostgreSQL::Test::Cluster;
our @EXPORT = qw(server seed new_database outcome as_role answers parallel serial plan_facts explain_create literal);

# A running server; the database has the encoding UTF8 whatever the caller's locale.
sub server
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->append_conf('postgresql.conf', join "\n", 'fsync = off', 'jit = off', 'autovacuum = off', 'max_worker_processes = 16',
		'max_parallel_workers = 8', 'log_min_duration_statement = 500', "timezone = 'UTC'", @settings, '');
	$node->start;
	return $node;
}

# The seed of random cases, from -1 to 1: the same every time, unless the environment has another, or 'random' for any.
sub seed
{
	my ($variable, $default) = @_;
	my $seed = $ENV{$variable} // $default;
	return $seed eq 'random' ? sprintf '%.6f', 2 * rand() - 1 : $seed;
}

# A database with the extension. Its collation is not that of bytes where the server has ICU: no
# answer of ours may depend on it.
sub new_database
{
	my ($node, $database) = @_;
	my ($status) = $node->psql('postgres',
		"CREATE DATABASE $database TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'");
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0") if $status != 0;
	$node->safe_psql($database, 'CREATE EXTENSION crm_timeline');
	return $database;
}

# What a statement prints in a database, or its error, the line with ERROR (or that the server has gone), without psql's place.
sub outcome
{
	my ($node, $database, $sql, @options) = @_;
	my ($status, $stdout, $stderr) = $node->psql($database, $sql, on_error_die => 0, @options);
	$stderr =~ s/^psql:<stdin>:\d+: //mg;
	return $status == 0 ? $stdout : (grep { /ERROR|server process|connection/ } split /\n/, $stderr)[0] // $stderr;
}

# The option of psql() and outcome() that connects as a role.
sub as_role { return (extra_params => [ '-U', $_[0] ]) }

# Runs the statements one after another in one session that begins with $before, and returns for
# each what it printed (unaligned, tuples only), or 'ERROR: ...'.
sub answers
{
	my ($node, $database, $before, @statements) = @_;
	my $script = "$before\n";
	for my $n (0 .. $#statements)
	{
		$script .= "\\echo \x{1}$n\n$statements[$n]\n;\n\\if :ERROR\n\\echo ERROR: :SQLSTATE :LAST_ERROR_MESSAGE\n\\endif\n";
	}
	utf8::encode($script) if utf8::is_utf8($script);
	my ($stdout, $stderr) = ('', '');
	$node->psql($database, $script, on_error_stop => 0, on_error_die => 0, stdout => \$stdout, stderr => \$stderr);
	my @answers = ("ERROR: no answer: $stderr") x @statements;
	while ($stdout =~ /\x{1}(\d+)(?:\n([^\x{1}]*))?/g)
	{
		my ($n, $answer) = ($1, $2 // '');
		$answer =~ s/\n\z//;
		$answers[$n] = $answer;
	}
	return @answers;
}

sub serial { return "SET max_parallel_workers_per_gather = 0;" }

# The leader only collects: whatever was aggregated, a worker did it. Operators cost so much that even few rows are worth a worker.
sub parallel
{
	return join "\n", 'SET parallel_setup_cost = 0;', 'SET parallel_tuple_cost = 0;', 'SET min_parallel_table_scan_size = 0;',
	  'SET min_parallel_index_scan_size = 0;', 'SET max_parallel_workers_per_gather = 2;', 'SET parallel_leader_participation = off;', 'SET cpu_operator_cost = 1;';
}

# What EXPLAIN (ANALYZE, FORMAT JSON) tells of aggregation: the number of Partial and of Finalize
# nodes, of workers launched, of partial results that arrived and of groups that came out.
sub plan_facts
{
	my ($json) = @_;
	my $facts = { partial => 0, finalize => 0, launched => 0, spilled => 0, parts => 0, groups => 0, json => $json };
	my $plan = eval { JSON::PP::decode_json($json) };
	return $facts if !defined $plan;
	my @todo = map { $_->{Plan} } @$plan;
	while (my $node = shift @todo)
	{
		my $mode = $node->{'Partial Mode'} // '';
		$facts->{partial}++ if $mode eq 'Partial';
		$facts->{finalize}++ if $mode eq 'Finalize';
		$facts->{launched} += $node->{'Workers Launched'} // 0;
		$facts->{spilled} += $node->{'Disk Usage'} // 0;
		$facts->{spilled} += $node->{'Sort Space Used'} // 0 if ($node->{'Sort Space Type'} // '') eq 'Disk';
		$facts->{groups} += $node->{'Actual Rows'} * $node->{'Actual Loops'} if $mode eq 'Finalize';
		$facts->{parts} += $node->{'Actual Rows'} * $node->{'Actual Loops'} if $node->{'Node Type'} =~ /^Gather/ || $node->{'Node Type'} eq 'Append';
		push @todo, @{ $node->{Plans} // [] };
	}
	return $facts;
}

# Creates a table from a query and returns the facts of the plan that filled it.
sub explain_create
{
	my ($node, $database, $before, $table, $query) = @_;
	my ($json) = answers($node, $database, $before, "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) CREATE TABLE $table AS $query");
	return plan_facts($json);
}

# A string literal of SQL.
sub literal
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return "'$text'";
}

1;
