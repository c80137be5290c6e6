"""A run on real code that nobody here wrote: fetch a package's source, plant a bug, let a scripted model fix it."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.support.cli import Place
from tests.support.fakeapi import fake_api, rule, text, tool, tool_input

pytestmark = pytest.mark.online

PACKAGE = "schedule==1.2.2"
RIGHT = "return self.next_run < other.next_run"
WRONG = "return self.next_run > other.next_run"
TESTS = "python3 -m unittest -q test_schedule"
FOUND = r"(?P<path>\S+\.py):(?P<line>\d+):\s+return self\.next_run > other"


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


def test_a_planted_bug_in_a_public_package_is_found_and_fixed(tmp_path: Path) -> None:
    (tmp_path / "download").mkdir()
    source = fetch(tmp_path / "download")
    home = tmp_path / "home"
    home.mkdir()
    place = Place(home, source)
    module = source / "schedule" / "__init__.py"
    original = module.read_bytes()
    assert suite_passes(source) and original.count(RIGHT.encode()) == 1
    module.write_bytes(original.replace(RIGHT.encode(), WRONG.encode()))
    assert not suite_passes(source)
    search = {"pattern": r"self\.next_run [<>]=? other", "path": str(source), "output_mode": "content", "-n": True}
    script = {
        "rules": [
            rule({"last_tool_result_contains": "\nOK"}, "Fixed: jobs were ordered backwards. The tests pass."),
            rule({"last_tool": "Edit"}, tool("Bash", command=TESTS)),
            rule(
                {"last_tool": "Read", "any_regex": FOUND},
                tool("Edit", file_path=f"{source}/{{{{path}}}}", old_string=WRONG, new_string=RIGHT),
            ),
            rule(
                {"last_tool": "Grep", "regex": FOUND},
                tool("Read", file_path=f"{source}/{{{{path}}}}", offset="{{line}}", limit=9),
            ),
            rule(
                {"last_tool": "Bash", "regex": r"FAIL: test_(?P<what>next_run)_property"},
                "The order by {{what}} is wrong.",
                tool_input("Grep", search),
            ),
            rule({"turn": 1}, text("Running the tests."), tool("Bash", command=TESTS)),
        ]
    }
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    with fake_api(script) as api:
        done = place.coder(
            "-p", "fix the failing test", "--max-turns", "9", "--permission-mode", "acceptEdits",
            "--allowedTools", "Bash(python3 -m unittest *)",
            url=api.url, env={"PATH": path},
        )  # fmt: skip
    assert done.code == 0, done.stderr
    assert done.stdout.startswith("Fixed") and done.stderr == ""
    assert module.read_bytes() == original
    assert suite_passes(source)
