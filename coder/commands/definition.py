"""A command or skill as a file says it: what it is called, what it tells the model, what it may do. Values.

Must not know where files lie, how they are read, or who runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.core.choices import Effort
from coder.core.dataclass import dataclass

Origin: TypeAlias = Literal["built-in", "managed", "given", "yours", "project", "added", "plugin"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something in a file that does not count as it was meant. `line` is 1-based, 0 for the whole file."""

    path: Path
    line: int
    text: str
    level: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """One command file or skill folder, as it counts. The body is read when it is needed (`body` of the loader).

    `name` is what is typed behind the slash, `file` the .md, `folder` a skill's own folder (None for a command file).
    `origin` says whose it is; `grants` are the rules of allowed-tools, `without` those of disallowed-tools.
    `model_may`: the model may use it by itself; `person_may`: it can be typed. `paths` are globs: it is offered once a
    file that matches was touched. `hooks` is the raw object of the head. `first_line` is the body's, 1-based. `plugin`
    is the folder of the plugin it belongs to, `data` the one in which that may keep things, `options` what its texts
    may name of what is set for it. `digest` stands for the whole file as it was read, where something in its head
    counts only with trust; `body` gives no other text than that.
    """

    name: str
    file: Path
    origin: Origin
    kind: Literal["command", "skill"]
    description: str = ""
    when: str = ""
    hint: str = ""
    label: str = ""
    arguments: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    model: str = ""
    effort: Effort | None = None
    forks: bool = False
    agent: str = ""
    model_may: bool = True
    person_may: bool = True
    paths: tuple[str, ...] = ()
    hooks: Mapping[str, Any] = field(default_factory=dict)
    verify: tuple[str, ...] = ()
    folder: Path | None = None
    first_line: int = 1
    background: bool | None = None
    shell: str = ""
    plugin: Path | None = None
    data: Path | None = None
    options: tuple[tuple[str, str], ...] = ()
    digest: str = ""
    mistakes: tuple[Mistake, ...] = ()
