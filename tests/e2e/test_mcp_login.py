"""`coder mcp login` and `logout` as a person runs them, with a browser elsewhere; nothing of the login can be seen."""

from __future__ import annotations

import json
import re
import stat
import subprocess

import httpx2
import pytest

from tests.support.cli import CODER, DEADLINE, Place
from tests.support.guarded_server import guarded_server
from tests.support.oauth_server import oauth_server

ADDRESS = re.compile(r"^  (http://127\.0\.0\.1:\d+/authorize\?\S+)$", re.MULTILINE)


def entry(place: Place, url: str) -> None:
    (place.home / ".coder").mkdir()
    servers = {"mcpServers": {"files": {"type": "http", "url": url}}}
    (place.home / ".coder" / ".claude.json").write_text(json.dumps(servers))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.behaviour("B-1662")
@pytest.mark.behaviour("B-1669")
def test_in_and_out(place: Place) -> None:
    with oauth_server() as seen, guarded_server(seen) as url:
        entry(place, url)
        env = place.env(None, {"CODER_KEYRING": "off", "BROWSER": "/nowhere"})
        started = subprocess.Popen(
            [*CODER, "mcp", "login", "files", "--no-browser"],
            cwd=place.project,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        with started:
            assert started.stdout is not None and started.stdin is not None
            printed = ""
            while not (found := ADDRESS.search(printed)):
                line = started.stdout.readline()
                assert line, printed + (started.stderr.read() if started.stderr else "")
                printed += line
            location = httpx2.get(found[1]).headers["location"]
            rest, errors = started.communicate(f"\nhttp://wrong.example\n{location}\n", timeout=DEADLINE)
        assert (started.returncode, errors) == (0, "")
        assert "✓ Logged in at files." in rest and "secrets.json, for you alone" in rest
        assert rest.count("That is not the address") == 2
        file = place.home / ".coder" / "secrets.json"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600 and "canary-access" in file.read_text()

        shown = place.coder("mcp", "get", "files", env={"CODER_KEYRING": "off"})
        assert "✔ Connected" in shown.stdout
        done = place.coder("mcp", "logout", "files", env={"CODER_KEYRING": "off"})
        assert done.stdout == "✓ Logged out of files: the login is forgotten.\n" and not seen.good
    everything = [printed, rest, done.stdout, done.stderr, shown.stdout, shown.stderr]
    assert not any("canary" in text for text in everything)
    left = [file for file in place.home.rglob("*") if file.is_file() and "canary" in file.read_text(errors="replace")]
    assert left == []


def test_a_name_that_no_server_has(place: Place) -> None:
    done = place.coder("mcp", "login", "other")
    assert (done.code, done.stderr) == (2, 'coder: No MCP server found with name: "other". See: coder mcp list\n')
