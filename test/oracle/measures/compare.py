"""The measures of a customer's experience, compared with their definitions in experience.py and in plain SQL.

    compare.py --cases N --seed S [--batch 500] [--until-different] [-- psql ARGS...]

The database is asked for every column of every row of all measures of random cases (cases.py); of cases in which the events are the
default ones, plain SQL over the rows is asked, too. Then come properties (properties.py), each of them a test of its own.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs.
"""
import json
import os
import random
import re
import sys
from collections import Counter
from fractions import Fraction
from functools import lru_cache

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'patterns'))

import experience
from cases import BEGIN, SENTIMENTS, described, make_case, written_as_of, written_entries
from experience import DAY, HOUR, MINUTE, PARAMETERS, SECOND, Moment, Slope, read_events
from properties import Properties, story_of
from server import SET_UP, copy, run
from session import lacking, main
from timelines import read_time, read_timeline, write_time, write_timeline

SHOWN = 5           # differences printed


# -- the database --

def read_sql(name):
    with open(os.path.join(HERE, f'{name}.sql'), encoding='utf-8') as file:
        return file.read()


TABLES = r'''
SET intervalstyle = 'postgres';
CREATE TEMP TABLE measure_case (number int PRIMARY KEY, timeline timeline, d text, plain boolean, parameters jsonb, as_of timestamptz,
    zone text, unit text, during tstzrange, worse timeline);
CREATE TEMP TABLE event_name (name text);
CREATE TEMP TABLE measure_item (number int, half int, occurred_at timestamptz, kind text, attributes jsonb);

'''

MEASURED = r'''
CREATE FUNCTION pg_temp.pressed(t timeline, d definitions, as_of timestamptz, zone text, unit text) RETURNS json
LANGUAGE plpgsql AS $$
BEGIN
    RETURN to_json(pressure(t, d, as_of, zone, unit));
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN '"22008"';
END $$;

CREATE FUNCTION pg_temp.measured(t timeline, d definitions, as_of timestamptz, zone text, unit text, during tstzrange) RETURNS json
LANGUAGE sql AS $$
    SELECT json_build_object(
        'waits', (SELECT coalesce(json_agg(w), '[]') FROM waits(t, d, as_of) w),
        'waits per customer', (SELECT coalesce(json_agg(w), '[]') FROM waits(t, d, as_of, true) w),
        'attention', attention(t, d, as_of),
        'conversations', (SELECT coalesce(json_agg(c), '[]') FROM conversations(t, d, as_of) c),
        'handlers', (SELECT coalesce(json_agg(h), '[]') FROM handlers(t, d, as_of) h),
        'friction items', (SELECT coalesce(json_agg(f), '[]') FROM friction_items(t, d, as_of) f),
        'friction', friction(t, d, as_of),
        'mood', mood(t, d, as_of),
        'recoveries', (SELECT coalesce(json_agg(r), '[]') FROM recoveries(t, d, as_of) r),
        'feedback loops', (SELECT coalesce(json_agg(f), '[]') FROM feedback_loops(t, d, as_of) f),
        'pressure', CASE WHEN isfinite(as_of) THEN to_json(pressure(t, d, as_of, zone, unit))
                         ELSE pg_temp.pressed(t, d, as_of, zone, unit) END,
        'calendar from', CASE WHEN isfinite(as_of) THEN pg_temp.us(date_trunc(unit, as_of, zone)) END,
        'baseline', baseline(t, d, as_of),
        'picked', (SELECT json_object_agg(name, pick_event(t, name, d, as_of)::text) FROM pg_temp.event_name),
        'event count', (SELECT json_object_agg(name, event_count(t, name, during, d)) FROM pg_temp.event_name))
$$;

CREATE FUNCTION pg_temp.never_improves(t timeline, worse timeline, d definitions, as_of timestamptz) RETURNS json LANGUAGE sql AS $$
    SELECT json_agg(json_build_array((friction(v, d, as_of)).score, event_count(v, 'poor', '(,)', d), (mood(v, d, as_of)).worst,
                                     (mood(v, d, as_of)).mood) ORDER BY n)
    FROM unnest(ARRAY[t, worse]) WITH ORDINALITY x(v, n)
$$;

CREATE FUNCTION pg_temp.ask(c measure_case, built timeline, halves timeline) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    d definitions;
    found json;
BEGIN
    d := c.d;
    found := pg_temp.measured(c.timeline, d, c.as_of, c.zone, c.unit, c.during);
    RETURN json_build_object('said', found, 'never improves', pg_temp.never_improves(c.timeline, c.worse, d, c.as_of),
        'built', CASE WHEN c.number % 4 = 0 THEN built = c.timeline AND halves = c.timeline
            AND pg_temp.measured(built, d, c.as_of, c.zone, c.unit, c.during)::text = found::text
            AND pg_temp.measured(halves, d, c.as_of, c.zone, c.unit, c.during)::text = found::text ELSE true END);
EXCEPTION WHEN OTHERS THEN
    RETURN json_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;
'''

ASK = '''
ANALYZE measure_case;
ANALYZE measure_item;
SELECT number || ' ' || replace(pg_temp.ask(c, b.built, b.halves)::text, E'\n', '')
  FROM measure_case c
  JOIN (SELECT number, timeline_agg(occurred_at, kind, attributes) AS built,
               coalesce(timeline_agg(occurred_at, kind, attributes) FILTER (WHERE half = 0), '{}')
               || coalesce(timeline_agg(occurred_at, kind, attributes) FILTER (WHERE half = 1), '{}') AS halves
          FROM measure_item GROUP BY number) b USING (number);
'''

# The files in the order in which they are read, and the measures in each.
PLAIN_SQL = {
    'rows': (), 'waits': ('waits', 'attention', 'working_waits'), 'feeling': ('mood', 'pressure', 'baseline', 'preferences', 'event_count'),
    'conversations': ('conversations', 'handlers', 'recurring'), 'friction': ('friction_items', 'friction'),
    'outcomes': ('recoveries', 'feedback_loops', 'consistency', 'friction_fit', 'goal_runs'),
}
# What was told of all cases is the answer of this number: how often a measure, and a word in it.
NUMBER_OF_TOLD = -10**9
WORDS = ('true', 'too little', 'right', 'too much', 'achieved', 'abandoned', 'open', 'wait_seconds', 'sentiment', 'topic')
# What the files put into force is so in this transaction alone.
ASK_PLAIN_SQL = '''
BEGIN;
{files}
CREATE TEMP TABLE plain_answer AS {answers};
SELECT -1 - number || ' ' || replace(json_agg(json_build_array(measure, plain_sql, told))::text, E'\\n', '')
  FROM pg_temp.plain_answer WHERE plain_sql IS DISTINCT FROM told GROUP BY number;
SELECT {number} || ' ' || json_object_agg(measure, n)
  FROM (SELECT measure, count(*) AS n FROM pg_temp.plain_answer WHERE told IS NOT NULL AND told <> '[null, null]' GROUP BY measure
        UNION ALL
        SELECT measure || ': ' || word, count(*) FROM pg_temp.plain_answer, unnest({words}) word
        WHERE measure ~ '^(friction_fit|goal_runs|consistency|recurring|preferences)' AND told::text ~ ('\\m' || word || '\\M') GROUP BY 1) x;
ROLLBACK;
'''.format(files=''.join(map(read_sql, PLAIN_SQL)), answers=' UNION ALL '.join(f'SELECT number, measure, plain_sql::jsonb, told::jsonb FROM pg_temp.plain_{measure}'
                                      for measures in PLAIN_SQL.values() for measure in measures),
           number=NUMBER_OF_TOLD, words=f'ARRAY{list(WORDS)}')


def json_of(interaction):
    """As timeline_agg wants it: automated is a boolean, whole numbers are written as such."""
    def value_of(name, value):
        if name == 'automated':
            return value == 'true'
        return int(value) if isinstance(value, float) and value == int(value) else value
    return json.dumps({name: value_of(name, value) for name, value in interaction.attributes.items()})


def ask(command, cases, names):
    rows, items = [], []
    for case in cases:
        parameters = {**PARAMETERS, **case.parameters}
        rows.append((case.number, write_timeline(case.interactions), written_entries(case), 'f' if case.events else 't',
                     json.dumps({name + ('@' if scope else '') + scope: value for (name, scope), value in parameters.items()}),
                     written_as_of(case), case.zone, case.unit, f'[{write_time(case.during[0])},{write_time(case.during[1])})',
                     write_timeline([*case.interactions, case.added])))
        items += [(case.number, half, write_time(i.time), i.kind, json_of(i)) for half, i in zip(case.halves, case.interactions)]
    script = (SET_UP + TABLES + copy('event_name', [(name,) for name in names]) + MEASURED + copy('measure_case', rows)
              + copy('measure_item', items) + ASK + ASK_PLAIN_SQL)
    return run(command, script)


def default_events(command):
    script = SET_UP + "SELECT 0 || ' ' || to_json(definitions()::text);"
    return read_events(run(command, script)[0])


# -- the comparison --

DURATIONS = frozenset(('waited', 'target', 'first_response', 'answer_time', 'within', 'median_gap', 'silence'))
INTERVAL = re.compile(r'(?:(-?\d+) days?)? ?(?:(-?)(\d+):(\d+):([\d.]+))?')


@lru_cache(maxsize=100000)
def read_interval(text):
    days, minus, hours, minutes, seconds = INTERVAL.fullmatch(text).groups()
    time = 0 if hours is None else int(hours) * HOUR + int(minutes) * MINUTE + round(Fraction(seconds) * SECOND)
    return int(days or 0) * DAY + (-time if minus else time)


@lru_cache(maxsize=100000)
def read_moment(text):
    return Moment(read_time(text.replace('+00:00', 'Z')))


def is_same(column, wanted, got):
    if wanted == 'any':     # a slope that doubles need not know
        return got is None or isinstance(got, (int, float))
    if wanted is None or got is None:
        return wanted is None and got is None
    if column in DURATIONS:
        return read_interval(got) == wanted
    if isinstance(wanted, Moment):
        return read_moment(got) == wanted
    if isinstance(wanted, Slope):
        return isinstance(got, (int, float)) and abs(got - wanted) <= 1e-9 * max(1, wanted.size)
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        return isinstance(got, (int, float)) and abs(got - wanted) <= 1e-7 * max(1, abs(wanted))
    return wanted == got


def difference_of_row(wanted, got):
    """The columns that differ; None when none does."""
    if set(wanted) != set(got):
        return f'columns {set(wanted) ^ set(got)}'
    wrong = [f'{column}: wanted {shown(value)}, got {got[column]}' for column, value in wanted.items()
             if not is_same(column, value, got[column])]
    return '\n  '.join(wrong) or None


def shown(value):
    return write_time(value) if isinstance(value, Moment) else value


def difference_of_rows(wanted, got):
    if len(wanted) != len(got):
        return f'wanted {len(wanted)} rows, got {len(got)}\n  wanted {[readable(row) for row in wanted]}\n  got    {got}'
    for n, (row, told) in enumerate(zip(wanted, got)):
        difference = difference_of_row(row, told)
        if difference:
            return f'row {n + 1}: {difference}'
    return None


def readable(row):
    return {column: shown(value) for column, value in row.items()}


def difference_of_items(wanted, got):
    """They are ordered by time; among those at one time the order is not said."""
    if [row['occurred_at'] for row in got] != sorted(row['occurred_at'] for row in got):
        return 'not in the order of time'

    def key(row):
        return tuple('' if row[name] is None else str(row[name])
                     for name in ('item', 'thread', 'channel', 'kind', 'agent', 'source', 'ref', 'earlier_channel', 'earlier_agent',
                                  'earlier_source', 'earlier_ref'))
    return difference_of_rows(sorted(wanted, key=lambda row: (row['occurred_at'], key(row))),
                              sorted(got, key=lambda row: (read_moment(row['occurred_at']), key(row))))


ROWS = (('waits', experience.waits), ('waits per customer', lambda story: experience.waits(story, True)),
        ('conversations', experience.conversations), ('handlers', experience.handlers), ('recoveries', experience.recoveries),
        ('feedback loops', experience.feedback_loops))
SUMMARIES = (('attention', experience.attention), ('friction', experience.friction), ('mood', experience.mood),
             ('baseline', experience.baseline))


def differences(case, said, story, everything):
    """The measures that differ: (measure, how)"""
    for name, measure in ROWS:
        yield name, difference_of_rows(measure(story), said[name])
    yield 'friction items', difference_of_items(experience.friction_items(story), said['friction items'])
    for name, measure in SUMMARIES:
        yield name, difference_of_row(measure(story), said[name])
    if case.as_of is None:
        yield 'pressure', None if said['pressure'] == '22008' else f'wanted an error, got {said["pressure"]}'
    else:
        yield 'pressure', difference_of_row(experience.pressure(story, said['calendar from']), said['pressure'])
    for name in story.definitions.events:
        wanted, got = experience.picked(story, name), read_timeline(said['picked'][name])
        yield f'pick_event {name}', None if got == wanted else f'wanted {write_timeline(wanted)}\n  got    {said["picked"][name]}'
        wanted, got = experience.event_count(everything, name, *case.during), said['event count'][name]
        yield f'event_count {name}', None if got == wanted else f'wanted {wanted}, got {got}'


# -- many rows --

def make_felt(seed):
    """Sentiments of some customers, of which the half-life is a constant: (customer, time, sentiment or None)"""
    rng = random.Random(f'{seed}/felt')
    rows = []
    for customer in range(200):
        gap = rng.choice((0, 1, MINUTE, HOUR, DAY, 400 * DAY))
        rows += [(customer, BEGIN + rng.randrange(20) * gap, rng.choice((None, *SENTIMENTS)))
                 for _ in range(rng.choice((0, 1, 2, 5, 50)))]
    rng.shuffle(rows)
    return rows


FELT = """
DROP TABLE IF EXISTS public.felt;
CREATE UNLOGGED TABLE public.felt (customer int, occurred_at timestamptz, sentiment float8);
"""
ASK_FELT = """
ANALYZE public.felt;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_hashagg = on;
CREATE FUNCTION pg_temp.plan(query text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan;
END $$;
SELECT -1 || ' ' || to_json(pg_temp.plan('
    SELECT customer, mood_agg(occurred_at, sentiment, ''30 days'') FROM public.felt GROUP BY customer')::text ~ 'Partial');
SELECT customer || ' ' || to_json(m)
  FROM (SELECT customer, mood_agg(occurred_at, sentiment, '30 days') m FROM public.felt GROUP BY customer) x;
SELECT 100000 || ' ' || to_json(mood_agg(occurred_at, sentiment, '30 days')) FROM public.felt;
SET max_parallel_workers_per_gather = 0;
SELECT 1000000 + customer || ' ' || to_json(m)
  FROM (SELECT customer, mood_agg(occurred_at, sentiment, '30 days') m
          FROM (SELECT * FROM public.felt ORDER BY occurred_at DESC OFFSET 0) f GROUP BY customer) x;
DROP TABLE public.felt;
"""


def compare_felt(seed, command):
    """mood_agg() of shuffled rows in a parallel plan, and of rows from the last on: how many differ."""
    rows = make_felt(seed)
    written = [(customer, write_time(time), sentiment) for customer, time, sentiment in rows]
    script = SET_UP + FELT + copy('public.felt', written) + ASK_FELT
    got = run(command, script)
    if not got.pop(-1):
        print('mood_agg: the plan was not parallel')
        return 1
    differing = 0
    for number, told in got.items():
        felt = [(time, s) for customer, time, s in rows if s is not None and number in (customer, 1000000 + customer, 100000)]
        difference = difference_of_row(experience.mood_average(felt, 30 * DAY), told)
        if difference:
            differing += 1
            print(f'mood_agg of customer {number}: {difference}')
    return differing


# What the page's table of named events says, in examples: those that an event accepts, those that it does not.
MEANS = (
    ('contact', 'call direction=inbound; ticket direction=inbound automated=false',
     'call direction=outbound; call; ticket direction=inbound automated=true; open direction=inbound'),
    ('answer', 'reply direction=outbound; call direction=outbound outcome=reached',
     'reply direction=outbound automated=true; refund direction=outbound; '
     'delivery direction=outbound; advert direction=outbound; call direction=outbound outcome=no_answer; reply direction=inbound'),
    ('served', 'call direction=inbound agent=A; meeting direction=inbound agent=A outcome=solved',
     'call direction=inbound; call direction=inbound agent=A outcome=missed; message direction=inbound agent=A'),
    ('abandoned', 'call direction=inbound outcome=abandoned; call direction=inbound outcome=hung_up; call direction=inbound outcome=missed; hangup; abandoned',
     'call direction=outbound outcome=missed; call direction=inbound'),
    ('resolved', 'resolved; solved; closed', 'reopened; reply'),
    ('reopened', 'reopen; reopened', 'closed'),
    ('handled', 'reply agent=A direction=outbound; call agent=A direction=inbound; note agent=A',
     'reply; reply agent=A automated=true; note agent=A direction=internal'),
    ('transfer', 'transfer; handover; escalation', 'reply'),
    ('error', 'error; payment_failed; email direction=outbound outcome=bounced; email direction=outbound outcome=failed',
     'email direction=inbound outcome=failed; complaint'),
    ('self_service', 'search; faq; login; chatbot; ivr; visit channel=web', 'visit channel=app; call'),
    ('poor', 'any sentiment=-0.5; call outcome=abandoned; complaint; error; csat score=2; nps score=6; ces score=3',
     'any sentiment=-0.49; csat score=3; nps score=7; ces score=4; survey score=1; csat'),
    ('pleased', 'any sentiment=0.5; csat score=4; nps score=9; ces score=6',
     'any sentiment=0.49; csat score=3; nps score=8; ces score=5; any'),
    ('feedback', 'complaint; review; survey; csat; nps; ces', 'call'),
    ('action', 'refund; credit; replacement', 'reply'),
    ('told', 'email direction=outbound; call direction=outbound',
     'refund direction=outbound; newsletter direction=outbound; email direction=inbound'),
    ('advocacy', 'referral; review score=4; nps score=9', 'review score=3; nps score=8; csat score=5'),
    ('touch', 'newsletter direction=outbound; push direction=outbound',
     'reply direction=outbound; delivery direction=outbound; invoice direction=outbound; newsletter'),
    ('engagement', 'open direction=inbound; click direction=inbound; visit direction=inbound; order direction=inbound',
     'open direction=outbound; call direction=inbound'),
    ('csat', 'csat score=3', 'csat; nps score=3'),
    ('nps', 'nps score=0', 'nps'),
    ('ces', 'ces score=1', 'ces'),
    ('safeguard', 'verification; confirmation; approval', 'call'),
    ('preference', 'preference; preferences', 'call'),
    ('inbound', 'a direction=inbound', 'a'),
    ('outbound', 'a direction=outbound', 'a direction=inbound'),
    ('internal', 'a direction=internal', 'a'),
    ('automated', 'a automated=true', 'a; a automated=false'),
)


def compare_meanings(defaults):
    """Are the default events what the page says? How many are not."""
    wrong = [f'{name} of {{{text}}} is not {accepted}' for name, *sides in MEANS for accepted, texts in zip((True, False), sides)
             for text in texts.split('; ')
             if experience.event(defaults[name]).accepts(read_timeline(f'{{2026-01-01T00:00:00Z {text}}}')[0]) != accepted]
    wrong += [f'no example of {name}' for name in set(defaults) ^ {name for name, *_ in MEANS}]
    for one in wrong:
        print(one)
    return len(wrong)


FEATURES = ('as_of', 'events', 'parameters', 'ties', 'waits', 'lapsed', 'waiting', 'abandoned', 'late', 'repeats', 'channel_switches',
            'repeats_after_switch', 'transfers', 'reopens', 'failed_self_service', 'errors', 'recovered', 'told', 'over', 'flips')

# What has to be told where plain SQL is asked, which it is not of all cases.
TOLD = (*(measure for measures in PLAIN_SQL.values() for measure in measures if measure != 'goal_runs'),
        *(f'friction_fit: {word}' for word in ('too little', 'right', 'too much')), 'consistency: wait_seconds', 'consistency: sentiment',
        'recurring: topic', 'preferences: true', 'goal_runs call: achieved',
        *(f'goal_runs {kind}: {word}' for kind in ('message', 'login') for word in ('achieved', 'abandoned', 'open')))


def features(case, said):
    waits = {row['outcome'] for row in said['waits']}
    every = {
        'as_of': case.as_of is not None, 'events': bool(case.events), 'parameters': bool(case.parameters),
        'ties': len({(i.time, i.attributes.get('seq')) for i in case.interactions}) < len(case.interactions),
        'waits': len(said['waits']) > 1, 'lapsed': 'lapsed' in waits, 'waiting': 'waiting' in waits, 'abandoned': 'abandoned' in waits,
        'late': any(row['is_late'] for row in said['waits']),
        **{name: said['friction'][name] > 0 for name in FEATURES[9:16]},
        'recovered': any(row['outcome'] == 'recovered' for row in said['recoveries']),
        'told': any(row['status'] == 'told' for row in said['feedback loops']),
        'over': case.as_of is not None and said['pressure']['is_over'] and said['pressure']['touches'] > 0,
        'flips': said['mood']['flips'] > 0,
    }
    return [name for name, has in every.items() if has]


def differences_of_case(case, got, defaults):
    """(measure, how) of what differs."""
    answer = got[case.number]
    if 'error' in answer:
        return [('all', answer['error'])]
    everything = story_of(case, defaults, as_of=None)
    found = [(name, how) for name, how in differences(case, answer['said'], story_of(case, defaults), everything) if how]
    return found + [(f'{name} in plain SQL', f'wanted {plain_sql}\n  got    {told}')
                    for name, plain_sql, told in got.get(-1 - case.number, ())]


def compare(options, command):
    if not command:
        sys.exit('the defaults come from a database')
    defaults = default_events(command)
    differing = compare_meanings(defaults) + compare_felt(options.seed, command)
    seen, plain, properties = Counter(), Counter(), Properties(defaults)
    for first in range(0, options.cases, options.batch):
        cases = [make_case(options.seed, n, list(defaults)) for n in range(first, min(first + options.batch, options.cases))]
        got = ask(command, cases, list(defaults))
        plain.update(got[NUMBER_OF_TOLD])
        for case in cases:
            found = differences_of_case(case, got, defaults)
            if found:
                differing += 1
                if differing <= SHOWN:
                    print(described(case), *(f'{name}: {how}' for name, how in found), '', sep='\n')
            if 'said' in got[case.number]:
                seen.update(features(case, got[case.number]['said']))
                properties.ask(case, got[case.number])
        if options.until_different and differing:
            print(f'cases {first + len(cases)}, differences {differing}')
            return 1
    print(', '.join(f'{name}: {seen[name]}' for name in FEATURES))
    print(', '.join(f'{name}: {plain[name]}' for name in sorted(plain)))
    too_few = lacking(seen, FEATURES, options.cases, 'cases') + lacking(plain, TOLD, options.cases, 'cases', 200)
    broken = properties.report()
    print(f'cases {options.cases}, differences {differing}, properties broken {broken} of {len(properties.asked)}')
    return 1 if differing or too_few or broken else 0


if __name__ == '__main__':
    main('Compares the measures with their definitions.', 'cases', 500, compare)
