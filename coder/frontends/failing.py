"""What a failed run is explained with: the key, the address, the model. Must not know the words.

Of a key only where it came from and its last four characters leave here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from coder.core.config import Config
from coder.frontends.render.refusals import Facts

if TYPE_CHECKING:
    from coder.app.session import Session

_SHOWN = 4


def facts_of(config: Config, session: Session, env: Mapping[str, str], *, restored: bool, arrived: int = 0) -> Facts:
    model = config.model
    secret = model.api_key or model.auth_token
    named = "ANTHROPIC_BASE_URL" if {**env, **config.env}.get("ANTHROPIC_BASE_URL") else ""
    return Facts(
        key_source=model.key_source,
        key_end=secret[-_SHOWN:] if len(secret) >= 4 * _SHOWN else "",
        base_url=model.base_url,
        base_source=named,
        model=session.control.model,
        restored=restored,
        arrived=arrived,
    )
