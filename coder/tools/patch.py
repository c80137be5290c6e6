"""The difference between two texts: hunks as data, and as lines to read. Must not know files.

Bounded: common ends are set aside first, and a middle too large to compare well becomes one hunk.
"""

from __future__ import annotations

from difflib import SequenceMatcher

from coder.core.dataclass import dataclass
from coder.core.messages import Json

_CONTEXT = 3
_COMPARED = 20_000  # lines of both sides together that are worth comparing line by line
_EXACT = 400  # lines up to which repeated ones are compared too, which is slow
_NO_NEWLINE = "\\ No newline at end of file"


@dataclass(frozen=True, slots=True)
class Patch:
    hunks: tuple[Json, ...]
    added: int
    removed: int

    @property
    def counts(self) -> str:
        return f"+{self.added} -{self.removed}"

    def text(self, most_lines: int = 60, most_chars: int = 6_000) -> str:
        """Unified form, cut where it grows too long."""
        lines: list[str] = []
        for hunk in self.hunks:
            old, new = (f"{hunk[side + 'Start']},{hunk[side + 'Lines']}" for side in ("old", "new"))
            lines += [f"@@ -{old} +{new} @@", *hunk["lines"]]
        shown: list[str] = []
        for line in lines:
            most_chars -= len(line) + 1
            if len(shown) == most_lines or most_chars < 0:
                return "\n".join((*shown, f"[... {len(lines) - len(shown):,} more lines of difference]"))
            shown.append(line)
        return "\n".join(shown)

    def is_shown_whole(self, most_lines: int = 60, most_chars: int = 6_000) -> bool:
        return "more lines of difference]" not in self.text(most_lines, most_chars)[-60:]


def patch(old: str, new: str) -> Patch:
    """The hunks (contracts §14.3 `structuredPatch`) that turn `old` into `new`. Blocks; runs in bounded time."""
    before, after = _lines(old), _lines(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    groups = _groups(before, after, head, tail)
    hunks = tuple(_hunk(group, before, after) for group in groups)
    lines = [line for hunk in hunks for line in hunk["lines"]]
    added, removed = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return Patch(hunks, added, removed)


def _lines(text: str) -> list[str]:
    """Lines with their LF, so that a missing last one makes a difference."""
    *whole, last = text.split("\n")
    return [line + "\n" for line in whole] + ([last] if last else [])


_Change = tuple[str, int, int, int, int]


def _common(a: list[str], b: list[str]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def _groups(before: list[str], after: list[str], head: int, tail: int) -> list[list[_Change]]:
    """Changes with their context, neighbours together. Context beyond the set-aside ends is added back here."""
    low = max(head - _CONTEXT, 0)
    high_a, high_b = (len(side) - max(tail - _CONTEXT, 0) for side in (before, after))
    middle = len(before) + len(after) - 2 * (head + tail)
    if middle == 0:
        return []
    if middle > _COMPARED:
        end_a, end_b = len(before) - tail, len(after) - tail
        changed: list[_Change] = [("replace", head, end_a, head, end_b)]
        lead: list[_Change] = [("equal", low, head, low, head)]
        return [[*lead, *changed, ("equal", end_a, high_a, end_b, high_b)]]
    matcher = SequenceMatcher(None, before[low:high_a], after[low:high_b], autojunk=middle > _EXACT)
    return [
        [(tag, i1 + low, i2 + low, j1 + low, j2 + low) for tag, i1, i2, j1, j2 in group]
        for group in matcher.get_grouped_opcodes(_CONTEXT)
    ]


def _hunk(group: list[_Change], before: list[str], after: list[str]) -> Json:
    lines: list[str] = []
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            lines += _signed(" ", before[i1:i2])
        else:
            lines += _signed("-", before[i1:i2]) + _signed("+", after[j1:j2])
    first, last = group[0], group[-1]
    old_lines, new_lines = last[2] - first[1], last[4] - first[3]
    return {
        "oldStart": first[1] + (1 if old_lines else 0),
        "oldLines": old_lines,
        "newStart": first[3] + (1 if new_lines else 0),
        "newLines": new_lines,
        "lines": lines,
    }


def _signed(sign: str, lines: list[str]) -> list[str]:
    made = [sign + line.removesuffix("\n") for line in lines]
    return made if not lines or lines[-1].endswith("\n") else [*made, _NO_NEWLINE]
