"""`/permissions`: what is allowed, asked about and denied here; rules added, deleted and tried. Must not know how a
decision comes about.
"""

from __future__ import annotations

import asyncio
from dataclasses import field
from pathlib import Path
from typing import get_args

from coder.app.policy import Standing, standing_in
from coder.app.saving import save_rule
from coder.config.paths import user_home
from coder.config.write import remove_rule
from coder.core.config import Behaviour, RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.folding import fold_rows
from coder.frontends.modes import in_words
from coder.frontends.picker import Action, Item, Picked, Picker
from coder.frontends.policy.rules import cautions, check_rule, find_rule, rows, settings_file
from coder.frontends.policy.text import WHOSE, RuleRow, short
from coder.frontends.slash.pages import width_for
from coder.frontends.slash.saying import done, shown, warned
from coder.frontends.slash.verdict import verdict_rows
from coder.frontends.styled import Row, row

_ACTIONS = (Action("a", "adds"), Action("d", "deletes"), Action("t", "tests a command"), Action("/", "searches"))
_FOLDER = 40  # columns of the title
_BEHAVIOURS: tuple[Behaviour, ...] = get_args(Behaviour)
_PLACES: tuple[tuple[Scope, str], ...] = (
    ("local", "yours, in this project"),
    ("project", "for everybody in this project"),
    ("user", "yours, everywhere"),
)


@dataclass(slots=True)
class _State:
    """What the list shows beside the rules: `above` is the outcome of the last key."""

    query: str = ""
    first: int = 0
    above: tuple[Row, ...] = field(default=())


async def run(desk: Desk, arguments: str) -> None:
    """`arguments`, if any, is a command to test."""
    if arguments.strip():
        found = await _standing(desk)
        desk.ui.say(verdict_rows(arguments.strip(), found, user_home(desk.env)))
        return
    state = _State()
    while True:
        found = await _standing(desk)
        picked = await desk.ui.pick(_picker(found, state, desk))
        if picked is None:
            return
        state.above = ()
        state.first = picked.index
        try:
            await _act(picked, found, state, desk)
        except ConfigError as error:
            state.above = _fitting([row(("✗ ", "bad"), shown(error, 400))], desk)


async def _act(picked: Picked, found: Standing, state: _State, desk: Desk) -> None:
    match picked.action:
        case "a":
            await _add(found, desk)
        case "d" if picked.item is not None and isinstance(picked.item.value, RuleRow):
            _delete(picked.item.value.rule, found, desk)
        case "t":
            command = await desk.ui.line("Which command?")
            if command and command.strip():
                state.above = _fitting(verdict_rows(command.strip(), found, user_home(desk.env)), desk)
        case "/":
            state.query = (await desk.ui.line("Rules with", initial=state.query) or "").strip()
            state.first = 0
        case _ if picked.item is not None and isinstance(picked.item.value, RuleRow):
            state.above = _fitting([row(f"  {_sentence(picked.item.value, desk)}")], desk)


async def _standing(desk: Desk) -> Standing:
    return await asyncio.to_thread(standing_in, desk.config, desk.session.control.mode, desk.env)


def _picker(found: Standing, state: _State, desk: Desk) -> Picker:
    every = rows(found)
    shown_rows = [each for each in every if state.query.lower() in _words(each, desk).lower()]
    where = _short(desk, str(found.config.cwd))
    where = shown(where if len(where) <= _FOLDER else f"…{where[1 - _FOLDER :]}")
    title = f"Permissions in {where} · mode: {in_words(found.policy.mode)}"
    hint = f'{len(shown_rows)} of {len(every)} with "{shown(state.query, 20)}"' if state.query else ""
    items = tuple(_item(each, desk) for each in shown_rows)
    empty = "No rule has these words." if state.query else "No rules: what the mode asks about is asked about."
    first = min(state.first, max(len(items) - 1, 0))
    return Picker(title, items, hint, _ACTIONS, verb="tells more", empty=empty, first=first, above=state.above)


def _item(each: RuleRow, desk: Desk) -> Item:
    rule = each.rule
    preview = (row((f"  {shown(each.note, 200)}", "dim")),) if each.note else ()
    cells = (rule.behaviour, shown(rule.text, 48), WHOSE[rule.scope], shown(_short(desk, rule.origin), 40))
    return Item(each, cells, preview=preview, style="dim" if each.note else "")


def _sentence(each: RuleRow, desk: Desk) -> str:
    rule = each.rule
    note = f" · {shown(each.note, 200)}" if each.note else ""
    return f"{rule.behaviour} {shown(rule.text, 200)} · {WHOSE[rule.scope]}, {shown(_short(desk, rule.origin))}{note}"


def _words(each: RuleRow, desk: Desk) -> str:
    return f"{each.rule.behaviour} {each.rule.text} {WHOSE[each.rule.scope]} {_short(desk, each.rule.origin)}"


async def _add(found: Standing, desk: Desk) -> None:
    line = await desk.ui.line("A rule, such as  Bash(npm test *)  or  deny Read(./.env)")
    if not line or not line.strip():
        return
    behaviour, text = _parsed(line.strip())
    text = check_rule(text, behaviour, found.config.cwd)
    scope = await _place(behaviour, text, found, desk)
    if scope is None:
        return
    file = settings_file(scope, found.config)
    added = await asyncio.to_thread(save_rule, found.config, file, behaviour, text)
    done(desk.ui, f"{'Added' if added else 'Already there'}: {behaviour} {shown(text, 200)}, in {_file(file, desk)}")
    for caution in cautions(text, behaviour, scope, await _standing(desk)):
        warned(desk.ui, shown(caution, 400))


def _parsed(line: str) -> tuple[Behaviour, str]:
    first, _, rest = line.partition(" ")
    for behaviour in _BEHAVIOURS:
        if first.lower() == behaviour and rest.strip():
            return behaviour, rest.strip()
    return "allow", line


async def _place(behaviour: Behaviour, text: str, found: Standing, desk: Desk) -> Scope | None:
    items = tuple(
        Item(scope, (words, _file(settings_file(scope, found.config), desk)), str(number))
        for number, (scope, words) in enumerate(_PLACES, 1)
    )
    picked = await desk.ui.pick(Picker(f"Where to keep  {behaviour} {shown(text, 50)}", items, verb="saves it"))
    return next((scope for scope, _ in _PLACES if picked and picked.item and picked.item.value == scope), None)


def _delete(rule: RuleText, found: Standing, desk: Desk) -> None:
    """Says what was deleted, so that it can be added again. Raises ConfigError for a rule coder does not write."""
    if rule.scope not in ("local", "project", "user"):
        raise ConfigError(f"{rule.text} comes from {WHOSE[rule.scope]}: it cannot be deleted here.")
    place = find_rule(rule.text, rule.behaviour, rule.scope, found, desk.env)
    remove_rule(Path(place.origin), place.behaviour, place.text, desk.env)
    done(desk.ui, f"Deleted: {place.behaviour} {shown(place.text, 200)}, from {_file(Path(place.origin), desk)}")


def _fitting(given: list[Row], desk: Desk) -> tuple[Row, ...]:
    return tuple(fold_rows(given, width_for(desk.ui), 2)[:8])


def _file(path: Path, desk: Desk) -> str:
    return shown(_short(desk, str(path)), 60)


def _short(desk: Desk, path: str) -> str:
    return short(path, desk.config.cwd, user_home(desk.env))
