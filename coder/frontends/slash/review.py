"""`/review [base]`: has the changes in this folder reviewed. Must not know what the model is told."""

from __future__ import annotations

import re

from coder.core import prompts
from coder.core.errors import ConfigError
from coder.frontends.desk import Desk
from coder.frontends.slash.saying import shown

_BASE = re.compile(r"(?!-)[\w./@^~{}+:-]{1,200}")  # as git names commits, and nothing that a shell would act on
_DEFAULT = "HEAD"


async def run(desk: Desk, arguments: str) -> None:
    base = arguments.strip() or _DEFAULT
    if not _BASE.fullmatch(base):
        raise ConfigError(f"{shown(base, 60)} is no commit or branch. Such as: /review main")
    desk.send(prompts.load("commands/review", base=base))
