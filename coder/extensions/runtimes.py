"""Which programs an extension needs, whether they are there, and in which version. Must not know what they are told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

from coder.core.dataclass import dataclass
from coder.core.programs import absolute_folders
from coder.core.visible import visible_line
from coder.extensions.launch import Need
from coder.extensions.manifest import Manifest
from coder.extensions.versions import found_version, satisfies

PYTHONS = ("python", "python3")
_PATIENCE = 20.0
_HINTS = {
    "node": "install Node.js (https://nodejs.org)",
    "uv": "install uv (https://docs.astral.sh/uv)",
    "python": "install Python (https://www.python.org)",
}


@dataclass(frozen=True, slots=True)
class Runtime:
    """A program that was looked for. `problem` is one line: what is wrong and what to do; empty when it will do.
    `doubt`: it is there, but whether it will do could not be told."""

    need: Need
    path: str = ""
    version: str = ""
    problem: str = ""
    doubt: str = ""


def needs(manifest: Manifest, platform: str = sys.platform) -> tuple[Need, ...]:
    """What has to be there besides the bundle, by the command line of this platform."""
    server = manifest.server
    override = server.overrides.get(platform)
    command = (override and override.command) or server.command
    ranges = manifest.compatibility.runtimes
    if command is None:
        return () if server.type == "binary" else (Need(server.type, ranges.get(server.type, "")),)
    if "/" in command or "\\" in command or "${" in command or server.type == "binary":
        return ()
    name = "python" if command in PYTHONS else command
    return (Need(name, ranges.get(name, "")),)


def find_program(name: str, env: Mapping[str, str]) -> str:
    """Where the program is, by the folders of PATH that are the same wherever one stands; empty when it is not there.

    For `python` it is the first of python3 and python, and ours where there is none.
    """
    folders = os.pathsep.join(absolute_folders(env))
    for each in ("python3", "python") if name in PYTHONS else (name,):
        if found := shutil.which(each, path=folders):
            return found
    return sys.executable if name in PYTHONS else ""


def check_runtimes(wanted: tuple[Need, ...], env: Mapping[str, str]) -> tuple[Runtime, ...]:
    """Each program, asked for its version. Nothing of the bundle runs."""
    return tuple(_checked(need, env) for need in wanted)


def _checked(need: Need, env: Mapping[str, str]) -> Runtime:
    path = find_program(need.program, env)
    hint = _HINTS.get(need.program, f"install {visible_line(need.program)}")
    if not path:
        return Runtime(need, problem=f"{visible_line(need.program)} is not installed, or not in PATH; {hint}")
    if not need.range.strip():
        return Runtime(need, path)
    wanted = visible_line(need.range)[:80]
    version = found_version(_printed(path, env))
    if not version:
        return Runtime(need, path, doubt=f"{path} does not say its version; wanted is {wanted}")
    verdict = satisfies(version, need.range)
    if verdict is None:
        return Runtime(need, path, version, doubt=f"the range {wanted} cannot be understood; {path} is {version}")
    problem = "" if verdict else f"{path} is {version}, and the extension wants {wanted}; {hint} in such a version"
    return Runtime(need, path, version, problem)


def _printed(path: str, env: Mapping[str, str]) -> str:
    kept = {name: env[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in env}
    try:
        done = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False, env=kept, cwd="/",
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return ""
    return (done.stdout + done.stderr)[:2000].decode(errors="replace")
