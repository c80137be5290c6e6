from __future__ import annotations

import json
import shlex
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


@pytest.mark.behaviour("B-1710")
@pytest.mark.behaviour("B-1711")
def test_without_a_terminal_it_is_shown_and_refused_with_the_command_that_would_do(place: Place) -> None:
    ran = place.project / "ran"
    made = bundle(
        place.project / "my echo.mcpb",
        {"server/main.py": f"open({str(ran)!r}, 'w')"},
        args=["--token", "${user_config.key}"],
        env={"KEY": "${user_config.key}"},
        user_config=FIELDS,
        compatibility={"platforms": ["linux", "darwin"], "runtimes": {"python": ">=3.8"}},
        tools_generated=True,
    )
    done = place.coder("extension", "install", made.name, env=OFF)
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    sure = f"coder extension install 'my echo.mcpb' --yes --sha256 {sha256(made)}"
    assert done.stderr == f"coder: nobody is there to ask. Read the above; if it shall be so: {sure}\n"
    shown = " ".join(done.stdout.split())
    for part in (
        "echo 1.0.0 Sends back what it is told. Name echo Author Mia, as the file says",
        "Publisher unknown: it is not signed",
        f"SHA-256 {sha256(made)}",
        "/python3 ${__dirname}/server/main.py --token '<key>'",
        "Variables KEY, PYTHONDONTWRITEBYTECODE",
        "Needs python >=3.8: 3.",
        "Made for linux, darwin",
        "Asks for key (a secret), port, dirs",
        "Tools echo, and it may make others when it runs",
        "! It puts a secret into its command line, where every program on this machine can read it.",
        "It runs as you, outside the permission gate: it can read, change and send whatever you can.",
    ):
        assert part in shown
    bare = place.coder("extension", "install", made.name, "--yes", env=OFF)
    assert (bare.code, bare.stderr) == (
        2,
        f"coder: --yes needs --sha256, so that it is this file that is meant: {sure}\n",
    )
    other = place.coder("extension", "install", made.name, "--yes", "--sha256", "0" * 64, env=OFF)
    assert other.code == 2 and f"has the SHA-256 {sha256(made)}, which is not the one" in other.stderr
    lacking = place.coder(*shlex.split(sure)[1:], env=OFF)
    assert lacking.code == 2 and lacking.stderr.endswith("Nothing was changed. Add --set-file key=…\n")
    assert records(place) == [] and not ran.exists()
    assert sorted(path.name for path in (place.home / ".coder" / "extensions").iterdir()) == []


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
    assert "Installed: echo 1.0.0." in said and "it is kept in" in said
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
    child.expect(r"API key \(key\)(?s:.*)a text that is not empty. needed.(?s:.*)>")
    child.send("\r")
    child.expect(r"It is needed(?s:.*)>")
    child.send("canary\r")
    child.expect(r"Port \(port\)(?s:.*)a number from 1 to 9. Enter: 3.(?s:.*)>")
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


@pytest.mark.behaviour("B-1720")
@pytest.mark.behaviour("B-1723")
def test_tools_that_were_held_back_are_shown_and_agreed_to(place: Place) -> None:
    evil = "send\x1b[2J\u202eme"
    made = bundle(place.project / "one.mcpb", description="Good\x1b]0;x\x07.", display_name="E\u200bcho")
    said = place.coder("extension", "install", made.name, "--yes", "--sha256", sha256(made), env=OFF)
    assert said.stdout.startswith("E\\u200bcho 1.0.0\nGood\\x1b]0;x\\x07.\n")
    (record,) = records(place)
    raw = json.loads(record.read_text())
    record.write_text(json.dumps(raw | {"offered": ["echo", evil], "waiting": [evil]}))
    assert "Held back       send\\x1b[2J\\u202eme\n" in place.coder("extension", "show", "echo", env=OFF).stdout
    asked = place.coder("extension", "enable", "echo", env=OFF)
    assert asked.code == 2 and asked.stderr.endswith("if it shall be so: coder extension enable echo --yes\n")
    assert "send\\x1b[2J\\u202eme" in asked.stdout
    assert place.coder("extension", "enable", "echo", "--yes", env=OFF).code == 0
    raw = json.loads(record.read_text())
    assert (raw["waiting"], raw["agreed"]) == ([], [evil])


def test_a_folder_is_packed_by_name_and_version(place: Place) -> None:
    source = Path(__file__).parents[1] / "data" / "extensions" / "python"
    done = place.coder("extension", "pack", str(source))
    packed = place.project / "echo-python-1.0.0.mcpb"
    assert done.stdout == f"{packed}: 3 files\nSHA-256 {sha256(packed)}\n"
    missing = place.coder("extension", "pack", "nowhere")
    assert (missing.code, missing.stderr.count("\n")) == (2, 1) and "nowhere" in missing.stderr
    url = place.coder("extension", "install", "https://example.com/a.mcpb")
    assert (url.code, url.stderr.count("\n")) == (2, 1) and "download it first" in url.stderr
    none = place.coder("extension", "install", "nowhere.mcpb")
    assert (none.code, none.stderr.count("\n")) == (2, 1) and "nowhere.mcpb cannot be read" in none.stderr
