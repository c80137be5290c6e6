"""`/config`: settings, where they come from, and changing one's own. Must not know how files are written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from coder.config.keys import KINDS, MANAGED_ONLY, RULES, SWITCH, Kind, kind_of, unknown, value_of
from coder.config.masking import masked
from coder.config.origins import READ, Entry, listing
from coder.config.paths import sources, user_home, user_settings
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash import theme
from coder.frontends.slash.saying import done, shown, warned
from coder.frontends.styled import Row, row

_HERE = (  # settings of the interactive session: they count at once
    "theme", "editorMode", "verbose", "screenReader", "reducedMotion", "prefersReducedMotion", "ambiguousWide",
    "preferredNotifChannel", "notifications", "statusLine",
)  # fmt: skip
_NEXT = ("outputStyle", "language")  # said to the model once, at the beginning
_FIRST = ("model", "effortLevel", "permissions.defaultMode", "autoCompactEnabled", "fileCheckpointingEnabled")
_VALUE = 40  # columns


async def run(desk: Desk, arguments: str) -> None:
    key, equals, text = arguments.strip().partition("=")
    key = key.strip()
    if equals:
        _set(desk, key, value_of(key, _known(key), text.strip()))
    elif key and _known(key) == SWITCH:
        _set(desk, key, not desk.setting(key))
    elif key:
        await _change(desk, key)
    else:
        await _browse(desk)


async def _browse(desk: Desk) -> None:
    first = 0
    while True:
        entries = await asyncio.to_thread(_entries, desk)
        items = tuple(_item(key, entries, desk) for key in _keys(entries))
        hint = "type to search"
        picked = await desk.ui.pick(Picker("Settings", items, hint, can_search=True, first=first, verb="changes it"))
        if picked is None or picked.item is None:
            return
        first = next(at for at, item in enumerate(items) if item.value == picked.item.value)
        try:
            await _change(desk, str(picked.item.value))
        except ConfigError as error:
            warned(desk.ui, shown(error, 400))


def _entries(desk: Desk) -> list[Entry]:
    """What settings files and variables say. Blocks. Raises ConfigError for an administrator's file that is broken."""
    config = desk.config
    found = tuple(sources(config.home, config.cwd, desk.env, ("user", "project", "local")))
    return list(listing(found, desk.env, config.home, config.cwd).entries)


def _keys(entries: Iterable[Entry]) -> list[str]:
    """What one may want to change, then all else that is set."""
    wanted = [key for key in (*_HERE, *_FIRST, *READ.values()) if key in KINDS and key not in MANAGED_ONLY]
    return list(dict.fromkeys((*wanted, *sorted(entry.key for entry in entries))))


def _item(key: str, entries: Iterable[Entry], desk: Desk) -> Item:
    counting = [entry for entry in entries if entry.key == key and entry.counts]
    values = [_text(masked(key, entry.value)) for entry in counting]
    where = _short(counting[0].origin, desk) if counting else ""
    notes = tuple(_note(entry, desk) for entry in entries if entry.key == key)
    now = "not set" if desk.setting(key) is None else _text(desk.setting(key))
    value = values[0] if len(values) == 1 else f"{len(values)} values" if values else now
    return Item(key, (shown(key, 40), shown(value, _VALUE), where), preview=notes[:4])


def _note(entry: Entry, desk: Desk) -> Row:
    """One place that sets it, and what stands against that."""
    value = shown(_text(masked(entry.key, entry.value)), _VALUE)
    why = f" · {entry.state}: {shown(entry.why)}" if entry.why else ""
    return row((f"  {value} in {_short(entry.origin, desk)}{why}", "dim"))


async def _change(desk: Desk, key: str) -> None:
    """Asks for a value of one setting and sets it."""
    kind = _known(key)
    if key == "theme":  # with its sample
        await theme.run(desk, "")
        return
    if kind is RULES:
        raise ConfigError(f"{key}: /permissions shows rules, adds and deletes them.")
    if kind.is_list or kind.says in ("an object", "a JSON value"):
        file = _short(str(user_settings(desk.config.home)), desk)
        raise ConfigError(f"{key} is {kind.says}: edit {file}, or: coder config add {key} VALUE")
    now = desk.setting(key)
    if now is None:
        now = next((entry.value for entry in _entries(desk) if entry.key == key and entry.counts), None)
    choices = kind.choices or (("true", "false") if kind is SWITCH else ())
    text = await (_chosen(desk, key, choices, _text(now)) if choices else _typed(desk, key, kind, now))
    if text:
        _set(desk, key, value_of(key, kind, text))


async def _chosen(desk: Desk, key: str, choices: tuple[str, ...], now: str) -> str:
    items = tuple(
        Item(choice, (choice, "now" if choice == now else ""), str(at) if at < 10 else "")
        for at, choice in enumerate(choices, 1)
    )
    picked = await desk.ui.pick(Picker(shown(key, 60), items, first=choices.index(now) if now in choices else 0))
    return str(picked.item.value) if picked is not None and picked.item is not None else ""


async def _typed(desk: Desk, key: str, kind: Kind, now: object) -> str:
    secret = masked(key, now) != now
    line = await desk.ui.line(f"{shown(key, 60)}: {kind.says}", initial="" if now is None or secret else _text(now))
    return (line or "").strip()


def _set(desk: Desk, key: str, value: object) -> None:
    """Into the person's own file; says what stands against it there."""
    desk.set_setting(key, value)
    file = user_settings(desk.config.home)
    when = " It counts from the next conversation on: /clear begins one." if key in _NEXT else ""
    when = when or ("" if key in _HERE else " It counts from the next session on.")
    done(desk.ui, f"{shown(key, 60)} is {shown(_text(masked(key, value)))}, in {_short(str(file), desk)}.{when}")
    counting = [entry for entry in _entries(desk) if entry.key == key and entry.counts and not entry.item]
    if counting and counting[0].origin != str(file):
        warned(desk.ui, f"{_short(counting[0].origin, desk)} sets it too, and comes first here.")


def _known(key: str) -> Kind:
    kind = kind_of(key)
    if kind is None:
        said = unknown(shown(key, 60))
        raise ConfigError(f"{said[:1].upper()}{said[1:]}")
    return kind


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _short(origin: str, desk: Desk) -> str:
    return shown(short(origin, desk.config.cwd, user_home(desk.env)), 60)
