"""What differs between two states of the files: which files, then as many whole ones as there is room for.

Must not know which two states are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.git import diff
from coder.git.diff import Differing
from coder.tools.git.reader import Sight
from coder.tools.git.room import MOST, text_of, whole_lines
from coder.tools.report import count

_LIMIT = 60  # files that are named
_MOST = 16 << 20  # bytes of one answer of git


@dataclass(frozen=True, slots=True)
class Changes:
    """`lines` are for the model; `files` what differs, but for what is kept back."""

    lines: tuple[str, ...]
    files: tuple[Differing, ...]

    @property
    def counts(self) -> str:
        """`3 files, +12 -4`."""
        return counts_of(self.files)

    def data(self, sight: Sight) -> Json:
        return {
            "files": [
                {
                    "path": sight.near(each.path),
                    "status": each.letter,
                    "added": each.added,
                    "removed": each.removed,
                    **({"was": sight.near(each.was)} if each.was else {}),
                }
                for each in self.files[:1000]
            ],
            "numFiles": len(self.files),
            "added": sum(each.added or 0 for each in self.files),
            "removed": sum(each.removed or 0 for each in self.files),
        }


def counts_of(files: Sequence[Differing]) -> str:
    added, removed = (sum(number or 0 for number in numbers) for numbers in _numbers(files))
    return f"{count(len(files), 'file')}, +{added:,} -{removed:,}"


def _numbers(files: Sequence[Differing]) -> tuple[list[int | None], list[int | None]]:
    return [each.added for each in files], [each.removed for each in files]


async def changes(
    sight: Sight, states: Sequence[str], paths: Sequence[str], limit: int | None, room: int = MOST
) -> Changes:
    """`states` are arguments of `git diff` (hashes and `--cached`), `paths` those behind them. Raises ToolError."""
    told = await sight.told("diff", *diff.WHOLE, *states, *paths, most=_MOST)
    notes: list[str] = []
    if told.cut == "slow":  # comparing contents is what takes long
        told = await sight.told("diff", *diff.NAMED, *states, *paths)
        notes.append("(Too much to compare in time, so there are only names: ask with `paths`.)")
        if told.cut:
            notes.append("(Not even all names could be told.)")
    every = diff.parse(told.out)
    files = [each for each in every if not each.is_touched]
    shown = tuple(each for each in files if not any(sight.withheld.covers(path) for path in each.paths))
    left_out = sight.left_out(len(files) - len(shown))
    listed = _listed(sight, shown, limit or _LIMIT)
    bodies: list[str] = []
    if not notes and shown:
        found = _bodies(every, list(diff.patches_in(told.out)), bool(told.cut))
        bodies = _fitting(sight, shown, found, room - sum(map(len, listed)))
    return Changes((*listed, *bodies, *notes, *left_out), shown)


def title(sight: Sight, each: Differing) -> str:
    name = f"{sight.near(each.was)} -> {sight.near(each.path)}" if each.was else sight.near(each.path)
    numbers = f" +{each.added:,} -{each.removed:,}" if each.added is not None and each.removed is not None else ""
    kind = " (submodule)" if each.is_submodule else " (link)" if each.is_link else ""
    if not numbers and not kind:
        kind = " (conflict)" if each.letter == "U" else " (binary)"
    mode = f" mode {each.changed_mode}" if each.changed_mode else ""
    return f"{each.letter} {name}{numbers}{kind}{mode}"


def _listed(sight: Sight, files: Sequence[Differing], limit: int) -> list[str]:
    if len(files) < 2:
        return []
    lines = [f"{counts_of(files)}:"]
    room = MOST // 2
    for each in files[:limit]:
        line = f"  {title(sight, each)}"
        room -= len(line)
        if room < 0:
            break
        lines.append(line)
    rest = len(files) - (len(lines) - 1)
    return [*lines, f"  … {rest:,} more; `paths` or a higher `limit` shows them", ""] if rest else [*lines, ""]


def _bodies(every: Sequence[Differing], patches: Sequence[bytes], is_cut: bool) -> dict[str, str] | None:
    """How each file differs, as far as git came; None when its answer cannot be understood."""
    for compared in ([each for each in every if not each.is_touched], every):  # some gits have a head for these too
        numbers = [each.patches for each in compared]
        if sum(numbers) == len(patches) or (is_cut and sum(numbers) > len(patches)):
            break
    else:
        return None
    waiting = iter(patches)
    found: dict[str, str] = {}
    for each, number in zip(compared, numbers, strict=True):
        own = list(islice(waiting, number))
        if len(own) < number:
            break
        found[each.path] = "\n".join(filter(None, (text_of(diff.hunks(patch)) for patch in own)))
    if is_cut and len(compared) > 1 and found:
        found.popitem()  # it is not whole
    return found


def _fitting(sight: Sight, files: Sequence[Differing], found: dict[str, str] | None, room: int) -> list[str]:
    """What there is room for, and the names of the others."""
    if found is None:
        return ["(The change itself cannot be shown; use git diff in Bash.)"]
    lines: list[str] = []
    left: list[Differing] = []
    for each in files:
        head, body = title(sight, each), found.get(each.path)
        if body is not None and len(files) == 1 and len(head) + len(body) > room:
            part = whole_lines(body, max(1_000, room - len(head)))
            return [head, part, _more(part, body)]
        if body is None or len(head) + len(body) > room:
            left.append(each)
            continue
        lines += filter(None, (head, body))
        room -= len(head) + len(body) + 2
    return [*lines, *_rest(sight, left)]


def _more(part: str, body: str) -> str:
    left = body.count("\n") - part.count("\n")
    return f"(Cut: {count(left, 'more line')} of this diff. Read the file, or use git diff in Bash, which keeps all.)"


def _rest(sight: Sight, left: Sequence[Differing]) -> list[str]:
    if not left:
        return []
    names = ", ".join(sight.near(each.path) for each in left[:20])
    more = f" and {len(left) - 20:,} more" if len(left) > 20 else ""
    return [f"(Not shown, for there is no room: {names}{more}. Ask with `paths` for some of them.)"]
