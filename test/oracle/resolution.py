"""Customers from their definition, compared with resolve() on random histories of links.

    resolution.py --histories N --seed S [--batch 50] [--until-different] [--dry-run] [-- psql ARGS...]

A history is some steps over a few identities: facts are asserted and observed, changed and withdrawn, and guards are
set. After each step the database resolves what the step touched, and must say what the definition below says of all
facts; then it resolves everything from scratch, and must say the same. In the end the customers by minimum grade, those
of former moments, the chains of links and their grades are asked for, and all facts that are left are told again to an
empty database in another order, and must come to the same.

Links are taken back now and then at once, which has to give back what was, numbers included.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension and nothing in its tables; they are emptied. The exit status is 1 when something differs.
"""
import json
import os
import random
import sys
from collections import Counter
from typing import NamedTuple, Optional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patterns'))
from session import lacking, main, psql_lines

SHOWN = 5           # differences printed

# What looks alike is listed, so that the definition does not ask the same library as the extension.
ALIKE = ({'user:paypal', 'user:p\u0430ypal'}, {'user:Ian', 'user:lan'}, {'device:rn', 'device:m'},
         {'acme/user:1l', 'acme/user:l1'}, {'email:paypal@x.com', 'email:p\u0430ypal@x.com'})
POOL = ('email:a@x.com', 'email:b@x.com', 'email:c@x.com', 'email:paypal@x.com', 'email:p\u0430ypal@x.com',
        'phone:+4930111111', 'phone:+4930222222', 'user:u1', 'user:u2', 'user:u3', 'user:paypal', 'user:p\u0430ypal',
        'user:Ian', 'user:lan', 'device:d1', 'device:d2', 'device:rn', 'device:m', 'acme/email:a@x.com', 'acme/user:u1',
        'acme/user:1l', 'acme/user:l1', 'acme/device:d1', '"a b"/user:u1', 'user:u:1', 'zeta-1:x')
CROWD = ('user:u1', 'user:u2', 'user:u3', 'user:u4', 'user:u5', 'user:Ian', 'user:lan', 'device:d1', 'device:rn', 'device:m')
GRADES = (25, 50, 75, 100)
MIN_GRADES = (1, 25, 26, 50, 51, 75, 76, 100)


class Asserted(NamedTuple):
    number: int
    a: str
    b: str
    verdict: str
    grade: Optional[int]
    source: Optional[str]
    time: int


class Observed(NamedTuple):
    source: str
    a: str
    b: str
    grade: int
    time: int


class Guards(NamedTuple):
    per_customer: dict
    degree: dict
    settings: dict
    blocked: frozenset


# -- the definition --

def in_order(identity):
    return identity.encode()


def pair(a, b):
    return tuple(sorted((a, b), key=in_order))


def parts(identity):
    """(tenant or None, namespace)"""
    head = identity
    tenant = None
    if identity.startswith('"'):
        tenant, head = identity[1:].split('"/', 1)
    elif '/' in identity.split(':', 1)[0]:
        tenant, head = identity.split('/', 1)
    return tenant, head.split(':', 1)[0]


def alike(x, y):
    return any(x in group and y in group for group in ALIKE) and x != y


def judged(asserted, observed):
    """What is in force of the facts about one pair: 'never', None, or (grade, time, source)."""
    newest = max(asserted, key=lambda fact: (fact.time, fact.number), default=None)
    if newest is not None and newest.verdict == 'never':
        return 'never'
    # an asserted fact comes before observed ones where a source has to be named
    facts = [(-fact.grade, fact.time, 1, fact.source) for fact in observed]
    if newest is not None and newest.verdict == 'same':
        facts.append((-newest.grade, newest.time, 0, newest.source or ''))
    if not facts:
        return None
    grade, time, kind, source = min(facts)
    return -grade, time, (source or None) if kind == 0 else source


class Answer(NamedTuple):
    customers: dict     # identity: frozenset of its customer's
    bonds: list
    refused: list
    inside: int
    links: int


def resolved(asserted, observed, guards, identities):
    pairs = {}
    for fact in asserted:
        pairs.setdefault(pair(fact.a, fact.b), ([], []))[0].append(fact)
    for fact in observed:
        pairs.setdefault(pair(fact.a, fact.b), ([], []))[1].append(fact)
    links, nevers, refused = [], [], []
    for (a, b), (said, seen) in pairs.items():
        verdict = judged(said, seen)
        if verdict is None or (a in guards.blocked and b in guards.blocked):
            continue
        if a in guards.blocked or b in guards.blocked:
            if verdict != 'never':
                refused.append((a, b, verdict[2], verdict[0], verdict[1], 'blocked'))
        elif verdict == 'never':
            nevers.append((a, b))
        else:
            links.append((a, b, *verdict))
    # grade descending, time ascending, then the ends
    links.sort(key=lambda link: (-link[2], link[3], in_order(link[0]), in_order(link[1])))
    customer = {identity: frozenset([identity]) for identity in identities}
    accepted = Counter()
    bonds, inside = [], 0
    cluster = guards.settings.get('cluster', 1000)
    for a, b, grade, time, source in links:
        one, other = customer[a], customer[b]
        if one is other:
            inside += 1
        else:
            both = one | other
            reason = None
            if parts(a)[0] != parts(b)[0]:
                reason = 'tenant'
            elif any((x in one and y in other) or (x in other and y in one) for x, y in nevers):
                reason = 'never'
            elif any(sum(parts(x)[1] == namespace for x in both) > most
                     and any(parts(x)[1] == namespace for x in one) and any(parts(x)[1] == namespace for x in other)
                     for namespace, most in guards.per_customer.items()):
                reason = 'limit'
            elif any(accepted[x] >= guards.degree.get(parts(x)[1], guards.settings.get('degree', 100)) for x in (a, b)):
                reason = 'degree'
            elif len(both) > cluster:
                reason = 'cluster'
            elif any(alike(x, y) for x in one for y in other):
                reason = 'looks_like'
            if reason:
                refused.append((a, b, source, grade, time, reason))
                continue
            bonds.append((a, b, grade))
            for x in both:
                customer[x] = both
        accepted[a] += 1
        accepted[b] += 1
    return Answer(customer, sorted(bonds, key=lambda bond: (in_order(bond[0]), in_order(bond[1]))),
                  sorted(refused, key=lambda link: (in_order(link[0]), in_order(link[1]))), inside, len(links))


def at_grade(identities, bonds, grade):
    """The customers of identities when only bonds of that grade count."""
    customer = {identity: frozenset([identity]) for identity in identities}
    for a, b, bond_grade in bonds:
        if bond_grade >= grade:
            both = customer[a] | customer[b]
            for x in both:
                customer[x] = both
    return customer


def path(bonds, a, b):
    """The identities on the way from a to b, and the grades of its bonds; None where there is no way."""
    ways = {}
    for x, y, grade in bonds:
        ways.setdefault(x, []).append((y, grade))
        ways.setdefault(y, []).append((x, grade))
    todo = [([a], [])]
    while todo:
        nodes, grades = todo.pop()
        if nodes[-1] == b:
            return nodes, grades
        todo.extend(([*nodes, y], [*grades, grade]) for y, grade in ways.get(nodes[-1], ()) if y not in nodes)
    return None


# -- random histories --

def quoted(text):
    return 'NULL' if text is None else "'" + text.replace("'", "''") + "'"


def moment(time):
    return f"timestamptz '2026-01-01Z' + {time} * interval '1 day'"


class History:
    """Facts and guards as they are; what it does is told to the database by statements."""

    def __init__(self, seed, number):
        self.rng = random.Random(f'{seed}/{number}')
        self.number = number
        self.pool = self.rng.sample(POOL, self.rng.randint(4, 11))
        if self.rng.random() < 0.3:
            self.pool = list({*self.pool, *self.rng.choice(ALIKE)})
        if self.rng.random() < 0.5:
            # walls are in the way of all else
            self.pool = [i for i in self.pool if parts(i)[0] is None] or self.pool
        self.crowded = self.rng.random() < 0.2
        if self.crowded:
            self.pool = self.rng.sample(CROWD, self.rng.randint(6, len(CROWD)))
        self.pool.sort(key=in_order)
        self.asserted, self.observed = [], []
        self.guards = Guards({}, {}, {}, frozenset())
        self.numbers = {}       # identity: number
        self.features = Counter()
        self.steps = []         # (statements, touched identities, expected state)
        self.undone = []        # (step, earlier step) whose states are the same
        for _ in range(self.rng.randint(3, 9)):
            self.step()

    def two(self):
        return tuple(self.rng.sample(self.pool, 2)) if len(self.pool) > 1 else (self.pool[0], 'user:other')

    def time(self):
        return self.rng.randint(1, 6)

    def assert_fact(self, verdict, a, b, time=None):
        fact = Asserted(len(self.asserted) + 1, *pair(a, b), verdict,
                        self.rng.choice(GRADES) if verdict == 'same' else None,
                        self.rng.choice((None, 'desk', 'app')), self.time() if time is None else time)
        self.asserted.append(fact)
        return telling(fact)

    def change_facts(self):
        """One fact; returns the statements and the identities that resolve() is given."""
        rng = self.rng
        form = rng.random()
        a, b = self.two()
        if form < 0.3:
            return [self.assert_fact('same', a, b)], []
        if form < 0.42:
            return [self.assert_fact('never', a, b)], []
        if form < 0.52 and self.asserted:
            fact = rng.choice(self.asserted)
            return [self.assert_fact('unlink', fact.a, fact.b)], []
        if form < 0.62 and self.observed:
            fact = rng.choice(self.observed)
            self.observed.remove(fact)
            return [f"DELETE FROM observed_link WHERE source = {quoted(fact.source)} AND a = {quoted(fact.a)} AND b = "
                    f"{quoted(fact.b)};"], [fact.a, fact.b]
        if form < 0.67:
            return [], [a]
        fact = Observed(rng.choice(('shop', 'web')), a, b, rng.choice(GRADES), self.time())
        self.observed = [o for o in self.observed if (o.source, o.a, o.b) != (fact.source, a, b)] + [fact]
        return [f"INSERT INTO observed_link VALUES ({quoted(fact.source)}, {quoted(a)}, {quoted(b)}, {fact.grade}, "
                f"{moment(fact.time)}) ON CONFLICT (source, a, b) DO UPDATE SET grade = EXCLUDED.grade, "
                f"noted_at = EXCLUDED.noted_at;"], [a, b]

    def change_guards(self):
        rng = self.rng
        form = rng.random()
        if form < 0.4:
            identity = rng.choice(self.pool)
            if identity in self.guards.blocked:
                self.guards = self.guards._replace(blocked=self.guards.blocked - {identity})
                return [f'DELETE FROM blocked_identity WHERE identity = {quoted(identity)};']
            self.guards = self.guards._replace(blocked=self.guards.blocked | {identity})
            return [f'INSERT INTO blocked_identity VALUES ({quoted(identity)});']
        if form < 0.75:
            namespace = parts(rng.choice(self.pool))[1]
            per_customer = rng.choice((None, 1, 1, 2) if not self.crowded else (1, 2, 2, 3))
            degree = rng.choice((None, None, 1, 2, 3))
            limits = [{**now, namespace: new} if new else {n: v for n, v in now.items() if n != namespace}
                      for now, new in ((self.guards.per_customer, per_customer), (self.guards.degree, degree))]
            self.guards = self.guards._replace(per_customer=limits[0], degree=limits[1])
            return [f"INSERT INTO identity_limit VALUES ({quoted(namespace)}, {per_customer or 'NULL'}, {degree or 'NULL'})"
                    ' ON CONFLICT (namespace) DO UPDATE SET per_customer = EXCLUDED.per_customer, degree = EXCLUDED.degree;']
        name = rng.choice(('degree', 'cluster'))
        value = rng.choice((None, 2, 3, 4))
        settings = {n: v for n, v in self.guards.settings.items() if n != name}
        if value:
            settings[name] = value
        self.guards = self.guards._replace(settings=settings)
        said = [f'DELETE FROM resolution_setting WHERE name = {quoted(name)};']
        return said + ([f'INSERT INTO resolution_setting VALUES ({quoted(name)}, {value});'] if value else [])

    def step(self):
        rng = self.rng
        said, touched = [], []
        for _ in range(rng.choice((1, 1, 1, 2, 4) if not self.crowded else (2, 4, 6))):
            more, ends = self.change_facts()
            said += more
            touched += ends
        if rng.random() < (0.25 if not self.crowded else 0.5):
            said += self.change_guards()
        self.end_step(said, touched)
        if rng.random() < 0.3:
            self.undo()

    def undo(self):
        """Links or parts two identities about which nothing was asserted, and takes it back."""
        free = [(a, b) for a in self.pool for b in self.pool if in_order(a) < in_order(b)
                and a in self.numbers and b in self.numbers
                and not any((f.a, f.b) == (a, b) for f in self.asserted)]
        if not free:
            return
        a, b = self.rng.choice(free)
        before = len(self.steps) - 1
        self.end_step([self.assert_fact(self.rng.choice(('same', 'same', 'never')), a, b, 3)], [])
        self.end_step([self.assert_fact('unlink', a, b, 4)], [])
        self.undone.append((len(self.steps) - 1, before))

    def end_step(self, said, touched):
        named = {*self.numbers, *touched}
        for fact in (*self.asserted, *self.observed):
            named |= {fact.a, fact.b}
        for identity in sorted(named - self.numbers.keys(), key=in_order):
            self.numbers[identity] = len(self.numbers) + 1
        self.answer = resolved(self.asserted, self.observed, self.guards, named)
        customers = {i: min(self.numbers[x] for x in self.answer.customers[i]) for i in named}
        state = {'membership': [[i, self.numbers[i], customers[i]] for i in sorted(named, key=in_order)],
                 'bonds': [list(bond) for bond in self.answer.bonds],
                 'refused': [list(link) for link in self.answer.refused]}
        for _, _, _, _, _, reason in self.answer.refused:
            self.features[reason] += 1
        self.features['bond'] += bool(self.answer.bonds)
        self.features['inside'] += bool(self.answer.inside)
        if self.steps:
            before = {i: c for i, _, c in self.steps[-1][2]['membership']}
            self.features['joined'] += any(before[i] == self.numbers[i] != customers[i] for i in before)
            self.features['split'] += any(before[i] != self.numbers[i] == customers[i] for i in before)
        self.steps.append((said, touched, state))

    def last(self):
        """What the final questions have to be answered with."""
        named = sorted(self.numbers, key=in_order)
        bonds = self.answer.bonds
        grades = {}
        for grade in MIN_GRADES:
            customer = at_grade(named, bonds, grade)
            grades[str(grade)] = [min(self.numbers[x] for x in customer[i]) for i in named]
        chains, ids = [], []
        for a in named:
            oldest = next(x for x in named if self.numbers[x] == min(self.numbers[y] for y in self.answer.customers[a]))
            ids.append(min(path(bonds, oldest, a)[1], default=100))
            for b in named:
                found = path(bonds, a, b)
                if a != b and found:
                    nodes, levels = found
                    chains.append([a, b, [[*ends, level] for *ends, level in zip(nodes, nodes[1:], levels)]])
        return {'grades': grades, 'chains': chains, 'with_oldest': ids, 'wrong_moments': 0}

    def told_again(self):
        """All facts in another order; those of one pair and time keep theirs, since the later one decides."""
        facts = [*self.asserted, *self.observed]
        self.rng.shuffle(facts)
        ties = {}
        for fact in self.asserted:
            ties.setdefault((fact.a, fact.b, fact.time), []).append(fact)
        for at, fact in enumerate(facts):
            if isinstance(fact, Asserted):
                facts[at] = ties[fact.a, fact.b, fact.time].pop(0)
        said = []
        for fact in facts:
            if isinstance(fact, Asserted):
                said.append(telling(fact))
            else:
                said.append(f'INSERT INTO observed_link VALUES ({quoted(fact.source)}, {quoted(fact.a)}, {quoted(fact.b)}, '
                            f'{fact.grade}, {moment(fact.time)});')
            if self.rng.random() < 0.2:
                said.append('SELECT pg_temp.note(resolve(ARRAY(SELECT e FROM observed_link o, LATERAL (VALUES (a), (b)) v(e))));')
        return said


def telling(fact):
    """The call that asserts a fact."""
    grade = f'grade => {fact.grade}, ' if fact.verdict == 'same' else ''
    function = {'same': 'link', 'never': 'never', 'unlink': 'unlink'}[fact.verdict]
    return (f"SELECT pg_temp.note({function}({quoted(fact.a)}, {quoted(fact.b)}, {grade}source => {quoted(fact.source)}, "
            f'noted_at => {moment(fact.time)}));')


# -- the database --

SET_UP = r'''
SET client_min_messages = error;
SET client_encoding = 'UTF8';
SET timezone = 'UTC';
SET search_path = public, crm_timeline;
SET crm_timeline.erasing = on;
CREATE TEMP TABLE logged (at timestamptz, state jsonb);

CREATE FUNCTION pg_temp.note(anyelement) RETURNS SETOF int LANGUAGE sql AS $$ SELECT 1 WHERE false $$;

CREATE FUNCTION pg_temp.day(timestamptz) RETURNS int LANGUAGE sql AS $$
    SELECT (extract(epoch FROM $1 - '2026-01-01Z') / 86400)::int
$$;

CREATE FUNCTION pg_temp.state() RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'membership', (SELECT coalesce(jsonb_agg(jsonb_build_array(identity, number, customer_id) ORDER BY identity), '[]') FROM membership),
        'bonds', (SELECT coalesce(jsonb_agg(jsonb_build_array(a, b, grade) ORDER BY a, b), '[]')
            FROM (SELECT least(x.identity, y.identity) AS a, greatest(x.identity, y.identity) AS b, grade
                  FROM bond k JOIN membership x ON x.number = k.a JOIN membership y ON y.number = k.b WHERE k.a < k.b
                  UNION ALL SELECT NULL, NULL, grade FROM bond k WHERE k.a >= k.b) k),
        'refused', (SELECT coalesce(jsonb_agg(jsonb_build_array(a, b, source, grade, pg_temp.day(noted_at), reason) ORDER BY a, b), '[]') FROM refused_link))
$$;

CREATE FUNCTION pg_temp.details() RETURNS jsonb LANGUAGE sql AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_array(a, b, detail) ORDER BY a, b), '[]') FROM refused_link
$$;

-- The state after a step, and whether it comes out from scratch, too.
CREATE FUNCTION pg_temp.step(touched identity[]) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    found jsonb;
    details jsonb;
    again jsonb := '[]';
BEGIN
    PERFORM resolve(touched);
    found := pg_temp.state();
    details := pg_temp.details();
    BEGIN
        PERFORM resolve();
        again := again || to_jsonb(pg_temp.state() = found AND pg_temp.details() = details AND (SELECT count(*) = 0 FROM touched_identity));
        DELETE FROM bond;
        DELETE FROM refused_link;
        UPDATE membership SET customer_id = number;
        PERFORM resolve();
        again := again || to_jsonb(pg_temp.state() = found AND pg_temp.details() = details);
        RAISE EXCEPTION USING ERRCODE = 'YY000';
    EXCEPTION WHEN SQLSTATE 'YY000' THEN
        NULL;
    END;
    INSERT INTO logged VALUES (clock_timestamp(), found);
    RETURN found || jsonb_build_object('again', again);
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;

CREATE FUNCTION pg_temp.last(grades int[]) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN jsonb_build_object(
        'grades', (SELECT jsonb_object_agg(g, (SELECT jsonb_agg(customer_of(identity, g) ORDER BY identity) FROM membership)) FROM unnest(grades) g),
        'chains', (SELECT coalesce(jsonb_agg(jsonb_build_array(x.identity, y.identity, w.chain) ORDER BY x.identity, y.identity), '[]')
                     FROM membership x, membership y,
                          LATERAL (SELECT jsonb_agg(jsonb_build_array(one, other, grade) ORDER BY step) AS chain FROM why_linked(x.identity, y.identity)) w
                    WHERE w.chain IS NOT NULL),
        'with_oldest', (SELECT jsonb_agg((SELECT grade FROM identities_of(customer_id) i WHERE i.identity = m.identity) ORDER BY identity) FROM membership m),
        'wrong_moments', (SELECT count(*) FROM logged, LATERAL jsonb_array_elements(state->'membership') e
                           WHERE customer_of((e->>0)::identity, as_of => at) IS DISTINCT FROM (e->>2)::bigint
                              OR current_customer((e->>1)::bigint) IS DISTINCT FROM customer_of((e->>0)::identity)
                              OR current_customer(provisional_customer((e->>0)::identity)) IS DISTINCT FROM customer_of((e->>0)::identity)));
EXCEPTION WHEN OTHERS THEN
    RETURN jsonb_build_object('error', SQLSTATE || ': ' || SQLERRM);
END $$;
'''

EMPTY = '''TRUNCATE link, observed_link, touched_identity, membership, former_membership, bond, refused_link{guards};
TRUNCATE logged; SELECT pg_temp.note((setval('membership_number_seq', 1, false), setval('link_id_seq', 1, false))::text);
DELETE FROM touched_identity;
'''


def array_of(identities):
    return 'ARRAY[' + ', '.join(map(quoted, identities)) + ']::identity[]'


def script_of(history):
    lines = [EMPTY.format(guards=', identity_limit, blocked_identity, resolution_setting')]
    for at, (said, touched, _) in enumerate(history.steps):
        lines += said
        lines.append(f"SELECT '{history.number} {at} ' || pg_temp.step({array_of(touched)})::text;")
    lines.append(f"SELECT '{history.number} last ' || pg_temp.last('{{{','.join(map(str, MIN_GRADES))}}}')::text;")
    lines.append(EMPTY.format(guards=''))
    lines += history.told_again()
    lines.append(f"SELECT '{history.number} again ' || pg_temp.step({array_of(history.numbers)})::text;")
    return '\n'.join(lines) + '\n'


def run(command, script):
    answers = {}
    for line in psql_lines(command, script):
        number, what, answer = line.split(' ', 2)
        answers[int(number), what] = json.loads(answer)
    return answers


# -- the comparison --

def without_numbers(state):
    """What does not depend on the order in which identities came: the customers as sets."""
    sets = {}
    for identity, _, customer in state['membership']:
        sets.setdefault(customer, []).append(identity)
    return {'customers': sorted(sets.values()), 'bonds': state['bonds'], 'refused': state['refused']}


def first_difference(wanted, got):
    if 'error' in got:
        return got['error']
    for name, answer in wanted.items():
        if got[name] != answer:
            return f'{name}: wanted {answer}\n{" " * len(name)}  got    {got[name]}'
    return None


def invariants(history, state):
    """What has to hold whatever the definition says."""
    customers = {}
    for identity, number, customer in state['membership']:
        customers.setdefault(customer, []).append((number, identity))
    for customer, members in customers.items():
        if min(members)[0] != customer:
            return f'customer {customer} is not the least number of {members}'
        if len({parts(i)[0] for _, i in members}) > 1:
            return f'customer {customer} has two tenants'
        spaces = Counter(parts(i)[1] for _, i in members)
        for namespace, most in history.guards.per_customer.items():
            if spaces[namespace] > most:
                return f'customer {customer} has {spaces[namespace]} of {namespace}'
        if len(members) > history.guards.settings.get('cluster', 1000):
            return f'customer {customer} has {len(members)} identities'
        if any(alike(x, y) for _, x in members for _, y in members):
            return f'customer {customer} has two that look alike'
    if len(state['bonds']) != len(state['membership']) - len(customers):
        return 'the bonds are no forest'
    return None


def refines(last):
    """Raising the grade only splits."""
    for low, high in zip(MIN_GRADES, MIN_GRADES[1:]):
        groups = {}
        for below, above in zip(last['grades'][str(low)], last['grades'][str(high)]):
            if groups.setdefault(above, below) != below:
                return f'grade {high} joins what {low} does not'
    return None


def difference_of(history, got):
    for at, (said, _, wanted) in enumerate(history.steps):
        answer = got[history.number, str(at)]
        difference = first_difference({**wanted, 'again': [True, True]}, answer)
        if difference is None and at == len(history.steps) - 1:
            difference = invariants(history, answer)
        if difference:
            told = '\n'.join(line for lines, _, _ in history.steps[:at + 1] for line in [*lines, '--'])
            return f'{told}\nstep {at}: {difference}'
    for at, before in history.undone:
        wanted = {name: got[history.number, str(before)][name] for name in ('membership', 'bonds', 'refused')}
        difference = first_difference(wanted, got[history.number, str(at)])
        if difference:
            return f'undone in step {at}: {difference}'
    last = got[history.number, 'last']
    difference = first_difference(history.last(), last) or refines(last)
    if difference:
        return f'last: {difference}'
    again = got[history.number, 'again']
    if 'error' in again or again['again'] != [True, True]:
        return f'told again: {again}'
    difference = first_difference(without_numbers(history.steps[-1][2]), without_numbers(again))
    return difference and f'told again: {difference}'


FEATURES = ('bond', 'inside', 'joined', 'split', 'blocked', 'tenant', 'never', 'limit', 'degree', 'cluster', 'looks_like', 'undone')


def compare(options, command):
    differing, steps, seen = 0, 0, Counter()
    for first in range(0, options.histories, options.batch):
        histories = [History(options.seed, n) for n in range(first, min(first + options.batch, options.histories))]
        got = run(command, SET_UP + ''.join(map(script_of, histories))) if command else {}
        for history in histories:
            steps += len(history.steps)
            history.features['undone'] += len(history.undone)
            seen.update(name for name in FEATURES if history.features[name])
            difference = difference_of(history, got) if command else None
            if difference:
                differing += 1
                if differing <= SHOWN:
                    print(f'history {history.number}\n{difference}\n')
        if options.until_different and differing:
            print(f'histories {first + len(histories)}, differences {differing}')
            return 1
    print(', '.join(f'{name}: {seen[name]}' for name in FEATURES))
    too_few = lacking(seen, FEATURES, options.histories, 'histories')
    print(f'histories {options.histories}, steps {steps}, differences {differing}')
    return 1 if differing or too_few else 0


if __name__ == '__main__':
    main('Compares resolve() with its definition.', 'histories', 50, compare)
