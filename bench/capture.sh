# bench/capture.sh: what capture costs those who write, in transactions a second with and without it, in turns: single rows, and a
# thousand rows in a statement, inserted and updated. Every transaction is committed to disk, as an application's is, and
# again with synchronous_commit = off, where nothing hides what capture takes.

# shellcheck shell=bash disable=SC2154

mkdir -p "$TMP/capture"
fresh_extension
sql <<'SQL'
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS shop CASCADE;
CREATE SCHEMA shop;
CREATE TABLE shop.purchase (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint, email text, total numeric(10, 2),
    status text, note text, created_at timestamp NOT NULL DEFAULT now());
CREATE INDEX ON shop.purchase (user_id);
CREATE INDEX ON shop.purchase (created_at);
INSERT INTO shop.purchase (user_id, email, total, status, note)
SELECT n % 10000, 'Customer' || n % 10000 || '@Example.com', n % 1000 / 4.0, 'open', md5(n::text) FROM generate_series(1, 200000) n;
SELECT crm_timeline.add_source('purchases', 'shop.purchase', occurred_at => $$created_at AT TIME ZONE 'UTC'$$, kind => $$'purchase'$$,
    keys => ARRAY['user: user_id', 'email: email'], value => 'total', outcome => 'status', summary => 'note');
CALL crm_timeline.refresh();
CALL crm_timeline.create_suggested_indexes();
VACUUM (ANALYZE);
SQL
cat >"$TMP/capture/insert_one.sql" <<'SQL'
\set u random(1, 10000)
INSERT INTO shop.purchase (user_id, email, total, status, note) VALUES (:u, 'Customer' || :u || '@Example.com', 12.50, 'open', 'a note about it');
SQL
cat >"$TMP/capture/update_one.sql" <<'SQL'
\set i random(1, 200000)
UPDATE shop.purchase SET status = 'paid', total = total + 1 WHERE id = :i;
SQL
cat >"$TMP/capture/insert_thousand.sql" <<'SQL'
\set u random(1, 9000)
INSERT INTO shop.purchase (user_id, email, total, status, note)
SELECT :u + n, 'Customer' || :u + n || '@Example.com', 12.50, 'open', 'a note about it' FROM generate_series(1, 1000) n;
SQL
cat >"$TMP/capture/update_thousand.sql" <<'SQL'
\set i random(1, 199000)
UPDATE shop.purchase SET status = 'paid', total = total + 1 WHERE id BETWEEN :i AND :i + 999;
SQL
chmod -R a+rX "$TMP/capture"

# rate SCRIPT OPTIONS: sets REPLY to transactions a second
rate() {
    PGOPTIONS=$2 run_group pgbench -n -M prepared -c 1 -T "${CAPTURE_SECONDS:-4}" -f "$TMP/capture/$1.sql" >"$TMP/capture/out" 2>&1 ||
        { cat "$TMP/capture/out" >&2; die "capture: $1 failed"; }
    REPLY=$(sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$TMP/capture/out")
}

# With the triggers, and without them, as often as CAPTURE_PAIRS says; the median of the pairs' ratios.
capture_pairs() {
    local name=$1 script=$2 options=$3 limit=$4 with without ratios='' rates=''
    for _ in $(seq "${CAPTURE_PAIRS:-5}"); do
        sql <<<"ALTER TABLE shop.purchase ENABLE TRIGGER USER; TRUNCATE crm_timeline.dirty_log; CHECKPOINT;"
        rate "$script" "$options"
        with=$REPLY
        sql <<<"ALTER TABLE shop.purchase DISABLE TRIGGER USER; CHECKPOINT;"
        rate "$script" "$options"
        without=$REPLY
        ratios+="$(calc 4 "$with / $without") "
        rates+="$(calc 0 "$with")/$(calc 0 "$without") "
    done
    REPLY=$(tr ' ' '\n' <<<"$ratios" | grep . | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }')
    comment "capture $name: transactions a second with and without: $rates"
    metric "capture ${name}_percent_slower" "$(calc 1 "100 * (1 - $REPLY)")" ${limit:+most "$limit"}
}
sql <<<"ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();"
for script in insert_one update_one insert_thousand update_thousand; do
    capture_pairs "$script" "$script" '-c synchronous_commit=on' 15
    capture_pairs "${script}_asynchronous" "$script" '-c synchronous_commit=off' ''
done
sql <<<"ALTER TABLE shop.purchase ENABLE TRIGGER USER; ALTER SYSTEM RESET fsync; SELECT pg_reload_conf();"
