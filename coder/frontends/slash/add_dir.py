"""`/add-dir`: one more folder that coder may work in. Must not know what it does there."""

from __future__ import annotations

from pathlib import Path

from coder.config.paths import expand, user_home
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.policy.text import short
from coder.frontends.slash.saying import done, shown, warned


async def run(desk: Desk, arguments: str) -> None:
    text = arguments.strip() or await desk.ui.line("Which folder may coder work in too?")
    if text is None or not text.strip():
        return
    folder = _folder(text.strip().strip("\"'"), desk)
    home = user_home(desk.env)
    name = shown(short(str(folder), desk.config.cwd, home))
    roots = (desk.config.cwd, *desk.config.add_dirs)
    holder = next((root for root in roots if folder.is_relative_to(root)), None)
    if holder is not None:
        done(desk.ui, f"{name} is in {shown(short(str(holder), Path('/'), home))} already: nothing to add.")
        return
    await desk.reopen(add_dirs=(*desk.config.add_dirs, folder))
    done(desk.ui, f"Added {name}: coder reads there without asking, and edits there as in this folder.")
    if folder == Path("/") or home.is_relative_to(folder):
        warned(desk.ui, "That holds everything of yours. To take it back, leave and start coder again.")


def _folder(text: str, desk: Desk) -> Path:
    """Raises ConfigError for what is no folder, or may not be entered."""
    folder = expand(text, desk.env, desk.config.cwd)
    try:
        if folder.is_dir():
            next(folder.iterdir(), None)
            return folder.resolve()
    except OSError as error:
        raise ConfigError(f"{shown(folder)} cannot be opened: {error.strerror}.") from error
    what = "is a file, not a folder" if folder.exists() else "does not exist"
    raise ConfigError(f"{shown(folder)} {what}. Name a folder, such as ../library.")
