from __future__ import annotations

import pytest

from coder.tools.verdict import answer, exit_code, signal_name, wants_terminal


@pytest.mark.behaviour("B-264")
@pytest.mark.parametrize(
    ("command", "meaning"),
    [
        ("grep -rn needle src", "No matches found"),
        ("rg needle", "No matches found"),
        ("/usr/bin/egrep 'a|b && c; d' file", "No matches found"),
        ("LC_ALL=C fgrep x y", "No matches found"),
        ("cat log | grep error", "No matches found"),
        ("cd src && grep x y", "No matches found"),
        ("make; grep x y", "No matches found"),
        ("make\ngrep x y", "No matches found"),
        ("make || grep x y", "No matches found"),
        ("grep -q x y && echo found", "No matches found"),
        ("git grep x", "No matches found"),
        ("git -C /repo --no-pager diff --exit-code", "Files differ"),
        ("diff a b", "Files differ"),
        ("[ -f x ]", "The condition is false"),
        ("test -f x # there?", "The condition is false"),
        ("find / -name x", "Some folders could not be read"),
        ("(cd a && grep x y)", "No matches found"),
        ("grep x y > out 2>&1", "No matches found"),
    ],
)
def test_exit_code_1_of_a_question_is_an_answer(command: str, meaning: str) -> None:
    assert answer(command, 1, "") == meaning


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        ("pytest", 1, ""),
        ("grep x y", 2, ""),
        ("grep x y", -9, ""),
        ("pytest && grep x y", 1, ""),
        ("grep x y && make", 1, ""),
        ("grep x y | xargs rm", 1, ""),
        ("grep x y || exit 1", 1, ""),
        ("git commit -m 'grep'", 1, ""),
        ("git", 1, ""),
        ("echo 'never closed", 1, ""),
        ("cd nowhere && grep x y", 1, "bash: line 1: cd: nowhere: No such file or directory"),
        ("", 1, ""),
        (";;|&&", 1, ""),
    ],
)
def test_other_exit_codes_and_commands_are_failures(command: str, code: int, text: str) -> None:
    assert answer(command, code, text) is None


@pytest.mark.parametrize(
    ("command", "code", "text", "wanted"),
    [
        ("cat", 0, "", True),
        ("read -r name", 1, "\n", True),
        ("python3", 0, "", True),
        ("sudo ls", 1, "sudo: a terminal is required to read the password", True),
        ("docker run -it x", 1, "the input device is not a TTY", True),
        ("python ask.py", 1, "EOFError: EOF when reading a line", True),
        ("git push", 128, "fatal: could not read Username for 'https://x': terminal prompts disabled", True),
        ("ssh host", 255, "Host key verification failed.", True),
        ("vi x", -15, "Vim: Warning: Input is not from a terminal", True),
        ("grep -r tty src", 0, "if not a tty: return", False),
        ("cat file", 0, "", False),
        ("true", 0, "", False),
    ],
)
def test_a_command_that_asked_for_a_terminal_is_recognised(command: str, code: int, text: str, wanted: bool) -> None:
    assert wants_terminal(command, code, text) is wanted


def test_signals_read_as_a_shell_reports_them() -> None:
    assert (exit_code(-9), exit_code(3), signal_name(-9), signal_name(3)) == (137, 3, "SIGKILL", "")
    assert signal_name(-63)
