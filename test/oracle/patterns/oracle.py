"""What a pattern finds in a timeline, by enumerating every assignment of interactions to its elements.

Slow and obvious on purpose, and written from the page on the pattern language alone ("rule n" is its rule n).
A *use* is one way to serve a part of a pattern: which interactions are used (a set, as bits), which of them the
part is entered at and left from, and the deadline of a final absence. The uses of a part are all of its uses, in the
whole timeline; the match to report is then selected from the uses of the whole pattern.
"""
from typing import NamedTuple, Optional

from language import (Arrow, AllOf, Group, No, Pattern, PLAIN, Same, Sequence, Within,
                      is_optional, only_element, parse)
from timelines import Timeline, accepts, add, value_key, value_of

__all__ = ['answers', 'parse', 'Match', 'Step']


class Use(NamedTuple):
    used: int                   # bits of the interactions used, by their index in total order
    first: Optional[int]        # where an arrow enters (rule 9); None when nothing is used
    last: Optional[int]         # where an arrow leaves
    deadline: Optional[int]     # of a final absence


class State(NamedTuple):
    """A sequence up to some element."""
    used: int
    first: Optional[int]
    last: Optional[int]
    deadline: Optional[int]
    pending: tuple              # the `no` elements since the last element used
    parts: tuple                # (element, bits used, last) of the elements used, where they are asked for


class Match(NamedTuple):
    starts_at: int
    ends_at: int
    used: tuple                 # indices in total order
    has_deadline: bool


class Step(NamedTuple):
    step: int
    reached_at: Optional[int]
    since_previous: Optional[int]
    kind: Optional[str]
    channel: Optional[str]
    source: Optional[str]
    ref: Optional[str]
    next_kind: Optional[str]


NOTHING = Use(0, None, None, None)


def indices(bits):
    return tuple(i for i in range(bits.bit_length()) if bits >> i & 1)


class Search:
    """All uses of the parts of a pattern in a timeline (already cut at as_of)."""

    def __init__(self, timeline, as_of, usable=-1, with_parts=None):
        self.timeline = timeline
        self.as_of = as_of
        self.usable = usable            # the interactions that elements may use; absence and => see all of them
        self.with_parts = with_parts    # the sequence whose parts are asked for
        self.accepted = {}
        self.known = {}

    def accepting(self, event):
        """Bits of the interactions that an event accepts."""
        if id(event) not in self.accepted:
            found = (accepts(event, i) for i in self.timeline.interactions)
            self.accepted[id(event)] = sum(1 << i for i, yes in enumerate(found) if yes)
        return self.accepted[id(event)]

    # `allowed` are the interactions with the values of every `same` around the part (rule 10).

    def uses(self, body, allowed, entering):
        key = (id(body), allowed, entering)
        if key not in self.known:
            self.known[key] = self.uses_anew(body, allowed, entering)
        return self.known[key]

    def uses_anew(self, body, allowed, entering):
        if isinstance(body, Group):
            # the arrow that enters the one element in parentheses enters what is in them
            entering = entering if only_element(body) else PLAIN
            return {use for s in body.pattern.sequences for use in self.sequence(s, allowed, entering)}
        if isinstance(body, AllOf):
            return self.all_of(body, allowed)
        return {Use(1 << i, i, i, None) for i in indices(self.accepting(body) & allowed & self.usable)}

    def all_of(self, body, allowed):
        """Each item has its own interactions (rules 1 and 9), in any order and interleaved."""
        together = {0}
        for item in body.items:
            pieces = self.uses(item, allowed, PLAIN)
            together = {used | use.used for used in together for use in pieces if not used & use.used}
        return {self.in_total_order(used) for used in together}

    def in_total_order(self, used):
        """For `&`, the first and the last in total order (rule 9)."""
        return Use(used, indices(used)[0], indices(used)[-1], None) if used else NOTHING

    def sequence(self, sequence, allowed, entering=PLAIN):
        found = set()
        for state in self.states_of_sequence(sequence, allowed, entering):
            found.add(Use(state.used, state.first, state.last, state.deadline))
        return found

    def states_of_sequence(self, sequence, allowed, entering=PLAIN):
        found = set()
        for values in self.same_values(sequence, allowed):
            states = {State(0, None, None, None, (), ())}
            for i in range(len(sequence.elements)):
                states = self.after_element(sequence, i, values, states, entering)
            found.update(state for state in states if self.is_complete(sequence, state))
        return found

    def same_values(self, sequence, allowed):
        """Rule 10: one set of interactions for each value of x; nothing for the ways that use nothing."""
        choices = {allowed}
        for total in sequence.totals:
            if isinstance(total, Same):
                choices = {bits & some for some in choices for bits in self.by_value(total.attribute)}
        return choices

    def by_value(self, attribute):
        bits = {}
        for i, interaction in enumerate(self.timeline.interactions):
            value = value_of(interaction, attribute)
            if value is not None:
                bits[value_key(value)] = bits.get(value_key(value), 0) | 1 << i
        return [0, *bits.values()]

    def is_complete(self, sequence, state):
        if state.used == 0:
            return True                                                 # a group that matches without any interaction
        if sequence.end and state.last != len(self.timeline) - 1:       # rule 3
            return False
        times = self.timeline.times
        return all(times[state.last] <= add(times[state.first], total.duration)      # rule 4: closed
                   for total in sequence.totals if isinstance(total, Within))

    # -- element by element --

    def after_element(self, sequence, i, allowed, states, entering):
        element = sequence.elements[i]
        if isinstance(element.body, No):
            if element.body.duration and i > 0:
                after = (self.after_final_absence(element.body, allowed, state) for state in states)
                return {state for state in after if state}
            return {state._replace(pending=state.pending + (element.body,)) for state in states}
        return self.after_copies(sequence, i, allowed, states, entering)

    def after_final_absence(self, no, allowed, state):
        """Rule 6: none in (t, t + d], and t + d <= as_of."""
        time = self.timeline.times[state.last]
        deadline = add(time, no.duration)
        if self.as_of is not None and deadline > self.as_of:
            return None
        for i in indices(self.accepting(no.event) & allowed):
            if time < self.timeline.times[i] <= deadline:
                return None
        parts = state.parts + (('absence', 0, state.last),) if self.with_parts else ()
        return state._replace(deadline=deadline, parts=parts)

    def after_copies(self, sequence, i, allowed, states, entering):
        """Rule 7: the copies are joined by the arrow that enters the element."""
        element = sequence.elements[i]
        arrow = element.arrow or (Arrow(True, None, None) if sequence.start else entering)
        pieces = self.uses(element.body, allowed, arrow)
        low = 0 if NOTHING in pieces else element.low       # a group that can match nothing is optional (rule 12)
        pieces = [use for use in pieces if use != NOTHING]
        done, copies = set(), 0
        while states:
            if copies >= low:
                done |= states              # rule 8: none at all takes arrow and gate along; a pending `no` stays
            if copies == element.high:
                break
            # before the first interaction of the sequence stands `start`, or nothing
            joined = (self.join(sequence, i, arrow, allowed, state, use) for state in states for use in pieces)
            states = {state for state in joined if state}
            copies += 1
        return done

    def join(self, sequence, i, arrow, allowed, state, use):
        """The state after one more copy of element i, or None where that cannot be."""
        if state.used & use.used:                                       # rule 1
            return None
        if state.last is None:
            if sequence.start and arrow.next and use.first != 0:        # rule 3
                return None
        elif not self.is_joined(arrow, state.last, use.first):
            return None
        for no in state.pending:
            if not self.is_absent(no, allowed, state.last, use.first):
                return None
        first = use.first if state.first is None else state.first
        parts = self.extended(state.parts, i, use) if self.with_parts is sequence else ()
        return State(state.used | use.used, first, use.last, use.deadline, (), parts)

    def is_joined(self, arrow, before, after):
        places, times = self.timeline.places, self.timeline.times
        if arrow.next and after != before + 1:                          # rule 3
            return False
        if places[after] < places[before]:                              # rule 2
            return False
        if arrow.least and times[after] < add(times[before], arrow.least):      # rule 4: closed
            return False
        return not arrow.most or times[after] <= add(times[before], arrow.most)

    def is_absent(self, no, allowed, before, after):
        counted = indices(self.accepting(no.event) & allowed)           # rule 10: those with the value
        times, places = self.timeline.times, self.timeline.places
        if no.duration:                                                 # rule 6, first: none in [t - d, t)
            begin = add(times[after], no.duration, -1)
            return times[0] <= begin and not any(begin <= times[i] < times[after] for i in counted)
        if before is None:                                              # rule 5: nothing used on one side
            return True
        return not any(places[before] < places[i] < places[after] for i in counted)     # rule 5: strictly between

    @staticmethod
    def extended(parts, i, use):
        if parts and parts[-1][0] == i:
            return parts[:-1] + ((i, parts[-1][1] | use.used, use.last),)
        return parts + ((i, use.used, use.last),)


# -- which match is reported --

def all_uses(pattern, timeline, as_of):
    """Every way in which the whole pattern matches: (bits used, deadline)."""
    search = Search(timeline, as_of)
    return {(use.used, use.deadline) for s in pattern.sequences for use in search.sequence(s, -1)}


def report_key(timeline, used, deadline):
    """The least one is reported."""
    positions = indices(used)
    if deadline is None:
        end = (timeline.times[positions[-1]], 1, timeline.places[positions[-1]])
    else:
        end = (deadline, 0, 0)                      # a deadline comes before the places of its instant (rule 6)
    first = -timeline.places[positions[0]]          # the latest
    return (end, first, positions + (len(timeline),))       # the longer of two where one begins the other


def best(timeline, uses):
    return min(uses, key=lambda use: report_key(timeline, *use))


def match_of(timeline, used, deadline):
    positions = indices(used)
    ends_at = timeline.times[positions[-1]] if deadline is None else deadline
    return Match(timeline.times[positions[0]], ends_at, positions, deadline is not None)


def match_all(timeline, uses):
    """Later matches use interactions not yet used, with places not before the last one used."""
    matches, already, floor = [], 0, 0
    while True:
        uses = [use for use in uses if not use[0] & already and timeline.places[indices(use[0])[0]] >= floor]
        if not uses:
            return matches
        used, deadline = best(timeline, uses)
        matches.append(match_of(timeline, used, deadline))
        already |= used
        floor = timeline.places[indices(used)[-1]]


# -- funnels --

def steps_of(sequence):
    """The required elements: no optional one, no `no` in between, no leading absence; a final absence is one."""
    last = len(sequence.elements) - 1
    return [i for i, e in enumerate(sequence.elements)
            if (i == last and i > 0 if isinstance(e.body, No) else not is_optional(e))]


def cut_after(sequence, step):
    """The sequence cut after a step (from 1); after the last, the whole."""
    steps = steps_of(sequence)
    if step == len(steps):
        return sequence
    return Sequence(sequence.start, sequence.elements[:steps[step - 1] + 1], False, sequence.totals)


def depth_of(sequence, timeline, as_of):
    """The greatest cut that matches, with its uses: (steps, uses)."""
    search = Search(timeline, as_of)
    for step in range(len(steps_of(sequence)), 0, -1):
        uses = search.sequence(cut_after(sequence, step), -1)
        if uses:
            return step, {(use.used, use.deadline) for use in uses}
    return 0, set()


def deepest(pattern, timeline, as_of):
    """(depth, sequence, uses of its cut): of equal ones, the first listed."""
    found = [(*depth_of(s, timeline, as_of), s) for s in pattern.sequences]
    depth = max(depth for depth, _, _ in found)
    return next((d, s, uses) for d, uses, s in found if d == depth)


def funnels(pattern, timeline, as_of):
    """(depth, the funnels that serve equally well): ours is the first, the others differ from it only by which
    interaction serves a step where the page leaves that open."""
    depth, sequence, uses = deepest(pattern, timeline, as_of)
    total = len(steps_of(sequence))
    if depth == 0:
        return 0, [unreached(1, total)]
    used, deadline = best(timeline, uses)
    cut = cut_after(sequence, depth)
    search = Search(timeline, as_of, usable=used, with_parts=cut)
    ways = [s for s in search.states_of_sequence(cut, -1) if (s.used, s.deadline) == (used, deadline)]
    fewest = min(counts(cut, steps_of(cut)[:depth], way) for way in ways)
    ways = [way for way in ways if counts(cut, steps_of(cut)[:depth], way) == fewest]
    ways.sort(key=lambda way: (counts(cut, range(len(cut.elements)), way), listed(way)))
    rows = [funnel_rows(timeline, cut, way, depth) + unreached(depth + 1, total) for way in ways]
    return depth, list(dict.fromkeys(map(tuple, rows)))


def counts(sequence, elements, way):
    """How many interactions each of some elements takes: earlier steps take the fewest."""
    taken = {i: len(indices(used)) for i, used, _ in way.parts}
    return tuple(taken.get(i, 0) for i in elements)


def listed(way):
    """Inside a tie: the first in total order serve first, and the last in total order is a step's last."""
    return [(indices(used), -last) for _, used, last in way.parts]


def unreached(begin, end):
    return tuple(Step(step, *[None] * 7) for step in range(begin, end + 1))


def funnel_rows(timeline, cut, way, depth):
    by_element = {i: last for i, _, last in way.parts}
    rows, previous = [], None
    for step, i in enumerate(steps_of(cut)[:depth], 1):
        is_absence = isinstance(cut.elements[i].body, No)
        last = by_element['absence' if is_absence else i]
        reached_at = way.deadline if is_absence else timeline.times[last]
        since = None if previous is None else reached_at - previous
        interaction = timeline.interactions[last]
        named = [None] * 4 if is_absence else [interaction.kind, *map(interaction.attributes.get,
                                                                      ('channel', 'source', 'ref'))]
        next_kind = None
        if step == depth and last + 1 < len(timeline):
            next_kind = timeline.interactions[last + 1].kind
        rows.append(Step(step, reached_at, since, *named, next_kind))
        previous = reached_at
    return tuple(rows)


# -- everything that is compared --

class Answers(NamedTuple):
    matches: bool
    match_all: list
    depth: int
    funnels: list               # ours first
    timeline: Timeline          # what was seen


def answers(pattern, interactions, as_of=None):
    """pattern is a tree or text; as_of in microseconds, None for infinity."""
    if not isinstance(pattern, Pattern):
        pattern = parse(pattern)
    timeline = Timeline(interactions).until(as_of)
    matches = match_all(timeline, all_uses(pattern, timeline, as_of))
    depth, ways = funnels(pattern, timeline, as_of)
    return Answers(bool(matches), matches, depth, ways, timeline)
