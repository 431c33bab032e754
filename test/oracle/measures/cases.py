"""Random cases for the measures: small timelines with ties, bots, reopenings, definitions, a moment (as_of), a zone, a unit and a range."""
import random
from typing import NamedTuple, Optional

from experience import DAY, HOUR, MINUTE, PARAMETERS, SECOND
from timelines import Interaction, Timeline, read_time, write_time, write_timeline


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


def unanswered(rng):
    """Outside of threads what is asked next is another round where this one was given up."""
    return {'kind': 'call', 'direction': 'inbound', 'channel': 'phone', 'outcome': rng.choice((None, 'abandoned', 'missed')),
            'topic': rng.choice(('fee', None))}


def reply(rng):
    return {'kind': rng.choice(('reply', 'email', 'call', 'answer', 'message')), 'direction': 'outbound', 'agent': rng.choice((*AGENTS, None)),
            'automated': rng.choice((None, None, None, 'false', 'true')), 'outcome': rng.choice((None, None, None, None, *FAILED))}


def response(rng):
    """An answer that nothing prevents."""
    return {'kind': rng.choice(('reply', 'email', 'answer', 'message')), 'direction': 'outbound', 'agent': rng.choice((*AGENTS, None))}


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


def guard(rng):
    return {'kind': rng.choice(('verification', 'verification', 'approval', 'identity_check', 'confirmation')),
            'direction': rng.choice((None, 'inbound', 'outbound', 'internal'))}


def risky(rng):
    return {'kind': rng.choice(('payment', 'payment', 'refund', 'order', 'login')), 'direction': rng.choice((None, 'inbound', 'outbound')),
            'risk': rng.choice((None, None, -1, 99.5, 100, 5000)), 'value': rng.choice((None, -50, -49, 100, 1000, -20000))}


def wish(rng):
    return {'kind': rng.choice(('preference', 'preferences')), 'direction': rng.choice((None, 'inbound')),
            'preferred_channel': rng.choice((None, None, 'phone', 'letter')), 'hour': rng.choice((None, 0, 9, 23, 24, 8.5, -1)),
            'language': rng.choice((None, None, 'de', 'fr'))}


def goal(rng):
    return {'kind': rng.choice(('message', 'message', 'reply', 'login', 'login', 'order')), 'direction': rng.choice((None, 'inbound', 'outbound'))}


def anything(rng):
    return {'kind': rng.choice(KINDS), 'direction': rng.choice(('inbound', 'outbound', 'internal', None, 'sideways')),
            'agent': rng.choice((*AGENTS, None, None)), 'outcome': rng.choice((None, None, 'ok', *FAILED)),
            'automated': rng.choice((None, None, 'true', 'false')), 'topic': rng.choice((None, None, 'fee', 'bug')),
            'score': rng.choice((None, None, 3, 4, 9)), 'sentiment': rng.choice((None, *SENTIMENTS))}


SORTS = (contact, contact, contact, call, call, reply, reply, reply, step, step, step, failure, alone, opinion, deed, push, push, interest,
         guard, risky, wish, anything, anything)
# What is rare among all of them: calls that are given up, answers in several channels, actions upon feedback, goals, safeguards before
# what is risky.
THEMES = ((unanswered, unanswered, contact), (contact, response), (contact, contact, call, response), (opinion, deed, response), (wish, contact), (opinion, opinion, deed, response, push),
          (goal, goal, goal, alone, failure), (goal, contact), (guard, risky), (guard, guard, risky))


def make_interaction(rng, time, sorts, threads, number):
    attributes = rng.choice(sorts)(rng)
    attributes.setdefault('channel', rng.choice(CHANNELS))
    attributes['thread'] = rng.choice(threads)
    if rng.random() < 0.15:
        attributes.setdefault('sentiment', rng.choice(SENTIMENTS))
    if rng.random() < 0.15:
        attributes['effort'] = rng.choice((0, 1, 2.5, 7))
    if rng.random() < 0.8:
        attributes.update(source='crm', ref=str(number))
    return Interaction(time, attributes.pop('kind'),
                       {name: value if isinstance(value, str) else float(value)
                        for name, value in attributes.items() if value is not None})


def with_attributes(interaction, **attributes):
    return interaction._replace(attributes={**interaction.attributes, **attributes})


def make_timeline(rng, gaps):
    form = rng.random()
    sorts = SORTS if form < 0.45 else rng.sample(SORTS, rng.choice((3, 4, 6))) if form < 0.75 else rng.choice(THEMES)
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


# -- as the database reads them --

def written_entries(case):
    entries = [f'{name}: {text}' for name, text in case.events.items()]
    entries += [f'{name}{"@" if scope else ""}{scope} = {written_value(name, value)}'
                for (name, scope), value in case.parameters.items()]
    return '; '.join(entries)


def written_value(name, value):
    return value if name in ('weight', 'pressure_cap', 'least_n') else f'{value} microseconds'


def written_as_of(case):
    return 'infinity' if case.as_of is None else write_time(case.as_of)


def described(case):
    return (f'case {case.number}: {written_entries(case)}\n{write_timeline(Timeline(case.interactions).interactions)}\n'
            f'as of {written_as_of(case)}, {case.zone}, {case.unit}')
