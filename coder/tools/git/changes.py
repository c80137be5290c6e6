"""What differs between two states of the files: which files, then as many whole ones as there is room for.

Must not know which two states are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from coder.core.messages import Json
from coder.git import diff
from coder.git.diff import Differing
from coder.tools.git.reader import Sight
from coder.tools.git.room import MOST, text_of, whole_lines
from coder.tools.report import count

_LIMIT = 60  # files that are named
_MOST_PATCHES = 150  # files that git is asked the patch of
_MOST_LINES = 500  # changed lines of one that could fit
_MOST_PATCH = 4 << 20


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
    told = await sight.told("diff", *diff.LISTED, *states, *paths)
    files = diff.parse(told.out, is_counted=not told.cut)
    notes: list[str] = []
    if told.cut:  # counting lines is what takes long
        told = await sight.told("diff", *diff.FORM, "--raw", "--abbrev=10", "-z", *states, *paths)
        files = diff.parse(told.out, is_counted=False)
        notes.append("(Too much to count lines or show them in time: ask with `paths`.)")
        if told.cut:
            notes.append("(Not even all files could be told.)")
    shown = tuple(each for each in files if not any(sight.withheld.covers(path) for path in each.paths))
    left_out = sight.left_out(len(files) - len(shown))
    listed = _listed(sight, shown, limit or _LIMIT)
    bodies: list[str] = []
    if not notes:
        bodies = await _bodies(sight, states, shown, files, room - sum(map(len, listed)))
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


async def _bodies(
    sight: Sight, states: Sequence[str], files: Sequence[Differing], every: Sequence[Differing], room: int
) -> list[str]:
    """The patches that fit, and the names of the others."""
    wanted = [each for each in files if each.lines <= _MOST_LINES or len(files) == 1][:_MOST_PATCHES]
    if not wanted:
        return _rest(sight, files, ())
    answer = await sight.told(
        "diff", *diff.PATCH, *states, "--", *_pathspecs(sight, wanted, every), most=_MOST_PATCH, literal=False
    )
    found = list(diff.patches(answer.out))
    if answer.cut and len(files) > 1:
        found = found[:-1]  # it is not whole
    if not answer.cut and len(found) != sum(_patches_of(each, states) for each in wanted):
        return ["(The files changed meanwhile; ask once more.)"]
    lines: list[str] = []
    done: list[Differing] = []
    waiting = iter(found)
    for each in wanted:
        own = list(islice(waiting, _patches_of(each, states)))
        body = "\n".join(filter(None, (text_of(diff.hunks(patch)) for patch in own)))
        head = title(sight, each)
        if len(own) < _patches_of(each, states):
            break
        if len(files) == 1 and len(head) + len(body) > room:
            part = whole_lines(body, max(1_000, room - len(head)))
            return [head, part, _more(part, body)]
        if len(head) + len(body) <= room:
            lines += filter(None, (head, body))
            room -= len(head) + len(body) + 2
            done.append(each)
    return [*lines, *_rest(sight, files, done)]


def _patches_of(each: Differing, states: Sequence[str]) -> int:
    """What became of another kind is taken away and added; a conflict is one of the files alone."""
    if each.letter == "U":
        return 0 if states else 1
    return 2 if each.letter == "T" else 1


def _more(part: str, body: str) -> str:
    left = body.count("\n") - part.count("\n")
    return f"(Cut: {count(left, 'more line')} of this diff. Read the file, or use git diff in Bash, which keeps all.)"


def _rest(sight: Sight, files: Sequence[Differing], done: Sequence[Differing]) -> list[str]:
    left = [each for each in files if each not in set(done)]
    if not left:
        return []
    names = ", ".join(sight.near(each.path) for each in left[:20])
    more = f" and {len(left) - 20:,} more" if len(left) > 20 else ""
    return [f"(Not shown, for there is no room: {names}{more}. Ask with `paths` for some of them.)"]


def _pathspecs(sight: Sight, wanted: Sequence[Differing], every: Sequence[Differing]) -> list[str]:
    """Just these files. Where a file gave way to a folder of its name, what is in there is not meant."""
    names = {path for each in wanted for path in each.paths}
    inside = [path for each in every for path in each.paths if path not in names and _is_below(path, names)]
    return [*(f":(top,literal){name}" for name in sorted(names)), *(f":(top,exclude,literal){name}" for name in inside)]


def _is_below(path: str, names: set[str]) -> bool:
    while "/" in path:
        path = path.rpartition("/")[0]
        if path in names:
            return True
    return False
