"""What the web tools of one session share, and what they need of it. Must not know models, HTTP or settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from coder.core.dataclass import dataclass
from coder.core.lazy import LazyModule

if TYPE_CHECKING:
    from coder.tools.web import cache, dialling, fetching
    from coder.tools.web.cache import Cache
    from coder.tools.web.fetching import Fetching
else:  # loaded with the first page
    cache, dialling, fetching = (LazyModule(f"coder.tools.web.{name}") for name in ("cache", "dialling", "fetching"))

MOST_SEARCHES = 200  # of a session


@dataclass(frozen=True, slots=True)
class Link:
    title: str
    url: str
    age: str = ""


@dataclass(frozen=True, slots=True)
class Searched:
    """What one search found: each step's id and links, what the provider's model says of them. `problem` says why a
    search found nothing, in words."""

    steps: tuple[tuple[str, tuple[Link, ...]], ...] = ()
    said: str = ""
    problem: str = ""
    count: int = 0


# Both raise ModelError. A page's text with its address, and what is asked; the answer, "" when nobody can give one.
Answer: TypeAlias = Callable[[str, str], Awaitable[str]]
Search: TypeAlias = Callable[[str, tuple[str, ...], tuple[str, ...]], Awaitable[Searched]]


@dataclass(slots=True)
class WebRoom:
    """`answer` asks a small model about a page, None: there is none. `search` is None where nobody searches. `allowed`
    are the near hosts that the person lets be fetched."""

    env: Mapping[str, str] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    answer: Answer | None = None
    search: Search | None = None
    searches: int = 0
    _fetching: Fetching | None = None
    _cache: Cache | None = None

    @property
    def fetching(self) -> Fetching:
        if self._fetching is None:
            self._fetching = fetching.Fetching(dialling.Dialling(self.allowed), self.env)
        return self._fetching

    @property
    def cache(self) -> Cache:
        if self._cache is None:
            self._cache = cache.Cache()
        return self._cache

    def texts(self) -> dict[str, str]:
        """Of the pages that were read a moment ago, by address."""
        return self._cache.texts() if self._cache is not None else {}
