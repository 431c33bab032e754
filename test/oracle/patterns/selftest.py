"""Small cases worked by hand from the page on the pattern language, against the oracle alone.

A timeline is written kind, hour, then perhaps #seq and :name=value,... ; a match is the list of its interactions
(kind and hour), with "..hour" after it where a deadline ends it; matches are separated by "|".
"""
import re
import sys

from language import parse, write
from naive import naive_matches
from oracle import answers
from timelines import Timeline, read_time, read_timeline, write_timeline

HOUR = 3600 * 10**6
BASE = read_time('2020-01-01T00:00:00Z')

# (what, pattern, timeline, matches) and perhaps as_of in hours
MATCHES = [
    ('window, closed at its end', 'a -> b within 5 hours', 'a0 b5', 'a0 b5'),
    ('window, one microsecond over', 'a -> b within 4 hours 59 min 59 s 999999 us', 'a0 b5', ''),
    ('rule 1: one interaction serves once', 'e -> e', 'e0', ''),
    ('rule 2: simultaneous, either way round', 'a -> b', 'b0 a0', 'a0 b0'),
    ('rule 2: simultaneous, the other way', 'b -> a', 'b0 a0', 'a0 b0'),
    ('rule 2: seq orders', 'b -> a', 'a0#1 b0#2', ''),
    ('place: null before 1', 'a -> b', 'a0 b0#1', 'a0 b0'),
    ('place: null is not 1', 'b -> a', 'a0 b0#1', ''),
    ('rule 2: anything may lie between', 'a -> c', 'a0 b1 c2', 'a0 c2'),
    ('every start is tried', 'a => b => c', 'a0 x1 a2 b3 c4', 'a2 b3 c4'),
    ('the best start', 'A -> B -> C within 1 hour', 'A1 A1.5 B1.75 C2.25', 'A1.5 B1.75 C2.25'),
    ('a later chain completes', 'a -> b -> c within 5 h', 'a0 b1 a10 b11 c12', 'a10 b11 c12'),
    ('strictly later', 'a ->[1 microsecond..] b', 'a0 b0', ''),
    ('strictly later, later', 'a ->[1 microsecond..] b', 'a0 b0 b1', 'a0 b1'),
    ('repeated step forbidden', 'a -> no a -> b', 'a0 a1 b2', 'a1 b2'),
    ('rule 3: successor', 'a => b', 'a0 x1 b2', ''),
    ('rule 3: successor inside a tie is by kind', 'a => c', 'a0 b0 c0', ''),
    ('rule 3: successor inside a tie, neighbours', 'a => b => c', 'c0 b0 a0', 'a0 b0 c0'),
    ('rule 3: start', 'start => a', 'b0 a1', ''),
    ('rule 3: start holds', 'start => a', 'a0 a1', 'a0'),
    ('rule 3: end', 'a => end', 'a0 a1', 'a1'),
    ('rule 3: end of what is seen', 'a => end', 'a0 a1 b2', 'a1', 1.5),
    ('rule 3: the exact path', 'start => a => b+ => c => end', 'a0 b1 b2 c3', 'a0 b1 b2 c3'),
    ('rule 3: not the exact path', 'start => a => b+ => c => end', 'a0 b1 b2 c3 d4', ''),
    ('rule 3: gate on the successor', 'a =>[1 h] b', 'a0 b2', ''),
    ('rule 4: gate with least and most', 'a ->[2 h..3 h] b', 'a0 b1 b3', 'a0 b3'),
    ('rule 4: gate, least is closed', 'a ->[3 h..] b', 'a0 b1 b3', 'a0 b3'),
    ('rule 4: gate, not reached', 'a ->[3 h 1 us..] b', 'a0 b1 b3', ''),
    ('rule 5: no between', 'a -> no x -> b', 'a0 x1 b2', ''),
    ('rule 5: simultaneous does not count', 'a -> no x -> b', 'a0 x0 x2 b2', 'a0 b2'),
    ('rule 5: a place between by seq', 'a -> no x -> b', 'a0#1 x0#2 b0#3', ''),
    ('rule 5: the gate after the no', 'a -> no x ->[1 h] b', 'a0 b2', ''),
    ('rule 5: nothing used before it', 'a? -> no x -> b', 'x0 b1', 'b1'),
    ('rule 5: nothing used after it', 'a -> no x -> b?', 'a0 x1', 'a0'),
    ('rule 5: the first copy only', 'a -> no x -> b{2} -> c', 'a0 b1 x2 b3 c4', 'a0 b1 b3 c4'),
    ('rule 5: before the first copy', 'a -> no x -> b{2} -> c', 'a0 x1 b2 b3 c4', ''),
    ('rule 6: unanswered', 'a -> no b for 48 hours', 'a0', 'a0 ..48'),
    ('rule 6: answered at the deadline', 'a -> no b for 48 hours', 'a0 b48', ''),
    ('rule 6: the instant itself does not count', 'a -> no b for 48 hours', 'a0 b0 b49', 'a0 ..48'),
    ('rule 6: deadline not passed', 'a -> no b for 48 hours', 'a0', '', 47),
    ('rule 6: deadline just passed', 'a -> no b for 48 hours', 'a0', 'a0 ..48', 48),
    ('rule 6: somebody came back', 'no any for 5 h -> a', 'x0 x0.5 a6', 'a6'),
    ('rule 6: too soon', 'no any for 5 h -> a', 'x0 x1 a5.5', ''),
    ('rule 6: front, at t - d counts', 'no x for 5 h -> a', 'b0 x1 a6', ''),
    ('rule 6: front, at t does not', 'no x for 5 h -> a', 'b0 a6 x6', 'a6'),
    ('rule 6: not observed long enough', 'no x for 5 h -> a', 'b2 a6', ''),
    ('rule 6: standing alone', 'no x for 2 h', 'a0 x1 b2', 'x1 ..3 | b2 ..4'),
    ('rule 6: standing alone, with any', 'no any for 2 h', 'a0 b1 c5', 'b1 ..3 | c5 ..7'),
    ('rule 6: both ends', 'no x for 2 h -> a -> no x for 2 h', 'b0 a2 x5', 'a2 ..4'),
    ('rule 6: a deadline before the places of its instant', 'b | a -> no x for 2 h', 'a0 b2', 'a0 ..2 | b2'),
    ('rule 6: in parentheses and alternatives', '(a -> no x for 2 h | b) within 1 h', 'a0 x1 b2', 'b2'),
    ('rule 7: contiguous copies', 'a => b+ => c', 'a0 b1 x2 b3 c4', ''),
    ('rule 7: copies with anything between', 'a -> b+ -> c', 'a0 b1 x2 b3 c4', 'a0 b1 b3 c4'),
    ('rule 7: the gate between copies', 'a ->[1 h] b{2}', 'a0 b1 b3', ''),
    ('rule 7: the gate between copies holds', 'a ->[1 h] b{2}', 'a0 b1 b2', 'a0 b1 b2'),
    ('rule 7: first element', 'b{2} => c', 'b0 x1 b2 c3', 'b0 b2 c3'),
    ('rule 7: start => makes copies contiguous', 'start => b{2}', 'b0 x1 b2', ''),
    ('rule 8: arrow and gate of a skipped element', 'a =>[1 h] x? -> b', 'a0 y5 b9', 'a0 b9'),
    ('rule 8: the next arrow stays', 'a -> x? => b', 'a0 y5 b9', ''),
    ('rule 8: a no stays', 'a -> no x -> b? -> c', 'a0 x1 c2', ''),
    ('rule 8: start => goes with a skipped element', 'start => a? -> b', 'x0 b1', 'b1'),
    ('rule 8: start counts as an element', 'start => a? => b', 'x0 b1', ''),
    ('rule 9: into a group and out of it', 'c => (a -> b) => d', 'c0 a1 x2 b3 d4', 'c0 a1 b3 d4'),
    ('rule 9: by elements', '(b -> a) => c', 'a0 b0 c0', ''),
    ('rule 9: & in total order', '(b & a) => c', 'a0 b0 c0', 'a0 b0 c0'),
    ('rule 9: & in any order', '(q & d & c) -> o', 'c0 q1 d2 o3', 'c0 q1 d2 o3'),
    ('rule 9: & interleaves', '((a -> b) & (c -> d))', 'a0 c1 b2 d3', 'a0 c1 b2 d3'),
    ('rule 9: & its own interactions', '(a & any)', 'a0', ''),
    ('rule 9: & before what follows', '(a & b) -> c', 'a0 c1 b2', ''),
    ('rule 10: same', 'a -> b same thread', 'a0:thread=s b1:thread=t b2:thread=s', 'a0 b2'),
    ('rule 10: absent is not the same', 'a -> b same thread', 'a0 b1', ''),
    ('rule 10: a number is not a text', 'a -> b same p', 'a0:p=1 b1:p="1"', ''),
    ('rule 10: a no counts those with the value', 'a -> no x -> b same thread',
     'a0:thread=s x1:thread=t b2:thread=s', 'a0 b2'),
    ('rule 10: a no with the value', 'a -> no x -> b same thread', 'a0:thread=s x1:thread=s b2:thread=s', ''),
    ('rule 10: of a group only', '(a -> b same thread) -> c', 'a0:thread=s b1:thread=s c2', 'a0 b1 c2'),
    ('rule 11: more than', 'a[value > 100]', 'a0:value=100 a1:value=101', 'a1'),
    ('rule 11: absent is null', 'a[not value > 100]', 'a0 a1:value=1', 'a1'),
    ('rule 11: null or true', 'a[value > 1 or kind = a]', 'a0', 'a0'),
    ('rule 11: number against text is unknown', 'a[p != 1]', 'a0:p=x a1:p=2', 'a1'),
    ('rule 11: not in with an unknown', 'a[p not in (1, x)]', 'a0:p=2', ''),
    ('rule 11: is null', 'a[value is null]', 'a0:value=1 a1', 'a1'),
    ('rule 11: is not null', 'a[value is not null]', 'a0:value=1 a1', 'a0'),
    ('rule 11: bytes', 'a[p < a]', 'a0:p="Z" a1:p=b', 'a0'),
    ('rule 11: booleans are texts', 'a[p = true]', 'a0:p=true', 'a0'),
    ('rule 11: not before and, and before or', 'a[not p = x and q = 1 or q = 3]', 'a0:p=x,q=3 a1:p=y,q=1 a2:p=x,q=1',
     'a0 | a1'),
    ('kind: channel and direction', 'inbound@phone', 'a0:channel=phone,direction=outbound '
     'b1:channel=phone,direction=inbound c2:channel=web,direction=inbound', 'b1'),
    ('kind: a quoted keyword', '"end" => end', 'end0', 'end0'),
    ('rule 13: later ones are not seen', 'a -> b', 'a0 b1', '', 0.5),
    ('rule 13: at as_of is seen', 'a -> b', 'a0 b1', 'a0 b1', 1),
    ('reported: the first end', 'a -> b', 'a0 b1 b2', 'a0 b1'),
    ('reported: the latest first interaction', 'a -> b', 'a0 a1 b2', 'a1 b2'),
    ('reported: the first in total order', 'a -> x -> b', 'a0 x1 x2 b3', 'a0 x1 b3'),
    ('reported: the longer of two', 'start => a -> x? -> b?', 'a0 b0', 'a0 b0'),
    ('reported: a trailing repetition takes the least', 'a -> b+', 'a0 b1 b2', 'a0 b1'),
    ('reported: a repetition in between takes all', 'start => a -> b+ -> c', 'a0 b1 b2 c3', 'a0 b1 b2 c3'),
    ('all: no overlap', 'a -> a', 'a0 a1 a2 a3', 'a0 a1 | a2 a3'),
    ('all: places not before the last one used', 'a -> b', 'a0 a1 b2 b3', 'a1 b2'),
    ('all: simultaneous with the last one used', 'a -> b', 'a0 b0 a0#1 b0#1 a0#1 b1', 'a0 b0 | a0 b0 | a0 b1'),
    ('all: => looks at the whole timeline', 'b => a', 'b0 a1 b2 a3', 'b0 a1 | b2 a3'),
    ('all: a used successor', 'a => a', 'a0 a1 a2', 'a0 a1'),
    ('all: absence looks at the whole timeline', 'no a for 1 h -> b', 'a0 b0.5 b2', 'b2'),
    ('all: absence sees what is used', 'a -> no a for 1 h | a', 'a0 a1 a3', 'a0 | a1 | a3'),
    ('alternatives in a group', 'a => (b -> c | d)', 'a0 d1', 'a0 d1'),
    ('an optional group', 'a => (b -> c)? -> d', 'a0 x1 d2', 'a0 d2'),
    ('a group that can be empty', 'a => (b? -> c?) -> d', 'a0 x1 d2', 'a0 d2'),
    ('duplicates', 'a -> a', 'a0 a0', 'a0 a0'),
    ('duplicates follow each other', 'a => a => end', 'a0 a0', 'a0 a0'),
    ('nothing', 'a', '', ''),
]

# (what, pattern, timeline, depth, hours at which the steps are reached, kind after the last step) and perhaps as_of
FUNNELS = [
    ('depth, closed window', 'a -> b within 5 h', 'a0 b5', 2, [0, 5], None),
    ('depth, one e', 'e -> e', 'e0', 1, [0, None], None),
    ('depth, the next one matters', 'a => b => c', 'a0 x1 a2 b3 c4', 3, [2, 3, 4], None),
    ('depth, best start', 'A -> B -> C within 1 hour', 'A1 A1.5 B1.75 C2.25', 3, [1.5, 1.75, 2.25], None),
    ('depth, ties', 'a -> b', 'b0 a0', 2, [0, 0], None),
    ('depth, a later chain', 'a -> b -> c within 5 h', 'a0 b1 a10 b11 c12', 3, [10, 11, 12], None),
    ('next kind', 'a -> b -> c', 'a0 b1 x2', 2, [0, 1, None], 'x'),
    ('optional elements are no steps', 'a -> b? -> c', 'a0 b1', 1, [0, None], 'b'),
    ('a no in between is none', 'a -> no x -> b', 'a0 x1 b2', 1, [0, None], 'x'),
    ('a leading absence is none', 'no x for 1 h -> a -> b', 'x0 a2', 1, [2, None], None),
    ('a final absence is one', 'a -> no b for 2 h', 'a0 c5', 2, [0, 2], 'c'),
    ('a final absence not held', 'a -> no b for 2 h', 'a0 b1', 1, [0, None], 'b'),
    ('a final absence not yet', 'a -> no b for 2 h', 'a0', 1, [0, None], None, 1),
    ('=> end counts with the last step', 'a -> b => end', 'a0 b1 c2', 1, [0, None], 'b'),
    ('the deepest alternative', 'a -> b -> c | x -> y', 'a0 x1 y2', 2, [1, 2], None),
    ('of equals the first listed', 'a -> b | x -> y', 'x0 a1', 1, [1, None], None),
    ('none', 'a -> b', 'x0', 0, [None, None], None),
    ('earlier steps take the fewest', 'start => a+ -> any* -> b', 'a0 a1 a2 b3', 2, [0, 3], None),
    ('a repeated step reports its last', 'start => a -> b{2} -> c', 'a0 b1 b2 c3', 3, [0, 2, 3], None),
    ('standing alone: two steps', 'no x for 2 h', 'a0', 2, [0, 2], None),
    ('a group is one step', '(a -> b) -> c', 'a0 b1', 1, [1, None], None),
    ('the whole in parentheses', '(a -> b -> c)', 'a0 b1', 2, [0, 1, None], None),
]

REFUSED = [
    '', 'a ->', '-> a', 'a b', 'a?', 'a* -> b?', 'a | b?', '(a? & b?)', 'a{0}', 'a{0,0}', 'a{3,2}', 'a ->[2 h..1 h] b',
    'no x', 'no x -> a', 'a -> no x', 'a -> no x -> no y -> b', 'a => no x -> b', 'a -> no x => b', 'a ->[1 h] no x -> b',
    'a -> no x => end', 'start => no x -> a', 'a -> no x for 1 h -> b', '(a -> no x for 1 h)? -> b', 'a => no x for 1 h',
    'a ->[1 h] no x for 1 h', 'no x for 1 h => a', 'no x for 1 h ->[1 h] a', 'start => no x for 1 h -> a',
    'no x for 1 h -> no y for 1 h', 'a -> no x -> no y for 1 h', 'no x for 1 h -> a?', 'a? -> no x for 1 h',
    '(a -> no x for 1 h) -> b', 'b -> (a -> no x for 1 h)', '(a -> no x for 1 h)+', '((a -> no x for 1 h) & b)',
    'start', 'start => end', 'end', 'a -> end', 'start -> a', 'a =>[1 h] end', 'a => end -> b', 'a within 1 h -> b',
    'a & b', '(a+ & b)', 'a -> any[occurred_at > 1]', 'a same occurred_at', 'a[value]', 'a[value >]', 'a[in = 1]',
    'a[value = null]', 'null', 'a@any', 'a within 1 fortnight', 'a within hour', 'a -> (b', 'a)', 'a ->[1 h b', '"a',
    'a[p in ()]', 'a{', 'a{1', 'a{,2}', 'a++', 'no (a -> b) for 1 h', '1a', 'a--b', 'a ->[..1 h] b',
]

ACCEPTED = [
    'a', '(a)', '((a -> b))', 'a|b', '"a ""b"""', 'Start => a => END', 'a -> NO x -> b', 'a.b-c', 'Ünïcode', 'a->b',
    'a=>b', 'a+ -> b{2} -> c{2,} -> d{1,3}', 'a ->[1 day..2 days] b', 'a ->[1 d..] b', 'a within 1 mon 2 days 3h',
    'a within 1.5 weeks', 'a[x=1 and (y=2 or not z<=-1e3)]', "a[x = 'it''s']", 'a[x in (1, b, "c", \'d\', true)]',
    'no x for 1 h', '(no x for 1 h)', '((a -> no x for 1 h) within 2 h | b) same t', '(a & (b+) & (c -> d))',
    'a -> no (x|y@z) -> b', 'any@"a b"[kind = x]', 'start => (a|b)+ => end', '(a?) -> b', 'a -> no x -> b?',
    'within_x -> starts', 'a ->[1 h..60 min] b',
]


def read_short(text):
    interactions = []
    for word in text.split():
        kind, hour, seq, attributes = re.fullmatch(r'([A-Za-z]+)([\d.]+)(#\d+)?(?::(.*))?', word).groups()
        pairs = ' '.join((attributes or '').split(','))
        one = read_timeline('{2020-01-01T00:00:00Z x ' + pairs + '}')[0]
        if seq:
            one.attributes['seq'] = float(seq[1:])
        interactions.append(one._replace(time=hours(float(hour)), kind=kind))
    return interactions


def hours(hour):
    return None if hour is None else BASE + round(hour * HOUR)


def hour_of(time):
    return None if time is None else f'{(time - BASE) / HOUR:g}'


def said(timeline, matches):
    texts = []
    for match in matches:
        used = [timeline.interactions[i] for i in match.used]
        deadline = [f'..{hour_of(match.ends_at)}'] if match.has_deadline else []
        texts.append(' '.join([i.kind + hour_of(i.time) for i in used] + deadline))
    return ' | '.join(texts)


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, got, wanted):
        self.passed += got == wanted
        self.failed += got != wanted
        if got != wanted:
            print(f'failed: {what}\n    wanted {wanted}\n    got    {got}')


def check_matches(tally):
    for what, pattern, text, wanted, *more in MATCHES:
        as_of = hours(*more) if more else None
        interactions = read_short(text)
        got = answers(pattern, interactions, as_of)
        tally.check(f'{what}: {pattern} on {text}', said(got.timeline, got.match_all), wanted)
        backwards = answers(pattern, interactions[::-1], as_of)
        tally.check(f'{what}, input reversed', said(backwards.timeline, backwards.match_all), wanted)
        if len(interactions) <= 5:
            naive = naive_matches(parse(pattern), got.timeline, as_of)
            tally.check(f'{what}, naively', said(got.timeline, naive), wanted)


def check_funnels(tally):
    for what, pattern, text, depth, reached, next_kind, *more in FUNNELS:
        got = answers(pattern, read_short(text), hours(*more) if more else None)
        rows = got.funnels[0]
        tally.check(f'{what}: {pattern} on {text}, depth', got.depth, depth)
        tally.check(f'{what}, reached', [r.reached_at for r in rows], [hours(hour) for hour in reached])
        tally.check(f'{what}, next kind', [r.next_kind for r in rows if r.next_kind], [next_kind] if next_kind else [])


def reason(text):
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def check_grammar(tally):
    for text in REFUSED:
        tally.check(f'refused: {text}', reason(text) is not None, True)
    for text in ACCEPTED:
        tally.check(f'accepted: {text}', reason(text), None)
        if not reason(text):
            tally.check(f'written and read: {text}', parse(write(parse(text))), parse(text))


def check_calendar(tally):
    """Months are added to the earlier time in UTC, the day clipped; in front they are subtracted from the later."""
    march = '{2020-01-31T00:00:00Z a; 2020-02-29T00:00:00Z b; 2020-02-29T00:00:00.000001Z c; 2020-03-31T00:00:00Z d}'
    interactions = read_timeline(march)
    tally.check('text form', write_timeline(interactions), march)
    for pattern, wanted in (('a ->[1 mon] b', True), ('a ->[1 mon] c', False), ('a ->[1 mon..] b', True),
                            ('a -> b within 1 month', True), ('b -> d within 1 mon', False),
                            ('b -> d within 1 mon 2 days', True), ('no b for 1 mon -> d', False),
                            ('no a for 1 mon -> d', True), ('no any for 30 d -> d', True), ('no any for 31 d -> d', False),
                            ('a -> no b for 1 mon', False), ('a -> no c for 1 mon', True)):
        tally.check(f'months: {pattern}', answers(pattern, interactions).matches, wanted)


def check_order(tally):
    """Place, kind by bytes, attributes in name order by bytes: absent < number < text."""
    texts = ['{2020-01-01T00:00:00Z a', 'a p=2', 'a p=10', 'a p="10"', 'a p="2"', 'b', 'a a=1', 'Z seq=1', 'A seq=2']
    said_all = ['2020-01-01T00:00:00Z ' + text for text in texts[1:]]
    interactions = read_timeline(texts[0] + '; ' + '; '.join(said_all) + '}')
    ordered = [(i.kind, *i.attributes.items()) for i in Timeline(interactions[::-1]).interactions]
    wanted = [('a',), ('a', ('p', 2.0)), ('a', ('p', 10.0)), ('a', ('p', '10')), ('a', ('p', '2')), ('a', ('a', 1.0)), ('b',),
              ('Z', ('seq', 1.0)), ('A', ('seq', 2.0))]
    tally.check('total order', ordered, wanted)


def main():
    tally = Tally()
    for check in (check_matches, check_funnels, check_grammar, check_calendar, check_order):
        check(tally)
    print(f'{tally.passed} passed, {tally.failed} failed')
    return 1 if tally.failed else 0


if __name__ == '__main__':
    sys.exit(main())
