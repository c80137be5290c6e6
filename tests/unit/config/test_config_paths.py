from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from coder.config.flags import Flags
from coder.config.load import folder_trust, load
from coder.config.paths import config_home, user_home, why_not_saved
from coder.config.trust import approve
from coder.core.errors import ConfigError

REMEDY = "Name a folder that can be written to in CODER_CONFIG_DIR, or pass --no-session-persistence."


@pytest.mark.behaviour("B-420")
def test_the_home_is_ours_then_claudes_variable_then_a_folder_of_the_person(tmp_path: Path) -> None:
    env = {"HOME": str(tmp_path)}
    assert config_home(env) == tmp_path / ".coder"
    assert config_home({**env, "CLAUDE_CONFIG_DIR": "/c"}) == Path("/c")
    assert config_home({**env, "CLAUDE_CONFIG_DIR": "/c", "CODER_CONFIG_DIR": "~/x"}) == tmp_path / "x"
    assert config_home({**env, "CODER_CONFIG_DIR": ""}) == tmp_path / ".coder"
    assert config_home({**env, "CODER_CONFIG_DIR": "/here/../there"}) == Path("/there")


@pytest.mark.behaviour("B-420")
@pytest.mark.parametrize("value", ["here", ".", "../x", "~x", "./.coder"])
def test_a_home_that_would_lie_in_the_folder_worked_on_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(ConfigError, match="CODER_CONFIG_DIR must be an absolute path"):
        config_home({"HOME": str(tmp_path), "CODER_CONFIG_DIR": value})


LOOSE = {
    "apiKeyHelper": "touch ran; echo key",
    "env": {"BROUGHT": "1"},
    "permissions": {"defaultMode": "bypassPermissions", "allow": ["Bash(make *)"], "deny": ["Read(x)"]},
}


def loose(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(LOOSE), encoding="utf-8")


@pytest.mark.behaviour("B-420")
@pytest.mark.parametrize("name", [".coder", ".claude"])
@pytest.mark.parametrize("start", [".", "sub"])
def test_what_a_repository_that_is_the_home_brings_is_not_the_persons(tmp_path: Path, name: str, start: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".coder").mkdir()
    (tmp_path / "sub").mkdir()
    file = tmp_path / name / "settings.json"
    loose(file)
    env = {"HOME": str(tmp_path)}
    for names in (None, "user", "user,project"):
        config = load(Flags(setting_sources=names), env, tmp_path / start, managed=tmp_path / "etc")
        assert (config.mode, config.env.get("BROUGHT")) == ("default", None)
        assert [rule.behaviour for rule in config.rules] == ["deny"]
        assert any(f"{file} lies in the repository" in warning for warning in config.warnings)
    assert not list(tmp_path.rglob("ran"))
    approve(tmp_path / ".coder", folder_trust(env, tmp_path / start)[0])
    config = load(Flags(), env, tmp_path / start, managed=tmp_path / "etc")
    assert (config.mode, config.env.get("BROUGHT")) == ("default", "1")
    assert [rule.behaviour for rule in config.rules] == ["deny", "allow"]


@pytest.mark.behaviour("B-420")
def test_a_chosen_home_inside_of_the_repository_is_not_the_persons(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    loose(tmp_path / "cfg" / "settings.json")
    env = {"HOME": "/nowhere", "CODER_CONFIG_DIR": str(tmp_path / "cfg")}
    config = load(Flags(), env, tmp_path, managed=tmp_path / "etc")
    assert (config.mode, config.env.get("BROUGHT")) == ("default", None)


@pytest.mark.behaviour("B-420")
def test_a_home_in_git_stays_the_persons_for_a_repository_below_it(tmp_path: Path) -> None:
    for folder in (".git", "project/.git"):
        (tmp_path / folder).mkdir(parents=True)
    loose(tmp_path / ".coder" / "settings.json")
    config = load(Flags(), {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": "x"}, tmp_path / "project", managed=tmp_path)
    assert (config.mode, config.env["BROUGHT"]) == ("bypassPermissions", "1")
    assert {rule.scope for rule in config.rules} == {"user"}
    (tmp_path / ".git").rmdir()
    config = load(Flags(), {"HOME": str(tmp_path), "ANTHROPIC_API_KEY": "x"}, tmp_path, managed=tmp_path)
    assert config.mode == "bypassPermissions"


def test_with_a_home_of_its_own_the_claude_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text('{"model": "x"}', encoding="utf-8")
    env = {"HOME": str(tmp_path)}
    project = tmp_path / "project"
    project.mkdir()
    assert load(Flags(), env, project, managed=tmp_path / "etc").model.name == "x"
    env["CODER_CONFIG_DIR"] = str(tmp_path / "own")
    assert load(Flags(), env, project, managed=tmp_path / "etc").model.name == "default"


@pytest.mark.behaviour("B-421")
@pytest.mark.behaviour("B-2851")
@pytest.mark.parametrize(
    ("home", "why"), [(None, "HOME is not set"), ("", "HOME is not set"), ("x", "HOME is not set"), ("/", "HOME is /")]
)
def test_without_a_home_of_its_own_a_session_is_not_saved(tmp_path: Path, home: str | None, why: str) -> None:
    env = {} if home is None else {"HOME": home}
    config = load(Flags(setting_sources=""), env, tmp_path, managed=tmp_path / "etc")
    assert config.persist is False
    assert config.warnings == (f"This session is not saved: {why}. {REMEDY}",)
    assert user_home(env).is_absolute()


@pytest.mark.behaviour("B-421")
def test_a_home_in_the_way_of_a_file_is_not_saved_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        assert why_not_saved(home, {"HOME": str(tmp_path)}) == f"{tmp_path}/file is not a folder"


@pytest.mark.behaviour("B-421")
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_not_saved_to(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert why_not_saved(tmp_path / ".coder", {"HOME": str(tmp_path)}) == f"{tmp_path} cannot be written to"
    tmp_path.chmod(0o700)


@pytest.mark.behaviour("B-421")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a folder away")
def test_a_home_of_somebody_else_is_not_saved_to(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    assert why_not_saved(tmp_path, {"HOME": "/root"}) == f"{tmp_path} belongs to another user"


@pytest.mark.behaviour("B-421")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to run as somebody else")
def test_a_run_in_a_home_that_may_not_be_entered_goes_on_unsaved(tmp_path: Path) -> None:
    (tmp_path / ".coder").mkdir(mode=0o700)
    (tmp_path / ".coder" / "settings.json").write_text("{}", encoding="utf-8")
    for folder in (tmp_path, *tmp_path.parents):
        if "pytest" in str(folder):
            folder.chmod(0o755)
    program = (
        "import os; from pathlib import Path; from coder.config.load import load; from coder.config.flags import Flags;"
        f"os.setuid(65534); config = load(Flags(), {{'HOME': {str(tmp_path)!r}}}, Path('/'), managed=Path('/nowhere'));"
        "print(config.persist, *config.warnings)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    why = f"{tmp_path}/.coder cannot be written to"
    assert ran.stdout == f"False This session is not saved: {why}. {REMEDY}\n", ran.stderr


def test_a_home_that_is_not_made_yet_is_fine(tmp_path: Path) -> None:
    assert why_not_saved(tmp_path / "a" / "b", {"HOME": str(tmp_path)}) == ""
    assert list(tmp_path.iterdir()) == []


def test_a_chosen_home_needs_no_home_variable(tmp_path: Path) -> None:
    assert why_not_saved(tmp_path, {"CODER_CONFIG_DIR": str(tmp_path)}) == ""


@pytest.mark.behaviour("B-420")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a file away")
@pytest.mark.parametrize("given", [".coder", ".coder/settings.json"])
def test_settings_that_belong_to_somebody_else_are_not_the_persons(tmp_path: Path, given: str) -> None:
    loose(tmp_path / ".coder" / "settings.json")
    os.chown(tmp_path / given, 12345, -1)
    (tmp_path / "project").mkdir()
    config = load(Flags(headless=True), {"HOME": str(tmp_path)}, tmp_path / "project", managed=tmp_path / "etc")
    assert (config.mode, config.env.get("BROUGHT"), config.rules) == ("default", None, ())
    assert (
        config.warnings[0] == f"{tmp_path}/{given} belongs to user 12345. {tmp_path}/.coder/settings.json is not used."
    )


@pytest.mark.behaviour("B-420")
@pytest.mark.parametrize("open_", [".coder", ".coder/settings.json"])
def test_settings_that_anybody_may_write_only_tighten(tmp_path: Path, open_: str) -> None:
    loose(tmp_path / ".coder" / "settings.json")
    (tmp_path / open_).chmod(0o777)
    (tmp_path / "project").mkdir()
    config = load(Flags(), {"HOME": str(tmp_path)}, tmp_path / "project", managed=tmp_path / "etc")
    assert (config.mode, config.env.get("BROUGHT")) == ("default", None)
    assert [rule.behaviour for rule in config.rules] == ["deny"]
    who = "root" if os.geteuid() == 0 else str(tmp_path.owner())
    assert config.warnings[0].startswith(f"{tmp_path}/{open_} (owner {who}) may be written by anybody. Of ")
