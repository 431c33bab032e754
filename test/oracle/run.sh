#!/usr/bin/env bash
# Compares the pattern engine with its oracle on random patterns and timelines, on a throwaway server.
#
#     test/oracle/run.sh [PAIRS [SEED]]     default 200000 pairs from seed 1
#     test/oracle/run.sh --mutants [NAME]   breaks the engine in each way that test/oracle/mutants
#                                           lists, and wants each to be found; or only in that way
#
# Nothing has to be set up: missing packages are installed (by apt-get, as root), and everything goes
# away in the end. The last line says how many there were; exit status 1 when something is wrong.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

mode=compare
if [ "${1:-}" = --mutants ]; then mode=mutants && shift; fi

ensure_server python3
private_server
tree=$TMP/tree
copy_tree "$tree"

# Compares $1 pairs from seed $2; says what differs.
compare() {
    run dropdb --if-exists oracle
    run createdb oracle
    run psql -Xq -d oracle -c 'CREATE EXTENSION crm_timeline'
    PGDATABASE=oracle run /usr/bin/python3 "$tree/test/oracle/patterns/compare.py" --pairs "$1" --seed "$2" --jobs "$(nproc)" "${@:3}"
}

build() { make_in "$tree" all install >"$TMP/build.log" 2>&1; }

build || { cat "$TMP/build.log" >&2; die "it does not build"; }
start_cluster

if [ $mode = compare ]; then
    compare "${1:-200000}" "${2:-1}" --refusals $((${1:-200000} / 20))
    exit
fi

# A line of the list: name, file, what stands there, what shall stand there instead; tabs between.
# A mutant is found when answers differ or the server fails.
found=0
missed=0
while IFS=$'\t' read -r name file old new; do
    [[ $name != \#* && -n $name ]] || continue
    [ -z "${1:-}" ] || [ "$name" = "$1" ] || continue
    cp -p "$tree/$file" "$TMP/original"
    OLD=$(printf '%b.' "$old") NEW=$(printf '%b.' "$new") perl -0pi -e \
        'chop(my ($old, $new) = @ENV{qw(OLD NEW)}); $n = s/\Q$old\E/$new/; END { exit !$n }' "$tree/$file" ||
        die "mutant $name: \"$old\" does not stand in $file"
    build || { tail -n 20 "$TMP/build.log" >&2; die "mutant $name does not build"; }
    if compare "${MUTANT_PAIRS:-8000}" 1 >"$TMP/mutant.log" 2>&1; then
        missed=$((missed + 1))
        echo "MISSED  $name"
    elif grep -qE 'differences [1-9]|ERROR|server closed' "$TMP/mutant.log"; then
        found=$((found + 1))
        echo "found   $name: $(grep -oE 'differences [0-9]+' "$TMP/mutant.log" | tail -n 1 || true)"
    else
        missed=$((missed + 1))
        echo "MISSED  $name"
        tail -n 5 "$TMP/mutant.log"
    fi
    cp -p "$TMP/original" "$tree/$file"
    touch "$tree/$file"
done <"$checkout/test/oracle/mutants"
echo "mutants: $found found, $missed missed"
[ "$missed" = 0 ] && [ "$found" -gt 0 ]
