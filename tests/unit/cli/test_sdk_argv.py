"""The command line as the public Python SDK writes it, and as scripts for other agents do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from claude_agent_sdk import ClaudeAgentOptions
from claude_agent_sdk._internal.transport.subprocess_cli import SubprocessCLITransport
from hypothesis import given, settings
from hypothesis import strategies as st

from coder.cli.arguments import RunArguments, parse
from coder.core.errors import ConfigError

ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
ODD = st.sampled_from(["", "-", "--", "-x", "--model", "--verbose", "--model=x y", "- one\n- two", "-1", "a b", "ü…"])
TEXT = ANY | ODD
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
STREAMED = ["--output-format", "stream-json"]


def built(**options: Any) -> list[str]:
    transport = SubprocessCLITransport("x", ClaudeAgentOptions(cli_path="coder", **options))
    return list(transport._build_command()[1:])


@pytest.mark.behaviour("B-2260")
@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "system_prompt": TEXT.filter(lambda text: text != "--"),
            "tools": st.lists(NAME.filter(lambda name: name != "default"), max_size=3),
            "allowed_tools": st.lists(NAME.map(str.capitalize), max_size=3),
            "max_turns": st.integers(1, 99),
            "max_budget_usd": st.floats(0.01, 50),
            "model": NAME | st.just("-odd-"),
            "fallback_model": NAME,
            "betas": st.lists(NAME, max_size=2),
            "permission_mode": st.sampled_from(["default", "acceptEdits", "plan", "bypassPermissions", "dontAsk"]),
            "resume": TEXT.filter(lambda text: text not in ("", "--")),
            "settings": st.just('{"model": "x"}'),
            "add_dirs": st.lists(NAME | st.just("-folder"), max_size=2),
            "include_partial_messages": st.booleans(),
            "include_hook_events": st.booleans(),
            "strict_mcp_config": st.booleans(),
            "setting_sources": st.lists(st.sampled_from(["user", "project", "local"]), max_size=2),
            "effort": st.sampled_from(["low", "medium", "high", "xhigh", "max"]),
            "task_budget": st.integers(1, 10**6).map(lambda total: {"total": total}),
            "thinking": st.sampled_from(
                [
                    {"type": "adaptive", "display": "omitted"},
                    {"type": "disabled"},
                    {"type": "enabled", "budget_tokens": 2000},
                ]
            ),
            "output_format": st.just({"type": "json_schema", "schema": {"type": "object"}}),
            "extra_args": st.sampled_from([{}, {"debug": None}, {"name": "-n"}, {"append-system-prompt": "- be kind"}]),
        },
    )
)
def test_what_the_sdk_writes_is_read_as_it_was_meant(options: dict[str, Any]) -> None:
    found = parse(built(**options))
    flags = found.flags
    assert (found.prompt, found.print_mode, found.output_format) == (None, True, "stream-json")
    assert found.streaming.is_driven and flags.verbose and flags.agents is None
    assert flags.system_prompt == options.get("system_prompt", "")
    assert flags.tools == (tuple(dict.fromkeys(options["tools"])) if "tools" in options else None)
    assert ",".join(flags.allowed_tools) == ",".join(options.get("allowed_tools", []))
    assert flags.max_turns == options.get("max_turns") and flags.max_budget_usd == options.get("max_budget_usd")
    assert flags.model == options.get("model") and flags.resume == options.get("resume")
    assert flags.add_dirs == tuple(options.get("add_dirs", ())) and flags.effort == options.get("effort")
    assert found.streaming.partial == options.get("include_partial_messages", False)
    assert flags.hook_events == options.get("include_hook_events", False)
    assert flags.task_budget == options.get("task_budget", {}).get("total")
    assert (flags.json_schema is None) == ("output_format" not in options)
    if "setting_sources" in options:
        assert flags.setting_sources == ",".join(options["setting_sources"])
    extra = options.get("extra_args", {})
    assert flags.debug == ("" if "debug" in extra else None) and flags.name == extra.get("name")
    assert flags.append_system_prompt == extra.get("append-system-prompt", "")


def test_all_that_a_driven_session_can_be_given() -> None:
    servers: dict[str, Any] = {"t": {"type": "stdio", "command": "x"}}
    found = parse(
        [
            *built(mcp_servers=servers, permission_prompt_tool_name="stdio"),
            *("--replay-user-messages", "--session-mirror", "--forward-subagent-text", "--agent", "helper"),
            *("--agents", '{"a": 1}', "--session-id=5", "--resume-session-at=-u", "--resume-drops-turn="),
        ]
    )
    assert json.loads(found.flags.mcp_config[0]) == {"mcpServers": servers}
    assert found.streaming.replays and found.streaming.mirrors and found.flags.forward_subagent_text
    assert (found.flags.permission_prompt_tool, found.flags.resume_session_at) == ("stdio", "-u")
    assert found.flags.resume_drops_turn == ""  # refused where sessions are looked up, not lost here


def flags_of(found: RunArguments) -> tuple[object, ...]:
    flags = found.flags
    return flags.thinking, flags.thinking_tokens, flags.thinking_display, flags.betas, flags.debug, flags.debug_file


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["--thinking", "disabled"], ("disabled", None, None, (), None, None)),
        (["--max-thinking-tokens", "0"], (None, 0, None, (), None, None)),
        (["--thinking-display=omitted"], (None, None, "omitted", (), None, None)),
        (["--betas", "a-1,b", "--betas=b,c"], (None, None, None, ("a-1", "b", "c"), None, None)),
        (["--debug"], (None, None, None, (), "", None)),
        (["--debug=mcp,!api"], (None, None, None, (), "mcp,!api", None)),
        (["--debug-file", "-log"], (None, None, None, (), "", "-log")),
    ],
)
def test_flags_of_the_model_and_the_log(argv: list[str], expected: tuple[object, ...]) -> None:
    found = parse(["-p", *argv, "hello"] if argv[0] != "--betas" else ["-p", "hello", *argv])
    assert flags_of(found) == expected and found.prompt == "hello"


@pytest.mark.behaviour("B-2262")
@pytest.mark.parametrize(
    ("argv", "tools"),
    [
        ([], None),
        (["--tools", ""], ()),
        (["--tools="], ()),
        (["--tools", "default"], None),
        (["--tools", "Read,Bash"], ("Read", "Bash")),
        (["--tools", "Read", "Bash", "--tools", "Edit"], ("Read", "Bash", "Edit")),
    ],
)
def test_the_choice_of_tools(argv: list[str], tools: tuple[str, ...] | None) -> None:
    assert parse(["-p", "x", *argv]).flags.tools == tools


@pytest.mark.behaviour("B-2261")
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["-p", "x", "--plugin-url", "http://p"], "--plugin-url: coder loads no plugin from an address"),
        (["-p", "x", "--plugin-dir="], "--plugin-dir: expected a path"),
        (["-p", "x", "--model=--"], "--model cannot be `--`"),
        (["-p", "x", "--chrome"], "--chrome: coder drives no browser"),
        (["--bg", "x"], "--bg: coder has no background sessions"),
        (["x", "--version"], "--version stands alone: coder --version"),
        (["-p", "x", "--permission-mode", "auto"], "there is no mode auto"),
        (["-p", "x", "--effort", "ultracode"], "no level ultracode"),
        (["-p", "x", "--betas", "a\nb: c"], "is no name of a beta"),
        (["-p", "x", "--max-thinking-tokens", "-1"], "from 0"),
        (["-p", "x", "--task-budget", "0"], "from 1"),
        (["-p", "--input-format", "stream-json"], "needs --output-format stream-json"),
        (["--input-format", "stream-json", *STREAMED, "x"], "leave out that of the command line"),
        (["-p", "x", "--replay-user-messages", *STREAMED], "needs --input-format stream-json"),
        (["-p", "x", "--await-initialize", *STREAMED], "needs --input-format stream-json"),
        (["--permission-prompts", "none", "x"], "--permission-prompts needs -p"),
        (["-p", "x", "--permission-prompts", "some"], "invalid choice"),
        (["-p", "x", "--project-config-root=/p"], "come from the folder that is worked in"),
        (["-p", "x", "--session-mirror"], "--session-mirror needs --output-format"),
        (["-p", "x", "--permission-prompt-tool", "stdio"], "needs --input-format"),
        (["-p", "x", "--permission-prompt-tool="], "is empty"),
        (["-p", "x", "--json-schema", " "], "not a valid JSON Schema: it is empty"),
        (["--json-schema", "{}", "x"], "--json-schema needs -p"),
        (["--output-format", "json", "x"], "--output-format json needs -p"),
        (["--init-only", "x"], "--init-only runs no prompt"),
        (["-p", "x", "--init", "--maintenance"], "choose one"),
        (["-p", "--allowedTools", "hello"], "took 'hello' as a rule"),
        (["-p", "--tools", "Read", "say hello"], "Put the prompt before --tools"),
    ],
)
def test_what_is_not_to_be_had_is_refused_with_the_reason(argv: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        parse(argv)
    assert "\n" not in str(caught.value)


def test_rules_in_one_value_and_an_empty_list_are_no_prompt() -> None:
    assert (
        parse(["-p", "--allowedTools", "Read Bash(git log *)", "mcp__s__t"]).flags.allowed_tools[0].startswith("Read")
    )
    assert parse(["-p", "--allowedTools", ""]).flags.allowed_tools == ("",)


@pytest.mark.behaviour("B-2261")
def test_what_changes_nothing_is_let_through_and_said() -> None:
    found = parse(["-p", "x", "--ide", "--no-chrome", "--exclude-dynamic-system-prompt-sections", "--debug-to-stderr"])
    assert found.flags.notices == (
        "--ide does nothing here: there is no editor to connect to.",
        "--no-chrome does nothing here: no browser is driven anyway.",
        "--debug-to-stderr does nothing here: a log goes to a file, with --debug or --debug-file.",
    )
    assert parse(["-p", "-d", "x", "--mcp-debug"]).flags.debug == ""


@pytest.mark.behaviour("B-2680")
def test_next_prompts_are_for_a_program_that_drives_coder() -> None:
    alone = parse(["-p", "x", "--prompt-suggestions"])
    assert "--input-format stream-json alone" in alone.flags.notices[0]
    driven = parse(["--prompt-suggestions", "--verbose", "--input-format", "stream-json", *STREAMED])
    assert driven.streaming.suggests and driven.flags.notices == ()


def test_a_command_of_other_agents_is_no_second_prompt() -> None:
    for words in (
        ["plugin", "install", "x@y"],
        ["plugins", "list"],
        ["plugin", "marketplace", "add", "z", "--scope", "a"],
    ):
        with pytest.raises(ConfigError, match=r"no marketplaces|unknown flag --scope"):
            parse(words)
    assert parse(["-p", "plugin"]).prompt == "plugin"
