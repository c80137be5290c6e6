"""Rules in settings files: where they stand, which count, and what is wrong with one. Must not print."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from coder.app.policy import REPOSITORY, Standing, layers
from coder.config.paths import local_settings, project_settings, user_home, user_settings
from coder.core.config import Behaviour, Config, RuleText, Scope
from coder.core.errors import ConfigError
from coder.frontends.policy.text import RuleRow, short
from coder.permissions.pathrules import PathPattern
from coder.permissions.patterns import SEPARATOR, CommandPattern
from coder.permissions.readonly import is_reader
from coder.permissions.rules import Everything, Rule, parse_rules
from coder.permissions.shell import understand
from coder.permissions.suggest import command_rule
from coder.permissions.world import World

_EXAMPLES = {
    "Read": "Read(src/**)",
    "Grep": "Read(src/**)",
    "Glob": "Read(src/**)",
    "Edit": "Edit(src/**)",
    "Write": "Edit(src/**)",
    "NotebookEdit": "Edit(src/**)",
    "WebFetch": "WebFetch(domain:docs.python.org)",
    "Agent": "Agent(Explore)",
    "Skill": "Skill(review)",
}
_COMMAND_TOOLS = ("Bash", "Monitor", "PowerShell")
_ORDER: tuple[Behaviour, ...] = ("deny", "ask", "allow")
UNTRUSTED = "not used: this folder is not trusted"
MANAGED = "not used: only the administrator allows here"


def rows(found: Standing) -> list[RuleRow]:
    """Every rule with a note where it does nothing, deny first, the strongest file first."""
    used = [RuleRow(rule, _flaw(rule, found)) for rule in found.config.rules]
    untrusted = set(found.untrusted)
    unused = [RuleRow(rule, UNTRUSTED if rule in untrusted else MANAGED) for rule in found.unused]
    return sorted((*used, *unused), key=lambda row: _ORDER.index(row.rule.behaviour))


def _flaw(text: RuleText, found: Standing) -> str:
    """Why a rule does nothing, as far as that can be told from the rules alone."""
    parsed, warnings = parse_rules([replace(text, origin="")])
    if warnings:
        return f"does nothing: {_why(warnings[0])}"
    (rule,) = (*parsed.deny, *parsed.ask, *parsed.allow)
    why = _never_matches(rule, found.policy.world)
    if not why and text.behaviour != "deny" and (stronger := _shadow(rule, found.config.rules)):
        why = f"{stronger.behaviour} {stronger.text.strip()} always comes first"
    return f"does nothing: {why}" if why else ""


def _why(warning: str) -> str:
    """The part of a warning that says what is wrong with the rule it names."""
    return re.sub(r"^The \w+ rule .*? (?:is ignored: (?=\S)|(?=names no tool))", "", warning, flags=re.DOTALL).rstrip(
        "."
    )


def _never_matches(rule: Rule, world: World) -> str:
    """Why an allow rule that is well formed still cannot match; "" when it can."""
    if rule.behaviour != "allow":
        return ""
    _, unknown = parse_rules([RuleText(rule.tool, "deny", rule.scope, "", Path("/"))])
    if unknown:
        return _why(unknown[0])
    pattern = rule.specifier
    if isinstance(pattern, CommandPattern) and re.search(r"[;&|\n]", pattern.source):
        shell = understand(pattern.source, world)
        if shell.understood and len(shell.commands) > 1:
            parts = ", ".join(f"{rule.tool}({command.text})" for command in shell.commands)
            return f"each part of a command line is looked at by itself, so write a rule for each: {parts}"
    return ""


def _shadow(rule: Rule, others: tuple[RuleText, ...]) -> RuleText | None:
    """A deny or ask rule that speaks about everything this one does."""
    stronger = _ORDER[: _ORDER.index(rule.behaviour)]
    for other in others:
        if other.behaviour not in stronger:
            continue
        parsed, _ = parse_rules([other])
        for found in (*parsed.deny, *parsed.ask):
            whole = isinstance(found.specifier, Everything) and found.covers(rule.tool)
            if whole or (found.tool == rule.tool and found.specifier == rule.specifier):
                return other
    return None


def mode_origin(found: Standing, env: Mapping[str, str]) -> str:
    """The file that sets the mode; empty when none does."""
    for layer in layers(found.config, env):
        counts = found.trusted or layer.scope not in REPOSITORY
        if counts and layer.settings.mode == found.config.mode:
            return layer.origin
    return ""


def settings_file(scope: Scope, config: Config) -> Path:
    """The file that rules of this scope are written to."""
    match scope:
        case "user":
            return user_settings(config.home)
        case "project":
            return project_settings(config.cwd)
        case _:
            return local_settings(config.cwd)


def check_rule(text: str, behaviour: Behaviour, cwd: Path) -> str:
    """The rule as it is saved. Raises ConfigError for one that would be ignored."""
    text = text.strip()
    rules, warnings = parse_rules([RuleText(text, behaviour, "local", "", cwd)])
    if not (rules.deny or rules.ask or rules.allow):
        example = _EXAMPLES.get(text.partition("(")[0].strip(), "Bash(npm test *)")
        raise ConfigError(
            f"{text!r} is no {behaviour} rule: {_why(warnings[0])}. Nothing was saved. A rule that works: {example}"
        )
    return text


def cautions(text: str, behaviour: Behaviour, scope: Scope, found: Standing) -> list[str]:
    """What a person should know about a rule they have just saved."""
    given = RuleText(text, behaviour, scope, "", found.config.cwd)
    parsed, _ = parse_rules([given])
    (rule,) = (*parsed.deny, *parsed.ask, *parsed.allow)
    said: list[str] = []
    if flaw := _flaw(given, found):
        said.append(f"It {flaw}.")
    if behaviour == "allow" and (wide := opens_wide(rule, found.policy.world)):
        said.append(f"{text} {wide}.")
    if behaviour == "allow" and scope in REPOSITORY and not found.would_count(settings_file(scope, found.config)):
        said.append(
            "It counts once you trust this folder (coder trust), for the file holds more that you have not approved."
        )
    return said


def opens_wide(rule: Rule, world: World) -> str:
    """What an allow rule lets through beyond what it seems to; "" for a narrow one."""
    match rule.specifier:
        case Everything() if rule.tool in _COMMAND_TOOLS:
            return "allows every command, whatever it does"
        case Everything() if rule.tool in ("Edit", "Read"):
            verb = "changing" if rule.tool == "Edit" else "reading"
            return f"allows {verb} every file on this machine that is not protected"
        case Everything() if rule.tool == "WebFetch":
            return "allows every address on the network"
        case PathPattern(anchor="disk" | "home", pattern="/**"):
            return "allows every file below that folder"
        case CommandPattern(is_exact=False) as pattern:
            return _opens_program(pattern, world)
        case _:
            return ""


def _opens_program(pattern: CommandPattern, world: World) -> str:
    """A pattern coder would never offer itself: of a program that runs or deletes what its other words say."""
    known = [text for text in pattern.literals[0].split(SEPARATOR) if text]
    if not known:
        return "allows commands of every program"
    for command in understand(shlex.join([*known, "x"]), world).commands:
        if is_reader(command.words) or "*" in command_rule(command):
            return ""
    return f"allows whatever {' '.join(known)} is told to do: it can run or delete anything"


def find_rule(
    text: str, behaviour: Behaviour | None, scope: Scope | None, found: Standing, env: Mapping[str, str]
) -> RuleText:
    """The one place where the rule stands. Raises ConfigError when there is none, or when it is not plain which."""
    config = found.config
    home = user_home(env)
    standing = [
        rule
        for layer in layers(config, env)
        for rule in layer.rules()
        if rule.text.strip() == text.strip() and behaviour in (None, rule.behaviour) and scope in (None, rule.scope)
    ]
    ours = [rule for rule in standing if Path(rule.origin) == settings_file(rule.scope, config)]
    if len(ours) == 1:
        return ours[0]
    if ours:
        places = ", ".join(f"--{rule.behaviour} --{rule.scope}" for rule in ours)
        raise ConfigError(f"{text!r} stands in {len(ours)} places: say which, by one of {places}.")
    if standing:
        file = short(standing[0].origin, config.cwd, home)
        raise ConfigError(f"{text!r} stands in {file}, which coder never writes: take it out there.")
    raise ConfigError(f"no settings file of yours has the rule {text!r}. `coder permissions list` shows them all.")
