#!/usr/bin/env bash
# Runs the suite on other Debian releases, and so with other majors of PostgreSQL, each in a root of
# its own that debootstrap makes; prints one line a release, "PG NN: N passed, N failed".
#
#     sudo test/matrix.sh                             trixie (PG 17)
#     sudo test/matrix.sh bookworm trixie sid         PG 15, 17, 18
#     sudo test/matrix.sh sid:18 experimental:19      SUITE:MAJOR where the suite has several
#     sudo test/matrix.sh --dir /var/cache/roots ...  keeps the roots there
#
# A root takes some minutes and 2 GB to make, so it is kept (below ~/.cache/crm_timeline-matrix) and
# used again; remove the folder to start afresh. Packages come from the mirror that this machine's
# own apt-get uses, with its settings. Mounts live in a mount namespace that ends with the test, so
# that none can stay behind. Exit status 1 when anything failed.
set -euo pipefail
# shellcheck source=test/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

roots=${XDG_CACHE_HOME:-$HOME/.cache}/crm_timeline-matrix
if [ "${1:-}" = --dir ]; then
    roots=${2:?--dir takes a folder}
    shift 2
fi
[ $# -gt 0 ] || set -- trixie
[ "$(id -u)" = 0 ] || die "debootstrap and chroot need root"
renice -n 10 $$ >/dev/null 2>&1 || true

# Where this machine gets the main part of its own release from.
mirror() {
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(LABEL) $(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $3 !~ /-|\// { print $2; exit }'
}

# This machine's way to the mirror, as a file of apt's configuration: proxies, certificates, times.
apt_settings() {
    apt-config dump | grep -E '^Acquire::(https?|Retries|Check-Valid-Until|Check-Date|ForceIPv)' |
        grep -vE 'Auto-?Detect|""' | sort -u
}

# What the programs in the root need of this machine's network: names, certificates.
copy_network() {
    local root=$1 file
    for file in /etc/resolv.conf /etc/hosts; do
        [ ! -e "$file" ] || cat "$file" >"$root$file"
    done
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$root/etc/ssl/certs"
        cat /etc/ssl/certs/ca-certificates.crt >"$root/etc/ssl/certs/ca-certificates.crt"
    fi
    apt_settings >"$root/etc/apt/apt.conf.d/90this-machine"
}

# Makes the root $1 of the release $2. Only a root that is whole gets its name.
make_root() {
    local root=$1 suite=$2 base=$2 from proxy
    [ "$suite" != experimental ] || base=sid
    from=$(mirror)
    [ -n "$from" ] || { apt_update && from=$(mirror); }
    [ -n "$from" ] || die "apt-get names no Debian mirror"
    # debootstrap fetches with wget, which knows nothing of apt's proxy.
    proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p' | tail -n 1)
    say "making a root of $suite in $root"
    rm -rf "$root.partial"
    # Private namespace: debootstrap mounts in the root, and would leave that when it is killed.
    run_group env ${proxy:+http_proxy="$proxy"} \
        unshare --mount --pid --fork --kill-child --mount-proc --propagation private \
        debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        --include=ca-certificates "$base" "$root.partial" "$from" >"$TMP/debootstrap.log" 2>&1 ||
        { tail -n 30 "$TMP/debootstrap.log" >&2; die "debootstrap $base failed"; }
    echo "deb $from $base main" >"$root.partial/etc/apt/sources.list"
    if [ "$base" = sid ]; then
        # Mirrors that keep snapshots serve sid's index beyond its date.
        echo 'Acquire::Check-Valid-Until "false";' >"$root.partial/etc/apt/apt.conf.d/91snapshot"
    fi
    if [ "$suite" = experimental ]; then
        echo "deb $from experimental main" >>"$root.partial/etc/apt/sources.list"
        printf 'Package: postgresql* libpq*\nPin: release a=experimental\nPin-Priority: 600\n' \
            >"$root.partial/etc/apt/preferences.d/postgresql"
    fi
    mv "$root.partial" "$root"
}

# Runs a command in the root $1, with /proc and /dev of its own; its processes and its mounts end
# with it, whatever happens.
in_root() {
    local root=$1
    shift
    # shellcheck disable=SC2016
    run_group unshare --mount --pid --fork --kill-child --propagation private bash -c '
        mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
            mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm" || exit 125
        root=$1
        shift
        exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive ${http_proxy:+http_proxy="$http_proxy"} \
            ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} "$@"
    ' in_root "$root" "$@"
}

# The newest major that the root's packages bring. (Asked by search: the package "postgresql" of
# experimental may lag behind.)
newest_major() {
    in_root "$1" apt-cache search --names-only '^postgresql-[0-9]+$' |
        sed -n 's/^postgresql-\([0-9]*\) .*/\1/p' | sort -n | tail -n 1
}

# Copies the checkout, and what stands beside it, into the root.
copy_in() {
    local room=$1/srv/crm_timeline part
    rm -rf "$room" "$1"/tmp/crm_timeline.*
    copy_checkout "$room/main"
    for part in data tools; do
        [ -d "$checkout/../shared/$part" ] || continue
        mkdir -p "$room/shared"
        cp -R "$checkout/../shared/$part" "$room/shared/"
    done
}

# One release: $1 is SUITE or SUITE:MAJOR.
test_release() {
    local suite=${1%%:*} major='' root log status=0 counts
    [[ $1 != *:* ]] || major=${1#*:}
    root=$roots/$suite
    mkdir -p "$roots"
    # A root serves one run at a time.
    exec 8>"$root.lock"
    flock 8
    [ -d "$root" ] || make_root "$root" "$suite"
    copy_network "$root"
    if [ -z "$major" ]; then
        in_root "$root" apt-get -q update >"$TMP/update.log" 2>&1 || { cat "$TMP/update.log" >&2; die "$suite: apt-get update failed"; }
        major=$(newest_major "$root")
        [ -n "$major" ] || die "$suite brings no PostgreSQL"
    fi
    copy_in "$root"
    log=$TMP/$suite.log
    say "running the suite on $suite with PostgreSQL $major"
    in_root "$root" PG="$major" CI="${CI:-}" /srv/crm_timeline/main/test/run.sh >"$log" 2>&1 || status=$?
    rm -rf "$root"/tmp/crm_timeline.* "$root/srv/crm_timeline"
    counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1) || true
    if [ "$status" != 0 ] || [ -z "$counts" ]; then
        sed "s/^/    /" "$log" >&2
        failures=1
    fi
    echo "PG $major: ${counts:-the suite died with status $status}"
    exec 8>&-
}

ensure_packages debootstrap debian-archive-keyring util-linux
failures=0
for release in "$@"; do test_release "$release"; done
exit "$failures"
