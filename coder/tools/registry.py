"""The built-in tools of a session, in the order the model sees them. Must not know what any of them does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule
from coder.core.model import ToolSpec
from coder.core.prompts import load
from coder.core.tools import Described, Tool
from coder.tools.agent import Agent, Asked
from coder.tools.ask import AskUserQuestion
from coder.tools.bash import Bash, BashSettings
from coder.tools.edit import Edit
from coder.tools.glob import Glob
from coder.tools.grep import Grep
from coder.tools.ledger import FileLedger
from coder.tools.notebook import NotebookEdit
from coder.tools.plan import EnterPlanMode, ExitPlanMode, Planning
from coder.tools.read import Read
from coder.tools.schema import schema
from coder.tools.search import Search
from coder.tools.send_message import SendMessage
from coder.tools.shells import Shells
from coder.tools.task_output import AgentTasks, TaskOutput
from coder.tools.task_stop import TaskStop
from coder.tools.todo import Todos, TodoWrite
from coder.tools.web.fetch_tool import WebFetch
from coder.tools.web.room import WebRoom
from coder.tools.write import Write

if TYPE_CHECKING:
    from coder.tools import think as thinking
    from coder.tools.web import search_tool as searching
else:  # most models think by themselves, and not every provider searches
    thinking, searching = LazyModule("coder.tools.think"), LazyModule("coder.tools.web.search_tool")

_READ_TOKENS = 25_000
_PREVIEWS = "CLAUDE_CODE_QUESTION_PREVIEW_FORMAT"


@dataclass(frozen=True, slots=True)
class ToolSession:
    """What the tools of one session share. `read_tokens` bounds one Read result; `objection` says why a
    command of the model is not run as it stands, or "". `has_pages`: previews in questions are shown as web pages."""

    ledger: FileLedger = field(default_factory=FileLedger)
    search: Search = field(default_factory=Search)
    shells: Shells = field(default_factory=Shells)
    todos: Todos = field(default_factory=Todos)
    planning: Planning = field(default_factory=Planning)
    bash: BashSettings = field(default_factory=BashSettings)
    web: WebRoom = field(default_factory=WebRoom)
    read_tokens: int = _READ_TOKENS
    has_pages: bool = False
    objection: Callable[[str], str] = lambda command: ""

    @classmethod
    def from_env(
        cls,
        env: Mapping[str, str],
        reserved: tuple[Path, ...] = (),
        denied: tuple[tuple[Path, str], ...] = (),
        objection: Callable[[str], str] = lambda command: "",
        web: WebRoom | None = None,
        planning: Planning | None = None,
    ) -> ToolSession:
        """A new session's state with the limits a person set by environment variable.

        Searches leave out the `reserved` folders (our own state) unless they start there, and whatever is `denied`:
        gitignore patterns, each below a folder.
        """
        tokens = env.get("CLAUDE_CODE_FILE_READ_MAX_OUTPUT_TOKENS", "")
        is_set = tokens.isascii() and tokens.isdigit() and int(tokens) > 0
        return cls(
            search=Search(reserved=reserved, denied=denied),
            bash=BashSettings.from_env(env),
            web=web or WebRoom(env),
            planning=planning or Planning(),
            read_tokens=int(tokens) if is_set else _READ_TOKENS,
            has_pages=env.get(_PREVIEWS) == "html",
            objection=objection,
        )


class Helpers(Asked, AgentTasks, Protocol):
    """Whoever has agents run for these tools."""


def builtins(
    session: ToolSession, *, thinks: bool = False, agents: Helpers | None = None, kinds: Callable[[], str] = str
) -> tuple[Tool, ...]:
    """All built-in tools; Think where the model needs it. `kinds` tells which agents there are. The order is part of
    the cached prefix of every request, so it is fixed, and what is not always there comes last."""
    return (
        Read(session.ledger, session.read_tokens),
        Edit(session.ledger),
        Write(session.ledger),
        NotebookEdit(session.ledger),
        Glob(session.search),
        Grep(session.search),
        Bash(session.shells, session.bash, session.objection),
        TaskOutput(session.shells, agents=agents),
        TaskStop(session.shells, agents),
        Agent(agents, kinds),
        SendMessage(agents),
        TodoWrite(session.todos),
        AskUserQuestion(has_pages=session.has_pages),
        EnterPlanMode(session.planning),
        ExitPlanMode(session.planning),
        WebFetch(session.web),
        *((searching.WebSearch(session.web, session.web.search),) if session.web.search else ()),
        # The Skill tool has its place here.
        *((thinking.Think(),) if thinks else ()),
    )


def spec(tool: Tool) -> ToolSpec:
    """The tool as the model sees it. Raises ConfigError when its description is missing."""
    if isinstance(tool, Described):
        return tool.spec()
    words = load(f"tools/{tool.name}")
    if isinstance(tool, AskUserQuestion) and tool.has_pages:
        words += f"\n\n{load('facts/previews_html')}"
    return ToolSpec(tool.name, words, schema(tool.params))
