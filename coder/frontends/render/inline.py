"""The inside of a Markdown block: emphasis, code and links as pieces of text with styles. Pure; must not know widths.

Loads markdown-it when it is first used. HTML stays as it was written.
"""

from __future__ import annotations

from typing import Any

from coder.core.lazy import LazyModule
from coder.frontends.plain import printable
from coder.frontends.render.clean import clean_code, clean_prose
from coder.frontends.styled import Style

_markdown_it: Any = LazyModule("markdown_it")
_LONGEST = 20_000  # characters; what is longer is not parsed

Line = list[tuple[str, Style]]
_parsers: list[Any] = []


def inline(text: str, base: Style = "", *, literal: bool = False) -> list[Line]:
    """The lines of a text; line ends stay where the writer put them. With `literal`, `**` stays visible too."""
    text = printable(text)
    if len(text) > _LONGEST:
        return [[(clean_prose(line), base)] for line in text.split("\n")]
    if not _parsers:
        _parsers.append(_markdown_it.MarkdownIt("commonmark", {"html": False}))
    tree = _parsers[0].parseInline(text)
    made = _Made(base, literal)
    for token in (tree[0].children or []) if tree else []:
        made.add(token)
    return made.lines


class _Made:
    """What the tokens come to so far."""

    def __init__(self, base: Style, literal: bool) -> None:
        self.lines: list[Line] = [[]]
        self._base = base
        self._literal = literal
        self._open: list[bool] = []  # the emphasis we are in, and whether its marks are shown
        self._links: list[tuple[str, list[str]]] = []

    def add(self, token: Any) -> None:
        match token.type:
            case "softbreak" | "hardbreak":
                self.lines.append([])
            case "code_inline":
                self._put(f"`{clean_code(token.content)}`", "code")
            case "strong_open" | "em_open":
                # Within a word they are more likely to be meant as they are: 2*3*4, 2**8**2.
                self._open.append(self._literal or self._is_within_word())
                self._mark(token)
            case "strong_close" | "em_close":
                self._mark(token)
                self._open.pop()
            case "link_open":
                self._links.append((str(token.attrGet("href") or ""), []))
            case "link_close" if self._links:
                self._address(*self._links.pop())
            case "image":
                self._put(clean_prose(token.content), self._style)
                self._address(str(token.attrGet("src") or ""), [token.content])
            case _:
                self._put(clean_prose(token.content), self._style)

    @property
    def _style(self) -> Style:
        return "bold" if not all(self._open) else self._base

    def _mark(self, token: Any) -> None:
        if self._open[-1]:
            self._put(token.markup, self._style)

    def _is_within_word(self) -> bool:
        before = self.lines[-1][-1][0][-1:] if self.lines[-1] else ""
        return before.isascii() and before.isalnum()  # not in scripts that have no blanks

    def _address(self, address: str, texts: list[str]) -> None:
        """Behind the text of a link, unless it is the same."""
        text = "".join(texts)
        if address and text not in (address, address.removeprefix("mailto:"), address.removesuffix("/")):
            self._put(f" ({clean_prose(address)})" if text.strip() else clean_prose(address), "dim")

    def _put(self, text: str, style: Style) -> None:
        text = text.replace("\n", " ")
        if text:
            self.lines[-1].append((text, style))
        for _, texts in self._links:
            texts.append(text)
