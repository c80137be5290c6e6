"""The ways in for somebody without a key, and what `/login` and `/logout` do. Must not know which front end it is,
nor how a key is tried or kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from coder.app import login as ways
from coder.config import stored_key
from coder.config.stored_key import Stored
from coder.core.errors import CoderError
from coder.frontends.desk import Ui
from coder.frontends.picker import Item, Picker
from coder.frontends.styled import Row, foreign, row

Outcome: TypeAlias = Literal["again", "demo", "leave"]  # load the settings anew; the tour; exit 1
_Way: TypeAlias = Literal["key", "server", "demo", "leave"]

TITLE = "coder needs a model to talk to. It found no API key."
_CLOUDS = "For Bedrock, Vertex or Foundry set CLAUDE_CODE_USE_BEDROCK=1 (or _VERTEX, _FOUNDRY) and start again."
_LOCAL = "http://localhost:11434"


def ways_in(home: Path, env: Mapping[str, str]) -> Picker:
    """The screen of a first run."""
    file = foreign(stored_key.short_name(home, env))
    choices: tuple[tuple[_Way, str, str], ...] = (
        ("key", "Paste an Anthropic API key", f"kept in {file} (mode 0600)"),
        ("server", "Use a local or other server", "Ollama, llama.cpp, vLLM, any such address"),
        ("demo", "Look around first", "a scripted demo model, no key, no network"),
        ("leave", "Leave", ""),
    )
    items = tuple(Item(way, (what, about), key=str(number)) for number, (way, what, about) in enumerate(choices, 1))
    hint = row(("You can also set ANTHROPIC_API_KEY and start again.", "dim"))
    return Picker(TITLE, items, above=(hint,))


async def first_run(ui: Ui, env: Mapping[str, str], home: Path, cwd: Path) -> Outcome:
    """Asks until there is a way in, or none is wanted. Contacts nothing but the address of a key that was given."""
    first = 0
    while True:
        picker = ways_in(home, env)
        picked = await ui.pick(Picker(picker.title, picker.items, above=picker.above, first=first))
        way = picked.item.value if picked is not None and picked.item is not None else "leave"
        match way:
            case "key":
                kept = await with_key(ui, env, home, cwd)
            case "server":
                kept = await with_server(ui, env, home, cwd)
            case "demo":
                return "demo"
            case _:
                return "leave"
        if kept:
            return "again"
        first = 0 if way == "key" else 1


async def with_key(ui: Ui, env: Mapping[str, str], home: Path, cwd: Path) -> bool:
    """Asks for a key and tries it. Whether it was kept; what happened is said."""
    try:
        address = ways.default_address(env)
        host = urlsplit(address).netloc
        typed = await ui.line(f"API key for {foreign(host)}" if host else "Anthropic API key", secret=True)
        if typed is None or not typed.strip():
            return False
        secret = stored_key.as_typed(typed)
        return await _kept(ui, env, home, cwd, Stored(api_key=secret, base_url=address))
    except CoderError as error:
        return _failed(ui, error)


async def with_server(ui: Ui, env: Mapping[str, str], home: Path, cwd: Path) -> bool:
    """Asks for an address, a token and the name of a model, and tries them. Whether they were kept."""
    ui.say([row((_CLOUDS, "dim"))])
    try:
        typed = await ui.line("Address of the server", initial=_LOCAL)
        if typed is None or not typed.strip():
            return False
        address = ways.address_of(typed)
        token = await ui.line("Token, or enter for none", secret=True)
        if token is None:
            return False
        model = await ui.line("Name of the model, as the server calls it")
        if model is None:
            return False
        stored = Stored(auth_token=stored_key.as_typed(token), base_url=address)
        if not address and not stored.auth_token:
            ui.say([_mark("✗", "Anthropic's own address needs a key."), row("  Nothing was kept.")])
            return False
        return await _kept(ui, env, home, cwd, stored, model.strip())
    except CoderError as error:
        return _failed(ui, error)


def log_out(env: Mapping[str, str], home: Path) -> list[Row]:
    """Forgets the key that is kept. Returns what to say. Raises CoderError."""
    name = foreign(stored_key.short_name(home, env))
    is_gone = stored_key.forget(home)
    said = [_mark("✓", f"Forgotten: {name} is removed.") if is_gone else row(f"There is no {name}: nothing was kept.")]
    if first := ways.comes_first(env):
        said.append(row(f"  {first} is still set in your environment."))
    return said


async def _kept(ui: Ui, env: Mapping[str, str], home: Path, cwd: Path, stored: Stored, model: str = "") -> bool:
    if stored.secret:
        ui.say([row((f"{foreign(stored_key.masked(stored.secret))} · trying it with one small request", "dim"))])
    trial = await ways.log_in(stored, env, home, cwd, model=model)
    works = trial.verdict == "works"
    first, *rest = trial.said
    ui.say([_mark("✓" if works else "✗", foreign(first)), *(row(f"  {foreign(line)}") for line in rest)])
    return works


def _failed(ui: Ui, error: CoderError) -> bool:
    text = foreign(str(error))
    ui.say([_mark("✗", text[:1].upper() + text[1:]), row("  Nothing was kept.")])
    return False


def _mark(mark: Literal["✓", "✗"], text: str) -> Row:
    return row((f"{mark} ", "ok" if mark == "✓" else "bad"), text)
