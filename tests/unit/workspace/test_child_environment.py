from __future__ import annotations

import subprocess
from pathlib import Path

from coder.workspace.shell import child_environment


def test_what_would_change_the_meaning_of_words_is_dropped() -> None:
    base = {"CDPATH": "/x", "BASH_FUNC_ls%%": "() { touch PWN; }", "SHELLOPTS": "xtrace"}
    base |= {"POSIXLY_CORRECT": "1", "_POSIX2_VERSION": "199209", "BASH_COMPAT": "3.1"}
    assert child_environment({**base, "KEPT": "1"}, Path("/")) == child_environment({"KEPT": "1"}, Path("/"))


def test_a_repository_cannot_have_a_program_run_by_a_reading_git_command(tmp_path: Path) -> None:
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    hook = tmp_path / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/PWN\n", encoding="utf-8")
    hook.chmod(0o755)
    repository = tmp_path / "repository"
    subprocess.run(["git", "init", "-q", repository], env=plain, check=True)
    subprocess.run(["git", "-C", repository, "config", "core.fsmonitor", str(hook)], env=plain, check=True)
    bare = tmp_path / "bare"
    subprocess.run(["git", "init", "-q", "--bare", bare], env=plain, check=True)
    made = child_environment(plain, repository)
    subprocess.run(["git", "status"], cwd=repository, env=made, check=True, capture_output=True)
    assert not (tmp_path / "PWN").exists()
    assert subprocess.run(["git", "log"], cwd=bare, env=made, check=False, capture_output=True).returncode != 0
    subprocess.run(["git", "status"], cwd=repository, env={**plain}, check=False, capture_output=True)
    assert (tmp_path / "PWN").exists(), "the hook of this test works"


def test_settings_a_person_hands_to_git_stay() -> None:
    base = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Ann"}
    made = child_environment(base, Path("/"))
    assert made["GIT_CONFIG_COUNT"] == "3" and made["GIT_CONFIG_VALUE_0"] == "Ann"
    assert made["GIT_CONFIG_KEY_2"] == "safe.bareRepository"
