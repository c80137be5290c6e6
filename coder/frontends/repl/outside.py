"""The person's pager and editor. Blocks; must not know who asks."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from os import pathsep
from pathlib import Path

from coder.core.programs import absolute_folders

_PAGERS = ("less", "more")
_EDITORS = ("nano", "vim", "vi")


def page(text: str, env: Mapping[str, str]) -> None:
    """Shows a text from its end; prints it where there is no pager."""
    given: list[str] = []
    with suppress(ValueError):
        given = shlex.split(env.get("PAGER", ""))
    paths = (_found(name, env) for name in (given[:1] or _PAGERS))
    argv = [next(filter(None, paths), ""), *given[1:]]
    more = {"LESS": "-R +G", "LESSSECURE": "1"} if Path(argv[0]).name == "less" else {}
    try:
        subprocess.run(argv, input=text.encode("utf-8", "replace"), env={**env, **more}, check=False)
    except OSError:
        sys.stdout.write(text)
        sys.stdout.flush()


def edit(text: str, name: str, env: Mapping[str, str]) -> tuple[str | None, str]:
    """The text as it was left, and what went wrong, if anything. The file is the person's alone, and gone after."""
    try:
        with tempfile.TemporaryDirectory(prefix="coder-") as folder:
            path = Path(folder, Path(name).name)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            if problem := open_file(path, env):
                return None, problem
            return path.read_text(encoding="utf-8").removesuffix("\n"), ""
    except (OSError, ValueError) as error:
        return None, f"The text could not be edited: {error}. The draft is as it was."


def open_file(path: Path, env: Mapping[str, str]) -> str:
    """What went wrong, or ""."""
    with suppress(ValueError):
        argv = shlex.split(env.get("VISUAL") or env.get("EDITOR") or "")
        argv = argv or [name for name in _EDITORS if _found(name, env)][:1]
        if not argv:
            return "There is no editor: set EDITOR to the one you like."
        try:
            code = subprocess.run([_found(argv[0], env), *argv[1:], str(path)], env=dict(env), check=False).returncode
        except OSError as error:
            return f"The editor {argv[0]} did not start ({error.strerror}): set EDITOR to one that does."
        return f"The editor {argv[0]} ended with {code}: nothing was changed." if code else ""
    return "EDITOR cannot be read: check its quotes."


def _found(name: str, env: Mapping[str, str]) -> str:
    """Where the program is, or "". Not in the folder one happens to be in, whatever PATH says: it may be anybody's."""
    return shutil.which(name, path=pathsep.join(absolute_folders(env))) or ""
