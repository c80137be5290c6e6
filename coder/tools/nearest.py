"""What a text that was not found was probably meant to match, and how the two differ. Must not know files or tools.

Only ever a suggestion: nothing here is applied.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher

from coder.tools.patch import patch

_QUOTES = {ord(c): plain for plain, curly in (("'", "‘’‚′"), ('"', "“”„″"), ("-", "‐‑‒–—−")) for c in curly}
_TOKEN = re.compile(r"\w+|[^\w\s]")
_NUMBERED = re.compile(r"(?:\s*\d+\t.*\n?)+\Z")
_MOST_TOKENS = 2_000
_MOST_PLACES = 3
_MOST_LINES = 12  # shown of one place
_COMPARED_LINES = 5_000
_COMPARED_CHARS = 300
_ALIKE = 500  # characters of a region compared; more would be slow where text repeats itself


def suggestions(view: str, old: str) -> str:
    """Up to three places of `view` that nearly match `old`, numbered, each with the difference; "" for none. Blocks."""
    parts = []
    if _NUMBERED.match(old):
        parts.append("old_string carries the line numbers of Read: send only the text after the tab.")
    places = _loose(view, old)
    if places:
        parts += [f"{_place(view, start, end)}\n{_difference(view, start, end, old)}" for start, end in places]
    else:
        parts += _alike(view, old)
    return "\n".join(parts)


def numbered(view: str, start: int, end: int, most: int = _MOST_LINES) -> str:
    """The lines of `view` that `start` to `end` lie in, as Read shows them."""
    first = view.count("\n", 0, start) + 1
    low = view.rfind("\n", 0, start) + 1
    high = view.find("\n", max(end - 1, start))
    lines = view[low : high if high >= 0 else len(view)].split("\n")
    shown = [f"{number:6}\t{line[:_COMPARED_CHARS]}" for number, line in enumerate(lines[:most], first)]
    return "\n".join(shown + ([f"       [... {len(lines) - most} more lines]"] if len(lines) > most else []))


def _place(view: str, start: int, end: int) -> str:
    first, last = view.count("\n", 0, start) + 1, view.count("\n", 0, end) + 1
    where = f"line {first}" if first == last else f"lines {first}-{last}"
    return f"Nearly the same, {where}:\n{numbered(view, start, end)}"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.translate(_QUOTES))


def _loose(view: str, old: str) -> list[tuple[int, int]]:
    """Places equal but for spacing, quotes, dashes and letter case."""
    tokens = _TOKEN.findall(_plain(old))
    if not tokens or len(tokens) > _MOST_TOKENS:
        return []
    haystack = view.translate(_QUOTES)  # one character for one, so places stay places
    pattern = re.compile(r"\s*".join(map(re.escape, tokens)), re.IGNORECASE)
    found = []
    for match in pattern.finditer(haystack):
        found.append(match.span())
        if len(found) == _MOST_PLACES:
            break
    return found


def _difference(view: str, start: int, end: int, old: str) -> str:
    """In words, where `old` and its loose place differ."""
    sent = old.strip()
    before, after = old[: len(old) - len(old.lstrip())], old[len(old.rstrip()) :]
    notes = []
    have, want = view[start:end].split("\n"), sent.split("\n")
    if len(have) != len(want):
        notes.append("the line breaks fall elsewhere")
    else:
        first = view.count("\n", 0, start) + 1
        pairs = zip(have, want, strict=True)
        notes += [f"line {number}: {_reason(*pair)}" for number, pair in enumerate(pairs, first) if pair[0] != pair[1]]
    if not view[:start].endswith(before):
        notes.append(f"before it the file has {_spaces(_blank_before(view, start))}, old_string {_spaces(before)}")
    if not view[end:].startswith(after):
        rest = view[end:]
        has = rest[: len(rest) - len(rest.lstrip())]
        notes.append(f"after it the file has {_spaces(has) if rest else 'its end'}, old_string {_spaces(after)}")
    more = [f"{len(notes) - 5} more"] if len(notes) > 5 else []
    return "Difference: " + "; ".join(notes[:5] + more) + "."


def _blank_before(view: str, start: int) -> str:
    head = view[max(0, start - 200) : start]
    return head[len(head.rstrip()) :]


def _reason(have: str, want: str) -> str:
    if have.rstrip() == want.rstrip():
        return f"the file ends it with {_spaces(_tail(have))}, old_string with {_spaces(_tail(want))}"
    if have.lstrip() == want.lstrip():
        return f"the file is indented by {_spaces(_lead(have))}, old_string by {_spaces(_lead(want))}"
    if have.translate(_QUOTES) == want.translate(_QUOTES):
        marks = sorted({char for char in have + want if ord(char) in _QUOTES})
        side = "the file" if any(ord(char) in _QUOTES for char in have) else "old_string"
        return f"{side} has {' '.join(marks)} where the other has plain quotes or dashes"
    if "".join(have.split()) == "".join(want.split()):
        return "the spacing differs"
    if have.casefold() == want.casefold():
        return f"upper and lower case differ (the file has {have.strip()[:80]!r})"
    if unicodedata.normalize("NFC", have) == unicodedata.normalize("NFC", want):
        return "accents are composed differently"
    return f"the file has {have.strip()[:80]!r}"


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _tail(line: str) -> str:
    return line[len(line.rstrip()) :]


_NAMES = {" ": "space", "\t": "tab", "\n": "line end", "\r": "carriage return", "\u00a0": "no-break space"}


def _spaces(text: str) -> str:
    if not text:
        return "nothing"
    words = []
    for run in re.finditer(r"(.)\1*", text, re.DOTALL):
        count, name = len(run[0]), _NAMES.get(run[1], f"U+{ord(run[1]):04X}")
        words.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " + ".join(words[:6])


def _alike(view: str, old: str) -> list[str]:
    """The regions most like `old`, by the lines they share or else by the likeness of its longest line."""
    lines, wanted = view.split("\n"), old.strip("\n").split("\n")
    starts = _starts(lines, wanted)
    scored = []
    for start in starts:
        region = "\n".join(lines[start : start + len(wanted)])
        likeness = SequenceMatcher(None, region[:_ALIKE], old.strip("\n")[:_ALIKE], autojunk=False).ratio()
        scored.append((likeness, start, region))
    scored.sort(key=lambda item: (-item[0], item[1]))
    best = [item for item in scored if item[0] >= 0.5][:_MOST_PLACES]
    made = []
    for likeness, start, region in best:
        if likeness < best[0][0] - 0.15:
            break
        difference = patch(old.strip("\n"), region).text(most_lines=16, most_chars=1_500)
        body = "\n".join(line for line in difference.split("\n") if not line.startswith(("@@", "\\")))
        made.append(f"Most alike, lines {start + 1}-{start + len(wanted)} (- old_string, + the file):\n{body}")
    return made


def _starts(lines: list[str], wanted: list[str]) -> list[int]:
    keys = {line.strip(): index for index, line in enumerate(wanted) if len(line.strip()) > 3}
    votes: Counter[int] = Counter()
    for number, line in enumerate(lines):
        index = keys.get(line.strip())
        if index is not None:
            votes[max(number - index, 0)] += 1
    if votes:
        return [start for start, _ in votes.most_common(8)]
    longest = max(range(len(wanted)), key=lambda index: len(wanted[index].strip()))
    matcher = SequenceMatcher(None, "", wanted[longest].strip()[:_COMPARED_CHARS], autojunk=False)
    close = []
    for number, line in enumerate(lines[:_COMPARED_LINES]):
        matcher.set_seq1(line.strip()[:_COMPARED_CHARS])
        if matcher.real_quick_ratio() > 0.6 and matcher.quick_ratio() > 0.6:
            close.append((matcher.ratio(), max(number - longest, 0)))
    return [start for ratio, start in sorted(close, reverse=True)[:_MOST_PLACES] if ratio > 0.6]
