"""Which of a session's tools an agent has: what its definition asks for, less what no agent has. Pure; must not know
definitions, sessions or servers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from coder.core.dataclass import dataclass
from coder.permissions.names import names

NOT_FOR_AGENTS = names(
    "AskUserQuestion EnterPlanMode ExitPlanMode EndConversation ScheduleWakeup TaskOutput WaitForMcpServers Workflow"
)
# What works with nobody in front and a conversation that has gone on.
IN_BACKGROUND = names(
    "Read Grep Glob Bash PowerShell Edit Write NotebookEdit WebFetch WebSearch TodoWrite Skill ToolSearch UseTool "
    "EnterWorktree ExitWorktree ExitPlanMode Monitor TaskStop SendMessage Artifact Git Think Submit "
    "ListMcpResourcesTool ReadMcpResourceTool"
)
_ALIASES = {"Task": "Agent", "BashOutput": "TaskOutput", "KillShell": "TaskStop"}
REMEMBERING = ("Read", "Write", "Edit")  # by which an agent keeps its memory
_DISPATCHERS = ("ToolSearch", "UseTool")  # by which tools of servers are found and called
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class Choice:
    """`only` None: all. `without` goes first. `servers` are those whose tools it has, where it names any: all of them,
    or those that `only` names one by one. An entry of `only` that names one of another server counts all the same."""

    only: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    servers: tuple[str, ...] | None = None

    def allows(self, name: str) -> bool:
        if any(_names(entry, name) for entry in self.without):
            return False
        is_named = self.only is not None and any(_names(entry, name) for entry in self.only)
        if name.startswith("mcp__") and self.servers is not None:
            return is_named or any(_names(server, name) for server in self._whole())
        return self.only is None or is_named

    def has(self, name: str) -> bool:
        """Whether it is among the tools: also what finds and calls those of servers, where some are chosen."""
        return self.allows(name) or (
            name in _DISPATCHERS and self.wants_servers and not any(_names(entry, name) for entry in self.without)
        )

    def of_servers(self, servers: Collection[str]) -> Choice:
        """The same among the tools of these servers, which are offered to nobody else."""
        return replace(self, servers=tuple(servers))

    def _whole(self) -> Iterator[str]:
        """Those of which every tool is meant, as entries."""
        for server in self.servers or ():
            entry = f"mcp__{_FOREIGN.sub('_', server)}"
            if not any(bare(each).startswith(f"{entry}__") for each in self.only or ()):
                yield entry

    @property
    def wants_servers(self) -> bool:
        """Whether tools of servers are named, so that they must be found."""
        return bool(self.servers) or any(bare(entry).startswith("mcp__") for entry in self.only or ())


def tools_of(
    choice: Choice,
    every: Sequence[str],
    without: Collection[str],
    only: Collection[str] | None,
    means: Collection[str] = (),
) -> list[str]:
    """Of `every` tool of the session those that the choice allows, in that order; `without` and `only` are no matter of
    choice, but for servers' tools, which `only` does not bound. `means` are there for what it has otherwise."""
    return [
        name
        for name in every
        if (choice.has(name) or (name in means and not any(_names(entry, name) for entry in choice.without)))
        and name not in without
        and (only is None or name in only or name.startswith("mcp__"))
    ]


def bare(entry: str) -> str:
    """The tool that an entry names: what stands in parentheses bounds nothing here."""
    name = entry.partition("(")[0].strip()
    return _ALIASES.get(name, name)


def bounded(entries: Sequence[str]) -> tuple[str, ...]:
    """What stands in the parentheses of `Agent(a, b)`: the kinds that may be asked. Empty: all."""
    found: list[str] = []
    for entry in entries:
        name, parenthesis, rest = entry.partition("(")
        if parenthesis and _ALIASES.get(name.strip(), name.strip()) == "Agent":
            found += [kind.strip() for kind in rest.rstrip(") ").split(",") if kind.strip()]
    return tuple(dict.fromkeys(found))


def _names(entry: str, name: str) -> bool:
    wanted = bare(entry)
    if wanted == "*":
        return True
    if wanted.startswith("mcp__"):
        if wanted.endswith("*"):
            return name.startswith(wanted[:-1])
        return name == wanted or name.startswith(f"{wanted}__")
    return wanted == name or wanted.casefold() == name.casefold()
