"""The same questions to a PostgreSQL database that has the extension, through psql and COPY."""
import json

from language import parse
from session import psql_lines
from timelines import read_timeline, write_time, write_timeline

SET_UP = r'''
SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET timezone = 'UTC';
SET search_path = crm_timeline, public;
CREATE TEMP TABLE pair (number int, pattern text, timeline text, as_of timestamptz);
CREATE TEMP TABLE item (number int, occurred_at timestamptz, kind text, attributes jsonb);

CREATE FUNCTION pg_temp.us(timestamptz) RETURNS bigint LANGUAGE sql AS $$ SELECT (extract(epoch FROM $1) * 1000000)::bigint $$;

CREATE FUNCTION pg_temp.said(m pattern_match) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_array(m.n, pg_temp.us(m.starts_at), pg_temp.us(m.ends_at), m.interactions::text) WHERE m.n IS NOT NULL
$$;

CREATE FUNCTION pg_temp.answers(p pattern, t timeline, as_of timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'matches', matches(t, p, as_of),
        'may_match', t @? p,
        'match_count', match_count(t, p, as_of),
        'match_first', pg_temp.said(match_first(t, p, as_of)),
        'match_last', pg_temp.said(match_last(t, p, as_of)),
        'match_all', (SELECT coalesce(jsonb_agg(pg_temp.said(m)), '[]') FROM match_all(t, p, as_of) m),
        'funnel_depth', funnel_depth(t, p, as_of),
        'funnel', (SELECT jsonb_agg(jsonb_build_array(step, pg_temp.us(reached_at),
                                                      (extract(epoch FROM since_previous) * 1000000)::bigint,
                                                      kind, channel, source, ref, next_kind))
                     FROM funnel(t, p, as_of)),
        'short', jsonb_build_array(t @@ p, matches(t, p), match_count(t, p), funnel_depth(t, p),
                                   (SELECT count(*) FROM match_all(t, p)), (SELECT count(reached_at) FROM funnel(t, p))))
$$;

CREATE FUNCTION pg_temp.asked(pattern_text text, timeline_text text, built timeline, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    p pattern := pattern_text;
    t timeline := timeline_text;
    other timeline := coalesce(built, '{}');
    found jsonb := pg_temp.answers(p, t, as_of);
BEGIN
    RETURN found || jsonb_build_object('canonical', p::text, 'canonical_again', p::text::pattern::text,
                                       'built', other = t AND pg_temp.answers(p, other, as_of) = found);
END $$;

CREATE FUNCTION pg_temp.ask(pattern_text text, timeline_text text, built timeline, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_temp.asked(pattern_text, timeline_text, built, as_of);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;

CREATE FUNCTION pg_temp.refusal(pattern_text text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pattern_text::pattern;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ': ' || SQLERRM;
END $$;
'''

ASK = '''
SELECT number || ' ' || pg_temp.ask(pattern, timeline, built, as_of)
  FROM pair LEFT JOIN (SELECT number, timeline_agg(occurred_at, kind, attributes) AS built FROM item GROUP BY number) b
       USING (number)
 ORDER BY number;
'''

ASK_REFUSALS = "SELECT number || ' ' || jsonb_build_array(pg_temp.refusal(pattern)) FROM pair ORDER BY number;\n"


def copied(values):
    """One line of COPY's text format."""
    escapes = str.maketrans({'\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r'})
    return '\t'.join('\\N' if value is None else str(value).translate(escapes) for value in values) + '\n'


def copy(table, rows):
    return f'COPY {table} FROM stdin;\n' + ''.join(map(copied, rows)) + '\\.\n'


def json_of(attributes):
    whole = {name: int(value) if isinstance(value, float) and value == int(value) else value
             for name, value in attributes.items()}
    return json.dumps(whole, ensure_ascii=False)


def run(command, script):
    """The answers by number: psql runs the script, each line of its output is a number and JSON."""
    lines = (line.split(' ', 1) for line in psql_lines(command, script))
    return {int(number): json.loads(answer) for number, answer in lines}


def ask(command, pairs):
    """The timelines are sent twice: as text, and as rows in another order for timeline_agg."""
    rows = [(pair.number, pair.text, write_timeline(pair.interactions),
             'infinity' if pair.as_of is None else write_time(pair.as_of)) for pair in pairs]
    items = [(pair.number, write_time(i.time), i.kind, json_of(i.attributes))
             for pair in pairs for i in pair.interactions[::-1]]
    return run(command, SET_UP + copy('pair', rows) + copy('item', items) + ASK)


def ask_refusals(command, texts):
    """The reasons (None: accepted) for patterns by their number."""
    rows = [(number, text, None, None) for number, text in texts.items()]
    return {number: answer[0] for number, answer in run(command, SET_UP + copy('pair', rows) + ASK_REFUSALS).items()}


def read_match(row):
    """(n, starts_at, ends_at, interactions) of pg_temp.said; None for none."""
    return None if row is None else (row[0], row[1], row[2], read_timeline(row[3]))


def reason(text):
    """Why the oracle refuses a pattern; None when it does not."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None
