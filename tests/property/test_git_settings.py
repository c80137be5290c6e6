"""Settings files as git reads them: whatever git finds in a file, the policy must find too."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from coder.permissions import gitconfig

LONG = os.environ.get("CODER_FUZZ") == "long"

PIECES = [
    *("[diff]", "[DIFF]", '[diff "x"]', "[diff.X]", '[filter "a b"]', '[filter "a\\"]"]', '[filter\t"x"]', "[ diff]"),
    *('[diff "x" ]', "[]", "[-]", '["x"]', "[diff", '[diff "x', "[a]b=c", '[diff ""]', '[diff "\\x"]', "[core]#[x]"),
    *("external", "textconv", "clean", "Clean", "a-b", "1a", "a_b", "é"),
    *(
        "=",
        " = ",
        "\t=\t",
        "==",
        " ",
        "\t",
        "\n",
        "\n",
        "\n",
        "\r\n",
        "\r",
        "\\\n",
        "\\",
        "\\n",
        "\\t",
        "\\q",
        '\\"',
        "\\\\",
    ),
    *(
        '"',
        '"a b"',
        '"#"',
        '"\\\n"',
        "#",
        ";",
        "# c",
        "; [filter]",
        "x",
        "true",
        "evil.sh",
        " tail ",
        "\ufeff",
        "\v",
        "\f",
    ),
    *("external = x\n", "textconv=x # c\n", "clean\n", "clean ; c\n", "process = a\\\nb\n", "[diff] external = x\n"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def by_git(file: Path) -> list[tuple[str, str]] | None:
    """None when git refuses the file, and with it every command that reads it."""
    done = subprocess.run(["git", "config", "--list", "-z", "--file", str(file)], capture_output=True, check=False)
    if done.returncode:
        return None
    found = [entry.partition("\n") for entry in done.stdout.decode("utf-8", "replace").split("\0")[:-1]]
    return [(name, value) for name, _, value in found]


@pytest.mark.behaviour("B-726")
@settings(
    max_examples=20_000 if LONG else 150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=texts)
def test_what_git_finds_in_a_settings_file_is_found(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config"
    file.write_bytes(text.encode())
    expected = by_git(file)
    event("refused" if expected is None else "read" if expected else "empty")
    found = list(gitconfig.settings(text))
    if expected is not None:
        # Blanks within a value are left out: one git keeps them, another makes each a space.
        assert [(name, value.split()) for name, value in found] == [(name, value.split()) for name, value in expected]


def test_a_file_of_any_kind_is_read_to_some_end() -> None:
    for text in (
        "[a]\n" + "x=" * 50_000,
        '"' * 100_000,
        "[a]\nb = " + "\\" * 100_001,
        "[" * 10_000,
        "a" * 10_000,
        "\0",
    ):
        list(gitconfig.settings(text))
