"""The skills of a session as an agent uses them: what they say goes into its own conversation. Must not know where they
lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coder.app.commanding.commands import Commands
from coder.core.messages import Message


class AgentSkills:
    """Implements `coder.tools.skill.Skills`."""

    def __init__(
        self, commands: Commands, tell: Callable[[Message], None], messages: Callable[[], Sequence[Message]]
    ) -> None:
        self._commands = commands
        self._tell = tell
        self._messages = messages

    def gains(self, name: str) -> str:
        return self._commands.gains(name)

    async def use(self, name: str, arguments: str) -> str:
        return await self._commands.use_in(self._messages, self._tell, name, arguments)
