"""What a person chooses of a session by a word: the permission mode, the effort. Must not know what follows from it."""

from __future__ import annotations

from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]
MODES: tuple[Mode, ...] = ("default", "acceptEdits", "plan", "dontAsk", "bypassPermissions")
Effort: TypeAlias = Literal["low", "medium", "high", "xhigh", "max"]
Display: TypeAlias = Literal["summarized", "omitted"]  # of what the model thought
Occasion: TypeAlias = Literal["", "init", "maintenance"]  # of Setup hooks
