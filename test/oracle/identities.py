"""Identities by the letter of the standards, compared with the worked cases and with the server.

    identities.py --cases FILE                                       # the expected column of test/cases/identities.tsv
    identities.py --compare N [--seed S] [--batch 5000] [--until-different] [-- psql ARGS...]

Written from Unicode's and the RFCs' text with what Python knows of characters, and without a library for
internationalised domains: NFC, NFKC and toNFKC_Casefold (UAX #15, Unicode 3.13), the mapping, the validity, the bidi
rule and the context of joiners (UTS #46, RFC 5892, RFC 5893), Punycode (RFC 3492), dot-atoms (RFC 5322, 6532), E.164.
Python's Unicode may be older than the server's, so random texts are made of scripts that are long settled.

The command after -- (psql, with the environment's PGHOST, PGPORT and PGDATABASE, when none is given) reaches a
database that has the extension. The exit status is 1 when something differs.
"""
import argparse
import os
import random
import re
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'patterns'))
from server import copy, run

SHOWN = 5           # differences printed
MAX_BYTES = 1024

ZWNJ, ZWJ = '\u200c', '\u200d'
JOINERS = {ZWNJ, ZWJ}

# Default_Ignorable_Code_Point, from DerivedCoreProperties.txt
IGNORABLE = [(0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
             (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F),
             (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
             (0xE0000, 0xE0FFF)]

ATEXT = set("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")

# Letters of the Arabic block that join to the right only, or to nothing (Joining_Type R and U)
RIGHT_JOINING = set('آأؤإاةدذرزوٱٲٳٵٶٷڈډڊڋڌڍڎڏڐڑڒړڔڕږڗژڙۀۃۄۅۆۇۈۉۊۋۍۏےۓەۮۯ')
NOT_JOINING = set('ءٴۯ')

# Assigned country codes: every one, as the ITU's list of 15 December 2016 has them
COUNTRY_CODES = {str(code) for code in [
    1, 7, 20, 27, *range(30, 35), 36, 39, 40, 41, *range(43, 50), *range(51, 59), *range(60, 67), 81, 82, 84, 86,
    *range(90, 96), 98, *range(211, 214), 216, 218, *range(220, 259), *range(260, 270), 290, 291, 297, 298, 299,
    *range(350, 360), *range(370, 384), 385, 386, 387, 389, 420, 421, 423, *range(500, 510), *range(590, 600), 670,
    *range(672, 684), *range(685, 693), 800, 808, 850, 852, 853, 855, 856, 870, 878, 880, 881, 882, 883, 886, 888,
    *range(960, 969), *range(970, 978), 979, *range(992, 997), 998]}


class Problem(Exception):
    """Why a text is no identity: the word that the sentence begins with."""


# -- characters and texts --

def is_ignorable(c):
    return any(first <= ord(c) <= last for first, last in IGNORABLE)


def is_trimmed(c):
    return c.isspace() or unicodedata.category(c) in ('Cc', 'Cf') or is_ignorable(c)


def trim(text):
    while text and is_trimmed(text[0]):
        text = text[1:]
    while text and is_trimmed(text[-1]):
        text = text[:-1]
    return text


def clean(text, kept=frozenset()):
    text = ''.join(c for c in trim(text) if c in kept or not is_ignorable(c))
    if any(unicodedata.category(c) == 'Cc' for c in text):
        raise Problem('control character')
    if len(text.encode()) > 4 * MAX_BYTES:
        raise Problem('too long')
    return text


def folded(c):
    """NFKC_Casefold of one character: folding, compatibility and the removal of what is ignorable, to the end."""
    text, before = c, None
    while text != before:
        before = text
        text = unicodedata.normalize('NFKC', ''.join(c for c in text if not is_ignorable(c)).casefold())
    return text


def nfkc_casefold(text):
    """toNFKC_Casefold(NFD(X)), by which identifiers match whatever their case (Unicode 3.13, D147)."""
    return unicodedata.normalize('NFC', ''.join(map(folded, unicodedata.normalize('NFD', text))))


# -- domains --

def mapped(domain):
    """The mapping of UTS #46, non-transitional: sharp s, final sigma and the joiners stay."""
    out = []
    for c in domain:
        if c in 'ßς' or c in JOINERS:
            out.append(c)
        elif c in '。．｡':
            out.append('.')
        else:
            out.append(folded(c))
    return unicodedata.normalize('NFC', ''.join(out))


def joins(label, at):
    """Does the joiner at this place join anything? (RFC 5892, appendix A)"""
    if at > 0 and unicodedata.combining(label[at - 1]) == 9:
        return True
    if label[at] == ZWJ:
        return False
    before = [c for c in label[:at] if unicodedata.category(c) != 'Mn']
    after = [c for c in label[at + 1:] if unicodedata.category(c) != 'Mn']
    return bool(before and after and is_arabic(before[-1]) and is_arabic(after[0]) and
                before[-1] not in RIGHT_JOINING | NOT_JOINING and after[0] not in NOT_JOINING)


def is_arabic(c):
    return '\u0620' <= c <= '\u064a' or '\u066e' <= c <= '\u06d3'


def direction(c):
    return unicodedata.bidirectional(c)


def check_direction(label):
    """The bidi rule, RFC 5893, section 2."""
    kinds = [direction(c) for c in label]
    last = [kind for kind in kinds if kind != 'NSM'][-1:]
    if kinds[0] in ('R', 'AL'):
        allowed, ends = {'R', 'AL', 'AN', 'EN', 'ES', 'CS', 'ET', 'ON', 'BN', 'NSM'}, {'R', 'AL', 'EN', 'AN'}
        if 'EN' in kinds and 'AN' in kinds:
            raise Problem('domain')
    elif kinds[0] == 'L':
        allowed, ends = {'L', 'EN', 'ES', 'CS', 'ET', 'ON', 'BN', 'NSM'}, {'L', 'EN'}
    else:
        raise Problem('domain')
    if not set(kinds) <= allowed or not last or last[0] not in ends:
        raise Problem('domain')


def to_ascii(domain):
    labels = mapped(domain).split('.')
    if labels[-1] == '' and len(labels) > 1:
        labels.pop()
    plain = []
    for label in labels:
        if label.startswith('xn--'):
            try:
                plain.append(label[4:].encode('ascii').decode('punycode'))
            except UnicodeError:
                raise Problem('domain') from None
            if mapped(plain[-1]) != plain[-1] or plain[-1].isascii():
                raise Problem('domain')
        else:
            plain.append(label)
    if any(c in JOINERS and not joins(label, at) for label in plain for at, c in enumerate(label)):
        without = ''.join(c for c in domain if c not in JOINERS)
        if without == domain:       # they are encoded
            raise Problem('domain')
        return to_ascii(without)
    if len(plain) < 2:
        raise Problem('domain')
    for label in plain:
        if label == '' or label[0] == '-' or label[-1] == '-' or label[2:4] == '--':
            raise Problem('domain')
        if unicodedata.category(label[0])[0] == 'M':
            raise Problem('domain')
        for c in label:
            if c.isascii() and not re.fullmatch('[a-z0-9-]', c):
                raise Problem('domain')
            if not c.isascii() and c not in JOINERS and unicodedata.category(c)[0] not in 'LMNPS':
                raise Problem('domain')
    if any(direction(c) in ('R', 'AL', 'AN') for label in plain for c in label):
        for label in plain:
            check_direction(label)
    ascii_labels = [label if label.isascii() else 'xn--' + label.encode('punycode').decode() for label in plain]
    if any(len(label) > 63 for label in ascii_labels) or len('.'.join(ascii_labels)) > 253:
        raise Problem('domain')
    if ascii_labels[-1].isdigit():
        raise Problem('domain')
    return '.'.join(ascii_labels)


# -- the rules of the namespaces --

def decode_uri(text):
    text = text.split('?')[0].encode()
    try:
        return re.sub(rb'%([0-9A-Fa-f]{2})', lambda m: bytes([int(m[1], 16)]), text).decode()
    except UnicodeDecodeError:
        raise Problem('encoding') from None


def email(raw):
    if '<' in raw:
        name, _, rest = raw.rpartition('<')
        raw, bracket, after = rest.partition('>')
        if not bracket:
            raise Problem('local part')
        if trim(after):
            raise Problem('domain')
        name = re.sub(r'"(\\.|[^"\\])*("|$)', '', name, flags=re.S)
        if '@' in name and re.search('[,;]', name):
            raise Problem('several addresses')
    text = clean(raw, JOINERS)
    if text[:7].lower() == 'mailto:':
        text = clean(decode_uri(text[7:]), JOINERS)
    if not text:
        raise Problem('empty')
    local, sign, domain = re.sub('[＠﹫]', '@', text).rpartition('@')
    if not sign:
        raise Problem('no at sign')
    quoted = re.fullmatch('"(.*)"', local)
    local = nfkc_casefold(quoted[1] if quoted else local)
    if len(local) > 64 or '' in local.split('.'):
        raise Problem('local part')
    for c in local:
        if c not in ATEXT and c != '.' and (c.isascii() or c.isspace()):
            raise Problem('local part')
    return f'{local}@{to_ascii(domain)}'


def is_separator(c):
    return c in ' -.()/' or not c.isascii() and (c.isspace() or unicodedata.category(c) == 'Pd' or
                                                 c in '\u2053\u207b\u208b\u2212\u058a\u05be')


def phone(raw):
    text = unicodedata.normalize('NFKC', clean(raw))
    if not text:
        raise Problem('empty')
    if text[:4].lower() == 'tel:':
        text = text[4:]
    digits, plus = '', False
    for at, c in enumerate(text):
        rest = text[at:].lower()
        if c.isdecimal():
            digits += str(unicodedata.decimal(c))
            if len(digits) > 32:
                raise Problem('digits')
        elif c == '+':
            if plus or digits:
                raise Problem('digits')
            plus = True
        elif not is_separator(c):
            if at == 0 and (c in '#,' or rest.startswith(';ext')):
                raise Problem('digits')
            if c in '#,' or rest.startswith(';ext') or at > 0 and re.match(r'ext|x(?![a-z])', rest):
                raise Problem('extension')
            raise Problem('letters' if c.isalpha() or c == ';' else 'digits')
    if not digits:
        raise Problem('digits')
    if not plus:
        raise Problem('national number')
    if re.search(r'\(\s*0\s*\)', ''.join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)):
        raise Problem('trunk prefix')
    if not 7 <= len(digits) <= 15 or not any(digits[:n] in COUNTRY_CODES for n in (1, 2, 3)):
        raise Problem('digits')
    return '+' + digits


def other(raw):
    text = clean(raw)
    if not text:
        raise Problem('empty')
    return unicodedata.normalize('NFC', text)


def written_tenant(tenant):
    tenant = unicodedata.normalize('NFC', trim(tenant))
    if any(unicodedata.category(c) == 'Cc' for c in tenant) or not 1 <= len(tenant.encode()) <= 255:
        raise Problem('tenant')
    if all(c in '_.-' or unicodedata.category(c)[0] in 'LMN' for c in tenant):
        return tenant
    return '"' + tenant.replace('"', '""') + '"'


def identity(namespace, raw, tenant=None):
    head = '' if tenant is None else written_tenant(tenant) + '/'
    if not re.fullmatch('[A-Za-z][A-Za-z0-9_.-]{0,62}', namespace):
        raise Problem('namespace')
    if len(raw.encode()) > 1024 * 1024:
        raise Problem('too long')
    namespace = namespace.lower()
    text = f'{head}{namespace}:{dict(email=email, phone=phone).get(namespace, other)(raw)}'
    if len(text.encode()) > MAX_BYTES:
        raise Problem('too long')
    return text


def answer(namespace, raw, tenant=None):
    """(identity, None) or (None, the problem's word)."""
    try:
        return identity(namespace, raw, tenant), None
    except Problem as problem:
        return None, str(problem)


# -- the worked cases --

def unescaped(text):
    """What a cell of the file stands for: \\u{...} is a character that one would not see."""
    return None if text == '\\N' else re.sub(r'\\u\{([0-9A-F]+)\}', lambda m: chr(int(m[1], 16)), text)


def check_cases(path):
    with open(path, encoding='utf-8') as file:
        lines = file.read().split('\n')
    columns = lines[0].split('\t')
    cases, differing = 0, 0
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        case = dict(zip(columns, map(unescaped, line.split('\t'))))
        cases += 1
        found = answer(case['namespace'], case['raw'], case['tenant'])
        if found != (case['identity'], case['problem']):
            differing += 1
            print(f'line {number}: {case}: by the standards {found}')
    print(f'cases {cases}, differences {differing}')
    return 1 if differing or not cases else 0


# -- random texts --

SCRIPTS = ['abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', 'äöüßéèñçøåÄÖÜÉÇØÅﬁﬂǅĳŉſ', 'αβγδεζηθικλμνξοπρσςτυφχψωΑΒΓΔΣΩάέήίόύώ',
           'абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЯЁё', 'ابتثجحخدذرزسشصضطظعغفقكلمنهوي', 'אבגדהוזחטיכלמנסעפצקרשת',
           'कखगघचछजझटठडढतथदधनपफबभमयरलवशषसहािीुूेैोौ्', 'กขคงจชซดตถทธนบปผพฟมยรลวสหอะาิีุูเแโ', 'ᄀᄁᄂᄃᄅᄆ바ᅢᅩᅮᆨᆫᆯ가각한글',
           '漢字東京北京香港臺灣', 'あいうえおかきくけこがぎぐアイウエオカキクケコガギグｱｲｳﾞﾟ', 'აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ',
           'աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆԱԲԳ', 'አበገደሀወዘሐጠየከለመነ', 'กขคงАБВaäß漢',
           'कषरश्््\u200c\u200d', 'نامهایدر\u200c']
DIGITS = ['0123456789', '0123456789', '٠١٢٣٤٥٦٧٨٩', '०१२३४५६७८९', '０１２３４５６７８９', '๐๑๒๓๔๕๖๗๘๙', '①②③④⑤']
INVISIBLE = ['\u200b', '\u200c', '\u200d', '\u00ad', '\ufeff', '\u2060', '\u200e', '\u202a', '\u202c', '\ufe0f']
BLANKS = [' ', '\u00a0', '\u2003', '\u3000', '\t']
ODD = ['@', '.', '..', '-', '--', '_', '+', '"', '<', '>', ',', ':', '/', '\u0301', '\u0308', '\u0345', '。', '．', '＠', 'xn--', '\x01', '%41']
STRUCTURE = ' -./()\u2013\u2212\u00a0'


def word(rng, longest):
    script = rng.choice(SCRIPTS) if rng.random() < 0.6 else SCRIPTS[0]
    out = [rng.choice(script) for _ in range(rng.randint(1, longest))]
    for odd, often in ((rng.choice(INVISIBLE), 0.1), (rng.choice(ODD), 0.12), (rng.choice(rng.choice(DIGITS[:5])), 0.2)):
        if rng.random() < often:
            out.insert(rng.randint(0, len(out)), odd)
    return ''.join(out)


def around(rng, text):
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        extra = rng.choice(BLANKS + INVISIBLE)
        text = extra + text if rng.random() < 0.5 else text + extra
    return text


def plain_email(rng):
    """What looks like an address in ASCII, and often is none by a character."""
    local = ''.join(rng.choice('abAB19.+-') for _ in range(rng.choice((1, 3, 6, 63, 64, 65))))
    domain = '.'.join(''.join(rng.choice('abAB19-') for _ in range(rng.choice((1, 2, 4, 5)))) for _ in range(rng.choice((1, 2, 3))))
    return f'{local}@{domain}{rng.choice(("", "", ".1", ".de", "."))}'


def random_email(rng):
    if rng.random() < 0.3:
        return plain_email(rng)
    address = '.'.join(word(rng, 8) for _ in range(rng.choice((1, 1, 2)))) + rng.choice('@@@@@@@@@＠') + \
        '.'.join(word(rng, 9) for _ in range(rng.choice((1, 2, 2, 2, 3))))
    form = rng.random()
    if form < 0.1:
        address = f'{word(rng, 5)} <{around(rng, address)}>'
    elif form < 0.15:
        address = f'mailto:{address}' + rng.choice(('', '?subject=x'))
    elif form < 0.2:
        address = address.replace('@', '.@', 1) if rng.random() < 0.5 else address + '.'
    return around(rng, address)


def random_phone(rng):
    digits = rng.choice(DIGITS)
    start = rng.choice(('1', '49', '44', '33', '81', '998', '670', '0', '671', '', '423')) if digits[0] == '0' else ''
    text = rng.choice(('+', '+', '+', '+', '＋', '')) + start
    for _ in range(rng.randint(3, 16)):
        text += rng.choice(digits)
        if rng.random() < 0.2:
            text += rng.choice(STRUCTURE)
    if rng.random() < 0.15:
        text += rng.choice(('x12', ' ext. 3', '#4', 'abc', ';ext=7', '(0)', '+1', '*', 'x', '\u0301'))
    if rng.random() < 0.1:
        text = text.replace(' ', ' (0) ', 1)
    return around(rng, rng.choice(('', '', '', 'tel:', 'TEL:')) + text)


def make_case(seed, number):
    rng = random.Random(f'{seed} {number}')
    namespace = rng.choice(('email', 'email', 'email', 'phone', 'phone', 'handle', 'Crm.Id_2'))
    raw = {'email': random_email, 'phone': random_phone}.get(
        namespace, lambda rng: around(rng, ' '.join(word(rng, 8) for _ in range(rng.choice((1, 1, 2))))))(rng)
    tenant = around(rng, word(rng, 6)) if rng.random() < 0.1 else None
    return namespace, raw, tenant


SET_UP = '''
SET client_encoding = 'UTF8';
SET search_path = crm_timeline, public;
CREATE TEMP TABLE asked (number int, namespace text, raw text, tenant text);
'''

# The answer, and whether a text that says the same takes the same way on (the first from plain ASCII to ICU).
ASK = '''
SELECT number || ' ' || jsonb_build_array(i::text, split_part(identity_problem(namespace, raw, tenant), ':', 1),
                                          i IS NOT DISTINCT FROM identity(namespace, raw || U&'\\200B', tenant),
                                          i IS NOT DISTINCT FROM i::text::identity)
  FROM (SELECT *, identity(namespace, raw, tenant) AS i FROM asked) s;
'''


def compare(options, command):
    differing, identities = 0, 0
    for first in range(0, options.compare, options.batch):
        cases = {n: make_case(options.seed, n) for n in range(first, min(first + options.batch, options.compare))}
        got = run(command, SET_UP + copy('asked', [(n, *case) for n, case in cases.items()]) + ASK)
        for number, case in cases.items():
            wanted, problem = answer(*case)
            identities += wanted is not None
            found, found_problem, same, again = got[number]
            if found != wanted or (found_problem is None) != (problem is None) or not same or not again:
                differing += 1
                if differing <= SHOWN:
                    print(f'case {number}: {[ascii(part) for part in case]}\nby the standards {wanted!a} {problem}\n'
                          f'by the server    {found!a} {found_problem}; longer way the same: {same}, read back: {again}\n')
        if options.until_different and differing:
            print(f'texts {first + len(cases)}, differences {differing}')
            return 1
    rare = [f'only {identities} are identities'] if not 0.2 < identities / options.compare < 0.9 else []
    print(f'texts {options.compare}, identities {identities}, differences {differing}', *rare)
    return 1 if differing or rare else 0


def main():
    options = argparse.ArgumentParser(description='Compares identities with the standards.')
    options.add_argument('--cases', metavar='FILE')
    options.add_argument('--compare', type=int, metavar='N')
    options.add_argument('--seed', type=int, default=1)
    options.add_argument('--batch', type=int, default=5000)
    options.add_argument('--until-different', action='store_true', help='to say whether something differs, not what')
    options.add_argument('command', nargs='*', default=['psql'])
    options = options.parse_args()
    if options.cases:
        return check_cases(options.cases)
    return compare(options, options.command)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except RuntimeError as error:
        sys.exit(str(error))
