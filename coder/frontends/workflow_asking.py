"""A yes or a no of the person who began a workflow in a terminal, as one typed line. Must not know how a workflow runs.

The terminal stays as it is, and what is waited for can be cancelled: ctrl-c ends the run, not the wait alone.
"""

from __future__ import annotations

import asyncio
import os
from typing import TextIO

from coder.core.requests import Answers, Deny, Question, Reply
from coder.core.visible import visible

_YES, _NO = frozenset({"y", "yes"}), frozenset({"n", "no", ""})
_LONGEST = 4_096


class Answering:
    """`terminal` is the descriptor that lines are typed on; questions go to `stderr`."""

    def __init__(self, terminal: int, stderr: TextIO) -> None:
        self._terminal = terminal
        self._stderr = stderr
        self._floor = asyncio.Lock()  # one question at a time

    async def ask(self, request: Question) -> Reply:
        """Of a question with two answers, the first of which is the yes; nobody is there for any other."""
        asked = request.questions[0] if len(request.questions) == 1 else {}
        question, options = str(asked.get("question", "")), asked.get("options") or []
        if not question or len(options) != 2 or asked.get("multiSelect"):
            return Deny("nobody is there to answer", nobody=True)
        yes, no = (str(option["label"]) for option in options)
        async with self._floor:
            self._say(f"{visible(question)}\n")
            while True:
                self._say(f"{yes}? [y/N] ")
                typed = await self._line()
                if typed is None:
                    self._say("\n")
                    return Deny("nobody is there to answer", nobody=True)
                if typed in _YES or typed in _NO:
                    return Answers({question: yes if typed in _YES else no})

    async def _line(self) -> str | None:
        """None at the end of what is typed."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._terminal, _done, ready)
        try:
            await ready
        finally:
            loop.remove_reader(self._terminal)
        try:
            data = os.read(self._terminal, _LONGEST)  # a terminal gives a whole line
        except OSError:
            return None
        return data.decode(errors="replace").strip().lower() if data else None

    def _say(self, text: str) -> None:
        self._stderr.write(text)
        self._stderr.flush()


def _done(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
