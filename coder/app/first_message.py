"""What a conversation begins with: the place, the memory, which skills and agents there are, the repository and the
servers as they are by now. Must not know what is said after it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from coder.app.gitting.session import SessionGit
from coder.app.memory import ProjectMemory
from coder.app.outset import Outset
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Message

if TYPE_CHECKING:
    from coder.app.commanding import kept
    from coder.app.reach.session import Reach
else:  # for a conversation that is shortened
    kept = LazyModule("coder.app.commanding.kept")


class FirstMessage:
    """`listed` are the blocks that stand behind the memory. The memory and they stay as they are when this is made."""

    def __init__(
        self,
        outset: Outset,
        memory: ProjectMemory,
        git: SessionGit,
        reach: Callable[[], Reach | None],
        today: date,
        listed: Sequence[Block],
    ) -> None:
        self._outset = outset
        self._memory = memory
        self._git = git
        self._reach = reach
        context = memory.context(outset.ground.workspace.roots, today, tells_branch=git.context is None)
        self._context = replace(context, content=(*context.content, *listed))

    def now(self) -> Message:
        message = self._git.with_now(self._context)
        reach = self._reach()
        return reach.with_servers(message) if reach is not None else message

    def renewed(self, contexts: Sequence[Message], gone: Sequence[Message]) -> Sequence[Message]:
        """What a shortened conversation begins with. Blocks; not for the event loop."""
        made = kept.with_skills(self._memory.renewed(contexts), gone)
        return self._git.renewed(self._outset.tools.planning.renewed(self._outset.control.mode, made))
