# bench/stages.sh: the stage that every customer is in, by a journey of four stages that are entered by one kind each; the peers
# look for the last of these kinds.

# shellcheck shell=bash disable=SC2154,SC2034

say "stages: stored timelines"
ensure_stored
warm crm_timeline.stored_timeline
ask_peers

staged="SELECT stage, count(*), sum(customer_id) FROM (SELECT customer_id, crm_timeline.stage(timeline,
        'looking: product_view; deciding: cart; customer: purchase; unhappy: complaint', 'infinity') AS stage FROM crm_timeline.timelines) s
    WHERE stage IS NOT NULL GROUP BY stage ORDER BY stage"
# the later listed of simultaneous ones, which here is not in the order of letters
entered="CASE kind WHEN 'product_view' THEN 1 WHEN 'cart' THEN 2 WHEN 'purchase' THEN 3 ELSE 4 END"
named="CASE last_entered WHEN 1 THEN 'looking' WHEN 2 THEN 'deciding' WHEN 3 THEN 'customer' ELSE 'unhappy' END"
by_last() {
    echo "SELECT $named AS stage, count(*), sum(customer) FROM (SELECT customer, $1 AS last_entered
          FROM t WHERE kind IN ('product_view', 'cart', 'purchase', 'complaint') GROUP BY customer) s GROUP BY stage ORDER BY stage"
}
read_from_store "$staged"
beside_peers stages 5 "$staged" "$(by_last "argMax($entered, (us, $entered))")" "$(by_last "arg_max($entered, (us, $entered))")"
metric "stages stored_seconds" "$ours"
metric "stages clickhouse_seconds" "$clickhouse"
metric "stages duckdb_seconds" "$duckdb"
metric "stages ratio_vs_clickhouse" "$ratio_clickhouse"
metric "stages ratio_vs_duckdb" "$ratio_duckdb"
metric "stages customers_per_second" "$(calc 0 "$customers / $ours")"
