# bench/measure.sh: what the measurements share: data, clocks, plans, and how a result is printed. Sourced by run.sh.
#
#     generate [OPTION...]          makes the data (bench/generate.sql, with options of psql)
#     sql <<...                     runs a script; its output is in REPLY
#     query SQL                     runs one statement; its result is in REPLY
#     pairs N 'SETTINGS' A B        the times of A and B, run in turns N times after one run of each that does not
#                                   count: sets a, b (medians, seconds) and ratio (median of the ratios a/b in a pair)
#     plan 'SETTINGS' SQL           runs SQL under EXPLAIN ANALYZE and keeps the plan for the next two
#     plan_must WHAT JSONPATH       dies unless something in that plan matches
#     plan_must_not WHAT JSONPATH   dies if something does
#     metric NAME VALUE [most LIMIT | below LIMIT]     prints a result, after its target if it has one
#     once 'SETTINGS' SQL           runs SQL twice; the answer and the time of the second: sets answer, seconds
#     latencies FILE MODE 'OPTIONS' SECONDS SKIP [CLIENTS]    one client of pgbench, or so many: sets p50 and p99 (milliseconds, without the
#                                   first SKIP transactions of each), and first (the median of those between the 20th and the 320th)
#     timed SQL                     runs SQL, whatever it is, once: sets seconds
#     fresh_extension               the extension as CREATE EXTENSION leaves it, with nothing registered
#     ensure_stored                 makes the store of the interactions, once, for what reads crm_timeline.timelines
#     ensure_bare                   makes a table bench.stored of timelines, once, for what is about the format alone
#     read_from_store SQL           dies unless SQL reads stored timelines and nothing but them
#     peers                         installs the npm peers: sets NODE_PATH
#     ask_peers                     starts ClickHouse and DuckDB, with the interactions as their table t
#     beside_peers NAME N OURS CLICKHOUSE DUCKDB    compares the answers, then runs the three in turns N times after one run of
#                                   each that does not count: sets ours, clickhouse, duckdb (medians, seconds),
#                                   ratio_clickhouse and ratio_duckdb (medians of the ratios in a turn), peers_answer

# shellcheck shell=bash disable=SC2154,SC2034

met=0 missed=0

comment() { printf '# %s\n' "$*"; }

metric() {
    if [ $# -gt 2 ]; then
        comment "target $1 $([ "$3" = most ] && echo 'at most' || echo "$3") $4"
        if awk -v v="$2" -v k="$3" -v l="$4" 'BEGIN { exit !(k == "most" ? v <= l : v < l) }'; then
            met=$((met + 1))
        else
            missed=$((missed + 1))
        fi
    fi
    printf '%s %s\n' "$1" "$2"
}

# An arithmetic expression with N digits after the point.
calc() { awk "BEGIN { printf \"%.$1f\", $2 }"; }

sql() {
    cat >"$TMP/script.sql"
    if ! run_group psql -XAtq -v ON_ERROR_STOP=1 -f "$TMP/script.sql" >"$TMP/script.out" 2>"$TMP/script.err"; then
        cat "$TMP/script.out" "$TMP/script.err" >&2
        die "a statement of the ${name:-generator} measurement failed"
    fi
    cat "$TMP/script.err" >&2
    REPLY=$(<"$TMP/script.out")
}

query() { sql <<<"$1"; }

generate() {
    local began=$SECONDS
    say "generating the interactions of $customers customers"
    run_group psql -Xq -v customers="$customers" "$@" -f "$here/generate.sql" >&2 || die "the generator failed"
    sql <<'SQL'
CREATE EXTENSION crm_timeline;
CREATE EXTENSION pg_prewarm;
SELECT to_regclass('bench.interaction_uniform') IS NOT NULL AS uniform \gset
\if :uniform
CREATE INDEX interaction_covering ON bench.interaction (customer_id, occurred_at) INCLUDE (kind, channel);
VACUUM (FREEZE, ANALYZE) bench.interaction_uniform;
\endif
VACUUM (FREEZE, ANALYZE) bench.interaction;
CHECKPOINT;
CREATE TABLE bench.last_plan (plan jsonb);
CREATE FUNCTION bench.plan(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO result;
    RETURN result;
END $$;
SELECT count(*) FROM bench.interaction;
SQL
    interactions=$REPLY
    query "SELECT max(interactions) FROM bench.customer"
    comment "scale $SCALE: $interactions interactions of $customers customers, the largest has $REPLY"
    comment "generated in $((SECONDS - began)) s"
}

# What the store and the bare table are made of is dropped with the extension.
stored='' bare=''
fresh_extension() {
    sql <<'SQL'
SET client_min_messages = error;
DROP TABLE IF EXISTS bench.stored;
DROP EXTENSION IF EXISTS crm_timeline CASCADE;
CREATE EXTENSION crm_timeline;
SQL
    stored='' bare=''
}

register() {
    sql <<'SQL'
SELECT crm_timeline.add_source('interaction', 'bench.interaction', occurred_at => 'occurred_at', kind => 'kind', channel => 'channel',
    keys => ARRAY['customer: customer_id'], ref => $$''$$);
SQL
}

# The store's numbers of the customers, beside the table's own.
member='(SELECT customer_id AS number, crm_timeline.identity_value(identity)::bigint AS customer_id FROM crm_timeline.membership)'

ensure_stored() {
    [ -z "$stored" ] || return 0
    fresh_extension
    register
    sql <<'SQL'
CALL crm_timeline.refresh();
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
SQL
    stored=1
}

ensure_bare() {
    [ -z "$bare" ] || return 0
    sql <<'SQL'
CREATE TABLE bench.stored WITH (toast_tuple_target = 8160) AS
    SELECT customer_id, crm_timeline.timeline_agg(occurred_at, kind, 'channel', channel) AS timeline
    FROM bench.interaction GROUP BY customer_id;
VACUUM (FREEZE, ANALYZE) bench.stored;
SQL
    bare=1
}

read_from_store() {
    query 'SELECT crm_timeline.store_mode()'
    [ "$REPLY" = 0 ] || die "the store is in mode $REPLY"
    plan '' "$1"
    plan_must "scan of stored timelines" '$.** ? (@."Relation Name" == "stored_timeline" && @."Actual Loops" > 0 && @."Actual Rows" > 0)'
    plan_must_not "something read beside the store" \
        '$.** ? (exists(@."Relation Name") && @."Relation Name" != "stored_timeline" && @."Relation Name" != "stored_segment" && @."Actual Loops" > 0)'
}

# Everything below is read by the measured statements from shared buffers.
warm() {
    local table
    for table in "$@"; do query "SELECT pg_prewarm('$table')"; done
}

pairs() {
    local n=$1 i side statement
    {
        printf '%s;\n' "$2"
        for ((i = 0; i <= n; i++)); do
            for side in a b; do
                statement=$3
                [ $side = a ] || statement=$4
                printf '\\o /dev/null\nSELECT clock_timestamp() AS began \\gset\n'
                printf '%s;\n' "$statement"
                printf "SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz) AS %s \\\\gset\n\\\\o\n" $side
            done
            [ "$i" = 0 ] || printf '\\echo :a :b\n'
        done
    } >"$TMP/pairs.sql"
    sql <"$TMP/pairs.sql"
    [ "$(wc -l <<<"$REPLY")" = "$n" ] || die "measured $(wc -l <<<"$REPLY") pairs instead of $n"
    a=$(cut -d' ' -f1 <<<"$REPLY" | median)
    b=$(cut -d' ' -f2 <<<"$REPLY" | median)
    ratio=$(awk '{ printf "%.4f\n", $1 / $2 }' <<<"$REPLY" | median)
}

median() {
    sort -n | awk '{ v[NR] = $1 } END { printf "%.4f\n", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

plan() {
    sql <<SQL
$1;
DELETE FROM bench.last_plan;
INSERT INTO bench.last_plan SELECT bench.plan(\$query\$$2\$query\$);
SQL
}

plan_has() {
    query "SELECT jsonb_path_exists(plan, '$1') FROM bench.last_plan"
    [ "$REPLY" = t ]
}

# What the path finds first.
plan_value() { query "SELECT jsonb_path_query_first(plan, '$1') #>> '{}' FROM bench.last_plan"; }

plan_complain() {
    query "SELECT jsonb_pretty(plan) FROM bench.last_plan"
    printf '%s\n' "$REPLY" >&2
    die "the plan is not the one to be measured: $1"
}

plan_must() { plan_has "$2" || plan_complain "no $1"; }
plan_must_not() { ! plan_has "$2" || plan_complain "$1"; }

# The npm packages of package.json, in a folder of their own outside the tree, kept for the next run.
peers() {
    local base key dir
    [ -z "${peers_ready:-}" ] || return 0
    command -v npm >/dev/null || ensure_packages nodejs npm
    type node npm >/dev/null 2>&1 || die "the peers come from npm: node and npm are needed"
    base=${XDG_CACHE_HOME:-${HOME:-$TMP}/.cache}/crm_timeline-bench
    key=$(cat "$here/package.json" <(node -p 'process.arch + process.version') | cksum | cut -d' ' -f1)
    dir=$base/$key
    mkdir -p "$base"
    exec 8>"$base/lock"
    flock 8
    if [ ! -e "$dir/node_modules" ]; then
        say "installing the peers from npm"
        rm -rf "$dir.part"
        mkdir -p "$dir.part"
        cp "$here/package.json" "$dir.part/"
        if ! run_group npm install --prefix "$dir.part" --no-audit --no-fund --no-package-lock \
            >"$TMP/npm.log" 2>&1 8>&-; then
            cat "$TMP/npm.log" >&2
            rm -rf "$dir.part"
            die "npm cannot install the peers of bench/package.json"
        fi
        mv "$dir.part" "$dir"
    fi
    exec 8>&-
    export NODE_PATH=$dir/node_modules
    peers_ready=1
}

# One statement in a session of its own, as the pairs are measured.
once() {
    sql <<SQL
$1;
\\o /dev/null
$2;
\\o
SELECT clock_timestamp() AS began \\gset
$2;
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz);
SQL
    seconds=$(tail -n 1 <<<"$REPLY")
    answer=$(head -n -1 <<<"$REPLY")
}

timed() {
    sql <<SQL
\\o /dev/null
SELECT clock_timestamp() AS began \\gset
$1;
\\o
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz);
SQL
    seconds=$REPLY
}

# The first transactions plan, and touch every page for the first time in their process, which takes longer than all else.
latencies() {
    local log=$TMP/latencies clients=${6:-1}
    rm -f "$log".*
    PGOPTIONS="$3" run_group pgbench -n -M "$2" -c "$clients" -j "$clients" -T "$4" -l --log-prefix="$log" -f "$1" >"$log.out" 2>&1 ||
        { cat "$log.out" >&2; die "$(basename "$1") failed"; }
    first=$(awk 'FNR > 20 && FNR <= 320 { print $3 / 1000 }' "$log".[0-9]* | sort -n | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] }')
    awk -v skip="$5" 'FNR > skip { print $3 / 1000 }' "$log".[0-9]* | sort -n >"$log.sorted"
    [ -s "$log.sorted" ] || die "$(basename "$1"): no transaction is left after the first $5; measure longer"
    p50=$(awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] }' "$log.sorted")
    p99=$(awk '{ v[NR] = $1 } END { printf "%.3f", v[int(NR * 0.99)] }' "$log.sorted")
}

# Rows as the peers give them.
peer_form() { printf '%s' "$1" | tr '\n' ';'; }

# The peers answer in a process of their own until the script ends. They know the customers by the store's numbers.
ask_peers() {
    [ -z "${PEERS_PID:-}" ] || return 0
    peers
    say "loading ClickHouse and DuckDB"
    sql <<SQL
COPY (SELECT m.number, (extract(epoch FROM occurred_at) * 1000000)::bigint, kind, channel
      FROM bench.interaction JOIN $member m USING (customer_id))
    TO '$TMP/tmp/interactions.tsv';
SQL
    mkdir "$TMP/tmp/peers"
    coproc PEERS { exec node "$here/peers.js" "$TMP/tmp/interactions.tsv" "$TMP/tmp/peers" 2>"$TMP/peers.err"; }
    read -r -u "${PEERS[0]}" REPLY || { cat "$TMP/peers.err" >&2; die "the peers do not start"; }
    [[ $REPLY == ready* ]] || die "the peers say $REPLY"
    comment "peers: ${REPLY#ready }, in process, one thread each; sorted by customer and time"
    rm "$TMP/tmp/interactions.tsv"
}

# Asks $1 (clickhouse or duckdb) the question $2: sets seconds and answer.
ask_peer() {
    printf '%s %s\n' "$1" "$(tr '\n' ' ' <<<"$2")" >&"${PEERS[1]}"
    IFS=$'\t' read -r -u "${PEERS[0]}" seconds answer || die "$1 has gone"
    [ "$seconds" != failed ] || die "$1: $answer"
}

beside_peers() {
    local what=$1 n=$2 i turns=
    once '' "$3"
    peers_answer=$(peer_form "$answer")
    for i in clickhouse duckdb; do
        ask_peer $i "$([ $i = clickhouse ] && echo "$4" || echo "$5")"
        [ "$answer" = "$peers_answer" ] || die "$what: $i answers $answer, we $peers_answer"
    done
    comment "$what: all three answer $peers_answer"
    for ((i = 0; i < n; i++)); do
        once '' "$3"
        turns+="$seconds "
        ask_peer clickhouse "$4"
        turns+="$seconds "
        ask_peer duckdb "$5"
        turns+="$seconds"$'\n'
    done
    turns=${turns%$'\n'}
    ours=$(cut -d' ' -f1 <<<"$turns" | median)
    clickhouse=$(cut -d' ' -f2 <<<"$turns" | median)
    duckdb=$(cut -d' ' -f3 <<<"$turns" | median)
    ratio_clickhouse=$(awk '{ printf "%.4f\n", $1 / $2 }' <<<"$turns" | median)
    ratio_duckdb=$(awk '{ printf "%.4f\n", $1 / $3 }' <<<"$turns" | median)
}
