"""The settings of one session, resolved. Frozen; knows nothing of files or flags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from coder.core.choices import Display, Effort, Mode, Occasion
from coder.core.dataclass import dataclass

if TYPE_CHECKING:
    from coder.core.plugins import PluginSettings
    from coder.core.trust import Trust

Scope: TypeAlias = Literal["managed", "flag", "local", "project", "user", "session"]
Behaviour: TypeAlias = Literal["deny", "ask", "allow"]
Transport: TypeAlias = Literal["wire", "sdk"]
Theme: TypeAlias = Literal["auto", "light", "dark", "colour-blind", "none"]
Channel: TypeAlias = Literal[
    "auto", "terminal_bell", "iterm2", "iterm2_with_bell", "kitty", "ghostty", "notifications_disabled"
]
OnLimit: TypeAlias = Literal["wait", "fallback", "stop"]
Heads: TypeAlias = Literal["all", "managed", "none"]
Provider: TypeAlias = Literal["anthropic", "bedrock", "vertex", "foundry"]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A permission rule as written, and where: `origin` is a file path or a flag, `base` anchors its `/` paths."""

    text: str
    behaviour: Behaviour
    scope: Scope
    origin: str
    base: Path


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`api_key` and `auth_token` are secrets: never shown, never logged."""

    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    auth_token: str = field(default="", repr=False)
    key_source: str = "none"
    key_header: Literal["authorization", "x-api-key"] = "authorization"
    transport: Transport = "wire"
    provider: Provider = "anthropic"
    max_tokens: int | None = None
    thinking: bool | None = None  # None: as the model table says
    thinking_tokens: int | None = None  # at most so many, for models that are told a number
    thinking_display: Display = "summarized"
    effort: Effort | None = None
    task_budget: int | None = None  # tokens the model is told it has
    betas: tuple[str, ...] = ()  # features of the API asked for by header
    max_retries: int = 10
    idle_timeout: float = 90.0
    request_timeout: float = 600.0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    client: str = ""  # the program that drives this one, by its own name; told to the API
    is_replay: bool = False  # answers from a file, which cost nothing
    is_fixed: bool = False  # the administrator has chosen its name, for everybody


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """The person's own command for the status line. `padding` in cells; `refresh` in seconds, None: only on changes."""

    command: str
    padding: int = 0
    refresh: float | None = None
    hides_vim: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """How an interactive session looks and behaves. `notifications` is where the person is called."""

    theme: Theme = "auto"
    vim: bool = False
    verbose: bool = False
    screen_reader: bool = False
    reduced_motion: bool = False
    ambiguous_wide: bool | None = None  # None: as the language says
    status_line: StatusCommand | None = None
    notifications: Channel = "auto"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HookSource:
    """The `hooks` object of one settings file, as written. `origin` is the file or flag it stands in. `hosted`: of the
    program that embeds us, whose matchers name callbacks. `root` is the folder of the plugin they belong to, and
    `variables` are what they are given of it."""

    origin: str
    scope: Scope
    events: Mapping[str, Any] = field(default_factory=dict)
    hosted: bool = False
    root: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HookSettings:
    """What is to be run at which point. `urls` and `env_names` bound hooks that post: None is no bound. `heads` says
    which skills may bring hooks of their own."""

    sources: tuple[HookSource, ...] = ()
    urls: tuple[str, ...] | None = None
    env_names: tuple[str, ...] | None = None
    heads: Heads = "all"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ServerSource:
    """The `mcpServers` object of one place, as written. `origin` is the file or flag it stands in; `scope` managed,
    flag, local, project, user, plugin or extension; `folder` is what the entries' relative things are relative to.
    `keys` are (server, variable): what the person agreed that a server of the project is given of their keys for the
    model. `variables` are what entries may name besides the environment. `withholds`: none of those keys is given."""

    origin: str
    scope: str
    servers: Mapping[str, Any]
    folder: Path
    keys: frozenset[tuple[str, str]] = frozenset()
    variables: Mapping[str, str] = field(default_factory=dict)
    withholds: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ServerSettings:
    """Which MCP servers there may be. `sources` stand strongest first: a name counts where it stands first. `off` are
    the names the person turned off, `unapproved` those of the project that they have not said yes to, with the reason.
    `allowed` and `denied` are the administrator's entries, None: no such list. `required` must be connected before the
    first request. `search` is how tools are deferred: auto, auto:N (percent of the window), true or false. `is_closed`:
    there are these servers and no others, not those of extensions either; `is_managed`: because an administrator says
    so."""

    sources: tuple[ServerSource, ...] = ()
    off: tuple[str, ...] = ()
    unapproved: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[Mapping[str, Any], ...] | None = None
    denied: tuple[Mapping[str, Any], ...] = ()
    required: tuple[str, ...] = ()
    search: str = "auto"
    is_closed: bool = False
    is_managed: bool = False


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ExtensionSettings:
    """What the administrator says of extensions. An entry fits by all it names: name, publisher, sha256 of the archive.
    `allowed` None: all that are not blocked."""

    allowed: tuple[Mapping[str, str], ...] | None = None
    blocked: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Guidance:
    """What tells the model how to work here, besides the conversation.

    `sources` are the kinds of files that count: user, project, local. `memory`, `commands`: whether files of that kind
    are loaded at all; `managed_memory` is what administrators say in settings, by file, and `added_memory`
    has that of added folders read too. `commit` and `pr` are the trailers of what is written in the person's name: None
    is ours, "" none. `check` is a command that must succeed before a run ends, tried up to `check_tries` times; with
    `check_always` also where nothing changed. `think`: None is as the model needs it.
    `style_is_theirs`: it was chosen by the settings of a folder that is not trusted.
    """

    sources: tuple[str, ...] = ("user", "project", "local")
    memory: bool = True
    managed_memory: tuple[tuple[str, str], ...] = ()
    added_memory: bool = False
    memory_excludes: tuple[str, ...] = ()
    commands: bool = True
    bundled: bool = True
    shell_in_commands: bool = True
    overrides: Mapping[str, str] = field(default_factory=dict)  # skill name: on, name-only, user-invocable-only, off
    listing_share: float = 0.01  # of the context window, for the skills the model is told of
    listing_chars: int = 1536  # of one of them
    style: str = "default"
    style_is_theirs: bool = False
    language: str = ""
    git: bool = True
    commit: str | None = ""
    pr: str | None = ""
    check: str = ""
    check_tries: int = 3
    check_always: bool = False
    think: bool | None = None


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class AgentSettings:
    """Who can be asked besides the conversation itself. `files`: whether agent files count; `given` are those of the
    command line, raw, by name. `appended` ends the system prompt of each one that is asked. `main` is the one that the
    conversation itself is, "" for none: it has those of `tools` (None: all) less `without`, of servers' tools those of
    `servers`, asks only the kinds of `spawns` (none: all), and begins with `opening`. `sets_model`: nobody named a
    model, so that its own counts."""

    files: bool = True
    given: Mapping[str, Any] = field(default_factory=dict)
    appended: str = ""
    main: str = ""
    sets_model: bool = False
    tools: tuple[str, ...] | None = None
    without: tuple[str, ...] = ()
    servers: tuple[str, ...] | None = None
    spawns: tuple[str, ...] = ()
    opening: str = ""
    summaries: float | None = None  # every so many seconds a model says what each is doing; None: nobody wants that


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Worktrees:
    """How worktrees are made: from which ref ("" or head: HEAD, fresh: the remote's default branch), which folders are
    links to those of the main checkout, and which are checked out (none: all)."""

    base: str = ""
    links: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    cwd: Path
    home: Path  # where we write: $CODER_CONFIG_DIR, $CLAUDE_CONFIG_DIR or ~/.coder
    model: ModelConfig
    mode: Mode = "default"
    rules: tuple[RuleText, ...] = ()
    prompt_tool: str = ""  # who is asked about calls where nobody is in front: a tool of a server, or stdio: the host
    managed_rules_only: bool = False  # nobody but the administrator may allow anything
    confirm_irreversible: bool = True  # what cannot be undone is asked about in every mode
    add_dirs: tuple[Path, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    max_turns: int | None = None
    time_budget: float | None = None  # seconds
    max_budget_usd: float | None = None
    max_tokens_total: int | None = None  # input, cached or not, and output of all requests together
    fallback_models: tuple[str, ...] = ()
    on_limit: OnLimit = "stop"
    auto_commit: bool = False  # each run's changes become a commit on a branch of their own
    suggests: bool = True  # next prompts, to a host that wants them
    checkpoints: bool = True  # keep what calls change, so that it can be undone
    auto_compact: bool = True
    auto_compact_window: int | None = None  # tokens; None: the model's window
    auto_compact_percent: int = 80  # of that window
    private_hosts: tuple[str, ...] = ()  # near hosts that pages may be fetched from
    tools: tuple[str, ...] | None = None  # the built-in ones there are; None: all
    may_bypass: bool = False  # bypassPermissions can be chosen while the session is open
    plan_instructions: str = ""  # how to plan, in the words of who drives the session
    tool_aliases: Mapping[str, str] = field(default_factory=dict)  # which tool is meant by a name that the model uses
    json_schema: Mapping[str, Any] | None = None  # what the answer of each run has to fit
    setup: Occasion = ""
    debug: str | None = None  # what of the session is logged: a comma list, "" for all; None: nothing
    debug_file: Path | None = None  # None: below `home`
    system_prompt: str | None = None
    append_system_prompt: str = ""
    persist: bool = True
    interface: Interface = Interface()
    guidance: Guidance = Guidance()
    hooks: HookSettings = HookSettings()
    servers: ServerSettings = ServerSettings()
    extensions: ExtensionSettings = ExtensionSettings()
    worktrees: Worktrees = Worktrees()
    agents: AgentSettings = AgentSettings()
    plugins: PluginSettings | None = None  # None: none were named
    trust: Trust | None = None  # None: the folder has no settings of its own
    warnings: tuple[str, ...] = ()
