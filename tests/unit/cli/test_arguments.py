from __future__ import annotations

import pytest

from coder.cli.arguments import parse
from coder.core.errors import ConfigError


def test_both_spellings_and_repeated_lists_add_up() -> None:
    flags = parse(["-p", "x", "--allowedTools", "Read", "Bash(git log *)", "--allowed-tools", "Edit"]).flags
    assert flags.allowed_tools == ("Read", "Bash(git log *)", "Edit")


def test_values_may_follow_an_equals_sign_and_may_be_empty() -> None:
    arguments = parse(["-p", "x", "--system-prompt", "", "--setting-sources=", "--resume=-odd-"])
    assert arguments.flags.system_prompt == "" and arguments.flags.setting_sources == ""
    assert arguments.flags.resume == "-odd-"


def test_resume_may_come_without_a_value() -> None:
    assert parse(["-p", "x", "--resume"]).flags.resume == ""
    assert parse(["-p", "x"]).flags.resume is None


def test_a_prompt_may_start_with_a_dash_after_a_double_dash() -> None:
    assert parse(["-p", "--", "- a list"]).prompt == "- a list"


def test_manual_is_the_default_mode_by_another_name() -> None:
    assert parse(["-p", "x", "--permission-mode", "manual"]).flags.permission_mode == "default"
    assert parse(["-p", "x", "--dangerously-skip-permissions"]).flags.permission_mode == "bypassPermissions"


@pytest.mark.behaviour("B-2604")
@pytest.mark.behaviour("B-2852")
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--outputformat", "json"], "--output-format"),
        (["--time-budget", "soon"], "seconds"),
        (["--output-format", "xml"], "invalid choice"),
        (["--model"], "expected one argument"),
        (["-p", "--disallowedTools", "Bash", "clean up the repo"], "Put the prompt before --disallowedTools"),
        (["-p", "run", "x"], "a second prompt 'x': put the whole prompt in quotes"),
        (["sesions", "list"], r"no command 'sesions'\. Did you mean: coder sessions\? If it is a prompt, put"),
        (["review", "this"], "^a second prompt 'this'"),
        (["-p", "sesions", "list"], "^a second prompt 'list'"),
        (["run", "fix", "it", "--verbose"], r'no command .run.\. Did you mean: coder -p "fix it"\?'),
        (["exec", "say $HOME"], 'Did you mean: coder -p "…"'),
        (["ask", "x" * 61], 'Did you mean: coder -p "…"'),
        (["resume", "0f0f"], 'Did you mean: coder -r "0f0f"'),
        (["continue", "fix it"], 'Did you mean: coder -c "fix it"'),
    ],
)
def test_what_cannot_be_understood_says_so(argv: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse(argv)


def test_the_flags_of_a_terminal_and_how_hard_the_model_thinks() -> None:
    plain = parse([])
    assert (plain.screen_reader, plain.no_animation, plain.color, plain.flags.effort) == (False, False, "auto", None)
    given = parse(["--screen-reader", "--no-animation", "--color", "never", "--effort", "high"])
    assert (given.screen_reader, given.no_animation, given.color, given.flags.effort) == (True, True, "never", "high")
