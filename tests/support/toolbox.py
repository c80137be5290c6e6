"""What a tool test needs: a workspace on real files, a context, and one call that goes the way the engine goes."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from coder.core.messages import Json
from coder.core.requests import Deny, Reply, Request
from coder.core.tools import Mode, Tool, ToolContext, ToolOutput
from coder.tools.schema import parse
from coder.workspace.local import LocalWorkspace


class Control:
    """A session's mode, in memory."""

    def __init__(self, mode: Mode = "default") -> None:
        self.mode: Mode = mode

    def set_mode(self, mode: Mode) -> None:
        self.mode = mode


async def nobody(request: Request) -> Reply:
    return Deny("nobody to ask", nobody=True)


@dataclass
class Toolbox:
    """One session's surroundings: `await box.call(tool, file_path="/x")` parses and runs as the engine does."""

    folder: Path
    workspace: Any = None
    control: Control = field(default_factory=Control)
    ask: Callable[[Request], Awaitable[Reply]] = nobody
    progress: list[str] = field(default_factory=list)
    calls: int = 0
    real: Callable[[Path], Path] = lambda path: Path(os.path.realpath(path))

    def __post_init__(self) -> None:
        self.workspace = self.workspace or LocalWorkspace(self.folder)
        self.spills = self.folder.parent / f"{self.folder.name}-spills"
        self.spills.mkdir(exist_ok=True)

    def context(self) -> ToolContext:
        self.calls += 1
        return ToolContext(
            tool_use_id=f"toolu_{self.calls:04d}",
            workspace=self.workspace,
            control=self.control,
            ask=self.ask,
            progress=self.progress.append,
            spill_dir=self.spills,
            real=self.real,
        )

    async def call(self, tool: Tool, raw: Json | None = None, /, **given: Any) -> ToolOutput:
        """Parses `raw` (or the keywords) and runs the tool. Raises ToolError as both do."""
        params = parse(tool.params, given if raw is None else raw, tool.name)
        tool.access(params, self.workspace)
        tool.summary(params)
        return await tool.run(params, self.context())


def text_of(output: ToolOutput) -> str:
    """What the model reads, as one text."""
    if isinstance(output.content, str):
        return output.content
    return "".join(getattr(block, "text", "") for block in output.content)
