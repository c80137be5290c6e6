"""Settings files are changed one value at a time, whole or not at all, and never when they are broken."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coder.config.paths import local_settings, project_settings, user_settings
from coder.config.replace import locked
from coder.config.write import add_rule, remove_rule, set_value, unset_value
from coder.core.errors import ConfigError


def content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".coder" / "settings.json"


@pytest.mark.behaviour("B-600")
def test_a_rule_is_added_once_and_taken_out_again(path: Path, env: dict[str, str]) -> None:
    assert add_rule(path, "allow", "Bash(npm test *)", env)
    assert not add_rule(path, "allow", "Bash(npm test *)", env)
    assert add_rule(path, "deny", "WebFetch", env)
    assert content(path) == {"permissions": {"allow": ["Bash(npm test *)"], "deny": ["WebFetch"]}}
    assert remove_rule(path, "deny", "WebFetch", env)
    assert not remove_rule(path, "deny", "WebFetch", env)
    assert not remove_rule(path, "ask", "WebFetch", env)
    assert content(path) == {"permissions": {"allow": ["Bash(npm test *)"], "deny": []}}


@pytest.mark.behaviour("B-600")
def test_values_are_set_and_unset_by_dotted_keys(path: Path, env: dict[str, str]) -> None:
    set_value(path, "permissions.defaultMode", "plan", env)
    set_value(path, "env.A.B", "x", env)
    set_value(path, "model", "opus", env)
    assert content(path) == {"permissions": {"defaultMode": "plan"}, "env": {"A.B": "x"}, "model": "opus"}
    assert unset_value(path, "env.A.B", env)
    assert unset_value(path, "model", env)
    assert not unset_value(path, "model", env)
    assert content(path) == {"permissions": {"defaultMode": "plan"}, "env": {}}


@pytest.mark.behaviour("B-600")
def test_everything_else_in_the_file_stays_as_it_was_written(path: Path, env: dict[str, str]) -> None:
    path.parent.mkdir()
    before = b'\xef\xbb\xbf{\r\n    "zzz": {"deep": [1.50]},\r\n    "model": "opus"\r\n}'
    path.write_bytes(before)
    path.chmod(0o640)
    set_value(path, "model", "haiku", env)
    assert path.read_bytes() == before.replace(b"opus", b"haiku")
    assert mode(path) == 0o640
    assert os.listdir(path.parent) == ["settings.json"]


@pytest.mark.behaviour("B-601")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{\n  "model": "x",\n}', r"settings\.json, line \d, column \d+: not valid JSON"),
        ("", "line 1, column 1: not valid JSON"),
        ("[]", "expected a JSON object"),
        ('{\n "permissions": []}', r"settings\.json, line 2, column 17: permissions must be an object\."),
        ('{"permissions": {"deny": "Bash"}}', r"line 1, column 26: permissions\.deny must be a list\."),
        ('{"permissions": {"deny": []}, "permissions": {}}', "the key 'permissions' stands there twice"),
    ],
)
def test_a_broken_file_is_never_written(path: Path, env: dict[str, str], text: str, said: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as caught:
        add_rule(path, "deny", "Bash", env)
    assert "Nothing was changed." in str(caught.value)
    assert "then try again." in str(caught.value)
    assert path.read_text(encoding="utf-8") == text
    assert os.listdir(path.parent) == ["settings.json"]


@pytest.mark.behaviour("B-602")
def test_new_files_are_private_unless_they_belong_to_a_project(tmp_path: Path, env: dict[str, str]) -> None:
    before = os.umask(0o022)
    try:
        home, project = tmp_path / "home" / ".coder", tmp_path / "project"
        for path in (user_settings(home), project_settings(project), local_settings(project)):
            set_value(path, "model", "opus", env)
    finally:
        os.umask(before)
    assert (mode(home), mode(user_settings(home))) == (0o700, 0o600)
    assert (mode(project / ".coder"), mode(project_settings(project))) == (0o755, 0o644)
    assert mode(local_settings(project)) == 0o600


@pytest.mark.behaviour("B-600")
def test_taking_out_what_is_not_there_makes_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    assert not remove_rule(project_settings(tmp_path), "allow", "Bash", env)
    assert not unset_value(project_settings(tmp_path), "env.A", env)
    assert os.listdir(tmp_path) == ["home"]


@pytest.mark.behaviour("B-603")
def test_a_link_stays_and_its_target_is_changed(tmp_path: Path, path: Path, env: dict[str, str]) -> None:
    path.parent.mkdir()
    target = tmp_path / "dotfiles.json"
    path.symlink_to("../../dotfiles.json")
    set_value(path, "model", "opus", env)
    set_value(path, "model", "haiku", env)
    assert path.is_symlink()
    assert content(target) == {"model": "haiku"}


@pytest.mark.behaviour("B-603")
@pytest.mark.parametrize("linked", ["file", "folder", "dangling"])
def test_a_project_cannot_lead_a_write_out_of_its_folder(tmp_path: Path, env: dict[str, str], linked: str) -> None:
    outside, path = tmp_path / "outside", local_settings(tmp_path / "project")
    outside.mkdir()
    (tmp_path / "project").mkdir()
    if linked == "folder":
        path.parent.symlink_to(outside)
    else:
        path.parent.mkdir()
        path.symlink_to(outside / path.name)
    if linked == "file":
        (outside / path.name).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"leads out of the project, to .*outside"):
        add_rule(path, "allow", "Bash", env)
    assert [entry.read_text(encoding="utf-8") for entry in outside.iterdir()] == (["{}"] if linked == "file" else [])


@pytest.mark.behaviour("B-604")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_is_said_and_stays(path: Path, env: dict[str, str]) -> None:
    path.parent.mkdir()
    path.write_text("{}", encoding="utf-8")
    for guarded in (path, path.parent):
        before = mode(guarded)
        guarded.chmod(before & ~0o222)
        with pytest.raises(ConfigError, match=r"cannot be written: .* Nothing was changed\."):
            set_value(path, "model", "opus", env)
        guarded.chmod(before)
    assert path.read_text(encoding="utf-8") == "{}"


@pytest.mark.behaviour("B-604")
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"settings\.json cannot be written: .* Nothing was changed\."):
        set_value(tmp_path / "file" / "settings.json", "model", "opus", env)


@pytest.mark.behaviour("B-605")
def test_a_folder_that_stays_locked_is_given_up_on(tmp_path: Path) -> None:
    with (
        locked(tmp_path) as alone,
        pytest.raises(ConfigError, match="locked by another process"),
        locked(tmp_path, patience=0),
    ):
        pytest.fail("two at a time")
    assert alone


WRITER = """
import sys
from pathlib import Path
from coder.config.write import add_rule, set_value
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for number in range(count):
    if number % 5:
        set_value(path, f"env.{name}_{number}", "x" * number)
    else:
        add_rule(path, "deny", f"Bash({name} {number})")
"""


def start_writer(path: Path, name: str, count: int, env: dict[str, str]) -> subprocess.Popen[bytes]:
    env = {**env, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    return subprocess.Popen([sys.executable, "-c", WRITER, path, name, str(count)], env=env, stderr=subprocess.PIPE)


def check_writers(path: Path, env: dict[str, str], *, writers: int, count: int) -> None:
    path.parent.mkdir()
    path.write_text('{"kept": 1, "env": {"BEFORE": "y"}}', encoding="utf-8")
    running = [start_writer(path, f"W{writer}", count, env) for writer in range(writers)]
    while any(process.poll() is None for process in running):
        content(path)  # whole at every moment
    assert [process.communicate()[1] for process in running] == [b""] * writers
    found = content(path)
    assert found["kept"] == 1
    assert found["env"].pop("BEFORE") == "y"
    numbers = [(writer, number) for writer in range(writers) for number in range(count)]
    assert found["env"] == {f"W{writer}_{number}": "x" * number for writer, number in numbers if number % 5}
    assert sorted(found["permissions"]["deny"]) == sorted(f"Bash(W{w} {n})" for w, n in numbers if not n % 5)
    assert os.listdir(path.parent) == ["settings.json"]


@pytest.mark.behaviour("B-605")
def test_s14_several_writers_lose_nothing(path: Path, env: dict[str, str]) -> None:
    check_writers(path, env, writers=4, count=25)


@pytest.mark.soak
@pytest.mark.behaviour("B-605")
def test_s14_eight_writers_of_five_hundred_changes_lose_nothing(path: Path, env: dict[str, str]) -> None:
    check_writers(path, env, writers=8, count=500)


@pytest.mark.behaviour("B-606")
@pytest.mark.parametrize("after", range(1, 40, 4))
def test_a_writer_that_is_killed_leaves_the_old_file_or_the_new(path: Path, env: dict[str, str], after: int) -> None:
    """Killed as soon as its n-th change is seen, so at another moment of the next one each time."""
    path.parent.mkdir()
    path.write_text("{}", encoding="utf-8")
    writer = start_writer(path, "W", 10_000, env)
    while len(content(path).get("env", {})) < after:
        assert writer.poll() is None
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    names = list(content(path)["env"])
    assert names == [f"W_{number}" for number in range(len(names) * 2) if number % 5][: len(names)]
    set_value(path, "model", "opus", env)
    assert os.listdir(path.parent) == ["settings.json"]


class Git:
    """A person's git with a home of its own."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.home = Path(env["HOME"])

    def __call__(self, *args: str, cwd: Path | None = None) -> str:
        ran = subprocess.run(["git", *args], cwd=cwd or self.home, env=self.env, capture_output=True, text=True)
        return ran.stdout


@pytest.mark.behaviour("B-607")
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("place", ["default", "xdg", "named"])
def test_the_first_local_file_is_kept_out_of_every_repository(tmp_path: Path, env: dict[str, str], place: str) -> None:
    git = Git(env)
    excludes = git.home / ".config" / "git" / "ignore"
    if place == "xdg":
        env["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
        excludes = tmp_path / "xdg" / "git" / "ignore"
    if place == "named":
        excludes = git.home / "my-ignore"
        excludes.write_text("*.orig", encoding="utf-8")
        git("config", "--global", "core.excludesFile", "~/my-ignore")
    project = tmp_path / "project"
    git("init", "-q", str(project))
    add_rule(local_settings(project), "allow", "Bash(ls)", env)
    add_rule(project_settings(project), "allow", "Bash(ls)", env)
    assert git("status", "--porcelain", "-uall", cwd=project) == "?? .coder/settings.json\n"
    line = "**/.coder/settings.local.json"
    assert excludes.read_text(encoding="utf-8").splitlines() == (["*.orig", line] if place == "named" else [line])
    set_value(project / ".claude" / "settings.local.json", "model", "opus", env)
    set_value(local_settings(tmp_path / "other"), "model", "opus", env)
    assert excludes.read_text(encoding="utf-8").splitlines()[-2:] == [line, "**/.claude/settings.local.json"]


@pytest.mark.behaviour("B-607")
def test_a_repository_has_no_say_in_where_that_line_goes(tmp_path: Path, env: dict[str, str]) -> None:
    git = Git(env)
    project = tmp_path / "project"
    git("init", "-q", str(project))
    git("config", "core.excludesFile", str(tmp_path / "stolen"), cwd=project)
    git("config", "--file", str(project / "more"), "core.excludesFile", str(tmp_path / "stolen"))
    git("config", "--global", f"includeIf.gitdir:{project}/.path", str(project / "more"))
    fake = project / "git"
    fake.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
    fake.chmod(0o755)
    program = "import sys; from pathlib import Path; from coder.config.write import set_value;" + (
        "set_value(Path.cwd() / '.coder' / 'settings.local.json', 'model', 'opus')"
    )
    path = os.pathsep.join(part for part in sys.path if part)
    poisoned = {
        **env,
        "PATH": f".{os.pathsep}{env['PATH']}",
        "PYTHONPATH": path,
        "GIT_TRACE": str(tmp_path / "ran"),
    }
    subprocess.run([sys.executable, "-c", program], cwd=project, env=poisoned, check=True)
    assert (git.home / ".config" / "git" / "ignore").exists()
    assert not (tmp_path / "stolen").exists()
    assert not (tmp_path / "ran").exists()


@pytest.mark.behaviour("B-607")
def test_without_git_or_a_list_that_can_be_written_nothing_is_said(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "home" / ".config").touch()
    set_value(local_settings(tmp_path / "a"), "model", "opus", env)
    set_value(local_settings(tmp_path / "b"), "model", "opus", {**env, "PATH": ""})
    set_value(local_settings(tmp_path / "c"), "model", "opus", {"PATH": env["PATH"]})
    assert sorted(os.listdir(tmp_path / "home")) == [".config"]
