from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pexpect
import pytest

from tests.support.cli import CODER, Place
from tests.support.fakeapi import fake_api, tool, turn
from tests.support.keyserver import key_server

KEY = "sk-ant-api03-never-to-be-shown-x7Qa"


def credentials(place: Place) -> Path:
    return place.home / ".coder" / "credentials"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def everything_written(place: Place) -> str:
    files = [path for path in place.home.rglob("*") if path.is_file() and path != credentials(place)]
    return "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in files)


@pytest.mark.behaviour("B-924")
@pytest.mark.parametrize("more", [(), ("--output-format", "text"), ("--verbose",)])
def test_without_a_key_one_line_says_how_to_give_one(place: Place, more: tuple[str, ...]) -> None:
    done = place.coder("-p", "hi", *more)
    assert (done.code, done.stdout) == (4, "")
    assert done.stderr == "coder: no API key. Set ANTHROPIC_API_KEY or run: coder auth login\n"


@pytest.mark.behaviour("B-925")
def test_a_key_is_typed_unseen_tried_and_kept(place: Place) -> None:
    with key_server(KEY) as server:
        env = place.env(None, {"ANTHROPIC_BASE_URL": server.url})
        child = pexpect.spawn(
            CODER[0], [*CODER[1:], "auth", "login"], cwd=str(place.project), env=env, encoding="utf-8"
        )
        child.expect_exact("(enter for none): ")
        assert child.waitnoecho(10)
        child.sendline(KEY)
        child.expect(pexpect.EOF, timeout=60)
        child.close()
        shown = child.before or ""
    assert child.exitstatus == 0, shown
    assert "✓ sk-ant-…x7Qa is kept in ~/.coder/credentials" in shown and "never" not in shown
    assert server.asked == [("/v1/messages/count_tokens", KEY)]
    assert stat.S_IMODE(credentials(place).stat().st_mode) == 0o600


@pytest.mark.parametrize("ways_out", ["\x03", "\x04", "\r"])
def test_who_types_no_key_keeps_none(place: Place, ways_out: str) -> None:
    child = pexpect.spawn(CODER[0], [*CODER[1:], "auth", "login"], cwd=str(place.project), env=place.env(None))
    child.expect_exact("Anthropic API key: ")
    assert child.waitnoecho(10)
    child.send(ways_out)
    child.expect(pexpect.EOF, timeout=60)
    child.close()
    assert child.exitstatus == (130 if ways_out == "\x03" else 1) and b"Traceback" not in child.before
    assert not credentials(place).exists()


@pytest.mark.behaviour("B-925")
@pytest.mark.behaviour("B-921")
def test_a_kept_key_is_used_from_then_on(place: Place) -> None:
    with key_server(KEY) as server:
        done = place.coder("auth", "login", "--with-key", "-", "--base-url", server.url, stdin=f"{KEY}\n")
        assert (done.code, done.stderr) == (0, "")
        assert done.stdout == "✓ sk-ant-…x7Qa is kept in ~/.coder/credentials, which only you can read.\n"
        assert place.coder("-p", "hi").stdout == "Hello.\n"
    assert server.asked == [("/v1/messages/count_tokens", KEY), ("/v1/messages", KEY)]


@pytest.mark.behaviour("B-925")
def test_a_refused_key_is_not_kept(place: Place) -> None:
    with key_server("another") as server:
        done = place.coder("auth", "login", "--with-key", "-", "--base-url", server.url, stdin=KEY)
    assert (done.code, done.stdout, len(server.asked)) == (1, "", 1)
    assert done.stderr.splitlines() == [
        "✗ The API key was refused (401 invalid x-api-key).",
        "  It ends in …x7Qa.",
        "  Nothing was kept.",
    ]
    assert not credentials(place).exists()


def test_a_refused_key_leaves_the_one_before(place: Place) -> None:
    with key_server("first-key-0123456789") as server:
        args = ("auth", "login", "--with-key", "-", "--base-url", server.url)
        assert place.coder(*args, stdin="first-key-0123456789").code == 0
        assert place.coder(*args, stdin=KEY).code == 1
    assert "first-key" in credentials(place).read_text(encoding="utf-8")


def test_nobody_there_is_said_with_the_address(place: Place) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    done = place.coder("auth", "login", "--with-key", "-", "--base-url", address, stdin=KEY)
    assert done.code == 4
    assert done.stderr.startswith(f"✗ Nobody answers at {address} (connection refused).\n  Is the server running?\n")
    assert "--untried" in done.stderr and not credentials(place).exists()
    done = place.coder("auth", "login", "--with-key", "-", "--base-url", address, "--untried", stdin=KEY)
    assert done.code == 0 and credentials(place).exists()


def test_a_server_that_cannot_count_is_tried_with_a_message(place: Place) -> None:
    with key_server(KEY, can_count=False) as server:
        done = place.coder("auth", "login", "--with-key", "-", "--base-url", server.url, stdin=KEY)
    assert (done.code, server.paths) == (0, ["/v1/messages/count_tokens", "/v1/messages"])


def test_a_server_that_is_no_such_api_is_not_kept(place: Place) -> None:
    with key_server(can_count=False, knows_messages=False) as server:
        done = place.coder("auth", "login", "--base-url", server.url)
    assert done.code == 4 and "Not found (404)" in done.stderr and not credentials(place).exists()


@pytest.mark.behaviour("B-926")
def test_a_key_on_the_command_line_is_refused(place: Place) -> None:
    done = place.coder("auth", "login", "--with-key", KEY)
    assert (
        done.code == 2
        and "a key on the command line can be read" in done.stderr
        and KEY not in done.stdout + done.stderr
    )


def test_nobody_to_type_is_said(place: Place) -> None:
    done = place.coder("auth", "login")
    assert done.code == 2 and "--with-key -" in done.stderr


@pytest.mark.behaviour("B-927")
def test_a_local_server_needs_no_key(place: Place) -> None:
    with key_server() as server:
        done = place.coder("auth", "login", "--base-url", server.url.removeprefix("http://"), "--model", "qwen3")
        assert done.code == 0, done.stderr
        assert place.coder("-p", "hi").stdout == "Hello.\n"
    assert server.models == ["qwen3", "qwen3"] and {key for _, key in server.asked} == {""}
    assert json.loads(credentials(place).read_text(encoding="utf-8")) == {"base_url": server.url}
    assert json.loads((place.home / ".coder" / "settings.json").read_text(encoding="utf-8")) == {"model": "qwen3"}


@pytest.mark.behaviour("B-928")
def test_the_kept_key_is_nowhere_else(place: Place) -> None:
    path = credentials(place)
    turns = [
        turn(
            tool("Read", file_path=str(path)), tool("Bash", command=f"cat {path}; env"), tool("Grep", pattern="sk-ant")
        ),
        turn(tool("Grep", pattern="sk-ant", path=str(place.home)), tool("Bash", command="cat ~/.coder/cred*")),
        turn("Done."),
    ]
    with fake_api(turns) as api:
        kept = place.coder("auth", "login", "--with-key", "-", "--base-url", api.url, "--untried", stdin=KEY)
        done = place.coder(
            *("-p", "show it", "--permission-mode", "bypassPermissions", "--output-format", "stream-json"),
            env={"CODER_DEBUG": "1"},
        )
        sent = json.dumps(api.requests)
    assert done.code == 0, done.stdout
    assert KEY not in kept.stdout + kept.stderr + done.stdout + done.stderr + everything_written(place) + sent
    assert next(line for line in done.lines if line.get("subtype") == "init")["apiKeySource"] == "/login managed key"


@pytest.mark.behaviour("B-929")
def test_status_says_where_from_and_where_to(place: Place) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    done = place.coder("auth", "status")
    assert done.code == 1 and "none" in done.stdout and "coder auth login" in done.stdout
    place.coder("auth", "login", "--with-key", "-", "--base-url", nobody, "--untried", stdin=KEY)
    done = place.coder("auth", "status")
    assert (done.code, done.stderr) == (0, "")
    assert f"sk-ant-…x7Qa, from ~/.coder/credentials\naddress   {nobody}\n" in done.stdout
    facts = json.loads(place.coder("auth", "status", "--json").stdout)
    assert facts["loggedIn"] is True and facts["keySource"] == "~/.coder/credentials" and facts["keyEnding"] == "x7Qa"
    other = place.coder("auth", "status", env={"ANTHROPIC_API_KEY": "sk-ant-of-the-environment"})
    assert "sk-ant-…ment, from ANTHROPIC_API_KEY" in other.stdout and KEY not in done.stdout


@pytest.mark.behaviour("B-929")
def test_logout_removes_it_and_names_what_is_left(place: Place) -> None:
    place.coder("auth", "login", "--with-key", "-", "--untried", stdin=KEY)
    assert credentials(place).exists()
    done = place.coder("auth", "logout", env={"ANTHROPIC_API_KEY": "other"})
    assert done.code == 0 and not credentials(place).exists()
    assert done.stdout.splitlines() == [
        "Forgotten: ~/.coder/credentials is removed.",
        "ANTHROPIC_API_KEY is still set in your environment.",
    ]
    assert place.coder("auth", "logout").stdout == "There is no ~/.coder/credentials: nothing was kept.\n"
