"""A plugin folder: what it is called, where its commands, skills, agents and styles lie, which hooks and servers it
brings.

Loads and checks; must not install anything, nor know which plugins are in use.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.commands.definition import Mistake
from coder.commands.places import Kind, Place
from coder.core.dataclass import dataclass
from coder.core.ordinary import read_ordinary
from coder.core.visible import visible_line
from coder.frontmatter.found import SIZE

MANIFEST = Path(".claude-plugin/plugin.json")
MARKET = Path(".claude-plugin/marketplace.json")
_KEYS: Mapping[Kind, str] = {
    "skills": "skills",
    "commands": "commands",
    "agents": "agents",
    "output-styles": "outputStyles",
}
_TEXTS = ("name", "displayName", "version", "description", "homepage", "license")
_OBJECTS = ("userConfig", "experimental", "metadata")
_INLINE = ("hooks", "mcpServers")
SERVERS = ".mcp.json"
_LONGEST_NAME = 64
_LONGEST_PATH, _LONGEST_PART = 3000, 256
Flaw: TypeAlias = Literal["", "manifest-parse-error", "manifest-validation-error"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """`hooks` are hook objects as written, each with the file it stands in, and `servers` objects of servers by name.
    `said` is the manifest. `flaw`: it says something that it may not, so that no session uses any of the plugin."""

    name: str
    root: Path
    places: tuple[Place, ...]
    hooks: tuple[tuple[Path, Mapping[str, Any]], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    servers: tuple[tuple[Path, Mapping[str, Any]], ...] = ()
    said: Mapping[str, Any] = field(default_factory=dict, repr=False)
    flaw: Flaw = ""


@dataclass(slots=True)
class _Manifest:
    file: Path
    root: Path
    said: Mapping[str, Any]
    mistakes: list[Mistake] = field(default_factory=list)
    is_wrong: bool = False

    def wrong(self, text: str, *, whole: bool = False) -> None:
        """`whole`: the manifest cannot be meant, not one path of it."""
        self.mistakes.append(Mistake(self.file, 0, text))
        self.is_wrong = self.is_wrong or whole

    def name(self) -> str:
        name = self.said.get("name")
        if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME and all(map(_is_of_names, name)):
            return name
        if self.file.name == MANIFEST.name or "name" in self.said:
            self.wrong("name must be a text without blanks, colons and slashes", whole=True)
        # Nobody has written this one: what would be no name, or would look like another, is a dash.
        return "".join(sign if _is_of_names(sign) else "-" for sign in self.root.name[:_LONGEST_NAME]) or "plugin"

    def paths(self, key: str) -> list[Path]:
        """Those it names, each inside its root; what is named otherwise is a mistake."""
        value = self.said.get(key)
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        if value is not None and (
            not isinstance(value, str | list) or any(not isinstance(text, str) for text in texts)
        ):
            if key not in _INLINE or not isinstance(value, dict | list):
                self.wrong(f"{key} must be a path or a list of paths", whole=True)
            texts = [text for text in texts if isinstance(text, str)]
        return [path for text in texts if (path := self._inside(key, text)) is not None]

    def _inside(self, key: str, text: str) -> Path | None:
        if not _can_be_path(text):
            self.wrong(f"{key}: {visible_line(text)[:80]!r} can be no path")
            return None
        path = Path(os.path.normpath(self.root / text))
        real, root = Path(os.path.realpath(path)), Path(os.path.realpath(self.root))
        if not text.startswith("./") and text != ".":
            self.wrong(f"{key}: {text[:80]!r} must begin with ./, which is the folder of the plugin")
        elif not path.is_relative_to(self.root) or not real.is_relative_to(root):
            self.wrong(f"{key}: {text[:80]!r} leads out of the plugin")
        elif not path.exists():
            self.wrong(f"{key}: there is no {text[:80]}")
        else:
            return path
        return None


def _is_of_names(sign: str) -> bool:
    return not sign.isspace() and sign not in ":/" and visible_line(sign) == sign


def _can_be_path(text: str) -> bool:
    try:
        parts = os.fsencode(text).split(b"/")
    except UnicodeEncodeError:
        return False
    return len(text) < _LONGEST_PATH and all(len(part) < _LONGEST_PART and b"\0" not in part for part in parts)


def load_plugin(root: Path, entry: Mapping[str, Any] | None = None) -> Plugin:
    """`entry` is what a marketplace says of it, where it has no manifest of its own. Never raises."""
    mistakes: list[Mistake] = []
    said = _object(root / MANIFEST, mistakes)
    file, is_unread = root / MANIFEST, bool(mistakes)
    if said is None:
        said, file = entry or {}, root / MARKET if entry else root
    manifest = _Manifest(file, root, said, mistakes)
    name = manifest.name()
    for key in _TEXTS[1:]:
        if not isinstance(said.get(key), str | None):
            manifest.wrong(f"{key} must be a text", whole=True)
    for key in _OBJECTS:
        if not isinstance(said.get(key), dict | None):
            manifest.wrong(f"{key} must be an object", whole=True)
    found = tuple(_places(manifest, name))
    hooks, servers = tuple(_hooks(manifest)), tuple(_servers(manifest))
    flaw: Flaw = "manifest-validation-error" if manifest.is_wrong else ""
    if is_unread:
        flaw = "manifest-parse-error"
    return Plugin(name, root, found, hooks, tuple(dict.fromkeys(mistakes)), servers, said, flaw)


def market_plugins(root: Path) -> tuple[tuple[Plugin, ...], tuple[Mistake, ...]]:
    """The plugins of a marketplace that lie in the same folder; those from elsewhere are left out."""
    mistakes: list[Mistake] = []
    said = _object(root / MARKET, mistakes) or {}
    file = root / MARKET
    entries = said.get("plugins")
    if not isinstance(entries, list):
        return (), (*mistakes, *([Mistake(file, 0, "plugins must be a list")] if said else ()))
    found: list[Plugin] = []
    for number, entry in enumerate(entries[:10_000], 1):
        if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
            mistakes.append(Mistake(file, 0, f"plugin {number} of the list has no name"))
            continue
        source = entry.get("source")
        if not isinstance(source, str) or not _can_be_path(source):
            continue
        folder = _source(root, said, source)
        if folder is None:
            mistakes.append(Mistake(file, 0, f"{entry['name'][:60]}: there is no folder {source[:80]!r} here"))
            continue
        found.append(load_plugin(folder, entry))
    return tuple(found), tuple(mistakes)


def _source(root: Path, said: Mapping[str, Any], source: str) -> Path | None:
    metadata = said.get("metadata")
    base = metadata.get("pluginRoot") if isinstance(metadata, dict) else None
    starts = [root / base] if isinstance(base, str) and not source.startswith("./") else [root]
    for start in starts:
        folder = Path(os.path.normpath(start / source))
        inside = Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root))
        if inside and folder.is_dir():
            return folder
    return None


def _places(manifest: _Manifest, name: str) -> Iterator[Place]:
    root = manifest.root

    def place(folder: Path, kind: Kind, single: bool = False) -> Place:
        return Place(folder, kind, "plugin", root, f"{name}:", root, single)

    for kind, key in _KEYS.items():
        listed = manifest.paths(key)
        # Skills add to the folder and the others take its place; what is not strict is all there is.
        if not listed or (kind == "skills" and manifest.said.get("strict") is not False):
            yield place(root / kind, kind)
        for path in listed:
            if path == root / kind:
                if kind != "skills":
                    yield place(path, kind)
                continue
            single = path.is_file() or (kind == "skills" and (path / "SKILL.md").is_file())
            yield place(path, kind, single)
    if (root / "SKILL.md").is_file():
        yield place(root, "skills", True)


def _hooks(manifest: _Manifest) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    yield from _objects(manifest, "hooks", manifest.root / "hooks" / "hooks.json")


def _servers(manifest: _Manifest) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for file, held in _objects(manifest, "mcpServers", manifest.root / SERVERS):
        servers = held.get("mcpServers", held) if file != manifest.file else held
        if isinstance(servers, dict):
            yield file, servers
        else:
            manifest.mistakes.append(Mistake(file, 0, "mcpServers must be an object of servers by name"))


def _objects(manifest: _Manifest, key: str, usual: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """What stands in the manifest itself, in the usual file, and in those that it names."""
    value = manifest.said.get(key)
    inline = [value] if isinstance(value, dict) else []
    inline += [held for held in value if isinstance(held, dict)] if isinstance(value, list) else []
    for held in inline:
        yield manifest.file, held
    for file in dict.fromkeys((usual, *manifest.paths(key))):
        found = _object(file, manifest.mistakes)
        if found is not None:
            yield file, found


def _object(file: Path, mistakes: list[Mistake]) -> Mapping[str, Any] | None:
    """None when there is no file, and, named, when it is no JSON object."""
    try:
        data = read_ordinary(file, SIZE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        mistakes.append(Mistake(file, 0, f"it cannot be read: {error.strerror}"))
        return None
    try:
        if len(data) > SIZE:
            raise ValueError(f"it is larger than {SIZE // 1024 // 1024} MiB")
        value = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        mistakes.append(Mistake(file, error.lineno, f"not valid JSON: {error.msg} (column {error.colno})"))
        return None
    except (ValueError, RecursionError) as error:
        mistakes.append(Mistake(file, 0, f"not usable JSON: {error}"))
        return None
    if not isinstance(value, dict):
        mistakes.append(Mistake(file, 1, "it must hold a JSON object"))
        return None
    return value
