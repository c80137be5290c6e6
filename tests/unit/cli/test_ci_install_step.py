"""The step of action.yml that installs coder, as bash runs it there; python3 is a stand-in that installs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
_PYTHON = """#!/bin/bash
case "$*" in
  *version_info*) exec {python} -I -c "import sys; sys.version_info = {version}; $3" ;;
  "-m venv"*) mkdir -p coder-venv/bin; for name in python pip coder; do
    printf '#!/bin/bash\\necho %s "$@" >> {told}\\n' $name > coder-venv/bin/$name
    chmod +x coder-venv/bin/$name; done ;;
esac
"""


def install(
    tmp_path: Path, version: str = "", python: tuple[int, int] = (3, 11)
) -> tuple[subprocess.CompletedProcess[str], Path, Path]:
    action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (step,) = (each for each in action["runs"]["steps"] if each["name"] == "Install coder")
    temporary, programs, told = tmp_path / "temp", tmp_path / "bin", tmp_path / "told"
    temporary.mkdir()
    programs.mkdir()
    (programs / "python3").write_text(_PYTHON.format(python=sys.executable, version=python, told=told), "utf-8")
    (programs / "python3").chmod(0o755)
    paths = tmp_path / "paths"
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(temporary),
            "GITHUB_PATH": str(paths),
            "CODER_CI_VERSION": version,
            "CODER_CI_ACTION": "/where/the action is",
        },
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    return done, paths, told


@pytest.mark.behaviour("B-2540")
@pytest.mark.parametrize(("version", "installed"), [("", "/where/the action is"), ("coder @ git+x", "coder @ git+x")])
def test_coder_alone_goes_on_the_path_of_the_job(version: str, installed: str, tmp_path: Path) -> None:
    done, paths, told = install(tmp_path, version)
    assert done.returncode == 0, done.stderr
    assert told.read_text("utf-8").strip().endswith(installed)
    (folder,) = paths.read_text("utf-8").split("\n")[:-1]
    assert os.listdir(folder) == ["coder"]
    subprocess.run([f"{folder}/coder", "--version"], check=True, timeout=30)
    assert told.read_text("utf-8").endswith("coder --version\n")


@pytest.mark.behaviour("B-2540")
def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    done, paths, told = install(tmp_path, python=(3, 10))
    assert (done.returncode, paths.exists(), told.exists()) == (1, False, False)
    assert done.stderr == "coder needs Python 3.11: put actions/setup-python before it\n"
