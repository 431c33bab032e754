# bench/gated.sh: a gated pattern of repeated steps that has no match, over one long timeline: what made other engines give up.
# The kinds a, b and c follow each other by chance, some seconds apart, so that at every moment very many ways are open; the one
# d comes first of all, so that none of them ends, and no dictionary tells so.

# shellcheck shell=bash disable=SC2154,SC2034

say "gated: one long timeline"
sql <<'SQL'
CREATE TABLE bench.long_timeline (n int, timeline crm_timeline.timeline);
ALTER TABLE bench.long_timeline ALTER timeline SET STORAGE EXTERNAL;
INSERT INTO bench.long_timeline
    SELECT n, crm_timeline.timeline_agg(timestamptz '2026-01-01 00:00:00+00' + i * interval '7 s',
        CASE WHEN i = 0 THEN 'd' ELSE ('[0:2]={a,b,c}'::text[])[floor(3 * bench.u(n, i))] END, 'channel',
        ('[0:2]={web,phone,email}'::text[])[floor(3 * bench.u(n + 1, i))])
    FROM (VALUES (80000), (800000)) s(n), generate_series(0::bigint, n - 1) i GROUP BY n;
SQL
# The least of five times of an expression over the timeline of $1 interactions, in milliseconds; it must be false.
least_of_five() {
    local i statement="SELECT $2 FROM bench.long_timeline WHERE n = $1"
    least=
    for i in 1 2 3 4 5; do
        once '' "$statement"
        [ "$answer" = "$3" ] || die "gated: $2 is $answer"
        if [ -z "$least" ] || awk "BEGIN { exit !($seconds < $least) }"; then least=$seconds; fi
    done
    least=$(calc 2 "$least * 1000")
}
pattern="crm_timeline.matches(timeline, 'a+ ->[1 hour] b+ ->[1 hour] c+ -> d', 'infinity')"
least_of_five 80000 "$pattern" f
short=$least
metric "gated ms_80000" "$short" most 20
least_of_five 800000 "$pattern" f
metric "gated ms_800000" "$least" most "$(calc 2 "$short * 10.5 + 5")"
metric "gated ratio_800000_vs_80000" "$(calc 2 "$least / $short")"
least_of_five 800000 "crm_timeline.matches(timeline, 'd -> a@web -> no any -> d', 'infinity')" f
metric "gated exclusion_ms_800000" "$least"
query "DROP TABLE bench.long_timeline"
