"""Opening hours from their definition, compared with what the database says of the same schedules.

    schedules.py --cases N --seed S [--batch 200] [--until-different] [--dry-run] [-- psql ARGS...]

A case is a schedule, some instants and some amounts of time. The definition is section 1 of doc/schedules.md: an instant
is open when the clock of the zone in force shows a time within the hours that apply. It is asked here of every minute of a
window around the instants, or of every second where the clocks of a zone demand it; the clocks are those of python's
zoneinfo, which reads the same files as a server of Debian does. All else is counted from that: business_time() between any
two instants, is_open(), opens_at(), closes_at(), add_business_time(), open_times(). What lies beyond the window the oracle
does not know; then the laws that must hold everywhere are left, which the database is asked for itself.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs.
"""
import os
import random
import sys
from collections import Counter
from datetime import date, datetime, timedelta, timezone
from typing import NamedTuple, Optional
from zoneinfo import ZoneInfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patterns'))
from server import copy, run
from session import lacking, main

SHOWN = 5           # differences printed
SECOND = 10**6
DAY = 86400
MOST_CELLS = 12000  # of one window
ZONES = ('Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'Asia/Beirut', 'Asia/Kolkata', 'Asia/Kathmandu',
         'Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'America/St_Johns', 'Europe/Dublin', 'UTC',
         'Asia/Tehran', 'Africa/Cairo', 'Antarctica/Troll', 'America/Asuncion', 'Pacific/Kiritimati', 'Africa/Monrovia',
         'Europe/Amsterdam', 'Asia/Manila', 'America/Juneau')
DAYS = ('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun')


class Version(NamedTuple):
    first: Optional[int]    # the ordinal of its date; None: the first version
    zone: str
    week: tuple             # of each day (open, close) in minutes, close after 1440 where it is past midnight


class Schedule(NamedTuple):
    versions: tuple
    exceptions: dict        # the hours of a date's ordinal


class Case(NamedTuple):
    number: int
    schedule: Schedule
    text: str
    begin: int              # the window in seconds
    unit: int               # whose cells are open or not as a whole
    flags: list             # whether each is
    instants: list          # microseconds
    amounts: list           # (instant, microseconds)


# -- the definition --

def version_in_force(schedule, time):
    """The last whose date has come on the clock of its zone; its number, and what the clock shows."""
    for number in reversed(range(len(schedule.versions))):
        version = schedule.versions[number]
        shown = datetime.fromtimestamp(time, ZoneInfo(version.zone))
        if number == 0 or shown.toordinal() >= version.first:
            return number, shown
    raise AssertionError


def hours_of(schedule, number, day):
    """An exception's, or the weekly ones of the last version up to that number whose date is not later."""
    if day in schedule.exceptions:
        return schedule.exceptions[day]
    while number > 0 and schedule.versions[number].first > day:
        number -= 1
    return schedule.versions[number].week[(day - 1) % 7]


def is_open(schedule, time):
    number, shown = version_in_force(schedule, time)
    day, second = shown.toordinal(), shown.hour * 3600 + shown.minute * 60 + shown.second
    return any(opens * 60 <= second < closes * 60 for opens, closes in hours_of(schedule, number, day)) or \
        any(second + DAY < closes * 60 for _, closes in hours_of(schedule, number, day - 1))


class Broken(Exception):
    """A cell is not of one piece."""


def walk(schedule, begin, count, unit):
    """Whether each cell is open; its begin speaks for it where no clock is changed within, and none shows a part of it."""
    zones = [ZoneInfo(name) for name in sorted({version.zone for version in schedule.versions})]
    every_hours = [hours for version in schedule.versions for hours in version.week] + list(schedule.exceptions.values())
    if any(minute * 60 % unit for hours in every_hours for span in hours for minute in span):
        raise Broken
    flags = []
    before = None
    for time in range(begin, begin + count * unit, unit):
        flags.append(is_open(schedule, time))
        if unit > 1:
            offsets = [datetime.fromtimestamp(time, zone).utcoffset() for zone in zones]
            if offsets != before:
                if before and [datetime.fromtimestamp(time - 1, zone).utcoffset() for zone in zones] != before:
                    raise Broken
                if any(offset.total_seconds() % unit for offset in offsets):
                    raise Broken
                before = offsets
    return flags


def stretches_of(case):
    """(begin, end) of the open times of a window."""
    stretches = []
    for n, flag in enumerate(case.flags):
        begin = (case.begin + n * case.unit) * SECOND
        if flag and stretches and stretches[-1][1] == begin:
            stretches[-1][1] += case.unit * SECOND
        elif flag:
            stretches.append([begin, begin + case.unit * SECOND])
    return stretches


def open_between(stretches, begin, end):
    if end < begin:
        return -open_between(stretches, end, begin)
    return sum(max(min(closes, end) - max(opens, begin), 0) for opens, closes in stretches)


def later(stretches, time, amount):
    """The earliest instant with that much open time since; None: not within the window."""
    if amount == 0:
        return time
    if amount < 0:
        # the same in a mirror
        found = later([(-closes, -opens) for opens, closes in reversed(stretches)], -time, -amount)
        return None if found is None else -found
    for opens, closes in stretches:
        begin = max(opens, time)
        if closes > begin:
            if closes - begin >= amount:
                return begin + amount
            amount -= closes - begin
    return None


def opens_after(stretches, time):
    return next((max(opens, time) for opens, closes in stretches if closes > time), None)


def closes_after(stretches, time, window_end):
    found = next((closes for _, closes in stretches if closes > time), None)
    return None if found == window_end else found


# -- random cases --

def offset_of(zone, time):
    return datetime.fromtimestamp(time, ZoneInfo(zone)).utcoffset()


def changes_of(zone, first_year, last_year):
    """Instants at which the clock of a zone is changed, found by looking every day."""
    changes = []
    begin = int(datetime(first_year, 1, 1, tzinfo=timezone.utc).timestamp())
    end = int(datetime(last_year, 1, 1, tzinfo=timezone.utc).timestamp())
    before = offset_of(zone, begin)
    for time in range(begin + DAY, end, DAY):
        offset = offset_of(zone, time)
        if offset != before:
            low, high = time - DAY, time
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset_of(zone, middle) == before else (low, middle)
            changes.append(high)
            before = offset
    return changes


CHANGES = {}


def make_base(rng, zone):
    """An instant, mostly near a change of the clock."""
    if zone not in CHANGES:
        CHANGES[zone] = changes_of(zone, 1880, 2060)
    changes = CHANGES[zone]
    if changes and rng.random() < 0.75:
        # the years with daylight saving must not hide the old ones
        return rng.choice(changes if rng.random() < 0.8 else changes[:12]) + rng.randrange(-DAY, DAY)
    first, last = (2015, 2045) if rng.random() < 0.7 else (1890, 2300)
    return int(datetime(rng.randrange(first, last), rng.randrange(1, 13), rng.randrange(1, 29), tzinfo=timezone.utc).timestamp())


def make_hours(rng, grain):
    """Sometimes none, often one, sometimes past midnight or all day."""
    form = rng.random()
    if form < 0.08:
        return []
    if form < 0.2:
        return [(0, 1440)]
    found = []
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        begin = rng.randrange(0, 1440, grain)
        if rng.random() < 0.5:
            begin = rng.randrange(0, 300, grain)
        end = (begin + rng.randrange(grain, 1441, grain) - 1) % 1440 + 1
        if rng.random() < 0.6:
            end = begin + rng.randrange(grain, max(grain + 1, 600), grain)
            end = end if end <= 1440 else end - 1440
        found.append((begin, end if end > begin else end + 1440))
    return found


def clock(minute):
    return f'{minute // 60:02}:{minute % 60:02}'


def hours_text(rng, hours):
    if not hours:
        return 'closed'
    written = []
    for begin, end in hours:
        end = end - 1440 if end > 1440 else end
        # midnight has two names
        end = 0 if end == 1440 and rng.random() < 0.5 else end
        written.append(f'{clock(begin)}-{clock(end)}')
    return '  '.join(written) if rng.random() < 0.1 else ' '.join(written)


def make_week(rng, grain):
    """Items of a week, and what they say."""
    week = [[] for _ in DAYS]
    form = rng.random()
    if form < 0.06:
        return week, 'closed'
    if form < 0.14:
        return [[(0, 1440)]] * 7, 'mon-sun 00:00-24:00'
    items = []
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        hours = make_hours(rng, grain)
        if not hours:
            continue
        days, names = set(), []
        for _ in range(rng.choice((1, 1, 2))):
            first, last = rng.randrange(7), rng.randrange(7)
            if rng.random() < 0.3:
                last = first
            days |= {(first + n) % 7 for n in range((last - first) % 7 + 1)}
            names.append(DAYS[first] if first == last else f'{DAYS[first]}-{DAYS[last]}')
        for day in days:
            week[day] = week[day] + hours
        items.append(f'{" ".join(names)} {hours_text(rng, hours)}')
    return week, rng.choice((', ', ',', ' ,  ')).join(items) or 'closed'


def make_exceptions(rng, base_day, grain):
    exceptions, entries = {}, []
    for _ in range(rng.choice((0, 1, 2, 3, 5))):
        first = base_day + rng.choice((rng.randrange(-3, 4), rng.randrange(-30, 31)))
        last = first + rng.choice((0, 0, 0, 1, 2, 5, 20))
        if any(day in exceptions for day in range(first, last + 1)):
            continue
        hours = make_hours(rng, grain)
        exceptions.update((day, hours) for day in range(first, last + 1))
        dates = date.fromordinal(first).isoformat()
        if last > first or rng.random() < 0.05:
            dates += '..' + date.fromordinal(last).isoformat()
        entries.append(f'{dates} {hours_text(rng, hours)}')
    return exceptions, entries


def make_schedule(rng, zone, base_day, grain):
    week, text = make_week(rng, grain)
    versions = [Version(None, zone, tuple(map(tuple, week)))]
    texts = []
    day = base_day + rng.randrange(-4, 3)
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        week, written = make_week(rng, grain)
        moved = rng.random() < 0.4
        other = rng.choice(ZONES) if moved else versions[-1].zone
        versions.append(Version(day, other, tuple(map(tuple, week))))
        texts.append(f'from {date.fromordinal(day).isoformat()} {other + " " if moved else ""}{written}')
        day += rng.choice((1, 1, 2, 3, 30))
    exceptions, entries = make_exceptions(rng, base_day, grain)
    # versions keep their order, exceptions may stand anywhere
    places = sorted(rng.randrange(len(entries) + 1) for _ in texts)
    for place, entry in reversed(list(zip(places, texts))):
        entries.insert(place, entry)
    text = rng.choice((';', '; ', ' ;\n')).join([f'{zone} {text}', *entries])
    if rng.random() < 0.1:
        text = rng.choice((text.lower(), text.upper()))
    return Schedule(tuple(versions), exceptions), text


def make_window(rng, schedule, base, grain):
    """The largest cells that are of one piece, and as many days as they allow."""
    span = rng.choice((3 * DAY, 6 * DAY, 9 * DAY, 40 * DAY, 150 * DAY))
    for unit in (3600, 1800, 900, 300, 60, 1):
        if unit > grain * 60:
            continue
        count = min(span // unit, MOST_CELLS)
        begin = (base - count * unit // 2) // unit * unit
        try:
            return begin, unit, walk(schedule, begin, count, unit)
        except Broken:
            pass
    raise AssertionError


def make_case(seed, number):
    rng = random.Random(f'{seed}/{number}')
    zone = rng.choice(ZONES)
    base = make_base(rng, zone)
    grain = rng.choice((1, 15, 30, 30, 60, 60))
    base_day = datetime.fromtimestamp(base, ZoneInfo(zone)).toordinal()
    schedule, text = make_schedule(rng, zone, base_day, grain)
    begin, unit, flags = make_window(rng, schedule, base, grain)
    end = begin + len(flags) * unit

    def instant():
        form = rng.random()
        time = rng.randrange(begin, end + 1)
        if form < 0.5:
            time = time // 60 * 60 if unit > 1 else time
        elif form < 0.7:
            return (begin + rng.randrange(len(flags) + 1) * unit) * SECOND
        return min(time * SECOND + (rng.randrange(SECOND) if form > 0.9 else 0), end * SECOND)

    instants = sorted(instant() for _ in range(5)) + [begin * SECOND, end * SECOND]
    case = Case(number, schedule, text, begin, unit, flags, instants, [])
    stretches = stretches_of(case)
    for _ in range(5):
        time, other = rng.choice(instants), rng.choice(instants)
        form = rng.random()
        # up to where it closes or opens, as often as not
        if form < 0.3 and stretches:
            other = rng.choice(rng.choice(stretches))
        amount = open_between(stretches, time, other)
        if form > 0.7:
            amount = rng.randrange(-300, 300) * 3600 * SECOND // rng.choice((1, 60, 7))
        case.amounts.append((time, amount + rng.choice((0, 0, 0, 1, -1))))
    return case


# -- the database --

SET_UP = r'''
SET client_min_messages = warning;
SET timezone = 'UTC';
SET search_path = crm_timeline, public;
CREATE TEMP TABLE schedule_case (number int, schedule text, instants timestamptz[], since timestamptz[], amounts bigint[], open_times tstzmultirange, during tstzrange[]);

CREATE FUNCTION pg_temp.us(timestamptz) RETURNS bigint LANGUAGE sql AS $$ SELECT (extract(epoch FROM $1) * 1000000)::bigint $$;
CREATE FUNCTION pg_temp.spent(s schedule, a timestamptz, b timestamptz) RETURNS bigint LANGUAGE sql AS
    $$ SELECT (extract(epoch FROM business_time(s, a, b)) * 1000000)::bigint $$;
CREATE FUNCTION pg_temp.added(s schedule, a timestamptz, amount bigint) RETURNS timestamptz LANGUAGE sql AS
    $$ SELECT add_business_time(s, a, make_interval(secs => amount / 1000000) + make_interval(secs => (amount % 1000000)::float8 / 1000000)) $$;

-- What is wrong with an instant that is said to be an amount of open time later.
CREATE FUNCTION pg_temp.lawless(s schedule, a timestamptz, amount bigint, said timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN said IS NULL THEN NULL
                WHEN pg_temp.spent(s, a, said) <> amount THEN format('business_time says %s for the amount %s', pg_temp.spent(s, a, said), amount)
                WHEN amount > 0 AND pg_temp.spent(s, a, said - interval '1 microsecond') <> amount - 1 THEN 'not the earliest'
                WHEN amount < 0 AND pg_temp.spent(s, a, said + interval '1 microsecond') <> amount + 1 THEN 'not the latest'
                WHEN pg_temp.spent(s, said, a) <> -amount THEN 'not the same backwards' END
$$;

CREATE FUNCTION pg_temp.asked(schedule_text text, instants timestamptz[], since timestamptz[], amounts bigint[], open_times tstzmultirange, during tstzrange[]) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    s schedule := schedule_text;
BEGIN
    RETURN jsonb_build_object(
        'between', (SELECT jsonb_agg(pg_temp.spent(s, a, b) ORDER BY n, m) FROM unnest(instants) WITH ORDINALITY x(a, n), unnest(instants) WITH ORDINALITY y(b, m)),
        'is_open', (SELECT jsonb_agg(is_open(s, a) ORDER BY n) FROM unnest(instants) WITH ORDINALITY x(a, n)),
        'opens_at', (SELECT jsonb_agg(pg_temp.us(opens_at(s, a)) ORDER BY n) FROM unnest(instants) WITH ORDINALITY x(a, n)),
        'closes_at', (SELECT jsonb_agg(pg_temp.us(closes_at(s, a)) ORDER BY n) FROM unnest(instants) WITH ORDINALITY x(a, n)),
        'added', (SELECT jsonb_agg(pg_temp.us(pg_temp.added(s, a, amount)) ORDER BY n) FROM unnest(since, amounts) WITH ORDINALITY x(a, amount, n)),
        'lawless', (SELECT jsonb_agg(pg_temp.lawless(s, a, amount, pg_temp.added(s, a, amount))) FILTER (WHERE pg_temp.lawless(s, a, amount, pg_temp.added(s, a, amount)) IS NOT NULL) FROM unnest(since, amounts) x(a, amount)),
        'open_times', (SELECT jsonb_agg(crm_timeline.open_times(s, d) = open_times * tstzmultirange(d) ORDER BY n) FROM unnest(during) WITH ORDINALITY x(d, n)),
        'canonical', s::text::schedule = s AND s::text::schedule::text = s::text);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;
'''

ASK = "SELECT number || ' ' || pg_temp.asked(schedule, instants, since, amounts, open_times, during) FROM schedule_case;\n"
EPOCH = datetime(1970, 1, 1)


def written(time):
    return (EPOCH + timedelta(microseconds=time)).isoformat() + 'Z'


def array_of(texts):
    return '{' + ','.join(f'"{text}"' for text in texts) + '}'


def ranges_of(case):
    """Between neighbours, with and without their ends; what is at the end of the window the oracle does not know."""
    end = (case.begin + len(case.flags) * case.unit) * SECOND
    marks = ('[)', '[]', '()', '(]')
    pairs = zip(marks, case.instants[:5], case.instants[1:5])
    return [f'{mark[0]}{written(a)},{written(b)}{mark[1] if b < end else ")"}' for mark, a, b in pairs]


def ask(command, cases):
    rows = []
    for case in cases:
        stretches = ','.join(f'[{written(opens)},{written(closes)})' for opens, closes in stretches_of(case))
        rows.append((case.number, case.text, array_of(map(written, case.instants)), array_of(written(time) for time, _ in case.amounts),
                     array_of(str(amount) for _, amount in case.amounts), '{' + stretches + '}', array_of(ranges_of(case))))
    return run(command, SET_UP + copy('schedule_case', rows) + ASK)


# None of these is a schedule.
REFUSED = ('', ' ', ';', 'UTC', 'UTC;', 'mon 09:00-10:00', 'closed', '09:00-10:00', 'Europe/Nowhere mon 09:00-10:00', '+01:00 closed',
           'CET-1CEST closed', 'EST5EDT closed', 'Etc/GMT+99 closed', '<+01>-1 closed', 'localtime closed', 'UTC mon', 'UTC mon;',
           'UTC mon 09:00', 'UTC mon 9:00-10:00', 'UTC mon 09:00-25:00', 'UTC mon 24:00-10:00', 'UTC mon 09:60-10:00',
           'UTC mon 09:00-24:01', 'UTC mon 09:00 - 10:00', 'UTC monday 09:00-10:00', 'UTC mon-xyz 09:00-10:00', 'UTC mon- 09:00-10:00',
           'UTC mon, tue 09:00-10:00', 'UTC mon 09:00-10:00,', 'UTC mon closed, mon 09:00-10:00', 'UTC closed, mon 09:00-10:00',
           'UTC mon 09:00-10:00 tue 09:00-10:00', 'UTC closed;', 'UTC closed;;', 'UTC closed; 2026-02-29 closed', 'UTC closed; 2026-13-01 closed',
           'UTC closed; 0000-01-01 closed', 'UTC closed; 2026-01-01', 'UTC closed; 2026-01-01 closed, closed', 'UTC closed; 2026-01-01 mon 09:00-10:00',
           'UTC closed; 2026-01-01..2025-12-31 closed', 'UTC closed; 2026-01-01 closed; 2026-01-01 closed', 'UTC closed; 2026-01-01..2026-01-03 closed; 2026-01-02 09:00-10:00',
           'UTC closed; from', 'UTC closed; from 2026-01-01', 'UTC closed; from 2026-01-01 UTC', 'UTC closed; from 2026-01-01..2026-01-02 closed',
           'UTC closed; from 2026-01-02 closed; from 2026-01-01 closed', 'UTC closed; from 2026-01-01 closed; from 2026-01-01 closed', 'UTC closed; mon 09:00-10:00')


def compare_refusals(command):
    script = SET_UP + 'CREATE TEMP TABLE refused (number int, schedule text);\n' + copy('refused', enumerate(REFUSED)) + '''
        CREATE FUNCTION pg_temp.refused(schedule_text text) RETURNS text LANGUAGE plpgsql AS $$
        BEGIN
            RETURN schedule_text::schedule::text;
        EXCEPTION WHEN invalid_text_representation THEN
            RETURN NULL;
        END $$;
        SELECT number || ' ' || jsonb_build_array(pg_temp.refused(schedule)) FROM refused;
        '''
    got = run(command, script)
    accepted = [text for number, text in enumerate(REFUSED) if got[number] != [None]]
    for text in accepted:
        print(f'not refused: {text}')
    return len(accepted)


# -- the comparison --

def wanted_of(case):
    stretches = stretches_of(case)
    window_end = (case.begin + len(case.flags) * case.unit) * SECOND
    return {
        'between': [open_between(stretches, a, b) for a in case.instants for b in case.instants],
        'is_open': [is_open(case.schedule, time // SECOND) for time in case.instants],
        'opens_at': [opens_after(stretches, time) for time in case.instants],
        'closes_at': [closes_after(stretches, time, window_end) for time in case.instants],
        'added': [later(stretches, time, amount) for time, amount in case.amounts],
        'lawless': None, 'open_times': [True] * 4, 'canonical': True}


def beyond(case, name, n, got):
    """Whether an answer that the window does not have is outside of it, or that there is none."""
    begin, end = case.begin * SECOND, (case.begin + len(case.flags) * case.unit) * SECOND
    if got is None:
        return True
    if name == 'added' and case.amounts[n][1] < 0:
        return got < begin
    return got >= end if name != 'added' else got > end


def difference_of(case, wanted, got):
    if 'error' in got:
        return got['error']
    for name, answer in wanted.items():
        if name in ('opens_at', 'closes_at', 'added'):
            same = all(y == x if x is not None else beyond(case, name, n, y) for n, (x, y) in enumerate(zip(answer, got[name])))
        else:
            same = got[name] == answer
        if not same:
            return f'{name}: wanted {answer}\n{" " * len(name)}  got    {got[name]}'
    return None


FEATURES = ('clock changed', 'local mean time', 'seconds', 'versions', 'version changes', 'zone changes', 'exceptions', 'exception within',
            'past midnight', 'weeks', 'always open', 'never open', 'no answer', 'negative amount', 'beyond', 'within a second')


def features(case, wanted, got):
    """What a case has of what has to be covered."""
    schedule = case.schedule
    end = case.begin + (len(case.flags) - 1) * case.unit
    first, last = version_in_force(schedule, case.begin), version_in_force(schedule, end)
    zone = schedule.versions[first[0]].zone
    offsets = {offset_of(zone, time) for time in range(case.begin, end, DAY // 2)}
    days = range(first[1].toordinal(), last[1].toordinal() + 1)
    every_hours = [hours for version in schedule.versions for hours in version.week] + list(schedule.exceptions.values())
    every = {
        'clock changed': len(offsets) > 1,
        'local mean time': any(offset.total_seconds() % 60 for offset in offsets),
        'seconds': case.unit == 1,
        'versions': len(schedule.versions) > 1,
        'version changes': first[0] != last[0],
        'zone changes': zone != schedule.versions[last[0]].zone,
        'exceptions': bool(schedule.exceptions),
        'exception within': any(day in schedule.exceptions for day in days),
        'past midnight': any(closes > 1440 for hours in every_hours for _, closes in hours),
        'weeks': end - case.begin > 14 * DAY,
        'always open': all(case.flags),
        'never open': not any(case.flags),
        'no answer': None in got.get('added', ()) or None in got.get('opens_at', ()),
        'negative amount': any(amount < 0 for _, amount in case.amounts),
        'beyond': None in wanted['added'],
        'within a second': any(time % SECOND for time in case.instants),
    }
    return [name for name, has in every.items() if has]


def compare(options, command):
    differing, seen = 0, Counter()
    for first in range(0, options.cases, options.batch):
        cases = [make_case(options.seed, n) for n in range(first, min(first + options.batch, options.cases))]
        got = ask(command, cases) if command else {}
        for case in cases:
            wanted = wanted_of(case)
            seen.update(features(case, wanted, got.get(case.number, wanted)))
            difference = difference_of(case, wanted, got[case.number]) if command else None
            if difference:
                differing += 1
                if differing <= SHOWN:
                    print(f'case {case.number}\n{case.text}\nat {", ".join(map(written, case.instants))}\namounts '
                          f'{[(written(time), amount) for time, amount in case.amounts]}\n{difference}\n')
        if options.until_different and differing:
            print(f'cases {first + len(cases)}, differences {differing}')
            return 1
    print(', '.join(f'{name}: {seen[name]}' for name in FEATURES))
    too_few = lacking(seen, FEATURES, options.cases, 'cases', 100) if command else []
    accepted = compare_refusals(command) if command else 0
    print(f'cases {options.cases}, differences {differing + accepted}')
    return 1 if differing or accepted or too_few else 0


if __name__ == '__main__':
    main('Compares what is open by a schedule with its definition.', 'cases', 200, compare)
