"""A job of a service, run here: the steps of action.yml with the variables of a runner, in a small repository."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.cli import DEADLINE, Place
from tests.support.repositories import Repository

ROOT = Path(__file__).resolve().parents[2]
_INPUT = re.compile(r"\$\{\{ inputs\.([\w-]+) \}\}")


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    log: str
    outputs: dict[str, str]
    summary: str


@dataclass(frozen=True, slots=True)
class Runner:
    """A place with a checkout, and what a runner has beside it."""

    place: Place
    repository: Repository
    programs: Path
    temporary: Path
    files: dict[str, Path] = field(default_factory=dict)

    @classmethod
    def make(cls, place: Place, root: Path) -> Runner:
        made = cls(place, Repository.make(place), root / "bin", root / "runner")
        made.programs.mkdir()
        made.temporary.mkdir()
        made.program("coder", f'exec {sys.executable} -m coder "$@"\n')
        return made

    def program(self, name: str, text: str) -> None:
        file = self.programs / name
        file.write_text(f"#!/bin/bash\n{text}", encoding="utf-8")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def step(self, url: str, event: Any, env: dict[str, str] | None = None, **inputs: str) -> Ran:
        """The step of action.yml that runs coder, as bash runs it there."""
        action = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
        (step,) = (each for each in action["runs"]["steps"] if each.get("id") == "run")
        given = {name: str(about.get("default", "")) for name, about in action["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        assert set(given) == set(action["inputs"])
        outputs, summary, told = (self.temporary / name for name in ("outputs", "summary", "event.json"))
        told.write_text(json.dumps(event), "utf-8")
        for file in (outputs, summary):
            file.write_text("")
        runner = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_PATH": str(told),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_ENV": str(self.temporary / "env"),
            "RUNNER_TEMP": str(self.temporary),
            **{name: _INPUT.sub(lambda found: given[found[1]], value) for name, value in step["env"].items()},
        }
        path = os.pathsep.join((str(self.programs), os.environ["PATH"]))
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.place.project,
            env=self.place.env(url, {**runner, "PATH": path, **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=DEADLINE,
            check=False,
        )
        return Ran(done.returncode, done.stdout, outputs_of(outputs.read_text("utf-8")), summary.read_text("utf-8"))

    @property
    def left(self) -> list[str]:
        """What coder left beside the checkout."""
        return [each.name for each in self.temporary.iterdir() if each.name.startswith("coder-")]


def outputs_of(text: str) -> dict[str, str]:
    """As the runner reads them."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        if not line:
            continue
        name, _, end = line.partition("<<")
        assert end, f"no output: {line}"
        value = []
        for each in lines:
            if each == end:
                break
            value.append(each)
        else:
            raise AssertionError(f"{name} has no end")
        found[name] = "\n".join(value)
    return found
