"""The commands of a session over real files, tools, rules and processes; only the catalogue is a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from coder.agent.executor import Executor
from coder.agent.gate import Gate
from coder.agent.ports import Ports
from coder.app.commanding.attaching import Attaching
from coder.app.commanding.commands import Commands, OnExpansion, Surroundings
from coder.app.commanding.granting import Granting
from coder.app.commanding.inlining import Inlining
from coder.app.rulebook import RuleBook
from coder.app.toolbox import SessionTools
from coder.commands.definition import Definition
from coder.commands.listing import listing
from coder.core.config import Behaviour, RuleText
from coder.core.events import AnyEvent
from coder.core.messages import Block, Message, Meta, Text, ToolUse
from coder.core.requests import Allow, Deny, PermissionRequest, Reply, Request
from coder.core.tools import Access, Runs
from coder.permissions.decide import Decision, decide
from coder.permissions.rules import Rules, parse_rules
from coder.permissions.world import LocalWorld
from coder.tools.read import Read
from coder.tools.registry import ToolSession, builtins
from coder.tools.skill import Skill
from coder.workspace.local import LocalWorkspace
from tests.support.engine import StillControl

NOBODY = Deny("nobody", nobody=True)


class Desk:
    """`trusted` are the names whose grants count, `without` the tools that a rule takes away, `answer` what the person
    says."""

    def __init__(
        self,
        root: Path,
        *,
        rules: Sequence[tuple[Behaviour, str]] = (),
        closed: bool = False,
        without: Sequence[str] = (),
    ) -> None:
        self.root = root / "project"
        self.root.mkdir()
        self.home = root
        self.definitions: dict[str, tuple[Definition, str]] = {}
        self.trusted: set[str] = set()
        self.answer: Reply = NOBODY
        self.asked: list[PermissionRequest] = []
        self.events: list[AnyEvent] = []
        self.said: list[str] = []
        self.told: list[Message] = []
        self.messages: list[Message] = []
        self.saved: list[str] = []
        self.facts = {"SESSION_ID": "s-1", "PROJECT_DIR": str(self.root), "EFFORT": ""}
        self.workspace = LocalWorkspace(self.root)
        control = StillControl()
        texts = [RuleText(text, behaviour, "user", "", self.root) for behaviour, text in rules]
        parsed, _ = parse_rules(texts)
        self.book = RuleBook(
            parsed, root / "local.json", self.root, lambda path, kind, rule: self.saved.append(rule), is_closed=closed
        )
        self.world = LocalWorld(self.root, (self.root,), root, root / ".coder")

        def judge(call: ToolUse, access: Access, given: Allow) -> Decision:
            return decide(call, access, self.book.with_allowed(given.remember), "default", self.world)

        gate = Gate(judge, self._ask, self.events.append, self.book.allow, control.set_mode, lambda: self.root)
        self.judge = gate.judge
        shared = ToolSession()
        every = (*builtins(shared), Skill(self))
        self.tools = SessionTools(every, without)
        self.executor = Executor(
            self.tools, gate, self.workspace, control, self.events.append, root / "spill", ports=Ports()
        )
        attach = Attaching(gate.judge, Read(shared.ledger), self.workspace, control, root / "spill", self.said.append)
        self.attach = attach
        self.around = Surroundings(
            lambda: self.facts,
            attach,
            Inlining(lambda: self.executor, lambda: self.tools.find("Bash") is not None),
            self.told.append,
            self.said.append,
            lambda: self.messages,
            lambda found: listing(found, 2_000, 200),
            body=self.body,
        )
        self.granting = Granting(self.book, self.root, lambda definition: definition.name in self.trusted)
        self.commands = Commands(lambda: self, self.granting, self.around)

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.workspace.aclose()

    def make(self, **changes: Any) -> Commands:
        """The commands with other surroundings."""
        self.commands = Commands(lambda: self, self.granting, replace(self.around, **changes))
        return self.commands

    def hooked(self, hook: OnExpansion) -> Commands:
        return self.make(on_expansion=hook)

    def add(self, name: str, body: str, *, trusted: bool = True, **fields: Any) -> Definition:
        file = self.root / ".claude" / "commands" / f"{name}.md"
        given = {"origin": "project", "kind": "command", "description": f"about {name}", **fields}
        definition = Definition(name, file, **given)
        self.definitions[name] = (definition, body)
        if trusted:
            self.trusted.add(name)
        return definition

    # the catalogue
    def find(self, name: str) -> Definition | None:
        return self.definitions.get(name, (None, ""))[0]

    def all(self) -> Sequence[Definition]:
        return [definition for definition, _ in self.definitions.values()]

    def further(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def body(self, definition: Definition) -> str:
        return self.definitions[definition.name][1]

    # what the Skill tool goes to
    def gains(self, name: str) -> str:
        return self.commands.gains(name)

    async def use(self, name: str, arguments: str) -> str:
        return await self.commands.use(name, arguments)

    # what a test asks for
    async def blocks(self, line: str) -> tuple[Block, ...]:
        found = await self.commands.expand(line)
        assert found is not None
        return found.blocks

    async def texts(self, line: str) -> list[str]:
        return [block.text for block in await self.blocks(line) if isinstance(block, Text)]

    async def send(self, line: str) -> Message:
        """The line is in the conversation from now on."""
        message = Message("user", await self.blocks(line), Meta(kind="prompt"))
        self.messages.append(message)
        return message

    def verdict(self, command: str) -> str:
        return self.judge(ToolUse("c", "Bash", {"command": command}), Runs(command)).verdict

    @property
    def rules(self) -> Rules:
        return self.book.rules

    async def _ask(self, request: Request) -> Reply:
        assert isinstance(request, PermissionRequest)
        self.asked.append(request)
        return self.answer
