"""`coder extension` in this process: what it says, and how it ends. What needs a terminal is in tests/e2e."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from coder.cli.main import run
from tests.support.bundles import bundle, sha256
from tests.support.cli import Done

FIELDS = {
    "key": {"type": "string", "title": "API key", "description": "Of the service", "sensitive": True, "required": True},
    "port": {"type": "number", "title": "Port", "min": 1, "max": 9, "default": 3},
}


class Place:
    """A home and a project, in which this process stands."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home, self.project = root / "home", root / "project"
        self.home.mkdir()
        self.project.mkdir()
        self._capsys = capsys

    def coder(self, *args: str) -> Done:
        try:
            code = run(list(args))
        except SystemExit as ended:  # as the command line library ends
            code = int(ended.code or 0)
        said = self._capsys.readouterr()
        return Done(code, said.out, said.err)

    def records(self) -> list[Path]:
        return sorted((self.home / ".coder" / "extensions").glob("*/extension.json"))


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Place:
    made = Place(tmp_path, capsys)
    monkeypatch.chdir(made.project)
    for name in ("CODER_CONFIG_DIR", "CLAUDE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("CODER_KEYRING", "off")
    return made


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
    done = place.coder("extension", "install", made.name)
    assert (done.code, done.stderr.count("\n")) == (2, 1)
    sure = f"coder extension install 'my echo.mcpb' --yes --sha256 {sha256(made)}"
    assert done.stderr == f"coder: nobody is there to ask. Read the above; if it shall be so: {sure}\n"
    shown = " ".join(done.stdout.split())
    for part in (
        "Extension echo 1.0.0 It says Sends back what it is told. Name echo Author Mia, as the file says",
        "Publisher unknown: it is not signed",
        f"SHA-256 {sha256(made)}",
        "/python3 ${__dirname}/server/main.py --token '<key>'",
        "Variables KEY, PYTHONDONTWRITEBYTECODE",
        "Needs python >=3.8: 3.",
        "Made for linux, darwin",
        "Asks for key (a secret), port",
        "Tools echo, and it may make others when it runs",
        "! It puts a secret into its command line, where every program on this machine can read it.",
        "It runs as you, outside the permission gate: it can read, change and send whatever you can.",
    ):
        assert part in shown
    bare = place.coder("extension", "install", made.name, "--yes")
    assert (bare.code, bare.stderr) == (
        2,
        f"coder: --yes needs --sha256, so that it is this file that is meant: {sure}\n",
    )
    other = place.coder("extension", "install", made.name, "--yes", "--sha256", "0" * 64)
    assert other.code == 2 and f"has the SHA-256 {sha256(made)}, which is not the one" in other.stderr
    lacking = place.coder(*shlex.split(sure)[1:])
    assert lacking.code == 2 and lacking.stderr.endswith("Nothing was changed. Add --set-file key=…\n")
    assert place.records() == [] and not ran.exists()
    assert sorted(path.name for path in (place.home / ".coder" / "extensions").iterdir()) == []


@pytest.mark.behaviour("B-1720")
@pytest.mark.behaviour("B-1723")
def test_tools_that_were_held_back_are_shown_and_agreed_to(place: Place) -> None:
    evil = "send\x1b[2J\u202eme"
    made = bundle(place.project / "one.mcpb", description="Good\x1b]0;x\x07.", display_name="E\u200bcho")
    said = place.coder("extension", "install", made.name, "--yes", "--sha256", sha256(made))
    assert said.stdout.startswith("Extension       E\\u200bcho 1.0.0\nIt says         Good\\x1b]0;x\\x07.\n")
    (record,) = place.records()
    raw = json.loads(record.read_text())
    record.write_text(json.dumps(raw | {"offered": ["echo", evil], "waiting": [evil]}))
    assert "Held back       send\\x1b[2J\\u202eme\n" in place.coder("extension", "show", "echo").stdout
    asked = place.coder("extension", "enable", "echo")
    assert asked.code == 2 and asked.stderr.endswith("if it shall be so: coder extension enable echo --yes\n")
    assert "send\\x1b[2J\\u202eme" in asked.stdout
    assert place.coder("extension", "enable", "echo", "--yes").code == 0
    raw = json.loads(record.read_text())
    assert (raw["waiting"], raw["agreed"]) == ([], [evil])


@pytest.mark.behaviour("B-1712")
@pytest.mark.behaviour("B-1719")
def test_settings_are_set_shown_and_taken_back_and_it_is_turned_off_and_on(place: Place) -> None:
    assert "No extension is installed" in place.coder("extension", "list").stdout
    made = bundle(place.project / "one.mcpb", user_config=FIELDS)
    (place.project / "key").write_text("canary")
    place.coder("extension", "install", made.name, "--yes", "--sha256", sha256(made), "--set-file", "key=key")
    assert place.coder("extension", "config", "echo").stdout == (
        "Settings\n  key: (set; it is a secret)\n  port: 3 (its own choice)\n"
    )
    done = place.coder("extension", "config", "echo", "--set", "port=9", "--unset", "key")
    assert done.stdout == "Settings\n  key: not set\n  port: 9\n"
    wrong = place.coder("extension", "config", "echo", "--set", "port=10")
    assert (wrong.code, wrong.stderr) == (2, "coder: --set port: it must be a number from 1 to 9, not '10'.\n")
    assert json.loads(place.coder("extension", "config", "echo", "--json").stdout) == {
        "config": {"port": 9},
        "secrets": [],
    }
    assert place.coder("extension", "config", "echo", "--unset", "other").code == 2
    assert place.coder("extension", "disable", "echo").stdout == "Turned off: echo\n"
    assert place.coder("extension", "list").stdout == "echo            1.0.0  off\n"
    assert place.coder("extension", "enable", "echo").stdout == "Turned on: echo\n"
    (place.home / ".coder/extensions/echo/1.0.0/server/main.py").write_text("")
    shown = place.coder("extension", "show", "echo").stdout
    assert shown.endswith("! Its files were changed after it was installed: it does not start any more.\n")
    assert place.coder("extension", "enable", "echo").code == 2
    assert place.coder("extension", "remove", "echo", "--keep-config").stdout == "Removed: echo, but for its settings\n"
    gone = place.coder("extension", "show", "echo")
    assert (gone.code, gone.stderr.count("\n")) == (2, 1)
    again = place.coder("extension", "install", made.name)
    assert again.code == 2 and "! It gets the settings that were kept from before: port.\n" in again.stdout


@pytest.mark.behaviour("B-1717")
def test_an_update_that_changes_nothing_said_yes_to_is_short(place: Place) -> None:
    made = bundle(place.project / "one.mcpb")
    place.coder("extension", "install", made.name, "--yes", "--sha256", sha256(made))
    bundle(made, version="2.0.0", description="Otherwise.")
    said = place.coder("extension", "update", "echo", made.name, "--yes", "--sha256", sha256(made)).stdout
    assert said == (
        "echo: 1.0.0 → 2.0.0. Nothing that you said yes to changes.\n"
        f"SHA-256         {sha256(made)}\n\nUpdated: echo 2.0.0.\nSessions that start from now on have its tools.\n"
    )
    secret = {"port": {"type": "string", "title": "Port", "sensitive": True, "required": True}}
    bundle(made, version="3.0.0", user_config={"port": secret["port"] | {"sensitive": False}})
    sure = ("--yes", "--sha256")
    assert place.coder("extension", "update", "echo", made.name, *sure, sha256(made), "--set", "port=a").code == 0
    bundle(made, version="4.0.0", user_config=secret)
    asked = place.coder("extension", "update", "echo", made.name, *sure, sha256(made))
    assert asked.code == 2 and asked.stderr.endswith("Add --set-file port=…\n")
    bundle(made, name="other")
    other = place.coder("extension", "update", "echo", made.name, "--yes", "--sha256", sha256(made))
    assert other.code == 2 and "one.mcpb is other, not echo. Nothing was changed." in other.stderr


def test_a_folder_is_packed_by_name_and_version(place: Place) -> None:
    source = Path(__file__).parents[2] / "data" / "extensions" / "python"
    done = place.coder("extension", "pack", str(source))
    packed = place.project / "echo-python-1.0.0.mcpb"
    assert done.stdout == f"{packed}: 3 files\nSHA-256 {sha256(packed)}\n"
    missing = place.coder("extension", "pack", "nowhere")
    assert (missing.code, missing.stderr.count("\n")) == (2, 1) and "nowhere" in missing.stderr
    url = place.coder("extension", "install", "ftp://example.com/a.mcpb")
    assert url.code == 2 and url.stderr.endswith("could change the file. Use https.\n")
    none = place.coder("extension", "install", "nowhere.mcpb")
    assert (none.code, none.stderr.count("\n")) == (2, 1) and "nowhere.mcpb cannot be read" in none.stderr
