"""Alignments of timelines to designed journeys, as shortest paths, compared with conformance() and deviations().

    conformance.py --pairs N --seed S [--batch 5000] [--until-different] [--dry-run] [-- psql ARGS...]
    conformance.py --pattern TEXT --query SQL [-- psql ARGS...]      # one pattern, the timelines of a query

A pattern is read as the language of its words: the tests of its elements one after another, with copies, alternatives
and any order, whatever the arrows (patterns/language.py parses the text; nothing else is shared). A node of the graph
is a position in the timeline and what is left of the pattern; an edge leaves out an interaction (cost 1), skips an
element (cost 1), or matches both (cost 0). Dijkstra's algorithm finds the cheapest path, of equal ones the one that
leaves out the fewest interactions, which matches the most. On the smallest pairs the words are enumerated as well.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs.
"""
import argparse
import os
import random
import sys
from collections import Counter
from functools import lru_cache
from heapq import heappop, heappush
from typing import NamedTuple, Optional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patterns'))
from language import (AllOf, Arrow, Element, Group, Parser, Pattern, PLAIN, Sequence, Test, only_element, parse,
                      write)
from server import SET_UP, copy, run
from session import lacking
from timelines import Interaction, Timeline, accepts, read_time, write_time, write_timeline

SHOWN = 5           # differences printed

# -- the language of a pattern: expressions, and the words that they begin with --

NOTHING = ('nothing',)      # the empty word alone


def word_of(test, label):
    return ('test', test, label)


def then(a, b):
    return b if a == NOTHING else a if b == NOTHING else ('then', a, b)


def both(a, b):
    """The words of a and of b interleaved."""
    return b if a == NOTHING else a if b == NOTHING else ('both', a, b)


def copies(a, low, high):
    return NOTHING if high == 0 else ('copies', a, low, high)


def expression_of_pattern(pattern):
    """With each test the number of the top-level element that it is in, and these elements."""
    elements, choices = [], []
    for sequence in pattern.sequences:
        choice = NOTHING
        for element in sequence.elements:
            choice = then(choice, expression_of_element(element, len(elements)))
            elements.append(element._replace(arrow=None))
        choices.append(choice)
    return ('or', *choices), elements


def expression_of_element(element, label):
    body = expression_of_body(element.body, label)
    return body if (element.low, element.high) == (1, 1) else copies(body, element.low, element.high)


def expression_of_body(body, label):
    if isinstance(body, Test):
        return word_of(body, label)
    if isinstance(body, AllOf):
        together = NOTHING
        for item in body.items:
            together = both(together, expression_of_body(item, label))
        return together
    return ('or', *(expression_of_sequence(sequence, label) for sequence in body.pattern.sequences))


def expression_of_sequence(sequence, label):
    one_after_another = NOTHING
    for element in sequence.elements:
        one_after_another = then(one_after_another, expression_of_element(element, label))
    return one_after_another


@lru_cache(maxsize=None)
def may_end(expression):
    """Is the empty word one of its words?"""
    what, *parts = expression
    if what == 'copies':
        return parts[1] == 0 or may_end(parts[0])
    if what == 'or':
        return any(map(may_end, parts))
    return what != 'test' and all(map(may_end, parts))


@lru_cache(maxsize=None)
def steps(expression):
    """What its words may begin with, and what is left then: pairs of a test and an expression."""
    what, *parts = expression
    if what == 'test':
        return frozenset({(expression, NOTHING)})
    if what == 'or':
        return frozenset(step for part in parts for step in steps(part))
    if what == 'copies':
        body, low, high = parts
        rest = copies(body, max(low - 1, 0), None if high is None else high - 1)
        return frozenset((test, then(left, rest)) for test, left in steps(body))
    if what == 'both':
        a, b = parts
        return (frozenset((test, both(left, b)) for test, left in steps(a))
                | frozenset((test, both(a, left)) for test, left in steps(b)))
    if what == 'then':
        a, b = parts
        first = frozenset((test, then(left, b)) for test, left in steps(a))
        return first | steps(b) if may_end(a) else first
    return frozenset()


# -- the cheapest alignment --

class Alignment(NamedTuple):
    fitness: float
    matched: int
    skipped: int
    extra: int


def cheapest(expression, interactions):
    """(elements skipped, interactions left out) of the cheapest alignment."""
    heap, settled, entered = [(0, 0, 0, 0, expression)], set(), 0
    while True:
        cost, extra, _, at, left = heappop(heap)
        if (at, left) in settled:
            continue
        settled.add((at, left))
        if at == len(interactions) and may_end(left):
            return cost - extra, extra
        moves = [(cost + 1, extra + 1, at + 1, left)] if at < len(interactions) else []
        for (_, test, _), rest in steps(left):
            moves.append((cost + 1, extra, at, rest))
            if at < len(interactions) and accepts(test, interactions[at]):
                moves.append((cost, extra, at + 1, rest))
        for new_cost, new_extra, new_at, rest in moves:
            if (new_at, rest) not in settled:
                entered += 1        # of equal ones the first entered: expressions are not compared
                heappush(heap, (new_cost, new_extra, entered, new_at, rest))


def align(expression, interactions):
    shortest, _ = cheapest(expression, [])
    skipped, extra = cheapest(expression, interactions)
    fitness = 1.0 - (skipped + extra) / (len(interactions) + shortest)
    return Alignment(fitness, len(interactions) - extra, skipped, extra)


# -- the same by enumerating the words --

def words(expression, longest):
    """All words with at most so many tests; None when there are too many to look at."""
    found, todo = set(), {((), expression)}
    for length in range(longest + 1):
        found |= {word for word, left in todo if may_end(left)}
        todo = {(word + (test[1],), rest) for word, left in todo for test, rest in steps(left)} if length < longest else set()
        if len(todo) + len(found) > 3000:
            return None
    return found


def most_matched(word, interactions):
    """The longest common subsequence."""
    best = [0] * (len(interactions) + 1)
    for test in word:
        row = [0]
        for i, interaction in enumerate(interactions):
            row.append(max(row[i], best[i + 1], best[i] + 1 if accepts(test, interaction) else 0))
        best = row
    return best[-1]


def align_by_words(expression, interactions):
    """None where there are too many words. Those longer than 2 n + the shortest skip more than leaving out all costs."""
    shortest, every = 0, set()
    while every is not None and not every:
        shortest += 1
        every = words(expression, shortest)
    every = every and words(expression, 2 * len(interactions) + shortest)
    if every is None:
        return None
    rated = []
    for word in every:
        matched = most_matched(word, interactions)
        skipped, extra = len(word) - matched, len(interactions) - matched
        rated.append((skipped + extra, -matched, skipped, extra))
    cost, matched, skipped, extra = min(rated)
    return Alignment(1.0 - cost / (len(interactions) + shortest), -matched, skipped, extra)


# -- what deviations() says --

class Row(NamedTuple):
    n: int
    deviation: str
    element: Optional[str]
    occurred_at: Optional[int]
    kind: Optional[str]
    interaction: Optional[int]


def element_of(text):
    parser = Parser(text)
    element = parser.element(None)
    parser.skip()
    if parser.at < len(text):
        raise ValueError(f'"{text}" is no element')
    return flat(element)


def flat(element):
    """An alternative of alternatives is one of them: parentheses around alternatives alone say nothing."""
    return element._replace(body=flat_body(element.body), arrow=None)


def flat_body(body):
    if isinstance(body, AllOf):
        return AllOf(tuple(map(flat_body, body.items)))
    if not isinstance(body, Group):
        return body
    sequences = []
    for sequence in body.pattern.sequences:
        sequence = sequence._replace(elements=tuple(flat(e)._replace(arrow=e.arrow) for e in sequence.elements))
        only = only_element(Group(Pattern((sequence,))))
        inner = isinstance(only, Element) and isinstance(only.body, Group) and (only.low, only.high) == (1, 1)
        sequences += only.body.pattern.sequences if inner else (sequence,)
    return Group(Pattern(tuple(sequences)))


def wrong_in(rows, expression, elements, interactions, wanted):
    """What is wrong with an alignment given step by step; None when it is one, of the cost wanted."""
    told = Counter(row.deviation for row in rows)
    if (told['matched'], told['skipped'], told['extra']) != wanted[1:] or len(rows) != sum(wanted[1:]):
        return f'{dict(told)} of {len(rows)} rows'
    elements = list(map(flat, elements))
    lefts, at = {expression}, 0
    for n, row in enumerate(rows, 1):
        if row.n != n:
            return f'row {n} has number {row.n}'
        named = None if row.element is None else element_of(row.element)
        if (named is None) != (row.deviation == 'extra'):
            return f'row {n}: element'
        if row.deviation == 'skipped':
            if row[3:] != (None, None, None):
                return f'row {n}: an interaction'
            lefts = {rest for left in lefts for (_, _, label), rest in steps(left) if elements[label] == named}
        else:
            interaction = interactions[at]
            at += 1
            if row[3:] != (interaction.time, interaction.kind, at):
                return f'row {n}: another interaction'
            if row.deviation == 'matched':
                lefts = {rest for left in lefts for (_, test, label), rest in steps(left)
                         if elements[label] == named and accepts(test, interaction)}
        if not lefts:
            return f'row {n}: the pattern has no such element there'
    return None if any(map(may_end, lefts)) else 'the pattern does not end there'


# -- random pairs --

HOUR = 3600 * 10**6
KINDS = ('a', 'b', 'c', 'd')
COPIES = ((0, 1), (1, None), (0, None), (2, 2), (0, 2), (1, 2), (2, None), (1, 3), (2, 3))


class Pair(NamedTuple):
    number: int
    text: str
    interactions: list      # in no order
    as_of: Optional[int]    # None: infinity


class Builder:
    def __init__(self, rng):
        self.rng = rng
        self.kinds = KINDS[:rng.choice((2, 3, 3, 4))]
        self.rest = rng.choice((2, 3, 4, 5, 6))         # tests that may still be written

    def chance(self, probability):
        return self.rng.random() < probability

    def test(self):
        self.rest -= 1
        form = self.rng.random()
        kind = None if form < 0.08 else self.rng.choice(self.kinds)
        direction = 'inbound' if kind is None and self.chance(0.3) else None
        channel = 'phone' if self.chance(0.07) else None
        condition = ('compare', 'value', self.rng.choice(('>', '<=')), 1.0) if self.chance(0.07) else None
        return Test(kind, direction, channel, condition)

    def body(self, depth):
        form = self.rng.random()
        if depth > 2 or self.rest < 2 or form < 0.55:
            return self.test()
        if form < 0.7:
            return AllOf(tuple(self.body(depth + 1) for _ in range(self.rng.choice((2, 2, 3)))))
        sequences = [self.sequence(depth + 1) for _ in range(self.rng.choice((1, 2, 2, 3)))]
        return Group(Pattern(tuple(sequences)))

    def element(self, is_first, depth):
        arrow = None if is_first else self.rng.choice((PLAIN, Arrow(True, None, None)))
        low, high = self.rng.choice(COPIES) if self.chance(0.4) else (1, 1)
        return Element(arrow, self.body(depth), low, high)

    def sequence(self, depth=0):
        elements = [self.element(True, depth)]
        while self.rest > 0 and self.chance(0.8 if depth == 0 else 0.4):
            elements.append(self.element(False, depth))
        return Sequence(self.chance(0.15), tuple(elements), self.chance(0.15), ())

    def pattern(self):
        sequences = [self.sequence()]
        while self.chance(0.15) and self.rest > 0:
            sequences.append(self.sequence())
        return Pattern(tuple(sequences))

    # timelines

    def interaction(self, test=None):
        attributes = {'channel': self.rng.choice(('phone', 'web')), 'value': float(self.rng.randint(0, 2)),
                      'direction': self.rng.choice(('inbound', 'outbound'))}
        attributes = {name: value for name, value in attributes.items() if self.chance(0.7)}
        kind = test.kind if test and test.kind else self.rng.choice(self.kinds)
        if test and test.channel:
            attributes['channel'] = test.channel
        if test and test.direction:
            attributes['direction'] = test.direction
        if test and test.condition:
            attributes['value'] = 2.0 if test.condition[2] == '>' else 1.0
        return kind, attributes

    def walk(self, expression):
        """Interactions that spell a word."""
        found = []
        while not (may_end(expression) and self.chance(0.4)) and len(found) < 8:
            ways = sorted(steps(expression), key=str)
            if not ways:
                break
            (_, test, _), expression = self.rng.choice(ways)
            found.append(self.interaction(test))
        return found

    def changed(self, found):
        for _ in range(self.rng.choice((0, 0, 1, 1, 2, 3))):
            form, at = self.rng.randrange(4), self.rng.randrange(len(found) + 1)
            if form == 0 or not found:
                found.insert(at, self.interaction())
            elif form == 1:
                del found[at - 1]
            elif form == 2:
                found[at - 1] = self.interaction()
            else:
                found.insert(at, found.pop(self.rng.randrange(len(found))))
        return found[:8]

    def interactions(self, expression):
        if self.chance(0.3):
            found = [self.interaction() for _ in range(self.rng.randint(0, 8))]
        else:
            found = self.changed(self.walk(expression))
        time, interactions = read_time('2020-01-30T12:00:00Z'), []
        for n, (kind, attributes) in enumerate(found):
            interactions.append(Interaction(time, kind, attributes | ({'seq': float(n)} if self.chance(0.3) else {})))
            time += self.rng.choice((0, HOUR, HOUR, HOUR))
        return interactions


def make_pair(seed, number):
    rng = random.Random(f'{seed}/{number}')
    while True:
        builder = Builder(rng)
        text = write(builder.pattern())
        try:
            expression, _ = expression_of_pattern(parse(text))
        except ValueError:
            continue                # it can match without any interaction
        interactions = builder.interactions(expression)
        times = [i.time for i in interactions]
        as_of = rng.choice(times) + rng.choice((0, 0, -1, HOUR)) if times and rng.random() < 0.15 else None
        rng.shuffle(interactions)
        return Pair(number, text, interactions, as_of)


# -- the database --

FUNCTIONS = r'''
CREATE FUNCTION pg_temp.aligned(t timeline, p pattern, as_of timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'conformance', (SELECT jsonb_build_array(fitness, matched, skipped, extra) FROM conformance(t, p, as_of)),
        'deviations', (SELECT coalesce(jsonb_agg(jsonb_build_array(n, deviation, element, pg_temp.us(occurred_at), kind, interaction)), '[]')
                         FROM deviations(t, p, as_of)),
        'short', conformance(t, p) = conformance(t, p, 'infinity')
                 AND ARRAY(SELECT d FROM deviations(t, p) d) = ARRAY(SELECT d FROM deviations(t, p, 'infinity') d))
$$;
CREATE FUNCTION pg_temp.aligned(t text, p text, as_of timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_temp.aligned(t::timeline, p::pattern, as_of);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;
'''


def ask(command, pairs):
    rows = [(pair.number, pair.text, write_timeline(pair.interactions),
             'infinity' if pair.as_of is None else write_time(pair.as_of)) for pair in pairs]
    script = SET_UP + FUNCTIONS + copy('pair', rows)
    return run(command, script + "SELECT number || ' ' || pg_temp.aligned(timeline, pattern, as_of) FROM pair;\n")


# Each asks for more than the order of events.
REFUSED = ('a ->[1 h] b', 'a =>[1 h..] b', 'a -> b within 1 h', 'a -> b same x', 'a+ same x', 'a same x',
           'a -> (b -> c within 1 h)?', 'a -> no x -> b', 'a -> (b -> no x -> c)?', 'a -> no x for 1 h',
           'no x for 1 h -> a', 'no x for 1 h', 'c | a -> no x for 1 h', 'c | a ->[1 h] b', '(a & (b -> c same x))')


def compare_refusals(command):
    pairs = [Pair(number, text, [], None) for number, text in enumerate(REFUSED)]
    got = ask(command, pairs)
    accepted = [pair.text for pair in pairs if not got[pair.number].get('error', '').startswith('22023')]
    for text in accepted:
        print(f'not refused: {text}')
    return len(accepted)


# -- the comparison --

def difference_of(pair, got, seen):
    expression, elements = expression_of_pattern(parse(pair.text))
    interactions = Timeline(pair.interactions).until(pair.as_of).interactions
    wanted = align(expression, interactions)
    by_words = align_by_words(expression, interactions) if len(interactions) < 4 else None
    if by_words not in (None, wanted):
        return f'the oracle with itself: {wanted}, {by_words}'
    seen['pairs by words, too'] += by_words is not None
    seen['pairs of fitness 1'] += wanted.fitness == 1
    seen['skipped'] += wanted.skipped > 0
    seen['extra'] += wanted.extra > 0
    seen['skipped and extra'] += wanted.skipped > 0 and wanted.extra > 0
    if got is None:
        return None
    if 'error' in got:
        too_large = got['error'].startswith('54000')        # a limit, told from a wrong answer
        seen['pairs beyond a limit'] += too_large
        return None if too_large else got['error']
    if tuple(got['conformance']) != wanted:
        return f'wanted {wanted}\ngot    {Alignment(*got["conformance"])}'
    rows = [Row(*row) for row in got['deviations']]
    wrong = wrong_in(rows, expression, elements, interactions, wanted)
    if wrong:
        return f'deviations: {wrong}\n' + '\n'.join(map(str, rows))
    return None if got['short'] else 'the short forms differ'


OPERATORS = ('->', '=>', '?', '+', '*', '{', '&', '|', 'start', 'end', 'any', 'inbound', '@', '[')
OTHERS = ('as_of', 'ties', 'pairs by words, too', 'pairs of fitness 1', 'skipped', 'extra', 'skipped and extra')


def features(pair):
    """What a pair has of what has to be covered, besides what the alignment shows."""
    found = {name for name in OPERATORS if name in pair.text}
    places = {(i.time, i.attributes.get('seq')) for i in pair.interactions}
    found.update(name for name, has in (('as_of', pair.as_of is not None), ('ties', len(places) < len(pair.interactions))) if has)
    return found


def compare(options, command):
    differing, seen = 0, Counter()
    for first in range(0, options.pairs, options.batch):
        pairs = [make_pair(options.seed, n) for n in range(first, min(first + options.batch, options.pairs))]
        got = ask(command, pairs) if command else {}
        for pair in pairs:
            seen.update(features(pair))
            difference = difference_of(pair, got.get(pair.number), seen)
            if difference:
                differing += 1
                if differing <= SHOWN:
                    as_of = 'infinity' if pair.as_of is None else write_time(pair.as_of)
                    print(f'pair {pair.number}\n{pair.text}\n{write_timeline(pair.interactions)}\nas of {as_of}\n{difference}\n')
        steps.cache_clear()
        may_end.cache_clear()
        if options.until_different and differing:
            print(f'pairs {first + len(pairs)}, differences {differing}')
            return differing
    print(', '.join(f'{name}: {seen[name]}' for name in OPERATORS + OTHERS + ('pairs beyond a limit',)))
    too_few = lacking(seen, OPERATORS + OTHERS, options.pairs, 'pairs')
    accepted = compare_refusals(command) if command else 0
    print(f'pairs {options.pairs}, differences {differing + accepted}')
    return differing + accepted + len(too_few)


def compare_query(options, command):
    """One pattern and the timelines of a query: (id, t); how conformance() rates them, by their kinds."""
    expression, _ = expression_of_pattern(parse(options.pattern))
    pattern = options.pattern.replace("'", "''")
    script = SET_UP + f'''
    SELECT row_number() OVER () || ' ' || jsonb_build_array(kinds, rated, count(*))
      FROM (SELECT kinds(t) AS kinds, (SELECT jsonb_build_array(fitness, matched, skipped, extra)
                                         FROM conformance(t, '{pattern}', 'infinity')) AS rated
              FROM ({options.query}) q) r GROUP BY kinds, rated;
    '''
    differing = timelines = 0
    for kinds, rated, count in run(command, script).values():
        wanted = align(expression, [Interaction(0, kind, {}) for kind in kinds])
        timelines += count
        if tuple(rated) != wanted:
            differing += count
            print(f'{count} of {kinds}\nwanted {wanted}\ngot    {Alignment(*rated)}')
    print(f'timelines {timelines}, differences {differing}')
    return differing + (timelines == 0)


def main():
    options = argparse.ArgumentParser(description='Compares conformance() and deviations() with an oracle.')
    options.add_argument('--pairs', type=int, default=0)
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--batch', type=int, default=5000)
    options.add_argument('--until-different', action='store_true', help='to say whether something differs, not what')
    options.add_argument('--dry-run', action='store_true', help='the oracle alone')
    options.add_argument('--pattern')
    options.add_argument('--query')
    options.add_argument('command', nargs='*', default=['psql'])
    options = options.parse_args()
    differing = 0
    if options.query:
        differing += compare_query(options, options.command)
    if options.pairs:
        differing += compare(options, None if options.dry_run else options.command)
    return 1 if differing else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(str(error))
