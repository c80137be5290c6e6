"""What of a session its agents are put together from. Values; must not know how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import date
from typing import TYPE_CHECKING

from coder.core.choices import Mode
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.messages import Block
from coder.permissions.rules import Rules

if TYPE_CHECKING:
    from coder.app.subagents.roster import Roster
    from coder.commands.definition import Definition


def _nothing() -> tuple[Block, ...]:
    return ()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Told:
    """What of a session its agents are told too: `memory` is what its memory files say, `managed` what the
    administrator's among them do, and `git` how the repository stands; `skills` are those that its model may use."""

    memory: Callable[[], tuple[Block, ...]] = _nothing
    git: Callable[[], tuple[Block, ...]] = _nothing
    skills: Callable[[], Sequence[Definition]] = tuple
    managed: Callable[[], tuple[Block, ...]] = _nothing


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Parts:
    """As it is by now. `tools` are the names of its own, `servers`
    those of its servers, None: not known. `facts` are for the texts of skills."""

    config: Config
    env: Mapping[str, str]
    today: date
    rules: Callable[[], Rules]
    tools: Callable[[], Sequence[str]]
    model: Callable[[], str]
    mode: Callable[[], Mode]
    roster: Callable[[], Roster]
    emit: Callable[[AnyEvent], None]
    told: Told = field(default_factory=Told)
    servers: Callable[[], Sequence[str] | None] = lambda: None
    facts: Mapping[str, str] = field(default_factory=dict)
