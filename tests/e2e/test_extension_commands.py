from __future__ import annotations

import json
import sys
from pathlib import Path

import pexpect
import pytest

from tests.support.bundles import bundle, sha256
from tests.support.cli import CODER, Place

SECRET = "canary-p$& ${HOME}\"'%s"
FIELDS = {
    "key": {"type": "string", "title": "API key", "description": "Of the service", "sensitive": True, "required": True},
    "port": {"type": "number", "title": "Port", "min": 1, "max": 9, "default": 3},
    "dirs": {"type": "directory", "title": "Folders", "multiple": True},
}
OFF = {"CODER_KEYRING": "off"}


def records(place: Place) -> list[Path]:
    return sorted((place.home / ".coder" / "extensions").glob("*/extension.json"))


@pytest.mark.behaviour("B-1713")
@pytest.mark.behaviour("B-1717")
def test_a_life_without_a_terminal(place: Place) -> None:
    made = bundle(place.project / "one.mcpb", env={"KEY": "${user_config.key}"}, user_config=FIELDS)
    (place.project / "key").write_text(SECRET + "\n")

    def coder(*args: str, code: int = 0) -> str:
        done = place.coder("extension", *args, env=OFF)
        assert done.code == code, done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done.stdout + done.stderr

    sure = ("--yes", "--sha256", sha256(made))
    said = coder("install", "one.mcpb", *sure, "--set-file", "key=key", "--set", "port=7")
    assert "Installed: echo 1.0.0." in said and "the secret is kept in" in said
    (listed,) = json.loads(coder("list", "--json"))
    assert (listed["name"], listed["version"], listed["enabled"], listed["config"]) == (
        "echo",
        "1.0.0",
        True,
        {"port": 7},
    )
    assert listed["secrets"] == ["key"]
    shown = coder("show", "echo")
    assert "key: (set; it is a secret)" in shown and "port: 7" in shown
    bundle(made, version="2.0.0", env={"KEY": "${user_config.key}", "MORE": "1"}, user_config=FIELDS)
    said = coder("update", "echo", "one.mcpb", code=2)
    assert "echo: 1.0.0 → 2.0.0. Not as you said yes to it:\n  variables: new are MORE\n" in said
    assert f"if it shall be so: coder extension update echo one.mcpb --yes --sha256 {sha256(made)}" in said
    assert "Updated: echo 2.0.0." in coder("update", "echo", "one.mcpb", "--yes", "--sha256", sha256(made))
    assert coder("rollback", "echo") == "echo is 1.0.0 again.\n"
    assert coder("remove", "ECHO") == "Removed: echo\n"
    kept = [path for path in place.home.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
    assert kept == []


@pytest.mark.behaviour("B-1710")
@pytest.mark.behaviour("B-1712")
def test_a_person_is_asked_first_and_then_for_each_setting_until_it_is_right(place: Place) -> None:
    bundle(place.project / "one.mcpb", env={"KEY": "${user_config.key}"}, user_config=FIELDS)

    def start() -> pexpect.spawn[str]:
        return pexpect.spawn(
            sys.executable,
            [*CODER[1:], "extension", "install", "one.mcpb"],
            cwd=str(place.project),
            env=place.env(None, OFF),
            encoding="utf-8",
            timeout=30,
        )

    child = start()
    child.expect(r"It runs as you(?s:.*)Install it\? \[y/N\]")
    child.send("\r")
    child.expect("Nothing was changed")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1 and records(place) == []
    child = start()
    child.expect(r"Install it\? \[y/N\]")
    child.send("y\r")
    child.expect(r"API key \(key\)(?s:.*)A text that is not empty. It is needed. What you type is not shown.(?s:.*)>")
    child.send("\r")
    child.expect(r"It is needed(?s:.*)>")
    child.send("canary\r")
    child.expect(r"Port \(port\)(?s:.*)A number from 1 to 9. Enter: 3.(?s:.*)>")
    assert "canary" not in child.before + child.after
    child.send("12\r")
    child.expect(r"it must be a number from 1 to 9, not '12'(?s:.*)>")
    child.send("5\r")
    child.expect(r"Folders \(dirs\)(?s:.*)>")
    child.send("/usr\r")
    child.expect("> ")
    child.send("\r")
    child.expect(r"Installed: echo 1.0.0")
    child.expect(pexpect.EOF)
    child.close()
    (record,) = records(place)
    assert json.loads(record.read_text())["config"] == {"port": 5, "dirs": ["/usr"]}
