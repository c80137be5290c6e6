"""The Messages API over httpx2, streamed: the default transport. Must not know retries, tools or the SDK."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, suppress

import httpx2

from coder.core.config import ModelConfig
from coder.core.errors import ModelError
from coder.core.messages import Json
from coder.core.model import Accepted, ModelEvent, ModelRequest
from coder.models.body import EncodeCache, counted_body, encode
from coder.models.connection import explain, open_client
from coder.models.endpoint import API_VERSION, Endpoint, endpoint
from coder.models.failures import (
    EVENT_STREAM,
    broken,
    counted,
    event_error,
    is_no_stream,
    media_type,
    not_the_api,
    status_error,
)
from coder.models.replying import replied
from coder.models.sse import EventTooLarge, SseEvent, SseParser

_MAX_ERROR_BODY = 64 * 1024


class WireModel:
    """One server, one connection pool, kept for the session. Raises ModelError and nothing else."""

    def __init__(self, config: ModelConfig) -> None:
        self._endpoint = endpoint(config)
        if not config.api_key and not config.auth_token and self._endpoint.host == "api.anthropic.com":
            raise ModelError("no API key. Set ANTHROPIC_API_KEY or run: coder auth login", "auth")
        self._client = open_client(self._endpoint)
        self._cache = EncodeCache()

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        return replied(_events(self._client, self._endpoint, request, self._cache))

    async def count_tokens(self, request: ModelRequest) -> int:
        """Raises ModelError."""
        where, content = self._endpoint, json.dumps(counted_body(request), ensure_ascii=False)
        try:
            response = await self._client.post(
                where.count_url, content=content.encode("utf-8", "replace"), headers=_headers(where, request)
            )
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise explain(error, where, replying=False) from error
        if not response.is_success:
            raise status_error(where, response.status_code, response.headers, response.content[:_MAX_ERROR_BODY])
        return counted(where, response.content)

    async def aclose(self) -> None:
        await self._client.aclose()


def _headers(where: Endpoint, request: ModelRequest) -> dict[str, str]:
    return {
        "accept": "application/json",
        "content-type": "application/json",
        "anthropic-version": API_VERSION,
        **where.headers,
        **request.headers,
    }


async def _events(
    client: httpx2.AsyncClient, where: Endpoint, request: ModelRequest, cache: EncodeCache
) -> AsyncGenerator[Json | Accepted, None]:
    """That the request was accepted, then the raw events of the reply. Raises ModelError."""
    content, reading = encode(request, cache), False
    try:
        async with client.stream(
            "POST", where.messages_url, content=content, headers=_headers(where, request)
        ) as response:
            await _must_be_a_stream(response, where)
            reading = True
            request_id = where.clean(response.headers.get("request-id", ""))
            yield Accepted(request_id)
            reader = _Reader(where, request_id)
            async with aclosing(response.aiter_bytes()) as chunks:
                async for chunk in chunks:
                    for event in reader.feed(chunk):
                        yield event
            reader.end(media_type(response.headers))
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise explain(error, where, replying=reading) from error


async def _must_be_a_stream(response: httpx2.Response, where: Endpoint) -> None:
    if not response.is_success:
        raise status_error(where, response.status_code, response.headers, await _error_body(response))
    if is_no_stream(kind := media_type(response.headers)):
        raise not_the_api(where, kind)


async def _error_body(response: httpx2.Response) -> bytes:
    body = bytearray()
    with suppress(httpx2.HTTPError):  # an answer whose body breaks off is still judged by its status
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_ERROR_BODY:
                break
    return bytes(body)


class _Reader:
    """Chunks of one response body to raw events. Raises ModelError for what is not the Messages API."""

    def __init__(self, where: Endpoint, request_id: str) -> None:
        self._where = where
        self._request_id = request_id
        self._parser = SseParser()
        self._any_events = False

    def feed(self, chunk: bytes) -> Iterator[Json]:
        try:
            found = self._parser.feed(chunk)
        except EventTooLarge as error:
            raise not_the_api(self._where, str(error)) from error
        for event in found:
            raw = self._decode(event)
            self._any_events = True
            if raw.get("type") == "error":
                raise event_error(self._where, raw, self._request_id)
            yield raw

    def end(self, kind: str) -> None:
        if not self._any_events and kind != EVENT_STREAM:
            raise not_the_api(self._where, "a body without events")

    def _decode(self, event: SseEvent) -> Json:
        try:
            raw = json.loads(event.data)
        except (ValueError, RecursionError) as error:
            if self._any_events:
                raise broken(self._where, "an event was not valid JSON") from error
            raise not_the_api(self._where, "events that are not JSON") from error
        if not isinstance(raw, dict):
            raise broken(self._where, "an event was not a JSON object")
        return raw
