"""What a tool is: a description of what a call touches, and a way to run it. Must not know who asks or decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from coder.core.choices import MODES as MODES
from coder.core.choices import Mode as Mode
from coder.core.dataclass import dataclass
from coder.core.messages import Document, Image, Json, Text, ToolUse
from coder.core.requests import Effect, Reply, Request
from coder.core.workspace import Workspace

if TYPE_CHECKING:
    from coder.core.model import ToolSpec


@dataclass(frozen=True, slots=True)
class Reads:
    """Reads files or folders below these absolute paths."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Writes:
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Runs:
    command: str


@dataclass(frozen=True, slots=True)
class Fetches:
    url: str


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls a tool of a server. Rules about `mcp__server__tool` are about the call, whatever its own name is. `claim`
    is what the server says of it, in words after "that it", or "". `changed` says that the tool is another one than the
    person allowed by its name, or "". `asks_model`: it is no call, but the server that wants the model asked."""

    server: str
    tool: str
    claim: str = ""
    changed: str = ""
    asks_model: bool = False


READS_RESOURCES = "resources_read"
"""The `tool` of reading what a server offers to be read, which is no tool of its own."""


ASKS_MODEL = "sampling"
"""The `tool` of a server that wants the model asked, which is no tool of its own either."""


@dataclass(frozen=True, slots=True)
class Internal:
    """Touches only the session's own state (todo list, background output). Never needs a question."""


@dataclass(frozen=True, slots=True)
class Decides:
    """Hands a decision to the person (plan approval): always a question."""


@dataclass(frozen=True, slots=True)
class Follows:
    """Takes a text of a file as instructions. `gains` is what may be done without a question by that, or ""."""

    name: str
    gains: str = ""


@dataclass(frozen=True, slots=True)
class Delegates:
    """Has an agent of this kind do something: what it does is judged when it does it."""

    kind: str


Access: TypeAlias = Reads | Writes | Runs | Fetches | Calls | Internal | Decides | Follows | Delegates


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """`content` is for the model, `data` the structured result for SDKs and hooks, `summary` one line for people.
    `limit` is the characters of a text that are let through, where the tool itself has bounded them; None: as ever."""

    content: str | tuple[Text | Image | Document, ...]
    data: Json | None = None
    summary: str = ""
    is_error: bool = False
    limit: int | None = None


class SessionControl(Protocol):
    """What a tool may change about its session."""

    @property
    def mode(self) -> Mode: ...

    def set_mode(self, mode: Mode) -> None: ...


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running tool is given. `spill_dir` holds whole outputs that were cut for the model.

    `real` tells where a path of the call led when it was judged, every link followed: that path is opened, and no
    other. It raises ToolError for a path that was not judged. `stated` is what a tool that foresees told the person
    when they were asked: it does that, or nothing.
    """

    tool_use_id: str
    workspace: Workspace
    control: SessionControl
    ask: Callable[[Request], Awaitable[Reply]]
    progress: Callable[[str], None]
    spill_dir: Path
    real: Callable[[Path], Path]
    stated: tuple[Effect, ...] = ()


class Tool(Protocol):
    """A tool. `params` is a stdlib dataclass; the schema is made from it and calls are checked against it.

    `access` is pure (no I/O but path resolution) and never raises for valid params.
    `run` raises `ToolError` with a text for the model; it may be cancelled at any await.
    """

    @property
    def name(self) -> str: ...

    @property
    def params(self) -> type[Any]: ...

    def access(self, params: Any, workspace: Workspace) -> Access: ...

    def summary(self, params: Any) -> str:
        """What the call does, in a few words for people: a path, a command."""
        ...

    async def run(self, params: Any, context: ToolContext) -> ToolOutput: ...


@runtime_checkable
class Foresees(Protocol):
    """A tool that can say what a call would do, better than its access does, by looking at what is there."""

    async def foresee(self, params: Any, workspace: Workspace) -> tuple[Effect, ...]:
        """Called before a person is asked; none when there is nothing to add. Changes nothing. Raises ToolError for a
        call that cannot be done, about which nobody need be asked."""
        ...


@runtime_checkable
class Described(Protocol):
    """A tool whose schema is not made from a dataclass: it says itself how the model sees it, and checks its calls."""

    def spec(self) -> ToolSpec: ...

    def parse(self, raw: Json) -> Any:
        """What `run` is given. Raises ToolError that lists every problem."""
        ...


@runtime_checkable
class Dispatches(Protocol):
    """A tool whose call stands for the call of another tool."""

    def inner(self, call: ToolUse) -> ToolUse:
        """The call that is meant, under the same id; `call` itself when it means none that there is."""
        ...
