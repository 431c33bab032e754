# bench/store.sh: the store over the registered interactions: what it takes to make it, to bring it up to date and to read it, when
# nothing, a thousandth and a hundredth of the customers were written to since.
#
# STORE_RUNS=5 bench/run.sh store    makes it so many times (3 without)

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
    line+=" $seconds"
    query 'SELECT customers FROM crm_timeline.refresh_run'
    [ "$REPLY" = 0 ] || die "a rebuild without a change wrote $REPLY customers"
    runs+=$line$'\n'
    comment "store: run $run: refresh, aggregates by identity, by customer, over the view, rebuild: $line s"
done
runs=${runs%$'\n'}
plan '' "$by_identity"
plan_must "hash aggregation" '$.**."Strategy" ? (@ == "Hashed")'
plan_must_not "sort or index" '$.**."Node Type" ? (@ like_regex "Sort|Index")'
query "SELECT sum(interactions) = $interactions AND count(*) = $customers FROM crm_timeline.customer_summary"
[ "$REPLY" = t ] || die "the store does not have all interactions"
build=$(median_of 1)
metric "store build_seconds" "$build"
metric "store build_seconds_least" "$(least_of 1)"
metric "store interactions_per_second" "$(calc 0 "$interactions / $build")"
metric "store interactions_per_second_best" "$(calc 0 "$interactions / $(least_of 1)")"
metric "store ratio_vs_group_by_identity" "$(calc 3 "$(median_ratio 1 2)")" most 3
metric "store ratio_vs_group_by_customer" "$(calc 3 "$(median_ratio 1 3)")"
metric "store ratio_vs_group_by_view" "$(calc 3 "$(median_ratio 1 4)")"
metric "store rebuild_seconds" "$(median_of 5)"
metric "store ratio_rebuild_vs_build" "$(calc 3 "$(median_ratio 5 1)")"
stored=1

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
    done
    query 'CALL crm_timeline.refresh()'
done

# ---- everything as it was --------------------------------------------------------------------------------

sql <<'SQL'
DELETE FROM bench.interaction WHERE thread = 'bench/store.sh';
CALL crm_timeline.refresh();
VACUUM (FREEZE, ANALYZE) bench.interaction;
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
SQL
query 'SELECT count(*) FROM bench.interaction'
[ "$REPLY" = "$interactions" ] || die "$REPLY interactions are left of $interactions"
