"""One session of a job: its settings from the files of the ground, its words masked, its end as a value. Must not know
services.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from io import TextIOBase
from pathlib import Path
from typing import Any, TextIO, cast

from coder.app.build import open_session
from coder.app.session import Session
from coder.cli.ci_fence import masked
from coder.cli.ci_secrets import clear, hidden, is_kept_back
from coder.config.flags import Flags
from coder.config.load import load
from coder.core import loop
from coder.core.config import Config, Guidance
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.events import RunEnded
from coder.core.settling import settle
from coder.frontends import headless
from coder.frontends.going_on import without_advice
from coder.frontends.text import TextOut
from coder.permissions.splitting import split_rules
from coder.workspace.shell import child_environment

_MOST_EXCLUDED = 500  # files, of which each is a pattern
_SIGNS = re.compile(r"[\\*?\[\]{}!,]")
READING = ("Read", "Glob", "Grep", "Git", "TodoWrite", "Think")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """`no_notes` are files, from `folder` on, whose words are no notes of the project, whoever imports them. `tools`
    are the built-in ones there are, None: all but those that reach the web. `keep` are variables that its commands are
    given although they look secret."""

    folder: Path
    prompt: str
    no_notes: frozenset[str] = frozenset()
    tools: tuple[str, ...] | None
    allowed: tuple[str, ...] = ()
    mode: str = "default"
    model: str | None = None
    budget: float | None = None
    turns: int | None = None
    time_budget: float | None = None
    settings: str | None = None
    keep: tuple[str, ...] = ()
    setup: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: int
    answer: str
    error: str
    session: str
    turns: int
    cost: float | None

    @property
    def ok(self) -> bool:
        return self.code == 0


def tools_for(task: str, rules: Sequence[str]) -> tuple[str, ...] | None:
    """The built-in tools of a task: those that read what is there, and those that the job names. None: all."""
    if task == "fix":
        return None
    named = (rule.split("(")[0].strip() for text in rules for rule in split_rules(text))
    return tuple(dict.fromkeys((*READING, *named)))


class Masked(TextIOBase):
    """A stream that shows no secret. Each write is a whole line or more."""

    def __init__(self, stream: TextIO, secrets: Sequence[str]) -> None:
        self._stream, self._secrets = stream, secrets

    def write(self, text: str) -> int:
        self._stream.write(masked(text, self._secrets))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()


class _Kept(TextOut):
    """The run as lines for the log of the job; its end is kept."""

    ended: RunEnded | None = None
    cost: float | None = None

    def finish(self, ended: RunEnded, session: Session) -> None:
        ended = replace(ended, error=without_advice(ended.error))  # the folder is gone when the job is over
        self.ended, self.cost = ended, session.spent.cost
        super().finish(ended, session)


def outcome_of(wish: Wish, leaving: Callable[[], None]) -> Outcome:
    """Raises ConfigError. Takes out of this process's environment what no command is to see. `leaving` is called where
    a signal ends the process at once."""
    config = _config(wish)
    clear(os.environ, wish.keep, cloud=config.model.provider != "anthropic")
    if wish.setup:
        _set_up(wish.setup, wish.folder, config.env)
    secrets = (*wish.secrets, config.model.api_key, config.model.auth_token)
    streams = [cast(TextIO, Masked(stream, secrets)) for stream in (sys.stdout, sys.stderr)]
    front = _Kept(*streams, verbose=True)
    code, session = loop.run(_run(config, front, wish.prompt, leaving))
    ended = front.ended
    return Outcome(
        code=code,
        answer=masked(ended.text, secrets) if ended is not None else "",
        error=masked(ended.error, secrets) if ended is not None and ended.reason != "done" else "",
        session=session,
        turns=ended.turns if ended is not None else 0,
        cost=front.cost,
    )


def _config(wish: Wish) -> Config:
    """The settings that a person would have who had cloned the trusted commit and trusted it."""
    flags = Flags(
        cwd=str(wish.folder),
        trust_folder=True,
        model=wish.model,
        permission_mode=wish.mode,
        tools=wish.tools,
        allowed_tools=wish.allowed,
        disallowed_tools=() if wish.tools is not None else ("WebFetch", "WebSearch"),
        max_budget_usd=wish.budget,
        max_turns=wish.turns,
        time_budget=wish.time_budget,
        settings=wish.settings,
    )
    config = load(flags, os.environ, wish.folder)
    guidance = replace(config.guidance, **_notes(wish, config.guidance))
    cloud = config.model.provider != "anthropic"
    shown = _without(config.env, wish.keep, cloud=cloud)
    shown |= hidden(os.environ, wish.keep) if cloud else {}
    return replace(config, env=shown, guidance=guidance, auto_commit=False)


def _notes(wish: Wish, guidance: Guidance) -> dict[str, Any]:
    """What the notes of the base import counts as their word, unless somebody else has written it."""
    if len(wish.no_notes) > _MOST_EXCLUDED:
        sys.stderr.write("coder: the commit changes so many files that notes such as CLAUDE.md are not read.\n")
        return {"memory": False}
    files = (_SIGNS.sub(r"\\\g<0>", str(wish.folder / each)) for each in sorted(wish.no_notes))
    return {"memory_excludes": (*files, *guidance.memory_excludes)}


def _without(env: Mapping[str, str], keep: tuple[str, ...], *, cloud: bool) -> dict[str, str]:
    return {name: text for name, text in env.items() if not is_kept_back(name, keep, cloud=cloud, value=text)}


async def _run(config: Config, front: _Kept, prompt: str, leaving: Callable[[], None]) -> tuple[int, str]:
    with headless.Watch(leaving) as watch:
        try:
            session = await open_session(config, front)
        except asyncio.CancelledError:
            if watch.caught is None:
                raise
            front.ended = RunEnded(reason="interrupted", turns=0, error="Interrupted before the session began")
            return 128 + watch.caught, ""
        settle()
        code = await headless.run(session, front, prompt, config.time_budget, has_commands=False, watch=watch)
    return code, session.facts.session_id


def _set_up(command: str, folder: Path, env: Mapping[str, str]) -> None:
    """What the job says has to run before the files can be worked on. It runs code of the head, and is given what the
    commands of the session are."""
    given = child_environment({**os.environ, **env}, folder)
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=given, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise ConfigError(f"--setup ended with {done.returncode}. Its output stands above.")
