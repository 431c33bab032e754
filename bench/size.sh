# bench/size.sh: bytes per interaction of stored timelines with time, kind and channel; beside plain rows, and beside
# ClickHouse with the same columns.

# shellcheck shell=bash disable=SC2154

# Sets REPLY to the table's bytes (with TOAST, free space map and visibility map, without indexes) per interaction.
per_interaction() {
    query "SELECT pg_table_size('$1')"
    REPLY=$(calc 3 "$REPLY / $interactions")
}

say "size: timelines"
ensure_bare
per_interaction bench.stored
ours=$REPLY
metric "size bytes_per_interaction" "$ours" most 8.8
query "SELECT round(pg_relation_size(c.oid)::numeric / $interactions, 2), round(pg_table_size(reltoastrelid)::numeric / $interactions, 2),
       (SELECT count(*) FROM bench.stored WHERE pg_column_size(timeline) > 2000)
       FROM pg_class c WHERE oid = 'bench.stored'::regclass"
IFS='|' read -r main toast large <<<"$REPLY"
comment "of these $main in the table, $toast in TOAST: about $large of $customers timelines are too large for the table"
query "SELECT sum(pg_column_size(timeline)) FROM bench.stored"
metric "size value_bytes_per_interaction" "$(calc 3 "$REPLY / $interactions")"
sql <<'SQL'
ALTER TABLE bench.stored ADD PRIMARY KEY (customer_id);
SELECT pg_total_relation_size('bench.stored');
SQL
metric "size bytes_per_interaction_with_primary_key" "$(calc 3 "$REPLY / $interactions")"

sql <<'SQL'
CREATE TABLE bench.stored_seconds WITH (toast_tuple_target = 8160) AS
    SELECT customer_id, crm_timeline.timeline_agg(date_trunc('second', occurred_at, 'UTC'), kind, 'channel', channel) AS timeline
    FROM bench.interaction GROUP BY customer_id;
CREATE TABLE bench.stored_uniform WITH (toast_tuple_target = 8160) AS
    SELECT customer_id, crm_timeline.timeline_agg(occurred_at, kind, 'channel', channel) AS timeline
    FROM bench.interaction_uniform GROUP BY customer_id;
VACUUM bench.stored_seconds;
VACUUM bench.stored_uniform;
SQL
per_interaction bench.stored_seconds
metric "size bytes_per_interaction_seconds" "$REPLY" most 6.5
comment "uniform: every time drawn from the whole year, every channel anew: nothing to hold on to"
per_interaction bench.stored_uniform
ours_uniform=$REPLY
metric "size bytes_per_interaction_uniform" "$ours_uniform" most 8.8
query "DROP TABLE bench.stored_seconds; DROP TABLE bench.stored_uniform"
per_interaction bench.interaction_uniform
comment "heap: the same as plain rows (customer_id, occurred_at, kind, channel), without any index"
metric "size heap_bytes_per_interaction" "$REPLY"

peers
for data in visits uniform; do
    table=bench.interaction suffix=
    mine=$ours
    if [ $data = uniform ]; then
        table=bench.interaction_uniform suffix=_uniform
        mine=$ours_uniform
    fi
    say "size: ClickHouse, $data"
    sql <<SQL
COPY (SELECT customer_id, (extract(epoch FROM occurred_at) * 1000000)::bigint, kind, channel FROM $table)
    TO '$TMP/tmp/interactions.tsv';
SELECT sum((extract(epoch FROM occurred_at) * 1000000)::bigint % 1000003
           * (customer_id % 1009 + length(kind) * 31 + length(channel))) FROM $table;
SQL
    checksum=$REPLY
    mkdir "$TMP/tmp/clickhouse"
    run_group node "$here/clickhouse_size.js" "$TMP/tmp/interactions.tsv" "$TMP/tmp/clickhouse" >"$TMP/clickhouse.out" ||
        die "ClickHouse could not be measured"
    rm -rf "$TMP/tmp/clickhouse" "$TMP/tmp/interactions.tsv"
    said() { sed -n "s/^$1 //p" "$TMP/clickhouse.out"; }
    [ "$(said rows) $(said checksum)" = "$interactions $checksum" ] || die "ClickHouse does not have the same interactions"

    [ $data = uniform ] || comment "ClickHouse $(said version), one part ordered by (customer, time), UInt32," \
        "DateTime64(6), LowCardinality(String) twice; bytes on disk"
    per() { calc 3 "$(said "$1") / $interactions"; }
    columns() {
        said "$1" | tr ',' '\n' | awk -F= -v n="$interactions" '{ printf "%s%s %.2f", (NR > 1 ? ", " : ""), $1, $2 / n }'
    }
    comment "$data: ClickHouse, default codecs: $(columns default_columns); with String instead: $(per strings_bytes) in all"
    metric "size clickhouse_bytes_per_interaction$suffix" "$(per default_bytes)"
    metric "size ratio_vs_clickhouse$suffix" "$(calc 3 "$mine / $(per default_bytes)")" most 0.92
    comment "$data: ClickHouse, tuned codecs: $(said tuned_codecs): $(columns tuned_columns)"
    metric "size clickhouse_tuned_bytes_per_interaction$suffix" "$(per tuned_bytes)"
    metric "size ratio_vs_clickhouse_tuned$suffix" "$(calc 3 "$mine / $(per tuned_bytes)")"
done
