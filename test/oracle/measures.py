"""The measures of a customer's experience, compared with their definitions in experience.py and in plain SQL (measures.sql,
conversations.sql).

    measures.py --cases N --seed S [--batch 500] [--until-different] [-- psql ARGS...]

A case is a small timeline, definitions, a moment (as_of), a zone, a unit and a range. The database is asked for every column of
every row of all measures; of cases in which the events are the default ones, plain SQL over the rows is asked, too. Then come
properties, each of them a test of its own: see PROPERTIES. Where one does not hold, a smallest example is printed.

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
from typing import NamedTuple, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, 'patterns'))
import experience
from experience import DAY, HOUR, MINUTE, PARAMETERS, SECOND, Definitions, Moment, Story, read_events
from server import SET_UP, copy, run
from session import main
from timelines import Interaction, Timeline, read_time, read_timeline, write_time, write_timeline

SHOWN = 5           # differences printed
PLAIN_SQL = ('measures.sql', 'conversations.sql')   # in the order in which they are read


class Case(NamedTuple):
    number: int
    interactions: list      # in no order
    events: dict            # overridden
    parameters: dict        # overridden: (name, scope) to value
    as_of: Optional[int]    # None: infinity
    zone: str
    unit: str
    during: tuple           # of event_count
    added: Interaction      # a poor one, for what never improves
    halves: tuple           # of the interactions: 0 and 1


# -- random cases --

BEGIN = read_time('2026-03-27T20:30:00Z')       # clocks change on the 29th in Europe
ZONES = ('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia')
UNITS = ('hour', 'day', 'week', 'month', 'quarter', 'year')
GAPS = (0, 0, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY, 30 * DAY, 90 * DAY)

CONTACTS = ('call', 'message', 'ticket', 'question', 'chat', 'email', 'form')
CHANNELS = ('chat', 'phone', 'email', 'web', 'app', None)
AGENTS = ('Ann', 'Bob', 'Cy')
FAILED = ('abandoned', 'hung_up', 'missed', 'no_answer', 'failed', 'voicemail', 'busy', 'bounced', 'dropped', 'error', 'hangup')
KINDS = (*CONTACTS, 'reply', 'note', 'solved', 'closed', 'reopen', 'reopened', 'transfer', 'escalation', 'error', 'payment_failed', 'crash',
         'search', 'faq', 'login', 'ivr', 'visit', 'csat', 'nps', 'ces', 'complaint', 'review', 'survey', 'refund', 'credit',
         'newsletter', 'push', 'offer', 'invoice', 'delivery', 'open', 'click', 'order', 'meeting', 'hangup', 'abandoned', 'referral',
         'confirmation', 'verification', 'preference', 'other')
SENTIMENTS = (-1, -0.75, -0.5, -0.49, -0.25, 0, 0.25, 0.5, 0.75, 1)


def contact(rng):
    return {'kind': rng.choice(CONTACTS), 'direction': 'inbound', 'automated': rng.choice((None, None, None, 'false', 'true')),
            'topic': rng.choice(('fee', 'fee', 'bug', None, None))}


def call(rng):
    return {'kind': rng.choice(('call', 'call', 'meeting', 'visit')), 'direction': 'inbound', 'channel': rng.choice(('phone', 'phone', None)),
            'agent': rng.choice((*AGENTS, None)), 'outcome': rng.choice((None, 'solved', *FAILED)),
            'topic': rng.choice(('fee', 'bug', None))}


def reply(rng):
    return {'kind': rng.choice(('reply', 'email', 'call', 'answer', 'message')), 'direction': 'outbound', 'agent': rng.choice((*AGENTS, None)),
            'automated': rng.choice((None, None, None, 'false', 'true')), 'outcome': rng.choice((None, None, None, None, *FAILED))}


def step(rng):
    """Within a conversation: notes, transfers, the end and the beginning again."""
    kind = rng.choice(('note', 'transfer', 'transfer', 'escalation', 'handover', 'solved', 'closed', 'resolved', 'reopen', 'reopened'))
    return {'kind': kind, 'direction': rng.choice((None, 'internal', 'internal', 'outbound', 'inbound')),
            'agent': rng.choice((*AGENTS, None, None)), 'automated': rng.choice((None, None, 'true', 'false'))}


def failure(rng):
    return {'kind': rng.choice(('error', 'payment_failed', 'crash', 'login_failed', 'hangup', 'email', 'other')),
            'direction': rng.choice((None, 'inbound', 'outbound')), 'outcome': rng.choice((None, *FAILED))}


def alone(rng):
    return {'kind': rng.choice(('search', 'faq', 'login', 'ivr', 'chatbot', 'visit', 'help')), 'direction': rng.choice((None, 'inbound')),
            'channel': rng.choice(('web', 'web', 'app', None)), 'automated': rng.choice((None, 'true'))}


def opinion(rng):
    return {'kind': rng.choice(('csat', 'nps', 'ces', 'complaint', 'review', 'survey', 'feedback', 'referral')), 'direction': 'inbound',
            'score': rng.choice((None, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 2.5)), 'sentiment': rng.choice((None, None, *SENTIMENTS))}


def deed(rng):
    return {'kind': rng.choice(('refund', 'credit', 'fix', 'voucher', 'replacement')), 'direction': rng.choice((None, 'internal', 'outbound'))}


def push(rng):
    return {'kind': rng.choice(('newsletter', 'push', 'offer', 'campaign', 'survey', 'other', 'invoice', 'delivery', 'email', 'advert')),
            'direction': 'outbound', 'automated': rng.choice((None, 'true'))}


def interest(rng):
    return {'kind': rng.choice(('open', 'click', 'visit', 'order', 'login', 'read')), 'direction': rng.choice(('inbound', 'inbound', None))}


def anything(rng):
    return {'kind': rng.choice(KINDS), 'direction': rng.choice(('inbound', 'outbound', 'internal', None, 'sideways')),
            'agent': rng.choice((*AGENTS, None, None)), 'outcome': rng.choice((None, None, 'ok', *FAILED)),
            'automated': rng.choice((None, None, 'true', 'false')), 'topic': rng.choice((None, None, 'fee', 'bug')),
            'score': rng.choice((None, None, 3, 4, 9)), 'sentiment': rng.choice((None, *SENTIMENTS))}


SORTS = (contact, contact, contact, call, call, reply, reply, reply, step, step, step, failure, alone, opinion, deed, push, push, interest,
         anything, anything)


def make_interaction(rng, time, sorts, threads, number):
    attributes = rng.choice(sorts)(rng)
    attributes.setdefault('channel', rng.choice(CHANNELS))
    attributes['thread'] = rng.choice(threads)
    if rng.random() < 0.15:
        attributes.setdefault('sentiment', rng.choice(SENTIMENTS))
    if rng.random() < 0.8:
        attributes.update(source='crm', ref=str(number))
    return Interaction(time, attributes.pop('kind'),
                       {name: value if isinstance(value, str) else float(value)
                        for name, value in attributes.items() if value is not None})


def with_attributes(interaction, **attributes):
    return interaction._replace(attributes={**interaction.attributes, **attributes})


def make_timeline(rng, gaps):
    sorts = SORTS if rng.random() < 0.5 else rng.sample(SORTS, rng.choice((3, 4, 6)))
    threads = rng.choice(((None,), ('T1',), ('T1', None), ('T1', 'T2', None), ('T1', 'T2')))
    found, time = [], BEGIN + rng.choice((0, 0, HOUR, 5 * DAY))
    for number in range(rng.choice((2, 4, 6, 8, 10, 12, 15, 18, 21, 25))):
        if found and rng.random() < 0.05:
            found.append(rng.choice(found))         # equal ones
            continue
        time += rng.choice(gaps)
        if rng.random() < 0.03:
            time += rng.choice((1, -1))
        one = make_interaction(rng, time, sorts, threads, number)
        if rng.random() < 0.25:
            one = with_attributes(one, seq=float(rng.randrange(4)))
        found.append(one)
    return found


def make_duration(rng, gaps):
    """One gap, the sum of two, or a bit more or less."""
    value = rng.choice(gaps) + rng.choice((0, 0, rng.choice(gaps))) + rng.choice((0, 0, 0, 0, 1, -1))
    return value if value > 0 else rng.choice((HOUR, DAY, 1))


def make_parameters(rng, gaps):
    found = {}
    for name, scope in PARAMETERS:
        if rng.random() < 0.5:
            continue
        if name == 'wait_target' and scope:
            scope = rng.choice(('chat', 'phone', 'email', 'web'))
        if name == 'weight':
            value = rng.choice((0, 0.5, 1, 2, 3, 10))
        elif name == 'pressure_cap':
            value = rng.choice((0, 0.5, 1, 1, 1.5, 2, 2, 3, 4, 5))
        elif name == 'least_n':
            value = rng.choice((1, 2, 10))
        else:
            value = make_duration(rng, gaps)
        found[name, scope] = value
    return found


def make_event(rng):
    kinds = rng.sample(KINDS, rng.choice((1, 2, 3, 6)))
    return rng.choice((f'any[kind in ({", ".join(sorted(kinds))})]', f'inbound[kind in ({", ".join(sorted(kinds))})]', kinds[0],
                       f'{kinds[0]}@phone', 'any[agent is not null]', 'any[direction is null or direction = "inbound"]',
                       'any[not automated = true]', 'any[sentiment < 0 or score <= 3]', 'outbound', 'any',
                       ' | '.join(kinds), f'any[channel = chat] | {kinds[0]}'))


def make_as_of(rng, interactions, parameters):
    form = rng.random()
    if form < 0.25:
        return None
    time = rng.choice(interactions).time
    if form < 0.45:
        return time
    if form < 0.75:
        limits = [value for (name, _), value in parameters.items() if name not in ('weight', 'least_n', 'pressure_cap')]
        return time + rng.choice(limits) + rng.choice((0, 0, 1, -1))
    if form < 0.9:
        return max(i.time for i in interactions) + rng.choice((HOUR, DAY, 10 * DAY, 100 * DAY))
    return time + rng.choice((-1, 1, MINUTE, HOUR, DAY, -DAY))


def make_added(rng, interactions):
    """A poor interaction: an error, an abandoned call, a complaint, a low score, the lowest sentiment."""
    time = rng.choice(interactions).time + rng.choice((0, 0, 1, -1, MINUTE, -MINUTE, HOUR, -HOUR, DAY, -DAY, 40 * DAY))
    kind, attributes = rng.choice((('error', {}), ('error', {'direction': 'outbound'}),
                                   ('call', {'direction': 'inbound', 'outcome': 'abandoned', 'channel': 'phone'}),
                                   ('complaint', {'direction': 'inbound', 'channel': 'email'}),
                                   ('csat', {'direction': 'inbound', 'score': 1.0}), ('other', {'sentiment': -1.0}),
                                   ('message', {'direction': 'inbound', 'sentiment': -1.0, 'channel': 'chat'})))
    thread = rng.choice(('T1', 'T2', None))
    return Interaction(time, kind, attributes if thread is None else {**attributes, 'thread': thread})


def make_case(seed, number, names):
    rng = random.Random(f'{seed}/{number}')
    gaps = rng.sample(GAPS, rng.choice((2, 3, 4)))
    if not any(gaps):
        gaps.append(HOUR)
    interactions = make_timeline(rng, gaps)
    parameters = make_parameters(rng, gaps) if rng.random() < 0.8 else {}
    events = {name: make_event(rng) for name in rng.sample(names, rng.choice((1, 2, 5)))} if rng.random() < 0.3 else {}
    as_of = make_as_of(rng, interactions, {**PARAMETERS, **parameters})
    times = [i.time for i in interactions]
    during = tuple(sorted((rng.choice(times) + rng.choice((0, 0, 1)), rng.choice(times) + rng.choice((0, 0, DAY)))))
    added = make_added(rng, interactions)
    halves = tuple(rng.randrange(2) for _ in interactions)
    rng.shuffle(interactions)
    return Case(number, interactions, events, parameters, as_of, rng.choice(ZONES), rng.choice(UNITS), during, added, halves)


# -- the database --

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

ASK_PLAIN_SQL = '''
SELECT -1 - number || ' ' || replace(json_agg(json_build_array(measure, plain_sql, told))::text, E'\n', '')
  FROM (TABLE pg_temp.plain_sql_difference UNION ALL TABLE pg_temp.plain_conversation_difference) d GROUP BY number;
'''


def json_of(interaction):
    """As timeline_agg wants it: automated is a boolean, whole numbers are written as such."""
    def value_of(name, value):
        if name == 'automated':
            return value == 'true'
        return int(value) if isinstance(value, float) and value == int(value) else value
    return json.dumps({name: value_of(name, value) for name, value in interaction.attributes.items()})


def written_entries(case):
    entries = [f'{name}: {text}' for name, text in case.events.items()]
    entries += [f'{name}{"@" if scope else ""}{scope} = {written_value(name, value)}'
                for (name, scope), value in case.parameters.items()]
    return '; '.join(entries)


def written_value(name, value):
    return value if name in ('weight', 'pressure_cap', 'least_n') else f'{value} microseconds'


def written_as_of(case):
    return 'infinity' if case.as_of is None else write_time(case.as_of)


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
              + copy('measure_item', items) + ASK + ''.join(map(read_sql, PLAIN_SQL)) + ASK_PLAIN_SQL)
    return run(command, script)


def read_sql(name):
    with open(os.path.join(HERE, name), encoding='utf-8') as file:
        return file.read()


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


def story_of(case, defaults, interactions=None, as_of='as of the case'):
    return Story(case.interactions if interactions is None else interactions, Definitions(defaults, case.events, case.parameters),
                 case.as_of if as_of == 'as of the case' else as_of)


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


def described(case):
    return (f'case {case.number}: {written_entries(case)}\n{write_timeline(Timeline(case.interactions).interactions)}\n'
            f'as of {written_as_of(case)}, {case.zone}, {case.unit}')


# -- properties --

def is_worse_or_equal(before, after):
    return before is None or after is not None and after <= before + 1e-9


# What a poor interaction more must not do; of the answers before and after it, and it.
NEVER_IMPROVES = (
    ('a poor interaction more never lowers the score of friction', lambda before, after, added: before[0] <= after[0] + 1e-9),
    ('a poor interaction more never lowers the number of poor ones', lambda before, after, added: before[1] <= after[1]),
    ('a poor interaction more never raises the worst', lambda before, after, added: is_worse_or_equal(before[2], after[2])),
    ('a sentiment of -1 more never raises the mood', lambda before, after, added: added.attributes.get('sentiment') != -1
     or is_worse_or_equal(before[3], after[3])),
)


def waits_by_channel(said, _):
    by_channel = Counter(row['channel'] for row in said['waits'])
    return sum(by_channel.values()) == said['attention']['waits'] and all(
        sum(row['outcome'] == outcome for row in said['waits']) == said['attention'][outcome]
        for outcome in ('answered', 'resolved', 'abandoned', 'lapsed', 'waiting'))


def waits_of_conversations(said, _):
    return (sum(row['waits'] for row in said['conversations']) == said['attention']['waits']
            and sum(row['answered'] for row in said['conversations']) == said['attention']['answered'])


def contacts_of_conversations(said, _):
    return (sum(row['contacts'] for row in said['conversations']) == said['attention']['contacts'] == said['friction']['contacts']
            == said['baseline']['contacts'] == len(read_timeline(said['picked']['contact'])))


def items_of_friction(said, _):
    summary, items = said['friction'], said['friction items']
    return (len(items) == summary['items'] and abs(sum(row['weight'] for row in items) - summary['score']) < 1e-9
            and all(sum(row['item'] == item for row in items) == summary[column] for item, column in experience.COUNTED_AS.items()))


def moves_of_conversations(said, _):
    return all(sum(row[column] for row in said['conversations']) == said['friction'][column] for column in ('transfers', 'reopens'))


def shares_of_handlers(said, _):
    shares = Counter()
    for row in said['handlers']:
        shares[row['thread'], row['channel'] if row['thread'] is None else None, row['started_at']] += row['share']
    return (all(abs(share - 1) < 1e-9 for share in shares.values())
            and len(said['handlers']) == sum(row['handlers'] for row in said['conversations']))


def poor_and_feedback(said, _):
    return (len(said['recoveries']) == len(read_timeline(said['picked']['poor']))
            and len(said['feedback loops']) == len(read_timeline(said['picked']['feedback'])))


SUMS = (
    ('waits of all channels and outcomes are those of attention', waits_by_channel),
    ('waits of all conversations are those of attention', waits_of_conversations),
    ('contacts of all conversations are those of attention, friction and baseline', contacts_of_conversations),
    ('items of friction are counted and weighed in its summary', items_of_friction),
    ('transfers and reopenings of all conversations are items of friction', moves_of_conversations),
    ('shares of those who handled a conversation add up to one', shares_of_handlers),
    ('each poor interaction has its recovery, each feedback its loop', poor_and_feedback),
)
SAME = 'shuffled rows and the union of two halves give the same answers'


def answers_of(story, everything):
    """What never_improves asks for."""
    felt = experience.mood(story)
    return (experience.friction(story)['score'], len(everything.all_of('poor')), felt['worst'], felt['mood'])


def breaks(case, defaults, holds):
    """Does the property fail by the definitions?"""
    worse = [*case.interactions, case.added]
    before, after = (answers_of(story_of(case, defaults, interactions), story_of(case, defaults, interactions, None))
                     for interactions in (case.interactions, worse))
    return not holds(before, after, case.added)


def smaller(case):
    """The case without one of its parts."""
    for n in range(len(case.interactions)):
        yield case._replace(interactions=case.interactions[:n] + case.interactions[n + 1:])
    for name in case.parameters:
        yield case._replace(parameters={key: value for key, value in case.parameters.items() if key != name})
    for n, one in enumerate(case.interactions):
        for name in one.attributes:
            left = one._replace(attributes={key: value for key, value in one.attributes.items() if key != name})
            yield case._replace(interactions=case.interactions[:n] + [left] + case.interactions[n + 1:])


def smallest(case, defaults, holds):
    while True:
        case_left = next((left for left in smaller(case) if breaks(left, defaults, holds)), None)
        if case_left is None:
            return case
        case = case_left


class Properties:
    def __init__(self, defaults):
        self.defaults = defaults
        self.asked = Counter()
        self.broken = Counter()
        self.examples = {}

    def ask(self, case, got):
        self.note(SAME, got['built'], case)
        for name, holds in SUMS:
            self.note(name, holds(got['said'], case), case)
        if case.events:     # in which it may be no poor one
            return
        for name, holds in NEVER_IMPROVES:
            if not self.note(name, holds(*got['never improves'], case.added), case) and self.broken[name] <= 20:
                example = smallest(case, self.defaults, holds)
                if name not in self.examples or len(described(example)) < len(described(self.examples[name])):
                    self.examples[name] = example

    def note(self, name, holds, case):
        self.asked[name] += 1
        self.broken[name] += not holds
        if not holds:
            self.examples.setdefault(name, case)
        return holds

    def report(self):
        """How many are broken that are not known to be."""
        for name, asked in self.asked.items():
            print(f'{"BROKEN" if self.broken[name] else "holds "} {name}: {asked - self.broken[name]} of {asked}')
            if self.broken[name]:
                example = self.examples[name]
                print(f'{described(example)}\nadded {write_timeline([example.added])}')
                print()
        return sum(count > 0 for count in self.broken.values())


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
    seen, properties = Counter(), Properties(defaults)
    for first in range(0, options.cases, options.batch):
        cases = [make_case(options.seed, n, list(defaults)) for n in range(first, min(first + options.batch, options.cases))]
        got = ask(command, cases, list(defaults))
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
    lacking = [name for name in FEATURES if 50 * seen[name] < options.cases]
    for name in lacking:
        print(f'lacks cases with "{name}"')
    broken = properties.report()
    print(f'cases {options.cases}, differences {differing}, properties broken {broken} of {len(properties.asked)}')
    return 1 if differing or lacking or broken else 0


if __name__ == '__main__':
    main('Compares the measures with their definitions.', 'cases', 500, compare)
