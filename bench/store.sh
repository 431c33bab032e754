# bench/store.sh: the store over the registered interactions: what it takes to make it, to bring it up to date and to read it, all of
# it and one customer, when nothing, a thousandth and a hundredth of the customers were written to since; its size; and
# what a new interaction of a very large customer writes to the log of the server.
#
# STORE_RUNS=5 bench/run.sh store          makes it so many times (3 without)
# STORE_SECONDS=10 bench/run.sh store      asks for single customers so long, in each way (3 without)
# STORE_GIANT=100000 bench/run.sh store    the interactions of the large customer (1,000,000 without)

# shellcheck shell=bash disable=SC2154,SC2034

# ---- made from nothing ---------------------------------------------------------------------------------

# The cheapest aggregates over the same rows. The one that counts groups as the store does: by the identity, which is computed
# for each row, and then looks the customers up.
floor() {
    echo "SELECT count(k), count(c), count(f), count(l) FROM ($1 OFFSET 0) s"
}
aggregates='count(kind) AS k, count(channel) AS c, min(occurred_at) AS f, max(occurred_at) AS l'
by_identity=$(floor "SELECT m.customer_id, sum(k) AS k, sum(c) AS c, min(f) AS f, max(l) AS l
    FROM (SELECT crm_timeline.identity('customer', crm_timeline.bigint_text(customer_id)) AS identity, $aggregates
          FROM bench.interaction GROUP BY 1) p
    JOIN crm_timeline.membership m ON m.identity OPERATOR(crm_timeline.=) p.identity GROUP BY m.customer_id")
by_customer=$(floor "SELECT customer_id, $aggregates FROM bench.interaction GROUP BY customer_id")
by_view=$(floor "SELECT customer_id, $aggregates FROM crm_timeline.interactions GROUP BY customer_id")

# Columns of numbers, a run in a line: the median and the least of the column $1, and of the ratio of two.
median_of() { cut -d' ' -f"$1" <<<"$runs" | median; }
least_of() { cut -d' ' -f"$1" <<<"$runs" | sort -n | head -n 1; }
median_ratio() { awk -v a="$1" -v b="$2" '{ printf "%.4f\n", $a / $b }' <<<"$runs" | median; }

warm bench.interaction
runs=
for run in $(seq "${STORE_RUNS:-3}"); do
    say "store: made from nothing, run $run"
    # as if everybody had been heard of lately, and might wait
    fresh_extension
    register
    query "INSERT INTO crm_timeline.target (name, value) VALUES ('patience', '10000 days')"
    query CHECKPOINT
    timed 'CALL crm_timeline.refresh()'
    patient=$seconds
    fresh_extension
    register
    query CHECKPOINT
    timed 'CALL crm_timeline.refresh()'
    line=$seconds
    for statement in "$by_identity" "$by_customer" "$by_view"; do
        once '' "$statement"
        line+=" $seconds"
    done
    timed 'CALL crm_timeline.rebuild()'
    line+=" $seconds $patient"
    query 'SELECT customers FROM crm_timeline.refresh_run'
    [ "$REPLY" = 0 ] || die "a rebuild without a change wrote $REPLY customers"
    runs+=$line$'\n'
    comment "store: run $run: refresh, aggregates by identity, by customer, over the view, rebuild, refresh where all may wait: $line s"
done
runs=${runs%$'\n'}
plan '' "$by_identity"
plan_must "hash aggregation of the rows in the table" \
    '$.** ? (@."Strategy" == "Hashed" && @."Plans"[0]."Node Type" == "Seq Scan" && @."Plans"[0]."Relation Name" == "interaction")'
query "SELECT sum(interactions) = $interactions AND count(*) = $customers FROM crm_timeline.customer_summary"
[ "$REPLY" = t ] || die "the store does not have all interactions"
build=$(median_of 1)
metric "store build_seconds" "$build"
metric "store build_seconds_least" "$(least_of 1)"
metric "store interactions_per_second" "$(calc 0 "$interactions / $build")"
metric "store interactions_per_second_best" "$(calc 0 "$interactions / $(least_of 1)")"
metric "store ratio_vs_group_by_identity" "$(calc 3 "$(median_ratio 1 2)")" most 3
comment "store: the data are of 2025, so nobody has been heard of within the patience; as if everybody had been:"
metric "store ratio_where_all_may_wait_vs_group_by_identity" "$(calc 3 "$(median_ratio 6 2)")"
metric "store ratio_vs_group_by_customer" "$(calc 3 "$(median_ratio 1 3)")"
metric "store ratio_vs_group_by_view" "$(calc 3 "$(median_ratio 1 4)")"
metric "store rebuild_seconds" "$(median_of 5)"
metric "store ratio_rebuild_vs_build" "$(calc 3 "$(median_ratio 5 1)")"

# ---- its size ------------------------------------------------------------------------------------------

sql <<'SQL'
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
SELECT pg_table_size('crm_timeline.stored_timeline') + pg_table_size('crm_timeline.stored_segment'),
    pg_total_relation_size('crm_timeline.stored_timeline') + pg_total_relation_size('crm_timeline.stored_segment'),
    pg_relation_size('bench.interaction');
SQL
IFS='|' read -r table total heap <<<"$REPLY"
comment "store: with TOAST, and with five indexes; the heap of the source, which has more columns, without any index"
metric "store bytes_per_interaction" "$(calc 3 "$table / $interactions")"
metric "store bytes_per_interaction_with_indexes" "$(calc 3 "$total / $interactions")"
metric "store heap_bytes_per_interaction" "$(calc 3 "$heap / $interactions")"
metric "store ratio_size_vs_heap" "$(calc 4 "$table / $heap")"
metric "store ratio_size_with_indexes_vs_heap" "$(calc 4 "$total / $heap")"

# ---- brought up to date --------------------------------------------------------------------------------

# One new interaction each of the customers whose number in the store is $2 in $1. What is written here bears a thread, which is no
# part of the source, so that it can be told and taken away.
write_to() {
    query "INSERT INTO bench.interaction (customer_id, occurred_at, kind, channel, thread)
           SELECT customer_id, timestamptz '2025-06-01 00:00:00+00' + number * interval '1.234567 s', 'page_view', 'web', 'bench/store.sh'
           FROM $member m WHERE number % $1 = $2"
}
in_mode() {
    query 'SELECT crm_timeline.store_mode()'
    [ "$REPLY" = "$1" ] || die "the store is in mode $REPLY instead of $1"
}

say "store: refresh after writing to a hundredth of the customers"
query 'CALL crm_timeline.create_suggested_indexes()'
sql <<'SQL'
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
VACUUM (ANALYZE) bench.interaction;
VACUUM (ANALYZE) crm_timeline.membership;
SQL
runs=
for run in 0 1 2 3 4 5; do
    write_to 100 "$run"
    query CHECKPOINT
    timed 'CALL crm_timeline.refresh()'
    query 'SELECT customers FROM crm_timeline.refresh_run'
    [ "$run" = 0 ] || runs+=$seconds$'\n'
    written=$REPLY
done
runs=${runs%$'\n'}
metric "store refresh_hundredth_seconds" "$(median_of 1)"
metric "store refresh_hundredth_ms_per_customer" "$(calc 3 "1000 * $(median_of 1) / $written")"
metric "store ratio_refresh_hundredth_vs_build" "$(calc 4 "$(median_of 1) / $build")"

# ---- all timelines, with dirty customers ----------------------------------------------------------------

# reading SOURCE: the two questions, of the view or of what is stored
lengths() { echo "SELECT sum(crm_timeline.length(timeline)) FROM crm_timeline.$1"; }
funnels() {
    echo "SELECT depth, count(*), sum(customer_id) FROM (SELECT customer_id,
        crm_timeline.funnel_depth(timeline, 'product_view -> cart -> purchase within 7 days', 'infinity') AS depth
        FROM crm_timeline.$1 OFFSET 0) f WHERE depth > 0 GROUP BY depth ORDER BY depth"
}
sql <<'SQL'
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
VACUUM (ANALYZE) bench.interaction;
VACUUM (ANALYZE) crm_timeline.dirty_log;
VACUUM (ANALYZE) crm_timeline.changed_customer;
SQL
warm crm_timeline.stored_timeline
query 'SET jit = on; SELECT pg_jit_available()'
has_jit=$REPLY
for share in 0 thousandth hundredth; do
    say "store: all timelines, dirty customers: $share"
    case $share in
    0) in_mode 0 ;;
    thousandth) write_to 1000 7; in_mode 1 ;;
    hundredth) write_to 100 7; in_mode 1 ;;
    esac
    for question in lengths funnels; do
        if [ $share = 0 ]; then
            read_from_store "$($question timelines)"
        else
            plan '' "$($question timelines)"
            plan_value '$.** ? (@."Relation Name" == "interaction" && @."Actual Loops" > 0)."Node Type"'
            comment "store: $question, dirty customers: $share; their rows are read by: $REPLY"
        fi
        pairs 11 '' "$($question timelines)" "$($question stored_timeline)"
        case $share in
        0) metric "store ${question}_ratio_clean" "$(calc 3 "$ratio")" most 1.1 ;;
        *) metric "store ${question}_ratio_dirty_$share" "$(calc 3 "$ratio")" ;;
        esac
        metric "store ${question}_ms_dirty_$share" "$(calc 2 "$a * 1000")"
        # as a server is by default, where it has the compiler
        if [ $share = 0 ] && [ "$has_jit" = t ]; then
            pairs 3 'SET jit = on' "$($question timelines)" "$($question stored_timeline)"
            metric "store ${question}_ratio_clean_with_jit" "$(calc 3 "$ratio")"
        fi
    done
    [ $share = hundredth ] || query 'CALL crm_timeline.refresh()'
done

# ---- one customer ----------------------------------------------------------------------------------------

# Customers whose number in the store is 7 in 100 are dirty now, and those with 3 are not. Up to five hundred of them, in turns.
query 'SELECT crm_timeline.is_dirty(7) AND NOT crm_timeline.is_dirty(3)'
[ "$REPLY" = t ] || die "the dirty customers are not those that were written to"
last=$(((customers - 7) / 100))
[ "$last" -lt 500 ] || last=499
declare -A questions=(
    [timeline_of]='SELECT crm_timeline.length(crm_timeline.timeline_of(:c))'
    [timelines]='SELECT crm_timeline.length(timeline) FROM crm_timeline.timelines WHERE customer_id = :c'
    [last_interaction_of]='SELECT * FROM crm_timeline.last_interaction_of(:c)'
    [customer_summary]='SELECT * FROM crm_timeline.customer_summary WHERE customer_id = :c'
    [customer_summary_50]='SELECT * FROM crm_timeline.customer_summary ORDER BY last_at LIMIT 50')
mkdir -p "$TMP/store"
one_customer() {
    local name
    for name in timeline_of timelines last_interaction_of customer_summary customer_summary_50; do
        [ "$1" != dirty ] || [ $name != customer_summary_50 ] || continue
        printf '%s\n' "\\set c $2 + 100 * random(0, $last)" "${questions[$name]};" >"$TMP/store/$name.sql"
        # of those that take long there may be one
        latencies "$TMP/store/$name.sql" prepared '' "${STORE_SECONDS:-3}" "$([ $name = customer_summary_50 ] && echo 0 || echo 20)"
        metric "store ${name}_ms_$1" "$p50"
    done
}
say "store: one customer"
one_customer dirty 7
one_customer beside_dirty 3
query 'CALL crm_timeline.refresh()'
in_mode 0
one_customer clean 3
plan '' "${questions[customer_summary_50]}"
plan_must "stored customers" '$.** ? (@."Relation Name" == "stored_timeline" && @."Actual Loops" > 0)'
plan_value '$.** ? (@."Relation Name" == "stored_timeline" && @."Actual Loops" > 0)."Node Type"'
comment "store: the 50 customers that were silent longest are read by: $REPLY"
plan_value '$.** ? (@."Relation Name" == "stored_timeline" && @."Actual Loops" > 0)."Actual Rows"'
metric "store customer_summary_50_rows_read" "$(calc 0 "$REPLY")" most 50

# ---- few customers by a pattern --------------------------------------------------------------------------

say "store: a selective pattern"
selective="SELECT count(*), sum(customer_id) FROM crm_timeline.timelines
    WHERE timeline OPERATOR(crm_timeline.@@) crm_timeline.pattern 'refund@phone -> refund@store'"
index='SET enable_seqscan = on; SET enable_bitmapscan = on'
scan='SET enable_seqscan = on; SET enable_bitmapscan = off; SET enable_indexscan = off'
plan '' "$selective"
plan_must "index of patterns" '$.** ? (@."Index Name" == "stored_timeline_kinds" && @."Actual Loops" > 0)'
once "$scan" "$selective"
scanned=$answer
once "$index" "$selective"
[ "$answer" = "$scanned" ] || die "a scan finds $scanned, the index $answer"
pairs 11 '' "$index; $selective" "$scan; $selective"
comment "store: refund@phone -> refund@store: ${answer%|*} customers of $customers"
metric "store pattern_index_ms" "$(calc 2 "$a * 1000")"
metric "store pattern_scan_ms" "$(calc 2 "$b * 1000")"
metric "store pattern_ratio_index_vs_scan" "$(calc 4 "$ratio")"

# ---- what a very large customer writes --------------------------------------------------------------------

giant=${STORE_GIANT:-1000000}
say "store: a customer with $giant interactions"
query "INSERT INTO bench.interaction (customer_id, occurred_at, kind, channel, thread)
       SELECT $customers + 1, timestamptz '2023-01-01 00:00:00+00' + (i + bench.u(1, i)) * interval '730 days' / $giant, kind, channel, 'bench/store.sh'
       FROM generate_series(1::bigint, $giant) i JOIN bench.channel_draw c ON c.draw = floor(1000 * bench.u(2, i))::int
           JOIN bench.kind_draw k ON k.draw = c.no * 1000 + floor(bench.u(3, i) * 1000)::int ORDER BY 2"
timed 'CALL crm_timeline.refresh()'
metric "store giant_seconds" "$(calc 2 "$seconds")"
sql <<SQL
VACUUM (ANALYZE) bench.interaction;
VACUUM (ANALYZE) crm_timeline.stored_timeline;
VACUUM (ANALYZE) crm_timeline.stored_segment;
SELECT count(*), max(pg_column_size(timeline)), sum(interactions) = $giant FROM crm_timeline.stored_segment;
SQL
comment "store: segments, bytes of the largest, all there: $REPLY"
[ "${REPLY##*|}" = t ] || die "the segments do not have the customer's interactions"

# giant_writes NAME TIME [LIMIT]: after a checkpoint and a refresh that does not count, fifty times one more interaction, at a time that
# depends on i, and a refresh. What the refreshes wrote is told.
giant_writes() {
    {
        echo 'CHECKPOINT;'
        for i in $(seq 0 50); do
            echo "INSERT INTO bench.interaction (customer_id, occurred_at, kind, channel, thread)
                  VALUES ($customers + 1, ${2//:i/$i}, 'page_view', 'web', 'bench/store.sh');
                  SELECT pg_current_wal_insert_lsn() AS lsn, clock_timestamp() AS began \\gset
                  CALL crm_timeline.refresh();
                  SELECT pg_current_wal_insert_lsn() - :'lsn'::pg_lsn, extract(epoch FROM clock_timestamp() - :'began'::timestamptz) * 1000;"
        done
    } >"$TMP/store/giant.sql"
    sql <"$TMP/store/giant.sql"
    metric "store giant_bytes_first_$1" "$(head -n 1 <<<"${REPLY%%|*}")"
    REPLY=$(tail -n 50 <<<"$REPLY")
    comment "store: bytes of $1, least and most: $(cut -d'|' -f1 <<<"$REPLY" | sort -n | sed -n '1p;$p' | xargs)"
    metric "store giant_bytes_$1" "$(awk -F'|' '{ bytes += $1 } END { printf "%.0f", bytes / NR }' <<<"$REPLY")" ${3:+most "$3"}
    metric "store giant_ms_$1" "$(cut -d'|' -f2 <<<"$REPLY" | median)"
}
recent="timestamptz '2025-01-02 00:00:00+00' + :i * interval '61.234567 s'"
past="timestamptz '2023-01-01 00:00:00+00' + bench.u(4, :i) * interval '730 days'"
giant_writes new "$recent" 65536
giant_writes past "$past"
query 'ALTER SYSTEM SET full_page_writes = on'
query 'SELECT pg_reload_conf()'
giant_writes new_full_pages "$recent + interval '1 day'"
giant_writes past_full_pages "$past + interval '1 s'"
query 'ALTER SYSTEM RESET full_page_writes'
query 'SELECT pg_reload_conf()'

# ---- everything as it was --------------------------------------------------------------------------------

fresh_extension
sql <<'SQL'
DELETE FROM bench.interaction WHERE thread = 'bench/store.sh';
VACUUM (FREEZE, ANALYZE) bench.interaction;
SELECT count(*) FROM bench.interaction;
SQL
[ "$REPLY" = "$interactions" ] || die "$REPLY interactions are left of $interactions"
