#!/usr/bin/env bash
# Runs every test there is, in a server of its own, and closes with "N passed, N failed".
#
#     ./test/run.sh                      all suites
#     ./test/run.sh regress tap          only these (of build, regress, isolation, tap, oracle, fuzz)
#     ONLY='12*' ./test/run.sh tap       of the TAP tests these files only
#     PG=17 ./test/run.sh                with that major of PostgreSQL
#     KEEP=1 ./test/run.sh               leaves the temporary folder behind, to look into it
#
# Nothing has to be set up: missing packages are installed (by apt-get, as root), everything else
# happens below a temporary folder that goes away in the end. Exit status 1 when anything failed.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

passed=0
failed=0

# ok NAME and not_ok NAME [FILE]: one check, with what there is to read about a failure.
ok() {
    passed=$((passed + 1))
    printf 'ok      %s\n' "$1"
}
not_ok() {
    failed=$((failed + 1))
    printf 'FAILED  %s\n' "$1"
    if [ -n "${2:-}" ] && [ -s "$2" ]; then
        head -n "${LINES_SHOWN:-300}" "$2" | sed 's/^/        /'
    fi
}
not_run() { printf '  --    %s\n' "$1"; }

finish() {
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
    exit
}

wanted=" ${*:-build regress isolation tap oracle fuzz} "
for suite in $wanted; do
    case $suite in build | regress | isolation | tap | oracle | fuzz) ;; *) die "there is no suite '$suite'" ;; esac
done
wants() { [[ $wanted == *" $1 "* ]]; }

# Builds in the folder $1 with compiler $2; a warning is an error, the linker's included.
build_without_warnings() {
    local dir=$1 compiler=$2 log=$TMP/build-$2.log
    shift 2
    if make_in "$dir" CC="$compiler" WERROR=1 "$@" >"$log" 2>&1 && ! grep -q 'warning:' "$log"; then
        ok "build: $compiler -Wall -Wextra, without a warning"
    else
        not_ok "build: $compiler -Wall -Wextra, without a warning" "$log"
        return 1
    fi
}

# The checks that need no server: both compilers, the version's one home, the rules of the house.
suite_build() {
    local version status=0
    copy_tree "$TMP/clang"
    build_without_warnings "$TMP/clang" clang all || true
    rm -rf "$TMP/clang"

    version=$(make -s -C "$tree" PG_CONFIG="$PG_CONFIG" print-EXTVERSION)
    if [ "$(grep -o '"version": "[^"]*"' "$tree/META.json" | head -n 2 | grep -c "\"$version\"")" = 2 ]; then
        ok "META.json says version $version, as the control file does"
    else
        not_ok "META.json says version $version, as the control file does"
    fi

    "$tree/test/check-format" >"$TMP/format.log" 2>&1 || status=$?
    case $status in
    0) ok "format: the C code follows .clang-format" ;;
    77) not_run "format: $(cat "$TMP/format.log")" ;;
    *) LINES_SHOWN=60 not_ok "format: the C code follows .clang-format (test/check-format --fix)" "$TMP/format.log" ;;
    esac

    if [ -e "$house_check" ]; then
        if python3 "$house_check" "$tree" >"$TMP/house.log" 2>&1; then
            ok "house: no room uses one on a higher floor"
        else
            not_ok "house: no room uses one on a higher floor" "$TMP/house.log"
        fi
    fi
}

# Shows what the server said when it crashed, which the tests' own output can not tell.
show_crash() {
    grep -aE 'terminated by signal|PANIC|TRAP:' "$server_log" 2>/dev/null | tail -n 20 | sed 's/^/        /' || true
}

# Runs pg_regress or its sister for isolation specs, through the Makefile as a user would, and
# counts test by test. A test that the Makefile names and that never reported has failed.
suite_regress() {
    local name=$1 variable=$2 diffs=$3 others=$4 log=$TMP/$1.log tests test status=0
    tests=$(make -s -C "$tree" PG_CONFIG="$PG_CONFIG" "print-$variable" | xargs)
    if [ -z "$tests" ]; then
        not_run "$name: there are none yet"
        return
    fi
    # shellcheck disable=SC2086
    make_in "$tree" $others installcheck >"$log" 2>&1 || status=$?
    for test in $tests; do
        # Up to 15 "test NAME ... ok"; from 16 on "ok N - NAME".
        if grep -qE "^(test)? +$test +\.\.\. ok|^ok [0-9]+ +[-+] $test " "$log"; then
            ok "$name: $test"
        elif grep -qE "^(test)? +$test +\.\.\. |^not ok [0-9]+ +[-+] $test " "$log"; then
            not_ok "$name: $test"
            status=0
        else
            not_ok "$name: $test did not run" "$log"
            status=0
        fi
    done
    # The status speaks only where no test did: something else broke.
    [ "$status" = 0 ] || not_ok "$name: make installcheck ended with status $status" "$log"
    if [ -s "$tree/$diffs" ]; then
        head -n 300 "$tree/$diffs" | sed 's/^/        /'
        show_crash
    fi
}

# The fuzzers for some seconds, from the checkout itself, so that an input they keep is not lost.
suite_fuzz() {
    local log=$TMP/fuzz.log
    if run_group "$checkout/test/fuzz/run.sh" --smoke >"$log" 2>&1 &&
        grep -qE '^fuzz: .* 0 reports$' "$log"; then
        ok "$(tail -n 1 "$log")"
    else
        not_ok "fuzz: a report, or no run" "$log"
    fi
}

# Asks an oracle: its name, its script, and how much.
ask_oracle() {
    local name=$1 log=$TMP/oracle-${1// /-}.log
    if PGDATABASE=oracle run /usr/bin/python3 "$tree/test/oracle/$2" "${@:3}" --seed 1 >"$log" 2>&1; then
        ok "oracle: $name: $(tail -n 1 "$log")"
    else
        not_ok "oracle: $name" "$log"
        show_crash
    fi
}

# Compares patterns, journeys, schedules, measures, identities and resolution with their oracles; test/oracle/run.sh does the same at length.
suite_oracle() {
    local log=$TMP/oracle.log
    if run /usr/bin/python3 "$tree/test/oracle/patterns/selftest.py" >"$log" 2>&1; then
        ok "oracle: its own tests: $(tail -n 1 "$log")"
    else
        not_ok "oracle: its own tests" "$log"
    fi
    if run perl "$tree/test/oracle/mutate.pl" "$tree" >"$log" 2>&1; then
        ok "oracle: code that can be broken stands where it is said: $(tail -n 1 "$log")"
    else
        not_ok "oracle: code that can be broken stands where it is said" "$log"
    fi
    run createdb oracle
    run psql -Xq -d oracle -c 'CREATE EXTENSION crm_timeline'
    ask_oracle patterns patterns/compare.py --pairs 20000 --jobs "$(nproc)" --refusals 2000
    ask_oracle conformance conformance.py --pairs 4000
    ask_oracle journeys journeys.py --cases 2000
    ask_oracle schedules schedules.py --cases 800
    ask_oracle measures measures/compare.py --cases 2500
    ask_oracle resolution resolution.py --histories 150
    ask_oracle "worked identities" identities.py --cases "$tree/test/cases/identities.tsv"
    ask_oracle identities identities.py --compare 60000
}

# Runs the TAP tests, which start clusters of their own from the private server, and counts every
# assertion of theirs. A file that ends early, or runs no test, has failed.
suite_tap() {
    local file name log status good bad reason pgxs
    pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")/../..
    if ! compgen -G "$tree/test/t/*.pl" >/dev/null; then
        not_run "tap: there are none yet"
        return
    fi
    for file in "$tree"/test/t/*.pl; do
        name=$(basename "$file" .pl)
        # shellcheck disable=SC2254 # a pattern
        case $name in ${ONLY:-*}) ;; *) continue ;; esac
        log=$TMP/tap-$name.log
        status=0
        run env -C "$tree" PERL5LIB="$pgxs/src/test/perl:$tree/test/perl" \
            PG_REGRESS="$pgxs/src/test/regress/pg_regress" top_builddir="$pgxs" \
            TESTDIR="$tree" TESTDATADIR="$tree/tmp_check" TESTLOGDIR="$tree/tmp_check/log" \
            prove --verbose --nocolor "test/t/$name.pl" >"$log" 2>&1 || status=$?
        # What a test skipped did not run, and what it expects to fail is no news.
        good=$(grep -E '^ok [0-9]+' "$log" | grep -ciEv '# *(skip|todo)') || true
        bad=$(grep -E '^not ok [0-9]+' "$log" | grep -ciEv '# *todo') || true
        passed=$((passed + good))
        if [ "$status" = 0 ] && [ "$good" -gt 0 ]; then
            printf 'ok      tap: %s (%d)\n' "$name" "$good"
            continue
        fi
        if [ "$status" = 0 ] && grep -qiE '^1\.\.0 *# *skip' "$log"; then
            not_run "tap: $name skips itself: $(sed -n 's/^1\.\.0 *# *//p' "$log")"
            continue
        fi
        # A failed assertion counts for itself; a file that fails without one counts once.
        [ "$bad" = 0 ] || failed=$((failed + bad - 1))
        reason=" ($good passed, $bad failed, prove's status $status)"
        grep -vE '^ok [0-9]+' "$log" >"$log.short" || true
        not_ok "tap: $name$reason" "$log.short"
        tail -n 40 "$tree/tmp_check/log/regress_log_$name" 2>/dev/null | sed 's/^/        /' || true
    done
}

# ---- set up ----------------------------------------------------------------------------------

house_check=$checkout/../shared/tools/house-check
packages=(clang perl libipc-run-perl python3 locales g++ libphonenumber-dev)
# The formatter in exactly the version that the rules are written for, which is Debian 12's.
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release; then packages+=(clang-format-14); fi

ensure_server "${packages[@]}"
private_server
find_shared_data
printf 'crm_timeline on %s\n\n' "$("$server_bin/postgres" --version)"

# ---- run -------------------------------------------------------------------------------------

tree=$TMP/tree
copy_tree "$tree"
# Without a build there is nothing that the other suites could test.
build_without_warnings "$tree" gcc all install || finish
if wants build; then suite_build; fi
if wants regress || wants isolation || wants oracle; then start_cluster; fi
if wants regress; then suite_regress regress REGRESS regression.diffs 'ISOLATION= PROVE_TESTS='; fi
if wants isolation; then suite_regress isolation ISOLATION output_iso/regression.diffs 'REGRESS= PROVE_TESTS='; fi
if wants tap; then suite_tap; fi
if wants oracle; then suite_oracle; fi
if wants fuzz; then suite_fuzz; fi
finish
