# bench/context.sh: what whoever answers is told of one customer, context() and briefing(), of ten times as many customers as elsewhere:
# each customer's interactions are shared out among ten. Two connections, prepared statements, customers from all over, beside SELECT 1.
# Then right after connecting, for a purpose, and with one customer in a hundred written to since the last refresh.
#
# CONTEXT_SECONDS=30 bench/run.sh context   asks so long in each way (10 without)

# shellcheck shell=bash disable=SC2154,SC2034

people=$((customers * 10))
say "context: the interactions of $people customers"
sql <<SQL
BEGIN;
CREATE TABLE bench.contact (id bigint, LIKE bench.interaction, summary text);
INSERT INTO bench.contact
    SELECT row_number() OVER (ORDER BY occurred_at, customer_id), i.*,
           CASE WHEN topic IS NOT NULL THEN 'About ' || topic || ', in ' || channel || ': what was said, in a line or two.' END
    -- a day of a customer is a day of one of the ten
    FROM (SELECT customer_id * 10 - floor(bench.u(customer_id, extract(epoch FROM occurred_at)::bigint / 86400) * 10)::bigint AS customer_id,
                 occurred_at, kind, channel, direction, thread, agent, outcome, topic, automated, score, value
          FROM bench.interaction
          -- so that there are all of them
          UNION ALL
          SELECT c, timestamptz '2023-01-01 00:00:00+00' + bench.u(3, c) * interval '730 days', 'signup', 'web', 'inbound',
                 NULL, NULL, NULL, NULL, false, NULL, NULL
          FROM generate_series(1::bigint, $people) c) i;
COMMIT;
ALTER TABLE bench.contact ADD PRIMARY KEY (id);
VACUUM (FREEZE, ANALYZE) bench.contact;
SELECT count(*), count(DISTINCT customer_id), max(id) FROM bench.contact;
SQL
IFS='|' read -r contacts REPLY contact_last <<<"$REPLY"
[ "$REPLY" = "$people" ] || die "context: $REPLY customers instead of $people"
comment "context: $contacts interactions of $people customers"

fresh_extension
sql <<'SQL'
SELECT crm_timeline.add_source('contact', 'bench.contact', occurred_at => 'occurred_at', keys => ARRAY['customer: customer_id'],
    kind => 'kind', channel => 'channel', direction => 'direction', thread => 'thread', agent => 'agent', outcome => 'outcome',
    topic => 'topic', automated => 'automated', score => 'score', value => 'value', summary => 'summary');
INSERT INTO crm_timeline.purpose_definition (name, kinds)
    VALUES ('delivery', ARRAY['question', 'complaint', 'purchase', 'return', 'refund', 'call', 'reply']);
SQL
timed 'CALL crm_timeline.refresh()'
metric "context refresh_seconds" "$(calc 1 "$seconds")"
timed 'CALL crm_timeline.create_suggested_indexes()'
metric "context index_seconds" "$(calc 1 "$seconds")"
query 'VACUUM (ANALYZE)'
warm bench.contact
query "SELECT count(pg_prewarm(oid)) FROM pg_class WHERE relkind IN ('r', 'i', 't')
       AND (relnamespace = 'crm_timeline'::regnamespace
            OR oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'bench.contact'::regclass))"
query "SELECT count(*) FROM crm_timeline.customer_summary"
[ "$REPLY" = "$people" ] || die "context: the store has $REPLY customers instead of $people"
query "SELECT count(*), count(context -> 'told' -> 0 -> 'summary') FROM (SELECT crm_timeline.context(c) AS context
       FROM generate_series(1, $people, greatest(1, $people / 1000)) c OFFSET 0) x WHERE context IS NOT NULL"
comment "context: of so many customers one in so many has said something, with a summary: $REPLY"
[ "${REPLY##*|}" -gt 0 ] || die "context: no context tells what was said"

mkdir -p "$TMP/context"
context_script() { printf '%s\n' "\\set c $2" "$3;" >"$TMP/context/$1.sql"; }
anybody="random(1, $people)"
context_script floor "$anybody" 'SELECT 1'
context_script context "$anybody" 'SELECT crm_timeline.context(:c)'
context_script briefing "$anybody" "SELECT crm_timeline.briefing(:c, 'de')"
context_script purpose "$anybody" "SELECT crm_timeline.context(:c, 'delivery')"
# whose numbers in the store are 7 in a hundred are written to below
context_script dirty "7 + 100 * random(0, ($people - 7) / 100)" 'SELECT crm_timeline.context(:c)'
chmod -R a+rX "$TMP/context"

# measure_context NAME [LIMIT OF THE MEDIAN, LIMIT OF p99 ABOVE SELECT 1]
measure_context() {
    local seconds=${CONTEXT_SECONDS:-10} floor99
    say "context: $1"
    latencies "$TMP/context/floor.sql" prepared '-c jit=off' "$seconds" 1000 2
    floor99=$p99
    latencies "$TMP/context/$1.sql" prepared '-c jit=off' "$seconds" 1000 2
    metric "context ${1}_ms_median" "$p50" ${2:+most "$2"}
    metric "context ${1}_ms_p99_above_select_1" "$(calc 3 "$p99 - $floor99")" ${3:+most "$3"}
    metric "context ${1}_ms_median_right_after_connecting" "$first"
}
measure_context context 1 3
measure_context briefing 1 3
measure_context purpose

sql <<SQL
INSERT INTO bench.contact (id, customer_id, occurred_at, kind, channel, direction, thread, topic, automated, summary)
    SELECT $contact_last + number, crm_timeline.identity_value(identity)::bigint, now() - number * interval '1 ms', 'question', 'chat', 'inbound',
           'bench/context.sh', 'delivery', false, 'Where is it?'
    FROM (SELECT customer_id AS number, identity FROM crm_timeline.membership) m WHERE number % 100 = 7;
VACUUM (ANALYZE) bench.contact;
VACUUM (ANALYZE) crm_timeline.dirty_log;
VACUUM (ANALYZE) crm_timeline.changed_customer;
SELECT crm_timeline.is_dirty(7), crm_timeline.is_dirty(3), crm_timeline.context(7) #>> '{told,0,summary}';
SQL
[ "$REPLY" = 't|f|Where is it?' ] || die "context: the customer who was written to is told as $REPLY"
measure_context dirty
cp "$TMP/context/context.sql" "$TMP/context/beside_dirty.sql"
measure_context beside_dirty

fresh_extension
query 'DROP TABLE bench.contact'
