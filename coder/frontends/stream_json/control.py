"""Requests and their answers, both ways over one stream: ids and who waits for them. Must not know what is asked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from uuid import uuid4

from coder.core.messages import Json

_log = logging.getLogger(__name__)

Answer: TypeAlias = Callable[[Json], Awaitable[Json]]
"""Answers a request of the host; what it raises as RequestError is the text of an error answer."""


class RequestError(Exception):
    """A request cannot be answered; the text says why, to whoever asked. `code` says it to programs, "" where there is
    no word for it."""

    def __init__(self, text: str = "", code: str = "") -> None:
        super().__init__(text)
        self.code = code


class NeverAnswered(RequestError):
    """The process ends over it, with a failed result: that says why, and to an SDK an answer would take its place."""


class HostGone(RequestError):
    """Nobody is there any more to answer."""


class Control:
    """`write` sends an object; `answers` has who answers which subtype. Requests of the host run beside one another
    and beside the run; the answer to each is written exactly once, whatever happens, but for `NeverAnswered`."""

    def __init__(self, write: Callable[[Json], None], answers: Mapping[str, Answer]) -> None:
        self._write = write
        self._answers = answers
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._working: dict[asyncio.Task[None], str] = {}  # by task: a host may give two requests one id
        self._is_gone = False

    async def ask(self, request: Json) -> Json:
        """Asks the host and returns its answer. Cancelled, the host is told that nobody waits any more. Raises
        RequestError with the host's own words when it answers with an error, HostGone when it has left."""
        if self._is_gone:
            raise HostGone("nobody reads what is asked: the input has ended")
        name = str(uuid4())
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[name] = future
        self._write({"type": "control_request", "request_id": name, "request": request})
        try:
            return await future
        except asyncio.CancelledError:
            self._write({"type": "control_cancel_request", "request_id": name})
            raise
        finally:
            self._waiting.pop(name, None)

    def take(self, frame: Json) -> bool:
        """Takes a frame of the protocol in; False for a message that is none."""
        match frame.get("type"):
            case "control_request":
                self._begin(frame)
            case "control_response":
                self._answered(frame.get("response"))
            case "control_cancel_request":
                for task in [each for each, name in self._working.items() if name == str(frame.get("request_id"))]:
                    task.cancel()
            case _:
                return False
        return True

    def gone(self) -> None:
        """The host has ended its input: what it was asked is never answered."""
        self._is_gone = True
        for future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(HostGone("the input ended before it was answered"))

    async def settled(self, seconds: float = 5.0) -> None:
        """Waits for the answers to what the host asked before it ended its input."""
        if self._working:
            await asyncio.wait(list(self._working), timeout=seconds)

    async def aclose(self) -> None:
        self.gone()
        for task in list(self._working):
            task.cancel()
        if self._working:
            await asyncio.wait(list(self._working))

    def _begin(self, frame: Json) -> None:
        name, request = str(frame.get("request_id")), frame.get("request")
        task = asyncio.create_task(self._work(name, request if isinstance(request, dict) else {}))
        self._working[task] = name
        task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        """One that was cancelled has its answer too, also where it had not begun."""
        name = self._working.pop(task)
        if task.cancelled():
            self._reply(name, error="the request was cancelled")

    async def _work(self, name: str, request: Json) -> None:
        subtype = request.get("subtype")
        answer = self._answers.get(subtype) if isinstance(subtype, str) else None
        try:
            if not isinstance(subtype, str):
                raise RequestError("the control request does not say what it asks: request.subtype is missing")
            if answer is None:
                raise RequestError(f"there is no control request {str(subtype)[:80]!r}")
            self._reply(name, response=await answer(request))
        except NeverAnswered:
            _log.info("no answer to the control request %s: the process ends", subtype)
        except RequestError as error:
            self._reply(name, error=str(error), code=error.code)
        except Exception as error:  # noqa: BLE001  # a bug of ours must answer the request, not leave the host waiting
            _log.exception("the control request %s failed", subtype)
            self._reply(name, error=f"it failed inside coder: {type(error).__name__}: {error}")

    def _reply(self, name: str, *, response: Json | None = None, error: str | None = None, code: str = "") -> None:
        body: Json = {"subtype": "success", "request_id": name, "response": response or {}}
        if error is not None:
            body = {"subtype": "error", "request_id": name, "error": error or "it failed"}
            body |= {"error_code": code} if code else {}
        self._write({"type": "control_response", "response": body})

    def _answered(self, response: object) -> None:
        if not isinstance(response, dict):
            return
        future = self._waiting.get(str(response.get("request_id")))
        if future is None or future.done():
            return  # too late, or never asked
        if response.get("subtype") == "error":
            future.set_exception(RequestError(str(response.get("error") or "the host could not answer")))
        else:
            payload = response.get("response")
            future.set_result(payload if isinstance(payload, dict) else {})
