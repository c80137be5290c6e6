"""What is written down before the workers begin is what they read, and where it cannot be they begin as ever."""

from __future__ import annotations

import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import rewritten

pytestmark = pytest.mark.skipif(not rewritten.CAN, reason="pytest has other names for it")
_HEADER = 16  # bytes before the code


def test_pytest_reads_what_was_written(tmp_path: Path) -> None:
    file = tmp_path / "test_it.py"
    file.write_text("def test_one():\n    assert 1 == 2\n", encoding="utf-8")
    rewritten.write(file)
    at = rewritten.kept(file)
    head, code = at.read_bytes()[:_HEADER], at.read_bytes()[_HEADER:]
    assert "@pytest_ar" in marshal.loads(code).co_names
    other = compile("def test_another(): pass", str(file), "exec")
    at.write_bytes(head + marshal.dumps(other))  # so that it is seen which of the two is read
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-c",
        "/dev/null",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "test_it.py",
    ]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60)
    assert done.returncode == 0 and "test_another PASSED" in done.stdout
    assert list(at.parent.iterdir()) == [at]


@pytest.mark.parametrize("content", [b"def test_one(:\n", b"\xff\xfe", None])
def test_what_cannot_be_rewritten_is_left_to_pytest(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "test_it.py"
    if content is not None:
        file.write_bytes(content)
    rewritten.write(file)
    assert not rewritten.kept(file).exists()
