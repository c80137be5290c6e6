"""What can be typed where no file but ours can lie, by the names of our files alone: `init` of every run lists it.

Must read no file, and load nothing that does.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from coder.config.paths import MANAGED, user_home
from coder.core import prompts
from coder.core.config import Config
from coder.frontmatter.folders import holds_any
from coder.workflows.shelved import SHIPPED


def may_lie(config: Config, kinds: Iterable[str]) -> bool:
    """A first look: False where no folder of one of these names can be, but for our own."""
    own = (config.home, user_home(os.environ), MANAGED)
    return holds_any((*own, config.cwd, *config.cwd.parents, *config.add_dirs), kinds)


def names_of_ours(config: Config, reserved: Collection[str]) -> tuple[tuple[str, str], ...] | None:
    """Each name with its kind, in the order in which all are offered; None where there may be other
    files. `reserved` are the names of the session's own commands."""
    if not config.guidance.commands:
        return ()
    if config.plugins or may_lie(config, ("skills", "commands")):
        return None
    workflows = workflows_of_ours(config, reserved)
    if workflows is None or not config.guidance.bundled:
        return workflows
    return (*workflows, *((name, "command") for name in _names(prompts.folder() / "commands", reserved)))


def workflows_of_ours(config: Config, reserved: Collection[str]) -> tuple[tuple[str, str], ...] | None:
    """The same of workflows, whatever commands there are: one by the same name comes first."""
    if may_lie(config, ("workflows",)):
        return None
    return tuple((name, "workflow") for name in _names(SHIPPED, reserved)) if config.guidance.bundled else ()


def _names(folder: Path, reserved: Collection[str]) -> list[str]:
    found = sorted(file.stem for file in folder.iterdir() if file.suffix == ".md")
    return [name for name in found if name not in reserved]
