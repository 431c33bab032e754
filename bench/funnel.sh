# bench/funnel.sh: a funnel of three steps within 7 days, of every customer: over stored timelines beside ClickHouse and DuckDB;
# and over raw rows beside the best that SQL's window functions can do in PostgreSQL.

# shellcheck shell=bash disable=SC2154,SC2034

funnel="'product_view -> cart -> purchase within 7 days', 'infinity'"

# ---- stored timelines --------------------------------------------------------------------------------

say "funnel: stored timelines"
ensure_stored
warm crm_timeline.stored_timeline
ask_peers

# OFFSET 0: PostgreSQL would flatten the subquery, and ask for each customer's depth twice, in WHERE and in GROUP BY.
stored_funnel="SELECT depth, count(*), sum(customer_id) FROM
    (SELECT customer_id, crm_timeline.funnel_depth(timeline, $funnel) AS depth FROM crm_timeline.timelines OFFSET 0) f
    WHERE depth > 0 GROUP BY depth ORDER BY depth"
# the filter is what makes it fast: interactions that are no step are not sorted
window_funnel="SELECT depth, count(), sum(customer) FROM (SELECT customer, windowFunnel(604800000000)
    (us, kind = 'product_view', kind = 'cart', kind = 'purchase') AS depth
    FROM t WHERE kind IN ('product_view', 'cart', 'purchase') GROUP BY customer) WHERE depth > 0 GROUP BY depth ORDER BY depth"
# the latest beginning of each step, by two passes over one order
windows="SELECT depth, count(*), sum(customer) FROM (SELECT customer, max(CASE
        WHEN kind = 'purchase' AND us - carted <= 604800000000 THEN 3
        WHEN kind = 'cart' AND us - viewed <= 604800000000 THEN 2
        WHEN kind = 'product_view' THEN 1 ELSE 0 END) AS depth
    FROM (SELECT *, max(CASE WHEN kind = 'cart' AND us - viewed <= 604800000000 THEN viewed END) OVER w AS carted
        FROM (SELECT customer, us, kind, max(CASE WHEN kind = 'product_view' THEN us END) OVER w AS viewed
            FROM t WHERE kind IN ('product_view', 'cart', 'purchase') WINDOW w AS (PARTITION BY customer ORDER BY us)) v
        WINDOW w AS (PARTITION BY customer ORDER BY us)) c GROUP BY customer) d WHERE depth > 0 GROUP BY depth ORDER BY depth"
read_from_store "$stored_funnel"
beside_peers funnel 11 "$stored_funnel" "$window_funnel" "$windows"
metric "funnel stored_seconds" "$ours"
metric "funnel clickhouse_seconds" "$clickhouse"
metric "funnel duckdb_seconds" "$duckdb"
metric "funnel ratio_vs_clickhouse" "$ratio_clickhouse" most 0.5
metric "funnel ratio_vs_duckdb" "$ratio_duckdb"
pairs 5 '' "$stored_funnel" 'SELECT sum(crm_timeline.length(timeline)) FROM crm_timeline.timelines'
metric "funnel ratio_vs_length" "$(calc 3 "$ratio")"

# ---- raw rows ----------------------------------------------------------------------------------------

say "funnel: raw rows"
steps="kind IN ('product_view', 'cart', 'purchase')"
raw="SELECT depth, count(*), sum(customer_id) FROM (SELECT customer_id,
    crm_timeline.funnel_depth(crm_timeline.timeline_agg(occurred_at, kind), $funnel) AS depth
    FROM bench.interaction WHERE $steps GROUP BY customer_id OFFSET 0) f WHERE depth > 0 GROUP BY depth ORDER BY depth"
# $1: how the frame is told; $2: how two times are compared
by_windows() {
    echo "SELECT depth, count(*), sum(customer_id) FROM (SELECT customer_id, max(CASE
            WHEN kind = 'purchase' AND $(printf "$2" carted) THEN 3
            WHEN kind = 'cart' AND $(printf "$2" viewed) THEN 2
            WHEN kind = 'product_view' THEN 1 ELSE 0 END) AS depth
        FROM (SELECT *, max(CASE WHEN kind = 'cart' AND $(printf "$2" viewed) THEN viewed END) OVER w AS carted
            FROM (SELECT customer_id, occurred_at, kind,
                      max(CASE WHEN kind = 'product_view' THEN occurred_at END) OVER w AS viewed
                  FROM bench.interaction WHERE $steps
                  WINDOW w AS (PARTITION BY customer_id ORDER BY occurred_at $1)) v
            WINDOW w AS (PARTITION BY customer_id ORDER BY occurred_at $1)) c
        GROUP BY customer_id) d WHERE depth > 0 GROUP BY depth ORDER BY depth"
}
# Three ways to the rows, for both sides: all in the customers' order, filtered; the steps alone by an index that
# begins with the kind; the table.
query 'CREATE INDEX interaction_kind ON bench.interaction (kind, customer_id, occurred_at)'
query 'VACUUM (ANALYZE) bench.interaction'
warm bench.interaction bench.interaction_covering bench.interaction_kind
declare -A plans=(
    [order]='SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; SET enable_hashagg = off'
    [kind]='SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = on; SET enable_hashagg = on'
    [table]='SET enable_seqscan = on; SET enable_indexonlyscan = off; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_hashagg = on')
frames=('' 'ROWS UNBOUNDED PRECEDING')
comparisons=("occurred_at <= %s + interval '7 days'" "occurred_at - %s <= interval '7 days'")

# The fastest form and plan of each side, once each, and then those two in pairs.
fastest=
for plan in order kind table; do
    for frame in "${frames[@]}"; do
        for comparison in "${comparisons[@]}"; do
            form=$(by_windows "$frame" "$comparison")
            once "${plans[$plan]}" "$form"
            comment "funnel: window functions, ${frame:-RANGE}, $comparison, by $plan: $seconds s"
            [ "${sql_answer:=$answer}" = "$answer" ] || die "the forms in SQL do not agree: $sql_answer and $answer"
            if [ -z "$fastest" ] || awk "BEGIN { exit !($seconds < $fastest) }"; then
                fastest=$seconds best_form=$form best_settings=${plans[$plan]}
            fi
        done
    done
done
fastest=
warm bench.interaction bench.interaction_covering bench.interaction_kind
for plan in order kind table; do
    once "${plans[$plan]}" "$raw"
    comment "funnel: timeline_agg, by $plan: $seconds s"
    [ "$answer" = "$sql_answer" ] || die "funnel: raw rows give $answer, SQL $sql_answer"
    if [ -z "$fastest" ] || awk "BEGIN { exit !($seconds < $fastest) }"; then
        fastest=$seconds our_settings=${plans[$plan]}
    fi
done
# by the store's numbers of the customers
query "SELECT depth, count(*), sum(number) FROM (SELECT customer_id, crm_timeline.funnel_depth(crm_timeline.timeline_agg(occurred_at, kind), $funnel) AS depth
       FROM bench.interaction WHERE $steps GROUP BY customer_id OFFSET 0) f JOIN $member m USING (customer_id) WHERE depth > 0 GROUP BY depth ORDER BY depth"
[ "$(peer_form "$REPLY")" = "$peers_answer" ] || die "funnel: raw rows give $REPLY, stored timelines $peers_answer"
pairs 5 '' "$our_settings; $raw" "$best_settings; $best_form"
metric "funnel raw_seconds" "$a"
metric "funnel sql_seconds" "$b"
metric "funnel ratio_vs_sql" "$(calc 3 "$ratio")" most 0.6
