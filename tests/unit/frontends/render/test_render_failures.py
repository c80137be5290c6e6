"""Failures in words: the texts are those that the model layer really makes, the rows those of the design."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coder.core.config import ModelConfig
from coder.core.errors import ErrorKind, ModelError
from coder.core.events import EndReason, ModelRetrying, RunEnded
from coder.core.model import ModelEvent, ModelRequest, Retrying
from coder.frontends.folding import fold_rows
from coder.frontends.render.failures import failure_rows, retry_text
from coder.frontends.render.refusals import Facts
from coder.frontends.styled import plain, width_of
from coder.models.connection import explain
from coder.models.endpoint import endpoint
from coder.models.failures import broken, event_error, not_the_api, status_error
from coder.models.retry import RetryingModel

LOCAL = endpoint(ModelConfig("m", base_url="http://127.0.0.1:8499", api_key="sk-ant-secret-x7Qa"))
FACTS = Facts(
    key_source="ANTHROPIC_API_KEY",
    key_end="x7Qa",
    base_url="http://mia:pass@127.0.0.1:8499",
    base_source="ANTHROPIC_BASE_URL",
    model="claude-sonnet-4-5",
    restored=True,
)
REASONS: dict[str, EndReason] = {"rate_limit": "rate_limit", "too_long": "context_full"}


def refused(status: int, message: str, **headers: str) -> ModelError:
    body = json.dumps({"type": "error", "error": {"type": "x", "message": message}}).encode()
    return status_error(LOCAL, status, headers, body)


def unreachable(cause: OSError) -> ModelError:
    error = httpx2.ConnectError("All connection attempts failed")
    error.__cause__ = cause
    return explain(error, LOCAL, replying=False)


def rows(error: ModelError, facts: Facts = FACTS) -> list[str]:
    reason = REASONS.get(error.kind, "model_error")
    ended = RunEnded(reason=reason, turns=1, error=str(error), error_kind=error.kind, status=error.status)
    return [plain(each) for each in failure_rows(ended, facts)]


class Failing:
    """A model that fails in one way, each time."""

    def __init__(self, error: ModelError) -> None:
        self._error = error

    async def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        if self._error:
            raise self._error
        yield Retrying(0, 0, 0.0, "server", None, "")

    async def aclose(self) -> None:
        pass


async def given_up(error: ModelError, *, retries: int, seconds: float) -> ModelError:
    """What is left of the error after all retries, `seconds` each by this clock."""
    now = [0.0]

    async def sleep(_: float) -> None:
        now[0] += seconds

    model = RetryingModel(Failing(error), max_retries=retries, clock=lambda: now[0], sleep=sleep)
    with pytest.raises(ModelError) as caught:
        async for _ in model.stream(ModelRequest("m", (), (), ())):
            pass
    return caught.value


@pytest.mark.behaviour("B-811")
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            refused(401, "invalid x-api-key"),
            [
                "✗ The API key was refused (401 invalid x-api-key).",
                "  The key came from ANTHROPIC_API_KEY and ends in …x7Qa.",
                "  Nothing was lost; your message is back in the prompt. Fix the key with /login.",
            ],
        ),
        (
            refused(403, ""),
            [
                "✗ Access was refused for claude-sonnet-4-5 (403).",
                "  The key came from ANTHROPIC_API_KEY and ends in …x7Qa.",
                "  Nothing was lost; your message is back in the prompt. Use another key with /login, or switch with "
                "/model.",
            ],
        ),
        (
            refused(404, "model: claude-nine"),
            [
                "✗ There is no model claude-sonnet-4-5 here (404).",
                "  Your message is back in the prompt. Choose another with /model.",
            ],
        ),
        (
            refused(400, "max_tokens: must be greater than 0"),
            [
                "✗ The request was refused (400 max_tokens: must be greater than 0).",
                "  Your message is back in the prompt. Change it, or go back with /rewind.",
            ],
        ),
        (
            refused(400, "prompt is too long: 214000 tokens > 200000 maximum"),
            [
                "✗ The conversation no longer fits: 214,000 of 200,000 tokens.",
                "  /compact makes a summary and goes on · /rewind goes back · /clear starts new.",
            ],
        ),
        (
            refused(413, "Request exceeds the maximum size"),
            [
                "✗ The conversation no longer fits.",
                "  /compact makes a summary and goes on · /rewind goes back · /clear starts new.",
            ],
        ),
        (
            refused(500, "Internal server error"),
            ["✗ The server failed (500).", "  Your message is back in the prompt: press enter to try again."],
        ),
        (
            unreachable(ConnectionRefusedError(111, "Connection refused")),
            [
                "✗ Nobody answers at http://127.0.0.1:8499 (connection refused).",
                "  Is the server running? The address came from ANTHROPIC_BASE_URL.",
                "  Your message is back in the prompt.",
            ],
        ),
        (
            not_the_api(LOCAL, "text/html"),
            [
                "✗ 127.0.0.1:8499 answered with text/html, not with the Messages API. A login page of the network or a "
                "wrong ANTHROPIC_BASE_URL does this: sign in to the network or correct the URL.",
                "  The address came from ANTHROPIC_BASE_URL.",
                "  Your message is back in the prompt.",
            ],
        ),
    ],
)
def test_failures_of_the_model(error: ModelError, said: list[str]) -> None:
    assert rows(error) == said


def test_an_answer_that_was_cut() -> None:
    facts = Facts(arrived=312)
    assert rows(broken(LOCAL, "the connection was lost"), facts) == [
        "✗ The answer was cut off after 312 tokens (connection lost).",
        '  What arrived is kept. Say "go on" to continue.',
    ]
    assert rows(broken(LOCAL, "the connection was lost"), replace(facts, restored=True))[1] == (
        "  Your message is back in the prompt: press enter to try again."
    )


async def test_what_was_tried_is_told() -> None:
    overloaded = refused(529, "Overloaded")
    assert rows(await given_up(overloaded, retries=9, seconds=14.5)) == [
        "✗ The model stayed overloaded for 2m 10s (10 tries). Your message is back in the prompt: press enter to try "
        "again, or switch with /model."
    ]
    refusing = unreachable(ConnectionRefusedError(111, "Connection refused"))
    assert rows(await given_up(refusing, retries=2, seconds=1.2))[2] == (
        "  Tried 3 times in 2s. Your message is back in the prompt."
    )
    limit = refused(429, "slow down", **{"retry-after": "3600"})
    assert rows(await given_up(limit, retries=3, seconds=1), Facts()) == [
        '✗ Rate limit (429): the server asks to wait 1h 00m. What was done is kept: say "go on" to try again later, or '
        "switch with /model."
    ]


def test_without_a_key() -> None:
    assert rows(ModelError("There is no API key. Set ANTHROPIC_API_KEY to yours.", "auth"), Facts(restored=True)) == [
        "✗ There is no API key.",
        "  Nothing was lost; your message is back in the prompt. Give one with /login.",
    ]


@pytest.mark.parametrize(
    ("reason", "error", "first"),
    [
        ("max_turns", "Reached maximum number of turns (3).", "✗ The limit of turns for one run is reached."),
        ("time_budget", "", "✗ The time limit is reached."),
        ("refusal", "", "✗ The model refused to go on with this request."),
        ("max_tokens", "", "✗ The answer reached the output limit and was cut off."),
        ("malformed", "{", "✗ The model repeated a call that cannot be run, so it was stopped."),
        (
            "loop",
            "x",
            "✗ The model went in circles: the same call with the same result, again and again.",
        ),
        (
            "budget",
            "Budget reached: $1.00 of $1.00 used, and the next request could take $0.10. Go on with: coder -p -c x",
            "✗ Budget reached: $1.00 of $1.00 used, and the next request could take $0.10.",
        ),
        (
            "crashed",
            "Traceback (most recent call last):\n  File",
            "✗ coder stopped because of a fault of its own: File.",
        ),
        ("crashed", "", "✗ coder stopped because of a fault of its own."),
    ],
)
def test_other_ends(reason: EndReason, error: str, first: str) -> None:
    ended = RunEnded(reason=reason, turns=1, error=error)
    made = [plain(each) for each in failure_rows(ended, Facts())]
    assert made[0] == first
    assert len(made) > 1


def test_a_run_that_was_done_or_stopped_failed_in_nothing() -> None:
    assert failure_rows(RunEnded(reason="done", turns=1), FACTS) == []
    assert failure_rows(RunEnded(reason="interrupted", turns=1), FACTS) == []


@pytest.mark.behaviour("B-812")
@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "x"}}',
        "<html><body>502</body></html>",
        "a%20b%3D",
        "Traceback (most recent call last)",
        "see https://example.org/errors",
        "x" * 3000,
    ],
)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 429, 500, 529])
def test_no_body_is_shown(status: int, body: str) -> None:
    for error in (refused(status, body), status_error(LOCAL, status, {}, body.encode()), event_error(LOCAL, body)):
        text = "\n".join(rows(error, Facts(restored=True)))
        assert not re.search(r"[{}<>%]|Traceback|https?:|xxx", text)


@given(st.text(max_size=300), st.sampled_from([None, 400, 401, 403, 404, 413, 429, 500, 529]), st.integers(1, 120))
def test_no_row_is_wider_than_the_terminal(error: str, status: int | None, width: int) -> None:
    kinds: list[ErrorKind] = ["auth", "invalid", "connection", "protocol", "timeout", "server", "too_long", "budget"]
    for kind in kinds:
        reason: EndReason = "context_full" if kind == "too_long" else "budget" if kind == "budget" else "model_error"
        ended = RunEnded(reason=reason, turns=1, error=error, error_kind=kind, status=status)
        for each in fold_rows(failure_rows(ended, Facts(model=error, key_end=error, base_url=error)), width):
            assert width_of(each) <= width
            assert plain(each).isprintable()


def retrying(
    kind: str, status: int | None, delay: float, message: str = "", asked: float | None = None
) -> ModelRetrying:
    return ModelRetrying(attempt=2, max_retries=9, delay=delay, kind=kind, status=status, message=message, asked=asked)


@pytest.mark.behaviour("B-813")
def test_waiting_says_how_long_and_for_what() -> None:
    assert retry_text(retrying("overloaded", 529, 8), 7.2) == (
        "The model is overloaded (529). Trying again in 8s · try 3 of 10 · esc stops"
    )
    assert retry_text(retrying("rate_limit", 429, 35.9, asked=34), 30.4) == (
        "Rate limit (429): the server asks for 34s. Trying again in 31s · esc stops"
    )
    assert retry_text(retrying("rate_limit", 429, 0.7), 0.4) == "Rate limit (429). Trying again in 1s · esc stops"
    why = str(unreachable(ConnectionRefusedError(111, "Connection refused")))
    assert retry_text(retrying("connection", None, 2, why), 2, key="ctrl+c") == (
        "Connection refused. Trying again in 2s · try 3 of 10 · ctrl+c stops"
    )
    assert retry_text(retrying("server", 503, 2), 2).startswith("The server failed (503). Trying again in 2s")
