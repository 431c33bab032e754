# bench/build.sh: what making timelines from rows costs, against the cheapest aggregates over the same columns of the same
# rows in the same plan: hash aggregation of rows in time order, and grouping of rows that an index brings in order. Then
# memory, and what parallel workers bring.

# shellcheck shell=bash disable=SC2154,SC2034

# One row per customer is made, looked at and thrown away; OFFSET 0 keeps the planner from taking the query apart.
ours() {
    echo "SELECT count(t) FROM (SELECT customer_id, crm_timeline.timeline_agg(occurred_at, kind, 'channel', channel) AS t
          FROM ${1:-bench.interaction} GROUP BY customer_id OFFSET 0) s"
}
floor() {
    echo "SELECT count(k), count(c), count(f), count(l)
          FROM (SELECT customer_id, count(kind) AS k, count(channel) AS c, min(occurred_at) AS f, max(occurred_at) AS l
          FROM ${1:-bench.interaction} GROUP BY customer_id OFFSET 0) s"
}
hash='SET enable_sort = off; SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off'
sorted='SET enable_hashagg = off; SET enable_sort = off; SET enable_seqscan = off; SET enable_bitmapscan = off'

must_be_hash() {
    plan_must "hash aggregation" '$.**."Strategy" ? (@ == "Hashed")'
    plan_must "sequential scan" '$.**."Node Type" ? (@ == "Seq Scan")'
    plan_must_not "sort or index" '$.**."Node Type" ? (@ like_regex "Sort|Index")'
    plan_must_not "hash aggregation in batches" '$.**."HashAgg Batches" ? (@ > 1)'
    plan_must_not "hash aggregation on disk" '$.**."Disk Usage" ? (@ > 0)'
}
must_be_sorted() {
    plan_must "grouping of sorted rows" '$.**."Strategy" ? (@ == "Sorted")'
    plan_must "index-only scan" '$.**."Node Type" ? (@ == "Index Only Scan")'
    plan_must_not "sort" '$.**."Node Type" ? (@ like_regex "Sort")'
    plan_must_not "look into the heap" '$.**."Heap Fetches" ? (@ > 0)'
}

warm bench.interaction bench.interaction_covering

query "SELECT sum(crm_timeline.length(t)) = (SELECT count(*) FROM bench.interaction)
       FROM (SELECT crm_timeline.timeline_agg(occurred_at, kind, 'channel', channel) AS t
             FROM bench.interaction GROUP BY customer_id) s"
[ "$REPLY" = t ] || die "the timelines do not have all interactions"

# ---- the two ratios -----------------------------------------------------------------------------

for shape in hash sorted; do
    say "build: $shape aggregation"
    for statement in "$(ours)" "$(floor)"; do
        plan "${!shape}" "$statement"
        must_be_$shape
    done
    pairs 5 "${!shape}" "$(ours)" "$(floor)"
    metric "build seconds_$shape" "$a"
    metric "build floor_seconds_$shape" "$b"
    metric "build interactions_per_second_$shape" "$(calc 0 "$interactions / $a")"
    metric "build ratio_vs_group_by_$shape" "$(calc 3 "$ratio")" most "$([ $shape = hash ] && echo 2.0 || echo 1.6)"
done

# ---- parallel -----------------------------------------------------------------------------------

say "build: parallel plans"
serial="$hash; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0"
workers='SET max_parallel_workers_per_gather = 2'
for which in ours floor; do
    plan "$serial; $workers" "$($which)"
    plan_must "partial aggregation" '$.**."Partial Mode" ? (@ == "Partial")'
    plan_must "finalize aggregation" '$.**."Partial Mode" ? (@ == "Finalize")'
    plan_must "two workers" '$.**."Workers Launched" ? (@ == 2)'
    plan_must_not "sort" '$.**."Node Type" ? (@ like_regex "Sort")'
    pairs 5 "$serial" "$workers; $($which)" "RESET max_parallel_workers_per_gather; $($which)"
    if [ $which = ours ]; then
        comment "parallel: 2 workers and the leader on $(nproc) processors"
        metric "build seconds_parallel" "$a"
        metric "build ratio_parallel_vs_serial" "$(calc 3 "$ratio")" below 1
    else
        metric "build floor_ratio_parallel_vs_serial" "$(calc 3 "$ratio")"
    fi
done

# ---- memory -------------------------------------------------------------------------------------

# What hash aggregation says of itself: bytes.
peak() {
    plan "$hash" "$1"
    must_be_hash
    plan_value '$.**."Peak Memory Usage"'
    REPLY=$((REPLY * 1024))
}

# What the kernel says of a fresh backend: the most memory of its own it ever had, less what it had before. Shared buffers
# and mapped files stay mapped to the end, so what they are at the end is what they were at the peak.
resident() {
    sql <<SQL
$hash;
\o /dev/null
$(floor "(SELECT * FROM bench.interaction LIMIT 10) s");
$(ours "(SELECT * FROM bench.interaction LIMIT 10) s");
SELECT substring(pg_read_file('/proc/self/status', 0, 4096) FROM 'RssAnon:\s+(\d+)') AS before \gset
$1;
SELECT substring(s FROM 'VmHWM:\s+(\d+)')::bigint - substring(s FROM 'RssShmem:\s+(\d+)')::bigint
       - substring(s FROM 'RssFile:\s+(\d+)')::bigint AS peak FROM pg_read_file('/proc/self/status', 0, 4096) s \gset
\o
SELECT (:peak - :before) * 1024;
SQL
}

say "build: memory"
peak "$(ours)"
metric "build bytes_per_interaction_in_flight" "$(calc 2 "$REPLY / $interactions")" most 40
resident "$(ours)"
metric "build resident_bytes_per_interaction_in_flight" "$(calc 2 "$REPLY / $interactions")"

# groups of one interaction each
single=$(calc 0 "1000000 * $SCALE")
sql <<SQL
CREATE TABLE bench.single AS
    SELECT id AS customer_id, timestamptz '2024-01-01 00:00:00+00' + id * interval '61.234567 s' AS occurred_at,
           'page_view'::text AS kind, 'web'::text AS channel
    FROM generate_series(1::bigint, greatest(1, $single)) id;
VACUUM (FREEZE, ANALYZE) bench.single;
SQL
peak "$(ours bench.single)"
ours_single=$REPLY
peak "$(floor bench.single)"
metric "build bytes_per_single_interaction_group" "$(calc 1 "$ours_single / $single")"
metric "build floor_bytes_per_single_interaction_group" "$(calc 1 "$REPLY / $single")"
metric "build bytes_per_single_interaction_group_net" "$(calc 1 "($ours_single - $REPLY) / $single")"
resident "$(ours bench.single)"
metric "build resident_bytes_per_single_interaction_group" "$(calc 1 "$REPLY / $single")"
pairs 3 "$hash" "$(ours bench.single)" "$(floor bench.single)"
metric "build ratio_vs_group_by_single_interaction_groups" "$(calc 3 "$ratio")"
query "DROP TABLE bench.single"
