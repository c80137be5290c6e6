"""What refusals mean: HTTP answers and error events as `ModelError`. Must not know any HTTP library."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from coder.core.errors import ErrorKind, ModelError
from coder.models.endpoint import Endpoint

EVENT_STREAM = "text/event-stream"
_KINDS: dict[int, ErrorKind] = {
    401: "auth",
    402: "auth",
    403: "auth",
    404: "not_found",
    407: "connection",
    408: "timeout",
    413: "too_long",
    429: "rate_limit",
    529: "overloaded",
}
_EVENT_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_TOO_LONG = ("prompt is too long", "exceed context limit", "exceeds the context window", "context_length_exceeded")


def status_error(endpoint: Endpoint, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
    """The error of an HTTP answer that is not 2xx. `headers` are looked up in lower case."""
    if 300 <= status < 400:
        return _redirect(endpoint, status, headers.get("location", ""))
    raw = _json(body)
    said = endpoint.clean(_message(raw))
    retryable = status in (408, 409, 429) or status >= 500
    return ModelError(
        _explain(endpoint, status, said),
        _kind(status, said),
        retryable={"true": True, "false": False}.get(headers.get("x-should-retry", ""), retryable),
        retry_after=_retry_after(headers),
        status=status,
        request_id=endpoint.clean(headers.get("request-id", "") or _request_id(raw)),
    )


def event_error(endpoint: Endpoint, raw: object, request_id: str = "") -> ModelError:
    """The error that an `error` event in the middle of a stream announces. Server-side trouble may be retried."""
    error = raw.get("error") if isinstance(raw, dict) else None
    name = str(error.get("type", "")) if isinstance(error, dict) else ""
    status = _EVENT_STATUS.get(name, 500)
    said = endpoint.clean(_message(raw))
    return ModelError(
        _explain(endpoint, status, said, where="in the middle of the reply"),
        _kind(status, said),
        retryable=status == 429 or status >= 500,
        request_id=endpoint.clean(request_id or _request_id(raw)),
    )


def media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_no_stream(kind: str) -> bool:
    """Whether a media type rules out an event stream. Some servers name none, or plain text."""
    return kind not in (EVENT_STREAM, "", "text/plain", "application/octet-stream")


def not_the_api(endpoint: Endpoint, what: str) -> ModelError:
    """The server answered 200 with something that is not a Messages API stream; `what` names it."""
    return ModelError(
        f"{endpoint.host} answered with {endpoint.clean(what)}, not with the Messages API. A login page of the network "
        "or a wrong ANTHROPIC_BASE_URL does this: sign in to the network or correct the URL.",
        "protocol",
        status=200,
    )


def counted(endpoint: Endpoint, body: bytes) -> int:
    """The number in an answer of the token counting endpoint. Raises ModelError."""
    raw = _json(body)
    count = raw.get("input_tokens") if isinstance(raw, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise not_the_api(endpoint, "something else than a count of tokens")
    return count


def broken(endpoint: Endpoint, why: str) -> ModelError:
    """The reply broke off before it was complete."""
    return ModelError(f"The reply from {endpoint.host} broke off: {endpoint.clean(why)}.", "cut", retryable=True)


def _redirect(endpoint: Endpoint, status: int, location: str) -> ModelError:
    target = endpoint.clean(location) or "an unnamed place"
    return ModelError(
        f"{endpoint.host} redirects to {target} ({status}). Redirects are not followed, so the key was not sent there. "
        "If you trust that address, set ANTHROPIC_BASE_URL to it.",
        "protocol",
        status=status,
    )


def _kind(status: int, said: str) -> ErrorKind:
    if status in (400, 413) and any(words in said.lower() for words in _TOO_LONG):
        return "too_long"
    return _KINDS.get(status, "server" if status >= 500 else "invalid")


def _explain(endpoint: Endpoint, status: int, said: str, where: str = "") -> str:
    what, advice = _words(endpoint, status, _kind(status, said))
    number = where or str(status)
    return " ".join(
        part for part in (f"{what} ({number}):" if said else f"{what} ({number}).", _sentence(said), advice) if part
    )


def _words(endpoint: Endpoint, status: int, kind: ErrorKind) -> tuple[str, str]:
    """What happened, and what to do next."""
    match kind, status:
        case "auth", 402:
            return "The account cannot pay for this request", "Check the plan and credit of the account."
        case "auth", 403:
            return "Access was refused", "Check that this key may use this model, or set another ANTHROPIC_API_KEY."
        case "auth", _:
            came = "" if endpoint.key_source in ("", "none") else f" (this one came from {endpoint.key_source})"
            return "The API key was refused", f"Set ANTHROPIC_API_KEY to a valid key{came}."
        case "not_found", _:
            return "Not found", f"Check the model name (--model) and the base URL ({endpoint.host})."
        case "too_long", _:
            return "The conversation is too long for the model", ""
        case "rate_limit", _:
            return "Rate limit reached", ""
        case "overloaded", _:
            return "The model is overloaded", ""
        case "connection", _:
            return (
                "The proxy wants a user name and password",
                "Put them into HTTPS_PROXY: http://user:password@host:port.",
            )
        case "timeout", _:
            return "The server gave up waiting", ""
        case "server", _:
            return "The server failed", ""
        case _:
            return "The request was refused", ""


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?…" else text + "."


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _message(raw: object) -> str:
    """The server's own words in the shapes that compatible servers use; "" when there are none."""
    if not isinstance(raw, dict):
        return ""
    error = raw.get("error")
    if isinstance(error, dict):
        error = error.get("message")
    for candidate in (error, raw.get("message"), raw.get("detail")):
        if isinstance(candidate, str) and candidate:
            return candidate
    return ""


def _request_id(raw: object) -> str:
    found = raw.get("request_id") if isinstance(raw, dict) else None
    return found if isinstance(found, str) else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (seconds or an HTTP date); None when absent or unreadable."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        when = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
