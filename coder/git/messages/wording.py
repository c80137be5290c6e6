"""What one commit message is made of: prefix, number, mood, body, trailers. Pure, total; must not know others."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace

from coder.core.dataclass import dataclass

_MOST = 20_000  # characters of a message that are looked at
_CONVENTIONAL = re.compile(r"(?P<kind>[A-Za-z][A-Za-z-]{1,15})(?:\((?P<scope>[^()\n]{1,40})\))?!?: ")
_AREA = re.compile(r"(?P<area>[\w.*/{}+,-]{1,40}(?:[:/] ?[\w.*/{}+,-]{1,40}){0,3}): +(?=\S)")
_BEFORE = re.compile(
    r"(?:(?P<open>[\[(])?(?P<ticket>[A-Z][A-Z0-9]{1,9}-\d{1,7}|#\d{1,7}|[Gg][Hh]-\d{1,7})(?P<close>[\])])?"
    r"(?P<sign>[ \t]?[:|-])?)[ \t]+(?=\S)"
)
_AFTER = re.compile(r"[ \t](?:\((?P<round>#\d{1,7}|[A-Z][A-Z0-9]{1,9}-\d{1,7})\)|(?P<bare>#\d{1,7}))\.?$")
_CODE = re.compile(r":[a-z0-9_+-]{2,40}:")
_GIT = re.compile(
    r"(?:fixup|squash|amend)! |Merge (?:branch|pull request|remote-tracking|tag|commit) |Revert \"|v?\d+(?:\.\d+)+\S*$"
)
_TRAILER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9-]{1,39}): +(?P<value>\S.*)$")
BULLET = re.compile(r"\s*(?:[-*•+]|\d{1,2}[.)]) +\S")
_FREE = re.compile(r"\s{4,}|>|\t|\s*(?:[-*] )?\[?\S*://|```|\|")
_KINDS = """feat feature fix bugfix hotfix docs doc style refactor perf test tests build ci chore revert wip release
deps security types lang examples"""
# First words that end as another mood would.
_NOT_PAST = "need embed feed seed speed shed bed wed red bleed breed exceed proceed succeed heed weed"
_NOT_THIRD = """pass process bypass address access compress express suppress focus discuss cross miss dismiss toss guess
canvas always less across css js is as this has was its docs tests types"""
_NOT_GOING = "bring string ring king thing spring sing ping during nothing something warning missing"
_KNOWN_KINDS = frozenset(_KINDS.split())
_ENDS = (("ed", "past", _NOT_PAST), ("ing", "going on", _NOT_GOING), ("s", "third person", _NOT_THIRD))
_MOODS = tuple((end, mood, frozenset(words.split())) for end, mood, words in _ENDS)


@dataclass(frozen=True, slots=True)
class Trailer:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Subject:
    """`text` is the line. What is not there is "". `before` and `after` have 123 for every number."""

    text: str
    kind: str = ""
    scope: str = ""
    area: str = ""
    before: str = ""
    after: str = ""
    emoji: str = ""
    is_cased: bool = False
    is_capital: bool = False
    mood: str = ""

    def as_area(self) -> Subject:
        return replace(self, kind="", scope="", area=f"{self.kind}({self.scope})" if self.scope else self.kind)


def is_made_by_git(message: str) -> bool:
    """A message that nobody worded: of a merge, a revert, a fixup; or a version alone."""
    return _GIT.match(message[:200].strip().split("\n", 1)[0]) is not None


def parts_of(message: str) -> tuple[str, tuple[str, ...], tuple[Trailer, ...]]:
    """The subject, the lines of the body without trailers, and the trailers."""
    lines = [line.rstrip() for line in message[:_MOST].strip().split("\n")]
    subject, rest = lines[0].strip(), lines[1:]
    start = next((at + 1 for at in range(len(rest) - 1, -1, -1) if not rest[at].strip()), len(rest))
    last = rest[start:]
    found = [(line, _TRAILER.match(line)) for line in last if not line.startswith((" ", "\t"))]
    trailers = [Trailer(match["name"], match["value"]) for _, match in found if match]
    is_prose = len(trailers) < len(found)
    if is_prose:  # git, too, takes a last paragraph with a sign-off for trailers
        trailers = [each for each in trailers if each.name.casefold().endswith(("-by", "-id"))]
    names = tuple(f"{each.name}:" for each in trailers)
    kept = [line for line in last if is_prose and not (names and line.startswith(names))]
    body = tuple(line for line in (*rest[:start], *kept) if line.strip())
    return subject, body, tuple(trailers)


def subject_of(line: str) -> Subject:
    rest, emoji = _emoji(line)
    before = after = kind = scope = area = ""
    if found := _BEFORE.match(rest):
        number = re.sub(r"\d+$", "123", found["ticket"])
        before = f"{found['open'] or ''}{number}{found['close'] or ''}{(found['sign'] or '').strip()}"
        rest = rest[found.end() :]
    if found := _AFTER.search(rest):
        after = re.sub(r"\d+", "123", found[0].strip().rstrip("."))
        rest = rest[: found.start()]
    if (found := _CONVENTIONAL.match(rest)) and found["kind"].casefold() in _KNOWN_KINDS:
        kind, scope = found["kind"], found["scope"] or ""
        rest = rest[found.end() :]
    elif found := _AREA.match(rest):
        area = found["area"]
        rest = rest[found.end() :]
    if not emoji:
        rest, emoji = _emoji(rest)
    letter = next((char for char in rest[:3] if char.isalpha()), "")
    is_cased = letter.upper() != letter.lower() and not _is_a_name(rest)
    return Subject(line, kind, scope, area, before, after, emoji, is_cased, letter.isupper(), _mood(rest))


def widths(body: tuple[str, ...]) -> list[int]:
    """Of the lines that somebody could have wrapped."""
    return [len(line) for line in body if not _FREE.match(line) and " " in line.strip()]


def script_of(text: str) -> str:
    """Of most of its letters: "CYRILLIC", "CJK", …; "" for Latin ones, and where there are none."""
    foreign: Counter[str] = Counter()
    latin = 0
    for char in text[:2_000]:
        if char.isascii():
            latin += char.isalpha()
        elif char.isalpha():
            foreign[unicodedata.name(char, "").split(" ")[0]] += 1
    latin += foreign.pop("LATIN", 0)
    name, count = next(iter(foreign.most_common(1)), ("", 0))
    return name if count * 2 > latin else ""  # names of code are Latin in every language


def _emoji(text: str) -> tuple[str, str]:
    """What follows a picture at the beginning, and the picture, as it is written."""
    if found := _CODE.match(text):
        return text[found.end() :].lstrip(), found[0]
    end = 0
    while end < min(len(text), 8) and _is_picture(text[end]):
        end += 1
    return (text[end:].lstrip(), text[:end]) if end else (text, "")


def _is_picture(char: str) -> bool:
    if char.isascii():
        return False
    is_part = char in "\ufe0f\u200d" or "\U0001f3fb" <= char <= "\U0001f3ff"  # joined to the one before
    return is_part or unicodedata.category(char) == "So"


def _is_a_name(text: str) -> bool:
    """Whether the first word is written as it is for another reason than where it stands: `README`, `fooBar`, `x.y`."""
    word = text.split(" ", 1)[0].rstrip(":,.")
    return not word[1:].islower() and len(word) > 1


def _mood(text: str) -> str:
    """By the first word, as far as its ending tells; "" where it is no English verb, as far as that can be seen."""
    word = text.split(" ", 1)[0].rstrip(":,.").casefold()
    if not (word.isascii() and word.isalpha() and len(word) > 2):
        return ""
    found = next(((mood, others) for end, mood, others in _MOODS if word.endswith(end)), None)
    return "imperative" if found is None or word in found[1] else found[0]
