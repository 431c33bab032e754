# bench/measure.sh: what the measurements share: data, clocks, plans, and how a result is printed. Sourced by run.sh.
#
#     generate                      makes the data (bench/generate.sql)
#     sql <<...                     runs a script; its output is in REPLY
#     query SQL                     runs one statement; its result is in REPLY
#     pairs N 'SETTINGS' A B        the times of A and B, run in turns N times after one run of each that does not
#                                   count: sets a, b (medians, seconds) and ratio (median of the ratios a/b in a pair)
#     plan 'SETTINGS' SQL           runs SQL under EXPLAIN ANALYZE and keeps the plan for the next two
#     plan_must WHAT JSONPATH       dies unless something in that plan matches
#     plan_must_not WHAT JSONPATH   dies if something does
#     metric NAME VALUE [most LIMIT | below LIMIT]     prints a result, after its target if it has one
#     peers                         installs the npm peers: sets NODE_PATH

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
    run_group psql -Xq -v customers="$customers" -f "$here/generate.sql" >&2 || die "the generator failed"
    sql <<'SQL'
CREATE EXTENSION crm_timeline;
CREATE EXTENSION pg_prewarm;
CREATE INDEX interaction_covering ON bench.interaction (customer_id, occurred_at) INCLUDE (kind, channel);
VACUUM (FREEZE, ANALYZE) bench.interaction;
VACUUM (FREEZE, ANALYZE) bench.interaction_uniform;
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

# The stored timelines that size and scan look at, made once.
stored=
ensure_stored() {
    [ -z "$stored" ] || return 0
    sql <<'SQL'
CREATE TABLE bench.stored WITH (toast_tuple_target = 8160) AS
    SELECT customer_id, crm_timeline.timeline_agg(occurred_at, kind, 'channel', channel) AS timeline
    FROM bench.interaction GROUP BY customer_id;
VACUUM (FREEZE, ANALYZE) bench.stored;
SQL
    stored=1
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
