"""Ways into a session, and what is no session, on a real terminal. UX-2, UX-3, UX-33, UX-34."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, turn
from tests.support.screens import coder, git_folder, scripted
from tests.support.sitting import SIZES, sitting


@pytest.mark.behaviour("B-1028")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_2_without_a_key_four_ways_in_and_no_connection(tmp_path: Path, columns: int, rows: int) -> None:
    place = Place.make(tmp_path)
    git_folder(place)
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.setblocking(False)
        there = f"http://127.0.0.1:{proxy.getsockname()[1]}"
        env = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"), there)
        with coder(place, None, columns=columns, rows=rows, env=env) as terminal:
            terminal.wait("coder needs a model to talk to. It found no API key.")
            terminal.wait("esc leaves")
            choices = [line for line in terminal.screen if line[2:3].isdigit()]
            assert [line[2] for line in choices] == ["1", "2", "3", "4"]
            assert "Look around first" in choices[2] and choices[0].startswith("❯")
            terminal.press("esc")
            assert terminal.end() == 1
        with pytest.raises(BlockingIOError):
            proxy.accept()


@pytest.mark.behaviour("B-1028")
def test_ux_3_without_a_key_a_script_is_told_in_one_line(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    done = place.coder("-p", "hi")
    assert done.code == 4 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "ANTHROPIC_API_KEY" in line and "coder auth login" in line


def untrusted(root: Path) -> Place:
    place = Place.make(root)
    folder = git_folder(place) / ".coder"
    folder.mkdir()
    hook = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "touch ran"}]}]}}
    (folder / "settings.json").write_text(json.dumps({**hook, "permissions": {"allow": ["Bash(touch *)"]}}))
    server = {"mcpServers": {"docs": {"command": "touch", "args": ["served"]}}}
    (place.project / ".mcp.json").write_text(json.dumps(server))
    return place


@pytest.mark.behaviour("B-1028")
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_ux_33_a_folder_is_not_trusted_before_that_is_asked(tmp_path: Path, columns: int, rows: int) -> None:
    place = untrusted(tmp_path)
    with fake_api(scripted(turn("Hi."))) as api, coder(place, api, columns=columns, rows=rows) as terminal:
        terminal.wait("? Do you trust the files in")
        terminal.during(0.4)  # what is typed at once goes to the draft
        terminal.wait("4 Leave")
        assert any(line.endswith("/project?") for line in terminal.screen)
        asked = " ".join(line.strip() for line in terminal.screen)
        assert "1 hook" in asked and "1 MCP server" in asked
        children = Path(f"/proc/{terminal.process.pid}/task/{terminal.process.pid}/children")
        assert not children.exists() or children.read_text() == ""
        terminal.press("3")
        terminal.wait("touch ran")
        terminal.press("esc")
        terminal.wait("? Do you trust the files in")
        terminal.during(0.4)  # what is typed at once goes to the draft
        terminal.wait("4 Leave")
        terminal.during(0.4)
        terminal.press("1")
        terminal.wait("❯ Ask for a change, or type / for commands")
        terminal.wait("! Folder not trusted: its settings, hooks and MCP servers are off")
        assert not any("are not used" in line for line in terminal.screen)
        terminal.send("hello")
        terminal.press("enter")
        terminal.wait("Done ·")
        assert not list(place.project.glob("*ran")) and not list(place.project.glob("served"))


@pytest.mark.behaviour("B-1028")
def test_ux_33_a_trusted_folder_is_not_asked_about_again(tmp_path: Path) -> None:
    place = untrusted(tmp_path)
    with fake_api(scripted()) as api:
        with coder(place, api) as terminal:
            terminal.wait("4 Leave")
            terminal.during(0.4)
            terminal.press("2")
            terminal.wait("❯ Ask for a change, or type / for commands")
            assert not any("not trusted" in line for line in terminal.screen)
            terminal.press("ctrl+d")
            assert terminal.end() == 0
        with coder(place, api) as terminal:
            terminal.wait("❯ Ask for a change, or type / for commands")
            assert not any("Do you trust" in line for line in terminal.history)


@pytest.mark.behaviour("B-1029")
def test_ux_34_help_and_version_need_no_network(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    shown = place.coder("--help")
    lines = shown.stdout.splitlines()
    assert shown.code == 0 and shown.stderr == "" and len(lines) <= 24 and max(map(len, lines)) <= 80
    version = place.coder("--version")
    assert version.code == 0 and len(version.stdout.splitlines()) == 1


@pytest.mark.behaviour("B-1029")
def test_ux_34_the_tour_runs_to_its_end_and_leaves_nothing(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    (tmp_path / "tmp").mkdir()
    env = {"TMPDIR": str(tmp_path / "tmp"), "HTTPS_PROXY": "http://127.0.0.1:1"}
    with coder(place, None, "demo", env=env) as there:
        there.wait("This is a demo: a scripted model, a throw-away folder, no network, no cost.")
        there.wait("? Make this edit to app.py?")
        there.wait("esc is 4")
        there.during(0.4)
        there.press("1")
        there.wait("? Run this command?")
        there.wait("esc is 4")
        there.during(0.4)
        there.press("1")
        there.wait("Go back to before …")
        there.wait("esc leaves")
        there.press("enter")
        there.wait("This session: $0.00")
        there.wait("esc leaves")
        there.press("esc")
        assert there.end() == 0
        assert any("Start for real: coder" in line for line in there.history)
        assert list((tmp_path / "tmp").iterdir()) == [] and list(place.project.iterdir()) == []
        assert [each.name for each in place.home.iterdir()] in ([], [".cache"])


@pytest.mark.behaviour("B-1029")
def test_a_first_message_is_sent_at_once(tmp_path: Path) -> None:
    with sitting(tmp_path, turn("Fixed."), arguments=("fix the tests",)) as there:
        there.terminal.wait("❯ fix the tests")
        there.terminal.wait("Done ·")
        assert there.talk[0]["messages"][0]["content"][-1]["text"] == "fix the tests"


@pytest.mark.behaviour("B-1029")
def test_a_pipe_is_no_terminal_and_a_slip_of_the_pen_no_message(tmp_path: Path) -> None:
    place = Place.make(tmp_path)
    done = place.coder(stdin="hello\n")
    assert done.code == 2 and done.stdout == ""
    assert done.stderr.splitlines() == [
        'coder: this is no terminal to talk in. Use coder -p "what to do" in scripts and pipes.'
    ]
    with coder(place, None, "sesions") as terminal:
        assert terminal.end() == 2
        assert any("sessions" in line for line in terminal.history)
