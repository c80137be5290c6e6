"""How the messages of a repository are written, learned from those there are. Pure; must not know where they come from
or who writes the next one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from statistics import median

from coder.core.dataclass import dataclass
from coder.git.messages.wording import BULLET, Subject, Trailer, is_made_by_git, parts_of, script_of, subject_of, widths

MOST = 100  # messages that are looked at
_OWN = 3  # how much one of the person's own counts, beside one of somebody else
_BOT = re.compile(
    r"\[bot\]|\brobot\b|\b(?:dependabot|renovate|greenkeeper|snyk-bot|github-actions|pre-commit-ci|weblate)\b",
    re.IGNORECASE,
)
_NAMES = 8
_RARE = 0.05
_USUAL = 0.8
_LONG = 100  # characters: nobody wraps there on purpose


@dataclass(frozen=True, slots=True)
class Written:
    """A commit's message and its author."""

    name: str
    email: str
    message: str


@dataclass(frozen=True, slots=True)
class Style:
    """Shares are between 0 and 1, of `count` messages, those of the person (`own`) counting more. `kinds`, `scopes`,
    `areas` are what stands before a colon, the most frequent first; `before` and `after` numbers of issues and their
    like, as they are written. `width` is where bodies are wrapped, 0 where they are not. `script` is that of their
    letters, "" for Latin ones."""

    count: int = 0
    own: int = 0
    conventional: float = 0.0
    kinds: tuple[str, ...] = ()
    scoped: float = 0.0
    scopes: tuple[str, ...] = ()
    area: float = 0.0
    areas: tuple[str, ...] = ()
    ticketed: float = 0.0
    before: str = ""
    numbered: float = 0.0
    after: str = ""
    emoji: float = 0.0
    emojis: tuple[str, ...] = ()
    capital: float = 0.0
    stop: float = 0.0
    mood: str = ""
    mooded: float = 0.0
    typical: int = 0
    longest: int = 0
    body: float = 0.0
    bullets: float = 0.0
    width: int = 0
    script: str = ""
    trailers: tuple[tuple[str, float], ...] = ()
    signs: bool = False  # the person's own end with Signed-off-by
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class _Seen:
    """One message, and how much it counts."""

    weight: int
    subject: Subject
    body: tuple[str, ...]
    trailers: tuple[Trailer, ...]
    text: str

    @property
    def is_signed(self) -> bool:
        return any(trailer.name.casefold() == "signed-off-by" for trailer in self.trailers)


def learn(messages: Iterable[Written], own: str = "") -> Style:
    """`messages` are the newest first; `own` is the address of who commits next. Total."""
    chosen = list(islice((each for each in messages if _counts(each)), MOST))
    if not chosen:
        return Style()
    mine = [bool(own) and each.email.casefold() == own.casefold() for each in chosen]
    seen = _settled([_seen(each, _OWN if is_mine else 1) for each, is_mine in zip(chosen, mine, strict=True)])
    share = _Shares(seen)
    kinds, scopes, areas = (
        share.named(lambda each: each.subject.kind),
        share.named(lambda each: each.subject.scope),
        share.named(lambda each: each.subject.area),
    )
    moods = share.named(lambda each: each.subject.mood)
    lengths = sorted(len(each.subject.text) for each in seen)
    bodied = _Shares([each for each in seen if each.body])
    return Style(
        count=len(chosen),
        own=sum(mine),
        conventional=share.of(lambda each: bool(each.subject.kind)),
        kinds=_frequent(kinds, share.total),
        scoped=_Shares([each for each in seen if each.subject.kind]).of(lambda each: bool(each.subject.scope)),
        scopes=_frequent(scopes, share.total, 0.01),
        area=share.of(lambda each: bool(each.subject.area)),
        areas=_frequent(areas, share.total, 0.01),
        ticketed=share.of(lambda each: bool(each.subject.before)),
        before=_first(share.named(lambda each: each.subject.before)),
        numbered=share.of(lambda each: bool(each.subject.after)),
        after=_first(share.named(lambda each: each.subject.after)),
        emoji=share.of(lambda each: bool(each.subject.emoji)),
        emojis=_frequent(share.named(lambda each: each.subject.emoji), share.total, 0.0),
        capital=_Shares([each for each in seen if each.subject.is_cased]).of(lambda each: each.subject.is_capital),
        stop=share.of(lambda each: each.subject.text.endswith((".", "。"))),
        mood=_first(moods),
        mooded=moods[_first(moods)] / (sum(moods.values()) or 1),
        typical=round(median(lengths)),
        longest=lengths[min(len(lengths) - 1, len(lengths) * 9 // 10)],
        body=share.of(lambda each: bool(each.body)),
        bullets=bodied.of(lambda each: sum(bool(BULLET.match(line)) for line in each.body) > 1),
        width=_width(each.body for each in seen),
        script=_script(each.text for each in seen),
        trailers=_trailers(seen, share),
        signs=_Shares([each for each in seen if each.weight == _OWN]).of(lambda each: each.is_signed) > _USUAL,
        examples=_examples(seen),
    )


class _Shares:
    def __init__(self, seen: Sequence[_Seen]) -> None:
        self._seen = seen
        self.total = sum(each.weight for each in seen)

    def of(self, holds: Callable[[_Seen], bool]) -> float:
        return sum(each.weight for each in self._seen if holds(each)) / self.total if self.total else 0.0

    def named(self, name: Callable[[_Seen], str]) -> Counter[str]:
        counted: Counter[str] = Counter()
        for each in self._seen:
            if found := name(each):
                counted[found] += each.weight
        return counted


def _counts(written: Written) -> bool:
    """Whether a person thought of it: not of a robot, and not made by git itself."""
    if _BOT.search(written.name) or _BOT.search(written.email):
        return False
    return bool(written.message.strip()) and not is_made_by_git(written.message)


def _seen(written: Written, weight: int) -> _Seen:
    first, body, trailers = parts_of(written.message)
    return _Seen(weight, subject_of(first), body, trailers, written.message)


def _settled(seen: list[_Seen]) -> list[_Seen]:
    """Where most messages name an area, `docs:` and `tests:` are two more of them."""
    if sum(bool(each.subject.area) for each in seen) <= sum(bool(each.subject.kind) for each in seen):
        return seen
    return [replace(each, subject=each.subject.as_area()) if each.subject.kind else each for each in seen]


def _frequent(counted: Counter[str], total: int, least: float = 0.02) -> tuple[str, ...]:
    return tuple(name for name, count in counted.most_common(_NAMES) if count > 1 and count >= total * least)


def _first(counted: Counter[str]) -> str:
    return next((name for name, _ in counted.most_common(1)), "")


def _width(bodies: Iterable[tuple[str, ...]]) -> int:
    """Of bodies that have more than one line of prose: where four of five are wrapped; 0 when they are not."""
    longest = sorted(max(found) for body in bodies if len(found := widths(body)) > 1)
    if not longest:
        return 0
    usual = longest[min(len(longest) - 1, len(longest) * 4 // 5)]
    return usual if usual <= _LONG else 0


def _script(texts: Iterable[str]) -> str:
    """The script of most messages; "" for Latin letters."""
    counted = Counter(script_of(text) for text in texts)
    return _first(counted)


def _trailers(seen: Sequence[_Seen], share: _Shares) -> tuple[tuple[str, float], ...]:
    spelled = Counter(trailer.name for each in seen for trailer in each.trailers)
    names: dict[str, str] = {}
    for name, _ in spelled.most_common():
        names.setdefault(name.casefold(), name)
    found = [
        (name, share.of(lambda each, key=key: any(key == trailer.name.casefold() for trailer in each.trailers)))  # type: ignore[misc]  # mypy infers no lambda with a default
        for key, name in names.items()
    ]
    frequent = [(name, part) for name, part in found if part >= _RARE]
    return tuple(sorted(frequent, key=lambda pair: (-pair[1], pair[0]))[:_NAMES])


def _examples(seen: Sequence[_Seen], most: int = 6) -> tuple[str, ...]:
    """The newest of the person's own first, no two that begin alike before there are others."""
    ranked = sorted(seen, key=lambda each: -each.weight)
    chosen: dict[str, str] = {}
    for each in ranked:
        begin = each.subject.kind or each.subject.area or each.subject.emoji or each.subject.text[:12]
        chosen.setdefault(begin, each.subject.text)
    texts = dict.fromkeys((*chosen.values(), *(each.subject.text for each in ranked)))
    return tuple(islice(texts, most))
