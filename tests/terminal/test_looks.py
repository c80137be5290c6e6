"""Terminals that show less, and texts that try to draw: UX-1, UX-30 (a) (b), T9, T10, faults B12."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.screens import Terminal, coder, git_folder, scripted, started

SIZES = pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
SGR = re.compile(rb"\x1b\[[0-9;:]*m")
MOVES = re.compile(rb"\x1b\[[0-9;?]*[A-HJKSTfhlsu]|\x1b[78DEM]")
ANSWER = (
    "# Title\n\nSome **bold** text:\n\n- an item\n\n```python\nx = 1  # one\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)


def is_done(terminal: Terminal) -> bool:
    return any(row.lstrip().startswith("Done") for row in terminal.screen)


def leave(terminal: Terminal) -> None:
    terminal.press("ctrl+u", "ctrl+d")
    assert terminal.end() == 0


@pytest.mark.behaviour("B-987")
@SIZES
def test_ux_1_the_first_screen(place: Place, columns: int, rows: int) -> None:
    git_folder(place)
    with fake_api(scripted(turn("never"))) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        started(terminal)
        terminal.wait("? for shortcuts")
        shown = terminal.screen
        above = [row for row in shown[: shown.index("─" * columns)] if row]
        assert len(above) <= 5
        assert "claude-sonnet" in above[0] and "/project (main" in "".join(above[:2])
        assert "Asks before edits and commands" in above
        assert shown[shown.index("─" * columns) + 1] == "❯ Ask for a change, or type / for commands"
        status = [row for row in shown if row][-1]
        assert status.startswith("asks first · ") and "0% context" in status
        assert terminal.widest <= columns and not api.exchanges
        leave(terminal)
        assert "Continue with" not in "\n".join(terminal.history)


@pytest.mark.behaviour("B-988")
@pytest.mark.parametrize("how", ["NO_COLOR", "--color"])
def test_ux_30a_without_colours_there_is_not_one_code_of_them(place: Place, how: str) -> None:
    arguments = ["--color", "never"] if how == "--color" else []
    env = {"NO_COLOR": "1"} if how == "NO_COLOR" else {}
    calls = turn(tool("Read", file_path=str(place.project / "app.py")), tool("Grep", pattern="def ("))
    git_folder(place)
    with fake_api(scripted(calls, turn(ANSWER))) as api, coder(place, api, *arguments, env=env) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: is_done(terminal))
        terminal.send("/com")
        terminal.wait("/compact")
        terminal.press("esc", "ctrl+u")
        terminal.send("?")
        terminal.wait("all keys")
        terminal.press("esc")
        terminal.wait(lambda: not any("all keys" in row for row in terminal.screen))
        leave(terminal)
    assert not SGR.findall(terminal.raw)
    told = terminal.history
    assert "✗ Grep" in "\n".join(told) and "# Title" in told  # marks stay


@pytest.mark.behaviour("B-989")
def test_ux_30b_a_dumb_terminal_gets_lines_and_nothing_else(place: Place) -> None:
    with fake_api(scripted(turn(ANSWER))) as api, coder(place, api, env={"TERM": "dumb"}) as terminal:
        terminal.wait("Screen reader mode is on")
        terminal.wait(lambda: any("folder project" in row for row in terminal.screen))
        terminal.send("hello\r")
        terminal.wait(lambda: is_done(terminal))
        terminal.send("\x04")
        assert terminal.end() == 0
    assert not MOVES.findall(terminal.raw) and not SGR.findall(terminal.raw)
    assert not set("─│┌┐└┘⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏▸❯█") & set(terminal.raw.decode())


@pytest.mark.behaviour("B-988")
def test_t9_nothing_but_text_goes_into_a_pipe(place: Place) -> None:
    with fake_api(scripted(turn(ANSWER))) as api:
        done = place.coder("-p", "hello", url=api.url, env={"NO_COLOR": "1", "TERM": "xterm-256color"})
    assert done.code == 0 and "\x1b" not in done.stdout + done.stderr


@pytest.mark.behaviour("B-990")
@pytest.mark.parametrize("env", [{"LANG": "C"}, {"LANG": ""}, {"LC_ALL": "POSIX"}, {"LANG": "de_DE.ISO-8859-1"}])
def test_without_utf_8_every_mark_is_ascii(place: Place, env: dict[str, str]) -> None:
    git_folder(place)
    calls = turn(tool("Read", file_path=str(place.project / "app.py")), tool("Grep", pattern="def ("))
    with fake_api(scripted(calls, turn(ANSWER))) as api, coder(place, api, env=env) as terminal:
        terminal.wait(lambda: any(row.startswith("> Ask for a change") for row in terminal.screen))
        terminal.send("go\r")
        terminal.wait(lambda: is_done(terminal))
        terminal.send("/co")
        terminal.wait("/compact")
        terminal.press("esc", "ctrl+u")
        terminal.send("/context\r")
        terminal.wait("Context: ")
        terminal.press("esc")
        terminal.wait(lambda: not any("Context: " in row for row in terminal.screen))
        leave(terminal)
        told = terminal.history
    assert terminal.raw.isascii()
    assert any(row.startswith("x Grep") for row in told) and any(row.startswith("ok Read") for row in told)


@pytest.mark.behaviour("B-990")
def test_where_some_marks_are_wide_their_narrow_forms_are_used(place: Place) -> None:
    with fake_api(scripted(turn("Done… → ─"))) as api, coder(place, api, env={"LANG": "ja_JP.UTF-8"}) as terminal:
        started(terminal)
        terminal.send("go\r")
        terminal.wait(lambda: any("Done - " in row for row in terminal.screen))
        leave(terminal)
        assert not set("·…→─│↓") & set(terminal.raw.decode().replace("· working", "").replace("coder · project", ""))
        assert terminal.widest <= 80


@pytest.mark.behaviour("B-984")
@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (10, 3), (20, 5)])
def test_b12_a_tiny_terminal_is_lived_with(place: Place, columns: int, rows: int) -> None:
    calls = turn(tool("Bash", command="touch made"))
    with fake_api(scripted(calls, turn(ANSWER))) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        terminal.wait(lambda: b"\x1b[?2004h" in terminal.raw)
        for keys in ("/", "\x1b", "\x15", "?", "\x1b"):
            terminal.send(keys)
            terminal.during(0.2)
        terminal.send("go\r")
        api.wait_until(lambda api: any(exchange.state != "open" for exchange in api.exchanges))
        terminal.during(1.0)  # past the time in which keys are no answer
        terminal.press("1")
        terminal.wait(lambda: (place.project / "made").exists())
        terminal.wait(lambda: "Done" in "".join(row.strip() for row in terminal.history))
        leave(terminal)
        assert terminal.widest <= columns
        assert "Traceback" not in "".join(terminal.history)


@pytest.mark.behaviour("B-991")
def test_t10_no_text_of_others_draws(tmp_path: Path) -> None:
    evil = "[red]bold[/] \x1b[2J\x1b]133;A\x07\x1b]0;owned\x07 \u202e\u200b."
    place = Place.make(tmp_path)
    project = place.project / "pro\x1b[2Jject [red]"
    project.mkdir()
    place = Place(place.home, project)
    (project / "a\x1b[31mb.py").write_text(evil, encoding="utf-8")
    grep = turn(tool("Grep", pattern="red", output_mode="content"), tool("Read", file_path=str(project / evil)))
    with fake_api(scripted(grep, turn(f"{evil}\n\n```\n{evil}\n```\n"))) as api, coder(place, api) as terminal:
        started(terminal)
        before = len(terminal.raw)
        terminal.send("!printf '[red]\\033[2J\\033]133;A\\007.'\r")
        terminal.wait("printf")
        terminal.wait(lambda: not any("esc stops it" in row for row in terminal.screen))
        terminal.send("say [red]\r")
        terminal.wait(lambda: is_done(terminal))
        leave(terminal)
    told = "\n".join(terminal.history)
    assert "❯ say [red]" in told and "[red]bold[/]" in told
    raw = bytes(terminal.raw)
    assert b"\x1b[2J" not in raw and b"133;A\x07" not in raw and b"owned\x07" not in raw[before:]
    assert "\u202e" not in raw.decode() and "\u200b" not in raw.decode()
