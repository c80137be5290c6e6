"""Runs ripgrep over the current folder. It only matches: which files count is decided by the walk.

Runs in the search worker, except `locate`. Must not know pages or how results look.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from coder.core.nofollow import Folders
from coder.core.programs import program_folders
from coder.tools.matcher import OVERSIZED, Found, is_binary

_BASE = ("--no-config", "--no-ignore", "--hidden", "--no-messages", "--color=never", "--no-mmap", "--null", "-H")
_FIND = ("--text", "--threads=1", "--no-heading", "--line-number", "--column")
_COUNT = re.compile(rb"([^\0]*)\0(\d+)\n")
_PLACE = re.compile(rb"([^\0]*)\0(\d+):(?:(\d+):)?(.*)", re.DOTALL)
_MOST_ARGUMENTS = 500
_LONGEST_ARGUMENTS = 100_000  # bytes; every system takes that many
_GLOB_MARKS = re.compile(r"[][*?{}!,\\]")


class Unusable(Exception):
    """This ripgrep cannot be run, or not with this pattern."""


def locate(env: Mapping[str, str], roots: Iterable[Path] = ()) -> Path | None:
    """ripgrep's program: `$CODER_RG`, on the PATH (never from a workspace), or beside this Python (where its wheel puts
    it). Blocks briefly.
    """
    path = os.pathsep.join(program_folders(env, roots)) or os.defpath
    found = shutil.which(env.get("CODER_RG", ""), path=path) or ""
    if not found.startswith("/"):
        found = shutil.which("rg", path=path) or ""
    beside = Path(sys.prefix, "bin", "rg")
    return Path(found) if found else beside if os.access(beside, os.X_OK) else None


class Ripgrep:
    """`pattern` is in Rust's dialect; paths are relative to the current folder, which is `top`.

    It opens files by itself and may be led away by a link that was put in its way: what it says counts only for files
    that are opened again.
    """

    def __init__(self, program: str, pattern: str, top: Folders, *, multiline: bool) -> None:
        self._top = top
        self._program = program
        self._pattern = ("-e", pattern)
        self._multiline = ("--multiline", f"--max-filesize={OVERSIZED}") if multiline else ()

    def count(self, counts: dict[str, int], places: Iterable[str], names: list[str], pruned: Iterable[str]) -> bool:
        """Adds path and count of every file that matches at or below `places` and holds no NUL; `names` and `pruned`
        spare work, no more. Whether all could be read. What was found before an exception stays in `counts`. Raises
        Unusable.
        """
        read_all = True
        counting = "--count-matches" if self._multiline else "--count"
        wanted = [f"--type-add=wanted:{name}" for name in names] + ["--type=wanted"] * bool(names)
        globs = [
            f"--glob=!/{_GLOB_MARKS.sub(_escaped, path)}" for path in pruned if path.isascii() and path.isprintable()
        ]
        kept = next(_batches(globs), [])
        for batch in _batches(places):
            named = set(batch)
            with self._started(counting, *wanted, "--glob=!.git", *kept, "--", *batch) as process:
                assert process.stdout is not None
                data = b""
                while more := os.read(process.stdout.fileno(), 1 << 16):
                    data += more
                    complete = data.rfind(b"\n") + 1
                    for path, count in _COUNT.findall(data[:complete]):
                        if not self._overlooks_nul(path, named) or not self._holds_nul(_path(path)):
                            counts[_path(path)] = int(count)
                    data = data[complete:]
                read_all &= _finish(process)
        return read_all

    def _overlooks_nul(self, path: bytes, named: set[str]) -> bool:
        """Across lines ripgrep looks for a NUL in parts of a file only, and a file named to it is never skipped."""
        return bool(self._multiline) or os.fsdecode(path) in named

    def _holds_nul(self, path: str) -> bool:
        try:
            return is_binary(path, self._top)
        except OSError:
            return True

    def find(self, paths: list[str], keep: int, *, parts: bool) -> dict[str, Found]:
        """At least the first `keep` matches in the files, in their order. Raises Unusable."""
        found: dict[str, Found] = {path: Found() for path in paths}
        flags = [*_FIND, *["--only-matching"] * parts, *[f"--max-count={keep}"] * (not self._multiline)]
        for batch in _batches(paths):
            with self._started(*flags, "--", *batch) as process:
                assert process.stdout is not None
                data = b""
                for raw in process.stdout:
                    data += raw
                    if b"\0" not in data:
                        continue  # a newline in a file's name
                    keep -= self._note(found, data, parts=parts)
                    data = b""
                    if keep <= 0:
                        return found
                _finish(process)
        return found

    def _note(self, found: dict[str, Found], data: bytes, *, parts: bool) -> bool:
        place = _PLACE.fullmatch(data.removesuffix(b"\n"))
        file = found.get(_path(place[1])) if place else None
        if place is None or file is None:
            return False
        number, column = int(place[2]), int(place[3] or 1) - 1
        if parts:
            file.parts.append((number, place[4].decode("utf-8", "surrogateescape")))
        else:
            file.places[number] = 0 if self._multiline else column
        return True

    @contextmanager
    def _started(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        command = [self._program, *_BASE, *self._multiline, *self._pattern, *arguments]
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise Unusable(str(error)) from error
        with process:
            try:
                yield process
            finally:
                process.kill()


def _finish(process: subprocess.Popen[bytes]) -> bool:
    """Whether all files could be read: code 2 without a word is one that could not. Raises Unusable."""
    assert process.stderr is not None
    complaint = process.stderr.read()
    code = process.wait()
    if code not in (0, 1, 2) or complaint:
        raise Unusable(complaint.decode("utf-8", "replace"))
    return code != 2


def _path(data: bytes) -> str:
    return os.fsdecode(data.removeprefix(b"./"))


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _batches(arguments: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for argument in arguments:
        if len(batch) == _MOST_ARGUMENTS or size > _LONGEST_ARGUMENTS:
            yield batch
            batch, size = [], 0
        batch.append(argument)
        size += len(argument.encode("utf-8", "surrogateescape"))
    if batch:
        yield batch
