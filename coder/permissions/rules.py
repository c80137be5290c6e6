"""The rule grammar: `Tool`, `Tool(spec)`, tool globs. Must not know modes, or what follows from a match."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from coder.core.config import Behaviour, RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.permissions.names import names
from coder.permissions.pathrules import PathPattern, path_pattern
from coder.permissions.patterns import CommandPattern, command_pattern, matches_glob
from coder.permissions.world import World

_TOOL = re.compile(r"[A-Za-z_*][A-Za-z0-9_*.-]*\Z")
_PARAMETER = re.compile(r"\s*(-?[A-Za-z_]\w*)\s*:\s*(.*)\Z", re.DOTALL)
_SERVER_TOOLS = re.compile(r"mcp__[A-Za-z0-9.-]+(?:_[A-Za-z0-9.-]+)*__")
_SHELLS = frozenset({"Bash", "Monitor", "PowerShell"})
_READERS = frozenset({"Read", "Grep", "Glob", "LSP"})
_WRITERS = frozenset({"Edit", "Write", "NotebookEdit"})
_NEVER_CONSULTED = {"Write": "Edit", "NotebookEdit": "Edit", "MultiEdit": "Edit", "Glob": "Read", "Grep": "Read"}
_KIND, _DEFAULT_KIND = "subagent_type", "general-purpose"
_NAMED = {"Skill": "skill", "Agent": _KIND}
_PRIMARY = frozenset({"command", "file_path", "path", "notebook_path", "url"})
_PARAMETERS = {  # where `a:b` could also be a command or a path, only these names make it a parameter
    "Bash": frozenset({"timeout", "description", "run_in_background", "dangerouslyDisableSandbox"}),
    "Monitor": frozenset({"description", "timeout_ms", "persistent"}),
    "PowerShell": frozenset({"timeout", "description", "run_in_background"}),
    "Read": frozenset({"offset", "limit", "pages"}),
    "Edit": frozenset({"old_string", "new_string", "replace_all"}),
    "Skill": frozenset({"args"}),
    "Git": frozenset({"action", "rev", "base", "staged", "create", "amend"}),
    "Agent": frozenset({"description", "prompt", "model", "run_in_background", "name", "isolation"}),
}
_KNOWN = (
    _SHELLS
    | _READERS
    | _WRITERS
    | _NAMED.keys()
    | names(
        "MultiEdit WebFetch WebSearch TodoWrite TaskCreate TaskUpdate TaskGet TaskList TaskStop TaskOutput "
        "BashOutput KillShell AskUserQuestion EnterPlanMode ExitPlanMode ToolSearch EnterWorktree ExitWorktree Cd "
        "ListMcpResourcesTool ReadMcpResourceTool WaitForMcpServers CronCreate CronDelete CronList ScheduleWakeup "
        "Git Think SendMessage ListAgents PushNotification Workflow Artifact REPL ReportFindings"
    )
)


@dataclass(frozen=True, slots=True)
class Everything:
    """No specifier, or `(*)`: every call of the tool."""


@dataclass(frozen=True, slots=True)
class Domain:
    pattern: str


@dataclass(frozen=True, slots=True)
class Named:
    """`Skill(name)`, `Agent(type)`: compared with one input field."""

    field: str
    pattern: CommandPattern

    def matches(self, call_input: Json) -> bool:
        value = call_input.get(self.field)
        if self.field == _KIND and not (isinstance(value, str) and value.strip()):
            value = _DEFAULT_KIND
        return isinstance(value, str) and self.pattern.matches(tuple(value.split()))


@dataclass(frozen=True, slots=True)
class Parameter:
    """`Tool(name:value)`: compared with a top-level scalar of the input as the model sent it."""

    name: str
    value: str

    def matches(self, call_input: Json) -> bool:
        match call_input.get(self.name):
            case bool() as flag:
                return matches_glob(self.value, "true" if flag else "false")
            case str() | int() | float() as scalar:
                return matches_glob(self.value, str(scalar))
            case _:
                return False


Specifier: TypeAlias = Everything | CommandPattern | PathPattern | Domain | Named | Parameter


@dataclass(frozen=True, slots=True)
class Rule:
    text: str
    behaviour: Behaviour
    scope: Scope
    origin: str
    tool: str
    specifier: Specifier

    def names(self, tool: str) -> bool:
        """Whether the rule is about this tool by its own name (globs, a whole MCP server)."""
        if "*" in self.tool:
            return matches_glob(self.tool, tool)
        return self.tool == tool or (self._is_server and tool.startswith(f"{self.tool}__"))

    def covers(self, tool: str) -> bool:
        """`names`, and the families: `Edit` speaks for every tool that writes files, `Read` for all that read them."""
        family = {"Read": _READERS, "Edit": _WRITERS}.get(self.tool, frozenset())
        return self.names(tool) or tool in family

    @property
    def _is_server(self) -> bool:
        return self.tool.startswith("mcp__") and "__" not in self.tool[5:]


@dataclass(frozen=True, slots=True)
class Rules:
    """Every rule that was understood, by what it leads to, in the order given.

    `confirm_irreversible`: what cannot be undone is asked about in every mode.
    """

    deny: tuple[Rule, ...] = ()
    ask: tuple[Rule, ...] = ()
    allow: tuple[Rule, ...] = ()
    confirm_irreversible: bool = True

    def removed_tools(self, names: Iterable[str]) -> tuple[str, ...]:
        """The tools among `names` that a bare deny rule takes away altogether: the model need not see them."""
        bare = [rule for rule in self.deny if isinstance(rule.specifier, Everything)]
        return tuple(name for name in names if any(rule.covers(name) for rule in bare))

    def denied_reads(self, world: World) -> tuple[tuple[Path, str], ...]:
        """What may not be read, as gitignore patterns below a folder each, for tools that read whole folders."""
        readers = [rule for rule in self.deny if rule.tool in _READERS]
        patterns = [rule.specifier for rule in readers if isinstance(rule.specifier, PathPattern)]
        return tuple((pattern.folder(world), pattern.loose) for pattern in patterns)


class _Malformed(Exception):
    """The rule cannot be used; `str()` says why."""


@dataclass(slots=True)
class _Parsed:
    deny: list[Rule] = field(default_factory=list)
    ask: list[Rule] = field(default_factory=list)
    allow: list[Rule] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse_rules(texts: Iterable[RuleText]) -> tuple[Rules, tuple[str, ...]]:
    """The rules and a warning for each text that is malformed or can never match. Malformed ones match nothing."""
    parsed = _Parsed()
    lists = {"deny": parsed.deny, "ask": parsed.ask, "allow": parsed.allow}
    for text in texts:
        try:
            rule = _parse(text)
        except _Malformed as problem:
            parsed.warnings.append(_warning(text, f"is ignored: {problem}"))
            continue
        lists[text.behaviour].append(rule)
        if text.behaviour != "allow" and rule.tool not in _KNOWN and not set(rule.tool) & set("_*"):
            parsed.warnings.append(_warning(text, f"names no tool coder knows: {rule.tool}"))
    rules = Rules(tuple(parsed.deny), tuple(parsed.ask), tuple(parsed.allow))
    return rules, tuple(parsed.warnings)


def _warning(text: RuleText, problem: str) -> str:
    where = f" ({text.origin})" if text.origin else ""
    return f"The {text.behaviour} rule {text.text!r}{where} {problem}."


def _parse(rule: RuleText) -> Rule:
    text = rule.text.strip()
    tool, parenthesis, rest = text.partition("(")
    tool = tool.strip()
    if parenthesis and not rest.endswith(")"):
        raise _Malformed("its parenthesis is never closed")
    if not _TOOL.match(tool):
        raise _Malformed("a rule is Tool or Tool(specifier)")
    tool = "Agent" if tool == "Task" else tool
    if rule.behaviour == "allow" and "*" in tool and not _SERVER_TOOLS.match(tool):
        raise _Malformed("an allow rule may hold * in the tool name only after mcp__<server>__")
    spec = rest[:-1].strip() if parenthesis else ""
    specifier = Everything() if spec in ("", "*") else _specifier(tool, spec, rule.behaviour, rule.base)
    return Rule(text, rule.behaviour, rule.scope, rule.origin, tool, specifier)


def _specifier(tool: str, spec: str, behaviour: Behaviour, base: Path) -> Specifier:
    if tool == "WebFetch" and spec.startswith("domain:"):
        return Domain(spec.removeprefix("domain:").strip())
    found = _PARAMETER.match(spec)
    if found and (tool not in _PARAMETERS or found[1] in _PARAMETERS[tool] or _is_primary(tool, found)):
        return _parameter(found[1], found[2].strip(), behaviour)
    if tool in _SHELLS:
        return command_pattern(spec)
    if tool == "Git":
        return command_pattern(f"git {spec}")
    if tool in ("Read", "Edit"):
        pattern = path_pattern(spec, base)
        if pattern is None:
            raise _Malformed("its path is not a gitignore pattern that matches something")
        return pattern
    if tool in _NEVER_CONSULTED:
        raise _Malformed(f"paths are ruled by {_NEVER_CONSULTED[tool]}(path)")
    if tool in _NAMED:
        return Named(_NAMED[tool], command_pattern(spec))
    if tool == "WebFetch":
        raise _Malformed("WebFetch takes domain:HOST")
    raise _Malformed(f"{tool} takes no specifier of this form")


def _is_primary(tool: str, found: re.Match[str]) -> bool:
    if tool in _SHELLS:
        return found[1] == "command" and found[2].strip() != "*"  # `command:*` is a prefix rule for `command`
    return found[1] in _PRIMARY


def _parameter(name: str, value: str, behaviour: Behaviour) -> Parameter:
    if behaviour == "allow":
        raise _Malformed("name:value works in deny and ask rules only")
    if name in _PRIMARY:
        raise _Malformed(f"{name} cannot be matched by name:value")
    return Parameter(name, value)
