"""What whoever holds a session may ask of it besides runs: a file that the model might read too, the rules, the agents
and skills there are. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from coder.app.assembly import Assembly
from coder.app.outset import Outset
from coder.app.plugging.late import with_plugins
from coder.commands.agents import Agent
from coder.commands.definition import Definition
from coder.core import nofollow
from coder.core.config import Config
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Text, ToolUse
from coder.core.plugins import PluginSettings
from coder.core.requests import Allow
from coder.core.tools import Reads
from coder.core.visible import visible_line
from coder.permissions.rules import Rule
from coder.sessions.titles import first_words
from coder.tools.files import LOAD_LIMIT, target
from coder.tools.ledger import digest_of

if TYPE_CHECKING:
    from coder.app import asides, calling
    from coder.app.reach import setting
else:  # for what is seldom asked
    asides, calling, setting = (LazyModule(f"coder.app.{name}") for name in ("asides", "calling", "reach.setting"))


@dataclass(frozen=True, slots=True, eq=False)
class FileRead:
    """The beginning of a file; `is_whole`: all of it. `changed` is when it was, in whole milliseconds."""

    path: Path
    data: bytes
    is_whole: bool
    changed: int


class Inquiries:
    def __init__(self, begun: Outset, made: Assembly) -> None:
        self._begun, self._made = begun, made

    async def read(self, path: str, most: int) -> FileRead:
        """At most so many bytes of a file, where the tool Read may show it to the model without a question. Raises
        SessionError, with why."""
        workspace = self._begun.ground.workspace
        wanted = target(path if path.startswith(("/", "~")) else str(workspace.cwd / path), workspace)
        decision = self._begun.judge(ToolUse("", "Read", {"file_path": str(wanted)}), Reads((wanted,)), Allow())
        if decision.verdict != "allow" or not decision.places:
            why = "; ".join(visible_line(reason.text) for reason in decision.reasons)
            raise SessionError(f"{visible_line(str(wanted))} may not be read: {why or 'no rule allows it'}")
        return await asyncio.to_thread(_read, wanted, decision.places[0].real, most)

    async def seen(self, path: str, changed: int) -> bool:
        """The model has seen this file as it was when it was changed at that time, in milliseconds. False where it is
        another by now: then nothing is noted. Raises SessionError."""
        found = await self.read(path, LOAD_LIMIT)
        if not found.is_whole or found.changed != changed:
            return False
        self._begun.tools.ledger.mark_read(found.path, digest_of(found.data), content=found.data)
        return True

    def rules(self) -> tuple[Rule, ...]:
        """Those in force."""
        rules = self._begun.book.rules
        return (*rules.deny, *rules.ask, *rules.allow)

    def roots(self) -> tuple[tuple[Path, bool], ...]:
        """The folders it works in, and of each whether it was one from the start."""
        first = (self.config.cwd, *self.config.add_dirs)
        return tuple((root, root in first) for root in self._begun.ground.workspace.roots)

    def folder(self, path: str) -> Path:
        """A folder that is there, without links on the way. Blocks. Raises SessionError."""
        workspace = self._begun.ground.workspace
        try:
            found = Path(os.path.realpath(workspace.resolve(path)))
            is_folder = found.is_dir()
        except (OSError, ValueError):
            is_folder = False
        if not is_folder:
            raise SessionError(f"there is no folder {visible_line(path)[:200]}")
        return found

    async def page(self, server: str, uri: str) -> list[Json]:
        """A resource of a server, as the server has it. Raises SessionError."""
        made: list[Json] = await calling.page(self._made, server, uri)
        return made

    @property
    def env(self) -> dict[str, str]:
        """The variables that commands of the session have."""
        return {**os.environ, **self.config.env}

    @property
    def config(self) -> Config:
        return self._begun.config

    @property
    def before(self) -> Outset:
        """What the session is made of, for the one that goes on with it under other settings."""
        return self._begun

    def plugin_servers(self) -> frozenset[str]:
        """The servers that plugins bring to the session, used or not."""
        return _of_plugins(self.config)

    def plugin_servers_anew(self, added: Mapping[Path, bool]) -> frozenset[str]:
        """Those that its plugins would bring as they are by now, with `added` (and whether the servers of each are
        wanted). Reads files; blocks."""
        config = self.config
        named = config.plugins or PluginSettings(())
        unwanted = frozenset(path for path, has_servers in added.items() if not has_servers)
        anew = PluginSettings(
            tuple(dict.fromkeys((*named.given, *added))),
            named.options,
            without_servers=named.without_servers | unwanted,
        )
        servers = tuple(each for each in config.servers.sources if each.scope != "plugin")
        return _of_plugins(
            with_plugins(replace(config, plugins=anew, servers=replace(config.servers, sources=servers)))
        )

    async def call(self, wanted: calling.Wanted) -> calling.Called:
        """One call of a server's tool. Raises SessionError."""
        made: calling.Called = await calling.call(self._begun, self._made, wanted)
        return made

    def judged_servers(self, given: Mapping[str, object]) -> setting.Judged:
        """What of a set of servers may be used."""
        reach = self._made.reach
        staying = reach.setting.staying() if reach is not None else {}
        made: setting.Judged = setting.judged(self._begun.config, self.env, given, staying)
        return made

    async def set_servers(self, wanted: setting.Judged) -> setting.Changed:
        """These are the servers of the program that embeds us from now on, in the place of those it had before."""
        if self._made.reach is None and not wanted.servers:
            return setting.Changed()  # none before, and none now
        changed: setting.Changed = await self._made.bring_servers().setting.replace(wanted.servers)
        return changed

    async def suggestion(self) -> str:
        """What whoever talks to the model may say next, in a small model's words; "" where nothing is obvious."""
        quoted = asides.conversation(self._made.agent.history.messages)
        found: str = await asides.Aside.of(self._begun).line("suggestion", quoted)
        return found

    def rename(self, name: str) -> None:
        """The person's name for the session."""
        self._begun.journal.rename(name)
        self._made.others.entitled()

    async def title(self, words: str) -> str:
        """A title for a session that begins with these words: a small model's, or else the first of them."""
        found: str = await asides.Aside.of(self._begun).title(words)
        return found or first_words(words)

    def entitle(self, title: str) -> None:
        """A title that the person's own name for the session stands above."""
        self._begun.journal.entitle(title)
        self._made.others.entitled()

    def agents(self) -> tuple[tuple[Agent, ...], str]:
        """Those that can be asked, as they are on disk by now, and the list that the model has of them. Blocks while it
        reads."""
        made = self._made
        return (made.casting.every(), made.casting.listed()) if made.tools.find("Agent") is not None else ((), "")

    def skills(self) -> tuple[tuple[Definition, ...], str]:
        """Those that the model may use, and the list that it has of them. Blocks while it reads."""
        made = self._made
        if made.tools.find("Skill") is None:
            return (), ""
        messages = made.agent.history.messages or (made.first.now(),)
        texts = (block.text for message in messages for block in message.content if isinstance(block, Text))
        return made.commanded.commands.all_for_model(), next(
            (text for text in texts if text.startswith("<skills>")), ""
        )


def _of_plugins(config: Config) -> frozenset[str]:
    return frozenset(name for each in config.servers.sources if each.scope == "plugin" for name in each.servers)


def _read(path: Path, real: Path, most: int) -> FileRead:
    try:
        fd = nofollow.open_file(real)
        with os.fdopen(fd, "rb") as file:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise OSError(errno.EINVAL, "it is no ordinary file")
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SessionError(f"{visible_line(str(path))} cannot be read: {why}") from error
    return FileRead(path, data[:most], len(data) <= most, found.st_mtime_ns // 1_000_000)
