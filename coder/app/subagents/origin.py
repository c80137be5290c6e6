"""Values about worktrees of agents: the session they are made for, and what is known of one while it is lived in. Must
not know how they are made or left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.git.call import Git
from coder.git.worktrees.tenancy import Tenant
from coder.git.worktrees.trees import Checkout, WorkTree

if TYPE_CHECKING:
    from coder.app.worktree_hooks import WorktreeHooks

PREFIX = "agent-"
AGENT, SESSION, LEAVING = "agent", "session", "leaving"
"""Keys of the note of such a worktree. The last is set while it is being removed, once all of it is on its branch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Origin:
    """The session whose agents get worktrees. `cwd` is where it works, `env` what its commands are given; `trailer` are
    the last lines of a commit message. What `is_denied` is neither copied nor committed."""

    config: Config
    env: Mapping[str, str]
    cwd: Path
    session_id: str
    trailer: Callable[[], str]
    is_denied: Callable[[Path], bool]

    def denies(self, name: str, *tops: Path) -> bool:
        """Whether a file of this name below any of the work trees is: a copy is as secret as what it was made of."""
        return any(self.is_denied(top / name) for top in tops)


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """A worktree that the agent `id` works in. `main` and `tree` are None where a hook made a folder that git does not
    know; `title` is what the agent does."""

    origin: Origin
    git: Git
    main: Checkout | None
    tree: WorkTree | None
    path: Path
    hooks: WorktreeHooks | None
    tenant: Tenant | None
    id: str
    title: str
