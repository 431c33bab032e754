# bench/history.sh: one customer's newest 50 interactions from three registered tables of 4 million rows together, beside SELECT 1;
# through the view and through interactions_of, by an identity that the application knows. Then with row security on one table, and
# with 30 registered sources.
#
# HISTORY_ROWS=40000000 bench/run.sh history   makes another number of rows

# shellcheck shell=bash disable=SC2154,SC2034

rows=${HISTORY_ROWS:-$(awk -v s="$SCALE" 'BEGIN { printf "%d", 4000000 * s }')}
say "history: $rows rows in three tables"
run_group psql -Xq -v rows="$rows" -f "$here/history.sql" >&2 || die "the tables of the application could not be made"
fresh_extension
sql <<'SQL'
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
SET client_min_messages = warning;
SELECT crm_timeline.add_source('account', 'app.account', occurred_at => 'created_at',
    keys => ARRAY['user: id', 'email: email', 'phone: phone']);
SELECT crm_timeline.add_source('ticket', 'app.ticket', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'ticket'$$,
    keys => ARRAY['email: requester_email', 'user: contact_id'], channel => 'via', direction => $$'inbound'$$, thread => 'id',
    outcome => 'status', summary => 'subject', filter => 'deleted_at IS NULL');
SELECT crm_timeline.add_source('call', 'app.call', occurred_at => 'started_at', kind => $$'call'$$, keys => ARRAY['phone: caller'],
    channel => $$'phone'$$, direction => $$'inbound'$$, agent => 'agent', outcome => $$CASE WHEN answered THEN 'answered' ELSE 'missed' END$$);
SELECT crm_timeline.add_source('visit', 'app.visit', occurred_at => 'created_at', kind => $$'visit'$$,
    keys => ARRAY['user: user_id', 'cookie: cookie'], channel => $$'web'$$, direction => $$'inbound'$$, summary => 'page');
SQL
began=$(date +%s.%N)
query 'CALL crm_timeline.refresh()'
metric "history refresh_seconds" "$(calc 1 "$(date +%s.%N) - $began")"
began=$(date +%s.%N)
query 'CALL crm_timeline.create_suggested_indexes()'
query 'VACUUM (ANALYZE)'
query "SELECT count(pg_prewarm(oid)) FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace IN ('app'::regnamespace, 'crm_timeline'::regnamespace)"
metric "history index_seconds" "$(calc 1 "$(date +%s.%N) - $began")"
query "SELECT count(*) || ' identities of ' || count(DISTINCT customer_id) || ' customers' FROM crm_timeline.membership"
comment "history: $REPLY"
query "SELECT count(*) FROM crm_timeline.interactions"
comment "history: $REPLY interactions"

customers=$((rows / 40))
mkdir -p "$TMP/history"
columns='occurred_at, kind, channel, direction, thread, agent, outcome, summary, source, ref'
# Five hundred customers from all over the table, again and again: an application's connection lives long, and has touched the
# pages that it needs before. A page's first touch in a process costs a page fault, which here takes longer than all else.
pick="\\set c 1 + (random(0, 499) * 7919) % $customers"
printf '%s\n' "$pick" "SELECT 1" >"$TMP/history/floor.sql"
printf '%s\n' "$pick" "SELECT $columns FROM crm_timeline.interactions
    WHERE customer_id = crm_timeline.customer_of(crm_timeline.identity('email', 'person' || :c || '@example.com'))
    ORDER BY occurred_at DESC LIMIT 50" >"$TMP/history/view.sql"
printf '%s\n' "$pick" "SELECT $columns FROM crm_timeline.history(crm_timeline.identity('email', 'person' || :c || '@example.com'))" \
    >"$TMP/history/function.sql"
chmod -R a+rX "$TMP/history"

# measure NAME SCRIPT MODE SETTINGS LIMIT [LIMIT OF p99 ABOVE SELECT 1]
measure_history() {
    local seconds=${HISTORY_SECONDS:-10} floor99
    latencies "$TMP/history/floor.sql" "$3" "$4" "$seconds" 2500
    floor99=$p99
    latencies "$TMP/history/$2.sql" "$3" "$4" "$seconds" 2500
    metric "history ${1}_ms_median" "$p50" most "$5"
    comment "history ${1}_ms_median of the first 300, each with pages that the connection has not touched yet: $first"
    metric "history ${1}_ms_p99_above_select_1" "$(calc 3 "$p99 - $floor99")" ${6:+most "$6"}
}
off='-c jit=off'
measure_history view_literal view simple "$off" 0.5 2
measure_history view_custom view prepared "$off -c plan_cache_mode=force_custom_plan" 0.5 2
measure_history view_generic view prepared "$off -c plan_cache_mode=force_generic_plan" 0.5 2
measure_history function function prepared "$off" 0.5 2

# The plan: an index scan in every source, and no sort of more than the customer's rows.
one="SELECT $columns FROM crm_timeline.interactions WHERE customer_id = crm_timeline.customer_of('email:person1234@example.com')
    ORDER BY occurred_at DESC LIMIT 50"
query "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) $one"
printf '%s' "$REPLY" >"$TMP/history/plan.json"
facts=$(perl -MJSON::PP -0777 -ne '
    my @todo = map { $_->{Plan} } @{decode_json($_)};
    my ($seq, $sorted, $buffers) = (0, 0, $todo[0]{"Shared Hit Blocks"} + $todo[0]{"Shared Read Blocks"});
    my %index;
    while (my $node = shift @todo) {
        my $name = $node->{"Relation Name"} // "";
        $seq++ if $node->{"Node Type"} eq "Seq Scan" && $name =~ /^(ticket|call|visit|membership)$/;
        if ($node->{"Node Type"} =~ /Sort/) {
            my $rows = int($node->{Plans}[0]{"Actual Rows"} * $node->{Plans}[0]{"Actual Loops"} + 0.5);
            $sorted = $rows if $rows > $sorted;
        }
        $index{$name}++ if $node->{"Node Type"} =~ /Index|Bitmap Heap/ && $name;
        push @todo, @{ $node->{Plans} // [] };
    }
    print join " ", $seq, $buffers, $sorted, scalar grep { $index{$_} } qw(ticket call visit);' "$TMP/history/plan.json")
read -r sequential buffers sorted indexed <<<"$facts"
[ "$sequential" = 0 ] && [ "$indexed" = 3 ] || { query "EXPLAIN (ANALYZE, BUFFERS) $one"; say "$REPLY"; die "history: a source is not read by an index"; }
query "SELECT count(*) FROM crm_timeline.interactions WHERE customer_id = crm_timeline.customer_of('email:person1234@example.com')"
[ "$sorted" -le "$REPLY" ] || { say "$(<"$TMP/history/plan.json")"; die "history: a sort of $sorted rows for a customer with $REPLY interactions"; }
comment "history: no sort has more than $sorted rows, of $REPLY interactions"
metric "history buffers" "$buffers"

# ---- row security on one table, for a role that it applies to --------------------------------------------

sql <<'SQL'
SET client_min_messages = warning;
DROP ROLE IF EXISTS crm_bench_reader;
CREATE ROLE crm_bench_reader LOGIN;
GRANT USAGE ON SCHEMA app TO crm_bench_reader;
GRANT SELECT ON app.ticket, app.call, app.visit TO crm_bench_reader;
SELECT crm_timeline.grant_read('crm_bench_reader');
ALTER TABLE app.ticket ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.ticket FOR SELECT TO crm_bench_reader USING (via = ANY (string_to_array(coalesce(current_setting('app.channels', true), 'email,web'), ',')));
SQL
PGUSER=crm_bench_reader measure_history row_security_view view prepared "$off" 0.5 2
PGUSER=crm_bench_reader measure_history row_security_function function prepared "$off" 0.5 2

# ---- thirty sources -----------------------------------------------------------------------------------------

{
    echo "SET client_min_messages = warning;"
    for i in $(seq 27); do
        echo "CREATE TABLE app.extra_$i (id bigint PRIMARY KEY, email text, created_at timestamptz);"
        echo "INSERT INTO app.extra_$i SELECT n, 'person' || n * $i % $customers || '@example.com', timestamptz '2025-01-01 00:00:00+00' + n * interval '1 min' FROM generate_series(1, 20000) n;"
        echo "SELECT crm_timeline.add_source('extra $i', 'app.extra_$i', occurred_at => 'created_at', kind => \$\$'extra'\$\$, keys => ARRAY['email: email']);"
    done
} | sql
query 'CALL crm_timeline.refresh()'
query 'CALL crm_timeline.create_suggested_indexes()'
query 'VACUUM (ANALYZE)'
measure_history thirty_sources_view view prepared "$off -c plan_cache_mode=force_generic_plan" 3
measure_history thirty_sources_function function prepared "$off" 3
