"""Ignore files (.gitignore, .ignore, .rgignore, .git/info/exclude) as git reads them. Must not know what is searched.

Runs in the search worker. Rules of one file become a few combined expressions, so a path costs microseconds however
long the file is; that is why neither ripgrep's own reading nor a library's is used: they differ from git and from each
other in the corners, and both back ends must hide the same files.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TypeAlias

from coder.core.dataclass import dataclass
from coder.tools.wildcard import Malformed, translate

DOT_FILES = (".rgignore", ".ignore")  # the first that knows a path decides, before any .gitignore
GIT_FILE = ".gitignore"
IGNORE_FILES = (*DOT_FILES, GIT_FILE, ".git")  # names that change the rules of the folder they are in
_LARGEST = 1 << 20  # bytes of an ignore file
_CATCH_ALL = frozenset({"*", "/*", "**", "/**"})
_KEEPERS = frozenset({"!.gitignore", "!/.gitignore", "!.gitkeep", "!/.gitkeep", "!.keep"})


@dataclass(frozen=True, slots=True)
class Rule:
    regex: str
    hides: bool  # False: it brings back what an earlier rule hid
    folders_only: bool
    by_name: bool  # matched against the name alone, at any depth


def read_rules(text: str) -> list[Rule]:
    """The rules of an ignore file, in order. Lines git cannot read are skipped, as git does."""
    lines = _bytewise(text.removeprefix("\ufeff")).split("\n")
    return [rule for line in lines if (rule := _rule(_trimmed(line.removesuffix("\r")))) is not None]


def _bytewise(text: str) -> str:
    """One character for each byte, for git's `?` and `[...]` take one byte."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _trimmed(line: str) -> str:
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if bare != line and backslashes % 2 else bare


def _rule(line: str) -> Rule | None:
    if not line or line.startswith("#"):
        return None
    hides = not line.startswith("!")
    pattern = line if hides else line[1:]
    folders_only = pattern.endswith("/")
    pattern = pattern[:-1] if folders_only else pattern
    by_name = "/" not in pattern
    try:
        regex = translate(pattern) if by_name else _path_regex(pattern.removeprefix("/"))
    except Malformed:
        return None
    return Rule(regex, hides, folders_only, by_name) if pattern else None


def _path_regex(pattern: str) -> str:
    """git compares the fixed beginning on its own, so that in `a**/b` the `**` comes first and crosses folders."""
    special = re.search(r"[*?[\\]", pattern)
    fixed = special.start() if special else len(pattern)
    return re.escape(pattern[:fixed]) + translate(pattern[fixed:])


class IgnoreFile:
    """The rules of one file. `base` is its folder as a prefix of the paths that are asked about: `"a/b/"`, or `""`."""

    def __init__(self, rules: list[Rule], base: str = "") -> None:
        self._skip = len(_bytewise(base))
        self._rules = rules
        files = [(number, rule) for number, rule in enumerate(rules) if not rule.folders_only]
        self._names = _Matcher([(n, r) for n, r in files if r.by_name])
        self._paths = _Matcher([(n, r) for n, r in files if not r.by_name])
        everything = list(enumerate(rules))
        self._folder_names = _Matcher([(n, r) for n, r in everything if r.by_name])
        self._folder_paths = _Matcher([(n, r) for n, r in everything if not r.by_name])

    def hides(self, path: str, name: str, is_folder: bool) -> bool | None:
        """Whether the last rule that matches hides the path; None when none does."""
        if not path.isascii():
            path, name = _bytewise(path), _bytewise(name)
        names, paths = (self._folder_names, self._folder_paths) if is_folder else (self._names, self._paths)
        last = names.last(name)
        if paths:
            last = max(last, paths.last(path[self._skip :]))
        return None if last < 0 else self._rules[last].hides


class _Matcher:
    """Numbered rules as one expression, the last rule first."""

    def __init__(self, numbered: list[tuple[int, Rule]]) -> None:
        backwards = numbered[::-1]
        self._numbers = [number for number, _ in backwards]
        source = "|".join(f"({rule.regex})" for _, rule in backwards)
        self._fullmatch = re.compile(source, re.DOTALL).fullmatch if numbered else None

    def __bool__(self) -> bool:
        return self._fullmatch is not None

    def last(self, text: str) -> int:
        found = self._fullmatch(text) if self._fullmatch else None
        return self._numbers[(found.lastindex or 1) - 1] if found else -1


Chain: TypeAlias = tuple[tuple[IgnoreFile, ...], ...]
"""Per kind of ignore file (.rgignore, .ignore, .gitignore), those that rule a folder's content, the nearest first."""

NOTHING: Chain = ((), (), ())


def hidden(chain: Chain, path: str, name: str, is_folder: bool) -> bool:
    for files in chain:
        for file in files:
            verdict = file.hides(path, name, is_folder)
            if verdict is not None:
                return verdict
    return False


class Denied:
    """What a permission rule keeps from being read: (folder, gitignore pattern) pairs, seen from a search root."""

    def __init__(self, rules: list[tuple[str, str]], root: Path) -> None:
        self._files: list[tuple[str, str, IgnoreFile]] = []
        for folder, pattern in rules:
            for anchor in {Path(folder), Path(folder).resolve()}:
                if root.is_relative_to(anchor):
                    lead = "".join(f"{part}/" for part in root.relative_to(anchor).parts)
                    self._files.append((lead, "", IgnoreFile(read_rules(pattern))))
                elif anchor.is_relative_to(root):
                    base = f"{anchor.relative_to(root)}/"
                    self._files.append(("", base, IgnoreFile(read_rules(pattern), base)))

    def covers(self, path: str, name: str, is_folder: bool) -> bool:
        return any(
            path.startswith(base) and rule.hides(lead + path, name, is_folder) for lead, base, rule in self._files
        )


def extend(chain: Chain, folder: Path, names: set[str], base: str = "") -> Chain:
    """The chain for what is in `folder`, which holds `names`. A repository inside another starts git's rules anew."""
    kinds = list(chain)
    for kind, file_name in enumerate(DOT_FILES):
        if file_name in names and (rules := read_rules(_text(folder / file_name))):
            kinds[kind] = (IgnoreFile(rules, base), *kinds[kind])
    if ".git" in names:
        rules = read_rules(_text(_exclude_file(folder / ".git")))
        kinds[-1] = (IgnoreFile(rules, base),) if rules else ()
    if GIT_FILE in names and (rules := read_rules(_text(folder / GIT_FILE))):
        kinds[-1] = (IgnoreFile(rules, base), *kinds[-1])
    return tuple(kinds)


def hides_itself(folder: Path) -> bool:
    """Whether a folder's own ignore file hides all of its content, as tools do for their caches."""
    for name in (*DOT_FILES, GIT_FILE):
        lines = {line.strip() for line in _text(folder / name).split("\n")}
        brought_back = {line for line in lines if line.startswith("!")}
        if lines & _CATCH_ALL and brought_back <= _KEEPERS:
            return True
    return False


def _text(path: Path) -> str:
    """The text of an ordinary file, or "" for anything else (links too, as git does)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            is_ordinary = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return file.read(_LARGEST).decode("utf-8", "surrogateescape") if is_ordinary else ""
    except OSError:
        return ""


def _exclude_file(git: Path) -> Path:
    """info/exclude of a repository whose `.git` is a folder, or a file that names it (worktree, submodule)."""
    if not git.is_dir():
        git = git.parent / _text(git).removeprefix("gitdir:").strip()
        git = git / _text(git / "commondir").strip()
    return git / "info" / "exclude"
