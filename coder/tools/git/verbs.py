"""Which actions the Git tool has. Loaded when it is first used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from coder.tools.git.reader import Reader
from coder.tools.git.status import Status
from coder.tools.git.verb import Verb


def reading(env: Mapping[str, str], denied: tuple[tuple[Path, str], ...] = ()) -> dict[str, Verb]:
    """The actions that change nothing."""
    reader = Reader(env, denied)
    return {"status": Status(reader)}
