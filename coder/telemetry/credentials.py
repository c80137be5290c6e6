"""What credentials look like, whoever gave them out, for texts that leave this machine. Must not know where they go."""

from __future__ import annotations

import re
from collections.abc import Iterable

from coder.telemetry.logs import HIDDEN, redacted

_SHAPES = (
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(
        r"""(?x)()(?<![A-Za-z0-9])(?:
        (?:AKIA|ASIA)[A-Z0-9]{16}                                  # AWS
        | gh[oprsu]_[A-Za-z0-9]{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}
        | xox[a-z]-[\w-]{10,}                                      # Slack
        | AIza[\w-]{30,}                                           # Google
        | (?:npm|hf)_[A-Za-z0-9]{20,} | pypi-[\w-]{30,}
        | sk-[\w-]{20,} | [prs]k_(?:live|test)_\w{16,}             # OpenAI, Stripe
        | eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+                          # JWT
        )"""
    ),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,20}://)(?:[^\s/@:\"']*:[^\s/@\"']+|[^\s/@:\"']{16,})(?=@)"),
    re.compile(
        r"(?i)([?&][\w-]*(?:token|key|secret|passw(?:or)?d|signature|sig|credential|auth|code)=)[^\s&\"'#<>\\]{6,}"
    ),
    re.compile(
        r"""(?ix)((?:token|passwd|passphrase|(?:access|private|secret)[_-]?key)\\*["']?\s*[:=]\s*\\*["']?)
        (?=[\w.+/=-]*\d)[\w.+/=-]{16,}"""
    ),
)


def without_credentials(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and all that looks like a key, a token or a password."""
    text = redacted(text, secrets)
    for shape in _SHAPES:
        text = shape.sub(rf"\1{HIDDEN}", text)
    return text
