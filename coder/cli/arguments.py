"""The flags of a run, parsed. Knows argv and nothing else.

argparse, not typer: the grammar is the one existing scripts and SDKs use, with optional values, lists that end at the
next flag and both spellings of a name; and it costs a tenth of typer's import (docs/adr/0002).
"""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, get_args

from coder.config.flags import Flags
from coder.core.choices import Effort
from coder.core.config import OnLimit
from coder.core.errors import ConfigError

Color: TypeAlias = Literal["never", "auto", "always"]
_SWITCHED = {None: None, "on": True, "off": False}
FORMATS = ("text", "json", "stream-json")
_RULE = re.compile(r"[A-Za-z*_][\w*-]*(\(.*\))?(,.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What the command line asked for. `prompt` is None when it was not given. The last three are for a terminal."""

    prompt: str | None
    print_mode: bool
    output_format: str
    record: Path | None
    replay: Path | None
    flags: Flags
    screen_reader: bool = False
    no_animation: bool = False
    color: Color = "auto"
    input_format: str = "text"
    replay_user_messages: bool = False


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}. `coder --help` lists the flags.")


def parse(argv: list[str]) -> RunArguments:
    """Raises ConfigError for anything it does not understand."""
    parser = _build()
    found, unknown = parser.parse_known_args(argv)
    if unknown:
        raise ConfigError(_unknown(parser, unknown[0]))
    _check_swallowed(found)
    mode = "bypassPermissions" if found.dangerously_skip_permissions else found.permission_mode
    return RunArguments(
        prompt=found.prompt,
        print_mode=found.print or found.input_format == "stream-json",
        output_format=found.output_format,
        record=found.record,
        replay=found.replay,
        flags=Flags(
            model=found.model,
            effort=found.effort,
            max_turns=found.max_turns,
            permission_mode="default" if mode == "manual" else mode,
            allowed_tools=tuple(found.allowed_tools or ()),
            disallowed_tools=tuple(found.disallowed_tools or ()),
            system_prompt=found.system_prompt,
            append_system_prompt=found.append_system_prompt or "",
            add_dirs=tuple(found.add_dir or ()),
            cwd=found.cwd,
            settings=found.settings,
            setting_sources=found.setting_sources,
            session_id=found.session_id,
            resume=found.resume,
            continue_=found.continue_,
            no_session_persistence=found.no_session_persistence,
            time_budget=_time_budget(found),
            max_budget_usd=found.max_budget_usd,
            max_tokens_total=found.max_tokens,
            fallback_models=_names(found.fallback_model),
            on_limit=found.on_limit,
            auto_compact_window=found.autocompact,
            fork_session=found.fork_session,
            resume_session_at=found.resume_session_at,
            resume_drops_turn=found.resume_drops_turn,
            name=found.name,
            verbose=found.verbose,
            trust_folder=found.trust_folder,
            system_prompt_file=found.system_prompt_file,
            append_system_prompt_file=found.append_system_prompt_file,
            disable_slash_commands=found.disable_slash_commands,
            bare=found.bare,
            safe_mode=found.safe_mode,
            check=found.check,
            check_tries=found.check_tries,
            think=_SWITCHED[found.think_tool],
            hook_events=found.include_hook_events,
            forward_subagent_text=found.forward_subagent_text,
            worktree=found.worktree,
            auto_commit=found.auto_commit,
            mcp_config=tuple(found.mcp_config or ()),
            strict_mcp_config=found.strict_mcp_config,
            require_mcp=tuple(found.require_mcp or ()),
            agents=found.agents,
            agent=found.agent,
            append_subagent_system_prompt=found.append_subagent_system_prompt or "",
        ),
        screen_reader=found.screen_reader,
        no_animation=found.no_animation,
        color=found.color,
        input_format=found.input_format,
        replay_user_messages=found.replay_user_messages,
    )


def _build() -> _Parser:
    parser = _Parser(prog="coder", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("prompt", nargs="?")
    add("-p", "--print", action="store_true")
    add("--output-format", choices=FORMATS, default="text")
    add("--input-format", choices=("text", "stream-json"), default="text")
    add("--replay-user-messages", action="store_true")
    add("--model")
    add("--effort", choices=get_args(Effort))
    add("--max-turns", type=_positive_int)
    add("--time-budget", type=_seconds)
    add("--max-minutes", type=_minutes)
    add("--max-tokens", type=_positive_int)
    add("--max-budget-usd", type=_dollars)
    add("--fallback-model")
    add("--on-limit", choices=get_args(OnLimit))
    add("--autocompact", type=_window)
    add("--permission-mode", choices=("default", "manual", "acceptEdits", "plan", "dontAsk", "bypassPermissions"))
    add("--dangerously-skip-permissions", action="store_true")
    add("--allowedTools", "--allowed-tools", dest="allowed_tools", nargs="+", action="extend")
    add("--disallowedTools", "--disallowed-tools", dest="disallowed_tools", nargs="+", action="extend")
    add("--system-prompt")
    add("--append-system-prompt")
    add("--system-prompt-file")
    add("--append-system-prompt-file")
    add("--exclude-dynamic-system-prompt-sections", action="store_true")  # they never are in it
    add("--disable-slash-commands", action="store_true")
    add("--bare", action="store_true")
    add("--safe-mode", action="store_true")
    add("--check")
    add("--check-tries", type=_positive_int)
    add("--think-tool", choices=("on", "off"))
    add("--include-hook-events", action="store_true")
    add("--forward-subagent-text", action="store_true")
    add("-w", "--worktree", nargs="?", const="")
    add("--auto-commit", action=argparse.BooleanOptionalAction)
    add("--add-dir", nargs="+", action="extend")
    add("--cwd")
    add("--mcp-config", nargs="+", action="extend")
    add("--strict-mcp-config", action="store_true")
    add("--require-mcp", action="append")
    add("--agents")
    add("--agent")
    add("--append-subagent-system-prompt")
    _add_session_flags(parser)
    return parser


def _add_session_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--settings")
    add("--setting-sources")
    add("--session-id")
    add("-r", "--resume", nargs="?", const="")
    add("-c", "--continue", dest="continue_", action="store_true")
    add("--fork-session", action="store_true")
    add("--resume-session-at")
    add("--resume-drops-turn")
    add("-n", "--name")
    add("--no-session-persistence", action="store_true")
    add("--verbose", action="store_true")
    add("--trust-folder", action="store_true")
    add("--screen-reader", action="store_true")
    add("--no-animation", action="store_true")
    add("--color", choices=get_args(Color), default="auto")
    add("--record", type=Path)
    add("--replay", type=Path)


def _positive_int(text: str) -> int:
    value = int(text) if text.isdigit() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return value


def _seconds(text: str) -> float:
    return _number(text, "a number of seconds above 0")


def _minutes(text: str) -> float:
    return 60 * _number(text, "a number of minutes above 0")


def _dollars(text: str) -> float:
    return _number(text, "an amount in dollars above 0")


def _number(text: str, expected: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value


def _window(text: str) -> int | None:
    """Tokens at which to compact: `auto` (None), `500000` or `500k`."""
    if text == "auto":
        return None
    digits = text.lower().removesuffix("k")
    value = int(digits) * (1000 if digits != text.lower() else 1) if digits.isdecimal() else 0
    if not 1_000 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError(f"expected auto or a number of tokens from 1000 such as 150k, got {text!r}")
    return value


def _time_budget(found: argparse.Namespace) -> float | None:
    """In seconds; where both limits are given the tighter one holds."""
    given = [seconds for seconds in (found.time_budget, found.max_minutes) if seconds is not None]
    return min(given, default=None)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _check_swallowed(found: argparse.Namespace) -> None:
    """A list flag takes every word up to the next flag; say so when it took the prompt."""
    if found.prompt is not None:
        return
    for name, values in (("--allowedTools", found.allowed_tools), ("--disallowedTools", found.disallowed_tools)):
        if values and not all(_RULE.fullmatch(part) for part in values[-1:]):
            raise ConfigError(
                f"{name} took {values[-1]!r} as a rule. Put the prompt before {name}, or end the list with `--`."
            )


def _unknown(parser: argparse.ArgumentParser, flag: str) -> str:
    from difflib import get_close_matches

    known = [option for action in parser._actions for option in action.option_strings]
    near = get_close_matches(flag.split("=")[0], known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    if not flag.startswith("-"):
        return f"a second prompt {flag!r}: put the whole prompt in quotes."
    return f"unknown flag {flag}.{hint} `coder --help` lists the flags."
