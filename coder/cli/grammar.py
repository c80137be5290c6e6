"""Which flags a run has, and what each takes. Must not know what becomes of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias, get_args

from coder.cli import argument_values as values
from coder.cli import other_flags
from coder.core.config import OnLimit
from coder.core.errors import ConfigError

Color: TypeAlias = Literal["never", "auto", "always"]
FORMATS = ("text", "json", "stream-json")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigError(f"{message}. `coder help options` lists the flags.")


def grammar() -> argparse.ArgumentParser:
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
    add("--permission-prompts", choices=("host", "none"))
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
    add("--plugin-dir", action="append", type=values.path)
    add("--plugin-dir-no-mcp", action="append", type=values.path)
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
    add("--await-initialize", action="store_true")
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
    add("--managed-settings")
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
