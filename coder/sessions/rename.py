"""Names a session from outside, also one that is open: its process takes the new name over. Must not know entries."""

from __future__ import annotations

import os
from pathlib import Path

from coder.core.errors import SessionError
from coder.sessions.asides import Labels, clean_name
from coder.sessions.lines import encode_line


def rename(path: Path, name: str) -> str:
    """Appends the name to the transcript and returns it as stored; when it was used last stays as it was.

    Raises SessionError for an empty name, and when it cannot be written.
    """
    cleaned = clean_name(name)
    if not cleaned:
        raise SessionError("A session needs a name that can be read.")
    (line,) = Labels(custom=cleaned).lines(path.stem)
    try:
        fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            found = os.fstat(fd)
            is_torn = found.st_size and os.pread(fd, 1, found.st_size - 1) != b"\n"
            os.write(fd, (b"\n" if is_torn else b"") + encode_line(line))
            os.utime(fd, ns=(found.st_atime_ns, found.st_mtime_ns))
        finally:
            os.close(fd)
    except OSError as error:
        raise SessionError(f"Session {path.stem} cannot be renamed: {error.strerror or error}.") from error
    return cleaned
