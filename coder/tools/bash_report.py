"""What an ended command is told as, to the model and to people. Must not know how it was run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.private import made_private
from coder.core.tools import ToolOutput
from coder.core.workspace import Captured, ExitStatus
from coder.tools import verdict
from coder.tools.printed import Printed, clean, counted, printed

_FAILURE_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class BashReport:
    """One ended command. `timed_out` is the timeout in milliseconds that ran out, `spill` a path free for the whole
    output, `notes` what is said besides."""

    command: str
    captured: Captured
    status: ExitStatus | None
    timed_out: int | None
    spill: Path
    notes: list[str]

    async def output(self, max_chars: int) -> ToolOutput:
        code = self.status.code if self.status is not None else -9
        text, _ = clean(self.captured.tail[-_FAILURE_CHARS:] or self.captured.head[-_FAILURE_CHARS:])
        meaning = verdict.answer(self.command, code, text) if self.timed_out is None else None
        failed = self.timed_out is not None or (code != 0 and meaning is None)
        shown = printed(self.captured, min(max_chars, _FAILURE_CHARS) if failed else max_chars)
        kept = await self._kept(shown)
        saved = await asyncio.to_thread(_size, kept) if kept is not None else 0
        body = shown.text(kept, saved if saved < self.captured.total else None)
        notes = [*self.notes, *self._notes(shown, verdict.wants_terminal(self.command, code, text))]
        content = _joined(self._first_line(code, failed, meaning), body or "(it printed nothing)", notes)
        data = {**structured(body, notes), **({"returnCodeInterpretation": meaning} if meaning else {})}
        if self.timed_out is not None:
            data["timedOutAfterMs"] = self.timed_out
        if kept is not None:
            data |= {"persistedOutputPath": str(kept), "persistedOutputSize": saved}
        return ToolOutput(content, data, self._summary(code, failed), is_error=failed)

    def _first_line(self, code: int, failed: bool, meaning: str | None) -> str:
        if meaning is not None:
            return f"{meaning} (exit code {code})."
        if not failed:
            return ""
        number = verdict.exit_code(code)
        if self.timed_out is not None:
            return (
                f"Exit code {number or 124}: not done within its timeout of {_duration(self.timed_out)}, "
                "so it was killed with all it had started. What it printed until then:"
            )
        name = verdict.signal_name(code)
        return f"Exit code {number}" + (f" (killed by {name})" if name else "")

    def _notes(self, shown: Printed, wants_terminal: bool) -> list[str]:
        notes = []
        if shown.is_binary:
            notes.append("The output looks binary; only its ends are shown.")
        elif shown.overwritten:
            notes.append(f"{counted(shown.overwritten, 'overwritten state')} of progress lines not shown.")
        if wants_terminal:
            notes.append(
                "Commands have no terminal and empty input. Give the answer beforehand: a flag (-y, -m, --no-edit), "
                "an argument, or input by `<<<` or a pipe."
            )
        if self.timed_out is not None:
            notes.append("If it needs longer: a larger `timeout`, or `run_in_background`.")
        if self.status is None or (self.status.left_running and self.timed_out is not None):
            notes.append("Something it started could not be killed and still runs.")
        elif self.status.left_running:
            notes.append(
                "Something it started still runs; what that prints is lost, and it ends with the session. "
                "`run_in_background` keeps output and allows TaskStop."
            )
        return notes

    async def _kept(self, shown: Printed) -> Path | None:
        """The file with the whole output, where the model was not shown all of it."""
        if self.captured.spill is not None or not shown.is_cut:
            return self.captured.spill
        if self.captured.omitted:
            return None
        return await asyncio.to_thread(_save, self.spill, self.captured.head + self.captured.tail)

    def _summary(self, code: int, failed: bool) -> str:
        if self.timed_out is not None:
            return f"killed after {_duration(self.timed_out)}"
        if failed:
            return f"exit {verdict.exit_code(code)}"
        lines = self.captured.newlines
        return counted(lines, "line") if self.captured.total else "no output"


def structured(stdout: str, notes: list[str]) -> Json:
    """The structured result that every Bash call has (contracts §14.3)."""
    return {"stdout": stdout, "stderr": "\n".join(notes), "interrupted": False, "isImage": False}


def _joined(first: str, body: str, notes: list[str]) -> str:
    top = f"{first}\n{body}" if first else body
    return top + "".join(f"\n\n{note}" if index == 0 else f"\n{note}" for index, note in enumerate(notes))


def _save(path: Path, data: bytes) -> Path | None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        made_private(path.parent)
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(data)
    except OSError:
        return None
    return path


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _duration(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds / 1000, 60)
    return f"{minutes:.0f}m {seconds:.0f}s" if minutes else f"{seconds:g}s"
