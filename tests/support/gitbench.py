"""A session's Git tool on a real repository: asked, judged, checkpointed and run as in a session."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from coder.agent.executor import Executor
from coder.agent.gate import Gate
from coder.agent.outcome import Outcome
from coder.agent.ports import Ports
from coder.app.checkpointing import Checkpointing
from coder.app.created import Created
from coder.app.gitting.changing import changer_of
from coder.app.recording import Site
from coder.app.rulebook import RuleBook
from coder.app.stashed import Stashed
from coder.app.toolbox import SessionTools
from coder.core.config import Config, Guidance, ModelConfig
from coder.core.events import AnyEvent, RunStarted
from coder.core.messages import Message, Meta, Text, ToolUse
from coder.core.requests import Allow, Effect, PermissionRequest, Reply, Request
from coder.core.tools import Access, Mode
from coder.core.trust import Trust
from coder.git.earlier import Earlier
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import parse_rules
from coder.permissions.world import LocalWorld
from coder.tools.git.changing import changing
from coder.tools.git.tool import GitTool
from coder.tools.registry import ToolSession, builtins
from coder.workspace.local import LocalWorkspace
from tests.support.engine import StillControl
from tests.support.policy import texts
from tests.support.rewinding import GIT_ENV, git

SESSION = "5e551000-0000-4000-8000-000000000000"
SID = SESSION[:8]
NO_TRAILER = Guidance(commit="")


class GitBench:
    """`project` is a repository with one commit. Every question is answered by `answering`; `asked` keeps them."""

    def __init__(
        self,
        folder: Path,
        *,
        trusted: bool = True,
        mode: Mode = "default",
        allow: Iterable[str] = (),
        ask: Iterable[str] = (),
        deny: Iterable[str] = (),
        answering: Callable[[Request], Reply] = lambda request: Allow(),
        session: str = SESSION,
        guidance: Guidance = NO_TRAILER,
        env: dict[str, str] | None = None,
        begun: bool = True,
    ) -> None:
        self.folder, self.home, self.project = folder, folder / "home", folder / "project"
        for each in (self.home, self.project):
            each.mkdir(parents=True, exist_ok=True)
        if not (self.project / ".git").exists():
            git(self.project, "init", "-q", "-b", "main")
            if begun:
                self.write("a.txt", "one\n")
                git(self.project, "add", "-A")
                git(self.project, "commit", "-qm", "first")
        self.env = {"HOME": str(self.home), "PATH": os.environ["PATH"], **GIT_ENV, **(env or {})}
        self.answering = answering
        self.asked: list[PermissionRequest] = []
        self.events: list[AnyEvent] = []
        self.earlier = Earlier()
        self.mode = mode
        self.workspace = LocalWorkspace(self.project, (), self.env)
        self.stashed = Stashed(session, lambda: self.workspace.cwd)
        state = self.home / ".coder"
        trust = Trust(self.project, self.project, (0, 0), known=trusted)
        config = Config(self.project, state, ModelConfig("claude-opus-4-5", ""), guidance=guidance, trust=trust)
        self.changer = changer_of(config, session, "claude-opus-4-5", self.workspace, lambda: self.earlier)
        rules, warnings = parse_rules(texts(self.project, allow=allow, ask=ask, deny=deny))
        assert warnings == ()
        self.book = RuleBook(rules, state / "local.json", self.project, lambda path, behaviour, text: None)
        site = Site(state / "file-history", session, (self.project,), self.home, (state,), self.env)
        self.checkpoints = Checkpointing(site, self.events.append)
        self.spill = state / "spill"
        self.executor = Executor(
            SessionTools((*builtins(ToolSession()), GitTool(lambda: changing(self.changer)))),
            Gate(
                self.judge,
                self._ask,
                self.events.append,
                self.book.allow,
                StillControl().set_mode,
                lambda: self.workspace.cwd,
            ),
            self.workspace,
            StillControl(),
            self.events.append,
            self.spill,
            Ports(self.stashed.watching(Created().watch), checkpoints=self.checkpoints),
        )
        self._count = 0

    def judge(self, call: ToolUse, access: Access, given: Allow) -> Decision:
        world = LocalWorld(
            self.workspace.cwd,
            (self.project,),
            self.home,
            self.home / ".coder",
            environment=self.workspace.environment,
            stashed=self.stashed.holds,
        )
        return decide(call, access, self.book.with_allowed(given.remember), given.mode or self.mode, world)

    async def _ask(self, request: Request) -> Reply:
        assert isinstance(request, PermissionRequest)
        self.asked.append(request)
        return self.answering(request)

    def prompt(self, uuid: str = "prompt-1") -> None:
        message = Message("user", (Text("go"),), Meta(uuid=uuid, kind="prompt"))
        self.checkpoints.on(RunStarted(prompt=message))

    async def call(self, name: str, /, **raw: Any) -> Outcome:
        self._count += 1
        call = ToolUse(f"toolu_{self._count}", name, raw)
        outcomes: dict[str, Outcome] = {}
        await self.executor.run([call], outcomes)
        return outcomes[call.id]

    async def git(self, action: str, **raw: Any) -> str:
        """What the model is told. Fails the test when the call failed."""
        outcome = await self.call("Git", action=action, **raw)
        assert not outcome.result.is_error, told(outcome)
        return told(outcome)

    async def refused(self, action: str, **raw: Any) -> str:
        """What the model is told of a call that fails."""
        outcome = await self.call("Git", action=action, **raw)
        assert outcome.result.is_error, told(outcome)
        return told(outcome)

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Of the last question."""
        return self.asked[-1].effects

    @property
    def question(self) -> str:
        return "\n".join(f"{effect.kind} {effect.what}" for effect in self.effects)

    def run(self, *arguments: str, check: bool = True) -> str:
        return git(self.project, *arguments, check=check).strip()

    def write(self, name: str, content: str) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return path

    def hook(self, name: str, *lines: str, folder: str = ".git/hooks") -> None:
        path = self.write(f"{folder}/{name}", "\n".join(("#!/bin/sh", *lines, "")))
        path.chmod(0o755)

    def commit(self, message: str = "more") -> str:
        self.run("add", "-A")
        self.run("commit", "-qm", message)
        return self.run("rev-parse", "HEAD")

    async def aclose(self) -> None:
        await self.workspace.aclose()
        await self.checkpoints.aclose()


def told(outcome: Outcome) -> str:
    return "\n".join(block.text for block in outcome.result.content if isinstance(block, Text))
