"""API errors in their true shape. Must not know what was wrong, only how it is said."""

from __future__ import annotations

import json

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.http import Answer, Headers, Send

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    405: "invalid_request_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a request is refused."""

    message: str
    status: int = 400
    kind: str = ""

    @property
    def error_type(self) -> str:
        return self.kind or error_type(self.status)


class Refusal(Exception):
    """A player cannot answer this request; the client is told the problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def error_type(status: int) -> str:
    """The API's error type for an HTTP status."""
    return ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")


def error_body(kind: str, message: str, request_id: str = "") -> Json:
    body: Json = {"type": "error", "error": {"type": kind, "message": message}}
    return {**body, "request_id": request_id} if request_id else body


def problem_answer(problem: Problem, request_id: str, headers: Headers = ()) -> Answer:
    body = error_body(problem.error_type, problem.message, request_id)
    return json_answer(body, request_id, problem.status, headers)


def json_bytes(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def json_answer(body: Json, request_id: str, status: int = 200, headers: Headers = ()) -> Answer:
    data = json_bytes(body)
    head = (("content-type", "application/json"), ("request-id", request_id), *headers)
    return Answer(status, head, (Send(data),), len(data))
