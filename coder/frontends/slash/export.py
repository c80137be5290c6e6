"""`/export`: writes the conversation to a file. Must not know how a document is made."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Literal

from coder.app import exporting
from coder.config.paths import expand, user_home
from coder.core.errors import SessionError
from coder.frontends.desk import Desk
from coder.frontends.picker import Item, Picker
from coder.frontends.policy.text import short
from coder.frontends.slash.saying import done, shown


async def run(desk: Desk, arguments: str) -> None:
    transcript = desk.session.facts.transcript
    if transcript is None or not transcript.exists():
        why = "nothing was said yet" if desk.config.persist else "this session is not kept"
        raise SessionError(f"There is nothing to write: {why}.")
    file = _file(arguments, desk)
    model = desk.config.model
    text = await asyncio.to_thread(
        exporting.document,
        transcript,
        exporting.format_of(file),
        desk.env,
        secrets=(model.api_key, model.auth_token),
    )
    written = await _written(file, text, desk)
    if written is not None:
        done(desk.ui, f"Written to {_name(written, desk)}. {exporting.LOOK_OVER}")


def _file(arguments: str, desk: Desk) -> Path:
    text = arguments.strip().strip("\"'") or f"session-{desk.session.facts.session_id[:8]}.md"
    file = expand(text, desk.env, desk.config.cwd)
    return file / f"session-{desk.session.facts.session_id[:8]}.md" if file.is_dir() else file


async def _written(file: Path, text: str, desk: Desk) -> Path | None:
    """The file it stands in; None when the person wants none. One that is there is replaced only when they say so."""
    while True:
        try:
            await asyncio.to_thread(exporting.write_new, file, text)
            return file
        except FileExistsError:
            other = await _instead(file, desk)
        except OSError as error:
            raise SessionError(f"{_name(file, desk)} cannot be written: {error.strerror}.") from error
        if other == "replace":
            await asyncio.to_thread(_replace, file, text, desk)
            return file
        if other is None:
            return None
        file = other


async def _instead(file: Path, desk: Desk) -> Path | Literal["replace"] | None:
    """What to do about a file that is there: another one, or to replace it, or nothing."""
    items = (Item("no", ("Choose another name",), "1"), Item("yes", ("Replace it",), "2"))
    picked = await desk.ui.pick(Picker(f"{_name(file, desk)} is there already", items))
    if picked is None or picked.item is None:
        return None
    if picked.item.value == "yes":
        return "replace"
    line = await desk.ui.line("Write to", initial=file.name)
    return _file(line, desk) if line and line.strip() else None


def _replace(file: Path, text: str, desk: Desk) -> None:
    """The old one is there until the new one is whole. Raises SessionError."""
    draft = file.with_name(f".{file.name}.part")
    try:
        draft.unlink(missing_ok=True)
        exporting.write_new(draft, text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SessionError(f"{_name(file, desk)} cannot be replaced: {error.strerror}.") from error


def _name(file: Path, desk: Desk) -> str:
    return shown(short(str(file), desk.config.cwd, user_home(desk.env)))
