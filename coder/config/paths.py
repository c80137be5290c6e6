"""Which folders and files settings come from, and where we write. Must not know what any of them holds."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from coder.core.config import Scope

MANAGED = Path("/Library/Application Support/ClaudeCode" if sys.platform == "darwin" else "/etc/claude-code")
_OVERRIDES = ("CODER_CONFIG_DIR", "CLAUDE_CONFIG_DIR")


@dataclass(frozen=True, slots=True)
class Source:
    """A settings file that may or may not be there. `base` anchors the `/` paths of its rules."""

    scope: Scope
    path: Path
    base: Path


def config_home(env: Mapping[str, str]) -> Path:
    """The one folder we write to: $CODER_CONFIG_DIR, else $CLAUDE_CONFIG_DIR, else ~/.coder. Not created here."""
    for name in _OVERRIDES:
        if value := env.get(name):
            return expand(value, env, Path.cwd())
    return user_home(env) / ".coder"


def user_home(env: Mapping[str, str]) -> Path:
    """The person's home folder: $HOME, else what the system says. Never raises."""
    if _is_home_set(env):
        return Path(env["HOME"])
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # a container may run as a user that nobody wrote down
        return Path("/")


def user_settings(home: Path) -> Path:
    """The person's own settings file in the config home."""
    return home / "settings.json"


def project_settings(cwd: Path) -> Path:
    """The settings of a project that go into its repository."""
    return cwd / ".coder" / "settings.json"


def local_settings(cwd: Path) -> Path:
    """The person's own settings for a project."""
    return cwd / ".coder" / "settings.local.json"


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

    A project file that is also a file of the person's (the project is the home folder) counts as the person's.
    """
    for path in (*sorted(_fragments(managed), reverse=True), managed / "managed-settings.json"):
        yield Source("managed", path, Path("/"))
    own = [home]
    if home == user_home(env) / ".coder":
        own.append(user_home(env) / ".claude")
    taken = {os.path.realpath(folder) for folder in own}
    folders = [folder for folder in (cwd / ".coder", cwd / ".claude") if os.path.realpath(folder) not in taken]
    if "local" in names:
        yield from (Source("local", folder / "settings.local.json", cwd) for folder in folders)
    if "project" in names:
        yield from (Source("project", folder / "settings.json", cwd) for folder in folders)
    if "user" in names:
        yield from (Source("user", folder / "settings.json", folder) for folder in own if _may_enter(folder))


def _may_enter(folder: Path) -> bool:
    """Whether a folder is there and ours to look into: the home of somebody else holds no settings of the person."""
    return os.access(folder, os.X_OK)


def _fragments(managed: Path) -> list[Path]:
    try:
        return [path for path in (managed / "managed-settings.d").iterdir() if path.match("[!.]*.json")]
    except OSError:
        return []


def _is_home_set(env: Mapping[str, str]) -> bool:
    return env.get("HOME", "").startswith("/")
