"""A casting over real files: a project and a person's home on disk, rules as they are parsed, tools by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from coder.app.subagents.casting import SessionCasting
from coder.app.subagents.parts import Parts, Told
from coder.app.subagents.roster import Roster, roster_of
from coder.core.choices import Mode
from coder.core.config import AgentSettings, Config, ModelConfig, RuleText
from coder.core.events import AnyEvent, Notice
from coder.core.messages import Block, Text
from coder.permissions.rules import parse_rules

MAIN = "claude-sonnet-5-5"
TOOLS = (
    *("Read", "Edit", "Write", "Grep", "Glob", "Bash", "TodoWrite", "AskUserQuestion", "EnterPlanMode", "ExitPlanMode"),
    *("TaskOutput", "TaskStop", "WebFetch", "Agent", "SendMessage", "Git", "Skill", "ToolSearch", "UseTool"),
    *("mcp__docs__find", "mcp__docs__read", "mcp__shop__buy"),
)


@dataclass(slots=True)
class Stage:
    """`deny` are rules of the person, `told` what is said to people."""

    top: Path
    env: dict[str, str] = field(default_factory=dict)
    deny: tuple[str, ...] = ()
    mode: Mode = "default"
    model: str = MAIN
    tools: Sequence[str] = TOOLS
    given: dict[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    memory: Callable[[], tuple[Block, ...]] = lambda: (Text("<memory>"),)
    change: Callable[[Config], Config] = lambda config: config

    @property
    def project(self) -> Path:
        return self.top / "work"

    @property
    def home(self) -> Path:
        return self.top / "home" / ".coder"

    def put(self, name: str, text: str) -> Path:
        """`name` begins with `work/` or `home/`."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def agent(self, name: str, head: str = "", body: str = "You are one.", folder: str = "work/.claude/agents") -> Path:
        return self.put(f"{folder}/{name}.md", f"---\nname: {name}\ndescription: does {name}\n{head}\n---\n{body}\n")

    def config(self) -> Config:
        self.project.mkdir(parents=True, exist_ok=True)
        (self.project / ".git").mkdir(exist_ok=True)
        config = Config(
            cwd=self.project,
            home=self.home,
            model=ModelConfig(self.model, "http://127.0.0.1:9"),
            env={"HOME": str(self.top / "home"), **self.env},
            agents=AgentSettings(given=self.given),
        )
        return self.change(config)

    def roster(self) -> Roster:
        config = self.config()
        return roster_of(config, {**config.env}, self.top / "managed")

    def casting(self, *, git: tuple[Block, ...] = (Text("<git>"),), **agents: Any) -> SessionCasting:
        config = self.config()
        config = replace(config, agents=replace(config.agents, **agents)) if agents else config
        rules, _ = parse_rules(RuleText(text, "deny", "user", "settings.json", self.project) for text in self.deny)
        roster = self.roster()

        def emit(event: AnyEvent) -> None:
            assert isinstance(event, Notice)
            self.told.append(event.text)

        parts = Parts(
            config=config,
            env={**config.env},
            today=date(2026, 1, 2),
            rules=lambda: rules,
            tools=lambda: tuple(self.tools),
            model=lambda: self.model,
            mode=lambda: self.mode,
            roster=lambda: roster,
            emit=emit,
            told=Told(self.memory, lambda: git),
            servers=lambda: ("docs", "shop"),
        )
        return SessionCasting(parts)
