# bench/views.sh: the views over all customers, in full, and the queue of those who wait. Then what they say of a hundredth of the
# customers, beside plain SQL over the rows of these (bench/views.sql).

# shellcheck shell=bash disable=SC2154,SC2034

views='customer_overview channel_scorecard friction_hotspots feedback_loop agent_scorecard team_scorecard misrouting goal_outcomes
    contact_pressure experience_by_week availability_fit attention_queue'

# register_all TABLE: with all its columns; a team is a tenth of the agents, and a score is a sentiment, too. In this firm outcomes say
# what was resolved or handed on, a return is an error, and there are scores of all scales.
register_all() {
    sql <<SQL
SELECT crm_timeline.add_source('interaction', '$1', occurred_at => 'occurred_at', keys => ARRAY['customer: customer_id'], ref => \$\$''\$\$,
    kind => 'kind', channel => 'channel', direction => 'direction', thread => 'thread', agent => 'agent', outcome => 'outcome',
    topic => 'topic', automated => 'automated', score => 'score', value => 'value', sentiment => 'score / 5 - 1',
    attributes => \$\$CASE WHEN agent IS NOT NULL THEN jsonb_build_object('team', 'team-' || right(agent, 1)) END\$\$);
INSERT INTO crm_timeline.definition (name, pattern) VALUES
    ('resolved', 'any[outcome = resolved]'), ('transfer', 'any[outcome = escalated and automated = false]'), ('error', 'return'),
    ('csat', 'review[score is not null]'), ('ces', 'review[score is not null]'), ('nps', 'survey[score is not null]');
SQL
}

say "views: the store"
fresh_extension
register_all bench.interaction
# the data end in 2025
query "INSERT INTO crm_timeline.target (name, value) VALUES ('patience', '1000 days')"
timed 'CALL crm_timeline.refresh()'
metric "views refresh_seconds" "$(calc 1 "$seconds")"
sql <<SQL
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_timeline;
VACUUM (FREEZE, ANALYZE) crm_timeline.stored_segment;
VACUUM (FREEZE, ANALYZE) crm_timeline.membership;
SELECT pg_table_size('crm_timeline.stored_timeline') + pg_table_size('crm_timeline.stored_segment');
SQL
metric "views bytes_per_interaction" "$(calc 2 "$REPLY / $interactions")"
warm crm_timeline.stored_timeline crm_timeline.membership
query "SELECT sum(interactions) = $interactions AND count(*) = $customers FROM crm_timeline.customer_summary"
[ "$REPLY" = t ] || die "the store does not have all interactions"

# ---- all of each view --------------------------------------------------------------------------------------

# all_of VIEW SETTINGS: sets rows, and seconds: the median of three runs after one that does not count
all_of() {
    local i question="SELECT count(x) FROM (SELECT * FROM crm_timeline.$1 OFFSET 0) x;"
    {
        printf 'SET jit = off;\n%s;\n%s\n' "$2" "$question"
        for i in 1 2 3; do
            printf 'SELECT clock_timestamp() AS began \\gset\n\\o /dev/null\n%s\n\\o\n' "$question"
            printf "SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz);\n"
        done
    } >"$TMP/view.sql"
    sql <"$TMP/view.sql"
    rows=$(head -n 1 <<<"$REPLY")
    seconds=$(tail -n 3 <<<"$REPLY" | median)
}

slowest=0
for view in $views; do
    say "views: $view"
    all_of "$view" 'SET max_parallel_workers_per_gather = 0'
    [ "$rows" -gt 0 ] || die "the view $view is empty"
    comment "views: $view has $rows rows"
    metric "views ${view}_seconds" "$(calc 3 "$seconds")"
    slowest=$(calc 4 "($seconds > $slowest ? $seconds : $slowest)")
    all_of "$view" 'SET max_parallel_workers_per_gather = 2'
    metric "views ${view}_seconds_parallel" "$(calc 3 "$seconds")"
done
metric "views slowest_seconds" "$(calc 3 "$slowest")" most 1.5

# ---- who waits longest ---------------------------------------------------------------------------------------

say "views: the queue"
queue='SELECT * FROM crm_timeline.attention_queue ORDER BY waiting_since LIMIT 50'
query "SELECT count(*) FROM ($queue) q"
[ "$REPLY" = 50 ] || die "views: $REPLY customers wait instead of 50"
mkdir -p "$TMP/views"
echo "$queue;" >"$TMP/views/queue.sql"
chmod -R a+rX "$TMP/views"
latencies "$TMP/views/queue.sql" prepared '-c jit=off' "${VIEWS_SECONDS:-10}" 100
metric "views queue_ms_median" "$p50" most 20
plan '' "$queue"
read_by='strict $.** ? (@."Relation Name" == "stored_timeline" && @."Actual Loops" > 0 && @."Actual Rows" > 0)'
plan_must "index of those who wait" '$.** ? (@."Index Name" == "stored_timeline_waiting" && @."Actual Rows" > 0)'
# those who wait, in its order; and those whose waits have lapsed since the refresh, as a bitmap: of data of years, one every few minutes
plan_must_not "stored timelines read without an index" \
    "$read_by ? (@.\"Node Type\" != \"Bitmap Heap Scan\") ? (!(@.\"Index Name\" == \"stored_timeline_waiting\"))"
query "SELECT sum((node ->> 'Actual Rows')::bigint * (node ->> 'Actual Loops')::bigint) FROM bench.last_plan, jsonb_path_query(plan, '$read_by') node"
metric "views queue_rows_read" "$(calc 0 "$REPLY")" most 60

# ---- a hundredth of the customers, beside plain SQL --------------------------------------------------------------

# Of fewer customers more than a hundredth, so that there is something to see. The times are moved, so that some of it has just happened,
# some is still to come, and some of those who wait may still be answered. Conversations change hands.
say "views: plain SQL"
fresh_extension
sql <<SQL
CREATE TABLE bench.sample AS
    SELECT customer_id, occurred_at + (date_trunc('minute', now()) - timestamptz '2025-01-01 00:00:00+00') AS occurred_at, kind, channel,
           direction, thread,
           CASE WHEN agent IS NOT NULL AND bench.u(customer_id, second) < 0.2 THEN 'agent-' || floor(bench.u(customer_id + 1, second) * 240)
                ELSE agent END AS agent,
           outcome, topic, automated, score, value
    FROM bench.interaction, LATERAL (SELECT extract(epoch FROM occurred_at)::bigint AS second) s
    WHERE customer_id % greatest(1, least(100, $customers / 1500)) = 0;
SELECT count(*) FROM (SELECT FROM bench.sample GROUP BY customer_id, occurred_at HAVING count(*) > 1) d;
SQL
[ "$REPLY" = 0 ] || die "views: $REPLY times are not one interaction's alone, so that plain SQL does not know their order"
register_all bench.sample
query 'CALL crm_timeline.refresh()'
sql <"$here/views.sql"
comment "$(tail -n 1 <<<"$REPLY")"
[ "$(wc -l <<<"$REPLY")" = 1 ] || { say "$REPLY"; die "the views say something else than plain SQL"; }

fresh_extension
query 'DROP TABLE bench.sample'
