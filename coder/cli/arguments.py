"""The flags of a run, parsed. Knows argv and nothing else.

argparse, not typer: the grammar is the one existing scripts and SDKs use, with optional values, lists that end at the
next flag and both spellings of a name; and it costs a tenth of typer's import (docs/adr/0002).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from coder.cli import argument_checks as checks
from coder.cli import argument_values as values
from coder.cli import other_flags
from coder.cli.argv import bound
from coder.cli.grammar import Color, grammar
from coder.config.flags import Flags
from coder.core.dataclass import dataclass
from coder.core.errors import ConfigError
from coder.core.visible import visible_line

_OTHERS = {
    **dict.fromkeys(("run", "exec", "ask", "chat", "prompt"), 'coder -p "{}"'),
    "resume": 'coder -r "{}"',
    "continue": 'coder -c "{}"',
}  # commands of programs like this one, with what they are here
_LONGEST_SHOWN = 60
_NEAR = 0.8  # `sesions` is, `review` is not `rewind`
_QUOTES = "put the whole prompt in quotes"
_SWITCHED = {None: None, "on": True, "off": False}


@dataclass(frozen=True, slots=True)
class StreamArguments:
    """What a program that drives coder asked for of the messages both ways. `input_format` is text or stream-json;
    `partial`: the API's own events too; `replays`: each message of the host comes back; `mirrors`: what is stored is
    told; `awaits`: nothing begins before the host has said what it wants; `suggests`: the next prompt is suggested."""

    input_format: str = "text"
    partial: bool = False
    replays: bool = False
    mirrors: bool = False
    awaits: bool = False
    suggests: bool = False

    @property
    def is_driven(self) -> bool:
        """Whether prompts come on standard input, as messages."""
        return self.input_format != "text"


@dataclass(frozen=True, slots=True)
class RunArguments:
    """What the command line asked for. `prompt` is None when it was not given; `print_mode` is also what
    `--input-format stream-json` and `--init-only` mean. `init_only`: what is run at the start of a session, no prompt.
    The three after `flags` are for a terminal."""

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


def parse(argv: list[str]) -> RunArguments:
    """Raises ConfigError for anything it does not understand, and for what is not to be had."""
    parser = grammar()
    actions = parser._option_string_actions
    takers = [name for name, action in actions.items() if action.nargs is None or action.nargs == "+"]
    found, unknown = parser.parse_known_args(bound(argv, actions.keys(), takers))
    if unknown:
        raise ConfigError(_unknown(parser, unknown, "" if found.print else found.prompt or ""))
    if why := checks.objection(found):
        raise ConfigError(why)
    is_driven = found.input_format == "stream-json"
    return RunArguments(
        prompt=found.prompt,
        print_mode=found.print or is_driven or found.init_only,
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
            found.await_initialize,
            found.prompt_suggestions,
        ),
        init_only=found.init_only,
    )


def _flags(found: argparse.Namespace) -> Flags:
    mode = "bypassPermissions" if found.dangerously_skip_permissions else found.permission_mode
    return Flags(
        model=found.model,
        effort=found.effort,
        max_turns=found.max_turns,
        permission_mode="default" if mode == "manual" else mode,
        may_bypass=found.allow_dangerously_skip_permissions,
        permission_prompt_tool=None if found.permission_prompts == "none" else found.permission_prompt_tool,
        tools=values.named_tools(found.tools),
        allowed_tools=tuple(found.allowed_tools or ()),
        disallowed_tools=tuple(found.disallowed_tools or ()),
        system_prompt=found.system_prompt,
        append_system_prompt=found.append_system_prompt or "",
        add_dirs=tuple(found.add_dir or ()),
        cwd=found.cwd,
        settings=found.settings,
        managed_settings=found.managed_settings,
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
        plugin_dirs=(*(found.plugin_dir or ()), *(found.plugin_dir_no_mcp or ())),
        plugin_dirs_without_servers=tuple(found.plugin_dir_no_mcp or ()),
        agent=found.agent,
        append_subagent_system_prompt=found.append_subagent_system_prompt or "",
        json_schema=found.json_schema,
        setup="init" if found.init or found.init_only else "maintenance" if found.maintenance else "",
        debug=found.debug if found.debug is not None or found.debug_file is None else "",
        debug_file=found.debug_file,
        notices=other_flags.notices(vars(found)),
    )


def _time_budget(found: argparse.Namespace) -> float | None:
    """In seconds; where both limits are given the tighter one holds."""
    given = [seconds for seconds in (found.time_budget, found.max_minutes) if seconds is not None]
    return min(given, default=None)


def _mistyped(first: str) -> str:
    """Why `first` is no command, where it is nearly the name of one; else ""."""
    from difflib import get_close_matches

    from coder.cli.main import SUBCOMMANDS

    near = get_close_matches(first, SUBCOMMANDS, n=1, cutoff=_NEAR)
    said = f"there is no command {first!r}. Did you mean: coder {near[0]}?" if near else ""
    return said and f"{said} If it is a prompt, {_QUOTES}."


def _unknown(parser: argparse.ArgumentParser, words: list[str], first: str) -> str:
    """`first` is what was taken for the prompt of a session with somebody in front."""
    from difflib import get_close_matches

    flag = next((word for word in words if word.startswith("-")), words[0])
    if not flag.startswith("-") and first in _OTHERS:
        said = visible_line(" ".join(words))
        said = said if len(said) <= _LONGEST_SHOWN and not set(said) & set('"$`\\!') else "…"
        return f"there is no command {first!r}. Did you mean: {_OTHERS[first].format(said)}?"
    if not flag.startswith("-"):
        return other_flags.no_command(first) or _mistyped(first) or f"a second prompt {flag!r}: {_QUOTES}."
    if why := other_flags.refusal(flag):
        return why
    known = [option for action in parser._actions for option in action.option_strings]
    near = get_close_matches(flag.split("=")[0], known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"unknown flag {flag}.{hint} `coder help options` lists the flags."
