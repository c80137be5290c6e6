"""The person's own status line: their command is run when something has changed, and its lines are what is shown.

Must not know the terminal, nor where the setting came from: only one that counts is given to it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from coder.core.config import StatusCommand
from coder.core.visible import visible_line
from coder.frontends.statusline_facts import StatusFacts, payload

DEBOUNCE = 0.3
TIMEOUT = 5.0
_MOST = 65_536  # bytes of output that are looked at
_LINES = 3
_LONGEST = 1000  # characters of a line, colours included
_SGR = r"\x1b\[[0-9;:]*m"
_STRIPPED = re.compile(
    rf"(?P<sgr>{_SGR})"
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"
    r"|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_RESET = "\x1b[0m"


class StatusLine:
    """`on_change` is called when `text` or `problem` is another than before. `size` gives the columns and rows of the
    terminal. Without `colours` none of the command's are kept. Lives in a running loop; `aclose` it.
    """

    def __init__(
        self,
        command: StatusCommand,
        env: Mapping[str, str],
        on_change: Callable[[], None],
        size: Callable[[], tuple[int, int]],
        *,
        colours: bool = True,
        debounce: float = DEBOUNCE,
        timeout: float = TIMEOUT,
    ) -> None:
        self._command = command
        self._env = env
        self._on_change = on_change
        self._size = size
        self._colours = colours
        self._debounce = debounce
        self._timeout = timeout
        self._running: asyncio.Task[None] | None = None
        self._cancelled: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.text: str | None = None
        self.problem = ""

    def update(self, facts: StatusFacts) -> None:
        """Runs the command soon; what is under way for earlier facts is cancelled, processes and all."""
        if self._is_closed:
            return
        self._cancel()
        self._running = asyncio.create_task(self._run(facts))

    async def aclose(self) -> None:
        self._is_closed = True
        self._cancel()
        if self._cancelled:
            await asyncio.wait(self._cancelled)

    def _cancel(self) -> None:
        if self._running is not None and not self._running.done():
            self._running.cancel()
            self._cancelled.add(self._running)
            self._running.add_done_callback(self._cancelled.discard)

    async def _run(self, facts: StatusFacts) -> None:
        await asyncio.sleep(self._debounce)
        while True:
            self._show(*await self._printed(facts))
            if self._command.refresh is None:
                return
            await asyncio.sleep(self._command.refresh)

    def _show(self, text: str | None, problem: str) -> None:
        if (text, problem) != (self.text, self.problem):
            self.text, self.problem = text, problem
            self._on_change()

    async def _printed(self, facts: StatusFacts) -> tuple[str | None, str]:
        """What the command prints, and what is wrong with it."""
        columns, rows = self._size()
        try:
            started = await asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                self._command.command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=_existing(facts.cwd),
                env={**self._env, "COLUMNS": str(columns), "LINES": str(rows)},
                start_new_session=True,
            )
        except OSError as error:
            return None, f"statusLine: the command cannot be started: {error.strerror}."
        try:
            async with asyncio.timeout(self._timeout):
                out, err = await _talk(started, json.dumps(payload(facts)).encode())
                code = await started.wait()
        except TimeoutError:
            return None, f"statusLine: the command took longer than {self._timeout:g} s and was ended."
        finally:
            with suppress(OSError):
                os.killpg(started.pid, signal.SIGKILL)  # also what it left behind
            with suppress(asyncio.CancelledError):
                await started.wait()
        if code:
            said = visible_line(err.decode("utf-8", "replace").strip().partition("\n")[0])[:200]
            return None, f"statusLine: the command ended with exit code {code}{f': {said}' if said else ''}."
        text = cleaned(out.decode("utf-8", "replace"), colours=self._colours, padding=self._command.padding)
        return (text, "") if text else (None, "statusLine: the command printed nothing.")


def cleaned(text: str, *, colours: bool = True, padding: int = 0) -> str:
    """The first lines, with nothing left in them that does more than print and colour."""
    lines = [_clean(line, colours=colours) for line in text.replace("\t", " ").split("\n", _LINES)[:_LINES]]
    return "\n".join(f"{' ' * padding}{line}" if line else "" for line in lines).rstrip()


def _clean(line: str, *, colours: bool) -> str:
    kept = _STRIPPED.sub(lambda match: match["sgr"] or "" if colours else "", line[:_LONGEST]).rstrip()
    return f"{kept}{_RESET}" if "\x1b" in kept else kept


async def _talk(started: asyncio.subprocess.Process, told: bytes) -> tuple[bytes, bytes]:
    """Gives it the facts and takes what it prints. One that does not read them is no failure."""
    assert started.stdin is not None
    assert started.stdout is not None
    assert started.stderr is not None
    with suppress(OSError):
        started.stdin.write(told)
        await started.stdin.drain()
    with suppress(OSError):
        started.stdin.close()
    out, err = await asyncio.gather(_read(started.stdout), _read(started.stderr))
    return out, err


async def _read(stream: asyncio.StreamReader) -> bytes:
    """All of it is taken, so that nobody waits for us; the beginning is kept."""
    kept = b""
    while piece := await stream.read(_MOST):
        kept = (kept + piece)[:_MOST] if len(kept) < _MOST else kept
    return kept


def _existing(folder: Path) -> Path:
    return folder if folder.is_dir() else Path("/")
