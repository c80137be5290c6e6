"""What every message to a program that reads along is made of. Pure; must not know events."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from coder.core.messages import Json


def framed(session_id: str, uuid: str = "", /, **fields: Any) -> Json:
    """What every message is made with."""
    return {**fields, "session_id": session_id, "uuid": uuid or str(uuid4())}


def system(session_id: str, subtype: str, /, **fields: Any) -> Json:
    return framed(session_id, type="system", subtype=subtype, **fields)
