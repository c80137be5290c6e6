"""How the model is told what a repository is like. Pure; must not know git, nor when it is told.

All that comes from the repository may have been written by anybody: each piece is bounded, on one line, and cannot end
the tag it stands in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.messages import Block, Text
from coder.core.visible import visible_line
from coder.git.porcelain import Change, Status
from coder.git.progress import Progress
from coder.git.state import Difference, State, letters_of
from coder.git.summary import Came, Commit, Summary

_MOST_NAMES = 10
_MOST_LIST = 400  # characters of the names together
_MOST_NAME, _MOST_SUBJECT, _MOST_BRANCH, _MOST_PROBLEM = 80, 72, 100, 300
_TAG = re.compile(r"<(/?\s*git)", re.IGNORECASE)


def _nothing(path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """How files are named: seen from `cwd`; what `hides` says yes to, by its path in the repository, is only
    counted."""

    cwd: Path
    hides: Callable[[str], bool] = _nothing


def told(summary: Summary, names: Names) -> Text:
    """For the first message."""
    return Text(prompts.load("git", facts=_facts(summary, names)))


def glimpse(summary: Summary, names: Names) -> Text:
    """For whoever is not told of changes."""
    return Text(prompts.load("agents/git", facts=_facts(summary, names)))


def now(summary: Summary, names: Names) -> Text:
    """For a conversation that goes on."""
    return Text(prompts.load("reminders/git_now", facts=_facts(summary, names)))


def changed(summary: Summary, difference: Difference, came: Came | None, names: Names) -> Text:
    """For one that holds how it was."""
    news = "\n".join(_news(summary, difference, came, names))
    return Text(prompts.load("reminders/git_changed", news=news))


def is_ours(part: Block) -> bool:
    return isinstance(part, Text) and part.text.startswith("<git>\n")


def line(text: str, most: int) -> str:
    """Foreign text as one line of at most about `most` characters."""
    shown = _TAG.sub(r"<\\\1", visible_line(text[: most * 4]))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _facts(summary: Summary, names: Names) -> str:
    return "\n".join(_fact_lines(summary, names))


def _fact_lines(summary: Summary, names: Names) -> Iterator[str]:
    yield f"Branch: {_head(summary)}"
    if summary.main:
        yield f"Main branch: {line(summary.main, _MOST_BRANCH)}"
    if summary.underway:
        yield f"In progress: {_underway(summary.underway)}"
    if summary.status is None:
        yield f"Changes: not known, {line(summary.problem, _MOST_PROBLEM)}"
    else:
        yield f"Changes: {_counts(summary.status)}"
        ordered = _ordered(summary.status)
        listed = ((letters_of(change), change.path) for change in ordered)
        yield from _listed(listed, len(ordered), summary, names)
    if summary.commits:
        yield "Last commits:"
        yield from map(_commit, summary.commits)


def _news(summary: Summary, difference: Difference, came: Came | None, names: Names) -> Iterator[str]:
    before = difference.before
    if difference.is_branch:
        yield f"Branch: {_head(summary)}; it was {_was(before)}"
    if difference.is_commit:
        yield from _moved(before, summary, came)
    if difference.is_underway:
        yield f"In progress: {_underway(summary.underway) or f'nothing; it was a {before.underway}'}"
    if summary.status is not None and (difference.dirty or difference.clean or difference.is_count):
        yield f"Changes: {_counts(summary.status)}"
    if difference.dirty:
        yield "Changed since:"
        dirty = ((letters, path) for path, letters in difference.dirty)
        yield from _listed(dirty, len(difference.dirty), summary, names)
    if difference.clean:
        yield "No longer changed:"
        yield from _listed((("", path) for path in difference.clean), len(difference.clean), summary, names)


def _moved(before: State, summary: Summary, came: Came | None) -> Iterator[str]:
    count = came.count if came else 0
    new = f", {_number(count, 'new commit')}" if count else ""
    lost = f", with {_number(came.lost, 'commit')} that it does not have" if came and came.lost else ""
    yield f"HEAD: {summary.commit[:10] or 'no commit'}{new}; it was {before.commit[:10] or 'no commit'}{lost}"
    if came is not None:
        yield from map(_commit, came.commits)
        if came.commits and count > len(came.commits):
            yield f" … {count - len(came.commits):,} more"


def _head(summary: Summary) -> str:
    status = summary.status
    if not summary.branch:
        return f"none, detached at {line(summary.commit, 10)}" if summary.commit else "not known"
    shown = line(summary.branch, _MOST_BRANCH)
    if status is None:
        return shown
    if not status.commit:
        return f"{shown}, without a commit yet"
    if not status.upstream:
        return shown
    if status.ahead is None or status.behind is None:
        distance = "gone"
    else:
        parts = [
            f"{number:,} {word}" for number, word in ((status.ahead, "ahead"), (status.behind, "behind")) if number
        ]
        distance = ", ".join(parts) or "level"
    return f"{shown} (upstream {line(status.upstream, _MOST_BRANCH)}: {distance})"


def _was(before: State) -> str:
    return line(before.branch, _MOST_BRANCH) or (f"detached at {before.commit[:10]}" if before.commit else "not known")


def _underway(found: Iterable[Progress]) -> str:
    return ", ".join(each.doing + (f", step {each.step} of {each.steps}" if each.steps else "") for each in found)


def _counts(status: Status) -> str:
    counts = (
        (len(status.conflicts), "in conflict"),
        (len(status.staged), "staged"),
        (len(status.unstaged), "not staged"),
        (len(status.untracked), "untracked"),
    )
    said = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    return (said or "none") + ("" if status.is_whole else ", and more that were not counted")


def _ordered(status: Status) -> list[Change]:
    """The first of those that are worth telling: conflicts, then what is staged, changed, and new."""
    ranked = {
        change: None
        for group in (status.conflicts, status.staged, status.unstaged, status.untracked)
        for change in group
    }
    return list(ranked)


def _listed(changes: Iterable[tuple[str, str]], count: int, summary: Summary, names: Names) -> Iterator[str]:
    room, shown = _MOST_LIST, 0
    for letters, path in islice((each for each in changes if not names.hides(each[1])), _MOST_NAMES):
        name = line(_below(path, summary.repository.top, names.cwd), _MOST_NAME)
        room -= len(name)
        if room < 0:
            break
        shown += 1
        yield f" {letters} {name}" if letters else f" {name}"
    if shown < count:
        yield f" … {count - shown:,} more"


def _below(path: str, top: Path, cwd: Path) -> str:
    """A path of the repository as it is named in the working folder."""
    if cwd == top:
        return path
    end = "/" if path.endswith("/") else ""
    return os.path.relpath(top / path, cwd) + end


def _commit(commit: Commit) -> str:
    return f" {line(commit.hash, 16)} {line(commit.subject, _MOST_SUBJECT)}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
