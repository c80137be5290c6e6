"""The plugins of one session: which were asked for, what each brought, and why one is not there. Values; must not know
files, or what is done with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["skills", "commands", "agents", "output-styles"]


@dataclass(frozen=True, slots=True)
class PluginPlace:
    """Where files of one kind lie. `single`: it is one skill itself, or one file."""

    folder: Path
    kind: Kind
    single: bool = False


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a plugin, or a part of it, is not used. `kind` names the mistake for programs."""

    plugin: str
    kind: str
    message: str


@dataclass(frozen=True, slots=True, repr=False)
class Plugin:
    """`path` is what the person named, `root` the folder that its files lie in, `data` where it may keep things.
    `is_brought`: it lies in the repository that coder works in, so what it runs and grants counts only with trust.
    `options` are those that its texts may name, by their keys: none that is secret. `styles` are the SHA-256 of those
    that it may put upon the whole session, where that takes approval. `version` is as it says itself."""

    name: str
    path: Path
    root: Path
    data: Path
    places: tuple[PluginPlace, ...] = ()
    is_brought: bool = False
    options: tuple[tuple[str, str], ...] = ()
    styles: frozenset[str] = frozenset()
    version: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PluginSettings:
    """`given` are the folders and archives that were named; of those in `without_servers` no server is wanted.
    `options` is what the person set for plugins, by name, which may be secret. The rest is known once `is_loaded`:
    `notices` say for people all that is not used, problems too."""

    given: tuple[Path, ...]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    loaded: tuple[Plugin, ...] = ()
    problems: tuple[PluginProblem, ...] = ()
    notices: tuple[str, ...] = ()
    without_servers: frozenset[Path] = frozenset()
    is_loaded: bool = False

    def needs_trust(self, file: Path) -> bool:
        """Whether a file is of a plugin that lies in the repository."""
        return any(plugin.is_brought and file.is_relative_to(plugin.root) for plugin in self.loaded)
