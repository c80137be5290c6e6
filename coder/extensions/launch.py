"""How an extension's server is started, and what must be there for it, as plain values. Must not know how to tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Launch:
    """`args` and `env` may hold secrets, so it has no repr. `env` is all that comes on top of what every program gets.

    `secrets_in_args`: a sensitive value stands in the command line, where every user of the machine can read it.
    `secrets` are those values, to be hidden in what the server says.
    """

    command: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    secrets_in_args: bool = False
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """A program that has to be there, and the range of versions the manifest asks for; an empty one is any."""

    program: str
    range: str = ""
