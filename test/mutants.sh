#!/usr/bin/env bash
# Breaks the store in each of the ways below, and wants a test of it to fail: its histories (test/t/130), the views (test/t/160), its regress test,
# its isolation specs.
#
#     test/mutants.sh [NAME]        all, or one; about half a minute each. By hand: not a part of the suite.
#
# The ways to break what has an oracle of its own are in test/oracle/mutants.
set -euo pipefail
# shellcheck disable=SC2016
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=0 missed=0

# mutant NAME FILE OLD NEW: OLD stands in FILE once.
mutant() {
    local name=$1 file=$2
    [ -z "$only" ] || [ "$only" = "$name" ] || return 0
    rm -rf "$work/tree"
    git clone -q --local "$here" "$work/tree"
    OLD=$3 NEW=$4 perl -0pi -e '$n = () = /\Q$ENV{OLD}\E/g; die "stands there $n times\n" if $n != 1; s/\Q$ENV{OLD}\E/$ENV{NEW}/' "$work/tree/$file" ||
        { echo "mutant $name does not apply to $file" >&2; exit 1; }
    local how
    for how in "tap 130*" "tap 160*" "regress" "isolation"; do
        if ! ONLY="${how#* }" "$work/tree/test/run.sh" "${how%% *}" >"$work/log" 2>&1; then
            if grep -q '^FAILED' "$work/log"; then
                found=$((found + 1))
                echo "found   $name: $(grep -m 1 '^FAILED' "$work/log")"
                return
            fi
            tail -n 5 "$work/log" >&2
            exit 1
        fi
    done
    missed=$((missed + 1))
    echo "MISSED  $name"
}

only=${1:-}
horizon=src/sources/horizon.sql refresh=src/store/refresh.sql store=src/store/store.sql views=src/store/views.sql
mutant marks-deleted-late $refresh $'\twritten := cardinality(changed);\nEND' $'\tDELETE FROM crm_timeline.dirty_log;\n\twritten := cardinality(changed);\nEND'
mutant changed-deleted-late $refresh $'\twritten := cardinality(changed);\nEND' $'\tDELETE FROM crm_timeline.changed_customer;\n\twritten := cardinality(changed);\nEND'
mutant old-customer-clean $store 'SELECT w.customer_id FROM was w UNION SELECT n.customer_id FROM is_now n' 'SELECT n.customer_id FROM is_now n'
mutant new-customer-clean $store 'SELECT w.customer_id FROM was w UNION SELECT n.customer_id FROM is_now n' 'SELECT w.customer_id FROM was w'
mutant moment-touches-nothing $refresh "tstzrange(w.starts_at, w.ends_at, '[]') AS written" "tstzrange(w.starts_at, w.ends_at, '[)') AS written"
mutant first-segment-has-a-start $refresh "CASE WHEN lag(g.starts_at) OVER w IS NULL THEN '-infinity' ELSE g.starts_at END" 'g.starts_at'
mutant last-segment-has-an-end $refresh "coalesce(lead(g.starts_at) OVER w, 'infinity')" 'coalesce(lead(g.starts_at) OVER w, g.last_at)'
mutant nobody-provisional $store 'WHERE l.identity IS NOT NULL AND NOT crm_timeline.is_resolved(l.identity)' 'WHERE false'
mutant all-marked-is-nothing $store 'WHERE c.customer_id IS NULL)' 'WHERE false)'
mutant whole-source-is-nothing $store 'WHERE l.provisional_id IS NULL)' 'WHERE false)'
mutant partitions-unnoticed $store 'THEN crm_timeline.inheritance_changed(m.tables, m.inheritance) END)' 'THEN false END)'
mutant reattached-is-the-same src/sources/registration.sql 'SELECT i.inhparent, i.inhrelid, i.xmin::text FROM pg_inherits i WHERE' "SELECT i.inhparent, i.inhrelid, '1' FROM pg_inherits i WHERE"
mutant gone-customer-stays $refresh 'WHERE s.customer_id = ANY ($1) AND NOT EXISTS (SELECT FROM fresh f WHERE f.customer_id = s.customer_id)' 'WHERE false'
mutant same-count-is-the-same $refresh "SELECT format('%s WHERE s.timeline IS NULL OR s.timeline OPERATOR(crm_timeline.<>) excluded.timeline OR (%s) IS DISTINCT FROM (%s)'," "SELECT format('%s WHERE s.interactions <> excluded.interactions OR (1, %s) IS NULL OR (1, %s) IS NULL',"
mutant live-sources-forgotten $views "IF live <> '{}' THEN
		computed" "IF false THEN
		computed"
mutant definition-changes-nothing $views 'INSERT INTO crm_timeline.changed_customer (customer_id) VALUES (NULL);' 'NULL;'
mutant segments-of-the-small-stay $refresh 'WHERE g.customer_id = ANY ($1) AND NOT EXISTS (SELECT FROM fresh f WHERE f.customer_id = g.customer_id AND pg_column_size(f.timeline) > $2)' 'WHERE false'
mutant new-identities-unknown $refresh 'WHERE NOT EXISTS (SELECT FROM crm_timeline.membership m WHERE m.identity OPERATOR(crm_timeline.=) p.identity);' 'WHERE false;'
mutant marks-taken-at-once $horizon 'l WHERE l.lookups > 0' 'l WHERE false'
mutant own-writer-waited-for $horizon 'h.passed[l.lookups + 1]' 'h.passed[1]'
mutant misled-not-waited-for $horizon 'h.passed[l.lookups + 1]' 'h.passed[2]'
mutant failed-capture-taken-at-once src/sources/refresh.sql 'CASE WHEN w.source IS NULL THEN live ELSE crm_timeline.is_settled(l.xmin, w.age) END' 'live'
mutant old-snapshot-looked-up src/sources/capture.c 'GetLatestSnapshot()' 'GetTransactionSnapshot()'
mutant waits-of-any-definition $views "WHERE u.defined_by = crm_timeline.definitions_key() AND u.waiting_since" 'WHERE u.waiting_since'
mutant summary-of-any-definition $views "CASE WHEN NOT s.kept OR s.defined_by = crm_timeline.definitions_key() AND s.last_at" 'CASE WHEN NOT s.kept OR s.last_at'
mutant lapsed-waits-stay $views "	AND u.waiting_asked_at >= crm_timeline.waiting_horizon()\n" "	AND true\n"
mutant lapsed-waits-stay-in-the-summary $views "CASE WHEN NOT s.kept OR s.waiting_asked_at >= crm_timeline.waiting_horizon() THEN s.waiting_since END" 's.waiting_since'
mutant next-wait-unseen $views "OR s.defined_by = crm_timeline.definitions_key() AND s.waiting_since < crm_timeline.waiting_horizon()" 'OR false'
mutant waits-of-the-future $views "u.waiting_since IS NOT NULL AND (NOT u.kept OR u.last_at <= now()" 'u.waiting_since IS NOT NULL AND (NOT u.kept OR true'
mutant waits-not-refreshed $refresh "w.waiting_asked_at, w.waiting_last, w.defined_by
			FROM crm_timeline.stored_waits" "NULL, w.waiting_last, w.defined_by
			FROM crm_timeline.stored_waits"
echo "mutants: $found found, $missed missed"
[ "$missed" = 0 ]
