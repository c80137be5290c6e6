"""The fake Messages API: real HTTP and SSE on loopback, answers from a player. Must not know scripts or cassettes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from types import TracebackType
from typing import Literal, Self, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.replay.cache import CacheSimulation
from coder.replay.catalogue import model_entry, model_page
from coder.replay.continuity import Continuity, Conversation, Verdict
from coder.replay.http import Answer, HttpRequest, HttpServer, Outcome
from coder.replay.pieces import Prefix
from coder.replay.player import Call, Played, Player
from coder.replay.problems import Problem, Refusal, json_answer, problem_answer
from coder.replay.reader import PieceReader
from coder.replay.validate import Rules, parse, validate

EDIT_HEADER = "x-coder-context-edit"
SIDE_HEADER = "x-coder-side-request"
SECRET_HEADERS = ("authorization", "x-api-key", "proxy-authorization", "cookie")
PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
State: TypeAlias = Literal["open"] | Outcome


@dataclass(slots=True)
class Exchange:
    """One request and how it was answered. `state` is open until the answer is sent, cut, or the client has left."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Json | None = None
    status: int = 0
    usage: Json | None = None
    violations: list[str] = field(default_factory=list)
    context_edit: str = ""
    state: State = "open"


class FakeApi:
    """A server that speaks the Messages API on loopback. Use as an async context manager, or `start` and `stop`.

    It answers from `player`, refuses what the real API refuses, and (with `continuity`) every request that does not
    extend the one before. `on_exchange` is called when an answer has ended. `start` raises ConfigError for an address
    it cannot use."""

    def __init__(
        self,
        player: Player,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        continuity: bool = True,
        context_limit: int | None = None,
        cache_min_tokens: int = 1024,
        max_body: int = 32 << 20,
        clock: Callable[[], float] = time.time,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.player = player
        self.exchanges: list[Exchange] = []
        self._http = HttpServer(self._handle, host=host, port=port, max_body=max_body)
        self._continuity = Continuity() if continuity else None
        self._context_limit = context_limit
        self._cache = CacheSimulation(min_tokens=cache_min_tokens, clock=clock)
        self._reader = PieceReader()
        self._block_types: set[str] = set()
        self._on_exchange = on_exchange

    @property
    def url(self) -> str:
        """The base URL for ANTHROPIC_BASE_URL; valid once started."""
        return self._http.url

    @property
    def requests(self) -> list[Json]:
        """The bodies of all model requests, refused ones included."""
        return [e.body for e in self.exchanges if e.path == "/v1/messages" and e.body is not None]

    @property
    def violations(self) -> list[str]:
        return [violation for exchange in self.exchanges for violation in exchange.violations]

    @property
    def context_edits(self) -> list[str]:
        """The reasons clients gave for breaking the prefix, in order."""
        return [exchange.context_edit for exchange in self.exchanges if exchange.context_edit]

    async def start(self) -> None:
        await self._http.start()

    async def stop(self) -> None:
        """Ends every connection. Safe to call twice."""
        await self._http.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _handle(self, request: HttpRequest) -> Answer:
        exchange = Exchange(request.method, request.path, _redacted(request.headers))
        self.exchanges.append(exchange)
        request_id = f"req_{len(self.exchanges):024d}"
        try:
            answer = self._route(request, exchange, request_id)
        except Refusal as refusal:
            answer = problem_answer(refusal.problem, request_id)
        exchange.status = answer.status
        inner = answer.ended

        def ended(outcome: Outcome) -> None:
            exchange.state = outcome
            inner(outcome)
            if self._on_exchange is not None:
                self._on_exchange(exchange)

        return replace(answer, ended=ended)

    def _route(self, request: HttpRequest, exchange: Exchange, request_id: str) -> Answer:
        if not (request.headers.get("x-api-key") or request.headers.get("authorization", "").startswith("Bearer ")):
            raise Refusal(Problem("x-api-key header is required", 401))
        match request.method, request.path.rstrip("/"):
            case "POST", "/v1/messages":
                return self._message(request, exchange, request_id)
            case "POST", "/v1/messages/count_tokens":
                body = self._body(request, exchange, counts_only=True)
                return json_answer({"input_tokens": self._reader.read(body).tokens}, request_id)
            case "GET", "/v1/models":
                return json_answer(model_page(), request_id)
            case "GET", path if path.startswith("/v1/models/"):
                name = path.removeprefix("/v1/models/")
                if entry := model_entry(name):
                    return json_answer(entry, request_id)
                raise Refusal(Problem(f"model: {name}", 404))
            case _, "/v1/messages" | "/v1/messages/count_tokens" | "/v1/models":
                raise Refusal(Problem("Method Not Allowed", 405))
            case _, path:
                raise Refusal(Problem(f"Not found: {request.method} {path}", 404))

    def _body(self, request: HttpRequest, exchange: Exchange, *, counts_only: bool = False) -> Json:
        if request.too_large:
            raise Refusal(Problem("Request exceeds the maximum size", 413))
        body = parse(request.body)
        if isinstance(body, Problem):
            exchange.violations.append(body.message)
            raise Refusal(body)
        exchange.body = body
        rules = Rules(
            counts_only=counts_only,
            is_known_thinking=self.player.is_known_thinking,
            extra_block_types=frozenset(self._block_types),
            judged=self._reader.share(body),
        )
        if problem := validate(body, rules):
            exchange.violations.append(problem.message)
            raise Refusal(problem)
        return body

    def _message(self, request: HttpRequest, exchange: Exchange, request_id: str) -> Answer:
        body = self._body(request, exchange)
        prefix = self._reader.read(body)
        if self._context_limit is not None and prefix.tokens > self._context_limit:
            raise Refusal(Problem(f"prompt is too long: {prefix.tokens} tokens > {self._context_limit} maximum"))
        conversation = self._continue(prefix, request.headers, exchange)
        use = self._cache.look(prefix)
        try:
            played = self.player.play(Call(body, request_id, prefix.hashes[-1].hex(), use.usage()))
        except Refusal as refusal:
            exchange.violations.append(refusal.problem.message)
            raise
        if played.answer.status == 200:
            self._cache.commit(use)
        exchange.usage = played.usage
        self._block_types |= {str(block.get("type")) for block in played.content}
        return self._watched(played, conversation)

    def _continue(self, prefix: Prefix, headers: Mapping[str, str], exchange: Exchange) -> Conversation | None:
        if self._continuity is None or headers.get(SIDE_HEADER):
            return None
        verdict = self._continuity.check(prefix, edit=headers.get(EDIT_HEADER, ""))
        problem = verdict.problem or _prefill(prefix, verdict)
        if problem:
            exchange.violations.append(problem)
            raise Refusal(Problem(problem))
        exchange.context_edit = verdict.edit
        return verdict.conversation

    def _watched(self, played: Played, conversation: Conversation | None) -> Answer:
        def ended(outcome: Outcome) -> None:
            if outcome == "sent" and played.whole and conversation is not None and self._continuity is not None:
                self._continuity.answered(conversation, played.content, played.stop_reason)

        return replace(played.answer, ended=ended)


def _prefill(prefix: Prefix, verdict: Verdict) -> str:
    return "" if verdict.paused or prefix.messages[-1].raw["role"] != "assistant" else PREFILL


def _redacted(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers fit for a log: the scheme of a credential stays, the credential goes."""
    return {name: _hidden(value) if name in SECRET_HEADERS else value for name, value in headers.items()}


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} [redacted]" if space else "[redacted]"
