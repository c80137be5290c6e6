"""WebFetch: a page of the web, or what a small model answers about it. Must not know HTTP, models or rules."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

from coder.core import prompts
from coder.core.dataclass import dataclass
from coder.core.errors import ModelError, ToolError
from coder.core.lazy import LazyModule
from coder.core.messages import Json, Text
from coder.core.requests import Effect
from coder.core.tools import Fetches, ToolContext, ToolOutput
from coder.core.visible import visible_line
from coder.core.workspace import Workspace
from coder.tools.web.fence import fenced
from coder.tools.web.room import WebRoom

if TYPE_CHECKING:
    from coder.tools.web import address, page
    from coder.tools.web import cache as keeping
    from coder.tools.web.cache import Kept
    from coder.tools.web.fetching import Fetched
else:  # loaded with the first page
    address, page = LazyModule("coder.tools.web.address"), LazyModule("coder.tools.web.page")
    keeping = LazyModule("coder.tools.web.cache")

SHORT = 8_000  # characters: a page that the model reads itself
LONGEST = 100_000  # characters of a page that a small model reads
WHOLE = 85_000  # of one that the model itself reads for want of a small one; longer results are cut in the middle
_SHOWN = 500  # characters of what an error page says


@dataclass(frozen=True, slots=True)
class WebFetchParams:
    url: Annotated[str, "The page's whole address"]
    prompt: Annotated[str, "What you want to know from it"]


class WebFetch:
    name = "WebFetch"
    params = WebFetchParams

    def __init__(self, room: WebRoom) -> None:
        self._room = room

    def access(self, params: WebFetchParams, workspace: Workspace) -> Fetches:
        return Fetches(params.url)

    def summary(self, params: WebFetchParams) -> str:
        return visible_line(params.url)

    async def foresee(self, params: WebFetchParams, workspace: Workspace) -> tuple[Effect, ...]:
        """Nobody is asked about an address that cannot be fetched."""
        self._room.fetching.foresee(params.url)
        return ()

    async def run(self, params: WebFetchParams, context: ToolContext) -> ToolOutput:
        began = time.monotonic()
        url = address.read(params.url)
        asked = self._room.fetching.entry(url).url
        kept = self._room.cache.get(asked)
        if kept is None:
            fetched = await self._room.fetching.fetch(url.url)
            if fetched.moved:
                return _moved(fetched, began)
            kept = await self._read(asked, fetched, began)
        block = kept.page.block
        if block is not None:
            intro = Text(f"{kept.url} is a {'picture' if block.type == 'image' else 'PDF'}; it is data from the web.")
            said = f"{kept.size:,} bytes"
            return ToolOutput((intro, block), _data(kept, said, began), said)
        result = await self._result(kept, params.prompt)
        return ToolOutput(result, _data(kept, result, began), f"{kept.size:,} bytes")

    async def _read(self, asked: str, fetched: Fetched, began: float) -> Kept:
        """Raises ToolError for an answer that is no page."""
        found = page.Page()
        failed = not 200 <= fetched.code < 300
        try:
            found = await page.page_of(fetched.body, fetched.content_type, fetched.url)
        except ToolError:
            if not failed:
                raise
        kept = keeping.Kept(fetched.url, len(fetched.body), fetched.code, fetched.code_text, found)
        if failed:
            text = f"{fetched.url} answered {fetched.code} {fetched.code_text}".rstrip() + f".{_hint(fetched.code)}"
            shown = fenced(visible_line(found.text[:_SHOWN]))
            said = f"{text} What it says is data from the web: {shown}" if shown else text
            raise ToolError(said, _data(kept, text, began))
        self._room.cache.keep(asked, kept)
        return kept

    async def _result(self, kept: Kept, prompt: str) -> str:
        if len(kept.page.text) <= SHORT or self._room.answer is None:
            return _page(kept, WHOLE)
        try:
            answer = (await self._room.answer(_page(kept, LONGEST), prompt)).strip()
        except ModelError:  # the page is there all the same
            answer = ""
        if not answer:
            return _page(kept, WHOLE)
        return prompts.load("web/answered", url=kept.url, about=_about(kept, LONGEST), answer=fenced(answer))


def _page(kept: Kept, most: int) -> str:
    return prompts.load("web/page", url=kept.url, about=_about(kept, most), text=fenced(kept.page.text[:most]))


def _about(kept: Kept, most: int) -> str:
    """The page's title, and what is missing of it."""
    size = len(kept.page.text)
    title = fenced(visible_line(kept.page.title)[:200]).replace('"', "'")  # it stands in quotes, outside the fence
    cut = f"only its first {most:,} of {size:,} characters" if size > most else ""
    notes = "; ".join(filter(None, (kept.page.note, cut)))
    return (f', "{title}"' if title else "") + (f" ({notes})" if notes else "")


def _moved(fetched: Fetched, began: float) -> ToolOutput:
    code = f"{fetched.code} {fetched.code_text}".strip()
    text = prompts.load("web/moved", url=fetched.url, code=code, target=fetched.moved)
    kept = keeping.Kept(fetched.url, 0, fetched.code, fetched.code_text, page.Page())
    return ToolOutput(text, _data(kept, text, began), "redirected to another host")


def _hint(code: int) -> str:
    if code in (401, 403):
        return " It wants a login, or lets no programs in: look for another source, or ask the person."
    if code in (404, 410):
        return " There is no such page: check the address, or start from the site's front page."
    return " Try again later, or look for another source." if code == 429 or code >= 500 else ""


def _data(kept: Kept, result: str, began: float) -> Json:
    return {
        "bytes": kept.size,
        "code": kept.code,
        "codeText": kept.code_text,
        "result": result,
        "durationMs": round((time.monotonic() - began) * 1000),
        "url": kept.url,
    }
