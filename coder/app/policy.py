"""Judges tool calls outside a session, as one in the same place would: the world, the rules that count, the access.
Runs nothing and asks nobody. Must not know who wants to know, or how the answer is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from coder.app.plugging.late import with_plugins
from coder.app.rulebook import rules_of
from coder.config.flags import Flags
from coder.config.jsonfile import read_object
from coder.config.layers import Layer
from coder.config.load import load
from coder.config.paths import sources, user_home
from coder.config.settings import settings_of
from coder.core.config import Config, RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.messages import ToolUse
from coder.core.requests import Reason
from coder.core.tools import (
    READS_RESOURCES,
    Access,
    Calls,
    Decides,
    Delegates,
    Fetches,
    Internal,
    Mode,
    Reads,
    Runs,
    Writes,
)
from coder.permissions.decide import Decision, decide
from coder.permissions.names import names
from coder.permissions.rules import Rules
from coder.permissions.world import LocalWorld
from coder.tools.agent import GENERAL
from coder.tools.files import target
from coder.tools.wildcard import split_prefix
from coder.workspace.local import LocalWorkspace

_ALIASES = {"Task": "Agent", "BashOutput": "TaskOutput", "KillShell": "TaskStop"}
_SESSION_ONLY = names(
    "TodoWrite TaskCreate TaskUpdate TaskGet TaskList TaskOutput TaskStop AskUserQuestion EnterPlanMode ToolSearch "
    "Think ListMcpResourcesTool"
)
REPOSITORY: tuple[Scope, ...] = ("project", "local")


class NotACall(Exception):
    """The input does not fit the tool; `str()` says how."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides about a call: where it would happen, by which rules, in which mode."""

    world: LocalWorld
    rules: Rules
    mode: Mode

    def judge(self, tool: str, given: object) -> Decision:
        """The decision about a call as a model sends it. Total: a call that no tool could run is denied."""
        name = _ALIASES.get(tool, tool)
        try:
            if not isinstance(given, dict):
                raise NotACall("its input is not an object")
            access = access_of(name, given, self.world)
        except NotACall as problem:
            return Decision("deny", (Reason("tool", f"this is no call that {tool} can run: {problem}", tool),), False)
        return decide(ToolUse("call", name, given), access, self.rules, self.mode, self.world)


@dataclass(frozen=True, slots=True)
class Standing:
    """The settings of a folder, as far as they speak about permissions.

    `unused` are rules of settings files that do not count here; `warnings` are about rules.
    """

    config: Config
    policy: Policy
    unused: tuple[RuleText, ...]
    warnings: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Whether all that the folder's own files say counts."""
        return self.config.trust is None or not self.config.trust.own_off

    @property
    def untrusted(self) -> tuple[RuleText, ...]:
        """The rules that would count if the folder were trusted."""
        trust = self.config.trust
        off = () if trust is None else tuple(str(self.config.cwd / item.file) for item in trust.off)
        return tuple(rule for rule in self.unused if rule.origin in off)

    def would_count(self, file: Path) -> bool:
        """Whether a rule that the person adds to this file counts: not beside others they have not approved."""
        trust = self.config.trust
        return trust is None or trust.once or all(self.config.cwd / item.file != file for item in trust.unapproved)

    def allowing(self, rules: Iterable[str]) -> Policy:
        """The policy as it would be with these allow rules of the person's own."""
        more = (RuleText(rule, "allow", "local", "", self.config.cwd) for rule in rules)
        return replace(self.policy, rules=rules_of(self.config, (*self.config.rules, *more))[0])

    def without(self, unwanted: Iterable[RuleText]) -> Policy:
        """The policy as it would be without these rules."""
        left = set(unwanted)
        return replace(self.policy, rules=rules_of(self.config, (r for r in self.config.rules if r not in left))[0])

    def trusting(self, trusted: bool) -> Policy:
        """The policy as it would be if the folder were trusted, or were not."""
        rules: Iterable[RuleText] = (*self.config.rules, *self.untrusted)
        if not trusted:
            rules = without_trust(rules)
        return replace(self.policy, rules=rules_of(self.config, rules)[0])


def standing(flags: Flags, env: Mapping[str, str], cwd: Path) -> Standing:
    """What a session started like this would go by. Raises ConfigError as a session would."""
    return _standing(_loaded(flags, env, cwd), env)


def standing_in(config: Config, mode: Mode, env: Mapping[str, str]) -> Standing:
    """What a session under way goes by: the settings files as they are now, what its flags added to them, its mode.

    Raises ConfigError for files that are broken by now.
    """
    folders = tuple(str(folder) for folder in config.add_dirs if folder.is_dir())
    now = _loaded(Flags(headless=False, add_dirs=folders), env, config.cwd)
    given = tuple(rule for rule in config.rules if rule.scope in ("flag", "session"))
    return _standing(replace(now, rules=(*given, *now.rules), mode=mode), env)


def _loaded(flags: Flags, env: Mapping[str, str], cwd: Path) -> Config:
    # A key at hand keeps an apiKeyHelper from being run: no model is needed here.
    config = load(replace(flags, no_session_persistence=True), {**env, "ANTHROPIC_API_KEY": "none"}, cwd)
    return with_plugins(config)


def _standing(config: Config, env: Mapping[str, str]) -> Standing:
    rules, warnings = rules_of(config)
    used = set(config.rules)
    world = world_of(config.cwd, config.add_dirs, user_home(env), config.home, config.env)
    return Standing(
        config=config,
        policy=Policy(world, rules, config.mode),
        unused=tuple(rule for layer in layers(config, env) for rule in layer.rules() if rule not in used),
        warnings=warnings,
    )


def layers(config: Config, env: Mapping[str, str]) -> Iterator[Layer]:
    """The settings files as they are written, the strongest first; the ones that cannot be read are left out."""
    for source in sources(config.home, config.cwd, env, ("user", "project", "local")):
        try:
            if parsed := read_object(source.path):
                origin = str(source.path)
                yield Layer(source.scope, origin, source.base, *settings_of(parsed, origin))
        except ConfigError:
            continue


def without_trust(rules: Iterable[RuleText]) -> tuple[RuleText, ...]:
    """A folder nobody trusts may forbid and ask, but allows nothing."""
    return tuple(rule for rule in rules if rule.behaviour != "allow" or rule.scope not in REPOSITORY)


def world_of(
    cwd: Path, add_dirs: Iterable[Path], home: Path, config_home: Path, env: Mapping[str, str] | None = None
) -> LocalWorld:
    """The world of a session that has just begun in `cwd`, by default with the environment of this process.

    The folders need not exist.
    """
    roots = tuple(dict.fromkeys((cwd, *add_dirs)))
    environment = LocalWorkspace(cwd, roots, env).environment
    return LocalWorld(cwd=cwd, roots=roots, home=home, config_home=config_home, environment=environment)


def access_of(tool: str, given: dict[str, object], world: LocalWorld) -> Access:
    """What the call would touch, by the fields that say so: the others need not be there. Raises NotACall."""

    def text(field: str) -> str:
        value = given.get(field)
        if not isinstance(value, str) or not value.strip():
            raise NotACall(
                f"it has no `{field}`" if value is None else f"its `{field}` is not a text that says something"
            )
        return value

    workspace = LocalWorkspace(world.cwd, world.roots, {"HOME": str(world.home)})
    match tool:
        case "Bash" | "Monitor" | "PowerShell":
            return Runs(text("command"))
        case "Read" | "LSP":
            return Reads((target(text("file_path"), workspace),))
        case "Edit" | "Write" | "MultiEdit":
            return Writes((target(text("file_path"), workspace),))
        case "NotebookEdit":
            return Writes((target(text("notebook_path"), workspace),))
        case "Glob" | "Grep":
            start = "." if given.get("path") is None else text("path")
            prefix = split_prefix(text("pattern"))[0] if tool == "Glob" else ""
            within = prefix if prefix.startswith(("/", "~")) else f"{start}/{prefix}"
            return Reads((workspace.resolve(within),))
        case "WebFetch":
            return Fetches(text("url"))
        case "ReadMcpResourceTool":
            return Calls(text("server"), READS_RESOURCES)
        case "Agent":
            return Delegates(text("subagent_type") if given.get("subagent_type") else GENERAL)
        case "SendMessage":
            return Delegates(text("to"))
        case "ExitPlanMode":
            return Decides()
        case name if name in _SESSION_ONLY:
            return Internal()
        case name if name.startswith("mcp__"):
            _, server, *rest = name.split("__")
            return Calls(server, "__".join(rest))
        case name:
            return Calls("", name)
