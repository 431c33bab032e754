// bench/peers.js FILE DIR : ClickHouse (npm chdb) and DuckDB (npm @duckdb/node-api) in process, to be asked one question after
// another, each on one thread.
//
// FILE holds lines of customer, microseconds since 1970, kind, channel, tab-separated; DIR is an empty folder for their data.
// Both have them as a table t (customer, us, kind, channel), sorted by customer and time: in ClickHouse a MergeTree with that
// sorting key, in one part. Then every line of input is `clickhouse SQL` or `duckdb SQL`, and is answered by one line: seconds,
// a tab, and the rows of the answer, values separated by | and rows by ;. Ends with its input.

const path = require('path');
const readline = require('readline');
const { performance } = require('perf_hooks');
const { Session } = require('chdb');
const { DuckDBInstance } = require('@duckdb/node-api');

const [file, dir] = process.argv.slice(2).map(name => path.resolve(name));

function openClickHouse() {
    const session = new Session(path.join(dir, 'clickhouse'));
    const ask = sql => session.query(sql, 'TSV').trim();
    for (const setting of ['max_threads=1', 'max_insert_threads=1', 'max_final_threads=1', 'optimize_skip_merged_partitions=1'])
        ask(`SET ${setting}`);
    ask('CREATE DATABASE IF NOT EXISTS b ENGINE = Atomic');
    ask('USE b');
    ask(`CREATE TABLE t (customer UInt32, us UInt64, kind LowCardinality(String), channel LowCardinality(String))
         ENGINE = MergeTree ORDER BY (customer, us)`);
    ask(`INSERT INTO t SELECT * FROM file('${file}', 'TSV', 'customer UInt32, us UInt64, kind String, channel String')`);
    ask('OPTIMIZE TABLE t FINAL');
    return {
        version: ask('SELECT version()'),
        async ask(sql) { return ask(sql).split('\n').map(line => line.split('\t')); },
        close() { session.cleanup(); },
    };
}

async function openDuckDB() {
    const instance = await DuckDBInstance.create(path.join(dir, 'duckdb'), { threads: '1' });
    const connection = await instance.connect();
    const ask = async sql => (await connection.runAndReadAll(sql)).getRows();
    await ask(`CREATE TABLE t AS SELECT * FROM read_csv('${file}', delim = '\t', header = false,
               columns = {customer: 'UINTEGER', us: 'BIGINT', kind: 'VARCHAR', channel: 'VARCHAR'}) ORDER BY customer, us`);
    await ask('CHECKPOINT');
    return {
        version: String((await ask('SELECT version()'))[0][0]),
        ask,
        close() { connection.closeSync(); },
    };
}

(async () => {
    const peer = { clickhouse: openClickHouse(), duckdb: await openDuckDB() };
    console.log(`ready ClickHouse ${peer.clickhouse.version}, DuckDB ${peer.duckdb.version}`);
    for await (const line of readline.createInterface({ input: process.stdin })) {
        const space = line.indexOf(' ');
        try {
            const began = performance.now();
            const rows = await peer[line.slice(0, space)].ask(line.slice(space + 1));
            const seconds = (performance.now() - began) / 1000;
            console.log(`${seconds.toFixed(4)}\t${rows.map(row => row.join('|')).join(';')}`);
        } catch (error) {
            console.log(`failed\t${String(error).replace(/\s+/g, ' ')}`);
        }
    }
    peer.clickhouse.close();
    peer.duckdb.close();
})();
