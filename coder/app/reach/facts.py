"""What the servers of a session depend on, and what the session does for them. Values; must not know who uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.reach.host import Answering
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.messages import Image
from coder.core.tools import Tool
from coder.mcp.server import Server, ServerTool

if TYPE_CHECKING:
    from coder.app.reach.prompts import OnExpansion


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Facts:
    """What of a session its servers depend on. `off` and `unapproved` are names with the reason, `required` those that
    must be there; `kept` is the file of what stands in requests, None for a session that is not kept, `stored` what
    stood there when the session began, None for a new one. `skipped` are entries that are not used: name, what kind of
    mistake, and the word for people."""

    servers: tuple[Server, ...]
    off: tuple[Server, ...]
    unapproved: Mapping[str, str]
    required: tuple[str, ...]
    search: str
    window: int
    kept: Path | None
    stored: tuple[ServerTool, ...] | None
    env: Mapping[str, str]
    problems: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Ties:
    """What the session does for its servers. `removed` are the names among some that a rule takes away; `answering` is
    for what they ask; `denied` and `hooked` are as in `offering.Needs`, `folder` is for results that are too long."""

    emit: Callable[[AnyEvent], None]
    roots: Callable[[], tuple[Path, ...]]
    removed: Callable[[Iterable[str]], Sequence[str]]
    shrink: Callable[[Image], Image | None]
    find: Callable[[str], Tool | None]
    answering: Answering
    denied: Callable[[str], str]
    hooked: OnExpansion
    folder: Path
