"""Checks of what the person set up: config home, key, settings, trust, keys, sessions. Must not know the machine."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from coder.app.checks import Check, Site
from coder.app.login import shown_address
from coder.config import stored_key
from coder.config.credentials import BASE_URL, lacks_key
from coder.config.flags import Flags
from coder.config.jsonfile import read_object
from coder.config.load import folder_trust, load
from coder.config.origins import listing
from coder.config.paths import key_file, sources, user_home, why_not_saved
from coder.core.errors import CoderError, ConfigError, SessionError
from coder.core.visible import visible_line
from coder.sessions.doctor import examine
from coder.sessions.locate import everywhere

_MOST_SESSIONS = 50  # reading each takes a while; `coder sessions doctor` reads all
_LARGEST_SESSION = 20_000_000  # bytes


def config_folder(site: Site) -> Iterator[Check]:
    name = _short(site.home, site)
    if why := why_not_saved(site.home, site.env):
        yield Check("config folder", "bad", f"{name}: {visible_line(why)}", "Sessions and settings are not saved.")
        return
    if not site.home.exists():
        yield Check("config folder", "ok", f"{name}, made when it is first needed")
        return
    mode = stat.S_IMODE(site.home.stat().st_mode)
    if mode & 0o022:
        yield Check("config folder", "warn", f"{name} can be changed by others (mode {mode:04o})", f"chmod 700 {name}")
    elif mode & 0o077:
        yield Check("config folder", "warn", f"{name} can be read by others (mode {mode:04o})", f"chmod 700 {name}")
    else:
        yield Check("config folder", "ok", f"{name}, yours alone")


def credentials(site: Site) -> Iterator[Check]:
    name = _short(key_file(site.home), site)
    try:
        stored = stored_key.read(site.home)
    except ConfigError as error:
        yield Check("credentials", "bad", visible_line(str(error)))
        return
    if stored is None:
        yield Check("credentials", "ok", f"nothing is kept in {name}")
    elif seen := stored_key.exposure(site.home):
        what, _, advice = visible_line(seen).partition(". ")
        yield Check("credentials", "bad", what, advice)
    else:
        kept = stored_key.masked(stored.secret) or "no key"
        yield Check("credentials", "ok", f"{kept} for {shown_address(stored.base_url or BASE_URL)}, yours alone")


def key(site: Site) -> Iterator[Check]:
    try:
        model = load(Flags(headless=False), site.env, site.cwd, site.home).model
    except CoderError as error:
        yield Check("key", "bad", visible_line(str(error)))
        return
    if model.provider != "anthropic":
        yield Check("key", "ok", f"{model.provider} has its own")
    elif lacks_key(model):
        yield Check("key", "bad", "no API key", "Set ANTHROPIC_API_KEY or run: coder auth login")
    elif secret := model.api_key or model.auth_token:
        yield Check("key", "ok", f"{stored_key.masked(secret)} from {visible_line(model.key_source)}")
    else:
        yield Check("key", "ok", f"none; {shown_address(model.base_url)} may need none")


def settings(site: Site) -> Iterator[Check]:
    files = tuple(sources(site.home, site.cwd, site.env, ("user", "project", "local")))
    try:
        found = listing(files, site.env, site.home, site.cwd)
    except ConfigError as error:
        yield Check("settings", "bad", visible_line(str(error)))
        return
    wrong = [entry for entry in found.entries if entry.state == "unused" and entry.why.startswith("it must be")]
    for entry in wrong:
        yield Check("settings", "warn", visible_line(f"{_short(Path(entry.origin), site)}: {entry.key}: {entry.why}"))
    said = [warning for warning in found.warnings if not any(entry.key in warning for entry in wrong)]
    for warning in said:
        yield Check("settings", "bad" if found.broken else "warn", visible_line(warning))
    if not (wrong or said):
        count = sum(source.path.exists() for source in files)
        yield Check("settings", "ok", f"{count} {'file' if count == 1 else 'files'} read: coder config list")


def trust(site: Site) -> Iterator[Check]:
    judged, problems = folder_trust(site.env, site.cwd, site.home)
    for problem in problems:
        yield Check("trust", "warn", visible_line(problem))
    name = _short(judged.folder, site)
    if judged.off:
        what = f"{name} is not trusted: {_counted(len(judged.off), 'setting')} of it not used"
        yield Check("trust", "warn", what, "Look at them, then decide: coder trust")
    elif judged.known:
        yield Check("trust", "ok", f"you trust {name}")
    else:
        yield Check("trust", "ok", f"{name} brings nothing that needs it")


def keybindings(site: Site) -> Iterator[Check]:
    path = site.home / "keybindings.json"
    try:
        parsed = read_object(path)
    except ConfigError as error:
        yield Check("keybindings", "warn", visible_line(str(error)), "The keys are as they come until it is corrected.")
        return
    if parsed is None:
        yield Check("keybindings", "ok", "as they come: coder help keys")
    elif not isinstance(parsed.value.get("bindings"), list):
        what = f'{_short(path, site)}: "bindings" must be a list'
        yield Check("keybindings", "warn", what, "The keys are as they come until it is corrected.")
    else:
        count = len(parsed.value["bindings"])
        yield Check("keybindings", "ok", f"{_counted(count, 'group')} in {_short(path, site)}")


def sessions(site: Site) -> Iterator[Check]:
    every = everywhere(site.home)
    looked, hurt = 0, 0
    for path in every[:_MOST_SESSIONS]:
        if path.stat().st_size > _LARGEST_SESSION:
            continue
        looked += 1
        try:
            hurt += not examine(path).is_sound
        except SessionError:
            hurt += 1
    more = f" (of {len(every)})" if looked < len(every) else ""
    scope = _counted(looked, "session")
    if hurt:
        yield Check(
            "sessions",
            "warn",
            f"{hurt} of {scope}{' looked at' if more else ''}{more} {'needs' if hurt == 1 else 'need'} a repair",
            "coder sessions doctor --fix",
        )
    else:
        yield Check("sessions", "ok", f"{scope} looked at{more}" if looked else "none yet")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _short(path: Path, site: Site) -> str:
    """As people write it: from their home folder."""
    home = user_home(site.env)
    inside = path.is_relative_to(home) and path != home and home != Path("/")
    return visible_line(f"~/{path.relative_to(home)}" if inside else str(path))


LOOKS = (config_folder, credentials, key, settings, trust, keybindings, sessions)
