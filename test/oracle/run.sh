#!/usr/bin/env bash
# Compares patterns, journeys, schedules, measures, identities and their resolution with their oracles on random cases, on a
# throwaway server.
#
#     test/oracle/run.sh [PAIRS [SEED]]                   patterns: default 200000 pairs from seed 1
#     test/oracle/run.sh --conformance [PAIRS [SEED]]     conformance() and deviations(): 20000 from seed 1
#     test/oracle/run.sh --journeys [CASES [SEED]]        stage(), stages(), time_in_stage(): 20000 from seed 1
#     test/oracle/run.sh --schedules [CASES [SEED]]       business_time() and its kin: 2000 from seed 1
#     test/oracle/run.sh --measures [CASES [SEED]]        waits() and all that doc/measures.md describes: 5000 from seed 1
#     test/oracle/run.sh --resolution [HISTORIES [SEED]]  resolve() and what follows from it: 2000 from seed 1
#     test/oracle/run.sh --identities [TEXTS [SEED]]      identity(): 300000 from seed 1
#     test/oracle/run.sh --mutants [NAME]                 breaks the engine in each way that test/oracle/mutants
#                                                         lists, and wants each to be found; or only in that way
#
# Nothing has to be set up: missing packages are installed (by apt-get, as root), and everything goes
# away in the end. The last line says how many there were; exit status 1 when something is wrong.
# JOBS=1 in the environment uses one processor only.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

mode=patterns
case ${1:-} in
--conformance | --journeys | --schedules | --measures | --identities | --resolution | --mutants) mode=${1#--} && shift ;;
-*) die "there is no option $1" ;;
esac
jobs=${JOBS:-$(nproc)}

ensure_server python3
private_server
tree=$TMP/tree
copy_tree "$tree"

# Each asks $1 cases from seed $2 and says what differs; more options may follow.
patterns() { run /usr/bin/python3 "$tree/test/oracle/patterns/compare.py" --pairs "$1" --seed "$2" --jobs "$jobs" "${@:3}"; }
conformance() { run /usr/bin/python3 "$tree/test/oracle/conformance.py" --pairs "$1" --seed "$2" "${@:3}"; }
resolution() { run /usr/bin/python3 "$tree/test/oracle/resolution.py" --histories "$1" --seed "$2" "${@:3}"; }
journeys() { run /usr/bin/python3 "$tree/test/oracle/journeys.py" --cases "$1" --seed "$2" "${@:3}"; }
schedules() { run /usr/bin/python3 "$tree/test/oracle/schedules.py" --cases "$1" --seed "$2" "${@:3}"; }
measures() { run /usr/bin/python3 "$tree/test/oracle/measures/compare.py" --cases "$1" --seed "$2" "${@:3}"; }
identities() { run /usr/bin/python3 "$tree/test/oracle/identities.py" --compare "$1" --seed "$2" "${@:3}"; }

build() { make_in "$tree" all install >"$TMP/build.log" 2>&1; }

build || { cat "$TMP/build.log" >&2; die "it does not build"; }
start_cluster
export PGDATABASE=oracle
run createdb oracle
run psql -Xq -c 'CREATE EXTENSION crm_timeline'

case $mode in
patterns) patterns "${1:-200000}" "${2:-1}" --refusals $((${1:-200000} / 20)) && exit ;;
conformance) conformance "${1:-20000}" "${2:-1}" && exit ;;
journeys) journeys "${1:-20000}" "${2:-1}" && exit ;;
schedules) schedules "${1:-2000}" "${2:-1}" && exit ;;
measures) measures "${1:-5000}" "${2:-1}" && exit ;;
resolution) resolution "${1:-2000}" "${2:-1}" && exit ;;
identities) identities "${1:-300000}" "${2:-1}" && exit ;;
esac
[ "$mode" = mutants ] || exit 1

# Asks what a mutant of the file $1 has to be found by, up to the first difference. Every session
# loads the library anew, so the database can stay.
ask_mutant() {
    local cases=${MUTANT_CASES:-20000}
    case $1 in
    src/journey/align.c | src/journey/conformance.c) conformance "$cases" 1 --batch 500 --until-different ;;
    src/identity/facts.c | src/identity/partition.c | src/identity/gather.c | src/identity/resolve.c | src/identity/record.c)
        resolution $((cases / 50)) 1 --batch 20 --until-different
        ;;
    src/identity/*) identities "$cases" 1 --until-different ;;
    src/experience/schedule*) schedules $((cases / 20)) 1 --until-different ;;
    src/experience/*) measures $((cases / 4)) 1 --batch 250 --until-different ;;
    src/journey/*) journeys "$cases" 1 --batch 500 --until-different ;;
    *) patterns "$cases" 1 --batch 500 --until-different ;;
    esac
}

# A mutant is found when answers differ, the server fails, or a batch that takes a second takes a minute.
export PGOPTIONS='-c statement_timeout=60s'
mutate=$checkout/test/oracle/mutate.pl
perl "$mutate" "$tree"
mkdir "$TMP/original"
cp -Rp "$tree/src" "$TMP/original"
found=0
missed=0
for name in ${1:-$(sed -n 's/^\([^#\t][^\t]*\)\t.*/\1/p' "$checkout/test/oracle/mutants")}; do
    file=$(perl "$mutate" "$tree" "$name")
    build || { tail -n 20 "$TMP/build.log" >&2; die "mutant $name does not build"; }
    if ask_mutant "$file" >"$TMP/mutant.log" 2>&1; then
        missed=$((missed + 1))
        echo "MISSED  $name"
    elif grep -qE 'differences [1-9]|ERROR|server closed' "$TMP/mutant.log"; then
        found=$((found + 1))
        echo "found   $name: $(tail -n 1 "$TMP/mutant.log" | cut -c 1-80)"
    else
        missed=$((missed + 1))
        echo "MISSED  $name"
        tail -n 5 "$TMP/mutant.log"
    fi
    cp -p "$TMP/original/$file" "$tree/$file"
    touch "$tree/$file"
done
echo "mutants: $found found, $missed missed"
[ "$missed" = 0 ] && [ "$found" -gt 0 ]
