"""The last run of a session that is gone on with, printed again. Must not know how the session was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.core.messages import Text, ToolResult, ToolUse, meant, said
from coder.frontends.styled import Row, foreign, row

if TYPE_CHECKING:
    from coder.app.session import Session
    from coder.frontends.repl.printer import Printer


def show(printer: Printer, session: Session) -> None:
    """Nothing for a session without a past."""
    last = session.last_run()
    if not last:
        return
    prompts = sum(message.meta.kind == "prompt" for message in session.messages)
    before = prompts - sum(message.meta.kind == "prompt" for message in last)
    printer.say(_rule(before))
    ends = {
        block.tool_use_id: block.is_error
        for message in last
        for block in message.content
        if isinstance(block, ToolResult)
    }
    for message in last:
        if message.role == "user":
            if message.meta.kind in ("prompt", "steer"):
                printer.you(said(message))
            continue
        for block in message.content:
            match block:
                case Text(text=text) if text.strip():
                    printer.again(text)
                case ToolUse(name="Think"):
                    printer.say(row(("✓ Thought", "dim")))
                case ToolUse(id=id):
                    call = meant(block)
                    mark = "✗ " if ends.get(id, True) else "✓ "  # what has no result did not end
                    printer.say(row((mark, "dim"), (f"{foreign(call.name)} {_about(call)}", "dim")))
                case _:
                    pass


def _rule(before: int) -> Row:
    words = f"{before} prompt{'' if before == 1 else 's'} before this" if before else "from its beginning"
    return row((f"── resumed · {words} ──", "dim"))


def _about(call: ToolUse) -> str:
    for key in ("command", "file_path", "notebook_path", "pattern", "description"):
        if isinstance(call.input.get(key), str):
            return foreign(str(call.input[key]))[:100]
    return ""
