"""Says in a few short lines how a repository's messages are written. Pure; foreign words are bounded and visible there.

Must not know who reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from coder.core.visible import visible_line
from coder.git.messages.style import Style

_OFTEN = 0.5
_SOME = 0.1
_USUAL = 0.8
_LONGEST_SUBJECT = 120
_LONGEST_NAME = 40
_PICTURE = re.compile(r"(?<=[^\x00-\x7f])\\ufe0f")  # has the sign before it drawn as a picture: it is part of it
_SCRIPTS = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}


def style_lines(style: Style, signer: str = "", rules: Iterable[str] = ()) -> tuple[str, ...]:
    """At most eight. `signer` is the person as a trailer names one, `rules` are files that say more."""
    lines = (
        _counted(style),
        _prefix(style),
        _numbers(style),
        _subject(style),
        _body(style),
        *_ends(style, signer, rules),
    )
    return tuple(line for line in lines if line)


def example_lines(style: Style) -> tuple[str, ...]:
    return tuple(_bounded(text, _LONGEST_SUBJECT) for text in style.examples)


def _counted(style: Style) -> str:
    if not style.count:
        return "No message of a person yet."
    mine = f", {style.own} of them by the person at work, which count more" if style.own else ""
    return f"Seen: the last {style.count} messages{mine}."


def _prefix(style: Style) -> str:
    found = [*_conventional(style), *_area(style), *_picture(style)]
    if not found and style.count:
        return "Prefix: none."
    return f"Prefix: {'; '.join(found)}." if found else ""


def _conventional(style: Style) -> Iterator[str]:
    if style.conventional >= _SOME:
        scopes = f" ({_names(style.scopes)})" if style.scopes else ""
        scoped = f", a scope in {_share(style.scoped)} of these{scopes}" if style.scoped >= _SOME else ", no scope"
        yield f"Conventional Commits in {_share(style.conventional)} ({_names(style.kinds)}){scoped}"


def _area(style: Style) -> Iterator[str]:
    if style.area >= 2 * _SOME:
        named = f" ({_names(style.areas)})" if style.areas else ""
        yield f"the area before a colon in {_share(style.area)}{named}"


def _picture(style: Style) -> Iterator[str]:
    if style.emoji >= _SOME:
        yield f"an emoji in {_share(style.emoji)} ({_names(style.emojis) or 'each another'})"


def _numbers(style: Style) -> str:
    parts = []
    if style.ticketed >= _SOME:
        parts.append(f"`{_bounded(style.before)}` first in {_share(style.ticketed)}")
    if style.numbered >= _SOME:
        by_host = " (put there when a pull request is merged: do not write it)" if style.after == "(#123)" else ""
        parts.append(f"`{_bounded(style.after)}` last in {_share(style.numbered)}{by_host}")
    return f"Numbers: {'; '.join(parts)}." if parts else ""


def _subject(style: Style) -> str:
    if not style.count:
        return ""
    is_prefixed = max(style.conventional, style.area, style.emoji, style.ticketed) >= _OFTEN
    behind = " behind the prefix" if is_prefixed else ""
    case = "a capital" if style.capital >= _USUAL else "a small letter" if style.capital <= 1 - _USUAL else ""
    parts = [f"begins with {case}{behind}" if case else f"capital or small letter{behind}, both occur"]
    if style.mood and style.mooded >= 0.6 and not style.script:
        parts.append({"past": "past tense", "going on": "ing-form"}.get(style.mood, style.mood))
    parts.append("full stop" if style.stop >= _OFTEN else "no full stop")
    parts.append(f"{style.typical} characters as a rule, nine of ten have up to {style.longest}")
    return f"Subject: {', '.join(parts)}."


def _body(style: Style) -> str:
    if not style.count:
        return ""
    if style.body < _SOME:
        return f"Body: hardly ever ({_share(style.body)})."
    wrapped = f", wrapped at {style.width}" if style.width else ", lines not wrapped"
    lists = ", mostly lists" if style.bullets >= _OFTEN else ""
    return f"Body: in {_share(style.body)}{wrapped}{lists}."


def _ends(style: Style, signer: str, rules: Iterable[str]) -> Iterator[str]:
    if style.trailers:
        named = (f"{_bounded(name)} in {_share(part)}{_about(name, style, signer)}" for name, part in style.trailers)
        yield f"Trailers: {'; '.join(named)}."
    if style.script:
        yield f"Language: mostly {_SCRIPTS.get(style.script, style.script.capitalize())} letters."
    if named_rules := [_bounded(rule, 80) for rule in rules]:
        yield f"Rules for messages are in: {', '.join(named_rules)}."


def _about(name: str, style: Style, signer: str) -> str:
    match name.casefold():
        case "signed-off-by" if style.signs and signer:
            return f" (the person's own too: `Signed-off-by: {_bounded(signer, 120)}`)"
        case "signed-off-by":
            return " (somebody vouches with it: not unless the person asks for it)"
        case "change-id":
            return " (a hook writes it)"
        case "co-authored-by":
            return " (people who took part: not yours to add)"
        case "assisted-by" | "generated-by" | "generated-with":
            return " (a setting says whether: not yours to add)"
        case _:
            return ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(_bounded(name) for name in names)


def _share(part: float) -> str:
    return f"{round(part * 100)} %"


def _bounded(text: str, most: int = _LONGEST_NAME) -> str:
    shown = _PICTURE.sub("\ufe0f", visible_line(text))
    return shown if len(shown) <= most else f"{shown[:most]}…"
