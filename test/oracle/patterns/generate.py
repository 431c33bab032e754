"""Random pairs of a pattern and a timeline, each from a seed and a number alone.

Every pattern is made from the interactions of some timeline: of the pair's own (so that it tends to match), of the
pair's own before a small change, or of another one. Times lie on a coarse grid with many ties, so that gates, totals
and deadlines are often hit exactly.

    generate.py [--pairs N] [--seed S] [--show K]       the operators that occur, by verdict; K pairs to read
"""
import argparse
import random
import sys
import time
from collections import Counter
from typing import NamedTuple

from language import (ANY, AllOf, AnyOf, Arrow, DAY, Duration, Element, Group, No, PLAIN, Pattern, Same, Sequence, Test,
                      Within, only_element, parse, write)
from oracle import answers
from timelines import Interaction, Timeline, accepts, add, read_time, value_key, value_of, write_time, write_timeline

HOUR = 3600 * 10**6
STARTS = ('2020-01-28T00:00:00Z', '2020-01-30T12:00:00Z', '2020-01-31T00:00:00Z', '2020-02-29T00:00:00Z',
          '2020-12-30T00:00:00Z', '2021-01-29T06:00:00Z', '2021-03-28T00:00:00Z')
KINDS = ('a', 'b', 'c', 'd')
ODD_KINDS = ('end', 'two words', 'über', 'x-1.y', 'q"q', 'Any', 'A', 'no')
OPERATORS = ('=', '!=', '<>', '<', '<=', '>', '>=')


class Pair(NamedTuple):
    number: int
    text: str
    pattern: Pattern
    interactions: list          # in no order
    as_of: int                  # None: infinity


def seeded(seed, number):
    return random.Random(f'{seed}/{number}')


# -- timelines --

def make_kinds(rng):
    kinds = list(KINDS[:rng.choice((2, 3, 3, 4))])
    if rng.random() < 0.08:
        kinds[rng.randrange(len(kinds))] = rng.choice(ODD_KINDS)
    return kinds


def make_times(rng, count):
    steps = rng.choice(((0, 0, HOUR), (0, HOUR, HOUR, 2 * HOUR), (0, HOUR, DAY), (0, DAY, DAY, 2 * DAY),
                        (0, DAY, 'month'), (0, 'month', 'month'), (HOUR, DAY, 3 * DAY)))
    time_now, times = read_time(rng.choice(STARTS)), []
    for _ in range(count):
        times.append(time_now)
        step = rng.choice(steps)
        time_now = add(time_now, Duration(1, 0, 0)) if step == 'month' else time_now + step
    return times


def make_attributes(rng, number):
    choices = {'channel': ('phone', 'phone', 'web', None), 'direction': ('inbound', 'outbound', None),
               'thread': ('t1', 't1', 't2', None), 'plan': ('basic', 'pro', 'true', None, None),
               'value': (1.0, 2.0, 2.5, 10.0, None), 'score': (0.0, -1.0, None)}
    attributes = {name: rng.choice(values) for name, values in choices.items()}
    if rng.random() < 0.04:
        attributes['plan'] = rng.choice((1.0, 2.0))             # a number where others have a text
    attributes['ref'] = f'r{number}'
    return {name: value for name, value in attributes.items() if value is not None}


def make_timeline(rng, kinds):
    count = rng.choice((0, 1, 2, 3, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7, 7, 8, 9, 10)) if rng.random() > 0.01 else 0
    seqs = rng.choice(((None,), (None,), (None, 1.0), (None, 1.0, 2.0), (1.0, 2.0)))
    interactions = []
    names = rng.sample(range(1, 99), count)     # not in the order of time: they decide inside a tie
    for time_at, name in zip(make_times(rng, count), names):
        one = Interaction(time_at, rng.choice(kinds), make_attributes(rng, name))
        seq = rng.choice(seqs)
        if seq is not None:
            one.attributes['seq'] = seq
        interactions.append(one)
    if count and count < 10 and rng.random() < 0.15:
        interactions.append(rng.choice(interactions))           # an exact duplicate
    return interactions


def changed(rng, interactions):
    """The timeline a little different: one interaction fewer, or moved, or of another kind."""
    if not interactions:
        return interactions
    rest = list(interactions)
    one = rest.pop(rng.randrange(len(rest)))
    change = rng.randrange(4)
    if change == 1:
        rest.append(one._replace(time=one.time + rng.choice((-1, 1)) * rng.choice((HOUR, DAY))))
    elif change == 2:
        rest.append(one._replace(kind=rng.choice(interactions).kind))
    elif change == 3:
        rest += [one, one._replace(time=rng.choice(interactions).time, attributes={'ref': 'r0'})]
    return rest[:10]


# -- patterns --

class Builder:
    def __init__(self, rng, interactions, kinds):
        self.rng = rng
        self.kinds = kinds
        self.timeline = Timeline(interactions)
        self.heavy = 0              # repeated parts: each costs the enumeration much

    def chance(self, probability):
        return self.rng.random() < probability

    # durations

    def duration(self, begin, end, widen=(0, 0, 0, HOUR, DAY, -HOUR)):
        """The time between two instants, exactly or a little more or less, said in one of several ways."""
        if end > begin and self.chance(0.8):
            for months in (1, 2):
                if add(begin, Duration(months, 0, 0)) == end:
                    return Duration(months, 0, 0)
        length = max(end - begin + self.rng.choice(widen), 0)
        if self.chance(0.5):
            return Duration(0, length // DAY, length % DAY)
        return Duration(0, 0, length)

    def gate(self, before, after):
        times = self.timeline.times
        begin, end = times[before], times[after]
        form = self.rng.randrange(3)
        most = self.duration(begin, end, (0, 0, 0, HOUR, DAY, -HOUR)) if form != 2 else None
        least = self.duration(begin, end, (0, 0, 0, -HOUR, -DAY, HOUR)) if form != 0 else None
        return least, most

    # conditions

    def comparison(self, interaction):
        rng = self.rng
        present = [name for name in interaction.attributes if name not in ('ref',)]
        if present and not self.chance(0.15):
            name = rng.choice(present)
            if self.chance(0.5):
                name = rng.choice([n for n in present if n in ('value', 'score', 'seq')] or [name])
        else:
            name = rng.choice(('value', 'plan', 'thread', 'kind', 'score', 'nothing'))
        value = value_of(interaction, name)
        literals = ['basic', 'pro', 'true', 't1', 't2', 'phone', *self.kinds]
        if isinstance(value, float):
            literals = [1.0, 2.0, 2.5, 0.0]
        if value is not None:
            literals += [value] * 4
        if self.chance(0.04):
            literals = ['basic', 1.0]
        form = rng.randrange(11)
        if form < 7:
            return ('compare', name, OPERATORS[form], rng.choice(literals))
        if form < 9:
            inner = ('in', name, tuple(rng.choice(literals) for _ in range(rng.randint(1, 3))))
        else:
            inner = ('null', rng.choice(('value', 'plan', 'thread', 'seq')))
        return ('not', inner) if form in (8, 10) else inner

    def condition(self, interaction, depth=0):
        form = self.rng.randrange(10)
        if depth > 1 or form < 5:
            return self.comparison(interaction)
        if form < 7:
            return ('not', self.condition(interaction, depth + 1))
        what = 'and' if form == 7 else 'or' if form == 8 else self.rng.choice(('and', 'or'))
        return (what, self.condition(interaction, depth + 1), self.condition(interaction, depth + 1))

    def accepted_condition(self, interaction):
        """A condition that accepts the interaction, if one is found soon."""
        for _ in range(5):
            condition = self.condition(interaction)
            if accepts(Test(None, None, None, condition), interaction):
                break
        return condition

    # events

    def test_for(self, interaction, plain=0.0):
        kind, direction, channel, condition = interaction.kind, None, None, None
        form = self.rng.random()
        if form < 0.16:
            kind = None
        elif form < 0.42 and 'direction' in interaction.attributes:
            kind, direction = None, interaction.attributes['direction']
        if self.chance(0.20 - plain) and 'channel' in interaction.attributes:
            channel = interaction.attributes['channel']
        if self.chance(0.55 - plain):
            condition = self.accepted_condition(interaction)
        return Test(kind, direction, channel, condition)

    def random_test(self):
        if len(self.timeline) and self.chance(0.4):
            return self.test_for(self.rng.choice(self.timeline.interactions))
        return Test(self.rng.choice(self.kinds), None, None, None)

    def event_group(self, tests):
        self.rng.shuffle(tests)
        return Group(Pattern(tuple(plain_sequence(test) for test in tests)))

    def test_for_all(self, positions):
        """One body for a test that accepts each of several interactions."""
        interactions = [self.timeline.interactions[i] for i in positions]
        kinds = sorted({i.kind for i in interactions})
        if len(kinds) == 1 and self.chance(0.8):
            return Test(kinds[0], None, None, None)
        if len(kinds) == 2 and self.chance(0.8):
            return self.event_group([Test(kind, None, None, None) for kind in kinds])
        return ANY

    # elements

    def repeated_times(self, count):
        low = self.rng.randint(max(count - 1, 1), count)
        return self.rng.choice(((1, None), (0, None), (count, count), (low, None), (low, count + self.rng.randint(0, 1)),
                                (count, count), (2, None)))

    def single(self, position, depth):
        interaction = self.timeline.interactions[position]
        test = self.test_for(interaction)
        form = self.rng.random()
        if form < 0.12:
            return self.event_group([test, self.random_test()])
        if form < 0.18 and depth < 2:
            other = self.sequence([self.rng.randrange(len(self.timeline)) for _ in range(2)], depth + 1)
            both = [plain_sequence(test), other]
            self.rng.shuffle(both)
            return Group(Pattern(tuple(both)))
        return test

    def block(self, positions, depth):
        """An element that takes the interactions at some adjacent positions."""
        if len(positions) == 1:
            form = self.rng.random()
            body = self.single(positions[0], depth)
            if form < 0.22:
                self.heavy += 1
                return Element(None, body, *self.rng.choice(((0, 1), (1, None), (0, None), (1, 2), (1, None), (1, 1),
                                                             (0, 2), (2, None))))
            return Element(None, body, 1, 1)
        form = self.rng.random()
        is_tie = len({self.timeline.places[i] for i in positions}) == 1
        if form < (0.3 if is_tie else 0.5) or depth > 1:
            self.heavy += 1
            return Element(None, self.test_for_all(positions), *self.repeated_times(len(positions)))
        if form < 0.75:
            return Element(None, self.all_of(positions, depth), 1, 1)
        inner = Group(Pattern(self.alternatives(positions, depth + 1)))
        times = self.rng.choice(((0, 1), (1, 2), (1, None))) if self.chance(0.15) and self.heavy < 2 else (1, 1)
        self.heavy += times != (1, 1)
        return Element(None, inner, *times)

    def alternatives(self, positions, depth):
        sequences = [self.sequence(positions, depth)]
        if self.chance(0.3):
            sequences.append(self.sequence(self.some_positions(2), depth))
            self.rng.shuffle(sequences)
        return tuple(sequences)

    def all_of(self, positions, depth):
        positions = list(positions)
        self.rng.shuffle(positions)
        items = []
        while positions:
            take = 2 if len(positions) > 1 and items and self.chance(0.25) else 1
            mine, positions = sorted(positions[:take]), positions[take:]
            if take == 2:
                items.append(Group(Pattern((self.sequence(mine, 2),))))
            else:
                items.append(self.single(mine[0], 2))
        if len(items) == 1 or self.chance(0.1):
            optional = Element(None, self.random_test(), *self.rng.choice(((0, 1), (0, None), (1, None))))
            items.append(Group(Pattern((Sequence(False, (optional,), False, ()),))))
        return AllOf(tuple(items))

    # sequences

    def some_positions(self, most):
        count = len(self.timeline)
        size = min(self.rng.choice((1, *range(2, most + 1), *range(2, most + 1))), count)
        if self.chance(0.5):
            begin = self.rng.randint(0, count - size)
            return list(range(begin, begin + size))
        return sorted(self.rng.sample(range(count), size))

    def blocks(self, positions, depth):
        blocks, rest = [], list(positions)
        while rest:
            take = self.rng.choice((1, 1, 1, 1, 2, 3)) if self.heavy < 3 and depth < 2 else 1
            blocks.append(rest[:take])
            rest = rest[take:]
        return blocks

    def arrow(self, before, after, likely_next):
        is_next = after == before + 1 and self.chance(likely_next) or self.chance(0.02)
        least = most = None
        if self.chance(0.28):
            least, most = self.gate(before, after)
        return Arrow(is_next, least, most)

    def no_between(self, before, after):
        """Mostly one that does hold."""
        places = self.timeline.places
        for _ in range(3):
            event = self.no_event()
            hit = any(accepts(event, i) and places[before] < place < places[after]
                      for i, place in zip(self.timeline.interactions, places))
            if not hit:
                break
        return event

    def no_event(self):
        if self.chance(0.2):
            return AnyOf((self.random_test(), self.random_test()))
        return ANY if self.chance(0.1) else self.random_test()

    def sequence(self, positions, depth=0, is_top=False):
        rng, times = self.rng, self.timeline.times
        positions = sorted(set(positions))
        blocks = self.blocks(positions, depth)
        likely_next = rng.choice((0.1, 0.3, 0.9))
        elements = []
        for n, block in enumerate(blocks):
            element = self.block(block, depth)
            arrow = self.arrow(blocks[n - 1][-1], block[0], likely_next) if n else None
            if n and not arrow.next and self.chance(0.22):
                no = No(self.no_between(blocks[n - 1][-1], block[0]), None)
                elements.append(Element(PLAIN, no, 1, 1))
            after_no = n > 0 and isinstance(elements[-1].body, No)
            if self.chance(0.3 if after_no else 0.10 if depth == 0 else 0.05):
                elements.append(self.optional(elements, arrow))
                if n == 0:
                    arrow = rng.choice((PLAIN, PLAIN, Arrow(True, None, None)))
                elif elements[-2:-1] and isinstance(elements[-2].body, No):
                    arrow = PLAIN
            elements.append(element._replace(arrow=arrow))
        if self.chance(0.06 if depth == 0 else 0.03):
            elements.append(self.optional(elements, PLAIN))
        start = positions[0] == 0 and self.chance(0.35) or self.chance(0.02)
        end = positions[-1] == len(times) - 1 and self.chance(0.35) or self.chance(0.02)
        if is_top and not end and self.chance(0.16):
            elements.append(self.final_absence(positions[-1]))
        if is_top and not start and self.chance(0.2):
            elements[0] = elements[0]._replace(arrow=PLAIN)
            elements.insert(0, self.leading_absence(positions[0]))
        return Sequence(start, tuple(elements), end, self.totals(positions))

    def optional(self, elements, arrow):
        low_high = self.rng.choice(((0, 1), (0, 1), (0, None), (0, 2))) if self.heavy < 2 else (0, 1)
        self.heavy += low_high != (0, 1)
        body = self.random_test()
        if self.chance(0.1):
            body = Group(Pattern((Sequence(False, (Element(None, body, 1, 1), Element(PLAIN, self.random_test(), 0, 1)),
                                           False, ()),)))
        return Element(arrow if elements else None, body, *low_high)

    def final_absence(self, last):
        times = self.timeline.times
        later = [t for t in times if t > times[last]]
        end = self.rng.choice(later) if later else times[last] + self.rng.choice((HOUR, DAY, 2 * DAY))
        duration = self.duration(times[last], end, (0, 0, HOUR, -HOUR))
        event = self.no_event()
        for _ in range(3):
            if any(accepts(event, i) and times[last] < i.time <= end for i in self.timeline.interactions):
                event = self.no_event()
        return Element(PLAIN, No(event, self.never_nothing(duration)), 1, 1)

    def leading_absence(self, first):
        times = self.timeline.times
        begin = self.rng.choice(times[:first + 1])
        duration = self.duration(begin, times[first], (0, 0, 0, -HOUR))
        return Element(None, No(self.no_event(), self.never_nothing(duration)), 1, 1)

    def never_nothing(self, duration):
        return duration if any(duration) or self.chance(0.02) else Duration(0, 0, HOUR)

    def totals(self, positions):
        totals, times = [], self.timeline.times
        if self.chance(0.16):
            totals.append(Within(self.duration(times[positions[0]], times[positions[-1]])))
        if self.chance(0.16):
            totals.append(Same(self.shared_attribute(positions)))
            if self.chance(0.1):
                totals.append(Same(self.rng.choice(('thread', 'channel'))))
        return tuple(totals)

    def shared_attribute(self, positions):
        """One whose value the interactions share, if there is one."""
        names = ['thread', 'channel', 'plan', 'value', 'direction', 'kind', 'seq']
        chosen = [self.timeline.interactions[i] for i in positions]
        shared = [name for name in names if value_of(chosen[0], name) is not None
                  and len({value_key(value_of(i, name)) for i in chosen}) == 1]
        return self.rng.choice(shared or names[:2])

    def chain(self):
        """A plain funnel: kinds one after another, in one time or with a gate for each step."""
        rng, times = self.rng, self.timeline.times
        positions = self.some_positions(5)
        if self.chance(0.5):        # the last ones, so that the same steps tend to have been begun before
            positions = list(range(len(times)))[-rng.choice((3, 3, 4)):]
        elements, has_gates = [], self.chance(0.4)
        for n, position in enumerate(positions):
            gate = self.duration(times[positions[n - 1]], times[position]) if n and has_gates and self.chance(0.7) else None
            arrow = Arrow(False, None, gate) if n else None
            elements.append(Element(arrow, Test(self.timeline.interactions[position].kind, None, None, None), 1, 1))
        if self.chance(0.15):
            elements.insert(rng.randrange(1, len(elements) + 1), Element(PLAIN, self.random_test(), 1, 1))
        total = self.duration(times[positions[0]], times[positions[-1]])
        totals = () if has_gates or self.chance(0.1) else (Within(total),)
        return Pattern((Sequence(False, tuple(elements), False, totals),))

    def pattern(self):
        if not len(self.timeline):
            return Pattern((plain_sequence(self.random_test()),))
        if self.chance(0.08):
            return self.chain()
        sequences = [self.sequence(self.some_positions(4), 0, True)]
        if self.chance(0.17):
            sequences.append(self.sequence(self.some_positions(3), 0, True))
            self.rng.shuffle(sequences)
        pattern = Pattern(tuple(sequences))
        if self.chance(0.04):       # the whole in parentheses, with a total
            totals = self.totals([0, len(self.timeline) - 1])
            pattern = Pattern((Sequence(False, (Element(None, Group(pattern), 1, 1),), False, totals),))
        return pattern


def plain_sequence(body):
    return Sequence(False, (Element(None, body, 1, 1),), False, ())


# -- pairs --

SPELLINGS = ((' d', ' days'), (' h', ' hours'), (' mon', ' months'), ('->', ' -> '), ('=>', '=> '), (' and ', ' AND '),
             ('no ', 'No '), (' mon', ' MON'), (' d', 'd'), (' min', ' minutes'), (' -> ', '->'), ('2.5', '25e-1'),
             (' 10', ' +10.0'), (' t1', " 't1'"), ('phone', '"phone"'), (' basic', " 'basic'"), (' -1', ' -.1E1'))


def respelled(rng, text, tree):
    """The same pattern in another spelling, where the parser agrees that it is the same."""
    other = text
    for _ in range(rng.randrange(4)):
        other = other.replace(*rng.choice(SPELLINGS))
    try:
        return other if parse(other) == tree else text
    except ValueError:
        return text


def make_as_of(rng, interactions, deadlines):
    form = rng.random()
    if not interactions or form < 0.7:
        return None
    times = [i.time for i in interactions]
    if deadlines and form < 0.8:
        return add(rng.choice(times), rng.choice(deadlines)) + rng.choice((0, 0, -1, HOUR))
    return rng.choice(times) + rng.choice((0, 0, -1, 1, HOUR, DAY))


def deadlines_of(pattern):
    return [s.elements[-1].body.duration for s in pattern.sequences
            if isinstance(s.elements[-1].body, No) and s.elements[-1].body.duration]


def make_pair(seed, number):
    rng = seeded(seed, number)
    while True:
        kinds = make_kinds(rng)
        interactions = make_timeline(rng, kinds)
        form = rng.random()
        source = interactions if form < 0.8 else make_timeline(rng, kinds)
        text = write(Builder(rng, source, kinds).pattern())
        try:
            tree = parse(text)
        except ValueError:
            continue
        if form > 0.62:
            interactions = changed(rng, interactions)
        as_of = make_as_of(rng, interactions, deadlines_of(tree))
        interactions = list(interactions)
        rng.shuffle(interactions)
        return Pair(number, respelled(rng, text, tree), tree, interactions, as_of)


# -- what occurs in a pair --

ALL_OPERATORS = ('->', '=>', '[most]', '[least..]', '[least..most]', 'within', 'same', '?', '+', '*', '{n}', '{n,}', '{n,m}',
                 'group', 'group |', 'whole |', '(a|b)', '&', 'no between', 'no for, first', 'no for, last', 'start', 'end',
                 'kind', 'any', 'inbound', 'outbound', '@channel', *OPERATORS, 'in', 'not in', 'is null', 'is not null',
                 'and', 'or', 'not')
OTHERS = ('months', 'as_of', 'ties', 'duplicates', 'seq')


def operators(pair):
    found = set()
    visit_pattern(pair.pattern, found, 'whole |')
    if 'mon' in write(pair.pattern):
        found.add('months')
    if pair.as_of is not None:
        found.add('as_of')
    keys = [(i.time, i.attributes.get('seq')) for i in pair.interactions]
    if len(set(keys)) < len(keys):
        found.add('ties')
    if any(pair.interactions.count(i) > 1 for i in pair.interactions):
        found.add('duplicates')
    if any(seq is not None for _, seq in keys):
        found.add('seq')
    return found


def visit_pattern(pattern, found, name):
    if len(pattern.sequences) > 1:
        found.add(name)
    for sequence in pattern.sequences:
        found.update(name for name, yes in (('start', sequence.start), ('end', sequence.end)) if yes)
        found.update('within' if isinstance(total, Within) else 'same' for total in sequence.totals)
        for i, element in enumerate(sequence.elements):
            visit_element(element, i, found)


def visit_element(element, i, found):
    arrow = element.arrow
    if arrow:
        found.add('=>' if arrow.next else '->')
        if arrow.least is not None or arrow.most is not None:
            found.add('[most]' if arrow.least is None else '[least..]' if arrow.most is None else '[least..most]')
    known = {(1, 1): None, (0, 1): '?', (1, None): '+', (0, None): '*'}
    low, high = element.low, element.high
    found.add(known.get((low, high), '{n,}' if high is None else '{n}' if low == high else '{n,m}'))
    if isinstance(element.body, No):
        found.add('no between' if not element.body.duration else 'no for, last' if i else 'no for, first')
        visit_event(element.body.event, found)
    else:
        visit_body(element.body, found)


def is_event_group(group):
    return all(isinstance(s.elements[0].body, Test) and s == plain_sequence(s.elements[0].body)
               for s in group.pattern.sequences)


def visit_body(body, found):
    if isinstance(body, AllOf):
        found.add('&')
        for item in body.items:
            visit_body(item, found)
    elif isinstance(body, Group):
        if not only_element(body):
            found.add('(a|b)' if is_event_group(body) else 'group')
        visit_pattern(body.pattern, found, '(a|b)' if is_event_group(body) else 'group |')
    else:
        visit_event(body, found)


def visit_event(event, found):
    if isinstance(event, AnyOf):
        found.add('(a|b)')
        for one in event.events:
            visit_event(one, found)
        return
    found.add('kind' if event.kind is not None else event.direction or 'any')
    if event.channel is not None:
        found.add('@channel')
    if event.condition:
        visit_condition(event.condition, found)


def visit_condition(condition, found):
    what = condition[0]
    if what == 'compare':
        found.add(condition[2])
    elif what == 'in':
        found.add('in')
    elif what == 'null':
        found.add('is null')
    elif what == 'not' and condition[1][0] in ('in', 'null'):
        found.add('not in' if condition[1][0] == 'in' else 'is not null')
    else:
        found.add(what)
        for side in condition[1:]:
            visit_condition(side, found)


class Coverage:
    """How many pairs have each operator, by verdict."""

    def __init__(self):
        self.pairs = 0
        self.matching = 0
        self.by_verdict = {True: Counter(), False: Counter()}

    def add(self, pair, verdict):
        self.pairs += 1
        self.matching += verdict
        self.by_verdict[verdict].update(operators(pair))

    def update(self, other):
        self.pairs += other.pairs
        self.matching += other.matching
        for verdict, counter in other.by_verdict.items():
            self.by_verdict[verdict].update(counter)

    def print_table(self):
        print(f'{"operator":16}{"pairs true":>12}{"pairs false":>12}')
        for name in ALL_OPERATORS + OTHERS:
            print(f'{name:16}{self.by_verdict[True][name]:12}{self.by_verdict[False][name]:12}')

    def lacks(self):
        """What is not covered enough: 5,000 pairs an operator and verdict of 200,000, and 30 % that match.

        Of fewer pairs proportionally fewer, less what chance may take away."""
        wanted = min(5000, 5000 * self.pairs / 200000)
        if self.pairs < 200000:
            wanted = max(wanted - 3 * wanted ** 0.5, 0)
        lacks = [f'{name}: {counter[name]} pairs {str(verdict).lower()}, {wanted:.0f} wanted'
                 for verdict, counter in self.by_verdict.items() for name in ALL_OPERATORS + OTHERS if counter[name] < wanted]
        if self.matching < 0.3 * self.pairs:
            lacks.append(f'{self.matching} of {self.pairs} pairs match, 30 % wanted')
        return lacks


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--pairs', type=int, default=2000)
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--show', type=int, default=0)
    options = options.parse_args()
    coverage, begin = Coverage(), time.perf_counter()
    for number in range(options.pairs):
        pair = make_pair(options.seed, number)
        verdict = answers(pair.pattern, pair.interactions, pair.as_of)
        coverage.add(pair, verdict.matches)
        if number < options.show:
            as_of = 'infinity' if pair.as_of is None else write_time(pair.as_of)
            print(f'{pair.text}\n    {write_timeline(verdict.timeline.interactions)}\n'
                  f'    as of {as_of}: {[m.used for m in verdict.match_all]}, depth {verdict.depth}')
    took = time.perf_counter() - begin
    coverage.print_table()
    for lack in coverage.lacks():
        print(f'lacks {lack}')
    pairs = max(coverage.pairs, 1)
    print(f'pairs {coverage.pairs}, matching {coverage.matching} ({100 * coverage.matching / pairs:.1f} %), '
          f'{1000 * took / pairs:.2f} ms a pair')
    return 1 if coverage.lacks() else 0


if __name__ == '__main__':
    sys.exit(main())
