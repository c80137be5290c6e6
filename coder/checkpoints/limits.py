"""How much is kept, and what is too much. Every number that docs/checkpoints.md promises stands here."""

from __future__ import annotations

MOST_FILE_BYTES = 10_000_000
"""A larger file is not kept, unless git keeps it already."""

MOST_IGNORED_FILES = 2_000
MOST_IGNORED_BYTES = 50_000_000
"""A folder that git ignores, or the `.git` of a repository inside, is not kept when it holds more than either."""

MOST_ENTRIES = 200_000
"""A working folder that holds more is not looked through."""

MOST_DEPTH = 400
"""Folders that lie deeper are not looked into."""

MOST_NEW_BYTES = 1_000_000_000
"""As much new content is read for one checkpoint; what comes after it is not kept."""

MOST_STORED_BYTES = 2_000_000_000
"""When all that is stored takes more, the oldest sessions' checkpoints go."""

MOST_POINTS = 100
"""As many points of one session are listed."""

MOST_GIT_BYTES = 20_000_000
"""As much is kept of the objects of a repository before a command that can drop work."""

MOST_GIT_STATES = 20
"""As many of those are kept for one session."""
