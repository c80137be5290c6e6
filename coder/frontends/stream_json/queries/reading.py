"""Files for a host: read where the model may read them, and told to have been read. Must not know rules."""

from __future__ import annotations

import base64
import math

from coder.app.session import Session
from coder.core.messages import Json
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

_MOST = 1 << 20  # bytes, where none are named
_CEILING = 16 << 20
_ENCODINGS = (None, "utf-8", "base64")


async def read(session: Session, request: Json) -> Json:
    path, most, encoding = fields.text(request, "path"), request.get("max_bytes"), request.get("encoding")
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or not 0 < most <= _CEILING):
        raise RequestError(f"max_bytes must be a whole number from 1 to {_CEILING}")
    if encoding not in _ENCODINGS:
        raise RequestError("encoding must be utf-8 or base64")
    found = await session.inquiries.read(path, most or _MOST)
    answer: Json = {"absPath": str(found.path), **({} if found.is_whole else {"truncated": True})}
    if encoding == "base64":
        return {**answer, "contents": base64.b64encode(found.data).decode(), "encoding": "base64"}
    try:
        return {**answer, "contents": found.data.decode("utf-8"), "lossy": False}
    except UnicodeDecodeError:
        return {**answer, "contents": found.data.decode("utf-8", "replace"), "lossy": True}


async def seed(session: Session, request: Json) -> Json:
    """What has changed since is left as it was: the model reads it again before it edits it."""
    path, changed = fields.text(request, "path"), request.get("mtime")
    if isinstance(changed, bool) or not isinstance(changed, int | float) or not math.isfinite(changed):
        raise RequestError("mtime must be a number of milliseconds")
    await session.inquiries.seen(path, int(changed))
    return {}
