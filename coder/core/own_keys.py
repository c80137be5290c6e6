"""Which variables hold what coder itself pays and is let in with. Pure; must not know whom they are kept from."""

from __future__ import annotations

import re

_OURS = ("ANTHROPIC_", "CLAUDE_CODE_", "CODER_", "AWS_BEARER_TOKEN_")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|HEADER|CREDENTIAL")


def is_own_key(name: str) -> bool:
    return name.startswith(_OURS) and _SECRET.search(name) is not None
