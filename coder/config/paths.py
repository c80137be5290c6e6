"""Which folders and files settings come from, and where we write. Must not know what any of them holds."""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.config import Scope
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.git.worktrees import trees as worktrees
else:  # loaded in a linked work tree only
    worktrees = LazyModule("coder.git.worktrees.trees")

MANAGED = Path("/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code")
GLOBAL_FILE = ".claude.json"
_OVERRIDES = ("CODER_CONFIG_DIR", "CLAUDE_CONFIG_DIR")


@dataclass(frozen=True, slots=True)
class Source:
    """A settings file that may or may not be there. `base` anchors the `/` paths of its rules.

    `note` is what the person should know about it when it is there.
    """

    scope: Scope
    path: Path
    base: Path
    note: str = ""


def config_home(env: Mapping[str, str]) -> Path:
    """The one folder we write to: $CODER_CONFIG_DIR, else $CLAUDE_CONFIG_DIR, else ~/.coder. Not created here.

    Raises ConfigError for a relative one: it would lie in whatever folder coder is started in.
    """
    for name in _OVERRIDES:
        if value := env.get(name):
            if not value.startswith(("/", "~/")) and value != "~":
                raise ConfigError(f"{name} must be an absolute path or begin with ~/, not {value!r}.")
            return expand(value, env, Path("/"))
    return user_home(env) / ".coder"


def user_home(env: Mapping[str, str]) -> Path:
    """The person's home folder: $HOME, else what the system says. Never raises."""
    if _is_home_set(env):
        return Path(env["HOME"])
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container may run as a user that nobody wrote down
        return Path("/")


def current_folder() -> Path:
    """Where coder stands. Raises ConfigError when that folder has been deleted."""
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError(f"the current folder is gone ({error.strerror}). Go to one that exists.") from error


def user_settings(home: Path) -> Path:
    """The person's own settings file in the config home."""
    return home / "settings.json"


def key_file(home: Path) -> Path:
    """Where `coder auth login` keeps a key."""
    return home / "credentials"


def secrets_file(home: Path) -> Path:
    """Where secrets of servers and extensions are kept, when no keyring has them."""
    return home / "secrets.json"


def global_files(home: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    """The files with the person's MCP servers and choices, the strongest first. We write the first alone: the other is
    Claude Code's, and counts with the default home."""
    own = user_home(env)
    return (home / GLOBAL_FILE, *((own / GLOBAL_FILE,) if home == own / ".coder" else ()))


def project_settings(cwd: Path) -> Path:
    """The settings of a project that go into its repository."""
    return cwd / ".coder" / "settings.json"


def local_settings(cwd: Path) -> Path:
    """The person's own settings for a project: one file for all the work trees of a repository."""
    return (main_folder(cwd) or cwd) / ".coder" / "settings.local.json"


def main_folder(cwd: Path) -> Path | None:
    """The main checkout of the linked work tree whose top `cwd` is, where the two name each other; else None. A folder
    that only says it belongs to a repository has nothing of what is trusted there."""
    if not (cwd / ".git").is_file() or worktrees.worktree_of(cwd) is None:
        return None
    try:
        return worktrees.main_checkout(cwd).top
    except ConfigError:
        return None


def expand(text: str, env: Mapping[str, str], cwd: Path) -> Path:
    """An absolute path for what a person wrote: `~` is the home folder, the rest is relative to `cwd`."""
    if text == "~" or text.startswith("~/"):
        return Path(os.path.normpath(user_home(env) / text[2:]))
    return Path(os.path.normpath(cwd / text))


def why_not_saved(home: Path, env: Mapping[str, str]) -> str:
    """Why nothing can be written to the config home; empty when it can. Never raises, writes nothing."""
    if not any(env.get(name) for name in _OVERRIDES):
        if not _is_home_set(env):
            return "HOME is not set"
        if Path(env["HOME"]) == Path("/"):
            return "HOME is /"
    place = home
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        return f"{place} is not a folder"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} cannot be written to"
    if place == home and home.stat().st_uid != os.geteuid():
        return f"{home} belongs to another user"
    return ""


def sources(
    home: Path, cwd: Path, env: Mapping[str, str], names: Collection[str], managed: Path = MANAGED
) -> Iterator[Source]:
    """Every settings file there could be, the strongest first. `names` are the scopes that may be used beside managed.

    A project file that is also a file of the person's (the project is the home folder) counts as the person's, but what
    lies in the repository that `cwd` is in comes from the repository, whoever's home it is: it counts as the project's.
    """
    for path in (*sorted(_fragments(managed), reverse=True), managed / "managed-settings.json"):
        yield Source("managed", path, Path("/"))
    own = [home]
    if home == user_home(env) / ".coder":
        own.append(user_home(env) / ".claude")
    brought = {os.path.realpath(folder) for folder in own if is_brought(folder, cwd)}
    taken = {os.path.realpath(folder) for folder in own} - brought
    every = (cwd / ".coder", cwd / ".claude")
    folders = [folder for folder in every if os.path.realpath(folder) not in taken]
    if "local" in names:
        yield from (Source("local", folder / "settings.local.json", cwd) for folder in every)
        if (main := main_folder(cwd)) is not None:
            yield from (Source("local", main / name / "settings.local.json", cwd) for name in (".coder", ".claude"))
    if "project" in names:
        for folder in folders:
            path = folder / "settings.json"
            yield Source("project", path, cwd, _note(path) if os.path.realpath(folder) in brought else "")
            brought.discard(os.path.realpath(folder))
    if "user" in names:
        for folder in filter(_may_enter, own):
            path = folder / "settings.json"
            if os.path.realpath(folder) in brought:
                yield Source("project", path, folder, _note(path))
            elif os.path.realpath(folder) in taken:
                yield Source("user", path, folder)


def is_brought(folder: Path, cwd: Path) -> bool:
    """Whether a folder of the person's lies in the repository that `cwd` is in."""
    real = Path(os.path.realpath(cwd))
    top = next((place for place in (real, *real.parents) if os.path.lexists(place / ".git")), None)
    return top is not None and Path(os.path.realpath(folder)).is_relative_to(top)


def _note(path: Path) -> str:
    return f"{path} lies in the repository you work in, so it counts as settings of the project, not as your own."


def _may_enter(folder: Path) -> bool:
    """Whether a folder is there and ours to look into: the home of somebody else holds no settings of the person."""
    return os.access(folder, os.X_OK)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a file may not hold what the person wrote. `foreign`: it is somebody else's, else others may change it."""

    text: str
    foreign: bool


def doubts(path: Path) -> Doubt | None:
    """Whose hands a settings file of the person's has been in, where not only in theirs. None without a file."""
    if not os.path.lexists(path):
        return None
    found: Doubt | None = None
    for place in (path.parent, path):
        try:
            facts = place.stat()
        except OSError:
            continue  # reading it says why
        if facts.st_uid not in (0, os.geteuid()):
            return Doubt(f"{place} belongs to user {_name_of(facts.st_uid)}.", foreign=True)
        if facts.st_mode & stat.S_IWOTH:
            found = found or Doubt(
                f"{place} (owner {_name_of(facts.st_uid)}) may be written by anybody.", foreign=False
            )
    return found


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _fragments(managed: Path) -> list[Path]:
    try:
        return [path for path in (managed / "managed-settings.d").iterdir() if path.match("[!.]*.json")]
    except OSError:
        return []


def _is_home_set(env: Mapping[str, str]) -> bool:
    return env.get("HOME", "").startswith("/")
