"""The points of a session at which a person may have something run: what it calls there. By default nothing is run.

Must not know hooks, files or processes: a session without hooks loads no more of them than this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from coder.agent.history import History
from coder.agent.policies import EndPolicy, TurnPolicy, Verdict
from coder.agent.ports import Hooks, NoHooks
from coder.app.prompting import PromptHooks, Submitted
from coder.core.dataclass import dataclass
from coder.core.events import AnyEvent
from coder.core.messages import Json

if TYPE_CHECKING:
    from coder.agent.control import Control
    from coder.workspace.local import LocalWorkspace

Source: TypeAlias = Literal["startup", "resume", "clear", "compact", "fork"]
Leaving: TypeAlias = Literal["clear", "resume", "logout", "prompt_input_exit", "other", ""]
"""Why a session ends; "" when it goes on at once under other settings, which no hook is told."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadHooks:
    """The `hooks` of the head of a skill or command: the file it stands in, and the folder that its hooks are told is
    theirs. `variables` are what they are given besides. `hosted`: those of the program that embeds us."""

    origin: str
    root: str
    events: Mapping[str, Any] = field(default_factory=dict)
    hosted: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class AgentScene:
    """What hooks are told of a subagent. `head` are the hooks of its definition, which count while it runs."""

    id: str
    kind: str
    transcript: Path | None
    workspace: LocalWorkspace
    control: Control
    folder: Path
    effort: str = ""
    head: HeadHooks | None = None


class AgentPoints(Hooks, TurnPolicy, EndPolicy, Protocol):
    """The points of a subagent. None of it raises but CancelledError."""

    async def started(self) -> tuple[str, ...]:
        """SubagentStart. Returns what the agent is told."""
        ...

    async def aclose(self) -> None:
        """What still runs is ended."""
        ...


class NoAgentPoints(NoHooks):
    async def started(self) -> tuple[str, ...]:
        return ()

    def before_turn(self, turn: int, history: History) -> Verdict:
        return None

    async def before_end(self, text: str, history: History) -> Verdict:
        return None

    async def aclose(self) -> None:
        pass


class Points(Hooks, PromptHooks, TurnPolicy, EndPolicy, Protocol):
    """A session's own points beside those of its calls. None of it raises but CancelledError.

    As a policy it puts in before a turn what hooks in the background said for the model, and has a run go on that was
    to end. `warnings` are about hooks that do not count. `leaving` is why the session ends: whoever ends it for another
    reason says so before.
    """

    warnings: tuple[str, ...]
    leaving: Leaving

    def bring(self, hooks: HeadHooks) -> None:
        """These hooks count too from now on, in the place of those that the same file brought before."""
        ...

    @property
    def brought(self) -> tuple[HeadHooks, ...]:
        """All that were brought, for who goes on with the session under other settings."""
        ...

    @property
    def has_begun(self) -> bool:
        """Whether what hooks said at the start was told to the model."""
        ...

    def begin(self) -> None:
        """Runs SessionStart already, beside what else there is to do. `began` waits for it."""
        ...

    async def expanded(
        self, name: str, arguments: str, source: str, prompt: str, *, kind: str = "slash_command"
    ) -> Submitted:
        """UserPromptExpansion: a typed command becomes this prompt. `source` is where the command comes from, `kind`
        whether it is one of a file (slash_command) or a prompt of a server (mcp_prompt)."""
        ...

    async def eliciting(self, server: str, params: Json) -> Json | None:
        """Elicitation: a server asks the person something. The answer in their place, None to ask them."""
        ...

    async def elicited(self, server: str, params: Json, answer: Json) -> Json:
        """ElicitationResult: the answer that the server gets."""
        ...

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: Json | None = None) -> None:
        """InstructionsLoaded: the model reads this file from now on. `more` are further fields of the contract. Nobody
        waits for what is run. May be called from any thread."""
        ...

    def of_agent(self, scene: AgentScene) -> AgentPoints:
        """Those of a subagent that begins."""
        ...

    def on(self, event: AnyEvent) -> None:
        """Told of what happens: Notification and StopFailure come from it."""
        ...

    async def aclose(self) -> None:
        """SessionEnd; what still runs is ended. Idempotent."""
        ...


class NoPoints(NoHooks):
    warnings: tuple[str, ...] = ()
    leaving: Leaving = "other"
    has_begun = False
    brought: tuple[HeadHooks, ...] = ()

    def bring(self, hooks: HeadHooks) -> None:
        pass

    def begin(self) -> None:
        pass

    async def began(self) -> Submitted:
        return _SENT

    async def submitted(self, text: str) -> Submitted:
        return _SENT

    async def expanded(
        self, name: str, arguments: str, source: str, prompt: str, *, kind: str = "slash_command"
    ) -> Submitted:
        return _SENT

    async def eliciting(self, server: str, params: Json) -> Json | None:
        return None

    async def elicited(self, server: str, params: Json, answer: Json) -> Json:
        return answer

    def instructions_loaded(self, file: Path, kind: str, reason: str, more: Json | None = None) -> None:
        pass

    def before_turn(self, turn: int, history: History) -> Verdict:
        return None

    async def before_end(self, text: str, history: History) -> Verdict:
        return None

    def of_agent(self, scene: AgentScene) -> AgentPoints:
        return NoAgentPoints()

    def on(self, event: AnyEvent) -> None:
        pass

    async def aclose(self) -> None:
        pass


_SENT = Submitted()
