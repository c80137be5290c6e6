"""Before there is a session: of signals what is to be undone is undone, and behind that nothing unwinds; what is kept
for the want of memory takes none.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.processes import linux_only

CODE = """
import os, signal
from coder.cli import early
early.begin(["-p"])
def sent(number):
    try:
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 5)
    except KeyboardInterrupt:
        print("unwound", flush=True)
with early.unwinding():
    sent(signal.SIGTERM)
sent(signal.SIGHUP)
print("went on", flush=True)
"""


@pytest.mark.behaviour("B-2715")
def test_only_what_is_to_be_undone_is_unwound() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (129, "unwound\n")
    assert done.stderr.startswith("coder: Interrupted before the session began")


@linux_only
def test_the_memory_that_is_reserved_is_not_taken() -> None:
    taken = "int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')"
    code = f"import os; from coder.cli import early; old = {taken}; early.begin(['-p']); print({taken} - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1 << 20
