"""Requests and the facts around them, for tests of the question."""

from __future__ import annotations

from pathlib import Path

from coder.core.messages import ToolUse
from coder.core.requests import Effect, Part, PermissionRequest, Reason
from coder.frontends.dialog import Dialog
from coder.frontends.dialog_making import Facts, dialog_for

HOME = Path("/home/mia")
SHOP = HOME / "src" / "shop"


def facts(files: dict[str, str] | None = None) -> Facts:
    """In ~/src/shop, with these files in it."""
    texts = {SHOP / name: text for name, text in (files or {}).items()}
    return Facts(SHOP, HOME, texts.get)


def command(
    text: str,
    why: str = "it",
    *,
    rules: tuple[str, ...] = (),
    parts: tuple[Part, ...] = (),
    effects: tuple[Effect, ...] = (),
    confirm: str = "",
    says: str = "",
) -> PermissionRequest:
    given = {"command": text, "description": says} if says else {"command": text}
    reasons = (Reason("default", why),)
    return PermissionRequest(ToolUse("t1", "Bash", given), f"Bash {text}", reasons, rules, parts, effects, confirm)


def parts(text: str, *needed: str) -> tuple[Part, ...]:
    """The parts of a line of `&&` and `|`, those in `needed` without leave yet."""
    found: list[Part] = []
    for piece in text.replace("|", "&&").split("&&"):
        start = text.index(piece.strip())
        found.append(Part(piece.strip(), start, start + len(piece.strip()), piece.strip() in needed))
    return tuple(found)


def edit(tool: str, name: str, *, accept: bool = True, why: Reason | None = None, **given: object) -> PermissionRequest:
    path = str(SHOP / name)
    field = "notebook_path" if tool == "NotebookEdit" else "file_path"
    reason = why or Reason("default", f"no rule allows writing {path}")
    return PermissionRequest(
        ToolUse("t1", tool, {field: path, **given}), f"{tool} {path}", (reason,), accept_edits=accept
    )


def asked(request: PermissionRequest, files: dict[str, str] | None = None) -> Dialog:
    return dialog_for(request, facts(files))
