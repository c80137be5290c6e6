"""What the settings of a folder bring, and how far the person trusts it. Values; must not know files or settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias

from coder.core.dataclass import dataclass

Kind: TypeAlias = Literal["hook", "server", "command", "variable", "rule", "folder", "mode", "setting", "key"]
_WORDS: Mapping[Kind, str] = {"server": "MCP server", "rule": "allow rule", "folder": "working folder"}


@dataclass(frozen=True, slots=True)
class Brought:
    """One thing a folder's settings would run, contact or loosen.

    `file` is relative to the folder that coder was started in, `name` tells it from others of its kind, `text` is what
    it holds; both are safe to print. `digest` stands for its content. `never`: not even trust makes it count.
    """

    file: str
    kind: Kind
    name: str
    text: str
    digest: str
    never: bool = False

    @property
    def word(self) -> str:
        return _WORDS.get(self.kind, self.kind)

    @property
    def label(self) -> str:
        return f"{self.word} {self.name}"


@dataclass(frozen=True, slots=True)
class Trust:
    """`off` is what counts only after the person has said yes. It goes by file: one new part switches a file off.

    `folder` is the one that is, or would be, trusted: `here`, where coder was started, or one above it in the same
    repository. `identity` is its device and inode. `approved` are the digests per file of `here`, with the name of each
    part; `known` when the folder was approved before, `once` when everything counts for this run only. `note` says why
    an earlier approval does not count. `plugins` are the files of plugins that lie in there: they are approved like the
    others, and what is off of them takes nothing from the folder.
    """

    folder: Path
    here: Path
    identity: tuple[int, int]
    brought: tuple[Brought, ...] = ()
    approved: Mapping[str, Mapping[str, str]] | None = None
    known: bool = False
    once: bool = False
    note: str = ""
    plugins: frozenset[str] = frozenset()

    @property
    def own_off(self) -> tuple[Brought, ...]:
        """What is off of the folder itself."""
        return tuple(item for item in self.off if item.file not in self.plugins)

    @property
    def off(self) -> tuple[Brought, ...]:
        if self.once:
            return ()
        files = {item.file for item in self.unapproved}
        return tuple(item for item in self.brought if item.file in files and not item.never)

    @property
    def unapproved(self) -> tuple[Brought, ...]:
        """What the person has not seen yet."""
        approved = self.approved or {}
        return tuple(i for i in self.brought if not i.never and i.digest not in approved.get(i.file, {}))

    def counts(self, file: str) -> bool:
        """Whether what the file brings may run, contact and loosen."""
        return any(item.file == file for item in self.brought) and all(item.file != file for item in self.off)

    @property
    def is_trusted(self) -> bool:
        return not self.own_off and (self.known or self.once)
