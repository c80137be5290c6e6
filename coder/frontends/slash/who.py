"""`/who`: which session, message and command changed a file, or moved HEAD. Must not know how that is found out."""

from __future__ import annotations

import asyncio
import shlex
import time

from coder.app.who.answer import Question, answer
from coder.config.paths import user_home
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import refused
from coder.frontends.styled import rows_of
from coder.frontends.who_words import Look, lines_of


async def run(desk: Desk, arguments: str) -> None:
    """Raises ConfigError for a question that makes no sense here."""
    try:
        words = tuple(shlex.split(arguments))
    except ValueError:
        words = tuple(arguments.split())
    if not words:
        refused(desk.ui, "Say what: /who src/app.py, /who HEAD, /who stash, or a branch.")
        return
    cwd = desk.config.cwd
    found = await asyncio.to_thread(answer, Question(words), cwd, desk.config.home, desk.env)
    desk.ui.say(rows_of(lines_of(found, Look(cwd, user_home(desk.env), desk.ui.width, time.time()))))
