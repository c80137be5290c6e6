"""Asks a person for the settings of an extension, one by one, until each is right. Must not keep them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from coder.cli.extension_page import said
from coder.core.errors import ConfigError
from coder.core.visible import visible_line
from coder.extensions.configuring import form_of, read
from coder.frontends.policy.text import wrapped

if TYPE_CHECKING:
    from coder.extensions.record import Record
    from coder.extensions.user_config import Field, Value

_MOST = 300  # characters of what the maker says about a field


def ask(fields: Sequence[Field], record: Record | None, cwd: Path, home: Path) -> dict[str, Value]:
    """What was typed; a field that was passed over is not in it."""
    answers: dict[str, Value] = {}
    for field in fields:
        print()
        print("\n".join(wrapped(f"{visible_line(field.title)[:_MOST]} ({visible_line(field.key)})", "", "  ")))
        if field.description:
            print("\n".join(wrapped(visible_line(field.description)[:_MOST], "  ", "  ")))
        value = _one(field, _now(field, record), cwd, home)
        if value is not None:
            answers[field.key] = value
    return answers


def _one(field: Field, now: str, cwd: Path, home: Path) -> Value | None:
    hint = f"Enter: {now}" if now else "It is needed" if field.required else "Enter: leave it out"
    form = f"{form_of(field)}{', one a line, an empty line ends them' if field.multiple else ''}"
    unseen = " What you type is not shown." if field.sensitive else ""
    print("\n".join(wrapped(f"{form[:1].upper()}{form[1:]}. {hint}.{unseen}", "  ", "  ")))
    while True:
        texts = _lines(field)
        if not texts and (now or not field.required):
            return None
        try:
            if texts:
                return read(field, texts, cwd, home)
            print("  It is needed.")
        except ConfigError as error:
            print("\n".join(wrapped(str(error), "  ", "  ")))


def _lines(field: Field) -> list[str]:
    """Ctrl-D and Ctrl-C raise typer.Abort."""
    texts: list[str] = []
    while True:
        text: str = typer.prompt("  >", prompt_suffix=" ", default="", show_default=False, hide_input=field.sensitive)
        if not text:
            return texts
        texts.append(text)
        if not field.multiple:
            return texts


def _now(field: Field, record: Record | None) -> str:
    """What counts when nothing is typed."""
    if record is not None and field.key in record.secrets:
        return "keep it"
    if record is not None and field.key in record.config and not field.sensitive:
        return said(record.config[field.key])
    if field.default in (None, "", ()):
        return ""
    return "its own choice" if field.sensitive else said(field.default)
