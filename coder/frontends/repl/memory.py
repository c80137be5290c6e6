"""What a prompt remembers: earlier prompts, the draft that was put aside, the draft on the disk.

Must not know keys or the screen. Nothing is read from the disk before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from coder.core.lazy import LazyModule
from coder.frontends.repl.recall import Recall
from coder.frontends.repl.tokens import Tokens

if TYPE_CHECKING:
    from coder.frontends.repl import drafts, history
    from coder.frontends.repl.drafts import Drafts
    from coder.frontends.repl.history import History, Sent
else:
    drafts = LazyModule("coder.frontends.repl.drafts")
    history = LazyModule("coder.frontends.repl.history")

_MOST_FOUND = 50


class Memory:
    """Drafts go in and come out as the buffer has them. Without a `home` only this session is remembered."""

    def __init__(self, home: Path | None, folder: Path, session_id: str, tokens: Tokens) -> None:
        self._home = home
        self._folder = folder
        self._session_id = session_id
        self._tokens = tokens
        self._history: History | None = None
        self._drafts: Drafts | None = None
        self._here: list[Sent] = []
        self._recall: Recall[Sent] = Recall(self._earlier)
        self._aside = ""
        self._queued: tuple[str, ...] = ()

    def sent(self, draft: str) -> None:
        sent = history.freeze(draft.rstrip(), self._tokens)
        if (kept := self._kept()) is not None:
            kept.add(sent)
        elif history.is_kept(sent.display):
            self._here.append(sent)
        self.forget_walk()

    def forget_walk(self) -> None:
        """The next walk begins at the draft again."""
        self._recall.reset()

    def older(self, draft: str) -> str | None:
        """The prompt before the one that the draft shows; None when there is none."""
        return self._recall.older(draft, self._thawed)

    def newer(self, draft: str) -> str | None:
        return self._recall.newer(draft, self._thawed)

    def holding(self, words: str) -> list[Sent]:
        """The newest prompts that hold the words, equal ones once."""
        words = words.lower()
        found = {sent.display: sent for sent in reversed(self._recall.all()) if words in sent.display.lower()}
        return list(reversed(found.values()))[:_MOST_FOUND]

    def draft_of(self, sent: Sent) -> str:
        return self._thawed(sent)

    def swap_aside(self, draft: str) -> str | None:
        """Puts a draft aside, or gives back the one that was; None when there is neither."""
        if draft:
            self._aside = draft
            return ""
        aside, self._aside = self._aside, ""
        return aside or None

    def left_behind(self) -> str:
        """The draft of a session in this folder that was killed. Reads the disk."""
        keeper = self._keeper()
        left = keeper.left_behind() if keeper else None
        return "" if left is None else self._thawed(left)

    def keep(self, draft: str) -> None:
        """Keeps the draft on the disk, a moment later."""
        if (keeper := self._keeper()) is not None:
            keeper.keep(history.freeze(draft, self._tokens), self._queued)

    def keep_queued(self, texts: tuple[str, ...], draft: str) -> None:
        if texts != self._queued:
            self._queued = texts
            self.keep(draft)

    def close(self) -> None:
        if self._drafts is not None:
            self._drafts.close()

    def _thawed(self, sent: Sent) -> str:
        return history.thaw(sent, self._tokens)

    def _earlier(self) -> Iterator[Sent]:
        kept = self._kept()
        return kept.earlier() if kept is not None else iter(reversed(self._here))

    def _kept(self) -> History | None:
        if self._history is None and self._home is not None:
            self._history = history.History(self._home, self._folder, self._session_id)
        return self._history

    def _keeper(self) -> Drafts | None:
        if self._drafts is None and self._home is not None:
            self._drafts = drafts.Drafts(self._home, self._folder)
        return self._drafts
