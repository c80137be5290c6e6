"""The points of a session at which a person may have something run: what it calls there. By default nothing is run.

Must not know hooks, files or processes: a session without hooks loads no more of them than this.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from coder.agent.history import History
from coder.agent.policies import EndPolicy, TurnPolicy, Verdict
from coder.agent.ports import Hooks, NoHooks
from coder.core.events import AnyEvent

Source: TypeAlias = Literal["startup", "resume", "clear", "compact", "fork"]
Leaving: TypeAlias = Literal["clear", "resume", "logout", "prompt_input_exit", "other"]


@dataclass(frozen=True, slots=True)
class Submitted:
    """What is to become of a prompt: `blocked` says why it is not sent, if so."""

    blocked: str = ""


class Points(Hooks, TurnPolicy, EndPolicy, Protocol):
    """A session's own points beside those of its calls. None of it raises but CancelledError.

    As a policy it puts in before a turn what was said for the model, and may have a run go on that was to end.
    """

    leaving: Leaving
    """Why the session will end; whoever ends it for another reason says so before."""

    def begin(self, source: Source) -> None:
        """SessionStart: begins to run, and is waited for by the first prompt."""
        ...

    async def prompt_submitted(self, text: str) -> Submitted:
        """UserPromptSubmit: the person has sent this, and nothing was said to the model yet."""
        ...

    async def prompt_expanded(self, name: str, arguments: str, source: str, prompt: str) -> Submitted:
        """UserPromptExpansion: a typed command became this prompt. `source` is where the command comes from."""
        ...

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: dict[str, object] | None = None) -> None:
        """InstructionsLoaded: the model reads this file from now on. Nobody waits for what is run."""
        ...

    def on(self, event: AnyEvent) -> None:
        """Told of what happens: Notification and StopFailure come from it."""
        ...

    async def aclose(self) -> None:
        """SessionEnd; what still runs is ended. Idempotent."""
        ...


class NoPoints(NoHooks):
    leaving: Leaving = "other"

    def begin(self, source: Source) -> None:
        pass

    async def prompt_submitted(self, text: str) -> Submitted:
        return _SENT

    async def prompt_expanded(self, name: str, arguments: str, source: str, prompt: str) -> Submitted:
        return _SENT

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: dict[str, object] | None = None) -> None:
        pass

    def before_turn(self, turn: int, history: History) -> Verdict:
        return None

    async def before_end(self, text: str, history: History) -> Verdict:
        return None

    def on(self, event: AnyEvent) -> None:
        pass

    async def aclose(self) -> None:
        pass


_SENT = Submitted()
