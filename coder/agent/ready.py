"""A tool call that was found, parsed and judged, and so may run. Must not know who runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.agent.ports import NOTHING_SAID, Before, Watched
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Json, ToolUse
from coder.core.requests import Effect
from coder.core.tools import Access, Reads, Tool, Writes
from coder.core.workspace import Workspace

if TYPE_CHECKING:
    from coder.permissions.decide import Decision

_FILES = ("file_path", "notebook_path")


@dataclass(frozen=True, slots=True)
class Prepared:
    """`note` is of the checkpoint that was taken before it, and of hooks; `stated` what the person was told."""

    call: ToolUse
    tool: Tool
    params: Any
    access: Access
    summary: str
    decision: Decision
    concurrent: bool
    note: str = ""
    said: Before = NOTHING_SAID
    stated: tuple[Effect, ...] = ()

    @property
    def effects(self) -> tuple[Effect, ...]:
        """What the call would do; a tool that names the files it writes needs nobody to tell."""
        if not isinstance(self.access, Writes):
            return self.decision.effects
        return tuple(Effect("writes", str(place), place.real) for place in self.decision.places)

    @property
    def watched(self) -> Watched | None:
        """As whoever keeps what it changes sees it; None when it changes nothing."""
        if not self.decision.changes:
            return None
        writes = tuple(place.real for place in self.decision.places) if isinstance(self.access, Writes) else ()
        return Watched(self.summary, self.access, self.effects, writes)

    def real(self, path: Path) -> Path:
        """The file that was judged under this name. Raises ToolError for another."""
        leads = {place.written: place.real for place in self.decision.places}
        if path not in leads:
            raise ToolError(f"{path} is not the file that was there when this call was checked. Send the call again.")
        return leads[path]


def summary_of(call: ToolUse, tool: Tool, params: Any) -> str:
    return f"{call.name} {tool.summary(params)}".strip()


def grounded(prepared: Prepared, edited: Json, workspace: Workspace) -> Json:
    """The input that somebody gave in the place of the call's, with a file that they named from the current folder in
    full: only the model is held to whole names, which it can be told of."""
    if not isinstance(prepared.access, Reads | Writes):
        return edited
    named = {key: edited.get(key) for key in _FILES if edited.get(key) != prepared.call.input.get(key)}
    relative = {key: path for key, path in named.items() if isinstance(path, str) and _is_relative(path)}
    return edited | {key: str(workspace.resolve(path)) for key, path in relative.items()}


def _is_relative(path: str) -> bool:
    return bool(path) and "\0" not in path and not path.startswith(("/", "~"))
