"""A second matcher, more naive still, to check the first on tiny cases (up to 5 interactions).

It takes every ordering of every subset of the timeline and asks whether the pattern reads exactly that list from its
beginning to its end, by trying all ways to cut the list into pieces, one a copy of an element.
"""
from itertools import combinations, permutations, product

from language import AllOf, Arrow, Group, No, PLAIN, Same, Within, is_optional_body, only_element
from oracle import match_all
from timelines import accepts, add, value_of


class Reader:
    def __init__(self, timeline, as_of):
        self.timeline = timeline
        self.as_of = as_of

    # A way to read a list is (entered at, left from, deadline); () lists are read as None.

    def read_pattern(self, pattern, items, sames, entering=PLAIN):
        return {way for s in pattern.sequences for way in self.read_sequence(s, items, sames, entering)}

    def read_body(self, body, items, sames, entering):
        if isinstance(body, Group):
            return self.read_pattern(body.pattern, items, sames, entering if only_element(body) else PLAIN)
        if isinstance(body, AllOf):
            return self.read_all_of(body, items, sames)
        if len(items) == 1 and accepts(body, self.timeline.interactions[items[0]]):
            return {(items[0], items[0], None)}
        return set()

    def read_all_of(self, body, items, sames):
        """Give every interaction of the list to one item in turn."""
        for owners in product(range(len(body.items)), repeat=len(items)):
            own = [[i for i, owner in zip(items, owners) if owner == n] for n in range(len(body.items))]
            if all(self.read_or_skip(item, mine, sames) for item, mine in zip(body.items, own)):
                return {(min(items), max(items), None)}
        return set()

    def read_or_skip(self, item, items, sames):
        return self.read_body(item, items, sames, PLAIN) if items else is_optional_body(item)

    def read_sequence(self, sequence, items, sames, entering):
        """Nonempty items only: what may be skipped is known from the tree."""
        inner = [t.attribute for t in sequence.totals if isinstance(t, Same)]
        for name in inner:
            values = {repr(value_of(self.timeline.interactions[i], name)) for i in items}
            if len(values) != 1 or 'None' in values:
                return set()
            sames = sames | {(name, values.pop())}
        ways = self.read_elements(sequence, 0, list(items), None, None, [], sames, entering)
        return {way for way in ways if self.is_within(sequence, way)}

    def is_within(self, sequence, way):
        times = self.timeline.times
        if sequence.end and way[1] != len(times) - 1:
            return False
        return all(times[way[1]] <= add(times[way[0]], total.duration)
                   for total in sequence.totals if isinstance(total, Within))

    def read_elements(self, sequence, at, rest, first, last, nos, sames, entering):
        """Read the rest of the list with the elements from `at` on, after `first` .. `last`."""
        if at == len(sequence.elements):
            return {(first, last, None)} if not rest else set()
        element = sequence.elements[at]
        if isinstance(element.body, No):
            if element.body.duration and at > 0:
                deadline = self.deadline(element.body, last, sames)
                return {(first, last, deadline)} if not rest and deadline is not None else set()
            return self.read_elements(sequence, at + 1, rest, first, last, nos + [element.body], sames, entering)
        arrow = element.arrow or (Arrow(True, None, None) if sequence.start else entering)
        low = 0 if is_optional_body(element.body) else element.low
        high = len(rest) if element.high is None else min(element.high, len(rest))
        found = set()
        for copies in range(low, high + 1):
            for sizes in cuts(len(rest), copies):
                for end in self.read_copies(element, arrow, sizes, rest, sequence, first, last, nos, sames):
                    found |= self.read_elements(sequence, at + 1, rest[sum(sizes):], *end, sames, entering)
        return found

    def read_copies(self, element, arrow, sizes, rest, sequence, first, last, nos, sames):
        """The (first, last, nos) after the copies that take the given numbers of interactions."""
        ends = [(first, last, nos)]
        at = 0
        for size in sizes:
            piece, at = rest[at:at + size], at + size
            ways = self.read_body(element.body, piece, sames, arrow)
            ends = [(way[0] if start is None else start, way[1], []) for start, before, pending in ends
                    for way in ways if self.fits(sequence, arrow, before, way[0], pending, sames)]
        return ends

    def fits(self, sequence, arrow, before, after, pending, sames):
        times, places = self.timeline.times, self.timeline.places
        if before is None:
            if sequence.start and arrow.next and after != 0:
                return False
        else:
            if after != before + 1 if arrow.next else places[after] < places[before]:
                return False
            if arrow.least and not times[after] >= add(times[before], arrow.least):
                return False
            if arrow.most and not times[after] <= add(times[before], arrow.most):
                return False
        return all(self.says(no, before, after, sames) for no in pending)

    def says(self, no, before, after, sames):
        times, places = self.timeline.times, self.timeline.places
        counted = [i for i in range(len(times)) if self.counts(no, i, sames)]
        if no.duration:
            begin = add(times[after], no.duration, -1)
            return times[0] <= begin and all(times[i] < begin or times[i] >= times[after] for i in counted)
        return before is None or all(places[i] <= places[before] or places[i] >= places[after] for i in counted)

    def deadline(self, no, last, sames):
        times = self.timeline.times
        deadline = add(times[last], no.duration)
        if self.as_of is not None and self.as_of < deadline:
            return None
        hit = [i for i in range(len(times)) if self.counts(no, i, sames) and times[last] < times[i] <= deadline]
        return None if hit else deadline

    def counts(self, no, i, sames):
        interaction = self.timeline.interactions[i]
        return accepts(no.event, interaction) and all(repr(value_of(interaction, name)) == value
                                                      for name, value in sames)


def cuts(total, pieces):
    """All ways to take `pieces` nonempty pieces from the front of `total` things."""
    if pieces == 0:
        return [()]
    return [(size, *more) for size in range(1, total + 1) for more in cuts(total - size, pieces - 1)]


def unwrap(pattern):
    """A group that is the whole but for parentheses, `|` and totals hides a final absence: see read_whole."""
    return [(s, s.elements[0].body.pattern if len(s.elements) == 1 and isinstance(s.elements[0].body, Group)
             and (s.elements[0].low, s.elements[0].high) == (1, 1) and not s.start and not s.end else None)
            for s in pattern.sequences]


def read_whole(reader, pattern, items, sames=frozenset()):
    """The deadlines (None: none) with which the whole pattern reads the list."""
    found = set()
    for sequence, inner in unwrap(pattern):
        if inner is None:
            found |= {way[2] for way in reader.read_sequence(sequence, items, sames, PLAIN)}
            continue
        more = set(sames)
        for name in (t.attribute for t in sequence.totals if isinstance(t, Same)):
            values = {repr(value_of(reader.timeline.interactions[i], name)) for i in items}
            more |= {(name, value) for value in values}
        values_fit = all(repr(value_of(reader.timeline.interactions[i], name)) == value != 'None'
                         for i in items for name, value in more)
        times = [reader.timeline.times[i] for i in items]
        in_time = all(max(times) <= add(min(times), t.duration)
                      for t in sequence.totals if isinstance(t, Within))
        if values_fit and in_time:
            found |= read_whole(reader, inner, items, frozenset(more))
    return found


def naive_uses(pattern, timeline, as_of):
    reader = Reader(timeline, as_of)
    found = set()
    for size in range(1, len(timeline) + 1):
        for subset in combinations(range(len(timeline)), size):
            bits = sum(1 << i for i in subset)
            for items in permutations(subset):
                found |= {(bits, deadline) for deadline in read_whole(reader, pattern, list(items))}
    return found


def naive_matches(pattern, timeline, as_of):
    return match_all(timeline, naive_uses(pattern, timeline, as_of))
