"""Which tools a session has, and which of them are made anew for an agent that works elsewhere. Must not know the
engine, or who calls them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from coder.app.outset import Outset
from coder.app.requesting import thinks_by_tool
from coder.app.subagents.choice import Choice
from coder.app.toolbox import SessionTools, chosen
from coder.core.errors import ConfigError
from coder.core.lazy import LazyModule
from coder.core.messages import Message
from coder.core.tools import Tool
from coder.tools.registry import Helpers, ToolSession, builtins

if TYPE_CHECKING:
    from coder.app.commanding.commanded import Commanded
    from coder.app.gitting.session import SessionGit
    from coder.app.reach.session import Reach
    from coder.app.structured import Structured
    from coder.app.subagents import skilled
    from coder.app.subagents.casting import SessionCasting
    from coder.tools import skill as following
    from coder.workspace.local import LocalWorkspace
else:  # for folders with skills, and agents that use them
    following, skilled = LazyModule("coder.tools.skill"), LazyModule("coder.app.subagents.skilled")


class Tooling:
    """`form` is the tool by which a session answers in a form of its own, `tools` what is there by now. Raises
    ConfigError where a rule takes away what cannot be done without."""

    def __init__(
        self,
        outset: Outset,
        agents: Helpers,
        casting: SessionCasting,
        commanded: Commanded,
        git: SessionGit,
        reach: Callable[[], Reach | None],
        form: Structured | None,
    ) -> None:
        self._outset = outset
        self._agents = agents
        self._casting = casting
        self._commanded = commanded
        self._git = git
        self._of = reach
        self._form = form
        told = outset.config.agents
        self._choice = Choice(told.tools, told.without, told.servers)  # where the session is an agent itself
        self._thinks = thinks_by_tool(outset.config, outset.model)
        every = self._every()
        removed = outset.rules.removed_tools(tool.name for tool in every)
        if form is not None and form.name in removed:
            raise ConfigError("--json-schema cannot be met: a deny rule takes Submit away, by which it is.")
        self.tools = SessionTools(every, removed, self._further, outset.config.tool_aliases)

    @property
    def _reach(self) -> Reach | None:
        return self._of()

    def has(self, name: str) -> bool:
        return self.tools.find(name) is not None

    def renew(self) -> None:
        """Requests say of the tools that there are by now, from the next run on."""
        every = self._every()
        self.tools.hold(every, self._outset.rules.removed_tools(tool.name for tool in every))

    def _every(self) -> list[Tool]:
        """The tools that requests say of, in their order; those of servers come last."""
        skill = (following.Skill(self._commanded.commands),) if self._commanded.has_skills() else ()
        readers = self._reach.offering.readers() if self._reach is not None else ()
        every = (*self._built_in(self._outset.tools, self._agents), *self._git.tools, *skill, *readers)
        kept = chosen(every, self._outset.config.tools)
        found = [*kept, *(self._reach.tools() if self._reach is not None else ())]
        form = (self._form,) if self._form is not None else ()
        return [*form, *(tool for tool in found if self._choice.has(tool.name))]

    def _built_in(self, shared: ToolSession, agents: Helpers) -> Sequence[Tool]:
        return builtins(shared, thinks=self._thinks, agents=agents, kinds=self._casting.listed)

    def _further(self, name: str) -> Tool | None:
        return self._reach.find(name) if self._reach is not None and self._choice.allows(name) else None

    def of_agent(
        self,
        shared: ToolSession,
        workspace: LocalWorkspace,
        agents: Helpers,
        tell: Callable[[Message], None],
        messages: Callable[[], Sequence[Message]],
    ) -> Sequence[Tool]:
        """The session's tools, made anew for an agent that works in a place of its own."""
        every = (*self._built_in(shared, agents), *self._git.tools_in(workspace, shared.search.denied))
        made: dict[str, Tool] = {tool.name: tool for tool in every}
        if self.has("Skill"):
            made["Skill"] = following.Skill(skilled.AgentSkills(self._commanded.commands, tell, messages))
        held = ((name, self.tools.find(name)) for name in self.tools.names())
        return [made.get(name, tool) for name, tool in held if tool is not None]
