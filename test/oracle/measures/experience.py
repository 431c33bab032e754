"""The measures of a customer's experience by their definitions: doc/measures.md, sentence by sentence, slowly.

A Story is what is seen of a timeline: interactions in total order, named by their positions, and what the definitions say of
them. Each measure is a function of a story; it gives rows as dictionaries of column to value: moments and durations are
microseconds (Moment, whole numbers), all else is as the database has it.
"""
from decimal import Decimal, localcontext
import math
from typing import NamedTuple, Optional

from language import Group, parse
from timelines import Timeline, accepts, value_of

SECOND = 10**6
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# The parameters as the page's table has them; (name, scope).
PARAMETERS = {
    ('wait_target', ''): DAY, ('wait_target', 'chat'): 10 * MINUTE, ('wait_target', 'phone'): 10 * MINUTE,
    ('patience', ''): 30 * DAY, ('chase_after', ''): HOUR, ('repeat_within', ''): 7 * DAY, ('switch_within', ''): 3 * DAY,
    ('self_service_within', ''): 2 * HOUR, ('recovery_within', ''): 30 * DAY, ('worst_within', ''): 90 * DAY,
    ('mood_half_life', ''): 30 * DAY, ('pressure_within', ''): 7 * DAY, ('engaged_within', ''): 3 * DAY,
    ('safeguard_within', ''): DAY,
    ('pressure_cap', ''): 3, ('least_n', ''): 5,
    ('weight', 'repeat'): 1, ('weight', 'channel_switch'): 1, ('weight', 'repeat_after_switch'): 2, ('weight', 'transfer'): 1,
    ('weight', 'reopen'): 2, ('weight', 'slow_wait'): 2, ('weight', 'abandoned'): 2, ('weight', 'failed_self_service'): 1,
    ('weight', 'error'): 2,
}
COUNTED_AS = {
    'repeat': 'repeats', 'channel_switch': 'channel_switches', 'repeat_after_switch': 'repeats_after_switch',
    'transfer': 'transfers', 'reopen': 'reopens', 'slow_wait': 'slow_waits', 'abandoned': 'abandoned',
    'failed_self_service': 'failed_self_service', 'error': 'errors',
}


# -- definitions --

class Event:
    """An event's pattern; what it says depends on few attributes, so it is asked once for each of their combinations."""
    known = {}

    def __init__(self, text):
        self.tests = list(tests_of(parse(text)))
        names = {name for test in self.tests for name in names_in(test.condition)}
        self.names = tuple(sorted(names | {'kind', 'direction', 'channel'}))
        self.answers = {}

    def accepts(self, interaction):
        key = tuple(value_of(interaction, name) for name in self.names)
        if key not in self.answers:
            self.answers[key] = any(accepts(test, interaction) for test in self.tests)
        return self.answers[key]


def event(text):
    if text not in Event.known:
        Event.known[text] = Event(text)
    return Event.known[text]


def tests_of(pattern):
    """The alternatives of an event."""
    for sequence in pattern.sequences:
        element, = sequence.elements
        if isinstance(element.body, Group):
            yield from tests_of(element.body.pattern)
        else:
            yield element.body


def names_in(condition):
    if condition is None:
        return set()
    if condition[0] in ('compare', 'in', 'null'):
        return {condition[1]}
    return set().union(*map(names_in, condition[1:]))


def read_events(text):
    """The named events of the canonical text of definitions in which nothing is quoted: name to pattern."""
    return dict(entry.split(': ', 1) for entry in text.split('; ') if ': ' in entry)


class Definitions:
    def __init__(self, defaults, events, parameters):
        self.events = {name: event(text) for name, text in {**defaults, **events}.items()}
        self.parameters = {**PARAMETERS, **parameters}

    def of(self, name, scope=''):
        return self.parameters.get((name, scope), self.parameters.get((name, '')))


# -- what is seen --

class Moment(int):
    """Microseconds since 1970."""


def moment(time):
    return None if time is None else Moment(time)


class Story:
    def __init__(self, interactions, definitions, as_of):
        self.all = Timeline(interactions).until(as_of).interactions
        self.definitions = definitions
        self.as_of = as_of      # None: infinity
        self.flags = {}
        self.known_waits = {}

    def all_of(self, name):
        """Which interactions a named event accepts, in order."""
        if name not in self.flags:
            accept = self.definitions.events[name].accepts
            self.flags[name] = {i for i, one in enumerate(self.all) if accept(one)}
        return self.flags[name]

    def is_any(self, i, *names):
        return any(i in self.all_of(name) for name in names)

    def time(self, i):
        return self.all[i].time

    def get(self, i, name):
        return None if i is None else value_of(self.all[i], name)

    def columns(self, i, *names):
        return {name: self.get(i, name) for name in names}

    def has_passed(self, time, within):
        """Is as_of later than so long after?"""
        return self.as_of is None or self.as_of > time + within

    def conversation_of(self, i):
        thread = self.get(i, 'thread')
        return ('channel', self.get(i, 'channel')) if thread is None else ('thread', thread)

    def conversations(self, per_customer=False):
        """Each with its interactions, in the order of the first ones."""
        found = {}
        for i in range(len(self.all)):
            found.setdefault(None if per_customer else self.conversation_of(i), []).append(i)
        return found

    def waits(self, per_customer=False):
        if per_customer not in self.known_waits:
            found = [wait for name, members in self.conversations(per_customer).items()
                     for wait in waits_in(self, name, members)]
            self.known_waits[per_customer] = sorted(found, key=lambda wait: wait.begin)
        return self.known_waits[per_customer]

    def first_after(self, i, within, accept, limit_from=None):
        """The first later interaction that is accepted, at most `within` after i, or after another one."""
        last = self.time(i if limit_from is None else limit_from) + within
        for j in range(i + 1, len(self.all)):
            if self.time(j) <= last and accept(j):
                return j
        return None

    def when(self, i):
        return None if i is None else Moment(self.time(i))


# -- waits --

class Wait(NamedTuple):
    conversation: tuple
    begin: int
    end: Optional[int]      # the interaction that ended it
    following: Optional[int]    # the interaction that began the next one, where it had lapsed
    members: list           # the interactions of the conversation from the first to the last one
    attempts: int
    outcome: str
    ended_at: Optional[int]
    is_first: bool
    waited: int
    target: int

    @property
    def is_late(self):
        return self.outcome == 'lapsed' or self.waited > self.target

    def is_open_before(self, i):
        return self.begin < i and (self.end is None or self.end >= i) and (self.following is None or self.following > i)


def outcome_of(story, begin, i):
    """How an interaction ends the wait that is open."""
    if story.is_any(i, 'served', 'answer'):
        return 'answered'
    if story.is_any(i, 'abandoned') and (i == begin or not story.is_any(i, 'contact')):
        return 'abandoned'
    return 'resolved' if story.is_any(i, 'resolved') else None


def waits_in(story, name, members):
    found, left = [], list(members)
    while left:
        # a contact or a reopening begins a wait where none is open
        if not story.is_any(left[0], 'contact', 'reopened'):
            left.pop(0)
            continue
        begin = left[0]
        patience = story.definitions.of('patience')

        def target(i, patience=patience):
            return min(patience, story.definitions.of('wait_target', story.get(i, 'channel') or ''))
        asked, last, deadline = story.time(begin), story.time(begin), story.time(begin) + target(begin)
        end = following = None
        within = []
        for i in left:
            # or where the customer asked last more than patience before
            if i != begin and story.is_any(i, 'contact', 'reopened') and story.time(i) > last + patience:
                following = i
                break
            within.append(i)
            if story.is_any(i, 'contact', 'reopened'):
                last, deadline = story.time(i), min(deadline, story.time(i) + target(i))
            if outcome_of(story, begin, i):
                end = i
                break
        left = left[len(within):]
        attempts = sum(story.is_any(i, 'contact') for i in within)
        if end is not None:
            outcome, ended = outcome_of(story, begin, end), story.time(end)
        elif following is not None or story.has_passed(last, patience):
            outcome, ended = 'lapsed', last + patience
        else:
            outcome, ended = 'waiting', None
        found.append(Wait(name, begin, end, following, within, attempts, outcome, ended, not any(w.outcome == 'answered' for w in found),
                          (story.as_of if ended is None else ended) - asked, deadline - asked))
    return found


def waits(story, per_customer=False):
    return [{**story.columns(w.begin, 'thread', 'channel', 'kind', 'topic', 'source', 'ref'),
             'asked_at': story.when(w.begin), 'attempts': w.attempts, 'ended_at': moment(w.ended_at), 'outcome': w.outcome,
             'is_first': w.is_first, 'waited': w.waited, 'target': w.target, 'is_late': w.is_late,
             'agent': story.get(w.end, 'agent'), 'answer_channel': story.get(w.end, 'channel'),
             'answer_source': story.get(w.end, 'source'), 'answer_ref': story.get(w.end, 'ref')}
            for w in story.waits(per_customer)]


def share(part, whole):
    return part / whole if whole else None


def attention(story):
    people = set(range(len(story.all))) - story.all_of('automated') - story.all_of('internal')
    inbound, outbound = len(people & story.all_of('inbound')), len(people & story.all_of('outbound'))
    rows = story.waits()
    number = {outcome: sum(w.outcome == outcome for w in rows)
              for outcome in ('answered', 'resolved', 'abandoned', 'lapsed', 'waiting')}
    on_time = sum(w.outcome == 'answered' and not w.is_late for w in rows)
    over = len(rows) - number['waiting']
    return {'interactions': len(story.all), 'inbound': inbound, 'outbound': outbound,
            'automated': len(story.all_of('automated') - story.all_of('internal')), 'internal': len(story.all_of('internal')),
            'balance': share(outbound - inbound, outbound + inbound), 'contacts': len(story.all_of('contact')),
            'waits': len(rows), **number, 'answered_on_time': on_time,
            'answered_share': share(number['answered'], over), 'on_time_share': share(on_time, over),
            'waiting_since': min((story.when(w.begin) for w in rows if w.outcome == 'waiting'), default=None)}


# -- conversations --

CONVERSATIONAL = ('contact', 'answer', 'served', 'abandoned', 'resolved', 'reopened', 'handled', 'transfer')


class Course:
    """What happened in one conversation."""

    def __init__(self, story, name, members):
        self.story = story
        self.name = name
        self.members = [i for i in members if story.is_any(i, *CONVERSATIONAL)]
        self.waits = [w for w in story.waits() if w.conversation == name]
        self.handled = [i for i in self.members if story.is_any(i, 'handled') and story.get(i, 'agent') is not None]
        self.agents = [story.get(i, 'agent') for i in self.handled]
        self.transfers = self.find_transfers()
        self.resolutions, self.reopens, self.is_open = self.find_resolutions()

    def handled_before(self, i):
        return max((j for j in self.handled if j < i), default=None)

    def find_transfers(self):
        """(the interaction that shows it, the one handled last before)"""
        story, found = self.story, []
        is_awaited = False      # a transfer without an agent has counted for the change that is to follow
        for i in self.members:
            before = self.handled_before(i)
            is_new = i in self.handled and (before is None or story.get(before, 'agent') != story.get(i, 'agent'))
            is_change = is_new and before is not None
            is_transfer = story.is_any(i, 'transfer')
            if is_transfer or is_change and not is_awaited:
                found.append((i, before))
            if is_new:
                is_awaited = False
            if is_transfer and i not in self.handled:
                is_awaited = True
        return found

    def find_resolutions(self):
        """Resolutions; (the one that reopens, what had resolved it); whether it is open in the end."""
        story, resolutions, reopens = self.story, [], []
        is_open, is_known = True, False
        for i in self.members:
            if story.is_any(i, 'reopened') and not (is_open and is_known):
                reopens.append((i, None if is_open else resolutions[-1]))
                is_open = is_known = True
            elif story.is_any(i, 'contact') and story.get(i, 'thread') is not None and not is_open:
                reopens.append((i, resolutions[-1]))
                is_open = True
            if story.is_any(i, 'resolved') and is_open:
                resolutions.append(i)
                is_open, is_known = False, True
        return resolutions, reopens, is_open

    def resolver(self):
        """The last one that handled it when it was resolved last."""
        if not self.resolutions:
            return None
        return max((i for i in self.handled if i <= self.resolutions[-1]), default=None)

    def row(self):
        story = self.story
        answered = [w for w in self.waits if w.outcome == 'answered']
        first = self.members[0]
        return {**story.columns(first, 'thread', 'channel', 'kind', 'topic', 'source', 'ref'),
                'started_at': story.when(first), 'last_at': story.when(self.members[-1]),
                'contacts': sum(story.is_any(i, 'contact') for i in self.members), 'waits': len(self.waits),
                'answered': len(answered), 'first_response': answered[0].waited if answered else None,
                'answer_time': sum(w.waited for w in answered),
                'is_waiting': any(w.outcome == 'waiting' for w in self.waits),
                'is_abandoned': any(story.is_any(i, 'abandoned') for i in self.members),
                'stations': sum(n == 0 or self.agents[n - 1] != agent for n, agent in enumerate(self.agents)),
                'handlers': len(set(self.agents)), 'transfers': len(self.transfers), 'resolutions': len(self.resolutions),
                'reopens': len(self.reopens),
                'resolved_at': story.when(self.resolutions[-1]) if self.resolutions and not self.is_open else None,
                'first_agent': self.agents[0] if self.agents else None,
                'last_agent': self.agents[-1] if self.agents else None, 'resolving_agent': story.get(self.resolver(), 'agent')}

    def handlers(self):
        story, agents = self.story, list(dict.fromkeys(self.agents))
        rows = []
        for n, agent in enumerate(agents):
            theirs = [i for i in self.handled if story.get(i, 'agent') == agent]
            rows.append({**story.columns(self.members[0], 'thread', 'channel'), 'started_at': story.when(self.members[0]),
                         'agent': agent, 'place': n + 1, 'interactions': len(theirs), 'first_at': story.when(theirs[0]),
                         'last_at': story.when(theirs[-1]), 'share': 1 / len(agents), 'is_first': n == 0,
                         'is_last': agent == self.agents[-1], 'is_resolving': agent == story.get(self.resolver(), 'agent')})
        return rows


def courses(story):
    found = [Course(story, name, members) for name, members in story.conversations().items()]
    return sorted((course for course in found if course.members), key=lambda course: course.members[0])


def conversations(story):
    return [course.row() for course in courses(story)]


def handlers(story):
    return [row for course in courses(story) for row in course.handlers()]


# -- friction --

class Item(NamedTuple):
    item: str
    at: int                 # the interaction that shows it
    earlier: Optional[int]
    occurred_at: int


def rounds_of(story):
    """Contacts by their rounds: a thread, or outside of threads a wait up to a contact that was given up."""
    rounds = {}
    for conversation in {story.conversation_of(i) for i in story.all_of('contact')}:
        number = 0
        for i in sorted(i for i in story.all_of('contact') if story.conversation_of(i) == conversation):
            if story.get(i, 'thread') is None:
                wait = next(w for w in story.waits() if w.conversation == conversation and i in w.members)
                rounds[i] = conversation, wait.begin, number
                number += story.is_any(i, 'abandoned')
            else:
                rounds[i] = conversation
    return rounds


def contact_items(story):
    d = story.definitions
    contacts = sorted(story.all_of('contact'))
    rounds = rounds_of(story)
    anchors = {}            # of each wait: what the next repeat in it is counted from
    repeated, switched = set(), set()

    def gap(i, j):
        return story.time(i) - story.time(j)

    def is_waited_for(j, i):
        """What j asked for is still waited for before i, and not in vain."""
        wait = next((w for w in story.waits() if j in w.members and w.is_open_before(i)), None)
        if wait is None:
            return False
        last = max(k for k in wait.members if k < i and story.is_any(k, 'contact', 'reopened'))
        return gap(i, last) <= d.of('patience')

    for n, i in enumerate(contacts):
        before = contacts[:n]
        channel, topic = (story.get(i, name) for name in ('channel', 'topic'))
        named = [j for j in before if story.get(j, 'channel') is not None]
        if channel is not None and named and story.get(named[-1], 'channel') != channel and gap(i, named[-1]) <= d.of('switch_within'):
            yield 'channel_switch', i, named[-1]

        wait = next((w for w in story.waits() if i in w.members and w.is_open_before(i)), None)
        chases = False
        if wait:
            since = anchors.get(wait.begin, wait.begin)
            earlier = [j for j in wait.members if j < i and story.is_any(j, 'contact')]
            chases = gap(i, since) >= d.of('chase_after') or bool(earlier) and story.is_any(earlier[-1], 'abandoned')
            if chases:
                yield 'repeat', i, since
                anchors[wait.begin] = i
        others = [j for j in before if rounds[j] != rounds[i]]
        related = [j for j in others if (None in (topic, story.get(j, 'topic')) or story.get(j, 'topic') == topic)
                   and gap(i, j) <= d.of('repeat_within')]
        if related and rounds[i] not in repeated and not chases:
            yield 'repeat', i, related[-1]
            repeated.add(rounds[i])
        elsewhere = [j for j in others if channel is not None and story.get(j, 'channel') not in (None, channel)
                     and gap(i, j) <= d.of('switch_within')
                     and (topic is not None and topic == story.get(j, 'topic') or is_waited_for(j, i))]
        if elsewhere and rounds[i] not in switched:
            yield 'repeat_after_switch', i, elsewhere[-1]
            switched.add(rounds[i])

        alone = [j for j in story.all_of('self_service') - story.all_of('contact') if j < i]
        if alone and not any(j > max(alone) for j in before) and gap(i, max(alone)) <= d.of('self_service_within'):
            yield 'failed_self_service', i, max(alone)


def long_waits(story):
    """Who still asks after so long has waited in vain once more."""
    for wait in story.waits():
        since = wait.begin
        for i in wait.members:
            if i != wait.begin and story.is_any(i, 'contact', 'reopened') and story.time(i) - story.time(since) > story.definitions.of('patience'):
                yield Item('slow_wait', i, since, story.time(i))
                since = i


def items_of(story):
    found = [Item(item, i, earlier, story.time(i)) for item, i, earlier in contact_items(story)]
    for course in courses(story):
        found += [Item('transfer', i, earlier, story.time(i)) for i, earlier in course.transfers]
        found += [Item('reopen', i, earlier, story.time(i)) for i, earlier in course.reopens]
    found += [Item('slow_wait', w.begin, None, story.time(w.begin) + w.target) for w in story.waits() if w.is_late]
    found += long_waits(story)
    found += [Item(name, i, None, story.time(i)) for name in ('abandoned', 'error') for i in story.all_of(name)]
    return found


def friction_items(story):
    """In the order of occurred_at; which of those at one time come first is not said."""
    rows = [{'item': item.item, 'occurred_at': Moment(item.occurred_at), 'weight': story.definitions.of('weight', item.item),
             **story.columns(item.at, 'thread', 'channel', 'agent', 'kind', 'source', 'ref'),
             'earlier_at': story.when(item.earlier),
             **{f'earlier_{name}': story.get(item.earlier, name) for name in ('channel', 'agent', 'source', 'ref')}}
            for item in items_of(story)]
    return sorted(rows, key=lambda row: row['occurred_at'])


def begin_of_recent(story):
    """Recent is what is later: worst_within before as_of; as of infinity everything is."""
    return -math.inf if story.as_of is None else story.as_of - story.definitions.of('worst_within')


def friction(story):
    items = items_of(story)

    def weight(item):
        return story.definitions.of('weight', item.item)
    return {'score': sum(map(weight, items)),
            'recent_score': sum(weight(item) for item in items if item.occurred_at > begin_of_recent(story)),
            'contacts': len(story.all_of('contact')), 'items': len(items),
            **{column: sum(item.item == name for item in items) for name, column in COUNTED_AS.items()}}


# -- mood --

class Slope(float):
    """Its size is what it would be if all terms of its sum had the same sign: what rounding errors are relative to."""
    size = 0


def weighted_mood(felt, half_life):
    """Mean and slope of (time, sentiment); the slope is None at one time, and 'any' where only one time has a weight."""
    last = max(time for time, _ in felt)
    with localcontext() as context:
        context.prec = 60
        two = Decimal(2)
        rows = [(Decimal(time - last) / DAY, Decimal(s), two ** (Decimal(time - last) / half_life)) for time, s in felt]
        total = sum(w for _, _, w in rows)
        mean, centre = sum(s * w for _, s, w in rows) / total, sum(t * w for t, _, w in rows) / total
        spread = sum(w * (t - centre) ** 2 for t, _, w in rows)
        slope = sum(w * (t - centre) * (s - mean) for t, s, w in rows) / spread if spread else None
        # 1000 half-lives: beyond are the least weights that a double has
        if spread and max(w for t, _, w in rows if t) < two ** -1000:
            return float(mean), 'any'
        if slope is None:
            return float(mean), None
        slope = Slope(slope)
        slope.size = float(sum(w * abs((t - centre) * s) for t, s, w in rows) / spread)
        return float(mean), slope


def mood_average(felt, half_life):
    if not felt:
        return {'mood': None, 'slope': None, 'last_at': None, 'n': 0}
    mean, slope = weighted_mood(felt, half_life)
    return {'mood': mean, 'slope': slope, 'last_at': Moment(max(time for time, _ in felt)), 'n': len(felt)}


def mood(story):
    felt = [i for i in range(len(story.all)) if story.get(i, 'sentiment') is not None]
    if not felt:
        return {**dict.fromkeys(('mood', 'slope', 'last_sentiment', 'last_at', 'worst', 'worst_at', 'peak', 'peak_at',
                                 'peak_end')), 'flips': 0, 'n': 0}

    def sentiment(i):
        return story.get(i, 'sentiment')
    mean, slope = weighted_mood([(story.time(i), sentiment(i)) for i in felt], story.definitions.of('mood_half_life'))
    signs = [sentiment(i) > 0 for i in felt if sentiment(i) != 0]
    recent = [i for i in felt if story.time(i) > begin_of_recent(story)]
    worst = min(recent, key=lambda i: (sentiment(i), -i), default=None)
    peak = max(felt, key=lambda i: (abs(sentiment(i)), i))
    return {'mood': mean, 'slope': slope, 'last_sentiment': sentiment(felt[-1]), 'last_at': story.when(felt[-1]),
            'flips': sum(a != b for a, b in zip(signs, signs[1:])), 'n': len(felt),
            'worst': None if worst is None else sentiment(worst), 'worst_at': story.when(worst),
            'peak': sentiment(peak), 'peak_at': story.when(peak), 'peak_end': (sentiment(peak) + sentiment(felt[-1])) / 2}


# -- what came of it --

def recoveries(story):
    within, rows = story.definitions.of('recovery_within'), []
    for i in sorted(story.all_of('poor')):
        answer = story.first_after(i, within, lambda j: story.is_any(j, 'answer', 'served'))
        again = story.first_after(i, within, lambda j: story.is_any(j, 'inbound'))
        recovered = story.first_after(i, within, lambda j: story.is_any(j, 'pleased') and not story.is_any(j, 'poor'))
        outcome = ('recovered' if recovered is not None else 'returned' if again is not None
                   else 'lost' if story.has_passed(story.time(i), within) else 'open')
        rows.append({'occurred_at': story.when(i),
                     **story.columns(i, 'kind', 'channel', 'thread', 'agent', 'sentiment', 'score', 'source', 'ref'),
                     'answered_at': story.when(answer), 'answered_by': story.get(answer, 'agent'),
                     'next_at': story.when(again), 'next_kind': story.get(again, 'kind'),
                     'next_channel': story.get(again, 'channel'), 'recovered_at': story.when(recovered), 'outcome': outcome})
    return rows


def feedback_loops(story):
    within, rows = story.definitions.of('recovery_within'), []
    for i in sorted(story.all_of('feedback')):
        thread = story.get(i, 'thread')

        def is_answer(j, thread=thread):
            return story.is_any(j, 'answer', 'served') and (thread is None or story.get(j, 'thread') == thread)
        answer = story.first_after(i, within, is_answer)
        action = story.first_after(i, within, lambda j: story.is_any(j, 'action'))
        told = None if action is None else story.first_after(action, within, lambda j: story.is_any(j, 'told'), limit_from=i)
        recovered = story.first_after(i, within, lambda j: story.is_any(j, 'pleased') and not story.is_any(j, 'poor'))
        status = ('told' if told is not None else 'acted' if action is not None else 'answered' if answer is not None
                  else 'ignored' if story.has_passed(story.time(i), within) else 'open')
        rows.append({'occurred_at': story.when(i),
                     **story.columns(i, 'kind', 'channel', 'thread', 'topic', 'score', 'sentiment', 'source', 'ref'),
                     'is_poor': story.is_any(i, 'poor'), 'answered_at': story.when(answer),
                     'answered_by': story.get(answer, 'agent'), 'action_at': story.when(action),
                     'action_kind': story.get(action, 'kind'), 'told_at': story.when(told),
                     'recovered_at': story.when(recovered), 'status': status})
    return rows


# -- pressure, and what is usual --

def pressure(story, calendar_from):
    """calendar_from is what date_trunc says."""
    within, cap = story.definitions.of('pressure_within'), story.definitions.of('pressure_cap')
    touches = sorted(story.all_of('touch'))

    def touches_at(time):
        return sum(story.time(i) > time - within for i in touches)
    # when the count falls: now, or when one of the touches is no longer within
    moments = sorted([story.as_of, *(story.time(i) + within for i in touches if story.time(i) + within > story.as_of)])
    since = sum(story.time(i) >= calendar_from for i in touches)
    engaged = sum(story.first_after(i, story.definitions.of('engaged_within'), lambda j: story.is_any(j, 'engagement'))
                  is not None for i in touches)
    return {'touches': touches_at(story.as_of), 'within': within, 'cap': cap, 'is_over': touches_at(story.as_of) >= cap,
            'allowed_at': moment(next((m for m in moments if touches_at(m) < cap), None)) if cap >= 1 else None,
            'calendar_touches': since, 'calendar_from': Moment(calendar_from), 'is_over_calendar': since >= cap,
            'last_touch_at': story.when(touches[-1]) if touches else None, 'all_touches': len(touches), 'engaged': engaged,
            'engaged_share': share(engaged, len(touches))}


def baseline(story):
    contacts = sorted(story.all_of('contact'))
    gaps = sorted(story.time(b) - story.time(a) for a, b in zip(contacts, contacts[1:]))
    median = None if not gaps else (gaps[len(gaps) // 2] + gaps[(len(gaps) - 1) // 2]) // 2
    silence = story.as_of - story.time(contacts[-1]) if contacts and story.as_of is not None else None
    named = [story.get(i, 'channel') for i in contacts if story.get(i, 'channel') is not None]
    number = {channel: named.count(channel) for channel in named}
    most = max(number.values(), default=0)
    # the one that reached that number last: whose last contact is the latest one
    usual = next((channel for channel in reversed(named) if number[channel] == most), None)
    last = story.get(contacts[-1], 'channel') if contacts else None
    return {'contacts': len(contacts), 'median_gap': median, 'last_contact_at': story.when(contacts[-1]) if contacts else None,
            'silence': silence, 'silence_ratio': None if silence is None or not median else silence / median,
            'usual_channel': usual, 'usual_channel_share': share(most, len(named)), 'last_channel': last,
            'is_unusual_channel': None if last is None else last != usual, **usual_hour(story, contacts)}


def usual_hour(story, contacts):
    """The hour of most contacts, in UTC; of equals the one that reached that number last: whose last contact is the latest."""
    hours = [story.time(i) // HOUR % 24 for i in contacts]
    most = max((hours.count(hour) for hour in hours), default=0)
    hour = next((hour for hour in reversed(hours) if hours.count(hour) == most), None)
    return {'usual_hour': hour, 'usual_hour_share': share(most, len(hours))}


def picked(story, name):
    return [story.all[i] for i in sorted(story.all_of(name))]


def event_count(story, name, begin, end):
    """Of a story of everything, in [begin, end)."""
    return sum(begin <= story.time(i) < end for i in story.all_of(name))
