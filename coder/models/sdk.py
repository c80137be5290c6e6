"""The `anthropic` SDK as a transport, for Bedrock, Vertex, Foundry and credential profiles. Its only importer."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import anthropic
import httpx2

from coder.core.config import ModelConfig
from coder.core.errors import ModelError
from coder.core.messages import Json
from coder.core.model import Accepted, ModelEvent, ModelRequest
from coder.models.body import EncodeCache, counted_body, encode
from coder.models.connection import explain, open_client, timeouts
from coder.models.endpoint import DEFAULT_BASE_URL, Endpoint, endpoint
from coder.models.failures import (
    EVENT_STREAM,
    broken,
    event_error,
    is_no_stream,
    media_type,
    not_the_api,
    status_error,
)
from coder.models.replying import replied

_Client: TypeAlias = (
    anthropic.AsyncAnthropic
    | anthropic.AsyncAnthropicBedrock
    | anthropic.AsyncAnthropicVertex
    | anthropic.AsyncAnthropicFoundry
)
_AWS_STREAM = "application/vnd.amazon.eventstream"
_BASE_URL_VARIABLES = {
    "bedrock": "ANTHROPIC_BEDROCK_BASE_URL",
    "vertex": "ANTHROPIC_VERTEX_BASE_URL",
    "foundry": "ANTHROPIC_FOUNDRY_BASE_URL",
}


class SdkModel:
    """One SDK client, kept for the session; its own retries are off. Raises ModelError and nothing else."""

    def __init__(self, config: ModelConfig) -> None:
        if config.provider != "anthropic":  # our key is none of the cloud's business
            config = replace(config, api_key="", auth_token="")
        own_url = config.base_url if config.base_url.rstrip("/") not in ("", DEFAULT_BASE_URL) else None
        guess = own_url or os.environ.get(_BASE_URL_VARIABLES.get(config.provider, "")) or DEFAULT_BASE_URL
        where = endpoint(replace(config, base_url=guess))
        try:
            self._client = _client(config, where, own_url and where.base)
        except (anthropic.AnthropicError, ValueError, TypeError, ImportError) as error:
            raise _set_up_failure(error, where, config) from error
        where = endpoint(replace(config, base_url=str(self._client.base_url)))
        cloud_key = getattr(self._client, "api_key", None)
        self._endpoint = replace(where, secrets=(*where.secrets, cloud_key)) if cloud_key else where
        self._config = config
        self._cache = EncodeCache()

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        return replied(self._events(request))

    async def count_tokens(self, request: ModelRequest) -> int:
        """Raises ModelError."""
        arguments: dict[str, Any] = counted_body(request)
        with self._failures(replying=False):
            found = await self._client.messages.count_tokens(**arguments, extra_headers=self._headers(request))
        return found.input_tokens

    async def aclose(self) -> None:
        await self._client.close()

    def _headers(self, request: ModelRequest) -> dict[str, Any]:
        headers: dict[str, Any] = dict(request.headers)
        if self._config.key_header == "x-api-key" and self._config.provider == "anthropic":
            headers["Authorization"] = anthropic.omit
        return headers

    async def _events(self, request: ModelRequest) -> AsyncGenerator[Json | Accepted, None]:
        """That the request was accepted, then the raw events of the reply. Raises ModelError."""
        arguments: dict[str, Any] = json.loads(encode(request, self._cache))
        with self._failures(replying=False):
            stream = await self._client.messages.create(**arguments, extra_headers=self._headers(request))
        try:
            with self._failures(replying=True):
                kind = media_type(stream.response.headers)
                if kind != _AWS_STREAM and is_no_stream(kind):
                    raise not_the_api(self._endpoint, kind)
                yield Accepted(self._endpoint.clean(stream.response.headers.get("request-id", "")))
                any_events = False
                async for event in stream:
                    any_events = True
                    yield event.to_dict(warnings=False)
                if not any_events and kind != EVENT_STREAM:
                    raise not_the_api(self._endpoint, "a body without events")
        finally:
            await stream.close()

    @contextmanager
    def _failures(self, *, replying: bool) -> Iterator[None]:
        """Turns what the SDK raises into ModelError."""
        where = self._endpoint
        try:
            yield
        except anthropic.APIStatusError as error:
            if error.status_code < 300:
                raise event_error(where, error.body, error.request_id or "") from error
            content = error.response.content if error.response.is_stream_consumed else b""
            raise status_error(where, error.status_code, error.response.headers, content) from error
        except anthropic.APIConnectionError as error:
            cause = error.__cause__ or error.__context__
            known = cause if isinstance(cause, httpx2.HTTPError | httpx2.InvalidURL | OSError) else ConnectionError()
            raise explain(known, where, replying=replying) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            raise explain(error, where, replying=replying) from error
        except (anthropic.AnthropicError, ValueError, TypeError, RuntimeError, ImportError) as error:
            if replying:
                raise broken(where, "an event could not be read") from error
            raise _set_up_failure(error, where, self._config) from error


def _client(config: ModelConfig, where: Endpoint, base_url: str | None) -> _Client:
    """The SDK client of the provider. Clouds find address and credentials as the SDK documents."""
    common: dict[str, Any] = {
        "base_url": base_url,
        "http_client": open_client(where),
        "timeout": timeouts(where),
        "max_retries": 0,
        "default_headers": where.headers,
    }
    match config.provider:
        case "bedrock":
            return anthropic.AsyncAnthropicBedrock(**common)
        case "vertex":
            return anthropic.AsyncAnthropicVertex(**common)
        case "foundry":
            return anthropic.AsyncAnthropicFoundry(**common)
        case "anthropic":
            key, token = config.api_key.strip() or None, config.auth_token.strip() or None
            return anthropic.AsyncAnthropic(**common, api_key=key, auth_token=None if key else token)


def _set_up_failure(error: Exception, where: Endpoint, config: ModelConfig) -> ModelError:
    if isinstance(error, ImportError):
        return ModelError(
            f"The {config.provider} provider needs more packages: pip install 'anthropic[{config.provider}]'.", "auth"
        )
    return ModelError(
        f"No credentials for {config.provider}, or an incomplete set-up: {where.clean(str(error))}", "auth"
    )
