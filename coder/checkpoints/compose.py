"""What several changes come to, taken together. Pure; must not know what is on disk."""

from __future__ import annotations

from collections.abc import Iterable

from coder.checkpoints.entries import Change, Entry
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Net:
    """`first` is what was at the path before all changes, `last` what they left there. `broken`: in between somebody
    else changed it."""

    path: str
    first: Entry | None
    last: Entry | None
    broken: bool = False


def compose(changes: Iterable[Change]) -> dict[str, Net]:
    """By path, in the order in which they were first changed. What came back to what it was stays in, unless broken."""
    nets: dict[str, Net] = {}
    for change in changes:
        net = nets.get(change.path)
        if net is None:
            nets[change.path] = Net(change.path, change.before, change.after)
        else:
            broken = net.broken or net.last != change.before
            nets[change.path] = Net(change.path, net.first, change.after, broken)
    return {path: net for path, net in nets.items() if net.first != net.last}


def without_histories(nets: dict[str, Net]) -> tuple[dict[str, Net], list[str]]:
    """The nets without those inside the `.git` of a repository that was there before and still is, and these `.git`.

    What is in there is the person's: branches, commits, stashes. One that came or went since is kept or removed whole.
    """
    left: dict[str, Net] = {}
    histories: dict[str, None] = {}
    for path, net in nets.items():
        history = history_of(path)
        if history and not _came_or_went(nets.get(history)):
            histories[history] = None
        else:
            left[path] = net
    return left, list(histories)


def history_of(path: str) -> str:
    """The `.git` that a path is, or lies in; "" for any other."""
    before, found, _ = f"{path}/".partition("/.git/")
    return f"{before}/.git" if found else ""


def _came_or_went(net: Net | None) -> bool:
    return net is not None and (net.first is None or net.last is None or net.first.kind != net.last.kind)
