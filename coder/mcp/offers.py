"""What a server lists, made fit for use: bounded, named, and without anything that points elsewhere. Pure; never
raises."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import field

from coder.core.dataclass import dataclass
from coder.core.messages import Json
from coder.core.visible import visible_line
from coder.mcp.schemas import clean, fit
from coder.mcp.server import Offer, Resource, ServerPrompt, ServerTool, tool_name

LINE = 200  # characters of what stands in a line
MOST_TOOLS = 1000
MOST_OTHERS = 2000  # prompts, resources
MOST_TEXT = 2048  # characters of a description or of instructions
_MOST_ADDRESS = 8192
_MOST_NAME = 128  # what the model's API lets a tool be called
_MOST_LIMIT = 500_000
_MOST_ARGUMENTS = 64
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Heard:
    """The lists of a server as it sent them. `problems` are about what could not be read at all."""

    tools: Sequence[Json] = ()
    prompts: Sequence[Json] = ()
    resources: Sequence[Json] = ()
    templates: Sequence[Json] = ()
    instructions: str = ""
    title: str = ""
    version: str = ""
    problems: Sequence[str] = field(default_factory=tuple)


def offer(server: str, heard: Heard) -> Offer:
    problems = [clean(text) for text in heard.problems]
    return Offer(
        tools=_tools(server, heard.tools, problems),
        prompts=_prompts(server, heard.prompts),
        resources=(*_resources(server, heard.resources, "uri"), *_resources(server, heard.templates, "uriTemplate")),
        instructions=_text(heard.instructions),
        title=_text(heard.title)[:LINE],
        version=_text(heard.version)[:LINE],
        problems=tuple(problems[:_MOST_PROBLEMS]),
    )


def _tools(server: str, raw: Sequence[Json], problems: list[str]) -> tuple[ServerTool, ...]:
    found: list[ServerTool] = []
    names: set[str] = set()
    told: set[str] = set()
    for item in raw:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name or clean(name) != name:
            problems.append("a tool without a name is left out")
            continue
        if name in told:
            problems.append(f"the tool {shown(name)} is listed twice; the second is left out")
            continue
        if len(found) >= MOST_TOOLS:
            problems.append(f"it has more than {MOST_TOOLS:,} tools; the others are left out")
            break
        told.add(name)
        schema, problem = fit(item.get("inputSchema"))
        if problem:
            problems.append(f"the tool {shown(name)}: {problem}")
        alias = _alias(server, name, names)
        if alias and len(tool_name(server, name)) <= _MOST_NAME:
            problems.append(f"the tool {shown(name)} is called {alias}, for another one is called like it")
        names.add(alias or tool_name(server, name))
        found.append(_tool(server, name, item, schema, alias))
    return tuple(found)


def _tool(server: str, name: str, item: Json, schema: Json, alias: str) -> ServerTool:
    told = item.get("annotations")
    annotations: Json = told if isinstance(told, dict) else {}
    meta = item.get("_meta")
    limit = meta.get("anthropic/maxResultSizeChars") if isinstance(meta, dict) else None
    is_limit = isinstance(limit, int) and not isinstance(limit, bool) and limit > 0
    return ServerTool(
        server,
        name,
        _text(item.get("description")),
        schema,
        title=(_text(item.get("title")) or _text(annotations.get("title")))[:LINE],
        hints={hint: annotations[hint] for hint in _HINTS if isinstance(annotations.get(hint), bool)},
        limit=min(limit, _MOST_LIMIT) if is_limit and isinstance(limit, int) else None,
        alias=alias,
    )


def _alias(server: str, name: str, taken: set[str]) -> str:
    """ "" when its own name does. The digest is of the name alone, so that it stays the same whatever else is
    listed."""
    plain = tool_name(server, name)
    if len(plain) <= _MOST_NAME and plain not in taken:
        return ""
    digest = hashlib.sha256(name.encode()).hexdigest()
    for length in range(8, len(digest) + 1, 8):
        alias = f"{plain[: _MOST_NAME - length - 1]}_{digest[:length]}"
        if alias not in taken:
            break
    return alias


def _prompts(server: str, raw: Sequence[Json]) -> tuple[ServerPrompt, ...]:
    found: dict[str, ServerPrompt] = {}
    for item in raw[:MOST_OTHERS]:
        name = item.get("name") if isinstance(item, dict) else None
        if not isinstance(name, str) or not name or clean(name) != name or len(name) > LINE:
            continue
        given = item.get("arguments")
        arguments = tuple(
            (_text(one["name"])[:LINE], _text(one.get("description")), one.get("required") is True)
            for one in (given[:_MOST_ARGUMENTS] if isinstance(given, list) else ())
            if isinstance(one, dict) and isinstance(one.get("name"), str)
        )
        prompt = ServerPrompt(server, name, _text(item.get("description")), arguments)
        found.setdefault(prompt.name, prompt)
    return tuple(found.values())


def _resources(server: str, raw: Sequence[Json], key: str) -> list[Resource]:
    found = []
    for item in raw[:MOST_OTHERS]:
        uri = item.get(key) if isinstance(item, dict) else None
        if not isinstance(uri, str) or not uri or len(uri) > _MOST_ADDRESS or clean(uri) != uri:
            continue
        name = _text(item.get("title")) or _text(item.get("name"))
        mime = _text(item.get("mimeType"))[:LINE]
        text = _text(item.get("description"))
        found.append(Resource(server, uri, name[:LINE], text, mime, is_template=key == "uriTemplate"))
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    text = clean(value[: 4 * MOST_TEXT])
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def shown(name: str) -> str:
    return visible_line(name[:LINE])
