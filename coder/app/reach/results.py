"""What a server answered, as the output of a tool: blocks for the model; what is too long or cannot be shown, in files.

Foreign content, bounded. Must not know servers, or how they are asked.
"""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from coder.app.reach.keeping import write_private
from coder.core import prompts
from coder.core.messages import Document, Image, Json, Text
from coder.core.tools import ToolOutput
from coder.core.visible import visible_line
from coder.mcp.server import Answer

KEPT_FROM = 50_000  # characters of a text that is kept in a file instead of sent
MOST_TOKENS = 25_000
WARNS_FROM = 10_000  # tokens
_CHARS_A_TOKEN = 4
_MOST_ASKED = 500_000  # characters a tool may ask to be let through
_PREVIEW = 2_000
_MOST_BLOCKS = 100
_MOST_PICTURES = 20  # that are sent; the API takes about 100 in all that was said
_MOST_BYTES = 64 << 20  # of one attachment

Block = Text | Image | Document
Shrink = Callable[[Image], Image | None]


def output_of(
    answer: Answer, folder: Path, name: str, limit: int | None, env: Mapping[str, str], shrink: Shrink
) -> ToolOutput:
    """`limit` is what the tool itself asks to be let through. Never raises. Blocks while it writes files into `folder`,
    whose names begin with `name`."""
    made = _Making(folder, name, shrink)
    blocks = [made.block(each) for each in answer.content[:_MOST_BLOCKS]]
    if len(answer.content) > _MOST_BLOCKS:
        blocks.append(Text(f"[{len(answer.content) - _MOST_BLOCKS} more parts of the result are left out]"))
    if answer.structured is not None and not any(isinstance(block, Text) and block.text.strip() for block in blocks):
        blocks.append(Text(_json(answer.structured) or "[the result is nested too deeply to be shown]"))
    text = "\n\n".join(block.text for block in blocks if isinstance(block, Text))
    others = tuple(block for block in blocks if not isinstance(block, Text))
    most = most_chars(limit, env)
    shown = text if len(text) <= most else made.kept(text)
    content = (*((Text(shown),) if shown or not others else ()), *others)
    if not shown and not others:
        content = (Text("(the server answered with nothing)"),)
    data: Json = {"content": _for_others(answer.content[:_MOST_BLOCKS])}
    if answer.structured is not None and _size(answer.structured) <= _MOST_ASKED:
        data["structuredContent"] = answer.structured
    return ToolOutput(content, data, _summary(text, others, answer), answer.is_error, limit=max(most, len(shown)))


def most_chars(limit: int | None, env: Mapping[str, str]) -> int:
    """The characters of a result that the model is sent."""
    said = env.get("MAX_MCP_OUTPUT_TOKENS", "")
    is_set = said.isascii() and said.isdigit() and int(said[:9]) > 0
    tokens = int(said[:9]) if is_set else MOST_TOKENS
    if limit is not None and limit > 0:
        return min(limit, _MOST_ASKED)
    return tokens * _CHARS_A_TOKEN if tokens != MOST_TOKENS else KEPT_FROM


class _Making:
    def __init__(self, folder: Path, name: str, shrink: Shrink) -> None:
        self._folder = folder
        self._name = name
        self._shrink = shrink
        self._count = self._pictures = 0

    def block(self, raw: Json) -> Block:
        match raw:
            case {"type": "text", "text": str(text)}:
                return Text(text)
            case {"type": "image", "data": str(data)}:
                return self._media(data, _text(raw.get("mimeType")), "an image")
            case {"type": "audio", "data": str(data)}:
                return self._media(data, _text(raw.get("mimeType")), "audio")
            case {"type": "resource", "resource": dict(resource)}:
                return self._resource(resource)
            case {"type": "resource_link", "uri": str(uri)}:
                return Text(_link(raw, uri))
            case _:
                return Text(f"[a part of the result that cannot be shown: {visible_line(str(raw.get('type'))[:40])}]")

    def _resource(self, resource: Json) -> Block:
        uri = visible_line(_text(resource.get("uri"))[:500])
        if isinstance(resource.get("text"), str):
            return Text(f"[resource {uri}]\n{resource['text']}")
        if isinstance(resource.get("blob"), str):
            return self._media(resource["blob"], _text(resource.get("mimeType")), f"resource {uri}")
        return Text(f"[resource {uri}, without content]")

    def _media(self, data: str, mime: str, what: str) -> Block:
        if len(data) > _MOST_BYTES * 4 // 3:
            return Text(f"[{what}, left out: it has more than {_MOST_BYTES >> 20} MB]")
        try:
            found = base64.b64decode(data, validate=False)
        except (binascii.Error, ValueError):
            return Text(f"[{what}, left out: it is no base64]")
        fits = mime.startswith("image/") and self._pictures < _MOST_PICTURES
        if fits and (image := self._shrink(Image(mime, data))) is not None:
            self._pictures += 1
            return image
        return Text(f"[{what}{f' ({visible_line(mime[:80])})' if mime else ''}, {self._file(found, mime)}]")

    def _file(self, data: bytes, mime: str) -> str:
        self._count += 1
        ending = mimetypes.guess_extension(mime.split(";")[0].strip()) or ".bin"
        path = self._folder / f"{self._name}-{self._count}{ending}"
        try:
            write_private(path, data)
        except OSError as error:
            return f"{len(data):,} bytes that could not be kept: {error.strerror}"
        return f"{len(data):,} bytes, kept in {path}"

    def kept(self, text: str) -> str:
        """The beginning of a text, and where all of it is."""
        path = self._folder / f"{self._name}.txt"
        try:
            write_private(path, text.encode("utf-8", "replace"))
            where = str(path)
        except OSError as error:
            where = f"nowhere: it could not be kept ({error.strerror})"
        return prompts.load("reminders/persisted", size=f"{len(text):,}", where=where, preview=text[:_PREVIEW])


def _link(raw: Json, uri: str) -> str:
    said = [_text(raw.get(key)) for key in ("title", "name", "description")]
    about = " · ".join(visible_line(each[:300]) for each in dict.fromkeys(said) if each)
    return f"[resource to be read: {visible_line(uri[:500])}{f' · {about}' if about else ''}]"


def _for_others(content: Sequence[Json]) -> list[Json]:
    """For hooks and embedding programs: what is in files or sent as a picture is not said twice, and no more than one
    tool may ask for in all."""
    made: list[Json] = []
    left = _MOST_ASKED
    for raw in content:
        whole = _without_bytes(raw)
        size = _size(whole)
        if size > left:
            whole = {"type": _text(raw.get("type"))[:40], "text": _text(raw.get("text"))[:left]}
        made.append(whole)
        left -= min(size, left)
    return made


def _without_bytes(raw: Json) -> Json:
    if isinstance(raw.get("data"), str):
        return {**raw, "data": ""}
    resource = raw.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("blob"), str):
        return {**raw, "resource": {**resource, "blob": ""}}
    return raw


def _summary(text: str, others: tuple[Image | Document, ...], answer: Answer) -> str:
    if answer.is_error:
        return "failed"
    parts = []
    if text:
        count = text.count("\n") + 1
        parts.append("1 line" if count == 1 else f"{count:,} lines")
    if others:
        parts.append("1 picture" if len(others) == 1 else f"{len(others)} pictures")
    if (tokens := len(text) // _CHARS_A_TOKEN) > WARNS_FROM:
        parts.append(f"large: about {tokens:,} tokens")
    return ", ".join(parts) or "nothing"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (RecursionError, ValueError):  # of a server in the program that embeds us: others bound it before
        return ""


def _size(value: Any) -> int:
    return len(_json(value)) or _MOST_ASKED + 1
