#!/bin/bash
# bench/run.sh [NAME...]: the measurements behind every claim of speed or size.
#
#     bench/run.sh                  all of them
#     bench/run.sh build scan       these only: each NAME is a script bench/NAME.sh
#     bench/run.sh resolution       customers from links, with data of its own; not among all of them
#     bench/run.sh context views    one customer for whoever answers, and views over all customers: some ten minutes more and
#                                   9 GB of disk, so they are not among all of them
#     bench/hundred_million.sh      a hundred million interactions; a script of its own, with other settings
#     SCALE=0.1 bench/run.sh size   with a tenth of the 150,000 customers
#
# Prints one measurement per line, `name metric value`, and comments that begin with #. A measurement
# that has a target is preceded by a line `# target`, and the last line counts them. A missed target
# is a result, not an error: the exit status tells only whether everything could be measured.
#
# Needs nothing set up: makes itself a throwaway server as the tests do, generates the data, removes
# everything. At SCALE=1 it takes about 15 minutes, 9 GB of disk and 6 GB of memory. The peers come from npm and
# are kept in ~/.cache/crm_timeline-bench.

set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
. "$here/../test/lib.sh"
. "$here/measure.sh"

[ $# -gt 0 ] || set -- build size scan funnel sequence stages gated store history
for name in "$@"; do
    [[ $name != */* && -e $here/$name.sh && ! $name =~ ^(run|measure|hundred_million)$ ]] || die "there is no measurement named $name"
done
[[ ${SCALE:=1} =~ ^[0-9]*\.?[0-9]+$ ]] || die "SCALE=$SCALE: a number such as 0.1"
customers=$(awk -v s="$SCALE" 'BEGIN { n = int(150000 * s + 0.5); print n < 1 ? 1 : n }')

# Memory enough that no plan spills and no table leaves the cache: what is compared is the work.
set_up shared_buffers=2GB work_mem=4GB hash_mem_multiplier=1 maintenance_work_mem=1GB temp_buffers=64MB \
    max_wal_size=20GB wal_level=minimal max_wal_senders=0 autovacuum=off \
    full_page_writes=off checkpoint_timeout=1h max_parallel_workers_per_gather=0 \
    track_activities=off bgwriter_lru_maxpages=0

comment "machine: $(lscpu | sed -n 's/^Model name: *//p' | head -n 1), $(nproc) processors," \
    "$(free -g | awk '/^Mem:/ { print $2 }') GB, $(uname -sr)"
query "SELECT split_part(version(), ',', 1)"
comment "server: $REPLY"
generated=
for name in "$@"; do
    # the interactions of many customers, for whatever looks at them
    if [ -z "$generated" ] && grep -q 'bench\.\|ensure_stored' "$here/$name.sh"; then
        generate
        generated=1
    fi
    # shellcheck source=/dev/null
    . "$here/$name.sh"
done
comment "$met targets met, $missed missed"
