"""What commits and pull requests say of who wrote them: nothing, unless somebody wants it. Must not know who writes
them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.core.lazy import LazyModule
from coder.core.visible import visible_line
from coder.models import catalog

if TYPE_CHECKING:
    from coder.git.messages import attribution as credits
else:  # most commands commit nothing
    credits = LazyModule("coder.git.messages.attribution")

_MAKES_COMMIT = re.compile(r"\bgit\b(?s:.)*?\bcommit\b")
_OPENS_REQUEST = re.compile(r"\b(?:gh\s+pr|glab\s+mr)\s+(?:create|edit|update)\b")
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


def credit_objection(config: Config, model: str, command: str) -> str:
    """Why a shell command is not run that would say more of who wrote it than is wanted; "" when it would not."""
    if _MAKES_COMMIT.search(command):
        what, wanted = "commit", commit_trailer(config, model)
    elif _OPENS_REQUEST.search(command):
        what, wanted = "pull request", pr_trailer(config, model)
    else:
        return ""
    unwanted = credits.credit_in(command, wanted)
    if not unwanted:
        return ""
    way = f"Only {wanted!r} is to stand there" if wanted else "The settings want no such line"
    return f"Nothing was run: the {what} would say {visible_line(unwanted)[:200]!r}. {way}: run it without."


def _name(model: str) -> str:
    """Without what would end the name in a trailer."""
    return visible_line(catalog.title(model)).replace("<", "").replace(">", "")[:100]


def _set(text: str) -> str:
    return "\n".join(visible_line(line).rstrip() for line in text.strip().splitlines())[:_LONGEST]
