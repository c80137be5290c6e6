"""The session's part of the web: who answers about a page, and who searches. Must not know pages, or front ends.

Both are requests beside the conversation: they share nothing with it, and what they cost is accounted for like it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from functools import cached_property
from typing import TYPE_CHECKING

from coder.core import prompts
from coder.core.config import Config
from coder.core.errors import ModelError
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Message, Opaque, Text
from coder.core.model import Completed, Model, ModelRequest, Purpose
from coder.tools.web.room import Link, Searched, WebRoom

if TYPE_CHECKING:
    from coder.app import titles
else:
    titles = LazyModule("coder.app.titles")

SEARCH = "CODER_WEB_SEARCH"
_TOOL = "web_search_20250305"
_USES, _FEW_USES = 8, 3  # searches of one request; few where a budget has to hold the worst
_ANSWER, _SUMMARY = 2_000, 3_000  # tokens at most
_ROUNDS = 4  # the provider may pause a long search; it is asked to go on
_PROBLEMS = {
    "too_many_requests": "the provider takes no more searches for the moment; try again in a minute",
    "max_uses_exceeded": "it would have taken more searches than one call may; ask for less at once",
    "query_too_long": "the query is too long",
    "invalid_input": "the provider did not take the query or the domains",
    "unavailable": "the provider's search does not answer; try again later",
}


def web_room(config: Config, env: Mapping[str, str], model: str, side: Callable[[], Model]) -> WebRoom:
    """`model` is the session's; `side` gives the one to be asked, when it is first needed."""
    asks = WebAsking(side, model, env, _FEW_USES if _is_bounded(config) else _USES)
    return WebRoom(env, config.private_hosts, asks.answer, asks.search if searches(config, env) else None)


def searches(config: Config, env: Mapping[str, str]) -> bool:
    """Whether the provider searches the web: the API itself does, other servers are not asked unless told to."""
    told = env.get(SEARCH, "").strip().lower()
    if told:
        return told not in ("0", "false", "no", "off")
    base = config.model.base_url.strip().rstrip("/").removesuffix("/v1")
    return config.model.provider == "anthropic" and base in ("", "https://api.anthropic.com")


def _is_bounded(config: Config) -> bool:
    return config.max_budget_usd is not None or config.max_tokens_total is not None


class WebAsking:
    """The session's model `main` searches, at most `uses` times for one question; a small one answers about pages."""

    def __init__(self, side: Callable[[], Model], main: str, env: Mapping[str, str], uses: int = _USES) -> None:
        self._side = side
        self._main = main
        self._env = env
        self._uses = uses

    @cached_property
    def _small(self) -> str:
        return titles.cheap_model(self._env, self._main)

    async def answer(self, page: str, prompt: str) -> str:
        """ "" where there is no small model. Raises ModelError."""
        if not self._small:
            return ""
        question = prompts.load("web/question", page=page, prompt=prompt)
        request = _request(self._small, "fetch", "web/answer", (Message("user", (Text(question),)),), _ANSWER)
        return (await self._asked(request)).message.text

    async def search(self, query: str, allowed: tuple[str, ...], blocked: tuple[str, ...]) -> Searched:
        """Raises ModelError."""
        tool: Json = {"type": _TOOL, "name": "web_search", "max_uses": self._uses}
        if allowed or blocked:
            tool["allowed_domains" if allowed else "blocked_domains"] = list(allowed or blocked)
        messages: tuple[Message, ...] = (Message("user", (Text(f"Search the web for: {query}"),)),)
        raw: list[Json] = []
        said: list[str] = []
        count = 0
        for _ in range(_ROUNDS):
            found = await self._asked(_request(self._main, "search", "web/search", messages, _SUMMARY, (tool,)))
            raw += [block.raw for block in found.message.content if isinstance(block, Opaque)]
            said.append(found.message.text)
            count += found.usage.web_search_requests
            begun = _to_go_on(found.message)
            if found.stop_reason != "pause_turn" or not begun.content:
                break
            messages = (messages[0], *_joined(messages[1:], begun))
        problem = next((text for block in raw if (text := _problem(block))), "")
        return Searched(tuple(_steps(raw)), "".join(said).strip(), problem, count)

    async def _asked(self, request: ModelRequest) -> Completed:
        async with aclosing(self._side().stream(request)) as events:  # type: ignore[type-var]  # streams are generators
            async for event in events:
                if isinstance(event, Completed):
                    return event
        raise ModelError("the model's reply ended early", "cut")


def _to_go_on(message: Message) -> Message:
    """A reply that is sent back must not end in blanks."""
    content = list(message.content)
    while content and isinstance(last := content[-1], Text):
        content.pop()
        if text := last.text.rstrip():
            content.append(Text(text))
            break
    return Message("assistant", tuple(content))


def _joined(before: tuple[Message, ...], begun: Message) -> tuple[Message, ...]:
    """One reply, as often as it paused: two in a row would be refused."""
    held = tuple(block for message in before for block in message.content)
    return (Message("assistant", (*held, *begun.content)),)


def _request(
    model: str, purpose: Purpose, system: str, messages: tuple[Message, ...], most: int, tools: tuple[Json, ...] = ()
) -> ModelRequest:
    return ModelRequest(
        model,
        messages,
        system=(prompts.load(system),),
        max_tokens=most,
        headers={"x-coder-side-request": purpose},
        purpose=purpose,
        server_tools=tools,
    )


def _steps(raw: list[Json]) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Each search that found something. Takes any shape: a block that is none of these says nothing."""
    for block in raw:
        content = block.get("content")
        if block.get("type") != "web_search_tool_result" or not isinstance(content, list):
            continue
        links = tuple(_link(item) for item in content if isinstance(item, dict) and _is_url(item.get("url")))
        if links:
            yield str(block.get("tool_use_id") or ""), links


def _link(item: Json) -> Link:
    return Link(str(item.get("title") or ""), str(item["url"]), str(item.get("page_age") or ""))


def _is_url(value: object) -> bool:
    return isinstance(value, str) and value.lower().startswith(("https://", "http://"))


def _problem(block: Json) -> str:
    content = block.get("content")
    if block.get("type") != "web_search_tool_result" or not isinstance(content, dict):
        return ""
    code = str(content.get("error_code") or "unavailable")
    return _PROBLEMS.get(code, f"the provider says {code}")
