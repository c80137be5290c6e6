"""What going back would do, path by path, held against what is on disk now. Changes nothing on disk but the store."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, replace

from coder.checkpoints.compose import Net, history_of, without_histories
from coder.checkpoints.contents import CheckpointError, ContentLost, Contents
from coder.checkpoints.entries import Entry
from coder.checkpoints.look import look, shows
from coder.core.dataclass import dataclass
from coder.core.nofollow import Folders
from coder.core.visible import visible_line


@dataclass(frozen=True, slots=True)
class Step:
    """At `path` there is `have`, and there shall be `want`."""

    path: str
    have: Entry | None
    want: Entry | None

    @property
    def folder(self) -> str:
        return folder_of(self.path)


@dataclass(frozen=True, slots=True)
class Left:
    """A path that is left as it is, and why."""

    path: str
    why: str


@dataclass(slots=True)
class Plan:
    """`conflicts` are left because somebody else changed them; `left` for other reasons. `doors` are folders that have
    to be opened on the way, and the modes they have."""

    steps: dict[str, Step] = field(default_factory=dict)
    conflicts: list[Left] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    doors: dict[str, int] = field(default_factory=dict)


CHANGED, CHANGED_BETWEEN = "it was changed since, not by this session", "somebody else changed it in between"
HISTORY_CHANGED = "that repository was used since, not by this session"
TREE_CHANGED = "that work tree was used since, not by this session"
OTHER_SESSION = "another session changed it too"
UNSURE = "it was changed while a command ran in the background, by that or by you"


def make_plan(
    nets: Mapping[str, Net], contents: Contents, *, force: bool = False, doubts: Mapping[str, str] | None = None
) -> Plan:
    """`doubts` are paths that others may have changed, and why. With `force` conflicts are overwritten, but
    nothing is deleted that no change brought about. Raises CheckpointError when something cannot be looked at."""
    plan = Plan()
    wanted, histories = without_histories(dict(nets))
    plan.left += [Left(path, "the history of a repository is not changed") for path in histories]
    with Folders() as folders:
        for path in sorted(wanted):
            _weigh(plan, wanted[path], contents, folders, force=force, doubt=(doubts or {}).get(path, ""))
        _keep_full_folders(plan, folders)
        if _keep_whole_histories(plan):
            _keep_full_folders(plan, folders)
        _keep_whole_trees(plan)
        for path in sorted(plan.steps):
            _check_parent(plan, plan.steps[path], folders, contents)
        for path in plan.steps:
            _open_door(plan, path, folders)
    return plan


def check_contents(plan: Plan, contents: Contents) -> None:
    """Every content that is needed is there and undamaged. Raises ContentLost that names the path."""
    for step in plan.steps.values():
        if step.want is not None and step.want.kind == "file":
            try:
                contents.get(step.want.content)
            except ContentLost as error:
                raise ContentLost(
                    f"{visible_line(step.path)} cannot be brought back: {error}. Nothing was changed."
                ) from error


def _weigh(plan: Plan, net: Net, contents: Contents, folders: Folders, *, force: bool, doubt: str) -> None:
    path = net.path
    found = _looked(path, contents, folders)
    if shows(found, net.first, contents):
        return
    if why := _why_not(net.first, net.last):
        plan.left.append(Left(path, why))
        return
    step = Step(path, net.last, net.first)
    if not shows(found, net.last, contents):
        why = CHANGED
    elif net.broken:
        why = CHANGED_BETWEEN
    else:
        why = doubt
    if why and not (force and (found is None or found.is_kept)):
        plan.conflicts.append(Left(path, why))
        return
    plan.steps[path] = replace(step, have=found)


def _why_not(want: Entry | None, have: Entry | None) -> str:
    if want is not None and not want.is_kept:
        return _not_kept(want)
    if have is not None and not have.is_kept:
        return f"{_not_kept(have)}, so it could not be brought back again"
    return ""


def _not_kept(entry: Entry) -> str:
    return f"it was not kept ({entry.size / 1e6:,.1f} MB)" if entry.kind == "file" else "it is neither file nor folder"


def _keep_full_folders(plan: Plan, folders: Folders) -> None:
    for path in sorted(plan.steps, reverse=True):
        _keep_full_folder(plan, plan.steps[path], folders)


def _keep_whole_histories(plan: Plan) -> bool:
    """The `.git` of a repository comes or goes whole or not at all, since half of one is none. Whether one stays."""
    mixed = {history_of(each.path) for each in (*plan.conflicts, *plan.left)} - {""}
    stay = {history for history in mixed if any(history_of(path) == history for path in plan.steps)}
    for path in [path for path in plan.steps if history_of(path) in stay]:
        del plan.steps[path]
    for each in (plan.conflicts, plan.left):
        each[:] = [left for left in each if history_of(left.path) not in stay]
    plan.conflicts += [Left(path, HISTORY_CHANGED) for path in sorted(stay)]
    return bool(stay)


def _keep_whole_trees(plan: Plan) -> None:
    """A linked work tree that would go, but holds what nobody here made, stays whole: somebody may be at work in it,
    and without its `.git`, a file, git knows none of it."""
    points = [path for path, step in plan.steps.items() if path.endswith("/.git") and _goes(step)]
    kept = [left.path for left in (*plan.conflicts, *plan.left)]
    for top in sorted(map(folder_of, points)):
        if not any(path == top or path.startswith(f"{top}/") for path in kept):
            continue
        for path in [path for path in plan.steps if path.startswith(f"{top}/")]:
            del plan.steps[path]
        plan.conflicts.append(Left(f"{top}/.git", TREE_CHANGED))


def _goes(step: Step) -> bool:
    return step.want is None and step.have is not None and step.have.kind == "file"


def _keep_full_folder(plan: Plan, step: Step, folders: Folders) -> None:
    """A folder that would go, but holds what nobody here made, stays."""
    if step.have is None or step.have.kind != "folder" or (step.want is not None and step.want.kind == "folder"):
        return
    try:
        names = [entry.name for entry in folders.entries(f"{step.path.lstrip('/')}/")]
    except OSError:
        return
    for name in sorted(names):
        inner = plan.steps.get(f"{step.path}/{name}")
        if inner is None or inner.want is not None:
            del plan.steps[step.path]
            left = Left(step.path, f"it holds {visible_line(name)}")
            (plan.left if step.want is None else plan.conflicts).append(left)
            return


def _check_parent(plan: Plan, step: Step, folders: Folders, contents: Contents) -> None:
    """What is to be put somewhere needs a folder to be put in."""
    if step.want is None:
        return
    parent = step.folder
    planned = plan.steps.get(parent)
    entry = planned.want if planned is not None else _looked(parent, contents, folders)
    if entry is None or entry.kind != "folder":
        del plan.steps[step.path]
        plan.conflicts.append(Left(step.path, "its folder is not there any more, or is something else now"))


def _open_door(plan: Plan, path: str, folders: Folders) -> None:
    parent = folder_of(path)
    with suppress(OSError):
        found = folders.status(parent.lstrip("/")).st_mode
        if stat.S_ISDIR(found) and found & 0o300 != 0o300:
            plan.doors[parent] = stat.S_IMODE(found)


def _looked(path: str, contents: Contents, folders: Folders) -> Entry | None:
    try:
        return look(path, contents, folders)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in (errno.EACCES, errno.EPERM):
            return Entry("other")
        raise CheckpointError(f"{visible_line(path)} cannot be looked at: {reason}. Nothing was changed.") from error


def folder_of(path: str) -> str:
    """The folder of a path."""
    return path.rpartition("/")[0] or "/"
