"""Builders for tests of the permission policy: a project on disk, rules from plain lists, calls as models send them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from coder.core.config import Behaviour, RuleText
from coder.core.dataclass import dataclass
from coder.core.messages import ToolUse
from coder.core.tools import Access, Fetches, Mode, Reads, Runs, Writes
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules, parse_rules
from coder.permissions.world import LocalWorld


@dataclass(frozen=True, slots=True)
class Policy:
    """A world and what is asked of it. Every method answers one call."""

    world: LocalWorld
    rules: Rules
    mode: Mode = "default"

    @property
    def root(self) -> Path:
        return self.world.roots[0]

    def bash(self, command: str, **more: object) -> Decision:
        return self.call("Bash", Runs(command), command=command, **more)

    def read(self, path: str, tool: str = "Read") -> Decision:
        return self.call(tool, Reads((self.root / path,)), file_path=path)

    def write(self, path: str, tool: str = "Edit") -> Decision:
        return self.call(tool, Writes((self.root / path,)), file_path=path)

    def fetch(self, url: str) -> Decision:
        return self.call("WebFetch", Fetches(url), url=url)

    def call(self, name: str, access: Access, **given: object) -> Decision:
        return decide(ToolUse("t1", name, given), access, self.rules, self.mode, self.world)


def project(folder: Path) -> LocalWorld:
    """A home with a project in it, as a world: `folder/home/work`."""
    home = folder / "home"
    root = home / "work"
    root.mkdir(parents=True, exist_ok=True)
    return LocalWorld(cwd=root, roots=(root,), home=home, config_home=home / ".coder")


@dataclass(frozen=True, slots=True)
class FoldingWorld(LocalWorld):
    """As if the disk took `A` and `a`, composed and decomposed letters, and `name~1` and `name` for the same."""

    def folds(self, path: Path) -> bool:
        return True

    def is_same(self, path: Path, other: Path) -> bool:
        return _plain(path) == _plain(other)


def folding(world: LocalWorld) -> FoldingWorld:
    return FoldingWorld(**{each.name: getattr(world, each.name) for each in fields(world)})


def _plain(path: Path) -> str:
    return unicodedata.normalize("NFC", str(path)).casefold().removesuffix("~1").rstrip(". ")


def policy(
    world: LocalWorld,
    mode: Mode = "default",
    *,
    allow: Iterable[str] = (),
    ask: Iterable[str] = (),
    deny: Iterable[str] = (),
) -> Policy:
    """Fails the test when a rule is malformed."""
    rules, warnings = parse_rules(texts(world.roots[0], allow=allow, ask=ask, deny=deny))
    assert warnings == ()
    return Policy(world, rules, mode)


def texts(
    base: Path, *, allow: Iterable[str] = (), ask: Iterable[str] = (), deny: Iterable[str] = ()
) -> list[RuleText]:
    groups: list[tuple[Behaviour, Iterable[str]]] = [("allow", allow), ("ask", ask), ("deny", deny)]
    return [RuleText(text, behaviour, "user", "settings.json", base) for behaviour, group in groups for text in group]
