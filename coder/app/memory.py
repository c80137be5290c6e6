"""The memory of a session: what of it the model is told, and when. Must not know how it is read, nor front ends.

What was told before stands in the conversation itself; nothing here remembers it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.history import History
from coder.agent.policies import Inject
from coder.app import memory_words as words
from coder.app.context import context_message
from coder.config.paths import MANAGED, sources, user_home
from coder.core import prompts
from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.core.messages import Message, Meta, Text
from coder.memory.files import Ground, Memory, MemoryFile, Reason
from coder.memory.places import folders_to
from coder.memory.reading import discover, matching, nested, with_imports
from coder.memory.store import Store

if TYPE_CHECKING:
    from coder.app import rulebook
    from coder.config import trust
    from coder.permissions import matching as rule_matching
    from coder.permissions import paths as places
    from coder.permissions import world as worlds
else:  # where a rule denies reading, or a file from outside is named
    rulebook, trust = LazyModule("coder.app.rulebook"), LazyModule("coder.config.trust")
    rule_matching, places, worlds = (LazyModule(f"coder.permissions.{name}") for name in ("matching", "paths", "world"))

_MOST_AT_ONCE = 200_000  # characters of one reminder; the rest comes with the next turn
Loaded = Callable[[MemoryFile, Reason], None]


def _nobody(file: MemoryFile, reason: Reason) -> None:
    pass


def _unsaid(text: str) -> None:
    pass


class ProjectMemory:
    """A turn policy. `loaded` is told each file when it goes to the model, with why; `warn` what is left out of what
    becomes due later. Reads the disk when it is made, and before turns."""

    def __init__(
        self,
        config: Config,
        env: Mapping[str, str] | None = None,
        loaded: Loaded = _nobody,
        warn: Callable[[str], None] = _unsaid,
        managed: Path = MANAGED,
    ) -> None:
        self._config = config
        self._is_on = config.guidance.memory
        self._ground = ground_of(config, os.environ if env is None else env, managed)
        self._loaded = loaded
        self._warn = warn
        self._warned: set[str] = set()
        self._store = Store()
        self._memory = Memory()
        self._due: dict[Path, tuple[MemoryFile, ...]] = {}
        self._below: dict[Path, Memory] = {}
        self._refresh()

    @property
    def memory(self) -> Memory:
        """What is read at the start, as it was when last looked."""
        return self._memory

    @property
    def warnings(self) -> tuple[str, ...]:
        """What people should know of before they begin: what was left out."""
        return self._memory.warnings

    def context(self, roots: tuple[Path, ...], today: date, *, tells_branch: bool = True) -> Message:
        """The first message of a session: the facts about the place, then the memory files."""
        message = context_message(self._config.cwd, roots, today, tells_branch=tells_branch)
        return replace(message, content=(*message.content, *self._blocks("session_start")))

    def glimpse(self, *, managed_only: bool = False) -> tuple[Text, ...]:
        """The memory as it was when last looked, for the first message of others than the conversation; also of the
        administrator's files alone."""
        files = [file for file in self._memory.files if not managed_only or file.whose == "managed"]
        return (words.heading(), *(words.block(file) for file in files)) if files else ()

    def renewed(self, contexts: Sequence[Message]) -> list[Message]:
        """The first messages as they are to be after a compaction: with the memory that is on the disk now. What
        belongs to touched files comes again when it is due. Reads the disk."""
        self._refresh()
        fresh = self._blocks("compact")
        made = []
        for message in contexts:
            kept = tuple(part for part in message.content if not words.is_ours(part))
            made.append(replace(message, content=(*kept, *fresh)))
            fresh = ()
        if fresh:
            made.append(Message("user", fresh, Meta(kind="context")))
        return [message for message in made if message.content]

    def before_turn(self, turn: int, history: History) -> Inject | None:
        """Tells what has become due, and at the beginning of a run what has changed on the disk since it was told."""
        messages = history.messages
        if not self._is_on or (messages and messages[-1].role == "assistant"):
            return None  # a paused turn goes back as it is
        if turn == 1:
            self._refresh()
        wanted = {words.name_of(file.path): file for file in self._memory.files} if turn == 1 else {}
        for path in words.touched(messages, self._config.cwd):
            for file in self.due_for(path):
                wanted.setdefault(words.name_of(file.path), file)
        if not wanted and turn > 1:
            return None
        told = words.told(messages)
        due = [(name, file) for name, file in wanted.items() if told.get(name) != file.version]
        gone = [name for name in told if turn == 1 and name not in wanted and self._is_gone(name, told[name])]
        return self._reminder(due, gone, told)

    def due_beside(
        self, messages: Sequence[Message], cwd: Path, here: Callable[[Path], Path] = lambda path: path
    ) -> Inject | None:
        """What has become due in another conversation, which works in `cwd` and was told our memory at its beginning;
        `here` says what of ours a path of it is."""
        if not self._is_on or not messages or messages[-1].role == "assistant":
            return None
        due = {
            words.name_of(file.path): file for path in words.touched(messages, cwd) for file in self.due_for(here(path))
        }
        told = words.told(messages)
        return self._reminder([each for each in due.items() if told.get(each[0]) != each[1].version], [], told)

    def due_for(self, path: Path) -> tuple[MemoryFile, ...]:
        """What belongs to a path and was not read at the start."""
        if not self._is_on:
            return ()
        path = Path(os.path.normpath(path))
        if path not in self._due:
            self._due[path] = self._looked(path)
        return self._due[path]

    def _looked(self, path: Path) -> tuple[MemoryFile, ...]:
        found: list[MemoryFile] = []
        warnings: list[str] = []
        rules: list[MemoryFile] = list(self._memory.scoped)
        for folder in folders_to(path, self._ground):
            if folder not in self._below:
                self._below[folder] = nested(self._ground, self._store, self._memory, folder)
            below = self._below[folder]
            found += [file.due("nested_traversal", path) for file in below.files]
            rules += below.scoped
            warnings += below.warnings
        for rule in matching(rules, path):
            ruled = with_imports(self._ground, self._store, self._memory, rule)
            found += [file.due("path_glob_match", path) for file in ruled.files]
            warnings += ruled.warnings
        for text in warnings:
            if text not in self._warned:
                self._warned.add(text)
                self._warn(text)
        return tuple({file.real: file for file in reversed(found)}.values())[::-1]

    def _refresh(self) -> None:
        self._due.clear()
        self._below.clear()
        self._memory = discover(self._ground, self._store) if self._is_on else Memory()

    def _blocks(self, reason: Reason) -> tuple[Text, ...]:
        files = self._memory.files
        for file in files:
            self._loaded(file, file.reason if file.reason == "include" and reason != "compact" else reason)
        return (words.heading(), *(words.block(file) for file in files)) if files else ()

    def _reminder(self, due: list[tuple[str, MemoryFile]], gone: list[str], told: Mapping[str, str]) -> Inject | None:
        new: list[Text] = []
        changed: list[Text] = [words.gone(name) for name in gone]
        room = _MOST_AT_ONCE
        for name, file in due:
            block = words.block(file, words.MOST_IN_REMINDER)
            if room < len(block.text):
                break
            room -= len(block.text)
            self._loaded(file, file.reason)
            (new if told.get(name, words.GONE) == words.GONE else changed).append(block)
        parts = (*_headed("memory_due", new), *_headed("memory_changed", changed))
        return Inject(Message("user", parts, Meta(kind="reminder"))) if parts else None

    def _is_gone(self, name: str, version: str) -> bool:
        if version == words.GONE:
            return False
        page = self._store.page(os.path.realpath(name))
        return page is None or not (page.text.strip() or page.problem)


def _headed(prompt: str, blocks: Iterable[Text]) -> tuple[Text, ...]:
    every = tuple(blocks)
    return (Text(prompts.load(f"reminders/{prompt}")), *every) if every else ()


def ground_of(config: Config, env: Mapping[str, str], managed: Path = MANAGED) -> Ground:
    """The place that memory is read for. A home of the person's that lies in the repository is the repository's."""
    homes = [
        source for source in sources(config.home, config.cwd, env, ("user", "project")) if source.scope != "managed"
    ]
    own = [each.path.parent for each in homes if each.scope == "user"]
    brought = [each.path.parent for each in homes if each.scope == "project" and each.path.parent == each.base]
    return Ground(
        cwd=config.cwd,
        home=user_home(env),
        managed=managed,
        own=tuple(dict.fromkeys(reversed(own))),
        brought=tuple(dict.fromkeys(reversed(brought))),
        sources=config.guidance.sources,
        said=tuple((Path(origin), text) for origin, text in config.guidance.managed_memory),
        more=config.add_dirs if config.guidance.added_memory else (),
        excludes=config.guidance.memory_excludes,
        may_read=_reader(config, env),
        is_trusted=lambda: _is_trusted(config),
    )


def _is_trusted(config: Config) -> bool:
    """Whether the person has approved the folder; one without settings may have been approved all the same."""
    judged = config.trust or trust.judge({}, config.home, config.cwd)
    return bool(judged.is_trusted)


def _reader(config: Config, env: Mapping[str, str]) -> Callable[[Path], bool]:
    """Which paths no deny rule keeps from being read, nor our own way with secrets."""
    secrets = {os.path.realpath(config.home / name) for name in ("credentials", "trust.json", ".credentials.json")}
    denied = [rule for rule in config.rules if rule.behaviour == "deny"]

    def may_read(path: Path) -> bool:
        if os.path.realpath(path) in secrets:
            return False
        if not denied:
            return True
        rules, _ = rulebook.rules_of(config, denied)
        world = worlds.LocalWorld(config.cwd, (config.cwd, *config.add_dirs), user_home(env), config.home)
        found = rule_matching.blocking_path_rule(rules.deny, "read", places.locate(path, world), world)
        return found is None

    return may_read
