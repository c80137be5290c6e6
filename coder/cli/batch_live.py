"""A batch while it runs: a table that moves on a terminal, a line for each thing that happens elsewhere. Both write to
standard error. Must not know how tasks are run.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import field

from coder.batch.backend import Doing
from coder.batch.events import Again, Began, Cut, Ended, Event, Moved
from coder.batch.purse import Purse
from coder.batch.records import Records
from coder.batch.task import Task
from coder.cli.batch_page import ended_words, line_of
from coder.cli.fitting import fitting
from coder.core.dataclass import dataclass
from coder.core.visible import visible_line
from coder.frontends.amounts import counted, money, whole_seconds
from coder.frontends.styled import columns, cut, plain, row

_ROWS = 20
_EVERY = 0.25
HINTS = ("ctrl+c: begin no more", "ctrl+c: stop what runs", "stopping")


@dataclass(slots=True)
class Board:
    """What the table shows. `running` is by id, with when it was begun; `recent` the last that ended."""

    total: int
    ended: int = 0
    failed: int = 0
    running: dict[str, tuple[float, int, Doing]] = field(default_factory=dict)
    recent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=_ROWS))

    def told(self, event: Event, now: float) -> None:
        match event:
            case Began(task, number):
                self.running[task.id] = (now, number, Doing())
            case Moved(task, doing) if task.id in self.running:
                since, number, _ = self.running[task.id]
                self.running[task.id] = (since, number, doing)
            case Ended(task, made):
                self.running.pop(task.id, None)
                self.ended += 1
                self.failed += not made["ok"]
                self.recent.append((task.id, f"{'✓' if made['ok'] else '✗'} {ended_words(made)}"))
            case Again(task) | Cut(task):
                self.running.pop(task.id, None)
                self.recent.append((task.id, f"⟳ {line_of(event).removeprefix(f'{task.id}: ')}"))
            case _:
                pass


def rows(
    board: Board, purse: Purse, width: int, height: int, now: float, since: float, hint: str = HINTS[0]
) -> list[str]:
    """The table, never more than `height` rows, none wider than `width` cells."""
    room = max(1, min(height - 3, _ROWS))
    running = list(board.running.items())
    shown = running if len(running) <= room else running[: room - 1]
    table = [
        (
            _short(id, width),
            whole_seconds(now - begun),
            f"step {doing.turns}" if doing.turns else "",
            visible_line(doing.doing) + (f" (attempt {number})" if number > 1 else ""),
        )
        for id, (begun, number, doing) in shown
    ]
    lines = [f"  {''.join(cells)}" for cells in columns(table, 2)]
    if len(running) > len(shown):
        lines.append(f"  and {len(running) - len(shown)} more that run")
    left = room - len(lines)
    recent = list(board.recent)[-left:] if left > 0 else []
    lines = [f"  {_short(id, width)}  {words}" for id, words in recent] + lines
    spent = money(purse.spent) + (f" of {money(purse.limit)}" if purse.limit is not None else "")
    parts = [f"{board.ended} of {board.total} ended", counted(len(running), "runs", "run")]
    parts += [f"{board.failed} failed"] if board.failed else []
    lines.append(" · ".join((*parts, spent, whole_seconds(now - since), hint)))
    return [plain(cut(row(line.rstrip()), width)) for line in lines]


def _short(id: str, width: int) -> str:
    return plain(cut(row(id), max(8, width // 4)))


class Plain:
    def __init__(self, tasks: Sequence[Task], records: Records, purse: Callable[[], Purse]) -> None:
        self._is_open = True
        self.hint = HINTS[0]

    def say(self, line: str) -> None:
        self._write(f"{fitting(f'coder: {line}', sys.stderr)}\n")

    def told(self, event: Event) -> None:
        if line := line_of(event):
            self.say(line)

    async def paint(self) -> None:
        return

    def close(self) -> None:
        return

    def _write(self, text: str) -> None:
        if self._is_open:
            try:
                sys.stderr.write(text)
                sys.stderr.flush()
            except OSError:  # whoever read it has left; the work goes on
                self._is_open = False


class Live(Plain):
    def __init__(self, tasks: Sequence[Task], records: Records, purse: Callable[[], Purse]) -> None:
        super().__init__(tasks, records, purse)
        found = [made for task in tasks if (made := records.row_of(task)) is not None]
        self._board = Board(len(tasks), len(found), sum(1 for made in found if not made["ok"]))
        self._purse, self._since, self._drawn = purse, time.monotonic(), 0

    def say(self, line: str) -> None:
        self._clear()
        super().say(line)

    def told(self, event: Event) -> None:
        self._board.told(event, time.monotonic())
        if not isinstance(event, Began | Moved | Ended | Again | Cut) and (line := line_of(event)):
            self.say(line)

    async def paint(self) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                self._draw()
                await asyncio.sleep(_EVERY)

    def close(self) -> None:
        self._clear()

    def _draw(self) -> None:
        try:
            size = os.get_terminal_size(sys.stderr.fileno())
        except (OSError, ValueError):
            return
        now, width = time.monotonic(), max(size.columns - 1, 10)
        lines = rows(self._board, self._purse(), width, size.lines, now, self._since, self.hint)
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._write(f"{up}\r\x1b[J" + "".join(f"{line}\n" for line in lines))
        self._drawn = len(lines)

    def _clear(self) -> None:
        if self._drawn:
            self._write(f"\x1b[{self._drawn}A\r\x1b[J")
            self._drawn = 0
