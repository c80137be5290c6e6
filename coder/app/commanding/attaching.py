"""Attaches the files that a text mentions, read as the Read tool reads them. Must not know who wrote the text.

Only what the rules allow without a question is attached: a text may be pasted, piped or come with the repository. What
is left out because of them is said; what does not exist is left as it is written.
"""

from __future__ import annotations

import stat
from asyncio import to_thread
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from coder.commands.mentions import MOST, Mention, mentions
from coder.core import nofollow, prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ToolError
from coder.core.messages import Block, Document, Image, Json, Text, ToolUse
from coder.core.requests import Deny, Reply, Request
from coder.core.tools import Access, Reads, SessionControl, ToolContext
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.tools.files import shown, target
from coder.tools.read import Read, ReadParams

if TYPE_CHECKING:
    from coder.permissions.decide import Decision

_MOST_CHARS = 200_000  # of all files of one prompt together
_LISTED = 200


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    real: Path
    is_folder: bool


@dataclass(frozen=True, slots=True, eq=False)
class Attaching:
    """`read` is the session's own Read tool, so that it counts as read; `say` tells people why one is left out."""

    judge: Callable[[ToolUse, Access], Decision]
    read: Read
    workspace: Workspace
    control: SessionControl
    spill_dir: Path
    say: Callable[[str], None] = field(default=lambda text: None)

    async def __call__(self, text: str) -> tuple[Block, ...]:
        """The files that the text mentions, each once. Never raises."""
        return await self.of(mentions(text))

    async def of(self, mentioned: Iterable[Mention]) -> tuple[Block, ...]:
        blocks: list[Block] = []
        seen: set[tuple[Path, int, int]] = set()
        room = _MOST_CHARS
        for mention in islice(mentioned, MOST):
            found = await self._find(mention)
            if found is None or (key := (found.real, mention.first, mention.last)) in seen:
                continue
            seen.add(key)
            if room <= 0:
                self._leave(mention, "the files before it are all that one message holds")
                continue
            made = await (self._folder(found) if found.is_folder else self._file(mention, found))
            room -= sum(len(block.text) if isinstance(block, Text) else 0 for block in made)
            blocks += made
        return tuple(blocks)

    async def _find(self, mention: Mention) -> _Found | None:
        """The file that is meant, when there is one and it may be read without a question."""
        for spelling in mention.spellings:
            path = target(spelling, self.workspace)
            call, access = _call(path), Reads((path,))
            decision = self.judge(call, access)
            real = next((place.real for place in decision.places if place.written == path), path)
            try:
                found = await to_thread(nofollow.status, real)
            except (OSError, ValueError):
                continue
            if decision.verdict != "allow":
                self._leave(mention, "; ".join(dict.fromkeys(reason.text for reason in decision.reasons)))
                return None
            is_folder = stat.S_ISDIR(found.st_mode)
            return _Found(path, real, is_folder) if is_folder or stat.S_ISREG(found.st_mode) else None
        return None

    def _leave(self, mention: Mention, why: str) -> None:
        self.say(f"@{visible_line(mention.path)[:200]} is not attached: {visible_line(why)[:300]}.")

    async def _file(self, mention: Mention, found: _Found) -> Sequence[Block]:
        limit = mention.last - mention.first + 1 if mention.first else None
        params = ReadParams(str(found.path), mention.first or None, limit)
        try:
            output = await self.read.run(params, self._context(found))
        except ToolError as error:
            self._leave(mention, str(error).rstrip("."))
            return ()
        if isinstance(output.content, str):
            return (_file_text(mention, found, output.content),)
        texts = [block.text for block in output.content if isinstance(block, Text)]
        media = [block for block in output.content if isinstance(block, Image | Document)]
        return (_file_text(mention, found, "\n".join(texts) or "(it follows)"), *media)

    async def _folder(self, found: _Found) -> Sequence[Block]:
        try:
            names, more = await to_thread(self._names, found)
        except OSError:
            return ()
        listed = "\n".join([*names, *([f"… and {more} more"] if more else [])]) or "(it is empty)"
        return (Text(prompts.load("reminders/attached_folder", path=_attribute(found.path), content=_inside(listed))),)

    def _names(self, found: _Found) -> tuple[list[str], int]:
        with nofollow.Folders() as folders:
            entries = folders.entries(nofollow.below_top(found.real).rstrip("/") + "/")
            names = sorted(entry.name + ("/" if entry.is_dir(follow_symlinks=False) else "") for entry in entries)
        kept: list[str] = []
        for number, name in enumerate(names):
            if len(kept) == _LISTED:
                return kept, len(names) - number
            path = found.path / name
            if self.judge(_call(path), Reads((path,))).verdict != "deny":
                kept.append(visible_line(shown(Path(name))) + ("/" if name.endswith("/") else ""))
        return kept, 0

    def _context(self, found: _Found) -> ToolContext:
        def real(path: Path) -> Path:
            if path != found.path:
                raise ToolError(f"{path} is not the file that was judged.")
            return found.real

        return ToolContext(
            tool_use_id="mention",
            workspace=self.workspace,
            control=self.control,
            ask=_nobody,
            progress=lambda text: None,
            spill_dir=self.spill_dir,
            real=real,
        )


async def _nobody(request: Request) -> Reply:
    return Deny("a mention asks nobody", nobody=True)


def _call(path: Path) -> ToolUse:
    given: Json = {"file_path": str(path)}
    return ToolUse("mention", "Read", given)


def _file_text(mention: Mention, found: _Found, content: str) -> Text:
    lines = f' lines="{mention.first}-{mention.last}"' if mention.first else ""
    path = _attribute(found.path)
    return Text(prompts.load("reminders/attached_file", path=path, lines=lines, content=_inside(content)))


def _attribute(path: Path) -> str:
    return visible_line(shown(path)).replace('"', "'")


def _inside(text: str) -> str:
    """The text as it may stand between our tags: it cannot end them."""
    return text.replace("</attached-", "<\\/attached-")
