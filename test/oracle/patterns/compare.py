"""Compares the extension's patterns with the oracle's on many small random cases.

    compare.py --pairs N --seed S [--batch 5000] [--jobs 2] [--refusals N] [--until-different] [--dry-run] [-- psql ARGS...]

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs or too little was covered.
"""
import argparse
import re
import sys
import time
from multiprocessing import Pool
from typing import NamedTuple

from generate import Coverage, Pair, make_pair, seeded
from language import (ANY, AllOf, AnyOf, Arrow, Duration, Element, Group, No, PLAIN, Pattern, Sequence, Test, parse,
                      write)
from oracle import Step, answers
from server import ask, ask_refusals, read_match, reason
from timelines import write_time, write_timeline

SHOWN = 5           # differences printed


class Difference(NamedTuple):
    pair: Pair
    what: str
    wanted: object
    got: object


# -- one pair --

def wanted_match(answer, n):
    match = answer.match_all[n]
    return (n + 1, match.starts_at, match.ends_at,
            [answer.timeline.interactions[i] for i in match.used])


def wanted_of(pair):
    """What the oracle says, by the names of the answers."""
    answer = answers(pair.pattern, pair.interactions, pair.as_of)
    every = [wanted_match(answer, n) for n in range(len(answer.match_all))]
    seen = answer if pair.as_of is None else answers(pair.pattern, pair.interactions)
    short = [seen.matches, seen.matches, len(seen.match_all), seen.depth, len(seen.match_all), seen.depth]
    return {'matches': answer.matches, 'match_count': len(every), 'match_all': every,
            'match_first': every[0] if every else None, 'match_last': every[-1] if every else None,
            'funnel_depth': answer.depth, 'funnel': answer.funnels, 'short': short}


def difference_of(pair, wanted, got):
    """The first difference, or None; and whether the funnel serves as well as ours but is another."""
    if 'error' in got:
        return Difference(pair, 'an error', None, got['error']), False
    for name in ('matches', 'match_count', 'funnel_depth', 'short'):
        if got[name] != wanted[name]:
            return Difference(pair, name, wanted[name], got[name]), False
    if (wanted['matches'] or wanted['short'][0]) and not got['may_match']:
        return Difference(pair, 'what an index says of a timeline that matches', True, False), False
    every = list(map(read_match, got['match_all']))
    firsts = {'match_all': every, 'match_first': read_match(got['match_first']), 'match_last': read_match(got['match_last'])}
    for name, value in firsts.items():
        if value != wanted[name]:
            return Difference(pair, name, wanted[name], value), False
    funnel = tuple(Step(*row) for row in got['funnel'] or [])
    if funnel not in wanted['funnel']:
        return Difference(pair, 'funnel', wanted['funnel'][0], funnel), False
    if not got['built']:
        return Difference(pair, 'answers for the timeline built from rows', True, False), False
    return difference_of_text(pair, wanted, got), funnel != wanted['funnel'][0]


def difference_of_text(pair, wanted, got):
    """The pattern's text form has to be the same pattern."""
    canonical = got['canonical']
    if got['canonical_again'] != canonical:
        return Difference(pair, 'the text form of the text form', canonical, got['canonical_again'])
    if reason(canonical):
        return Difference(pair, 'text form', pair.text, f'{canonical} ({reason(canonical)})')
    tree = parse(canonical)
    if tree != pair.pattern and wanted_of(pair._replace(pattern=tree)) != wanted:
        return Difference(pair, 'text form', pair.text, canonical)
    return None


# -- batches --

class Batch(NamedTuple):
    coverage: Coverage
    differences: list
    other_funnels: list
    oracle_seconds: float
    slowest: float


def run_batch(task):
    seed, first, end, command = task
    coverage, differences, others = Coverage(), [], []
    pairs = [make_pair(seed, number) for number in range(first, end)]
    wanted, seconds = {}, []
    for pair in pairs:
        begin = time.process_time()
        wanted[pair.number] = wanted_of(pair)
        seconds.append(time.process_time() - begin)
        coverage.add(pair, wanted[pair.number]['matches'])
    got = ask(command, pairs) if command else {}
    for pair in pairs if command else []:
        difference, is_other = difference_of(pair, wanted[pair.number], got[pair.number])
        if difference:
            differences.append(difference)
        if is_other:
            others.append(pair.text)
    return Batch(coverage, differences, others, sum(seconds), max(seconds, default=0.0))


def run_all(options, command):
    tasks = [(options.seed, first, min(first + options.batch, options.pairs), command)
             for first in range(0, options.pairs, options.batch)]
    if options.jobs == 1:
        yield from map(run_batch, tasks)
        return
    with Pool(options.jobs) as pool:
        yield from pool.imap(run_batch, tasks)


# -- smaller pairs that still differ --

def smaller_condition(condition):
    return [None] + [side for side in condition[1:] if condition[0] in ('and', 'or', 'not') and isinstance(side, tuple)]


def smaller_body(body):
    if isinstance(body, Test):
        if body.channel is not None:
            yield body._replace(channel=None)
        for condition in smaller_condition(body.condition) if body.condition else []:
            yield body._replace(condition=condition)
    elif isinstance(body, Group):
        for pattern in smaller_pattern(body.pattern):
            yield Group(pattern)
        for sequence in body.pattern.sequences:
            yield from (element.body for element in sequence.elements if not isinstance(element.body, No))
    elif isinstance(body, AllOf):
        yield from body.items
        for i, item in enumerate(body.items):
            yield from (AllOf(replaced(body.items, i, other)) for other in smaller_body(item))
    elif isinstance(body, AnyOf):
        yield from body.events
    else:
        yield from (No(event, body.duration) for event in smaller_body(body.event))


def smaller_element(element):
    if (element.low, element.high) != (1, 1):
        yield element._replace(low=1, high=1)
    if element.arrow and (element.arrow.least, element.arrow.most) != (None, None):
        yield element._replace(arrow=Arrow(element.arrow.next, None, None))
    yield from (element._replace(body=body) for body in smaller_body(element.body))


def smaller_sequence(sequence):
    elements = sequence.elements
    for i in range(len(elements) if len(elements) > 1 else 0):
        rest = elements[:i] + elements[i + 1:]
        yield sequence._replace(elements=(rest[0]._replace(arrow=None),) + rest[1:])
    for i in range(len(sequence.totals)):
        yield sequence._replace(totals=sequence.totals[:i] + sequence.totals[i + 1:])
    if sequence.start:
        yield sequence._replace(start=False)
    if sequence.end:
        yield sequence._replace(end=False)
    for i, element in enumerate(elements):
        yield from (sequence._replace(elements=replaced(elements, i, other)) for other in smaller_element(element))


def smaller_pattern(pattern):
    sequences = pattern.sequences
    for i in range(len(sequences) if len(sequences) > 1 else 0):
        yield Pattern(sequences[:i] + sequences[i + 1:])
    for i, sequence in enumerate(sequences):
        yield from (Pattern(replaced(sequences, i, other)) for other in smaller_sequence(sequence))


def replaced(things, i, other):
    return things[:i] + (other,) + things[i + 1:]


def smaller_pairs(pair):
    if pair.as_of is not None:
        yield pair._replace(as_of=None)
    for i in range(len(pair.interactions)):
        yield pair._replace(interactions=pair.interactions[:i] + pair.interactions[i + 1:])
    for pattern in smaller_pattern(pair.pattern):
        text = write(pattern)
        if not reason(text):
            yield pair._replace(text=text, pattern=parse(text))
    for i, one in enumerate(pair.interactions):
        for name in one.attributes:
            fewer = {other: value for other, value in one.attributes.items() if other != name}
            less = one._replace(attributes=fewer)
            yield pair._replace(interactions=pair.interactions[:i] + [less] + pair.interactions[i + 1:])


def minimised(difference, command):
    """Takes away from pattern and timeline what does not matter, as long as the same answer differs."""
    for _ in range(60):
        pairs = [pair._replace(number=n) for n, pair in enumerate(smaller_pairs(difference.pair))]
        got = ask(command, pairs)
        found = (difference_of(pair, wanted_of(pair), got[pair.number])[0] for pair in pairs)
        smaller = next((other for other in found if other and other.what == difference.what), None)
        if not smaller:
            break
        difference = smaller._replace(pair=smaller.pair._replace(number=difference.pair.number))
    return difference


# -- refusals --

SPOILERS = ('->', '=>', '-> no a ->', '-> a? ->', '=> a =>', 'no', 'no a ->', 'no a for 1 h ->', '-> no a for 1 h', '(', ')',
            'start =>', '=> end', '?', '{0}', 'within 1 h', 'same x', '& a', '| a', '| a?', 'a', 'any ->', '->[2 h..1 h]',
            '->[1 h]', '[', ']', 'not', 'and', '1', 'null')


def spoiled(rng, text):
    """A pattern's text with one word added, taken away, doubled or moved."""
    words = re.findall(r'[][()]|"(?:[^"]|"")*"|[^][()\s]+', text)
    i = rng.randrange(len(words))
    change = rng.choice(('add', 'add', 'add', 'delete', 'double', 'swap'))
    if change == 'delete' and len(words) > 1:
        del words[i]
    elif change == 'double':
        words.insert(i, words[i])
    elif change == 'swap':
        words[i - 1], words[i] = words[i], words[i - 1]
    else:
        words.insert(i, rng.choice(SPOILERS))
    return ' '.join(words)


HOUR = Duration(0, 0, 3600 * 10**6)
STRANGERS = (Element(PLAIN, No(ANY, None), 1, 1), Element(PLAIN, No(ANY, HOUR), 1, 1), Element(PLAIN, ANY, 0, 1))


def spoiled_tree(rng, pattern):
    """A pattern with one thing in its tree added or changed: mostly grammatical, and often refused all the same."""
    i = rng.randrange(len(pattern.sequences))
    return Pattern(replaced(pattern.sequences, i, spoiled_sequence(rng, pattern.sequences[i])))


def spoiled_sequence(rng, sequence):
    elements = sequence.elements
    i = rng.randrange(len(elements))
    element, change = elements[i], rng.randrange(7)
    if isinstance(element.body, Group) and rng.random() < 0.5:
        element = element._replace(body=Group(spoiled_tree(rng, element.body.pattern)))
    elif change < 3:
        elements = elements[:i + change % 2] + (rng.choice(STRANGERS),) + elements[i + change % 2:]
        elements = tuple(e._replace(arrow=(e.arrow or PLAIN) if n else None) for n, e in enumerate(elements))
        return sequence._replace(elements=elements)
    elif change == 3:
        whole = Sequence(False, (element._replace(arrow=None),), False, ())
        element = Element(element.arrow, Group(Pattern((whole,))), *rng.choice(((1, 1), (1, 1), (0, 1), (1, None))))
    elif change == 4 and i > 0:
        element = element._replace(arrow=rng.choice((Arrow(True, None, None), Arrow(False, None, HOUR))))
    elif change == 5:
        return sequence._replace(start=not sequence.start)
    elif change == 6:
        return sequence._replace(end=not sequence.end)
    return sequence._replace(elements=replaced(elements, i, element))


def compare_refusals(options, command):
    """How many spoiled patterns one side accepts and the other refuses."""
    texts = {}
    for number in range(options.refusals):
        rng = seeded(options.seed, f'spoiled {number}')
        pair = make_pair(options.seed, number)
        texts[number] = spoiled(rng, pair.text) if number % 4 == 0 else write(spoiled_tree(rng, pair.pattern))
    wanted = {number: reason(text) for number, text in texts.items()}
    got = ask_refusals(command, texts)
    differing = [number for number in texts if (wanted[number] is None) != (got[number] is None)]
    for number in differing[:4 * SHOWN]:
        print(f'pattern  {texts[number]}\nwanted   {wanted[number] or "accepted"}\ngot      {got[number] or "accepted"}\n')
    refused = sum(why is not None for why in wanted.values())
    print(f'spoiled patterns {len(texts)}, refused {refused}, accepted by one side only {len(differing)}')
    return len(differing)


# -- the report --

def said(value):
    if isinstance(value, tuple) and len(value) == 4 and isinstance(value[3], list):
        n, starts_at, ends_at, interactions = value
        return f'{n}: {write_time(starts_at)} .. {write_time(ends_at)} ' + write_timeline(interactions)
    if isinstance(value, Step):
        reached_at = value.reached_at and write_time(value.reached_at)
        return f'step {value.step}: {reached_at}, since {value.since_previous}, {list(value[3:])}'
    if isinstance(value, (list, tuple)):
        return '\n         '.join(map(said, value)) or 'none'
    return str(value)


def print_difference(difference):
    pair = difference.pair
    print(f'pair     {pair.number}: {difference.what}')
    print(f'pattern  {pair.text}')
    print(f'timeline {write_timeline(pair.interactions)}')
    print(f'as of    {"infinity" if pair.as_of is None else write_time(pair.as_of)}')
    print(f'wanted   {said(difference.wanted)}\ngot      {said(difference.got)}\n')


def arguments():
    options = argparse.ArgumentParser(description='Compares the extension with the oracle.')
    options.add_argument('--pairs', type=int, required=True)
    options.add_argument('--seed', type=int, required=True)
    options.add_argument('--batch', type=int, default=5000)
    options.add_argument('--jobs', type=int, default=2)
    options.add_argument('--refusals', type=int, default=0, help='also compare which of N spoiled patterns are refused')
    options.add_argument('--until-different', action='store_true', help='to say whether something differs, not what')
    options.add_argument('--dry-run', action='store_true', help='the oracle alone: coverage and time')
    options.add_argument('command', nargs='*', default=['psql'])
    return options.parse_args()


def main():
    options = arguments()
    command = None if options.dry_run else options.command
    coverage, differences, others, seconds, slowest = Coverage(), [], [], 0.0, 0.0
    for batch in run_all(options, command):
        coverage.update(batch.coverage)
        differences += batch.differences
        others += batch.other_funnels
        seconds, slowest = seconds + batch.oracle_seconds, max(slowest, batch.slowest)
        if options.until_different and differences:
            print(f'pairs {coverage.pairs}, differences {len(differences)}')
            return 1
    for difference in differences[:SHOWN]:
        print_difference(minimised(difference, command))
    coverage.print_table()
    spoiled_differences = compare_refusals(options, command) if options.refusals and command else 0
    if others:
        print(f'funnels in which another interaction serves a step as well as ours: {len(others)}, the first: {others[0]}')
    lacks = coverage.lacks()
    for lack in lacks:
        print(f'lacks {lack}')
    print(f'oracle: {1000 * seconds / max(options.pairs, 1):.2f} ms a pair, at most {slowest:.2f} s')
    percent = 100 * coverage.matching / max(coverage.pairs, 1)
    print(f'pairs {coverage.pairs}, matching {coverage.matching} ({percent:.1f} %), differences {len(differences)}')
    return 1 if differences or spoiled_differences or lacks else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(str(error))
