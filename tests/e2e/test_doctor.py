from __future__ import annotations

import json
from pathlib import Path

import pytest

from coder.app.checks import Check, Site, examined
from coder.frontends.doctor import rows_of_check, summary
from coder.frontends.styled import plain
from tests.support.cli import Done, Place
from tests.support.keyserver import key_server

KEY = "sk-ant-api03-never-to-be-shown-x7Qa"
LOOKED_AT = {
    *("coder", "python", "git", "ripgrep", "shell", "terminal", "disk", "pillow", "pypdf"),
    *("config folder", "credentials", "key", "settings", "trust", "keybindings", "sessions"),
}


def states(done: Done) -> dict[str, str]:
    return {each["name"]: each["state"] for each in json.loads(done.stdout)}


def found(done: Done, name: str) -> dict[str, str]:
    return next(each for each in json.loads(done.stdout) if each["name"] == name)


@pytest.mark.behaviour("B-931")
def test_all_is_looked_at_and_the_key_is_tried(place: Place) -> None:
    with key_server(KEY) as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        done = place.coder("doctor", env=env)
        assert (done.code, done.stderr) == (0, ""), done.stdout
        assert f"✓ endpoint      {server.url} answered in " in done.stdout and KEY not in done.stdout
        assert "✓ key           sk-ant-…x7Qa from ANTHROPIC_API_KEY\n" in done.stdout and "\x1b" not in done.stdout
        assert server.paths == ["/v1/messages/count_tokens"]
        offline = place.coder("doctor", "--offline", "--json", env=env)
        assert len(server.asked) == 1 and states(offline).keys() == LOOKED_AT
    assert list(place.home.iterdir()) == [] and list(place.project.iterdir()) == []


@pytest.mark.behaviour("B-931")
def test_without_a_key_one_thing_is_amiss(place: Place) -> None:
    done = place.coder("doctor")
    assert done.code == 1
    advice = "Set ANTHROPIC_API_KEY or run: coder auth login"
    assert f"✗ key           no API key\n                {advice}\n" in done.stdout
    assert done.stdout.endswith("\nOne thing keeps coder from working.\n") and "endpoint" not in done.stdout


def test_a_refused_key_and_a_dead_address_are_amiss(place: Place) -> None:
    with key_server("another") as server:
        env = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": server.url}
        done = place.coder("doctor", "--json", env=env)
    assert done.code == 1
    assert found(done, "endpoint")["what"] == "The API key was refused (401 invalid x-api-key). It ends in …x7Qa."
    done = place.coder("doctor", "--json", env=env)
    assert found(done, "endpoint")["what"].startswith(f"Nobody answers at {server.url} (connection refused).")


@pytest.mark.behaviour("B-931")
def test_whatever_is_broken_the_rest_is_looked_at(place: Place) -> None:
    home = place.home / ".coder"
    home.mkdir(mode=0o755)
    (home / "settings.json").write_text('{"permissions": {"allow": "all"}', encoding="utf-8")
    (home / "keybindings.json").write_text('{"bindings": {}}', encoding="utf-8")
    (home / "credentials").write_text('{"api_key": 7}', encoding="utf-8")
    (home / "credentials").chmod(0o600)
    sessions = home / "projects" / "-x"
    sessions.mkdir(parents=True, mode=0o700)
    name = "11111111-2222-3333-4444-555555555555.jsonl"
    (sessions / name).write_text("not a line\n", encoding="utf-8")
    (place.project / ".coder").mkdir()
    (place.project / ".coder" / "settings.json").write_text('{"env": {"A": "1"}}', encoding="utf-8")
    done = place.coder("doctor", "--json")
    assert done.code == 1 and states(done).keys() == LOOKED_AT
    amiss = {name: state for name, state in states(done).items() if state != "ok"}
    assert amiss == {
        **{"config folder": "warn", "credentials": "bad", "key": "bad", "settings": "bad"},
        **{"trust": "warn", "keybindings": "warn", "sessions": "warn"},
    }
    assert found(done, "config folder")["advice"] == "chmod 700 ~/.coder"
    assert found(done, "sessions")["advice"] == "coder sessions doctor --fix"
    assert "settings.json, line 1" in found(done, "settings")["what"]


def test_a_setting_of_the_wrong_kind_is_named_by_its_key(place: Place) -> None:
    (place.home / ".coder").mkdir(mode=0o700)
    (place.home / ".coder" / "settings.json").write_text('{"model": 7}', encoding="utf-8")
    done = place.coder("doctor", "--json", "--offline", env={"ANTHROPIC_API_KEY": KEY})
    assert "model" in found(done, "settings")["what"] and found(done, "settings")["state"] == "warn"
    assert done.code == 0


def test_without_helpers_it_says_what_to_install(place: Place, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = place.coder("doctor", "--json", "--offline", env={"ANTHROPIC_API_KEY": KEY, "PATH": str(empty)})
    assert done.code == 0 and found(done, "git") == {
        **{"name": "git", "state": "warn", "what": "not found"},
        "advice": "Install git: coder then knows your branch and your changes.",
    }


def test_a_git_of_the_folder_is_not_run(place: Place) -> None:
    fake = place.project / "git"
    fake.write_text(f"#!/bin/sh\necho ran > {place.project}/ran\n", encoding="utf-8")
    fake.chmod(0o755)
    place.coder("doctor", "--offline", env={"PATH": f"{place.project}:/usr/bin:/bin"})
    assert not (place.project / "ran").exists()


@pytest.mark.behaviour("B-931")
def test_a_check_that_fails_itself_is_a_finding(tmp_path: Path) -> None:
    checks = list(examined(Site({"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, tmp_path, Path("/no\0folder"))))
    assert any(check.what.startswith("could not be checked: ") for check in checks)
    assert {"coder", "git", "shell", "pillow"} <= {check.name for check in checks if check.state == "ok"}


def site(folder: Path, is_tty: bool = True, encoding: str = "utf-8", columns: int = 80, **env: str) -> Site:
    return Site({"HOME": str(folder), **env}, folder, folder / ".coder", is_tty, encoding, columns)


def terminal(where: Site) -> Check:
    return next(check for check in examined(where) if check.name == "terminal")


def test_the_terminal_is_described(tmp_path: Path) -> None:
    good = terminal(site(tmp_path, TERM="xterm-256color", COLORTERM="truecolor", SSH_TTY="/dev/pts/1", TMUX="x"))
    assert good.state == "ok"
    assert good.what.startswith("xterm-256color, 80x24, true colour, in tmux") and good.what.endswith("over ssh")
    assert terminal(site(tmp_path, encoding="ANSI_X3.4-1968", TERM="xterm")).advice.startswith("Set LANG")
    assert "plain lines" in terminal(site(tmp_path, TERM="dumb")).what
    assert terminal(site(tmp_path, columns=30, TERM="xterm")).state == "warn"
    assert "no colours" in terminal(site(tmp_path, TERM="xterm", NO_COLOR="")).what
    assert terminal(site(tmp_path, is_tty=False)).state == "ok"


def test_nothing_in_a_name_reaches_the_terminal_as_it_is(tmp_path: Path) -> None:
    where = site(tmp_path / "a\x1b[31m\u202e", TERM="x\x1bterm")
    assert not any(set("\x1b\u202e") & set(check.what + check.advice) for check in examined(where))


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ("ok ok", "Everything is in order."),
        ("ok warn", "coder works. 1 thing could be better."),
        ("warn bad bad", "2 things keep coder from working."),
    ],
)
def test_the_last_line_says_what_it_comes_to(states: str, said: str) -> None:
    checks = [Check("x", state, "y", "z") for state in states.split()]  # type: ignore[arg-type]  # of the literals
    assert plain(summary(checks)) == said
    assert plain(rows_of_check(checks[-1])[1]) == " " * 16 + "z"
