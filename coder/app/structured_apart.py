"""Whether a value fits a schema that has patterns, found out in a process of its own: a pattern can take longer than
anybody lives, and no thread can be stopped in one. Must not know who asks.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.app import structured_form as forms
else:  # which itself asks here
    forms = LazyModule("coder.app.structured_form")

try:
    import resource
except ImportError:  # a system without limits
    resource = None  # type: ignore[assignment]  # looked at before it is used

SECONDS = 10.0
TOO_LONG = "Whether it fits its patterns could not be found out in time."
_WORK = "from coder.app.structured_apart import main; main()"


async def problems(schema: Any, value: Any, seconds: float = SECONDS) -> list[str] | None:
    """A line each; None where there is no Python to start, as inside a program that only has one built in. Whoever is
    cancelled here leaves no process behind."""
    program = sys.executable
    if not program or getattr(sys, "frozen", False) or not Path(program).name.lower().startswith("python"):
        return None
    folders = [each for each in sys.path if each and Path(each).is_absolute()]
    env = {"PYTHONPATH": os.pathsep.join(folders), "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *("-c", _WORK),
            env=env,
            cwd="/",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(seconds):
            said, _ = await process.communicate(json.dumps([schema, value]).encode())
    except TimeoutError:
        return [TOO_LONG]
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return _told(process.returncode, said)


def main() -> None:
    """Reads a schema and a value, and writes what is wrong."""
    _bound()
    schema, value = json.loads(sys.stdin.buffer.read())
    sys.stdout.write(json.dumps(forms.AnswerForm(schema).problems_of(value)))


def _told(code: int | None, said: bytes) -> list[str] | None:
    if code is None or code < 0:
        return [TOO_LONG]
    try:
        found = json.loads(said)
    except ValueError:
        return None
    return [str(each) for each in found]


def _bound() -> None:
    """So that it ends though nobody is left who would end it."""
    if resource is not None:
        most = int(SECONDS) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, most))
