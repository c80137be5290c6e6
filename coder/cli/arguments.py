"""The flags of a run, parsed. Knows argv and nothing else.

argparse, not typer: the grammar is the one existing scripts and SDKs use, with optional values, lists that end at the
next flag and both spellings of a name; and it costs a tenth of typer's import (docs/adr/0002).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, get_args

from coder.cli import argument_checks as checks
from coder.cli import argument_values as values
from coder.cli import other_flags
from coder.cli.argv import bound
from coder.config.flags import Flags
from coder.core.config import OnLimit
from coder.core.errors import ConfigError

Color: TypeAlias = Literal["never", "auto", "always"]
FORMATS = ("text", "json", "stream-json")
_SWITCHED = {None: None, "on": True, "off": False}


@dataclass(frozen=True, slots=True)
class StreamArguments:
    """What a program that drives coder asked for of the messages both ways. `input_format` is text or stream-json;
    `partial`: the API's own events too; `replays`: each message of the host comes back; `mirrors`: what is stored is
    told."""

    input_format: str = "text"
    partial: bool = False
    replays: bool = False
    mirrors: bool = False

    @property
    def is_driven(self) -> bool:
        """Whether prompts come on standard input, as messages."""
        return self.input_format != "text"


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What the command line asked for. `prompt` is None when it was not given; `print_mode` is also what
    `--input-format stream-json` means. `init_only`: what is run at the start of a session, and no session.
    `notices` are about flags that do nothing here. The three after `flags` are for a terminal."""

    prompt: str | None
    print_mode: bool
    output_format: str
    record: Path | None
    replay: Path | None
    flags: Flags
    screen_reader: bool = False
    no_animation: bool = False
    color: Color = "auto"
    streaming: StreamArguments = StreamArguments()
    init_only: bool = False
    notices: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}. `coder --help` lists the flags.")


def parse(argv: list[str]) -> RunArguments:
    """Raises ConfigError for anything it does not understand, and for what is not to be had."""
    parser = _build()
    actions = parser._option_string_actions
    takers = [name for name, action in actions.items() if action.nargs is None or action.nargs == "+"]
    found, unknown = parser.parse_known_args(bound(argv, actions.keys(), takers))
    if unknown:
        raise ConfigError(_unknown(parser, unknown))
    if why := checks.objection(found):
        raise ConfigError(why)
    is_driven = found.input_format == "stream-json"
    return RunArguments(
        prompt=found.prompt,
        print_mode=found.print or is_driven,
        output_format=found.output_format,
        record=found.record,
        replay=found.replay,
        flags=_flags(found),
        screen_reader=found.screen_reader,
        no_animation=found.no_animation,
        color=found.color,
        streaming=StreamArguments(
            found.input_format,
            found.include_partial_messages,
            found.replay_user_messages,
            found.session_mirror,
        ),
        init_only=found.init_only,
        notices=other_flags.notices(vars(found)),
    )


def _flags(found: argparse.Namespace) -> Flags:
    mode = "bypassPermissions" if found.dangerously_skip_permissions else found.permission_mode
    return Flags(
        model=found.model,
        effort=found.effort,
        max_turns=found.max_turns,
        permission_mode="default" if mode == "manual" else mode,
        may_bypass=found.allow_dangerously_skip_permissions,
        permission_prompt_tool=found.permission_prompt_tool,
        tools=values.named_tools(found.tools),
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
        task_budget=found.task_budget,
        fallback_models=values.names(found.fallback_model),
        betas=tuple(dict.fromkeys(name for each in found.betas or () for name in each)),
        thinking=found.thinking,
        thinking_tokens=found.max_thinking_tokens,
        thinking_display=found.thinking_display,
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
        json_schema=found.json_schema,
        setup="init" if found.init or found.init_only else "maintenance" if found.maintenance else "",
        debug=found.debug if found.debug is not None or found.debug_file is None else "",
        debug_file=found.debug_file,
    )


def _build() -> _Parser:
    parser = _Parser(prog="coder", add_help=False, allow_abbrev=False)
    add = parser.add_argument
    add("prompt", nargs="?")
    add("-p", "--print", action="store_true")
    add("--output-format", choices=FORMATS, default="text")
    _add_stream_flags(parser)
    _add_model_flags(parser)
    add("--permission-mode", type=values.mode)
    add("--dangerously-skip-permissions", action="store_true")
    add("--allow-dangerously-skip-permissions", action="store_true")
    add("--permission-prompt-tool")
    add("--tools", nargs="+", action="extend")
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
    add("--check-tries", type=values.positive)
    add("--init", action="store_true")
    add("--init-only", action="store_true")
    add("--maintenance", action="store_true")
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


def _add_stream_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--input-format", choices=("text", "stream-json"), default="text")
    add("--include-partial-messages", action="store_true")
    add("--include-hook-events", action="store_true")
    add("--replay-user-messages", action="store_true")
    add("--forward-subagent-text", action="store_true")
    add("--session-mirror", action="store_true")
    add("--json-schema")
    for flag in other_flags.ignorable():
        add(flag, action="store_true")


def _add_model_flags(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model")
    add("--effort", type=values.effort)
    add("--thinking", choices=("adaptive", "disabled"))
    add("--max-thinking-tokens", type=values.from_zero)
    add("--thinking-display", choices=("summarized", "omitted"))
    add("--think-tool", choices=("on", "off"))
    add("--betas", type=values.beta, nargs="+", action="extend")
    add("--fallback-model")
    add("--max-turns", type=values.positive)
    add("--time-budget", type=values.seconds)
    add("--max-minutes", type=values.minutes)
    add("--max-tokens", type=values.positive)
    add("--max-budget-usd", type=values.dollars)
    add("--task-budget", type=values.positive)
    add("--on-limit", choices=get_args(OnLimit))
    add("--autocompact", type=values.window)


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
    add("--debug")
    add("--debug-file")
    add("--trust-folder", action="store_true")
    add("--screen-reader", "--ax-screen-reader", action="store_true")
    add("--no-animation", action="store_true")
    add("--color", choices=get_args(Color), default="auto")
    add("--record", type=Path)
    add("--replay", type=Path)


def _time_budget(found: argparse.Namespace) -> float | None:
    """In seconds; where both limits are given the tighter one holds."""
    given = [seconds for seconds in (found.time_budget, found.max_minutes) if seconds is not None]
    return min(given, default=None)


def _unknown(parser: argparse.ArgumentParser, words: list[str]) -> str:
    from difflib import get_close_matches

    flag = next((word for word in words if word.startswith("-")), words[0])
    if not flag.startswith("-"):
        return f"a second prompt {flag!r}: put the whole prompt in quotes."
    if why := other_flags.refusal(flag):
        return why
    known = [option for action in parser._actions for option in action.option_strings]
    near = get_close_matches(flag.split("=")[0], known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"unknown flag {flag}.{hint} `coder --help` lists the flags."
