"""The test cases of a policy: JSON lines read, checked and judged. Must not know how results are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from coder.app.policy import Policy, Standing, without_trust, world_of
from coder.config.paths import config_home, expand, user_home
from coder.config.settings import mode_named, mode_names
from coder.core.config import Behaviour, RuleText, Scope
from coder.core.dataclass import dataclass
from coder.core.tools import Mode
from coder.permissions.decide import Decision, Verdict
from coder.permissions.rules import Rules, parse_rules

VERDICTS: tuple[Verdict, ...] = ("allow", "ask", "deny")
_SOURCES: tuple[Scope, ...] = ("user", "project", "local", "flag")
_KEYS = (
    "id", "tool", "input", "rules", "rules_source", "mode", "cwd", "home", "project_root", "additional_dirs",
    "trusted", "expect",
)  # fmt: skip
_RuleLists = tuple[tuple[Behaviour, tuple[str, ...]], ...]


class Malformed(ValueError):
    """A line that is no test case; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line. `rules` None: the settings of the current folder. `expect` empty: nothing is expected."""

    id: str | int
    tool: str
    input: object
    rules: _RuleLists | None
    source: Scope
    mode: Mode | None
    cwd: str | None
    home: str | None
    project_root: str | None
    additional_dirs: tuple[str, ...] | None
    trusted: bool | None
    expect: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """`ok`: as expected, or nothing was expected. `warnings` are about rules of the case that match nothing."""

    case: Case
    decision: Decision
    warnings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.case.expect or self.decision.verdict in self.case.expect


def read_case(line: bytes, number: int) -> Case:
    """Raises Malformed."""
    try:
        raw = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed(f"not UTF-8 text (byte {error.start + 1} of the line)") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"not valid JSON: {error.msg} (column {error.colno})") from error
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not usable JSON: {error}") from error
    if not isinstance(raw, dict):
        raise Malformed('a case is an object such as {"tool": "Bash", "input": {"command": "ls"}, "expect": "allow"}')
    for key in raw:
        if key not in _KEYS and (near := get_close_matches(key, _KEYS, n=1, cutoff=0.8)):
            raise Malformed(f"unknown key {key!r}; did you mean {near[0]!r}?")
    for key in ("tool", "input"):
        if key not in raw:
            raise Malformed(f"the key {key!r} is missing")
    tool = _text(raw, "tool")
    if not tool:
        raise Malformed("'tool' must be the name of a tool, such as \"Bash\"")
    return Case(
        id=_id(raw.get("id"), number),
        tool=tool,
        input=raw["input"],
        rules=_rules(raw.get("rules")),
        source=_source(raw.get("rules_source")),
        mode=_mode(raw.get("mode")),
        cwd=_text(raw, "cwd"),
        home=_text(raw, "home"),
        project_root=_text(raw, "project_root"),
        additional_dirs=None if raw.get("additional_dirs") is None else _texts(raw, "additional_dirs", ""),
        trusted=_switch(raw, "trusted"),
        expect=_expect(raw.get("expect")),
    )


def _id(value: object, number: int) -> str | int:
    if value is None:
        return f"line {number}"
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Malformed("'id' must be a text or a whole number")
    return value


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is not None and (not isinstance(value, str) or not value or "\0" in value):
        raise Malformed(f"{key!r} must be a text that is not empty")
    return value


def _texts(raw: Mapping[str, Any], key: str, owner: str) -> tuple[str, ...]:
    value = [] if raw.get(key) is None else raw[key]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Malformed(f"'{owner}{key}' must be a list of texts")
    return tuple(value)


def _switch(raw: Mapping[str, Any], key: str) -> bool | None:
    value = raw.get(key)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"{key!r} must be true or false")
    return value


def _rules(value: object) -> _RuleLists | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise Malformed("'rules' must be an object with lists allow, ask and deny")
    behaviours: tuple[Behaviour, ...] = ("deny", "ask", "allow")
    if strange := [key for key in value if key not in behaviours]:
        raise Malformed(f"'rules' has the key {strange[0]!r}; it takes allow, ask and deny")
    return tuple((behaviour, _texts(value, behaviour, "rules.")) for behaviour in behaviours)


def _source(value: object) -> Scope:
    if value is None:
        return "flag"
    for source in _SOURCES:
        if value == source:
            return source
    raise Malformed(f"'rules_source' must be one of {', '.join(_SOURCES)}")


def _mode(value: object) -> Mode | None:
    mode = mode_named(value) if isinstance(value, str) else None
    if value is not None and mode is None:
        raise Malformed(f"'mode' must be one of {mode_names()}")
    return mode


def _expect(value: object) -> tuple[Verdict, ...]:
    if value is None:
        return ()
    wanted = value if isinstance(value, list) else [value]
    found = tuple(verdict for verdict in VERDICTS if verdict in wanted)
    if not found or any(item not in VERDICTS for item in wanted):
        raise Malformed("'expect' must be allow, ask or deny, or a list of these")
    return found


class Judge:
    """Judges cases as a session started in their folder would. Rules are read once for all cases that share them.

    `current` gives the settings of the current folder, which is `cwd`; it is called for the first case without rules.
    """

    def __init__(self, current: Callable[[], Standing], cwd: Path, env: Mapping[str, str]) -> None:
        self._current = current
        self._cwd = cwd
        self._env = env
        self._read: dict[object, tuple[Rules, tuple[str, ...]]] = {}

    @cached_property
    def _standing(self) -> Standing:
        return self._current()

    def judge(self, case: Case) -> Result:
        """Raises ConfigError when the settings are needed and cannot be used."""
        policy, warnings = self._policy(case)
        return Result(case, policy.judge(case.tool, case.input), warnings)

    def _policy(self, case: Case) -> tuple[Policy, tuple[str, ...]]:
        home = expand(case.home, self._env, self._cwd) if case.home is not None else user_home(self._env)
        env = {"HOME": str(home)}
        start = case.cwd if case.cwd is not None else case.project_root
        cwd = self._cwd if start is None else expand(start, env, self._cwd)
        own = config_home(env if case.home is not None else self._env)
        warnings: tuple[str, ...] = ()
        mode: Mode = "default"
        more: tuple[Path, ...] = ()
        if case.rules is None:
            standing = self._standing
            policy = standing.policy if case.trusted is None else standing.trusting(case.trusted)
            rules, mode, more = policy.rules, policy.mode, policy.world.roots[1:]
        else:
            root = cwd if case.project_root is None else expand(case.project_root, env, self._cwd)
            base = {"user": own, "project": root}.get(case.source, cwd)
            rules, warnings = self._rules(case.rules, case.source, base, trusted=case.trusted is not False)
        if case.additional_dirs is not None:
            more = tuple(expand(folder, env, cwd) for folder in case.additional_dirs)
        return Policy(world_of(cwd, more, home, own), rules, case.mode or mode), warnings

    def _rules(self, lists: _RuleLists, source: Scope, base: Path, *, trusted: bool) -> tuple[Rules, tuple[str, ...]]:
        key = (lists, source, base, trusted)
        if key not in self._read:
            texts = tuple(RuleText(text, behaviour, source, "", base) for behaviour, rules in lists for text in rules)
            self._read[key] = parse_rules(texts if trusted else without_trust(texts))
        return self._read[key]


def read_cases(data: bytes) -> Iterator[tuple[int, Case | Malformed]]:
    """Every line that is not blank, with its number."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            try:
                yield number, read_case(line, number)
            except Malformed as problem:
                yield number, problem
