"""Checks of the machine: Python, helper programs, terminal, disk. Must not know settings or keys."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from coder import __version__
from coder.app.checks import Check, Site
from coder.core.programs import program_folders
from coder.core.visible import visible_line
from coder.tools.extras import install_hint
from coder.tools.ripgrep import locate
from coder.workspace.shell import find_shell

_OLDEST = (3, 11)
_TIGHT, _FULL = 1_000_000_000, 50_000_000  # bytes
_GIB = 2**30
_EXTRAS = (("pillow", "PIL", "images", "large pictures are shrunk"), ("pypdf", "pypdf", "pdf", "PDF files are read"))


def versions(site: Site) -> Iterator[Check]:
    yield Check("coder", "ok", f"{__version__} in {visible_line(str(Path(__file__).resolve().parents[1]))}")
    found = platform.python_version()
    if sys.version_info < _OLDEST:
        yield Check("python", "bad", found, "coder needs Python 3.11 or newer.")
    else:
        yield Check("python", "ok", f"{found} on {platform.system()} {platform.machine()}")


def git(site: Site) -> Iterator[Check]:
    program = shutil.which("git", path=os.pathsep.join(program_folders(site.env, [site.cwd])) or os.devnull)
    if program is None:
        yield Check("git", "warn", "not found", "Install git: coder then knows your branch and your changes.")
        return
    try:
        ran = subprocess.run([program, "--version"], capture_output=True, timeout=5, check=False, cwd="/")
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Check("git", "warn", f"{visible_line(program)} does not run ({type(error).__name__})", "Install it anew.")
        return
    said = visible_line(ran.stdout.decode("utf-8", "replace")).removeprefix("git version ")
    if ran.returncode or not said:
        yield Check("git", "warn", f"{visible_line(program)} fails (exit {ran.returncode})", "Run git --version.")
    else:
        yield Check("git", "ok", said)


def ripgrep(site: Site) -> Iterator[Check]:
    if (program := locate(site.env, [site.cwd])) is not None:
        yield Check("ripgrep", "ok", visible_line(str(program)))
    else:
        yield Check("ripgrep", "warn", "not found, so searches are slower", "Install it: pip install 'coder[rg]'")


def shell(site: Site) -> Iterator[Check]:
    found = find_shell(site.env, [site.cwd])
    name = visible_line(str(found.program))
    if not os.access(found.program, os.X_OK):
        yield Check("shell", "bad", f"{name} is not there, so no command can run", "Install bash.")
    elif not found.is_bash:
        yield Check("shell", "warn", f"{name}: there is no bash", "Install bash: the model writes commands for it.")
    else:
        yield Check("shell", "ok", name)


def terminal(site: Site) -> Iterator[Check]:
    env = site.env
    if not site.is_tty:
        yield Check("terminal", "ok", "none: the output goes to a file or program")
        return
    term = visible_line(env.get("TERM", "")) or "TERM is not set"
    colours = "no colours (NO_COLOR)" if "NO_COLOR" in env else "true colour" if "COLORTERM" in env else "colours"
    facts = [term, f"{site.columns}x{site.rows}", colours, *_round(site)]
    if site.encoding.lower().replace("-", "") != "utf8":
        text = f"{', '.join(facts)}; {visible_line(site.encoding)}, not UTF-8: marks are ASCII"
        yield Check("terminal", "warn", text, "Set LANG to a UTF-8 locale, such as C.UTF-8.")
    elif env.get("TERM", "") in ("", "dumb"):
        yield Check("terminal", "warn", f"{', '.join(facts)}: plain lines are used", "Set TERM for more.")
    elif site.columns < 40 or site.rows < 10:
        yield Check("terminal", "warn", ", ".join(facts), "Make the window 40x10 or larger.")
    else:
        yield Check("terminal", "ok", ", ".join(facts))


def _round(site: Site) -> Iterator[str]:
    """What stands between the terminal and coder."""
    if "TMUX" in site.env:
        yield "in tmux (shift+enter: set -g extended-keys on)"
    elif "STY" in site.env:
        yield "in screen"
    if "SSH_CONNECTION" in site.env or "SSH_TTY" in site.env:
        yield "over ssh"


def disk(site: Site) -> Iterator[Check]:
    place = site.home
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    what = f"{free / _GIB:.1f} GiB free for sessions and checkpoints"
    if free < _FULL:
        yield Check("disk", "bad", what, "Make room: coder sessions gc")
    elif free < _TIGHT:
        yield Check("disk", "warn", what, "Make room: coder sessions gc")
    else:
        yield Check("disk", "ok", what)


def extras(site: Site) -> Iterator[Check]:
    for name, module, extra, what in _EXTRAS:
        if find_spec(module) is not None:
            yield Check(name, "ok", what)
        else:
            yield Check(name, "warn", f"not installed; with it {what}", install_hint(extra))


LOOKS = (versions, git, ripgrep, shell, terminal, disk, extras)
