"""What people install: the wheel, built through the sdist, in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def sh(*argv: str | Path, **options: object) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]  # plain options
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    sh(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT)
    (found,) = out.glob("*.whl")
    return found


def make_venv(folder: Path) -> Path:
    sh(sys.executable, "-m", "venv", folder)
    return folder / "bin" / "python"


@pytest.mark.behaviour("B-060")
def test_the_wheel_holds_prompts_and_sample_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    prompts = {f"coder/prompts/{path.relative_to(ROOT / 'prompts')}" for path in (ROOT / "prompts").rglob("*.md")}
    assert prompts <= names
    assert {f"coder/workflows/shipped/{path.name}" for path in (ROOT / "coder/workflows/shipped").iterdir()} <= names
    assert {"coder/demo/cassette.jsonl", "coder/demo/sample/timebox/duration.py", "coder/models/catalog.json"} <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/")) or "__pycache__" in name]


@pytest.mark.behaviour("B-060")
def test_the_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    python = make_venv(tmp_path / "venv")
    sh(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    # The dependencies are lent from this environment; the test marked online installs them for real.
    site = sh(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(site) / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    where = sh(python, "-c", "import coder; print(coder.__file__)", cwd=tmp_path, env=env)
    assert str(tmp_path) in where
    coder = tmp_path / "venv" / "bin" / "coder"
    assert "0 of 8 failed after" in sh(coder, "demo", cwd=tmp_path, env=env)


@pytest.mark.online
def test_the_wheel_runs_with_only_what_it_declares(wheel: Path, tmp_path: Path) -> None:
    python = make_venv(tmp_path / "venv")
    sh(python, "-m", "pip", "install", "--quiet", wheel)
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    coder = tmp_path / "venv" / "bin" / "coder"
    assert "0 of 8 failed after" in sh(coder, "demo", cwd=tmp_path, env=env)
    sh(coder, "replay", "--help", cwd=tmp_path, env=env)
