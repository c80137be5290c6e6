"""`/login`: gives coder a key or an address. Must not know how it is tried or kept."""

from __future__ import annotations

from dataclasses import replace

from coder.config.flags import Flags
from coder.config.load import load
from coder.core.config import ModelConfig
from coder.core.errors import CoderError
from coder.frontends.desk import Desk
from coder.frontends.first_run import with_key, with_server
from coder.frontends.picker import Item, Picker
from coder.frontends.styled import foreign, row

_CHOICES = (
    Item("key", ("Paste an Anthropic API key", "tried with one small request, then kept"), key="1"),
    Item("server", ("Use a local or other server", "an address, a token if it needs one, a model"), key="2"),
)


async def run(desk: Desk, arguments: str) -> None:
    """The session goes on with what was kept; on a refusal nothing has changed."""
    ui, env, home = desk.ui, desk.env, desk.config.home
    picked = await ui.pick(Picker("Which model server should coder talk to?", _CHOICES))
    if picked is None or picked.item is None:
        return
    ask = with_key if picked.item.value == "key" else with_server
    if not await ask(ui, env, home, desk.config.cwd):
        return
    try:
        await desk.reopen(model=_renewed(desk, takes_model=picked.item.value == "server"))
    except CoderError as error:
        ui.say([row(("! ", "warn"), foreign(f"It counts from the next start: {error}"))])


def _renewed(desk: Desk, *, takes_model: bool) -> ModelConfig:
    """The model of the session with the key and the address that count now. Raises CoderError."""
    now, config = load(Flags(headless=False), desk.env, desk.config.cwd, desk.config.home).model, desk.config
    return replace(
        config.model,
        name=now.name if takes_model else config.model.name,
        base_url=now.base_url,
        api_key=now.api_key,
        auth_token=now.auth_token,
        key_source=now.key_source,
        provider=now.provider,
        transport=now.transport,
        is_replay=False,
    )
