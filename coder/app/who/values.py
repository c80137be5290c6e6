"""What is known of who changed something: values. Must not know where they come from, or how they are shown."""

from __future__ import annotations

from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.git.reflog import Step

By: TypeAlias = Literal["tool", "command", "background", "rewind", "coder", "other"]
How: TypeAlias = Literal["created", "changed", "deleted", "moved here", "moved away"]
What: TypeAlias = Literal["file", "head", "branch", "stash", "worktrees"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A prompt of a session and what it led to. `prompt` is empty where it is not known any more."""

    session: str
    prompt: str = ""
    prompt_id: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What did it. `coder` is coder by itself, such as a commit of --auto-commit, and `other` no session: a person, or
    another program; `what` then is what git's log says. `during`: it happened while a command ran that may have had
    nothing to do with it. `beside` are others that ran meanwhile."""

    by: By
    what: str
    turn: Turn | None = None
    during: bool = False
    beside: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """What was at a path. `lines` is None where they cannot be told; `text` is filled on request."""

    kind: str
    size: int
    mode: int
    content: str = ""
    lines: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class FileRow:
    """One change of one path. `other` is the path that it was moved from or to. Times in seconds since the epoch."""

    when: float
    began: float
    path: str
    how: How
    before: Side | None
    after: Side | None
    cause: Cause
    other: str = ""


@dataclass(frozen=True, slots=True)
class NameRow:
    """One move of a name of git's: commits, "" for none; of a stash entry and a work tree, the message and the branch.
    `was_on` and `on` are the branch that was checked out before and after, "" where it is not known. `began` and
    `ended` say what came under way and what no longer is. `since` is 0 unless it is only known when it was seen last.
    """

    when: float
    name: str
    before: str
    after: str
    cause: Cause
    was_on: str = ""
    on: str = ""
    steps: tuple[Step, ...] = ()
    began: str = ""
    ended: str = ""
    other: str = ""
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Commit:
    id: str
    author: str
    when: float
    subject: str


@dataclass(frozen=True, slots=True)
class Now:
    """A path as it is. `differs` from what the last known change left, None where that cannot be told."""

    path: str
    exists: bool
    changed: float = 0.0
    differs: bool | None = None
    commits: tuple[Commit, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A session of which it is not known what it changed. `names_it`: its transcript names the file."""

    session: str
    title: str
    when: float
    names_it: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`rows` are the newest first; `more` are left out. `titles` and `subjects` are of sessions and commits by their
    ids. `near` are paths of the same name that are known elsewhere. `ours` and `others` count all rows by who it was.
    """

    what: What
    asked: str
    files: tuple[FileRow, ...] = ()
    names: tuple[NameRow, ...] = ()
    more: int = 0
    now: Now | None = None
    gaps: tuple[Gap, ...] = ()
    near: tuple[str, ...] = ()
    titles: dict[str, str] | None = None
    subjects: dict[str, str] | None = None
    ours: int = 0
    others: int = 0

    @property
    def found(self) -> bool:
        return bool(self.files or self.names)
