"""What is asked before a session is opened: a key, and trust in the folder. Must not know which front end asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from coder.config.credentials import lacks_key
from coder.config.question import question
from coder.config.trust import approve
from coder.core.config import Config
from coder.core.trust import Trust
from coder.frontends.desk import Ui
from coder.frontends.first_run import first_run
from coder.frontends.trust_screen import details_page, trust_answer, trust_picker


def is_open(config: Config) -> bool:
    """Whether nothing has to be asked."""
    return not lacks_key(config.model) and not (config.trust is not None and config.trust.off)


async def prepare(
    ui: Ui, config: Config, reload: Callable[[bool], Awaitable[Config]], env: Mapping[str, str], home: Path
) -> Config | int:
    """The settings to go on with, or the exit code when the person left. `reload` reads the settings again, with the
    offline demo model when it is told to. Raises CoderError."""
    if lacks_key(config.model):
        outcome = await first_run(ui, env, config.home, config.cwd)
        if outcome == "leave":
            return 1
        config = await reload(outcome == "demo")
    if config.trust is not None and config.trust.off:
        if (answer := await _trusts(ui, config.trust, config.home, home)) == "leave":
            return 0
        if answer == "trust":
            config = await reload(config.model.is_replay)
    return config


async def _trusts(ui: Ui, trust: Trust, config_home: Path, home: Path) -> str:
    """Shows what the folder brings as often as that is asked for; a yes is kept."""
    asked = question(trust)
    while asked is not None:
        answer = trust_answer(await ui.pick(trust_picker(asked, home)))
        if answer == "trust":
            approve(config_home, trust)
        if answer != "show":
            return answer
        await ui.page(details_page(asked, ui.width))
    return "not_now"
