"""`/vim`: switches vim keys in the prompt on or off. Must not know what they do."""

from __future__ import annotations

from coder.frontends.desk import Desk
from coder.frontends.slash.saying import done


async def run(desk: Desk, arguments: str) -> None:
    del arguments
    on = desk.setting("editorMode") != "vim"
    desk.set_setting("editorMode", "vim" if on else "normal")
    done(desk.ui, "Vim keys are on: esc leaves the insert mode, i enters it." if on else "Vim keys are off.")
