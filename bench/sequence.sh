# bench/sequence.sh: a sequence with a gate between its steps, of every customer: stored timelines beside ClickHouse's
# sequenceMatch and SQL's window functions in DuckDB.

# shellcheck shell=bash disable=SC2154,SC2034

say "sequence: stored timelines"
ensure_stored
warm crm_timeline.stored_timeline
ask_peers

gated="SELECT count(*), sum(customer_id) FROM crm_timeline.timelines
    WHERE crm_timeline.matches(timeline, 'product_view ->[2 days] cart ->[1 hour] purchase', 'infinity')"
# a condition on time between two events lets anything lie between them
sequence_match="SELECT count(), sum(customer) FROM (SELECT customer, sequenceMatch('(?1)(?t<=172800000000)(?2)(?t<=3600000000)(?3)')
    (us, kind = 'product_view', kind = 'cart', kind = 'purchase') AS matched
    FROM t WHERE kind IN ('product_view', 'cart', 'purchase') GROUP BY customer) WHERE matched"
# the latest view before a cart, the latest such cart before a purchase
windows="SELECT count(DISTINCT customer), sum(DISTINCT customer) FROM (SELECT *,
        max(CASE WHEN kind = 'cart' AND us - viewed <= 172800000000 THEN us END) OVER w AS carted
    FROM (SELECT customer, us, kind, max(CASE WHEN kind = 'product_view' THEN us END) OVER w AS viewed
          FROM t WHERE kind IN ('product_view', 'cart', 'purchase') WINDOW w AS (PARTITION BY customer ORDER BY us)) v
    WINDOW w AS (PARTITION BY customer ORDER BY us)) c
    WHERE kind = 'purchase' AND us - carted <= 3600000000"
read_from_store "$gated"
beside_peers sequence 11 "$gated" "$sequence_match" "$windows"
metric "sequence stored_seconds" "$ours"
metric "sequence clickhouse_seconds" "$clickhouse"
metric "sequence duckdb_seconds" "$duckdb"
metric "sequence ratio_vs_clickhouse" "$ratio_clickhouse" most 0.5
metric "sequence ratio_vs_duckdb" "$ratio_duckdb"
