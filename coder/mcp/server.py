"""What a configured server is, and what it offers, as plain values. Must not know the protocol library, files or
tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json

Scope: TypeAlias = Literal["managed", "flag", "local", "project", "user", "plugin", "extension"]
State: TypeAlias = Literal["pending", "connecting", "connected", "needs-auth", "failed", "disabled", "unapproved"]
# Variables whose values everybody may see.
PLAIN = frozenset(
    {
        "CLAUDE_PROJECT_DIR",
        "CLAUDE_PLUGIN_ROOT",
        "CLAUDE_PLUGIN_DATA",
        "CLAUDECODE",
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "SHELL",
        "TERM",
        "USER",
    }
)
_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True, repr=False)
class Stdio:
    """A program that speaks over its standard streams. `env` is all it gets besides the few that every program
    needs. `secrets` are values, in `env` or `args`, that must not be seen in what it says."""

    command: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Login:
    """How a person logs in at a server, where it is not all found out from the server."""

    client_id: str = ""
    client_secret: str = ""
    callback_port: int | None = None
    scopes: tuple[str, ...] = ()
    metadata_url: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Http:
    """A server at an address. `helper` is a command that prints more headers as JSON."""

    url: str
    kind: Literal["http", "sse", "ws"] = "http"
    headers: Mapping[str, str] = field(default_factory=dict)
    helper: str = ""
    login: Login | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Hosted:
    """A server that lives in the program which embeds us; its messages go through a channel that is handed in."""


Transport: TypeAlias = Stdio | Http | Hosted


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """One entry that counts. `digest` changes with anything that decides what runs, or where; `start` and `call` are
    seconds, None: the default. `origin` is the file or flag it stands in."""

    name: str
    transport: Transport
    scope: Scope
    origin: str
    digest: str
    start: float | None = None
    call: float | None = None
    always_load: bool = False
    hidden: tuple[str, ...] = ()  # values of variables that its entry names
    is_off: bool = False  # its entry says so

    @property
    def is_hosted(self) -> bool:
        """Whether it lives in the program that embeds us: it is there at once, comes and goes with us, and is the
        person's own code."""
        return isinstance(self.transport, Hosted)


@dataclass(frozen=True, slots=True, repr=False)
class ServerTool:
    """A tool as its server describes it: foreign text, bounded, and never believed. `hints` are its annotations
    (readOnlyHint …), `limit` the characters it asks to be let through in a result. `alias` is its name for the model
    where the one it would have is taken or too long."""

    server: str
    tool: str
    description: str
    schema: Json
    title: str = ""
    hints: Mapping[str, bool] = field(default_factory=dict)
    limit: int | None = None
    alias: str = ""

    @property
    def name(self) -> str:
        return self.alias or tool_name(self.server, self.tool)


@dataclass(frozen=True, slots=True, repr=False)
class ServerPrompt:
    """`arguments` are (name, description, required)."""

    server: str
    prompt: str
    description: str
    arguments: tuple[tuple[str, str, bool], ...] = ()

    @property
    def name(self) -> str:
        return tool_name(self.server, self.prompt)


@dataclass(frozen=True, slots=True, repr=False)
class Resource:
    """`uri` is a template (RFC 6570) where `is_template`."""

    server: str
    uri: str
    name: str = ""
    description: str = ""
    mime: str = ""
    is_template: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Offer:
    """What a server offers, as last heard. `cached`: told by an earlier session, not yet by this one's server.
    `problems` are lines for people about what of it cannot be used. `held` are tools that it has too and that nobody
    has said yes to: they are not to be called."""

    tools: tuple[ServerTool, ...] = ()
    prompts: tuple[ServerPrompt, ...] = ()
    resources: tuple[Resource, ...] = ()
    instructions: str = ""
    title: str = ""  # what the server calls itself
    version: str = ""
    cached: bool = False
    problems: tuple[str, ...] = ()
    held: tuple[ServerTool, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Standing:
    """How a server is doing. `reason` is one line for people: what failed, and what to do; `log` has what it
    printed."""

    state: State
    reason: str = ""
    log: Path | None = None
    protocol: str = ""  # the version that was agreed on


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """The result of a call: `content` are the blocks of the protocol as JSON, `structured` its structuredContent."""

    content: tuple[Json, ...]
    structured: Any = None
    is_error: bool = False


def tool_name(server: str, tool: str) -> str:
    """`mcp__server__tool`, with `_` for whatever a tool name may not hold."""
    return f"mcp__{as_in_tools(server)}__{as_in_tools(tool)}"


def as_in_tools(name: str) -> str:
    return _FOREIGN.sub("_", name)
