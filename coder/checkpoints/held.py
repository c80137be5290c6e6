"""Objects of the person's repository, held by hard links: whatever happens to the repository, they stay.

Costs no reading and no space while the repository has them too. Must not know which files they are the contents of.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from coder.checkpoints.changelog import is_running
from coder.checkpoints.contents import private_folder
from coder.git.call import Git
from coder.git.repository import Repository

FOLDER = "held"
_CONFIG = "[core]\n\trepositoryformatversion = {}\n\tbare = true\n"
_SHA256 = "[extensions]\n\tobjectformat = sha256\n"
_PACKED = (".pack", ".idx")
_BATCH_COUNT, _BATCH_BYTES = 1_000, 32_000_000
_DAYS_KEPT = 7.0  # after a crash, when its session may be resumed


class HeldObjects:
    """A bare repository of ours at `folder`; another process of the session may have it, or have left it behind."""

    def __init__(self, folder: Path, git: Git) -> None:
        self._folder = folder
        self._git = git
        self._is_ours = False

    def inherit(self) -> None:
        """Takes over what a process that was killed held."""
        self._is_ours = True

    def hold(self, repository: Repository, blobs: Collection[str]) -> bool:
        """Takes hold of these blobs; False when it cannot, as where they lie on another disk. Blocks; never raises."""
        self._is_ours = True
        self.release()
        source = repository.shared / "objects"
        if (source / "info" / "alternates").exists():
            return False  # some of them lie elsewhere
        try:
            self._make(is_sha256=any(len(blob) > 40 for blob in blobs))
            _link_packs(source / "pack", self._folder / "objects" / "pack")
            _link_loose(source, self._folder / "objects", blobs)
        except OSError:
            self.release()
            return False
        return True

    def read(self, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
        """Each of these blobs that is held, with its bytes. `sizes` is about how long they are. Blocks."""
        batch: list[str] = []
        total = 0
        for blob, size in sizes.items():
            if batch and (len(batch) >= _BATCH_COUNT or total + size > _BATCH_BYTES):
                yield from self._batch(batch)
                batch, total = [], 0
            batch.append(blob)
            total += size
        if batch:
            yield from self._batch(batch)

    def release(self) -> None:
        """Lets go of what this process held. Idempotent; never raises."""
        if self._is_ours:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, *, is_sha256: bool) -> None:
        private_folder(self._folder)
        for name in ("refs", "objects", "objects/pack"):
            (self._folder / name).mkdir(mode=0o700)
        (self._folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        config = _CONFIG.format(int(is_sha256)) + (_SHA256 if is_sha256 else "")
        (self._folder / "config").write_text(config, encoding="ascii")

    def _batch(self, blobs: list[str]) -> Iterator[tuple[str, bytes]]:
        asked = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
        place = f"--git-dir={self._folder}"
        out = self._git.run(self._folder, place, "cat-file", "--batch", "--buffer", stdin=asked) or b""
        at = 0
        while (end := out.find(b"\n", at)) >= 0:
            name, _, rest = out[at:end].partition(b" ")
            at = end + 1
            kind, _, size = rest.partition(b" ")
            if kind == b"blob":
                yield name.decode("ascii"), out[at : at + int(size)]
                at += int(size) + 1


def drop_stale(base: Path) -> None:
    """Lets go of what processes that were killed held, unless that was a few days ago. Never raises."""
    before = time.time() - _DAYS_KEPT * 86400
    with suppress(OSError):
        for folder in (base / FOLDER).iterdir():
            with suppress(OSError):
                if folder.stat().st_mtime < before and not is_running(base / folder.name.rpartition("-")[0]):
                    shutil.rmtree(folder, ignore_errors=True)


def drop_of(base: Path, session: str) -> None:
    """Lets go of what a session that is gone held. Never raises."""
    with suppress(OSError):
        for folder in (base / FOLDER).iterdir():
            if folder.name.rpartition("-")[0] == session:
                shutil.rmtree(folder, ignore_errors=True)


def _link_packs(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        for path in source.iterdir():
            if path.suffix in _PACKED:
                os.link(path, target / path.name, follow_symlinks=False)


def _link_loose(source: Path, target: Path, blobs: Collection[str]) -> None:
    """Those of the blobs that lie loose. There may be tens of thousands: plain on purpose."""
    wanted: dict[str, set[str]] = {}
    for blob in blobs:
        wanted.setdefault(blob[:2], set()).add(blob[2:])
    with suppress(FileNotFoundError):
        for start in wanted.keys() & {path.name for path in source.iterdir()}:
            (target / start).mkdir(mode=0o700)
            with _opened(source / start) as old, _opened(target / start) as new:
                for name in wanted[start].intersection(os.listdir(old)):  # noqa: PTH208  # of a descriptor
                    os.link(name, name, src_dir_fd=old, dst_dir_fd=new, follow_symlinks=False)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
