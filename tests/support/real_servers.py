"""Servers that others made, as their makers publish them: fetched once into a folder of their own, started for a test.

The folder is $CODER_REAL_SERVERS, or one that is gone after the run. What is fetched is pinned. A test is skipped where
no index answers.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from coder.mcp.server import Stdio
from tests.support.processes import DEADLINE

NODE = {  # the package, and its program
    "everything": ("@modelcontextprotocol/server-everything@2026.8.31", "mcp-server-everything"),
    "filesystem": ("@modelcontextprotocol/server-filesystem@2026.8.31", "mcp-server-filesystem"),
    "memory": ("@modelcontextprotocol/server-memory@2026.8.31", "mcp-server-memory"),
    "sequential-thinking": (
        "@modelcontextprotocol/server-sequential-thinking@2026.8.31",
        "mcp-server-sequential-thinking",
    ),
    "playwright": ("@playwright/mcp@0.0.83", "playwright-mcp"),
    "context7": ("@upstash/context7-mcp@4.1.1", "context7-mcp"),
    "chrome-devtools": ("chrome-devtools-mcp@1.11.0", "chrome-devtools-mcp"),
    "kubernetes": ("kubernetes-mcp-server@0.0.67", "kubernetes-mcp-server"),
}
PYTHON = {
    "servers": ("mcp-server-git==2026.10.19", "mcp-server-fetch==2026.10.24", "mcp-server-time==2026.10.19"),
    "older": ("mcp==1.30.0", "mcp-server-sqlite==2025.4.25"),
}
_LONG = 400  # seconds for one installation
OLDER = Path(__file__).with_name("mcp_servers") / "older.py"


@dataclass(frozen=True, slots=True)
class Shelf:
    """What has been fetched."""

    folder: Path

    def node(self, name: str, *args: str) -> Stdio:
        """The program of a package of the npm registry, run without npx."""
        _program("node")
        package, program = NODE[name]
        folder = self._kept("npm", name, lambda into: _npm(into, package))
        return Stdio(str(folder / "node_modules" / ".bin" / program), args)

    def python(self, name: str, *args: str) -> Stdio:
        """The module of a package of the Python index."""
        return Stdio(self._python("servers"), ("-m", f"mcp_server_{name}", *args))

    def sqlite(self, *args: str) -> Stdio:
        """A program of others that its makers left with the older edition."""
        return Stdio(str(Path(self._python("older")).with_name("mcp-server-sqlite")), args)

    def older(self, *args: str) -> Stdio:
        """A server of ours, made with the edition of the library that most servers are still made with."""
        return Stdio(self._python("older"), (str(OLDER), *args))

    def _python(self, name: str) -> str:
        folder = self._kept("python", name, lambda into: _pip(into, PYTHON[name]))
        return str(folder / "bin" / "python")

    def _kept(self, kind: str, name: str, fetch: Callable[[Path], None]) -> Path:
        """Fetched in another folder first: a run that was ended leaves no half of one behind."""
        folder = self.folder / kind / name
        done = folder / ".fetched"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            fetch(folder)
            done.touch()
        return folder


@contextmanager
def shelf() -> Iterator[Shelf]:
    kept = os.environ.get("CODER_REAL_SERVERS")
    if kept:
        yield Shelf(Path(kept).absolute())
        return
    with tempfile.TemporaryDirectory(prefix="coder-real-servers-", ignore_cleanup_errors=True) as folder:
        yield Shelf(Path(folder))


@contextmanager
def running(program: Stdio, **env: str) -> Iterator[int]:
    """A server that listens at the port that is its $PORT; the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    command = [program.command, *program.args]
    given = {**os.environ, **program.env, **env, "PORT": str(port)}
    with subprocess.Popen(
        command, env=given, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + DEADLINE
            while not _answers(port):
                assert process.poll() is None and time.monotonic() < deadline, command
                time.sleep(0.05)
            yield port
        finally:
            process.kill()


@contextmanager
def telling_ports(program: Stdio) -> Iterator[list[int]]:
    """A server that prints the ports that it listens at."""
    command = [program.command, *program.args]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield [int(port) for port in process.stdout.readline().split()]
        finally:
            process.kill()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def _npm(into: Path, package: str) -> None:
    _run([_program("npm"), "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(into), package])


def _pip(into: Path, packages: Sequence[str]) -> None:
    _run([sys.executable, "-m", "venv", str(into)])
    pip = [str(into / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *packages])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_LONG)
    if done.returncode:
        said = done.stderr.strip().splitlines()[-3:]
        pytest.skip(f"cannot be fetched: {command[-1]}: {said}")
