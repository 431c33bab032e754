"""Interactions and timelines, their order and text form; UTC calendar arithmetic; what an event accepts."""
import re
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from language import AnyOf, DAY

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Interaction(NamedTuple):
    time: int               # microseconds since 1970 in UTC
    kind: str
    attributes: dict        # name -> text, or number (float); with seq, without kind


class Timeline:
    """Interactions in total order, with the rank of each one's place: simultaneous ones share a rank."""

    def __init__(self, interactions):
        names = sorted({name for i in interactions for name in i.attributes}, key=str.encode)
        self.interactions = sorted(interactions, key=lambda i: order_key(i, names))
        self.times = [i.time for i in self.interactions]
        places = [place_key(i) for i in self.interactions]
        ranks = {place: rank for rank, place in enumerate(sorted(set(places)))}
        self.places = [ranks[place] for place in places]

    def __len__(self):
        return len(self.interactions)

    def until(self, as_of):
        """Interactions later than as_of are not seen (rule 13); None is infinity."""
        return Timeline([i for i in self.interactions if as_of is None or i.time <= as_of])


def place_key(interaction):
    """(occurred_at, seq with null first)"""
    seq = interaction.attributes.get('seq')
    return (interaction.time, (0, 0) if seq is None else (1, seq))


def order_key(interaction, names):
    """The total order: place, kind by bytes, then attribute by attribute: absent < number < text."""
    values = [value_key(interaction.attributes.get(name)) for name in names]
    return (place_key(interaction), interaction.kind.encode(), values)


def value_key(value):
    if value is None:
        return (0,)
    return (2, value.encode()) if isinstance(value, str) else (1, value)


# -- the calendar --

def add(time, duration, sign=1):
    """time + duration (or -) in UTC: first months, the day clipped to the month's last, then days, then the rest."""
    if duration.months:
        moment = EPOCH + timedelta(microseconds=time)
        month = moment.year * 12 + moment.month - 1 + sign * duration.months
        first = moment.replace(year=month // 12, month=month % 12 + 1, day=1)
        day = min(moment.day, days_of_month(first))
        time = round_time(first.replace(day=day))
    return time + sign * (duration.days * DAY + duration.microseconds)


def days_of_month(first):
    return ((first + timedelta(days=31)).replace(day=1) - first).days


def round_time(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


# -- the text form --

def write_time(time):
    moment = EPOCH + timedelta(microseconds=time)
    fraction = f'.{moment.microsecond:06}'.rstrip('0') if moment.microsecond else ''
    return moment.strftime('%Y-%m-%dT%H:%M:%S') + fraction + 'Z'


def read_time(text):
    base, _, fraction = text.rstrip('Z').partition('.')
    moment = datetime.strptime(base, '%Y-%m-%dT%H:%M:%S').replace(tzinfo=timezone.utc)
    return round_time(moment) + int((fraction + '000000')[:6])


def write_text(text):
    if re.fullmatch(r'[a-z_][a-z0-9_]*', text):
        return text
    return '"' + text.replace('"', '""') + '"'


def write_value(value):
    if isinstance(value, str):
        return write_text(value)
    return repr(int(value)) if value == int(value) else repr(value)


def write_interaction(interaction):
    parts = [write_time(interaction.time), write_text(interaction.kind)]
    names = sorted(interaction.attributes, key=str.encode)
    parts += [f'{write_text(name)}={write_value(interaction.attributes[name])}' for name in names]
    return ' '.join(parts)


def write_timeline(interactions):
    return '{' + '; '.join(map(write_interaction, interactions)) + '}'


PART = re.compile(r'\s*(?:(?P<mark>[;={}])|"(?P<quoted>(?:[^"]|"")*)"|(?P<bare>[^\s;={}"]+))')


def tokens(text):
    at = 0
    while text[at:].strip():
        found = PART.match(text, at)
        if not found:
            raise ValueError(f'not a timeline: {text}')
        at = found.end()
        kind = found.lastgroup
        yield kind, found[kind].replace('""', '"') if kind == 'quoted' else found[kind]


def read_timeline(text):
    """The interactions of a text form, in the order of the text."""
    parts = list(tokens(text))
    if parts[0] != ('mark', '{') or parts[-1] != ('mark', '}'):
        raise ValueError(f'not a timeline: {text}')
    interactions, one = [], []
    for part in parts[1:-1] + [('mark', ';')]:
        if part != ('mark', ';'):
            one.append(part)
        elif one:
            interactions.append(read_interaction(one))
            one = []
    return interactions


def read_interaction(parts):
    attributes = {}
    for (_, name), _, (form, value) in zip(parts[2::3], parts[3::3], parts[4::3]):
        is_number = form == 'bare' and re.match(r'[-+.0-9]', value)
        attributes[name] = float(value) if is_number else value
    return Interaction(read_time(parts[0][1]), parts[1][1], attributes)


# -- what an event accepts --

def accepts(event, interaction):
    if isinstance(event, AnyOf):
        return any(accepts(one, interaction) for one in event.events)
    attributes = interaction.attributes
    return ((event.kind is None or event.kind == interaction.kind)
            and (event.direction is None or attributes.get('direction') == event.direction)
            and (event.channel is None or attributes.get('channel') == event.channel)
            and (event.condition is None or truth(event.condition, interaction) is True))   # rule 11: only true


def value_of(interaction, attribute):
    return interaction.kind if attribute == 'kind' else interaction.attributes.get(attribute)


def truth(condition, interaction):
    """SQL's three values: True, False and None (rule 11)."""
    what = condition[0]
    if what == 'compare':
        return compared(value_of(interaction, condition[1]), condition[2], condition[3])
    if what == 'in':
        value = value_of(interaction, condition[1])
        return either([compared(value, '=', literal) for literal in condition[2]])
    if what == 'null':
        return value_of(interaction, condition[1]) is None
    sides = [truth(side, interaction) for side in condition[1:]]
    if what == 'not':
        return negated(sides[0])
    return either(sides) if what == 'or' else negated(either(map(negated, sides)))


def negated(value):
    return None if value is None else not value


def either(values):
    values = list(values)
    return True if True in values else None if None in values else False


def compared(value, operator, literal):
    if value is None or isinstance(value, str) != isinstance(literal, str):
        return None                 # absent, or a number against a text
    if isinstance(value, str):
        value, literal = value.encode(), literal.encode()
    return {'=': value == literal, '!=': value != literal, '<>': value != literal, '<': value < literal,
            '<=': value <= literal, '>': value > literal, '>=': value >= literal}[operator]
