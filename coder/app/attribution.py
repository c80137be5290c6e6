"""What commits and pull requests say of who wrote them: nothing, unless somebody wants it. Must not know who writes
them.
"""

from __future__ import annotations

from coder.core.config import Config
from coder.core.visible import visible_line
from coder.models import catalog

_LONGEST = 1_000  # characters of a text that somebody set


def commit_trailer(config: Config, model: str) -> str:
    """The last lines of a commit message; "" for none."""
    if config.guidance.commit is not None:
        return _set(config.guidance.commit)
    return f"Co-Authored-By: {_name(model)} <noreply@anthropic.com>"


def pr_trailer(config: Config, model: str) -> str:
    """The last lines of the description of a pull request; "" for none."""
    if config.guidance.pr is not None:
        return _set(config.guidance.pr)
    return f"Written with coder and {_name(model)}."


def _name(model: str) -> str:
    """Without what would end the name in a trailer."""
    return visible_line(catalog.title(model)).replace("<", "").replace(">", "")[:100]


def _set(text: str) -> str:
    return "\n".join(visible_line(line).rstrip() for line in text.strip().splitlines())[:_LONGEST]
