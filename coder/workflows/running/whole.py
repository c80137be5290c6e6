"""All of a text of which a result holds the beginning: a long report lies in a file. Must not know who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coder.core.ordinary import read_ordinary
from coder.workflows.running.outcome import Answer

_MOST = 2_000_000


def whole(result: Any, answers: Sequence[Answer]) -> Any:
    """What a step came to, as it is but for a text that was cut. Blocks."""
    if not isinstance(result, str) or len(answers) != 1 or not answers[0].artifact:
        return result
    try:
        return read_ordinary(Path(answers[0].artifact), _MOST).decode("utf-8", "replace").strip()
    except OSError:  # somebody took it away: the beginning is what there is
        return result
