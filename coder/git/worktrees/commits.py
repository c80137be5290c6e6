"""Which commits would be lost with a work tree and its branch: those that no other branch, remote or tag leads to, the
ones included that only the logs of the two remember. Must not know files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.git.call import Git
from coder.git.stashes import stashes_in
from coder.git.worktrees.trees import Checkout, WorkTree

_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_SAFE = ("refs/heads", "refs/remotes", "refs/tags")
_MOST = 64_000_000
_COUNTED = 5_000
_LOOSE = 1_000
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Commits:
    """`lost` are all of them, up to some thousands; `tips` those that lead to the rest. `tip` is where the own branch
    stands; "" without one. `stashes` were made on its branch. `problem`: it cannot be told."""

    lost: tuple[str, ...] = ()
    tips: tuple[str, ...] = ()
    tip: str = ""
    stashes: int = 0
    problem: str = ""


def commits_of(git: Git, main: Checkout, tree: WorkTree, *, keeps_branch: bool = False) -> Commits:
    """With `keeps_branch` only the work tree is to go, and what its branch leads to is not lost. Blocks."""
    listed = git.answer(main.top, "for-each-ref", "--format=%(objectname) %(refname)", seconds=_SECONDS)
    if not listed.ok:
        return Commits(problem=listed.problem or "git cannot list its branches")
    pairs = [line.partition(" ") for line in listed.text.splitlines()]
    own = f"refs/heads/{tree.own_branch}" if tree.own_branch else ""
    roots = tuple(f"{root}/" for root in _SAFE)
    safe = [oid for oid, _, ref in pairs if (keeps_branch or ref != own) and ref.startswith(roots)]
    tip = next((oid for oid, _, ref in pairs if own and ref == own), "")
    asked = _existing(git, main, dict.fromkeys([*([tip] if tip else []), *_remembered(main, tree)]))
    if asked is None:
        return Commits(tip=tip, problem="git cannot read its commits")
    stashes = _stashes(main, tree)
    if not asked:
        return Commits(tip=tip, stashes=stashes)
    given = "".join(f"{oid}\n" for oid in (*asked, *(f"^{oid}" for oid in safe))).encode("ascii")
    found = git.answer(main.top, "rev-list", f"--max-count={_COUNTED}", "--stdin", stdin=given, seconds=_SECONDS)
    if not found.ok:
        return Commits(tip=tip, problem=found.problem or "git cannot walk its commits")
    lost = tuple(found.text.split())
    return Commits(lost, _tips(git, main, asked, set(lost)), tip, stashes)


def _tips(git: Git, main: Checkout, asked: list[str], lost: set[str]) -> tuple[str, ...]:
    """Those of the asked ones from which all that is lost can be reached."""
    wanted = [oid for oid in asked if oid in lost]
    if len(wanted) < 2:
        return tuple(wanted)
    answer = git.answer(main.top, "merge-base", "--independent", *wanted[:_LOOSE], seconds=_SECONDS)
    return tuple(answer.text.split()) if answer.ok and len(wanted) <= _LOOSE else tuple(wanted)


def _existing(git: Git, main: Checkout, oids: dict[str, None]) -> list[str] | None:
    """Those that are commits here: logs outlive what they tell of."""
    if not oids:
        return []
    given = "".join(f"{oid}\n" for oid in oids).encode("ascii")
    told = git.run(main.top, "cat-file", "--batch-check=%(objecttype) %(objectname)", stdin=given)
    if told is None:
        return None
    words = (line.split(" ") for line in told.decode("ascii", "replace").splitlines())
    return [word[1] for word in words if len(word) == 2 and word[0] == "commit"]


def _remembered(main: Checkout, tree: WorkTree) -> Iterator[str]:
    """The commits that the files of a work tree and the log of its branch name, whether a ref does or not."""
    places = [tree.admin / name for name in ("HEAD", "ORIG_HEAD", "MERGE_AUTOSTASH", "MERGE_HEAD", "CHERRY_PICK_HEAD")]
    places.append(tree.admin / "logs" / "HEAD")
    if tree.own_branch:
        places.append(main.shared / "logs" / "refs" / "heads" / tree.own_branch)
    places += _loose(tree.admin / "refs")
    for place in places:
        for line in _text(place).splitlines():
            yield from (oid for oid in _OID.findall(line.partition("\t")[0]) if oid.strip("0"))


def _loose(folder: Path) -> list[Path]:
    """The refs that belong to one work tree alone."""
    found: list[Path] = []
    for at, _, names in os.walk(folder):
        found += (Path(at) / name for name in names)
        if len(found) > _LOOSE:
            break
    return found[:_LOOSE]


def _stashes(main: Checkout, tree: WorkTree) -> int:
    names = {name for name in (tree.branch, tree.own_branch) if name}
    begins = tuple(f"{words} {name}:" for name in names for words in ("On", "WIP on"))
    return sum(1 for each in stashes_in(main.shared) if begins and each.message.startswith(begins))


def _text(file: Path) -> str:
    try:
        return read_ordinary(file, _MOST).decode("utf-8", "replace")
    except OSError:
        return ""
