"""Git's part of a session, put together: its tool, what the model is told of the repository, facts for commands, and
commits that are made by themselves. Must not know front ends, nor how git is asked.

A session outside a repository loads none of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from coder.agent.executor import Executor
from coder.agent.policies import TurnPolicy
from coder.app.attribution import commit_trailer, pr_trailer
from coder.app.checkpointing import FOLDER, Checkpointing
from coder.app.outset import Outset
from coder.core.lazy import LazyModule
from coder.core.messages import Block, Message, ToolUse
from coder.core.tools import Reads, Tool
from coder.git.repository import repository_of
from coder.workspace.local import LocalWorkspace

if TYPE_CHECKING:
    from coder.app.autocommit import committing, place
    from coder.app.autocommit.committing import AutoCommit
    from coder.app.commanding import gathering
    from coder.app.commanding.gathering import Gathering
    from coder.app.gitting import changing, context
    from coder.app.gitting.context import GitContext
    from coder.git import call, earlier
    from coder.git.earlier import Earlier
    from coder.git.looking import Looking
    from coder.permissions import decide
    from coder.tools.git import changing as changing_actions
    from coder.tools.git import tool, verbs, withheld
    from coder.tools.git.verb import Verb
else:  # for folders in a repository, and for the tool when it is used
    committing, place = (LazyModule(f"coder.app.autocommit.{name}") for name in ("committing", "place"))
    gathering = LazyModule("coder.app.commanding.gathering")
    changing, context = (LazyModule(f"coder.app.gitting.{name}") for name in ("changing", "context"))
    call, earlier = LazyModule("coder.git.call"), LazyModule("coder.git.earlier")
    decide = LazyModule("coder.permissions.decide")
    changing_actions, tool, verbs, withheld = (
        LazyModule(f"coder.tools.git.{name}") for name in ("changing", "tool", "verbs", "withheld")
    )


class SessionGit:
    """`context` is what tells the model of the repository: None outside one, and where the person does not want it.
    `executor` is asked for late."""

    def __init__(self, outset: Outset, looking: Looking | None, executor: Callable[[], Executor]) -> None:
        self._outset = outset
        self._executor = executor
        self.context: GitContext | None = self._context(looking) if looking is not None else None

    @property
    def policies(self) -> tuple[TurnPolicy, ...]:
        return (self.context,) if self.context is not None else ()

    @property
    def tools(self) -> Sequence[Tool]:
        """The Git tool, where the session begins in a repository."""
        outset = self._outset
        if repository_of(outset.config.cwd) is None:
            return ()
        denied = outset.rules.denied_reads(outset.judge.world())
        return (tool.GitTool(lambda: self._verbs(denied)),)

    def tools_in(self, workspace: LocalWorkspace, denied: tuple[tuple[Path, str], ...]) -> Sequence[Tool]:
        """The same for an agent, which works in a place of its own."""
        return (tool.GitTool(lambda: self._verbs(denied, workspace)),) if self.tools else ()

    @property
    def trailers(self) -> Mapping[str, str]:
        """What commits and pull requests end with, for the texts of commands."""
        config, model = self._outset.config, self._outset.model
        return {"COMMIT_TRAILER": commit_trailer(config, model), "PR_TRAILER": pr_trailer(config, model)}

    async def ready(self) -> None:
        """Before each run."""
        if self.context is not None:
            await self.context.ready()

    def with_now(self, message: Message) -> Message:
        """The first message, with the repository as it is by now."""
        return self.context.with_now(message) if self.context is not None else message

    def glimpse(self) -> tuple[Block, ...]:
        """The repository as it is known by now, for the first message of others than the conversation."""
        return self.context.glimpse() if self.context is not None else ()

    def renewed(self, contexts: Sequence[Message]) -> Sequence[Message]:
        """What a shortened conversation begins with. Blocks; not for the event loop."""
        return self.context.renewed(contexts) if self.context is not None else contexts

    def gathering(self, has: Callable[[str], bool]) -> Gathering:
        """Facts about the repository, for the texts of commands; `has` says whether there is a tool."""
        outset, workspace = self._outset, self._outset.ground.workspace
        made: Gathering = gathering.Gathering(
            call.Git(self._env, workspace.roots),
            workspace,
            self._executor,
            has,
            lambda: None if self.context is not None and self.context.is_new else self._earlier(),
            lambda: outset.rules.denied_reads(outset.judge.world()),
        )
        return made

    def autocommit(self, checkpoints: Checkpointing) -> AutoCommit | None:
        """Commits what each run changed; None where nobody wants it, or nobody knows what that is."""
        outset, config = self._outset, self._outset.config
        if not config.auto_commit or not checkpoints.enabled:
            return None
        base, session_id = config.home / FOLDER, outset.journal.session_id
        made: AutoCommit = committing.AutoCommit(
            place.Spot(config.cwd, base, base / session_id, self._env),
            committing.About(
                session_id,
                outset.journal.path,
                lambda: outset.journal.title,
                lambda: commit_trailer(config, outset.model),
                self._is_denied,
            ),
            checkpoints,
            outset.emit,
        )
        return made

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, **self._outset.config.env}

    def _verbs(self, denied: tuple[tuple[Path, str], ...], workspace: LocalWorkspace | None = None) -> dict[str, Verb]:
        outset, session = self._outset, self._outset.journal.session_id
        place = workspace or outset.ground.workspace
        changer = changing.changer_of(outset.config, session, outset.model, place, self._earlier)
        changes: dict[str, Verb] = changing_actions.changing(changer)
        return {**verbs.reading(self._env, denied, session), **changes}

    def _earlier(self) -> Earlier:
        """What was changed before the session began, as far as that is known by now."""
        now = self.context
        made: Earlier = earlier.Earlier() if now is None else earlier.Earlier(now.earlier, now.top)
        return made

    def _context(self, looking: Looking) -> GitContext:
        outset, top = self._outset, looking.repository.top
        denied = outset.rules.denied_reads(outset.judge.world())
        folder = outset.journal.folder if outset.journal.path is not None else None
        hides = withheld.Withheld(denied, top).covers if denied else None
        made: GitContext = context.GitContext(looking, folder, hides)
        return made

    def _is_denied(self, path: Path) -> bool:
        """Whether a rule says that this file may not be read. Not by the gate: it is asked in a thread."""
        outset, use = self._outset, ToolUse("", "Read", {"file_path": str(path)})
        rules = outset.book.with_allowed(())
        judged = decide.decide(use, Reads((path,)), rules, outset.control.mode, outset.judge.world())
        return judged.verdict == "deny" and any(reason.kind == "rule" for reason in judged.reasons)
