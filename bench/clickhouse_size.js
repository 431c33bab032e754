// bench/clickhouse_size.js FILE DIR : what ClickHouse (in process, npm chdb) needs for the same interactions.
//
// FILE holds lines of customer, microseconds since 1970, kind, channel, tab-separated; DIR is an empty folder for its data.
// Prints `name value` lines: rows, a checksum, and the bytes on disk of one merged part (columns, marks, primary index,
// checksums) with default codecs, with plain strings instead of LowCardinality, and with tuned codecs.
//
// The tuned codecs are looked for in every run: each codec below on each column of one customer in 20. A column's size does
// not depend on its neighbours, so one wide table answers for all combinations. The slowest settings (ZSTD(19), minutes for
// a large table) may win: what they cost in time is not held against them.

const path = require('path');
const [file, dir] = process.argv.slice(2);
const { Session } = require('chdb');
const session = new Session(dir);
const ask = (sql, format) => session.query(sql, format || 'TSV').trim();
const say = (name, value) => console.log(`${name} ${value}`);

// one thread; and a table is filled as one block, so that it is sorted and compressed once
for (const setting of ['max_threads=1', 'max_insert_threads=1', 'max_final_threads=1', 'max_block_size=65536',
    'min_insert_block_size_rows=1000000000', 'min_insert_block_size_bytes=0', 'max_insert_block_size=1000000000',
    'optimize_skip_merged_partitions=1', 'allow_suspicious_codecs=1'])
    ask(`SET ${setting}`);
ask('CREATE DATABASE IF NOT EXISTS b ENGINE = Atomic');
ask('USE b');

const COLUMNS = [
    ['customer', 'UInt32'],
    ['time', "DateTime64(6, 'UTC')"],
    ['kind', 'LowCardinality(String)'],
    ['channel', 'LowCardinality(String)'],
];

// one part sorted by (customer, time); the settings keep it in the wide format at any scale
function make(table, columns, source) {
    ask(`CREATE TABLE b.${table} (${columns.map(c => c.join(' ')).join(', ')}) ENGINE = MergeTree ORDER BY (customer, time)
         SETTINGS min_bytes_for_wide_part = 0`);
    ask(`INSERT INTO b.${table} ${source}`);
    ask(`OPTIMIZE TABLE b.${table} FINAL`);
    const [parts, rows, bytes] = ask(`SELECT count(), sum(rows), sum(bytes_on_disk) FROM system.parts
                                      WHERE active AND database = 'b' AND table = '${table}'`).split('\t').map(Number);
    if (parts !== 1)
        throw new Error(`${table} has ${parts} parts after OPTIMIZE FINAL`);
    return { rows, bytes };
}

function columnBytes(table) {
    const sizes = {};
    for (const line of ask(`SELECT column, sum(column_bytes_on_disk) FROM system.parts_columns
                            WHERE active AND database = 'b' AND table = '${table}' GROUP BY column`).split('\n')) {
        const [column, bytes] = line.split('\t');
        sizes[column] = Number(bytes);
    }
    return sizes;
}

const input = `SELECT customer, fromUnixTimestamp64Micro(us, 'UTC') AS time, kind, channel
               FROM file('${path.resolve(file)}', 'TSV', 'customer UInt32, us Int64, kind String, channel String')`;

say('version', ask('SELECT version()'));
const plain = make('plain', COLUMNS, input);
say('rows', plain.rows);
say('checksum', ask('SELECT sum(toUnixTimestamp64Micro(time) % 1000003 * (customer % 1009 + length(kind) * 31 + length(channel))) FROM b.plain'));
say('default_bytes', plain.bytes);
const sizes = columnBytes('plain');
say('default_columns', COLUMNS.map(([c]) => `${c}=${sizes[c]}`).join(','));

const text = make('strings', COLUMNS.map(([c, t]) => [c, t.includes('String') ? 'String' : t]), 'SELECT * FROM b.plain');
say('strings_bytes', text.bytes);

// the tuned table
make('sample', COLUMNS, 'SELECT * FROM b.plain WHERE customer % 20 = 7');
const sampled = Number(ask('SELECT count() FROM b.sample'));
const squeezers = ['LZ4', 'LZ4HC(12)', 'ZSTD(1)', 'ZSTD(3)', 'ZSTD(9)', 'ZSTD(19)'];
const before = {
    customer: ['', 'Delta, ', 'DoubleDelta, ', 'T64, ', 'Gorilla, '],
    time: ['', 'Delta, ', 'DoubleDelta, ', "T64, ", "T64('bit'), ", 'Gorilla, ', 'Delta, T64, '],
    kind: [''],
    channel: [''],
};
const tries = [];
for (const [column, type] of COLUMNS)
    for (const first of before[column])
        for (const then of first === '' || first.includes(',') ? squeezers : [])
            tries.push({ column, type, codec: `CODEC(${first}${then})`, as: `v${tries.length}` });
for (const column of ['time', 'customer'])
    for (const alone of ['DoubleDelta', 'T64', 'Gorilla'])
        tries.push({ column, type: COLUMNS.find(c => c[0] === column)[1], codec: `CODEC(${alone})`, as: `v${tries.length}` });

const best = {};
const key = [['customer', 'UInt32 CODEC(LZ4)'], ['time', "DateTime64(6, 'UTC') CODEC(LZ4)"]];
for (const [column] of COLUMNS) {
    const mine = tries.filter(t => t.column === column);
    make(`try_${column}`, key.concat(mine.map(t => [t.as, `${t.type} ${t.codec}`])),
        `SELECT customer, time, ${mine.map(() => column).join(', ')} FROM b.sample`);
    const found = columnBytes(`try_${column}`);
    ask(`DROP TABLE b.try_${column} SYNC`);
    for (const t of mine) {
        t.bytes = found[t.as];
        if (!best[column] || t.bytes < best[column].bytes)
            best[column] = t;
    }
    mine.sort((x, y) => x.bytes - y.bytes);
    if (process.env.VERBOSE)
        for (const t of mine)
            console.error(`${column} ${t.codec} ${(t.bytes / sampled).toFixed(3)}`);
}
const tuned = make('tuned', COLUMNS.map(([c, t]) => [c, `${t} ${best[c].codec}`]), 'SELECT * FROM b.plain');
say('tuned_bytes', tuned.bytes);
const columnBytesOf = columnBytes('tuned');
say('tuned_columns', COLUMNS.map(([c]) => `${c}=${columnBytesOf[c]}`).join(','));
say('tuned_codecs', COLUMNS.map(([c]) => `${c} ${best[c].codec}`).join(', '));
session.cleanup();
