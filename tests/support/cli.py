"""Runs the installed `coder` as its users do: a process of its own, an empty home, a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support import warm

DEADLINE = 60.0
CODER = (sys.executable, "-m", "coder")
# Every Python finds its own library, and none that of another: the `python3` of a test may be one.
_ITS_OWN = {Path(sysconfig.get_path("stdlib")), Path(sysconfig.get_path("platstdlib"))}
_ITS_OWN |= {each / "lib-dynload" for each in _ITS_OWN}


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The messages of a stream-json run."""
        return [json.loads(line) for line in self.stdout.split("\n") if line]

    @property
    def result(self) -> dict[str, Any]:
        """The one result of a json or stream-json run."""
        results = [line for line in self.lines if line["type"] == "result"]
        assert len(results) == 1, self.stdout
        return results[0]


def _text(output: bytes) -> str:
    """As pipes that are read as text give it."""
    return output.decode().replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class Place:
    """A home and a project for one test."""

    home: Path
    project: Path

    @classmethod
    def make(cls, root: Path) -> Place:
        place = cls(root / "home", root / "project")
        place.home.mkdir()
        place.project.mkdir()
        return place

    def env(self, url: str | None, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        env = {
            "HOME": str(self.home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "IS_SANDBOX": "1",  # tests may run as root
            "PYTHONWARNDEFAULTENCODING": "1",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path and Path(path) not in _ITS_OWN),
        }
        if url is not None:
            env |= {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "sk-test-key-that-must-not-show"}
        return env | dict(extra or {})

    def coder(
        self,
        *args: str,
        url: str | None = None,
        stdin: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = DEADLINE,
    ) -> Done:
        """Runs to the end. Standard input is empty unless given."""
        whole = self.env(url, env)
        given = None if stdin is None else stdin.encode()
        done = warm.run(args, self.project, whole, given, timeout) or subprocess.run(
            [*CODER, *args],
            cwd=self.project,
            env=whole,
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, _text(done.stdout), _text(done.stderr))

    def start(
        self,
        *args: str,
        url: str | None = None,
        stdin: int | IO[str] = subprocess.DEVNULL,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Starts it and returns the process, output piped."""
        return subprocess.Popen(
            [*CODER, *args],
            cwd=self.project,
            env=self.env(url, env),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def transcripts(self) -> list[Path]:
        return sorted((self.home / ".coder" / "projects").glob("*/*.jsonl"))
