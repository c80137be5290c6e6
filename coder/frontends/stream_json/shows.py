"""What a program that reads along wants told beside messages and results, and how long its lines may be. A value; must
not know who reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from coder.config.environment import whole
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.frontends.stream_json.lines import LIMIT
from coder.frontends.stream_json.progress import BEAT

_LONGEST = "CODER_STREAM_LINE_MAX"
_LEAST = 65536  # bytes; a message says something in so many
_ENTRY = "CLAUDE_CODE_ENTRYPOINT"
_BOUNDED = frozenset({"sdk-py"})  # readers that a longer line ends


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes that a line may have; None: any number. A `result` is what the run was for, and has its own."""

    line: int | None = LIMIT
    result: int | None = None


@dataclass(frozen=True, slots=True)
class Shows:
    """`hook_events`: each hook is told of, not only those of the start. `forwards_agents`: what subagents say and think
    is given on too. `partial`: the API's events are given on. `states`: each change between idle and running is told.
    `asks_tool`: who decides about calls knows what it has denied, and only the result tells of it. `replays`: what the
    host said is given back when it is read, as an acknowledgement. `beat` is how often a call that runs is told of, in
    seconds."""

    hook_events: bool = False
    forwards_agents: bool = False
    partial: bool = False
    states: bool = False
    asks_tool: bool = False
    replays: bool = False
    beat: float = BEAT
    room: Room = Room()


def room_of(env: Mapping[str, str], *, is_hosted: bool) -> Room:
    """`CODER_STREAM_LINE_MAX` says it, 0 is any number; else it goes by who has started the process. Raises
    ConfigError."""
    given = whole(env, _LONGEST, 0)
    if given is None:
        return Room(result=LIMIT if is_hosted and env.get(_ENTRY) in _BOUNDED else None)
    if 0 < given < _LEAST:
        raise ConfigError(f"{_LONGEST} must be at least {_LEAST}, or 0 for lines of any length.")
    return Room(given or None, given or None)
