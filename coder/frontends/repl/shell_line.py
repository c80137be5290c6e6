"""A command of the person's own (`!`): runs it, shows what it prints, and tells the model. Must not know the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coder.frontends.amounts import duration
from coder.frontends.plain import printable
from coder.frontends.repl.board import Call
from coder.frontends.repl.printer import Printer
from coder.frontends.styled import foreign, row

if TYPE_CHECKING:
    from coder.app.session import Session

_SHOWN = 200  # lines


async def run(session: Session, printer: Printer, command: str) -> None:
    """Raises CoderError when it could not be started."""
    board = printer.board
    printer.say((), row(("! ", "warn"), (foreign(command), "you")))
    call = board.calls["!"] = Call("!", "Bash", command, board.clock())
    board.phase = "running"

    def progress(text: str) -> None:
        call.last = text

    done = await session.shell(command, progress)
    lines = printable(done.output).rstrip("\n").split("\n") if done.output.strip() else []
    rows = [row(f"  {foreign(line)}" if line.strip() else "") for line in lines[:_SHOWN]]
    if len(lines) > _SHOWN:
        rows.append(row((f"  … {len(lines) - _SHOWN} more lines, all of them went to the model", "dim")))
    mark = row(("✓ ", "ok")) if done.code == 0 else row(("✗ ", "bad"))
    end = f"exit {done.code} · " if done.code else ""
    printer.say(*rows, (*mark, *row((f"{end}{duration(done.seconds)}", "dim"))), ())
