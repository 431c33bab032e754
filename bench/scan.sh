# bench/scan.sh: reading stored timelines. timeline_scan visits time, kind and channel of every interaction and adds them up;
# nothing but this script creates it in SQL. length looks at one number per customer: what a statement costs that touches
# every stored row.

# shellcheck shell=bash disable=SC2154

say "scan: stored timelines"
ensure_bare
sql <<'SQL'
CREATE FUNCTION bench.timeline_scan(crm_timeline.timeline) RETURNS bigint
    AS '$libdir/crm_timeline', 'timeline_scan' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
SELECT pg_prewarm('bench.stored');
SELECT pg_prewarm(reltoastrelid) FROM pg_class WHERE oid = 'bench.stored'::regclass;
SELECT pg_prewarm(indexrelid) FROM pg_index JOIN pg_class c ON indrelid = reltoastrelid WHERE c.oid = 'bench.stored'::regclass;
SQL
scan_all='SELECT sum(bench.timeline_scan(timeline)) FROM bench.stored'
pairs 9 '' "$scan_all" 'SELECT sum(crm_timeline.length(timeline)) FROM bench.stored'
metric "scan seconds" "$a"
metric "scan length_seconds" "$b"
metric "scan ns_per_interaction" "$(calc 3 "$a * 1e9 / $interactions")" most 5
metric "scan ns_per_interaction_net" "$(calc 3 "($a - $b) * 1e9 / $interactions")"
