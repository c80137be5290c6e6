"""One call of a server's tool for a host, without a turn of the model. Must not know how a server is reached."""

from __future__ import annotations

from coder.app.calling import Called, Wanted
from coder.app.session import Session
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.frontends.stream_json.control import RequestError
from coder.frontends.stream_json.queries import fields

_STAGED = ("input_files", "output_files", "expires_at")
_SHORTEST, _LONGEST = 1_000, 600_000  # milliseconds
_LINE = 2_000


async def call(session: Session, request: Json) -> Json:
    if staged := [name for name in _STAGED if request.get(name) is not None]:
        raise RequestError(f"{', '.join(staged)}: no files are brought in or out here; pass paths as arguments")
    given = {} if request.get("arguments") is None else fields.mapping(request, "arguments")
    judged = fields.switch(request, "check_permissions") if "check_permissions" in request else False
    raw = request.get("result_not_for_model") is True
    wanted = Wanted(fields.text(request, "tool"), given, judged=judged, raw=raw, seconds=_seconds(request))
    called = await session.inquiries.call(wanted)
    if called.is_error and request.get("soft_error_result") is not True:
        raise RequestError(visible_line(called.text)[:_LINE] or "the tool failed, and does not say why")
    return _told(called)


async def read(session: Session, request: Json) -> Json:
    """A page of a server, for a host that shows such: foreign text, to be shown where it can do nothing."""
    name, uri = fields.text(request, "serverName"), fields.text(request, "uri")
    if not uri.startswith("ui://"):
        raise RequestError("uri must be that of a page: ui://…; the model reads other resources")
    return {"contents": await session.inquiries.page(name, uri)}


def _told(called: Called) -> Json:
    structured = {} if called.structured is None else {"structuredContent": called.structured}
    return {"content": called.content, **structured, **({"isError": True} if called.is_error else {})}


def _seconds(request: Json) -> float | None:
    given = request.get("timeout_ms")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int):
        raise RequestError("timeout_ms must be a whole number of milliseconds")
    return min(max(given, _SHORTEST), _LONGEST) / 1000
