"""Pictures on their way into a draft: paths that were pasted or dropped, and the clipboard. Blocks on the disk."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from coder.config.paths import expand
from coder.core.pictures import identify
from coder.core.programs import program_folders
from coder.frontends.repl.entry import Clip

_NAME = re.compile(r"\.(png|jpe?g|gif|webp)['\"]?\s*\Z", re.IGNORECASE)
_LONGEST = 4_000  # characters of a paste that may be paths
_LARGEST = 50_000_000
_SECONDS = 5.0
_READERS = (  # program, arguments, what must be set for it
    ("wl-paste", ("--no-newline", "--type", "image/png"), "WAYLAND_DISPLAY"),
    ("xclip", ("-selection", "clipboard", "-target", "image/png", "-out"), "DISPLAY"),
    ("pngpaste", ("-",), ""),
)


def paths(text: str, folder: Path, env: Mapping[str, str]) -> list[Path]:
    """The pictures that a paste names, and nothing else; [] for any other text. Quoted, escaped, `file://` or bare."""
    text = text.strip()
    if not text or len(text) > _LONGEST or not _NAME.search(text):
        return []
    if (whole := _picture(text.strip("'\""), folder, env)) is not None:
        return [whole]
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split("\n")
    found = [_picture(word, folder, env) for word in words]
    pictures = [path for path in found if path is not None]
    return pictures if len(pictures) == len(found) else []


def from_clipboard(env: Mapping[str, str], folder: Path) -> Clip | str:
    """The picture on the clipboard, or why there is none."""
    path = os.pathsep.join(program_folders(env, [folder])) or os.devnull
    asked = False
    for name, arguments, needs in _READERS:
        program = shutil.which(name, path=path)
        if program is None or (needs and not env.get(needs)):
            continue
        asked = True
        data = _printed([program, *arguments], env)
        if (found := identify(data)) is not None:
            return Clip(found.media_type, data)
    if sys.platform == "darwin":
        asked = True
        data = _from_script(_printed(["/usr/bin/osascript", "-e", "the clipboard as «class PNGf»"], env))
        if (found := identify(data)) is not None:
            return Clip(found.media_type, data)
    if asked:
        return "There is no picture on the clipboard."
    return "The clipboard cannot be read here: install wl-clipboard or xclip, or paste the path of the picture."


def _picture(word: str, folder: Path, env: Mapping[str, str]) -> Path | None:
    if word.startswith("file://"):
        parts = urlsplit(word)
        word = unquote(parts.path) if parts.netloc in ("", "localhost") else ""
    if not word.startswith(("/", "~/")) or "\0" in word or "\n" in word or not _NAME.search(word):
        return None
    path = expand(word, env, folder)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        ordinary = stat.S_ISREG(os.fstat(fd).st_mode)
        return path if ordinary and identify(os.read(fd, 64)) is not None else None
    except OSError:
        return None
    finally:
        os.close(fd)


def _printed(argv: list[str], env: Mapping[str, str]) -> bytes:
    try:
        done = subprocess.run(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return done.stdout if done.returncode == 0 and len(done.stdout) <= _LARGEST else b""


def _from_script(printed: bytes) -> bytes:
    """`«data PNGf89504E…»`, as AppleScript prints it."""
    match = re.search(rb"PNGf([0-9A-Fa-f]+)", printed)
    digits = match[1] if match else b""
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())
