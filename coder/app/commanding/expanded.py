"""What a command of a file comes to: as people are offered it, and as it stands in a prompt. Must not know files."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from typing import Literal

from coder.core.choices import Effort
from coder.core.dataclass import dataclass
from coder.core.messages import Block


@dataclass(frozen=True, slots=True, eq=False)
class Expanded:
    """What a line that names a command of a file stands for. `blocks` are what the model reads, what was typed first;
    `during` is entered for the run (what it may do meanwhile); `model` and `effort` are those of this run alone;
    `verify` is what is checked of its answer."""

    blocks: tuple[Block, ...]
    during: AbstractContextManager[None] = field(default_factory=nullcontext)
    model: str = ""
    effort: Effort | None = None
    verify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offered:
    """A command of a file that a person may type. `origin` says whose it is: "built-in", "project", "yours", …;
    `also` are further names that may be typed for it, or for one that it hides."""

    name: str
    about: str = ""
    hint: str = ""
    origin: str = ""
    kind: Literal["command", "skill", "workflow"] = "command"
    also: tuple[str, ...] = ()
