// Reads the views as a program does that knows only the server's metadata, with node-postgres and its own types.
//     node client.js FOLDER PORT     FOLDER has what psql says: views.tsv, columns.VIEW.tsv, values.VIEW.tsv
'use strict';
const fs = require('fs');
const { Client } = require('pg');

const [folder, port] = process.argv.slice(2);
// what depends on the moment of reading is compared by its type only
const MOMENTARY = new Set(['waited', 'working_time', 'allowed_at']);

// The lines of a file in COPY's text format.
function lines(name) {
  const unescape = field => field === '\\N' ? null : field.replace(/\\(.)/g, (_, c) => ({ t: '\t', n: '\n', r: '\r', b: '\b', f: '\f', v: '\v' })[c] ?? c);
  return fs.readFileSync(`${folder}/${name}`, 'utf8').split('\n').filter(line => line !== '').map(line => line.split('\t').map(unescape));
}

// The seconds of an interval as ISO 8601 writes it, and as the driver gives it; none of ours has months.
function secondsOfText(text) {
  const m = /^P(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?[\d.]+)S)?)?$/.exec(text);
  return (+(m[1] ?? 0)) * 86400 + (+(m[2] ?? 0)) * 3600 + (+(m[3] ?? 0)) * 60 + +(m[4] ?? 0);
}
const secondsOf = i => (i.days ?? 0) * 86400 + (i.hours ?? 0) * 3600 + (i.minutes ?? 0) * 60 + (i.seconds ?? 0) + (i.milliseconds ?? 0) / 1000;

// For each type what the driver makes of it, and whether that is what psql's text says.
const readers = {
  'bigint': [v => typeof v === 'string', (v, text) => v === text],
  'integer': [Number.isInteger, (v, text) => v === Number(text)],
  'text': [v => typeof v === 'string', (v, text) => v === text],
  'timestamp with time zone': [v => v instanceof Date && !isNaN(v), (v, text) => v.getTime() === new Date(text).getTime()],
  'interval': [v => v.constructor.name === 'PostgresInterval', (v, text) => Math.abs(secondsOf(v) - secondsOfText(text)) < 1e-5],
  'double precision': [v => typeof v === 'number', (v, text) => v === Number(text)],
  'boolean': [v => typeof v === 'boolean', (v, text) => String(v) === text],
  'jsonb': [v => typeof v === 'object', (v, text) => { const other = JSON.parse(text); return Object.keys(v).length === Object.keys(other).length && Object.entries(v).every(([k, x]) => other[k] === x); }],
};

let failed = 0;
function check(what, problems) {
  if (problems.length > 0) failed++;
  console.log(`${problems.length === 0 ? 'ok' : 'FAILED'} ${what}`);
  problems.slice(0, 5).forEach(problem => console.log(`    ${problem}`));
}

async function main() {
  const client = new Client({ host: '127.0.0.1', port: Number(port), user: 'analyst', database: 'postgres' });
  await client.connect();
  for (const [view, keys] of lines('views.tsv')) {
    const expected = lines(`columns.${view}.tsv`).map(([, , name, type, comment]) => ({ name, type, comment }));
    const found = (await client.query(
      `SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, NULL) AS type, pg_catalog.col_description(a.attrelid, a.attnum) AS comment, a.atttypid AS oid
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'crm_timeline' AND c.relname = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, [view])).rows;
    const { rows, fields } = await client.query(`SELECT * FROM crm_timeline.${view} ORDER BY ${keys}`);
    check(`${view}: ${expected.length} columns, their types and comments`, [
      ...expected.length === 0 || expected.length !== found.length || expected.length !== fields.length ? [`${expected.length}, ${found.length} and ${fields.length} columns`] : [],
      ...expected.flatMap((e, i) => e.name === found[i]?.name && e.type === found[i].type && e.comment === found[i].comment && e.comment
        && fields[i]?.name === e.name && fields[i].dataTypeID === found[i].oid && readers[e.type] ? [] : [`${e.name}: ${JSON.stringify(found[i])}`])]);
    const values = lines(`values.${view}.tsv`);
    const type = Object.fromEntries(expected.map(e => [e.name, e.type]));
    const problems = values.flatMap(([n, name, text]) => {
      const value = rows[n - 1]?.[name];
      if (text === null) return value === null ? [] : [`row ${n}, ${name}: ${value} for NULL`];
      const [isOfType, isEqual] = readers[type[name]];
      return value !== null && value !== undefined && isOfType(value) && (MOMENTARY.has(name) || isEqual(value, text)) ? [] : [`row ${n}, ${name}: ${JSON.stringify(value)} for ${text}`];
    });
    if (rows.length === 0 || values.length !== rows.length * expected.length) problems.unshift(`${rows.length} rows, ${values.length} values`);
    check(`${view}: ${rows.length} rows, ${values.length} values`, problems);
  }
  await client.end();
  process.exitCode = failed > 0 ? 1 : 0;
}
main().catch(error => { console.log(`FAILED ${error.stack}`); process.exitCode = 1; });
