#!/usr/bin/env bash
# Reads the views for people as programs do that know nothing of us: node-postgres and JDBC find columns, types and
# comments by the server's metadata, and their values must be psql's. Closes with "N passed, N failed".
#
#     sudo test/clients/run.sh            both
#     sudo test/clients/run.sh node       only one: node or java
#     PG=17 test/clients/run.sh           with that major of PostgreSQL
#
# Not a part of the suite, since it needs the network: npm for node's package pg, apt-get for the JDBC driver
# (libpostgresql-jdbc-java), and for node, npm and java where they are missing. All that they bring beyond Debian's
# packages stays in the temporary folder. Exit status 1 when anything failed.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

clients=${*:-node java}
for client in $clients; do
    case $client in node | java) ;; *) die "there is no client '$client'" ;; esac
done

# What each client needs.
programs=()
if [[ " $clients " == *" node "* ]]; then
    command -v node >/dev/null || programs+=(nodejs)
    command -v npm >/dev/null || programs+=(npm)
fi
if [[ " $clients " == *" java "* ]]; then
    programs+=(libpostgresql-jdbc-java)
    command -v javac >/dev/null || programs+=(default-jdk-headless)
fi

ensure_server ${programs[@]+"${programs[@]}"}
private_server
build_extension
# JDBC knows no socket of a file system.
port=$((20000 + RANDOM % 10000))
start_cluster listen_addresses=127.0.0.1 port=$port
export PGPORT=$port

# shellcheck disable=SC2154
here=$tree/test/clients
say "making some customers"
run psql -X -q -v ON_ERROR_STOP=1 -f "$here/customers.sql" >"$TMP/customers.log" 2>&1 || { cat "$TMP/customers.log" >&2; die "no customers"; }

# The views, each with what tells its rows apart; then what psql says of them.
cat >"$TMP/views.tsv" <<END
customer_overview	customer_id
attention_queue	customer_id
channel_scorecard	channel
friction_hotspots	item, channel
feedback_loop	kind, channel
agent_scorecard	agent
team_scorecard	team
misrouting	channel, topic, first_agent, resolving_agent
goal_outcomes	goal, channel
contact_pressure	customer_id
experience_by_week	week
availability_fit	channel, hour
END
while IFS=$'\t' read -r view keys; do
    echo "COPY (SELECT '$view', a.attnum, a.attname, format_type(a.atttypid, -1), col_description(a.attrelid, a.attnum) FROM pg_attribute a
        WHERE a.attrelid = 'crm_timeline.$view'::regclass AND a.attnum > 0 ORDER BY a.attnum) TO STDOUT \\g '$TMP/columns.$view.tsv'"
    # IntervalStyle iso_8601: what every client can read
    echo "SET intervalstyle = 'iso_8601'; COPY (SELECT r.n, c.key, c.value FROM (SELECT row_number() OVER (ORDER BY $keys) AS n, to_jsonb(v) AS members FROM crm_timeline.$view v) r,
        jsonb_each_text(r.members) c ORDER BY 1, 2) TO STDOUT \\g '$TMP/values.$view.tsv'"
done <"$TMP/views.tsv" >"$TMP/expected.sql"
# the temporary folder is the ordinary user's
run psql -X -q -v ON_ERROR_STOP=1 -U analyst -d postgres -f "$TMP/expected.sql" || die "psql can not read the views"

passed=0
failed=0
for client in $clients; do
    log=$TMP/$client.log
    say "asking $client"
    case $client in
    node)
        mkdir -p "$TMP/node"
        npm install --silent --no-audit --no-fund --prefix "$TMP/node" --cache "$TMP/npm-cache" pg >"$TMP/npm.log" 2>&1 ||
            { cat "$TMP/npm.log" >&2; die "npm install pg failed"; }
        chmod -R a+rX "$TMP/node"
        cp "$here/client.js" "$TMP/node/"
        command=(node "$TMP/node/client.js" "$TMP" "$port")
        ;;
    java) command=(java -cp /usr/share/java/postgresql.jar "$here/Client.java" "$TMP" "$port") ;;
    esac
    status=0
    run "${command[@]}" >"$log" 2>&1 || status=$?
    sed "s/^/$client: /" "$log"
    ok=$(grep -c '^ok ' "$log") || true
    bad=$(grep -c '^FAILED ' "$log") || true
    # a client that died has failed, whatever it said before
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + ok))
    failed=$((failed + bad))
done

printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
