"""Runs the shell commands of a command's text, each as a Bash call of the session: judged, asked about, hooked, undone.

Must not know texts, or where a command comes from.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from coder.agent.executor import Executor
from coder.agent.outcome import Outcome
from coder.commands.injection import FAILED, REFUSED
from coder.core.dataclass import dataclass
from coder.core.errors import SessionError
from coder.core.messages import INLINE, Text, ToolUse
from coder.core.visible import visible_line

TIMEOUT_MS = 120_000
_MOST_SAID = 600


@dataclass(frozen=True, slots=True, eq=False)
class Inlining:
    """`executor` is given when it is needed: it is made after the tools that may lead here. `has_shell`: no rule takes
    the Bash tool away."""

    executor: Callable[[], Executor]
    has_shell: Callable[[], bool] = lambda: True

    async def __call__(self, command: str, pattern: str) -> str:
        """What the command prints, bounded. Raises SessionError when it may not run, or fails."""
        shown = visible_line(pattern)
        if not self.has_shell():
            raise SessionError(f"{REFUSED.format(pattern=shown)}: a rule denies Bash. Nothing was sent.")
        call = ToolUse(f"{INLINE}{uuid4().hex[:16]}", "Bash", {"command": command, "timeout": TIMEOUT_MS})
        outcomes: dict[str, Outcome] = {}
        await self.executor().run([call], outcomes)
        outcome = outcomes[call.id]
        text = "".join(block.text for block in outcome.result.content if isinstance(block, Text))
        if outcome.is_denied:
            raise SessionError(f"{REFUSED.format(pattern=shown)}: {_short(text)} Nothing was sent.")
        if outcome.result.is_error:
            raise SessionError(f"{FAILED.format(pattern=shown)}: {_short(text)} Nothing was sent.")
        printed = (outcome.data or {}).get("stdout")
        return (printed if isinstance(printed, str) else text).strip("\n")


def _short(text: str) -> str:
    line = visible_line(" ".join(text.split()))
    line = line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]}…"
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
