# test/lib.sh: a server of one's own, for the scripts that need one (run.sh, demo.sh, bench/run.sh).
#
# To be sourced by bash. A script that wants everything at once says
#
#     . "$(dirname "$0")/lib.sh"
#     set_up work_mem=64MB                # settings are optional
#     as_user psql -X -d postgres ...
#
# and needs to undo nothing: whatever happens, the temporary folder and what runs in it go away
# with the script. The steps of set_up are there one by one, too:
#
#     choose_server           which major: sets PG             (PG=17 in the environment decides)
#     ensure_packages NAME... apt-get install of those that are missing
#     private_server          a copy of the server below $TMP: sets PG_CONFIG, server_bin, PATH
#     build_extension [CC]    builds a copy of the tree and installs it into the private server
#     start_cluster [SETTING...]   initdb and start; exports PGHOST, PGPORT, PGUSER, PGDATABASE
#     stop_cluster            stops it and removes its data (start_cluster may follow again)
#     as_user COMMAND...      runs it as an ordinary user: a server refuses to run as root
#     run COMMAND...          the same; for what takes long: a signal is answered at once
#     run_group COMMAND...    like run, without the change of user
#
# The machine's own PostgreSQL is only read: PostgreSQL's programs find their files relative to
# where they are, so a copy of lib/ and share/ is a whole installation, ours to install into.

# shellcheck shell=bash disable=SC2119,SC2120

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
child=

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }

# ---- the temporary folder, and its end ----------------------------------------------------------

# What is in the way of a repeatable run: the caller's connection settings and locale.
clean_environment() {
    local name
    for name in $(compgen -e | grep -E '^PG[A-Z]|^LC_|^LANGUAGE$|^MAKE(FLAGS|LEVEL|FILES)$|^MFLAGS$|^PERL5|^PROVE_'); do
        [ "$name" = PG_TEST_TIMEOUT_DEFAULT ] || unset "$name"
    done
    export LC_ALL=C.UTF-8 TZ=UTC
    umask 022
}

# Makes $TMP, owned by the ordinary user, and sees to it that it goes away.
make_tmp() {
    local base=${TMPDIR:-/tmp}
    # A socket's path may have 107 bytes, and below this come up to 40 of ours.
    [ ${#base} -le 40 ] || base=/tmp
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    TMP=$(mktemp -d "$base/crm_timeline.XXXXXX")
    mkdir -p "$TMP/home" "$TMP/tmp" "$TMP/socket"
    export TMP TMPDIR=$TMP/tmp
}

# The processes whose program lies in our temporary folder: nobody else can have started them.
our_processes() {
    local link program
    for link in /proc/[0-9]*/exe; do
        program=$(readlink "$link" 2>/dev/null) || continue
        [[ $program == "$TMP"/* ]] && printf '%s\n' "${link//[!0-9]/}"
    done
    return 0
}

clean_up() {
    local status=$? pids
    trap - EXIT
    trap '' HUP INT TERM
    set +e
    cd /
    no_main_cluster after
    # the command in the foreground, with its children ...
    if [ -n "$child" ] && kill -TERM -- "-$child" 2>/dev/null; then
        for _ in {1..25}; do
            kill -0 -- "-$child" 2>/dev/null || break
            sleep 0.2
        done
        kill -KILL -- "-$child" 2>/dev/null
    fi
    if [ -n "${TMP:-}" ] && [ -d "$TMP" ]; then
        # ... and servers, also those that a TAP test left behind: SIGQUIT is an immediate stop.
        for _ in 1 2 3 4 5; do
            pids=$(our_processes)
            [ -z "$pids" ] && break
            # shellcheck disable=SC2086
            kill -QUIT $pids 2>/dev/null
            sleep 0.3
        done
        pids=$(our_processes)
        # shellcheck disable=SC2086
        [ -n "$pids" ] && kill -KILL $pids 2>/dev/null && sleep 0.2
        if [ -n "${KEEP:-}" ]; then
            say "kept: $TMP"
        else
            rm -rf "$TMP" || { sleep 1; rm -rf "$TMP"; }
        fi
    fi
    exit "$status"
}

# ---- the ordinary user --------------------------------------------------------------------------

# Who runs the server: ourselves, or postgres when we are root.
server_user() {
    if [ "$(id -u)" = 0 ]; then echo postgres; else id -un; fi
}

as_user() {
    if [ "$(id -u)" = 0 ]; then
        HOME=$TMP/home setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        HOME=$TMP/home "$@"
    fi
}

# Runs a command in a process group of its own and waits for it. bash answers a signal only between
# two commands in the foreground, but at once when it waits.
run_group() {
    local status=0
    set -m
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child" || status=$?
    child=
    return "$status"
}

run() { run_group as_user "$@"; }

# ---- packages -----------------------------------------------------------------------------------

# Runs apt-get; as root, or by sudo where that asks for nothing.
apt_get() {
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo -n)
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@" </dev/null 9<&-
}

may_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }; }

# apt-get update, once in a script, and only where something is missing.
apt_updated=
apt_update() {
    local log=$TMP/apt-update.log
    [ -z "$apt_updated" ] || return 0
    say "reading the package lists"
    # The lock that protects the lists has no time-out of its own: somebody else's update is waited for.
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        if apt_get update >"$log" 2>&1; then apt_updated=1; return 0; fi
        grep -q 'Could not get lock' "$log" || break
        sleep 6
    done
    cat "$log" >&2
    return 1
}

missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || printf '%s\n' "$name"
    done
}

# Is there such a package to be had?
apt_has() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | grep -q '^ *Candidate: [^(]'; }

ensure_packages() {
    local missing
    # On another system the packages' names mean nothing: there, what is missing will tell.
    command -v dpkg-query >/dev/null || return 0
    missing=$(missing_packages "$@" | xargs)
    [ -n "$missing" ] || return 0
    may_install || die "these packages are missing, and only root can install them: apt-get install $missing"
    # Several scripts may want packages at the same time: one after the other, and look again. The
    # lock is on a folder that is there anyway, so that no lock file stays behind.
    exec 9</var/lib/dpkg
    flock 9
    missing=$(missing_packages "$@" | xargs)
    if [ -n "$missing" ]; then
        apt_update
        say "installing $missing"
        no_main_cluster before
        # shellcheck disable=SC2086
        if ! apt_get install -y --no-install-recommends $missing >"$TMP/apt-install.log" 2>&1; then
            no_main_cluster after
            cat "$TMP/apt-install.log" >&2
            die "cannot install $missing"
        fi
        no_main_cluster after
    fi
    exec 9<&-
}

# Debian's server package makes a cluster "main" when it is first installed, and starts it. We want
# its programs only, so we say so where postgresql-common asks, and leave the file as the package
# brings it once all is installed. Where the file exists it is the administrator's: left alone.
main_cluster_file=/etc/postgresql-common/createcluster.conf
main_cluster_ours=''
no_main_cluster() {
    local template=/usr/share/postgresql-common/createcluster.conf
    [ "$(id -u)" = 0 ] || return 0
    case $1 in
    before)
        [ -e "$main_cluster_file" ] && return 0
        mkdir -p "$(dirname "$main_cluster_file")"
        echo "create_main_cluster = false" >"$main_cluster_file"
        main_cluster_ours=1
        ;;
    after)
        [ -n "$main_cluster_ours" ] || return 0
        if [ -e "$template" ]; then cat "$template" >"$main_cluster_file"; else rm -f "$main_cluster_file"; fi
        main_cluster_ours=
        ;;
    esac
}

# ---- the server ---------------------------------------------------------------------------------

# Are this major's server and what extensions are built with here?
server_installed() {
    [ -x "/usr/lib/postgresql/$1/bin/postgres" ] && [ -x "/usr/lib/postgresql/$1/bin/psql" ] &&
        [ -e "/usr/lib/postgresql/$1/lib/pgxs/src/makefiles/pgxs.mk" ] &&
        [ -e "/usr/include/postgresql/$1/server/postgres.h" ]
}

# The major that the distribution itself brings, as the package postgresql depends on it.
distribution_major() {
    LC_ALL=C apt-cache depends postgresql 2>/dev/null | sed -n 's/^ *Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
}

# Sets PG: what the caller says; else 15, the oldest that we support, where it is to be had; else
# the distribution's own. Asks for fresh package lists only where the answer is not to be seen here.
choose_server() {
    local newest
    if [ -z "${PG:-}" ]; then
        newest=$(for dir in /usr/lib/postgresql/*; do
            server_installed "${dir##*/}" && echo "${dir##*/}"
        done | sort -n | tail -n 1) || true
        if server_installed 15 || apt_has postgresql-server-dev-15; then
            PG=15
        elif [ -n "$newest" ]; then
            PG=$newest
        else
            may_install || die "no PostgreSQL server is installed, and only root can install one"
            apt_update
            if apt_has postgresql-server-dev-15; then PG=15; else PG=$(distribution_major); fi
            [ -n "$PG" ] || die "no PostgreSQL server is to be had from apt-get"
        fi
    fi
    [[ $PG =~ ^[0-9]+$ ]] || die "PG=$PG: a major version is a number such as 15"
    export PG
}

private_server() {
    local lib=/usr/lib/postgresql/$PG share=/usr/share/postgresql/$PG
    server_installed "$PG" || die "PostgreSQL $PG is not installed (its server, and postgresql-server-dev-$PG)"
    id "$(server_user)" >/dev/null 2>&1 || die "there is no user $(server_user) to run the server"
    mkdir -p "$TMP/usr/lib/postgresql" "$TMP/usr/share/postgresql"
    cp -a "$lib" "$TMP/usr/lib/postgresql/"
    # Some data files of Debian's are links to others that stand beside them, or in /etc.
    cp -aL "$share" "$TMP/usr/share/postgresql/"
    ln -s /usr/include "$TMP/usr/include"
    if [ "$(id -u)" = 0 ]; then chown -R postgres: "$TMP"; fi
    server_bin=$TMP/usr/lib/postgresql/$PG/bin
    PG_CONFIG=$server_bin/pg_config
    PATH=$server_bin:$PATH
    export server_bin PG_CONFIG PATH
    [[ $(as_user "$PG_CONFIG" --pkglibdir) == "$TMP"/* ]] || die "the copy of PostgreSQL $PG does not find its own files"
}

# ---- the extension ------------------------------------------------------------------------------

# Copies the checkout to the folder $1, without what a build in place may have left there.
copy_checkout() {
    mkdir -p "$1"
    tar -C "$checkout" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' \
        --exclude=./results --exclude=./output_iso --exclude=./tmp_check -cf - . | tar -C "$1" --no-same-owner -xf -
}

# The same, for the ordinary user to build and test in.
copy_tree() {
    copy_checkout "$1"
    if [ "$(id -u)" = 0 ]; then chown -R postgres: "$1"; fi
}

# make in the folder $1, for the private server. No bitcode: it would take exactly the clang that
# the server was built with, and speeds up nothing of ours.
make_in() {
    local dir=$1
    shift
    run make -s -C "$dir" -j"$(nproc)" PG_CONFIG="$PG_CONFIG" with_llvm=no "$@"
}

# Builds with the compiler $1 (default gcc) and installs. Warnings are left to run.sh.
build_extension() {
    tree=$TMP/tree
    copy_tree "$tree"
    if ! make_in "$tree" CC="${1:-gcc}" all install >"$TMP/build.log" 2>&1; then
        cat "$TMP/build.log" >&2
        die "the extension does not build"
    fi
}

# Sets SHARED_DATA: the folder of real data beside the checkout, if there is one. The tests run in
# a copy of the tree, so they need its absolute path, and as the ordinary user, so they may need a
# copy that he can read.
find_shared_data() {
    local dir=$checkout/../shared/data file
    unset SHARED_DATA
    [ -d "$dir" ] || return 0
    SHARED_DATA=$(cd "$dir" && pwd -P)
    export SHARED_DATA
    for file in "$SHARED_DATA"/*; do
        as_user test -r "$file" && continue
        cp -R "$SHARED_DATA" "$TMP/shared-data"
        if [ "$(id -u)" = 0 ]; then chown -R postgres: "$TMP/shared-data"; fi
        SHARED_DATA=$TMP/shared-data
        break
    done
}

# ---- the cluster --------------------------------------------------------------------------------

# A fresh cluster, reachable by its socket only. Nothing in it has to survive a crash, and no test
# may depend on whether the machine's package brings the JIT compiler: a SETTING can turn it on.
start_cluster() {
    local data=$TMP/data setting value
    run initdb -D "$data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$TMP/initdb.log" 2>&1 || { cat "$TMP/initdb.log" >&2; die "initdb failed"; }
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$TMP/socket'"
        echo "port = 5432"
        echo "fsync = off"
        echo "jit = off"
        echo "timezone = 'UTC'"
        echo "log_timezone = 'UTC'"
        for setting in "$@"; do
            value=${setting#*=}
            echo "${setting%%=*} = '${value//\'/\'\'}'"
        done
    } | as_user tee -a "$data/postgresql.conf" >/dev/null
    server_log=$TMP/server.log
    run pg_ctl -s -w -t 60 -D "$data" -l "$server_log" start || { cat "$server_log" >&2; die "the server does not start"; }
    export PGHOST=$TMP/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

stop_cluster() {
    run pg_ctl -s -w -D "$TMP/data" -m fast stop || true
    rm -rf "$TMP/data"
}

# ---- all of it ----------------------------------------------------------------------------------

# What building and running takes. Callers add what they need on top.
ensure_server() {
    choose_server
    ensure_packages gcc make libc6-dev libicu-dev pkg-config "postgresql-$PG" "postgresql-server-dev-$PG" "$@"
}

set_up() {
    ensure_server
    private_server
    build_extension
    find_shared_data
    start_cluster "$@"
}

clean_environment
make_tmp
