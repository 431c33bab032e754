#!/usr/bin/env bash
# Fuzzes the readers of a timeline's bytes and of its text form, the readers of patterns and
# journeys, the matcher, the rules of identities, and schedules, under the address and the undefined
# behaviour sanitizers; then replays what was kept under the memory sanitizer, but for identities:
# that one takes what ICU writes for memory that nobody wrote.
#
#     test/fuzz/run.sh [SECONDS]                  the targets layout, text, pattern, match, identity and
#                                                 schedule, each an equal part of the time; default 1200
#     test/fuzz/run.sh --smoke                    the same in 20 seconds
#     test/fuzz/run.sh --merge [SECONDS]          the same as the first, then replaces test/fuzz/corpus
#                                                 by a small corpus that reaches as much
#     test/fuzz/run.sh --only pattern,match ...   any of the above with these targets alone
#     test/fuzz/run.sh --replay layout FILE...    only these inputs, of one target
#
# Nothing has to be set up: missing packages are installed (by apt-get, as root), and what is built
# goes away in the end. The last line is "fuzz: layout N executions, text N executions, pattern N
# executions, match N executions, identity N executions, schedule N executions, R reports". Where there is a report the exit status is 1, and the
# input that caused it is kept in test/fuzz, or in the current folder where that cannot be written
# to, as crash-layout-..., crash-text-... and so on.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

fuzz=$checkout/test/fuzz
all_targets=(layout text pattern match identity schedule)
targets=("${all_targets[@]}")
mode=run
seconds=1200

is_target() { [[ " ${all_targets[*]} " == *" $1 "* ]]; }
usage() { die "usage: run.sh [--smoke | --merge] [--only TARGET,...] [SECONDS] | --replay TARGET FILE...; targets: ${all_targets[*]}"; }

while [[ ${1:-} == --* ]]; do
    case $1 in
    --smoke) seconds=20 ;;
    --merge | --replay) mode=${1#--} ;;
    --only)
        IFS=, read -ra targets <<<"${2:-}"
        [ ${#targets[@]} -gt 0 ] || usage
        shift
        ;;
    *) usage ;;
    esac
    shift
done
for target in "${targets[@]}"; do is_target "$target" || usage; done
if [ "$mode" = replay ]; then
    if [ $# -lt 2 ] || ! is_target "$1"; then usage; fi
else
    seconds=${1:-$seconds}
    [[ $# -le 1 && $seconds =~ ^[0-9]+$ ]] || usage
fi

# ---- build ---------------------------------------------------------------------------------------

choose_server
ensure_packages clang libc6-dev libicu-dev "postgresql-server-dev-$PG"
clang_version=$(clang -dumpversion)
ensure_packages "libclang-rt-${clang_version%%.*}-dev"

# Compiles the file $3 into the folder $1; only the code under test tells where it has been.
compile() {
    local coverage=()
    [[ $3 != "$checkout"/src/* ]] || coverage=("-fsanitize-coverage=inline-8bit-counters,pc-table")
    clang -g -O1 -fno-omit-frame-pointer -fno-sanitize-recover=all -fsanitize="$2" "${coverage[@]}" \
        -Wall -Wextra -Werror=implicit-function-declaration -D_GNU_SOURCE -DUSE_ASSERT_CHECKING=1 \
        -I"$checkout/src" -I"$checkout/test/fuzz" -isystem "/usr/include/postgresql/$PG/server" \
        -c "$3" -o "$1/$(basename "$(dirname "$3")")-$(basename "$3" .c).o"
}
export -f compile
export checkout

# The parts of a room that no SQL function is in, and that a server is not needed for.
plain_logic() { grep -L PG_FUNCTION_INFO_V1 "$checkout/src/$1"/*.c; }

# Builds the targets and the seeder into the folder $1 with the sanitizers $2.
build() {
    local out=$1 sanitizers=$2 lib=/usr/lib/postgresql/$PG/lib common
    mkdir -p "$out"
    {
        printf '%s\n' "$checkout"/src/base/errors.c \
            "$checkout"/src/timeline/{attribute,cut,layout,record,pack,text,validate}.c "$fuzz"/*.c
        plain_logic pattern
        plain_logic journey
        plain_logic experience
        printf '%s\n' "$checkout"/src/identity/{canonical,email,looks,normalise,phone}.c
    } >"$out/sources"
    # shellcheck disable=SC2016
    run_group xargs -a "$out/sources" -P "$(nproc)" -I{} bash -c 'compile "$@"' - "$out" "$sanitizers" {} ||
        die "the fuzzers do not build"
    # a library, so that each program takes what it needs
    ar crs "$out/libplain.a" "$out"/{base,timeline,pattern,journey,identity,experience}-*.o "$out"/fuzz-{shim,value}.o
    common=("$out/libplain.a" "$lib/libpgcommon.a" "$lib/libpgport.a" -licui18n -licuuc -lm)
    [ "$sanitizers" != memory ] || common+=("-Wl,--wrap=double_to_shortest_decimal_buf")
    link() { clang -fsanitize="fuzzer,$sanitizers" "${@:2}" "${common[@]}" -o "$out/$1"; }
    link layout "$out"/fuzz-{layout_fuzzer,mutator,order,repack}.o
    link text "$out/fuzz-text_fuzzer.o"
    link pattern "$out/fuzz-pattern_fuzzer.o"
    link schedule "$out/fuzz-schedule_fuzzer.o"
    link match "$out"/fuzz-{match_fuzzer,matching,story}.o
    [ "$sanitizers" = memory ] || link identity "$out/fuzz-identity_fuzzer.o"
    clang -fsanitize="$sanitizers" "$out/fuzz-seed.o" "${common[@]}" -o "$out/seed"
}

build "$TMP/address" address,undefined
build "$TMP/memory" memory
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=8:malloc_context_size=5:allocator_release_to_os_interval_ms=-1
export UBSAN_OPTIONS=print_stacktrace=1

# ---- run -----------------------------------------------------------------------------------------

reports=0
kept=$fuzz
[ -w "$kept" ] || kept=$PWD

# Runs the target $2 of the build $1 with these arguments; false, and counted, if
# there is a report.
fuzzer() {
    local log=$TMP/$1-$2.log target=$2
    if run_group nice -n 10 "$TMP/$1/$2" -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$kept/crash-$target-" "${@:3}" >"$log" 2>&1; then
        return 0
    fi
    reports=$((reports + 1))
    printf '\nfuzz: %s: a report (%s sanitizer)\n' "$target" "$1"
    grep -aE -m 1 -A 40 '^FINDING|runtime error|^==[0-9]+==|ERROR: libFuzzer' "$log" || tail -n 40 "$log"
    grep -a 'Test unit written to' "$log" | sed 's/.*written to/fuzz: the input is kept in/' || true
    return 1
}

# How many inputs the last run of a target has executed, and what it reached.
executed() { sed -n 's/^stat::number_of_executed_units: *//p' "$TMP/address-$1.log" | tail -n 1; }
reached() { grep -aoE 'cov: [0-9]+ ft: [0-9]+' "$TMP/address-$1.log" | tail -n 1 || true; }

if [ "$mode" = replay ]; then
    fuzzer address "$1" "${@:2}" || true
    [ "$1" = identity ] || fuzzer memory "$1" "${@:2}" || true
    printf '\nfuzz: %d inputs replayed, %d reports\n' $(($# - 1)) "$reports"
    [ "$reports" = 0 ]
    exit
fi

# the texts, as layouts: seeds that are valid whatever becomes of the format
mkdir -p "$TMP/seeds"
"$TMP/address/seed" "$TMP/seeds" "$fuzz"/corpus/text/*
declare -A longest=([layout]=4096 [text]=2048 [pattern]=1024 [match]=100 [identity]=600 [schedule]=600)
declare -A dictionary=([layout]=layout [text]=text [pattern]=pattern [match]=pattern [identity]=identity [schedule]=schedule)
declare -A count

# The folders of a target's inputs; what is found goes into the first one.
inputs_of() {
    mkdir -p "$TMP/found/$1"
    folders=("$TMP/found/$1" "$fuzz/corpus/$1")
    [ "$1" != layout ] || folders+=("$TMP/seeds")
}

for target in "${targets[@]}"; do
    inputs_of "$target"
    # what is kept first, in full length: where that makes a report the search would not come far
    fuzzer address "$target" -runs=0 -max_len=65536 "${folders[@]}" || continue
    fuzzer address "$target" -max_total_time=$((seconds / ${#targets[@]})) -max_len="${longest[$target]}" \
        -entropic=0 -dict="$fuzz/${dictionary[$target]}.dict" "${folders[@]}" || true
    count[$target]=$(executed "$target")
    say "fuzz: $target: ${count[$target]:-0} executions, $(reached "$target")"
    [ "$target" = identity ] || fuzzer memory "$target" -runs=0 -max_len=65536 "${folders[@]}" || true
done

# A small corpus: few of all inputs that reach the same places. What has a name of its own (the
# seeds that were written by hand, what once made a report) stays.
if [ "$mode" = merge ] && [ "$reports" = 0 ]; then
    for target in "${targets[@]}"; do
        inputs_of "$target"
        mkdir "$TMP/small"
        fuzzer address "$target" -set_cover_merge=1 -use_counters=0 -max_len=4096 "$TMP/small" "${folders[@]}" || break
        find "$fuzz/corpus/$target" -type f -regextype posix-extended -regex '.*/[0-9a-f]{12}' -delete
        for file in "$TMP/small"/*; do
            cp "$file" "$fuzz/corpus/$target/$(basename "$file" | cut -c 1-12)"
        done
        rm -rf "$TMP/small"
        say "fuzz: $target: $(find "$fuzz/corpus/$target" -type f | wc -l) files, $(cat "$fuzz/corpus/$target"/* | wc -c) bytes"
    done
fi

line=
for target in "${targets[@]}"; do line+="$target ${count[$target]:-0} executions, "; done
printf '\nfuzz: %s%d reports\n' "$line" "$reports"
[ "$reports" = 0 ]
