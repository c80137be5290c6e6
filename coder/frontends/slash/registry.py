"""Which slash commands there are: names, hints, one line about each, and where they live. Nothing is imported to know.

Must not know what any of them does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING

from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.app.commanding.expanded import Offered
    from coder.frontends.desk import Desk


@dataclass(frozen=True, slots=True)
class Command:
    """`module` below this package has `async def run(desk, arguments)`; `any_time`: answers at once while a run is on.

    `origin` says whose it is, "" for our own. Without a `module` it is a file that tells the model what to do.
    """

    name: str
    about: str
    module: str = ""
    hint: str = ""
    aliases: tuple[str, ...] = ()
    any_time: bool = False
    origin: str = ""

    def load(self) -> Callable[[Desk, str], Awaitable[None]]:
        run: Callable[[Desk, str], Awaitable[None]] = import_module(f"coder.frontends.slash.{self.module}").run
        return run


BUILT_IN = (
    Command("add-dir", "let coder work in one more folder", "add_dir", "<folder>"),
    Command("agents", "who can be asked to do a part of the work", "agents", "[name or words]", any_time=True),
    Command("clear", "start a new conversation; this one is kept", "clear", "[name]", ("new", "reset")),
    Command("compact", "make room: replace the conversation by a summary", "compact", "[what to keep]"),
    Command("uncompact", "take the last summary back", "uncompact"),
    Command("config", "look at settings and change them", "config", "[key=value]", ("settings",), any_time=True),
    Command("context", "what fills the context, and what shrinks it", "context", any_time=True),
    Command("cost", "what this session cost so far", "cost", aliases=("usage",), any_time=True),
    Command("diff", "every change of this session, as a diff", "diff", any_time=True),
    Command("doctor", "check that everything coder needs is there", "doctor"),
    Command("effort", "how hard the model thinks", "effort", "[low|medium|high]"),
    Command("export", "write the conversation to a file", "export", "[file]", any_time=True),
    Command("help", "commands, keys and where to read more", "help", any_time=True),
    Command("hooks", "what is run before and after calls, and whose it is", "hooks", "[words]", any_time=True),
    Command("login", "give coder an API key", "login"),
    Command("logout", "forget the API key that coder keeps", "logout"),
    Command("mcp", "the MCP servers of this session, and their tools", "mcp", "[name]", any_time=True),
    Command("memory", "the notes the model reads; open one to edit", "memory", any_time=True),
    Command("model", "choose the model", "model", "[name]"),
    Command("output-style", "how coder answers: choose a style", "output_style", "[name]", ("style",)),
    Command("permissions", "what is allowed, asked about and denied", "permissions", any_time=True),
    Command("quit", "leave; the session is kept", "quit", aliases=("exit",)),
    Command("rename", "give this session a name", "rename", "<name>"),
    Command("resume", "go on with an earlier session", "resume", "[name or words]", ("continue",)),
    Command("rewind", "go back to before a message", "rewind", aliases=("undo", "checkpoint")),
    Command("show", "print a call with all of its output", "show", "[number]", any_time=True),
    Command("skills", "commands and skills of files; who may use them", "skills", "[words]", any_time=True),
    Command("status", "model, key, folder, settings, session", "status", any_time=True),
    Command("tasks", "commands that run in the background", "tasks", aliases=("bashes",), any_time=True),
    Command("theme", "choose the colours", "theme", "[name]", any_time=True),
    Command("todos", "the todo list of this session", "todos", any_time=True),
    Command("vim", "switch vim keys in the prompt on or off", "vim", any_time=True),
    Command("who", "which session and command changed a file, or HEAD", "who", "<file|HEAD|branch>", any_time=True),
)


def reserved() -> frozenset[str]:
    """The names that no file can take."""
    return frozenset(name for each in BUILT_IN for name in (each.name, *each.aliases))


def with_files(offered: Iterable[Offered]) -> tuple[Command, ...]:
    """All commands there are: what the session itself does comes before a file of that name."""
    taken = reserved()
    files = (
        Command(
            each.name,
            each.about,
            hint=each.hint,
            aliases=each.also,
            origin="" if each.origin == "built-in" else each.origin,
        )
        for each in offered
        if each.name not in taken
    )
    return (*BUILT_IN, *files)


def find(name: str, commands: tuple[Command, ...] = BUILT_IN) -> Command | None:
    """The command of this name or alias, without the slash; upper and lower case are the same."""
    lower = name.lower()
    exact = (each for each in commands if name == each.name)
    alike = (each for each in commands if lower == each.name.lower() or lower in map(str.lower, each.aliases))
    return next(exact, None) or next(alike, None)


def nearest(name: str, commands: tuple[Command, ...] = BUILT_IN) -> str:
    """The name that was probably meant, or ""."""
    known = {other.lower(): other for each in commands for other in (each.name, *each.aliases)}
    return next((known[near] for near in get_close_matches(name.lower(), known, n=1)), "")
