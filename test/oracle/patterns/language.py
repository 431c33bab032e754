"""The pattern language: its tree, a parser of the complete grammar, and the tree written out again.

parse() gives a tree or raises ValueError with the reason. The tree is plain: one class a rule of the grammar.
"""
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, Optional

KEYWORDS = frozenset('start end no for within same any inbound outbound and or not in is null true false'.split())


class Duration(NamedTuple):
    months: int
    days: int
    microseconds: int


class Arrow(NamedTuple):
    next: bool                      # => rather than ->
    least: Optional[Duration]       # of the gate
    most: Optional[Duration]


class Test(NamedTuple):
    kind: Optional[str]             # None: any kind
    direction: Optional[str]        # of the keywords inbound and outbound
    channel: Optional[str]
    condition: Optional[tuple]      # ('compare', attribute, operator, literal), ('in', attribute, literals),
                                    # ('null', attribute), ('not', c), ('and', c, c), ('or', c, c)


class AnyOf(NamedTuple):            # (a | b) after `no`
    events: tuple


class No(NamedTuple):
    event: object
    duration: Optional[Duration]    # None: between two elements


class Group(NamedTuple):
    pattern: 'Pattern'


class AllOf(NamedTuple):            # (a & b)
    items: tuple


class Element(NamedTuple):
    arrow: Optional[Arrow]          # that enters it; None for the first of a sequence
    body: object                    # Test, Group, AllOf or No
    low: int
    high: Optional[int]             # None: no bound


class Within(NamedTuple):
    duration: Duration


class Same(NamedTuple):
    attribute: str


class Sequence(NamedTuple):
    start: bool
    elements: tuple
    end: bool
    totals: tuple


class Pattern(NamedTuple):
    sequences: tuple


ANY = Test(None, None, None, None)
PLAIN = Arrow(False, None, None)

MICROSECONDS = {'microsecond': 1, 'us': 1, 'millisecond': 1000, 'ms': 1000, 'second': 10**6, 's': 10**6,
                'minute': 60 * 10**6, 'min': 60 * 10**6, 'hour': 3600 * 10**6, 'h': 3600 * 10**6}
DAYS = {'day': 1, 'd': 1, 'week': 7, 'w': 7}
MONTHS = {'month': 1, 'mon': 1, 'year': 12, 'y': 12}
DAY = 86400 * 10**6
LONG_UNITS = ('microsecond', 'millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'year')


def unit_of(word):
    word = word.lower()
    if word.endswith('s') and word[:-1] in LONG_UNITS:
        return word[:-1]
    if word in MICROSECONDS or word in DAYS or word in MONTHS:
        return word
    raise ValueError(f'"{word}" is no unit of time')


def one_duration(number, unit):
    """number x unit as interval has it: whole months, whole days and microseconds; fractions go down a unit."""
    months = days = Fraction(0)
    if unit in MICROSECONDS:
        return Duration(0, 0, round(number * MICROSECONDS[unit]))
    if unit == 'year' or unit == 'y':
        months = Fraction(round(number * 12))
    elif unit in MONTHS:
        months = Fraction(int(number))
        days = (number - months) * 30
    else:
        days = number * DAYS[unit]
    return Duration(int(months), int(days), round((days - int(days)) * DAY))


def length_for_order(duration):
    """As interval compares: a month is 30 days, a day 24 hours."""
    return (duration.months * 30 + duration.days) * DAY + duration.microseconds


def is_first(char):
    return char == '_' or unicodedata.category(char)[0] == 'L'


def is_inner(char):
    return is_first(char) or unicodedata.category(char)[0] == 'M' or unicodedata.category(char) == 'Nd'


def is_word(text):
    """Can text stand without quotes (were it no keyword)?"""
    return bool(text) and word_end(text, 0) == len(text)


def word_end(text, at):
    """Where the word that begins at `at` ends; `at` itself when none begins there."""
    if at >= len(text) or not is_first(text[at]):
        return at
    at += 1
    while at < len(text):
        follows = text[at + 1:at + 2]
        joined = text[at] in '.-' and follows and (is_first(follows) or unicodedata.category(follows) == 'Nd')
        if not is_inner(text[at]) and not joined:
            break
        at += 1
    return at


class Parser:
    def __init__(self, text):
        self.text = text
        self.at = 0

    # -- the smallest pieces --

    def skip(self):
        while self.text[self.at:self.at + 1] in (' ', '\t', '\n', '\r', '\f', '\v'):
            self.at += 1

    def sees(self, symbol):
        self.skip()
        return self.text.startswith(symbol, self.at)

    def takes(self, symbol):
        if not self.sees(symbol):
            return False
        self.at += len(symbol)
        return True

    def needs(self, symbol):
        if not self.takes(symbol):
            self.refuse(f'"{symbol}" expected')

    def refuse(self, reason):
        raise ValueError(f'{reason}, at position {self.at + 1}')

    def next_word(self):
        self.skip()
        return self.text[self.at:word_end(self.text, self.at)]

    def takes_keyword(self, keyword):
        word = self.next_word()
        if word.lower() != keyword:
            return False
        self.at += len(word)
        return True

    def needs_keyword(self, keyword):
        if not self.takes_keyword(keyword):
            self.refuse(f'"{keyword}" expected')

    def quoted(self, quote):
        self.needs(quote)
        text = ''
        while True:
            if self.at >= len(self.text):
                self.refuse('a quote is not closed')
            char = self.text[self.at]
            self.at += 1
            if char != quote:
                text += char
            elif self.text[self.at:self.at + 1] == quote:
                text += quote
                self.at += 1
            else:
                return text

    def name(self, what):
        """word or "quoted"; a keyword has to be quoted."""
        if self.sees('"'):
            return self.quoted('"')
        word = self.next_word()
        if not word:
            self.refuse(f'{what} expected')
        if word.lower() in KEYWORDS:
            self.refuse(f'the keyword "{word}" where {what} is expected')
        self.at += len(word)
        return word

    def digits(self):
        self.skip()
        at = self.at
        while self.text[self.at:self.at + 1].isdigit() and self.text[self.at].isascii():
            self.at += 1
        return self.text[at:self.at]

    def number(self):
        """A number as in SQL, with sign, fraction and exponent; None when none is here."""
        self.skip()
        mark = self.at
        sign = '-' if self.takes('-') else '+' if self.takes('+') else ''
        whole, fraction = self.unspaced_digits(), ''
        if self.text.startswith('.', self.at) and not self.text.startswith('..', self.at):
            self.at += 1
            fraction = self.unspaced_digits()
        if not whole and not fraction:
            self.at = mark
            return None
        return Decimal(f'{sign}{whole or 0}.{fraction or 0}e{self.exponent()}')

    def unspaced_digits(self):
        return self.digits() if self.text[self.at:self.at + 1].isdigit() else ''

    def exponent(self):
        mark = self.at
        if self.text[self.at:self.at + 1] in ('e', 'E'):
            self.at += 1
            sign = ''
            if self.text[self.at:self.at + 1] in ('+', '-'):
                sign = self.text[self.at]
                self.at += 1
            digits = self.unspaced_digits()
            if digits:
                return int(sign + digits)
        self.at = mark
        return 0

    # -- times --

    def duration(self):
        months = days = microseconds = 0
        number = self.number()
        if number is None:
            self.refuse('a duration expected')
        while number is not None:
            self.skip()
            begin = self.at
            while self.at < len(self.text) and unicodedata.category(self.text[self.at])[0] == 'L':
                self.at += 1
            part = one_duration(Fraction(number), unit_of(self.text[begin:self.at]))
            months, days = months + part.months, days + part.days
            microseconds += part.microseconds
            number = self.number()
        return Duration(months, days, microseconds)

    def arrow(self, is_next):
        least = most = None
        if self.takes('['):
            most = self.duration()
            if self.takes('..'):
                least, most = most, None
                if not self.sees(']'):
                    most = self.duration()
            self.needs(']')
        if least and most and length_for_order(least) > length_for_order(most):
            self.refuse('a gate whose least exceeds its most')     # rule 12
        return Arrow(is_next, least, most)

    # -- conditions --

    def condition(self):
        left = self.conjunction()
        while self.takes_keyword('or'):
            left = ('or', left, self.conjunction())
        return left

    def conjunction(self):
        left = self.negation()
        while self.takes_keyword('and'):
            left = ('and', left, self.negation())
        return left

    def negation(self):
        if self.takes_keyword('not'):
            return ('not', self.negation())
        if self.takes('('):
            inner = self.condition()
            self.needs(')')
            return inner
        return self.comparison()

    def comparison(self):
        attribute = self.attribute()
        if self.takes_keyword('is'):
            negated = self.takes_keyword('not')
            self.needs_keyword('null')
            inner = ('null', attribute)
            return ('not', inner) if negated else inner
        if self.takes_keyword('not'):
            self.needs_keyword('in')
            return ('not', self.among(attribute))
        if self.takes_keyword('in'):
            return self.among(attribute)
        for operator in ('!=', '<>', '<=', '>=', '=', '<', '>'):
            if self.takes(operator):
                return ('compare', attribute, operator, self.literal())
        self.refuse('a comparison expected')

    def among(self, attribute):
        self.needs('(')
        literals = [self.literal()]
        while self.takes(','):
            literals.append(self.literal())
        self.needs(')')
        return ('in', attribute, tuple(literals))

    def attribute(self):
        name = self.name('an attribute')
        if name == 'occurred_at':
            self.refuse('occurred_at cannot stand here')
        return name

    def literal(self):
        if self.sees("'"):
            return self.quoted("'")
        number = self.number()
        if number is not None:
            return float(number)
        for boolean in ('true', 'false'):
            if self.takes_keyword(boolean):
                return boolean
        return self.name('a literal')

    # -- elements --

    def test(self):
        kind = direction = channel = condition = None
        word = '' if self.sees('"') else self.next_word().lower()
        if word in ('any', 'inbound', 'outbound'):
            self.takes_keyword(word)
            direction = None if word == 'any' else word
        else:
            kind = self.name('a kind')
        if self.takes('@'):
            channel = self.name('a channel')
        if self.takes('['):
            condition = self.condition()
            self.needs(']')
        return Test(kind, direction, channel, condition)

    def event(self):
        if not self.takes('('):
            return self.test()
        events = [self.event()]
        while self.takes('|'):
            events.append(self.event())
        self.needs(')')
        return AnyOf(tuple(events)) if len(events) > 1 else events[0]

    def item(self):
        if not self.sees('('):
            return self.test()
        return self.all_of() or self.group()

    def all_of(self):
        """"(" item ("&" item)+ ")", or None and nothing taken."""
        mark = self.at
        self.needs('(')
        try:
            items = [self.item()]
        except ValueError:
            items = []
        if not items or not self.sees('&'):
            self.at = mark
            return None
        while self.takes('&'):
            items.append(self.item())
        self.needs(')')
        return AllOf(tuple(items))

    def group(self):
        self.needs('(')
        inner = Group(self.pattern())
        self.needs(')')
        only = only_element(inner)
        if only and (only.low, only.high) == (1, 1):
            return only.body                    # parentheses around a single element change nothing
        return inner

    def element(self, arrow):
        if self.takes_keyword('no'):
            event = self.event()
            return Element(arrow, No(event, self.duration() if self.takes_keyword('for') else None), 1, 1)
        body = self.item()
        times = self.times()
        only = only_element(body)
        if times is None and only:
            return only._replace(arrow=arrow)   # the same, for a repeated one
        low, high = times or (1, 1)
        return Element(arrow, body, low, high)

    def times(self):
        for symbol, bounds in (('?', (0, 1)), ('+', (1, None)), ('*', (0, None))):
            if self.takes(symbol):
                return bounds
        if not self.takes('{'):
            return None
        low = self.digits()
        if not low:
            self.refuse('a count expected')
        low = high = int(low)
        if self.takes(','):
            most = self.digits()
            high = int(most) if most else None
        self.needs('}')
        if high is not None and (high == 0 or high < low):
            self.refuse('a repetition that cannot be')             # rule 12
        return low, high

    # -- sequences --

    def sequence(self):
        start = self.takes_keyword('start')
        if start:
            self.needs('=>')
        elements, end = [self.element(None)], False
        while self.sees('->') or self.sees('=>'):
            is_next = self.text[self.at] == '='
            self.at += 2
            if is_next and self.takes_keyword('end'):
                end = True
                break
            elements.append(self.element(self.arrow(is_next)))
        return Sequence(start, tuple(elements), end, self.totals())

    def totals(self):
        totals = []
        while True:
            if self.takes_keyword('within'):
                totals.append(Within(self.duration()))
            elif self.takes_keyword('same'):
                totals.append(Same(self.attribute()))
            else:
                return tuple(totals)

    def pattern(self):
        sequences = [self.sequence()]
        while self.takes('|'):
            sequences.append(self.sequence())
        return Pattern(tuple(sequences))


def bare(sequence):
    return not (sequence.start or sequence.end or sequence.totals)


def only_element(body):
    """The element that a group consists of, when it is nothing but parentheses around a single element."""
    if isinstance(body, Group) and len(body.pattern.sequences) == 1:
        sequence = body.pattern.sequences[0]
        if bare(sequence) and len(sequence.elements) == 1:
            return sequence.elements[0]
    return None


def parse(text):
    parser = Parser(text)
    pattern = parser.pattern()
    parser.skip()
    if parser.at < len(text):
        parser.refuse('something is left over')
    pattern = unwrapped(pattern)
    pattern = Pattern(tuple(map(complete, pattern.sequences)))
    for sequence in pattern.sequences:
        check_sequence(sequence, True)
    if is_optional_group(pattern):
        raise ValueError('the pattern can match without any interaction')      # rule 12
    return pattern


def unwrapped(pattern):
    """Parentheses around the whole pattern change nothing."""
    only = only_element(Group(pattern))
    if only and isinstance(only.body, Group) and (only.low, only.high) == (1, 1):
        return unwrapped(only.body.pattern)
    return pattern


def complete(sequence):
    """`no x for d` standing alone means `any -> no x for d` (rule 6), in parentheses with totals or `|` as well."""
    only = sequence.elements[0] if len(sequence.elements) == 1 else None
    if only and isinstance(only.body, No) and only.body.duration and not (sequence.start or sequence.end):
        both = (Element(None, ANY, 1, 1), only._replace(arrow=PLAIN))
        return sequence._replace(elements=both)
    if only and isinstance(only.body, Group) and is_whole(sequence):
        inner = Pattern(tuple(map(complete, only.body.pattern.sequences)))
        return sequence._replace(elements=(only._replace(body=Group(inner)),))
    return sequence


# -- what is refused though the grammar has it --

def is_whole(sequence):
    """Is the sequence nothing but its one element, parentheses and totals apart?"""
    return (len(sequence.elements) == 1 and not sequence.start and not sequence.end
            and (sequence.elements[0].low, sequence.elements[0].high) == (1, 1))


def check_sequence(sequence, is_top):
    for i, element in enumerate(sequence.elements):
        if isinstance(element.body, No):
            if (element.low, element.high) != (1, 1):
                raise ValueError('a "no" cannot be repeated')
            check_no(sequence, i, is_top)
        else:
            check_body(element.body, is_top and is_whole(sequence))


def check_body(body, is_top):
    if isinstance(body, No):
        raise ValueError('a "no" cannot stand here')
    if isinstance(body, AllOf):
        for item in body.items:
            check_body(item, False)
    elif isinstance(body, Group):
        for sequence in body.pattern.sequences:
            check_sequence(sequence, is_top)


def check_no(sequence, i, is_top):
    no, last = sequence.elements[i].body, len(sequence.elements) - 1
    before = sequence.elements[i].arrow if i > 0 else Arrow(True, None, None) if sequence.start else None
    after = sequence.elements[i + 1].arrow if i < last else Arrow(True, None, None) if sequence.end else None
    neighbours = sequence.elements[max(i - 1, 0):i] + sequence.elements[i + 1:i + 2]
    if any(isinstance(neighbour.body, No) for neighbour in neighbours):
        raise ValueError('two "no" beside each other')                          # rules 5 and 6
    if any(arrow and arrow.next for arrow in (before, after)):
        raise ValueError('"=>" next to a "no"')                                 # rules 5 and 6
    if before and before != PLAIN:
        raise ValueError('the arrow before a "no" has no gate')                 # rules 5 and 6
    if no.duration is None:
        if i in (0, last):
            raise ValueError('a sequence begins or ends with a "no" without "for"')     # rule 5
        return
    if 0 < i < last or not is_top:
        raise ValueError('"no ... for" stands first or last, in the whole pattern')     # rule 6
    if not neighbours:
        raise ValueError('"no ... for" needs an element beside it')             # rule 6
    if after and after != PLAIN:
        raise ValueError('the arrow next to "no ... for" has no gate')          # rule 6


# -- what can match without any interaction (rule 12) --

def is_optional_body(body):
    if isinstance(body, AllOf):
        return all(map(is_optional_body, body.items))
    return isinstance(body, Group) and is_optional_group(body.pattern)


def is_optional(element):
    return element.low == 0 or is_optional_body(element.body)


def is_optional_sequence(sequence):
    return all(isinstance(e.body, No) or is_optional(e) for e in sequence.elements)


def is_optional_group(pattern):
    return any(map(is_optional_sequence, pattern.sequences))


# -- the tree written out --

def write_name(name):
    if is_word(name) and name.lower() not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def write_literal(literal):
    if isinstance(literal, float):
        return repr(int(literal)) if literal == int(literal) else repr(literal)
    return literal if literal in ('true', 'false') else write_name(literal)


def write_duration(duration):
    parts = [(duration.months, 'mon'), (duration.days, 'd')]
    rest = duration.microseconds
    for unit in ('h', 'min', 's', 'us'):
        whole = int(Fraction(rest, MICROSECONDS[unit]))
        parts.append((whole, unit))
        rest -= whole * MICROSECONDS[unit]
    return ' '.join(f'{number} {unit}' for number, unit in parts if number) or '0 s'


def write_arrow(arrow):
    text = '=>' if arrow.next else '->'
    if arrow.least is not None:
        return f'{text}[{write_duration(arrow.least)}..{write_duration(arrow.most) if arrow.most else ""}]'
    return f'{text}[{write_duration(arrow.most)}]' if arrow.most is not None else text


def write_condition(condition):
    what = condition[0]
    if what == 'compare':
        return f'{write_name(condition[1])} {condition[2]} {write_literal(condition[3])}'
    if what == 'in':
        return f'{write_name(condition[1])} in ({", ".join(map(write_literal, condition[2]))})'
    if what == 'null':
        return f'{write_name(condition[1])} is null'
    if what == 'not' and condition[1][0] == 'null':
        return f'{write_name(condition[1][1])} is not null'
    if what == 'not' and condition[1][0] == 'in':
        return f'{write_name(condition[1][1])} not in ({", ".join(map(write_literal, condition[1][2]))})'
    if what == 'not':
        inner = write_condition(condition[1])
        return f'not ({inner})' if condition[1][0] in ('and', 'or') else f'not {inner}'
    sides = [write_condition(side) for side in condition[1:]]
    if what == 'and':
        sides = [f'({text})' if side[0] == 'or' else text for side, text in zip(condition[1:], sides)]
    if condition[2][0] == what:
        sides[1] = f'({sides[1]})'              # they bind to the left
    return f' {what} '.join(sides)


def write_event(event):
    if isinstance(event, AnyOf):
        return '(' + '|'.join(map(write_event, event.events)) + ')'
    text = write_name(event.kind) if event.kind is not None else event.direction or 'any'
    if event.channel is not None:
        text += '@' + write_name(event.channel)
    return text + (f'[{write_condition(event.condition)}]' if event.condition else '')


def write_body(body):
    if isinstance(body, Group):
        return f'({write(body.pattern)})'
    if isinstance(body, AllOf):
        return '(' + ' & '.join(map(write_body, body.items)) + ')'
    if isinstance(body, No):
        return f'no {write_event(body.event)}' + (f' for {write_duration(body.duration)}' if body.duration else '')
    return write_event(body)


def write_times(low, high):
    known = {(1, 1): '', (0, 1): '?', (1, None): '+', (0, None): '*'}
    if (low, high) in known:
        return known[low, high]
    return f'{{{low}}}' if low == high else f'{{{low},{"" if high is None else high}}}'


def write_sequence(sequence):
    text = 'start => ' if sequence.start else ''
    for i, element in enumerate(sequence.elements):
        if i > 0:
            text += f' {write_arrow(element.arrow)} '
        text += write_body(element.body) + write_times(element.low, element.high)
    text += ' => end' if sequence.end else ''
    for total in sequence.totals:
        if isinstance(total, Within):
            text += f' within {write_duration(total.duration)}'
        else:
            text += f' same {write_name(total.attribute)}'
    return text


def write(pattern):
    return ' | '.join(map(write_sequence, pattern.sequences))
