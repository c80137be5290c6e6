"""What the process of a host knows besides its session. A value."""

from __future__ import annotations

import asyncio
import time
from dataclasses import field

from coder.core.config import Config
from coder.core.dataclass import dataclass


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Around:
    """`config` is what the process began with, `settings` what `--settings` gave: a file, or the object itself.
    `listing` is held while files are listed: that takes a thread, and there are few."""

    config: Config
    settings: str | None = None
    listing: asyncio.Lock = field(default_factory=asyncio.Lock)
    began: float = field(default_factory=time.monotonic)
