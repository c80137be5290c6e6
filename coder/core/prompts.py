"""Loads the texts the model reads. Must not know what any of them says."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from coder.core.errors import ConfigError

_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_PURPOSE = re.compile(r"\A<!--.*?-->\s*", re.DOTALL)


@lru_cache(maxsize=1)
def folder() -> Path:
    """`prompts/` beside the code (installed) or atop the checkout. Raises ConfigError when neither is there."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "prompts", package.parent / "prompts"):
        if candidate.is_dir():
            return candidate
    raise ConfigError("coder is not installed whole: its prompts/ folder is missing. Install it again.")


def load(name: str, /, **values: str) -> str:
    """The text of `prompts/<name>.md` without its purpose comment, placeholders filled.

    Raises ConfigError for a missing file, an unknown placeholder or an unused value.
    """
    path = folder() / f"{name}.md"
    try:
        text = _PURPOSE.sub("", path.read_text(encoding="utf-8")).strip()
    except OSError as error:
        raise ConfigError(f"prompt {name!r} cannot be read: {error}") from error
    wanted = set(_PLACEHOLDER.findall(text))
    if wanted != set(values):
        raise ConfigError(f"prompt {name!r} has placeholders {sorted(wanted)}, got values for {sorted(values)}")
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], text)
