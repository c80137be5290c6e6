"""A run on real code that nobody here wrote: fetch a package's source, plant a bug, let a scripted model fix it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, text, tool

pytestmark = pytest.mark.online

PACKAGE = "more-itertools==11.2.1"
RIGHT = "    return chain.from_iterable(repeat(tuple(iterable), n))"
WRONG = "    return chain.from_iterable(repeat(tuple(iterable), n + 1))"
TESTS = "python3 -m unittest -q tests.test_recipes"
FOUND = r"(?P<path>/\S+\.py):(?P<line>\d+):def ncycles"


def fetch(folder: Path) -> Path:
    """The unpacked source distribution; skips the test when no index answers."""
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", PACKAGE]
    done = subprocess.run([*argv, "-d", folder], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1:]}")
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (source,) = (path for path in folder.iterdir() if path.is_dir())
    return source


def suite_passes(project: Path) -> bool:
    return (
        subprocess.run([sys.executable, "-m", "unittest", "-q"], cwd=project, check=False, timeout=300).returncode == 0
    )


@pytest.mark.timeout(900)
def test_a_planted_bug_in_a_public_package_is_found_and_fixed(tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    source = fetch(tmp_path / "download")
    home = tmp_path / "home"
    home.mkdir()
    place = Place(home, source)
    recipes = source / "more_itertools" / "recipes.py"
    original = recipes.read_bytes()
    assert original.count(RIGHT.encode()) == 1
    recipes.write_bytes(original.replace(RIGHT.encode(), WRONG.encode()))
    edit = {"old_string": WRONG.strip(), "new_string": RIGHT.strip()}
    script = {
        "rules": [
            rule({"last_tool_result_contains": "\nOK"}, "Fixed: `ncycles` repeated once too often. The tests pass."),
            rule({"last_tool": "Edit"}, tool("Bash", command=TESTS, timeout=300_000)),
            rule({"last_tool": "Read", "any_regex": FOUND}, tool("Edit", file_path="{{path}}", **edit)),
            rule({"last_tool": "Grep", "regex": FOUND}, tool("Read", file_path="{{path}}", offset="{{line}}", limit=9)),
            rule(
                {"last_tool": "Bash", "regex": r"FAIL: \w+ \(tests\.test_recipes\.(?P<name>\w+)Tests"},
                "A test of {{name}} fails.",
                {
                    "type": "tool_use",
                    "name": "Grep",
                    "input": {
                        "pattern": "^def {{name}}\\(",
                        "path": str(source),
                        "output_mode": "content",
                        "-i": True,
                        "-n": True,
                        "type": "py",
                    },
                },
            ),
            rule({"turn": 1}, text("Running the tests."), tool("Bash", command=TESTS, timeout=300_000)),
        ]
    }
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    with fake_api(script) as api:
        done = place.coder(
            "-p", "fix the failing test", "--permission-mode", "acceptEdits",
            "--allowedTools", "Bash(python3 -m unittest *)",
            url=api.url, env={"PATH": path}, timeout=600,
        )  # fmt: skip
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("Fixed") and done.stderr == ""
    assert recipes.read_bytes() == original
    assert suite_passes(source)
