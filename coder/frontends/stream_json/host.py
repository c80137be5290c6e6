"""A process that a program talks to over stdin and stdout, as the agent SDKs do: from its first line to its exit code.

Must not know what any request asks for, or how a session is made.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from coder.core.config import Config
from coder.core.errors import CoderError
from coder.core.events import RunEnded
from coder.core.lazy import LazyModule
from coder.frontends.crash import report
from coder.frontends.exit_codes import DENIED, DONE, exit_code
from coder.frontends.signals import Signals
from coder.frontends.stream_json.control import Answer, Control
from coder.frontends.stream_json.framing import decoded, lines
from coder.frontends.stream_json.host_answers import answers_of
from coder.frontends.stream_json.host_out import HostOut
from coder.frontends.stream_json.host_seat import Open, Seat
from coder.frontends.stream_json.turns import Turns
from coder.frontends.stream_json.turns_commands import Commands
from coder.frontends.stream_json.turns_said import said_in

if TYPE_CHECKING:
    from coder.workspace import descendants
else:  # for what does not end
    descendants = LazyModule("coder.workspace.descendants")

_log = logging.getLogger(__name__)
_MOST_COMPLAINTS = 20  # lines on stderr about lines that cannot be read


class Host:
    """`fd` is what the host writes to. `more` gives further answers, by the subtype of what they answer; one of a name
    that is there already takes its place."""

    def __init__(
        self,
        open: Open,
        out: HostOut,
        fd: int | None,
        config: Config,
        env: Mapping[str, str],
        more: Callable[[Host], Mapping[str, Answer]] = lambda host: {},
    ) -> None:
        self.out = out
        self.seat = Seat(open)
        self._fd = fd
        self._complaints = 0
        self._unread: Exception | None = None  # why the input could not be read to its end
        command = Commands(self.seat, out, config, env) if config.guidance.commands else None
        self.turns = Turns(self.seat, out, command, config.time_budget, suggests=config.suggests)
        self._answers = answers_of(self.seat, self.turns)
        self.control = Control(out.send, self._answers)
        self._answers.update(more(self))

    async def run(self) -> int:
        """Until the host has ended its input and all it said is done, or a signal came. Returns the exit code."""
        reading = asyncio.create_task(self._read())
        with Signals(self.turns.stop, lambda _: self._end_at_once(signals)) as signals:
            try:
                await self.turns.work()
                if self._unread is not None:
                    self.turns.fail(CoderError(report(self._unread)))
                if signals.caught is None:
                    await self.control.settled()
                    await self.turns.suggesting.settled()
            except Exception as error:  # noqa: BLE001  # a bug of ours must still leave a result, and no traceback
                _log.exception("the turns failed")
                self.turns.fail(CoderError(report(error)))
            finally:
                self.turns.suggesting.drop()
                self.out.closing()
                reading.cancel()
                await self.control.aclose()
                await self._leave()
            signals.leaves_with = self._closed(signals)
            return signals.leaves_with

    def _end_at_once(self, signals: Signals) -> NoReturn:
        """With what there is to say of what was under way."""
        code = _code(self.turns.last, signals)
        descendants.end_descendants()
        try:
            self.turns.abandon()
            self.out.closing()
            self._closed(signals)
        finally:
            os._exit(code)

    async def _leave(self) -> None:
        try:
            await self.seat.aclose()
        except Exception:  # noqa: BLE001  # what cannot be closed must not keep back what was said
            _log.exception("the session could not be closed")

    async def _read(self) -> None:
        try:
            if self._fd is None:
                return
            number = 0
            async for line in lines(self._fd):
                number += 1
                self._take(line, number)
        except Exception as error:  # noqa: BLE001  # a bug of ours: what was said until then is done, and the rest failed
            _log.exception("the input could not be read")
            self._unread = error
        finally:
            self.control.gone()
            self.turns.end()

    def _take(self, line: bytes, number: int) -> None:
        try:
            frame = decoded(line)
        except ValueError as error:
            self._complain(f"line {number} of the input is left out: {error}")
            return
        if frame is not None and not self.control.take(frame) and frame.get("type") == "user":
            self.turns.take(said_in(frame))

    def _complain(self, text: str) -> None:
        self._complaints += 1
        if self._complaints <= _MOST_COMPLAINTS:
            last = " More of them are not told." if self._complaints == _MOST_COMPLAINTS else ""
            with suppress(OSError):
                sys.stderr.write(f"coder: {text}.{last}\n")
                sys.stderr.flush()

    def _closed(self, signals: Signals) -> int:
        code = _code(self.turns.last, signals)
        with signals.delivering() as words:
            try:
                self.out.close()
            except OSError as error:
                return words.unsaid(code, error)
        return code


def _code(last: RunEnded | None, signals: Signals) -> int:
    """Of the last turn. What was denied is in its result, and is no failure of the process to a host."""
    if signals.caught is not None:
        return 128 + signals.caught
    code = exit_code(last) if last is not None else DONE
    return DONE if code == DENIED else code
