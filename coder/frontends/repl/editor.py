"""The person's editor, run on a text or a file. Blocks until it ends; whoever calls has left the terminal to it.

Must not know what the text is.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Mapping
from os import pathsep
from pathlib import Path
from tempfile import TemporaryDirectory

from coder.core.dataclass import dataclass
from coder.core.programs import absolute_folders

_DEFAULTS = ("nano", "vim", "vi")
_WAITING = frozenset({"code", "code-insiders", "codium", "cursor", "windsurf", "subl", "zed", "mate"})
_LARGEST = 10_000_000


@dataclass(frozen=True, slots=True)
class Edited:
    """`text` is None when the editor failed; `problem` says why then, on one line."""

    text: str | None
    problem: str = ""


def edit(text: str, env: Mapping[str, str], name: str = "prompt.md") -> Edited:
    """The text as the person left it. `name` is the last part of the file's name; only its owner can read the file."""
    try:
        with TemporaryDirectory(prefix="coder-") as folder:
            path = Path(folder) / (Path(name).name or "prompt.md")
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8", errors="replace")
            if problem := open_file(path, env):
                return Edited(None, problem)
            with path.open("rb") as file:
                left = file.read(_LARGEST).decode("utf-8", "replace")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return Edited(None, f"The editor's text cannot be read ({why}). The text is as it was.")
    return Edited(left.replace("\r\n", "\n").removesuffix("\n"))


def open_file(path: Path, env: Mapping[str, str]) -> str:
    """Opens a file. Returns why that failed, "" when it did not."""
    command, origin = _command(env)
    if not command:
        return "There is no editor: set VISUAL or EDITOR, such as EDITOR=nano. The text is as it was."
    try:
        program, *arguments = shlex.split(command)
    except ValueError as error:
        return f"{origin} cannot be read ({error}): {command!r}. The text is as it was."
    found = shutil.which(program, path=pathsep.join(absolute_folders(env)))
    if found is None:
        return f"The editor {program!r} was not found (from {origin}). Set VISUAL or EDITOR. The text is as it was."
    if Path(found).name in _WAITING and not {"--wait", "-w"} & set(arguments):
        arguments.append("--wait")
    try:
        code = subprocess.run([found, *arguments, str(path)], env=dict(env), check=False).returncode
    except OSError as error:
        return f"The editor {program!r} did not start ({error.strerror}). The text is as it was."
    return f"{program} ended with exit code {code}. The text is as it was." if code else ""


def _command(env: Mapping[str, str]) -> tuple[str, str]:
    """The command, and where it comes from."""
    for name in ("VISUAL", "EDITOR"):
        if env.get(name, "").strip():
            return env[name], name
    path = pathsep.join(absolute_folders(env))
    return next((name for name in _DEFAULTS if shutil.which(name, path=path)), ""), "the default"
