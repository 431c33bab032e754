#!/usr/bin/env bash
# Shows what crm_timeline is for, on a small sample CRM, in a server of its own.
#
#     ./test/demo.sh                     the tour: about 200 lines to read
#     ./test/demo.sh --psql              the tour, and then psql on the same database, to play
#     PG=17 ./test/demo.sh               with that major of PostgreSQL
#
# The sample's data is made by test/sample/crm.sql. The tour is told by test/demo/*.sql, one file a stop: the
# comments at the top of a file are what the visitor reads, the rest is the SQL that is run.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
'' | --psql) ;;
*) die "usage: demo.sh [--psql]" ;;
esac

title='' sql='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    title=$'\e[1m' sql=$'\e[36m' plain=$'\e[0m'
fi

# The words at the top of a stop, with its title if it has one ("-- # ...").
tell() {
    sed -n -e '/^--/!q' -e "s/^-- # \(.*\)/$title━━ \1 ━━$plain/p; t" -e 's/^-- //p' "$tree/test/demo/$1.sql"
}

# Its SQL, for reading ...
show() {
    sed -e '/^--/d' -e '/./!d' -e "s/.*/  $sql&$plain/" "$tree/test/demo/$1.sql"
    echo
}

# ... and the answer to it.
answer() {
    run psql -X -q -v ON_ERROR_STOP=1 -P pager=off -P linestyle=unicode -P footer=off -f "$tree/test/demo/$1.sql"
}

ensure_server
say "building crm_timeline for PostgreSQL $PG"
private_server
build_extension
say "starting a server of our own"
start_cluster
say "loading the sample CRM"
run createdb crm
export PGDATABASE=crm PGCLIENTENCODING=UTF8
run psql -X -q -f "$tree/test/sample/crm.sql"
run psql -X -q -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION crm_timeline' \
    -c 'ALTER DATABASE crm SET search_path = public, crm_timeline'
run psql -X -q -f "$tree/test/sample/sources.sql"
say ""

printf '%s\n\n' "${title}crm_timeline$plain: one customer, one timeline, one language to ask about it"

# How tables are counted and a timeline is laid out is nothing to dwell on; the other stops show their SQL.
for stop in 1-tables 2-history 3-timelines 4-ann 5-unanswered 6-refunds 7-last-interaction 8-funnel 9-silence 10-stages 11-briefing 12-queue 13-channels; do
    tell $stop
    case $stop in 1-tables | 4-ann) echo ;; *) show $stop ;; esac
    answer $stop
done

cat <<END
${title}Where to go next$plain
  README.md               thirty lines to start with, in your own database
  doc/sources.md          your own tables as sources; recipes/ for four applications
  doc/patterns.md         the language of patterns: twenty questions, and what everything means
  doc/measures.md         waits, friction, mood, pressure: what each means exactly; doc/views.md for twelve views of all customers
  doc/reference.md        every function
  ./test/demo.sh --psql   this sample, for questions of your own
END

if [ "${1:-}" = --psql ]; then
    as_user psql -X
fi
