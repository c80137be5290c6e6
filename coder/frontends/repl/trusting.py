"""Asks whether a folder is trusted, and keeps a yes. Must not know what the folder brings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coder.config.question import Answer, question
from coder.config.trust import approve
from coder.core.trust import Trust
from coder.frontends.trust_screen import details_page, trust_answer, trust_picker

if TYPE_CHECKING:
    from coder.frontends.desk import Ui


async def ask(ui: Ui, trust: Trust, config_home: Path, home: Path) -> Answer:
    """Shows what the folder brings as often as that is asked for. A yes is kept. Raises ConfigError."""
    asked = question(trust)
    while asked is not None:
        answer = trust_answer(await ui.pick(trust_picker(asked, home)))
        if answer == "trust":
            approve(config_home, trust)
        if answer != "show":
            return answer
        await ui.page(details_page(asked))
    return "not_now"
