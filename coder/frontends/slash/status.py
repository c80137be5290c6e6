"""`/status`: what this session is: model, key, folder, settings. Contacts nothing. Must not know how files are read."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterable
from pathlib import Path

from coder import __version__
from coder.config.masking import masked
from coder.config.origins import Entry, listing
from coder.config.paths import sources, user_home
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_row
from coder.frontends.modes import in_words
from coder.frontends.policy.text import short
from coder.frontends.server_words import in_short
from coder.frontends.slash.pages import look, width_for
from coder.frontends.slash.saying import shown
from coder.frontends.styled import Row, foreign, row
from coder.models import catalog

_LABEL = 11
_WARNING = "! "
_LONG = 16  # of a shorter key the last four characters would say too much


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    head, *rows = await asyncio.to_thread(status_rows, desk)
    width = width_for(desk.ui)
    facts = [part for each in rows for part in (fold_row(each, width) if each[0].text == _WARNING else [each])]
    await look(desk.ui, [*fold_row(head, width), *facts], hang=_LABEL)


def status_rows(desk: Desk) -> list[Row]:
    """Blocks while it reads settings files."""
    config, facts = desk.config, desk.session.facts
    entries, problems = _settings(desk)
    files = list(dict.fromkeys(e.origin for e in entries if e.counts and e.scope != "environment"))
    effort = f" · effort {config.model.effort}" if config.model.effort else ""
    rows = [
        row((_head(facts.session_id, desk.session.title), "bold")),
        _row("Model", f"{shown(facts.model)} ({_whence(desk, entries)}){effort}"),
        _row("Endpoint", _endpoint(desk)),
        _row("Key", _key(desk)),
        _row("Folder", _folder(desk)),
        _row("Mode", in_words(desk.session.control.mode)),
        _row("Settings", ", ".join(_short(desk, file) for file in files) or "none: everything is as it comes"),
        _row("Saved", _saved(desk)),
    ]
    if desk.session.servers.rows:
        rows.append(_row("MCP", in_short(desk.session.servers.rows)))
    warnings = (*problems, *config.warnings, *desk.session.warnings)
    return [*rows, *(row((_WARNING, "warn"), foreign(text)) for text in dict.fromkeys(warnings))]


def _head(session_id: str, title: str) -> str:
    named = f' "{shown(title, 60)}"' if title else ""
    return f"coder {__version__} · Python {platform.python_version()} · session {session_id[:8]}{named}"


def _settings(desk: Desk) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    """What counts here, and what is wrong with it."""
    config = desk.config
    found = tuple(sources(config.home, config.cwd, desk.env, ("user", "project", "local")))
    try:
        listed = listing(found, desk.env, config.home, config.cwd)
    except ConfigError as error:
        return (), (str(error),)
    return listed.entries, listed.warnings


def _whence(desk: Desk, entries: Iterable[Entry]) -> str:
    """Where the name of the model comes from."""
    config, model = desk.config, desk.session.facts.model
    entry = next((each for each in entries if each.key == "model" and each.counts), None)
    if entry is not None and catalog.resolve(str(entry.value), config.env) == model:
        return f"from {_short(desk, entry.origin)}"
    if config.model.name == "default":
        return "the default"
    return "chosen for this session"


def _endpoint(desk: Desk) -> str:
    model = desk.config.model
    if model.provider != "anthropic":
        return f"{model.provider}{f', {_address(model.base_url)}' if model.base_url else ''}"
    return f"{_address(model.base_url)} · /doctor online checks it"


def _address(url: str) -> str:
    return shown(masked("", url))


def _key(desk: Desk) -> str:
    model = desk.config.model
    secret = model.api_key or model.auth_token
    if not secret:
        return "of the provider" if model.provider != "anthropic" else "none · /login gives coder one"
    source = shown(model.key_source)
    return f"{source}, ends in …{foreign(secret[-4:])}" if len(secret) >= _LONG else source


def _folder(desk: Desk) -> str:
    config = desk.config
    parts = [_short(desk, str(config.cwd))]
    trust = config.trust
    if trust is not None and trust.own_off:
        parts.append("not trusted: its settings allow, run and contact nothing")
    elif trust is not None and trust.brought:
        parts.append("trusted for this session" if trust.once else "trusted")
    parts += [f"also {_short(desk, str(folder))}" for folder in config.add_dirs]
    if not config.checkpoints:
        parts.append("no checkpoints: changes cannot be undone")
    return " · ".join(parts)


def _saved(desk: Desk) -> str:
    transcript = desk.session.facts.transcript
    return _short(desk, str(transcript)) if transcript is not None else "no: it is gone when you leave"


def _short(desk: Desk, path: str) -> str:
    home = user_home(desk.env)
    inside = path if path == str(desk.config.cwd) else short(path, desk.config.cwd, home)
    return foreign(short(inside, Path("/nowhere"), home))


def _row(label: str, text: str) -> Row:
    return row((f"{label:<{_LABEL}}", "dim"), text)
