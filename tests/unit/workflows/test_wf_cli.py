"""`coder workflow` as people type it: list, show, check, new."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from coder.cli import workflow as cli
from coder.core.errors import ConfigError

WRONG = (
    "---\nbudget: {usd: 1}\n---\n## a\nx\n## b\x1b[2J\nx\n## c\nDo {{x}} {{a \x1b[2J}}.\n```step\nagnet: Explore\n```\n"
)


@pytest.fixture
def coder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a line in an empty folder; what it prints. Its exit code must be the one that is told."""
    (tmp_path / "home").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "project")

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as ended:
            cli.app(list(words), prog_name="coder workflow")
        assert ended.value.code == code
        return capsys.readouterr().out

    return run


@pytest.mark.behaviour("B-2024")
def test_a_file_is_begun_checked_shown_and_listed(coder: Callable[..., str], tmp_path: Path) -> None:
    assert coder("new", "ship", "--pattern", "improve").startswith("Written: .coder/workflows/ship.md\n")
    checked = coder("check", "/ship")
    assert checked.startswith("1 workflow: nothing wrong\n\nflowchart TD\n")
    assert "Worst case      at most 8 agents, 1 at once, $3, 40 minutes" in checked
    shown = coder("show", "ship")
    assert "2. review\n   - an agent (reviewer)\n" in shown and "File            .coder/workflows/ship.md" in shown
    told = json.loads(coder("show", "ship", "--json"))
    assert told["worst"] == {"asked": 8, "agents": 8, "at_once": 1, "usd": 3.0} and told["used"]
    assert [step["name"] for step in told["steps"]] == ["write", "review"]
    command = tmp_path / "home/.coder/commands/ship.md"
    command.parent.mkdir(parents=True)
    command.write_text("Ship it.")
    listed = coder("list")
    assert "- /ship <task>" in listed and "not used: the command ~/.coder/commands/ship.md comes first" in listed
    assert all(len(line) <= 80 for line in listed.splitlines())


@pytest.mark.behaviour("B-2024")
def test_what_is_wrong_has_file_and_line_and_no_file_can_draw_on_the_terminal(
    coder: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "project/bad.md").write_text(WRONG)
    told = coder("check", "bad.md", code=1)
    assert "\x1b" not in told
    assert "bad.md:6: error: " in told
    assert "bad.md:9: error: {{x}}: nothing is called x" in told
    assert "bad.md:11: error: agnet is no key here: did you mean agent?\n1 workflow: 3 errors and 1 warning\n" in told
    assert json.loads(coder("check", "bad.md", "--json", code=1))["errors"] == 3
    assert coder("check") == "Nothing to check: no workflow of yours or the project's here.\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "shp"), "there is no workflow 'shp'"),
        (("show", "none.md"), "there is no file none.md"),
        (("new", "help"), "a command of the session itself"),
        (("new", "a/b"), "cannot be the name of a workflow"),
        (("new", "x", "--pattern", "y"), "choose one of chain, route"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line(coder: Callable[..., str], words: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        coder(*words)
