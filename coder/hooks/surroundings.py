"""What hooks run in: folders, variables, bounds, and whom the engine turns to. Values; must not know the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.messages import Json
from coder.hooks.outcome import Part

Fits: TypeAlias = Callable[[str, str, Json], bool]
"""Does a permission rule fit a call: rule, tool name, tool input. Never raises."""
AskModel: TypeAlias = Callable[[str, str, float], Awaitable[str]]
"""Prompt, model name ("": the small one), seconds. Returns the reply; raises an Exception with a line for people."""


CallServer: TypeAlias = Callable[[str, str, Json], Awaitable[str]]
"""Server, tool, input. Returns the text of the answer; raises CoderError with a line for people."""
CallHost: TypeAlias = Callable[[str, Json], Awaitable[Json]]
"""Calls a callback of the program that embeds us: its id, the hook's input. Returns what it says; raises HostError."""


class HostError(Exception):
    """The program that embeds us gave no answer, and why. `gone`: nobody is there any more."""

    def __init__(self, text: str, *, gone: bool = False) -> None:
        super().__init__(text)
        self.gone = gone


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """`project` is where the session started. `env` is what coder was started with, `settings_env` the person's own
    `env` settings: what is named there reaches hooks, secret or not. `spill` is a folder for texts that are too long.

    `urls` and `env_names` bound hooks that post (None: no bound). `env_file` is for variables that later commands get.
    """

    project: Path
    env: Mapping[str, str] = field(repr=False)
    spill: Path
    settings_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    effort: str = ""
    urls: tuple[str, ...] | None = None
    env_names: tuple[str, ...] | None = None
    env_file: Path | None = None


def _nobody(event: AnyEvent) -> None:
    pass


def _late(part: Part) -> None:
    pass


def _unminded(group: int, begins: bool) -> None:
    pass


def _no_rule(rule: str, tool: str, given: Json) -> bool:
    return False


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """`late` is told, in the event loop, of a hook in the background once it has ended; `mind` of each process group
    that begins (True) and ends: should coder be killed, somebody ends those. `ask_agent` is as `ask_model`, of an agent
    that looks things up itself."""

    emit: Callable[[AnyEvent], None] = _nobody
    fits: Fits = _no_rule
    ask_model: AskModel | None = None
    late: Callable[[Part], None] = _late
    mind: Callable[[int, bool], None] = _unminded
    call_server: CallServer | None = None
    ask_agent: AskModel | None = None
    call_host: CallHost | None = None
