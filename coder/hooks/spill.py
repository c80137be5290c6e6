"""Keeps what hooks say to the model short: a long text goes to a file. Must not know what it says."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from coder.core import prompts
from coder.core.private import made_private
from coder.hooks.outcome import Outcome

LONGEST = 10_000  # characters
_PREVIEW = 2_000
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def shortened(outcome: Outcome, folder: Path, name: str) -> Outcome:
    """With every text of it bounded; `name` begins the names of the files that hold the whole."""
    texts = (*outcome.notes, outcome.reason, outcome.verdict_reason, outcome.stop or "", *outcome.lines)
    if all(len(text) <= LONGEST for text in texts):
        return outcome
    spill = _Spill(folder, name)
    return replace(
        outcome,
        notes=tuple(map(spill.short, outcome.notes)),
        lines=tuple(map(spill.short, outcome.lines)),
        reason=spill.short(outcome.reason),
        verdict_reason=spill.short(outcome.verdict_reason),
        stop=outcome.stop and spill.short(outcome.stop),
    )


class _Spill:
    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._known: dict[str, str] = {}

    def short(self, text: str) -> str:
        if len(text) <= LONGEST:
            return text
        if text not in self._known:
            self._known[text] = self._shown(text)
        return self._known[text]

    def _shown(self, text: str) -> str:
        path = self._folder / f"{self._name}-{len(self._known)}.txt"
        said = {"preview": text[:_PREVIEW], "shown": f"{_PREVIEW:,}", "total": f"{len(text):,}"}
        try:
            made_private(self._folder)
            with os.fdopen(os.open(path, _FLAGS, 0o600), "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError:
            return prompts.load("hooks/cut", **said)
        return prompts.load("hooks/spilled", path=str(path), **said)
