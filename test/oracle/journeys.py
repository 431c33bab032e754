"""Stages of journeys from their definition, compared with stage(), stages() and time_in_stage().

    journeys.py --cases N --seed S [--batch 2000] [--until-different] [--dry-run] [-- psql ARGS...]

A case is a journey of a few stages, a timeline, a moment (as_of) and some moments at which a range is cut into adjacent
ones. Where matches end is what patterns/oracle.py says; all else is here, written from the page on the pattern language
("a rule" is a sentence of its section on journeys). The database is asked for the stage, the stages and the time in each
stage within each piece and within their union; the pieces must add up to it, and all must be what the oracle says.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs.
"""
import os
import random
import sys
from collections import Counter
from typing import NamedTuple, Optional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patterns'))
from generate import Builder, changed, deadlines_of, make_as_of, make_kinds, make_timeline, plain_sequence
from language import AllOf, DAY, Group, Pattern, Test, parse, write
from oracle import answers
from server import SET_UP, copy, run
from session import lacking, main
from timelines import read_time, write_time, write_timeline

SHOWN = 5           # differences printed
HOUR = 3600 * 10**6


class Case(NamedTuple):
    number: int
    forward: bool
    stages: tuple           # (name, text of the pattern)
    text: str               # of the journey
    interactions: list      # in no order
    as_of: Optional[int]    # None: infinity
    cuts: list              # moments in order; None at an end: unbounded


class Stay(NamedTuple):
    stage: str
    entered_at: int
    left_at: Optional[int]  # None: the present one


# -- the definition --

def entries(case):
    """Where stages are entered: (time, 0 for a deadline and 1 for a place, the place), and the stage's number."""
    found = []
    for number, (_, text) in enumerate(case.stages):
        said = answers(text, case.interactions, case.as_of)
        for match in said.match_all:
            # a deadline comes before the places of its instant
            place = (0, 0) if match.has_deadline else (1, said.timeline.places[match.used[-1]])
            found.append(((match.ends_at, *place), number))
    return found


def present_stages(found, forward):
    """(instant, the stage's number from then on): one for each instant at which some stage is entered."""
    by_place = {}
    for place, number in found:
        # of stages entered at the same place, the later listed
        by_place[place] = max(number, by_place.get(place, 0))
    present, at_end_of = None, {}
    for place in sorted(by_place):
        number = by_place[place]
        # with forward, an entry to an earlier-listed stage than the present one is ignored
        if not (forward and present is not None and number < present):
            present = number
        at_end_of[place[0]] = present
    return sorted(at_end_of.items())


def stays_of(case, found):
    """Entering the stage one is in changes nothing; a stage left at the instant it was entered leaves no row."""
    changes = []
    for instant, number in present_stages(found, case.forward):
        if not changes or changes[-1][1] != number:
            changes.append((instant, number))
    lefts = [instant for instant, _ in changes[1:]] + [None]
    return [Stay(case.stages[number][0], instant, left) for (instant, number), left in zip(changes, lefts)]


ENDLESS = 'endless'


def time_in(case, stays, stage, begin, end):
    """Clipped at as_of; None is unbounded, and as_of at infinity clips nothing."""
    ends = [moment for moment in (end, case.as_of) if moment is not None]
    total = 0
    for stay in stays:
        if stay.stage != stage:
            continue
        until = min([*ends, *([] if stay.left_at is None else [stay.left_at])], default=None)
        if until is None:
            return ENDLESS
        since = stay.entered_at if begin is None else max(stay.entered_at, begin)
        total += max(until - since, 0)
    return total


# -- random cases --

NAMES = ('lead', 'customer', 'at risk', 'lapsed', 'no answer', 'forward', 'End', 'über', 'a;b: c', 'q"q', ' x', 'x-1', '2nd')
PLAIN_NAMES = ('lead', 'customer', 'at risk', 'lapsed', 'no answer', 'End', 'über', 'x-1')


def written_name(rng, name):
    if name in PLAIN_NAMES and rng.random() < 0.7:
        return name.replace(' ', rng.choice((' ', '  ', '\n')))
    return '"' + name.replace('"', '""') + '"'


def has_end(pattern):
    return any(sequence.end or any(has_end_in(element.body) for element in sequence.elements)
               for sequence in pattern.sequences)


def has_end_in(body):
    if isinstance(body, AllOf):
        return any(map(has_end_in, body.items))
    return isinstance(body, Group) and has_end(body.pattern)


def make_pattern(rng, interactions, kinds):
    """Often one kind, so that stages are entered again and again."""
    form = rng.random()
    while True:
        if form < 0.5:
            return Pattern((plain_sequence(Test(rng.choice(kinds), None, None, None)),))
        source = interactions if form < 0.9 else make_timeline(rng, kinds)
        try:
            pattern = parse(write(Builder(rng, source, kinds).pattern()))
        except ValueError:
            continue
        if not has_end(pattern):
            return pattern


def make_cuts(rng, interactions):
    """Instants of interactions and deadlines are hit exactly, as often as not."""
    times = [i.time for i in interactions] or [read_time('2020-01-30T00:00:00Z')]
    cuts = [rng.choice(times) + rng.choice((0, 0, 0, -HOUR, HOUR, DAY, -DAY, 7 * DAY, 1, -1))
            for _ in range(rng.choice((2, 2, 3, 3, 4, 5)))]
    cuts.sort()
    if rng.random() < 0.1:
        cuts[0] = None
    if rng.random() < 0.1:
        cuts[-1] = None
    return cuts


def make_case(seed, number):
    rng = random.Random(f'{seed}/{number}')
    kinds = make_kinds(rng)
    interactions = make_timeline(rng, kinds)
    while len(interactions) < 5 and rng.random() < 0.7:
        interactions = make_timeline(rng, kinds)
    source = changed(rng, interactions) if rng.random() < 0.2 else interactions
    patterns = [make_pattern(rng, source, kinds) for _ in range(rng.choice((1, 2, 2, 3, 3, 4)))]
    names = rng.sample(NAMES, len(patterns))
    forward = rng.random() < 0.4
    stages = tuple((name, write(pattern)) for name, pattern in zip(names, patterns))
    text = '; '.join(f'{written_name(rng, name)}: {pattern}' for name, pattern in stages)
    text = rng.choice(('forward; ', 'FORWARD;', ' Forward ; ')) + text if forward else text
    as_of = make_as_of(rng, interactions, [d for pattern in patterns for d in deadlines_of(pattern)])
    cuts = make_cuts(rng, interactions)
    rng.shuffle(interactions)
    return Case(number, forward, stages, text, interactions, as_of, cuts)


# -- the database --

FUNCTIONS = r'''
CREATE TEMP TABLE journey_case (number int, journey text, timeline text, as_of timestamptz, names text[], pieces tstzrange[]);

CREATE FUNCTION pg_temp.spent(t timeline, j journey, stage text, during tstzrange, as_of timestamptz) RETURNS jsonb
LANGUAGE plpgsql AS $$
BEGIN
    RETURN to_jsonb((extract(epoch FROM time_in_stage(t, j, stage, during, as_of)) * 1000000)::bigint);
EXCEPTION WHEN datetime_field_overflow THEN
    RETURN '"endless"';
END $$;

CREATE FUNCTION pg_temp.stays(t timeline, j journey, as_of timestamptz) RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_array(stage, pg_temp.us(entered_at), pg_temp.us(left_at))), '[]') FROM stages(t, j, as_of)
$$;

CREATE FUNCTION pg_temp.staged(journey_text text, t timeline, as_of timestamptz, names text[], pieces tstzrange[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    j journey := journey_text;
BEGIN
    RETURN jsonb_build_object(
        'stage', stage(t, j, as_of), 'stages', pg_temp.stays(t, j, as_of),
        'times', (SELECT jsonb_agg((SELECT jsonb_agg(pg_temp.spent(t, j, name, piece, as_of) ORDER BY n)
                                      FROM unnest(pieces) WITH ORDINALITY p(piece, n)) ORDER BY m)
                    FROM unnest(names) WITH ORDINALITY s(name, m)),
        'short', stage(t, j) IS NOT DISTINCT FROM stage(t, j, 'infinity')
                 AND ARRAY(SELECT s FROM stages(t, j) s) = ARRAY(SELECT s FROM stages(t, j, 'infinity') s)
                 AND time_in_stage(t, j, names[1], '[2020-01-01Z,2021-01-01Z]')
                     = time_in_stage(t, j, names[1], '[2020-01-01Z,2021-01-01Z]', 'infinity'),
        'canonical', j::text::journey = j AND j::text::journey::text = j::text
                     AND pg_temp.stays(t, j::text::journey, as_of) = pg_temp.stays(t, j, as_of));
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;
'''

ASK = '''SELECT number || ' ' || pg_temp.staged(journey, timeline::timeline, as_of, names, pieces) FROM journey_case;\n'''


def bound(moment):
    return '' if moment is None else write_time(moment)


def pieces_of(case):
    """The adjacent ranges, and their union last."""
    return [*zip(case.cuts, case.cuts[1:]), (case.cuts[0], case.cuts[-1])]


def array_of(texts):
    quoted = ('"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"' for text in texts)
    return '{' + ','.join(quoted) + '}'


def ask(command, cases):
    rows = []
    for case in cases:
        ranges = [f'[{bound(begin)},{bound(end)})' for begin, end in pieces_of(case)]
        rows.append((case.number, case.text, write_timeline(case.interactions), 'infinity' if case.as_of is None else
                     write_time(case.as_of), array_of(name for name, _ in case.stages), array_of(ranges)))
    return run(command, SET_UP + FUNCTIONS + copy('journey_case', rows) + ASK)


# Neither is a journey.
REFUSED = ('', 'a', 'a:', ': b', 'a: b;', 'a: b; ; c: d', 'a: b c: d', 'a: b; a: c', 'a: b; "a": c', 'x  y: b; "x y": c',
           'a: b => end', 'a: b -> (c => end)?', 'a: b | c => end', 'a: (b & (c => end))', 'a: b?', 'a: b; c: d ->',
           'forward', 'forward;', 'a: b; forward; c: d', 'forward; forward; a: b', '"forward"; a: b', '"": b', 'a, b: c',
           'a: "b')


def compare_refusals(command):
    rows = [(number, text, None, None) for number, text in enumerate(REFUSED)]
    script = SET_UP + copy('pair', rows) + '''
        CREATE FUNCTION pg_temp.refused(journey_text text) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            RETURN journey_text::journey::text;
        EXCEPTION WHEN syntax_error OR invalid_text_representation THEN
            RETURN NULL;
        END $$;
        SELECT number || ' ' || jsonb_build_array(pg_temp.refused(pattern)) FROM pair;
        '''
    got = run(command, script)
    accepted = [text for number, text in enumerate(REFUSED) if got[number] != [None]]
    for text in accepted:
        print(f'not refused: {text}')
    return len(accepted)


# -- the comparison --

def wanted_of(case, found):
    stays = stays_of(case, found)
    times = [[time_in(case, stays, name, *piece) for piece in pieces_of(case)] for name, _ in case.stages]
    return {'stage': stays[-1].stage if stays else None, 'stages': [list(stay) for stay in stays], 'times': times,
            'short': True, 'canonical': True}


def difference_of(wanted, got):
    if 'error' in got:
        return got['error']
    # whatever the oracle says, the pieces add up
    for times in got['times']:
        if ENDLESS not in times and sum(times[:-1]) != times[-1]:
            return f'pieces do not add up: {times}'
    for name, answer in wanted.items():
        if got[name] != answer:
            return f'{name}: wanted {answer}\n{" " * len(name)}  got    {got[name]}'
    return None


FEATURES = ('forward', 'absence', 'ties', 'as_of', 'as_of cuts', 'no stage', 'stays', '3 or more stays', 'a stage again',
            'left at once', 'same place', 'carried in', 'time in two stages', 'time in two pieces', 'endless')


def features(case, found, wanted):
    """What a case has of what has to be covered."""
    rows, times = wanted['stages'], wanted['times']
    places = {place for place, _ in found}
    begin = case.cuts[0]
    everything = found if case.as_of is None else entries(case._replace(as_of=None))
    every = {
        'forward': case.forward,
        'absence': any(' for ' in text for _, text in case.stages),
        'ties': len({(i.time, i.attributes.get('seq')) for i in case.interactions}) < len(case.interactions),
        'as_of': case.as_of is not None,
        'as_of cuts': len(rows) != len(stays_of(case, everything)),
        'no stage': not rows,
        'stays': len(rows) > 1,
        '3 or more stays': len(rows) > 2,
        'a stage again': len({stage for stage, _, _ in rows}) < len(rows),
        'left at once': len(present_stages(found, case.forward)) < len(places),
        'same place': len(places) < len(found),
        'carried in': begin is not None and any(since < begin and (left is None or left > begin) for _, since, left in rows),
        'time in two stages': sum(bool(pieces[-1]) for pieces in times) > 1,
        'time in two pieces': any(sum(map(bool, pieces[:-1])) > 1 for pieces in times),
        'endless': any(ENDLESS in pieces for pieces in times),
    }
    return [name for name, has in every.items() if has]


def compare(options, command):
    differing, seen = 0, Counter()
    for first in range(0, options.cases, options.batch):
        cases = [make_case(options.seed, n) for n in range(first, min(first + options.batch, options.cases))]
        got = ask(command, cases) if command else {}
        for case in cases:
            found = entries(case)
            wanted = wanted_of(case, found)
            seen.update(features(case, found, wanted))
            difference = difference_of(wanted, got[case.number]) if command else None
            if difference:
                differing += 1
                if differing <= SHOWN:
                    as_of = 'infinity' if case.as_of is None else write_time(case.as_of)
                    print(f'case {case.number}\n{case.text}\n{write_timeline(case.interactions)}\nas of {as_of}, cut at '
                          f'{", ".join(map(bound, case.cuts))}\n{difference}\n')
        if options.until_different and differing:
            print(f'cases {first + len(cases)}, differences {differing}')
            return 1
    print(', '.join(f'{name}: {seen[name]}' for name in FEATURES))
    too_few = lacking(seen, FEATURES, options.cases, 'cases')
    accepted = compare_refusals(command) if command else 0
    print(f'cases {options.cases}, differences {differing + accepted}')
    return 1 if differing or accepted or too_few else 0


if __name__ == '__main__':
    main('Compares stage(), stages() and time_in_stage() with their definition.', 'cases', 2000, compare)
