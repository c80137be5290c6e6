"""The person's pager. Blocks; must not know who asks."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from os import pathsep
from pathlib import Path

from coder.core.programs import absolute_folders

_PAGERS = ("less", "more")


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


def _found(name: str, env: Mapping[str, str]) -> str:
    """Where the program is, or "". Not in the folder one happens to be in, whatever PATH says: it may be anybody's."""
    return shutil.which(name, path=pathsep.join(absolute_folders(env))) or ""
