"""Checks commands, skills, agents, output styles and hooks together: of a folder and its person, or of paths.

Must not know how mistakes are shown, and runs nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from coder.app.commanding.rows import places_here
from coder.app.policy import layers
from coder.commands.check import Examined, examined, hook_file_mistakes, in_order, json_line
from coder.commands.definition import Mistake
from coder.config.jsonfile import read_object
from coder.core.config import Config, HookSource
from coder.core.errors import ConfigError
from coder.core.messages import Json
from coder.frontmatter.folders import REPOSITORY
from coder.hooks.config import HookSet

_SETTINGS = ("settings.json", "settings.local.json")
_EVENT = re.compile(r"hooks\.(\w+)")
_LINE = re.compile(r", line (\d+)(?:, column \d+)?(?=:)")


def of_folder(config: Config, env: Mapping[str, str], reserved: Collection[str]) -> Examined:
    """What the working folder and the person bring."""
    places = [place for place in places_here(config) if place.origin not in ("built-in", "managed")]
    found = examined(places, reserved=reserved)
    counts, mistakes = Counter(found.counts), list(found.mistakes)
    for layer in layers(config, env):
        if layer.settings.hooks and layer.scope != "managed":
            counts["hook file"] += 1
            mistakes += _file_of_hooks(Path(layer.origin))
    return Examined(in_order(mistakes), counts)


def of_paths(paths: Iterable[Path], reserved: Collection[str]) -> Examined:
    counts: Counter[str] = Counter()
    mistakes: list[Mistake] = []
    for path in paths:
        if path.suffix == ".json" and path.is_file():
            counts["hook file"] += 1
            mistakes += _file_of_hooks(path)
            continue
        found = examined(path, reserved=reserved)
        counts.update(found.counts)
        mistakes += found.mistakes
        for file in _hook_files(path):
            mistakes += _file_of_hooks(file)
            counts["hook file"] += 1
    return Examined(in_order(mistakes), counts)


def _hook_files(folder: Path) -> Iterator[Path]:
    """The settings of a project with hooks in them."""
    inner = [folder / name for name in REPOSITORY]
    for each in (folder, *inner) if folder.name in REPOSITORY else inner:
        for name in _SETTINGS:
            try:
                held = read_object(each / name)
            except ConfigError:
                yield each / name
                continue
            if held is not None and held.value.get("hooks"):
                yield each / name


def _file_of_hooks(file: Path) -> Iterator[Mistake]:
    try:
        held = read_object(file)
    except ConfigError as error:
        text = str(error).removeprefix(str(file))
        line = _LINE.match(text)
        told = text[line.end() :] if line is not None else text
        yield Mistake(file, int(line[1]) if line is not None else 0, told.lstrip(": ").rstrip("."))
        return
    value: Json = held.value if held is not None else {}
    if file.name not in _SETTINGS:
        yield from hook_file_mistakes(file, value)
        return
    hooks = value.get("hooks")
    if isinstance(hooks, dict):
        yield from _settings_hooks(HookSource(str(file), "project", hooks))
    elif hooks is not None:
        yield Mistake(file, json_line(file, "hooks"), "hooks must be an object: events with their hooks")


def _settings_hooks(source: HookSource) -> Iterator[Mistake]:
    file = Path(source.origin)
    for warning in HookSet.of((source,))[1]:
        text = warning.removeprefix(f"{source.origin}: ").rstrip(".")
        named = _EVENT.match(text)
        yield Mistake(file, json_line(file, named[1]) if named else 0, text)
