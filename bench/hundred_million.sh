#!/bin/bash
# bench/hundred_million.sh: the store of a hundred million interactions, by hand, on a server with the settings that a careful
# administrator gives it: made once, its size, and a funnel of all customers in one process and with two workers beside it; with
# the memory of the processes as the kernel tells it.
#
#     bench/hundred_million.sh                    1,500,000 customers with 110 million interactions
#     CUSTOMERS=15000 bench/hundred_million.sh    fewer, to try it
#
# Prints what bench/run.sh prints. Takes about an hour and, for each million interactions, 450 MB below TMPDIR, most of it while
# the data is made; it does not begin unless 20 GB stay free.

# shellcheck disable=SC1091,SC2034,SC2154

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/../test/lib.sh"
. "$here/measure.sh"

name=hundred_million
customers=${CUSTOMERS:-1500000}
[[ $customers =~ ^[1-9][0-9]*$ ]] || die "CUSTOMERS=$customers: a number such as 15000"
SCALE=$(calc 4 "$customers / 150000")
free=$(df --output=avail -k "$TMP" | tail -n 1)
needed=$((customers * 74 * 450 / 1000 + 20 * 1024 * 1024))
[ "$free" -gt "$needed" ] || die "$((free / 1048576)) GB are free below $TMP, $((needed / 1048576)) are needed"

set_up shared_buffers=4GB work_mem=64MB maintenance_work_mem=1GB effective_cache_size=12GB random_page_cost=1.1 \
    max_wal_size=8GB checkpoint_timeout=15min wal_level=minimal max_wal_senders=0 autovacuum=off \
    max_parallel_workers_per_gather=0
comment "machine: $(lscpu | sed -n 's/^Model name: *//p' | head -n 1), $(nproc) processors," \
    "$(free -g | awk '/^Mem:/ { print $2 }') GB, $(uname -sr)"
query "SELECT split_part(version(), ',', 1)"
comment "server: $REPLY"
comment "settings: shared_buffers 4 GB, work_mem 64 MB, maintenance_work_mem 1 GB, random_page_cost 1.1"
PGOPTIONS='-c work_mem=1GB' generate -v uniform=off
query "SELECT pg_size_pretty(pg_relation_size('bench.interaction'))"
comment "the table of the interactions has $REPLY"

# ---- memory --------------------------------------------------------------------------------------------

# Until the server ends or somebody ends it: the most memory of its own (that is, without shared buffers and files) that each process
# has, which asks the server or works for one that does, in kB. It looks ten times a second.
watch_memory() {
    local server pid name size
    server=$(head -n 1 "$TMP/data/postmaster.pid")
    while kill -0 "$server" 2>/dev/null; do
        for pid in $(pgrep -P "$server"); do
            name=$(tr '\0' ' ' <"/proc/$pid/cmdline") 2>/dev/null || continue
            case $name in
            *"parallel worker"*) name=worker ;;
            "postgres: $PGUSER "*) name=leader ;;
            *) continue ;;
            esac
            size=$(awk '/^RssAnon/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || continue
            printf '%s %s %s\n' "$name" "$pid" "${size:-0}"
        done
        sleep 0.1
    done 2>/dev/null
}
# watched COMMAND...: runs it, and sets leader_memory and worker_memory, the most that one process had, in MB
watched() {
    local watcher
    watch_memory >"$TMP/memory" &
    watcher=$!
    "$@"
    kill "$watcher"
    wait "$watcher" 2>/dev/null || true
    most() { awk -v n="$1" '$1 == n && $3 > most { most = $3 } END { printf "%.0f\n", most / 1024 }' "$TMP/memory"; }
    leader_memory=$(most leader)
    worker_memory=$(most worker)
}
# A statement, what it took, and what the kernel says of its backend: sets seconds, high_water and temporary (MB)
measured() {
    sql <<SQL
SELECT sum(temp_bytes)::bigint AS temporary FROM pg_stat_database \\gset
\\o /dev/null
SELECT clock_timestamp() AS began \\gset
$1;
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz) AS seconds \\gset
\\o
SELECT substring(s FROM 'VmHWM:\\s+(\\d+)')::bigint / 1024 AS high_water FROM pg_read_file('/proc/self/status', 0, 4096) s \\gset
SELECT pg_stat_force_next_flush() \\g /dev/null
SELECT :seconds, :high_water, (sum(temp_bytes)::bigint - :temporary) / 1048576 FROM pg_stat_database;
SQL
    IFS='|' read -r seconds high_water temporary <<<"$REPLY"
}

# ---- made once -----------------------------------------------------------------------------------------

say "hundred_million: making the store"
register
query CHECKPOINT
watched measured 'CALL crm_timeline.refresh()'
metric "hundred_million build_seconds" "$(calc 1 "$seconds")"
metric "hundred_million interactions_per_second" "$(calc 0 "$interactions / $seconds")"
metric "hundred_million build_high_water_megabytes" "$high_water"
metric "hundred_million build_own_megabytes" "$leader_memory"
metric "hundred_million build_temporary_megabytes" "$temporary"
query "SELECT sum(interactions) = $interactions AND count(*) = $customers FROM crm_timeline.customer_summary"
[ "$REPLY" = t ] || die "the store does not have all interactions"
sql <<'SQL'
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
SELECT pg_table_size('crm_timeline.stored_timeline') + pg_table_size('crm_timeline.stored_segment'),
    pg_total_relation_size('crm_timeline.stored_timeline') + pg_total_relation_size('crm_timeline.stored_segment');
SQL
metric "hundred_million megabytes" "$(calc 0 "${REPLY%|*} / 1048576")"
metric "hundred_million bytes_per_interaction" "$(calc 3 "${REPLY%|*} / $interactions")"
metric "hundred_million bytes_per_interaction_with_indexes" "$(calc 3 "${REPLY#*|} / $interactions")"

# ---- a funnel of all customers -------------------------------------------------------------------------

funnel="SELECT depth, count(*), sum(customer_id) FROM (SELECT customer_id,
    crm_timeline.funnel_depth(timeline, 'product_view -> cart -> purchase within 7 days', 'infinity') AS depth
    FROM crm_timeline.timelines OFFSET 0) f WHERE depth > 0 GROUP BY depth ORDER BY depth"
say "hundred_million: a funnel in one process"
warm crm_timeline.stored_timeline
read_from_store "$funnel"
once '' "$funnel"
serial_answer=$answer
metric "hundred_million funnel_seconds" "$(calc 2 "$seconds")"
watched measured "$funnel"
metric "hundred_million funnel_own_megabytes" "$leader_memory"

say "hundred_million: a funnel with two workers"
workers='SET max_parallel_workers_per_gather = 2'
plan "$workers" "$funnel"
# the leader and its workers each have a part of the stored timelines
if plan_has '$.** ? (@."Relation Name" == "stored_timeline" && @."Parallel Aware" == true && @."Actual Loops" == 3)'; then
    once "$workers" "$funnel"
    [ "$answer" = "$serial_answer" ] || die "the funnel gives $answer in parallel, $serial_answer alone"
    metric "hundred_million funnel_parallel_seconds" "$(calc 2 "$seconds")"
    watched measured "$workers; $funnel"
    metric "hundred_million funnel_parallel_leader_megabytes" "$leader_memory"
    metric "hundred_million funnel_parallel_worker_megabytes" "$worker_memory"
else
    plan_value '$.**."Workers Launched"'
    comment "not parallel: workers launched: ${REPLY:-none}"
    # what the view calls, and the views below it, that no worker may
    sql <<'SQL'
WITH RECURSIVE used(class, object) AS (
    SELECT 'pg_class'::regclass::oid, 'crm_timeline.timelines'::regclass::oid
    UNION
    SELECT d.refclassid, d.refobjid FROM used u JOIN pg_rewrite w ON w.ev_class = u.object JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
    WHERE u.class = 'pg_class'::regclass AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass))
SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), 'none') FROM used u JOIN pg_proc p ON u.class = 'pg_proc'::regclass AND p.oid = u.object
WHERE p.proparallel <> 's';
SQL
    comment "not parallel: functions of the view that a worker may not call: $REPLY"
    plan "$workers; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0" "$funnel"
    plan_value '$.**."Workers Launched"'
    comment "not parallel: where workers cost nothing, launched: ${REPLY:-none}"
fi
comment "$met targets met, $missed missed"
