"""Paths as the policy sees them: both spellings, inside or outside, protected or not. Must not know rules or modes."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass
from coder.permissions.names import names

if TYPE_CHECKING:
    from coder.permissions.command import Word
    from coder.permissions.world import World

_PROTECTED_FOLDERS = names(".git .vscode .idea .husky .cargo .devcontainer .yarn .mvn .claude .coder")
_PROTECTED_FILES = names(
    ".gitconfig .gitmodules .bashrc .bash_profile .bash_login .bash_aliases .bash_logout .zshrc .zprofile .zshenv "
    ".zlogin .zlogout .profile .envrc .npmrc .yarnrc .yarnrc.yml .pnp.cjs .pnp.loader.mjs .pnpmfile.cjs bunfig.toml "
    ".bunfig.toml .bazelrc .bazelversion .bazeliskrc .pre-commit-config.yaml lefthook.yml lefthook.yaml "
    ".lefthook.yml .lefthook.yaml gradle-wrapper.properties maven-wrapper.properties .devcontainer.json .ripgreprc "
    "pyrightconfig.json .mcp.json .claude.json"
)
_SETTINGS_FOLDERS = frozenset({".claude", ".coder"})
AGENT_MEMORY = frozenset({"agent-memory", "agent-memory-local"})  # folders of notes in them that agents keep
_OF_THE_PROCESS = re.compile(
    r"/[/.]*proc/[/.]*(self|thread-self|\d+)(/+task/+\d+)?/[/.]*(?P<what>cwd|root)(/|\Z)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Place:
    """One path: `written` is absolute and tidy but follows no link, `real` follows all of them."""

    written: Path
    real: Path

    @property
    def both(self) -> tuple[Path, ...]:
        return (self.written,) if self.written == self.real else (self.written, self.real)

    def __str__(self) -> str:
        return str(self.written) if self.written == self.real else f"{self.written} (really {self.real})"


def locate(path: str | Path, world: World, cwd: Path | None = None) -> Place:
    """The place a program started in `cwd` reaches by `path`. `..` after a link is followed as the kernel would."""
    folder = world.cwd if cwd is None else cwd
    if own := _OF_THE_PROCESS.match(str(path)):  # of the program's own process, which is not this one
        path = f"{folder if own['what'] == 'cwd' else ''}/{str(path)[own.end() :]}"
    written = Path(os.path.normpath(folder / path))
    return Place(written, world.resolve(world.resolve(folder) / path))


def is_home(word: Word) -> bool:
    """Whether the word's `~` is the plain one that stands for the home folder."""
    return word.tilde and (word.text == "~" or word.text.startswith("~/"))


def path_of(word: Word, world: World) -> str:
    """The path a program gets for this word: `~` and `~/x` begin at home."""
    return str(world.home) + word.text[1:] if is_home(word) else word.text


def is_inside(place: Place, folders: tuple[Path, ...], world: World) -> bool:
    """Whether both spellings lie in (or are) one of `folders`. Whole components are compared, never prefixes."""
    canonical = tuple(world.resolve(folder) for folder in folders)
    if not any(is_below(place.real, folder, world) for folder in canonical):
        return False
    return any(is_below(place.written, folder, world) for folder in (*canonical, *folders))


def is_below(path: Path, folder: Path, world: World) -> bool:
    """Whether `path` is `folder` or in it, whole components compared, as the file system compares names."""
    return path.is_relative_to(folder) or (world.folds(path) and folded(path).is_relative_to(folded(folder)))


def folded(path: Path) -> Path:
    """The one spelling of all that a file system may take for the same name when it ignores case."""
    return Path(fold(str(path)))


def fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def may_read(place: Place, world: World) -> bool:
    """Whether reading there needs no question: in the roots or a folder made for reading, and not our settings."""
    if is_inside(place, world.readable, world):
        return True
    return is_inside(place, world.roots, world) and not _is_our_own(place, world)


def protection(place: Place, world: World) -> str:
    """The name that makes a write there always a question, or "" when the place is not protected."""
    if _is_our_own(place, world) or _holds_our_own(place, world):
        return str(world.config_home)
    for path in place.both:
        if name := _protected_part(path) or _protected_twin(path, world):
            return name
    return ""


def _protected_part(path: Path) -> str:
    # Case is folded everywhere: on a case-insensitive file system `.GIT` is `.git`, elsewhere one question too many.
    parts = [fold(part) for part in path.parts]
    for index, part in enumerate(parts):
        following = parts[index + 1] if index + 1 < len(parts) else ""
        if part == ".claude" and following == "worktrees":
            continue
        if part in _SETTINGS_FOLDERS and following in AGENT_MEMORY and index + 2 < len(parts):
            continue
        if part in _PROTECTED_FOLDERS:
            return part
        if part == ".config" and following in ("git", ""):  # the folder itself is moved or removed with all in it
            return ".config/git"
    return parts[-1] if parts and parts[-1] in _PROTECTED_FILES else ""


def _protected_twin(path: Path, world: World) -> str:
    """The protected folder or file this is under another name, where one thing has several (`GIT~1`, `.git.`)."""
    odd = [part for part in (path, *path.parents) if _has_odd_name(part)]
    if not odd or not world.folds(path):
        return ""
    every = ((part, name) for part in odd for name in (*_PROTECTED_FOLDERS, *_PROTECTED_FILES))
    return next((name for part, name in every if world.is_same(part, part.parent / name)), "")


def _has_odd_name(path: Path) -> bool:
    name = path.name
    return not name.isascii() or bool(set(name) & {"~", ":"}) or name != name.rstrip(". ")


def _is_our_own(place: Place, world: World) -> bool:
    if not any(_touches(path, world.config_home, world) for path in place.both):
        return False
    if any(all(_is_in(path, world.config_home / name, world) for path in place.both) for name in AGENT_MEMORY):
        return False
    # A project inside the configuration folder (or a configuration folder that is the home) is still a project.
    projects = tuple(root for root in world.roots if _touches(root, world.config_home, world))
    return not is_inside(place, projects, world)


def _holds_our_own(place: Place, world: World) -> bool:
    """Whether our settings go with this folder, should it be moved or removed. Not a root: that is where work is."""
    homes = (world.config_home, world.resolve(world.config_home))
    holds = any(path in home.parents for path in place.both for home in homes)
    return holds and not any(_touches(root, place.real, world) for root in world.roots)


def _is_in(path: Path, folder: Path, world: World) -> bool:
    return path not in (folder, world.resolve(folder)) and _touches(path, folder, world)


def _touches(path: Path, folder: Path, world: World) -> bool:
    return any(is_below(path, f, world) for f in (folder, world.resolve(folder)))
