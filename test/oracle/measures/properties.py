"""What holds of the measures of every case: sums are totals, and a poor interaction never improves a score. Where a property does not
hold, a smallest example is printed.
"""
from collections import Counter

import experience
from cases import described
from experience import Definitions, Story
from timelines import read_timeline, write_timeline


def story_of(case, defaults, interactions=None, as_of='as of the case'):
    return Story(case.interactions if interactions is None else interactions, Definitions(defaults, case.events, case.parameters),
                 case.as_of if as_of == 'as of the case' else as_of)


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
        """Prints all, and gives how many are broken."""
        for name, asked in self.asked.items():
            print(f'{"BROKEN" if self.broken[name] else "holds "} {name}: {asked - self.broken[name]} of {asked}')
            if self.broken[name]:
                example = self.examples[name]
                print(f'{described(example)}\nadded {write_timeline([example.added])}')
                print()
        return sum(count > 0 for count in self.broken.values())
