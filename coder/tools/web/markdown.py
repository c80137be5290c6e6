"""HTML to Markdown. Runs in a process of its own (converting.py), because a page may be made to take for ever.

What a reader does not read is left out: scripts, styles, menus, forms, what is hidden. Links become absolute.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from urllib.parse import urljoin

from markdownify import markdownify

DEEPEST = 50  # elements within each other; the converter calls itself for each
_UNREAD = (
    "script style noscript template svg canvas iframe frame object embed applet audio video map dialog button input "
    "select textarea datalist title"
)
_READ = (
    "a abbr article aside b blockquote body br caption cite code dd del details div dl dt em figcaption figure h1 h2 "
    "h3 h4 h5 h6 header hr i img kbd li main ol p pre q s samp section small span strong sub summary sup table "
    "tbody td tfoot th thead tr u ul var"
)
_DROPPED, _KEPT = frozenset(_UNREAD.split()), frozenset(_READ.split())
_MENUS = frozenset({"nav", "footer"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_UNSHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_EMPTY_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")


class _Sieve(HTMLParser):
    """Writes the page anew with nothing in it but what is kept, never deeper than the converter goes."""

    def __init__(self, base: str, dropped: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.title: list[str] = []
        self._base = base
        self._drops = dropped
        self._open: list[str] = []  # what was written and is not closed
        self._counts: dict[str, int] = {}
        self._dropping = ""
        self._depth = 0  # of the dropped element within its like
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "title" and not self._dropping:
            self._in_title = not self.title
        if self._dropping:
            self._depth += tag == self._dropping
        elif (tag in self._drops or _is_hidden(given)) and tag not in _VOID and tag not in ("html", "body"):
            self._dropping, self._depth = tag, 1
        elif tag == "base" and given.get("href"):
            self._base = _joined(self._base, given["href"])
        elif tag == "img":
            self._image(given)
        elif tag in _KEPT and (tag in _VOID or len(self._open) < DEEPEST):
            self._write(tag, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._dropping:
            self._depth -= tag == self._dropping
            if not self._depth:
                self._dropping = ""
            return
        if not self._counts.get(tag):
            return
        while self._open:
            last = self._open.pop()
            self._counts[last] -= 1
            self.pieces.append(f"</{last}>")
            if last == tag:
                break

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < 20:
            self.title.append(data)
        if not self._dropping:
            self.pieces.append(escape(data, quote=False))

    def _write(self, tag: str, given: dict[str, str]) -> None:
        link = _joined(self._base, given.get("href", "")) if tag == "a" else ""
        self.pieces.append(f'<{tag} href="{escape(link)}">' if link else f"<{tag}>")
        if tag not in _VOID:
            self._open.append(tag)
            self._counts[tag] = self._counts.get(tag, 0) + 1

    def _image(self, given: dict[str, str]) -> None:
        """A picture that says what it shows."""
        link, alt = _joined(self._base, given.get("src", "")), given.get("alt", "").strip()
        if link and alt:
            self.pieces.append(f'<img src="{escape(link)}" alt="{escape(alt)}">')


def markdown(html: str, base: str) -> tuple[str, str]:
    """The page's title and its text. May take long, much memory, or raise anything: it is run apart."""
    title, text = _converted(html, base, _DROPPED | _MENUS)
    if not text:  # a menu that is never closed holds the whole page
        title, text = _converted(html, base, _DROPPED)
    return title, text


def _converted(html: str, base: str, dropped: frozenset[str]) -> tuple[str, str]:
    sieve = _Sieve(base, dropped)
    sieve.feed(html)
    sieve.close()
    made = markdownify(
        "".join(sieve.pieces),
        heading_style="ATX",
        bullets="-",
        escape_asterisks=False,
        escape_underscores=False,
        autolinks=True,
    )
    text = "\n".join(line.rstrip() for line in made.splitlines())
    return " ".join("".join(sieve.title).split()), _EMPTY_LINES.sub("\n\n", text).strip()


def _is_hidden(given: dict[str, str]) -> bool:
    return "hidden" in given or bool(_UNSHOWN.search(given.get("style", "")))


def _joined(base: str, link: str) -> str:
    """An absolute address of the web or of mail; "" for anything else, places on the page included."""
    link = "".join(link.split())
    if not link or link.startswith("#"):
        return ""
    try:
        found = urljoin(base, link)
    except ValueError:
        return ""
    return found if re.match(r"https?://|mailto:", found, re.IGNORECASE) else ""
