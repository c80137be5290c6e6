"""Reads the memory of a place: what counts at the start, and what is due when a file is touched. Never raises.

Must not know conversations, or how the model is told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.memory.files import LONG_BYTES, LONG_LINES, MOST_FILES, MOST_TOGETHER, Ground, Memory, MemoryFile
from coder.memory.looking import is_something_else
from coder.memory.places import Place, at_start, of_folder
from coder.memory.store import MOST_MENTIONS, Page, Store

if TYPE_CHECKING:
    from coder.frontmatter import globs
    from coder.memory.markdown import Mention
else:  # for rules and excludes
    globs = LazyModule("coder.frontmatter.globs")

MOST_HOPS = 4
_LONGEST_NAME = 1024
_LONGEST_SHOWN = 200
_NAMED = 5  # files that one warning names
_NOTES = frozenset({".md", ".markdown", ".mdc", ".txt", ".rst", ".adoc"})
_NOTES_SAID = "texts such as .md and .txt"
_PUNCTUATION = ".,;:!?)]}>'\"*_"
_TEXTS = (".md", ".mdc", ".txt")


def discover(ground: Ground, store: Store) -> Memory:
    """All that is read at the start, and the rules that wait for a path."""
    reading = _Reading(ground, store)
    for path, text in ground.said:
        reading.say(path, text)
    for place in at_start(ground):
        reading.take(place)
    return reading.memory()


def nested(ground: Ground, store: Store, known: Memory, folder: Path) -> Memory:
    """What belongs to one more folder, without what is known."""
    reading = _Reading(ground, store, known)
    for place in of_folder(folder, ground, ground.top):
        reading.take(place)
    return reading.memory()


def matching(rules: Iterable[MemoryFile], path: Path) -> list[MemoryFile]:
    """Those among the rules that are for this path."""
    found = []
    for rule in rules:
        name = _below(path, rule.base)
        if name and globs.Globs.of(rule.globs).match(name):
            found.append(rule)
    return found


def with_imports(ground: Ground, store: Store, known: Memory, rule: MemoryFile) -> Memory:
    """A rule that was waiting, and what it imports."""
    reading = _Reading(ground, store, known)
    near = rule.root.is_relative_to(ground.top)
    reading.take(Place(rule.path, rule.whose, rule.root, rule.base, is_rule=True, is_near=near), is_due=True)
    return reading.memory()


class _Reading:
    """One reading: each file once, in the order in which it is met, and bounded as a whole."""

    def __init__(self, ground: Ground, store: Store, known: Memory | None = None) -> None:
        self._ground = ground
        self._store = store
        self._seen = {file.real for file in known.files} if known else set()
        self._files: list[MemoryFile] = []
        self._scoped: list[MemoryFile] = []
        self._warnings: list[str] = []
        self._texts: set[tuple[Path, str]] = set()
        self._outside: dict[str, str] = {}
        self._left_out: list[Path] = []
        self._bytes = 0
        self._excludes = globs.Globs.of(self._spelled(ground.excludes)) if ground.excludes else None

    def memory(self) -> Memory:
        warnings = list(self._warnings)
        if self._outside:
            by = next(iter(self._outside.values()))
            warnings.insert(
                0,
                f"{by} names files from outside the repository, which are not read: {self._listed(self._outside)}."
                " If you know what is in them: coder trust add",
            )
        if self._left_out:
            warnings.append(
                f"Memory files that do not fit any more are not read: {self._listed(map(str, self._left_out))}."
                f" Together they may be {MOST_TOGETHER >> 20} MiB in {MOST_FILES:,} files. Shorten or remove some."
            )
        long = [file for file in self._files if file.lines > LONG_LINES or file.size > LONG_BYTES]
        return Memory(tuple(self._files), tuple(self._scoped), tuple(warnings), tuple(map(self._remark, long)))

    def say(self, path: Path, text: str) -> None:
        """What an administrator says in settings."""
        size, lines = len(text.encode("utf-8", "surrogatepass")), text.count("\n") + 1
        self._bytes += size
        self._files.append(MemoryFile(path, str(path), "managed", text, size, lines))

    def take(self, place: Place, *, is_due: bool = False) -> None:
        page = self._page(place.path, place, is_rule=place.is_rule)
        if page is None:
            return
        real = os.path.realpath(place.path)
        text = (place.base, page.text)
        if place.whose == "project" and not place.is_rule and text in self._texts:
            return  # a copy beside it under the other name
        self._texts.add(text)
        file = MemoryFile(
            place.path, real, place.whose, page.text, page.size, page.lines, base=place.base, root=place.root
        )
        if page.globs:
            file = replace(file, globs=page.globs, reason="path_glob_match")
            if not is_due:
                self._seen.add(real)
                self._scoped.append(file)
                return
        self._add(file, page, place, hops=0)

    def _add(self, file: MemoryFile, page: Page, place: Place, hops: int) -> None:
        if len(self._files) >= MOST_FILES or self._bytes + page.size > MOST_TOGETHER:
            self._left_out.append(file.path)
            return
        self._seen.add(file.real)
        self._bytes += page.size
        if page.text.strip():
            self._files.append(file)
        for mention in page.mentions[:MOST_MENTIONS]:
            self._import(mention, file, place, hops + 1)
        if len(page.mentions) > MOST_MENTIONS:
            self._warn(
                f"{self._name(file.path)} names more than {MOST_MENTIONS} files with @. The rest is not looked for."
            )

    def _import(self, mention: Mention, by: MemoryFile, place: Place, hops: int) -> None:
        where = f"{self._name(by.path)}, line {mention.line},"
        target = self._target(mention.name, by)
        if target is None:
            is_meant = mention.name.startswith(("./", "../", "~/")) or mention.name.rstrip(_PUNCTUATION).endswith(
                _TEXTS
            )
            if is_meant and len(mention.name) < _LONGEST_NAME:
                self._warn(f"{where} imports {self._name(mention.name)}, which is not there. Correct the path.")
            return
        if hops > MOST_HOPS:
            self._warn(f"{where} imports {self._name(target)}, more than {MOST_HOPS} imports deep. It is not read.")
            return
        page = self._page(target, place, by=by.path)
        if page is None:
            return
        real = os.path.realpath(target)
        file = MemoryFile(
            target, real, by.whose, page.text, page.size, page.lines, "include", by.path, base=by.base, root=by.root
        )
        self._add(file, page, place, hops)

    def _target(self, name: str, by: MemoryFile) -> Path | None:
        """The file that a name stands for, seen from the file that names it or from where that really lies."""
        if len(name) > _LONGEST_NAME or "\0" in name:
            return None
        names = dict.fromkeys((name, name.rstrip(_PUNCTUATION), name.partition("#")[0]))
        for each in filter(None, names):
            for folder in (by.path.parent, Path(by.real).parent):
                path = self._ground.home / each[2:] if each.startswith("~/") else folder / each
                if is_something_else(path):
                    return Path(os.path.realpath(path.parent)) / path.name if ".." in path.parts else path
        return None

    def _page(self, path: Path, place: Place, *, is_rule: bool = False, by: Path | None = None) -> Page | None:
        """What is in a file, where it may be read and was not yet."""
        if not os.path.lexists(path):
            return None
        real = os.path.realpath(path)
        if real in self._seen or self._is_excluded(path, real, place):
            return None
        if place.whose in ("project", "only you"):
            root = os.path.realpath(place.root)
            if not Path(real).is_relative_to(root):
                if not self._ground.is_trusted():
                    self._outside.setdefault(str(path) if by else real, self._name(by or path))
                    return None
                if Path(real).suffix.lower() not in _NOTES:  # a key or a list of passwords is none, trusted or not
                    self._seen.add(real)
                    self._warn(f"{self._name(path)} is not read: from outside the repository only {_NOTES_SAID} are.")
                    return None
        if by is None and not place.is_near and place.whose != "managed" and (doubt := _doubt(real)):
            self._warn(f"{self._name(path)} is not read: {doubt}.")
            return None
        if not (self._ground.may_read(path) and self._ground.may_read(Path(real))):
            self._seen.add(real)
            self._warn(f"{self._name(path)} is not read: a rule denies it. See coder permissions list")
            return None
        page = self._store.page(real, is_rule=is_rule)
        if page is not None and page.problem:
            self._seen.add(real)
            self._warn(f"{self._name(path)} is not read: {page.problem}. Replace or remove it.")
            return None
        return page

    def _is_excluded(self, path: Path, real: str, place: Place) -> bool:
        if self._excludes is None or place.whose == "managed":
            return False
        return self._excludes.match(str(path)) or self._excludes.match(real)

    def _spelled(self, patterns: Iterable[str]) -> list[str]:
        return [f"{self._ground.home}/{text[2:]}" if text.startswith("~/") else text for text in patterns]

    def _remark(self, file: MemoryFile) -> str:
        """Models follow long files less well, and each request pays for them."""
        much = f"{file.lines:,} lines" if file.lines > LONG_LINES else f"{file.size / 1000:,.0f} KB"
        return f"{self._name(file.path)} is long: {much}. Shorten it, or move parts into .claude/rules with paths:."

    def _listed(self, names: Iterable[str]) -> str:
        every = list(names)
        more = f" and {len(every) - _NAMED:,} more" if len(every) > _NAMED else ""
        return ", ".join(map(self._name, every[:_NAMED])) + more

    def _name(self, path: Path | str) -> str:
        """As people write it here."""
        text = str(path)
        for folder, short in ((self._ground.cwd, ""), (self._ground.home, "~/")):
            if text.startswith(f"{folder}/"):
                text = short + text[len(str(folder)) + 1 :]
                break
        text = visible_line(text)
        return text if len(text) <= _LONGEST_SHOWN else f"…{text[1 - _LONGEST_SHOWN :]}"

    def _warn(self, text: str) -> None:
        if len(self._warnings) < 20 and text not in self._warnings:
            self._warnings.append(text)


def _below(path: Path, base: Path) -> str:
    """The path as seen from `base`, by either of its names; "" when it is not in it."""
    if path.is_relative_to(base):
        return path.relative_to(base).as_posix()
    real, top = Path(os.path.realpath(path)), Path(os.path.realpath(base))
    return real.relative_to(top).as_posix() if real.is_relative_to(top) else ""


def _doubt(real: str) -> str:
    """Why a file from outside the repository may not be what the person or their team wrote."""
    try:
        facts = Path(real).stat()
    except (OSError, ValueError):
        return ""
    if facts.st_uid not in (0, os.geteuid()):
        return "it belongs to somebody else"
    return "anybody may write to it" if facts.st_mode & stat.S_IWOTH else ""
