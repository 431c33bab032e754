# bench/resolution.sh: customers from links, by hand: bench/run.sh resolution. At SCALE=1 there are 5 million identities of a
# million people: a user's number, an e-mail address, a telephone number and two devices, linked by 4 million observed links; every
# hundredth person also used a device of the one before. It is resolved from scratch, again without a change, and after one link.

# shellcheck shell=bash disable=SC2154

say "resolution: making the links"
people=$(awk -v s="$SCALE" 'BEGIN { n = int(1000000 * s + 0.5); print n < 1 ? 1 : n }')
fresh_extension
sql <<SQL
SET search_path = public, crm_timeline;
INSERT INTO identity_limit VALUES ('user', 1);
INSERT INTO observed_link
SELECT 'app', identity('user', i::text), o.other, o.grade, timestamptz '2020-01-01Z' + (hashint8extended(i * 4 + o.n, 7) & 134217727) * interval '1 s'
FROM generate_series(1, $people) i,
     LATERAL (VALUES (0, identity('email', 'customer' || i || '@example' || i % 1000 || '.com'), 75),
                     (1, identity('phone', '+4930' || 1000000 + i), 50),
                     (2, identity('device', md5(i::text)), 50),
                     (3, identity('device', CASE WHEN i % 100 = 0 THEN md5((i - 1)::text) ELSE md5('other ' || i) END), 25)) AS o (n, other, grade);
VACUUM (FREEZE, ANALYZE) observed_link;
TRUNCATE touched_identity;
CHECKPOINT;
SELECT count(*) FROM observed_link;
SQL
comment "resolution: $REPLY links of $people people"

# Seconds of a resolution, what it said, and the most memory of its session's own, in MB.
resolution() {
    sql <<SQL
SELECT clock_timestamp() AS began \\gset
SELECT * FROM crm_timeline.resolve($1);
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz);
SELECT (substring(s FROM 'VmHWM:\\s+(\\d+)')::bigint - substring(s FROM 'RssShmem:\\s+(\\d+)')::bigint) / 1024
  FROM pg_read_file('/proc/self/status', 0, 4096) s;
SQL
    { read -r said; read -r took; read -r peak; } <<<"$REPLY"
}

# From scratch, several times: others on the machine make it longer, nothing makes it shorter.
least=
most_memory=0
for run in $(seq "${RESOLUTION_RUNS:-3}"); do
    query 'TRUNCATE crm_timeline.membership, crm_timeline.bond, crm_timeline.refused_link, crm_timeline.touched_identity'
    resolution ''
    comment "resolution: run $run: $(calc 1 "$took") s, $peak MB; identities|customers|joined|split|refused $said"
    [ -n "$least" ] && awk -v a="$least" -v b="$took" 'BEGIN { exit !(a <= b) }' || least=$took
    [ "$peak" -le "$most_memory" ] || most_memory=$peak
done
metric "resolution first_seconds" "$(calc 1 "$least")" most 30
metric "resolution first_megabytes" "$most_memory" most 1536
resolution ''
metric "resolution unchanged_seconds" "$(calc 1 "$took")"
query "SELECT pg_table_size('crm_timeline.membership') + pg_indexes_size('crm_timeline.membership')"
metric "resolution membership_bytes_per_identity" "$(calc 0 "$REPLY / ${said%%|*}")"
query "SELECT crm_timeline.link('user:1', 'email:customer2@example2.com', 100)" || true
resolution "'{}'"
comment "resolution: after one link $said"
metric "resolution one_link_ms" "$(calc 2 "$took * 1000")"
sql <<SQL
SET search_path = public, crm_timeline;
SELECT count(customer_of(identity('user', (i * 7919 % $people + 1)::text))) FROM generate_series(1, 20000) i;
SELECT clock_timestamp() AS began \\gset
SELECT count(customer_of(identity('user', (i * 7919 % $people + 1)::text))) FROM generate_series(1, 20000) i;
SELECT extract(epoch FROM clock_timestamp() - :'began'::timestamptz);
SQL
metric "resolution customer_of_ms" "$(calc 4 "$(tail -n 1 <<<"$REPLY") / 20")" below 0.1
