"""What leaves the prompt. Must not know how it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["prompt", "command", "shell", "memory"]
How: TypeAlias = Literal["now", "after"]


@dataclass(frozen=True, slots=True)
class Clip:
    """A picture that was on the clipboard."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` is what was typed with every paste in full: a command with its `/`, a shell command and a memory without
    their mark. `pictures` are in the order of their `[Image 1]` in the text. `display` is the text as the prompt
    showed it, pastes as `[Pasted 84 lines]`. `how` "after": to be kept for after the run. `command` is the line that
    made a prompt of coder's own, such as `/init`."""

    kind: Kind
    text: str
    display: str = ""
    pictures: tuple[Path | Clip, ...] = ()
    how: How = "now"
    command: str = ""

    @property
    def shown(self) -> str:
        """What is told of it."""
        return self.command or self.display or self.text

    @property
    def typed(self) -> str:
        """As it has to stand in the prompt to be this again."""
        return self.command or {"shell": "!", "memory": "# "}.get(self.kind, "") + self.text
