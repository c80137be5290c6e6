"""Asks the Git tool about a repository, as the engine does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coder.core.errors import ToolError
from coder.core.tools import ToolOutput
from coder.tools.git.tool import GitTool
from coder.tools.git.verbs import reading
from coder.workspace.local import LocalWorkspace
from tests.support.cli import Place
from tests.support.repositories import Repository
from tests.support.toolbox import Toolbox, text_of

SESSION = "0a1b2c3d-0000-0000-0000-000000000000"


class Asking:
    """The tool in one folder. `denied` are patterns below the repository."""

    def __init__(
        self,
        repository: Repository,
        at: Path | None = None,
        denied: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        folder = at or repository.folder
        self.repository = repository
        self.env = {"PATH": os.environ["PATH"], "HOME": str(repository.home), **(env or {})}
        pairs = tuple((repository.folder, pattern) for pattern in denied)
        self.tool = GitTool(lambda: reading(self.env, pairs, SESSION))
        self.box = Toolbox(folder, LocalWorkspace(folder, (), self.env))

    async def output(self, action: str, **given: Any) -> ToolOutput:
        return await self.box.call(self.tool, {"action": action, **given})

    async def __call__(self, action: str, **given: Any) -> str:
        """What the model reads, also of an error."""
        try:
            return text_of(await self.output(action, **given))
        except ToolError as error:
            return f"error: {error}"


def asking(place: Place, **more: Any) -> Asking:
    return Asking(Repository.make(place), **more)
