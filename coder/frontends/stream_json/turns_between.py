"""What is done between the turns of a process that is told many things: never while one runs, ahead of what is queued.
Must not know turns, or what is done.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import Json


@dataclass(frozen=True, slots=True)
class _Wanted:
    do: Callable[[], Awaitable[Json]]
    done: asyncio.Future[Json]


class Between:
    """`changed` is set when there is something to be done."""

    def __init__(self, changed: asyncio.Event) -> None:
        self._changed = changed
        self._wanted: deque[_Wanted] = deque()
        self._is_over = False

    def __bool__(self) -> bool:
        return bool(self._wanted)

    async def ask(self, do: Callable[[], Awaitable[Json]]) -> Json:
        """Returns when it is done. Raises what it raises, and SessionError where no more is begun."""
        if self._is_over:
            raise SessionError("the session is ending")
        wanted = _Wanted(do, asyncio.get_running_loop().create_future())
        self._wanted.append(wanted)
        self._changed.set()
        return await wanted.done

    async def do_next(self) -> None:
        """Never raises what that raises: whoever waits for it is told, and the turns go on."""
        wanted = self._wanted.popleft()
        if wanted.done.done():  # nobody waits any more
            return
        try:
            made = await wanted.do()
        except Exception as error:  # noqa: BLE001  # see above
            if not wanted.done.done():
                wanted.done.set_exception(error)
            return
        if not wanted.done.done():
            wanted.done.set_result(made)

    def end(self) -> None:
        """No more is begun."""
        self._is_over = True
        while self._wanted:
            if not (left := self._wanted.popleft().done).done():
                left.set_exception(SessionError("the session is ending"))
