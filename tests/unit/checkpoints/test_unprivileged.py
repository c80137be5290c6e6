"""As an ordinary user: folders and files that may not be written or read are no hindrance to going back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = """
import os, sqlite3, subprocess, sys
from pathlib import Path
import coder.checkpoints.gitstate
from coder.checkpoints.back import Back
from coder.checkpoints.changelog import Mark, now
from coder.checkpoints.recorder import Recorder, Surroundings
from tests.support.rewinding import tree

top = Path(sys.argv[1])
if os.geteuid() == 0:  # all is loaded by now
    os.setgid(65534)
    os.setuid(65534)
project, said = top / "project", []
for name in ("ro/sub", "closed"):
    (project / name).mkdir(parents=True)
for name in ("ro/x", "ro/sub/y", "secret", "closed/z"):
    (project / name).write_text(name)

def seen():
    (project / "secret").chmod(0o600)
    found = tree(project)
    (project / "secret").chmod(0)
    return found

(project / "ro").chmod(0o555)
before = seen()
around = Surroundings(top / "home", (top / "base",), dict(os.environ))
recorder = Recorder(top / "base", "s", [project], around, said.append)
recorder.mark(Mark("p", "", now()))
id = recorder.before("x", "command", [], scan=True)
command = (
    "chmod 755 ro; echo more >> ro/x; rm -r ro/sub; chmod 555 ro; mkdir made; echo m > made/m; chmod 500 made; "
    "chmod 000 closed"
)
subprocess.run(["bash", "-c", command], cwd=project, check=True)
assert len(recorder.after(id).changes) == 6
back = Back(recorder.base, recorder.log, recorder.contents)
assert back.rewind("p").passed == ()
assert seen() == before
assert back.undo().passed == ()
modes = {name: (project / name).stat().st_mode & 0o7777 for name in ("made", "ro", "closed")}
assert modes == {"made": 0o500, "ro": 0o555, "closed": 0}, modes
assert "secret (it could not be read)" in said[0], said
recorder.close()
"""


def test_what_may_not_be_written_or_read_is_no_hindrance(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent, tmp_path.parent.parent.parent):
        if folder.stat().st_mode & 0o001 == 0 and folder != Path("/tmp"):
            folder.chmod(0o755)  # the other user must get there
    tmp_path.chmod(0o777)
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        env=env,
        capture_output=True,
        encoding="utf-8",
    )
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("another user cannot load this Python")
    assert done.returncode == 0, done.stderr
