"""A new session that goes on from another one. The original is only read. Must not know locks or messages."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from coder.core.errors import SessionError
from coder.sessions import asides
from coder.sessions.blobs import names_in
from coder.sessions.lines import decode_line, encode_line
from coder.sessions.load import blob_folder
from coder.sessions.locate import make_private
from coder.sessions.reading import Reading, entry_name

_KEPT_ASIDES = ("tool-start", "last-prompt")


def forked(reading: Reading, source: Path, home: Path, target: Path) -> Iterator[bytes]:
    """The first lines of `target`, a session of its own that says what `source` said when `reading` was made.

    Entries keep their uuids, replies the id of their API response, so that their tokens are not counted twice; other
    branches stay behind. Pictures are shared as hard links where the disk can. Raises OSError and SessionError.
    """
    kept = {entry.uuid: entry for entry in reading.tree.branch(whole=True)}
    names = frozenset(kept)
    last = ""
    try:
        with source.open("rb") as file:
            for number, line in enumerate(file, 1):
                raw = decode_line(line.strip(b" \t\r\n\0"))
                if raw is None:
                    continue
                entry = kept.pop(entry_name(raw, number), None)
                if entry is not None:
                    last = entry.uuid
                    origin = {"sessionId": source.stem, "messageUuid": last}
                    own = {"uuid": last, "parentUuid": reading.tree.parent(entry), "sessionId": target.stem}
                    raw = {**raw, **own, "forkedFrom": origin}
                elif raw.get("type") == "content-replacement":
                    leaf = raw.get("leafUuid")
                    nearest = reading.tree.nearest(leaf, names) if isinstance(leaf, str) else None
                    if leaf is not None and nearest is None:
                        continue  # of what stays behind
                    raw = {**raw, "leafUuid": nearest, "sessionId": target.stem}
                elif raw.get("type") in _KEPT_ASIDES:
                    raw = {**raw, "sessionId": target.stem}
                else:
                    continue
                for blob in names_in(line):
                    _share(blob_folder(source) / blob, home, blob_folder(target))
                yield encode_line(raw)
    except OSError as error:
        raise SessionError(f"The session {source} cannot be read: {error.strerror or error}.") from error
    if last != reading.tree.leaf:
        yield encode_line(asides.move(reading.tree.leaf, "fork", target.stem))
    labels = reading.labels
    title = f"{labels.custom} (fork)" if labels.custom else ""
    yield from map(encode_line, replace(labels, custom=title, tag="").lines(target.stem))


def _share(blob: Path, home: Path, folder: Path) -> None:
    """Makes a file of the original one of the fork's too. One that is missing is missing in both."""
    target = folder / blob.name
    with contextlib.suppress(FileNotFoundError, FileExistsError):
        make_private(home, folder)
        try:
            os.link(blob, target, follow_symlinks=False)
        except (FileNotFoundError, FileExistsError):
            raise
        except OSError:  # another disk, or one without hard links
            shutil.copyfile(blob, target, follow_symlinks=False)
            target.chmod(0o600)
